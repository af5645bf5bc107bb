package gateway

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
)

// issuer is an authorization server on the loopback interface: it signs tokens, publishes its key, and says of tokens
// whether they are active.
type issuer struct {
	*httptest.Server
	t      *testing.T
	key    ed25519.PrivateKey
	down   atomic.Bool
	asked  atomic.Int64 // about a token
	active atomic.Pointer[map[string]any]
	serial int
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		x := base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
		fmt.Fprintf(w, `{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": %q}]}`, x)
	})
	mux.HandleFunc("/introspect", func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		if user, password, _ := r.BasicAuth(); user != "gateway" || password != "hunter2-of-the-client" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer := map[string]any{"active": false}
		if claims := i.active.Load(); claims != nil {
			answer = maps.Clone(*claims)
			answer["active"] = true
		}
		json.NewEncoder(w).Encode(answer)
	})
	i.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	i.Start()
	t.Cleanup(i.Close)
	return i
}

// claims are alice's, with changes; nil removes one. Each set has an ID of its own.
func (i *issuer) claims(changes map[string]any) map[string]any {
	i.serial++
	now := time.Now().Unix()
	all := map[string]any{"iss": i.URL, "sub": "alice", "aud": "api", "scope": "read write", "client_id": "app", "jti": fmt.Sprint(i.serial), "iat": now, "exp": now + 3600}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// token is a signed one, and the Authorization field that carries it.
func (i *issuer) token(changes map[string]any) string {
	i.t.Helper()
	return i.signed(`{"alg":"EdDSA","kid":"1"}`, i.claims(changes))
}

func (i *issuer) signed(header string, claims map[string]any) string {
	i.t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(text)))
}

func (i *issuer) jwt() *bearer.JWT {
	keys := &bearer.RemoteKeys{URL: i.URL + "/keys"}
	i.t.Cleanup(func() { keys.Close() })
	return &bearer.JWT{Issuer: i.URL, Audience: []string{"api"}, Keys: keys}
}

// options of a gateway that verifies what i signs, and whose /readers/N has the Nth of all.
func (i *issuer) options(all ...Readers) Options {
	o := Options{Verifier: i.jwt(), Issuer: i.URL, Readers: append(make([]Readers, 1), all...)}
	o.Route = func(_, path string) Route {
		switch path {
		case "/public":
			return Route{Policy: bearcache.Policy{Public: true}}
		case "/1":
			return Route{Readers: 1}
		case "/2":
			return Route{Readers: 2}
		}
		return Route{}
	}
	return o
}

// asked sends a request with a token and says what the cache made of it.
func (w *world) asked(first, token string, fields ...string) string {
	w.t.Helper()
	w.send(first, append(fields, "Authorization: Bearer "+token)...)
	r := w.record()
	if r["status"] != 200.0 {
		return fmt.Sprintf("%v %v", r["status"], r["reason"])
	}
	return r["cache"].(string)
}

// Who finds what another request left.
func TestVerifiedReaders(t *testing.T) {
	type m = map[string]any
	byClaims := Readers{Claims: &ClaimSet{Optional: []string{"scope", "aud", "client_id"}}}
	byTenant := Readers{Claims: &ClaimSet{Required: []string{"tenant"}, Optional: []string{"scope", "aud"}}}
	byRoles := Readers{Group: &ClaimSet{Required: []string{"roles"}, Optional: []string{"scope", "aud"}}}
	rolesAlone := Readers{Group: &ClaimSet{Required: []string{"roles"}}}
	everybody := Readers{Group: &ClaimSet{}}
	cookie := func(text string) []string { return []string{"Cookie: " + text} }
	for _, tt := range []struct {
		name            string
		readers         Readers
		first, then     m
		fields, andThen []string
		want            string
	}{
		{"token: a new one of the same user", Readers{}, m{}, m{}, nil, nil, "miss"},

		{"claims: a new token of the same user", byClaims, m{}, m{}, nil, nil, "hit"},
		{"claims: another user", byClaims, m{}, m{"sub": "bob"}, nil, nil, "miss"},
		{"claims: less scope", byClaims, m{}, m{"scope": "read"}, nil, nil, "miss"},
		{"claims: the same scope in another order", byClaims, m{}, m{"scope": "write read"}, nil, nil, "hit"},
		{"claims: no scope", byClaims, m{}, m{"scope": nil}, nil, nil, "miss"},
		{"claims: no scope, twice", byClaims, m{"scope": nil}, m{"scope": nil}, nil, nil, "hit"},
		{"claims: the scope under another name", byClaims, m{"scope": nil, "scp": []string{"read"}}, m{"scope": nil, "scp": []string{"write"}}, nil, nil, "miss"},
		{"claims: more audience", byClaims, m{}, m{"aud": []string{"api", "other"}}, nil, nil, "miss"},
		{"claims: another client", byClaims, m{}, m{"client_id": "other"}, nil, nil, "miss"},
		{"claims: another client under another name", byClaims, m{"client_id": nil, "azp": "a"}, m{"client_id": nil, "azp": "b"}, nil, nil, "miss"},
		{"claims: another token of a client", byClaims, m{"sub": nil}, m{"sub": nil}, nil, nil, "hit"},
		{"claims: a client called like the user", byClaims, m{"sub": "app"}, m{"sub": nil}, nil, nil, "miss"},
		{"claims: a token called like the client", byClaims, m{"sub": nil, "client_id": nil, "jti": "app"}, m{"sub": nil, "client_id": "app"}, nil, nil, "miss"},
		{"claims: a token that speaks of nobody", byClaims, m{"sub": nil, "client_id": nil, "jti": nil}, m{"sub": nil, "client_id": nil, "jti": nil, "iat": 1000}, nil, nil, "miss"},

		{"a cookie beside it", byClaims, m{}, m{}, nil, cookie("a=b"), "miss"},
		{"another cookie", byClaims, m{}, m{}, cookie("a=b"), cookie("a=c"), "miss"},
		{"the same cookie", byClaims, m{}, m{}, cookie("a=b"), cookie("a=b"), "hit"},
		{"an API key beside it", byClaims, m{}, m{}, nil, []string{"X-Api-Key: k"}, "miss"},

		{"a named claim: the same", byTenant, m{"tenant": "x"}, m{"tenant": "x"}, nil, nil, "hit"},
		{"a named claim: another", byTenant, m{"tenant": "x"}, m{"tenant": "y"}, nil, nil, "miss"},
		{"a named claim: a number for a text", byTenant, m{"tenant": "1"}, m{"tenant": 1}, nil, nil, "miss"},
		{"a named claim that is missing", byTenant, m{}, m{}, nil, nil, "miss"},
		{"a named claim that is null", byTenant, m{"tenant": json.RawMessage("null")}, m{"tenant": json.RawMessage("null")}, nil, nil, "miss"},
		{"a named claim that is empty", byTenant, m{"tenant": ""}, m{"tenant": ""}, nil, nil, "miss"},
		{"a named claim: the user counts all the same", byTenant, m{"tenant": "x"}, m{"tenant": "x", "sub": "bob"}, nil, nil, "miss"},

		{"a group: another user with the same roles", byRoles, m{"roles": []string{"a", "b"}}, m{"sub": "bob", "roles": []string{"b", "a"}}, nil, nil, "hit"},
		{"a group: other roles", byRoles, m{"roles": []string{"a"}}, m{"sub": "bob", "roles": []string{"a", "b"}}, nil, nil, "miss"},
		{"a group: less scope", byRoles, m{"roles": []string{"a"}}, m{"sub": "bob", "roles": []string{"a"}, "scope": "read"}, nil, nil, "miss"},
		{"a group that scope does not count for", rolesAlone, m{"roles": []string{"a"}}, m{"sub": "bob", "roles": []string{"a"}, "scope": "read"}, nil, nil, "hit"},
		{"a group: no roles", byRoles, m{}, m{"sub": "bob"}, nil, nil, "miss"},
		{"a group: no role", byRoles, m{"roles": []string{}}, m{"sub": "bob", "roles": []string{}}, nil, nil, "miss"},
		{"a group: an empty role", byRoles, m{"roles": ""}, m{"sub": "bob", "roles": ""}, nil, nil, "miss"},
		{"a group: blank roles and none", byRoles, m{"roles": []any{" \t", nil, []any{}}}, m{"sub": "bob", "roles": []any{" \t", nil, []any{}}}, nil, nil, "miss"},
		{"a group: an empty mapping", byRoles, m{"roles": m{}}, m{"sub": "bob", "roles": m{}}, nil, nil, "miss"},
		{"a group: a mapping to nothing names something", byRoles, m{"roles": m{"a": nil}}, m{"sub": "bob", "roles": m{"a": nil}}, nil, nil, "hit"},
		{"a group: no is a value", byRoles, m{"roles": false}, m{"sub": "bob", "roles": false}, nil, nil, "hit"},
		{"a group: zero is a value", byRoles, m{"roles": 0}, m{"sub": "bob", "roles": 0}, nil, nil, "hit"},
		{"a group: a cookie beside it", byRoles, m{"roles": []string{"a"}}, m{"sub": "bob", "roles": []string{"a"}}, nil, cookie("a=b"), "miss"},
		{"a group of all tokens of the issuer", everybody, m{}, m{"sub": "bob", "scope": nil, "client_id": nil}, nil, nil, "hit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := newIssuer(t)
			w := start(t, i.options(tt.readers), nil)
			first, then := i.token(tt.first), i.token(tt.then)
			for n, step := range []struct {
				token  string
				fields []string
				want   string
			}{{first, tt.fields, "miss"}, {then, tt.andThen, tt.want}} {
				if got := w.asked("GET /1", step.token, step.fields...); got != step.want {
					t.Errorf("request %d: %s, want %s", n+1, got, step.want)
				}
			}
		})
	}
}

// A claim that no token has is misspelt, as a rule: it is told of once, with the key that names it, and tokens without one are counted.
func TestTokensWithoutANamedClaim(t *testing.T) {
	i := newIssuer(t)
	var log bytes.Buffer
	named := Readers{Claims: &ClaimSet{Required: []string{"tenant", "plan"}, Optional: []string{"scope"}, Key: "serve.partition"}}
	path := Readers{Claims: named.Claims, Group: &ClaimSet{Required: []string{"realm_access.roles", "tenant"}, Key: "routes[0].partition"}}
	o := i.options(named, path)
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	w := start(t, o, nil)
	for _, tt := range []struct {
		name    string
		more    map[string]any
		told    string // of which claims, by then
		lacking int    // tokens, by then
	}{
		{"all of them", map[string]any{"tenant": "hunter2", "plan": "a", "realm_access.roles": "a"}, "", 0},
		{"one that others had is missing", map[string]any{"plan": "a", "realm_access.roles": "a"}, "", 1},
		{"one that others had says nothing", map[string]any{"tenant": "", "plan": "a", "realm_access.roles": "a"}, "", 2},
	} {
		w.asked("GET /1", i.token(tt.more))
		if got := told(&log); got != tt.told || w.gateway.named.lacking.Load() != uint64(tt.lacking) {
			t.Errorf("%s: told of %q, %d tokens", tt.name, got, w.gateway.named.lacking.Load())
		}
	}
	if a := w.admin("GET", "/api/v1/stats"); !strings.Contains(a.body, `"tokens_without_claim":2,`) {
		t.Error(a.body)
	}
	if a := w.admin("GET", "/metrics"); !strings.Contains(a.body, "\nbearcache_tokens_without_claim_total 2\n") {
		t.Error("not among the metrics")
	}

	// Nobody has had any: each is told of once, whichever partitions name it, however many tokens lack it.
	w = start(t, o, nil)
	for n := range 3 {
		token := i.token(map[string]any{"realm_access": map[string]any{"roles": []string{"hunter2"}}})
		for range 2 {
			w.asked("GET /2", token)
		}
		if got := w.gateway.named.lacking.Load(); got != uint64(n+1) {
			t.Errorf("%d tokens were counted, want %d", got, n+1)
		}
	}
	if got := told(&log); got != "tenant serve.partition plan serve.partition realm_access.roles routes[0].partition" || strings.Contains(log.String(), "hunter2") {
		t.Errorf("told of %s:\n%s", got, &log)
	}
}

// told are the claims of which a log says that no token had them, each with its key.
func told(log *bytes.Buffer) string {
	var list []string
	for _, m := range regexp.MustCompile(`level=WARN msg="no token so far has had a claim .*" claim=(\S+) key=(\S+)\n`).FindAllStringSubmatch(log.String(), -1) {
		list = append(list, m[1], m[2])
	}
	return strings.Join(list, " ")
}

// What the origin calls private stays with the reader it was made for, in a group too.
func TestPrivateInAGroup(t *testing.T) {
	i := newIssuer(t)
	w := start(t, i.options(Readers{Claims: &ClaimSet{}, Group: &ClaimSet{Required: []string{"roles"}}}), func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Cache-Control", "private, max-age=60")
	})
	roles := map[string]any{"roles": "a"}
	w.asked("GET /1", i.token(roles))
	if got := w.asked("GET /1", i.token(roles)); got != "hit" {
		t.Errorf("the reader himself: %s", got)
	}
	if got := w.asked("GET /1", i.token(map[string]any{"roles": "a", "sub": "bob"})); got != "miss" {
		t.Errorf("another of the group: %s", got)
	}
}

// A token that is not good gets to neither cache nor origin, whatever is stored for others, or for everybody.
func TestBadTokens(t *testing.T) {
	i := newIssuer(t)
	w := start(t, i.options(), nil)
	good := i.token(nil)
	for _, path := range []string{"/a", "/public"} {
		w.asked("GET "+path, good)
	}
	now := time.Now().Unix()
	other := newIssuer(t)
	changed := "A" // a character of the signature; its last ones are AA by themselves now and then
	if good[len(good)-10] == 'A' {
		changed = "B"
	}
	for _, tt := range []struct{ name, token string }{
		{"not a JWT", "hunter2hunter2"},
		{"expired", i.token(map[string]any{"exp": now - 3600})},
		{"of another issuer", i.token(map[string]any{"iss": "https://login.test"})},
		{"for another audience", i.token(map[string]any{"aud": "other"})},
		{"signed by somebody else", other.signed(`{"alg":"EdDSA","kid":"1"}`, i.claims(nil))},
		{"not signed", i.signed(`{"alg":"none"}`, i.claims(nil))},
		{"with a changed signature", good[:len(good)-10] + changed + good[len(good)-9:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{"/a", "/public"} {
				before, calls := w.counts(), w.calls.Load()
				a := w.send("GET "+path, "Authorization: Bearer "+tt.token)
				challenge := a.header.Get("Www-Authenticate")
				if a.status != 401 || !strings.HasPrefix(challenge, `Bearer realm="api", error="invalid_token"`) || a.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %d %v", path, a.status, a.header)
				}
				if w.counts() != before || w.calls.Load() != calls || a.header.Get("Cache-Status") != "" {
					t.Errorf("%s: it got as far as the cache or the origin", path)
				}
				if r := w.record(); r["cache"] != "refused" || r["reason"] != "invalid_token" || r["partition"] != "none" {
					t.Errorf("%s: logged %v", path, r)
				}
				if strings.Contains(a.body+challenge, tt.token) || strings.Contains(a.body+challenge, "hunter2") {
					t.Errorf("the refusal repeats the token: %s", a.body)
				}
			}
		})
	}
	if got := w.asked("GET /a", good); got != "hit" {
		t.Errorf("the good one: %s", got)
	}
}

// Where nobody can tell whether a token is good it is not; those who have none are not concerned.
func TestVerifierDown(t *testing.T) {
	i := newIssuer(t)
	i.down.Store(true)
	silent := verifier(func() (*bearer.Claims, error) { return nil, nil })
	broken := verifier(func() (*bearer.Claims, error) { return nil, errors.New("hunter2") })
	for name, v := range map[string]bearer.Verifier{"keys that cannot be fetched": i.jwt(), "a verifier that says nothing": silent, "one with another error": broken} {
		t.Run(name, func(t *testing.T) {
			o := i.options()
			o.Verifier = v
			w := start(t, o, nil)
			for _, path := range []string{"/a", "/public"} {
				a := w.send("GET "+path, "Authorization: Bearer "+i.token(nil))
				if a.status != 503 || a.header.Get("Retry-After") == "" || a.header.Get("Cache-Control") != "no-store" || strings.Contains(a.body, "hunter2") {
					t.Errorf("%s: %d %v %q", path, a.status, a.header, a.body)
				}
				if r := w.record(); r["cache"] != "refused" || r["reason"] != "verifier" {
					t.Errorf("logged: %v", r)
				}
			}
			if a := w.admin("GET", "/api/v1/stats"); !strings.Contains(a.body, `"verifier":"unavailable"`) {
				t.Errorf("%s", a.body)
			}
			if w.calls.Load() != 0 || w.gateway.untold.Load() != 2 {
				t.Errorf("the origin was asked %d times, %d were counted", w.calls.Load(), w.gateway.untold.Load())
			}
			for _, fields := range [][]string{nil, {"Authorization: Basic YTpi"}, {"Cookie: a=b"}} {
				if a := w.send("GET /a", fields...); a.status != 200 {
					t.Errorf("%v: %d", fields, a.status)
				}
			}
		})
	}
}

type verifier func() (*bearer.Claims, error)

func (v verifier) Verify(context.Context, string) (*bearer.Claims, error) { return v() }

// Credentials that nobody verifies are told apart by what they are, as without a Verifier.
func TestUnverifiedCredentials(t *testing.T) {
	i := newIssuer(t)
	w := start(t, i.options(), nil)
	for _, tt := range []struct {
		fields []string
		want   string
	}{
		{nil, "miss"}, {nil, "hit"},
		{[]string{"Authorization: Basic YTpi"}, "miss"}, {[]string{"Authorization: Basic YTpi"}, "hit"}, {[]string{"Authorization: Basic YTpj"}, "miss"},
		{[]string{"Cookie: a=b"}, "miss"}, {[]string{"Cookie: a=b"}, "hit"}, {[]string{"Cookie: a=c"}, "miss"},
		{[]string{"X-Api-Key: k"}, "miss"}, {[]string{"X-Api-Key: k"}, "hit"}, {[]string{"X-Api-Key: k", "Cookie: a=b"}, "miss"},
	} {
		w.send("GET /a", tt.fields...)
		if r := w.record(); r["cache"] != tt.want {
			t.Errorf("%v: %v, want %s", tt.fields, r, tt.want)
		}
	}
}

// The statistics say whether the verifier could tell what it was asked last, or failed a few times in a row.
func TestVerifierState(t *testing.T) {
	i := newIssuer(t)
	var fault error
	o := i.options()
	o.Verifier = verifier(func() (*bearer.Claims, error) { return &bearer.Claims{Subject: "alice"}, fault })
	w := start(t, o, nil)
	state := func(want string) {
		t.Helper()
		if a := w.admin("GET", "/api/v1/stats"); !strings.Contains(a.body, `"verifier":"`+want+`"`) {
			t.Errorf("want %s: %s", want, a.body)
		}
	}
	state("configured")
	for n, step := range []struct {
		fault error
		want  string
	}{
		{errors.New("hunter2"), "unavailable"}, // at the start there is nothing else to go by
		{nil, "ready"},
		// One token of which nobody can tell says little of the verifier.
		{errors.New("hunter2"), "ready"}, {nil, "ready"}, {errors.New("hunter2"), "ready"}, {errors.New("hunter2"), "ready"}, {nil, "ready"},
		{errors.New("hunter2"), "ready"}, {errors.New("hunter2"), "ready"}, {fmt.Errorf("get keys: %w", context.Canceled), "ready"},
		{errors.New("hunter2"), "unavailable"}, {fmt.Errorf("get keys: %w", context.Canceled), "unavailable"},
		{&bearer.Error{Status: 401, Code: bearer.InvalidToken}, "ready"},
	} {
		fault = step.fault
		w.send("GET /a", fmt.Sprintf("Authorization: Bearer token-%d", n))
		state(step.want)
	}
	w = start(t, Options{}, nil)
	state("none")
}

// Where nobody may come without a token, nobody does: what else says who asks, nobody vouches for.
func TestRefuseAnonymous(t *testing.T) {
	i := newIssuer(t)
	o := i.options()
	o.RefuseAnonymous = true
	w := start(t, o, nil)
	for _, path := range []string{"/a", "/public"} {
		a := w.send("GET " + path)
		if a.status != 401 || a.header.Get("Www-Authenticate") != `Bearer realm="api"` || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		if r := w.record(); r["cache"] != "refused" || r["reason"] != "no-credentials" {
			t.Errorf("logged: %v", r)
		}
	}
	calls := w.calls.Load()
	for _, path := range []string{"/a", "/public"} {
		for _, field := range []string{"Authorization: Basic YTpi", "Authorization: Bearerx", "Cookie: a=b", "X-Api-Key: k", "X-Something: k"} {
			if a := w.send("GET "+path, field); a.status != 401 || w.calls.Load() != calls {
				t.Errorf("%s %s: %d, and the origin was asked %d times", path, field, a.status, w.calls.Load()-calls)
			}
		}
		if a := w.send("GET "+path, "Authorization: Bearer "+i.token(nil), "Cookie: a=b"); a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
		calls = w.calls.Load()
	}
}

// Nothing is served past the end of a token, though a new one would do.
func TestVerifiedResponseEndsWithItsToken(t *testing.T) {
	i := newIssuer(t)
	w := start(t, i.options(Readers{Claims: &ClaimSet{}}), nil)
	// Its end is over, by less than the clocks may differ: it is good, and nothing is stored for it.
	token := i.token(map[string]any{"exp": time.Now().Unix() - 2})
	for range 2 {
		if got := w.asked("GET /1", token); got != "bypass" {
			t.Errorf("%s, want bypass", got)
		}
	}
}

// The authorization server is asked once while its answer counts.
func TestIntrospectedTokens(t *testing.T) {
	i := newIssuer(t)
	o := i.options(Readers{Claims: &ClaimSet{Optional: []string{"scope"}}})
	o.Verifier = &bearer.Introspection{URL: i.URL + "/introspect", ClientID: "gateway", ClientSecret: redact.NewSecret("hunter2-of-the-client"), Issuer: i.URL, Audience: []string{"api"}}
	w := start(t, o, nil)
	alice := i.claims(nil)
	i.active.Store(&alice)
	for n, want := range []string{"miss", "hit", "hit"} {
		if got := w.asked("GET /1", "opaque-token"); got != want {
			t.Errorf("request %d: %s, want %s", n+1, got, want)
		}
	}
	if got := w.asked("GET /1", "another-opaque-token"); got != "hit" || i.asked.Load() != 2 {
		t.Errorf("another token of the same user: %s, and the server was asked %d times", got, i.asked.Load())
	}
	i.active.Store(nil)
	if a := w.send("GET /1", "Authorization: Bearer a-third-one"); a.status != 401 {
		t.Errorf("one that is not active: %d", a.status)
	}
}

func TestVerifierNeedsAuthorization(t *testing.T) {
	i := newIssuer(t)
	o := i.options()
	o.Upstream = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	o.Cache = &bearcache.Cache{Credentials: []string{"X-Api-Key"}}
	if _, err := New(o); err == nil {
		t.Error("a Verifier that never sees a token is accepted")
	}
}

// A route that names readers which there are not has none, and nothing is stored for it.
func TestUnknownReaders(t *testing.T) {
	i := newIssuer(t)
	w := start(t, i.options(), nil) // without those of /1
	token := i.token(nil)
	for range 2 {
		if got := w.asked("GET /1", token); got != "bypass" {
			t.Errorf("%s, want bypass", got)
		}
	}
}
