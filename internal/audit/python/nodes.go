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
}

type slab[T any] struct {
	free []T
	made int
}

func (s *slab[T]) make() *T {
	if len(s.free) == 0 {
		s.made = min(2*s.made+4, 128)
		s.free = make([]T, s.made)
	}
	node := &s.free[0]
	s.free = s.free[1:]
	return node
}
