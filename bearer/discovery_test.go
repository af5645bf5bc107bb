package bearer

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// metadata answers at one path only, with texts in which ISSUER stands for the server's own URL.
func metadata(h *server, path, body string) {
	h.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, strings.ReplaceAll(body, "ISSUER", h.URL))
	})
}

func TestDiscover(t *testing.T) {
	const openID, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	full := func(issuer string) string {
		return `{"issuer":"ISSUER` + issuer + `","jwks_uri":"ISSUER/keys","introspection_endpoint":"ISSUER/introspect","x":[1]}`
	}
	for _, test := range []struct{ name, path, at, body, why string }{
		{"OpenID", "", openID, full(""), ""},
		{"OpenID with a path", "/tenant/1", "/tenant/1" + openID, full("/tenant/1"), ""},
		{"OpenID with a slash at the end", "/tenant/", "/tenant" + openID, full("/tenant/"), ""},
		{"OAuth", "", oauth, full(""), ""},
		{"OAuth, before the path", "/tenant/1", oauth + "/tenant/1", full("/tenant/1"), ""},
		{"OAuth with a slash alone", "/", oauth, full("/"), ""},
		{"without endpoints", "", openID, `{"issuer":"ISSUER"}`, ""},
		{"endpoints that are null", "", openID, `{"issuer":"ISSUER","jwks_uri":null}`, ""},

		{"another issuer", "", openID, `{"issuer":"https://evil.example","jwks_uri":"ISSUER/keys"}`, "another issuer"},
		{"a slash more", "", openID, full("/"), "another issuer"},
		{"a slash less", "/", openID, full(""), "another issuer"},
		{"another tenant", "/a", "/a" + openID, full("/b"), "another issuer"},
		{"no issuer", "", openID, `{"jwks_uri":"ISSUER/keys"}`, "another issuer"},
		{"an issuer twice", "", openID, `{"issuer":"https://evil.example","issuer":"ISSUER"}`, "two members"},
		{"keys in clear", "", openID, `{"issuer":"ISSUER","jwks_uri":"http://keys.example/"}`, "jwks_uri cannot be used"},
		{"keys in a file", "", openID, `{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}`, "jwks_uri cannot be used"},
		{"keys behind a password", "", openID, `{"issuer":"ISSUER","jwks_uri":"https://u:hunter2@keys.example/"}`, "jwks_uri cannot be used"},
		{"keys at a relative place", "", openID, `{"issuer":"ISSUER","jwks_uri":"/keys"}`, "jwks_uri cannot be used"},
		{"keys in a list", "", openID, `{"issuer":"ISSUER","jwks_uri":["ISSUER/keys"]}`, "jwks_uri is no string"},
		{"introspection in clear", "", openID, `{"issuer":"ISSUER","introspection_endpoint":"http://i.example/"}`, "introspection_endpoint cannot be used"},
		{"HTML", "", openID, "<html>", "no JSON object"},
		{"nowhere", "", "/elsewhere", full(""), "answered 404"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newServer(t, nil)
			metadata(h, test.at, test.body)
			m, err := Discover(t.Context(), h.URL+test.path, nil)
			switch {
			case test.why != "":
				if m != nil || err == nil || !strings.Contains(err.Error(), test.why) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%+v, %v, want %s", m, err, test.why)
				}
			case err != nil:
				t.Error(err)
			case m.Issuer != h.URL+test.path || strings.Contains(test.body, "keys") && (m.JWKSURI != h.URL+"/keys" || m.IntrospectionEndpoint != h.URL+"/introspect"):
				t.Errorf("%+v", m)
			}
		})
	}
	for _, issuer := range []string{"", "issuer.example", "http://issuer.example", "https://issuer.example/?x", "https://issuer.example#x", "https://u:p@issuer.example", "ftp://127.0.0.1", "https://", "https://h/%zz"} {
		if m, err := Discover(t.Context(), issuer, nil); err == nil {
			t.Errorf("%s: %+v", issuer, m)
		}
	}
	// An issuer on the network names nothing on this machine.
	if m, err := readMetadata([]byte(`{"issuer":"https://i.example","jwks_uri":"http://127.0.0.1:8080/"}`), "https://i.example"); err == nil {
		t.Errorf("%+v", m)
	}
}

// An issuer that is none is said once, with all that was tried and what to do, whoever needed it.
func TestNoDiscovery(t *testing.T) {
	h := newServer(t, status(404))
	issuer := h.URL + "/tenant"
	want := "discover the issuer: " + issuer + "/.well-known/openid-configuration answered 404; " + h.URL + "/.well-known/oauth-authorization-server/tenant answered 404; " +
		"check the issuer (verify.issuer), or give the URL of its keys (verify.jwks)"
	log := new(logged)
	d := &Discovery{Issuer: issuer, Log: log.logger()}
	defer d.Close()
	keys := &RemoteKeys{Discovery: d, Log: log.logger()}
	defer keys.Close()
	asks, _ := introspection("")
	asks.Discovery, asks.Log = d, log.logger()
	if err := keys.Ready(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	expect(t, asks, "t", "unavailable")
	settle(&keys.source)
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, want) {
		t.Errorf("logged: %s", said)
	}
}

func TestHostileDiscovery(t *testing.T) {
	elsewhere := newServer(t, nil)
	metadata(elsewhere, "/.well-known/openid-configuration", `{"issuer":"ISSUER"}`)
	var written atomic.Int64
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		why     string
	}{
		"100 MB": {flood(&written, 100<<20), "more than"},
		"another origin": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		}, "another origin"},
		"500": {status(500), "answered 500"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newServer(t, test.handler)
			if m, err := Discover(t.Context(), h.URL, nil); err == nil || !strings.Contains(err.Error(), test.why) {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
	if elsewhere.asked.Load() > 0 || written.Load() >= 100<<20 {
		t.Errorf("%d requests elsewhere, %d bytes", elsewhere.asked.Load(), written.Load())
	}
}

// One may begin with the issuer down; when it is up, keys are found where it says.
func TestLazyDiscovery(t *testing.T) {
	s := theSigners()
	h := newServer(t, status(503))
	clock, log := &testClock{t: noon}, new(logged)
	d := &Discovery{Issuer: h.URL, Log: log.logger()}
	d.source.now = clock.now
	defer d.Close()
	keys := &RemoteKeys{Discovery: d, Log: log.logger()}
	keys.source.now = clock.now
	defer keys.Close()
	v := &JWT{Issuer: h.URL, Audience: []string{testAudience}, Keys: keys, Now: atNoon}
	token := s.good(`"iss":"` + h.URL + `"`)
	expect(t, v, token, "unavailable")
	clock.forward(time.Second)
	expect(t, v, token, "unavailable")

	lying := `{"issuer":"https://evil.example","jwks_uri":"ISSUER/keys"}`
	metadata(h, "/.well-known/openid-configuration", lying)
	clock.forward(time.Minute)
	expect(t, v, token, "unavailable")

	h.answer(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":"%s","jwks_uri":"%[1]s/keys"}`, h.URL)
		case "/keys":
			io.WriteString(w, jwks(jwk("p256", s.p256, "")))
		}
	})
	clock.forward(time.Minute)
	expect(t, v, token, "good")
	asked := h.asked.Load()
	for range 5 {
		clock.forward(zeroRefresh)
		expect(t, v, token, "good")
		settle(&keys.source)
	}
	if n := h.asked.Load() - asked; n != 5 {
		t.Errorf("%d requests for keys alone", n)
	}
	if said := log.String(); !strings.Contains(said, "asking the issuer for its metadata") || !strings.Contains(said, "another issuer") || strings.Count(said, "works again") != 1 || strings.Contains(said, "fetching keys") {
		t.Errorf("logged: %s", said)
	}
	d.Close()
	if _, err := d.Metadata(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}

	metadata(h, "/.well-known/openid-configuration", `{"issuer":"ISSUER"}`)
	bare := &Discovery{Issuer: h.URL, Log: log.logger()}
	defer bare.Close()
	none := &RemoteKeys{Discovery: bare, Log: log.logger()}
	defer none.Close()
	if _, err := none.Find(t.Context(), ""); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no jwks_uri") {
		t.Error(err)
	}
}

// Keys that moved are found where the issuer says now, and not a day later. Endpoints that are merely down cost it one
// request in a minute.
func TestMovedEndpoints(t *testing.T) {
	s := theSigners()
	at, asked := new(atomic.Value), new(atomic.Int32)
	at.Store("/old")
	h := newServer(t, nil)
	h.answer(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			asked.Add(1)
			fmt.Fprintf(w, `{"issuer":"%s","jwks_uri":"%[1]s%s/keys","introspection_endpoint":"%[1]s%[2]s/introspect"}`, h.URL, at.Load())
		case at.Load().(string) + "/keys":
			io.WriteString(w, jwks(jwk("p256", s.p256, "")))
		case at.Load().(string) + "/introspect":
			io.WriteString(w, `{"active":true}`)
		default:
			http.NotFound(w, r)
		}
	})
	clock := &testClock{t: noon}
	discovered := func() *Discovery {
		d := &Discovery{Issuer: h.URL, Log: new(logged).logger()}
		d.source.now = clock.now
		t.Cleanup(func() { d.Close() })
		return d
	}
	keys := &RemoteKeys{Discovery: discovered(), Log: new(logged).logger()}
	keys.source.now = clock.now
	t.Cleanup(func() { keys.Close() })
	token := s.good(`"iss":"` + h.URL + `"`)
	asks, _ := introspection("")
	asks.Discovery = discovered()
	verifiers := map[string]Verifier{"keys": &JWT{Issuer: h.URL, Audience: []string{testAudience}, Keys: keys, Now: atNoon}, "introspection": asks}
	for name, v := range verifiers {
		t.Run(name, func(t *testing.T) {
			at.Store("/old")
			expect(t, v, token, "good")
			at.Store("/new")
			clock.forward(zeroMaxStale) // so that no keys are left
			expect(t, v, token, "good")

			// Down, and where the issuer says that it is.
			up := *h.handler.Load()
			h.answer(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/new") {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				up(w, r)
			})
			defer h.answer(up)
			clock.forward(zeroMaxStale)
			before := asked.Load()
			for range 120 {
				expect(t, v, token, "unavailable")
				clock.forward(time.Second)
			}
			if n := asked.Load() - before; n != 2 {
				t.Errorf("the issuer was asked %d times in two minutes", n)
			}
		})
	}
}

// Keys that moved are found also where the old place goes on answering. Whoever makes keys up costs the issuer one question about
// its metadata in a minute.
func TestMovedKeysBesideTheOld(t *testing.T) {
	s := theSigners()
	var at atomic.Value
	var asked atomic.Int32
	at.Store("/old")
	h := newServer(t, nil)
	h.answer(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			asked.Add(1)
			fmt.Fprintf(w, `{"issuer":"%s","jwks_uri":"%[1]s%s"}`, h.URL, at.Load())
		case "/old":
			io.WriteString(w, jwks(jwk("p256", s.p256, "")))
		case "/new":
			io.WriteString(w, jwks(jwk("p384", s.p384, ""), jwk("p256", s.rogue, "")))
		}
	})
	older := s.good(`"iss":"` + h.URL + `"`)
	for name, newer := range map[string]string{
		"a new kid":                       signed("ES384", s.p384, `{"alg":"ES384","kid":"p384"}`, claims(`"iss":"`+h.URL+`"`)),
		"another key under the same name": signed("ES256", s.rogue, goodHeader, claims(`"iss":"`+h.URL+`"`)),
	} {
		t.Run(name, func(t *testing.T) {
			at.Store("/old")
			clock := &testClock{t: noon}
			d := &Discovery{Issuer: h.URL, Log: new(logged).logger()}
			d.source.now = clock.now
			defer d.Close()
			keys := &RemoteKeys{Discovery: d, Log: new(logged).logger()}
			keys.source.now = clock.now
			defer keys.Close()
			v := &JWT{Issuer: h.URL, Audience: []string{testAudience}, Keys: keys, Now: atNoon}
			expect(t, v, older, "good")
			clock.forward(metadataAgain)

			before := asked.Load()
			for range 120 {
				expect(t, v, newer, "bad")
				clock.forward(time.Second)
			}
			if n := asked.Load() - before; n != 2 {
				t.Errorf("the issuer was asked %d times in two minutes", n)
			}
			at.Store("/new")
			moved := clock.now()
			for outcome(v, newer) != "good" {
				if clock.forward(time.Second); clock.now().Sub(moved) > metadataAgain+unknownEvery {
					t.Fatal("the new place is not looked up")
				}
			}
			expect(t, v, older, "bad")
		})
	}
}
