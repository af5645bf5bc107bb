package bearcache

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What is stored for a reader is stored in as many partitions as routes tell him apart in, and credentials that are refused at one are not
// good at another.
func TestRefusedAtAnotherRoute(t *testing.T) {
	const alice, bob = "Authorization: Bearer alice", "Authorization: Bearer bob"
	refuse := ""
	c := &Cache{Identify: func(r *http.Request) (Identity, error) {
		id := Identity{Issuer: "i", Subject: r.Header.Get("Authorization"), Scope: r.URL.Path, Joined: []string{"Cookie"}}
		if strings.HasPrefix(r.URL.Path, "/team") {
			id.Group = "team"
		}
		return id, nil
	}}
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		if r.Header.Get("Authorization") == refuse {
			w.WriteHeader(401)
		}
	}))
	routes := []*http.Request{
		request("GET", "http://api.test/me", alice), request("GET", "http://api.test/admin", alice), request("GET", "http://api.test/team", alice),
		request("GET", "http://api.test/me", alice, "Cookie: a=1"), request("GET", "http://api.test/team", alice, "Cookie: a=1"),
	}
	for _, r := range routes {
		ask(h, r)
		if !hit(ask(h, r)) {
			t.Fatalf("%s is not stored", r.URL)
		}
	}
	ask(h, request("GET", "http://api.test/me", bob))
	refuse = "Bearer alice"
	ask(h, request("GET", "http://api.test/me", alice, "Cache-Control: no-cache"))
	for _, r := range routes {
		if got := ask(h, r).StatusCode; got != 401 {
			t.Errorf("%s %v: %d", r.URL, r.Header, got)
		}
	}
	if !hit(ask(h, request("GET", "http://api.test/me", bob))) {
		t.Error("it cost bob a hit")
	}
	refuse = ""
	for _, r := range routes[:4] { // the fifth is at a URI where alice is answered by then
		if hit(ask(h, r)) || !hit(ask(h, r)) {
			t.Errorf("%s: what was stored before is used, or nothing is stored any more", r.URL)
		}
	}
}

// An answer that everybody gets does not say that a member may read what he was refused.
func TestRefusedMemberIsAnsweredElsewhere(t *testing.T) {
	refuse := ""
	c := &Cache{Identify: member()}
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		if r.URL.Path != "/version" && "Authorization: "+r.Header.Get("Authorization") == refuse {
			w.WriteHeader(401)
		}
	}))
	at := func(path, who string) *http.Response { return ask(h, request("GET", "http://api.test"+path, who)) }
	for _, path := range []string{"/a", "/b", "/version"} {
		at(path, ann)
		if !hit(at(path, ben)) {
			t.Fatalf("%s is not shared", path)
		}
	}
	refuse = ben
	if got := ask(h, request("GET", "http://api.test/a", ben, "Cache-Control: no-cache")).StatusCode; got != 401 {
		t.Fatal(got)
	}
	if resp := at("/version", ben); resp.StatusCode != 200 || hit(resp) {
		t.Errorf("a refused member is given what his group has: %v", resp.Header)
	}
	if !hit(at("/version", ben)) {
		t.Error("and nothing after he was answered there")
	}
	for _, path := range []string{"/a", "/b"} {
		if got := at(path, ben).StatusCode; got != 401 {
			t.Errorf("%s after an answer elsewhere: %d", path, got)
		}
	}
	refuse = ""
	if hit(at("/a", ben)) || !hit(at("/a", ben)) || hit(at("/b", ben)) {
		t.Error("an answer to one URI is not what counts for it alone")
	}
}

// What was asked for before a refusal, and comes after it, lifts nothing.
func TestRefusedWhileAnswered(t *testing.T) {
	for _, status := range []int{401, 403} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open := make(chan struct{})
				c := &Cache{Identify: member()}
				h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Cache-Control"] = []string{"max-age=60"}
					switch r.Header.Get("User-Agent") {
					case "slow":
						<-open
					case "refused":
						w.WriteHeader(status)
						return
					}
					io.WriteString(w, "one")
				}))
				ask(h, get(ann))
				go ask(h, get(ben, "User-Agent: slow", "Cache-Control: no-cache, no-store"))
				synctest.Wait()
				ask(h, get(ben, "User-Agent: refused", "Cache-Control: no-cache"))
				close(open)
				synctest.Wait()
				if resp := ask(h, get(ben)); hit(resp) {
					t.Errorf("%v", resp.Header)
				}
				if !hit(ask(h, get(ben))) {
					t.Error("an answer after the refusal does not lift it")
				}
			})
		})
	}
}

// An agent of alice's is refused, and what she is given herself is not for it. Nor does its refusal cost her anything.
func TestRefusedOtherRights(t *testing.T) {
	c := &Cache{Identify: func(r *http.Request) (Identity, error) {
		subject, rights, _ := strings.Cut(r.Header.Get("Authorization"), " as ")
		return Identity{Issuer: "i", Subject: subject, Scope: rights, Group: "team"}, nil
	}}
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		if strings.HasSuffix(r.Header.Get("Authorization"), " as agent") {
			w.WriteHeader(403)
		}
	}))
	const bob, alice, agent = "Authorization: bob as himself", "Authorization: alice as herself", "Authorization: alice as agent"
	ask(h, get(bob))
	ask(h, get(agent, "Cache-Control: no-cache"))
	for range 2 {
		if !hit(ask(h, get(alice))) {
			t.Error("alice lost what her group has")
		}
		if got := ask(h, get(agent)).StatusCode; got != 403 {
			t.Errorf("the agent: %d", got)
		}
		ask(h, get(alice, "Cache-Control: no-cache"))
	}
}

// Only an answer with the content says that he may have it: no redirect to where one logs in, no answer to HEAD.
func TestRefusedAndRedirected(t *testing.T) {
	for _, tt := range []struct {
		name   string
		method string
		status int
		lifts  bool
	}{
		{"a redirect", "GET", 302, false}, {"an error", "GET", 404, false}, {"a failure", "GET", 500, false}, {"HEAD", "HEAD", 200, false}, {"a change", "POST", 200, false},
		{"content", "GET", 200, true}, {"nothing, and that is it", "GET", 204, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			says := 401
			c := &Cache{Identify: member()}
			h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Cache-Control"] = []string{"no-store"}
				if strings.Contains(r.Header.Get("Authorization"), "ben") && says != 0 {
					w.WriteHeader(says)
					return
				}
				w.Header()["Cache-Control"] = []string{"max-age=60"}
			}))
			ask(h, get(ben, "Cache-Control: no-cache"))
			says = tt.status
			ask(h, request(tt.method, "http://api.test/me", ben))
			says = 0
			ask(h, get(ann))
			if hit(ask(h, get(ben))) != tt.lifts {
				t.Errorf("it lifts the refusal: %v", !tt.lifts)
			}
		})
	}
}

// What was found in a group before its member was refused stands in for no failure of the origin's after it.
func TestRefusedAndBridged(t *testing.T) {
	for i, status := range []int{401, 403, 401, 403} {
		says := []int{503, 304}[i/2]
		t.Run(fmt.Sprint(status, says), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open := make(chan struct{})
				c := &Cache{Identify: member()}
				h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Cache-Control"] = []string{"max-age=1, stale-if-error=600"}
					w.Header()["Etag"] = []string{`"1"`}
					switch r.Header.Get("User-Agent") {
					case "slow":
						<-open
						if r.Header.Get("If-None-Match") != "" {
							w.WriteHeader(says)
						}
					case "refused":
						w.WriteHeader(status)
					}
				}))
				ask(h, get(ann))
				time.Sleep(2 * time.Second)
				slow := make(chan *http.Response, 1)
				go func() { slow <- ask(h, get(ben, "User-Agent: slow")) }()
				synctest.Wait()
				ask(h, get(ben, "User-Agent: refused", "Cache-Control: no-cache"))
				close(open)
				// After a 304 it is asked for the whole.
				if resp := <-slow; resp.StatusCode != 503 && says == 503 || says == 304 && !strings.HasSuffix(resp.Header.Get("Cache-Status"), "fwd=stale; fwd-status=200; stored") {
					t.Errorf("%d %v", resp.StatusCode, resp.Header)
				}
			})
		})
	}
}

// A member whom the origin refused something on one node is given what his group has on no other.
func TestRefusalOnOtherNodes(t *testing.T) {
	for _, status := range []int{401, 403} {
		bubble(t, fmt.Sprint(status), func(t *testing.T) {
			refuse := false
			all := startNodes(t, 2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Cache-Control"] = []string{"max-age=6000"}
				if refuse && strings.Contains(r.Header.Get("Authorization"), "ben") {
					w.WriteHeader(status)
				}
			}), func(_ int, c *Cache) { c.Identify = member() })
			for i := range 2 {
				all.ask(i, get(ann))
				if !hit(all.ask(i, get(ben))) {
					t.Fatal("it is not shared")
				}
			}
			refuse = true
			all.ask(0, get(ben, "Cache-Control: no-cache"))
			all.settle()
			for i := range 2 {
				if got := all.ask(i, get(ben)).StatusCode; got != status {
					t.Errorf("node %d: %d", i, got)
				}
				if !hit(all.ask(i, get(ann))) {
					t.Errorf("node %d: it costs another member a hit", i)
				}
			}
		})
	}
}

// What the store answers after the end of what a request shows is for others.
func TestRecalledAfterItsEnd(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		until := time.Now().Add(time.Hour)
		all := startNodes(t, 2, &origin{header: header("Cache-Control: max-age=600")}, func(_ int, c *Cache) {
			c.Identify = func(*http.Request) (Identity, error) {
				return Identity{Issuer: "i", Subject: "alice", Until: until, Renewable: true}, nil
			}
		})
		all.ask(0, get(alice))
		all.settle()
		all.Delay(900 * time.Millisecond)
		until = time.Now().Add(100 * time.Millisecond)
		if got := all.ask(1, get(alice)).Header.Get("Cache-Status"); got != "bearcache; fwd=bypass; fwd-status=200; detail=expired" {
			t.Errorf("after the end: %s", got)
		}
		if until = time.Now().Add(time.Hour); !fromStore(all.ask(1, get(alice))) && !hit(all.ask(1, get(alice))) {
			t.Error("it is not served before")
		}
	})
}

// That something of a reader's is gone is no refusal, on no node.
func TestForgottenIsNotRefused(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		gone := false
		all := startNodes(t, 2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Cache-Control"] = []string{"max-age=6000"}
			if own := strings.HasPrefix(r.URL.Path, "/own/"); own && gone {
				w.Header()["Cache-Control"] = []string{"no-store"}
				w.WriteHeader(404)
			} else if own {
				w.Header()["Cache-Control"] = []string{"private, max-age=1"}
			}
		}), func(_ int, c *Cache) { c.Identify = member() })
		own := func(i int) *http.Request { return request("GET", fmt.Sprint("http://api.test/own/", i), ben) }
		all.ask(1, get(ann))
		for i := range 2 * maxMemberKeys {
			all.ask(0, own(i))
		}
		all.settle()
		gone = true
		for i := range 2 * maxMemberKeys {
			all.ask(0, own(i))
		}
		all.settle()
		for i := range 2 {
			if !hit(all.ask(i, get(ben))) {
				t.Errorf("node %d takes him for refused", i)
			}
		}
	})
}

// farLog takes a while to append.
type farLog struct {
	PurgeLog
	takes time.Duration
}

func (l farLog) Append(ctx context.Context, entry []byte) (string, uint64, error) {
	time.Sleep(l.takes)
	return l.PurgeLog.Append(ctx, entry)
}

// Whoever is refused, or changes something, faster than the log takes it costs others nothing.
func TestNoticesOfOneReader(t *testing.T) {
	for _, tt := range []struct {
		method string
		status int
	}{{"GET", 401}, {"GET", 403}, {"POST", 200}} {
		bubble(t, fmt.Sprint(tt.method, tt.status), func(t *testing.T) {
			var version atomic.Int64
			all := startNodes(t, 2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Cache-Control"] = []string{"private, max-age=6000"}
				if r.URL.Path == "/again" {
					w.WriteHeader(tt.status)
				}
				fmt.Fprint(w, version.Load())
			}), func(_ int, c *Cache) {
				c.Identify = member()
				c.PurgeLog = farLog{c.PurgeLog, 2 * time.Millisecond}
			})
			for i := range all.caches {
				all.ask(i, get(ann))
				all.ask(i, get(ben))
			}
			all.settle()
			for range 2000 {
				for range 3 {
					all.ask(0, request(tt.method, "http://api.test/again", ben))
				}
				time.Sleep(time.Millisecond)
			}
			all.settle()
			version.Store(1)
			for i := range all.caches {
				if got := text(t, all.ask(i, get(ann))); got != "0" {
					t.Errorf("node %d: it costs another reader a hit", i)
				}
				want := "0"
				if tt.status == 401 {
					want = "1" // from the origin, or from the store, where the other node put it
				}
				if got := text(t, all.ask(i, get(ben))); got != want {
					t.Errorf("node %d: who is refused has version %s, want %s", i, got, want)
				}
			}
			if o := all.caches[0].state.others; len(o.pending) != 0 || len(o.ours) != 0 {
				t.Errorf("%d are pending, %d on their way", len(o.pending), len(o.ours))
			}
			if n := all.caches[0].state.others.node.Position().Number; n == 0 || n > 2000 {
				t.Errorf("%d entries", n)
			}
		})
	}
}

// What is to be forgotten while a notice of it is on its way may have been stored after the notice: it is told again, and pending until then.
func TestNoticesAreToldAgain(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		all := startNodes(t, 1, &origin{header: header(fresh)}, func(_ int, c *Cache) { c.PurgeLog = farLog{c.PurgeLog, 400 * time.Millisecond} })
		o := all.caches[0].state.others
		tell := func() (held notice) {
			held = newNotice()
			held.names, held.uri = []string{"c"}, "u"
			return o.await(held)
		}
		pending := func() bool { return o.awaits(Key{Partition{"c"}, "u"}, func() []string { return nil }) }
		before := o.node.Position().Number
		done := func(told <-chan struct{}) bool {
			select {
			case <-told:
				return true
			default:
				return false
			}
		}
		first := o.tell(tell())
		time.Sleep(200 * time.Millisecond)
		second, third := tell(), tell()
		then := o.tell(second)
		time.Sleep(400 * time.Millisecond)
		if !done(first) || done(then) {
			t.Error("the first notice is not said to be there, or the second one is")
		}
		if n := o.node.Position().Number - before; n != 1 || !pending() {
			t.Errorf("%d entries, pending %v", n, pending())
		}
		time.Sleep(time.Second)
		if n := o.node.Position().Number - before; n != 2 || !pending() {
			t.Errorf("%d entries, pending %v while somebody holds it", n, pending())
		}
		if !done(then) {
			t.Error("the second notice is not said to be there")
		}
		o.drop(third)
		if pending() || len(o.pending) != 0 || len(o.ours) != 0 {
			t.Error("it is pending for ever")
		}
	})
}

// Where there is no room to tell what was refused, it is more that is: never less.
func TestRefusedIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	of := func(i int, uri string) Key {
		return Key{Identity{Issuer: "i", Subject: fmt.Sprint(i)}.Partition(), uri}
	}
	r := newRefused(time.Hour)
	for i := range 2 * maxMemberKeys {
		r.add(of(0, fmt.Sprint("/", i)), uint64(i+1), now)
	}
	if !r.holds(of(0, "/0"), now) || !r.holds(of(0, "/other"), now) || r.holds(of(1, "/0"), now) {
		t.Error("the first of many refusals is forgotten, or it is another's")
	}
	for i := range 10 * maxMemberKeys {
		r.answered(of(0, fmt.Sprint("/", i)), 100)
	}
	if last := fmt.Sprint("/", 10*maxMemberKeys-1); r.holds(of(0, last), now) || !r.holds(of(0, "/0"), now) {
		t.Error("the last answer does not count, or all do")
	}
	if m := r.members[r.order[0]]; len(m.answered) > maxMemberKeys || len(m.keys) > maxMemberKeys {
		t.Errorf("%d and %d are kept", len(m.answered), len(m.keys))
	}

	// Numbers may come out of order, and what has ended is not revived.
	r = newRefused(time.Hour)
	r.add(of(0, ""), 12, now)
	r.add(of(0, ""), 10, now)
	if r.answered(of(0, "/"), 11); !r.holds(of(0, "/"), now) {
		t.Error("what went out before the last refusal lifts it")
	}
	r.add(of(0, "/a"), 20, now)
	r.add(of(0, "/a"), 15, now)
	if r.answered(of(0, "/a"), 16); !r.holds(of(0, "/a"), now) {
		t.Error("what went out before the last refusal of a key lifts it")
	}
	if later := now.Add(time.Hour); true {
		r.add(of(0, "/b"), 30, later)
		if r.holds(of(0, "/"), later) || !r.holds(of(0, "/b"), later) {
			t.Error("a refusal that has ended is revived by another")
		}
	}

	r = newRefused(time.Hour)
	const many = maxMembers + 1000
	for i := range many {
		r.add(of(i, "/"), uint64(i+1), now)
	}
	if len(r.members) > maxMembers || len(r.order) != len(r.members) {
		t.Errorf("%d members in an order of %d", len(r.members), len(r.order))
	}
	for i := range many {
		if !r.holds(of(i, "/"), now) {
			t.Fatalf("the refusal of member %d of %d is forgotten", i, many)
		}
	}
	others := 0
	for i := range 10_000 {
		if r.holds(of(many+i, "/"), now) {
			others++
		}
	}
	if others > 10_000*2000/maxCrowded {
		t.Errorf("%d of 10000 others are refused too", others)
	}
	later := now.Add(time.Hour)
	if r.holds(of(0, "/"), later) || r.holds(of(many-1, "/"), later) {
		t.Error("a refusal has no end")
	}
	r.add(of(1, "/"), 1, later)
	if len(r.members) != 1 || len(r.order) != 1 {
		t.Errorf("%d refusals are kept after their end", len(r.members))
	}
	for i := range 10 { // refused and answered by turns
		r.add(of(1, "/"), uint64(2*i+2), later)
		r.answered(of(1, "/"), uint64(2*i+3))
	}
	if len(r.order) != 1 || r.holds(of(1, "/"), later) {
		t.Errorf("an order of %d", len(r.order))
	}
}

// Where readers are not those of groups, and where nobody vouches for them, nothing is kept.
func TestRefusedStrangers(t *testing.T) {
	r := newRefused(time.Hour)
	for _, p := range []Partition{{}, Shared, {"cdigest"}, {"udigest"}, Identity{Subject: "a"}.Partition()} {
		r.add(Key{Partition: p}, 1, time.Time{})
		r.add(Key{p, "/"}, 1, time.Time{})
	}
	if len(r.members) != 0 {
		t.Errorf("%d are kept", len(r.members))
	}
}

// A subject who is refused time and again costs others no hit, and more subjects than there is room for are taken for refused.
func TestHoldersAreExact(t *testing.T) {
	v := newInvalidations()
	key := func(i int) Key {
		return Key{Identity{Issuer: "i", Subject: fmt.Sprint(i), Scope: "s"}.Partition(), "u"}
	}
	born := v.now()
	for range 2 * maxForgotten {
		v.holder(key(0).Partition.holder())
	}
	for i := range 5000 {
		if v.alive(key(i), born) != (i > 0) {
			t.Fatalf("subject %d", i)
		}
	}
	for i := range maxForgotten + 10 {
		v.holder(key(-i - 1).Partition.holder())
	}
	if v.alive(key(-1), born) || v.alive(key(1), born) || !v.alive(key(1), v.now()) || !v.alive(Key{Partition{"cdigest"}, "u"}, born) {
		t.Error("what is not remembered is not taken for refused, or costs more than those whom somebody vouches for")
	}

	v = newInvalidations()
	v.holder(key(0).Partition.holder())
	between := v.now()
	v.holder(key(0).Partition.holder())
	for i := range maxForgotten {
		v.holder(key(i + 1).Partition.holder())
	}
	if v.alive(key(0), between) {
		t.Error("the first refusal of a subject, and not the last one, says when there is no room for it")
	}
}

// A record made for a token outlives it where the next one is the same reader's, and by no more than what bounds all.
func TestRenewable(t *testing.T) {
	for _, renewable := range []bool{false, true} {
		t.Run(fmt.Sprint(renewable), func(t *testing.T) {
			var until time.Time
			c, pass := clocked(&Cache{CredentialLifetime: time.Hour})
			c.Identify = func(*http.Request) (Identity, error) {
				return Identity{Issuer: "i", Subject: "alice", Until: until, Renewable: renewable}, nil
			}
			h := c.Handler(&origin{header: header("Cache-Control: max-age=86400")})
			asked := func(lasts time.Duration) bool {
				until = c.Now().Add(lasts)
				return hit(ask(h, get("Authorization: Bearer a")))
			}
			asked(time.Minute)
			pass(time.Minute)
			if until = c.Now(); hit(ask(h, get("Authorization: Bearer a"))) {
				t.Error("the old token finds something after its end")
			}
			if asked(time.Minute) != renewable {
				t.Errorf("the next token hits: %v", !renewable)
			}
			pass(2 * time.Hour)
			if asked(time.Minute) {
				t.Error("what is stored has no end")
			}
			certificate := func() *http.Request {
				r := certified("Authorization: Bearer a")
				r.TLS.PeerCertificates[0].NotAfter = c.Now().AddDate(1, 0, 0)
				return r
			}
			ask(h, certificate())
			pass(2 * time.Hour)
			if until = c.Now().Add(time.Minute); hit(ask(h, certificate())) {
				t.Error("what is stored ends with a certificate only")
			}
		})
	}
}
