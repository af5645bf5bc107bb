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
			earliest = sooner(earliest, tokenExpiry(value))
		}
	}
	return earliest
}

// sooner is the earlier of two times; one that is zero does not count.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// tokenExpiry reads what stands between two dots: of a token these are its claims, whatever stands
// before its header and behind its signature, and however these are written.
func tokenExpiry(value string) time.Time {
	var earliest time.Time
	_, rest, _ := strings.Cut(value, ".")
	for {
		part, after, between := strings.Cut(rest, ".")
		if !between {
			return earliest
		}
		earliest, rest = sooner(earliest, claimedExpiry(part)), after
	}
}

// base64URL turns the one alphabet of base64 into the other.
var base64URL = strings.NewReplacer("+", "-", "/", "_")

func claimedExpiry(claims string) time.Time {
	if claims == "" || !strings.Contains("eICD", claims[:1]) { // an object begins with { or white space
		return time.Time{}
	}
	data, err := base64.RawURLEncoding.DecodeString(base64URL.Replace(strings.TrimRight(claims, "=")))
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
