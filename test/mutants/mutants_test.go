//go:build mutants

// Package mutants breaks each defence of this module in turn, in a copy, and wants some test to
// notice: a defence that can be taken away unnoticed is one that the next change takes away.
package mutants

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// mutant is one defence broken: in file old, which stands there once, becomes new. Tests named in
// tests, of the package in the directory pkg, must then fail.
type mutant struct {
	name, file, old, new string
	pkg, tests           string
}

const (
	root    = "../.."
	workers = 2
	limit   = time.Minute // of one run of tests; a mutant that makes them hang is noticed too
	sane    = 5 * limit   // of all that the table names of one package, unbroken
)

func TestMutants(t *testing.T) {
	copies := make(chan string, workers)
	for range workers {
		copies <- copyModule(t)
	}
	mine := part(t)
	sound := baselines(mine)
	seen := map[string]bool{}
	for i, m := range table {
		if seen[m.name] || !regexp.MustCompile(`^Test\w+( Test\w+)*$`).MatchString(m.tests) {
			t.Fatalf("%s: named twice, or its tests are no list of names", m.name)
		}
		seen[m.name] = true
		if source, err := os.ReadFile(filepath.Join(root, m.file)); err != nil || bytes.Count(source, []byte(m.old)) != 1 {
			t.Errorf("%s: the old text must stand once in %s: the code changed, look for its defence again", m.name, m.file)
			continue
		}
		if !mine(i) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			dir := <-copies
			defer func() { copies <- dir }()
			if err := sound[m.pkg](dir); err != "" {
				t.Fatalf("without the mutant: %s", err)
			}
			file := filepath.Join(dir, m.file)
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, bytes.Replace(source, []byte(m.old), []byte(m.new), 1), 0o644); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := os.WriteFile(file, source, 0o644); err != nil {
					t.Error(err)
				}
			}()
			binary, problem := build(t.TempDir(), dir, m.pkg)
			if problem != "" {
				t.Fatalf("the mutant does not compile:\n%s", problem)
			}
			start := time.Now()
			out, passed := run(binary, filepath.Join(dir, m.pkg), m.tests, limit)
			if passed {
				t.Fatalf("survived: %s of %q do not notice", m.tests, m.pkg)
			}
			t.Logf("noticed by %s in %v", firstFailure(out), time.Since(start).Round(time.Millisecond))
		})
	}
}

// part reads MUTANTS, k/n: of the table every nth from the kth on, so that a run in CI can take a part
// that another run does not. Without it: all.
func part(t *testing.T) func(i int) bool {
	text := os.Getenv("MUTANTS")
	if text == "" {
		return func(int) bool { return true }
	}
	var k, n int
	if _, err := fmt.Sscanf(text, "%d/%d", &k, &n); err != nil || k < 0 || n < 1 || k >= n {
		t.Fatalf("MUTANTS is %q; write k/n with k from 0 to n-1", text)
	}
	return func(i int) bool { return i%n == k }
}

// baselines run all tests that a part of the table names of one package, once and unbroken: tests that fail
// anyway, or that are not there, would notice everything.
func baselines(mine func(i int) bool) map[string]func(dir string) string {
	tests := map[string][]string{}
	for i, m := range table {
		if mine(i) {
			tests[m.pkg] = append(tests[m.pkg], strings.Fields(m.tests)...)
		}
	}
	sound := map[string]func(string) string{}
	for pkg, names := range tests {
		slices.Sort(names)
		names = slices.Compact(names)
		var once sync.Once
		var result string
		sound[pkg] = func(dir string) string {
			once.Do(func() { result = baseline(dir, pkg, names) })
			return result
		}
	}
	return sound
}

func baseline(dir, pkg string, names []string) string {
	temp, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(temp)
	binary, problem := build(temp, dir, pkg)
	if problem != "" {
		return problem
	}
	out, passed := run(binary, filepath.Join(dir, pkg), strings.Join(names, " "), sane)
	if !passed {
		return out
	}
	for _, name := range names {
		if !strings.Contains(out, "--- PASS: "+name+" ") {
			return "there is no " + name + ", or it was skipped"
		}
	}
	return ""
}

// build compiles the tests of a package. The paths of the copies stay out of the result, so that
// they share what is in the build cache.
func build(temp, dir, pkg string) (binary, problem string) {
	binary = filepath.Join(temp, "tests")
	cmd := exec.Command("go", "test", "-c", "-trimpath", "-o", binary, "./"+pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", err.Error() + "\n" + string(out)
	}
	return binary, ""
}

// run runs the named tests where go test would, in the directory of their package.
func run(binary, dir, tests string, limit time.Duration) (out string, passed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), limit+10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.failfast", "-test.timeout="+limit.String(),
		"-test.run=^("+strings.ReplaceAll(tests, " ", "|")+")$")
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

// firstFailure is the deepest name of the first test that failed.
func firstFailure(out string) string {
	names := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`).FindAllStringSubmatch(out, 2)
	if len(names) == 0 {
		return "a panic or the time limit"
	}
	return names[len(names)-1][1]
}

// copyModule copies what git tracks or would: no build results, no history.
func copyModule(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the source: %v", err)
	}
	dir := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) || strings.HasPrefix(name, "bin/") {
			continue // removed and not yet committed
		}
		to := filepath.Join(dir, name)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
