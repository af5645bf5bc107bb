package rfc9111

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Action is what to do with a request. The zero Action is Forward.
type Action int

const (
	Forward Action = iota // ask the origin
	Reuse                 // answer with the stored response
	Timeout               // answer 504: the client wants a stored response and there is none
)

// Decision is the verdict on a request. Age and Lifetime are those of the stored response that was
// chosen, and zero where none was.
type Decision struct {
	Action        Action
	Reason        Reason
	Age, Lifetime time.Duration
}

// Choose decides whether one of the responses stored under the request's key answers it (RFC 9111
// §4), and which: i is its index in all, or -1.
func Choose(req Request, all []Stored, now time.Time) (d Decision, i int) {
	var asked httpfield.CacheControl
	if req.Header["Cache-Control"] != nil || req.Header["Pragma"] != nil {
		asked = httpfield.ParseCacheControl(req.Header)
		if asked.Empty() && pragmaNoCache(req.Header) || asked.Has("no-cache") || asked.Has("no-store") || asked.Malformed {
			return forward(asked, Asked), -1
		}
	}
	if len(all) == 0 {
		return forward(asked, URIMiss), -1
	}
	i = choose(req, all)
	if i < 0 {
		return forward(asked, VaryMiss), -1
	}
	d = Decision{Action: Reuse, Reason: Hit, Age: Age(all[i], now), Lifetime: all[i].lifetime}
	switch {
	case d.Age >= d.Lifetime: // §4.2: fresh while the lifetime is greater than the age
		return forward(asked, Stale), -1
	case !asked.Empty() && !accepts(asked, d):
		return forward(asked, Asked), -1
	}
	return d, i
}

// choose is the index of the most recent response whose nominated fields match (§4.1), or -1. A
// request with fields of unknown meaning is answered only with what the origin meant for everybody.
func choose(req Request, all []Stored) int {
	best := -1
	for i := range all {
		if (all[i].open || !req.Unknown) && matches(req, &all[i]) && (best < 0 || newer(&all[i], &all[best])) {
			best = i
		}
	}
	return best
}

// newer compares by Date, as §4 has it, and of one Date takes what arrived later.
func newer(a, b *Stored) bool {
	if c := a.date.Compare(b.date); c != 0 {
		return c > 0
	}
	return a.ResponseTime.After(b.ResponseTime)
}

// matches compares the fields that Vary nominated byte for byte, line for line. §4.1 would allow
// normalising them; what two readers sent differently is not worth the risk.
func matches(req Request, s *Stored) bool {
	for _, name := range s.vary {
		if !slices.Equal(req.selecting(name), s.Selecting[name]) {
			return false
		}
	}
	return true
}

// accepts applies the request's max-age and min-fresh (§5.2.1). max-stale widens nothing: stale
// responses are not reused.
func accepts(asked httpfield.CacheControl, d Decision) bool {
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
func (s Stored) Supersedes(req Request, all []Stored) int {
	for i := range all {
		if slices.Equal(all[i].vary, s.vary) && matches(req, &all[i]) {
			return i
		}
	}
	return -1
}
