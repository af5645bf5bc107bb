package flask

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/httpfield"
)

// policy is a Cache-Control that source sets.
type policy struct {
	node python.Node
	note string
	only []string // for these endpoints; nil: for all
}

var aboutCaller = regexp.MustCompile(`(current_user|is_authenticated|is_anonymous|session|[Aa]uthorization|g\.user|logged_in|identity|jwt)`)

// shares reports whether a Cache-Control lets shared caches store answers to requests with credentials (RFC 9111 §3.5).
func shares(text string, cookies bool) bool {
	cc := httpfield.ParseCacheControl(http.Header{"Cache-Control": {text}})
	switch {
	case cc.Has("private"), cc.Has("no-store"), cc.Has("no-cache"):
		return false
	case cc.Has("public"):
		age, ok := cc.Delta("max-age")
		if shared, given := cc.Delta("s-maxage"); given {
			age, ok = shared, true
		}
		return !ok || age > 0
	}
	if age, ok := cc.Delta("s-maxage"); ok {
		return age > 0
	}
	age, ok := cc.Delta("max-age")
	return ok && age > 0 && (cookies || cc.Has("must-revalidate"))
}

// policies are what statements set, outside of branches that ask who it is, or which path.
// With cookies, the caller is known by fields of which caches know nothing: a lifetime is enough for them then.
func (p *project) policies(f *function, cookies bool) (list []policy, varies bool) {
	said := p.said(f, cookies)
	return said.policies, said.varies
}

// policing is what a function says of who may store an answer.
type policing struct {
	policies []policy
	varies   bool
	hushes   bool // it tells shared caches not to, whatever was said before
}

func (p *project) said(f *function, cookies bool) policing {
	var list []policy
	var varies, hushes, unless bool
	var only []string
	set := func(n python.Node, name, text string) {
		if call, ok := n.(*python.Call); !unless && strings.EqualFold(name, "Cache-Control") && !(ok && calleeName(call) == "setdefault") {
			cc := httpfield.ParseCacheControl(http.Header{"Cache-Control": {text}})
			hushes = hushes || cc.Has("private") || cc.Has("no-store")
		}
		// What is said to a CDN alone, it obeys whoever asks (RFC 9213, Surrogate-Control).
		if forCDN := !strings.EqualFold(name, "Cache-Control"); shares(text, cookies || forCDN) {
			list = append(list, policy{n, name + ": " + text, only})
		}
	}
	var in func(stmts []python.Stmt)
	visit := func(n python.Node) {
		if n == nil {
			return
		}
		python.Inspect(n, func(n python.Node) bool {
			switch n := n.(type) {
			case *python.FunctionDef, *python.ClassDef, *python.Lambda:
				return false
			case *python.Call:
				varies = varies || p.variesByCall(n)
				if name, text, ok := fieldByCall(n); ok {
					set(n, name, text)
				}
				if calleeName(n) == "send_file" || calleeName(n) == "send_from_directory" {
					live := p.filesLive != nil
					for _, name := range []string{"max_age", "cache_timeout"} {
						if e, ok := keywordOf(n, name); ok {
							if live = false; positive(e) {
								list = append(list, policy{node: n, note: "Cache-Control: public, by " + name})
							}
						}
					}
					if live {
						list = append(list, policy{node: n, note: fmt.Sprintf("Cache-Control: public, by SEND_FILE_MAX_AGE_DEFAULT (%s:%d)", p.filesLive.File, p.filesLive.Line)})
					}
				}
			case *python.Dict:
				for i, k := range n.Keys {
					name, ok := stringOf(k)
					if !ok {
						continue
					}
					switch {
					case policyField.MatchString(name):
						set(k, name, textOf(n.Values[i]))
					case strings.EqualFold(name, "Vary"):
						varies = varies || variesByCaller(textOf(n.Values[i]))
					}
				}
			}
			return true
		})
	}
	in = func(stmts []python.Stmt) {
		for _, stmt := range stmts {
			switch n := stmt.(type) {
			case *python.If:
				test := f.module.file.Source(n.Test)
				asks := aboutCaller.MatchString(test) || p.asksCaller(f, n.Test)
				if asks {
					if negated(n.Test) {
						in(n.Else)
					} else if whoIsKnown(n.Test) {
						in(n.Body)
						continue
					}
				}
				if asks || elsewhere.MatchString(strings.ReplaceAll(strings.ToLower(test), "cache-control", "")) {
					// What varies by who asks does so by whoever wrote it.
					for _, s := range n.Body {
						python.Inspect(s, func(n python.Node) bool {
							if c, ok := n.(*python.Call); ok {
								varies = varies || p.variesByCall(c)
							}
							return true
						})
					}
					if names := endpointsIn(n.Test); len(names) > 0 && !asks && only == nil {
						before := unless
						only, unless = names, true // of others it says nothing
						in(n.Body)
						only, unless = nil, before
					}
					continue
				}
				visit(n.Test)
				before := unless
				unless = unless || strings.Contains(strings.ToLower(test), "cache-control") // if nothing was said: …
				in(n.Body)
				in(n.Else)
				unless = before
			case *python.For:
				in(n.Body)
			case *python.While:
				in(n.Body)
			case *python.With:
				in(n.Body)
			case *python.Try:
				in(n.Body)
				for _, h := range n.Handlers {
					in(h.Body)
				}
				in(n.Else)
				in(n.Finally)
			case *python.Assign:
				visit(n.Value)
				for _, target := range n.Targets {
					if name, text, ok := fieldByTarget(target, n.Value); ok {
						set(stmt, name, text)
					}
					varies = varies || varyTarget(target, n.Value)
				}
			default:
				visit(stmt)
			}
		}
	}
	in(f.body)
	if isPrivate(f) {
		return policing{varies: varies, hushes: true}
	}
	return policing{list, varies, hushes}
}

// endpointsIn are the endpoints for which a test holds: request.endpoint in ["orders", "shop.cart"].
func endpointsIn(test python.Expr) []string {
	n, ok := test.(*python.Compare)
	if !ok || len(n.Ops) != 1 || n.Ops[0] != python.In && n.Ops[0] != python.Eq || lastName(n.Left) != "endpoint" {
		return nil
	}
	return stringsIn(n.Comparators[0])
}

// elsewhere are words of tests for some requests only.
var elsewhere = regexp.MustCompile(`\.path|endpoint|static|blueprint|cache`)

// asksCaller reports whether a test is about a name that was given the caller before.
func (p *project) asksCaller(f *function, test python.Expr) bool {
	fr := &frame{p: p, module: f.module, fn: f, scope: f.scope, env: map[string]taint{}, sum: &summary{}, mute: 1, dry: true}
	found := false
	python.Inspect(test, func(n python.Node) bool {
		if name, ok := n.(*python.Name); ok {
			for _, b := range f.scope.names.of(name.ID) {
				found = found || b.value != nil && fr.eval(b.value).has(caller|secret)
			}
		}
		return !found
	})
	return found
}

// whoIsKnown: a test that holds for those that are logged in.
func whoIsKnown(test python.Expr) bool {
	switch n := test.(type) {
	case *python.Name:
		return true
	case *python.Attribute:
		return n.Attr == "is_authenticated"
	case *python.Call:
		return calleeName(n) == "is_authenticated"
	case *python.Compare:
		return len(n.Ops) == 1 && n.Ops[0] == python.In
	}
	return false
}

// isPrivate reports whether a function says private by response.cache_control, whatever else it says.
func isPrivate(f *function) bool {
	text := f.module.file.Source(f.node)
	return strings.Contains(text, "cache_control.private = True") || strings.Contains(text, "cache_control.no_store = True")
}

func positive(e python.Expr) bool {
	switch n := e.(type) {
	case *python.Constant:
		v, err := strconv.Atoi(n.Text)
		return n.Kind == python.Int && (err != nil || v > 0)
	case *python.BinOp:
		return positive(n.Left) && positive(n.Right)
	case *python.Call: // timedelta(hours=1)
		return calleeName(n) == "timedelta" && (len(n.Keywords) > 0 && positive(n.Keywords[0].Value) || len(n.Args) > 0 && positive(n.Args[0]))
	}
	return false
}

// textOf is a text as far as it is written there; a number stands for what is put into it.
func textOf(e python.Expr) string {
	switch n := e.(type) {
	case *python.Constant:
		if n.Kind == python.Str {
			return n.Text
		}
		return "60"
	case *python.JoinedStr:
		var b strings.Builder
		for _, v := range n.Values {
			b.WriteString(textOf(v))
		}
		return b.String()
	case *python.FormattedValue:
		return "60"
	case *python.BinOp:
		if n.Op == python.Mod {
			return strings.NewReplacer("%s", "60", "%d", "60").Replace(textOf(n.Left))
		}
		return textOf(n.Left) + textOf(n.Right)
	case *python.Call:
		if a, ok := n.Func.(*python.Attribute); ok && a.Attr == "format" {
			return strings.NewReplacer("{}", "60", "{0}", "60").Replace(textOf(a.Value))
		}
		if f, ok := n.Func.(*python.Name); ok && f.ID == "str" {
			return "60"
		}
	}
	return ""
}

// policyField are fields that say who may store an answer.
var policyField = words(`(?i)^(cache-control|([a-z]+-)?cdn-cache-control|surrogate-control)$`)

// fieldByCall is headers.set("Cache-Control", text), and its like.
func fieldByCall(n *python.Call) (name, text string, ok bool) {
	a, ok := n.Func.(*python.Attribute)
	if !ok {
		return "", "", false
	}
	switch a.Attr {
	case "add", "set", "setdefault", "__setitem__", "add_header":
		if len(n.Args) >= 2 {
			if name, ok := stringOf(n.Args[0]); ok && policyField.MatchString(name) {
				return name, textOf(n.Args[1]), true
			}
		}
	}
	return "", "", false
}

// fieldByTarget is headers["Cache-Control"] = text, and response.cache_control.public = True.
func fieldByTarget(target, value python.Expr) (name, text string, ok bool) {
	switch t := target.(type) {
	case *python.Subscript:
		if name, ok := stringOf(t.Slice); ok && policyField.MatchString(name) {
			return name, textOf(value), true
		}
	case *python.Attribute:
		if base, ok := t.Value.(*python.Attribute); ok && base.Attr == "cache_control" {
			switch {
			case t.Attr == "public" && isTrue(value):
				return "Cache-Control", "public", true
			case t.Attr == "max_age" && positive(value):
				return "Cache-Control", "max-age=60", true
			case t.Attr == "s_maxage" && positive(value):
				return "Cache-Control", "s-maxage=60", true
			}
		}
	}
	return "", "", false
}

func variesByCaller(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "authorization") || strings.Contains(text, "cookie") || strings.Contains(text, "*") || strings.Contains(text, "api-key") || strings.Contains(text, "token")
}

func (p *project) variesByCall(n *python.Call) bool {
	a, ok := n.Func.(*python.Attribute)
	if !ok {
		return false
	}
	switch a.Attr {
	case "add", "set", "update", "extend", "setdefault", "add_header":
		base, _ := a.Value.(*python.Attribute)
		for i, arg := range n.Args {
			if base != nil && base.Attr == "vary" {
				for _, s := range stringsIn(arg) {
					if variesByCaller(s) {
						return true
					}
				}
			}
			if name, ok := stringOf(arg); ok && strings.EqualFold(name, "Vary") && i+1 < len(n.Args) {
				return variesByCaller(textOf(n.Args[i+1]))
			}
		}
	}
	return false
}

func varyTarget(target, value python.Expr) bool {
	switch t := target.(type) {
	case *python.Subscript:
		name, ok := stringOf(t.Slice)
		return ok && strings.EqualFold(name, "Vary") && variesByCaller(textOf(value))
	case *python.Attribute:
		return t.Attr == "vary" && variesByCaller(strings.Join(stringsIn(value), ","))
	}
	return false
}

// judgePolicies reports policies that let shared caches store the answers of views behind a check.
func (p *project) judgePolicies() {
	var checked []*view
	hushing := p.hushing()
	for _, m := range p.modules {
		if m.test {
			continue
		}
		for _, f := range m.everyFunction() {
			for _, v := range p.views[f] {
				if slices.ContainsFunc(hushing, func(h *hook) bool { return h.concerns(p, v) }) || !p.authenticated(v) {
					continue
				}
				checked = append(checked, v)
				list, varies := p.policies(f, p.byCookies(v))
				if !varies {
					for _, set := range list {
						p.addPolicy(v, f, set)
					}
				}
				p.policyOfDecorators(v)
				break
			}
		}
	}
	for _, h := range p.hooks {
		if !h.after || h.fn.module.test {
			continue
		}
		list, varies := p.policies(h.fn, false)
		if varies {
			continue
		}
		for _, set := range list {
			for _, v := range checked {
				if h.concerns(p, v) && set.isFor(v) {
					p.addPolicy(v, h.fn, set)
					break
				}
			}
		}
	}
}

func (set policy) isFor(v *view) bool {
	return set.only == nil || slices.ContainsFunc(set.only, func(s string) bool { return s[strings.LastIndexByte(s, '.')+1:] == v.fn.name })
}

// hushing are the hooks after requests that tell shared caches to store nothing.
func (p *project) hushing() (list []*hook) {
	for i := range p.hooks {
		if h := &p.hooks[i]; h.after {
			if said := p.said(h.fn, false); !said.hushes || len(said.policies) > 0 {
				continue
			}
			list = append(list, h)
		}
	}
	return list
}

// authenticated reports whether a view answers those only that pass a check, or each in another way.
func (p *project) authenticated(v *view) bool {
	if p.checks(v) || p.guarded(v) != nil {
		return true
	}
	sum := p.summarize(v.fn)
	return sum.ret.has(caller) && !sum.ret.has(fromQuery)
}

// byCookies: who asks is known by a cookie of the program's own, or by an API key.
func (p *project) byCookies(v *view) bool {
	sum := p.summarize(v.fn)
	if sum.ret.has(unvaried) {
		return true
	}
	for _, c := range sum.checks {
		if c.why.has(unvaried) {
			return true
		}
	}
	for _, l := range v.layers {
		for _, c := range l.checks {
			if c.why.has(unvaried) {
				return true
			}
		}
	}
	return false
}

// nested are the functions in a function, at any depth.
func (f *function) nested() (list []*function) {
	for _, inner := range f.inner {
		list = append(append(list, inner), inner.nested()...)
	}
	return list
}

func (p *project) addPolicy(v *view, f *function, set policy) {
	p.add(finding.Finding{
		Rule: finding.FlaskPublicCacheControl, Severity: finding.FlaskPublicCacheControl.Severity, Confidence: finding.Confirmed, Operation: p.route(v),
		Summary: v.fn.qualified() + " answers known callers, and its answer says that shared caches may store it.",
		Detail:  shown(set.note) + " releases an answer to a request with credentials to shared caches (RFC 9111 §3.5), and no Vary tells them whose it is.",
		Source: &finding.Source{Place: finding.Place{File: f.module.path, Line: f.module.line(set.node)}, EndLine: f.module.endLine(f.node), Symbol: f.qualified(),
			Key: shown(f.module.file.Source(set.node)), Trace: []finding.Place{{File: v.fn.module.path, Line: v.fn.module.line(v.fn.node), Note: v.fn.qualified() + " answers by who asks, or after a check"}},
			Fix: "Say private, or no-store, in the answers of views behind a login."},
	}, f)
}

// policyOfDecorators looks at decorators of the project, and of libraries, that set the field.
func (p *project) policyOfDecorators(v *view) {
	s := v.fn.scope.outer
	if v.fn.class != nil {
		s = v.fn.class.scope
	}
	for _, d := range v.fn.decorators {
		base := d
		c, called := d.(*python.Call)
		if called {
			base = c.Func
		}
		value := p.resolve(base, s)
		switch value.kind {
		case isFunction:
			for _, inner := range value.fn.nested() {
				list, varies := p.policies(inner, false)
				if len(list) > 0 && !varies {
					p.addPolicy(v, v.fn, policy{node: d, note: list[0].note})
				}
			}
		case isExternal, isUnknown:
			if !called {
				continue
			}
			if text := saidBy(c, value.name); shares(text, p.byCookies(v)) && !variesByCaller(text) {
				p.addPolicy(v, v.fn, policy{node: d, note: "Cache-Control: " + text})
			}
		}
	}
}

// saidBy is the Cache-Control that a decorator of a library sets by its arguments: cache(max_age=60, public=True), cache_for(hours=3) of
// Flask-CacheControl, and its like.
func saidBy(c *python.Call, name string) string {
	var said []string
	if strings.HasSuffix(name, ".cache_for") {
		said = append(said, "max-age=60")
	}
	for _, k := range c.Keywords {
		directive := strings.ReplaceAll(k.Name, "_", "-")
		switch directive {
		case "public", "private", "no-store", "no-cache", "must-revalidate":
			if isTrue(k.Value) {
				said = append(said, directive)
			}
		case "max-age", "s-maxage":
			if positive(k.Value) {
				said = append(said, directive+"=60")
			}
		case "vary":
			said = append(said, stringsIn(k.Value)...)
		}
	}
	return strings.Join(said, ", ")
}
