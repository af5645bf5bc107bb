package varnish

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value is what a variable holds when requests are followed at once that differ in nothing but the credentials. The zero value is one of
// which nothing is known.
type value struct {
	what what
	// texts are those that the requests have, where what is given.
	texts texts
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

// texts are what one field or variable holds in each of the requests.
type texts [3]string

// tokens are those of the callers: an opaque one and two JWTs, of one scheme. A condition that tells them apart may come out either way.
// The JWTs have one length, one header, and payloads that begin alike, as two that one issuer signed have: what is cut out of a token
// tells callers apart only if it does so with these.
var tokens = texts{"Bearer 3f1b0c5e9a7d4682",
	"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl",
	"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJldmUifQ.b2YgYW5vdGhl"}

func textual(s string) value { return value{what: given, texts: texts{s, s, s}} }

// each changes every text.
func (t texts) each(f func(string) string) texts {
	for i, s := range t {
		t[i] = f(s)
	}
	return t
}

// all reports whether f holds of every text.
func (t texts) all(f func(string) bool) bool {
	return !slices.ContainsFunc(t[:], func(s string) bool { return !f(s) })
}

// apart reports whether no two are the same.
func (t texts) apart() bool { return t[0] != t[1] && t[0] != t[2] && t[1] != t[2] }

// longest is the length of the longest.
func (t texts) longest() int { return max(len(t[0]), len(t[1]), len(t[2])) }

// tells is of which credentials the value says whose they are: two callers have two values.
func (v value) tells() credential {
	switch {
	case v.what == given && !v.texts.apart(), v.what == missing:
		return 0
	}
	return v.by
}

// cut is of which credentials the value holds a part that two callers may share.
func (v value) cut() credential {
	if v.what == given && !v.texts.apart() {
		return v.by
	}
	return 0
}

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

// together is what f says of each request, where it is the same.
func together(f func(i int) bool) truth {
	first := f(0)
	for i := range len(texts{}) {
		if f(i) != first {
			return maybe
		}
	}
	return truthOf(first)
}

// isSet is the truth of a variable that stands alone as a condition.
func (v value) isSet() truth {
	switch v.what {
	case given:
		return together(func(i int) bool { return v.texts[i] != "false" && v.texts[i] != "0" })
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
	return together(func(i int) bool { return re.MatchString(v.texts[i]) }) // what is missing is empty here
}

// equals compares as Varnish does: a header that is not set is the empty string, durations have units.
func (v value) equals(w value) truth {
	if v.what != given && v.what != missing || w.what != given && w.what != missing {
		return maybe
	}
	return together(func(i int) bool {
		x, ok1 := quantity(v.texts[i])
		y, ok2 := quantity(w.texts[i])
		if ok1 && ok2 {
			return x == y
		}
		return v.texts[i] == w.texts[i]
	})
}

// less is v < w for numbers and durations.
func (v value) less(w value) truth {
	number := func(s string) bool { _, ok := quantity(s); return ok }
	if v.what != given || w.what != given || !v.texts.all(number) || !w.texts.all(number) {
		return maybe
	}
	return together(func(i int) bool {
		x, _ := quantity(v.texts[i])
		y, _ := quantity(w.texts[i])
		return x < y
	})
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
