// Package flask finds, in the source of applications of Flask, where a cache hands one caller's answer to another: it follows who asks
// through names, helpers, decorators, globals and templates into what is stored, and looks whether the key has it too. It hides how
// Python finds names, what the libraries for authentication and for caching do, and which of two decorators runs first.
package flask

import (
	"bytes"
	"path"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// Language is Flask: modules of Python, and templates of Jinja.
var Language = audit.Language{Name: "flask", Match: matches, Audit: judgeFiles}

func matches(file string) bool {
	switch path.Ext(file) {
	case ".py", ".pyw":
		return true
	case ".html", ".htm", ".jinja", ".jinja2", ".j2", ".xml", ".txt":
		return isTemplate(file)
	}
	return false
}

func isTemplate(file string) bool {
	for _, dir := range strings.Split(path.Dir(file), "/") {
		if strings.Contains(dir, "template") {
			return true
		}
	}
	return false
}

// relevant reports whether a text has a word without which a module says nothing that this package judges, or follows.
func relevant(text []byte) bool {
	for _, word := range relevantWords {
		if bytes.Contains(text, word) {
			return true
		}
	}
	return false
}

var relevantWords = [][]byte{[]byte("flask"), []byte("cache"), []byte("CACHE"), []byte("Cache"), []byte("redis"), []byte("Redis"), []byte("memo"), []byte("current_user"),
	[]byte("session"), []byte("request"), []byte("token"), []byte("TOKEN"), []byte("JWT"), []byte("quart")}

func judgeFiles(files []audit.File) audit.Result {
	p := newProject()
	var result audit.Result
	p.parse(files)
	for _, m := range p.modules {
		for i, e := range m.file.Errors {
			if i == 3 {
				break
			}
			result.Problems = append(result.Problems, finding.Place{File: m.path, Line: e.Line, Note: e.Message})
		}
	}
	for _, f := range files {
		if isTemplate(f.Path) && path.Ext(f.Path) != ".py" {
			t := readTemplate(f.Path, f.Text)
			p.byBase[path.Base(f.Path)] = append(p.byBase[path.Base(f.Path)], t)
		}
	}
	p.collect()
	p.findShared()
	if !p.hasFlask {
		result.Problems = nil // of another kind of program
		return result
	}
	p.learn()
	p.run()
	result.Findings = p.findings
	return result
}

func newProject() *project {
	return &project{
		byTail: map[string][]*module{}, byBase: map[string][]*template{}, context: map[string][]*function{}, attached: map[string][]*binding{}, requests: map[*binding]bool{}, assignedG: map[string][]*function{},
		g: map[string]taint{}, views: map[*function][]*view{}, freeUnderWay: map[*binding]bool{}, freeSeen: map[*binding]taint{}, namesSeen: map[moduleName]value{}, finds: map[findKey]*module{}, guards: map[*view]*hook{},
		layered: map[*function][]layer{}, decorations: map[*function][]layer{}, found: map[string]bool{}, registered: map[*binding]registration{}, reads: map[string]bool{}, wrapping: map[*function]map[string]bool{}, passed: map[*function][]taint{}, callers: map[*function]*function{}, parsed: map[string]parsed{}, kept: map[*function]bool{}, singletons: map[*class]bool{},
	}
}

// parse reads the modules: those whose text has a word that matters, and those that they import, on all cores.
func (p *project) parse(files []audit.File) {
	var first []*module
	for _, f := range files {
		if ext := path.Ext(f.Path); ext == ".py" || ext == ".pyw" {
			m := &module{path: f.Path, dir: path.Dir(f.Path), test: isTest(f.Path), source: f.Text, project: p, lambdas: map[*python.Lambda]*function{}}
			m.dotted, m.isInit = dottedPath(f.Path)
			m.file = unread
			p.index(m)
			if relevant(f.Text) {
				first = append(first, m)
			}
		}
	}
	for next := first; len(next) > 0; {
		parseAll(next)
		var imported []*module
		for _, m := range next {
			imported = append(imported, p.importedBy(m)...)
		}
		next = imported
	}
}

// unread is the tree of a module that nothing asks for.
var unread = &python.File{}

func parseAll(list []*module) {
	var wg sync.WaitGroup
	next := make(chan *module)
	for range max(1, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for m := range next {
				m.file = python.Parse(m.source)
				if len(m.file.Errors) > 0 {
					if translated := python.Parse(fromPython2(m.source)); len(translated.Errors) < len(m.file.Errors) {
						m.file, m.translated = translated, true
					}
				}
				if !bytes.Equal(m.source, m.file.Text) {
					m.translated = true // from another encoding: its offsets are not those of the file
				}
				m.source = nil
			}
		})
	}
	for _, m := range list {
		next <- m
	}
	close(next)
	wg.Wait()
}

var (
	printStatement = regexp.MustCompile(`(?m)^([ \t]*(?:[^\n#'"]*[:;][ \t]*)?)print[ \t]+([^(\n=][^\n]*?)[ \t\r]*$`)
	execStatement  = regexp.MustCompile(`(?m)^([ \t]*)exec[ \t]+([^(\n=][^\n]*?)[ \t\r]*$`)
	oldOctal       = regexp.MustCompile(`\b0([0-7]+)\b`)
	raiseComma     = regexp.MustCompile(`(?m)^([ \t]*raise[ \t]+\w+)[ \t]*,[ \t]*([^\n]+?)[ \t\r]*$`)
	exceptComma    = regexp.MustCompile(`(?m)^([ \t]*except[ \t]+[\w.]+|[ \t]*except[ \t]*\([^()\n]*\))[ \t]*,[ \t]*(\w+)[ \t]*:`)
)

// fromPython2 is source of Python 2 as far as version 3 reads it with the same lines: what prints, raises and catches. Its offsets are others,
// so that nothing in such a file is edited.
func fromPython2(text []byte) []byte {
	text = exceptComma.ReplaceAll(text, []byte("$1 as $2:"))
	text = raiseComma.ReplaceAll(text, []byte("$1($2)"))
	text = printStatement.ReplaceAllFunc(text, func(line []byte) []byte {
		m := printStatement.FindSubmatch(line)
		what := bytes.TrimRight(m[2], ", \t")
		if bytes.HasPrefix(what, []byte(">>")) {
			what = what[2:]
		}
		if i := bytes.Index(what, []byte("  #")); i >= 0 { // a comment stays one
			return slices.Concat(m[1], []byte("print("), what[:i], []byte(")"), what[i:])
		}
		return slices.Concat(m[1], []byte("print("), what, []byte(")"))
	})
	text = execStatement.ReplaceAll(text, []byte("$1exec($2)"))
	text = oldOctal.ReplaceAll(text, []byte("0o$1"))
	return text
}

// importedBy are the modules that a module imports, and that are not read yet; each once.
func (p *project) importedBy(m *module) (list []*module) {
	want := func(found *module) {
		if found != nil && found.file == unread && !found.wanted {
			found.wanted = true
			list = append(list, found)
		}
	}
	for _, stmt := range m.file.Body {
		python.Inspect(stmt, func(n python.Node) bool {
			switch n := n.(type) {
			case *python.Import:
				for _, a := range n.Names {
					want(p.find(m, a.Name, 0))
				}
			case *python.ImportFrom:
				from := p.find(m, n.Module, n.Level)
				want(from)
				for _, a := range n.Names {
					if from != nil {
						want(p.exact(append(from.dotted[:len(from.dotted):len(from.dotted)], a.Name)))
					} else if n.Level == 0 {
						want(p.find(m, n.Module+"."+a.Name, 0))
					}
				}
			case python.Expr:
				return false
			}
			return true
		})
	}
	return list
}

// collect gives every scope its names.
func (p *project) collect() {
	for _, m := range p.modules {
		m.scope = newScope(m, nil, nil, nil)
		c := &collector{project: p, module: m}
		c.body(m.scope, m.file.Body)
	}
}

// learn finds what holds for the whole project.
func (p *project) learn() {
	p.findCacheTypes()
	p.findSingletons()
	p.findFlashes()
	p.findRequests()
	p.findContext()
	p.findRegistrations()
	p.findViews()
	p.findFileLifetime()
	p.findParsed()
	for _, h := range p.hooks {
		p.kept[h.fn] = true
	}
	for _, list := range p.context {
		for _, f := range list {
			p.kept[f] = true
		}
	}
}

// release gives up the body of a function that nobody asks for again once it has its summary: most of the trees are such bodies. Its names
// stay, with their values: what it puts into self.client, or app.cache, others resolve in its scope.
func (p *project) release(f *function) {
	def, ok := f.node.(*python.FunctionDef)
	if !ok || f.outer != nil || len(f.decorators) > 0 || len(f.inner) > 0 || len(p.views[f]) > 0 || p.kept[f] || strings.HasPrefix(f.name, "__") {
		return
	}
	f.released = &remains{resultOf(f), p.returned(f, maxSteps)}
	f.body, def.Body = nil, nil
}

// findSingletons notes the classes of which a module has an object, as a value or as a decorator: what that keeps, it keeps for all requests.
func (p *project) findSingletons() {
	for _, m := range p.modules {
		for _, f := range m.everyFunction() {
			for _, d := range f.decorators {
				if c, ok := d.(*python.Call); ok {
					d = c.Func
				}
				if v := p.resolve(d, f.scope.outer); v.kind == isClass {
					p.singletons[v.class] = true
				}
			}
		}
		for _, e := range m.scope.names.entries {
			list := e.list
			for _, b := range list {
				if c, ok := b.value.(*python.Call); ok && b.scope == m.scope {
					if v := p.resolve(c, b.scope); v.kind == isInstance {
						p.singletons[v.class] = true
					}
				}
			}
		}
	}
}

// findFlashes notes whether a flashed message ever has data in it: a fixed one tells nobody anything of somebody.
func (p *project) findFlashes() {
	for _, m := range p.modules {
		p.inCalls(m, func(c *python.Call, s *scope) {
			if calleeName(c) != "flash" || len(c.Args) == 0 {
				return
			}
			switch c.Args[0].(type) {
			case *python.JoinedStr, *python.BinOp:
				p.flashing = append(p.flashing, m.dir)
			case *python.Call:
				a, ok := c.Args[0].(*python.Call).Func.(*python.Attribute)
				if ok && a.Attr == "format" {
					p.flashing = append(p.flashing, m.dir)
				}
			}
		})
	}
}

// findRequests notes the parameters that are given the request itself, through three calls.
func (p *project) findRequests() {
	for range 3 {
		for _, m := range p.modules {
			p.inCalls(m, func(c *python.Call, s *scope) {
				for i, a := range c.Args {
					name, ok := a.(*python.Name)
					if !ok {
						continue
					}
					if v := p.resolve(name, s); v.kind != isExternal || v.name != "flask.request" {
						continue
					}
					f := p.resolve(c.Func, s)
					if f.kind != isFunction || f.bound || i >= f.fn.positional {
						continue
					}
					if list := f.fn.scope.names.of(f.fn.params[i]); len(list) > 0 && int(list[0].param) == i {
						p.requests[list[0]] = true
					}
				}
			})
		}
	}
}

// run follows every function, and judges.
func (p *project) run() {
	written := p.written() // while there are bodies; told last, since what is followed into the same line says more
	for _, m := range p.modules {
		fr := &frame{p: p, module: m, scope: m.scope, env: map[string]taint{}, sum: &summary{}}
		fr.module = m
		fr.block(m.file.Body)
		fr.settle()
		for _, f := range m.everyFunction() {
			p.summarize(f)
		}
		for _, f := range m.everyFunction() {
			p.release(f)
		}
	}
	p.judgeAll()
	p.judgeFragments()
	p.judgePolicies()
	for _, f := range written {
		p.add(f, nil)
	}
	for i := range p.findings {
		if f := &p.findings[i]; f.Operation == "" {
			f.Operation = p.routeTo(p.foundIn[i])
		}
	}
	sort.SliceStable(p.findings, func(i, j int) bool {
		a, b := p.findings[i].Source, p.findings[j].Source
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
}
