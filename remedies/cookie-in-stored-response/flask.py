# Nothing: what a view says of caching goes out as it says it.
