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
		MaximumWeight: uint64(budget),
		Weigher:       func(_ Key, r *record) uint32 { return r.weight },
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *record]) {
			if e.Key == e.Value.key {
				m.quotas.remove(e.Value)
			}
		},
		Logger: &otter.NoopLogger{}, // it would print keys
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

// update replaces what is stored under k by what change makes of it, which has the key that change is given. Of a record that exceeds its
// partition's share, or the whole budget, the oldest variants go, and where that does not help it is
// refused and counted; the engine would drop it without a word. Where the partition then holds more than
// its share, what it stored first goes.
func (m *memory) update(k Key, change func(k Key, old *record) *record) {
	k.Partition = m.quotas.known(k.Partition)
	m.records.Compute(k, func(old *record, found bool) (*record, otter.ComputeOp) {
		if !found || old.key != k {
			old = nil
		}
		next := change(k, old)
		if next == old && found {
			return old, otter.CancelOp
		}
		limit := min(m.limit(k.Partition), math.MaxUint32)
		for next.weigh() > limit && len(next.variants) > 1 {
			next.drop(next.oldest())
		}
		weight := next.weigh()
		if weight > limit {
			m.refused.Add(1)
			return nil, otter.InvalidateOp
		}
		next.weight = uint32(weight)
		m.quotas.add(next)
		return next, otter.WriteOp
	})
	for _, k := range m.quotas.excess(k.Partition) {
		m.overQuota.Add(1)
		m.records.Invalidate(k)
	}
}

// limit is what a partition may hold: Shared everything, everybody's being.
func (m *memory) limit(p Partition) int64 {
	if p == Shared {
		return m.budget
	}
	return min(m.budget, m.quotas.quota)
}

// most is how long a body in p may be: what is longer is never stored.
func (s *state) most(p Partition) int64 {
	return min(s.maxBody, s.memory.limit(p)-recordOverhead-variantOverhead)
}

func (m *memory) forget(k Key) { m.records.Invalidate(k) }

// quotas count what each partition but Shared holds, so that none takes more than its share: who has one
// token must not be able to fill the memory of all. Only storing and forgetting come here, hits do not.
type quotas struct {
	quota  int64
	shards [64]quotaShard
}

type quotaShard struct {
	mu   sync.Mutex // guards held, the holdings in it, and the links of their records
	held map[Partition]*holding
}

// holding is what one partition holds: a list of its records, linked through themselves, oldest first.
type holding struct {
	partition      Partition
	weight         int64
	oldest, newest *record
}

// links are a record's place in its partition's holding.
type links struct{ older, newer *record }

func newQuotas(quota int64) *quotas {
	q := &quotas{quota: quota}
	for i := range q.shards {
		q.shards[i].held = make(map[Partition]*holding)
	}
	return q
}

// shard spreads partitions over the locks by a byte of their digest; nil: the partition has no quota.
func (q *quotas) shard(p Partition) *quotaShard {
	if p == Shared || p == (Partition{}) {
		return nil
	}
	return &q.shards[int(p.name[len(p.name)-1])%len(q.shards)]
}

// known is p with the name that the records of p have already: they need not have it each for itself.
func (q *quotas) known(p Partition) Partition {
	s := q.shard(p)
	if s == nil {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.held[p]; h != nil {
		return h.partition
	}
	return p
}

func (q *quotas) add(r *record) {
	s := q.shard(r.key.Partition)
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[r.key.Partition]
	if h == nil {
		h = &holding{partition: r.key.Partition}
		s.held[r.key.Partition] = h
	}
	h.weight += int64(r.weight)
	r.links = links{older: h.newest}
	if h.newest != nil {
		h.newest.links.newer = r
	} else {
		h.oldest = r
	}
	h.newest = r
}

// remove is called once for each record that was added, when it is gone.
func (q *quotas) remove(r *record) {
	s := q.shard(r.key.Partition)
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[r.key.Partition]
	if h == nil || r.links.older == nil && h.oldest != r { // it never was in the list
		return
	}
	h.weight -= int64(r.weight)
	if r.links.older != nil {
		r.links.older.links.newer = r.links.newer
	} else {
		h.oldest = r.links.newer
	}
	if r.links.newer != nil {
		r.links.newer.links.older = r.links.older
	} else {
		h.newest = r.links.older
	}
	r.links = links{}
	if h.oldest == nil {
		delete(s.held, r.key.Partition)
	}
}

// excess lists what is to be forgotten until the partition holds its share again, and an eighth less: not
// one for each that comes.
func (q *quotas) excess(p Partition) []Key {
	s := q.shard(p)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[p]
	if h == nil || h.weight <= q.quota {
		return nil
	}
	var gone []Key
	left := h.weight
	for r := h.oldest; r != h.newest && left > q.quota-q.quota/8; r = r.links.newer {
		left -= int64(r.weight)
		gone = append(gone, r.key)
	}
	return gone
}
