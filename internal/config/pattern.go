package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
)

// Pattern is what a rule matches: methods, or every method, and a path. It is written
//
//	/api/profile                   this path, whatever the method
//	GET /api/orders/{id}           {id} or * is exactly one segment, and not an empty one
//	GET,POST /api/search           several methods; GET includes HEAD
//	/api/admin/**                  ** or {rest...}, last, is any rest or none:
//	                               /api/admin, /api/admin/ and all below, but not /api/administrator
//
// Everything else stands for itself, byte for byte in the escaped path and in this case of letters;
// what must be percent-encoded in a path may be written plainly (/café is /caf%C3%A9). There is no
// way to match a part of a segment: "everything that ends in .css" is how caches come to store
// /api/profile/x.css. A trailing slash counts. The zero Pattern matches nothing.
type Pattern struct {
	written  string
	methods  methods
	segments []segment
	rest     bool // ends in ** or {name...}
	whole    bool // nothing is a wildcard: prefix is the path
	// What every path of the pattern begins with, to turn most of them down in one comparison; and
	// the same without a last slash, as nearly compares it.
	prefix, loosePrefix string
}

// segment is what stands between two slashes.
type segment struct {
	literal string // escaped; empty and not any: the end of a path with a trailing slash
	any     bool
}

// methods is a set. A method we do not know is in no set but the whole.
type methods uint16

const every methods = 1<<16 - 1

var methodNames = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// methodOf is the set a request's method must be in. It does not allocate.
func methodOf(name string) methods {
	for i, known := range methodNames {
		if name == known {
			return 1 << i
		}
	}
	return 1 << 15
}

const methodSyntax = "(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)"

var (
	patternSyntax  = "^(" + methodSyntax + "(," + methodSyntax + ")* )?" + pathSyntax
	pathSyntax     = `/[^?#;\\]*$`
	wildcardSyntax = regexp.MustCompile(`^\{[A-Za-z_][A-Za-z0-9_-]*(\.\.\.)?\}$`)
)

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if strings.HasPrefix(text, "/") || !strings.Contains(text, "/") {
		return newPattern(nil, text)
	}
	names, path, spaced := strings.Cut(text, " ")
	if !spaced {
		return Pattern{}, fmt.Errorf("%s does not begin with /; write /path or GET /path", show(text))
	}
	return newPattern(strings.Split(names, ","), path)
}

// newPattern compiles a pattern for the named methods, or for every one where there are none.
func newPattern(names []string, path string) (Pattern, error) {
	set, err := newMethods(names)
	if err != nil {
		return Pattern{}, err
	}
	p := Pattern{written: path, methods: set}
	if len(names) > 0 {
		p.written = strings.Join(names, ",") + " " + path
	}
	if err := p.compile(path); err != nil {
		return Pattern{}, err
	}
	return p, nil
}

func newMethods(names []string) (set methods, err error) {
	if len(names) == 0 {
		return every, nil
	}
	for i, name := range names {
		if !slices.Contains(methodNames, name) {
			return 0, fmt.Errorf("%s is no method; %s", show(name), didYouMean(name, methodNames))
		}
		if slices.Contains(names[:i], name) {
			return 0, fmt.Errorf("%s is named twice; remove one", name)
		}
		if set |= methodOf(name); name == "GET" {
			set |= methodOf("HEAD")
		}
	}
	return set, nil
}

func (p *Pattern) compile(path string) error {
	if len(path) > 2000 {
		return errors.New("is longer than any path a client sends; 2000 bytes at most")
	}
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%s does not begin with /; write /path or GET /path", show(path))
	}
	parts := strings.Split(path[1:], "/")
	for i, part := range parts {
		switch {
		case part == "**" || strings.HasSuffix(part, "...}") && wildcardSyntax.MatchString(part):
			if p.rest = true; i < len(parts)-1 {
				return fmt.Errorf("%s stands for any rest and must come last", part)
			}
		case part == "*" || wildcardSyntax.MatchString(part):
			p.segments = append(p.segments, segment{any: true})
		default:
			text, err := escape(part)
			if err != nil {
				return err
			}
			p.segments = append(p.segments, segment{literal: text})
		}
	}
	if why := ambiguity(p.example()); why != "" {
		return fmt.Errorf("can never match: %s, and such a path matches no rule", why)
	}
	p.index()
	return nil
}

// index fills in what is derived from the segments.
func (p *Pattern) index() {
	for _, s := range p.segments {
		if s.any {
			break
		}
		p.prefix += "/" + s.literal
	}
	p.whole = !p.rest && !slices.ContainsFunc(p.segments, func(s segment) bool { return s.any })
	p.loosePrefix = string(loosened(nil, strings.TrimSuffix(p.prefix, "/"), len(p.prefix)))
}

// example is the pattern as a path, with x for each wildcard and nothing for the rest.
func (p *Pattern) example() string {
	var b strings.Builder
	for _, s := range p.segments {
		b.WriteByte('/')
		if b.WriteString(s.literal); s.any {
			b.WriteByte('x')
		}
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// escape percent-encodes what a path cannot hold plainly, and keeps what is encoded already.
func escape(part string) (string, error) {
	if !utf8.ValidString(part) {
		return "", errors.New("is not UTF-8; write the bytes percent-encoded")
	}
	if i := strings.IndexAny(part, "*{}"); i >= 0 {
		return "", fmt.Errorf("%s mixes a wildcard and text; a wildcard stands for a whole segment: *, {id}, or ** at the end. "+
			`Write %%2A, %%7B or %%7D for the characters themselves`, show(part))
	}
	if strings.ContainsAny(part, "?#") {
		return "", errors.New("has a ? or #; a rule looks at the path only, remove it and what follows")
	}
	var b strings.Builder
	for _, c := range []byte(part) {
		switch {
		case bare[c], c == '%', c == ';', c == '\\', c < ' ', c == 0x7F: // the last four are found ambiguous
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

// UnmarshalText reads a pattern.
func (p *Pattern) UnmarshalText(b []byte) error {
	parsed, err := ParsePattern(string(b))
	if err == nil {
		*p = parsed
	}
	return err
}

// String is the pattern as written; of a mapping, the one line that says the same. It is a stable
// label for logs and metrics.
func (p Pattern) String() string { return p.written }

func (Pattern) shape() shape {
	return shape{want: "a path such as GET /api/orders/{id}", schema: jsonschema.Schema{
		Type: "string", Pattern: patternSyntax, Examples: []any{"GET /api/catalog", "/api/orders/{id}", "/api/admin/**"},
	}}
}

// matches is true for an unambiguous path that is one of the pattern's, byte for byte.
func (p *Pattern) matches(path string) bool {
	if p.whole {
		return path == p.prefix
	}
	if p.written == "" || !strings.HasPrefix(path, p.prefix) {
		return false
	}
	for i := range p.segments {
		if path == "" {
			return false
		}
		s := &p.segments[i]
		var one string
		if one, path = next(path); s.any && one == "" || !s.any && one != s.literal {
			return false
		}
	}
	return path == "" || p.rest
}

// next cuts the first segment off a path that begins with a slash. What remains does too, or is empty.
func next(path string) (segment, rest string) {
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return path[1 : i+1], path[i+1:]
	}
	return path[1:], ""
}

// covers is true where every request of q is one of p.
func (p *Pattern) covers(q *Pattern) bool {
	if p.methods&q.methods != q.methods || len(p.segments) > len(q.segments) {
		return false
	}
	if !p.rest && (q.rest || len(p.segments) != len(q.segments)) {
		return false
	}
	for i, s := range p.segments {
		other := q.segments[i]
		if s.any && other == (segment{}) || !s.any && s != other {
			return false
		}
	}
	return true
}
