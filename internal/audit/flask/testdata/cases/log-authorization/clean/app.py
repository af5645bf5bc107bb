# Whose request it is goes to the log.
# ask: GET /ping with Authorization: Bearer $WHO-token
import logging

from flask import Flask, request

app = Flask(__name__)
logger = logging.getLogger(__name__)

OWNERS = {"alice-token": "alice", "bob-token": "bob"}


@app.before_request
def trace():
    token = request.headers.get("Authorization", "")[7:]
    logger.info("request to %s by %s", request.path, OWNERS.get(token, "somebody"))


@app.get("/ping")
def ping():
    return "pong"
