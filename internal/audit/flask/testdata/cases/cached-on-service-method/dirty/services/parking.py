from .store import cache

SPOTS = [("A1", "alice"), ("B7", "bob"), ("A2", "alice")]


class ParkingService:
    @staticmethod
    @cache.cached(timeout=600)  # want: flask/memoize-without-identity
    def history(user_id):
        return [spot for spot, driver in SPOTS if driver == user_id]
