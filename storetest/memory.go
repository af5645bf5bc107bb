package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a store and its logs in this process, for tests of who uses them, with switches for what stores do in bad times.
// All methods may be called at any time by several goroutines.
type Memory struct {
	mu      sync.Mutex // guards all
	records map[string]stored
	old     map[string][]byte // what was replaced last under a key
	logs    map[string]*memoryLog
	fault   fault
	calls   int
}

type stored struct {
	record []byte
	end    time.Time
}

// fault is how the store behaves.
type fault struct {
	err   error
	hang  bool
	delay time.Duration
	drop  bool
}

// New returns an empty one that works.
func New() *Memory {
	return &Memory{records: map[string]stored{}, old: map[string][]byte{}, logs: map[string]*memoryLog{}}
}

// ErrFailed is what calls return after Fail.
var ErrFailed = errors.New("storetest: told to fail")

// Work ends all faults. What a corrupted record was does not come back.
func (m *Memory) Work() { m.set(fault{}) }

// Fail has all calls fail with ErrFailed.
func (m *Memory) Fail() { m.set(fault{err: ErrFailed}) }

// Hang has all calls wait for the end of their context.
func (m *Memory) Hang() { m.set(fault{hang: true}) }

// Delay has all calls wait before they do anything, or for the end of their context.
func (m *Memory) Delay(d time.Duration) { m.set(fault{delay: d}) }

// DropWrites has Set, Delete and Append succeed without doing anything. Append returns the number that it would have had.
func (m *Memory) DropWrites() { m.set(fault{drop: true}) }

func (m *Memory) set(f fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// Calls counts the calls of Get, Set, Delete, Append and Since so far, those that failed too.
func (m *Memory) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// begin applies the faults. It returns with the lock held if err is nil.
func (m *Memory) begin(ctx context.Context) (drop bool, err error) {
	m.mu.Lock()
	m.calls++
	f := m.fault
	m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case f.err != nil:
		return false, f.err
	case f.hang:
		<-ctx.Done()
		return false, ctx.Err()
	case f.delay > 0:
		wait := time.NewTimer(f.delay)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	m.mu.Lock()
	return f.drop, nil
}

func (m *Memory) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if _, err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	records := make([][]byte, len(keys))
	for i, key := range keys {
		if s, ok := m.records[key]; ok && time.Now().Before(s.end) {
			records[i] = append([]byte{}, s.record...)
		}
	}
	return records, nil
}

func (m *Memory) Set(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	drop, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	if drop {
		return nil
	}
	if s, ok := m.records[key]; ok {
		m.old[key] = s.record
	}
	if ttl < time.Millisecond {
		delete(m.records, key)
		return nil
	}
	m.records[key] = stored{append([]byte{}, record...), time.Now().Add(ttl)}
	return nil
}

func (m *Memory) Delete(ctx context.Context, keys ...string) error {
	drop, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, key := range keys {
		if s, ok := m.records[key]; ok && !drop {
			m.old[key] = s.record
			delete(m.records, key)
		}
	}
	return nil
}

// Keys lists what is stored, sorted, also what has ended.
func (m *Memory) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.records))
}

// Dump is all that somebody who reads the store sees: keys, records, also replaced and deleted ones, and logs.
func (m *Memory) Dump() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all strings.Builder
	for key, s := range m.records {
		all.WriteString(key + "\n" + string(s.record) + "\n")
	}
	for key, record := range m.old {
		all.WriteString(key + "\n" + string(record) + "\n")
	}
	for name, l := range m.logs {
		all.WriteString(name + "\n")
		for _, e := range l.entries {
			all.WriteString(string(e) + "\n")
		}
	}
	return all.String()
}

// Change replaces the record under a key by what change makes of it, with the same end, and reports whether there was one.
func (m *Memory) Change(key string, change func(record []byte) []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.records[key]
	if ok {
		s.record = change(slices.Clone(s.record))
		m.records[key] = s
	}
	return ok
}

// Corrupt flips a bit of byte i of a record, counted from its end where i is negative.
func (m *Memory) Corrupt(key string, i int) bool {
	return m.Change(key, func(record []byte) []byte {
		if i < 0 {
			i += len(record)
		}
		if i >= 0 && i < len(record) {
			record[i] ^= 1
		}
		return record
	})
}

// Truncate leaves the first n bytes of a record.
func (m *Memory) Truncate(key string, n int) bool {
	return m.Change(key, func(record []byte) []byte { return record[:min(n, len(record))] })
}

// Swap puts the record of each of two keys under the other.
func (m *Memory) Swap(a, b string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first, ok1 := m.records[a]
	second, ok2 := m.records[b]
	if ok1 && ok2 {
		m.records[a], m.records[b] = second, first
	}
	return ok1 && ok2
}

// Replay brings back, for an hour, the record that was replaced or deleted last under a key.
func (m *Memory) Replay(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	record, ok := m.old[key]
	if ok {
		m.records[key] = stored{record, time.Now().Add(time.Hour)}
	}
	return ok
}

// Flush forgets everything, logs too.
func (m *Memory) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.records)
	clear(m.old)
	for _, l := range m.logs {
		l.lose()
	}
}

// MemoryLog is a log of a Memory.
type MemoryLog struct {
	m    *Memory
	name string
}

type memoryLog struct {
	epoch   string
	number  uint64   // of the last entry
	entries [][]byte // the last ones
	kept    int
}

// Log returns the log of a name. It keeps 65,536 entries.
func (m *Memory) Log(name string) *MemoryLog {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.logs[name] == nil {
		m.logs[name] = &memoryLog{epoch: rand.Text(), kept: 65536}
	}
	return &MemoryLog{m, name}
}

func (l *MemoryLog) Append(ctx context.Context, entry []byte) (epoch string, number uint64, err error) {
	drop, err := l.m.begin(ctx)
	if err != nil {
		return "", 0, err
	}
	defer l.m.mu.Unlock()
	log := l.m.logs[l.name]
	if drop {
		return log.epoch, log.number + 1, nil
	}
	log.number++
	log.entries = append(log.entries, slices.Clone(entry))
	log.entries = log.entries[max(0, len(log.entries)-log.kept):]
	return log.epoch, log.number, nil
}

func (l *MemoryLog) Since(ctx context.Context, epoch string, after uint64) (current string, first uint64, entries [][]byte, err error) {
	if _, err := l.m.begin(ctx); err != nil {
		return "", 0, nil, err
	}
	defer l.m.mu.Unlock()
	log := l.m.logs[l.name]
	if epoch == log.epoch && after > log.number {
		log.epoch = rand.Text()
	}
	oldest := log.number + 1 - uint64(len(log.entries))
	first = max(after+1, oldest)
	if epoch != log.epoch {
		first = oldest
	}
	for _, e := range log.entries[first-oldest:][:min(1000, log.number+1-first)] {
		entries = append(entries, slices.Clone(e))
	}
	return log.epoch, first, entries, nil
}

// Keep has the log keep n entries from the next one on.
func (l *MemoryLog) Keep(n int) {
	l.change(func(log *memoryLog) { log.kept = n })
}

// RollBack takes the log back to a number, in a new epoch, as a store does that notices it lost the last entries.
func (l *MemoryLog) RollBack(number uint64) {
	l.change(func(log *memoryLog) {
		if number < log.number {
			left := max(0, len(log.entries)-int(log.number-number))
			log.entries, log.number, log.epoch = log.entries[:left], number, rand.Text()
		}
	})
}

// Lose empties the log, which begins again with 1 in a new epoch.
func (l *MemoryLog) Lose() { l.change((*memoryLog).lose) }

func (log *memoryLog) lose() { log.entries, log.number, log.epoch = nil, 0, rand.Text() }

func (l *MemoryLog) change(change func(log *memoryLog)) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	change(l.m.logs[l.name])
}
