package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bearcache/bearcache/internal/finding"
)

var views = strings.Split(`from flask import Flask

@app.get("/api/profile")
@cache.cached(timeout=300)
@jwt_required()
def profile():
    return jsonify(load(get_jwt_identity()))
`, "\n")

// exampleAudit holds one of everything that a report of an audit can say.
func exampleAudit() *finding.Report {
	cached := finding.Finding{
		Rule: finding.FlaskCacheBeforeAuth, Severity: finding.High, Confidence: finding.Confirmed, Operation: "GET /api/profile",
		Summary: "A hit skips the check of the token.", Detail: "cache.cached (line 4) stands outside jwt_required (line 5).",
		Source: &finding.Source{
			Root: "src", Place: finding.Place{File: "app/views.py", Line: 4}, EndLine: 7, Symbol: "profile",
			Trace: []finding.Place{{File: "app/views.py", Line: 5, Note: "the check of the token"}, {File: "app/key.py", Line: 12, Note: "the key is the path of the request"}},
			Fix:   "Move it below jwt_required.", Safe: true, Key: "@cache.cached(timeout=300)",
			Edits: []finding.Edit{{File: "app/views.py", Start: 50, End: 77}, {File: "app/views.py", Start: 93, End: 93, Text: "@cache.cached(timeout=300)\n"}},
			Diff:  []string{"- @cache.cached(timeout=300)", "+ @cache.cached(timeout=300)"},
		},
	}
	unkeyed := cached
	unkeyed.Rule, unkeyed.Confidence, unkeyed.Summary, unkeyed.Detail = finding.FlaskUnkeyedCache, finding.Likely, "The answer depends on the caller; the key is the request path.", ""
	unkeyed.Source = &finding.Source{Root: "src", Place: finding.Place{File: "app/views.py", Line: 4}, EndLine: 7, Symbol: "profile", Key: "@cache.cached(timeout=300)"}
	nginx := finding.Finding{
		Rule: finding.NginxTokenInLog, Severity: finding.Medium, Confidence: finding.Confirmed, Summary: "The log has the Authorization field.",
		Source: &finding.Source{Root: "src", Place: finding.Place{File: "deploy/nginx.conf", Line: 1}, EndLine: 1, Symbol: "log_format main", Key: "log_format main"},
	}
	mended := nginx
	mended.Source = &finding.Source{Root: "src", Place: finding.Place{File: "deploy/old.conf", Line: 3}, EndLine: 3, Key: "log_format old"}
	r := &finding.Report{
		Version: "v0.1.0", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Duration: 312 * time.Millisecond, Complete: true, FailOn: finding.Medium,
		Findings: []finding.Finding{nginx, unkeyed, cached}, Known: map[string]bool{nginx.Fingerprint(): true},
		Audit: &finding.Audited{
			Paths: []string{"src"}, Files: 38, Suppressed: 2, Fixed: []finding.Finding{mended},
			Problems: []finding.Problem{{Root: "src", Place: finding.Place{File: "app/broken.py", Line: 7, Note: "a bracket is never closed"}}, {Place: finding.Place{Note: "varnish: a fault in bearcache"}}},
			Idle:     []finding.Problem{{Root: "src", Place: finding.Place{File: "app/views.py", Line: 9, Note: "the comment silences nothing: flask/token-in-log is not found here"}}},
			Text: func(root, file string) []string {
				if root == "src" && file == "app/views.py" {
					return views
				}
				return nil
			},
		},
	}
	r.Sort()
	return r
}

func TestAuditGolden(t *testing.T) {
	incomplete := exampleAudit()
	incomplete.Complete, incomplete.Incomplete, incomplete.Findings, incomplete.Audit.Since = false, "interrupted before everything was read", nil, "origin/main"
	for _, tt := range []struct {
		file   string
		format Format
		report *finding.Report
	}{
		{"terminal.txt", Terminal(Style{Verdict: "exit 1"}), exampleAudit()},
		{"verbose.txt", Terminal(Style{Verbose: true}), exampleAudit()},
		{"incomplete.txt", Terminal(Style{Verdict: "exit 3 (not completed)"}), incomplete},
		{"report.json", json, exampleAudit()},
		{"report.sarif", sarif, exampleAudit()},
		{"report.html", html, exampleAudit()},
		{"report.junit.xml", junit, exampleAudit()},
		{"incomplete.junit.xml", junit, incomplete},
		{"report.md", markdown, exampleAudit()},
		{"empty.json", json, &finding.Report{Complete: true, Audit: &finding.Audited{}}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			var got bytes.Buffer
			if err := tt.format(&got, tt.report); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata/audit", tt.file)
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// auditSaying is a report of an audit in which everything that is said from outside is text.
func auditSaying(text string) *finding.Report {
	source := func(line int) *finding.Source {
		return &finding.Source{
			Root: text, Place: finding.Place{File: text, Line: line}, EndLine: line, Symbol: text, Trace: []finding.Place{{File: text, Line: 1, Note: text}, {File: text, Line: 0}},
			Fix: text, Edits: []finding.Edit{{File: text, Text: text}}, Safe: true, Key: text, Diff: []string{"- " + text, "+ " + text},
		}
	}
	f := finding.Finding{Rule: finding.FlaskUnkeyedCache, Severity: finding.High, Confidence: finding.Confirmed, Operation: text, Summary: text, Detail: text, Source: source(2)}
	low := f
	low.Severity, low.Source = finding.Low, source(1)
	problem := finding.Problem{Root: text, Place: finding.Place{File: text, Line: 1, Note: text}}
	return &finding.Report{
		Version: text, Incomplete: text, FailOn: finding.Medium, Findings: []finding.Finding{f, low}, Known: map[string]bool{low.Fingerprint(): true},
		Audit: &finding.Audited{
			Paths: []string{text}, Since: text, Problems: []finding.Problem{problem}, Idle: []finding.Problem{problem}, Fixed: []finding.Finding{f},
			Text: func(string, string) []string { return []string{text, text, text} },
		},
	}
}

// What stands in source is shown, and neither obeyed nor taken for markup.
func TestAuditOfHostileSource(t *testing.T) {
	plain := map[string][]string{}
	for _, format := range []string{"html", "junit"} {
		plain[format] = uncoded(shape(t, format, whole(t, format, auditSaying("x"))))
	}
	for name, text := range hostile {
		r := auditSaying(text)
		for format := range Formats {
			out := whole(t, format, r)
			if want, ok := plain[format]; ok {
				if diff := cmp.Diff(want, uncoded(shape(t, format, out))); diff != "" {
					t.Errorf("%s, %s: another shape (-want +got):\n%.2000s", name, format, diff)
				}
			}
			if len(out) > 400_000 && format != "json" && format != "sarif" {
				t.Errorf("%s, %s: %d bytes", name, format, len(out))
			}
		}
		if r.Findings[0].Source.Symbol != text {
			t.Errorf("%s: the report itself was changed", name)
		}
	}
}

// uncoded is a shape without the marks of code, which what a remedy says decides.
func uncoded(shape []string) []string {
	return slices.DeleteFunc(shape, func(tag string) bool { return tag == "<code" || tag == "</code" })
}

func TestAuditSARIFSchema(t *testing.T) {
	schema := sarifSchemaOf(t)
	reports := map[string]*finding.Report{"example": exampleAudit(), "empty": {Audit: &finding.Audited{}}}
	for name, text := range hostile {
		reports[name] = auditSaying(text)
	}
	for name, r := range reports {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(whole(t, "sarif", r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A finding is where GitHub looks for it: relative to the top of the repository.
func TestSourceURI(t *testing.T) {
	for place, want := range map[[2]string]string{
		{".", "app/views.py"}:        "app/views.py",
		{"src", "app/views.py"}:      "src/app/views.py",
		{"./src/", "a.py"}:           "src/a.py",
		{"/srv/app", "app/views.py"}: "app/views.py",
		{"../other", "a.py"}:         "a.py",
		{"..", "a.py"}:               "a.py",
		{`C:\app`, "a.py"}:           "a.py",
		{"a b", "ä#?.py"}:            "a%20b/%C3%A4%23%3F.py",
		{".", "javascript:alert(1)"}: "javascript%3Aalert%281%29",
		{".", "\xff.py"}:             "%EF%BF%BD.py",
		{"x/..", "a.py"}:             "a.py",
		{"x/../..", "a.py"}:          "a.py",
	} {
		if got := sourceURI(place[0], place[1]); got != want {
			t.Errorf("%q: %q, want %q", place, got, want)
		}
	}
}

// A line of megabytes is cut in time that does not depend on its length twice.
func TestLongLine(t *testing.T) {
	start := time.Now()
	for range 200 {
		if got := sourceLine(strings.Repeat("\xffx", 1<<20)); len(got) > 4*excerptWidth+10 {
			t.Fatalf("%d bytes", len(got))
		}
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Error(took)
	}
	if got := sourceLine("\tx = 1\x1b[2J\x00  "); got != "    x = 1·[2J·" {
		t.Errorf("%q", got)
	}
}

func TestAuditBaselines(t *testing.T) {
	var file bytes.Buffer
	if err := json(&file, exampleAudit()); err != nil {
		t.Fatal(err)
	}
	known, err := ReadBaseline(bytes.NewReader(file.Bytes()), AuditSchema)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range exampleAudit().Findings {
		if !known[f.Fingerprint()] {
			t.Errorf("%s is not known", f.Rule.ID)
		}
	}
	for schema, want := range map[string]string{
		ScanSchema: "it is a report of audit; give one written by scan --format json=FILE",
	} {
		if _, err := ReadBaseline(bytes.NewReader(file.Bytes()), schema); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", schema, err, want)
		}
	}
	scan := strings.NewReader(fmt.Sprintf(`{"schema": %q}`, ScanSchema))
	if _, err := ReadBaseline(scan, AuditSchema); err == nil || err.Error() != "it is a report of scan; give one written by audit --format json=FILE" {
		t.Error(err)
	}
}
