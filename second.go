package bearcache

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/internal/rfc9111"
	"github.com/bearcache/bearcache/internal/seal"
	"github.com/bearcache/bearcache/internal/texts"
)

// second is the second level: what is in memory goes to the Store too, sealed, and is looked up there where memory
// has no answer. The Store is not trusted: what comes from it counts only if it opens, is about the key that was
// asked for, and nothing that the log says speaks against it.
type second struct {
	cache  *Cache
	store  Store
	others *others
	keys   []key // of the secrets that are known; the first is what is written with

	mu     sync.Mutex // guards closed and sends on writes
	closed bool
	writes chan write
	queued atomic.Int64 // bytes
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	found, refused, failed, dropped atomic.Uint64
	reading, writing                health
}

// key is what one secret makes of things.
type key struct {
	*keyed
	box *seal.Box
}

// write is a record on its way to the Store.
type write struct {
	record *record
	ticket *ticket // void: the record is not to be kept; nil: it is nobody's in particular
	weight int64
}

const (
	storePatience = time.Second // with the Store, which may have less with whoever keeps it
	writers       = 4
	maxWrites     = 1024     // on their way
	maxWriteBytes = 32 << 20 // in bodies and fields
	maxTTL        = 30 * 24 * time.Hour
)

func startSecond(c *Cache, others *others, keys []key) *second {
	s := &second{cache: c, store: c.Store, others: others, keys: keys, writes: make(chan write, maxWrites)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.done.Add(writers)
	for range writers {
		go s.write()
	}
	return s
}

// close writes what is on its way, within closeLimit.
func (s *second) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.writes)
	}
	s.mu.Unlock()
	limit := time.AfterFunc(closeLimit, s.cancel)
	defer limit.Stop()
	s.done.Wait()
	s.cancel()
}

// name is what a record is called in the Store. It says nothing without the secret.
func (k key) name(of Key) string {
	d := k.begin("k")
	defer k.end(d)
	d.text(of.Partition.name)
	d.text(of.TargetURI)
	return base64.RawURLEncoding.EncodeToString([]byte(d.sum()))
}

// keep has a record written, soon, unless there is too much to write.
func (s *second) keep(x *exchange, r *record) {
	w := write{record: r}
	for i := range r.variants {
		w.weight += int64(len(r.variants[i].body) + len(r.variants[i].fields))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.writes) == cap(s.writes) || s.queued.Load()+w.weight > maxWriteBytes {
		s.dropped.Add(1)
		return
	}
	if p := r.key.Partition; p.kind() == rfc9111.PrivateCache {
		w.ticket = s.cache.state.underway.enter(r.key)
		if x.void(p) { // before there was the ticket
			s.cache.state.underway.leave(w.ticket)
			return
		}
	}
	s.queued.Add(w.weight)
	s.writes <- w
}

func (s *second) write() {
	defer s.done.Done()
	for w := range s.writes {
		if s.ctx.Err() == nil {
			s.put(w)
		}
		if w.ticket != nil {
			s.cache.state.underway.leave(w.ticket)
		}
		s.queued.Add(-w.weight)
	}
}

func (s *second) put(w write) {
	// The position first: what was purged up to it is known to this node, and seen below.
	at := s.others.node.Position()
	if at.Epoch == "" || w.ticket != nil && w.ticket.void.Load() {
		return
	}
	plain, ttl := s.encode(w.record, at)
	if ttl <= 0 {
		return
	}
	k := s.keys[0]
	name := k.name(w.record.key)
	ctx, cancel := context.WithTimeout(s.ctx, storePatience)
	defer cancel()
	s.writing.note(s, "writing to the store", s.set(ctx, name, k.box.Seal(plain, "record", name, w.record.key.Partition.name, w.record.key.TargetURI), ttl))
}

var errPanic = errors.New("the store panicked")

// get is the store's Get. A panic of it is a call that failed: it would end the request that asks, and a panic of Set the program.
func (s *second) get(ctx context.Context, names ...string) (values [][]byte, err error) {
	defer func() {
		if recover() != nil {
			values, err = nil, errPanic
		}
	}()
	return s.store.Get(ctx, names...)
}

func (s *second) set(ctx context.Context, name string, record []byte, ttl time.Duration) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return s.store.Set(ctx, name, record, ttl)
}

// health is how one kind of call fares. What changes is said, not more often than every healthEvery: a store may take
// one record and not the next.
type health struct {
	mu      sync.Mutex // guards what follows
	failing bool       // as it was said last
	said    time.Time
}

const healthEvery = 10 * time.Second

func (h *health) note(s *second, what string, err error) {
	if err != nil {
		s.failed.Add(1)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == (err != nil) || time.Since(h.said) < healthEvery {
		return
	}
	h.failing, h.said = err != nil, time.Now()
	if err != nil {
		s.cache.logger().Warn(what+" fails; what it has not is kept in memory only", "error", err)
	} else {
		s.cache.logger().Info(what + " works again")
	}
}

// recall looks for records of the request's partitions in the Store and takes those that are newer into memory. It
// reports whether there were any.
func (s *second) recall(x *exchange) (any bool) {
	if s.others.deaf() {
		return false
	}
	type wanted struct {
		in   key
		then Key // when it was stored
		now  Key // in memory
	}
	var all []wanted
	var names []string
	for _, p := range x.partitions() {
		if p == (Partition{}) {
			continue
		}
		now := Key{p, x.uri}
		for i, in := range s.keys {
			then := now
			if i > 0 {
				if former := x.formerly(p); former != (Partition{}) {
					then.Partition = former
				}
			}
			all = append(all, wanted{in, then, now})
			names = append(names, in.name(then))
		}
	}
	// Before anything is asked for: what is purged from here on is held against what comes.
	born := x.cache.state.invalidations.now()
	ctx, cancel := context.WithTimeout(x.request.Context(), storePatience)
	defer cancel()
	values, err := s.get(ctx, names...)
	if x.request.Context().Err() == nil {
		s.reading.note(s, "reading from the store", err)
	}
	if err != nil || len(values) != len(names) {
		return false
	}
	for i, want := range all {
		if values[i] == nil {
			continue
		}
		plain, ok := want.in.box.Open(values[i], "record", names[i], want.then.Partition.name, want.then.TargetURI)
		var r *record
		var at nodelog.Position
		if ok {
			r, at, ok = decode(string(plain), want.then, x.cache.state.now())
		}
		if !ok {
			s.refused.Add(1)
			continue
		}
		if r = s.alive(r, at, born); r == nil {
			continue
		}
		r.key = want.now
		any = s.take(x, r) || any
	}
	if any {
		s.found.Add(1)
	}
	return any
}

// alive is what of r, which was stored at a position of the log, nothing speaks against; nil: nothing.
func (s *second) alive(r *record, at nodelog.Position, born uint64) *record {
	kept := &record{key: r.key}
	for _, v := range r.variants {
		if s.others.alive(r.key, v.tags, at) {
			v.stamp = newStamp(born)
			kept.variants = append(kept.variants, v)
		}
	}
	if len(kept.variants) == 0 {
		return nil
	}
	return kept
}

// take puts r into memory, unless what is there arrived later.
func (s *second) take(x *exchange, r *record) (taken bool) {
	x.cache.state.memory.update(r.key, func(key Key, old *record) *record {
		if x.void(key.Partition) || old.Len() > 0 && !old.newest().Before(&r.newest().Stored) {
			return old
		}
		taken = true
		r.key = key
		return r
	})
	return taken
}

// recordFormat is the first byte of a record; one that begins otherwise is of another version of this program.
const recordFormat = 1

// encode writes what of r is valid at a position of the log, and says for how long that is of use.
func (s *second) encode(r *record, at nodelog.Position) (plain []byte, ttl time.Duration) {
	now := s.cache.state.now()
	b := append(make([]byte, 0, r.weight), recordFormat)
	b = texts.Append(b, r.key.Partition.name)
	b = texts.Append(b, r.key.TargetURI)
	b = texts.Append(b, at.Epoch)
	b = texts.AppendNumber(b, int(at.Number))
	for i := range r.variants {
		v := &r.variants[i]
		left := min(v.Useful().Sub(now), time.Unix(0, v.until).Sub(now), maxTTL)
		if left <= 0 || !s.cache.state.invalidations.current(r.key, v.tags, v.stamp) {
			continue
		}
		ttl = max(ttl, left)
		b = v.Stored.Append(b, now)
		b = texts.AppendNumber(b, int(v.until))
		b = texts.Append(b, string(v.fields))
		b = texts.Append(b, string(v.body))
	}
	return b, ttl
}

// decode reads what encode wrote for k; ok is false for anything else.
func decode(s string, k Key, now time.Time) (r *record, at nodelog.Position, ok bool) {
	if s == "" || s[0] != recordFormat {
		return nil, at, false
	}
	r = &record{}
	var number int
	if r.key.Partition.name, s, ok = texts.Cut(s[1:]); ok {
		r.key.TargetURI, s, ok = texts.Cut(s)
	}
	if ok {
		at.Epoch, s, ok = texts.Cut(s)
	}
	if ok {
		number, s, ok = texts.CutNumber(s)
	}
	if !ok || r.key != k || number < 0 {
		return nil, at, false
	}
	at.Number = uint64(number)
	for s != "" {
		var v variant
		var until int
		var fields, body string
		if v.Stored, s, ok = rfc9111.Cut(s, now); ok {
			until, s, ok = texts.CutNumber(s)
		}
		if ok {
			fields, s, ok = texts.Cut(s)
		}
		if ok {
			body, s, ok = texts.Cut(s)
		}
		if !ok || until < 0 || !packed(fields).whole() || v.Kind() != k.Partition.kind() {
			return nil, at, false
		}
		v.until, v.fields, v.body = int64(until), packed(strings.Clone(fields)), []byte(body) // none keeps s in memory
		r.variants = append(r.variants, v)
	}
	return r, at, len(r.variants) > 0
}
