package grant

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bearcache/bearcache/redact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// jwt has the shape of one and these claims.
func jwt(claims string) string {
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func newEndpoint(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		io.WriteString(w, body)
	}
}

// What is sent is RFC 6749's, with an id and a secret that need the form's encoding.
func TestRequest(t *testing.T) {
	const id, secret, refresh = "scan ner:ü", "p@ss:w%rd+/=", "refresh+token/=="
	for _, test := range []struct {
		name   string
		client *Client
		auth   bool // id and secret come in the Authorization field
		form   url.Values
	}{
		{"client_credentials (§4.4.2)", &Client{ID: id, Secret: redact.NewSecret(secret)}, true,
			url.Values{"grant_type": {"client_credentials"}}},
		{"with a scope and an audience, the secret in the body (§2.3.1)", &Client{ID: id, Secret: redact.NewSecret(secret), SecretInBody: true, Scope: "a b", Audience: "https://api.example"}, false,
			url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {"a b"}, "audience": {"https://api.example"}}},
		{"refresh_token (§6)", &Client{ID: id, Secret: redact.NewSecret(secret), RefreshToken: redact.NewSecret(refresh), Scope: "a", Audience: "api"}, true,
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"a"}, "audience": {"api"}}},
		{"refresh_token of a public client (§3.2.1)", &Client{ID: id, RefreshToken: redact.NewSecret(refresh)}, false,
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {id}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			s := newEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				body, _ := io.ReadAll(r.Body)
				if r.Method != "POST" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Accept") != "application/json" || r.URL.RawQuery != "tenant=1" {
					t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
				}
				if form, err := url.ParseQuery(string(body)); err != nil || form.Encode() != test.form.Encode() {
					t.Errorf("form %s, want %s", body, test.form.Encode())
				}
				user, password, basic := r.BasicAuth()
				user, _ = url.QueryUnescape(user)
				password, _ = url.QueryUnescape(password)
				if basic != test.auth || basic && (user != id || password != secret) {
					t.Errorf("Basic %v: %q %q", basic, user, password)
				}
				answer(`{"access_token":"t","token_type":"bearer"}`)(w, r)
			})
			test.client.TokenURL = s.URL + "/token?tenant=1"
			token, ends, err := test.client.Token(t.Context())
			if err != nil || token.Reveal() != "t" || !ends.IsZero() || asked != 1 {
				t.Errorf("%q, %v, %v, asked %d times", token.Reveal(), ends, err, asked)
			}
		})
	}
}

// The token ends when its own exp says so, which is what the API goes by; else in expires_in seconds.
func TestTokenEnds(t *testing.T) {
	const exp = 4102444800
	for _, test := range []struct {
		name, answer string
		want         time.Time
		in           time.Duration // from now, if want is not known beforehand
	}{
		{"nothing is said", `{"access_token":"opaque","token_type":"Bearer"}`, time.Time{}, 0},
		{"expires_in", `{"access_token":"opaque","token_type":"Bearer","expires_in":300}`, time.Time{}, 5 * time.Minute},
		{"expires_in in quotes", `{"access_token":"opaque","token_type":"Bearer","expires_in":"300"}`, time.Time{}, 5 * time.Minute},
		{"exp", `{"access_token":"` + jwt(`{"exp":4102444800}`) + `","token_type":"Bearer"}`, time.Unix(exp, 0), 0},
		{"exp and expires_in", `{"access_token":"` + jwt(`{"exp":4102444800}`) + `","token_type":"BEARER","expires_in":300}`, time.Unix(exp, 0), 0},
		{"a JWT without exp", `{"access_token":"` + jwt(`{"sub":"alice"}`) + `","expires_in":300}`, time.Time{}, 5 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newEndpoint(t, answer(test.answer))
			before := time.Now()
			_, ends, err := (&Client{TokenURL: s.URL, ID: "a", Secret: redact.NewSecret("b")}).Token(t.Context())
			switch after := time.Now(); {
			case err != nil:
				t.Error(err)
			case test.in == 0 && !ends.Equal(test.want):
				t.Errorf("it ends %v, want %v", ends, test.want)
			case test.in > 0 && (ends.Before(before.Add(test.in)) || ends.After(after.Add(test.in))):
				t.Errorf("it ends %v, want %v after %v", ends, test.in, before)
			}
		})
	}
}

// An endpoint that rotates takes each refresh token once, and whoever comes with an old one is a thief to it. Several that
// ask at a time do not get each other into that; and where no new one comes, the last stays good (RFC 6749 §6).
func TestRotation(t *testing.T) {
	const rotations, asking = 2, 8
	var mu sync.Mutex
	answered := 0
	s := newEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.FormValue("refresh_token") != fmt.Sprint("refresh-", min(answered, rotations)) {
			w.WriteHeader(http.StatusBadRequest)
			answer(`{"error":"invalid_grant"}`)(w, r)
			return
		}
		rotated := ""
		if answered++; answered <= rotations {
			rotated = fmt.Sprintf(`,"refresh_token":"refresh-%d"`, answered)
		}
		answer(`{"access_token":"a","token_type":"bearer"`+rotated+`}`)(w, r)
	})
	c := &Client{TokenURL: s.URL, ID: "app", RefreshToken: redact.NewSecret("refresh-0")}
	var all sync.WaitGroup
	for range asking {
		all.Go(func() {
			if _, _, err := c.Token(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if answered != asking {
		t.Errorf("%d of %d got a token", answered, asking)
	}
}

// Whatever the endpoint does, there is no token, soon, and no secret in what is said.
func TestHostileEndpoint(t *testing.T) {
	const secret, refresh = "hunter2-client-secret", "hunter2-refresh-token"
	elsewhere := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("a redirect was followed: %s", r.Header) })
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body) // only then does a server notice that its client left
		<-r.Context().Done()
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"it hangs", hang, "it did not answer in time"},
		{"it hangs in the middle", func(w http.ResponseWriter, r *http.Request) {
			answer(`{"access_token":"`)(w, r)
			w.(http.Flusher).Flush()
			hang(w, r)
		}, "it did not answer in time"},
		{"it breaks off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			answer(`{"access_token":"a"`)(w, r)
		}, "it broke off, or what it speaks is no HTTP over TLS that we know"},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, secret+"\r\n\r\n")
			conn.Close()
		}, "it broke off, or what it speaks is no HTTP over TLS that we know"},
		{"500", status(500, secret), "it answered 500"},
		{"503 in JSON", status(503, `{"error":"`+secret+`"}`), "it answered 503"},
		{"a body without end", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for range 1 << 16 {
				if _, err := io.WriteString(w, `{"access_token":"`+strings.Repeat("a", 1024)); err != nil {
					return
				}
			}
			t.Error("64 MiB were read")
		}, "its answer is longer than a token's"},
		{"fields without end", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
			answer(`{"access_token":"a"}`)(w, r)
		}, "it broke off, or what it speaks is no HTTP over TLS that we know"},
		{"a redirect elsewhere", http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect).ServeHTTP, "it redirects (307), and a secret is sent to token_url alone"},
		{"a redirect at home", http.RedirectHandler("/other", http.StatusPermanentRedirect).ServeHTTP, "it redirects (308), and a secret is sent to token_url alone"},
		{"a redirect to a GET", http.RedirectHandler("/other", http.StatusSeeOther).ServeHTTP, "it redirects (303), and a secret is sent to token_url alone"},
		{"a login page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>"+secret) }, "its answer is not application/json"},
		{"a form", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
			io.WriteString(w, "access_token=a&token_type=bearer")
		}, "its answer is not application/json"},
		{"no type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, `{"access_token":"a","token_type":"bearer"}`)
		}, "its answer is not application/json"},
		{"no JSON", answer(secret), "its answer holds no access_token that could be read (RFC 6749 §5.1)"},
		{"nothing", answer(""), "its answer holds no access_token that could be read (RFC 6749 §5.1)"},
		{"no access_token", answer(`{"token_type":"bearer","id_token":"a"}`), "its answer holds no access_token that could be read (RFC 6749 §5.1)"},
		{"an access_token that is no text", answer(`{"access_token":{"a":1},"token_type":"bearer"}`), "its answer holds no access_token that could be read (RFC 6749 §5.1)"},
		{"a token for DPoP", answer(`{"access_token":"a","token_type":"DPoP"}`), "its token is not of the type bearer, and cannot be used as one (RFC 6749 §7.1)"},
		{"an error with 200", answer(`{"error":"invalid_grant","access_token":"a"}`), "it answered invalid_grant: the refresh token has expired, was revoked, was used up or belongs to another client; get a new one"},
		{"an error of its own with 200", answer(`{"error":"` + secret + `"}`), "it answered with an error of its own, which is not repeated here"},
		{"invalid_client that repeats the secret", status(401, `{"error":"invalid_client","error_description":"the secret `+secret+` is wrong","error_uri":"https://login.example/`+secret+`"}`),
			"it answered invalid_client: it does not know client_id, or takes neither client_secret nor the way it is sent; check these two and auth"},
		{"invalid_grant that repeats the refresh token", status(400, `{"error":"invalid_grant","error_description":"`+refresh+`"}`),
			"it answered invalid_grant: the refresh token has expired, was revoked, was used up or belongs to another client; get a new one"},
		{"an error that is the refresh token", status(400, `{"error":"`+refresh+`"}`), "it answered 400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newEndpoint(t, test.handler)
			c := &Client{TokenURL: s.URL, ID: "scanner", Secret: redact.NewSecret(secret), RefreshToken: redact.NewSecret(refresh)}
			if strings.HasPrefix(test.name, "it hangs") {
				c.Timeout = 100 * time.Millisecond
			}
			token, ends, err := c.Token(t.Context())
			var why *Error
			if !token.IsZero() || !ends.IsZero() || !errors.As(err, &why) || err.Error() != test.want {
				t.Errorf("got  %v, %v, %v\nwant %s", token, ends, err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || (why.Code != "") != strings.HasPrefix(err.Error(), "it answered invalid_")) {
				t.Errorf("%q, code %q", err, why.Code)
			}
		})
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	if _, _, err := (&Client{TokenURL: "http://" + gone.Addr().String(), ID: "a", Secret: redact.NewSecret(secret)}).Token(t.Context()); err == nil || err.Error() != "connection refused" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (&Client{TokenURL: elsewhere.URL, ID: "a", Secret: redact.NewSecret(secret)}).Token(ctx); err == nil || err.Error() != "it was not waited for" {
		t.Error(err)
	}
}

// The endpoint proves who it is before it is told anything, and no proxy is asked the way.
func TestTLS(t *testing.T) {
	asked := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		answer(`{"access_token":"t","token_type":"bearer"}`)(w, r)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	if newTransport(nil).Proxy != nil { // of the environment's proxies net/http makes no use on loopback addresses
		t.Error("the transport knows a proxy")
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())

	c := &Client{TokenURL: s.URL, ID: "scanner", Secret: redact.NewSecret("hunter2")}
	const stranger = "its certificate does not do: it is for another name, of an authority that this machine does not know, or out of date"
	if _, _, err := c.Token(t.Context()); err == nil || err.Error() != stranger {
		t.Errorf("of an unknown authority: %v", err)
	}
	c = &Client{TokenURL: strings.Replace(s.URL, "127.0.0.1", "localhost", 1), ID: "scanner", Secret: redact.NewSecret("hunter2"), Roots: roots}
	if _, _, err := c.Token(t.Context()); err == nil || err.Error() != stranger {
		t.Errorf("for another name: %v", err)
	}
	if asked != 0 {
		t.Errorf("a stranger was asked %d times", asked)
	}
	c = &Client{TokenURL: s.URL, ID: "scanner", Secret: redact.NewSecret("hunter2"), Roots: roots}
	if token, _, err := c.Token(t.Context()); err != nil || token.Reveal() != "t" {
		t.Errorf("%v, %v", token, err)
	}
}

func TestEnds(t *testing.T) {
	for token, want := range map[string]int64{
		jwt(`{"exp":1700000000}`):            1700000000,
		jwt(`{"exp":1700000000.75}`):         1700000000,
		jwt(`{"exp":1.7e9,"sub":"alice"}`):   1700000000,
		jwt(`{"exp":253402300799}`):          253402300799,
		jwt(`{"exp":253402300800}`):          0,
		jwt(`{"exp":1e400}`):                 0,
		jwt(`{"exp":-5}`):                    0,
		jwt(`{"exp":"1700000000"}`):          0,
		jwt(`{"exp":null}`):                  0,
		jwt(`{"sub":"alice"}`):               0,
		jwt(`["exp",1700000000]`):            0,
		"a.b.c":                              0,
		"opaque":                             0,
		"":                                   0,
		jwt(`{"exp":1700000000}`) + ".":      0,
		"v1." + jwt(`{"exp":1700000000}`):    0,
		"x." + jwt(`{"exp":1}`)[20:] + ".y=": 0,
	} {
		got := Ends(redact.NewSecret(token))
		if want == 0 && !got.IsZero() || want != 0 && got.Unix() != want {
			t.Errorf("%s ends %v, want %d", token, got, want)
		}
	}
}

// Whatever a token is, its end is not known, or a time that any clock can show.
func FuzzEnds(f *testing.F) {
	for _, claims := range []string{`{"exp":1700000000}`, `{"exp":1e308}`, `{"exp":-1}`, `{"exp":[1]}`, `{`, ``} {
		f.Add(jwt(claims))
	}
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		ends := Ends(redact.NewSecret(token))
		if ends.IsZero() {
			return
		}
		if y := ends.UTC().Year(); y < 1970 || y > 9999 || strings.Count(token, ".") != 2 {
			t.Errorf("%q ends %v", token, ends)
		}
	})
}
