package httpfield

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func lines(fields ...string) http.Header {
	h := http.Header{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		h.Add(name, strings.TrimPrefix(value, " "))
	}
	return h
}

func TestDirectives(t *testing.T) {
	const cc = "Cache-Control: private, max-age=1"
	for _, tt := range []struct {
		name      string
		private   bool // the cache is
		h         http.Header
		without   string // all directives, printed
		maxAge    time.Duration
		targeted  bool
		malformed bool
	}{
		{"a private cache reads Cache-Control (RFC 9213 §3)", true, lines(cc, "CDN-Cache-Control: max-age=9", "Surrogate-Control: max-age=9"), "private, max-age=1", time.Second, false, false},
		{"nothing targeted", false, lines(cc), "private, max-age=1", time.Second, false, false},
		{"a valid targeted field replaces Cache-Control (§2.2)", false, lines(cc, "CDN-Cache-Control: max-age=9"), "max-age=9", 9 * time.Second, true, false},
		{"the first of the target list counts (§2.2)", false, lines("Surrogate-Control: no-store", "CDN-Cache-Control: max-age=9"), "max-age=9", 9 * time.Second, true, false},
		{"an unknown directive replaces Cache-Control too (§3.1)", false, lines(cc, "CDN-Cache-Control: none"), "none", 0, true, false},
		{"empty: ignored (§2.1)", false, lines(cc, "CDN-Cache-Control: "), "private, max-age=1", time.Second, false, false},
		{"empty: the next of the list", false, lines(cc, "CDN-Cache-Control: ", "Surrogate-Control: max-age=9"), "max-age=9", 9 * time.Second, true, false},
		{"a parsing error: ignored as a whole (§2.1)", false, lines(cc, "CDN-Cache-Control: max-age=9, &"), "private, max-age=1", time.Second, false, false},
		{"upper case is a parsing error", false, lines(cc, "CDN-Cache-Control: Max-Age=9"), "private, max-age=1", time.Second, false, false},
		{"a trailing comma is a parsing error", false, lines(cc, "CDN-Cache-Control: max-age=9,"), "private, max-age=1", time.Second, false, false},
		{"a space before = is a parsing error", false, lines(cc, "CDN-Cache-Control: max-age =9"), "private, max-age=1", time.Second, false, false},
		{"sixteen digits are a parsing error", false, lines(cc, "CDN-Cache-Control: max-age=1000000000000000"), "private, max-age=1", time.Second, false, false},
		{"fifteen are MaxDelta", false, lines("CDN-Cache-Control: max-age=100000000000000"), "max-age=100000000000000", MaxDelta, true, false},
		{"two lines are one list", false, lines("CDN-Cache-Control: max-age=9", "CDN-Cache-Control: no-cache"), "max-age=9, no-cache", 9 * time.Second, true, false},
		{"of two the last counts (RFC 9651 §3.2)", false, lines("CDN-Cache-Control: max-age=9, max-age=5"), "max-age=5", 5 * time.Second, true, false},
		{"parameters are ignored (RFC 9213 §2.1)", false, lines("CDN-Cache-Control: max-age=9;max-age=99, private;x"), "max-age=9, private", 9 * time.Second, true, false},
		{"a decimal is no delta (§2.1)", false, lines(cc, "CDN-Cache-Control: max-age=9.0"), `max-age=""`, 0, true, false},
		{"a string is no delta", false, lines(cc, `CDN-Cache-Control: max-age="9"`), `max-age=""`, 0, true, false},
		{"a token is no delta", false, lines(cc, "CDN-Cache-Control: max-age=a9"), `max-age=""`, 0, true, false},
		{"a list is no delta", false, lines(cc, "CDN-Cache-Control: max-age=(9)"), `max-age=""`, 0, true, false},
		{"a negative delta", false, lines(cc, "CDN-Cache-Control: max-age=-9"), `max-age=""`, 0, true, false},
		{"no delta", false, lines(cc, "CDN-Cache-Control: max-age"), "max-age", 0, true, false},
		{"a delta that is false", false, lines(cc, "CDN-Cache-Control: max-age=?0"), `max-age=""`, 0, true, false},
		{"directives that are false do not apply", false, lines(cc, "CDN-Cache-Control: no-store=?0, private=?0, public=?0, max-age=9"), "max-age=9", 9 * time.Second, true, false},
		{"directives that are true do", false, lines("CDN-Cache-Control: private=?1"), "private", 0, true, false},
		{"a permission of the wrong type permits nothing", false, lines("CDN-Cache-Control: public=1, public"), "public", 0, true, false},
		{"a permission of the wrong type after a right one", false, lines("CDN-Cache-Control: max-age=9, public, public=1"), "max-age=9", 9 * time.Second, true, false},
		{"a restriction of the wrong type restricts", false, lines("CDN-Cache-Control: no-store=(a b), private=1.5, must-revalidate=x"), `no-store="", private="", must-revalidate=""`, 0, true, false},
		{"field names", false, lines(`CDN-Cache-Control: private="A, B", no-cache="C"`), `private="A, B", no-cache="C"`, 0, true, false},

		{"Surrogate-Control replaces Cache-Control", false, lines(cc, "Surrogate-Control: max-age=9"), "max-age=9", 9 * time.Second, true, false},
		{"case", false, lines("Surrogate-Control: MaX-aGe=9"), "max-age=9", 9 * time.Second, true, false},
		{"a directive for us (Edge Architecture §2.3)", false, lines("Surrogate-Control: max-age=9; BearCache"), "max-age=9", 9 * time.Second, true, false},
		{"for us and others", false, lines("Surrogate-Control: max-age=9;a;bearcache"), "max-age=9", 9 * time.Second, true, false},
		{"for another device: absent", false, lines(cc, "Surrogate-Control: max-age=9;not-for-you"), "private, max-age=1", time.Second, false, false},
		{"one for each", false, lines("Surrogate-Control: max-age=60;a, max-age=9;bearcache, no-store;b"), "max-age=9", 9 * time.Second, true, false},
		{"one for all and one for us: the smaller", false, lines("Surrogate-Control: max-age=9, max-age=60;bearcache"), "max-age=9, max-age=60", 9 * time.Second, true, false},
		{"content is about processing: absent (§2.2.4)", false, lines(cc, `Surrogate-Control: content="ESI/1.0"`), "private, max-age=1", time.Second, false, false},
		{"content and more", false, lines(`Surrogate-Control: max-age=9, content="ESI/1.0, x;bearcache"`), `max-age=9, content="ESI/1.0, x;bearcache"`, 9 * time.Second, true, false},
		{"unknown directives alone: absent", false, lines(cc, "Surrogate-Control: foo"), "private, max-age=1", time.Second, false, false},
		{"empty", false, lines(cc, "Surrogate-Control: , "), "private, max-age=1", time.Second, false, false},
		{"no-store (§2.2.1)", false, lines("Cache-Control: max-age=9", "Surrogate-Control: no-store"), "no-store", 0, true, false},
		{"no-store-remote (§2.2.2)", false, lines("Surrogate-Control: No-Store-Remote"), "no-store", 0, true, false},
		{"a stale allowance is not taken (§2.2.3)", false, lines("Surrogate-Control: max-age=9+600"), "max-age=9", 9 * time.Second, true, false},
		{"a stale allowance that is no number", false, lines("Surrogate-Control: max-age=9+x"), `max-age=""`, 0, true, false},
		{"a stale allowance left out", false, lines("Surrogate-Control: max-age=9+"), `max-age=""`, 0, true, false},
		{"space before =", false, lines(cc, "Surrogate-Control: max-age =100"), `max-age=""`, 0, true, false},
		{"space after =", false, lines(cc, "Surrogate-Control: max-age= 100"), `max-age=""`, 0, true, false},
		{"two lines", false, lines("Surrogate-Control: max-age=9", "Surrogate-Control: no-store"), "max-age=9, no-store", 9 * time.Second, true, false},
		{"a quote never closed", false, lines(cc, `Surrogate-Control: max-age=9, content="ESI, no-store`), "max-age=9", 9 * time.Second, true, true},
		{"a quote never closed after a word", false, lines(cc, `Surrogate-Control: foo bar", no-store`), "foo=\"\"", 0, true, true},
		{"no directive at all", false, lines(cc, "Surrogate-Control: =9"), "", 0, true, true},
		{"a device whose name cannot be read", false, lines(cc, "Surrogate-Control: no-store;a=b"), "", 0, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, targeted := Directives(tt.h, !tt.private)
			if s := got.Without(); s != tt.without {
				t.Errorf("directives %s, want %s", s, tt.without)
			}
			if d, _ := got.Delta("max-age"); d != tt.maxAge {
				t.Errorf("max-age %v, want %v", d, tt.maxAge)
			}
			if targeted != tt.targeted || got.Malformed != tt.malformed {
				t.Errorf("targeted %v, malformed %v; want %v, %v", targeted, got.Malformed, tt.targeted, tt.malformed)
			}
		})
	}
}

// A lifetime stands in the field as a number, for us; what forbids is never lost to its neighbour,
// and what is said to others or in parameters changes nothing.
func FuzzDirectives(f *testing.F) {
	for _, s := range []string{"max-age=9", "max-age=9;bearcache, no-store;x", "a=(1 2);x=?0, max-age=9.5", `content="ESI/1.0", max-age=9+9`,
		"no-store=?0", "max-age =9", `a="\"`, "a;bearcache;\"b\"", "b=:YQ==:,c=@9,d=%\"f%c3%bc\"", ",,", "max-age=-0"} {
		f.Add(s)
	}
	integer := regexp.MustCompile(`(^|[ \t,])max-age=(-0+|[0-9]+)([ \t,;]|$)`)
	f.Fuzz(func(t *testing.T, line string) {
		cdn := http.Header{"Cdn-Cache-Control": {line}}
		if _, targeted := Directives(cdn, false); targeted {
			t.Fatal("a private cache read a targeted field")
		}
		cc, targeted := Directives(cdn, true)
		if targeted {
			if d, _ := cc.Delta("max-age"); d > 0 && !integer.MatchString(line) {
				t.Fatalf("%q: fresh for %v", line, d)
			}
			if again, ok := Directives(http.Header{"Cdn-Cache-Control": {"no-store", line}}, true); !ok || !again.Has("no-store") && !strings.Contains(line, "no-store") {
				t.Fatalf("no-store in the line before %q was lost", line)
			}
			if again, ok := Directives(http.Header{"Cdn-Cache-Control": {strings.TrimRight(line, " \t") + ";public;x=9"}}, true); !ok || again.Without() != cc.Without() {
				t.Fatalf("%q: a parameter made %q of %q", line, again.Without(), cc.Without())
			}
		} else if cc.Malformed || !cc.Empty() {
			t.Fatalf("%q is ignored and says %q", line, cc.Without())
		}

		cc, _ = Directives(http.Header{"Surrogate-Control": {line}}, true)
		if d, _ := cc.Delta("max-age"); d > 0 && !strings.ContainsAny(line, "123456789") {
			t.Fatalf("%q: fresh for %v", line, d)
		}
		again, _ := Directives(http.Header{"Surrogate-Control": {line, "max-age=9;another, no-store;a;b"}}, true)
		if !slices.Equal(again.Names(), cc.Names()) || again.Malformed != cc.Malformed {
			t.Fatalf("%q: what others are told made %q of %q", line, again.Names(), cc.Names())
		}
		for _, h := range []http.Header{{"Surrogate-Control": {"no-store, " + line}}, {"Surrogate-Control": {"No-Store;BEARCACHE", line}}, {"Surrogate-Control": {line, "no-store-remote"}}} {
			if cc, targeted := Directives(h, true); !targeted || !cc.Has("no-store") {
				t.Fatalf("%q: no-store was lost", h)
			}
		}
		if cc, _ := Directives(http.Header{"Surrogate-Control": {line + ", no-store"}}, true); !cc.Has("no-store") && !cc.Malformed && !strings.Contains(line, `"`) {
			t.Fatalf("no-store after %q was lost", line)
		}
	})
}
