package bearer

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// jwk is a public key as an issuer publishes it, with more members behind it.
func jwk(kid string, key any, more string) string {
	number := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	var members string
	switch key := key.(type) {
	case *rsa.PrivateKey:
		members = fmt.Sprintf(`"kty":"RSA","n":"%s","e":"%s"`, number(key.N.Bytes()), number(big.NewInt(int64(key.E)).Bytes()))
	case *ecdsa.PrivateKey:
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		members = fmt.Sprintf(`"kty":"EC","crv":"%s","x":"%s","y":"%s"`, key.Params().Name, number(point[1:1+half]), number(point[1+half:]))
	case ed25519.PrivateKey:
		members = fmt.Sprintf(`"kty":"OKP","crv":"Ed25519","x":"%s"`, number(key.Public().(ed25519.PublicKey)))
	}
	return `{"kid":"` + kid + `",` + members + more + `}`
}

func jwks(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

func TestReadKeySet(t *testing.T) {
	s := theSigners()
	ec := jwk("k", s.p256, "")
	for _, test := range []struct {
		name, key string
		taken     bool
	}{
		{"RSA of 2048 bits", jwk("k", s.rsa, ""), true},
		{"P-256", ec, true},
		{"P-384", jwk("k", s.p384, ""), true},
		{"P-521", jwk("k", s.p521, ""), true},
		{"Ed25519", jwk("k", s.ed, ""), true},
		{"use sig, key_ops verify, alg", jwk("k", s.p256, `,"use":"sig","key_ops":["verify"],"alg":"ES256"`), true},
		{"members that nobody knows", jwk("k", s.p256, `,"x5u":"http://127.0.0.1:1/","x5c":["!"],"x5t":"?","foo":{}`), true},

		{"RSA of 1024 bits", jwk("k", s.weak, ""), false},
		{"RSA with the exponent 1", strings.Replace(jwk("k", s.rsa, ""), `"e":"AQAB"`, `"e":"AQ"`, 1), false},
		{"RSA with an even exponent", strings.Replace(jwk("k", s.rsa, ""), `"e":"AQAB"`, `"e":"BA"`, 1), false},
		{"RSA with an exponent of 72 bits", strings.Replace(jwk("k", s.rsa, ""), `"e":"AQAB"`, `"e":"AQAAAAAAAQAB"`, 1), false},
		{"RSA of 16384 bits", `{"kty":"RSA","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{255}, 2048)) + `"}`, false},
		{"symmetric", `{"kty":"oct","k":"` + strings.Repeat("A", 86) + `"}`, false},
		{"symmetric, and a public key too", jwk("k", s.p256, `,"k":"`+strings.Repeat("A", 86)+`"`), false},
		{"private", jwk("k", s.p256, `,"d":"`+strings.Repeat("A", 43)+`"`), false},
		{"private in part", jwk("k", s.rsa, `,"p":"AQAB"`), false},
		{"for encryption", jwk("k", s.rsa, `,"use":"enc"`), false},
		{"for what nobody knows", jwk("k", s.rsa, `,"use":"SIG"`), false},
		{"for signing alone", jwk("k", s.rsa, `,"key_ops":["sign"]`), false},
		{"for nothing", jwk("k", s.rsa, `,"key_ops":[]`), false},
		{"key_ops that are no list", jwk("k", s.rsa, `,"key_ops":"verify"`), false},
		{"for RSA-OAEP", jwk("k", s.rsa, `,"alg":"RSA-OAEP"`), false},
		{"for HS256", jwk("k", s.rsa, `,"alg":"HS256"`), false},
		{"for the algorithm of another curve", jwk("k", s.p256, `,"alg":"ES384"`), false},
		{"off its curve", strings.NewReplacer(`"x"`, `"y"`, `"y"`, `"x"`).Replace(ec), false},
		{"at a point of its own", `{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}`, false},
		{"at infinity", `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, false},
		{"secp256k1", strings.Replace(ec, "P-256", "secp256k1", 1), false},
		{"X25519", strings.Replace(jwk("k", s.ed, ""), "Ed25519", "X25519", 1), false},
		{"Ed25519 with a byte less", `{"kty":"OKP","crv":"Ed25519","x":"` + strings.Repeat("A", 42) + `"}`, false},
		{"Ed25519 of order 4", `{"kty":"OKP","crv":"Ed25519","x":"` + strings.Repeat("A", 43) + `"}`, false},
		{"of an unknown type", `{"kty":"AKP"}`, false},
		{"of no type", `{}`, false},
		{"a kid that is no text", strings.Replace(ec, `"kid":"k"`, `"kid":1`, 1), false},
		{"no object", `"key"`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			keys, skipped, err := readKeySet([]byte(jwks(jwk("other", s.ed, ""), test.key)))
			if err != nil || len(keys)+skipped != 2 || (skipped == 0) != test.taken {
				t.Errorf("%d taken, %d skipped, %v", len(keys), skipped, err)
			}
		})
	}
	many := make([]string, maxKeys+1)
	for i := range many {
		many[i] = ec
	}
	for name, set := range map[string]string{
		"no keys": `{}`, "an empty list": `{"keys":[]}`, "none of use": jwks(jwk("k", s.weak, ""), `{}`), "keys that are no list": `{"keys":{}}`, "keys twice": `{"keys":[],"keys":[]}`, "a list": `[]`, "HTML": "<!doctype html>", "nothing": "",
		"too many": jwks(many...), "bytes behind it": `{"keys":[]} x`, "a kid twice in a key": jwks(strings.Replace(ec, "{", `{"kid":"x",`, 1)),
	} {
		if keys, _, err := readKeySet([]byte(set)); err == nil {
			t.Errorf("%s: %d keys", name, len(keys))
		}
	}
}

func TestNamed(t *testing.T) {
	keys := []Key{{ID: "a", Algorithm: "1"}, {Algorithm: "2"}, {ID: "a", Algorithm: "3"}, {ID: "b", Algorithm: "4"}}
	for kid, want := range map[string]string{"a": "13", "b": "4", "c": "2", "": "1234", "A": "2"} {
		got := ""
		for _, key := range named(keys, kid) {
			got += key.Algorithm
		}
		if got != want {
			t.Errorf("%q: %s, want %s", kid, got, want)
		}
	}
}

// testClock is moved by hand.
type testClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *testClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// server answers by a handler that may be exchanged, and counts.
type server struct {
	*httptest.Server
	handler atomic.Pointer[http.HandlerFunc]
	asked   atomic.Int32
}

func newServer(t *testing.T, h http.HandlerFunc) *server {
	s := new(server)
	s.handler.Store(&h)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.handler.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) answer(h http.HandlerFunc) { s.handler.Store(&h) }

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// quiet takes what an operator would read.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// remote is keys from a server, with a clock moved by hand.
func remote(t *testing.T, u string) (*RemoteKeys, *testClock, *logged) {
	clock, log := &testClock{t: noon}, new(logged)
	keys := &RemoteKeys{URL: u, Log: log.logger()}
	keys.source.now = clock.now
	t.Cleanup(func() { keys.Close() })
	return keys, clock, log
}

// settle waits for the attempt under way.
func settle[T any](s *source[T]) {
	s.mu.Lock()
	flight := s.flight
	s.mu.Unlock()
	if flight != nil {
		<-flight
	}
}

func outcome(v Verifier, token string) string {
	_, err := v.Verify(context.Background(), token)
	var refusal *Error
	switch {
	case err == nil:
		return "good"
	case errors.As(err, &refusal):
		return "bad"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	}
	return err.Error()
}

func expect(t *testing.T, v Verifier, token, want string) {
	t.Helper()
	if got := outcome(v, token); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestKeyRotation(t *testing.T) {
	s := theSigners()
	h := newServer(t, text(jwks(jwk("p256", s.p256, ""))))
	keys, clock, _ := remote(t, h.URL)
	v := s.verifier()
	v.Keys = keys
	older, newer := s.good(), signed("ES384", s.p384, `{"alg":"ES384","kid":"p384"}`, claims())
	expect(t, v, older, "good")
	expect(t, v, newer, "bad")

	// A new kid is looked for at once, if that was not just done.
	h.answer(text(jwks(jwk("p256", s.p256, ""), jwk("p384", s.p384, ""))))
	expect(t, v, newer, "bad")
	clock.forward(unknownEvery)
	if found, err := keys.Find(t.Context(), "p384"); err != nil || len(found) != 1 {
		t.Errorf("%d keys, %v", len(found), err)
	}
	expect(t, v, newer, "good")
	expect(t, v, older, "good")

	// A key that was withdrawn is out with the next refresh, which nobody waits for.
	h.answer(text(jwks(jwk("p384", s.p384, ""))))
	expect(t, v, older, "good")
	clock.forward(zeroRefresh - zeroRefresh/10)
	expect(t, v, newer, "good")
	settle(&keys.source)
	expect(t, v, older, "bad")
	expect(t, v, newer, "good")

	// Another key under the same name.
	h.answer(text(jwks(jwk("p384", s.p384, ""), jwk("p256", s.rogue, ""))))
	clock.forward(zeroRefresh) // nobody asked meanwhile, so that this one waits
	expect(t, v, older, "bad")
	expect(t, v, signed("ES256", s.rogue, goodHeader, claims()), "good")

	// Nobody asked until Refresh had passed: the withdrawn key is not used once more.
	h.answer(text(jwks(jwk("p256", s.rogue, ""))))
	clock.forward(zeroRefresh)
	expect(t, v, newer, "bad")
}

// An issuer that publishes no key of use made a mistake: the keys it had go on, as when it is down.
func TestKeySetOfNothing(t *testing.T) {
	s := theSigners()
	for name, set := range map[string]string{"empty": jwks(), "all left out": jwks(jwk("p256", s.p256, `,"use":"enc"`), `{}`)} {
		t.Run(name, func(t *testing.T) {
			h := newServer(t, text(set))
			keys, clock, log := remote(t, h.URL)
			v := s.verifier()
			v.Keys = keys
			expect(t, v, s.good(), "unavailable")
			h.answer(text(jwks(jwk("p256", s.p256, ""))))
			clock.forward(time.Minute)
			expect(t, v, s.good(), "good")

			h.answer(text(set))
			for range 11 {
				clock.forward(zeroRefresh)
				expect(t, v, s.good(), "good")
				settle(&keys.source)
			}
			clock.forward(zeroRefresh)
			expect(t, v, s.good(), "unavailable")
			if said := log.String(); strings.Count(said, "\n") != 3 || strings.Count(said, "verifies tokens") != 2 {
				t.Errorf("logged: %s", said)
			}
		})
	}
}

// A new key counts within 15 seconds also where no kid tells it from the old one.
func TestKeyRotationWithoutNewKid(t *testing.T) {
	s := theSigners()
	for _, kid := range []string{"", "p256"} {
		header := `{"alg":"ES256"}`
		if kid != "" {
			header = goodHeader
		}
		older, newer := signed("ES256", s.p256, header, claims()), signed("ES256", s.rogue, header, claims())
		published := func(key any) string {
			if kid == "" {
				return jwks(strings.Replace(jwk("", key, ""), `"kid":"",`, "", 1))
			}
			return jwks(jwk(kid, key, ""))
		}
		h := newServer(t, text(published(s.p256)))
		keys, clock, _ := remote(t, h.URL)
		v := s.verifier()
		v.Keys = keys
		expect(t, v, older, "good")
		h.answer(text(published(s.rogue)))
		expect(t, v, newer, "bad")
		clock.forward(unknownEvery - 1)
		expect(t, v, newer, "bad")
		expect(t, v, older, "good")
		if n := h.asked.Load(); n != 1 {
			t.Errorf("kid %q: %d requests before the time", kid, n)
		}
		clock.forward(1)
		expect(t, v, newer, "good")
		expect(t, v, older, "bad")
		if n := h.asked.Load(); n != 2 {
			t.Errorf("kid %q: %d requests", kid, n)
		}
	}
}

// Whoever makes kids and signatures up costs the issuer one request in 15 seconds for all of them.
func TestUnknownKeysAreBounded(t *testing.T) {
	s := theSigners()
	h := newServer(t, text(jwks(jwk("p256", s.p256, ""))))
	keys, clock, _ := remote(t, h.URL)
	v := s.verifier()
	v.Keys = keys
	storm := func() {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for _, header := range []string{fmt.Sprintf(`{"alg":"ES256","kid":"made up %d"}`, i), `{"alg":"ES256"}`, goodHeader} {
					if got := outcome(v, signed("ES256", s.rogue, header, claims())); got != "bad" {
						t.Error(got)
					}
				}
			})
		}
		wg.Wait()
	}
	storm()
	if n := h.asked.Load(); n != 1 {
		t.Errorf("%d requests at first", n)
	}
	clock.forward(unknownEvery - 1)
	storm()
	if n := h.asked.Load(); n != 1 {
		t.Errorf("%d requests before the time", n)
	}
	clock.forward(1)
	storm()
	if n := h.asked.Load(); n != 2 {
		t.Errorf("%d requests in the end", n)
	}
}

func TestIssuerIsDown(t *testing.T) {
	s := theSigners()
	h := newServer(t, status(500))
	keys, clock, log := remote(t, h.URL+"/jwks?key=hunter2")
	v := s.verifier()
	v.Keys = keys
	expect(t, v, s.good(), "unavailable")
	expect(t, v, s.good(), "unavailable")
	if n := h.asked.Load(); n != 1 {
		t.Errorf("%d requests within a moment", n)
	}
	if err := keys.Ready(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "answered 500") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	h.answer(text(jwks(jwk("p256", s.p256, ""))))
	expect(t, v, s.good(), "unavailable")
	clock.forward(time.Second)
	expect(t, v, s.good(), "good")
	if err := keys.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	other := signed("ES384", s.p384, `{"alg":"ES384","kid":"p384"}`, claims())
	expect(t, v, other, "bad") // the set is new enough to know

	// Down again: what was loaded goes on, and what is not in it cannot be told.
	h.answer(status(503))
	clock.forward(unknownEvery)
	expect(t, v, other, "unavailable")
	expect(t, v, signed("ES256", s.rogue, `{"alg":"ES256"}`, claims()), "unavailable")
	expect(t, v, signed("ES256", s.rogue, goodHeader, claims()), "bad")
	expect(t, v, s.good(), "good")
	for range 11 {
		clock.forward(5 * time.Minute)
		expect(t, v, s.good(), "good")
		settle(&keys.source)
	}
	clock.forward(5 * time.Minute)
	expect(t, v, s.good(), "unavailable")
	if said := log.String(); strings.Count(said, "\n") != 3 || !strings.Contains(said, "works again") || strings.Contains(said, "hunter2") {
		t.Errorf("logged: %s", said)
	}
}

// flood writes until nobody reads, and tells how much that was.
func flood(written *atomic.Int64, limit int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"keys":[`)
		chunk := bytes.Repeat([]byte(" "), 64<<10)
		for written.Load() < limit {
			n, err := w.Write(chunk)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
		io.WriteString(w, `]}`)
	}
}

func bomb() http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, `{"keys":[`)
	z.Write(bytes.Repeat([]byte(" "), 20<<20))
	io.WriteString(z, `]}`)
	z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	}
}

func TestHostileKeyEndpoints(t *testing.T) {
	s := theSigners()
	set := jwks(jwk("p256", s.p256, ""))
	elsewhere := newServer(t, text(set))
	var written atomic.Int64
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		why     string
	}{
		{"it hangs", hang, "did not answer in time"},
		{"it hangs in the middle", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, set[:20])
			w.(http.Flusher).Flush()
			hang(w, r)
		}, "did not answer in time"},
		{"500", status(500), "answered 500"},
		{"404", status(404), "answered 404"},
		{"204", status(204), "answered 204"},
		{"a set with 201", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); io.WriteString(w, set) }, "answered 201"},
		{"HTML", text("<!doctype html><title>Log in</title>"), "no JSON object"},
		{"nothing", text(""), "no JSON object"},
		{"half of it", text(set[:len(set)-2]), "no JSON object"},
		{"it breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			io.WriteString(w, set)
		}, "broke off"},
		{"100 MB", flood(&written, 100<<20), "more than"},
		{"no end", flood(new(atomic.Int64), 1<<62), "more than"},
		{"much, compressed", bomb(), "more than"},
		{"another origin", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, "another origin"},
		{"redirects in circles", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"/x", http.StatusFound) }, "too often"},
		{"fields without end", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
			}
		}, "too many or too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newServer(t, test.handler)
			keys, _, _ := remote(t, h.URL+"/jwks?hunter2")
			if strings.HasPrefix(test.name, "it hangs") {
				keys.source.timeout = 50 * time.Millisecond
			}
			v := s.verifier()
			v.Keys = keys
			_, err := v.Verify(t.Context(), s.good())
			if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), test.why) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		})
	}
	if elsewhere.asked.Load() > 0 {
		t.Error("a redirect was followed to another origin")
	}
	if written.Load() >= 100<<20 {
		t.Error("100 MB were read")
	}
	t.Run("a redirect within the origin", func(t *testing.T) {
		h := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/jwks" {
				http.Redirect(w, r, "/keys", http.StatusFound)
				return
			}
			io.WriteString(w, set)
		})
		keys, _, _ := remote(t, h.URL+"/jwks")
		v := s.verifier()
		v.Keys = keys
		expect(t, v, s.good(), "good")
	})
}

func TestSkippedKeysAreTold(t *testing.T) {
	s := theSigners()
	h := newServer(t, text(jwks(jwk("p256", s.p256, ""), `{"kty":"oct","kid":"secret","k":"`+strings.Repeat("A", 86)+`"}`)))
	keys, _, log := remote(t, h.URL)
	v := s.verifier()
	v.Keys = keys
	expect(t, v, s.good(), "good")
	settle(&keys.source)
	if said := log.String(); !strings.Contains(said, "1 keys verify no tokens and are left out, 1 are taken") || strings.Contains(said, "AAAA") {
		t.Errorf("logged: %s", said)
	}
}

func TestCloseOfRemoteKeys(t *testing.T) {
	s := theSigners()
	arrived, left := make(chan struct{}), make(chan struct{})
	h := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	})
	keys, _, _ := remote(t, h.URL)
	v := s.verifier()
	v.Keys = keys
	done := make(chan string)
	go func() { done <- outcome(v, s.good()) }()
	<-arrived
	if err := keys.Close(); err != nil {
		t.Error(err)
	}
	<-left
	if got := <-done; got != "unavailable" {
		t.Error(got)
	}
	expect(t, v, s.good(), "unavailable")
	if err := new(RemoteKeys).Close(); err != nil {
		t.Error(err)
	}
}

// secp256k1 is a key on the curve of ES256K, which crypto/elliptic does not have.
const secp256k1 = `-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEpyGcN+zQAW4Ho5mGeKJFRMTBsxFRR8zI
pSCpYfLj1xWRiRixr8H4po+L5TLFQpWTJTPF55IRyblW+Mi26SsqOQ==
-----END PUBLIC KEY-----
`

func TestKeyFile(t *testing.T) {
	s := theSigners()
	spki := func(key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}}
	der, err := x509.CreateCertificate(nil, template, template, &s.p256.PublicKey, s.p256)
	if err != nil {
		t.Fatal(err)
	}
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&s.rsa.PublicKey)}))
	private, err := x509.MarshalPKCS8PrivateKey(s.p256)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	ec := s.good()
	rs := signed("RS256", s.rsa, `{"alg":"RS256","kid":"any"}`, claims())
	for _, test := range []struct{ name, content, token, want string }{
		{"JWK Set", "\n" + jwks(jwk("p256", s.p256, "")), ec, "good"},
		{"PEM", spki(&s.p256.PublicKey), ec, "good"},
		{"two in PEM", "a comment\n" + spki(s.ed.Public()) + spki(&s.p256.PublicKey), ec, "good"},
		{"certificate", certificate, ec, "good"},
		{"PKCS #1", pkcs1, rs, "good"},
		{"another key", spki(&s.rogue.PublicKey), ec, "bad"},
		{"symmetric keys alone", jwks(`{"kty":"oct","k":"` + strings.Repeat("A", 86) + `"}`), ec, "unavailable"},
		{"RSA of 1024 bits", spki(&s.weak.PublicKey), ec, "unavailable"},
		{"private", spki(&s.p256.PublicKey) + secret, ec, "unavailable"},
		{"bytes behind it", spki(&s.p256.PublicKey) + "x", ec, "unavailable"},
		{"secp256k1", secp256k1, ec, "unavailable"},
		{"a single key", jwk("p256", s.p256, ""), ec, "unavailable"},
		{"garbage in PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", ec, "unavailable"},
		{"garbage", "garbage", ec, "unavailable"},
		{"nothing", "", ec, "unavailable"},
		{"too many", strings.Repeat(spki(&s.p256.PublicKey), maxKeys+1), ec, "unavailable"},
		{"too long", strings.Repeat("\n", maxDocument) + spki(&s.p256.PublicKey), ec, "unavailable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			keys := &KeyFile{Path: path, Log: new(logged).logger()}
			defer keys.Close()
			why := map[string]string{"secp256k1": "none of P-256, P-384 and P-521", "a single key": `wrap it in {"keys": […]}`, "garbage in PEM": "cannot be read as what it says"}[test.name]
			if err := keys.Check(); err != nil && !strings.Contains(err.Error(), why) {
				t.Errorf("%v, want %s", err, why)
			}
			if err := keys.Check(); (err != nil) != (test.want == "unavailable") || err != nil && strings.Contains(err.Error(), "BEGIN") {
				t.Error(err)
			}
			v := &JWT{Issuer: testIssuer, Audience: []string{testAudience}, Now: atNoon, Keys: keysFunc(func(kid string) ([]Key, error) { return keys.Find(t.Context(), kid) })}
			expect(t, v, test.token, test.want)
		})
	}
}

func TestKeyFileChanges(t *testing.T) {
	s := theSigners()
	path := filepath.Join(t.TempDir(), "keys")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	clock, log := &testClock{t: noon}, new(logged)
	keys := &KeyFile{Path: path, Log: log.logger()}
	keys.source.now = clock.now
	defer keys.Close()
	v := s.verifier()
	write(jwks(jwk("p256", s.p256, "")))
	v.Keys = keys
	newer := signed("ES384", s.p384, `{"alg":"ES384","kid":"p384"}`, claims())
	expect(t, v, s.good(), "good")
	write(jwks(jwk("p384", s.p384, "")))
	clock.forward(fileUnknown)
	expect(t, v, newer, "good")
	expect(t, v, s.good(), "bad")
	other := signed("ES384", s.p384, `{"alg":"ES384"}`, claims())
	write(jwks(jwk("p256", s.p256, "")))
	expect(t, v, s.good(), "bad")
	clock.forward(fileUnknown)
	expect(t, v, signed("ES256", s.p256, `{"alg":"ES256"}`, claims()), "good")
	expect(t, v, other, "bad")
	write(jwks(jwk("p384", s.p384, "")))
	clock.forward(fileUnknown)
	expect(t, v, other, "good")
	write("half of a fi")
	clock.forward(2 * fileRefresh)
	expect(t, v, newer, "good")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	clock.forward(2 * fileRefresh)
	expect(t, v, newer, "good")
	clock.forward(zeroMaxStale)
	expect(t, v, newer, "unavailable")
	if said := log.String(); strings.Count(said, "\n") != 2 {
		t.Errorf("logged: %s", said)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := keys.Check(); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}
