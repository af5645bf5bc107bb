package report

import (
	"fmt"
	stdhtml "html"
	"io"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// auditMarkdown is a report for a comment on a pull request; what stands in the source is made inert in it.
func auditMarkdown(w io.Writer, r *finding.Report) error {
	a := showAudit(r)
	var b strings.Builder
	b.WriteString("<!-- bearcache audit -->\n### " + inert(a.headline()) + "\n\n")
	var paths []string
	for _, p := range a.paths {
		paths = append(paths, codeSpan(shorten(p, 200)))
	}
	fmt.Fprintf(&b, "%s · %s\n", shorten(strings.Join(paths, " "), 1000), inert(a.sum()))
	if !a.Complete {
		b.WriteString("\n**Incomplete:** " + inert(shorten(a.Incomplete, 500)) + "\n")
	}
	rows := a.markdownRows(&b)
	tail := a.markdownTail()
	const spare = 500 // for the line that says what was cut
	skipped := 0
	for _, f := range a.found {
		details := markdownAuditFinding(f)
		if b.Len()+len(details)+len(tail)+spare > markdownMost {
			skipped++
			continue
		}
		b.WriteString(details)
	}
	b.WriteString(tail)
	if rows > 0 || skipped > 0 {
		fmt.Fprintf(&b, "\n**Cut to fit a comment:** %s not in the table, and %s without source here. The html and json reports have all of it.\n",
			plural(rows, "finding"), plural(skipped, "finding"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownRows writes the table, and returns how many findings there was no room for.
func (a *audited) markdownRows(b *strings.Builder) (left int) {
	if len(a.found) == 0 {
		return 0
	}
	b.WriteString("\n| severity | place | rule | route | confidence |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range a.found {
		row := fmt.Sprintf("| %s | %s | %s | %s | %s |\n", markdownSeverity(f.shownFinding), cell(codeSpan(shorten(f.place(), 200))), f.Rule.ID,
			cell(codeSpan(shorten(f.Operation, 200))), f.Confidence)
		if left > 0 || b.Len()+len(row) > markdownTable {
			left++
			continue
		}
		b.WriteString(row)
	}
	return left
}

func (f auditFinding) place() string { return fmt.Sprintf("%s:%d", f.Where(), f.Source.Line) }

func markdownAuditFinding(f auditFinding) string {
	var b strings.Builder
	// Up to the empty line this is HTML to a Markdown parser, not Markdown.
	fmt.Fprintf(&b, "\n<details><summary>%s · <code>%s</code> · %s</summary>\n\n", f.Severity, stdhtml.EscapeString(shorten(f.place(), 200)), f.Rule.ID)
	fmt.Fprintf(&b, "%s\n\n", inert(shorten(f.Summary, 500)))
	var code strings.Builder
	for _, l := range f.Excerpt {
		mark := " "
		if l.Blamed {
			mark = ">"
		}
		fmt.Fprintf(&code, "%s %d | %s\n", mark, l.N, l.Text)
	}
	if code.Len() > 0 {
		b.WriteString(fenced("", code.String()))
	}
	if f.Detail != "" {
		fmt.Fprintf(&b, "\n**Why:** %s\n", inert(shorten(f.Detail, 1000)))
	}
	if len(f.Steps) > 0 {
		b.WriteString("\n")
	}
	for i, s := range f.Steps {
		fmt.Fprintf(&b, "%d. %s %s\n", i+1, codeSpan(shorten(fmt.Sprintf("%s:%d", s.File, s.Line), 200)), inert(shorten(s.Note, 500)))
	}
	b.WriteString("\n**Fix:**\n\n")
	for _, fix := range f.fixes() {
		fmt.Fprintf(&b, "- %s: %s\n", fix.Stack, markdownFix(shorten(fix.Text, 1000)))
	}
	if len(f.Source.Diff) > 0 {
		b.WriteString("\n" + fenced("diff", strings.Join(f.Source.Diff, "\n")))
		if f.automatic() {
			b.WriteString("\n`bearcache audit --fix` can do this.\n")
		}
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// markdownTail lists what was fixed and what could not be read.
func (a *audited) markdownTail() string {
	var b strings.Builder
	var fixed, problems []string
	for _, f := range a.repaired {
		fixed = append(fixed, fmt.Sprintf("- %s %s\n", codeSpan(shorten(fmt.Sprintf("%s:%d", f.Where(), f.Source.Line), 200)), f.Rule.ID))
	}
	for _, p := range a.problems {
		where := ""
		if p.File != "" {
			where = codeSpan(shorten(under(p.Root, p.File), 200)) + " "
		}
		problems = append(problems, fmt.Sprintf("- %s%s\n", where, inert(shorten(p.Note, 500))))
	}
	markdownList(&b, fmt.Sprintf("%d fixed", len(fixed)), fixed)
	markdownList(&b, plural(len(problems), "problem"), problems)
	return b.String()
}
