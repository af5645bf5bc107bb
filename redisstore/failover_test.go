package redisstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/redistest"
)

// A replica that has everything takes over without anybody noticing but for errors meanwhile; one that lacks the last
// entries brings another epoch, to who saw them and to who did not.
func TestSentinels(t *testing.T) {
	t.Parallel() // it mostly waits
	master := redistest.Start(t)
	replica := redistest.Replica(t, master)
	sentinels := redistest.Sentinels(t, 3, master)
	var hosts []string
	for _, s := range sentinels {
		hosts = append(hosts, s.Addr)
	}
	url := "redis+sentinel://" + strings.Join(hosts, ",") + "?master=main"
	a, b := newNode(t, url), newNode(t, url)
	set(t, a.log.store, "k", "record")
	a.append("1")
	a.append("2")
	b.wants("b", false, "1", "2")
	redistest.Eventually(t, "the replica has it", func() bool { return replica.CLI("xlen", a.log.entries) == "2" })

	sentinels[0].CLI("sentinel", "failover", "main")
	redistest.Eventually(t, "the replica takes over", func() bool { return strings.HasPrefix(tells(replica, "role"), "master") })
	// Sentinels on a busy machine may leave the old master alone, or make it one again. What is tested is not theirs.
	begun := time.Now()
	redistest.Eventually(t, "the old master follows", func() bool {
		if strings.Contains(tells(master, "info", "replication"), "master_link_status:up") {
			return true
		}
		if time.Since(begun) > 10*time.Second {
			begun = time.Now()
			if strings.HasPrefix(tells(replica, "role"), "master") {
				tells(master, "replicaof", "127.0.0.1", port(replica))
			} else {
				tells(sentinels[0], "sentinel", "failover", "main")
			}
		}
		return false
	})
	a.eventually("3")
	b.wants("b", false, "3")
	a.reaches()
	a.wants("a", false, "1", "2", "3")
	get(t, a.log.store, "k", "record")

	// Back again, and the entry that only the master has is lost.
	redistest.Eventually(t, "all is there", func() bool { return tells(master, "xlen", a.log.entries) == "3" })
	redistest.Eventually(t, "the sentinels know both", func() bool {
		return !slices.ContainsFunc(sentinels, func(s *redistest.Server) bool {
			return !strings.Contains(s.CLI("sentinel", "get-master-addr-by-name", "main"), port(replica)) ||
				!strings.Contains(s.CLI("sentinel", "replicas", "main"), "\nmaster-link-status\nok")
		})
	})
	master.CutOff()
	if _, n := a.append("4"); n != 4 {
		t.Errorf("number %d", n)
	}
	replica.Kill()
	redistest.Eventually(t, "the old master takes over", func() bool { return strings.HasPrefix(tells(master, "role"), "master") })
	b.eventually("4'") // b did not see 4, and cannot know
	a.reaches()
	a.wants("a", true, "1", "2", "3", "4'")
	b.wants("b", true, "1", "2", "3", "4'")
}

// tells is what a server prints for a command, nothing where a sentinel that gives it another role cuts the connection.
func tells(s *redistest.Server, command ...string) string {
	out, err := s.TryCLI(command...)
	if err != nil {
		return ""
	}
	return out
}

// Sentinels have a password of their own, and are not told that of the master.
func TestSentinelPassword(t *testing.T) {
	t.Setenv("REDISCLI_AUTH", "watch")
	master := redistest.Start(t, strings.Fields("--requirepass watch --masterauth watch --user bear on >hunter2 ~* +@all")...)
	redistest.Replica(t, master, strings.Fields("--requirepass watch --masterauth watch --user bear on >hunter2 ~* +@all")...)
	sentinel := redistest.Sentinels(t, 1, master, "requirepass watch", "sentinel auth-pass main watch")[0]
	url := "redis+sentinel://" + sentinel.Addr + "/3?master=main"
	watch := func(o *Options) { o.SentinelPassword = func() (string, error) { return "watch", nil } }
	s := open(t, strings.Replace(url, "//", "//bear:hunter2@", 1), watch)
	set(t, s, "k", "record")
	s = open(t, strings.Replace(url, "//", "//bear@", 1), watch, func(o *Options) {
		o.Password = func() (string, error) { return "hunter2", nil }
	})
	get(t, s, "k", "record")
	if err := open(t, strings.Replace(url, "//", "//bear:hunter2@", 1)).Ping(t.Context()); !errors.Is(err, ErrDown) {
		t.Errorf("without the sentinels' password: %v", err)
	}
}

func port(s *redistest.Server) string { _, p, _ := strings.Cut(s.Addr, ":"); return p }

// eventually appends an entry, which may take some attempts; so it may be there more than once, but for that it is not
// while everything is quiet.
func (n *node) eventually(entry string) {
	n.t.Helper()
	redistest.Eventually(n.t, "appended", func() bool {
		_, _, err := n.log.Append(n.t.Context(), []byte(entry))
		return err == nil
	})
}

// reaches waits until a question is answered.
func (n *node) reaches() {
	n.t.Helper()
	redistest.Eventually(n.t, "answered", func() bool {
		_, _, _, err := n.log.Since(n.t.Context(), n.epoch, n.after)
		return err == nil
	})
}

func TestCluster(t *testing.T) {
	t.Parallel() // it mostly waits
	nodes := redistest.Cluster(t, 3, 1)
	url := fmt.Sprintf("redis://%s,%s?cluster=true", nodes[0].Addr, nodes[4].Addr)
	t.Run("conforms", func(t *testing.T) { conform(t, url) })
	a, b := newNode(t, url, func(o *Options) { o.Replicas = 1 }), newNode(t, url)
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = rand.Text()
	}
	all := func() error {
		for _, k := range keys {
			if err := a.log.store.Set(t.Context(), k, []byte(k), time.Hour); err != nil {
				return err
			}
		}
		records, err := a.log.store.Get(t.Context(), keys...)
		for i, r := range records {
			if string(r) != keys[i] {
				return fmt.Errorf("the record of another key: %q", r)
			}
		}
		return err
	}
	works := func(what string) {
		t.Helper()
		redistest.Eventually(t, "all keys work "+what, func() bool { return all() == nil })
	}
	works("at first")
	a.append("1")
	b.wants("b", false, "1")
	a.wants("a", false, "1")

	master, replica := owner(t, nodes, a.log.head)
	redistest.Eventually(t, "the replica has it", func() bool {
		return strings.Contains(replica.CLI("cluster", "nodes"), "myself,slave") && has(replica, master)
	})
	replica.CLI("cluster", "failover")
	redistest.Eventually(t, "the replica takes over", func() bool { return strings.HasPrefix(tells(replica, "role"), "master") })
	redistest.Eventually(t, "the old master follows", func() bool { return has(master, replica) })
	works("after a failover")
	b.eventually("2")
	a.reaches()
	a.wants("a", false, "2")
	b.wants("b", false, "2")

	redistest.Eventually(t, "the old master has it", func() bool { return has(master, replica) })
	master.CutOff()
	b.append("3")
	replica.Kill()
	redistest.Eventually(t, "the old master takes over", func() bool { return strings.HasPrefix(tells(master, "role"), "master") })
	works("after a master was lost")
	c := newNode(t, url)
	c.eventually("3'") // c and a did not see 3
	b.reaches()
	b.wants("b", true, "1", "2", "3'")
	a.wants("a", true, "1", "2", "3'")
}

// A master that hangs costs a few timeouts, and then nothing, for what it has and for what the others have.
func TestOneMasterHangs(t *testing.T) {
	t.Parallel() // it mostly waits
	nodes := redistest.Cluster(t, 3, 0)
	s := open(t, "redis://"+nodes[0].Addr+"?cluster=true", impatient, func(o *Options) { o.Connections = 4 })
	owners := map[string]*redistest.Server{}
	for range 100 {
		key := rand.Text()
		redistest.Eventually(t, "set", func() bool { return s.Set(t.Context(), key, []byte(key), time.Hour) == nil })
	}
	for _, n := range nodes {
		for key := range strings.SplitSeq(n.CLI("keys", "*"), "\n") {
			owners[strings.TrimPrefix(key, "bearcache:r:")] = n
		}
	}
	nodes[1].Pause()
	for key, owner := range owners {
		if owner == nodes[1] {
			redistest.Eventually(t, "refused at once", func() bool {
				_, err := s.Get(t.Context(), key)
				return errors.Is(err, ErrDown)
			})
		}
	}
	works := 0
	for key, owner := range owners {
		records, err := s.Get(t.Context(), key)
		switch {
		case err == nil && string(records[0]) == key:
			works++
		case owner != nodes[1] && !errors.Is(err, ErrDown): // a range may be of two masters
			t.Errorf("%q, %v", records, err)
		}
	}
	if works < 25 { // nine or ten of sixteen ranges work, of random keys
		t.Errorf("%d of %d work", works, len(owners))
	}
}

// owner finds the master that has a key, and its replica.
func owner(t *testing.T, nodes []*redistest.Server, key string) (master, replica *redistest.Server) {
	t.Helper()
	for _, n := range nodes {
		out := n.CLI("exists", key)
		switch {
		case strings.HasPrefix(n.CLI("role"), "master") && out == "1":
			master = n
		}
	}
	for _, n := range nodes {
		if master != nil && strings.HasPrefix(n.CLI("role"), "slave\n127.0.0.1\n"+port(master)+"\n") {
			replica = n
		}
	}
	if master == nil || replica == nil {
		t.Fatal("nobody has the key")
	}
	return master, replica
}

// has reports whether a replica has all that its master has.
func has(replica, master *redistest.Server) bool {
	info := replica.CLI("info", "replication")
	return strings.Contains(info, "master_link_status:up") && field(info, "slave_repl_offset") == field(master.CLI("info", "replication"), "master_repl_offset")
}

func field(info, name string) string {
	_, rest, _ := strings.Cut(info, name+":")
	value, _, _ := strings.Cut(rest, "\r")
	return value
}
