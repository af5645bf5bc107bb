package flask

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

const start = "from flask import Flask, g, request, session\nfrom flask_caching import Cache\napp = Flask(__name__)\ncache = Cache(app)\n"

// hostile are programs that have more ways through them than there is time for, or no end. They are judged like others, and soon: a test that
// hangs is what would tell.
var hostile = map[string][]string{
	"a name assigned from itself":    {start + strings.Repeat("x = x.f(x)(x)\n", 400) + "@app.get('/')\n@x\ndef v(): return x\n"},
	"names assigned from each other": {start + strings.Repeat("a = b.f()\nb = c or a\nc = a if b else c\n", 200)},
	"a decorator of itself":          {start + "@d\ndef d(f):\n    @d\n    def w(*a): return d(f)(*a)\n    return w\n@app.get('/')\n@d\n@cache.cached()\ndef v(): return g.user\n"},
	"functions that call each other": {start + "def a(x): return b(x) + c(x)\ndef b(x): return a(x) + c(x)\ndef c(x): return a(b(x)) + session['u']\n@app.get('/')\n@cache.cached()\ndef v(): return a(1)\n"},
	"a class of itself":              {start + "class A(A, B): pass\nclass B(A): decorators = A.decorators + B.decorators\nclass C(C.C): pass\nA.decorators = B.decorators\n"},
	"stars in a circle":              {start + "from two import *\nfrom three import *\n@y\ndef v(): return x\n", "from one import *\nfrom three import *\nflask = 1\n", "from one import *\nfrom two import *\nrequest = 1\n"},
	"imports in a circle":            {start + "from two import x\ny = x\n", "from three import y as x\nrequest = x\n", "from one import y\nflask = y\n"},
	"branches":                       {start + "def f(a):\n" + branches(2000) + "@app.get('/')\n@cache.cached()\ndef v(): return f(session['u'])\n"},
	"functions in functions":         {start + nested(90)},
	"doubling":                       {start + doubling(60) + "@app.get('/')\n@cache.cached()\ndef v(): return f59(session['u'])\n"},
	"many decorators":                {start + "def d(f):\n    def w(*a, **k): return f(*a, **k)\n    return w\n" + strings.Repeat("@d\n", 500) + "def v(): return g.user\n"},
	"a long chain":                   {start + "x = session" + strings.Repeat(".f(1)[2]", 800) + "\n"},
	"partial of itself":              {start + "from functools import partial\np = partial(p, p)\n@p()\ndef f(): pass\n@p\ndef h(): pass\n"},
	"a template of itself":           {start + "from flask import render_template\n@app.get('/')\n@cache.cached()\ndef v(): return render_template('a.html')\n"},
	"lists of lists of decorators":   {start + "from flask.views import MethodView\nD = D + D\nclass V(MethodView):\n    decorators = D + V.decorators\n    def get(self): return g.user\n"},
	"decorators by conditions":       {start + "d = d if x else e\ne = d if y else d\n@app.get('/')\n@d\n@(d if q else e)\ndef v(): return session['u']\n"},
	"an object in its own place":     {start + "class K:\n    def __init__(self, f): self.f = K(f)\n    def __call__(self, *a): return self.f(*a)\n@app.get('/')\n@K\ndef v(): return session['u']\nK = K(K)\n"},
	"views replaced":                 {start + replaced(3000)},
	"hooks that keep":                {start + strings.Repeat("@app.after_request\ndef h(r):\n    cache.set(request.path, r.get_data())\n    return r\n@app.before_request\ndef b():\n    return cache.get(request.path)\n", 2000) + strings.Repeat("@app.get('/')\ndef v(): return session['u']\n", 2000)},
	"conditions in conditions":       {start + "@app.get('/')\n@cache.cached()\ndef v():\n    if " + strings.Repeat("session['u'] and (not (", 45) + "g.user" + strings.Repeat("))", 45) + ":\n        return 1\n"},
	"requests all the way":           {start + "def f(r): return f(r)\ndef h(a): return f(a)\nh(request)\nf(h)\n"},
}

// replaced: each view is replaced by name, and all are by a name that is not known.
func replaced(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "@app.get('/%d')\ndef v%d(): return session['u']\napp.view_functions['v%d'] = cache.cached()(app.view_functions['v%d'])\napp.view_functions[x] = cache.cached()(app.view_functions[x])\n", i, i, i, i)
	}
	return b.String()
}

func branches(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "    if a == %d: x%d = session['k']\n", i, i%50)
	}
	return b.String() + "    return x1\n"
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sdef f%d(a%d):\n", strings.Repeat(" ", i), i, i)
	}
	return b.String() + strings.Repeat(" ", n) + "return session['u']\n"
}

// doubling: each function calls the one before it twice, so that a call of the last is 2⁶⁰ of the first.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("def f0(x): return x\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "def f%d(x): return f%d(f%d(x)) + f%d(x)\n", i, i-1, i-1, i-1)
	}
	return b.String()
}

func TestHostile(t *testing.T) {
	for name, texts := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var files []audit.File
			for i, text := range texts {
				files = append(files, audit.File{Path: []string{"one.py", "two.py", "three.py"}[i], Text: []byte(text)})
			}
			files = append(files, audit.File{Path: "templates/a.html", Text: []byte("{% extends 'b.html' %}{% include 'a.html' %}" + strings.Repeat("{{ x }}{% if", 50_000) + strings.Repeat("{% cache 60 %}{{ session.u }}", 20_000))},
				audit.File{Path: "templates/b.html", Text: []byte("{% extends 'a.html' %}" + strings.Repeat("{#", 50_000))})
			Language.Audit(files)
		})
	}
}

// FuzzAudit has programs cut and mixed: whatever they are, they are judged without a panic, and what is found stands in a line that there is.
func FuzzAudit(f *testing.F) {
	for _, texts := range hostile {
		f.Add(texts[0], "{{ current_user }}")
	}
	f.Add(start+"@app.get('/')\n@cache.cached(key_prefix=lambda: session['u'])\ndef v(): return session['u']\n", "{% extends 'a.html' %}")
	f.Fuzz(func(t *testing.T, text, page string) {
		if len(text) > 4000 || len(page) > 4000 {
			return
		}
		result := Language.Audit([]audit.File{{Path: "app/a.py", Text: []byte(text)}, {Path: "app/templates/a.html", Text: []byte(page)}})
		lines := max(strings.Count(text, "\n"), strings.Count(page, "\n")) + 2 + strings.Count(text, "\r") + strings.Count(text, "\f")
		for _, found := range result.Findings {
			if found.Source.Line < 1 || found.Source.Line > lines || found.Source.EndLine < found.Source.Line {
				t.Errorf("%s in lines %d to %d of %d", found.Rule.ID, found.Source.Line, found.Source.EndLine, lines)
			}
			for _, e := range found.Source.Edits {
				if e.Start < 0 || e.End < e.Start || e.End > len(text) {
					t.Errorf("an edit of %d to %d in %d bytes", e.Start, e.End, len(text))
				}
			}
		}
	})
}
