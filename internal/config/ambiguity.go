package config

import "unicode/utf8"

// Caches, proxies, frameworks and file systems do not agree on what a path means. One ends it at a
// semicolon, one decodes %2f before it routes, one resolves "..", one merges "//". Web cache
// deception lives on that: a client asks for /static/..%2fapi/profile, the cache sees /static/ and a
// rule that lets everybody share the answer, the origin sees /api/profile and answers for one
// reader. So a path that could be read in two ways matches no rule at all, and the gateway does not
// cache it: it costs the cost of a miss, and only to those who write such paths.

// bare holds the bytes that stand for themselves in a path: RFC 3986 §3.3 pchar without ";", which
// some origins cut at, and "/". Whatever else arrives undecoded was not written by an honest client.
var bare = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/")

// encoded holds the ASCII bytes that may be percent-encoded. Not among them are the unreserved ones,
// which have one more spelling then (RFC 3986 §6.2.2.2), the delimiters / \ ; ? # that an origin
// acts on when it decodes early, % for an origin that decodes twice, and control characters.
var encoded = byteSet(" \"<>[]^`{|}!$&'()*+,=:@")

func byteSet(members string) (set [256]bool) {
	for _, c := range []byte(members) {
		set[c] = true
	}
	return set
}

// ambiguity says what makes an escaped path ambiguous, or "" for one that has a single reading.
func ambiguity(path string) string {
	if path == "" || path[0] != '/' {
		return "it does not begin with /"
	}
	for i := 0; i < len(path); {
		c := path[i]
		switch {
		case c == '/':
			if why := dotOrEmpty(path[i+1:]); why != "" {
				return why
			}
			i++
		case c == '%':
			n := encodedRune(path[i:])
			if n == 0 {
				return "its percent-encoding is broken, needless, or hides a delimiter"
			}
			i += n
		case bare[c]:
			i++
		default:
			return "it holds a character that some servers cut at, drop or change"
		}
	}
	return ""
}

// dotOrEmpty judges the segment at the start of rest. Only the last one may be empty. An encoded
// dot is refused with the other needless encodings.
func dotOrEmpty(rest string) string {
	end := 0
	for end < len(rest) && rest[end] != '/' {
		end++
	}
	switch {
	case end == 0 && rest != "":
		return "it holds //, which some servers merge"
	case rest[:end] == "." || rest[:end] == "..":
		return "it holds a . or .. segment, which some servers resolve"
	}
	return ""
}

// encodedRune is the length of the percent-encoded character that s begins with: 3 for ASCII, up to
// 12 beyond. It is 0 where that is not one character with one reading. UTF-8 must be well formed:
// %c0%af is a slash to decoders that do not check.
func encodedRune(s string) int {
	var buf [utf8.UTFMax]byte
	n := 0
	for n < len(buf) && len(s) >= 3*n+3 && s[3*n] == '%' {
		high, low := unhex(s[3*n+1]), unhex(s[3*n+2])
		if high < 0 || low < 0 {
			break
		}
		buf[n] = byte(high<<4 | low)
		n++
		if buf[0] < utf8.RuneSelf {
			if encoded[buf[0]] {
				return 3
			}
			return 0
		}
		if utf8.FullRune(buf[:n]) {
			break
		}
	}
	r, size := utf8.DecodeRune(buf[:n])
	// A well-formed character has the size that was read; U+0080 to U+009F are control characters.
	if r == utf8.RuneError && size <= 1 || size != n || r < 0xA0 {
		return 0
	}
	return 3 * n
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
