package bearcache

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/internal/seal"
	"github.com/bearcache/bearcache/storetest"
)

// nodes are caches in front of one origin that share a store and a log.
type nodes struct {
	*storetest.Memory
	log      *storetest.MemoryLog
	caches   []*Cache
	handlers []http.Handler
	gets     atomic.Int64
	panics   atomic.Bool
	mu       sync.Mutex               // guards ttls
	ttls     map[string]time.Duration // of what was set
	before   func(key string)         // called before each Set; nil: nothing is
}

const (
	alice = "Authorization: Bearer alices-token-4711"
	bob   = "Authorization: Bearer bobs-token-4712"
)

// startNodes must be called in a bubble, which they leave with t. change may be nil.
func startNodes(t *testing.T, n int, origin http.Handler, change func(i int, c *Cache)) *nodes {
	all := &nodes{Memory: storetest.New(), ttls: map[string]time.Duration{}}
	all.log = all.Log("purge")
	for i := range n {
		c := &Cache{Store: all, PurgeLog: all.log, Secret: []byte("a secret of all nodes"), Logger: slog.New(slog.DiscardHandler)}
		if change != nil {
			change(i, c)
		}
		all.caches, all.handlers = append(all.caches, c), append(all.handlers, c.Handler(origin))
		t.Cleanup(c.Close)
	}
	all.settle()
	return all
}

func (all *nodes) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	all.gets.Add(1)
	if all.panics.Load() {
		panic("get")
	}
	return all.Memory.Get(ctx, keys...)
}

func (all *nodes) Set(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	if all.before != nil {
		all.before(key)
	}
	if all.panics.Load() {
		panic("set")
	}
	all.mu.Lock()
	all.ttls[key] = ttl
	all.mu.Unlock()
	return all.Memory.Set(ctx, key, record, ttl)
}

// settle waits until everything is written and all have heard everything that can be.
func (all *nodes) settle() { time.Sleep(2 * time.Second); synctest.Wait() }

func (all *nodes) ask(i int, r *http.Request) *http.Response { return ask(all.handlers[i], r) }

// forget empties a node's memory, without a word to anybody.
func (all *nodes) forget(i int) { all.caches[i].state.memory.forgetAll() }

// bubble is synctest.Test.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func fromStore(resp *http.Response) bool {
	return strings.Contains(resp.Header.Get("Cache-Status"), "; hit") && strings.Contains(resp.Header.Get("Cache-Status"), "detail=store")
}

func with(r *http.Request, lines ...string) *http.Request {
	for name, values := range header(lines...) {
		r.Header[name] = values
	}
	return r
}

func TestRecall(t *testing.T) {
	named := func(i int, c *Cache) { c.Identify = byName }
	grouped := func(i int, c *Cache) {
		c.Identify = func(r *http.Request) (Identity, error) {
			id, err := byName(r)
			id.Group, id.Scope = id.Scope, ""
			return id, err
		}
	}
	for _, tt := range []struct {
		name          string
		change        func(i int, c *Cache)
		header        string
		first, second *http.Request
		found         bool
		status        int
	}{
		{"of the same token", nil, "", get(alice), get(alice), true, 200},
		{"HEAD", nil, "", get(alice), request("HEAD", "http://api.test/me", alice), true, 200},
		{"a range", nil, "", get(alice), get(alice, "Range: bytes=0-3"), true, 206},
		{"with a condition that is met", nil, "Etag: \"1\"", get(alice), get(alice, "If-None-Match: \"1\""), true, 304},
		{"only if it is there", nil, "", get(alice), get(alice, "Cache-Control: only-if-cached"), true, 200},
		{"only if it is there, and it is not", nil, "", get(alice), get(bob, "Cache-Control: only-if-cached"), false, 504},
		{"of another token", nil, "", get(alice), get(bob), false, 200},
		{"of nobody", nil, "", get(), get(), true, 200},
		{"of nobody, for a token", nil, "", get(), get(alice), false, 200},
		{"of a token, for nobody", nil, "", get(alice), get(), false, 200},
		{"of a token and a cookie", nil, "", get(alice, "Cookie: a=1"), get(alice, "Cookie: a=1"), true, 200},
		{"of a token and another cookie", nil, "", get(alice, "Cookie: a=1"), get(alice, "Cookie: a=2"), false, 200},
		{"of a certificate", nil, "", certified(), certified(), true, 200},
		{"of another certificate", nil, "", certified(), unlike(certified()), false, 200},
		{"of another URI", nil, "", get(alice), request("GET", "http://api.test/me?", alice), false, 200},
		{"in another language", nil, "Vary: Accept-Language", get(alice, "Accept-Language: de"), get(alice, "Accept-Language: en"), false, 200},
		{"in the same language", nil, "Vary: Accept-Language", get(alice, "Accept-Language: de"), get(alice, "Accept-Language: de"), true, 200},
		{"that must be asked for", nil, "", get(alice), get(alice, "Cache-Control: no-cache"), false, 200},
		{"of one subject", named, "", get("Authorization: Bearer i/alice/read"), get("Authorization: Bearer i/alice/read"), true, 200},
		{"of another scope", named, "", get("Authorization: Bearer i/alice/read"), get("Authorization: Bearer i/alice/write"), false, 200},
		{"of another issuer", named, "", get("Authorization: Bearer i/alice/read"), get("Authorization: Bearer j/alice/read"), false, 200},
		{"of a group", grouped, "Cache-Control: public, max-age=60", get("Authorization: Bearer i/alice/staff"), get("Authorization: Bearer i/bob/staff"), true, 200},
		{"of another group", grouped, "Cache-Control: public, max-age=60", get("Authorization: Bearer i/alice/staff"), get("Authorization: Bearer i/bob/guests"), false, 200},
		{"that is private in a group", grouped, "Cache-Control: private, max-age=60", get("Authorization: Bearer i/alice/staff"), get("Authorization: Bearer i/bob/staff"), false, 200},
		{"that is released", func(_ int, c *Cache) { c.ShareReleased = true }, "Cache-Control: public, max-age=60", get(alice), get(bob), true, 200},
		{"of a field of unknown meaning", nil, "", get("X-Domain: 1"), get("X-Domain: 1"), true, 200},
		{"of another value of it", nil, "", get("X-Domain: 1"), get("X-Domain: 2"), false, 200},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			o := &origin{header: header(fresh)}
			if tt.header != "" {
				name, value, _ := strings.Cut(tt.header, ": ")
				o.header.Set(name, value)
			}
			all := startNodes(t, 2, o, tt.change)
			before := text(t, all.ask(0, tt.first))
			all.settle()
			resp := all.ask(1, tt.second)
			if fromStore(resp) != tt.found || resp.StatusCode != tt.status {
				t.Errorf("%d %q, want %d from the store: %v", resp.StatusCode, resp.Header, tt.status, tt.found)
			}
			body := text(t, resp)
			if want := map[int]string{200: before, 206: before[:4]}[tt.status]; tt.found && tt.second.Method == "GET" && body != want {
				t.Errorf("%q, want %q", body, want)
			}
			if owned := owner(tt.second); !tt.found && tt.status == 200 && !strings.HasPrefix(body, owned) {
				t.Errorf("%q is not made for who asked", body)
			}
			if tt.found && resp.Header.Get("Age") != "2" && tt.status == 200 {
				t.Errorf("its age is %q", resp.Header["Age"])
			}
			if tt.found && all.caches[1].Stats().StoreHits != 1 {
				t.Errorf("%+v", all.caches[1].Stats())
			}
			if tt.found { // and stays in memory
				gets := all.gets.Load()
				if resp := all.ask(1, tt.second); !strings.Contains(resp.Header.Get("Cache-Status"), "; hit") || all.gets.Load() != gets {
					t.Errorf("again: %q after %d more looks", resp.Header, all.gets.Load()-gets)
				}
			}
		})
	}
}

// Who changes or is refused something on one node has it gone on all; nobody else misses anything.
func TestForgottenEverywhere(t *testing.T) {
	purge := func(e Extent) func(*testing.T, *nodes, *origin) {
		return func(t *testing.T, all *nodes, _ *origin) {
			if err := all.caches[0].Purge(t.Context(), e); err != nil {
				t.Error(err)
			}
		}
	}
	refuse := func(status int, r func() *http.Request) func(*testing.T, *nodes, *origin) {
		return func(t *testing.T, all *nodes, o *origin) {
			o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
			all.ask(0, r())
			o.before = nil
		}
	}
	const a, b, other = "Authorization: Bearer i/alice/r", "Authorization: Bearer i/bob/r", "Authorization: Bearer /carol/"
	requests := []func() *http.Request{
		func() *http.Request { return get(a) },
		func() *http.Request { return request("GET", "http://api.test/you", a) },
		func() *http.Request { return get(b) },
		func() *http.Request { return get(other) },
		func() *http.Request { return get() },
		func() *http.Request { return get("Authorization: Bearer i/alice/w") }, // the same subject in another partition
	}
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *nodes, *origin)
		gone []int
	}{
		{"everything", purge(Extent{}), []int{0, 1, 2, 3, 4, 5}},
		{"a URI", purge(Extent{TargetURI: "http://api.test/me"}), []int{0, 2, 3, 4, 5}},
		{"a prefix", purge(Extent{Prefix: "http://api.test/y"}), []int{1}},
		{"a tag", purge(Extent{Tag: "tag-of-you"}), []int{1}},
		{"a subject", purge(Extent{Issuer: "i", Subject: "alice"}), []int{0, 1, 5}},
		{"a URI of a subject", purge(Extent{Issuer: "i", Subject: "alice", TargetURI: "http://api.test/me"}), []int{0, 5}},
		{"an issuer", purge(Extent{Issuer: "i"}), []int{0, 1, 2, 5}},
		{"a POST", func(t *testing.T, all *nodes, _ *origin) { all.ask(0, request("POST", "http://api.test/me", b)) }, []int{0, 2, 3, 4, 5}},
		{"a POST about another", func(t *testing.T, all *nodes, o *origin) {
			o.before = func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/you") }
			all.ask(0, request("POST", "http://api.test/else", b))
			o.before = nil
		}, []int{1}},
		{"a POST that fails", refuse(500, func() *http.Request { return request("POST", "http://api.test/me", b) }), nil},
		{"401", refuse(401, func() *http.Request { return request("GET", "http://api.test/else", a) }), []int{0, 1, 5}},
		{"401 to a POST", refuse(401, func() *http.Request { return request("POST", "http://api.test/me", a) }), []int{0, 1, 5}},
		{"401 to whom nobody verified", refuse(401, func() *http.Request { return get(other, "Cache-Control: no-cache") }), []int{3}},
		{"403", refuse(403, func() *http.Request { return get(a, "Cache-Control: no-cache") }), []int{0}},
	} {
		for _, where := range []struct {
			name   string
			node   int
			memory bool
		}{{"at once", 0, true}, {"at once, from the store", 0, false}, {"on another node", 1, true}, {"on another node, from the store", 1, false}} {
			bubble(t, tt.name+", "+where.name, func(t *testing.T) {
				o := &origin{header: header(fresh)}
				all := startNodes(t, 2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Cache-Tag", "tag-of-"+strings.TrimPrefix(r.URL.Path, "/"))
					o.ServeHTTP(w, r)
				}), func(_ int, c *Cache) { c.Identify = byName })
				for i := range all.caches {
					for _, r := range requests {
						all.ask(i, r())
						all.settle()
					}
				}
				if n := o.calls.Load(); n != int64(len(requests)) {
					t.Fatalf("the origin was asked %d times", n)
				}
				if !where.memory {
					all.forget(0)
					all.forget(1)
				}
				tt.do(t, all, o)
				if where.node != 0 {
					time.Sleep(PurgeBound)
				}
				for j, r := range requests {
					resp := all.ask(where.node, r())
					if hit := strings.Contains(resp.Header.Get("Cache-Status"), "; hit"); hit == slices.Contains(tt.gone, j) {
						t.Errorf("request %d: a hit: %v, %q", j, hit, resp.Header)
					}
				}
				if n := all.caches[where.node].Stats().StoreRefused; n != 0 {
					t.Errorf("%d records are called forged", n)
				}
			})
		}
	}
}

// A node that hears nothing of the others answers nothing from its cache, adds nothing, and is back by itself.
func TestDeaf(t *testing.T) {
	for name, fault := range map[string]func(*nodes){"fails": (*nodes).Fail, "hangs": (*nodes).Hang} {
		bubble(t, name, func(t *testing.T) {
			o := &origin{header: header("Cache-Control: max-age=3, stale-if-error=300")}
			all := startNodes(t, 1, o, nil)
			all.ask(0, request("GET", "http://api.test/short", alice))
			o.header = header(fresh)
			hit := func() bool {
				resp := all.ask(0, get(alice))
				if resp.StatusCode != 200 {
					t.Errorf("status %d", resp.StatusCode)
				}
				return strings.Contains(resp.Header.Get("Cache-Status"), "; hit")
			}
			hit()
			fault(all)
			time.Sleep(PurgeBound - time.Second)
			if !hit() || all.caches[0].Stats().Deaf {
				t.Error("deaf too early")
			}
			asked, answer := make(chan bool), make(chan bool)
			o.before = func(w http.ResponseWriter, _ *http.Request) {
				o.before = nil
				asked <- true
				<-answer
				w.WriteHeader(503)
			}
			bridged := make(chan *http.Response)
			go func() { bridged <- all.ask(0, request("GET", "http://api.test/short", alice)) }()
			<-asked
			time.Sleep(2 * time.Second)
			answer <- true
			if resp := <-bridged; resp.StatusCode != 503 {
				t.Errorf("an error is bridged with what others may have purged: %d", resp.StatusCode)
			}
			for range 2 {
				if resp := all.ask(0, get(alice)); !strings.Contains(resp.Header.Get("Cache-Status"), "fwd=uri-miss; fwd-status=200; detail=purge-log") {
					t.Errorf("deaf, and %q", resp.Header)
				}
			}
			o.header.Set("Content-Location", "http://api.test/posted")
			all.ask(0, request("POST", "http://api.test/posted", alice))
			o.header.Del("Content-Location")
			if all.ask(0, request("GET", "http://api.test/new", alice)); all.caches[0].Stats().Records != 2 || !all.caches[0].Stats().Deaf {
				t.Errorf("%+v", all.caches[0].Stats())
			}
			all.Work()
			all.settle()
			if !hit() || all.caches[0].Stats().Deaf {
				t.Error("it is not back")
			}
		})
	}
}

// A purge holds at once where the log cannot be had, also against the Store, and the others are told when it can.
func TestPurgeWithoutLog(t *testing.T) {
	for name, fault := range map[string]func(*nodes){
		"fails": (*nodes).Fail, "hangs": (*nodes).Hang, "loses what it takes": (*nodes).DropWrites, "is slow": func(all *nodes) { all.Delay(5 * time.Second) },
	} {
		bubble(t, name, func(t *testing.T) {
			o := &origin{header: header(fresh)}
			all := startNodes(t, 2, o, nil)
			for i := range 2 {
				all.ask(i, get(alice))
				all.settle()
			}
			fault(all)
			if err := all.caches[0].Purge(t.Context(), Extent{TargetURI: "http://api.test/me"}); !errors.Is(err, ErrNotShared) {
				t.Errorf("the purge: %v", err)
			}
			if n := all.caches[0].Stats().LogWaiting; n != 1 {
				t.Errorf("%d are waiting", n)
			}
			before := o.calls.Load()
			if all.ask(0, get(alice)); o.calls.Load() != before+1 {
				t.Error("what was purged is there")
			}
			all.DropWrites() // the node can look, and cannot tell
			time.Sleep(3 * time.Second)
			all.forget(0)
			if resp := all.ask(0, get(alice)); fromStore(resp) {
				t.Error("what was purged is back from the store")
			}
			all.Work()
			time.Sleep(PurgeBound)
			if n := all.caches[0].Stats().LogWaiting; n != 0 {
				t.Errorf("%d are waiting", n)
			}
			before = o.calls.Load()
			if all.ask(1, get(bob)); o.calls.Load() != before+1 {
				t.Error("the others were not told")
			}
			if resp := all.ask(1, get(alice)); strings.Contains(resp.Header.Get("Cache-Status"), "; hit") && text(t, resp) == fmt.Sprintf("%s /me #1", owner(get(alice))) {
				t.Error("the others were not told")
			}
		})
	}
}

// More than can be remembered one by one becomes one purge of everything, and memory does not grow.
func TestManyPurgesWithoutLog(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh)}
		all := startNodes(t, 2, o, nil)
		for i := range 2 {
			all.ask(i, get(alice))
			all.settle()
		}
		all.Fail()
		for i := range 3 * maxPending {
			all.ask(0, request("POST", fmt.Sprintf("http://api.test/%d", i), alice))
		}
		others := all.caches[0].state.others
		if n := len(others.pending); n > maxPending || others.node.Waiting() > maxPending+1 || others.untold != 0 {
			t.Errorf("%d are pending, %d waiting, %d untold", n, others.node.Waiting(), others.untold)
		}
		if others.alive(Key{Shared, "http://api.test/me"}, func() []string { return nil }, others.node.Position()) {
			t.Error("what may be purged is not")
		}
		if err := all.caches[0].Purge(t.Context(), Extent{Tag: "a"}); !errors.Is(err, ErrNotShared) {
			t.Errorf("the purge: %v", err)
		}
		all.Work()
		all.settle()
		if n := len(others.pending); n != 0 || others.node.Waiting() != 0 || others.all != nil || others.untold != 0 {
			t.Errorf("%d are pending, %d waiting, %d untold, all: %v", n, others.node.Waiting(), others.untold, others.all != nil)
		}
		if n := others.node.Position().Number; n != maxPending+2 { // everything, and again for what came while that was on its way
			t.Errorf("%d entries", n)
		}
		if err := all.caches[0].Purge(t.Context(), Extent{Tag: "a"}); err != nil {
			t.Errorf("the purge: %v", err)
		}
		before := o.calls.Load()
		for i := range 2 {
			all.ask(i, get(alice))
			all.settle()
		}
		if n := o.calls.Load() - before; n != 1 {
			t.Errorf("the origin was asked %d times, want 1 for both nodes", n)
		}
	})
}

// A log that was lost makes everything a miss, once.
func TestLostLog(t *testing.T) {
	for name, lose := range map[string]func(*nodes){
		"lost":        func(all *nodes) { all.log.Lose() },
		"rolled back": func(all *nodes) { all.log.RollBack(1) },
		"trimmed": func(all *nodes) {
			all.Hang() // so that no node sees what is trimmed
			time.Sleep(2 * time.Second)
			all.Work()
			all.log.Keep(1)
			for range 3 {
				all.log.Append(context.Background(), seal.New([]byte("a secret of all nodes")).Seal(notice{id: "a", extent: &Extent{Tag: "none"}}.append(nil), "purge"))
			}
		},
		"written by somebody else": func(all *nodes) { all.log.Append(context.Background(), []byte("x")) },
		"written by a newer version": func(all *nodes) {
			all.log.Append(context.Background(), seal.New([]byte("a secret of all nodes")).Seal([]byte("new"), "purge"))
		},
	} {
		bubble(t, name, func(t *testing.T) {
			o := &origin{header: header(fresh)}
			all := startNodes(t, 2, o, nil)
			for range 2 {
				if err := all.caches[0].Purge(t.Context(), Extent{Tag: "none"}); err != nil {
					t.Error(err)
				}
			}
			calls := func(want int64) {
				t.Helper()
				before := o.calls.Load()
				for i := range 2 {
					all.ask(i, get(alice))
					all.settle()
				}
				if n := o.calls.Load() - before; n != want {
					t.Errorf("the origin was asked %d times, want %d", n, want)
				}
			}
			calls(1)
			calls(0)
			keys := all.Keys()
			if len(keys) != 1 {
				t.Fatalf("%d records", len(keys))
			}
			lose(all)
			all.settle()
			calls(1) // the other node finds what this one has stored since
			if !all.Replay(keys[0]) {
				t.Error("the old record is not there")
			}
			all.forget(1)
			before := o.calls.Load()
			if all.ask(1, get(alice)); o.calls.Load() != before+1 {
				t.Error("an old record answers")
			}
		})
	}
}

// A secret is exchanged in three steps, in which nodes of two neighbouring ones find each other's records and understand what
// each other forgets.
func TestRotation(t *testing.T) {
	old, next := []byte("the old secret of all"), []byte("the next secret of all")
	steps := [][2][]byte{{old, nil}, {old, next}, {next, old}, {next, nil}}
	for i := range 3 {
		for _, from := range []int{i, i + 1} {
			for name, identify := range map[string]func(*http.Request) (Identity, error){"by credentials": nil, "by name": byName,
				"joined": func(r *http.Request) (Identity, error) {
					id, err := byName(r)
					id.Joined = []string{"Authorization"}
					return id, err
				}} {
				for _, status := range []int{0, 401, 403} {
					bubble(t, fmt.Sprintf("step %d and %d, from %d, %s, %d", i, i+1, from, name, status), func(t *testing.T) {
						o := &origin{header: header(fresh)}
						all := startNodes(t, 2, o, func(node int, c *Cache) {
							step := from
							if node == 1 {
								step = 2*i + 1 - from
							}
							c.Secret, c.PreviousSecret, c.Identify = steps[step][0], steps[step][1], identify
						})
						const a = "Authorization: Bearer i/alice/r"
						all.ask(0, get(a))
						all.ask(0, get("X-Domain: 1"))
						all.settle()
						for _, line := range []string{a, "X-Domain: 1"} {
							if resp := all.ask(1, get(line)); !fromStore(resp) {
								t.Errorf("%s: %q", line, resp.Header)
							}
						}
						all.settle()
						written := map[string][]byte{}
						for _, key := range all.Keys() {
							written[key] = get1(t, all, key)
						}
						if status == 0 {
							if err := all.caches[0].Purge(t.Context(), Extent{Prefix: "http://api.test/m"}); err != nil {
								t.Error(err)
							}
						} else {
							o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
							all.ask(0, get(a, "Cache-Control: no-cache"))
							o.before = nil
						}
						time.Sleep(PurgeBound)
						for _, where := range []string{"memory", "the store"} {
							if resp := all.ask(1, get(a)); strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
								t.Errorf("forgotten, and still in %s: %q", where, resp.Header)
							}
							synctest.Wait()
							all.forget(1)
							for _, key := range all.Keys() { // but for what the first round has added
								if !all.Change(key, func([]byte) []byte { return written[key] }) || written[key] == nil {
									all.Delete(t.Context(), key)
								}
							}
						}
						if n := all.caches[1].Stats(); n.LogUnread != 0 || n.StoreRefused != 0 {
							t.Errorf("%+v", n)
						}
					})
				}
			}
		}
	}
}

// A record that is not what a node wrote, for whom it wrote it, is none; and neither is one that was good once.
func TestTamperedRecords(t *testing.T) {
	start := func(t *testing.T) (*origin, *nodes, []string) {
		o := &origin{header: header(fresh)}
		all := startNodes(t, 1, o, nil)
		all.ask(0, get(alice))
		all.settle()
		first := all.Keys()
		all.ask(0, get(bob))
		all.settle()
		keys := all.Keys()
		if first[0] != keys[0] {
			slices.Reverse(keys)
		}
		return o, all, keys // alice's, bob's
	}
	bubble(t, "every byte and length", func(t *testing.T) {
		_, all, keys := start(t)
		sound := bytes.Clone(get1(t, all, keys[0]))
		refused := all.caches[0].Stats().StoreRefused
		try := func(record []byte, what string) {
			all.Change(keys[0], func([]byte) []byte { return record })
			all.forget(0)
			if resp := all.ask(0, get(alice, "Cache-Control: only-if-cached")); resp.StatusCode != 504 {
				t.Fatalf("%s: %d %q", what, resp.StatusCode, resp.Header)
			}
			if refused++; all.caches[0].Stats().StoreRefused != refused {
				t.Fatalf("%s: %+v", what, all.caches[0].Stats())
			}
		}
		for i := range sound {
			for _, bit := range []byte{1, 0x80} {
				record := bytes.Clone(sound)
				record[i] ^= bit
				try(record, fmt.Sprintf("byte %d", i))
			}
			try(sound[:i], fmt.Sprintf("the first %d bytes", i))
		}
		try(append(bytes.Clone(sound), 0), "a byte more")
		all.Change(keys[0], func([]byte) []byte { return sound })
		if resp := all.ask(0, get(alice)); !fromStore(resp) {
			t.Errorf("the sound one: %q", resp.Header)
		}
	})
	for _, tt := range []struct {
		name    string
		do      func(all *nodes, o *origin, keys []string)
		refused uint64
	}{
		{"another reader's", func(all *nodes, _ *origin, keys []string) { all.Swap(keys[0], keys[1]) }, 1},
		{"sealed for another use", func(all *nodes, _ *origin, keys []string) {
			p := all.caches[0].identify(get(alice), time.Now(), false).partition
			all.Change(keys[0], func(record []byte) []byte {
				k := all.caches[0].state.second.keys[0]
				plain, ok := k.box.Open(record, "record", keys[0], p.name, "http://api.test/me")
				if !ok {
					panic("it does not open")
				}
				return k.box.Seal(plain, "purge", keys[0], p.name, "http://api.test/me")
			})
		}, 1},
		{"of another program", func(all *nodes, _ *origin, keys []string) {
			all.Change(keys[0], func([]byte) []byte { return []byte("OK") })
		}, 1},
		{"from before a purge", func(all *nodes, _ *origin, keys []string) {
			all.caches[0].Purge(context.Background(), Extent{TargetURI: "http://api.test/me"})
			all.ask(0, get(alice))
			all.settle()
			all.Replay(keys[0])
		}, 0},
		{"from before a 401", func(all *nodes, o *origin, keys []string) {
			o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
			all.ask(0, request("GET", "http://api.test/else", alice))
			o.before = nil
			all.ask(0, get(alice))
			all.settle()
			all.Replay(keys[0])
		}, 0},
		{"of another epoch", func(all *nodes, _ *origin, keys []string) {
			all.log.Lose()
			all.settle()
			all.ask(0, get(alice))
			all.settle()
			all.Replay(keys[0])
		}, 0},
		{"from before the end of its lifetime", func(all *nodes, o *origin, keys []string) {
			time.Sleep(2 * time.Hour)
			all.ask(0, get(alice))
			all.settle()
			all.Replay(keys[0])
		}, 0},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			o, all, keys := start(t)
			tt.do(all, o, keys)
			all.settle()
			all.forget(0)
			if resp := all.ask(0, get(alice, "Cache-Control: only-if-cached")); resp.StatusCode != 504 {
				t.Errorf("%d %q", resp.StatusCode, resp.Header)
			}
			if n := all.caches[0].Stats().StoreRefused; n != tt.refused {
				t.Errorf("%d refused, want %d", n, tt.refused)
			}
		})
	}
}

func get1(t *testing.T, all *nodes, key string) []byte {
	t.Helper()
	records, err := all.Memory.Get(t.Context(), key)
	if err != nil || records[0] == nil {
		t.Fatal("there is no record")
	}
	return records[0]
}

// Whoever reads the store and the log learns nothing of tokens, readers, URIs and responses.
func TestNothingInClear(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh, "X-Field: a-field-of-the-response", "Cache-Tag: a-tag-of-it", "Vary: X-Api-Key")}
		token := "Authorization: Bearer issuer.example/subject-of-alice/scope-of-alice"
		all := startNodes(t, 2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Body", "body-of-the-response")
			o.ServeHTTP(w, r)
		}), func(_ int, c *Cache) { c.Identify = byName })
		all.ask(0, request("GET", "http://api.test/path-of-alice?query-of-alice", token, "X-Api-Key: key-of-alice"))
		all.settle()
		for _, e := range []Extent{{Issuer: "issuer.example", Subject: "subject-of-alice"}, {Prefix: "http://api.test/path-of-alice"}, {Tag: "a-tag-of-it"}} {
			if err := all.caches[0].Purge(t.Context(), e); err != nil {
				t.Error(err)
			}
		}
		all.ask(0, request("POST", "http://api.test/path-of-alice?query-of-alice", token))
		o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
		all.ask(0, request("GET", "http://api.test/path-of-alice?query-of-alice", token))
		all.settle()
		dump := all.Dump()
		if len(all.Keys()) != 1 || len(dump) < 1000 || all.caches[1].Stats().LogUnread != 0 {
			t.Fatalf("%d records, %d bytes", len(all.Keys()), len(dump))
		}
		for _, word := range []string{"issuer.example", "subject-of-alice", "scope-of-alice", "key-of-alice", "path-of-alice", "query-of-alice",
			"api.test", "a-field-of-the-response", "body-of-the-response", "a-tag-of-it", "X-Field", "Vary", "max-age", "a secret of all nodes"} {
			for _, form := range []string{word, hex.EncodeToString([]byte(word)), base64.StdEncoding.EncodeToString([]byte(word))[:len(word)/3*4], base64.RawURLEncoding.EncodeToString([]byte(word))[:len(word)/3*4]} {
				if strings.Contains(dump, form) {
					t.Errorf("%q is there as %q", word, form)
				}
			}
		}
	})
}

// Whatever the store does, who asks gets the origin's answer, within the store's patience and never an error.
func TestFailingStore(t *testing.T) {
	faults := map[string]func(*nodes){
		"fails": (*nodes).Fail, "hangs": (*nodes).Hang, "loses what it takes": (*nodes).DropWrites, "is slow": func(all *nodes) { all.Delay(900 * time.Millisecond) },
		"is empty": (*nodes).Flush,
		"panics":   func(all *nodes) { all.panics.Store(true) },
	}
	for name, fault := range faults {
		for _, when := range []string{"at the start", "after the first", "in between"} {
			bubble(t, name+" "+when, func(t *testing.T) {
				o := &origin{header: header(fresh)}
				all := startNodes(t, 2, o, nil)
				if when == "at the start" {
					fault(all)
				}
				for round := range 20 {
					if round == 1 && when == "after the first" || round%4 == 1 && when == "in between" {
						fault(all)
					}
					if round%4 == 3 && when == "in between" {
						all.panics.Store(false)
						all.Work()
					}
					r := request("GET", fmt.Sprintf("http://api.test/%d", round/4), []string{alice, bob, ""}[round%3:][:1]...)
					if r.Header.Del(""); round%3 == 2 {
						r.Header = header()
					}
					before := time.Now()
					resp := all.ask(round%2, r)
					if took := time.Since(before); took > storePatience {
						t.Errorf("round %d took %v", round, took)
					}
					if resp.StatusCode != 200 || !strings.HasPrefix(text(t, resp), owner(r)+" "+r.URL.Path+" ") {
						t.Errorf("round %d: %d", round, resp.StatusCode)
					}
					if round%5 == 0 {
						all.forget(0)
						time.Sleep(time.Second)
					}
				}
				all.panics.Store(false)
				all.Work()
				time.Sleep(PurgeBound)
				all.ask(0, request("GET", "http://api.test/last", alice))
				all.settle()
				if resp := all.ask(1, request("GET", "http://api.test/last", alice)); !fromStore(resp) {
					t.Errorf("it is not back: %q", resp.Header)
				}
			})
		}
	}
}

// Close writes what is on its way, within its limit, and leaves no goroutine: the bubble would not end. What comes after it does no
// harm.
func TestCloseOfNodes(t *testing.T) {
	for name, fault := range map[string]func(*nodes){"works": (*nodes).Work, "fails": (*nodes).Fail, "hangs": (*nodes).Hang} {
		bubble(t, name, func(t *testing.T) {
			all := startNodes(t, 1, &origin{header: header(fresh)}, nil)
			fault(all)
			for i := range 100 {
				all.ask(0, request("GET", fmt.Sprintf("http://api.test/%d", i), alice, "Cache-Control: no-cache"))
			}
			before := time.Now()
			all.caches[0].Close()
			if took := time.Since(before); took > closeLimit+time.Second {
				t.Errorf("it took %v", took)
			}
			if n := len(all.Keys()); name == "works" && n != 100 {
				t.Errorf("%d of 100 are written", n)
			}
			all.caches[0].Close()
			all.ask(0, get(bob))
			if err := all.caches[0].Purge(t.Context(), Extent{}); !errors.Is(err, ErrNotShared) {
				t.Errorf("purge: %v", err)
			}
			if n := all.caches[0].state.second.queued.Load(); n != 0 {
				t.Errorf("%d bytes are on their way", n)
			}
			for range 2 * maxPending {
				all.ask(0, request("POST", "http://api.test/me", bob))
			}
			if n := len(all.caches[0].state.others.pending); n > maxPending {
				t.Errorf("%d are pending for ever", n)
			}
		})
	}
}

// What is written is kept for as long as it is of use, and no longer than its reader's credentials.
func TestLifetimeInStore(t *testing.T) {
	in := func(d time.Duration) string {
		return "Authorization: Bearer " + jwt(fmt.Sprintf(`{"exp":%d}`, time.Date(2000, 1, 1, 0, 0, 2, 0, time.UTC).Add(d).Unix()), "c2ln")
	}
	for _, tt := range []struct {
		name, header string
		r            *http.Request
		want         time.Duration
	}{
		{"fresh, and an hour where the origin is out of reach", "Cache-Control: max-age=60", get(), time.Hour + time.Minute},
		{"never stale", "Cache-Control: max-age=60, must-revalidate", get(), time.Minute},
		{"as old as it came", "Cache-Control: max-age=60, must-revalidate\nAge: 20", get(), 40 * time.Second},
		{"stale while it is validated", "Cache-Control: max-age=60, stale-while-revalidate=7200", get(), 2*time.Hour + time.Minute},
		{"stale on errors", "Cache-Control: max-age=60, stale-if-error=120", get(), 3 * time.Minute},
		{"of a token that nobody can read", "Cache-Control: max-age=864000", get(alice), 24 * time.Hour},
		{"of a token that ends", "Cache-Control: max-age=864000", get(in(time.Hour)), time.Hour},
		{"of a token that ends late", "Cache-Control: max-age=60, must-revalidate", get(in(100 * time.Hour)), time.Minute},
		{"for very long", "Cache-Control: max-age=31536000", get(), maxTTL},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			all := startNodes(t, 1, &origin{header: header(strings.Split(tt.header, "\n")...)}, nil)
			all.ask(0, tt.r)
			all.settle()
			if len(all.ttls) != 1 {
				t.Fatalf("%d records", len(all.ttls))
			}
			for _, ttl := range all.ttls {
				if ttl != tt.want {
					t.Errorf("%v, want %v", ttl, tt.want)
				}
			}
		})
	}
}

// What was forgotten on its way is not written.
func TestForgottenOnItsWay(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh)}
		all := startNodes(t, 1, o, nil)
		hold := make(chan bool)
		all.before = func(string) { <-hold }
		for i := range writers { // all are busy
			all.ask(0, request("GET", fmt.Sprintf("http://api.test/%d", i)))
		}
		synctest.Wait()
		all.ask(0, get(alice))
		all.ask(0, get(bob))
		o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
		all.ask(0, request("GET", "http://api.test/else", alice))
		close(hold)
		all.settle()
		if n := len(all.Keys()); n != writers+1 {
			t.Errorf("%d records, want those that held them up, and bob's", n)
		}
		u := all.caches[0].state.underway
		for i := range u.shards {
			if len(u.shards[i].of) != 0 {
				t.Error("a ticket is left")
			}
		}
	})
}

// Neither is what was purged on its way: it would be later than its purge.
func TestPurgedOnItsWay(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		all := startNodes(t, 1, &origin{header: header(fresh)}, nil)
		hold := make(chan bool)
		all.before = func(string) { <-hold }
		for i := range writers {
			all.ask(0, request("GET", fmt.Sprintf("http://api.test/%d", i)))
		}
		synctest.Wait()
		all.ask(0, get(alice))
		all.ask(0, get())
		if err := all.caches[0].Purge(t.Context(), Extent{TargetURI: "http://api.test/me"}); err != nil {
			t.Error(err)
		}
		close(hold)
		all.settle()
		if n := len(all.Keys()); n != writers {
			t.Errorf("%d records, want those that held them up", n)
		}
	})
}

// What is in memory gives way to what is newer only.
func TestNewerInMemory(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		all := startNodes(t, 2, &origin{header: header(fresh, "Vary: Accept-Language")}, nil)
		in := func(language string) *http.Request { return get(alice, "Accept-Language: "+language) }
		all.ask(0, in("de"))
		all.settle()
		all.ask(1, in("en"))
		all.settle()
		if !all.Replay(all.Keys()[0]) {
			t.Fatal("nothing was replaced")
		}
		all.ask(1, in("fr"))
		all.settle()
		for _, language := range []string{"de", "en", "fr"} {
			if resp := all.ask(1, with(in(language), "Cache-Control: only-if-cached")); resp.StatusCode != 200 {
				t.Errorf("%s is gone", language)
			}
		}
	})
}

// What is being fetched from the Store when its reader is refused does not come back with it.
func TestForgottenWhileRecalled(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(all *nodes, o *origin)
	}{
		{"401", func(all *nodes, o *origin) { all.ask(0, request("POST", "http://api.test/else", alice)) }},
		{"401 that nobody else is told of", func(all *nodes, o *origin) {
			all.caches[0].state.others.unheard.SetBurst(0)
			all.ask(0, request("POST", "http://api.test/else", alice))
		}},
		{"purge", func(all *nodes, o *origin) { all.caches[0].Purge(context.Background(), Extent{Tag: "t"}) }},
		{"401, after the log was looked at", func(all *nodes, o *origin) { // whose word is the ticket's then
			s := all.caches[0].state
			r := get(alice)
			s.forget(Key{Partition: s.secret.byCredentials(r, s.present(r))})
		}},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			o := &origin{header: header(fresh, "Cache-Tag: t")}
			all := startNodes(t, 1, o, nil)
			all.ask(0, get(alice))
			all.settle()
			all.forget(0)
			// The look takes its time; the log is one that answers at once.
			slow := &slowStore{Store: all, asked: make(chan bool), answer: make(chan bool)}
			all.caches[0].state.second.store = slow
			done := make(chan *http.Response)
			go func() { done <- all.ask(0, get(alice)) }()
			<-slow.asked
			o.before = func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "POST" {
					w.WriteHeader(401)
				}
			}
			tt.do(all, o)
			all.settle()
			slow.answer <- true
			if resp := <-done; strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
				t.Errorf("%q", resp.Header)
			}
		})
	}
}

// What was found before the Store was asked, and forgotten since, stands in for no failure, though its reader has something
// newer.
func TestForgottenWhileLookedFor(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header("Cache-Control: max-age=10, stale-if-error=300")}
		all := startNodes(t, 1, o, nil)
		all.ask(0, get(alice))
		time.Sleep(20 * time.Second)
		slow := &slowStore{Store: all, asked: make(chan bool), answer: make(chan bool)}
		synctest.Wait() // what is written is
		all.caches[0].state.second.store = slow
		done := make(chan *http.Response)
		go func() { done <- all.ask(0, get(alice)) }()
		<-slow.asked
		o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
		all.ask(0, request("POST", "http://api.test/else", alice))
		o.before = nil
		all.ask(0, get(alice, "Cache-Control: no-cache"))
		o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
		slow.answer <- true
		if resp := <-done; resp.StatusCode != 503 {
			t.Errorf("%d %q", resp.StatusCode, resp.Header)
		}
	})
}

// slowStore has the answer of the first Get first, and gives it when it is told to.
type slowStore struct {
	Store
	once          sync.Once
	asked, answer chan bool
}

func (s *slowStore) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	records, err := s.Store.Get(context.WithoutCancel(ctx), keys...)
	s.once.Do(func() { s.asked <- true; <-s.answer })
	return records, err
}

// Who asks for the same at once asks the Store once.
func TestStampedeOnStore(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh)}
		all := startNodes(t, 2, o, nil)
		all.ask(0, get(alice))
		all.settle()
		all.Delay(50 * time.Millisecond)
		time.Sleep(time.Second)
		before := all.gets.Load()
		var requests sync.WaitGroup
		for range 1000 {
			requests.Go(func() {
				if resp := all.ask(1, get(alice)); resp.StatusCode != 200 {
					t.Errorf("status %d", resp.StatusCode)
				}
			})
		}
		requests.Wait()
		if n := all.gets.Load() - before; n != 1 || o.calls.Load() != 1 {
			t.Errorf("the store was asked %d times, the origin %d times", n, o.calls.Load())
		}
	})
}

// A client that leaves while the store is asked is no fault of the store's.
func TestLeaverIsNoFault(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		all := startNodes(t, 1, &origin{header: header(fresh)}, nil)
		all.caches[0].state.second.store = hanging{all}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		leaving(all.handlers[0], get(alice).WithContext(ctx))
		if n := all.caches[0].Stats().StoreErrors; n != 0 {
			t.Errorf("%d errors", n)
		}
	})
}

type hanging struct{ Store }

func (hanging) Get(ctx context.Context, _ ...string) ([][]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A store that lies about how much it was asked for is not believed.
func TestLyingStore(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		all := startNodes(t, 2, &origin{header: header(fresh)}, nil)
		all.ask(0, get(alice))
		all.settle()
		for _, change := range []func([][]byte) [][]byte{
			func([][]byte) [][]byte { return nil },
			func(r [][]byte) [][]byte { return append(r, r...) },
		} {
			all.caches[1].state.second.store = lying{all, change}
			if resp := all.ask(1, get(alice, "Cache-Control: only-if-cached")); resp.StatusCode != 504 {
				t.Errorf("%q", resp.Header)
			}
		}
	})
}

type lying struct {
	Store
	change func([][]byte) [][]byte
}

func (l lying) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	records, err := l.Store.Get(ctx, keys...)
	return l.change(records), err
}

// What cannot be written in time is dropped and counted, and holds up nobody.
func TestWritesAreBounded(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		all := startNodes(t, 1, &origin{header: header(fresh)}, nil)
		hold := make(chan bool)
		all.before = func(string) { <-hold }
		for i := range maxWrites + writers + 10 {
			all.ask(0, request("GET", fmt.Sprintf("http://api.test/%d", i)))
			synctest.Wait()
		}
		if n := all.caches[0].Stats().StoreDropped; n != 10 {
			t.Errorf("%d are dropped", n)
		}
		close(hold)
		synctest.Wait()
		s := all.caches[0].state.second
		s.queued.Store(maxWriteBytes)
		all.ask(0, get(alice))
		if n := all.caches[0].Stats().StoreDropped; n != 11 || s.queued.Load() != maxWriteBytes {
			t.Errorf("%d are dropped", n)
		}
		s.queued.Store(0)
	})
}

// Who is stale is validated, here or by another node, and what the origin confirms is written.
func TestStaleInStore(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := newVersioned("Cache-Control: max-age=10")
		all := startNodes(t, 2, o, nil)
		all.ask(0, get(alice))
		time.Sleep(20 * time.Second)
		resp := all.ask(1, get(alice))
		if status := resp.Header.Get("Cache-Status"); !strings.HasPrefix(status, "bearcache; fwd=stale; fwd-status=304") {
			t.Errorf("what the other node has is not validated: %q", status)
		}
		all.settle()
		if resp := all.ask(0, get(alice)); !fromStore(resp) || o.calls.Load() != 2 {
			t.Errorf("what the other node has validated is not found: %q", resp.Header)
		}
	})
	bubble(t, "in the background", func(t *testing.T) {
		o := newVersioned("Cache-Control: max-age=10, stale-while-revalidate=60")
		all := startNodes(t, 2, o, nil)
		all.ask(0, get(alice))
		time.Sleep(20 * time.Second)
		all.ask(0, get(alice))
		all.settle()
		if n := o.calls.Load(); n != 2 {
			t.Errorf("%d calls", n)
		}
		all.settle()
		all.ask(1, get(alice))
		all.settle()
		if n := o.calls.Load(); n != 2 {
			t.Errorf("%d calls, though another node has validated it", n)
		}
	})
}

// The weight of what is recalled is what it takes, as for what is stored.
func TestRecalledWeight(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("coverage counters change the heap")
	}
	const records, size = 1000, 8192
	store := storetest.New()
	body := bytes.Repeat([]byte("x"), size)
	start := func() (*Cache, http.Handler) {
		c := &Cache{Memory: 1 << 30, Quota: 1 << 30, Store: store, PurgeLog: store.Log("purge"), Secret: []byte("a secret of all nodes")}
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Write(body)
		}))
		for c.Stats().Deaf {
			runtime.Gosched()
		}
		return c, h
	}
	first, h := start()
	for i := range records {
		ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i), alice))
		for first.state.second.queued.Load() > maxWriteBytes/2 {
			runtime.Gosched()
		}
	}
	first.Close()
	second, h := start()
	defer second.Close()
	before := heap()
	for i := range records {
		if resp := ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i), alice)); !fromStore(resp) {
			t.Fatalf("%d: %q", i, resp.Header)
		}
	}
	if grown, weighed := (heap()-before)/records, second.Stats().Weight/records; grown > weighed {
		t.Errorf("%d bytes weigh only %d", grown, weighed)
	}
}

// A hit costs no more than it did without a second level.
func TestHitsAllocateNoMore(t *testing.T) {
	c := new(Cache)
	h := c.Handler(&origin{header: header(fresh)})
	w, r := &discard{h: make(http.Header)}, get()
	h.ServeHTTP(w, r)
	if n := testing.AllocsPerRun(100, func() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}); n > 3 {
		t.Errorf("%v allocations", n)
	}
}

// Each of the texts that a purge is about can be as long as it may be, and what is longer has no key.
func TestLongKeys(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh)}
		all := startNodes(t, 2, o, func(_ int, c *Cache) {
			c.Identify = func(r *http.Request) (Identity, error) {
				return Identity{Issuer: "i", Subject: r.Header.Get("Authorization")}, nil
			}
		})
		uri := "http://api.test/" + strings.Repeat("x", maxExtentText-len("http://api.test/"))
		subject := strings.Repeat("s", maxExtentText-20)
		for _, tt := range []struct {
			uri, subject string
			cached       bool
		}{{uri, "s", true}, {uri + "x", "s", false}, {uri + "?", "s", false}, {"http://api.test/", subject, true}, {"http://api.test/", subject + strings.Repeat("s", 30), false}, {uri, subject, true}} {
			r := func() *http.Request { return request("GET", tt.uri, "Authorization: "+tt.subject) }
			all.ask(0, r())
			if resp := all.ask(0, r()); strings.Contains(resp.Header.Get("Cache-Status"), "; hit") != tt.cached {
				t.Errorf("%d, %d: %q", len(tt.uri), len(tt.subject), resp.Header)
			}
			o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }
			all.ask(0, with(r(), "Cache-Control: no-cache"))
			o.before = nil
			all.ask(0, request("POST", tt.uri, "Authorization: "+tt.subject))
			all.settle()
			for _, line := range strings.Split(all.Dump(), "\n") {
				if len(line) > 64<<10 {
					t.Errorf("an entry of %d bytes", len(line))
				}
			}
			if n := all.caches[0].Stats().LogWaiting; n != 0 {
				t.Errorf("%d are waiting", n)
			}
		}
	})
}

// What one reader is refused time and again costs no other a record, and what was forgotten is not remembered without bound.
func TestForgottenIsExact(t *testing.T) {
	key := func(reader, uri int) Key {
		return Key{Partition{fmt.Sprint("c", reader)}, fmt.Sprint("http://api.test/", uri)}
	}
	o := &others{pending: map[string]*pending{}, ours: map[string]bool{}}
	o.cache = &Cache{Secret: []byte("a secret of all nodes")}
	o.cache.init()
	o.begin("e", 0)
	number := uint64(0)
	apply := func(n notice) {
		number++
		n.id = "x"
		o.apply(number, n.append(nil))
	}
	alive := func(k Key, at uint64) bool {
		return o.alive(k, func() []string { return nil }, nodelog.Position{Epoch: "e", Number: at})
	}
	apply(notice{names: []string{key(1, 0).Partition.name}})
	for range 2 * maxForgotten {
		apply(notice{names: []string{key(2, 0).Partition.name}})
	}
	if h := o.heard.Load(); len(h.forgotten.order) > maxForgotten || len(h.forgotten.last) > maxForgotten {
		t.Errorf("%d are remembered", len(h.forgotten.order))
	}
	if !alive(key(3, 1), 1) || alive(key(2, 1), number-1) || !alive(key(2, 1), number) || alive(key(1, 1), 0) {
		t.Error("others are forgotten with who was refused, or he is not")
	}
	born := number
	for i := range 5000 { // as many as fill a table of slots
		apply(notice{extent: &Extent{TargetURI: fmt.Sprint("http://api.test/", i+10)}})
	}
	for i := range 10 {
		if !alive(key(3, i), born) || alive(key(3, i+10), born) {
			t.Fatalf("URI %d", i)
		}
	}
	for i := range maxForgotten + 10 {
		apply(notice{names: []string{fmt.Sprint("d", i)}, uri: "u"})
	}
	if alive(key(3, 1), born) || !alive(key(3, 1), number-maxForgotten+1) {
		t.Error("what is not remembered is not taken for forgotten, or more than that")
	}
}

// A refusal that is one too many to be told holds for what the node finds in the store all the same, whatever was refused
// besides; and it costs others nothing.
func TestUnheardHoldsHere(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh)}
		all := startNodes(t, 2, o, nil)
		for _, who := range []string{alice, bob} {
			all.ask(1, get(who))
		}
		all.settle()
		all.caches[0].state.others.unheard.SetBurst(0)
		o.before = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
		for i := range 1000 {
			all.ask(0, get(fmt.Sprint("Authorization: Bearer made-up-", i)))
		}
		all.ask(0, request("POST", "http://api.test/else", alice))
		o.before = nil
		if n := all.caches[0].state.others.node.Position().Number; n != 0 {
			t.Fatalf("%d entries were told", n)
		}
		before := o.calls.Load()
		if all.ask(0, get(alice)); o.calls.Load() != before+1 {
			t.Error("what was stored for a refused reader came out of the store")
		}
		if all.ask(0, get(bob)); o.calls.Load() != before+1 {
			t.Error("it cost another reader a hit")
		}
	})
}

// What a node keeps of such refusals is bounded, and takes nothing from others when it is full.
func TestKeptIsLossy(t *testing.T) {
	f := forgotten{lossy: true, seed: maphash.MakeSeed(), last: make(map[uint64]uint64)}
	for i := range maxForgotten + 10 {
		f.add(Key{Partition{fmt.Sprint("c", i)}, ""}, 1000)
	}
	if len(f.last) > maxForgotten || f.since(Key{Partition{"cother"}, "u"}, 0) || f.since(Key{Partition{"c0"}, "u"}, 0) || !f.since(Key{Partition{"c20"}, "u"}, 999) {
		t.Errorf("%d are kept", len(f.last))
	}
}

// A store that takes one record and not the next fills no log.
func TestHealthIsBrief(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var lines strings.Builder
		s := &second{cache: &Cache{Logger: slog.New(slog.NewTextHandler(&lines, nil))}}
		var h health
		for i := range 600 { // a minute
			err := errors.New("full")
			if i%2 == 1 {
				err = nil
			}
			h.note(s, "writing", err)
			time.Sleep(100 * time.Millisecond)
		}
		if n := strings.Count(lines.String(), "\n"); n < 2 || n > 7 || !strings.Contains(lines.String(), "full") || s.failed.Load() != 300 {
			t.Errorf("%d lines, %d failures:\n%s", n, s.failed.Load(), lines.String())
		}
	})
}

// Of readers whom nobody verified, and of whom nothing is here, others are told no more than a hundred times a second.
func TestUnheard(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := &origin{header: header(fresh), status: 401}
		all := startNodes(t, 1, o, nil)
		time.Sleep(time.Minute)
		for i := range 15 * unheardRate {
			all.ask(0, get(fmt.Sprint("Authorization: Bearer made-up-", i)))
		}
		all.settle()
		if n := all.caches[0].state.others.node.Position().Number; n != 10*unheardRate {
			t.Errorf("%d entries", n)
		}
		if n := len(all.caches[0].state.others.pending); n != 0 {
			t.Errorf("%d are pending", n)
		}
	})
}

// Two caches with different secrets on one log lose everything time and again, and it is said why.
func TestAnotherSecretIsSaid(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var lines lockedText
		all := startNodes(t, 2, &origin{header: header(fresh)}, func(i int, c *Cache) {
			c.Secret = []byte(fmt.Sprint("the secret of node ", i))
			c.Logger = slog.New(slog.NewTextHandler(&lines, nil))
		})
		for range 3 {
			if err := all.caches[0].Purge(t.Context(), Extent{TargetURI: "http://api.test/me"}); err != nil {
				t.Fatal(err)
			}
			all.settle()
		}
		late := &Cache{Store: all, PurgeLog: all.log, Secret: []byte("the secret of node 1"), Logger: slog.New(slog.NewTextHandler(&lines, nil))}
		late.Handler(&origin{})
		defer late.Close()
		all.settle()
		if n := strings.Count(lines.String(), "the purge log has a new entry that was not written under this node's secret"); n != 1 || all.caches[1].Stats().LogUnread != 3 {
			t.Errorf("said %d times of %d entries:\n%s", n, all.caches[1].Stats().LogUnread, lines.String())
		}
		all.log.Lose()
		all.settle()
		if n := strings.Count(lines.String(), "everything that was stored is forgotten, as nobody knows what was purged"); n != 3 {
			t.Errorf("a lost log is said %d times by three caches:\n%s", n, lines.String())
		}
	})
}

// lockedText is written by several goroutines.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
