package bearcache

import (
	"crypto/rand"
	"hash/maphash"
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
	caught  atomic.Bool    // everything that was in the log was known
	warn    rate.Sometimes // of entries of another secret
	lost    rate.Sometimes // and of what was forgotten with the log
	unheard *rate.Limiter  // of what is told though nobody may have to know

	mu      sync.Mutex          // guards what follows
	pending map[string]*pending // by what they are about
	ours    map[string]bool     // the notices of this node that are on their way, by their IDs
	untold  int                 // notices that found no room in pending, and may yet be told
	all     chan struct{}       // everything is pending, until it is closed; nil: not so
	more    bool                // what is on its way for all is not enough: something came later
}

// maxPending bounds what is pending one by one, as where the log is not to be had. Behind that everything is pending,
// and then told to be purged, until nothing is.
const maxPending = 1024

// pending is a notice that was not read in the log yet.
type pending struct {
	notice
	key   string        // among what is pending
	told  chan struct{} // closed when it was, or will have been once it is told
	then  chan struct{} // the same of when it is told once more
	held  int           // by how many that will tell or drop it
	flies bool          // it was told
	again bool          // and meanwhile once more
}

// notice is what one node tells the others: a purge, or that something of one reader is to be forgotten.
type notice struct {
	id     string   // random, to know what was told here
	in     *pending // where it is pending; nil: it found no room
	extent *Extent
	// What is to be forgotten has a partition, whose name may hold digests: it has one name for each of the
	// secrets that are known here. No TargetURI: all there is in it, or in all partitions of the holder who is named.
	names   []string
	uri     string
	refused bool // the origin refused it to the reader
}

// heard is what the log said in one epoch, by its numbers.
type heard struct {
	epoch     string
	purges    *invalidations
	forgotten forgotten
	kept      forgotten // by this node alone, of readers whom nobody verified; see keep
}

// forgotten are URIs, keys, partitions and holders of partitions, each with the last number under which it was to be forgotten. They are told
// apart by digests of 64 bits, so that no length of theirs counts, and that what one reader's refusal costs others is nothing.
type forgotten struct {
	seed  maphash.Seed
	mu    sync.RWMutex // guards what follows
	lossy bool         // what has no room is known no longer, and costs nobody else anything
	floor uint64       // what was born before it may have been forgotten
	last  map[uint64]uint64
	order []forgetting // all of last, about as they came
}

type forgetting struct{ digest, number uint64 }

// maxForgotten bounds forgotten; some 60 bytes each.
const maxForgotten = 1 << 16

// add notes that k is to be forgotten; without a TargetURI, all in its partition, or of its holder; without a Partition, its URI for
// every reader.
func (f *forgotten) add(k Key, number uint64) {
	digest := maphash.Comparable(f.seed, k)
	f.mu.Lock()
	defer f.mu.Unlock()
	_, again := f.last[digest]
	f.last[digest] = number
	if again {
		return
	}
	f.order = append(f.order, forgetting{digest, number})
	for len(f.order) > maxForgotten {
		gone := f.order[0]
		f.order = f.order[1:]
		if last := f.last[gone.digest]; last != gone.number { // it was forgotten again
			f.order = append(f.order, forgetting{gone.digest, last})
			continue
		}
		if !f.lossy {
			f.floor = max(f.floor, gone.number)
		}
		delete(f.last, gone.digest)
	}
}

// since reports whether k was to be forgotten after a record was born under a number.
func (f *forgotten) since(k Key, born uint64) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.floor > born || len(f.last) == 0 {
		return f.floor > born
	}
	for _, k := range [...]Key{k, {Partition: k.Partition}, {Partition: k.Partition.holder()}, {TargetURI: k.TargetURI}} {
		if f.last[maphash.Comparable(f.seed, k)] > born {
			return true
		}
	}
	return false
}

// unheardRate is how often a second the others are told to forget something of a reader whom nobody verified and of whom nothing
// was found here.
const unheardRate = 100

// keep has n hold for what this node finds in the store, though the others are not told: for the last 65,536 of them, so
// that a flood of made-up tokens takes nothing from anybody. Others may have followed the log a little further when they
// stored what is to be forgotten.
func (o *others) keep(n notice) {
	const ahead = 1000
	if h := o.heard.Load(); h != nil {
		for _, name := range n.names {
			h.kept.add(Key{Partition{name}, n.uri}, o.node.Position().Number+ahead)
		}
	}
	o.drop(n)
}

func startOthers(c *Cache, boxes []*seal.Box) *others {
	o := &others{cache: c, pending: make(map[string]*pending), ours: make(map[string]bool), unheard: rate.NewLimiter(unheardRate, 10*unheardRate)}
	o.warn.Interval, o.lost.Interval = sayAgain, sayAgain
	o.node = nodelog.Start(nodelog.Options{
		Log: c.PurgeLog, Use: "purge", Boxes: boxes, Apply: o.apply, Begin: o.beginAnew, Unread: o.cannotRead,
		Idle: func() { o.caught.Store(true) },
		Stuck: func(err error) {
			if err != nil {
				c.logger().Warn("purges cannot be written to the log that other nodes follow: they are not told", "error", err)
				return
			}
			c.logger().Info("purges can be written to the log again")
		},
		Trouble: func(err error) {
			if err != nil {
				c.logger().Warn("the purge log cannot be followed; after 5s without it nothing is answered from the cache", "error", err)
				return
			}
			c.logger().Info("the purge log can be followed again")
		},
	})
	return o
}

// deaf reports whether others may have purged what is stored here, too long ago for nobody to have heard.
func (o *others) deaf() bool { return o != nil && o.node.Deaf(PurgeBound) }

// await makes n pending. tell, drop or keep must be called next, with what it returns.
func (o *others) await(n notice) notice {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := n.about()
	w := o.pending[key]
	if w == nil {
		if len(o.pending) >= maxPending {
			o.untold++
			return n
		}
		w = &pending{notice: n, key: key, told: make(chan struct{}), then: make(chan struct{})}
		o.pending[key] = w
	}
	w.held++
	n.in = w
	return n
}

// drop has n no longer pending.
func (o *others) drop(n notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n.in == nil {
		o.untold--
		return
	}
	n.in.held--
	o.rest(n.in)
}

// rest ends what nobody holds, and nothing of which is on its way; o.mu is held.
func (o *others) rest(w *pending) {
	if w.held == 0 && !w.flies {
		delete(o.pending, w.key)
	}
}

// tell has all nodes know n, which holds here already but for what is in the Store. The channel is closed when they
// can.
func (o *others) tell(n notice) (told <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w := n.in; w != nil {
		w.held--
		if w.flies {
			w.again = true
			return w.then
		}
		o.send(w)
		return w.told
	}
	o.untold--
	if o.more = o.all != nil; !o.more {
		o.all = make(chan struct{})
		o.tellAll()
	}
	return o.all
}

// send puts w into the log; o.mu is held. Where the node is closed, it is pending for ever.
func (o *others) send(w *pending) {
	w.flies = true
	o.ours[w.id] = true
	o.node.Tell(w.append(nil), func() { o.landed(w) })
}

// landed is called when w was read in the log. Where the same was told meanwhile, something may have been stored between this notice and
// that, and it is told once more.
func (o *others) landed(w *pending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.ours, w.id)
	close(w.told)
	w.told, w.then = w.then, make(chan struct{})
	again := w.again
	w.id, w.flies, w.again = rand.Text(), false, false
	if again {
		o.send(w)
	}
	o.rest(w)
}

// tellAll has all nodes forget everything. This one, too: the notice is not among those that are pending.
func (o *others) tellAll() {
	n := newNotice()
	n.extent = new(Extent)
	o.node.Tell(n.append(nil), func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.more {
			o.more = false
			o.tellAll()
			return
		}
		close(o.all)
		o.all = nil
	})
}

// alive reports whether a record that was stored at a position of the log is valid as far as this node knows.
func (o *others) alive(k Key, tags func() []string, at nodelog.Position) bool {
	tags = sync.OnceValue(tags)
	if o.awaits(k, tags) {
		return false
	}
	h := o.heard.Load()
	return h != nil && h.epoch == at.Epoch && h.purges.aliveTagged(k, tags, at.Number) && !h.forgotten.since(k, at.Number) && !h.kept.since(k, at.Number)
}

// awaits reports whether something about a record is pending.
func (o *others) awaits(k Key, tags func() []string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.untold > 0 || o.all != nil {
		return true
	}
	for _, w := range o.pending {
		if w.forgets(k, tags) {
			return true
		}
	}
	return false
}

// about is what n says: whoever is refused, or changes something, time and again is one notice.
func (n notice) about() string {
	n.id = ""
	return string(n.append(nil))
}

// forgets reports whether n has a record purged.
func (n notice) forgets(k Key, tags func() []string) bool {
	if n.extent != nil {
		return n.extent.matches(k, tags)
	}
	for _, name := range n.names {
		if (name == k.Partition.name || name == k.Partition.holder().name) && (n.uri == "" || n.uri == k.TargetURI) {
			return true
		}
	}
	return false
}

// sayAgain is the least between two lines about one thing.
const sayAgain = time.Minute

// cannotRead forgets everything, for the entry may have said anything, and says what may be the matter. Those that are there when the
// node begins cost nothing, as it has nothing, and may be what an exchange of secrets left.
func (o *others) cannotRead(epoch string, number uint64) {
	if o.caught.Load() {
		o.warn.Do(func() {
			o.cache.logger().Warn("the purge log has a new entry that was not written under this node's secret; with each of them everything is forgotten: " +
				"compare the secrets of all nodes, and have those that are not to share use another log")
		})
	}
	o.begin(epoch, number)
}

// beginAnew forgets everything, and says so where there may have been something.
func (o *others) beginAnew(epoch string, floor uint64) {
	if o.caught.Load() {
		o.lost.Do(func() {
			o.cache.logger().Warn("everything that was stored is forgotten, as nobody knows what was purged: the purge log was emptied, or went back to an older state, or lost entries that this node has not read")
		})
	}
	o.begin(epoch, floor)
}

// begin forgets everything: nobody knows what was purged up to floor.
func (o *others) begin(epoch string, floor uint64) {
	h := &heard{epoch: epoch, purges: newInvalidations()}
	h.forgotten.seed, h.forgotten.last = maphash.MakeSeed(), make(map[uint64]uint64)
	h.kept.seed, h.kept.last, h.kept.lossy = maphash.MakeSeed(), make(map[uint64]uint64), true
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
	ours := o.ours[n.id]
	o.mu.Unlock()
	s := o.cache.state
	if n.extent != nil {
		if e := *n.extent; e != (Extent{}) && e == (Extent{TargetURI: e.TargetURI}) {
			// Not in a slot that it shares with others: a record that stays in the Store for long meets all of them.
			h.forgotten.add(Key{TargetURI: e.TargetURI}, number)
		} else {
			h.purges.under(number, func(number uint64) { h.purges.write(e, number) })
		}
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
			if n.refused {
				s.refused.add(k, s.invalidations.mark(), s.now())
			}
		}
	}
}

func newNotice() notice { return notice{id: rand.Text()} }

// The first byte of a notice.
const (
	noticePurge  = 'p'
	noticeForget = 'f'
	noticeRefuse = 'r'
)

func (n notice) append(b []byte) []byte {
	if e := n.extent; e != nil {
		b = texts.Append(append(b, noticePurge), n.id)
		for _, text := range []string{e.Issuer, e.Subject, e.TargetURI, e.Prefix, e.Tag} {
			b = texts.Append(b, text)
		}
		return b
	}
	kind := byte(noticeForget)
	if n.refused {
		kind = noticeRefuse
	}
	b = texts.Append(append(b, kind), n.id)
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
	case kind == noticeForget, kind == noticeRefuse:
		n.refused = kind == noticeRefuse
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
