package rfc9111

import (
	"encoding/binary"
	"math"
	"time"
	"unique"

	"github.com/bearcache/bearcache/internal/texts"
)

// Append appends s as Cut reads it in another process. Its times are those of the wall clock, since the monotonic
// one is each process's own: as long before now as they are by the monotonic one. What the wall clock said then is of no
// use, as it may have been set since.
func (s *Stored) Append(b []byte, now time.Time) []byte {
	for _, i := range []instant{s.arrived, s.asked} {
		b = binary.BigEndian.AppendUint64(b, uint64(now.UnixNano()-int64(instantOf(now)-i)))
	}
	b = binary.BigEndian.AppendUint64(b, uint64(s.lifetime))
	b = binary.BigEndian.AppendUint64(b, uint64(s.initialAge))
	for _, n := range []uint32{s.date, s.modified, s.whileRevalidate, s.ifError} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	b = binary.BigEndian.AppendUint16(b, s.status)
	b = append(b, byte(s.kind))
	flags := uint16(0)
	for i, flag := range s.flags() {
		if *flag {
			flags |= 1 << i
		}
	}
	b = binary.BigEndian.AppendUint16(b, flags)
	vary := ""
	if s.vary != (selection{}) {
		vary = s.vary.packed.Value()
	}
	return texts.Append(b, vary)
}

// flags are what of s is a yes or no, in the order that Append writes.
func (s *Stored) flags() [7]*bool {
	return [7]*bool{&s.tagged, &s.dated, &s.open, &s.released, &s.validate, &s.strict, &s.error}
}

// century bounds how far away a time may be, so that no difference wraps.
const century = 100 * 365 * 24 * time.Hour

const fixedSize = 4*8 + 4*4 + 2 + 1 + 2

// Cut reads what Append wrote; ok is false for anything else. Its times are as long before now as they are by the wall
// clock.
func Cut(data string, now time.Time) (s Stored, rest string, ok bool) {
	if len(data) < fixedSize {
		return s, "", false
	}
	fixed, rest := []byte(data[:fixedSize]), data[fixedSize:]
	word := func() int64 {
		n := binary.BigEndian.Uint64(fixed)
		fixed = fixed[8:]
		return int64(n)
	}
	half := func() uint32 {
		n := binary.BigEndian.Uint32(fixed)
		fixed = fixed[4:]
		return n
	}
	ago := func() instant {
		return instantOf(now) - instant(max(-century, min(now.Round(0).Sub(time.Unix(0, word())), century)))
	}
	s.arrived, s.asked = ago(), ago()
	s.lifetime, s.initialAge = time.Duration(word()), time.Duration(word())
	s.date, s.modified, s.whileRevalidate, s.ifError = half(), half(), half(), half()
	s.status, s.kind = binary.BigEndian.Uint16(fixed), Kind(fixed[2])
	flags := binary.BigEndian.Uint16(fixed[3:])
	for i, flag := range s.flags() {
		*flag = flags&(1<<i) != 0
	}
	vary, rest, ok := texts.Cut(rest)
	if !ok || s.kind > PrivateCache || flags >= 1<<len(s.flags()) || s.status < 200 || s.status > 599 || s.lifetime < 0 || s.initialAge < 0 || !isSelection(vary) {
		return Stored{}, "", false
	}
	if vary != "" {
		s.vary = selection{unique.Make(vary)}
	}
	return s, rest, true
}

// isSelection reports whether packed is what selects writes.
func isSelection(packed string) bool {
	for packed != "" {
		name, rest, ok := texts.Cut(packed)
		if ok {
			_, rest, ok = texts.Cut(rest)
		}
		if !ok || rest == "" || rest[0] > 1 {
			return false
		}
		packed = rest[1:]
		if name == "Accept-Language" {
			if _, packed, ok = texts.Cut(packed); !ok {
				return false
			}
		}
	}
	return true
}

// Useful is when s can answer nothing any more without its origin's saying so: it is neither fresh nor may it be served
// stale. A validator may keep it of use for longer; nobody knows for how long.
func (s *Stored) Useful() time.Time {
	window := time.Duration(0)
	switch {
	case s.strict:
	case s.ifError == unsaid:
		window = max(seconds(s.whileRevalidate), disconnected)
	default:
		window = max(seconds(s.whileRevalidate), seconds(s.ifError))
	}
	const most = math.MaxInt64 / 4 // of each, so that no sum wraps
	return s.arrived.time().Add(min(s.lifetime, most) - min(s.initialAge, most) + min(window, most))
}
