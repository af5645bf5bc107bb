package main

import (
	"errors"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// The last line of a report says what the exit status means, whatever the threshold and the baseline.
func TestVerdict(t *testing.T) {
	of := func(s finding.Severity, path string) finding.Finding {
		return finding.Finding{Rule: finding.CrossIdentityReuse, Severity: s, Operation: "GET " + path}
	}
	none, low, critical := []finding.Finding(nil), []finding.Finding{of(finding.Low, "/a")}, []finding.Finding{of(finding.Critical, "/a")}
	had := map[string]bool{critical[0].Fingerprint(): true} // "/a" of any severity
	nothing := map[string]bool{}
	for _, tt := range []struct {
		failOn   finding.Severity
		known    map[string]bool
		findings []finding.Finding
		want     string
	}{
		{finding.Medium, nil, none, "exit 0 (nothing at medium or above)"},
		{finding.Medium, nil, low, "exit 0 (nothing at medium or above)"},
		{finding.Medium, nil, critical, "exit 1 (findings at medium or above)"},
		{finding.Medium, nothing, none, "exit 0 (nothing new at medium or above)"},
		{finding.Medium, nothing, critical, "exit 1 (new findings at medium or above)"},
		{finding.Medium, had, critical, "exit 0 (nothing new at medium or above)"},
		{finding.Info, nil, none, "exit 0 (nothing at info or above)"},
		{finding.Info, nil, low, "exit 1 (findings at info or above)"},
		{finding.Info, had, low, "exit 0 (nothing new at info or above)"},
		{finding.Critical, nil, none, "exit 0 (nothing at critical)"},
		{finding.Critical, nil, critical, "exit 1 (findings at critical)"},
		{finding.Critical, had, critical, "exit 0 (nothing new at critical)"},
		{finding.Never, nil, none, "exit 0 (nothing found)"},
		{finding.Never, nil, critical, "exit 0 (findings do not count with --fail-on never)"},
		{finding.Never, nothing, none, "exit 0 (nothing found)"},
		{finding.Never, nothing, critical, "exit 0 (findings do not count with --fail-on never)"},
		{finding.Never, had, critical, "exit 0 (findings do not count with --fail-on never)"},
	} {
		r := &finding.Report{FailOn: tt.failOn, Known: tt.known, Findings: tt.findings, Identities: []string{"alice", "bob"}}
		got, err := outcome(r, nil)
		if exit, _ := exitCode(err); got != tt.want || got[5] != byte('0'+exit) {
			t.Errorf("--fail-on %s, baseline %v, %d findings: %q and status %d, want %q", tt.failOn, tt.known, len(tt.findings), got, exit, tt.want)
		}
	}
	r := &finding.Report{FailOn: finding.Medium, Identities: []string{"alice"}, Operations: []finding.Tested{{Undecided: true}}}
	if got, _ := outcome(r, nil); got != "exit 0 (nothing at medium or above, another user not tested, 1 undecided)" {
		t.Errorf("one identity: %q", got)
	}
	if got, err := outcome(r, errors.New("interrupted")); got != "exit 3 (not completed)" || !errors.As(err, new(unfinished)) {
		t.Errorf("interrupted: %q, %v", got, err)
	}
}
