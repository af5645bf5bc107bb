package report

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// example holds one of everything that a report can say.
func example() *finding.Report {
	leak := finding.Finding{
		Rule: finding.CrossIdentityReuse, Severity: finding.Critical, Confidence: finding.Confirmed,
		Operation: "GET /api/profile", Victim: "alice", Observer: "bob",
		Summary: "bob received the response that was made for alice.",
		Detail:  "The cache key does not contain the caller.",
		Evidence: []finding.Evidence{
			{As: "alice", Request: `curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://127.0.0.1:5000/api/profile`, Status: 200,
				Header: http.Header{"Age": {"0"}, "Via": {"a", "b"}}, Excerpt: `{"email":"alice@example.com"}`, Note: "made by the origin, holds alice@example.com", Took: 12 * time.Millisecond, By: finding.ByOrigin},
			{As: "bob", Request: `curl -s -H "Authorization: Bearer $BOB_TOKEN" http://127.0.0.1:5000/api/profile`, Status: 200, Note: "the same bytes: alice@example.com  <- alice's, not bob's", Took: 300 * time.Microsecond, By: finding.ByCache},
			{As: "bob", Request: `curl -s -H "Authorization: Bearer $BOB_TOKEN" http://127.0.0.1:5000/api/profile`, Status: 200, Note: "again: the same", Took: 200 * time.Microsecond, By: finding.ByCache},
			{As: "bob", Request: `curl -s -H "Authorization: Bearer $BOB_TOKEN" http://127.0.0.1:5000/api/profile?fresh=1`, Status: 200, Note: "on a fresh entry bob came first", Took: 11 * time.Millisecond, By: finding.ByOrigin},
			{As: "alice", Request: `curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://127.0.0.1:5000/api/profile?fresh=1`, Status: 200, Note: "order swapped: now alice is given what was made for bob", Took: 300 * time.Microsecond, By: finding.ByCache},
		},
	}
	leak.Causes = []finding.Cause{
		{Rule: finding.FlaskUnkeyedCache, Root: "src", Place: finding.Place{File: "app/views.py", Line: 41, Note: "profile answers by who asks, and is cached under a key without it."}, Symbol: "profile"},
		{Rule: finding.FlaskCacheBeforeAuth, Root: "src", Place: finding.Place{File: "app/views.py", Line: 41, Note: "profile is cached outside of its authentication."}, Symbol: "profile"},
	}
	again := leak
	again.Causes = nil
	again.Operation, again.Confidence, again.Severity = "GET /api/orders/{id}", finding.Likely, finding.High
	again.Evidence = []finding.Evidence{leak.Evidence[0], leak.Evidence[1]}
	for i := range again.Evidence { // a proof that does not say who answered
		again.Evidence[i].By = finding.ByUnknown
	}
	open := finding.Finding{
		Rule: finding.AnonymousReuse, Severity: finding.Critical, Confidence: finding.Confirmed, Operation: "GET /api/profile", Victim: "alice", Observer: "nobody",
		Summary: "A request without credentials received the response that was made for alice.", Detail: "The cache key contains the URL but not the caller.",
		Evidence: []finding.Evidence{
			leak.Evidence[0],
			{As: "nobody", Request: "curl -s http://127.0.0.1:5000/api/profile", Status: 200, Note: "the same bytes: alice@example.com  <- alice's, not nobody's", Took: 300 * time.Microsecond, By: finding.ByCache},
			{As: "nobody", Request: "curl -s http://127.0.0.1:5000/api/profile?fresh=2", Status: 401, Header: http.Header{"Www-Authenticate": {`Bearer realm="api"`}}, Note: "on a fresh entry: denied, as it should be", Took: 2 * time.Millisecond},
		},
	}
	low := finding.Finding{
		Rule: finding.MissingVary, Severity: finding.Low, Confidence: finding.Confirmed, Operation: "GET /api/profile", Victim: "alice",
		Summary: finding.MissingVary.Title, Detail: "The response says nothing about caching.",
	}
	gone := finding.Finding{Rule: finding.MissingVary, Operation: "GET /api/settings"}
	r := &finding.Report{
		Version: "v0.1.0", Target: "http://127.0.0.1:5000", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Duration: 1234 * time.Millisecond,
		Requests: 57, Complete: true, Identities: []string{"alice", "bob"},
		Operations: []finding.Tested{
			{Operation: "GET /api/profile", Status: finding.StatusTested, Requests: 11, Differed: true},
			{Operation: "GET /api/orders/{id}", Status: finding.StatusTested, Requests: 9},
			{Operation: "GET /api/catalog", Status: finding.StatusTested, Requests: 6},
			{Operation: "GET /api/settings", Status: finding.StatusTested, Requests: 6, Differed: true},
			{Operation: "GET /api/balance", Status: finding.StatusTested, Requests: 30, Undecided: true, Reason: "bob got what alice got"},
			{Operation: "GET /api/orders/{id}/items", Status: finding.StatusTested, Requests: 10, Differed: true, Reason: "bob got 404"},
			{Operation: "DELETE /api/profile", Status: finding.StatusSkipped, Reason: "DELETE is not sent"},
			{Operation: "GET /api/broken", Status: finding.StatusFailed, Reason: "no answer: connection reset by peer"},
		},
		Findings: []finding.Finding{low, again, leak, open},
		Document: "api/openapi.yaml", Checks: []*finding.Rule{finding.CrossIdentityReuse, finding.AnonymousReuse, finding.MissingVary}, FailOn: finding.Medium,
		Known: map[string]bool{again.Fingerprint(): true, gone.Fingerprint(): true}, SourceRead: true,
		Unproven: []finding.Unproven{{
			Finding: finding.Finding{
				Rule: finding.FlaskUnkeyedCache, Severity: finding.High, Operation: "GET /api/catalog", Summary: "catalog answers by who asks, and is cached under a key without it.",
				Source: &finding.Source{Root: "src", Place: finding.Place{File: "app/views.py", Line: 70}, Symbol: "catalog"},
			},
			Reason: "tested and clean (6 requests)",
		}},
	}
	r.Sort()
	return r
}

func TestGolden(t *testing.T) {
	incomplete := example()
	incomplete.Complete, incomplete.Incomplete = false, "stopped after 57 requests (--max-requests)"
	for _, tt := range []struct {
		file   string
		format Format
		report *finding.Report
	}{
		{"terminal.txt", Terminal(Style{Verdict: "exit 1 (findings at medium or above)"}), example()},
		{"verbose.txt", Terminal(Style{Verbose: true}), example()},
		{"brief.txt", Terminal(Style{Brief: true}), example()},
		{"incomplete.txt", Terminal(Style{Verdict: "exit 3 (not completed)"}), incomplete},
		{"report.json", json, example()},
		{"report.sarif", sarif, example()},
		{"report.html", html, example()},
		{"report.junit.xml", junit, example()},
		{"incomplete.junit.xml", junit, incomplete},
		{"report.md", markdown, example()},
		{"empty.json", json, &finding.Report{Target: "http://127.0.0.1:5000", Complete: true, Identities: []string{"alice"}}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			var got bytes.Buffer
			if err := tt.format(&got, tt.report); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", tt.file)
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

// Colour is added to words that carry their meaning without it.
func TestColourOnlyAdds(t *testing.T) {
	var plainText, coloured bytes.Buffer
	Terminal(Style{})(&plainText, example())
	Terminal(Style{Colour: true})(&coloured, example())
	stripped := coloured.String()
	for _, code := range []string{"\x1b[1;31m", "\x1b[31m", "\x1b[36m", "\x1b[0m"} {
		if !strings.Contains(stripped, code) {
			t.Errorf("no %q", code)
		}
		stripped = strings.ReplaceAll(stripped, code, "")
	}
	if diff := cmp.Diff(plainText.String(), stripped); diff != "" {
		t.Errorf("(-plain +coloured, without its colours):\n%s", diff)
	}
}

// What a document or a server says is shown and not obeyed.
func TestTerminalObeysNobody(t *testing.T) {
	evil := "GET /\x1b[2Ja\r\n\u202Eb\u2028\x9bc"
	r := example()
	r.Operations = append(r.Operations, finding.Tested{Operation: evil, Status: finding.StatusFailed, Reason: evil})
	r.Findings[0].Operation, r.Findings[0].Detail, r.Findings[0].Evidence[0].Note = evil, evil, evil
	var out bytes.Buffer
	if err := Terminal(Style{Verbose: true})(&out, r); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\u202E\u2028\u009b") || strings.Contains(out.String(), "\n\u202E") {
		t.Errorf("%q", out.String())
	}
	if r.Findings[0].Operation != evil {
		t.Error("the report itself was changed")
	}
}

func TestBaseline(t *testing.T) {
	var file bytes.Buffer
	if err := json(&file, example()); err != nil {
		t.Fatal(err)
	}
	known, err := ReadBaseline(&file, ScanSchema)
	if err != nil {
		t.Fatal(err)
	}
	r := example()
	for _, f := range r.Findings {
		if !known[f.Fingerprint()] {
			t.Errorf("%s %s is not known", f.Rule.ID, f.Operation)
		}
	}
	r.Known = known
	if slices.ContainsFunc(r.Findings, r.Counts) {
		t.Error("a finding counts though all are known")
	}
	for name, tt := range map[string]struct{ data, want string }{
		"not JSON":      {"hello", "it is not JSON; give a report written by scan --format json=FILE"},
		"empty":         {"", "it is not JSON; give a report written by scan --format json=FILE"},
		"other JSON":    {`{"schema": "other/v1"}`, `its "schema" is "other/v1", not "bearcache.scan/v1"; give a report written by scan --format json=FILE`},
		"no schema":     {`{}`, `its "schema" is "", not "bearcache.scan/v1"; give a report written by scan --format json=FILE`},
		"a later shape": {`{"schema": "bearcache.scan/v2"}`, `its "schema" is "bearcache.scan/v2", not "bearcache.scan/v1"; give a report written by scan --format json=FILE`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadBaseline(strings.NewReader(tt.data), ScanSchema); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// The fields that programs rely on are there under their names, lists are never null, and keys that
// are not in the contract may be added only.
func TestJSONShape(t *testing.T) {
	var out bytes.Buffer
	if err := json(&out, example()); err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := stdjson.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	has := func(where string, m map[string]any, names ...string) {
		for _, name := range names {
			if v, ok := m[name]; !ok || v == nil {
				t.Errorf("%s has no %q", where, name)
			}
		}
	}
	has("the report", r, "schema", "tool", "target", "started", "duration_ms", "requests", "complete", "identities", "operations", "findings")
	has("an operation", r["operations"].([]any)[0].(map[string]any), "operation", "status", "reason", "requests")
	f := r["findings"].([]any)[0].(map[string]any)
	has("a finding", f, "check", "operation", "severity", "confidence", "fingerprint", "summary", "detail", "victim", "observer", "evidence", "cwe", "owasp", "fix")
	has("evidence", f["evidence"].([]any)[0].(map[string]any), "step", "as", "request", "status", "headers", "excerpt", "note")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWriteErrorsAreReported(t *testing.T) {
	for name, format := range Formats {
		if err := format(failing{}, example()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFind(t *testing.T) {
	if _, err := Find("xml"); err == nil || err.Error() != `there is no report format "xml"; this version has html, json, junit, markdown, sarif, terminal` {
		t.Error(err)
	}
}
