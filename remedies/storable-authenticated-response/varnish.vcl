# Nothing: what the API says to caches goes on as it came.
