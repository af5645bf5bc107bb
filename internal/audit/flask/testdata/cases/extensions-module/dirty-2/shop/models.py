from flask_login import UserMixin

from .extensions import login_manager


class Customer(UserMixin):
    def __init__(self, id):
        self.id = id

    @property
    def orders(self):
        return {1: ["A-1001", "A-1002"], 2: ["B-2001"]}.get(self.id, [])


@login_manager.user_loader
def load_customer(id):
    return Customer(int(id))
