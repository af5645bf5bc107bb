package bearer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/texts"
)

// Revocation says what no longer counts: exactly one of Digest, ID and Subject.
type Revocation struct {
	Digest  [32]byte  // one token, as TokenDigest has it
	Issuer  string    // of ID or Subject; empty: of tokens whose issuer is not known
	ID      string    // the token with this "jti"
	Subject string    // all tokens of this subject that were issued until At, or do not say when
	At      time.Time // with Subject; "iat" has whole seconds, so that what was issued in the second of At is in doubt, and revoked
	Until   time.Time // how long to remember it: until the last token that it is about has ended
}

const (
	maxRevocationText = 1024       // bytes of each text
	maxRevocationTime = 1 << 33    // seconds since the epoch: the year 2242
	codeVersion       = byte(0x01) // of the encoding
)

// TokenDigest is what stands for a token in a Revocation: an HMAC-SHA-256 under a key that all who exchange
// revocations share. Of a JSON Web Token it is of header and claims without the signature, because whoever holds a token that
// is signed with ECDSA can write its signature in a second way.
func TokenDigest(key []byte, token string) (sum [32]byte) {
	if isJWT(token) && strings.Count(token, ".") == 2 {
		token = token[:strings.LastIndexByte(token, '.')]
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("bearcache revocation v1\x00")) // the key may serve other purposes too
	h.Write([]byte(token))
	copy(sum[:], h.Sum(nil))
	return sum
}

// normal is r as it is kept and encoded: times in UTC and milliseconds, rounded to what revokes more; or what
// is wrong with it. No error repeats its texts.
func (r Revocation) normal() (Revocation, error) {
	of := 0
	for _, stated := range []bool{r.Digest != [32]byte{}, r.ID != "", r.Subject != ""} {
		if stated {
			of++
		}
	}
	switch {
	case of != 1:
		return r, errors.New("bearer: a revocation of none or several of Digest, ID and Subject: revoke each by itself")
	case len(r.Issuer) > maxRevocationText || len(r.ID) > maxRevocationText || len(r.Subject) > maxRevocationText:
		return r, errors.New("bearer: a revocation of a text with more than 1,024 bytes")
	case r.Digest != [32]byte{} && r.Issuer != "":
		return r, errors.New("bearer: a revocation of a Digest with an Issuer: the digest says it all")
	case (r.Subject != "") == r.At.IsZero():
		return r, errors.New("bearer: a revocation needs At with a Subject, and only then")
	case r.Until.Unix() < 0 || r.Until.Unix() >= maxRevocationTime || r.Subject != "" && (r.At.Unix() < 0 || r.At.Unix() >= maxRevocationTime):
		return r, errors.New("bearer: a revocation without Until, or with a time before 1970 or after 2242")
	}
	r.Until = roundUp(r.Until)
	if r.Subject != "" {
		r.At = roundUp(r.At)
	}
	return r, nil
}

func roundUp(t time.Time) time.Time {
	return time.UnixMilli(t.Add(time.Millisecond - 1).UnixMilli()).UTC()
}

// Kinds of revocations in the encoding.
const (
	codeDigest = iota + 1
	codeID
	codeSubject
)

// AppendBinary implements encoding.BinaryAppender: a version, a kind, then what the kind has of issuer, text, At
// and Until, texts behind their length and times in milliseconds since the epoch. Every revocation has one encoding. It
// returns an error for one that Revocations.Add would refuse.
func (r Revocation) AppendBinary(b []byte) ([]byte, error) {
	r, err := r.normal()
	if err != nil {
		return b, err
	}
	b = append(b, codeVersion)
	switch {
	case r.ID != "":
		b = append(b, codeID)
		b = texts.Append(texts.Append(b, r.Issuer), r.ID)
	case r.Subject != "":
		b = append(b, codeSubject)
		b = texts.Append(texts.Append(b, r.Issuer), r.Subject)
		b = binary.AppendUvarint(b, uint64(r.At.UnixMilli()))
	default:
		b = append(b, codeDigest)
		b = append(b, r.Digest[:]...)
	}
	return binary.AppendUvarint(b, uint64(r.Until.UnixMilli())), nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (r Revocation) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

var errCode = errors.New("bearer: this is no revocation, or one of a later version")

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It takes exactly what AppendBinary writes.
func (r *Revocation) UnmarshalBinary(data []byte) error {
	if len(data) < 2 || len(data) > 4*maxRevocationText || data[0] != codeVersion {
		return errCode
	}
	var read Revocation
	kind, rest := data[1], string(data[2:])
	ok := true
	switch kind {
	case codeDigest:
		if len(rest) < len(read.Digest) {
			return errCode
		}
		rest = rest[copy(read.Digest[:], rest):]
	case codeID, codeSubject:
		to := &read.ID
		if kind == codeSubject {
			to = &read.Subject
		}
		if read.Issuer, rest, ok = texts.Cut(rest); ok {
			*to, rest, ok = texts.Cut(rest)
		}
		if ok && kind == codeSubject {
			rest, ok = cutTime(rest, &read.At)
		}
	default:
		return errCode
	}
	if ok {
		rest, ok = cutTime(rest, &read.Until)
	}
	if !ok || rest != "" {
		return errCode
	}
	// A number has several encodings, and a wrong revocation none. This one counts if it is the one.
	if again, err := read.AppendBinary(nil); err != nil || string(again) != string(data) {
		return errCode
	}
	*r = read
	return nil
}

func cutTime(s string, to *time.Time) (rest string, ok bool) {
	n, length := binary.Uvarint([]byte(s))
	if length <= 0 || n > maxRevocationTime*1000 {
		return "", false
	}
	*to = time.UnixMilli(int64(n)).UTC()
	return s[length:], true
}
