package python

// match reads a match statement; nil if match is a name like any other here.
func (p *parser) match() Stmt {
	before := p.lexer
	start := p.start
	p.next()
	if !startsExpression[p.kind] && p.kind != star {
		p.back(before)
		return nil
	}
	n := &Match{Subject: p.subject()}
	if p.kind != colon {
		p.back(before)
		return nil
	}
	if p.next(); p.kind != newline {
		p.back(before)
		return nil
	}
	p.enter()
	defer p.leaveLevel()
	p.next()
	if p.kind != indent {
		p.error(int(p.start), "expected an indented block")
		n.Span = Span{start, p.previous}
		return n
	}
	p.next()
	for p.kind != dedent && p.kind != endOfFile {
		if !p.word("case") {
			p.error(int(p.start), "expected 'case'")
			p.statement()
			continue
		}
		n.Cases = append(n.Cases, p.matchCase())
	}
	if n.Cases = exact(n.Cases); len(n.Cases) > 0 {
		p.accept(dedent)
		p.previous = p.content
	}
	n.Span = p.to(start)
	return n
}

func (p *parser) subject() Expr {
	start := p.start
	first := p.starNamed()
	if p.kind == comma {
		return p.tupleFrom(start, first, (*parser).starNamed)
	}
	if _, starred := first.(*Starred); starred {
		return p.unexpected()
	}
	return first
}

func (p *parser) matchCase() *MatchCase {
	start := p.start
	p.next()
	c := &MatchCase{Pattern: p.openPattern()}
	if p.accept(keywordIf) {
		c.Guard = p.named()
	}
	failed := p.failed
	if c.Body = p.clause(start); failed {
		c.Pattern, c.Guard = &MatchAs{Span: Span{start, start}}, nil
	}
	c.Span = p.to(start)
	return c
}

// openPattern reads a pattern, or a sequence of them without brackets.
func (p *parser) openPattern() Pattern {
	start := p.start
	first := p.maybeStarPattern()
	if p.kind != comma {
		if _, starred := first.(*MatchStar); starred {
			p.unexpected()
		}
		return first
	}
	patterns := p.patternsFrom(first)
	return &MatchSequence{p.to(start), patterns}
}

// patternsFrom reads the rest of a sequence, the first pattern of which has been read.
func (p *parser) patternsFrom(first Pattern) []Pattern {
	mark := len(p.patterns)
	p.patterns = append(p.patterns, first)
	height := p.height
	for p.accept(comma) && p.startsPattern() {
		p.patterns = append(p.patterns, p.maybeStarPattern())
		height = max(height, p.height)
	}
	p.raise(height)
	return take(&p.patterns, mark)
}

func (p *parser) startsPattern() bool {
	switch p.kind {
	case name, number, stringLiteral, fString, minus, leftParenthesis, leftBracket, leftBrace, star, keywordNone, keywordTrue, keywordFalse:
		return true
	}
	return false
}

func (p *parser) maybeStarPattern() Pattern {
	if p.kind != star {
		return p.pattern()
	}
	start := p.start
	p.next()
	p.height = 1
	if p.word("_") {
		p.next()
		return &MatchStar{Span: p.to(start)}
	}
	s := p.identifierName()
	return &MatchStar{p.to(start), s}
}

// boundName reads a name that is bound to what matches.
func (p *parser) boundName() string {
	if p.word("_") {
		p.unexpected()
	}
	s := p.identifierName()
	if p.kind == dot || p.kind == leftParenthesis || p.kind == equal {
		p.unexpected()
	}
	return s
}

// pattern reads alternatives, and as.
func (p *parser) pattern() Pattern {
	start := p.start
	p.enter()
	defer p.leaveLevel()
	n := p.alternatives()
	if !p.accept(keywordAs) {
		return n
	}
	s := p.boundName()
	p.raise(p.height)
	return &MatchAs{p.to(start), n, s}
}

func (p *parser) alternatives() Pattern {
	start := p.start
	first := p.closedPattern()
	if p.kind != bar {
		return first
	}
	mark := len(p.patterns)
	p.patterns = append(p.patterns, first)
	height := p.height
	for p.accept(bar) {
		p.patterns = append(p.patterns, p.closedPattern())
		height = max(height, p.height)
	}
	p.raise(height)
	return &MatchOr{p.to(start), take(&p.patterns, mark)}
}

func (p *parser) closedPattern() Pattern {
	start := p.start
	p.height = 1
	switch p.kind {
	case keywordNone:
		p.next()
		return &MatchSingleton{p.to(start), None}
	case keywordTrue:
		p.next()
		return &MatchSingleton{p.to(start), True}
	case keywordFalse:
		p.next()
		return &MatchSingleton{p.to(start), False}
	case number, minus, stringLiteral, fString:
		value := p.literalPattern()
		return &MatchValue{p.to(start), value}
	case leftParenthesis:
		return p.groupPattern()
	case leftBracket:
		p.next()
		patterns := p.patternList(rightBracket)
		return &MatchSequence{p.to(start), patterns}
	case leftBrace:
		return p.mappingPattern()
	case name:
		return p.namePattern()
	}
	p.unexpected()
	return &MatchAs{}
}

// patternList reads patterns up to the bracket that ends them.
func (p *parser) patternList(end kind) (patterns []Pattern) {
	if p.kind != end {
		patterns = p.patternsFrom(p.maybeStarPattern())
	}
	p.expect(end, "invalid syntax")
	return patterns
}

// literalPattern reads a string, or a number with a sign and an imaginary part.
func (p *parser) literalPattern() Expr {
	if p.kind == stringLiteral || p.kind == fString {
		return p.strings()
	}
	start := p.start
	e, imaginary := p.signedNumber()
	if p.kind != plus && p.kind != minus {
		return e
	}
	op := Add
	if p.kind == minus {
		op = Sub
	}
	p.next()
	if p.kind != number || imaginary {
		return p.unexpected()
	}
	right := p.atom()
	if c, ok := right.(*Constant); !ok || c.Kind != Imaginary {
		p.fail("imaginary number required in complex literal")
	}
	p.raise(2)
	return &BinOp{p.to(start), e, op, right}
}

func (p *parser) signedNumber() (e Expr, imaginary bool) {
	start := p.start
	negative := p.accept(minus)
	if p.kind != number {
		return p.unexpected(), false
	}
	e = p.atom()
	c, _ := e.(*Constant)
	imaginary = c != nil && c.Kind == Imaginary
	if negative {
		p.raise(p.height)
		e = &UnaryOp{p.to(start), USub, e}
	}
	return e, imaginary
}

// groupPattern reads a pattern in parentheses, or a sequence in them.
func (p *parser) groupPattern() Pattern {
	start := p.start
	p.next()
	if p.accept(rightParenthesis) {
		return &MatchSequence{Span: p.to(start)}
	}
	first := p.maybeStarPattern()
	if p.kind != comma {
		if _, starred := first.(*MatchStar); starred {
			p.unexpected()
		}
		p.expect(rightParenthesis, "invalid syntax")
		return first
	}
	patterns := p.patternsFrom(first)
	p.expect(rightParenthesis, "invalid syntax")
	return &MatchSequence{p.to(start), patterns}
}

// namePattern reads a name that is bound, a dotted name that is a value, or a class.
func (p *parser) namePattern() Pattern {
	start := p.start
	s, wildcard := p.identifierText(), p.word("_")
	value := p.atom()
	for p.kind == dot {
		p.next()
		attr := p.identifierName()
		p.raise(p.height)
		value = &Attribute{Span: p.to(start), Value: value, Attr: attr}
	}
	if p.kind == leftParenthesis {
		return p.classPattern(start, value)
	}
	if p.kind == equal {
		p.unexpected()
	}
	if _, dotted := value.(*Attribute); dotted {
		return &MatchValue{p.to(start), value}
	}
	if wildcard {
		s = ""
	}
	return &MatchAs{Span: p.to(start), Name: s}
}

func (p *parser) classPattern(start int32, class Expr) Pattern {
	n := &MatchClass{Class: class}
	mark := len(p.patterns)
	var keywords []Pattern
	height := p.height
	p.next()
	for p.kind != rightParenthesis && p.startsPattern() {
		if key, ok := p.patternKeyword(); ok {
			n.KwdAttrs = append(n.KwdAttrs, key)
			keywords = append(keywords, p.pattern())
		} else {
			if keywords != nil {
				p.fail("positional patterns follow keyword patterns")
			}
			p.patterns = append(p.patterns, p.pattern())
		}
		height = max(height, p.height)
		if !p.accept(comma) {
			break
		}
	}
	n.Patterns = take(&p.patterns, mark)
	n.KwdAttrs, n.KwdPatterns = exact(n.KwdAttrs), exact(keywords)
	p.expect(rightParenthesis, "invalid syntax")
	p.raise(height)
	n.Span = p.to(start)
	return n
}

// patternKeyword reads name=, if that is what stands there.
func (p *parser) patternKeyword() (key string, ok bool) {
	if p.kind != name {
		return "", false
	}
	before := p.lexer
	key = p.identifierName()
	if !p.failed && p.accept(equal) {
		return key, true
	}
	p.back(before)
	return "", false
}

func (p *parser) mappingPattern() Pattern {
	start := p.start
	n := &MatchMapping{}
	keys, mark := len(p.exprs), len(p.patterns)
	height := 0
	p.next()
	for p.kind != rightBrace && !p.failed {
		if p.accept(doubleStar) {
			n.Rest = p.boundName()
			p.accept(comma)
			break
		}
		p.exprs = append(p.exprs, p.mappingKey())
		height = max(height, p.height)
		p.expect(colon, "expected ':'")
		p.patterns = append(p.patterns, p.pattern())
		height = max(height, p.height)
		if !p.accept(comma) {
			break
		}
	}
	n.Keys, n.Patterns = take(&p.exprs, keys), take(&p.patterns, mark)
	p.expect(rightBrace, "invalid syntax")
	p.raise(height)
	n.Span = p.to(start)
	return n
}

func (p *parser) mappingKey() Expr {
	switch p.kind {
	case keywordNone:
		return p.constant(None)
	case keywordTrue:
		return p.constant(True)
	case keywordFalse:
		return p.constant(False)
	case number, minus, stringLiteral, fString:
		return p.literalPattern()
	case name:
		if value, ok := p.namePattern().(*MatchValue); ok {
			return value.Value
		}
	}
	return p.unexpected()
}
