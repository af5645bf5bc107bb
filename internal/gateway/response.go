package gateway

import (
	"net/http"
	"regexp"
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

// withoutOrigin notes that the origin gave no answer. w may be the way to no client, as of a validation in
// the background.
func withoutOrigin(w http.ResponseWriter) {
	for {
		switch v := w.(type) {
		case *client:
			v.own = true
			return
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return
		}
	}
}

var originStatus = regexp.MustCompile(`; fwd-status=\d+`)

// claimNothing corrects what the cache, which took our answer for the origin's, says in Cache-Status. A
// response that the gateway makes itself has no member (RFC 9211 §2); a stored one in its place, whose
// member says how fresh it is, was made without a status of the origin's.
func claimNothing(h http.Header) {
	list := h["Cache-Status"]
	n := len(list) - 1
	switch {
	case n < 0 || !originStatus.MatchString(list[n]):
	case strings.Contains(list[n], "; ttl="):
		h["Cache-Status"] = append(list[:n:n], originStatus.ReplaceAllString(list[n], ""))
	default:
		delete(h, "Cache-Status")
	}
}
