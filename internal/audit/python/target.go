package python

// store makes a target of an expression that was read: what stands before = or in, or behind del. What cannot be one fails.
func (p *parser) store(e Expr, ctx Context) {
	switch e := e.(type) {
	case *Name:
		e.Ctx = ctx
	case *Attribute:
		e.Ctx = ctx
	case *Subscript:
		e.Ctx = ctx
	case *Starred:
		if ctx == Del {
			break
		}
		e.Ctx = ctx
		p.store(e.Value, ctx)
		return
	case *Tuple:
		e.Ctx = ctx
		p.storeAll(e.Elts, ctx)
		return
	case *List:
		e.Ctx = ctx
		p.storeAll(e.Elts, ctx)
		return
	default:
		p.fail("cannot assign to this")
		return
	}
	if _, starred := e.(*Starred); starred {
		p.fail("cannot delete this")
	}
}

func (p *parser) storeAll(list []Expr, ctx Context) {
	for _, e := range list {
		p.store(e, ctx)
	}
}

// singleTarget is store for what may be annotated, or assigned to with an operator.
func (p *parser) singleTarget(e Expr, why string) {
	switch e.(type) {
	case *Name, *Attribute, *Subscript:
		p.store(e, Store)
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
		e.(*Tuple).Ctx = Store
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
	p.store(e, Store)
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
	p.storeAll(n.Targets, Del)
	n.Span = p.to(start)
	return n
}
