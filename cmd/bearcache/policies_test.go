package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/gateway"
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
	policy, readers := policies(file.Routes, config.Partition{})
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
		if got := policy(tt.method, tt.path); got.Policy != tt.want || got.Name != tt.route || got.Readers != 0 {
			t.Errorf("%s %s: %+v, want %+v of %q", tt.method, tt.path, got, tt.want, tt.route)
		}
	}
	if len(readers) != 1 || readers[0] != (gateway.Readers{}) {
		t.Errorf("readers are told apart by %+v", readers)
	}
	if policy, _ := policies(nil, config.Partition{}); policy != nil {
		t.Error("without rules there is a policy")
	}
}

// What a route says of its readers, on top of what is said of all.
func TestPartitionsOfRoutes(t *testing.T) {
	file, err := config.Parse("f", []byte(`
verify: {issuer: "https://login.test", audience: [api]}
serve: {partition: {claims: [tenant]}}
routes:
  - {match: "/a", partition: token}
  - {match: "/b", partition: {claims: [tenant]}}
  - {match: "/c", partition: scope}
  - {match: "/d", partition: {scope: [iss]}}
  - {match: "/e", partition: {scope: [roles], without: [scope, aud, authorization_details]}}
  - {match: "/f"}
  - {match: "/g", partition: {scope: [roles]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	policy, readers := policies(file.Routes, *file.Serve.Partition)
	tenant := &gateway.ClaimSet{Required: []string{"tenant"}, Optional: []string{"scope", "aud", "client_id", "roles", "groups", "entitlements", "authorization_details", "act", "acr"}}
	group := []string{"scope", "aud", "authorization_details"}
	want := []gateway.Readers{{Claims: tenant}, {}, {Claims: tenant, Group: &gateway.ClaimSet{Optional: group}}, {Claims: tenant, Group: &gateway.ClaimSet{Required: []string{"roles"}}},
		{Claims: tenant, Group: &gateway.ClaimSet{Required: []string{"roles"}, Optional: group}}}
	if diff := cmp.Diff(readers, want); diff != "" {
		t.Errorf("got(-) want(+):\n%s", diff)
	}
	for i, want := range []int{1, 0, 2, 2, 3, 0, 4, 0} {
		if got := policy("GET", "/"+string(rune('a'+i))); got.Readers != want {
			t.Errorf("/%c has %d, want %d", 'a'+i, got.Readers, want)
		}
	}
}
