package bearcache

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// versioned is an origin of one resource with a version, which validates by it.
type versioned struct {
	version atomic.Int64
	calls   atomic.Int64
	header  atomic.Pointer[http.Header]
	status  atomic.Int64 // of the next answers; zero: 200 or 304
	asked   atomic.Pointer[http.Header]
	perUser bool // versions are of their reader
}

func newVersioned(lines ...string) *versioned {
	v := new(versioned)
	v.says(lines...)
	return v
}

func (v *versioned) says(lines ...string) { h := header(lines...); v.header.Store(&h) }

func (v *versioned) tag(r *http.Request) string {
	if v.perUser {
		return fmt.Sprintf(`"%s-%d"`, owner(r), v.version.Load())
	}
	return fmt.Sprintf(`"%d"`, v.version.Load())
}

func (v *versioned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.calls.Add(1)
	asked := r.Header.Clone()
	v.asked.Store(&asked)
	for name, values := range *v.header.Load() {
		w.Header()[name] = values
	}
	if status := v.status.Load(); status != 0 {
		w.WriteHeader(int(status))
		fmt.Fprintf(w, "%d", status)
		return
	}
	tag := v.tag(r)
	w.Header().Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprintf(w, "%s version %d", owner(r), v.version.Load())
}

// clocked is a cache whose clock stands until it is moved.
func clocked(c *Cache) (*Cache, func(time.Duration)) {
	var ns atomic.Int64
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Now = func() time.Time { return start.Add(time.Duration(ns.Load())) }
	return c, func(d time.Duration) { ns.Add(int64(d)) }
}

// A stale response is validated as the reader it belongs to, and lives on with the 304's fields.
func TestValidation(t *testing.T) {
	o := newVersioned("Cache-Control: max-age=10", "A: 1")
	c, pass := clocked(new(Cache))
	h := c.Handler(o)
	alice := func(lines ...string) *http.Request { return get(append(lines, "Authorization: Bearer alice")...) }
	first := text(t, ask(h, alice()))
	pass(11 * time.Second)
	o.says("Cache-Control: max-age=10", "A: 2")
	resp := ask(h, alice())
	if got := text(t, resp); got != first || resp.StatusCode != 200 {
		t.Errorf("%d %q, want %q", resp.StatusCode, got, first)
	}
	if got := resp.Header.Get("Cache-Status"); got != "bearcache; fwd=stale; fwd-status=304; stored" {
		t.Error(got)
	}
	if asked := *o.asked.Load(); asked.Get("If-None-Match") != `"0"` || asked.Get("Authorization") != "Bearer alice" {
		t.Errorf("the origin was asked with %v", asked)
	}
	if resp.Header.Get("A") != "2" || resp.Header.Get("Cache-Control") != "private, max-age=10" || resp.Header.Get("Age") != "0" {
		t.Errorf("%v", resp.Header)
	}
	if ask(h, alice()); o.calls.Load() != 2 {
		t.Error("what was validated is not fresh")
	}
	// Another version replaces it; the client's own condition is held against that.
	pass(11 * time.Second)
	o.version.Store(1)
	if resp := ask(h, alice(`If-None-Match: "1"`)); resp.StatusCode != 304 || text(t, resp) != "" {
		t.Errorf("%d, want 304", resp.StatusCode)
	}
	if got := text(t, ask(h, alice())); !strings.HasSuffix(got, "version 1") || o.calls.Load() != 3 {
		t.Errorf("%q after %d calls", got, o.calls.Load())
	}
	// And a condition of the client's that holds after validation.
	pass(11 * time.Second)
	if resp := ask(h, alice(`If-None-Match: "1"`)); resp.StatusCode != 304 || o.calls.Load() != 4 {
		t.Errorf("%d after %d calls", resp.StatusCode, o.calls.Load())
	}
	if resp := ask(h, request("HEAD", "http://api.test/me", "Authorization: Bearer alice")); resp.StatusCode != 200 || o.calls.Load() != 4 {
		t.Errorf("HEAD: %d after %d calls", resp.StatusCode, o.calls.Load())
	}
}

// A response without an entity tag is validated by its date, and by no condition of the client's.
func TestValidationByDate(t *testing.T) {
	const modified = "Wed, 31 Dec 2025 00:00:00 GMT"
	var asked http.Header
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		w.Header().Set("Cache-Control", "max-age=10")
		w.Header().Set("Last-Modified", modified)
		if r.Header.Get("If-Modified-Since") == modified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "good")
	}))
	ask(h, get())
	pass(11 * time.Second)
	resp := ask(h, get(`If-None-Match: "7"`))
	if got := text(t, resp); got != "good" || asked.Get("If-Modified-Since") != modified || asked["If-None-Match"] != nil {
		t.Errorf("%d %q, asked with %v", resp.StatusCode, got, asked)
	}
}

// A part of what is stale is the origin's to give: no validation of the whole is mixed into the request.
func TestRangeOfWhatIsStale(t *testing.T) {
	o := newVersioned("Cache-Control: max-age=10")
	c, pass := clocked(new(Cache))
	h := c.Handler(o)
	ask(h, get())
	pass(11 * time.Second)
	ask(h, get("Range: bytes=0-1"))
	if asked := *o.asked.Load(); asked.Get("Range") != "bytes=0-1" || asked["If-None-Match"] != nil {
		t.Errorf("asked with %v", asked)
	}
}

// An identity that ends while its response is validated ends the storing.
func TestIdentityEndsDuringValidation(t *testing.T) {
	o := newVersioned("Cache-Control: max-age=10")
	var last Event
	c, pass := clocked(&Cache{Observe: func(e Event) { last = e }})
	until := c.Now().Add(15 * time.Second)
	c.Identify = func(*http.Request) (Identity, error) { return Identity{Subject: "a", Until: until}, nil }
	slow := time.Duration(0)
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass(slow)
		o.ServeHTTP(w, r)
	}))
	ask(h, get())
	pass(11 * time.Second)
	slow = 5 * time.Second
	if ask(h, get()); !last.Validated || last.Store != whyExpired {
		t.Errorf("validated: %v, %s", last.Validated, last.Store)
	}
}

// A 304 that takes back what was released: its answer goes out as any reader's does.
func TestReleaseTakenBack(t *testing.T) {
	o := newVersioned("Cache-Control: public, max-age=10")
	c, pass := clocked(&Cache{ShareReleased: true})
	h := c.Handler(o)
	ask(h, get("Authorization: Bearer a"))
	pass(11 * time.Second)
	o.says("Cache-Control: max-age=10")
	resp := ask(h, get("Authorization: Bearer a"))
	if resp.Header.Get("Cache-Control") != "private, max-age=10" || resp.Header.Get("Vary") != "Authorization" {
		t.Errorf("%v", resp.Header)
	}
}

// A 304 that forbids what was allowed ends the storing; the answer it confirms still goes out.
func TestNotModifiedMayForbid(t *testing.T) {
	for _, tt := range []struct {
		name, said string
		who        []string
	}{
		{"no-store", "Cache-Control: no-store", []string{"Authorization: Bearer a"}},
		{"private in Shared", "Cache-Control: private, max-age=10", nil},
		{"Vary: *", "Vary: *", nil},
		{"Set-Cookie is its reader's", "Set-Cookie: a=1", nil},
	} {
		o := newVersioned("Cache-Control: max-age=10")
		c, pass := clocked(new(Cache))
		h := c.Handler(o)
		first := text(t, ask(h, get(tt.who...)))
		pass(11 * time.Second)
		o.says(tt.said)
		resp := ask(h, get(tt.who...))
		if got := text(t, resp); got != first || (resp.Header.Get("Set-Cookie") != "") != (tt.said[0] == 'S') {
			t.Errorf("%s: %q, %v", tt.name, got, resp.Header)
		}
		calls := o.calls.Load()
		ask(h, get(tt.who...))
		if stored := o.calls.Load() == calls; stored != (tt.said[0] == 'S') {
			t.Errorf("%s: it is stored: %v", tt.name, stored)
		}
		if (*o.asked.Load())["If-None-Match"] != nil && tt.said[0] != 'S' {
			t.Errorf("%s: it is still validated", tt.name)
		}
		for _, rec := range c.state.memory.records.All() {
			for _, v := range rec.variants {
				if ask(h, get(tt.who...)).Header["Set-Cookie"] != nil || v.fields.original()["Set-Cookie"] != nil {
					t.Errorf("%s: a cookie is stored", tt.name)
				}
			}
		}
	}
}

// A 304 about another representation says nothing about the stored one (§4.3.4): the origin is asked
// again, without a condition.
func TestNotModifiedAboutAnother(t *testing.T) {
	calls := 0
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.Header().Set("Cache-Control", "max-age=10")
		w.Header().Set("Etag", fmt.Sprintf(`"%d"`, calls))
		w.Header().Set("Last-Modified", "Wed, 31 Dec 2025 00:00:00 GMT")
		if r.Header.Get("If-None-Match") != "" {
			w.Header().Set("X-From-304", "1")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintf(w, "body %d", calls)
	}))
	ask(h, get())
	pass(11 * time.Second)
	resp := ask(h, get())
	if got := text(t, resp); got != "body 3" || resp.Header.Get("X-From-304") != "" || resp.Header.Get("Etag") != `"3"` {
		t.Errorf("%q, %v", got, resp.Header)
	}
}

// 401, 403 and 404 in answer to a validation go to the client (§4.3.3), and none of them leaves
// anything behind that would be served again.
func TestValidationRefused(t *testing.T) {
	for _, status := range []int64{401, 403, 404, 410, 429, 500, 503} {
		for _, who := range []string{"Authorization: Bearer a", "Accept: */*"} {
			o := newVersioned("Cache-Control: max-age=10")
			c, pass := clocked(new(Cache))
			h := c.Handler(o)
			ask(h, get(who))
			pass(11 * time.Second)
			o.status.Store(status)
			o.says()
			if resp := ask(h, get(who)); resp.StatusCode != int(status) || text(t, resp) != fmt.Sprint(status) {
				t.Errorf("%s: %d, want %d", who, resp.StatusCode, status)
			}
			o.status.Store(0)
			ask(h, get(who))
			if conditional := (*o.asked.Load()).Get("If-None-Match") != ""; conditional != (status >= 500 || status == 429) {
				t.Errorf("%s, after %d: the stored response is validated: %v", who, status, conditional)
			}
		}
	}
}

// A guessed entity tag confirms nothing that another has stored.
func TestGuessedTag(t *testing.T) {
	o := newVersioned("Cache-Control: max-age=10")
	o.perUser = true
	h := new(Cache).Handler(o)
	tag := ask(h, get("Authorization: Bearer alice")).Header.Get("Etag")
	if resp := ask(h, get("Authorization: Bearer bob", "If-None-Match: "+tag)); resp.StatusCode != 200 || o.calls.Load() != 2 {
		t.Errorf("%d after %d calls", resp.StatusCode, o.calls.Load())
	}
}

// Where the origin fails, a stale response bridges that only if nobody forbids it (§4.2.4, RFC 5861 §4).
func TestStaleOnError(t *testing.T) {
	abort := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	gateway := func(w http.ResponseWriter) { Unreachable(w); w.WriteHeader(502); io.WriteString(w, "no") }
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("X-Failed", "1")
			w.WriteHeader(code)
			io.WriteString(w, "no")
		}
	}
	for _, tt := range []struct {
		name   string
		cc     string
		fail   func(http.ResponseWriter)
		served bool
	}{
		{"it aborts", "max-age=10", abort, true},
		{"it cannot be reached", "max-age=10", gateway, true},
		{"503", "max-age=10", status(503), false},
		{"503, stale-if-error", "max-age=10, stale-if-error=60", status(503), true},
		{"404, stale-if-error", "max-age=10, stale-if-error=60", status(404), false},
		{"it aborts, must-revalidate", "max-age=10, must-revalidate", abort, false},
		{"it cannot be reached, no-cache", "max-age=10, no-cache", gateway, false},
		{"it cannot be reached, stale-if-error over", "max-age=10, stale-if-error=1", gateway, false},
	} {
		for _, who := range []string{"Authorization: Bearer a", "Accept: */*"} {
			down := false
			c, pass := clocked(new(Cache))
			h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if down {
					tt.fail(w)
					return
				}
				w.Header().Set("Cache-Control", tt.cc)
				w.Header().Set("Etag", `"1"`)
				io.WriteString(w, "good")
			}))
			ask(h, get(who))
			pass(12 * time.Second)
			down = true
			func() {
				defer func() {
					if v := recover(); v != nil && (tt.served || v != http.ErrAbortHandler) {
						t.Errorf("%s: panic %v", tt.name, v)
					}
				}()
				resp := ask(h, get(who))
				if got := text(t, resp); (got == "good") != tt.served || tt.served && resp.Header.Get("X-Failed") != "" {
					t.Errorf("%s, %s: %d %q %v", tt.name, who, resp.StatusCode, got, resp.Header)
				}
				if status := resp.Header.Get("Cache-Status"); tt.served && !strings.HasSuffix(status, "ttl=-2; detail=stale-on-error") {
					t.Errorf("%s: %s", tt.name, status)
				}
			}()
		}
	}
}

// What a handler aborts after it began to answer is aborted, and a handler's defect is no outage.
func TestOtherPanicsPass(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter){
		"aborted in the middle": func(w http.ResponseWriter) { io.WriteString(w, "half"); panic(http.ErrAbortHandler) },
		"aborted in the middle of what would be stored": func(w http.ResponseWriter) {
			w.Header()["Cache-Control"] = []string{"max-age=10"}
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		},
		"a defect": func(http.ResponseWriter) { panic("defect") },
	} {
		down := false
		c, pass := clocked(new(Cache))
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down {
				fail(w)
			}
			w.Header().Set("Cache-Control", "max-age=10, stale-if-error=60")
			io.WriteString(w, "good")
		}))
		ask(h, get())
		pass(11 * time.Second)
		down = true
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the cache went on", name)
				}
			}()
			ask(h, get())
		}()
	}
}

// stale-while-revalidate serves at once and asks the origin once, with the credentials of whoever asked
// last; what comes of it is what everybody gets next.
func TestStaleWhileRevalidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newVersioned("Cache-Control: max-age=10, stale-while-revalidate=60")
		release := make(chan bool)
		var hold atomic.Bool
		c := new(Cache)
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hold.Load() {
				<-release
			}
			o.ServeHTTP(w, r)
		}))
		me := func(lines ...string) *http.Request { return get(append(lines, "Authorization: Bearer a")...) }
		ask(h, me())
		time.Sleep(11 * time.Second)
		o.version.Store(1)
		hold.Store(true)
		for range 5 {
			resp := ask(h, me("Range: bytes=0-0", `If-None-Match: "7"`))
			if got := resp.Header.Get("Cache-Status"); got != "bearcache; hit; ttl=-1" || resp.StatusCode != 206 {
				t.Errorf("%d %s", resp.StatusCode, got)
			}
		}
		synctest.Wait()
		hold.Store(false)
		release <- true
		synctest.Wait()
		if o.calls.Load() != 2 {
			t.Errorf("%d calls, want 2", o.calls.Load())
		}
		if asked := *o.asked.Load(); asked.Get("Authorization") != "Bearer a" || asked.Get("Range") != "" || asked.Get("If-None-Match") != `"0"` {
			t.Errorf("asked with %v", asked)
		}
		if got := text(t, ask(h, me())); !strings.HasSuffix(got, "version 1") || o.calls.Load() != 2 {
			t.Errorf("%q after %d calls", got, o.calls.Load())
		}
		// A refusal in the background ends it.
		time.Sleep(11 * time.Second)
		o.status.Store(403)
		ask(h, me())
		synctest.Wait()
		if resp := ask(h, me()); resp.StatusCode != 403 {
			t.Errorf("%d after a refused validation", resp.StatusCode)
		}
		c.Close()
	})
}

// What refreshes a response asks for the whole, outlives its client, and ends with the cache.
func TestRefreshIsTheCaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		var asked atomic.Pointer[http.Request]
		c := new(Cache)
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) > 1 {
				asked.Store(r)
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Cache-Control", "max-age=10, stale-while-revalidate=60")
			io.WriteString(w, "good")
		}))
		ask(h, get())
		time.Sleep(11 * time.Second)
		ctx, leave := context.WithCancel(t.Context())
		ask(h, request("HEAD", "http://api.test/me", "Range: bytes=0-0", `If-None-Match: "7"`).WithContext(ctx))
		leave()
		synctest.Wait()
		r := asked.Load()
		if r == nil || r.Context().Err() != nil || r.Method != "GET" || r.Header["Range"] != nil || r.Header["If-None-Match"] != nil {
			t.Fatalf("the origin was asked with %+v", r)
		}
		c.Close() // would hang for good if the origin were still asked
	})
}

// A handler that panics in the background takes no process along.
func TestRefreshPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var calls atomic.Int64
		c := &Cache{Logger: slog.New(slog.NewTextHandler(&log, nil))}
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) > 1 {
				panic("secret")
			}
			w.Header().Set("Cache-Control", "max-age=10, stale-while-revalidate=60")
			io.WriteString(w, "good")
		}))
		ask(h, get())
		time.Sleep(11 * time.Second)
		ask(h, get())
		c.Close()
		if calls.Load() != 2 || !strings.Contains(log.String(), "panicked") || strings.Contains(log.String(), "secret") {
			t.Errorf("%d calls, logged %q", calls.Load(), log.String())
		}
	})
}

// Validations that nobody waits for are so many at once, and none after Close.
func TestBackgroundIsBounded(t *testing.T) {
	b := newBackground()
	for i := range backgroundLimit + 1 {
		if started := b.start(func(ctx context.Context) { <-ctx.Done() }); started != (i < backgroundLimit) {
			t.Errorf("%d run, and one more: %v", i, started)
		}
	}
	b.close()
	if b.start(func(context.Context) {}) {
		t.Error("started after the end")
	}
}

// What a HEAD brings is taken to the stored response, or ends it (§4.3.5).
func TestHeadFreshens(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		calls int64 // after a GET that follows
		a     string
	}{
		{"new fields", []string{"Cache-Control: max-age=10", `Etag: "1"`, "A: 2"}, 2, "2"},
		{"another length", []string{"Cache-Control: max-age=10", "A: 2", "Content-Length: 7"}, 3, "1"},
		{"no-store", []string{"Cache-Control: no-store", `Etag: "1"`}, 3, "1"},
		{"a cookie beside them", []string{"Cache-Control: max-age=10", `Etag: "1"`, "A: 2", "Set-Cookie: a=1"}, 2, "2"},
	} {
		for _, age := range []time.Duration{9 * time.Second, 11 * time.Second} { // fresh, and stale
			o := &origin{header: header("Cache-Control: max-age=10", `Etag: "1"`, "A: 1")}
			c, pass := clocked(new(Cache))
			h := c.Handler(o)
			ask(h, get("Authorization: Bearer a"))
			pass(age)
			o.header = header(tt.lines...)
			ask(h, request("HEAD", "http://api.test/me", "Authorization: Bearer a", "Cache-Control: no-cache"))
			o.header = header("Cache-Control: max-age=10", `Etag: "1"`, "A: 1")
			if resp := ask(h, get("Authorization: Bearer a")); o.calls.Load() != tt.calls || resp.Header.Get("A") != tt.a {
				t.Errorf("%s, after %v: %d calls, A: %s", tt.name, age, o.calls.Load(), resp.Header.Get("A"))
			}
		}
	}
}

// Parts of a complete stored response (RFC 9110 §14).
func TestRanges(t *testing.T) {
	o := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("Last-Modified", "Wed, 31 Dec 2025 00:00:00 GMT")
		io.WriteString(w, "0123456789")
	})
	h := new(Cache).Handler(o)
	ask(h, get())
	for _, tt := range []struct {
		asked  []string
		status int
		body   string
		part   string
	}{
		{[]string{"Range: bytes=0-3"}, 206, "0123", "bytes 0-3/10"},
		{[]string{"Range: bytes=8-"}, 206, "89", "bytes 8-9/10"},
		{[]string{"Range: bytes=-3"}, 206, "789", "bytes 7-9/10"},
		{[]string{"Range: bytes=10-"}, 416, "", "bytes */10"},
		{[]string{"Range: bytes=0-0,2-3"}, 200, "0123456789", ""},
		{[]string{"Range: lines=0-1"}, 200, "0123456789", ""},
		{[]string{"Range: bytes=0-3", `If-Range: "1"`}, 206, "0123", "bytes 0-3/10"},
		{[]string{"Range: bytes=0-3", `If-Range: "2"`}, 200, "0123456789", ""},
		{[]string{"Range: bytes=0-3", `If-None-Match: "1"`}, 304, "", ""},
	} {
		resp := ask(h, get(tt.asked...))
		body := text(t, resp)
		if resp.StatusCode != tt.status || body != tt.body || resp.Header.Get("Content-Range") != tt.part || !strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
			t.Errorf("%q: %d %q %v", tt.asked, resp.StatusCode, body, resp.Header)
		}
		if length := resp.Header.Get("Content-Length"); tt.status != 304 && length != fmt.Sprint(len(tt.body)) {
			t.Errorf("%q: Content-Length %s", tt.asked, length)
		}
	}
}

// A part of what is stored stands in for a part that the origin fails to give, and is not given up for one
// that it gives.
func TestRangeOfTheStale(t *testing.T) {
	c, pass := clocked(new(Cache))
	status := http.StatusOK
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=10, stale-if-error=600"}
		switch {
		case status == 0:
			Unreachable(w)
			w.WriteHeader(http.StatusBadGateway)
		case status == http.StatusOK && r.Header["Range"] != nil:
			w.Header()["Content-Range"] = []string{"bytes 0-3/10"}
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "ABCD")
		default:
			w.WriteHeader(status)
			io.WriteString(w, "0123456789")
		}
	}))
	ask(h, get("Authorization: Bearer a"))
	pass(11 * time.Second)
	for _, tt := range []struct {
		status int
		want   string
		code   int
	}{{500, "0123", 206}, {0, "0123", 206}, {200, "ABCD", 206}, {503, "0123", 206}} {
		status = tt.status
		resp := ask(h, get("Authorization: Bearer a", "Range: bytes=0-3"))
		if got := text(t, resp); got != tt.want || resp.StatusCode != tt.code {
			t.Errorf("%d: %d %q %v", tt.status, resp.StatusCode, got, resp.Header)
		}
	}
}

// Responses with 1xx ones before them, whether they may be held back or not: the fields of these are theirs alone,
// also where a 304 comes after them.
func TestInterimResponsesPass(t *testing.T) {
	for _, tag := range []string{"", `"1"`} {
		c, pass := clocked(new(Cache))
		server := httptest.NewServer(c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			w.Header().Set("Cache-Control", "max-age=10")
			if tag != "" {
				w.Header().Set("Etag", tag)
			}
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			io.WriteString(w, "all")
		})))
		defer server.Close()
		for range 2 {
			resp, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, resp); got != "all" || resp.Header.Get("Link") != "" {
				t.Errorf("Etag %s: %q %v", tag, got, resp.Header)
			}
			pass(11 * time.Second)
		}
	}
}

// What everybody may have of errors: what the origin gave a lifetime of its own, for a moment, and never
// in place of something good.
func TestErrorsForEverybody(t *testing.T) {
	o := &origin{header: header("Cache-Control: max-age=60"), status: 500}
	c, pass := clocked(new(Cache))
	h := c.Handler(o)
	ask(h, get())
	if ask(h, get()); o.calls.Load() != 1 {
		t.Error("an error with a lifetime is not stored")
	}
	pass(10 * time.Second)
	o.status = 200
	if ask(h, get()); o.calls.Load() != 2 {
		t.Error("an error outlives its moment")
	}
	o.status = 500
	ask(h, get("Cache-Control: no-cache"))
	if resp := ask(h, get()); resp.StatusCode != 200 || o.calls.Load() != 3 {
		t.Errorf("an error took a good response's place: %d after %d calls", resp.StatusCode, o.calls.Load())
	}
}

// A response to POST that says that it is what its target now is answers the reader's next GET, and nobody
// else's (RFC 9110 §9.3.3).
func TestPostedIsGot(t *testing.T) {
	alice := "Authorization: Bearer alice"
	for _, tt := range []struct {
		name     string
		fields   []string
		who      string
		by, hits string
		hit      bool
	}{
		{"its own target, and a lifetime", []string{fresh, "Content-Location: /me"}, alice, "POST", alice, true},
		{"to another", []string{fresh, "Content-Location: /me"}, alice, "POST", "Authorization: Bearer bob", false},
		{"to who sends the same field of unknown meaning", []string{fresh, "Content-Location: /me"}, "X-Thing: 1", "POST", "X-Thing: 1", false},
		{"to everybody", []string{fresh, "Content-Location: /me"}, "Accept: */*", "POST", "Accept: */*", false},
		{"another target", []string{fresh, "Content-Location: /you"}, alice, "POST", alice, false},
		{"no target", []string{fresh}, alice, "POST", alice, false},
		{"no lifetime", []string{`Etag: "1"`, "Content-Location: /me"}, alice, "POST", alice, false},
		{"no-store", []string{"Cache-Control: no-store, max-age=9", "Content-Location: /me"}, alice, "POST", alice, false},
		{"PUT", []string{fresh, "Content-Location: /me"}, alice, "PUT", alice, false},
	} {
		o := &origin{header: header(tt.fields...)}
		h := new(Cache).Handler(o)
		ask(h, get(tt.who))
		posted := ask(h, request(tt.by, "http://api.test/me", tt.who)).Header.Get("Cache-Status")
		if stored := strings.HasSuffix(posted, "; stored"); stored != (tt.hit || tt.name == "to another") {
			t.Errorf("%s: %s", tt.name, posted)
		}
		before := o.calls.Load()
		ask(h, get(tt.hits))
		if hit := o.calls.Load() == before; hit != tt.hit {
			t.Errorf("%s: hit = %v", tt.name, hit)
		}
	}
}

// ShareReleased follows §3.5; without it nothing that came with credentials leaves its partition.
func TestShareReleased(t *testing.T) {
	a, b := "Authorization: Bearer a", "Authorization: Bearer b"
	for _, tt := range []struct {
		name          string
		cc            string
		vary          string
		first, second []string
		hit           bool
	}{
		{"public, to another bearer", "public, max-age=60", "", []string{a}, []string{b}, true},
		{"public, to nobody", "public, max-age=60", "", []string{a}, nil, true},
		{"public, from nobody", "public, max-age=60", "", nil, []string{a}, true},
		{"s-maxage", "s-maxage=60", "", []string{a}, []string{b}, true},
		{"must-revalidate", "must-revalidate, max-age=60", "", []string{a}, []string{b}, true},
		{"max-age alone", "max-age=60", "", []string{a}, []string{b}, false},
		{"max-age alone, from nobody", "max-age=60", "", nil, []string{a}, false},
		{"proxy-revalidate", "proxy-revalidate, max-age=60", "", []string{a}, []string{b}, false},
		{"immutable", "immutable, max-age=60", "", []string{a}, []string{b}, false},
		{"public and private", "public, private, max-age=60", "", []string{a}, []string{b}, false},
		{"public that varies by token", "public, max-age=60", "Authorization", []string{a}, []string{b}, false},
		{"public that varies by token, the same", "public, max-age=60", "Authorization", []string{a}, []string{a}, true},
		{"public, with a field of unknown meaning", "public, max-age=60", "", []string{a, "X-A: 1"}, []string{b}, true},
		{"must-revalidate, with one, to others without it", "must-revalidate, max-age=60", "Accept", []string{a, "X-A: 1"}, []string{b}, false},
		{"must-revalidate, with one, to others with it", "must-revalidate, max-age=60", "", []string{a, "X-A: 1"}, []string{b, "X-A: 1"}, true},
		{"public, with one that names a host", "public, max-age=60", "", []string{a, "X-Forwarded-Host: evil.test"}, []string{b}, false},
		{"public, with one that names a host, to who names the same", "public, max-age=60", "", []string{a, "X-Forwarded-Host: evil.test"}, []string{b, "X-Forwarded-Host: evil.test"}, false},
		{"public, of a cookie", "public, max-age=60", "", []string{"Cookie: a=1"}, nil, true},
		{"max-age alone, of a cookie", "max-age=60", "", []string{"Cookie: a=1"}, nil, false},
	} {
		for _, released := range []bool{true, false} {
			o := &origin{header: header("Cache-Control: " + tt.cc)}
			if tt.vary != "" {
				o.header.Set("Vary", tt.vary)
			}
			h := (&Cache{ShareReleased: released}).Handler(o)
			said := ask(h, get(tt.first...)).Header.Get("Cache-Control")
			ask(h, get(tt.second...))
			want := tt.hit && (released || fmt.Sprint(tt.first) == fmt.Sprint(tt.second))
			if hit := o.calls.Load() == 1; hit != want {
				t.Errorf("%s, ShareReleased %v: hit = %v", tt.name, released, hit)
			}
			if private := strings.HasPrefix(said, "private"); tt.first != nil && tt.vary == "" && private == (released && tt.hit) {
				t.Errorf("%s, ShareReleased %v: Cache-Control: %s", tt.name, released, said)
			}
		}
	}
}
