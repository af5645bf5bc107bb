package rfc9111

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// §4.3.4 and §3.2: what a 304 does to the fields that are stored.
func TestFreshen(t *testing.T) {
	stored := head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "Age: 7", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: Cookie")
	for _, tt := range []struct {
		name  string
		lines []string
		want  http.Header // nil: the 304 is about something else
	}{
		{"nothing new but the age", nil, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: Cookie")},
		{"all lines of a field are replaced, the others stay", []string{`Etag: "1"`, "A: 2", "A: 3"}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 2", "A: 3", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: Cookie")},
		{"Cache-Control is replaced, so public is gone", []string{"Cache-Control: private"}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: private", "Vary: Cookie")},
		{"what says how the bytes are coded stays", []string{"Content-Length: 9", "Content-Encoding: gzip", "Content-Range: bytes 0-1/2"}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: Cookie")},
		{"a newer Vary leaves out nothing", []string{"Vary: Accept"}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: Accept, Cookie")},
		{"a Vary with more", []string{"Vary: accept, cookie"}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: accept, cookie")},
		{"a Vary that cannot be read", []string{"Vary: *"}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: *")},
		{"another strong tag", []string{`Etag: "2"`}, nil},
		{"a tag that is none", []string{"Etag: 1"}, nil},
		{"the same tag, weak", []string{`Etag: W/"1"`}, head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1", "B: 1", "Content-Length: 3", "Cache-Control: public, max-age=1", "Vary: Cookie")},
		{"another modification, and no tag", []string{"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"}, nil},
	} {
		fields, ok := Freshen(stored, Response{Status: 304, Header: head(tt.lines...)})
		if ok != (tt.want != nil) || ok && !cmp.Equal(fields, tt.want) {
			t.Errorf("%s: %v\n%s", tt.name, ok, cmp.Diff(fields, tt.want))
		}
	}
}

// The tag that was the one condition held, or there were no 304.
func TestFreshenByTagAlone(t *testing.T) {
	fields, ok := Freshen(head(`Etag: "1"`, "A: 1"), Response{Status: 304, Header: head(`Etag: "2"`, "A: 2")})
	if !ok || fields.Get("Etag") != `"1"` || fields.Get("A") != "2" {
		t.Errorf("%v, %v", fields, ok)
	}
}

// §4.3.5: what a response to HEAD does to the one that is stored.
func TestFreshenByHead(t *testing.T) {
	stored := head(`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "A: 1")
	for _, tt := range []struct {
		name              string
		status            int
		lines             []string
		updates, outdates bool
	}{
		{"nothing that tells them apart", 200, []string{"A: 2", "Cache-Control: public"}, false, false},
		{"a length alone", 200, []string{"A: 2", "Content-Length: 3"}, false, false},
		{"the same tag", 200, []string{`Etag: "1"`}, true, false},
		{"the same validators and length", 200, []string{`Etag: "1"`, "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT", "Content-Length: 3"}, true, false},
		{"another length", 200, []string{`Etag: "1"`, "Content-Length: 4"}, false, true},
		{"another length alone", 200, []string{"Content-Length: 4"}, false, true},
		{"another tag", 200, []string{`Etag: "2"`, "Content-Length: 3"}, false, true},
		{"another modification beside the same tag", 200, []string{`Etag: "1"`, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"}, false, true},
		{"another status", 410, nil, false, false},
	} {
		fields, outdated := FreshenByHead(stored, 3, Response{Status: tt.status, Header: head(tt.lines...)})
		if (fields != nil) != tt.updates || outdated != tt.outdates || fields != nil && fields.Get("Etag") != `"1"` {
			t.Errorf("%s: %v, %v", tt.name, fields, outdated)
		}
	}
}

// §4.2.4 and RFC 5861 §4: when a stale response may bridge its origin's failure.
func TestUsableOnError(t *testing.T) {
	for _, tt := range []struct {
		name        string
		kind        Kind
		cc, asked   string
		after       time.Duration
		unreachable bool
		want        bool
	}{
		{"out of reach, nothing said", SharedCache, "max-age=60", "", 61 * time.Second, true, true},
		{"out of reach for long", SharedCache, "max-age=60", "", time.Minute + disconnected, true, false},
		{"an error, nothing said", SharedCache, "max-age=60", "", 61 * time.Second, false, false},
		{"an error, stale-if-error", SharedCache, "max-age=60, stale-if-error=10", "", 69 * time.Second, false, true},
		{"an error, its window over", SharedCache, "max-age=60, stale-if-error=10", "", 70 * time.Second, false, false},
		{"out of reach, the window over", SharedCache, "max-age=60, stale-if-error=10", "", 70 * time.Second, true, false},
		{"must-revalidate (§5.2.2.2)", PrivateCache, "max-age=60, must-revalidate, stale-if-error=10", "", 61 * time.Second, true, false},
		{"no-cache (§5.2.2.4)", PrivateCache, "max-age=60, no-cache, stale-if-error=10", "", 61 * time.Second, true, false},
		{"proxy-revalidate in a shared cache (§5.2.2.8)", SharedCache, "max-age=60, proxy-revalidate, stale-if-error=10", "", 61 * time.Second, true, false},
		{"proxy-revalidate in a private cache", PrivateCache, "max-age=60, proxy-revalidate, stale-if-error=10", "", 61 * time.Second, true, true},
		{"s-maxage in a shared cache (§5.2.2.10)", SharedCache, "s-maxage=60, stale-if-error=10", "", 61 * time.Second, true, false},
		{"the client's no-cache", SharedCache, "max-age=60, stale-if-error=10", "no-cache", 61 * time.Second, true, false},
		{"the client's max-age", SharedCache, "max-age=60, stale-if-error=10", "max-age=60", 61 * time.Second, true, false},
		{"the client's stale-if-error widens nothing", SharedCache, "max-age=60", "stale-if-error=99", 61 * time.Second, false, false},
		{"the client's max-stale widens nothing", SharedCache, "max-age=60, must-revalidate", "max-stale", 61 * time.Second, true, false},
	} {
		s := Keep(tt.kind, get(), ok("Cache-Control: "+tt.cc), noon, noon)
		req := get()
		if tt.asked != "" {
			req = get("Cache-Control: " + tt.asked)
		}
		if got := UsableOnError(req, &s, noon.Add(tt.after), tt.unreachable); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	for status, want := range map[int]bool{500: true, 502: true, 503: true, 504: true, 501: false, 401: false, 403: false, 404: false, 429: false, 505: false} {
		if OnError(status) != want {
			t.Errorf("%d: %v", status, !want)
		}
	}
}

// §4.2.2: a lifetime is guessed for what nobody in particular asked for, and for nothing else.
func TestHeuristic(t *testing.T) {
	aYear := []string{date, "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT"}
	tenHours := []string{date, "Last-Modified: Wed, 31 Dec 2025 14:00:00 GMT"}
	for _, tt := range []struct {
		name   string
		kind   Kind
		req    Request
		status int
		lines  []string
		want   time.Duration
	}{
		{"a tenth of its age", SharedCache, get(), 200, tenHours, time.Hour},
		{"at most a day", SharedCache, get(), 200, aYear, 24 * time.Hour},
		{"none in a reader's cache", PrivateCache, get("Authorization: Bearer a"), 200, tenHours, 0},
		{"none in a reader's cache that is told by no credentials", PrivateCache, get(), 200, tenHours, 0},
		{"none for a bearer in the shared one", SharedCache, get("Authorization: Bearer a"), 200, tenHours, 0},
		{"none of a modification to come", SharedCache, get(), 200, []string{date, "Last-Modified: Fri, 02 Jan 2026 00:00:00 GMT"}, 0},
		{"none of a status that is not cacheable by default", SharedCache, get(), 302, tenHours, 0},
		{"unless it is called public", SharedCache, get(), 302, append(tenHours, "Cache-Control: public"), time.Hour},
		{"an error for a moment", SharedCache, get(), 501, tenHours, errorLifetime},
		{"none beside an explicit one", SharedCache, get(), 200, append(tenHours, "Cache-Control: max-age=0"), 0},
	} {
		if got, explicit := Lifetime(tt.kind, tt.req, Response{Status: tt.status, Header: head(tt.lines...)}, noon); got != tt.want || explicit && got != 0 {
			t.Errorf("%s: %v, %v", tt.name, got, explicit)
		}
	}
}
