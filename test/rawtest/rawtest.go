// Package rawtest accepts connections for tests that answer them byte by byte, as no HTTP server would.
package rawtest

import (
	"net"
	"testing"
)

// Serve listens on the loopback interface until the test ends, gives each connection to a goroutine of its own, and closes it
// when that returns. It returns host and port.
func Serve(t testing.TB, conn func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				conn(c)
			}()
		}
	}()
	return l.Addr().String()
}
