package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// Comments are where the languages have them, and not in what only looks like one.
func TestComments(t *testing.T) {
	for name, tt := range map[string]struct {
		scan       func([]byte) []Comment
		text, want string // want: "line:text" each, with a star where it stands alone
	}{
		"Python":                   {PythonComments, "# a\nx = 1 # b\n\t#c\n", "1*:a 2:b 3*:c"},
		"Python strings":           {PythonComments, "x = '# a' # b\ny = \"\\\" # c\" # d\nz = '''\n# e\n''' # f\n", "1:b 2:d 5:f"},
		"Python, an open string":   {PythonComments, "x = 'a # b\n# c\n", "2*:c"},
		"Python, an open long one": {PythonComments, "x = '''a\n# b\n", ""},
		"Python, a raw string":     {PythonComments, "x = r'\\' # a' # b\n", "1:b"},
		"Python, continued":        {PythonComments, "x = 'a\\\n# b' # c\n", "2:c"},
		"Python, three quotes":     {PythonComments, `x = """a"" # b""" # c`, "1:c"},
		"nginx":                    {HashComments, "# a\nlog_format x '# b'; # c\nlocation /a#b { #d\n}#e", "1*:a 2:c 3:d 4:e"},
		"nginx, an open quote":     {HashComments, "# don't\nx; # b\n", "1*:don't 2:b"},
		"nginx, an escaped quote":  {HashComments, "x \\' # b\ny 'a\\'# b' # c", "1:b 2:c"},
		"VCL":                      {VCLComments, "# a\n// b\nx; /* # c\n# d */ # e\nset x = \"# f\"; // g\n", "1*:a 2*:b 4:e 5:g"},
		"VCL, long strings":        {VCLComments, "x {\"\n# a\n\"} # b\ny \"\"\"# c\n\"\"\" // d", "3:b 5:d"},
		"VCL, an address":          {VCLComments, `.url = "http://a/b"; // c`, "1:c"},
		"CRLF":                     {HashComments, "# a\r\nx # b\r\n", "1*:a 2:b"},
		"nothing":                  {PythonComments, "", ""},
		"a backslash at the end":   {PythonComments, "x \\", ""},
		"a NUL":                    {PythonComments, "x # a\x00b", "1:a\x00b"},
	} {
		var got []string
		for _, c := range tt.scan([]byte(tt.text)) {
			star := ""
			if c.Alone {
				star = "*"
			}
			got = append(got, fmt.Sprintf("%d%s:%s", c.Line, star, c.Text))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// That it ends at all is what is tested.
func TestHostileComments(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("#", 5<<20), strings.Repeat("#\n", 2<<20), strings.Repeat(`"`, 5<<20), strings.Repeat(`"""`, 2<<20), strings.Repeat(`\`, 5<<20),
		strings.Repeat(`"\`, 2<<20), strings.Repeat("/*", 2<<20), strings.Repeat(`{"`, 2<<20), strings.Repeat("'\n", 2<<20),
	} {
		for _, scan := range []func([]byte) []Comment{PythonComments, HashComments, VCLComments} {
			scan([]byte(text))
		}
	}
}

// The line of a comment is one of the text's, and what it says stands there.
func FuzzComments(f *testing.F) {
	for _, text := range []string{"x # a", "'''\n# a\n''' # b", "\"\\\n# a", "/* // */ {\"#\"} # a", "# bearcache: ignore flask/token-in-log why"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := linesOf([]byte(text))
		for _, scan := range []func([]byte) []Comment{PythonComments, HashComments, VCLComments} {
			last := 0
			for _, c := range scan([]byte(text)) {
				if c.Line <= last || c.Line > len(lines) || !strings.Contains(lines[c.Line-1], c.Text) {
					t.Fatalf("%+v of %q", c, text)
				}
				last = c.Line
			}
			list, _ := suppressions(scan([]byte(text)), func(string) bool { return true })
			f := finding.Finding{Rule: finding.FlaskTokenInLog, Source: &finding.Source{Place: finding.Place{Line: 1}}}
			silence([]finding.Finding{f}, list, lines)
		}
	})
}

func isRule(id string) bool {
	return slices.ContainsFunc(finding.SourceRules, func(r *finding.Rule) bool { return r.ID == id })
}

func TestSuppressions(t *testing.T) {
	const log, url = "flask/token-in-log", "flask/token-in-url"
	for _, tt := range []struct{ comment, rules, reason, problem string }{
		{"bearcache: ignore " + log + " it is a test's", log, "it is a test's", ""},
		{"bearcache:ignore " + log + " why", log, "why", ""},
		{"bearcache: ignore " + log + "," + url + " why", log + " " + url, "why", ""},
		{"bearcache: ignore " + log + ", " + url + " why", log + " " + url, "why", ""},
		{"bearcache: ignore " + log + " -- why", log, "-- why", ""},
		{"bearcache: ignore " + log, log, "", ""},
		{"bearcache: ignore " + log + " --", log, "", ""},
		{"noqa: E501 # bearcache: ignore " + log + " why", log, "why", ""},
		{"bearcache: ignore flask/nonsense why", "", "", "to ignore a rule that there is not, flask/nonsense;"},
		{"bearcache: ignore " + log + ",flask/nonsense why", log, "why", "to ignore a rule that there is not, flask/nonsense;"},
		{"bearcache: ignore eyJhbGciOiJub25lIn0 why", "", "", "to ignore a rule that there is not; it"},
		{"bearcache: ignore", "", "", "names no rule"},
		{"bearcache: ignored " + log + " why", "", "", ""},
		{"we use bearcache: ignore " + log + " why", "", "", ""},
		{"noqa", "", "", ""},
		{"nosec B105", "", "", ""},
	} {
		list, problems := suppressions([]Comment{{Line: 1, Text: tt.comment}}, isRule)
		rules, reason := "", ""
		if len(list) > 0 {
			rules, reason = strings.Join(list[0].rules, " "), list[0].reason
		}
		if rules != tt.rules || reason != tt.reason || (len(problems) > 0) != (tt.problem != "") || len(problems) > 0 && !strings.Contains(problems[0].Note, tt.problem) {
			t.Errorf("%s: %q, %q, %v", tt.comment, rules, reason, problems)
		}
	}
}

// A comment silences the line it is on, or the one below it, or what its decorators are about; each row has the finding on the line with >.
func TestSilence(t *testing.T) {
	const c = "# bearcache: ignore flask/token-in-log why"
	for _, tt := range []struct {
		name, source string
		want         bool
	}{
		{"on the line", ">log(token)  " + c, true},
		{"above it", c + "\n>log(token)", true},
		{"above it, with others", c + "\n# and more\n>log(token)", true},
		{"two lines above", c + "\n\n>log(token)", false},
		{"behind code above", "x = 1  " + c + "\n>log(token)", false},
		{"below it", ">log(token)\n" + c, false},
		{"of another rule", ">log(token)  # bearcache: ignore flask/token-in-url why", false},
		{"without a reason", ">log(token)  # bearcache: ignore flask/token-in-log", false},
		{"in a string", ">log('" + c + "')", false},
		{"noqa", ">log(token)  # noqa", false},
		{"above the decorators", c + "\n@app.get('/')\n>@cache.cached()\ndef f():", true},
		{"above the decorators of the function", c + "\n@app.get('/')\n@cache.cached()\n>def f():", true},
		{"above a decorator of many lines", c + "\n@app.get(\n    '/',\n)\n>@cache.cached()\ndef f():", true},
		{"in a class", "class A:\n    " + c + "\n    @app.get('/')\n>    @cache.cached()\n    def f():", true},
		{"between decorators", "@app.get('/')\n" + c + "\n>@cache.cached()\ndef f():", true},
		{"above the decorators, of a line within", c + "\n@cache.cached()\ndef f():\n>    log(token)", false},
		{"above another function", c + "\ndef f(): pass\n>@cache.cached()\ndef g():", false},
		{"behind a decorator, of another line", "@app.get('/')  " + c + "\n>@cache.cached()\ndef f():", false},
	} {
		var lines []string
		at := 0
		for i, line := range strings.Split(tt.source, "\n") {
			if rest, ok := strings.CutPrefix(line, ">"); ok {
				at, line = i+1, rest
			}
			lines = append(lines, line)
		}
		list, _ := suppressions(PythonComments([]byte(strings.Join(lines, "\n"))), isRule)
		f := finding.Finding{Rule: finding.FlaskTokenInLog, Detail: "Why.", Source: &finding.Source{Place: finding.Place{Line: at}}}
		kept, silenced := silence([]finding.Finding{f}, list, lines)
		if got := silenced == 1; got != tt.want || len(kept)+silenced != 1 {
			t.Errorf("%s: silenced %v", tt.name, got)
		}
		if tt.name == "without a reason" && kept[0].Detail != "Why. The comment on line 1 does not silence this, as it gives no reason: write bearcache: ignore flask/token-in-log and why." {
			t.Error(kept[0].Detail)
		}
	}
}
