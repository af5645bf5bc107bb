// Package apache finds in configurations of Apache httpd the directives by which mod_cache stores answers to requests with credentials,
// and gives them to others. It hides the grammar of these files, how they become one server, and what mod_cache does.
package apache

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// Language reads httpd's configuration.
var Language = audit.Language{Name: "apache", Match: match, Audit: run}

// directories are those that distributions keep the parts of one server in, in the order in which it reads them.
var directories = []string{"mods-available", "mods-enabled", "conf.modules.d", "conf-available", "conf-enabled", "conf.d", "extra",
	"sites-available", "sites-enabled", "vhosts.d", "vhosts", "sites"}

func match(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch {
	case base == ".htaccess" || base == "htaccess",
		strings.HasSuffix(base, ".conf") || strings.Contains(base, ".conf."),
		strings.HasPrefix(base, "httpd") || strings.HasPrefix(base, "apache") || strings.HasSuffix(base, ".vhost"):
		return notOther(base)
	}
	for dir := range strings.SplitSeq(strings.ToLower(path.Dir(name)), "/") {
		if slices.Contains(directories, dir) || strings.HasPrefix(dir, "apache") || strings.HasPrefix(dir, "httpd") {
			return notOther(base)
		}
	}
	return false
}

// notOther leaves out what begins like a configuration by its name and is in a language of its own.
func notOther(base string) bool {
	return !slices.Contains([]string{".go", ".py", ".js", ".ts", ".md", ".html", ".sh", ".rb", ".java", ".php", ".c", ".h", ".yml", ".yaml", ".json", ".xml",
		".css", ".sql", ".svg", ".png", ".jpg", ".gif", ".ico", ".so", ".rst", ".adoc", ".vcl", ".lua", ".pl", ".toml", ".ini", ".log", ".pem", ".crt", ".key"},
		path.Ext(base))
}

// run audits a tree.
func run(files []audit.File) (result audit.Result) {
	if !slices.ContainsFunc(files, func(f audit.File) bool { return bytes.Contains(bytes.ToLower(f.Text), []byte("cacheenable")) }) {
		return result // nothing is stored
	}
	var sources []source
	texts := map[string][]byte{}
	for _, f := range files {
		sources = append(sources, source{f, lex(f.Text)})
		texts[f.Path] = f.Text
	}
	r := auditor{texts: texts, at: map[finding.Place]int{}, steps: maxSteps}
	assembly := newAssembly(sources)
	for _, group := range assembly.roots() {
		r.server(assembly.read(group), sources[group[0]].file.Path)
	}
	r.number()
	return r.result
}

// roots are the files that a server begins with: each that no other includes, and together with what else is in its directory where that
// has the form that distributions give it.
func (a *assembly) roots() (groups [][]int) {
	sources := a.sources
	included := map[int]bool{}
	for _, s := range sources {
		for _, it := range s.items {
			if it.kind == plain && (it.name == "include" || it.name == "includeoptional") {
				for _, i := range a.included(it.arg(0), s.file.Path) {
					included[i] = true
				}
			}
		}
	}
	var accesses []int
	byHome := map[string]int{}
	order := make([]int, len(sources))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(turn(sources[x].file.Path), turn(sources[y].file.Path)), strings.Compare(sources[x].file.Path, sources[y].file.Path))
	})
	for _, i := range order {
		home, isPart := homeOf(sources[i].file.Path)
		switch base := path.Base(sources[i].file.Path); {
		case base == ".htaccess" || base == "htaccess":
			accesses = append(accesses, i)
		case included[i]:
		case isPart:
			if at, known := byHome[home]; known {
				groups[at] = append(groups[at], i)
				continue
			}
			byHome[home] = len(groups)
			groups = append(groups, []int{i})
		default:
			groups = append(groups, []int{i})
		}
	}
	if len(groups) == 1 { // whose .htaccess it is is plain
		groups[0] = append(groups[0], accesses...)
	}
	return groups
}

// homeOf is the directory of the server that a file is part of, by the name of the directory it is in.
func homeOf(name string) (home string, ok bool) {
	dir := path.Dir(name)
	if slices.Contains(directories, path.Base(dir)) {
		return path.Dir(dir), true
	}
	base := path.Base(name)
	return dir, base == "apache2.conf" || base == "httpd.conf"
}

// turn is when a file of a directory is read.
func turn(name string) int { return slices.Index(directories, path.Base(path.Dir(name))) }

// auditor collects what is found in all servers of a tree.
type auditor struct {
	texts  map[string][]byte
	at     map[finding.Place]int // where in the result a place is blamed
	steps  int
	result audit.Result
}

func (r *auditor) server(s *server, file string) {
	for _, site := range s.sites() {
		j := judge{site: site, steps: &r.steps, found: r.add, text: func(file string) []byte { return r.texts[file] }}
		j.run()
	}
	if !s.whole || r.steps < 0 {
		r.result.Problems = append(r.result.Problems, finding.Place{File: file, Line: 1, Note: "too large to be read as a whole: not all of it was looked at"})
	}
}

// add takes a finding. Servers and sites share directives: of what is said of one, the surest is kept.
func (r *auditor) add(f finding.Finding) {
	at := finding.Place{File: f.Source.File, Line: f.Source.Line}
	if i, known := r.at[at]; !known {
		r.at[at] = len(r.result.Findings)
		r.result.Findings = append(r.result.Findings, f)
	} else if f.Confidence > r.result.Findings[i].Confidence {
		r.result.Findings[i] = f
	}
}

// number gives each finding its key: the text of its line, and the how manieth of the kind in its section it is.
func (r *auditor) number() {
	slices.SortFunc(r.result.Findings, func(a, b finding.Finding) int {
		return cmp.Or(strings.Compare(a.Source.File, b.Source.File), cmp.Compare(a.Source.Line, b.Source.Line))
	})
	times := map[string]int{}
	lines := map[string][][]byte{}
	for _, f := range r.result.Findings {
		s := f.Source
		if _, known := lines[s.File]; !known {
			lines[s.File] = bytes.Split(r.texts[s.File], []byte("\n"))
		}
		text := ""
		if s.Line <= len(lines[s.File]) {
			text = strings.Join(strings.Fields(string(lines[s.File][s.Line-1])), " ")
		}
		whole := s.File + "\x00" + s.Symbol + "\x00" + text
		s.Key = text
		if times[whole]++; times[whole] > 1 {
			s.Key = fmt.Sprintf("%s #%d", text, times[whole])
		}
	}
}
