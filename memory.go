package bearcache

import (
	"hash/maphash"
	"iter"
	"math"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
)

// memory is the first level: records decoded and ready to write, bounded by weight as a whole and for
// each partition. What is stored for readers whom nobody verified is kept apart where others are verified: it
// can be filled by anybody.
type memory struct {
	records    *otter.Cache[Key, *record]
	unverified *otter.Cache[Key, *record] // nil: all are in records
	budget     int64                      // of both
	main       int64                      // of records
	quotas     *quotas
	mismatches atomic.Uint64
	refused    atomic.Uint64
	overQuota  atomic.Uint64
}

// unverifiedShare is the part of memory that readers whom nobody verified have, where others are verified.
const unverifiedShare = 4

func newMemory(budget, quota int64, apart bool) *memory {
	m := &memory{budget: budget, main: budget, quotas: newQuotas(quota)}
	if apart {
		m.main -= max(budget/unverifiedShare, 1)
		m.unverified = m.engine(budget - m.main)
	}
	m.records = m.engine(m.main)
	return m
}

func (m *memory) engine(budget int64) *otter.Cache[Key, *record] {
	return otter.Must(&otter.Options[Key, *record]{
		MaximumWeight: uint64(budget),
		Weigher:       func(_ Key, r *record) uint32 { return r.weight },
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *record]) {
			if e.Key == e.Value.key {
				m.quotas.remove(e.Value)
			}
		},
		Logger: &otter.NoopLogger{}, // it would print keys
	})
}

// share is where the records of p are.
func (m *memory) share(p Partition) *otter.Cache[Key, *record] {
	if m.unverified != nil && p.unverified() {
		return m.unverified
	}
	return m.records
}

func (m *memory) shares() []*otter.Cache[Key, *record] {
	if m.unverified == nil {
		return []*otter.Cache[Key, *record]{m.records}
	}
	return []*otter.Cache[Key, *record]{m.records, m.unverified}
}

// get returns what is stored under k, or nil. The record's own key is compared again: whatever goes
// wrong between a key and its record, a hit for another reader does not come of it.
func (m *memory) get(k Key) *record {
	r, ok := m.share(k.Partition).GetIfPresent(k)
	if !ok {
		return nil
	}
	if r.key != k {
		m.mismatches.Add(1)
		m.forget(k)
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
	m.share(k.Partition).Compute(k, func(old *record, found bool) (*record, otter.ComputeOp) {
		if !found || old.key != k {
			old = nil
		}
		next := change(k, old)
		if next == old {
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
		m.forget(k)
	}
}

// limit is what a partition may hold: Shared everything, everybody's being.
func (m *memory) limit(p Partition) int64 {
	share := m.main
	if m.unverified != nil && p.unverified() {
		share = m.budget - share
	}
	if p == Shared {
		return share
	}
	return min(share, m.quotas.quota)
}

// most is how long a body in p may be: what is longer is never stored.
func (s *state) most(p Partition) int64 {
	return min(s.maxBody, s.memory.limit(p)-recordOverhead-variantOverhead)
}

// forget drops what is stored under k, if there is anything.
func (m *memory) forget(k Key) (found bool) {
	_, found = m.share(k.Partition).Invalidate(k)
	return found
}

// forgetAll drops everything.
func (m *memory) forgetAll() {
	for _, records := range m.shares() {
		records.InvalidateAll()
	}
}

// forgetPartition drops what one partition holds, and says what that was.
func (m *memory) forgetPartition(p Partition) []Key {
	keys := m.quotas.keys(p)
	for _, k := range keys {
		m.forget(k)
	}
	return keys
}

// all are the records there are, about: what comes and goes meanwhile may be among them.
func (m *memory) all() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, records := range m.shares() {
			for _, r := range records.All() {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// quotas count what each partition but Shared holds, so that none takes more than its share: who has one
// token must not be able to fill the memory of all. Only storing and forgetting come here, hits do not.
type quotas struct {
	quota  int64
	seed   maphash.Seed
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
	q := &quotas{quota: quota, seed: maphash.MakeSeed()}
	for i := range q.shards {
		q.shards[i].held = make(map[Partition]*holding)
	}
	return q
}

// keys lists what p holds.
func (q *quotas) keys(p Partition) []Key {
	s := q.shard(p)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[p]
	if h == nil {
		return nil
	}
	var keys []Key
	for r := h.oldest; r != nil; r = r.links.newer {
		keys = append(keys, r.key)
	}
	return keys
}

// shard spreads partitions over the locks; nil: the partition has no quota.
func (q *quotas) shard(p Partition) *quotaShard {
	if p == Shared || p == (Partition{}) {
		return nil
	}
	return &q.shards[maphash.String(q.seed, p.name)%uint64(len(q.shards))]
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
