import json
import os

import redis

client = redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/0"))


def load_json(key):
    data = client.get(key)
    return None if data is None else json.loads(data)


def save_json(key, value, seconds=600):
    client.set(key, json.dumps(value), ex=seconds)
