package report

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// audited is a report of an audit as people see it.
type audited struct {
	*shown
	paths    []string
	found    []auditFinding
	problems []finding.Problem
	idle     []finding.Problem
	repaired []auditFinding
}

// auditFinding is a finding with its place as people read it.
type auditFinding struct {
	shownFinding
	Source  finding.Source // without what a terminal or a browser would obey
	Excerpt []excerptLine
	Steps   []auditStep
}

// auditStep is a line of what leads to a finding.
type auditStep struct {
	File    string // joined with the root
	Line    int
	Note    string
	Excerpt string // the line itself; "" where there is none
}

type excerptLine struct {
	N      int
	Text   string
	Blamed bool
}

// excerptWidth is how many characters of a line of source a report shows: minified code has lines of megabytes.
const excerptWidth = 160

// showAudit makes the report that people see. It leaves r as it is.
func showAudit(r *finding.Report) *audited {
	a := &audited{shown: show(r), problems: plainProblems(r.Audit.Problems), idle: plainProblems(r.Audit.Idle)}
	for _, p := range r.Audit.Paths {
		a.paths = append(a.paths, Plain(shorten(p, longest)))
	}
	for i := range r.Findings {
		a.found = append(a.found, auditFindingOf(a.shown.found[i], r.Audit.Text))
	}
	for _, f := range r.Audit.Fixed {
		a.repaired = append(a.repaired, auditFindingOf(shownFinding{Finding: plainFinding(f)}, nil))
	}
	return a
}

func plainProblems(list []finding.Problem) []finding.Problem {
	list = slices.Clone(list)
	for i := range list {
		plain(&list[i].Root, &list[i].File, &list[i].Note)
	}
	return list
}

func auditFindingOf(f shownFinding, text func(root, file string) []string) auditFinding {
	out := auditFinding{shownFinding: f, Source: *f.Finding.Source}
	s := &out.Source
	if text != nil {
		out.Excerpt = excerpt(text(s.Root, s.File), s.Line)
	}
	for _, p := range s.Trace {
		step := auditStep{File: under(s.Root, p.File), Line: p.Line, Note: p.Note}
		if text != nil {
			if lines := text(s.Root, p.File); p.Line >= 1 && p.Line <= len(lines) {
				step.Excerpt = strings.TrimSpace(sourceLine(lines[p.Line-1]))
			}
		}
		plain(&step.File, &step.Note)
		out.Steps = append(out.Steps, step)
	}
	plain(&s.Root, &s.File, &s.Symbol, &s.Fix)
	s.Diff = slices.Clone(s.Diff)
	for i := range s.Diff {
		s.Diff[i] = sourceLine(s.Diff[i])
	}
	return out
}

// Where is the file as whoever stands where the audit was started calls it.
func (f auditFinding) Where() string { return under(f.Source.Root, f.Source.File) }

// under is a file below the path that was audited.
func under(root, file string) string {
	return path.Join(strings.ReplaceAll(root, `\`, "/"), file)
}

// excerpt is a line with one before it and one behind.
func excerpt(lines []string, line int) (list []excerptLine) {
	for n := max(1, line-1); n <= min(len(lines), line+1); n++ {
		list = append(list, excerptLine{n, sourceLine(lines[n-1]), n == line})
	}
	return list
}

// sourceLine is a line of source fit to be shown: tabs are blanks, the rest of what a terminal obeys is dots, and its end is cut.
func sourceLine(s string) string {
	s = shorten(s, 4*excerptWidth)
	s = strings.TrimRight(strings.ToValidUTF8(strings.ReplaceAll(s, "\t", "    "), "\ufffd"), " ")
	return Plain(shorten(s, excerptWidth))
}

// stack is what a rule of the auditor is about: flask of flask/unkeyed-cache.
func stack(rule *finding.Rule) string {
	name, _, _ := strings.Cut(rule.ID, "/")
	return name
}

// fixes are the remedy of the place, if it has one, and those of the rule.
func (f auditFinding) fixes() []finding.Fix {
	var list []finding.Fix
	if f.Source.Fix != "" {
		list = append(list, finding.Fix{Stack: stack(f.Rule), Text: f.Source.Fix})
	}
	return append(list, f.Rule.Remedy...)
}

// automatic reports whether --fix can do it.
func (f auditFinding) automatic() bool { return f.Mendable() }

// problemText is a problem with its place, as a sentence.
func problemText(p finding.Problem) string {
	if p.File == "" {
		return p.Note
	}
	return under(p.Root, p.File) + ": " + p.Note
}

// headline is the sentence that matters.
func (a *audited) headline() string {
	leaks, likely := 0, 0
	for _, f := range a.found {
		switch {
		case !f.leak:
		case f.Confidence == finding.Confirmed:
			leaks++
		default:
			likely++
		}
	}
	files := plural(a.Audit.Files, "file")
	switch {
	case leaks > 0 && likely > 0:
		return fmt.Sprintf("%s in %s %s one user's data to another; %d more probably %s", plural(leaks, "place"), files, inflect(leaks, "give", "gives"), likely, inflect(likely, "do", "does"))
	case leaks > 0:
		return fmt.Sprintf("%s in %s %s one user's data to another", plural(leaks, "place"), files, inflect(leaks, "give", "gives"))
	case likely > 0:
		return fmt.Sprintf("%s in %s probably %s one user's data to another", plural(likely, "place"), files, inflect(likely, "give", "gives"))
	case a.Audit.Files == 0:
		return "No file was read that this version knows"
	case len(a.found) > 0:
		return fmt.Sprintf("No leak was seen in %s; %s of other kinds", files, plural(len(a.found), "finding"))
	}
	return "No leak was seen in " + files
}
