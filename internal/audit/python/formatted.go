package python

import "strings"

// Bounds of CPython.
const (
	maxFormatted = 149 // formatted strings inside one another
	maxFields    = 3   // replacement fields inside one another, in one string

	maxCharacterName = 128     // of \N{NAME}; no character of Unicode has so long a name
	maxDebug         = 1 << 16 // of the text that {value=} repeats; a longer one keeps its comments
)

// formattedString reads one f-string or template string, and leaves its parts on the stack.
func (p *parser) formattedString() {
	prefix := p.prefix
	if p.formatted == 0 {
		p.outer.body, p.outer.prefix, p.outer.brackets = int(p.end), prefix, p.brackets
	}
	if p.formatted++; p.formatted > maxFormatted {
		p.fail("too many nested f-strings")
	}
	p.enter()
	f := formatted{parser: p, prefix: prefix}
	f.parts(false)
	p.depth--
	p.formatted--
	p.height = f.height
}

// formatted is a formatted string while it is read.
type formatted struct {
	*parser
	prefix stringPrefix
	fields int // how many are open, one inside the other
	height int
}

// parts reads literal text and replacement fields by turns, up to the quotes, or in a format up to what ends the field.
func (f *formatted) parts(format bool) {
	// In a format, {{ is no brace but a set in a field, and a line may end. CPython forgets this after the first field.
	strict := !format
	for !f.failed {
		at := f.pos
		end := f.literal(at, !strict)
		c, doubled := f.src[end], f.src[end] == f.src[end+1]
		switch {
		case end == f.size:
			f.fail("unterminated f-string")
		case strict && c == '{' && doubled, !format && c == '}':
			if !doubled {
				f.fail("f-string: single '}' is not allowed")
				return
			}
			f.constantPart(at, end+1, end+2)
			f.pos = end + 2
		case c == '{':
			if f.constantPart(at, end, end); !f.failed {
				f.token(leftBrace, end, end+1)
				f.replacement()
			}
			strict = true
		default: // the quotes, or what ends the format
			if f.constantPart(at, end, end); !f.failed {
				f.endParts(end, format)
			}
			return
		}
	}
}

// endParts reads the quotes, or in a format the first token behind it.
func (f *formatted) endParts(end int, format bool) {
	f.pos, f.end = end, int32(end)
	if !format {
		quotes := 1
		if f.prefix.triple {
			quotes = 3
		}
		f.token(fString, end, end+quotes)
	}
	f.next()
}

// literal is where the literal text ends that begins at the offset.
func (f *formatted) literal(at int, format bool) int {
	quote := f.prefix.quote
	for i := at; ; i++ {
		switch c := f.src[i]; c {
		case '{', '}':
			return i
		case quote:
			if !f.prefix.triple || f.src[i+1] == quote && f.src[i+2] == quote {
				return i
			}
		case 0:
			if i == f.size {
				return i
			}
		case '\n', '\r':
			if !f.prefix.triple {
				if !format {
					f.fail("unterminated f-string")
				}
				return i
			}
		case '\\':
			i = f.escaped(i)
		}
	}
}

// escaped is the last byte of the escape that begins at the offset.
func (f *formatted) escaped(i int) int {
	switch c := f.src[i+1]; {
	case c == '{' || c == '}' || i+1 == f.size:
		return i
	case c == 'N' && !f.prefix.raw && f.src[i+2] == '{':
		n := strings.IndexAny(f.src[i:min(i+maxCharacterName, f.size)], "}\n\"'")
		if n < 0 || f.src[i+n] != '}' {
			return i + 1
		}
		return i + n
	case c == '\r' && f.src[i+2] == '\n':
		return i + 2
	}
	return i + 1
}

// constantPart is literal text, at a place that holds both of the braces that stand for the last one.
func (f *formatted) constantPart(start, end, behind int) {
	text := f.unescape(f.kept[start:end], f.prefix)
	if text == "" {
		return
	}
	n := f.constantNodes.make()
	n.Kind, n.Text = Str, text
	n.Span = Span{int32(start), int32(behind)}
	f.exprs = append(f.exprs, n)
}

// replacement reads {value=!r:format}. The brace is the current token.
func (f *formatted) replacement() {
	start := f.start
	if f.fields++; f.fields > maxFields {
		f.fail("f-string: expressions nested too deeply")
	}
	if f.brackets >= maxBrackets {
		f.fail("too many nested brackets")
	}
	outer := f.field
	f.brackets++
	f.field = f.brackets
	f.next()
	value := f.value()
	if f.failed {
		return
	}
	f.height = max(f.height, f.parser.height)
	text := f.src[start+1 : f.previous]
	debug := f.debug(start)
	var conversion byte
	if f.kind == exclamation {
		conversion = f.conversion()
	}
	var spec Expr
	if f.kind == formatColon {
		spec = f.format()
	} else if debug && conversion == 0 {
		conversion = 'r'
	}
	// What follows the brace is literal text again: no token must be read of it.
	if f.kind != rightBrace {
		f.fail("f-string: expected '}'")
	}
	f.field = outer
	f.fields--
	f.height++
	if f.height > maxDepth {
		f.fail("too deeply nested")
	}
	span := Span{start, f.end} // in a format, a template's fields are those of an f-string
	if f.prefix.template && f.fields == 0 {
		text = strings.TrimRight(text, " \t\n\r\f")
		f.exprs = append(f.exprs, &Interpolation{span, value, text, conversion, spec})
		return
	}
	f.exprs = append(f.exprs, &FormattedValue{span, value, conversion, spec})
}

// debug reads the = that has the text of the expression stand before its value.
func (f *formatted) debug(start int32) bool {
	if f.kind != equal {
		return false
	}
	f.next()
	n := f.constantNodes.make()
	n.Kind = Str
	n.Span = Span{start + 1, f.start}
	// Such fields may stand inside one another, so what is copied for each of them must not be long.
	if n.Text = f.kept[start+1 : f.start]; len(n.Text) < maxDebug {
		n.Text = newlines(f.withoutComments(int(start)+1, int(f.start)))
	}
	f.exprs = append(f.exprs, n)
	return true
}

// withoutComments is the text between two offsets, of which comments are no part.
func (p *parser) withoutComments(start, end int) string {
	comments := p.file.Comments
	first := len(comments)
	for first > 0 && int(comments[first-1].Start) >= start {
		first--
	}
	if first == len(comments) {
		return p.kept[start:end]
	}
	var b strings.Builder
	for _, c := range comments[first:] {
		b.WriteString(p.kept[start:c.Start])
		start = int(c.End)
	}
	b.WriteString(p.kept[start:end])
	return b.String()
}

func (f *formatted) conversion() byte {
	at := f.end
	f.next()
	if f.kind != name || f.start != at || f.end != at+1 {
		f.unexpected()
		return 0
	}
	c := f.src[at]
	if c != 's' && c != 'r' && c != 'a' {
		f.fail("f-string: invalid conversion character")
	}
	f.next()
	return c
}

// format reads the format that begins with the colon that is the current token.
func (f *formatted) format() Expr {
	start := f.start
	mark := len(f.exprs)
	outer := f.field
	f.parts(true)
	f.field = outer
	end := f.previous
	values := f.merge(mark)
	return &JoinedStr{Span{start, end}, values}
}
