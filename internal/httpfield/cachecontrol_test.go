package httpfield

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func field(lines ...string) http.Header { return http.Header{"Cache-Control": lines} }

func TestCacheControl(t *testing.T) {
	for _, tt := range []struct {
		name      string
		lines     []string
		names     []string
		maxAge    time.Duration
		hasMaxAge bool
		malformed bool
	}{
		{"absent", nil, nil, 0, false, false},
		{"empty", []string{""}, nil, 0, false, false},
		{"case", []string{"NO-Store, Max-Age=5"}, []string{"no-store", "max-age"}, 5 * time.Second, true, false},
		{"white space and empty members", []string{" , no-store\t,, private ,"}, []string{"no-store", "private"}, 0, false, false},
		{"two lines", []string{"private", "max-age=5"}, []string{"private", "max-age"}, 5 * time.Second, true, false},
		{"quoted number", []string{`max-age="5"`}, []string{"max-age"}, 5 * time.Second, true, false},
		{"a directive's name inside quotes is no directive", []string{`x="a, no-store", max-age=5`}, []string{"x", "max-age"}, 5 * time.Second, true, false},
		{"escaped quote", []string{`x="a\", no-store", private`}, []string{"x", "private"}, 0, false, false},
		{"field names as argument", []string{`private="X-A, X-B", no-cache="c"`}, []string{"private", "no-cache"}, 0, false, false},
		{"the smallest of duplicates", []string{"max-age=60, max-age=5", "max-age=30"}, []string{"max-age", "max-age", "max-age"}, 5 * time.Second, true, false},
		{"fraction", []string{"max-age=1.5"}, []string{"max-age"}, 0, true, false},
		{"negative", []string{"max-age=-1"}, []string{"max-age"}, 0, true, false},
		{"no argument", []string{"max-age"}, []string{"max-age"}, 0, true, false},
		{"empty argument", []string{"max-age="}, []string{"max-age"}, 0, true, false},
		{"letters", []string{"max-age=5a"}, []string{"max-age"}, 0, true, false},
		{"single quotes", []string{"max-age='5'"}, []string{"max-age"}, 0, true, false},
		{"space before =", []string{"max-age =5"}, []string{"max-age"}, 0, true, true},
		{"space after =", []string{"max-age= 5"}, []string{"max-age"}, 0, true, true},
		{"what forbids is taken at its word", []string{"no-store =x, private y"}, []string{"no-store", "private"}, 0, false, true},
		{"overflow", []string{"max-age=99999999999999999999999"}, []string{"max-age"}, MaxDelta, true, false},
		{"2^31", []string{"max-age=2147483648"}, []string{"max-age"}, MaxDelta, true, false},
		{"a quote never closed", []string{`max-age=5, x="no-store`}, []string{"max-age", "x"}, 5 * time.Second, true, true},
		{"a quote never closed in a second word", []string{`max-age=5, foo bar="x, no-store`}, []string{"max-age", "foo"}, 5 * time.Second, true, true},
		{"no directive at all", []string{`max-age=5, =no-store`}, []string{"max-age"}, 5 * time.Second, true, true},
		{"semicolons", []string{"max-age=5; no-store"}, []string{"max-age"}, 0, true, true},
		{"control bytes", []string{"\x00, max-age=5"}, []string{"max-age"}, 5 * time.Second, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cc := ParseCacheControl(field(tt.lines...))
			if got := cc.Names(); !slices.Equal(got, tt.names) {
				t.Errorf("names %q, want %q", got, tt.names)
			}
			if d, ok := cc.Delta("max-age"); d != tt.maxAge || ok != tt.hasMaxAge {
				t.Errorf("max-age %v, %v; want %v, %v", d, ok, tt.maxAge, tt.hasMaxAge)
			}
			if cc.Malformed != tt.malformed {
				t.Errorf("malformed = %v", cc.Malformed)
			}
		})
	}
}

func TestWithout(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"public, max-age=5, S-MaxAge=9", "max-age=5"},
		{`private="a, b", max-age="5", x="q\"\\"`, `private="a, b", max-age=5, x="q\"\\"`},
		{"max-age=", `max-age=""`},
		{"public", ""},
	} {
		if got := ParseCacheControl(field(tt.in)).Without("public", "s-maxage"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.in, got, tt.want)
		}
	}
}

// What is printed reads as what was read, and a member is never lost to its neighbour's spelling.
func FuzzCacheControl(f *testing.F) {
	for _, s := range []string{"", "no-store", `private="a,b", max-age=5`, `x="\`, "max-age =5", "a=b;c, d", `"`, ",,,", "0=10000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		cc := ParseCacheControl(field(line))
		again := ParseCacheControl(field(cc.Without()))
		if again.Malformed {
			t.Fatalf("%q prints as %q, which cannot be read", line, cc.Without())
		}
		if !slices.Equal(cc.Names(), again.Names()) {
			t.Fatalf("%q: %q became %q", line, cc.Names(), again.Names())
		}
		for _, name := range cc.Names() {
			a, _ := cc.Delta(name)
			if b, _ := again.Delta(name); a != b {
				t.Fatalf("%q: %s was %v, became %v", line, name, a, b)
			}
			if a < 0 || a > MaxDelta {
				t.Fatalf("%q: %s is %v", line, name, a)
			}
		}
		// A member that stands before everything is never swallowed.
		if !ParseCacheControl(field("no-store, " + line)).Has("no-store") {
			t.Fatalf("no-store before %q was lost", line)
		}
		if !strings.Contains(line, `"`) && !ParseCacheControl(field(line+", no-store")).Has("no-store") {
			t.Fatalf("no-store after %q was lost", line)
		}
		if !ParseCacheControl(field(line, "no-store")).Has("no-store") {
			t.Fatalf("no-store in the line after %q was lost", line)
		}
	})
}
