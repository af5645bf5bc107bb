package python

import "strings"

// maxDigits is how many digits of a decimal integer CPython converts.
const maxDigits = 4300

// numberEnd is what stands behind the literal of a number, and what is wrong with it.
func numberEnd(s string, at int) (end int, why string) {
	if s[at] == '0' {
		switch s[at+1] | 0x20 {
		case 'x':
			return radix(s, at+2, func(c byte) bool { return class[c] == digit || c|0x20 >= 'a' && c|0x20 <= 'f' })
		case 'o':
			return radix(s, at+2, func(c byte) bool { return c >= '0' && c <= '7' })
		case 'b':
			return radix(s, at+2, func(c byte) bool { return c == '0' || c == '1' })
		}
	}
	return decimal(s, at)
}

// radix reads digits, and an underscore before each that likes one.
func radix(s string, at int, is func(byte) bool) (end int, why string) {
	first := at
	for {
		if s[at] == '_' {
			at++
		}
		if !is(s[at]) {
			break
		}
		at++
		for is(s[at]) {
			at++
		}
		if s[at] != '_' {
			break
		}
	}
	if at == first || s[at-1] == '_' || class[s[at]] == digit {
		return at, "invalid number"
	}
	return at, behindNumber(s, at)
}

func decimal(s string, at int) (end int, why string) {
	first := at
	integer := true
	at, ok := digits(s, at)
	if ok && s[at] == '.' {
		integer = false
		at, ok = digits(s, at+1)
	}
	if ok && s[at]|0x20 == 'e' {
		sign := at + 1
		if s[sign] == '+' || s[sign] == '-' {
			sign++
		}
		if class[s[sign]] == digit {
			integer = false
			at, ok = digits(s, sign)
		} else if sign > at+1 {
			return sign, "invalid number"
		}
	}
	if !ok {
		return at, "invalid number"
	}
	if s[at]|0x20 == 'j' {
		return at + 1, behindNumber(s, at+1)
	}
	if integer {
		why = decimalInteger(s[first:at])
	}
	if why == "" {
		why = behindNumber(s, at)
	}
	return at, why
}

// digits reads none or more, with underscores between.
func digits(s string, at int) (end int, ok bool) {
	if class[s[at]] != digit {
		return at, true
	}
	for {
		for class[s[at]] == digit {
			at++
		}
		if s[at] != '_' {
			return at, true
		}
		at++
		if class[s[at]] != digit {
			return at, false
		}
	}
}

func decimalInteger(s string) (why string) {
	if s[0] == '0' && strings.Trim(s, "0_") != "" {
		return "a decimal integer begins with 0"
	}
	if len(s) > maxDigits && len(s)-strings.Count(s, "_") > maxDigits {
		return "a decimal integer of too many digits"
	}
	return ""
}

// behindNumber holds what follows a number against CPython's rule: 1if x is two tokens, 1x is none.
func behindNumber(s string, at int) (why string) {
	if class[s[at]] != letter {
		return ""
	}
	for _, word := range []string{"and", "else", "for", "if", "in", "is", "or", "not"} {
		if strings.HasPrefix(s[at:], word) {
			return ""
		}
	}
	return "invalid number"
}

// numberConstant is the value of a literal.
func numberConstant(literal string) (kind ConstantKind, text string) {
	text = literal
	if strings.Contains(text, "_") {
		text = strings.ReplaceAll(text, "_", "")
	}
	text = strings.ToLower(text)
	switch {
	case len(text) > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b'):
		return Int, text
	case text[len(text)-1] == 'j':
		return Imaginary, text
	case strings.ContainsAny(text, ".e"):
		return Float, text
	}
	return Int, text
}
