package python

import (
	"fmt"
	"sort"
)

// File is one source file, read.
type File struct {
	Text     []byte // in UTF-8, without a byte order mark, otherwise as it stood: all offsets count in it
	Body     []Stmt
	Comments []Comment
	Errors   []Error // none: CPython reads the file, too
	lines    []int32 // where each line begins
}

// Comment is one from # to the end of its line.
type Comment struct{ Span }

// Error says what could not be read.
type Error struct {
	Offset  int32
	Line    int // from 1
	Message string
}

func (e Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Line is the number of the line, from 1, that the offset stands in.
func (f *File) Line(offset int32) int {
	return sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset })
}

// Column is how many bytes stand before the offset in its line.
func (f *File) Column(offset int32) int {
	return int(offset - f.lines[f.Line(offset)-1])
}

// Source is the text of a node.
func (f *File) Source(n Node) string {
	s := n.Range()
	return string(f.Text[s.Start:s.End])
}
