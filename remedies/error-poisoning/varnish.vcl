# Nothing: the statuses that may be stored are not named.
