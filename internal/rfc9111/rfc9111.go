// Package rfc9111 holds the decisions of an HTTP cache (RFC 9111) as pure functions: values in,
// verdict and reason out. It knows no clock, no network, no store and no logger, so every sentence
// of the RFC that it obeys can be tested as a row in a table.
//
// Where the package is stricter than the RFC its comments say so; docs/rfc9111.md maps every clause
// to its function and its test.
package rfc9111

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Kind is which cache we are (RFC 9111 §1). The zero Kind is the stricter one.
type Kind int

const (
	SharedCache  Kind = iota // reused for more than one reader
	PrivateCache             // one reader's own
)

// Reason is one word for one cause. Tests compare it, logs print it, Cache-Status carries it. The
// words of RFC 9211 §2.2 stand where it has one.
type Reason string

const (
	// Why a request was answered from the cache, or forwarded.
	Hit      Reason = "hit"
	Bypass   Reason = "bypass"    // the cache was configured, or had cause, not to handle it
	Method   Reason = "method"    // its semantics require forwarding
	URIMiss  Reason = "uri-miss"  // nothing is stored under its target URI
	VaryMiss Reason = "vary-miss" // something is, but for other request fields
	Asked    Reason = "request"   // its own directives ask for the origin
	Stale    Reason = "stale"     // what is stored is no longer fresh

	// Why a response was, or was not, stored.
	Kept           Reason = "stored"
	NoStore        Reason = "no-store"
	RequestNoStore Reason = "request-no-store"
	Private        Reason = "private"
	Authorization  Reason = "authorization" // RFC 9111 §3.5
	NoLifetime     Reason = "no-lifetime"   // nothing says how long it is fresh, or it never is
	VaryAny        Reason = "vary-any"      // Vary: *, or a Vary that cannot be read
	SetCookie      Reason = "set-cookie"
	Status         Reason = "status"
	Malformed      Reason = "malformed" // a field that may forbid storing cannot be read
	Partial        Reason = "partial"
	TooLarge       Reason = "too-large"
	Incomplete     Reason = "incomplete"
	Trailers       Reason = "trailers"
	UnknownField   Reason = "unknown-field" // the request had fields that may tell readers apart
)

// Request is what decisions need of a request.
type Request struct {
	Method     string
	Header     http.Header
	Authorized bool // it carried credentials
	// Unknown: it carries fields that may tell readers apart, and nobody knows whether the origin
	// answers by them. Only what the origin called public, or gave an s-maxage, is shared with it and by
	// it.
	Unknown bool
	// Rerouted: some of these fields are ones that origins take hosts, paths and methods from. What it
	// brings is for nobody else, whatever the origin calls it.
	Rerouted bool
	// Keyed names fields, canonical, whose values the cache key already holds: all responses under
	// one key agree in them, so Vary need not compare them, and their values, credentials among
	// them, are not kept.
	Keyed []string
	// Veiled names fields, canonical, that no key holds and no record may: Vary compares, and Selecting
	// keeps, what Veil makes of their values.
	Veiled []string
	Veil   func(name string, values []string) string
}

// selecting is what Vary compares of the request field name (§4.1): its normal form, or the veil over
// it. Credentials have no other form than the one they came in.
func (req Request) selecting(name string) selected {
	values := req.Header[name]
	if len(values) > 0 && slices.Contains(req.Veiled, name) {
		return selected{req.Veil(name, values), true}
	}
	value, present := httpfield.Selecting(name, values)
	return selected{value, present}
}

// Response is what decisions need of a response.
type Response struct {
	Status int
	Header http.Header
	// Default is the lifetime that an operator assigned to responses whose origin says nothing
	// about caching. Zero: none. It is no heuristic: somebody who knows the route chose it.
	Default time.Duration
}

// Stored is what decisions need of a response that a cache holds. Keep makes one; the fields and the
// body are the cache's to keep.
type Stored struct {
	Status       int
	ResponseTime time.Time

	kind       Kind
	took       time.Duration // from the request to it
	lifetime   time.Duration
	initialAge time.Duration
	date       time.Time // when the origin made it

	vary      []string
	selecting []selected // of vary, one by one
	language  string     // Content-Language, where Vary names Accept-Language

	etag         string    // as the origin spelled it; empty: none
	lastModified string    // the same of Last-Modified
	modified     time.Time // what stands for Last-Modified; zero: nothing does

	open     bool // the origin says that it is for everybody
	released bool // a request with credentials may have brought it, and may be given it (§3.5)
	validate bool // never without validation: no-cache
	strict   bool // never stale: must-revalidate and its kin
	error    bool // an error: a good response is not given up for it

	whileRevalidate time.Duration // RFC 5861 §3; zero: not at all
	ifError         time.Duration // RFC 5861 §4; negative: the origin does not say
}

// selected is what Vary compares of one request field.
type selected struct {
	value   string
	present bool
}

// Keep makes the stored form of a response that Storable admitted, with all that Choose would
// otherwise work out again at every request.
func Keep(k Kind, req Request, resp Response, requestTime, responseTime time.Time) Stored {
	s := Stored{Status: resp.Status, ResponseTime: responseTime, kind: k, took: responseTime.Sub(requestTime)}
	said := read(k, resp, responseTime)
	s.vary, _ = httpfield.Vary(resp.Header)
	s.vary = slices.DeleteFunc(s.vary, func(name string) bool { return slices.Contains(req.Keyed, name) })
	for _, name := range s.vary {
		v := req.selecting(name)
		s.selecting = append(s.selecting, selected{strings.Clone(v.value), v.present})
		if name == "Accept-Language" && k == SharedCache {
			s.language = single(resp.Header, "Content-Language")
		}
	}
	s.lifetime, _ = said.lifetime(req)
	s.initialAge = initialAge(resp, requestTime, responseTime)
	s.etag, s.lastModified = entityTag(resp.Header), lastModified(resp.Header)
	s.modified = modified(resp.Header, responseTime)
	s.open, s.released = said.open(), said.releases()
	s.validate, s.strict, s.error = said.cc.Has("no-cache"), said.strict(), !certain(resp.Status)
	s.whileRevalidate, _ = said.cc.Delta("stale-while-revalidate")
	var window bool
	if s.ifError, window = said.cc.Delta("stale-if-error"); !window {
		s.ifError = -1
	}
	s.date = said.date()
	return s
}

// Within is s, released to no more readers than newer, whose fields it has taken over, says itself: the word of
// the older response was not about these.
func (s Stored) Within(newer Response) Stored {
	said := read(s.kind, newer, s.ResponseTime)
	s.open, s.released = s.open && said.open(), s.released && said.releases()
	return s
}

// single is the value of a field that has exactly one line, or "".
func single(h http.Header, name string) string {
	if values := h[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// Lifetime is the freshness lifetime of s.
func (s *Stored) Lifetime() time.Duration { return s.lifetime }

// asked is when the request went out that s answered.
func (s *Stored) asked() time.Time { return s.ResponseTime.Add(-s.took) }

// Weight is about how many bytes s takes beyond its own size.
func (s *Stored) Weight() int64 {
	n := int64(len(s.etag) + len(s.lastModified) + len(s.language))
	for i, name := range s.vary {
		n += int64(16 + 24 + len(name) + len(s.selecting[i].value))
	}
	return n
}
