package httpfield

import (
	"slices"
	"strings"
	"testing"
)

func TestSelecting(t *testing.T) {
	for _, tt := range []struct {
		name, field string
		a, b        []string
		same        bool
	}{
		{"the same (RFC 9111 §4.1)", "Foo", []string{"1"}, []string{"1"}, true},
		{"another", "Foo", []string{"1"}, []string{"2"}, false},
		{"absent in both", "Foo", nil, []string{}, true},
		{"absent in one", "Foo", nil, []string{""}, false},
		{"absent languages in one", "Accept-Language", nil, []string{""}, false},
		{"white space at commas", "Foo", []string{"1,2"}, []string{" 1, 2\t"}, true},
		{"lines combined", "Foo", []string{"1, 2"}, []string{"1", "2"}, true},
		{"order", "Foo", []string{"1, 2"}, []string{"2, 1"}, false},
		{"case", "Foo", []string{"a"}, []string{"A"}, false},
		{"white space within a member", "Foo", []string{"a b"}, []string{"a  b"}, false},
		{"white space within quotes", "Foo", []string{`"a, b"`}, []string{`"a,b"`}, false},
		{"an escaped quote within quotes", "Foo", []string{`"\", b"`}, []string{`"\",b"`}, false},
		{"white space after quotes", "Foo", []string{`"a" , b`}, []string{`"a"`, "b"}, true},
		{"an empty member", "Foo", []string{"1,,2"}, []string{"1,2"}, false},
		{"types: case of a parameter (RFC 9110 §12.5.1)", "Accept", []string{"a/b;c=D"}, []string{"a/b;c=d"}, false},
		{"types: order", "Accept", []string{"a/b, c/d"}, []string{"c/d, a/b"}, false},
		{"languages: order (RFC 9110 §12.5.4)", "Accept-Language", []string{"en, de"}, []string{"de, en"}, true},
		{"languages: case", "Accept-Language", []string{"en, de"}, []string{"eN, De"}, true},
		{"languages: white space", "Accept-Language", []string{"en, de;q=0.5"}, []string{" en ,   de ; Q=0.5 "}, true},
		{"languages: a weight in full", "Accept-Language", []string{"en;q=1.000, de;q=0.50, fr;q=0."}, []string{"de;q=0.5,en,fr;q=0"}, true},
		{"languages: another weight", "Accept-Language", []string{"en, de;q=0.5"}, []string{"en, de;q=0.4"}, false},
		{"languages: one more", "Accept-Language", []string{"en, de"}, []string{"en, de, fr"}, false},
		{"languages: one twice", "Accept-Language", []string{"en"}, []string{"en, en"}, false},
		{"languages: an empty member (RFC 9110 §5.6.1.2)", "Accept-Language", []string{"en,,de,"}, []string{"de", "en"}, true},
		{"languages: one that is none, order", "Accept-Language", []string{"en, d_e"}, []string{"d_e, en"}, false},
		{"languages: a weight that is none, case", "Accept-Language", []string{"en;q=2"}, []string{"EN;q=2"}, false},
		{"codings: order and case (RFC 9110 §8.4.1, §12.5.3)", "Accept-Encoding", []string{"gzip, BR;q=0.5"}, []string{"br; q=0.5", "GZIP"}, true},
		{"codings: refused", "Accept-Encoding", []string{"gzip"}, []string{"gzip;q=0"}, false},
		{"charsets (RFC 9110 §8.3.2, §12.5.2)", "Accept-Charset", []string{"utf-8, *;q=0.1"}, []string{"*;q=0.1, UTF-8"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, inA := Selecting(tt.field, tt.a)
			b, inB := Selecting(tt.field, tt.b)
			if (a == b && inA == inB) != tt.same {
				t.Errorf("%q (%v) and %q (%v): the same is %v, want %v", a, inA, b, inB, !tt.same, tt.same)
			}
		})
	}
}

func TestPrefersLanguage(t *testing.T) {
	for _, tt := range []struct {
		name     string
		values   []string
		language string
		want     bool
	}{
		{"absent", nil, "de", false},
		{"the only one (RFC 9110 §12.5.4)", []string{"de"}, "de", true},
		{"case", []string{"dE-aT"}, "De-At", true},
		{"the greatest weight", []string{"fr;q=0.5, de;q=1.0"}, "de", true},
		{"the greatest weight in another line", []string{"fr;q=0.5", "de;q=0.501"}, "de", true},
		{"a lesser weight", []string{"fr, de;q=0.9"}, "de", false},
		{"a tie", []string{"en, de"}, "de", false},
		{"a tie below", []string{"fr;q=0.1, de, en;q=0.1"}, "de", true},
		{"a tie with everything else", []string{"de, *"}, "de", false},
		{"everything else less", []string{"de, *;q=0.5"}, "de", true},
		{"everything", []string{"*"}, "*", false},
		{"a prefix of the range", []string{"de-AT"}, "de", false},
		{"a prefix of the language", []string{"de"}, "de-AT", false},
		{"refused", []string{"de;q=0"}, "de", false},
		{"everything refused", []string{"de;q=0, en;q=0.000"}, "de", false},
		{"a weight that is none", []string{"de, en;q=x"}, "de", false},
		{"a weight above one", []string{"de;q=1.001"}, "de", false},
		{"a range that is none", []string{"de, e_n;q=0.1"}, "de", false},
		{"two languages", []string{"de"}, "de, en", false},
		{"no language", []string{""}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := PrefersLanguage(tt.values, tt.language); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// The normal form is one, does not tell apart what may be spelt in two ways, and tells apart all else:
// outside the fields whose members RFC 9110 compares otherwise, only white space is ever lost.
func FuzzSelecting(f *testing.F) {
	for _, s := range []string{"", ",", "a, b", `"a, b" ,c`, `"\", b" , c`, "de ;Q=0.50, en", "en;q=1,*;q=0", `a" , b`, "gzip,,br", "x\n, y", "a;q=0.000,a;q=1.", `"\ `} {
		f.Add(s, "de")
	}
	f.Fuzz(func(t *testing.T, line, language string) {
		if 5*len(line)+len("zz") > longest { // with what is added below
			if got, _ := Selecting("Accept-Language", []string{line}); len(line) > longest && got != line {
				t.Fatalf("%d bytes became %q", len(line), got)
			}
			return
		}
		for _, name := range []string{"Foo", "Accept", "Accept-Language", "Accept-Encoding", "Accept-Charset"} {
			want, present := Selecting(name, []string{line})
			if !present {
				t.Fatalf("%q is absent", line)
			}
			if again, _ := Selecting(name, []string{want}); again != want {
				t.Fatalf("%s: %q became %q, then %q", name, line, want, again)
			}
			var members []string
			for rest, more := line, true; more; {
				var member string
				member, rest, more, _ = cutMember(rest)
				members = append(members, member)
			}
			if got, _ := Selecting(name, members); got != want {
				t.Fatalf("%s: %q is %q, its members in lines of their own %q", name, line, want, got)
			}
			for i := range members {
				members[i] = "\t " + members[i]
			}
			if got, _ := Selecting(name, []string{strings.Join(members, " ,")}); got != want && !strings.Contains(line, `"`) {
				t.Fatalf("%s: %q is %q, with white space %q", name, line, want, got)
			}
			if name == "Foo" || name == "Accept" {
				var trimmed []string
				for _, m := range members {
					trimmed = append(trimmed, strings.Trim(m, " \t"))
				}
				if bare := strings.Join(trimmed, ","); want != bare {
					t.Fatalf("%s: %q became %q, not %q", name, line, want, bare)
				}
			}
			// Two lists with one form have the same members, so one more on one side tells them apart.
			if got, _ := Selecting(name, []string{line, "zz"}); got == want {
				t.Fatalf("%s: a member more than %q made no difference", name, line)
			}
		}
		if PrefersLanguage([]string{line}, language) {
			normal, _ := Selecting("Accept-Language", []string{line})
			if !PrefersLanguage([]string{normal}, strings.ToLower(language)) {
				t.Fatalf("%q prefers %q, its normal form does not", line, language)
			}
			members := strings.Split(normal, ",")
			if !slices.ContainsFunc(members, func(m string) bool {
				tag, _, _ := strings.Cut(m, ";")
				return strings.EqualFold(tag, language)
			}) || PrefersLanguage([]string{line, language}, "x") {
				t.Fatalf("%q prefers %q", line, language)
			}
		}
	})
}

func TestSelectingOfANormalFormAllocatesNothing(t *testing.T) {
	for name, line := range normalForms {
		values := []string{line}
		if n := testing.AllocsPerRun(100, func() { Selecting(name, values) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

var normalForms = map[string]string{
	"Foo":             `text/html,application/xml;q=0.9,"a, b"`,
	"Accept-Language": "de,en-gb;q=0.8,fr;q=0",
	"Accept-Encoding": "br,gzip",
}

func BenchmarkSelecting(b *testing.B) {
	for name, line := range normalForms {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			values := []string{line}
			for b.Loop() {
				Selecting(name, values)
			}
		})
	}
	b.Run("unsorted", func(b *testing.B) {
		b.ReportAllocs()
		values := []string{"en-GB, en;q=0.9, de;q=0.8"}
		for b.Loop() {
			Selecting("Accept-Language", values)
		}
	})
}
