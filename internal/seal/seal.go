// Package seal hides how what leaves the process is made unreadable and impossible to forge for whoever does not know
// the secret: AES-256-GCM under a key of its own for each message, derived with HKDF-SHA-256 (RFC 5869) from the secret,
// a random salt and what the message is about. Two messages never share a key, so no nonce is used twice
// however many there are.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"

	"github.com/bearcache/bearcache/internal/texts"
)

// version is the first byte of everything sealed. What begins otherwise is of another time and does not open.
const version = 1

const (
	saltSize  = 24
	keySize   = 32
	nonceSize = 12
)

// Overhead is what sealing adds, in bytes.
const Overhead = 1 + saltSize + 16

// Box seals and opens under one secret. The zero Box has none and must not be used.
type Box struct{ secret []byte }

// New is a box under secret, which has at least 16 bytes and must not change.
func New(secret []byte) *Box { return &Box{secret} }

// Seal makes of plain what opens only under the same secret, for the same use and about the same things.
func (b *Box) Seal(plain []byte, use string, about ...string) []byte {
	out := make([]byte, 1+saltSize, Overhead+len(plain))
	out[0] = version
	rand.Read(out[1:]) // never fails: it ends the process where there is no randomness
	aead, nonce := b.derive(out[1:], use, about)
	return aead.Seal(out, nonce, plain, out[:1])
}

// Open returns what was sealed; ok is false for anything that was not sealed so.
func (b *Box) Open(sealed []byte, use string, about ...string) (plain []byte, ok bool) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, false
	}
	aead, nonce := b.derive(sealed[1:1+saltSize], use, about)
	plain, err := aead.Open(nil, nonce, sealed[1+saltSize:], sealed[:1])
	return plain, err == nil
}

func (b *Box) derive(salt []byte, use string, about []string) (cipher.AEAD, []byte) {
	info := texts.Append([]byte("bearcache seal "), use)
	for _, text := range about {
		info = texts.Append(info, text)
	}
	material, err := hkdf.Key(sha256.New, b.secret, salt, string(info), keySize+nonceSize)
	if err != nil {
		panic("derive a key: " + err.Error()) // only for lengths that are not asked for
	}
	block, err := aes.NewCipher(material[:keySize])
	if err != nil {
		panic("begin a cipher: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("begin a cipher: " + err.Error())
	}
	return aead, material[keySize:]
}
