package python

// store fails for an expression that was read and cannot be a target: stand before = or in, or with del behind del.
func (p *parser) store(e Expr, del bool) {
	switch e := e.(type) {
	case *Name, *Attribute, *Subscript:
	case *Starred:
		if del {
			p.fail("cannot delete this")
			return
		}
		p.store(e.Value, del)
	case *Tuple:
		p.storeAll(e.Elts, del)
	case *List:
		p.storeAll(e.Elts, del)
	default:
		p.fail("cannot assign to this")
	}
}

func (p *parser) storeAll(list []Expr, del bool) {
	for _, e := range list {
		p.store(e, del)
	}
}

// singleTarget is store for what may be annotated, or assigned to with an operator.
func (p *parser) singleTarget(e Expr, why string) {
	switch e.(type) {
	case *Name, *Attribute, *Subscript:
	default:
		p.fail(why)
	}
}

// targets reads what stands between for and in.
func (p *parser) targets() Expr {
	start := p.start
	e := p.target()
	if p.kind == comma {
		e = p.tupleFrom(start, e, (*parser).target)
	}
	return e
}

func (p *parser) target() Expr {
	var e Expr
	if p.kind == star {
		e = p.starred()
	} else {
		e = p.arithmetic()
	}
	p.store(e, false)
	return e
}

func (p *parser) del(start int32) Stmt {
	n := &Delete{}
	first := p.arithmetic()
	if p.kind == comma {
		n.Targets = p.elements(first, (*parser).arithmetic)
	} else {
		n.Targets = []Expr{first}
	}
	p.storeAll(n.Targets, true)
	n.Span = p.to(start)
	return n
}
