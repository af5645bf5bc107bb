package bearcache

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tripper is a Base that needs no network.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answers is a response as a Base makes it, its length not known.
func answers(body io.Reader, lines ...string) *http.Response {
	return &http.Response{StatusCode: 200, Header: header(lines...), Body: io.NopCloser(body), ContentLength: -1}
}

func outgoing(t *testing.T, method, target string, lines ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header(lines...)
	return r
}

// fetch is a whole exchange: the response and its body.
func fetch(t *testing.T, rt http.RoundTripper, r *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body := text(t, resp)
	resp.Body.Close()
	return resp, body
}

// The readers of TestReaders that a client can be, over real connections.
func TestTransportReaders(t *testing.T) {
	alice, bob := "Authorization: Bearer alice-token", "Authorization: Bearer bob-token"
	for _, tt := range []struct {
		name          string
		origin        http.Header
		first, second []string
		status        string
	}{
		{"the same bearer again", header(fresh), []string{alice}, []string{alice}, "bearcache; hit; ttl="},
		{"another bearer", header(fresh), []string{alice}, []string{bob}, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"nobody after a bearer", header(fresh), []string{alice}, nil, "bearcache; fwd=uri-miss"},
		{"a bearer after nobody", header("Cache-Control: public, max-age=60"), nil, []string{alice}, "bearcache; fwd=uri-miss"},
		{"nobody after nobody", header(fresh), nil, nil, "bearcache; hit"},
		{"another cookie", header(fresh), []string{"Cookie: a=1"}, []string{"Cookie: a=2"}, "bearcache; fwd=uri-miss"},
		{"a field that nobody listed", header(fresh), []string{"X-Tenant: 1"}, []string{"X-Tenant: 1"}, "bearcache; fwd=bypass"},
		{"a part", header(fresh), []string{alice}, []string{alice, "Range: bytes=0-99"}, "bearcache; hit"},
		{"Vary, another language", header(fresh, "Vary: Accept-Language"), []string{"Accept-Language: de"}, []string{"Accept-Language: en"}, "bearcache; fwd=vary-miss"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(&origin{header: tt.origin})
			defer srv.Close()
			rt := &Transport{Base: srv.Client().Transport}
			fetch(t, rt, outgoing(t, "GET", srv.URL+"/me", tt.first...))
			r := outgoing(t, "GET", srv.URL+"/me", tt.second...)
			resp, body := fetch(t, rt, r)
			if got := resp.Header.Get("Cache-Status"); !strings.HasPrefix(got, tt.status) {
				t.Errorf("Cache-Status = %q, want %q", got, tt.status)
			}
			if !strings.HasPrefix(body, owner(r)+" ") {
				t.Error("the body was made for another reader")
			}
			if told := len(tt.second) > 0 && strings.HasPrefix(tt.second[0], "Authorization"); told && !strings.Contains(resp.Header.Get("Cache-Control"), "private") {
				t.Errorf("not hardened: %v", resp.Header)
			}
		})
	}
}

// A hit says what the miss said, and both what net/http's own Transport does.
func TestTransportHitEqualsMiss(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header()["X-Two"] = []string{"1", "2"}
		switch r.URL.Path {
		case "/empty":
			w.WriteHeader(204)
		case "/unknown":
			w.WriteHeader(404)
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			io.WriteString(w, "<html>")
		default:
			io.WriteString(w, strings.Repeat("<html>", 1000))
		}
	}))
	defer srv.Close()
	base := srv.Client().Transport
	rt := &Transport{Base: base}
	for _, path := range []string{"", "/known?q=1", "/unknown", "/empty"} {
		for _, method := range []string{"GET", "HEAD"} {
			r := outgoing(t, method, srv.URL+path, "Authorization: Bearer a")
			plain, want := fetch(t, base, r)
			for i := range 2 {
				resp, got := fetch(t, rt, r)
				name := fmt.Sprintf("%s %s, %d", method, path, i)
				if got != want || resp.StatusCode != plain.StatusCode || resp.Status != plain.Status || resp.Proto != plain.Proto || resp.ProtoMajor != 1 {
					t.Errorf("%s: %s %s, %d bytes; want %s, %d bytes", name, resp.Proto, resp.Status, len(got), plain.Status, len(want))
				}
				if resp.Request != r {
					t.Errorf("%s: Response.Request is another", name)
				}
				hit := i == 1 || method == "HEAD" // HEAD comes after GET
				if got := strings.Contains(resp.Header.Get("Cache-Status"), "; hit"); got != hit {
					t.Errorf("%s: %s", name, resp.Header.Get("Cache-Status"))
				}
				if n := resp.ContentLength; !hit && n != plain.ContentLength || hit && method == "GET" && n != int64(len(want)) {
					t.Errorf("%s: ContentLength %d, want %d", name, n, plain.ContentLength)
				}
				h := maps.Clone(resp.Header)
				for _, name := range []string{"Cache-Status", "Age", "Vary", "Date", "Content-Length"} {
					delete(h, name)
				}
				if diff := cmp.Diff(header("Cache-Control: private, max-age=60", "X-Two: 1", "X-Two: 2"), h); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		}
	}
}

func TestTransportStreams(t *testing.T) {
	more := make(chan bool)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		if r.URL.Path == "/announced" {
			w.Header().Set("Content-Length", "4")
		}
		for _, part := range []string{"1\n", "2\n"} {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
			<-more
		}
	}))
	defer srv.Close()
	rt := &Transport{Base: srv.Client().Transport}
	for _, path := range []string{"/announced", "/not"} {
		resp, err := rt.RoundTrip(outgoing(t, "GET", srv.URL+path))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(resp.Body)
		if line, err := lines.ReadString('\n'); line != "1\n" || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		more <- true // what was read above came before this
		more <- true
		if rest, err := io.ReadAll(lines); string(rest) != "2\n" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
		if resp, body := fetch(t, rt, outgoing(t, "GET", srv.URL+path)); body != "1\n2\n" || !strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
			t.Errorf("again: %q, %s", body, resp.Header.Get("Cache-Status"))
		}
	}
}

// A reader that knows by the length that it has everything closes the body and ends its context, and
// what it read is stored all the same.
func TestTransportReadToTheAnnouncedEnd(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "12345")
	}))
	defer srv.Close()
	rt := &Transport{Base: srv.Client().Transport}
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := rt.RoundTrip(outgoing(t, "GET", fmt.Sprint(srv.URL, "/", i/2)).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		cancel()
		if hit := strings.Contains(resp.Header.Get("Cache-Status"), "; hit"); hit != (i%2 == 1) {
			t.Errorf("%d: %s", i, resp.Header.Get("Cache-Status"))
		}
	}
}

// In a bubble nothing may be left over: a goroutine that waits for ever fails the test.
func TestTransportClosedEarly(t *testing.T) {
	for _, tt := range []struct {
		name   string
		after  string // what the origin sends once the body is closed; "": it goes on being silent
		ends   bool   // and then it ends
		stored bool
	}{
		{"the origin has more to say", "2", true, false},
		{"the origin is silent", "", false, false},
		{"the origin had said everything", "", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended context.Context
				calls := 0
				rt := &Transport{Base: tripper(func(r *http.Request) (*http.Response, error) {
					calls++
					ended = r.Context()
					pr, pw := io.Pipe()
					go func() {
						io.WriteString(pw, "1")
						time.Sleep(grace / 2)
						if tt.after != "" {
							io.WriteString(pw, tt.after)
						}
						if tt.ends {
							pw.Close()
						}
						<-r.Context().Done()
						pw.CloseWithError(r.Context().Err())
					}()
					return answers(pr, fresh), nil
				})}
				for range 2 {
					resp, err := rt.RoundTrip(outgoing(t, "GET", "http://api.test/"))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
						t.Fatal(err)
					}
					if err := resp.Body.Close(); err != nil {
						t.Error(err)
					}
					time.Sleep(grace)
					synctest.Wait()
					if ended.Err() == nil {
						t.Error("the exchange with the origin goes on")
					}
				}
				if stored := calls == 1; stored != tt.stored {
					t.Errorf("stored: %v, want %v", stored, tt.stored)
				}
			})
		})
	}
}

func TestTransportContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := &Transport{Base: tripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/silent" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answers(io.MultiReader(strings.NewReader("1"), iotest.ErrReader(errors.New("never")), r.Body), fresh), nil
		})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := rt.RoundTrip(outgoing(t, "GET", "http://api.test/silent").WithContext(ctx)); err != context.DeadlineExceeded {
			t.Errorf("err = %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		resp, err := rt.RoundTrip(outgoing(t, "GET", "http://api.test/").WithContext(ctx)) // and nobody reads it
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if _, err := resp.Body.Read(make([]byte, 1)); err != context.Canceled {
			t.Errorf("Read after the end of the context: %v", err)
		}
		if n := rt.own.Stats().Records; n != 0 {
			t.Error("something was stored")
		}
	})
}

func TestTransportErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		base tripper
		err  error // of RoundTrip
		read error // of Body.Read
	}{
		{"Base fails", func(*http.Request) (*http.Response, error) { return nil, broken }, broken, nil},
		{"Base says nothing", func(*http.Request) (*http.Response, error) { return nil, nil }, errNoResponse, nil},
		{"the body breaks off", func(*http.Request) (*http.Response, error) {
			return answers(io.MultiReader(strings.NewReader("1"), iotest.ErrReader(broken)), fresh), nil
		}, nil, broken},
		{"the body breaks off at once", func(*http.Request) (*http.Response, error) { return answers(iotest.ErrReader(broken), fresh), nil }, nil, broken},
		{"less than the field announces", func(*http.Request) (*http.Response, error) {
			return answers(strings.NewReader("1"), fresh, "Content-Length: 2"), nil
		}, nil, io.ErrUnexpectedEOF},
		{"less than Base announces", func(*http.Request) (*http.Response, error) {
			resp := answers(strings.NewReader("1"), fresh)
			resp.ContentLength = 2
			return resp, nil
		}, nil, io.ErrUnexpectedEOF},
		{"nothing, and something was announced", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: header(fresh, "Content-Length: 2")}, nil
		}, io.ErrUnexpectedEOF, nil},
		{"more than the field announces", func(*http.Request) (*http.Response, error) {
			return answers(io.MultiReader(strings.NewReader("1"), strings.NewReader("23")), fresh, "Content-Length: 2"), nil
		}, nil, http.ErrContentLength},
		{"the body panics", func(*http.Request) (*http.Response, error) {
			return answers(readerFunc(func([]byte) (int, error) { panic("body") }), fresh), nil
		}, nil, errPanicked},
		{"a 502 is a response", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 502, Header: header(fresh)}, nil
		}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stored atomic.Bool
			rt := &Transport{Base: tt.base, Cache: &Cache{Observe: func(e Event) { stored.Store(e.Store == "stored") }}}
			for range 2 { // what was stored would answer the second
				resp, err := rt.RoundTrip(outgoing(t, "GET", "http://api.test/", "Authorization: Bearer a"))
				if err != tt.err {
					t.Fatalf("RoundTrip: %v, want %v", err, tt.err)
				}
				if err != nil {
					continue
				}
				if _, err := io.ReadAll(resp.Body); err != tt.read {
					t.Errorf("Read: %v, want %v", err, tt.read)
				}
				resp.Body.Close()
			}
			if stored.Load() || rt.Cache.Stats().Hits != 0 {
				t.Error("it was stored")
			}
		})
	}
	t.Run("Base panics", func(t *testing.T) {
		defer func() {
			if p := recover(); p != "base" {
				t.Errorf("recovered %v", p)
			}
		}()
		(&Transport{Base: tripper(func(*http.Request) (*http.Response, error) { panic("base") })}).RoundTrip(outgoing(t, "GET", "http://api.test/"))
	})
	t.Run("the Cache is wrong", func(t *testing.T) {
		body := &closing{Reader: strings.NewReader("1")}
		r := outgoing(t, "POST", "http://api.test/")
		r.Body = body
		if _, err := (&Transport{Cache: &Cache{Secret: []byte("short")}}).RoundTrip(r); err != ErrSecret || body.closed.Load() == 0 {
			t.Errorf("err = %v, body closed %d times", err, body.closed.Load())
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// closing counts how often a request's body is closed.
type closing struct {
	io.Reader
	closed atomic.Int64
}

func (c *closing) Close() error { c.closed.Add(1); return nil }

// The request is passed on as its sender made it, is not changed, and its body is closed by somebody.
func TestTransportRequest(t *testing.T) {
	var seen *http.Request
	var sent string
	rt := &Transport{Base: tripper(func(r *http.Request) (*http.Response, error) {
		seen = r
		if r.Body != nil {
			b, _ := io.ReadAll(r.Body)
			r.Body.Close()
			sent = string(b)
		}
		return answers(strings.NewReader("ok"), fresh), nil
	})}
	body := &closing{Reader: strings.NewReader("content")}
	r := outgoing(t, "POST", "https://user:secret@API.test?q=1#part", "Authorization: Bearer a")
	r.Body, r.GetBody = body, func() (io.ReadCloser, error) { return body, nil }
	before, url := *r, *r.URL
	fetch(t, rt, r)
	if sent != "content" || body.closed.Load() == 0 {
		t.Errorf("Base received %q; closed %d times", sent, body.closed.Load())
	}
	if seen.RequestURI != "" || seen.TLS != nil || seen.ContentLength != -1 || seen.GetBody == nil || seen.URL.String() != "https://user:secret@API.test/?q=1#part" {
		t.Errorf("Base received %+v", seen)
	}
	if *r.URL != url || r.Host != before.Host || r.RequestURI != "" || r.TLS != nil || r.ContentLength != 0 || r.Body != io.ReadCloser(body) || len(r.Header) != 1 {
		t.Errorf("the request was changed: %+v", r)
	}

	asked := outgoing(t, "GET", "http://api.test/content")
	asked.Method = "" // GET
	fetch(t, rt, asked)
	seen = nil
	if resp, body := fetch(t, rt, asked); seen != nil || body != "ok" {
		t.Errorf("no hit: %v", resp.Header)
	}
	body = &closing{Reader: strings.NewReader("")}
	asked.Body = body
	if fetch(t, rt, asked); seen == nil || body.closed.Load() == 0 {
		t.Error("a GET with content was answered from the cache, or its body not closed")
	}

	body = &closing{Reader: strings.NewReader("")}
	asked.Body = body
	rt = &Transport{Cache: &Cache{Policy: func(*http.Request) Policy { panic("policy") }}}
	func() {
		defer func() { recover() }()
		rt.RoundTrip(asked)
	}()
	if body.closed.Load() == 0 {
		t.Error("the body of a request that never reached Base was not closed")
	}
}

// What is no request for a resource by HTTP is none of the cache's business.
func TestTransportPassesOthersOn(t *testing.T) {
	calls := 0
	rt := &Transport{Base: tripper(func(r *http.Request) (*http.Response, error) {
		calls++
		return answers(strings.NewReader("ok"), fresh), nil
	})}
	for _, r := range []*http.Request{outgoing(t, "GET", "file:///etc/hosts"), outgoing(t, "GET", "unix://api.test/"), outgoing(t, "CONNECT", "http://api.test/")} {
		for range 2 {
			if resp, _ := fetch(t, rt, r); resp.Header.Get("Cache-Status") != "" {
				t.Errorf("%s %s went through the cache", r.Method, r.URL)
			}
		}
	}
	if calls != 6 {
		t.Errorf("%d calls", calls)
	}
}

func TestTransportSwitchesProtocols(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.CopyN(conn, conn, 4)
	}))
	defer srv.Close()
	r := outgoing(t, "GET", srv.URL, "Connection: Upgrade", "Upgrade: echo")
	resp, err := (&Transport{Base: srv.Client().Transport}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok || resp.StatusCode != 101 || resp.Request != r {
		t.Fatalf("%+v", resp)
	}
	defer conn.Close()
	io.WriteString(conn, "ping")
	if got := text(t, resp); got != "ping" {
		t.Errorf("%q", got)
	}
}

func TestTransportTrailers(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Trailer", "X-Sum, X-Never")
		io.WriteString(w, "body")
		w.(http.Flusher).Flush()
		w.Header().Set("X-Sum", "1")
		if r.URL.Path == "/more" {
			w.Header().Set(http.TrailerPrefix+"X-More", "2")
		}
	}))
	defer srv.Close()
	rt := &Transport{Base: srv.Client().Transport}
	for path, want := range map[string]http.Header{"/": {"X-Sum": {"1"}, "X-Never": nil}, "/more": {"X-Sum": {"1"}, "X-More": {"2"}, "X-Never": nil}} {
		for range 2 {
			resp, err := rt.RoundTrip(outgoing(t, "GET", srv.URL+path))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(http.Header{"X-Sum": nil, "X-Never": nil}, resp.Trailer); diff != "" || resp.Header["Trailer"] != nil {
				t.Errorf("%s, before the body (-want +got):\n%s%v", path, diff, resp.Header)
			}
			text(t, resp)
			if diff := cmp.Diff(want, resp.Trailer); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
			if strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
				t.Error("a hit has lost the trailers")
			}
		}
	}
}

// A client's own trace hears each informational response once.
func TestTransportInformational(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "body")
	}))
	defer srv.Close()
	var heard []int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		heard = append(heard, code)
		return nil
	}})
	rt := &Transport{Base: srv.Client().Transport}
	for range 2 {
		if resp, body := fetch(t, rt, outgoing(t, "GET", srv.URL).WithContext(ctx)); resp.StatusCode != 200 || body != "body" {
			t.Errorf("%s %q", resp.Status, body)
		}
	}
	if diff := cmp.Diff([]int{103}, heard); diff != "" {
		t.Error(diff)
	}
}

// net/http's Transport asks for gzip by itself and takes it off again. The cache sees, and stores,
// what the client sees.
func TestTransportUncompresses(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Vary", "Accept-Encoding")
		if r.Header.Get("Accept-Encoding") != "gzip" {
			io.WriteString(w, "plain")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(gzipped("coded"))
	}))
	defer srv.Close()
	rt := &Transport{Base: srv.Client().Transport}
	for i := range 2 {
		resp, body := fetch(t, rt, outgoing(t, "GET", srv.URL))
		if body != "coded" || resp.Header["Content-Encoding"] != nil {
			t.Errorf("%q %v", body, resp.Header)
		}
		if miss := i == 0; miss && (!resp.Uncompressed || resp.ContentLength != -1 || resp.Header["Content-Length"] != nil) ||
			!miss && (resp.Uncompressed || resp.ContentLength != 5 || resp.Header.Get("Content-Length") != "5") {
			t.Errorf("%d: Uncompressed %v, ContentLength %d, %v", i, resp.Uncompressed, resp.ContentLength, resp.Header)
		}
	}
	if resp, body := fetch(t, rt, outgoing(t, "GET", srv.URL, "Accept-Encoding: gzip")); body == "coded" || resp.Header.Get("Content-Encoding") != "gzip" || resp.Uncompressed {
		t.Errorf("who asks for gzip gets it: %q %v", body, resp.Header)
	}
	if _, body := fetch(t, rt, outgoing(t, "GET", srv.URL, "Accept-Encoding: identity")); body != "plain" {
		t.Errorf("%q", body)
	}
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

// A certificate tells the origin who asks, and no field of the request tells the cache.
func TestTransportClientCertificate(t *testing.T) {
	o := &origin{header: header("Cache-Control: public, max-age=60")}
	srv := httptest.NewTLSServer(o)
	defer srv.Close()
	base := srv.Client().Transport.(*http.Transport)
	cache := new(Cache)
	fetch(t, &Transport{Cache: cache, Base: base}, outgoing(t, "GET", srv.URL))
	if resp, _ := fetch(t, &Transport{Cache: cache, Base: base}, outgoing(t, "GET", srv.URL)); resp.TLS != nil || o.calls.Load() != 1 {
		t.Errorf("%d calls", o.calls.Load())
	}
	certified := base.Clone()
	certified.TLSClientConfig.Certificates = []tls.Certificate{srv.TLS.Certificates[0]}
	resp, _ := fetch(t, &Transport{Cache: cache, Base: certified}, outgoing(t, "GET", srv.URL))
	if !strings.Contains(resp.Header.Get("Cache-Status"), "detail=client-certificate") || resp.TLS == nil {
		t.Errorf("%v", resp.Header)
	}
}

// What a client does to its response reaches no other.
func TestTransportResponseIsTheClients(t *testing.T) {
	change := func(h http.Header) {
		for name, values := range h {
			for i := range values {
				values[i] = "changed"
			}
			h[name] = append(values, "more")
		}
	}
	calls := 0
	body, origin := io.Pipe()
	rt := &Transport{Base: tripper(func(*http.Request) (*http.Response, error) {
		calls++
		return answers(body, fresh, "X-List: 1", "X-List: 2"), nil
	})}
	resp, err := rt.RoundTrip(outgoing(t, "GET", "http://api.test/"))
	if err != nil {
		t.Fatal(err)
	}
	change(resp.Header) // while the body is under way, and nothing stored yet
	go func() {
		io.WriteString(origin, "body")
		origin.Close()
	}()
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	for range 3 {
		resp, body := fetch(t, rt, outgoing(t, "GET", "http://api.test/"))
		if got := fmt.Sprint(resp.Header["X-List"], resp.Header["Cache-Control"], body, calls); got != "[1 2] [max-age=60]body1" {
			t.Errorf("%s", got)
		}
		change(resp.Header)
		if got := fmt.Sprint(resp.Header["X-List"], resp.Header["Cache-Control"]); got != "[changed changed more] [changed more]" {
			t.Errorf("one line was written over another: %s", got)
		}
	}
}

func TestTransportClosesIdleConnections(t *testing.T) {
	srv := httptest.NewServer(&origin{})
	defer srv.Close()
	rt := &Transport{Base: new(http.Transport)}
	for _, want := range []bool{false, true, false} {
		var reused bool
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
		fetch(t, rt, outgoing(t, "GET", srv.URL).WithContext(ctx))
		if reused != want {
			t.Errorf("connection reused: %v, want %v", reused, want)
		}
		if want {
			rt.CloseIdleConnections()
		}
	}
	(&Transport{Base: tripper(nil)}).CloseIdleConnections()
}

// Many clients with few tokens share one Transport, read to the end or do not, and each body they see
// begins with its owner's mark. Nothing is left running.
func TestTransportOracle(t *testing.T) {
	before := runtime.NumGoroutine()
	func() {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", []string{"max-age=60", "public, s-maxage=60", "private, max-age=60", "no-store"}[rand.IntN(4)])
			if rand.IntN(8) == 0 {
				w.Header().Set("Vary", "Authorization")
			}
			fmt.Fprintf(w, "%s %s ", owner(r), r.URL.RequestURI())
			if rand.IntN(4) == 0 {
				w.(http.Flusher).Flush()
			}
			io.WriteString(w, strings.Repeat("x", rand.IntN(10_000)))
			if rand.IntN(20) == 0 {
				panic(http.ErrAbortHandler)
			}
		}))
		defer srv.Close()
		base := srv.Client().Transport.(*http.Transport)
		base.MaxIdleConnsPerHost = 50
		var changes atomic.Int64
		rt := &Transport{Base: base, Cache: &Cache{Memory: 1 << 20}}
		client := &http.Client{Transport: rt}
		tokens := []string{"", "Authorization: Bearer a", "Authorization: Bearer b", "Authorization: Bearer A", "Cookie: a=1", "X-Tenant: 1", "X-Tenant: 2"}
		var done sync.WaitGroup
		for range 50 {
			done.Go(func() {
				for range 60 {
					r := outgoing(t, "GET", fmt.Sprint(srv.URL, "/", rand.IntN(3)))
					if token := tokens[rand.IntN(len(tokens))]; token != "" {
						r.Header = header(token)
					}
					if rand.IntN(50) == 0 {
						r.Method = "POST"
						changes.Add(1)
					}
					resp, err := client.Do(r)
					if err != nil {
						if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
							t.Error(err)
						}
						continue
					}
					want := owner(r) + " " + r.URL.RequestURI() + " "
					part := int64(1 << 20)
					if rand.IntN(4) == 0 {
						part = 100
					}
					body, err := io.ReadAll(io.LimitReader(resp.Body, part))
					resp.Body.Close()
					if (err == nil || len(body) > len(want)) && !strings.HasPrefix(string(body), want) && part > 100 {
						t.Errorf("%q is for another reader, or half of a response without an error", body[:min(len(body), len(want))])
					}
					if part == 100 && err == nil && len(body) >= len(want) && !strings.HasPrefix(string(body), want) {
						t.Errorf("%q is for another reader", body[:len(want)])
					}
				}
			})
		}
		done.Wait()
		stats := rt.Cache.Stats()
		t.Logf("%+v", stats)
		if stats.Hits < 300 || stats.Mismatches != 0 {
			t.Errorf("%+v", stats)
		}
		rt.CloseIdleConnections()
	}()
	deadline := time.Now().Add(10 * time.Second) // of a broken test
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines more than before\n%s", n-before, stacks[:runtime.Stack(stacks, true)])
	}
}

func BenchmarkTransportHit(b *testing.B) {
	rt := &Transport{Base: tripper(func(*http.Request) (*http.Response, error) {
		return answers(strings.NewReader(string(kilobyte)), "Cache-Control: private, max-age=3600", "Content-Type: application/json"), nil
	})}
	r, err := http.NewRequest("GET", "http://api.test/me", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header = apiRequest(strings.Repeat("t", 800)).Header
	b.ReportAllocs()
	for b.Loop() {
		resp, err := rt.RoundTrip(r)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// The scheme is part of the key, as it is for a server.
func TestTransportScheme(t *testing.T) {
	calls := 0
	rt := &Transport{Base: tripper(func(*http.Request) (*http.Response, error) {
		calls++
		return answers(strings.NewReader("body"), fresh), nil
	})}
	for _, target := range []string{"http://api.test/", "https://api.test/", "http://api.test:80/", "https://api.test:443/", "https://api.test:80/"} {
		fetch(t, rt, outgoing(t, "GET", target))
	}
	if calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

// Whoever's context ends is told so at once, be it the one that asks the origin or one that waits for that; and those who
// wait for it get the answer all the same.
func TestRoundTripEndsWithItsContext(t *testing.T) {
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "content")
	}))
	defer s.Close()
	rt := new(Transport)
	defer rt.CloseIdleConnections()
	var patient sync.WaitGroup
	ends := func(what string, client *http.Client, ctx context.Context) {
		t.Helper()
		r, _ := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
		done := make(chan error, 1)
		go func() {
			res, err := client.Do(r)
			if err == nil {
				res.Body.Close()
				err = fmt.Errorf("%s, %v", res.Status, res.Header)
			}
			done <- err
		}()
		if what == "who leads" {
			<-arrived
			patient.Go(func() {
				res, err := rt.RoundTrip(outgoing(t, "GET", s.URL))
				if err != nil {
					t.Error(err)
				} else if got := text(t, res); got != "content" {
					t.Errorf("who waits got %q", got)
				}
			})
		}
		select {
		case err := <-done:
			var timeout interface{ Timeout() bool }
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) && !(errors.As(err, &timeout) && timeout.Timeout()) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: no answer", what)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	ends("who leads", &http.Client{Transport: rt}, ctx)
	ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	ends("who waits", &http.Client{Transport: rt}, ctx)
	ends("who waits, by Client.Timeout", &http.Client{Transport: rt, Timeout: 100 * time.Millisecond}, context.Background())
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	ends("who waits, canceled", &http.Client{Transport: rt}, ctx)
	close(release)
	patient.Wait()
}

// A client that gives up early is no origin out of reach (RFC 9111 §4.2.4).
func TestImpatienceIsNoOutage(t *testing.T) {
	var slow atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slow.Load() {
			<-r.Context().Done()
		}
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "content")
	}))
	defer s.Close()
	c, pass := clocked(new(Cache))
	events := make(chan Event, 3)
	c.Observe = func(e Event) { events <- e }
	client := &http.Client{Transport: &Transport{Cache: c}}
	defer client.CloseIdleConnections()
	res, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	text(t, res)
	pass(30 * time.Minute)
	slow.Store(true)
	for range 2 {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		r, _ := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
		if res, err := client.Do(r); err == nil {
			t.Errorf("the origin is well, and %s of age %s came", res.Status, res.Header.Get("Age"))
			res.Body.Close()
		}
		cancel()
	}
	for range 3 {
		if e := <-events; e.Stale {
			t.Errorf("called stale: %+v", e)
		}
	}
}

// The userinfo of a URL is in Authorization, and in the key by that.
func TestTransportUserinfo(t *testing.T) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		user, _, _ := r.BasicAuth()
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "for "+user)
	}))
	defer s.Close()
	client := &http.Client{Transport: new(Transport)}
	defer client.CloseIdleConnections()
	for _, user := range []string{"alice", "bob", "alice", "bob"} {
		res, err := client.Get(strings.Replace(s.URL, "http://", "http://"+user+":pw@", 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, res); got != "for "+user {
			t.Errorf("%s got %q", user, got)
		}
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls, want 2", calls.Load())
	}
}
