# What goes to Redis about the caller is a count, a score, a message, a sign of life: each has his name, and none comes back as an answer.
# ask: GET /play with session player=$WHO
import time

import redis
from flask import Flask, abort, jsonify, session

app = Flask(__name__)
app.secret_key = "play"
r = redis.Redis(decode_responses=True)


@app.before_request
def players_only():
    if "player" not in session:
        abort(401)


@app.route("/play")
def play():
    player = session["player"]
    r.hset("online", player, int(time.time()))
    r.set(f"last:{player}", "play", ex=60)
    return jsonify(player=player, luck=len(player))


@app.post("/score/<int:points>")
def score(points):
    r.zincrby("leaderboard", points, session["player"])
    r.incr("games")
    r.publish("games", f"{session['player']} scored {points}")
    r.lpush("mail", session["player"])
    return "", 204


@app.get("/leaderboard")
def leaderboard():
    return jsonify(r.zrevrange("leaderboard", 0, 9, withscores=True))
