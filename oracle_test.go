package bearcache

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestOracle lets many readers ask at random for the same things, with the origin's answers, their
// fields and statuses drawn at random too, and holds every answer against who asked for what. It is
// the promise of this module as a test: no answer may reach a reader it was not made for. The origin
// answers by Accept-Language where it says so, and by X-Domain, which nobody told the cache of, unless
// it calls the answer public. Once more with readers who are identified, two of them as equals: what it does not call
// private it answers their group. The hit
// ratio must lie in a band, since a cache that stores nothing leaks nothing.
func TestOracle(t *testing.T) {
	t.Run("by credentials", func(t *testing.T) { testOracle(t, nil, 40_000) })
	t.Run("by identity", func(t *testing.T) { testOracle(t, equals, 20_000) })
}

// equals calls two bearers members of one group, whom their cookies and keys tell apart, and says nothing of others
// but that they are somebody.
func equals(r *http.Request) (Identity, error) {
	switch token := r.Header.Get("Authorization"); {
	case token == "Bearer a" || token == "Bearer b":
		return Identity{Issuer: "i", Subject: token, Group: "g", Joined: []string{"Cookie", "X-Api-Key"}}, nil
	case token == "" && r.Header["Cookie"] == nil && r.Header["X-Api-Key"] == nil:
		return Anonymous, nil
	}
	return Identity{Subject: owner(r)}, nil
}

// groupOf is what is true of all equals: whose answer it is where it is theirs.
func groupOf(r *http.Request) string {
	id, _ := equals(r)
	if id.Group == "" {
		return owner(r)
	}
	return fmt.Sprint("group", r.Header["Cookie"], r.Header["X-Api-Key"])
}

func testOracle(t *testing.T, identify func(*http.Request) (Identity, error), rounds int) {
	const workers = 4
	var clock atomic.Int64
	c := &Cache{
		Memory:      1 << 20, // small: eviction takes part
		Now:         func() time.Time { return time.Unix(1_800_000_000, clock.Load()) },
		MaxVariants: 3,
		Identify:    identify,
	}
	fields := []string{"max-age=60", "max-age=60", "private, max-age=60", "public, s-maxage=60, max-age=60", "no-store", "no-cache", "max-age=0", "Max-Age=\"60\"", "PRIVATE=x, max-age=60", ""}
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cc, language, whose := fields[rand.IntN(len(fields))], "any", owner(r)
		if cc != "" {
			w.Header().Set("Cache-Control", cc)
		}
		switch rand.IntN(12) {
		case 0:
			w.Header().Set("Vary", "Accept-Language")
			language = languageOf(r)
		case 1:
			w.Header().Set("Vary", "Authorization")
		case 2:
			w.Header().Set("Set-Cookie", "a=1")
		case 3:
			w.WriteHeader([]int{401, 403, 404, 429, 500, 503}[rand.IntN(6)])
		case 4:
			w.Header().Set("Content-Length", "9999") // and then sends less
		}
		domain := "any"
		if !strings.Contains(cc, "public") {
			domain = domainOf(r)
		}
		if identify != nil && !strings.Contains(strings.ToLower(cc), "private") && w.Header().Get("Vary") != "Authorization" {
			whose = groupOf(r)
		}
		fmt.Fprintf(w, "%s|%s|%s|%s|%s", whose, r.URL.RequestURI(), language, domain, strings.Repeat("x", rand.IntN(300)))
	}))
	credentials := []string{"", "Authorization: Bearer a", "Authorization: Bearer b", "Authorization: Bearer A", "Authorization: bearer a",
		"Authorization: Basic YQ==", "Cookie: a=1", "X-Api-Key: a", "Authorization: Bearer a\nCookie: a=1", "Authorization: Bearer a\nX-Tenant: 1",
		"Authorization: Bearer a\nAuthorization: Bearer b", "Authorization: ", "X-Tenant: 1", "X-Tenant: 2",
		"X-Domain: 1", "X-Domain: 2", "X-Forwarded-Host: evil.test", "", "Authorization: Bearer a", "Authorization: Bearer b"}
	var hits, answers, crossed atomic.Int64
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for range rounds {
				clock.Add(rand.Int64N(int64(20 * time.Millisecond)))
				method := "GET"
				switch rand.IntN(40) {
				case 0:
					method = "POST"
				case 1, 2:
					method = "HEAD"
				}
				r := request(method, fmt.Sprintf("http://api.test/%c?q=%d", 'a'+rand.IntN(4), rand.IntN(3)))
				if lines := credentials[rand.IntN(len(credentials))]; lines != "" {
					r.Header = header(strings.Split(lines, "\n")...)
				}
				if rand.IntN(8) == 0 {
					r.Header.Set("Accept-Language", []string{"de", "en"}[rand.IntN(2)])
				}
				if rand.IntN(30) == 0 {
					r.Header.Set("Cache-Control", []string{"no-cache", "no-store", "max-age=0", "max-stale", "only-if-cached"}[rand.IntN(5)])
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				body := w.Body.String()
				if method == "HEAD" || w.Code == http.StatusGatewayTimeout {
					continue
				}
				answers.Add(1)
				if strings.Contains(w.Header().Get("Cache-Status"), "; hit") {
					hits.Add(1)
				}
				parts := strings.Split(body, "|")
				if len(parts) != 5 || parts[0] != owner(r) && (identify == nil || parts[0] != groupOf(r)) || parts[1] != r.URL.RequestURI() ||
					parts[2] != "any" && parts[2] != languageOf(r) || parts[3] != "any" && parts[3] != domainOf(r) {
					if crossed.Add(1) < 5 {
						t.Logf("%s %v with %v got %d %q, %s; its owner is %s", r.Method, r.URL, r.Header, w.Code, body[:min(60, len(body))], w.Header(), owner(r))
					}
				}
			}
		})
	}
	done.Wait()
	if n := crossed.Load(); n != 0 {
		t.Errorf("%d of %d answers reached another reader", n, answers.Load())
	}
	ratio := float64(hits.Load()) / float64(answers.Load())
	t.Logf("%d answers, hit ratio %.3f, %+v", answers.Load(), ratio, c.Stats())
	if ratio < 0.3 || ratio > 0.8 {
		t.Errorf("hit ratio %.3f is outside 0.3 to 0.8", ratio)
	}
	if c.Stats().Mismatches != 0 {
		t.Errorf("%d records stood under another's key", c.Stats().Mismatches)
	}
}

func languageOf(r *http.Request) string { return fmt.Sprint(r.Header["Accept-Language"]) }

// domainOf is what an origin may make of a request, of which no key holds anything.
func domainOf(r *http.Request) string {
	return fmt.Sprint(r.Header["X-Domain"], r.Header["X-Forwarded-Host"])
}

// A record under a key that is not its own is a miss, is counted, and is gone: planted here as no
// code of the cache would.
func TestOwnKeyIsChecked(t *testing.T) {
	o := &origin{header: header(fresh)}
	c := new(Cache)
	h := c.Handler(o)
	ask(h, get("Authorization: Bearer alice"))
	ask(h, get("Authorization: Bearer bob"))
	var keys []Key
	for k := range c.state.memory.records.Keys() {
		keys = append(keys, k)
	}
	a, _ := c.state.memory.records.GetIfPresent(keys[0])
	c.state.memory.records.Set(keys[1], a)
	for _, who := range []string{"alice", "bob"} {
		r := get("Authorization: Bearer " + who)
		if body := text(t, ask(h, r)); !strings.HasPrefix(body, owner(r)) {
			t.Errorf("%s received another reader's response", who)
		}
	}
	if n := c.Stats().Mismatches; n != 1 {
		t.Errorf("%d mismatches counted, want 1", n)
	}
}

// TestRecordWeight holds the weight of records against what the heap really grew by, and that against what
// there is to be kept.
func TestRecordWeight(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("coverage counters change the heap")
	}
	records := 8_000
	if n, err := strconv.Atoi(os.Getenv("RECORDS")); err == nil { // for docs/performance.md: more share what is there once
		records = n
	}
	for _, tt := range []struct {
		name    string
		size    int
		pieces  int
		readers int
		most    int64 // bytes over body, fields and URI
	}{
		{"no body", 0, 1, 1, 450},
		{"a kilobyte", 1024, 1, 1, 450},
		{"in pieces", 2700, 27, 1, 900}, // memory comes in sizes up to an eighth apart
		{"a reader for each", 1024, 1, records, 600},
	} {
		c := &Cache{Memory: 1 << 30, Quota: 1 << 30}
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Cache-Control"] = []string{"max-age=60"}
			w.Header()["Content-Type"] = []string{"application/json"}
			w.Header()["Etag"] = []string{`"` + r.URL.Path + `"`}
			w.Header()["Vary"] = []string{"Accept-Encoding"}
			for range tt.pieces {
				io.WriteString(w, strings.Repeat("x", tt.size/tt.pieces))
			}
		}))
		ask(h, get("Authorization: Bearer token-0"))
		before := heap()
		for i := range records {
			ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i), fmt.Sprintf("Authorization: Bearer token-%d", i%tt.readers)))
		}
		grown := (heap() - before) / int64(records)
		c.state.memory.records.CleanUp()
		var kept int64
		for k, r := range c.state.memory.records.All() {
			kept += int64(len(k.TargetURI) + len(r.variants[0].body))
			for name, lines := range r.variants[0].fields.sent() {
				kept += int64(len(name) + len(strings.Join(lines, "")))
			}
		}
		weighed := c.Stats().Weight / int64(records)
		over := grown - kept/int64(records)
		t.Logf("%s: the heap grew by %d bytes a record, %d over body, fields and URI; weighed %d", tt.name, grown, over, weighed)
		if weighed < grown {
			t.Errorf("%s: %d bytes weigh only %d: the budget would be exceeded", tt.name, grown, weighed)
		}
		if weighed > 2*grown {
			t.Errorf("%s: %d bytes weigh %d: half the budget would be wasted", tt.name, grown, weighed)
		}
		if over > tt.most {
			t.Errorf("%s: %d bytes of overhead", tt.name, over)
		}
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Memory stays within its budget whatever number of readers there is.
func TestMemoryIsBounded(t *testing.T) {
	c := &Cache{Memory: 1 << 20}
	h := c.Handler(&origin{header: header(fresh)})
	for i := range 20_000 {
		ask(h, get(fmt.Sprintf("Authorization: Bearer token-%d", i)))
	}
	c.state.memory.records.CleanUp()
	if w := c.Stats().Weight; w > 1<<20 {
		t.Errorf("%d bytes are stored", w)
	}
	if c.Stats().Records == 0 {
		t.Error("nothing is stored")
	}
	c = &Cache{Memory: 4096}
	o := &origin{header: header(fresh, "X-Big: "+strings.Repeat("x", 8192))}
	h = c.Handler(o)
	ask(h, get())
	if ask(h, get()); o.calls.Load() != 2 || c.Stats().Refused != 2 {
		t.Errorf("a record heavier than the budget: %d calls, %d refused", o.calls.Load(), c.Stats().Refused)
	}
}
