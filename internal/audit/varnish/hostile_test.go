package varnish

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

// raced is set under the race detector, where everything takes ten times as long.
var raced bool

// A program is read and run in bounded time, whatever stands in it.
func TestHostile(t *testing.T) {
	n := 200_000
	if raced {
		n = 20_000
	}
	many := func(format string) string {
		var b strings.Builder
		for i := range n / len(format) * 4 {
			if strings.Contains(format, "%d") {
				fmt.Fprintf(&b, format, i)
			} else {
				b.WriteString(format)
			}
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"braces":               "sub vcl_recv {" + strings.Repeat("{", n),
		"brackets":             "sub vcl_recv { if (" + strings.Repeat("(", n),
		"negations":            "sub vcl_recv { if (" + strings.Repeat("!", n) + "req.http.A) { return (hash); } }",
		"calls in calls":       "sub vcl_recv { f(" + strings.Repeat("f(", n),
		"an open string":       "sub vcl_recv { set req.http.a = \"" + strings.Repeat("{{", n),
		"long strings":         strings.Repeat(`{"`, n),
		"comments":             strings.Repeat("/*", n),
		"inline C":             strings.Repeat("C{", n),
		"directives":           strings.Repeat("{% ", n),
		"placeholders":         strings.Repeat("{{ ", n),
		"erb":                  strings.Repeat("<%= ", n),
		"NUL":                  strings.Repeat("\x00", n) + "sub vcl_recv { return (hash); }",
		"no UTF-8":             "sub vcl_recv { set req.http.a = \"" + strings.Repeat("\xff\xfe", n) + "\"; return (hash); }",
		"else if":              "sub vcl_recv { if (req.http.a) { }" + many("elseif (req.http.b%d) { set req.http.c%d = \"1\"; }") + "}",
		"conditions":           "sub vcl_recv {" + many("if (req.http.b%d) { set req.http.c = \"%d\"; } if (req.http.c == \"1\") { } ") + "return (hash); }",
		"flags":                "sub vcl_recv {" + many("if (req.http.x%[1]d) { set req.http.b%[1]d = \"1\"; } if (req.http.b%[1]d) { }") + "return (hash); }",
		"alternatives":         "sub vcl_recv { if (" + many("req.url ~ \"^/%d\" || ") + "req.http.a) { return (hash); } }",
		"conjunctions":         "sub vcl_recv { if (" + many("req.http.x%d && ") + "req.http.a) { return (pass); } return (hash); }",
		"growing values":       "sub vcl_recv {" + many("set req.http.a = req.http.a + req.http.a + \"xx\"; if (req.http.a) { }") + "}",
		"growing replacements": "sub vcl_recv {" + many("set req.http.a = regsuball(req.http.Authorization + req.http.a, \"\", \"xxxxxxxx\"); hash_data(req.http.a); ") + "}",
		"patterns":             "sub vcl_recv { if (req.url ~ \"" + strings.Repeat("(a|b)?", n/8) + "\") { return (hash); } }",
		"repetitions":          "sub vcl_recv { if (req.url ~ \"((((a{99}){99}){99}){99})\") { return (hash); } }",
		"recursion":            "sub vcl_recv { call a; } sub a { call b; call b; } sub b { call a; call a; } ",
		"doubling":             doubling(),
		"subroutines":          many("sub vcl_recv { if (req.http.a%d) { set req.http.d = \"%d\"; } } ") + "sub vcl_recv { return (hash); }",
		"returns":              "sub vcl_recv {" + many("if (req.http.a%d) { return (hash); } ") + "}",
		"one line":             "sub vcl_recv { if (req.http.a) {" + strings.Repeat(" ", n) + "return (hash); } }",
		"includes":             many("include \"x%d.vcl\";"),
		"unfinished":           many("sub a%d { if (req.url ~ \"x\" { set"),
	} {
		t.Run(name, func(t *testing.T) {
			r := audited(file("default.vcl", text)) // that it ends at all is what is tested
			checkResult(t, r, map[string]string{"default.vcl": text})
		})
	}
}

// doubling calls 2^30 times.
func doubling() string {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "sub s%d { call s%d; call s%d; if (req.http.a%d) { set req.http.b = \"%d\"; } }\n", i, i+1, i+1, i, i)
	}
	return b.String() + "sub s20 { } sub vcl_recv { call s0; return (hash); }"
}

// Files that include each other, twice each, and in a circle.
func TestIncludeBomb(t *testing.T) {
	var files []audit.File
	for i := range 40 {
		next := fmt.Sprintf("include \"f%d.vcl\";\n", (i+1)%40)
		files = append(files, file(fmt.Sprintf("f%d.vcl", i), strings.Repeat(next, 2)+"sub vcl_recv { if (req.http.a) { } }\n"))
	}
	audited(files...)
	audited(append(files, file("default.vcl", "include \"f0.vcl\"; include +glob \"*.vcl\";"))...)
}

// checkResult holds what is true of every result, whatever was read.
func checkResult(t *testing.T, r audit.Result, texts map[string]string) {
	t.Helper()
	for _, f := range r.Findings {
		lines := strings.Count(texts[f.Source.File], "\n") + 1
		if f.Source.Line < 1 || f.Source.Line > lines || f.Source.EndLine < f.Source.Line {
			t.Errorf("lines %d to %d of %d", f.Source.Line, f.Source.EndLine, lines)
		}
		for _, p := range f.Source.Trace {
			if _, ok := texts[p.File]; !ok || p.Line < 1 {
				t.Errorf("a trace over %q:%d", p.File, p.Line)
			}
		}
		for _, e := range f.Source.Edits {
			if e.Start < 0 || e.End < e.Start || e.End > len(texts[e.File]) {
				t.Errorf("an edit of %d to %d in %d bytes", e.Start, e.End, len(texts[e.File]))
			}
		}
		if len(f.Source.Key) > 400 || strings.ContainsAny(f.Source.Key, "\x00\n") {
			t.Errorf("key %q", f.Source.Key)
		}
	}
}

// Whatever the text: the same result twice, places that are in it, and edits after which the finding is not repeated at the same statement.
func FuzzAudit(f *testing.F) {
	for _, pattern := range []string{"live/*", "dialects/*"} {
		for _, e := range examples(f, pattern) {
			f.Add(e.text)
		}
	}
	builtin, err := os.ReadFile("builtin.vcl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(builtin))
	f.Fuzz(func(t *testing.T, text string) {
		r := audited(file("default.vcl", text))
		checkResult(t, r, map[string]string{"default.vcl": text})
		again := audited(file("default.vcl", text))
		if a, b := fmt.Sprint(found(r)), fmt.Sprint(found(again)); a != b {
			t.Errorf("%s, and then %s", a, b)
		}
	})
}
