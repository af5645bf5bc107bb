package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func TestExplain(t *testing.T) {
	page := "# a-rule\n\n**What is wrong.** High · CWE-1\n\nA paragraph with `code *as it is*`, *emphasis*,\na [link](other.md) and [another](https://example.com/a).\n\n" +
		"## How\n\n| control | shows |\n| --- | --- |\n| `--origin` | " + strings.Repeat("much ", 20) + "|\n| b | c |\n\n- one item\n  that goes on " + strings.Repeat("and on ", 15) +
		"\n- two\n\n```python\n@app.get(\"/\")\ndef *a*():\n\n    pass\n```\nEnd.\n"
	const want = `a-rule

What is wrong. High · CWE-1

A paragraph with code *as it is*, emphasis, a link and another (https://example.com/a).

How

control   shows
--origin  much much much much much much much much much much much much much much much much
          much much much much
b         c

- one item that goes on and on and on and on and on and on and on and on and on and on and
  on and on and on and on and on and on
- two

    @app.get("/")
    def *a*():

        pass
End.
`
	var got, coloured bytes.Buffer
	if err := Explain(&got, page, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	Explain(&coloured, page, true)
	if plain := regexp.MustCompile("\x1b\\[\\d+m").ReplaceAllString(coloured.String(), ""); plain != want || !strings.Contains(coloured.String(), "\x1b[1mHow\x1b[0m") {
		t.Errorf("%q", coloured.String())
	}
	if err := Explain(failing{}, page, false); err == nil {
		t.Error("a write that failed is no error")
	}
}

func TestExplainRemedy(t *testing.T) {
	rule := &finding.Rule{Remedy: []finding.Fix{
		{Stack: "flask", Text: strings.Repeat("word ", 20), File: "a.py", Snippet: "def a():\n\n    pass\n"},
		{Stack: "nginx", Text: "Only told."},
		{Stack: "varnish", Text: "Pass.", File: "a.vcl", Snippet: "sub a {}\n"},
	}}
	const want = `
flask
word word word word word word word word word word word word word word word word word word
word word

    def a():

        pass

varnish
Pass.

    sub a {}
`
	var got, coloured strings.Builder
	if err := ExplainRemedy(&got, rule, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if ExplainRemedy(&coloured, rule, true); !strings.Contains(coloured.String(), "\n\x1b[1mvarnish\x1b[0m\n") {
		t.Errorf("%q", coloured.String())
	}
	if err := ExplainRemedy(failing{}, rule, false); err == nil {
		t.Error("a write that failed is no error")
	}
}

// The pages that there are use nothing that the terminal would show as it stands in the file.
func TestExplainKnowsThePages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/rules/*.md")
	if err != nil || len(pages) < 14 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, file := range pages {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := Explain(&out, string(data), false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, "    ") {
				continue // code
			}
			if n := utf8.RuneCountInString(line); n > pageWidth && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%s: %d characters: %s", file, n, line)
			}
			if m := regexp.MustCompile("`|\\*\\*|^#|^\\||\\]\\(").FindString(line); m != "" {
				t.Errorf("%s: %s stands in %s", file, m, line)
			}
		}
	}
}
