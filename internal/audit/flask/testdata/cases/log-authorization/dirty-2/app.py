# All fields go to the log, the token among them.
# ask: GET /ping with Authorization: Bearer $WHO-token
import logging

from flask import Flask, request

app = Flask(__name__)
logger = logging.getLogger(__name__)

OWNERS = {"alice-token": "alice", "bob-token": "bob"}


@app.before_request
def trace():
    logger.debug(f"headers: {request.headers}")  # want: flask/token-in-log


@app.get("/ping")
def ping():
    return "pong"
