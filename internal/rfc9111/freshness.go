package rfc9111

import (
	"net/http"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// clamp holds a span of time to what delta-seconds can say (RFC 9111 §1.2.2). The difference of two
// dates reaches the ends of time.Duration, and a sum beyond them would be negative: what is old for
// ages would be new.
func clamp(d time.Duration) time.Duration { return max(0, min(d, httpfield.MaxDelta)) }

// Lifetime is the freshness lifetime (RFC 9111 §4.2.1), zero where nothing gives one. There is no
// heuristic lifetime (§4.2.2): an origin that never said that repeating its answer is safe is asked
// again, unless an operator assigned a Default.
func Lifetime(k Kind, s Stored) time.Duration { return lifetime(k, s.Response) }

func lifetime(k Kind, resp Response) time.Duration {
	cc := httpfield.ParseCacheControl(resp.Header)
	if k == SharedCache {
		if d, ok := cc.Delta("s-maxage"); ok {
			return d
		}
	}
	if d, ok := cc.Delta("max-age"); ok {
		return d
	}
	if resp.Header["Expires"] != nil { // §5.3; one that cannot be read is in the past
		expires, ok := httpfield.Date(resp.Header, "Expires")
		date, dated := httpfield.Date(resp.Header, "Date")
		if !ok || !dated {
			return 0
		}
		return clamp(expires.Sub(date))
	}
	if assignable(resp.Status) && silent(cc, resp) {
		return clamp(resp.Default)
	}
	return 0
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
func silent(cc httpfield.CacheControl, resp Response) bool {
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

// Age is the current age (§4.2.3), from zero to MaxDelta.
func Age(s Stored, now time.Time) time.Duration {
	return clamp(s.initialAge + clamp(now.Sub(s.ResponseTime)))
}

// initialAge is the corrected initial age (§4.2.3): the greater of what Date and Age say. An Age
// that cannot be read makes the response as old as can be.
func initialAge(s Stored) time.Duration {
	age, ok := httpfield.Age(s.Header)
	if !ok {
		return httpfield.MaxDelta
	}
	age += clamp(s.ResponseTime.Sub(s.RequestTime))
	if date, ok := httpfield.Date(s.Header, "Date"); ok {
		// Date has whole seconds, so a fraction of one is no age.
		age = max(age, clamp(s.ResponseTime.Sub(date)).Truncate(time.Second))
	}
	return clamp(age)
}
