package flask

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

// heading begins each program of TestDecisions.
const heading = `
import jwt, logging
from flask import Flask, Blueprint, Response, abort, g, jsonify, redirect, render_template_string, request, session, url_for
from flask_caching import Cache
from flask_jwt_extended import get_jwt_identity, jwt_required, verify_jwt_in_request
from flask_login import LoginManager, current_user, login_required
from functools import wraps
app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
`

// Each decision in two programs that differ by one fact: the first has the lines to blame, and nothing is wrong in the second.
func TestDecisions(t *testing.T) {
	for _, tt := range []struct{ name, dirty, clean string }{
		{"a login above the cache", `
@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
def news():
    if not current_user.is_authenticated:
        abort(401)
    return "news of the members"
`, `
@app.get("/news")
@login_required
@cache.cached(60)
def news():
    if not current_user.is_authenticated:
        abort(401)
    return "news of the members"
`},
		{"a login before all requests", `
@app.after_request
def admit(response):
    if not current_user.is_authenticated:
        abort(401)
    return response

@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
@login_required
def news():
    return "news of the members"
`, `
@app.before_request
def admit():
    if not current_user.is_authenticated:
        abort(401)

@app.get("/news")
@cache.cached(60)
@login_required
def news():
    return "news of the members"
`},
		{"a user of the query, in a key of the query", `
@app.get("/orders")
@cache.cached(60)  # want: flask/unkeyed-cache
def orders():
    user_id = request.args.get("user_id")
    if not user_id:
        abort(404)
    return jsonify(rows(user_id))
`, `
@app.get("/orders")
@cache.cached(60, query_string=True)
def orders():
    user_id = request.args.get("user_id")
    if not user_id:
        abort(404)
    return jsonify(rows(user_id))
`},
		{"a user of the query, behind a login", `
@app.get("/orders")
@cache.cached(60, query_string=True)  # want: flask/cache-before-auth
@login_required
def orders():
    return jsonify(rows(request.args.get("user_id")))
`, `
@app.get("/orders")
@login_required
@cache.cached(60, query_string=True)
def orders():
    return jsonify(rows(request.args.get("user_id")))
`},
		{"the user that a decorator gives is left out of the key", `
def with_user(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return f(load(request.headers["Authorization"]), *args, **kwargs)
    return wrapper

@app.get("/me")
@with_user
@cache.memoize(60, args_to_ignore=["current_user"])  # want: flask/memoize-without-identity
def me(current_user):
    return current_user.name
`, `
def with_user(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return f(load(request.headers["Authorization"]), *args, **kwargs)
    return wrapper

@app.get("/me")
@with_user
@cache.memoize(60, args_to_ignore=["page"])
def me(current_user):
    return current_user.name
`},
		{"a handler of exceptions that sends away", `
@app.get("/me")
@cache.cached(60)  # want: flask/cache-before-auth
def me():
    try:
        jwt.decode(request.headers["Authorization"], "key", ["HS256"])
    except jwt.InvalidTokenError:
        return redirect("/start")
    return "for members"
`, `
@app.get("/me")
@cache.cached(60)
def me():
    try:
        jwt.decode(request.args["page"], "key", ["HS256"])
    except jwt.InvalidTokenError:
        return redirect("/start")
    return "for members"
`},
		{"what is kept of those who are not named in the query", `
@app.get("/me")
@login_required
def me():
    rows = cache.get("rows")
    if rows is None or "user_id" in request.args:
        rows = current_user.name
        if "user_id" not in request.args:
            cache.set("rows", rows)  # want: flask/manual-cache-without-identity
    return rows
`, `
@app.get("/me")
@login_required
def me():
    rows = cache.get("rows")
    if rows is None or "user_id" in request.args:
        rows = current_user.name
        if "user_id" not in request.args:
            app.logger.info("not kept")
    return rows
`},
		{"what is kept, and read in another function", `
@app.get("/remember")
def remember():
    cache.set("last", current_user.name)  # want: flask/manual-cache-without-identity
    return ""

@app.get("/last")
def last():
    return cache.get("last")
`, `
@app.get("/remember")
def remember():
    cache.set("last", current_user.name)
    return ""

@app.get("/last")
def last():
    return cache.get("first")
`},
		{"a null cache in one of two configurations", `
class Development:
    CACHE_TYPE = "NullCache"

class Production:
    CACHE_TYPE = "RedisCache"

@app.get("/me")
@cache.cached(60)  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
class Development:
    CACHE_TYPE = "NullCache"

class Production:
    CACHE_TYPE = "null"

cache.init_app(app, config={"CACHE_TYPE": "null"})

@app.get("/me")
@cache.cached(60)
def me():
    return current_user.name
`},
		{"a name with the user", `
@cache.memoize(60, make_name=lambda name: name + "v2")  # want: flask/memoize-without-identity
def profile():
    return current_user.profile()
`, `
@cache.memoize(60, make_name=lambda name: name + current_user.get_id())
def profile():
    return current_user.profile()
`},
		{"unless it is a stranger", `
@app.get("/me")
@cache.cached(60, unless=lambda: current_user.is_anonymous)  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
@app.get("/me")
@cache.cached(60, unless=lambda: current_user.is_authenticated)
def me():
    return current_user.name
`},
		{"unless it is something else", `
@app.get("/me")
@cache.cached(60, unless=lambda: app.debug)  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
@app.get("/me")
@cache.cached(60, unless=lambda: current_user.is_authenticated)
def me():
    return current_user.name
`},
		{"a key that is not seen", `
from elsewhere import key_of_page

@app.get("/me")
@cache.cached(60, key_prefix="page")  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
from elsewhere import key_of_page

@app.get("/me")
@cache.cached(60, key_prefix=key_of_page)
def me():
    return current_user.name
`},
		{"a cache of another library", `
from elsewhere import answer_cache

@app.get("/me")
@answer_cache.cached(timeout=60)  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
from elsewhere import answer_clock

@app.get("/me")
@answer_clock.cached(timeout=60)
def me():
    return current_user.name
`},
		{"a check that is not seen", `
from elsewhere import token_required

@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
@token_required
def news():
    return "news"
`, `
from elsewhere import token_required

@app.get("/news")
@token_required
@cache.cached(60)
def news():
    return "news"
`},
		{"a check of rights behind a login", `
from elsewhere import admin_required, token_required

@app.get("/news")
@login_required
@cache.cached(60)  # want: flask/cache-before-auth
@admin_required
def news():
    return "news"
`, `
from elsewhere import admin_required, token_required

@app.get("/news")
@login_required
@cache.cached(60)
@token_required
def news():
    return "news"
`},
		{"an optional token", `
@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
@jwt_required(optional=False)
def news():
    return "news"
`, `
@app.get("/news")
@cache.cached(60)
@jwt_required(optional=True)
def news():
    return "news"
`},
		{"a role", `
from flask_httpauth import HTTPBasicAuth
auth = HTTPBasicAuth()

@app.get("/news")
@auth.login_required
@cache.cached(60)  # want: flask/cache-before-auth
@auth.login_required(role="editor")
def news():
    return "news"
`, `
from flask_httpauth import HTTPBasicAuth
auth = HTTPBasicAuth()

@app.get("/news")
@auth.login_required
@cache.cached(60)
@auth.login_required
def news():
    return "news"
`},
		{"a wrapper that keeps something", `
def counted(f):
    @wraps(f)
    def wrapper():
        answer = f()
        cache.set("answer", answer)
        return cache.get("answer")
    return wrapper

@app.get("/me")
@counted  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
def counted(f):
    @wraps(f)
    def wrapper():
        answer = f()
        cache.set("answer", "one more")
        return answer
    return wrapper

@app.get("/me")
@counted
def me():
    return current_user.name
`},
		{"what a decorator gives", `
def with_somebody(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return f(load(request.headers["Authorization"]), *args, **kwargs)
    return wrapper

@app.get("/me")
@cache.cached(60)  # want: flask/unkeyed-cache
@with_somebody
def me(who):
    return who.name
`, `
def with_somebody(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return f(load(request.headers["Accept"]), *args, **kwargs)
    return wrapper

@app.get("/me")
@cache.cached(60)
@with_somebody
def me(who):
    return who.name
`},
		{"what a decorator puts among the arguments", `
def with_somebody(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        kwargs["who"] = load(request.headers["Authorization"])
        return f(*args, **kwargs)
    return wrapper

@app.get("/me")
@cache.cached(60)  # want: flask/unkeyed-cache
@with_somebody
def me(who):
    return who.name
`, `
def with_somebody(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        kwargs["who"] = load(request.headers["Accept"])
        return f(*args, **kwargs)
    return wrapper

@app.get("/me")
@cache.cached(60)
@with_somebody
def me(who):
    return who.name
`},
		{"a parameter that is called current_user", `
from elsewhere import token_required

@app.get("/me")
@token_required
@cache.cached(60)  # want: flask/unkeyed-cache
def me(current_user):
    return current_user.name
`, `
from elsewhere import token_required

@app.get("/me")
@token_required
@cache.cached(60)
def me(current_page):
    return current_page.name
`},
		{"what a refusal says is not the answer", `
@app.get("/report")
@cache.cached(60)  # want: flask/cache-before-auth
def report():
    if not current_user.is_admin:
        return "not for " + current_user.name, 403
    return "report"
`, `
@app.get("/report")
@cache.cached(60)
def report():
    if not app.debug:
        return "not here", 403
    return "report"
`},
		{"a function that never returns", `
def deny():
    abort(403)

@app.get("/report")
@cache.cached(60)  # want: flask/cache-before-auth
def report():
    if not current_user.is_admin:
        deny()
    return "report"
`, `
def deny():
    app.logger.info("another one")

@app.get("/report")
@cache.cached(60)
def report():
    if not current_user.is_admin:
        deny()
    return "report"
`},
		{"a refusal in else", `
@app.get("/report")
@cache.cached(60)  # want: flask/cache-before-auth
def report():
    if current_user.is_admin:
        text = "report"
    else:
        abort(403)
    return text
`, `
@app.get("/report")
@cache.cached(60)
def report():
    if app.debug:
        text = "report"
    else:
        abort(403)
    return text
`},
		{"an assertion", `
@app.get("/report")
@cache.cached(60)  # want: flask/cache-before-auth
def report():
    assert current_user.is_admin
    return "report"
`, `
@app.get("/report")
@cache.cached(60)
def report():
    assert app.debug
    return "report"
`},
		{"what a loop leaves behind", `
@app.get("/last")
def last():
    text = ""
    for row in range(2):
        if cache.get("last") is None:
            cache.set("last", text)  # want: flask/manual-cache-without-identity
        text = current_user.name
    return ""
`, `
@app.get("/last")
def last():
    text = ""
    for row in range(2):
        if cache.get("last") is None:
            cache.set("last", text)
        text = app.name
    return ""
`},
		{"who is left behind a login", `
@app.get("/")
def home():
    page = cache.get("home")
    if current_user.is_authenticated:
        app.logger.info("a member")
    cache.set("home", "Hello " + str(current_user))  # want: flask/manual-cache-without-identity
    return page
`, `
@app.get("/")
def home():
    page = cache.get("home")
    if current_user.is_authenticated:
        return "Hello " + current_user.name
    cache.set("home", "Hello " + str(current_user))
    return page
`},
		{"what strangers are given", `
@app.get("/")
def home():
    page = cache.get("home")
    if not page:
        page = "Hello " + str(current_user)
        cache.set("home", page)  # want: flask/manual-cache-without-identity
    return page
`, `
@app.get("/")
def home():
    page = cache.get("home")
    if not current_user.is_authenticated:
        page = "Hello " + str(current_user)
        cache.set("home", page)
    return page
`},
		{"what a case names", `
@app.get("/")
def home():
    match request.headers.get("Authorization"):
        case found:
            app.logger.info(found)  # want: flask/token-in-log
    return ""
`, `
@app.get("/")
def home():
    match request.headers.get("Accept"):
        case found:
            app.logger.info(found)
    return ""
`},
		{"what is called a token", `
@app.get("/")
def home():
    access_token = vault.read("service")
    app.logger.info(access_token)  # want: flask/token-in-log
    return ""
`, `
@app.get("/")
def home():
    access_rules = vault.read("service")
    app.logger.info(access_rules)
    return ""
`},
		{"a number that is called a token", `
@app.get("/")
def home():
    access_token = vault.read("service")
    app.logger.info(access_token)  # want: flask/token-in-log
    return ""
`, `
@app.get("/")
def home():
    access_token = vault.index > 3
    app.logger.info(access_token)
    return ""
`},
		{"get or create", `
from dogpile.cache import make_region
region = make_region().configure("dogpile.cache.memory")

@app.get("/me")
def me():
    return region.get_or_create("me", lambda: current_user.name)  # want: flask/manual-cache-without-identity
`, `
from dogpile.cache import make_region
region = make_region().configure("dogpile.cache.memory")

@app.get("/me")
def me():
    return region.get_or_create("me:" + current_user.get_id(), lambda: current_user.name)
`},
		{"in", `
names = {}

@app.get("/me")
def me():
    if "me" in names:
        return names.pop("me")
    names["me"] = current_user.name  # want: flask/manual-cache-without-identity
    return ""
`, `
names = {}

@app.get("/me")
def me():
    if app.debug:
        return names.pop("me")
    names["me"] = current_user.name
    return ""
`},
		{"whom an argument says", `
def profile_of(who):
    found = cache.get("profile")
    if found is None:
        found = current_user.profile()
        cache.set("profile", found)  # want: flask/manual-cache-without-identity
    return found

@app.get("/me")
def me():
    return profile_of(current_user.get_id())
`, `
def profile_of(who):
    found = cache.get(f"profile:{who}")
    if found is None:
        found = current_user.profile()
        cache.set(f"profile:{who}", found)
    return found

@app.get("/me")
def me():
    return profile_of(current_user.get_id())
`},
		{"a user of the body, in a key of the body", `
@app.post("/orders")
def orders():
    key = "orders"
    found = cache.get(key)
    if found is None:
        found = rows(request.json["user_id"])
        cache.set(key, found)  # want: flask/manual-cache-without-identity
    return found
`, `
@app.post("/orders")
def orders():
    key = "orders" + str(request.json)
    found = cache.get(key)
    if found is None:
        found = rows(request.json["user_id"])
        cache.set(key, found)
    return found
`},
		{"a view that the guard lets pass", `
@app.before_request
def admit():
    if request.endpoint == "news":
        return
    if not current_user.is_authenticated:
        abort(401)

@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
@login_required
def news():
    return "news"
`, `
@app.before_request
def admit():
    if request.endpoint == "status":
        return
    if not current_user.is_authenticated:
        abort(401)

@app.get("/news")
@cache.cached(60)
@login_required
def news():
    return "news"
`},
		{"a guard that is a decorator", `
@app.before_request
def admit():
    pass

@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
@login_required
def news():
    return "news"
`, `
@app.before_request
@login_required
def admit():
    pass

@app.get("/news")
@cache.cached(60)
@login_required
def news():
    return "news"
`},
		{"decorators of an Api", `
from flask_restful import Api, Resource
api = Api(app)

class News(Resource):
    @cache.cached(60)  # want: flask/cache-before-auth
    @login_required
    def get(self):
        return "news"

api.add_resource(News, "/news")
`, `
from flask_restful import Api, Resource
api = Api(app, decorators=[login_required])

class News(Resource):
    @cache.cached(60)
    @login_required
    def get(self):
        return "news"

api.add_resource(News, "/news")
`},
		{"a class of a base that is not seen", `
from .missing import BaseView

class Me(BaseView):
    @cache.cached(60)  # want: flask/unkeyed-cache
    def get(self):
        return current_user.name
`, `
from .missing import BaseView

class Me(BaseView):
    @cache.cached(60, unless=lambda: current_user.is_authenticated)
    def get(self):
        return current_user.name
`},
		{"a raw block", `
@app.get("/news")
@cache.cached(60)  # want: flask/unkeyed-cache
def news():
    return render_template_string('''{{ current_user.name }}''')
`, `
@app.get("/news")
@cache.cached(60)
def news():
    return render_template_string('''{% raw %}{{ current_user.name }}{% endraw %}''')
`},
		{"a string in a template", `
@app.get("/news")
@cache.cached(60)  # want: flask/unkeyed-cache
def news():
    return render_template_string('''{{ shown(current_user) }}''')
`, `
@app.get("/news")
@cache.cached(60)
def news():
    return render_template_string('''{{ shown("ask current_user for it") }}''')
`},
		{"a key of the session in a template", `
@app.get("/news")
@cache.cached(60)  # want: flask/unkeyed-cache
def news():
    return render_template_string('''{{ session["user_id"] }}''')
`, `
@app.get("/news")
@cache.cached(60)
def news():
    return render_template_string('''{{ session["lang"] }}''')
`},
		{"a language in g", `
@app.before_request
def remember():
    g.shown_as = current_user.name

@app.get("/news")
@cache.cached(60)  # want: flask/unkeyed-cache
def news():
    return render_template_string('''{{ g.shown_as }}''')
`, `
@app.before_request
def remember():
    g.locale = current_user.locale

@app.get("/news")
@cache.cached(60)
def news():
    return render_template_string('''{{ g.locale }}''')
`},
		{"a template that includes itself", `
from flask import render_template

@app.get("/news")
@cache.cached(60)  # want: flask/unkeyed-cache
def news():
    return render_template("page.html")
-- templates/page.html --
{% include "page.html" %}{{ current_user.name }}
`, `
from flask import render_template

@app.get("/news")
@cache.cached(60)
def news():
    return render_template("page.html")
-- templates/page.html --
{% include "page.html" %}
`},
		{"public, and not stored", `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers["Cache-Control"] = "public"  # want: flask/public-cache-control
    return response
`, `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers["Cache-Control"] = "public, no-store"
    return response
`},
		{"public, and private", `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers["Cache-Control"] = "public, max-age=60"  # want: flask/public-cache-control
    return response
`, `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
    return response
`},
		{"public, for no time", `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers["Cache-Control"] = "public, max-age=60"  # want: flask/public-cache-control
    return response
`, `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers["Cache-Control"] = "public, max-age=0"
    return response
`},
		{"Vary, by a call", `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers.add("Vary", "Accept")
    response.headers["Cache-Control"] = "public"  # want: flask/public-cache-control
    return response
`, `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.headers.add("Vary", "Authorization")
    response.headers["Cache-Control"] = "public"
    return response
`},
		{"public, for strangers", `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    if not app.debug:
        response.headers["Cache-Control"] = "public"  # want: flask/public-cache-control
    return response
`, `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    if not current_user.is_authenticated:
        response.headers["Cache-Control"] = "public"
    return response
`},
		{"public, and taken back", `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.cache_control.public = True  # want: flask/public-cache-control
    return response
`, `
@app.get("/news")
@login_required
def news():
    response = Response("news")
    response.cache_control.public = True
    response.cache_control.private = True
    return response
`},
		{"public, after the requests of a blueprint", `
pages = Blueprint("pages", __name__)

@app.after_request
def release(response):
    response.headers["Cache-Control"] = "public"  # want: flask/public-cache-control
    return response

@app.get("/me")
@login_required
def me():
    return current_user.name
`, `
pages = Blueprint("pages", __name__)

@pages.after_request
def release(response):
    response.headers["Cache-Control"] = "public"
    return response

@app.get("/me")
@login_required
def me():
    return current_user.name
`},
		{"public, by a decorator", `
from elsewhere import cache_control

@app.get("/me")
@login_required
@cache_control(public=True)  # want: flask/public-cache-control
def me():
    return current_user.name
`, `
from elsewhere import cache_control

@app.get("/me")
@login_required
@cache_control(public=False)
def me():
    return current_user.name
`},
		{"what a command prints", `
@app.get("/show")
def show():
    access_token = vault.read("service")
    print(access_token)  # want: flask/token-in-log
    return ""
`, `
@app.cli.command("show")
def show():
    access_token = vault.read("service")
    print(access_token)
    return ""
`},
		{"a link that is mailed", `
def ask_service():
    access_token = vault.read("service")
    return f"https://a.example/?access_token={access_token}"  # want: flask/token-in-url
`, `
def send_invitation():
    access_token = vault.read("service")
    return f"https://a.example/?access_token={access_token}"
`},
		{"a token for one use", `
@app.get("/profile")
def profile():
    return jsonify(load(request.args.get("access_token")))  # want: flask/token-in-url
`, `
@app.get("/confirm")
def confirm():
    return jsonify(load(request.args.get("access_token")))
`},
		{"what is called access_token", `
def ask(row):
    return "https://a.example/?access_token=" + row.text  # want: flask/token-in-url
`, `
def ask(row):
    return "https://a.example/?access_token=" + "none"
`},
		{"a JWT in a URL", `
def ask(row):
    return "https://a.example/?token=" + row.jwt  # want: flask/token-in-url
`, `
def ask(row):
    return "https://a.example/?token=" + row.page
`},
		{"format", `
def ask():
    access_token = vault.read("service")
    return "https://a.example/?token={}".format(access_token)  # want: flask/token-in-url
`, `
def ask():
    access_token = vault.read("service")
    return "https://a.example/?page={}".format(access_token)
`},
		{"a CSRF token", `
@app.get("/")
def home():
    app.logger.info(request.headers.get("X-Auth-Token"))  # want: flask/token-in-log
    return ""
`, `
@app.get("/")
def home():
    app.logger.info(request.headers.get("X-CSRF-Token"))
    return ""
`},
		{"a cookie", `
@app.get("/")
@cache.cached(60)  # want: flask/unkeyed-cache
def home():
    return request.cookies.get("session_id")
`, `
@app.get("/")
@cache.cached(60)
def home():
    return request.cookies.get("consent")
`},
		{"a key of the session", `
@app.get("/")
@cache.cached(60)  # want: flask/unkeyed-cache
def home():
    return session.get("user_id")
`, `
@app.get("/")
@cache.cached(60)
def home():
    return session.get("lang")
`},
		{"an argument, or current_user", `
def name_of(user=None):
    who = user or current_user
    return who.name

@app.get("/")
@cache.cached(60)  # want: flask/unkeyed-cache
def home():
    return name_of()
`, `
def name_of(user=None):
    who = user or current_user
    return who.name

@app.get("/")
@cache.cached(60)
def home():
    return name_of(load(1))
`},
		{"a name of a module that is missing", `
-- views.py --
from flask import Blueprint
from flask_caching import Cache
from .users import current_user as somebody
cache = Cache()
pages = Blueprint("pages", __name__)

@pages.get("/")
@cache.cached(60)  # want: flask/unkeyed-cache
def home():
    return somebody.name
`, `
-- views.py --
from flask import Blueprint
from flask_caching import Cache
from .users import current_page as somebody
cache = Cache()
pages = Blueprint("pages", __name__)

@pages.get("/")
@cache.cached(60)
def home():
    return somebody.name
`},
		{"verification in the body", `
@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
def news():
    verify_jwt_in_request()
    return "news"
`, `
@app.get("/news")
@cache.cached(60)
def news():
    verify_jwt_in_request(optional=True)
    return "news"
`},
		{"a decorator of a helper", `
def members(f):
    @wraps(f)
    def wrapper():
        if not current_user.is_authenticated:
            abort(401)
        return f()
    return wrapper

@members
def text():
    return "news"

@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
def news():
    return text()
`, `
def members(f):
    @wraps(f)
    def wrapper():
        if not app.debug:
            abort(401)
        return f()
    return wrapper

@members
def text():
    return "news"

@app.get("/news")
@cache.cached(60)
def news():
    return text()
`},
		{"a permission", `
from flask_principal import Permission, RoleNeed
editors = Permission(RoleNeed("editor"))

@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
def news():
    with editors.require(403):
        return "news"
`, `
from flask_principal import Permission, RoleNeed
editors = Permission(RoleNeed("editor"))

@app.get("/news")
@cache.cached(60)
def news():
    with editors.reverse():
        return "news"
`},
		{"of the query in part", `
@app.get("/orders")
@cache.cached(60, query_string=True)  # want: flask/unkeyed-cache
def orders():
    return jsonify(rows(request.args.get("user_id")), current_user.name)
`, `
@app.get("/orders")
@cache.cached(60, query_string=True)
def orders():
    return jsonify(rows(request.args.get("user_id")))
`},
		{"a redirection", `
@app.get("/news")
@cache.cached(60)  # want: flask/cache-before-auth
def news():
    if not current_user.is_authenticated:
        return redirect("/")
    return "news"
`, `
@app.get("/news")
@cache.cached(60)
def news():
    if not app.debug:
        return redirect("/")
    return "news"
`},
		{"a configuration for tests", `
-- web.py --
from flask import Flask
from flask_caching import Cache
from flask_login import current_user
class TestConfig:
    CACHE_TYPE = "NullCache"
app = Flask(__name__)
cache = Cache(app)

@app.get("/me")
@cache.cached(60)  # want: flask/unkeyed-cache
def me():
    return current_user.name
`, `
-- web.py --
from flask import Flask
from flask_caching import Cache
from flask_login import current_user
class Config:
    CACHE_TYPE = "NullCache"
app = Flask(__name__)
cache = Cache(app)

@app.get("/me")
@cache.cached(60)
def me():
    return current_user.name
`},
		{"a program without Flask", `
-- job.py --
import logging, flask

def work():
    access_token = vault.read("service")
    logging.info(access_token)  # want: flask/token-in-log
`, `
-- job.py --
import logging

def work():
    access_token = vault.read("service")
    logging.info(access_token)
`},
		{"a field of who asks", `
@app.get("/")
@cache.cached(60)  # want: flask/unkeyed-cache
def home():
    return jsonify(rows(request.headers.get("X-User-Id")))
`, `
@app.get("/")
@cache.cached(60)
def home():
    return jsonify(rows(request.headers.get("X-CSRF-Token")))
`},
		{"fields without the token", `
@app.get("/")
def home():
    seen = dict(request.headers)
    del seen["Accept"]
    app.logger.info(seen)  # want: flask/token-in-log
    return ""
`, `
@app.get("/")
def home():
    seen = dict(request.headers)
    del seen["Authorization"]
    app.logger.info(seen)
    return ""
`},
		{"a field that a decorator gives", `
def with_field(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return f(request.headers.get("Authorization"), *args, **kwargs)
    return wrapper

@app.get("/me")
@with_field
def me(given):
    app.logger.info(given)  # want: flask/token-in-log
    return ""
`, `
def with_field(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return f(request.headers.get("Accept"), *args, **kwargs)
    return wrapper

@app.get("/me")
@with_field
def me(given):
    app.logger.info(given)
    return ""
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, body := range []string{tt.dirty, tt.clean} {
				var wanted, got []string
				files := programOf(body)
				for _, f := range files {
					for i, line := range strings.Split(string(f.Text), "\n") {
						if m := want.FindStringSubmatch(line); m != nil {
							wanted = append(wanted, fmt.Sprintf("%s:%d %s", f.Path, i+1, m[1]))
						}
					}
				}
				if (len(wanted) > 0) != (body == tt.dirty) {
					t.Fatalf("which one is it?\n%s", body)
				}
				result := Language.Audit(files)
				for _, f := range result.Findings {
					got = append(got, fmt.Sprintf("%s:%d %s", f.Source.File, f.Source.Line, f.Rule.ID))
				}
				if !slices.Equal(got, wanted) || len(result.Problems) > 0 {
					t.Errorf("got %q, want %q, problems %v:\n%s", got, wanted, result.Problems, body)
				}
			}
		})
	}
}

// programOf is app.py, with the heading, and the files behind "-- NAME --".
func programOf(text string) (files []audit.File) {
	parts := strings.Split(text, "\n-- ")
	if strings.TrimSpace(parts[0]) != "" {
		files = append(files, audit.File{Path: "app.py", Text: []byte(heading + parts[0] + "\n")})
	}
	for _, part := range parts[1:] {
		name, body, _ := strings.Cut(part, " --\n")
		files = append(files, audit.File{Path: name, Text: []byte(body)})
	}
	return files
}
