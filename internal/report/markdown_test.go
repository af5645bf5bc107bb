package report

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

// GitHub's own parser makes the same elements of a report whatever is said in it, and no name, number or
// address is left for what looks through its output.
func TestMarkdownByGitHubsParser(t *testing.T) {
	parser := programtest.Need(t, "cmark-gfm")
	render := func(markdown string) string {
		cmd := exec.Command(parser, "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tasklist", "-e", "footnotes")
		cmd.Stdin = strings.NewReader(markdown)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	plain := htmlTag.FindAllString(render(whole(t, "markdown", saying("x"))), -1)
	if len(plain) < 100 {
		t.Fatalf("only %d tags", len(plain))
	}
	for name, text := range hostile {
		out := render(whole(t, "markdown", saying(text)))
		if len(text) < 1000 { // of longer ones not everything fits
			if diff := cmp.Diff(plain, htmlTag.FindAllString(out, -1)); diff != "" {
				t.Errorf("%s: other elements (-plain +hostile):\n%s", name, diff)
			}
		}
		if found := reference.FindString(code.ReplaceAllString(out, "")); found != "" {
			t.Errorf("%s: %q is left", name, found)
		}
	}
	for _, text := range []string{"@alice", "#1", ":octocat:", "https://evil.example", "www.evil.example"} {
		if reference.FindString(code.ReplaceAllString(render("see "+text), "")) == "" {
			t.Errorf("%s would not be noticed", text)
		}
	}
}

var (
	// GitHub and GitLab leave alone what is code.
	code      = regexp.MustCompile(`(?s)<(code|pre)[ >].*?</(code|pre)>|<code>.*?</code>|<pre>.*?</pre>`)
	reference = regexp.MustCompile(`(?i)@\w|#\w|:\w+:|://\w|www\.|<a |<img `)
)

// A report that is too long says what it lacks, and is a whole document all the same.
func TestMarkdownIsCut(t *testing.T) {
	r := example()
	leak := r.Findings[0]
	for i := range 1000 {
		f := leak
		f.Operation = "GET /" + strings.Repeat("a", i%150)
		r.Findings = append(r.Findings, f)
		r.Operations = append(r.Operations, finding.Tested{Operation: f.Operation, Status: finding.StatusFailed, Reason: strings.Repeat("because ", 50)})
	}
	out := whole(t, "markdown", r)
	if len(out) > markdownMost || len(out) < markdownMost*8/10 {
		t.Errorf("%d bytes", len(out))
	}
	said := regexp.MustCompile(`Cut to fit a comment:\*\* (\d+) findings not in the table, and (\d+) findings without steps here`).FindStringSubmatch(out)
	if said == nil || !regexp.MustCompile(`- and \d+ more\n`).MatchString(out) {
		t.Fatalf("it does not say what was cut: …%s", out[len(out)-500:])
	}
	rows := strings.Count(out, "\n| **") + strings.Count(out, "\n| high") + strings.Count(out, "\n| low")
	steps := strings.Count(out, "**Fix:**")
	if got := []int{rows, steps}; !cmp.Equal(got, []int{1004 - atoi(said[1]), 1004 - atoi(said[2])}) {
		t.Errorf("%v of 1004 are there; it says that %s and %s are not", got, said[1], said[2])
	}
	if a, b := strings.Count(out, "<details>"), strings.Count(out, "</details>"); a != b {
		t.Errorf("%d open, %d close", a, b)
	}
	if strings.Contains(whole(t, "markdown", example()), "Cut to fit") {
		t.Error("the example was cut")
	}
}

// What to write stands in a comment once, though several findings, and several rules, are mended by it; and it makes way
// for the findings themselves.
func TestMarkdownHasEachRemedyOnce(t *testing.T) {
	r := example()
	r.Findings = nil
	for _, rule := range []*finding.Rule{finding.AnonymousReuse, finding.CrossIdentityReuse, finding.CrossIdentityReuse} {
		r.Findings = append(r.Findings, finding.Finding{Rule: rule, Severity: rule.Severity, Operation: "GET /a"})
	}
	out := whole(t, "markdown", r)
	for _, fix := range finding.CrossIdentityReuse.Remedy {
		if n := strings.Count(out, fix.Snippet); fix.Snippet == "" || n != 1 {
			t.Errorf("%s: %q is there %d times", fix.Stack, fix.Snippet, n)
		}
	}
	r.Findings = nil
	for range 100 {
		last := finding.Finding{Rule: finding.ScopeReuse, Operation: "GET /last"}
		out := whole(t, "markdown", &finding.Report{Findings: append(slices.Clone(r.Findings), last)})
		if there := strings.Contains(out, "<code>GET /last</code>"); !there || !strings.Contains(out, finding.ScopeReuse.Remedy[0].Snippet) {
			if !there {
				t.Errorf("the last of %d findings made way for what to write", len(r.Findings)+1)
			}
			return
		}
		r.Findings = append(r.Findings, finding.Finding{Rule: finding.TokenEcho, Severity: finding.High, Operation: "GET /", Summary: strings.Repeat("much ", 100)})
	}
	t.Error("there was room for everything")
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

func TestRemediesAreCodeWhereTheyAreCode(t *testing.T) {
	for text, want := range map[string]string{
		"Use it.": "Use it.",
		"Key it: @cache.cached(make_cache_key=…) with care.":            "Key it: `@cache.cached(make_cache_key=…)` with care.",
		"proxy_cache_bypass $http_authorization; proxy_no_cache $a;":    "`proxy_cache_bypass $http_authorization; proxy_no_cache $a;`",
		"in vcl_recv: if (req.http.Authorization) { return (pass); }":   "in `vcl_recv: if (req.http.Authorization) { return (pass); }`",
		"outside (above) the decorator, if it is there: ask @somebody.": "outside (above) the decorator, if it is there: ask `@somebody`.",
	} {
		if got := markdownFix(text); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}
