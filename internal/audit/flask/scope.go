package flask

import (
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// scope holds the names of a module, a class or a function.
type scope struct {
	module  *module
	outer   *scope // of the enclosing function, or of the module; nil for a module's
	fn      *function
	class   *class // whose body it is; nil otherwise
	names   names
	stars   []*python.ImportFrom
	globals map[string]bool // declared global, or nonlocal
}

// names are what a scope binds. Most scopes have few: these are looked at one after the other.
type names struct {
	entries []entry
	index   map[string]int32 // of scopes that have many
}

type entry struct {
	name string
	list []*binding
}

func (n *names) at(name string) int {
	if n.index != nil {
		if i, ok := n.index[name]; ok {
			return int(i)
		}
		return -1
	}
	for i := range n.entries {
		if n.entries[i].name == name {
			return i
		}
	}
	return -1
}

// of are the bindings of a name, in the order of the source.
func (n *names) of(name string) []*binding {
	if i := n.at(name); i >= 0 {
		return n.entries[i].list
	}
	return nil
}

func (n *names) add(name string, b *binding) {
	i := n.at(name)
	if i < 0 {
		i = len(n.entries)
		n.entries = append(n.entries, entry{name: name})
		if n.index != nil {
			n.index[name] = int32(i)
		} else if len(n.entries) > 16 {
			n.index = make(map[string]int32, 2*len(n.entries))
			for j := range n.entries {
				n.index[n.entries[j].name] = int32(j)
			}
		}
	}
	n.entries[i].list = append(n.entries[i].list, b)
}

// binding is one way in which a name comes to mean something.
type binding struct {
	scope *scope
	value python.Expr // assigned; nil where something else gives the name its meaning
	fn    *function
	class *class
	from  *imported // by an import
	index int32     // of value's elements, for a, b = value; -1: all of it; -2: one after the other
	param int32     // number of the parameter; -1: none
	means *value    // once it was asked for
}

func (b *binding) isIteration() bool { return b.index == -2 }

// imported is what an import names: a module, or with attr what it holds.
type imported struct {
	module string
	level  int
	attr   string
}

// function is a def, or a lambda.
type function struct {
	name       string
	args       *python.Arguments
	body       []python.Stmt // of a def
	result     python.Expr   // of a lambda
	node       python.Node
	decorators []python.Expr
	scope      *scope // its own
	class      *class // whose method it is; nil otherwise
	outer      *function
	module     *module
	inner      []*function
	params     []string // all names, in order: positional, *args, keyword, **kwargs
	positional int      // how many of them are positional
	vararg     int      // number of *args, or -1
	kwarg      int      // number of **kwargs, or -1
	generator  bool

	summary  *summary // once it was asked for
	released *remains // of one whose body was given up
}

// remains are what a function without its body gives: the expression, and what that means.
type remains struct {
	gives python.Expr
	value value
}

func (f *function) qualified() string {
	switch {
	case f.class != nil:
		return f.class.name + "." + f.name
	case f.name == "":
		return "lambda"
	}
	return f.name
}

// class is a class statement.
type class struct {
	name    string
	node    *python.ClassDef
	scope   *scope // of its body
	module  *module
	parents []value // once based
	based   bool
	// self holds what methods assign to attributes of self.
	self map[string][]*binding
}

func newScope(m *module, outer *scope, fn *function, c *class) *scope {
	return &scope{module: m, outer: outer, fn: fn, class: c}
}

func (s *scope) bind(name string, b *binding) {
	b.scope = s
	s.names.add(name, b)
}

// collector walks statements and gives each scope its names.
type collector struct {
	project *project
	module  *module
}

func (c *collector) body(s *scope, list []python.Stmt) {
	for _, stmt := range list {
		c.stmt(s, stmt)
	}
}

func (c *collector) stmt(s *scope, stmt python.Stmt) {
	switch n := stmt.(type) {
	case *python.FunctionDef:
		f := c.function(s, n.Name, n.Args, n)
		f.body, f.decorators = n.Body, n.Decorators
		s.bind(n.Name, &binding{fn: f, param: -1, index: -1})
		for _, d := range n.Decorators {
			c.expr(s, d)
		}
		c.body(f.scope, n.Body)
	case *python.ClassDef:
		k := &class{name: n.Name, node: n, module: c.module, self: map[string][]*binding{}}
		k.scope = newScope(c.module, s, s.fn, k)
		s.bind(n.Name, &binding{class: k, param: -1, index: -1})
		c.project.classes = append(c.project.classes, k)
		c.body(k.scope, n.Body)
	case *python.Assign:
		c.expr(s, n.Value)
		for _, target := range n.Targets {
			c.target(s, target, n.Value, -1)
		}
	case *python.AnnAssign:
		if n.Value != nil {
			c.expr(s, n.Value)
			c.target(s, n.Target, n.Value, -1)
		}
	case *python.AugAssign:
		c.expr(s, n.Value)
		c.target(s, n.Target, n.Value, -1)
	case *python.For:
		c.expr(s, n.Iter)
		c.iteration(s, n.Target, n.Iter)
		c.body(s, n.Body)
		c.body(s, n.Else)
	case *python.While:
		c.expr(s, n.Test)
		c.body(s, n.Body)
		c.body(s, n.Else)
	case *python.If:
		c.expr(s, n.Test)
		c.body(s, n.Body)
		c.body(s, n.Else)
	case *python.With:
		for _, item := range n.Items {
			c.expr(s, item.Context)
			if name, ok := item.OptionalAs.(*python.Name); ok {
				s.bind(name.ID, &binding{value: item.Context, param: -1, index: -1})
			}
		}
		c.body(s, n.Body)
	case *python.Try:
		c.body(s, n.Body)
		for _, h := range n.Handlers {
			c.body(s, h.Body)
		}
		c.body(s, n.Else)
		c.body(s, n.Finally)
	case *python.Match:
		c.expr(s, n.Subject)
		for _, k := range n.Cases {
			c.body(s, k.Body)
		}
	case *python.Import:
		for _, a := range n.Names {
			c.imported(a.Name)
			if a.AsName != "" {
				s.bind(a.AsName, &binding{from: &imported{module: a.Name}, param: -1, index: -1})
				continue
			}
			first := a.Name
			for i := range first {
				if first[i] == '.' {
					first = first[:i]
					break
				}
			}
			s.bind(first, &binding{from: &imported{module: first}, param: -1, index: -1})
		}
	case *python.ImportFrom:
		if n.Level == 0 {
			c.imported(n.Module)
			if n.Module == "flask.ext" {
				for _, a := range n.Names {
					c.imported("flask_" + a.Name)
				}
			}
		}
		for _, a := range n.Names {
			if a.Name == "*" {
				s.stars = append(s.stars, n)
				continue
			}
			name := a.AsName
			if name == "" {
				name = a.Name
			}
			s.bind(name, &binding{from: &imported{n.Module, n.Level, a.Name}, param: -1, index: -1})
		}
	case *python.Global:
		s.declare(n.Names)
	case *python.Nonlocal:
		s.declare(n.Names)
	case *python.Return:
		if n.Value != nil {
			c.expr(s, n.Value)
		}
	case *python.ExprStmt:
		c.expr(s, n.Value)
	case *python.Raise:
		if n.Exc != nil {
			c.expr(s, n.Exc)
		}
	case *python.Assert:
		c.expr(s, n.Test)
	}
}

// imported notes what a module uses of Flask.
func (c *collector) imported(name string) {
	first, _, _ := strings.Cut(canonical(name), ".")
	if !strings.HasPrefix(first, "flask") {
		return
	}
	c.module.flask, c.project.hasFlask = true, true
	if strings.HasPrefix(name, "flask_cache") || strings.HasPrefix(name, "flask.ext.cache") {
		c.project.oldCaching = true
	}
	switch first {
	case "flask_caching":
		c.project.usesCaching = true
	case "flask_login", "flask_security", "flask_user", "flask_praetorian", "flask_appbuilder", "flask_jwt_extended":
		c.project.usesLogin = true
	}
}

func (s *scope) declare(names []string) {
	if s.globals == nil {
		s.globals = map[string]bool{}
	}
	for _, name := range names {
		s.globals[name] = true
	}
}

// target binds what stands on the left of an assignment.
func (c *collector) target(s *scope, target, value python.Expr, index int) {
	switch t := target.(type) {
	case *python.Name:
		into := s
		if s.globals[t.ID] {
			into = c.module.scope
		}
		// The value is evaluated where the assignment stands.
		b := &binding{value: value, param: -1, index: int32(index)}
		b.scope = s
		into.names.add(t.ID, b)
	case *python.Tuple:
		for i, e := range t.Elts {
			c.element(s, e, value, i)
		}
	case *python.List:
		for i, e := range t.Elts {
			c.element(s, e, value, i)
		}
	case *python.Attribute:
		c.attribute(s, t, value)
	case *python.Subscript:
		c.expr(s, t.Slice)
		if key, ok := stringOf(t.Slice); ok {
			if _, call := value.(*python.Call); call {
				c.project.attached["["+key] = append(c.project.attached["["+key], &binding{value: value, param: -1, index: -1, scope: s})
			}
		}
	}
}

func (c *collector) element(s *scope, e, value python.Expr, i int) {
	switch v := value.(type) {
	case *python.Tuple:
		if i < len(v.Elts) {
			c.target(s, e, v.Elts[i], -1)
			return
		}
	case *python.List:
		if i < len(v.Elts) {
			c.target(s, e, v.Elts[i], -1)
			return
		}
	}
	c.target(s, e, value, i)
}

// attribute notes who assigns to self, to flask.g and to the request.
func (c *collector) attribute(s *scope, t *python.Attribute, value python.Expr) {
	base, ok := t.Value.(*python.Name)
	if _, call := value.(*python.Call); call && ok {
		c.project.attached[t.Attr] = append(c.project.attached[t.Attr], &binding{value: value, param: -1, index: -1, scope: s})
	}
	if !ok || s.fn == nil {
		return
	}
	if k := s.fn.class; k != nil && len(s.fn.params) > 0 && base.ID == s.fn.params[0] {
		b := &binding{value: value, param: -1, index: -1, scope: s}
		k.self[t.Attr] = append(k.self[t.Attr], b)
		return
	}
	c.project.assignedG[t.Attr] = append(c.project.assignedG[t.Attr], s.fn)
}

func (c *collector) iteration(s *scope, target, iter python.Expr) {
	switch t := target.(type) {
	case *python.Name:
		s.bind(t.ID, &binding{value: iter, param: -1, index: -2})
	case *python.Tuple:
		for _, e := range t.Elts {
			c.iteration(s, e, iter)
		}
	}
}

// expr finds the lambdas in an expression: each is a function.
func (c *collector) expr(s *scope, e python.Expr) {
	python.Inspect(e, func(n python.Node) bool {
		switch n := n.(type) {
		case *python.Lambda:
			f := c.function(s, "", n.Args, n)
			f.result = n.Body
			c.module.lambdas[n] = f
			c.expr(f.scope, n.Body)
			return false
		case *python.NamedExpr:
			s.bind(n.Target.ID, &binding{value: n.Value, param: -1, index: -1})
		case *python.Yield, *python.YieldFrom:
			if s.fn != nil {
				s.fn.generator = true
			}
		}
		return true
	})
}

func (c *collector) function(s *scope, name string, args *python.Arguments, node python.Node) *function {
	f := &function{name: name, args: args, node: node, module: c.module, outer: s.fn, vararg: -1, kwarg: -1}
	if s.class != nil {
		f.class = s.class
	}
	if s.fn != nil {
		s.fn.inner = append(s.fn.inner, f)
	}
	// The body of a class is no scope that its methods see.
	outer := s
	for outer.class != nil && outer.outer != nil {
		outer = outer.outer
	}
	f.scope = newScope(c.module, outer, f, nil)
	add := func(a *python.Arg) {
		f.scope.bind(a.Name, &binding{param: int32(len(f.params)), index: -1})
		f.params = append(f.params, a.Name)
	}
	if args != nil {
		for _, a := range args.PosOnly {
			add(a)
		}
		for _, a := range args.Args {
			add(a)
		}
		f.positional = len(f.params)
		if args.VarArg != nil {
			f.vararg = len(f.params)
			add(args.VarArg)
		}
		for _, a := range args.KwOnly {
			add(a)
		}
		if args.KwArg != nil {
			f.kwarg = len(f.params)
			add(args.KwArg)
		}
		for _, d := range args.Defaults {
			c.expr(s, d)
		}
		for _, d := range args.KwDefaults {
			if d != nil {
				c.expr(s, d)
			}
		}
	}
	return f
}

// lookup is the nearest meaning of a name, seen from this scope.
func (s *scope) lookup(name string) []*binding {
	for at := s; at != nil; at = at.outer {
		if at != s && at.class != nil {
			continue
		}
		if list := at.names.of(name); len(list) > 0 {
			return list
		}
	}
	return nil
}

// member is what a class, or one of its bases in the project, has under a name.
func (k *class) member(p *project, name string) (*binding, *class) {
	seen := map[*class]bool{}
	var find func(k *class) (*binding, *class)
	find = func(k *class) (*binding, *class) {
		if seen[k] {
			return nil, nil
		}
		seen[k] = true
		if list := k.scope.names.of(name); len(list) > 0 {
			return list[len(list)-1], k
		}
		for _, v := range p.basesOf(k) {
			if v.kind == isClass {
				if b, in := find(v.class); b != nil {
					return b, in
				}
			}
		}
		return nil, nil
	}
	return find(k)
}

// basesOf are what the bases of a class mean, found once. While they are being found, a class has none: it may be named in its own.
func (p *project) basesOf(k *class) []value {
	if !k.based {
		k.based = true
		var list []value
		for _, base := range k.node.Bases {
			list = append(list, p.resolve(base, k.scope))
		}
		k.parents = list
	}
	return k.parents
}

// bases are the names of the bases that are not of the project, of the class itself and of its bases.
func (k *class) bases(p *project) (names []string) {
	seen := map[*class]bool{}
	var find func(k *class)
	find = func(k *class) {
		if seen[k] {
			return
		}
		seen[k] = true
		for _, v := range p.basesOf(k) {
			switch v.kind {
			case isClass:
				find(v.class)
			case isExternal:
				names = append(names, v.name)
			}
		}
	}
	find(k)
	return names
}
