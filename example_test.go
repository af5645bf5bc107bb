package bearcache_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
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

// Identities by what verified tokens say: a new token of the same user finds what the old one left, and one with other rights
// does not.
func ExampleCache_verified() {
	verifier := vouching{ // a bearer.JWT or a bearer.Introspection, in a bearer.Remembering
		"first":            `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "web", "scp": ["read"], "jti": "1"}`,
		"new":              `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "web", "scp": ["read"], "jti": "2"}`,
		"another scp":      `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "web", "scp": ["read", "write"]}`,
		"another client":   `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "phone", "scp": ["read"]}`,
		"another audience": `{"iss": "https://login.example", "sub": "alice", "aud": ["orders", "bills"], "azp": "web", "scp": ["read"]}`,
		"another role":     `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "web", "scp": ["read"], "roles": ["admin"]}`,
		"an actor":         `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "web", "scp": ["read"], "act": {"sub": "support"}}`,
		"scope for scp":    `{"iss": "https://login.example", "sub": "alice", "aud": "orders", "azp": "web", "scope": "read"}`,
		"another user":     `{"iss": "https://login.example", "sub": "bob", "aud": "orders", "azp": "web", "scp": ["read"]}`,
	}
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
	})

	// Name what else the application looks at in a token; the issuer and the subject count anyway.
	told := []string{"scope", "scp", "aud", "client_id", "azp", "roles", "groups", "entitlements", "authorization_details", "act", "acr"}
	cache := &bearcache.Cache{Identify: func(r *http.Request) (bearcache.Identity, error) {
		claims, ok := bearer.FromContext(r.Context())
		if !ok {
			return bearcache.Identity{}, errors.New("not verified")
		}
		var scope strings.Builder
		for _, name := range told {
			value, _ := claims.Canonical(name) // a line of JSON, or nothing
			scope.WriteString(value + "\n")
		}
		return bearcache.Identity{Issuer: claims.Issuer, Subject: claims.Subject, Scope: scope.String(),
			Until: claims.Expires, Renewable: true, Joined: []string{"Cookie", "X-Api-Key"}}, nil
	}}
	handler := bearer.Require(verifier, "api", cache.Handler(app))

	for _, name := range []string{"first", "new", "another scp", "another client", "another audience", "another role", "an actor", "scope for scp", "another user"} {
		r := httptest.NewRequest("GET", "/api/profile", nil)
		r.Header.Set("Authorization", "Bearer "+strings.ReplaceAll(name, " ", "-"))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(name+":", w.Header().Get("Cache-Status"))
	}
	// Output:
	// first: bearcache; fwd=uri-miss; fwd-status=200; stored
	// new: bearcache; hit; ttl=60
	// another scp: bearcache; fwd=uri-miss; fwd-status=200; stored
	// another client: bearcache; fwd=uri-miss; fwd-status=200; stored
	// another audience: bearcache; fwd=uri-miss; fwd-status=200; stored
	// another role: bearcache; fwd=uri-miss; fwd-status=200; stored
	// an actor: bearcache; fwd=uri-miss; fwd-status=200; stored
	// scope for scp: bearcache; fwd=uri-miss; fwd-status=200; stored
	// another user: bearcache; fwd=uri-miss; fwd-status=200; stored
}

// vouching is a Verifier of the tokens that it has, by their claims.
type vouching map[string]string

func (v vouching) Verify(_ context.Context, token string) (*bearer.Claims, error) {
	return bearer.ParseClaims([]byte(v[strings.ReplaceAll(token, "-", " ")]))
}

// The page shows the example as it is run.
func TestDocsShowTheExample(t *testing.T) {
	page, err := os.ReadFile("docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, found := strings.Cut(string(page), "```go\n")
	shown, _, closed := strings.Cut(shown, "```\n")
	if run := strings.ReplaceAll(string(source), "\n\t", "\n"); !found || !closed || !strings.Contains(run, "\n"+shown+"\n") {
		t.Errorf("docs/identity.md shows what no example runs:\n%s", shown)
	}
}
