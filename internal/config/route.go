package config

import "time"

// Route is one rule: what it matches and what the gateway may do there. Only a rule of the file may
// widen what the cache does by itself, and every field's zero value is the narrow side.
type Route struct {
	Pattern Pattern
	// TTL is the freshness lifetime of responses whose origin says nothing about caching. Zero: they
	// have none.
	TTL time.Duration
	// Off keeps the route's responses out of every cache.
	Off bool
	// Public gives one response to everybody: the route's answers do not depend on who asks.
	Public bool
	// Partition says what tells the route's readers apart; nil: what serve.partition says.
	Partition *Partition
}

// String is the pattern as written: a stable label for logs and metrics.
func (r Route) String() string { return r.Pattern.String() }

// Routes are the rules in the order of the file. They are read-only and safe for concurrent use.
type Routes []Route

// Match finds the first rule for a request; nil means that no rule speaks of it. The path is the
// escaped path exactly as it goes to the origin, [net/url.URL.EscapedPath], without a query.
//
// The path is ambiguous, and there is then no route, where the origin might read it as another one
// that fares worse. The gateway must not cache such a request at all: neither look up nor store.
// That is so for every path with more than one reading (see ambiguity), whatever the rules are. And
// it is so where an earlier rule is narrower than the outcome and nearly matches: with
// /api/admin/** off and /api/** public, /api/Admin/users matches the second rule only, and yet a
// router that ignores case answers it with what the first one protects.
func (rs Routes) Match(method, escapedPath string) (route *Route, ambiguous bool) {
	if ambiguity(escapedPath) != "" {
		return nil, true
	}
	m, earlier := methodOf(method), rs
	for i := range rs {
		if rs[i].Pattern.methods&m != 0 && rs[i].Pattern.matches(escapedPath) {
			route, earlier = &rs[i], rs[:i]
			break
		}
	}
	var buf [looseBytes]byte
	loose := buf[:0]
	for i := range earlier {
		r := &earlier[i]
		if r.Pattern.methods&m == 0 || !r.narrower(route) {
			continue
		}
		if len(loose) == 0 {
			loose = loosened(loose, escapedPath, len(buf))
		}
		if r.Pattern.mayNearly(loose) && r.Pattern.nearly(escapedPath) {
			return nil, true
		}
	}
	return route, false
}

// narrower is true where other, or no rule, allows something that r does not.
func (r *Route) narrower(other *Route) bool {
	if other == nil {
		return r.Off || !r.Public && r.Partition.narrower(nil)
	}
	return !other.Off && (r.Off || other.Public && !r.Public || other.TTL > r.TTL ||
		!r.Public && !other.Public && r.Partition.narrower(other.Partition))
}
