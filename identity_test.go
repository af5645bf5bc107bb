package bearcache

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// member makes an identity of "Authorization: Bearer issuer/subject/group", and of a fourth part when it ends, in
// seconds since 1970. The fields of joined are part of it.
func member(joined ...string) func(*http.Request) (Identity, error) {
	return func(r *http.Request) (Identity, error) {
		name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if name == "" {
			return Anonymous, nil
		}
		parts := strings.Split(name, "/")
		id := Identity{Issuer: parts[0], Subject: parts[1], Group: parts[2], Joined: joined}
		if len(parts) > 3 {
			end, err := strconv.ParseInt(parts[3], 10, 64)
			if err != nil {
				return Identity{}, err
			}
			id.Until = time.Unix(end, 0)
		}
		return id, nil
	}
}

const (
	ann = "Authorization: Bearer i/ann/g"
	ben = "Authorization: Bearer i/ben/g"
)

// hit reports whether a response came from the cache.
func hit(resp *http.Response) bool { return strings.Contains(resp.Header.Get("Cache-Status"), "; hit") }

// No two readers have one partition, however their texts are cut, and the letter says of what sort it is.
func TestPartitionsNeverMeet(t *testing.T) {
	type parts struct{ sort, issuer, subject, scope, group, joined, others string }
	seen := map[Partition]parts{Shared: {sort: "s"}, {}: {}}
	add := func(p Partition, of parts) {
		if other, ok := seen[p]; ok && other != of {
			t.Fatalf("%+v and %+v share a partition", of, other)
		}
		if seen[p] = of; !strings.HasPrefix(p.name, of.sort) {
			t.Fatalf("%+v is called %q", of, p.name)
		}
	}
	texts := []string{"", "a", "ab", "\x01a", "a\x01", "\x00"}
	for _, a := range texts {
		for _, b := range texts {
			for _, c := range texts {
				for _, d := range texts {
					if b != "" {
						for _, e := range texts {
							id := Identity{Issuer: a, Subject: b, Scope: c, Group: d}
							add(id.partition(e), parts{"i", a, b, c, d, e, ""})
						}
					}
					of := parts{"g", a, "", "", b, c, d}
					if a == "" || b == "" {
						of = parts{}
					}
					add(Identity{Issuer: a, Subject: "s", Scope: "s", Group: b}.group(c, d), of)
				}
			}
		}
	}
	c := new(Cache)
	c.init()
	for sort, r := range map[string]*http.Request{"c": get("Authorization: Bearer a"), "u": get("X-Domain: 1"), "s": get()} {
		if rd := c.identify(r, time.Now(), false); rd.partition.name[:1] != sort || rd.group != (Partition{}) {
			t.Errorf("%q and %q, want the letter %s", rd.partition.name, rd.group.name, sort)
		}
	}
}

// What an identity joins is part of it, and what it does not join is not.
func TestJoined(t *testing.T) {
	for _, tt := range []struct {
		name          string
		joined        []string
		vary          string
		first, second *http.Request
		want          string // how the answer to the second ends in Cache-Status
	}{
		{"the same cookie", []string{"Cookie"}, "", get(ann, "Cookie: a=1"), get(ann, "Cookie: a=1"), "hit; ttl=60"},
		{"another cookie", []string{"Cookie"}, "", get(ann, "Cookie: a=1"), get(ann, "Cookie: a=2"), "uri-miss; fwd-status=200; stored"},
		{"no cookie any more", []string{"Cookie"}, "", get(ann, "Cookie: a=1"), get(ann), "uri-miss; fwd-status=200; stored"},
		{"a cookie now", []string{"Cookie"}, "", get(ann), get(ann, "Cookie: a=1"), "uri-miss; fwd-status=200; stored"},
		{"two lines are not one", []string{"Cookie"}, "", get(ann, "Cookie: a=1; b=2"), get(ann, "Cookie: a=1", "Cookie: b=2"), "uri-miss; fwd-status=200; stored"},
		{"another API key", []string{"Cookie", "X-Api-Key"}, "", get(ann, "X-Api-Key: 1"), get(ann, "X-Api-Key: 2"), "uri-miss; fwd-status=200; stored"},
		{"a key is no cookie", []string{"Cookie", "X-Api-Key"}, "", get(ann, "X-Api-Key: 1"), get(ann, "Cookie: 1"), "uri-miss; fwd-status=200; stored"},
		{"another spelling of the name", []string{"cookie"}, "", get(ann, "Cookie: a=1"), get(ann, "Cookie: a=2"), "uri-miss; fwd-status=200; stored"},
		{"nothing joined", nil, "", get(ann, "Cookie: a=1"), get(ann, "Cookie: a=2"), "hit; ttl=60"},
		{"another field joined", []string{"Cookie"}, "", get(ann, "X-Api-Key: 1"), get(ann, "X-Api-Key: 2"), "hit; ttl=60"},
		{"a token joined, and renewed", []string{"Authorization"}, "", get(ann), get(ann + "/4000000000"), "uri-miss; fwd-status=200; stored"},
		{"no credential of this cache", []string{"X-Domain"}, "", get(ann), get(ann), "bypass; fwd-status=200; detail=unidentified"},
		{"Vary by what is joined", []string{"Cookie"}, "Cookie", get(ann, "Cookie: a=1"), get(ann, "Cookie: a=1"), "hit; ttl=60"},
		{"Vary by what is not", nil, "Cookie", get(ann, "Cookie: a=1"), get(ann, "Cookie: a=2"), "vary-miss; fwd-status=200; stored"},
		{"a certificate is joined unasked", nil, "", certified(ann), unlike(certified(ann)), "uri-miss; fwd-status=200; stored"},
		{"and its absence", nil, "", certified(ann), request("GET", "https://api.test/me", ann), "uri-miss; fwd-status=200; stored"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: header("Cache-Control: private, max-age=60")}
			if tt.vary != "" {
				o.header.Set("Vary", tt.vary)
			}
			h := (&Cache{Identify: member(tt.joined...)}).Handler(o)
			ask(h, tt.first)
			if got := ask(h, tt.second).Header.Get("Cache-Status"); !strings.HasSuffix(got, tt.want) {
				t.Errorf("%s, want …%s", got, tt.want)
			}
		})
	}
}

// Who nobody says is nobody has no certificate either.
func TestAnonymousWithACertificate(t *testing.T) {
	h := (&Cache{Identify: member()}).Handler(&origin{header: header(fresh)})
	ask(h, certified())
	if got := ask(h, certified()).Header.Get("Cache-Status"); !strings.HasSuffix(got, "detail=unidentified") {
		t.Error(got)
	}
}

// What one reader's request brings reaches equals, if its origin leaves it to them, and nobody else. What goes out is
// hardened, whoever gets it.
func TestGroup(t *testing.T) {
	named := "Authorization, Cookie, X-Api-Key"
	for _, tt := range []struct {
		name   string
		says   []string
		joined []string
		first  *http.Request
		second *http.Request
		hit    bool
		vary   string // of what the second gets; empty: Authorization
	}{
		{"an equal", []string{fresh}, nil, get(ann), get(ben), true, named},
		{"herself", []string{fresh}, nil, get(ann), get(ann), true, named},
		{"public", []string{"Cache-Control: public, s-maxage=60"}, nil, get(ann), get(ben), true, named},
		{"no Vary of the reader's", []string{fresh, "Vary: Accept"}, nil, get(ann), get(ben), true, "Accept, " + named},
		{"told by no field", []string{fresh}, nil, as("ann", get()), as("ben", get()), true, "*"},
		{"told by a field, after one who is not", []string{fresh}, nil, as("ann", get()), get(ben), false, named},
		{"told by no field, after one who is", []string{fresh}, nil, get(ann), as("ben", get()), false, "*"},
		{"another issuer", []string{fresh}, nil, get(ann), get("Authorization: Bearer j/ben/g"), false, named},
		{"another group", []string{fresh}, nil, get(ann), get("Authorization: Bearer i/ben/h"), false, named},
		{"no group", []string{fresh}, nil, get(ann), get("Authorization: Bearer i/ben/"), false, ""},
		{"she herself, in another group", []string{"Cache-Control: private, max-age=60"}, nil, get(ann), get("Authorization: Bearer i/ann/h"), false, ""},
		{"who gives himself a group", []string{fresh}, nil, get("Authorization: Bearer /ann/g"), get("Authorization: Bearer /ben/g"), false, ""},
		{"whose issuer is called like a group", []string{fresh}, nil, get(ann), get("Authorization: Bearer /i/g"), false, ""},
		{"nobody", []string{"Cache-Control: public, max-age=60"}, nil, get(ann), get(), false, "-"},
		{"after nobody", []string{"Cache-Control: public, max-age=60"}, nil, get(), get(ben), false, named},
		{"who cannot be told", []string{fresh}, nil, get(ann), get(ben, "X-Tenant: 1"), false, "*"},
		{"who has two tokens", []string{fresh}, nil, get(ann), get(ann, ben), false, ""},
		{"who has ended", []string{fresh}, nil, get(ann), get(ben + "/1"), false, ""},
		{"private", []string{"Cache-Control: private, max-age=60"}, nil, get(ann), get(ben), false, ""},
		{"private for a field", []string{`Cache-Control: private="x", max-age=60`}, nil, get(ann), get(ben), false, ""},
		{"private, to herself", []string{"Cache-Control: private, max-age=60"}, nil, get(ann), get(ann), true, ""},
		{"private, whatever is said to CDNs", []string{"Cache-Control: private", "CDN-Cache-Control: max-age=60"}, nil, get(ann), get(ben), false, ""},
		{"private, whatever is said to surrogates", []string{"Cache-Control: private", "Surrogate-Control: max-age=60"}, nil, get(ann), get(ben), false, ""},
		{"what is said to CDNs", []string{"CDN-Cache-Control: max-age=60"}, nil, get(ann), get(ben), true, named},
		{"no-store", []string{"Cache-Control: no-store, max-age=60"}, nil, get(ann), get(ben), false, ""},
		{"Set-Cookie", []string{fresh, "Set-Cookie: a=1"}, nil, get(ann), get(ben), false, ""},
		{"Vary: Authorization", []string{fresh, "Vary: Authorization"}, nil, get(ann), get(ben), false, ""},
		{"Vary: Authorization, to herself", []string{fresh, "Vary: Authorization"}, nil, get(ann), get(ann), true, ""},
		{"Vary by what neither has", []string{fresh, "Vary: Cookie"}, nil, get(ann), get(ben), true, "Cookie, Authorization, X-Api-Key"},
		{"Vary by what the second has", []string{fresh, "Vary: Cookie"}, nil, get(ann), get(ben, "Cookie: a=1"), false, "Cookie, Authorization"},
		{"Vary by what is joined", []string{fresh, "Vary: Cookie"}, []string{"Cookie"}, get(ann, "Cookie: a=1"), get(ben, "Cookie: a=1"), true, "Cookie, Authorization, X-Api-Key"},
		{"Vary: *", []string{fresh, "Vary: *"}, nil, get(ann), get(ben), false, "*"},
		{"an error without a lifetime", []string{"Status: 500"}, nil, get(ann), get(ben), false, ""},
		{"a refusal", []string{fresh, "Status: 403"}, nil, get(ann), get(ben), false, ""},
		{"nothing but a Last-Modified", []string{"Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"}, nil, get(ann), get(ben), false, named},
		{"a field of unknown meaning of the first", []string{fresh}, nil, get(ann, "X-Foo: 1"), get(ben), false, named},
		{"of the second", []string{fresh}, nil, get(ann), get(ben, "X-Foo: 1"), false, named},
		{"of both", []string{fresh}, nil, get(ann, "X-Foo: 1"), get(ben, "X-Foo: 1"), true, named},
		{"of both, of another value", []string{fresh}, nil, get(ann, "X-Foo: 1"), get(ben, "X-Foo: 2"), false, named},
		{"of both, as a list in another spelling", []string{fresh}, nil, get(ann, "X-Foo: a , b"), get(ben, "X-Foo: a,b"), false, named},
		{"a field that names another host", []string{"Cache-Control: public, max-age=60"}, nil, get(ann, "X-Forwarded-Host: evil.test"), get(ben), false, named},
		{"of both", []string{"Cache-Control: public, max-age=60"}, nil, get(ann, "X-Forwarded-Host: evil.test"), get(ben, "X-Forwarded-Host: evil.test"), false, ""},
		{"a cookie that is joined", []string{fresh}, []string{"Cookie"}, get(ann, "Cookie: a=1"), get(ben), false, named},
		{"the same cookie, joined", []string{fresh}, []string{"Cookie"}, get(ann, "Cookie: a=1"), get(ben, "Cookie: a=1"), true, named},
		{"a cookie that is not", []string{fresh}, nil, get(ann, "Cookie: a=1"), get(ben), true, named},
		{"one certificate", []string{fresh}, nil, certified(ann), certified(ben), true, "*"},
		{"another certificate", []string{fresh}, nil, certified(ann), unlike(certified(ben)), false, "*"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: header(tt.says...)}
			o.status, _ = strconv.Atoi(o.header.Get("Status"))
			c := &Cache{Identify: func(r *http.Request) (Identity, error) {
				if user := userOf(r); user != "" {
					return Identity{Issuer: "i", Subject: user, Group: "g"}, nil
				}
				return member(tt.joined...)(r)
			}}
			h := c.Handler(o)
			ask(h, tt.first)
			resp := ask(h, tt.second)
			if hit(resp) != tt.hit {
				t.Errorf("%s, want a hit: %v", resp.Header.Get("Cache-Status"), tt.hit)
			}
			want := tt.vary
			switch want {
			case "-":
				return
			case "":
				want = "Authorization"
			}
			if cc, vary := resp.Header.Get("Cache-Control"), resp.Header.Get("Vary"); !strings.HasPrefix(cc, "private") || strings.Contains(cc, "public") || vary != want {
				t.Errorf("Cache-Control: %s, Vary: %s, want private and %s", cc, vary, want)
			}
		})
	}
}

// A group's stored response lives on as any: what one member's request confirms, or brings in the background, is the
// others'. What it takes back is nobody's.
func TestGroupStale(t *testing.T) {
	for _, tt := range []struct {
		name, says, then string // what the origin says, and after that
		status           int    // of the second answer, if it is an error
		version          int64
		second           *http.Request
		want, third      string // how the second, and a third member are answered
		calls            int64
	}{
		{"validated", "Cache-Control: max-age=60", "Cache-Control: max-age=60", 0, 0, get(ben), "stale; fwd-status=304; stored", "hit; ttl=60", 2},
		{"validated without a word", "Cache-Control: max-age=60", "", 0, 0, get(ben), "stale; fwd-status=304; stored", "hit; ttl=60", 2},
		{"made private by a 304", "Cache-Control: max-age=60", "Cache-Control: private, max-age=60", 0, 0, get(ben), "stale; fwd-status=304; detail=private", "uri-miss; fwd-status=200; stored", 3},
		{"replaced", "Cache-Control: max-age=60", "Cache-Control: max-age=60", 0, 1, get(ben), "stale; fwd-status=200; stored", "hit; ttl=60", 2},
		{"replaced for one", "Cache-Control: max-age=60", "Cache-Control: private, max-age=60", 0, 1, get(ben), "stale; fwd-status=200; stored", "stale; fwd-status=200; stored", 3},
		{"while it is validated", "Cache-Control: max-age=60, stale-while-revalidate=60", "Cache-Control: max-age=60", 0, 0, get(ben), "hit; ttl=-1", "hit; ttl=60", 2},
		{"on error", "Cache-Control: max-age=60, stale-if-error=60", "Cache-Control: max-age=60", 503, 0, get(ben), "ttl=-1; detail=stale-on-error", "ttl=-1; detail=stale-on-error", 3},
		{"refused to one", "Cache-Control: max-age=60, stale-if-error=60", "Cache-Control: max-age=60", 403, 0, get(ben), "stale; fwd-status=403; detail=status", "stale; fwd-status=403; detail=status", 3},
		{"HEAD", "Cache-Control: max-age=60", "Cache-Control: max-age=60", 0, 0, request("HEAD", "http://api.test/me", ben), "stale; fwd-status=304; stored", "hit; ttl=60", 2},
		{"Range", "Cache-Control: max-age=90", "", 0, 0, get(ben, "Range: bytes=0-3"), "hit; ttl=29", "hit; ttl=29", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, pass := clocked(&Cache{Identify: member()})
				o := newVersioned(tt.says)
				h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Date"] = []string{c.Now().UTC().Format(http.TimeFormat)}
					o.ServeHTTP(w, r)
				}))
				ask(h, get(ann))
				pass(61 * time.Second)
				if o.says(); tt.then != "" {
					o.says(tt.then)
				}
				o.version.Store(tt.version)
				o.status.Store(int64(tt.status))
				resp := ask(h, tt.second)
				if got := resp.Header.Get("Cache-Status"); !strings.HasSuffix(got, tt.want) {
					t.Errorf("%s, want …%s", got, tt.want)
				}
				if cc := resp.Header.Get("Cache-Control"); !strings.HasPrefix(cc, "private") {
					t.Errorf("Cache-Control: %s", cc)
				}
				synctest.Wait()
				if got := ask(h, get("Authorization: Bearer i/cleo/g")).Header.Get("Cache-Status"); !strings.HasSuffix(got, tt.third) || o.calls.Load() != tt.calls {
					t.Errorf("the third: %s and %d calls, want …%s and %d", got, o.calls.Load(), tt.third, tt.calls)
				}
			})
		})
	}
}

// Equals wait for one request. Where its answer is one reader's, the others are free at once, and each reader's
// requests wait for each other.
func TestGroupCollapses(t *testing.T) {
	for _, tt := range []struct {
		says      string
		languages int
		least     int64 // calls for 100 requests of ten members, before the second answer
		most      int64
	}{
		{fresh, 1, 1, 1},
		{fresh + "\nVary: Accept-Language", 2, 2, 2},
		{"Cache-Control: private, max-age=60", 1, 10, 11}, // who led may have stored his own before his next one looks
		{"Cache-Control: max-age=60\nVary: Authorization", 1, 10, 11},
		{"Cache-Control: no-store", 1, 11, 11},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGated(strings.Split(tt.says, "\n")...)
			then := make(chan struct{})
			h := (&Cache{Identify: member()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if g.calls.Load() > 0 {
					g.calls.Add(1)
					<-then
					g.calls.Add(-1)
				}
				g.ServeHTTP(w, r)
			}))
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					r := get(fmt.Sprintf("Authorization: Bearer i/%d/g", i%10), fmt.Sprintf("Accept-Language: %c", 'a'+i%tt.languages))
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					if own := tt.least >= 10; own && !strings.HasPrefix(w.Body.String(), owner(r)) {
						t.Errorf("%s: %s got %q", tt.says, owner(r), w.Body.String())
					}
				})
			}
			synctest.Wait()
			if n := g.calls.Load(); n != 1 {
				t.Errorf("%s: %d calls before the first answer", tt.says, n)
			}
			close(g.open)
			synctest.Wait()
			if n := g.calls.Load(); n < tt.least || n > tt.most {
				t.Errorf("%s: %d calls, want %d to %d", tt.says, n, tt.least, tt.most)
			}
			close(then)
			wg.Wait()
		})
	}
}

// A purge reaches a group by what it is of, and by who vouches for it. A group is no subject's.
func TestGroupPurge(t *testing.T) {
	for _, tt := range []struct {
		extent Extent
		gone   bool
	}{
		{Extent{Issuer: "i"}, true},
		{Extent{Issuer: "j"}, false},
		{Extent{Issuer: "i", Subject: "ann"}, false},
		{Extent{Issuer: "i", Subject: "g"}, false},
		{Extent{TargetURI: "http://api.test/me"}, true},
		{Extent{Prefix: "http://api.test/other"}, false},
		{Extent{Tag: "t"}, true},
		{Extent{}, true},
	} {
		h := &Cache{Identify: member()}
		handler := h.Handler(&origin{header: header(fresh, "Surrogate-Key: t")})
		ask(handler, get(ann))
		if err := h.Purge(t.Context(), tt.extent); err != nil {
			t.Fatal(err)
		}
		if got := !hit(ask(handler, get(ben))); got != tt.gone {
			t.Errorf("%+v: gone %v, want %v", tt.extent, got, tt.gone)
		}
	}
}

// Who has ended is given nothing of his group, also where he ends while he waits for it, or his certificate does.
func TestGroupEnds(t *testing.T) {
	c, pass := clocked(&Cache{Identify: member()})
	h := c.Handler(&origin{header: header("Cache-Control: max-age=3600")})
	short := func(r *http.Request) *http.Request {
		r.TLS.PeerCertificates[0].NotAfter = c.Now().Add(time.Minute)
		return r
	}
	ends := fmt.Sprint("/", c.Now().Add(time.Minute).Unix())
	all := []*http.Request{get(ben + ends), short(certified(ben))}
	for _, r := range []*http.Request{get(ann), certified(ann)} {
		ask(h, r)
	}
	for _, want := range []bool{true, false} {
		for i, r := range all {
			if got := hit(ask(h, r)); got != want {
				t.Errorf("%d: hit %v, want %v", i, got, want)
			}
		}
		pass(time.Minute)
	}
	synctest.Test(t, func(t *testing.T) {
		g := newGated("Cache-Control: max-age=3600")
		c, pass := clocked(&Cache{Identify: member()})
		h := c.Handler(g)
		var wg sync.WaitGroup
		wg.Go(func() { ask(h, get(ann)) })
		synctest.Wait()
		r := get(ben + fmt.Sprint("/", c.Now().Add(time.Minute).Unix()))
		wg.Go(func() {
			if got := text(t, ask(h, r)); !strings.HasPrefix(got, owner(r)) {
				t.Errorf("%q is another's", got)
			}
		})
		synctest.Wait()
		pass(time.Minute)
		close(g.open)
		wg.Wait()
	})
	c, pass = clocked(&Cache{Identify: member()})
	o := &origin{header: header("Cache-Control: max-age=3600"), before: func(http.ResponseWriter, *http.Request) { pass(time.Minute) }}
	ask(c.Handler(o), get(ben+ends))
	if n := c.Stats().Records; n != 0 {
		t.Errorf("%d records of one who ended before he was answered", n)
	}
}

// Whom the fields of an answer tell that it is another's does not wait for its body.
func TestGroupIsFreeWithTheFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := make(chan struct{})
		calls := 0
		h := (&Cache{Identify: member()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls++
			w.Header()["Cache-Control"], w.Header()["Content-Length"] = []string{"private, max-age=60"}, []string{"5"}
			if calls == 1 {
				time.Sleep(time.Second) // until the other waits
				http.NewResponseController(w).Flush()
				<-body
			}
			io.WriteString(w, "whole")
		}))
		var wg sync.WaitGroup
		for _, who := range []string{ann, ben} {
			wg.Go(func() { ask(h, get(who)) })
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if calls != 2 {
			t.Errorf("%d calls before the first body is whole", calls)
		}
		close(body)
		wg.Wait()
	})
}

// What its origin releases is everybody's, and what it does not is the group's.
func TestGroupAndShareReleased(t *testing.T) {
	for _, tt := range []struct {
		says          string
		second        *http.Request
		hit, hardened bool
	}{
		{"Cache-Control: public, max-age=60", get(), true, false},
		{"Cache-Control: public, max-age=60", get(ben), true, false},
		{"Cache-Control: public, max-age=60", get("Authorization: Bearer j/ben/"), true, false},
		{fresh, get(ben), true, true},
		{fresh, get(), false, false},
		{fresh, get("Authorization: Bearer i/ben/"), false, true},
		{"Cache-Control: max-age=60, must-revalidate", get("Authorization: Bearer i/ben/"), true, false},
		{"Cache-Control: private, max-age=60", get(ben), false, true},
	} {
		h := (&Cache{Identify: member(), ShareReleased: true}).Handler(&origin{header: header(tt.says)})
		ask(h, get(ann))
		resp := ask(h, tt.second)
		if got, hardened := hit(resp), strings.HasPrefix(resp.Header.Get("Cache-Control"), "private"); got != tt.hit || hardened != tt.hardened {
			t.Errorf("%s, %v: hit %v, want %v; %v", tt.says, tt.second.Header, got, tt.hit, resp.Header)
		}
	}
}

// What is stored for credentials that state no end has one all the same.
func TestCredentialLifetime(t *testing.T) {
	exp := fmt.Sprintf(`{"exp":%d}`, time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC).Unix())
	cert := func(end time.Time, lines ...string) *http.Request {
		r := certified(lines...)
		r.TLS.PeerCertificates[0].NotAfter = end
		return r
	}
	at := func(h int) time.Time { return time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name     string
		identify func(*http.Request) (Identity, error)
		bound    time.Duration
		as       *http.Request
		hours    int // after how many it is gone; at most 30
	}{
		{"an opaque token, a day", nil, 0, get("Authorization: Bearer a"), 24},
		{"an opaque token", nil, 2 * time.Hour, get("Authorization: Bearer a"), 2},
		{"a JWT ends later", nil, 2 * time.Hour, get("Authorization: Bearer " + unsigned(exp)), 3},
		{"a JWT without an end", nil, 2 * time.Hour, get("Authorization: Bearer " + unsigned(`{}`)), 2},
		{"an identity without an end", member(), 2 * time.Hour, get("Authorization: Bearer i/a/"), 2},
		{"an identity that ends later", member(), 2 * time.Hour, get(fmt.Sprintf("Authorization: Bearer i/a//%d", at(5).Unix())), 5},
		{"a group", member(), 2 * time.Hour, get(ann), 30},
		{"nobody", nil, 2 * time.Hour, get(), 30},
		{"a field of unknown meaning", nil, 2 * time.Hour, get("X-Domain: 1"), 30},
		{"a certificate", nil, 2 * time.Hour, cert(at(4)), 4},
		{"a certificate that ends before the token", nil, 0, cert(at(2), "Authorization: Bearer "+unsigned(exp)), 2},
		{"a certificate that ends after the token", nil, 0, cert(at(4), "Authorization: Bearer "+unsigned(exp)), 3},
		{"a certificate that ends before the identity", member(), 0, cert(at(4), fmt.Sprintf("Authorization: Bearer i/a//%d", at(5).Unix())), 4},
		{"a certificate of the year 1", nil, 0, cert(time.Time{}, "Authorization: Bearer "+unsigned(exp)), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, pass := clocked(&Cache{Identify: tt.identify, CredentialLifetime: tt.bound})
			o := &origin{header: header("Cache-Control: max-age=604800")}
			h := c.Handler(o)
			ask(h, tt.as)
			hours := 0
			for ; hours < 30; hours++ {
				if ask(h, tt.as); o.calls.Load() != 1 {
					break
				}
				pass(time.Hour)
			}
			if hours != tt.hours {
				t.Errorf("gone after %d hours, want %d", hours, tt.hours)
			}
		})
	}
}

// A 304 is the origin's word that the credentials are good: it counts anew from there.
func TestCredentialLifetimeRenewed(t *testing.T) {
	c, pass := clocked(&Cache{CredentialLifetime: 2 * time.Hour})
	o := newVersioned("Cache-Control: no-cache")
	h := c.Handler(o)
	for i, want := range []string{"uri-miss; fwd-status=200", "stale; fwd-status=304", "stale; fwd-status=304"} {
		if got := ask(h, get("Authorization: Bearer a")).Header.Get("Cache-Status"); !strings.Contains(got, want) {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
		pass(time.Hour + time.Minute)
	}
	pass(time.Hour)
	if got := ask(h, get("Authorization: Bearer a")).Header.Get("Cache-Status"); !strings.Contains(got, "fwd-status=200") {
		t.Errorf("after its end: %s", got)
	}
}

// Whoever makes up credentials, or fields, fills a quarter of memory, where others are verified.
func TestUnverifiedShare(t *testing.T) {
	const readers, flood, more = 200, 5_000, 100_000
	verified := func(i int) *http.Request { return get(fmt.Sprintf("Authorization: Bearer i/%d/", i)) }
	for _, tt := range []struct {
		name  string
		line  string // of each request of it, with its number in place of #
		apart bool
	}{
		{"tokens that nobody verified", "Authorization: Bearer /#/", true},
		{"and that name groups", "Authorization: Bearer /#/#", true},
		{"fields of unknown meaning", "X-Domain: #", true},
		{"where nobody is verified", "Authorization: Bearer /#/", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Cache{Memory: 1 << 20}
			if tt.apart {
				c.Identify = member()
			}
			h := c.Handler(&origin{header: header(fresh)})
			good := []*http.Request{get()}
			for i := range readers {
				good = append(good, verified(i))
			}
			for _, r := range good {
				ask(h, r)
			}
			for r, i := get(), 0; i < flood; i++ {
				r.Header = header(strings.ReplaceAll(tt.line, "#", strconv.Itoa(i)))
				h.ServeHTTP(&nowhere{}, r)
			}
			for i := range more { // without all that a request takes
				k := Key{Identity{Subject: fmt.Sprint("more ", i)}.Partition(), "http://api.test/me"}
				c.state.memory.update(k, func(k Key, _ *record) *record { return &record{key: k} })
			}
			for _, records := range c.state.memory.shares() {
				records.CleanUp()
			}
			var open, rest int64
			for r := range c.state.memory.all() {
				if r.key.Partition.unverified() {
					open += int64(r.weight)
				} else {
					rest += int64(r.weight)
				}
			}
			s := c.Stats()
			if s.Weight != open+rest || s.Weight > 1<<20 || open == 0 {
				t.Errorf("%d and %d are stored, and %d counted", open, rest, s.Weight)
			}
			hits := 0
			for _, r := range good {
				if hit(ask(h, r)) {
					hits++
				}
			}
			switch {
			case tt.apart && (hits*100 < 95*len(good) || open > 1<<18):
				t.Errorf("%d of %d are still there; what is not verified takes %d bytes", hits, len(good), open)
			case !tt.apart && open < 1<<19:
				t.Errorf("%d bytes, of all", open)
			}
			if err := c.Purge(t.Context(), Extent{}); err != nil {
				t.Fatal(err)
			}
			if s := c.Stats(); s.Records != 0 || s.Weight != 0 {
				t.Errorf("%d records, %d bytes after a purge of everything", s.Records, s.Weight)
			}
		})
	}
}

// 401 says that these credentials are good for nothing any longer, and 403 that they are not for this. Neither says
// anything of others, be they of the same group.
func TestRefusalForgetsItsReader(t *testing.T) {
	uris := []string{"http://api.test/me", "http://api.test/a", "http://api.test/b"}
	for _, tt := range []struct {
		name    string
		refused *http.Request
		status  int
		left    string // of what alice has at the three URIs: + is there, - is not
	}{
		{"401", get("Cache-Control: no-cache"), 401, "---"},
		{"401 to HEAD", request("HEAD", uris[0], "Cache-Control: no-cache"), 401, "---"},
		{"401 to POST", request("POST", uris[0]), 401, "---"},
		{"401 at another URI", request("GET", "http://api.test/other"), 401, "---"},
		{"401 with an entity tag of her own", get("If-None-Match: x", "Cache-Control: no-cache"), 401, "---"},
		{"403", get("Cache-Control: no-cache"), 403, "-++"},
		{"403 to HEAD", request("HEAD", uris[0], "Cache-Control: no-cache"), 403, "-++"},
		{"403 to POST", request("POST", uris[0]), 403, "+++"},
		{"403 at another URI", request("GET", "http://api.test/other"), 403, "+++"},
		{"429", get("Cache-Control: no-cache"), 429, "+++"},
	} {
		for name, c := range map[string]*Cache{"by credentials": {}, "by identity": {Identify: member()}} {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				o := &origin{header: header("Cache-Control: private, max-age=60")}
				h := c.Handler(o)
				others := []string{"Authorization: Bearer i/bob/", "Authorization: Bearer i/alice/h", "Authorization: Bearer j/alice/", "Accept: */*"}
				const alice = "Authorization: Bearer i/alice/"
				all := append([]string{alice}, others...)
				for _, uri := range uris {
					for _, who := range all {
						ask(h, request("GET", uri, who))
					}
				}
				o.header = header(fresh)
				ask(h, request("GET", uris[0], "Accept: */*"))
				o.status = tt.status
				tt.refused.Header.Set("Authorization", "Bearer i/alice/")
				ask(h, tt.refused)
				o.status = 0
				left := ""
				for _, uri := range uris {
					for _, who := range others[:3] {
						if who == others[1] && c.Identify != nil && tt.status == 401 { // she is the same subject, in whatever partition
							if hit(ask(h, request("GET", uri, who))) {
								t.Errorf("%s kept %s", who, uri)
							}
							continue
						}
						if !hit(ask(h, request("GET", uri, who))) {
							t.Errorf("%s lost %s", who, uri)
						}
					}
					if hit(ask(h, request("GET", uri, alice))) {
						left += "+"
					} else {
						left += "-"
					}
				}
				if left != tt.left {
					t.Errorf("left %s, want %s", left, tt.left)
				}
				if !hit(ask(h, get())) {
					t.Error("nobody's went")
				}
			})
		}
	}
}

// What was asked for before a refusal is not stored after it, and what was found before stands in for nothing.
func TestRefusalOvertakes(t *testing.T) {
	const slow, uri = "http://api.test/slow", "http://api.test/quick"
	for _, tt := range []struct {
		name     string
		at       string // of the refusal
		status   int
		validate bool // what is under way is a validation
		ends     int  // the status of what is under way
		want     string
		stored   bool
	}{
		{"401 elsewhere", uri, 401, false, 200, "whole", false},
		{"401 here", slow, 401, false, 200, "whole", false},
		{"403 elsewhere", uri, 403, false, 200, "whole", true},
		{"403 here", slow, 403, false, 200, "whole", false},
		{"401 elsewhere, then 304", uri, 401, true, 304, "whole", true}, // asked again, without a condition
		{"401 elsewhere, then 503", uri, 401, true, 503, "", false},
		{"403 elsewhere, then 304", uri, 403, true, 304, "whole", true},
		{"403 elsewhere, then 503", uri, 403, true, 503, "whole", true},
		{"403 here, then 503", slow, 403, true, 503, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, pass := clocked(new(Cache))
				gate := make(chan struct{})
				calls, held := 0, false
				h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					calls++
					w.Header()["Cache-Control"], w.Header()["Etag"] = []string{"max-age=60, stale-if-error=600"}, []string{`"1"`}
					w.Header()["Date"] = []string{c.Now().UTC().Format(http.TimeFormat)}
					status := http.StatusOK
					switch {
					case r.Header["Cache-Control"] != nil:
						status = tt.status
					case held && r.URL.Path == "/slow":
						<-gate
						if status = tt.ends; status == 304 && r.Header["If-None-Match"] == nil {
							status = 200
						}
					}
					w.WriteHeader(status)
					if status == http.StatusOK {
						io.WriteString(w, "whole")
					}
				}))
				alice := func(uri string, lines ...string) *http.Request {
					return request("GET", uri, append(lines, "Authorization: Bearer a")...)
				}
				if tt.validate {
					ask(h, alice(slow))
					pass(61 * time.Second)
				}
				held = true
				var wg sync.WaitGroup
				wg.Go(func() {
					if got := text(t, ask(h, alice(slow))); got != tt.want {
						t.Errorf("%q, want %q", got, tt.want)
					}
				})
				synctest.Wait()
				ask(h, alice(tt.at, "Cache-Control: no-cache"))
				close(gate)
				wg.Wait()
				held = false
				before := calls
				if ask(h, alice(slow, "Cache-Control: only-if-cached, max-stale=600")); calls != before {
					t.Error("only-if-cached asked the origin")
				}
				stored := c.state.memory.get(Key{c.identify(alice(slow), c.Now(), false).partition, slow}) != nil
				if stored != tt.stored {
					t.Errorf("stored %v, want %v", stored, tt.stored)
				}
				empty(t, c)
			})
		})
	}
}

// empty wants no ticket left.
func empty(t *testing.T, c *Cache) {
	t.Helper()
	for i := range c.state.underway.shards {
		if n := len(c.state.underway.shards[i].of); n != 0 {
			t.Errorf("%d partitions have requests under way", n)
		}
	}
}

// What is being stored at the moment of a 401 is not there after it, even if it was not counted yet.
func TestRefusalWhileStoring(t *testing.T) {
	c := new(Cache)
	c.init()
	k := Key{Partition{"c a"}, "http://api.test/me"}
	c.state.underway.enter(k)
	c.state.memory.records.Set(k, &record{key: k})
	(&exchange{cache: c}).forget(Key{Partition: k.Partition})
	if c.state.memory.get(k) != nil {
		t.Error("stored")
	}
}

// What was forgotten after it was found, and before anybody knew that a request for it goes out, stands in for nothing.
func TestForgottenBeforeItIsUnderWay(t *testing.T) {
	for _, there := range []bool{true, false} {
		c, pass := clocked(new(Cache))
		o := &origin{header: header("Cache-Control: max-age=60, stale-if-error=600")}
		h := c.Handler(o)
		r := get("Authorization: Bearer a")
		ask(h, r)
		pass(61 * time.Second)
		x := &exchange{cache: c, request: r, reader: c.identify(r, c.Now(), false), started: c.Now()}
		d := x.decide()
		if !there {
			x.forget(Key{Partition: x.reader.partition})
		}
		o.status = 503
		w := httptest.NewRecorder()
		if x.fetch(w, o, d, nil); (w.Code == http.StatusOK) != there {
			t.Errorf("still there %v: %d", there, w.Code)
		}
	}
}

// Tokens that the origin refuses cost nobody else a hit.
func TestGarbageTokensCostNothing(t *testing.T) {
	const uris, tokens = 50, 20_000
	o := &origin{header: header(fresh)}
	c := new(Cache)
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer x") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		o.ServeHTTP(w, r)
	}))
	good := func(i int) *http.Request {
		return request("GET", fmt.Sprintf("http://api.test/%d", i), "Authorization: Bearer good")
	}
	for i := range uris {
		ask(h, good(i))
	}
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < tokens; i += 4 {
				h.ServeHTTP(&nowhere{}, request("GET", fmt.Sprintf("http://api.test/%d", i%uris), fmt.Sprintf("Authorization: Bearer x%d", i)))
			}
		})
	}
	wg.Wait()
	for i := range uris {
		if !hit(ask(h, good(i))) {
			t.Errorf("/%d is gone", i)
		}
	}
	empty(t, c)
}

// What the origin says to caches that purge by it does not go out, in no way that a response takes, and is purged by.
func TestTagsStayInside(t *testing.T) {
	for _, name := range []string{"nobody", "a bearer", "a member"} {
		c, pass := clocked(new(Cache))
		var as []string
		switch name {
		case "a bearer":
			as = []string{"Authorization: Bearer a"}
		case "a member":
			c.Identify, as = member(), []string{ann}
		}
		status, tag, tell := 0, "one", "max-age=60, stale-while-revalidate=0, stale-if-error=60"
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["Cache-Control"], h["Etag"], h["Date"] = []string{tell}, []string{`"1"`}, []string{c.Now().UTC().Format(http.TimeFormat)}
			h["Surrogate-Key"], h["Cache-Tag"], h["cache-TAG"] = []string{tag, "every"}, []string{tag + ", all"}, []string{"odd"}
			if r.URL.Path != "/odd" {
				delete(h, "cache-TAG")
			}
			w.WriteHeader(http.StatusEarlyHints)
			switch {
			case status != 0:
				w.WriteHeader(status)
			case r.Header["If-None-Match"] != nil:
				w.WriteHeader(http.StatusNotModified)
			default:
				io.WriteString(w, "content")
			}
		}))
		get := func(what, want, method, uri string, lines ...string) {
			t.Helper()
			w := &interims{ResponseRecorder: httptest.NewRecorder()}
			h.ServeHTTP(w, request(method, "http://api.test"+uri, append(lines, as...)...))
			for _, fields := range append(w.seen, w.Result().Header) {
				for name := range fields {
					if plain := textproto.CanonicalMIMEHeaderKey(name); plain == "Surrogate-Key" || plain == "Cache-Tag" {
						t.Errorf("%s, %s: %s went out", name, what, name)
					}
				}
			}
			if got := w.Header().Get("Cache-Status"); !strings.Contains(got, want) {
				t.Errorf("%s, %s: %s, want %s", name, what, got, want)
			}
		}
		stored := func(want bool) {
			t.Helper()
			before := c.Stats().Hits
			get("whether it is stored", "", "GET", "/me", "Cache-Control: only-if-cached")
			if got := c.Stats().Hits != before; got != want {
				t.Errorf("%s: stored %v, want %v", name, got, want)
			}
		}
		purge := func(tag string) {
			if err := c.Purge(t.Context(), Extent{Tag: tag}); err != nil {
				t.Fatal(err)
			}
		}
		get("a miss", "; stored", "GET", "/me")
		get("a hit", "; hit", "GET", "/me")
		get("a part", "; hit", "GET", "/me", "Range: bytes=0-1")
		get("a 304 to the client", "; hit", "GET", "/me", `If-None-Match: "1"`)
		get("HEAD", "; hit", "HEAD", "/me")
		purge("two")
		stored(true)
		pass(61 * time.Second)
		status = 503
		get("a stale answer", "stale-on-error", "GET", "/me")
		status, tag = 0, "two"
		get("a 304 from the origin", "fwd-status=304", "GET", "/me")
		get("HEAD that asks", "fwd-status=200", "HEAD", "/else")
		purge("one")
		stored(true)
		purge("TWO")
		stored(false)
		get("a miss again", "; stored", "GET", "/me")
		purge("all")
		stored(false)
		get("in another spelling", "detail=malformed", "GET", "/odd")
		tell = "no-store"
		get("what is not stored", "detail=no-store", "GET", "/unstored")
		get("a change", "fwd=method", "POST", "/unstored")
		status = 500
		get("an error", "fwd-status=500", "GET", "/error")
		status = 401
		get("a refusal", "fwd-status=401", "GET", "/refused")
	}
}

// interims notes the fields of interim responses.
type interims struct {
	*httptest.ResponseRecorder
	seen []http.Header
}

func (w *interims) WriteHeader(status int) {
	if status < 200 {
		w.seen = append(w.seen, w.Header().Clone())
		return
	}
	w.ResponseRecorder.WriteHeader(status)
}

// Whom the origin refuses gets nothing of his group's either, until it has answered him again; the others lose nothing.
func TestRefusedMemberOfAGroup(t *testing.T) {
	for _, status := range []int{401, 403} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			refuse := ""
			c := &Cache{Identify: func(r *http.Request) (Identity, error) {
				return Identity{Issuer: "i", Subject: r.Header.Get("Authorization"), Group: "g"}, nil
			}}
			h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Cache-Control"] = []string{"max-age=60"}
				if r.Header.Get("Authorization") == refuse {
					w.WriteHeader(status)
				}
			}))
			asked := func(who, path string) string {
				resp := ask(h, request("GET", "http://api.test"+path, "Authorization: "+who))
				if resp.StatusCode != 200 {
					return fmt.Sprint(resp.StatusCode)
				}
				word, _, _ := strings.Cut(resp.Header.Get("Cache-Status"), ";")
				_, word, _ = strings.Cut(resp.Header.Get("Cache-Status"), word+"; ")
				word, _, _ = strings.Cut(word, ";")
				return word
			}
			want := func(who, path, want string) {
				t.Helper()
				if got := asked(who, path); got != want {
					t.Errorf("%s %s: %s, want %s", who, path, got, want)
				}
			}
			want("Bearer a", "/x", "fwd=uri-miss")
			want("Bearer b", "/x", "hit")
			refuse = "Bearer b"
			if status == 401 { // at any place
				want("Bearer b", "/y", "401")
			} else { // at this one
				if got := ask(h, request("GET", "http://api.test/x", "Authorization: Bearer b", "Cache-Control: no-cache")).StatusCode; got != 403 {
					t.Fatal(got)
				}
			}
			want("Bearer b", "/x", fmt.Sprint(status))
			want("Bearer b", "/x", fmt.Sprint(status))
			want("Bearer a", "/x", "hit")
			refuse = ""
			want("Bearer b", "/x", "fwd=uri-miss")
			want("Bearer b", "/x", "hit")
		})
	}
}
