package bearcache

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// gated answers when it is let.
type gated struct {
	calls  atomic.Int64
	open   chan struct{}
	header http.Header
}

func newGated(lines ...string) *gated {
	return &gated{open: make(chan struct{}), header: header(lines...)}
}

func (g *gated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := g.calls.Add(1)
	select {
	case <-g.open:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	for name, values := range g.header {
		w.Header()[name] = values
	}
	fmt.Fprintf(w, "%s #%d", owner(r), n)
}

// Many requests of many readers for one cold URI: one goes to the origin for each reader, and nobody is
// given another's answer.
func TestCollapsing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(fresh)
		h := new(Cache).Handler(g)
		var wg sync.WaitGroup
		var crossed, collapsed atomic.Int64
		for i := range 1000 {
			wg.Go(func() {
				r := get(fmt.Sprintf("Authorization: Bearer %d", i%10))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if !strings.HasPrefix(w.Body.String(), owner(r)) {
					crossed.Add(1)
				}
				if w.Header().Get("Cache-Status") == "bearcache; fwd=uri-miss; collapsed" {
					collapsed.Add(1)
				}
			})
		}
		synctest.Wait()
		if g.calls.Load() != 10 {
			t.Errorf("%d calls before the first answer: readers wait for each other", g.calls.Load())
		}
		close(g.open)
		wg.Wait()
		if g.calls.Load() != 10 || crossed.Load() != 0 || collapsed.Load() != 990 {
			t.Errorf("%d calls for 10 readers, %d crossed, %d collapsed", g.calls.Load(), crossed.Load(), collapsed.Load())
		}
	})
}

// An answer that is not stored frees all who wait at once, and has the next ones not wait at all.
func TestUnstorableFreesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated("Cache-Control: no-store")
		h := new(Cache).Handler(g)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { ask(h, get()) })
		}
		synctest.Wait()
		if g.calls.Load() != 1 {
			t.Errorf("%d calls before the first answer", g.calls.Load())
		}
		close(g.open)
		wg.Wait()
		if g.calls.Load() != 10 {
			t.Errorf("%d calls, want 10", g.calls.Load())
		}
		g.open = make(chan struct{})
		for range 10 {
			wg.Go(func() { ask(h, get()) })
		}
		synctest.Wait()
		if g.calls.Load() != 20 {
			t.Errorf("%d calls: requests wait for an answer that is none to wait for", g.calls.Load())
		}
		close(g.open)
		wg.Wait()
		time.Sleep(lonerTime)
		g.open = make(chan struct{})
		for range 10 {
			wg.Go(func() { ask(h, get()) })
		}
		synctest.Wait()
		if g.calls.Load() != 21 {
			t.Errorf("%d calls: the key is never collapsed again", g.calls.Load())
		}
		close(g.open)
		wg.Wait()
	})
}

// Nor does anybody wait for the rest of a body that will not be stored, or has just outgrown what may be.
func TestWaitersDoNotWaitForTheBody(t *testing.T) {
	for _, cc := range []string{"no-store", "max-age=60"} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			begin, end := make(chan struct{}), make(chan struct{})
			h := (&Cache{MaxBody: 3}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				<-begin
				w.Header().Set("Cache-Control", cc)
				io.WriteString(w, "more than three")
				<-end
			}))
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { ask(h, get()) })
			}
			synctest.Wait()
			close(begin)
			synctest.Wait()
			if calls.Load() != 3 {
				t.Errorf("%s: %d calls while the first body is on its way", cc, calls.Load())
			}
			close(end)
			wg.Wait()
		})
	}
}

// What a request waited for is held against its own fields, and against what it may be reused for.
func TestWaitersJudgeAnew(t *testing.T) {
	for _, tt := range []struct {
		name   string
		origin []string
		waiter *http.Request
	}{
		{"never without validation", []string{"Cache-Control: no-cache", `Etag: "1"`}, get()},
		{"another variant", []string{fresh, "Vary: Accept-Language"}, get("Accept-Language: de")},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGated(tt.origin...)
			h := new(Cache).Handler(g)
			var wg sync.WaitGroup
			wg.Go(func() { ask(h, get()) })
			synctest.Wait()
			w := httptest.NewRecorder()
			wg.Go(func() { h.ServeHTTP(w, tt.waiter) })
			synctest.Wait()
			close(g.open)
			wg.Wait()
			if !strings.HasSuffix(w.Body.String(), "#2") {
				t.Errorf("%s: who waited got %q", tt.name, w.Body)
			}
		})
	}
}

// A leader whose client leaves goes on while somebody waits, and is ended when nobody does.
func TestLeaderLeaves(t *testing.T) {
	for _, waits := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			g := newGated(fresh)
			h := new(Cache).Handler(g)
			ctx, leave := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			ended := make(chan bool, 1)
			wg.Go(func() {
				defer func() { ended <- recover() == http.ErrAbortHandler }()
				h.ServeHTTP(httptest.NewRecorder(), get().WithContext(ctx))
			})
			synctest.Wait()
			var got string
			if waits {
				wg.Go(func() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, get())
					got = w.Body.String()
				})
				synctest.Wait()
			}
			leave()
			synctest.Wait()
			if !waits {
				if aborted := <-ended; !aborted {
					t.Error("the origin is still being asked, for nobody")
				}
				close(g.open)
				wg.Wait()
				return
			}
			close(g.open)
			wg.Wait()
			if g.calls.Load() != 1 || !strings.HasSuffix(got, "#1") {
				t.Errorf("who waited got %q after %d calls", got, g.calls.Load())
			}
		})
	}
}

// The last to wait for a leader that is gone takes its request along.
func TestLastWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(fresh)
		h := new(Cache).Handler(g)
		var wg sync.WaitGroup
		contexts := make([]context.CancelFunc, 2)
		for i := range contexts {
			ctx, leave := context.WithCancel(t.Context())
			contexts[i] = leave
			wg.Go(func() {
				defer func() { recover() }()
				h.ServeHTTP(httptest.NewRecorder(), get().WithContext(ctx))
			})
			synctest.Wait()
		}
		contexts[0]()
		synctest.Wait()
		start := time.Now()
		contexts[1]()
		wg.Wait() // would hang for good if the origin were still asked
		if d := time.Since(start); d != 0 {
			t.Errorf("a client that left was kept for %v", d)
		}
	})
}

// Nobody waits for longer than the limit.
func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(fresh)
		h := new(Cache).Handler(g)
		var wg sync.WaitGroup
		wg.Go(func() { ask(h, get()) })
		synctest.Wait()
		wg.Go(func() { ask(h, get()) })
		synctest.Wait()
		time.Sleep(waitLimit)
		synctest.Wait()
		if g.calls.Load() != 2 {
			t.Errorf("%d calls", g.calls.Load())
		}
		close(g.open)
		wg.Wait()
	})
}

// A leader whose client breaks the connection in the middle of the body keeps the body for who waits.
func TestLeaderBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half := make(chan struct{})
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			io.WriteString(w, "one ")
			<-half
			if _, err := io.WriteString(w, "two"); err != nil {
				panic(http.ErrAbortHandler) // as httputil.ReverseProxy does
			}
		}))
		var wg sync.WaitGroup
		wg.Go(func() { h.ServeHTTP(&broken{nowhere: nowhere{}, after: 1}, get()) })
		synctest.Wait()
		w := httptest.NewRecorder()
		wg.Go(func() { h.ServeHTTP(w, get()) })
		synctest.Wait()
		close(half)
		wg.Wait()
		if w.Body.String() != "one two" {
			t.Errorf("%q", w.Body)
		}
	})
}

// broken is a client that takes so many writes.
type broken struct {
	nowhere
	after int
}

func (b *broken) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// Keys of two partitions are never one flight.
func TestFlightsOfTwoPartitions(t *testing.T) {
	f := newFlights()
	now := time.Unix(0, 0)
	a, leads := f.board(Key{Partition{"i a"}, "http://api.test/"}, now)
	b, alsoLeads := f.board(Key{Partition{"i b"}, "http://api.test/"}, now)
	if !leads || !alsoLeads || a == b {
		t.Error("two partitions share a flight")
	}
	if again, leads := f.board(Key{Partition{"i a"}, "http://api.test/"}, now); leads || again != a {
		t.Error("a second request of one partition leads as well")
	}
}

// A clock that is put back leaves no key uncollapsed for as long.
func TestClockPutBack(t *testing.T) {
	f := newFlights()
	now, k := time.Unix(1_000_000, 0), Key{Shared, "http://api.test/"}
	f.lone(k, now)
	if fl, _ := f.board(k, now); fl != nil {
		t.Error("collapsed")
	}
	if fl, _ := f.board(k, now.Add(-time.Hour)); fl == nil {
		t.Error("not collapsed for an hour")
	}
}

// One partition leaves room for validations of others, and everybody's may have more.
func TestBackgroundIsShared(t *testing.T) {
	b := newBackground()
	wait := func(ctx context.Context) { <-ctx.Done() }
	fill := func(p Partition) (n int) {
		for b.startFor(p, wait) {
			n++
		}
		return n
	}
	if one, all := fill(Partition{"i a"}), fill(Shared); one != partitionLimit || all != sharedLimit {
		t.Errorf("%d for one reader, %d for everybody", one, all)
	}
	done := make(chan struct{})
	if !b.startFor(Partition{"i b"}, func(context.Context) { close(done) }) {
		t.Error("no room for another reader")
	}
	<-done
	b.close()
	if b.startFor(Partition{"i c"}, wait) || len(b.shares) != 0 {
		t.Errorf("shares after the end: %v", b.shares)
	}
	synctest.Test(t, func(t *testing.T) {
		g := newGated("Cache-Control: max-age=10, stale-while-revalidate=60")
		c := new(Cache)
		h := c.Handler(g)
		all := func() {
			for i := range partitionLimit + 1 {
				ask(h, request("GET", fmt.Sprint("http://api.test/", i), "Authorization: Bearer a"))
			}
		}
		close(g.open)
		all()
		g.open = make(chan struct{})
		time.Sleep(11 * time.Second)
		all()
		synctest.Wait()
		if n := g.calls.Load() - (partitionLimit + 1); n != partitionLimit {
			t.Errorf("%d validations for one reader", n)
		}
		c.Close()
	})
}

// Close waits for a handler that does not look at its context, but not for ever, and what that answers is not
// stored.
func TestCloseIsBounded(t *testing.T) {
	for _, status := range []int{200, 304} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			end := make(chan struct{})
			c := new(Cache)
			h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := calls.Add(1)
				w.Header().Set("Cache-Control", "max-age=10, stale-while-revalidate=60")
				w.Header().Set("Etag", `"1"`)
				if n == 2 {
					<-end
					if status == http.StatusNotModified {
						w.WriteHeader(status)
						return
					}
				}
				fmt.Fprintf(w, "version %d", n)
			}))
			ask(h, get())
			time.Sleep(11 * time.Second)
			ask(h, get())
			start := time.Now()
			c.Close()
			if took := time.Since(start); took != closeLimit {
				t.Errorf("closed after %v", took)
			}
			close(end)
			synctest.Wait()
			if resp := ask(h, get()); resp.Header.Get("Cache-Status") != "bearcache; hit; ttl=-6" {
				t.Errorf("%d: %s", status, resp.Header.Get("Cache-Status"))
			}
		})
	}
}
