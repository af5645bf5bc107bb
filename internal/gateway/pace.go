package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// client is the way back to the client. It notes status and size of what is sent, and wants the client
// to take some of it before its patience ends: one that reads nothing would hold a connection, a
// goroutine and a body for as long as it likes. What is slow and goes on has all the time it needs.
type client struct {
	http.ResponseWriter
	status   int
	bytes    int64
	patience time.Duration
	content  *requestBody // nil: the request has none
	own      bool         // the origin gave no answer, see withoutOrigin
}

// pace bounds how long nothing may happen between client and gateway. It puts a body of its own into r.
func pace(w http.ResponseWriter, r *http.Request, patience time.Duration) *client {
	c := &client{ResponseWriter: w, patience: patience}
	if r.Body != nil && r.Body != http.NoBody {
		c.content = &requestBody{ReadCloser: r.Body, connection: w, patience: patience}
		c.content.extend()
		r.Body = c.content
	}
	return c
}

func (c *client) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *client) WriteHeader(status int) {
	if c.status < 200 {
		c.status = status
	}
	if c.own {
		claimNothing(c.Header())
	}
	switch {
	case status < 200: // goes out at once
		c.extend()
	case c.content != nil && !c.content.ended():
		// net/http would read the content first, to use the connection again: the answer would wait for what
		// it does not depend on. Now that what follows on the connection cannot be known, it is the last.
		c.Header()["Connection"] = []string{"close"}
	}
	c.ResponseWriter.WriteHeader(status)
}

// step is how much a client has to take in one go, if it is slow.
const step = 32 << 10

func (c *client) Write(p []byte) (int, error) {
	if c.status < 200 {
		c.WriteHeader(http.StatusOK)
	}
	written := 0
	for {
		part := p[written:min(len(p), written+step)]
		c.extend()
		n, err := c.ResponseWriter.Write(part)
		written += n
		c.bytes += int64(n)
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// FlushError is for http.ResponseController.
func (c *client) FlushError() error {
	c.extend()
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// extend gives the client time for the next step. A writer that has no deadlines is no connection.
func (c *client) extend() {
	http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Now().Add(c.patience))
	if c.content != nil {
		c.content.extend()
	}
}

// end is called when the response is complete, but for what net/http still holds back: it writes that,
// and then reads what is left of the request's content, within the time given here.
func (c *client) end() {
	c.extend()
	if c.content != nil && !c.content.leave() { // the content is read first, and may take all its time
		http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Now().Add(2 * c.patience))
	}
}

// requestBody wants the content of a request to make progress. After its end no deadline may be set:
// from there on net/http reads ahead to notice that the client leaves, and would take it for that.
type requestBody struct {
	io.ReadCloser
	connection http.ResponseWriter
	patience   time.Duration

	fault atomic.Int32 // of the client's, one of those below
	mu    sync.Mutex   // the transport reads while the handler writes
	over  bool         // read to the end, or no longer ours
}

// What became of content that did not come to its end. Zero: nothing yet.
const (
	contentLate   = iota + 1 // it did not come in time
	contentBroken            // it is not framed as it was announced
	contentGone              // its client left
)

func (b *requestBody) Read(p []byte) (int, error) {
	b.extend()
	// To be asked for its content the client is written to.
	http.NewResponseController(b.connection).SetWriteDeadline(time.Now().Add(b.patience))
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF: // net/http has taken the deadline back
		b.leave()
	case err != nil:
		b.fault.CompareAndSwap(0, faultOf(err))
	}
	return n, err
}

func faultOf(err error) int32 {
	var connection *net.OpError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return contentLate
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &connection):
		return contentGone
	case errors.Is(err, http.ErrBodyReadAfterClose): // of ours: the answer was there before
		return 0
	}
	return contentBroken
}

// faulty is what is wrong with the content; of a request without any, nothing.
func (b *requestBody) faulty() int32 {
	if b == nil {
		return 0
	}
	return b.fault.Load()
}

func (b *requestBody) extend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over && b.fault.Load() != contentLate { // who is late gets no more time
		http.NewResponseController(b.connection).SetReadDeadline(time.Now().Add(b.patience))
	}
}

// ended reports whether the content was read to its end.
func (b *requestBody) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}

// leave reports whether the end was seen before.
func (b *requestBody) leave() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.over
	b.over = true
	return before
}

// Limit bounds the connections of l that are open at once: more wait in the queue of the operating
// system. One bound for all clients; it keeps memory and descriptors, it is not fair to anybody.
func Limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, room: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &limitedConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.room })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
