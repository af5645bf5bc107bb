// Package bearcache is an HTTP cache for APIs whose requests carry bearer tokens, as net/http
// middleware.
//
// It keeps one promise: a stored response is only ever given to a reader it was made for. Every
// stored response lives in one [Partition], and a partition is a cache of its own (RFC 9111 §1): the
// partition of one identity follows the rules of a private cache, [Shared] those of a shared one.
// A request with credentials reads and writes its own partition, one without them the shared one,
// and one whose credentials cannot be told reads and writes none. A field that the cache knows nothing
// of lets the shared partition hold and give only what the origin itself calls public. So forgetting
// to say who asks costs a miss, never a leak. What no field of a request says, such as the address that
// it came from, no cache can see: an origin that answers by it must say private.
//
//	http.ListenAndServe(addr, new(bearcache.Cache).Handler(app))
//
// Responses to requests with credentials leave with Cache-Control: private and a Vary that names the
// credentials, or everything where they have no name, so that no cache further down confuses readers
// either. Every response says in Cache-Status (RFC 9211) what the cache did and why.
//
// Today the cache is in process, forwards what is stale instead of validating it, and has no
// heuristic lifetimes. No token is part of a key, a log line or an error: readers are told apart by
// an HMAC of their credentials under [Cache.Secret].
package bearcache
