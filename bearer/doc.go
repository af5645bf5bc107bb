// Package bearer reads bearer tokens from requests and answers those that are wrong, as RFC 6750 has it.
//
// [Token] takes the token out of the Authorization field, and refuses everything that is not exactly one
// well-formed set of credentials: what one program reads as Alice's token and the next as Bob's is how a
// response reaches the wrong reader. [Require] puts a [Verifier] before a handler. [InURL] finds tokens
// where they must not be.
package bearer
