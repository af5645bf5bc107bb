package report

import (
	"fmt"
	stdhtml "html"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
)

// GitHub takes 65,536 characters in a comment; what a bot writes around the report wants some of them.
const (
	markdownMost  = 60_000 // bytes, of which a character has one or more
	markdownTable = 20_000
	markdownTail  = 10_000
)

// markdown is a report for a comment on a pull request. All that comes from a document or a server is
// made inert: no markup, no link, no image, and nobody is mentioned.
func markdown(w io.Writer, r *finding.Report) error {
	if r.Audit != nil {
		return auditMarkdown(w, r)
	}
	s := show(r)
	var b strings.Builder
	b.WriteString("<!-- bearcache scan -->\n### " + inert(s.headline()) + "\n\n")
	fmt.Fprintf(&b, "%s · %s · %s\n", codeSpan(shorten(s.Target, 200)), s.tally(), s.spent())
	if !s.Complete {
		b.WriteString("\n**Incomplete:** " + inert(shorten(s.Incomplete, 500)) + "\n")
	}
	rows := markdownRows(&b, s.found)
	tail := markdownOperations(s)
	const spare = 500 // for the line that says what was cut
	skipped := 0
	told := make(map[string]bool) // the files of remedies: rules share them
	for _, f := range s.found {
		tooLong := func(details string) bool { return b.Len()+len(details)+len(tail)+spare > markdownMost }
		written := slices.DeleteFunc(slices.Clone(f.Rule.Remedy), func(fix finding.Fix) bool { return fix.Snippet == "" || told[fix.File] })
		details := markdownFinding(f, written)
		if tooLong(details) {
			written = nil
			details = markdownFinding(f, nil)
		}
		if tooLong(details) {
			skipped++
			continue
		}
		for _, fix := range written {
			told[fix.File] = true
		}
		b.WriteString(details)
	}
	b.WriteString(tail)
	fmt.Fprintf(&b, "\n%s.\n", inert(shorten(s.basis(), 500)))
	if rows > 0 || skipped > 0 {
		fmt.Fprintf(&b, "\n**Cut to fit a comment:** %s not in the table, and %s without steps here. The html and json reports have all of it.\n",
			plural(rows, "finding"), plural(skipped, "finding"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownRows writes the table, and returns how many findings there was no room for.
func markdownRows(b *strings.Builder, found []shownFinding) (left int) {
	if len(found) == 0 {
		return 0
	}
	b.WriteString("\n| severity | operation | check | confidence |\n| --- | --- | --- | --- |\n")
	for _, f := range found {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", markdownSeverity(f), cell(codeSpan(shorten(f.Operation, 200))), f.Rule.ID, f.Confidence)
		if left > 0 || b.Len()+len(row) > markdownTable {
			left++
			continue
		}
		b.WriteString(row)
	}
	return left
}

func markdownSeverity(f shownFinding) string {
	word := f.Severity.String()
	if f.counts {
		word = "**" + word + "**"
	}
	if f.known {
		word += ", known"
	}
	return word
}

// markdownFinding is one finding, with what to write for some of its remedies.
func markdownFinding(f shownFinding, written []finding.Fix) string {
	var b strings.Builder
	// Up to the empty line this is HTML to a Markdown parser, not Markdown.
	fmt.Fprintf(&b, "\n<details><summary>%s · <code>%s</code> · %s</summary>\n\n", f.Severity, stdhtml.EscapeString(shorten(f.Operation, 200)), f.Rule.ID)
	fmt.Fprintf(&b, "%s\n\n", inert(shorten(f.Summary, 500)))
	emphasised := decisive(f.Finding)
	for i, e := range f.Evidence {
		fmt.Fprintf(&b, "%d. %s, %d%s, %s: %s\n", i+1, inert(e.As), e.Status, by(e.By), took(e.Took), strong(inert(shorten(e.Note, 500)), i == emphasised))
	}
	if f.Detail != "" {
		fmt.Fprintf(&b, "\n**Why:** %s\n", inert(shorten(f.Detail, 1000)))
	}
	if len(f.Causes) > 0 {
		b.WriteString("\n**Source:**\n\n")
	}
	for _, c := range f.Causes {
		fmt.Fprintf(&b, "- %s\n", codeSpan(shorten(causeText(c), 200)))
	}
	b.WriteString("\n**Fix:**\n\n")
	for _, fix := range f.Rule.Remedy {
		fmt.Fprintf(&b, "- %s: %s\n", fix.Stack, markdownFix(fix.Text))
	}
	for _, fix := range written {
		fmt.Fprintf(&b, "\n<details><summary>What to write: %s</summary>\n\n%s\n</details>\n", fix.Stack, fenced(language(fix.File), fix.Snippet))
	}
	if lines := requests(f.Finding); len(lines) > 0 {
		b.WriteString("\n**Repeat:**\n\n" + fenced("sh", strings.Join(lines, "\n")))
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// markdownFix is a remedy with its code as code: so it can be copied, and mentions nobody.
func markdownFix(text string) string {
	var words []string
	for _, part := range remedyParts(text) {
		if part.Code {
			words = append(words, codeSpan(part.Text)+part.Tail)
		} else {
			words = append(words, inert(part.Text))
		}
	}
	return strings.Join(words, " ")
}

func strong(text string, is bool) string {
	if is && text != "" {
		return "**" + text + "**"
	}
	return text
}

// markdownOperations lists what was not tested, what was not decided, and what is fixed.
func markdownOperations(s *shown) string {
	var b strings.Builder
	var fixed, untested, undecided, unproven []string
	for _, u := range s.Unproven {
		place := fmt.Sprintf("%s:%d", u.Source.File, u.Source.Line)
		unproven = append(unproven, fmt.Sprintf("- %s %s %s %s\n", codeSpan(shorten(place, 200)), u.Rule.ID, codeSpan(shorten(u.Operation, 200)), inert(shorten(u.Reason, 500))))
	}
	for _, f := range s.fixed {
		fixed = append(fixed, fmt.Sprintf("- %s %s\n", codeSpan(shorten(f.Operation, 200)), f.Rule.ID))
	}
	for _, op := range s.Operations {
		item := fmt.Sprintf("- %s %s\n", codeSpan(shorten(op.Operation, 200)), inert(shorten(op.Reason, 500)))
		switch {
		case op.Status != finding.StatusTested:
			untested = append(untested, item)
		case op.Undecided:
			undecided = append(undecided, item)
		}
	}
	markdownList(&b, fmt.Sprintf("%d fixed since the baseline", len(fixed)), fixed)
	markdownList(&b, fmt.Sprintf("%d undecided", len(undecided)), undecided)
	markdownList(&b, fmt.Sprintf("%d not tested", len(untested)), untested)
	markdownList(&b, fmt.Sprintf("%d found in source, not proven", len(unproven)), unproven)
	return b.String()
}

// markdownList writes a list that is folded, as far as there is room.
func markdownList(b *strings.Builder, title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>%s</summary>\n\n", title)
	for i, item := range items {
		if b.Len()+len(item) > markdownTail {
			fmt.Fprintf(b, "- and %d more\n", len(items)-i)
			break
		}
		b.WriteString(item)
	}
	b.WriteString("\n</details>\n")
}

// noBreak is a character without width, which ends the names that GitHub and GitLab look for.
const noBreak = "\u200b"

// inert is s as Markdown text that nothing in it is markup to, neither to the parser nor to what looks
// through its output for addresses, @names, #numbers and :emoji:.
func inert(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		next := ' '
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		switch {
		case r == '@' || r == '#':
			fmt.Fprintf(&b, "&#%d;%s", r, noBreak)
		case r == ':' && !unicode.IsSpace(next):
			b.WriteString(":" + noBreak)
		case r == '.' && i >= 3 && strings.EqualFold(string(runes[i-3:i]), "www"):
			b.WriteString(noBreak + ".")
		case strings.ContainsRune("&<>\\`*_[]!|~$^", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// codeSpan is s between more backticks than it has in a row itself.
func codeSpan(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is a code span within a table: a bar would end the cell even there.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func fenced(language, text string) string {
	fence := strings.Repeat("`", max(3, longestRun(text)+1))
	return fence + language + "\n" + strings.TrimSuffix(text, "\n") + "\n" + fence + "\n"
}

// longestRun is how many backticks stand in a row in s, at most.
func longestRun(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
