package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/bearer"
)

// discard is a client that costs as little as one can.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// A connection has deadlines.
func (d *discard) SetWriteDeadline(time.Time) error { return nil }
func (d *discard) SetReadDeadline(time.Time) error  { return nil }

// kilobyte is an origin whose answer to everything is one, for an hour.
func kilobyte(b *testing.B) *url.URL {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		io.WriteString(w, strings.Repeat("x", 1024))
	}))
	b.Cleanup(upstream.Close)
	u, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	return u
}

// hits asks for what is stored, as a bearer whose token has 800 bytes.
func hits(b *testing.B, o Options) {
	o.Route = func(string, string) Route { return Route{} }
	g, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://api.test/api/profile", nil)
	r.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {"bench"}, "Authorization": {"Bearer " + strings.Repeat("t", 800)}}
	w := &discard{http.Header{}}
	g.ServeHTTP(w, r)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		g.ServeHTTP(w, r)
	}
	if !strings.HasPrefix(w.h.Get("Cache-Status"), "bearcache; hit") {
		b.Fatalf("no hit: %v", w.h)
	}
}

// BenchmarkHit is a stored kilobyte through all handlers, for a bearer whose token has 800 bytes:
// against the benchmark of the same name of the cache alone it shows what the gateway adds.
func BenchmarkHit(b *testing.B) {
	u := kilobyte(b)
	b.Run("without a log", func(b *testing.B) { hits(b, Options{Upstream: u}) })
	b.Run("with a log", func(b *testing.B) {
		hits(b, Options{Upstream: u, Access: slog.New(slog.NewTextHandler(io.Discard, nil))})
	})
}

// BenchmarkVerifiedHit is the same with a token that was verified before: against BenchmarkHit it shows what it costs to
// know it again, and to know by its claims whose it is.
func BenchmarkVerifiedHit(b *testing.B) {
	u := kilobyte(b)
	vouched := verifier(func() (*bearer.Claims, error) {
		return &bearer.Claims{Issuer: "https://login.test", Subject: "alice", Scope: "read write", Audience: []string{"api"}, ClientID: "app", ID: "1", Expires: time.Now().Add(time.Hour)}, nil
	})
	for _, tt := range []struct {
		name    string
		readers Readers
	}{
		{"by token", Readers{}},
		{"by claims", Readers{Claims: &ClaimSet{Optional: []string{"scope", "aud", "client_id", "roles", "groups", "entitlements", "authorization_details", "act", "acr"}}}},
		{"in a group", Readers{Group: &ClaimSet{Optional: []string{"scope", "aud", "authorization_details"}}}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			hits(b, Options{Upstream: u, Verifier: vouched, Remember: time.Hour, Readers: []Readers{tt.readers}})
		})
	}
}
