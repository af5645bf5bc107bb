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
		d := description{Document: &operation.Document{Servers: strings.Fields(tt.servers)}, name: "f"}
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

// A URL that the user typed names the target, and no document overrules it.
func TestNamedTarget(t *testing.T) {
	for _, tt := range []struct {
		name, servers, named, flag string
		want                       string // the target, or the end of the error
	}{
		{"nothing", "", "", "", "there is no document that names a server; give --target URL"},
		{"a URL", "", "https://a.example", "", "https://a.example"},
		{"two", "", "https://a.example https://b.example", "", "https://a.example"},
		{"beside a server that is the same", "https://a.example/v1", "https://a.example", "", "https://a.example/v1"},
		{"beside another server", "https://b.example", "https://a.example", "", "give --target https://b.example to send tokens there"},
		{"beside a server on this machine", "http://127.0.0.1:1", "https://a.example", "", "http://127.0.0.1:1"},
		{"the flag counts", "", "https://a.example", "https://b.example", "https://b.example"},
	} {
		d := description{Document: &operation.Document{Servers: strings.Fields(tt.servers)}}
		if tt.servers != "" {
			d.name = "f"
		}
		for named := range strings.FieldsSeq(tt.named) {
			u, err := url.Parse(named)
			if err != nil {
				t.Fatal(err)
			}
			d.named = append(d.named, u)
		}
		u, err := (&scanFlags{Target: tt.flag}).target(d)
		got := fmt.Sprint(err)
		if err == nil {
			got = u.String()
		}
		if !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// What was recorded elsewhere is not asked of the target, and what belongs to it is asked below its path.
func TestAim(t *testing.T) {
	for _, tt := range []struct {
		name, recorded, lines, target string
		chosen                        bool
		want                          string // the paths, or the error
	}{
		{name: "a document", recorded: "/a", target: "http://h/v1", want: "/a"},
		{name: "one origin of several", recorded: "http://h/a http://evil/b https://h/c http://h:81/d", target: "http://H:80", want: "/a"},
		{name: "below a path", recorded: "http://h/v1/a http://h/v1 http://h/v10/b http://h/c", target: "http://h/v1/", want: "/a"},
		{name: "all of it elsewhere, and the user says where to", recorded: "http://a/x http://a/y", target: "http://h", chosen: true, want: "/x /y"},
		{name: "all of it elsewhere, in two places", recorded: "http://a/x http://b/y", target: "http://h", chosen: true,
			want: "no request of f goes to http://h; it has requests to http://a, http://b; give one of these as --target"},
		{name: "all of it elsewhere", recorded: "http://a/x", target: "http://h", want: "no request of f goes to http://h; it has requests to http://a; give one of these as --target"},
		{name: "a URL of the target's", lines: "http://h/v1/a /b", target: "http://h/v1", want: "/a /b"},
		{name: "a URL of another origin", lines: "/b https://h/a", target: "http://h", chosen: true, want: "--url (the 2nd of 2) goes to https://h, but the target is http://h; give the URL of another scan to another scan"},
		{name: "a URL beside the target's path", lines: "http://h/b", target: "http://h/v1", chosen: true, want: "--url goes to http://h, but the target is http://h/v1; give the URL of another scan to another scan"},
		{name: "a recording and a URL", recorded: "http://h/a", lines: "http://h/b", target: "http://h", want: "/a /b"},
	} {
		d := description{Document: new(operation.Document), name: "f"}
		for text := range strings.FieldsSeq(tt.recorded) {
			d.Operations = append(d.Operations, at(t, text))
		}
		for text := range strings.FieldsSeq(tt.lines) {
			d.lines = append(d.lines, at(t, text))
		}
		target, err := baseURL("", tt.target)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := d.aim(target, tt.chosen); err != nil {
			got = append(got, err.Error())
		} else {
			for _, o := range d.Operations {
				got = append(got, o.Path)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// at is the operation GET of a path or a URL.
func at(t *testing.T, text string) operation.Operation {
	parse := operation.ParseURL
	if strings.HasPrefix(text, "/") {
		text, parse = "GET:"+text, operation.ParseLine
	}
	o, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
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
