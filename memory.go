package bearcache

import (
	"math"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
)

// memory is the first level: records decoded and ready to write, bounded by weight.
type memory struct {
	records    *otter.Cache[Key, *record]
	budget     int64
	mismatches atomic.Uint64
	refused    atomic.Uint64
}

func newMemory(budget int64) *memory {
	return &memory{budget: budget, records: otter.Must(&otter.Options[Key, *record]{
		MaximumWeight: uint64(budget),
		Weigher:       func(_ Key, r *record) uint32 { return uint32(min(r.weight(), math.MaxUint32)) },
		Logger:        &otter.NoopLogger{}, // it would print keys
	})}
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
// budget is refused and counted; the engine would drop it without a word.
func (m *memory) update(k Key, change func(*record) *record) {
	m.records.Compute(k, func(old *record, found bool) (*record, otter.ComputeOp) {
		if !found || old.key != k {
			old = nil
		}
		next := change(old)
		if next.weight() > m.budget {
			m.refused.Add(1)
			return nil, otter.InvalidateOp
		}
		return next, otter.WriteOp
	})
}

func (m *memory) forget(k Key) { m.records.Invalidate(k) }
