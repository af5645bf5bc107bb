class Config:
    SECRET_KEY = "dev"
    CACHE_TYPE = "flask_caching.backends.SimpleCache"
    CACHE_DEFAULT_TIMEOUT = 120
