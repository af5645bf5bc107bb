package scan

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func TestErrorPoisoning(t *testing.T) {
	t.Parallel()
	whatever := func(*http.Request, answer) bool { return true }
	refusals := func(_ *http.Request, made answer) bool { return made.status >= 400 && made.status < 500 }
	personally := func(user string, _ *http.Request) answer { return mine(user) }
	var counts sync.Map
	count := func(key string) int64 {
		n, _ := counts.LoadOrStore(key, new(atomic.Int64))
		return n.(*atomic.Int64).Add(1)
	}
	// keeping has an error kept by URL for everybody, and nothing else.
	keeping := func(is func(answer) bool, origin func(string, *http.Request) answer) func(string, *http.Request) answer {
		var kept sync.Map
		return func(user string, r *http.Request) answer {
			if a, found := kept.Load(r.RequestURI); found {
				return a.(answer)
			}
			made := origin(user, r)
			if is(made) {
				kept.Store(r.RequestURI, made)
			}
			return made
		}
	}
	with := func(status int) func(answer) bool { return func(a answer) bool { return a.status == status } }
	// theirs is alice's alone.
	theirs := func(status int) func(string, *http.Request) answer {
		return func(user string, _ *http.Request) answer {
			if user == "bob" {
				return answer{status: status, body: `{"error":"not yours"}`}
			}
			return mine(user)
		}
	}
	reuse := []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}
	found := []string{"GET /x error-poisoning confirmed"}
	for _, tt := range []struct {
		name    string
		s       *site
		hazards bool
		want    []string
		steps   []string
	}{
		{"whatever comes is kept by URL", &site{origin: personally, key: byURLKey, keeps: whatever}, false,
			append([]string{}, reuse[0], reuse[1], found[0], reuse[2]),
			[]string{"medium of alice to nobody", "nobody 401 origin", "alice 401 cache", "alice 200 origin", "alice 401 cache"}},
		{"refusals alone are kept by URL", &site{origin: personally, key: byURLKey, keeps: refusals}, false, found,
			[]string{"medium of alice to nobody", "nobody 401 origin", "alice 401 cache", "alice 200 origin", "alice 401 cache"}},
		{"and the user lets the scan look", &site{origin: personally, key: byURLKey, keeps: refusals}, true, found,
			[]string{"medium of alice to nobody", "nobody 401 origin", "alice 401 cache", "alice 200 origin", "alice 401 cache"}},
		{"a field that is too large", &site{origin: keeping(func(a answer) bool { return a.status == 431 }, func(user string, r *http.Request) answer {
			if len(r.Header.Get("X-Bearcache-Oversize")) > 8<<10 {
				return answer{status: 431, body: "too large"}
			}
			return mine(user)
		})}, true, found,
			[]string{"medium of alice to alice with a field of 20 KiB", "alice with a field of 20 KiB 431 origin", "alice 431 cache", "alice 200 origin", "alice 431 cache"}},
		{"another method in a field, and the answer is empty", &site{origin: keeping(func(a answer) bool { return a.body == "" }, func(user string, r *http.Request) answer {
			if r.Header.Get("X-Http-Method-Override") == "HEAD" && user != "" {
				return answer{status: 200}
			}
			return mine(user)
		})}, true, found,
			[]string{"medium of alice to alice with X-HTTP-Method-Override: HEAD", "alice with X-HTTP-Method-Override: HEAD 200 origin", "alice 200 cache", "alice 200 origin", "alice 200 cache"}},
		{"what one reader is told is not there is kept for another, to whom it is", &site{origin: keeping(with(404), theirs(404))}, true, found,
			[]string{"medium of alice to bob", "bob 404 origin", "alice 404 cache", "alice 200 origin", "alice 404 cache"}},
		{"and it came to light by itself", &site{origin: keeping(with(404), theirs(404))}, false, found,
			[]string{"medium of alice to bob", "bob 404 origin", "alice 404 cache", "alice 200 origin", "alice 404 cache"}},
		{"what one reader is forbidden is kept for another", &site{origin: keeping(with(403), theirs(403))}, true, found,
			[]string{"medium of alice to bob", "bob 403 origin", "alice 403 cache", "alice 200 origin", "alice 403 cache"}},
		{"who has no token is sent to a log-in, and that is kept for those who have one", &site{origin: keeping(with(302), func(user string, r *http.Request) answer {
			if user == "" {
				return answer{status: 302}.with("Location", "/login")
			}
			return mine(user)
		})}, false, found, []string{"medium of alice to nobody", "nobody 302 origin", "alice 302 cache", "alice 200 origin", "alice 302 cache"}},

		{"what one reader is told is not there is kept for that reader", &site{origin: theirs(404), key: byCaller, keeps: whatever}, true, []string{}, nil},
		{"it is not there for one reader, and nothing is kept", &site{origin: theirs(404)}, true, []string{}, nil},
		{"it is there for one reader now and then", &site{origin: func(user string, r *http.Request) answer {
			if user == "alice" && count("now and then")%3 == 0 {
				return missing
			}
			return theirs(404)(user, r)
		}}, true, []string{}, nil},
		{"nothing is kept", &site{origin: personally}, true, []string{}, nil},
		{"good answers are kept by URL, errors are not", &site{origin: personally, key: byURLKey}, true, reuse, nil},
		{"errors are kept for each caller", &site{origin: personally, key: byCaller, keeps: whatever}, true, []string{}, nil},
		{"errors are kept for as long as the field is sent", &site{origin: func(user string, r *http.Request) answer {
			if r.Header.Get("X-Bearcache-Oversize") != "" {
				return answer{status: 431, body: "too large"}
			}
			return mine(user)
		}, key: func(r *http.Request) string { return byCaller(r) + r.Header.Get("X-Bearcache-Oversize") }, keeps: whatever}, true, []string{}, nil},
		{"a rate limit that nobody in particular ran into", &site{origin: func(user string, r *http.Request) answer {
			if user == "alice" && strings.Contains(r.RequestURI, "bearcache=") && count("limit "+r.RequestURI)%2 == 1 {
				return answer{status: 403, body: `{"error":"slow down"}`}
			}
			return mine(user)
		}}, true, []string{}, nil},
		{"an unknown query is refused", &site{origin: func(user string, r *http.Request) answer {
			if r.URL.RawQuery != "" {
				return answer{status: 400, body: `{"error":"unknown parameter"}`}
			}
			return mine(user)
		}, key: byURLKey, keeps: refusals}, true, []string{}, nil},
		{"every third request fails", &site{origin: func(user string, _ *http.Request) answer {
			if user != "" && count("third")%3 == 0 {
				return answer{status: 502, body: "bad gateway"}
			}
			return mine(user)
		}}, true, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{Hazards: tt.hazards}, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.ErrorPoisoning)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// Unless the user lets it, a scan asks nothing that could lock anybody out where it has not seen that the cache keeps
// a query of the scan apart.
func TestHazardsAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		key                 func(*http.Request) string
		hazards, nobody, of bool // nobody asks first somewhere; fields are sent that make errors
	}{
		{"clean", nil, false, false, false},
		{"clean, and the user lets it", nil, true, true, true},
		{"keyed by URL, so a query of the scan is kept apart", byURLKey, false, true, false},
	} {
		s := &site{key: tt.key, origin: func(user string, _ *http.Request) answer { return mine(user) }}
		s.survey(t, Options{Hazards: tt.hazards}, "/x")
		fields, nobody, seen := false, false, map[string]bool{}
		for _, a := range s.asked {
			fields = fields || a.header.Get("X-Bearcache-Oversize") != "" || a.header.Get("X-Http-Method-Override") != ""
			fresh := strings.HasPrefix(a.uri, "/x?bearcache=") && !strings.Contains(a.uri, "token=")
			nobody = nobody || fresh && !seen[a.uri] && a.header.Get("Authorization") == ""
			seen[a.uri] = true
		}
		if fields != tt.of || nobody != tt.nobody {
			t.Errorf("%s: fields were sent: %v, nobody asked first: %v", tt.name, fields, nobody)
		}
	}
	// Nor is what one reader is denied asked for first where another will ask, unless it came to light.
	denied := &site{origin: func(user string, _ *http.Request) answer {
		if user == "bob" {
			return missing
		}
		return mine(user)
	}}
	denied.survey(t, Options{}, "/x")
	seen := map[string]bool{}
	for _, a := range denied.asked {
		if path, _, _ := strings.Cut(a.uri, "?"); path == "/x" && !seen[a.uri] && strings.HasSuffix(a.header.Get("Authorization"), bobToken) {
			t.Errorf("bob asks first for %s", a.uri)
		}
		seen[a.uri] = true
	}
}

// A node that refuses whomever it meets locks nobody out for longer than that.
func TestSickNode(t *testing.T) {
	t.Parallel()
	for _, turns := range []bool{false, true} {
		n := 0
		for range scansOf(30) {
			var asked atomic.Int64
			s := &site{paths: []string{"/x"}, origin: func(user string, _ *http.Request) answer {
				if turns && asked.Add(1)%2 == 0 || !turns && rand.IntN(2) == 0 {
					return denial
				}
				return mine(user)
			}}
			r := s.survey(t, Options{Hazards: true, Checks: []Check{errorPoisoning}}, "/x")
			for _, f := range r.Findings {
				if f.Rule == finding.ErrorPoisoning {
					n++
				}
			}
		}
		if n > 0 {
			t.Errorf("by turns %v: %d of 30", turns, n)
		}
	}
}

// Errors that follow a URL twice, as those of an origin that refuses every other request by lot do once in 64*64 times, are not a stored one yet.
func TestErrorsTwiceByChance(t *testing.T) {
	t.Parallel()
	for times, want := range []int{0, 0, 0, 1} {
		var lock sync.Mutex
		urls := map[string]int{}
		s := &site{paths: []string{"/x"}, origin: func(user string, r *http.Request) answer {
			lock.Lock()
			defer lock.Unlock()
			if r.URL.RawQuery == "" {
				return mine(user)
			}
			n, known := urls[r.RequestURI]
			if !known {
				n = len(urls)
				urls[r.RequestURI] = n
			}
			if n%2 == 0 && n < 2*times { // of each round the first URL
				return denial
			}
			return mine(user)
		}}
		r := s.survey(t, Options{Hazards: true, Checks: []Check{errorPoisoning}}, "/x")
		if len(r.Findings) != want {
			t.Errorf("%d times: %d findings", times, len(r.Findings))
		}
	}
}
