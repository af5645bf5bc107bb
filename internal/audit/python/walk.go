package python

// Inspect calls visit for the node and all below it, in the order of CPython's fields, parents first. Where visit returns false, what
// is below that node is left out. A nil node is none.
func Inspect(n Node, visit func(Node) bool) {
	w := walker{visit}
	w.node(n)
}

type walker struct{ visit func(Node) bool }

func (w walker) node(n Node) {
	if n == nil || !w.visit(n) {
		return
	}
	switch n := n.(type) {
	case *FunctionDef:
		all(w, n.Decorators)
		all(w, n.TypeParams)
		w.arguments(n.Args)
		w.expr(n.Returns)
		all(w, n.Body)
	case *ClassDef:
		all(w, n.Decorators)
		all(w, n.TypeParams)
		all(w, n.Bases)
		all(w, n.Keywords)
		all(w, n.Body)
	case *Return:
		w.expr(n.Value)
	case *Delete:
		all(w, n.Targets)
	case *Assign:
		all(w, n.Targets)
		w.expr(n.Value)
	case *TypeAlias:
		w.node(n.Name)
		all(w, n.TypeParams)
		w.expr(n.Value)
	case *AugAssign:
		w.expr(n.Target)
		w.expr(n.Value)
	case *AnnAssign:
		w.expr(n.Target)
		w.expr(n.Annotation)
		w.expr(n.Value)
	case *For:
		w.expr(n.Target)
		w.expr(n.Iter)
		all(w, n.Body)
		all(w, n.Else)
	case *While:
		w.expr(n.Test)
		all(w, n.Body)
		all(w, n.Else)
	case *If:
		w.expr(n.Test)
		all(w, n.Body)
		all(w, n.Else)
	case *With:
		all(w, n.Items)
		all(w, n.Body)
	case *Match:
		w.expr(n.Subject)
		all(w, n.Cases)
	case *Raise:
		w.expr(n.Exc)
		w.expr(n.Cause)
	case *Try:
		all(w, n.Body)
		all(w, n.Handlers)
		all(w, n.Else)
		all(w, n.Finally)
	case *Assert:
		w.expr(n.Test)
		w.expr(n.Msg)
	case *Import:
		all(w, n.Names)
	case *ImportFrom:
		all(w, n.Names)
	case *ExprStmt:
		w.expr(n.Value)
	case *WithItem:
		w.expr(n.Context)
		w.expr(n.OptionalAs)
	case *ExceptHandler:
		w.expr(n.Type)
		all(w, n.Body)
	case *MatchCase:
		w.pattern(n.Pattern)
		w.expr(n.Guard)
		all(w, n.Body)
	case *Arguments:
		w.insideArguments(n)
	case *Arg:
		w.expr(n.Annotation)
	case *Keyword:
		w.expr(n.Value)
	case *TypeParam:
		w.expr(n.Bound)
		w.expr(n.Default)
	case *Comprehension:
		w.expr(n.Target)
		w.expr(n.Iter)
		all(w, n.Ifs)
	case *BoolOp:
		all(w, n.Values)
	case *NamedExpr:
		w.node(n.Target)
		w.expr(n.Value)
	case *BinOp:
		w.expr(n.Left)
		w.expr(n.Right)
	case *UnaryOp:
		w.expr(n.Operand)
	case *Lambda:
		w.arguments(n.Args)
		w.expr(n.Body)
	case *IfExp:
		w.expr(n.Test)
		w.expr(n.Body)
		w.expr(n.Else)
	case *Dict:
		for i, k := range n.Keys {
			w.expr(k)
			w.expr(n.Values[i])
		}
	case *Set:
		all(w, n.Elts)
	case *Comp:
		w.expr(n.Elt)
		w.expr(n.Value)
		all(w, n.Generators)
	case *Await:
		w.expr(n.Value)
	case *Yield:
		w.expr(n.Value)
	case *YieldFrom:
		w.expr(n.Value)
	case *Compare:
		w.expr(n.Left)
		all(w, n.Comparators)
	case *Call:
		w.expr(n.Func)
		all(w, n.Args)
		all(w, n.Keywords)
	case *FormattedValue:
		w.expr(n.Value)
		w.expr(n.FormatSpec)
	case *Interpolation:
		w.expr(n.Value)
		w.expr(n.FormatSpec)
	case *JoinedStr:
		all(w, n.Values)
	case *TemplateStr:
		all(w, n.Values)
	case *Attribute:
		w.expr(n.Value)
	case *Subscript:
		w.expr(n.Value)
		w.expr(n.Slice)
	case *Starred:
		w.expr(n.Value)
	case *List:
		all(w, n.Elts)
	case *Tuple:
		all(w, n.Elts)
	case *Slice:
		w.expr(n.Lower)
		w.expr(n.Upper)
		w.expr(n.Step)
	case *MatchValue:
		w.expr(n.Value)
	case *MatchSequence:
		all(w, n.Patterns)
	case *MatchMapping:
		all(w, n.Keys)
		all(w, n.Patterns)
	case *MatchClass:
		w.expr(n.Class)
		all(w, n.Patterns)
		all(w, n.KwdPatterns)
	case *MatchAs:
		w.pattern(n.Pattern)
	case *MatchOr:
		all(w, n.Patterns)
	}
}

// A nil in a field of type Expr is an interface without a value; these keep it from becoming a Node that holds nothing.
func (w walker) expr(e Expr) {
	if e != nil {
		w.node(e)
	}
}

func (w walker) pattern(p Pattern) {
	if p != nil {
		w.node(p)
	}
}

func (w walker) arguments(a *Arguments) {
	if a != nil {
		w.node(a)
	}
}

func (w walker) insideArguments(a *Arguments) {
	all(w, a.PosOnly)
	all(w, a.Args)
	if a.VarArg != nil {
		w.node(a.VarArg)
	}
	all(w, a.KwOnly)
	for _, d := range a.KwDefaults {
		w.expr(d)
	}
	if a.KwArg != nil {
		w.node(a.KwArg)
	}
	all(w, a.Defaults)
}

func all[N Node](w walker, list []N) {
	for _, n := range list {
		w.node(n)
	}
}
