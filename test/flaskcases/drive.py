"""Asks the applications of the auditor's test sources as alice, bob and nobody, and tells what became of the answers.

    drive.py CASE...

CASE is a directory. The entry of its program is the file beside it that has ask lines among the comments at its top:

    # ask: GET /me with Authorization: Bearer $WHO-token
    # ask: GET /me with login $WHO

Each line is asked by everybody. Nobody asks without what follows `with`, which is a field, `session NAME=VALUE`, or `login ID` of
Flask-Login. $WHO is the asker's name, $ID 1, 2 or 3, and $JWT a token for him under the application's own key. Should the application
have a command `seed`, it runs first.

For each case one line of JSON: what everybody is told by an application of his own, where no cache has seen another, is what he should
be told. What differs from it in one application for all is wrong.
"""
import base64
import contextlib
import gc
import json
import logging
import os
import pathlib
import pickle
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping

import flask  # noqa: F401 (imported once, before the forks)

for heavy in ("flask_caching", "jwt", "flask_jwt_extended", "flask_login", "flask_httpauth", "flask_sqlalchemy", "flask_restful", "flask_wtf", "cachelib",
              "cachetools", "loguru", "redis"):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            __import__(heavy)
    except ImportError:
        pass

BY_CHANCE = re.compile(r"csrf|nonce|uuid|random|urlsafe|time\(\)")  # what answers need not be the same twice
IDS = {"alice": "1", "bob": "2", "nobody": "3"}
ASK = re.compile(r"#\s*ask:\s*(?P<method>[A-Z]+)\s+(?P<path>\S+)(?:\s+with\s+(?P<means>.+?))?\s*$")


def entry(case):
    """The file with the ask lines, and these."""
    for file in sorted(pathlib.Path(case).resolve().glob("*.py")):
        asks = [m for m in map(ASK.match, file.read_text().splitlines()) if m]
        if asks:
            return file, asks
    return None, []


class Store(dict):
    """What of Redis the cases use, in place of a server: keys are strings, values bytes."""

    everyone = {}

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.text = kwargs.get("decode_responses", False)

    @classmethod
    def from_url(cls, url, **kwargs):
        return cls(**kwargs)

    def _out(self, value):
        return value.decode() if self.text and isinstance(value, bytes) else value

    @staticmethod
    def _in(value):
        return value if isinstance(value, bytes) else str(value).encode()

    @staticmethod
    def _key(key):
        KEYS.add(str(key))
        return key.decode() if isinstance(key, bytes) else str(key)

    def get(self, key):
        return self._out(self.everyone.get(self._key(key)))

    def set(self, key, value, ex=None, px=None, nx=False, xx=False):
        self.everyone[self._key(key)] = self._in(value)
        return True

    def setex(self, key, time, value):
        return self.set(key, value)

    def mset(self, values):
        for key, value in values.items():
            self.set(key, value)

    def mget(self, keys):
        return [self.get(key) for key in keys]

    def pipeline(self):
        return contextlib.nullcontext(self)

    def execute(self):
        return []

    def exists(self, key):
        return int(self._key(key) in self.everyone)

    def delete(self, *keys):
        return sum(self.everyone.pop(self._key(k), None) is not None for k in keys)

    def expire(self, key, time):
        return True

    def hget(self, key, field):
        return self._out(self.everyone.get(self._key(key), {}).get(str(field)))

    def hset(self, key, field, value):
        self.everyone.setdefault(self._key(key), {})[str(field)] = self._in(value)

    __getitem__ = get
    __setitem__ = set
    __contains__ = exists
    ping = lambda self: True  # noqa: E731


KEYS = set()  # keys of caches, as they were used


def watch_keys():
    """Has caches tell their keys, and puts Store in the place of Redis."""
    import cachelib

    for name in ("get", "set", "add", "has"):
        def told(self, key, *args, _real=getattr(cachelib.SimpleCache, name), **kwargs):
            KEYS.add(str(key))
            return _real(self, key, *args, **kwargs)
        setattr(cachelib.SimpleCache, name, told)
    try:
        import redis
        redis.Redis = redis.StrictRedis = redis.client.Redis = Store
        redis.from_url = Store.from_url
    except ImportError:
        pass


def keys_of_dicts(modules):
    """The keys of the dicts that modules have for themselves, of which a cache made by hand is one."""
    keys = set()
    for module in modules:
        for value in list(vars(module).values()):
            if isinstance(value, Mapping) and value is not vars(module):
                keys.update(map(str, value))
    return keys


def load(file):
    """The application, and the modules that came with it."""
    before = set(sys.modules)
    os.chdir(file.parent)
    sys.path.insert(0, str(file.parent))
    module = __import__(file.stem)
    app = getattr(module, "app", None)
    if not isinstance(app, flask.Flask):
        app = (getattr(module, "create_app", None) or module.make_app)()
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
    app.logger.setLevel(logging.DEBUG)
    logging.getLogger("dogpile").setLevel(logging.INFO)  # it tells its own keys, which is not the case's doing
    if "seed" in app.cli.commands:
        result = app.test_cli_runner().invoke(args=["seed"])
        if result.exit_code:
            raise RuntimeError(f"seed: {result.output} {result.exception!r}")
    here = str(file.parent)
    return app, [m for name, m in sys.modules.items() if name not in before and str(getattr(m, "__file__", "") or "").startswith(here)]


def token_for(app, who):
    if "flask_jwt_extended" in sys.modules and "flask-jwt-extended" in app.extensions:
        from flask_jwt_extended import create_access_token
        with app.app_context():
            return create_access_token(identity=who, additional_claims={"role": "admin" if who == "alice" else "user"})
    import jwt
    return jwt.encode({"sub": who, "user_id": who, "role": "admin" if who == "alice" else "user"}, app.config["SECRET_KEY"], "HS256")


class Asker:
    """One person at one application."""

    def __init__(self, app, who):
        self.app, self.who, self.secrets = app, who, set()
        self.client = app.test_client()
        self.bare = app.test_client(use_cookies=False)  # of which the cookies are fields, as they are given

    def fill(self, text):
        if "$JWT" in text:
            token = token_for(self.app, self.who) if self.who != "nobody" else "none"
            self.secrets.add(token)
            text = text.replace("$JWT", token)
        if "$BASIC" in text:
            text = text.replace("$BASIC", base64.b64encode(f"{self.who}:{self.who}-password".encode()).decode())
        self.secrets.update(re.findall(r"[\w.]+-(?:token|key)\b", text.replace("$WHO", self.who)))
        return text.replace("$WHO", self.who).replace("$ID", IDS[self.who])

    def ask(self, line):
        means, headers = line["means"], {}
        if means and self.who != "nobody":
            means = self.fill(means)
            if means.startswith("login "):
                with self.client.session_transaction() as session:
                    session["_user_id"], session["_fresh"] = means.split(None, 1)[1], True
            elif means.startswith("session "):
                name, value = means.split(None, 1)[1].split("=", 1)
                with self.client.session_transaction() as session:
                    session[name] = json.loads(value) if value[0] in "[{0123456789" else value
            else:
                name, value = means.split(":", 1)
                headers[name.strip()] = value.strip()
                self.secrets.discard(name.strip())
        client = self.bare if "Cookie" in headers else self.client
        response = client.open(self.fill(line["path"]), method=line["method"], headers=headers)
        return {"status": response.status_code, "body": response.get_data(), "location": response.headers.get("Location", ""),
                "control": response.headers.get("Cache-Control", ""), "vary": response.headers.get("Vary", ""),
                "cdn": response.headers.get("CDN-Cache-Control", "") + response.headers.get("Surrogate-Control", "")}


def visit(file, asks, people):
    """What each of these people is told by one application, in this order. Runs in a process of its own."""
    watch_keys()
    app, modules = load(file)
    given = keys_of_dicts(modules)
    told, secrets = {}, set()
    for who in people:
        asker = Asker(app, who)
        told[who] = [asker.ask(line) for line in asks]
        secrets |= asker.secrets
    KEYS.update(keys_of_dicts(modules) - given)
    return {"told": told, "secrets": secrets, "keys": KEYS}


def in_process(function, *args):
    """Runs function in a fork, and returns what it returns and what it printed."""
    printed = tempfile.TemporaryFile()
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        signal.alarm(60)  # a program that hangs dies alone
        try:
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            warnings.simplefilter("ignore")
            try:
                answer = function(*args)
            except ModuleNotFoundError as e:
                answer = {"missing": e.name}
            except BaseException:
                answer = {"problem": traceback.format_exc()}
            sys.stdout.flush()
            sys.stderr.flush()
            with os.fdopen(into, "wb") as pipe:
                pickle.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    printed.seek(0)
    answer = pickle.loads(data) if data else {"problem": "died"}
    answer["printed"] = printed.read().decode(errors="replace")
    return answer


def same(a, b):
    return (a["status"], a["body"], a["location"]) == (b["status"], b["body"], b["location"])


def judge(case):
    file, asks = entry(case)
    if file is None:
        return {"case": case, "problem": "no ask lines"}
    facts = {"case": case, "answered": False, "others": False, "logged": False, "raw_key": False, "public": False, "in_url": False}
    everybody = ["alice", "bob", "nobody"]
    together, alone = [], {}
    for people in everybody, everybody[::-1], ["bob"]:
        v = in_process(visit, file, asks, people)
        for bad in ("missing", "problem"):
            if bad in v:
                return {"case": case, bad: v[bad]}
        alone[people[0]] = v["told"][people[0]]  # no cache has seen anybody before who comes first
        if len(people) > 1:
            together.append(v)
    chance = BY_CHANCE.search(everything(file.parent))
    again = {}
    for v in together:
        told = v["told"]
        for who in everybody:
            for i, answer in enumerate(told[who]):
                own = alone[who][i]
                if same(answer, own):
                    continue
                if chance and who not in again:  # such as a CSRF token
                    again[who] = in_process(visit, file, asks, [who])["told"][who]
                if chance and not same(own, again[who][i]) and not any(same(answer, told[w][i]) for w in everybody if w != who):
                    continue
                if answer["status"] >= 400 or (own["status"] >= 300) != (answer["status"] >= 300):
                    facts["answered"] = True
                else:
                    facts["others"] = True
        for secret in v["secrets"]:
            facts["logged"] |= secret in v["printed"]
            facts["raw_key"] |= any(secret in key for key in v["keys"])
            facts["in_url"] |= any(secret in a["location"] for answers in told.values() for a in answers)
    if all(a["status"] >= 400 for a in alone["alice"]):
        return {"case": case, "problem": f"alice is told {[a['status'] for a in alone['alice']]}\n{together[0]['printed']}"}
    for i in range(len(asks)):
        hers = alone["alice"][i]
        if "token=" in asks[i]["path"] or "$JWT" in asks[i]["path"] or "-token" in asks[i]["path"]:
            facts["in_url"] |= hers["status"] < 300 and alone["nobody"][i]["status"] >= 300
        personal = not same(hers, alone["nobody"][i]) or not same(hers, alone["bob"][i])
        facts["public"] |= personal and storable(hers, asks[i])
    return facts


def everything(directory):
    return "".join(f.read_text() for f in sorted(directory.rglob("*")) if f.suffix in (".py", ".html"))


def storable(answer, line):
    """Whether a shared cache may keep the answer and give it to another caller (RFC 9111 §3.5, §4.1)."""
    if "max-age=" in answer["cdn"]:  # what a CDN is told alone goes before all else that it goes by (RFC 9213 §2.1)
        return True
    said = {d.strip().split("=")[0].lower() for d in answer["control"].split(",")}
    if said & {"private", "no-store", "no-cache"} or answer["status"] >= 400:
        return False
    if "public" in said:
        return True
    means = line["means"] or ""
    field = "cookie" if means.startswith(("login ", "session ")) else means.split(":")[0].lower()
    if field in [name.strip().lower() for name in answer["vary"].split(",")]:
        return False
    released = {"s-maxage", "must-revalidate"} if field == "authorization" else {"s-maxage", "max-age"}
    return bool(said & released)


if __name__ == "__main__":
    gc.freeze()
    for case in sys.argv[1:]:
        print(json.dumps(judge(case)), flush=True)
