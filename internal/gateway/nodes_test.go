package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
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
	c := &bearcache.Cache{Secret: []byte(secret)}
	if previous != "" {
		c.PreviousSecret = []byte(previous)
	}
	return newGateway(t, Options{Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Cache: c, RevocationLog: log})
}

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
		g := node(t, store.Log("revocations"), oldSecret, "")
		defer g.Close()
		off := func() bool {
			r := httptest.NewRequest("GET", "http://api.test/", nil)
			return g.cache.Policy(r.WithContext(context.WithValue(r.Context(), entryKey{}, new(entry)))).Off
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
		a, b := node(t, log, oldSecret, ""), node(t, log, newSecret, "")
		defer a.Close()
		defer b.Close()
		for _, g := range []*Gateway{a, b} {
			if err := g.revoke(t.Context(), byToken(g, "token")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		epoch, _, entries, err := log.Since(t.Context(), "", 0)
		if err != nil || epoch == "" || len(entries) > 4 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
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
		for i := range keptEntries + 1024 {
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
		if n := len(a.nodes.at); n > 3 {
			t.Errorf("%d are kept", n)
		}
	})
}
