package bearcache_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)[`/]")
	link     = regexp.MustCompile(`\]\(([^)#: ]+)(?:#[^)]*)?\)`)
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// A page that says which test shows something names a test that is there, and its links lead to files.
func TestDocs(t *testing.T) {
	pages, tests := map[string]string{}, map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".md") && !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(file)
		if strings.HasSuffix(file, ".md") {
			pages[file] = string(data)
		}
		for _, m := range declared.FindAllStringSubmatch(string(data), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named, linked := 0, 0
	for file, text := range pages {
		for _, m := range testName.FindAllStringSubmatch(text, -1) {
			if named++; !tests[m[1]] {
				t.Errorf("%s speaks of %s, and there is no such test", file, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			linked++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s, and there is no such file", file, m[1])
			}
		}
	}
	if named < 20 || linked < 20 {
		t.Errorf("only %d tests are named and %d links made in %d pages", named, linked, len(pages))
	}
}
