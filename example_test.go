package bearcache_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearcache/bearcache"
)

// The cache in front of a handler that answers by who asks: every bearer gets a cache of its own.
func Example() {
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		fmt.Fprintf(w, "made for %q", r.Header.Get("Authorization"))
	})
	handler := new(bearcache.Cache).Handler(app)

	for _, token := range []string{"alice", "alice", "bob"} {
		r := httptest.NewRequest("GET", "/api/profile", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Body, "·", w.Header().Get("Cache-Status"))
	}
	// Output:
	// made for "Bearer alice" · bearcache; fwd=uri-miss; fwd-status=200; stored
	// made for "Bearer alice" · bearcache; hit; ttl=60
	// made for "Bearer bob" · bearcache; fwd=uri-miss; fwd-status=200; stored
}

// Identities that an application verified itself: one partition for each user, whichever of the
// user's tokens is presented.
func ExampleCache_identify() {
	users := map[string]string{"Bearer old-token": "alice", "Bearer new-token": "alice", "Bearer other": "bob"}
	cache := &bearcache.Cache{
		Identify: func(r *http.Request) (bearcache.Identity, error) {
			if r.Header.Get("Authorization") == "" {
				return bearcache.Anonymous, nil
			}
			user, ok := users[r.Header.Get("Authorization")]
			if !ok {
				return bearcache.Identity{}, fmt.Errorf("unknown token")
			}
			return bearcache.Identity{Issuer: "https://login.example", Subject: user}, nil
		},
	}
	handler := cache.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
	}))
	for _, authorization := range []string{"Bearer old-token", "Bearer new-token", "Bearer other", "Bearer forged"} {
		r := httptest.NewRequest("GET", "/api/profile", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Header().Get("Cache-Status"))
	}
	// Output:
	// bearcache; fwd=uri-miss; fwd-status=200; stored
	// bearcache; hit; ttl=60
	// bearcache; fwd=uri-miss; fwd-status=200; stored
	// bearcache; fwd=bypass; fwd-status=200; detail=unidentified
}
