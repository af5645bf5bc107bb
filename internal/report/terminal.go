package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// Style is how a terminal report looks. The zero Style is for pipes: no colour, clean operations
// counted only.
type Style struct {
	Colour  bool
	Verbose bool   // list clean operations too
	Brief   bool   // only the first finding with its proof, the others in two lines
	Verdict string // what the run ends with, in words
}

// Terminal is the report a person reads: the proof before the theory, and what to do next.
func Terminal(style Style) Format {
	return func(w io.Writer, r *finding.Report) error {
		if r.Audit != nil {
			return auditTerminal(w, r, style)
		}
		p := &printer{w: w, style: style, report: show(r), fixed: make(map[*finding.Rule]bool)}
		p.print()
		return p.err
	}
}

type printer struct {
	w      io.Writer
	style  Style
	report *shown
	fixed  map[*finding.Rule]bool // whose remedy was printed
	err    error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, strings.TrimRight(format, " ")+"\n", args...)
	}
}

var colours = map[finding.Severity]string{
	finding.Critical: "1;31", finding.High: "31", finding.Medium: "33", finding.Low: "36", finding.Info: "2",
}

func (p *printer) colour(code, s string) string {
	if !p.style.Colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *printer) print() {
	r := p.report
	readers := append(slices.Clone(r.Identities), "nobody")
	p.line("%s · %s · %s", r.Target, plural(len(r.Operations), "operation"), strings.Join(readers, ", "))
	p.line("")
	for i, f := range r.found {
		if f.Severity > finding.Low {
			p.finding(f, !p.style.Brief || i == 0)
		}
	}
	p.minor()
	p.operations()
	p.summary()
}

func (p *printer) finding(f shownFinding, whole bool) {
	severity := fmt.Sprintf("%-9s", strings.ToUpper(f.Severity.String()))
	p.line("%s %s   %s   %s%s", p.colour(colours[f.Severity], severity), f.Operation, f.Rule.ID, f.Confidence, known(f))
	p.line("  %s", f.Summary)
	p.line("")
	if !whole {
		return
	}
	p.steps(f)
	p.line("")
	if f.Detail != "" {
		p.wrapped("  Why    ", f.Detail)
	}
	p.causes(f)
	if !p.fixed[f.Rule] { // once for each rule: the next finding has the same remedy
		p.fixed[f.Rule] = true
		label := "  Fix    "
		for _, fix := range f.Rule.Remedy {
			p.wrapped(label, fix.Stack+": "+fix.Text)
			label = "         "
		}
		if slices.ContainsFunc(f.Rule.Remedy, func(fix finding.Fix) bool { return fix.Snippet != "" }) {
			p.line("%swhat to write: bearcache scan --explain %s", label, f.Rule.ID)
		}
	}
	label := "  Retry  "
	for _, line := range requests(f.Finding) {
		p.line("%s%s", label, line)
		label = "         "
	}
	p.line("")
}

// causes are the lines of source that may be why.
func (p *printer) causes(f shownFinding) {
	label := "  Source "
	for _, c := range f.Causes {
		p.line("%s%s", label, causeText(c))
		label = "         "
	}
}

// causeText is a line of source with what is wrong with it.
func causeText(c finding.Cause) string {
	return strings.TrimRight(fmt.Sprintf("%s:%d  %s  %s", c.File, c.Line, c.Rule.ID, c.Symbol), " ")
}

func known(f shownFinding) string {
	if f.known {
		return "   known from the baseline"
	}
	return ""
}

func (p *printer) steps(f shownFinding) {
	width := 0
	for _, e := range f.Evidence {
		width = max(width, len(e.As))
	}
	for i, e := range f.Evidence {
		p.line("  %d  %-*s  %d  %7s  %s", i+1, width, e.As, e.Status, took(e.Took), e.Note)
	}
}

func took(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// wrapped prints text in lines of at most about a hundred characters, behind a label.
func (p *printer) wrapped(label, text string) {
	const width = 100
	line := label
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && len(line)+1+len(word) > width {
			p.line("%s", line)
			line, empty = strings.Repeat(" ", len(label)), true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	p.line("%s", line)
}

// minor lists what is low or for information, one block for each rule.
func (p *printer) minor() {
	for _, rule := range finding.Rules {
		var list []shownFinding
		for _, f := range p.report.found {
			if f.Rule == rule && f.Severity <= finding.Low {
				list = append(list, f)
			}
		}
		if len(list) == 0 {
			continue
		}
		severity := fmt.Sprintf("%-9s", strings.ToUpper(list[0].Severity.String()))
		p.line("%s %s   %s", p.colour(colours[list[0].Severity], severity), rule.ID, plural(len(list), "operation"))
		p.line("  %s", rule.Title)
		if p.style.Brief {
			p.line("")
			continue
		}
		for _, f := range list {
			p.line("    %s   %s%s", f.Operation, f.Confidence, known(f))
			for _, c := range f.Causes {
				p.line("      %s", causeText(c))
			}
		}
		p.wrapped("  Why    ", list[0].Detail)
		p.wrapped("  Fix    ", rule.Remedy[0].Stack+": "+rule.Remedy[0].Text)
		p.line("")
	}
}

// operations lists what was not tested or not decided, always, and what was clean, on request.
func (p *printer) operations() {
	if p.style.Verbose {
		for _, op := range p.report.Operations {
			if p.report.isClean(op) {
				p.line("clean       %s   %s   %s", op.Operation, rests(op), plural(op.Requests, "request"))
			}
		}
	}
	for _, f := range p.report.fixed {
		p.line("fixed       %s   %s, which the baseline had", f.Operation, f.Rule.ID)
	}
	for _, op := range p.report.Operations {
		if op.Status != finding.StatusTested {
			p.line("not tested  %s   %s", op.Operation, op.Reason)
		}
	}
	p.undecided()
	p.unproven()
}

// unproven lists what stands in the source, and was not proven.
func (p *printer) unproven() {
	if len(p.report.Unproven) == 0 {
		return
	}
	p.line("")
	p.line("found in source, not proven")
	for _, u := range p.report.Unproven {
		p.line("  %s:%d  %s   %s   %s", u.Source.File, u.Source.Line, u.Rule.ID, u.Severity, u.Operation)
		p.wrapped("    ", u.Reason)
	}
	p.line("")
}

// undecided lists operations with the reason that they have in common, once.
func (p *printer) undecided() {
	reasons, operations := p.report.undecidedBy()
	for _, reason := range reasons {
		for _, op := range operations[reason] {
			p.line("undecided   %s", op)
		}
		p.wrapped("            ", reason)
	}
}

func (p *printer) summary() {
	r := p.report
	p.line("%s", r.tally())
	p.line("%s", r.basis())
	end := r.spent()
	if p.style.Verdict != "" {
		end += " · " + p.style.Verdict
	}
	p.line("%s", end)
	if !r.Complete {
		p.line("%s", p.colour("1;33", "incomplete: "+r.Incomplete))
	}
}
