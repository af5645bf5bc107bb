package rfc9111

import (
	"net/http"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// reading is what a response says to a cache of one kind: a shared one hears what is said to CDNs and
// surrogates in place of what is said to everybody (RFC 9213 §2.2).
type reading struct {
	kind     Kind
	resp     Response
	received time.Time
	cc       httpfield.CacheControl
	targeted bool // cc is not Cache-Control's, and Expires counts for nothing
}

func read(k Kind, resp Response, received time.Time) reading {
	cc, targeted := httpfield.Directives(resp.Header, k == SharedCache)
	return reading{k, resp, received, cc, targeted}
}

// date is when the origin made the response: when it arrived, where no Date can be read (RFC 9110 §6.6.1).
func (r reading) date() time.Time {
	if date, ok := httpfield.Date(r.resp.Header, "Date"); ok {
		return date
	}
	return r.received
}

// open reports whether the origin itself says that the response is for everybody.
func (r reading) open() bool { return r.cc.Plain("public") || r.cc.Stated("s-maxage") }

// releases reports whether a response to a request with Authorization may be stored by a shared
// cache at all (§3.5).
func (r reading) releases() bool { return r.open() || r.cc.Plain("must-revalidate") }

// strict reports whether the response must not be reused stale, whatever else is said (§4.2.4). What
// released a response has to be obeyed (§3.5), and an error is not worth it.
func (r reading) strict() bool {
	return r.cc.Has("must-revalidate") || r.cc.Has("no-cache") || !certain(r.resp.Status) ||
		r.kind == SharedCache && (r.cc.Has("proxy-revalidate") || r.cc.Has("s-maxage"))
}

// forbidsStoring reports no-store (§5.2.2.5). Of a response that must be understood, and is, the word
// is meant for caches that do not know must-understand (§5.2.2.3).
func (r reading) forbidsStoring() bool {
	if r.cc.Has("must-understand") && !understood(r.resp.Status) {
		return true
	}
	return r.cc.Has("no-store") && !r.cc.Plain("must-understand")
}

// understood lists the final status codes whose meaning for caches is known here (RFC 9110 §15).
func understood(status int) bool {
	switch status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusNoContent,
		http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
		http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusRequestURITooLong,
		http.StatusNotImplemented:
		return true
	}
	return false
}

// certain reports whether a status says something about the resource that will hold for a while. The
// others are errors, or nobody knows what they are.
func certain(status int) bool { return understood(status) && status != http.StatusNotImplemented }

// refused lists the status codes whose responses are stored under no circumstances: they say something
// about one request (its credentials, its preconditions, its length), its sender, or its connection.
// 206 and 304 are parts of other responses.
func refused(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusConflict, http.StatusLengthRequired, http.StatusPreconditionFailed,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusRequestedRangeNotSatisfiable, http.StatusExpectationFailed, http.StatusMisdirectedRequest,
		http.StatusLocked, http.StatusFailedDependency,
		http.StatusTooEarly, http.StatusUpgradeRequired, http.StatusPreconditionRequired, http.StatusTooManyRequests,
		http.StatusRequestHeaderFieldsTooLarge, http.StatusNetworkAuthenticationRequired,
		http.StatusPartialContent, http.StatusNotModified:
		return true
	}
	return status < 200 || status > 599
}

// heuristic lists the status codes that are cacheable by default (RFC 9110 §15.1).
func heuristic(status int) bool {
	switch status {
	case http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect:
		return false
	}
	return understood(status)
}
