package rfc9111

import "testing"

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
		{"an asterisk is the origin's to judge", "If-None-Match: *", 200, false},
		{"a quote never closed", `If-None-Match: "1`, 200, false},
	} {
		s := Stored{Response: Response{Status: tt.status, Header: head(`Etag: "1"`, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT")}}
		if got := NotModified(head(tt.asked), s); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
