package flask

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// view is a function that answers requests, with all that stands around it.
type view struct {
	fn         *function
	class      *class
	layers     []layer  // the outermost first
	rules      []string // as far as they are known
	registered bool
	methods    []string
	owner      *binding // the application or blueprint that it is registered with; nil where that is not known
}

var (
	routing     = map[string]bool{"route": true, "get": true, "post": true, "put": true, "patch": true, "delete": true, "expose": true, "options": true, "head": true, "websocket": true}
	httpMethods = []string{"get", "post", "put", "patch", "delete", "head", "options", "index", "dispatch_request"}
	viewClass   = words(`(^|\.)(MethodView|View|Resource|FlaskView|MethodResource|BaseView|ModelRestApi|BaseApi|ModelView|AdminIndexView|Namespace|SwaggerView|ApiView|APIView)$`)
	converter   = regexp.MustCompile(`<(?:[^<>:]*(?:\([^)]*\))?:)?([A-Za-z_][A-Za-z0-9_]*)>`)
)

// object is the binding at which an application, a blueprint or the like is made; nil where that is not found.
func (p *project) object(e python.Expr, s *scope, steps int) *binding {
	if steps == 0 || e == nil {
		return nil
	}
	var list []*binding
	switch n := e.(type) {
	case *python.Name:
		list = s.lookup(n.ID)
	case *python.Attribute:
		if base := p.resolve(n.Value, s); base.kind == isModule {
			list = base.module.scope.names.of(n.Attr)
		} else if base.kind == isInstance {
			list = base.class.self[n.Attr]
		} else {
			return p.object(n.Value, s, steps-1)
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		b := list[i]
		switch {
		case b.from != nil:
			if from := p.find(b.scope.module, b.from.module, b.from.level); from != nil && b.from.attr != "" {
				if made := p.object(&python.Name{ID: b.from.attr}, from.scope, steps-1); made != nil {
					return made
				}
			}
		case b.value != nil:
			if _, call := b.value.(*python.Call); call {
				return b
			}
			if made := p.object(b.value, b.scope, steps-1); made != nil {
				return made
			}
		}
	}
	return nil
}

// findViews finds what is registered, wherever it is registered.
func (p *project) findViews() {
	for _, m := range p.modules {
		p.viewsOfBody(m)
	}
	for _, k := range p.classes {
		p.viewsOfClass(k)
	}
	byName := map[string][]*view{}
	for _, list := range p.views {
		for _, v := range list {
			byName[v.fn.name] = append(byName[v.fn.name], v)
		}
	}
	for _, m := range p.modules {
		if bytes.Contains(m.file.Text, []byte("view_functions")) {
			p.replaced(m, byName)
		}
	}
}

func (p *project) viewsOfBody(m *module) {
	var inFunctions func(f *function)
	inFunctions = func(f *function) {
		p.decorated(f)
		for _, inner := range f.inner {
			inFunctions(inner)
		}
	}
	for _, f := range m.functions() {
		inFunctions(f)
	}
	p.registrations(m)
}

// functions are those of a module that are in no other function, in the order of their names' first appearance.
func (m *module) functions() []*function {
	if m.outermost != nil {
		return m.outermost
	}
	list := []*function{}
	seen := map[*function]bool{}
	var in func(s *scope)
	in = func(s *scope) {
		for _, e := range s.names.entries {
			for _, b := range e.list {
				switch {
				case b.fn != nil && !seen[b.fn] && b.fn.module == m && b.scope == s:
					seen[b.fn] = true
					list = append(list, b.fn)
				case b.class != nil && b.class.module == m && b.scope == s:
					in(b.class.scope)
				}
			}
		}
	}
	in(m.scope)
	m.outermost = list
	return list
}

// decorated notes the view that a function is by its own decorators: @app.route and the like. Decorators outside of the innermost
// route are on the function that the name keeps, not on the one that answers.
func (p *project) decorated(f *function) {
	s := f.scope.outer
	if f.class != nil {
		s = f.class.scope
	}
	v := &view{fn: f, class: f.class}
	for i, d := range f.decorators {
		c, ok := d.(*python.Call)
		if !ok {
			continue
		}
		if name, ok := c.Func.(*python.Name); ok { // @expose("/path")
			r := p.resolve(name, s)
			if r.kind != isExternal || !strings.HasPrefix(r.name, "flask_") || name.ID != "expose" && name.ID != "route" {
				continue
			}
			v.layers = p.below(f, i)
			p.addRule(v, c, "route", s)
			continue
		}
		attr, ok := c.Func.(*python.Attribute)
		if !ok || !routing[attr.Attr] || !p.isRouter(attr.Value, s, c) {
			continue
		}
		if !v.registered {
			v.layers = p.below(f, i)
			v.owner = p.object(attr.Value, s, 8)
		}
		p.addRule(v, c, attr.Attr, s)
	}
	for i := range f.decorators { // errorhandlers and the like answer as well
		if c, ok := f.decorators[i].(*python.Call); ok && !v.registered {
			if a, ok := c.Func.(*python.Attribute); ok && a.Attr == "errorhandler" {
				return
			}
		}
	}
	if v.registered {
		p.addView(v)
	}
	p.hookOf(f, s)
}

// below are the layers of the decorators that stand below one of them.
func (p *project) below(f *function, i int) []layer {
	list := p.decoratorsOf(f)
	for j := range list {
		if !slices.Contains(f.decorators[:i+1], list[j].expr) {
			return list[j:]
		}
	}
	return nil
}

func (p *project) addView(v *view) { p.views[v.fn] = append(p.views[v.fn], v) }

func (p *project) addRule(v *view, c *python.Call, method string, s *scope) {
	e, ok := keywordOf(c, "rule")
	if len(c.Args) > 0 {
		e, ok = c.Args[0], true
	}
	v.registered = true
	if ok {
		if rule, ok := p.text(e, s, 6); ok {
			v.rules = append(v.rules, rule)
		}
	}
	if e, ok := keywordOf(c, "methods"); ok {
		v.methods = append(v.methods, stringsIn(e)...)
	} else if method != "route" && method != "expose" {
		v.methods = append(v.methods, strings.ToUpper(method))
	}
}

// text is an expression of text that is written down: a literal, a name for one, or several put together.
func (p *project) text(e python.Expr, s *scope, steps int) (string, bool) {
	if steps == 0 {
		return "", false
	}
	switch n := e.(type) {
	case *python.Constant:
		return n.Text, n.Kind == python.Str
	case *python.Name:
		if b := p.bindingOf(n, s); b != nil && b.value != nil && b.index < 0 && !b.isIteration() && len(b.scope.names.of(n.ID)) == 1 {
			return p.text(b.value, b.scope, steps-1)
		}
	case *python.BinOp:
		if n.Op == python.Add {
			left, one := p.text(n.Left, s, steps-1)
			right, other := p.text(n.Right, s, steps-1)
			return left + right, one && other
		}
	case *python.JoinedStr:
		var b strings.Builder
		for _, v := range n.Values {
			if f, ok := v.(*python.FormattedValue); ok {
				v = f.Value
			}
			part, ok := p.text(v, s, steps-1)
			if !ok {
				return "", false
			}
			b.WriteString(part)
		}
		return b.String(), true
	}
	return "", false
}

func stringsIn(e python.Expr) (list []string) {
	python.Inspect(e, func(n python.Node) bool {
		if c, ok := n.(*python.Constant); ok && c.Kind == python.Str {
			list = append(list, c.Text)
		}
		return true
	})
	return list
}

// isRouter reports whether x.route(…) registers a view: x is of a library, or the first argument looks like a path.
func (p *project) isRouter(e python.Expr, s *scope, c *python.Call) bool {
	v := p.resolve(e, s)
	if v.kind == isExternal && (strings.HasPrefix(v.name, "flask") || strings.HasPrefix(v.name, "apiflask") || strings.HasPrefix(v.name, "connexion")) {
		return !strings.HasPrefix(v.name, "flask_caching") && !strings.HasPrefix(v.name, "flask.session") && !strings.HasPrefix(v.name, "flask.request")
	}
	if v.kind == isExternal && (strings.HasPrefix(v.name, "requests") || strings.HasPrefix(v.name, "httpx")) {
		return false
	}
	if len(c.Args) > 0 {
		rule, ok := stringOf(c.Args[0])
		return ok && strings.HasPrefix(rule, "/")
	}
	return false
}

// registrations are calls that register views and hooks: add_url_rule, add_resource, before_request(f).
func (p *project) registrations(m *module) {
	p.inCalls(m, func(c *python.Call, s *scope) {
		if route, ok := c.Func.(*python.Call); ok && len(c.Args) == 1 { // bp.route("/x")(view)
			if attr, ok := route.Func.(*python.Attribute); ok && routing[attr.Attr] && p.isRouter(attr.Value, s, route) {
				p.addFunction(c.Args[0], nil, route, attr, s)
			}
			return
		}
		attr, ok := c.Func.(*python.Attribute)
		if !ok {
			return
		}
		switch attr.Attr {
		case "add_url_rule":
			p.urlRule(c, attr, s)
		case "add_resource":
			p.resource(c, attr, s)
		case "before_request", "before_app_request", "after_request", "after_app_request":
			if len(c.Args) == 1 {
				if v := p.resolve(c.Args[0], s); v.kind == isFunction {
					p.addHook(v.fn, attr, s)
				}
			}
		}
	})
}

// replaced are views that something else was put in the place of: app.view_functions["x"] = cache.cached(60)(app.view_functions["x"]). What
// is put around one whose name is not written there is put around all.
func (p *project) replaced(m *module, byName map[string][]*view) {
	visit := func(stmts []python.Stmt, s *scope) {
		for _, stmt := range stmts {
			python.Inspect(stmt, func(n python.Node) bool {
				switch n := n.(type) {
				case *python.FunctionDef, *python.ClassDef, python.Expr:
					return false
				case *python.Assign:
					if to, ok := n.Targets[0].(*python.Subscript); ok && lastName(to.Value) == "view_functions" {
						p.around(to, n.Value, s, byName)
					}
				}
				return true
			})
		}
	}
	visit(m.file.Body, m.scope)
	for _, f := range m.everyFunction() {
		visit(f.body, f.scope)
	}
}

// mostAround bounds how often something is put around all views.
const mostAround = 16

func (p *project) around(to *python.Subscript, value python.Expr, s *scope, byName map[string][]*view) {
	var layers []layer
	for range 8 {
		c, ok := value.(*python.Call)
		if !ok || len(c.Args) != 1 || len(c.Keywords) != 0 {
			break
		}
		layers = append(layers, p.layersOf(c.Func, s, nil)...)
		value = c.Args[0]
	}
	if len(layers) == 0 {
		return
	}
	endpoint, one := p.text(to.Slice, s, 6)
	if one {
		for _, v := range byName[endpoint[strings.LastIndexByte(endpoint, '.')+1:]] {
			v.layers = slices.Concat(layers, v.layers)
		}
		return
	}
	if p.arounds++; p.arounds > mostAround {
		return
	}
	for _, list := range p.views {
		for _, v := range list {
			if of, here := p.area(s.module), p.area(v.fn.module); of == "" || here == "" || of == here {
				v.layers = slices.Concat(layers, v.layers)
			}
		}
	}
}

// inCalls visits every call of a module with the scope that it stands in.
func (p *project) inCalls(m *module, visit func(*python.Call, *scope)) {
	in := func(list []python.Stmt, s *scope) {
		for _, stmt := range list {
			python.Inspect(stmt, func(n python.Node) bool {
				switch n := n.(type) {
				case *python.FunctionDef, *python.ClassDef, *python.Lambda:
					return false
				case *python.Call:
					visit(n, s)
				}
				return true
			})
		}
	}
	in(m.file.Body, m.scope)
	var functions func(f *function)
	functions = func(f *function) {
		in(f.body, f.scope)
		for _, inner := range f.inner {
			functions(inner)
		}
	}
	for _, f := range m.functions() {
		functions(f)
	}
	for _, k := range p.classes {
		if k.module == m {
			in(k.node.Body, k.scope)
		}
	}
}

// urlRule is app.add_url_rule("/x", view_func=login_required(cache.cached(60)(view))).
func (p *project) urlRule(c *python.Call, attr *python.Attribute, s *scope) {
	e, ok := keywordOf(c, "view_func")
	if !ok {
		if len(c.Args) < 3 {
			return
		}
		e = c.Args[2]
	}
	var layers []layer
	for range 8 {
		if b := p.bindingOf(e, s); b != nil && b.value != nil && b.fn == nil { // view = Class.as_view("x"), before
			if _, call := b.value.(*python.Call); call {
				e, s = b.value, b.scope
			}
		}
		if call, ok := e.(*python.Call); ok {
			if a, ok := call.Func.(*python.Attribute); ok && a.Attr == "as_view" {
				if v := p.resolve(a.Value, s); v.kind == isClass {
					for _, f := range v.class.answering() {
						w := &view{fn: f, class: v.class, layers: append(slices.Clone(layers), p.classLayers(v.class, f)...), owner: p.object(attr.Value, s, 8)}
						p.addRule(w, c, "route", s)
						w.methods = []string{strings.ToUpper(f.name)}
						p.addView(w)
					}
				}
				return
			}
			if len(call.Args) == 1 && len(call.Keywords) == 0 {
				layers = append(layers, p.layersOf(call.Func, s, nil)...)
				e = call.Args[0]
				continue
			}
		}
		break
	}
	p.addFunction(e, layers, c, attr, s)
}

// addFunction registers the function that e means by a call of attr, with layers around it.
func (p *project) addFunction(e python.Expr, layers []layer, c *python.Call, attr *python.Attribute, s *scope) {
	if v := p.resolve(e, s); v.kind == isFunction {
		w := &view{fn: v.fn, class: v.fn.class, layers: append(layers, p.decoratorsOf(v.fn)...), owner: p.object(attr.Value, s, 8)}
		p.addRule(w, c, "route", s)
		p.addView(w)
	}
}

// resource is api.add_resource(Orders, "/orders", "/orders/<int:id>").
func (p *project) resource(c *python.Call, attr *python.Attribute, s *scope) {
	if len(c.Args) == 0 {
		return
	}
	v := p.resolve(c.Args[0], s)
	if v.kind != isClass {
		return
	}
	var rules []string
	for _, a := range c.Args[1:] {
		if rule, ok := stringOf(a); ok {
			rules = append(rules, rule)
		}
	}
	var around []layer
	made := p.object(attr.Value, s, 8)
	if made != nil {
		if call, ok := made.value.(*python.Call); ok { // Api(app, decorators=[…])
			if e, ok := keywordOf(call, "decorators"); ok {
				around = p.listed(e, made.scope)
			}
		}
	}
	for _, f := range v.class.answering() {
		p.addView(&view{fn: f, class: v.class, rules: rules, methods: []string{strings.ToUpper(f.name)}, layers: append(slices.Clone(around), p.classLayers(v.class, f)...), owner: made})
	}
}

// answering are the methods of a class that answer requests.
func (k *class) answering() (list []*function) {
	for _, name := range httpMethods {
		for _, b := range k.scope.names.of(name) {
			if b.fn != nil {
				list = append(list, b.fn)
			}
		}
	}
	return list
}

// viewsOfClass notes the methods of a class of views, registered by a decorator of it or in a way that is not seen.
func (p *project) viewsOfClass(k *class) {
	isView := false
	for _, base := range k.bases(p) {
		isView = isView || viewClass.MatchString(base)
	}
	if !isView { // a base that is not seen, by its name
		for _, b := range k.node.Bases {
			name := dottedPathOf(b)
			isView = isView || viewClass.MatchString(name) && p.resolve(b, k.scope).kind == isUnknown
		}
	}
	if !isView {
		return
	}
	var rules []string
	var owner *binding
	for _, d := range k.node.Decorators {
		if c, ok := d.(*python.Call); ok {
			if a, ok := c.Func.(*python.Attribute); ok && routing[a.Attr] {
				for _, arg := range c.Args {
					if rule, ok := stringOf(arg); ok {
						rules = append(rules, rule)
					}
				}
				owner = p.object(a.Value, k.scope.outer, 8)
			}
		}
	}
	for _, f := range k.answering() {
		if len(p.views[f]) > 0 {
			continue
		}
		p.addView(&view{fn: f, class: k, rules: rules, methods: []string{strings.ToUpper(f.name)}, layers: p.classLayers(k, f), owner: owner})
	}
}

// classLayers are the decorators around a method of a class of views: those of the class, where the last of the list is the outermost, those
// for methods, and its own.
func (p *project) classLayers(k *class, f *function) []layer {
	var list []layer
	for _, name := range []string{"decorators", "method_decorators"} {
		b, in := k.member(p, name)
		if b == nil || b.value == nil {
			continue
		}
		value := b.value
		if d, ok := value.(*python.Dict); ok {
			value = nil
			for i, key := range d.Keys {
				if s, ok := stringOf(key); ok && s == f.name {
					value = d.Values[i]
				}
			}
		}
		if value != nil {
			list = append(list, p.listed(value, in.scope)...)
		}
	}
	// A base class that checks, and dispatches.
	if b, in := k.member(p, "dispatch_request"); b != nil && b.fn != nil && f.name != "dispatch_request" && in != nil {
		list = append(list, p.decoratorsOf(b.fn)...)
		if checks := byCaller(p.summarize(b.fn).checks); len(checks) > 0 {
			list = append(list, layer{kind: layerAuth, name: b.fn.qualified(), strength: login, checks: checks, place: checks[0].place, module: in.module, scope: in.scope})
		}
		list = append(list, p.summarize(b.fn).layers...) // return cache.cached(60)(super().dispatch_request)(*args)
	}
	return append(list, p.decoratorsOf(f)...)
}

// listed are the decorators in a list, the last of which is the outermost.
func (p *project) listed(e python.Expr, s *scope) []layer {
	var elements []python.Expr
	switch n := e.(type) {
	case *python.List:
		elements = n.Elts
	case *python.Tuple:
		elements = n.Elts
	case *python.BinOp: // Base.decorators + [more]
		return append(p.listed(n.Right, s), p.listed(n.Left, s)...)
	case *python.Name, *python.Attribute:
		if b := p.bindingOf(e, s); b != nil && b.value != nil && !p.freeUnderWay[b] {
			p.freeUnderWay[b] = true // it may be made of itself
			defer delete(p.freeUnderWay, b)
			return p.listed(b.value, b.scope)
		}
	}
	var list []layer
	for i := len(elements) - 1; i >= 0; i-- {
		list = append(list, p.layersOf(elements[i], s, nil)...)
	}
	return list
}

func (p *project) bindingOf(e python.Expr, s *scope) *binding {
	switch n := e.(type) {
	case *python.Name:
		if list := s.lookup(n.ID); len(list) > 0 && list[len(list)-1].from == nil {
			return list[len(list)-1]
		}
	case *python.Attribute:
		if v := p.resolve(n.Value, s); v.kind == isClass {
			b, _ := v.class.member(p, n.Attr)
			return b
		}
	}
	return nil
}
