package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
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
