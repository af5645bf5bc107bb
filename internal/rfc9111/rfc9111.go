// Package rfc9111 holds the decisions of an HTTP cache (RFC 9111) as pure functions: values in,
// verdict and reason out. It knows no clock, no network, no store and no logger, so every sentence
// of the RFC that it obeys can be tested as a row in a table.
//
// Where the package is stricter than the RFC its comments say so. What it does not decide yet (the
// validation of stored responses, stale reuse, ranges, heuristic lifetimes) it answers with
// Forward: the origin decides.
package rfc9111

import (
	"net/http"
	"slices"
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
	// answers by them. Only what the origin called public, or gave an s-maxage, is shared with it and
	// by it.
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

// selecting is what Vary compares of the request field name.
func (req Request) selecting(name string) []string {
	values := req.Header[name]
	if len(values) == 0 || !slices.Contains(req.Veiled, name) {
		return values
	}
	return []string{req.Veil(name, values)}
}

// Response is what decisions need of a response.
type Response struct {
	Status int
	Header http.Header
	// Default is the lifetime that an operator assigned to responses whose origin says nothing
	// about caching. Zero: none. It is no heuristic: somebody who knows the route chose it.
	Default time.Duration
}

// Stored is a response as a cache holds it. Keep makes one.
type Stored struct {
	Response
	Selecting                 http.Header // the request fields that Vary nominated, as they were or veiled
	RequestTime, ResponseTime time.Time

	vary       []string
	lifetime   time.Duration
	initialAge time.Duration
	date       time.Time // when the origin made it
	open       bool      // the origin says that it is for everybody
}

// Keep makes the stored form of a response that Storable admitted, with all that Choose would
// otherwise work out again at every request. The fields of Selecting are copied.
func Keep(k Kind, req Request, resp Response, requestTime, responseTime time.Time) Stored {
	s := Stored{Response: resp, RequestTime: requestTime, ResponseTime: responseTime}
	s.vary, _ = httpfield.Vary(resp.Header)
	s.vary = slices.DeleteFunc(s.vary, func(name string) bool { return slices.Contains(req.Keyed, name) })
	if len(s.vary) > 0 {
		s.Selecting = make(http.Header, len(s.vary))
		for _, name := range s.vary {
			if v := req.selecting(name); len(v) > 0 {
				s.Selecting[name] = slices.Clone(v)
			}
		}
	}
	s.lifetime = lifetime(k, resp)
	s.initialAge = initialAge(s)
	s.open = open(httpfield.ParseCacheControl(resp.Header))
	var dated bool
	if s.date, dated = httpfield.Date(resp.Header, "Date"); !dated {
		s.date = responseTime
	}
	return s
}
