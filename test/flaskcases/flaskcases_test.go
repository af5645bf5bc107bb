// Package flaskcases holds the annotations of the auditor's Flask sources to the truth: it runs these programs on the real libraries, asks them as
// two people and a stranger, and compares what they were told with what the comments want.
package flaskcases

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

const root = "../../internal/audit/flask/testdata/cases"

// Case is one program of the test sources.
type Case struct {
	dir    string // under root, with slashes
	wants  map[string]int
	first  string // the first line of the program's entry
	asks   bool
	notRun string // why it cannot be asked
}

func (c Case) clean() bool {
	return strings.HasPrefix(filepath.Base(c.dir), "clean")
}

// Observed is a line of drive.py.
type Observed struct {
	Case     string `json:"case"`
	Missing  string `json:"missing"`
	Problem  string `json:"problem"`
	Answered bool   `json:"answered"` // what should be refused was answered, or the other way round
	Others   bool   `json:"others"`   // a good answer was not the caller's own
	Logged   bool   `json:"logged"`
	RawKey   bool   `json:"raw_key"`
	Public   bool   `json:"public"`
	InURL    bool   `json:"in_url"`
}

var (
	want   = regexp.MustCompile(`#\s*want:\s*(\S+(?:\s*,\s*\S+)*)\s*(?:#\}|-->)?\s*$`)
	ask    = regexp.MustCompile(`(?m)^# ask: `)
	notRun = regexp.MustCompile(`(?m)^# not run: (.+)$`)
)

func TestEveryCaseSaysWhatItShows(t *testing.T) {
	clean := map[string]bool{} // by idiom, whether it has a clean program
	for _, c := range cases(t) {
		clean[filepath.Dir(c.dir)] = clean[filepath.Dir(c.dir)] || c.clean()
		for id := range c.wants {
			if finding.Find(id) == nil {
				t.Errorf("%s wants %s, which is no rule", c.dir, id)
			}
		}
		if c.clean() != (len(c.wants) == 0) {
			t.Errorf("%s wants %v", c.dir, slices.Collect(maps.Keys(c.wants)))
		}
		if !strings.HasPrefix(c.first, "# ") || strings.HasPrefix(c.first, "# ask: ") || strings.HasPrefix(c.first, "# not run: ") {
			t.Errorf("%s does not begin with what it shows", c.dir)
		}
		if c.asks == (c.notRun != "") {
			t.Errorf("%s needs either ask lines, or a line that says why it is not run", c.dir)
		}
	}
	for idiom, ok := range clean {
		if !ok {
			t.Errorf("%s is dirty in all ways, and has no clean neighbour", idiom)
		}
	}
	if len(clean) < 100 {
		t.Errorf("%d idioms: where are the others?", len(clean))
	}
}

func TestAnnotationsAreFacts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some thousand processes")
	}
	python := python(t)
	var asked []Case
	for _, c := range cases(t) {
		if c.asks {
			asked = append(asked, c)
		}
	}
	seen := drive(t, python, asked)
	for _, c := range asked {
		t.Run(c.dir, func(t *testing.T) {
			o, ok := seen[c.dir]
			switch {
			case !ok:
				t.Fatal("was not asked")
			case o.Missing != "":
				t.Skipf("SKIPPED, NOT TESTED: %s has no module %s", python, o.Missing)
			case o.Problem != "":
				t.Fatal(o.Problem)
			}
			for _, fault := range compare(c, o) {
				t.Error(fault)
			}
		})
	}
}

// compare returns what the comments say and nobody saw, and the other way round.
func compare(c Case, o Observed) (faults []string) {
	wants := func(ids ...string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return c.wants["flask/"+id] > 0 })
	}
	const unkeyed, before, memoize, manual = "unkeyed-cache", "cache-before-auth", "memoize-without-identity", "manual-cache-without-identity"
	byHand := wants(memoize, manual)
	for _, row := range []struct {
		what       string
		seen, said bool
	}{
		{"a caller has another's answer", o.Others, wants(unkeyed) || byHand && (o.Others || !o.Answered)},
		{"a hit skips the check", o.Answered, wants(before) || byHand && o.Answered},
		{"a token is logged", o.Logged, wants("token-in-log")},
		{"a token is a key", o.RawKey, wants("raw-token-in-key")},
		{"a caller's answer may be stored by all", o.Public, wants("public-cache-control")},
		{"a token stands in a URL", o.InURL, wants("token-in-url")},
	} {
		switch {
		case row.said && !row.seen:
			faults = append(faults, "wanted, but not seen: "+row.what)
		case row.seen && !row.said:
			faults = append(faults, "seen, but not wanted: "+row.what)
		}
	}
	return faults
}

func TestCompare(t *testing.T) {
	for _, row := range []struct {
		name  string
		wants []string
		seen  Observed
		want  []string
	}{
		{"clean, and nothing seen", nil, Observed{}, nil},
		{"clean, and an answer of another's", nil, Observed{Others: true}, []string{"seen, but not wanted: a caller has another's answer"}},
		{"clean, and a check skipped", nil, Observed{Answered: true}, []string{"seen, but not wanted: a hit skips the check"}},
		{"unkeyed, and nothing seen", []string{"flask/unkeyed-cache"}, Observed{}, []string{"wanted, but not seen: a caller has another's answer"}},
		{"unkeyed, and only a check skipped", []string{"flask/unkeyed-cache"}, Observed{Answered: true},
			[]string{"wanted, but not seen: a caller has another's answer", "seen, but not wanted: a hit skips the check"}},
		{"both, and both seen", []string{"flask/unkeyed-cache", "flask/cache-before-auth"}, Observed{Others: true, Answered: true}, nil},
		{"before the check, and the answers are the callers' own", []string{"flask/cache-before-auth"}, Observed{Others: true, Answered: true},
			[]string{"seen, but not wanted: a caller has another's answer"}},
		{"by hand, and another's answer", []string{"flask/manual-cache-without-identity"}, Observed{Others: true}, nil},
		{"by hand, and an answer in the place of a refusal", []string{"flask/memoize-without-identity"}, Observed{Answered: true}, nil},
		{"by hand, and nothing seen", []string{"flask/memoize-without-identity"}, Observed{}, []string{"wanted, but not seen: a caller has another's answer"}},
		{"logged, as it says", []string{"flask/token-in-log"}, Observed{Logged: true}, nil},
		{"nothing said, and logged, a key, stored by all and in a URL", nil, Observed{Logged: true, RawKey: true, Public: true, InURL: true}, []string{
			"seen, but not wanted: a token is logged", "seen, but not wanted: a token is a key",
			"seen, but not wanted: a caller's answer may be stored by all", "seen, but not wanted: a token stands in a URL"}},
	} {
		c := Case{wants: map[string]int{}}
		for _, id := range row.wants {
			c.wants[id]++
		}
		if got := compare(c, row.seen); !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func cases(t *testing.T) []Case {
	t.Helper()
	dirs, err := filepath.Glob(root + "/*/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no cases", err)
	}
	var all []Case
	for _, dir := range dirs {
		name, _ := filepath.Rel(root, dir)
		c := Case{dir: filepath.ToSlash(name), wants: map[string]int{}}
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains([]string{".py", ".html"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			c.read(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func (c *Case) read(text []byte) {
	for line := range bytes.Lines(text) {
		if m := want.FindSubmatch(line); m != nil {
			for id := range strings.SplitSeq(string(m[1]), ",") {
				c.wants[strings.TrimSpace(id)]++
			}
		}
	}
	reason := notRun.FindSubmatch(text)
	if reason == nil && !ask.Match(text) {
		return
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	c.first = string(first)
	if reason != nil {
		c.notRun = string(reason[1])
	} else {
		c.asks = true
	}
}

func python(t *testing.T) string {
	t.Helper()
	path := cmp.Or(os.Getenv("BEARCACHE_TEST_PYTHON"), "/usr/bin/python3")
	if err := exec.Command(path, "-c", "import flask, flask_caching, jwt").Run(); err != nil {
		programtest.Missing(t, "Flask with Flask-Caching and PyJWT for "+path)
	}
	return path
}

// drive asks all cases, and returns what was seen by the name of the case.
func drive(t *testing.T, python string, asked []Case) map[string]Observed {
	t.Helper()
	var (
		mu   sync.Mutex
		seen = map[string]Observed{} // guarded by mu
		work sync.WaitGroup
	)
	drivers := runtime.GOMAXPROCS(0)
	for i := range drivers {
		args := []string{"drive.py"}
		for j := i; j < len(asked); j += drivers {
			args = append(args, filepath.Join(root, filepath.FromSlash(asked[j].dir)))
		}
		work.Go(func() {
			cmd := exec.CommandContext(t.Context(), python, args...)
			cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
			var said bytes.Buffer
			cmd.Stderr = &said
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("drive.py: %v\n%s", err, said.Bytes())
			}
			lines := bufio.NewScanner(bytes.NewReader(out))
			for lines.Scan() {
				var o Observed
				if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
					t.Errorf("drive.py said %q: %v", lines.Text(), err)
					continue
				}
				name, _ := filepath.Rel(root, o.Case)
				mu.Lock()
				seen[filepath.ToSlash(name)] = o
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return seen
}
