package flask

import (
	"iter"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

var (
	// callerCall are functions that the audit does not see, and that say themselves that they give the caller.
	callerCall = words(`(?i)^_?(get_?)?(current|logged_?in|auth(enticated)?|session)_?(user|identity|account|member|uid|username)(_?(id|name|info|data|or_none|from_(token|request|session|jwt)))?$|^get_(user|identity|username|user_?id|account)_?from_(token|request|session|jwt|header)s?$|^get_jwt_(identity|claims)$`)
	// checkingCall are functions that the audit does not see, and that say themselves that they refuse.
	checkingCall = words(`(?i)^(verify_jwt_in_request|(require|check|ensure|assert|verify)_(auth|login|token|user|permission|admin|access|logged_in|authenticated|authorization|role)s?)$`)
	// tokenCall make a credential.
	tokenCall = words(`(?i)^(create|generate|issue|encode|make|sign|get|fetch|authorize)_?(new_?)?(access|refresh|auth|jwt|bearer|session|id)_?(token|jwt)s?$|^generate_jwt$|^create_jwt$|^encode_jwt$`)
	// requestToken give the credential of the request.
	requestToken = words(`(?i)^get_(token_)?auth(orization)?_header$|^get_(bearer_|auth_|user_)?token_(from_(request|headers?)|auth_header)$`)
	// ofCaller are methods of the caller that give a credential.
	ofCaller = words(`(?i)^(get|generate|create|encode|make)_(auth_?|access_?|jwt_?|api_?)?(token|key|jwt)$`)
	// mutating are methods that put what they are given into what they are called on.
	mutating = map[string]bool{"append": true, "extend": true, "update": true, "add": true, "insert": true, "setdefault": true, "appendleft": true, "set_data": true,
		"write": true, "add_row": true, "push": true, "put": true, "set_cookie": true, "send": true, "append_child": true, "setlist": true, "__setitem__": true}
	accessors = map[string]bool{"get": true, "getlist": true, "pop": true, "setdefault": true, "__getitem__": true, "get_all": true}
)

// given are the arguments of a call.
type given struct {
	positional []taint
	exprs      []python.Expr
	keywords   []taint // by the number of the keyword, those with ** among them
	names      []*python.Keyword
	all        taint
	star       bool // *args, or **kwargs
}

// named are the keywords by their names, without those with **.
func (g given) named() iter.Seq2[string, taint] {
	return func(yield func(string, taint) bool) {
		for i, k := range g.names {
			if k.Name != "" && !yield(k.Name, g.keywords[i]) {
				return
			}
		}
	}
}

func (g given) keyword(name string) taint {
	for k, t := range g.named() {
		if k == name {
			return t
		}
	}
	return taint{}
}

func (fr *frame) given(n *python.Call) given {
	g := given{exprs: n.Args, names: n.Keywords}
	if len(n.Args)+len(n.Keywords) > 0 {
		all := make([]taint, len(n.Args)+len(n.Keywords))
		g.positional, g.keywords = all[:0:len(n.Args)], all[len(n.Args):len(n.Args)]
	}
	for _, a := range n.Args {
		var t taint
		if s, ok := a.(*python.Starred); ok {
			g.star = true
			t = fr.eval(s.Value)
		} else {
			t = fr.argument(a)
		}
		g.positional = append(g.positional, t)
		g.all = g.all.and(t)
	}
	for _, k := range n.Keywords {
		t := fr.argument(k.Value)
		if k.Name == "" {
			g.star = true
		}
		g.keywords = append(g.keywords, t)
		g.all = g.all.and(t)
	}
	return g
}

// argument is what an argument depends on; a function as an argument gives what it returns, since it is there to be called.
func (fr *frame) argument(e python.Expr) taint {
	switch e.(type) {
	case *python.Name, *python.Attribute, *python.Lambda:
		if v := fr.p.resolve(e, fr.scope); v.kind == isFunction && !isProperty(v.fn) {
			return fr.rid(fr.p.summarize(v.fn).ret)
		}
	}
	return fr.eval(e)
}

func (fr *frame) call(n *python.Call) taint {
	if fr.decorates(n) { // before its arguments: the outer decorator is the outer layer
		return taint{marks: wrapped}
	}
	name := calleeName(n)
	receiver := taint{}
	callee := fr.p.resolve(n.Func, fr.scope)
	if attr, ok := n.Func.(*python.Attribute); ok {
		if name == "pop" && len(n.Args) > 0 {
			fr.dropField(attr.Value, n.Args[0])
		}
		if t, ok := fr.accessor(n, attr); ok {
			fr.given(n)
			return t
		}
		if callee.kind != isFunction && callee.kind != isClass && name != "execute" { // which gives the rows of this query, and no other
			receiver = fr.eval(attr.Value)
		}
	}
	if t, ok := fr.wrappedCall(n); ok {
		return t
	}
	if name == "keys" && len(n.Args) == 0 && receiver.marks&caller == 0 { // of what a function is given, the names of what is in it
		return receiver.only(stored | opaque)
	}
	fr.cachedInPlace(n)
	if f, ok := n.Func.(*python.Name); ok { // a function that was given
		if t, local := fr.env[f.ID]; local {
			receiver = t
		} else if fr.isFreeParam(f.ID) {
			receiver.marks |= opaque
		}
	}
	g := fr.given(n)
	fr.loggingSink(n, callee, g)
	fr.urlCall(n, callee, g)
	if t, ok := fr.storeCall(n, g); ok {
		return t
	}
	fr.mutates(n, name, g)
	switch callee.kind {
	case isExternal:
		return fr.externalCall(n, callee.name, name, receiver, g)
	case isFunction:
		return fr.functionCall(n, callee, g)
	case isClass:
		if b, _ := callee.class.member(fr.p, "__init__"); b != nil && b.fn != nil {
			fr.applied(fr.p.summarize(b.fn), b.fn, fr.aligned(b.fn, g, true, taint{}), n)
		}
		return g.all
	case isInstance:
		if b, _ := callee.class.member(fr.p, "__call__"); b != nil && b.fn != nil {
			return fr.functionCall(n, value{kind: isFunction, fn: b.fn, bound: true}, g)
		}
	}
	switch {
	case requestToken.MatchString(name) && callee.kind == isUnknown:
		return fr.tokenOfRequest(n, name)
	case callerCall.MatchString(name) && callee.kind == isUnknown && len(n.Args) == 0:
		return taint{marks: caller, attrs: whole, why: &origin{place: fr.place(n, name)}}
	case checkingCall.MatchString(name) && callee.kind == isUnknown:
		fr.check(check{taint{marks: caller, attrs: whole, why: &origin{place: fr.place(n, name)}}, fr.place(n, name+" refuses"), login})
	case receiver.has(caller) && ofCaller.MatchString(name):
		return receiver.and(taint{marks: secret | named, why: &origin{place: fr.place(n, name)}})
	case tokenCall.MatchString(name) && callee.kind == isUnknown:
		return taint{marks: caller | secret | named, attrs: whole, why: &origin{place: fr.place(n, name)}}
	case hashingName.MatchString(name):
		return receiver.and(g.all).told()
	}
	return fr.passed(name, receiver, g.all)
}

func (fr *frame) tokenOfRequest(n *python.Call, name string) taint {
	return taint{marks: caller | secret | named, attrs: whole, why: &origin{place: fr.place(n, name)}}
}

// passed is what a call that is not known makes of what it is given: text goes through textual functions only.
func (fr *frame) passed(name string, receiver, args taint) taint {
	t := receiver.and(args)
	if !isTextual(name) {
		t = t.told()
	}
	return t
}

// accessor is base.get("key") of the request or the session.
func (fr *frame) accessor(n *python.Call, attr *python.Attribute) (taint, bool) {
	if !accessors[attr.Attr] || len(n.Args) == 0 {
		return taint{}, false
	}
	base := fr.p.resolve(attr.Value, fr.scope)
	key, constant := fr.constant(n.Args[0])
	if !constant {
		key, constant = fr.tokenAmong(n.Args[0])
	}
	if t, ok := fr.field(base, key, constant, n); ok {
		return t, true
	}
	if _, store := fr.isStore(attr.Value); !constant || store {
		return taint{}, false
	}
	if key == "HTTP_AUTHORIZATION" || attr.Attr == "get" && strings.EqualFold(key, "Authorization") { // of whatever holds the request's fields
		return taint{marks: caller | secret | named, attrs: whole, why: &origin{place: fr.place(n, "the Authorization field")}}, true
	}
	fr.tokenAmongArguments(attr.Value, key, n)
	// A part of something that holds a secret, by another name, is none; a part of the caller may be one that others have, too.
	t := fr.eval(attr.Value)
	switch {
	case t.has(fields):
		return fr.fieldOf(key, n), true
	case t.has(caller) && t.attrs&whole != 0:
		t.attrs = attrOf(key)
		return t.and(fr.defaults(n)), true
	case (t.has(secret) || t.copies != 0) && !tokenName.MatchString(key) && !bareToken.MatchString(key):
		return t.told().and(fr.defaults(n)), true
	}
	return taint{}, false
}

// fieldOf is a field of a copy of the request's fields.
func (fr *frame) fieldOf(key string, at python.Node) taint {
	t, _ := fr.field(external("flask.request.headers"), key, true, at)
	return t
}

func (fr *frame) defaults(n *python.Call) taint { return fr.join(n.Args[1:]...) }

func (fr *frame) mutates(n *python.Call, name string, g given) {
	attr, ok := n.Func.(*python.Attribute)
	if ok && name == "execute" {
		fr.executes(n, attr, g)
	}
	if !ok || !mutating[name] {
		return
	}
	if root := rootName(attr.Value); root != "" && fr.isLocal(root) {
		fr.env[root] = fr.env[root].and(g.all).and(fr.pc.told()).grown()
	}
}

// executes is cursor.execute(query, arguments): what the cursor gives next are rows by these.
func (fr *frame) executes(n *python.Call, attr *python.Attribute, g given) {
	name, ok := attr.Value.(*python.Name)
	if !ok || !fr.isLocal(name.ID) {
		return
	}
	t := g.all.told()
	t.params, t.marks = t.params|fr.pc.params, t.marks|fr.pc.told().marks&caller
	fr.env[name.ID] = t
}

// wrappedCall is the call, in the wrapper of a decorator, of the function that it was put on: f(*args), cache.cached()(f)(*args).
func (fr *frame) wrappedCall(n *python.Call) (taint, bool) {
	direct := false
	switch f := n.Func.(type) {
	case *python.Name:
		_, local := fr.env[f.ID]
		direct = !local && fr.isWrapped(f.ID)
	case *python.Attribute: // self.f(*args), of a decorator that is an object
		direct = fr.keepsSubject(f)
	case *python.Call:
		if !fr.decorates(f) {
			return taint{}, false
		}
		fr.given(f)
		direct = true
	}
	if !direct {
		return taint{}, false
	}
	c := call{keywords: map[string]taint{}}
	g := fr.given(n)
	for i, e := range g.exprs {
		if _, ok := e.(*python.Starred); ok {
			c.passesAll = true
			break
		}
		c.positional = append(c.positional, g.positional[i])
	}
	for k, t := range g.named() {
		c.keywords[k] = t
	}
	if g.star {
		c.passesAll = true
		for k, t := range fr.kwargs { // kwargs["user"] = user, before
			c.keywords[k] = c.keywords[k].and(t)
		}
	}
	if len(fr.sum.inner) < 8 {
		fr.sum.inner = append(fr.sum.inner, c)
	}
	t := g.all.drop(secret | fields)
	t.marks |= wrapped
	return t, true
}

// cachedInPlace is cache.cached(60)(build)(): a function of the project that is given a cache where it is called.
func (fr *frame) cachedInPlace(n *python.Call) {
	c, ok := n.Func.(*python.Call)
	if !ok || len(c.Args) != 1 || len(c.Keywords) != 0 || fr.dry {
		return
	}
	if _, made := c.Func.(*python.Call); !made {
		return
	}
	v := fr.p.resolve(c.Args[0], fr.scope)
	if v.kind != isFunction || v.fn.outer != nil {
		return
	}
	layers := fr.p.layersOf(c.Func, fr.scope, nil)
	for i := range layers {
		if layers[i].kind == layerCache {
			fr.p.inPlace = append(fr.p.inPlace, &site{p: fr.p, fn: v.fn, layer: &layers[i], inner: fr.p.decoratorsOf(v.fn)})
		}
	}
}

// keepsSubject: self.f, in __call__, of what the object was made with: class cached: def __init__(self, f): self.f = f.
func (fr *frame) keepsSubject(a *python.Attribute) bool {
	base, ok := a.Value.(*python.Name)
	if !ok || fr.fn == nil || fr.fn.class == nil || fr.fn.name != "__call__" || fr.fn.vararg < 0 || len(fr.fn.params) == 0 || base.ID != fr.fn.params[0] {
		return false
	}
	for _, b := range fr.fn.class.self[a.Attr] {
		if name, ok := b.value.(*python.Name); ok && b.scope.fn.name == "__init__" && b.scope.fn.param(name.ID) == 1 {
			return true
		}
	}
	return false
}

// decorates: a call that puts a decorator on the wrapped function. Its layers are layers of the decorator that is looked at.
func (fr *frame) decorates(n *python.Call) bool {
	if len(n.Args) != 1 || len(n.Keywords) != 0 {
		return false
	}
	var inner *python.Call
	switch a := n.Args[0].(type) {
	case *python.Name:
		if _, local := fr.env[a.ID]; local && !fr.isOwnSubject(a.ID, n) || !local && !fr.isWrapped(a.ID) {
			return false
		}
	case *python.Attribute: // super().dispatch_request, self.get
		if fr.fn == nil || fr.fn.name != "dispatch_request" || fr.fn.class == nil {
			return false
		}
	case *python.Call: // cached(login_required(f)): the outer first
		inner = a
		if !fr.holdsWrapped(a) {
			return false
		}
	default:
		return false
	}
	for _, l := range fr.p.layersOf(n.Func, fr.scope, fr) {
		fr.layer(l)
	}
	if inner != nil {
		return fr.decorates(inner)
	}
	return true
}

// isOwnSubject reports whether a call puts a decorator that does something on what this function itself was given: a decorator that is made of others.
func (fr *frame) isOwnSubject(name string, n *python.Call) bool {
	if fr.fn == nil || fr.fn.param(name) < 0 || !wrappable(fr.fn, fr.fn.param(name)) {
		return false
	}
	for _, l := range fr.p.layersOf(n.Func, fr.scope, fr) {
		if l.kind != layerOther {
			return true
		}
	}
	return false
}

// holdsWrapped reports whether a call puts decorators on the wrapped function.
func (fr *frame) holdsWrapped(n *python.Call) bool {
	for range 8 {
		if len(n.Args) != 1 || len(n.Keywords) != 0 {
			return false
		}
		switch a := n.Args[0].(type) {
		case *python.Name:
			_, local := fr.env[a.ID]
			return local && fr.isOwnSubject(a.ID, n) || !local && fr.isWrapped(a.ID)
		case *python.Call:
			n = a
		default:
			return false
		}
	}
	return false
}

func (fr *frame) layer(l layer) {
	for _, other := range fr.sum.layers {
		if other.kind == l.kind && other.place == l.place {
			return
		}
	}
	fr.sum.layers = append(fr.sum.layers, l)
}

func (fr *frame) externalCall(n *python.Call, dotted, name string, receiver taint, g given) taint {
	switch dotted {
	case "flask_jwt_extended.verify_jwt_in_request":
		if o, ok := keywordOf(n, "optional"); ok && isTrue(o) {
			return taint{}
		}
		fr.check(check{taint{marks: caller, attrs: whole, why: &origin{place: fr.place(n, "verify_jwt_in_request")}}, fr.place(n, "verify_jwt_in_request refuses"), login})
		return taint{}
	case "flask.render_template", "flask.render_template_string", "flask.stream_template":
		return g.all.and(fr.rendered(n, dotted))
	case "flask_jwt_extended.create_access_token", "flask_jwt_extended.create_refresh_token", "jwt.encode", "flask_jwt.jwt_encode_callback":
		return taint{marks: caller | secret, attrs: whole, why: &origin{place: fr.place(n, name)}}
	case "flask.url_for", "flask.redirect", "flask.jsonify", "flask.make_response", "flask.Response", "json.dumps", "flask.json.dumps", "str", "repr", "dict", "list", "format":
		return receiver.and(g.all)
	case "hasattr", "getattr":
		if len(n.Args) > 1 {
			if attr, ok := fr.constant(n.Args[1]); ok {
				fr.readAttribute(&python.Attribute{Span: n.Span, Value: n.Args[0], Attr: attr})
			}
		}
	}
	switch dotted {
	case "len", "bool", "isinstance", "hasattr", "callable", "type":
		return receiver.and(g.all).asked()
	case "vars":
		if len(n.Args) == 1 {
			if v := fr.p.resolve(n.Args[0], fr.scope); v.kind == isExternal && v.name == "flask.request" {
				return fr.source(external("flask.request.__dict__"), n)
			}
		}
	case "hash", "int":
		return receiver.and(g.all).told()
	case "re.sub":
		if text, ok := "", len(n.Args) > 1; ok {
			if text, ok = stringOf(n.Args[1]); ok && text != "" { // masked
				return receiver.and(g.all).told()
			}
		}
	case "isinstance()":
		return taint{}
	case "uuid.uuid4", "uuid.uuid1", "secrets.token_urlsafe", "secrets.token_hex", "secrets.token_bytes", "os.urandom": // no two calls give the same
		return receiver.and(g.all).and(taint{marks: opaque})
	}
	switch {
	case strings.HasSuffix(dotted, ".require") && strings.HasPrefix(dotted, "flask_principal."), strings.HasSuffix(dotted, ".test") && strings.HasPrefix(dotted, "flask_principal."):
		fr.check(check{taint{marks: caller, attrs: part, why: &origin{place: fr.place(n, "Permission")}}, fr.place(n, "Permission refuses"), rights})
		return taint{}
	case strings.HasPrefix(dotted, "authlib.integrations.flask_oauth2.ResourceProtector().") && (name == "acquire" || name == "acquire_token"):
		t := taint{marks: caller, attrs: whole, why: &origin{place: fr.place(n, name)}}
		fr.check(check{t, fr.place(n, name+" refuses"), login})
		return t
	case strings.HasSuffix(dotted, ".authorize_access_token"), strings.HasSuffix(dotted, ".fetch_token"), strings.HasSuffix(dotted, ".fetch_access_token"):
		return taint{marks: caller | secret, attrs: whole, why: &origin{place: fr.place(n, name)}}
	case hashing.MatchString(dotted):
		return receiver.and(g.all).told()
	}
	if receiver.has(caller) && ofCaller.MatchString(name) {
		return receiver.and(taint{marks: secret | named, why: &origin{place: fr.place(n, name)}})
	}
	if t := fr.source(external(dotted+"()"), n); t.marks != 0 {
		return t
	}
	if dotted == "jwt.decode" && decodesOnly(n) {
		t := g.all.told()
		if t.has(caller) {
			t.marks |= unverified
		}
		return t
	}
	if requestToken.MatchString(name) {
		return fr.tokenOfRequest(n, name)
	}
	if tokenCall.MatchString(name) {
		return taint{marks: secret | named, why: &origin{place: fr.place(n, name)}}
	}
	if root, _, _ := strings.Cut(dotted, "."); !textKeeping[root] {
		return fr.passed(name, receiver, g.all.told()) // what comes back is another's
	}
	return fr.passed(name, receiver, g.all)
}

// textKeeping are modules and types of which functions give back the text that they are given.
var textKeeping = map[string]bool{"str": true, "str()": true, "dict": true, "dict()": true, "list": true, "list()": true, "set": true, "repr": true, "json": true, "urllib": true,
	"base64": true, "bytes": true, "format": true, "copy": true, "flask": true, "re": true, "itertools": true, "collections": true, "html": true, "markupsafe": true, "getattr": true, "pprint": true}

// decodesOnly: jwt.decode(token, options={"verify_signature": False}), or verify=False.
func decodesOnly(n *python.Call) bool {
	if e, ok := keywordOf(n, "verify"); ok && isFalse(e) {
		return true
	}
	e, ok := keywordOf(n, "options")
	if !ok {
		return false
	}
	d, ok := e.(*python.Dict)
	if !ok {
		return false
	}
	for i, k := range d.Keys {
		if s, ok := stringOf(k); ok && s == "verify_signature" && isFalse(d.Values[i]) {
			return true
		}
	}
	return false
}

// functionCall is a call of a function of the project.
func (fr *frame) functionCall(n *python.Call, callee value, g given) taint {
	var self taint
	if attr, ok := n.Func.(*python.Attribute); ok && callee.bound {
		self = fr.eval(attr.Value)
	}
	sum := fr.p.summarize(callee.fn)
	args := fr.aligned(callee.fn, g, callee.bound || callee.fn.class != nil && isClassMethod(callee.fn), self)
	fr.p.noteCall(callee.fn, args)
	if _, known := fr.p.callers[callee.fn]; !known && fr.fn != nil && fr.fn != callee.fn {
		fr.p.callers[callee.fn] = fr.fn
	}
	fr.applied(sum, callee.fn, args, n)
	t := fr.substitute(sum.ret, callee.fn, args, sum, n)
	for _, l := range fr.p.decoratorsOf(callee.fn) { // what decorators check on every call of it
		if l.kind == layerCache {
			break
		}
		for _, c := range l.checks {
			fr.check(c)
		}
	}
	return t
}

// noteCall notes by whom a function is called with what, for caches whose key leaves arguments out.
func (p *project) noteCall(f *function, args []taint) {
	if len(f.decorators) == 0 {
		return
	}
	known := p.passed[f]
	if known == nil {
		known = make([]taint, len(args))
		p.passed[f] = known
	}
	for i, t := range args {
		if !t.has(present) {
			t.marks |= omitted
		}
		known[i] = known[i].and(onlyMarks(t))
	}
}

func isClassMethod(f *function) bool {
	for _, d := range f.decorators {
		if name, ok := d.(*python.Name); ok && name.ID == "classmethod" {
			return true
		}
	}
	return false
}

// aligned are the arguments of a call by the number of the parameter that each is for.
func (fr *frame) aligned(f *function, g given, bound bool, self taint) []taint {
	args := make([]taint, len(f.params))
	at := 0
	if bound && f.positional > 0 {
		args[0] = self
		at = 1
	}
	for i, t := range g.positional {
		if _, star := g.exprs[i].(*python.Starred); star {
			for j := at; j < len(args); j++ {
				args[j] = args[j].and(t)
				args[j].marks |= present
			}
			continue
		}
		if !isNone(g.exprs[i]) {
			t.marks |= present
		}
		switch {
		case at < f.positional:
			args[at] = t
			at++
		case f.vararg >= 0:
			args[f.vararg] = args[f.vararg].and(t)
		}
	}
	for name, t := range g.named() {
		i := f.param(name)
		if i < 0 {
			i = f.kwarg
		}
		if i >= 0 {
			args[i] = args[i].and(t)
			args[i].marks |= present
		}
	}
	return args
}

func (f *function) param(name string) int {
	for i, p := range f.params {
		if p == name && i != f.vararg && i != f.kwarg {
			return i
		}
	}
	return -1
}

// substitute puts the arguments of a call in the place of the parameters that a taint is made of.
func (fr *frame) substitute(t taint, f *function, args []taint, sum *summary, at python.Node) taint {
	params, copies := t.params, t.copies
	own := t
	own.params, own.copies, own.without = 0, 0, 0
	for i, a := range args {
		if i >= 64 || t.without&(1<<i) == 0 || !a.has(present) {
			continue
		}
		if a.params != 0 && a.marks == present { // perhaps None, as it was given to the caller
			own.without |= a.params
			continue
		}
		own = own.drop(caller | fromQuery | fromBody)
		break
	}
	if own.marks&(caller|secret) != 0 && f.name != "" {
		own = own.through(fr.place(at, f.qualified()+" is called"))
	}
	for i, a := range args {
		if i >= 64 || params&(1<<i) == 0 {
			continue
		}
		if copies&(1<<i) == 0 {
			a = a.told()
		}
		own = own.and(a.drop(present))
	}
	return own
}

// applied is what else a call does: it may refuse, log, or keep what it is given.
func (fr *frame) applied(sum *summary, f *function, args []taint, at python.Node) {
	if sum == fr.sum {
		return
	}
	for _, c := range sum.checks {
		// A check of a parameter is one by the caller where the argument is.
		c.why = fr.substitute(c.why, f, args, sum, at)
		if !c.why.has(caller|secret) && c.why.params == 0 {
			continue
		}
		c.place = fr.place(at, f.qualified()+" refuses by who asks")
		fr.check(c)
	}
	if sum.raised.marks != 0 || sum.raised.copies != 0 {
		t := fr.substitute(sum.raised, f, args, sum, at)
		fr.raised = fr.raised.and(t)
		fr.sum.raised = fr.sum.raised.and(t)
	}
	logs := false // then to blame is who gives it what it logs
	if c, ok := at.(*python.Call); ok {
		logs = logFunction.MatchString(calleeName(c))
	}
	for _, s := range sum.sinks {
		if logs && s.rule == finding.FlaskTokenInLog {
			continue
		}
		fr.passedToSink(s, f, args, sum, at)
	}
	for _, op := range sum.ops {
		fr.lift(op, f, args, sum, at)
	}
}

func keywordOf(n *python.Call, name string) (python.Expr, bool) {
	for _, k := range n.Keywords {
		if k.Name == name {
			return k.Value, true
		}
	}
	return nil, false
}

func isTrue(e python.Expr) bool {
	c, ok := e.(*python.Constant)
	return ok && c.Kind == python.True
}

func isFalse(e python.Expr) bool {
	c, ok := e.(*python.Constant)
	return ok && (c.Kind == python.False || c.Kind == python.None)
}
