package varnish

import "strings"

// place is where something stands in the files of an audit. The zero value is nowhere.
type place struct {
	file       *source
	start, end int // offsets
	line       int
}

// source is a file under the lexer.
type source struct {
	path string
	text string
}

type kind uint8

const (
	end    kind = iota // of all text
	name               // req.http.Cookie, if, 4.1
	str                // its text is between the quotes
	number             // 4.1, 10s, 1KB
	sign               // one of { } ( ) ; , + == ~ …
	hole               // what a template will fill in
)

type token struct {
	kind kind
	text string
	// holed: a template fills in a part of the string.
	holed bool
	place
}

func (t token) is(sign_ string) bool { return t.kind == sign && t.text == sign_ }

// lexer reads the tokens of one file, one at a time: a file of five megabytes is never a list of tokens.
type lexer struct {
	file     *source
	at       int
	line     int
	fastly   bool   // a macro of Fastly's was met
	template bool   // a directive of a template was met
	broken   string // what is wrong with the text, "" for nothing
	where    int    // its line
	// never holds the ends of which none comes any more, so that each is looked for once.
	never map[string]bool
}

func newLexer(f *source) *lexer { return &lexer{file: f, line: 1, never: map[string]bool{}} }

func (l *lexer) rest() string { return l.file.text[l.at:] }

// advance moves over n bytes.
func (l *lexer) advance(n int) {
	l.line += strings.Count(l.file.text[l.at:l.at+n], "\n")
	l.at += n
}

// find is the offset of an end in what is left, after skip bytes; -1 where there is none.
func (l *lexer) find(what string, skip int) int {
	if l.never[what] {
		return -1
	}
	if l.at+skip > len(l.file.text) {
		return -1
	}
	i := strings.Index(l.file.text[l.at+skip:], what)
	if i < 0 {
		l.never[what] = true
		return -1
	}
	return i + skip
}

// upTo moves behind the next end; where there is none, over all that is left, which is an error.
func (l *lexer) upTo(what string, skip int, of string) {
	i := l.find(what, skip)
	if i < 0 {
		l.fail(of + " has no end")
		l.advance(len(l.rest()))
		return
	}
	l.advance(i + len(what))
}

func (l *lexer) fail(what string) {
	if l.broken == "" {
		l.broken, l.where = what, l.line
	}
}

// next is the next token that is no comment and no directive of a template.
func (l *lexer) next() token {
	for {
		l.advance(len(l.rest()) - len(strings.TrimLeft(l.rest(), " \t\r\n\f\v\x00\uFEFF")))
		if l.rest() == "" {
			return token{kind: end, place: place{l.file, l.at, l.at, l.line}}
		}
		if !l.comment() && !l.directive() {
			return l.token()
		}
	}
}

func (l *lexer) comment() bool {
	s := l.rest()
	switch {
	case strings.HasPrefix(s, "/*"):
		l.upTo("*/", 2, "a comment")
	case strings.HasPrefix(s, "C{"):
		l.upTo("}C", 2, "inline C")
	case strings.HasPrefix(s, "//"), s[0] == '#':
		l.fastly = l.fastly || strings.HasPrefix(s, "#FASTLY") || strings.HasPrefix(s, "# FASTLY")
		n := strings.IndexByte(s, '\n')
		if n < 0 {
			n = len(s)
		}
		l.advance(n)
	default:
		return false
	}
	return true
}

// directive moves over what a template is made of and leaves nothing behind: {% if x %}, <% if x %>, {# a comment #}. What stands
// between two of them is read as if all of it remained.
func (l *lexer) directive() bool {
	s := l.rest()
	switch {
	case strings.HasPrefix(s, "{%"):
		return l.over("%}")
	case strings.HasPrefix(s, "<%") && !strings.HasPrefix(s, "<%="):
		return l.over("%>")
	case strings.HasPrefix(s, "{#"): // a block may begin with a comment
		line, _, _ := strings.Cut(s, "\n")
		if i := strings.Index(line, "#}"); i > 0 {
			l.advance(i + 2)
			return true
		}
	}
	return false
}

// over moves behind an end, if one comes soon.
func (l *lexer) over(what string) bool {
	s := l.rest()
	i := strings.Index(s[2:min(len(s), 4096)], what)
	if i < 0 {
		return false
	}
	l.advance(2 + i + len(what))
	l.template = true
	return true
}

// placeholder is the length of a value that a template fills in at the beginning of s, 0 where there is none. It is of one line.
func placeholder(s string) int {
	for _, p := range [][2]string{{"{{", "}}"}, {"<%", "%>"}, {"{%", "%}"}, {"${", "}"}, {"%%", "%%"}, {"@@", "@@"}} {
		if !strings.HasPrefix(s, p[0]) {
			continue
		}
		near := s[2:min(len(s), 512)]
		if i := strings.Index(near, p[1]); i >= 0 && !strings.Contains(near[:i], "\n") {
			return 2 + i + len(p[1])
		}
	}
	return 0
}

func (l *lexer) token() token {
	s := l.rest()
	t := token{place: place{file: l.file, start: l.at, line: l.line}}
	n := 1
	switch {
	case strings.HasPrefix(s, `"""`):
		n = l.quoted(&t, 3, `"""`)
	case s[0] == '"':
		n = l.oneLine(&t)
	case s[0] == '{' && longQuote(s) > 0:
		opening := longQuote(s)
		n = l.quoted(&t, opening, `"`+s[1:opening-1]+"}")
	case placeholder(s) > 0:
		t.kind, n = hole, placeholder(s)
	case letter(s[0]):
		t.kind, n = name, nameLength(s)
		t.text = s[:n]
		if s[n-1] == '.' && n < len(s) && s[n] == '"' { // req.http."X.Y"
			if i := strings.IndexByte(s[n+1:min(len(s), n+257)], '"'); i > 0 {
				t.text = s[:n] + s[n+1:n+1+i]
				n += i + 2
			}
		}
	case s[0] >= '0' && s[0] <= '9':
		t.kind, n = number, 1+len(s[1:])-len(strings.TrimLeft(s[1:], "0123456789.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		t.text = s[:n]
	default:
		t.kind, n = sign, signLength(s)
		t.text = s[:n]
	}
	l.advance(n)
	t.end = l.at
	return t
}

// quoted reads a string up to its end, over lines, and returns its length with the quotes.
func (l *lexer) quoted(t *token, opening int, closing string) int {
	t.kind = str
	i := l.find(closing, opening)
	if i < 0 {
		l.fail("a string has no end")
		return len(l.rest())
	}
	t.text = l.rest()[opening:i]
	t.holed = strings.Contains(t.text, "{{") || strings.Contains(t.text, "<%")
	return i + len(closing)
}

// oneLine reads a string of one line. A quote inside of what a template fills in does not end it.
func (l *lexer) oneLine(t *token) int {
	t.kind = str
	s := l.rest()
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			t.text = s[1:i]
			return i + 1
		case s[i] == '\n':
			l.fail("a string has no end")
			t.text = s[1:i]
			return i
		default:
			if n := placeholder(s[i:]); n > 0 {
				t.holed = true
				i += n - 1
			}
		}
	}
	l.fail("a string has no end")
	t.text = s[1:]
	return len(s)
}

// longQuote is the length of what opens a long string: {" or, with Fastly, {word".
func longQuote(s string) int {
	n := 1
	for n < len(s) && n < 40 && (letter(s[n]) || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n < len(s) && s[n] == '"' {
		return n + 1
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

// nameLength is the length of a name with its dots, and with the member that Fastly writes after a colon.
func nameLength(s string) int {
	n := 1
	for n < len(s) && (letter(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '-' || s[n] == '.' || s[n] == ':' && n+1 < len(s) && letter(s[n+1])) {
		n++
	}
	return n
}

var signs = []string{"!~", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^="}

func signLength(s string) int {
	for _, two := range signs {
		if strings.HasPrefix(s, two) {
			return 2
		}
	}
	return 1
}
