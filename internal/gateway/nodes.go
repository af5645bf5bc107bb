package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/internal/seal"
	"golang.org/x/time/rate"
)

// nodes are the gateways that share a log of revocations with this one.
//
// The log keeps its newest entries only, and a revocation may have to hold for a year. So what is about to fall out of the log is
// told again, and where the log was lost everything is. A node that begins knows what counts once it has read the log.
type nodes struct {
	gateway *Gateway
	node    *nodelog.Node

	heard chan struct{} // closed once everything that is in the log was known

	mu     sync.Mutex // guards what follows. Revocations are told apart by their entries
	again  retelling
	ours   map[string]bool // those that were made here, and have not been in the log yet
	read   int             // entries that were in the log when this node began
	unread int             // those of them that nobody here can read
	caught bool            // they are known
	warn   rate.Sometimes  // of others that nobody here can read
}

// tellLimit is how long an operator waits until a revocation is known to be in the log.
const tellLimit = 2 * time.Second

func startNodes(g *Gateway, log bearcache.PurgeLog) *nodes {
	n := &nodes{gateway: g, heard: make(chan struct{}), ours: make(map[string]bool), warn: rate.Sometimes{Interval: time.Minute}}
	n.again = newRetelling(g.options.RevocationLogLength, n.counts)
	var boxes []*seal.Box
	for _, key := range g.secrets {
		boxes = append(boxes, seal.New(key))
	}
	ready := make(chan struct{})
	logger := g.options.Logger
	n.node = nodelog.Start(nodelog.Options{Log: log, Use: "revocation", Boxes: boxes,
		Apply:  func(number uint64, entry []byte) { <-ready; n.apply(number, string(entry)) },
		Opened: n.opened,
		Idle:   n.tellAgain,
		Begin:  func(string, uint64) { <-ready; n.begin() },
		Trouble: func(err error) {
			if err != nil {
				logger.Warn("the log of revocations cannot be followed; after 5s without it nothing is answered from the cache", "error", err)
			} else {
				logger.Info("the log of revocations can be followed again")
			}
		},
		Stuck: func(err error) {
			if err != nil {
				logger.Warn("revocations cannot be written to the log that other nodes follow: they are not told", "error", err)
			} else {
				logger.Info("revocations can be written to the log again")
			}
		},
		// Nothing is lost by what nobody here can know: to tell all again would have others, who cannot read that
		// either, do the same.
		Unread: func(string, uint64) { n.cannotRead() },
	})
	close(ready)
	return n
}

// apply takes a revocation that is in the log. One of a later version of this program says nothing here; it is about tokens that
// the later version refuses.
func (n *nodes) apply(number uint64, entry string) {
	var r bearer.Revocation
	if r.UnmarshalBinary([]byte(entry)) != nil || n.gateway.revocations.Add(r) != nil {
		n.gateway.options.Logger.Error("a revocation of another node cannot be taken: it is of a later version, or there are too many")
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ours, entry)
	n.again.saw(entry, number)
	// One node may have revoked until later, and another what was issued later: then no entry says all, and one is made.
	if current, ok := n.gateway.revocations.Current(r); ok {
		if all, err := current.MarshalBinary(); err == nil {
			n.again.want(string(all))
		}
	}
	if !n.caught {
		n.read++
	}
}

func (n *nodes) opened(entry []byte, first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.again.opened(string(entry), first)
}

// cannotRead says that somebody else's revocations come into the log. Those that are there when the node begins are counted first.
func (n *nodes) cannotRead() {
	n.mu.Lock()
	caught := n.caught
	if !caught {
		n.unread++
	}
	n.mu.Unlock()
	if caught {
		n.warn.Do(func() {
			n.gateway.options.Logger.Warn("somebody revokes under another secret, and what he revokes is not refused here, nor there what is revoked here: " +
				"compare the secrets of all nodes, and have gateways that are not to share use another store_prefix")
		})
	}
}

// catchUp is called when everything that was in the log is known, and says what nobody here can read of it.
func (n *nodes) catchUp() {
	n.mu.Lock()
	first := !n.caught
	n.caught = true
	read, unread := n.read, n.unread
	n.mu.Unlock()
	switch {
	case !first:
		return
	case unread > 0 && read == 0:
		n.gateway.options.Logger.Warn("nothing in the log of revocations can be read here, as it was written under another secret: what it revokes is not refused here. "+
			"Compare the secrets of all nodes, have gateways that are not to share use another store_prefix, and after the exchange of a leaked secret revoke again", "entries", unread)
	case unread > 0:
		n.gateway.options.Logger.Info("some of the log of revocations cannot be read here, as an exchange of secrets leaves it", "entries", unread)
	}
	close(n.heard)
}

// strangers reports whether others write in the log whom this node cannot read, and who cannot read it.
func (n *nodes) strangers() bool {
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.node.Unread() > 0 || n.unread > 0 && n.read == 0
}

// begin has what is known told again: it may not be in the log any more.
func (n *nodes) begin() {
	var all []string
	for r := range n.gateway.revocations.All() {
		if entry, err := r.MarshalBinary(); err == nil {
			all = append(all, string(entry))
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.again.begin(all)
}

// counts reports whether an entry says all that is known of what it is of: of several that are of one thing one counts, so that as many are
// told again as there are revocations.
func (n *nodes) counts(entry string) bool {
	var r bearer.Revocation
	if r.UnmarshalBinary([]byte(entry)) != nil {
		return false
	}
	current, ok := n.gateway.revocations.Current(r)
	return ok && current.At.Equal(r.At) && current.Until.Equal(r.Until)
}

// tellAgain is called when everything that is in the log is known.
func (n *nodes) tellAgain() {
	n.catchUp()
	n.mu.Lock()
	list := n.again.next()
	n.mu.Unlock()
	for _, entry := range list {
		if n.node.Tell([]byte(entry), func() { n.landed(entry) }) {
			continue
		}
		n.refused(entry)
	}
}

// refused has an entry told later, as too many are on their way.
func (n *nodes) refused(entry string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.again.landed(entry)
	n.again.later(entry)
}

func (n *nodes) landed(entry string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.again.landed(entry)
}

// tell has the other nodes know of r, and waits for a while until it is in the log.
func (n *nodes) tell(ctx context.Context, r bearer.Revocation) error {
	b, err := r.MarshalBinary()
	if err != nil {
		return err
	}
	entry := string(b)
	n.mu.Lock()
	if len(n.ours) < maxRevocations {
		n.ours[entry] = true
	}
	n.again.flies(entry)
	n.mu.Unlock()
	told := make(chan struct{})
	if n.node.Tell(b, func() { n.landed(entry); close(told) }) {
		limit := time.NewTimer(tellLimit)
		defer limit.Stop()
		select {
		case <-told:
			return nil
		case <-ctx.Done():
		case <-limit.C:
		}
	} else {
		n.refused(entry)
	}
	return fmt.Errorf("the revocation holds on this node: %w", bearcache.ErrNotShared)
}

// state is how the log fares: entries that nobody here can read, those that are on their way, and whether it was not heard of for too long.
func (n *nodes) state() (unread uint64, waiting int, deaf bool) {
	if n == nil {
		return 0, 0, false
	}
	return n.node.Unread(), n.node.Waiting(), n.node.Deaf(bearcache.PurgeBound)
}

// Hears waits until everything is known that was revoked on other nodes, for so long at most, and reports whether it is.
func (g *Gateway) Hears(ctx context.Context, limit time.Duration) bool {
	if g.nodes == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case <-g.nodes.heard:
		return true
	case <-ctx.Done():
		return false
	}
}

// close ends the node, and returns how many revocations that were made here were never known to be in the log.
func (n *nodes) close() (untold int) {
	n.node.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	for entry := range n.ours {
		if n.counts(entry) {
			untold++
		}
	}
	return untold
}

// retelling decides what one of several nodes tells again, so that everything that counts stays in a log which keeps its newest
// entries only, and that telling does not beget telling.
//
//   - What counts is a quarter of the log at most (maxRevocations), and is told again when it is half a log old or older: for each
//     entry that is new, one at most is told again.
//   - Each node has a patience of its own. One of them comes first, and the others see what it told.
//   - Where all have to tell everything, as after the log was lost, each takes a small part in an order of its own, waits until
//     it is there, and looks what others have told meanwhile.
type retelling struct {
	patience uint64
	counts   func(entry string) bool

	at      map[string]uint64 // of what is in the log, the number of its last entry
	sweep   int               // how many there may be in at before those are looked for that passed
	order   []numbered        // of those, the oldest first; what was told again since stands there twice
	current map[string]bool   // those that were sealed under the secret that counts
	elder   map[string]bool   // those that were sealed under the other alone, as far as was seen
	waiting map[string]bool   // what is to be told
	flying  map[string]bool   // what was told and was not read yet
}

type numbered struct {
	entry  string
	number uint64
}

func newRetelling(length int, counts func(string) bool) retelling {
	kept := uint64(length)
	return retelling{patience: kept/2 + rand.Uint64N(kept/4), counts: counts,
		at: make(map[string]uint64), current: make(map[string]bool), elder: make(map[string]bool), waiting: make(map[string]bool), flying: make(map[string]bool)}
}

// begin is called with all that counts, where nobody knows what of it is in the log.
func (t *retelling) begin(all []string) {
	clear(t.at)
	clear(t.current)
	clear(t.elder)
	clear(t.waiting)
	t.order = nil
	for _, entry := range all {
		if !t.flying[entry] {
			t.waiting[entry] = true
		}
	}
}

// saw notes what is in the log.
func (t *retelling) saw(entry string, number uint64) {
	delete(t.waiting, entry)
	t.at[entry] = number
	t.order = append(t.order, numbered{entry, number})
	if len(t.at) > t.sweep {
		for entry := range t.at {
			if !t.counts(entry) {
				t.passed(entry)
			}
		}
		t.sweep = 2*len(t.at) + 1000
	}
	for len(t.order) > 0 && number-t.order[0].number > t.patience {
		old := t.order[0]
		t.order = t.order[1:]
		if t.at[old.entry] == old.number { // it was not told again
			t.later(old.entry)
		}
	}
}

func (t *retelling) passed(entry string) {
	delete(t.at, entry)
	delete(t.current, entry)
	delete(t.elder, entry)
}

// opened notes under which secret an entry was sealed that was seen. One that is sealed only under the other is told again, for once that is taken
// away nobody reads it any more.
func (t *retelling) opened(entry string, first bool) {
	switch _, seen := t.at[entry]; {
	case !seen:
	case first:
		t.current[entry] = true
		delete(t.elder, entry)
	case !t.current[entry]:
		t.elder[entry] = true
	}
}

func (t *retelling) later(entry string) { t.waiting[entry] = true }

// want has an entry told that is not in the log, nor on its way.
func (t *retelling) want(entry string) {
	if _, seen := t.at[entry]; !seen && !t.flying[entry] {
		t.later(entry)
	}
}

func (t *retelling) flies(entry string) { t.flying[entry] = true }

func (t *retelling) landed(entry string) { delete(t.flying, entry) }

// Of what is to be told a node tells an eighth at a time, within these bounds.
const leastTold, mostTold = 16, 512

// next lists what is to be told now.
func (t *retelling) next() (list []string) {
	for entry := range t.elder {
		t.later(entry)
	}
	clear(t.elder)
	room := min(max(len(t.waiting)/8, leastTold), mostTold) - len(t.flying)
	for entry := range t.waiting { // in an order that no two nodes have in common
		if room <= 0 {
			break
		}
		delete(t.waiting, entry)
		if !t.counts(entry) {
			t.passed(entry)
			continue
		}
		list = append(list, entry)
		t.flies(entry)
		room--
	}
	return list
}
