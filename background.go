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
	found := x.found.record.key
	fl := s.flights.lead(flightKey{found, x.found.variant().Variant(x.decisive(found.Partition))})
	if fl == nil { // somebody asks already
		return
	}
	// The request outlives its client, whose fields may be changed by handlers that are not done yet.
	ctx := context.WithoutCancel(x.request.Context())
	if ctx.Value(answerKey{}) != nil { // a RoundTrip has its trace in there, and is over
		ctx = context.Background()
	}
	r := x.request.Clone(inside(ctx, fl))
	unconditional(r)
	delete(r.Header, "Cache-Control") // the client's wishes for its own answer
	delete(r.Header, "Pragma")
	r.Method, r.Body = http.MethodGet, http.NoBody
	started := s.background.startFor(x.reader.partition, func(ctx context.Context) {
		defer s.flights.land(fl)
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
		if x.recall(d) { // another node may have done it
			x.started = s.now()
			if again := x.look(found.Partition); again.Action == rfc9111.Reuse && !again.Refresh {
				return
			}
		}
		if x.found.record != nil {
			if etag, modified := rfc9111.Validators(x.found.variant().fields.original()); etag != "" || modified != "" {
				d.Action = rfc9111.Validate
			}
		}
		x.fetch(&nowhere{}, untilEnd(next), d, nil)
	})
	if !started {
		s.flights.land(fl)
	}
}

// untilEnd is next, whose answer is none if it comes after its request's end: there is a handler that does
// not look at its context, and a cache that is closed stores nothing any more.
func untilEnd(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
	})
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
	// partitionLimit bounds those for readers of one partition, so that one whose origin is slow leaves room for
	// others. Shared is everybody's, and may have half of all.
	partitionLimit = backgroundLimit / 8
	sharedLimit    = backgroundLimit / 2
	// backgroundTime bounds each of them.
	backgroundTime = 30 * time.Second
	// closeLimit bounds how long their end is waited for: a handler may not look at its context.
	closeLimit = 5 * time.Second
)

// background owns the goroutines that outlive their requests.
type background struct {
	mu      sync.Mutex // guards closed, running and shares
	closed  bool
	running int
	shares  map[Partition]int // of the partitions that have any
	idle    chan struct{}     // closed when closed and none runs
	ctx     context.Context
	cancel  context.CancelFunc
}

func newBackground() *background {
	b := &background{idle: make(chan struct{}), shares: make(map[Partition]int)}
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

// startFor is start for a reader of p; false: also where p has its share already.
func (b *background) startFor(p Partition, f func(context.Context)) bool {
	limit := partitionLimit
	if p == Shared {
		limit = sharedLimit
	}
	b.mu.Lock()
	full := b.shares[p] >= limit
	if !full {
		b.shares[p]++
	}
	b.mu.Unlock()
	if full {
		return false
	}
	started := b.start(func(ctx context.Context) {
		defer b.leave(p)
		f(ctx)
	})
	if !started {
		b.leave(p)
	}
	return started
}

func (b *background) leave(p Partition) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shares[p]--; b.shares[p] == 0 {
		delete(b.shares, p)
	}
}

func (b *background) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running--; b.running == 0 && b.closed {
		close(b.idle)
	}
}

// close cancels what runs and waits for its end, within closeLimit.
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
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case <-b.idle:
	case <-limit.C:
	}
}
