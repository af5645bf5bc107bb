class Timetable:
    rows = []

    @classmethod
    def for_pupil(cls, pupil, week):
        return [r for r in cls.rows if r["pupil"] == pupil and r["week"] == week]

    @classmethod
    def for_school(cls, week):
        return [r for r in cls.rows if r["week"] == week]
