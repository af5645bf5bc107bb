package bearcache

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// refused are members of groups whom the origin refused something: with 401 everything, with 403 one URI. What is
// stored for a member alone is forgotten then; what his group has is others' too, and stays. He is given nothing of it
// where he was refused until the origin has answered him there since: an answer elsewhere, which may be one that
// everybody gets, says nothing of his right to this.
//
// Members are known by the beginning of their partitions' names, whatever else tells their partitions apart. Nothing here
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
	uris     []marked // the last refusals of one URI
	answered []marked // the last answers to one who was refused everything
}

// marked is a URI, by its digest, and a number of invalidations.
type marked struct{ uri, number uint64 }

const (
	maxMembers    = 1 << 14 // each takes some 400 bytes at most
	maxMemberURIs = 8       // refused, and as many answered
	maxCrowded    = 1 << 16
)

func newRefused(lifetime time.Duration) *refused {
	return &refused{seed: maphash.MakeSeed(), lifetime: lifetime, members: make(map[uint64]*refusals)}
}

// add notes that the holder of a partition, or all partitions with his name, is refused a URI; an empty one is everything. number is
// that of the refusal: what was asked for under a smaller one is older.
func (r *refused) add(p Partition, uri string, number uint64, now time.Time) {
	if p = p.holder(); p == (Partition{}) {
		return
	}
	digest := maphash.String(r.seed, p.name)
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[digest]
	if m == nil {
		r.makeRoom(now)
		m = new(refusals)
		r.members[digest], r.order = m, append(r.order, digest)
	}
	m.until = now.Add(r.lifetime)
	if uri == "" {
		m.all, m.uris, m.answered = number, nil, nil
	} else {
		m.uris = mark(m.uris, maphash.String(r.seed, uri), number)
		if len(m.uris) > maxMemberURIs {
			m.all, m.uris, m.answered = number, nil, nil
		}
	}
	r.any.Store(true)
}

// mark notes a number for a URI, the last one last.
func mark(list []marked, uri, number uint64) []marked {
	list = slices.DeleteFunc(list, func(old marked) bool { return old.uri == uri })
	return append(list, marked{uri, number})
}

// makeRoom has room for one more member.
func (r *refused) makeRoom(now time.Time) {
	for len(r.order) > 0 {
		digest := r.order[0]
		m := r.members[digest]
		counts := now.Before(m.until) && (m.all > 0 || len(m.uris) > 0)
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

// holds reports whether the holder of a partition is refused a URI, or was and the origin has not answered him there since.
func (r *refused) holds(p Partition, uri string, now time.Time) bool {
	if !r.any.Load() {
		return false
	}
	if p = p.holder(); p == (Partition{}) {
		return false
	}
	digest := maphash.String(r.seed, p.name)
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.crowded != nil && now.Before(r.crowded[digest%maxCrowded]) {
		return true
	}
	m := r.members[digest]
	if m == nil || !now.Before(m.until) {
		return false
	}
	what := maphash.String(r.seed, uri)
	return numberOf(m.answered, what) < max(m.all, numberOf(m.uris, what))
}

func numberOf(list []marked, uri uint64) uint64 {
	for _, of := range list {
		if of.uri == uri {
			return of.number
		}
	}
	return 0
}

// answered notes that the origin gave the holder of a partition an answer to a request for a URI, which was sent
// under a number.
func (r *refused) answered(p Partition, uri string, born uint64) {
	if !r.any.Load() {
		return
	}
	if p = p.holder(); p == (Partition{}) {
		return
	}
	digest, what := maphash.String(r.seed, p.name), maphash.String(r.seed, uri)
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[digest]
	if m == nil || born < max(m.all, numberOf(m.uris, what)) { // it was asked for before he was refused
		return
	}
	m.uris = slices.DeleteFunc(m.uris, func(of marked) bool { return of.uri == what })
	if m.all == 0 {
		return
	}
	if m.answered = mark(m.answered, what, born); len(m.answered) > maxMemberURIs {
		m.answered = m.answered[1:]
	}
}
