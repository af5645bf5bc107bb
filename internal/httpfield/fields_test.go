package httpfield

import (
	"net/http"
	"net/textproto"
	"slices"
	"testing"
	"time"
)

func TestVary(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		names []string
		ok    bool
	}{
		{nil, nil, true},
		{[]string{""}, nil, true},
		{[]string{"accept-encoding, Authorization", "ACCEPT-ENCODING"}, []string{"Accept-Encoding", "Authorization"}, true},
		{[]string{"*"}, nil, false},
		{[]string{"Accept, *"}, nil, false},
		{[]string{"Accept Encoding"}, nil, false},
		{[]string{`"Accept"`}, nil, false},
	} {
		names, ok := Vary(http.Header{"Vary": tt.lines})
		if !slices.Equal(names, tt.names) || ok != tt.ok {
			t.Errorf("%q: %q, %v; want %q, %v", tt.lines, names, ok, tt.names, tt.ok)
		}
	}
}

func TestAge(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		age   time.Duration
		ok    bool
	}{
		{nil, 0, true},
		{[]string{"7"}, 7 * time.Second, true},
		{[]string{" 7 "}, 7 * time.Second, true},
		{[]string{"7, 9"}, 0, false},
		{[]string{"7", "9"}, 0, false},
		{[]string{"0", "0"}, 0, false},
		{[]string{"7,9"}, 7 * time.Second, true},
		{[]string{"7 ,9"}, 0, false},
		{[]string{",9"}, 0, false},
		{[]string{"99999999999"}, MaxDelta, true},
		{[]string{"-7"}, 0, false},
		{[]string{"7.0"}, 0, false},
		{[]string{"a"}, 0, false},
		{[]string{""}, 0, false},
	} {
		if age, ok := Age(http.Header{"Age": tt.lines}); age != tt.age || ok != tt.ok {
			t.Errorf("%q: %v, %v; want %v, %v", tt.lines, age, ok, tt.age, tt.ok)
		}
	}
}

func TestConnectionAndDate(t *testing.T) {
	h := http.Header{"Connection": {"close, x-hop", "Authorization"}, "Date": {"Thu, 01 Jan 2026 00:00:00 GMT"}, "Expires": {"0"}}
	if got := Connection(h); !slices.Equal(got, []string{"Close", "X-Hop", "Authorization"}) {
		t.Errorf("Connection: %q", got)
	}
	if d, ok := Date(h, "Date"); !ok || d.Year() != 2026 {
		t.Errorf("Date: %v, %v", d, ok)
	}
	if _, ok := Date(h, "Expires"); ok {
		t.Error("Expires: 0 is a date")
	}
	h.Add("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
	if _, ok := Date(h, "Date"); ok {
		t.Error("a repeated Date is one")
	}
}

// RFC 9110 §5.6.7 and RFC 9111 §4.2: three formats, to the letter, in any case.
func TestDates(t *testing.T) {
	for s, want := range map[string]bool{
		"Sun, 06 Nov 1994 08:49:37 GMT": true, "Sunday, 06-Nov-94 08:49:37 GMT": true, "Sun Nov  6 08:49:37 1994": true,
		"sun, 06 nov 1994 08:49:37 gmt": true, "Sun, 06 Nov 1994 08:49:37 gMT": true,
		"Sun,  06 Nov 1994 08:49:37 GMT": false, "Sun, 06 Nov 1994 8:49:37 GMT": false, "Sun, 6 Nov 1994 08:49:37 GMT": false,
		"Sun, 06 Nov 1994 08:49:37 UTC": false, "Sun, 06 Nov 1994 08:49:37 +0000": false, "Sun, 06 Nov 94 08:49:37 GMT": false,
		"Sun 06 Nov 1994 08:49:37 GMT": false, "Sunday, 06-Nov-94 08:49:37 PST": false, "Mon, 06 Nov 1994 08:49:37 GMT": true, "Xyz, 06 Nov 1994 08:49:37 GMT": false,
		"Sun, 06 Nov 1994 08:49:37.5 GMT": false, "0": false, "": false, "GMT": false,
	} {
		d, ok := Date(http.Header{"Date": {s}}, "Date")
		if ok != want || ok && d.Unix() != 784111777 {
			t.Errorf("%q: %v, %v", s, d, ok)
		}
	}
}

func TestTokens(t *testing.T) {
	for s, want := range map[string][2]bool{ // token, token68
		"":        {false, false},
		"abc":     {true, true},
		"a-._~+/": {false, true},
		"a==":     {false, true},
		"==":      {false, false},
		"a=b":     {false, false},
		"a b":     {false, false},
		"a!#$%&'": {true, false},
		"\x00":    {false, false},
		"é":       {false, false},

		"abcdefgh":           {true, true}, // eight at a time
		"abcdefgh=":          {false, true},
		"abcdefg==":          {false, true},
		"========":           {false, false},
		"abcdefghabcdefg=h":  {false, false},
		"abcdefgh=bcdefgh":   {false, false},
		"abc efghabcdefgh":   {false, false},
		"abcdefghabcdefgh\n": {false, false},
	} {
		if got := [2]bool{IsToken(s), IsToken68(s)}; got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	for name, want := range map[string]bool{
		"Cache-Control": true, "Etag": true, "X": true, "X-B3-Traceid": true, "X_api_key": true, "X--Y": true, "1a-1A": false, "-A": true,
		"cache-control": false, "Cache-control": false, "ETag": false, "Cache-Control ": false, " Vary": false, "Va ry": false,
		"Vary\t": false, "": false, "X:": false, "\u00c9t": false, "Trailer:X": false,
	} {
		if got := Canonical(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
		if IsToken(name) && (textproto.CanonicalMIMEHeaderKey(name) == name) != want {
			t.Errorf("%q: net/textproto has it otherwise", name)
		}
	}
}

func TestSurrogate(t *testing.T) {
	for name, want := range map[string]bool{
		"Cdn-Cache-Control": true, "Cloudflare-Cdn-Cache-Control": true, "Surrogate-Control": true, "Edge-Control": true,
		"X-Accel-Expires": true, "Cache-Control": false, "Expires": false, "Surrogate-Key": false,
	} {
		if got := Surrogate(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A name that numbers requests says nothing but that: an id of something, or a request of somebody, is
// another matter.
func TestNumbersRequest(t *testing.T) {
	for name, want := range map[string]bool{
		"Req-Num": true, "X-Request-Id": true, "X-Correlation-Id": true, "X-Retry-Count": true, "Retry-Attempt": true, "X-Request-Start": true,
		"Id": false, "X-Id": false, "X-Time": false, "Count": false, "Request": false, "X-Request": false, "X": false, "": false,
		"X-User-Request-Id": false, "Request-X-Id": false, "X-Device-Id": false, "X_request_id": false, "X-Request-Ids": false,
	} {
		if got := NumbersRequest(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
