package bearcache

import (
	"sync/atomic"

	"github.com/maypok86/otter/v2"
)

// refused are readers whom the origin answered 401, and keys that it answered a reader 403 for. What is stored for him
// alone is forgotten then; what his group has is others' too, and stays. He is given nothing of it until the
// origin has answered him again: for what he may no longer read, the first to ask is the origin.
//
// It is bounded, and holds readers of groups only, for whom somebody vouches: whoever makes up tokens cannot fill it.
type refused struct {
	keys *otter.Cache[Key, struct{}]
	any  atomic.Bool // there was one: most caches never have any, and pay nothing
}

// maxRefused is how many are remembered; some 200 bytes each.
const maxRefused = 1 << 14

func newRefused() *refused {
	return &refused{keys: otter.Must(&otter.Options[Key, struct{}]{MaximumSize: maxRefused, Logger: &otter.NoopLogger{}})}
}

// add notes that a reader is refused k; without a TargetURI, everything.
func (r *refused) add(k Key) {
	if k.Partition.is('i') && !k.Partition.unverified() {
		r.any.Store(true)
		r.keys.Set(k, struct{}{})
	}
}

// holds reports whether the reader is refused k, or everything.
func (r *refused) holds(k Key) bool {
	if !r.any.Load() {
		return false
	}
	if _, all := r.keys.GetIfPresent(Key{Partition: k.Partition}); all {
		return true
	}
	_, this := r.keys.GetIfPresent(k)
	return this
}

// answered notes that the origin gave the reader an answer to k.
func (r *refused) answered(k Key) {
	if r.any.Load() {
		r.keys.Invalidate(Key{Partition: k.Partition})
		r.keys.Invalidate(k)
	}
}
