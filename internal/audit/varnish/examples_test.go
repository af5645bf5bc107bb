package varnish

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// example is an annotated program: a line ends with "# want: RULE" where a finding of the rule is to stand, and on no other.
type example struct {
	path string
	text string
}

func examples(t testing.TB, pattern string) (list []example) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is nothing like %s: %v", pattern, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, example{filepath.ToSlash(path), string(data)})
	}
	return list
}

func (e example) wanted() (list []string) {
	for i, line := range strings.Split(e.text, "\n") {
		if _, rule, ok := strings.Cut(line, "# want: "); ok {
			list = append(list, fmt.Sprintf("%d %s", i+1, rule))
		}
	}
	return list
}

func found(r audit.Result) (list []string) {
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%d %s", f.Source.Line, f.Rule.ID))
	}
	return list
}

func audited(files ...audit.File) audit.Result { return Language.Audit(files) }

func file(path, text string) audit.File { return audit.File{Path: path, Text: []byte(text)} }

func TestExamples(t *testing.T) {
	for _, e := range append(examples(t, "live/*"), examples(t, "dialects/*")...) {
		if !Language.Match(e.path) {
			t.Errorf("%s: not matched", e.path)
		}
		r := audited(file(e.path, e.text))
		if got, want := found(r), e.wanted(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", e.path, got, want)
		}
		if dirty := strings.Contains(e.path, ".dirty."); dirty != (len(e.wanted()) > 0) {
			t.Errorf("%s: its name and its annotations differ", e.path)
		}
		if len(r.Problems) > 0 {
			t.Errorf("%s: %v", e.path, r.Problems)
		}
	}
}

// Where an edit is offered, the program that has it has no finding any more.
func TestEditsMend(t *testing.T) {
	for _, e := range append(examples(t, "live/*.dirty.*"), examples(t, "dialects/*.dirty.*")...) {
		r := audited(file(e.path, e.text))
		if len(r.Findings) == 0 || len(r.Findings[0].Source.Edits) == 0 {
			t.Errorf("%s: no edit", e.path)
			continue
		}
		mended := edited(e.text, r.Findings[0].Source.Edits)
		if r := audited(file(e.path, mended)); len(r.Findings)+len(r.Problems) > 0 {
			t.Errorf("%s, edited: %q, %v\n%s", e.path, found(r), r.Problems, mended)
		}
	}
}

func edited(text string, edits []finding.Edit) string {
	for _, e := range slices.Backward(edits) {
		text = text[:e.Start] + e.Text + text[e.End:]
	}
	return text
}

func TestEditKeepsTheIndentation(t *testing.T) {
	for _, c := range [][2]string{
		{"sub vcl_recv {\n\treturn (hash);\n}\n", "sub vcl_recv {\n\tif (req.http.Authorization) {\n\t\treturn (pass);\n\t}\n\treturn (hash);\n}\n"},
		{"sub vcl_recv {\n  return (hash);\n}\n", "sub vcl_recv {\n  if (req.http.Authorization) {\n    return (pass);\n  }\n  return (hash);\n}\n"},
		// Where an if asks for the field already, its block passes.
		{"sub vcl_recv {\n    if (req.http.Authorization) {\n        return (hash);\n    }\n}\n", "sub vcl_recv {\n    if (req.http.Authorization) {\n        return (pass);\n    }\n}\n"},
		{"sub vcl_recv {\n    if (!req.http.Authorization || req.url == \"/\") {\n        return (synth(401));\n    } else {\n        return (hash);\n    }\n}\n",
			"sub vcl_recv {\n    if (!req.http.Authorization || req.url == \"/\") {\n        return (synth(401));\n    } else {\n        return (pass);\n    }\n}\n"},
		{"sub vcl_recv {\n    if (req.http.Authorization ~ \"^Bearer \" && req.method == \"GET\") {\n        return (hash);\n    }\n}\n",
			"sub vcl_recv {\n    if (req.http.Authorization ~ \"^Bearer \" && req.method == \"GET\") {\n        return (pass);\n    }\n}\n"},
		{"sub vcl_recv {\n    if (req.http.Authorization || req.method == \"GET\") {\n        return (hash);\n    }\n}\n",
			"sub vcl_recv {\n    if (req.http.Authorization || req.method == \"GET\") {\n        if (req.http.Authorization) {\n            return (pass);\n        }\n        return (hash);\n    }\n}\n"},
		{"sub vcl_recv { return (hash); }\n", "sub vcl_recv { if (req.http.Authorization) { return (pass); } return (hash); }\n"},
	} {
		r := audited(file("a.vcl", c[0]))
		if len(r.Findings) != 1 {
			t.Fatalf("%q: %d findings", c[0], len(r.Findings))
		}
		if got := edited(c[0], r.Findings[0].Source.Edits); got != c[1] {
			t.Errorf("%q, not %q", got, c[1])
		}
	}
}
