package redisstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/bearcache/bearcache/test/redistest"
)

// node is who appends to a log and follows it, as a cache does.
type node struct {
	t     *testing.T
	log   *Log
	epoch string
	after uint64
}

func newNode(t *testing.T, url string, change ...func(*Options)) *node {
	t.Helper()
	n := &node{t: t, log: open(t, url, change...).Log("purges")}
	n.poll()
	return n
}

func (n *node) append(entry string) (epoch string, number uint64) {
	n.t.Helper()
	epoch, number, err := n.log.Append(n.t.Context(), []byte(entry))
	if err != nil {
		n.t.Fatal(err)
	}
	return epoch, number
}

// poll reads what is new, and reports whether the epoch is.
func (n *node) poll() (lost bool, entries []string) {
	n.t.Helper()
	epoch, first, list, err := n.log.Since(n.t.Context(), n.epoch, n.after)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, e := range list {
		entries = append(entries, string(e))
	}
	lost = epoch != n.epoch
	n.epoch, n.after = epoch, first+uint64(len(list))-1
	return lost, entries
}

func (n *node) wants(what string, lost bool, entries ...string) {
	n.t.Helper()
	if l, got := n.poll(); l != lost || !slices.Equal(got, entries) {
		n.t.Errorf("%s: another epoch: %v, %q", what, l, got)
	}
}

// Each is something that happens to a log of five entries, which a saw all and b saw three of. Both learn of it at their
// next question, whoever asks first, and of the entries that are left; and once only.
func TestRollback(t *testing.T) {
	server := redistest.Start(t)
	five := []string{"1", "2", "3", "4", "5"}
	for _, tt := range []struct {
		name   string
		happen func(c *copies)
		bFirst bool
		lost   bool
		left   []string // what is read in a new epoch; in the old one: after five
	}{
		{"nothing", func(c *copies) {}, false, false, nil},
		{"more entries", func(c *copies) { c.append("6", "7") }, false, false, []string{"6", "7"}},
		{"scripts forgotten", func(c *copies) { server.CLI("script", "flush"); c.append("6") }, false, false, []string{"6"}},
		{"everything is gone", func(c *copies) { server.CLI("flushall") }, false, true, nil},
		{"everything is gone, b asks first", func(c *copies) { server.CLI("flushall") }, true, true, nil},
		{"gone, and as many new", func(c *copies) { server.CLI("flushall"); c.append("1'", "2'", "3'", "4'", "5'") }, true, true, []string{"1'", "2'", "3'", "4'", "5'"}},
		{"the head is gone", func(c *copies) { server.CLI("del", c.log.head) }, true, true, nil},
		{"the last two are gone", func(c *copies) { c.back(3) }, false, true, five[:3]},
		{"the last two are others", func(c *copies) { c.back(3); c.append("4'", "5'") }, false, true, []string{"1", "2", "3", "4'", "5'"}},
		{"the last is another", func(c *copies) { c.back(4); c.append("5'") }, false, true, []string{"1", "2", "3", "4", "5'"}},
		{"the last is another, and there are more", func(c *copies) { c.back(4); c.append("5'", "6'", "7'") }, false, true, []string{"1", "2", "3", "4", "5'", "6'", "7'"}},
		{"all are gone, in the same epoch", func(c *copies) { c.back(0) }, false, true, nil},
		{"all are others, in the same epoch", func(c *copies) { c.back(0); c.append("1'", "2'", "3'", "4'", "5'", "6'") }, false, true, []string{"1'", "2'", "3'", "4'", "5'", "6'"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server.CLI("flushall")
			a, b := newNode(t, at(server)), newNode(t, at(server))
			c := &copies{node: newNode(t, at(server)), server: server}
			for i, entry := range five {
				a.append(entry)
				c.keep()
				if i == 2 {
					b.wants("b", false, five[:3]...)
				}
			}
			a.wants("a", false, five...)
			c.log.seen = nil // what happens is no witness
			tt.happen(c)
			left := tt.left
			first, second := a, b
			if tt.bFirst {
				first, second = b, a
			}
			if tt.lost {
				first.wants("first", true, left...)
				second.wants("second", true, left...)
			} else {
				a.wants("a", false, left...)
				b.wants("b", false, append(five[3:5:5], left...)...)
			}
			first.wants("once", false)
			second.wants("once", false)
			c.epoch = ""
			if c.poll(); c.epoch != a.epoch || b.epoch != a.epoch {
				t.Error("they do not agree")
			}
			_, n := a.append("new")
			if n != c.after+1 {
				t.Errorf("the next number is %d", n)
			}
			b.wants("the next one", false, "new")
		})
	}
}

// copies is a node that keeps what is stored, as a replica or a file does.
type copies struct {
	*node
	server *redistest.Server
	heads  [][2]string // number and tag, for each number from 1 on
}

func (c *copies) keep() {
	fields := strings.Split(c.server.CLI("hmget", c.log.head, "number", "tag"), "\n")
	c.heads = append(c.heads, [2]string(fields))
}

// back takes the log back to a number, in its epoch.
func (c *copies) back(number int) {
	epoch := c.server.CLI("hget", c.log.head, "epoch")
	head := [2]string{"0", epoch}
	if number > 0 {
		head = c.heads[number-1]
	}
	var all []string
	if out := c.server.CLI("xrange", c.log.entries, "-", "+"); out != "" {
		all = strings.Split(out, "\n")
	}
	c.server.CLI("del", c.log.entries)
	for i := range number { // each has three lines: ID, name, value
		c.server.CLI("xadd", c.log.entries, all[3*i], all[3*i+1], all[3*i+2])
	}
	c.server.CLI("hset", c.log.head, "number", head[0], "tag", head[1])
}

func (c *copies) append(entries ...string) {
	for _, e := range entries {
		c.node.append(e)
	}
}

// Who appended is a witness, before it has asked anything; and a log that went back tells it with the next number.
func TestAppenderNotices(t *testing.T) {
	server := redistest.Start(t)
	a, b := newNode(t, at(server)), newNode(t, at(server))
	c := &copies{node: newNode(t, at(server)), server: server}
	for _, e := range []string{"1", "2"} {
		a.append(e)
		c.keep()
	}
	epoch, _ := a.append("3")
	c.log.seen = nil
	c.back(2)
	c.append("3'")
	if e, n := a.append("4"); e == epoch || n != 4 {
		t.Errorf("number %d, another epoch: %v", n, e != epoch)
	}
	b.wants("b", true, "1", "2", "3'", "4")
}

// Trimmed entries are a gap, and no reason for another epoch. One without its last entry, as where the entries were evicted and the
// head was not, is lost: of what was told, nobody who begins now would know.
func TestTrimmedIsNotLost(t *testing.T) {
	server := redistest.Start(t)
	few := func(o *Options) { o.LogLength = 3 }
	a, b := newNode(t, at(server), few), newNode(t, at(server), few)
	a.append("1")
	b.wants("b", false, "1")
	for i := range 9 {
		a.append(fmt.Sprint(i + 2))
	}
	epoch, first, entries, err := b.log.Since(t.Context(), b.epoch, b.after)
	if err != nil || epoch != b.epoch || first != 8 || len(entries) != 3 {
		t.Errorf("%d entries from %d on, %v", len(entries), first, err)
	}
	if n := server.CLI("xlen", a.log.entries); n != "3" {
		t.Errorf("%s are kept", n)
	}
	server.CLI("del", a.log.entries)
	epoch, first, entries, err = b.log.Since(t.Context(), b.epoch, 8)
	if err != nil || epoch == b.epoch || first != 1 || len(entries) != 0 {
		t.Errorf("%d entries from %d on, %v", len(entries), first, err)
	}
	if _, n := a.append("11"); n != 1 {
		t.Errorf("number %d", n)
	}
}

// Long entries come in pieces, each of which fits into a command's time.
func TestLongEntries(t *testing.T) {
	a := newNode(t, at(redistest.Start(t)))
	for range 200 {
		a.append(strings.Repeat("x", maxEntry))
	}
	for n := 0; n < 200; {
		_, entries := a.poll()
		if len(entries) == 0 || len(entries) > 100 {
			t.Fatalf("%d entries at once", len(entries))
		}
		n += len(entries)
	}
}

// A restart that brings back an old file, and one that brings nothing.
func TestRestartWithAnOldFile(t *testing.T) {
	server := redistest.Start(t)
	a, b := newNode(t, at(server)), newNode(t, at(server))
	a.append("1")
	a.append("2")
	server.CLI("save")
	server.Restart()
	a.wants("nothing lost", false, "1", "2")
	a.append("3")
	b.wants("b", false, "1", "2", "3")
	server.Restart()
	b.append("3'")
	a.wants("a", true, "1", "2", "3'")
	b.wants("b", true, "1", "2", "3'")
}

// Two questions under way, and each is told of another 2: neither answer makes the other forgotten.
func TestBothAnswersAreShown(t *testing.T) {
	c := *ready(t, open(t, at(redistest.Start(t))))
	l := &Log{}
	answer := func(epoch string, number int64, tag string) rueidis.RedisResult {
		return c.Do(t.Context(), c.B().Eval().Script("return {ARGV[1], tonumber(ARGV[2]), ARGV[3]}").Numkeys(0).Arg(epoch, fmt.Sprint(number), tag).Build())
	}
	if _, _, err := l.note(answer("e", 1, "one"), nil); err != nil {
		t.Fatal(err)
	}
	shown := l.known()
	l.note(answer("e", 2, "two"), shown)
	l.note(answer("e", 2, "another two"), shown)
	if got := l.known(); !slices.Equal(got, marks{{"e", 2, "two"}, {"e", 2, "another two"}}) {
		t.Errorf("%v", got)
	}
	l.note(answer("e", 3, "three"), l.known())
	if got := l.known(); !slices.Equal(got, marks{{"e", 3, "three"}}) {
		t.Errorf("%v", got)
	}
	for i := range 10 {
		l.note(answer(fmt.Sprint(i), 1, "one"), l.known())
	}
	if got := l.known(); !slices.Equal(got, marks{{"6", 1, "one"}, {"7", 1, "one"}, {"8", 1, "one"}, {"9", 1, "one"}}) {
		t.Errorf("%v", got)
	}
}

// The promise itself: whatever a server forgets, each entry that was confirmed reaches each node, or the node is told, after
// that, that the epoch is another.
func TestNothingIsMissed(t *testing.T) {
	server := redistest.Start(t)
	var clock atomic.Int64
	confirmed := map[string]int64{} // when
	var mu sync.Mutex               // guards confirmed
	type follower struct {
		*node
		saw  map[string]bool
		lost int64 // when it was told last
	}
	poll := func(f *follower) error {
		epoch, first, list, err := f.log.Since(t.Context(), f.epoch, f.after)
		if err != nil {
			return err
		}
		if epoch != f.epoch || first > f.after+1 {
			f.lost = clock.Add(1)
		}
		for _, e := range list {
			f.saw[string(e)] = true
		}
		f.epoch, f.after = epoch, first+uint64(len(list))-1
		return nil
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	followers := make([]*follower, 4)
	for i := range followers {
		f := &follower{node: newNode(t, at(server)), saw: map[string]bool{}}
		f.log.store.breakers[0] = newBreaker(1e9)
		followers[i] = f
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if entry := rand.Text(); len(f.saw) == 0 || entry[0] < 'K' {
					if _, _, err := f.log.Append(t.Context(), []byte(entry)); err == nil {
						mu.Lock()
						confirmed[entry] = clock.Add(1)
						mu.Unlock()
					}
				} else {
					_ = poll(f)
				}
			}
		})
	}
	total := func() int { mu.Lock(); defer mu.Unlock(); return len(confirmed) }
	for i := range 12 {
		for _, do := range []func(){func() { server.CLI("save") }, server.Restart} {
			n := total()
			redistest.Eventually(t, "more entries", func() bool { return total() > n+20+i })
			do()
		}
	}
	close(stop)
	wg.Wait()
	for range 2 { // the second time, to learn what another one noticed in the first
		for _, f := range followers {
			for after := uint64(1); after != f.after; {
				after = f.after
				if err := poll(f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for i, f := range followers {
		for entry, when := range confirmed {
			if !f.saw[entry] && f.lost < when {
				t.Errorf("node %d missed an entry, confirmed at %d, and was told of nothing since %d", i, when, f.lost)
			}
		}
	}
	t.Logf("%d entries", len(confirmed))
}

// Without a replica there is none that has the entry, and the log says so, having it.
func TestReplicas(t *testing.T) {
	master := redistest.Start(t)
	a := newNode(t, at(master), func(o *Options) { o.Replicas, o.Timeout = 1, 500*time.Millisecond })
	if _, _, err := a.log.Append(t.Context(), []byte("1")); err == nil || !strings.Contains(err.Error(), "too few replicas") || errors.Is(err, ErrDown) {
		t.Errorf("without a replica: %v", err)
	}
	redistest.Replica(t, master)
	patient := newNode(t, at(master), func(o *Options) { o.Replicas = 1 })
	if _, n := patient.append("2"); n != 2 {
		t.Errorf("number %d", n)
	}
	a.wants("both are there", false, "1", "2")
}

// ready is the client of s, which is connected.
func ready(t *testing.T, s *Store) *rueidis.Client {
	t.Helper()
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.client.Load()
}

// What somebody else made of a log is none: it begins anew, and goes on.
func TestDamagedLog(t *testing.T) {
	server := redistest.Start(t)
	for _, damage := range [][]string{
		{"hset", "head", "number", "0"}, {"hset", "head", "number", "7"}, {"hset", "head", "number", "nan"}, {"hset", "head", "number", "inf"},
		{"hset", "head", "number", "1e300"}, {"hset", "head", "number", "-5"}, {"hset", "head", "number", "2.5"}, {"hset", "head", "number", "x"},
		{"hdel", "head", "tag"}, {"set", "head", "x"}, {"set", "log", "x"}, {"del", "log"}, {"del", "head"},
		{"xadd", "log", "99999999-0", "e", "x"}, {"xdel", "log", "3-0"},
	} {
		name := strings.Join(damage, " ")
		t.Run(name, func(t *testing.T) {
			a, b := newNode(t, at(server)), newNode(t, at(server))
			key := a.log.head
			if damage[1] == "log" {
				key = a.log.entries
			}
			server.CLI("del", a.log.head, a.log.entries)
			for i := range 3 {
				a.append(fmt.Sprint(i))
			}
			b.poll()
			before := b.epoch
			server.CLI(append([]string{damage[0], key}, damage[2:]...)...)
			a.append("later")
			b.wants("later", true, "later")
			if b.epoch == before {
				t.Error("it is the same epoch")
			}
		})
	}
}

// An entry that is taken away from between others is a gap, as if it were trimmed.
func TestGap(t *testing.T) {
	server := redistest.Start(t)
	a, b := newNode(t, at(server)), newNode(t, at(server))
	for i := range 5 {
		a.append(fmt.Sprint(i + 1))
	}
	server.CLI("xdel", a.log.entries, "3-0")
	epoch, first, entries, err := b.log.Since(t.Context(), "", 0)
	if err != nil || first != 1 || len(entries) != 2 {
		t.Fatalf("%d entries from %d on, %v", len(entries), first, err)
	}
	if _, first, entries, err = b.log.Since(t.Context(), epoch, 2); err != nil || first != 4 || len(entries) != 2 {
		t.Errorf("%d entries from %d on, %v", len(entries), first, err)
	}
}

// Who could not add to a log is not told that he knows all of it.
func TestLogThatTakesNothing(t *testing.T) {
	server := redistest.Start(t)
	a := newNode(t, at(server))
	a.append("1")
	fails := func(what string, log *Log) {
		t.Helper()
		_, _, _, err := log.Since(t.Context(), "", 0)
		if err == nil {
			t.Errorf("%s: it was read", what)
		}
	}
	server.CLI("config", "set", "maxmemory", "1")
	fails("full", a.log)
	server.CLI("config", "set", "maxmemory", "0")
	server.CLI("config", "set", "min-replicas-to-write", "1")
	fails("without its replicas", a.log)
	server.CLI("config", "set", "min-replicas-to-write", "0")
	fails("a replica", open(t, at(redistest.Replica(t, server))).Log("log"))
	if _, entries := a.poll(); len(entries) == 0 && a.after == 0 {
		t.Error("it does not come back")
	}
}

// A node that may read the log and write in it, but add nothing to it, does not take for whole what it could not add to.
func TestLogWithoutTheRightToAdd(t *testing.T) {
	server := redistest.Start(t)
	if major, _, _ := strings.Cut(strings.TrimPrefix(grep(server.CLI("info", "server"), "redis_version:"), "redis_version:"), "."); len(major) == 1 && major < "7" {
		const why = "scripts of Redis before 7 cannot ask what a user may do"
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip("SKIPPED, NOT TESTED: " + why)
	}
	server.CLI("acl", "setuser", "bear", "on", ">hunter2", "~bearcache:*", "-@all", "+getrange", "+set", "+unlink", "+ping", "+eval", "+hmget", "+hset", "+del", "+xadd", "+xrange", "+xrevrange")
	l := open(t, "redis://bear:hunter2@"+server.Addr).Log("log")
	if _, _, err := l.Append(t.Context(), []byte("a")); err != nil {
		t.Fatal(err)
	}
	if _, _, entries, err := l.Since(t.Context(), "", 0); err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	server.CLI("acl", "setuser", "bear", "-xadd")
	if _, _, _, err := l.Since(t.Context(), "", 0); err == nil || !strings.Contains(err.Error(), "the user may not do that") {
		t.Errorf("%v", err)
	}
}

func grep(text, begin string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) {
			return line
		}
	}
	return ""
}
