package httpfield_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111/naive"
)

// FuzzDifferentialFields holds the reading of fields against the second one of RFC 9111. Lines have "\n" between them.
func FuzzDifferentialFields(f *testing.F) {
	for _, s := range []string{
		"", "no-store", `private="a, b", max-age=5`, "max-age=1, max-age=2", "max-age =5", "a=b;c, d", `"`, ",,,", `max-age="\5"`, `x="a\", b", c`,
		"max-age=99999999999999999999", "A=1\na", "a\x00", "Accept, *", "A B", "*", "a\nB, a",
		"bytes 0-4/10", "bytes 0-4/*", "Bytes 007-08/9", "bytes */10", "bytes 4-2/10", "bytes 0-9223372036854775807/*", "bytes 1-2/3, bytes 1-2/3", "bytes  0-9/10",
		"bytes=0-9", "BYTES=90-", "bytes=-10", "bytes=-0", "bytes=-99999999999999999999", "bytes=90-99999999999999999999", "bytes=99999999999999999999-",
		"bytes=, 1-2 ,", "bytes=0-1,2-3", "bytes=9-1", "bytes= 0-1", "bytes=0 -1", "bytes=--1", "bytes=",
	} {
		f.Add(s, int64(100))
		f.Add(s, int64(0))
	}
	f.Fuzz(func(t *testing.T, text string, length int64) {
		var lines []string
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, strings.Trim(line, " \t"))
		}
		sameDirectives(t, lines)
		sameVary(t, lines)
		sameRange(t, lines[0], length)

		first, last, total, ok := httpfield.ContentRange(http.Header{"Content-Range": lines[:1]})
		a, b, n, valid := naive.ContentRange(lines[0])
		if ok && (!valid || a != first || b != last || n != total) {
			t.Errorf("%q: %d-%d/%d, not %d-%d/%d, %v", lines[0], first, last, total, a, b, n, valid)
		}
	})
}

// sameDirectives: what is a Cache-Control is read as one. What is none is for the invariants of storing and reusing.
func sameDirectives(t *testing.T, lines []string) {
	want, ok := naive.ParseDirectives(lines)
	if !ok {
		return
	}
	cc := httpfield.ParseCacheControl(http.Header{"Cache-Control": lines})
	names := slices.Sorted(slices.Values(cc.Names()))
	if cc.Malformed || !slices.Equal(slices.Compact(names), slices.Sorted(maps.Keys(want))) {
		t.Errorf("%q: %q, malformed is %v, not %q", lines, cc.Names(), cc.Malformed, want)
	}
	for name, arguments := range want {
		d, present := cc.Delta(name)
		if !cc.Has(name) || !present {
			t.Errorf("%q: %s was lost", lines, name)
		}
		if most := seconds(arguments[0]); d > most {
			t.Errorf("%q: %s is %v, and at most %v", lines, name, d, most)
		}
	}
}

// seconds is the number that digits spell, held to the greatest one (RFC 9111 §1.2.2), and 0 for all else.
func seconds(digits string) time.Duration {
	n := time.Duration(0)
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0
		}
		n = min(n*10+time.Duration(c-'0'), httpfield.MaxDelta/time.Second)
	}
	return n * time.Second
}

func sameVary(t *testing.T, lines []string) {
	names, star := naive.ParseVary(lines)
	got, ok := httpfield.Vary(http.Header{"Vary": lines})
	if ok == star {
		t.Errorf("Vary %q: usable is %v", lines, ok)
	}
	for i := range got {
		got[i] = strings.ToLower(got[i])
	}
	slices.Sort(names)
	if names = slices.Compact(names); ok && !slices.Equal(names, slices.Sorted(slices.Values(got))) {
		t.Errorf("Vary %q: %q, not %q", lines, got, names)
	}
}

// sameRange: to ignore a Range is always allowed (RFC 9110 §14.2).
func sameRange(t *testing.T, line string, length int64) {
	first, last, kind := httpfield.Range([]string{line}, length)
	a, b, ok, satisfiable := naive.SingleRange(line, length)
	switch {
	case kind == httpfield.RangeSatisfiable && !(ok && satisfiable && first == a && last == b):
		t.Errorf("%q of %d: %d-%d, not %d-%d, %v, %v", line, length, first, last, a, b, ok, satisfiable)
	case kind == httpfield.RangeUnsatisfiable && !(ok && !satisfiable):
		t.Errorf("%q of %d: unsatisfiable, not %v, %v", line, length, ok, satisfiable)
	}
}
