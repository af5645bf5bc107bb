package gateway

import (
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// An upstream that does not even take the connection is too slow like any other, by the same limit.
// A listener whose queue is full stands for one: Linux drops what comes then.
func TestUpstreamDoesNotAccept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) })
	if err != nil {
		t.Fatal(err)
	}
	full := false
	for range 8 {
		conn, err := net.DialTimeout("tcp", l.Addr().String(), 200*time.Millisecond)
		if full = err != nil; full {
			break
		}
		defer conn.Close()
	}
	if !full {
		if os.Getenv("CI") != "" {
			t.Fatal("the queue of a listener is endless here")
		}
		t.Skip("SKIPPED, NOT TESTED: the queue of a listener is endless here")
	}
	w := start(t, Options{Timeout: 100 * time.Millisecond}, nil)
	w.gateway.options.Upstream.Host = l.Addr().String()
	for _, content := range []string{"Content-Length: 0", content} {
		began := time.Now()
		if a := w.send("POST /a", content); a.status != 504 || time.Since(began) > 5*time.Second {
			t.Errorf("%d after %v: %v", a.status, time.Since(began), a.err)
		}
	}
}
