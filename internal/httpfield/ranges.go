package httpfield

import (
	"math"
	"net/http"
	"strings"
	"time"
)

// RangeKind is what a Range field asks of a representation.
type RangeKind int

// The zero kind sends everything, which a server always may (RFC 9110 §14.2).
const (
	RangeIgnored       RangeKind = iota // absent, or nothing that we answer with a part
	RangeSatisfiable                    // one part: 206
	RangeUnsatisfiable                  // a part that does not exist: 416
)

// Range reads the Range lines of a request for a representation of length bytes (RFC 9110 §14.1.2,
// §14.2). first and last are the positions of the only part if it is satisfiable. Other units,
// several ranges and what cannot be read are ignored: the answer is the whole.
func Range(values []string, length int64) (first, last int64, kind RangeKind) {
	if len(values) != 1 || length < 0 {
		return 0, 0, RangeIgnored
	}
	unit, set, ok := strings.Cut(strings.Trim(values[0], " \t"), "=")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return 0, 0, RangeIgnored
	}
	spec, ok := onlyRange(set)
	if !ok {
		return 0, 0, RangeIgnored
	}
	from, to, ok := strings.Cut(spec, "-")
	switch {
	case !ok || from == "" && to == "" || !isDigits(from) || !isDigits(to):
		return 0, 0, RangeIgnored
	case from == "":
		return suffix(position(to), length)
	case to != "" && lessDigits(to, from):
		return 0, 0, RangeIgnored
	}
	if first = position(from); first >= length {
		return 0, 0, RangeUnsatisfiable
	}
	last = length - 1
	if to != "" {
		last = min(last, position(to))
	}
	return first, last, RangeSatisfiable
}

// suffix is the part that "-n" asks for.
func suffix(n, length int64) (first, last int64, kind RangeKind) {
	switch {
	case n == 0:
		return 0, 0, RangeUnsatisfiable
	case length == 0: // satisfiable by the RFC's letter, but no Content-Range can name the part
		return 0, 0, RangeIgnored
	}
	return length - min(n, length), length - 1, RangeSatisfiable
}

// onlyRange is the only member of a range-set. Empty members do not count (RFC 9110 §5.6.1.2).
func onlyRange(set string) (spec string, ok bool) {
	if strings.HasPrefix(set, " ") || strings.HasPrefix(set, "\t") {
		return "", false // no white space may follow "="
	}
	for member := range strings.SplitSeq(set, ",") {
		if member = strings.Trim(member, " \t"); member == "" {
			continue
		}
		if spec != "" {
			return "", false
		}
		spec = member
	}
	return spec, spec != ""
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// position is the number that digits spell, MaxInt64 for greater ones.
func position(digits string) int64 {
	var n int64
	for i := 0; i < len(digits); i++ {
		d := int64(digits[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			return math.MaxInt64
		}
		n = n*10 + d
	}
	return n
}

// lessDigits compares numbers of any size.
func lessDigits(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// ContentRange reads the Content-Range of a 206 (RFC 9110 §14.4): one part, and the length of the
// whole, which is -1 for "*". ok is false unless there is exactly one line that says something possible;
// §14.4 forbids to combine a part with an invalid one.
func ContentRange(h http.Header) (first, last, total int64, ok bool) {
	lines := h["Content-Range"]
	if len(lines) != 1 {
		return 0, 0, 0, false
	}
	unit, part, _ := strings.Cut(strings.Trim(lines[0], " \t"), " ")
	positions, whole, _ := strings.Cut(part, "/")
	from, to, _ := strings.Cut(positions, "-")
	if !strings.EqualFold(unit, "bytes") || from == "" || to == "" || whole == "" || !isDigits(from) || !isDigits(to) {
		return 0, 0, 0, false
	}
	first, last, total = position(from), position(to), -1
	if whole != "*" {
		if total = position(whole); !isDigits(whole) || last >= total {
			return 0, 0, 0, false
		}
	}
	// A position too great to count stands for MaxInt64, after which there is no length.
	if first > last || last == math.MaxInt64 || total == math.MaxInt64 {
		return 0, 0, 0, false
	}
	return first, last, total, true
}

// StrongETag is the entity tag of a response, with its quotes, if it has exactly one and that is a
// strong validator (RFC 9110 §8.8.3).
func StrongETag(h http.Header) (tag string, ok bool) {
	lines := h["Etag"]
	if len(lines) != 1 {
		return "", false
	}
	tag = strings.Trim(lines[0], " \t")
	if !isStrong(tag) {
		return "", false
	}
	return tag, true
}

// isStrong reports whether s is an opaque-tag, not preceded by W/.
func isStrong(s string) bool {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	for i := 1; i < len(s)-1; i++ {
		if c := s[i]; c <= ' ' || c == '"' || c == 0x7f {
			return false
		}
	}
	return true
}

// strongAfter is how long before its Date a response must have been modified last for Last-Modified
// to be a strong validator. RFC 9110 §8.8.2.2 wants one second from those who know that one clock
// gave both, and "enough difference" from others. We do not know whose clock stamped Date; a minute
// is what RFC 7232 §2.2.2 had, and a client that comes too early only gets the whole.
const strongAfter = time.Minute

// IfRange reports whether the Range field of a request applies to the stored response (RFC 9110
// §13.1.5): the part would be one of the very representation that the client has a part of.
func IfRange(h, stored http.Header) bool {
	lines, ok := h["If-Range"]
	if !ok {
		return true
	}
	if len(lines) != 1 {
		return false
	}
	validator := strings.Trim(lines[0], " \t")
	if isStrong(validator) {
		tag, ok := StrongETag(stored)
		return ok && tag == validator
	}
	modified, ok := Date(stored, "Last-Modified")
	if !ok || stored["Last-Modified"][0] != validator { // exactly, not an earlier or later date
		return false
	}
	date, ok := Date(stored, "Date")
	return ok && date.Sub(modified) >= strongAfter
}
