package bearer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of a JSON Web Token.
const (
	maxToken   = 16 << 10 // bytes of the whole
	maxKeyID   = 256      // bytes of its kid
	maxLeeway  = 5 * time.Minute
	zeroLeeway = 30 * time.Second
)

// JWT verifies JSON Web Tokens, RFC 7519, as RFC 8725 has it. Fields must not be changed after the first use.
//
// Beyond these RFCs it refuses what some reader on the way could take for something else: members that
// repeat at any depth, registered names in other letters, parts in base64url that are not the one spelling of
// what they say, text that is no UTF-8; the header parameters crit, zip, b64, cty, jku, jwk, x5u and x5c, the
// last four because there is no key in a token that its verifier should ever look at; a typ of other kinds of
// token; and tokens bound to a key by "cnf" (RFC 7800), since whoever takes them for bearer tokens takes them from
// a thief.
type JWT struct {
	// Issuer is what "iss" must be, byte by byte.
	Issuer string

	// Audience lists whom tokens may be for: one of them must be in "aud".
	Audience []string

	// UnsafeAnyAudience takes tokens for anybody, where Audience is empty. What another service was given,
	// or gave away, is then good here (RFC 8725 §3.9).
	UnsafeAnyAudience bool

	// Algorithms are the ones that count. Nil means the asymmetric ones: RS, PS and ES with 256, 384 and 512,
	// and EdDSA. HS256, HS384 and HS512 need StaticKeys with secrets, and do not mix with others.
	Algorithms []string

	// Keys are those of the issuer.
	Keys Keys

	// Leeway is by how much clocks may differ, for exp, nbf and iat. Zero means 30 seconds, less than zero
	// none; 5 minutes at most.
	Leeway time.Duration

	// AccessTokens wants what RFC 9068 says of access tokens: the typ at+jwt, and iss, exp, aud, sub,
	// client_id, iat and jti. Without it an ID token for the same audience passes for one.
	AccessTokens bool

	// Required lists further claims that must be there.
	Required []string

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	once    sync.Once
	invalid error
	algs    []string
	leeway  time.Duration
}

// Check says what is wrong with the fields, and so why nothing would be verified.
func (v *JWT) Check() error {
	if v.Issuer == "" {
		return errors.New("bearer: JWT without an Issuer: set it to what iss must be")
	}
	if len(v.Audience) == 0 != v.UnsafeAnyAudience || slices.Contains(v.Audience, "") {
		return errors.New("bearer: JWT without an Audience, or with one and UnsafeAnyAudience: set one of the two")
	}
	if v.Keys == nil {
		return errors.New("bearer: JWT without Keys: set StaticKeys, a KeyFile or RemoteKeys")
	}
	if v.Leeway > maxLeeway {
		return errors.New("bearer: JWT with a Leeway above 5 minutes")
	}
	static, isStatic := v.Keys.(StaticKeys)
	secrets := 0
	for _, alg := range v.Algorithms {
		if _, ok := algorithms[alg]; !ok {
			return fmt.Errorf("bearer: JWT with the unknown algorithm %q: take one of %s, HS256, HS384, HS512", alg, strings.Join(asymmetric, ", "))
		}
		if symmetric(alg) {
			secrets++
		}
	}
	switch {
	case v.Algorithms != nil && len(v.Algorithms) == 0:
		return errors.New("bearer: JWT with an empty list of Algorithms: name some, or leave it nil")
	case secrets > 0 && secrets < len(v.Algorithms):
		return errors.New("bearer: JWT with symmetric and asymmetric Algorithms: use two")
	case secrets > 0 && !isStatic:
		return errors.New("bearer: JWT with HS algorithms and keys that are not StaticKeys: nobody publishes secrets")
	}
	for i := range static {
		if static[i].Secret.IsZero() == (secrets > 0) {
			return fmt.Errorf("bearer: JWT whose key %d is none for its Algorithms: secrets are for HS, public keys for all others", i)
		}
	}
	if checker, ok := v.Keys.(interface{ Check() error }); ok {
		return checker.Check()
	}
	return nil
}

func (v *JWT) prepare() error {
	v.once.Do(func() {
		v.invalid = v.Check()
		v.algs = v.Algorithms
		if v.algs == nil {
			v.algs = asymmetric
		}
		v.leeway = leewayOf(v.Leeway)
	})
	return v.invalid
}

func leewayOf(d time.Duration) time.Duration {
	if d == 0 {
		return zeroLeeway
	}
	return max(d, 0)
}

// Verify implements Verifier.
func (v *JWT) Verify(ctx context.Context, token string) (*Claims, error) {
	if err := v.prepare(); err != nil {
		return nil, err
	}
	j, refusal := readJWS(token)
	if refusal == nil {
		refusal = v.checkHeader(j)
	}
	if refusal != nil {
		return nil, refusal
	}
	keys, err := v.Keys.Find(ctx, j.kid)
	if err != nil {
		return nil, err
	}
	if refusal = j.signedBy(keys); refusal != nil {
		newer, err := v.newer(ctx, j.kid, keys)
		if err != nil {
			return nil, err
		}
		if newer == nil || j.signedBy(newer) != nil {
			return nil, refusal
		}
	}
	payload, ok := decodePart(j.payload)
	if !ok {
		return nil, badToken("the token's claims are not in base64url as RFC 7515 has it")
	}
	claims, err := ParseClaims(payload)
	if err != nil {
		return nil, badToken("the token's claims cannot be taken: " + err.Error())
	}
	if refusal = v.checkClaims(claims, clock(v.Now)); refusal != nil {
		return nil, refusal
	}
	return claims, nil
}

// newer are the keys for a kid, if they are others than these by now.
func (v *JWT) newer(ctx context.Context, kid string, than []Key) ([]Key, error) {
	changing, ok := v.Keys.(interface {
		Recent(context.Context, string) ([]Key, error)
	})
	if !ok {
		return nil, nil
	}
	keys, err := changing.Recent(ctx, kid)
	if err != nil || reflect.DeepEqual(keys, than) {
		return nil, err
	}
	return keys, nil
}

// clock reads now, or time.Now where it is nil.
func clock(now func() time.Time) time.Time {
	if now == nil {
		return time.Now()
	}
	return now()
}

// jws is a token in the compact form of RFC 7515 §3.1, nothing of which is verified.
type jws struct {
	header          object
	alg, kid        string
	signed, payload string // the first two parts, and the second of them
	signature       []byte
}

// readJWS takes a token apart, short of its claims: what a stranger writes is not looked at longer than it takes
// to find who should have signed it.
func readJWS(token string) (*jws, *Error) {
	if len(token) > maxToken {
		return nil, badToken("the token is too long")
	}
	parts := strings.SplitN(token, ".", 6)
	switch {
	case len(parts) == 5:
		return nil, badToken("the token is encrypted, and this resource wants it signed")
	case len(parts) != 3:
		return nil, badToken("the token is not a JSON Web Token of three parts")
	case parts[2] == "":
		return nil, badToken("the token is not signed")
	}
	header, ok := decodePart(parts[0])
	if !ok {
		return nil, badToken("the token's header is not in base64url as RFC 7515 has it")
	}
	j := &jws{signed: token[:len(parts[0])+1+len(parts[1])], payload: parts[1]}
	if j.signature, ok = decodePart(parts[2]); !ok {
		return nil, badToken("the token's signature is not in base64url as RFC 7515 has it")
	}
	var err error
	if j.header, err = readObject(header); err != nil {
		return nil, badToken("the token's header cannot be taken: " + err.Error())
	}
	return j, nil
}

var base64url = base64.RawURLEncoding.Strict()

// decodePart decodes base64url without padding, RFC 7515 §2, if it is the one spelling of what it says: no
// stray bits in the last character, which Strict refuses, and no line breaks, which it skips.
func decodePart(part string) ([]byte, bool) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, false
	}
	data, err := base64url.DecodeString(part)
	return data, err == nil
}

// headerNames are the parameters that decide something here.
var headerNames = []string{"alg", "kid", "typ", "cty", "crit", "zip", "b64", "jku", "jwk", "x5u", "x5c"}

// refusedParameters are answered by what is wrong with them.
var refusedParameters = []struct{ name, why string }{
	{"crit", "the token has critical header parameters, and this resource knows none"}, // RFC 7515 §4.1.11
	{"b64", "the token's payload is not encoded"},                                      // RFC 7797 §7: not for JWTs
	{"zip", "the token is compressed"},                                                 // RFC 7516 §4.1.3: of JWE alone
	{"cty", "the token holds another one"},                                             // RFC 7519 §5.2
	{"jku", "the token brings its own keys"},                                           // RFC 8725 §3.10
	{"jwk", "the token brings its own keys"},
	{"x5u", "the token brings its own keys"},
	{"x5c", "the token brings its own keys"},
}

func (v *JWT) checkHeader(j *jws) *Error {
	if misspelt(j.header, headerNames) {
		return badToken("the token's header has a registered name in other letters")
	}
	for _, p := range refusedParameters {
		if _, ok := j.header[p.name]; ok {
			return badToken(p.why)
		}
	}
	// RFC 8725 §3.1: who verifies says which algorithms there are.
	if readText(j.header, "alg", &j.alg) != nil || !slices.Contains(v.algs, j.alg) {
		return badToken("the token's algorithm is not one that this resource takes")
	}
	if readText(j.header, "kid", &j.kid) != nil || len(j.kid) > maxKeyID {
		return badToken("the token's key ID is no string of at most 256 bytes")
	}
	var typ string
	if readText(j.header, "typ", &typ) != nil || !v.takes(typ) {
		return badToken("the token is of another type than this resource takes")
	}
	return nil
}

// takes judges typ, a media type in any case (RFC 7515 §4.1.9, RFC 9068 §4, RFC 8725 §3.11).
func (v *JWT) takes(typ string) bool {
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	return typ == "at+jwt" || !v.AccessTokens && (typ == "" || typ == "jwt")
}

func (j *jws) signedBy(keys []Key) *Error {
	known := false
	for i := range keys {
		if keys[i].suits(j.alg) {
			if keys[i].verifies(j.alg, j.signed, j.signature) {
				return nil
			}
			known = true
		}
	}
	if !known {
		return passing(badToken("the token is signed with a key that its issuer does not have"), -1)
	}
	return passing(badToken("the token's signature is wrong"), wrongLasts)
}

// wrongLasts bounds how long a wrong signature is remembered: the key may be another a moment later, under the same name.
const wrongLasts = 5 * time.Second

// passing is a refusal that holds for no longer than this, since the issuer, or time, may prove it wrong.
func passing(refusal *Error, lasts time.Duration) *Error {
	refusal.lasts = lasts
	return refusal
}

func (v *JWT) checkClaims(c *Claims, now time.Time) *Error {
	if v.AccessTokens {
		for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} { // RFC 9068 §2.2
			if !c.present(name) {
				return badToken("the token lacks the claim " + name)
			}
		}
	}
	for _, name := range v.Required {
		if !c.present(name) {
			return badToken("the token lacks a claim that this resource wants")
		}
	}
	if c.Expires.IsZero() {
		return badToken("the token has no end: it lacks the claim exp")
	}
	if c.Issuer != v.Issuer {
		return badToken("the token is of another issuer")
	}
	if !v.UnsafeAnyAudience && !meets(v.Audience, c.Audience) {
		return badToken("the token is for another audience")
	}
	return checkTimes(c, now, v.leeway)
}

// meets reports whether two lists have a member in common.
func meets(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// checkTimes judges exp, nbf and iat where they are stated, and what binds the token to a key.
func checkTimes(c *Claims, now time.Time, leeway time.Duration) *Error {
	if c.all["cnf"] != nil { // whatever it is: who put it there meant to bind the token
		return badToken("the token is bound to a key, and this resource takes bearer tokens only")
	}
	switch latest := now.Add(leeway); {
	case !c.Expires.IsZero() && !now.Add(-leeway).Before(c.Expires): // RFC 7519 §4.1.4: it ends at exp, not after it
		return badToken("the token has expired")
	case c.NotBefore.After(latest):
		return passing(badToken("the token is not valid yet"), c.NotBefore.Sub(latest))
	case c.IssuedAt.After(latest):
		return passing(badToken("the token was issued in the future"), c.IssuedAt.Sub(latest))
	}
	return nil
}
