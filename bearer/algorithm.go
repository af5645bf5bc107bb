package bearer

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// algorithms are the ones of RFC 7518 §3.1 and RFC 8037 §3.1 that verify a signature. "none" is not among them.
// The methods are named one by one: jwt.GetSigningMethod would also return what some other package registered.
var algorithms = map[string]jwt.SigningMethod{
	"RS256": jwt.SigningMethodRS256, "RS384": jwt.SigningMethodRS384, "RS512": jwt.SigningMethodRS512,
	"PS256": strictPSS(jwt.SigningMethodPS256), "PS384": strictPSS(jwt.SigningMethodPS384), "PS512": strictPSS(jwt.SigningMethodPS512),
	"ES256": jwt.SigningMethodES256, "ES384": jwt.SigningMethodES384, "ES512": jwt.SigningMethodES512,
	"EdDSA": jwt.SigningMethodEdDSA,
	"HS256": jwt.SigningMethodHS256, "HS384": jwt.SigningMethodHS384, "HS512": jwt.SigningMethodHS512,
}

// strictPSS is m with a salt as long as the hash, RFC 7518 §3.5. The library's own takes any.
func strictPSS(m *jwt.SigningMethodRSAPSS) *jwt.SigningMethodRSAPSS {
	return &jwt.SigningMethodRSAPSS{SigningMethodRSA: m.SigningMethodRSA, Options: m.Options}
}

// asymmetric are the algorithms that count unless a JWT names its own.
var asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

func symmetric(alg string) bool { return strings.HasPrefix(alg, "HS") }

// Bounds of RSA keys in bits. Below is weak (RFC 7518 §3.3), above takes a long time.
const (
	minRSA = 2048
	maxRSA = 8192
)

// curves are those of RFC 7518 §3.4: each of its algorithms has one. The library does not compare them.
var curves = map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

// minSecret is the size of the hash, RFC 7518 §3.2, in bytes.
var minSecret = map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}

// suits reports whether k may verify what is signed with alg: by its type, its size, its curve and its own
// word. A public key never suits HS256, whatever a token says (RFC 8725 §2.1).
func (k *Key) suits(alg string) bool {
	if k.Algorithm != "" && k.Algorithm != alg || k.Public != nil && !k.Secret.IsZero() {
		return false
	}
	switch public := k.Public.(type) {
	case nil:
		least, ok := minSecret[alg]
		return ok && len(k.Secret.Reveal()) >= least
	case *rsa.PublicKey:
		return (strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")) && soundRSA(public)
	case *ecdsa.PublicKey:
		return public != nil && public.Curve != nil && curves[alg] == public.Curve.Params().Name
	case ed25519.PublicKey:
		return alg == "EdDSA" && len(public) == ed25519.PublicKeySize && !smallOrder(public)
	}
	return false
}

func soundRSA(key *rsa.PublicKey) bool {
	return key != nil && key.N != nil && key.N.BitLen() >= minRSA && key.N.BitLen() <= maxRSA && key.E >= 3 && key.E%2 == 1
}

// smallPoints are the encodings (RFC 8032 §5.1.2) of the points whose order divides 8, without the bit for the sign of x, in
// hexadecimal. Under such a key there are signatures that verify for many messages, or all, and that anybody can make up
// (RFC 8725 §3.4).
var smallPoints = []string{
	"0000000000000000000000000000000000000000000000000000000000000000", // y = 0
	"0100000000000000000000000000000000000000000000000000000000000000", // 1
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // of order 8
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // of order 8
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p-1
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p, which is 0
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p+1, which is 1
}

var isSmallPoint = func() map[[ed25519.PublicKeySize]byte]bool {
	set := make(map[[ed25519.PublicKeySize]byte]bool)
	for _, text := range smallPoints {
		y, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		set[[ed25519.PublicKeySize]byte(y)] = true
	}
	return set
}()

func smallOrder(key ed25519.PublicKey) bool {
	y := [ed25519.PublicKeySize]byte(key)
	y[len(y)-1] &= 0x7f
	return isSmallPoint[y]
}

// suitsAny reports whether k could verify anything at all.
func (k *Key) suitsAny(algs []string) bool { return slices.ContainsFunc(algs, k.suits) }

// verifies reports whether k, which suits alg, made or could have made this signature.
func (k *Key) verifies(alg, signed string, signature []byte) bool {
	var key any = k.Public
	if k.Public == nil {
		key = []byte(k.Secret.Reveal())
	}
	return algorithms[alg].Verify(signed, signature, key) == nil
}
