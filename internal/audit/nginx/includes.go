package nginx

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// tree is all files of the audit that are nginx's.
type tree struct {
	files    []*source
	byPath   map[string]*source
	byBase   map[string][]*source
	resolved map[string][]*source // what resolve said
	regexes  map[string]*regexp.Regexp
	work     int // what may still be done: hostile trees must end, too
}

// allowance is the work that one audit may do, in small steps: seconds of it.
const allowance = 20_000_000

// spend takes n steps, and reports whether there were so many.
func (t *tree) spend(n int) bool {
	t.work -= n
	return t.work > 0
}

func newTree(files []*source) *tree {
	t := &tree{files: files, byPath: map[string]*source{}, byBase: map[string][]*source{}, resolved: map[string][]*source{},
		regexes: map[string]*regexp.Regexp{}, work: allowance}
	for _, f := range files {
		t.byPath[f.path] = f
		base := path.Base(f.path)
		t.byBase[base] = append(t.byBase[base], f)
	}
	return t
}

// resolve are the files that an include means, as far as the tree has them. nginx takes a relative name from its prefix, which is the
// directory of its main file; where that is installed nobody knows here, so that an absolute name is that of the files whose path ends
// as it does, the nearest of them.
func (t *tree) resolve(from *source, prefix, pattern string) []*source {
	if len(pattern) > 1000 || pattern == "" {
		return nil
	}
	key := path.Dir(from.path) + "\x00" + prefix + "\x00" + pattern
	found, known := t.resolved[key]
	if !known {
		found = t.look(from, prefix, pattern)
		t.resolved[key] = found
	}
	return found // perhaps with the including file itself
}

func (t *tree) look(from *source, prefix, pattern string) []*source {
	if !path.IsAbs(pattern) && !strings.ContainsRune(pattern, output) && !strings.HasPrefix(pattern, "$") {
		for _, dir := range []string{prefix, path.Dir(from.path)} {
			if found := t.glob(path.Join(dir, pattern), false); len(found) > 0 {
				return found
			}
		}
	}
	parts := strings.Split(strings.TrimPrefix(path.Clean(pattern), "/"), "/")
	for len(parts) > 1 {
		suffix := strings.Join(parts, "/")
		for _, name := range []string{suffix, strings.Replace(suffix, "sites-enabled/", "sites-available/", 1)} {
			if found := t.nearest(from, t.glob(name, true)); len(found) > 0 {
				return found
			}
		}
		parts = parts[1:]
	}
	return t.beside(from, parts[0])
}

// beside is for trees that are copied to another place file by file: what stands in conf.d there lies beside nginx.conf here.
func (t *tree) beside(from *source, base string) []*source {
	if !isGlob(base) {
		return t.nearest(from, t.byBase[base])
	}
	if !strings.Contains(base, ".") {
		return nil
	}
	var found []*source
	for _, f := range t.glob(path.Join(path.Dir(from.path), base), false) {
		if !isMain(f) && f != from {
			found = append(found, f)
		}
	}
	return found
}

func isGlob(name string) bool { return strings.ContainsAny(name, "*?[") }

func isMain(f *source) bool {
	return slices.ContainsFunc(f.directives, func(d *directive) bool { return d.name() == "http" || d.name() == "events" })
}

// glob are the files that a pattern matches, or whose path ends in what it matches.
func (t *tree) glob(pattern string, suffix bool) []*source {
	if !isGlob(pattern) {
		if f := t.byPath[pattern]; f != nil {
			return []*source{f}
		}
		if !suffix {
			return nil
		}
	}
	candidates := t.files
	if base := path.Base(pattern); !isGlob(base) {
		candidates = t.byBase[base]
	}
	depth := strings.Count(pattern, "/")
	var found []*source
	for _, f := range candidates {
		if !t.spend(1) {
			return nil
		}
		name := f.path
		for over := strings.Count(name, "/") - depth; suffix && over > 0; over-- {
			_, name, _ = strings.Cut(name, "/")
		}
		if ok, err := path.Match(pattern, name); ok && err == nil {
			found = append(found, f)
		}
	}
	return found
}

// nearest are those of the files that lie in the one directory nearest to the including file.
func (t *tree) nearest(from *source, found []*source) []*source {
	if len(found) < 2 {
		return found
	}
	best, dir := -1, ""
	for _, f := range found {
		if n := shared(path.Dir(f.path), path.Dir(from.path)); n > best {
			best, dir = n, path.Dir(f.path)
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(f *source) bool { return path.Dir(f.path) != dir })
}

// shared counts the directories that two paths begin with alike.
func shared(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}
