package report

import (
	"encoding/xml"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

// Reports are valid by what GitLab and Jenkins read, whatever is said in them.
func TestJUnitSchema(t *testing.T) {
	xmllint := programtest.Need(t, "xmllint")
	check := func(file string) ([]byte, error) {
		return exec.Command(xmllint, "--nonet", "--noout", "--schema", "testdata/schema/junit.xsd", file).CombinedOutput()
	}
	incomplete := example()
	incomplete.Complete = false
	reports := map[string]*finding.Report{"example": example(), "empty": {}, "incomplete": incomplete}
	for name, text := range hostile {
		reports[name] = saying(text)
	}
	for name, r := range reports {
		if out, err := check(written(t, "junit", r)); err != nil {
			t.Errorf("%s: %v\n%.2000s", name, err, out)
		}
	}
	twice := strings.Replace(whole(t, "junit", example()), "</failure>", `</failure><failure message="again"></failure>`, 1)
	file := written(t, "junit", example())
	if err := os.WriteFile(file, []byte(twice), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := check(file); err == nil {
		t.Error("the schema allows a second failure, which Jenkins does not read")
	}
}

// What becomes of an operation depends on what counts for the exit status, and an operation nobody ruled
// on does not look as if it had passed.
func TestJUnitOutcomes(t *testing.T) {
	high := finding.Finding{Rule: finding.CrossIdentityReuse, Severity: finding.High, Operation: "GET /a", Summary: "high."}
	low := finding.Finding{Rule: finding.MissingVary, Severity: finding.Low, Operation: "GET /a", Summary: "low."}
	tested := finding.Tested{Operation: "GET /a", Status: finding.StatusTested}
	undecided := finding.Tested{Operation: "GET /a", Status: finding.StatusTested, Undecided: true, Reason: "why"}
	for _, tt := range []struct {
		name     string
		failOn   finding.Severity
		op       finding.Tested
		findings []finding.Finding
		known    map[string]bool
		want     string
	}{
		{"clean", finding.Medium, tested, nil, nil, "passed"},
		{"above the threshold", finding.Medium, tested, []finding.Finding{high}, nil, "failed: high."},
		{"above and below", finding.Medium, tested, []finding.Finding{high, low}, nil, "failed: high. out"},
		{"both above", finding.Info, tested, []finding.Finding{high, low}, nil, "failed: high. low."},
		{"below the threshold", finding.Critical, tested, []finding.Finding{high}, nil, "passed out"},
		{"never", finding.Never, tested, []finding.Finding{high}, nil, "passed out"},
		{"known", finding.Medium, tested, []finding.Finding{high}, map[string]bool{high.Fingerprint(): true}, "passed out"},
		{"of another operation", finding.Medium, finding.Tested{Operation: "GET /b", Status: finding.StatusTested}, []finding.Finding{high}, nil, "passed"},
		{"undecided", finding.Medium, undecided, nil, nil, "skipped: undecided: why"},
		{"undecided, below the threshold", finding.Medium, undecided, []finding.Finding{low}, nil, "skipped: undecided: why out"},
		{"undecided, above the threshold", finding.Low, undecided, []finding.Finding{low}, nil, "failed: low."},
		{"skipped", finding.Medium, finding.Tested{Operation: "GET /a", Status: finding.StatusSkipped, Reason: "why"}, nil, nil, "skipped: not tested: why"},
		{"no answer", finding.Medium, finding.Tested{Operation: "GET /a", Status: finding.StatusFailed, Reason: "why"}, nil, nil, "skipped: not tested: why"},
	} {
		r := &finding.Report{FailOn: tt.failOn, Operations: []finding.Tested{tt.op}, Findings: tt.findings, Known: tt.known, Complete: true}
		var got junitSuites
		if err := xml.Unmarshal([]byte(whole(t, "junit", r)), &got); err != nil {
			t.Fatal(err)
		}
		c := got.Suite.Cases[0]
		outcome, failures, skipped := "passed", 0, 0
		switch {
		case c.Failure != nil:
			outcome, failures = "failed: "+c.Failure.Message, 1
		case c.Skipped != nil:
			outcome, skipped = "skipped: "+c.Skipped.Message, 1
		}
		if c.Out != nil {
			outcome += " out"
		}
		if outcome != tt.want || got.Failures != failures || got.Skipped != skipped || got.Tests != 1 || got.Errors != 0 {
			t.Errorf("%s: %q, %d failed, %d skipped; want %q", tt.name, outcome, got.Failures, got.Skipped, tt.want)
		}
	}
}

// A scan that did not end is an error: what it did not come to is no pass.
func TestJUnitOfAnUnfinishedScan(t *testing.T) {
	var got junitSuites
	if err := xml.Unmarshal([]byte(whole(t, "junit", &finding.Report{Incomplete: "stopped"})), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 1, 0}, []int{got.Tests, got.Errors, got.Failures}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := got.Suite.Cases[0]; c.Error == nil || c.Error.Message != "incomplete: stopped" {
		t.Errorf("%+v", c)
	}
}
