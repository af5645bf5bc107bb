package nginx

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// scope is a block that inherits: the file itself, http, server, location, if, limit_except.
type scope struct {
	kind     string
	node     *directive // nil: the file itself
	parent   *scope
	root     *root
	items    []*directive // of the block, what includes name in their place
	byName   map[string][]*directive
	children []*scope
	missing  []*directive // includes of files that the tree has not
	script   []step       // of the rewrite phase, in order
	apart    []*scope     // locations in it of what is somebody's own, by their names
}

// root is a configuration as nginx would load it, or a fragment of one that nothing in the tree includes.
type root struct {
	file      *source
	prefix    string // directory that names of included files are relative to
	whole     bool   // it has http: nothing stands around it that we do not see
	top       *scope
	all       []*scope
	defined   map[string]*directive // by variable, what defines it for all of http
	captured  map[string]bool       // variables that expressions of locations and server names capture
	luaSets   map[string]bool       // variables that Lua assigns
	upstreams map[string]*directive
	reached   map[*source]bool
	asks      map[asked]*directive // the auth_request that asks a location
}

// asked is a location by its server and its name.
type asked struct {
	server *scope
	uri    string
}

// step is a directive of the rewrite phase, with its block where it is an if.
type step struct {
	do    *directive
	inner *scope
}

type builder struct {
	t     *tree
	r     *root
	stack []*source // files that are being included
}

// maxIncludes bounds how far files include each other.
const maxIncludes = 16

// roots are the configurations of the tree: every file with http, then every one that no other includes, and of those that include each
// other in a circle the first.
func (t *tree) roots() []*root {
	included := map[*source]bool{}
	for _, f := range t.files {
		t.eachInclude(f, f.directives, func(to []*source) {
			for _, g := range to {
				included[g] = included[g] || g != f && t.spend(1)
			}
		})
	}
	var list []*root
	seen := map[*source]bool{}
	for _, begins := range []func(*source) bool{
		isMain,
		func(f *source) bool { return !included[f] },
		func(f *source) bool { return true },
	} {
		for _, f := range t.files {
			if f.known == 0 || seen[f] || !begins(f) {
				continue
			}
			r := t.build(f)
			for g := range r.reached {
				seen[g] = true
			}
			list = append(list, r)
		}
	}
	return list
}

func (t *tree) eachInclude(f *source, block []*directive, do func([]*source)) {
	for _, d := range block {
		if !t.spend(1) {
			return
		}
		if d.name() == "include" && !d.opens {
			do(t.resolve(f, path.Dir(f.path), d.arg(1)))
		}
		t.eachInclude(f, d.block, do)
	}
}

func (t *tree) build(f *source) *root {
	r := &root{file: f, prefix: path.Dir(f.path), defined: map[string]*directive{}, captured: map[string]bool{}, luaSets: map[string]bool{},
		upstreams: map[string]*directive{}, reached: map[*source]bool{f: true}, asks: map[asked]*directive{}}
	b := &builder{t: t, r: r, stack: []*source{f}}
	r.top = b.scope("main", nil, nil, f.directives)
	r.top.kind = contextOf(r.top.items)
	r.whole = r.top.kind == "main"
	for _, s := range r.all {
		b.note(s)
	}
	return r
}

// contextOf is the block that a file seems to be written for.
func contextOf(items []*directive) string {
	has := func(names ...string) bool {
		return slices.ContainsFunc(items, func(d *directive) bool {
			return slices.ContainsFunc(names, func(n string) bool { return d.name() == n || n[0] == '_' && strings.HasSuffix(d.name(), n) })
		})
	}
	switch {
	case has("http"):
		return "main"
	case slices.ContainsFunc(items, func(d *directive) bool { return d.name() == "server" && d.opens }),
		has("upstream", "map", "geo", "log_format", "_cache_path", "limit_req_zone", "limit_conn_zone", "split_clients", "js_import"):
		return "http"
	case has("location", "server_name", "listen"):
		return "server"
	}
	return "location"
}

var inheriting = map[string]bool{"http": true, "server": true, "location": true, "if": true, "limit_except": true}

func (b *builder) scope(kind string, node *directive, parent *scope, block []*directive) *scope {
	s := &scope{kind: kind, node: node, parent: parent, root: b.r, byName: map[string][]*directive{}}
	b.r.all = append(b.r.all, s)
	b.fill(s, block)
	for _, d := range s.items {
		s.byName[d.name()] = append(s.byName[d.name()], d)
		var inner *scope
		if d.opens && inheriting[d.name()] {
			inner = b.scope(d.name(), d, s, d.block)
			s.children = append(s.children, inner)
		}
		if rewriting[d.name()] {
			s.script = append(s.script, step{d, inner})
		}
		if inner != nil && inner.kind == "location" {
			if _, pattern := locationOf(inner); isApart(pattern) {
				s.apart = append(s.apart, inner)
			}
		}
	}
	return s
}

func (b *builder) fill(s *scope, block []*directive) {
	for _, d := range block {
		if !b.t.spend(1 + 20*(len(b.stack)-1)) {
			return
		}
		if d.name() != "include" || d.opens {
			s.items = append(s.items, d)
			continue
		}
		to := b.t.resolve(d.file, b.r.prefix, d.arg(1))
		if len(to) == 0 {
			s.missing = append(s.missing, d)
		}
		for _, f := range to {
			if !b.t.spend(1) || slices.Contains(b.stack, f) || len(b.stack) >= maxIncludes {
				continue
			}
			b.r.reached[f] = true
			b.stack = append(b.stack, f)
			b.fill(s, f.directives)
			b.stack = b.stack[:len(b.stack)-1]
		}
	}
}

// note keeps what a block says for all of http.
func (b *builder) note(s *scope) {
	if list := s.byName["auth_request"]; len(list) > 0 {
		b.r.asks[asked{s.server(), list[len(list)-1].arg(1)}] = list[len(list)-1]
	}
	for _, d := range s.items {
		switch name := d.name(); name {
		case "map", "geo", "split_clients":
			b.r.defined[strings.TrimPrefix(d.words[len(d.words)-1].text, "$")] = d
		case "js_set", "perl_set":
			b.r.defined[strings.TrimPrefix(d.arg(1), "$")] = d
		case "upstream":
			b.r.upstreams[d.arg(1)] = d
		case "location", "server_name", "if", "rewrite":
			for _, arg := range d.args() {
				for _, group := range namedGroup.FindAllStringSubmatch(arg, -1) {
					b.r.captured[group[1]] = true
				}
			}
		}
		code := d.lua
		if code == "" && strings.Contains(d.name(), "_by_lua") {
			code = strings.Join(d.args(), " ")
		}
		for _, set := range luaSet.FindAllStringSubmatch(code, -1) {
			b.r.luaSets[set[1]+set[2]] = true
		}
		if strings.HasPrefix(d.name(), "set_by_lua") {
			b.r.luaSets[strings.TrimPrefix(d.arg(1), "$")] = true
		}
	}
}

// server is the server block around the scope, or the outermost block that we see.
func (s *scope) server() *scope {
	for s.kind != "server" && s.parent != nil {
		s = s.parent
	}
	return s
}

// nearest is the directive of a name that holds in the scope, or nil: that of the innermost block that has one.
func (s *scope) nearest(name string) *directive {
	if list := s.list(name); len(list) > 0 {
		return list[len(list)-1]
	}
	return nil
}

// list are the directives of a name that hold in the scope. Those of an inner block replace those around it, all together.
func (s *scope) list(name string) []*directive {
	for ; s != nil; s = s.parent {
		if own := s.byName[name]; len(own) > 0 {
			return own
		}
	}
	return nil
}

// symbol names the block as its readers do.
func (s *scope) symbol() string {
	switch {
	case s.kind == "location" && s.node != nil:
		return "location " + strings.Join(printable(s.node.args()), " ")
	case s.kind == "server":
		if d := s.nearest("server_name"); d != nil && len(d.words) > 1 {
			return "server " + strings.Join(printable(d.args()), " ")
		}
		return "server"
	case s.node != nil:
		return s.kind
	}
	return path.Base(s.root.file.path)
}

// tokenLike is what may be a token in a path or a name.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{24,}`)

// printable are words as they may stand in a report, without what may be a secret.
func printable(words []string) []string {
	list := make([]string, len(words))
	for i, w := range words {
		w = strings.Map(func(c rune) rune {
			if c == output {
				return '…'
			}
			if c < ' ' || c == 0x7f {
				return -1
			}
			return c
		}, strings.ToValidUTF8(w, ""))
		w = tokenLike.ReplaceAllStringFunc(w, func(run string) string {
			if strings.ContainsAny(run, "0123456789") && strings.Trim(run, "0123456789-_") != "" {
				return "…"
			}
			return run
		})
		if r := []rune(w); len(r) > 80 {
			w = string(r[:80]) + "…"
		}
		list[i] = w
	}
	return list
}
