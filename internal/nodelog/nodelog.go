// Package nodelog has several nodes tell each other what all of them must know, through a log that they share. It hides
// how that is made reliable: entries are sealed, so that the log's keeper can neither read nor make one; what could not
// be appended is tried again for as long as the node runs; each node follows the log, notices where it was lost or has
// gone back, and knows since when it has heard nothing.
package nodelog

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache/internal/seal"
)

// Log is the log that nodes share; bearcache.PurgeLog says what its methods do.
type Log interface {
	Append(ctx context.Context, entry []byte) (epoch string, number uint64, err error)
	Since(ctx context.Context, epoch string, after uint64) (current string, first uint64, entries [][]byte, err error)
}

const (
	// An answer of fewer entries, and fewer bytes, holds the last one there is: a log counts some bytes of its own.
	page, pageBytes = 1000, 1 << 19

	interval   = 100 * time.Millisecond // between two looks at the log
	patience   = time.Second            // with each call of it
	closeLimit = 3 * time.Second        // for what was told and is not in the log
	retry      = 500 * time.Millisecond // after one that failed
	stuckAfter = 2 * time.Second        // that Append failed time and again
	queue      = 4096                   // entries that are on their way
	tellers    = 4                      // calls of Append at a time
)

// Options of a Node.
type Options struct {
	Log Log
	// Use tells the entries of one log from those of another that is sealed under the same secret.
	Use string
	// Boxes open what others sealed; the first one seals.
	Boxes []*seal.Box
	// Apply is called with each entry, in order.
	Apply func(number uint64, entry []byte)
	// Begin is called where entries are not to be had: before the first of an epoch, where some were trimmed, and for
	// one that does not open. Nothing is known of what happened up to floor in this epoch, nor in any other.
	Begin func(epoch string, floor uint64)
	// Opened is called, after Apply, with whether the first of Boxes opened the entry. Nil: nobody is told.
	Opened func(entry []byte, first bool)
	// Idle is called when everything that was in the log is known. Nil: nobody is told.
	Idle func()
	// Unread is called with an entry that does not open: it may have said anything. Nil: as Begin.
	Unread func(epoch string, number uint64)
	// Stuck is told when what was told cannot be appended for a while, and with nil when it can again. Nil: nobody.
	Stuck func(error)
	// Trouble is told when the log cannot be used any more, and with nil when it can again. Nil: nobody.
	Trouble func(error)
}

// Position is how far a node has followed the log.
type Position struct {
	Epoch  string
	Number uint64
}

// Node is one of those who share a log.
type Node struct {
	options  Options
	position atomic.Pointer[Position]
	heard    atomic.Pointer[moment] // when everything that was in the log was known; nil: never
	unread   atomic.Uint64
	nudge    chan struct{}
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	told    map[string]*told
	closing bool
	waiting []*told    // of those, to be appended
	more    *sync.Cond // there are some, or the node is closed
	reads   uint64     // begun so far
	failing bool
	stuck   bool
	since   time.Time // when Append began to fail; zero: the last one did not
}

// told is an entry on its way. That Append has returned is not enough: a log that fails over to an older copy
// of itself, or that lies, may have lost what it took, and whoever waits for the entry would believe that others know.
// So it is on its way until it was read, and appended again where it was not.
//
//	Append returns   a read begins, and ends with all there is   the entry was not among it: it is gone
type told struct {
	sealed []byte
	done   func() // nil: nobody waits
	due    uint64 // the first read that must find it; zero: it was not appended
	lost   bool   // it was appended, and was not there
	seen   bool
}

// Start has a node follow the log until Close.
func Start(o Options) *Node {
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	if o.Stuck == nil {
		o.Stuck = func(error) {}
	}
	if o.Opened == nil {
		o.Opened = func([]byte, bool) {}
	}
	if o.Idle == nil {
		o.Idle = func() {}
	}
	if o.Unread == nil {
		o.Unread = o.Begin
	}
	n := &Node{options: o, nudge: make(chan struct{}, 1), told: make(map[string]*told)}
	n.more = sync.NewCond(&n.mu)
	n.position.Store(new(Position))
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.running.Add(1 + tellers)
	go n.follow()
	for range tellers {
		go n.tell()
	}
	return n
}

// Close ends the node, once what was told is in the log, or after closeLimit. It returns how much is not known to be
// there: nobody will tell it again.
func (n *Node) Close() (left int) {
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	for limit := time.Now().Add(closeLimit); n.ctx.Err() == nil && n.Waiting() > 0 && time.Now().Before(limit); {
		n.sleep(interval/10, nil)
	}
	left = n.Waiting()
	n.cancel()
	n.mu.Lock()
	n.more.Broadcast()
	n.mu.Unlock()
	n.running.Wait()
	return left
}

// Position is how far all entries were applied.
func (n *Node) Position() Position { return *n.position.Load() }

// Deaf reports whether it is longer than bound ago that everything in the log was known here. Of two clocks the one counts
// that says more: the monotonic one stands still while a machine sleeps, and the other one is set.
func (n *Node) Deaf(bound time.Duration) bool {
	heard := n.heard.Load()
	if heard == nil {
		return true
	}
	now := time.Now()
	return now.Sub(heard.monotonic) > bound || now.UnixNano()-heard.wall > int64(bound)
}

// moment is a time by two clocks.
type moment struct {
	monotonic time.Time
	wall      int64 // nanoseconds since 1970
}

// Unread counts entries that did not open, of those that came since the log was known for the first time: an exchange of secrets leaves some
// behind that nobody reads any more.
func (n *Node) Unread() uint64 { return n.unread.Load() }

// Tell has entry appended, as soon as that can be done. done is called, once, when it was read in the log and applied
// here; nil: nobody is told. false: too many are on their way, or the node is closed.
func (n *Node) Tell(entry []byte, done func()) bool {
	t := &told{sealed: n.options.Boxes[0].Seal(entry, n.options.Use), done: done}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing || n.ctx.Err() != nil || len(n.told) >= queue {
		return false
	}
	n.told[string(t.sealed)] = t
	n.wait(t)
	return true
}

// wait has t appended; n.mu is held.
func (n *Node) wait(t *told) {
	n.waiting = append(n.waiting, t)
	n.more.Signal()
}

// Waiting is how many entries are not known to be in the log.
func (n *Node) Waiting() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.told)
}

// open is what was sealed, and which box opened it; none: -1.
func (n *Node) open(sealed []byte) (entry []byte, box int) {
	for i, box := range n.options.Boxes {
		if entry, ok := box.Open(sealed, n.options.Use); ok {
			return entry, i
		}
	}
	return nil, -1
}

// next waits for an entry to append; nil: the node is closed.
func (n *Node) next() *told {
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		for len(n.waiting) == 0 && n.ctx.Err() == nil {
			n.more.Wait()
		}
		if n.ctx.Err() != nil {
			return nil
		}
		t := n.waiting[0]
		n.waiting = n.waiting[1:]
		if !t.seen {
			return t
		}
	}
}

// tell appends what waits. What fails goes behind the others: a log may have something against one of them only.
func (n *Node) tell() {
	defer n.running.Done()
	for t := n.next(); t != nil; t = n.next() {
		if t.lost { // there is no hurry to give it to a log that loses it again
			n.sleep(retry, nil)
		}
		ctx, cancel := context.WithTimeout(n.ctx, patience)
		_, _, err := n.options.Log.Append(ctx, t.sealed)
		cancel()
		if err != nil { // it may be there all the same, and be found meanwhile; if not, twice is as good as once
			n.sleep(retry, nil)
		}
		n.mu.Lock()
		switch {
		case t.seen:
		case err != nil:
			n.wait(t)
		default:
			t.due = n.reads + 1
		}
		changed := n.appended(err)
		n.mu.Unlock()
		if changed && n.ctx.Err() == nil {
			n.options.Stuck(err)
		}
		select {
		case n.nudge <- struct{}{}:
		default:
		}
	}
}

// appended notes how Append went, and reports whether there is something to say about that; n.mu is held.
func (n *Node) appended(err error) (changed bool) {
	switch {
	case err == nil:
		changed, n.stuck, n.since = n.stuck, false, time.Time{}
	case n.since.IsZero():
		n.since = time.Now()
	case !n.stuck && time.Since(n.since) > stuckAfter:
		changed, n.stuck = true, true
	}
	return changed
}

// follow applies what is appended, by whomever.
func (n *Node) follow() {
	defer n.running.Done()
	for n.ctx.Err() == nil {
		began := time.Now()
		end, err := n.read()
		n.trouble(err)
		switch {
		case err != nil:
			n.sleep(retry, nil)
		case end:
			n.heard.Store(&moment{began, began.UnixNano()})
			n.again()
			n.options.Idle()
			n.sleep(interval, n.nudge)
		}
	}
}

var (
	errNoEpoch  = errors.New("the log has no epoch")
	errRepeated = errors.New("the log repeats what it said")
	errNumbers  = errors.New("the log has numbers that it cannot have reached")
)

// read applies the next entries; end: there are no more.
func (n *Node) read() (end bool, err error) {
	n.mu.Lock()
	n.reads++
	n.mu.Unlock()
	at := n.Position()
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	epoch, first, entries, err := n.options.Log.Since(ctx, at.Epoch, at.Number)
	switch {
	case err != nil:
		return false, err
	case epoch == "": // as at is before the first read: nobody would begin
		return false, errNoEpoch
	case first > 1<<62: // they would begin again
		return false, errNumbers
	}
	progress := epoch != at.Epoch || first > at.Number+1
	if progress {
		floor := max(first, 1) - 1
		n.options.Begin(epoch, floor)
		at = Position{epoch, floor}
		n.position.Store(&at)
	}
	size := 0
	for i, sealed := range entries {
		size += len(sealed)
		number := first + uint64(i)
		if number <= at.Number { // known already
			continue
		}
		progress = true
		if entry, box := n.open(sealed); box >= 0 {
			n.options.Apply(number, entry)
			n.options.Opened(entry, box == 0)
		} else { // it may have said anything
			if n.heard.Load() != nil {
				n.unread.Add(1)
			}
			n.options.Unread(epoch, number)
		}
		n.position.Store(&Position{epoch, number})
		n.saw(sealed)
	}
	end = len(entries) < page && size < pageBytes // otherwise there may be more than fits into one answer
	if len(entries) > 0 && !progress {
		return false, errRepeated
	}
	return end, nil
}

// saw says so of what was told here.
func (n *Node) saw(sealed []byte) {
	n.mu.Lock()
	t := n.told[string(sealed)]
	if t != nil {
		t.seen = true
		delete(n.told, string(sealed))
	}
	n.mu.Unlock()
	if t != nil && t.done != nil {
		t.done()
	}
}

// again has appended what was appended before the last read began, and was in none.
func (n *Node) again() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.told {
		if t.due > 0 && t.due <= n.reads {
			t.due, t.lost = 0, true
			n.wait(t)
		}
	}
}

// trouble passes on that the log fails, or works, once each.
func (n *Node) trouble(err error) {
	if n.ctx.Err() != nil {
		return
	}
	n.mu.Lock()
	changed := n.failing != (err != nil)
	n.failing = err != nil
	n.mu.Unlock()
	if changed {
		n.options.Trouble(err)
	}
}

func (n *Node) sleep(d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-n.ctx.Done():
	}
}
