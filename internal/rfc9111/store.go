package rfc9111

import (
	"net/http"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Storable decides whether a cache of kind k may, and should, store the response (RFC 9111 §3) to a
// request sent at requestTime, whose fields arrived at responseTime. Storing is affirmative: what is
// not known to be allowed is refused.
func Storable(k Kind, req Request, resp Response, requestTime, responseTime time.Time) (bool, Reason) {
	cc := httpfield.ParseCacheControl(resp.Header)
	asked := httpfield.ParseCacheControl(req.Header)
	switch {
	case req.Method != http.MethodGet: // the one method whose responses we understand
		return false, Method
	case resp.Status == http.StatusPartialContent || resp.Header["Content-Range"] != nil:
		return false, Partial
	case !understood(resp.Status):
		return false, Status
	case asked.Has("no-store"): // §5.2.1.5
		return false, RequestNoStore
	case cc.Has("no-store"): // §5.2.2.5, whatever else the field says
		return false, NoStore
	case cc.Malformed || asked.Malformed || misspelt(resp.Header):
		return false, Malformed
	case k == SharedCache && cc.Has("private"): // §5.2.2.7; private="field" too: stricter than the RFC
		return false, Private
	case k == SharedCache && req.Authorized && !releases(cc):
		return false, Authorization
	case k == SharedCache && (req.Rerouted || req.Unknown && !open(cc)):
		// Stricter than the RFC, which has an origin say Vary: what it answers by and does not name
		// would be served to readers that it tells apart.
		return false, UnknownField
	case resp.Header["Set-Cookie"] != nil:
		// Stricter than the RFC, in a private cache too: a cookie that is replayed later overrides a
		// newer one of the same reader.
		return false, SetCookie
	}
	if _, ok := httpfield.Vary(resp.Header); !ok { // §4.1: "*" never matches
		return false, VaryAny
	}
	// Without validation a response that must be validated, or is never fresh, would never be reused.
	if cc.Has("no-cache") || lifetime(k, resp) <= initialAge(Stored{Response: resp, RequestTime: requestTime, ResponseTime: responseTime}) {
		return false, NoLifetime
	}
	return true, Kept
}

// misspelt reports a field whose name no look-up finds: it may be the no-store or the Set-Cookie that
// everything above asked for.
func misspelt(h http.Header) bool {
	for name := range h {
		if !httpfield.Canonical(name) {
			return true
		}
	}
	return false
}

// open reports whether the origin itself says that the response is for everybody.
func open(cc httpfield.CacheControl) bool { return cc.Has("public") || cc.Has("s-maxage") }

// releases reports whether a response to a request with Authorization may be stored by a shared
// cache at all (§3.5).
func releases(cc httpfield.CacheControl) bool {
	return open(cc) || cc.Has("must-revalidate")
}

// understood lists the final status codes whose responses are stored. 400, 401, 403, 407, 429 and
// all 5xx are not among them whatever their fields say: an error stored for one request displaces
// the good answer of the next. 206 and 304 complete other responses.
func understood(status int) bool {
	switch status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusNoContent,
		http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
		http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusRequestURITooLong:
		return true
	}
	return false
}
