package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

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
		p := &printer{w: w, style: style, report: harmless(r), fixed: make(map[*finding.Rule]bool)}
		p.print()
		return p.err
	}
}

// harmless is r without characters that a terminal would obey: names of operations come from a
// document, and reasons from a server.
func harmless(r *finding.Report) *finding.Report {
	c := *r
	c.Target, c.Incomplete = Plain(c.Target), Plain(c.Incomplete)
	c.Operations, c.Findings = slices.Clone(r.Operations), slices.Clone(r.Findings)
	for i := range c.Operations {
		op := &c.Operations[i]
		op.Operation, op.Reason = Plain(op.Operation), Plain(op.Reason)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Operation, f.Summary, f.Detail = Plain(f.Operation), Plain(f.Summary), Plain(f.Detail)
		f.Evidence = slices.Clone(f.Evidence)
		for j := range f.Evidence {
			e := &f.Evidence[j]
			e.Request, e.Note = Plain(e.Request), Plain(e.Note)
		}
	}
	return &c
}

// Plain has a dot in the place of control characters, and of those that reorder text.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '·'
		}
		return r
	}, s)
}

type printer struct {
	w      io.Writer
	style  Style
	report *finding.Report
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
	for i, f := range r.Findings {
		if f.Severity > finding.Low {
			p.finding(f, !p.style.Brief || i == 0)
		}
	}
	p.minor()
	p.operations()
	p.summary()
}

func (p *printer) finding(f finding.Finding, whole bool) {
	known := ""
	if p.report.Known[f.Fingerprint()] {
		known = "   known from the baseline"
	}
	severity := fmt.Sprintf("%-9s", strings.ToUpper(f.Severity.String()))
	p.line("%s %s   %s   %s%s", p.colour(colours[f.Severity], severity), f.Operation, f.Rule.ID, f.Confidence, known)
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
	if !p.fixed[f.Rule] { // once for each rule: the next finding has the same remedy
		p.fixed[f.Rule] = true
		label := "  Fix    "
		for _, fix := range f.Rule.Remedy {
			p.wrapped(label, fix.Stack+": "+fix.Text)
			label = "         "
		}
	}
	label, last := "  Retry  ", ""
	for _, e := range f.Evidence {
		if e.Request != last {
			p.line("%s%s", label, e.Request)
		}
		label, last = "         ", e.Request
	}
	p.line("")
}

func (p *printer) steps(f finding.Finding) {
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
		var list []finding.Finding
		for _, f := range p.report.Findings {
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
			p.line("    %s   %s", f.Operation, f.Confidence)
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
			if p.clean(op) {
				p.line("clean       %s   %s   %s", op.Operation, rests(op), plural(op.Requests, "request"))
			}
		}
	}
	for _, op := range p.report.Operations {
		if op.Status != finding.StatusTested {
			p.line("not tested  %s   %s", op.Operation, op.Reason)
		}
	}
	p.undecided()
}

// undecided lists operations with the reason that they have in common, once.
func (p *printer) undecided() {
	var reasons []string
	for _, op := range p.report.Operations {
		if op.Undecided && !slices.Contains(reasons, op.Reason) {
			reasons = append(reasons, op.Reason)
		}
	}
	for _, reason := range reasons {
		for _, op := range p.report.Operations {
			if op.Undecided && op.Reason == reason {
				p.line("undecided   %s", op.Operation)
			}
		}
		p.wrapped("            ", reason)
	}
}

func (p *printer) clean(op finding.Tested) bool {
	return op.Status == finding.StatusTested && !op.Undecided && !p.found(op.Operation)
}

// rests is what a clean verdict rests on.
func rests(op finding.Tested) string {
	switch {
	case op.Reason != "": // one identity, or one that got nothing
		return op.Reason
	case op.Differed:
		return "readers got different answers"
	}
	return "the same answer for every reader"
}

func (p *printer) found(operation string) bool {
	return slices.ContainsFunc(p.report.Findings, func(f finding.Finding) bool { return f.Operation == operation })
}

func (p *printer) summary() {
	r := p.report
	leaking, flagged := map[string]bool{}, map[string]bool{}
	for _, f := range r.Findings {
		flagged[f.Operation] = true
		if f.Severity >= finding.High {
			leaking[f.Operation] = true
		}
	}
	clean, untested, differed, undecided := 0, 0, 0, r.Undecided()
	for _, op := range r.Operations {
		switch {
		case op.Status != finding.StatusTested:
			untested++
		case p.clean(op):
			clean++
		}
		if op.Differed {
			differed++
		}
	}
	counts := fmt.Sprintf("%d leaking · %d with other findings · %d clean", len(leaking), len(flagged)-len(leaking), clean)
	if undecided > 0 {
		counts += fmt.Sprintf(" · %d undecided", undecided)
	}
	p.line("%s · %d not tested", counts, untested)
	if len(r.Identities) > 1 {
		p.line("%s got different answers on %s", strings.Join(r.Identities, " and "), plural(differed, "operation"))
	} else {
		p.line("one identity: whether another would receive its responses was not tested")
	}
	end := fmt.Sprintf("%s in %.1f s", plural(r.Requests, "request"), r.Duration.Seconds())
	if p.style.Verdict != "" {
		end += " · " + p.style.Verdict
	}
	p.line("%s", end)
	if !r.Complete {
		p.line("%s", p.colour("1;33", "incomplete: "+r.Incomplete))
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
