package bearcache

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// underway are the requests whose responses may yet be stored for one reader, by his partition. What is forgotten
// for him must not come back with one of them, and to forget it costs no other reader anything: whoever makes up
// tokens that the origin refuses would otherwise empty the cache of all.
type underway struct {
	seed   maphash.Seed
	shards [64]struct {
		mu sync.Mutex // guards of
		of map[Partition][]*ticket
		_  [40]byte // a cache line each
	}
}

// ticket is one such request.
type ticket struct {
	key  Key
	void atomic.Bool // what it brings is not stored for its reader
}

func newUnderway() *underway {
	u := &underway{seed: maphash.MakeSeed()}
	for i := range u.shards {
		u.shards[i].of = make(map[Partition][]*ticket)
	}
	return u
}

// enter notes a request. leave must be called with what it returns, once nothing is stored any more.
func (u *underway) enter(k Key) *ticket {
	t := &ticket{key: k}
	s := &u.shards[u.shard(k.Partition)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[k.Partition] = append(s.of[k.Partition], t)
	return t
}

func (u *underway) leave(t *ticket) {
	p := t.key.Partition
	s := &u.shards[u.shard(p)]
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(s.of[p], func(other *ticket) bool { return other == t })
	if len(left) == 0 {
		delete(s.of, p)
		return
	}
	s.of[p] = left
}

// void has nothing come of the requests for k that are under way; with no TargetURI, of all in its partition. It lists
// their keys.
func (u *underway) void(k Key) (keys []Key) {
	s := &u.shards[u.shard(k.Partition)]
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.of[k.Partition] {
		if k.TargetURI == "" || k.TargetURI == t.key.TargetURI {
			t.void.Store(true)
			keys = append(keys, t.key)
		}
	}
	return keys
}

func (u *underway) shard(p Partition) uint64 {
	return maphash.String(u.seed, p.name) % uint64(len(u.shards))
}
