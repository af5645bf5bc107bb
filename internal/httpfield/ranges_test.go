package httpfield

import (
	"fmt"
	"math"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestRange(t *testing.T) {
	for _, tt := range []struct {
		name        string
		values      []string
		length      int64
		first, last int64
		kind        RangeKind
	}{
		{"absent", nil, 10, 0, 0, RangeIgnored},
		{"int-range (RFC 9110 §14.1.2)", []string{"bytes=2-4"}, 10, 2, 4, RangeSatisfiable},
		{"one byte", []string{"bytes=0-0"}, 10, 0, 0, RangeSatisfiable},
		{"no last-pos: the rest", []string{"bytes=4-"}, 10, 4, 9, RangeSatisfiable},
		{"last-pos past the end: the rest", []string{"bytes=4-10"}, 10, 4, 9, RangeSatisfiable},
		{"last-pos past any end", []string{"bytes=4-99999999999999999999999"}, 10, 4, 9, RangeSatisfiable},
		{"first-pos at the end", []string{"bytes=10-"}, 10, 0, 0, RangeUnsatisfiable},
		{"first-pos past any end", []string{"bytes=99999999999999999999999-"}, math.MaxInt64, 0, 0, RangeUnsatisfiable},
		{"last-pos before first-pos: invalid", []string{"bytes=4-3"}, 10, 0, 0, RangeIgnored},
		{"last-pos before first-pos past any end: invalid", []string{"bytes=99999999999999999999999-99999999999999999999998"}, 10, 0, 0, RangeIgnored},
		{"leading zeros", []string{"bytes=0004-05"}, 10, 4, 5, RangeSatisfiable},
		{"suffix-range", []string{"bytes=-3"}, 10, 7, 9, RangeSatisfiable},
		{"suffix longer than the whole: the whole", []string{"bytes=-30"}, 10, 0, 9, RangeSatisfiable},
		{"suffix longer than any whole", []string{"bytes=-99999999999999999999999"}, 10, 0, 9, RangeSatisfiable},
		{"suffix of zero", []string{"bytes=-0"}, 10, 0, 0, RangeUnsatisfiable},
		{"nothing of nothing", []string{"bytes=0-"}, 0, 0, 0, RangeUnsatisfiable},
		{"suffix of nothing", []string{"bytes=-5"}, 0, 0, 0, RangeIgnored},
		{"suffix of zero of nothing", []string{"bytes=-0"}, 0, 0, 0, RangeUnsatisfiable},
		{"length unknown", []string{"bytes=0-"}, -1, 0, 0, RangeIgnored},
		{"units in any case (§14.1)", []string{"BYTES=2-4"}, 10, 2, 4, RangeSatisfiable},
		{"another unit (§14.2)", []string{"lines=2-4"}, 10, 0, 0, RangeIgnored},
		{"no unit", []string{"2-4"}, 10, 0, 0, RangeIgnored},
		{"two ranges", []string{"bytes=2-4,6-7"}, 10, 0, 0, RangeIgnored},
		{"a range and nonsense", []string{"bytes=2-4, x"}, 10, 0, 0, RangeIgnored},
		{"two lines", []string{"bytes=2-4", "bytes=2-4"}, 10, 0, 0, RangeIgnored},
		{"empty members (§5.6.1.2)", []string{"bytes=, ,2-4\t,"}, 10, 2, 4, RangeSatisfiable},
		{"empty members only", []string{"bytes=,"}, 10, 0, 0, RangeIgnored},
		{"white space around the value", []string{" bytes=2-4 "}, 10, 2, 4, RangeSatisfiable},
		{"white space before =", []string{"bytes =2-4"}, 10, 0, 0, RangeIgnored},
		{"white space after =", []string{"bytes= 2-4"}, 10, 0, 0, RangeIgnored},
		{"white space within", []string{"bytes=2 -4"}, 10, 0, 0, RangeIgnored},
		{"a sign", []string{"bytes=+2-4"}, 10, 0, 0, RangeIgnored},
		{"two signs", []string{"bytes=--4"}, 10, 0, 0, RangeIgnored},
		{"only a sign", []string{"bytes=-"}, 10, 0, 0, RangeIgnored},
		{"a number alone", []string{"bytes=4"}, 10, 0, 0, RangeIgnored},
		{"other digits", []string{"bytes=٢-"}, 10, 0, 0, RangeIgnored},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, last, kind := Range(tt.values, tt.length)
			if first != tt.first || last != tt.last || kind != tt.kind {
				t.Errorf("%d-%d, %v; want %d-%d, %v", first, last, kind, tt.first, tt.last, tt.kind)
			}
		})
	}
}

func TestContentRange(t *testing.T) {
	for _, tt := range []struct {
		name               string
		lines              []string
		first, last, total int64
		ok                 bool
	}{
		{"absent", nil, 0, 0, 0, false},
		{"a part (RFC 9110 §14.4)", []string{"bytes 2-4/10"}, 2, 4, 10, true},
		{"the whole", []string{"bytes 0-9/10"}, 0, 9, 10, true},
		{"complete length unknown", []string{"bytes 2-4/*"}, 2, 4, -1, true},
		{"units in any case", []string{"Bytes 2-4/10"}, 2, 4, 10, true},
		{"another unit", []string{"lines 2-4/10"}, 0, 0, 0, false},
		{"two lines", []string{"bytes 2-4/10", "bytes 2-4/10"}, 0, 0, 0, false},
		{"two parts", []string{"bytes 2-4/10, bytes 5-6/10"}, 0, 0, 0, false},
		{"unsatisfied", []string{"bytes */10"}, 0, 0, 0, false},
		{"last before first: invalid", []string{"bytes 4-2/10"}, 0, 0, 0, false},
		{"length not past last: invalid", []string{"bytes 2-4/4"}, 0, 0, 0, false},
		{"no length", []string{"bytes 2-4"}, 0, 0, 0, false},
		{"no last", []string{"bytes 2-/10"}, 0, 0, 0, false},
		{"no first", []string{"bytes -4/10"}, 0, 0, 0, false},
		{"=", []string{"bytes=2-4/10"}, 0, 0, 0, false},
		{"two spaces", []string{"bytes  2-4/10"}, 0, 0, 0, false},
		{"a length that is no number", []string{"bytes 2-4/1x"}, 0, 0, 0, false},
		{"a length past any", []string{"bytes 2-4/99999999999999999999999"}, 0, 0, 0, false},
		{"a last past any", []string{"bytes 2-99999999999999999999999/*"}, 0, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, last, total, ok := ContentRange(http.Header{"Content-Range": tt.lines})
			if first != tt.first || last != tt.last || total != tt.total || ok != tt.ok {
				t.Errorf("%d-%d/%d, %v; want %d-%d/%d, %v", first, last, total, ok, tt.first, tt.last, tt.total, tt.ok)
			}
		})
	}
}

func TestStrongETag(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		tag   string
		ok    bool
	}{
		{"absent", nil, "", false},
		{"strong (RFC 9110 §8.8.3)", []string{`"a"`}, `"a"`, true},
		{"empty", []string{`""`}, `""`, true},
		{"weak", []string{`W/"a"`}, "", false},
		{"two lines", []string{`"a"`, `"a"`}, "", false},
		{"a list", []string{`"a", "b"`}, "", false},
		{"no quotes", []string{"a"}, "", false},
		{"one quote", []string{`"`}, "", false},
		{"a space within", []string{`"a b"`}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tag, ok := StrongETag(http.Header{"Etag": tt.lines}); tag != tt.tag || ok != tt.ok {
				t.Errorf("%s, %v; want %s, %v", tag, ok, tt.tag, tt.ok)
			}
		})
	}
}

func TestIfRange(t *testing.T) {
	const (
		modified = "Thu, 01 Jan 2026 00:00:00 GMT"
		minute   = "Thu, 01 Jan 2026 00:01:00 GMT"
		seconds  = "Thu, 01 Jan 2026 00:00:59 GMT"
	)
	for _, tt := range []struct {
		name    string
		ifRange []string
		stored  http.Header
		want    bool
	}{
		{"absent", nil, nil, true},
		{"the entity tag (RFC 9110 §13.1.5)", []string{`"a"`}, lines(`Etag:"a"`), true},
		{"another", []string{`"b"`}, lines(`Etag:"a"`), false},
		{"none stored", []string{`"a"`}, nil, false},
		{"two stored", []string{`"a"`}, lines(`Etag:"a"`, `Etag:"a"`), false},
		{"weak in the request", []string{`W/"a"`}, lines(`Etag:"a"`), false},
		{"weak in both: strong comparison (§8.8.3.2)", []string{`W/"a"`}, lines(`Etag:W/"a"`), false},
		{"weak in the store", []string{`"a"`}, lines(`Etag:W/"a"`), false},
		{"a list", []string{`"a", "b"`}, lines(`Etag:"a"`), false},
		{"two lines", []string{`"a"`, `"a"`}, lines(`Etag:"a"`), false},
		{"an empty line", []string{""}, lines(`Etag:"a"`), false},
		{"the date, strong (§8.8.2.2)", []string{modified}, lines("Last-Modified:"+modified, "Date:"+minute), true},
		{"the date, modified just before: weak", []string{modified}, lines("Last-Modified:"+modified, "Date:"+seconds), false},
		{"the date, Date unknown: weak", []string{modified}, lines("Last-Modified:" + modified), false},
		{"a later date: not exactly", []string{seconds}, lines("Last-Modified:"+modified, "Date:"+minute), false},
		{"the date, spelt otherwise: not exactly", []string{"Thursday, 01-Jan-26 00:00:00 GMT"}, lines("Last-Modified:"+modified, "Date:"+minute), false},
		{"no date, equal", []string{"x"}, lines("Last-Modified:x", "Date:"+minute), false},
		{"a date, none stored", []string{modified}, lines("Date:" + minute), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.ifRange != nil {
				h["If-Range"] = tt.ifRange
			}
			if got := IfRange(h, tt.stored); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// A part lies within the whole and is the one that the field spells, in numbers without bound.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-4", "bytes=-5", "bytes=9-", "bytes=5-4", "bytes=,1-2,", "bytes= 1-2", "bytes=1-2,3-4",
		"bytes=99999999999999999999-", "bytes=9223372036854775807-", "BYTES=-0", "bytes=1-99999999999999999999"} {
		f.Add(s, int64(10))
	}
	grammar := regexp.MustCompile(`^(?i:bytes)=(?:(?:[ \t]*,)+[ \t]*)?([0-9]*)-([0-9]*)(?:[ \t]*,)*[ \t]*$`)
	f.Fuzz(func(t *testing.T, line string, length int64) {
		first, last, kind := Range([]string{line}, length)
		if kind != RangeSatisfiable && (first != 0 || last != 0) {
			t.Fatalf("%q of %d: %d-%d, %v", line, length, first, last, kind)
		}
		want, from, to := RangeIgnored, new(big.Int), new(big.Int)
		if m := grammar.FindStringSubmatch(strings.Trim(line, " \t")); m != nil && length >= 0 && !(m[1] == "" && m[2] == "") && !strings.HasPrefix(line[strings.Index(line, "=")+1:], " ") && !strings.HasPrefix(line[strings.Index(line, "=")+1:], "\t") {
			end := big.NewInt(length - 1)
			from.SetString(m[1], 10)
			to.SetString(m[2], 10)
			if m[2] == "" {
				to.Set(end)
			}
			switch {
			case m[1] == "" && to.Sign() == 0:
				want = RangeUnsatisfiable
			case m[1] == "" && length == 0:
			case m[1] == "":
				want = RangeSatisfiable
				if from.Sub(big.NewInt(length), to); from.Sign() < 0 {
					from.SetInt64(0)
				}
				to.Set(end)
			case m[2] != "" && to.Cmp(from) < 0:
			case from.Cmp(end) > 0:
				want = RangeUnsatisfiable
			default:
				want = RangeSatisfiable
				if to.Cmp(end) > 0 {
					to.Set(end)
				}
			}
		}
		if kind != want || kind == RangeSatisfiable && (from.Cmp(big.NewInt(first)) != 0 || to.Cmp(big.NewInt(last)) != 0) {
			t.Fatalf("%q of %d: %d-%d, %v; want %v-%v, %v", line, length, first, last, kind, from, to, want)
		}
		if kind == RangeSatisfiable && (first < 0 || first > last || last >= length) {
			t.Fatalf("%q of %d: %d-%d", line, length, first, last)
		}
	})
}

// What is read is possible, and printed it is the field again but for case and leading zeros.
func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-4/10", "bytes 0-4/*", "Bytes 00-04/010", "bytes */10", "bytes 4-2/10", "bytes 0-9223372036854775806/*", "bytes 1-2/3, bytes 1-2/3"} {
		f.Add(s)
	}
	zeros := regexp.MustCompile(`([ /-])0+([0-9])`)
	f.Fuzz(func(t *testing.T, line string) {
		first, last, total, ok := ContentRange(http.Header{"Content-Range": {line}})
		if !ok {
			return
		}
		if first < 0 || last < first || last-first+1 <= 0 || total != -1 && total <= last {
			t.Fatalf("%q: %d-%d/%d", line, first, last, total)
		}
		whole := "*"
		if total != -1 {
			whole = fmt.Sprint(total)
		}
		printed := fmt.Sprintf("bytes %d-%d/%s", first, last, whole)
		if spelt := zeros.ReplaceAllString(strings.ToLower(strings.Trim(line, " \t")), "$1$2"); spelt != printed {
			t.Fatalf("%q prints as %q", spelt, printed)
		}
	})
}

// A Range applies only under a validator that the stored response carries to the byte, and never
// under a weak one.
func FuzzIfRange(f *testing.F) {
	const modified, date = "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 01:00:00 GMT"
	f.Add(`"a"`, `"a"`, modified, date)
	f.Add(`W/"a"`, `W/"a"`, modified, date)
	f.Add(modified, "", modified, date)
	f.Add(modified, "", modified, modified)
	f.Add(modified, modified, "", date)
	f.Add("", "", "", "")
	f.Fuzz(func(t *testing.T, ifRange, tag, modified, date string) {
		stored := http.Header{"Etag": {tag}, "Last-Modified": {modified}, "Date": {date}}
		if !IfRange(http.Header{"If-Range": {ifRange}}, stored) {
			return
		}
		validator := strings.Trim(ifRange, " \t")
		if strings.HasPrefix(validator, `"`) {
			if strong, ok := StrongETag(stored); !ok || strong != validator {
				t.Fatalf("%q applies under %q", ifRange, tag)
			}
		} else if m, ok := Date(stored, "Last-Modified"); !ok || validator != modified {
			t.Fatalf("%q applies under %q", ifRange, modified)
		} else if d, ok := Date(stored, "Date"); !ok || d.Sub(m) < time.Minute {
			t.Fatalf("%q applies at %q", ifRange, date)
		}
		if IfRange(http.Header{"If-Range": {ifRange, ifRange}}, stored) {
			t.Fatalf("%q applies twice", ifRange)
		}
	})
}
