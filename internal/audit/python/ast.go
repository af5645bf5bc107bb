// Package python reads Python source, up to version 3.14, into the tree that CPython's own ast module makes of it: the
// same nodes, by the same names, at the same places. It hides tokens, indentation, encodings and precedence. It runs
// nothing, opens nothing, and holds against any input: what cannot be read becomes an [Error] and a [Bad] statement, and
// reading goes on behind it.
package python

// Span is where a node stands: offsets in bytes into [File.Text], the end excluded.
type Span struct{ Start, End int32 }

// Range is the node's own span; every node has it by embedding Span.
func (s Span) Range() Span { return s }

// Node is a part of the tree: a [Stmt], an [Expr], a [Pattern] or one of the parts that are none of these.
type Node interface{ Range() Span }

// Stmt is a statement. The concrete types are the ones below with a stmt method.
type Stmt interface {
	Node
	stmt()
}

// Expr is an expression. The concrete types are the ones below with an expr method.
type Expr interface {
	Node
	expr()
}

// Pattern is what may stand behind case.
type Pattern interface {
	Node
	pattern()
}

// Statements. Their names and fields are those of CPython's grammar of the abstract syntax (the documentation of module ast).
type (
	// FunctionDef is def and async def. Its span begins at def, or async; the decorators stand before it.
	FunctionDef struct {
		Span
		Name       string
		NamePos    int32 // offset of the name
		Args       *Arguments
		Body       []Stmt
		Decorators []Expr
		Returns    Expr // or nil
		TypeParams []*TypeParam
		Async      bool
	}
	ClassDef struct {
		Span
		Name       string
		NamePos    int32
		Bases      []Expr
		Keywords   []*Keyword
		Body       []Stmt
		Decorators []Expr
		TypeParams []*TypeParam
	}
	Return struct {
		Span
		Value Expr // or nil
	}
	Delete struct {
		Span
		Targets []Expr
	}
	Assign struct {
		Span
		Targets []Expr // a = b = value has two
		Value   Expr
	}
	TypeAlias struct {
		Span
		Name       *Name
		TypeParams []*TypeParam
		Value      Expr
	}
	AugAssign struct {
		Span
		Target Expr
		Op     Operator
		Value  Expr
	}
	AnnAssign struct {
		Span
		Target     Expr
		Annotation Expr
		Value      Expr // or nil
		Simple     bool // the target is a name without brackets around it
	}
	For struct {
		Span
		Target, Iter Expr
		Body, Else   []Stmt
		Async        bool
	}
	While struct {
		Span
		Test       Expr
		Body, Else []Stmt
	}
	// If is if, and elif: that is an If alone in Else.
	If struct {
		Span
		Test       Expr
		Body, Else []Stmt
	}
	With struct {
		Span
		Items []*WithItem
		Body  []Stmt
		Async bool
	}
	Match struct {
		Span
		Subject Expr
		Cases   []*MatchCase
	}
	Raise struct {
		Span
		Exc, Cause Expr // or nil
	}
	// Try is try with except, and with except* where Star is set.
	Try struct {
		Span
		Body, Else, Finally []Stmt
		Handlers            []*ExceptHandler
		Star                bool
	}
	Assert struct {
		Span
		Test, Msg Expr // Msg may be nil
	}
	Import struct {
		Span
		Names []*Alias
	}
	// ImportFrom is from Module import Names; from . import x has an empty Module and Level 1.
	ImportFrom struct {
		Span
		Module string
		Names  []*Alias // one with the name * for all
		Level  int      // of leading dots
	}
	Global struct {
		Span
		Names []string
	}
	Nonlocal struct {
		Span
		Names []string
	}
	ExprStmt struct {
		Span
		Value Expr
	}
	Pass     struct{ Span }
	Break    struct{ Span }
	Continue struct{ Span }
	// Bad is what could not be read: a logical line. CPython has no such node, since it refuses the file. The block behind such a line is
	// read, and stands behind the Bad in the same list; if the line is no statement of its own, but begins else or the like, the Bad
	// comes first in that block, a pattern that is missing is a MatchAs, and a test that is, the constant Ellipsis.
	Bad struct{ Span }
)

// Parts of statements.
type (
	Alias struct {
		Span
		Name   string // dotted, or *
		AsName string // or ""
	}
	WithItem struct {
		Span            // CPython gives it no place; ours is that of its expressions
		Context    Expr //
		OptionalAs Expr // or nil
	}
	ExceptHandler struct {
		Span
		Type Expr   // or nil
		Name string // or ""
		Body []Stmt
	}
	MatchCase struct {
		Span    // CPython gives it no place
		Pattern Pattern
		Guard   Expr // or nil
		Body    []Stmt
	}
	// Arguments are the parameters of a function. Defaults belongs to the last of PosOnly and Args together; KwDefaults
	// has one for each of KwOnly, nil where there is none.
	Arguments struct {
		Span                  // CPython gives it no place
		PosOnly, Args, KwOnly []*Arg
		VarArg, KwArg         *Arg // or nil
		Defaults              []Expr
		KwDefaults            []Expr
	}
	Arg struct {
		Span
		Name       string
		Annotation Expr // or nil
	}
	// Keyword is name=value in a call or a class, or **value with an empty Name.
	Keyword struct {
		Span
		Name  string
		Value Expr
	}
	// TypeParam is T, *Ts or **P between the brackets of a generic definition.
	TypeParam struct {
		Span
		Kind    TypeParamKind
		Name    string
		Bound   Expr // of TypeVar, or nil
		Default Expr // or nil
	}
	Comprehension struct {
		Span         // CPython gives it no place
		Target, Iter Expr
		Ifs          []Expr
		Async        bool
	}
)

// TypeParamKind tells the three sorts of type parameters.
type TypeParamKind uint8

const (
	TypeVar TypeParamKind = iota
	TypeVarTuple
	ParamSpec
)

// Expressions. Where one stands tells whether it is stored, deleted or read: CPython says it in the node once more, as Load, Store and Del.
type (
	BoolOp struct {
		Span
		Or     bool
		Values []Expr
	}
	NamedExpr struct {
		Span
		Target *Name
		Value  Expr
	}
	BinOp struct {
		Span
		Left  Expr
		Op    Operator
		Right Expr
	}
	UnaryOp struct {
		Span
		Op      UnaryOperator
		Operand Expr
	}
	Lambda struct {
		Span
		Args *Arguments
		Body Expr
	}
	IfExp struct {
		Span
		Test, Body, Else Expr
	}
	// Dict has a nil key where **value stands.
	Dict struct {
		Span
		Keys, Values []Expr
	}
	Set struct {
		Span
		Elts []Expr
	}
	// Comp is a comprehension: of a list, a set, a dict, or a generator. Value is for dicts alone.
	Comp struct {
		Span
		Kind       CompKind
		Elt        Expr // of a dict: the key
		Value      Expr
		Generators []*Comprehension
	}
	Await struct {
		Span
		Value Expr
	}
	Yield struct {
		Span
		Value Expr // or nil
	}
	YieldFrom struct {
		Span
		Value Expr
	}
	Compare struct {
		Span
		Left        Expr
		Ops         []CompareOp
		Comparators []Expr
	}
	Call struct {
		Span
		Func     Expr
		Args     []Expr
		Keywords []*Keyword
	}
	// FormattedValue is {value!r:spec} in an f-string; Interpolation, in a template string.
	FormattedValue struct {
		Span
		Value      Expr
		Conversion byte // 's', 'r', 'a', or 0
		FormatSpec Expr // *JoinedStr, or nil
	}
	Interpolation struct {
		Span
		Value      Expr
		Str        string // the text between the braces
		Conversion byte
		FormatSpec Expr // *JoinedStr, or nil
	}
	JoinedStr struct {
		Span
		Values []Expr // *Constant and *FormattedValue
	}
	TemplateStr struct {
		Span
		Values []Expr // *Constant and *Interpolation
	}
	// Constant is a literal. Text is the value of a string, in UTF-8 (a lone surrogate in the three bytes that it would have); of
	// bytes, these; of a number, the literal in lower case, without underscores. A character written by its name, as \N{BULLET}, is U+FFFD.
	Constant struct {
		Span
		Kind ConstantKind
		U    bool // written with the prefix u
		Text string
	}
	Attribute struct {
		Span
		Value Expr
		Attr  string
	}
	Subscript struct {
		Span
		Value, Slice Expr
	}
	Starred struct {
		Span
		Value Expr
	}
	Name struct {
		Span
		ID string // as Python sees it: in normal form NFKC
	}
	List struct {
		Span
		Elts []Expr
	}
	Tuple struct {
		Span
		Elts []Expr
	}
	// Slice is lower:upper:step, each of which may be nil.
	Slice struct {
		Span
		Lower, Upper, Step Expr
	}
)

// CompKind tells the four sorts of comprehensions.
type CompKind uint8

const (
	GeneratorExp CompKind = iota
	ListComp
	SetComp
	DictComp
)

// ConstantKind tells the sorts of literals.
type ConstantKind uint8

const (
	None ConstantKind = iota
	True
	False
	Ellipsis
	Int
	Float
	Imaginary
	Str
	Bytes
)

// Operator is one of two operands.
type Operator uint8

const (
	Add Operator = iota
	Sub
	Mult
	MatMult
	Div
	Mod
	Pow
	LShift
	RShift
	BitOr
	BitXor
	BitAnd
	FloorDiv
)

// UnaryOperator is one of one operand.
type UnaryOperator uint8

const (
	Invert UnaryOperator = iota
	Not
	UAdd
	USub
)

// CompareOp is a comparison.
type CompareOp uint8

const (
	Eq CompareOp = iota
	NotEq
	Lt
	LtE
	Gt
	GtE
	Is
	IsNot
	In
	NotIn
)

// Patterns.
type (
	MatchValue struct {
		Span
		Value Expr
	}
	MatchSingleton struct {
		Span
		Kind ConstantKind // None, True or False
	}
	MatchSequence struct {
		Span
		Patterns []Pattern
	}
	MatchMapping struct {
		Span
		Keys     []Expr
		Patterns []Pattern
		Rest     string // or ""
	}
	MatchClass struct {
		Span
		Class       Expr
		Patterns    []Pattern
		KwdAttrs    []string
		KwdPatterns []Pattern
	}
	MatchStar struct {
		Span
		Name string // or "" for _
	}
	MatchAs struct {
		Span
		Pattern Pattern // or nil
		Name    string  // or "" for _
	}
	MatchOr struct {
		Span
		Patterns []Pattern
	}
)

func (*FunctionDef) stmt() {}
func (*ClassDef) stmt()    {}
func (*Return) stmt()      {}
func (*Delete) stmt()      {}
func (*Assign) stmt()      {}
func (*TypeAlias) stmt()   {}
func (*AugAssign) stmt()   {}
func (*AnnAssign) stmt()   {}
func (*For) stmt()         {}
func (*While) stmt()       {}
func (*If) stmt()          {}
func (*With) stmt()        {}
func (*Match) stmt()       {}
func (*Raise) stmt()       {}
func (*Try) stmt()         {}
func (*Assert) stmt()      {}
func (*Import) stmt()      {}
func (*ImportFrom) stmt()  {}
func (*Global) stmt()      {}
func (*Nonlocal) stmt()    {}
func (*ExprStmt) stmt()    {}
func (*Pass) stmt()        {}
func (*Break) stmt()       {}
func (*Continue) stmt()    {}
func (*Bad) stmt()         {}

func (*BoolOp) expr()         {}
func (*NamedExpr) expr()      {}
func (*BinOp) expr()          {}
func (*UnaryOp) expr()        {}
func (*Lambda) expr()         {}
func (*IfExp) expr()          {}
func (*Dict) expr()           {}
func (*Set) expr()            {}
func (*Comp) expr()           {}
func (*Await) expr()          {}
func (*Yield) expr()          {}
func (*YieldFrom) expr()      {}
func (*Compare) expr()        {}
func (*Call) expr()           {}
func (*FormattedValue) expr() {}
func (*Interpolation) expr()  {}
func (*JoinedStr) expr()      {}
func (*TemplateStr) expr()    {}
func (*Constant) expr()       {}
func (*Attribute) expr()      {}
func (*Subscript) expr()      {}
func (*Starred) expr()        {}
func (*Name) expr()           {}
func (*List) expr()           {}
func (*Tuple) expr()          {}
func (*Slice) expr()          {}

func (*MatchValue) pattern()     {}
func (*MatchSingleton) pattern() {}
func (*MatchSequence) pattern()  {}
func (*MatchMapping) pattern()   {}
func (*MatchClass) pattern()     {}
func (*MatchStar) pattern()      {}
func (*MatchAs) pattern()        {}
func (*MatchOr) pattern()        {}
