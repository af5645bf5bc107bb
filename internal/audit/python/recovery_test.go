package python

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// outline is what was read of a file: statements by their first words, with blocks in brackets.
func outline(f *File, body []Stmt) string {
	var parts []string
	for _, s := range body {
		switch s := s.(type) {
		case *Bad:
			parts = append(parts, "bad")
		case *FunctionDef:
			parts = append(parts, s.Name+"("+outline(f, s.Body)+")")
		case *ClassDef:
			parts = append(parts, s.Name+"("+outline(f, s.Body)+")")
		case *If:
			parts = append(parts, "if("+outline(f, s.Body)+"|"+outline(f, s.Else)+")")
		case *Try:
			part := "try(" + outline(f, s.Body)
			for _, h := range s.Handlers {
				part += "|" + outline(f, h.Body)
			}
			parts = append(parts, part+"|"+outline(f, s.Finally)+")")
		case *Match:
			part := "match("
			for _, c := range s.Cases {
				part += outline(f, c.Body) + "|"
			}
			parts = append(parts, part+")")
		case *With:
			parts = append(parts, "with("+outline(f, s.Body)+")")
		default:
			parts = append(parts, f.Source(s))
		}
	}
	return strings.Join(parts, " ")
}

func TestRecovery(t *testing.T) {
	for _, tt := range []struct {
		name, source, want string
		lines              []int // of the errors
	}{
		{"one bad line", "a\nb c\nd\n", "a bad d", []int{2}},
		{"the whole logical line is bad", "a; b c; d\ne\n", "bad e", []int{1}},
		{"a bad line in a block", "def f():\n  a\n  b c\n  d\ne\n", "f(a bad d) e", []int{3}},
		{"print of Python 2", "def f():\n  print 'a %s' % (b,\n    c)\n  return d\n", "f(bad return d)", []int{2}},
		{"exec, raise and back quotes of Python 2", "exec a in b\nraise A, 'b'\nc = `d`\ne\n", "bad bad bad e", []int{1, 2, 3}},
		{"except of Python 2 is that of 3.14", "try:\n  a\nexcept A, e:\n  b\n", "try(a|b|)", nil},
		{"a bad header, its block stands behind it", "def f(a b):\n  b\n  c\nd\n", "bad b c d", []int{1}},
		{"a bracket is never closed, in a header", "def f(a:\n  b\n  c\n  return d\ne\n", "bad return d e", []int{3}},
		{"a bracket is never closed, in the header of a class", "class A(B:\n  def f(self):\n    a\n  def g(self):\n    b\n", "bad f(a) g(b)", []int{1}},
		{"a bad header in a class", "class A:\n  def f(self, 1):\n    a\n  def g(self):\n    b\n", "A(bad a g(b))", []int{2}},
		{"a bad else", "if a:\n  b\nelse c:\n  d\ne\n", "if(b|bad d) e", []int{3}},
		{"a bad elif", "if a:\n  b\nelif c d:\n  e\nelse:\n  f\n", "if(b|if(bad e|f))", []int{3}},
		{"a bad except", "try:\n  a\nexcept A as b.c:\n  d\nfinally:\n  e\n", "try(a|bad d|e)", []int{3}},
		{"a bad case", "match a:\n  case b c:\n    d\n  case e:\n    f\ng\n", "match(bad d|f|) g", []int{2}},
		{"no case", "match a:\n  b\n  case c:\n    d\ne\n", "b match(d|) e", []int{2}},
		{"no except", "try:\n  a\nb\n", "try(a|) b", []int{3}},
		{"no block", "def f():\ndef g():\n  a\n", "f(bad) g(a)", []int{2}},
		{"a block of nothing", "  a\nb\n", "a b", []int{1}},
		{"too far to the right", "a\n    b\nc\n", "a b c", []int{2}},
		{"between two blocks", "if a:\n        b\n    c\nd\n", "if(b c|) d", []int{3}},
		{"tabs and spaces", "if a:\n        b\n\tc\nd\n", "if(b c|) d", []int{3}},
		{"a bracket is never closed", "a = (b,\nc = d\ne\ndef f():\n  g\n", "bad e f(g)", []int{2}},
		{"a bracket is never closed, in a block", "def f():\n  a = [b,\n  return c\n\ndef g():\n  d\n", "f(bad return c) g(d)", []int{3}},
		{"a bracket is never closed, behind it a decorator", "a = (b\n\n@c\ndef f():\n  d\n", "bad f(d)", []int{4}},
		{"a bracket is closed twice", "a = (b))\nc\n", "bad c", []int{1}},
		{"a bracket closes another", "a = (b]\nc = d)\ne\n", "bad bad e", []int{1, 2}},
		{"a string is never closed", "a = 'b\nc\n", "bad c", []int{1}},
		{"a string is never closed, in brackets", "a('b)\nc\n", "bad c", []int{1}},
		{"a long string is never closed", "a = '''b\nc\ndef f():\n  d\n", "bad c f(d)", []int{1}},
		{"an f-string is bad", "a = f'{b c}'; d\ne\n", "bad e", []int{1}},
		{"an f-string is never closed", "a = f'{b'\nc\n", "bad c", []int{1}},
		{"an f-string is never closed, nor its field", "a = f'{b\nc\n", "bad c", []int{2}},
		{"a long f-string is bad", "a = f'''{b c}\nd'''\ne\n", "bad e", []int{1}},
		{"marks of a merge", "def f():\n  a\n<<<<<<< HEAD\n  b\n=======\n  c\n>>>>>>> d\n  return e\n", "f(a b c return e)", []int{3, 5, 7}},
		{"marks of a merge in brackets", "a = [\n<<<<<<< HEAD\n  b,\n=======\n  c,\n>>>>>>> d\n]\ne\n", "a = [\n<<<<<<< HEAD\n  b,\n=======\n  c,\n>>>>>>> d\n] e", []int{2, 4, 6}},
		{"a template's directives", "def f():\n  a\n{% if b %}\n  c\n  {% endif %}\n  d = {{ e }}\n  g = '{{ h }}'\n", "f(a c d = {{ e }} g = '{{ h }}')", []int{3, 5}},
		{"a template's name", "from {{ a }} import b\nc\n", "bad c", []int{1}},
		{"a character that is none of Python's", "a = $b\nc?\nd\n", "bad bad d", []int{1, 2}},
		{"a NUL", "a\x00b\nc\n", "bad c", []int{1, 1}},
		{"a NUL in a comment", "a # \x00\nc\n", "a c", []int{1}},
		{"no UTF-8", "a = '\xff'\nb\n", "a = '\xff' b", []int{1}},
		{"no UTF-8 in a name", "a\xff = 1\nb\n", "bad b", []int{1, 1}},
		{"an encoding that nobody knows", "# coding: none-such\na\n", "a", []int{1}},
		{"a decorator with nothing to decorate", "@a\nb\nc\n", "bad c", []int{2}},
		{"a number", "a = 0777\nb = 1_\nc\n", "bad bad c", []int{1, 2}},
		{"a line continues and ends", "a = b \\\n", "bad", []int{1}},
		{"a line continues in the midst", "a = b \\ c\nd\n", "bad d", []int{1}},
		{"no target", "f() = a\nb\n", "bad b", []int{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse([]byte(tt.source))
			if got := outline(f, f.Body); got != tt.want {
				t.Errorf("read as %q, want %q", got, tt.want)
			}
			var lines []int
			for _, e := range f.Errors {
				lines = append(lines, e.Line)
			}
			if !slices.Equal(lines, tt.lines) {
				t.Errorf("errors %v, want lines %v", f.Errors, tt.lines)
			}
			wellFormed(t, f)
		})
	}
}

// wellFormed holds what every tree promises: nodes stand in the text, and inside what they are part of.
func wellFormed(t *testing.T, f *File) {
	t.Helper()
	for _, c := range f.Comments {
		if c.Start < 0 || c.End < c.Start || int(c.End) > len(f.Text) || f.Text[c.Start] != '#' {
			t.Fatalf("a comment at %v", c.Span)
		}
	}
	for _, e := range f.Errors {
		if e.Offset < 0 || int(e.Offset) > len(f.Text) || e.Line < 1 || e.Message == "" {
			t.Fatalf("an error at %d, line %d: %q", e.Offset, e.Line, e.Message)
		}
	}
	for _, s := range f.Body {
		inside(t, f, s, Span{0, int32(len(f.Text))})
	}
}

func inside(t *testing.T, f *File, n Node, outer Span) {
	t.Helper()
	s := n.Range()
	if s.Start < outer.Start || s.End > outer.End || s.Start > s.End {
		t.Fatalf("%T at %v, in what stands at %v of %q", n, s, outer, f.Text)
	}
	if n == Node(nothing) {
		t.Fatalf("a tree holds what stands for nothing, in %q", f.Text)
	}
	first := true
	Inspect(n, func(child Node) bool {
		if first {
			first = false
			return true
		}
		bounds := s
		if _, decorated := n.(*FunctionDef); decorated {
			bounds.Start = 0 // decorators stand before
		}
		if _, decorated := n.(*ClassDef); decorated {
			bounds.Start = 0
		}
		inside(t, f, child, bounds)
		return false
	})
}

func TestErrorsAreFew(t *testing.T) {
	f := Parse([]byte(strings.Repeat("a b\n", 10000) + "c\n"))
	if len(f.Errors) != maxErrors {
		t.Errorf("%d errors", len(f.Errors))
	}
	if len(f.Body) != 10001 {
		t.Errorf("%d statements", len(f.Body))
	}
	if got := fmt.Sprint(f.Errors[0]); got != "line 1: invalid syntax" {
		t.Error(got)
	}
}
