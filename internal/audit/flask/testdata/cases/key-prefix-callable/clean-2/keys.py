import hashlib

from flask import request, session


def _caller():
    return str(session.get("user_id", "anonymous"))


def request_key():
    parts = (request.method, request.full_path, _caller())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
