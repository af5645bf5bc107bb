package gateway

import (
	"net/http"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// faithful has the origin's fields leave as they came: net/http would guess a type for content that has
// none, even where the origin forbids guessing. It stands between the reverse proxy and the cache, so that
// a hit says what a miss said.
func faithful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(response{w}, r) })
}

type response struct{ http.ResponseWriter }

func (r response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r response) WriteHeader(status int) {
	switch h := r.Header(); {
	case status < 200: // httputil.ReverseProxy passes it on as it is
		if mendNames(h) != nil {
			return
		}
		mendConnection(h)
		for _, name := range append(httpfield.Connection(h), ofConnection...) {
			delete(h, name)
		}
	case h["Content-Type"] == nil:
		h["Content-Type"] = nil // net/http's word for "none"
	}
	r.ResponseWriter.WriteHeader(status)
}

// ofConnection are response fields that no proxy passes on, named by Connection or not (RFC 9110 §7.6.1).
var ofConnection = strings.Fields("Connection Proxy-Connection Keep-Alive Proxy-Authenticate Te Trailer Transfer-Encoding Upgrade")
