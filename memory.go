package bearcache

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
)

// memory is the first level: records decoded and ready to write, bounded by weight as a whole and for
// each partition.
type memory struct {
	records    *otter.Cache[Key, *record]
	budget     int64
	quotas     *quotas
	mismatches atomic.Uint64
	refused    atomic.Uint64
	overQuota  atomic.Uint64
}

func newMemory(budget, quota int64) *memory {
	m := &memory{budget: budget, quotas: newQuotas(quota)}
	m.records = otter.Must(&otter.Options[Key, *record]{
		MaximumWeight:    uint64(budget),
		Weigher:          func(_ Key, r *record) uint32 { return r.weight },
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *record]) { m.quotas.remove(e.Key, int64(e.Value.weight)) },
		Logger:           &otter.NoopLogger{}, // it would print keys
	})
	return m
}

// get returns what is stored under k, or nil. The record's own key is compared again: whatever goes
// wrong between a key and its record, a hit for another reader does not come of it.
func (m *memory) get(k Key) *record {
	r, ok := m.records.GetIfPresent(k)
	if !ok {
		return nil
	}
	if r.key != k {
		m.mismatches.Add(1)
		m.records.Invalidate(k)
		return nil
	}
	return r
}

// update replaces what is stored under k by what change makes of it. A record that exceeds the whole
// budget, or its partition's share of it, is refused and counted; the engine would drop it without a word.
// Where the partition then holds more than its share, what it stored first goes.
func (m *memory) update(k Key, change func(*record) *record) {
	m.records.Compute(k, func(old *record, found bool) (*record, otter.ComputeOp) {
		if !found || old.key != k {
			old = nil
		}
		next := change(old)
		if next == old && found {
			return old, otter.CancelOp
		}
		weight := next.weigh()
		if limit := m.limit(k.Partition); weight > limit || weight > math.MaxUint32 {
			m.refused.Add(1)
			return nil, otter.InvalidateOp
		}
		next.weight = uint32(weight)
		m.quotas.add(k, weight, m.holds)
		return next, otter.WriteOp
	})
	for _, uri := range m.quotas.excess(k.Partition) {
		m.overQuota.Add(1)
		m.records.Invalidate(Key{k.Partition, uri})
	}
}

// limit is what a partition may hold: Shared everything, everybody's being.
func (m *memory) limit(p Partition) int64 {
	if p == Shared {
		return m.budget
	}
	return min(m.budget, m.quotas.quota)
}

func (m *memory) holds(k Key) bool {
	_, ok := m.records.GetIfPresent(k)
	return ok
}

func (m *memory) forget(k Key) { m.records.Invalidate(k) }

// quotas count what each partition but Shared holds, so that none takes more than its share: who has one
// token must not be able to fill the memory of all. Only storing and forgetting come here, hits do not.
type quotas struct {
	quota  int64
	shards [64]quotaShard
}

type quotaShard struct {
	mu   sync.Mutex // guards held and the holdings in it
	held map[Partition]*holding
}

// holding is what one partition holds.
type holding struct {
	weight  int64
	records int
	uris    []string // oldest first; of records that are gone, too, until there are more of these
}

func newQuotas(quota int64) *quotas {
	q := &quotas{quota: quota}
	for i := range q.shards {
		q.shards[i].held = make(map[Partition]*holding)
	}
	return q
}

// shard spreads partitions over the locks by a byte of their digest.
func (q *quotas) shard(p Partition) *quotaShard {
	return &q.shards[int(p.name[len(p.name)-1])%len(q.shards)]
}

func (q *quotas) add(k Key, weight int64, holds func(Key) bool) {
	if k.Partition == Shared || k.Partition == (Partition{}) {
		return
	}
	s := q.shard(k.Partition)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[k.Partition]
	if h == nil {
		h = new(holding)
		s.held[k.Partition] = h
	}
	h.weight += weight
	h.records++
	if len(h.uris) > 2*h.records+8 {
		h.compact(func(uri string) bool { return holds(Key{k.Partition, uri}) })
	}
	h.uris = append(h.uris, k.TargetURI)
}

// compact drops all but the last of each URI's entries, and those of records that are gone.
func (h *holding) compact(holds func(uri string) bool) {
	last := make(map[string]int, len(h.uris))
	for i, uri := range h.uris {
		last[uri] = i
	}
	kept := make([]string, 0, len(last))
	for i, uri := range h.uris {
		if last[uri] == i && holds(uri) {
			kept = append(kept, uri)
		}
	}
	h.uris = kept
}

func (q *quotas) remove(k Key, weight int64) {
	if k.Partition == Shared || k.Partition == (Partition{}) {
		return
	}
	s := q.shard(k.Partition)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[k.Partition]
	if h == nil {
		return
	}
	h.weight -= weight
	if h.records--; h.records <= 0 {
		delete(s.held, k.Partition)
	}
}

// excess takes from the list of the partition's URIs those to forget until it holds its share again.
func (q *quotas) excess(p Partition) []string {
	if p == Shared || p == (Partition{}) {
		return nil
	}
	s := q.shard(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[p]
	if h == nil || h.weight <= q.quota || len(h.uris) < 2 {
		return nil
	}
	n := max(1, len(h.uris)/8) // an eighth at once: not one for each that comes
	gone := h.uris[:n:n]
	h.uris = h.uris[n:]
	return gone
}
