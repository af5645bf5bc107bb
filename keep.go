package bearcache

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

// answered is called with the origin's final fields before they go out: what the answer forbids or
// undoes is undone before anybody can have read it. It says where the answer is stored, or why not.
func (x *exchange) answered(out *capture, status int, h http.Header) (p Partition, store rfc9111.Reason) {
	before, marks := x.cache.state.invalidations.now(), uint64(0)
	if rfc9111.Invalidates(x.request.Method, status) {
		overtaken := !x.cache.state.invalidations.aliveTagged(Key{x.reader.partition, targetURI(x.request)}, func() []string { return tagsOf(h) }, x.born)
		if marks = x.invalidate(h); overtaken {
			marks = 0
		}
	}
	if p := x.reader.partition; p.kind() == rfc9111.PrivateCache && p != (Partition{}) {
		reads := x.request.Method == http.MethodGet || x.request.Method == http.MethodHead
		s, k := x.cache.state, Key{p, targetURI(x.request)}
		switch {
		case status == http.StatusUnauthorized: // whatever these credentials were good for, they are not any longer, in whatever partition
			k.TargetURI = ""
			if holder := p.holder(); holder != (Partition{}) {
				s.forget(k) // gives the memory back
				k.Partition = holder
			}
			x.refuse(k)
		case status == http.StatusForbidden && reads:
			x.refuse(k)
		case x.request.Method == http.MethodGet && (status/100 == 2 || status == http.StatusNotModified): // a redirect gives him nothing
			s.refused.answered(k, x.born)
		}
	}
	if !x.cachable {
		if x.request.Method == http.MethodPost && status == http.StatusOK && marks > 0 {
			return x.posted(h, before+marks, out.asked)
		}
		return p, ""
	}
	if x.request.Method == http.MethodHead {
		x.head(out, status, h)
		return p, ""
	}
	p, store = x.place(status, h, out.asked)
	if store != rfc9111.Kept && x.found.record != nil && x.request.Header["Range"] == nil && x.outdates(x.found.record.key.Partition, out.why, status) {
		x.forget(x.found.record.key)
	}
	return p, store
}

// posted says whether the response to a POST is stored for the GETs that follow: it is what its own target
// now is, and says for how long (RFC 9110 §9.3.3). Only for the reader who sent it, since no key holds the
// content that was posted. born is the number after what the POST itself invalidated, if nothing else was in that moment.
func (x *exchange) posted(h http.Header, born uint64, asked time.Time) (Partition, rfc9111.Reason) {
	p, target := x.reader.partition, targetURI(x.request)
	if x.policy.Off || p.kind() != rfc9111.PrivateCache || p == (Partition{}) || target == "" || x.request.Header["Upgrade"] != nil || x.cache.state.invalidations.now() != born {
		return p, ""
	}
	base, err := url.Parse(target)
	locations := h["Content-Location"]
	if err != nil || len(locations) != 1 {
		return p, ""
	}
	if u, err := base.Parse(locations[0]); err != nil {
		return p, ""
	} else if uri, _ := normalURI(u.String()); uri != target {
		return p, ""
	}
	x.uri, x.born, x.getLater = target, born, true
	if _, explicit := rfc9111.Lifetime(p.kind(), x.decisive(p), x.response(http.StatusOK, h), asked); !explicit {
		return p, ""
	}
	return p, x.storable(p, http.StatusOK, h, asked)
}

// forget drops what is stored under k, and what is under way to be; of a reader's own partition, or of its holder, without a
// TargetURI, all there is in it. The other nodes are told, but of what nobody is likely to have.
func (x *exchange) forget(k Key) { x.drop(k, false) }

// refuse is forget where the origin refused k to the reader: what his group has is not for him, either.
func (x *exchange) refuse(k Key) {
	x.drop(k, true)
	s := x.cache.state
	s.refused.add(k, s.invalidations.mark(), x.started)
}

func (x *exchange) drop(k Key, refused bool) {
	s, o := x.cache.state, x.cache.state.others
	if o == nil {
		s.forget(k)
		return
	}
	n := newNotice()
	n.refused = refused
	n.names, n.uri = []string{k.Partition.name}, k.TargetURI
	if p := x.formerly(k.Partition); p != (Partition{}) && k.Partition.holder() != k.Partition {
		n.names = append(n.names, p.name)
	}
	n = o.await(n)
	if found := s.forget(k) || x.found.record != nil; found || !k.Partition.unverified() || o.unheard.Allow() {
		o.tell(n)
		return
	}
	o.keep(n)
}

// forget drops what is stored here under k, and what is under way to be. It reports whether there was anything.
func (s *state) forget(k Key) (found bool) {
	switch {
	case k.Partition.kind() == rfc9111.SharedCache:
		s.invalidations.key(k)
		found = s.memory.forget(k)
	case k.Partition.holder() == k.Partition:
		s.invalidations.holder(k.Partition)
		found = true // nobody counts
	case k.TargetURI == "":
		for _, k := range s.underway.void(k) { // what is being stored at this moment may not be among what there is
			found = s.memory.forget(k) || found
		}
		found = len(s.memory.forgetPartition(k.Partition)) > 0 || found
	default: // in this order: what is stored in between is dropped
		s.underway.void(k)
		found = s.memory.forget(k)
	}
	return found
}

// outdates reports whether an answer that is not stored says that what was found in p no longer holds. Of a
// partition that the reader has in common with others, only what is stale may go, and what an answer to one
// reader says of one reader counts for nothing.
func (x *exchange) outdates(p Partition, why rfc9111.Reason, status int) bool {
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		return p.kind() == rfc9111.PrivateCache || why == rfc9111.Stale
	case status >= 200 && status < 400, status == http.StatusUnauthorized, status == http.StatusForbidden:
		return p.kind() == rfc9111.PrivateCache || why == rfc9111.Stale && p == x.reader.partition
	}
	return false
}

// place says which partition the response may, and should, be stored in: the widest that its origin
// and the operator allow.
func (x *exchange) place(status int, h http.Header, asked time.Time) (Partition, rfc9111.Reason) {
	var p Partition
	var why rfc9111.Reason
	all := x.partitions()
	for i := len(all) - 1; i >= 0 && why != rfc9111.Kept; i-- {
		if all[i] == (Partition{}) {
			continue
		}
		p = all[i]
		why = x.storable(p, status, h, asked)
	}
	return p, why
}

// storable says whether the response may, and should, be stored in p.
func (x *exchange) storable(p Partition, status int, h http.Header, asked time.Time) rfc9111.Reason {
	now := x.cache.state.now()
	_, why := rfc9111.Storable(p.kind(), x.decisive(p), x.response(status, h), asked, now)
	switch {
	case why != rfc9111.Kept:
	case x.cache.state.others.deaf():
		why = whyDeaf
	case nominatesDecisive(h):
		why = rfc9111.Malformed
	case announced(h) > x.cache.state.most(p):
		why = rfc9111.TooLarge
	case h["Trailer"] != nil:
		why = rfc9111.Trailers
	case p.is('g') && x.apart(h):
		why = rfc9111.Private
	case !p.open() && x.ended(now):
		why = whyExpired // the origin took the token all the same; that is no reason to keep its answer
	}
	return why
}

// apart reports whether Vary tells the members of a group apart by a credential that is not part of it. One record of
// all of them would hold a few variants, which drive each other out; each member's own holds his.
func (x *exchange) apart(h http.Header) bool {
	names, _ := httpfield.Vary(h)
	return slices.ContainsFunc(names, func(name string) bool {
		return contains(x.reader.fields, name) && !contains(x.reader.joined, name)
	})
}

func (x *exchange) ended(now time.Time) bool {
	until := x.end()
	return !until.IsZero() && !x.cache.latest(now).Before(until)
}

// end is when what is stored for this request's reader must be forgotten: when its identity ends, as
// Identify said or, where nobody was asked, as the credentials themselves say.
func (x *exchange) end() time.Time {
	if !x.read { // once: a token is decoded for it
		x.until, x.read = x.reader.identity.Until, true
		if x.cache.Identify == nil {
			x.until = expiry(x.request.Header, x.reader.fields)
		}
		x.until = earlier(x.until, certificate(x.request))
	}
	return x.until
}

func (x *exchange) response(status int, h http.Header) rfc9111.Response {
	return rfc9111.Response{Status: status, Header: h, Default: x.policy.Lifetime}
}

// invalidate forgets, for every reader, the target URI of a request that changed something, and the
// URIs of the same origin that the response says it is about (RFC 9111 §4.4). It returns how many.
func (x *exchange) invalidate(h http.Header) (marks uint64) {
	target := targetURI(x.request)
	if target == "" {
		return 0
	}
	x.invalidateURI(target)
	marks = 1
	base, err := url.Parse(target)
	if err != nil {
		return marks
	}
	origin := base.Scheme + "://" + base.Host + "/"
	for _, name := range []string{"Location", "Content-Location"} {
		for _, value := range h[name] {
			u, err := base.Parse(value)
			if err != nil || u.User != nil {
				continue
			}
			u.Fragment, u.RawFragment = "", ""
			uri, why := normalURI(u.String())
			if why == "" && nameable(uri) != "" && strings.HasPrefix(uri, origin) {
				x.invalidateURI(uri)
				marks++
			}
		}
	}
	return marks
}

// invalidateURI forgets a URI for every reader, and has the other nodes do so.
func (x *exchange) invalidateURI(uri string) {
	e := Extent{TargetURI: uri}
	s, o := x.cache.state, x.cache.state.others
	if o == nil {
		s.purge(e)
		return
	}
	n := newNotice()
	n.extent = &e
	n = o.await(n)
	s.purge(e)
	o.tell(n)
}

// store keeps a complete response under p, unless something there is not to be given up for it. original
// are the origin's fields, sent what went out of them; newer those of a response that confirmed it, nil: none did.
func (x *exchange) store(p Partition, status int, original, sent http.Header, body []byte, asked time.Time, newer http.Header) (kept bool, f found) {
	key, req := Key{p, x.uri}, x.decisive(p)
	s := rfc9111.Keep(p.kind(), req, x.response(status, original), asked, x.cache.state.now())
	if newer != nil {
		s = s.Within(x.response(status, newer))
	}
	v := variant{Stored: s, fields: pack(sent, original), body: body, stamp: newStamp(x.born), until: forever}
	if p.kind() == rfc9111.PrivateCache {
		end := x.end()
		if x.reader.identity.Renewable {
			end = earlier(asked.Add(x.cache.state.lifetime), certificate(x.request))
		}
		if end.IsZero() {
			end = asked.Add(x.cache.state.lifetime)
		}
		v.until = untilOf(end)
	}
	var next *record
	x.cache.state.memory.update(key, func(key Key, old *record) *record {
		if x.void(p) {
			return old
		}
		next = old.with(key, v, req, x.cache.state.maxVariants, func(i int) bool { return x.valid(old, i, x.cache.state.now()) })
		kept = next != old
		return next
	})
	if second := x.cache.state.second; second != nil && kept && next.weight > 0 {
		second.keep(x, next)
	}
	return kept, found{&record{key: key, variants: []variant{v}}, 0}
}

// freshen takes a 304 to what was found (RFC 9111 §4.3.4): the stored response is the answer, with the
// 304's fields. false: the 304 is about another one.
func (x *exchange) freshen(out *capture, w http.ResponseWriter) bool {
	before := x.found.variant()
	if x.barred(x.found.record.key) || x.void(x.found.record.key.Partition) || !x.cache.state.invalidations.current(x.found.record.key, before.tags, before.stamp) { // purged meanwhile: it is no answer
		return false
	}
	if nominatesDecisive(out.confirming) { // what it forbids may be among what goes
		return false
	}
	newer := dated(out.own(out.confirming), x.cache.state.now())
	fields, ok := rfc9111.Freshen(before.fields.original(), x.response(http.StatusNotModified, newer))
	if !ok {
		return false
	}
	x.event.Validated = true
	x.event.Store = string(x.replace(before.Status(), fields, newer, out))
	for _, name := range []string{"Set-Cookie", "Authentication-Info"} { // this reader's, and in no record
		if values := out.confirming[name]; values != nil {
			w.Header()[name] = values
		}
	}
	out.arrive() // its own client may take its time
	d := rfc9111.Decision{Age: rfc9111.Age(&x.found.variant().Stored, x.cache.state.now())}
	x.hit(w, d, forwardStatus(out.why, http.StatusNotModified, rfc9111.Reason(x.event.Store), ""))
	return true
}

// replace stores what was found anew with the fields of a newer response taken over, or forgets it where
// these forbid to keep it. What was found is then that response.
//
// In a partition that is wider than the reader's own, the newer response was made for this reader. Its
// fields get there only if it is released itself: that the stored one was says nothing about them.
func (x *exchange) replace(status int, fields, newer http.Header, out *capture) rfc9111.Reason {
	key, before := x.found.record.key, x.found.variant()
	kind, now := key.Partition.kind(), x.cache.state.now()
	req := x.decisive(key.Partition)
	req.Method = http.MethodGet
	ok, why := rfc9111.Storable(kind, req, x.response(status, fields), out.asked, now)
	released, said := true, rfc9111.Kept
	if key.Partition != x.reader.partition {
		released, said = rfc9111.Storable(kind, req, x.response(status, newer), out.asked, now)
		// Among equals a 304 that says nothing takes nothing back.
		released = released || said == rfc9111.NoLifetime && key.Partition.is('g')
	}
	switch {
	case ok && !key.Partition.open() && x.ended(now):
		ok, why = false, whyExpired
	case ok && !released:
		ok, why = false, rfc9111.Private
	}
	sent := fields.Clone()
	if x.reader.told() && (!key.Partition.open() || !ok) {
		x.harden(sent, key.Partition)
	}
	withoutTags(sent)
	was := before.fields.sent()
	for _, name := range []string{"Content-Length", "Content-Type"} { // what was found out about the body
		values, found := was[name]
		if _, said := sent[name]; found && !said {
			sent[name] = values
		}
	}
	if ok {
		_, x.found = x.store(key.Partition, status, fields, sent, before.body, out.asked, newer)
		return why
	}
	if released && forbids(why) || takesBack(said) {
		x.forget(key)
	}
	s := rfc9111.Keep(kind, req, x.response(status, fields), out.asked, now)
	x.found = found{&record{key: key, variants: []variant{{Stored: s, fields: pack(sent, sent), body: before.body}}}, 0}
	return why
}

// takesBack reports whether a reason not to store is a word of the origin's against it: one that it says of a
// response to one reader counts for what others were given, too.
func takesBack(why rfc9111.Reason) bool {
	switch why {
	case rfc9111.NoStore, rfc9111.Private, rfc9111.VaryAny, rfc9111.Malformed:
		return true
	}
	return false
}

// forbids reports whether a reason not to store is the response's, and not that of the request which
// brought it.
func forbids(why rfc9111.Reason) bool {
	switch why {
	case rfc9111.Authorization, rfc9111.UnknownField, rfc9111.RequestNoStore, whyExpired:
		return false
	}
	return true
}

// head takes what a response to HEAD says of the stored one (RFC 9111 §4.3.5): its new fields, or that it
// is out of date.
func (x *exchange) head(out *capture, status int, h http.Header) {
	if x.found.record == nil || status != http.StatusOK || nominatesDecisive(h) {
		return
	}
	before := x.found.variant()
	if before.Status() != http.StatusOK {
		return
	}
	newer := dated(out.own(h), x.cache.state.now())
	fields, outdated := rfc9111.FreshenByHead(before.fields.original(), int64(len(before.body)), x.response(status, newer))
	if outdated && x.found.record.key.Partition == x.reader.partition {
		x.forget(x.found.record.key)
	}
	if fields == nil {
		return
	}
	delete(fields, "Content-Length") // the body's own
	x.replace(before.Status(), fields, newer, out)
}

// dated is h with a Date: the recipient's clock, where the origin had none (RFC 9110 §6.6.1).
func dated(h http.Header, now time.Time) http.Header {
	if h["Date"] == nil {
		h["Date"] = []string{now.UTC().Format(http.TimeFormat)}
	}
	return h
}

// lengthOf is the Content-Length of a stored body.
func lengthOf(body []byte) []string { return []string{strconv.Itoa(len(body))} }
