package flask

import (
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// What an edit makes of a view, and whether --fix may make it. An empty want is one that nothing is made of.
func TestEdits(t *testing.T) {
	const byUser, byToken = "make_cache_key=lambda *args, **kwargs: f'{request.full_path}#{current_user.get_id()}'", "make_cache_key=lambda *args, **kwargs: f'{request.full_path}#{get_jwt_identity()}'"
	const news, me = "\ndef news():\n    return \"news\"\n", "\ndef me():\n    return current_user.name\n"
	for _, tt := range []struct {
		name, view, want string
		safe             bool
	}{
		{"below the check", "@cache.cached(60)\n@login_required" + news, "@login_required\n@cache.cached(60)" + news, true},
		{"with its comment", "@cache.cached(60)  # slow\n@login_required" + news, "@login_required\n@cache.cached(60)  # slow" + news, true},
		{"of many lines", "@cache.cached(\n    timeout=60,\n)\n@login_required" + news, "@login_required\n@cache.cached(\n    timeout=60,\n)" + news, true},
		{"below two checks", "@cache.cached(60)\n@login_required\n@jwt_required()" + news, "@login_required\n@jwt_required()\n@cache.cached(60)" + news, true},
		{"below a check by its name", "from elsewhere import token_required\n@cache.cached(60)\n@token_required" + news, "from elsewhere import token_required\n@token_required\n@cache.cached(60)" + news, false},
		{"past something else", "from elsewhere import traced\n@cache.cached(60)\n@traced\n@login_required" + news, "from elsewhere import traced\n@traced\n@login_required\n@cache.cached(60)" + news, false},
		{"of a check in the body", "@cache.cached(60)\ndef news():\n    if not current_user.is_admin:\n        abort(403)\n    return \"news\"\n", "", false},
		{"of a check in the body, behind another", "@cache.cached(60)\n@login_required\ndef news():\n    if not current_user.is_admin:\n        abort(403)\n    return \"news\"\n", "", false},
		{"of another decorator's", "@cache.cached(60)\n@members" + news + "\ndef members(f):\n    @wraps(f)\n    def wrapper():\n        if not current_user.is_admin:\n            abort(403)\n        return f()\n    return wrapper\n",
			"@members\n@cache.cached(60)" + news + "\ndef members(f):\n    @wraps(f)\n    def wrapper():\n        if not current_user.is_admin:\n            abort(403)\n        return f()\n    return wrapper\n", false},
		{"in a file of Python 2", "@cache.cached(60)\n@login_required\ndef news():\n    print 'news'\n    return \"news\"\n", "", false},

		{"by the caller", "@login_required\n@cache.cached(timeout=60)" + me, "@login_required\n@cache.cached(timeout=60, " + byUser + ")" + me, true},
		{"by the caller alone", "@login_required\n@cache.cached()" + me, "@login_required\n@cache.cached(" + byUser + ")" + me, true},
		{"behind a comma", "@login_required\n@cache.cached(\n    60,\n)" + me, "@login_required\n@cache.cached(\n    60, " + byUser + "\n)" + me, true},
		{"by the token's subject", "@jwt_required()\n@cache.cached(60)\ndef me():\n    return get_jwt_identity()\n", "@jwt_required()\n@cache.cached(60, " + byToken + ")\ndef me():\n    return get_jwt_identity()\n", true},
		{"behind a comment", "@login_required\n@cache.cached(60  # slow\n)" + me, "", false},
		{"beside a key", "@login_required\n@cache.cached(60, key_prefix=\"me\")" + me, "", false},
		{"beside a key by position", "@login_required\n@cache.cached(60, \"me\")" + me, "", false},
		{"of a key that is named elsewhere", "@login_required\n@cache.cached(60)" + me + "\ndef forget():\n    cache.delete(\"view//me\")\n", "", false},
		{"of a user by another name", "@login_required\n@cache.cached(60)" + me + "\nfrom elsewhere import current_user\n", "", false},
		{"of the session", "@login_required\n@cache.cached(60)\ndef me():\n    return session[\"user_id\"]\n", "", false},
	} {
		view := "\n" + tt.view
		for _, first := range []string{"from ", "@"} { // the route goes above the first decorator
			if strings.HasPrefix(tt.view, first) {
				view = strings.Replace(view, "\n@", "\n@app.get(\"/\")\n@", 1)
			}
		}
		files := programOf(view)
		result := Language.Audit(files)
		if len(result.Findings) == 0 {
			t.Errorf("%s: nothing is found", tt.name)
			continue
		}
		source := result.Findings[0].Source
		got := string(files[0].Text)
		for _, e := range slices.Backward(source.Edits) {
			got = got[:e.Start] + e.Text + got[e.End:]
		}
		got = strings.Replace(strings.TrimPrefix(got, heading), "\n@app.get(\"/\")", "", 1)
		if len(source.Edits) == 0 {
			got = ""
		}
		if strings.Trim(got, "\n") != strings.Trim(tt.want, "\n") || source.Safe != tt.safe {
			t.Errorf("%s, safe: %v\n%s", tt.name, source.Safe, got)
		}
	}
}

// How bad it is, and how sure.
func TestDegrees(t *testing.T) {
	for _, tt := range []struct {
		name, view string
		severity   finding.Severity
		confidence finding.Confidence
	}{
		{"the user", "@cache.cached(60)\ndef me():\n    return current_user.name\n", finding.High, finding.Confirmed},
		{"a user by the name of a parameter", "@cache.cached(60, key_prefix=\"me\")\ndef me(user_id):\n    return jsonify(rows(user_id))\n", finding.High, finding.Likely},
		{"a cache by its name", "from elsewhere import page_cache\n@page_cache.cached(60)\ndef me():\n    return current_user.name\n", finding.High, finding.Likely},
		{"the token of a form", "@cache.cached(60)\ndef me():\n    return render_template_string(\"{{ csrf_token() }}\")\n", finding.Low, finding.Likely},
		{"the token of a form, behind a check", "@cache.cached(60)\n@login_required\ndef me():\n    return render_template_string(\"{{ csrf_token() }}\")\n", finding.High, finding.Confirmed},
		{"the token of a form, and the user", "@cache.cached(60)\ndef me():\n    return render_template_string(\"{{ csrf_token() }}\") + current_user.name\n", finding.High, finding.Confirmed},
		{"the user, and the token of a form", "@cache.cached(60)\ndef me():\n    return current_user.name + render_template_string(\"{{ csrf_token() }}\")\n", finding.High, finding.Confirmed},
	} {
		files := programOf(strings.Replace("\n"+tt.view, "\n@", "\n@app.get(\"/\")\n@", 1))
		found := Language.Audit(files).Findings
		if len(found) == 0 || found[0].Severity != tt.severity || found[0].Confidence != tt.confidence {
			t.Errorf("%s: %+v", tt.name, found)
		}
	}
}

// The operation that a finding is about is the one that clients call.
func TestOperations(t *testing.T) {
	for _, tt := range []struct{ program, want string }{
		{"@app.route(\"/me\")", "GET /me"},
		{"@app.route(\"/me\", methods=[\"POST\", \"GET\"])", "GET /me"},
		{"@app.put(\"/me\")", "PUT /me"},
		{"@app.route(\"/users/<int:user>/<path:rest>\")", "GET /users/{user}/{rest}"},
		{"pages = Blueprint(\"pages\", __name__, url_prefix=\"/v1\")\n@pages.get(\"/me\")", "GET /v1/me"},
		{"pages = Blueprint(\"pages\", __name__, url_prefix=\"/v1\")\napp.register_blueprint(pages, url_prefix=\"/v2\")\n@pages.get(\"/me\")", "GET /v2/me"},
		{"outer = Blueprint(\"outer\", __name__, url_prefix=\"/a\")\npages = Blueprint(\"pages\", __name__, url_prefix=\"/b\")\nouter.register_blueprint(pages)\n@pages.get(\"/me\")", "GET /a/b/me"},
	} {
		found := Language.Audit(programOf("\n" + tt.program + "\n@cache.cached(60)\ndef me(**rest):\n    return current_user.name\n")).Findings
		if len(found) != 1 || found[0].Operation != tt.want {
			t.Errorf("%s: %+v, want %s", tt.program, found, tt.want)
		}
	}
}
