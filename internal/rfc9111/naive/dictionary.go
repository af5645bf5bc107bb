package naive

import (
	"encoding/base64"
	"strings"
)

// readDictionary reads a targeted field as a Dictionary of RFC 8941 §3.2, by the steps of §4.2 there. It is false if that fails.
//
// RFC 9213 §2.1 says what the types mean: a Boolean is a directive without argument, a String or a Token is the argument, and an
// Integer is a number of seconds. A value of another type leaves the directive said, with an argument that means nothing: it restricts,
// and permits nothing. Boolean false is such a value. Parameters are ignored. Of a key that is repeated the last value counts.
func readDictionary(lines []string) (policy, bool) {
	in := &input{strings.Join(lines, ", ")}
	in.skip(" ")
	p, ok := in.dictionary()
	if !ok {
		return policy{}, false
	}
	in.skip(" ")
	return p, in.rest == ""
}

// input is what is left to read.
type input struct{ rest string }

func (in *input) skip(set string) { in.rest = strings.TrimLeft(in.rest, set) }

// has tells whether the next byte is one of the set; there is one only if something is left.
func (in *input) has(set string) bool {
	return in.rest != "" && in.rest[0] < 0x80 && strings.IndexByte(set, in.rest[0]) >= 0
}

func (in *input) eat(c string) bool {
	rest, ok := strings.CutPrefix(in.rest, c)
	in.rest = rest
	return ok
}

// take eats the longest run of bytes of the set.
func (in *input) take(set string) string {
	run := in.rest[:len(in.rest)-len(strings.TrimLeft(in.rest, set))]
	in.rest = in.rest[len(run):]
	return run
}

const (
	digits  = "0123456789"
	lowers  = "abcdefghijklmnopqrstuvwxyz"
	letters = lowers + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func (in *input) dictionary() (policy, bool) { // §4.2.2
	p := policy{}
	for in.rest != "" {
		key, ok := in.key()
		if !ok {
			return p, false
		}
		d := directive{name: key}
		if in.eat("=") {
			if d, ok = in.member(key); !ok {
				return p, false
			}
		}
		if !in.parameters() {
			return p, false
		}
		for i, old := range p.said {
			if old.name == key {
				p.said = append(p.said[:i], p.said[i+1:]...)
				break
			}
		}
		p.said = append(p.said, d)
		in.skip(" \t")
		if in.rest == "" {
			return p, true
		}
		if !in.eat(",") {
			return p, false
		}
		in.skip(" \t")
		if in.rest == "" { // a comma at the end
			return p, false
		}
	}
	return p, true
}

func (in *input) member(key string) (directive, bool) { // §4.2.1.1, without the parameters at its end
	if in.has("(") {
		return meaningless(key), in.innerList()
	}
	return in.bareItem(key)
}

func meaningless(key string) directive { return directive{name: key, arg: "(", hasArg: true} }

func (in *input) innerList() bool { // §4.2.1.2
	in.eat("(")
	for in.rest != "" {
		in.skip(" ")
		if in.eat(")") {
			return true
		}
		if _, ok := in.bareItem(""); !ok || !in.parameters() {
			return false
		}
		if !in.has(" )") {
			return false
		}
	}
	return false
}

func (in *input) parameters() bool { // §4.2.3.2
	for in.eat(";") {
		in.skip(" ")
		if _, ok := in.key(); !ok {
			return false
		}
		if in.eat("=") {
			if _, ok := in.bareItem(""); !ok {
				return false
			}
		}
	}
	return true
}

func (in *input) key() (string, bool) { // §4.2.3.3
	if !in.has(lowers + "*") {
		return "", false
	}
	return in.take(lowers + digits + "_-.*"), true
}

func (in *input) bareItem(key string) (directive, bool) { // §4.2.3.1
	d := directive{name: key, hasArg: true}
	switch {
	case in.has("-" + digits):
		number, integer, ok := in.number()
		if !ok {
			return d, false
		}
		if !integer {
			return meaningless(key), true
		}
		d.arg, d.counts = number, true // one with a sign is no delta-seconds
		return d, true
	case in.eat(`"`):
		text, ok := in.text()
		d.arg, d.quoted = text, true
		return d, ok
	case in.has(letters + "*"):
		d.arg = in.take(letters + digits + "!#$%&'*+-.^_`|~:/")
		return d, true
	case in.eat(":"):
		data, _, closed := strings.Cut(in.rest, ":")
		in.eat(data + ":")
		_, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(data, "="))
		return meaningless(key), closed && err == nil && !strings.ContainsAny(data, "\r\n")
	case in.eat("?1"):
		d.hasArg = false
		return d, true
	case in.eat("?0"):
		return meaningless(key), true
	}
	return d, false
}

func (in *input) number() (text string, integer, ok bool) { // §4.2.4
	sign := ""
	if in.eat("-") {
		sign = "-"
	}
	whole := in.take(digits)
	if !in.eat(".") {
		return sign + whole, true, 1 <= len(whole) && len(whole) <= 15
	}
	fraction := in.take(digits)
	return "", false, 1 <= len(whole) && len(whole) <= 12 && 1 <= len(fraction) && len(fraction) <= 3
}

func (in *input) text() (string, bool) { // §4.2.5, after the quote
	out := []byte{}
	for i := 0; i < len(in.rest); i++ {
		c := in.rest[i]
		switch {
		case c == '"':
			in.rest = in.rest[i+1:]
			return string(out), true
		case c == '\\':
			if i++; i == len(in.rest) || in.rest[i] != '"' && in.rest[i] != '\\' {
				return "", false
			}
			c = in.rest[i]
		case c < 0x20 || c >= 0x7f:
			return "", false
		}
		out = append(out, c)
	}
	return "", false
}
