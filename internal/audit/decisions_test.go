package audit

import (
	"testing"
	"testing/fstest"

	"github.com/bearcache/bearcache/internal/finding"
)

// More text than an audit holds is not read.
func TestTooMuch(t *testing.T) {
	tree := Tree{Name: ".", FS: fstest.MapFS{"a.py": {Data: []byte("x")}, "b.py": {Data: []byte("x")}, "c.py": {Data: []byte("x")}}}
	w := &walker{ctx: t.Context(), tree: tree, match: matchPython, total: maxTotal - 1}
	w.read()
	if len(w.files) != 1 || !w.exhausted || len(w.problems) != 1 || w.problems[0].File != "b.py" {
		t.Errorf("%d files, exhausted: %v, %+v", len(w.files), w.exhausted, w.problems)
	}
}

// A comment that silences nothing is told, unless what it is about was not looked for.
func TestIdle(t *testing.T) {
	const about = "  # bearcache: ignore flask/token-in-log why\n"
	tree := treeOf(map[string]string{"a.py": "LEAK" + about + "other" + about})
	o := Options{Languages: []Language{toy("x", "LEAK", finding.FlaskTokenInLog)}}
	idle := func() (list []int) {
		r, _ := Run(t.Context(), []Tree{tree}, o)
		if len(r.Findings) > 0 {
			t.Errorf("%v", told(r))
		}
		for _, p := range r.Audit.Idle {
			list = append(list, p.Line)
		}
		return list
	}
	if got := idle(); len(got) != 1 || got[0] != 2 {
		t.Errorf("lines %v", got)
	}
	o.Wanted = func(r *finding.Rule) bool { return r == finding.FlaskTokenInURL }
	if got := idle(); len(got) != 0 {
		t.Errorf("lines %v, of a rule that was not looked for", got)
	}
}

// A language may read the comments of its files itself. Where that panics, they are read as those of all other files.
func TestCommentsOfALanguage(t *testing.T) {
	tree := treeOf(map[string]string{"a.py": "LEAK  # bearcache: ignore flask/token-in-log why\n", "b.py": "LEAK\n"})
	l := toy("x", "LEAK", finding.FlaskTokenInLog)
	for name, want := range map[string]struct {
		comments func(File) []Comment
		left     int
	}{
		"its own": {func(f File) []Comment {
			return []Comment{{Line: 1, Text: "bearcache: ignore flask/token-in-log in " + f.Path}}
		}, 1}, // of b.py none are asked for, since no text there could be one
		"none": {func(File) []Comment { return nil }, 2}, "a panic": {func(File) []Comment { panic("always") }, 1},
	} {
		l.Comments = want.comments
		r, _ := Run(t.Context(), []Tree{tree}, Options{Languages: []Language{l}})
		if len(r.Findings) != want.left || !r.Complete {
			t.Errorf("%s: %v, complete: %v", name, told(r), r.Complete)
		}
	}
}

// A finding in a file under another of its names is silenced by the comments of the file.
func TestCommentsOfALink(t *testing.T) {
	tree := treeOf(map[string]string{"a.py": "LEAK  # bearcache: ignore flask/token-in-log why\n", "b.py": "-> a.py"})
	l := Language{Name: "x", Match: matchPython, Audit: func(files []File) Result {
		s := &finding.Source{Place: finding.Place{File: files[0].Links[0], Line: 1}}
		return Result{Findings: []finding.Finding{{Rule: finding.FlaskTokenInLog, Source: s}}}
	}}
	if r, _ := Run(t.Context(), []Tree{tree}, Options{Languages: []Language{l}}); len(r.Findings) != 0 || r.Audit.Suppressed != 1 {
		t.Errorf("%v, %d silenced", told(r), r.Audit.Suppressed)
	}
}

// What nobody wants is not told, though it is found.
func TestWanted(t *testing.T) {
	o := Options{Languages: []Language{toy("x", "LEAK", finding.FlaskTokenInURL), toy("y", "LOG", finding.FlaskTokenInLog)}}
	for _, rule := range []*finding.Rule{finding.FlaskTokenInURL, finding.FlaskTokenInLog} {
		o.Wanted = func(r *finding.Rule) bool { return r == rule }
		r, _ := Run(t.Context(), []Tree{treeOf(map[string]string{"a.py": "LEAK\nLOG\n"})}, o)
		if len(r.Findings) != 1 || r.Findings[0].Rule != rule {
			t.Errorf("%v, where %s was wanted", told(r), rule.ID)
		}
	}
}

// A comment above one function says nothing of the next.
func TestSilenceEndsWithItsFunction(t *testing.T) {
	const ignored, decorator = "# bearcache: ignore flask/token-in-log why\n", "@app.get('/')\n"
	for text, want := range map[string]int{
		ignored + decorator + "@LEAK\ndef f(): pass\n":                0,
		ignored + decorator + "def f(): pass\n@LEAK\ndef g(): pass\n": 1,
		ignored + decorator + "def f(): pass\nx = 1\n@LEAK\ndef g():": 1,
	} {
		r, _ := Run(t.Context(), []Tree{treeOf(map[string]string{"a.py": text})}, Options{Languages: []Language{toy("x", "LEAK", finding.FlaskTokenInLog)}})
		if len(r.Findings) != want {
			t.Errorf("%d findings in\n%s", len(r.Findings), text)
		}
	}
}
