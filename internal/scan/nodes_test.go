package scan

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// A fleet is several nodes, or processes, each with a cache of its own, behind a balancer.
type fleet struct {
	nodes    int
	turns    bool                                         // the balancer takes the nodes by turns, among the requests of others; else chance decides
	key      func(r *http.Request) string                 // of each cache; nil: there is none
	inside   bool                                         // the check of the token stands before the cache
	lifetime time.Duration                                // of what is stored
	view     func(f *fleet, user string, node int) answer // nil: who asks, by name
	server   string                                       // how it calls itself
	alone    bool                                         // there is one identity
	start    time.Time                                    // of the first request
	draw     *rand.Rand                                   // decides all that chance does
	mu       *sync.Mutex                                  // guards what follows
	next     int                                          // node
	kept     map[string]entryOf                           // by node and key
}

func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.serve(r)
	w.Header().Set("Server", f.server)
	for name, value := range a.fields {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func (f *fleet) serve(r *http.Request) answer {
	user := userOf(r)
	switch {
	case r.URL.Path == "/me":
		return mine(user).with("Cache-Control", "no-store")
	case !strings.HasPrefix(r.URL.Path, "/x") || strings.ContainsAny(r.URL.Path[1:], "/.;"):
		return missing
	case f.inside && user == "":
		return denial
	}
	if f.start.IsZero() {
		f.start, f.kept = time.Now(), make(map[string]entryOf)
	}
	if f.next++; !f.turns || f.draw.IntN(4) == 0 {
		f.next += f.draw.IntN(f.nodes)
	}
	node := f.next % f.nodes
	key := ""
	if f.key != nil {
		key = fmt.Sprint(node, " ", f.key(r))
	}
	if kept, found := f.kept[key]; found && time.Now().Before(kept.until) {
		return kept.answer
	}
	made := mine(user)
	if f.view != nil {
		made = f.view(f, user, node)
	}
	if key != "" && made.status == 200 && r.Method == http.MethodGet {
		f.kept[key] = entryOf{made, time.Now().Add(f.lifetime)}
	}
	return made
}

// everyFleet has TestNodes scan all deployments that differ in one of a few properties, thirty times each; go test -v prints what came of it.
var everyFleet = flag.Bool("fleets", false, "scan all deployments of several nodes, thirty times each")

// tally is what came of many scans of a fleet.
type tally struct {
	scans     int
	found     map[string]int // scans by rule and confidence; by rule alone whatever the confidence
	undecided int
	sum, most int // requests for /x
}

func (f *fleet) scan(t *testing.T, scans int) tally {
	c := tally{scans: scans, found: make(map[string]int)}
	for seed := range scans {
		one := &fleet{nodes: f.nodes, turns: f.turns, key: f.key, inside: f.inside, lifetime: f.lifetime, view: f.view, server: f.server, mu: new(sync.Mutex),
			draw: rand.New(rand.NewPCG(uint64(seed), uint64(f.nodes)))}
		o := Options{Operations: gets("/x", "/me"), Wait: Defaults.Wait, Identities: people()}
		if f.alone {
			o.Identities = o.Identities[:1]
		}
		r, _ := scanWeb(t, o, map[string]http.Handler{targetHost: one})
		for _, found := range r.Findings {
			if found.Operation == "GET /x" && found.Severity >= finding.Medium {
				c.found[found.Rule.ID]++
				c.found[fmt.Sprint(found.Rule.ID, " ", found.Confidence)]++
			}
		}
		for _, op := range r.Operations {
			if op.Operation == "GET /x" {
				c.sum, c.most = c.sum+op.Requests, max(c.most, op.Requests)
				if op.Undecided {
					c.undecided++
				}
			}
		}
	}
	return c
}

func (c tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.1f requests, %d at most;", float64(c.sum)/float64(c.scans), c.most)
	for _, name := range sortedKeys(c.found) {
		if strings.Contains(name, " ") {
			fmt.Fprintf(&b, " %s %d", name, c.found[name])
		}
	}
	if c.undecided > 0 {
		fmt.Fprintf(&b, " undecided %d", c.undecided)
	}
	return b.String()
}

// A leaking is a fleet with a leak.
type leaking struct {
	name      string
	fleet     *fleet
	announced bool // something says that there are several nodes
	provable  bool // something leads past what is stored
}

// leakings are those that are scanned with every test, or all.
func leakings(every bool) (list []leaking) {
	numbers, lifetimes, servers, casts := []int{2, 4}, []time.Duration{0}, []string{"gunicorn"}, []bool{false}
	if every {
		numbers, lifetimes, servers, casts = []int{2, 3, 4}, []time.Duration{2 * time.Second, time.Minute, time.Hour}, []string{"gunicorn", "nginx"}, []bool{false, true}
	}
	add := func(f fleet, byPath bool) {
		f.key = byURLKey
		if byPath {
			f.key = byPathKey
		}
		if f.lifetime == 0 {
			f.lifetime = map[bool]time.Duration{false: time.Minute, true: 2 * time.Second}[byPath]
		}
		list = append(list, leaking{
			fleet: &f, announced: f.server == "gunicorn", provable: !byPath || f.lifetime < time.Hour && !f.alone,
			name: fmt.Sprintf("%d %s, by turns %v, keyed by path %v for %v, inside the check %v, one identity %v", f.nodes, f.server, f.turns, byPath, f.lifetime, f.inside, f.alone),
		})
	}
	for _, nodes := range numbers {
		for _, lifetime := range lifetimes {
			for _, server := range servers {
				for _, alone := range casts {
					for _, turns := range []bool{true, false} {
						f := fleet{nodes: nodes, lifetime: lifetime, server: server, alone: alone, turns: turns}
						add(f, false)
						add(f, true)
						if f.inside = true; !alone { // otherwise nobody is answered but the one
							add(f, false)
							add(f, true)
						}
					}
				}
			}
		}
	}
	return list
}

// A cache on each of several nodes, or in each process: the leak is found, and almost always proven, whichever node is met.
func TestNodes(t *testing.T) {
	scans := 15
	switch {
	case *everyFleet:
		scans = 30
	case raced:
		scans = 1
	}
	var mu sync.Mutex
	all, found, confirmed, requests := 0, 0, 0, 0 // scans of the fleets with a rule that they break, where it can be proven
	t.Run("fleets", func(t *testing.T) {
		for _, l := range leakings(*everyFleet) {
			t.Run(l.name, func(t *testing.T) {
				t.Parallel()
				c := l.fleet.scan(t, scans)
				t.Log(c)
				rules := []*finding.Rule{finding.CrossIdentityReuse, finding.AnonymousReuse, finding.InvalidTokenReuse}
				switch {
				case l.fleet.inside:
					rules = rules[:1]
				case l.fleet.alone:
					rules = rules[1:]
				}
				mu.Lock()
				defer mu.Unlock()
				for _, rule := range rules {
					n := c.found[rule.ID]
					if l.fleet.alone {
						n += c.undecided
					}
					if l.announced && l.provable {
						all, found, confirmed, requests = all+scans, found+n, confirmed+c.found[rule.ID+" confirmed"], requests+c.sum
					}
					if least := map[bool]int{true: 12, false: 4}[l.announced]; 15*n < least*scans && !raced {
						t.Errorf("%s found in %d scans of %d: %v", rule.ID, n, scans, c)
					}
				}
			})
		}
	})
	t.Logf("found in %d of %d, confirmed in %d, %.1f requests", found, all, confirmed, float64(requests)/float64(all))
	if !raced && (30*found < 29*all || 100*confirmed < 92*all) {
		t.Errorf("found in %d of %d, confirmed in %d", found, all, confirmed)
	}
	if requests > 65*all && !raced {
		t.Errorf("%d requests in %d scans", requests, all)
	}
}

// Neighbours of these that mix nobody up.
func TestNodesClean(t *testing.T) {
	names := []string{"alice@example.com", "bob@example.com"}
	readers := func(view func(f *fleet, user string, node int) answer) func(*fleet, string, int) answer {
		return func(f *fleet, user string, node int) answer {
			if user == "" {
				return denial
			}
			return view(f, user, node)
		}
	}
	for _, tt := range []struct {
		name  string
		fleet fleet
		say   bool // what two readers were given names one of them: that may be said
	}{
		{"keyed by caller", fleet{key: byCaller, lifetime: time.Hour}, false},
		{"keyed by caller and path, for two seconds", fleet{key: func(r *http.Request) string { return r.URL.Path + r.Header.Get("Authorization") }, lifetime: 2 * time.Second}, false},
		{"nothing is stored, and each answer names its node", fleet{view: readers(func(_ *fleet, user string, node int) answer {
			return ok(js(object{"email": user + "@example.com", "served_by": fmt.Sprint("node-4711-", node)}))
		})}, false},
		{"shared, and each answer names its node", fleet{view: readers(func(_ *fleet, _ string, node int) answer {
			return ok(js(object{"rates": []float64{1.5, 2.25}, "served_by": fmt.Sprint("node-4711-", node)}))
		})}, false},
		{"shared, kept by URL on each node, which it names", fleet{key: byURLKey, lifetime: time.Hour, inside: true, view: readers(func(_ *fleet, _ string, node int) answer {
			return ok(js(object{"rates": []float64{1.5, 2.25}, "served_by": fmt.Sprint("node-4711-", node)}))
		})}, false},
		{"one variant of two by node", fleet{view: readers(func(_ *fleet, _ string, node int) answer {
			return ok(js(object{"variant": []string{"large-teaser", "small-teaser"}[node%2]}))
		})}, false},
		{"one reader's or the other's name by node", fleet{view: readers(func(_ *fleet, _ string, node int) answer { return ok(js(object{"featured": names[node%2]})) })}, true},
		{"one or the other by lot", fleet{view: readers(func(f *fleet, _ string, _ int) answer { return ok(js(object{"featured": names[f.draw.IntN(2)]})) })}, true},
		{"one or the other by the clock", fleet{view: readers(func(f *fleet, _ string, _ int) answer {
			return ok(js(object{"featured": names[int(time.Since(f.start)/(1700*time.Millisecond))%2]}))
		})}, true},
		{"a number that changes by itself", fleet{view: readers(func(f *fleet, user string, _ int) answer {
			return ok(js(object{"unread": map[string]int{"alice": 1, "bob": f.draw.IntN(3)}[user]}))
		})}, false},
		{"lists by lot", fleet{view: readers(func(f *fleet, _ string, _ int) answer {
			list := []string{"teapot", "kettle", "grinder", "filter", "scale"}
			f.draw.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			return ok(js(object{"featured": list[:2]}))
		})}, false},
		{"a replica lags: 404", fleet{view: readers(func(f *fleet, _ string, node int) answer {
			if node == 0 && time.Since(f.start) < 2*time.Second {
				return missing
			}
			return ok(`{"order":"desk","by":"alice@example.com"}`)
		})}, true},
		{"a node has it not: 404", fleet{view: readers(func(_ *fleet, _ string, node int) answer {
			if node == 0 {
				return missing
			}
			return ok(`{"order":"desk","by":"alice@example.com"}`)
		})}, true},
		{"a node that lets in everybody", fleet{view: func(_ *fleet, user string, node int) answer {
			if node > 0 && user == "" {
				return denial
			}
			return ok(`{"rates":[1.5,2.25]}`)
		}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, nodes := range []int{2, 4} {
				for _, turns := range []bool{true, false} {
					f := &tt.fleet
					f.nodes, f.turns, f.server = nodes, turns, "gunicorn"
					scans := 8
					switch {
					case raced:
						scans = 1
					case *everyFleet:
						scans = 60
					}
					c := f.scan(t, scans)
					t.Logf("%d nodes, by turns %v: %v", nodes, turns, c)
					for name, n := range c.found {
						// Two names by lot, which are those of the two readers, agree with a leak now and then.
						if most := map[bool]int{true: 1}[tt.say]; n > most && (!tt.say || strings.HasSuffix(name, " confirmed")) {
							t.Errorf("%d nodes, by turns %v: %s in %d scans of %d", nodes, turns, name, n, scans)
						}
					}
				}
			}
		})
	}
}

// A page that names one reader for a while and then the other, to both, is no leak, however seldom it agrees with one: without a look amid the
// life of what would be stored, one scan in fifty confirms one here.
func TestTwoNamesByTheClock(t *testing.T) {
	names := []string{"alice@example.com", "bob@example.com"}
	for range scansOf(400) {
		s := &site{paths: []string{"/x"}}
		start := time.Time{}
		var mu sync.Mutex
		s.origin = func(user string, r *http.Request) answer {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case user == "":
				return denial
			case r.URL.Path != "/x":
				return mine(user)
			case start.IsZero():
				start = time.Now()
			}
			return ok(js(object{"featured": names[int(time.Since(start)/(1700*time.Millisecond))%2]}))
		}
		r, _ := scanWeb(t, Options{Operations: gets("/x", "/me"), Wait: Defaults.Wait, Identities: people()}, map[string]http.Handler{targetHost: s})
		for _, f := range r.Findings {
			if f.Rule == finding.CrossIdentityReuse && f.Confidence == finding.Confirmed {
				t.Errorf("%s: %s", f.Summary, f.Detail)
			}
		}
	}
}

// What was not met on one operation is looked for again once another has shown that there are several nodes.
func TestNodesAgain(t *testing.T) {
	missed := 0
	for seed := range scansOf(10) {
		f := &fleet{nodes: 4, key: byURLKey, inside: true, lifetime: time.Hour, server: "nginx", draw: rand.New(rand.NewPCG(uint64(seed), 4)), mu: new(sync.Mutex)}
		r, _ := scanWeb(t, Options{Operations: gets(append(number("/x", 6), "/me")...), Identities: people()}, map[string]http.Handler{targetHost: f})
		leaks := 0
		for _, f := range r.Findings {
			if f.Rule == finding.CrossIdentityReuse {
				leaks++
			}
		}
		missed += 6 - leaks
	}
	t.Logf("%d leaks missed, 6 in each scan", missed)
	if missed > 7 { // where none of them is met in the beginning, nothing says that there are several nodes
		t.Errorf("%d leaks missed, 6 in each scan", missed)
	}
}
