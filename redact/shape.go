package redact

import (
	"regexp"
	"strings"
)

// suspicious is false for text that no shape fits: one pass, before the expressions are tried.
func suspicious(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '=', ':', ' ', '\t', '+', '%':
			return true
		case 'e':
			if strings.HasPrefix(s[i:], "eyJ") {
				return true
			}
		}
	}
	return false
}

// shape is what a credential looks like: the group named v of an expression, if is says yes to it.
type shape struct {
	re *regexp.Regexp
	is func(value string) bool
}

var shapes = []shape{
	// RFC 7515 §7.1, and RFC 7516 §7.1 with five parts: a JSON object in base64url begins with eyJ. A token
	// that was cut off is still one.
	{regexp.MustCompile(`(?P<v>eyJ[A-Za-z0-9_-]{8,}(?:(?:\.|%2[Ee])[A-Za-z0-9_-]*){0,4})`), anything},
	// RFC 9110 §11.4: a scheme's name and token68. The words that follow "bearer" in prose have no digits.
	{regexp.MustCompile(`(?i)\b(?:bearer|basic|dpop|negotiate|digest)(?:[ \t]|%20|\+)+(?P<v>[A-Za-z0-9._~/%-][A-Za-z0-9._~+/%-]*=*)`), tokenLike},
	// access_token=…, "refreshToken": "…", client_secret='…'
	{regexp.MustCompile(`(?i)(?:token|jwt|secret|passwd|password|api[_-]?key|assertion|credentials?|session(?:_?id)?)` +
		`(?:=|\\?["']\s*[:=]\s*|%3[Dd])\\?["']?(?P<v>[^"'\s&,;\\<>(){}\[\]]+)`), anything},
}

func anything(string) bool { return true }

// tokenLike is false for words, and for the parameters of a challenge.
func tokenLike(value string) bool {
	if parameter.MatchString(value) {
		return false
	}
	value = strings.TrimRight(value, ".")
	if strings.ContainsAny(value, "0123456789_~+/=%.-") || len(value) >= 16 {
		return true
	}
	lower := strings.ToLower(value)
	return value != lower && value != strings.ToUpper(value) && value[1:] != lower[1:]
}

var parameter = regexp.MustCompile(`^(?i:realm|scope|error(?:_description|_uri)?|charset)=$`)

// replace replaces the group v of every match.
func (sh shape) replace(s string, mark func(string) string) string {
	matches := sh.re.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return s
	}
	group := 2 * sh.re.SubexpIndex("v")
	var b strings.Builder
	done := 0
	for _, m := range matches {
		from, to := m[group], m[group+1]
		value := s[from:to]
		if isVariable(value) || isDigest(value) || !sh.is(value) {
			continue
		}
		b.WriteString(s[done:from])
		b.WriteString(mark(value))
		done = to
	}
	b.WriteString(s[done:])
	return b.String()
}

// isVariable is true for $NAME and ${NAME}: a credential's place in a line for a shell, not a credential.
func isVariable(s string) bool { return variable.MatchString(s) }

var variable = regexp.MustCompile(`^\$(?:[A-Z_][A-Z0-9_]*|\{[A-Z_][A-Z0-9_]*\})$`)

// field finds the name of a field that carries credentials, up to the begin of its value: as in a message,
// in JSON, in a printed http.Header, on a command line. The first group is the quote before the name, the
// second what opens the value.
var field = regexp.MustCompile(`(?i)(["']?)\b(?:proxy-authorization|authorization|set-cookie2?|cookie2?|x-api-key|x-auth-token|x-access-token|x-csrf-token)` +
	`(?:\\?["'])?([ \t]*[:=][ \t]*\\?["']?\[*\\?["']?)((?:(?:bearer|basic|digest|dpop|negotiate|token|apikey)[ \t]+)?)`)

// fields replaces the values of such fields, up to the end of the line or to what closes the value.
func (r *Redactor) fields(s string) string {
	var b strings.Builder
	for {
		m := field.FindStringSubmatchIndex(s)
		if m == nil {
			b.WriteString(s)
			return b.String()
		}
		start, opened := m[1], s[m[2]:m[3]]+s[m[4]:m[5]]
		if strings.HasSuffix(s[:start], "[") && markLength(s[start-1:]) > 0 {
			start, opened = start-1, opened[:len(opened)-1] // not an opening bracket: the mark's
		}
		end := start + valueEnd(s[start:], opened)
		b.WriteString(s[:start])
		value := s[start:end]
		switch trimmed := strings.TrimSpace(value); {
		case trimmed == "" || isVariable(trimmed) || isDigest(trimmed):
			b.WriteString(value)
		default:
			b.WriteString(r.mark(value))
		}
		s = s[end:]
	}
}

// markLength is the length of the mark that s begins with, 0 if there is none.
func markLength(s string) int {
	if n := len(digestName) + 2*digestBytes + 2; len(s) >= n && s[0] == '[' && isDigest(s[:n]) {
		return n
	}
	return 0
}

// valueEnd is the length of a field's value, given the marks that opened it.
func valueEnd(s, opened string) int {
	closing := "\r\n"
	for _, pair := range []string{`""`, `''`, "[]", "=&"} {
		if strings.Contains(opened, pair[:1]) {
			closing += pair[1:]
		}
	}
	from := markLength(s)
	if n := strings.IndexAny(s[from:], closing); n >= 0 {
		return from + n
	}
	return len(s)
}

// TokenName reports whether a URL parameter, field or member of this name carries a token: access_token
// (RFC 6750 §2.3), id_token, jwt, apiKey and others, however they are cased and divided. It does not know
// page_token, csrf_token and the like, which are no credentials.
func TokenName(name string) bool {
	if len(name) > 64 {
		return false
	}
	letters := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, name)
	switch letters {
	case "accesstoken", "idtoken", "bearertoken", "authtoken", "oauthtoken", "refreshtoken", "apitoken", "token", "jwt", "bearer",
		"authorization", "apikey", "xapikey", "authenticationtoken":
		return true
	}
	return false
}
