package audit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Patterns by gitignore(5), each with a neighbour that it is not about.
func TestIgnore(t *testing.T) {
	for _, tt := range []struct {
		name, patterns string
		ignored, taken []string // a directory ends with a slash
	}{
		{"a name anywhere", "x.py", []string{"x.py", "a/x.py", "a/b/x.py", "x.py/"}, []string{"ax.py", "x.pyc"}},
		{"a star within a name", "*.log", []string{"a.log", "b/.log"}, []string{"log", "a.log.txt"}},
		{"a star does not cross a slash", "a/*.py", []string{"a/x.py"}, []string{"a/b/x.py", "c/a/x.py"}},
		{"anchored by a slash in front", "/x.py", []string{"x.py"}, []string{"a/x.py"}},
		{"anchored by a slash within", "a/x.py", []string{"a/x.py"}, []string{"b/a/x.py"}},
		{"a directory only", "build/", []string{"build/", "a/build/"}, []string{"build", "a/build"}},
		{"two stars in front", "**/x", []string{"x", "a/x", "a/b/x"}, []string{"ax", "a/x/y"}},
		{"two stars behind", "a/**", []string{"a/x", "a/b/x"}, []string{"a/", "b/x"}},
		{"two stars within", "a/**/x", []string{"a/x", "a/b/x", "a/b/c/x"}, []string{"ax", "b/a/x"}},
		{"two stars in a name are one", "a**x", []string{"ax", "abx"}, []string{"a", "b/a"}},
		{"the last one wins", "*.py\n!x.py", []string{"a.py"}, []string{"x.py", "a/x.py"}},
		{"and may be undone", "*.py\n!x.py\nx.py", []string{"x.py"}, nil},
		{"comments and empty lines", "#x\n\n  \n\\#y", []string{"#y"}, []string{"#x", "y"}},
		{"an escaped mark", "\\!x", []string{"!x"}, []string{"x"}},
		{"blanks at the end", "x  \ny\\ ", []string{"x", "y "}, []string{"x  ", "y"}},
		{"CRLF", "x\r\ny\r\n", []string{"x", "y"}, []string{"x\r"}},
		{"one byte", "a?c", []string{"abc"}, []string{"ac", "abbc", "a/c"}},
		{"a class", "[a-c]x[!0-9]", []string{"axb", "cx-"}, []string{"dxb", "ax1"}},
		{"a named class", "x[[:digit:]]", []string{"x1"}, []string{"xa"}},
		{"an open bracket", "x[a", nil, []string{"x[a", "xa"}},
		{"a bracket in a class", "[]a]", []string{"]", "a"}, []string{"b"}},
		{"a byte order mark", "\xef\xbb\xbfx", []string{"x"}, nil},
	} {
		rules := []ignoreFile{parseIgnore(".", []byte(tt.patterns))}
		check := func(name string, want bool) {
			file, dir := strings.CutSuffix(name, "/")
			if got := ignored(rules, file, dir); got != want {
				t.Errorf("%s: %q, %q ignored: %v", tt.name, tt.patterns, name, got)
			}
		}
		for _, name := range tt.ignored {
			check(name, true)
		}
		for _, name := range tt.taken {
			check(name, false)
		}
	}
}

// A file further in wins, and speaks of what is under it only.
func TestIgnoreNested(t *testing.T) {
	rules := []ignoreFile{parseIgnore(".", []byte("*.py")), parseIgnore("a", []byte("!x.py\n/y.cfg"))}
	for name, want := range map[string]bool{"x.py": true, "a/x.py": false, "a/z.py": true, "a/y.cfg": true, "y.cfg": false, "ab/x.py": true, "a/b/y.cfg": false} {
		if got := ignored(rules, name, false); got != want {
			t.Errorf("%s ignored: %v", name, got)
		}
	}
}

// Patterns that make a matcher that tries everything take forever: that it ends at all is what is tested.
func TestHostilePatterns(t *testing.T) {
	for pattern, name := range map[string]string{
		strings.Repeat("*a", 1000) + "b":   strings.Repeat("a", 4000),
		strings.Repeat("**/a/", 300) + "b": strings.Repeat("a/", 1500) + "c",
		strings.Repeat("[", 20_000):        strings.Repeat("[", 200),
	} {
		if ignored([]ignoreFile{parseIgnore(".", []byte(pattern))}, name, false) {
			t.Errorf("%.20q… matches", pattern)
		}
	}
}

// Git is asked about trees drawn by lot, with patterns drawn by lot.
func TestIgnoreAsGitDoes(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no git")
		}
		t.Skip("NOT TESTED: there is no git, whose verdicts the matcher's are held against")
	}
	for seed := range uint64(40) {
		lot := rand.New(rand.NewPCG(seed, 1))
		root := t.TempDir()
		git(t, root, "init", "-q")
		var dirs, files []string
		dirs = append(dirs, ".")
		word := func() string { return []string{"a", "b", "ab", "a.py", "b.cfg", "[x]", "é", "a b", "-"}[lot.IntN(9)] }
		for range 12 {
			dir := path.Join(dirs[lot.IntN(len(dirs))], word())
			if os.Mkdir(filepath.Join(root, dir), 0o755) == nil {
				dirs = append(dirs, dir)
			}
		}
		for range 40 {
			file := path.Join(dirs[lot.IntN(len(dirs))], word())
			if _, err := os.Lstat(filepath.Join(root, file)); err != nil && os.WriteFile(filepath.Join(root, file), nil, 0o644) == nil {
				files = append(files, file)
			}
		}
		var all []ignoreFile
		for _, dir := range dirs { // parents before children
			if dir != "." && lot.IntN(3) > 0 {
				continue
			}
			var lines []string
			for range 1 + lot.IntN(4) {
				lines = append(lines, randomPattern(lot))
			}
			text := strings.Join(lines, "\n") + "\n"
			if err := os.WriteFile(filepath.Join(root, dir, ".gitignore"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			all = append(all, parseIgnore(dir, []byte(text)))
		}
		slices.SortStableFunc(all, func(a, b ignoreFile) int { return strings.Count(a.base, "/") - strings.Count(b.base, "/") })
		want := checkIgnore(t, root, files)
		for _, file := range files {
			if got := ignoredByWalk(all, file); got != want[file] {
				t.Errorf("seed %d: %q ignored: %v; git: %v, with %v", seed, file, got, want[file], all)
			}
		}
	}
}

// ignoredByWalk asks from the root down, as a walk does.
func ignoredByWalk(all []ignoreFile, file string) bool {
	parts := strings.Split(file, "/")
	for i := range parts {
		if ignored(all, strings.Join(parts[:i+1], "/"), i < len(parts)-1) {
			return true
		}
	}
	return false
}

func randomPattern(lot *rand.Rand) string {
	pieces := []string{"a", "b", "ab", "a.py", "*", "**", "?", "*.py", "*.c*", "[ab]", "[!a]", "[^b-z]", "[x]", "\\[x\\]", "é", "a b", "a\\ b", "-", "[[:alpha:]]", "[a-", "\\a", "a**", "[]-]"}
	var b strings.Builder
	if lot.IntN(4) == 0 {
		b.WriteString("!")
	}
	if lot.IntN(4) == 0 {
		b.WriteString("/")
	}
	for i := range 1 + lot.IntN(3) {
		if i > 0 {
			b.WriteString([]string{"/", "", "/"}[lot.IntN(3)])
		}
		b.WriteString(pieces[lot.IntN(len(pieces))])
	}
	b.WriteString([]string{"", "", "/", " ", "\r"}[lot.IntN(5)])
	if unbounded.MatchString(b.String()) {
		return randomPattern(lot)
	}
	return b.String()
}

// unbounded are two stars behind something that is no slash. Git says that they are one, and compares addresses of unrelated memory to
// find out whether something is before them.
var unbounded = regexp.MustCompile(`[^/!]\*\*`)

func checkIgnore(t *testing.T, root string, files []string) map[string]bool {
	t.Helper()
	cmd := exec.Command("git", "-C", root, "check-ignore", "--no-index", "-z", "--stdin")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\x00"))
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 1) {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for name := range bytes.SplitSeq(out, []byte{0}) {
		found[string(name)] = true
	}
	return found
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("git %v: %w: %s", args, err, out))
	}
}
