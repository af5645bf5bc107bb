package bearcache

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// nodesOracle is what must hold of three nodes, whoever asks, purges and is refused, and whatever becomes of store and log.
type nodesOracle struct {
	*nodes
	t       *testing.T
	random  *rand.Rand
	serial  atomic.Int64 // of the origin's answers, taken when it is asked
	refuses atomic.Int64 // the reader whom it refuses, from 1

	mu      sync.Mutex // guards what follows
	floors  [3]floors  // of each node
	later   floors     // to hold everywhere, once the log has worked for long enough
	answers int
	hits    int
}

// floors are, of each reader and URI, the last serial that may not be given any more.
type floors [6][4]int64

func (f *floors) raise(g floors) {
	for i := range f {
		for j := range f[i] {
			f[i][j] = max(f[i][j], g[i][j])
		}
	}
}

var oracleReaders = [6]string{"Authorization: Bearer i/alice/r", "Authorization: Bearer i/alice/w", "Authorization: Bearer i/bob/r", "Authorization: Bearer j/alice/r", "Authorization: Bearer /carol/", "Accept: */*"}

func (o *nodesOracle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := o.serial.Add(1)
	time.Sleep(time.Duration(n*7919%300) * time.Millisecond)
	w.Header().Set("Cache-Control", []string{"max-age=60", "max-age=20, stale-while-revalidate=20", "private, max-age=60"}[n%3])
	w.Header().Set("Cache-Tag", "tag"+r.URL.Path[1:])
	if i := o.refuses.Load(); i > 0 && r.Header.Get("Authorization") == header(oracleReaders[i-1]).Get("Authorization") {
		w.WriteHeader(401)
	}
	fmt.Fprintf(w, "%s %s %d", owner(r), r.URL.Path, n)
}

// request asks as somebody for something, and holds the answer against what may be given from now on.
func (o *nodesOracle) request(node, reader, uri int, lines ...string) {
	r := with(request("GET", fmt.Sprintf("http://api.test/%d", uri), oracleReaders[reader]), lines...)
	o.mu.Lock()
	floor := o.floors[node][reader][uri]
	o.mu.Unlock()
	resp := o.ask(node, r)
	parts := strings.Split(text(o.t, resp), " ")
	if len(parts) != 3 || parts[0] != owner(r) || parts[1] != r.URL.Path {
		o.t.Errorf("%s at %s was given %d %q", oracleReaders[reader], r.URL.Path, resp.StatusCode, parts)
		return
	}
	n, _ := strconv.ParseInt(parts[2], 10, 64)
	if n <= floor {
		o.t.Errorf("node %d: %s at %s was given %d, and nothing up to %d may be: %q", node, oracleReaders[reader], r.URL.Path, n, floor, resp.Header["Cache-Status"])
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers++
	if strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
		o.hits++
	}
	if resp.StatusCode == 401 && reader < 5 {
		var f floors
		for i := range f[reader] {
			f[reader][i] = n
		}
		o.floors[node].raise(f)
		o.later.raise(f)
	}
}

func (o *nodesOracle) purge(node, kind, uri int) {
	e := []Extent{{}, {TargetURI: fmt.Sprintf("http://api.test/%d", uri)}, {Prefix: fmt.Sprintf("http://api.test/%d", uri)}, {Tag: fmt.Sprintf("tag%d", uri)},
		{Issuer: "i", Subject: "alice"}, {Issuer: "i"}, {Subject: "carol"}}[kind]
	var f floors
	n := o.serial.Load()
	for reader := range f {
		for i := range f[reader] {
			switch {
			case kind == 0, kind < 4 && i == uri, kind == 4 && reader < 2, kind == 5 && reader < 3, kind == 6 && reader == 4:
				f[reader][i] = n
			}
		}
	}
	err := o.caches[node].Purge(o.t.Context(), e)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.floors[node].raise(f)
	o.later.raise(f)
	if err == nil {
		time.AfterFunc(PurgeBound, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			for i := range o.floors {
				o.floors[i].raise(f)
			}
		})
	}
}

// post changes a URI for all readers.
func (o *nodesOracle) post(node, uri int) {
	n := o.serial.Load()
	resp := o.ask(node, request("POST", fmt.Sprintf("http://api.test/%d", uri), oracleReaders[2]))
	if resp.StatusCode >= 400 {
		return
	}
	var f floors
	for reader := range f {
		f[reader][uri] = n
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.floors[node].raise(f)
	o.later.raise(f)
}

// calm has store and log work until all that was told must be known.
func (o *nodesOracle) calm() {
	o.Work()
	o.log.Keep(1000)
	time.Sleep(2*PurgeBound + 5*time.Second)
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.floors {
		o.floors[i].raise(o.later)
		if n := o.caches[i].Stats(); n.LogWaiting != 0 || n.Deaf {
			o.t.Errorf("node %d: %+v", i, n)
		}
	}
}

func (o *nodesOracle) fault() {
	keys := o.Keys()
	key := func() string {
		if len(keys) == 0 {
			return ""
		}
		return keys[o.random.IntN(len(keys))]
	}
	switch o.random.IntN(14) {
	case 0:
		o.Fail()
	case 1:
		o.Hang()
	case 2:
		o.DropWrites()
	case 3:
		o.Delay(time.Duration(o.random.IntN(1200)) * time.Millisecond)
	case 4, 5, 6:
		o.Work()
	case 7:
		o.Corrupt(key(), o.random.IntN(100))
	case 8:
		o.Swap(key(), key())
	case 9, 10:
		for range 5 {
			o.Replay(key())
		}
	case 11:
		if o.random.IntN(4) == 0 {
			o.log.Lose()
		}
	case 12:
		if n := o.caches[0].state.others.node.Position().Number; n > 3 && o.random.IntN(4) == 0 {
			o.log.RollBack(n - 3)
		}
	case 13:
		if o.random.IntN(4) == 0 {
			o.Flush()
		}
	}
}

// TestNodesOracle: no answer reaches another reader; on the node that purged, or on which a reader was refused, nothing that
// was fetched before is given after it; on the others not after the bound.
func TestNodesOracle(t *testing.T) {
	rounds := 12
	if os.Getenv("CI") != "" {
		rounds = 30
	}
	old, next := []byte("the old secret of all"), []byte("the next secret of all")
	var answers, hits, recalled, refused atomic.Int64
	for round := range rounds {
		bubble(t, fmt.Sprint("round ", round), func(t *testing.T) {
			o := &nodesOracle{t: t, random: rand.New(rand.NewPCG(uint64(round), 16))}
			o.nodes = startNodes(t, 3, o, func(i int, c *Cache) {
				c.Identify = byName
				if round%2 == 1 { // two steps of a change of secrets; half of the partitions have other names in each
					c.Secret, c.PreviousSecret = old, next
					if i == 1 {
						c.Secret, c.PreviousSecret = next, old
					}
					c.Identify = func(r *http.Request) (Identity, error) {
						id, err := byName(r)
						if id.Scope == "r" {
							id.Joined = []string{"Authorization"}
						}
						return id, err
					}
				}
			})
			for range 150 {
				var all sync.WaitGroup
				for range 1 + o.random.IntN(12) {
					node, reader, uri := o.random.IntN(3), o.random.IntN(6), o.random.IntN(4)
					wait := time.Duration(o.random.IntN(400)) * time.Millisecond
					kind := o.random.IntN(40)
					purge := max(o.random.IntN(16)-9, 1) // rarely everything, mostly a URI
					all.Go(func() {
						time.Sleep(wait)
						switch {
						case kind == 0:
							o.purge(node, purge%7, uri)
						case kind == 1:
							o.post(node, uri)
						case kind == 2 && reader < 5:
							o.refuses.Store(int64(reader + 1))
							o.request(node, reader, uri, "Cache-Control: no-cache")
							o.refuses.Store(0)
						case kind == 3:
							o.request(node, reader, uri, "Cache-Control: no-cache")
						case kind == 4:
							o.forget(node)
						default:
							o.request(node, reader, uri)
						}
					})
				}
				all.Wait()
				switch o.random.IntN(8) {
				case 0, 1, 2:
					o.fault()
				case 3:
					time.Sleep(time.Duration(o.random.IntN(10)) * time.Second)
				case 4:
					o.calm()
				}
			}
			o.calm()
			answers.Add(int64(o.answers))
			hits.Add(int64(o.hits))
			for _, c := range o.caches {
				recalled.Add(int64(c.Stats().StoreHits))
				refused.Add(int64(c.Stats().StoreRefused))
			}
		})
	}
	ratio := float64(hits.Load()) / float64(answers.Load())
	t.Logf("%d answers, hit ratio %.3f, %d recalled, %d refused", answers.Load(), ratio, recalled.Load(), refused.Load())
	if ratio < 0.2 || ratio > 0.9 || recalled.Load() < answers.Load()/50 || refused.Load() == 0 {
		t.Error("that is no test of what is stored")
	}
}
