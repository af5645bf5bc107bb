package varnish

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// verdict is one way by which requests with credentials are looked up.
type verdict struct {
	rule     *finding.Rule
	by       credential
	blamed   *statement
	sub      *subroutine
	lookup   *statement // where vcl_recv ends, nil for the built-in code
	hash     *subroutine
	forced   *statement // keeps what is stored for a time of its own
	mention  *statement
	cut      *statement // hashes a part of the field which tokens share
	copied   bool       // the origin sees the credentials all the same
	blind    bool       // the origin sees nothing of who asks
	sure     bool
	doubtful bool
}

// verdicts keeps one for each line and rule.
type verdicts map[verdictKey]verdict

type verdictKey struct {
	rule string
	path string
	line int
}

func (vs verdicts) add(v verdict) {
	key := verdictKey{v.rule.ID, v.blamed.file.path, v.blamed.line}
	if old, ok := vs[key]; ok && old.weight() >= v.weight() {
		return
	}
	vs[key] = v
}

func (v verdict) weight() int {
	n := 0
	for _, yes := range []bool{v.by == authorization, v.sure, v.copied, !v.blind, v.forced != nil} {
		n *= 2
		if yes {
			n++
		}
	}
	return n
}

// inspect follows a bearer's request, and one with a session's cookie, through a program.
func inspect(p *program) []verdict {
	if len(p.subs["vcl_recv"]) == 0 {
		return nil
	}
	s := survey(p)
	list := follow(s, authorization)
	return append(list, follow(s, cookie)...)
}

// caller is the state of a GET request with one kind of credentials.
func caller(by credential) *state {
	st := &state{facts: map[string]fact{}, vars: map[string]value{
		"req.method": textual("GET"), "bereq.uncacheable": textual("false"),
		// The first time round: what comes back after a restart brings what was found out about the caller.
		"req.restarts": textual("0"), "req.esi_level": textual("0"),
		field: {what: missing}, "req.http.cookie": {what: missing},
		"beresp.status": textual("200"), "beresp.ttl": textual("120s"), "beresp.uncacheable": textual("false"),
		"beresp.http.surrogate-control": {what: missing}, "beresp.http.set-cookie": {what: missing},
		"beresp.http.vary": {what: missing}, "beresp.http.pragma": {what: missing}, "beresp.http.expires": {what: missing},
	}}
	if by == authorization {
		st.vars[field] = value{what: given, texts: tokens, by: authorization}
	} else {
		st.vars["req.http.cookie"] = value{what: something, by: cookie}
	}
	return st
}

func follow(s *site, by credential) (list []verdict) {
	m := s.machine()
	for _, e := range lookups(m.received(caller(by))) {
		var stored []*state
		for _, says := range answers {
			st := e.fork()
			st.put("beresp.http.cache-control", says)
			stored = append(stored, m.stored(st, by)...)
		}
		if by == authorization && slices.ContainsFunc(stored, (*state).ownName) {
			continue
		}
		for _, kept := range stored {
			if v, ok := s.verdict(by, e, kept); ok {
				list = append(list, v)
				break
			}
		}
	}
	if m.spent() && by == authorization {
		s.broken = append(s.broken, problem{s.root, 1, "the program has more ways through it than are followed"})
	}
	return list
}

func (s *site) machine() *machine {
	m := &machine{program: s.program, appended: builtin(), patterns: patterns{}, standings: map[*expression]standing{}, reads: s.reads}
	if s.fastly {
		m.appended = builtinFastly()
	}
	return m
}

// withCookies are the removals of the field that a request with a cookie, too, goes by to the backend, without the cookie in the hash.
func (s *site) withCookies() map[*statement]bool {
	if s.cookies != nil {
		return s.cookies
	}
	s.cookies = map[*statement]bool{}
	m, from := s.machine(), caller(authorization)
	from.vars["req.http.cookie"] = value{what: something, by: cookie}
	for _, e := range lookups(m.received(from)) {
		if e.removed != nil && slices.ContainsFunc(m.stored(e.state, cookie), func(st *state) bool { return st.carried(cookie) }) {
			s.cookies[e.removed] = true
		}
	}
	return s.cookies
}

// answers are what the origin's Cache-Control may say, and a shared cache still has no right to repeat it (RFC 9111 §3.5). One that
// forbids to store it, or releases it, is nobody's finding.
var answers = [...]value{{what: missing}, textual("max-age=60")}

// lookups are the ways out of vcl_recv to a lookup, those by one statement as one where they differ in nothing that matters.
func lookups(exits []exit) (list []exit) {
	by := map[*statement][]*state{}
	var order []exit
	for _, e := range exits {
		if e.to != "hash" && e.to != "lookup" {
			continue
		}
		if by[e.at] == nil {
			order = append(order, e)
		}
		by[e.at] = append(by[e.at], e.state)
	}
	for _, e := range order {
		states := join(by[e.at])
		if len(states) > maxTogether {
			states = widen(states)
		}
		for _, st := range states {
			list = append(list, exit{st, e.to, e.at})
		}
	}
	return list
}

// maxTogether bounds the states that one statement leaves, before what tells them apart is forgotten.
const maxTogether = 8

// ownName reports whether the backend is asked with credentials that are Varnish's.
func (s *state) ownName() bool {
	return s.vars[field].what != missing && s.vars[field].tells() == 0
}

// stored are the ways by which the answer to a request that is looked up, and not found, comes to be stored, with its hash and its Vary
// blind to who asked.
func (m *machine) stored(from *state, by credential) (list []*state) {
	for _, hashed := range m.leaves("vcl_hash", from) {
		for _, missed := range m.leaves("vcl_miss", hashed.state) {
			if missed.to != "fetch" && missed.to != "deliver" {
				continue
			}
			for _, asked := range m.leaves("vcl_backend_fetch", missed.state) {
				if asked.to == "fetch" {
					list = append(list, m.answered(asked.state, by)...)
				}
			}
		}
	}
	return list
}

func (m *machine) answered(asked *state, by credential) (list []*state) {
	sub := "vcl_backend_response"
	if len(m.subs["vcl_fetch"]) > 0 && len(m.subs[sub]) == 0 || m.fastly {
		sub = "vcl_fetch"
	}
	for _, e := range m.leaves(sub, asked) {
		if e.at.isBuiltin() { // which asks what the origin says
			e.lifetime = nil
		}
		stale := e.vars["beresp.ttl"].equals(textual("0s")) == yes
		uncacheable := e.vars["beresp.uncacheable"].equals(textual("true")) == yes
		if (e.to == "deliver" || e.to == "lookup") && !stale && !uncacheable && e.keyed&by == 0 {
			list = append(list, e.state)
		}
	}
	return list
}

// carried reports whether something of the request that the backend sees tells whose it is.
func (s *state) carried(by credential) bool {
	for name, v := range s.vars {
		if strings.HasPrefix(name, "req.") && v.tells()&by != 0 {
			return true
		}
	}
	return false
}

// narrowed is what the conditions on the way say of the URLs that come it: all of them hold.
func (s *state) narrowed() standing {
	result := s.narrow
	for _, f := range s.facts {
		if f.holds {
			result = also(result, f.is)
		}
	}
	return result
}

// also is what two conditions say that both hold.
func also(a, b standing) standing {
	if a == public || b == public {
		return public
	}
	return max(a, b)
}

// either is what two conditions say of which one holds.
func either(a, b standing) standing {
	switch {
	case a == anything || b == anything:
		return anything
	case a == b:
		return a
	case a == personal || b == personal:
		return personal
	case a == api || b == api:
		return api
	}
	return some
}

// spared reports whether parts of the site that are somebody's own took another way.
func (s *state) spared() bool {
	for _, f := range s.facts {
		if !f.holds && (f.is == personal || f.is == api) {
			return true
		}
	}
	return false
}

// sick reports whether the way is that of a site whose backend is down.
func (s *state) sick() bool {
	for key, f := range s.facts {
		if !f.holds && strings.Contains(key, "healthy") {
			return true
		}
	}
	return false
}

// api reports whether requests to an API come this way, as far as the program names one.
func (s *site) api(st *state) bool {
	for key := range s.apis {
		f, ok := st.facts[key]
		if !ok {
			f, ok = st.facts[past+key]
		}
		if !ok || f.holds {
			return true
		}
	}
	return len(s.apis) == 0 && s.host
}

func (s *site) verdict(by credential, e exit, kept *state) (verdict, bool) {
	v := verdict{by: by, lookup: e.at, forced: kept.lifetime, cut: kept.cut, mention: s.mention, hash: s.first("vcl_hash")}
	if e.at.isBuiltin() {
		v.lookup = nil
	}
	where := kept.narrowed()
	switch {
	case where == public:
		return v, false
	case by == cookie:
		return s.session(v, e, kept, where)
	case e.vars[field].tells() == 0 && e.removed != nil:
		return s.strips(v, e, kept, where)
	case e.vars[field].tells() != 0 && kept.carried(by):
		return s.ignores(v, e, kept, where)
	}
	return v, false
}

// ignores judges a bearer's request that is looked up as it came.
func (s *site) ignores(v verdict, e exit, kept *state, where standing) (verdict, bool) {
	v.rule, v.blamed = finding.VarnishHashIgnoresAuthorization, v.lookup
	if v.blamed == nil {
		v.blamed = e.plain
	}
	v.sure = v.forced != nil && (s.knows || where == personal || where == api)
	plain := !s.sessions && !s.files && !kept.spared()
	switch {
	case where == personal, where == api:
	case where == some:
		return v, false
	case s.fastly && !s.knows:
		return v, false
	case !s.knows && !plain && !s.api(kept):
		return v, false
	}
	return s.placed(v)
}

// strips judges a bearer's request that is looked up without its field. Where it is taken away for some URLs alone, these are taken to be
// everybody's, unless their names say otherwise.
func (s *site) strips(v verdict, e exit, kept *state, where standing) (verdict, bool) {
	v.rule, v.blamed = finding.VarnishStripsAuthorization, e.removed
	v.copied = kept.carried(authorization)
	v.sure = v.copied && v.forced != nil
	v.doubtful = !v.copied
	v.blind = !v.copied && !s.withCookies()[e.removed]
	if kept.sick() {
		return v, false // the backend is not asked at all
	}
	if s.files && !v.copied && where != personal && where != api {
		return v, false
	}
	if where == some && !v.copied || where == api && !v.copied && !s.whole(kept) {
		return v, false
	}
	return s.placed(v)
}

// whole reports whether the way is that of all of an API.
func (s *site) whole(kept *state) bool {
	for _, f := range kept.facts {
		if f.holds && f.e.op == compare && isURL(f.e.args[0].text) && f.e.args[1].isString() && !whole(f.e.args[1].text) {
			return false
		}
	}
	return true
}

// session judges a request with a cookie, and only where the program itself says that it is a session's and looks it up all the same.
func (s *site) session(v verdict, e exit, kept *state, where standing) (verdict, bool) {
	v.rule, v.blamed = finding.VarnishHashIgnoresAuthorization, v.lookup
	named := false
	for _, f := range kept.facts {
		if f.e.op == compare && f.e.args[0].text == "req.http.cookie" && f.holds && f.e.args[1].isString() {
			named = named || sessionCookie(f.e.args[1].text)
		}
	}
	if !named || v.blamed == nil || e.vars["req.http.cookie"].tells() == 0 || where == some || s.fastly {
		return v, false
	}
	return s.placed(v)
}

// sessionCookie reports whether a pattern names the cookie of a session.
func sessionCookie(pattern string) bool {
	pattern = strings.ToLower(pattern)
	for _, word := range []string{"sess", "sid", "logged_in", "jwt", "token", "remember", "auth"} {
		if strings.Contains(pattern, word) && !strings.Contains(pattern, "csrf") {
			return true
		}
	}
	return false
}

func (s *site) first(sub string) *subroutine {
	if list := s.subs[sub]; len(list) > 0 {
		return list[0]
	}
	return nil
}

// placed gives a verdict the subroutine that it stands in.
func (s *site) placed(v verdict) (verdict, bool) {
	if v.blamed == nil || v.blamed.isBuiltin() {
		return v, false
	}
	for _, sub := range s.order {
		if sub.file == v.blamed.file && sub.start <= v.blamed.start && v.blamed.start < sub.end {
			v.sub = sub
		}
	}
	return v, true
}

func (vs verdicts) findings() (list []finding.Finding) {
	for _, v := range vs {
		list = append(list, v.finding())
	}
	slices.SortFunc(list, func(a, b finding.Finding) int {
		return cmp.Or(strings.Compare(a.Source.File, b.Source.File), cmp.Compare(a.Source.Line, b.Source.Line), strings.Compare(a.Rule.ID, b.Rule.ID))
	})
	return list
}
