# The Authorization field goes to the log.
# ask: GET /ping with Authorization: Bearer $WHO-token
import logging

from flask import Flask, request

app = Flask(__name__)
logger = logging.getLogger(__name__)

OWNERS = {"alice-token": "alice", "bob-token": "bob"}


@app.before_request
def trace():
    logger.info("request to %s, authorization %s", request.path, request.headers.get("Authorization"))  # want: flask/token-in-log


@app.get("/ping")
def ping():
    return "pong"
