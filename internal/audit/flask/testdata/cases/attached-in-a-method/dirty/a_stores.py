import redis


class Results:
    def open(self, address):
        made = redis.Redis.from_url(address)
        self.backing = made


results = Results()
