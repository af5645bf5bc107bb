package texts

import (
	"slices"
	"strings"
	"testing"
)

// What was appended is what is cut, of every length at which the length itself grows.
func TestThereAndBack(t *testing.T) {
	var b []byte
	var want []string
	for _, n := range []int{0, 1, 126, 127, 128, 129, 16_383, 16_384, 1 << 20, 0} {
		want = append(want, strings.Repeat("x", n))
		b = AppendNumber(Append(b, want[len(want)-1]), n)
	}
	var got []string
	for s := string(b); s != ""; {
		text, rest, ok := Cut(s)
		n, rest, okay := CutNumber(rest)
		if !ok || !okay || n != len(text) {
			t.Fatalf("%d bytes, %v; %d, %v", len(text), ok, n, okay)
		}
		got, s = append(got, text), rest
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d texts of %d", len(got), len(want))
	}
}

// Whatever there is to be cut, nothing is read beyond its end.
func FuzzCut(f *testing.F) {
	for _, s := range []string{"", "\x00", "\x05abc", "\x80", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\x7fabc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, rest, ok := Cut(s)
		if ok && (len(text)+len(rest) >= len(s) || !strings.HasSuffix(s, text+rest)) || !ok && text+rest != "" {
			t.Errorf("%q: %q, %q, %v", s, text, rest, ok)
		}
	})
}
