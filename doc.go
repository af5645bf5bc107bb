// Package bearcache is an HTTP cache for APIs whose requests carry bearer tokens, as net/http
// middleware.
//
// It keeps one promise: a stored response is only ever given to a reader it was made for. Every
// stored response lives in one [Partition], and a partition is a cache of its own (RFC 9111 §1): the
// partition of one identity follows the rules of a private cache, [Shared] those of a shared one.
// A request with credentials reads and writes its own partition, one without them the shared one,
// and one whose credentials cannot be told reads and writes none. Without credentials, a field that the
// cache knows nothing of makes a partition of the requests that have the same value; they share with
// others what the origin calls public, gives an s-maxage, or says in Vary that it answers by. So
// forgetting to say who asks costs a miss, never a leak. What no field of a request says, such as the address that
// it came from, no cache can see: an origin that answers by it must say private.
//
//	http.ListenAndServe(addr, new(bearcache.Cache).Handler(app))
//
// What a request with credentials brought is for its own reader, unless [Cache.ShareReleased] lets the
// origin release it (RFC 9111 §3.5). All that is not released leaves with Cache-Control: private and a
// Vary that names the credentials, or everything where they have no name, so that no cache further down
// confuses readers either. Every response says in Cache-Status (RFC 9211) what the cache did and why.
//
// Stale responses are validated, with the credentials of the reader they are for, and served stale where
// the origin allows it or cannot be reached; requests of one partition that miss together ask the origin
// once; lifetimes are guessed in shared partitions only, and for no credentials. docs/rfc9111.md has
// every clause. The cache is in process, and no partition but Shared holds more than [Cache.Quota]. No
// token is part of a key, a log line or an error: readers are told apart by an HMAC of their credentials
// under [Cache.Secret].
package bearcache
