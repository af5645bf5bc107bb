package bearer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache/redact"
)

// introspection asks a server, with a clock that stands.
func introspection(u string) (*Introspection, *logged) {
	log := new(logged)
	return &Introspection{URL: u, ClientID: "gateway", ClientSecret: redact.NewSecret("hunter2-of-ours"), Now: atNoon, Log: log.logger()}, log
}

func TestIntrospectionAnswers(t *testing.T) {
	const token = "opaque-token-of-alice"
	soon := fmt.Sprint(noon.Unix() + 60)
	for _, test := range []struct{ name, answer, want string }{
		{"active", `{"active":true}`, "good"},
		{"active, with all there is", `{"active":true,"iss":"` + testIssuer + `","sub":"alice","aud":["x","` + testAudience + `"],"exp":` + soon + `,"iat":1,"nbf":1,"scope":"read","client_id":"app","jti":"1","username":"a","token_type":"Bearer"}`, "good"},
		{"not active", `{"active":false}`, "bad"},
		{"not active, whatever else", `{"active":false,"sub":"alice","exp":` + soon + `}`, "bad"},

		{"active in quotes", `{"active":"true"}`, "unavailable"},
		{"active 1", `{"active":1}`, "unavailable"},
		{"active null", `{"active":null}`, "unavailable"},
		{"active in a list", `{"active":[true]}`, "unavailable"},
		{"active in other letters", `{"Active":true}`, "unavailable"},
		{"Active beside active", `{"active":true,"Active":false}`, "unavailable"},
		{"Active beside active that is false", `{"active":false,"Active":true}`, "unavailable"},
		{"no active", `{"sub":"alice"}`, "unavailable"},
		{"active twice", `{"active":false,"active":true}`, "unavailable"},
		{"active twice, escaped", `{"active":false,"\u0061ctive":true}`, "unavailable"},
		{"sub twice", `{"active":true,"sub":"alice","sub":"bob"}`, "unavailable"},
		{"Sub beside sub", `{"active":true,"sub":"alice","Sub":"bob"}`, "unavailable"},
		{"sub a number", `{"active":true,"sub":1}`, "unavailable"},
		{"exp in quotes", `{"active":true,"exp":"` + soon + `"}`, "unavailable"},
		{"exp 1e400", `{"active":true,"exp":1e400}`, "unavailable"},
		{"HTML", `<html>true</html>`, "unavailable"},
		{"nothing", ``, "unavailable"},
		{"true", `true`, "unavailable"},
		{"two answers", `{"active":true}{"active":true}`, "unavailable"},
		{"a JWT", `eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.`, "unavailable"},

		{"active, and expired", fmt.Sprintf(`{"active":true,"exp":%d}`, noon.Unix()-31), "bad"},
		{"active, and expired within the leeway", fmt.Sprintf(`{"active":true,"exp":%d}`, noon.Unix()-29), "good"},
		{"active, and not valid yet", fmt.Sprintf(`{"active":true,"nbf":%d}`, noon.Unix()+31), "bad"},
		{"active, and of tomorrow", fmt.Sprintf(`{"active":true,"iat":%d}`, noon.Unix()+31), "bad"},
		{"active, and of another issuer", `{"active":true,"iss":"` + testIssuer + `/"}`, "bad"},
		{"active, and bound to an empty text", `{"active":true,"cnf":""}`, "bad"},
		{"active, and bound to null", `{"active":true,"cnf":null}`, "good"},
		{"active, of type bearer", `{"active":true,"token_type":"bearer"}`, "good"},
		{"active, of a type of the server's own", `{"active":true,"token_type":"access_token","token_use":"access"}`, "good"},
		{"active, of the type JWT", `{"active":true,"token_type":"JWT","token_use":null}`, "good"},
		{"active, for DPoP", `{"active":true,"token_type":"DPoP"}`, "bad"},
		{"active, for dpop", `{"active":true,"token_type":"dpop"}`, "bad"},
		{"active, for PoP", `{"active":true,"token_type":"PoP"}`, "bad"},
		{"active, for MAC", `{"active":true,"token_type":"MAC"}`, "bad"},
		{"active, no access token (RFC 8693)", `{"active":true,"token_type":"N_A"}`, "bad"},
		{"active, a refresh token", `{"active":true,"token_type":"Refresh_Token"}`, "bad"},
		{"active, used as a refresh token", `{"active":true,"token_type":"Bearer","token_use":"refresh_token"}`, "bad"},
		{"active, used as an ID token", `{"active":true,"token_type":"Bearer","token_use":"ID_token"}`, "bad"},
		{"active, a refresh token, as Keycloak has it", `{"active":true,"typ":"Refresh"}`, "bad"},
		{"active, a bearer token, as Keycloak has it", `{"active":true,"typ":"Bearer"}`, "good"},
		{"active, used as an ID token, as Cognito has it", `{"active":true,"token_use":"id"}`, "bad"},
		{"active, of several types", `{"active":true,"token_type":["Bearer","DPoP"]}`, "unavailable"},
		{"active, of a type in other letters", `{"active":true,"Token_Type":"DPoP"}`, "unavailable"},
		{"active, and bound to a key", `{"active":true,"cnf":{"jkt":"x"}}`, "bad"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newServer(t, text(test.answer))
			v, _ := introspection(h.URL)
			v.Issuer = testIssuer
			c, err := v.Verify(t.Context(), token)
			expect(t, v, token, test.want)
			switch {
			case err != nil && (c != nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "hunter2")):
				t.Errorf("%+v, %v", c, err)
			case err == nil && c.Issuer != testIssuer:
				t.Errorf("issuer %q", c.Issuer)
			}
		})
	}
	for answer, want := range map[string]string{
		`{"active":true,"aud":"` + testAudience + `"}`:          "good",
		`{"active":true,"aud":["x","` + testAudience + `"]}`:    "good",
		`{"active":true,"aud":"` + testAudience + `/"}`:         "bad",
		`{"active":true,"aud":[]}`:                              "bad",
		`{"active":true}`:                                       "bad",
		`{"active":true,"aud":{"` + testAudience + `":"true"}}`: "unavailable",
	} {
		h := newServer(t, text(answer))
		v, _ := introspection(h.URL)
		v.Audience = []string{testAudience}
		if got := outcome(v, token); got != want {
			t.Errorf("%s: %s, want %s", answer, got, want)
		}
	}
	h := newServer(t, text(`{"active":true,"sub":"alice","scope":"read write","client_id":"app","jti":"7","iat":5,"exp":`+soon+`,"roles":["b","a"]}`))
	v, _ := introspection(h.URL)
	c, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if roles, _ := c.Canonical("roles"); c.Subject != "alice" || c.Scope != "read write" || c.ClientID != "app" || c.ID != "7" || c.IssuedAt.Unix() != 5 ||
		c.Expires.Unix() != noon.Unix()+60 || c.Issuer != "" || roles != `["a","b"]` {
		t.Errorf("%+v, roles %s", c, roles)
	}
}

// RFC 7662 §2.1 and RFC 6749 §2.3.1, with an id and a secret that need the form's encoding.
func TestIntrospectionRequest(t *testing.T) {
	const id, secret, token = "gate way:ü", "p@ss:w%rd+/=", "opaque+token/=="
	type sent struct {
		method, content, auth string
		form                  url.Values
	}
	requests := make(chan sent, 1)
	h := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil || r.URL.RawQuery != "" {
			t.Errorf("%v, query %q", err, r.URL.RawQuery)
		}
		requests <- sent{r.Method, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), form}
		io.WriteString(w, `{"active":true}`)
	})
	for name, test := range map[string]struct {
		v    *Introspection
		auth string
		form url.Values
	}{
		"basic": {&Introspection{ClientID: id, ClientSecret: redact.NewSecret(secret)}, "basic", url.Values{}},
		"post": {&Introspection{Authentication: ClientSecretPost, ClientID: id, ClientSecret: redact.NewSecret(secret)}, "",
			url.Values{"client_id": {id}, "client_secret": {secret}}},
		"bearer": {&Introspection{Authentication: BearerToken, AccessToken: redact.NewSecret("our.own-token")}, "Bearer our.own-token", url.Values{}},
	} {
		t.Run(name, func(t *testing.T) {
			test.v.URL = h.URL
			expect(t, test.v, token, "good")
			got := <-requests
			if got.method != "POST" || got.content != "application/x-www-form-urlencoded" {
				t.Errorf("%+v", got)
			}
			if test.auth == "basic" {
				r := &http.Request{Header: http.Header{"Authorization": {got.auth}}}
				user, password, ok := r.BasicAuth()
				plainUser, err1 := url.QueryUnescape(user)
				plainPassword, err2 := url.QueryUnescape(password)
				if !ok || err1 != nil || err2 != nil || plainUser != id || plainPassword != secret || strings.Contains(user, ":") || user == id {
					t.Errorf("%q, %q", user, password)
				}
			} else if got.auth != test.auth {
				t.Errorf("Authorization: %s", got.auth)
			}
			want := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
			for name, values := range test.form {
				want[name] = values
			}
			if got.form.Encode() != want.Encode() {
				t.Errorf("form %v, want %v", got.form, want)
			}
		})
	}
}

func TestHostileIntrospection(t *testing.T) {
	const token = "opaque-token-of-alice"
	var written atomic.Int64
	elsewhere := newServer(t, text(`{"active":true}`))
	hang := func(_ http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body) // only then does a server notice that its client left
		<-r.Context().Done()
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		why     string
	}{
		{"it hangs", hang, "did not answer in time"},
		{"it hangs in the middle", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"active":tr`)
			w.(http.Flusher).Flush()
			hang(w, r)
		}, "did not answer in time"},
		{"500 that says active", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); io.WriteString(w, `{"active":true}`) }, "answered 500"},
		{"201 that says active", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); io.WriteString(w, `{"active":true}`) }, "answered 201"},
		{"401 to us", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401); io.WriteString(w, `{"active":true}`) }, "does not take our own credentials"},
		{"403 to us", status(403), "does not take our own credentials"},
		{"429", status(429), "answered 429"},
		{"100 MB", flood(&written, 100<<20), "more than"},
		{"much, compressed", bomb(), "more than"},
		{"a redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, "answered 307"},
		{"a redirect at home", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/home" {
				t.Error("it was followed")
			}
			http.Redirect(w, r, "/home", http.StatusPermanentRedirect)
		}, "answered 308"},
		{"a redirect at home, as another method", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/home" {
				t.Error("it was followed")
			}
			http.Redirect(w, r, "/home", http.StatusSeeOther)
		}, "answered 303"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newServer(t, test.handler)
			v, log := introspection(h.URL + "/i?key=hunter2")
			if test.why == "did not answer in time" {
				v.Timeout = 50 * time.Millisecond
			}
			c, err := v.Verify(t.Context(), token)
			if c != nil || !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), test.why) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), token) {
				t.Errorf("%+v, %v", c, err)
			}
			if test.why != "did not answer in time" {
				v.Verify(t.Context(), token)
			}
			said := log.String()
			if !strings.Contains(said, test.why) || strings.Count(said, "\n") != 1 || strings.Contains(said, "hunter2") || strings.Contains(said, token) {
				t.Errorf("logged: %s", said)
			}
		})
	}
	if elsewhere.asked.Load() > 0 || written.Load() >= 100<<20 {
		t.Errorf("%d requests elsewhere, %d bytes", elsewhere.asked.Load(), written.Load())
	}
	t.Run("nobody there", func(t *testing.T) {
		h := httptest.NewServer(nil)
		h.Close()
		v, _ := introspection(h.URL)
		expect(t, v, token, "unavailable")
	})
	t.Run("too long a token", func(t *testing.T) {
		h := newServer(t, text(`{"active":true}`))
		v, _ := introspection(h.URL)
		expect(t, v, strings.Repeat("x", 64<<10), "bad")
		if h.asked.Load() > 0 {
			t.Error("it was sent")
		}
	})
}

// The endpoint changes its mind, and takes our credentials no longer; both count with the next call.
func TestIntrospectionChanges(t *testing.T) {
	h := newServer(t, text(`{"active":true,"sub":"alice"}`))
	v, log := introspection(h.URL)
	clock := &testClock{t: noon}
	v.Now = clock.now
	expect(t, v, "t", "good")
	h.answer(text(`{"active":false}`))
	expect(t, v, "t", "bad")
	h.answer(status(401))
	expect(t, v, "t", "unavailable")
	h.answer(text(`{"active":true,"sub":"bob"}`))
	clock.forward(tellEvery)
	if c, err := v.Verify(t.Context(), "t"); err != nil || c.Subject != "bob" {
		t.Errorf("%+v, %v", c, err)
	}
	if said := log.String(); strings.Count(said, "\n") != 2 || !strings.Contains(said, "check the client's ID and secret") || !strings.Contains(said, "works again") {
		t.Errorf("logged: %s", said)
	}
}

// One client's odd token, or an endpoint that fails now and then, costs a line in ten seconds and not one for each request. What
// is odd about one token is not said of the endpoint.
func TestIntrospectionLogIsBounded(t *testing.T) {
	var n atomic.Int32
	h := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch token := r.PostFormValue("token"); {
		case token == "odd":
			io.WriteString(w, `{"active":true,"exp":"tomorrow"}`)
		case token == "down":
			w.WriteHeader(500 + int(n.Add(1))%50) // another failure each time
		default:
			io.WriteString(w, `{"active":true}`)
		}
	})
	for token, what := range map[string]string{"odd": "reading what the introspection endpoint says of a token", "down": "asking the introspection endpoint"} {
		v, log := introspection(h.URL)
		clock := &testClock{t: noon}
		v.Now = clock.now
		for range 200 { // 20 s
			expect(t, v, token, "unavailable")
			expect(t, v, "good", "good")
			clock.forward(100 * time.Millisecond)
		}
		said := log.String()
		if lines := strings.Count(said, "\n"); lines == 0 || lines > 3 || strings.Count(said, what) != lines {
			t.Errorf("%s: %d lines: %s", token, lines, said)
		}
		// What lasts is said in the end, whichever came first.
		clock.forward(tellEvery)
		expect(t, v, "good", "good")
		clock.forward(tellEvery)
		expect(t, v, token, "unavailable")
		clock.forward(tellEvery)
		expect(t, v, "good", "good")
		if said = log.String(); !strings.HasSuffix(said, what+" works again\"\n") {
			t.Errorf("%s: %s", token, said)
		}
	}
}

// handled is a transport to a handler in the same bubble, so that a test can know when everybody waits.
type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		h.ServeHTTP(w, r)
		close(done)
	}()
	select {
	case <-done:
		return w.Result(), nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// Who asks about one token at once has one answer, and who asks about another has another.
func TestIntrospectionShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, proceed := map[string]int{}, make(chan struct{})
		v, _ := introspection("https://i.example/")
		v.Client = &http.Client{Transport: handled{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token := r.PostFormValue("token")
			asked[token]++
			<-proceed
			fmt.Fprintf(w, `{"active":true,"sub":"holder of %s","aud":["a"]}`, token)
		})}}
		v.Timeout = time.Hour
		var wg sync.WaitGroup
		ask := func(ctx context.Context, token string) {
			wg.Go(func() {
				c, err := v.Verify(ctx, token)
				if ctx.Err() != nil {
					if !errors.Is(err, ErrUnavailable) {
						t.Errorf("an answer to who left: %v", err)
					}
					return
				}
				if err != nil || c.Subject != "holder of "+token || c.Audience[0] != "a" {
					t.Errorf("%s: %+v, %v", token, c, err)
					return
				}
				c.Subject, c.Audience[0] = "nobody", "b" // it is theirs
			})
		}
		ctx, leave := context.WithCancel(t.Context())
		ask(ctx, "a")
		synctest.Wait()
		for range 20 {
			ask(t.Context(), "a")
			ask(t.Context(), "b")
		}
		synctest.Wait()
		ask(ctx, "b")
		synctest.Wait()
		if asked["a"] != 1 || asked["b"] != 1 {
			t.Errorf("asked %v", asked)
		}
		leave() // and with it the one that asked about a: one of the others asks in its place
		synctest.Wait()
		if asked["a"] != 2 || asked["b"] != 1 {
			t.Errorf("asked %v", asked)
		}
		close(proceed)
		wg.Wait()
		if asked["a"] != 2 || asked["b"] != 1 || len(v.flights.under) > 0 {
			t.Errorf("asked %v, %d flights are left", asked, len(v.flights.under))
		}
	})
}

// No more calls at once than Concurrency, and who waits in vain is told so.
func TestIntrospectionIsBounded(t *testing.T) {
	arrived, proceed := make(chan struct{}, 10), make(chan struct{})
	var under, most atomic.Int32
	h := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), under.Add(1)))
		arrived <- struct{}{}
		<-proceed
		under.Add(-1)
		io.WriteString(w, `{"active":true}`)
	})
	v, _ := introspection(h.URL)
	v.Concurrency = 2
	v.Timeout = time.Minute
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() { expect(t, v, fmt.Sprint(i), "good") })
	}
	<-arrived
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := v.Verify(ctx, "impatient"); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "wait for other calls") {
		t.Error(err)
	}
	if n := h.asked.Load(); n != 2 {
		t.Errorf("%d calls at once", n)
	}
	for i := range 5 {
		wg.Go(func() { expect(t, v, fmt.Sprint("later ", i), "good") })
	}
	close(proceed)
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d calls at once", most.Load())
	}
}

func TestIntrospectionDiscovers(t *testing.T) {
	h := newServer(t, nil)
	d := &Discovery{Issuer: h.URL, Log: new(logged).logger()}
	clock := &testClock{t: noon}
	d.source.now = clock.now
	defer d.Close()
	v, _ := introspection("")
	v.Discovery = d
	h.answer(status(500))
	expect(t, v, "t", "unavailable")
	h.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			io.WriteString(w, `{"active":true}`)
			return
		}
		fmt.Fprintf(w, `{"issuer":"%s","introspection_endpoint":"%[1]s/introspect"}`, h.URL)
	})
	clock.forward(time.Second)
	expect(t, v, "t", "good")
}

func TestIntrospectionCheck(t *testing.T) {
	for name, change := range map[string]func(*Introspection){
		"no URL":               func(i *Introspection) { i.URL = "" },
		"in clear":             func(i *Introspection) { i.URL = "http://i.example/" },
		"a password in it":     func(i *Introspection) { i.URL = "https://u:hunter2@i.example/" },
		"a URL and discovered": func(i *Introspection) { i.Discovery = &Discovery{Issuer: "https://i.example"} },
		"discovered in clear":  func(i *Introspection) { i.URL = ""; i.Discovery = &Discovery{Issuer: "http://i.example"} },
		"no id":                func(i *Introspection) { i.ClientID = "" },
		"no secret":            func(i *Introspection) { i.ClientSecret = redact.Secret{} },
		"a token too":          func(i *Introspection) { i.AccessToken = redact.NewSecret("t") },
		"bearer with a secret": func(i *Introspection) { i.Authentication = BearerToken; i.AccessToken = redact.NewSecret("t") },
		"bearer without token": func(i *Introspection) {
			i.Authentication, i.ClientID, i.ClientSecret = BearerToken, "", redact.Secret{}
		},
		"bearer that is two lines": func(i *Introspection) {
			i.Authentication, i.ClientID, i.ClientSecret, i.AccessToken = BearerToken, "", redact.Secret{}, redact.NewSecret("a\r\nX: y")
		},
		"private_key_jwt": func(i *Introspection) { i.Authentication = "private_key_jwt" },
		"leeway":          func(i *Introspection) { i.Leeway = time.Hour },
		"empty audience":  func(i *Introspection) { i.Audience = []string{""} },
	} {
		t.Run(name, func(t *testing.T) {
			i := &Introspection{URL: "https://i.example/", ClientID: "id", ClientSecret: redact.NewSecret("s")}
			if err := i.Check(); err != nil {
				t.Fatal(err)
			}
			change(i)
			err := i.Check()
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("%v", err)
			}
			if _, again := i.Verify(t.Context(), "t"); again == nil || errors.Is(again, ErrUnavailable) {
				t.Errorf("%v", again)
			}
		})
	}
}
