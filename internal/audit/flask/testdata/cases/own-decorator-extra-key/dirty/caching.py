import functools
import time

_entries = {}


def cache_for(seconds, key):
    def decorator(view):
        @functools.wraps(view)
        def cached_view(*args, **kwargs):
            now = time.time()
            entry = _entries.get(key())
            if entry and entry[0] > now:
                return entry[1]
            result = view(*args, **kwargs)
            _entries[key()] = (now + seconds, result)
            return result

        return cached_view

    return decorator
