package bearer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearcache/bearcache/redact"
)

// noon is the time of these tests.
var noon = time.Unix(1_800_000_000, 0)

func atNoon() time.Time { return noon }

const (
	testIssuer   = "https://issuer.example"
	testAudience = "https://api.example"
)

// signers are the private keys of an issuer, by kid.
type signers struct {
	rsa, weak     *rsa.PrivateKey
	p256, p384    *ecdsa.PrivateKey
	p521          *ecdsa.PrivateKey
	ed            ed25519.PrivateKey
	rogue         *ecdsa.PrivateKey // of somebody else
	secret, short []byte
}

var theSigners = sync.OnceValue(func() *signers {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	s := &signers{secret: bytes.Repeat([]byte{7}, 64), short: bytes.Repeat([]byte{7}, 31)}
	var err error
	s.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	s.weak, err = rsa.GenerateKey(rand.Reader, 1024)
	must(err)
	for curve, to := range map[elliptic.Curve]**ecdsa.PrivateKey{elliptic.P384(): &s.p384, elliptic.P521(): &s.p521} {
		*to, err = ecdsa.GenerateKey(curve, rand.Reader)
		must(err)
	}
	for _, to := range []**ecdsa.PrivateKey{&s.p256, &s.rogue} {
		*to, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
	}
	_, s.ed, err = ed25519.GenerateKey(rand.Reader)
	must(err)
	return s
})

func (s *signers) public() StaticKeys {
	return StaticKeys{
		{ID: "rsa", Public: &s.rsa.PublicKey},
		{ID: "p256", Public: &s.p256.PublicKey},
		{ID: "p384", Public: &s.p384.PublicKey},
		{ID: "p521", Public: &s.p521.PublicKey},
		{ID: "ed", Public: s.ed.Public()},
		{ID: "es256 only", Algorithm: "ES256", Public: &s.p256.PublicKey},
		{ID: "ps256 only", Algorithm: "PS256", Public: &s.rsa.PublicKey},
	}
}

// verifier takes what the issuer signs.
func (s *signers) verifier() *JWT {
	return &JWT{Issuer: testIssuer, Audience: []string{testAudience}, Keys: s.public(), Now: atNoon}
}

func b64u(data string) string { return base64.RawURLEncoding.EncodeToString([]byte(data)) }

// signed is a token of these two texts, whatever they are.
func signed(alg string, key any, header, payload string) string {
	return signedParts(alg, key, b64u(header), b64u(payload))
}

func signedParts(alg string, key any, header, payload string) string {
	text := header + "." + payload
	signature, err := algorithms[alg].Sign(text, key)
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// claims is a good claims set, changed: `"name":value` replaces or adds a member, "-name" removes one, and
// "+text" adds text.
func claims(edits ...string) string {
	members := []string{
		`"iss":"` + testIssuer + `"`, `"aud":"` + testAudience + `"`, `"sub":"alice"`, `"client_id":"app"`, `"jti":"1"`,
		fmt.Sprintf(`"iat":%d`, noon.Unix()-10), fmt.Sprintf(`"exp":%d`, noon.Unix()+300),
	}
edits:
	for _, edit := range edits {
		if text, ok := strings.CutPrefix(edit, "+"); ok {
			members = append(members, text)
			continue
		}
		remove := strings.HasPrefix(edit, "-")
		name, _, _ := strings.Cut(edit, ":")
		name = `"` + strings.Trim(name, `-"`) + `":`
		for i, member := range members {
			if strings.HasPrefix(member, name) {
				members[i] = edit
				if remove {
					members = append(members[:i:i], members[i+1:]...)
				}
				continue edits
			}
		}
		members = append(members, edit)
	}
	return "{" + strings.Join(members, ",") + "}"
}

const goodHeader = `{"alg":"ES256","kid":"p256","typ":"at+jwt"}`

// good is a token that everybody takes, but for these edits of its claims.
func (s *signers) good(edits ...string) string {
	return signed("ES256", s.p256, goodHeader, claims(edits...))
}

// headed is a token with more members in its header.
func (s *signers) headed(members string) string {
	return signed("ES256", s.p256, strings.TrimSuffix(goodHeader, "}")+","+members+"}", claims())
}

func TestJWTTakes(t *testing.T) {
	s := theSigners()
	access := s.verifier()
	access.AccessTokens = true
	secrets := &JWT{Issuer: testIssuer, Audience: []string{"other", testAudience}, Algorithms: []string{"HS256", "HS384", "HS512"}, Now: atNoon,
		Keys: StaticKeys{{Secret: redact.NewSecret(string(s.secret))}}}
	for _, test := range []struct {
		name     string
		verifier *JWT
		token    string
	}{
		{"RS256", access, signed("RS256", s.rsa, `{"alg":"RS256","kid":"rsa","typ":"at+jwt"}`, claims())},
		{"RS384", access, signed("RS384", s.rsa, `{"alg":"RS384","kid":"rsa","typ":"at+jwt"}`, claims())},
		{"RS512", access, signed("RS512", s.rsa, `{"alg":"RS512","kid":"rsa","typ":"at+jwt"}`, claims())},
		{"PS256", access, signed("PS256", s.rsa, `{"alg":"PS256","kid":"rsa","typ":"at+jwt"}`, claims())},
		{"PS384", access, signed("PS384", s.rsa, `{"alg":"PS384","kid":"rsa","typ":"at+jwt"}`, claims())},
		{"PS512", access, signed("PS512", s.rsa, `{"alg":"PS512","kid":"rsa","typ":"at+jwt"}`, claims())},
		{"ES256", access, s.good()},
		{"ES384", access, signed("ES384", s.p384, `{"alg":"ES384","kid":"p384","typ":"at+jwt"}`, claims())},
		{"ES512", access, signed("ES512", s.p521, `{"alg":"ES512","kid":"p521","typ":"at+jwt"}`, claims())},
		{"EdDSA", access, signed("EdDSA", s.ed, `{"alg":"EdDSA","kid":"ed","typ":"at+jwt"}`, claims())},
		{"HS256", secrets, signed("HS256", s.secret, `{"alg":"HS256"}`, claims())},
		{"HS512, any kid", secrets, signed("HS512", s.secret, `{"alg":"HS512","kid":"x"}`, claims())},
		{"no kid: each key that suits", access, signed("EdDSA", s.ed, `{"alg":"EdDSA","typ":"at+jwt"}`, claims())},
		{"the media type in full, in any case", access, signed("EdDSA", s.ed, `{"alg":"EdDSA","typ":"Application/AT+JWT"}`, claims())},
		{"typ JWT where access tokens are not demanded", s.verifier(), signed("EdDSA", s.ed, `{"alg":"EdDSA","typ":"JWT"}`, claims())},
		{"no typ where access tokens are not demanded", s.verifier(), signed("EdDSA", s.ed, `{"alg":"EdDSA"}`, claims())},
		{"thumbprints of certificates, which name no key here", access, s.headed(`"x5t":"YWJj","x5t#S256":"YWJj"`)},
		{"one of several audiences", access, s.good(`"aud":["x","` + testAudience + `"]`)},
		{"an end with a fraction", access, s.good(`"exp":1800000000.5`)},
		{"an end with an exponent", access, s.good(`"exp":1.8000001e9`)},
		{"an end in 9999", access, s.good(`"exp":253402300799`)},
		{"no claims but iss, aud and exp", s.verifier(), s.good("-sub", "-client_id", "-jti", "-iat")},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := test.verifier.Verify(t.Context(), test.token)
			if err != nil {
				t.Fatal(err)
			}
			if c.Issuer != testIssuer {
				t.Errorf("%+v", c)
			}
		})
	}
	c, err := access.Verify(t.Context(), s.good(`"scope":"read write"`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject != "alice" || c.ClientID != "app" || c.ID != "1" || c.Scope != "read write" || len(c.Audience) != 1 || c.Audience[0] != testAudience ||
		!c.Expires.Equal(noon.Add(5*time.Minute)) || !c.IssuedAt.Equal(noon.Add(-10*time.Second)) || !c.NotBefore.IsZero() {
		t.Errorf("%+v", c)
	}
}

// wide signs with P-256 as if that were the curve of ES512: the signature has the size that the algorithm wants,
// and a library that does not compare curves takes it.
func wide(s *signers) string {
	text := b64u(`{"alg":"ES512","kid":"p256","typ":"at+jwt"}`) + "." + b64u(claims())
	sum := sha512.Sum512([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, s.p256, sum[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 132)
	r.FillBytes(signature[:66])
	v.FillBytes(signature[66:])
	return text + "." + b64u(string(signature))
}

// salted signs PS256 with a salt that is too short.
func salted(s *signers) string {
	text := b64u(`{"alg":"PS256","kid":"rsa","typ":"at+jwt"}`) + "." + b64u(claims())
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPSS(rand.Reader, s.rsa, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 8})
	if err != nil {
		panic(err)
	}
	return text + "." + b64u(string(signature))
}

// sloppy sets a bit of the last character of a part that belongs to nothing.
func sloppy(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 {
		panic("there are no such bits")
	}
	last := len(part) - 1
	return part[:last] + string(alphabet[strings.IndexByte(alphabet, part[last])|1])
}

// confused signs with HMAC, and what a server has published as the secret.
func confused(secret []byte) string {
	return signed("HS256", secret, `{"alg":"HS256","kid":"rsa","typ":"at+jwt"}`, claims())
}

// part changes one of the three parts.
func part(token string, i int, change func(string) string) string {
	parts := strings.Split(token, ".")
	parts[i] = change(parts[i])
	return strings.Join(parts, ".")
}

func TestJWTAttacks(t *testing.T) {
	s := theSigners()
	var visited atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited.Add(1) }))
	defer trap.Close()
	spki, err := x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	rogue := func(members string) string {
		return signed("ES256", s.rogue, strings.TrimSuffix(goodHeader, "}")+","+members+"}", claims())
	}
	none := func(alg, signature string) string {
		return b64u(`{"alg":"`+alg+`","typ":"at+jwt"}`) + "." + b64u(claims()) + "." + signature
	}
	kid := func(kid string) string {
		return signed("ES256", s.p256, `{"alg":"ES256","typ":"at+jwt","kid":`+kid+`}`, claims())
	}
	typ := func(typ string) string {
		return signed("ES256", s.p256, `{"alg":"ES256","kid":"p256","typ":`+typ+`}`, claims())
	}
	deep := func(levels int) string {
		return `"x":` + strings.Repeat("[", levels) + strings.Repeat("]", levels)
	}
	if _, err := s.verifier().Verify(t.Context(), s.good(deep(15))); err != nil {
		t.Fatalf("control: %v", err)
	}
	for _, test := range []struct{ name, token, why string }{
		{"alg none, no signature", none("none", ""), "not signed"},
		{"alg none, a signature", none("none", "AAAA"), "algorithm"},
		{"alg None", none("None", "AAAA"), "algorithm"},
		{"alg NONE", none("NONE", "AAAA"), "algorithm"},
		{"alg nOnE", none("nOnE", "AAAA"), "algorithm"},
		{"alg empty", none("", "AAAA"), "algorithm"},
		{"alg with a space", none("ES256 ", "AAAA"), "algorithm"},
		{"alg missing", signed("ES256", s.p256, `{"kid":"p256"}`, claims()), "algorithm"},
		{"alg a list", signed("ES256", s.p256, `{"alg":["ES256"],"kid":"p256"}`, claims()), "algorithm"},
		{"alg null", signed("ES256", s.p256, `{"alg":null,"kid":"p256"}`, claims()), "algorithm"},
		{"alg in small letters", signed("ES256", s.p256, `{"alg":"es256","kid":"p256"}`, claims()), "algorithm"},

		{"RS256 taken for HS256, the PEM as secret", confused(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})), "algorithm"},
		{"RS256 taken for HS256, the DER as secret", confused(spki), "algorithm"},
		{"RS256 taken for HS256, the modulus as secret", confused(s.rsa.N.Bytes()), "algorithm"},
		{"HS256 with an empty secret", confused(nil), "algorithm"},
		{"PS256 with the key for ES256", signed("PS256", s.rsa, `{"alg":"PS256","kid":"p256"}`, claims()), "does not have"},
		{"RS256 with a key for PS256 alone", signed("RS256", s.rsa, `{"alg":"RS256","kid":"ps256 only"}`, claims()), "does not have"},
		{"ECDSA on the wrong curve", wide(s), "does not have"},
		{"PSS with a salt of another length", salted(s), "signature is wrong"},
		{"RSA of 1024 bits", signed("RS256", s.weak, `{"alg":"RS256","kid":"weak"}`, claims()), "does not have"},

		{"psychic signature", part(s.good(), 2, func(string) string { return b64u(strings.Repeat("\x00", 64)) }), "signature is wrong"},
		{"psychic signature, r and s the order", part(s.good(), 2, func(string) string {
			n := elliptic.P256().Params().N.FillBytes(make([]byte, 32))
			return b64u(string(n) + string(n))
		}), "signature is wrong"},
		{"signature of somebody else", signed("ES256", s.rogue, goodHeader, claims()), "signature is wrong"},
		{"signature stripped", part(s.good(), 2, func(string) string { return "" }), "not signed"},
		{"signature and its dot stripped", s.good()[:strings.LastIndexByte(s.good(), '.')], "three parts"},
		{"signature in DER", derSigned(s), "signature is wrong"},
		{"signature with a byte more", part(s.good(), 2, func(p string) string { return p + "AA" }), ""},
		{"claims exchanged", part(s.good(), 1, func(string) string { return b64u(claims(`"sub":"bob"`)) }), "signature is wrong"},
		{"header exchanged", part(s.good(), 0, func(string) string { return b64u(`{"alg":"ES256","kid":"p256"}`) }), "signature is wrong"},

		{"kid a path", kid(`"../../../../dev/null"`), "does not have"},
		{"kid a path, and the empty secret", signed("HS256", []byte{}, `{"alg":"HS256","kid":"/dev/null"}`, claims()), "algorithm"},
		{"kid SQL", kid(`"x' UNION SELECT 'secret' -- "`), "does not have"},
		{"kid a URL", kid(`"` + trap.URL + `/jwks.json"`), "does not have"},
		{"kid a command", kid(`"| touch /tmp/x"`), "does not have"},
		{"kid with a NUL", kid(`"p256\u0000"`), "does not have"},
		{"kid very long", kid(`"` + strings.Repeat("k", 257) + `"`), "key ID"},
		{"kid a number", kid("1"), "key ID"},
		{"kid a list", kid(`["p256"]`), "key ID"},
		{"kid an object", kid(`{"$ne":null}`), "key ID"},
		{"kid of a key for another algorithm", kid(`"rsa"`), "does not have"},

		{"jku", rogue(`"jku":"` + trap.URL + `/jwks.json"`), "its own keys"},
		{"jku, signed by the issuer", s.headed(`"jku":"` + trap.URL + `/jwks.json"`), "its own keys"},
		{"x5u", rogue(`"x5u":"` + trap.URL + `/cert.pem"`), "its own keys"},
		{"x5u, signed by the issuer", s.headed(`"x5u":"` + trap.URL + `/cert.pem"`), "its own keys"},
		{"jwk", rogue(`"jwk":` + jwk("", s.rogue, "")), "its own keys"},
		{"jwk, signed by the issuer", s.headed(`"jwk":{}`), "its own keys"},
		{"x5c", rogue(`"x5c":["MIIB"]`), "its own keys"},
		{"x5c, signed by the issuer", s.headed(`"x5c":[]`), "its own keys"},

		{"crit", s.headed(`"crit":["exp"],"exp":1`), "critical"},
		{"crit empty", s.headed(`"crit":[]`), "critical"},
		{"zip", s.headed(`"zip":"DEF"`), "compressed"},
		{"b64 false", s.headed(`"b64":false`), "not encoded"},
		{"b64 false, critical", s.headed(`"b64":false,"crit":["b64"]`), "critical"},
		{"b64 false, payload as it is", signedParts("ES256", s.p256, b64u(`{"alg":"ES256","kid":"p256","b64":false}`), claims(`"iss":"x"`)), ""},

		{"header with a member twice", signed("ES256", s.p256, `{"alg":"none","alg":"ES256","kid":"p256"}`, claims()), "two members"},
		{"header with a member twice, escaped", signed("ES256", s.p256, `{"alg":"ES256","kid":"p256","\u006bid":"rsa"}`, claims()), "two members"},
		{"header with ALG beside alg", s.headed(`"ALG":"none"`), "other letters"},
		{"header with Kid for kid", signed("ES256", s.p256, `{"alg":"ES256","Kid":"p256"}`, claims()), "other letters"},
		{"header with Crit", s.headed(`"Crit":["x"]`), "other letters"},
		{"header a list", signed("ES256", s.p256, `["alg","ES256"]`, claims()), "no JSON object"},
		{"header a string", signed("ES256", s.p256, `"ES256"`, claims()), "no JSON object"},
		{"header with bytes behind it", signed("ES256", s.p256, goodHeader+"x", claims()), "no JSON object"},
		{"header twice", signed("ES256", s.p256, goodHeader+goodHeader, claims()), "no JSON object"},

		{"claims with a member twice", s.good(`+"sub":"bob"`), "two members"},
		{"claims with a member twice, the same value", s.good(`+"sub":"alice"`), "two members"},
		{"claims with exp twice", s.good(`+"exp":9999999999`), "two members"},
		{"claims with exp twice, escaped", s.good(`+"\u0065xp":9999999999`), "two members"},
		{"claims with a member twice, deep inside", s.good(`"realm_access":{"roles":[{"a":1,"\u0061":2}]}`), "two members"},
		{"claims with EXP for exp", s.good("-exp", `"EXP":9999999999`), "other letters"},
		{"claims with EXP beside exp", s.good(`"EXP":9999999999`), "other letters"},
		{"claims with Iss", s.good(`"Iss":"https://evil.example"`), "other letters"},
		{"claims with Sub", s.good(`"Sub":"bob"`), "other letters"},
		{"claims with a long s", s.good(`"ſub":"bob"`), "other letters"},
		{"claims with bytes behind them", signed("ES256", s.p256, goodHeader, claims()+"x"), "no JSON object"},
		{"claims twice", signed("ES256", s.p256, goodHeader, claims()+claims()), "no JSON object"},
		{"claims a list", signed("ES256", s.p256, goodHeader, "["+claims()+"]"), "no JSON object"},
		{"claims empty", signed("ES256", s.p256, goodHeader, ""), "no JSON object"},
		{"claims with a byte order mark", signed("ES256", s.p256, goodHeader, "\ufeff"+claims()), "no JSON object"},
		{"claims with a comment", signed("ES256", s.p256, goodHeader, "/**/"+claims()), "no JSON object"},
		{"claims that are no UTF-8", s.good("\"x\":\"\xff\""), "UTF"},
		{"claims in overlong UTF-8", s.good("\"x\":\"\xc0\xae\""), "UTF"},
		{"claims with half a surrogate pair", s.good(`"sub":"\ud800"`), "UTF"},
		{"claims with the halves exchanged", s.good(`"sub":"\udc00\ud800"`), "UTF"},
		{"claims nested too deep", s.good(deep(16)), "deep"},
		{"claims nested a thousand deep", s.good(deep(1000)), "deep"},
		{"claims nested deep in objects", s.good(`"x":` + strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)), "deep"},

		{"exp missing", s.good("-exp"), "exp"},
		{"exp null", s.good(`"exp":null`), "exp"},
		{"exp 1e400", s.good(`"exp":1e400`), "exp is no time"},
		{"exp 2^63", s.good(`"exp":9223372036854775808`), "exp is no time"},
		{"exp 2^63-1", s.good(`"exp":9223372036854775807`), "exp is no time"},
		{"exp 1e18", s.good(`"exp":1e18`), "exp is no time"},
		{"exp the first second after 9999", s.good(`"exp":253402300800`), "exp is no time"},
		{"exp -1", s.good(`"exp":-1`), "exp is no time"},
		{"exp 0", s.good(`"exp":0`), "expired"},
		{"exp of a thousand digits", s.good(`"exp":` + strings.Repeat("9", 1000)), "exp is no time"},
		{"exp NaN", s.good(`"exp":NaN`), "no JSON object"},
		{"exp a string", s.good(`"exp":"9999999999"`), "exp is no time"},
		{"exp a list", s.good(`"exp":[9999999999]`), "exp is no time"},
		{"exp a truth", s.good(`"exp":true`), "exp is no time"},
		{"exp in milliseconds", s.good(`"exp":1800000300000`), "exp is no time"},
		{"expired by one second more than the leeway", s.good(fmt.Sprintf(`"exp":%d`, noon.Unix()-31)), "expired"},
		{"expired by the leeway", s.good(fmt.Sprintf(`"exp":%d`, noon.Unix()-30)), "expired"},
		{"nbf one second ahead of the leeway", s.good(fmt.Sprintf(`"nbf":%d`, noon.Unix()+31)), "not valid yet"},
		{"nbf a string", s.good(`"nbf":"0"`), "nbf is no time"},
		{"nbf negative", s.good(`"nbf":-1`), "nbf is no time"},
		{"iat one second ahead of the leeway", s.good(fmt.Sprintf(`"iat":%d`, noon.Unix()+31)), "in the future"},
		{"iat 1e400", s.good(`"iat":1e400`), "iat is no time"},

		{"iss with a slash at the end", s.good(`"iss":"` + testIssuer + `/"`), "another issuer"},
		{"iss in other case", s.good(`"iss":"https://ISSUER.example"`), "another issuer"},
		{"iss with more behind it", s.good(`"iss":"` + testIssuer + `.evil.example"`), "another issuer"},
		{"iss missing", s.good("-iss"), "another issuer"},
		{"iss null", s.good(`"iss":null`), "another issuer"},
		{"iss a list", s.good(`"iss":["` + testIssuer + `"]`), "iss is no string"},
		{"aud another", s.good(`"aud":"https://other.example"`), "another audience"},
		{"aud missing", s.good("-aud"), "another audience"},
		{"aud empty", s.good(`"aud":""`), "another audience"},
		{"aud an empty list", s.good(`"aud":[]`), "another audience"},
		{"aud a list of others", s.good(`"aud":["a","b"]`), "another audience"},
		{"aud a list in a list", s.good(`"aud":[["` + testAudience + `"]]`), "aud is neither"},
		{"aud with a slash at the end", s.good(`"aud":"` + testAudience + `/"`), "another audience"},
		{"aud a prefix", s.good(`"aud":"https://api"`), "another audience"},
		{"aud with ours and a space", s.good(`"aud":"` + testAudience + ` other"`), "another audience"},
		{"aud an object", s.good(`"aud":{"` + testAudience + `":true}`), "aud is neither"},
		{"sub a number", s.good(`"sub":1`), "sub is no string"},
		{"scope that would be two", s.good(`"scope":["read admin"]`), "scope"},
		{"scope an object", s.good(`"scp":{}`), "scope"},
		{"bound to a key by DPoP", s.good(`"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`), "bound to a key"},
		{"bound to an empty text", s.good(`"cnf":""`), "bound to a key"},
		{"bound to false", s.good(`"cnf":false`), "bound to a key"},
		{"bound to an empty object", s.good(`"cnf":{}`), "bound to a key"},
		{"bound to a certificate", s.good(`"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`), "bound to a key"},

		{"typ of a DPoP proof", typ(`"dpop+jwt"`), "another type"},
		{"typ of a logout token", typ(`"logout+jwt"`), "another type"},
		{"typ of a security event", typ(`"secevent+jwt"`), "another type"},
		{"typ of an introspection answer", typ(`"token-introspection+jwt"`), "another type"},
		{"typ of an authorization request", typ(`"oauth-authz-req+jwt"`), "another type"},
		{"typ a number", typ(`1`), "another type"},
		{"typ of ours with a parameter", typ(`"at+jwt; x"`), "another type"},
		{"typ twice application/", typ(`"application/application/at+jwt"`), "another type"},

		{"nested JWT", signed("ES256", s.p256, `{"alg":"ES256","kid":"p256","cty":"JWT"}`, s.good()), "another one"},
		{"JWE in five parts", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", "encrypted"},
		{"JWE with alg dir in three parts", signed("ES256", s.p256, `{"alg":"dir","enc":"A128GCM"}`, claims()), "algorithm"},
		{"JWS in JSON", `{"payload":"","signatures":[]}`, "three parts"},
		{"four parts", s.good() + ".AAAA", "three parts"},
		{"six parts", "a.b.c.d.e.f", "three parts"},
		{"a thousand parts", strings.Repeat("a.", 1000), "three parts"},
		{"no token", "", "three parts"},
		{"dots", "..", "not signed"},

		{"a space before it", " " + s.good(), "header"},
		{"a space behind it", s.good() + " ", "signature is not"},
		{"a line break behind it", s.good() + "\n", "signature is not"},
		{"a line break in the signature", part(s.good(), 2, func(p string) string { return p[:8] + "\r\n" + p[8:] }), "signature is not"},
		{"a line break in the header, signed so", signedParts("ES256", s.p256, b64u(goodHeader)[:8]+"\n"+b64u(goodHeader)[8:], b64u(claims())), "header is not"},
		{"a line break in the claims, signed so", signedParts("ES256", s.p256, b64u(goodHeader), b64u(claims())[:8]+"\n"+b64u(claims())[8:]), "claims are not"},
		{"padding", s.good() + "==", "signature is not"},
		{"padding of the header, signed so", signedParts("ES256", s.p256, base64.URLEncoding.EncodeToString([]byte(goodHeader+" ")), b64u(claims())), "header is not"},
		{"the other alphabet", part(s.good(), 2, func(p string) string { return "+/" + p[2:] }), "signature is not"},
		{"stray bits in the signature", part(s.good(), 2, sloppy), "signature is not"},
		{"stray bits in the header, signed so", signedParts("ES256", s.p256, sloppy(b64u(goodHeader+" ")), b64u(claims())), "header is not"},
		{"stray bits in the claims, signed so", signedParts("ES256", s.p256, b64u(goodHeader), sloppyClaims()), "claims are not"},
		{"one character too many", part(s.good(), 2, func(p string) string { return p[:len(p)-1] }), "signature is not"},
		{"64 KiB", s.good(`"x":"` + strings.Repeat("x", 64<<10) + `"`), "too long"},
	} {
		for _, access := range []bool{false, true} {
			v := s.verifier()
			v.AccessTokens = access
			if access && !strings.Contains(test.token, b64u(goodHeader)) {
				continue // its header says more than it is about
			}
			t.Run(fmt.Sprintf("%s/%v", test.name, access), func(t *testing.T) {
				c, err := v.Verify(t.Context(), test.token)
				var refusal *Error
				switch {
				case err == nil:
					t.Fatalf("taken: %+v", c)
				case !errors.As(err, &refusal) || refusal.Status != 401 || refusal.Code != InvalidToken:
					t.Fatalf("%T %v", err, err)
				case !access && !strings.Contains(refusal.Description, test.why):
					t.Errorf("refused since %s, want: %s", refusal.Description, test.why)
				}
				for p := range strings.SplitSeq(test.token, ".") {
					if len(p) > 8 && strings.Contains(err.Error(), p[:8]) {
						t.Errorf("the error repeats the token: %v", err)
					}
				}
			})
		}
	}
	if visited.Load() > 0 {
		t.Error("a token led to a request")
	}
}

// sloppyClaims are claims in base64url whose last character has stray bits.
func sloppyClaims() string {
	p := b64u(claims())
	for n := 1; len(p)%4 == 0; n++ {
		p = b64u(claims(`"x":"` + strings.Repeat("x", n) + `"`))
	}
	return sloppy(p)
}

func derSigned(s *signers) string {
	text := b64u(goodHeader) + "." + b64u(claims())
	sum := sha256.Sum256([]byte(text))
	signature, err := ecdsa.SignASN1(rand.Reader, s.p256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64u(string(signature))
}

// RFC 9068 §4, with the ID token of the same user for the same audience as the one to keep out.
func TestAccessTokens(t *testing.T) {
	s := theSigners()
	v := s.verifier()
	v.AccessTokens = true
	for name, token := range map[string]string{
		"an ID token, typ JWT":  signed("ES256", s.p256, `{"alg":"ES256","kid":"p256","typ":"JWT"}`, claims(`"nonce":"n"`)),
		"an ID token, no typ":   signed("ES256", s.p256, `{"alg":"ES256","kid":"p256"}`, claims(`"nonce":"n"`)),
		"no sub":                s.good("-sub"),
		"an empty sub":          s.good(`"sub":""`),
		"no client_id":          s.good("-client_id"),
		"azp for client_id":     s.good("-client_id", `"azp":"app"`),
		"no iat":                s.good("-iat"),
		"no jti":                s.good("-jti"),
		"no aud":                s.good("-aud"),
		"no exp":                s.good("-exp"),
		"no iss":                s.good("-iss"),
		"aud, though any would": s.good(`"aud":null`),
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, v, token)
		})
	}
}

func refused(t *testing.T, v Verifier, token string) *Error {
	t.Helper()
	c, err := v.Verify(t.Context(), token)
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%+v, %v; want a refusal", c, err)
	}
	return refusal
}

func TestRequiredClaims(t *testing.T) {
	s := theSigners()
	v := s.verifier()
	v.Required = []string{"tenant"}
	if _, err := v.Verify(t.Context(), s.good(`"tenant":0`)); err != nil {
		t.Error(err)
	}
	for _, token := range []string{s.good(), s.good(`"tenant":null`), s.good(`"tenant":""`), s.good(`"Tenant":"a"`)} {
		refused(t, v, token)
	}
}

func TestAnyAudience(t *testing.T) {
	s := theSigners()
	v := s.verifier()
	v.Audience, v.UnsafeAnyAudience = nil, true
	for _, token := range []string{s.good(`"aud":"other"`), s.good("-aud")} {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	v = s.verifier()
	v.Audience, v.UnsafeAnyAudience, v.AccessTokens = nil, true, true
	refused(t, v, s.good("-aud"))
}

// Leeway moves exp, nbf and iat, and moves them to the second.
func TestLeeway(t *testing.T) {
	s := theSigners()
	for _, test := range []struct {
		name   string
		leeway time.Duration
		claim  string
		offset int64
		ok     bool
	}{
		{"zero is 30 s: just expired", 0, "exp", -29, true},
		{"zero is 30 s: expired", 0, "exp", -30, false},
		{"none: ends in a second", -1, "exp", 1, true},
		{"none: ends now (RFC 7519 §4.1.4: on or after)", -1, "exp", 0, false},
		{"five minutes: 299 s ago", 5 * time.Minute, "exp", -299, true},
		{"five minutes: 300 s ago", 5 * time.Minute, "exp", -300, false},
		{"zero is 30 s: soon valid", 0, "nbf", 30, true},
		{"zero is 30 s: later valid", 0, "nbf", 31, false},
		{"none: valid from now on", -1, "nbf", 0, true},
		{"none: valid in a second", -1, "nbf", 1, false},
		{"zero is 30 s: issued by a clock ahead", 0, "iat", 30, true},
		{"none: issued in a second", -1, "iat", 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := s.verifier()
			v.Leeway = test.leeway
			_, err := v.Verify(t.Context(), s.good(fmt.Sprintf(`"%s":%d`, test.claim, noon.Unix()+test.offset)))
			if (err == nil) != test.ok {
				t.Error(err)
			}
		})
	}
}

func TestJWTCheck(t *testing.T) {
	s := theSigners()
	secret := StaticKeys{{Secret: redact.NewSecret(string(s.secret))}}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*JWT){
		"no issuer":                func(v *JWT) { v.Issuer = "" },
		"no audience":              func(v *JWT) { v.Audience = nil },
		"an empty audience":        func(v *JWT) { v.Audience = []string{""} },
		"an audience and any":      func(v *JWT) { v.UnsafeAnyAudience = true },
		"no keys":                  func(v *JWT) { v.Keys = nil },
		"an empty list of keys":    func(v *JWT) { v.Keys = StaticKeys{} },
		"too much leeway":          func(v *JWT) { v.Leeway = 5*time.Minute + 1 },
		"alg none":                 func(v *JWT) { v.Algorithms = []string{"none"} },
		"an unknown alg":           func(v *JWT) { v.Algorithms = []string{"RS1"} },
		"no algorithms":            func(v *JWT) { v.Algorithms = []string{} },
		"HS and RS":                func(v *JWT) { v.Algorithms = []string{"HS256", "RS256"}; v.Keys = secret },
		"HS and public keys":       func(v *JWT) { v.Algorithms = []string{"HS256"} },
		"HS and fetched keys":      func(v *JWT) { v.Algorithms = []string{"HS256"}; v.Keys = &RemoteKeys{URL: "https://h/"} },
		"RS and a secret":          func(v *JWT) { v.Keys = secret },
		"public keys and a secret": func(v *JWT) { v.Keys = append(s.public(), secret...) },
		"a short secret": func(v *JWT) {
			v.Algorithms = []string{"HS256"}
			v.Keys = StaticKeys{{Secret: redact.NewSecret(string(s.short))}}
		},
		"RSA of 1024 bits": func(v *JWT) { v.Keys = StaticKeys{{Public: &s.weak.PublicKey}} },
		"a private key":    func(v *JWT) { v.Keys = StaticKeys{{Public: s.rsa}} },
		"a key and a secret in one": func(v *JWT) {
			v.Keys = StaticKeys{{Public: &s.rsa.PublicKey, Secret: redact.NewSecret(string(s.secret))}}
		},
		"a key for another algorithm": func(v *JWT) { v.Keys = StaticKeys{{Algorithm: "ES256", Public: &s.rsa.PublicKey}} },
		"P-224": func(v *JWT) {
			v.Keys = StaticKeys{{Public: &p224.PublicKey}}
		},
		"RSA whose exponent is 1":       func(v *JWT) { v.Keys = StaticKeys{{Public: &rsa.PublicKey{N: s.rsa.N, E: 1}}} },
		"no key at all in a key":        func(v *JWT) { v.Keys = StaticKeys{{}} },
		"a nil key":                     func(v *JWT) { v.Keys = StaticKeys{{Public: (*rsa.PublicKey)(nil)}} },
		"keys fetched in clear":         func(v *JWT) { v.Keys = &RemoteKeys{URL: "http://h.example/"} },
		"keys fetched from nowhere":     func(v *JWT) { v.Keys = &RemoteKeys{} },
		"keys in a file that is not":    func(v *JWT) { v.Keys = &KeyFile{Path: "/nonexistent/keys"} },
		"keys discovered in clear":      func(v *JWT) { v.Keys = &RemoteKeys{Discovery: &Discovery{Issuer: "http://h.example"}} },
		"keys at a URL and discovered":  func(v *JWT) { v.Keys = &RemoteKeys{URL: "https://h/", Discovery: &Discovery{Issuer: "https://h"}} },
		"keys fetched with a password":  func(v *JWT) { v.Keys = &RemoteKeys{URL: "https://u:hunter2@h/"} },
		"keys fetched from a file: URL": func(v *JWT) { v.Keys = &RemoteKeys{URL: "file:///etc/passwd"} },
	} {
		t.Run(name, func(t *testing.T) {
			v := s.verifier()
			change(v)
			err := v.Check()
			if err == nil {
				t.Fatal("nothing is wrong")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error(err)
			}
			// And what is wrong verifies nothing, and calls no token bad.
			c, again := v.Verify(t.Context(), s.good())
			var refusal *Error
			if c != nil || again == nil || errors.As(again, &refusal) || errors.Is(again, ErrUnavailable) {
				t.Errorf("%+v, %v", c, again)
			}
		})
	}
	if err := s.verifier().Check(); err != nil {
		t.Error(err)
	}
	if c, err := new(JWT).Verify(t.Context(), s.good()); err == nil {
		t.Errorf("the zero JWT takes a token: %+v", c)
	}
}

// An algorithm counts only with a key of its kind, whatever the lists say.
func TestKeySuits(t *testing.T) {
	s := theSigners()
	keys := map[string]Key{
		"RS PS": {Public: &s.rsa.PublicKey}, "ES256": {Public: &s.p256.PublicKey}, "ES384": {Public: &s.p384.PublicKey}, "ES512": {Public: &s.p521.PublicKey},
		"EdDSA": {Public: s.ed.Public()}, "HS": {Secret: redact.NewSecret(string(s.secret))}, "none": {}, "PS384": {Algorithm: "PS384", Public: &s.rsa.PublicKey},
		"HS256":  {Secret: redact.NewSecret(strings.Repeat("s", 32))},
		"HS256 ": {Secret: redact.NewSecret(strings.Repeat("s", 47))},
	}
	for kinds, key := range keys {
		for alg := range algorithms {
			want := false
			for kind := range strings.FieldsSeq(kinds) {
				want = want || strings.HasPrefix(alg, kind)
			}
			if got := key.suits(alg); got != want {
				t.Errorf("key for %s, %s: %v", kinds, alg, got)
			}
		}
	}
}

// Keys of nobody's choosing: what a JWT is told of them it says, and no more.
type keysFunc func(kid string) ([]Key, error)

func (f keysFunc) Find(_ context.Context, kid string) ([]Key, error) { return f(kid) }

func TestKeysUnavailable(t *testing.T) {
	s := theSigners()
	v := s.verifier()
	v.Keys = keysFunc(func(string) ([]Key, error) { return nil, fmt.Errorf("%w: not loaded", ErrUnavailable) })
	_, err := v.Verify(t.Context(), s.good())
	var refusal *Error
	if !errors.Is(err, ErrUnavailable) || errors.As(err, &refusal) {
		t.Errorf("%v", err)
	}
	// What no key could make good is refused all the same.
	refused(t, v, "garbage")
}

// FuzzJWT signs whatever it is given, as an issuer that lost its mind might, and holds what is taken against
// what encoding/json reads.
func FuzzJWT(f *testing.F) {
	s := theSigners()
	f.Add(`{"alg":"HS256"}`, claims())
	f.Add(`{"alg":"HS256","kid":"x","typ":"at+jwt"}`, claims(`"aud":["a","`+testAudience+`"]`, `"scope":"a b"`))
	f.Add(`{"alg":"none"}`, claims(`"exp":1e400`))
	f.Add(`{"alg":"HS256","\u0061lg":"none"}`, claims(`+"\u0065xp":1`))
	f.Add(`{"alg":"HS256"}`, claims(`"x":"\ud83d\ude00 \ud800"`))
	v := &JWT{Issuer: testIssuer, Audience: []string{testAudience}, Algorithms: []string{"HS256"}, Now: atNoon, Leeway: -1,
		Keys: StaticKeys{{Secret: redact.NewSecret(string(s.secret))}}}
	f.Fuzz(func(t *testing.T, header, payload string) {
		c, err := v.Verify(t.Context(), signed("HS256", s.secret, header, payload))
		if err != nil {
			var refusal *Error
			if c != nil || !errors.As(err, &refusal) {
				t.Fatalf("%+v, %v", c, err)
			}
			return
		}
		var h struct{ Alg string }
		var p struct {
			Iss, Sub, Jti string
			Exp           json.Number
		}
		if err := json.Unmarshal([]byte(header), &h); err != nil || h.Alg != "HS256" {
			t.Fatalf("header %q: %+v, %v", header, h, err)
		}
		if err := json.Unmarshal([]byte(payload), &p); err != nil || p.Iss != testIssuer || p.Sub != c.Subject || p.Jti != c.ID {
			t.Fatalf("claims %q: %+v, %v; taken as %+v", payload, p, err, c)
		}
		if exp, err := strconv.ParseFloat(p.Exp.String(), 64); err != nil || exp <= float64(noon.Unix()) {
			t.Fatalf("claims %q are good at %d", payload, noon.Unix())
		}
	})
}

// The public key is no secret: not even where somebody lets HS256 in, and hands it over as one of the keys.
func TestConfusionWithoutPinning(t *testing.T) {
	s := theSigners()
	spki, _ := x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	v := &JWT{Issuer: testIssuer, Audience: []string{testAudience}, Algorithms: []string{"HS256"}, Now: atNoon,
		Keys: StaticKeys{{Secret: redact.NewSecret(string(s.secret))}}}
	if _, err := v.Verify(t.Context(), signed("HS256", s.secret, `{"alg":"HS256"}`, claims())); err != nil {
		t.Fatal(err)
	}
	j := &jws{alg: "HS256", signed: "a.b"}
	mac := hmac.New(sha256.New, spki)
	mac.Write([]byte(j.signed))
	j.signature = mac.Sum(nil)
	if j.signedBy(s.public()) == nil {
		t.Error("a public key verified HS256")
	}
}
