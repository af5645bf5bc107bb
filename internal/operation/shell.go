package operation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// word is a word of a command, as a POSIX shell makes it.
type word struct {
	text string
	line int
	// expands is what the shell would have put another text for: $TOKEN. Its value is not known here, and
	// no command is run to learn it.
	expands string
}

// commands splits lines for a shell into commands of words, at ends of lines and semicolons. It knows
// quotes, $'…', continued lines and comments, and refuses what joins or redirects commands.
func commands(text string) ([][]word, error) {
	s := &shell{rest: strings.ReplaceAll(text, "\r\n", "\n"), line: 1}
	for s.rest != "" {
		if err := s.next(); err != nil {
			return nil, fmt.Errorf("line %d: %w", s.line, err)
		}
	}
	s.endCommand()
	return s.list, nil
}

type shell struct {
	rest    string
	line    int
	list    [][]word
	command []word
	b       strings.Builder
	open    bool // a word has begun, though perhaps with nothing in it: ''
	begun   int  // in which line
	expands string
}

func (s *shell) endWord() {
	if s.open {
		s.command = append(s.command, word{s.b.String(), s.begun, s.expands})
	}
	s.b.Reset()
	s.open, s.expands = false, ""
}

func (s *shell) endCommand() {
	s.endWord()
	if len(s.command) > 0 {
		s.list = append(s.list, s.command)
	}
	s.command = nil
}

func (s *shell) write(text string) {
	if !s.open {
		s.open, s.begun = true, s.line
	}
	s.b.WriteString(text)
	s.line += strings.Count(text, "\n")
}

// next takes one thing off the text.
func (s *shell) next() error {
	c := s.rest[0]
	if s.continued() {
		return nil
	}
	switch c {
	case ' ', '\t':
		s.endWord()
	case '\n':
		s.endCommand()
		s.line++
	case ';':
		s.endCommand()
	case '|', '&', '<', '>', '(', ')':
		return fmt.Errorf("%q joins or redirects commands; give lines of curl alone, and put a URL in quotes", c)
	case '#':
		if !s.open {
			if i := strings.IndexByte(s.rest, '\n'); i >= 0 {
				s.rest = s.rest[i:]
			} else {
				s.rest = ""
			}
			return nil
		}
		s.write("#")
	case '\'':
		return s.single()
	case '"':
		return s.double()
	case '$':
		return s.dollar(false)
	case '`':
		return errors.New("a command in `…` would have to be run; put its output there")
	case '\\':
		_, size := utf8.DecodeRuneInString(s.rest[1:])
		s.write(s.rest[1 : 1+size])
		s.rest = s.rest[1+size:]
		return nil
	case '^':
		if strings.HasPrefix(s.rest, "^\n") || strings.HasPrefix(s.rest, `^"`) {
			return errors.New("this was copied for cmd of Windows; copy it for bash")
		}
		s.write("^")
	default:
		s.write(s.rest[:1])
	}
	s.rest = s.rest[1:]
	return nil
}

// continued skips the end of a line that goes on in the next.
func (s *shell) continued() bool {
	if !strings.HasPrefix(s.rest, "\\\n") {
		return false
	}
	s.rest = s.rest[2:]
	s.line++
	return true
}

func (s *shell) single() error {
	text, rest, ok := strings.Cut(s.rest[1:], "'")
	if !ok {
		return errors.New("a ' begins a text that does not end")
	}
	s.write(text)
	s.rest = rest
	return nil
}

func (s *shell) double() error {
	s.write("")
	for s.rest = s.rest[1:]; s.rest != ""; {
		if s.continued() {
			continue
		}
		switch c := s.rest[0]; {
		case c == '"':
			s.rest = s.rest[1:]
			return nil
		case c == '`':
			return errors.New("a command in `…` would have to be run; put its output there")
		case c == '$':
			if err := s.dollar(true); err != nil {
				return err
			}
			continue
		case c == '\\' && len(s.rest) > 1 && strings.IndexByte("\"\\$`", s.rest[1]) >= 0:
			s.write(s.rest[1:2])
			s.rest = s.rest[2:]
			continue
		}
		s.write(s.rest[:1])
		s.rest = s.rest[1:]
	}
	return errors.New(`a " begins a text that does not end`)
}

// dollar takes what begins with a dollar sign.
func (s *shell) dollar(quoted bool) error {
	after := s.rest[1:]
	switch {
	case !quoted && strings.HasPrefix(after, "'"):
		return s.ansi()
	case !quoted && strings.HasPrefix(after, `"`):
		s.rest = after
		return nil
	case strings.HasPrefix(after, "("):
		return errors.New("a command in $(…) would have to be run; put its output there")
	}
	name := strings.TrimPrefix(after, "{")
	n := 0
	for n < len(name) && n < maxName && (name[n] == '_' || name[n] >= '0' && name[n] <= '9' || name[n]|0x20 >= 'a' && name[n]|0x20 <= 'z') {
		n++
	}
	if n > 0 {
		s.expands = "$" + name[:n]
	}
	s.write("$")
	s.rest = after
	return nil
}

// ansi takes $'…', in which a backslash means what it does in C.
func (s *shell) ansi() error {
	s.write("")
	rest := s.rest[2:]
	for rest != "" {
		c := rest[0]
		switch {
		case c == '\'':
			s.rest = rest[1:]
			return nil
		case c != '\\' || len(rest) == 1:
			s.write(rest[:1])
			rest = rest[1:]
			continue
		}
		text, size := escape(rest)
		s.write(text)
		rest = rest[size:]
	}
	return errors.New("a $' begins a text that does not end")
}

var escapes = map[byte]string{
	'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", 'e': "\x1b", 'E': "\x1b", '\\': `\`, '\'': "'", '"': `"`, '?': "?",
}

// escape is what the escape that s begins with means, and how long it is.
func escape(s string) (text string, size int) {
	c := s[1]
	if text, ok := escapes[c]; ok {
		return text, 2
	}
	digits, base, most := s[2:], 16, map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if c >= '0' && c <= '7' {
		digits, base, most = s[1:], 8, 3
	}
	n := 0
	for n < min(most, len(digits)) && (isHex(digits[n]) && base == 16 || digits[n] >= '0' && digits[n] <= '7') {
		n++
	}
	if n == 0 {
		return s[:2], 2
	}
	size = len(s) - len(digits) + n
	v, err := strconv.ParseUint(digits[:n], base, 32)
	switch {
	case err != nil:
		return "", size
	case c == 'u' || c == 'U':
		return string(rune(v)), size
	}
	return string([]byte{byte(v)}), size
}
