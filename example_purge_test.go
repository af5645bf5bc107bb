package bearcache_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearcache/bearcache"
)

// An origin that tags what it answers, and a purge of one tag for every reader.
func ExampleCache_Purge() {
	cache := new(bearcache.Cache)
	handler := cache.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header().Set("Cache-Tag", "orders, order-7")
	}))
	ask := func(token string) {
		r := httptest.NewRequest("GET", "/api/orders/7", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(token, "·", w.Header().Get("Cache-Status"))
	}
	ask("alice")
	ask("alice")
	if err := cache.Purge(context.Background(), bearcache.Extent{Tag: "order-7"}); err != nil {
		fmt.Println(err)
	}
	ask("alice")
	// Output:
	// alice · bearcache; fwd=uri-miss; fwd-status=200; stored
	// alice · bearcache; hit; ttl=60
	// alice · bearcache; fwd=uri-miss; fwd-status=200; stored
}
