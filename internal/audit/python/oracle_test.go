package python

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// interpreter is a CPython, against whose trees ours are held.
type interpreter struct {
	path    string
	version int // 13 is 3.13
	library string
}

// findInterpreter looks for CPython 3.13, of which the grammar is ours but for what 3.14 added; where there is none, an older one will do
// for the files that read the same there. PYTHON313 is a path to one.
func findInterpreter(t testing.TB) interpreter {
	home, _ := os.UserHomeDir()
	candidates := []string{os.Getenv("PYTHON313"), "python3.13"}
	versions, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.13*/bin/python3"))
	candidates = append(candidates, versions...)
	candidates = append(candidates, "python3.14", "python3.12", "python3", "python3.11")
	for _, path := range candidates {
		if path == "" {
			continue
		}
		out, err := exec.Command(path, "-c", "import sys, sysconfig; print(sys.implementation.name, sys.version_info.minor, sysconfig.get_path('stdlib'))").Output()
		var found interpreter
		var name string
		if n, _ := fmt.Sscan(string(out), &name, &found.version, &found.library); err == nil && n == 3 && name == "cpython" && found.version >= 11 && found.version <= 14 {
			found.path = path
			t.Logf("trees of %s, Python 3.%d", path, found.version)
			return found
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no CPython of version 3.11 to 3.14: the parser is held against nothing")
	}
	t.Skip("NOT TESTED: no CPython of version 3.11 to 3.14, whose trees the parser's are held against")
	return interpreter{}
}

// oracle is a process that prints the trees of what it is given.
type oracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func (i interpreter) start(t testing.TB) *oracle {
	cmd := exec.Command(i.path, "testdata/oracle.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &oracle{in, bufio.NewReaderSize(out, 1<<20)}
}

func (o *oracle) tree(source []byte) (string, error) {
	if _, err := fmt.Fprintf(o.in, "%d\n%s", len(source), source); err != nil {
		return "", err
	}
	line, err := o.out.ReadString('\n')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(line[:len(line)-1])
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(o.out, b)
	return string(b), err
}

// tally is what came of comparisons.
type tally struct {
	mu                            sync.Mutex
	same, refused, unknown, newer int
	different                     int
}

// compare holds our reading of a source against that of an oracle; the answer is how they differ.
func (c *tally) compare(i interpreter, o *oracle, source []byte) (string, error) {
	want, err := o.tree(source)
	if err != nil {
		return "", err
	}
	f := Parse(source)
	got := "refused"
	if len(f.Errors) == 0 {
		got = dump(f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case want == "unknown":
		c.unknown++
	case newest(f) > i.version:
		c.newer++
	case oracleErrs(f, i.version):
		c.unknown++
	case got == want && got == "refused":
		c.refused++
	case got == want || sameTree(got, want):
		c.same++
	case want == "refused" && bytes.Contains(source, []byte(`\N{`)):
		c.unknown++ // we know no names of characters
	default:
		c.different++
		return difference(f, got, want), nil
	}
	return "", nil
}

// newest is the version of Python whose grammar the file needs at least.
func newest(f *File) int {
	version := 0
	for _, s := range f.Body {
		Inspect(s, func(n Node) bool {
			switch n := n.(type) {
			case *JoinedStr, *TypeAlias:
				version = max(version, 12) // before, the parts of f-strings had other places, and quotes inside could not be their own
			case *TypeParam:
				version = max(version, 12)
				if n.Default != nil {
					version = max(version, 13)
				}
			case *FormattedValue:
				if spec, ok := n.FormatSpec.(*JoinedStr); ok && strings.Contains(f.Source(spec), "{") {
					version = max(version, 13) // 3.12 has an empty constant behind a field
				}
			case *TemplateStr:
				version = 14
			case *ExceptHandler:
				// Without brackets, the first element begins where the tuple does.
				if tuple, ok := n.Type.(*Tuple); ok && len(tuple.Elts) > 0 && tuple.Elts[0].Range().Start == tuple.Start {
					version = 14
				}
			}
			return true
		})
	}
	return version
}

var rawFormatted = regexp.MustCompile(`(?i)(fr|rf)['"]`)

// oracleErrs reports whether a file has what CPython reads differently, since it has mistakes in f-strings: with {value=} inside a
// format; and in releases before 3.14 with a # in what {value=} repeats, a \ in the format of a raw one, and the end of a line in a
// format. Version 3.14 also holds __future__ against a list, which is not of the grammar.
func oracleErrs(f *File, version int) bool {
	errs := version >= 14 && bytes.Contains(f.Text, []byte("__future__"))
	raw := rawFormatted.Match(f.Text)
	Inspect(&ClassDef{Body: f.Body}, func(n Node) bool {
		field, ok := n.(*FormattedValue)
		if !ok {
			return true
		}
		old := version < 14
		text := f.Source(field)
		errs = errs || old && strings.Contains(text, "=") && strings.Contains(text, "#")
		if spec, ok := field.FormatSpec.(*JoinedStr); ok {
			text := f.Source(spec)
			errs = errs || strings.Contains(text, "=") || old && raw && strings.Contains(text, `\`) || old && strings.ContainsAny(text, "\r\n")
		}
		return !errs
	})
	return errs
}

// sameTree lets a character of ours stand for any where it was written with its name.
func sameTree(got, want string) bool {
	if !strings.Contains(got, "\uFFFD") {
		return false
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameLine(a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameLine(got, want string) bool {
	if got == want {
		return true
	}
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(got), "\uFFFD", ".+") + "$"
	ok, err := regexp.MatchString(pattern, want)
	return err == nil && ok
}

func difference(f *File, got, want string) string {
	switch {
	case want == "refused":
		return "CPython refuses it"
	case got == "refused":
		return "we refuse it: " + f.Errors[0].Error()
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || !sameLine(a[i], b[i]) {
			return fmt.Sprintf("behind %.200s\n got %.300s\nwant %.300s", a[max(i-1, 0)], a[i], b[min(i, len(b)-1)])
		}
	}
	return "something is missing at the end"
}

// TestOracle holds our trees against those of CPython, node by node with their places: a part of its library that is always the same,
// or all files in the directories of PYTHON_DIRS.
func TestOracle(t *testing.T) {
	python := findInterpreter(t)
	var files []string
	if dirs := os.Getenv("PYTHON_DIRS"); dirs != "" {
		files = sources(t, filepath.SplitList(dirs), 1)
	} else {
		files = sources(t, []string{python.library}, python.part())
	}
	work := make(chan string)
	var c tally
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		o := python.start(t)
		wg.Go(func() {
			for path := range work {
				source, err := os.ReadFile(path)
				if err != nil {
					continue // a link to nowhere
				}
				switch diff, err := c.compare(python, o, source); {
				case err != nil:
					t.Errorf("%s: %v", path, err)
				case diff != "":
					t.Errorf("%s: %s", path, diff)
				}
			}
		})
	}
	for _, path := range files {
		work <- path
	}
	close(work)
	wg.Wait()
	t.Logf("%d trees are the same, %d files are refused by both, %d need a newer grammar, %d are too much for CPython", c.same, c.refused, c.newer, c.unknown)
	if c.same < 200 && os.Getenv("PYTHON_DIRS") == "" {
		t.Errorf("only %d files were compared", c.same)
	}
}

// part is so that one of so many files of the library are a few hundred: some of its packagers leave its tests out.
func (i interpreter) part() uint32 {
	if _, err := os.Stat(filepath.Join(i.library, "test/test_grammar.py")); err != nil {
		return 1
	}
	return 5
}

// sources are files of Python in directories, one of so many, the same each time. What is installed beside the library counts where
// it is asked for.
func sources(t testing.TB, dirs []string, oneOf uint32) []string {
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && oneOf > 1 && d.Name() == "site-packages" {
				return fs.SkipDir
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".py") {
				return nil
			}
			h := fnv.New32a()
			io.WriteString(h, strings.TrimPrefix(path, dir))
			if h.Sum32()%oneOf == 0 {
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
