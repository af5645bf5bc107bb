package flask

import (
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

type valueKind uint8

const (
	isUnknown  valueKind = iota
	isExternal           // of a library: name is dotted, a call is (): flask_caching.Cache().cached
	isModule
	isFunction
	isClass
	isInstance // of a class of the project
	isPartial  // functools.partial of a function
)

// value is what an expression is known to mean, without running it.
type value struct {
	kind   valueKind
	bound  bool // fn is a method of an instance: self is given
	name   string
	module *module
	fn     *function
	class  *class
}

var unknownValue = value{}

func external(name string) value { return value{kind: isExternal, name: canonical(name)} }

// maxSteps bounds how far a name is followed: through so many imports, assignments and calls.
const maxSteps = 24

// resolve is what an expression means in a scope.
func (p *project) resolve(e python.Expr, s *scope) value { return p.follow(e, s, maxSteps) }

func (p *project) follow(e python.Expr, s *scope, steps int) value {
	if steps == 0 {
		return unknownValue
	}
	switch n := e.(type) {
	case *python.Name:
		return p.meaning(s.lookup(n.ID), n.ID, s, steps-1)
	case *python.Attribute:
		return p.attribute(p.follow(n.Value, s, steps-1), n.Attr, steps-1)
	case *python.Call:
		return p.called(n, s, steps-1)
	case *python.Subscript: // app.config["RESULTS"], app.extensions["cache"]
		if key, ok := stringOf(n.Slice); ok && len(p.attached["["+key]) > 0 {
			base := p.follow(n.Value, s, steps-1)
			if base.kind == isExternal && (strings.HasSuffix(base.name, ".config") || strings.HasSuffix(base.name, ".extensions")) {
				return p.bound(p.attached["["+key][0], steps-1)
			}
		}
	case *python.Lambda:
		if f := s.module.lambdas[n]; f != nil {
			return value{kind: isFunction, fn: f}
		}
	case *python.BoolOp: // a or b
		for _, v := range n.Values {
			if got := p.follow(v, s, steps-1); got.kind != isUnknown {
				return got
			}
		}
	case *python.IfExp:
		if got := p.follow(n.Body, s, steps-1); got.kind != isUnknown {
			return got
		}
		return p.follow(n.Else, s, steps-1)
	case *python.Await:
		return p.follow(n.Value, s, steps-1)
	case *python.NamedExpr:
		return p.follow(n.Value, s, steps-1)
	case *python.Dict:
		return external("dict()")
	case *python.List:
		return external("list()")
	case *python.Set:
		return external("set()")
	case *python.Comp:
		if n.Kind == python.DictComp {
			return external("dict()")
		}
	case *python.Constant:
		if n.Kind == python.Str {
			return external("str()")
		}
	}
	return unknownValue
}

// meaning is that of the bindings of one name: of the last one that means something.
func (p *project) meaning(list []*binding, name string, s *scope, steps int) value {
	if len(list) > 0 && list[0].param >= 0 {
		if name == "request" || p.requests[list[0]] {
			return external("flask.request")
		}
		if f := list[0].scope.fn; list[0].param == 0 && f != nil && f.class != nil && !isStatic(f) {
			if isClassMethod(f) {
				return value{kind: isClass, class: f.class}
			}
			return value{kind: isInstance, class: f.class}
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if v := p.bound(list[i], steps); v.kind != isUnknown {
			return v
		}
	}
	if len(list) > 0 {
		return unknownValue
	}
	if len(s.module.scope.stars) > 0 {
		if v := p.inModule(s.module, name, steps); v.kind != isUnknown {
			return v
		}
	}
	if builtins[name] {
		return external(name)
	}
	return unknownValue
}

var builtins = map[string]bool{
	"dict": true, "list": true, "set": true, "str": true, "print": true, "len": true, "bool": true, "hash": true, "repr": true, "type": true, "isinstance": true,
	"id": true, "int": true, "getattr": true, "format": true, "hasattr": true, "callable": true, "super": true, "setattr": true, "vars": true,
}

// starred looks a name up in what a module imports with a star.
func (p *project) starred(m *module, name string, steps int) value {
	if steps <= 0 {
		return unknownValue
	}
	for i := len(m.scope.stars) - 1; i >= 0; i-- {
		star := m.scope.stars[i]
		from := p.find(m, star.Module, star.Level)
		switch {
		case from == nil && star.Level == 0 && knownName(star.Module+"."+name):
			return external(star.Module + "." + name)
		case from != nil && from != m:
			if v := p.inModule(from, name, steps-1); v.kind != isUnknown {
				return v
			}
		}
	}
	return unknownValue
}

// inModule is what a name means in another module. It is found once: modules that import each other with stars have more ways between them
// than there is time for.
func (p *project) inModule(m *module, name string, steps int) value {
	if steps <= 0 {
		return unknownValue
	}
	key := moduleName{m, name}
	if v, ok := p.namesSeen[key]; ok {
		return v
	}
	p.namesSeen[key] = unknownValue // for what leads back to it
	v := p.lookedUp(m, name, steps)
	p.namesSeen[key] = v
	return v
}

type moduleName struct {
	module *module
	name   string
}

func (p *project) lookedUp(m *module, name string, steps int) value {
	if list := m.scope.names.of(name); len(list) > 0 {
		return p.meaning(list, name, m.scope, steps)
	}
	if v := p.starred(m, name, steps); v.kind != isUnknown {
		return v
	}
	if m.isInit {
		if sub := p.exact(append(m.dotted[:len(m.dotted):len(m.dotted)], name)); sub != nil {
			return value{kind: isModule, module: sub}
		}
	}
	return unknownValue
}

// bound is what one binding means. It is found once: query = query.filter(…), thirteen times in a row, has more ways through it than there
// is time for.
func (p *project) bound(b *binding, steps int) value {
	if steps <= 0 {
		return unknownValue
	}
	if b.from == nil && b.value == nil { // there is nothing to find
		return p.boundTo(b, steps)
	}
	if b.means != nil {
		return *b.means
	}
	b.means = &unknownValue // for what leads back to it
	v := p.boundTo(b, steps)
	if v.kind != isUnknown {
		known := v
		b.means = &known
	}
	return v
}

func (p *project) boundTo(b *binding, steps int) value {
	switch {
	case b.fn != nil:
		if v, ok := p.property(b.fn, steps); ok {
			return v
		}
		return value{kind: isFunction, fn: b.fn}
	case b.class != nil:
		return value{kind: isClass, class: b.class}
	case b.from != nil:
		return p.imported(b, steps)
	case b.isIteration() || b.index >= 0 || b.value == nil:
		return unknownValue
	}
	return p.follow(b.value, b.scope, steps)
}

// property: reading a LocalProxy, a property or a cached_property calls the function.
func (p *project) property(f *function, steps int) (value, bool) {
	for _, d := range f.decorators {
		if name, ok := d.(*python.Name); ok && name.ID == "LocalProxy" {
			return external("werkzeug.local.LocalProxy()"), true
		}
	}
	return unknownValue, false
}

func (p *project) imported(b *binding, steps int) value {
	from := p.find(b.scope.module, b.from.module, b.from.level)
	if b.from.attr == "" {
		if from != nil {
			return value{kind: isModule, module: from}
		}
		return external(b.from.module)
	}
	if from != nil {
		if from != b.scope.module {
			if v := p.inModule(from, b.from.attr, steps); v.kind != isUnknown {
				return v
			}
		}
		if sub := p.exact(append(from.dotted[:len(from.dotted):len(from.dotted)], b.from.attr)); sub != nil {
			return value{kind: isModule, module: sub}
		}
		return unknownValue
	}
	if b.from.level > 0 || b.from.module == "" {
		// from . import x, in a directory without __init__.py.
		if dir := b.scope.module.dotted; b.from.module == "" && b.from.level == 1 && len(dir) > 0 {
			if sub := p.exact(append(dir[:len(dir)-1:len(dir)-1], b.from.attr)); sub != nil {
				return value{kind: isModule, module: sub}
			}
		}
		return unknownValue
	}
	if sub := p.find(b.scope.module, b.from.module+"."+b.from.attr, 0); sub != nil {
		return value{kind: isModule, module: sub}
	}
	return external(b.from.module + "." + b.from.attr)
}

// attribute is what base.attr means.
func (p *project) attribute(base value, attr string, steps int) value {
	if steps <= 0 {
		return unknownValue
	}
	switch base.kind {
	case isExternal:
		if base.name == "flask.Flask()" || base.name == "flask.current_app" {
			for _, b := range p.attached[attr] {
				if v := p.bound(b, steps); v.kind != isUnknown {
					return v
				}
			}
		}
		return external(base.name + "." + attr)
	case isModule:
		v := p.inModule(base.module, attr, steps)
		if v.kind == isUnknown {
			if sub := p.exact(append(base.module.dotted[:len(base.module.dotted):len(base.module.dotted)], attr)); sub != nil {
				return value{kind: isModule, module: sub}
			}
		}
		return v
	case isClass, isInstance:
		if b, _ := base.class.member(p, attr); b != nil {
			v := p.bound(b, steps)
			v.bound = base.kind == isInstance && v.kind == isFunction && !isStatic(v.fn)
			return v
		}
		for _, b := range base.class.self[attr] {
			if v := p.bound(b, steps); v.kind != isUnknown {
				return v
			}
		}
		for _, name := range base.class.bases(p) {
			if knownClass(name) {
				return external(name + "()." + attr)
			}
		}
	}
	return unknownValue
}

func isStatic(f *function) bool {
	for _, d := range f.decorators {
		if name, ok := d.(*python.Name); ok && name.ID == "staticmethod" {
			return true
		}
	}
	return false
}

// called is what a call gives: an instance of a class, or what a function returns where that is one thing.
func (p *project) called(n *python.Call, s *scope, steps int) value {
	f := p.follow(n.Func, s, steps)
	switch f.kind {
	case isExternal:
		switch f.name {
		case "functools.partial":
			if len(n.Args) > 0 {
				return p.follow(n.Args[0], s, steps)
			}
		case "werkzeug.local.LocalProxy", "typing.cast", "super":
			return external(f.name + "()")
		}
		return external(f.name + "()")
	case isClass:
		return value{kind: isInstance, class: f.class}
	case isFunction:
		return p.returned(f.fn, steps)
	}
	return unknownValue
}

// returned is what a function returns, if it is an object that is made there or a name of the module. What it returns of inner functions is
// for decorators, which see decoration.
func (p *project) returned(f *function, steps int) value {
	if f.result != nil {
		return p.follow(f.result, f.scope, steps)
	}
	if f.released != nil {
		return f.released.value
	}
	for i := len(f.body) - 1; i >= 0 && steps > 0; i-- {
		if ret, ok := f.body[i].(*python.Return); ok && ret.Value != nil {
			return p.follow(ret.Value, f.scope, steps)
		}
	}
	return unknownValue
}

// canonical gives one name to what libraries export under more than one.
func canonical(name string) string {
	if rest, ok := strings.CutPrefix(name, "flask.ext."); ok {
		name = "flask_" + rest
	}
	for _, m := range moves {
		if rest, ok := strings.CutPrefix(name, m.from); ok && (rest == "" || rest[0] == '.' || rest[0] == '(') {
			name = m.to + rest
			break
		}
	}
	return name
}

// moves are submodules whose names their package exports, and packages that succeed each other.
var moves = []struct{ from, to string }{
	{"flask_jwt_extended.utils", "flask_jwt_extended"},
	{"flask_jwt_extended.view_decorators", "flask_jwt_extended"},
	{"flask_login.utils", "flask_login"},
	{"flask_login.login_manager", "flask_login"},
	{"flask_security.decorators", "flask_security"},
	{"flask_security.utils", "flask_security"},
	{"flask_security.core", "flask_security"},
	{"flask_user.decorators", "flask_user"},
	{"flask.globals", "flask"},
	{"flask.helpers", "flask"},
	{"flask.templating", "flask"},
	{"flask.wrappers", "flask"},
	{"flask.app", "flask"},
	{"flask.blueprints", "flask"},
	{"flask.ctx", "flask"},
	{"quart", "flask"},
	{"flask_cache", "flask_caching"},
	{"flask_caching.backends.simplecache", "cachelib"},
	{"flask_caching.backends.rediscache", "cachelib"},
	{"flask_caching.backends", "cachelib"},
	{"werkzeug.contrib.cache", "cachelib"},
	{"cachelib.simple", "cachelib"},
	{"cachelib.redis", "cachelib"},
	{"cachelib.file", "cachelib"},
	{"cachelib.memcached", "cachelib"},
	{"redis.client", "redis"},
	{"redis.asyncio", "redis"},
	{"aioredis", "redis"},
	{"flask_redis.client", "flask_redis"},
	{"flask_restx", "flask_restful"},
	{"flask_restplus", "flask_restful"},
	{"flask_restful.reqparse", "flask_restful.reqparse"},
	{"authlib.flask.oauth2", "authlib.integrations.flask_oauth2"},
	{"async_lru", "functools"},
	{"methodtools", "functools"},
	{"backports.functools_lru_cache", "functools"},
	{"fastcache", "functools"},
	{"jose.jwt", "jwt"},
	{"authlib.jose.jwt", "jwt"},
}
