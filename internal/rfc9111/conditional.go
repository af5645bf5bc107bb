package rfc9111

import (
	"net/http"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// NotModified reports whether a request's own precondition makes 304 the answer that the stored
// response s gives (RFC 9111 §4.3.2, RFC 9110 §13.2.2). Only 200 is turned into 304.
func NotModified(req http.Header, s Stored) bool {
	if s.Status != http.StatusOK {
		return false
	}
	if lines, ok := req["If-None-Match"]; ok { // and then If-Modified-Since is ignored (RFC 9110 §13.1.3)
		etag := s.Header["Etag"]
		return len(etag) == 1 && matchesAny(lines, etag[0])
	}
	since, ok := httpfield.Date(req, "If-Modified-Since")
	if !ok {
		return false
	}
	modified, ok := httpfield.Date(s.Header, "Last-Modified")
	return ok && !modified.After(since)
}

// matchesAny compares entity tags weakly (RFC 9110 §8.8.3.2). "*" is left to the origin.
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
