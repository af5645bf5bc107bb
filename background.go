package bearcache

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/bearcache/bearcache/internal/rfc9111"
)

// refresh validates the stale response that was found while it is being served, as the reader who was
// given it, once at a time (RFC 5861 §3).
func (x *exchange) refresh(next http.Handler) {
	s := x.cache.state
	key := x.found.record.key
	fl, leader := s.flights.board(key, x.started)
	if !leader {
		if fl != nil {
			s.flights.leave(fl)
		}
		return
	}
	// The request outlives its client, whose fields may be changed by handlers that are not done yet.
	ctx := context.WithValue(context.WithoutCancel(x.request.Context()), answerKey{}, (*answer)(nil)) // nor is it that answer's exchange
	r := x.request.Clone(ctx)
	unconditional(r)
	delete(r.Header, "Cache-Control") // the client's wishes for its own answer
	delete(r.Header, "Pragma")
	r.Method, r.Body = http.MethodGet, http.NoBody
	started := s.background.start(func(ctx context.Context) {
		defer s.flights.land(key, fl)
		defer func() {
			if value := recover(); value != nil && value != http.ErrAbortHandler {
				x.cache.logger().Error("the handler behind the cache panicked in a background validation") // its value may quote the request
			}
		}()
		merged, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		x.request = r.WithContext(merged)
		d := rfc9111.Decision{Action: rfc9111.Forward, Reason: rfc9111.Stale}
		if etag, modified := rfc9111.Validators(x.found.variant().fields.original()); etag != "" || modified != "" {
			d.Action = rfc9111.Validate
		}
		x.fetch(&nowhere{}, next, d, nil)
	})
	if !started {
		s.flights.land(key, fl)
	}
}

// nowhere is the client of a request that none waits for.
type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header {
	if n.h == nil {
		n.h = http.Header{}
	}
	return n.h
}

func (*nowhere) Write(p []byte) (int, error) { return len(p), nil }

func (*nowhere) WriteHeader(int) {}

func (*nowhere) FlushError() error { return nil }

const (
	// backgroundLimit bounds the validations under way that no client waits for.
	backgroundLimit = 64
	// backgroundTime bounds each of them.
	backgroundTime = 30 * time.Second
)

// background owns the goroutines that outlive their requests.
type background struct {
	mu      sync.Mutex // guards closed and running
	closed  bool
	running int
	idle    chan struct{} // closed when closed and none runs
	ctx     context.Context
	cancel  context.CancelFunc
}

func newBackground() *background {
	b := &background{idle: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// start runs f in a goroutine; false: there are too many, or the cache is closed.
func (b *background) start(f func(context.Context)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.running >= backgroundLimit {
		return false
	}
	b.running++
	go func() {
		defer b.end()
		ctx, cancel := context.WithTimeout(b.ctx, backgroundTime)
		defer cancel()
		f(ctx)
	}()
	return true
}

func (b *background) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running--; b.running == 0 && b.closed {
		close(b.idle)
	}
}

// close cancels what runs and waits for its end.
func (b *background) close() {
	b.cancel()
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		if b.running == 0 {
			close(b.idle)
		}
	}
	b.mu.Unlock()
	<-b.idle
}
