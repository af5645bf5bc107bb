package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/internal/httpfield"
)

// get asks the gateway without a connection, as a client at another address if need be.
func (w *world) get(address, target string, h http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.RemoteAddr, r.Header = address+":4711", h
	out := httptest.NewRecorder()
	w.gateway.ServeHTTP(out, r)
	return out
}

// An origin may answer by what the gateway says of the client, and say so in Vary: the answer is for
// those of whom the gateway says the same, whatever they say of themselves.
func TestVaryByWhatTheGatewaySays(t *testing.T) {
	for _, name := range trustedFields {
		w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Cache-Control", "max-age=60")
			out.Header().Set("Vary", name)
			io.WriteString(out, r.Header.Get("X-Forwarded-For")+r.Header.Get("Via"))
		})
		claims := func() http.Header {
			return http.Header{"X-Forwarded-For": {"203.0.113.9"}, "Forwarded": {"for=203.0.113.9"}}
		}
		first := w.get("192.0.2.1", "/a", claims())
		again := w.get("192.0.2.1", "/a", claims())
		second := w.get("192.0.2.2", "/a", claims())
		if !strings.HasPrefix(first.Body.String(), "192.0.2.1") || !strings.Contains(again.Header().Get("Cache-Status"), "; hit") {
			t.Errorf("%s: %q, then %v", name, first.Body, again.Header())
		}
		if name == "X-Forwarded-For" && !strings.HasPrefix(second.Body.String(), "192.0.2.2") {
			t.Errorf("the second address got %q", second.Body)
		}
	}
}

// What a client calls a matter of its connection does not reach the origin; the answer to that is no
// variant for those whose fields do reach it.
func TestVaryByWhatConnectionRemoves(t *testing.T) {
	w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Cache-Control", "max-age=60")
		out.Header().Set("Vary", "Accept-Language, Origin")
		io.WriteString(out, "in "+r.Header.Get("Accept-Language")+" for "+r.Header.Get("Origin"))
	})
	fields := []string{"Accept-Language: de", "Origin: http://o.test"}
	if a := w.send("GET /a", append(fields, "Connection: keep-alive, accept-language", "Connection: Origin")...); a.body != "in  for " {
		t.Fatalf("the origin got the fields: %q", a.body)
	}
	if a := w.send("GET /a", fields...); a.body != "in de for http://o.test" {
		t.Errorf("poisoned: %q", a.body)
	}
	if a := w.send("GET /a"); !strings.Contains(a.header.Get("Cache-Status"), "; hit") || a.body != "in  for " {
		t.Errorf("without the fields: %v %q", a.header, a.body)
	}
}

// Field for field: what the cache looks at is what the origin gets.
func TestKeyedIsSent(t *testing.T) {
	w := start(t, Options{}, nil)
	var keyed http.Header
	proxy := w.gateway.proxy()
	front := w.gateway.access(w.gateway.rewrite(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		keyed = r.Header.Clone()
		proxy.ServeHTTP(out, r)
	})))
	r := httptest.NewRequest("GET", "http://api.test/a", nil)
	r.Header = http.Header{
		"Accept": {"a/b", "c/d"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"u"}, "Cookie": {"a=b"}, "Authorization": {"Bearer abc"},
		"Connection": {"close, X-Hop", "Te"}, "X-Hop": {"1"}, "Te": {"gzip, trailers"}, "Keep-Alive": {"5"}, "Proxy-Connection": {"x"},
		"Proxy-Authorization": {"Basic YQ=="}, "Proxy-Authenticate": {"x"}, "Trailer": {"X-T"}, "Transfer-Encoding": {"chunked"}, "Upgrade": {"h2c"},
		"Forwarded": {"for=a"}, "X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Host": {"evil.test"}, "X-Forwarded-Proto": {"https"},
		"X-Forwarded-Anything": {"x"}, "X-Forwarded-User": {"alice"}, "X-Real-Ip": {"203.0.113.9"}, "Via": {"1.0 a", "1.1 b"}, "X_Under": {"x"}, "Surrogate-Capability": {"evil=\"Surrogate/1.0\""},
	}
	before := r.Header.Clone()
	front.ServeHTTP(httptest.NewRecorder(), r)
	if diff := cmp.Diff(before, r.Header); diff != "" {
		t.Errorf("the caller's request was changed:\n%s", diff)
	}
	sent := (<-w.seen).Header
	if diff := cmp.Diff(keyed, sent); diff != "" {
		t.Errorf("keyed (-) is not what was sent (+):\n%s", diff)
	}
	want := http.Header{
		"Accept": {"a/b", "c/d"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"u"}, "Cookie": {"a=b"}, "Authorization": {"Bearer abc"}, "Te": {"trailers"},
		"X-Forwarded-User": {"alice"}, // whoever asks: the cache calls it unknown
		"X-Forwarded-For":  {"192.0.2.1"}, "X-Forwarded-Host": {"api.test"}, "X-Forwarded-Proto": {"http"},
		"Via":                  {"1.0 a, 1.1 b, 1.1 " + w.gateway.pseudonym},
		"Surrogate-Capability": {capability},
	}
	if diff := cmp.Diff(want, keyed); diff != "" {
		t.Errorf("keyed (-want +got):\n%s", diff)
	}
}

// A request that would lose what tells its sender is refused: the origin would answer it as nobody's,
// and that would be stored for everybody.
func TestLosingCredentialsIsRefused(t *testing.T) {
	w := start(t, Options{}, nil)
	for _, fields := range [][]string{
		{"api_key: hunter2hunter2"}, {"X_API_KEY: hunter2hunter2"}, {"x.auth.token: hunter2hunter2"}, {"X_Forwarded_User: hunter2hunter2"},
		{"Authorization: Bearer hunter2hunter2", "Connection: authorization"}, {"Cookie: a=hunter2hunter2", "Connection: close, Cookie"},
		{"X-Tenant: hunter2hunter2", "Connection: X-Tenant"},
	} {
		a := w.send("GET /a", fields...)
		r := w.record()
		if a.status != 400 || w.calls.Load() != 0 || a.header.Get("Cache-Control") != "no-store" || r["cache"] != "refused" || strings.Contains(a.body, "hunter2") {
			t.Errorf("%q: %d %q, logged %v", fields, a.status, a.body, r)
		}
	}
	if a := w.send("GET /a", "api_key: x"); !strings.Contains(a.body, "--credentials") {
		t.Errorf("it does not say what to do: %q", a.body)
	}
}

// A listed field reaches the origin, and tells readers apart, whatever its name.
func TestListedFieldWithUnderscore(t *testing.T) {
	w := start(t, Options{Cache: &bearcache.Cache{Credentials: []string{"api_key"}}}, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(out, "for "+r.Header.Get("api_key"))
	})
	for _, who := range []string{"alice", "alice", "bob"} {
		if a := w.send("GET /a", "api_key: "+who); a.body != "for "+who {
			t.Errorf("%s got %q", who, a.body)
		}
	}
	if w.calls.Load() != 2 {
		t.Errorf("%d calls", w.calls.Load())
	}
}

// What the gateway removes, because frameworks take hosts and paths from it, is no credential by its name:
// a request that has it is not refused.
func TestReplacedIsNoCredential(t *testing.T) {
	for _, name := range Replaced() {
		if httpfield.TellsReader(name) && name != "Proxy-Authenticate" && name != "Proxy-Authorization" {
			t.Errorf("%s is taken for a credential", name)
		}
	}
}

// Two gateways whose upstreams are each other, or one that is its own, notice.
func TestLoop(t *testing.T) {
	w := start(t, Options{}, nil)
	w.gateway.options.Upstream.Host = w.address
	if a := w.send("GET /a"); a.status != 508 || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %q", a.status, a.header, a.body)
	}
	inner, outer := w.record(), w.record()
	if inner["cache"] != "refused" || inner["reason"] != "loop" || outer["cache"] != "miss" || outer["status"] != 508.0 {
		t.Errorf("logged %v, then %v", inner, outer)
	}
	if n := w.gateway.cache.Stats().Records; n != 0 {
		t.Errorf("%d records", n)
	}
}

// A gateway before this one is no loop.
func TestVia(t *testing.T) {
	w := start(t, Options{}, nil)
	if a := w.send("GET /a", "Via: 1.1 bearcache-AAAAAAAAAAAAAAAA"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	if got := (<-w.seen).Header.Get("Via"); got != "1.1 bearcache-AAAAAAAAAAAAAAAA, 1.1 "+w.gateway.pseudonym {
		t.Errorf("Via: %s", got)
	}
}

// Below a base nothing is asked for that a reading of dots and slashes takes out of it.
func TestBaseIsNotLeft(t *testing.T) {
	for target, status := range map[string]int{
		"/a":                             200,
		"/a/b.c/..d/e..?f/../g":          200,
		"/...":                           200,
		"/a%2Fb;c=d":                     200,
		"/..":                            400,
		"/.":                             400,
		"/../secret":                     400,
		"/a/../../secret":                400,
		"/a/./b":                         400,
		"/%2e%2e/secret":                 400,
		"/.%2E/secret":                   400,
		"/x/..%2f..%2fsecret":            400,
		"/x%2f..%2fsecret":               400,
		"/%252e%252e/secret":             400,
		"/..%252fsecret":                 400,
		"/..;/secret":                    400,
		"/..;a=b/secret":                 400,
		"/..%3Ba/secret":                 400,
		"/..%3Fa":                        400,
		"/..%23a":                        400,
		"/..%00/secret":                  400,
		`/..\secret`:                     400,
		"/a%5C..%5Csecret":               400,
		"/a\\..":                         400,
		"http://api.test/base/../secret": 400,
		"/base/..%5c/secret?/a":          400,
	} {
		w := start(t, Options{Upstream: &url.URL{Path: "/base"}}, nil)
		if a := w.send("GET " + target); a.status != status {
			t.Errorf("%s: %d %q, want %d", target, a.status, a.body, status)
		}
		if r := w.record(); status == 400 && (r["cache"] != "refused" || r["reason"] != "target") {
			t.Errorf("%s is logged as %v", target, r)
		}
		if asked := w.calls.Load() > 0; asked != (status == 200) {
			t.Errorf("%s: the origin was asked: %v", target, asked)
		}
	}
}

// Who is asked to pass a request on no further answers it (RFC 9110 §7.6.2).
func TestMaxForwards(t *testing.T) {
	for _, tt := range []struct {
		first  string
		fields []string
		status int
		passed string // what the origin saw
	}{
		{"OPTIONS /a", []string{"Max-Forwards: 0"}, 200, ""},
		{"OPTIONS /a", []string{"Max-Forwards:  00 "}, 200, ""},
		{"OPTIONS /a", []string{"Max-Forwards: 1"}, 200, "0"},
		{"OPTIONS /a", []string{"Max-Forwards: 10"}, 200, "9"},
		{"OPTIONS /a", []string{"Max-Forwards: 99999999999999999999999"}, 200, "18446744073709551614"},
		{"OPTIONS /a", []string{"Max-Forwards: x"}, 400, ""},
		{"OPTIONS /a", []string{"Max-Forwards: -1"}, 400, ""},
		{"OPTIONS /a", []string{"Max-Forwards:"}, 400, ""},
		{"OPTIONS /a", []string{"Max-Forwards: 1", "Max-Forwards: 0"}, 400, ""},
		{"TRACE /a", []string{"Max-Forwards: 0"}, 501, ""},
		{"GET /a", []string{"Max-Forwards: 0"}, 200, "0"}, // means nothing there
	} {
		w := start(t, Options{}, nil)
		if a := w.send(tt.first, tt.fields...); a.status != tt.status {
			t.Errorf("%s %v: %d %q", tt.first, tt.fields, a.status, a.body)
		}
		if w.record(); w.calls.Load() == 0 {
			if tt.passed != "" {
				t.Errorf("%s %v: not passed on", tt.first, tt.fields)
			}
			continue
		}
		if got := strings.Join((<-w.seen).Header["Max-Forwards"], "|"); got != tt.passed {
			t.Errorf("%s %v: the origin saw %q, want %q", tt.first, tt.fields, got, tt.passed)
		}
	}
}
