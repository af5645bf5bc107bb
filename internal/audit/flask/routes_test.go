package flask

import (
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// A key is told as it is made, whatever name it has.
func TestKeysAreTold(t *testing.T) {
	for _, tt := range []struct{ key, want string }{
		{`f"rows:{request.args['page']}"`, `is kept under f"rows:{request.args['page']}", which is the same for all.`},
		{`"rows"`, `is kept under "rows", which is the same for all.`},
		{`f"rows:{current_user.role}"`, `is kept under f"rows:{current_user.role}", which many callers have in common.`},
	} {
		text := known + "@app.get('/me')\n@login_required\ndef me():\n    key = " + tt.key + "\n    if cache.get(key) is None:\n        cache.set(key, current_user.name)\n    return cache.get(key)\n"
		result := Language.Audit([]audit.File{{Path: "app.py", Text: []byte(text)}})
		if len(result.Findings) != 1 || !strings.HasSuffix(result.Findings[0].Summary, tt.want) || result.Findings[0].Confidence != finding.Confirmed {
			t.Errorf("%s: want %q, got %+v", tt.key, tt.want, result.Findings)
		}
	}
}

// A finding has the route of the view that it is in, or of one that leads to it.
func TestRoutesTo(t *testing.T) {
	const restx = `
from flask import Flask
from flask_caching import Cache
from flask_jwt_extended import get_jwt_identity, jwt_required
from flask_restx import Api, Namespace, Resource
app = Flask(__name__)
cache = Cache(app)
api = Api(app, prefix="/api")
`
	const resource = `.route("/me", "/self")
class Me(Resource):
    @jwt_required()
    @cache.cached(60)
    def get(self):
        return {"me": get_jwt_identity()}
`
	for _, tt := range []struct{ name, text, want string }{
		{"a function that a view calls", known + "@cache.memoize(60)\ndef name(page): return current_user.name\ndef shown(page): return name(page)\n@app.get('/me/<int:page>')\n@login_required\ndef me(page): return shown(page)\n", "GET /me/{page}"},
		{"a function that logs, and is called later in the source", known + "def log():\n    app.logger.info(request.headers)\n@app.get('/me')\ndef me():\n    log()\n    return 'x'\n", "GET /me"},
		{"a function that nobody calls", known + "@cache.memoize(60)\ndef name(page): return current_user.name\n", ""},
		{"a namespace by its name", restx + "ns = Namespace('users')\napi.add_namespace(ns)\n@ns" + resource, "GET /api/users/me"},
		{"a namespace under a path", restx + "ns = Namespace('users')\napi.add_namespace(ns, '/v1/users')\n@ns" + resource, "GET /api/v1/users/me"},
		{"a namespace of the API's", restx + "ns = api.namespace('users')\n@ns" + resource, "GET /api/users/me"},
	} {
		result := Language.Audit([]audit.File{{Path: "app.py", Text: []byte(tt.text)}})
		if len(result.Findings) != 1 || result.Findings[0].Operation != tt.want {
			t.Errorf("%s: want %q, got %+v", tt.name, tt.want, result.Findings)
		}
	}
}
