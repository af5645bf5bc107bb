// Package nginx reads the configuration of nginx, and of what is built on it, and finds caches that hand one bearer's answer to another.
// It hides nginx's grammar, what inherits what, and how much of a request's way through a configuration can be computed without nginx.
package nginx

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// Language is nginx.
var Language = audit.Language{Name: "nginx", Match: match, Audit: check}

var (
	configEndings = setOf("conf nginx vhost")
	otherEndings  = setOf("md rst py go js mjs ts tsx jsx yml yaml json sh bash lua html htm service rb php c h cc cpp hpp css scss png svg jpg gif ico log sql toml xml rs java kt cs pl pm te fc spec patch diff lock gz zip pem crt key csv ipynb ps1 bat tf mk adoc timer socket snap")
	configDirs    = setOf("sites-available sites-enabled conf.d vhosts vhost.d nginx snippets http.d stream.d")
)

// match takes names under which such files are kept. Whether one is nginx's shows in its text.
func match(file string) bool {
	base := strings.ToLower(path.Base(file))
	endings := strings.Split(base, ".")[1:]
	last := ""
	if len(endings) > 0 {
		last = endings[len(endings)-1]
	}
	switch {
	case configEndings[last] || slices.Contains(endings, "conf"):
		return true
	case otherEndings[last] || strings.HasPrefix(base, "dockerfile"):
		return false
	case strings.HasPrefix(base, "nginx"):
		return true
	}
	for dir := range strings.SplitSeq(path.Dir(strings.ToLower(file)), "/") {
		if configDirs[dir] {
			return true
		}
	}
	return false
}

// maxBytes bounds the files that are read: no configuration that people write is as large.
const maxBytes = 8 << 20

func check(files []audit.File) audit.Result {
	var result audit.Result
	var sources []*source
	for _, f := range files {
		if len(f.Text) > maxBytes || !match(f.Path) {
			continue
		}
		s := read(f)
		if s.known == 0 {
			continue
		}
		sources = append(sources, s)
		if s.broken != "" && s.known > 2 && !s.template {
			result.Problems = append(result.Problems, finding.Place{File: f.Path, Line: s.brokenAt, Note: "this is no whole nginx configuration: " + s.broken})
		}
	}
	slices.SortFunc(sources, func(a, b *source) int { return strings.Compare(a.path, b.path) })
	t := newTree(sources)
	found := newCollection()
	roots := t.roots()
	for _, r := range roots {
		for _, p := range t.sites(r) {
			if t.work <= 0 {
				break
			}
			p.judge(found)
			p.ways = nil
		}
	}
	t.logs(roots, found)
	result.Findings = found.findings()
	if t.work <= 0 && len(sources) > 0 {
		result.Problems = append(result.Problems, finding.Place{File: sources[0].path, Line: 1, Note: "these files take more work than an audit does; not all of them were judged"})
	}
	return result
}

// collection keeps one finding for each rule and line: a line that many locations inherit is one mistake.
type collection struct {
	list []*finding.Finding
	by   map[place]*finding.Finding
	keys map[string]int
}

type place struct {
	rule *finding.Rule
	file string
	line int
}

func newCollection() *collection {
	return &collection{by: map[place]*finding.Finding{}, keys: map[string]int{}}
}

// maxAlso bounds how many further locations a finding tells of.
const maxAlso = 8

// add keeps a finding at a directive. Where there is one at that line already, the surer one stays, with a note of the other.
func (c *collection) add(d *directive, line int, f finding.Finding) {
	at := place{f.Rule, d.file.path, line}
	f.Source.File, f.Source.Line = d.file.path, line
	if old := c.by[at]; old != nil {
		if f.Confidence > old.Confidence {
			f.Source.Edits = merge(old.Source.Edits, f.Source.Edits)
			f.Source.Safe = old.Source.Safe && f.Source.Safe
			f.Source.Key = old.Source.Key
			also(f.Source, old.Source)
			*old = f
			return
		}
		also(old.Source, f.Source)
		old.Source.Edits = merge(old.Source.Edits, f.Source.Edits)
		old.Source.Safe = old.Source.Safe && f.Source.Safe
		return
	}
	key := lineText(d.file, line)
	id := f.Rule.ID + "\x00" + d.file.path + "\x00" + f.Source.Symbol + "\x00" + key
	c.keys[id]++
	if n := c.keys[id]; n > 1 {
		key += " #" + itoa(n)
	}
	f.Source.Key = key
	c.by[at] = &f
	c.list = append(c.list, &f)
}

// also adds to what is told of one location that it holds for another.
func also(told, other *finding.Source) {
	if told.Symbol != other.Symbol && len(told.Trace) < maxAlso+4 {
		told.Trace = append(told.Trace, finding.Place{File: other.Trace[0].File, Line: other.Trace[0].Line, Note: "the same holds for " + other.Symbol})
	}
}

func merge(a, b []finding.Edit) []finding.Edit {
	for _, e := range b {
		if len(a) < maxAlso && !slices.ContainsFunc(a, func(o finding.Edit) bool { return o.File == e.File && o.Start == e.Start }) {
			a = append(a, e)
		}
	}
	return a
}

func (c *collection) findings() []finding.Finding {
	var list []finding.Finding
	for _, f := range c.list {
		list = append(list, *f)
	}
	return list
}

// lineText is a line as a key has it: without space around it, and not too long. It never is printed.
func lineText(s *source, line int) string {
	if s.starts == nil {
		s.starts = []int{0}
		for i, c := range s.text {
			if c == '\n' {
				s.starts = append(s.starts, i+1)
			}
		}
	}
	rest := s.text[s.starts[line-1]:]
	if n := bytes.IndexByte(rest, '\n'); n >= 0 {
		rest = rest[:n]
	}
	return string(bytes.TrimSpace(rest[:min(len(rest), 200)]))
}
