package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
)

// Secret is text that must not be shown: a token, a password, a key. Every verb of fmt, encoding/json
// and log/slog prints its digest under a key of this process. The zero Secret is empty and prints as "".
//
// A Secret cannot be compared with ==, which would tell by its timing how much of it was right.
type Secret struct {
	// A func shows nothing to reflection, so a Secret in an unexported field is safe from %+v as well.
	reveal func() string
}

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{func() string { return text }}
}

// Reveal is the text. Every call deserves a look: from there on nothing protects it.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the Secret is empty.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String is the digest.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return digest(processKey(), s.Reveal())
}

// Format prints the digest, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { f.Write([]byte(s.String())) }

// MarshalText is the digest, for encoding/json and its kin.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is the digest.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// processKey is random and never leaves the process: digests of different runs have nothing in common.
var processKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails, see its documentation
	return key
})

const (
	digestName  = "hmac-sha256:"
	digestBytes = 6 // 48 bits: enough to tell lines apart, and not a lookup key for anything
)

func digest(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("bearcache redact v1\x00")) // the key may serve other purposes too
	mac.Write([]byte(text))
	return digestName + hex.EncodeToString(mac.Sum(nil)[:digestBytes])
}

// isDigest is true for exactly what digest returns, with or without the brackets that Text puts around it.
func isDigest(s string) bool {
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		s = s[1 : n-1]
	}
	if len(s) != len(digestName)+2*digestBytes || s[:len(digestName)] != digestName {
		return false
	}
	_, err := hex.DecodeString(s[len(digestName):])
	return err == nil
}
