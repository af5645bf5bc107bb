from flask_caching import Cache

cache = Cache(config={"CACHE_TYPE": "RedisCache", "CACHE_DEFAULT_TIMEOUT": 300})
