package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one problem: where, what, and what to write instead. It repeats a value only where that
// cannot be a secret, see show.
type Error struct {
	File         string // empty where the value is not from a file
	Line, Column int    // from 1, in characters; zero where the value is not from a file
	Key          string // "routes[1].ttl"; empty for the file as a whole
	Problem      string // `"30" has no unit; write 30s`
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

// Errors are all problems of one configuration, one line each when printed.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets [errors.As] find the first *Error.
func (es Errors) Unwrap() []error {
	all := make([]error, len(es))
	for i, e := range es {
		all[i] = e
	}
	return all
}

// of names the file and sorts by place, so that equal files read equal.
func (es Errors) of(file string) Errors {
	for _, e := range es {
		e.File = file
	}
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return es
}

// orNil keeps an empty list from becoming a non-nil error.
func (es Errors) orNil() error {
	if len(es) == 0 {
		return nil
	}
	return es
}
