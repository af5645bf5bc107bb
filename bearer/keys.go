package bearer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/MicahParks/jwkset"
	"github.com/bearcache/bearcache/redact"
)

// ErrUnavailable is wrapped by errors that say: whether the token is good cannot be told now, and may be
// later. Keys were not loaded yet, or an endpoint does not answer.
var ErrUnavailable = errors.New("the token cannot be checked now")

// Key verifies signatures. The zero Key verifies none.
type Key struct {
	ID        string           // "kid"; empty: for tokens with any, or without
	Algorithm string           // "alg"; empty: each that suits the key
	Public    crypto.PublicKey // *rsa.PublicKey of 2048 to 8192 bits, *ecdsa.PublicKey on P-256, P-384 or P-521, ed25519.PublicKey
	Secret    redact.Secret    // for HS256 32 bytes, HS384 48, HS512 64, or more; instead of Public
}

// Keys are where a JWT finds who may have signed. Those that change, as RemoteKeys and KeyFile do, have a second method:
//
//	Recent(ctx context.Context, kid string) ([]Key, error)
//
// It is Find in a set that is as new as it may be had. A JWT asks it about a token whose signature is wrong: the key
// may be another than a moment ago, and no kid say so.
type Keys interface {
	// Find returns the keys for a token with this "kid", which is what its sender wrote and may be
	// anything; empty: it has none. No key and no error says that no such key exists; an error that wraps
	// ErrUnavailable, that this cannot be told. Callers do not change what is returned.
	Find(ctx context.Context, kid string) ([]Key, error)
}

// StaticKeys never change.
type StaticKeys []Key

// Find implements Keys.
func (s StaticKeys) Find(_ context.Context, kid string) ([]Key, error) { return named(s, kid), nil }

// Check says which key could verify nothing.
func (s StaticKeys) Check() error {
	if len(s) == 0 {
		return errors.New("bearer: there are no keys: add one to StaticKeys")
	}
	for i := range s {
		if !s[i].suitsAny(asymmetric) && !s[i].suitsAny([]string{"HS256", "HS384", "HS512"}) {
			return fmt.Errorf("bearer: key %d is of no use: take RSA with 2048 to 8192 bits, P-256, P-384, P-521, Ed25519, or a secret of 32 bytes or more, and the Algorithm that it is for", i)
		}
	}
	return nil
}

// named lists the keys for a kid: those of this name, or else those without one. Without a kid it is all
// of them, RFC 7515 §4.1.4.
func named(keys []Key, kid string) []Key {
	if kid == "" {
		return keys
	}
	found := filter(keys, kid)
	if len(found) == 0 {
		found = filter(keys, "")
	}
	return found
}

func filter(keys []Key, id string) (found []Key) {
	for _, key := range keys {
		if key.ID == id {
			found = append(found, key)
		}
	}
	return found
}

// maxKeys bounds a set: a token without a kid is held against each that suits its algorithm.
const maxKeys = 32

// readKeySet reads a JWK Set, RFC 7517 §5. It takes public keys that may verify (§4.2, §4.3), and counts
// what it leaves out: symmetric and private keys, which nobody should publish, keys for other uses, of unknown
// types, too small, off their curve. A set of which nothing is left is an error.
func readKeySet(data []byte) (keys []Key, skipped int, err error) {
	set, err := readObject(data)
	if err != nil {
		return nil, 0, fmt.Errorf("read the key set: %w", err)
	}
	list, ok := set["keys"].([]any)
	switch {
	case !ok && set["kty"] != nil:
		return nil, 0, errors.New(`read the key set: it is a single key; wrap it in {"keys": […]}`)
	case !ok:
		return nil, 0, errors.New("read the key set: it has no array of keys")
	}
	for _, member := range list {
		jwk, _ := member.(object)
		key, ok := readKey(jwk)
		switch {
		case !ok:
			skipped++
		case len(keys) == maxKeys:
			return nil, 0, fmt.Errorf("read the key set: it has more than %d keys", maxKeys)
		default:
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 { // nobody signs with nothing: it is a mistake, and what was known before goes on
		return nil, 0, fmt.Errorf("read the key set: none of its %d keys verifies tokens", skipped)
	}
	return keys, skipped, nil
}

// readKey reads one JWK. Nothing of it but the numbers of the public key reaches the library: no certificate,
// no address.
func readKey(jwk object) (Key, bool) {
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, ok := jwk[private]; ok {
			return Key{}, false
		}
	}
	var use, kty, crv, x, y, n, e string
	var key Key
	for name, to := range map[string]*string{"kid": &key.ID, "alg": &key.Algorithm, "use": &use, "kty": &kty, "crv": &crv, "x": &x, "y": &y, "n": &n, "e": &e} {
		if readText(jwk, name, to) != nil {
			return Key{}, false
		}
	}
	if operations, stated := jwk["key_ops"]; stated {
		if list, ok := operations.([]any); !ok || !slices.Contains(list, any("verify")) {
			return Key{}, false
		}
	}
	if use != "" && use != "sig" {
		return Key{}, false
	}
	read, err := jwkset.NewJWKFromMarshal(jwkset.JWKMarshal{KTY: jwkset.KTY(kty), CRV: jwkset.CRV(crv), X: x, Y: y, N: n, E: e},
		jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return Key{}, false
	}
	key.Public = read.Key()
	return key, key.suitsAny(asymmetric)
}

// readKeyFile reads a JWK Set or public keys in PEM: PUBLIC KEY, RSA PUBLIC KEY, or the key of a CERTIFICATE,
// whose dates and issuer nobody looks at.
func readKeyFile(data []byte) (keys []Key, skipped int, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return readKeySet(data)
	}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		key, err := readPEM(block)
		switch {
		case err != nil:
			return nil, 0, err
		case !key.suitsAny(asymmetric):
			return nil, 0, errors.New("a key is too small, or of a kind that verifies no token: take RSA with 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519")
		case len(keys) == maxKeys:
			return nil, 0, fmt.Errorf("there are more than %d keys", maxKeys)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(bytes.TrimSpace(data)) > 0 {
		return nil, 0, errors.New("it is neither a JWK Set nor public keys in PEM")
	}
	return keys, 0, nil
}

func readPEM(block *pem.Block) (key Key, err error) {
	switch block.Type {
	case "PUBLIC KEY":
		key.Public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key.Public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key.Public = c.PublicKey
		}
	default:
		return key, errors.New("a PEM block is no public key: a private one does not belong here")
	}
	switch {
	case err != nil && strings.Contains(err.Error(), "elliptic curve"): // such as secp256k1, of ES256K; crypto/x509 has no type for it
		return key, errors.New("the curve of a key is none of P-256, P-384 and P-521")
	case err != nil:
		return key, errors.New("a PEM block cannot be read as what it says it is")
	}
	return key, nil
}
