package bearcache

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What readers have in common is not written to for one of them: each test here was once a way to do it,
// or to be served what should be gone.

// Somebody whom Identify tells by what is no field is somebody all the same.
func TestReleaseToSomebodyWithoutCredentials(t *testing.T) {
	o := &origin{header: header(fresh)}
	h := (&Cache{ShareReleased: true, Identify: func(r *http.Request) (Identity, error) {
		return Identity{Issuer: "net", Subject: r.RemoteAddr}, nil
	}}).Handler(o)
	for i, address := range []string{"10.0.0.1:1", "10.0.0.2:1"} {
		r := get()
		r.RemoteAddr = address
		resp := ask(h, r)
		if o.calls.Load() != int64(i+1) || !strings.HasPrefix(resp.Header.Get("Cache-Control"), "private") {
			t.Errorf("%s: %d calls, %v", address, o.calls.Load(), resp.Header)
		}
	}
}

// A 304 or a response to HEAD that was made for one reader leaves nothing of that reader in what everybody is given.
func TestFieldsOfOneReaderStayOutOfShared(t *testing.T) {
	for _, released := range []bool{false, true} {
		for _, who := range []string{"X-Domain: alice", "Authorization: Bearer alice"} {
			for _, method := range []string{"GET", "HEAD"} {
				personal := false
				c, pass := clocked(&Cache{ShareReleased: released})
				h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Etag", `"1"`)
					if personal {
						w.Header().Set("X-User", "alice")
						if r.Method == "GET" {
							w.WriteHeader(http.StatusNotModified)
						}
						return
					}
					w.Header().Set("Cache-Control", "public, max-age=10")
					io.WriteString(w, "for all")
				}))
				ask(h, get())
				pass(11 * time.Second)
				personal = true
				ask(h, request(method, "http://api.test/me", who))
				personal = false
				if resp := ask(h, get()); resp.Header.Get("X-User") != "" || text(t, resp) != "for all" {
					t.Errorf("%s by %s, ShareReleased %v: everybody gets %v", method, who, released, resp.Header)
				}
			}
		}
	}
}

// Nor do fields that were made for nobody in particular reach those with fields of unknown meaning by the word
// of an older response.
func TestOlderWordReleasesNothingNewer(t *testing.T) {
	later := false
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("X-Domain-Was", r.Header.Get("X-Domain"))
		if later && r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=10")
	}))
	ask(h, get())
	pass(11 * time.Second)
	later = true
	ask(h, get())
	if got := ask(h, get("X-Domain: 1")).Header.Get("X-Domain-Was"); got != "1" {
		t.Errorf("%q", got)
	}
}

// An origin that names some unknown fields in Vary may still answer by others.
func TestVaryNamesOtherFields(t *testing.T) {
	o := &origin{header: header(fresh, "Vary: RSC, Next-Router-State-Tree, Accept-Encoding")}
	h := new(Cache).Handler(o)
	for _, who := range [][]string{{"X-Domain: alice"}, {"X-Domain: bob"}, nil} {
		before := o.calls.Load()
		if ask(h, get(who...)); o.calls.Load() == before {
			t.Errorf("%q was given another's", who)
		}
	}
}

// What may be served stale is asked about again when it is: while the origin was trying, the token may
// have ended, the resource may have changed, and the reader may have been refused.
func TestBridgeOverWhatEnded(t *testing.T) {
	alice := "Authorization: Bearer " + token(t, time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC))
	for _, what := range []string{"nothing", "the token ends", "a POST succeeds", "the reader is refused"} {
		answering := 200
		var meanwhile func()
		c, pass := clocked(new(Cache))
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if f := meanwhile; f != nil {
				meanwhile = nil
				f()
				answering = 503
			}
			w.Header().Set("Cache-Control", "max-age=10, stale-if-error=600")
			w.WriteHeader(answering)
			io.WriteString(w, "old")
		}))
		ask(h, get(alice))
		pass(11 * time.Second)
		meanwhile = func() {
			switch what {
			case "the token ends":
				pass(time.Minute)
			case "a POST succeeds":
				ask(h, request("POST", "http://api.test/me", "Authorization: Bearer bob"))
			case "the reader is refused":
				answering = 403
				ask(h, get(alice, "Cache-Control: no-cache"))
			}
		}
		if resp := ask(h, get(alice)); (resp.StatusCode == 200) != (what == "nothing") {
			t.Errorf("%s, and the answer is %d %s", what, resp.StatusCode, resp.Header.Get("Cache-Status"))
		}
	}
}

// An error that one odd request met takes nothing from the others, whatever its Vary says.
func TestErrorsDisplaceNothing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		fields []string
	}{
		{"400 with a lifetime, and no Vary", 400, []string{fresh}},
		{"500 with a lifetime, and another Vary", 500, []string{fresh, "Vary: Accept"}},
		{"400", 400, nil}, {"401", 401, nil}, {"403", 403, nil}, {"404", 404, nil}, {"429", 429, nil},
	} {
		o := &origin{header: header(fresh, "Vary: Accept-Encoding")}
		h := new(Cache).Handler(o)
		ask(h, get("Accept-Encoding: gzip"))
		o.header, o.status = header(tt.fields...), tt.status
		for _, odd := range []string{"Accept-Encoding: gzip", "Accept-Encoding: evil"} {
			ask(h, get("Accept: evil", odd, "Cache-Control: no-cache"))
		}
		calls := o.calls.Load()
		if resp := ask(h, get("Accept-Encoding: gzip")); resp.StatusCode != 200 || o.calls.Load() != calls {
			t.Errorf("%s: everybody gets %d", tt.name, resp.StatusCode)
		}
	}
}

// A 304 that a request for nobody else brought forgets nothing of everybody's.
func TestConfirmedForOneOnly(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		o := newVersioned("Cache-Control: public, max-age=60")
		h := new(Cache).Handler(o)
		ask(h, get())
		ask(h, request(method, "http://api.test/me", "X-Forwarded-Host: evil.test", "Cache-Control: no-cache"))
		calls := o.calls.Load()
		if ask(h, get()); o.calls.Load() != calls {
			t.Errorf("%s: what everybody had is gone", method)
		}
	}
}

// A body that is shorter than was announced is not stored, also where the client is answered 304.
func TestShortBodyBehindNotModified(t *testing.T) {
	version := 1
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=10")
		w.Header().Set("Etag", fmt.Sprintf(`"%d"`, version))
		if version == 2 {
			w.Header().Set("Content-Length", "10")
		}
		io.WriteString(w, "abc")
	}))
	ask(h, get())
	pass(11 * time.Second)
	version = 2
	if resp := ask(h, get(`If-None-Match: "2"`)); resp.StatusCode != 304 {
		t.Fatal(resp.StatusCode)
	}
	version = 3
	if got := ask(h, get()).Header.Get("Cache-Status"); strings.Contains(got, "hit") {
		t.Errorf("three bytes of ten are stored: %s", got)
	}
}

// What was found out about a body stays known when it is confirmed: its length and its type.
func TestConfirmedBodyKeepsItsType(t *testing.T) {
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=10")
		w.Header().Set("Etag", `"1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "plain text <html>")
	}))
	ask(h, get())
	pass(11 * time.Second)
	ask(h, get())
	for _, asked := range []string{"Accept: */*", "Range: bytes=11-"} {
		for _, method := range []string{"GET", "HEAD"} {
			resp := ask(h, request(method, "http://api.test/me", asked))
			if resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" || resp.Header.Get("Content-Length") == "" {
				t.Errorf("%s, %s: %v", method, asked, resp.Header)
			}
		}
	}
}

// What a reader was told is gone does not come back by an answer that was under way.
func TestGoneStaysGone(t *testing.T) {
	for _, status := range []int{404, 410, 403} {
		synctest.Test(t, func(t *testing.T) {
			var gone bool
			held := make(chan struct{})
			c := new(Cache)
			h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Etag", `"1"`)
				switch {
				case r.Header.Get("If-None-Match") != "" && !gone: // decided, and slow to arrive
					w.Header().Set("Cache-Control", "max-age=10")
					<-held
					w.WriteHeader(http.StatusNotModified)
				case gone:
					w.WriteHeader(status)
				default:
					w.Header().Set("Cache-Control", "max-age=10, stale-while-revalidate=60")
					io.WriteString(w, "old")
				}
			}))
			me := func(lines ...string) *http.Request { return get(append(lines, "Authorization: Bearer a")...) }
			ask(h, me())
			time.Sleep(11 * time.Second)
			ask(h, me())
			synctest.Wait()
			time.Sleep(time.Second)
			gone = true
			if resp := ask(h, me("Cache-Control: no-cache")); resp.StatusCode != status {
				t.Fatal(resp.StatusCode)
			}
			close(held)
			synctest.Wait()
			if resp := ask(h, me()); resp.StatusCode != status {
				t.Errorf("after %d: %d %s", status, resp.StatusCode, resp.Header.Get("Cache-Status"))
			}
			c.Close()
		})
	}
}

// A slow answer does not take the place of one that its origin made later.
func TestLaterResponseStays(t *testing.T) {
	version, at := 1, "Thu, 01 Jan 2026 00:00:01 GMT"
	var meanwhile func()
	c, pass := clocked(new(Cache))
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, date := version, at
		if f := meanwhile; f != nil {
			meanwhile = nil
			f()
		}
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Date", date)
		fmt.Fprintf(w, "version %d", v)
	}))
	meanwhile = func() {
		pass(time.Second)
		version, at = 2, "Thu, 01 Jan 2026 00:00:02 GMT"
		ask(h, get("Cache-Control: no-cache"))
	}
	ask(h, get())
	if got := text(t, ask(h, get())); got != "version 2" {
		t.Errorf("%q", got)
	}
}

// A handler behind the cache may do with its request what it likes.
func TestHandlerEditsItsRequest(t *testing.T) {
	end := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	c, pass := clocked(new(Cache))
	calls := 0
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		r.Header.Del("Authorization")
		r.URL.Path = "/elsewhere"
		w.Header().Set("Cache-Control", "max-age=600")
	}))
	alice := "Authorization: Bearer " + token(t, end)
	ask(h, get(alice))
	if ask(h, get(alice)); calls != 1 {
		t.Fatal("nothing was stored")
	}
	ask(h, request("POST", "http://api.test/me", alice))
	if ask(h, get(alice)); calls != 3 {
		t.Error("a POST did not invalidate")
	}
	pass(time.Minute)
	if ask(h, get(alice)); calls != 4 {
		t.Error("served past the end of the token")
	}
}

// Clients that leave while they wait are no requests any more.
func TestWaitersWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(fresh)
		h := new(Cache).Handler(g)
		var wg sync.WaitGroup
		wg.Go(func() { ask(h, get()) })
		synctest.Wait()
		for range 50 {
			ctx, leave := context.WithCancel(t.Context())
			wg.Go(func() { leaving(h, get().WithContext(ctx)) })
			synctest.Wait()
			leave()
		}
		synctest.Wait()
		if g.calls.Load() != 1 {
			t.Errorf("%d calls for one client", g.calls.Load())
		}
		close(g.open)
		wg.Wait()
	})
}

// Who waits for what could not be reused in any case goes at once.
func TestNobodyWaitsForWhatIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls int
		var mu sync.Mutex
		body := make(chan struct{})
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			calls++
			mu.Unlock()
			w.Header().Set("Cache-Control", "max-age=0, must-revalidate")
			w.Header().Set("Etag", `"1"`)
			w.WriteHeader(200)
			<-body
		}))
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { ask(h, get()) })
			synctest.Wait()
		}
		if calls != 10 {
			t.Errorf("%d of 10 wait", 10-calls)
		}
		close(body)
		wg.Wait()
	})
}

// An identity that ends while it waits is not given what a longer one brought.
func TestIdentityEndsWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(fresh)
		h := (&Cache{Identify: func(r *http.Request) (Identity, error) {
			id := Identity{Issuer: "i", Subject: "s", Until: time.Now().Add(time.Hour)}
			if r.Header.Get("Authorization") == "Bearer short" {
				id.Until = time.Now().Add(5 * time.Second)
			}
			return id, nil
		}}).Handler(g)
		var wg sync.WaitGroup
		wg.Go(func() { ask(h, get("Authorization: Bearer long")) })
		synctest.Wait()
		wg.Go(func() { ask(h, get("Authorization: Bearer short")) })
		synctest.Wait()
		time.Sleep(8 * time.Second)
		close(g.open)
		wg.Wait()
		if g.calls.Load() != 2 {
			t.Errorf("%d calls", g.calls.Load())
		}
	})
}

// A stale response bridges an error whose own body breaks off, too; and trailers reach the client where a
// handler sets them in the fields that it was given at first.
func TestHeldBackResponses(t *testing.T) {
	how := ""
	c, pass := clocked(new(Cache))
	server := httptest.NewServer(c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "max-age=10, stale-if-error=60")
		switch how {
		case "broken":
			w.WriteHeader(503)
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		case "trailers":
			h.Set("Trailer", "X-Sum")
			io.WriteString(w, "new")
			h.Set("X-Sum", "7")
			h.Set(http.TrailerPrefix+"X-Late", "8")
			return
		}
		io.WriteString(w, "good")
	})))
	defer server.Close()
	fetch := func() (string, http.Header) {
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body), resp.Trailer
	}
	fetch()
	pass(11 * time.Second)
	how = "broken"
	if got, _ := fetch(); got != "good" {
		t.Errorf("%q", got)
	}
	how = "trailers"
	for range 2 {
		if got, trailer := fetch(); got != "new" || trailer.Get("X-Sum") != "7" || trailer.Get("X-Late") != "8" {
			t.Errorf("%q, trailers %v", got, trailer)
		}
	}
}

// What is evicted leaves nothing in the lists that quotas keep.
func TestQuotasKeepNothingOfWhatIsGone(t *testing.T) {
	c := &Cache{Memory: 8 << 20}
	body := make([]byte, 60_000)
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		if r.URL.Path != "/hot" {
			w.Write(body)
		}
	}))
	before := heap()
	for i := range 1_000 {
		who := fmt.Sprintf("Authorization: Bearer token-%d", i)
		for j := range 10 {
			ask(h, request("GET", "http://api.test/hot", who))
			ask(h, request("GET", fmt.Sprintf("http://api.test/%s/%d", strings.Repeat("x", 4000), j), who))
		}
	}
	c.state.memory.records.CleanUp()
	if grown := heap() - before; grown > 24<<20 {
		t.Errorf("the heap grew by %d MiB for a memory of 8", grown>>20)
	}
	runtime.KeepAlive(c)
}

// token is a JSON Web Token that states its end, signed by nobody.
func token(t *testing.T, end time.Time) string {
	t.Helper()
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"exp":%d}`, end.Unix())) + ".c2ln"
}
