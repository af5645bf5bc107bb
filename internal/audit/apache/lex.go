package apache

import (
	"bytes"
	"slices"
	"strings"
)

// kind is what a line of a configuration is.
type kind int

const (
	plain   kind = iota // a directive
	opening             // <Section …>
	closing             // </Section>
)

// item is a directive, or the tag that opens or closes a section.
type item struct {
	kind  kind
	name  string // lower case; httpd does not tell cases apart
	args  []word
	line  int // where it begins
	last  int // where it ends: backslashes carry it over lines
	start int // offset of its first byte
	stop  int // and of the end of its last line, before the line's end
}

// word is an argument, without its quotes. The offsets are those of the argument with them; both are 0 where the directive goes over
// more than one line.
type word struct {
	text       string
	start, end int
}

// arg is the text of the nth argument, "" where there is none.
func (it item) arg(n int) string {
	if n >= len(it.args) {
		return ""
	}
	return it.args[n].text
}

// texts are the arguments from the nth on.
func (it item) texts(n int) (list []string) {
	for i := n; i < len(it.args); i++ {
		list = append(list, it.args[i].text)
	}
	return list
}

// lex takes a configuration apart. Lines of a template language are left out: what they say is known only when the file is made.
func lex(text []byte) (items []item) {
	l := lexer{text: text}
	for l.more() {
		if it, ok := l.next(); ok {
			items = append(items, it)
		}
	}
	return items
}

type lexer struct {
	text []byte
	at   int
	line int // number of lines before at
}

func (l *lexer) more() bool { return l.at < len(l.text) }

// next reads a line, with those that its backslashes add.
func (l *lexer) next() (it item, ok bool) {
	if l.skipTemplate() {
		return it, false
	}
	start, line := l.at, l.line+1
	content, joined, stop := l.logical()
	lead := len(content) - len(strings.TrimLeft(content, " \t\r\v\f"))
	content = strings.TrimRight(content[lead:], " \t\r\v\f")
	// As httpd does it: lines are joined before a comment is looked for.
	if content == "" || content[0] == '#' {
		return it, false
	}
	it = item{line: line, last: l.line, start: start + lead, stop: stop}
	offset := it.start
	if joined {
		offset = -1
	}
	return it, it.read(content, offset)
}

// logical is the text up to the first line end that no backslash hides, and whether any is hidden.
func (l *lexer) logical() (content string, joined bool, stop int) {
	var whole strings.Builder
	for {
		line, ended := l.text[l.at:], false
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, ended = line[:i], true
		}
		l.at += len(line)
		l.line++
		if ended {
			l.at++
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		stop = l.at
		if ended {
			stop = l.at - 1
			if stop > 0 && l.text[stop-1] == '\r' {
				stop--
			}
		}
		carried, more := bytes.CutSuffix(line, []byte(`\`))
		whole.Write(carried)
		if !more || !l.more() {
			return whole.String(), joined, stop
		}
		joined = true
	}
}

// templates are what opens and closes a statement or a comment of Jinja and of ERB.
var templates = [][2]string{{"{%", "%}"}, {"{#", "#}"}, {"<%", "%>"}}

// skipTemplate steps over a statement at the start of a line, and the rest of the line it ends in. Where none ends it, it steps over one
// line. A line that begins with a value, "<%= … %>", is one of these too: its directive has no name yet.
func (l *lexer) skipTemplate() bool {
	rest := l.text[l.at:]
	line := rest
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		line = rest[:i]
	}
	head := bytes.TrimLeft(line, " \t")
	skip := len(line)
	i := slices.IndexFunc(templates, func(t [2]string) bool { return bytes.HasPrefix(head, []byte(t[0])) })
	if i < 0 {
		return false
	}
	if end := bytes.Index(rest[:min(len(rest), longestStatement)], []byte(templates[i][1])); end > skip {
		skip = end
		if n := bytes.IndexByte(rest[end:], '\n'); n >= 0 {
			skip = end + n
		} else {
			skip = len(rest)
		}
	}
	l.line += 1 + bytes.Count(rest[:skip], []byte("\n"))
	l.at += min(skip+1, len(rest))
	return true
}

// longestStatement bounds how far the end of a template's statement is looked for, since files without ends would be searched once a line.
const longestStatement = 4096

// read reads the directive in content. Its first byte has that offset in the file; -1 where the offsets are not to be told.
func (it *item) read(content string, offset int) bool {
	if content[0] == '<' {
		content = content[1:]
		offset = after(offset, 1)
		if it.kind = opening; strings.HasPrefix(content, "/") {
			it.kind = closing
			content, offset = content[1:], after(offset, 1)
		}
		content = strings.TrimSuffix(content, ">")
	}
	n := strings.IndexAny(content, " \t\"'")
	if n < 0 {
		n = len(content)
	}
	it.name = strings.ToLower(content[:n])
	for at := n; ; {
		for at < len(content) && (content[at] == ' ' || content[at] == '\t') {
			at++
		}
		if at >= len(content) {
			return it.name != ""
		}
		text, end := argument(content, at)
		w := word{text: text}
		if offset >= 0 {
			w.start, w.end = offset+at, offset+end
		}
		it.args = append(it.args, w)
		at = end
	}
}

func after(offset, n int) int {
	if offset < 0 {
		return offset
	}
	return offset + n
}

// argument reads the argument at an offset. Quotes hold it together, and within them a backslash does so with the same quote or with
// another backslash. So do the braces of a placeholder, which has no blanks once the file is made.
func argument(s string, at int) (text string, end int) {
	if quote := s[at]; quote == '"' || quote == '\'' {
		var b strings.Builder
		for i := at + 1; i < len(s); i++ {
			switch {
			case s[i] == '\\' && i+1 < len(s) && (s[i+1] == quote || s[i+1] == '\\'):
				i++
				b.WriteByte(s[i])
			case s[i] == quote:
				return b.String(), i + 1
			default:
				b.WriteByte(s[i])
			}
		}
		return b.String(), len(s)
	}
	for end = at; end < len(s) && s[end] != ' ' && s[end] != '\t'; end++ {
		for _, p := range placeholders {
			if !strings.HasPrefix(s[end:], p[0]) {
				continue
			}
			if i := strings.Index(s[end:min(len(s), end+longestPlaceholder)], p[1]); i > 0 {
				end += i + len(p[1]) - 1
			}
			break
		}
	}
	return s[at:end], end
}

var placeholders = [][2]string{{"{{", "}}"}, {"<%", "%>"}}

const longestPlaceholder = 256

// made reports whether a text holds a placeholder: what stands there is known only when the file is made.
func made(s string) bool {
	return strings.Contains(s, "{{") || strings.Contains(s, "<%") || strings.Contains(s, "${") || strings.Contains(s, "%{")
}
