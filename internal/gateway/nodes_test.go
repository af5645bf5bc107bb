package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/seal"
	"github.com/bearcache/bearcache/storetest"
)

// node is a gateway with a secret that shares a log of revocations.
func node(t *testing.T, log bearcache.PurgeLog, secret, previous string) *Gateway {
	return nodeThatSays(t, nil, log, secret, previous)
}

func nodeThatSays(t *testing.T, logger *slog.Logger, log bearcache.PurgeLog, secret, previous string) *Gateway {
	c := &bearcache.Cache{Secret: []byte(secret)}
	if previous != "" {
		c.PreviousSecret = []byte(previous)
	}
	return newGateway(t, Options{Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Cache: c, RevocationLog: log, RevocationLogLength: shortLog, Logger: logger})
}

// shortLog is how many entries the logs of these tests keep.
const shortLog = 1 << 12

const oldSecret, newSecret = "0123456789abcdef-old", "0123456789abcdef-new"

func byToken(g *Gateway, token string) bearer.Revocation {
	return bearer.Revocation{Digest: digestOfToken(token), Until: time.Now().Add(time.Hour)}
}

// What is revoked on one node is on the others, also where their secrets are being exchanged.
func TestRevocationReachesOtherNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := storetest.New().Log("revocations")
		a, b, c := node(t, log, oldSecret, ""), node(t, log, oldSecret, newSecret), node(t, log, newSecret, oldSecret)
		d := node(t, log, newSecret, "")
		defer a.Close()
		defer b.Close()
		defer c.Close()
		for _, by := range []*Gateway{a, b, c} {
			token := fmt.Sprintf("token-of-%p", by)
			if err := by.revoke(t.Context(), byToken(by, token)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			for _, at := range []*Gateway{b, c} { // neighbours of everybody
				if !at.revoked(nil, token) || at.revoked(nil, "another") {
					t.Errorf("%v %v", at.revoked(nil, token), at.revoked(nil, "another"))
				}
			}
		}
		// One that begins learns what was revoked before, if it has the secrets for it.
		e := node(t, log, newSecret, oldSecret)
		defer e.Close()
		time.Sleep(time.Second)
		if e.revocations.Len() != 3 {
			t.Errorf("a node that begins knows of %d", e.revocations.Len())
		}
		d.Close()
	})
}

// What was revoked before the secret was exchanged is still when the old one is gone, for nodes that begin then too.
func TestRevocationOutlivesItsSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := storetest.New().Log("revocations")
		settle := func() { time.Sleep(2 * time.Second) }
		a := node(t, log, oldSecret, "")
		if err := a.revoke(t.Context(), byToken(a, "token")); err != nil {
			t.Fatal(err)
		}
		a.Close()
		for _, secrets := range [][2]string{{oldSecret, newSecret}, {newSecret, oldSecret}, {newSecret, oldSecret}, {newSecret, ""}} {
			g := node(t, log, secrets[0], secrets[1])
			settle()
			if !g.revoked(nil, "token") {
				t.Errorf("with %v it is good again", secrets)
			}
			g.Close()
		}
		if _, first, entries, err := log.Since(t.Context(), "", 0); err != nil || first != 1 || len(entries) > 3 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

// A node that cannot hear what is revoked answers nothing from its cache.
func TestDeafToRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.New()
		store.Hang()
		g := node(t, store.Log("revocations"), oldSecret, "")
		defer g.Close()
		if g.Hears(t.Context(), time.Second) {
			t.Error("it hears of a log that hangs")
		}
		store.Work()
		off := func() bool {
			r := httptest.NewRequest("GET", "http://api.test/", nil)
			policy := g.cache.Policy(r.WithContext(context.WithValue(r.Context(), entryKey{}, new(entry))))
			if _, _, deaf := g.nodes.state(); policy.Off != (policy.Why == "revocation-log") || policy.Off != deaf {
				t.Errorf("%+v, deaf %v", policy, deaf)
			}
			return policy.Off
		}
		time.Sleep(time.Second)
		if off() {
			t.Error("it hears, and is deaf")
		}
		store.Fail()
		time.Sleep(10 * time.Second)
		if !off() {
			t.Error("it answers from the cache, and has not heard for ten seconds")
		}
		store.Work()
		time.Sleep(2 * time.Second)
		if off() {
			t.Error("it does not come back")
		}
	})
}

// Two nodes that have no secret in common do not have each other say again and again what neither can read.
func TestRevocationThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := storetest.New().Log("revocations")
		said := make(lines, 100)
		logger := slog.New(slog.NewTextHandler(said, nil))
		a, b := nodeThatSays(t, logger, log, oldSecret, ""), nodeThatSays(t, logger, log, newSecret, "")
		defer a.Close()
		defer b.Close()
		time.Sleep(time.Second)
		if a.nodes.strangers() {
			t.Error("there are strangers in an empty log")
		}
		for _, g := range []*Gateway{a, b} {
			if err := g.revoke(t.Context(), byToken(g, "token")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(50 * time.Second)
		epoch, _, entries, err := log.Since(t.Context(), "", 0)
		if err != nil || epoch == "" || len(entries) > 4 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
		if unread, _, deaf := a.nodes.state(); unread != 1 || deaf {
			t.Errorf("%d entries of the other, deaf %v", unread, deaf)
		}
		heard := func(what string, lines ...string) {
			t.Helper()
			synctest.Wait()
			if len(said) != len(lines) {
				t.Errorf("%s: %d lines", what, len(said))
			}
			for _, want := range lines {
				if len(said) == 0 {
					return
				}
				if line := string(<-said); !strings.Contains(line, want) {
					t.Errorf("%s: %s", what, line)
				}
			}
		}
		heard("revoked on both", "level=WARN msg=\"somebody revokes under another secret", "level=WARN msg=\"somebody revokes under another secret")
		if !a.nodes.strangers() || !b.nodes.strangers() {
			t.Error("they do not know of each other")
		}
		c := nodeThatSays(t, logger, log, "0123456789abcdef-third", "")
		defer c.Close()
		time.Sleep(time.Second)
		heard("a third one begins", "level=WARN msg=\"nothing in the log of revocations can be read here")
		if unread, _, _ := c.nodes.state(); unread != 0 || !c.nodes.strangers() {
			t.Errorf("%d entries that came since", unread)
		}
		// One that reads some of it is what is left of an exchange, until more comes.
		d := nodeThatSays(t, logger, log, oldSecret, "")
		defer d.Close()
		time.Sleep(time.Second)
		heard("a fourth one begins", "level=INFO msg=\"some of the log of revocations cannot be read here")
		if d.nodes.strangers() {
			t.Error("what an exchange left is strangers")
		}
		time.Sleep(time.Minute)
		if err := c.revoke(t.Context(), byToken(c, "other")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		somebody := "level=WARN msg=\"somebody revokes under another secret"
		heard("revoked on the third", somebody, somebody, somebody)
	})
}

// A revocation holds where it was made, whatever becomes of the log, and is told when that can be.
func TestRevocationWithoutTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.New()
		a, b := node(t, store.Log("revocations"), oldSecret, ""), node(t, store.Log("revocations"), oldSecret, "")
		defer a.Close()
		defer b.Close()
		time.Sleep(time.Second)
		store.Fail()
		if err := a.revoke(t.Context(), byToken(a, "token")); !errors.Is(err, bearcache.ErrNotShared) || !a.revoked(nil, "token") || b.revoked(nil, "token") {
			t.Fatalf("%v", err)
		}
		store.Work()
		time.Sleep(5 * time.Second)
		if !b.revoked(nil, "token") {
			t.Error("nobody was told")
		}
		// The log is lost: who knows says it again, and who begins learns of it.
		store.Flush()
		time.Sleep(5 * time.Second)
		c := node(t, store.Log("revocations"), oldSecret, "")
		defer c.Close()
		time.Sleep(time.Second)
		if !c.revoked(nil, "token") {
			t.Error("what was revoked before the log was lost is good again")
		}
	})
}

// What is about to fall out of the log is told again, and what has passed is not.
func TestRevocationOutlivesTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.New()
		log := store.Log("revocations")
		log.Keep(shortLog)
		a := node(t, log, oldSecret, "")
		defer a.Close()
		if err := a.revoke(t.Context(), byToken(a, "lasting")); err != nil {
			t.Fatal(err)
		}
		brief := byToken(a, "brief")
		brief.Until = time.Now().Add(time.Second)
		if err := a.revoke(t.Context(), brief); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		for i := range shortLog + 1024 {
			again := byToken(a, "again")
			again.Until = again.Until.Add(time.Duration(i%2) * time.Millisecond)
			entry, err := again.MarshalBinary()
			if err == nil {
				_, _, err = log.Append(t.Context(), seal.New([]byte(oldSecret)).Seal(entry, "revocation"))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		b := node(t, log, oldSecret, "")
		defer b.Close()
		time.Sleep(time.Minute)
		if !b.revoked(nil, "lasting") || b.revoked(nil, "brief") {
			t.Errorf("lasting %v, brief %v", b.revoked(nil, "lasting"), b.revoked(nil, "brief"))
		}
		if n := len(a.nodes.again.at); n > 3 {
			t.Errorf("%d are kept", n)
		}
	})
}

// One who is revoked again and again is one revocation, and of what two nodes say of him one entry says all.
func TestRevokedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := storetest.New().Log("revocations")
		a, b := node(t, log, oldSecret, ""), node(t, log, oldSecret, "")
		defer a.Close()
		defer b.Close()
		time.Sleep(time.Second)
		until := time.Now().Add(time.Hour)
		for range 64 {
			time.Sleep(time.Second)
			if err := a.revoke(t.Context(), bearer.Revocation{Issuer: "i", Subject: "alice", At: time.Now(), Until: until}); err != nil {
				t.Fatal(err)
			}
		}
		early, late := bearer.Revocation{Issuer: "i", Subject: "bob", At: time.Now(), Until: until.Add(time.Hour)}, bearer.Revocation{Issuer: "i", Subject: "bob", At: time.Now().Add(time.Minute), Until: until}
		for _, of := range []struct {
			g *Gateway
			r bearer.Revocation
		}{{a, early}, {b, late}} {
			go of.g.revoke(t.Context(), of.r)
		}
		time.Sleep(5 * time.Second)
		for _, g := range []*Gateway{a, b} {
			if r, ok := g.revocations.Current(late); !ok || r.At.Before(late.At.Truncate(time.Second)) || r.Until.Before(early.Until.Truncate(time.Second)) {
				t.Errorf("%v", r)
			}
			counting := 0
			g.nodes.mu.Lock()
			for entry := range g.nodes.again.at {
				if g.nodes.counts(entry) {
					counting++
				}
			}
			g.nodes.mu.Unlock()
			if counting != 2 || g.revocations.Len() != 2 {
				t.Errorf("%d entries say all of %d revocations", counting, g.revocations.Len())
			}
		}
	})
}

// As many revocations as there may be stay in the log, are told again where it is lost, and beget no more telling than that; all
// nodes know all of them.
func TestManyRevocations(t *testing.T) {
	for _, of := range []int{1, 3} {
		t.Run(fmt.Sprint(of), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := storetest.New()
				log := store.Log("revocations")
				log.Keep(shortLog)
				var all []*Gateway
				for range of {
					g := node(t, log, oldSecret, "")
					defer g.Close()
					all = append(all, g)
				}
				number := func() (last uint64) { // of the last entry
					for epoch := ""; ; {
						now, first, entries, err := log.Since(t.Context(), epoch, last)
						if err != nil {
							t.Fatal(err)
						}
						if last, epoch = first+uint64(len(entries))-1, now; len(entries) == 0 {
							return last
						}
					}
				}
				const most = shortLog / 4
				until := time.Now().Add(time.Hour)
				named := func(i int) bearer.Revocation {
					return bearer.Revocation{Digest: digestOfToken(fmt.Sprint(i)), Until: until}
				}
				for i := range most {
					if err := all[i%of].revoke(t.Context(), named(i)); err != nil {
						t.Fatal(err)
					}
				}
				if err := all[0].revoke(t.Context(), named(most)); !errors.Is(err, bearer.ErrFull) {
					t.Errorf("one too many: %v", err)
				}
				time.Sleep(time.Minute)
				if n := number(); n > most {
					t.Errorf("%d entries for %d revocations", n, most)
				}
				// Others come and go, until the log has been through twice.
				for i := range 2 * shortLog {
					other := bearer.Revocation{Digest: digestOfToken(fmt.Sprint("other", i)), Until: time.Now().Add(time.Nanosecond)}
					entry, err := other.MarshalBinary()
					if err == nil {
						_, _, err = log.Append(t.Context(), seal.New([]byte(oldSecret)).Seal(entry, "revocation"))
					}
					if err != nil {
						t.Fatal(err)
					}
					if i%16 == 0 {
						time.Sleep(50 * time.Millisecond)
					}
				}
				time.Sleep(time.Minute)
				last := number()
				if told := last - most - 2*shortLog; told > 2*shortLog+most {
					t.Errorf("%d were told again, of %d, in two logs' time", told, most)
				}
				time.Sleep(time.Minute)
				if n := number(); n > last+shortLog/8 {
					t.Errorf("from %d to %d in a minute in which nobody said anything", last, n)
				}
				late := node(t, log, oldSecret, "")
				defer late.Close()
				all = append(all, late)
				if !late.Hears(t.Context(), time.Second) {
					t.Error("a node that begins does not hear")
				}
				check := func(what string) {
					t.Helper()
					for n, g := range all {
						for i := range most {
							if !g.revoked(nil, fmt.Sprint(i)) {
								t.Fatalf("%s: node %d does not know revocation %d", what, n, i)
							}
						}
					}
				}
				check("told again")

				store.Flush()
				time.Sleep(time.Minute)
				if n := number(); n < most || n > 2*most {
					t.Errorf("%d entries in a new log, for %d revocations and %d nodes", n, most, len(all))
				}
				g := node(t, log, oldSecret, "")
				defer g.Close()
				all = append(all, g)
				time.Sleep(time.Second)
				check("after the log was lost")
			})
		})
	}
}
