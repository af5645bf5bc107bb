package grant

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/bearcache/bearcache/redact"
)

// Ends is the exp of a token that has the shape of a JWT (RFC 7519 §4.1.4); zero: it has none. Nothing is verified: it
// tells when to ask for the next token, and not what this one opens.
func Ends(token redact.Secret) time.Time {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Expires float64 `json:"exp"` // a NumericDate may have a fraction (§2)
	}
	if json.Unmarshal(payload, &claims) != nil || !(claims.Expires > 0 && claims.Expires <= lastSecond) {
		return time.Time{}
	}
	return time.Unix(int64(claims.Expires), 0)
}

// lastSecond is that of the year 9999.
const lastSecond = 253402300799
