package flask

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// eval is what an expression's value depends on.
func (fr *frame) eval(e python.Expr) taint {
	t := fr.expr(e)
	if t.has(caller) && fr.without != 0 {
		t.without |= fr.without
	}
	if t.has(caller) && fr.onlyIf != "" && t.onlyIf == "" {
		t.onlyIf = fr.onlyIf
	}
	if t.marks&(caller|secret|fields) != 0 {
		fr.seen = fr.seen.and(t)
	}
	return t
}

func (fr *frame) expr(e python.Expr) taint {
	switch n := e.(type) {
	case nil:
		return taint{}
	case *python.Name:
		return fr.name(n)
	case *python.Attribute:
		return fr.attribute(n)
	case *python.Call:
		return fr.call(n)
	case *python.Subscript:
		return fr.subscript(n)
	case *python.BoolOp:
		t := fr.eval(n.Values[0])
		if !n.Or {
			t = t.asked()
		}
		before := fr.without
		if n.Or { // user or current_user
			fr.without |= fr.paramOf(n.Values[0])
		}
		t = t.and(fr.join(n.Values[1:]...))
		fr.without = before
		return t
	case *python.NamedExpr:
		t := fr.eval(n.Value)
		fr.assign(n.Target, n.Value, t)
		return t
	case *python.BinOp:
		t := fr.join(n.Left, n.Right)
		fr.urlSink(n, t)
		if c, ok := n.Right.(*python.Constant); ok && n.Op == python.Mod && c.Kind == python.Int && !isText(n.Left) {
			return t.shared() // of ids, as many have the same as there are others
		}
		return t
	case *python.UnaryOp:
		if n.Op == python.Not {
			return fr.eval(n.Operand).asked()
		}
		return fr.eval(n.Operand).told()
	case *python.Lambda:
		return taint{}
	case *python.IfExp:
		test := fr.eval(n.Test)
		none, isNone := fr.asksForNone(n.Test)
		before := fr.without
		if isNone {
			fr.without |= none
		}
		t := fr.eval(n.Body)
		fr.without = before
		if none != 0 && !isNone {
			fr.without |= none
		}
		other := fr.eval(n.Else)
		fr.without = before
		if t.has(caller) != other.has(caller) && none == 0 {
			if !test.has(caller|secret) && test.params == 0 && (isText(n.Body) || isText(n.Else)) {
				t, other = t.seldom(), other.seldom()
			}
		}
		return t.and(other).and(test.asked())
	case *python.Dict:
		var t taint
		for i, k := range n.Keys {
			t = t.and(fr.eval(k)).and(fr.eval(n.Values[i]))
		}
		for i, k := range n.Keys { // {**request.headers, "Authorization": "***"}
			if s, ok := stringOf(k); ok && secretField.MatchString(s) && t.has(fields) {
				if _, fixed := stringOf(n.Values[i]); fixed {
					return t.drop(secret | fields | caller)
				}
			}
		}
		return t
	case *python.Set:
		return fr.join(n.Elts...)
	case *python.List:
		return fr.join(n.Elts...)
	case *python.Tuple:
		return fr.join(n.Elts...)
	case *python.Comp:
		for _, g := range n.Generators {
			fr.assign(g.Target, nil, fr.eval(g.Iter))
		}
		t := fr.eval(n.Elt)
		if n.Value != nil {
			t = t.and(fr.eval(n.Value))
		}
		if choice, ok := valueOf(n).(*python.IfExp); ok && t.has(fields) { // "***" if k in SECRET else v
			_, one := stringOf(choice.Body)
			_, other := stringOf(choice.Else)
			if one || other {
				return t.drop(secret | fields | caller)
			}
		}
		for _, g := range n.Generators { // those that are no credentials are left
			for _, test := range g.Ifs {
				if strings.Contains(strings.ToLower(fr.module.file.Source(test)), "authorization") {
					return t.drop(secret | fields | caller)
				}
			}
		}
		for _, g := range n.Generators {
			t = t.and(fr.eval(g.Iter).told())
			for _, test := range g.Ifs {
				t = t.and(fr.eval(test).told())
			}
		}
		return t
	case *python.Await:
		return fr.eval(n.Value)
	case *python.Yield:
		t := fr.eval(n.Value)
		fr.sum.ret = fr.sum.ret.and(t).and(fr.pc.told())
		return taint{}
	case *python.YieldFrom:
		t := fr.eval(n.Value)
		fr.sum.ret = fr.sum.ret.and(t)
		return t
	case *python.Compare:
		if t, ok := fr.member(n); ok {
			return t
		}
		t := fr.join(append([]python.Expr{n.Left}, n.Comparators...)...)
		fr.lookedUp(n)
		return t.asked()
	case *python.FormattedValue:
		return fr.eval(n.Value)
	case *python.Interpolation:
		return fr.eval(n.Value)
	case *python.JoinedStr:
		t := fr.join(n.Values...)
		fr.urlSink(n, t)
		return t
	case *python.TemplateStr:
		return fr.join(n.Values...)
	case *python.Starred:
		return fr.eval(n.Value)
	case *python.Slice:
		return fr.join(n.Lower, n.Upper, n.Step)
	}
	return taint{}
}

// tokenAmong is the name of a token among those that a loop goes through: for name in ("token", "api_key"): request.args[name].
func (fr *frame) tokenAmong(e python.Expr) (string, bool) {
	if tokenKey.MatchString(lastName(e)) { // request.args.get(TOKEN_NAME), which the configuration says
		return "token", true
	}
	name, ok := e.(*python.Name)
	if !ok || !fr.isLocal(name.ID) {
		return "", false
	}
	for _, b := range fr.scope.names.of(name.ID) {
		if !b.isIteration() {
			return "", false
		}
		for _, s := range stringsIn(b.value) {
			if tokenName.MatchString(s) {
				return s, true
			}
		}
	}
	return "", false
}

// tokenKey are names for the name of a field, or a parameter, that has a token.
var tokenKey = words(`(?i)^(\w+_)?(token|api_?key)_(name|param(eter)?|arg|key|query|field|header|cookie)(_name)?$`)

// member is "key" in request.headers: whether there is such a field, and nothing of the others.
func (fr *frame) member(n *python.Compare) (taint, bool) {
	if len(n.Ops) != 1 || n.Ops[0] != python.In && n.Ops[0] != python.NotIn {
		return taint{}, false
	}
	key, constant := fr.constant(n.Left)
	base := fr.p.resolve(n.Comparators[0], fr.scope)
	if _, local := fr.env[rootName(n.Comparators[0])]; !constant || local && base.kind != isExternal {
		return taint{}, false
	}
	dry := fr.dry
	fr.dry = true // nothing is read from it
	t, ok := fr.field(base, key, true, n)
	fr.dry = dry
	return t.asked(), ok
}

func (fr *frame) join(list ...python.Expr) taint {
	var t taint
	for _, e := range list {
		if e != nil {
			t = t.and(fr.eval(e))
		}
	}
	return t
}

func (fr *frame) name(n *python.Name) taint {
	if t, ok := fr.env[n.ID]; ok {
		return t
	}
	if fr.isLocal(n.ID) {
		return taint{}
	}
	if fr.isWrapped(n.ID) {
		return taint{marks: wrapped}
	}
	if fr.fn != nil && fr.scope.globals[n.ID] {
		fr.readGlobal(n)
		return taint{marks: stored}
	}
	if t := fr.source(fr.p.resolve(n, fr.scope), n); t.marks != 0 {
		return t
	}
	return fr.free(n.ID, n)
}

// paramOf is the parameter that an expression is, as a set of one.
func (fr *frame) paramOf(e python.Expr) uint64 {
	n, ok := e.(*python.Name)
	if !ok || fr.fn == nil {
		return 0
	}
	if i := fr.fn.param(n.ID); i >= 0 && i < 64 {
		return 1 << i
	}
	if t := fr.env[n.ID]; t.marks&(caller|stored) == 0 && bits.OnesCount64(t.params) == 1 { // another name for it
		return t.params
	}
	return 0
}

// asksForNone reports whether a test asks whether a parameter was given, and whether it holds where it was not.
func (fr *frame) asksForNone(test python.Expr) (param uint64, holds bool) {
	switch n := test.(type) {
	case *python.Name:
		return fr.paramOf(n), false
	case *python.UnaryOp:
		if n.Op == python.Not {
			return fr.paramOf(n.Operand), true
		}
	case *python.Compare:
		if len(n.Ops) == 1 && isNone(n.Comparators[0]) {
			return fr.paramOf(n.Left), n.Ops[0] == python.Is || n.Ops[0] == python.Eq
		}
	}
	return 0, false
}

func isNone(e python.Expr) bool {
	c, ok := e.(*python.Constant)
	return ok && c.Kind == python.None
}

// free is what a name of an enclosing function or of the module depends on.
func (fr *frame) free(name string, at python.Node) taint {
	list := fr.scope.lookup(name)
	if len(list) == 0 {
		return fr.unresolved(name, at)
	}
	var t taint
	for _, b := range list {
		if b.from != nil && fr.p.find(b.scope.module, b.from.module, b.from.level) == nil {
			t = t.and(fr.unresolved(b.from.attr, at))
			continue
		}
		t = t.and(fr.p.freeBinding(b))
	}
	return t
}

// unresolved: a name that comes from where the audit does not see, and says itself what it is.
func (fr *frame) unresolved(name string, at python.Node) taint {
	if name == "current_user" || name == "current_identity" || name == "current_auth" {
		return taint{marks: caller, attrs: whole, why: &origin{place: fr.place(at, name)}}
	}
	return taint{}
}

// freeBinding is what a name of a module, or of a function around, was given.
func (p *project) freeBinding(b *binding) taint {
	if p.freeUnderWay[b] || p.depth > maxDepth {
		return taint{}
	}
	if b.from != nil {
		from := p.find(b.scope.module, b.from.module, b.from.level)
		if from == nil || b.from.attr == "" {
			return taint{}
		}
		p.freeUnderWay[b] = true
		defer delete(p.freeUnderWay, b)
		var t taint
		for _, other := range from.scope.names.of(b.from.attr) {
			t = t.and(p.freeBinding(other))
		}
		return t
	}
	if b.value == nil || b.scope == nil || b.isIteration() {
		return taint{}
	}
	if t, ok := p.freeSeen[b]; ok {
		return t
	}
	p.freeUnderWay[b] = true
	defer delete(p.freeUnderWay, b)
	p.depth++
	defer func() { p.depth-- }()
	fr := &frame{p: p, module: b.scope.module, fn: b.scope.fn, scope: b.scope, env: map[string]taint{}, sum: &summary{}, mute: 1, dry: true}
	t := fr.rid(fr.eval(b.value))
	p.freeSeen[b] = t
	return t
}

// isWrapped reports whether a name is a parameter of a function around this one: what a decorator is put on.
func (fr *frame) isWrapped(name string) bool {
	if fr.fn == nil || fr.fn.outer == nil {
		return false
	}
	list := fr.scope.lookup(name)
	if len(list) == 0 || list[0].param < 0 || list[0].scope.fn == fr.fn || !wrappable(list[0].scope.fn, int(list[0].param)) {
		return false
	}
	// Of the decorator itself, not of what makes it.
	of := list[0].scope.fn
	if !fr.p.wraps(of, name) {
		return false
	}
	return fr.fn.outer == of || fr.fn.outer != nil && fr.fn.outer.outer == of && len(fr.fn.outer.params) == 0
}

// wraps reports whether a parameter is called, or wrapped, by a function in the one whose parameter it is.
func (p *project) wraps(of *function, name string) bool {
	known, ok := p.wrapping[of]
	if !ok {
		known = map[string]bool{}
		p.wrapping[of] = known
		see := func(n python.Node) bool {
			c, ok := n.(*python.Call)
			if !ok {
				return true
			}
			if f, ok := c.Func.(*python.Name); ok {
				known[f.ID] = true
			}
			for _, a := range c.Args { // wraps(f), cached(f)
				if f, ok := a.(*python.Name); ok && len(c.Args) == 1 {
					known[f.ID] = true
				}
			}
			return true
		}
		for _, stmt := range of.body {
			python.Inspect(stmt, see)
		}
	}
	return known[name]
}

// isFreeParam reports whether a name is another parameter of a function around this one.
func (fr *frame) isFreeParam(name string) bool {
	if fr.fn == nil {
		return false
	}
	list := fr.scope.lookup(name)
	return len(list) > 0 && list[0].param >= 0 && list[0].scope.fn != fr.fn && !fr.isWrapped(name)
}

// wrappable: the parameter of a decorator that takes the function: its first, or that behind self.
func wrappable(f *function, i int) bool {
	if i == 0 {
		return f.name != "__call__" || f.class == nil
	}
	return i == 1 && f.class != nil
}

// source is what a name of a library says of the caller.
func (fr *frame) source(v value, at python.Node) taint {
	if v.kind != isExternal {
		return taint{}
	}
	name := v.name
	if rest, ok := strings.CutPrefix(name, "flask.g."); ok {
		attr, more, _ := strings.Cut(rest, ".")
		attr = strings.TrimSuffix(attr, "()")
		if t := fr.p.assignedTo(attr); t.marks&(caller|secret) != 0 {
			if more != "" {
				more, _, _ = strings.Cut(more, ".")
				if !tokenName.MatchString(more) && !bareToken.MatchString(more) && !isTextual(strings.TrimSuffix(more, "()")) {
					t = t.told()
				}
				if t.attrs&whole != 0 {
					t.attrs = attrOf(strings.TrimSuffix(more, "()"))
				}
			}
			return t.through(fr.place(at, "g."+attr))
		}
	}
	if rest, ok := strings.CutPrefix(name, "flask.request."); ok {
		attr, _, _ := strings.Cut(rest, ".")
		if !ofRequest[attr] {
			if t := fr.p.assignedTo(attr); t.marks&(caller|secret) != 0 {
				return t.through(fr.place(at, "request."+attr))
			}
		}
	}
	switch name {
	case "flask.request.headers", "flask.request.headers.items()", "flask.request.headers.to_wsgi_list()", "flask.request.environ", "flask.request.__dict__",
		"flask.request.cookies", "flask.request.cookies.items()", "flask.request.cookies.to_dict()":
		return taint{marks: fields, why: &origin{place: fr.place(at, name[len("flask."):])}}
	case "flask.request.data", "flask.request.get_data()", "flask.request.json", "flask.request.get_json()", "flask.request.form", "flask.request.form.to_dict()":
		return taint{marks: body}
	case "flask.request.full_path", "flask.request.url", "flask.request.query_string", "flask.request.args", "flask.request.args.items()", "flask.request.args.to_dict()":
		return taint{marks: query}
	case "flask.request.authorization", "flask.request.authorization.password", "flask.request.authorization.token", "flask.request.authorization.to_header()":
		return taint{marks: caller | secret, attrs: whole, why: &origin{place: fr.place(at, name[len("flask."):])}}
	}
	if said := callerName(name); said != "" {
		t := taint{marks: caller, attrs: whole, why: &origin{place: fr.place(at, said)}}
		segments := strings.Split(name, ".")
		if last := strings.TrimSuffix(segments[len(segments)-1], "()"); len(segments) > 2 {
			t.attrs = attrOf(last)
		}
		return t
	}
	return taint{}
}

// assignedTo is what the project puts into an attribute of flask.g, or of the request.
func (p *project) assignedTo(attr string) taint {
	for _, f := range p.assignedG[attr] {
		p.summarize(f)
	}
	return p.g[attr]
}

func (fr *frame) attribute(n *python.Attribute) taint {
	fr.readAttribute(n)
	if path := dottedPathOf(n); path != "" {
		if t, ok := fr.env[path]; ok {
			return t
		}
	}
	v := fr.p.resolve(n, fr.scope)
	if _, shadowed := fr.env[rootName(n)]; !shadowed {
		if t := fr.source(v, n); t.marks != 0 {
			return t
		}
	}
	base := fr.p.resolve(n.Value, fr.scope)
	switch base.kind {
	case isModule:
		return fr.p.moduleName(base.module, n.Attr)
	case isExternal:
		if base.name == "flask.g" || base.name == "flask.request" || base.name == "flask.current_app" {
			if base.name == "flask.request" && !ofRequest[n.Attr] {
				return fr.unresolved(n.Attr, n)
			}
			return taint{}
		}
	case isInstance, isClass:
		if v.kind == isFunction && isProperty(v.fn) {
			return fr.substitute(fr.p.summarize(v.fn).ret, v.fn, []taint{fr.eval(n.Value)}, nil, n)
		}
		if root := rootName(n); fr.fn == nil || len(fr.fn.params) == 0 || root != fr.fn.params[0] {
			if t := fr.selfAttribute(base.class, n.Attr); t.marks&^opaque != 0 {
				return t.through(fr.place(n, "."+n.Attr))
			}
		}
	}
	if base.kind == isExternal && isParsed(base.name) {
		if t, ok := fr.parsedField(n.Attr, n); ok {
			return t
		}
	}
	t := fr.eval(n.Value)
	if t.has(wrapped) && (strings.HasPrefix(n.Attr, "__") || strings.HasPrefix(n.Attr, "status")) {
		return taint{} // the name of a function, the status of an answer
	}
	if t.has(caller) && t.attrs&whole != 0 {
		t.attrs = attrOf(n.Attr)
	}
	if t.marks&^(opaque|stored|caller) == 0 && ownToken.MatchString(n.Attr) {
		t = t.and(taint{marks: secret | named, why: &origin{place: fr.place(n, n.Attr)}})
	}
	if t.has(caller) && !t.has(secret) && (tokenName.MatchString(n.Attr) || bareToken.MatchString(n.Attr)) {
		t.marks |= secret | named
	}
	if t.has(secret) && !tokenName.MatchString(n.Attr) && !bareToken.MatchString(n.Attr) && !isTextual(n.Attr) && n.Attr != "key" {
		t = t.told() // a text has no attributes: it is an object that holds the secret among other things
	}
	return t
}

func isProperty(f *function) bool {
	for _, d := range f.decorators {
		switch n := d.(type) {
		case *python.Name:
			if n.ID == "property" || n.ID == "cached_property" {
				return true
			}
		case *python.Attribute:
			if n.Attr == "cached_property" || n.Attr == "hybrid_property" {
				return true
			}
		}
	}
	return false
}

// selfAttribute is what methods of a class assign to an attribute of self.
func (fr *frame) selfAttribute(k *class, attr string) taint {
	var t taint
	for _, b := range k.self[attr] {
		t = t.and(fr.p.freeBinding(b))
	}
	return t
}

func (p *project) moduleName(m *module, name string) taint {
	var t taint
	for _, b := range m.scope.names.of(name) {
		t = t.and(p.freeBinding(b))
	}
	return t
}

func (fr *frame) subscript(n *python.Subscript) taint {
	base := fr.p.resolve(n.Value, fr.scope)
	key, constant := fr.constant(n.Slice)
	if !constant {
		key, constant = fr.tokenAmong(n.Slice)
	}
	if _, local := fr.env[rootName(n.Value)]; !local || base.kind == isExternal && (strings.HasPrefix(base.name, "flask.") || isParsed(base.name)) {
		if t, ok := fr.field(base, key, constant, n); ok {
			return t
		}
	}
	if constant {
		fr.tokenAmongArguments(n.Value, key, n)
	}
	fr.readFrom(n.Value, n.Slice, n)
	t := fr.eval(n.Value)
	if c, ok := n.Slice.(*python.Constant); ok && t.has(wrapped) && c.Text == "1" { // the status of an answer
		return taint{}
	}
	if c, ok := n.Value.(*python.Call); ok && t.has(secret) && isZero(n.Slice) {
		separator := ""
		if len(c.Args) > 0 {
			separator, _ = stringOf(c.Args[0])
		}
		if name := calleeName(c); (name == "split" || name == "partition") && strings.TrimSpace(separator) == "" { // the scheme
			return taint{}
		}
	}
	if isPiece(n) && !t.has(secret) {
		t = t.shared()
	}
	if s, ok := n.Slice.(*python.Slice); ok && t.has(secret) {
		switch short(s) {
		case beginning: // all tokens begin alike
			return t.told().drop(caller)
		case end:
			return t.told()
		}
	}
	if t.has(caller) && constant && t.attrs&whole != 0 {
		t.attrs = attrOf(key)
	}
	if constant && t.marks&^(opaque|stored|caller) == 0 && t.params == 0 && tokenName.MatchString(key) && strings.ToUpper(key) != key {
		t = t.and(taint{marks: secret | named, why: &origin{place: fr.place(n, key)}})
	}
	if (t.has(secret) || t.copies != 0) && constant && !tokenName.MatchString(key) && !bareToken.MatchString(key) {
		t = t.told() // a part of what holds a secret, by another name
	}
	return t.and(fr.eval(n.Slice).told())
}

// isPiece: a few characters of a text, or what stands on one side of the @ of an address: many have the same.
func isPiece(n *python.Subscript) bool {
	if s, ok := n.Slice.(*python.Slice); ok {
		c, ok := s.Upper.(*python.Constant)
		return ok && s.Lower == nil && s.Step == nil && c.Kind == python.Int && len(c.Text) == 1 && c.Text <= "4"
	}
	c, ok := n.Value.(*python.Call)
	if !ok || isZero(n.Slice) || len(c.Args) == 0 {
		return false
	}
	separator, _ := stringOf(c.Args[0])
	name := calleeName(c)
	return separator == "@" && (name == "split" || name == "rsplit" || name == "partition" || name == "rpartition")
}

// piece says whether a slice is of a few characters only.
type piece uint8

const (
	most piece = iota
	beginning
	end
)

// valueOf is what a comprehension makes of each element; of a dict, the value.
func valueOf(n *python.Comp) python.Expr {
	if n.Value != nil {
		return n.Value
	}
	if pair, ok := n.Elt.(*python.Tuple); ok && len(pair.Elts) == 2 {
		return pair.Elts[1]
	}
	return n.Elt
}

func isZero(e python.Expr) bool {
	c, ok := e.(*python.Constant)
	return ok && c.Text == "0"
}

func short(s *python.Slice) piece {
	if n, ok := s.Upper.(*python.Constant); ok && (s.Lower == nil || isZero(s.Lower)) && n.Kind == python.Int {
		if len(n.Text) < 2 || n.Text <= "24" && len(n.Text) == 2 { // the header of a JWT is longer
			return beginning
		}
	}
	if n, ok := s.Lower.(*python.UnaryOp); ok && s.Upper == nil && n.Op == python.USub {
		if c, ok := n.Operand.(*python.Constant); ok && c.Kind == python.Int && len(c.Text) < 2 {
			return end
		}
	}
	return most
}

func stringOf(e python.Expr) (string, bool) {
	c, ok := e.(*python.Constant)
	if !ok || c.Kind != python.Str {
		return "", false
	}
	return c.Text, true
}

// field is a field of the request: request.headers[key], session[key], request.args[key], … ok is false for anything else.
func (fr *frame) field(base value, key string, constant bool, at python.Node) (taint, bool) {
	if base.kind != isExternal {
		return taint{}, false
	}
	if constant && isParsed(base.name) {
		return fr.parsedField(key, at)
	}
	made := func(m mark, said string) taint {
		t := taint{marks: m, why: &origin{place: fr.place(at, said)}}
		if m&caller != 0 {
			t.attrs = attrOf(key)
		}
		return t
	}
	switch base.name {
	case "flask.request.headers":
		switch {
		case !constant || !callerField.MatchString(key) || isCSRF(key):
			return taint{}, true
		case strings.EqualFold(key, "Authorization"):
			return made(caller|secret, "the "+key+" field"), true
		case secretField.MatchString(key) && !isCSRF(key):
			return made(caller|secret|unvaried, "the "+key+" field"), true
		}
		return made(caller|unvaried|claimed, "the "+key+" field"), true
	case "flask.request.cookies":
		switch {
		case !constant || !sessionCookie.MatchString(key) || isCSRF(key):
			return taint{}, true
		case tokenName.MatchString(key) || bareToken.MatchString(key) || strings.Contains(strings.ToLower(key), "sess"):
			return made(caller|secret|unvaried, "the cookie "+key), true
		}
		return made(caller|unvaried|claimed, "the cookie "+key), true
	case "flask.request.json", "flask.request.form", "flask.request.get_json()", "flask.request.json()":
		if constant && bodyParameter.MatchString(key) {
			return made(caller|fromBody|named, "the field "+key+" of the body"), true
		}
		return taint{}, true
	case "flask.request.args", "flask.request.values", "flask.request.args.to_dict()", "flask.request.values.to_dict()":
		if constant && !isCSRF(key) && (tokenName.MatchString(key) || secretField.MatchString(key) && !bareToken.MatchString(key) || bareToken.MatchString(key) && fr.authenticates() || sessionParameter.MatchString(key) && fr.isAuthority()) {
			fr.tokenFromQuery(key, at)
			return made(caller|secret|fromQuery|named, "the parameter "+key), true
		}
		if constant && userParameter.MatchString(key) {
			return made(caller|fromQuery|named, "the parameter "+key), true
		}
		return taint{}, true
	case "flask.request.environ":
		switch key {
		case "REMOTE_USER", "HTTP_X_REMOTE_USER", "HTTP_REMOTE_USER":
			return made(caller, key), true
		case "HTTP_AUTHORIZATION":
			return made(caller|secret, key), true
		}
		return taint{}, true
	case "flask.session":
		if constant && neutralSession(key) {
			return taint{}, true
		}
		said := "session"
		if constant {
			said = "session[" + key + "]"
		}
		m := caller
		if constant && !isCSRF(key) && (tokenName.MatchString(key) || secretField.MatchString(key) && !bareToken.MatchString(key) || bareToken.MatchString(key) || endsInToken.MatchString(key)) && !isCSRF(key) {
			m |= secret
		}
		return made(m, said), true
	}
	return taint{}, false
}

func isCSRF(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "csrf") || strings.Contains(name, "xsrf")
}

// neutralSession are keys of a session that say nothing of who has it.
func neutralSession(key string) bool {
	switch strings.ToLower(key) {
	case "lang", "language", "locale", "theme", "_flashes", "_permanent", "csrf_token", "_csrf_token", "next", "timezone", "dark_mode", "state", "oauth_state", "nonce":
		return true
	}
	return false
}

// textual are methods and functions whose result has the text of what they are given.
var textual = []string{
	"split", "rsplit", "strip", "lstrip", "rstrip", "replace", "format", "join", "encode", "decode", "lower", "upper", "partition", "rpartition", "removeprefix",
	"removesuffix", "title", "str", "repr", "dict", "list", "tuple", "dumps", "jsonify", "bytes", "get", "pop", "copy", "format_map", "to_dict", "items", "values",
	"quote", "quote_plus", "urlencode", "b64encode", "escape", "text", "smart_str", "force_text", "to_native", "unicode", "sub", "group", "next", "strip_bearer", "append", "getattr", "pformat", "saferepr",
}

func isTextual(name string) bool { return slices.Contains(textual, name) }
