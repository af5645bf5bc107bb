package varnish

import "strings"

// expression is a value or a condition. Chains of one operator are one node, so that long ones are not deep.
type expression struct {
	op    operator
	text  string // of a name in lower case, of a literal as it stands; of a comparison its sign
	holed bool   // of a string: a template fills in a part of it
	args  []*expression
	place
}

type operator uint8

const (
	unknown operator = iota
	literal
	numeral
	variable
	invoke // of a function or of an object's method
	not
	and
	or
	compare
	concat
)

// isString reports whether e is a string whose every byte is known.
func (e *expression) isString() bool { return e.op == literal && !e.holed }

// walk calls f with e and all that is in it.
func (e *expression) walk(f func(*expression)) {
	f(e)
	for _, arg := range e.args {
		arg.walk(f)
	}
}

// mentions reports whether one of the variables stands in e.
func (e *expression) mentions(variables ...string) bool {
	found := false
	e.walk(func(in *expression) {
		for _, v := range variables {
			found = found || in.op == variable && (in.text == v || strings.HasPrefix(in.text, v+":"))
		}
	})
	return found
}

// spelling is e as a text that equal conditions share.
func (e *expression) spelling() string {
	var b strings.Builder
	e.spell(&b)
	return b.String()
}

func (e *expression) spell(b *strings.Builder) {
	if b.Len() > 4096 {
		return
	}
	b.WriteByte("?\"0$(!&|~+"[e.op])
	b.WriteString(e.text)
	for _, arg := range e.args {
		b.WriteByte(' ')
		arg.spell(b)
	}
	b.WriteByte(';')
}

// statement is one statement of a subroutine.
type statement struct {
	op     action
	name   string // of what is set, unset or called, of the state that is returned
	value  *expression
	arms   []arm
	assign string // the sign of an assignment
	place         // from its first to its last byte
}

type action uint8

const (
	evaluate action = iota // a function is called, for what it does
	set
	unset
	call
	leave   // return; its name is the state, "" to return to the caller
	choose  // if, elseif, else
	perhaps // switch: any of the arms, for all we know
)

// arm is a block and the condition under which it is run, nil for else.
type arm struct {
	when *expression
	body []*statement
}

// subroutine is one of possibly several parts of a subroutine of its name.
type subroutine struct {
	name    string
	body    []*statement
	endLine int
	place
}

// program is what one VCL file is, with all that it includes.
type program struct {
	root    *source
	version string // "4.1", "" where none is given
	fastly  bool
	// template: what is read is what a program is made from.
	template bool
	subs     map[string][]*subroutine
	order    []*subroutine
	backend  []string // names and hosts of backends
	broken   []problem
}

// problem is a part of a file that could not be read.
type problem struct {
	file *source
	line int
	note string
}
