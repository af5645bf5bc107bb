package scan

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// Most tests here wait for something to expire: many of them fit into the time of one.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "16")
	os.Exit(m.Run())
}

// api is a target whose answers a test makes; it counts, and it keeps what the test caches.
type api struct {
	mu     sync.Mutex
	counts map[string]int
	kept   map[string]kept
	answer func(a *api, user, path string, r *http.Request) (int, string)
	start  time.Time
	server string
}

type kept struct {
	status int
	body   string
	until  time.Time
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.start.IsZero() {
		a.start = time.Now()
	}
	user, path := userOf(r), r.URL.Path
	status, body := a.answer(a, user, path, r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Server", a.server)
	if strings.HasPrefix(path, "/public") {
		w.Header().Set("Cache-Control", "public, max-age=60")
	}
	if strings.HasPrefix(body, "\x1f\x8b") {
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(status)
	w.Write([]byte(body))
}

func (a *api) count(key string) int { a.counts[key]++; return a.counts[key] }

// cached is what a cache with this key would answer.
func (a *api) cached(key string, lifetime time.Duration, make func() (int, string)) (int, string) {
	if k, ok := a.kept[key]; ok && time.Now().Before(k.until) {
		return k.status, k.body
	}
	status, body := make()
	if status == 200 {
		a.kept[key] = kept{status, body, time.Now().Add(lifetime)}
	}
	return status, body
}

func js(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

type object = map[string]any

const refused = `{"error":"unauthorized"}`

func me(user string) (int, string) {
	if user == "" {
		return 401, refused
	}
	return 200, js(object{"email": user + "@example.com"})
}

// scanAPI scans paths of an API; results of all severities from medium on.
func scanAPI(t *testing.T, o Options, answer func(a *api, user, path string, r *http.Request) (int, string), paths ...string) *finding.Report {
	t.Helper()
	a := &api{counts: map[string]int{}, kept: map[string]kept{}, answer: answer}
	if o.Operations == nil {
		for _, path := range paths {
			security := operation.Required
			if strings.HasPrefix(path, "/public") {
				security = operation.Public
			}
			o.Operations = append(o.Operations, operation.Operation{Method: "GET", Path: path, Security: security})
		}
	}
	r, _ := scanWeb(t, o, map[string]http.Handler{targetHost: a})
	return r
}

// behind lets only readers see what make answers.
func behind(make func(a *api, user, path string, r *http.Request) (int, string)) func(*api, string, string, *http.Request) (int, string) {
	return func(a *api, user, path string, r *http.Request) (int, string) {
		if user == "" {
			return 401, refused
		}
		if path == "/me" {
			return me(user)
		}
		return make(a, user, path, r)
	}
}

// openly leaves it to make who sees what.
func openly(make func(a *api, user, path string, r *http.Request) (int, string)) func(*api, string, string, *http.Request) (int, string) {
	return func(a *api, user, path string, r *http.Request) (int, string) {
		if path == "/me" {
			return me(user)
		}
		return make(a, user, path, r)
	}
}

func zip(text string) string {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

func publicly(user, path string) (int, string) {
	if path == "/me" {
		return me(user)
	}
	return 200, `{"catalog":["tea","coffee"]}`
}

func number(prefix string, n int) (paths []string) {
	for i := range n {
		paths = append(paths, fmt.Sprintf("%s%d", prefix, i))
	}
	return paths
}

// None of these leaks through a cache, whatever it looks like: nothing may be called confirmed, and most
// may not be called anything.
func TestTraps(t *testing.T) {
	t.Parallel()
	pick := func(r *rand.Rand, n int, from ...string) []string {
		r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		return from[:n]
	}
	products := []string{"teapot", "kettle", "grinder", "filter", "scale", "mug", "spoon", "tray", "jar", "tin"}
	for _, tt := range []struct {
		name   string
		paths  []string
		wait   time.Duration
		answer func(a *api, user, path string, r *http.Request) (int, string)
		likely bool // a page that names alice, with nothing to show that bob may not see it
	}{
		{"who comes after a pause is not let in at once", []string{"/me", "/x"}, 20 * time.Second, behind(func(a *api, user, path string, r *http.Request) (int, string) {
			last := a.kept[user].until
			a.kept[user] = kept{until: time.Now()}
			if user == "bob" && time.Since(last) > time.Second && !last.IsZero() {
				return 403, `{"error":"wait a moment"}`
			}
			return a.cached("x", 2*time.Second, func() (int, string) { return 200, js(object{"by": "alice@example.com", "n": rand.IntN(1 << 30)}) })
		}), true},
		{"an unknown query is a filter", []string{"/me", "/posts"}, 0, func(a *api, user, path string, r *http.Request) (int, string) {
			switch {
			case path == "/me":
				return me(user)
			case r.URL.RawQuery != "":
				return 200, "[]"
			}
			return 200, js([]object{{"id": 1, "author": "alice@example.com"}})
		}, true},
		{"an unknown query is an error with status 200", []string{"/me", "/x"}, 0, func(a *api, user, path string, r *http.Request) (int, string) {
			switch {
			case path == "/me":
				return me(user)
			case r.URL.RawQuery != "":
				return 200, `{"error":"unknown parameter"}`
			}
			return 200, `{"by":"alice@example.com"}`
		}, true},
		{"shared, and changes by itself between persons", []string{"/me", "/now"}, 20 * time.Second, behind(func(a *api, _, _ string, _ *http.Request) (int, string) {
			who := []string{"alice", "carol", "dave"}[int(time.Since(a.start)/(1200*time.Millisecond))%3]
			return 200, js(object{"on_call": who + "@example.com"})
		}), false},
		{"shared, and changes by itself between the two readers", []string{"/me", "/now"}, 20 * time.Second, behind(func(a *api, _, _ string, _ *http.Request) (int, string) {
			who := []string{"alice", "bob"}[int(time.Since(a.start)/(1200*time.Millisecond))%2]
			return 200, js(object{"on_call": who + "@example.com"})
		}), true},
		{"a quota for each reader, then 403", []string{"/me", "/x"}, 0, behind(func(a *api, user, _ string, _ *http.Request) (int, string) {
			if a.count(user) > 9 {
				return 403, `{"error":"quota exceeded"}`
			}
			return 200, `{"rates":[1.5,2.25]}`
		}), false},
		{"a quota for nobody in particular, then 403", number("/public", 12), 0, func(a *api, user, path string, _ *http.Request) (int, string) {
			if user == "" && a.count("nobody") > 20 {
				return 403, `{"error":"rate limit exceeded"}`
			}
			return 200, js(object{"public": "data of " + path})
		}, false},
		{"metered reading without a token, then 401", []string{"/x"}, 0, func(a *api, user, path string, _ *http.Request) (int, string) {
			if user == "" && a.count("nobody") > 4 {
				return 401, refused
			}
			return 200, `{"article":"hello world","n":7}`
		}, false},
		{"made when first asked for: 409, then shared", []string{"/me", "/x"}, 0, behind(func(a *api, _, path string, r *http.Request) (int, string) {
			if a.count(r.RequestURI) == 1 {
				return 409, `{"status":"being made"}`
			}
			return 200, `{"report":"ready","rows":31}`
		}), false},
		{"bob's token ends meanwhile: 403", []string{"/me", "/x"}, 3 * time.Second, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			if user == "bob" && time.Since(a.start) > 700*time.Millisecond {
				return 403, `{"error":"expired"}`
			}
			return 200, `{"author":"alice@example.com"}`
		}), true},
		{"one answer in five is a stray 404", append(number("/x", 20), "/me"), 1200 * time.Millisecond, behind(func(a *api, _, _ string, _ *http.Request) (int, string) {
			if rand.IntN(5) == 0 {
				return 404, `{"error":"not found"}`
			}
			return 200, `{"rates":[1.5]}`
		}), false},
		{"static parts of the path are compared as bytes", []string{"/me", "/catalog/42"}, 0, func(a *api, user, path string, r *http.Request) (int, string) {
			if path == "/me" {
				return me(user)
			}
			if raw, ok := strings.CutPrefix(r.URL.EscapedPath(), "/catalog/"); ok {
				if id, _ := url.PathUnescape(raw); id == "42" {
					return 200, `{"item":"Teapot","price":12}`
				}
			}
			return 404, `{"error":"no route"}`
		}, false},
		{"shared, kept by URL, made by two servers in turn", []string{"/me", "/x"}, 0, behind(func(a *api, _, _ string, r *http.Request) (int, string) {
			return a.cached(r.RequestURI, time.Hour, func() (int, string) {
				return 200, js(object{"rates": []float64{1.5}, "served_by": fmt.Sprintf("web-%d", a.count("made")%2)})
			})
		}), false},
		{"public, answered by two servers in turn", []string{"/public/x"}, 0, func(a *api, _, _ string, _ *http.Request) (int, string) {
			return 200, js(object{"catalog": []string{"tea"}, "served_by": fmt.Sprintf("web-%d", a.count("answered")%2)})
		}, false},
		{"shared, drawn by lot, kept by URL", append(number("/x", 30), "/me"), 0, behind(func(a *api, _, _ string, r *http.Request) (int, string) {
			return a.cached(r.RequestURI, time.Hour, func() (int, string) {
				return 200, js(object{"featured": pick(rand.New(rand.NewPCG(uint64(a.count("made")), 1)), 3, slices.Clone(products)...)})
			})
		}), false},
		{"a banner drawn by lot, which fell as if by reader at first", []string{"/me", "/public/x"}, 0, func(a *api, user, path string, _ *http.Request) (int, string) {
			if path == "/me" {
				return me(user)
			}
			lot := "0110100100000000000000000"[min(a.count("banner")-1, 24)]
			return 200, js(object{"banner": map[byte]string{'0': "Summer sale", '1': "Free shipping"}[lot]})
		}, false},
		{"only this spelling of the path is public", []string{"/me", "/catalog"}, 0, func(a *api, user, path string, r *http.Request) (int, string) {
			if user == "" && r.URL.EscapedPath() != "/catalog" || user == "" && r.URL.RawQuery != "" {
				return 401, refused
			}
			return publicly(user, path)
		}, false},
		{"and only for readers of one role", []string{"/me", "/catalog"}, 0, behind(func(a *api, user, path string, r *http.Request) (int, string) {
			if user == "bob" && (r.URL.EscapedPath() != "/catalog" || r.URL.RawQuery != "") {
				return 403, `{"error":"forbidden"}`
			}
			return publicly(user, path)
		}), false},
		{"guests with an unknown query are shown something else", []string{"/me", "/catalog"}, 0, func(a *api, user, path string, r *http.Request) (int, string) {
			if user == "" && r.URL.RawQuery != "" {
				return 200, `{"welcome":"guest"}`
			}
			return publicly(user, path)
		}, false},
		{"nothing in it", []string{"/me", "/empty"}, 0, func(a *api, user, path string, _ *http.Request) (int, string) {
			if path == "/empty" {
				return 204, ""
			}
			return me(user)
		}, false},
		{"alice's public profile", []string{"/me", "/users/alice"}, 0, func(a *api, user, path string, _ *http.Request) (int, string) {
			if path == "/me" {
				return me(user)
			}
			return 200, `{"name":"Alice","contact":"alice@example.com"}`
		}, true},
		{"who came first is remembered by the API, and each answer is made anew", []string{"/me", "/lease"}, 0, behind(func(a *api, user, _ string, r *http.Request) (int, string) {
			_, holder := a.cached(r.RequestURI, time.Hour, func() (int, string) { return 200, user + "@example.com" })
			return 200, js(object{"editor": holder, "mine": holder == user+"@example.com", "at": a.count("answers")})
		}), true},
		{"a function of the URL, by which a balancer chooses", append(number("/x", 30), "/me"), 0, behind(func(a *api, _, _ string, r *http.Request) (int, string) {
			sum := crc32.ChecksumIEEE([]byte(r.RequestURI))
			return 200, js(object{"featured": []string{"alice@example.com", "bob@example.com"}[sum>>7&1]})
		}), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := scanAPI(t, Options{Wait: tt.wait}, tt.answer, tt.paths...)
			for _, f := range r.Findings {
				if f.Confidence == finding.Confirmed && f.Severity > finding.Low || !tt.likely && f.Severity > finding.Low {
					t.Errorf("%s %s is called %v (%v)\n%s\n%+v", f.Operation, f.Rule.ID, f.Confidence, f.Severity, f.Detail, f.Evidence)
				}
			}
			if r.Requests < 4 {
				t.Errorf("only %d requests", r.Requests)
			}
		})
	}
}

// All of these leak, and each is easy to miss in a way of its own.
func TestHardToSee(t *testing.T) {
	t.Parallel()
	byURL := func(lifetime time.Duration, make func(a *api, user string) string) func(*api, string, string, *http.Request) (int, string) {
		return behind(func(a *api, user, _ string, r *http.Request) (int, string) {
			return a.cached(r.RequestURI, lifetime, func() (int, string) { return 200, make(a, user) })
		})
	}
	either := func(alice, bob string) func(*api, string) string {
		return func(_ *api, user string) string { return map[string]string{"alice": alice, "bob": bob}[user] }
	}
	cross := []string{"GET /x cross-identity-reuse confirmed"}
	for _, tt := range []struct {
		name   string
		wait   time.Duration
		answer func(a *api, user, path string, r *http.Request) (int, string)
		paths  []string
		want   []string
	}{
		{"a number, kept by path, beside an operation that names the readers", patience, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			return a.cached(path, soon, func() (int, string) { return 200, js(object{"balance": len(user)}) })
		}), nil, cross},
		{"it mentions the observer", 0, byURL(time.Hour, either(
			`{"owner":"alice@example.com","last_transfer_from":"bob@example.com"}`, `{"owner":"bob@example.com","last_transfer_from":"alice@example.com"}`)), nil, cross},
		{"a number that is a part of another value", 0, byURL(time.Hour, either(`{"id":1,"client":"cli/1.4"}`, `{"id":2,"client":"cli/1.4"}`)), nil, cross},
		{"a number that begins like the other", 0, byURL(time.Hour, either(`{"balance":12}`, `{"balance":12.5}`)), nil, cross},
		{"a boolean", 0, byURL(time.Hour, either(`{"positive":true}`, `{"positive":false}`)), nil, cross},
		{"an empty list", 0, byURL(time.Hour, either(`{"orders":[]}`, `{"orders":[{"id":77}]}`)), nil, cross},
		{"the same numbers under other names", 0, byURL(time.Hour, either(`{"unread":1,"total":3}`, `{"unread":3,"total":1}`)), nil, cross},
		{"binary", 0, byURL(time.Hour, either("\x00\x01\x02\xff", "\x00\x01\x03\xff")), nil, cross},
		{"longer than what is compared value by value", 0, byURL(time.Hour, func(_ *api, user string) string { return strings.Repeat("x", 9<<20) + user }), nil, cross},
		{"kept data in an answer with a number of its own", 0, behind(func(a *api, user, _ string, r *http.Request) (int, string) {
			_, balance := a.cached(r.RequestURI, time.Hour, func() (int, string) { return 200, fmt.Sprint(len(user)) })
			return 200, js(object{"balance": balance, "request_id": fmt.Sprintf("r%d", a.count("requests"))})
		}), nil, []string{"GET /x cross-identity-reuse likely"}},
		{"compressed, though nobody asked for it", 0, byURL(time.Hour, func(_ *api, user string) string {
			return zip(fmt.Sprintf(`{"email":"%s@example.com"}`, user))
		}), nil, cross},
		{"kept from the second request on, in one process", 0, behind(func(a *api, user, _ string, r *http.Request) (int, string) {
			if a.server = "Werkzeug/3"; a.count(r.RequestURI) < 2 {
				return me(user)
			}
			return a.cached(r.RequestURI, time.Hour, func() (int, string) { return me(user) })
		}), nil, cross},
		{"only a number, for longer than a short look, where another operation leaks", Defaults.Wait, behind(func(a *api, user, path string, r *http.Request) (int, string) {
			if path == "/y" {
				return a.cached(r.RequestURI, time.Hour, func() (int, string) { return 200, js(object{"points": 100 * len(user)}) })
			}
			return a.cached(path, 2*shortLook, func() (int, string) { return 200, js(object{"balance": len(user)}) })
		}), []string{"/me", "/x", "/y"}, []string{"GET /x cross-identity-reuse confirmed", "GET /y cross-identity-reuse confirmed"}},
		{"a part that names readers, for a while", patience, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			_, part := a.cached("part", soon, func() (int, string) { return me(user) })
			return 200, js(object{"email": user + "@example.com", "contact": part})
		}), nil, []string{"GET /x cross-identity-reuse likely"}},
		{"not at all, and about who asks second", 0, behind(func(*api, string, string, *http.Request) (int, string) {
			return 200, `{"on_call":"bob@example.com"}`
		}), nil, []string{"GET /x undecided", "GET /x possible"}},
		{"an operation that the document calls public", 0, byURL(time.Hour, either(`{"balance":12}`, `{"balance":7}`)), []string{"/me", "/public/x"},
			[]string{"GET /public/x cross-identity-reuse confirmed", "GET /public/x missing-vary confirmed", "GET /public/x storable-authenticated-response confirmed"}},
		{"outside the check, and only a number", 0, func(a *api, user, path string, r *http.Request) (int, string) {
			if path == "/me" {
				return me(user)
			}
			return a.cached(r.RequestURI, time.Hour, func() (int, string) {
				if user == "" {
					return 401, refused
				}
				return 200, js(object{"balance": len(user)})
			})
		}, nil, []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}},
		{"kept from the third request on", 0, behind(func(a *api, user, _ string, r *http.Request) (int, string) {
			if a.count(r.RequestURI) < 3 {
				return me(user)
			}
			return a.cached(r.RequestURI, time.Hour, func() (int, string) { return me(user) })
		}), nil, cross},
		{"only alice's object, kept by path", patience, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			return a.cached(path, soon, func() (int, string) {
				if user != "alice" {
					return 404, `{"error":"no such order"}`
				}
				return 200, `{"total":3}`
			})
		}), nil, cross},
		{"looked up without credentials only, and filled by all", 0, func(a *api, user, path string, _ *http.Request) (int, string) {
			if path == "/me" {
				return me(user)
			}
			if user == "" {
				return a.cached(path, time.Hour, func() (int, string) { return 401, refused })
			}
			delete(a.kept, path)
			return a.cached(path, time.Hour, func() (int, string) { return 200, js(object{"balance": len(user)}) })
		}, nil, []string{"GET /x anonymous-reuse confirmed", "GET /x invalid-token-reuse confirmed"}},
		{"kept for longer than the scan waits, and only a number", 600 * time.Millisecond, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			return a.cached(path, time.Hour, func() (int, string) { return 200, js(object{"balance": len(user)}) })
		}), nil, []string{"GET /x undecided"}},
		{"and the path says whose it is", 600 * time.Millisecond, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			return a.cached(path, time.Hour, func() (int, string) { return 200, js(object{"balance": len(user)}) })
		}), []string{"/me", "/my/balance"}, []string{"GET /my/balance undecided", "GET /my/balance possible"}},
		{"and nobody is asked for credentials", 600 * time.Millisecond, openly(func(a *api, user, path string, _ *http.Request) (int, string) {
			return a.cached(path, time.Hour, func() (int, string) {
				if user == "" {
					return 401, refused
				}
				return 200, js(object{"balance": len(user)})
			})
		}), nil, []string{"GET /x undecided", "GET /x possible"}},
		{"a part of it, beside the name of who asks", 600 * time.Millisecond, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			_, part := a.cached("part", time.Hour, func() (int, string) { return me(user) })
			return 200, js(object{"email": user + "@example.com", "contact": part})
		}), nil, []string{"GET /x undecided"}},
		{"not at all, and about both readers", 600 * time.Millisecond, behind(func(a *api, user, path string, _ *http.Request) (int, string) {
			return 200, js(object{"members": []string{"alice@example.com", "bob@example.com"}, "serial": a.count("serial")})
		}), nil, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.paths == nil {
				tt.paths = []string{"/me", "/x"}
			}
			r := scanAPI(t, Options{Wait: tt.wait}, tt.answer, tt.paths...)
			got := brief(r)
			for _, op := range r.Operations {
				if op.Undecided {
					got = append(got, op.Operation+" undecided")
				}
			}
			for _, f := range r.Findings {
				if f.Confidence == finding.Possible {
					got = append(got, f.Operation+" possible")
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A cache in each of four processes, and chance decides which is asked: often seen, and never called
// more than it is.
func TestCachePerProcess(t *testing.T) {
	seen := 0
	for range 20 {
		r := scanAPI(t, Options{Wait: time.Nanosecond}, behind(func(a *api, user, _ string, r *http.Request) (int, string) {
			a.server = "gunicorn"
			return a.cached(fmt.Sprint(rand.IntN(4), r.RequestURI), time.Hour, func() (int, string) { return me(user) })
		}), "/me", "/x")
		if slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Rule == finding.CrossIdentityReuse }) {
			seen++
		}
	}
	if seen < 15 {
		t.Errorf("seen in %d scans of 20", seen)
	}
}

// One identity, and a cache that nobody can get past: not proven, and neither clean.
func TestOneIdentityUndecided(t *testing.T) {
	alice := []*Identity{{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN"}}
	r := scanAPI(t, Options{Identities: alice, Wait: time.Nanosecond}, func(a *api, user, path string, _ *http.Request) (int, string) {
		return a.cached(path, time.Hour, func() (int, string) {
			if user == "" {
				return 401, refused
			}
			return 200, `{"balance":12}`
		})
	}, "/x")
	if r.Complete || r.Undecided() != 1 || !strings.Contains(r.Operations[0].Reason, "a request without credentials got the same as alice, though the document wants credentials") {
		t.Errorf("complete %v, %+v", r.Complete, r.Operations)
	}
}

// Two readers of one tenant are given the same by right; the third is of another.
func TestTenants(t *testing.T) {
	t.Parallel()
	var readers []*Identity
	for _, name := range []string{"alice", "bob", "carol"} {
		readers = append(readers, &Identity{Name: name, Token: redact.NewSecret("tok-of-" + name + "-0123456789"), Variable: strings.ToUpper(name)})
	}
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprintf("shared between tenants %v", shared), func(t *testing.T) {
			t.Parallel()
			r := scanAPI(t, Options{Identities: readers, Wait: 10 * soon}, func(a *api, _, path string, r *http.Request) (int, string) {
				name := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer tok-of-"), "-0123456789")
				tenant, ok := map[string]int{"alice": 41, "bob": 41, "carol": 77}[name]
				if !ok {
					return 401, refused
				}
				if path == "/me" {
					return me(name)
				}
				key := path
				if !shared {
					key += fmt.Sprint(tenant)
				}
				return a.cached(key, soon, func() (int, string) { return 200, js(object{"tenant": tenant}) })
			}, "/me", "/x")
			want := []string{}
			if shared {
				want = []string{"GET /x cross-identity-reuse confirmed"}
			}
			if diff := cmp.Diff(want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, r.Operations)
			}
		})
	}
}

// Each identity has its own value of a parameter: all of them ask for each of the URLs.
func TestValuesOfEachIdentity(t *testing.T) {
	owners := map[string]string{"/orders/7": "alice", "/orders/9": "bob"}
	answer := func(cached bool) func(a *api, user, path string, r *http.Request) (int, string) {
		return behind(func(a *api, user, path string, r *http.Request) (int, string) {
			own := func() (int, string) {
				if owners[path] != user {
					return 404, `{"error":"no such order"}`
				}
				return 200, js(object{"buyer": user + "@example.com"})
			}
			if cached && path == "/orders/9" { // only bob's leaks
				return a.cached(r.RequestURI, time.Hour, own)
			}
			return own()
		})
	}
	o := Options{
		Operations: []operation.Operation{{Method: "GET", Path: "/orders/{id}", Security: operation.Required}},
		Value: func(identity string, p operation.Parameter) (string, bool) {
			return map[string]string{"alice": "7", "bob": "9"}[identity], true
		},
	}
	r := scanAPI(t, o, answer(false))
	if len(r.Findings) != 0 || !r.Complete || len(r.Operations) != 1 || !r.Operations[0].Differed || r.Operations[0].Requests != 11 {
		t.Errorf("clean: %+v %+v %s", r.Findings, r.Operations, r.Incomplete)
	}
	r = scanAPI(t, o, answer(true))
	if diff := cmp.Diff([]string{"GET /orders/{id} cross-identity-reuse confirmed"}, brief(r)); diff != "" || r.Findings[0].Victim != "bob" {
		t.Errorf("leaking (-want +got):\n%s\n%+v", diff, r.Findings)
	}
}

// A page that shows now the one reader and now the other to both follows neither, however often a scan sees it change.
func TestFollowsNobody(t *testing.T) {
	t.Parallel()
	names := []string{"alice@example.com", "bob@example.com"}
	drawn := func(key func(*http.Request) string, lifetime time.Duration) func(a *api, user, path string, r *http.Request) (int, string) {
		return func(a *api, user, path string, r *http.Request) (int, string) {
			return a.cached(key(r), lifetime, func() (int, string) { return 200, js(object{"featured": names[rand.IntN(2)]}) })
		}
	}
	byTheClock := func(period time.Duration) func(a *api, user, path string, r *http.Request) (int, string) {
		return func(a *api, user, path string, r *http.Request) (int, string) {
			return 200, js(object{"on_call": names[int(time.Since(a.start)/period)%2]})
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(a *api, user, path string, r *http.Request) (int, string)
		most   int // scans of 48 that are misled by chance
	}{
		{"drawn by lot and kept by path for 2 s", drawn(byPathKey, 2*time.Second), 4},
		{"drawn by lot and kept by URL for 2 s", drawn(byURLKey, 2*time.Second), 4},
		{"drawn by lot and kept by path for 12 s", drawn(byPathKey, 12*time.Second), 6},
		{"drawn by lot and kept by path for 40 s", drawn(byPathKey, 40*time.Second), 7},
		{"by turns, 3 s each", byTheClock(3 * time.Second), 4},
		{"by turns, 7 s each", byTheClock(7 * time.Second), 4},
		{"by turns, 45 s each", byTheClock(45 * time.Second), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scans, confirmed := scansOf(48), 0
			for range scans {
				r := scanAPI(t, Options{Wait: Defaults.Wait, Identities: people()}, behind(tt.answer), "/page", "/me")
				for _, f := range r.Findings {
					if f.Severity >= finding.Medium && f.Confidence == finding.Confirmed {
						confirmed++
						if confirmed == 1 {
							t.Log(told(r))
						}
					}
				}
			}
			t.Logf("confirmed in %d scans of %d", confirmed, scans)
			if confirmed > tt.most {
				t.Errorf("confirmed in %d scans of %d", confirmed, scans)
			}
		})
	}
}

// What is kept by path for half a minute, and marks nobody, is waited for where something in it hints at one reader, or the path says
// that it is about whoever asks.
func TestHints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path string
		body       func(user string) string
		want       finding.Confidence
		found      bool
	}{
		{"a name", "/x", func(user string) string { return map[string]string{"alice": "Alice Moreau", "bob": "Bob Tanaka"}[user] }, finding.Confirmed, true},
		{"a number", "/x", func(user string) string { return map[string]string{"alice": "51013377", "bob": "90210"}[user] }, finding.Confirmed, true},
		{"how the user calls that identity", "/x", func(user string) string { return "For " + strings.ToUpper(user) }, finding.Confirmed, true},
		{"nothing, under a path of one's own", "/orders", func(user string) string { return map[string]string{"alice": "one", "bob": "two"}[user] }, finding.Confirmed, true},
		{"nothing", "/x", func(user string) string { return map[string]string{"alice": "one", "bob": "two"}[user] }, 0, false},
		{"both", "/x", func(user string) string { return "of Alice Moreau, Bob Tanaka and " + user[:1] }, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := scanAPI(t, Options{Wait: Defaults.Wait, Identities: people()}, func(a *api, user, path string, r *http.Request) (int, string) {
				switch {
				case user == "":
					return 401, refused
				case path == "/contact":
					return 200, js(map[string]object{"alice": {"name": "Alice Moreau", "id": 51013377}, "bob": {"name": "Bob Tanaka", "id": 90210}}[user])
				}
				return a.cached(path, 30*time.Second, func() (int, string) { return 200, js(object{"said": tt.body(user)}) })
			}, tt.path, "/contact")
			found := slices.ContainsFunc(r.Findings, func(f finding.Finding) bool {
				return f.Rule == finding.CrossIdentityReuse && f.Confidence == tt.want && f.Operation == "GET "+tt.path
			})
			if found != tt.found {
				t.Error(told(r))
			}
			if !tt.found && !r.Operations[0].Undecided {
				t.Errorf("%+v", r.Operations[0])
			}
		})
	}
}
