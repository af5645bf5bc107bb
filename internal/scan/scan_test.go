package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// A deployment is an origin behind a cache. The origin answers by who asks; what the cache in front
// of it takes for a key is what these tests vary.
type deployment struct {
	view    func(user string, r *http.Request) (status int, header http.Header, body string)
	key     func(r *http.Request) string // "": not cached
	timeout time.Duration
	inside  bool // the cache stands inside the check of the token
	fillAt  int  // store from this request for a key on; 0 and 1: the first

	mu     sync.Mutex
	stored map[string]stored
	asked  map[string]int
}

type stored struct {
	status int
	header http.Header
	body   string
	until  time.Time
}

const (
	// soon is when a stored response expires that a scan waits for: late enough that a busy machine gets
	// through the requests for one entry before.
	soon = 1500 * time.Millisecond
	// patience is a Wait that sees several of them expire.
	patience = 20 * time.Second
)

const aliceToken, bobToken = "tok-1f0a9c77b2e4alice", "tok-93d2c0ffee11bob"

func userOf(r *http.Request) string {
	switch r.Header.Get("Authorization") {
	case "Bearer " + aliceToken:
		return "alice"
	case "Bearer " + bobToken:
		return "bob"
	}
	return ""
}

func (d *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user := userOf(r)
	key := ""
	if d.key != nil {
		key = d.key(r)
	}
	if d.inside && user == "" {
		w.WriteHeader(401)
		return
	}
	d.mu.Lock()
	if d.stored == nil {
		d.stored, d.asked = map[string]stored{}, map[string]int{}
	}
	s, ok := d.stored[key]
	d.asked[key]++
	asked := d.asked[key]
	d.mu.Unlock()
	if !ok || key == "" || time.Now().After(s.until) {
		s.status, s.header, s.body = d.view(user, r)
		s.until = time.Now().Add(d.timeout)
		if s.status == 200 && key != "" && asked >= d.fillAt {
			d.mu.Lock()
			d.stored[key] = s
			d.mu.Unlock()
		}
	}
	for name, values := range s.header {
		w.Header()[name] = values
	}
	w.WriteHeader(s.status)
	io.WriteString(w, s.body)
}

// personal is a view that answers by who asks, and nobody else.
func personal(user string, r *http.Request) (int, http.Header, string) {
	if user == "" {
		return 401, nil, `{"error": "unauthorized"}`
	}
	return 200, http.Header{"Content-Type": {"application/json"}}, fmt.Sprintf(`{"email": %q, "note": "for %s"}`, user+"@example.com", user)
}

func same(text string) func(string, *http.Request) (int, http.Header, string) {
	return func(user string, r *http.Request) (int, http.Header, string) {
		if user == "" {
			return 401, nil, ""
		}
		return 200, nil, text
	}
}

func byPathKey(r *http.Request) string { return r.URL.Path }
func byURLKey(r *http.Request) string  { return r.RequestURI }
func byCaller(r *http.Request) string  { return r.RequestURI + " " + r.Header.Get("Authorization") }

// scanned runs a scan over the deployments, by path, and beside them a route that tells the readers
// apart and is not cached, so that there is something known to recognise them by.
func scanned(t *testing.T, o Options, routes map[string]*deployment) (*finding.Report, error) {
	t.Helper()
	return scannedPast(t, o, routes, nil)
}

// scannedPast does so where the API past its cache is known.
func scannedPast(t *testing.T, o Options, routes map[string]*deployment, past http.Handler) (*finding.Report, error) {
	t.Helper()
	mux := http.NewServeMux()
	for path, d := range routes {
		mux.Handle(path, d)
	}
	if routes["/who"] == nil {
		mux.Handle("/who", &deployment{view: personal})
		routes["/who"] = nil
	}
	hosts := map[string]http.Handler{targetHost: mux}
	if past != nil {
		hosts[originHost] = past
	}
	return scanWeb(t, o, hosts, sortedKeys(routes)...)
}

func scanAt(t *testing.T, o Options, base string, paths ...string) (*finding.Report, error) {
	t.Helper()
	o.Target, _ = url.Parse(base)
	if o.Operations == nil {
		for _, path := range paths {
			op := operation.Operation{Method: "GET", Path: path, Security: operation.Required}
			if strings.HasPrefix(path, "/public") {
				op.Security = operation.Public
			}
			o.Operations = append(o.Operations, op)
		}
	}
	if o.Identities == nil {
		o.Identities = []*Identity{
			{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN"},
			{Name: "bob", Token: redact.NewSecret(bobToken), Variable: "BOB_TOKEN"},
		}
	}
	o.Rate, o.Concurrency = 10_000, 8
	if o.Wait == 0 {
		o.Wait = 1500 * time.Millisecond
	}
	return Run(context.Background(), o)
}

// brief lists findings of medium severity and above.
func brief(r *finding.Report) []string {
	list := []string{}
	for _, f := range r.Findings {
		if f.Severity >= finding.Medium {
			list = append(list, fmt.Sprintf("%s %s %s", f.Operation, f.Rule.ID, f.Confidence))
		}
	}
	slices.Sort(list)
	return list
}

// Each leaking deployment has a clean neighbour that differs from it by one fact.
func TestReuse(t *testing.T) {
	t.Parallel()
	var tick atomic.Int64
	var once atomic.Bool
	for _, tt := range []struct {
		name string
		d    *deployment
		path string // "/x" unless it matters
		want []string
	}{
		{name: "keyed by path, outside the check", d: &deployment{view: personal, key: byPathKey, timeout: soon},
			want: []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}},
		{name: "keyed by path, inside the check", d: &deployment{view: personal, key: byPathKey, timeout: soon, inside: true},
			want: []string{"GET /x cross-identity-reuse confirmed"}},
		{name: "keyed by URL", d: &deployment{view: personal, key: byURLKey, timeout: time.Hour},
			want: []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}},
		{name: "keyed by URL, stored from the second request on", d: &deployment{view: personal, key: byURLKey, timeout: time.Hour, fillAt: 2, inside: true},
			want: []string{"GET /x cross-identity-reuse confirmed"}},
		{name: "keyed by URL, stored from the third request on", d: &deployment{view: personal, key: byURLKey, timeout: time.Hour, fillAt: 3, inside: true},
			want: []string{"GET /x cross-identity-reuse confirmed"}},
		{name: "keyed by path, kept for longer than the scan waits", d: &deployment{view: personal, key: byPathKey, timeout: time.Hour, inside: true},
			want: []string{"GET /x cross-identity-reuse likely"}},
		{name: "keyed by URL, and the answer repeats its reader's token", d: &deployment{key: byURLKey, timeout: time.Hour, inside: true,
			view: func(user string, r *http.Request) (int, http.Header, string) {
				s, h, b := personal(user, r)
				return s, h, strings.Replace(b, "{", fmt.Sprintf(`{"sent": %q,`, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")), 1)
			}}, want: []string{"GET /x cross-identity-reuse confirmed", "GET /x token-echo confirmed"}},
		{name: "alice's answer once, and never again", d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
			if user == "bob" && once.CompareAndSwap(false, true) {
				user = "alice"
			}
			return personal(user, r)
		}}, want: []string{"GET /x cross-identity-reuse likely"}},
		{name: "keyed by caller", d: &deployment{view: personal, key: byCaller, timeout: time.Hour}, want: []string{}},
		{name: "not cached", d: &deployment{view: personal}, want: []string{}},
		{name: "the same for all who may read it, cached inside the check", want: []string{},
			d: &deployment{view: same(`{"rates": [1.5, 2.25], "base": "EUR-2026"}`), key: byPathKey, timeout: time.Hour, inside: true}},
		{name: "the same for all, and about both readers", want: []string{},
			d: &deployment{view: same(`{"team": ["alice@example.com", "bob@example.com"]}`), key: byPathKey, timeout: time.Hour, inside: true}},
		{name: "the same for all who may read it, cached by URL outside the check",
			d:    &deployment{view: same(`{"rates": [1.5, 2.25], "base": "EUR-2026"}`), key: byURLKey, timeout: time.Hour},
			want: []string{"GET /x anonymous-reuse confirmed", "GET /x invalid-token-reuse confirmed"}},
		{name: "alice's object, no cache, and no check of who reads it", want: []string{},
			d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
				return 200, nil, fmt.Sprintf(`{"owner": "alice@example.com", "request": "%d"}`, tick.Add(1))
			}}},
		{name: "alice's object, kept by URL, that bob may not read: 404",
			d: &deployment{key: byURLKey, timeout: time.Hour, inside: true, view: func(user string, r *http.Request) (int, http.Header, string) {
				if user != "alice" {
					return 404, nil, `{"error": "no such thing"}`
				}
				return 200, nil, `{"total": 3}`
			}},
			want: []string{"GET /x cross-identity-reuse confirmed"}},
		{name: "changes by itself, public, cached by URL", path: "/public/x", want: []string{},
			d: &deployment{key: byURLKey, timeout: 20 * time.Millisecond, view: func(string, *http.Request) (int, http.Header, string) {
				return 200, http.Header{"Cache-Control": {"public, max-age=1"}}, fmt.Sprintf(`{"serial": "s-%d"}`, tick.Add(1))
			}}},
		{name: "changes by itself, behind the check, cached by URL", want: []string{},
			d: &deployment{key: byURLKey, timeout: 20 * time.Millisecond, inside: true, view: func(string, *http.Request) (int, http.Header, string) {
				return 200, nil, fmt.Sprintf(`{"serial": "serial-%d", "at": %q}`, tick.Add(1), time.Now())
			}}},
		{name: "public, with a greeting for readers, cached by path", path: "/public/x",
			d: &deployment{key: byPathKey, timeout: soon, view: func(user string, _ *http.Request) (int, http.Header, string) {
				return 200, nil, "<p>hello " + user + "@example.com</p>"
			}},
			want: []string{"GET /public/x anonymous-reuse confirmed", "GET /public/x cross-identity-reuse confirmed", "GET /public/x invalid-token-reuse confirmed"}},
		{name: "a nonce in every answer, not cached", want: []string{},
			d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
				s, h, b := personal(user, r)
				return s, h, strings.Replace(b, "{", fmt.Sprintf(`{"nonce": "n-%d",`, tick.Add(1)), 1)
			}}},
		{name: "public in its header, kept by nobody", d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
			s, _, b := personal(user, r)
			return s, http.Header{"Cache-Control": {"public, max-age=60"}}, b
		}}, want: []string{"GET /x missing-vary confirmed", "GET /x storable-authenticated-response confirmed"}},
		{name: "s-maxage with Vary", d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
			s, _, b := personal(user, r)
			return s, http.Header{"Cache-Control": {"s-maxage=60"}, "Vary": {"Authorization"}}, b
		}}, want: []string{}}, // low: stored, and kept apart
		{name: "max-age alone", d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
			s, _, b := personal(user, r)
			return s, http.Header{"Cache-Control": {"max-age=60"}}, b
		}}, want: []string{}}, // low: nothing releases it to a shared cache
		{name: "private", d: &deployment{view: func(user string, r *http.Request) (int, http.Header, string) {
			s, _, b := personal(user, r)
			return s, http.Header{"Cache-Control": {"Private, max-age=60"}}, b
		}}, want: []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.path == "" {
				tt.path = "/x"
			}
			o := Options{}
			if tt.d.timeout == soon {
				o.Wait = patience
			}
			r, err := scanned(t, o, map[string]*deployment{tt.path: tt.d})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, r.Operations)
			}
			for _, f := range r.Findings {
				for _, e := range f.Evidence {
					for _, secret := range []string{aliceToken, bobToken} {
						if strings.Contains(fmt.Sprintf("%+v", e), secret) {
							t.Errorf("the evidence holds a token: %+v", e)
						}
					}
				}
			}
		})
	}
}

// Opaque tokens, one operation, and a cache that keys by URL: nothing is known to tell the readers
// apart by, until the controls show what follows them.
func TestNothingKnownBeforehand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		key  func(*http.Request) string
		time time.Duration
		want []string
	}{
		{"by URL", byURLKey, time.Hour, []string{"GET /who cross-identity-reuse confirmed"}},
		{"by path", byPathKey, soon, []string{"GET /who cross-identity-reuse confirmed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := scanned(t, Options{Wait: patience}, map[string]*deployment{"/who": {view: personal, key: tt.key, timeout: tt.time, inside: true}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What was stored before the scan began may be given to another reader before its own.
func TestWarmCache(t *testing.T) {
	alice := Identity{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN"}
	bob := Identity{Name: "bob", Token: redact.NewSecret(bobToken), Variable: "BOB_TOKEN"}
	for _, order := range [][]*Identity{{&alice, &bob}, {&bob, &alice}} {
		t.Run(order[0].Name+" first", func(t *testing.T) {
			t.Parallel()
			_, _, body := personal("alice", nil)
			d := &deployment{view: personal, key: byPathKey, timeout: time.Hour, asked: map[string]int{},
				stored: map[string]stored{"/x": {status: 200, body: body, until: time.Now().Round(0).Add(time.Hour)}}}
			r, err := scanned(t, Options{Identities: order, Wait: time.Nanosecond}, map[string]*deployment{"/x": d})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"GET /x anonymous-reuse likely", "GET /x cross-identity-reuse likely", "GET /x invalid-token-reuse likely"}
			if diff := cmp.Diff(want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneIdentity(t *testing.T) {
	alice := []*Identity{{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN", Markers: []string{"alice@example.com"}}}
	r, err := scanned(t, Options{Identities: alice}, map[string]*deployment{"/x": {view: personal, key: byURLKey, timeout: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /x anonymous-reuse confirmed", "GET /x invalid-token-reuse confirmed"}
	if diff := cmp.Diff(want, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(r.Operations[0].Reason, "one identity") {
		t.Errorf("what was not tested is not said: %+v", r.Operations[0])
	}
}

// --origin: the same API past the cache is control enough.
func TestOriginControl(t *testing.T) {
	r, err := scannedPast(t, Options{}, map[string]*deployment{"/x": {view: personal, key: byPathKey, timeout: time.Hour}}, &deployment{view: personal})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}
	if diff := cmp.Diff(want, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	view := same(`{"owner": "alice@example.com"}`)
	r, err = scannedPast(t, Options{Wait: time.Nanosecond}, map[string]*deployment{"/x": {view: view, key: byPathKey, timeout: time.Hour, inside: true}}, &deployment{view: view})
	if err != nil || len(brief(r)) != 0 || r.Undecided() != 0 {
		t.Errorf("what the origin gives both: %v, %q, %d undecided", err, brief(r), r.Undecided())
	}
}

// A green report that rests on nothing is refused.
func TestFailures(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401) }))
	t.Cleanup(refusing.Close)
	refusingBob := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if userOf(r) != "alice" {
			w.WriteHeader(403)
		}
		io.WriteString(w, "hello")
	}))
	t.Cleanup(refusingBob.Close)
	equal := httptest.NewServer(&deployment{view: same("the same for everybody")})
	t.Cleanup(equal.Close)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }))
	t.Cleanup(broken.Close)
	for _, tt := range []struct {
		name, base, want string
		o                Options
	}{
		{"both refused", refusing.URL, "alice's token is refused by the API (401 on 2 operations); bob's token is refused by the API (401 on 2 operations); nothing was proven. Is it expired?", Options{}},
		{"one refused", refusingBob.URL, "bob's token is refused by the API (403 on 2 operations); nothing was proven. Is it expired?", Options{}},
		{"the same everywhere", equal.URL, "alice and bob received the same answers everywhere, so nothing was proven; give tokens of two different users", Options{}},
		{"errors only", broken.URL, "no operation gave an answer that could be compared: answered 500 to alice: there was nothing to compare", Options{}},
		{"nobody there", "http://127.0.0.1:1", "cannot reach http://127.0.0.1:1: connection refused; is the API running?", Options{}},
		{"budget", equal.URL, "stopped after 3 requests (--max-requests)", Options{MaxRequests: 3}},
		{"nothing to ask", equal.URL, "no operation could be tested: POST is not sent without --unsafe-methods: it may change something",
			Options{Operations: []operation.Operation{{Method: "POST", Path: "/a"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := scanAt(t, tt.o, tt.base, "/a", "/b")
			var failure *Failure
			if !errors.As(err, &failure) || err.Error() != tt.want {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
			if r == nil || r.Complete {
				t.Errorf("the report claims to be complete: %+v", r)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	ctx, cancel := context.WithCancel(context.Background())
	u, _ := url.Parse(slow.URL)
	time.AfterFunc(50*time.Millisecond, cancel)
	r, err := Run(ctx, Options{Target: u, Operations: []operation.Operation{{Method: "GET", Path: "/a"}},
		Identities: []*Identity{{Name: "alice", Token: redact.NewSecret(aliceToken)}}})
	if err == nil || r.Complete || len(r.Operations) != 1 || r.Operations[0].Status != finding.StatusFailed {
		t.Errorf("%v, %+v", err, r.Operations)
	}
}

// S1: a token goes to the target's scheme, host and port, and nowhere else, whatever the target says.
func TestTokenStaysAtItsOrigin(t *testing.T) {
	var elsewhere atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer thief.Close()
	t.Setenv("HTTP_PROXY", thief.URL)
	t.Setenv("http_proxy", thief.URL)
	var cookies atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Cookie"), "token=1") {
			cookies.Add(1)
		}
		statuses := []int{200, 301, 302, 303, 307, 308, 300, 401}
		h := w.Header()
		h.Set("Location", thief.URL+"/stolen")
		h.Set("Refresh", "0; url="+thief.URL)
		h.Set("Link", "<"+thief.URL+">; rel=preload")
		h.Set("Set-Cookie", "token=1; Path=/")
		h.Set("Content-Location", thief.URL)
		w.WriteHeader(statuses[len(r.URL.Path)%len(statuses)])
		io.WriteString(w, userOf(r)+"@example.com")
	}))
	defer target.Close()
	var operations []operation.Operation
	for i := range 32 {
		operations = append(operations, operation.Operation{Method: "GET", Path: "/" + strings.Repeat("a", i)})
	}
	for _, path := range []string{"//" + strings.TrimPrefix(thief.URL, "http://") + "/x", "/\\" + strings.TrimPrefix(thief.URL, "http://"), "/@" + strings.TrimPrefix(thief.URL, "http://")} {
		operations = append(operations, operation.Operation{Method: "GET", Path: path})
	}
	scanAt(t, Options{Operations: operations, Wait: time.Millisecond}, target.URL)
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another origin received %d requests", n)
	}
	if n := cookies.Load(); n != 0 {
		t.Errorf("%d requests carried a cookie of the target", n)
	}
	other, _ := url.Parse(thief.URL)
	c := newCourier(&Options{Target: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Concurrency: 1, Rate: 1}, []*Identity{{Name: "a"}})
	if e := c.send(t.Context(), question{as: &Identity{Name: "a"}, url: other}); !errors.Is(e.err, errOtherOrigin) {
		t.Errorf("another origin was asked: %v", e.err)
	}
}

// S2: whatever a target sends is bounded, and the scan ends.
func TestHostileTarget(t *testing.T) {
	release := make(chan struct{})
	var mu sync.Mutex
	asked := map[string]int{}
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		switch r.URL.Path {
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/trickle":
			for r.Context().Err() == nil {
				w.Write([]byte("x"))
				http.NewResponseController(w).Flush()
				select {
				case <-release:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		case "/fields":
			for i := range 3000 {
				w.Header().Set(fmt.Sprintf("X-Field-%d", i), strings.Repeat("x", 100))
			}
		case "/deep":
			io.WriteString(w, strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))
		case "/controls":
			io.WriteString(w, "{\"email\": \"\x1b[31m"+userOf(r)+"@example.com\x1b]0;title\x07\u202e\"}")
		case "/hang":
			select {
			case <-r.Context().Done():
			case <-release:
			}
		}
	}))
	defer target.Close()
	defer close(release)
	r, err := scanAt(t, Options{Timeout: 700 * time.Millisecond}, target.URL, "/endless", "/trickle", "/fields", "/deep", "/controls", "/hang")
	if err != nil {
		t.Error(err)
	}
	for _, op := range r.Operations {
		if op.Status == finding.StatusTested && !slices.Contains([]string{"GET /deep", "GET /controls", "GET /endless"}, op.Operation) {
			t.Errorf("%+v", op)
		}
	}
	for _, f := range r.Findings {
		for _, e := range f.Evidence {
			if strings.ContainsAny(e.Excerpt+e.Note, "\x1b\x07\u202e\n") {
				t.Errorf("an excerpt carries control characters: %q", e.Excerpt)
			}
		}
	}
	// A request takes a Timeout at most, so their number bounds the time: one where nothing comes of it.
	mu.Lock()
	defer mu.Unlock()
	for path, n := range asked {
		if most := map[string]int{"/hang": 1, "/trickle": 1, "/fields": 1}[path]; most > 0 && n > most || n > 100 {
			t.Errorf("%s was asked %d times", path, n)
		}
	}
}

// 429 is obeyed: no request comes while the target asked for silence, and the scan goes on after it.
func TestRateLimitIsObeyed(t *testing.T) {
	var refusals atomic.Int64
	view := &deployment{view: personal}
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusals.Add(1) == 3 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
			return
		}
		view.ServeHTTP(w, r)
	}))
	defer target.Close()
	start := time.Now()
	r, err := scanAt(t, Options{}, target.URL, "/a")
	if err != nil || r.Operations[0].Status != finding.StatusTested || !r.Operations[0].Differed {
		t.Errorf("%v, %+v", err, r.Operations)
	}
	if time.Since(start) < time.Second {
		t.Error("Retry-After was not waited for")
	}
}

// A path may hold a token, put there by hand or by a document.
func TestNamesAreRedacted(t *testing.T) {
	r, _ := scanned(t, Options{Wait: time.Nanosecond}, map[string]*deployment{"/" + aliceToken: {view: personal}})
	if text := fmt.Sprintf("%+v", *r); strings.Contains(text, aliceToken) || !strings.Contains(text, "GET /[hmac-sha256:") {
		t.Errorf("%s", text)
	}
}

// An API that asks for more silence than a scan has is not asked again, and the report says why.
func TestLongSilence(t *testing.T) {
	var asked atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(429)
	}))
	defer target.Close()
	r, err := scanAt(t, Options{}, target.URL, "/a")
	if err == nil || asked.Load() != 1 || !strings.Contains(r.Operations[0].Reason, "the API asks for silence for 1h0m0s (429, Retry-After)") {
		t.Errorf("asked %d times: %v %+v", asked.Load(), err, r.Operations)
	}
}

func TestCurl(t *testing.T) {
	u, _ := url.Parse("http://h/a?b=c&d=it's")
	id := &Identity{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN"}
	got := (&courier{header: http.Header{"X-Api-Key": {"secret"}}}).curl(question{as: id, method: "GET", url: u, header: http.Header{"X-Page": {"1 2"}}})
	want := `curl -s -H "Authorization: Bearer $ALICE_TOKEN" -H "X-Api-Key: $X_API_KEY" -H 'X-Page: 1 2' 'http://h/a?b=c&d=it'\''s'`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestClaims(t *testing.T) {
	token := "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEiLCJlbWFpbCI6ImFAYi5leGFtcGxlIiwicm9sZXMiOlsiYWRtaW5pc3RyYXRvciJdLCJpYXQiOjE4MDAwMDAwMDAsIngiOnsiaWQiOiJhYmMtMTIzIn19."
	got := sortedKeys(claimsOf(token))
	if diff := cmp.Diff([]string{"a@b.example", "abc-123", "user-1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, s := range []string{"", "a.b.c", "opaque", "..", "eyJ.eyJ.x"} {
		if len(claimsOf(s)) != 0 {
			t.Errorf("%q has claims", s)
		}
	}
}

func TestEncodeSome(t *testing.T) {
	u, _ := url.Parse("http://h/api/m%65?x=1")
	for n, want := range map[int]string{1: "http://h/api/%6D%65?x=1", 2: "http://h/ap%69/m%65?x=1", 3: "http://h/ap%69/%6D%65?x=1", 8: "http://h/%61pi/m%65?x=1"} {
		if v := encodeSome(u, n); v.String() != want || v.Path != "/api/me" {
			t.Errorf("%d: %s, want %s", n, v, want)
		}
	}
	if v := encodeSome(u, 16); v != nil {
		t.Errorf("%s", v)
	}
	if v := encodeSome(&url.URL{Path: "/"}, 1); v != nil {
		t.Errorf("%s", v)
	}
}
