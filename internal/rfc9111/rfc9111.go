// Package rfc9111 holds the decisions of an HTTP cache (RFC 9111) as pure functions: values in,
// verdict and reason out. It knows no clock, no network, no store and no logger, so every sentence
// of the RFC that it obeys can be tested as a row in a table.
//
// Where the package is stricter than the RFC its comments say so; docs/rfc9111.md maps every clause
// to its function and its test.
package rfc9111

import (
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Kind is which cache we are (RFC 9111 §1). The zero Kind is the stricter one.
type Kind uint8

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
	// Alike: who knows the readers of this shared cache says that all are given one answer. No directive need release
	// it to them (§3.5). Nothing is guessed for them all the same (§4.2.2).
	Alike bool
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
func (req Request) selecting(name string) (value string, present bool) {
	values := req.Header[name]
	if len(values) > 0 && slices.Contains(req.Veiled, name) {
		return req.Veil(name, values), true
	}
	return httpfield.Selecting(name, values)
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
// body are the cache's to keep. There may be millions of them: it is small, and nothing of it is said
// twice.
type Stored struct {
	arrived instant // the response
	asked   instant // when the request went out that it answered

	lifetime   time.Duration
	initialAge time.Duration
	vary       selection // by the fields that Vary names
	date       uint32    // when the origin made it, in seconds since 1970, as far as they go
	modified   uint32    // what stands for Last-Modified, the same; undated: nothing does

	whileRevalidate uint32 // RFC 5861 §3, in seconds; zero: not at all
	ifError         uint32 // RFC 5861 §4, in seconds; unsaid: the origin does not say

	status   uint16
	kind     Kind
	tagged   bool // it has an entity tag
	dated    bool // it has a Last-Modified
	open     bool // the origin says that it is for everybody
	released bool // a request with credentials may have brought it, and may be given it (§3.5)
	validate bool // never without validation: no-cache
	strict   bool // never stale: must-revalidate and its kin
	error    bool // an error: a good response is not given up for it
}

const (
	undated = math.MaxUint32
	unsaid  = math.MaxUint32
)

// instant is a time as one word: nanoseconds from epoch, whose monotonic reading it keeps. It holds times of some
// 290 years before and after.
type instant int64

var epoch = time.Now()

func instantOf(t time.Time) instant { return instant(t.Sub(epoch)) }

func (i instant) time() time.Time { return epoch.Add(time.Duration(i)) }

// Variants are the responses that are stored under one key.
type Variants interface {
	Len() int
	At(i int) *Stored
}

// List is Variants of nothing more.
type List []Stored

func (l List) Len() int         { return len(l) }
func (l List) At(i int) *Stored { return &l[i] }

// Keep makes the stored form of a response that Storable admitted, with all that Choose would
// otherwise work out again at every request.
func Keep(k Kind, req Request, resp Response, requestTime, responseTime time.Time) Stored {
	s := Stored{status: uint16(resp.Status), arrived: instantOf(responseTime), asked: instantOf(requestTime), kind: k}
	said := read(k, resp, responseTime)
	language := ""
	if k == SharedCache {
		language = single(resp.Header, "Content-Language")
	}
	names, _ := httpfield.Vary(resp.Header)
	s.vary = req.selection(slices.DeleteFunc(names, func(name string) bool { return slices.Contains(req.Keyed, name) }), language)
	s.lifetime, _ = said.lifetime(req)
	s.initialAge = initialAge(resp, requestTime, responseTime)
	etag, lastModified := Validators(resp.Header)
	s.tagged, s.dated = etag != "", lastModified != ""
	s.modified = modified(resp.Header, responseTime)
	s.open, s.released = said.open(), said.releases()
	s.validate, s.strict, s.error = said.cc.Has("no-cache"), said.strict(), !certain(resp.Status)
	while, _ := said.cc.Delta("stale-while-revalidate")
	s.whileRevalidate, s.ifError = uint32(while/time.Second), unsaid
	if window, ok := said.cc.Delta("stale-if-error"); ok {
		s.ifError = uint32(window / time.Second)
	}
	s.date = uint32(max(0, min(said.date().Unix(), math.MaxUint32)))
	return s
}

// Within is s, released to no more readers than newer, whose fields it has taken over, says itself: the word of
// the older response was not about these.
func (s Stored) Within(newer Response) Stored {
	said := read(s.kind, newer, s.arrived.time())
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

// Status is the status code of s.
func (s *Stored) Status() int { return int(s.status) }

// Kind is the cache that s is stored in.
func (s *Stored) Kind() Kind { return s.kind }

// Before reports whether s arrived before t.
func (s *Stored) Before(t *Stored) bool { return s.arrived < t.arrived }

// Weight is at most how many bytes s takes beyond its own size.
func (s *Stored) Weight() int64 { return s.vary.weight() }
