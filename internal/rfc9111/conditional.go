package rfc9111

import (
	"net/http"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// NotModified reports whether a request's own precondition makes 304 the answer that the stored
// response s with the fields stored gives (RFC 9111 §4.3.2, RFC 9110 §13.2.2). Only 200 is turned into 304.
func NotModified(req http.Header, s *Stored, stored http.Header) bool {
	if s.status != http.StatusOK {
		return false
	}
	if lines, ok := req["If-None-Match"]; ok { // and then If-Modified-Since is ignored (RFC 9110 §13.1.3)
		if len(lines) == 1 && strings.Trim(lines[0], " \t") == "*" { // any representation: this one (§13.1.2)
			return true
		}
		return s.tagged && matchesAny(lines, stored["Etag"][0])
	}
	since, ok := httpfield.Date(req, "If-Modified-Since")
	return ok && s.modified != undated && int64(s.modified) <= since.Unix()
}

// modified is what stands for the time of the last modification (RFC 9111 §4.3.2): Last-Modified, or
// Date where that is absent, or when the response arrived. One that cannot be read stands for nothing.
func modified(h http.Header, responseTime time.Time) uint32 {
	t := responseTime.Add(time.Second - 1) // it was there in the second that begins next
	for _, name := range [...]string{"Last-Modified", "Date"} {
		if h[name] != nil {
			t, _ = httpfield.Date(h, name)
			break
		}
	}
	if t.Unix() < 0 || t.Unix() >= undated { // or cannot be read
		return undated
	}
	return uint32(t.Unix())
}

// matchesAny compares entity tags weakly (RFC 9110 §8.8.3.2).
func matchesAny(lines []string, etag string) bool {
	opaque := strings.TrimPrefix(etag, "W/")
	if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return false
	}
	for _, line := range lines {
		for line != "" {
			line = strings.TrimLeft(line, " \t,")
			line = strings.TrimPrefix(line, "W/")
			if !strings.HasPrefix(line, `"`) {
				break // no entity tag: the rest of the line cannot be trusted to be a list of them
			}
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				break
			}
			if line[:end+2] == opaque {
				return true
			}
			line = line[end+2:]
		}
	}
	return false
}
