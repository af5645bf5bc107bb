package bearcache

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// weights sums what memory holds, by partition, as it is.
func (m *memory) weights() map[Partition]int64 {
	sum := map[Partition]int64{}
	for r := range m.all() {
		sum[r.key.Partition] += int64(r.weight)
	}
	return sum
}

// One reader cannot take more than its share, however many URIs it asks for, and the others keep theirs.
func TestQuota(t *testing.T) {
	c := &Cache{Memory: 8 << 20, Quota: 256 << 10}
	o := &origin{header: header(fresh)}
	h := c.Handler(o)
	good := func() { ask(h, request("GET", "http://api.test/good", "Authorization: Bearer good")) }
	good()
	for i := range 5_000 {
		ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i), "Authorization: Bearer greedy"))
		if i%10 == 0 {
			good()
		}
	}
	c.state.memory.records.CleanUp()
	for p, weight := range c.state.memory.weights() {
		if weight > 256<<10 {
			t.Errorf("a partition holds %d bytes", weight)
		}
		if p != Shared && weight == 0 {
			t.Error("a partition holds nothing")
		}
	}
	before := o.calls.Load()
	good()
	if o.calls.Load() != before {
		t.Error("the good reader's response went")
	}
	// What came last is still there.
	ask(h, request("GET", "http://api.test/4999", "Authorization: Bearer greedy"))
	if o.calls.Load() != before {
		t.Error("what came last went")
	}
	if c.Stats().OverQuota == 0 {
		t.Error("nothing was counted")
	}
}

// What the quotas count is what memory holds, whatever comes and goes.
func TestQuotasAreExact(t *testing.T) {
	m := newMemory(1<<20, 1<<18, false)
	partitions := []Partition{Shared, {"i a"}, {"i b"}, {"u c"}}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20_000 {
				k := Key{partitions[rand.IntN(len(partitions))], fmt.Sprintf("http://api.test/%d", rand.IntN(300))}
				switch rand.IntN(10) {
				case 0:
					m.forget(k)
				case 1:
					m.update(k, func(k Key, old *record) *record {
						if old != nil {
							return old
						}
						return &record{key: k}
					})
				default:
					m.update(k, func(k Key, _ *record) *record {
						return &record{key: k}
					})
				}
				m.get(k)
			}
		})
	}
	wg.Wait()
	m.records.CleanUp()
	held := m.weights()
	for _, p := range partitions[1:] {
		s := m.quotas.shard(p)
		var weight, listed, records int64
		if h := s.held[p]; h != nil {
			weight = h.weight
			for r := h.oldest; r != nil; r = r.links.newer {
				listed += int64(r.weight)
				records++
			}
		}
		if weight != held[p] || listed != held[p] {
			t.Errorf("%q is counted at %d, lists %d, and holds %d", p.name, weight, listed, held[p])
		}
	}
	if len(m.quotas.shard(partitions[1]).held) > 2 {
		t.Error("holdings of nothing stay")
	}
}

// A few large responses after many small ones are held to the share as well, and nothing of what is gone
// stays in memory.
func TestQuotaOfUnequalRecords(t *testing.T) {
	c := &Cache{Memory: 64 << 20, Quota: 4 << 20}
	large := false
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		if large {
			w.Write(make([]byte, 1<<20))
		}
	}))
	for i := range 2_000 {
		large = i >= 1_900
		ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i), "Authorization: Bearer greedy"))
		for p, weight := range c.state.memory.weights() {
			if weight > 4<<20 {
				t.Fatalf("%q holds %d bytes after %d requests", p.name, weight, i)
			}
		}
	}
}

// A record of many variants keeps the last ones rather than none.
func TestHeavyRecordKeepsItsLastVariants(t *testing.T) {
	o := &origin{header: header(fresh, "Vary: Accept-Language", "X-Big: "+strings.Repeat("x", 30_000))}
	c := &Cache{Memory: 1 << 20, Quota: 100_000}
	h := c.Handler(o)
	for i := range 10 {
		ask(h, get("Authorization: Bearer a", fmt.Sprintf("Accept-Language: x%d", i)))
	}
	calls := o.calls.Load()
	if ask(h, get("Authorization: Bearer a", "Accept-Language: x9")); o.calls.Load() != calls {
		t.Error("the last variant is not stored")
	}
}

// A record heavier than a reader's whole share is refused; what is everybody's has no share.
func TestQuotaOfOneRecord(t *testing.T) {
	c := &Cache{Quota: 4096}
	o := &origin{header: header(fresh, "X-Big: "+strings.Repeat("x", 8192))}
	h := c.Handler(o)
	for range 2 {
		ask(h, get("Authorization: Bearer a"))
		ask(h, get())
	}
	if o.calls.Load() != 3 || c.Stats().Refused != 2 {
		t.Errorf("%d calls, %d refused", o.calls.Load(), c.Stats().Refused)
	}
}

// Nobody is told that a response is stored which its reader's share has no room for.
func TestTooLargeForTheShare(t *testing.T) {
	c := &Cache{Memory: 1 << 20, MaxBody: 1 << 19}
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"], w.Header()["Content-Length"] = []string{"max-age=60"}, []string{"200000"}
		w.Write(make([]byte, 200_000))
	}))
	for _, tt := range []struct{ who, want string }{{"Authorization: Bearer a", "; detail=too-large"}, {"Accept: */*", "; stored"}} {
		if got := ask(h, get(tt.who)).Header.Get("Cache-Status"); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %s", tt.who, got)
		}
	}
}

// A partition that holds nothing any more is not counted any more: there is no end of readers.
func TestHoldingsOfNothingGo(t *testing.T) {
	m := newMemory(1<<20, 1<<18, false)
	k := Key{Partition{"i a"}, "http://api.test/"}
	m.update(k, func(k Key, _ *record) *record { return &record{key: k} })
	m.forget(k)
	m.records.CleanUp()
	if n := len(m.quotas.shard(k.Partition).held); n != 0 {
		t.Errorf("%d holdings", n)
	}
}
