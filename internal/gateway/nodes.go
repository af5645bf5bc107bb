package gateway

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/internal/seal"
)

// nodes are the gateways that share a log of revocations with this one.
//
// The log keeps its newest entries only, and a revocation may have to hold for a year. So what is about to fall out of the log is
// told again, by whichever node comes to it first; and where the log was lost everything is. A node that begins
// knows what counts once it has read the log.
type nodes struct {
	gateway *Gateway
	node    *nodelog.Node
	seed    maphash.Seed

	mu     sync.Mutex        // guards what follows
	number uint64            // of the last entry
	at     map[string]uint64 // of each revocation, as it is encoded, the number of its last entry; zero: it is on its way
	under  map[string]bool   // of each as well, whether it was read under the secret that counts; false: only under another
}

// keptEntries is how many entries a log of revocations keeps at least. What is older than half of that is told again.
const keptEntries = 1 << 16

// tellLimit is how long an operator waits until a revocation is known to be in the log.
const tellLimit = 2 * time.Second

func startNodes(g *Gateway, log bearcache.PurgeLog) *nodes {
	n := &nodes{gateway: g, seed: maphash.MakeSeed(), at: make(map[string]uint64), under: make(map[string]bool)}
	var boxes []*seal.Box
	for _, key := range g.secrets {
		boxes = append(boxes, seal.New(key))
	}
	ready := make(chan struct{})
	n.node = nodelog.Start(nodelog.Options{Log: log, Use: "revocation", Boxes: boxes,
		Apply:  func(number uint64, entry []byte) { <-ready; n.apply(number, string(entry)) },
		Opened: n.opened,
		Idle:   n.renew,
		Trouble: func(err error) {
			if err != nil {
				g.options.Logger.Warn("the log of revocations cannot be followed; after 5s without it nothing is answered from the cache", "error", err)
			} else {
				g.options.Logger.Info("the log of revocations can be followed again")
			}
		},
		Begin: func(_ string, floor uint64) { <-ready; n.begin(floor) },
		// Nothing is lost by what nobody here can know: to tell all again would have others, who cannot read that
		// either, do the same.
		Unread: func(string, uint64) {},
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
	n.at[entry], n.number = number, number
	due := number%1024 == 0
	n.mu.Unlock()
	if due {
		n.again(number)
	}
}

func (n *nodes) opened(entry []byte, first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.under[string(entry)] = first || n.under[string(entry)]
}

// renew tells again, under the secret that counts, what was read only under another: once the other is taken away,
// nobody reads that any more.
func (n *nodes) renew() {
	n.mu.Lock()
	var list []string
	for entry, current := range n.under {
		if !current {
			list = append(list, entry)
			n.under[entry] = true // it is on its way
		}
	}
	n.mu.Unlock()
	for _, entry := range list {
		var r bearer.Revocation
		if r.UnmarshalBinary([]byte(entry)) == nil && time.Now().Before(r.Until) {
			n.later(r)
		}
	}
}

// begin tells again what may not be in the log any more.
func (n *nodes) begin(floor uint64) {
	n.mu.Lock()
	clear(n.at)
	n.number = floor
	n.mu.Unlock()
	for r := range n.gateway.revocations.All() {
		n.later(r)
	}
}

// again tells what is about to fall out of the log, each node at another time.
func (n *nodes) again(number uint64) {
	live := make(map[string]bool)
	for r := range n.gateway.revocations.All() {
		entry, err := r.MarshalBinary()
		if err != nil {
			continue
		}
		live[string(entry)] = true
		n.mu.Lock()
		last, known := n.at[string(entry)]
		n.mu.Unlock()
		if patience := keptEntries/2 + maphash.Bytes(n.seed, entry)%(keptEntries/4); !known || last > 0 && number-last > patience {
			n.later(r)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for entry := range n.at { // those that passed
		if !live[entry] {
			delete(n.at, entry)
			delete(n.under, entry)
		}
	}
}

// later has r told without anybody waiting for it.
func (n *nodes) later(r bearer.Revocation) {
	if entry, err := r.MarshalBinary(); err == nil && n.node.Tell(entry, func() {}) {
		n.mu.Lock()
		if _, known := n.at[string(entry)]; known {
			n.at[string(entry)] = 0
		}
		n.mu.Unlock()
	}
}

// tell has the other nodes know of r, and waits for a while until it is in the log.
func (n *nodes) tell(ctx context.Context, r bearer.Revocation) error {
	entry, err := r.MarshalBinary()
	if err != nil {
		return err
	}
	told := make(chan struct{})
	if n.node.Tell(entry, func() { close(told) }) {
		limit := time.NewTimer(tellLimit)
		defer limit.Stop()
		select {
		case <-told:
			return nil
		case <-ctx.Done():
		case <-limit.C:
		}
	}
	return fmt.Errorf("the revocation holds on this node: %w", bearcache.ErrNotShared)
}
