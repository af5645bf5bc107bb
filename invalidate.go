package bearcache

import (
	"hash/maphash"
	"sync/atomic"
)

// invalidations remembers which keys were invalidated, and when, in memory that does not grow. Time
// is a count of invalidations. A record carries the count read before its request went to the
// origin; it is dead once its slot holds a later one.
//
//	1: reads count 7   2: POST succeeds, slot := 8   1: stores the answer born under 7
//	A lookup finds slot 8 > 7: dead. Reading the count after the answer would lose this.
//
// Keys that fall into one slot die together: a miss, never a stale answer.
type invalidations struct {
	count atomic.Uint64
	seed  maphash.Seed
	slots [1 << 14]atomic.Uint64
}

func newInvalidations() *invalidations { return &invalidations{seed: maphash.MakeSeed()} }

// now is the count to be read before a request goes out.
func (v *invalidations) now() uint64 { return v.count.Load() }

// uri invalidates what is stored under a target URI in every partition.
func (v *invalidations) uri(uri string) { v.mark(maphash.String(v.seed, uri)) }

// key invalidates what is stored under a key in its own partition.
func (v *invalidations) key(k Key) { v.mark(maphash.Comparable(v.seed, k)) }

func (v *invalidations) mark(hash uint64) {
	slot := &v.slots[hash%uint64(len(v.slots))]
	n := v.count.Add(1)
	// Of two that share a slot the greater count stays, in whichever order they get here.
	for old := slot.Load(); old < n && !slot.CompareAndSwap(old, n); old = slot.Load() {
	}
}

// alive reports whether what was born under a count is still valid for k.
func (v *invalidations) alive(k Key, born uint64) bool {
	n := uint64(len(v.slots))
	if v.count.Load() == born { // nothing was invalidated since: no need to look
		return true
	}
	return v.slots[maphash.String(v.seed, k.TargetURI)%n].Load() <= born &&
		v.slots[maphash.Comparable(v.seed, k)%n].Load() <= born
}
