package httpfield

import "strings"

// tokenChar marks the characters of a token (RFC 9110 §5.6.2).
var tokenChar = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return
}()

// tokenLength is the number of leading bytes of s that form a token; zero if none do.
func tokenLength(s string) int {
	for i := 0; i < len(s); i++ {
		if !tokenChar[s[i]] {
			return i
		}
	}
	return len(s)
}

// IsToken reports whether s is one token (RFC 9110 §5.6.2): a field name, a method, a directive.
func IsToken(s string) bool { return s != "" && tokenLength(s) == len(s) }

// IsToken68 reports whether s is a token68 (RFC 9110 §11.2), which is also the b64token of RFC 6750 §2.1.
func IsToken68(s string) bool {
	rest := s
	for len(rest) >= 8 { // eight at a time: this is read at every request, and a token may have a thousand
		c, t := rest[:8], &token68Char
		if t[c[0]]&t[c[1]]&t[c[2]]&t[c[3]]&t[c[4]]&t[c[5]]&t[c[6]]&t[c[7]] == 0 {
			break
		}
		rest = rest[8:]
	}
	for rest != "" && token68Char[rest[0]] != 0 {
		rest = rest[1:]
	}
	if len(rest) == len(s) {
		return false
	}
	return strings.Trim(rest, "=") == ""
}

var token68Char = func() (t [256]uint8) {
	for _, c := range "-._~+/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = 1
	}
	return
}()
