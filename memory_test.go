package bearcache

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// weights sums what memory holds, by partition, as it is.
func (m *memory) weights() map[Partition]int64 {
	sum := map[Partition]int64{}
	for k, r := range m.records.All() {
		sum[k.Partition] += int64(r.weight)
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
	m := newMemory(1<<20, 1<<18)
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
					m.update(k, func(old *record) *record {
						if old != nil {
							return old
						}
						return &record{key: k}
					})
				default:
					m.update(k, func(*record) *record {
						return &record{key: k, variants: nil, stored: nil}
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
		var weight int64
		var listed int
		if h := s.held[p]; h != nil {
			weight, listed = h.weight, len(h.uris)
		}
		if weight != held[p] {
			t.Errorf("%q is counted at %d, and holds %d", p.name, weight, held[p])
		}
		if listed > 1000 {
			t.Errorf("%q: %d URIs are listed", p.name, listed)
		}
	}
	if len(m.quotas.shard(partitions[1]).held) > 2 {
		t.Error("holdings of nothing stay")
	}
}
