package python

// stacks hold the elements of lists while these are being read; a list is then as long as it must be, and no longer.
type stacks struct {
	stmts    []Stmt
	exprs    []Expr
	keywords []*Keyword
	patterns []Pattern
	args     []*Arg
	names    []string
	compares []CompareOp
}

// take makes a list of what lies on the stack above the mark.
func take[T any](stack *[]T, mark int) []T {
	top := (*stack)[mark:]
	if len(top) == 0 {
		return nil
	}
	list := make([]T, len(top))
	copy(list, top)
	clear(top)
	*stack = (*stack)[:mark]
	return list
}

// exact is the same list without room to spare.
func exact[T any](list []T) []T {
	if len(list) == cap(list) {
		return list
	}
	return append(make([]T, 0, len(list)), list...)
}

// nodes makes the nodes that are most frequent, many at a time.
type nodes struct {
	nameNodes      slab[Name]
	constantNodes  slab[Constant]
	attributeNodes slab[Attribute]
	callNodes      slab[Call]
	keywordNodes   slab[Keyword]
}

// perSlab is large enough for speed. With more, thousands of files that are held at once would have as many half-empty slabs, and a function that
// is given up would stay with its neighbours.
const perSlab = 8

type slab[T any] []T

func (s *slab[T]) make() *T {
	if len(*s) == 0 {
		*s = make([]T, perSlab)
	}
	node := &(*s)[0]
	*s = (*s)[1:]
	return node
}
