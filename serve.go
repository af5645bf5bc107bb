package bearcache

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bearcache/bearcache/internal/rfc9111"
)

// exchange is one request on its way through the cache.
type exchange struct {
	cache    *Cache
	request  *http.Request
	policy   Policy
	reader   reader
	key      Key
	cachable bool // key is set: look up and, after a miss, store
	started  time.Time
	born     uint64    // invalidations.now before the request went out
	until    time.Time // what is stored ends here at the latest; zero: not known
	event    Event
}

func (c *Cache) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	x := exchange{cache: c, request: r, started: c.state.now()}
	if c.Policy != nil {
		x.policy = c.Policy(r)
	}
	if x.policy.Public {
		x.request = c.state.public(r)
	}
	x.reader = c.identify(x.request, x.started)
	x.event = Event{Request: r, partition: x.reader.partition}

	d, rec, i := x.decide()
	x.event.Reason = string(d.Reason)
	switch d.Action {
	case rfc9111.Reuse:
		c.state.hits.Add(1)
		x.hit(w, d, &rec.stored[i], &rec.variants[i])
		x.observe()
	case rfc9111.Timeout:
		x.timeout(w)
		x.observe()
	default:
		c.state.forwards.Add(1)
		// A copy for the forwarded path alone: what capture keeps a pointer to lives on the heap, and
		// a hit must not.
		forwarded := x
		defer func() { forwarded.observe() }() // also when next panics
		forwarded.forward(w, next, d.Reason)
	}
}

// decide looks up what answers the request. Every check stands here, before hit and miss part: a hot
// cache allows nothing that a cold one refuses.
func (x *exchange) decide() (rfc9111.Decision, *record, int) {
	r := x.request
	bypass := func(why string) (rfc9111.Decision, *record, int) {
		x.event.Detail = why
		return rfc9111.Decision{Reason: rfc9111.Bypass}, nil, -1
	}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return rfc9111.Decision{Reason: rfc9111.Method}, nil, -1
	case x.policy.Off:
		return bypass(whyOff)
	case x.reader.partition == Partition{}:
		return bypass(x.reader.why)
	case r.Header["Upgrade"] != nil:
		return bypass(whyUpgrade)
	case r.ContentLength != 0:
		return bypass(whyBody)
	case r.Header["Range"] != nil:
		return bypass(whyRange)
	}
	uri := targetURI(r)
	if uri == "" {
		return bypass(whyTarget)
	}
	x.key, x.cachable = Key{x.reader.partition, uri}, true
	rec := x.lookup()
	var stored []rfc9111.Stored
	if rec != nil {
		stored = rec.stored
	}
	d, i := rfc9111.Choose(x.decisive(), stored, x.started)
	if i >= 0 && !x.valid(&rec.variants[i]) {
		d, i = rfc9111.Choose(x.decisive(), nil, x.started)
	}
	return d, rec, i
}

func (x *exchange) lookup() *record {
	m := x.cache.state.memory
	before := m.mismatches.Load()
	rec := m.get(x.key)
	if m.mismatches.Load() != before {
		x.cache.logger().Error("a record was found under a key that is not its own; it was dropped")
	}
	return rec
}

// valid holds a fresh response against what its origin cannot know: invalidation, and the end of the
// identity it was made for.
func (x *exchange) valid(v *variant) bool {
	s := x.cache.state
	return s.invalidations.alive(x.key, v.born) &&
		(v.until.IsZero() || x.cache.latest(x.started).Before(v.until))
}

// kind is which cache the request's partition is (RFC 9111 §1).
func (x *exchange) kind() rfc9111.Kind {
	if x.reader.partition == Shared {
		return rfc9111.SharedCache
	}
	return rfc9111.PrivateCache
}

func (x *exchange) decisive() rfc9111.Request {
	s := x.cache.state
	req := rfc9111.Request{Method: x.request.Method, Header: x.request.Header, Authorized: len(x.reader.fields) > 0}
	if x.cache.Identify == nil { // the partition is a digest of them all
		req.Keyed = s.credentials
	} else { // the partition is an identity, whose requests may differ in them
		req.Veiled, req.Veil = s.credentials, s.veiler
	}
	if x.reader.partition == Shared {
		req.Unknown, req.Rerouted = x.reader.strangers.unknown, x.reader.strangers.rerouted
	}
	return req
}

// timeout is the answer to only-if-cached where nothing is stored (RFC 9111 §5.2.1.7). It neither is
// a hit nor went to the origin, so Cache-Status says neither (RFC 9211 §2.1, §2.2).
func (x *exchange) timeout(w http.ResponseWriter) {
	x.event.Status = http.StatusGatewayTimeout
	h := w.Header()
	h["Cache-Control"] = []string{"no-store"}
	if x.reader.told() {
		harden(h, &x.reader)
	}
	addStatus(h, "bearcache; detail=only-if-cached")
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	w.WriteHeader(http.StatusGatewayTimeout)
	n, _ := io.WriteString(w, "nothing is stored for this request, and only-if-cached forbids asking the origin\n")
	x.event.Bytes = int64(n)
}

// hit writes the stored response. Its field values are shared with every other hit.
func (x *exchange) hit(w http.ResponseWriter, d rfc9111.Decision, s *rfc9111.Stored, v *variant) {
	h := w.Header()
	for name, values := range v.header {
		h[name] = values
	}
	ours := &[2]string{strconv.FormatInt(int64(d.Age/time.Second), 10), hitStatus(d)}
	h["Age"] = ours[:1:1]
	if len(h["Cache-Status"]) == 0 {
		h["Cache-Status"] = ours[1:]
	} else {
		addStatus(h, ours[1])
	}
	x.event.Hit, x.event.Age, x.event.Lifetime = true, d.Age, d.Lifetime
	if rfc9111.NotModified(x.request.Header, *s) {
		x.event.Status = http.StatusNotModified
		delete(h, "Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	x.event.Status = s.Status
	w.WriteHeader(s.Status)
	if x.request.Method == http.MethodHead || !hasBody(s.Status) {
		return
	}
	n, _ := w.Write(v.body) // an error is the client's: there is nobody to tell
	x.event.Bytes = int64(n)
}

// addStatus appends our member to what caches nearer to the origin said (RFC 9211 §2).
func addStatus(h http.Header, member string) {
	before := h["Cache-Status"] // may be shared with other hits: copied, not appended to
	h["Cache-Status"] = append(before[:len(before):len(before)], member)
}

// forward asks the origin, passes its answer on while keeping a copy, and stores that.
func (x *exchange) forward(w http.ResponseWriter, next http.Handler, why rfc9111.Reason) {
	x.born = x.cache.state.invalidations.now()
	out := &capture{ResponseWriter: w, exchange: x, why: why}
	whole := false
	defer func() {
		if !whole && out.store == rfc9111.Kept { // next panicked: the event must not say "stored"
			out.drop(rfc9111.Incomplete)
		}
	}()
	next.ServeHTTP(out, x.request)
	whole = true
	out.finish()
}

// answered is called with the origin's final fields before they go out: what the answer forbids or
// undoes is undone before anybody can have read it.
func (x *exchange) answered(status int, h http.Header) (store rfc9111.Reason) {
	if rfc9111.Invalidates(x.request.Method, status) {
		x.invalidate(h)
	}
	if !x.cachable {
		return ""
	}
	if x.reader.partition != Shared && (status == http.StatusUnauthorized || status == http.StatusForbidden) {
		x.cache.state.invalidations.key(x.key)
		x.cache.state.memory.forget(x.key)
	}
	if x.request.Method == http.MethodHead {
		return ""
	}
	ok, why := rfc9111.Storable(x.kind(), x.decisive(), x.response(status, h), x.started, x.cache.state.now())
	if ok && announced(h) > x.cache.state.maxBody {
		return rfc9111.TooLarge
	}
	if ok && h["Trailer"] != nil {
		return rfc9111.Trailers
	}
	if ok {
		x.until = x.end()
		if !x.until.IsZero() && !x.cache.latest(x.cache.state.now()).Before(x.until) {
			return whyExpired // the origin took the token all the same; that is no reason to keep its answer
		}
	}
	return why
}

// end is when what is stored for this request must be forgotten: when its identity ends, as Identify
// said or, where nobody was asked, as the credentials themselves say.
func (x *exchange) end() time.Time {
	if x.cache.Identify != nil {
		return x.reader.identity.Until
	}
	return expiry(x.request.Header, x.reader.fields)
}

func (x *exchange) response(status int, h http.Header) rfc9111.Response {
	return rfc9111.Response{Status: status, Header: h, Default: x.policy.Lifetime}
}

// invalidate forgets, for every reader, the target URI of a request that changed something, and the
// URIs of the same origin that the response says it is about (RFC 9111 §4.4).
func (x *exchange) invalidate(h http.Header) {
	target := targetURI(x.request)
	if target == "" {
		return
	}
	x.cache.state.invalidations.uri(target)
	base, err := url.Parse(target)
	if err != nil {
		return
	}
	for _, name := range []string{"Location", "Content-Location"} {
		for _, value := range h[name] {
			u, err := base.Parse(value)
			if err == nil && u.Scheme == base.Scheme && u.Host == base.Host && u.User == nil {
				u.Fragment, u.RawFragment = "", ""
				x.cache.state.invalidations.uri(u.String())
			}
		}
	}
}

// store keeps a complete response.
func (x *exchange) store(status int, original, sent http.Header, body []byte) {
	now := x.cache.state.now()
	s := rfc9111.Keep(x.kind(), x.decisive(), x.response(status, original), x.started, now)
	v := variant{header: sent, body: body, born: x.born, until: x.until}
	x.cache.state.memory.update(x.key, func(old *record) *record {
		return old.with(x.key, s, v, x.decisive(), x.cache.state.maxVariants)
	})
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
