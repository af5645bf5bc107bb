package python

// starExpressions reads expressions with commas between, each of which may have a star: a tuple, unless it is one alone.
func (p *parser) starExpressions() Expr {
	start := p.start
	first := p.starExpression()
	if p.kind != comma {
		return first
	}
	return p.tupleFrom(start, first, (*parser).starExpression)
}

// tupleFrom reads the rest of a tuple without brackets of its own, from its first comma on.
func (p *parser) tupleFrom(start int32, first Expr, element func(*parser) Expr) Expr {
	elements := p.elements(first, element)
	return &Tuple{Span: p.to(start), Elts: elements}
}

// elements reads the rest of a list with commas, the first element of which has been read.
func (p *parser) elements(first Expr, element func(*parser) Expr) []Expr {
	mark := len(p.exprs)
	p.exprs = append(p.exprs, first)
	height := p.height
	for p.accept(comma) && (startsExpression[p.kind] || p.kind == star) {
		p.exprs = append(p.exprs, element(p))
		height = max(height, p.height)
	}
	p.raise(height)
	return take(&p.exprs, mark)
}

func (p *parser) starExpression() Expr {
	if p.kind == star {
		return p.starred()
	}
	return p.expression()
}

// starNamed is starExpression with := allowed.
func (p *parser) starNamed() Expr {
	if p.kind == star {
		return p.starred()
	}
	return p.named()
}

func (p *parser) starred() Expr {
	start := p.start
	p.next()
	value := p.arithmetic()
	p.raise(p.height)
	return &Starred{Span: p.to(start), Value: value}
}

// named reads an expression or name := expression.
func (p *parser) named() Expr {
	start, bare := p.start, p.kind == name
	e := p.expression()
	if p.kind != colonEqual || !bare {
		return e
	}
	return p.walrus(start, e)
}

// walrus reads := and what follows, if what stands before is a name without brackets.
func (p *parser) walrus(start int32, e Expr) Expr {
	target, ok := e.(*Name)
	if !ok {
		return p.unexpected()
	}
	p.next()
	value := p.expression()
	p.raise(p.height)
	return &NamedExpr{p.to(start), target, value}
}

// expression reads lambda, and x if y else z, and all that binds more.
func (p *parser) expression() Expr {
	if p.kind == keywordLambda {
		return p.lambda()
	}
	start := p.start
	p.enter()
	e := p.disjunction()
	if p.kind == keywordIf {
		height := p.height
		p.next()
		n := &IfExp{Test: p.disjunction(), Body: e}
		height = max(height, p.height)
		p.expect(keywordElse, "expected 'else' behind 'if' in an expression")
		n.Else = p.expression()
		n.Span = p.to(start)
		p.raise(max(height, p.height))
		e = n
	}
	p.depth--
	return e
}

func (p *parser) lambda() Expr {
	start := p.start
	p.next()
	p.enter()
	n := &Lambda{Args: p.parameters(colon, false)}
	height := p.height
	p.expect(colon, "expected ':'")
	n.Body = p.expression()
	p.depth--
	p.raise(max(height, p.height))
	n.Span = p.to(start)
	return n
}

func (p *parser) disjunction() Expr {
	start := p.start
	first := p.conjunction()
	if p.kind != keywordOr {
		return first
	}
	mark, height := len(p.exprs), p.height
	p.exprs = append(p.exprs, first)
	for p.accept(keywordOr) {
		p.exprs = append(p.exprs, p.conjunction())
		height = max(height, p.height)
	}
	p.raise(height)
	return &BoolOp{p.to(start), true, take(&p.exprs, mark)}
}

func (p *parser) conjunction() Expr {
	start := p.start
	first := p.inversion()
	if p.kind != keywordAnd {
		return first
	}
	mark, height := len(p.exprs), p.height
	p.exprs = append(p.exprs, first)
	for p.accept(keywordAnd) {
		p.exprs = append(p.exprs, p.inversion())
		height = max(height, p.height)
	}
	p.raise(height)
	return &BoolOp{p.to(start), false, take(&p.exprs, mark)}
}

func (p *parser) inversion() Expr {
	if p.kind != keywordNot {
		return p.comparison()
	}
	start := p.start
	p.enter()
	p.next()
	operand := p.inversion()
	p.depth--
	p.raise(p.height)
	return &UnaryOp{p.to(start), Not, operand}
}

func (p *parser) comparison() Expr {
	start := p.start
	left := p.arithmetic()
	if !p.comparing() {
		return left
	}
	n := &Compare{Left: left}
	mark, ops, height := len(p.exprs), len(p.compares), p.height
	for p.comparing() {
		p.compares = append(p.compares, p.compareOperator())
		p.exprs = append(p.exprs, p.arithmetic())
		height = max(height, p.height)
	}
	p.raise(height)
	n.Ops, n.Comparators = take(&p.compares, ops), take(&p.exprs, mark)
	n.Span = p.to(start)
	return n
}

func (p *parser) comparing() bool {
	switch p.kind {
	case keywordIn, keywordNot, keywordIs:
		return true
	}
	return p.kind >= equalEqual && p.kind <= greaterEqual
}

func (p *parser) compareOperator() CompareOp {
	k := p.kind
	if k == notEqual && p.src[p.start] == '<' {
		p.unexpected()
	}
	p.next()
	switch k {
	case keywordIn:
		return In
	case keywordNot:
		p.expect(keywordIn, "invalid syntax")
		return NotIn
	case keywordIs:
		if p.accept(keywordNot) {
			return IsNot
		}
		return Is
	}
	return CompareOp(k - equalEqual)
}

// arithmetic reads the operators of two operands from | up to **.
func (p *parser) arithmetic() Expr {
	start := p.start
	left := p.factor()
	if precedence[p.kind] == 0 {
		return left
	}
	return p.binary(start, left, 1)
}

// binary reads operators that bind at least so much, behind the left operand that began at the offset.
func (p *parser) binary(start int32, left Expr, least uint8) Expr {
	for {
		k := p.kind
		binds := precedence[k]
		if binds < least || binds == 0 {
			return left
		}
		height := p.height
		p.next()
		at := p.start
		right := p.factor()
		if precedence[p.kind] > binds {
			right = p.binary(at, right, binds+1)
		}
		p.raise(max(height, p.height))
		left = &BinOp{p.to(start), left, operator(k), right}
	}
}

// factor reads signs, await and **.
func (p *parser) factor() Expr {
	start := p.start
	var op UnaryOperator
	switch p.kind {
	case plus:
		op = UAdd
	case minus:
		op = USub
	case tilde:
		op = Invert
	default:
		return p.power()
	}
	p.enter()
	p.next()
	operand := p.factor()
	p.depth--
	p.raise(p.height)
	return &UnaryOp{p.to(start), op, operand}
}

func (p *parser) power() Expr {
	start := p.start
	var base Expr
	if p.accept(keywordAwait) {
		base = p.primary()
		p.raise(p.height)
		base = &Await{p.to(start), base}
	} else {
		base = p.primary()
	}
	if p.kind != doubleStar {
		return base
	}
	height := p.height
	p.enter()
	p.next()
	exponent := p.factor()
	p.depth--
	p.raise(max(height, p.height))
	return &BinOp{p.to(start), base, Pow, exponent}
}

// primary reads an atom with attributes, calls and subscripts behind it.
func (p *parser) primary() Expr {
	start := p.start
	e := p.atom()
	for {
		switch p.kind {
		case dot:
			p.next()
			n := p.attributeNodes.make()
			n.Value, n.Attr = e, p.identifierName()
			n.Span = p.to(start)
			p.raise(p.height)
			e = n
		case leftParenthesis:
			e = p.call(start, e)
		case leftBracket:
			height := p.height
			p.next()
			slice := p.slices()
			p.expect(rightBracket, "invalid syntax")
			p.raise(max(height, p.height))
			e = &Subscript{Span: p.to(start), Value: e, Slice: slice}
		default:
			return e
		}
	}
}

func (p *parser) call(start int32, function Expr) Expr {
	height := p.height
	open := p.start
	p.next()
	n := p.callNodes.make()
	n.Func = function
	n.Args, n.Keywords = p.arguments()
	if (p.kind == keywordFor || p.kind == keywordAsync) && len(n.Args) == 1 && n.Keywords == nil {
		n.Args[0] = p.generator(open, n.Args[0])
	} else {
		p.expect(rightParenthesis, "invalid syntax")
	}
	n.Span = p.to(start)
	p.raise(max(height, p.height))
	return n
}

// generator reads what follows the first expression in brackets that began at the offset.
func (p *parser) generator(open int32, element Expr) Expr {
	if _, star := element.(*Starred); star {
		return p.unexpected()
	}
	n := &Comp{Kind: GeneratorExp, Elt: element}
	n.Generators = p.comprehensions()
	p.expect(rightParenthesis, "invalid syntax")
	n.Span = p.to(open)
	return n
}

// arguments reads what stands between the brackets of a call or of a class.
func (p *parser) arguments() ([]Expr, []*Keyword) {
	mark, keywords := len(p.exprs), len(p.keywords)
	height := 0
	doubled := false
	for startsArgument(p.kind) {
		start := p.start
		switch k := p.kind; k {
		case star:
			if doubled {
				p.fail("iterable argument unpacking follows keyword argument unpacking")
			}
			p.next()
			value := p.expression()
			p.exprs = append(p.exprs, &Starred{Span: p.to(start), Value: value})
		case doubleStar:
			doubled = true
			p.next()
			value := p.expression()
			p.keywords = append(p.keywords, p.keyword(start, "", value))
		default:
			p.argument(start, k == name, len(p.keywords) > keywords)
		}
		height = max(height, p.height)
		if !p.accept(comma) {
			break
		}
		if (p.kind == keywordFor || p.kind == keywordAsync) && !p.failed {
			p.unexpected()
		}
	}
	p.raise(height)
	return take(&p.exprs, mark), take(&p.keywords, keywords)
}

func startsArgument(k kind) bool { return startsExpression[k] || k == star || k == doubleStar }

// argument reads an expression or name=expression.
func (p *parser) argument(start int32, bare, afterKeyword bool) {
	e := p.expression()
	if p.kind == equal && bare {
		if n, ok := e.(*Name); ok {
			p.next()
			value := p.expression()
			p.keywords = append(p.keywords, p.keyword(start, n.ID, value))
			return
		}
	}
	if p.kind == colonEqual && bare {
		e = p.walrus(start, e)
	}
	if afterKeyword {
		p.fail("positional argument follows keyword argument")
	}
	p.exprs = append(p.exprs, e)
}

func (p *parser) keyword(start int32, name string, value Expr) *Keyword {
	n := p.keywordNodes.make()
	n.Span, n.Name, n.Value = p.to(start), name, value
	return n
}

func (p *parser) slices() Expr {
	start := p.start
	first := p.slice()
	if _, starred := first.(*Starred); p.kind != comma && !starred {
		return first
	}
	mark, height := len(p.exprs), p.height
	p.exprs = append(p.exprs, first)
	for p.accept(comma) && (startsExpression[p.kind] || p.kind == star || p.kind == colon) {
		p.exprs = append(p.exprs, p.slice())
		height = max(height, p.height)
	}
	p.raise(height)
	return &Tuple{Span: p.to(start), Elts: take(&p.exprs, mark)}
}

func (p *parser) slice() Expr {
	start := p.start
	if p.accept(star) {
		value := p.expression()
		p.raise(p.height)
		return &Starred{Span: p.to(start), Value: value}
	}
	height := 0
	var lower Expr
	if p.kind != colon {
		if lower = p.named(); p.kind != colon {
			return lower
		}
		if _, walrus := lower.(*NamedExpr); walrus && p.src[start] != '(' {
			return p.unexpected()
		}
		height = p.height
	}
	p.next()
	n := &Slice{Lower: lower}
	if startsExpression[p.kind] {
		n.Upper = p.expression()
		height = max(height, p.height)
	}
	if p.accept(colon) && startsExpression[p.kind] {
		n.Step = p.expression()
		height = max(height, p.height)
	}
	p.raise(height)
	n.Span = p.to(start)
	return n
}

func (p *parser) atom() Expr {
	start := p.start
	p.height = 1
	switch p.kind {
	case name:
		n := p.nameNodes.make()
		n.ID = p.identifierText()
		n.Span = Span{p.start, p.end}
		p.next()
		return n
	case number:
		n := p.constantNodes.make()
		n.Kind, n.Text = numberConstant(p.kept[p.start:p.end])
		n.Span = Span{p.start, p.end}
		p.next()
		return n
	case stringLiteral, fString:
		return p.strings()
	case keywordNone:
		return p.constant(None)
	case keywordTrue:
		return p.constant(True)
	case keywordFalse:
		return p.constant(False)
	case ellipsis:
		return p.constant(Ellipsis)
	case leftParenthesis:
		p.enter()
		e := p.parenthesized(start)
		p.depth--
		return e
	case leftBracket:
		p.enter()
		e := p.list(start)
		p.depth--
		return e
	case leftBrace:
		p.enter()
		e := p.dictOrSet(start)
		p.depth--
		return e
	}
	return p.unexpected()
}

func (p *parser) constant(kind ConstantKind) Expr {
	n := p.constantNodes.make()
	n.Kind = kind
	n.Span = Span{p.start, p.end}
	p.next()
	return n
}

// parenthesized reads a tuple, a generator, or an expression in parentheses, which leave no trace in the tree.
func (p *parser) parenthesized(start int32) Expr {
	p.next()
	if p.accept(rightParenthesis) {
		return &Tuple{Span: p.to(start)}
	}
	if p.kind == keywordYield {
		e := p.yield()
		p.expect(rightParenthesis, "invalid syntax")
		return e
	}
	first := p.starNamed()
	switch p.kind {
	case comma:
		elements := p.elements(first, (*parser).starNamed)
		p.expect(rightParenthesis, "invalid syntax")
		return &Tuple{Span: p.to(start), Elts: elements}
	case keywordFor, keywordAsync:
		return p.generator(start, first)
	}
	if _, starred := first.(*Starred); starred {
		p.fail("a starred expression in parentheses")
	}
	p.expect(rightParenthesis, "invalid syntax")
	return first
}

func (p *parser) list(start int32) Expr {
	p.next()
	if p.accept(rightBracket) {
		return &List{Span: p.to(start)}
	}
	first := p.starNamed()
	if p.kind == keywordFor || p.kind == keywordAsync {
		return p.comp(start, &Comp{Kind: ListComp, Elt: first}, rightBracket)
	}
	elements := p.elements(first, (*parser).starNamed)
	p.expect(rightBracket, "invalid syntax")
	return &List{Span: p.to(start), Elts: elements}
}

// comp reads the rest of a comprehension, from its first for on.
func (p *parser) comp(start int32, n *Comp, end kind) Expr {
	if _, starred := n.Elt.(*Starred); starred {
		return p.unexpected()
	}
	n.Generators = p.comprehensions()
	p.expect(end, "invalid syntax")
	n.Span = p.to(start)
	return n
}

func (p *parser) comprehensions() []*Comprehension {
	var list []*Comprehension
	height := p.height
	for p.kind == keywordFor || p.kind == keywordAsync {
		start := p.start
		c := &Comprehension{Async: p.accept(keywordAsync)}
		p.expect(keywordFor, "invalid syntax")
		c.Target = p.targets()
		height = max(height, p.height)
		p.expect(keywordIn, "invalid syntax")
		c.Iter = p.disjunction()
		height = max(height, p.height)
		mark := len(p.exprs)
		for p.accept(keywordIf) {
			p.exprs = append(p.exprs, p.disjunction())
			height = max(height, p.height)
		}
		c.Ifs = take(&p.exprs, mark)
		c.Span = p.to(start)
		list = append(list, c)
	}
	p.raise(height + 1)
	return exact(list)
}

// dictOrSet reads what begins with a brace.
func (p *parser) dictOrSet(start int32) Expr {
	p.next()
	switch p.kind {
	case rightBrace:
		p.next()
		return &Dict{Span: p.to(start)}
	case doubleStar:
		return p.dict(start, nil)
	case star:
		return p.set(start, p.starNamed())
	}
	at := p.start
	first := p.named()
	if p.kind != colon {
		return p.set(start, first)
	}
	if _, walrus := first.(*NamedExpr); walrus && p.src[at] != '(' {
		return p.unexpected()
	}
	return p.dict(start, first)
}

func (p *parser) set(start int32, first Expr) Expr {
	if p.kind == keywordFor || p.kind == keywordAsync {
		return p.comp(start, &Comp{Kind: SetComp, Elt: first}, rightBrace)
	}
	elements := p.elements(first, (*parser).starNamed)
	p.expect(rightBrace, "invalid syntax")
	return &Set{p.to(start), elements}
}

// dict reads a dict of which the first key has been read, unless ** comes first.
func (p *parser) dict(start int32, key Expr) Expr {
	keys := len(p.exprs)
	height := 0
	first := key != nil
	for first || startsExpression[p.kind] || p.kind == doubleStar {
		var value Expr
		if !first && p.accept(doubleStar) {
			key, value = nil, p.arithmetic()
		} else {
			if !first {
				key = p.expression()
			}
			height = max(height, p.height)
			p.expect(colon, "expected ':' behind the key of a dict")
			value = p.expression()
			if first && (p.kind == keywordFor || p.kind == keywordAsync) {
				p.height = max(height, p.height)
				return p.comp(start, &Comp{Kind: DictComp, Elt: key, Value: value}, rightBrace)
			}
		}
		first = false
		height = max(height, p.height)
		p.exprs = append(p.exprs, key, value)
		if !p.accept(comma) {
			break
		}
	}
	p.expect(rightBrace, "invalid syntax")
	p.raise(height)
	n := &Dict{Span: p.to(start)}
	pairs := p.exprs[keys:]
	n.Keys, n.Values = make([]Expr, len(pairs)/2), make([]Expr, len(pairs)/2)
	for i := range n.Keys {
		n.Keys[i], n.Values[i] = pairs[2*i], pairs[2*i+1]
	}
	clear(pairs)
	p.exprs = p.exprs[:keys]
	return n
}

func (p *parser) yield() Expr {
	start := p.start
	p.enter()
	defer p.leaveLevel()
	p.next()
	if p.accept(keywordFrom) {
		value := p.expression()
		p.raise(p.height)
		return &YieldFrom{p.to(start), value}
	}
	var value Expr
	if startsExpression[p.kind] || p.kind == star {
		value = p.starExpressions()
	}
	p.raise(p.height)
	return &Yield{p.to(start), value}
}
