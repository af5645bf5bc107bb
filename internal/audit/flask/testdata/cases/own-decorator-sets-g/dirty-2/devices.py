from flask import g

REGISTERED = [("thermostat", "alice"), ("doorbell", "bob"), ("camera", "bob")]


def owned_by(name):
    return [device for device, owner in REGISTERED if owner == name]


def visible_devices():
    return owned_by(_current())


def _current():
    return g.user
