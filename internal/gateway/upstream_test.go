package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/rawtest"
)

// raw is an origin that answers every connection with bytes as they stand.
func raw(t *testing.T, answer func(r *http.Request) string) *url.URL {
	t.Helper()
	return &url.URL{Scheme: "http", Host: rawtest.Serve(t, func(conn net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			io.WriteString(conn, answer(r))
		}
	})}
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// before starts a gateway in front of another origin than start's own.
func before(t *testing.T, o Options, origin *url.URL) *world {
	w := start(t, o, nil)
	w.gateway.options.Upstream.Host = origin.Host
	return w
}

// Whitespace before the colon does not make a field another one (RFC 9112 §5.1): what it forbids is
// forbidden, and it goes out under its name.
func TestNamesOfResponseFields(t *testing.T) {
	for _, tt := range []struct {
		name, fields string
		stored       bool
		status       int
		header       map[string]string
	}{
		{"none", "Cache-Control: max-age=60", true, 200, nil},
		{"no-store", "Cache-Control : no-store\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT", false, 200, map[string]string{"Cache-Control": "no-store"}},
		{"no-store beside another", "Cache-Control: max-age=60\r\nCache-Control : no-store", false, 200, map[string]string{"Cache-Control": "max-age=60|no-store"}},
		{"in another case", "Cache-Control: max-age=60\r\ncache-control  : no-store", false, 200, map[string]string{"Cache-Control": "max-age=60|no-store"}},
		{"Set-Cookie", "Cache-Control: max-age=60\r\nSet-Cookie : a=b", false, 200, map[string]string{"Set-Cookie": "a=b"}},
		{"Vary", "Cache-Control: max-age=60\r\nVary : *", false, 200, map[string]string{"Vary": "*"}},
		{"Connection", "Cache-Control: max-age=60\r\nConnection : X-Hop\r\nX-Hop: 1", true, 200, map[string]string{"X-Hop": "", "Connection": ""}},
		{"no name at all", "Cache-Control: max-age=60\r\nCache Control: no-store", false, 200, map[string]string{"Cache-Control": "max-age=60|no-store"}},
		{"a length", "Cache-Control: max-age=60\r\nContent-Length : 1", false, 502, nil},
		{"an encoding", "Cache-Control: max-age=60\r\nTransfer-Encoding : chunked", false, 502, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := before(t, Options{}, raw(t, func(*http.Request) string {
				return "HTTP/1.1 200 OK\r\n" + tt.fields + "\r\nConnection: close\r\n\r\nbody"
			}))
			a := w.send("GET /a")
			if a.status != tt.status {
				t.Fatalf("%d %q", a.status, a.body)
			}
			for name, want := range tt.header {
				if got := strings.Join(a.header[name], "|"); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			for name := range a.header {
				if strings.Contains(name, " ") {
					t.Errorf("passed on: %q", name)
				}
			}
			if hit := strings.Contains(w.send("GET /a").header.Get("Cache-Status"), "; hit"); hit != tt.stored {
				t.Errorf("stored: %v", hit)
			}
		})
	}
}

// Connection takes no field away that is meant for everybody on the way (RFC 9110 §7.6.1): what forbids
// storing, or says for whom a response is, stands although the origin calls it one hop's.
func TestConnectionNamesFieldsForAll(t *testing.T) {
	for _, tt := range []struct {
		name, fields string
		stored       bool
		header       map[string]string
	}{
		{"a field of the hop", "Cache-Control: max-age=60\r\nConnection: X-Hop\r\nX-Hop: 1", true, map[string]string{"X-Hop": ""}},
		{"Cache-Control", "Cache-Control: no-store\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\nConnection: Cache-Control", false, map[string]string{"Cache-Control": "no-store"}},
		{"in another case, among others", "Cache-Control: no-store\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\nConnection: X-Hop , cAcHe-CoNtRoL\r\nX-Hop: 1", false, map[string]string{"Cache-Control": "no-store", "X-Hop": ""}},
		{"in a second line", "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\nConnection: X-Hop\r\nConnection: Set-Cookie", false, map[string]string{"Set-Cookie": "a=b"}},
		{"in a misspelt line", "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\nConnection : Set-Cookie", false, map[string]string{"Set-Cookie": "a=b"}},
		{"Vary", "Cache-Control: max-age=60\r\nVary: *\r\nConnection: Vary", false, map[string]string{"Vary": "*"}},
		{"CDN-Cache-Control", "Cache-Control: max-age=60\r\nCDN-Cache-Control: no-store\r\nConnection: CDN-Cache-Control", false, nil},
		{"Surrogate-Control", "Cache-Control: max-age=60\r\nSurrogate-Control: no-store\r\nConnection: Surrogate-Control", false, nil},
		{"Age", "Cache-Control: max-age=60\r\nAge: 61\r\nConnection: Age", false, map[string]string{"Age": "61"}},
		{"Expires", "Expires: Thu, 01 Jan 2099 00:00:00 GMT\r\nConnection: Expires", true, nil},
		{"Content-Type", "Cache-Control: max-age=60\r\nContent-Type: a/b\r\nConnection: Content-Type", true, map[string]string{"Content-Type": "a/b"}},
		{"Content-Encoding", "Cache-Control: max-age=60\r\nContent-Encoding: x\r\nConnection: Content-Encoding", true, map[string]string{"Content-Encoding": "x"}},
		{"ETag and Last-Modified", "Cache-Control: max-age=60\r\nETag: \"a\"\r\nLast-Modified: Thu, 01 Jan 2009 00:00:00 GMT\r\nConnection: ETag, Last-Modified", true,
			map[string]string{"Etag": `"a"`, "Last-Modified": "Thu, 01 Jan 2009 00:00:00 GMT"}},
		{"Date", "Cache-Control: max-age=60\r\nDate: Thu, 01 Jan 2009 00:00:00 GMT\r\nConnection: Date", false, map[string]string{"Date": "Thu, 01 Jan 2009 00:00:00 GMT"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := before(t, Options{}, raw(t, func(*http.Request) string {
				return "HTTP/1.1 200 OK\r\n" + tt.fields + "\r\nContent-Length: 4\r\n\r\nbody" // with close in it net/http hides the field
			}))
			a := w.send("GET /a")
			if a.status != 200 || a.body != "body" {
				t.Fatalf("%d %q", a.status, a.body)
			}
			for name, want := range tt.header {
				if got := strings.Join(a.header[name], "|"); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if hit := strings.Contains(w.send("GET /a").header.Get("Cache-Status"), "; hit"); hit != tt.stored {
				t.Errorf("stored: %v", hit)
			}
		})
	}
}

// What an origin sends where HTTP is expected may be the token it was sent: of its failure only the
// kind is logged, and no word of it answered.
func TestUpstreamFailureIsAKind(t *testing.T) {
	const token = "Zq8vX2kLmN4pR7tY9wB3cD6f"
	for _, tt := range []struct{ name, answer, kind string }{
		{"a field without a colon", "HTTP/1.1 200 OK\r\nEcho TOKEN\r\n\r\n", "malformed response"},
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: TOKEN\r\n\r\n", "malformed response"},
		{"an encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: TOKEN\r\n\r\n", "malformed response"},
		{"no HTTP", "TOKEN\r\n\r\n", "malformed response"},
		{"a status", "HTTP/1.1 TOKEN\r\n\r\n", "malformed response"},
		{"a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nTOKEN\r\n", "malformed response"},
		{"a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nEcho TOKEN\r\n\r\n", "malformed response"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", "closed"},
		{"nothing", "", "closed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			w := before(t, Options{Logger: logger}, raw(t, func(r *http.Request) string {
				_, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				return strings.ReplaceAll(tt.answer, "TOKEN", sent)
			}))
			a := w.send("GET /"+token, "Authorization: Bearer "+token)
			line := <-w.records
			for place, text := range map[string]string{"log": log.String(), "access log": string(line), "answer": a.body} {
				if strings.Contains(text, token[:8]) {
					t.Errorf("the token is in the %s: %s", place, text)
				}
			}
			if !strings.Contains(log.String(), tt.kind) {
				t.Errorf("no %q in %s", tt.kind, log.String())
			}
		})
	}
}

func TestFailure(t *testing.T) {
	for want, err := range map[string]error{
		"unknown host": &net.DNSError{IsNotFound: true}, "timeout": errStalled, "other": errors.New("x"),
		"TLS": errors.New("http: server gave HTTP response to HTTPS client"), "malformed response": errors.New(`malformed HTTP status code "x"`),
	} {
		if got := Failure(err); got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
}

// An origin that stops in the middle of its body is waited for only so long; nothing is stored.
func TestUpstreamStops(t *testing.T) {
	release := make(chan bool)
	var log buffer
	w := start(t, Options{Patience: 200 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(out, "the beginning")
		http.NewResponseController(out).Flush()
		<-release
	})
	defer close(release)
	if a := w.send("GET /a"); a.err == nil {
		t.Errorf("the client takes it for whole: %q", a.body)
	}
	if r := w.record(); r["reason"] != "incomplete" || r["bytes"] != 13.0 {
		t.Errorf("logged: %v", r)
	}
	if !strings.Contains(log.String(), "failure=timeout") {
		t.Errorf("not said: %s", log.String())
	}
}

// A stream of events has none to send where nothing happens.
func TestEventsMayBeRare(t *testing.T) {
	const patience = 100 * time.Millisecond
	w := start(t, Options{Patience: patience}, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		io.WriteString(out, "data: 1\n\n")
		http.NewResponseController(out).Flush()
		time.Sleep(3 * patience)
		io.WriteString(out, "data: 2\n\n")
	})
	if a := w.send("GET /a"); a.err != nil || a.body != "data: 1\n\ndata: 2\n\n" {
		t.Errorf("%q, %v", a.body, a.err)
	}
}

// An origin that takes nothing of a request has no better claim to time than one that answers nothing.
func TestUpstreamTakesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := before(t, Options{Patience: 50 * time.Millisecond, Timeout: time.Minute}, &url.URL{Host: l.Addr().String()})
	large := make([]byte, 32<<20) // more than the buffers on the way hold
	done := make(chan int, 1)
	go func() {
		resp, err := http.Post("http://"+w.address+"/a", "a/b", bytes.NewReader(large))
		if err != nil { // the gateway answers and hangs up while the client still writes
			done <- 0
			return
		}
		resp.Body.Close()
		done <- resp.StatusCode
	}()
	if r := w.record(); r["status"] != 504.0 {
		t.Errorf("logged: %v", r)
	}
	if status := <-done; status != 504 && status != 0 {
		t.Errorf("%d", status)
	}
}

// poisoned is an origin that answers and keeps its connections, but hangs up on a request for /poison
// without an answer, but for one. It counts what it got of those.
type poisoned struct {
	url     *url.URL
	answers int // the nth request for /poison
	delay   time.Duration
	mu      sync.Mutex
	got     []string // the requests for /poison as they came
	holding chan bool
}

func poison(t *testing.T, answers int) *poisoned {
	t.Helper()
	p := &poisoned{answers: answers, holding: make(chan bool)}
	p.url = &url.URL{Scheme: "http", Host: rawtest.Serve(t, p.serve)}
	return p
}

func (p *poisoned) serve(conn net.Conn) {
	var raw bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &raw))
	for {
		raw.Reset()
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/poison" {
			p.mu.Lock()
			p.got = append(p.got, raw.String())
			n := len(p.got)
			p.mu.Unlock()
			if n != p.answers {
				time.Sleep(p.delay)
				return
			}
		} else {
			<-p.holding
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// idle has the gateway hold n idle connections to the origin.
func (p *poisoned) idle(w *world, n int) {
	w.t.Helper()
	done := make(chan int)
	for i := range n {
		go func() { done <- w.send(fmt.Sprintf("GET /%d", i)).status }()
	}
	for range n {
		p.holding <- true
	}
	for range n {
		if status := <-done; status != 200 {
			w.t.Fatalf("%d", status)
		}
	}
}

func (p *poisoned) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got
}

// A request to which an origin hangs up goes out once more at most, on a connection of its own, and only
// where it is safe to repeat: not once for each connection that lies idle.
func TestHungUpOn(t *testing.T) {
	const idle = 8
	for _, tt := range []struct {
		name, first string
		fields      []string
		answers     int // the time that the origin does not hang up
		status      int
		sent        int
	}{
		{"once", "GET /poison", nil, 2, 200, 2},
		{"always", "GET /poison", nil, 0, 502, 2},
		{"HEAD", "HEAD /poison", nil, 0, 502, 2},
		{"a method that is not safe", "DELETE /poison", nil, 0, 502, 1},
		{"POST", "POST /poison", []string{"Content-Length: 0"}, 0, 502, 1},
		{"POST with a key that somebody may know", "POST /poison", []string{"Content-Length: 0", "Idempotency-Key: 7"}, 0, 502, 1},
		{"POST with another such key", "POST /poison", []string{"Content-Length: 0", "X-Idempotency-Key: 7"}, 0, 502, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := poison(t, tt.answers)
			w := before(t, Options{}, p.url)
			p.idle(w, idle)
			if a := w.send(tt.first, tt.fields...); a.status != tt.status {
				t.Errorf("%d %q", a.status, a.body)
			}
			got := p.requests()
			if len(got) != tt.sent {
				t.Errorf("sent %d times, want %d", len(got), tt.sent)
			}
			for _, text := range got {
				if text != got[0] || strings.Contains(text, "Transfer-Encoding") || strings.Contains(text, "Connection:") {
					t.Errorf("sent %q and then %q", got[0], text)
				}
				if post := strings.HasPrefix(tt.first, "POST"); strings.Contains(text, "Content-Length: 0\r\n") != post {
					t.Errorf("sent %q", text)
				}
			}
		})
	}
}

// The connection of a second attempt is not there for the next request.
func TestHungUpOnAgain(t *testing.T) {
	p := poison(t, 2)
	w := before(t, Options{}, p.url)
	p.idle(w, 8)
	for i, status := range []int{200, 502} {
		if a := w.send("GET /poison"); a.status != status {
			t.Errorf("%d %q", a.status, a.body)
		}
		if n := len(p.requests()); n != 2*(i+1) {
			t.Errorf("sent %d times in all", n)
		}
	}
}

// All attempts together have the time of one.
func TestHungUpOnInTime(t *testing.T) {
	const timeout = 500 * time.Millisecond
	p := poison(t, 0)
	p.delay = timeout * 4 / 5
	w := before(t, Options{Timeout: timeout}, p.url)
	p.idle(w, 8)
	start := time.Now()
	a := w.send("GET /poison")
	if took := time.Since(start); a.status != 504 || took > timeout*3/2 {
		t.Errorf("%d after %v", a.status, took)
	}
}

// content makes a request one with content, as a last field.
const content = "Content-Length: 1\r\n\r\n1"

// The time for an answer to content begins when the content is sent.
func TestContentUnanswered(t *testing.T) {
	w := start(t, Options{Timeout: 100 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	})
	if a := w.send("POST /a", content); a.status != 504 {
		t.Errorf("%d %q", a.status, a.body)
	}
}

// What the origin says of its content's type goes out as it came, and where it says nothing, nobody guesses.
func TestNoTypeIsGuessed(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{"none", "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 15\r\n\r\n<script>1</scri", ""},
		{"none after early hints", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 6\r\n\r\n<html>", ""},
		{"none in chunks", "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n0\r\n\r\n", ""},
		{"one", "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Type: a/b\r\nContent-Length: 6\r\n\r\n<html>", "a/b"},
		{"an empty one", "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Type:\r\nContent-Length: 6\r\n\r\n<html>", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := before(t, Options{}, raw(t, func(*http.Request) string { return tt.answer }))
			for _, from := range []string{"origin", "cache"} {
				conn := w.hold("GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n")
				in := bufio.NewReader(conn)
				a, err := http.ReadResponse(in, nil)
				for err == nil && a.StatusCode < 200 {
					a, err = http.ReadResponse(in, nil)
				}
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, a.Body)
				if got := strings.Join(a.Header["Content-Type"], "|"); got != tt.want {
					t.Errorf("from the %s: %q, want %q", from, got, tt.want)
				}
				if hit := strings.Contains(a.Header.Get("Cache-Status"), "; hit"); hit != (from == "cache") {
					t.Errorf("from the %s: %v", from, a.Header)
				}
			}
		})
	}
}

// A status that is none is no response, and no reason to fail.
func TestStatusThatIsNone(t *testing.T) {
	for _, status := range []string{"000", "001", "099"} {
		var log buffer
		w := before(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, raw(t, func(*http.Request) string {
			return "HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n"
		}))
		if a := w.send("GET /a"); a.status != 502 || a.body != "the upstream gave no answer\n" {
			t.Errorf("%s: %d %q", status, a.status, a.body)
		}
		if text := log.String(); !strings.Contains(text, `failure="malformed response"`) || strings.Contains(text, "panic") {
			t.Errorf("%s: %s", status, text)
		}
	}
}

// An interim response keeps to its connection what is of its connection (RFC 9110 §7.6.1).
func TestInterimResponses(t *testing.T) {
	for name, fields := range map[string]string{
		"named":    "Connection: X-Hop\r\nX-Hop: 1\r\n",
		"misspelt": "Connection : X-Hop\r\nX-Hop : 1\r\n",
		"known":    "Keep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: x\r\nTe: x\r\nTrailer: x\r\nProxy-Authenticate: x\r\n",
		"framing":  "Content-Length: 5\r\n",
		"encoding": "Transfer-Encoding: chunked\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := before(t, Options{}, raw(t, func(*http.Request) string {
				return "HTTP/1.1 103 Early Hints\r\n" + fields + "Link: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
			}))
			conn := w.hold("GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n")
			in := bufio.NewReader(conn)
			interim := ""
			for line := "-"; line != "\r\n"; {
				var err error
				if line, err = in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				interim += line
			}
			if interim != "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" {
				t.Errorf("%q", interim)
			}
			a, err := http.ReadResponse(in, nil)
			if err != nil || a.StatusCode != 200 || a.Header["Link"] != nil {
				t.Errorf("%v, %v", a, err)
			}
		})
	}
}
