// Package httpfield parses and prints the HTTP fields that caching decisions rest on. It hides
// their grammar: callers ask what a field says and never see a comma, a quote or odd white space.
// Where senders break the grammar, the reading that stores and reuses less wins.
package httpfield

import (
	"net/http"
	"strings"
	"time"
)

// CacheControl is a parsed Cache-Control field (RFC 9111 §5.2): all its lines, in order. The zero
// value is an absent field.
type CacheControl struct {
	directives []directive
	// Malformed: some member is not a directive at all, for example because a quote is never
	// closed. What it was meant to forbid cannot be known.
	Malformed bool
}

type directive struct {
	name     string // lower case
	value    string // unquoted
	argument bool   // an "=" was there
}

// MaxDelta is the largest delta-seconds value, used for greater ones as RFC 9111 §1.2.2 has it.
const MaxDelta = (1<<31 - 1) * time.Second

// ParseCacheControl reads every Cache-Control line of h.
func ParseCacheControl(h http.Header) CacheControl {
	var cc CacheControl
	for _, line := range h["Cache-Control"] {
		cc.parse(line)
	}
	return cc
}

func (cc *CacheControl) parse(line string) {
	for line != "" {
		line = strings.TrimLeft(line, " \t,")
		if line == "" {
			return
		}
		n := tokenLength(line)
		if n == 0 {
			cc.Malformed = true
			_, line, _, _ = cutMember(line)
			continue
		}
		d := directive{name: strings.ToLower(line[:n])}
		line = line[n:]
		if strings.HasPrefix(line, "=") {
			d.argument = true
			var ok bool
			d.value, line, ok = argument(line[1:])
			cc.Malformed = cc.Malformed || !ok
		}
		// White space around "=", or a second word: the member is no directive. What its name forbids is
		// taken at its word, its argument is not, and what the rest of it was meant to forbid cannot be known.
		if rest := strings.TrimLeft(line, " \t"); rest != "" && rest[0] != ',' {
			d.value, d.argument = "", true
			_, line, _, _ = cutMember(rest)
			cc.Malformed = true
		}
		cc.directives = append(cc.directives, d)
	}
}

// argument reads a token or a quoted-string; ok is false when a quote is never closed.
func argument(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		n := tokenLength(s)
		return s[:n], s[n:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// Empty reports whether the field was absent or held nothing.
func (cc CacheControl) Empty() bool { return len(cc.directives) == 0 && !cc.Malformed }

// Has reports whether the directive name (lower case) is there, with or without an argument:
// private="X" forbids as much as private.
func (cc CacheControl) Has(name string) bool {
	for _, d := range cc.directives {
		if d.name == name {
			return true
		}
	}
	return false
}

// Plain reports whether the directive name (lower case) is there as the RFC has it, without an argument:
// what permits must be said as it is to be said.
func (cc CacheControl) Plain(name string) bool {
	there := false
	for _, d := range cc.directives {
		if d.name == name {
			if d.argument {
				return false
			}
			there = true
		}
	}
	return there
}

// Stated reports whether the directive name (lower case) is there, each time with a number of seconds.
func (cc CacheControl) Stated(name string) bool {
	there := false
	for _, d := range cc.directives {
		if d.name == name {
			if d.value == "" || strings.Trim(d.value, "0123456789") != "" {
				return false
			}
			there = true
		}
	}
	return there
}

// Delta is the delta-seconds argument of the directive name (lower case). Of several the smallest
// counts, and one that is no number counts as zero: RFC 9111 §4.2.1 encourages a cache to treat
// conflicting or invalid freshness information as stale.
func (cc CacheControl) Delta(name string) (d time.Duration, ok bool) {
	for _, dir := range cc.directives {
		if dir.name != name {
			continue
		}
		if v := deltaSeconds(dir.value); !ok || v < d {
			d = v
		}
		ok = true
	}
	return d, ok
}

// Names lists the directives in the order they came, without arguments.
func (cc CacheControl) Names() []string {
	names := make([]string, 0, len(cc.directives))
	for _, d := range cc.directives {
		names = append(names, d.name)
	}
	return names
}

// Without prints the directives but those named (lower case), arguments quoted where they must be.
func (cc CacheControl) Without(names ...string) string {
	var b strings.Builder
next:
	for _, d := range cc.directives {
		for _, n := range names {
			if d.name == n {
				continue next
			}
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(d.name)
		if d.argument {
			b.WriteByte('=')
			writeArgument(&b, d.value, d.name == "no-cache") // RFC 9111 §5.2.2.4 wants it quoted
		}
	}
	return b.String()
}

func writeArgument(b *strings.Builder, v string, quoted bool) {
	if !quoted && v != "" && tokenLength(v) == len(v) {
		b.WriteString(v)
		return
	}
	b.WriteByte('"')
	for i := 0; i < len(v); i++ {
		if v[i] == '"' || v[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(v[i])
	}
	b.WriteByte('"')
}

// deltaSeconds reads 1*DIGIT; anything else is zero, anything too great is MaxDelta.
func deltaSeconds(s string) time.Duration {
	var n int64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		if n <= int64(MaxDelta/time.Second) {
			n = n*10 + int64(s[i]-'0')
		}
	}
	return time.Duration(min(n, int64(MaxDelta/time.Second))) * time.Second
}
