package varnish

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// value is what a variable holds when two requests are followed at once that differ in nothing but the credentials. The zero value is
// one of which nothing is known.
type value struct {
	what what
	// a and b are the texts that the two requests have, where what is given.
	a, b string
	// by is of whose credentials the value is made, where its text is not known.
	by credential
}

type what uint8

const (
	undetermined what = iota
	given             // a text that is known
	missing           // not set
	something         // set, to what is not known
)

// credential is where a request carries who asks. Values made of more than one have the sum.
type credential uint8

const (
	authorization credential = 1 << iota
	cookie
)

func textual(s string) value { return value{what: given, a: s, b: s} }

// tells is of which credentials the value says something: two callers have two values.
func (v value) tells() credential {
	switch {
	case v.what == given && v.a == v.b, v.what == missing:
		return 0
	}
	return v.by
}

// The callers: an opaque token and a JWT, of one scheme. A condition that tells them apart may come out either way.
const (
	opaqueToken = "Bearer 3f1b0c5e9a7d4682"
	webToken    = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl"
)

// truth has three values, since much of a request is not known.
type truth uint8

const (
	maybe truth = iota
	yes
	no
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) negated() truth { return [...]truth{maybe, no, yes}[t] }

// both is what holds for the two requests, where it is the same.
func both(a, b bool) truth {
	if a == b {
		return truthOf(a)
	}
	return maybe
}

// isSet is the truth of a variable that stands alone as a condition.
func (v value) isSet() truth {
	switch v.what {
	case given:
		if v.a == "false" || v.a == "0" {
			return no
		}
		return yes
	case something:
		return yes
	case missing:
		return no
	}
	return maybe
}

// patterns compiles each expression once.
type patterns map[string]*regexp.Regexp

// compile returns nil for what is PCRE's alone, and for what is too long to be worth it.
func (p patterns) compile(pattern string) *regexp.Regexp {
	if re, ok := p[pattern]; ok {
		return re
	}
	var re *regexp.Regexp
	if len(pattern) <= 2000 && len(p) < 2000 {
		re, _ = regexp.Compile(pattern)
	}
	p[pattern] = re
	return re
}

func (v value) matches(re *regexp.Regexp) truth {
	if re == nil || v.what != given && v.what != missing {
		return maybe
	}
	return both(re.MatchString(v.a), re.MatchString(v.b)) // what is missing is empty here
}

// equals compares as Varnish does: a header that is not set is the empty string, durations have units.
func (v value) equals(w value) truth {
	if v.what != given && v.what != missing || w.what != given && w.what != missing {
		return maybe
	}
	if x, ok := quantity(v.a); ok {
		if y, ok := quantity(w.a); ok {
			return truthOf(x == y)
		}
	}
	return both(v.a == w.a, v.b == w.b)
}

// less is v < w for numbers and durations.
func (v value) less(w value) truth {
	x, ok1 := quantity(v.a)
	y, ok2 := quantity(w.a)
	if v.what != given || w.what != given || !ok1 || !ok2 {
		return maybe
	}
	return truthOf(x < y)
}

// quantity reads a number, with or without one of Varnish's units of time.
func quantity(s string) (float64, bool) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, false
	}
	units := map[string]time.Duration{"": time.Second, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
		"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour}
	unit, ok := units[s[len(digits):]]
	return n * unit.Seconds(), ok
}

var group = regexp.MustCompile(`\\([0-9])`)

// substitute is regsub and regsuball, for texts that are known.
func substitute(re *regexp.Regexp, s, by string, all bool) string {
	by = group.ReplaceAllString(strings.ReplaceAll(by, "$", "$$"), "$${${1}}")
	if all {
		return re.ReplaceAllString(s, by)
	}
	at := re.FindStringSubmatchIndex(s)
	if at == nil {
		return s
	}
	return s[:at[0]] + string(re.ExpandString(nil, by, s, at)) + s[at[1]:]
}
