package flask

import (
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

const known = `import re
from flask import Flask, g, jsonify, request, session
from flask_caching import Cache
from flask_jwt_extended import get_jwt, get_jwt_identity, jwt_required
from flask_login import current_user, login_required
app = Flask(__name__)
cache = Cache(app)
PREFIX = "/v3"
`

func onView(decorator string) string {
	return known + "@app.get('/me')\n@login_required\n@" + decorator + "\ndef me(): return jsonify(current_user.name)\n"
}

func keyedBy(body string) string {
	return known + "def key():\n    " + strings.ReplaceAll(body, "\n", "\n    ") + "\n@app.get('/me')\n@login_required\n@cache.cached(60, make_cache_key=lambda *a, **k: key())\ndef me(): return jsonify(current_user.name)\n"
}

func writes(expression string) string {
	return known + "@app.get('/me')\ndef me():\n    app.logger.info(" + expression + ")\n    return 'x'\n"
}

// What decides a verdict, one fact at a time.
func TestVerdicts(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unless holds for all who are known", onView("cache.cached(60, unless=lambda: current_user.is_authenticated)"), ""},
		{"unless holds for some", onView("cache.cached(60, unless=lambda: current_user.is_admin)"), "flask/unkeyed-cache"},
		{"unless holds for one", onView("cache.cached(60, unless=lambda: current_user.id == 1)"), "flask/unkeyed-cache"},
		{"unless holds for some of the known", onView("cache.cached(60, unless=lambda: current_user.is_authenticated and current_user.is_admin)"), "flask/unkeyed-cache"},
		{"unless holds for the known and others", onView("cache.cached(60, unless=lambda: current_user.is_authenticated or request.args.get('x') == 'y')"), ""},
		{"unless asks for something else", onView("cache.cached(60, unless=lambda: 'fresh' in request.args)"), "flask/unkeyed-cache"},
		{"unless gives somebody", onView("cache.cached(60, unless=get_jwt_identity)"), "flask/unkeyed-cache"},
		{"a key of the module's loading", onView(`cache.cached(60, key_prefix=f"me-{current_user}")`), "flask/unkeyed-cache"},

		{"the key has the id", keyedBy("return f'me:{current_user.id}'"), ""},
		{"the key has whether there is one", keyedBy("return 'in' if session.get('user_id') else 'out'"), "flask/unkeyed-cache"},
		{"the key has whether there is one, by in", keyedBy("return 'in' if 'user_id' in session else 'out'"), "flask/unkeyed-cache"},
		{"the key has a comparison", keyedBy("return str(current_user.id is None)"), "flask/unkeyed-cache"},
		{"the key has a bool", keyedBy("return 'a' + str(bool(current_user.id))"), "flask/unkeyed-cache"},
		{"the key has the role", keyedBy("return 'a' + current_user.role"), "flask/unkeyed-cache"},
		{"the key has the id on one way", keyedBy("if request.args:\n    return f'me:{current_user.id}'\nreturn 'me'"), "flask/unkeyed-cache"},
		{"the key has the id on one way of an expression", keyedBy("return current_user.id if request.args.get('x') else 'me'"), "flask/unkeyed-cache"},
		{"the key has the id where there is one", keyedBy("if current_user.is_authenticated:\n    return f'me:{current_user.id}'\nreturn 'nobody'"), ""},
		{"the key has what a cookie says", keyedBy("return 'me:' + request.cookies.get('uid', '')"), "flask/unkeyed-cache"},
		{"the key has what the query says", keyedBy("return 'me:' + request.args.get('user_id', '')"), "flask/unkeyed-cache"},
		{"the key has what a field says", keyedBy("return 'me:' + request.headers.get('X-User', '')"), "flask/unkeyed-cache"},

		{"by hand, by role", known + "@app.get('/me')\n@login_required\ndef me():\n    k = 'me:' + current_user.role\n    v = cache.get(k)\n    if v is None:\n        v = current_user.name\n        cache.set(k, v)\n    return v\n", "flask/manual-cache-without-identity"},
		{"by hand, by id", known + "@app.get('/me')\n@login_required\ndef me():\n    k = f'me:{current_user.id}'\n    v = cache.get(k)\n    if v is None:\n        v = current_user.name\n        cache.set(k, v)\n    return v\n", ""},
		{"by hand, under a parameter", known + "def page_of(who):\n    found = cache.get(f'page:{who}')\n    if found is None:\n        found = current_user.name\n        cache.set(f'page:{who}', found)\n    return found\n@app.get('/me')\n@login_required\ndef me(): return page_of('page')\n", "flask/manual-cache-without-identity"},
		{"by hand, behind a branch", known + "@app.get('/me')\n@login_required\ndef me():\n    if current_user.is_admin:\n        return 'a'\n    page = cache.get('home')\n    if page is None:\n        page = current_user.name\n        cache.set('home', page)\n    return page\n", "flask/manual-cache-without-identity"},
		{"by hand, together", known + "@app.post('/typing')\n@login_required\ndef typing():\n    v = cache.get('room') or {}\n    v[current_user.id] = 1\n    cache.set('room', v)\n    return v\n", ""},

		{"all fields", writes("dict(request.headers)"), "flask/token-in-log"},
		{"fields without those of secrets", writes("{k: v for k, v in request.headers.items() if k.lower() not in ('authorization', 'cookie')}"), ""},
		{"fields with secrets replaced", writes("{k: ('***' if k.lower() in ('authorization',) else v) for k, v in request.headers.items()}"), ""},
		{"fields with one replaced", writes("{**request.headers, 'Authorization': 'x'}"), ""},
		{"a masked field", writes("re.sub(r'Bearer .*', 'Bearer ***', request.headers.get('Authorization', ''))"), ""},
		{"a field without its scheme", writes("re.sub(r'^Bearer ', '', request.headers.get('Authorization', ''))"), "flask/token-in-log"},
		{"the scheme", writes("request.headers.get('Authorization', '').split(' ')[0]"), ""},
		{"the token", writes("request.headers.get('Authorization', '').split(' ')[1]"), "flask/token-in-log"},
		{"a copy with one replaced", known + "@app.get('/me')\ndef me():\n    h = dict(request.headers)\n    h['Authorization'] = '***'\n    app.logger.info(h)\n    return 'x'\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range Language.Audit([]audit.File{{Path: "app.py", Text: []byte(tt.text)}}).Findings {
				got = append(got, f.Rule.ID)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q in\n%s", got, tt.want, tt.text)
			}
		})
	}
}

// A route is told where it is written down, whatever name its parts go by, and not invented where it is not.
func TestRoutes(t *testing.T) {
	for rule, want := range map[string]string{
		`"/me"`:                       "GET /me",
		`PREFIX + "/me"`:              "GET /v3/me",
		`f"{PREFIX}/me/<int:n>"`:      "GET /v3/me/{n}",
		`unknown + "/me"`:             "",
		`"/a/<path:rest>/<string:b>"`: "GET /a/{rest}/{b}",
	} {
		text := known + "@app.route(" + rule + ")\n@login_required\n@cache.cached(60)\ndef me(**k): return jsonify(current_user.name)\n"
		found := Language.Audit([]audit.File{{Path: "app.py", Text: []byte(text)}}).Findings
		if len(found) != 1 || found[0].Operation != want {
			t.Errorf("%s: %+v, want %q", rule, found, want)
		}
	}
}

// An edit is offered where it changes nothing else, and fits the file as it is.
func TestEditsFit(t *testing.T) {
	cached := func(more string) string {
		return known + more + "@app.get('/me')\n@login_required\n@cache.cached(timeout=60)\ndef me(): return jsonify(current_user.name)\n"
	}
	outside := func(more string) string {
		return known + more + "@app.get('/all')\n@cache.cached(timeout=60)\n@login_required\ndef all_of(): return jsonify(1)\n"
	}
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"by the caller's id", cached(""), true},
		{"and more is known of the caller", strings.Replace(cached(""), "jsonify(current_user.name)", "jsonify(current_user.name, session.get('mfa'))", 1), false},
		{"and it depends on a role", strings.Replace(cached(""), "jsonify(current_user.name)", "jsonify(current_user.name, current_user.role)", 1), false},
		{"keys of views are deleted", cached("cache.delete('view//me')\n"), false},
		{"with a mark of the encoding before it", "\ufeff" + cached(""), false},
		{"in Latin-1", "# coding: latin-1\nname = '\xe9'\n" + cached(""), false},
		{"moved", outside(""), true},
		{"moved, and the view without its cache is used", outside("def fresh(): return all_of.uncached()\n"), false},
	} {
		found := Language.Audit([]audit.File{{Path: "app.py", Text: []byte(tt.text)}}).Findings
		if len(found) != 1 {
			t.Errorf("%s: %d findings", tt.name, len(found))
			continue
		}
		if got := found[0].Source.Safe && len(found[0].Source.Edits) > 0; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
