package python

import "strings"

// Bounds that are ours.
const (
	maxText   = 64 << 20 // bytes of a file
	maxErrors = 100      // that are told
	maxDepth  = 3000     // of the tree, and of the parser's recursion
)

// parser reads statements. After the first thing amiss in a logical line it has failed: it sees no more tokens, all it makes is
// thrown away, and the line becomes a Bad. So no function needs to look whether the ones it calls have failed, if only it does not
// loop on anything but tokens.
type parser struct {
	lexer
	file    *File
	returns bool // the text has carriage returns
	ascii   bool // the text has nothing but ASCII
	indents []indentation

	failed     bool
	failedAt   int32
	failedKind kind
	why        string

	content int32 // end of the last line that was read, without white space behind it

	depth        int  // of recursion
	height       int  // of the expression that was read last, at least
	formatted    int  // how many formatted strings are being read
	failedInside bool // one of them, when the line failed

	// The outermost formatted string that is being read.
	outer struct {
		body     int
		prefix   stringPrefix
		brackets int
	}
	work         int                       // bytes looked at, and tokens made: tests hold it against the size of the text
	found        [4]struct{ from, at int } // there is no such byte between
	unterminated [2]int                    // from where on no """ and no ''' ends; 0 is unknown

	stacks
	nodes
}

// Parse reads a file. It never returns nil.
func Parse(text []byte) *File {
	return newParser(text).parse()
}

func newParser(text []byte) *parser {
	p := &parser{file: &File{}}
	p.field, p.begin = -1, true
	p.load(text)
	for i := range p.found {
		p.found[i].at = -1
	}
	return p
}

func (p *parser) parse() *File {
	p.scan()
	for p.kind != endOfFile {
		p.statement()
	}
	p.file.Body = take(&p.stmts, 0)
	p.file.Comments = exact(p.file.Comments)
	return p.file
}

// error tells of something amiss. The tokens go on.
func (p *parser) error(at int, why string) {
	if len(p.file.Errors) < maxErrors {
		p.file.Errors = append(p.file.Errors, Error{Offset: int32(at), Line: p.file.Line(int32(at)), Message: why})
	}
	p.errors = len(p.file.Errors)
}

// fail gives the logical line up.
func (p *parser) fail(why string) {
	if p.failed {
		p.kind = failure
		return
	}
	p.failed = true
	p.failedAt, p.failedKind, p.failedInside = p.start, p.kind, p.formatted > 0
	if p.why = why; p.kind == illegal {
		p.why = p.lexical
	}
	p.kind = failure
}

// unexpected gives up for the token that stands there.
func (p *parser) unexpected() Expr {
	p.fail("invalid syntax")
	return nothing
}

// nothing stands for an expression that could not be read; no tree holds it.
var nothing Expr = &Constant{}

func (p *parser) expect(k kind, why string) {
	if p.kind != k {
		p.fail(why)
		return
	}
	p.next()
}

// accept reads a token of the kind, if there is one.
func (p *parser) accept(k kind) bool {
	if p.kind != k {
		return false
	}
	p.next()
	return true
}

// to is the span from the offset up to what was read last.
func (p *parser) to(start int32) Span { return Span{start, p.previous} }

// enter goes one level down in the tree, and leaveLevel comes back. Where it is too deep, it fails.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("too deeply nested")
	}
}

func (p *parser) leaveLevel() { p.depth-- }

// raise says how high the expression is that has just been made, of parts the highest of which is given.
func (p *parser) raise(height int) {
	if p.height = height + 1; p.height > maxDepth {
		p.fail("too deeply nested")
	}
}

// back returns to where the lexer was copied.
func (p *parser) back(to lexer) {
	p.lexer = to
	p.failed = false
	p.file.Comments = p.file.Comments[:to.comments]
	p.file.Errors = p.file.Errors[:to.errors]
}

// recover makes a Bad of the logical line that failed and began at the offset.
func (p *parser) recover(start int32) *Bad {
	p.error(int(p.failedAt), p.why)
	p.failed = false
	p.kind = p.failedKind
	p.skip(start)
	p.content = p.previous
	return &Bad{Span{start, max(start, p.previous)}}
}

// skip leaves out what is left of a logical line that began at the offset.
func (p *parser) skip(start int32) {
	column := p.column(start)
	if p.failedInside {
		p.leaveFormatted()
	}
	for {
		switch p.kind {
		case newline:
			p.previous = p.start
			end := p.previous
			p.scan()
			p.previous = end
			return
		case endOfFile, indent, dedent:
			p.brackets, p.field = 0, -1
			return
		case fString:
			from := p.pos
			p.pos, _ = p.stringEnd(p.pos, p.prefix)
			p.work += p.pos - from
		}
		if p.brackets > 0 && p.start > start && p.beginsStatement(column) {
			p.restart()
			return
		}
		p.scan()
	}
}

// leaveFormatted goes to the end of the outermost formatted string, where it would end if the quotes inside were its own.
func (p *parser) leaveFormatted() {
	p.field = -1
	if !p.outer.prefix.triple && strings.IndexByte(p.src[p.outer.body:max(p.outer.body, int(p.start))], '\n') >= 0 {
		return
	}
	end, _ := p.stringEnd(p.outer.body, p.outer.prefix)
	p.work += end - p.outer.body
	p.pos = max(p.pos, end)
	p.brackets = p.outer.brackets
	p.scan()
}

// beginsStatement reports whether the token looks as if a bracket before it had been forgotten: it is the first of its line, and
// either stands no further to the right than the statement that is skipped, or can stand nowhere but at the beginning of one.
func (p *parser) beginsStatement(column int) bool {
	if !strings.ContainsAny(p.src[p.previous:p.start], "\r\n") {
		return false
	}
	switch p.kind {
	case rightParenthesis, rightBracket, rightBrace:
		return false
	case keywordDef, keywordClass, keywordReturn, keywordImport, keywordWith, keywordWhile, keywordTry, keywordExcept, keywordFinally, keywordRaise,
		keywordPass, keywordBreak, keywordContinue, keywordGlobal, keywordNonlocal, keywordDel, keywordAssert, keywordElif:
		return true
	}
	return p.column(p.start) <= column
}

// column is how far the offset stands to the right, in bytes.
func (p *parser) column(at int32) int {
	n := 0
	for at > 0 && class[p.src[at-1]] == white {
		at--
		n++
	}
	if at > 0 && p.src[at-1] != '\n' && p.src[at-1] != '\r' {
		return int(at) // in the midst of a line: never left of anything
	}
	return n
}

// restart reads the line of the current token again, as a logical line.
func (p *parser) restart() {
	p.brackets, p.field = 0, -1
	p.pos = int(p.start) - p.column(p.start)
	p.begin = true
	end := p.previous
	p.scan()
	p.previous = end
}
