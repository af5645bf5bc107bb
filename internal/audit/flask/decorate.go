package flask

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

type layerKind uint8

const (
	layerOther layerKind = iota
	layerAuth
	layerCache
)

// layer is one decorator around a function, or one of the things that a decorator of the project does.
type layer struct {
	kind layerKind

	// Of layerAuth.
	strength strength
	guessed  bool // by its name alone

	// Of layerCache.
	memo   bool // arguments are in the key
	bySelf bool // of a method: by repr(self)
	fixed  bool // the key is one constant: neither path nor arguments are in it
	chosen bool // a key function says which arguments are in the key
	spares bool // it lets requests of known callers pass by

	name   string // as it is written: cache.cached
	place  finding.Place
	expr   python.Expr
	module *module
	scope  *scope

	checks []check // of layerAuth

	// What the wrapped function is given beside its own arguments, and what the wrapper adds to its answer.
	inner []call
	ret   taint

	// Of layerCache.
	library string // flask_caching, functools, …; "" for one of the project's own
	key     taint
	keyNote string   // what the key is, in words
	ignores []string // arguments that are not in the key
	keyed   uint64   // those that are, where a key function says so
}

var (
	authName = words(`(?i)^_?((login|auth(entication|orization)?|jwt|token|admin|roles?|permissions?|user|session|api_?key|staff|owner|superuser|member|account|scopes?|access|oauth2?|oidc|logged_in|active_user|verified)s?_?(is_)?(required|needed|only|check|guard)|(require|requires|check|needs?|ensure|verify|validate|must)_?(be_)?(auth(entication|orization|enticated|orized)?|login|token|jwt|admin|roles?|permissions?|user|session|api_?key|owner|scopes?|access|logged_in|oauth|perm)s?|authenticated|authenticate|authori[sz]ed?|protected|secured|restricted|private|has_(role|permission|access)s?|permission_?(required)?|acl_required|is_(admin|authenticated|logged_in))$`)
	// caching decorators of libraries, by what their names end with.
	memoLibraries = words(`^(functools\.(lru_cache|cache|alru_cache|memoize)|cachetools\.(cached|func\.\w+_cache|ttl_cache|lru_cache)|cachetools\.(cachedmethod)|joblib\..*\.cache|diskcache\..*\(\)\.memoize|dogpile\.cache\..*\.cache_on_arguments|aiocache\.cached|cacheout\..*\.memoize|cachier\.cachier|memoization\.cached|ring\.\w+|walrus\..*\.cached|beaker\.cache\.(cache_region|CacheManager\(\)\.cache|region_invalidate)|redis_cache\..*\.cache|cachelib\..*\.memoize|cached_property\.cached_property_with_ttl|flask_memoize\.\w+|pylru\.lrudecorate|repoze\.lru\.lru_cache|cacheback\.\w+|lru\.\w+|funcy\.(memoize|cache)|toolz\.memoize|boltons\.cacheutils\.cached|streamlit\.cache\w*)(\(\))?$`)
)

// decoratorsOf are the layers of a function's own decorators, the outermost first.
func (p *project) decoratorsOf(f *function) []layer {
	if len(f.decorators) == 0 {
		return nil
	}
	if list, ok := p.layered[f]; ok {
		return list
	}
	p.layered[f] = nil // while it is being made
	var list []layer
	scope := f.scope.outer
	if f.class != nil {
		scope = f.class.scope
	}
	for _, d := range f.decorators {
		for _, l := range p.layersOf(d, scope, nil) {
			if l.kind != layerOther || len(l.inner) > 0 || l.ret.marks != 0 {
				list = append(list, l)
			}
		}
	}
	p.layered[f] = list
	return list
}

// layersOf is what a decorator does. In a wrapper, within is the frame that it is put on in.
func (p *project) layersOf(d python.Expr, s *scope, within *frame) []layer {
	if choice, from := p.choice(d, s); choice != nil { // cached = cache.cached(60) if CACHING else plain
		if p.underWay > 8 { // it may be made of itself
			return nil
		}
		p.underWay++
		defer func() { p.underWay-- }()
		list := slices.Concat(p.layersOf(choice.Body, from, within), p.layersOf(choice.Else, from, within))
		for i := range list {
			list[i].name, list[i].expr, list[i].module, list[i].scope = cmp.Or(dottedPathOf(d), list[i].name), d, s.module, s
			list[i].place = finding.Place{File: s.module.path, Line: s.module.line(d)}
		}
		return list
	}
	base := d
	c, called := d.(*python.Call)
	if called {
		base = c.Func
	}
	if made := p.partial(base, s); made != nil { // functools.partial(cache.cached, timeout=10)
		whole := &python.Call{Span: python.Span{Start: d.Range().Start, End: d.Range().End}, Func: made.Args[0], Args: made.Args[1:], Keywords: made.Keywords}
		if called {
			whole.Args = append(whole.Args[:len(whole.Args):len(whole.Args)], c.Args...)
			whole.Keywords = append(whole.Keywords[:len(whole.Keywords):len(whole.Keywords)], c.Keywords...)
		}
		d, c, called, base = whole, whole, true, made.Args[0]
	}
	v := p.resolve(base, s)
	l := layer{name: dottedPathOf(base), expr: d, module: s.module, scope: s}
	l.place = finding.Place{File: s.module.path, Line: s.module.line(d)}
	fr := within
	if fr == nil {
		fr = &frame{p: p, module: s.module, fn: s.fn, scope: s, env: map[string]taint{}, sum: &summary{}, mute: 1, dry: true}
	}
	if l.name == "" {
		l.name = calleeName(&python.Call{Func: base})
	}
	switch v.kind {
	case isExternal:
		if list, ok := p.externalLayer(l, v.name, c, fr); ok {
			return list
		}
	case isFunction:
		return p.ownLayers(l, v.fn, c, fr)
	case isClass, isInstance:
		if b, _ := v.class.member(p, "__call__"); b != nil && b.fn != nil {
			return p.ownLayers(l, b.fn, c, fr)
		}
	}
	if list, ok := p.keptDecorator(l, d, s, fr); ok {
		return list
	}
	last := l.name[strings.LastIndexByte(l.name, '.')+1:]
	switch {
	case p.usesCaching && (last == "cached" || last == "memoize") && v.kind == isUnknown:
		l.guessed = true
		return p.flaskCaching(l, last, c, fr)
	case (v.kind == isUnknown || v.kind == isExternal) && authName.MatchString(last):
		if o, ok := optionalAuth(c); ok && o {
			return nil
		}
		l.kind, l.strength, l.guessed = layerAuth, byName(last), true
		return []layer{l}
	}
	return []layer{l}
}

// choice is the conditional expression that a decorator is, or is a name for, and the scope that it stands in; nil where it is none.
func (p *project) choice(d python.Expr, s *scope) (*python.IfExp, *scope) {
	if n, ok := d.(*python.IfExp); ok {
		return n, s
	}
	if b := p.object(d, s, 6); b != nil {
		return nil, nil
	}
	if b := p.bindingOf(d, s); b != nil && b.value != nil && b.index < 0 {
		if n, ok := b.value.(*python.IfExp); ok {
			return n, b.scope
		}
	}
	return nil, nil
}

// partial is the call of functools.partial that a name stands for.
func (p *project) partial(e python.Expr, s *scope) *python.Call {
	b := p.bindingOf(e, s)
	if b == nil {
		return nil
	}
	c, ok := b.value.(*python.Call)
	if !ok || len(c.Args) == 0 {
		return nil
	}
	if v := p.resolve(c.Func, b.scope); v.kind != isExternal || v.name != "functools.partial" {
		return nil
	}
	return c
}

// keptDecorator is a decorator that was made before, and has a name: cached_minute = cache.cached(60).
func (p *project) keptDecorator(l layer, d python.Expr, s *scope, fr *frame) ([]layer, bool) {
	b := p.object(d, s, 6)
	if b == nil {
		return nil, false
	}
	c, ok := b.value.(*python.Call)
	if !ok || p.underWay > 8 {
		return nil, false
	}
	p.underWay++
	defer func() { p.underWay-- }()
	list := p.layersOf(c, b.scope, nil)
	for i := range list {
		list[i].name, list[i].expr, list[i].module, list[i].scope, list[i].place = l.name, l.expr, l.module, l.scope, l.place
	}
	return list, len(list) > 0 && list[0].kind != layerOther
}

func byName(name string) strength {
	name = strings.ToLower(name)
	for _, word := range []string{"admin", "role", "perm", "scope", "owner", "staff", "super", "access", "acl", "has_"} {
		if strings.Contains(name, word) {
			return rights
		}
	}
	return login
}

func optionalAuth(c *python.Call) (bool, bool) {
	if c == nil {
		return false, false
	}
	o, ok := keywordOf(c, "optional")
	return ok && isTrue(o), ok
}

// externalLayer is a decorator of a library; ok is false where the library is not known.
func (p *project) externalLayer(l layer, name string, c *python.Call, fr *frame) ([]layer, bool) {
	full := name
	if c != nil {
		full += "()"
	}
	switch name {
	case "flask_caching.Cache().cached", "flask_caching.Cache.cached":
		return p.flaskCaching(l, "cached", c, fr), true
	case "flask_caching.Cache().memoize", "flask_caching.Cache.memoize":
		return p.flaskCaching(l, "memoize", c, fr), true
	case "functools.wraps", "property", "staticmethod", "classmethod":
		return nil, true
	}
	if memoLibraries.MatchString(name) || memoLibraries.MatchString(full) {
		return p.memoLayer(l, name, c, fr), true
	}
	if method, ok := cachingMethod(name); ok {
		l.guessed = true
		return p.flaskCaching(l, method, c, fr), true
	}
	s, ok := authority(full)
	if !ok {
		s, ok = authority(name)
	}
	if !ok {
		return nil, false
	}
	if o, given := optionalAuth(c); given && o {
		s = optional
	}
	if strings.Contains(name, "flask_httpauth.") && c != nil {
		if _, role := keywordOf(c, "role"); role {
			s = rights
		}
	}
	if s == optional {
		return nil, true
	}
	l.kind, l.strength = layerAuth, s
	return []layer{l}, true
}

// cachingMethod is cached or memoize of an object of a library that is called after a cache.
func cachingMethod(name string) (string, bool) {
	segments := strings.Split(name, ".")
	last := segments[len(segments)-1]
	if len(segments) < 2 || last != "cached" && last != "memoize" {
		return "", false
	}
	return last, strings.Contains(strings.ToLower(segments[len(segments)-2]), "cache") && !strings.HasPrefix(name, "aiocache") && !strings.HasPrefix(name, "diskcache")
}

// flaskCaching reads the arguments of Cache.cached and Cache.memoize (Flask-Caching 2.3).
func (p *project) flaskCaching(l layer, method string, c *python.Call, fr *frame) []layer {
	if p.cachingIsOff() {
		return nil
	}
	l.kind, l.library, l.keyNote = layerCache, "flask_caching", "the request path (Flask-Caching's default)"
	order := []string{"timeout", "key_prefix", "unless", "forced_update", "response_filter", "query_string", "hash_method", "cache_none", "make_cache_key"}
	if method == "memoize" {
		l.memo, l.bySelf, l.keyNote = true, true, "the function's name and its arguments"
		order = []string{"timeout", "make_name", "unless", "forced_update", "response_filter", "hash_method", "cache_none", "source_check", "args_to_ignore"}
	}
	if c == nil { // @cache.cached without brackets caches under a key as well, where the version allows it
		return []layer{l}
	}
	arg := func(name string) (python.Expr, bool) {
		for i, n := range order {
			if n == name && i < len(c.Args) {
				return c.Args[i], true
			}
		}
		return keywordOf(c, name)
	}
	for _, k := range c.Keywords {
		if k.Name == "" { // **options: what is in it is not known
			l.key.marks |= opaque
		}
	}
	if e, ok := arg("key_prefix"); ok && !isFalse(e) {
		if s, constant := stringOf(e); constant {
			if !strings.Contains(s, "%s") {
				l.keyNote, l.fixed = "the constant "+quoted(s), true
			}
		} else {
			l.key = l.key.and(p.keyFunction(e, fr))
			l.keyNote = "what " + shown(fr.module.file.Source(e)) + " gives"
		}
	}
	if e, ok := arg("query_string"); ok && method == "cached" && !isFalse(e) {
		// It puts key_prefix aside.
		l.fixed, l.key, l.keyNote = false, taint{marks: query}, "the path and the query"
	}
	if e, ok := arg("make_cache_key"); ok && !isFalse(e) {
		l.key = l.key.and(p.keyFunction(e, fr))
		l.keyNote = "what " + shown(fr.module.file.Source(e)) + " gives"
	}
	if e, ok := arg("make_name"); ok && !isFalse(e) {
		l.key = l.key.and(p.keyFunction(e, fr))
	}
	if e, ok := arg("forced_update"); ok { // what is stored is never read
		if v := p.resolve(e, fr.scope); isTrue(e) || v.kind == isFunction && isTrue(resultOf(v.fn)) {
			l.spares = true
		}
	}
	for _, name := range []string{"unless", "response_filter"} {
		if e, ok := arg(name); ok && !isFalse(e) {
			if p.spares(e, fr, name == "unless") {
				l.spares = true
			}
		}
	}
	if e, ok := arg("args_to_ignore"); ok {
		python.Inspect(e, func(n python.Node) bool {
			if s, ok := n.(*python.Constant); ok && s.Kind == python.Str {
				l.ignores = append(l.ignores, s.Text)
			}
			return true
		})
	}
	return []layer{l}
}

// keyFunction is what the key depends on that a function, or an expression, gives. What is not known is opaque: it may be anything.
func (p *project) keyFunction(e python.Expr, fr *frame) taint {
	v := p.resolve(e, fr.scope)
	switch {
	case v.kind == isFunction:
		return fr.rid(p.summarize(v.fn).ret)
	case v.kind == isInstance:
		if b, _ := v.class.member(p, "__call__"); b != nil && b.fn != nil {
			return fr.rid(p.summarize(b.fn).ret)
		}
		return taint{marks: opaque}
	case v.kind == isClass:
		return taint{marks: opaque}
	}
	switch n := e.(type) {
	case *python.Constant, *python.JoinedStr, *python.BinOp:
		if fr.fn == nil { // made when the module is loaded, for nobody
			return taint{}
		}
		return fr.rid(fr.eval(e))
	case *python.Call:
		// make_key(per_user=True): a function that gives a function.
		if callee := p.resolve(n.Func, fr.scope); callee.kind == isFunction {
			t := fr.rid(fr.eval(e))
			for _, inner := range callee.fn.inner {
				t = t.and(fr.rid(p.summarize(inner).ret))
			}
			return t
		}
		if t := fr.rid(fr.eval(e)); t.has(caller | secret | fields) {
			return t
		}
		if text, ok := n.Func.(*python.Attribute); ok && isLiteral(text.Value) { // "…".format(…)
			return fr.rid(fr.eval(e))
		}
	case *python.Name:
		if t := fr.rid(fr.eval(e)); t.marks&(caller|secret) != 0 {
			return t
		}
		if s := fr.scope.lookup(n.ID); len(s) > 0 {
			if _, constant := stringOf(s[len(s)-1].value); constant {
				return taint{}
			}
		}
	}
	return taint{marks: opaque}
}

// spares reports whether a condition keeps the answers of known callers out of the cache: unless it is true, or a filter that lets only
// others pass.
func (p *project) spares(e python.Expr, fr *frame, unless bool) bool {
	if isTrue(e) {
		return unless
	}
	// What unless gives is compared with True: somebody is not True.
	if !unless {
		if v := p.resolve(e, fr.scope); v.kind == isFunction && isConstantFalse(resultOf(v.fn)) {
			return true
		}
	}
	v := p.resolve(e, fr.scope)
	if v.kind != isFunction {
		if v.kind == isExternal && callerName(v.name+"()") != "" {
			return false // somebody is not True
		}
		_, constant := e.(*python.Constant)
		return !constant // not known: it may well
	}
	sum := p.summarize(v.fn)
	result := resultOf(v.fn)
	if result != nil && isTrue(result) {
		return unless
	}
	if !sum.ret.has(caller | secret | fields) {
		return false
	}
	if unless {
		return allKnown(result)
	}
	return negated(result)
}

// allKnown reports whether a test holds for all callers that are known, and not for some of them only.
func allKnown(e python.Expr) bool {
	switch n := e.(type) {
	case *python.Attribute:
		return n.Attr == "is_authenticated" || n.Attr == "is_logged_in" || n.Attr == "logged_in"
	case *python.Call:
		switch name := calleeName(n); {
		case name == "is_authenticated", name == "is_logged_in", name == "logged_in", strings.HasPrefix(name, "has_") && strings.HasSuffix(name, "_user"):
			return true
		case name == "bool" && len(n.Args) == 1:
			switch a := n.Args[0].(type) {
			case *python.Name, *python.Call, *python.Subscript:
				return true
			case *python.Attribute:
				base, ok := a.Value.(*python.Name)
				return ok && base.ID == "g" || allKnown(a)
			}
		}
	case *python.Compare:
		if len(n.Ops) != 1 {
			return false
		}
		_, key := stringOf(n.Left)
		return n.Ops[0] == python.In && key || (n.Ops[0] == python.IsNot || n.Ops[0] == python.NotEq) && isNone(n.Comparators[0])
	case *python.UnaryOp:
		return n.Op == python.Not && negated(n.Operand)
	case *python.BoolOp:
		all, some := true, false
		for _, v := range n.Values {
			all, some = all && allKnown(v), some || allKnown(v)
		}
		return all || n.Or && some
	}
	return false
}

func isConstantFalse(e python.Expr) bool {
	c, ok := e.(*python.Constant)
	return ok && c.Kind == python.False
}

// resultOf is the expression that a function gives, if it is one.
func resultOf(f *function) python.Expr {
	if f.result != nil {
		return f.result
	}
	if f.released != nil {
		return f.released.gives
	}
	for _, stmt := range f.body {
		if r, ok := stmt.(*python.Return); ok {
			return r.Value
		}
	}
	return nil
}

// negated reports whether a test holds for those that are nobody: not current_user, session.get("user") is None, is_anonymous.
func negated(e python.Expr) bool {
	switch n := e.(type) {
	case *python.UnaryOp:
		return n.Op == python.Not && !negated(n.Operand)
	case *python.Attribute:
		return n.Attr == "is_anonymous"
	case *python.Call:
		if a, ok := n.Func.(*python.Attribute); ok {
			return a.Attr == "is_anonymous"
		}
		if f, ok := n.Func.(*python.Name); ok && f.ID == "bool" && len(n.Args) == 1 {
			return negated(n.Args[0])
		}
	case *python.Compare:
		if len(n.Ops) == 1 {
			c, ok := n.Comparators[0].(*python.Constant)
			switch {
			case n.Ops[0] == python.NotIn:
				return true
			case (n.Ops[0] == python.Is || n.Ops[0] == python.Eq) && ok && c.Kind == python.None:
				return true
			case (n.Ops[0] == python.Is || n.Ops[0] == python.Eq) && ok && c.Kind == python.False:
				return !negated(n.Left)
			}
		}
	case *python.BoolOp:
		for _, v := range n.Values {
			if negated(v) {
				return true
			}
		}
	}
	return false
}

// cachingIsOff: the configuration names the null cache, and no other.
func (p *project) cachingIsOff() bool {
	for _, t := range p.cacheTypes {
		if t != "null" && t != "nullcache" && !strings.HasSuffix(t, ".nullcache") && !strings.HasSuffix(t, ".null") {
			return false
		}
	}
	return len(p.cacheTypes) > 0
}

// memoLayer is a decorator that keys by the arguments.
func (p *project) memoLayer(l layer, name string, c *python.Call, fr *frame) []layer {
	l.kind, l.memo, l.library, l.keyNote = layerCache, true, strings.SplitN(name, ".", 2)[0], "the arguments"
	if c == nil {
		return []layer{l}
	}
	for _, keyName := range []string{"key", "key_func", "key_builder", "function_key_generator", "custom_key_maker", "hash_func"} {
		if e, ok := keywordOf(c, keyName); ok && !isFalse(e) {
			if v := p.resolve(e, fr.scope); v.kind == isExternal && strings.HasPrefix(v.name, "cachetools.keys.") {
				continue
			}
			t := p.keyFunction(e, fr)
			l.key = l.key.and(t)
			if v := p.resolve(e, fr.scope); v.kind == isFunction && v.fn.vararg < 0 && v.fn.kwarg < 0 {
				l.keyed, l.chosen = p.summarize(v.fn).ret.params, true
			}
			l.keyNote = "what " + shown(fr.module.file.Source(e)) + " gives"
		}
	}
	return []layer{l}
}

// ownLayers is what a decorator of the project does: it may check, it may keep answers, it may give arguments.
func (p *project) ownLayers(l layer, f *function, c *python.Call, fr *frame) []layer {
	made := p.decorationOf(f)
	var list []layer
	for _, part := range made {
		if part.key.onlyIf != "" && !p.switchedOn(f, c, part.key.onlyIf) {
			part.key = part.key.drop(caller | secret)
		}
		part.name, part.expr, part.module, part.scope, part.place = l.name, l.expr, l.module, l.scope, l.place
		if part.kind == layerCache && part.key.has(opaque) {
			part.key = part.key.drop(opaque).and(p.callables(c, fr))
		}
		if part.kind == layerCache && c != nil && len(part.keyNote) == 0 {
			part.keyNote = "what " + l.name + " makes of the request"
		}
		list = append(list, part)
	}
	if len(list) == 0 {
		list = append(list, l)
	}
	return list
}

// switchedOn reports whether a decorator is called with a switch set: cached(user_specific=True).
func (p *project) switchedOn(f *function, c *python.Call, name string) bool {
	var e python.Expr
	if i := f.param(name); i >= 0 {
		if at := i - f.positional + len(f.args.Defaults); i < f.positional && at >= 0 {
			e = f.args.Defaults[at]
		}
		for j, k := range f.args.KwOnly {
			if k.Name == name {
				e = f.args.KwDefaults[j]
			}
		}
		if c != nil && i < len(c.Args) && i < f.positional {
			e = c.Args[i]
		}
	}
	if c != nil {
		if given, ok := keywordOf(c, name); ok {
			e = given
		}
	}
	return e == nil || !isFalse(e)
}

// callables is what functions among the arguments of a decorator give; opaque where one of them is not known.
func (p *project) callables(c *python.Call, fr *frame) taint {
	var t taint
	if c == nil {
		return t
	}
	see := func(e python.Expr) {
		if _, constant := e.(*python.Constant); !constant {
			t = t.and(p.keyFunction(e, fr))
		}
	}
	for _, a := range c.Args {
		see(a)
	}
	for _, k := range c.Keywords {
		see(k.Value)
	}
	return t
}

// decorationOf is what a function does as a decorator, or as one that makes decorators: the layers of its wrapper, the outermost first.
func (p *project) decorationOf(f *function) []layer {
	if list, ok := p.decorations[f]; ok {
		return list
	}
	p.decorations[f] = nil
	var list []layer
	seen := map[*function]bool{}
	var look func(f *function, depth int)
	look = func(f *function, depth int) {
		if seen[f] || depth > 4 {
			return
		}
		seen[f] = true
		for _, inner := range f.inner {
			if inner.name == "" {
				continue
			}
			sum := p.summarize(inner)
			own := p.decoratorsOf(inner)
			if len(sum.inner) > 0 || len(sum.layers) > 0 {
				// The wrapper's own decorators, then itself.
				for _, l := range own {
					if l.kind != layerOther {
						list = append(list, l)
					}
				}
				list = append(list, p.wrapperLayers(inner, sum)...)
			}
			look(inner, depth+1)
		}
	}
	// A decorator that gives what another one makes of the function, or that is an object which is called in its place.
	sum := p.summarize(f)
	if f.name == "__call__" && len(sum.inner) > 0 {
		list = append(list, p.wrapperLayers(f, sum)...)
	}
	list = append(list, sum.layers...)
	look(f, 0)
	p.decorations[f] = list
	return list
}

// wrapperLayers are what a wrapper does before it calls the function, and with what comes back.
func (p *project) wrapperLayers(f *function, sum *summary) []layer {
	var list []layer
	if checks := byCaller(sum.checks); len(checks) > 0 {
		s := login
		for _, c := range checks {
			s = max(s, c.strength)
		}
		list = append(list, layer{kind: layerAuth, strength: s, checks: checks, inner: sum.inner, ret: sum.ret.only(caller | fromQuery)})
	} else if len(sum.inner) > 0 {
		list = append(list, layer{kind: layerOther, inner: sum.inner, ret: sum.ret.only(caller | fromQuery)})
	}
	for _, op := range sum.ops {
		if !op.write || !op.value.has(wrapped) {
			continue
		}
		l := layer{kind: layerCache, key: op.key, keyNote: shown(op.keyText), spares: op.nobody}
		if f.vararg >= 0 && op.key.params&(1<<min(f.vararg, 63)) != 0 || f.positional > 0 && op.key.params&(1<<min(f.positional, 63)-1) != 0 {
			l.memo = true // by position, as other decorators give them
		}
		l.key.params, l.key.copies = 0, 0
		list = append(list, l)
		break
	}
	return append(list, sum.layers...)
}

// byCaller are the checks that are of the caller, whoever calls the function.
func byCaller(checks []check) (list []check) {
	for _, c := range checks {
		if c.why.has(caller | secret | fields) {
			list = append(list, c)
		}
	}
	return list
}

// injected is what decorators give to the parameters of a function, by name.
func (p *project) injected(f *function) map[string]taint {
	layers := p.decoratorsOf(f)
	if len(layers) == 0 {
		return nil
	}
	given := map[string]taint{}
	checked := false
	for _, l := range layers {
		checked = checked || l.kind == layerAuth
		for _, c := range l.inner {
			for i, t := range c.positional {
				if i < f.positional && t.has(caller|secret) {
					given[f.params[i]] = given[f.params[i]].and(onlyMarks(t))
				}
			}
			for name, t := range c.keywords {
				if t.has(caller | secret) {
					given[name] = given[name].and(onlyMarks(t))
				}
			}
		}
	}
	if !checked {
		return given
	}
	for _, name := range f.params {
		if _, ok := given[name]; !ok && injectedName.MatchString(name) {
			given[name] = taint{marks: caller, attrs: whole, why: &origin{place: finding.Place{File: f.module.path, Line: f.module.line(f.node), Note: "the parameter " + name}}}
		}
	}
	return given
}

var injectedName = words(`(?i)^_?(current_(user|identity|account|member|admin)|auth(enticated|ed)?_?user|jwt_(payload|data|claims|identity)|claims|user_(data|claims|info)|token_(data|payload|info|claims)|decoded_?token|logged_in_user)$`)

func onlyMarks(t taint) taint {
	t.params, t.copies = 0, 0
	return t
}

func quoted(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return "\"" + strings.ToValidUTF8(s, "?") + "\""
}

// shown is a piece of source on one line, not too long.
func shown(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
