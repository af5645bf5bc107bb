package main

import (
	"testing"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/internal/config"
)

// What a file says of a path reaches the cache, and a path that it cannot be sure about is not cached.
func TestPolicies(t *testing.T) {
	file, err := config.Parse("f", []byte(`
routes:
  - {match: "GET /catalog", share: public, ttl: 60s}
  - {match: "/prices/**", share: public}
  - {match: "/admin/**", cache: off}
  - {match: "/**", ttl: 5s}
`))
	if err != nil {
		t.Fatal(err)
	}
	policy := policies(file.Routes)
	for _, tt := range []struct {
		method, path string
		want         bearcache.Policy
		route        string
	}{
		{"GET", "/catalog", bearcache.Policy{Public: true, Lifetime: time.Minute}, "GET /catalog"},
		{"HEAD", "/prices/a", bearcache.Policy{Public: true}, "/prices/**"},
		{"POST", "/prices/a", bearcache.Policy{}, "/prices/**"},
		{"DELETE", "/prices/a", bearcache.Policy{}, "/prices/**"},
		{"GET", "/admin/x", bearcache.Policy{Off: true}, "/admin/**"},
		{"GET", "/x", bearcache.Policy{Lifetime: 5 * time.Second}, "/**"},
		{"GET", "/Admin/x", bearcache.Policy{Off: true}, ""},
		{"GET", "/x/..%2fcatalog", bearcache.Policy{Off: true}, ""},
		{"GET", "/catalog;x.css", bearcache.Policy{Off: true}, ""},
	} {
		if got, route := policy(tt.method, tt.path); got != tt.want || route != tt.route {
			t.Errorf("%s %s: %+v of %q, want %+v of %q", tt.method, tt.path, got, route, tt.want, tt.route)
		}
	}
	if policies(nil) != nil {
		t.Error("without rules there is a policy")
	}
}
