package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
)

// JUnit XML has no standard; this is what GitLab and Jenkins read alike. An operation is a test: what counts
// for the exit status fails it, what does not stands in its output, and what was not ruled on is skipped.

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	junitCounts
	Suite junitSuite
}

type junitCounts struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type junitSuite struct {
	XMLName xml.Name `xml:"testsuite"`
	junitCounts
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Skipped *junitOutcome `xml:"skipped"`
	Error   *junitOutcome `xml:"error"`
	Failure *junitOutcome `xml:"failure"`
	Out     *junitText    `xml:"system-out"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

func junit(w io.Writer, r *finding.Report) error {
	if r.Audit != nil {
		return auditJUnit(w, r)
	}
	s := show(r)
	suite := junitSuite{junitCounts: junitCounts{Name: "bearcache scan " + s.Target, Time: seconds(s)}, Properties: junitProperties(s), Cases: junitCases(s)}
	if !s.Started.IsZero() {
		suite.Timestamp = s.Started.UTC().Format("2006-01-02T15:04:05")
	}
	return writeJUnit(w, suite)
}

// writeJUnit counts the tests of a suite, and writes it.
func writeJUnit(w io.Writer, suite junitSuite) error {
	for _, c := range suite.Cases {
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	all := junitSuites{junitCounts: suite.junitCounts, Suite: suite}
	all.Name = "bearcache"
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(s *shown) string { return strconv.FormatFloat(s.Duration.Seconds(), 'f', 3, 64) }

func junitProperties(s *shown) []junitProperty {
	var checks []string
	for _, rule := range s.Checks {
		checks = append(checks, rule.ID)
	}
	list := []junitProperty{
		{"version", s.Version}, {"target", s.Target}, {"document", s.Document}, {"identities", strings.Join(s.Identities, ", ")},
		{"checks", strings.Join(checks, ", ")}, {"fail-on", s.FailOn.String()}, {"requests", strconv.Itoa(s.Requests)},
		{"complete", strconv.FormatBool(s.Complete)}, {"result", s.headline()},
	}
	for _, f := range s.fixed {
		list = append(list, junitProperty{"fixed", f.Operation + " " + f.Rule.ID})
	}
	return list
}

func junitCases(s *shown) []junitCase {
	var cases []junitCase
	byOperation := make(map[string][]shownFinding)
	for _, f := range s.found {
		byOperation[f.Operation] = append(byOperation[f.Operation], f)
	}
	for _, op := range s.Operations {
		c := junitCase{Name: op.Operation, Class: "bearcache.scan", File: s.Document}
		c.judge(byOperation[op.Operation])
		switch {
		case c.Failure != nil:
		case op.Status != finding.StatusTested:
			c.Skipped = &junitOutcome{Message: "not tested: " + op.Reason}
		case op.Undecided:
			c.Skipped = &junitOutcome{Message: "undecided: " + op.Reason}
		}
		cases = append(cases, c)
	}
	if !s.Complete { // or an interrupted scan would look like one that found nothing
		cases = append(cases, junitCase{Name: "the scan", Class: "bearcache.scan", Error: &junitOutcome{Message: "incomplete: " + s.Incomplete, Type: "incomplete"}})
	}
	return cases
}

// judge makes one failure of all findings that count, since Jenkins reads no second one.
func (c *junitCase) judge(found []shownFinding) {
	var failed, other strings.Builder
	for _, f := range found {
		if !f.counts {
			writeFinding(&other, f)
			continue
		}
		if c.Failure == nil {
			c.Failure = &junitOutcome{Message: f.Summary, Type: f.Rule.ID}
		} else {
			c.Failure.Type += ", " + f.Rule.ID
			c.Failure.Message += " " + f.Summary
		}
		writeFinding(&failed, f)
	}
	if c.Failure != nil {
		c.Failure.Text = legal(failed.String())
	}
	if other.Len() > 0 {
		c.Out = &junitText{legal(other.String())}
	}
}

// legal is s without the characters that XML 1.0 does not have, and that package xml lets into CDATA.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xfffe || r == 0xffff || r < ' ' && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// writeFinding writes a finding as plain lines: CI systems show them as they are.
func writeFinding(b *strings.Builder, f shownFinding) {
	fmt.Fprintf(b, "%s  %s  %s%s\n%s\n\n", strings.ToUpper(f.Severity.String()), f.Rule.ID, f.Confidence, known(f), f.Summary)
	for i, e := range f.Evidence {
		fmt.Fprintf(b, "%d  %s  %d  %s  %s\n", i+1, e.As, e.Status, took(e.Took), e.Note)
	}
	if f.Detail != "" {
		fmt.Fprintf(b, "\nWhy\n  %s\n", f.Detail)
	}
	if len(f.Causes) > 0 {
		b.WriteString("\nSource\n")
	}
	for _, c := range f.Causes {
		fmt.Fprintf(b, "  %s\n", causeText(c))
	}
	b.WriteString("\nFix\n")
	for _, fix := range f.Rule.Remedy {
		fmt.Fprintf(b, "  %s: %s\n", fix.Stack, fix.Text)
	}
	if lines := requests(f.Finding); len(lines) > 0 {
		b.WriteString("\nRepeat\n  " + strings.Join(lines, "\n  ") + "\n")
	}
	b.WriteString("\n")
}
