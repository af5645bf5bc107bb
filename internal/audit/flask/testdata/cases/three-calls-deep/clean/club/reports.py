from .members import fees


def overview():
    return {"title": "This year", "fees": summary()}


def summary():
    return {"open": fees()}
