package rfc9111

import (
	"net/http"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Storable decides whether a cache of kind k may, and should, store the response (RFC 9111 §3) to a
// request sent at requestTime, whose fields arrived at responseTime. Storing is affirmative: what is
// not known to be allowed is refused.
func Storable(k Kind, req Request, resp Response, requestTime, responseTime time.Time) (bool, Reason) {
	said := read(k, resp, responseTime)
	asked := httpfield.ParseCacheControl(req.Header)
	switch {
	case req.Method != http.MethodGet: // the one method whose responses we understand
		return false, Method
	case resp.Status == http.StatusPartialContent:
		return false, Partial
	case refused(resp.Status) || k == PrivateCache && !certain(resp.Status):
		// Stricter than the RFC in a reader's own cache: an error that one request met displaces the good
		// answer of the next.
		return false, Status
	case asked.Has("no-store"): // §5.2.1.5
		return false, RequestNoStore
	case said.forbidsStoring():
		return false, NoStore
	case said.cc.Malformed || asked.Malformed || misspelt(resp.Header):
		return false, Malformed
	case k == SharedCache && said.cc.Has("private"): // §5.2.2.7; private="field" too: stricter than the RFC
		return false, Private
	case req.Alike && personal(resp.Header):
		// A group is no cache that an origin knows of when it speaks to CDNs: what it keeps from all others it means for one reader.
		return false, Private
	case k == SharedCache && req.Authorized && !req.Alike && !said.releases():
		return false, Authorization
	case k == SharedCache && (req.Rerouted || req.Unknown && !said.open()):
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
	if !useful(said, req, requestTime) {
		return false, NoLifetime
	}
	return true, Kept
}

// Fresh reports whether a response to req is fresh when it arrives, and may be reused without validation.
func Fresh(k Kind, req Request, resp Response, requestTime, responseTime time.Time) bool {
	return fresh(read(k, resp, responseTime), req, requestTime)
}

func fresh(said reading, req Request, requestTime time.Time) bool {
	lifetime, _ := said.lifetime(req)
	return lifetime > initialAge(said.resp, requestTime, said.received) && !said.cc.Has("no-cache")
}

// useful reports whether a stored response could answer anything: it is fresh for a while, or can be
// validated, or may be stale for a while. Of an error, and where nobody knows the status, only the
// first counts, and the origin has to say so (§3): these are kept for no longer than errorLifetime.
func useful(said reading, req Request, requestTime time.Time) bool {
	resp := said.resp
	_, explicit := said.lifetime(req)
	fresh := fresh(said, req, requestTime)
	if !certain(resp.Status) {
		return fresh && (explicit || heuristic(resp.Status) || said.cc.Plain("public"))
	}
	if fresh {
		return true
	}
	// Of 302, 303 and 307 the origin has to say more than a validator does (§3, the last condition).
	if !explicit && !heuristic(resp.Status) && !said.cc.Plain("public") {
		return false
	}
	if entityTag(resp.Header) != "" || lastModified(resp.Header) != "" {
		return true
	}
	window, _ := said.cc.Delta("stale-while-revalidate")
	return window > 0 && !said.strict()
}

// personal reports a field that keeps the response to one reader, or out of some cache, whichever is spoken to.
func personal(h http.Header) bool {
	for name, lines := range h {
		if name != "Cache-Control" && !strings.HasSuffix(name, "-Cache-Control") && name != "Surrogate-Control" {
			continue
		}
		if cc := httpfield.ParseCacheControl(http.Header{"Cache-Control": lines}); cc.Malformed || cc.Has("private") || cc.Has("no-store") {
			return true
		}
	}
	return false
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
