package redact

import (
	"regexp"
	"strconv"
	"strings"
)

// quote is a quotation mark in one of its disguises.
const quote = `(?:\\*["']|%(?:25)*2[27]|&(?:quot|apos|#34|#39);)`

var (
	opening = regexp.MustCompile(`^[ \t]*(?:\r?\n[ \t]+)?(` + quote + `?)`)
	scheme  = regexp.MustCompile(`^(?i:bearer|basic|digest|dpop|negotiate|token|apikey)(?:[ \t]|\r?\n[ \t])+`)
)

// separator is where the next name is divided from its value: plain, or encoded as in a URL; -1: nowhere.
func separator(s string) (at, after int) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ':', '=':
			n := len(s) - len(strings.TrimLeft(s[i:], ":="))
			if strings.HasPrefix(s[n:], ">") {
				n++
			}
			return i, n
		case '%':
			n := i + 1
			for strings.HasPrefix(s[n:], "25") {
				n += 2
			}
			if len(s) >= n+2 && s[n] == '3' && strings.IndexByte("AaDd", s[n+1]) >= 0 {
				return i, n + 2
			}
			i = n - 1
		}
	}
	return -1, -1
}

// nearName is as far as a name is looked for before a separator.
const nearName = 160

// nameBefore is the name that s ends with, and the quotation marks before and after it.
func nameBefore(s string) (outer, name, inner string) {
	s = strings.TrimRight(s[max(0, len(s)-nearName):], " \t")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "]"), "[") // token[]=, user[token]=
	inner = quoteAt(s)
	s = s[:len(s)-len(inner)]
	start := len(s)
	for start > 0 && nameByte[s[start-1]] {
		start--
	}
	return quoteAt(s[:start]), s[start:], inner
}

// quoteAt is the quotation mark that s ends with.
func quoteAt(s string) string {
	for _, mark := range []string{"&quot;", "&apos;", "&#34;", "&#39;"} {
		if strings.HasSuffix(s, mark) {
			return mark
		}
	}
	switch {
	case strings.HasSuffix(s, `"`) || strings.HasSuffix(s, "'"):
		return s[len(strings.TrimRight(s[:len(s)-1], `\`)):]
	case strings.HasSuffix(s, "22") || strings.HasSuffix(s, "27"):
		n := len(s) - 2
		for n >= 2 && s[n-2:n] == "25" {
			n -= 2
		}
		if n > 0 && s[n-1] == '%' {
			return s[n-1:]
		}
	}
	return ""
}

var nameByte = func() (set [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-" {
		set[c] = true
	}
	return set
}()

// pairs replaces the values of names that tell of a credential, in the forms that headers, JSON, Go,
// YAML, shells and URLs have for it.
func (r *Redactor) pairs(s string) string {
	var b strings.Builder
	for {
		at, after := separator(s)
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		from, to := value(s, at, after)
		b.WriteString(s[:from])
		b.WriteString(r.hide(s[from:to]))
		s = s[to:]
	}
}

// value is where the value of the pair around a separator stands. It is empty where there is none to hide.
func value(s string, at, after int) (from, to int) {
	outer, name, inner := nameBefore(s[:at])
	if !telling(name) {
		return after, after
	}
	line, equals := lines[letters(name)], strings.ContainsRune(s[at:after], '=')
	o := opening.FindStringSubmatchIndex(s[after:])
	from = after + o[1]
	mark := s[after+o[2] : after+o[3]]
	var end func(string) int
	switch {
	case mark != "" && (inner != "" || !line || equals):
		end = func(s string) int { return quoted(s, mark) }
	case strings.HasPrefix(s[from:], "[") && markLength(s[from:]) == 0:
		list := opened(s[from:])
		from += len(list)
		end = func(s string) int { return until(s, closing(list)) }
	case !line:
		to = from + word(s[from:])
		if sentence(s[at:after], s[after:from], s[from:to], s[to:]) {
			return to, to
		}
		return from, to
	case equals:
		end = func(s string) int { return until(s, "&\r\n") }
	case outer != "" && mark == "": // a whole field in quotes
		end = func(s string) int { return until(s, outer[len(outer)-1:]+"\r\n") }
	default: // to the end, quotes and all
		from -= len(mark)
		end = folded
	}
	if line {
		from += len(scheme.FindString(s[from:]))
	}
	return from, from + end(s[from:])
}

// opened is the bracket, and the quote in it, that a printed list begins with.
func opened(s string) string {
	if len(s) > 1 && (s[1] == '"' || s[1] == '\'') {
		return s[:2]
	}
	return s[:1]
}

// closing is what ends the first value of such a list.
func closing(list string) string {
	if len(list) > 1 {
		return list[1:] + "\r\n"
	}
	return "]\r\n"
}

// hide is the mark for a value, or the value, if it is one already, or the place of one.
func (r *Redactor) hide(value string) string {
	if t := strings.TrimSpace(value); t == "" || isVariable(t) || isDigest(t) {
		return value
	}
	return r.mark(value)
}

// quoted is the length of a text up to the quote that closes it. With n backslashes before the one that
// opened it, it is closed by one with as many; what is escaped inside has more of them.
func quoted(s, open string) int {
	last := open[len(open)-1]
	if last != '"' && last != '\'' { // in disguise
		if n := strings.Index(s, open); n >= 0 {
			return n
		}
		return len(s)
	}
	depth := len(open) - 1
	slashes := 0
	for i := range len(s) {
		switch s[i] {
		case '\\':
			slashes++
			continue
		case last:
			if slashes < depth || slashes%(2*(depth+1)) == depth {
				return i - min(slashes, depth)
			}
		}
		slashes = 0
	}
	return len(s)
}

// until is the length of s up to one of the bytes, but those of a mark.
func until(s, bytes string) int {
	from := markLength(s)
	if n := strings.IndexAny(s[from:], bytes); n >= 0 {
		return from + n
	}
	return len(s)
}

// folded is the length of a field's value: to the end of its line, and on where the next begins with a
// blank (RFC 9112 §5.2).
func folded(s string) int {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], '\n')
		if n < 0 {
			return len(s)
		}
		i += n + 1
		if i == len(s) || s[i] != ' ' && s[i] != '\t' {
			i--
			if i > 0 && s[i-1] == '\r' {
				i--
			}
			return i
		}
	}
}

// word is the length of a value without quotes. What closes something that was opened before it, and
// what ends a clause, is not its own.
func word(s string) int {
	from := markLength(s)
	n := strings.IndexAny(s[from:], " \t\r\n&;\"")
	if n < 0 {
		n = len(s) - from
	}
	n += from
	return from + len(strings.TrimRight(s[from:n], `.,:)]}'\`))
}

var plainWord = regexp.MustCompile(`^(?:[A-Za-z]?[a-z']{0,14}|[A-Z]{1,15})$`)

// sentence reports prose after "password: ", as in "password: must be longer": a plain word, and
// another that begins no further pair.
func sentence(separator, space, value, rest string) bool {
	if separator != ":" || space == "" || !plainWord.MatchString(value) {
		return false
	}
	rest = strings.TrimLeft(rest, ",")
	if !strings.HasPrefix(rest, " ") {
		return false
	}
	next := strings.TrimLeft(rest, " ")
	n := strings.IndexAny(next, " \n:=")
	return next != "" && (n < 0 || next[n] == ' ' || next[n] == '\n') && (next[0] >= 'a' && next[0] <= 'z' || next[0] >= 'A' && next[0] <= 'Z')
}

// markLength is the length of the mark that s begins with, 0 if there is none.
func markLength(s string) int {
	if n := len(digestName) + 2*digestBytes + 2; len(s) >= n && s[0] == '[' && isDigest(s[:n]) {
		return n
	}
	return 0
}

// authority is a URL's, with user information (RFC 3986 §3.2.1).
var authority = regexp.MustCompile(`://([^/?#\s"'<>]*)@`)

// users replaces user information that is more than a name.
func (r *Redactor) users(s string) string {
	return replaceGroup(authority, s, func(user string) string {
		if isDigest(user) || isVariable(user) || !strings.ContainsAny(user, ":%") && !tokenLike(user) {
			return user
		}
		return r.mark(user)
	})
}

// numbers are bytes as Go prints them.
var numbers = regexp.MustCompile(`\[(\d{1,3}(?: \d{1,3}){3,})\]`)

// bytesAsText prints lists of bytes that are text as that text, if it holds credentials or is called one.
func (r *Redactor) bytesAsText(s string) string {
	return replaceGroup(numbers, s, func(list string) string {
		var text []byte
		for number := range strings.SplitSeq(list, " ") {
			n, err := strconv.Atoi(number)
			if err != nil || n > 255 {
				return list
			}
			text = append(text, byte(n))
		}
		if out := r.once(string(text)); out != string(text) {
			return out
		}
		return list
	})
}

func replaceGroup(re *regexp.Regexp, s string, f func(string) string) string {
	matches := re.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return s
	}
	var b strings.Builder
	done := 0
	for _, m := range matches {
		b.WriteString(s[done:m[2]])
		b.WriteString(f(s[m[2]:m[3]]))
		done = m[3]
	}
	b.WriteString(s[done:])
	return b.String()
}
