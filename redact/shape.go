package redact

import (
	"regexp"
	"strings"
)

// suspicious is false for text that no shape fits: one pass, before the expressions are tried.
func suspicious(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '=', ':', ' ', '\t', '+', '%', '\\', '"', '[':
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

// apart is what may stand between a scheme's name and credentials: blanks, plain, encoded (twice, too)
// or escaped, and quotes.
const apart = `(?:[ \t\r\n]|%(?:25)*(?:20|09|22)|\+|\\+[tnr]|\\u00(?:20|09)|\\*["'])`

var shapes = []shape{
	// RFC 7515 §7.1, and RFC 7516 §7.1 with five parts: a JSON object in base64url begins with eyJ. A token
	// that was cut off is still one.
	{regexp.MustCompile(`(?P<v>eyJ[A-Za-z0-9_-]{8,}(?:(?:\.|%2[Ee])[A-Za-z0-9_-]*){0,4})`), anything},
	// RFC 9110 §11.4: a scheme's name and token68. The words that follow "bearer" in prose have no digits.
	{regexp.MustCompile(`(?i)\b(?:bearer(?:` + apart + `|[:=]|%(?:25)*3[AaDd])+|(?:basic|dpop|negotiate|digest)` + apart + `+)` +
		`(?:tokens?(?:` + apart + `|[:=])+)?(?P<v>[A-Za-z0-9._~/%-][A-Za-z0-9._~+/%=-]*)`), tokenLike},
}

func anything(string) bool { return true }

// tokenLike is false for words, and for the parameters of a challenge.
func tokenLike(value string) bool {
	if m := parameter.FindString(value); m != "" {
		return opaque(value[len(m):])
	}
	value = strings.TrimRight(value, ".")
	if strings.ContainsAny(value, "0123456789_~+/=%.-") || len(value) >= 16 {
		return true
	}
	lower := strings.ToLower(value)
	return value != lower && value != strings.ToUpper(value) && value[1:] != lower[1:]
}

var parameter = regexp.MustCompile(`^(?i:realm|scope|error(?:_description|_uri)?|charset)=`)

// opaque is what no word of RFC 6750's is: with digits, or longer than they.
func opaque(value string) bool { return strings.ContainsAny(value, "0123456789") || len(value) > 24 }

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
