// Package nodelog has several nodes tell each other what all of them must know, through a log that they share. It hides
// how that is made reliable: entries are sealed, so that the log's keeper can neither read nor make one; what could not
// be appended is tried again for as long as the node runs; each node follows the log, notices where it was lost or has
// gone back, and knows since when it has heard nothing.
package nodelog

import (
	"context"
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
	interval = 100 * time.Millisecond // between two looks at the log
	patience = time.Second            // with each call of it
	retry    = 500 * time.Millisecond // after one that failed
	queue    = 4096                   // entries that wait to be appended
	tellers  = 4                      // calls of Append at a time
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
	// Instead is an entry that says more than any other, which takes the place of all that wait when they are
	// too many. Nil: there is none, and Tell refuses.
	Instead []byte
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
	heard    atomic.Int64 // when everything that was in the log was known, by clock; zero: never
	unread   atomic.Uint64
	nudge    chan struct{}
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	waiting []told     // to be appended
	more    *sync.Cond // there are some, or the node is closed
	there   []told     // appended, and not known to be applied here
	failing bool
}

// told is an entry on its way.
type told struct {
	sealed []byte
	done   []func()
}

// clock is the process's own: no other one is never set.
var clock = time.Now()

// Start has a node follow the log until Close.
func Start(o Options) *Node {
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	n := &Node{options: o, nudge: make(chan struct{}, 1)}
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

// Close ends the node. What waits to be appended is lost.
func (n *Node) Close() {
	n.cancel()
	n.mu.Lock()
	n.more.Broadcast()
	n.mu.Unlock()
	n.running.Wait()
}

// Position is how far all entries were applied.
func (n *Node) Position() Position { return *n.position.Load() }

// Deaf reports whether it is longer than bound ago that everything in the log was known here.
func (n *Node) Deaf(bound time.Duration) bool {
	heard := n.heard.Load()
	return heard == 0 || time.Since(clock)-time.Duration(heard) > bound
}

// Unread counts entries that did not open.
func (n *Node) Unread() uint64 { return n.unread.Load() }

// Tell has entry appended, as soon as that can be done. done is called, once, when it is in the log and was applied here too, or
// when Begin was called for a log that lost it. false: too many wait.
func (n *Node) Tell(entry []byte, done func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	next := told{n.seal(entry), []func(){done}}
	if len(n.waiting) >= queue {
		if n.options.Instead == nil {
			return false
		}
		for _, t := range n.waiting {
			next.done = append(next.done, t.done...)
		}
		next.sealed, n.waiting = n.seal(n.options.Instead), nil
	}
	n.waiting = append(n.waiting, next)
	n.more.Signal()
	return true
}

// Waiting is how many entries are not in the log yet.
func (n *Node) Waiting() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.waiting)
}

func (n *Node) seal(entry []byte) []byte { return n.options.Boxes[0].Seal(entry, n.options.Use) }

func (n *Node) open(sealed []byte) ([]byte, bool) {
	for _, box := range n.options.Boxes {
		if entry, ok := box.Open(sealed, n.options.Use); ok {
			return entry, true
		}
	}
	return nil, false
}

// tell appends what waits.
func (n *Node) tell() {
	defer n.running.Done()
	for {
		n.mu.Lock()
		for len(n.waiting) == 0 && n.ctx.Err() == nil {
			n.more.Wait()
		}
		if n.ctx.Err() != nil {
			n.mu.Unlock()
			return
		}
		next := n.waiting[0]
		n.waiting = n.waiting[1:]
		n.mu.Unlock()

		ctx, cancel := context.WithTimeout(n.ctx, patience)
		_, _, err := n.options.Log.Append(ctx, next.sealed)
		cancel()
		n.mu.Lock()
		if err != nil { // it may be there all the same: twice is as good as once
			n.waiting = append([]told{next}, n.waiting...)
		} else {
			n.there = append(n.there, next)
		}
		n.mu.Unlock()
		if err != nil {
			n.sleep(retry, nil)
			continue
		}
		select {
		case n.nudge <- struct{}{}:
		default:
		}
	}
}

// follow applies what is appended, by whomever.
func (n *Node) follow() {
	defer n.running.Done()
	for n.ctx.Err() == nil {
		n.mu.Lock()
		there := len(n.there)
		n.mu.Unlock()
		began := time.Since(clock)
		end, err := n.read()
		n.trouble(err)
		switch {
		case err != nil:
			n.sleep(retry, n.nudge)
		case end:
			n.heard.Store(max(int64(began), 1))
			n.applied(there)
			n.sleep(interval, n.nudge)
		}
	}
}

// read applies the next entries; end: there are no more.
func (n *Node) read() (end bool, err error) {
	at := n.Position()
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	epoch, first, entries, err := n.options.Log.Since(ctx, at.Epoch, at.Number)
	if err != nil {
		return false, err
	}
	if epoch != at.Epoch || first > at.Number+1 {
		floor := max(first, 1) - 1
		n.options.Begin(epoch, floor)
		at = Position{epoch, floor}
		n.position.Store(&at)
	}
	for i, sealed := range entries {
		number := first + uint64(i)
		if number <= at.Number { // known already
			continue
		}
		if entry, ok := n.open(sealed); ok {
			n.options.Apply(number, entry)
		} else { // it may have said anything
			n.unread.Add(1)
			n.options.Begin(epoch, number)
		}
		n.position.Store(&Position{epoch, number})
	}
	return len(entries) == 0, nil // fewer than there could be may be what fits into one answer
}

// applied says so of the first so many that were appended: what was in the log before the look at it began is
// known, or was lost with the log.
func (n *Node) applied(count int) {
	n.mu.Lock()
	known := n.there[:count]
	n.there = append([]told(nil), n.there[count:]...)
	n.mu.Unlock()
	for _, t := range known {
		for _, done := range t.done {
			done()
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
