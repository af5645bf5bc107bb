package nginx

import (
	"bytes"
	"strings"
)

// kind of a token.
type kind int

const (
	end kind = iota
	aWord
	semicolon
	opening
	closing
)

// word is an argument of a directive, or its name.
type word struct {
	text       string // without quotes and escapes; a template's output is one byte of value output
	start, end int    // of what stands in the file, with its quotes
	line       int
}

// output stands in a word's text for what a template would put there.
const output = '\x01'

// lexer takes a configuration apart as ngx_conf_read_token does, and passes over what templates write into one.
type lexer struct {
	text   []byte
	pos    int
	line   int
	closed map[string]int // of each end of a template's tag, where the last one stands; nil: the file is no template
	broken string         // what is wrong with the file, "": nothing
}

var tagEnds = map[string]string{"{%": "%}", "{#": "#}", "<%": "%>", "{{": "}}"}

func newLexer(path string, text []byte) *lexer {
	l := &lexer{text: text, line: 1}
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		l.pos = 3
	}
	if isTemplate(path, text) {
		l.closed = map[string]int{}
		for _, tagEnd := range tagEnds {
			l.closed[tagEnd] = bytes.LastIndex(text, []byte(tagEnd))
		}
	}
	return l
}

func isTemplate(path string, text []byte) bool {
	for _, ending := range []string{".j2", ".jinja", ".jinja2", ".erb", ".tmpl", ".tpl", ".template", ".hbs", ".mustache"} {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	for _, tag := range []string{"{%", "<%", "{{"} {
		if at := bytes.Index(text, []byte(tag)); at >= 0 && bytes.Contains(text[at:], []byte(tagEnds[tag])) {
			return true
		}
	}
	return false
}

// tag is the length of the template's tag that begins here, 0 where there is none, and whether text comes out of it.
func (l *lexer) tag() (length int, speaks bool) {
	if l.closed == nil || l.pos+2 > len(l.text) {
		return 0, false
	}
	open := string(l.text[l.pos : l.pos+2])
	tagEnd, is := tagEnds[open]
	if !is || l.closed[tagEnd] < l.pos+2 {
		return 0, false
	}
	window := l.text[l.pos+2:]
	if open == "{{" {
		window = window[:min(len(window), 500)] // a table of Lua's, or JSON, may begin so and end anywhere
	}
	at := bytes.Index(window, []byte(tagEnd))
	if at < 0 {
		return 0, false
	}
	length = 2 + at + len(tagEnd)
	if open == "{{" && window[0] == '{' && l.pos+length < len(l.text) && l.text[l.pos+length] == '}' {
		length++ // {{{ x }}}
	}
	inside := string(window[:at])
	switch open {
	case "{{":
		return length, !isStatement(inside)
	case "<%":
		return length, strings.HasPrefix(inside, "=") || strings.HasPrefix(inside, "-=")
	}
	return length, false
}

// isStatement reports whether a tag of Go, Handlebars or Mustache only steers.
func isStatement(inside string) bool {
	inside = strings.TrimLeft(inside, "-~ \t\r\n")
	if inside == "" || strings.ContainsRune("#/^!", rune(inside[0])) {
		return true
	}
	first, rest, _ := strings.Cut(strings.TrimRight(inside, "-~ \t\r\n"), " ")
	switch first {
	case "if", "else", "end", "range", "with", "define", "block":
		return true
	}
	return strings.HasPrefix(first, "$") && strings.HasPrefix(strings.TrimSpace(rest), ":=")
}

// alone reports whether nothing but white space stands between a tag and the ends of its line.
func (l *lexer) alone(length int) bool {
	for i := l.pos - 1; i >= 0 && l.text[i] != '\n' && l.pos-i < 200; i-- {
		if c := l.text[i]; c != ' ' && c != '\t' {
			return false
		}
	}
	for i := l.pos + length; i < len(l.text) && l.text[i] != '\n'; i++ {
		if c := l.text[i]; c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

func (l *lexer) skip(n int) {
	l.line += bytes.Count(l.text[l.pos:l.pos+n], []byte("\n"))
	l.pos += n
}

// space passes over white space, comments, and tags that put no text here. begins says that no word of a directive was read yet.
func (l *lexer) space(begins bool) {
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == '\n':
			l.line++
			l.pos++
		case c == ' ' || c == '\t' || c == '\r':
			l.pos++
		case c == '#':
			n := bytes.IndexByte(l.text[l.pos:], '\n')
			if n < 0 {
				n = len(l.text) - l.pos
			}
			l.pos += n
		default:
			length, speaks := l.tag()
			if length == 0 || speaks && !(begins && l.alone(length)) {
				return
			}
			l.skip(length)
		}
	}
}

// next is the token that comes now.
func (l *lexer) next(begins bool) (kind, word) {
	l.space(begins)
	if l.pos >= len(l.text) {
		return end, word{}
	}
	w := word{start: l.pos, end: l.pos + 1, line: l.line}
	if length, _ := l.tag(); length == 0 {
		switch l.text[l.pos] {
		case ';':
			l.pos++
			return semicolon, w
		case '{':
			l.pos++
			return opening, w
		case '}':
			l.pos++
			return closing, w
		case '"', '\'':
			w.text = l.quoted()
			w.end = l.pos
			return aWord, w
		}
	}
	w.text = l.plain()
	w.end = l.pos
	return aWord, w
}

// quoted reads a string from its quote to the quote that ends it.
func (l *lexer) quoted() string {
	quote, line := l.text[l.pos], l.line
	l.pos++
	var b strings.Builder
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if c == quote {
			l.pos++
			return b.String()
		}
		l.char(&b)
	}
	if l.broken == "" {
		l.broken = "a string begins in line " + itoa(line) + " and never ends"
	}
	return b.String()
}

// plain reads a word without quotes. A brace that follows a dollar is its own, and a closing brace ends no word.
func (l *lexer) plain() string {
	var b strings.Builder
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if length, _ := l.tag(); length == 0 {
			switch {
			case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';':
				return b.String()
			case c == '{' && !(l.pos > 0 && l.text[l.pos-1] == '$'):
				return b.String()
			}
		}
		l.char(&b)
	}
	return b.String()
}

// char reads one character of a word, with the escapes of ngx_conf_read_token.
func (l *lexer) char(b *strings.Builder) {
	if length, speaks := l.tag(); length > 0 {
		l.skip(length)
		if speaks {
			b.WriteByte(output)
		}
		return
	}
	c := l.text[l.pos]
	if c == '\\' && l.pos+1 < len(l.text) {
		next := l.text[l.pos+1]
		switch next {
		case '"', '\'', '\\':
			b.WriteByte(next)
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		default:
			b.WriteByte(c)
			b.WriteByte(next)
		}
		l.skip(2)
		return
	}
	b.WriteByte(c)
	l.skip(1)
}

// lua passes over a block of Lua up to the brace that ends it, and returns what stands between.
func (l *lexer) lua() string {
	start, depth := l.pos, 1
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == '{':
			depth++
			l.pos++
		case c == '}':
			depth--
			l.pos++
			if depth == 0 {
				return string(l.text[start : l.pos-1])
			}
		case c == '-' && bytes.HasPrefix(l.text[l.pos:], []byte("--")):
			l.pos += 2
			if !l.longBracket() {
				n := bytes.IndexByte(l.text[l.pos:], '\n')
				if n < 0 {
					n = len(l.text) - l.pos
				}
				l.pos += n
			}
		case c == '"' || c == '\'':
			l.luaString(c)
		case c == '[' && l.longBracket():
		default:
			l.skip(1)
		}
	}
	if l.broken == "" {
		l.broken = "a block of Lua never ends"
	}
	return string(l.text[start:])
}

func (l *lexer) luaString(quote byte) {
	for l.pos++; l.pos < len(l.text) && l.text[l.pos] != quote && l.text[l.pos] != '\n'; l.pos++ {
		if l.text[l.pos] == '\\' && l.pos+1 < len(l.text) {
			l.skip(1)
			if l.text[l.pos] == '\n' {
				l.line++
			}
		}
	}
	if l.pos < len(l.text) && l.text[l.pos] == quote {
		l.pos++
	}
}

// longBracket passes over [[…]] or [==[…]==], if one begins here.
func (l *lexer) longBracket() bool {
	rest := l.text[l.pos:]
	if len(rest) == 0 || rest[0] != '[' {
		return false
	}
	level := 1
	for level < len(rest) && rest[level] == '=' {
		level++
	}
	if level >= len(rest) || rest[level] != '[' {
		return false
	}
	n := bytes.Index(rest, []byte("]"+strings.Repeat("=", level-1)+"]"))
	if n < 0 {
		l.skip(len(rest))
		return true
	}
	l.skip(n + level + 1)
	return true
}
