package rfc9111

import (
	"net/http"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Action is what to do with a request. The zero Action is Forward.
type Action int

const (
	Forward  Action = iota // ask the origin
	Reuse                  // answer with the stored response
	Validate               // ask the origin whether the stored response still holds (§4.3)
	Timeout                // answer 504: the client wants a stored response and there is none
)

// Decision is the verdict on a request. Age and Lifetime are those of the stored response that was
// chosen, and zero where none was.
type Decision struct {
	Action Action
	Reason Reason
	// Refresh: the response that is reused is stale, and its origin wants it validated meanwhile
	// (stale-while-revalidate, RFC 5861 §3).
	Refresh       bool
	Age, Lifetime time.Duration
}

// Choose decides whether one of the responses stored under the request's key answers it (RFC 9111
// §4), and which: i is its index in all, or -1. With Forward, i is a stale response that UsableOnError
// may allow where the origin fails.
func Choose(req Request, all Variants, now time.Time) (d Decision, i int) {
	asked, demanded := wishes(req)
	if asked.Has("no-store") { // §5.2.1.5 forbids storing only; who says it wants nothing to do with caches
		return forward(asked, Asked), -1
	}
	i = choose(req, all)
	if i < 0 {
		switch {
		case demanded:
			return forward(asked, Asked), -1
		case all.Len() == 0:
			return forward(asked, URIMiss), -1
		}
		return forward(asked, VaryMiss), -1
	}
	s := all.At(i)
	d = Decision{Age: Age(s, now), Lifetime: s.lifetime}
	fresh := d.Age < d.Lifetime && !s.validate // §4.2: while the lifetime is greater than the age
	switch {
	case demanded:
		d.Reason = Asked
	case fresh && accepts(asked, d):
		d.Action, d.Reason = Reuse, Hit
		return d, i
	case fresh:
		d.Reason = Asked
	case !s.strict && d.Age-d.Lifetime < seconds(s.whileRevalidate) && accepts(asked, d):
		d.Action, d.Reason, d.Refresh = Reuse, Hit, true
		return d, i
	default:
		d.Reason = Stale
	}
	if asked.Has("only-if-cached") { // §5.2.1.7
		d.Action = Timeout
		return d, -1
	}
	if s.tagged || s.dated {
		d.Action = Validate
	}
	return d, i
}

// wishes reads the request's directives; demanded: the origin must be asked (§5.2.1.4, §5.4).
func wishes(req Request) (asked httpfield.CacheControl, demanded bool) {
	if req.Header["Cache-Control"] == nil && req.Header["Pragma"] == nil {
		return asked, false
	}
	asked = httpfield.ParseCacheControl(req.Header)
	return asked, asked.Empty() && pragmaNoCache(req.Header) || asked.Has("no-cache") || asked.Malformed
}

// disconnected is for how long a response may be stale where its origin cannot be reached and said
// nothing about that (§4.2.4 sets no bound; an hour of outage is one to bridge, a day is not).
const disconnected = time.Hour

// UsableOnError reports whether the stored response s, which Choose found for req, may answer it stale
// since the origin failed: with a status that OnError lists, or by being out of reach (RFC 9111 §4.2.4,
// RFC 5861 §4). A request's own stale-if-error and max-stale widen nothing.
func UsableOnError(req Request, s *Stored, now time.Time, unreachable bool) bool {
	asked, demanded := wishes(req)
	d := Decision{Age: Age(s, now), Lifetime: s.lifetime}
	if demanded || s.strict || s.validate || !accepts(asked, d) {
		return false
	}
	if s.ifError != unsaid {
		return d.Age-d.Lifetime < seconds(s.ifError)
	}
	return unreachable && d.Age-d.Lifetime < disconnected
}

// OnError lists the status codes that stale-if-error speaks of (RFC 5861 §4).
func OnError(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// choose is the index of the most recent response whose nominated fields match (§4.1), or -1; of an error
// only where nothing else does. In a
// shared cache, a request with fields of unknown meaning is answered only with what the origin meant
// for everybody, and one with credentials only with what its origin released (§3.5).
func choose(req Request, all Variants) int {
	best, chosen := -1, (*Stored)(nil)
	for i := range all.Len() {
		s := all.At(i)
		if s.kind == SharedCache && (req.Unknown && !s.open || req.Authorized && !req.Alike && !s.released) {
			continue
		}
		if s.vary.matches(req) && (best < 0 || chosen.error && !s.error || chosen.error == s.error && newer(s, chosen)) {
			best, chosen = i, s
		}
	}
	return best
}

// newer compares by Date, as §4 has it, and of one Date takes what arrived later.
func newer(a, b *Stored) bool {
	if a.date != b.date {
		return a.date > b.date
	}
	return b.Before(a)
}

// accepts applies the request's max-age and min-fresh (§5.2.1).
func accepts(asked httpfield.CacheControl, d Decision) bool {
	if asked.Empty() {
		return true
	}
	if limit, ok := asked.Delta("max-age"); ok && d.Age > limit {
		return false
	}
	if fresh, ok := asked.Delta("min-fresh"); ok && d.Lifetime-d.Age < fresh {
		return false
	}
	return true
}

func forward(asked httpfield.CacheControl, why Reason) Decision {
	if asked.Has("only-if-cached") { // §5.2.1.7
		return Decision{Action: Timeout, Reason: why}
	}
	return Decision{Reason: why}
}

// pragmaNoCache reads Pragma: no-cache where Cache-Control is absent (§5.4).
func pragmaNoCache(h http.Header) bool {
	for _, line := range h["Pragma"] {
		for member := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(member, " \t"), "no-cache") {
				return true
			}
		}
	}
	return false
}

// Supersedes is the index, among all, of the stored response that s takes the place of, or -1: the
// one that req, the request s answered, would select, and whose Vary nominates the same fields (§4.1).
// yields: s should not be stored. It is an error, and something good would answer req; or that one was asked
// for later, as where a slow answer comes in after a quick one.
func (s Stored) Supersedes(req Request, all Variants) (i int, yields bool) {
	i = -1
	for j := range all.Len() {
		old := all.At(j)
		if !old.vary.matches(req) {
			continue
		}
		if s.error && !old.error {
			return j, true
		}
		if i < 0 && old.vary.sameNames(s.vary) {
			// One that arrived after s has: a clock was set back, and which came first is not known.
			i, yields = j, old.error == s.error && old.asked > s.asked && old.arrived <= s.arrived+instant(skew)
		}
	}
	return i, yields
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }
