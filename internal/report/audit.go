package report

import (
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// audited is a report of an audit as people see it.
type audited struct {
	*shown
	found    []auditFinding
	problems []finding.Problem
	idle     []finding.Problem
	repaired []finding.Finding
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
	for i := range r.Findings {
		a.found = append(a.found, auditFindingOf(a.shown.found[i], r.Audit.Text))
	}
	for _, f := range r.Audit.Fixed {
		a.repaired = append(a.repaired, auditFindingOf(shownFinding{Finding: plainFinding(f)}, nil).asFinding())
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

func (f auditFinding) asFinding() finding.Finding {
	out := f.Finding
	out.Source = &f.Source
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
func (f auditFinding) automatic() bool { return f.Source.Safe && len(f.Source.Edits) > 0 }
