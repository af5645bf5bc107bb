package varnish

import (
	"slices"
	"strings"
)

const (
	maxDepth   = 150     // of blocks and of brackets
	maxTokens  = 4 << 20 // of a program with all that it includes
	maxInclude = 24      // files that include each other
)

// parser reads a program. What it cannot read it leaves out, and goes on behind it: a template, or a dialect that it does not know, should
// hide no more than the statement it stands in.
type parser struct {
	*program
	lexers  []*lexer // of the file that is read, and of those that include it
	include func(from *source, name string, all bool) []*source
	tok     token
	ahead   []token // tokens behind tok that were looked at
	last    place   // of the token before tok
	tokens  int
	depth   int
}

func parse(root *source, include func(from *source, name string, all bool) []*source) *program {
	p := &parser{program: &program{root: root, subs: map[string][]*subroutine{}}, include: include}
	p.lexers = []*lexer{newLexer(root)}
	p.advance()
	for p.tok.kind != end {
		p.declaration()
	}
	if p.template { // braces need not match in what is not yet a program
		p.broken = nil
	}
	return p.program
}

// read takes a token of the innermost file that has one.
func (p *parser) read() token {
	if p.tokens++; p.tokens > maxTokens {
		if p.tokens == maxTokens+1 {
			p.broken = append(p.broken, problem{p.root, 1, "the program is too large to be read whole"})
		}
		return token{kind: end, place: place{file: p.root}}
	}
	for {
		l := p.lexers[len(p.lexers)-1]
		t := l.next()
		if t.kind != end {
			return t
		}
		p.fastly = p.fastly || l.fastly
		p.template = p.template || l.template
		if l.broken != "" && len(p.broken) < 100 {
			p.broken = append(p.broken, problem{l.file, l.where, l.broken})
			l.broken = ""
		}
		if len(p.lexers) == 1 {
			return t
		}
		p.lexers = p.lexers[:len(p.lexers)-1]
	}
}

func (p *parser) advance() {
	p.last = p.tok.place
	if len(p.ahead) > 0 {
		p.tok, p.ahead = p.ahead[0], p.ahead[1:]
		return
	}
	p.tok = p.read()
}

func (p *parser) peek() token {
	if len(p.ahead) == 0 {
		p.ahead = append(p.ahead, p.read())
	}
	return p.ahead[0]
}

func (p *parser) accept(sign string) bool {
	if p.tok.is(sign) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) word(words ...string) bool {
	return p.tok.kind == name && slices.Contains(words, p.tok.text)
}

// including reads "include "file";" and has what stands in the files read next, as Varnish does: where tokens are, not where
// declarations may be.
func (p *parser) including() {
	from := p.tok.file
	p.advance()
	all := false
	for p.tok.is("+") || p.word("glob") {
		all = true
		p.advance()
	}
	if p.tok.kind != str || p.tok.holed {
		p.skip()
		return
	}
	named := p.tok.text
	// The file comes behind the semicolon. There is nothing ahead, or the order would be lost.
	if len(p.ahead) == 0 {
		if t := p.read(); !t.is(";") {
			p.ahead = append(p.ahead, t)
		}
	}
	if len(p.ahead) == 0 && len(p.lexers) < maxInclude {
		files := p.include(from, named, all)
		for _, f := range slices.Backward(files) {
			if !slices.ContainsFunc(p.lexers, func(l *lexer) bool { return l.file.path == f.path }) {
				p.lexers = append(p.lexers, newLexer(f))
			}
		}
	}
	p.advance()
}

func (p *parser) declaration() {
	switch {
	case p.word("sub"):
		p.subroutine()
	case p.word("include"):
		p.including()
	case p.word("vcl"):
		if t := p.peek(); t.kind == number && p.version == "" {
			p.version = t.text
		}
		p.skip()
	case p.word("backend"):
		p.backendNames()
	case p.word("table", "penaltybox", "ratecounter"):
		p.fastly = true
		p.skip()
	case p.word("import", "acl", "probe", "director", "pragma"):
		p.skip()
	default:
		p.advance()
	}
}

// skip moves behind the next semicolon or closed block of this depth.
func (p *parser) skip() {
	depth := 0
	for p.tok.kind != end {
		switch {
		case p.tok.is("{"):
			depth++
		case p.tok.is("}"):
			if depth--; depth <= 0 {
				if depth == 0 {
					p.advance()
				}
				return
			}
		case p.tok.is(";") && depth == 0:
			p.advance()
			return
		}
		p.advance()
	}
}

// backendNames keeps what a backend is called, and where it is: an API is often named there.
func (p *parser) backendNames() {
	depth := 0
	for p.tok.kind != end {
		switch {
		case p.tok.kind == name && depth == 0 || p.tok.kind == str:
			if len(p.backend) < 100 {
				p.backend = append(p.backend, strings.ToLower(p.tok.text))
			}
		case p.tok.is("{"):
			depth++
		case p.tok.is(";") && depth == 0:
			p.advance()
			return
		case p.tok.is("}"):
			if depth--; depth <= 0 {
				p.advance()
				return
			}
		}
		p.advance()
	}
}

func (p *parser) subroutine() {
	s := &subroutine{place: p.tok.place}
	p.advance()
	if p.tok.kind != name {
		return
	}
	s.name = p.tok.text
	p.advance()
	for p.tok.kind == name { // Fastly's have a type
		p.fastly = true
		p.advance()
	}
	if !p.tok.is("{") {
		return
	}
	s.body = p.block()
	s.end, s.endLine = p.last.end, p.last.line
	p.subs[s.name] = append(p.subs[s.name], s)
	p.order = append(p.order, s)
}

// block reads statements from an opening brace to the one that closes it.
func (p *parser) block() []*statement {
	opening := p.tok
	if p.depth >= maxDepth {
		p.broken = append(p.broken, problem{opening.file, opening.line, "blocks are too deep in each other to be read"})
		p.skip()
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	p.advance()
	list := p.statements()
	if !p.accept("}") && len(p.broken) < 100 {
		p.broken = append(p.broken, problem{opening.file, opening.line, "a block has no end"})
	}
	return list
}

// statements reads up to a closing brace.
func (p *parser) statements() (list []*statement) {
	for p.tok.kind != end && !p.tok.is("}") {
		switch {
		case p.tok.is("{"):
			list = append(list, p.block()...)
		case p.word("sub") && p.peek().kind == name: // a brace too few, before it
			return list
		case p.word("include"):
			p.including()
		case p.word("case", "default") && p.depth > 0 && p.inSwitch():
			return list
		default:
			before := p.tok.place
			if s := p.statement(); s != nil {
				list = append(list, s)
			}
			if p.tok.place == before { // nothing was read: go on all the same
				p.advance()
			}
		}
	}
	return list
}

// inSwitch reports whether tok begins an arm of a switch.
func (p *parser) inSwitch() bool {
	next := p.peek()
	return p.tok.text == "case" && next.kind == str || p.tok.text == "default" && next.is(":")
}

func (p *parser) statement() *statement {
	s := &statement{place: p.tok.place}
	if p.tok.kind != name {
		p.advance()
		return nil
	}
	word := p.tok.text
	switch word {
	case "if":
		p.conditional(s)
	case "switch":
		p.fastly = true
		p.selection(s)
	case "set", "add":
		p.advance()
		p.assignment(s)
	case "unset", "remove":
		p.advance()
		s.op, s.name = unset, canonical(p.tok.text)
		p.skipStatement()
	case "call":
		p.advance()
		s.op, s.name = call, p.tok.text
		p.skipStatement()
	case "return":
		p.advance()
		p.returned(s)
	case "error", "restart", "pass", "pipe", "lookup", "hash", "deliver", "fetch":
		// VCL 2 has states without return, VCL 3 and Fastly an error.
		p.advance()
		s.op, s.name = leave, word
		p.skipStatement()
	case "new":
		p.advance()
		s.op, s.name = set, "object "+strings.ToLower(p.tok.text)
		p.advance()
		p.assigned(s)
	case "declare":
		p.fastly = true
		p.advance()
		p.skipStatement()
		return nil
	case "else", "elseif", "elsif", "elif", "log", "esi", "synthetic", "goto", "break", "fallthrough", "import":
		p.advance()
		if !p.tok.is("{") {
			p.skipStatement()
		}
		return nil
	default:
		s.op = evaluate
		s.value = p.expression()
		p.skipStatement()
	}
	s.end = max(p.last.end, s.end)
	if p.last.file != s.file { // it ends in another file
		s.end = s.start
	}
	return s
}

// skipStatement moves behind the semicolon, over what nobody asks for.
func (p *parser) skipStatement() {
	for p.tok.kind != end && !p.tok.is("}") && !p.tok.is("{") {
		if p.accept(";") || p.begins() && p.tok.line > p.last.line { // or it was forgotten
			return
		}
		p.advance()
	}
}

// begins reports whether tok is a word that only begins a statement.
func (p *parser) begins() bool {
	return p.word("set", "unset", "remove", "return", "call", "if", "else", "elseif", "elsif", "error", "new", "declare")
}

func (p *parser) assignment(s *statement) {
	s.name = canonical(p.tok.text)
	p.advance()
	p.assigned(s)
}

func (p *parser) assigned(s *statement) {
	s.op = set
	if p.tok.kind == sign && strings.HasSuffix(p.tok.text, "=") {
		s.assign = p.tok.text
		p.advance()
	}
	s.value = p.expression()
	p.skipStatement()
}

// returned reads what stands behind return: nothing, (state), (state(arguments)), and state alone.
func (p *parser) returned(s *statement) {
	s.op = leave
	p.accept("(")
	if p.tok.kind == name {
		s.name = strings.ToLower(p.tok.text)
	}
	p.skipStatement()
}

func (p *parser) conditional(s *statement) {
	s.op = choose
	p.advance()
	s.arms = append(s.arms, arm{p.expression(), p.body()})
	for {
		switch {
		case p.word("elseif", "elsif", "elif"):
			p.advance()
			s.arms = append(s.arms, arm{p.expression(), p.body()})
		case p.word("else"):
			p.advance()
			if p.word("if") {
				p.advance()
				s.arms = append(s.arms, arm{p.expression(), p.body()})
				continue
			}
			s.arms = append(s.arms, arm{nil, p.body()})
			return
		default:
			return
		}
	}
}

func (p *parser) body() []*statement {
	if p.tok.is("{") {
		return p.block()
	}
	return nil
}

// selection reads Fastly's switch.
func (p *parser) selection(s *statement) {
	s.op = perhaps
	p.advance()
	s.value = p.expression()
	if !p.accept("{") {
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	for p.word("case", "default") {
		for p.tok.kind != end && !p.tok.is(":") && !p.tok.is("}") && !p.tok.is(";") {
			p.advance()
		}
		p.accept(":")
		s.arms = append(s.arms, arm{nil, p.statements()})
	}
	for p.tok.kind != end && !p.accept("}") {
		p.advance()
	}
}

// expression reads from the least binding operator on.
func (p *parser) expression() *expression { return p.chain(or, "||", p.conjunction) }

func (p *parser) conjunction() *expression { return p.chain(and, "&&", p.comparison) }

// chain reads operands with one operator between them.
func (p *parser) chain(op operator, sign string, operand func() *expression) *expression {
	first := operand()
	if !p.tok.is(sign) {
		return first
	}
	e := &expression{op: op, args: []*expression{first}, place: first.place}
	for p.accept(sign) {
		e.args = append(e.args, operand())
	}
	return e
}

var comparisons = []string{"==", "!=", "<", ">", "<=", ">=", "~", "!~"}

func (p *parser) comparison() *expression {
	if p.tok.is("!") {
		e := &expression{op: not, place: p.tok.place}
		if p.depth++; p.depth > maxDepth {
			p.depth--
			p.advance()
			return &expression{place: e.place}
		}
		p.advance()
		e.args = []*expression{p.comparison()}
		p.depth--
		return e
	}
	left := p.sum()
	if p.tok.kind != sign || !slices.Contains(comparisons, p.tok.text) {
		return left
	}
	e := &expression{op: compare, text: p.tok.text, place: left.place}
	p.advance()
	e.args = []*expression{left, p.sum()}
	return e
}

// sum reads what is put together, with a sign between or, as strings, without.
func (p *parser) sum() *expression {
	first := p.operand()
	if !p.adjoins() {
		return first
	}
	e := &expression{op: concat, args: []*expression{first}, place: first.place}
	for p.adjoins() {
		if p.tok.kind == sign {
			if !p.tok.is("+") {
				e.op = unknown
			}
			p.advance()
		}
		e.args = append(e.args, p.operand())
	}
	return e
}

func (p *parser) adjoins() bool {
	switch p.tok.kind {
	case sign:
		return p.tok.is("+") || p.tok.is("-") || p.tok.is("*") || p.tok.is("/") || p.tok.is("%")
	case name: // or a semicolon was forgotten
		return !p.begins()
	}
	return p.tok.kind == str || p.tok.kind == hole
}

func (p *parser) operand() *expression {
	t := p.tok
	e := &expression{text: t.text, holed: t.holed, place: t.place}
	switch {
	case t.is("("):
		if p.depth++; p.depth > maxDepth {
			p.depth--
			p.advance()
			return e
		}
		p.advance()
		e = p.expression()
		for p.tok.kind != end && !p.tok.is(")") && !p.tok.is(";") && !p.tok.is("{") && !p.tok.is("}") {
			p.advance()
		}
		p.accept(")")
		p.depth--
		return e
	case t.kind == str:
		e.op = literal
	case t.kind == number:
		e.op = numeral
	case t.kind == name:
		e.op, e.text = variable, canonical(t.text)
		p.advance()
		if p.tok.is("(") {
			e.op, e.args = invoke, p.arguments()
		}
		return e
	case t.kind == hole:
	case t.is(")"), t.is(";"), t.is("{"), t.is("}"), t.kind == end:
		return e
	case t.is("-"):
		p.advance()
		if p.tok.kind == number {
			e.op, e.text = numeral, "-"+p.tok.text
			p.advance()
		}
		return e
	}
	p.advance()
	return e
}

// arguments reads them with their brackets. Of a named one, the value counts.
func (p *parser) arguments() (list []*expression) {
	p.advance()
	if p.depth++; p.depth > maxDepth {
		p.depth--
		return nil
	}
	defer func() { p.depth-- }()
	for p.tok.kind != end && !p.accept(")") {
		if p.tok.is(";") || p.tok.is("{") || p.tok.is("}") {
			return list
		}
		if p.accept(",") || p.accept("=") {
			continue
		}
		before := p.tok
		list = append(list, p.expression())
		if p.tok.place == before.place { // an expression of nothing
			p.advance()
		}
	}
	return list
}

// canonical is the name under which a variable is followed. The backend's request begins as a copy of the client's, and there is no way
// back: one name does for both.
func canonical(variable string) string {
	v := strings.ToLower(variable)
	if strings.HasPrefix(v, "bereq.") {
		v = v[2:]
	}
	switch v {
	case "req.request":
		return "req.method"
	case "req.uncacheable":
		return "bereq.uncacheable"
	}
	return v
}
