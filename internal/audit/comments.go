package audit

import (
	"path"
	"slices"
	"strings"
)

// commentsFor is how a file's comments are found where its language does not say.
func commentsFor(name string) func([]byte) []Comment {
	switch base := path.Base(name); {
	case slices.Contains([]string{".py", ".pyi", ".pyw"}, path.Ext(base)):
		return PythonComments
	case strings.Contains(base+".", ".vcl.") || base == "vcl": // default.vcl.j2, too
		return VCLComments
	}
	return HashComments
}

// HashComments are those of nginx, Apache and YAML: from a # that begins a word to the end of the line, outside of quotes. A quote
// does not reach beyond its line here, though nginx lets it: one that is open in a comment must not hide those of all the lines below.
func HashComments(text []byte) []Comment {
	return scanComments(text, func(s *commentScanner) {
		switch c := s.text[s.at]; {
		case c == '#' && (s.at == s.lineStart || strings.IndexByte(" \t;{}", s.text[s.at-1]) >= 0):
			s.comment(1)
		case c == '"' || c == '\'':
			s.quoted(c, false)
		case c == '\\':
			s.skip(2)
		default:
			s.skip(1)
		}
	})
}

// VCLComments are those of VCL: from # or // to the end of the line, outside of strings ("…", {"…"} and """…""") and of /* … */.
func VCLComments(text []byte) []Comment {
	return scanComments(text, func(s *commentScanner) {
		rest := s.text[s.at:]
		switch {
		case rest[0] == '#':
			s.comment(1)
		case strings.HasPrefix(rest, "//"):
			s.comment(2)
		case strings.HasPrefix(rest, "/*"):
			s.until(2, "*/")
		case strings.HasPrefix(rest, `"""`):
			s.until(3, `"""`)
		case strings.HasPrefix(rest, `{"`):
			s.until(2, `"}`)
		case rest[0] == '"':
			s.quoted('"', false)
		default:
			s.skip(1)
		}
	})
}

// PythonComments are those of Python, as far as quotes tell: it knows nothing of quotes within the braces of an f-string.
func PythonComments(text []byte) []Comment {
	return scanComments(text, func(s *commentScanner) {
		rest := s.text[s.at:]
		switch {
		case rest[0] == '#':
			s.comment(1)
		case strings.HasPrefix(rest, `"""`) || strings.HasPrefix(rest, "'''"):
			s.long(rest[:3])
		case rest[0] == '"' || rest[0] == '\'':
			s.quoted(rest[0], true)
		case rest[0] == '\\':
			s.skip(2)
		default:
			s.skip(1)
		}
	})
}

// commentScanner goes through a text once.
type commentScanner struct {
	text      string
	at        int
	line      int
	lineStart int
	found     []Comment
}

func scanComments(text []byte, step func(*commentScanner)) []Comment {
	s := &commentScanner{text: string(text), line: 1}
	for s.at < len(s.text) {
		step(s)
	}
	return s.found
}

// skip takes n bytes, and counts the lines that end in them.
func (s *commentScanner) skip(n int) {
	for end := min(s.at+n, len(s.text)); s.at < end; {
		s.at++
		if s.text[s.at-1] == '\n' {
			s.line, s.lineStart = s.line+1, s.at
		}
	}
}

// comment takes the rest of the line, behind a mark of n bytes.
func (s *commentScanner) comment(n int) {
	rest := s.text[s.at:]
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	s.found = append(s.found, Comment{
		Line: s.line, Text: strings.TrimSpace(rest[n:]), Alone: strings.Trim(s.text[s.lineStart:s.at], " \t\f") == "",
	})
	s.at += len(rest)
}

// until takes what begins with n bytes and goes to end, or to the end of the text.
func (s *commentScanner) until(n int, end string) {
	s.skip(n)
	if i := strings.Index(s.text[s.at:], end); i >= 0 {
		s.skip(i + len(end))
		return
	}
	s.skip(len(s.text))
}

// quoted takes a string on one line. A backslash takes what is behind it along, over the end of the line if it may.
func (s *commentScanner) quoted(quote byte, continued bool) {
	s.skip(1)
	for s.at < len(s.text) && s.text[s.at] != '\n' {
		switch c := s.text[s.at]; {
		case c == '\\' && (continued || s.at+1 < len(s.text) && s.text[s.at+1] != '\n'):
			s.skip(2)
		case c == quote:
			s.skip(1)
			return
		default:
			s.skip(1)
		}
	}
}

// long takes a string in three quotes.
func (s *commentScanner) long(quote string) {
	s.skip(3)
	for s.at < len(s.text) && !strings.HasPrefix(s.text[s.at:], quote) {
		if s.text[s.at] == '\\' {
			s.skip(1)
		}
		s.skip(1)
	}
	s.skip(3)
}
