package python

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// dump prints a tree as testdata/oracle.py prints that of CPython.
func dump(f *File) string {
	d := &dumper{file: f}
	for _, s := range f.Body {
		d.node(s)
	}
	return d.String()
}

type dumper struct {
	strings.Builder
	file    *File
	context string // Store or Del, of the expression that comes next; otherwise it is Load, which is not printed
}

func (d *dumper) node(n Node) {
	switch n := n.(type) {
	case *FunctionDef:
		d.open(n, choose(n.Async, "AsyncFunctionDef", "FunctionDef"))
		d.text(n.Name)
		d.node(n.Args)
		list(d, n.Body)
		list(d, n.Decorators)
		d.expr(n.Returns)
		list(d, n.TypeParams)
	case *ClassDef:
		d.open(n, "ClassDef")
		d.text(n.Name)
		list(d, n.Bases)
		list(d, n.Keywords)
		list(d, n.Body)
		list(d, n.Decorators)
		list(d, n.TypeParams)
	case *Return:
		d.open(n, "Return")
		d.expr(n.Value)
	case *Delete:
		d.open(n, "Delete")
		d.targets(n.Targets, "Del")
	case *Assign:
		d.open(n, "Assign")
		d.targets(n.Targets, "Store")
		d.expr(n.Value)
	case *TypeAlias:
		d.open(n, "TypeAlias")
		d.target(n.Name, "Store")
		list(d, n.TypeParams)
		d.expr(n.Value)
	case *AugAssign:
		d.open(n, "AugAssign")
		d.target(n.Target, "Store")
		d.operator(n.Op)
		d.expr(n.Value)
	case *AnnAssign:
		d.open(n, "AnnAssign")
		d.target(n.Target, "Store")
		d.expr(n.Annotation)
		d.expr(n.Value)
		d.text(choose(n.Simple, "1", "0"))
	case *For:
		d.open(n, choose(n.Async, "AsyncFor", "For"))
		d.target(n.Target, "Store")
		d.expr(n.Iter)
		list(d, n.Body)
		list(d, n.Else)
	case *While:
		d.open(n, "While")
		d.expr(n.Test)
		list(d, n.Body)
		list(d, n.Else)
	case *If:
		d.open(n, "If")
		d.expr(n.Test)
		list(d, n.Body)
		list(d, n.Else)
	case *With:
		d.open(n, choose(n.Async, "AsyncWith", "With"))
		list(d, n.Items)
		list(d, n.Body)
	case *Match:
		d.open(n, "Match")
		d.expr(n.Subject)
		list(d, n.Cases)
	case *Raise:
		d.open(n, "Raise")
		d.expr(n.Exc)
		d.expr(n.Cause)
	case *Try:
		d.open(n, choose(n.Star, "TryStar", "Try"))
		list(d, n.Body)
		list(d, n.Handlers)
		list(d, n.Else)
		list(d, n.Finally)
	case *Assert:
		d.open(n, "Assert")
		d.expr(n.Test)
		d.expr(n.Msg)
	case *Import:
		d.open(n, "Import")
		list(d, n.Names)
	case *ImportFrom:
		d.open(n, "ImportFrom")
		d.optional(n.Module)
		list(d, n.Names)
		d.text(strconv.Itoa(n.Level))
	case *Global:
		d.open(n, "Global")
		d.strings(n.Names)
	case *Nonlocal:
		d.open(n, "Nonlocal")
		d.strings(n.Names)
	case *ExprStmt:
		d.open(n, "Expr")
		d.expr(n.Value)
	case *Pass, *Break, *Continue, *Bad:
		d.begin(n, strings.TrimPrefix(reflect.TypeOf(n).String(), "*python."))
		d.WriteString(" ")
		return
	case *Alias:
		d.open(n, "alias")
		d.text(n.Name)
		d.optional(n.AsName)
	case *WithItem:
		d.WriteString("\nwithitem(")
		d.expr(n.Context)
		d.target(n.OptionalAs, "Store")
	case *ExceptHandler:
		d.open(n, "ExceptHandler")
		d.expr(n.Type)
		d.optional(n.Name)
		list(d, n.Body)
	case *MatchCase:
		d.WriteString("\nmatch_case(")
		d.node(n.Pattern)
		d.expr(n.Guard)
		list(d, n.Body)
	case *Arguments:
		d.arguments(n)
	case *Arg:
		d.open(n, "arg")
		d.text(n.Name)
		d.expr(n.Annotation)
	case *Keyword:
		d.open(n, "keyword")
		d.optional(n.Name)
		d.expr(n.Value)
	case *TypeParam:
		d.open(n, [...]string{"TypeVar", "TypeVarTuple", "ParamSpec"}[n.Kind])
		d.text(n.Name)
		if n.Kind == TypeVar {
			d.expr(n.Bound)
		}
		d.expr(n.Default)
	case *Comprehension:
		d.WriteString("\ncomprehension(")
		d.target(n.Target, "Store")
		d.expr(n.Iter)
		list(d, n.Ifs)
		d.text(choose(n.Async, "1", "0"))
	case Pattern:
		d.pattern(n)
		return
	case Expr:
		d.expression(n)
		return
	default:
		panic(fmt.Sprintf("no dump of %T", n))
	}
	d.WriteString(")")
}

func (d *dumper) arguments(n *Arguments) {
	d.WriteString("\narguments(")
	list(d, n.PosOnly)
	list(d, n.Args)
	d.arg(n.VarArg)
	list(d, n.KwOnly)
	list(d, n.KwDefaults)
	d.arg(n.KwArg)
	list(d, n.Defaults)
}

func (d *dumper) expression(n Expr) {
	context := d.context
	d.context = ""
	switch n := n.(type) {
	case *BoolOp:
		d.open(n, "BoolOp")
		d.WriteString(choose(n.Or, "\nOr ", "\nAnd "))
		list(d, n.Values)
	case *NamedExpr:
		d.open(n, "NamedExpr")
		d.target(n.Target, "Store")
		d.expr(n.Value)
	case *BinOp:
		d.open(n, "BinOp")
		d.expr(n.Left)
		d.operator(n.Op)
		d.expr(n.Right)
	case *UnaryOp:
		d.open(n, "UnaryOp")
		d.WriteString([...]string{"\nInvert ", "\nNot ", "\nUAdd ", "\nUSub "}[n.Op])
		d.expr(n.Operand)
	case *Lambda:
		d.open(n, "Lambda")
		d.node(n.Args)
		d.expr(n.Body)
	case *IfExp:
		d.open(n, "IfExp")
		d.expr(n.Test)
		d.expr(n.Body)
		d.expr(n.Else)
	case *Dict:
		d.open(n, "Dict")
		list(d, n.Keys)
		list(d, n.Values)
	case *Set:
		d.open(n, "Set")
		list(d, n.Elts)
	case *Comp:
		d.open(n, [...]string{"GeneratorExp", "ListComp", "SetComp", "DictComp"}[n.Kind])
		d.expr(n.Elt)
		if n.Kind == DictComp {
			d.expr(n.Value)
		}
		list(d, n.Generators)
	case *Await:
		d.open(n, "Await")
		d.expr(n.Value)
	case *Yield:
		d.open(n, "Yield")
		d.expr(n.Value)
	case *YieldFrom:
		d.open(n, "YieldFrom")
		d.expr(n.Value)
	case *Compare:
		d.open(n, "Compare")
		d.expr(n.Left)
		d.WriteString("[")
		for _, op := range n.Ops {
			d.WriteString([...]string{"\nEq ", "\nNotEq ", "\nLt ", "\nLtE ", "\nGt ", "\nGtE ", "\nIs ", "\nIsNot ", "\nIn ", "\nNotIn "}[op])
		}
		d.WriteString("]")
		list(d, n.Comparators)
	case *Call:
		d.open(n, "Call")
		d.expr(n.Func)
		list(d, n.Args)
		list(d, n.Keywords)
	case *FormattedValue:
		d.open(n, "FormattedValue")
		d.expr(n.Value)
		d.conversion(n.Conversion)
		d.expr(n.FormatSpec)
	case *Interpolation:
		d.open(n, "Interpolation")
		d.expr(n.Value)
		d.text(n.Str)
		d.conversion(n.Conversion)
		d.expr(n.FormatSpec)
	case *JoinedStr:
		d.open(n, "JoinedStr")
		list(d, n.Values)
	case *TemplateStr:
		d.open(n, "TemplateStr")
		list(d, n.Values)
	case *Constant:
		d.open(n, "Constant")
		d.constant(n)
	case *Attribute:
		d.openContext(n, "Attribute", context)
		d.expr(n.Value)
		d.text(n.Attr)
	case *Subscript:
		d.openContext(n, "Subscript", context)
		d.expr(n.Value)
		d.expr(n.Slice)
	case *Starred:
		d.openContext(n, "Starred", context)
		d.target(n.Value, context)
	case *Name:
		d.openContext(n, "Name", context)
		d.text(n.ID)
	case *List:
		d.openContext(n, "List", context)
		d.targets(n.Elts, context)
	case *Tuple:
		d.openContext(n, "Tuple", context)
		d.targets(n.Elts, context)
	case *Slice:
		d.open(n, "Slice")
		d.expr(n.Lower)
		d.expr(n.Upper)
		d.expr(n.Step)
	}
	d.WriteString(")")
}

func (d *dumper) pattern(n Pattern) {
	switch n := n.(type) {
	case *MatchValue:
		d.open(n, "MatchValue")
		d.expr(n.Value)
	case *MatchSingleton:
		d.open(n, "MatchSingleton")
		d.WriteString([...]string{"None", "True", "False"}[n.Kind])
	case *MatchSequence:
		d.open(n, "MatchSequence")
		list(d, n.Patterns)
	case *MatchMapping:
		d.open(n, "MatchMapping")
		list(d, n.Keys)
		list(d, n.Patterns)
		d.optional(n.Rest)
	case *MatchClass:
		d.open(n, "MatchClass")
		d.expr(n.Class)
		list(d, n.Patterns)
		d.strings(n.KwdAttrs)
		list(d, n.KwdPatterns)
	case *MatchStar:
		d.open(n, "MatchStar")
		d.optional(n.Name)
	case *MatchAs:
		d.open(n, "MatchAs")
		if n.Pattern == nil {
			d.text("None")
		} else {
			d.node(n.Pattern)
		}
		d.optional(n.Name)
	case *MatchOr:
		d.open(n, "MatchOr")
		list(d, n.Patterns)
	}
	d.WriteString(")")
}

// begin prints the name of a node and its place.
func (d *dumper) begin(n Node, name string) {
	r := n.Range()
	d.WriteString("\n" + name + " ")
	place := func(at int32) {
		d.WriteString(strconv.Itoa(d.file.Line(at)))
		d.WriteByte(':')
		d.WriteString(strconv.Itoa(d.file.Column(at)))
	}
	place(r.Start)
	d.WriteByte('-')
	place(r.End)
	d.WriteByte(' ')
}

func (d *dumper) open(n Node, name string) {
	d.begin(n, name)
	d.WriteString("(")
}

func (d *dumper) openContext(n Node, name, context string) {
	d.begin(n, name)
	d.WriteString(context + "(")
}

func (d *dumper) text(s string) { d.WriteString(s + " ") }

func (d *dumper) optional(s string) {
	if s == "" {
		s = "None"
	}
	d.text(s)
}

func (d *dumper) strings(names []string) {
	d.WriteString("[")
	for _, s := range names {
		d.text(s)
	}
	d.WriteString("]")
}

func (d *dumper) expr(e Expr) {
	if e == nil {
		d.text("None")
		return
	}
	d.expression(e)
}

// target prints an expression that is stored, or deleted.
func (d *dumper) target(e Expr, context string) {
	d.context = context
	d.expr(e)
	d.context = ""
}

func (d *dumper) targets(list []Expr, context string) {
	d.WriteString("[")
	for _, e := range list {
		d.target(e, context)
	}
	d.WriteString("]")
}

func (d *dumper) arg(a *Arg) {
	if a == nil {
		d.text("None")
		return
	}
	d.node(a)
}

func list[N Node](d *dumper, nodes []N) {
	d.WriteString("[")
	for _, n := range nodes {
		if any(n) == nil {
			d.text("None")
			continue
		}
		d.node(n)
	}
	d.WriteString("]")
}

func (d *dumper) operator(op Operator) {
	d.WriteString("\n" + [...]string{"Add", "Sub", "Mult", "MatMult", "Div", "Mod", "Pow", "LShift", "RShift", "BitOr", "BitXor", "BitAnd", "FloorDiv"}[op] + " ")
}

func (d *dumper) conversion(c byte) {
	if c == 0 {
		d.text("-1")
		return
	}
	d.text(strconv.Itoa(int(c)))
}

var escapes = strings.NewReplacer("\\", "\\\\", "\n", "\\n", `"`, `\"`)

func (d *dumper) constant(n *Constant) {
	switch n.Kind {
	case None, True, False, Ellipsis:
		d.WriteString([...]string{"None", "True", "False", "Ellipsis"}[n.Kind])
	case Str:
		d.WriteString(`s"` + escapes.Replace(n.Text) + `"`)
	case Bytes:
		d.WriteString(`b"` + escapes.Replace(n.Text) + `"`)
	case Int:
		literal := n.Text
		if strings.Trim(literal, "0") == "" {
			literal = "0" // 00 is no octal number
		}
		i, ok := new(big.Int).SetString(literal, 0)
		if !ok {
			panic("no number: " + literal)
		}
		d.WriteString("0x" + i.Text(16))
	case Float:
		d.WriteString("f" + double(n.Text))
	case Imaginary:
		d.WriteString("j" + double(strings.TrimSuffix(n.Text, "j")))
	}
	if n.U {
		d.WriteString(" u")
	}
}

// double is the number as its bits. One that is too large is infinite.
func double(literal string) string {
	v, _ := strconv.ParseFloat(literal, 64)
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
}

func choose(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
