package naive

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lower folds ASCII only: names in HTTP are ASCII, and no other letter is another spelling of one.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// trim takes optional whitespace away (RFC 9110 §5.6.3).
func trim(s string) string { return strings.Trim(s, " \t") }

// fieldLines gives a field's lines, its name in any case (RFC 9110 §5.1), each without the whitespace around it (§5.5).
func fieldLines(h http.Header, name string) []string {
	keys := []string{}
	for key := range h {
		if lower(key) == lower(name) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	lines := []string{}
	for _, key := range keys {
		for _, line := range h[key] {
			lines = append(lines, trim(line))
		}
	}
	return lines
}

func isTokenByte(c byte) bool { // RFC 9110 §5.6.2
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c != 0 && strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// unquote reads a quoted-string (RFC 9110 §5.6.4).
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	s = s[1 : len(s)-1]
	out := []byte{}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '"' {
			return "", false
		}
		if c == '\\' {
			if i++; i == len(s) {
				return "", false
			}
			c = s[i]
		}
		if c != '\t' && c < ' ' || c == 0x7f {
			return "", false
		}
		out = append(out, c)
	}
	return string(out), true
}

// splitMembers cuts one line at the commas that are not within quotes. Quotes that do not end keep the rest of the line.
func splitMembers(line string) []string {
	members, start, quoted := []string{}, 0, false
	for i := 0; i < len(line); i++ {
		switch {
		case quoted && line[i] == '\\':
			i++
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ',' && !quoted:
			members, start = append(members, line[start:i]), i+1
		}
	}
	return append(members, line[start:])
}

// directive is one that is well-formed.
type directive struct {
	name, arg string
	hasArg    bool
	quoted    bool // its argument was a quoted-string, as a list of fields is to be (§5.2.2.4, §5.2.2.7)
	counts    bool // its argument is of the type that a number of seconds has
}

// policy is what a field said: the directives that are well-formed, in order, and the members that are not.
type policy struct {
	said   []directive
	broken []string
}

// readDirectives reads Cache-Control (§5.2). Each line is read on its own: a quote that one line opens and another closes is broken
// in both, so that a directive between them is not hidden. Empty members are none (RFC 9110 §5.6.1.2).
func readDirectives(lines []string) policy {
	p := policy{}
	for _, line := range lines {
		for _, member := range splitMembers(line) {
			if member = trim(member); member == "" {
				continue
			}
			if d, ok := readDirective(member); ok {
				p.said = append(p.said, d)
			} else {
				p.broken = append(p.broken, member)
			}
		}
	}
	return p
}

// readDirective: a token, and perhaps "=" and a token or a quoted-string, without whitespace between.
func readDirective(member string) (directive, bool) {
	name, arg, hasArg := strings.Cut(member, "=")
	if !isToken(name) {
		return directive{}, false
	}
	quoted := false
	if hasArg && !isToken(arg) {
		if arg, quoted = unquote(arg); !quoted {
			return directive{}, false
		}
	}
	return directive{name: lower(name), arg: arg, hasArg: hasArg, quoted: quoted, counts: true}, true
}

// ParseDirectives reads Cache-Control: lower-case names to their arguments, unquoted, in order, "" for none. It is false if some
// member is not a directive; the others are there nevertheless.
func ParseDirectives(lines []string) (map[string][]string, bool) {
	p := readDirectives(lines)
	m := map[string][]string{}
	for _, d := range p.said {
		m[d.name] = append(m[d.name], d.arg)
	}
	return m, len(p.broken) == 0
}

// mangled: the name is a whole token of a member that is not a directive.
func (p policy) mangled(name string) bool {
	for _, member := range p.broken {
		tokens := strings.FieldsFunc(lower(member), func(r rune) bool { return r > 0x7e || !isTokenByte(byte(r)) })
		if slices.Contains(tokens, name) {
			return true
		}
	}
	return false
}

// hinted: the directive was said in whatever form, with whatever argument, or is to be found in what is broken.
func (p policy) hinted(name string) bool {
	return p.mangled(name) || slices.ContainsFunc(p.said, func(d directive) bool { return d.name == name })
}

// granted: the directive was said well-formed and without an argument.
func (p policy) granted(name string) bool {
	return slices.ContainsFunc(p.said, func(d directive) bool { return d.name == name && !d.hasArg })
}

// unqualified: the directive was said at least once in a form that does not name fields (§5.2.2.4, §5.2.2.7). A token does not, though
// §5.2 wants recipients to accept one: "private=1" or "private=true" means all of the response.
func (p policy) unqualified(name string) bool {
	return p.mangled(name) || slices.ContainsFunc(p.said, func(d directive) bool {
		_, ok := fieldNames(d)
		return d.name == name && !(ok && d.quoted)
	})
}

// fieldNames reads the argument of a qualified no-cache or private: nothing but names of fields, and at least one. "*" is no field.
func fieldNames(d directive) (names []string, ok bool) {
	for _, name := range strings.Split(d.arg, ",") {
		name = trim(name)
		if name == "" {
			continue
		}
		if !isToken(name) || name == "*" {
			return nil, false
		}
		names = append(names, lower(name))
	}
	return names, len(names) > 0
}

// seconds gives the first value of a directive that counts seconds, 0 if it is not valid or if the name is also in what is broken.
func (p policy) seconds(name string) (n int64, present, valid bool) {
	if p.mangled(name) {
		return 0, true, false
	}
	for _, d := range p.said {
		if d.name == name {
			n, valid = deltaSeconds(d.arg)
			if !d.counts || !valid {
				return 0, true, false
			}
			return n, true, true
		}
	}
	return 0, false, false
}

// deltaSeconds is §1.2.2: digits only. More than an int64 can hold is the most that it can hold.
func deltaSeconds(s string) (int64, bool) {
	if !isDigits(s) {
		return 0, false
	}
	n, _ := strconv.ParseInt(s, 10, 64) // on overflow this gives the greatest
	return n, true
}

// ParseVary reads Vary (RFC 9110 §12.5.5): lower-case names, and whether some member, on any line, is "*" or is not the name of a field,
// for then nobody can tell what selected the response.
func ParseVary(lines []string) (names []string, star bool) {
	for _, line := range lines {
		for _, member := range strings.Split(line, ",") {
			member = trim(member)
			switch {
			case member == "":
			case member == "*" || !isToken(member):
				star = true
			default:
				names = append(names, lower(member))
			}
		}
	}
	return names, star
}

const (
	clock  = `(\d\d):(\d\d):(\d\d)`
	months = "janfebmaraprmayjunjulaugsepoctnovdec"
	month  = `(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`
)

// The three forms of RFC 9110 §5.6.7. Which day of the week it says does not count.
var (
	imfFixdate = regexp.MustCompile(`^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) ` + month + ` (\d\d\d\d) ` + clock + ` gmt$`)
	rfc850     = regexp.MustCompile(`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d\d)-` + month + `-(\d\d) ` + clock + ` gmt$`)
	asctime    = regexp.MustCompile(`^(?:mon|tue|wed|thu|fri|sat|sun) ` + month + ` ([ \d]\d) ` + clock + ` (\d\d\d\d)$`)
)

// parseDate reads an HTTP-date, in any case (RFC 9111 §4.2), in GMT only (§4.2). A year of two digits that would be more than 50 years
// after the receipt is one of the century before (RFC 9110 §5.6.7).
func parseDate(s string, received time.Time) (time.Time, bool) {
	s = lower(trim(s))
	if m := imfFixdate.FindStringSubmatch(s); m != nil {
		return makeDate(number(m[3]), m[2], m[1], m[4:])
	}
	if m := asctime.FindStringSubmatch(s); m != nil {
		return makeDate(number(m[6]), m[1], trim(m[2]), m[3:6])
	}
	if m := rfc850.FindStringSubmatch(s); m != nil {
		year := received.UTC().Year()/100*100 + number(m[3])
		t, ok := makeDate(year, m[2], m[1], m[4:])
		if ok && t.After(received.AddDate(50, 0, 0)) {
			return makeDate(year-100, m[2], m[1], m[4:])
		}
		return t, ok
	}
	return time.Time{}, false
}

func number(digits string) int { n, _ := strconv.Atoi(digits); return n }

// makeDate is false for what is not in the calendar or on the clock; a leap second is.
func makeDate(year int, month, day string, clock []string) (time.Time, bool) {
	m, d := time.Month(strings.Index(months, month)/3+1), number(day)
	h, min, s := number(clock[0]), number(clock[1]), number(clock[2])
	if last := time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day(); d < 1 || d > last || h > 23 || min > 59 || s > 60 {
		return time.Time{}, false
	}
	return time.Date(year, m, d, h, min, s, 0, time.UTC), true
}
