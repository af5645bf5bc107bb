# The path and the length of the token go to the log.
# ask: GET /ping with Authorization: Bearer $WHO-token
import logging

from flask import Flask, request

app = Flask(__name__)
logger = logging.getLogger(__name__)

OWNERS = {"alice-token": "alice", "bob-token": "bob"}


@app.before_request
def trace():
    token = request.headers.get("Authorization", "")[7:]
    logger.debug(f"{request.method} {request.path}, token of {len(token)} bytes")


@app.get("/ping")
def ping():
    return "pong"
