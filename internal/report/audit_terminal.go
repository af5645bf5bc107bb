package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// auditTerminal is the report a person reads: the line, why it leaks, and what to write in its place.
func auditTerminal(w io.Writer, r *finding.Report, style Style) error {
	a := showAudit(r)
	p := &printer{w: w, style: style, report: a.shown}
	for _, f := range a.found {
		p.audit(f)
	}
	for _, f := range a.repaired {
		p.line("fixed       %s:%d  %s", f.Where(), f.Source.Line, f.Rule.ID)
	}
	for _, problem := range a.problems {
		p.problem("problem     ", problem)
	}
	if style.Verbose {
		for _, problem := range a.idle {
			p.problem("unused      ", problem)
		}
	}
	if len(a.repaired)+len(a.problems) > 0 || style.Verbose && len(a.idle) > 0 {
		p.line("")
	}
	end := a.sum()
	if style.Verdict != "" {
		end += " · " + style.Verdict
	}
	p.line("%s", end)
	if !a.Complete {
		p.line("%s", p.colour("1;33", "incomplete: "+a.Incomplete))
	}
	return p.err
}

func (p *printer) audit(f auditFinding) {
	head := fmt.Sprintf("%s:%d  %s   %s", f.Where(), f.Source.Line, f.Rule.ID, p.colour(colours[f.Severity], f.Severity.String()))
	if f.Confidence != finding.Confirmed {
		head += "   " + f.Confidence.String()
	}
	for _, word := range []string{f.Operation, strings.TrimSpace(known(f.shownFinding))} {
		if word != "" {
			head += "   " + word
		}
	}
	p.line("%s", head)
	width := 0
	for _, l := range f.Excerpt {
		width = max(width, len(strconv.Itoa(l.N)))
	}
	for _, l := range f.Excerpt {
		mark := " "
		if l.Blamed {
			mark = ">"
		}
		p.line(" %s  %*d | %s", p.colour(colours[f.Severity], mark), width, l.N, l.Text)
	}
	p.wrapped("  ", f.Summary)
	if f.Detail != "" {
		p.wrapped("  ", f.Detail)
	}
	for _, s := range f.Steps {
		p.step(s)
	}
	fix := f.Source.Fix
	if fix == "" {
		fix = f.Rule.Remedy[0].Stack + ": " + f.Rule.Remedy[0].Text
	}
	if f.automatic() {
		fix += "     --fix can do this"
	}
	p.fix(fix)
	for _, l := range f.Source.Diff {
		code := "32"
		if strings.HasPrefix(l, "-") {
			code = "31"
		}
		p.line("       %s", p.colour(code, l))
	}
	p.line("")
}

func (p *printer) step(s auditStep) {
	const wide = 60 // for a name with the note beside it
	label := fmt.Sprintf("    %s:%d  ", s.File, s.Line)
	if len(label) > wide {
		p.line("%s", label)
		label = "      "
	}
	p.wrapped(label, s.Note)
}

// fix keeps the wide blank before what --fix can do: words are told apart by one blank in the rest.
func (p *printer) fix(text string) {
	text, can, is := strings.Cut(text, "     ")
	switch words := strings.Fields(text); {
	case is && len("  Fix: ")+len(strings.Join(words, " "))+5+len(can) <= 140:
		p.line("  Fix: %s     %s", strings.Join(words, " "), can)
	case is:
		p.wrapped("  Fix: ", text)
		p.line("       %s", can)
	default:
		p.wrapped("  Fix: ", text)
	}
}

func (p *printer) problem(label string, problem finding.Problem) {
	where := ""
	switch {
	case problem.File != "" && problem.Line > 0:
		where = fmt.Sprintf("%s:%d  ", under(problem.Root, problem.File), problem.Line)
	case problem.File != "":
		where = under(problem.Root, problem.File) + "  "
	}
	p.line("%s%s%s", label, where, problem.Note)
}

// sum is what an audit came to, in one line.
func (a *audited) sum() string {
	text := plural(len(a.found), "finding")
	if n := a.knownFindings(); n > 0 {
		text += fmt.Sprintf(" (%d known from the baseline)", n)
	}
	text += " in " + plural(a.Audit.Files, "file")
	if a.Audit.Since != "" {
		text += ", of which those count that changed since " + Plain(shorten(a.Audit.Since, 60))
	}
	text += fmt.Sprintf(" (%s)", spentTime(a.Duration))
	if n := a.Audit.Suppressed; n > 0 {
		text += fmt.Sprintf(" · %d silenced by comments", n)
	}
	if n := len(a.repaired); n > 0 {
		text += fmt.Sprintf(" · %d fixed", n)
	}
	if n := len(a.problems); n > 0 {
		text += " · " + plural(n, "problem")
	}
	return text
}

func (a *audited) knownFindings() int {
	n := 0
	for _, f := range a.found {
		if f.known {
			n++
		}
	}
	return n
}

func spentTime(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
