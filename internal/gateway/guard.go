package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
)

// adminRealm is that of the admin listener's challenges.
const adminRealm = "bearcache admin"

// guard lets operators pass to next. With a token it is theirs to send; without one, only this machine can reach the
// listener, and what remains are the pages in a browser on it: they are told by the name under which they reach
// us (which is none of ours where they had it rebound), and by what a browser says of them.
func guard(token redact.Secret, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status, sentence := refusedOperator(token, r); status != 0 {
			if status == http.StatusUnauthorized {
				w.Header().Set("Www-Authenticate", `Bearer realm="`+adminRealm+`"`)
			}
			problem(w, status, sentence)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refusedOperator says why a request is no operator's; 0: it is one's.
func refusedOperator(token redact.Secret, r *http.Request) (status int, sentence string) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case r.URL.Path == "/healthz" && reads:
		return 0, ""
	case !token.IsZero() && !sends(r, token):
		return http.StatusUnauthorized, "this listener wants its token: Authorization: Bearer …"
	case token.IsZero() && !ownName(r.Host):
		return http.StatusMisdirectedRequest, "this listener is reached by the address of its machine, or as localhost, alone"
	case reads:
		return 0, ""
	case r.Header["Origin"] != nil || !ownPage(r.Header["Sec-Fetch-Site"]):
		return http.StatusForbidden, "this is no interface for web pages"
	case !isJSON(r.Header["Content-Type"]):
		return http.StatusUnsupportedMediaType, "the content must be JSON: Content-Type: application/json"
	}
	return 0, ""
}

// sends compares digests, which tells by its timing nothing of the token.
func sends(r *http.Request, token redact.Secret) bool {
	sent, _ := bearer.Token(r) // none where there is an error
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(token.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Sendable reports that a request can carry token, so that the admin listener can be reached with it.
func Sendable(token redact.Secret) bool {
	return sends(&http.Request{Header: http.Header{"Authorization": {"Bearer " + token.Reveal()}}}, token)
}

// ownName reports a Host that no name server gave to somebody else.
func ownName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.EqualFold(host, "localhost") || net.ParseIP(host) != nil
}

// ownPage reports a request that no other site's page had sent (Fetch Metadata §2.3).
func ownPage(site []string) bool {
	return len(site) == 0 || len(site) == 1 && (site[0] == "none" || site[0] == "same-origin")
}

// isJSON: a page can send other types without being asked whether it may.
func isJSON(values []string) bool {
	if len(values) != 1 {
		return false
	}
	kind, _, err := mime.ParseMediaType(values[0])
	return err == nil && kind == "application/json"
}
