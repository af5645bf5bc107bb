package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// auditJUnit has a test for every rule: what counts for the exit status fails it, what does not stands in its output. What could not be
// read is a test that is skipped.
func auditJUnit(w io.Writer, r *finding.Report) error {
	a := showAudit(r)
	suite := junitSuite{junitCounts: junitCounts{Name: "bearcache audit " + shorten(strings.Join(a.paths, " "), longest), Time: seconds(a.shown)}, Cases: a.junitCases()}
	suite.Properties = []junitProperty{
		{"version", a.Version}, {"paths", shorten(strings.Join(a.paths, ", "), longest)}, {"files", strconv.Itoa(a.Audit.Files)},
		{"fail-on", a.FailOn.String()}, {"complete", strconv.FormatBool(a.Complete)}, {"suppressed", strconv.Itoa(a.Audit.Suppressed)}, {"result", a.headline()},
	}
	for _, f := range a.repaired {
		suite.Properties = append(suite.Properties, junitProperty{"fixed", fmt.Sprintf("%s:%d %s", f.Where(), f.Source.Line, f.Rule.ID)})
	}
	if !a.Started.IsZero() {
		suite.Timestamp = a.Started.UTC().Format("2006-01-02T15:04:05")
	}
	return writeJUnit(w, suite)
}

func (a *audited) junitCases() (cases []junitCase) {
	for _, rule := range finding.SourceRules {
		c := junitCase{Name: rule.ID, Class: "bearcache.audit"}
		var failed, other strings.Builder
		for _, f := range a.found {
			switch {
			case f.Rule != rule:
			case !f.counts:
				writeAuditFinding(&other, f)
			default:
				where := fmt.Sprintf("%s:%d: %s", f.Where(), f.Source.Line, f.Summary)
				if c.Failure == nil {
					c.Failure, c.File = &junitOutcome{Message: where, Type: rule.ID}, f.Where()
				} else {
					c.Failure.Message = shorten(c.Failure.Message+" "+where, longest)
				}
				writeAuditFinding(&failed, f)
			}
		}
		if c.Failure != nil {
			c.Failure.Text = legal(failed.String())
		}
		if other.Len() > 0 {
			c.Out = &junitText{legal(other.String())}
		}
		cases = append(cases, c)
	}
	for _, p := range a.problems {
		c := junitCase{Name: "reading the source", Class: "bearcache.audit", Skipped: &junitOutcome{Message: p.Note}}
		if p.File != "" {
			c.Name, c.File = "reading "+under(p.Root, p.File), under(p.Root, p.File)
		}
		cases = append(cases, c)
	}
	if !a.Complete { // or an interrupted audit would look like one that found nothing
		cases = append(cases, junitCase{Name: "the audit", Class: "bearcache.audit", Error: &junitOutcome{Message: "incomplete: " + a.Incomplete, Type: "incomplete"}})
	}
	return cases
}

// writeAuditFinding writes a finding as plain lines: CI systems show them as they are.
func writeAuditFinding(b *strings.Builder, f auditFinding) {
	fmt.Fprintf(b, "%s:%d  %s  %s  %s  %s%s\n", f.Where(), f.Source.Line, f.Rule.ID, f.Severity, f.Confidence, f.Operation, known(f.shownFinding))
	for _, l := range f.Excerpt {
		mark := " "
		if l.Blamed {
			mark = ">"
		}
		fmt.Fprintf(b, " %s  %d | %s\n", mark, l.N, l.Text)
	}
	fmt.Fprintf(b, "%s\n", f.Summary)
	if f.Detail != "" {
		fmt.Fprintf(b, "%s\n", f.Detail)
	}
	for _, s := range f.Steps {
		fmt.Fprintf(b, "  %s:%d  %s\n", s.File, s.Line, s.Note)
	}
	b.WriteString("Fix\n")
	for _, fix := range f.fixes() {
		fmt.Fprintf(b, "  %s: %s\n", fix.Stack, fix.Text)
	}
	for _, l := range f.Source.Diff {
		fmt.Fprintf(b, "  %s\n", l)
	}
	b.WriteString("\n")
}
