// Package flask finds, in the source of applications of Flask, where a cache hands one caller's answer to another: it follows who asks
// through names, helpers, decorators, globals and templates into what is stored, and looks whether the key has it too. It hides how
// Python finds names, what the libraries for authentication and for caching do, and which of two decorators runs first.
package flask

import (
	"bytes"
	"path"
	"regexp"
	"runtime"
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

// relevant are words without one of which a module says nothing that this package judges, or follows.
var relevant = regexp.MustCompile(`(?i)flask|cache|redis|memoi|current_user|session|request|token|quart`)

func judgeFiles(files []audit.File) audit.Result {
	p := newProject()
	var result audit.Result
	for _, m := range parse(files) {
		for i, e := range m.file.Errors {
			if i == 3 {
				break
			}
			result.Problems = append(result.Problems, finding.Place{File: m.path, Line: e.Line, Note: e.Message})
		}
		m.project = p
		p.take(m)
	}
	for _, f := range files {
		if isTemplate(f.Path) && path.Ext(f.Path) != ".py" {
			t := readTemplate(f.Path, f.Text)
			p.byBase[path.Base(f.Path)] = append(p.byBase[path.Base(f.Path)], t)
		}
	}
	p.collect()
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
		byTail: map[string][]*module{}, byBase: map[string][]*template{}, context: map[string][]*function{}, assignedG: map[string][]*function{},
		g: map[string]taint{}, views: map[*function][]*view{}, summaries: map[*function]*summary{}, freeUnderWay: map[*binding]bool{}, freeSeen: map[*binding]taint{},
		layered: map[*function][]layer{}, decorations: map[*function][]layer{}, found: map[string]bool{}, registered: map[*binding]registration{}, reads: map[string]bool{},
	}
}

// parse reads the modules, on all cores.
func parse(files []audit.File) []*module {
	var list []*module
	for _, f := range files {
		if ext := path.Ext(f.Path); ext == ".py" || ext == ".pyw" {
			m := &module{path: f.Path, dir: path.Dir(f.Path), test: isTest(f.Path), lambdas: map[*python.Lambda]*function{}}
			m.dotted, m.isInit = dottedPath(f.Path)
			m.source = f.Text
			list = append(list, m)
		}
	}
	var wg sync.WaitGroup
	next := make(chan *module)
	for range max(1, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for m := range next {
				if relevant.Match(m.source) {
					m.file = python.Parse(m.source)
				} else {
					m.file = &python.File{Text: nil}
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
	return list
}

func (p *project) take(m *module) {
	p.index(m)
	if m.file.Text != nil && bytes.Contains(m.file.Text, []byte("flask")) || bytes.Contains(m.file.Text, []byte("quart")) {
		p.hasFlask = p.hasFlask || importsFlask.Match(m.file.Text)
	}
}

var importsFlask = regexp.MustCompile(`(?m)^[ \t]*(from|import)[ \t]+(flask|quart)`)

// isFlask reports whether a module imports something of Flask's.
func (p *project) isFlask(m *module) bool {
	return importsFlask.Match(m.file.Text)
}

// collect gives every scope its names.
func (p *project) collect() {
	for _, m := range p.modules {
		m.scope = newScope(m, nil, nil, nil)
		c := &collector{project: p, module: m}
		c.body(m.scope, m.file.Body)
	}
}

var (
	importsCaching = regexp.MustCompile(`(?m)^[ \t]*(from|import)[ \t]+(flask_caching|flask_cache|flask\.ext\.cache|quart_caching)\b`)
	importsLogin   = regexp.MustCompile(`(?m)^[ \t]*(from|import)[ \t]+(flask_login|flask_security|flask_user|flask_praetorian|flask\.ext\.(login|security)|flask_appbuilder|flask_jwt_extended)\b`)
)

// learn finds what holds for the whole project.
func (p *project) learn() {
	for _, m := range p.modules {
		p.usesCaching = p.usesCaching || importsCaching.Match(m.file.Text)
		p.usesLogin = p.usesLogin || importsLogin.Match(m.file.Text)
	}
	p.findCacheTypes()
	p.findContext()
	p.findRegistrations()
	p.findViews()
}

// run follows every function, and judges.
func (p *project) run() {
	for _, m := range p.modules {
		fr := &frame{p: p, module: m, scope: m.scope, env: map[string]taint{}, sum: &summary{}}
		fr.module = m
		fr.block(m.file.Body)
		fr.settle()
		for _, f := range m.everyFunction() {
			p.summarize(f)
		}
	}
	p.judgeAll()
	p.judgePolicies()
	p.judgeConfiguration()
	sort.SliceStable(p.findings, func(i, j int) bool {
		a, b := p.findings[i].Source, p.findings[j].Source
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
}

func (p *project) readElsewhere(op *operation) bool { return p.reads[op.keyText] }
