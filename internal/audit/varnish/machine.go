package varnish

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	maxSteps  = 200_000 // statements that are run for one program, once for each state they are met in
	maxFew    = 8       // states behind a condition that go on apart, whatever they have in common
	maxApart  = 24      // states behind a condition, before what tells them apart is forgotten
	maxStates = 64      // that are followed side by side
	maxHeld   = 64      // variables, and facts, of a state
	maxCalls  = 24      // subroutines in each other
	maxText   = 4096    // of a value
	maxExits  = 256
)

//go:embed builtin.vcl
var builtinText string

// builtin is the code that Varnish appends. Fastly appends less.
var builtin = sync.OnceValue(func() *program { return parse(&source{"", builtinText}, nil) })

var builtinFastly = sync.OnceValue(func() *program {
	return parse(&source{"", `sub vcl_recv { return (lookup); }
sub vcl_hash { hash_data(req.url); hash_data(req.http.host); return (lookup); }
sub vcl_miss { return (fetch); }
sub vcl_backend_fetch { return (fetch); }
sub vcl_fetch { return (deliver); }`}, nil)
})

// isBuiltin reports whether a place is in no file.
func (p place) isBuiltin() bool { return p.file == nil || p.file.path == "" }

// fact is a condition that came out one way on the way here.
type fact struct {
	e     *expression
	holds bool
	is    standing // of the URLs for which it holds, if it is about them
}

// state is what is known of the two requests at one point of the program.
type state struct {
	vars  map[string]value
	facts map[string]fact // by spelling
	// removed is the statement that took the Authorization field away.
	removed *statement
	// plain is a return without a state that ended the built-in check for the field, to which a program added.
	plain *statement
	// keyed are the credentials by which what is stored is told apart, hashed or named in Vary.
	keyed credential
	// cut is the statement that hashed a part of the field which tokens share.
	cut *statement
	// narrow is what the conditions say, of which two states that go on as one had each its own.
	narrow standing
	// lifetime is the statement that has what is stored kept for a time of its own.
	lifetime *statement
}

func (s *state) fork() *state {
	c := *s
	c.vars, c.facts = maps.Clone(s.vars), maps.Clone(s.facts)
	return &c
}

func (s *state) put(variable string, v value) {
	if v == (value{}) { // as if it had never been seen
		delete(s.vars, variable)
		return
	}
	if v.what == given && v.texts.longest() > maxText {
		v = value{what: something, by: v.tells()}
	}
	if _, held := s.vars[variable]; held || len(s.vars) < maxHeld {
		s.vars[variable] = v
	}
}

// core is all of a state but its facts: states that have the same go on as one.
func (s *state) core() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		v := s.vars[name]
		b.WriteString(name)
		b.WriteByte(byte(v.what))
		b.WriteByte(byte(v.by))
		for _, text := range v.texts {
			b.WriteString(text)
			b.WriteByte(0)
		}
	}
	for _, at := range []*statement{s.removed, s.plain, s.lifetime} {
		if at != nil {
			b.WriteString(strconv.Itoa(at.start))
		}
		b.WriteByte(1)
	}
	b.WriteByte(byte(s.keyed))
	return b.String()
}

// join has states that differ in nothing but what was asked on the way go on as one, with the facts that they share. A few go on apart:
// that one condition held or else another did is a fact, too, and none that they share.
func join(states []*state) []*state {
	if len(states) <= maxFew {
		return states
	}
	known := map[string]*state{}
	var list []*state
	for _, s := range states {
		core := s.core()
		first := known[core]
		if first == nil {
			known[core] = s
			list = append(list, s)
			continue
		}
		share(first, s)
	}
	if len(list) > maxApart {
		list = widen(list)
	}
	return capped(list)
}

// widen has states go on as one that differ in nothing that the verdict asks for, and forgets in what else they differ.
func widen(states []*state) []*state {
	known := map[string]*state{}
	var list []*state
	for _, s := range states {
		narrow := &state{vars: map[string]value{}, removed: s.removed, plain: s.plain, lifetime: s.lifetime, keyed: s.keyed}
		for name := range followed {
			narrow.vars[name] = s.vars[name]
		}
		core := narrow.core()
		first := known[core]
		if first == nil {
			known[core] = s
			list = append(list, s)
			continue
		}
		for _, name := range slices.Collect(maps.Keys(first.vars)) {
			if v, w := first.vars[name], s.vars[name]; v != w {
				first.vars[name] = value{by: v.tells() | w.tells()}
			}
		}
		for name, v := range s.vars {
			if _, ok := first.vars[name]; !ok {
				first.vars[name] = value{by: v.tells()}
			}
		}
		share(first, s)
	}
	return list
}

// share leaves first with the facts that it has in common with s. That each of them is for a part of the site remains true.
func share(first, s *state) {
	first.narrow = either(first.narrowed(), s.narrowed())
	maps.DeleteFunc(first.facts, func(key string, f fact) bool {
		other, ok := s.facts[key]
		return !ok || other.holds != f.holds
	})
}

func capped(list []*state) []*state { return list[:min(len(list), maxStates)] }

// exit is a state of Varnish's that was left.
type exit struct {
	*state
	to string // the state that follows
	at *statement
}

// machine runs a program for one kind of request.
type machine struct {
	*program
	appended  *program
	patterns  patterns
	standings map[*expression]standing
	reads     map[string]bool // variables that the program asks for anywhere
	steps     int
	depth     int
	exits     []exit
	within    []string   // the subroutines that are under way
	returned  [][]*state // of each call that is under way, the states that left it by a plain return
}

// spent reports whether the bound on work is reached. What was not seen then is nobody's finding.
func (m *machine) spent() bool { return m.steps > maxSteps }

// leaves runs one of Varnish's states and returns the ways out of it.
func (m *machine) leaves(sub string, from *state) []exit {
	before := m.exits
	m.exits = nil
	m.call(sub, []*state{from})
	list := m.exits
	m.exits = before
	return list
}

// received are the ways out of vcl_recv. One that restarts the request comes there again, with the fields as they were left.
func (m *machine) received(from *state) (list []exit) {
	states := []*state{from}
	for n := range maxRestarts + 1 {
		var again []*state
		for _, st := range states {
			for _, e := range m.leaves("vcl_recv", st) {
				if e.to != "restart" {
					list = append(list, e)
					continue
				}
				e.forget("req.restarts")
				e.put("req.restarts", textual(strconv.Itoa(n+1)))
				again = append(again, e.state)
			}
		}
		states = join(again)
	}
	return list
}

// maxRestarts is how often a request begins again, as the parameter of Varnish's of this name has it unless it is set.
const maxRestarts = 4

// call runs all parts of a subroutine, the built-in one last.
func (m *machine) call(sub string, states []*state) []*state {
	if m.depth >= maxCalls {
		return states
	}
	m.depth++
	m.within = append(m.within, sub)
	m.returned = append(m.returned, nil)
	parts := m.subs[sub]
	for _, part := range slices.Concat(parts, m.appended.subs[sub]) {
		states = m.block(part.body, states)
	}
	m.depth--
	m.within = m.within[:len(m.within)-1]
	last := len(m.returned) - 1
	states = append(states, m.returned[last]...)
	m.returned = m.returned[:last]
	return join(states)
}

func (m *machine) block(list []*statement, states []*state) []*state {
	for _, s := range list {
		var next []*state
		for _, st := range states {
			if m.steps++; m.spent() {
				return nil
			}
			next = append(next, m.statement(s, st)...)
		}
		if states = next; len(states) == 0 {
			return nil
		}
		if s.op == choose || s.op == perhaps {
			states = join(states)
		}
	}
	return states
}

// statement returns the states that go on behind it.
func (m *machine) statement(s *statement, st *state) []*state {
	switch s.op {
	case set:
		m.set(s, st)
	case unset:
		m.unset(s, st)
	case evaluate:
		m.evaluate(s, st)
	case call:
		return m.called(s, st)
	case leave:
		m.leave(s, st)
		return nil
	case choose:
		return m.choose(s, st)
	case perhaps:
		return m.perhaps(s, st)
	}
	return []*state{st}
}

// called runs a subroutine of the program's. What one does that is nowhere to be found, its name may tell.
func (m *machine) called(s *statement, st *state) []*state {
	if len(m.subs[s.name])+len(m.appended.subs[s.name]) > 0 {
		return m.call(s.name, []*state{st})
	}
	switch name := strings.ToLower(s.name); {
	case strings.Contains(name, "sign"), strings.Contains(name, "aws"), strings.Contains(name, "s3"):
		st.put("req.http.authorization", value{what: something}) // the backend is a store, which Varnish signs its requests for
	case guards(name):
		return nil
	}
	return []*state{st}
}

// guards reports whether a subroutine is called as if it dealt with who asks.
func guards(sub string) bool {
	for _, word := range []string{"auth", "login", "session", "user", "pass", "private", "token", "jwt", "cookie", "nocache", "uncache"} {
		if strings.Contains(sub, word) {
			return true
		}
	}
	return false
}

// guarding are the parts of the built-in code in which a return skips the check for Authorization.
var guarding = wordSet("vcl_req_authorization vcl_builtin_recv")

func (m *machine) leave(s *statement, st *state) {
	if s.name == "" {
		if !s.isBuiltin() && guarding[m.within[len(m.within)-1]] {
			st.plain = s
		}
		m.returned[len(m.returned)-1] = append(m.returned[len(m.returned)-1], st)
		return
	}
	if len(m.exits) < maxExits {
		m.exits = append(m.exits, exit{st, s.name, s})
	}
}

func (m *machine) choose(s *statement, st *state) (after []*state) {
	rest := []*state{st}
	for _, arm := range s.arms {
		taken := rest
		if arm.when == nil {
			rest = nil
		} else {
			var in, out []*state
			for _, r := range rest {
				in = append(in, m.assume(r, arm.when, true)...)
				out = append(out, m.assume(r, arm.when, false)...)
			}
			taken, rest = capped(in), capped(out)
		}
		if m.steps += len(taken); m.spent() {
			return nil
		}
		after = append(after, m.block(arm.body, taken)...)
	}
	return append(after, rest...)
}

func (m *machine) perhaps(s *statement, st *state) (after []*state) {
	for _, arm := range s.arms {
		if m.steps++; m.spent() {
			return nil
		}
		after = append(after, m.block(arm.body, []*state{st.fork()})...)
	}
	return append(after, st)
}

func (m *machine) set(s *statement, st *state) {
	v := m.value(st, s.value)
	if s.assign == "+=" {
		v = joined(m.variable(st, s.name), v)
	}
	switch s.name {
	case "req.hash": // VCL 2
		st.keyed |= m.keys(st, s.value)
		return
	case "req.http.authorization":
		st.removed = nil
		if v.what == missing || v.what == given && v.texts == (texts{}) {
			st.removed = s
			v = value{what: missing}
		}
	case "beresp.http.vary":
		st.keyed |= m.named(st, s.value)
	case "beresp.ttl":
		st.lifetime = s
	case "beresp.cacheable":
		if v.equals(textual("false")) == yes {
			st.put("beresp.uncacheable", textual("true"))
		}
	}
	if !s.value.mentions(s.name) { // what is made from itself is much the same
		st.forget(s.name)
	}
	if m.reads[s.name] || v.tells() != 0 || followed[s.name] {
		st.put(s.name, v)
	}
}

// followed are variables of which the verdict asks, whether the program does or not.
var followed = map[string]bool{"req.http.authorization": true, "req.http.cookie": true, "req.url": true, "req.http.host": true,
	"beresp.ttl": true, "beresp.uncacheable": true}

// forget drops what is known by conditions on a variable. What was asked of the URL and the host still says which requests come this
// way: it is kept under a key that no condition has.
func (s *state) forget(variable string) {
	for key, f := range s.facts {
		if !f.e.mentions(variable) {
			continue
		}
		delete(s.facts, key)
		if isURL(variable) || variable == "req.http.host" {
			s.facts[past+strings.TrimPrefix(key, past)] = f
		}
	}
}

const past = "before "

func (m *machine) unset(s *statement, st *state) {
	if s.name == "req.http.authorization" && m.variable(st, s.name).what != missing {
		st.removed = s
	}
	st.forget(s.name)
	if m.reads[s.name] || followed[s.name] || st.vars[s.name].tells() != 0 {
		st.put(s.name, value{what: missing})
	}
}

func (m *machine) evaluate(s *statement, st *state) {
	e := s.value
	if e.op != invoke {
		return
	}
	switch {
	case e.text == "hash_data":
		for _, arg := range e.args {
			st.keyed |= m.keys(st, arg)
			if m.value(st, arg).cut()&authorization != 0 {
				st.cut = s
			}
		}
	case strings.HasPrefix(e.text, "header.") && len(e.args) > 1 && e.args[0].text == "beresp.http.vary":
		st.keyed |= m.named(st, e)
	default:
		m.value(st, e) // an object may keep what it is given
	}
}

// asksElsewhere are the functions by which another server is asked, of each request, whether it may have an answer.
var asksElsewhere = wordSet(`http.req_send http.req_copy_headers curl.get curl.head curl.post curl.fetch
	threescale.send_get_request`)

// assume returns the states, made from st, in which e comes out as wanted.
func (m *machine) assume(st *state, e *expression, want bool) []*state {
	if m.steps++; m.spent() {
		return nil
	}
	switch t := m.truth(st, e); {
	case t != maybe && t == truthOf(want):
		return []*state{st}
	case t != maybe:
		return nil
	}
	switch e.op {
	case not:
		return m.assume(st, e.args[0], !want)
	case and, or:
		if (e.op == and) == want {
			return m.assumeAll(st, e.args, want)
		}
		return m.assumeOne(st, e.args, want)
	}
	key, holds := m.key(e)
	fork := st.fork()
	if is := m.standing(e); len(fork.facts) < maxHeld || is != anything && len(fork.facts) < 2*maxHeld {
		fork.facts[key] = fact{e, holds == want, is}
	}
	return []*state{fork}
}

// standing is what a condition says of the URLs for which it holds.
func (m *machine) standing(e *expression) standing {
	if e.op != compare || len(e.args) != 2 || !e.args[1].isString() {
		return anything
	}
	k, ok := m.standings[e]
	if !ok {
		switch subject := e.args[0].text; {
		case isURL(subject):
			k = standingOf(e.args[1].text, strings.HasSuffix(e.text, "~"))
		case subject == "req.http.host": // its other names say nothing
			if k = standingOf(e.args[1].text, strings.HasSuffix(e.text, "~")); k != public && k != api {
				k = anything
			}
		case subject == "req.http.user-agent": // crawlers
			k = some
		}
		m.standings[e] = k
	}
	return k
}

func (m *machine) assumeAll(st *state, list []*expression, want bool) []*state {
	states := []*state{st}
	for _, e := range list {
		var next []*state
		for _, s := range states {
			next = append(next, m.assume(s, e, want)...)
		}
		states = capped(next)
	}
	return states
}

// assumeOne has each of the list in turn be the first that comes out as wanted.
func (m *machine) assumeOne(st *state, list []*expression, want bool) (found []*state) {
	rest := []*state{st}
	for _, e := range list {
		var next []*state
		for _, s := range rest {
			found = append(found, m.assume(s, e, want)...)
			next = append(next, m.assume(s, e, !want)...)
		}
		rest = capped(next)
		if len(rest) == 0 {
			break
		}
	}
	return capped(found)
}

// key is the fact that a condition is about, and how the fact stands when the condition holds: x !~ "y" is not x ~ "y".
func (m *machine) key(e *expression) (string, bool) {
	if e.op == compare && (e.text == "!~" || e.text == "!=") {
		positive := *e
		positive.text = map[string]string{"!~": "~", "!=": "=="}[e.text]
		return positive.spelling(), false
	}
	return e.spelling(), true
}

func (m *machine) truth(st *state, e *expression) truth {
	switch e.op {
	case not:
		return m.truth(st, e.args[0]).negated()
	case and, or:
		result := truthOf(e.op == and)
		for _, arg := range e.args {
			switch t := m.truth(st, arg); {
			case t == truthOf(e.op == or):
				return t
			case t == maybe:
				result = maybe
			}
		}
		return result
	}
	key, holds := m.key(e)
	if f, ok := st.facts[key]; ok {
		return truthOf(f.holds == holds)
	}
	if e.op == compare {
		return m.comparison(st, e)
	}
	return m.condition(st, e)
}

func (m *machine) condition(st *state, e *expression) truth {
	if e.op == invoke && strings.HasPrefix(e.text, "basicauth.") {
		// Whom the file of passwords knows has another scheme than the two that are followed.
		for _, arg := range e.args {
			if v := m.value(st, arg); v.what == given && strings.HasPrefix(v.texts[0], "Bearer ") {
				return no
			}
		}
	}
	return m.value(st, e).isSet()
}

func (m *machine) comparison(st *state, e *expression) truth {
	left := m.value(st, e.args[0])
	if e.args[1].op == literal && e.args[1].holed && m.excluded(left, e.text, e.args[1].text) {
		return truthOf(e.text[0] == '!')
	}
	if e.text == "~" || e.text == "!~" {
		if !e.args[1].isString() {
			return maybe
		}
		t := left.matches(m.patterns.compile(e.args[1].text))
		if e.text == "!~" {
			return t.negated()
		}
		return t
	}
	right := m.value(st, e.args[1])
	switch e.text {
	case "==":
		return left.equals(right)
	case "!=":
		return left.equals(right).negated()
	case "<":
		return left.less(right)
	case ">=":
		return left.less(right).negated()
	case ">":
		return right.less(left)
	case "<=":
		return right.less(left).negated()
	}
	return maybe
}

// excluded reports whether v is not what a string begins with, of which a template fills in the rest: "Basic {{ credentials }}".
func (m *machine) excluded(v value, sign, holed string) bool {
	if v.what != given {
		return false
	}
	begin := holed
	for i := range holed {
		if placeholder(holed[i:]) > 0 {
			begin = holed[:i]
			break
		}
	}
	switch sign {
	case "==", "!=":
		return v.texts.all(func(s string) bool { return !strings.HasPrefix(s, begin) })
	case "~", "!~":
		anchored := strings.HasPrefix(begin, "^") || strings.HasPrefix(begin, "(?i)^")
		return anchored && v.matches(m.patterns.compile(begin)) == no
	}
	return false
}

func (m *machine) variable(st *state, variable string) value {
	if v, ok := st.vars[variable]; ok {
		return v
	}
	if field, _, member := strings.Cut(variable, ":"); member {
		if v := st.vars[field]; v.what == missing {
			return v
		}
		return value{by: st.vars[field].tells()}
	}
	switch variable {
	case "true", "false":
		return textual(variable)
	}
	return value{}
}

func (m *machine) value(st *state, e *expression) value {
	if m.steps++; m.spent() {
		return value{}
	}
	switch e.op {
	case literal:
		if e.holed {
			return value{what: something}
		}
		return textual(e.text)
	case numeral:
		return textual(e.text)
	case variable:
		return m.variable(st, e.text)
	case concat:
		v := textual("")
		for _, arg := range e.args {
			v = joined(v, m.value(st, arg))
		}
		return v
	case invoke:
		return m.invoke(st, e)
	}
	return value{by: m.together(st, e.args)}
}

// joined is two strings put together.
func joined(v, w value) value {
	known := func(v value) bool { return v.what == given || v.what == missing }
	if !known(v) || !known(w) || v.texts.longest()+w.texts.longest() > maxText {
		return value{what: something, by: v.tells() | w.tells()}
	}
	sum := value{what: given, by: v.by | w.by}
	for i := range sum.texts {
		sum.texts[i] = v.texts[i] + w.texts[i]
	}
	return sum
}

func (m *machine) together(st *state, list []*expression) (by credential) {
	for _, e := range list {
		by |= m.value(st, e).tells()
	}
	return by
}

// stateless are the modules that keep nothing between calls.
var stateless = wordSet("std digest blob blobdigest crypto str urlcode table math time header re2 utils querystring h2 fastly")

func (m *machine) invoke(st *state, e *expression) value {
	switch e.text {
	case "regsub", "regsuball":
		if v, ok := m.regsub(st, e); ok {
			return v
		}
	case "std.tolower", "std.toupper":
		if len(e.args) == 1 {
			v := m.value(st, e.args[0])
			v.texts = v.texts.each(map[string]func(string) string{"std.tolower": strings.ToLower, "std.toupper": strings.ToUpper}[e.text])
			return v
		}
	case "std.strlen", "str.len", "utf8.strlen":
		return m.length(st, e)
	case "str.substr", "substr", "utf8.substr":
		if v, ok := m.part(st, e); ok {
			return v
		}
	}
	if asksElsewhere[e.text] {
		st.keyed |= authorization | cookie
	}
	v := value{by: m.together(st, e.args)}
	owner, _, method := strings.Cut(e.text, ".")
	if method && !stateless[owner] && owner != "req" {
		object := "object " + owner
		v.by |= st.vars[object].by
		if v.by != 0 {
			st.put(object, v)
		}
	}
	return v
}

func (m *machine) regsub(st *state, e *expression) (value, bool) {
	if len(e.args) != 3 || !e.args[1].isString() || !e.args[2].isString() || len(e.args[2].text) > 500 {
		return value{}, false
	}
	v := m.value(st, e.args[0])
	re := m.patterns.compile(e.args[1].text)
	if re == nil || v.what != given && v.what != missing {
		return value{}, false
	}
	all := e.text == "regsuball"
	v.texts, v.what = v.texts.each(func(s string) string { return substitute(re, s, e.args[2].text, all) }), given
	return v, true
}

// length is how long a text is, which tells nobody apart: tokens of one issuer are of one length.
func (m *machine) length(st *state, e *expression) value {
	if len(e.args) != 1 {
		return value{}
	}
	v := m.value(st, e.args[0])
	if v.what != given && v.what != missing {
		return value{what: something}
	}
	v.texts, v.what = v.texts.each(func(s string) string { return strconv.Itoa(len(s)) }), given
	return v
}

// part is a piece of a text by its place: str.substr(s, length, offset) of a module, substr(s, offset, length) of Fastly's. Places that are
// counted from the end are not followed.
func (m *machine) part(st *state, e *expression) (value, bool) {
	if len(e.args) < 2 {
		return value{}, false
	}
	v := m.value(st, e.args[0])
	if v.what != given && v.what != missing {
		return value{}, false
	}
	const whole = maxText
	numbers := [2]int{0, whole}
	for i, arg := range e.args[1:min(3, len(e.args))] {
		n, err := strconv.Atoi(arg.text)
		if arg.op != numeral || err != nil || n < 0 {
			return value{}, false
		}
		numbers[i] = n
	}
	offset, length := numbers[0], numbers[1]
	if e.text == "str.substr" {
		offset, length = 0, numbers[0]
		if len(e.args) > 2 {
			offset = numbers[1]
		}
	}
	v.texts, v.what = v.texts.each(func(s string) string {
		s = s[min(offset, len(s)):]
		return s[:min(length, len(s))]
	}), given
	return v, true
}

// keys is of whose credentials a part of the hash tells. What a field holds that was set out of sight, its name may tell.
func (m *machine) keys(st *state, e *expression) (by credential) {
	by = m.value(st, e).tells()
	e.walk(func(in *expression) {
		if in.op == variable && m.variable(st, in.text).what == undetermined && namesCaller(in.text) {
			by |= authorization | cookie
		}
	})
	return by
}

// namesCaller reports whether a field is called as if it said who asks.
func namesCaller(variable string) bool {
	field, ok := strings.CutPrefix(variable, "req.http.")
	if !ok {
		field, ok = strings.CutPrefix(variable, "var.")
	}
	if !ok {
		return false
	}
	for w := range strings.FieldsFuncSeq(field, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ':' }) {
		if callerWords[w] {
			return true
		}
	}
	return strings.Contains(field, "user") && !strings.Contains(field, "agent") || contextFields[field]
}

// contextFields are made by the origin of who asks, and sent back by its own front end.
var contextFields = wordSet("x-magento-cache-id x-magento-vary")

var callerWords = wordSet(`user userid username uid sub subject token auth session sid account tenant jwt identity login apikey key customer member
	context hash principal owner client`)

// named is of whose credentials a Vary that is set names the field. One that was taken away tells nobody apart.
func (m *machine) named(st *state, e *expression) (by credential) {
	e.walk(func(in *expression) {
		if in.op != literal {
			return
		}
		for field := range strings.FieldsFuncSeq(strings.ToLower(in.text), func(r rune) bool { return r == ',' || r == ' ' }) {
			switch field {
			case "*":
				by |= authorization | cookie
			default:
				by |= m.variable(st, "req.http."+field).tells()
			}
		}
	})
	return by
}
