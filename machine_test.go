package bearcache

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestOwnerMachine is the promise of this module as a state machine: readers ask, change and validate
// at random, clocks step forwards and back, and the origin changes its mind about what may be stored,
// fails, breaks off and refuses. A model remembers for whom each answer was made, and holds whatever
// comes out of the cache against it. The hit ratio must lie in a band, since a cache that stores nothing
// would keep the promise.
//
// A run takes 10^5 operations, and 10^6 where CI is set. The failing sequence is made small and printed;
// -rapid.seed repeats it.
func TestOwnerMachine(t *testing.T) {
	sequences, least := 130, int64(100_000) // of 1000 operations in the mean: more than the least are planned
	if os.Getenv("CI") != "" {
		sequences, least = 480, 400_000
	}
	planned := set(t, "rapid.checks", strconv.Itoa(sequences/3+1)) // for each of three modes
	planned = set(t, "rapid.steps", "1000") && planned && !testing.Short()
	set(t, "rapid.nofailfile", "true")
	var done, answers, hits atomic.Int64
	t.Run("modes", func(t *testing.T) {
		for _, mode := range []struct {
			name           string
			shares, groups bool
		}{{"each reader for itself", false, false}, {"what is released is shared", true, false}, {"members share", false, true}} {
			t.Run(mode.name, func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) {
					rapid.SyncTest(t, func(t *rapid.T) {
						m := newMachine(mode.shares, mode.groups)
						t.Repeat(map[string]func(*rapid.T){"step": m.step})
						done.Add(m.done)
						answers.Add(m.answers)
						hits.Add(m.hits)
					})
				})
			})
		}
	})
	if t.Failed() {
		return
	}
	ratio := float64(hits.Load()) / float64(answers.Load())
	t.Logf("%d operations, %d answers to GET, hit ratio %.3f", done.Load(), answers.Load(), ratio)
	if n := done.Load(); planned && n < least {
		t.Errorf("%d operations, want %d", n, least)
	}
	if ratio < leastHits || ratio > mostHits {
		t.Errorf("hit ratio %.3f is outside %.2f to %.2f", ratio, leastHits, mostHits)
	}
}

// The band of the hit ratio: answers to GET that hold a body made for an earlier request, by validation
// or without. It is 0.31 where nothing stale is used and nothing validated. The upper end leaves room for
// a cache that does both, and shares; the origin forbids storing so much that none may go beyond it.
const leastHits, mostHits = 0.22, 0.75

// set gives a flag of package rapid a value for this test, unless the command line did.
func set(t *testing.T, name, value string) bool {
	f := flag.Lookup(name)
	given := false
	flag.Visit(func(other *flag.Flag) { given = given || other == f })
	if given {
		return false
	}
	before := f.Value.String()
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Value.Set(before) })
	return true
}

// person is a reader of the machine.
type person struct {
	name   string
	fields http.Header
	exp    int64 // of its token, in seconds after the start; zero: states none
	kind   kind
	group  string // where readers are identified
}

const machineStart = 1_900_000_000

var persons = func() []*person {
	all := []*person{
		{name: "nobody", kind: nobody, fields: header()},
		{name: "alice", fields: header("Authorization: Bearer alice-token")},
		{name: "bob", fields: header("Cookie: session=bob")},
		{name: "alice with a cookie", fields: header("Authorization: Bearer alice-token", "Cookie: session=bob")},
		{name: "carol", exp: 500, fields: header("Authorization: Bearer " + jwt(fmt.Sprintf(`{"sub":"carol","exp":%d}`, machineStart+500), "c2ln"))},
		{name: "dave", exp: 2000, fields: header("X-Api-Key: " + jwt(fmt.Sprintf(`{"sub":"dave","exp":%d}`, machineStart+2000), "c2ln"))},
		{name: "doubled", kind: unknown, fields: header("Authorization: Bearer alice-token", "Authorization: Bearer bob-token")},
		{name: "strange", kind: strange, fields: header("X-Domain: 1")},
		{name: "erin", group: "g", fields: header("Authorization: Bearer erin-token")},
		{name: "frank", group: "g", exp: 2000, fields: header("Authorization: Bearer " + jwt(fmt.Sprintf(`{"sub":"frank","exp":%d}`, machineStart+2000), "c2ln"))},
	}
	return all
}()

// identify knows them all, and members by their group.
func (p *person) identify() (Identity, error) {
	switch {
	case p == nil:
		return Identity{}, errors.New("it is nobody's")
	case p.kind != known:
		return Anonymous, nil
	}
	id := Identity{Issuer: "i", Subject: p.name, Group: p.group}
	if p.exp != 0 {
		id.Until = time.Unix(machineStart+p.exp, 0)
	}
	return id, nil
}

func personOf(h http.Header) *person {
next:
	for _, p := range persons {
		for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Domain"} {
			if !slices.Equal(h[name], p.fields[name]) {
				continue next
			}
		}
		return p
	}
	return nil
}

// made is an answer of the origin.
type made struct {
	by       *person
	uri      string
	language string // that it was made in, or "any"
	body     string
	etag     string
	vary     []string
	noStore  bool
	private  bool
	open     bool // public or s-maxage
	released bool
	cut      bool // less was sent than announced
}

// wish is what the origin says of the answers at one URI, until it says another thing.
type wish struct {
	cc, vary string
	status   int
	version  int
	common   bool // one entity tag for all readers
	down     int  // the status of every answer; -1: break off; -2: send less than announced
	refused  *person
	refusal  int
}

var (
	machineURIs = []string{"/a", "/b", "/b/", "/b?q=1", "/c", "/d"}
	wishes      = []string{"max-age=60", "max-age=60", "private, max-age=60", "public, max-age=60", "s-maxage=60, max-age=30", "max-age=60, must-revalidate",
		"max-age=20, stale-while-revalidate=60", "public, max-age=20, stale-while-revalidate=60", "max-age=20, stale-if-error=300", "public, max-age=20, stale-if-error=300, stale-while-revalidate=5",
		"no-cache", "no-store", "public, no-store, max-age=60", "max-age=0", "", `private="X-Serial", max-age=60`}
	varies    = []string{"", "", "", "Accept-Language", "Authorization", "Cookie, X-Api-Key", "*"}
	languages = []string{"", "", "", "de", "en"}
	downs     = []int{0, 0, 0, 500, 503, -1, -2}
	statuses  = []int{200, 200, 200, 200, 200, 203, 404, 410}
	steps     = []string{"GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "HEAD", "Range", "condition", "condition", "no-cache",
		"POST", "PUT or DELETE", "forwards", "forwards", "far", "back", "says", "tags", "status", "down", "up", "up", "refuses"}
	waits = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 35 * time.Second}
)

var (
	drawStep     = rapid.SampledFrom(steps)
	drawPerson   = rapid.SampledFrom(persons)
	drawURI      = rapid.IntRange(0, len(machineURIs)-1)
	drawLanguage = rapid.SampledFrom(languages)
	drawWait     = rapid.SampledFrom(waits)
	drawWish     = rapid.SampledFrom(wishes)
	drawVary     = rapid.SampledFrom(varies)
	drawDown     = rapid.SampledFrom(downs)
	drawStatus   = rapid.SampledFrom(statuses)
	drawBool     = rapid.Bool()
	drawChange   = rapid.SampledFrom([]int{200, 204, 303, 404, 500})
)

// machine is the cache, its origin, and the model of what they did.
type machine struct {
	handler http.Handler
	shares  bool
	groups  bool
	clock   time.Duration
	wishes  [6]wish
	change  int // the status of the next answer to an unsafe request

	made    []made               // by serial
	tags    map[string]bool      // what was released by a later word
	opened  map[string]bool      // what was called everybody's by one
	changed [6]int               // per URI, the last serial that a change invalidated
	refused map[*person]*[6]int  // the same per reader, by refusals
	banned  map[*person]*[6]bool // where a reader was refused, and not answered since
	seen    time.Duration        // the latest time at which the cache looked at a token's end
	refusal map[*person]int      // of whom, while one request is answered: the status that refused it

	done, answers, hits int64
}

func newMachine(shares, groups bool) *machine {
	m := &machine{shares: shares, groups: groups, refusal: map[*person]int{}, made: make([]made, 1), tags: map[string]bool{}, opened: map[string]bool{}, refused: map[*person]*[6]int{}, banned: map[*person]*[6]bool{}}
	for _, p := range persons {
		m.refused[p], m.banned[p] = new([6]int), new([6]bool)
	}
	for i := range m.wishes {
		m.wishes[i] = wish{cc: "max-age=60", status: 200}
	}
	c := &Cache{Now: func() time.Time { return time.Unix(machineStart, 0).Add(m.clock) }}
	if shares {
		sharing(c)
	}
	if groups {
		c.Identify = func(r *http.Request) (Identity, error) { return personOf(r.Header).identify() }
	}
	m.handler = c.Handler(http.HandlerFunc(m.origin))
	return m
}

func indexOf(uri string) int { return slices.Index(machineURIs, uri) }

func (m *machine) origin(w http.ResponseWriter, r *http.Request) {
	uri := r.URL.RequestURI()
	i := indexOf(uri)
	wish, p := &m.wishes[i], personOf(r.Header)
	serial := len(m.made)
	etag := fmt.Sprintf(`"%d"`, wish.version)
	if !wish.common {
		etag = fmt.Sprintf(`"%s %d"`, p.name, wish.version)
	}
	cc := said([]string{wish.cc})
	a := made{by: p, uri: uri, language: "any", etag: uri + etag, noStore: cc["no-store"], private: cc["private"], open: cc["public"] || cc["s-maxage"]}
	h := w.Header()
	a.released = (a.open || cc["must-revalidate"]) && !a.private && !a.noStore
	if wish.cc != "" {
		h["Cache-Control"] = []string{wish.cc}
	}
	if wish.vary != "" {
		h["Vary"] = []string{wish.vary}
		a.vary = strings.Split(wish.vary, ", ")
		if wish.vary == "Accept-Language" {
			a.language = r.Header.Get("Accept-Language")
		}
	}
	h["X-Serial"] = []string{strconv.Itoa(serial)}
	h["Etag"] = []string{etag}
	status, from, to, length := wish.status, 0, 0, 0
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	a.body = p.name + "|" + uri + "|" + a.language + "|" + strconv.Itoa(serial) + "|" + strings.Repeat("x", serial%50) + "|end"
	to, length = len(a.body), len(a.body)
	if r.Method == http.MethodHead || strings.Contains(r.Header.Get("If-None-Match"), etag) { // it speaks of what may be stored
		m.tags[a.etag] = m.tags[a.etag] || a.released
		m.opened[a.etag] = m.opened[a.etag] || a.open
	}
	switch {
	case wish.refused == p:
		status = wish.refusal
		m.refusal[p] = status
	case wish.down > 0:
		status = wish.down
	case wish.down == -2:
		length, to, a.cut = 9999, to/2, true
	case wish.down == -1:
		to, a.cut = to/2, true
	case !safe:
		status = m.change
	case strings.Contains(r.Header.Get("If-None-Match"), etag):
		a.body, to, status = "", 0, http.StatusNotModified
	case status == 200 && r.Header["Range"] != nil:
		from, to, length, status = 2, 7, 5, http.StatusPartialContent
		h["Content-Range"] = []string{fmt.Sprintf("bytes 2-6/%d", len(a.body))}
	}
	m.made = append(m.made, a)
	if p != nil && r.Method == http.MethodGet && (status/100 == 2 || status == http.StatusNotModified) {
		m.banned[p][i] = false
	}
	if status != http.StatusNotModified && status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent && r.Method != http.MethodHead {
		w.Write([]byte(a.body[from:to]))
	}
	if wish.down == -1 && wish.refused != p {
		panic(http.ErrAbortHandler)
	}
}

// step is one operation and what must be true of its outcome.
func (m *machine) step(t *rapid.T) {
	m.done++
	switch what := drawStep.Draw(t, "step"); what {
	case "forwards":
		m.clock += drawWait.Draw(t, "by")
	case "far":
		m.clock += 2 * drawWait.Draw(t, "by")
	case "back":
		m.clock -= drawWait.Draw(t, "by")
	case "says":
		w := &m.wishes[drawURI.Draw(t, "at")]
		w.cc, w.vary = drawWish.Draw(t, "Cache-Control"), drawVary.Draw(t, "Vary")
	case "tags":
		w := &m.wishes[drawURI.Draw(t, "at")]
		w.version, w.common = w.version+1, drawBool.Draw(t, "one for all")
	case "status":
		m.wishes[drawURI.Draw(t, "at")].status = drawStatus.Draw(t, "status")
	case "down":
		m.wishes[drawURI.Draw(t, "at")].down = drawDown.Draw(t, "how")
	case "up":
		for i := range m.wishes {
			m.wishes[i].down, m.wishes[i].refused = 0, nil
		}
	case "refuses":
		w := &m.wishes[drawURI.Draw(t, "at")]
		w.refused, w.refusal = drawPerson.Draw(t, "whom"), 401
		if drawBool.Draw(t, "forbidden") {
			w.refusal = 403
		}
	default:
		m.ask(t, what)
	}
}

func (m *machine) ask(t *rapid.T, what string) {
	p, i := drawPerson.Draw(t, "by"), drawURI.Draw(t, "at")
	h := make(http.Header, len(p.fields)+3)
	for name, values := range p.fields {
		h[name] = values
	}
	language := drawLanguage.Draw(t, "in")
	if language != "" {
		h["Accept-Language"] = []string{language}
	}
	method := http.MethodGet
	switch what {
	case "HEAD":
		method = http.MethodHead
	case "Range":
		h["Range"] = []string{"bytes=2-6"}
	case "condition": // of somebody else's entity tag, as likely as not
		tag := fmt.Sprintf(`"%s %d"`, drawPerson.Draw(t, "tag of").name, m.wishes[i].version)
		if drawBool.Draw(t, "common tag") {
			tag = fmt.Sprintf(`"%d"`, m.wishes[i].version)
		}
		h["If-None-Match"] = []string{tag}
	case "no-cache":
		h["Cache-Control"] = []string{"no-cache"}
	case "POST":
		method, m.change = http.MethodPost, drawChange.Draw(t, "answered")
	case "PUT or DELETE":
		method, m.change = http.MethodPut, drawChange.Draw(t, "answered")
		if drawBool.Draw(t, "DELETE") {
			method = http.MethodDelete
		}
	}
	path, query, _ := strings.Cut(machineURIs[i], "?")
	r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, RequestURI: machineURIs[i], Host: "api.test",
		Header: h, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	before := len(m.made) - 1
	clear(m.refusal)
	a := &outcome{header: http.Header{}}
	func() {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				panic(p)
			} else if p != nil {
				a.broken = true
			}
		}()
		m.handler.ServeHTTP(a, r)
		a.WriteHeader(http.StatusOK)
	}()
	synctest.Wait() // for what goes on in the background
	m.judge(t, a, p, i, what, method, language, before)

	// What this did to what is stored.
	safe := method == http.MethodGet || method == http.MethodHead
	if !safe && !a.broken && a.status >= 200 && a.status < 400 {
		m.changed[i] = len(m.made) - 1
	}
	for p, status := range m.refusal {
		switch {
		case p.kind != known:
		case status == http.StatusUnauthorized:
			for j := range m.refused[p] {
				m.refused[p][j], m.banned[p][j] = len(m.made)-1, true
			}
		case safe: // one that changes something tells less of the reader's right to read
			m.refused[p][i], m.banned[p][i] = len(m.made)-1, true
		}
	}
	clear(m.refusal)
}

// judge holds an answer against the model. before is the last serial of earlier operations.
func (m *machine) judge(t *rapid.T, a *outcome, p *person, i int, what, method, language string, before int) {
	uri, body := machineURIs[i], a.body.String()
	header, _ := strconv.Atoi(a.header.Get("X-Serial"))
	if a.header["X-Serial"] == nil && (a.status < 500 && a.status != 304 && a.status != 416 && !a.broken || strings.Contains(body, "|")) {
		t.Fatalf("%s got a %d that nobody made", p.name, a.status)
	}
	if header >= len(m.made) {
		t.Fatalf("%s got the number %d, and %d were made", p.name, header, len(m.made)-1)
	}
	if header > 0 {
		m.check(t, header, p, i, language, before, "the fields")
	}
	switch {
	case method == http.MethodHead || a.status == http.StatusNotModified || a.status == http.StatusNoContent:
		if body != "" && method != http.MethodHead {
			t.Fatalf("a %d with a body", a.status)
		}
		return
	case a.header["X-Serial"] == nil:
		return // the cache's own words: it could not, or would not, ask
	}
	serial := header
	if what == "Range" && a.status == http.StatusPartialContent {
		// The body may be older than the fields, which a validation brought, and where readers share, another's.
		if want := m.made[serial].body; want != "" && !m.shares && body != want[2:7] {
			t.Fatalf("the part %q of %q", body, want)
		}
		if !strings.Contains(a.header.Get("Content-Range"), "bytes 2-6/") {
			t.Fatalf("a part without its place: %v", a.header)
		}
		return
	}
	if parts := strings.Split(body, "|"); len(parts) > 3 && !(header > before && m.made[header].cut) {
		serial, _ = strconv.Atoi(parts[3])
	}
	if serial <= 0 || serial >= len(m.made) {
		t.Fatalf("%s got %q, which nobody made", p.name, body)
	}
	// Less than the whole only as the origin itself sent it, just now.
	if full := m.made[serial].body; body != full && !(m.made[serial].cut && serial > before && strings.HasPrefix(full, body)) {
		t.Fatalf("%s got %q, which was made as %q", p.name, body, full)
	}
	m.check(t, serial, p, i, language, before, "the body")
	if method != http.MethodGet {
		return
	}
	m.answers++
	again := serial <= before
	if again {
		m.hits++
	}
	if n := a.header.Get("Content-Length"); again && n != "" && n != strconv.Itoa(len(body)) {
		t.Fatalf("a length of %s for %q", n, body)
	}
	if again && (m.made[serial].noStore || m.made[serial].cut) {
		t.Fatalf("%q was not to be stored", body)
	}
	if again && m.made[serial].private && m.made[serial].by.kind != known {
		t.Fatalf("%q is private and came from the shared partition", body)
	}
	if p.exp != 0 && (again || strings.Contains(a.header.Get("Cache-Status"), "stored")) {
		m.seen = max(m.seen, m.clock)
	}
	if uri != m.made[serial].uri {
		t.Fatalf("%q at %s", body, uri)
	}
}

// check is the promise, about one answer of the origin and the one who got it, or its fields.
func (m *machine) check(t *rapid.T, serial int, p *person, i int, language string, before int, what string) {
	a := &m.made[serial]
	shared := m.shares && (a.released || m.tags[a.etag])
	open := (a.open || m.opened[a.etag]) && (a.by.kind == nobody || a.by.kind == strange) && (p.kind == nobody || p.kind == strange)
	grouped := m.groups && a.by.group != "" && a.by.group == p.group && !a.private
	if a.by != p && !open && !shared && !grouped {
		t.Fatalf("%s of %d, made for %s, reached %s", what, serial, a.by.name, p.name)
	}
	for _, name := range a.vary {
		if a.by != p && name != "Accept-Language" && (name == "*" || !slices.Equal(a.by.fields[name], p.fields[name])) {
			t.Fatalf("%s of %d reached %s, whose %s is another", what, serial, p.name, name)
		}
	}
	if a.language != "any" && a.language != language {
		t.Fatalf("%s of %d, made in %q, reached one who reads %q", what, serial, a.language, language)
	}
	if a.uri != machineURIs[i] {
		t.Fatalf("%s of %d, made for %s, came for %s", what, serial, a.uri, machineURIs[i])
	}
	if serial > before {
		return
	}
	switch {
	case serial <= m.changed[i]:
		t.Fatalf("%s of %d reached %s after a change", what, serial, p.name)
	case serial <= m.refused[p][i] && !shared && !grouped:
		t.Fatalf("%s of %d reached %s after a refusal", what, serial, p.name)
	case grouped && a.by != p && m.banned[p][i] && !shared:
		t.Fatalf("%s of %d reached %s, whom the origin refused and has not answered here since", what, serial, p.name)
	case p.kind == unknown && !shared:
		t.Fatalf("%s of %d reached %s, who is in doubt", what, serial, p.name)
	case p.exp != 0 && !shared && max(m.seen, m.clock) >= time.Duration(p.exp)*time.Second:
		t.Fatalf("%s of %d reached %s after the end of the token", what, serial, p.name)
	}
}
