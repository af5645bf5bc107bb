package bearer

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Codes of RFC 6750 §3.1.
const (
	InvalidRequest    = "invalid_request"    // 400: the request is malformed, or says who is asking twice
	InvalidToken      = "invalid_token"      // 401: malformed, expired, revoked, or of somebody else
	InsufficientScope = "insufficient_scope" // 403: the token is good, and not for this
)

// Error is why a request is refused. It never holds the token.
type Error struct {
	Status      int    // 400, 401 or 403
	Code        string // empty where the request carries no credentials
	Description string // a sentence for the developer of the client
	Scope       string // what scope would do; for insufficient_scope

	lasts time.Duration // how long this holds at most, whatever Remembering is told; zero: nothing changes it, less: not beyond this answer
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Description
	}
	return e.Code + ": " + e.Description
}

// Challenge is the value of WWW-Authenticate, RFC 6750 §3.
func (e *Error) Challenge(realm string) string {
	var b strings.Builder
	b.WriteString("Bearer realm=")
	b.WriteString(quoted(realm))
	for _, p := range [][2]string{{"error", e.Code}, {"error_description", e.Description}, {"scope", e.Scope}} {
		if p[1] != "" && e.Code != "" { // without credentials no further information, §3.1
			b.WriteString(", " + p[0] + "=" + quoted(p[1]))
		}
	}
	return b.String()
}

// quoted is s as a quoted-string of what RFC 6750 §3 allows in every one of these parameters: %x20-21,
// %x23-5B, %x5D-7E. Anything else becomes a question mark.
func quoted(s string) string {
	return `"` + strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, s) + `"`
}

// Write answers the request: status, challenge, Cache-Control: no-store, and the error as JSON, which is
// the form in which OAuth clients look for it (RFC 6749 §5.2).
func (e *Error) Write(w http.ResponseWriter, realm string) {
	h := w.Header()
	h.Set("Www-Authenticate", e.Challenge(realm))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.Status)
	code := e.Code
	if code == "" {
		code = "unauthorized"
	}
	json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": e.Description})
}
