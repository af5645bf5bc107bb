package rfc9111

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// Validators are the fields of the request that asks the origin whether a response with the fields
// stored still holds (§4.3.1), as the origin spelled their values; empty where it gave none.
func Validators(stored http.Header) (ifNoneMatch, ifModifiedSince string) {
	return entityTag(stored), lastModified(stored)
}

// Conditional are the fields of a request that make it conditional, or one for a part (RFC 9110 §13.1,
// §14.2).
var Conditional = []string{"If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range"}

// Freshen is what the fields of a stored response become by a 304 (Not Modified) in answer to its
// validation (§4.3.4, §3.2). ok is false where the 304 speaks of another representation than the stored
// one: then it says nothing about it. Where the stored entity tag was the only condition, that tag is the
// one that held, whatever the 304 calls its representation.
func Freshen(stored http.Header, notModified Response) (fields http.Header, ok bool) {
	tagAlone := entityTag(stored) != "" && lastModified(stored) == ""
	if !tagAlone && !same(stored, notModified.Header) {
		return nil, false
	}
	return update(stored, notModified.Header), true
}

// FreshenByHead is what they become by a response to HEAD (§4.3.5), nil where it says nothing about them.
// outdated reports that it speaks of another representation: then the stored one no longer holds. length is
// that of the stored body. Stricter than the RFC: a response that brings no validator may be about another
// body, whatever its fields release, and updates nothing.
func FreshenByHead(stored http.Header, length int64, head Response) (fields http.Header, outdated bool) {
	values := head.Header["Content-Length"]
	switch {
	case head.Status != http.StatusOK:
		return nil, false
	case !same(stored, head.Header) || !sameValue(stored, head.Header, "Last-Modified"):
		return nil, true
	case values != nil && (len(values) != 1 || values[0] != strconv.FormatInt(length, 10)):
		return nil, true
	case entityTag(head.Header) == "" && lastModified(head.Header) == "":
		return nil, false
	}
	return update(stored, head.Header), false
}

// same reports whether the validators of a newer response are those of the stored one. A weak tag
// identifies as well here: nothing is combined of parts.
func same(stored, newer http.Header) bool {
	if newer["Etag"] != nil {
		tag, before := entityTag(newer), entityTag(stored)
		if strings.HasPrefix(tag, "W/") || strings.HasPrefix(before, "W/") {
			return tag != "" && strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(before, "W/")
		}
		return tag != "" && tag == before
	}
	return sameValue(stored, newer, "Last-Modified")
}

// sameValue reports whether newer, if it has the field at all, has the value that is stored.
func sameValue(stored, newer http.Header, name string) bool {
	return newer[name] == nil || single(newer, name) != "" && single(newer, name) == single(stored, name)
}

// kept are the fields that no later response to a condition or to HEAD changes: they say what the
// stored bytes are (§3.2).
var kept = map[string]bool{
	"Content-Encoding": true, "Content-Length": true, "Content-Md5": true, "Content-Range": true, "Etag": true,
}

// update replaces fields, all lines of each. An Age is gone unless the newer response has one: it was
// of the older response. What the stored body differs by it goes on to differ by, whatever a newer Vary
// leaves out: stricter than the RFC.
func update(stored, newer http.Header) http.Header {
	fields := maps.Clone(stored)
	delete(fields, "Age")
	for name, values := range newer {
		if !kept[name] {
			fields[name] = values
		}
	}
	before, _ := httpfield.Vary(stored)
	now, ok := httpfield.Vary(newer)
	if missing := slices.DeleteFunc(before, func(name string) bool { return slices.Contains(now, name) }); ok && newer["Vary"] != nil && len(missing) > 0 {
		fields["Vary"] = []string{strings.Join(append(now, missing...), ", ")}
	}
	return fields
}

// entityTag is the ETag of h in the grammar of RFC 9110 §8.8.3, or "".
func entityTag(h http.Header) string {
	tag := single(h, "Etag")
	opaque := strings.TrimPrefix(tag, "W/")
	if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' || strings.ContainsAny(opaque[1:len(opaque)-1], "\" \t") {
		return ""
	}
	return tag
}

// lastModified is the Last-Modified of h as it was sent, or "" where it is no date.
func lastModified(h http.Header) string {
	if _, ok := httpfield.Date(h, "Last-Modified"); !ok {
		return ""
	}
	return h["Last-Modified"][0]
}
