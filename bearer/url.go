package bearer

import (
	"net/url"
	"strings"

	"github.com/bearcache/bearcache/redact"
)

// InURL finds a token in the query of a URL: access_token (RFC 6750 §2.3) and its kin under any case and
// division, a value that is a JSON Web Token, one that begins with "Bearer ". It returns the name of the
// parameter as it may be shown. Names and values are looked at as they read decoded; & and ; both divide
// parameters, since some frameworks take one and some both. An empty value is no token.
//
// Tokens in URLs end up in logs, histories and Referer fields (RFC 6750 §5.3, RFC 9700 §4.3.2, CWE-598).
func InURL(u *url.URL) (name string, found bool) {
	query := u.RawQuery
	for query != "" {
		pair := query
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			pair, query = query[:i], query[i+1:]
		} else {
			query = ""
		}
		key, value, _ := strings.Cut(pair, "=")
		if key = decoded(key); key == "" && value == "" {
			continue
		}
		// PHP and Rails read token[]=a and user[access_token]=a.
		last := strings.TrimRight(key, "[]")
		last = last[strings.LastIndexByte(last, '[')+1:]
		switch value = decoded(value); {
		case redact.TokenName(last) && value != "":
			return shown(last), true
		case isJWT(value) || isCredentials(value):
			return shown(key), true
		case isJWT(key):
			return "a parameter", true
		}
	}
	return "", false
}

// decoded undoes percent-encoding; what is not valid stays as it is.
func decoded(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// shown is the name of a parameter, if it is plain enough to be repeated in an answer.
func shown(name string) string {
	if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != "" {
		return "a parameter"
	}
	return name
}

// isJWT is true for the shape of RFC 7519: three to five parts in base64url, the first a JSON object.
func isJWT(s string) bool {
	if !strings.HasPrefix(s, "eyJ") {
		return false
	}
	dots := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dots++
		case !b64[c] || c == '~' || c == '+' || c == '/':
			return false
		}
	}
	return dots == 2 || dots == 4
}

func isCredentials(s string) bool {
	return len(s) > 7 && strings.EqualFold(s[:7], "Bearer ") && isB64token(strings.Trim(s[7:], " "))
}
