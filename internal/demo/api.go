// Package demo is a small API with bearer tokens that can be started with and without the careless
// cache this project is about: one that answers by path, as Flask-Caching does unless told
// otherwise. It is real as far as it goes: nothing in it knows that it is being scanned.
package demo

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

// Document describes the API in OpenAPI 3.1, YAML.
//
//go:embed openapi.yaml
var Document []byte

// API is the application. Make one with New.
type API struct {
	// Work is what an answer costs its origin, in time: a query, a call to another service.
	Work time.Duration
	// Timeout is how long the careless cache keeps an answer; zero: there is no such cache.
	Timeout time.Duration

	users map[string]user // by token
	made  atomic.Int64    // answers made by a view, not by the cache

	mu     sync.Mutex // guards stored
	stored map[string]storedView
}

type user struct {
	Name, Email, IBAN, Plan string
	Cents                   int
}

// storedView is what a view returned, kept under the path.
type storedView struct {
	status int
	header http.Header
	body   []byte
	until  time.Time
}

// New returns the API and a token of alice and one of bob.
func New(work, timeout time.Duration) (api *API, alice, bob string) {
	alice, bob = rand.Text(), rand.Text()
	return &API{
		Work: work, Timeout: timeout, stored: make(map[string]storedView),
		users: map[string]user{
			alice: {"Alice Liddell", "alice@example.com", "DE02120300000000202051", "premium", 1_204_418},
			bob:   {"Bob Sawyer", "bob@example.com", "DE02500105170137075030", "basic", 9_912},
		},
	}, alice, bob
}

// Made counts the answers that a view made itself.
func (a *API) Made() int64 { return a.made.Load() }

// Handler is the application: three views that ask who is calling, and one that does not.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	// The cache inside the check: only valid tokens get in, and all of them get the first one's answer.
	mux.Handle("GET /api/profile", a.authenticated(a.cached(a.view(func(u user) any {
		return map[string]any{"name": u.Name, "email": u.Email, "plan": u.Plan}
	}))))
	// The cache outside the check: a hit asks for no token at all.
	mux.Handle("GET /api/statement", a.cached(a.authenticated(a.view(func(u user) any {
		return map[string]any{"holder": u.Email, "iban": u.IBAN, "balance_cents": u.Cents}
	}))))
	// Never cached by path, and the origin says how long a private cache may keep it.
	mux.Handle("GET /api/settings", a.authenticated(private(a.view(func(u user) any {
		return map[string]any{"email": u.Email, "language": "en", "plan": u.Plan}
	}))))
	mux.Handle("GET /api/catalog", a.cached(a.public(map[string]any{
		"plans": []string{"basic", "premium"}, "currency": "EUR",
	})))
	return mux
}

type userKey struct{}

// authenticated lets requests with a known token pass.
func (a *API) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var token string
		if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer %s", &token); err == nil {
			if u, ok := a.users[token]; ok {
				next.ServeHTTP(w, r.WithContext(withUser(r.Context(), u)))
				return
			}
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="demo"`)
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
	})
}

func (a *API) view(data func(user) any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.made.Add(1)
		time.Sleep(a.Work)
		answer(w, http.StatusOK, data(userOf(r.Context())))
	})
}

func (a *API) public(data any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.made.Add(1)
		time.Sleep(a.Work)
		w.Header().Set("Cache-Control", "public, max-age=30")
		answer(w, http.StatusOK, data)
	})
}

func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=30")
		w.Header().Set("Vary", "Authorization")
		next.ServeHTTP(w, r)
	})
}

// cached is the bug: what next answers is kept under the path, whoever asked. Like Flask-Caching it
// ignores the query and the request's own wishes, and adds no field that would show a hit.
func (a *API) cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Timeout == 0 {
			next.ServeHTTP(w, r)
			return
		}
		key := "view/" + r.URL.Path
		a.mu.Lock()
		v, ok := a.stored[key]
		a.mu.Unlock()
		if !ok || time.Now().After(v.until) {
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			v = storedView{rec.Code, rec.Header(), rec.Body.Bytes(), time.Now().Add(a.Timeout)}
			if rec.Code == http.StatusOK {
				a.mu.Lock()
				a.stored[key] = v
				a.mu.Unlock()
			}
		}
		for name, values := range v.header {
			w.Header()[name] = values
		}
		w.WriteHeader(v.status)
		w.Write(v.body)
	})
}

func answer(w http.ResponseWriter, status int, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(data)
}
func withUser(ctx context.Context, u user) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

func userOf(ctx context.Context) user {
	u, _ := ctx.Value(userKey{}).(user)
	return u
}
