package bearcache

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

// exchange is one request on its way through the cache.
type exchange struct {
	cache    *Cache
	request  *http.Request
	policy   Policy
	reader   reader
	uri      string
	cachable bool // uri is set: look up and, after a miss, store
	started  time.Time
	born     uint64 // invalidations.now before anything was looked up
	found    found
	deaf     bool      // others may have purged what is stored: nothing of it is used, nothing is added
	ticket   *ticket   // of the request to the origin; nil: none, or it is nobody's in particular
	until    time.Time // of the credentials, once read; see end
	read     bool
	getLater bool // a POST, whose response is judged as that to a GET
	event    Event
}

// found is a stored response that may answer the request, now or once its origin was asked.
type found struct {
	record *record // nil: none
	i      int     // of its variants
}

func (f found) variant() *variant { return &f.record.variants[f.i] }

func (c *Cache) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	x := exchange{cache: c, request: r, started: c.state.now()}
	if x.started.UnixNano() > c.state.wall.Load()+int64(time.Second) { // every second is often enough
		c.latest(x.started)
	}
	if c.Policy != nil {
		x.policy = c.Policy(r)
	}
	if x.policy.Public {
		x.request = c.state.public(r)
	}
	x.reader = c.identify(x.request, x.started, x.policy.Public)
	x.event = Event{Request: r, partition: x.reader.partition, secret: c.state.secret}

	d := x.decide()
	x.event.Reason = string(d.Reason)
	switch d.Action {
	case rfc9111.Reuse:
		c.state.hits.Add(1)
		if d.Refresh {
			// A copy for the slow path alone: what others keep a pointer to lives on the heap, and a hit
			// must not.
			stale := x
			stale.refresh(next)
		}
		x.hit(w, d, hitStatus(d))
		x.observe()
	case rfc9111.Timeout:
		if recalled := x; recalled.recall(d) { // a copy, as above
			if d = recalled.decide(); d.Action == rfc9111.Reuse && !x.ended(x.cache.state.now()) {
				recalled.event.Reason = string(d.Reason)
				recalled.recalled(w, next, d)
				recalled.observe()
				return
			}
		}
		x.timeout(w, "only-if-cached", "nothing is stored for this request, and only-if-cached forbids asking the origin")
		x.observe()
	default:
		forwarded := x
		defer func() { forwarded.observe() }() // also when next panics
		forwarded.forward(w, next, d)
	}
}

// decide looks up what answers the request. Every check stands here, before hit and miss part: a hot
// cache allows nothing that a cold one refuses.
func (x *exchange) decide() rfc9111.Decision {
	r := x.request
	x.born = x.cache.state.invalidations.now()
	bypass := func(why string) rfc9111.Decision {
		x.event.Detail = why
		return rfc9111.Decision{Reason: rfc9111.Bypass}
	}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return rfc9111.Decision{Reason: rfc9111.Method}
	case x.policy.Off:
		if httpfield.IsToken(x.policy.Why) {
			return bypass(x.policy.Why)
		}
		return bypass(whyOff)
	case x.reader.partition == Partition{}:
		return bypass(x.reader.why)
	case r.Header["Upgrade"] != nil:
		return bypass(whyUpgrade)
	case r.ContentLength != 0:
		return bypass(whyBody)
	}
	if x.uri = targetURI(r); x.uri == "" {
		return bypass(whyTarget)
	}
	x.cachable = true
	if x.deaf = x.cache.state.others.deaf(); x.deaf {
		x.event.Detail = whyDeaf
	}
	if r.Header["If-Match"] != nil || r.Header["If-Unmodified-Since"] != nil { // the origin's to judge (RFC 9111 §4.3.2)
		return rfc9111.Decision{Reason: rfc9111.Asked}
	}
	d := x.choose()
	if r.Header["Range"] != nil && d.Action != rfc9111.Reuse && d.Action != rfc9111.Timeout {
		// The origin answers for the part: nothing of it is stored, and no validation of the whole is mixed
		// into the request for the part. What was found may stand in for an origin that fails.
		d.Action = rfc9111.Forward
	}
	return d
}

// choose looks in the reader's own partition first, and then where others may.
func (x *exchange) choose() rfc9111.Decision {
	all := x.partitions()
	d := x.look(all[0])
	for _, p := range all[1:] {
		if d.Action == rfc9111.Reuse {
			break
		}
		if p == (Partition{}) {
			continue
		}
		before := x.found
		if wider := x.look(p); wider.Action == rfc9111.Reuse || before.record == nil && x.found.record != nil {
			d = wider
		} else {
			x.found = before
		}
	}
	return d
}

// partitions are those that the request may read, and its response enter, from the reader's own to the
// widest; the zero ones are none. With credentials there are others than its own where Identify names a group, and
// where the operator lets origins release responses to such requests; with fields of unknown meaning Shared
// is one, for what the origin meant for everybody.
func (x *exchange) partitions() [4]Partition {
	own, group := x.reader.partition, x.reader.group
	switch {
	case own == Shared:
		return [4]Partition{Shared}
	case own.unnamed():
		return [4]Partition{own, Shared}
	case !x.cache.ShareReleased:
		return [4]Partition{own, group}
	case x.reader.strangers.unknown:
		return [4]Partition{own, group, x.reader.crowd, Shared}
	}
	return [4]Partition{own, group, Shared}
}

func (x *exchange) look(p Partition) rfc9111.Decision {
	x.found = found{}
	var rec *record
	if !x.deaf {
		rec = x.lookup(Key{p, x.uri})
	}
	d, i := rfc9111.Choose(x.decisive(p), rec, x.started)
	switch {
	case i < 0:
	case x.valid(rec, i, x.started):
		x.found = found{rec, i}
	default:
		d, _ = rfc9111.Choose(x.decisive(p), (*record)(nil), x.started)
	}
	return d
}

func (x *exchange) lookup(k Key) *record {
	m := x.cache.state.memory
	before := m.mismatches.Load()
	rec := m.get(k)
	if m.mismatches.Load() != before {
		x.cache.logger().Error("a record was found under a key that is not its own; it was dropped")
	}
	return rec
}

// recall reports whether the second level had something for the request that memory has not. It is asked before
// the origin is.
func (x *exchange) recall(d rfc9111.Decision) bool {
	s := x.cache.state
	if s.second == nil || !x.cachable || x.deaf || d.Reason == rfc9111.Asked {
		return false
	}
	defer x.enter()()
	return s.second.recall(x)
}

// recalled answers with what the second level had.
func (x *exchange) recalled(w http.ResponseWriter, next http.Handler, d rfc9111.Decision) {
	x.cache.state.hits.Add(1)
	x.event.Recalled = true
	if d.Refresh {
		stale := *x
		stale.refresh(next)
	}
	x.hit(w, d, hitStatus(d)+"; detail=store")
}

// enter notes that something may yet be stored for the request's reader; leave ends that. Once its ticket is void, a
// request that goes out again begins anew.
func (x *exchange) enter() (leave func()) {
	p, outer := x.reader.partition, x.ticket
	if outer != nil && !outer.void.Load() || p.kind() != rfc9111.PrivateCache || p == (Partition{}) {
		return func() {}
	}
	s := x.cache.state
	uri := x.uri
	if uri == "" {
		uri = targetURI(x.request)
	}
	t := s.underway.enter(Key{p, uri})
	x.ticket = t
	return func() { s.underway.leave(t); x.ticket = outer }
}

// valid holds a stored response against what its origin cannot know: invalidation, and the end of the
// identity it was made for.
func (x *exchange) valid(rec *record, i int, now time.Time) bool {
	v := &rec.variants[i]
	return !x.barred(rec.key) && !x.void(rec.key.Partition) && x.cache.state.invalidations.current(rec.key, v.tags, v.stamp) &&
		(v.until == forever || x.cache.latest(now).UnixNano() < v.until)
}

// barred reports whether k is a group's, and the origin refused it to the reader.
func (x *exchange) barred(k Key) bool {
	return k.Partition.is('g') && x.cache.state.refused.holds(Key{x.reader.partition, k.TargetURI}, x.started)
}

// void reports whether what is stored in p was forgotten since the request went out.
func (x *exchange) void(p Partition) bool {
	return x.ticket != nil && p == x.ticket.key.Partition && x.ticket.void.Load()
}

// decisive is what decisions about the request in partition p rest on.
func (x *exchange) decisive(p Partition) rfc9111.Request {
	s := x.cache.state
	req := rfc9111.Request{Method: x.request.Method, Header: x.request.Header, Authorized: x.reader.told()}
	if x.getLater {
		req.Method = http.MethodGet
	}
	switch {
	case p.is('c'):
		req.Keyed = s.credentials // the partition is a digest of them all
	default: // an identity, whose requests may differ in them; or anybody
		req.Veiled, req.Veil = s.credentials, s.veiler
	}
	strangers := x.reader.strangers
	if p.unnamed() || p.is('g') { // as keyed by these fields as can be
		req.Rerouted = strangers.ambiguous || req.Authorized && strangers.rerouted
	}
	req.Alike = p.is('g')
	if p == Shared {
		req.Unknown, req.Rerouted = strangers.unknown, strangers.ambiguous || strangers.rerouted
	}
	return req
}

// timeout is the answer where there is none: to only-if-cached if nothing is stored (RFC 9111 §5.2.1.7), and to a
// request that waited for another's for too long. It neither is a hit nor went to the origin, so Cache-Status says
// neither (RFC 9211 §2.1, §2.2).
func (x *exchange) timeout(w http.ResponseWriter, detail, text string) {
	x.event.Status = http.StatusGatewayTimeout
	h := w.Header()
	h["Cache-Control"] = []string{"no-store"}
	if x.reader.told() {
		x.harden(h, Partition{})
	}
	addStatus(h, "bearcache; detail="+detail)
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	w.WriteHeader(http.StatusGatewayTimeout)
	n, _ := io.WriteString(w, text+"\n")
	x.event.Bytes = int64(n)
}

// hit writes the stored response that was found.
func (x *exchange) hit(w http.ResponseWriter, d rfc9111.Decision, status string) {
	h, v := w.Header(), x.found.variant()
	ours := v.fields.into(h, 2)
	ours[0], ours[1] = strconv.FormatInt(int64(d.Age/time.Second), 10), status
	h["Age"] = ours[:1:1]
	if len(h["Cache-Status"]) == 0 {
		h["Cache-Status"] = ours[1:]
	} else {
		addStatus(h, ours[1])
	}
	x.event.Hit, x.event.Age, x.event.Lifetime = d.Action == rfc9111.Reuse, d.Age, d.Lifetime
	if rfc9111.NotModified(x.request.Header, &v.Stored, h) {
		x.event.Status = http.StatusNotModified
		delete(h, "Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	x.event.Status = v.Status()
	body := v.body
	if x.request.Header["Range"] != nil && v.Status() == http.StatusOK && x.request.Method == http.MethodGet {
		body = x.part(h, body)
	}
	w.WriteHeader(x.event.Status)
	if x.request.Method == http.MethodHead || !hasBody(x.event.Status) {
		return
	}
	n, _ := writeStored(w, body) // an error is the client's: there is nobody to tell
	x.event.Bytes = int64(n)
}

// part turns a complete stored response into one for the range that is asked for (RFC 9110 §14.2, RFC
// 9111 §3.4). Of several ranges, and of one that cannot be read, the whole is the answer.
func (x *exchange) part(h http.Header, body []byte) []byte {
	if !httpfield.IfRange(x.request.Header, h) {
		return body
	}
	length := int64(len(body))
	first, last, kind := httpfield.Range(x.request.Header["Range"], length)
	switch kind {
	case httpfield.RangeSatisfiable:
		withoutDigests(h)
		x.event.Status = http.StatusPartialContent
		body = body[first : last+1]
		h["Content-Range"] = []string{"bytes " + strconv.FormatInt(first, 10) + "-" + strconv.FormatInt(last, 10) + "/" + strconv.FormatInt(length, 10)}
	case httpfield.RangeUnsatisfiable:
		x.event.Status = http.StatusRequestedRangeNotSatisfiable
		body = nil
		h["Content-Range"] = []string{"bytes */" + strconv.FormatInt(length, 10)}
		withoutDigests(h)
		for _, name := range []string{"Content-Encoding", "Content-Language", "Etag", "Last-Modified"} { // of no representation
			delete(h, name)
		}
	default:
		return body
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	return body
}

// withoutDigests removes what is true of the whole content only (RFC 9530 §2, RFC 1864).
func withoutDigests(h http.Header) {
	for _, name := range []string{"Content-Digest", "Content-Md5", "Digest"} {
		delete(h, name)
	}
}

// addStatus appends our member to what caches nearer to the origin said (RFC 9211 §2).
func addStatus(h http.Header, member string) {
	before := h["Cache-Status"] // may be another's: copied, not appended to
	h["Cache-Status"] = append(before[:len(before):len(before)], member)
}

func (x *exchange) observe() {
	if x.cache.Observe != nil {
		x.cache.Observe(x.event)
	}
}

// announced is the length that Content-Length announces, or 0 where it says nothing useful.
func announced(h http.Header) int64 {
	if values := h["Content-Length"]; len(values) == 1 {
		if n, err := strconv.ParseInt(values[0], 10, 64); err == nil {
			return n
		}
	}
	return 0
}

func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
