package flask

import (
	"regexp"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// fragment is a part of a template that Flask-Caching's tag keeps: {% cache 60, "sidebar" %}…{% endcache %}. Its key is the file and the
// line, or what stands behind the lifetime.
type fragment struct {
	tag   string
	line  int
	keys  []string
	first int // number of the first of the template's names in it
	last  int
	loads int // number of the first template that it includes
	ends  int
}

var jinjaCache = regexp.MustCompile(`^\{%[-+]?\s*(end)?cache\b`)

// fragmentTag notes where a fragment begins or ends; ok is false for any other tag.
func (t *template) fragmentTag(tag string, line int) (ok bool) {
	m := jinjaCache.FindStringSubmatch(tag)
	if m == nil {
		return false
	}
	if m[1] == "" {
		t.fragments = append(t.fragments, fragment{tag: tag, line: line, keys: jinjaName.FindAllString(plainStrings(tag), 20), first: len(t.uses), last: -1, loads: len(t.loads)})
		return true
	}
	for i := len(t.fragments) - 1; i >= 0; i-- { // they may stand in each other
		if f := &t.fragments[i]; f.last < 0 {
			f.last, f.ends = len(t.uses), len(t.loads)
			break
		}
	}
	return true
}

// judgeFragments reports fragments that show who asks, under a key without it.
func (p *project) judgeFragments() {
	if !p.usesCaching || p.cachingIsOff() {
		return
	}
	for _, list := range p.byBase {
		for _, t := range list {
			for _, f := range t.fragments {
				if f.last >= 0 && !isTest(t.path) && !p.keyedByCaller(f) {
					p.judgeFragment(t, f)
				}
			}
		}
	}
}

func (p *project) keyedByCaller(f fragment) bool {
	for _, name := range f.keys {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if p.callerInTemplate(name) != "" && attrOf(last)&whole != 0 {
			return true
		}
	}
	return false
}

func (p *project) judgeFragment(t *template, f fragment) {
	part := &template{path: t.path, uses: t.uses[f.first:f.last], loads: t.loads[f.loads:f.ends]}
	shows := p.templateTaint(part, &module{dotted: strings.Split(t.path, "/")}, map[*template]bool{}, 0)
	if !shows.has(caller) {
		return
	}
	found := finding.Finding{
		Rule: finding.FlaskUnkeyedCache, Severity: finding.FlaskUnkeyedCache.Severity, Confidence: finding.Confirmed,
		Summary: "A fragment of " + t.path + " shows who asks, and is kept under a key without it.",
		Source: &finding.Source{Place: finding.Place{File: t.path, Line: f.line}, EndLine: f.line, Key: shown(f.tag), Trace: reversed(shows.why.steps()),
			Fix: "Put the id of the verified user into the key, behind the lifetime, or take what is about the user out of the fragment."},
	}
	if shows.has(small) {
		found.Severity, found.Confidence = finding.Low, finding.Likely
	}
	found.Detail = "It depends on the caller (" + shows.why.root() + "); the key is what the tag names, or the file and the line (Flask-Caching's default)."
	p.add(found, nil)
}
