from .models import Dashboard


def dashboards_of(user):
    return [d.title for d in Dashboard.query.filter(Dashboard.owner_id == user.id)]
