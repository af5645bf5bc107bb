package gateway

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache"
)

// world is a gateway on a real listener in front of a real origin.
type world struct {
	t       *testing.T
	gateway *Gateway
	address string // of the gateway
	calls   atomic.Int64
	seen    chan *http.Request // what the origin got
	records chan []byte        // the lines of the access log
}

func newGateway(t *testing.T, o Options) *Gateway {
	t.Helper()
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// lines is where an access log is written to.
type lines chan []byte

func (l lines) Write(p []byte) (int, error) { l <- append([]byte(nil), p...); return len(p), nil }

// start puts a gateway in front of origin; nil: one that greets by Authorization, for a minute.
func start(t *testing.T, o Options, origin http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t, seen: make(chan *http.Request, 100), records: make(chan []byte, 100)}
	if origin == nil {
		origin = func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Cache-Control", "max-age=60")
			fmt.Fprintf(out, "hello %s", r.Header.Get("Authorization"))
		}
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.calls.Add(1)
		w.seen <- r
		origin(out, r)
	}))
	t.Cleanup(upstream.Close)
	if o.Upstream == nil {
		o.Upstream, _ = url.Parse(upstream.URL)
	} else {
		o.Upstream.Scheme, o.Upstream.Host = "http", upstream.Listener.Addr().String()
	}
	o.Access = slog.New(slog.NewJSONHandler(lines(w.records), nil))
	w.gateway = newGateway(t, o)
	front := httptest.NewUnstartedServer(w.gateway)
	front.Config.ErrorLog = w.gateway.ErrorLog()
	front.Config.DisableGeneralOptionsHandler = true // as the command has it: the gateway answers OPTIONS *
	front.Start()
	t.Cleanup(front.Close)
	w.address = front.Listener.Addr().String()
	return w
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // the body broke off
}

// send writes a request as it stands, without the help of a client that would tidy it up.
func (w *world) send(first string, fields ...string) answer {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() }) // not earlier: the answer to a client that left is not stored
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	method, _, _ := strings.Cut(first, " ")
	io.WriteString(conn, first+" HTTP/1.1\r\nHost: api.test\r\n"+strings.Join(append(fields, "", ""), "\r\n"))
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return answer{err: err} // with a status of 0, which no test expects
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), err}
}

// counts are what the cache knows at once; the rest of its Stats is settled later.
func (w *world) counts() [2]uint64 {
	s := w.gateway.cache.Stats()
	return [2]uint64{s.Hits, s.Forwards}
}

// record is the next line of the access log, which is written when its response is out already.
func (w *world) record() map[string]any {
	w.t.Helper()
	select {
	case line := <-w.records:
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			w.t.Fatal(err)
		}
		return m
	case <-time.After(5 * time.Second):
		w.t.Fatal("no line in the access log")
		return nil
	}
}

// What is not one request for one response never gets to the origin.
func TestLimits(t *testing.T) {
	w := start(t, Options{}, nil)
	for _, tt := range []struct {
		name, first string
		fields      []string
		status      int
		asked       bool
	}{
		{"an ordinary request", "GET /a", nil, 200, true},
		{"CONNECT", "CONNECT api.test:443", nil, 501, false},
		{"CONNECT with a path", "CONNECT /a", nil, 501, false},
		{"TRACE", "TRACE /a", nil, 501, false},
		{"a websocket", "GET /b", []string{"Connection: Upgrade", "Upgrade: websocket"}, 501, false},
		{"an upgrade that no Connection speaks of", "GET /b", []string{"Upgrade: websocket"}, 501, false},
		{"h2c among others", "GET /b", []string{"Connection: Upgrade", "Upgrade: h2c, websocket"}, 501, false},
		{"h2c and another line", "GET /b", []string{"Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"}, 501, false},
		{"an empty upgrade", "GET /b", []string{"Upgrade:"}, 501, false},
		{"an offer of h2c may be ignored", "GET /c", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: H2C", "HTTP2-Settings: AAMA"}, 200, true},
		{"absolute-form of this host", "GET http://api.test/d", nil, 200, true},
		{"absolute-form with user information", "GET http://u:p@api.test/e", nil, 400, false},
		{"no hierarchy", "GET mailto:alice", nil, 400, false},
		{"a host alone", "GET http://api.test", nil, 400, false},
		{"an asterisk for a resource", "GET *", nil, 400, false},
		{"an asterisk for the server", "OPTIONS *", nil, 400, false},
		{"an asterisk that would change something", "POST *", []string{"Content-Length: 0"}, 400, false},
		{"a path that looks like an authority", "GET //other.test/f", nil, 200, true},
		{"an unknown method", "FROB /g", nil, 200, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.calls.Load()
			a := w.send(tt.first, tt.fields...)
			if a.status != tt.status {
				t.Errorf("%d %q, want %d", a.status, a.body, tt.status)
			}
			if asked := w.calls.Load() > before; asked != tt.asked {
				t.Errorf("the origin was asked: %v", asked)
			}
			if tt.status >= 400 && a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("a refusal may be stored: %v", a.header)
			}
			if strings.Contains(a.body, "alice") || strings.Contains(a.body, "u:p") {
				t.Errorf("the refusal repeats the request: %q", a.body)
			}
			r := w.record()
			if r["status"] != float64(tt.status) || (r["cache"] == "refused") != !tt.asked || r["reason"] == "" && !tt.asked {
				t.Errorf("logged: %v", r)
			}
		})
	}
}

// Whoever calls the handler may have a Host and a target that disagree; net/http itself lets the
// target win (RFC 9112 §3.2.2), and then the key and the origin see that one.
func TestAbsoluteForm(t *testing.T) {
	w := start(t, Options{}, nil)
	if a := w.send("GET http://other.test/a"); a.status != 200 {
		t.Fatalf("%d", a.status)
	}
	if r := <-w.seen; r.Host != "other.test" || r.Header.Get("X-Forwarded-Host") != "other.test" || r.RequestURI != "/a" {
		t.Errorf("the origin saw %s of %s", r.RequestURI, r.Host)
	}
	if a := w.send("GET /a"); strings.Contains(a.header.Get("Cache-Status"), "; hit") {
		t.Error("another host's response was served")
	}
	r := httptest.NewRequest("GET", "http://other.test/a", nil)
	r.Host = "api.test"
	out := httptest.NewRecorder()
	w.gateway.ServeHTTP(out, r)
	if out.Code != http.StatusBadRequest || w.calls.Load() != 2 {
		t.Errorf("a target of another host: %d, %d calls", out.Code, w.calls.Load())
	}
}

// No field gets through that makes an origin answer another request than the one keyed, in any
// spelling that net/http or a CGI variable takes for it.
func TestOverridesAreDropped(t *testing.T) {
	w := start(t, Options{}, nil)
	for _, field := range []string{
		"X-Original-URL", "x-original-url", "X-Original-URI", "X-Rewrite-URL", "X-Original-Host", "X-Host", "X-HTTP-Host-Override",
		"X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Original-Method", "X-Script-Name", "Proxy",
		"X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Protocol",
		"X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Method", "X-Scheme", "X-Url-Scheme", "X-Real-Ip", "Front-End-Https",
		"X_Original_URL", "X_HTTP_METHOD_OVERRIDE", "X_Forwarded_Host", "X-Forwarded_Host", "Content_Length", "X.Forwarded.Host", "X_", "_",
	} {
		if a := w.send("GET /"+url.PathEscape(field), field+": planted"); a.status != 200 {
			t.Errorf("%s: %d", field, a.status)
			continue
		}
		for name, values := range (<-w.seen).Header {
			if strings.Contains(strings.Join(values, ""), "planted") {
				t.Errorf("%s reached the origin as %s", field, name)
			}
		}
	}
	// Several at once, since the fields are copied when the first of them goes.
	w.send("GET /several", "X_A: planted", "X-Host: planted", "X_B: planted", "X.C: planted", "Upgrade: h2c", "Accept-Language: de", "X-Request-Id: 7")
	want := http.Header{"Accept-Language": {"de"}, "X-Request-Id": {"7"}, "X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {"api.test"}, "X-Forwarded-Proto": {"http"},
		"Surrogate-Capability": {capability}}
	got := (<-w.seen).Header
	delete(got, "User-Agent")
	delete(got, "Via")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the origin saw (-want +got):\n%s", diff)
	}
}

// The origin gets the bytes that the key was made of, and what the gateway knows of the client
// instead of what the client says.
func TestUpstreamGetsTheRequestAsItIs(t *testing.T) {
	for _, tt := range []struct{ name, base, target, want string }{
		{"encoded slash, semicolon, broken encoding", "", "/a%2Fb?x=1;y=%zz&z", "/a%2Fb?x=1;y=%zz&z"},
		{"needless encoding", "", "/%61?%61=%62", "/%61?%61=%62"},
		{"case of hexadecimal digits", "", "/%c3%A9", "/%c3%A9"},
		{"an empty query", "", "/a?", "/a?"},
		{"two question marks", "", "/a??b", "/a??b"},
		{"dots and double slashes", "", "/a/../b//c/./", "/a/../b//c/./"},
		{"a plus and a space", "", "/a+b%20c?d+e%20f", "/a+b%20c?d+e%20f"},
		{"parameters of segments", "", "/a;b=c/d", "/a;b=c/d"},
		{"the root", "", "/", "/"},
		{"below a base", "/base", "/a%2Fb?x;y", "/base/a%2Fb?x;y"},
		{"below a base with a slash", "/base/", "/a?x", "/base/a?x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := start(t, Options{Upstream: &url.URL{Path: tt.base}}, nil)
			a := w.send("GET "+tt.target, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https",
				"Forwarded: host=evil.test", "Authorization: Bearer abc", "Connection: X-Hop", "X-Hop: 1")
			if a.status != 200 || a.body != "hello Bearer abc" {
				t.Fatalf("%d %q", a.status, a.body)
			}
			r := <-w.seen
			if r.RequestURI != tt.want || r.Host != "api.test" {
				t.Errorf("the origin saw %s of %s, want %s", r.RequestURI, r.Host, tt.want)
			}
			want := map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "api.test", "X-Forwarded-Proto": "http", "Forwarded": "", "X-Hop": ""}
			for name, value := range want {
				if got := strings.Join(r.Header[name], "|"); got != value {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}
		})
	}
}

// An upstream that gives no answer is the gateway's to answer for, and nothing of that is stored.
func TestUpstreamFails(t *testing.T) {
	closed := httptest.NewServer(nil)
	down := closed.Listener.Addr().String()
	closed.Close()
	for _, tt := range []struct {
		name   string
		origin http.HandlerFunc // nil: nobody listens
		status int
	}{
		{"nobody listens", nil, 502},
		{"it hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 502},
		{"it talks nonsense", func(out http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(out).Hijack()
			io.WriteString(conn, "SSH-2.0-x\r\n")
			conn.Close()
		}, 502},
		{"it switches protocols unasked", func(out http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(out).Hijack()
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			conn.Close()
		}, 502},
		{"it is too slow", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		}, 504},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := start(t, Options{Timeout: 100 * time.Millisecond}, tt.origin)
			if tt.origin == nil {
				w.gateway.options.Upstream.Host = down
			}
			for range 2 {
				a := w.send("GET /a", "Authorization: Bearer abc")
				if a.status != tt.status || a.header.Get("Cache-Control") != "private, no-store" || strings.Contains(a.body, "127.0.0.1") {
					t.Errorf("%d %v %q", a.status, a.header, a.body)
				}
				if strings.Contains(a.header.Get("Cache-Status"), "hit") || strings.Contains(a.header.Get("Cache-Status"), "stored") {
					t.Errorf("Cache-Status: %s", a.header.Get("Cache-Status"))
				}
				if r := w.record(); r["status"] != float64(tt.status) || r["cache"] != "miss" {
					t.Errorf("logged: %v", r)
				}
			}
			if n := w.gateway.cache.Stats().Records; n != 0 {
				t.Errorf("%d records were stored", n)
			}
		})
	}
}

// The policy of a route reaches the cache, and its name the log.
func TestRoutePolicy(t *testing.T) {
	for _, tt := range []struct {
		name        string
		policy      bearcache.Policy
		alice, bob  string // the second time alice asks, and when bob asks then
		seenByFirst string
	}{
		{"none", bearcache.Policy{}, "hit", "miss", "Bearer alice"},
		{"off", bearcache.Policy{Off: true}, "bypass", "bypass", "Bearer alice"},
		{"public", bearcache.Policy{Public: true}, "hit", "hit", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			route := func(method, path string) Route {
				if method != "GET" || path != "/a%2Fb" {
					t.Errorf("asked for the policy of %s %s", method, path)
				}
				return Route{Policy: tt.policy, Name: "the route"}
			}
			w := start(t, Options{Route: route}, nil)
			for i, want := range []string{"", tt.alice, tt.bob} {
				w.send("GET /a%2Fb?c", "Authorization: Bearer "+[]string{"alice", "alice", "bob"}[i])
				if r := w.record(); want != "" && r["cache"] != want || r["route"] != "the route" {
					t.Errorf("request %d: %v, want %s", i, r, want)
				}
			}
			if got := (<-w.seen).Header.Get("Authorization"); got != tt.seenByFirst {
				t.Errorf("the origin saw %q", got)
			}
		})
	}
}

func TestNew(t *testing.T) {
	good := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	for _, tt := range []struct {
		name string
		o    Options
		ok   bool
	}{
		{"an upstream is enough", Options{Upstream: good}, true},
		{"https", Options{Upstream: &url.URL{Scheme: "https", Host: "api.test"}}, true},
		{"no upstream", Options{}, false},
		{"no host", Options{Upstream: &url.URL{Scheme: "http", Path: "/"}}, false},
		{"another scheme", Options{Upstream: &url.URL{Scheme: "file", Host: "h"}}, false},
		{"a cache that cannot be", Options{Upstream: good, Cache: &bearcache.Cache{Secret: []byte("short")}}, false},
	} {
		if g, err := New(tt.o); (err == nil) != tt.ok || (g != nil) != tt.ok {
			t.Errorf("%s: %v, %v", tt.name, g, err)
		}
	}
}

// What the gateway answers for itself claims no status of an origin that gave none (RFC 9211 §2, §2.3).
func TestOwnAnswersClaimNothing(t *testing.T) {
	down := httptest.NewServer(nil)
	closed := down.Listener.Addr().String()
	down.Close()
	w := start(t, Options{Timeout: 200 * time.Millisecond}, func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}
		out.Header().Set("ETag", `"a"`)
		if out.Header().Set("Cache-Control", "max-age=0, stale-if-error=60"); r.URL.Path == "/error" {
			out.WriteHeader(http.StatusBadGateway)
		}
	})
	const bridged = "bearcache; fwd=stale; ttl=0; detail=stale-on-error"
	w.send("GET /a")
	for _, tt := range []struct {
		name, first string
		fields      []string
		status      int
		want        string
	}{
		{"the origin's own 502", "GET /error", nil, 502, "bearcache; fwd=uri-miss; fwd-status=502; detail=no-lifetime"},
		{"too slow", "GET /slow", nil, 504, ""},
		{"too slow, with a token", "GET /slow", []string{"Authorization: Bearer abc"}, 504, ""},
		{"broken content", "POST /slow", []string{"Transfer-Encoding: chunked\r\n\r\nZ"}, 400, ""},
		{"nothing there", "GET /b", nil, 502, ""},
		{"nothing there, and something stored", "GET /a", nil, 200, bridged},
	} {
		if tt.status == 502 && tt.want == "" {
			w.gateway.options.Upstream.Host = closed
		}
		a := w.send(tt.first, tt.fields...)
		got := a.header.Get("Cache-Status")
		if tt.want == bridged { // the age of what is stored counts
			got = strings.Replace(got, "ttl=-1;", "ttl=0;", 1)
		}
		if a.status != tt.status || got != tt.want {
			t.Errorf("%s: %d, %q, want %q", tt.name, a.status, got, tt.want)
		}
	}
}
