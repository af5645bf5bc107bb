package operation

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// template is a path, perhaps with a query: literals, ready to be sent, between {names}. It begins and
// ends with a literal.
type template struct {
	literals []string
	names    []string
	query    int // index of the literal that holds the "?", or len(literals)
}

// parseTemplate reads a path template (OpenAPI 3.1 §4.8.8.1). A query in it is against the letter of the
// specification, and sent as it stands.
func parseTemplate(path string) (template, error) {
	var t template
	switch {
	case len(path) > maxPath:
		return t, fmt.Errorf("the path %s has more than %d bytes", quote(path), maxPath)
	case !strings.HasPrefix(path, "/"):
		return t, fmt.Errorf("the path %s does not begin with /", quote(path))
	case strings.Contains(path, "#"):
		return t, fmt.Errorf("the path %s has a fragment, which is never sent", quote(path))
	}
	t.query = -1
	for rest := path; ; {
		literal, after, more := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return t, fmt.Errorf("the path %s has a } without {", quote(path))
		}
		if t.query < 0 && strings.Contains(literal, "?") {
			t.query = len(t.literals)
		}
		t.literals = append(t.literals, escaped(literal))
		if !more {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		if name == "" || !closed || strings.ContainsAny(name, "{/") {
			return t, fmt.Errorf("the path %s has a { without a name and }", quote(path))
		}
		t.names, rest = append(t.names, name), after
	}
	if t.query < 0 {
		t.query = len(t.literals)
	}
	return t, nil
}

// escaped is a literal as it is sent: what must be percent-encoded is, and what is already stays.
func escaped(literal string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(literal) {
		c := literal[i]
		switch {
		case c == '%' && i+2 < len(literal) && isHex(literal[i+1]) && isHex(literal[i+2]):
			b.WriteByte(c)
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"%<>\\^`{|}", c) >= 0:
			b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// fill puts values in the places of the names and returns path and query.
func (t template) fill(value func(name string) string) (path, query string, err error) {
	var b strings.Builder
	for i, literal := range t.literals {
		b.WriteString(literal)
		switch {
		case i == len(t.names):
		case i >= t.query:
			b.WriteString(url.QueryEscape(value(t.names[i])))
		default:
			b.WriteString(url.PathEscape(value(t.names[i])))
		}
	}
	path, query, _ = strings.Cut(b.String(), "?")
	for segment := range strings.SplitSeq(path, "/") {
		if plain, err := url.PathUnescape(segment); err == nil && (plain == "." || plain == "..") {
			return "", "", errors.New("the path " + quote(path) + " has a segment . or .., which clients and servers resolve to another path")
		}
	}
	return path, query, nil
}
