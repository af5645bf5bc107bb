package bearcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// These tests are about those who put the cache into a program: what is easily got wrong there costs a
// miss, never a leak.

// echo answers by whoever asks, and lets everything be stored that may be.
func echo(by func(*http.Request) string, lines ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header(lines...) {
			w.Header()[name] = values
		}
		fmt.Fprintf(w, "for %s", by(r))
	})
}

type userKey struct{}

func userOf(r *http.Request) string {
	user, _ := r.Context().Value(userKey{}).(string)
	return user
}

func as(user string, r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), userKey{}, user))
}

// Tokens of machines often have no sub, and who is somebody is not Anonymous.
func TestIdentityWithoutASubject(t *testing.T) {
	for _, tt := range []struct {
		name string
		id   func(user string) Identity
	}{
		{"an issuer alone", func(string) Identity { return Identity{Issuer: "https://login.example"} }},
		{"a scope alone", func(string) Identity { return Identity{Issuer: "https://login.example", Scope: "orders"} }},
		{"Anonymous with a subject", func(user string) Identity {
			id := Anonymous
			id.Issuer, id.Subject = "app", user
			return id
		}},
		{"Anonymous with a scope", func(user string) Identity { id := Anonymous; id.Scope = user; return id }},
	} {
		c := &Cache{Identify: func(r *http.Request) (Identity, error) { return tt.id(userOf(r)), nil }}
		h := c.Handler(echo(userOf, "Cache-Control: max-age=60"))
		for _, user := range []string{"alice", "bob"} {
			resp := ask(h, as(user, get()))
			if got := text(t, resp); got != "for "+user || !strings.HasSuffix(resp.Header.Get("Cache-Status"), "detail=unidentified") {
				t.Errorf("%s: %s got %q (%s)", tt.name, user, got, resp.Header.Get("Cache-Status"))
			}
		}
	}
}

// Whom Identify tells by what no field says, Vary cannot tell from others either.
func TestIdentifiedByNoField(t *testing.T) {
	c := &Cache{Identify: func(r *http.Request) (Identity, error) {
		if userOf(r) == "" {
			return Anonymous, nil
		}
		return Identity{Issuer: "app", Subject: userOf(r)}, nil
	}}
	h := c.Handler(echo(userOf, "Cache-Control: max-age=60"))
	for _, tt := range []struct{ user, vary string }{{"alice", "*"}, {"alice", "*"}, {"", ""}} {
		if got := ask(h, as(tt.user, get())).Header.Get("Vary"); got != tt.vary {
			t.Errorf("%q: Vary is %q, want %q", tt.user, got, tt.vary)
		}
	}
	if got := ask(h, as("alice", request("GET", "http://api.test/else", "Authorization: Bearer a"))).Header.Get("Vary"); got != "Authorization" {
		t.Errorf("with a field: Vary is %q", got)
	}
}

// A public route is everybody's, whoever Identify would say asks.
func TestPublicRouteAsksNobody(t *testing.T) {
	for name, identify := range map[string]func(*http.Request) (Identity, error){
		"who needs a token": func(r *http.Request) (Identity, error) {
			if r.Header["Authorization"] == nil {
				return Identity{}, errors.New("no token")
			}
			return Identity{Issuer: "i", Subject: "s"}, nil
		},
		"who has a context": func(r *http.Request) (Identity, error) { return Identity{Issuer: "i", Subject: userOf(r)}, nil },
	} {
		c := &Cache{Identify: identify, Policy: func(*http.Request) Policy { return Policy{Public: true, Lifetime: time.Minute} }}
		h := c.Handler(echo(func(*http.Request) string { return "all" }))
		ask(h, as("alice", get("Authorization: Bearer a")))
		if status := ask(h, as("bob", get("Authorization: Bearer b"))).Header.Get("Cache-Status"); !strings.Contains(status, "; hit") {
			t.Errorf("%s: %s", name, status)
		}
	}
}

// An identity's texts may have the length of a digest, and are none.
func TestEventShowsNoSubject(t *testing.T) {
	var said string
	c := &Cache{
		Identify: func(*http.Request) (Identity, error) {
			return Identity{Subject: "an-api-key-of-32-bytes-abcdefghi"}, nil
		},
		Observe: func(e Event) { said = e.Partition() },
	}
	ask(c.Handler(http.NotFoundHandler()), get("Authorization: Bearer a"))
	if len(said) != 12 || strings.Contains("an-api-key-of-32-bytes-abcdefghi", said) {
		t.Errorf("the partition is called %q", said)
	}
}

// What Check lets through works as it was meant.
func TestCheckOfNames(t *testing.T) {
	for _, tt := range []struct {
		c  *Cache
		ok bool
	}{
		{&Cache{Credentials: []string{"Authorization", ""}}, false},
		{&Cache{Credentials: []string{"Authorization", "X-Zone:"}}, false},
		{&Cache{Credentials: []string{"X Zone"}}, false},
		{&Cache{Credentials: []string{"X-Zone"}}, true},
		{&Cache{Credentials: []string{}}, true},
		{&Cache{TrustedFields: []string{"X-Forwarded-For", "Via"}}, true},
		{&Cache{TrustedFields: []string{"X-Auth-Request-User"}}, false},
		{&Cache{TrustedFields: []string{"x-forwarded-user"}}, false},
		{&Cache{TrustedFields: []string{"X-Forwarded-Email"}}, false},
		{&Cache{Credentials: []string{"X-Zone"}, TrustedFields: []string{"x-zone"}}, false},
	} {
		if err := tt.c.Check(); (err == nil) != tt.ok {
			t.Errorf("%q, %q: %v", tt.c.Credentials, tt.c.TrustedFields, err)
		}
	}
}

// rewriting is a writer around the cache that changes values where they are.
type rewriting struct {
	http.ResponseWriter
	who string
}

func (w *rewriting) WriteHeader(status int) {
	for i := range w.Header()["Link"] {
		w.Header()["Link"][i] += "; for=" + w.who
	}
	w.ResponseWriter.WriteHeader(status)
}

// What is written into the fields of one hit is no other's.
func TestHitsShareNoLines(t *testing.T) {
	h := new(Cache).Handler(echo(userOf, "Cache-Control: public, max-age=60", "Link: </next>; rel=next"))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 10 {
				w := httptest.NewRecorder()
				who := fmt.Sprint("reader", i)
				h.ServeHTTP(&rewriting{w, who}, get())
				if got := w.Header().Get("Link"); got != "</next>; rel=next; for="+who {
					t.Errorf("%s got %q", who, got)
				}
			}
		})
	}
	all.Wait()
}

// X_Forwarded_Host is X-Forwarded-Host to CGI and WSGI: what it brings is not everybody's.
func TestReroutingInAnySpelling(t *testing.T) {
	for _, name := range []string{"X-Forwarded-Host", "X_Forwarded_Host", "X-Forwarded_Host", "X.Original.Url", "X_http_method_override", "X-Forwarded"} {
		h := new(Cache).Handler(echo(func(r *http.Request) string { return strings.Join(r.Header[name], "") }, "Cache-Control: public, max-age=60"))
		r := get()
		r.Header[name] = []string{"evil.example"}
		ask(h, r)
		if got := text(t, ask(h, get())); strings.Contains(got, "evil") {
			t.Errorf("%s: everybody gets %q", name, got)
		}
	}
}

// Whether a field of unknown meaning is a list is not known: what a spelling brings that only lists have in
// common with another is not stored for it.
func TestSpellingsOfUnknownFields(t *testing.T) {
	for _, tt := range []struct {
		first, second []string
		hit           bool
	}{
		{[]string{"Ann , Bob"}, []string{"Ann,Bob"}, false},
		{[]string{"Ann", "Bob"}, []string{"Ann,Bob"}, false},
		{[]string{" Ann"}, []string{"Ann"}, false},
		{[]string{"Ann,Bob"}, []string{"Ann,Bob"}, true},
		{[]string{"Ann, Bob"}, []string{"Ann, Bob"}, true},
		{[]string{"Ann, Bob"}, []string{"Ann", "Bob"}, true}, // RFC 9110 §5.3; its sender chose to write a list
	} {
		c := new(Cache)
		h := c.Handler(echo(func(r *http.Request) string { return fmt.Sprintf("%q", r.Header.Get("X-Name")) }, "Cache-Control: public, max-age=60"))
		for _, values := range [][]string{tt.first, tt.second} {
			r := get()
			r.Header["X-Name"] = values
			ask(h, r)
		}
		if hit := c.Stats().Hits == 1; hit != tt.hit {
			t.Errorf("%q, then %q: hit %v", tt.first, tt.second, hit)
		}
	}
}

// A field by which a response is stored or selected must not go with the connection.
func TestConnectionNamesWhatDecides(t *testing.T) {
	for _, tt := range []struct {
		nominated string
		stored    bool
	}{{"Vary", false}, {"cache-control", false}, {"Content-Type", false}, {"Cdn-Cache-Control", false}, {"X-Hop", true}, {"close", true}, {"Set-Cookie2", true}} {
		c := new(Cache)
		h := c.Handler(echo(func(r *http.Request) string { return r.Header.Get("Origin") }, "Cache-Control: max-age=60", "Cdn-Cache-Control: max-age=60",
			"Vary: Origin", "X-Hop: 1", "Content-Type: text/plain", "Connection: "+tt.nominated))
		for range 2 {
			ask(h, get("Origin: https://a.example"))
		}
		if stored := c.Stats().Hits == 1; stored != tt.stored {
			t.Errorf("Connection: %s: stored %v", tt.nominated, stored)
		}
	}
}

// Nor may a 304 or a response to HEAD have what it forbids go with the connection.
func TestConnectionOfWhatConfirms(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		c, pass := clocked(new(Cache))
		var hop bool
		h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Cache-Control"], w.Header()["Etag"] = []string{"max-age=60"}, []string{`"1"`}
			if hop {
				w.Header()["Cache-Control"], w.Header()["Connection"] = []string{"no-store"}, []string{"Cache-Control"}
				w.Header()["X-Hop"] = []string{"1"}
			}
			if r.Method == "GET" && r.Header["If-None-Match"] != nil {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			io.WriteString(w, "content")
		}))
		ask(h, get())
		pass(61 * time.Second)
		hop = true
		if got := text(t, ask(h, request(method, "http://api.test/me", "Accept: */*"))); method == "GET" && got != "content" {
			t.Errorf("%q", got)
		}
		for _, rec := range c.state.memory.records.All() {
			if f := rec.variants[0].fields.original(); f["X-Hop"] != nil {
				t.Errorf("%s: taken over: %v", method, f)
			}
		}
		if resp := ask(h, get("Cache-Control: only-if-cached")); resp.StatusCode != http.StatusGatewayTimeout {
			t.Errorf("%s: still fresh: %v", method, resp.Header)
		}
	}
}

// A megabyte of preferences is not read for each of the responses that it is held against.
func TestLongFieldsAreNotRead(t *testing.T) {
	h := new(Cache).Handler(echo(func(*http.Request) string { return "all" }, "Cache-Control: max-age=60", "Vary: Accept-Language, Accept-Encoding"))
	for i := range 16 {
		ask(h, get(fmt.Sprintf("Accept-Language: a%c", 'a'+i)))
	}
	r := get()
	r.Header["Accept-Language"] = []string{strings.Repeat("z,a,", 1<<18)}
	ask(h, r) // takes seconds otherwise; what it does to the variants is another test's
	long := strings.Repeat("en,de,", 200)
	c := new(Cache)
	h = c.Handler(echo(func(*http.Request) string { return "all" }, "Cache-Control: max-age=60", "Vary: Accept-Language"))
	for _, value := range []string{long, long, strings.ToUpper(long), "de", "DE"} {
		ask(h, get("Accept-Language: "+value))
	}
	if hits := c.Stats().Hits; hits != 2 {
		t.Errorf("%d hits, want one of the same bytes, and one of a short value in another spelling", hits)
	}
}

// What was purged while it was being validated is no answer, though it holds.
func TestPurgedWhileValidated(t *testing.T) {
	c := new(Cache)
	purge := false
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"], w.Header()["Etag"] = []string{"no-cache"}, []string{`"1"`}
		if r.Header["If-None-Match"] == nil {
			fmt.Fprintf(w, "purged %v", purge)
			return
		}
		if purge {
			c.Purge(context.Background(), Extent{Prefix: "http://api.test/"})
		}
		w.WriteHeader(http.StatusNotModified)
	}))
	for _, purge = range []bool{false, false, true} {
		if got, want := text(t, ask(h, get("Authorization: Bearer a"))), fmt.Sprintf("purged %v", purge); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A clock that was set back an hour keeps nothing fresh an hour longer.
func TestClockSetBack(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	serial := 0
	h := (&Cache{Now: func() time.Time { return now }}).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		serial++
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		io.WriteString(w, fmt.Sprint(serial))
	}))
	for _, tt := range []struct {
		step time.Duration
		want string
	}{{0, "1"}, {-time.Second, "1"}, {2 * time.Second, "1"}, {-time.Hour, "2"}, {0, "2"}} {
		now = now.Add(tt.step)
		if got := text(t, ask(h, get())); got != tt.want {
			t.Errorf("after %v: %s, want %s", tt.step, got, tt.want)
		}
	}
}

// What a handler around the cache says to one reader is said to that one, be it of a miss, a 304 or a HEAD.
func TestOuterFieldsAreNotStored(t *testing.T) {
	c, pass := clocked(new(Cache))
	inner := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		w.Header()["Cache-Control"], w.Header()["Etag"] = []string{"public, max-age=60"}, []string{`"1"`}
		w.Header()["Server-Timing"] = append(w.Header()["Server-Timing"], "origin")
		if r.Header["If-None-Match"] != nil && r.Method == "GET" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if r.Method != "HEAD" {
			io.WriteString(w, "catalogue")
		}
	}))
	ask := func(method, who string) http.Header {
		return ask(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["X-Ratelimit-Client"], w.Header()["Server-Timing"] = []string{who}, []string{who}
			w.Header()["Vary"] = []string{"Origin"}
			if who == "zip" {
				w.Header()["Content-Encoding"] = []string{"gzip"}
			}
			inner.ServeHTTP(w, r)
		}), request(method, "http://api.test/x", "Accept: */*")).Header
	}
	for i, tt := range []struct{ method, who, status string }{
		{"GET", "zip", "; stored"}, {"GET", "one", "; hit; ttl=60"}, {"HEAD", "two", "; hit; ttl=60"}, {"GET", "late", "; stored"}, {"GET", "three", "; hit; ttl=60"},
	} {
		if tt.who == "late" {
			pass(61 * time.Second)
		}
		h := ask(tt.method, tt.who)
		if got := h.Get("X-Ratelimit-Client"); got != tt.who || (h["Content-Encoding"] != nil) != (tt.who == "zip") || !strings.HasSuffix(h.Get("Cache-Status"), tt.status) {
			t.Errorf("%d: %s was told what was said to %s: %v", i, tt.who, got, h)
		}
		if got := strings.Join(h["Vary"], ", "); got != "Origin, Accept" {
			t.Errorf("%d: Vary is %q: what decisions rest on is kept", i, got)
		}
	}
	pass(61 * time.Second)
	ask("HEAD", "four") // updates what is stored
	if h := ask("GET", "five"); h.Get("X-Ratelimit-Client") != "five" || !strings.Contains(h.Get("Cache-Status"), "; hit") {
		t.Errorf("after HEAD: %v", h)
	}
}

// What they say that decides counts, as of whom an application answers by.
func TestOuterVaryCounts(t *testing.T) {
	inner := new(Cache).Handler(echo(func(r *http.Request) string { return r.Header.Get("Origin") }, "Cache-Control: max-age=60"))
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Vary"] = []string{"Origin"}
		inner.ServeHTTP(w, r)
	})
	for _, origin := range []string{"https://a.example", "https://b.example"} {
		if got := text(t, ask(h, get("Origin: "+origin))); got != "for "+origin {
			t.Errorf("%s got %q", origin, got)
		}
	}
}

// A request whose time has ended while it waited has no empty answer, which a cache further out would store.
func TestDeadlineOfOneThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			w.Header()["Cache-Control"] = []string{"max-age=60"}
			io.WriteString(w, "content")
		}))
		first := make(chan *http.Response)
		go func() { first <- ask(inner, get()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		resp := ask(inner, get().WithContext(ctx))
		if resp.StatusCode != http.StatusGatewayTimeout || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Cache-Status") != "bearcache; detail=deadline" {
			t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
		if got := text(t, <-first); got != "content" {
			t.Errorf("who led got %q", got)
		}
	})
}

// A request that came of another one does not wait for it, by whatever way it came back to the cache.
func TestCacheInsideItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(Cache)
		app := echo(func(*http.Request) string { return "all" }, "Cache-Control: max-age=60, stale-while-revalidate=60")
		nested := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" { // and back, over another
				c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					c.Handler(app).ServeHTTP(w, request("GET", "http://api.test/a").WithContext(r.Context()))
				})).ServeHTTP(w, request("GET", "http://api.test/b").WithContext(r.Context()))
				return
			}
			c.Handler(app).ServeHTTP(w, r)
		})
		start := time.Now()
		for _, path := range []string{"/x", "/a"} {
			if got := text(t, ask(c.Handler(nested), request("GET", "http://api.test"+path))); got != "for all" {
				t.Errorf("%s: %q", path, got)
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v", d)
		}
	})
}

// Nor does one that asks by a Transport of the same cache.
func TestHandlerAndTransportOfOneCache(t *testing.T) {
	origin := httptest.NewServer(echo(func(*http.Request) string { return "all" }, "Cache-Control: max-age=60"))
	defer origin.Close()
	u, _ := url.Parse(origin.URL)
	c := new(Cache)
	rt := &Transport{Cache: c}
	defer rt.CloseIdleConnections()
	front := c.Handler(&httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(u); p.Out.Host = p.In.Host },
		Transport: rt,
	})
	start := time.Now()
	if got := text(t, ask(front, request("GET", origin.URL+"/"))); got != "for all" {
		t.Errorf("%q", got)
	}
	if d := time.Since(start); d > clientLimit {
		t.Errorf("took %v", d)
	}
}

// stale-while-revalidate is kept, whatever goes on under other URLs.
func TestRefreshInSpiteOfLoners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(Cache)
		o := &origin{header: header("Cache-Control: max-age=60, stale-while-revalidate=86400")}
		h := c.Handler(o)
		ask(h, get())
		time.Sleep(time.Hour)
		c.state.flights.lone(flightKey{Key: Key{Shared, "http://api.test/me"}}, time.Now())
		ask(h, get())
		synctest.Wait()
		if got := ask(h, get()).Header.Get("Age"); got != "0" || o.calls.Load() != 2 {
			t.Errorf("Age %s after %d calls", got, o.calls.Load())
		}
		c.Close()
	})
}

// What a client's trace is told is of its own request.
func TestRefreshTellsNoTrace(t *testing.T) {
	asked := make(chan struct{}, 2)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=1, stale-while-revalidate=600"}
		asked <- struct{}{}
	}))
	defer s.Close()
	c, pass := clocked(new(Cache))
	rt := &Transport{Cache: c}
	defer rt.CloseIdleConnections()
	var told atomic.Int32
	for i := range 2 {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { told.Add(1) }})
		r, _ := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
		res, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text(t, res)
		<-asked
		if n := told.Load(); n != 1 {
			t.Errorf("request %d: %d connections", i, n)
		}
		pass(10 * time.Second)
	}
	c.Close()
}

// Fields that come too late count for nothing, and a request needs none.
func TestOddHandlersAndRequests(t *testing.T) {
	h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"], w.Header()["Etag"] = []string{"no-cache"}, []string{`"1"`}
		w.WriteHeader(200)
		w.Header()["Content-Length"] = []string{"9223372036854775807"}
		io.WriteString(w, "x")
	}))
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, &http.Request{Method: "GET", URL: &url.URL{Path: "/"}, Host: "api.test"})
		if w.Body.String() != "x" {
			t.Errorf("%q", w.Body)
		}
	}
}

// Responses under way take no more memory than what is stored may.
func TestCopiesUnderWayAreBounded(t *testing.T) {
	c := &Cache{Memory: 1 << 20, Quota: 1 << 20}
	var full, all sync.WaitGroup
	release := make(chan struct{})
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=60"}
		for range 10 {
			w.Write(make([]byte, 20_000))
		}
		full.Done()
		<-release
	}))
	var stored, refused, bytes atomic.Int64
	c.Observe = func(e Event) {
		bytes.Add(e.Bytes)
		switch e.Store {
		case "stored":
			stored.Add(1)
		case "memory":
			refused.Add(1)
		}
	}
	full.Add(50)
	for i := range 50 {
		all.Go(func() { ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i))) })
	}
	full.Wait()
	if n := c.state.copying.Load(); n > 1<<20 || n == 0 {
		t.Errorf("%d bytes are reserved", n)
	}
	close(release)
	all.Wait()
	if stored.Load() == 0 || stored.Load()+refused.Load() != 50 || bytes.Load() != 50*200_000 {
		t.Errorf("%d stored, %d refused, %d bytes", stored.Load(), refused.Load(), bytes.Load())
	}
	if n := c.state.copying.Load(); n != 0 {
		t.Errorf("%d bytes stay reserved", n)
	}
}
