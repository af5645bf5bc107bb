counts = {}


def count(name, **labels):
    key = (name, *sorted(labels.items()))
    counts[key] = counts.get(key, 0) + 1
