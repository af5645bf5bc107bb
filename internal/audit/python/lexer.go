package python

import (
	"strings"
	"unicode/utf8"
)

// CPython's own bounds.
const (
	maxBrackets = 200 // open at the same time
	maxIndents  = 99  // inside one another
)

// lexer reads tokens, one at a time. It is small, so that a parser that looks ahead can copy it and come back.
type lexer struct {
	src  string // the text and padding behind it
	kept string // the text as the file has it, without a copy: what nodes hold is a part of this
	size int    // of the text
	pos  int    // of what stands behind the current token

	kind       kind
	start, end int32 // of the current token
	previous   int32 // end of the token before it

	brackets int  // how many are open
	field    int  // how many were open inside the innermost replacement field of an f-string; -1 outside of all
	begin    bool // a logical line begins
	blocks   int  // that are open: the number of indents that count
	dedents  int  // how many are due

	prefix  stringPrefix // of the current string
	lexical string       // why the current token is illegal

	comments int // how many there are
	errors   int
}

// indentation is how far a block stands to the right, with tabs as wide as up to the next eighth column, and as wide as one.
type indentation struct{ column, narrow int }

// stringPrefix is what a string begins with.
type stringPrefix struct {
	raw, bytes, unicode, formatted, template bool
	triple                                   bool
	quote                                    byte
	length                                   uint8 // of the letters and the quotes
}

// The classes of bytes.
const (
	other = iota
	letter
	digit
	white
)

// class tells them apart; letters are those of identifiers, all that is no ASCII among them.
var class = func() (table [256]uint8) {
	for c := range table {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf:
			table[c] = letter
		case c >= '0' && c <= '9':
			table[c] = digit
		case c == ' ' || c == '\t' || c == '\f':
			table[c] = white
		}
	}
	return table
}()

// next reads a token. A parser that has failed sees no other until it recovers.
func (p *parser) next() {
	if p.failed || p.kind == endOfFile && p.end > 0 {
		return
	}
	p.scan()
}

func (p *parser) scan() {
	from := p.pos
	p.read()
	p.work += max(1, p.pos-from)
}

func (p *parser) read() {
	p.previous = p.end
	if p.dedents > 0 {
		p.dedents--
		p.kind = dedent
		return
	}
	if p.begin {
		p.begin = false
		if p.indentation() {
			return
		}
	}
	for {
		for class[p.src[p.pos]] == white {
			p.pos++
		}
		c := p.src[p.pos]
		switch class[c] {
		case letter:
			p.identifier()
			return
		case digit:
			p.number()
			return
		}
		switch c {
		case '#':
			p.comment()
		case '\n', '\r':
			at := p.pos
			p.pos = p.lineEnd(at)
			if p.brackets == 0 {
				p.token(newline, at, p.pos)
				p.begin = true
				return
			}
		case '\\':
			if !p.continuation() {
				return
			}
		case '"', '\'':
			p.stringToken(p.pos, p.pos)
			return
		case '<', '=', '>', '|':
			if p.marker(p.pos) {
				p.skipLine(p.pos, "conflict marker")
				continue
			}
			p.operator(c)
			return
		default:
			p.operator(c)
			return
		}
	}
}

func (p *parser) token(k kind, start, end int) {
	p.kind, p.start, p.end, p.pos = k, int32(start), int32(end), end
}

func (p *parser) illegal(start, end int, why string) {
	p.token(illegal, start, end)
	p.lexical = why
}

// lineEnd is where the line behind the line end at the offset begins.
func (p *parser) lineEnd(at int) int {
	if p.src[at] == '\r' && p.src[at+1] == '\n' {
		return at + 2
	}
	return at + 1
}

// restOfLine is where the line ends that the offset stands in.
func (p *parser) restOfLine(at int) int {
	if p.returns {
		for p.src[at] != '\n' && p.src[at] != '\r' && at < p.size {
			at++
		}
		return at
	}
	if n := strings.IndexByte(p.src[at:], '\n'); n >= 0 {
		return at + n
	}
	return p.size
}

func (p *parser) comment() {
	end := p.restOfLine(p.pos)
	p.file.Comments = append(p.file.Comments, Comment{Span{int32(p.pos), int32(end)}})
	p.comments++
	p.pos = end
}

// continuation reads a \ at the end of a line; where it is none, the token is illegal.
func (p *parser) continuation() bool {
	at := p.pos
	if c := p.src[at+1]; c != '\n' && c != '\r' {
		p.illegal(at, at+1, "unexpected character behind a line continuation")
		return false
	}
	end := p.lineEnd(at + 1)
	if end >= p.size {
		p.illegal(at, at+1, "unexpected end of the file behind a line continuation")
		return false
	}
	p.pos = end
	return true
}

// marker reports whether a version control system, unable to merge, left its mark at the offset.
func (p *parser) marker(at int) bool {
	if at > 0 && p.src[at-1] != '\n' || p.src[at] != p.src[at+1] {
		return false
	}
	c := p.src[at : at+1]
	if p.src[at:at+7] != strings.Repeat(c, 7) {
		return false
	}
	switch p.src[at+7] {
	case ' ', '\n', '\r', 0:
		return true
	}
	return false
}

// skipLine leaves a line out that Python never reads, as if it were a comment: it would tear apart the block in which it stands.
func (p *parser) skipLine(at int, why string) {
	p.error(at, why)
	p.pos = p.restOfLine(at)
}

// indentation reads the beginning of a logical line, with all the lines before it that hold no token. It reports whether there is
// a token to return: the end of the file, or that a block begins or ends.
func (p *parser) indentation() bool {
	for {
		at, in, ok := p.measure()
		if !ok {
			return true
		}
		switch c := p.src[at]; {
		case c == '#':
			p.pos = at
			p.comment()
			at = p.pos
			if p.src[at] == 0 {
				return p.leave(at)
			}
			p.pos = p.lineEnd(at)
		case c == '\n' || c == '\r':
			p.pos = p.lineEnd(at)
		case c == 0 && at == p.size:
			return p.leave(at)
		case p.marker(at):
			p.skipLine(at, "conflict marker")
		case c == '{' && p.src[at+1] == '%':
			p.skipLine(at, "a template's directive")
		default:
			p.pos = at
			return p.indent(at, in)
		}
	}
}

// measure reads white space at the beginning of a line.
func (p *parser) measure() (at int, in indentation, ok bool) {
	continued := 0
	for at = p.pos; ; at++ {
		switch p.src[at] {
		case ' ':
			in.column++
			in.narrow++
		case '\t':
			in.column = (in.column/8 + 1) * 8
			in.narrow++
		case '\f':
			in = indentation{}
		case '\\':
			// Of an indentation on several lines, the first counts.
			if continued == 0 {
				continued = in.column
			}
			if p.pos = at; !p.continuation() {
				return at, in, false
			}
			at = p.pos - 1
		default:
			if continued > 0 {
				in = indentation{continued, continued}
			}
			return at, in, true
		}
	}
}

// leave ends all blocks, and the file.
func (p *parser) leave(at int) bool {
	p.token(endOfFile, at, at)
	if p.blocks > 0 {
		p.dedents = p.blocks - 1
		p.blocks = 0
		p.kind = dedent
		p.begin = true
	}
	return true
}

func (p *parser) indent(at int, in indentation) bool {
	top := indentation{}
	if p.blocks > 0 {
		top = p.indents[p.blocks-1]
	}
	switch {
	case in.column == top.column:
		if in.narrow != top.narrow {
			p.error(at, "inconsistent use of tabs and spaces in indentation")
		}
		return false
	case in.column > top.column:
		if in.narrow <= top.narrow {
			p.error(at, "inconsistent use of tabs and spaces in indentation")
		}
		if p.blocks >= maxIndents {
			p.error(at, "too many levels of indentation")
			return false
		}
		p.indents = append(p.indents[:p.blocks], in)
		p.blocks++
		p.token(indent, at, at)
		return true
	}
	return p.dedent(at, in)
}

func (p *parser) dedent(at int, in indentation) bool {
	n := 0
	for p.blocks > 0 && p.indents[p.blocks-1].column > in.column {
		p.blocks--
		n++
	}
	top := indentation{}
	if p.blocks > 0 {
		top = p.indents[p.blocks-1]
	}
	switch {
	case top.column != in.column:
		// The line stands between two blocks: it is taken for one of the inner.
		p.error(at, "unindent does not match any outer indentation level")
		p.indents = append(p.indents[:p.blocks], in)
		p.blocks++
		n--
	case top.narrow != in.narrow:
		p.error(at, "inconsistent use of tabs and spaces in indentation")
	}
	if n == 0 {
		return false
	}
	p.dedents = n - 1
	p.token(dedent, at, at)
	return true
}

func (p *parser) identifier() {
	at := p.pos
	end := at + 1
	for class[p.src[end]]-1 < digit { // letter or digit
		end++
	}
	if c := p.src[end]; (c == '"' || c == '\'') && end-at <= 2 && p.stringToken(at, end) {
		return
	}
	p.token(keyword(p.src[at:end]), at, end)
	if p.kind == name && !p.ascii {
		p.checkIdentifier(at, end)
	}
}

// number reads a literal of a number that begins at the current offset, with a digit or a dot.
func (p *parser) number() {
	end, why := numberEnd(p.src, p.pos)
	if why != "" {
		p.illegal(p.pos, end, why)
		return
	}
	p.token(number, p.pos, end)
}

// stringToken reads a string, of which the quotes begin behind some letters. It returns false if these are no prefix.
func (p *parser) stringToken(at, quotes int) bool {
	prefix, ok := readPrefix(p.src[at:quotes])
	if !ok {
		return false
	}
	prefix.quote = p.src[quotes]
	body := quotes + 1
	if p.src[quotes+1] == prefix.quote && p.src[quotes+2] == prefix.quote {
		prefix.triple = true
		body = quotes + 3
	}
	prefix.length = uint8(body - at)
	p.prefix = prefix
	if prefix.formatted || prefix.template {
		p.token(fString, at, body)
		return true
	}
	end, ok := p.stringEnd(body, prefix)
	if !ok {
		p.illegal(at, end, "unterminated string")
		return true
	}
	p.token(stringLiteral, at, end)
	return true
}

func readPrefix(letters string) (prefix stringPrefix, ok bool) {
	for i := range len(letters) {
		var set *bool
		switch letters[i] | 0x20 {
		case 'r':
			set = &prefix.raw
		case 'b':
			set = &prefix.bytes
		case 'u':
			set = &prefix.unicode
		case 'f':
			set = &prefix.formatted
		case 't':
			set = &prefix.template
		default:
			return prefix, false
		}
		if *set {
			return prefix, false
		}
		*set = true
	}
	// r goes with b, f and t; all else stands alone.
	return prefix, len(letters) < 2 || prefix.raw && !prefix.unicode
}

// stringEnd is what stands behind the quotes that end a string. Where there are none: the end of the line that it begins in, so that
// the lines below are read.
func (p *parser) stringEnd(body int, prefix stringPrefix) (end int, ok bool) {
	if prefix.triple {
		return p.tripleEnd(body, prefix.quote)
	}
	for i := body; ; i++ {
		switch c := p.src[i]; {
		case c == prefix.quote:
			return i + 1, true
		case c == '\\':
			i++
			if i == p.size {
				return i, false
			}
			if p.src[i] == '\r' && p.src[i+1] == '\n' {
				i++
			}
		case c == '\n' || c == '\r' || c == 0 && i == p.size:
			return i, false
		}
	}
}

func (p *parser) tripleEnd(body int, quote byte) (end int, ok bool) {
	// Who finds no end remembers it: otherwise each of many beginnings would be followed to the end of the file.
	unterminated := &p.unterminated[quote&1]
	if *unterminated > 0 && body >= *unterminated {
		return p.restOfLine(body), false
	}
	for i := body; i < p.size; {
		quotes := p.find(quote, i)
		if escape := p.find('\\', i); escape < quotes {
			i = escape + 2
			continue
		}
		if quotes < p.size && p.src[quotes+1] == quote && p.src[quotes+2] == quote {
			return quotes + 3, true
		}
		i = quotes + 1
	}
	*unterminated = body
	return p.restOfLine(body), false
}

// find is where a quote or a backslash stands first from the offset on, or the end of the text. The answer is kept until it is passed:
// to look for the one again behind each of the other would take quadratic time.
func (p *parser) find(c byte, at int) int {
	known := &p.found[c&3] // 0 for \, 2 for ", 3 for '
	if known.from <= at && at <= known.at {
		return known.at
	}
	n := strings.IndexByte(p.src[at:p.size], c)
	if n < 0 {
		n = p.size - at
	}
	p.work += n
	known.from, known.at = at, at+n
	return known.at
}

// operator reads brackets, punctuation and operators, and what is nothing of all this.
func (p *parser) operator(c byte) {
	at := p.pos
	one := p.src[at+1]
	k, n := operatorToken(c, one, p.src[at+2])
	switch k {
	case leftParenthesis, leftBracket, leftBrace:
		if p.brackets >= maxBrackets {
			p.illegal(at, at+1, "too many nested brackets")
			return
		}
		p.brackets++
	case rightParenthesis, rightBracket, rightBrace:
		if p.brackets > 0 {
			p.brackets--
		}
	case colon, colonEqual:
		if p.brackets == p.field {
			k, n = formatColon, 1
		}
	case dot:
		if class[one] == digit {
			p.number()
			return
		}
	case endOfFile:
		if at == p.size {
			p.eof()
			return
		}
		p.illegal(at, at+1, "unexpected character")
		return
	case illegal:
		p.illegal(at, at+1, "unexpected character")
		return
	}
	p.token(k, at, at+n)
}

// eof ends the last line, which may lack a line end, then all blocks, then the file.
func (p *parser) eof() {
	at := p.pos
	if p.brackets == 0 {
		p.token(newline, at, at)
		p.begin = true
		return
	}
	p.token(endOfFile, at, at)
}
