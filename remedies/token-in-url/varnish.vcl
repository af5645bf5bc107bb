# Nothing: the URL goes on as it came.
