package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/rawtest"
)

// hold sends a request and keeps the connection, unread.
func (w *world) hold(text string) net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	io.WriteString(conn, text)
	return conn
}

// Who asks and does not read is waited for only so long, at a hit as at a miss.
func TestClientReadsNothing(t *testing.T) {
	const size = 32 << 20 // more than the buffers on the way hold
	w := start(t, Options{Patience: 500 * time.Millisecond, Cache: bigCache()}, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Cache-Control", "max-age=60")
		out.Header().Set("Content-Length", fmt.Sprint(size))
		io.CopyN(out, zeros{}, size)
	})
	if out := w.get("192.0.2.1", "http://api.test/a", nil); out.Body.Len() != size {
		t.Fatalf("%d bytes", out.Body.Len())
	}
	w.record()
	for _, path := range []string{"/a", "/b"} {
		w.hold("GET " + path + " HTTP/1.1\r\nHost: api.test\r\n\r\n")
		if r := w.record(); r["bytes"].(float64) >= size || (r["cache"] == "hit") != (path == "/a") {
			t.Errorf("logged: %v", r)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Who announces content and does not send it is waited for only so long, and it is not the origin
// that is blamed.
func TestContentStops(t *testing.T) {
	w := start(t, Options{Patience: 50 * time.Millisecond}, func(out http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
	})
	conn := w.hold("POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n1")
	if r := w.record(); r["status"] != 408.0 {
		t.Errorf("logged: %v", r)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(conn); err != nil { // the connection is closed as well
		t.Error(err)
	}
}

// The content of a request that is refused is read by net/http, for no longer than that.
func TestContentOfARefusedRequestStops(t *testing.T) {
	w := start(t, Options{Patience: 50 * time.Millisecond}, nil)
	conn := w.hold("POST /a?access_token=x HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n1")
	w.record()
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	all, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 400 ") {
		t.Errorf("%q, %v", all, err)
	}
}

// What is slow and goes on is no matter of patience, and neither is an origin that takes its time.
func TestSlowIsNotStopped(t *testing.T) {
	const patience = 500 * time.Millisecond
	next := make(chan bool)
	w := start(t, Options{Patience: patience, Timeout: time.Minute}, func(out http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		out.WriteHeader(http.StatusEarlyHints)
		time.Sleep(2 * patience) // nothing is due from the client now
		io.WriteString(out, "ok")
		close(next)
	})
	conn := w.hold("POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n")
	for range 10 { // longer in all than the patience
		time.Sleep(patience / 6)
		io.WriteString(conn, "1")
	}
	reader := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(reader, nil); err != nil || resp.StatusCode != 103 {
		t.Fatalf("%v, %v", resp, err)
	}
	resp, err := http.ReadResponse(reader, nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
	defer func() { <-next }()
	if body, err := io.ReadAll(resp.Body); string(body) != "ok" {
		t.Fatalf("%q, %v", body, err)
	}
	time.Sleep(2 * patience) // no deadline of the first request is left for the second
	io.WriteString(conn, "GET /b?access_token=x HTTP/1.1\r\nHost: api.test\r\n\r\n")
	if resp, err = http.ReadResponse(reader, nil); err != nil || resp.StatusCode != 400 {
		t.Fatalf("%v, %v", resp, err)
	}
}

// Of more connections than there is room for the last wait, until one is closed.
func TestLimit(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Limit(inner, 2)
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	for range 3 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("a third was accepted")
	case <-time.After(50 * time.Millisecond): // it would have been there
	}
	first.Close()
	first.Close() // makes room once
	third := <-accepted
	if n := len(l.(*limited).room); n != 2 {
		t.Errorf("%d places taken", n)
	}
	l.Close() // also one that waits for room
	if _, more := <-accepted; more {
		t.Error("accepted after Close")
	}
	second.Close()
	third.Close()
}

// until reads a response and expects it within patience.
func (w *world) until(conn net.Conn, patience time.Duration) *http.Response {
	w.t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience))
	a, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.ReadAll(a.Body); err != nil {
		w.t.Fatal(err)
	}
	return a
}

const forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

// hasty is an origin that gives its answer to every request before it reads the content.
func hasty(t *testing.T, answer string, asked *atomic.Int64) *url.URL {
	t.Helper()
	return &url.URL{Scheme: "http", Host: rawtest.Serve(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			asked.Add(1)
			io.WriteString(conn, answer)
			io.Copy(io.Discard, conn)
		}
	})}
}

// An answer that does not wait for the content goes out before the content is there, whoever gives it;
// the connection ends with it, for what follows may be content or the next request.
func TestAnswerBeforeContent(t *testing.T) {
	const soon = 5 * time.Second // much less than the patience
	for _, tt := range []struct {
		name, target, framing string
		status                int
	}{
		{"the origin's", "/a", "Content-Length: 10\r\n\r\n1", 403},
		{"the origin's to chunks", "/a", "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n", 403},
		{"the origin's to no content yet", "/a", "Content-Length: 10\r\n\r\n", 403},
		{"the gateway's", "/a?access_token=x", "Content-Length: 10\r\n\r\n1", 400},
		{"the gateway's to chunks", "/a?access_token=x", "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n", 400},
		{"the gateway's to content that waits for a word", "/a?access_token=x", "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", 400},
		{"the gateway's to much", "/a?access_token=x", "Content-Length: 1000000\r\n\r\n1", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := before(t, Options{Patience: time.Minute}, hasty(t, forbidden, new(atomic.Int64)))
			conn := w.hold("POST " + tt.target + " HTTP/1.1\r\nHost: api.test\r\n" + tt.framing)
			if a := w.until(conn, soon); a.StatusCode != tt.status || !a.Close {
				t.Errorf("%d, closing: %v", a.StatusCode, a.Close)
			}
		})
	}
}

// What the content was not read to its end of is not read on as requests.
func TestContentIsNoRequest(t *testing.T) {
	var asked atomic.Int64
	w := before(t, Options{}, hasty(t, forbidden, &asked))
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n"
	for _, target := range []string{"/a", "/a?access_token=x"} {
		for _, framing := range []string{
			"Transfer-Encoding: chunked\r\n\r\nZ\r\n" + smuggled,
			"Transfer-Encoding: chunked\r\n\r\n1\r\n1" + smuggled + smuggled,
			"Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nX Y\r\n\r\n" + smuggled,
			"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n" + smuggled,
		} {
			conn := w.hold("POST " + target + " HTTP/1.1\r\nHost: api.test\r\n" + framing)
			conn.(*net.TCPConn).CloseWrite()
			conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			all, err := io.ReadAll(conn)
			final := strings.TrimPrefix(string(all), "HTTP/1.1 100 Continue\r\n\r\n")
			if err != nil || strings.Count(final, "HTTP/1.1 ") != 1 || !strings.Contains(final, "\r\nConnection: close\r\n") {
				t.Errorf("%s, %q: %q, %v", target, framing, all, err)
			}
		}
	}
	if n := asked.Load(); n > 4 {
		t.Errorf("the origin was asked %d times", n)
	}
}

// Content that is there when the answer begins leaves the connection to the next request.
func TestConnectionOutlivesContent(t *testing.T) {
	w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) { io.Copy(out, r.Body) })
	for _, framing := range []string{"Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "Content-Length: 0\r\n\r\n"} {
		conn := w.hold("POST /a HTTP/1.1\r\nHost: api.test\r\n" + framing)
		for range 3 {
			if a := w.until(conn, 10*time.Second); a.StatusCode != 200 || a.Close {
				t.Errorf("%q: %d, closing: %v", framing, a.StatusCode, a.Close)
			}
			io.WriteString(conn, "POST /a HTTP/1.1\r\nHost: api.test\r\n"+framing)
		}
	}
}

// Who does not send its content learns so when its time is over, and not when it is over twice.
func TestContentStopsOnce(t *testing.T) {
	const patience = time.Second
	w := start(t, Options{Patience: patience}, func(out http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	began := time.Now()
	conn := w.hold("POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n1")
	if a := w.until(conn, 10*time.Second); a.StatusCode != 408 || !a.Close {
		t.Errorf("%d, closing: %v", a.StatusCode, a.Close)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	if took := time.Since(began); took > patience*9/5 { // net/http itself waits half a second
		t.Errorf("took %v", took)
	}
}
