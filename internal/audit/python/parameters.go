package python

// parameters reads those of a function, up to the token that ends them, or of a lambda, which have no annotations.
func (p *parser) parameters(end kind, annotated bool) *Arguments {
	a := &Arguments{Span: Span{Start: p.start}}
	args, defaults := len(p.args), len(p.exprs)
	height := 0
	for p.kind == name || p.kind == slash || p.kind == star || p.kind == doubleStar {
		switch p.kind {
		case slash:
			if a.PosOnly != nil || len(p.args) == args {
				p.unexpected()
			}
			p.next()
			a.PosOnly = take(&p.args, args)
		case star, doubleStar:
			a.Args, a.Defaults = take(&p.args, args), take(&p.exprs, defaults)
			height = max(height, p.keywordOnly(a, annotated))
			p.raise(height)
			a.Span = p.to(a.Start)
			return a
		case name:
			p.args = append(p.args, p.arg(annotated))
			height = max(height, p.height)
			if p.accept(equal) {
				p.exprs = append(p.exprs, p.expression())
				height = max(height, p.height)
			} else if len(p.exprs) > defaults {
				p.fail("parameter without a default follows parameter with a default")
			}
		}
		if !p.accept(comma) {
			break
		}
	}
	a.Args, a.Defaults = take(&p.args, args), take(&p.exprs, defaults)
	if p.kind != end {
		p.unexpected()
	}
	p.raise(height)
	a.Span = p.to(a.Start)
	return a
}

// keywordOnly reads parameters from the star on, and says how high they are.
func (p *parser) keywordOnly(a *Arguments, annotated bool) (height int) {
	if p.accept(star) {
		bare := p.kind == comma
		if !bare {
			a.VarArg = p.starArg(annotated)
			height = p.height
		}
		args, defaults := len(p.args), len(p.exprs)
		more := p.accept(comma)
		for more && p.kind == name {
			p.args = append(p.args, p.arg(annotated))
			height = max(height, p.height)
			var value Expr
			if p.accept(equal) {
				value = p.expression()
				height = max(height, p.height)
			}
			p.exprs = append(p.exprs, value)
			more = p.accept(comma)
		}
		a.KwOnly, a.KwDefaults = take(&p.args, args), take(&p.exprs, defaults)
		if bare && a.KwOnly == nil || !more && p.kind == doubleStar {
			p.unexpected()
		}
	}
	if p.accept(doubleStar) {
		a.KwArg = p.arg(annotated)
		height = max(height, p.height)
		p.accept(comma)
	}
	return height
}

func (p *parser) arg(annotated bool) *Arg {
	start := p.start
	n := &Arg{Name: p.identifierName()}
	p.height = 0
	if annotated && p.accept(colon) {
		n.Annotation = p.expression()
	}
	n.Span = p.to(start)
	return n
}

// starArg reads what stands behind *, the annotation of which may have a star, too.
func (p *parser) starArg(annotated bool) *Arg {
	start := p.start
	n := &Arg{Name: p.identifierName()}
	p.height = 0
	if annotated && p.accept(colon) {
		n.Annotation = p.starExpression()
	}
	n.Span = p.to(start)
	return n
}

// typeParameters reads [T: bound = default, *Ts, **P], if it is there.
func (p *parser) typeParameters() []*TypeParam {
	if !p.accept(leftBracket) {
		return nil
	}
	var list []*TypeParam
	for {
		list = append(list, p.typeParameter())
		if !p.accept(comma) || p.kind == rightBracket {
			break
		}
	}
	p.expect(rightBracket, "invalid syntax")
	return exact(list)
}

func (p *parser) typeParameter() *TypeParam {
	start := p.start
	n := &TypeParam{}
	switch {
	case p.accept(star):
		n.Kind = TypeVarTuple
	case p.accept(doubleStar):
		n.Kind = ParamSpec
	}
	n.Name = p.identifierName()
	if n.Kind == TypeVar && p.accept(colon) {
		n.Bound = p.expression()
	}
	if p.accept(equal) {
		if n.Kind == TypeVarTuple {
			n.Default = p.starExpression()
		} else {
			n.Default = p.expression()
		}
	}
	n.Span = p.to(start)
	return n
}
