package flask

import (
	"path"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// project is the source under audit: its modules, found by the names that import statements use, and what was learnt of them.
type project struct {
	modules []*module
	byTail  map[string][]*module   // by the last part of the dotted name
	byBase  map[string][]*template // by the last part of the path
	context map[string][]*function // names in all templates, and the context processors that give them
	classes []*class

	parsed    map[string]parsed      // what parsers of requests look for
	attached  map[string][]*binding  // objects that are made attributes of others: app.cache = Cache(app); with [ before it, items of a config
	assignedG map[string][]*function // attributes of flask.g and of the request, and who assigns them
	g         map[string]taint       // what they were seen to hold

	views      map[*function][]*view
	hooks      []hook
	arounds    int // how often something was put around all views
	guards     map[*view]*hook
	shared     int // how many directories lead to all modules
	registered map[*binding]registration

	hasFlask    bool
	usesCaching bool              // Flask-Caching, or its predecessor, is imported somewhere
	flashing    []string          // directories of modules that flash something that is made of data, and not a fixed text
	filesLive   *finding.Place    // where files that are sent are given a lifetime; nil: nowhere
	forgets     *bool             // what forgetsViews said
	oldCaching  bool              // it is the predecessor, which has no make_cache_key
	usesLogin   bool              // a library is imported that gives current_user to templates
	initTypes   []string          // those that init_app is given, which win
	requests    map[*binding]bool // parameters that are given the request itself
	cacheTypes  []string          // values of CACHE_TYPE, in lower case; "" for one that is not written there

	layered      map[*function][]layer
	decorations  map[*function][]layer
	namesSeen    map[moduleName]value
	finds        map[findKey]*module
	freeSeen     map[*binding]taint
	freeUnderWay map[*binding]bool
	spare        []map[string]taint // of frames that are done
	depth        int
	underWay     int

	kept       map[*function]bool      // functions whose bodies are looked at when all summaries are made
	passed     map[*function][]taint   // what decorated functions are called with
	callers    map[*function]*function // who was first seen to call each
	singletons map[*class]bool         // classes of which a module has an object

	wrapping map[*function]map[string]bool

	reads    map[string]bool // texts of keys that are read
	inPlace  []*site         // caches that functions are given where they are called
	manual   []operation     // values that are kept under keys without the caller
	found    map[string]bool
	findings []finding.Finding
	foundIn  []*function // the function that each is in; nil: none
}

// module is one file of Python.
type module struct {
	path       string
	dir        string
	dotted     []string // the path without .py, and without __init__
	isInit     bool
	source     []byte // until it is parsed
	flask      bool   // it imports something of Flask's
	translated bool   // from Python 2, or another encoding: nothing in it is edited
	wanted     bool   // it will be
	file       *python.File
	scope      *scope
	outermost  []*function // once they were asked for
	lambdas    map[*python.Lambda]*function
	project    *project
	test       bool // of the project's tests: looked at for what it defines, never blamed
}

func (m *module) line(n python.Node) int { return m.file.Line(n.Range().Start) }

func (m *module) endLine(n python.Node) int {
	r := n.Range()
	return m.file.Line(max(r.End-1, r.Start))
}

// dottedPath is the path of a file as the parts of a module's name.
func dottedPath(file string) (parts []string, isInit bool) {
	trimmed := strings.TrimSuffix(strings.TrimSuffix(file, ".py"), ".pyw")
	parts = strings.Split(trimmed, "/")
	if parts[len(parts)-1] == "__init__" {
		return parts[:len(parts)-1], true
	}
	return parts, false
}

// isTest reports whether a path is that of a test.
func isTest(file string) bool {
	base := path.Base(file)
	if strings.HasPrefix(base, "test_") || strings.HasSuffix(base, "_test.py") || base == "conftest.py" || base == "tests.py" {
		return true
	}
	for _, dir := range strings.Split(path.Dir(file), "/") {
		if dir == "tests" || dir == "test" || dir == "testing" {
			return true
		}
	}
	return false
}

func (p *project) index(m *module) {
	p.modules = append(p.modules, m)
	if len(m.dotted) > 0 {
		tail := m.dotted[len(m.dotted)-1]
		p.byTail[tail] = append(p.byTail[tail], m)
	}
}

// find is the module that a dotted name means in an import of another module; nil where it is none of the project. Where more than one
// module's path ends so, it is the one that shares the longest way with the importer.
func (p *project) find(from *module, name string, level int) *module {
	key := findKey{from.dir, name, level, from.isInit}
	m, ok := p.finds[key]
	if !ok {
		m = p.search(from, name, level)
		p.finds[key] = m
	}
	return m
}

type findKey struct {
	dir, name string
	level     int
	isInit    bool
}

func (p *project) search(from *module, name string, level int) *module {
	var want []string
	if name != "" {
		want = strings.Split(name, ".")
	}
	if level > 0 {
		base := from.dotted
		up := level
		if from.isInit {
			up--
		}
		if up > len(base) {
			return nil
		}
		return p.exact(append(base[:len(base)-up:len(base)-up], want...))
	}
	if len(want) == 0 {
		return nil
	}
	if libraries[want[0]] && p.exact(want) == nil {
		return nil
	}
	var best *module
	bestShared := -1
	for _, m := range p.byTail[want[len(want)-1]] {
		if !endsWith(m.dotted, want) {
			continue
		}
		root := m.dotted[:len(m.dotted)-len(want)]
		shared := commonPrefix(root, from.dotted)
		if shared < len(root) && len(want) == 1 {
			continue // a single word names what lies at a root of the importer, not any file that is called so
		}
		if shared > bestShared || shared == bestShared && len(m.dotted) < len(best.dotted) {
			best, bestShared = m, shared
		}
	}
	return best
}

// libraries are packages that a directory of the project may be called after, deeper than where imports begin.
var libraries = map[string]bool{"flask": true, "jwt": true, "redis": true, "cachetools": true, "cachelib": true, "functools": true, "logging": true, "requests": true,
	"json": true, "authlib": true, "hashlib": true, "hmac": true, "os": true, "sys": true, "time": true, "werkzeug": true, "flask_caching": true, "flask_login": true, "google": true}

func (p *project) exact(dotted []string) *module {
	if len(dotted) == 0 {
		return nil
	}
	for _, m := range p.byTail[dotted[len(dotted)-1]] {
		if len(m.dotted) == len(dotted) && endsWith(m.dotted, dotted) {
			return m
		}
	}
	return nil
}

// area is the directory of a module below what leads to all: where a tree has several applications, each has its own. It is empty for
// what stands beside them.
func (p *project) area(m *module) string {
	if len(m.dotted) <= p.shared+1 && !m.isInit || len(m.dotted) <= p.shared {
		return ""
	}
	return m.dotted[p.shared]
}

// findShared counts the directories that lead to all modules.
func (p *project) findShared() {
	for i, m := range p.modules {
		dirs := strings.Split(m.dir, "/")
		if m.dir == "." {
			dirs = nil
		}
		if i == 0 {
			p.shared = len(dirs)
		}
		p.shared = min(p.shared, commonPrefix(dirs, p.modules[0].dotted))
	}
}

func endsWith(list, tail []string) bool {
	if len(tail) > len(list) {
		return false
	}
	for i := range tail {
		if list[len(list)-len(tail)+i] != tail[i] {
			return false
		}
	}
	return true
}

func commonPrefix(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
