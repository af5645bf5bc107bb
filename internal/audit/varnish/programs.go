package varnish

import (
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
)

// maxCandidates bounds the files of one name among which an include finds its own.
const maxCandidates = 200

// tree finds the files that include each other.
type tree struct {
	files  []*source
	byName map[string][]*source
	budget int // bytes that may still be included
}

// programs reads each file that no other includes, with what it includes. Of files that include each other in a circle the first
// stands for all.
func programs(files []audit.File) []*program {
	t := &tree{byName: map[string][]*source{}, budget: 32 << 20}
	for _, f := range files {
		s := &source{f.Path, string(f.Text)}
		t.files = append(t.files, s)
		name := plainName(f.Path)
		t.byName[name] = append(t.byName[name], s)
	}
	slices.SortFunc(t.files, func(a, b *source) int { return strings.Compare(a.path, b.path) })
	includes := map[*source][]*source{}
	included := map[*source]bool{}
	for _, f := range t.files {
		for _, name := range named(f) {
			for _, other := range t.find(f, name.file, name.all) {
				if other != f {
					includes[f] = append(includes[f], other)
					included[other] = true
				}
			}
		}
	}
	read := map[*source]bool{}
	var list []*program
	begin := func(f *source) {
		reach(f, includes, read)
		list = append(list, parse(f, t.include))
	}
	for _, f := range t.files {
		if !included[f] {
			begin(f)
		}
	}
	for _, f := range t.files {
		if !read[f] {
			begin(f)
		}
	}
	return list
}

func reach(from *source, includes map[*source][]*source, read map[*source]bool) {
	for next := []*source{from}; len(next) > 0; {
		f := next[len(next)-1]
		next = next[:len(next)-1]
		if !read[f] {
			read[f] = true
			next = append(next, includes[f]...)
		}
	}
}

// include is find, as long as there is a bound on what files that include each other twice and twice become.
func (t *tree) include(from *source, name string, all bool) (list []*source) {
	for _, f := range t.find(from, name, all) {
		if t.budget -= len(f.text) + 1; t.budget > 0 {
			list = append(list, f)
		}
	}
	return list
}

type inclusion struct {
	file string
	all  bool
}

// named are the files that f includes.
func named(f *source) (list []inclusion) {
	l := newLexer(f)
	for t := l.next(); t.kind != end; t = l.next() {
		if t.kind != name || t.text != "include" {
			continue
		}
		in := inclusion{}
		for t = l.next(); t.is("+") || t.kind == name && t.text == "glob"; t = l.next() {
			in.all = true
		}
		if in.file = t.text; t.kind == str && !t.holed && len(list) < 1000 {
			list = append(list, in)
		}
	}
	return list
}

// plainName is the name without what says that the file is a template.
func plainName(file string) string {
	name := path.Base(file)
	for {
		ext := strings.TrimPrefix(path.Ext(name), ".")
		if ext == "" || !templates[strings.ToLower(ext)] {
			return name
		}
		name = strings.TrimSuffix(name, "."+ext)
	}
}

// find is the file that is meant: of those with the name, the one in which most of the path agrees, and then the one nearest to from.
// The path is that of a machine where the program runs, which is not the tree's.
func (t *tree) find(from *source, name string, all bool) []*source {
	if all || strings.ContainsAny(name, "*?[") {
		return t.glob(name)
	}
	var best *source
	score := -1
	candidates := t.byName[path.Base(name)]
	for _, c := range candidates[:min(len(candidates), maxCandidates)] {
		if s := agreement(path.Dir(c.path), path.Dir(name), true)*1000 + agreement(path.Dir(c.path), path.Dir(from.path), false); s > score {
			best, score = c, s
		}
	}
	if best == nil {
		return nil
	}
	return []*source{best}
}

// agreement counts the names that two paths share, from their ends or from their beginnings.
func agreement(a, b string, fromEnd bool) int {
	x, y := parts(a), parts(b)
	if fromEnd {
		slices.Reverse(x)
		slices.Reverse(y)
	}
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return min(n, 900)
}

func parts(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}

// glob finds the files of a pattern whose last directory agrees.
func (t *tree) glob(pattern string) (list []*source) {
	want := parts(pattern)
	want = want[max(0, len(want)-2):]
	if len(want) == 0 || len(pattern) > 1000 {
		return nil
	}
	for _, f := range t.files {
		have := parts(path.Join(path.Dir(f.path), plainName(f.path)))
		if len(have) < len(want) {
			continue
		}
		have = have[len(have)-len(want):]
		if ok, err := path.Match(strings.Join(want, "/"), strings.Join(have, "/")); ok && err == nil && len(list) < maxCandidates {
			list = append(list, f)
		}
	}
	return list
}
