package bearcache

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// flights are the requests under way whose answers others wait for: one for a key and what Vary is known to tell apart
// under it, so never one for two partitions (RFC 9111 §4 lets one response answer several requests only if it may be
// reused for each).
// A request that waits is given nothing by the one it waits for. It looks up again, and takes what is
// there if that would be a hit for it.
type flights struct {
	mu     sync.Mutex // guards flying and the flights in it
	flying map[flightKey]*flight

	// loners remembers, by hash, until when (nanoseconds since the epoch) a key is not collapsed, since
	// its last response was none to wait for. Keys that share a slot cost each other a request.
	loners [1 << 12]atomic.Int64
	seed   maphash.Seed
}

// flightKey is what the requests have in common that wait for one of them.
type flightKey struct {
	Key
	variant string // rfc9111.Stored.Variant of what is stored under the key; empty: nothing is, or without Vary
}

// flight is one such request.
type flight struct {
	key       flightKey
	landed    chan struct{}      // closed when its response is stored, or known not to be, or it is overtaken
	overtaken bool               // to be read once landed is closed
	waiting   atomic.Int32       // changed under flights.mu
	outer     *flight            // whose request this one's request came of; nil: none
	gone      bool               // its own client left
	cancel    context.CancelFunc // of its request; nil: nothing to cancel

	held    atomic.Bool // the handler waits for the leader's own client to take something
	endless atomic.Bool // the response has begun, and does not say how long it is
}

// What those who wait do about a flight that takes its time depends on whose time it takes.
//
// An origin that has not answered, or that is sending what it said the length of, is slow. That all who wait
// go and ask it, too, is what it needs least: they wait on, for as long as their own clients do. Only
// one of them each waitLimit overtakes the flight, since a request may be lost: it asks again, and
// the others wait for that. So however many wait, the origin has one more request for a key in that time. Nobody
// waits in a circle, since who leads waits for nobody. And what the overtaken one stores in the end is
// theirs all the same.
//
// A body without a stated length may be a stream that never ends, and whoever wants to follow it needs one of
// its own. After endlessLimit they go.
//
// The leader's own client holds up none of them where a relay writes to it. A relay begins with a write that
// somebody waits for. Who comes while the handler is in a write that nobody waited for overtakes the flight after
// clientLimit, and leads one that the others wait for from the start; so does who waits for a handler that sets
// deadlines of its own.
const (
	waitLimit    = time.Minute
	endlessLimit = 10 * time.Second
	clientLimit  = time.Second
)

// lonerTime is for how long a key is not collapsed after a response that was none to wait for.
const lonerTime = 5 * time.Second

func newFlights() *flights {
	return &flights{flying: make(map[flightKey]*flight), seed: maphash.MakeSeed()}
}

// board makes the caller one that waits for the flight under way or, if it may lead, the leader of a new one;
// nil: neither, as where the key is not collapsed now. Who leads calls land, who waits calls leave.
func (f *flights) board(k flightKey, now time.Time, mayLead bool) (fl *flight, leader bool) {
	// A mark that is further ahead than any can be is of a clock that was put back since.
	if left := f.loner(k).Load() - now.UnixNano(); left > 0 && left <= int64(lonerTime) {
		return nil, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.flying[k]; fl != nil {
		fl.waiting.Add(1)
		return fl, false
	}
	if !mayLead {
		return nil, false
	}
	fl = &flight{key: k, landed: make(chan struct{})}
	f.flying[k] = fl
	return fl, true
}

// lead makes the caller the leader of a flight that nobody is to wait for in particular; nil: there is one under way. A
// validation in the background is one: it is needed however many others of its key are not collapsed.
func (f *flights) lead(k flightKey) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying[k] != nil {
		return nil
	}
	fl := &flight{key: k, landed: make(chan struct{})}
	f.flying[k] = fl
	return fl
}

// insideKey finds the flight whose leader's request a request came of.
type insideKey struct{}

// inside is ctx for the request of fl's leader, and for all that come of it.
func inside(ctx context.Context, fl *flight) context.Context {
	fl.outer, _ = ctx.Value(insideKey{}).(*flight)
	return context.WithValue(ctx, insideKey{}, fl)
}

// within reports whether a request of context ctx came of the one that leads the flight of k: a handler around another
// of the same cache, or one that asks through a Transport of the same.
func (f *flights) within(ctx context.Context, k flightKey) bool {
	fl, _ := ctx.Value(insideKey{}).(*flight)
	if fl == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	flying := f.flying[k]
	for ; fl != nil; fl = fl.outer {
		if fl == flying {
			return true
		}
	}
	return false
}

// land frees whoever waits. It may be called again, for nothing.
func (f *flights) land(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying[fl.key] == fl {
		f.free(fl)
	}
}

// arrive is land for a response that is stored: those who wait for a flight that overtook this one need
// not any longer.
func (f *flights) arrive(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.flying[fl.key]; now != nil && (now == fl || fl.overtaken) {
		f.free(now)
	}
}

// overtake has whoever waits begin anew: the first to board leads, and the others wait for that one.
func (f *flights) overtake(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying[fl.key] == fl {
		fl.overtaken = true
		f.free(fl)
	}
}

func (f *flights) free(fl *flight) {
	delete(f.flying, fl.key)
	close(fl.landed)
}

// lone keeps the next requests for k from waiting for each other.
func (f *flights) lone(k flightKey, now time.Time) { f.loner(k).Store(now.Add(lonerTime).UnixNano()) }

func (f *flights) loner(k flightKey) *atomic.Int64 {
	return &f.loners[maphash.Comparable(f.seed, k)%uint64(len(f.loners))]
}

// leave ends one request's waiting. The flight of a client that left goes on only while somebody waits.
func (f *flights) leave(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.waiting.Add(-1) == 0 && fl.gone && fl.cancel != nil {
		fl.cancel()
	}
}

// abandon is called when the leader's client left.
func (f *flights) abandon(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.gone = true
	if fl.waiting.Load() == 0 && fl.cancel != nil {
		fl.cancel()
	}
}

// detach gives the leader a context that outlives its client's while somebody waits. Its end must be
// called when the leader is done.
func (f *flights) detach(client context.Context, fl *flight) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(client))
	f.mu.Lock()
	fl.cancel = cancel
	f.mu.Unlock()
	stop := context.AfterFunc(client, func() { f.abandon(fl) })
	return ctx, func() { stop(); cancel() }
}
