package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func matchPython(name string) bool { return path.Ext(name) == ".py" }

// walk reads a tree, and returns the names of the files with their links, and the problems.
func walk(t testing.TB, tree Tree) (files, problems []string) {
	t.Helper()
	w := &walker{ctx: t.Context(), tree: tree, match: matchPython}
	w.read()
	for _, f := range w.files {
		name := f.Path
		for _, link := range f.Links {
			name += " <- " + link
		}
		files = append(files, name)
	}
	for _, p := range w.problems {
		problems = append(problems, p.File+": "+p.Note)
	}
	return files, problems
}

func compare(t *testing.T, name string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func treeOf(files map[string]string) Tree {
	m := fstest.MapFS{}
	for name, text := range files {
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			m[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		} else {
			m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
	}
	return Tree{Name: ".", FS: m}
}

// What is somebody else's source is left out, and what looks like it is read.
func TestLeftOut(t *testing.T) {
	files, problems := walk(t, treeOf(map[string]string{
		"app.py": "", "README.md": "", "a/b/c.py": "", ".hidden/x.py": "",
		".git/x.py": "", "node_modules/x/x.py": "", "a/__pycache__/x.py": "", ".tox/x.py": "", "lib/python3.12/site-packages/flask/app.py": "",
		"env/pyvenv.cfg": "", "env/x.py": "", "my-environment/pyvenv.cfg": "", "my-environment/lib/x.py": "",
		"venv/x.py": "", "build/x.py": "", "git/x.py": "",
		".gitignore": "ignored/\n*_old.py\n", "ignored/x.py": "", "a/x_old.py": "", "a/.gitignore": "!x_old.py\n",
	}))
	compare(t, "files", files, []string{".hidden/x.py", "a/b/c.py", "a/x_old.py", "app.py", "build/x.py", "git/x.py", "venv/x.py"})
	compare(t, "problems", problems, nil)
}

// Files that the user named are read, ignored or not.
func TestOnly(t *testing.T) {
	tree := treeOf(map[string]string{".gitignore": "*.py", "a.py": "", "b.py": "", "c.txt": "", "l.py": "-> a.py", "out.py": "-> ../a.py"})
	tree.Only = []string{"b.py", "c.txt", "missing.py", "l.py", "out.py"}
	files, problems := walk(t, tree)
	compare(t, "files", files, []string{"b.py", "l.py"})
	compare(t, "problems", problems, []string{
		"c.txt: no language of this version reads a file of this name", "missing.py: it cannot be read: file does not exist", "out.py: the link is not followed: it leads out of the tree",
	})
}

// A link to a file is one more name of it, or, where the walk does not come to it, the name by which it is read, once.
func TestLinks(t *testing.T) {
	files, problems := walk(t, treeOf(map[string]string{
		"available/a.py": "", "enabled/a.py": "-> ../available/a.py", "enabled/again.py": "-> a.py",
		"text": "", "first.py": "-> text", "second.py": "-> first.py",
		"round.py": "-> round2.py", "round2.py": "-> round.py", "dir.py": "-> available", "all": "-> .", "up.py": "-> ../x.py", "root.py": "-> /etc/passwd",
		"gone.py": "-> nowhere.py", "available/deep.py": "-> ../all/all/all/text",
	}))
	compare(t, "files", files, []string{"available/a.py <- enabled/a.py <- enabled/again.py", "available/deep.py <- first.py <- second.py"})
	compare(t, "problems", problems, []string{
		"gone.py: the link is not followed: file does not exist", "root.py: the link is not followed: it leads out of the tree",
		"round.py: the link is not followed: it leads round in a circle", "round2.py: the link is not followed: it leads round in a circle",
		"up.py: the link is not followed: it leads out of the tree",
	})
}

// faults is a file system in which some names cannot be opened, and some never should be.
type faults struct {
	fstest.MapFS
	denied  []string
	touched []string
}

func (f *faults) Open(name string) (fs.File, error) {
	f.touched = append(f.touched, name)
	if slices.Contains(f.denied, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func (f *faults) ReadDir(name string) ([]fs.DirEntry, error) {
	if slices.Contains(f.denied, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadDir(name)
}

func TestWhatCannotBeRead(t *testing.T) {
	f := &faults{MapFS: fstest.MapFS{
		"a.py": {}, "closed/b.py": {}, "secret.py": {}, "pipe.py": {Mode: fs.ModeNamedPipe}, "socket.py": {Mode: fs.ModeSocket}, "device.py": {Mode: fs.ModeDevice},
		"to-pipe.py": {Mode: fs.ModeSymlink, Data: []byte("pipe.py")}, "pipe": {Mode: fs.ModeNamedPipe}, ".gitignore": {Data: []byte("a.py")},
		"large.py": {Data: make([]byte, maxFileSize+1)}, "just.py": {Data: make([]byte, maxFileSize)},
	}, denied: []string{"closed", "secret.py", ".gitignore"}}
	files, problems := walk(t, Tree{Name: ".", FS: f})
	compare(t, "files", files, []string{"a.py", "just.py"})
	compare(t, "problems", problems, []string{
		".gitignore: it cannot be read: permission denied; nothing is left out because of it",
		"closed: the directory cannot be read: permission denied", "device.py: it is a device, and not opened", "large.py: it has more than 16 MiB, and is not read",
		"pipe.py: it is a named pipe, and not opened", "secret.py: it cannot be read: permission denied", "socket.py: it is a socket, and not opened",
		"to-pipe.py: it leads to a named pipe, which is not opened",
	})
	for _, name := range f.touched {
		if strings.Contains(name, "pipe") || name == "socket.py" || name == "device.py" {
			t.Errorf("%s was opened", name)
		}
	}
}

// endless says that it is an empty file, and never ends.
type endless struct{ fstest.MapFS }

type endlessFile struct{ fs.File }

func (e endless) Open(name string) (fs.File, error) {
	f, err := e.MapFS.Open(name)
	if name == "a.py" {
		f = endlessFile{f}
	}
	return f, err
}

func (endlessFile) Read(b []byte) (int, error) { return len(b), nil }

func TestEndlessFile(t *testing.T) {
	_, problems := walk(t, Tree{FS: endless{fstest.MapFS{"a.py": {}}}})
	compare(t, "problems", problems, []string{"a.py: it has more than 16 MiB, and is not read"})
}

func TestDeepTree(t *testing.T) {
	m := fstest.MapFS{strings.Repeat("d/", 2000) + "a.py": {}}
	if files, _ := walk(t, Tree{FS: m}); len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
}

// toy is a language whose every line that says LEAK is a finding, and which panics over what says panic.
func toy(name, word string, rule *finding.Rule) Language {
	return Language{Name: name, Match: matchPython, Audit: func(files []File) (r Result) {
		for _, f := range files {
			if bytes.Contains(f.Text, []byte("panic at "+name)) {
				panic(errors.New("a text of the file"))
			}
			for n, line := range strings.Split(string(f.Text), "\n") {
				if strings.Contains(line, word) {
					r.Findings = append(r.Findings, finding.Finding{Rule: rule, Severity: rule.Severity, Source: &finding.Source{Place: finding.Place{File: f.Path, Line: n + 1}}})
				}
			}
		}
		return r
	}}
}

func told(r *finding.Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s/%s:%d %s", f.Source.Root, f.Source.File, f.Source.Line, f.Rule.ID))
	}
	return list
}

func TestRun(t *testing.T) {
	one, other := treeOf(map[string]string{"b.py": "LEAK\n\nLOG\n", "a.py": "LEAK"}), treeOf(map[string]string{"a.py": "LOG"})
	one.Name, other.Name = "one", "other"
	o := Options{Languages: []Language{toy("x", "LEAK", finding.FlaskUnkeyedCache), toy("y", "LOG", finding.FlaskTokenInLog)}}
	r, texts := Run(t.Context(), []Tree{one, other}, o)
	compare(t, "by severity, then by place", told(r), []string{"one/a.py:1 flask/unkeyed-cache", "one/b.py:1 flask/unkeyed-cache", "one/b.py:3 flask/token-in-log", "other/a.py:1 flask/token-in-log"})
	if r.Audit.Files != 3 || !r.Complete || string(texts[[2]string{"other", "a.py"}]) != "LOG" {
		t.Errorf("%+v", r.Audit)
	}
	if lines := r.Audit.Text("one", "b.py"); !slices.Equal(lines, []string{"LEAK", "", "LOG"}) || r.Audit.Text("one", "c.py") != nil {
		t.Errorf("%q", lines)
	}
	o.Wanted = func(r *finding.Rule) bool { return r == finding.FlaskTokenInLog }
	o.Concern = func(root, file string) bool { return root == "other" }
	r, _ = Run(t.Context(), []Tree{one, other}, o)
	compare(t, "wanted, and of concern", told(r), []string{"other/a.py:1 flask/token-in-log"})
}

// What concerns nobody in its own file does so where the trace leads.
func TestConcernOfTheTrace(t *testing.T) {
	l := Language{Name: "x", Match: matchPython, Audit: func(files []File) (r Result) {
		s := &finding.Source{Place: finding.Place{File: "a.py", Line: 1}, Trace: []finding.Place{{File: "b.py", Line: 1}}}
		return Result{Findings: []finding.Finding{{Rule: finding.FlaskTokenInLog, Source: s}}}
	}}
	for file, want := range map[string]int{"a.py": 1, "b.py": 1, "c.py": 0} {
		r, _ := Run(t.Context(), []Tree{treeOf(map[string]string{"a.py": "x"})}, Options{Languages: []Language{l}, Concern: func(_, name string) bool { return name == file }})
		if len(r.Findings) != want {
			t.Errorf("%s changed: %d findings", file, len(r.Findings))
		}
	}
}

// A language that panics over one file loses that file only, and the others lose nothing.
func TestPanic(t *testing.T) {
	tree := treeOf(map[string]string{"a.py": "LEAK", "b.py": "panic at x LEAK", "c.py": "LEAK LOG", "d.py": "panic at x", "e.py": "LEAK"})
	r, _ := Run(t.Context(), []Tree{tree}, Options{Languages: []Language{toy("x", "LEAK", finding.FlaskUnkeyedCache), toy("y", "LOG", finding.FlaskTokenInLog)}})
	compare(t, "findings", told(r), []string{"./a.py:1 flask/unkeyed-cache", "./c.py:1 flask/unkeyed-cache", "./e.py:1 flask/unkeyed-cache", "./c.py:1 flask/token-in-log"})
	var problems []string
	for _, p := range r.Audit.Problems {
		problems = append(problems, p.File+": "+p.Note)
	}
	compare(t, "problems", problems, []string{"b.py: x: a fault in bearcache (*errors.errorString); the file was left out", "d.py: x: a fault in bearcache (*errors.errorString); the file was left out"})
	if r.Complete {
		t.Error("the report says that it is complete")
	}
	always := Language{Name: "z", Match: matchPython, Audit: func([]File) Result { panic("always") }}
	r, _ = Run(t.Context(), []Tree{tree}, Options{Languages: []Language{always, toy("y", "LOG", finding.FlaskTokenInLog)}})
	if len(r.Findings) != 1 || r.Complete {
		t.Errorf("%d findings, complete: %v", len(r.Findings), r.Complete)
	}
}

// An audit that is interrupted tells what it has, and does not wait for a language that does not listen.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan bool)
	defer close(stuck)
	slow := Language{Name: "slow", Match: matchPython, Audit: func([]File) Result { cancel(); <-stuck; return Result{} }}
	r, _ := Run(ctx, []Tree{treeOf(map[string]string{"a.py": "LEAK"})}, Options{Languages: []Language{slow}})
	if r.Complete || r.Incomplete == "" || len(r.Audit.Problems) != 1 {
		t.Errorf("%+v, %+v", r, r.Audit.Problems)
	}
	r, _ = Run(ctx, []Tree{treeOf(map[string]string{"a.py": "LEAK"})}, Options{Languages: []Language{slow}})
	if r.Complete || r.Audit.Files != 0 {
		t.Errorf("%+v", r.Audit)
	}
}

// A finding keeps its fingerprint when lines are put in above it, and two alike have two.
func TestFingerprints(t *testing.T) {
	l := toy("x", "LEAK", finding.FlaskUnkeyedCache)
	prints := func(text string) (list []string) {
		r, _ := Run(t.Context(), []Tree{treeOf(map[string]string{"a.py": text})}, Options{Languages: []Language{l}})
		for _, f := range r.Findings {
			list = append(list, f.Fingerprint())
		}
		return list
	}
	before := prints("LEAK 1\nLEAK 2\n  LEAK 1\nLEAK 1\n")
	compare(t, "moved", prints("# a line\n\nLEAK 1\nLEAK 2\n# another\n    LEAK 1\nLEAK 1\n"), before)
	sorted := slices.Clone(before)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != 4 {
		t.Errorf("not four: %v", before)
	}
	if after := prints("LEAK 3\nLEAK 2\n"); after[1] != before[1] || slices.Contains(before, after[0]) {
		t.Errorf("%v, before %v", after, before)
	}
}
