package python

// kind is the kind of a token. Keywords and operators have one each.
type kind uint8

const (
	endOfFile kind = iota
	newline        // the end of a logical line
	indent
	dedent
	illegal // what is no token; parser.lexical says why
	failure // what a parser sees that has failed, whatever stands there

	name
	number
	stringLiteral
	fString // f" or t" and the like: the lexer stops behind the quotes

	// Brackets and punctuation.
	leftParenthesis
	rightParenthesis
	leftBracket
	rightBracket
	leftBrace
	rightBrace
	comma
	colon
	formatColon // before the format in a replacement field
	semicolon
	dot
	ellipsis
	at
	equal
	arrow
	colonEqual
	exclamation

	// Operators of one or two operands, in the order of Operator.
	plus
	minus
	star
	atOperator // what at is in the table of operators
	slash
	percent
	doubleStar
	leftShift
	rightShift
	bar
	caret
	ampersand
	doubleSlash
	tilde

	// Assignments with an operator, in the same order.
	plusEqual
	minusEqual
	starEqual
	atEqual
	slashEqual
	percentEqual
	doubleStarEqual
	leftShiftEqual
	rightShiftEqual
	barEqual
	caretEqual
	ampersandEqual
	doubleSlashEqual

	// Comparisons, in the order of CompareOp.
	equalEqual
	notEqual
	less
	lessEqual
	greater
	greaterEqual

	keywordFalse
	keywordNone
	keywordTrue
	keywordAnd
	keywordAs
	keywordAssert
	keywordAsync
	keywordAwait
	keywordBreak
	keywordClass
	keywordContinue
	keywordDef
	keywordDel
	keywordElif
	keywordElse
	keywordExcept
	keywordFinally
	keywordFor
	keywordFrom
	keywordGlobal
	keywordIf
	keywordImport
	keywordIn
	keywordIs
	keywordLambda
	keywordNonlocal
	keywordNot
	keywordOr
	keywordPass
	keywordRaise
	keywordReturn
	keywordTry
	keywordWhile
	keywordWith
	keywordYield

	kinds
)

// keyword is the kind of an identifier. The compiler makes of this switch a search by length, then by letters.
func keyword(s string) kind {
	switch s {
	case "False":
		return keywordFalse
	case "None":
		return keywordNone
	case "True":
		return keywordTrue
	case "and":
		return keywordAnd
	case "as":
		return keywordAs
	case "assert":
		return keywordAssert
	case "async":
		return keywordAsync
	case "await":
		return keywordAwait
	case "break":
		return keywordBreak
	case "class":
		return keywordClass
	case "continue":
		return keywordContinue
	case "def":
		return keywordDef
	case "del":
		return keywordDel
	case "elif":
		return keywordElif
	case "else":
		return keywordElse
	case "except":
		return keywordExcept
	case "finally":
		return keywordFinally
	case "for":
		return keywordFor
	case "from":
		return keywordFrom
	case "global":
		return keywordGlobal
	case "if":
		return keywordIf
	case "import":
		return keywordImport
	case "in":
		return keywordIn
	case "is":
		return keywordIs
	case "lambda":
		return keywordLambda
	case "nonlocal":
		return keywordNonlocal
	case "not":
		return keywordNot
	case "or":
		return keywordOr
	case "pass":
		return keywordPass
	case "raise":
		return keywordRaise
	case "return":
		return keywordReturn
	case "try":
		return keywordTry
	case "while":
		return keywordWhile
	case "with":
		return keywordWith
	case "yield":
		return keywordYield
	}
	return name
}

// precedence of the operators of two operands, from 1; they bind to the left, but for **, which is not among them.
var precedence = [kinds]uint8{
	bar: 1, caret: 2, ampersand: 3, leftShift: 4, rightShift: 4, plus: 5, minus: 5,
	star: 6, slash: 6, doubleSlash: 6, percent: 6, at: 6,
}

// startsExpression are the kinds that an expression may begin with, * aside.
var startsExpression = [kinds]bool{
	name: true, number: true, stringLiteral: true, fString: true, leftParenthesis: true, leftBracket: true, leftBrace: true,
	ellipsis: true, plus: true, minus: true, tilde: true, keywordNot: true, keywordLambda: true, keywordAwait: true,
	keywordNone: true, keywordTrue: true, keywordFalse: true,
}

func operator(k kind) Operator {
	if k == at {
		k = atOperator
	}
	return Operator(k - plus)
}
