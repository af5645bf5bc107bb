package bearcache

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// refused are members of groups whom the origin refused something: with 401 everything, with 403 one URI in one partition. What is
// stored for a member alone is forgotten then; what his group has is others' too, and stays. He is given nothing of it
// where he was refused until the origin has answered him there since, in the same partition: an answer elsewhere, which may be one that
// everybody gets, or to other rights of the same subject, says nothing of his right to this.
//
// Members are known by the beginning of their partitions' names. Nothing here
// fails to the other side where there is no room: too many URIs of one member are all of his, and of members who are too
// many to be told apart, some share a fate. What follows is a miss, never a look at what one was refused. For whoever
// makes up tokens there is nothing to fill: somebody vouches for each member.
type refused struct {
	seed     maphash.Seed
	lifetime time.Duration // of each refusal
	any      atomic.Bool   // there was one: most caches never have any, and pay nothing

	mu      sync.RWMutex // guards what follows
	members map[uint64]*refusals
	order   []uint64 // all of members, as they came
	// crowded has the ends of refusals of members that found no room, by their digests; nil: all did.
	crowded []time.Time
}

// refusals are those of one member.
type refusals struct {
	until    time.Time
	all      uint64   // the number of the last refusal of everything; zero: none
	keys     []marked // the last refusals of one key
	answered []marked // the last answers to one who was refused everything
}

// marked is a key, by its digest, and a number of invalidations.
type marked struct{ key, number uint64 }

const (
	maxMembers    = 1 << 14 // each takes some 400 bytes at most
	maxMemberKeys = 8       // refused, and as many answered
	maxCrowded    = 1 << 16
)

func newRefused(lifetime time.Duration) *refused {
	return &refused{seed: maphash.MakeSeed(), lifetime: lifetime, members: make(map[uint64]*refusals)}
}

// add notes that the holder of k's partition is refused k; without a TargetURI, everything. number is that of the refusal: what was asked
// for under a smaller one is older.
func (r *refused) add(k Key, number uint64, now time.Time) {
	holder := k.Partition.holder()
	if holder == (Partition{}) {
		return
	}
	digest := maphash.String(r.seed, holder.name)
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[digest]
	switch {
	case m == nil:
		r.makeRoom(now)
		m = new(refusals)
		r.members[digest], r.order = m, append(r.order, digest)
	case !now.Before(m.until):
		*m = refusals{}
	}
	m.until = now.Add(r.lifetime)
	if k.TargetURI != "" {
		m.keys = mark(m.keys, maphash.Comparable(r.seed, k), number)
	}
	if k.TargetURI == "" || len(m.keys) > maxMemberKeys {
		m.all, m.keys = max(m.all, number), nil
	}
	r.any.Store(true)
}

// mark notes a number for a key, the last one last. Numbers may come out of order.
func mark(list []marked, key, number uint64) []marked {
	number = max(number, numberOf(list, key))
	list = slices.DeleteFunc(list, func(old marked) bool { return old.key == key })
	return append(list, marked{key, number})
}

// makeRoom has room for one more member.
func (r *refused) makeRoom(now time.Time) {
	for len(r.order) > 0 {
		digest := r.order[0]
		m := r.members[digest]
		counts := now.Before(m.until) && (m.all > 0 || len(m.keys) > 0)
		switch {
		case counts && len(r.members) < maxMembers:
			return
		case counts:
			if r.crowded == nil {
				r.crowded = make([]time.Time, maxCrowded)
			}
			if shared := &r.crowded[digest%maxCrowded]; shared.Before(m.until) {
				*shared = m.until
			}
		}
		delete(r.members, digest)
		r.order = r.order[1:]
	}
}

// holds reports whether the holder of k's partition is refused k, or was and the origin has not answered him there since.
func (r *refused) holds(k Key, now time.Time) bool {
	if !r.any.Load() {
		return false
	}
	holder := k.Partition.holder()
	if holder == (Partition{}) {
		return false
	}
	digest := maphash.String(r.seed, holder.name)
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.crowded != nil && now.Before(r.crowded[digest%maxCrowded]) {
		return true
	}
	m := r.members[digest]
	if m == nil || !now.Before(m.until) {
		return false
	}
	what := maphash.Comparable(r.seed, k)
	return numberOf(m.answered, what) < max(m.all, numberOf(m.keys, what))
}

func numberOf(list []marked, key uint64) uint64 {
	for _, of := range list {
		if of.key == key {
			return of.number
		}
	}
	return 0
}

// answered notes that the origin gave the holder of k's partition an answer to a request for k, which was sent under a number.
func (r *refused) answered(k Key, born uint64) {
	if !r.any.Load() {
		return
	}
	holder := k.Partition.holder()
	if holder == (Partition{}) {
		return
	}
	digest, what := maphash.String(r.seed, holder.name), maphash.Comparable(r.seed, k)
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[digest]
	if m == nil || born < max(m.all, numberOf(m.keys, what)) { // it was asked for before he was refused
		return
	}
	m.keys = slices.DeleteFunc(m.keys, func(of marked) bool { return of.key == what })
	if m.all == 0 {
		return
	}
	if m.answered = mark(m.answered, what, born); len(m.answered) > maxMemberKeys {
		m.answered = m.answered[1:]
	}
}
