package config

import "strings"

// Algorithm is how a token is signed (RFC 7518 §3.1, RFC 8037 §3.1).
type Algorithm string

// AccessTokens says what a token must be beside well signed.
type AccessTokens string

const (
	AccessTokensAny     AccessTokens = "any"
	AccessTokensRFC9068 AccessTokens = "rfc9068" // of type at+jwt, with all that RFC 9068 §2.2 demands
)

// Nobody says what becomes of a request without credentials.
type Nobody string

const (
	NobodyPass   Nobody = "pass"   // it goes on as nobody's
	NobodyRefuse Nobody = "refuse" // answered with 401
)

// algorithms are those of signatures; none is not among them.
var algorithms = []Algorithm{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"}

func (Algorithm) shape() shape {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = string(a)
	}
	s := words(names...)
	s.want = "an algorithm such as RS256"
	return s
}

func (AccessTokens) shape() shape { return words("any", "rfc9068") }
func (Nobody) shape() shape       { return words("pass", "refuse") }

// UnmarshalText reads the name of an algorithm.
func (a *Algorithm) UnmarshalText(b []byte) error { return oneOf(a, b, algorithms...) }

// UnmarshalText reads any or rfc9068.
func (a *AccessTokens) UnmarshalText(b []byte) error {
	return oneOf(a, b, AccessTokensAny, AccessTokensRFC9068)
}

// UnmarshalText reads pass or refuse.
func (n *Nobody) UnmarshalText(b []byte) error { return oneOf(n, b, NobodyPass, NobodyRefuse) }

// symmetric reports that who can verify can sign.
func (a Algorithm) symmetric() bool { return strings.HasPrefix(string(a), "HS") }

func (a Algorithm) String() string    { return string(a) }
func (a AccessTokens) String() string { return string(a) }
func (n Nobody) String() string       { return string(n) }
