package python

import (
	"strings"
	"unicode/utf8"
)

// strings reads string literals that stand one behind the other, which make one value.
func (p *parser) strings() Expr {
	start := p.start
	if p.kind == stringLiteral {
		first := p.plainString()
		if p.kind != stringLiteral && p.kind != fString {
			return first
		}
		return p.concatenation(start, first)
	}
	return p.concatenation(start, nil)
}

// plainString reads one literal.
func (p *parser) plainString() *Constant {
	n := p.constantNodes.make()
	prefix := p.prefix
	n.Kind = Str
	if prefix.bytes {
		n.Kind = Bytes
	}
	n.U = prefix.unicode
	n.Span = Span{p.start, p.end}
	quotes := 1
	if prefix.triple {
		quotes = 3
	}
	n.Text = p.unescape(p.kept[int(p.start)+int(prefix.length):int(p.end)-quotes], prefix)
	p.next()
	return n
}

// concatenation reads literals from the given one on. If one of them is formatted, the whole is.
func (p *parser) concatenation(start int32, first *Constant) Expr {
	mark := len(p.exprs)
	if first != nil {
		p.exprs = append(p.exprs, first)
	}
	var sort struct{ bytes, text, formatted, template bool }
	note := func(c *Constant) {
		sort.bytes = sort.bytes || c.Kind == Bytes
		sort.text = sort.text || c.Kind != Bytes
	}
	if first != nil {
		note(first)
	}
	height := 1
	for p.kind == stringLiteral || p.kind == fString {
		if p.kind == stringLiteral {
			c := p.plainString()
			note(c)
			p.exprs = append(p.exprs, c)
			continue
		}
		sort.formatted = sort.formatted || p.prefix.formatted
		sort.template = sort.template || p.prefix.template
		p.formattedString()
		height = max(height, p.height)
	}
	p.raise(height)
	formatted := sort.formatted || sort.template
	if sort.bytes && (sort.text || formatted) {
		p.fail("cannot mix bytes and nonbytes literals")
	}
	if sort.template && (sort.text || sort.formatted) {
		p.fail("cannot mix template strings with other literals")
	}
	switch {
	case p.failed:
		take(&p.exprs, mark)
		return nothing
	case sort.template:
		return &TemplateStr{p.to(start), p.merge(mark)}
	case formatted:
		return &JoinedStr{p.to(start), p.merge(mark)}
	}
	return p.joinAll(start, mark)
}

// joinAll makes one constant of those on the stack above the mark.
func (p *parser) joinAll(start int32, mark int) Expr {
	n := p.constantNodes.make()
	list := p.exprs[mark:]
	n.Kind, n.U = list[0].(*Constant).Kind, list[0].(*Constant).U
	n.Text = joined(list)
	n.Span = p.to(start)
	clear(list)
	p.exprs = p.exprs[:mark]
	return n
}

func joined(list []Expr) string {
	if len(list) == 1 {
		return list[0].(*Constant).Text
	}
	length := 0
	for _, e := range list {
		length += len(e.(*Constant).Text)
	}
	var b strings.Builder
	b.Grow(length)
	for _, e := range list {
		b.WriteString(e.(*Constant).Text)
	}
	return b.String()
}

// merge takes what lies on the stack above the mark, and makes one constant of those beside one another, or none if it would be empty.
func (p *parser) merge(mark int) []Expr {
	list := p.exprs[mark:]
	kept := list[:0]
	for i := 0; i < len(list); {
		if _, ok := list[i].(*Constant); !ok {
			kept = append(kept, list[i])
			i++
			continue
		}
		run := i
		for ; i < len(list); i++ {
			if _, ok := list[i].(*Constant); !ok {
				break
			}
		}
		if c := mergeRun(list[run:i]); c != nil {
			kept = append(kept, c)
		}
	}
	clear(list[len(kept):])
	p.exprs = p.exprs[:mark+len(kept)]
	return take(&p.exprs, mark)
}

// mergeRun makes one constant of those given, or none if they are empty.
func mergeRun(run []Expr) *Constant {
	first, last := run[0].(*Constant), run[len(run)-1].(*Constant)
	if len(run) == 1 && first.Text != "" {
		return first
	}
	text := joined(run)
	if text == "" {
		return nil
	}
	return &Constant{Span: Span{first.Start, last.End}, Kind: Str, U: first.U, Text: text}
}

// unescape is the value of what stands between quotes.
func (p *parser) unescape(s string, prefix stringPrefix) string {
	if prefix.bytes && !p.ascii {
		for i := range len(s) {
			if s[i] >= utf8.RuneSelf {
				p.fail("bytes can only contain ASCII literal characters")
				break
			}
		}
	}
	if p.returns {
		s = newlines(s)
	}
	if prefix.raw || strings.IndexByte(s, '\\') < 0 {
		return s
	}
	value, why := unescape(s, prefix.bytes)
	if why != "" {
		p.fail(why)
	}
	return value
}

// newlines has all line ends as \n, as CPython reads them.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
