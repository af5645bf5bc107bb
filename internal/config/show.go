package config

import (
	"strconv"
	"strings"
)

// show quotes a value for a message, or says "the value" where it may be a secret that was pasted
// into the wrong line: errors go to terminals, CI logs and issues. It is a guess and errs on the
// side of silence; line and column stand in the message anyway. Values of keys where a secret is
// likely (secret, upstream, credentials) are not shown at all, whatever they look like.
func show(value string) string {
	if MaySecret(value) {
		return "the value"
	}
	return strconv.Quote(value)
}

// MaySecret is true for what is long, not plain text, or has a stretch of letters and digits as
// no word has one.
func MaySecret(value string) bool {
	if len(value) > 48 || strings.Contains(value, "@") {
		return true
	}
	letters, digits := 0, 0 // of the current stretch
	for _, c := range []byte(value) {
		switch {
		case c < ' ' || c > '~':
			return true
		case c >= '0' && c <= '9':
			digits++
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c == '-' || c == '_' || c == '+' || c == '=' || c == '.':
			continue // they join the parts of a JWT, of base64 and of vendors' prefixes
		default:
			letters, digits = 0, 0
			continue
		}
		if letters+digits > 24 || letters >= 4 && digits >= 3 && letters+digits > 12 {
			return true
		}
	}
	lower := strings.ToLower(value)
	for _, mark := range []string{"eyj", "bearer ", "basic ", "akia", "ghp_", "gho_", "sk-", "sk_", "pk_", "xox", "-----begin"} {
		if strings.Contains(lower, mark) {
			return true
		}
	}
	return false
}
