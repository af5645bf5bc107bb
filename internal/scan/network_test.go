package scan

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// A network has hosts by name, whose connections stay in this process. In it time is not waited for: when all are idle it
// is later. So what expires does so when the test says, however busy the machine is.
type network struct {
	mu    sync.Mutex
	hosts map[string]chan net.Conn // by address
}

// The hosts that tests know.
const (
	targetHost = "api.test"
	originHost = "origin.test"
)

// scanWeb scans the host targetHost of these, and past a cache originHost where there is one.
func scanWeb(t *testing.T, o Options, hosts map[string]http.Handler, paths ...string) (r *finding.Report, err error) {
	t.Helper()
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now.Round(0))) // times that the test made beforehand mean the same in here
		n := &network{hosts: make(map[string]chan net.Conn)}
		for name, handler := range hosts {
			defer n.serve(name, handler)()
		}
		if hosts[originHost] != nil {
			o.Origin = mustURL("http://" + originHost)
		}
		o.dial = n.dial
		r, err = scanAt(t, o, "http://"+targetHost, paths...)
	})
	return r, err
}

// serve has handler answer at name, until stop.
func (n *network) serve(name string, handler http.Handler) (stop func()) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	n.hosts[name+":80"] = l.conns
	n.mu.Unlock()
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond) // nothing is answered at once
		handler.ServeHTTP(w, r)
	})}
	go server.Serve(l)
	return func() { server.Close() }
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	conns := n.hosts[address]
	n.mu.Unlock()
	if conns == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	client, server := net.Pipe()
	select {
	case conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
