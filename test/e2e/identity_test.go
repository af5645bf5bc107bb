package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/redistest"
)

// issuer is an authorization server that can be made to rotate its keys, to hang and to lie.
type issuer struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	keys   map[string]*ecdsa.PrivateKey // that it publishes
	mood   string                       // "": well; "hang", "html", "error"
	active map[string]any               // what introspection says; nil: not active
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{t: t, keys: map[string]*ecdsa.PrivateKey{}}
	gone := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "introspection_endpoint": i.URL + "/introspect"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		var list []map[string]string
		for id, key := range i.keys {
			x, y := key.X.FillBytes(make([]byte, 32)), key.Y.FillBytes(make([]byte, 32))
			list = append(list, map[string]string{"kty": "EC", "crv": "P-256", "use": "sig", "kid": id,
				"x": base64.RawURLEncoding.EncodeToString(x), "y": base64.RawURLEncoding.EncodeToString(y)})
		}
		json.NewEncoder(w).Encode(map[string]any{"keys": list})
	})
	mux.HandleFunc("/introspect", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		password, _ = url.QueryUnescape(password) // RFC 6749 §2.3.1
		i.mu.Lock()
		answer := maps.Clone(i.active)
		i.mu.Unlock()
		if user != "gateway" || password != "secret of the gateway" || r.FormValue("token") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if answer == nil {
			answer = map[string]any{"active": false}
		}
		json.NewEncoder(w).Encode(answer)
	})
	i.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		mood := i.mood
		i.mu.Unlock()
		switch mood {
		case "hang":
			<-gone
		case "html":
			fmt.Fprint(w, "<html>please log in</html>")
		case "error":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	i.Start() // the handler needs its address
	t.Cleanup(func() { close(gone); i.Close() })
	i.rotate("first")
	return i
}

// rotate publishes a new key beside none.
func (i *issuer) rotate(id string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = map[string]*ecdsa.PrivateKey{id: key}
}

func (i *issuer) is(mood string, active map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mood, i.active = mood, active
}

// token is a new one for sub, good for an hour, with further claims.
func (i *issuer) token(sub string, more map[string]any) string {
	now := time.Now().Unix()
	claims := map[string]any{"iss": i.URL, "aud": "https://api.test", "sub": sub, "scope": "read", "iat": now, "exp": now + 3600, "jti": rand.Text()}
	maps.Copy(claims, more)
	payload, _ := json.Marshal(claims)
	i.mu.Lock()
	defer i.mu.Unlock()
	for id, key := range i.keys {
		text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"`+id+`"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
		sum := sha256.Sum256([]byte(text))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			i.t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	}
	return ""
}

func (f *fleet) config(text string) string {
	path := filepath.Join(f.t.TempDir(), "bearcache.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// asked is the status, and "hit" or "miss", and whose the body is.
func (f *fleet) asked(i int, path, token string, fields ...string) string {
	a := f.ask("GET", f.bases[i]+path, token, append(fields, "Host: api.test")...)
	how := "miss"
	if strings.Contains(a.header.Get("Cache-Status"), "; hit") {
		how = "hit"
	}
	if a.status != 200 {
		return fmt.Sprint(a.status)
	}
	return how
}

// Readers are who their tokens say they are, on every node, for as long as that is so.
func TestVerifiedReaders(t *testing.T) {
	t.Parallel()
	i, redis := newIssuer(t), redistest.Start(t)
	path := (&fleet{world: &world{t: t}}).config(`
serve:
  partition: claims
verify:
  issuer: ` + i.URL + `
  audience: [https://api.test]
  remember: 1s
routes:
  - match: GET /teams/**
    partition: {scope: [tenant]}
  - match: GET /sessions/**
    partition: token
`)
	var asked sync.Map // how often the origin was asked for a path
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path+" "+r.Header.Get("Authorization"), true)
		w.Header().Set("Cache-Control", "max-age=600")
		if strings.HasSuffix(r.URL.Path, "/private") {
			w.Header().Set("Cache-Control", "private, max-age=600")
		}
		fmt.Fprintf(w, "for the bearer of %x", sha256.Sum256([]byte(r.Header.Get("Authorization"))))
	}))
	defer origin.Close()
	f := newFleet(t, 2, origin.URL, "redis://"+redis.Addr, "--config", path)
	alice, again := i.token("alice", map[string]any{"tenant": "north"}), i.token("alice", map[string]any{"tenant": "north"})
	writer := i.token("alice", map[string]any{"tenant": "north", "scope": "read write"})
	bob, eve := i.token("bob", map[string]any{"tenant": "north"}), i.token("eve", map[string]any{"tenant": "south"})
	f.until("the nodes hear of the log", func() bool { return f.asked(0, "/warm", bob) == "hit" && f.asked(1, "/warm", bob) == "hit" })

	settle := func() { time.Sleep(300 * time.Millisecond) } // what a node stores is in the store a moment later
	for _, step := range []struct {
		node              int
		path, who, expect string
	}{
		{0, "/me", "alice", "miss"}, {0, "/me", "alice", "hit"}, {0, "/me", "again", "hit"}, {1, "/me", "again", "hit"},
		{1, "/me", "writer", "miss"}, {1, "/me", "bob", "miss"}, {0, "/me", "eve", "miss"},
		{0, "/sessions/1", "alice", "miss"}, {1, "/sessions/1", "alice", "hit"}, {1, "/sessions/1", "again", "miss"},
		{0, "/teams/1", "alice", "miss"}, {0, "/teams/1", "bob", "hit"}, {1, "/teams/1", "bob", "hit"}, {1, "/teams/1", "again", "hit"},
		{1, "/teams/1", "eve", "miss"}, {0, "/teams/1", "writer", "miss"}, {0, "/teams/1", "", "miss"},
		{0, "/teams/private", "alice", "miss"}, {0, "/teams/private", "bob", "miss"}, {1, "/teams/private", "again", "hit"},
	} {
		token := map[string]string{"alice": alice, "again": again, "writer": writer, "bob": bob, "eve": eve}[step.who]
		if got := f.asked(step.node, step.path, token); got != step.expect {
			t.Errorf("node %d, %s by %q: %s, want %s", step.node, step.path, step.who, got, step.expect)
		}
		settle()
	}

	// What is no token of this issuer's for this API gets nowhere, hit or not, and the origin is not asked.
	head, rest, _ := strings.Cut(alice, ".")
	claims, _, _ := strings.Cut(rest, ".")
	for name, token := range map[string]string{
		"unsigned":         base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + claims + ".",
		"of another key":   head + "." + claims + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"expired":          i.token("alice", map[string]any{"exp": time.Now().Unix() - 31}),
		"for another API":  i.token("alice", map[string]any{"aud": "https://other.test"}),
		"of another maker": i.token("alice", map[string]any{"iss": "https://evil.test"}),
		"no JWT":           "opaque-opaque-opaque",
	} {
		if got := f.asked(0, "/me", token); got != "401" {
			t.Errorf("%s: %s", name, got)
		}
		if _, reached := asked.Load("/me Bearer " + token); reached {
			t.Errorf("%s: the origin was asked", name)
		}
	}

	// The issuer exchanges its key, and then is not to be reached.
	i.rotate("second")
	fresh := i.token("alice", map[string]any{"tenant": "north"})
	if got := f.asked(0, "/me", fresh); got != "hit" && got != "401" { // an unknown key has the set fetched every 15 s at most
		t.Errorf("after an exchange of keys: %s", got)
	}
	for _, mood := range []string{"hang", "html", "error"} {
		i.is(mood, nil)
		if got := f.asked(0, "/me", bob); got == "503" { // known keys go on
			t.Errorf("the issuer's mood is %s: %s", mood, got)
		}
	}
	i.is("", nil)

	// A subject's tokens are revoked on one node.
	carol := i.token("carol", nil)
	for deadline := time.Now().Add(20 * time.Second); f.asked(0, "/me", carol) != "hit" || f.asked(1, "/me", carol) != "hit"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) { // a set that is there is fetched for a new key every 15 s at most
			t.Fatal("the new key is not known")
		}
	}
	f.order(1, "/api/v1/revoke", `{"subject": "carol"}`)
	for n := range f.bases {
		took := f.until("the subject is refused", func() bool { return f.asked(n, "/me", carol) == "401" })
		t.Logf("refused on node %d after %v", n, took)
	}
	for _, token := range []string{alice, again, writer, bob, eve, carol} {
		_, signature, _ := strings.Cut(token[40:], ".")
		if dump := f.dump("node"); strings.Contains(dump, signature[len(signature)-40:]) {
			t.Error("a token is in a log")
		}
	}
}

// Tokens that only the authorization server understands.
func TestIntrospectedReaders(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	f := &fleet{world: opaqueWorld(t)}
	path := f.config(`
serve:
  partition: claims
verify:
  issuer: ` + i.URL + `
  introspection: ` + i.URL + `/introspect
  client_id: gateway
  client_secret: env:BEARCACHE_TEST_CLIENT_SECRET
  remember: 1s
  remember_bad: 1s
`)
	f.env = []string{"BEARCACHE_TEST_CLIENT_SECRET=secret of the gateway"}
	base, _ := f.gateway(ownerOrigin(t).URL, "--config", path)
	f.bases = []string{base}
	active := func(sub string) map[string]any {
		return map[string]any{"active": true, "sub": sub, "aud": "https://api.test", "scope": "read", "exp": time.Now().Unix() + 60}
	}
	step := func(name, mood string, say map[string]any, token, want string) {
		t.Helper()
		i.is(mood, say)
		got := ""
		f.until(name, func() bool { got = f.asked(0, "/me", token); return got == want })
	}
	step("active: stored", "", active("alice"), "opaque-token-number-1", "miss")
	step("and found", "", active("alice"), "opaque-token-number-1", "hit")
	step("by the next token of the same reader", "", active("alice"), "opaque-token-number-2", "hit")
	step("not by another's", "", active("bob"), "opaque-token-number-3", "miss")
	step("nor by one that is not active", "", nil, "opaque-token-number-4", "401")
	step("what is revoked there is refused here within what is remembered", "", nil, "opaque-token-number-1", "401")
	step("active in another word", "", map[string]any{"active": "true", "sub": "alice"}, "opaque-token-number-5", "503")
	step("the server hangs", "hang", nil, "opaque-token-number-6", "503")
	step("it says something else", "html", nil, "opaque-token-number-7", "503")
	step("it fails", "error", nil, "opaque-token-number-8", "503")
	step("it is well again", "", active("alice"), "opaque-token-number-8", "hit")
	if dump := f.dump("gateway"); strings.Contains(dump, "opaque-token") || strings.Contains(dump, "secret of the gateway") {
		t.Errorf("a secret is in the log:\n%s", dump)
	}
}
