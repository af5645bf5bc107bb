// Package storetest has what every store must do as tests to run against it, and a store in memory that can be made to fail.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Store has the methods of a Store of package bearcache.
type Store interface {
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	Set(ctx context.Context, key string, record []byte, ttl time.Duration) error
	Delete(ctx context.Context, keys ...string) error
}

// PurgeLog has the methods of a PurgeLog of package bearcache.
type PurgeLog interface {
	Append(ctx context.Context, entry []byte) (epoch string, number uint64, err error)
	Since(ctx context.Context, epoch string, after uint64) (current string, first uint64, entries [][]byte, err error)
}

// Run tests what open opens, a store of its own for each test; one that is shared is fine, for keys are random. Everything
// open starts ends with its test.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(t *testing.T, s Store){
		"what was set is there":                             testRoundTrip,
		"an absent key is nil, an empty record is not":      testAbsent,
		"answers are in the order of the keys":              testOrder,
		"any bytes are a key and a record":                  testBinary,
		"a record is replaced":                              testReplace,
		"deleted is absent":                                 testDelete,
		"a record ends with its lifetime":                   testLifetime,
		"no lifetime, no record":                            testNoLifetime,
		"large records are whole":                           testLarge,
		"what a caller does to its bytes changes no record": testAliasing,
		"a context that has ended asks nothing":             testEnded,
		"concurrent use mixes up nothing":                   testConcurrent,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// RunLog tests a log. open returns what two nodes have of one log, new and empty, that keeps kept entries;
// zero: as many as it likes, 2,500 at least.
func RunLog(t *testing.T, open func(t *testing.T, kept int) (a, b PurgeLog)) {
	for name, test := range map[string]func(t *testing.T, a, b PurgeLog){
		"numbers grow by one, in one epoch":             testNumbers,
		"an empty log has an epoch":                     testEmptyLog,
		"entries come in order, from any number on":     testSince,
		"another epoch begins with the oldest":          testOtherEpoch,
		"behind the end is another epoch":               testBehindTheEnd,
		"an answer has at most 1000 entries":            testMany,
		"entries that are long come in several answers": testLongEntries,
		"any bytes are an entry":                        testBinaryEntries,
		"appenders share no number":                     testAppenders,
		"who has no time asks nothing":                  testLogEnded,
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t, 0)
			test(t, a, b)
		})
	}
	t.Run("what was trimmed is a gap", func(t *testing.T) {
		a, b := open(t, 10)
		testTrimmed(t, a, b)
	})
}

func set(t *testing.T, s Store, key string, record []byte) {
	t.Helper()
	if err := s.Set(t.Context(), key, record, time.Minute); err != nil {
		t.Fatalf("set: %v", err)
	}
}

// get wants an element for each key.
func get(t *testing.T, s Store, keys ...string) [][]byte {
	t.Helper()
	records, err := s.Get(t.Context(), keys...)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if len(records) != len(keys) {
		t.Fatalf("%d records for %d keys", len(records), len(keys))
	}
	return records
}

func want(t *testing.T, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("got %s, want %s", short(got), short(want))
	}
}

func short(b []byte) string {
	if b == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d bytes %.20q", len(b), b)
}

func testRoundTrip(t *testing.T, s Store) {
	key := rand.Text()
	set(t, s, key, []byte("record"))
	want(t, get(t, s, key)[0], []byte("record"))
	want(t, get(t, s, key)[0], []byte("record"))
}

func testAbsent(t *testing.T, s Store) {
	key := rand.Text()
	want(t, get(t, s, key)[0], nil)
	set(t, s, key, []byte{})
	want(t, get(t, s, key)[0], []byte{})
	set(t, s, key, nil)
	want(t, get(t, s, key)[0], []byte{})
	get(t, s) // no key at all
}

func testOrder(t *testing.T, s Store) {
	keys, records := make([]string, 300), make([][]byte, 300)
	for i := range keys {
		keys[i] = rand.Text()
		if i%3 != 0 {
			records[i] = []byte(keys[i])
			set(t, s, keys[i], records[i])
		}
	}
	for i, got := range get(t, s, keys...) {
		want(t, got, records[i])
	}
	for i, got := range get(t, s, keys[4], keys[3], keys[1], keys[4]) {
		want(t, got, [][]byte{records[4], nil, records[1], records[4]}[i])
	}
}

func testBinary(t *testing.T, s Store) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	prefix := rand.Text()
	keys := []string{prefix + string(all), prefix + "\r\n", prefix + "\x00", prefix + "{a}b", prefix + "{}", prefix + " ", prefix, prefix + "*"}
	for _, key := range keys {
		set(t, s, key, []byte("\r\n"+key+"\x00"))
	}
	for i, got := range get(t, s, keys...) {
		want(t, got, []byte("\r\n"+keys[i]+"\x00"))
	}
	for _, number := range []string{"0", "-17", "1e9"} { // that a store might take for one
		set(t, s, prefix, []byte(number))
		want(t, get(t, s, prefix)[0], []byte(number))
	}
}

func testReplace(t *testing.T, s Store) {
	key := rand.Text()
	set(t, s, key, []byte("a longer record"))
	set(t, s, key, []byte("short"))
	want(t, get(t, s, key)[0], []byte("short"))
}

func testDelete(t *testing.T, s Store) {
	a, b, c := rand.Text(), rand.Text(), rand.Text()
	for _, key := range []string{a, b, c} {
		set(t, s, key, []byte(key))
	}
	if err := s.Delete(t.Context(), a, rand.Text(), c, a); err != nil {
		t.Fatalf("delete: %v", err)
	}
	for i, got := range get(t, s, a, b, c) {
		want(t, got, [][]byte{nil, []byte(b), nil}[i])
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Errorf("delete nothing: %v", err)
	}
}

// The lifetime of the first is over when it is absent; that of the second, set later and for longer, is not.
func testLifetime(t *testing.T, s Store) {
	short, long := rand.Text(), rand.Text()
	if err := s.Set(t.Context(), short, []byte("short"), 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	set(t, s, long, []byte("long"))
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		records := get(t, s, short, long)
		want(t, records[1], []byte("long"))
		if records[0] == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("there after 10 s")
		}
	}
}

func testNoLifetime(t *testing.T, s Store) {
	for _, ttl := range []time.Duration{0, -time.Second, time.Microsecond} {
		key := rand.Text()
		set(t, s, key, []byte("old"))
		if err := s.Set(t.Context(), key, []byte("new"), ttl); err != nil {
			t.Fatal(err)
		}
		want(t, get(t, s, key)[0], nil)
	}
}

func testLarge(t *testing.T, s Store) {
	keys, records := make([]string, 3), make([][]byte, 3)
	for i := range keys {
		keys[i], records[i] = rand.Text(), make([]byte, 1<<20+i)
		rand.Read(records[i])
		set(t, s, keys[i], records[i])
	}
	for i, got := range get(t, s, keys...) {
		want(t, got, records[i])
	}
}

func testAliasing(t *testing.T, s Store) {
	key, record := rand.Text(), []byte("record")
	set(t, s, key, record)
	copy(record, "xxxxxx")
	got := get(t, s, key)[0]
	want(t, got, []byte("record"))
	copy(got, "yyyyyy")
	want(t, get(t, s, key)[0], []byte("record"))
}

func testEnded(t *testing.T, s Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := rand.Text()
	if records, err := s.Get(ctx, key); !errors.Is(err, context.Canceled) || records != nil {
		t.Errorf("get: %v, %v", records, err)
	}
	if err := s.Set(ctx, key, []byte("record"), time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("set: %v", err)
	}
	want(t, get(t, s, key)[0], nil)
	set(t, s, key, []byte("record"))
	if err := s.Delete(ctx, key); !errors.Is(err, context.Canceled) {
		t.Errorf("delete: %v", err)
	}
	want(t, get(t, s, key)[0], []byte("record"))
}

// Each record names its key, so one that answers another key shows.
func testConcurrent(t *testing.T, s Store) {
	keys := make([]string, 20)
	for i := range keys {
		keys[i] = rand.Text()
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				a, b := keys[(i*7+worker)%len(keys)], keys[(i*3+worker*5)%len(keys)]
				if err := s.Set(t.Context(), a, []byte(a+strings.Repeat(".", i)), time.Minute); err != nil {
					t.Errorf("set: %v", err)
					return
				}
				if i%10 == 0 {
					if err := s.Delete(t.Context(), b); err != nil {
						t.Errorf("delete: %v", err)
					}
				}
				records, err := s.Get(t.Context(), a, b)
				if err != nil {
					t.Errorf("get: %v", err)
					return
				}
				for i, key := range []string{a, b} {
					if records[i] != nil && !strings.HasPrefix(string(records[i]), key) {
						t.Errorf("the record of another key")
					}
				}
			}
		})
	}
	wg.Wait()
}

// add wants an entry to get a number, and returns the epoch.
func add(t *testing.T, l PurgeLog, entry string, number uint64) (epoch string) {
	t.Helper()
	epoch, n, err := l.Append(t.Context(), []byte(entry))
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if n != number || epoch == "" {
		t.Fatalf("number %d in epoch %q, want %d", n, epoch, number)
	}
	return epoch
}

func since(t *testing.T, l PurgeLog, epoch string, after uint64) (current string, first uint64, entries []string) {
	t.Helper()
	current, first, list, err := l.Since(t.Context(), epoch, after)
	if err != nil {
		t.Fatalf("since %d: %v", after, err)
	}
	if current == "" {
		t.Fatal("there is no epoch")
	}
	for _, e := range list {
		entries = append(entries, string(e))
	}
	return current, first, entries
}

// follow wants an answer in the same epoch.
func follow(t *testing.T, l PurgeLog, epoch string, after, first uint64, entries ...string) {
	t.Helper()
	current, f, got := since(t, l, epoch, after)
	if current != epoch || f != first || !slices.Equal(got, entries) {
		t.Fatalf("after %d: %d from %d on (%.60q), same epoch: %v; want %d from %d on", after, len(got), f, got, current == epoch, len(entries), first)
	}
}

func testNumbers(t *testing.T, a, b PurgeLog) {
	epoch := add(t, a, "one", 1)
	for i, l := range []PurgeLog{a, b, b, a} {
		if e := add(t, l, "more", uint64(i+2)); e != epoch {
			t.Errorf("entry %d is of another epoch", i+2)
		}
	}
}

func testEmptyLog(t *testing.T, a, b PurgeLog) {
	epoch, first, entries := since(t, a, "", 0)
	if first != 1 || entries != nil {
		t.Errorf("%d entries from %d on", len(entries), first)
	}
	follow(t, b, epoch, 0, 1)
	if e := add(t, b, "one", 1); e != epoch {
		t.Error("the first entry is of another epoch")
	}
	follow(t, a, epoch, 0, 1, "one")
}

func testSince(t *testing.T, a, b PurgeLog) {
	epoch := add(t, a, "one", 1)
	add(t, b, "two", 2)
	add(t, a, "three", 3)
	for _, l := range []PurgeLog{a, b} {
		follow(t, l, epoch, 0, 1, "one", "two", "three")
		follow(t, l, epoch, 1, 2, "two", "three")
		follow(t, l, epoch, 2, 3, "three")
		follow(t, l, epoch, 3, 4)
	}
	add(t, b, "four", 4)
	follow(t, a, epoch, 3, 4, "four")
}

func testOtherEpoch(t *testing.T, a, b PurgeLog) {
	epoch := add(t, a, "one", 1)
	add(t, a, "two", 2)
	for _, old := range []string{"", "another"} {
		for _, after := range []uint64{0, 1, 2, 3} {
			current, first, entries := since(t, b, old, after)
			if current != epoch || first != 1 || !slices.Equal(entries, []string{"one", "two"}) {
				t.Fatalf("after %d of epoch %q: %q from %d on", after, old, entries, first)
			}
		}
	}
}

func testBehindTheEnd(t *testing.T, a, b PurgeLog) {
	epoch := add(t, a, "one", 1)
	current, first, entries := since(t, b, epoch, 5)
	if current == epoch {
		t.Fatal("the log cannot have been there, and has the same epoch")
	}
	if uint64(len(entries)) > 1 || first != 2-uint64(len(entries)) && first != 1 {
		t.Errorf("%q from %d on", entries, first)
	}
	// Everybody is told, and it stays so.
	for range 2 {
		if again, _, _ := since(t, a, epoch, 1); again != current {
			t.Error("another node has another epoch")
		}
	}
}

func testMany(t *testing.T, a, b PurgeLog) {
	const n = 2500
	var epoch string
	for i := range n {
		epoch = add(t, a, fmt.Sprint(i), uint64(i+1))
	}
	after := uint64(0)
	for after < n {
		current, first, entries := since(t, b, epoch, after)
		if current != epoch || first != after+1 || len(entries) == 0 || len(entries) > 1000 {
			t.Fatalf("after %d: %d entries from %d on", after, len(entries), first)
		}
		for _, e := range entries {
			if e != fmt.Sprint(after) {
				t.Fatalf("entry %d is %q", after+1, e)
			}
			after++
		}
	}
	follow(t, b, epoch, n, n+1)
}

func testLongEntries(t *testing.T, a, b PurgeLog) {
	const n = 40
	var epoch string
	for i := range n {
		epoch = add(t, a, strings.Repeat(fmt.Sprintf("%02d", i), 30<<10), uint64(i+1))
	}
	for after := uint64(0); after < n; {
		current, first, entries := since(t, b, epoch, after)
		if current != epoch || first != after+1 || len(entries) == 0 {
			t.Fatalf("after %d: %d entries from %d on", after, len(entries), first)
		}
		for _, e := range entries {
			if e != strings.Repeat(fmt.Sprintf("%02d", after), 30<<10) {
				t.Fatalf("entry %d is not whole", after+1)
			}
			after++
		}
	}
}

func testBinaryEntries(t *testing.T, a, b PurgeLog) {
	entries := []string{"", "\x00", "\r\n", "\xff\xfe", "{}", "7", "-0"}
	var epoch string
	for i, e := range entries {
		epoch = add(t, a, e, uint64(i+1))
	}
	follow(t, b, epoch, 0, 1, entries...)
}

func testAppenders(t *testing.T, a, b PurgeLog) {
	const each = 50
	epoch, _, _ := since(t, a, "", 0)
	given := make([]string, 4*each+1)
	var mu sync.Mutex // guards given
	var wg sync.WaitGroup
	for worker := range 4 {
		l := []PurgeLog{a, b}[worker%2]
		wg.Go(func() {
			last := uint64(0)
			for i := range each {
				entry := fmt.Sprint(worker, " ", i)
				e, n, err := l.Append(t.Context(), []byte(entry))
				if err != nil || e != epoch || n <= last || n > 4*each {
					t.Errorf("append: number %d after %d, %v", n, last, err)
					return
				}
				last = n
				mu.Lock()
				if given[n] != "" {
					t.Errorf("number %d was given twice", n)
				}
				given[n] = entry
				mu.Unlock()
			}
		})
	}
	// Who follows meanwhile sees each entry once.
	for _, l := range []PurgeLog{a, b} {
		wg.Go(func() {
			for after := uint64(0); after < 4*each && !t.Failed(); {
				current, first, entries, err := l.Since(t.Context(), epoch, after)
				if err != nil || current != epoch || first != after+1 {
					t.Errorf("since %d: from %d on, %v", after, first, err)
					return
				}
				after += uint64(len(entries))
			}
		})
	}
	wg.Wait()
	if !t.Failed() {
		follow(t, b, epoch, 0, 1, given[1:]...)
	}
}

func testLogEnded(t *testing.T, a, b PurgeLog) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := a.Append(ctx, []byte("one")); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if _, _, _, err := a.Since(ctx, "", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("since: %v", err)
	}
	add(t, b, "one", 1)
}

// testTrimmed is given a log that keeps ten entries.
func testTrimmed(t *testing.T, a, b PurgeLog) {
	var epoch string
	for i := range 25 {
		epoch = add(t, a, fmt.Sprint(i+1), uint64(i+1))
	}
	kept := []string{"16", "17", "18", "19", "20", "21", "22", "23", "24", "25"}
	for _, after := range []uint64{0, 3, 14} {
		follow(t, b, epoch, after, 16, kept...) // first > after+1 is the gap
	}
	follow(t, b, epoch, 15, 16, kept...)
	follow(t, b, epoch, 16, 17, kept[1:]...)
	if current, first, entries := since(t, b, "another", 20); current != epoch || first != 16 || len(entries) != 10 {
		t.Errorf("another epoch: %d entries from %d on", len(entries), first)
	}
}
