package gateway

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A token that the origin refuses at one route finds nothing at the others, whatever tells readers apart there.
func TestRefusedAtAllRoutes(t *testing.T) {
	i := newIssuer(t)
	byTenant := &ClaimSet{Required: []string{"tenant"}}
	var refuse atomic.Bool
	w := start(t, i.options(Readers{Group: byTenant}, Readers{Claims: byTenant}), func(out http.ResponseWriter, r *http.Request) {
		if refuse.Load() {
			out.WriteHeader(401)
			return
		}
		out.Header().Set("Cache-Control", "max-age=60")
	})
	alice, bob := i.token(map[string]any{"tenant": "x"}), i.token(map[string]any{"tenant": "x", "sub": "bob"})
	routes := []string{"GET /", "GET /1", "GET /2"}
	for _, route := range routes {
		w.asked(route, bob)
		w.asked(route, alice)
		if got := w.asked(route, alice); got != "hit" {
			t.Fatalf("%s: %s", route, got)
		}
	}
	refuse.Store(true)
	w.send("GET /2", "Authorization: Bearer "+alice, "Cache-Control: no-cache")
	w.record()
	for _, route := range routes {
		if got := w.asked(route, alice); got != "401 status" {
			t.Errorf("%s: %s", route, got)
		}
		if got := w.asked(route, bob); got != "hit" {
			t.Errorf("it costs another reader a hit at %s: %s", route, got)
		}
	}
}

// Tokens that speak of nobody have nothing in common, and one that is refused costs the others nothing.
func TestRefusedTokensOfNobody(t *testing.T) {
	i := newIssuer(t)
	var refuse atomic.Bool
	w := start(t, i.options(Readers{Claims: &ClaimSet{}}), func(out http.ResponseWriter, _ *http.Request) {
		if refuse.Load() {
			out.WriteHeader(401)
			return
		}
		out.Header().Set("Cache-Control", "max-age=60")
	})
	nobody := func(iat int64) string {
		return i.token(map[string]any{"sub": nil, "client_id": nil, "jti": nil, "iat": iat})
	}
	one, other := nobody(1000), nobody(1001)
	w.asked("GET /1", one)
	w.asked("GET /1", other)
	refuse.Store(true)
	w.send("GET /else", "Authorization: Bearer "+one)
	w.record()
	if got := w.asked("GET /1", one); got != "401 status" {
		t.Errorf("who is refused: %s", got)
	}
	if got := w.asked("GET /1", other); got != "hit" {
		t.Errorf("another: %s", got)
	}
}

// What is stored for a user is there for his next token when the one that brought it has ended; what is stored for a token is not.
func TestRenewedToken(t *testing.T) {
	i := newIssuer(t)
	w := start(t, i.options(Readers{Claims: &ClaimSet{}}), nil)
	brief := func() string { return i.token(map[string]any{"exp": time.Now().Unix() + 4}) }
	first := brief()
	end := time.Now().Add(4 * time.Second)
	for _, route := range []string{"GET /", "GET /1"} {
		if got := w.asked(route, first); got != "miss" && got != "bypass" {
			t.Fatal(got)
		}
	}
	next := i.token(nil)
	time.Sleep(time.Until(end))
	for route, want := range map[string]string{"GET /": "miss", "GET /1": "hit"} {
		if got := w.asked(route, next); got != want {
			t.Errorf("%s: %s, want %s", route, got, want)
		}
	}
}
