package flask

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

var want = regexp.MustCompile(`# want: ([a-z/, -]+)`)

// The annotated programs in testdata/cases: each line with "# want: RULE" is blamed by that rule, and no other line by any.
func TestCases(t *testing.T) {
	cases, err := filepath.Glob("testdata/cases/*/*")
	if err != nil || len(cases) < 50 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, dir := range cases {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), "testdata/cases/"), func(t *testing.T) {
			files := read(t, dir)
			var wanted, got []string
			for _, f := range files {
				for i, line := range strings.Split(string(f.Text), "\n") {
					if m := want.FindStringSubmatch(line); m != nil {
						for _, rule := range strings.Split(m[1], ",") {
							wanted = append(wanted, fmt.Sprintf("%s:%d %s", f.Path, i+1, strings.TrimSpace(rule)))
						}
					}
				}
			}
			result := Language.Audit(files)
			for _, f := range result.Findings {
				got = append(got, fmt.Sprintf("%s:%d %s", f.Source.File, f.Source.Line, f.Rule.ID))
			}
			slices.Sort(wanted)
			slices.Sort(got)
			if !slices.Equal(wanted, got) {
				t.Errorf("\nwant %q\ngot  %q", wanted, got)
			}
			for _, p := range result.Problems {
				t.Errorf("%s:%d: %s", p.File, p.Line, p.Note)
			}
		})
	}
}

func read(t *testing.T, dir string) (files []audit.File) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		rel = filepath.ToSlash(rel)
		if !Language.Match(rel) {
			return nil
		}
		text, err := os.ReadFile(name)
		files = append(files, audit.File{Path: rel, Text: text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
