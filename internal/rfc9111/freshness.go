package rfc9111

import (
	"net/http"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

const (
	// errorLifetime bounds how long an error is reused, whatever its origin says: a framework that gives
	// every response a max-age does not mean it of this one.
	errorLifetime = 10 * time.Second
	// heuristicLifetime bounds what §4.2.2 lets a cache assume.
	heuristicLifetime = 24 * time.Hour
)

// clamp holds a span of time to what delta-seconds can say (RFC 9111 §1.2.2). The difference of two
// dates reaches the ends of time.Duration, and a sum beyond them would be negative: what is old for
// ages would be new.
func clamp(d time.Duration) time.Duration { return max(0, min(d, httpfield.MaxDelta)) }

// Lifetime is the freshness lifetime (RFC 9111 §4.2.1) of a response to req in a cache of kind k, zero
// where nothing gives one; received is when it arrived. explicit is false where it is a guess (§4.2.2) or assigned by an operator.
func Lifetime(k Kind, req Request, resp Response, received time.Time) (d time.Duration, explicit bool) {
	return read(k, resp, received).lifetime(req)
}

func (r reading) lifetime(req Request) (d time.Duration, explicit bool) {
	d, explicit = r.said()
	if !explicit {
		switch {
		case assignable(r.resp.Status) && r.resp.Default != 0 && silent(r.resp):
			d = clamp(r.resp.Default)
		case r.kind == SharedCache && !req.Authorized && !r.targeted: // who speaks to caches by name leaves nothing to be guessed
			d = r.guess()
		}
	}
	if !certain(r.resp.Status) {
		d = min(d, errorLifetime)
	}
	return d, explicit
}

// said is the lifetime that the origin states.
func (r reading) said() (d time.Duration, explicit bool) {
	if r.kind == SharedCache {
		if d, ok := r.cc.Delta("s-maxage"); ok {
			return d, true
		}
	}
	if d, ok := r.cc.Delta("max-age"); ok {
		return d, true
	}
	if r.resp.Header["Expires"] == nil || r.targeted {
		return 0, false
	}
	expires, ok := httpfield.Date(r.resp.Header, "Expires") // §5.3; one that cannot be read is in the past
	if !ok {
		return 0, true
	}
	return clamp(expires.Sub(r.date())), true
}

// guess is a tenth of the time since the last modification (§4.2.2), for what nobody in particular asked
// for: an origin that never said that repeating an answer to a bearer is safe is asked again.
func (r reading) guess() time.Duration {
	modified, ok := httpfield.Date(r.resp.Header, "Last-Modified")
	if !ok || !heuristic(r.resp.Status) && !r.cc.Plain("public") {
		return 0
	}
	return min(clamp(r.date().Sub(modified))/10, heuristicLifetime)
}

// assignable lists the status codes that an operator's Default speaks of. All are heuristically
// cacheable (RFC 9110 §15.1), since RFC 9111 §3 wants explicit freshness of others: 302, 303 and 307
// are decisions about one request. 300, 301, 308, 405 and 414 would be allowed; an operator who
// assigns a lifetime thinks of answers, not of these.
func assignable(status int) bool {
	switch status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusNoContent, http.StatusNotFound, http.StatusGone:
		return true
	}
	return false
}

// silent reports whether the origin says nothing about caching, so that an operator's Default may
// speak. "public" alone and extensions say nothing about time; any directive that restricts does, and
// so does whatever is said to surrogates: an origin that knows of caches meant what it left out.
func silent(resp Response) bool {
	cc := httpfield.ParseCacheControl(resp.Header)
	if cc.Malformed || resp.Header["Pragma"] != nil {
		return false
	}
	for _, name := range cc.Names() {
		switch name {
		case "no-store", "no-cache", "must-revalidate", "proxy-revalidate", "must-understand", "s-maxage", "max-age":
			return false
		}
	}
	for name := range resp.Header {
		if httpfield.Surrogate(name) {
			return false
		}
	}
	return true
}

// skew is how far behind the arrival of a response a clock may be that is taken at its word: requests at
// once read it in another order than they store.
const skew = 5 * time.Second

// Age is the current age (§4.2.3), from zero to MaxDelta: that of a response which arrived in the future is the
// greatest, since nobody knows for how long a clock was set back.
func Age(s *Stored, now time.Time) time.Duration {
	if now.Before(s.arrived.time().Add(-skew)) {
		return httpfield.MaxDelta
	}
	return clamp(s.initialAge + clamp(now.Sub(s.arrived.time())))
}

// initialAge is the corrected initial age (§4.2.3): the greater of what Date and Age say. An Age
// that cannot be read makes the response as old as can be.
func initialAge(resp Response, requestTime, responseTime time.Time) time.Duration {
	age, ok := httpfield.Age(resp.Header)
	if !ok {
		return httpfield.MaxDelta
	}
	age += clamp(responseTime.Sub(requestTime))
	if date, ok := httpfield.Date(resp.Header, "Date"); ok {
		// Date has whole seconds, so a fraction of one is no age.
		age = max(age, clamp(responseTime.Sub(date)).Truncate(time.Second))
	}
	return clamp(age)
}
