from cachelib.simple import SimpleCache

_cache = SimpleCache(default_timeout=300)


def remember(key, produce, timeout=None):
    """Return what is kept under key, or keep what produce returns."""
    value = _cache.get(key)
    if value is None:
        value = produce()
        _cache.set(key, value, timeout=timeout)
    return value
