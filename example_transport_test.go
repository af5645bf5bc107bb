package bearcache_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/bearcache/bearcache"
)

// A client of an API, with a cache for every token that it uses. Read each body to its end: a response
// is stored when that was reached.
func ExampleTransport() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		fmt.Fprintf(w, "made for %q", r.Header.Get("Authorization"))
	}))
	defer api.Close()
	client := &http.Client{Transport: new(bearcache.Transport)}

	for _, token := range []string{"alice", "alice", "bob"} {
		r, err := http.NewRequest("GET", api.URL+"/api/profile", nil)
		if err != nil {
			panic(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(r)
		if err != nil {
			panic(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(string(body), err, "·", resp.Header.Get("Cache-Status"))
	}
	// Output:
	// made for "Bearer alice" <nil> · bearcache; fwd=uri-miss; fwd-status=200; stored
	// made for "Bearer alice" <nil> · bearcache; hit; ttl=60
	// made for "Bearer bob" <nil> · bearcache; fwd=uri-miss; fwd-status=200; stored
}
