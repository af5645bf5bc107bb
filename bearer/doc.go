// Package bearer reads bearer tokens from requests, verifies them, and answers those that are wrong, as RFC 6750
// has it.
//
// [Token] takes the token out of the Authorization field, and refuses everything that is not exactly one
// well-formed set of credentials: what one program reads as Alice's token and the next as Bob's is how a
// response reaches the wrong reader. [Require] puts a [Verifier] before a handler. [InURL] finds tokens
// where they must not be.
//
// There are two Verifiers: [JWT] for JSON Web Tokens, with the keys of an issuer as [StaticKeys], a [KeyFile] or
// [RemoteKeys]; and [Introspection], which asks the authorization server. [Remembering] stands before either and
// remembers what it said, and [Revocations] know what no longer counts in spite of that. Every Verifier tells
// three things apart: a token is good, it is bad (an [Error], 401), or nobody can tell now ([ErrUnavailable], 503).
package bearer
