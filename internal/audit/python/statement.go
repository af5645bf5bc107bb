package python

import "strings"

// statement reads a statement, or a line of them, onto the stack.
func (p *parser) statement() {
	start, mark := p.start, len(p.stmts)
	switch p.kind {
	case indent:
		// CPython would give up. What is indented too far, or stands behind a header that could not be read, is read all the same.
		if !p.behindBad() {
			p.error(int(p.start), "unexpected indent")
		}
		p.next()
		p.statementsInBlock()
		return
	case dedent:
		p.next() // of a block that could not be entered
		return
	}
	s := p.compound()
	if s == nil && !p.failed {
		p.simpleStatements()
	}
	if p.failed {
		clear(p.stmts[mark:])
		p.stmts = p.stmts[:mark]
		s = p.recover(start)
	}
	if s != nil {
		p.stmts = append(p.stmts, s)
	}
}

func (p *parser) behindBad() bool {
	if len(p.stmts) == 0 {
		return false
	}
	_, bad := p.stmts[len(p.stmts)-1].(*Bad)
	return bad
}

// statementsInBlock reads up to the end of the block.
func (p *parser) statementsInBlock() {
	for p.kind != dedent && p.kind != endOfFile {
		p.statement()
	}
	p.accept(dedent)
}

// simpleStatements reads a line of statements without blocks.
func (p *parser) simpleStatements() {
	for {
		s := p.simple()
		if p.failed {
			return
		}
		p.stmts = append(p.stmts, s)
		if !p.accept(semicolon) || p.kind == newline {
			break
		}
	}
	p.endLine()
}

// endLine reads the end of a line, which belongs to no statement.
func (p *parser) endLine() {
	p.content = p.previous
	p.expect(newline, "invalid syntax")
	p.previous = p.content
}

// block reads what stands behind a colon: an indented block, or statements in the same line.
func (p *parser) block() []Stmt {
	mark := len(p.stmts)
	if p.kind != newline {
		start := p.start
		if p.simpleStatements(); p.failed {
			clear(p.stmts[mark:])
			p.stmts = append(p.stmts[:mark], p.recover(start))
		}
		return take(&p.stmts, mark)
	}
	end := p.previous
	p.endLine()
	if p.kind != indent {
		p.error(int(p.start), "expected an indented block")
		p.previous = end
		return []Stmt{&Bad{Span{end, end}}}
	}
	return p.indented(mark)
}

func (p *parser) indented(mark int) []Stmt {
	p.next()
	p.statementsInBlock()
	if len(p.stmts) == mark {
		p.stmts = append(p.stmts, &Bad{Span{p.start, p.start}})
	}
	// The tokens that end a block stand where the next statement does.
	p.previous = p.content
	return take(&p.stmts, mark)
}

// header reads the colon of a compound statement that began at the offset, and its block. Without the colon, the statement fails.
func (p *parser) header() []Stmt {
	p.enter()
	defer p.leaveLevel()
	p.expect(colon, "expected ':'")
	if p.failed {
		return nil
	}
	return p.block()
}

// clause is like header for what follows the first block of a statement, such as else. Where it could not be read, the block behind
// it is, since the blocks before it have been, too.
func (p *parser) clause(start int32) []Stmt {
	body := p.header()
	if !p.failed {
		return body
	}
	mark := len(p.stmts)
	p.stmts = append(p.stmts, p.recover(start))
	if p.kind == indent {
		return p.indented(mark)
	}
	return take(&p.stmts, mark)
}

// compound reads a statement that has a block; nil if none begins here.
func (p *parser) compound() Stmt {
	start := p.start
	switch p.kind {
	case keywordIf:
		return p.ifStatement()
	case keywordDef:
		return p.function(start, nil)
	case keywordClass:
		return p.class(nil)
	case keywordFor:
		return p.forStatement(start)
	case keywordTry:
		return p.try()
	case keywordWith:
		return p.with(start)
	case keywordWhile:
		return p.while()
	case at:
		return p.decorated()
	case keywordAsync:
		return p.async(nil)
	case name:
		if p.word("match") {
			return p.match()
		}
	}
	return nil
}

// word reports whether the current token is the name.
func (p *parser) word(s string) bool {
	return p.kind == name && p.src[p.start:p.end] == s
}

func (p *parser) async(decorators []Expr) Stmt {
	start := p.start
	p.next()
	switch p.kind {
	case keywordDef:
		return p.function(start, decorators)
	case keywordFor:
		if decorators == nil {
			return p.forStatement(start)
		}
	case keywordWith:
		if decorators == nil {
			return p.with(start)
		}
	}
	p.unexpected()
	return nil
}

func (p *parser) decorated() Stmt {
	mark := len(p.exprs)
	for p.accept(at) {
		p.exprs = append(p.exprs, p.named())
		p.expect(newline, "invalid syntax")
	}
	decorators := take(&p.exprs, mark)
	switch p.kind {
	case keywordDef:
		return p.function(p.start, decorators)
	case keywordClass:
		return p.class(decorators)
	case keywordAsync:
		return p.async(decorators)
	}
	p.unexpected()
	return nil
}

func (p *parser) function(start int32, decorators []Expr) Stmt {
	f := &FunctionDef{Decorators: decorators, Async: p.kind == keywordDef && p.start != start}
	p.next()
	f.NamePos = p.start
	f.Name = p.identifierName()
	f.TypeParams = p.typeParameters()
	open := p.start
	p.expect(leftParenthesis, "expected '('")
	f.Args = p.parameters(rightParenthesis, true)
	p.expect(rightParenthesis, "invalid syntax")
	f.Args.Span = p.to(open)
	if p.accept(arrow) {
		f.Returns = p.expression()
	}
	f.Body = p.header()
	f.Span = p.to(start)
	return f
}

func (p *parser) class(decorators []Expr) Stmt {
	start := p.start
	p.next()
	c := &ClassDef{Decorators: decorators, NamePos: p.start}
	c.Name = p.identifierName()
	c.TypeParams = p.typeParameters()
	if p.accept(leftParenthesis) {
		c.Bases, c.Keywords = p.arguments()
		p.expect(rightParenthesis, "invalid syntax")
	}
	c.Body = p.header()
	c.Span = p.to(start)
	return c
}

func (p *parser) ifStatement() Stmt {
	var first, last *If
	levels := 0
	var starts []*If
	for {
		start := p.start
		p.next()
		n := &If{Span: Span{Start: start}, Test: p.named()}
		if first == nil {
			first = n
			if n.Body = p.header(); p.failed {
				return nil
			}
		} else {
			if p.failed {
				n.Test = &Constant{Span: Span{start, start}, Kind: Ellipsis}
			}
			n.Body = p.clause(start)
			last.Else = []Stmt{n}
		}
		last = n
		starts = append(starts, n)
		// An elif stands in the tree below the one before it.
		p.enter()
		levels++
		if p.kind != keywordElif || p.failed {
			break
		}
	}
	last.Else = p.elseBlock()
	p.depth -= levels
	for _, n := range starts {
		n.End = p.previous
	}
	return first
}

// elseBlock reads an else, if there is one.
func (p *parser) elseBlock() []Stmt {
	if p.kind != keywordElse {
		return nil
	}
	start := p.start
	p.next()
	return p.clause(start)
}

func (p *parser) while() Stmt {
	start := p.start
	p.next()
	n := &While{Test: p.named()}
	if n.Body = p.header(); p.failed {
		return nil
	}
	n.Else = p.elseBlock()
	n.Span = p.to(start)
	return n
}

func (p *parser) forStatement(start int32) Stmt {
	n := &For{Async: p.start != start}
	p.next()
	n.Target = p.targets()
	p.expect(keywordIn, "invalid syntax")
	n.Iter = p.starExpressions()
	if n.Body = p.header(); p.failed {
		return nil
	}
	n.Else = p.elseBlock()
	n.Span = p.to(start)
	return n
}

func (p *parser) try() Stmt {
	start := p.start
	p.next()
	n := &Try{}
	if n.Body = p.header(); p.failed {
		return nil
	}
	for p.kind == keywordExcept {
		handler, star := p.handler()
		if len(n.Handlers) > 0 && star != n.Star {
			p.error(int(handler.Start), "'except' and 'except*' in the same try")
		}
		n.Star = star
		n.Handlers = append(n.Handlers, handler)
	}
	if n.Handlers != nil {
		n.Handlers = exact(n.Handlers)
		n.Else = p.elseBlock()
	}
	if p.kind == keywordFinally {
		at := p.start
		p.next()
		n.Finally = p.clause(at)
	}
	if n.Handlers == nil && n.Finally == nil {
		p.error(int(p.start), "expected 'except' or 'finally'")
	}
	n.Span = p.to(start)
	return n
}

func (p *parser) handler() (h *ExceptHandler, star_ bool) {
	start := p.start
	p.next()
	h = &ExceptHandler{}
	star_ = p.accept(star)
	if p.kind != colon || star_ {
		at := p.start
		h.Type = p.expression()
		if p.kind == comma {
			h.Type = p.moreExpressions(at, h.Type)
		} else if p.accept(keywordAs) {
			h.Name = p.identifierName()
		}
	}
	failed := p.failed
	if h.Body = p.clause(start); failed {
		h.Type, h.Name = nil, ""
	}
	h.Span = p.to(start)
	return h, star_
}

// moreExpressions reads the rest of a tuple without brackets and without stars, from its first comma on.
func (p *parser) moreExpressions(start int32, first Expr) Expr {
	mark := len(p.exprs)
	p.exprs = append(p.exprs, first)
	height := p.height
	for p.accept(comma) && startsExpression[p.kind] {
		p.exprs = append(p.exprs, p.expression())
		height = max(height, p.height)
	}
	p.raise(height)
	return &Tuple{Span: p.to(start), Elts: take(&p.exprs, mark)}
}

func (p *parser) with(start int32) Stmt {
	n := &With{Async: p.start != start}
	p.next()
	before := p.lexer
	items, ok := p.itemsInBrackets()
	if !ok {
		p.back(before)
		items = p.items(nil)
	}
	n.Items = exact(items)
	if n.Body = p.header(); p.failed {
		return nil
	}
	n.Span = p.to(start)
	return n
}

// itemsInBrackets reads with (a as b, c): where it is not that, it is with (a, b) as c or the like, and has to be read again.
func (p *parser) itemsInBrackets() (items []*WithItem, ok bool) {
	if !p.accept(leftParenthesis) {
		return nil, false
	}
	for p.kind != rightParenthesis && !p.failed {
		items = append(items, p.item())
		if !p.accept(comma) {
			break
		}
	}
	return items, len(items) > 0 && p.accept(rightParenthesis) && p.kind == colon
}

func (p *parser) items(items []*WithItem) []*WithItem {
	for {
		items = append(items, p.item())
		if !p.accept(comma) {
			return items
		}
	}
}

func (p *parser) item() *WithItem {
	start := p.start
	n := &WithItem{Context: p.expression()}
	if p.accept(keywordAs) {
		n.OptionalAs = p.target()
	}
	n.Span = p.to(start)
	return n
}

// identifierName reads a name where nothing else may stand.
func (p *parser) identifierName() string {
	if p.kind != name {
		p.fail("invalid syntax")
		return ""
	}
	s := p.identifierText()
	p.next()
	return s
}

// identifierText is the name that is the current token.
func (p *parser) identifierText() string {
	s := p.kept[p.start:p.end]
	if p.ascii {
		return s
	}
	return normal(s)
}

func (p *parser) simple() Stmt {
	start := p.start
	switch p.kind {
	case keywordReturn:
		p.next()
		var value Expr
		if p.kind != newline && p.kind != semicolon {
			value = p.starExpressions()
		}
		return &Return{p.to(start), value}
	case keywordImport:
		return p.importStatement()
	case keywordFrom:
		return p.importFrom()
	case keywordPass:
		p.next()
		return &Pass{p.to(start)}
	case keywordBreak:
		p.next()
		return &Break{p.to(start)}
	case keywordContinue:
		p.next()
		return &Continue{p.to(start)}
	case keywordRaise:
		return p.raiseStatement()
	case keywordDel:
		p.next()
		return p.del(start)
	case keywordAssert:
		p.next()
		n := &Assert{Test: p.expression()}
		if p.accept(comma) {
			n.Msg = p.expression()
		}
		n.Span = p.to(start)
		return n
	case keywordGlobal:
		names := p.nameList()
		return &Global{p.to(start), names}
	case keywordNonlocal:
		names := p.nameList()
		return &Nonlocal{p.to(start), names}
	case name:
		if p.word("type") {
			if s := p.typeAlias(); s != nil {
				return s
			}
		}
	}
	return p.expressionStatement()
}

func (p *parser) raiseStatement() Stmt {
	start := p.start
	p.next()
	n := &Raise{}
	if p.kind != newline && p.kind != semicolon {
		n.Exc = p.expression()
		if p.accept(keywordFrom) {
			n.Cause = p.expression()
		}
	}
	n.Span = p.to(start)
	return n
}

func (p *parser) nameList() []string {
	mark := len(p.names)
	p.next()
	for {
		p.names = append(p.names, p.identifierName())
		if !p.accept(comma) {
			return take(&p.names, mark)
		}
	}
}

// typeAlias reads type X = …; nil if type is a name like any other here.
func (p *parser) typeAlias() Stmt {
	before := p.lexer
	p.next()
	if p.kind != name {
		p.back(before)
		return nil
	}
	n := &TypeAlias{Name: p.storedName()}
	n.TypeParams = p.typeParameters()
	p.expect(equal, "invalid syntax")
	n.Value = p.expression()
	n.Span = p.to(before.start)
	return n
}

func (p *parser) storedName() *Name {
	n := p.nameNodes.make()
	start := p.start
	n.ID = p.identifierName()
	n.Span = p.to(start)
	return n
}

func (p *parser) importStatement() Stmt {
	start := p.start
	p.next()
	n := &Import{}
	for {
		at := p.start
		a := &Alias{Name: p.dottedName()}
		if p.accept(keywordAs) {
			a.AsName = p.identifierName()
		}
		a.Span = p.to(at)
		n.Names = append(n.Names, a)
		if !p.accept(comma) {
			break
		}
	}
	n.Names = exact(n.Names)
	n.Span = p.to(start)
	return n
}

func (p *parser) dottedName() string {
	start := p.start
	s := p.identifierName()
	if p.kind != dot {
		return s
	}
	plain := p.ascii
	parts := len(s)
	var b strings.Builder
	b.WriteString(s)
	for p.accept(dot) {
		part := p.identifierName()
		b.WriteByte('.')
		b.WriteString(part)
		parts += 1 + len(part)
	}
	if plain && int(p.previous-start) == parts {
		return p.kept[start:p.previous] // nothing stands between
	}
	return b.String()
}

func (p *parser) importFrom() Stmt {
	start := p.start
	p.next()
	n := &ImportFrom{}
	for {
		if p.accept(dot) {
			n.Level++
		} else if p.accept(ellipsis) {
			n.Level += 3
		} else {
			break
		}
	}
	if p.kind != keywordImport || n.Level == 0 {
		n.Module = p.dottedName()
	}
	p.expect(keywordImport, "expected 'import'")
	n.Names = exact(p.importedNames())
	n.Span = p.to(start)
	return n
}

func (p *parser) importedNames() []*Alias {
	if at := p.start; p.accept(star) {
		return []*Alias{{Span: p.to(at), Name: "*"}}
	}
	brackets := p.accept(leftParenthesis)
	var names []*Alias
	for {
		at := p.start
		a := &Alias{Name: p.identifierName()}
		if p.accept(keywordAs) {
			a.AsName = p.identifierName()
		}
		a.Span = p.to(at)
		names = append(names, a)
		if !p.accept(comma) || brackets && p.kind == rightParenthesis {
			break
		}
	}
	if brackets {
		p.expect(rightParenthesis, "invalid syntax")
	}
	return names
}

// expressionStatement reads an expression or an assignment.
func (p *parser) expressionStatement() Stmt {
	start := p.start
	bracket := p.kind == leftParenthesis
	if p.kind == keywordYield {
		e := p.yield()
		if p.kind == equal {
			p.unexpected()
		}
		return &ExprStmt{p.to(start), e}
	}
	e := p.starExpressions()
	switch {
	case p.kind == equal:
		return p.assign(start, e)
	case p.kind == colon:
		return p.annotated(start, e, bracket)
	case p.kind >= plusEqual && p.kind <= doubleSlashEqual:
		p.singleTarget(e, "invalid target of an assignment with an operator")
		op := Operator(p.kind - plusEqual)
		p.next()
		value := p.value()
		return &AugAssign{p.to(start), e, op, value}
	}
	return &ExprStmt{p.to(start), e}
}

// value reads what stands to the right of an assignment.
func (p *parser) value() Expr {
	if p.kind == keywordYield {
		return p.yield()
	}
	return p.starExpressions()
}

func (p *parser) assign(start int32, first Expr) Stmt {
	mark := len(p.exprs)
	e := first
	for p.kind == equal {
		p.store(e, false)
		p.exprs = append(p.exprs, e)
		p.next()
		e = p.value()
	}
	return &Assign{Targets: take(&p.exprs, mark), Value: e, Span: p.to(start)}
}

func (p *parser) annotated(start int32, e Expr, bracket bool) Stmt {
	p.singleTarget(e, "only a single target may be annotated")
	p.next()
	n := &AnnAssign{Target: e, Annotation: p.expression()}
	_, isName := e.(*Name)
	n.Simple = isName && !bracket
	if p.accept(equal) {
		n.Value = p.value()
	}
	n.Span = p.to(start)
	return n
}
