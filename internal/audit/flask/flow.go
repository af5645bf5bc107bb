package flask

import (
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// summary is what a call of a function comes to, whoever calls it.
type summary struct {
	ret     taint
	with    bool    // some way gives the caller
	without bool    // some way does not, though there may be one
	always  bool    // it never returns: it raises, or aborts
	checks  []check // by which it refuses some callers
	ops     []operation
	sinks   []sink
	raised  taint  // what its exceptions hold
	inner   []call // of the function that it is put on, where it is the wrapper of a decorator
	layers  []layer
}

// check is a place where an answer is refused by who asks.
type check struct {
	why      taint
	place    finding.Place
	strength strength
}

// call is how a wrapper calls the function that it wraps: with what before, and beside, the arguments that it got itself.
type call struct {
	positional []taint
	keywords   map[string]taint
	passesAll  bool // *args or **kwargs of its own
}

// frame is one function while it is looked at, statement by statement.
type frame struct {
	p         *project
	module    *module
	fn        *function // nil for the body of a module
	scope     *scope
	env       map[string]taint
	pc        taint // what the statement's being reached depends on
	sum       *summary
	seen      taint            // callers and secrets in the expressions since it was cleared
	mute      int              // above 0: what is returned is a refusal
	dry       bool             // nothing is noted but what the value depends on
	onlyIf    string           // the parameter of a decorator that is known to be set here
	loops     int              // above 0: a loop around runs once more
	work      int              // entries that were copied
	anonymous bool             // nobody is logged in here
	without   uint64           // parameters that are known to be None here
	kwargs    map[string]taint // what was put into **kwargs by name
	rights    bool             // pc is about more than whether there is somebody
	apart     bool             // who asks decides under which of several keys something is kept
	raised    taint            // what exceptions hold that were raised since it was cleared
}

// summarize is the summary of a function; an empty one while it is being made, for functions that call themselves.
func (p *project) summarize(f *function) *summary {
	if f.summary != nil {
		return f.summary
	}
	s := &summary{}
	f.summary = s
	if p.depth > maxDepth {
		return s
	}
	p.depth++
	defer func() { p.depth-- }()
	fr := &frame{p: p, module: f.module, fn: f, scope: f.scope, env: p.emptyEnv(), sum: s}
	given := p.injected(f)
	for i, name := range f.params {
		if list := f.scope.names.of(name); i != f.vararg && i != f.kwarg && (name == "request" || len(list) > 0 && p.requests[list[0]]) {
			continue // it is Flask's
		}
		fr.env[name] = param(i).and(given[name]).and(fr.paramNamed(name))
	}
	if f.result != nil {
		s.ret = fr.eval(f.result)
	} else {
		s.always = fr.block(f.body) == raises
	}
	fr.settle()
	if len(fr.env) <= 16 { // to clear a large one would take longer than to make one
		clear(fr.env)
		p.spare = append(p.spare, fr.env)
	}
	return s
}

func (p *project) emptyEnv() map[string]taint {
	last := len(p.spare) - 1
	if last < 0 {
		return map[string]taint{}
	}
	env := p.spare[last]
	p.spare = p.spare[:last]
	return env
}

// isText is an expression of text, such as a key: not None, and nothing that is found.
func isText(e python.Expr) bool {
	switch n := e.(type) {
	case *python.Constant:
		return n.Kind == python.Str
	case *python.JoinedStr:
		return true
	case *python.BinOp:
		return isText(n.Left) || isText(n.Right)
	}
	return false
}

// returned adds what a function gives on one of its ways. Where another way gives the caller and this one does not, though there may be one,
// the caller is in it sometimes.
func (fr *frame) returned(t taint, e python.Expr) {
	s := fr.sum
	switch {
	case t.has(caller):
		if s.without {
			t = t.seldom()
		}
		s.with = true
	case !fr.anonymous && !fr.pc.has(caller) && fr.pc.params == 0 && isText(e):
		if s.with {
			s.ret = s.ret.seldom()
		}
		s.without = true
	}
	pc := fr.pc.asked()
	if s.ret.has(sometimes) || t.has(sometimes) { // what decided the way makes it no more certain
		pc = pc.seldom()
	}
	s.ret = s.ret.and(t).and(pc)
	if s.with && s.without && s.ret.has(caller) {
		s.ret.marks |= sometimes
	}
}

// maxDepth bounds how deep calls are followed.
const maxDepth = 60

// ending is how a block ends.
type ending uint8

const (
	goesOn ending = iota
	leaves        // by return, break or continue
	raises        // or aborts
)

func (fr *frame) place(n python.Node, note string) finding.Place {
	return finding.Place{File: fr.module.path, Line: fr.module.line(n), Note: note}
}

// block runs statements. What a branch by the caller left behind holds to the end of the block.
func (fr *frame) block(list []python.Stmt) ending {
	pc, anonymous, asked := fr.pc, fr.anonymous, fr.rights
	defer func() { fr.pc, fr.anonymous, fr.rights = pc, anonymous, asked }()
	for i, stmt := range list {
		if end := fr.stmt(stmt, list[i+1:]); end != goesOn {
			return end
		}
	}
	return goesOn
}

func (fr *frame) stmt(stmt python.Stmt, rest []python.Stmt) ending {
	switch n := stmt.(type) {
	case *python.Assign:
		t := fr.eval(n.Value)
		for _, target := range n.Targets {
			fr.assign(target, n.Value, t)
		}
	case *python.AnnAssign:
		if n.Value != nil {
			fr.assign(n.Target, n.Value, fr.eval(n.Value))
		}
	case *python.AugAssign:
		t := fr.eval(n.Value).and(fr.eval(n.Target))
		if _, ok := n.Target.(*python.Attribute); ok {
			t.marks |= stored
		}
		fr.assign(n.Target, nil, t)
	case *python.ExprStmt:
		fr.eval(n.Value)
		if fr.aborts(n.Value) {
			fr.refusedHere(n)
			return raises
		}
	case *python.Return:
		if n.Value != nil && fr.pc.has(caller) && fr.refusal(n.Value, 4) {
			fr.refusedHere(n)
		}
		var t taint
		if n.Value != nil {
			t = fr.eval(n.Value)
		}
		if fr.mute == 0 {
			fr.returned(t, n.Value)
		}
		return leaves
	case *python.Raise:
		if n.Exc != nil {
			t := fr.eval(n.Exc)
			if c, ok := n.Exc.(*python.Call); ok { // an exception has the text that it is made with
				t = fr.join(c.Args...)
			}
			fr.raised = fr.raised.and(t)
			fr.sum.raised = fr.sum.raised.and(fr.raised)
		}
		fr.refusedHere(n)
		return raises
	case *python.Break, *python.Continue:
		return leaves
	case *python.If:
		return fr.branch(n, rest)
	case *python.For:
		t := fr.eval(n.Iter)
		fr.again(func() {
			fr.assign(n.Target, nil, t)
			fr.iterated(n.Target, n.Iter)
			fr.block(n.Body)
		})
		fr.block(n.Else)
	case *python.While:
		t := fr.eval(n.Test)
		pc := fr.pc
		if t.has(caller) {
			fr.pc = fr.pc.and(t)
		}
		fr.again(func() { fr.block(n.Body) })
		fr.pc = pc
		fr.block(n.Else)
	case *python.With:
		for _, item := range n.Items {
			t := fr.eval(item.Context)
			if item.OptionalAs != nil {
				fr.assign(item.OptionalAs, nil, t)
			}
		}
		return fr.block(n.Body)
	case *python.Try:
		return fr.try(n)
	case *python.Match:
		return fr.match(n)
	case *python.Assert:
		if t := fr.eval(n.Test); t.has(caller) {
			fr.refuse(t, n)
		}
	case *python.Delete:
		for _, target := range n.Targets {
			fr.eval(target)
			if s, ok := target.(*python.Subscript); ok {
				fr.dropField(s.Value, s.Slice)
			}
		}
	}
	return goesOn
}

// dropField: what goes without its Authorization field is no secret any more.
func (fr *frame) dropField(base, key python.Expr) {
	name, ok := base.(*python.Name)
	if !ok {
		return
	}
	if s, constant := stringOf(key); constant && secretField.MatchString(s) {
		t := fr.env[name.ID].drop(secret | fields | caller)
		t.copies = 0
		fr.env[name.ID] = t
	}
}

// again runs the body of a loop, and once more, since what it leaves behind it may see the next time. Of loops in loops the outermost
// does that for all: each for itself would run the innermost as often as two to the power of their number.
func (fr *frame) again(body func()) {
	body()
	if fr.loops > 0 {
		return
	}
	fr.loops++
	body()
	fr.loops--
}

// branch is an if. A branch that refuses is a check; any other makes what happens in it, and behind it, depend on the test.
func (fr *frame) branch(n *python.If, rest []python.Stmt) ending {
	t := fr.eval(n.Test)
	byCaller := t.has(caller|secret) || t.params != 0
	bodyRefuses := fr.refuses(n.Body)
	elseRefuses := len(n.Else) > 0 && fr.refuses(n.Else)
	// if allowed: return answer, and refused behind it.
	restRefuses := len(n.Else) == 0 && !bodyRefuses && alwaysLeaves(n.Body) && len(rest) > 0 && fr.refuses(rest) && len(rest) <= 2
	pc, asked := fr.pc, fr.rights
	switch {
	case byCaller && (bodyRefuses || elseRefuses || restRefuses):
		if !t.has(caller|secret) && (bodyRefuses || elseRefuses) && fr.pc.has(caller) && forbids.MatchString(fr.module.file.Source(n)) {
			t = t.and(fr.pc) // if theirs: if not shared: abort(403)
		}
		fr.refuse(t, n.Test)
	case byCaller:
		fr.pc = fr.pc.and(t)
		fr.rights = fr.rights || !t.has(secret|fields) && !fr.onlyPresence(n.Test)
	}
	none, isNone := fr.asksForNone(n.Test)
	without := fr.without
	if isNone {
		fr.without |= none
	}
	onlyIf := fr.onlyIf
	if name, ok := n.Test.(*python.Name); ok && fr.isFreeParam(name.ID) {
		fr.onlyIf = name.ID
	}
	present, nobody := fr.presence(n.Test, t)
	anonymous := fr.anonymous
	if nobody {
		fr.anonymous = true
	}
	inside, insideAsked := fr.pc, fr.rights
	apart := fr.apart
	fr.apart = fr.apart || byCaller && keptApart(n)
	before := fr.copied()
	if name := missing(n.Test); fr.env[name].has(stored) { // in here nothing was kept
		fr.env[name] = fr.env[name].drop(stored | added)
	}
	end := fr.muted(n.Body, byCaller && bodyRefuses)
	after := fr.env
	fr.env = before
	fr.pc = inside
	fr.onlyIf, fr.anonymous, fr.without = onlyIf, anonymous || present, without
	if none != 0 && !isNone {
		fr.without |= none
	}
	other := fr.muted(n.Else, byCaller && elseRefuses)
	fr.apart = apart
	fr.anonymous, fr.without = anonymous || present && alwaysLeaves(n.Body), without
	switch {
	case end == goesOn && other == goesOn:
		if len(n.Else) == 0 && !byCaller && !fr.asksSwitch(n.Test) {
			fr.lengthened(n.Body, after)
		}
		fr.meet(after)
	case end == goesOn:
		fr.env = after
	}
	fr.pc, fr.rights = pc, asked
	if byCaller && !bodyRefuses && !elseRefuses && !restRefuses && (end == leaves || other == leaves) {
		fr.pc, fr.rights = inside, insideAsked // what follows is for the others
	}
	switch {
	case end == goesOn || other == goesOn:
		return goesOn
	case end == raises && other == raises:
		return raises
	}
	return leaves
}

// mostCopied bounds the work of keeping the ways through a function apart: thousands of branches over thousands of names. Beyond it they are one.
const mostCopied = 2_000_000

func (fr *frame) copied() map[string]taint {
	if fr.work += len(fr.env); fr.work > mostCopied {
		return fr.env
	}
	return copyOf(fr.env)
}

// meet brings two ways together again.
func (fr *frame) meet(other map[string]taint) {
	if fr.work <= mostCopied {
		merge(fr.env, other)
	}
}

// muted runs a block whose answers, where it refuses, are none of what the function is for.
func (fr *frame) muted(list []python.Stmt, refusal bool) ending {
	if refusal {
		fr.mute++
		defer func() { fr.mute-- }()
	}
	return fr.block(list)
}

func (fr *frame) check(c check) {
	for _, other := range fr.sum.checks {
		if other.place == c.place {
			return
		}
	}
	if len(fr.sum.checks) < 16 {
		fr.sum.checks = append(fr.sum.checks, c)
	}
}

func (fr *frame) try(n *python.Try) ending {
	seen, raised := fr.seen, fr.raised
	fr.seen, fr.raised = taint{}, taint{}
	before := copyOf(fr.env)
	end := fr.block(n.Body)
	inBody := fr.seen
	after := fr.env
	leftBy := []ending{end}
	for _, h := range n.Handlers {
		fr.env = copyOf(before)
		merge(fr.env, after)
		refusal := inBody.has(caller|secret) && fr.refuses(h.Body)
		if refusal {
			fr.refuse(inBody, h)
		}
		if h.Name != "" {
			fr.env[h.Name] = fr.raised
		}
		pc := fr.pc
		if inBody.has(caller|secret|fields) && !refusal { // whether there is a good token decides what follows
			fr.pc = fr.pc.and(inBody.asked())
		}
		e := fr.muted(h.Body, refusal)
		fr.pc = pc
		if e == goesOn {
			merge(after, fr.env)
			leftBy = append(leftBy, e)
		}
	}
	fr.env = after
	fr.seen, fr.raised = seen.and(inBody), raised
	if end == goesOn {
		end = fr.block(n.Else)
		leftBy[0] = end
	}
	if e := fr.block(n.Finally); e != goesOn {
		return e
	}
	for _, e := range leftBy {
		if e == goesOn {
			return goesOn
		}
	}
	return end
}

func (fr *frame) match(n *python.Match) ending {
	t := fr.eval(n.Subject)
	pc := fr.pc
	if t.has(caller) {
		fr.pc = fr.pc.and(t)
	}
	before := copyOf(fr.env)
	after := copyOf(fr.env)
	for _, c := range n.Cases {
		fr.env = copyOf(before)
		python.Inspect(c.Pattern, func(node python.Node) bool {
			switch x := node.(type) {
			case *python.MatchAs:
				fr.env[x.Name] = t
			case *python.MatchStar:
				fr.env[x.Name] = t
			case *python.MatchMapping:
				fr.env[x.Rest] = t
			}
			return true
		})
		if c.Guard != nil {
			fr.eval(c.Guard)
		}
		if fr.block(c.Body) == goesOn {
			merge(after, fr.env)
		}
	}
	fr.env, fr.pc = after, pc
	return goesOn
}

func copyOf(env map[string]taint) map[string]taint {
	c := make(map[string]taint, len(env))
	for name, t := range env {
		c[name] = t
	}
	return c
}

func merge(into, from map[string]taint) {
	for name, t := range from {
		into[name] = into[name].and(t)
	}
}

// assign gives a target what a value is made of.
func (fr *frame) assign(target, value python.Expr, t taint) {
	switch n := target.(type) {
	case *python.Attribute:
		fr.writeAttribute(n, t)
	case *python.Name:
		fr.writeGlobal(n, t, value)
	}
	t = t.and(fr.pc.asked())
	switch n := target.(type) {
	case *python.Name:
		fr.env[n.ID] = fr.asNamed(n.ID, t, value, n)
	case *python.Tuple:
		fr.unpack(n.Elts, value, t)
	case *python.List:
		fr.unpack(n.Elts, value, t)
	case *python.Starred:
		fr.assign(n.Value, nil, t)
	case *python.Attribute:
		fr.toAttribute(n, t)
	case *python.Subscript:
		fr.toSubscript(n, value, t)
	}
}

// schemeName are names for what stands before the token: "Bearer".
var schemeName = words(`(?i)(type|scheme|prefix|method|kind|^_+$)$`)

func (fr *frame) unpack(targets []python.Expr, value python.Expr, t taint) {
	var elements []python.Expr
	switch v := value.(type) {
	case *python.Tuple:
		elements = v.Elts
	case *python.List:
		elements = v.Elts
	}
	for i, target := range targets {
		if name, ok := target.(*python.Name); ok && t.has(secret) && len(elements) == 0 && schemeName.MatchString(name.ID) {
			fr.env[name.ID] = t.told().drop(caller)
			continue
		}
		if len(elements) == len(targets) {
			fr.assign(target, elements[i], fr.eval(elements[i]))
		} else {
			fr.assign(target, nil, t)
		}
	}
}

// toAttribute is base.attr = value.
func (fr *frame) toAttribute(n *python.Attribute, t taint) {
	if t.has(secret) && (userName.MatchString(n.Attr) || shortName.MatchString(n.Attr)) {
		t = t.told()
	}
	base := fr.p.resolve(n.Value, fr.scope)
	if base.kind == isExternal && (base.name == "flask.g" || base.name == "flask.request" || strings.HasPrefix(base.name, "flask._") && strings.HasSuffix(base.name, ".top")) {
		fr.p.g[n.Attr] = fr.p.g[n.Attr].and(fr.rid(t).through(fr.place(n, base.name[strings.LastIndexByte(base.name, '.')+1:]+"."+n.Attr+" is set")))
	}
	if path := dottedPathOf(n); path != "" {
		fr.env[path] = t
	}
	if root := rootName(n); root != "" {
		if k := fr.fn; k == nil || k.class == nil || len(k.params) == 0 || root != k.params[0] {
			fr.env[root] = fr.env[root].and(t)
		}
	}
}

// rid drops what is of this function alone.
func (fr *frame) rid(t taint) taint {
	t.params, t.copies = 0, 0
	return t
}

func (fr *frame) toSubscript(n *python.Subscript, value python.Expr, t taint) {
	fr.eval(n.Slice)
	if base, ok := n.Value.(*python.Name); ok && fr.fn != nil && fr.fn.kwarg >= 0 && base.ID == fr.fn.params[fr.fn.kwarg] {
		if key, ok := fr.constant(n.Slice); ok {
			if fr.kwargs == nil {
				fr.kwargs = map[string]taint{}
			}
			fr.kwargs[key] = fr.kwargs[key].and(t)
			return
		}
	}
	if _, fixed := stringOf(value); fixed { // headers["Authorization"] = "***"
		fr.dropField(n.Value, n.Slice)
	}
	fr.storeInto(n, value, t)
	if key, ok := fr.constant(n.Slice); ok && strings.EqualFold(key, "Authorization") && !t.has(secret) && value != nil {
		if _, fixed := stringOf(value); !fixed { // headers["Authorization"] = scheme.format(token)
			t = t.and(taint{marks: secret | named, why: &origin{place: fr.place(n, "the "+key+" field")}})
		}
	}
	if base := fr.p.resolve(n.Value, fr.scope); base.kind == isExternal && base.name == "flask.session" {
		return
	}
	if root := rootName(n); root != "" {
		if _, local := fr.env[root]; local || fr.isLocal(root) {
			fr.env[root] = fr.env[root].and(t).grown()
		}
	}
}

func (fr *frame) isLocal(name string) bool {
	return fr.fn != nil && len(fr.scope.names.of(name)) > 0 && !fr.scope.globals[name]
}

// dottedPathOf is a.b.c of an expression that is nothing else.
func dottedPathOf(e python.Expr) string {
	switch n := e.(type) {
	case *python.Name:
		return n.ID
	case *python.Attribute:
		if base := dottedPathOf(n.Value); base != "" {
			return base + "." + n.Attr
		}
	}
	return ""
}

func rootName(e python.Expr) string {
	for {
		switch n := e.(type) {
		case *python.Name:
			return n.ID
		case *python.Attribute:
			e = n.Value
		case *python.Subscript:
			e = n.Value
		case *python.Call:
			e = n.Func
		default:
			return ""
		}
	}
}
