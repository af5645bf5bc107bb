package bearer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestChallenge(t *testing.T) {
	for _, test := range []struct {
		name string
		err  *Error
		want string
	}{
		{"without credentials only the realm (§3.1)", ErrNoCredentials, `Bearer realm="api"`},
		{"another scheme is no credentials", ErrOtherScheme, `Bearer realm="api"`},
		{"a bad token", badToken("no"), `Bearer realm="api", error="invalid_token", error_description="no"`},
		{"too little scope says which", &Error{Status: 403, Code: InsufficientScope, Scope: "read write"}, `Bearer realm="api", error="insufficient_scope", scope="read write"`},
		{"quotes, backslashes and controls cannot leave the string", badRequest("a\"b\\c\r\nd é"), `Bearer realm="api", error="invalid_request", error_description="a?b?c??d ?"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.err.Challenge("api"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	badToken("the token is too long").Write(w, "orders")
	var body map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if w.Code != 401 || w.Header().Get("Cache-Control") != "no-store" || body["error"] != InvalidToken ||
		w.Header().Get("Www-Authenticate") != `Bearer realm="orders", error="invalid_token", error_description="the token is too long"` {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestInURL(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
	for _, test := range []struct{ name, query, want string }{
		{"RFC 6750 §2.3's example", "access_token=mF_9.B5f-4.1JqM&p=q", "access_token"},
		{"last of several", "a=b&c=d&token=x", "token"},
		{"in another case and division", "Access-Token=x", "Access-Token"},
		{"camel case", "accessToken=x", "accessToken"},
		{"encoded name", "access%5ftoken=x", "access_token"},
		{"semicolons divide too", "a=b;access_token=x", "access_token"},
		{"arrays of PHP", "token[]=x", "token"},
		{"members of Rails, encoded", "user%5Baccess_token%5D=x", "access_token"},
		{"API keys", "apikey=x", "apikey"},
		{"a JWT under any name", "q=" + jwt, "q"},
		{"a JWT under a name not fit to be shown", "%3Cscript%3E=" + jwt, "a parameter"},
		{"a JWT as the whole query", jwt, "a parameter"},
		{"an encoded JWT", "q=%65" + jwt[1:], "q"},
		{"credentials as a value", "auth=Bearer%20abc", "auth"},
		{"credentials with a plus", "auth=bearer+abc", "auth"},

		{"nothing", "", ""},
		{"ordinary parameters", "page=2&sort=-date&q=a+b&empty", ""},
		{"tokens of other kinds", "page_token=x&csrf_token=y&continuation_token=z&tokens=3", ""},
		{"no value", "access_token=&token", ""},
		{"a sentence about bearers", "q=bearer+of+bad+news", ""},
		{"broken encoding", "%zz=%zz", ""},
		{"separators only", "&&;;=", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			name, found := InURL(&url.URL{Path: "/", RawQuery: test.query})
			if name != test.want || found != (test.want != "") {
				t.Errorf("got %q, %v, want %q", name, found, test.want)
			}
		})
	}
}

func FuzzInURL(f *testing.F) {
	f.Add("access_token=a")
	f.Add("a=b;c=%20&token[]=d")
	f.Fuzz(func(t *testing.T, query string) {
		before := query
		name, found := InURL(&url.URL{RawQuery: query})
		if !found {
			return
		}
		if len(name) > 32 || strings.ContainsAny(name, "<>\"'\r\n\x00") {
			t.Fatalf("%q names %q", before, name)
		}
		// What is found alone is found between other parameters too.
		if _, again := InURL(&url.URL{RawQuery: "x=y&" + query + "&z"}); !again {
			t.Fatalf("%q is found, but not among others", query)
		}
	})
}

type verifierFunc func(string) (*Claims, error)

func (f verifierFunc) Verify(_ context.Context, token string) (*Claims, error) { return f(token) }

func TestRequire(t *testing.T) {
	v := verifierFunc(func(token string) (*Claims, error) {
		switch token {
		case "good":
			return &Claims{Subject: "alice"}, nil
		case "down":
			return nil, errors.New("no answer from the issuer about " + token)
		case "soon":
			return nil, fmt.Errorf("%w: down", ErrUnavailable)
		case "nil":
			return nil, nil
		}
		return nil, badToken("expired")
	})
	h := Require(v, "api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := FromContext(r.Context())
		if !ok {
			t.Error("no claims in the context")
			return
		}
		w.Write([]byte(c.Subject))
	}))
	for _, test := range []struct {
		name, target, field string
		status              int
		body                string
	}{
		{"a good token", "/", "Bearer good", 200, "alice"},
		{"a bad one", "/", "Bearer bad", 401, InvalidToken},
		{"none", "/", "", 401, "unauthorized"},
		{"a malformed one", "/", "Bearer  good", 400, InvalidRequest},
		{"one more in the URL", "/?access_token=other", "Bearer good", 400, InvalidRequest},
		{"a verifier that cannot tell is not anonymous", "/", "Bearer down", 503, "cannot be checked"},
		{"one that may be able to soon", "/", "Bearer soon", 503, "cannot be checked"},
		{"a verifier that says nothing", "/", "Bearer nil", 503, "cannot be checked"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", test.target, nil)
			if test.field != "" {
				r.Header.Set("Authorization", test.field)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || strings.Contains(w.Body.String(), "down") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if w.Code >= 400 && w.Header().Get("Cache-Control") != "no-store" {
				t.Error("a refusal that a cache may store")
			}
			if (w.Header().Get("Retry-After") != "") != (test.field == "Bearer soon") {
				t.Errorf("Retry-After: %s", w.Header().Get("Retry-After"))
			}
		})
	}
	if _, ok := FromContext(context.Background()); ok {
		t.Error("claims out of nothing")
	}
}

func TestRequireScope(t *testing.T) {
	reader := verifierFunc(func(string) (*Claims, error) { return &Claims{Scope: "read"}, nil })
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, test := range []struct {
		name      string
		h         http.Handler
		status    int
		challenge string
	}{
		{"enough", Require(reader, "api", RequireScope("read", "api", ok)), 204, ""},
		{"nothing wanted", Require(reader, "api", RequireScope("", "api", ok)), 204, ""},
		{"too little (RFC 6750 §3.1)", Require(reader, "api", RequireScope("read write", "api", ok)), 403,
			`Bearer realm="api", error="insufficient_scope", error_description="the token does not hold the scope that this resource wants", scope="read write"`},
		{"without Require nobody passes", RequireScope("", "api", ok), 401, `Bearer realm="api"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			test.h.ServeHTTP(w, request("Bearer token"))
			if w.Code != test.status || w.Header().Get("Www-Authenticate") != test.challenge {
				t.Errorf("%d %s", w.Code, w.Header().Get("Www-Authenticate"))
			}
		})
	}
}
