package bearcache

import (
	"context"
	"errors"
	"time"
)

// Store is the second level: sealed records under opaque keys, shared by several nodes. It may forget at any time.
// Methods are safe for concurrent use, and return when their context ends. Its types are standard ones, so that an implementation imports nothing of this
// module; storetest.Run tells whether it is one.
type Store interface {
	// Get returns one element per key, in order; nil where the key is absent.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	Set(ctx context.Context, key string, record []byte, ttl time.Duration) error
	Delete(ctx context.Context, keys ...string) error
}

// PurgeLog is a log that all nodes append to and follow. An epoch is one life of the log: one that was lost, emptied or
// has gone back to an older state is another.
type PurgeLog interface {
	// Append adds an entry under the next number, from 1, and returns that.
	Append(ctx context.Context, entry []byte) (epoch string, number uint64, err error)

	// Since returns the log's epoch and the entries after a number, oldest first: all of them, or
	// at least a thousand or a mebibyte. first is the number of the first of them; where there are none, it is that of the next to come. If epoch is not the log's, the answer
	// begins with the oldest entry there is. Where first is beyond after+1 in the same epoch, those between are gone.
	Since(ctx context.Context, epoch string, after uint64) (current string, first uint64, entries [][]byte, err error)
}

// PurgeBound is how long after a purge on one node another may still answer with what was purged: a node that hears the
// log takes much less, and one that does not answers nothing from its cache after this time.
const PurgeBound = 5 * time.Second

// ErrNotShared is wrapped by the error of a purge that holds on this node and could not be told to others yet. The node
// goes on trying for as long as it runs.
var ErrNotShared = errors.New("other nodes could not be told yet")
