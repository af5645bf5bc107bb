package report

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Explain writes a page of docs/rules for a terminal. It knows what those pages use of Markdown: headings,
// paragraphs, lists, tables, blocks of code, emphasis and links.
func Explain(w io.Writer, page string, colour bool) error {
	e := explainer{colour: colour}
	for line := range strings.Lines(page) {
		e.take(strings.TrimRight(line, "\n"))
	}
	e.flush()
	_, err := io.WriteString(w, e.out.String())
	return err
}

type explainer struct {
	colour bool
	out    strings.Builder
	code   bool     // within a block of code
	text   []string // lines of a paragraph, or of an item, that is not written yet
	rows   [][]string
}

const pageWidth = 90

func (e *explainer) take(line string) {
	fence := strings.HasPrefix(line, "```")
	switch {
	case fence || e.code:
		e.flush()
		if fence {
			e.code = !e.code
			return
		}
		e.out.WriteString(strings.TrimRight("    "+line, " ") + "\n")
	case strings.HasPrefix(line, "#"):
		e.flush()
		e.out.WriteString(e.strong(spoken(strings.TrimLeft(line, "# "))) + "\n")
	case strings.HasPrefix(line, "|"):
		e.row(line)
	case line == "":
		e.flush()
		e.out.WriteString("\n")
	case strings.HasPrefix(line, "- "):
		e.flush()
		e.text = []string{line}
	default:
		e.text = append(e.text, line)
	}
}

func (e *explainer) row(line string) {
	var cells []string
	for cell := range strings.SplitSeq(strings.Trim(line, "| "), "|") {
		cells = append(cells, spoken(strings.TrimSpace(cell)))
	}
	if strings.Trim(cells[0], "-: ") != "" {
		e.rows = append(e.rows, cells)
	}
}

// flush writes what is not written yet.
func (e *explainer) flush() {
	if len(e.text) > 0 {
		first, rest := "", ""
		text := spoken(strings.Join(e.text, " "))
		if strings.HasPrefix(text, "- ") {
			text, first, rest = text[2:], "- ", "  "
		}
		for _, line := range wrap(text, pageWidth-len(first)) {
			e.out.WriteString(first + line + "\n")
			first = rest
		}
		e.text = nil
	}
	e.table()
}

// table writes the rows as columns, the last as wide as the page allows.
func (e *explainer) table() {
	if len(e.rows) == 0 {
		return
	}
	widths := make([]int, len(e.rows[0]))
	for _, row := range e.rows {
		for i := range min(len(row), len(widths)) {
			widths[i] = min(max(widths[i], utf8.RuneCountInString(row[i])), pageWidth*3/10)
		}
	}
	last, used := len(widths)-1, 0
	for _, n := range widths[:last] {
		used += n + 2
	}
	widths[last] = pageWidth - used
	for n, row := range e.rows {
		cells := make([][]string, len(widths))
		height := 0
		for i := range min(len(row), len(widths)) {
			cells[i] = wrap(row[i], widths[i])
			height = max(height, len(cells[i]))
		}
		for y := range height {
			var line strings.Builder
			for i, cell := range cells {
				text := ""
				if y < len(cell) {
					text = cell[y]
				}
				line.WriteString(text + strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(text))+2))
			}
			text := strings.TrimRight(line.String(), " ")
			if n == 0 {
				text = e.strong(text)
			}
			e.out.WriteString(text + "\n")
		}
	}
	e.rows = nil
}

func (e *explainer) strong(s string) string {
	if !e.colour {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

var (
	pageLink     = regexp.MustCompile(`\[([^\]]*)\]\(([^)]*)\)`)
	pageCode     = regexp.MustCompile("`([^`]*)`")
	pageEmphasis = regexp.MustCompile(`\*\*?([^*]+)\*\*?`)
)

// spoken is a line of Markdown as text: what is code keeps its stars, a link keeps its words.
func spoken(s string) string {
	var b strings.Builder
	end := 0
	for _, m := range pageCode.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(unmarked(s[end:m[0]]) + s[m[2]:m[3]])
		end = m[1]
	}
	return b.String() + unmarked(s[end:])
}

func unmarked(s string) string {
	s = pageLink.ReplaceAllStringFunc(s, func(link string) string {
		m := pageLink.FindStringSubmatch(link)
		if strings.Contains(m[2], "://") {
			return m[1] + " (" + m[2] + ")"
		}
		return m[1]
	})
	return pageEmphasis.ReplaceAllString(s, "$1")
}

// wrap breaks text between words into lines of at most width characters, longer words apart.
func wrap(text string, width int) (lines []string) {
	line, n := "", 0
	for word := range strings.FieldsSeq(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case line == "":
			line, n = word, length
		case n+1+length > width:
			lines = append(lines, line)
			line, n = word, length
		default:
			line, n = line+" "+word, n+1+length
		}
	}
	return append(lines, line)
}
