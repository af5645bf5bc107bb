package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
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
	tenant := &gateway.ClaimSet{Required: []string{"tenant"}, Optional: []string{"scope", "aud", "client_id", "roles", "groups", "entitlements", "authorization_details", "act", "acr"}, Key: "serve.partition"}
	group := []string{"scope", "aud", "authorization_details"}
	want := []gateway.Readers{{Claims: tenant}, {}, {Claims: tenant, Group: &gateway.ClaimSet{Optional: group, Key: "routes[2].partition"}}, {Claims: tenant, Group: &gateway.ClaimSet{Required: []string{"roles"}, Key: "routes[4].partition"}},
		{Claims: tenant, Group: &gateway.ClaimSet{Required: []string{"roles"}, Optional: group, Key: "routes[6].partition"}}}
	if diff := cmp.Diff(readers, want); diff != "" {
		t.Errorf("got(-) want(+):\n%s", diff)
	}
	for i, want := range []int{1, 0, 2, 2, 3, 0, 4, 0} {
		if got := policy("GET", "/"+string(rune('a'+i))); got.Readers != want {
			t.Errorf("/%c has %d, want %d", 'a'+i, got.Readers, want)
		}
	}
}

// vouching is a Verifier of tokens that it knows.
type vouching map[string]*bearer.Claims

func (v vouching) Verify(_ context.Context, token string) (*bearer.Claims, error) {
	return v[token], nil
}

// A token of the same user that gives other rights finds nothing of what the first one left, though no claim is named; nor does
// one of the same group. What is left out does not count.
func TestRightsOfATokenCount(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
	}))
	defer origin.Close()
	upstream, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	file, err := config.Parse("f", []byte(`
verify: {issuer: "https://login.test", audience: [api]}
serve: {partition: claims}
routes:
  - {match: "/group", partition: scope}
  - {match: "/tenant", partition: {claims: [tenant]}}
  - {match: "/without", partition: {claims: [sub], without: [scope, aud, client_id, roles, groups, entitlements, authorization_details, act, acr]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	type m = map[string]any
	paths := []string{"/claims", "/tenant", "/group", "/without"}
	for _, tt := range []struct {
		name string
		more m      // than the first token says
		want string // of each path
	}{
		{"a new token", nil, "hit hit hit hit"},
		{"another scope", m{"scope": "read write"}, "miss miss miss hit"},
		{"another audience", m{"aud": []string{"api", "other"}}, "miss miss miss hit"},
		{"another client", m{"client_id": "other"}, "miss miss hit hit"},
		{"roles", m{"roles": []string{"admin"}}, "miss miss hit hit"},
		{"groups", m{"groups": []string{"staff"}}, "miss miss hit hit"},
		{"entitlements", m{"entitlements": "all"}, "miss miss hit hit"},
		{"rights in detail", m{"authorization_details": []m{{"type": "account", "actions": []string{"read"}}}}, "miss miss miss hit"},
		{"somebody who acts for the user", m{"act": m{"sub": "support"}}, "miss miss hit hit"},
		{"another authentication", m{"acr": "2"}, "miss miss hit hit"},
		{"another tenant", m{"tenant": "y"}, "hit miss hit hit"},
	} {
		vouched := vouching{}
		for i, token := range []string{"first", "second"} {
			claims := m{"iss": "https://login.test", "sub": "alice", "aud": "api", "scope": "read", "client_id": "app", "tenant": "x"}
			for name, value := range tt.more {
				if i > 0 {
					claims[name] = value
				}
			}
			data, err := json.Marshal(claims)
			if err != nil {
				t.Fatal(err)
			}
			if vouched[token], err = bearer.ParseClaims(data); err != nil {
				t.Fatal(err)
			}
		}
		route, readers := policies(file.Routes, *file.Serve.Partition)
		g, err := gateway.New(gateway.Options{Upstream: upstream, Verifier: vouched, Issuer: "https://login.test", Route: route, Readers: readers})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, path := range paths {
			for _, token := range []string{"first", "second"} {
				r := httptest.NewRequest("GET", "http://api.test"+path, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				g.ServeHTTP(w, r)
				switch hit := strings.HasPrefix(w.Header().Get("Cache-Status"), "bearcache; hit"); {
				case w.Code != 200 || token == "first" && hit:
					t.Fatalf("%s: %s by the %s: %d %v", tt.name, path, token, w.Code, w.Header())
				case token == "first":
				case hit:
					got = append(got, "hit")
				default:
					got = append(got, "miss")
				}
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v of %v, want %s", tt.name, got, paths, tt.want)
		}
		g.Close()
	}
}
