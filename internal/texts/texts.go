// Package texts writes texts and numbers one behind another, so that no two sequences have the same
// bytes, and takes them apart again. A sequence in one string costs one piece of memory.
package texts

import "encoding/binary"

// AppendNumber appends n, which is not negative, as binary.AppendUvarint does.
func AppendNumber(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// Append appends text behind its length.
func Append(b []byte, text string) []byte { return append(AppendNumber(b, len(text)), text...) }

// CutNumber takes a number apart from what follows; ok is false where there is none.
func CutNumber(s string) (n int, rest string, ok bool) {
	if len(s) > 0 && s[0] < 0x80 {
		return int(s[0]), s[1:], true
	}
	return cutLongNumber(s)
}

func cutLongNumber(s string) (n int, rest string, ok bool) {
	for i := 0; i < len(s) && i < 9; i++ { // nine bytes are 63 bits: more than any length has
		n |= int(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return n, s[i+1:], true
		}
	}
	return 0, "", false
}

// Cut takes a text apart from what follows; ok is false where there is none.
func Cut(s string) (text, rest string, ok bool) {
	n, rest, ok := CutNumber(s)
	if !ok || n < 0 || n > len(rest) { // below zero where int has 32 bits
		return "", "", false
	}
	return rest[:n], rest[n:], true
}
