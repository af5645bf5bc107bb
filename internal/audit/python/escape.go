package python

import (
	"strings"
	"unicode/utf8"
)

// unescape resolves the escapes in a string or bytes, of which there is at least one, and says what is wrong with them.
func unescape(s string, bytes bool) (value, why string) {
	b := make([]byte, 0, len(s))
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 || n+1 == len(s) {
			return string(append(b, s...)), ""
		}
		b = append(b, s[:n]...)
		c := s[n+1]
		s = s[n+2:]
		switch c {
		case '\n':
		case '\\', '\'', '"':
			b = append(b, c)
		case 'a':
			b = append(b, 7)
		case 'b':
			b = append(b, 8)
		case 'f':
			b = append(b, 12)
		case 'n':
			b = append(b, 10)
		case 'r':
			b = append(b, 13)
		case 't':
			b = append(b, 9)
		case 'v':
			b = append(b, 11)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v := rune(c - '0')
			for i := 0; i < 2 && s != "" && s[0] >= '0' && s[0] <= '7'; i++ {
				v = v*8 + rune(s[0]-'0')
				s = s[1:]
			}
			b = appendValue(b, v, bytes)
		case 'x', 'u', 'U', 'N':
			if bytes && c != 'x' {
				b = append(b, '\\', c)
				continue
			}
			v, rest, ok := codePoint(c, s)
			if !ok {
				return "", "invalid escape in a string"
			}
			b, s = appendValue(b, v, bytes), rest
		default:
			b = append(b, '\\', c)
		}
	}
}

// codePoint reads what follows \x, \u, \U or \N.
func codePoint(c byte, s string) (v rune, rest string, ok bool) {
	digits := 2
	switch c {
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	case 'N':
		// The names of all characters would weigh more than this parser; a character that stands for any is as good to its readers.
		end := strings.IndexByte(s, '}')
		if s == "" || s[0] != '{' || end < 2 {
			return 0, "", false
		}
		return utf8.RuneError, s[end+1:], true
	}
	if len(s) < digits {
		return 0, "", false
	}
	value := uint32(0)
	for i := range digits {
		d, ok := hexDigit(s[i])
		if !ok {
			return 0, "", false
		}
		value = value<<4 | d
	}
	return rune(value), s[digits:], value <= utf8.MaxRune
}

func hexDigit(c byte) (uint32, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return uint32(c|0x20-'a') + 10, true
	}
	return 0, false
}

// appendValue writes a byte, or a character in UTF-8. A surrogate, which has no UTF-8, gets the bytes that it would have.
func appendValue(b []byte, v rune, bytes bool) []byte {
	switch {
	case bytes:
		return append(b, byte(v))
	case v >= 0xD800 && v <= 0xDFFF:
		return append(b, 0xE0|byte(v>>12), 0x80|byte(v>>6)&0x3F, 0x80|byte(v)&0x3F)
	}
	return utf8.AppendRune(b, v)
}
