package bearer

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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
	At      time.Time // with Subject; what was issued within Revocations.Leeway after it is in doubt, and revoked
	Until   time.Time // how long to remember it: until the last token that it is about has ended
}

const (
	maxRevocationText = 1024       // bytes of each text
	maxRevocationTime = 1 << 33    // seconds since the epoch: the year 2242
	codeVersion       = byte(0x01) // of the encoding
)

// TokenDigest is what stands for a token in a Revocation: an HMAC-SHA-256 under a key that all who exchange
// revocations share. A token has one digest in each spelling that some reader may take for it, since whoever holds it
// can choose:
//
//   - of a token of three parts or more whose first is a JSON object, in base64 of either alphabet, it is of header and
//     claims without the signature and what follows, because there is a second signature to each of ECDSA;
//   - where that object states "enc" (RFC 7516 §9), and there are five parts or more, it is of the first four without the tag;
//   - of any other it is of the text without the "=" at its end. Dots mean nothing there: two PASETOs have the first
//     two parts in common.
func TokenDigest(key []byte, token string) (sum [32]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("bearcache revocation v1\x00")) // the key may serve other purposes too
	h.Write([]byte(oneSpelling(token)))
	copy(sum[:], h.Sum(nil))
	return sum
}

// oneSpelling is what all spellings of a token have in common.
func oneSpelling(token string) string {
	token = strings.TrimRight(token, "=")
	parts := strings.SplitN(token, ".", 6)
	if len(parts) < 3 {
		return token
	}
	header, _ := lenient(parts[0])
	header = bytes.TrimSpace(header)
	if !bytes.HasPrefix(header, []byte("{")) {
		return token
	}
	if len(parts) >= 5 && bytes.Contains(header, []byte(`"enc"`)) {
		parts = parts[:4]
	} else {
		parts = parts[:2]
	}
	for i, part := range parts {
		_, parts[i] = lenient(part)
	}
	return strings.Join(parts, ".")
}

// lenient decodes base64 as the most careless reader does: of either alphabet, padded or not, with stray bits, and
// without characters of neither. plain is the one spelling in base64url, or what is nearest to it where data is nil.
func lenient(part string) (data []byte, plain string) {
	plain = strings.Map(func(c rune) rune {
		switch {
		case c == '+':
			return '-'
		case c == '/':
			return '_'
		case c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			return c
		}
		return -1
	}, part)
	data, err := base64.RawURLEncoding.DecodeString(plain)
	if err != nil {
		return nil, plain
	}
	return data, base64.RawURLEncoding.EncodeToString(data)
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
