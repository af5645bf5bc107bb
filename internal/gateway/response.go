package gateway

import "net/http"

// faithful has the origin's fields leave as they came: net/http would guess a type for content that has
// none, even where the origin forbids guessing. It stands between the reverse proxy and the cache, so that
// a hit says what a miss said.
func faithful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(response{w}, r) })
}

type response struct{ http.ResponseWriter }

func (r response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r response) WriteHeader(status int) {
	if h := r.Header(); h["Content-Type"] == nil {
		h["Content-Type"] = nil // net/http's word for "none"
	}
	r.ResponseWriter.WriteHeader(status)
}
