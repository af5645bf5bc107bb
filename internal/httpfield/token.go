package httpfield

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
	i := 0
	for i < len(s) && token68Char[s[i]] {
		i++
	}
	if i == 0 {
		return false
	}
	for i < len(s) && s[i] == '=' {
		i++
	}
	return i == len(s)
}

var token68Char = func() (t [256]bool) {
	for _, c := range "-._~+/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return
}()
