class Graph:
    edges = {"oslo": "bern", "bern": "rome"}

    def next(self, node):
        return self.edges[node]


class Session:
    def query(self, statement):
        return ["kettle", "lamp"]


g = Graph()
session = Session()
