package nginx

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// site is a location in which a cache is on.
type site struct {
	t      *tree
	s      *scope
	family string     // proxy, fastcgi, uwsgi or scgi: the directives of each begin so
	cache  *directive // switches it on
	pass   *directive // names the origin; nil in a snippet that is included where we do not see
	path   string     // one that the location takes
	ways   map[request]*way
}

var cacheFamilies = []string{"proxy", "fastcgi", "uwsgi", "scgi"}

// sites are the locations of a configuration that have a cache.
func (t *tree) sites(r *root) (list []*site) {
	for _, s := range r.all {
		if s.kind != "location" {
			continue
		}
		for _, family := range cacheFamilies {
			cache := s.nearest(family + "_cache")
			if cache == nil || cache.arg(1) == "off" || cache.arg(1) == "" {
				continue
			}
			pass := passOf(s, family+"_pass")
			if pass == nil && s.node != nil {
				continue // nothing of this family is asked here: another location answers, or a file
			}
			list = append(list, &site{t: t, s: s, family: family, cache: cache, pass: pass, path: samplePath(s)})
		}
	}
	return list
}

// passOf is what names the origin of a location. It is not inherited, other than by if and limit_except, which stand in it.
func passOf(s *scope, name string) *directive {
	if own := s.byName[name]; len(own) > 0 {
		return own[len(own)-1]
	}
	for _, c := range s.children {
		if c.kind == "if" || c.kind == "limit_except" {
			if d := passOf(c, name); d != nil {
				return d
			}
		}
	}
	return nil
}

// list are the directives of the site's family that hold there.
func (p *site) list(name string) []*directive { return p.s.list(p.family + "_" + name) }

func (p *site) nearest(name string) *directive { return p.s.nearest(p.family + "_" + name) }

func (p *site) server() *scope { return p.s.server() }

// modifier and pattern of a location.
func locationOf(s *scope) (modifier, pattern string) {
	if s.node == nil {
		return "", "/"
	}
	switch s.node.arg(1) {
	case "=", "~", "~*", "^~":
		return s.node.arg(1), s.node.arg(2)
	}
	for _, m := range []string{"~*", "^~", "~", "="} { // nginx takes them without a space, too
		if rest, ok := strings.CutPrefix(s.node.arg(1), m); ok && len(s.node.words) == 2 {
			return m, rest
		}
	}
	return "", s.node.arg(1)
}

// samplePath is a path that the location takes.
func samplePath(s *scope) string {
	modifier, pattern := locationOf(s)
	switch {
	case strings.HasPrefix(pattern, "@") || pattern == "":
		return "/page"
	case modifier == "=":
		return pattern
	case modifier == "~" || modifier == "~*":
		return sampleOf(pattern)
	case strings.HasSuffix(pattern, "/"):
		return pattern + "page"
	}
	return pattern
}

// sampleOf is a path that an expression matches.
func sampleOf(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "/page"
	}
	var b strings.Builder
	sample(&b, re.Simplify())
	if path := b.String(); strings.HasPrefix(path, "/") {
		return path
	}
	return "/page" + b.String()
}

func sample(b *strings.Builder, re *syntax.Regexp) {
	if b.Len() > 1000 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		for _, c := range "a1/-_.%" {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= c && c <= re.Rune[i+1] {
					b.WriteRune(c)
					return
				}
			}
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCapture, syntax.OpPlus:
		sample(b, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			sample(b, sub)
		}
	case syntax.OpAlternate:
		sample(b, re.Sub[0])
	}
}

// serverName is a host that the server answers for.
func (p *site) serverName() string {
	if d := p.server().nearest("server_name"); d != nil {
		for _, name := range d.args() {
			if name != "_" && name != "" && !strings.HasPrefix(name, "~") && !strings.ContainsAny(name, "*$\x01") {
				return strings.TrimPrefix(name, ".")
			}
		}
	}
	return "example.com"
}

// way is a request's way to the site: through the rewrite phase of its server and its location.
type way struct {
	*evaluation
	outcome outcome
}

func (p *site) way(q request) *way {
	q.path, q.host = p.path, p.serverName()
	if q.method == "" {
		q.method = "GET"
	}
	w := &way{evaluation: p.t.evaluation(p.s.root, &q)}
	p.told(w)
	if server := p.server(); server != p.s {
		if w.outcome = w.run(server); w.outcome == leaves || w.outcome == mayLeave {
			return w
		}
	}
	if modifier, pattern := locationOf(p.s); strings.HasPrefix(modifier, "~") {
		w.match(q.path, pattern, modifier == "~*")
	}
	w.outcome = w.run(p.s)
	return w
}

// told sets what auth_request_set keeps of the check's answer, which comes after the rewrite phase and before the cache.
func (p *site) told(w *way) {
	for _, d := range p.s.list("auth_request_set") {
		v := text("")
		if tells := slices.ContainsFunc(variables(d.arg(2)), func(name string) bool {
			return strings.HasPrefix(name, "upstream_http_") || strings.HasPrefix(name, "sent_http_") || strings.HasPrefix(name, "upstream_cookie_")
		}); tells && w.q.has(byCheck) {
			v = text("told " + d.arg(2) + " of " + w.q.person())
		}
		w.set[strings.TrimPrefix(d.arg(1), "$")] = v
	}
}

// arrives reports whether the request comes to the cache at all; sure is false where that may depend on who asks.
func (w *way) arrives() (is, sure bool) {
	switch w.outcome {
	case leaves:
		return false, true
	case mayLeave:
		return false, false
	}
	return true, true
}

// any decides a list of conditions as no_cache and bypass do: one that holds is enough.
func (w *way) any(list []*directive) (is, sure bool) {
	sure = true
	for _, d := range list {
		for _, arg := range d.args() {
			switch holds, certain := w.text(arg).truth(); {
			case holds:
				return true, true
			case !certain:
				sure = false
			}
		}
	}
	return false, sure
}

// looks reports whether the request may be answered from the cache, for all that we know.
func (p *site) looks(w *way) bool {
	if arrives, _ := w.arrives(); !arrives || !p.on(w) {
		return false
	}
	bypass, sure := w.any(p.list("cache_bypass"))
	return !bypass && sure
}

// stores reports whether the answer to the request is stored.
func (p *site) stores(w *way) bool {
	if arrives, _ := w.arrives(); !arrives || !p.on(w) {
		return false
	}
	not, sure := w.any(p.list("no_cache"))
	return !not && sure
}

// on reports whether the cache, which a variable may name, is on for the request.
func (p *site) on(w *way) bool {
	zone := w.text(p.cache.arg(1))
	return zone.state != personal && zone.text != "" && zone.text != "off"
}

// key is the request's key.
func (p *site) key(w *way) value {
	if d := p.nearest("cache_key"); d != nil {
		return w.text(d.arg(1))
	}
	if p.family == "proxy" {
		return w.text("$scheme$proxy_host$request_uri")
	}
	return text("") // nginx warns, and has one entry for all
}

// methods are those that the cache is for, and with which a request with credentials may fill an entry.
func (p *site) methods() []string {
	list := []string{"GET", "HEAD"}
	for _, d := range p.list("cache_methods") {
		if slices.Contains(d.args(), "POST") {
			list = append(list, "POST")
		}
	}
	return list
}

// leak says who receives what was made for a bearer.
type leak int

const (
	toNobody  leak = 1 << iota // requests without credentials
	toBearers                  // those with others'
)

// leaks decides whether what is stored for one bearer, who has credentials of these kinds, is given to others. guarded: no request
// without them comes as far as the cache.
func (p *site) leaks(with credentials, guarded bool) (l leak) {
	for _, method := range p.methods() {
		alice := p.way(request{who: 1, with: with, address: 1, method: method})
		if !p.stores(alice) {
			continue
		}
		key := p.key(alice)
		if key.state == personal {
			continue
		}
		if method == "HEAD" {
			method = "GET" // nginx asks the origin with GET, and answers GET with it
			if get := p.key(p.way(request{who: 1, with: with, address: 1})); get.text != key.text {
				method = "HEAD"
			}
		}
		for _, other := range []struct {
			who int
			to  leak
		}{{0, toNobody}, {2, toBearers}} {
			if other.who == 0 && guarded {
				continue
			}
			w := p.way(request{who: other.who, with: with, address: 2, method: method})
			if p.looks(w) && p.key(w) == key {
				l |= other.to
			}
		}
	}
	return l
}

// cachedWay is way, once for each request.
func (p *site) cachedWay(q request) *way {
	if p.ways == nil {
		p.ways = map[request]*way{}
	}
	w := p.ways[q]
	if w == nil {
		w = p.way(q)
		p.ways[q] = w
	}
	return w
}
