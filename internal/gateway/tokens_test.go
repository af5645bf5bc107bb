package gateway

import (
	"strings"
	"testing"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"

var urlTokens = []struct{ name, query string }{
	{"RFC 6750 §2.3", "access_token=hunter2"},
	{"in another case", "a=b&Access-Token=hunter2"},
	{"an encoded name", "access%5ftoken=hunter2"},
	{"a semicolon before it", "a=b;token=hunter2"},
	{"a JWT under any name", "q=" + jwt},
	{"an API key", "api_key=hunter2"},
}

// A token in the URL is refused before a key is made of it, whatever is stored already.
func TestURLTokensAreRefused(t *testing.T) {
	w := start(t, Options{Realm: "orders"}, nil)
	w.send("GET /a")
	w.record()
	before := w.counts()
	for _, tt := range urlTokens {
		t.Run(tt.name, func(t *testing.T) {
			a := w.send("GET /a?"+tt.query, "Authorization: Bearer hunter3")
			challenge := a.header.Get("Www-Authenticate")
			if a.status != 400 || a.header.Get("Cache-Control") != "no-store" ||
				!strings.HasPrefix(challenge, `Bearer realm="orders", error="invalid_request", error_description="a token must not be part of a URL (`) {
				t.Errorf("%d %v", a.status, a.header)
			}
			if a.header.Get("Cache-Status") != "" || w.calls.Load() != 1 || w.counts() != before {
				t.Errorf("it got as far as the cache or the origin: %v, %d calls", a.header, w.calls.Load())
			}
			r := w.record()
			if r["cache"] != "refused" || r["reason"] != "token-in-url" || r["status"] != 400.0 || r["partition"] != "none" {
				t.Errorf("logged: %v", r)
			}
			if strings.Contains(a.body+challenge, "hunter") || strings.Contains(a.body+challenge, jwt) {
				t.Errorf("the refusal repeats the token: %s", a.body)
			}
		})
	}
	if a := w.send("GET /a?page_token=x&token="); a.status != 200 {
		t.Errorf("no token at all: %d", a.status)
	}
}

// With UnsafeURLTokens they pass as they are, every time, under a policy that would share them too.
func TestUnsafeURLTokens(t *testing.T) {
	for _, policy := range []bearcache.Policy{{}, {Public: true}} {
		w := start(t, Options{UnsafeURLTokens: true, Route: func(string, string) Route { return Route{Policy: policy} }}, nil)
		for _, tt := range urlTokens {
			for range 2 {
				a := w.send("GET /a?" + tt.query)
				if got := a.header.Get("Cache-Status"); a.status != 200 || got != "bearcache; fwd=bypass; fwd-status=200; detail=off" {
					t.Errorf("%s: %d, Cache-Status %s", tt.name, a.status, got)
				}
				if r := <-w.seen; r.RequestURI != "/a?"+tt.query {
					t.Errorf("%s: the origin saw %s", tt.name, r.RequestURI)
				}
				if r := w.record(); r["cache"] != "bypass" || r["path"] != "/a" {
					t.Errorf("%s: logged %v", tt.name, r)
				}
			}
		}
		if s := w.gateway.cache.Stats(); s.Records != 0 || s.Hits != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// The gateway refuses bearer tokens that could be read in two ways; who has none, or other
// credentials, is the origin's to judge.
func TestAuthorization(t *testing.T) {
	w := start(t, Options{Syntax: bearer.Syntax{MaxLength: 20}}, nil)
	for _, tt := range []struct {
		name   string
		fields []string
		status int
		code   string // of the challenge; "": it passes
	}{
		{"a token", []string{"Authorization: Bearer abc"}, 200, ""},
		{"the scheme in another case", []string{"Authorization: bEARER abc"}, 200, ""},
		{"a token of the greatest length", []string{"Authorization: Bearer " + strings.Repeat("a", 20)}, 200, ""},
		{"none", nil, 200, ""},
		{"basic", []string{"Authorization: Basic YWxpY2U6aHVudGVy"}, 200, ""},
		{"an unknown scheme", []string{"Authorization: Frob abc"}, 200, ""},
		{"no token", []string{"Authorization: Bearer"}, 400, "invalid_request"},
		{"nothing", []string{"Authorization:"}, 400, "invalid_request"},
		{"two fields", []string{"Authorization: Bearer hunter", "Authorization: Bearer other"}, 400, "invalid_request"},
		{"two equal fields", []string{"Authorization: Bearer hunter", "Authorization: Bearer hunter"}, 400, "invalid_request"},
		{"two in one", []string{"Authorization: Bearer hunter, Bearer other"}, 400, "invalid_request"},
		{"one behind another scheme", []string{"Authorization: Basic YQ==, Bearer hunter"}, 400, "invalid_request"},
		{"two spaces", []string{"Authorization: Bearer  hunter"}, 400, "invalid_request"},
		{"no b64token", []string{"Authorization: Bearer hunter!"}, 401, "invalid_token"},
		{"too long", []string{"Authorization: Bearer " + strings.Repeat("a", 21)}, 401, "invalid_token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, calls := w.counts(), w.calls.Load()
			a := w.send("GET /"+strings.ReplaceAll(tt.name, " ", "-"), tt.fields...)
			r := w.record()
			if a.status != tt.status || r["status"] != float64(tt.status) {
				t.Errorf("%d, want %d; logged: %v", a.status, tt.status, r)
			}
			if tt.code == "" {
				if got := strings.Join((<-w.seen).Header["Authorization"], "|"); len(tt.fields) > 0 && "Authorization: "+got != tt.fields[0] {
					t.Errorf("the origin saw %q", got)
				}
				return
			}
			if w.counts() != before || w.calls.Load() != calls {
				t.Error("it got as far as the cache or the origin")
			}
			challenge := a.header.Get("Www-Authenticate")
			if !strings.HasPrefix(challenge, `Bearer realm="api", error="`+tt.code+`"`) || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v", a.header)
			}
			if r["cache"] != "refused" || r["reason"] != tt.code {
				t.Errorf("logged: %v", r)
			}
			if strings.Contains(a.body+challenge, "hunter") {
				t.Errorf("the refusal repeats the token: %s", a.body)
			}
		})
	}
}
