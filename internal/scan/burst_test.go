package scan

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

// collapsing is a server that, of requests with one key that come while one is under way, answers all with what that
// one gets. It stores nothing.
type collapsing struct {
	site *site
	key  func(*http.Request) string
	mu   sync.Mutex
	way  map[string]*flying
}

type flying struct {
	done chan struct{}
	got  answer
}

func (c *collapsing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.site.mu.Lock()
	c.site.asked = append(c.site.asked, asked{r.Method, r.RequestURI, "", r.Header.Clone()})
	c.site.mu.Unlock()
	key := c.key(r)
	c.mu.Lock()
	if c.way == nil {
		c.way = map[string]*flying{}
	}
	f, found := c.way[key]
	if !found {
		f = &flying{done: make(chan struct{})}
		c.way[key] = f
	}
	c.mu.Unlock()
	if found {
		<-f.done
	} else {
		time.Sleep(20 * time.Millisecond)
		f.got = c.site.serve(r)
		c.mu.Lock()
		delete(c.way, key)
		c.mu.Unlock()
		close(f.done)
	}
	w.WriteHeader(f.got.status)
	w.Write([]byte(f.got.body))
}

// Requests for one URL that are collapsed into one give readers each other's answers, and only when they ask at once.
func TestBurst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		key   func(*http.Request) string
		burst int
		want  []string
	}{
		{"collapsed by URL", byURLKey, 6, []string{"GET /x cross-identity-reuse confirmed"}},
		{"collapsed by URL, and nobody asks at once", byURLKey, 0, []string{}},
		{"collapsed by caller", byCaller, 6, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{paths: []string{"/x"}, origin: func(user string, _ *http.Request) answer { return mine(user) }}
			ops := gets("/x")
			r, err := scanWeb(t, Options{Operations: ops, Burst: tt.burst}, map[string]http.Handler{targetHost: &collapsing{site: s, key: tt.key}})
			if err != nil {
				t.Fatal(err)
			}
			harmless(t, s.asked, Options{Operations: ops, Identities: people()})
			tokenless(t, r, people())
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			for _, f := range r.Findings {
				if f.Rule != finding.CrossIdentityReuse {
					continue
				}
				if f.Victim == f.Observer || len(f.Evidence) < 4 {
					t.Errorf("of %s to %s: %+v", f.Victim, f.Observer, f.Evidence)
				}
				for i, e := range f.Evidence { // each alone, then the observer with what is the victim's
					if want := []string{f.Victim, f.Observer}[min(i, 1)]; e.As != want || e.Status != 200 {
						t.Errorf("step %d is %s's, want %s's: %+v", i+1, e.As, want, e)
					}
				}
			}
			if tt.burst > 0 && r.Operations[0].Requests < bursts*tt.burst {
				t.Errorf("%d requests", r.Operations[0].Requests)
			}
		})
	}
}

// What is drawn by lot for each reader and URL, and kept for that reader, is now and then the same for two of them.
func TestBurstByLot(t *testing.T) {
	t.Parallel()
	for range scansOf(20) {
		s := &site{paths: []string{"/x"}, key: byCaller, origin: func(user string, _ *http.Request) answer {
			if user == "" {
				return denial
			}
			return ok(js(object{"tip": []string{"early birds", "late owls"}[rand.IntN(2)]}))
		}}
		r := s.survey(t, Options{Burst: 10}, "/x")
		for _, f := range r.Findings {
			if f.Rule == finding.CrossIdentityReuse && f.Severity >= finding.Medium {
				t.Error(told(r))
			}
		}
	}
}
