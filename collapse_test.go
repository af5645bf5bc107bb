package bearcache

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
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
		{"too old for who waited", []string{fresh}, get("Cache-Control: min-fresh=120")},
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
				leaving(h, get().WithContext(ctx))
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
		var calls atomic.Int64
		half := make(chan struct{})
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			w.Header().Set("Cache-Control", "max-age=60")
			io.WriteString(w, "one ")
			<-half
			for _, part := range []string{"two ", "three"} {
				if _, err := io.WriteString(w, part); err != nil {
					panic(http.ErrAbortHandler) // as httputil.ReverseProxy does
				}
				time.Sleep(1 * time.Nanosecond)
			}
		}))
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() {
				if recover() != http.ErrAbortHandler {
					t.Error("what its client got looks like the whole")
				}
			}()
			h.ServeHTTP(&broken{nowhere: nowhere{}, after: 1}, get())
		})
		synctest.Wait()
		w := httptest.NewRecorder()
		wg.Go(func() { h.ServeHTTP(w, get()) })
		synctest.Wait()
		close(half)
		wg.Wait()
		if w.Body.String() != "one two three" || calls.Load() != 1 {
			t.Errorf("%q after %d calls", w.Body, calls.Load())
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
	a, leads := f.board(flightKey{Key: Key{Partition{"i a"}, "http://api.test/"}}, now, true)
	b, alsoLeads := f.board(flightKey{Key: Key{Partition{"i b"}, "http://api.test/"}}, now, true)
	if !leads || !alsoLeads || a == b {
		t.Error("two partitions share a flight")
	}
	if again, leads := f.board(flightKey{Key: Key{Partition{"i a"}, "http://api.test/"}}, now, true); leads || again != a {
		t.Error("a second request of one partition leads as well")
	}
}

// client is one that takes a write when it is let, and wants to be used by one goroutine at a time, and by
// none after its end.
type client struct {
	t      *testing.T
	h      http.Header
	let    chan struct{}
	log    strings.Builder // what it got, and "|" for each flush
	busy   atomic.Bool
	ended  atomic.Bool
	failed any // to panic with
}

func newClient(t *testing.T) *client {
	return &client{t: t, h: http.Header{}, let: make(chan struct{})}
}

func (c *client) use(f func()) {
	if c.busy.Swap(true) || c.ended.Load() {
		c.t.Error("the client is used by two at once, or after the end")
	}
	f()
	c.busy.Store(false)
}

func (c *client) Header() http.Header { return c.h }

func (c *client) WriteHeader(int) { c.use(func() {}) }

func (c *client) Write(p []byte) (int, error) {
	c.use(func() {
		<-c.let
		if c.h[http.TrailerPrefix+"Sum"] != nil { // whoever compresses what passes reads the fields now
			c.t.Error("the fields change during a write")
		}
		if c.failed != nil {
			panic(c.failed)
		}
		c.log.Write(p)
	})
	return len(p), nil
}

func (c *client) FlushError() error {
	c.use(func() { c.log.WriteString("|") })
	return nil
}

func (c *client) SetWriteDeadline(time.Time) error {
	c.use(func() { c.log.WriteString("!") })
	return nil
}

func (c *client) Hijack() (conn net.Conn, rw *bufio.ReadWriter, err error) {
	c.use(func() { c.log.WriteString("?") })
	return
}

// asks is a request whose client c is. It returns what the handler panicked with.
func (c *client) asks(h http.Handler) (failed any) {
	defer func() { failed = recover(); c.ended.Store(true) }()
	h.ServeHTTP(c, get())
	return nil
}

// A leader whose client reads nothing holds up nobody: not in the body, and not where the response is one that
// was confirmed. It gets what the handler wrote all the same, in order, and while it is being written.
func TestLeaderDoesNotRead(t *testing.T) {
	flush := func(w http.ResponseWriter) { http.NewResponseController(w).Flush() }
	write := func(w http.ResponseWriter, s string) {
		if n, err := io.WriteString(w, s); n != len(s) || err != nil {
			panic(fmt.Sprint("the handler was told ", n, err))
		}
	}
	for _, tt := range []struct {
		name    string
		handler func(http.ResponseWriter)
		waiter  string // what who waits gets, after how many calls
		calls   int64
		got     string // what the leader's client got in the end
		panics  any
	}{
		{"one write", func(w http.ResponseWriter) { write(w, "one") }, "one", 1, "one", nil},
		{"more writes", func(w http.ResponseWriter) {
			write(w, "one ")
			time.Sleep(1 * time.Nanosecond)
			write(w, "two ")
			write(w, "three")
		}, "one two three", 1, "one two three", nil},
		{"flushed before all", func(w http.ResponseWriter) { flush(w); write(w, "one") }, "one", 1, "|one", nil},
		// net/http finds the type of the content in what goes out with the fields.
		{"flushed", func(w http.ResponseWriter) {
			write(w, "<ht")
			time.Sleep(1 * time.Nanosecond)
			flush(w)
			write(w, "ml>")
			flush(w)
			write(w, "end")
		}, "<html>end", 1, "<ht|ml>end", nil},
		{"too large", func(w http.ResponseWriter) { write(w, "one "); write(w, strings.Repeat("-", 20)); write(w, " end") }, "second", 2, "one -------------------- end", nil},
		{"broken off", func(w http.ResponseWriter) {
			write(w, "one ")
			time.Sleep(1 * time.Nanosecond)
			write(w, "two")
			panic(http.ErrAbortHandler)
		}, "second", 2, "one two", http.ErrAbortHandler},
		{"too short", func(w http.ResponseWriter) { w.Header().Set("Content-Length", "9"); write(w, "one ") }, "second", 2, "one ", nil},
		{"a status twice", func(w http.ResponseWriter) { write(w, "one "); time.Sleep(1 * time.Nanosecond); w.WriteHeader(500) }, "one ", 1, "one ", nil},
		{"with a deadline", func(w http.ResponseWriter) {
			write(w, "one ")
			time.Sleep(1 * time.Nanosecond)
			http.NewResponseController(w).SetWriteDeadline(time.Time{})
			write(w, "two")
			if got := w.(*capture).ResponseWriter.(*client).log.String(); got != "one !two" {
				t.Errorf("within the deadline its client got %q", got)
			}
		}, "", 0, "one !two", nil},
		{"with a deadline before anything", func(w http.ResponseWriter) {
			http.NewResponseController(w).SetWriteDeadline(time.Time{})
			write(w, "two")
			if got := w.(*capture).ResponseWriter.(*client).log.String(); got != "!two" {
				t.Errorf("within the deadline its client got %q", got)
			}
		}, "", 0, "!two", nil},
		{"hijacked", func(w http.ResponseWriter) {
			write(w, "one ")
			time.Sleep(1 * time.Nanosecond)
			http.NewResponseController(w).Hijack()
		}, "", 0, "one ?", nil},
		{"with trailers", func(w http.ResponseWriter) {
			write(w, "one ")
			time.Sleep(1 * time.Nanosecond)
			w.Header().Set(http.TrailerPrefix+"Sum", "1")
		}, "second", 2, "one ", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				open := make(chan struct{})
				events := make(chan Event, 3)
				h := (&Cache{MaxBody: 16, Observe: func(e Event) { events <- e }}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Cache-Control", "max-age=60")
					if calls.Add(1) > 1 {
						io.WriteString(w, "second")
						return
					}
					<-open
					tt.handler(w)
				}))
				c := newClient(t)
				var panicked any
				var leader, waiter sync.WaitGroup
				leader.Go(func() { panicked = c.asks(h) })
				synctest.Wait()
				w := httptest.NewRecorder()
				waiter.Go(func() { h.ServeHTTP(w, get()) })
				synctest.Wait()
				start := time.Now()
				close(open)
				if tt.calls != 0 {
					waiter.Wait()
					if took := time.Since(start); w.Body.String() != tt.waiter || calls.Load() != tt.calls || took > time.Millisecond {
						t.Errorf("who waited has %q after %d calls and %v", w.Body, calls.Load(), took)
					}
				}
				time.Sleep(10 * time.Nanosecond)
				if c.ended.Load() {
					t.Error("its request is over, and its client has not got all")
				}
				close(c.let)
				leader.Wait()
				waiter.Wait()
				got := c.log.String()
				if first := strings.Index(got, "|"); first >= 0 { // how often it is flushed later says nothing
					got = got[:first+1] + strings.ReplaceAll(got[first+1:], "|", "")
				}
				if got != tt.got || panicked != tt.panics {
					t.Errorf("its client got %q, the handler panicked with %v", &c.log, panicked)
				}
				if c.h.Get(http.TrailerPrefix+"Sum") == "" && tt.name == "with trailers" {
					t.Error("no trailer")
				}
				close(events)
				want, found := int64(len(strings.NewReplacer("|", "", "!", "", "?", "").Replace(tt.got))), false
				for e := range events {
					found = found || e.Bytes == want
				}
				if !found {
					t.Errorf("no event of %d bytes", want)
				}
			})
		})
	}
}

// One who does read gets each part as it comes, although somebody waits.
func TestRelayStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, end := make(chan struct{}), make(chan struct{})
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			<-begin
			for _, part := range []string{"one ", "two "} {
				io.WriteString(w, part)
				http.NewResponseController(w).Flush()
				time.Sleep(1 * time.Nanosecond)
			}
			<-end
			io.WriteString(w, "three")
		}))
		c := newClient(t)
		close(c.let)
		var wg sync.WaitGroup
		wg.Go(func() { c.asks(h) })
		synctest.Wait()
		wg.Go(func() { ask(h, get()) })
		synctest.Wait()
		close(begin)
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		if c.log.String() != "one |two |" {
			t.Errorf("before the end: %q", &c.log)
		}
		close(end)
		wg.Wait()
		if c.log.String() != "one |two |three" {
			t.Errorf("%q", &c.log)
		}
	})
}

// A relay that begins when somebody comes goes on behind what was sent before.
func TestRelayBeginsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := make(chan string)
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			for part := range parts {
				io.WriteString(w, part)
			}
		}))
		var c, w httptest.ResponseRecorder
		c.Body, w.Body = new(bytes.Buffer), new(bytes.Buffer)
		var wg sync.WaitGroup
		wg.Go(func() { h.ServeHTTP(&c, get()) })
		parts <- "one "
		synctest.Wait()
		wg.Go(func() { h.ServeHTTP(&w, get()) })
		synctest.Wait()
		parts <- "two "
		parts <- "three"
		close(parts)
		wg.Wait()
		if c.Body.String() != "one two three" || w.Body.String() != "one two three" {
			t.Errorf("%q and %q", c.Body, w.Body)
		}
	})
}

// The handler is told of a client that left once nobody waits any more, and a panic of the client's is one of
// the handler's.
func TestRelayFails(t *testing.T) {
	for _, failed := range []any{nil, "a writer's"} {
		synctest.Test(t, func(t *testing.T) {
			parts := make(chan string)
			told := make(chan error, 1)
			h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=60")
				for part := range parts {
					if _, err := io.WriteString(w, part); err != nil {
						told <- err
						panic(http.ErrAbortHandler)
					}
				}
			}))
			var w http.ResponseWriter = &leaky{}
			if failed != nil {
				c := newClient(t)
				c.failed = failed
				close(c.let)
				w = c
			}
			panicked := make(chan any, 1)
			go func() {
				defer func() { panicked <- recover() }()
				h.ServeHTTP(w, get())
			}()
			synctest.Wait()
			ctx, leave := context.WithCancel(t.Context())
			go leaving(h, get().WithContext(ctx))
			synctest.Wait()
			parts <- "one"
			synctest.Wait()
			leave()
			synctest.Wait()
			parts <- "two"
			synctest.Wait()
			switch {
			case failed != nil:
				if value := <-panicked; value != failed {
					t.Errorf("panicked with %v", value)
				}
			case len(told) == 0 || <-told != io.ErrClosedPipe || <-panicked != http.ErrAbortHandler:
				t.Error("the handler was not told that its client left")
			}
		})
	}
}

// leaky is a client that does not take the first write.
type leaky struct{ broken }

func (l *leaky) Write(p []byte) (int, error) {
	if l.after++; l.after == 1 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// Nor does the leader's client hold up who waits for a response that the origin confirms.
func TestLeaderDoesNotReadWhatIsConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{}, 1)
		open <- struct{}{}
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-open
			w.Header().Set("Cache-Control", "max-age=60")
			w.Header().Set("Etag", `"1"`)
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			io.WriteString(w, "one")
		}))
		ask(h, get())
		time.Sleep(time.Minute)
		c, w := newClient(t), httptest.NewRecorder()
		var wg sync.WaitGroup
		wg.Go(func() { c.asks(h) })
		synctest.Wait()
		wg.Go(func() { h.ServeHTTP(w, get()) })
		synctest.Wait()
		open <- struct{}{}
		synctest.Wait()
		if w.Body.String() != "one" {
			t.Errorf("who waited has %q", w.Body)
		}
		close(c.let)
		wg.Wait()
		if c.log.String() != "one" {
			t.Errorf("its client got %q", &c.log)
		}
	})
}

// The same for a client of a Transport.
func TestTransportLeaderDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		var calls atomic.Int64
		rt := &Transport{Base: tripper(func(r *http.Request) (*http.Response, error) {
			calls.Add(1)
			<-open
			return &http.Response{StatusCode: 200, Header: header(fresh), Body: io.NopCloser(strings.NewReader("one")), ContentLength: -1}, nil
		})}
		trip := func() *http.Response {
			resp, err := rt.RoundTrip(get())
			if err != nil {
				t.Error(err)
			}
			return resp
		}
		var leads *http.Response
		var wg sync.WaitGroup
		wg.Go(func() { leads = trip() })
		synctest.Wait()
		var got string
		wg.Go(func() { got = text(t, trip()) })
		synctest.Wait()
		close(open)
		start := time.Now()
		wg.Wait()
		if took := time.Since(start); got != "one" || calls.Load() != 1 || took != 0 {
			t.Errorf("who waited got %q after %d calls and %v", got, calls.Load(), took)
		}
		if got := text(t, leads); got != "one" {
			t.Errorf("the other %q", got)
		}
	})
}

// Who comes while a leader is stuck in a write that nobody waited for, waits a moment, and then one goes and
// the others wait for that one.
func TestLateForALeaderThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			w.Header().Set("Cache-Control", "max-age=60")
			time.Sleep(time.Millisecond)
			io.WriteString(w, "one")
		}))
		c := newClient(t)
		var leader, wg sync.WaitGroup
		leader.Go(func() { c.asks(h) })
		time.Sleep(time.Second)
		start := time.Now()
		for range 10 {
			wg.Go(func() {
				if got := text(t, ask(h, get())); got != "one" {
					t.Errorf("%q", got)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); calls.Load() != 2 || took > 2*clientLimit {
			t.Errorf("answered after %d calls and %v", calls.Load(), took)
		}
		close(c.let)
		leader.Wait()
	})
}

// An origin that takes longer than who waits has patience is asked once more, and by one of them.
func TestSlowOriginIsNotFlooded(t *testing.T) {
	for _, first := range []bool{true, false} { // whose answer comes first, the one that was overtaken?
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			open := []chan struct{}{make(chan struct{}), make(chan struct{}), make(chan struct{})}
			h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-open[calls.Add(1)-1]
				w.Header().Set("Cache-Control", "max-age=3600")
				io.WriteString(w, "one")
			}))
			var wg sync.WaitGroup
			var answered atomic.Int64
			come := func(n int) {
				for range n {
					wg.Go(func() { ask(h, get()); answered.Add(1) })
				}
				synctest.Wait()
			}
			come(100)
			time.Sleep(waitLimit)
			come(100)
			if calls.Load() != 2 {
				t.Errorf("%d calls after %v", calls.Load(), waitLimit)
			}
			time.Sleep(waitLimit - time.Nanosecond)
			synctest.Wait()
			if calls.Load() != 2 {
				t.Errorf("%d calls before twice that", calls.Load())
			}
			which, left := 0, int64(1) // the request that is still under way
			if !first {
				which = 1
			}
			close(open[which])
			synctest.Wait()
			if answered.Load() != 200-left || calls.Load() != 2 {
				t.Errorf("%d answered after %d calls", answered.Load(), calls.Load())
			}
			close(open[1-which])
			wg.Wait()
		})
	}
}

// A body that does not say how long it is may have no end, and others want one of their own. One that does is
// waited for.
func TestStreamsAreNotWaitedFor(t *testing.T) {
	for _, length := range []string{"", "10"} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			end := make(chan struct{})
			h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				w.Header().Set("Cache-Control", "max-age=60")
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				io.WriteString(w, "event")
				<-end
				io.WriteString(w, "event")
			}))
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { ask(h, get()) })
			}
			time.Sleep(endlessLimit)
			synctest.Wait()
			if want := map[string]int64{"": 10, "10": 1}[length]; calls.Load() != want {
				t.Errorf("length %q: %d calls, want %d", length, calls.Load(), want)
			}
			close(end)
			wg.Wait()
		})
	}
}

// Clients' own validations of what is stale here are one at the origin, and each is answered as its own condition
// has it.
func TestConditionsCollapse(t *testing.T) {
	type asking struct {
		condition string
		status    int
	}
	for i := range 10 {
		changed, leads := i%2 == 0, i/2
		synctest.Test(t, func(t *testing.T) {
			var calls, asked atomic.Int64
			tag := `"1"`
			open := make(chan struct{}, 1)
			open <- struct{}{}
			h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				<-open
				w.Header().Set("Cache-Control", "max-age=60")
				w.Header().Set("Etag", tag)
				w.Header().Set("Last-Modified", "Fri, 31 Dec 1999 00:00:00 GMT")
				if r.Header.Get("If-None-Match") == `"1"` && r.Header.Get("If-Modified-Since") == "Fri, 31 Dec 1999 00:00:00 GMT" {
					asked.Add(1)
				}
				if r.Header.Get("If-None-Match") == tag {
					w.WriteHeader(http.StatusNotModified)
					return
				}
				http.NewResponseController(w).Flush()
				io.WriteString(w, "content "+tag)
				http.NewResponseController(w).Flush()
			}))
			ask(h, get())
			time.Sleep(time.Minute)
			other := `"2"`
			if changed {
				tag, other = other, tag
			}
			all := []asking{
				{"If-None-Match: " + tag, 304}, {"If-None-Match: " + other, 200},
				{"If-Modified-Since: Fri, 31 Dec 1999 00:00:00 GMT", 304}, {"If-Modified-Since: Thu, 30 Dec 1999 00:00:00 GMT", 200},
				{"Accept: */*", 200},
			}
			var wg sync.WaitGroup
			for i := range 11 * len(all) {
				tt := all[(leads+i)%len(all)]
				wg.Go(func() {
					resp := ask(h, get(tt.condition))
					want := map[int]string{200: "content " + tag}[tt.status]
					if body := text(t, resp); resp.StatusCode != tt.status || body != want {
						t.Errorf("%s, with %s before it: %d %q", tt.condition, all[leads].condition, resp.StatusCode, body)
					}
				})
				if i == 0 {
					synctest.Wait()
				}
			}
			synctest.Wait()
			open <- struct{}{}
			wg.Wait()
			if calls.Load() != 2 || asked.Load() != 1 {
				t.Errorf("%s leads: %d calls, %d of them with our conditions", all[leads].condition, calls.Load()-1, asked.Load())
			}
		})
	}
}

// With nothing stored a client's validation is the origin's to answer, and leads nobody; but what is on its way it may
// wait for. Others than validations do neither.
func TestConditionsOfWhatIsNotStored(t *testing.T) {
	for _, tt := range []struct {
		condition        string
		first, alongside int64 // calls: if such come first, and while another is under way
	}{
		{`If-None-Match: "1"`, 2, 1},
		{"If-Modified-Since: Fri, 31 Dec 1999 00:00:00 GMT", 2, 1},
		{`If-Match: "1"`, 2, 3},
		{"If-Unmodified-Since: Fri, 31 Dec 1999 00:00:00 GMT", 2, 3},
		{`If-Range: "1"`, 2, 3},
		{"Range: bytes=0-0", 2, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			for _, leads := range []bool{false, true} {
				g := newGated(fresh, `Etag: "1"`)
				h := new(Cache).Handler(g)
				var wg sync.WaitGroup
				if leads {
					wg.Go(func() { ask(h, get()) })
					synctest.Wait()
				}
				for range 2 {
					wg.Go(func() {
						if resp := ask(h, get(tt.condition)); leads && strings.Contains(tt.condition, "None") && resp.StatusCode != 304 {
							t.Errorf("%s: %d", tt.condition, resp.StatusCode)
						}
					})
				}
				synctest.Wait()
				if want := map[bool]int64{false: tt.first, true: tt.alongside}[leads]; g.calls.Load() != want {
					t.Errorf("%s, another before it %v: %d calls, want %d", tt.condition, leads, g.calls.Load(), want)
				}
				close(g.open)
				wg.Wait()
			}
		})
	}
}

// A clock that is put back leaves no key uncollapsed for as long.
func TestClockPutBack(t *testing.T) {
	f := newFlights()
	now, k := time.Unix(1_000_000, 0), flightKey{Key: Key{Shared, "http://api.test/"}}
	f.lone(k, now)
	if fl, _ := f.board(k, now, true); fl != nil {
		t.Error("collapsed")
	}
	if fl, _ := f.board(k, now.Add(-time.Hour), true); fl == nil {
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

// Requests that Vary is known to tell apart do not wait for each other; and those that find out while they wait
// ask once for each variant.
func TestFlightsOfVariants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			time.Sleep(10 * time.Second)
			w.Header()["Cache-Control"], w.Header()["Vary"] = []string{"max-age=600"}, []string{"Accept-Language"}
			io.WriteString(w, r.Header.Get("Accept-Language"))
		}))
		for _, tt := range []struct {
			languages string
			calls     int64
			longest   time.Duration
		}{
			{"aabbbccc", 3, 20 * time.Second}, // nothing is known: b and c wait for a, and then each for their own
			{"ddeeff", 3, 10 * time.Second},
			{"abcdef", 0, 0},
		} {
			before := calls.Load()
			var wg sync.WaitGroup
			for _, c := range tt.languages {
				wg.Go(func() {
					start := time.Now()
					if got := text(t, ask(h, get("Accept-Language: "+string(c)))); got != string(c) {
						t.Errorf("%c got %q", c, got)
					}
					if took := time.Since(start); took > tt.longest {
						t.Errorf("%s: %c took %v", tt.languages, c, took)
					}
				})
				synctest.Wait() // in this order
			}
			wg.Wait()
			if n := calls.Load() - before; n != tt.calls {
				t.Errorf("%s: %d calls, want %d", tt.languages, n, tt.calls)
			}
		}
	})
}

// An origin that names another field each time has nobody wait more than twice.
func TestVaryThatChanges(t *testing.T) {
	fields := []string{"Accept", "Accept-Language", "User-Agent", "Accept-Charset", "Origin"}
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := int(calls.Add(1))
			time.Sleep(time.Second)
			w.Header()["Cache-Control"], w.Header()["Vary"] = []string{"max-age=600"}, []string{fields[min(n-1, 4)]}
		}))
		var wg sync.WaitGroup
		for i := range 32 {
			r := get()
			for bit, name := range fields {
				r.Header[name] = []string{[]string{"a", "b"}[i>>bit&1]}
			}
			wg.Go(func() {
				start := time.Now()
				ask(h, r)
				if took := time.Since(start); took > 3*time.Second {
					t.Errorf("%05b took %v", i, took)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
	})
}

// An origin that takes long to begin, and then does not say how long its answer is, is no stream yet.
func TestSlowBeginningIsNoStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			time.Sleep(3 * endlessLimit / 2)
			w.Header()["Cache-Control"] = []string{"max-age=60"}
			io.WriteString(w, "one")
			time.Sleep(endlessLimit / 2)
			io.WriteString(w, " two")
		}))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if got := text(t, ask(h, get())); got != "one two" {
					t.Errorf("%q", got)
				}
			})
		}
		wg.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}
