package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/operation"
)

// An author of a document must not be able to collect tokens by naming a server. What is fetched here
// comes from a loopback address as well, so the table puts another origin in its place.
func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		name           string
		asked          string // the document's URL; "": a file
		answered       string // after redirects; "": the same
		servers, flag  string
		target, refuse string
	}{
		{name: "named by the user", servers: "https://evil.example", flag: "https://api.example.com", target: "https://api.example.com"},
		{name: "of a file, elsewhere", servers: "https://api.example.com/v1", refuse: "the document names the server https://api.example.com/v1; give --target https://api.example.com/v1 to send tokens there"},
		{name: "of a file, on this machine", servers: "http://127.0.0.1:5000/v1", target: "http://127.0.0.1:5000/v1"},
		{name: "by name", servers: "http://LocalHost:5000", target: "http://localhost:5000"},
		{name: "of IPv6", servers: "http://[::1]:5000", target: "http://[::1]:5000"},
		{name: "the first that may be", servers: "https://api.example.com http://127.0.0.2", target: "http://127.0.0.2"},
		{name: "looks like this machine", servers: "http://127.0.0.1.example.com", refuse: "names the server http://127.0.0.1.example.com; "},
		{name: "names this machine as its user", servers: "http://localhost@evil.example http://evil.example", refuse: "names the server http://evil.example; "},
		{name: "relative, of a file", servers: "/v1", refuse: "the document names no server with an absolute URL; give --target URL"},
		{name: "none, of a file", refuse: "the document names no server with an absolute URL; give --target URL"},
		{name: "with a token", servers: "https://api.example.com/;token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", refuse: "https://api.example.com/;token=[hmac-sha256:"},
		{name: "that plays with the terminal", servers: "https://api.example.com/\u202e", refuse: "https://api.example.com/%E2%80%AE; "},

		{name: "fetched from there", asked: "https://api.example.com/openapi.json", servers: "https://API.example.com:443/v1", target: "https://api.example.com:443/v1"},
		{name: "relative", asked: "https://api.example.com/docs/openapi.json", servers: "/v1", target: "https://api.example.com/v1"},
		{name: "relative to the document", asked: "https://api.example.com/docs/openapi.json?a=b", servers: "../v2", target: "https://api.example.com/v2"},
		{name: "none", asked: "https://api.example.com/docs/openapi.json?a=b", target: "https://api.example.com/"},
		{name: "another host", asked: "https://api.example.com/openapi.json", servers: "https://evil.example", refuse: "names the server https://evil.example; "},
		{name: "another host, without a scheme", asked: "https://api.example.com/openapi.json", servers: "//evil.example/x", refuse: "names the server https://evil.example/x; "},
		{name: "another port", asked: "https://api.example.com/openapi.json", servers: "https://api.example.com:8443", refuse: "names the server https://api.example.com:8443; "},
		{name: "another scheme", asked: "https://api.example.com/openapi.json", servers: "http://api.example.com", refuse: "names the server http://api.example.com; "},
		{name: "redirected, and named there", asked: "https://api.example.com/openapi.json", answered: "https://evil.example/x", servers: "https://evil.example", refuse: "names the server https://evil.example; "},
		{name: "redirected, and relative", asked: "https://api.example.com/openapi.json", answered: "https://evil.example/x", servers: "/v1", refuse: "names the server https://evil.example/v1; "},
	} {
		d := description{Document: &operation.Document{Servers: strings.Fields(tt.servers)}}
		var err error
		if tt.asked != "" {
			if d.asked, err = url.Parse(tt.asked); err != nil {
				t.Fatal(err)
			}
			if d.answered = d.asked; tt.answered != "" {
				d.answered, err = url.Parse(tt.answered)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		u, err := (&scanFlags{OpenAPI: "x", Target: tt.flag}).target(d)
		switch {
		case err != nil && (tt.refuse == "" || !strings.Contains(err.Error(), tt.refuse)):
			t.Errorf("%s: %v, want %s%s", tt.name, err, tt.target, tt.refuse)
		case err == nil && u.String() != tt.target:
			t.Errorf("%s: %s, want %s%s", tt.name, u, tt.target, tt.refuse)
		}
	}
}

// A document that was fetched brings its URL along, and the scan asks there.
func TestTargetOfFetchedDocument(t *testing.T) {
	t.Chdir(t.TempDir())
	asked := make(chan string, 100)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/docs/openapi.json", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/docs"):
			fmt.Fprint(w, `{"openapi": "3.1.0", "servers": [{"url": "/v1"}], "paths": {"/me": {"get": {}}}}`)
		default:
			select {
			case asked <- r.URL.Path:
			default:
			}
			answer(w, r)
		}
	}))
	defer api.Close()
	d, err := (&scanFlags{OpenAPI: api.URL + "/moved", Timeout: 10 * time.Second}).document(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.asked.String() != api.URL+"/moved" || d.answered.String() != api.URL+"/docs/openapi.json" {
		t.Errorf("asked %s, answered by %s", d.asked, d.answered)
	}
	e := env{nil, io.Discard, io.Discard, func(string) (string, bool) { return "alice-token", true }, isTerminal, nil}
	run(t.Context(), e, []string{"scan", "--openapi", api.URL + "/docs/openapi.json", "--identity", "alice=env:ALICE_TOKEN"})
	if len(asked) == 0 {
		t.Fatal("nothing was asked")
	}
	if path := <-asked; path != "/v1/me" {
		t.Errorf("asked for %s, want /v1/me", path)
	}
}
