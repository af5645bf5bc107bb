package seal

import (
	"bytes"
	"testing"
)

var box = New([]byte("a secret of all nodes"))

func TestSeal(t *testing.T) {
	for _, plain := range [][]byte{nil, {}, []byte("a"), bytes.Repeat([]byte("record"), 10_000)} {
		sealed := box.Seal(plain, "use", "a", "b")
		if len(sealed) != len(plain)+Overhead {
			t.Errorf("%d bytes become %d", len(plain), len(sealed))
		}
		if got, ok := box.Open(sealed, "use", "a", "b"); !ok || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %v, %d bytes", len(plain), ok, len(got))
		}
		if len(plain) > 16 && bytes.Contains(sealed, plain[:16]) {
			t.Error("it can be read")
		}
		if again := box.Seal(plain, "use", "a", "b"); bytes.Equal(again, sealed) || bytes.Equal(again[1:1+saltSize], sealed[1:1+saltSize]) {
			t.Error("the same twice is the same")
		}
	}
}

// What is sealed opens under one secret, for one use, about the same things.
func TestOpensForNothingElse(t *testing.T) {
	sealed := box.Seal([]byte("plain"), "use", "a", "bc")
	for _, tt := range []struct {
		name  string
		box   *Box
		use   string
		about []string
		want  bool
	}{
		{"itself", New([]byte("a secret of all nodes")), "use", []string{"a", "bc"}, true},
		{"another secret", New([]byte("another secret of all")), "use", []string{"a", "bc"}, false},
		{"another use", box, "uses", []string{"a", "bc"}, false},
		{"other texts", box, "use", []string{"a", "b"}, false},
		{"texts that are one in a row", box, "use", []string{"ab", "c"}, false},
		{"one text", box, "use", []string{"abc"}, false},
		{"another order", box, "use", []string{"bc", "a"}, false},
		{"fewer", box, "use", []string{"a"}, false},
		{"more", box, "use", []string{"a", "bc", ""}, false},
		{"none", box, "use", nil, false},
		{"a use that takes the first", box, "usea", []string{"bc"}, false},
	} {
		if plain, ok := tt.box.Open(sealed, tt.use, tt.about...); ok != tt.want || !ok && plain != nil {
			t.Errorf("%s: %v, %q", tt.name, ok, plain)
		}
	}
}

func TestEveryByteCounts(t *testing.T) {
	sealed := box.Seal([]byte("plain"), "use", "a")
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, ok := box.Open(changed, "use", "a"); ok {
				t.Errorf("bit %d of byte %d does not matter", bit, i)
			}
		}
		if _, ok := box.Open(sealed[:i], "use", "a"); ok {
			t.Errorf("the first %d bytes are enough", i)
		}
	}
	if _, ok := box.Open(append(bytes.Clone(sealed), 0), "use", "a"); ok {
		t.Error("a byte more does not matter")
	}
}

// The version is part of what is sealed: nothing can be passed off for another one's.
func TestVersion(t *testing.T) {
	salt := make([]byte, saltSize)
	aead, nonce := box.derive(salt, "use", nil)
	for _, v := range []byte{0, version, version + 1, 255} {
		sealed := aead.Seal(append([]byte{v}, salt...), nonce, []byte("plain"), []byte{v})
		if _, ok := box.Open(sealed, "use"); ok != (v == version) {
			t.Errorf("version %d: %v", v, ok)
		}
	}
	sealed := aead.Seal(append([]byte{version}, salt...), nonce, []byte("plain"), []byte{version + 1})
	if _, ok := box.Open(sealed, "use"); ok {
		t.Error("the version is not sealed")
	}
}

// Nothing that anybody makes up opens.
func FuzzOpen(f *testing.F) {
	f.Add(box.Seal([]byte("plain"), "use", "a"), "b")
	f.Add([]byte{version}, "")
	f.Fuzz(func(t *testing.T, sealed []byte, about string) {
		if _, ok := box.Open(sealed, "another use", about); ok {
			t.Error("it opens")
		}
	})
}
