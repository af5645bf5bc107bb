package bearcache

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"
)

// expiry is the earliest "exp" (RFC 7519 §4.1.4) that a JSON Web Token among the credentials states,
// or the zero time. Nobody verified the token, and nobody needs to: the claim is only ever used to
// forget earlier. So a token counts wherever it stands: behind any scheme, in a cookie of any name, in
// quotes. One of another kind, or one that cannot be read, says nothing about its end.
func expiry(h http.Header, fields []string) time.Time {
	var earliest time.Time
	for _, name := range fields {
		for _, value := range h[name] {
			for word := range strings.FieldsFuncSeq(value, outsideTokens) {
				i := strings.Index(word, tokenStart)
				if i < 0 {
					continue
				}
				if end := tokenExpiry(word[i:]); !end.IsZero() && (earliest.IsZero() || end.Before(earliest)) {
					earliest = end
				}
			}
		}
	}
	return earliest
}

// tokenStart is the start of a JSON object in base64.
const tokenStart = "eyJ"

// outsideTokens reports whether c cannot stand in the compact form of a token (RFC 7515 §3.1), or in
// one that some library padded.
func outsideTokens(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '=')
}

func tokenExpiry(token string) time.Time {
	if !strings.HasPrefix(token, tokenStart) {
		return time.Time{}
	}
	_, rest, _ := strings.Cut(token, ".")
	claims, _, ok := strings.Cut(rest, ".")
	if !ok {
		return time.Time{}
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(claims, "="))
	if err != nil {
		return time.Time{}
	}
	var members map[string]json.RawMessage // not a struct: its names would match in any case
	var exp float64                        // seconds since the epoch, perhaps with a fraction
	if json.Unmarshal(data, &members) != nil || json.Unmarshal(members["exp"], &exp) != nil || exp > math.MaxUint32 {
		return time.Time{}
	}
	if exp <= 0 {
		return time.Unix(0, 0)
	}
	return time.UnixMilli(int64(exp * 1000))
}
