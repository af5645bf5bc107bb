package bearcache

import (
	"fmt"
	"io"
	"net/http"
	"strings"
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
					switch r.Header.Get("X-Test") {
					case "slow":
						<-open
					case "refused":
						w.WriteHeader(status)
						return
					}
					io.WriteString(w, "one")
				}))
				ask(h, get(ann))
				go ask(h, get(ben, "X-Test: slow", "Cache-Control: no-cache, no-store"))
				synctest.Wait()
				ask(h, get(ben, "X-Test: refused", "Cache-Control: no-cache"))
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

// Where there is no room to tell what was refused, it is more that is: never less.
func TestRefusedIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	holder := func(i int) Partition { return Identity{Issuer: "i", Subject: fmt.Sprint(i)}.Partition() }
	r := newRefused(time.Hour)
	for i := range 2 * maxMemberURIs {
		r.add(holder(0), fmt.Sprint("/", i), uint64(i+1), now)
	}
	if !r.holds(holder(0), "/0", now) || !r.holds(holder(0), "/other", now) || r.holds(holder(1), "/0", now) {
		t.Error("the first of many refusals is forgotten, or it is another's")
	}
	for i := range 10 * maxMemberURIs {
		r.answered(holder(0), fmt.Sprint("/", i), 100)
	}
	if last := fmt.Sprint("/", 10*maxMemberURIs-1); r.holds(holder(0), last, now) || !r.holds(holder(0), "/0", now) {
		t.Error("the last answer does not count, or all do")
	}
	if m := r.members[r.order[0]]; len(m.answered) > maxMemberURIs || len(m.uris) > maxMemberURIs {
		t.Errorf("%d and %d are kept", len(m.answered), len(m.uris))
	}

	r = newRefused(time.Hour)
	const many = maxMembers + 1000
	for i := range many {
		r.add(holder(i), "/", uint64(i+1), now)
	}
	if len(r.members) > maxMembers || len(r.order) != len(r.members) {
		t.Errorf("%d members in an order of %d", len(r.members), len(r.order))
	}
	for i := range many {
		if !r.holds(holder(i), "/", now) {
			t.Fatalf("the refusal of member %d of %d is forgotten", i, many)
		}
	}
	others := 0
	for i := range 10_000 {
		if r.holds(holder(many+i), "/", now) {
			others++
		}
	}
	if others > 10_000*2000/maxCrowded {
		t.Errorf("%d of 10000 others are refused too", others)
	}
	if later := now.Add(time.Hour); r.holds(holder(0), "/", later) || r.holds(holder(many-1), "/", later) {
		t.Error("a refusal has no end")
	}
	r.add(holder(1), "/", 1, now.Add(time.Hour))
	if len(r.members) != 1 || len(r.order) != 1 {
		t.Errorf("%d refusals are kept after their end", len(r.members))
	}
	for i := range 10 { // refused and answered by turns
		r.add(holder(1), "/", uint64(2*i+2), now.Add(time.Hour))
		r.answered(holder(1), "/", uint64(2*i+3))
	}
	if len(r.order) != 1 || r.holds(holder(1), "/", now.Add(time.Hour)) {
		t.Errorf("an order of %d", len(r.order))
	}
}

// Where readers are not those of groups, and where nobody vouches for them, nothing is kept.
func TestRefusedStrangers(t *testing.T) {
	r := newRefused(time.Hour)
	for _, p := range []Partition{{}, Shared, {"cdigest"}, {"udigest"}, Identity{Subject: "a"}.Partition()} {
		r.add(p, "", 1, time.Time{})
		r.add(p, "/", 1, time.Time{})
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
		})
	}
}
