package nginx

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// filesUnder are the files of a tree, as an audit has them.
func filesUnder(t testing.TB, dir string) (files []audit.File) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(dir, name)
		files = append(files, audit.File{Path: filepath.ToSlash(inside), Text: text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var want = regexp.MustCompile(`# want(?:-above-(\d+))?: (\S+)|\{# want: (\S+) #\}`)

// wanted are the lines that comments name, as "file:line rule".
func wanted(files []audit.File) (list []string) {
	for _, f := range files {
		for i, line := range strings.Split(string(f.Text), "\n") {
			for _, m := range want.FindAllStringSubmatch(line, -1) {
				above, _ := strconv.Atoi(m[1])
				list = append(list, fmt.Sprintf("%s:%d %s", f.Path, i+1-above, m[2]+m[3]))
			}
		}
	}
	return list
}

func found(result audit.Result) (list []string) {
	for _, f := range result.Findings {
		list = append(list, fmt.Sprintf("%s:%d %s", f.Source.File, f.Source.Line, f.Rule.ID))
	}
	return list
}

func compare(t *testing.T, files []audit.File) {
	t.Helper()
	result := check(files)
	got, want := found(result), wanted(files)
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("%s: nothing is wrong there", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s: not found", w)
		}
	}
	for _, f := range result.Findings {
		wellFormed(t, files, f)
	}
	if len(result.Problems) > 0 {
		t.Errorf("problems: %v", result.Problems)
	}
}

// wellFormed reports what no finding may be like, whatever it is about.
func wellFormed(t *testing.T, files []audit.File, f finding.Finding) {
	t.Helper()
	at := fmt.Sprintf("%s:%d", f.Source.File, f.Source.Line)
	if f.Summary == "" || f.Detail == "" || f.Source.Symbol == "" || f.Source.Key == "" || f.Source.Fix == "" || len(f.Source.Trace) == 0 {
		t.Errorf("%s: a part of it is empty: %+v", at, f)
	}
	if f.Source.Line < 1 || f.Source.EndLine < f.Source.Line {
		t.Errorf("%s: it ends in line %d, before it begins", at, f.Source.EndLine)
	}
	for _, p := range f.Source.Trace {
		if p.Line < 1 || p.Note == "" || !slices.ContainsFunc(files, func(g audit.File) bool { return g.Path == p.File }) {
			t.Errorf("%s: the trace leads nowhere: %+v", at, p)
		}
	}
	for _, e := range f.Source.Edits {
		i := slices.IndexFunc(files, func(g audit.File) bool { return g.Path == e.File })
		if i < 0 || e.Start < 0 || e.Start > e.End || e.End > len(files[i].Text) {
			t.Errorf("%s: an edit is outside of its file: %+v", at, e)
		}
	}
}

// Each file by itself, as nothing but a fragment of a configuration.
func TestAnnotated(t *testing.T) {
	for _, pattern := range []string{"testdata/*.conf", "testdata/templates/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal("there are no files", err)
		}
		for _, name := range names {
			t.Run(filepath.Base(name), func(t *testing.T) {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, []audit.File{{Path: filepath.Base(name), Text: text}})
			})
		}
	}
}

// Files that include each other, or are loaded side by side.
func TestTrees(t *testing.T) {
	dirs, err := filepath.Glob("testdata/trees/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("there are no trees", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { compare(t, filesUnder(t, dir)) })
	}
}

// What the findings are sure of: the configuration alone shows it, or one ordinary assumption is needed.
func TestConfidence(t *testing.T) {
	files := filesUnder(t, "testdata")
	for _, tt := range []struct {
		file, symbol string
		want         finding.Confidence
	}{
		{"checks.conf", "location /checked", finding.Confirmed},
		{"checks.conf", "location = /auth/all", finding.Confirmed},
		{"conditions.conf", "location /bypass", finding.Confirmed},
		{"keys.conf", "location /default", finding.Confirmed},
		{"places.conf", "location /api/", finding.Likely},
		{"places.conf", "location /account", finding.Likely},
		{"checks.conf", "location /cors", finding.Likely},
		{"lifetimes.conf", "location /asked/", finding.Likely},
		{"surer.conf", "location /sure/", finding.Confirmed},
	} {
		i := slices.IndexFunc(files, func(f audit.File) bool { return f.Path == tt.file })
		result := check(files[i : i+1])
		i = slices.IndexFunc(result.Findings, func(f finding.Finding) bool { return f.Source.Symbol == tt.symbol })
		if i < 0 {
			t.Errorf("%s: nothing found at %s", tt.file, tt.symbol)
		} else if got := result.Findings[i].Confidence; got != tt.want {
			t.Errorf("%s, %s: %s, want %s", tt.file, tt.symbol, got, tt.want)
		}
	}
}
