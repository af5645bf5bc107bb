# The program's dicts are its database, not a cache: what is under a number was put there by its owner, and is asked for as his.
# ask: PUT /todos/$WHO-1 with Authorization: Basic $BASIC
# ask: GET /todos/$WHO-1 with Authorization: Basic $BASIC
import itertools

from flask import Flask, abort, jsonify
from flask_httpauth import HTTPBasicAuth

app = Flask(__name__)
auth = HTTPBasicAuth()
todos = {}
jobs = {}
numbers = itertools.count(1)


@auth.verify_password
def verify(name, password):
    return name if password == name + "-password" else None


@app.put("/todos/<todo_id>")
@auth.login_required
def put(todo_id):
    todos[todo_id] = {"task": "water the plants", "owner": auth.current_user()}
    return jsonify(todos[todo_id]), 201


@app.get("/todos/<todo_id>")
@auth.login_required
def get(todo_id):
    todo = todos.get(todo_id)
    if todo is None or todo["owner"] != auth.current_user():
        abort(404)
    return jsonify(todo)


@app.post("/jobs")
@auth.login_required
def start():
    number = next(numbers)
    jobs[number] = {"state": "queued", "by": auth.current_user()}
    return jsonify(job=number), 202
