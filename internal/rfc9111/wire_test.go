package rfc9111

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// storedOf is a response with everything that a Stored can hold.
func storedOf(kind Kind, now time.Time, lines ...string) Stored {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	req := Request{Method: http.MethodGet, Header: http.Header{"Accept-Language": {"de"}, "X-A": {"1"}}}
	return Keep(kind, req, Response{Status: 200, Header: h}, now.Add(-time.Second), now)
}

var wireSeeds = [][]string{
	{"Cache-Control: max-age=60"},
	{"Cache-Control: public, s-maxage=60, stale-while-revalidate=5, stale-if-error=7", "Etag: \"1\"", "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"},
	{"Cache-Control: no-cache, must-revalidate", "Vary: X-A, Accept-Language, X-B", "Content-Language: de", "Age: 7"},
	{"Date: Mon, 01 Jan 2024 00:00:00 GMT", "Expires: Tue, 02 Jan 2024 00:00:00 GMT"},
}

// What is read is what was written, whole, and followed by the rest.
func TestWire(t *testing.T) {
	now := time.Now()
	for _, lines := range wireSeeds {
		for _, kind := range []Kind{SharedCache, PrivateCache} {
			s := storedOf(kind, now, lines...)
			b := s.Append([]byte(nil), now)
			got, rest, ok := Cut(string(b)+"rest", now)
			if !ok || rest != "rest" || got != s {
				t.Errorf("%q: %v, %q\n%+v\n%+v", lines, ok, rest, got, s)
			}
			for i := range b {
				if _, _, ok := Cut(string(b[:i]), now); ok {
					t.Errorf("%q: %d of %d bytes are enough", lines, i, len(b))
				}
			}
			if s.Useful() != got.Useful() {
				t.Errorf("%q: useful until %v, and then %v", lines, s.Useful(), got.Useful())
			}
		}
	}
}

func TestWireRefuses(t *testing.T) {
	now := time.Now()
	s := storedOf(PrivateCache, now, wireSeeds[2]...)
	sound := s.Append(nil, now)
	const status, kind, flags, lifetime, age = 48, 50, 51, 16, 24
	for name, change := range map[string]func(b []byte){
		"a kind that there is not":   func(b []byte) { b[kind] = 2 },
		"flags that there are not":   func(b []byte) { b[flags] = 1 },
		"a status below 200":         func(b []byte) { b[status], b[status+1] = 0, 199 },
		"a status above 599":         func(b []byte) { b[status], b[status+1] = 2, 88 },
		"a lifetime below zero":      func(b []byte) { b[lifetime] = 0x80 },
		"an age below zero":          func(b []byte) { b[age] = 0xff },
		"a selection that is broken": func(b []byte) { b[fixedSize+1]++ },
	} {
		b := append([]byte(nil), sound...)
		change(b)
		if _, _, ok := Cut(string(b), now); ok {
			t.Errorf("%s is taken", name)
		}
	}
}

// A clock that was set since the process began, or a machine that slept, has the two clocks apart. What counts between
// nodes is the wall clock.
func TestWireTimes(t *testing.T) {
	before := epoch
	t.Cleanup(func() { epoch = before })
	for _, hours := range []int64{-1, 0, 1} {
		epoch = before
		const second = 1 << 30 // in the first word of a time.Time, where its wall clock is
		*(*int64)(unsafe.Pointer(&epoch)) += hours * 3600 * second
		now := time.Now()
		if diff := now.Round(0).Sub(epoch.Round(0)) - now.Sub(epoch) + time.Duration(hours)*time.Hour; diff.Abs() > time.Minute {
			t.Fatalf("the clocks are not apart as they should be, but by %v more", diff)
		}
		s := storedOf(PrivateCache, now, "Cache-Control: max-age=60")
		b := s.Append(nil, now.Add(10*time.Second))
		if wall := int64(beginning(b)); wall != now.UnixNano() {
			t.Errorf("%d h: it says that it arrived at %v", hours, time.Unix(0, wall))
		}
		got, _, ok := Cut(string(b), now.Add(30*time.Second))
		if age := Age(&got, now.Add(30*time.Second)); !ok || age != 31*time.Second { // and one that the exchange took
			t.Errorf("%d h: %v, %v old", hours, ok, age)
		}
		if left := got.Useful().Sub(now.Add(30 * time.Second)); left != 29*time.Second+disconnected {
			t.Errorf("%d h: useful for %v", hours, left)
		}
	}
}

func beginning(b []byte) (n uint64) {
	for _, c := range b[:8] {
		n = n<<8 | uint64(c)
	}
	return n
}

// Whatever Cut takes is written as what it reads again.
func FuzzStored(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	for _, lines := range wireSeeds {
		for _, kind := range []Kind{SharedCache, PrivateCache} {
			s := storedOf(kind, now, lines...)
			f.Add(string(s.Append(nil, now)))
		}
	}
	f.Fuzz(func(t *testing.T, data string) {
		s, rest, ok := Cut(data, now)
		if !ok {
			return
		}
		b := s.Append(nil, now)
		again, left, ok := Cut(string(b), now)
		if !ok || left != "" || again != s {
			t.Errorf("%+v is read as %+v, %v", s, again, ok)
		}
		if !strings.HasSuffix(data, rest) {
			t.Errorf("%q is no end of %q", rest, data)
		}
		req := Request{Method: http.MethodGet, Header: http.Header{"Accept-Language": {"de"}}}
		if d, _ := Choose(req, List{s}, now); d.Age < 0 || d.Lifetime < 0 {
			t.Errorf("%+v", d)
		}
		s.Useful()
		s.Variant(req)
		UsableOnError(req, &s, now, true)
		s.Supersedes(req, List{again})
	})
}
