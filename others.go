package bearcache

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/internal/seal"
	"github.com/bearcache/bearcache/internal/texts"
	"golang.org/x/time/rate"
)

// others are the nodes that share a PurgeLog with this one. What is purged here is purged at once, and told to
// them; what they tell is purged here.
//
// Two questions are asked of the log. What is in memory is held against this node's own invalidations, which have
// what others purged under numbers of their own. What comes from the Store was stored by anybody, at a
// position of the log that it carries, and is held against what the log said since (heard). A purge is on its
// way from when it is told here until it is known under its number; for so long it is pending, and counts against
// everything that comes from the Store.
//
//	purge here   pending, then this node's invalidations, then the log
//	from the log: heard, then this node's invalidations, then the position, then no longer pending
//
// In this order whoever reads the node's own number, then asks the Store, then looks at pending, then at heard,
// misses no purge: each is in one of them.
type others struct {
	cache   *Cache
	node    *nodelog.Node
	heard   atomic.Pointer[heard]
	unheard *rate.Limiter // of what is told though nobody may have to know

	mu      sync.Mutex // guards pending
	pending map[string]notice
}

// notice is what one node tells the others: a purge, or that something of one reader is to be forgotten.
type notice struct {
	id     string // random, to know what was told here
	extent *Extent
	// What is to be forgotten has a partition, whose name may hold digests: it has one name for each of the
	// secrets that are known here. No TargetURI: all there is in it.
	names []string
	uri   string
}

// heard is what the log said in one epoch, by its numbers.
type heard struct {
	epoch     string
	purges    *invalidations
	forgotten forgotten
}

// forgotten are keys and partitions, each with the last number under which it was to be forgotten: exactly, since
// what one reader's refusal costs others is nothing.
type forgotten struct {
	mu    sync.RWMutex // guards what follows
	floor uint64       // what was born before it may have been forgotten
	last  map[Key]uint64
	order []Key // as they were forgotten; some again
}

// maxForgotten bounds forgotten; some 100 bytes each.
const maxForgotten = 1 << 16

func (f *forgotten) add(k Key, number uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last[k] = number
	f.order = append(f.order, k)
	if len(f.order) > maxForgotten {
		gone := f.order[0]
		f.order = f.order[1:]
		f.floor = max(f.floor, f.last[gone]) // it may be in order again: then this is more than is needed
		delete(f.last, gone)
	}
}

// since reports whether k, or its whole partition, was forgotten after a record was born under a number.
func (f *forgotten) since(k Key, born uint64) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.floor > born || f.last[k] > born || f.last[Key{Partition: k.Partition}] > born
}

// unheardRate is how often a second the others are told to forget something of a reader whom nobody verified and of whom nothing
// was found here.
const unheardRate = 10

func startOthers(c *Cache, boxes []*seal.Box) *others {
	o := &others{cache: c, pending: make(map[string]notice), unheard: rate.NewLimiter(unheardRate, 10*unheardRate)}
	o.node = nodelog.Start(nodelog.Options{
		Log: c.PurgeLog, Use: "purge", Boxes: boxes, Apply: o.apply, Begin: o.begin,
		Instead: notice{id: rand.Text(), extent: new(Extent)}.append(nil),
		Trouble: func(err error) {
			if err != nil {
				c.logger().Warn("the purge log cannot be reached; after 5s without it nothing is answered from the cache")
				return
			}
			c.logger().Info("the purge log can be reached again")
		},
	})
	return o
}

// deaf reports whether others may have purged what is stored here, too long ago for nobody to have heard.
func (o *others) deaf() bool { return o != nil && o.node.Deaf(PurgeBound) }

// tell has all nodes know n, which holds here already but for what is in the Store; pending must have been called. done
// may be nil.
func (o *others) tell(n notice, done func()) {
	o.node.Tell(n.append(nil), func() {
		o.drop(n)
		if done != nil {
			done()
		}
	})
}

// await makes n pending.
func (o *others) await(n notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending[n.id] = n
}

// drop has n no longer pending: nobody else is told.
func (o *others) drop(n notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.pending, n.id)
}

// alive reports whether a record that was stored at a position of the log is valid as far as this node knows.
func (o *others) alive(k Key, tags func() []string, at nodelog.Position) bool {
	o.mu.Lock()
	for _, n := range o.pending {
		if n.about(k, tags) {
			o.mu.Unlock()
			return false
		}
	}
	o.mu.Unlock()
	h := o.heard.Load()
	return h != nil && h.epoch == at.Epoch && h.purges.aliveTagged(k, tags, at.Number) && !h.forgotten.since(k, at.Number)
}

// about reports whether n has a record purged.
func (n notice) about(k Key, tags func() []string) bool {
	if n.extent != nil {
		return n.extent.matches(k, tags)
	}
	for _, name := range n.names {
		if name == k.Partition.name && (n.uri == "" || n.uri == k.TargetURI) {
			return true
		}
	}
	return false
}

// begin forgets everything: nobody knows what was purged up to floor.
func (o *others) begin(epoch string, floor uint64) {
	h := &heard{epoch: epoch, purges: newInvalidations()}
	h.forgotten.last = make(map[Key]uint64)
	h.purges.under(floor, func(n uint64) { h.purges.list.Store(&extents{floor: n}) })
	o.heard.Store(h)
	o.cache.state.purge(Extent{})
}

// apply is called with what is in the log, in order.
func (o *others) apply(number uint64, entry []byte) {
	h := o.heard.Load()
	n, ok := cutNotice(string(entry))
	if !ok { // of a newer version of this program, as it was sealed by one
		o.begin(h.epoch, number)
		return
	}
	o.mu.Lock()
	_, ours := o.pending[n.id]
	o.mu.Unlock()
	s := o.cache.state
	if n.extent != nil {
		h.purges.under(number, func(number uint64) { h.purges.write(*n.extent, number) })
		if !ours {
			s.purge(*n.extent)
		}
		return
	}
	for _, name := range n.names {
		k := Key{Partition{name}, n.uri}
		h.forgotten.add(k, number)
		if !ours {
			s.forget(k)
		}
	}
}

func newNotice() notice { return notice{id: rand.Text()} }

// The first byte of a notice.
const (
	noticePurge  = 'p'
	noticeForget = 'f'
)

func (n notice) append(b []byte) []byte {
	if e := n.extent; e != nil {
		b = texts.Append(append(b, noticePurge), n.id)
		for _, text := range []string{e.Issuer, e.Subject, e.TargetURI, e.Prefix, e.Tag} {
			b = texts.Append(b, text)
		}
		return b
	}
	b = texts.Append(append(b, noticeForget), n.id)
	b = texts.Append(b, n.uri)
	for _, name := range n.names {
		b = texts.Append(b, name)
	}
	return b
}

func cutNotice(s string) (n notice, ok bool) {
	if s == "" {
		return n, false
	}
	kind := s[0]
	n.id, s, ok = texts.Cut(s[1:])
	switch {
	case !ok:
	case kind == noticePurge:
		n.extent = new(Extent)
		for _, text := range []*string{&n.extent.Issuer, &n.extent.Subject, &n.extent.TargetURI, &n.extent.Prefix, &n.extent.Tag} {
			if *text, s, ok = texts.Cut(s); !ok {
				return notice{}, false
			}
		}
		return n, s == ""
	case kind == noticeForget:
		if n.uri, s, ok = texts.Cut(s); !ok {
			return notice{}, false
		}
		for s != "" {
			var name string
			if name, s, ok = texts.Cut(s); !ok || name == "" {
				return notice{}, false
			}
			n.names = append(n.names, name)
		}
		return n, len(n.names) > 0
	}
	return notice{}, false
}

// tellLimit is how long a purge waits until it is known to be in the log.
const tellLimit = 2 * time.Second
