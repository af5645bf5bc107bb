package rfc9111

import (
	"testing"
	"time"
)

// RFC 9110 §13.2.2: a condition is about a representation that was there to be selected.
func TestNotModified(t *testing.T) {
	for _, tt := range []struct {
		name   string
		asked  string
		status int
		want   bool
	}{
		{"the entity tag", `If-None-Match: "1"`, 200, true},
		{"the date", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT", 200, true},
		{"the entity tag of an error", `If-None-Match: "1"`, 404, false},
		{"the date of an error", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT", 410, false},
		{"of a redirect", `If-None-Match: "1"`, 301, false},
		{"another entity tag", `If-None-Match: "2"`, 200, false},
		{"an asterisk (§13.1.2)", "If-None-Match: *", 200, true},
		{"an asterisk of an error", "If-None-Match: *", 404, false},
		{"an asterisk in a list", `If-None-Match: "2", *`, 200, false},
		{"a quote never closed", `If-None-Match: "1`, 200, false},
	} {
		fields := head(`Etag: "1"`, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT")
		s := Keep(PrivateCache, get(), Response{Status: tt.status, Header: fields}, noon, noon)
		if got := NotModified(head(tt.asked), &s, fields); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// RFC 9111 §4.3.2: what stands for Last-Modified where it is absent.
func TestModified(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fields []string
		since  string
		want   bool
	}{
		{"Last-Modified before Date", []string{date, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT"}, "Wed, 31 Dec 2025 00:00:00 GMT", true},
		{"Date", []string{date}, "Thu, 01 Jan 2026 00:00:00 GMT", true},
		{"before Date", []string{date}, "Wed, 31 Dec 2025 23:59:59 GMT", false},
		{"neither: when it arrived", nil, "Thu, 01 Jan 2026 00:00:00 GMT", true},
		{"before it arrived", nil, "Wed, 31 Dec 2025 23:59:59 GMT", false},
		{"a Last-Modified that is no date", []string{date, "Last-Modified: yesterday"}, "Fri, 02 Jan 2026 00:00:00 GMT", false},
	} {
		s := Keep(PrivateCache, get(), ok(tt.fields...), noon, noon)
		if got := NotModified(head("If-Modified-Since: "+tt.since), &s, head(tt.fields...)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	s := Keep(PrivateCache, get(), ok(), time.Time{}, time.Time{})
	if NotModified(head("If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT"), &s, nil) {
		t.Error("a response of no time at all was not modified")
	}
}
