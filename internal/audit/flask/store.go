package flask

import (
	"regexp"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// operation is a read from, or a write to, a store that outlives the request.
type operation struct {
	write      bool
	both       bool // get_or_set: it reads what it writes
	store      string
	dict       bool // a dict of the program, which nobody else reads
	key, value taint
	keyText    string
	literal    bool // the key's text is written here: "orders", f"orders:{page}"
	at         finding.Place
	node       python.Node
	fn         *function
	module     *module
	nobody     bool           // it is made for those only who are not known
	read       bool           // under the same key, in the same function
	view       *view          // whose answers it keeps
	within     *finding.Place // where a function that was called does it
}

var (
	storeClass = words(`^(flask_caching\.Cache\(\)|cachelib\.\w+\(\)|redis\.(Strict)?Redis(Cluster)?\(\)|redis\.(Strict)?(Redis\.)?from_url\(\)|redis\.sentinel\..*|flask_redis\.\w+\(\)|fakeredis\.\w+\(\)|pymemcache\..*\(\)|pylibmc\.Client\(\)|memcache\.Client\(\)|bmemcached\.Client\(\)|diskcache\.(Fanout)?Cache\(\)|dogpile\.cache\.make_region\(\)(\.configure\(\))?|cachetools\.\w+Cache\(\)|expiringdict\.ExpiringDict\(\)|google\.appengine\.api\.memcache|walrus\.\w+\(\)|shelve\.open\(\)|aiocache\.\w+\(\)|cacheout\.\w+\(\)|django\.core\.cache\.cache|flask_memcached\w*\.\w+\(\)|werkzeug\.contrib\.cache\.\w+\(\))(\.cache)?$`)
	storeName  = words(`(?i)^_*((\w+_)?cache(_?(client|store|backend|manager|service|db|dict|data|instance))?|(\w+_)?redis(_?(client|store|conn|connection|db|cache|server|instance))?|rdb|memcached?(_client)?(_instance)?|mc|memo|_?memo(ized)?|(\w+_)?cached(_\w+)?|cache_\w+)$`)
	dictClass  = words(`^(dict\(\)|collections\.(OrderedDict|defaultdict)\(\)|weakref\.WeakValueDictionary\(\))$`)
	readers    = map[string]bool{"get": true, "get_many": true, "get_dict": true, "hget": true, "hgetall": true, "mget": true, "exists": true, "has": true, "lrange": true, "smembers": true, "read": true, "fetch": true, "getex": true, "gets": true, "load": true, "get_cache": true, "get_cached": true, "__contains__": true}
	writers    = map[string]int{"set": 1, "setex": 2, "psetex": 2, "add": 1, "hset": 2, "hmset": 1, "put": 1, "setnx": 1, "store": 1, "write": 1, "save": 1, "set_cache": 1, "set_cached": 1, "getset": 1, "set_many": 0, "mset": 0, "msetnx": 0, "update": 0, "setdefault": 1, "replace": 1}
	makers     = map[string]bool{"get_or_set": true, "get_or_create": true, "get_or_compute": true, "remember": true, "fetch_or_store": true, "get_set": true, "getOrSet": true, "get_or_update": true, "memoize_value": true, "get_or_add": true}
)

// isStore reports whether an expression is a cache that outlives the request, and what it is called.
func (fr *frame) isStore(e python.Expr) (string, bool) {
	v := fr.p.resolve(e, fr.scope)
	text := fr.module.file.Source(e)
	if len(text) > 80 {
		text = text[:80]
	}
	if of := fr.viewOf(e); of != nil {
		_, ok := fr.isStore(of)
		return text, ok
	}
	switch v.kind {
	case isExternal:
		if storeClass.MatchString(v.name) {
			return text, true
		}
		if dictClass.MatchString(v.name) {
			return text, fr.outlives(e)
		}
		if strings.HasPrefix(v.name, "flask.session") || strings.HasPrefix(v.name, "flask.request") || strings.HasPrefix(v.name, "flask.g") || strings.HasSuffix(v.name, "()") && !strings.HasPrefix(v.name, "flask.current_app") {
			return "", false
		}
		last := v.name[strings.LastIndexByte(v.name, '.')+1:]
		if strings.HasSuffix(v.name, ".extensions.get()") { // cache = current_app.extensions.get("cache")
			last = lastName(e)
		}
		return text, storeName.MatchString(last)
	case isInstance:
		if _, local := fr.env[rootName(e)]; local && fr.isLocal(rootName(e)) {
			return "", false
		}
		for _, base := range v.class.bases(fr.p) {
			if storeClass.MatchString(base+"()") || base == "dict" {
				return text, true
			}
		}
		return "", false
	case isModule:
		return "", false
	}
	name := ""
	switch n := e.(type) {
	case *python.Name:
		name = n.ID
		if fr.isLocal(name) {
			list := fr.scope.names.of(name)
			if len(list) == 1 && list[0].value != nil { // pages = kept["journal"]
				if part, ok := list[0].value.(*python.Subscript); ok {
					if v := fr.p.resolve(part.Value, fr.scope); v.kind == isExternal && dictClass.MatchString(v.name) && fr.outlives(part.Value) {
						return text, true
					}
				}
			}
			if len(list) == 0 {
				return "", false
			}
			if list[0].from != nil {
				return text, storeName.MatchString(name)
			}
			if list[0].param >= 0 { // def keep(redis, key, value)
				return text, storeName.MatchString(name)
			}
			made, ok := list[0].value.(*python.Call) // redis = get_redis()
			if !ok {
				return "", false
			}
			name = strings.TrimPrefix(calleeName(made), "get_")
		}
	case *python.Attribute:
		name = n.Attr
		if root := rootName(n); root != "" && fr.isLocal(root) && !(fr.fn != nil && fr.fn.class != nil && len(fr.fn.params) > 0 && root == fr.fn.params[0]) {
			return "", false
		}
	case *python.Call: // get_redis().get(key)
		name = strings.TrimPrefix(calleeName(n), "get_")
	}
	return text, name != "" && storeName.MatchString(name)
}

// viewOf is the store of which an expression is another face: redis.pipeline(), redis.json(), or a name for one of these; nil where it is none.
func (fr *frame) viewOf(e python.Expr) python.Expr {
	if name, ok := e.(*python.Name); ok && fr.isLocal(name.ID) {
		if list := fr.scope.names.of(name.ID); len(list) == 1 && list[0].value != nil {
			e = list[0].value
		}
	}
	c, ok := e.(*python.Call)
	if !ok {
		return nil
	}
	if a, ok := c.Func.(*python.Attribute); ok && (a.Attr == "pipeline" || a.Attr == "json" && len(c.Args) == 0) {
		return a.Value
	}
	return nil
}

// outlives reports whether a dict is a module's, or a class's, and not made for the request.
func (fr *frame) outlives(e python.Expr) bool {
	switch n := e.(type) {
	case *python.Name:
		if fr.isLocal(n.ID) {
			return false
		}
		list := fr.scope.lookup(n.ID)
		if len(list) == 0 {
			return false
		}
		b := list[len(list)-1]
		if b.from != nil {
			return true
		}
		return b.scope.fn == nil || fr.fn != nil && b.scope.fn != fr.fn && fr.p.isDecorating(b.scope.fn)
	case *python.Attribute:
		base := fr.p.resolve(n.Value, fr.scope)
		switch base.kind {
		case isModule, isClass:
			return true
		case isExternal:
			return base.name == "flask.current_app" || strings.HasPrefix(base.name, "flask.current_app.")
		case isInstance: // set in the body of the class, or of an object that the module has
			k := base.class
			return len(k.scope.names.of(n.Attr)) > 0 || fr.p.singletons[k] && len(k.self[n.Attr]) > 0
		}
	}
	return false
}

// isDecorating: a function that is a decorator, or makes one, in which a dict lives as long as the program: one of its functions calls
// a parameter of a function around it.
func (p *project) isDecorating(f *function) bool {
	for _, inner := range f.nested() {
		found := false
		for _, stmt := range inner.body {
			python.Inspect(stmt, func(n python.Node) bool {
				if c, ok := n.(*python.Call); ok {
					if name, ok := c.Func.(*python.Name); ok {
						list := inner.scope.lookup(name.ID)
						found = found || len(list) > 0 && list[0].param >= 0 && list[0].scope.fn != inner
					}
				}
				return !found
			})
		}
		if found {
			return true
		}
	}
	return false
}

// isDict reports whether a store is a plain dict, or one that forgets: what its keys are, nobody reads from outside of the program.
func (fr *frame) isDict(e python.Expr) bool {
	v := fr.p.resolve(e, fr.scope)
	return v.kind == isExternal && (dictClass.MatchString(v.name) || strings.HasPrefix(v.name, "cachetools.") || strings.HasPrefix(v.name, "expiringdict."))
}

// storeCall is a method of a store, or a function that is called like one.
func (fr *frame) storeCall(n *python.Call, g given) (taint, bool) {
	attr, ok := n.Func.(*python.Attribute)
	if !ok || len(n.Args)+len(n.Keywords) == 0 {
		return taint{}, false
	}
	at, writes := writers[attr.Attr]
	if !writes && !readers[attr.Attr] && !makers[attr.Attr] {
		return taint{}, false
	}
	store, ok := fr.isStore(attr.Value)
	if !ok {
		return taint{}, false
	}
	op := operation{store: store, dict: fr.isDict(attr.Value), node: n, fn: fr.fn, module: fr.module, at: fr.place(n, "")}
	switch attr.Attr {
	case "set_many", "mset", "msetnx", "update":
		fr.storeMany(n, op)
		return taint{}, true
	case "get_many", "mget", "get_dict":
		return fr.readMany(n, op), true
	}
	if len(n.Args) > 0 {
		op.key = g.positional[0].and(fr.tokenInKey(n.Args[0]))
		op.keyText, op.literal = fr.keyText(n.Args[0])
		if (attr.Attr == "hget" || attr.Attr == "hset") && len(n.Args) > 1 {
			op.key = op.key.and(g.positional[1])
			op.keyText += "," + fr.module.file.Source(n.Args[1])
			op.literal = op.literal && isLiteral(n.Args[1])
		}
	}
	for _, name := range []string{"key", "name"} {
		if e, ok := keywordOf(n, name); ok {
			op.key = op.key.and(g.keyword(name))
			op.keyText, op.literal = fr.keyText(e)
		}
	}
	if c, ok := attr.Value.(*python.Call); ok && calleeName(c) == "json" { // key, path, value
		at = 2
	}
	switch {
	case makers[attr.Attr]:
		op.write, op.both = true, true
		for i := 1; i < len(g.positional); i++ {
			op.value = op.value.and(g.positional[i])
		}
		for name, t := range g.named() {
			if name != "key" {
				op.value = op.value.and(t)
			}
		}
		fr.operate(op)
		return op.value, true
	case writes:
		op.write, op.both = true, attr.Attr == "setdefault"
		if at < len(g.positional) {
			op.value = g.positional[at]
		}
		for _, name := range []string{"value", "mapping", "data", "val"} {
			op.value = op.value.and(g.keyword(name))
		}
		op.value = op.value.and(fr.pc.told())
		fr.operate(op)
		if op.both {
			return op.value, true
		}
		return taint{}, true
	}
	fr.operate(op)
	return found(op.key), true
}

// found is what is read under a key: it depends on the key.
func found(key taint) taint {
	t := key.told()
	t.marks |= stored
	return t
}

// storeMany is store.mset({key: value, …}), or by keywords.
func (fr *frame) storeMany(n *python.Call, op operation) {
	op.write = true
	keep := func(key, value python.Expr) {
		op.key, op.value = taint{}, fr.eval(value).and(fr.pc.told())
		if key != nil {
			op.key = fr.eval(key)
			op.keyText, op.literal = fr.keyText(key)
		}
		op.node = value
		fr.operate(op)
	}
	for _, a := range n.Args {
		if d, ok := a.(*python.Dict); ok {
			for i, key := range d.Keys {
				if key != nil {
					keep(key, d.Values[i])
				}
			}
		}
	}
	for _, k := range n.Keywords {
		if k.Name != "" && k.Name != "mapping" && k.Name != "timeout" {
			op.keyText, op.literal = quoted(k.Name), true
			keep(nil, k.Value)
		}
	}
}

// readMany is store.mget([key, …]), or with the keys as arguments.
func (fr *frame) readMany(n *python.Call, op operation) taint {
	var keys []python.Expr
	for _, a := range n.Args {
		switch list := a.(type) {
		case *python.List:
			keys = append(keys, list.Elts...)
		case *python.Tuple:
			keys = append(keys, list.Elts...)
		default:
			keys = append(keys, a)
		}
	}
	t := taint{marks: stored}
	for _, key := range keys {
		op.key, op.node = fr.eval(key), key
		op.keyText, op.literal = fr.keyText(key)
		fr.operate(op)
		t = t.and(found(op.key))
	}
	return t
}

// keyOfToken is what stands before a token in a key: "token:", "auth_token_".
var keyOfToken = regexp.MustCompile(`(?i)(^|[^a-z])(token|api_?key|bearer)s?[-_:./]*$`)

// tokenInKey: what a key calls a token, and has such a name, is one: "token_" + token.
func (fr *frame) tokenInKey(e python.Expr) taint {
	before, after := "", python.Expr(nil)
	switch n := e.(type) {
	case *python.BinOp:
		if n.Op == python.Add {
			before, after = endOf(n.Left), n.Right
		}
	case *python.JoinedStr:
		if len(n.Values) == 2 {
			before = textOf(n.Values[0])
			if f, ok := n.Values[1].(*python.FormattedValue); ok {
				after = f.Value
			}
		}
	}
	name := lastName(after)
	if after == nil || !keyOfToken.MatchString(before) || oneOff.MatchString(before) || fr.forOneUse() || !tokenName.MatchString(name) && !bareToken.MatchString(name) && name != "key" {
		return taint{}
	}
	return taint{marks: secret | named, why: &origin{place: fr.place(after, name)}}
}

// keyText is a key as it is written: the text where that is known, whatever name it goes by. It reports whether that is so.
func (fr *frame) keyText(e python.Expr) (text string, literal bool) {
	if s, ok := fr.constant(e); ok {
		return quoted(s), true
	}
	if name, ok := e.(*python.Name); ok && fr.isLocal(name.ID) { // key = f"orders:{page}", before
		if list := fr.scope.names.of(name.ID); len(list) == 1 && list[0].param < 0 && list[0].index < 0 && !list[0].isIteration() && list[0].value != nil {
			e = list[0].value
		}
	}
	return fr.module.file.Source(e), isLiteral(e)
}

func isLiteral(e python.Expr) bool {
	switch n := e.(type) {
	case *python.Constant:
		return n.Kind == python.Str
	case *python.JoinedStr:
		return true
	case *python.BinOp:
		return isLiteral(n.Left) || isLiteral(n.Right)
	case *python.Call:
		if a, ok := n.Func.(*python.Attribute); ok {
			return isLiteral(a.Value)
		}
	}
	return false
}

// storeInto is cache[key] = value.
func (fr *frame) storeInto(n *python.Subscript, value python.Expr, t taint) {
	store, ok := fr.isStore(n.Value)
	if !ok || value == nil {
		return
	}
	text, literal := fr.keyText(n.Slice)
	fr.operate(operation{write: true, store: store, dict: fr.isDict(n.Value), node: n, fn: fr.fn, module: fr.module, at: fr.place(n, ""), key: fr.eval(n.Slice), value: t,
		keyText: text, literal: literal})
}

// readFrom is cache[key], read.
func (fr *frame) readFrom(base, key python.Expr, at python.Node) {
	if store, ok := fr.isStore(base); ok {
		text, literal := fr.keyText(key)
		fr.operate(operation{store: store, dict: fr.isDict(base), node: at, fn: fr.fn, module: fr.module, at: fr.place(at, ""), key: fr.eval(key), keyText: text, literal: literal})
	}
}

// lookedUp is key in cache.
func (fr *frame) lookedUp(n *python.Compare) {
	for i, op := range n.Ops {
		if op == python.In || op == python.NotIn {
			left := n.Left
			if i > 0 {
				left = n.Comparators[i-1]
			}
			fr.readFrom(n.Comparators[i], left, n)
		}
	}
}

// maxOperations bounds what a function carries to those who call it.
const maxOperations = 64

func (fr *frame) operate(op operation) {
	if fr.dry {
		return
	}
	if fr.anonymous {
		op.value, op.nobody = op.value.drop(caller), true
	}
	if fr.apart && op.write && op.value.attrs&whole == 0 {
		op.value = op.value.drop(caller)
	}
	for i := range fr.sum.ops {
		if o := &fr.sum.ops[i]; o.node == op.node && o.write == op.write && o.at == op.at {
			o.key, o.value = o.key.and(op.key), o.value.and(op.value)
			return
		}
	}
	if !op.write && op.literal {
		fr.p.reads[op.keyText] = true
	}
	if len(fr.sum.ops) < maxOperations {
		fr.sum.ops = append(fr.sum.ops, op)
	}
}

// lift carries an operation of a function to its caller, where the key or the value is an argument.
func (fr *frame) lift(op operation, f *function, args []taint, sum *summary, at python.Node) {
	if op.key.params == 0 && op.value.params == 0 {
		return
	}
	before := op.key
	byKey := op.key.params != 0 && !op.value.has(caller)
	op.key = fr.substitute(op.key, f, args, sum, at)
	op.value = fr.substitute(op.value, f, args, sum, at)
	if byKey && before.has(secret) { // that is told where it enters the key
		op.key = op.key.told().and(taint{marks: caller, attrs: whole})
	}
	if byKey {
		if e := argumentFor(at, f, before.params); e != nil {
			op.keyText, op.literal = fr.keyText(e)
		}
		if op.within == nil && op.write {
			there := op.at
			there.Note = "stored there, by " + f.qualified()
			op.within = &there
		}
		op.store, op.node, op.fn, op.module, op.at = "", at, fr.fn, fr.module, fr.place(at, "")
	}
	fr.operate(op)
}

// argumentFor is the argument of a call for the first of some parameters of the function; nil where it is not found.
func argumentFor(at python.Node, f *function, params uint64) python.Expr {
	c, ok := at.(*python.Call)
	if !ok {
		return nil
	}
	for i, name := range f.params {
		if i >= 64 || params&(1<<i) == 0 {
			continue
		}
		if e, ok := keywordOf(c, name); ok {
			return e
		}
		at := i
		if _, method := c.Func.(*python.Attribute); method && f.class != nil && !isStatic(f) {
			at--
		}
		if at >= 0 && at < len(c.Args) {
			return c.Args[at]
		}
	}
	return nil
}

// settle judges the operations of a function when all of it was seen.
func (fr *frame) settle() {
	for i := range fr.sum.ops {
		op := &fr.sum.ops[i]
		fr.p.keyHolds(op)
		op.read = op.read || op.both || op.write && fr.isRead(op)
		if op.store == attributeStore && op.value.attrs&(whole|part) == 0 {
			continue // that there is somebody, it may tell
		}
		if !op.write || op.value.has(added) || !op.value.has(caller) || covers(op.key, op.value) {
			continue
		}
		if op.key.params != 0 && (fr.fn == nil || len(fr.p.views[fr.fn]) == 0) || op.key.has(opaque) {
			continue // whether an argument is the caller, the callers say; those of a view are parts of the path
		}
		fr.p.manual = append(fr.p.manual, *op)
	}
}

// isRead reports whether what is written under a key is also read under it, in the same function.
func (fr *frame) isRead(op *operation) bool {
	for i := range fr.sum.ops {
		o := &fr.sum.ops[i]
		if !o.write && o.keyText == op.keyText && (o.module != op.module || o.node.Range().Start < op.node.Range().Start) {
			return true
		}
	}
	return false
}

// covers reports whether a key tells apart all callers between whom a value differs.
func covers(key, value taint) bool {
	switch {
	case key.has(sometimes):
		return false
	case key.has(claimed|fromQuery|fromBody) && !key.has(secret) && value.has(caller) && !value.has(claimed|fromQuery|fromBody):
		return false // whoever asks says so himself
	case key.has(caller|secret|fields) && (key.attrs&whole != 0 || key.has(secret|fields)):
		return true
	case key.has(caller) && key.attrs&part != 0 && value.attrs&^(part|presence) == 0 && value.has(caller):
		return true
	case key.has(caller) && value.attrs == presence:
		return true
	case key.has(wrapped | opaque):
		return true
	case value.has(fromQuery) && key.has(query), value.has(fromBody) && key.has(body):
		return true
	}
	return false
}

// readGlobal and writeGlobal are a variable of the module that functions keep a value in: global last; if last is None: last = …
func (fr *frame) readGlobal(n *python.Name) {
	fr.operate(operation{store: "global", dict: true, node: n, fn: fr.fn, module: fr.module, at: fr.place(n, ""), keyText: n.ID})
}

func (fr *frame) writeGlobal(n *python.Name, t taint, value python.Expr) {
	if fr.fn == nil || !fr.scope.globals[n.ID] || value == nil {
		return
	}
	fr.operate(operation{write: true, store: "global", dict: true, node: n, fn: fr.fn, module: fr.module, at: fr.place(n, ""), keyText: n.ID, value: t})
}
