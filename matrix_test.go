package bearcache

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// sharing puts c into the mode in which responses that their origin released (RFC 9111 §3.5) are for
// every reader. A cache without that mode keeps to itself more than it must, and passes as well.
func sharing(c *Cache) { c.ShareReleased = true }

// visitor is a sender of requests, by all that an origin can tell it by.
type visitor struct {
	name   string
	fields http.Header
	query  string
	kind   kind
	group  string // where readers are identified; see inGroups

	label  string // in bodies, X-Owner and entity tags
	number int    // decides the length of its bodies
}

// kind is what a cache can know of a visitor.
type kind int

const (
	known   kind = iota // by credentials that are whole and listed: it has a partition
	nobody              // sends none
	strange             // sends none, and a field of unknown meaning
	unknown             // in doubt: nothing is kept for it, nothing that was kept is given to it
)

// jwt is a token that says claims; nobody verifies it.
func jwt(claims, signature string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(claims)) + "." + signature
}

const matrixStart = 1_800_000_000 // seconds since the epoch: after the end of the expired token

var visitors = func() []*visitor {
	alice := jwt(`{"sub":"alice","scope":"read write","exp":4000000000}`, "c2lnbmVk")
	odd := http.Header{"authorization": {"Bearer " + alice}} // as no server would hand it over, but a handler in between may
	all := []*visitor{
		{name: "nobody", kind: nobody, fields: header("Accept-Language: de")},
		{name: "bearer A", fields: header("Authorization: Bearer "+alice, "Accept-Language: de")},
		{name: "bearer B", fields: header("Authorization: Bearer bob-token", "Accept-Language: en")},
		{name: "a forged token", fields: header("Authorization: Bearer " + jwt(`{"sub":"alice","scope":"read write","exp":4000000000}`, "Zm9yZ2Vk"))},
		{name: "an expired token", kind: unknown, fields: header("Authorization: Bearer "+jwt(`{"sub":"alice","scope":"read write","exp":1700000000}`, "c2lnbmVk"), "Accept-Language: de")},
		{name: "A with fewer scopes", fields: header("Authorization: Bearer "+jwt(`{"sub":"alice","scope":"read","exp":4000000000}`, "c2lnbmVk"), "Accept-Language: de")},
		{name: "Basic", fields: header("Authorization: Basic YWxpY2U6c2VjcmV0")},
		{name: "a cookie", fields: header("Cookie: session=1", "Accept-Language: de")},
		{name: "an API key", fields: header("X-Api-Key: k-1")},
		{name: "A with a cookie", fields: header("Authorization: Bearer "+alice, "Cookie: session=1")},
		{name: "doubled Authorization", kind: unknown, fields: header("Authorization: Bearer "+alice, "Authorization: Bearer bob-token")},
		{name: "a scheme in odd case", fields: header("Authorization: bEARER "+alice, "Accept-Language: de")},
		{name: "a field name in odd case", kind: unknown, fields: odd},
		{name: "empty Authorization", kind: unknown, fields: header("Authorization:")},
		{name: "a vendor's credential field", kind: unknown, fields: header("X-Acme-Token: 1", "Accept-Language: de")},
		{name: "a field of unknown meaning", kind: strange, fields: header("X-Domain: 1", "Accept-Language: de")},
		{name: "a token in the query", kind: unknown, query: "access_token=" + alice},
		{name: "a member", group: "g", fields: header("Authorization: Bearer member-1", "Accept-Language: de")},
		{name: "another member", group: "g", fields: header("Authorization: Bearer member-2", "Accept-Language: de")},
		{name: "a member with a cookie", group: "g", fields: header("Authorization: Bearer member-3", "Cookie: session=1")},
	}
	for i, v := range all {
		v.label, v.number = fmt.Sprintf("r%02d", i), i
	}
	return all
}()

// inGroups puts c into the mode in which members are identified, and have their group in common.
func inGroups(c *Cache) {
	c.Identify = func(r *http.Request) (Identity, error) {
		switch v := bySignature[signature(r.Header, r.URL.RawQuery)]; {
		case v == nil:
			return Identity{}, errors.New("it is nobody's")
		case v.kind == nobody || v.kind == strange:
			return Anonymous, nil
		case v.group != "":
			return Identity{Issuer: "i", Subject: v.name, Group: v.group, Joined: []string{"Cookie"}}, nil
		default:
			id := Identity{Subject: v.name}
			if v.name == "an expired token" {
				id.Until = time.Unix(1_700_000_000, 0)
			}
			return id, nil
		}
	}
}

// bySignature finds a visitor by what the origin sees of it.
var bySignature = func() map[string]*visitor {
	found := map[string]*visitor{}
	for _, v := range visitors {
		s := signature(v.fields, v.query)
		if found[s] != nil {
			panic("two visitors cannot be told apart: " + v.name)
		}
		found[s] = v
	}
	return found
}()

// signature is everything that may tell who asks: all but what a request is about.
func signature(h http.Header, query string) string {
	names := make([]string, 0, len(h))
	for name := range h {
		switch name {
		case "If-None-Match", "If-Modified-Since", "If-Range", "Range", "Cache-Control":
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(query)
	for _, name := range names {
		for _, value := range h[name] {
			b.WriteString("\n" + name + ": " + value)
		}
	}
	return b.String()
}

func byLabel(label string) *visitor {
	n, err := strconv.Atoi(strings.TrimPrefix(label, "r"))
	if err != nil || n < 0 || n >= len(visitors) {
		return nil
	}
	return visitors[n]
}

// content is a body that says whose it is at both of its ends and by its length.
func (v *visitor) content(uri string, serial int64) string {
	return fmt.Sprintf("%s|%s|%08d|%s|%s", v.label, uri, serial, strings.Repeat("x", 8*v.number), v.label)
}

// expectation is whether a reader that asks again is answered without the origin.
type expectation int

const (
	may expectation = iota
	must
	never
)

// spelling is one way in which an origin says what caches may do.
type spelling struct {
	name   string
	lines  []string
	own    expectation // by a reader with credentials
	shared expectation // by nobody

	fields   http.Header
	released bool // RFC 9111 §3.5
	open     bool // called public or given an s-maxage, by either field that a cache may go by
	noStore  bool
	private  bool // RFC 9111 §5.2.2.7, in the words of the field that a shared cache goes by
	stale    bool // may be served stale in a partition, where the origin cannot be asked
	vary     []string
	expires  bool
	cookie   bool
}

var spellings = func() []*spelling {
	all := []*spelling{
		{name: "nothing", own: never, shared: never},
		{name: "max-age", lines: []string{"Cache-Control: max-age=60"}, own: must, shared: must},
		{name: "private alone", lines: []string{"Cache-Control: private"}, own: never, shared: never},
		{name: "private", lines: []string{"Cache-Control: private, max-age=60"}, own: must, shared: never},
		{name: "private for a field", lines: []string{`Cache-Control: Private="X-Owner", max-age=60`}, own: must},
		{name: "private for a field, and public", lines: []string{`Cache-Control: public, private="X-Owner", max-age=60`}, own: must},
		{name: "public alone", lines: []string{"Cache-Control: public"}, own: never, shared: never},
		{name: "public", lines: []string{"Cache-Control: public, max-age=60"}, own: must, shared: must},
		{name: "s-maxage alone", lines: []string{"Cache-Control: s-maxage=60"}, shared: must},
		{name: "s-maxage", lines: []string{"Cache-Control: s-maxage=60, max-age=60"}, own: must, shared: must},
		{name: "s-maxage=0", lines: []string{"Cache-Control: s-maxage=0, max-age=60"}, shared: never},
		{name: "must-revalidate", lines: []string{"Cache-Control: max-age=60, must-revalidate"}, own: must, shared: must},
		{name: "proxy-revalidate", lines: []string{"Cache-Control: max-age=60, proxy-revalidate"}, own: must, shared: must},
		{name: "no-cache", lines: []string{"Cache-Control: no-cache"}, own: never, shared: never},
		{name: "no-cache, public", lines: []string{"Cache-Control: no-cache, public, max-age=60"}, own: never, shared: never},
		{name: "no-cache for a field", lines: []string{`Cache-Control: no-cache="X-Owner", max-age=60`}},
		{name: "no-store", lines: []string{"Cache-Control: no-store"}, own: never, shared: never},
		{name: "public, no-store", lines: []string{"Cache-Control: public, no-store, max-age=60"}, own: never, shared: never},
		{name: "no-store in a second line", lines: []string{"Cache-Control: public, max-age=60", "Cache-Control: NO-STORE"}, own: never, shared: never},
		{name: "public, private", lines: []string{"Cache-Control: public, private, max-age=60"}, own: must, shared: never},
		{name: "private in a second line", lines: []string{"Cache-Control: public, max-age=60", "Cache-Control: private"}, own: must, shared: never},
		{name: "two max-ages", lines: []string{"Cache-Control: public, max-age=60, max-age=0"}, own: never, shared: never},
		{name: "two lines", lines: []string{"Cache-Control: public", "Cache-Control: max-age=60"}, own: must, shared: must},
		{name: "quoted numbers", lines: []string{`Cache-Control: max-age="60"`}, own: must, shared: must},
		{name: "quoted s-maxage", lines: []string{`Cache-Control: s-maxage="60"`}, shared: must},
		{name: "upper case", lines: []string{"Cache-Control: PUBLIC, MAX-AGE=60"}, own: must, shared: must},
		{name: "private in upper case", lines: []string{"Cache-Control: PRIVATE, Max-Age=60"}, own: must, shared: never},
		{name: "public in the name of another", lines: []string{`Cache-Control: x-public, community="public", max-age=60`}, own: must, shared: must},
		{name: "a quote never closed", lines: []string{`Cache-Control: public, max-age=60, "`}, own: never, shared: never},
		{name: "Vary: Authorization", lines: []string{fresh, "Vary: Authorization"}, own: must, shared: must},
		{name: "public, Vary: Authorization", lines: []string{"Cache-Control: public, max-age=60", "Vary: authorization"}, own: must, shared: must},
		{name: "Vary: *", lines: []string{"Cache-Control: public, max-age=60", "Vary: *"}, own: never, shared: never},
		{name: "Vary: cookie", lines: []string{"Cache-Control: public, max-age=60", "Vary: cookie"}, own: must, shared: must},
		{name: "Vary: Accept-Language", lines: []string{"Cache-Control: public, max-age=60", "Vary: Accept-Language"}, own: must, shared: must},
		{name: "Vary in two lines", lines: []string{"Cache-Control: s-maxage=60, max-age=60", "Vary: Accept-Language", "Vary: X-Api-Key, AUTHORIZATION"}, own: must, shared: must},
		{name: "Expires only", lines: []string{"Expires: in a minute"}, own: must, shared: must},
		{name: "Expires, public", lines: []string{"Cache-Control: public", "Expires: in a minute"}, own: must, shared: must},
		{name: "Expires: 0", lines: []string{"Cache-Control: public", "Expires: 0"}, own: never, shared: never},
		{name: "public for surrogates", lines: []string{"Cache-Control: private, max-age=60", "Surrogate-Control: public, max-age=60"}, own: must, shared: must},
		{name: "public for CDNs", lines: []string{"Cache-Control: private, max-age=60", "Cdn-Cache-Control: public, max-age=60"}, own: must},
		{name: "public for others than CDNs", lines: []string{"Cache-Control: public, max-age=60", "Cdn-Cache-Control: max-age=60"}, own: must, shared: must},
		{name: "no-store for CDNs", lines: []string{"Cache-Control: public, max-age=60", "Cdn-Cache-Control: no-store"}},
		{name: "stale-while-revalidate", lines: []string{"Cache-Control: max-age=60, stale-while-revalidate=30"}, own: must, shared: must},
		{name: "stale-while-revalidate, public", lines: []string{"Cache-Control: public, max-age=60, stale-while-revalidate=30"}, own: must, shared: must},
		{name: "stale-while-revalidate, must-revalidate", lines: []string{"Cache-Control: max-age=60, stale-while-revalidate=30, must-revalidate"}, own: must, shared: must},
		{name: "stale-while-revalidate, s-maxage", lines: []string{"Cache-Control: max-age=60, s-maxage=60, stale-while-revalidate=30"}, own: must, shared: must},
		{name: "stale-if-error", lines: []string{"Cache-Control: max-age=60, stale-if-error=600"}, own: must, shared: must},
		{name: "stale-if-error, public", lines: []string{"Cache-Control: public, max-age=60, stale-if-error=600"}, own: must, shared: must},
		{name: "stale-if-error, must-revalidate", lines: []string{"Cache-Control: max-age=60, stale-if-error=600, must-revalidate"}, own: must, shared: must},
		{name: "stale-if-error, s-maxage", lines: []string{"Cache-Control: max-age=60, s-maxage=60, stale-if-error=600"}, own: must, shared: must},
		{name: "immutable", lines: []string{"Cache-Control: max-age=60, immutable"}, own: must, shared: must},
		{name: "Set-Cookie", lines: []string{"Cache-Control: public, max-age=60", "Set-Cookie: of the reader"}},
	}
	for _, s := range all {
		s.fields = header(s.lines...)
		s.released = released(s.fields)
		s.expires = s.fields.Get("Expires") == "in a minute"
		s.cookie = s.fields["Set-Cookie"] != nil
		cc := said(s.fields["Cache-Control"])
		cdn := said(s.fields["Cdn-Cache-Control"])
		s.open = cc["public"] || cc["s-maxage"] || cdn["public"] || cdn["s-maxage"] || said(s.fields["Surrogate-Control"])["public"]
		s.noStore = cc["no-store"] && len(cdn) == 0
		s.private = targeted(s.fields)["private"]
		s.stale = !cc["must-revalidate"] && !cc["no-cache"] && !cc["no-store"]
		for _, line := range s.fields["Vary"] {
			for name := range strings.SplitSeq(line, ",") {
				s.vary = append(s.vary, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)))
			}
		}
	}
	return all
}()

// said lists the directives of lines, read as naively as can be: another reading than the cache's own.
func said(lines []string) map[string]bool {
	names := map[string]bool{}
	for member := range strings.SplitSeq(strings.ToLower(strings.Join(lines, ",")), ",") {
		name, _, _ := strings.Cut(member, "=")
		if name = strings.TrimSpace(name); name != "" {
			names[name] = true
		}
	}
	return names
}

// targeted is what the one field says that counts in a shared cache: CDN-Cache-Control goes before
// Cache-Control where it says anything (RFC 9213 §2.2).
func targeted(h http.Header) map[string]bool {
	cc := said(h["Cdn-Cache-Control"])
	if len(cc) == 0 {
		cc = said(h["Surrogate-Control"])
	}
	if len(cc) == 0 {
		cc = said(h["Cache-Control"])
	}
	return cc
}

// released is RFC 9111 §3.5.
func released(h http.Header) bool {
	cc := targeted(h)
	return (cc["public"] || cc["s-maxage"] || cc["must-revalidate"]) && !cc["private"] && !cc["no-store"]
}

// matrixOrigin knows its readers by all it sees, and says whose answer it is wherever it can.
type matrixOrigin struct {
	serial   atomic.Int64
	now      func() time.Time
	spelling *spelling
	common   bool // one entity tag for all readers

	// These change between requests only.
	version  int
	failing  int           // the status of every answer; negative: break off
	refused  *visitor      // is answered with
	status   int           // this
	takeBack bool          // a 304 says private
	gate     chan struct{} // hold answers until it is closed
}

func (o *matrixOrigin) etag(v *visitor) string {
	if o.common {
		return fmt.Sprintf(`"all-%d"`, o.version)
	}
	return fmt.Sprintf(`"%s-%d"`, v.label, o.version)
}

func (o *matrixOrigin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := o.serial.Add(1)
	gate := o.gate
	v := bySignature[signature(r.Header, r.URL.RawQuery)]
	if v == nil {
		panic("the origin was asked by nobody that it knows: " + signature(r.Header, r.URL.RawQuery))
	}
	if gate != nil {
		<-gate
	}
	h := w.Header()
	for name, values := range o.spelling.fields {
		h[name] = values
	}
	if o.spelling.expires {
		h["Expires"] = []string{o.now().Add(time.Minute).UTC().Format(http.TimeFormat)}
	}
	if o.spelling.cookie {
		h["Set-Cookie"] = []string{"reader=" + v.label}
	}
	etag := o.etag(v)
	h["Date"] = []string{o.now().UTC().Format(http.TimeFormat)}
	h["X-Owner"] = []string{v.label}
	h["Etag"] = []string{etag}
	body := v.content(r.URL.RequestURI(), n)
	status := http.StatusOK
	switch {
	case o.failing < 0:
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
		fmt.Fprint(w, body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case o.failing > 0:
		status = o.failing
	case o.refused == v:
		status = o.status
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
	case strings.Contains(r.Header.Get("If-None-Match"), etag):
		if o.takeBack {
			h["Cache-Control"] = []string{"private, max-age=60"}
			delete(h, "Cdn-Cache-Control")
			if h["Surrogate-Control"] != nil { // what a 304 leaves out stays as it was
				h["Surrogate-Control"] = []string{"private, max-age=60"}
			}
		}
		w.WriteHeader(http.StatusNotModified)
		return
	case r.Header["Range"] != nil && (r.Header["If-Range"] == nil || r.Header.Get("If-Range") == etag):
		from, to := 0, 20
		if r.Header.Get("Range") != rangeFirst {
			from, to = len(body)-10, len(body)
		}
		h["Content-Range"] = []string{fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(body))}
		body, status = body[from:to], http.StatusPartialContent
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprint(w, body)
	}
}

const rangeFirst, rangeLast = "bytes=0-19", "bytes=-10"

// outcome is what one visitor got.
type outcome struct {
	asker  *visitor
	method string
	uri    string
	before int64 // the origin's last serial when it asked
	asked  int64 // of the origin meanwhile

	header http.Header
	status int
	body   strings.Builder
	broken bool // it ended as an origin that breaks off has it end

	owner  string // of the body
	serial int64
}

func (a *outcome) Header() http.Header { return a.header }

func (a *outcome) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status, a.header = status, a.header.Clone() // what is set later does not go out
	}
}

func (a *outcome) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *outcome) again() bool { return a.serial != 0 && a.serial <= a.before }

// cell is one meeting of two visitors at one URI.
type cell struct {
	handler       http.Handler
	origin        *matrixOrigin
	clock         *atomic.Int64
	first, second *visitor
	path          string
	number        int
	sharing       bool
	groups        bool
	hits          int
	fail          func(format string, args ...any)
}

func (c *cell) uri(v *visitor) string {
	if v.query == "" {
		return c.path
	}
	return c.path + "?" + v.query
}

func (c *cell) wait(d time.Duration) { c.clock.Add(int64(d)) }

func (c *cell) send(v *visitor, method string, lines ...string) (a *outcome) {
	h := make(http.Header, len(v.fields)+len(lines))
	for name, values := range v.fields {
		h[name] = values
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h[name] = []string{value}
	}
	r := &http.Request{Method: method, URL: &url.URL{Path: c.path, RawQuery: v.query}, RequestURI: c.uri(v), Host: "api.test",
		Header: h, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	a = &outcome{asker: v, method: method, uri: c.uri(v), before: c.origin.serial.Load(), header: http.Header{}}
	defer func() {
		switch p := recover(); p {
		case nil:
			a.WriteHeader(http.StatusOK)
		case http.ErrAbortHandler:
			a.broken = true
		default:
			panic(p)
		}
		a.asked = c.origin.serial.Load() - a.before
	}()
	c.handler.ServeHTTP(a, r)
	return a
}

// ask sends a request, lets what it left behind come to its end, and judges the answer.
func (c *cell) ask(v *visitor, method string, lines ...string) *outcome {
	a := c.send(v, method, lines...)
	synctest.Wait()
	c.judge(a)
	return a
}

func (c *cell) get(v *visitor, lines ...string) *outcome { return c.ask(v, "GET", lines...) }

// reaches reports whether an answer made for maker may be given to asker at all.
func (c *cell) reaches(maker, asker *visitor) bool {
	s := c.origin.spelling
	switch {
	case maker == asker:
		return true
	case slices.ContainsFunc(s.vary, func(name string) bool {
		return name == "*" || !slices.Equal(maker.fields[name], asker.fields[name])
	}):
		return false
	case s.open && (maker.kind == nobody || maker.kind == strange) && (asker.kind == nobody || asker.kind == strange):
		return true // a field of unknown meaning makes no reader where the origin speaks to all
	case c.grouped(maker, asker):
		return true
	}
	return c.shared()
}

// grouped reports whether what was made for one member of a group is for another: all but what is private, or
// belongs to what is joined.
func (c *cell) grouped(maker, asker *visitor) bool {
	return c.groups && maker.group != "" && maker.group == asker.group && slices.Equal(maker.fields["Cookie"], asker.fields["Cookie"]) && !c.origin.spelling.private
}

func (c *cell) shared() bool { return c.sharing && c.origin.spelling.released }

// everybodys reports whether the second reader may have what somebody else's request brought: a refusal of
// its own does not take that away from the others.
func (c *cell) everybodys() bool {
	return c.shared() || c.grouped(c.second, c.second) || c.origin.spelling.open && (c.second.kind == strange || c.second.kind == nobody)
}

// judge holds an answer against the one who got it.
func (c *cell) judge(a *outcome) {
	if a.broken {
		return
	}
	may := func(what, label string) {
		if maker := byLabel(label); maker == nil || !c.reaches(maker, a.asker) {
			c.fail("%s of %q reached %s", what, label, a.asker.name)
		}
	}
	ours := a.status == 304 || a.status == 416 || a.status == 504 // which the cache may say of itself
	switch owner := a.header["X-Owner"]; {
	case len(owner) == 1:
		may("a field", owner[0])
	case !ours || len(owner) > 1:
		c.fail("a %d to %s has the owners %q", a.status, a.asker.name, owner)
	}
	if etag := a.header.Get("Etag"); !c.origin.common && etag != "" {
		label, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(etag, "W/"), `"`), "-")
		may("an entity tag", label)
	}
	for _, line := range a.header["Set-Cookie"] {
		if line != "reader="+a.asker.label {
			c.fail("%q reached %s", line, a.asker.name)
		}
	}
	length := func(n string) { // of a whole body: it tells whose it is
		for _, v := range visitors {
			if n == strconv.Itoa(len(v.content(a.uri, 0))) && c.reaches(v, a.asker) {
				return
			}
		}
		c.fail("a length of %s reached %s", n, a.asker.name)
	}
	body := a.body.String()
	switch {
	case a.method == http.MethodHead || a.status == http.StatusNotModified:
		if n := a.header.Get("Content-Length"); n != "" && (a.status == 200 || a.status == 304) {
			length(n)
		}
		if a.status == http.StatusNotModified && body != "" {
			c.fail("a 304 to %s has a body", a.asker.name)
		}
		return
	case a.status == http.StatusPartialContent:
		_, total, _ := strings.Cut(a.header.Get("Content-Range"), "/")
		length(total)
		if strings.HasPrefix(a.header.Get("Content-Range"), "bytes 0-") {
			label, _, _ := strings.Cut(body, "|")
			may("the first part", label)
		} else {
			may("the last part", body[strings.LastIndex(body, "|")+1:])
		}
		return
	case ours && a.header["X-Owner"] == nil:
		if strings.Contains(body, "|") {
			c.fail("%q reached %s", body, a.asker.name)
		}
		return
	}
	parts := strings.Split(body, "|")
	if len(parts) != 5 || byLabel(parts[0]) == nil {
		c.fail("%q reached %s, a %d", body, a.asker.name, a.status)
		return
	}
	a.owner = parts[0]
	a.serial, _ = strconv.ParseInt(parts[2], 10, 64)
	may("a body", a.owner)
	if body != byLabel(a.owner).content(a.uri, a.serial) {
		c.fail("%q reached %s, which asked for %s", body, a.asker.name, a.uri)
	}
	if n := a.header.Get("Content-Length"); n != "" && n != strconv.Itoa(len(body)) {
		c.fail("a Content-Length of %s, a body of %d", n, len(body))
	}
	if a.again() {
		c.hits++
		switch {
		case c.origin.spelling.noStore:
			c.fail("a body that was not to be stored was seen twice, by %s", a.asker.name)
		case a.asker.kind == unknown && !c.shared():
			c.fail("%s is in doubt, and was given what was stored", a.asker.name)
		}
	}
}

// events are what happens when two readers come to one URI.
var events = []struct {
	name string
	run  func(c *cell)
}{
	{"a second GET", func(c *cell) {
		c.get(c.first)
		c.get(c.second)
		for _, v := range []*visitor{c.first, c.second} {
			a := c.get(v)
			want := may
			switch v.kind {
			case known:
				want = c.origin.spelling.own
			case nobody:
				want = c.origin.spelling.shared
			}
			if hit := a.asked == 0; want == must && !hit || want == never && hit {
				c.fail("%s asked again: the origin was asked %d times", v.name, a.asked)
			}
		}
	}},
	{"a validation, answered 304", func(c *cell) {
		c.get(c.first)
		c.wait(100 * time.Second)
		c.get(c.second)
		c.get(c.first)
		c.get(c.second)
	}},
	{"a validation, answered 200", func(c *cell) {
		c.get(c.first)
		c.wait(100 * time.Second)
		c.origin.version++
		before := c.origin.serial.Load()
		for _, v := range []*visitor{c.second, c.first, c.second} {
			if a := c.get(v); a.serial <= before {
				c.fail("%s was given what is no longer valid", v.name)
			}
		}
	}},
	{"a validation, answered 304 that takes the release back", func(c *cell) {
		c.get(c.first)
		c.wait(100 * time.Second)
		c.origin.takeBack = true
		a := c.get(c.first)
		c.origin.takeBack = false
		if b := c.get(c.second); c.first != c.second && a.again() && b.serial == a.serial && a.owner == c.first.label {
			c.fail("%s was given what had become private to %s", c.second.name, c.first.name)
		}
	}},
	{"stale, the origin breaks off", func(c *cell) { c.down(-1) }},
	{"stale, the origin fails", func(c *cell) { c.down([]int{502, 503}[c.number%2]) }},
	{"stale while it is validated", func(c *cell) {
		c.get(c.first)
		c.wait(75 * time.Second)
		c.get(c.second)
		c.get(c.first)
		c.origin.version++
		c.wait(75 * time.Second)
		c.get(c.second)
		c.get(c.first)
		c.get(c.second)
	}},
	{"stale while it is validated, which is refused", func(c *cell) {
		c.get(c.first)
		c.get(c.second)
		c.wait(75 * time.Second)
		c.refuse(c.second)
		c.get(c.second)
		if a := c.get(c.second); a.status != c.origin.status && !c.everybodys() {
			c.fail("%s was refused in the background, and given a %d", c.second.name, a.status)
		}
		c.origin.refused = nil
		c.get(c.first)
	}},
	{"HEAD, then GET", func(c *cell) {
		c.ask(c.first, "HEAD")
		c.get(c.second)
		c.ask(c.second, "HEAD")
		c.get(c.first)
	}},
	{"GET, then HEAD", func(c *cell) {
		c.get(c.first)
		c.ask(c.second, "HEAD")
		c.get(c.first)
		c.wait(100 * time.Second)
		c.ask(c.second, "HEAD") // may freshen what is stored, for one reader
		c.get(c.first)
		c.get(c.second)
		c.origin.version++
		c.ask(c.first, "HEAD")
		c.get(c.second)
	}},
	{"a part of a stored whole", func(c *cell) {
		c.get(c.first)
		c.get(c.second, "Range: "+rangeFirst)
		c.get(c.first, "Range: "+rangeLast)
		c.get(c.second, "Range: "+rangeLast, "If-Range: "+c.origin.etag(c.first))
		c.get(c.second)
		c.get(c.first, "Range: "+rangeFirst, "If-Range: "+c.origin.etag(c.second))
	}},
	{"a guessed entity tag", func(c *cell) {
		c.get(c.first)
		guessed := c.origin.etag(c.first)
		a := c.get(c.second, "If-None-Match: "+guessed)
		switch {
		case a.status != http.StatusNotModified || c.reaches(c.first, c.second):
		case guessed != c.origin.etag(c.second):
			c.fail("a guess of %s confirmed the entity tag of %s", c.second.name, c.first.name)
		case a.asked == 0:
			c.fail("a guess of %s was answered from what is stored for %s", c.second.name, c.first.name)
		}
		c.ask(c.second, "HEAD", "If-None-Match: "+guessed)
		c.get(c.first)
	}},
	{"a client that asks for stale answers only", func(c *cell) {
		c.get(c.first)
		c.get(c.second, "Cache-Control: only-if-cached")
		c.wait(70 * time.Second)
		c.get(c.second, "Cache-Control: max-stale, only-if-cached")
		c.get(c.first, "Cache-Control: max-stale=1000")
	}},
	{"at the same time", func(c *cell) {
		for range 2 { // on a cold cache, and on a stale one
			c.together(c.first, c.second, c.first, c.second)
			c.get(c.second)
			c.wait(100 * time.Second)
		}
	}},
	{"at the same time, and one is refused", func(c *cell) {
		c.refuse(c.second)
		for _, a := range c.together(c.first, c.second, c.second, c.first) {
			if a.asker == c.second && a.status != c.origin.status && !c.everybodys() {
				c.fail("%s was to be refused, and given a %d", c.second.name, a.status)
			}
		}
		c.origin.refused = nil
		c.get(c.second)
		c.get(c.first)
	}},
	{"POST in between", func(c *cell) {
		c.get(c.first)
		c.get(c.second)
		c.ask(c.second, "POST")
		before := c.origin.serial.Load()
		for _, v := range []*visitor{c.first, c.second} {
			if a := c.get(v); a.serial <= before && c.uri(v) == c.uri(c.second) {
				c.fail("%s was given what the POST of %s invalidated", v.name, c.second.name)
			}
		}
	}},
	{"a validation, refused", func(c *cell) {
		c.get(c.first)
		c.get(c.second)
		c.wait(100 * time.Second)
		c.refuse(c.second)
		if a := c.get(c.second); a.status != c.origin.status {
			c.fail("%s was to be refused, and given a %d", c.second.name, a.status)
		}
		before := c.origin.serial.Load()
		if c.first != c.second {
			c.get(c.first)
		}
		c.origin.refused = nil
		if a := c.get(c.second); a.serial <= before && c.second.kind != nobody && c.second.kind != strange && !c.shared() && !c.grouped(c.second, c.second) {
			c.fail("%s was refused, and given what was stored before", c.second.name)
		}
		c.get(c.first)
	}},
}

func (c *cell) refuse(v *visitor) { c.origin.refused, c.origin.status = v, []int{401, 403}[c.number%2] }

// down lets both ask for what is stale while the origin cannot answer (RFC 9111 §4.2.4).
func (c *cell) down(how int) {
	c.get(c.first)
	c.wait(100 * time.Second)
	c.origin.failing = how
	for _, v := range []*visitor{c.second, c.first} {
		stale := c.origin.spelling.stale
		if cc := said(c.origin.spelling.fields["Cache-Control"]); v.kind != known && (cc["s-maxage"] || cc["proxy-revalidate"]) {
			stale = false // in a shared cache
		}
		if a := c.get(v); a.again() && !stale {
			c.fail("%s was given a stale answer, against its origin's word", v.name)
		}
	}
	c.origin.failing = 0
	c.get(c.second)
	c.get(c.first)
}

// together sends GETs at one time. None is answered before all have come as far as they get: to the
// origin, or behind one that is there.
func (c *cell) together(all ...*visitor) []*outcome {
	gate := make(chan struct{})
	c.origin.gate = gate
	answers := make([]*outcome, len(all))
	var done sync.WaitGroup
	for i, v := range all {
		done.Go(func() { answers[i] = c.send(v, "GET") })
	}
	synctest.Wait()
	close(gate)
	done.Wait()
	synctest.Wait()
	c.origin.gate = nil
	for _, a := range answers {
		c.judge(a)
	}
	return answers
}

// tally is what meetings came to.
type tally struct {
	cells, hits int
	failures    []string
}

// meet runs an event for ordered pairs of visitors, each at a URI of its own: for those chosen, of all
// pairs, at each spelling, with an entity tag for each reader and with one for all.
func meet(t *testing.T, run func(*cell), all []*spelling, shares, groups bool, chosen func(spelling, common, i, j int) bool, cache func(http.Handler, func() time.Time) http.Handler) (sum tally) {
	synctest.Test(t, func(*testing.T) {
		clock := new(atomic.Int64)
		o := &matrixOrigin{now: func() time.Time { return time.Unix(matrixStart, clock.Load()) }}
		h := cache(o, o.now)
		for k, s := range all {
			for common := range 2 {
				o.spelling, o.common, o.version = s, common == 1, 0
				for i, first := range visitors {
					for j, second := range visitors {
						if !chosen(k, common, i, j) {
							continue
						}
						c := cell{handler: h, origin: o, clock: clock, first: first, second: second, sharing: shares, groups: groups, number: i + j,
							path: fmt.Sprintf("/%02d%d/%02d%02d", k, common, i, j)}
						c.fail = func(format string, args ...any) {
							sum.failures = append(sum.failures, fmt.Sprintf("%s (one entity tag for all: %v, sharing: %v, groups: %v): %s, then %s: %s",
								s.name, o.common, shares, groups, first.name, second.name, fmt.Sprintf(format, args...)))
						}
						run(&c)
						sum.cells, sum.hits = sum.cells+1, sum.hits+c.hits
					}
				}
			}
		}
	})
	return sum
}

// TestTwoReaders lets every reader meet every other at every spelling of what an origin may say, in
// every event in which a cache has something to decide: nothing made for the one may reach the other,
// be it the body, its length, its entity tag or a field, unless the cache was told to share what is
// released and the origin's own words release it.
//
// All of it is a million cells. One run takes a part, chosen evenly, in which every two readers meet in
// every event several times: MATRIX=3/16 is another part than MATRIX=0/16, and MATRIX=0/1 is all.
func TestTwoReaders(t *testing.T) {
	part, parts := 0, 16
	if v := os.Getenv("MATRIX"); v != "" {
		if n, err := fmt.Sscanf(v, "%d/%d", &part, &parts); n != 2 || err != nil || part < 0 || part >= parts {
			t.Fatalf("MATRIX=%q is no part such as 3/16", v)
		}
	}
	for number, e := range events {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			cells, hits := 0, 0
			for mode := range 4 {
				shares, groups := mode&1 != 0, mode&2 != 0
				chosen := func(spelling, common, i, j int) bool {
					if members := visitors[i].group != "" || visitors[j].group != ""; members != groups {
						return false // where nobody is identified, a member is one more bearer
					}
					mixed := uint64(number)<<40 | uint64(mode)<<32 | uint64(spelling)<<24 | uint64(common)<<16 | uint64(i)<<8 | uint64(j)
					mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9 // of splitmix64: neighbours fall apart
					mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
					return (mixed^mixed>>31)%uint64(parts) == uint64(part)
				}
				got := meet(t, e.run, spellings, shares, groups, chosen, func(o http.Handler, now func() time.Time) http.Handler {
					c := &Cache{Now: now, Memory: 1 << 32} // nothing is evicted
					if shares {
						sharing(c)
					}
					if groups {
						inGroups(c)
					}
					return c.Handler(o)
				})
				cells, hits = cells+got.cells, hits+got.hits
				for _, f := range got.failures[:min(20, len(got.failures))] {
					t.Error(f)
				}
				if n := len(got.failures); n > 20 {
					t.Errorf("and %d more", n-20)
				}
			}
			t.Logf("%d cells, %d answers from the cache", cells, hits)
		})
	}
}

// The matrix notices a cache that leaks: one that goes by the URL alone, and one that also asks the
// origin each time, in the reader's own name, and takes 304 for leave to hand over what it holds.
func TestTwoReadersNotice(t *testing.T) {
	maxAge := slices.DeleteFunc(slices.Clone(spellings), func(s *spelling) bool { return s.name != "max-age" })
	for _, tt := range []struct {
		name      string
		validates bool
	}{{"by URL", false}, {"by URL, and validating", true}} {
		for _, e := range events {
			got := meet(t, e.run, maxAge, false, false, func(_, common, i, j int) bool { return common == 1 && i < 4 && j < 4 },
				func(o http.Handler, _ func() time.Time) http.Handler { return naive(o, tt.validates) })
			if len(got.failures) == 0 {
				t.Errorf("a cache that goes %s passed: %s", tt.name, e.name)
			}
		}
	}
}

// naive is a cache that knows no readers.
func naive(next http.Handler, validates bool) http.Handler {
	var mu sync.Mutex
	stored := map[string]*outcome{}
	replay := func(w http.ResponseWriter, a *outcome) {
		for name, values := range a.header {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		fmt.Fprint(w, a.body.String())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		old := stored[r.URL.Path]
		mu.Unlock()
		if r.Method == "GET" && old != nil && !validates {
			replay(w, old)
			return
		}
		asked := r.Clone(r.Context())
		if old != nil && r.Method == "GET" {
			asked.Header.Set("If-None-Match", old.header.Get("Etag"))
		}
		a := &outcome{header: http.Header{}}
		next.ServeHTTP(a, asked)
		switch {
		case a.status == http.StatusNotModified && old != nil:
			a = old
		case r.Method == "GET" && a.status == http.StatusOK:
			mu.Lock()
			stored[r.URL.Path] = a
			mu.Unlock()
		}
		replay(w, a)
	})
}
