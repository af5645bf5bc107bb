from models import UserModel


def authenticate(username, password):
    user = UserModel.query.filter_by(username=username).first()
    if user and user.check_password(password):
        return user


def identity(payload):
    return UserModel.query.get(payload["identity"])
