package bearcache

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/storetest"
)

// discard is a ResponseWriter that costs as little as one can.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

var kilobyte = []byte(strings.Repeat("x", 1024))

func benchmarkHandler(b *testing.B, h http.Handler, r *http.Request) {
	w := &discard{h: make(http.Header)}
	h.ServeHTTP(w, r)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

func apiRequest(token string) *http.Request {
	return get("Accept: application/json", "Accept-Encoding: gzip", "User-Agent: bench", "Authorization: Bearer "+token)
}

// BenchmarkEmpty is what the others are to be compared with: a handler that writes the same.
func BenchmarkEmpty(b *testing.B) {
	benchmarkHandler(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.WriteHeader(200)
		w.Write(kilobyte)
	}), apiRequest(strings.Repeat("t", 800)))
}

func cacheable(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Cache-Control"] = []string{"private, max-age=3600"}
	w.Write(kilobyte)
}

// BenchmarkHit is a stored kilobyte for a bearer whose token has 800 bytes.
func BenchmarkHit(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(cacheable)), apiRequest(strings.Repeat("t", 800)))
}

// BenchmarkHitShort is the same for one of 32 bytes.
func BenchmarkHitShort(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(cacheable)), apiRequest(strings.Repeat("t", 32)))
}

// BenchmarkDigest is the part of BenchmarkHit that no cache keyed by credentials does without: the keyed digest
// of the token.
func BenchmarkDigest(b *testing.B) {
	c, r := new(Cache), apiRequest(strings.Repeat("t", 800))
	c.init()
	b.ReportAllocs()
	for b.Loop() {
		c.state.secret.byCredentials(r, []string{"Authorization"})
	}
}

// BenchmarkHitAnonymous is the same for a request without credentials.
func BenchmarkHitAnonymous(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=3600"}
		w.Write(kilobyte)
	})), get("Accept: application/json", "User-Agent: bench"))
}

// BenchmarkMiss is a response that may not be stored.
func BenchmarkMiss(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"no-store"}
		w.Write(kilobyte)
	})), apiRequest(strings.Repeat("t", 800)))
}

// BenchmarkHitAmong looks up one record among many, of few readers and of many: what a hit costs must not
// depend on what else is stored.
func BenchmarkHitAmong(b *testing.B) {
	for _, tt := range []struct{ records, readers int }{{1, 1}, {1_000, 1}, {1_000_000, 1}, {100_000, 100_000}, {1_000_000, 100_000}} {
		b.Run(fmt.Sprintf("records=%d/readers=%d", tt.records, tt.readers), func(b *testing.B) {
			h := (&Cache{Memory: 4 << 30, Quota: 4 << 30}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Cache-Control"] = []string{"private, max-age=3600"}
				w.Write(kilobyte[:64])
			}))
			w := &discard{h: make(http.Header)}
			made := func(i int) *http.Request {
				r := apiRequest(fmt.Sprintf("token-%d", i%tt.readers))
				r.URL.Path = fmt.Sprintf("/%d", i/tt.readers)
				return r
			}
			for i := range tt.records {
				clear(w.h)
				h.ServeHTTP(w, made(i))
			}
			// A few requests, used again: what is asked for often is in the processor's caches. Those of a million, made
			// between what they brought, would be most of what is measured.
			ask := make([]*http.Request, 64)
			for i := range ask {
				ask[i] = made(i * max(1, tt.records/len(ask)) % tt.records)
			}
			runtime.GC() // what filling it left behind is not what a hit costs
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				clear(w.h)
				h.ServeHTTP(w, ask[i%len(ask)])
				i++
			}
			if status := w.h["Cache-Status"]; len(status) != 1 || !strings.Contains(status[0], "; hit") {
				b.Fatalf("not a hit: %q", status)
			}
		})
	}
}

// BenchmarkValidation is a stale response that its origin confirms.
func BenchmarkValidation(b *testing.B) {
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"private, max-age=1"}
		w.Header()["Etag"] = []string{`"1"`}
		if r.Header["If-None-Match"] != nil {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(kilobyte)
	}))
	w, r := &discard{h: make(http.Header)}, apiRequest(strings.Repeat("t", 800))
	h.ServeHTTP(w, r)
	b.ReportAllocs()
	for b.Loop() {
		pass(2 * time.Second)
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

// BenchmarkStore is a response that is stored each time.
func BenchmarkStore(b *testing.B) {
	h := new(Cache).Handler(http.HandlerFunc(cacheable))
	r := apiRequest(strings.Repeat("t", 800))
	r.Header["Cache-Control"] = []string{"no-cache"}
	benchmarkHandler(b, h, r)
}

// BenchmarkCollapse is a thousand readers of one partition who want the same cold thing at once; an
// operation is all of them.
func BenchmarkCollapse(b *testing.B) {
	var calls atomic.Int64
	c := new(Cache)
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		time.Sleep(20 * time.Millisecond)
		cacheable(w, r)
	}))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		var all sync.WaitGroup
		n++
		for range 1000 {
			all.Go(func() {
				r := apiRequest("token")
				r.URL.Path = fmt.Sprintf("/%d", n)
				h.ServeHTTP(&discard{h: make(http.Header)}, r)
			})
		}
		all.Wait()
	}
	b.ReportMetric(float64(calls.Load())/float64(n), "calls/op")
}

// BenchmarkRecall is a hit that the second level, in this process, has and memory has not.
func BenchmarkRecall(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10} {
		b.Run(fmt.Sprintf("body=%d", size), func(b *testing.B) {
			c, h := secondLevel(b, size)
			w, r := &discard{h: make(http.Header)}, apiRequest(strings.Repeat("t", 800))
			h.ServeHTTP(w, r)
			for len(c.Store.(*storetest.Memory).Keys()) == 0 {
				runtime.Gosched()
			}
			k := Key{c.state.secret.byCredentials(r, []string{"Authorization"}), targetURI(r)}
			b.ReportAllocs()
			for b.Loop() {
				c.state.memory.forget(k)
				clear(w.h)
				h.ServeHTTP(w, r)
			}
			if status := w.h["Cache-Status"]; len(status) != 1 || !strings.Contains(status[0], "detail=store") {
				b.Fatalf("not from the store: %q", status)
			}
		})
	}
}

// BenchmarkHitSharing is BenchmarkHit where there is a second level: a hit asks only whether its node is deaf.
func BenchmarkHitSharing(b *testing.B) {
	_, h := secondLevel(b, 1<<10)
	benchmarkHandler(b, h, apiRequest(strings.Repeat("t", 800)))
}

// secondLevel is a cache with a second level that has heard of everything.
func secondLevel(b *testing.B, size int) (*Cache, http.Handler) {
	store := storetest.New()
	c := &Cache{Store: store, PurgeLog: store.Log("purge"), Secret: kilobyte[:32]}
	b.Cleanup(c.Close)
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["Cache-Control"] = []string{"private, max-age=3600"}
		w.Write(bytes.Repeat([]byte("x"), size))
	}))
	for c.Stats().Deaf {
		runtime.Gosched()
	}
	return c, h
}

// BenchmarkSealRecord is what a record costs on its way to the Store, beside the request that brought it.
func BenchmarkSealRecord(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("body=%d", size), func(b *testing.B) {
			c, h := secondLevel(b, size)
			r := apiRequest("token")
			h.ServeHTTP(&discard{h: make(http.Header)}, r)
			k := Key{c.state.secret.byCredentials(r, []string{"Authorization"}), targetURI(r)}
			rec, s := c.state.memory.get(k), c.state.second
			b.ReportAllocs()
			for b.Loop() {
				plain, ttl := s.encode(rec, c.state.others.node.Position())
				name := s.keys[0].name(k)
				if s.keys[0].box.Seal(plain, "record", name, k.Partition.name, k.TargetURI); ttl <= 0 {
					b.Fatal("of no use")
				}
			}
		})
	}
}

// BenchmarkAliveInStore holds a record from the Store against a thousand newer purges of each kind.
func BenchmarkAliveInStore(b *testing.B) {
	k := Key{Identity{Issuer: "https://login.example", Subject: "alice"}.Partition(), "https://api.example/users/1/orders?page=2"}
	tags := func() []string { return tagsOf(http.Header{"Cache-Tag": {"orders,user-1,v2"}}) }
	for name, make := range map[string]func(i int) notice{
		"forgotten": func(i int) notice { return notice{names: []string{fmt.Sprint("c", i)}} },
		"uris":      func(i int) notice { return notice{extent: &Extent{TargetURI: fmt.Sprint("https://api.example/", i)}} },
		"tags":      func(i int) notice { return notice{extent: &Extent{Tag: fmt.Sprint("tag", i)}} },
		"pending":   func(i int) notice { return notice{extent: &Extent{Tag: fmt.Sprint("tag", i)}} },
	} {
		b.Run(name, func(b *testing.B) {
			c := new(Cache)
			c.init()
			o := &others{cache: c, pending: map[string]*pending{}, ours: map[string]bool{}}
			o.begin("e", 0)
			for i := range 1000 {
				n := make(i)
				n.id = fmt.Sprint(i)
				if name == "pending" {
					n = o.await(n)
				} else {
					o.apply(uint64(i+1), n.append(nil))
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if !o.alive(k, tags, nodelog.Position{Epoch: "e"}) {
					b.Fatal("dead")
				}
			}
		})
	}
}
