package bearcache

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/bearcache/bearcache/internal/rfc9111"
)

// forward gets the answer from the origin, or from another request of the same partition that is
// getting it already.
func (x *exchange) forward(w http.ResponseWriter, next http.Handler, d rfc9111.Decision) {
	s := x.cache.state
	var own *flight                            // nil: it goes by itself, as where what it waited for was none for it
	apart := false                             // it waited already for one that Vary turned out to tell apart from it
	grouped := x.reader.group != (Partition{}) // what one of them is given is, as a rule, for all; what is not is each reader's
	for again := true; again; {
		mayWait, mayLead := x.collapsible(d)
		if !mayWait {
			break
		}
		key := x.flightKey(grouped)
		if s.flights.within(x.request.Context(), key) { // it would wait for itself
			break
		}
		fl, leader := s.flights.board(key, x.started, mayLead)
		if leader {
			own = fl
		}
		if fl == nil && grouped {
			grouped = false
			continue
		}
		if leader || fl == nil {
			break
		}
		again = x.await(fl)
		if x.request.Context().Err() != nil {
			x.ends(w)
			return
		}
		if x.ended(s.now()) {
			break
		}
		why := d.Reason
		if d = x.decide(); d.Action == rfc9111.Reuse {
			s.hits.Add(1)
			x.event.Collapsed = true
			x.hit(w, d, collapsedStatus(why))
			return
		}
		x.event.Reason = string(d.Reason)
		switch {
		case again:
		case !apart && (d.Reason == rfc9111.VaryMiss || grouped) && x.flightKey(grouped) != key:
			again, apart = true, true // with those that want the same variant
		case grouped:
			again, grouped = true, false
		}
	}
	if own != nil {
		defer s.flights.land(own)
	}
	if x.recall(d) {
		d = x.decide()
		if x.ended(s.now()) {
			d = rfc9111.Decision{Action: rfc9111.Forward, Reason: rfc9111.Bypass}
			x.event.Detail = whyExpired
		}
		if d.Action == rfc9111.Reuse {
			if own != nil {
				s.flights.arrive(own)
			}
			x.event.Reason = string(d.Reason)
			x.recalled(w, next, d)
			return
		}
	}
	x.fetch(w, next, d, own)
}

// ends is the answer to a request whose context has ended while it waited. Where that was its deadline a client may be
// there all the same, and a cache further out, which must not take silence for an empty response.
func (x *exchange) ends(w http.ResponseWriter) {
	if _, ok := w.(*answer); ok || x.request.Context().Err() != context.DeadlineExceeded { // RoundTrip returns the context's error
		panic(http.ErrAbortHandler)
	}
	x.timeout(w, "deadline", "the time that this request has ended while it waited for another's answer")
}

// flightKey is what this request waits, or is waited for, by: with its reader's others, or with those of his group.
// Requests that are told apart by the Vary of what is stored do not wait for each other.
func (x *exchange) flightKey(grouped bool) flightKey {
	p := x.reader.partition
	if grouped {
		p = x.reader.group
	}
	k := flightKey{Key: Key{p, x.uri}}
	if rec := x.lookup(k.Key); rec.Len() > 0 {
		k.variant = rec.newest().Variant(x.decisive(k.Partition))
	}
	return k
}

// collapsible reports whether the request may wait for another's answer: one for the whole that nothing
// asks the origin for in particular. A client's own validation is one, too: what is then stored is held against
// its conditions. But it can lead others only if it goes out with ours, since an answer to its own may
// be a 304, and is then stored for nobody.
func (x *exchange) collapsible(d rfc9111.Decision) (mayWait, mayLead bool) {
	if !x.cachable || x.deaf || x.request.Method != http.MethodGet || d.Reason == rfc9111.Asked {
		return false, false
	}
	mayLead = true
	for _, name := range rfc9111.Conditional {
		switch {
		case x.request.Header[name] == nil:
		case name == "If-None-Match" || name == "If-Modified-Since":
			mayLead = d.Action == rfc9111.Validate
		default:
			return false, false
		}
	}
	return true, mayLead
}

// await waits for a flight. again: it was overtaken, and the request may wait for the one that does so, or
// be that.
func (x *exchange) await(fl *flight) (again bool) {
	s := x.cache.state
	defer s.flights.leave(fl)
	began, endless := time.Now(), time.Time{}
	tick := time.NewTicker(clientLimit)
	defer tick.Stop()
	for flying := true; flying; {
		select {
		case <-fl.landed:
			flying = false
		case <-x.request.Context().Done():
			return false
		case <-tick.C:
			if endless.IsZero() && fl.endless.Load() { // from here on: an origin may take long to begin
				endless = time.Now()
			}
			switch {
			case fl.held.Load(), time.Since(began) >= waitLimit:
				s.flights.overtake(fl)
			case !endless.IsZero() && time.Since(endless) >= endlessLimit-clientLimit: // it was noticed within one tick
				s.flights.lone(fl.key, s.now())
				s.flights.land(fl)
			}
		}
	}
	x.started = s.now()
	return fl.overtaken
}

// fetch asks the origin, passes its answer on while keeping a copy, and stores that. fl is the flight
// that it leads; nil: none.
func (x *exchange) fetch(w http.ResponseWriter, next http.Handler, d rfc9111.Decision, fl *flight) {
	s := x.cache.state
	s.forwards.Add(1)
	defer x.enter()()
	if f := x.found.record; f != nil && x.ticket != nil && f.key.Partition == x.ticket.key.Partition && s.memory.get(f.key) != f {
		x.ticket.void.Store(true) // forgotten before anybody knew that this request is under way
	}
	r := theirs(x.request)
	if d.Action == rfc9111.Validate {
		conditional(r, x.found.variant())
	}
	if fl != nil {
		ctx, end := s.flights.detach(r.Context(), fl)
		defer end()
		r = r.WithContext(inside(ctx, fl))
	}
	out := &capture{ResponseWriter: w, exchange: x, why: d.Reason, flight: fl, forwarded: r.Context(),
		validating: d.Action == rfc9111.Validate, asked: s.now()}
	if h := w.Header(); len(h) > 0 {
		out.outer = maps.Clone(h)
	}
	if x.found.record != nil { // its answer may be another than the client's
		out.apart = maps.Clone(w.Header())
		if out.apart == nil {
			out.apart = http.Header{}
		}
	}
	whole := false
	defer func() {
		out.release()
		if !whole && out.store == rfc9111.Kept { // next panicked: the event must not say "stored"
			out.drop(rfc9111.Incomplete)
		}
		if !whole {
			out.settle()
		}
	}()
	x.ask(next, out, r)
	whole = true
	if out.finish() {
		return
	}
	// The origin's 304 was about something else than what is stored here (RFC 9111 §4.3.4).
	x.found = found{}
	x.fetch(w, next, rfc9111.Decision{Reason: d.Reason}, fl)
}

// ask calls next. That it aborts before it has answered at all is an origin out of reach, which a stale
// response may bridge.
func (x *exchange) ask(next http.Handler, out *capture, r *http.Request) {
	if x.found.record != nil {
		defer func() {
			if value := recover(); value != nil {
				if value == http.ErrAbortHandler && (out.held == bridged || !out.wrote && r.Context().Err() == nil && out.bridge(true)) {
					return
				}
				panic(value)
			}
		}()
	}
	next.ServeHTTP(out, r)
}

// Unreachable tells the cache that the origin behind next could not be asked, before next answers with
// an error of its own to say so. A stored response may then be served stale where its origin does not
// forbid it (RFC 9111 §4.2.4).
func Unreachable(w http.ResponseWriter) {
	for {
		switch v := w.(type) {
		case *capture:
			v.unreachable = true
			return
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return
		}
	}
}

// theirs is a copy of r that next may change: what the answer is stored under, and until when, is read from
// the request as it came.
func theirs(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	if r.Header = r.Header.Clone(); r.Header == nil {
		r.Header = make(http.Header)
	}
	url := *r.URL
	r.URL = &url
	return r
}

// conditional makes r one that validates v (RFC 9111 §4.3.1). A client's own conditions are held against what
// comes of it.
func conditional(r *http.Request, v *variant) {
	unconditional(r)
	etag, modified := rfc9111.Validators(v.fields.original())
	if etag != "" {
		r.Header["If-None-Match"] = []string{etag}
	}
	if modified != "" {
		r.Header["If-Modified-Since"] = []string{modified}
	}
}

func unconditional(r *http.Request) {
	for _, name := range rfc9111.Conditional {
		delete(r.Header, name)
	}
}

// stale serves what was found in place of an answer that the origin owes.
func (x *exchange) stale(out *capture) {
	s := &x.found.variant().Stored
	d := rfc9111.Decision{Age: rfc9111.Age(s, x.cache.state.now())}
	d.Lifetime, x.event.Stale = s.Lifetime(), true
	x.hit(out.ResponseWriter, d, bridgedStatus(out.why, out.status, d))
}
