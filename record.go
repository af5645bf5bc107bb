package bearcache

import (
	"net/http"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

// record is everything stored under one key: the variants that Vary tells apart. It is immutable
// once in memory; a new variant makes a new record.
type record struct {
	key      Key // compared with the key of the lookup on every read
	stored   []rfc9111.Stored
	variants []variant // of stored, index by index
}

// variant is what a hit writes, ready to be written.
type variant struct {
	header http.Header // hardened; its values are shared by all hits and never appended to
	body   []byte
	born   uint64    // invalidations.now before the request went out
	until  time.Time // when the identity it was made for ends; zero: not known
}

// Overheads, in bytes, that the weight of a record adds to its texts: measured by TestRecordWeight.
const (
	recordOverhead  = 320
	variantOverhead = 640
	fieldOverhead   = 80
)

// weight is what the record takes of the memory budget, in bytes.
func (r *record) weight() int64 {
	n := int64(recordOverhead + len(r.key.TargetURI) + len(r.key.Partition.name))
	for i, v := range r.variants {
		n += variantOverhead + int64(cap(v.body)) + headerWeight(v.header) + headerWeight(r.stored[i].Header) +
			headerWeight(r.stored[i].Selecting)
	}
	return n
}

func headerWeight(h http.Header) int64 {
	var n int64
	for name, values := range h {
		n += int64(fieldOverhead + len(name))
		for _, v := range values {
			n += int64(16 + len(v))
		}
	}
	return n
}

// with is the record with one more variant. It takes the place of the one it supersedes, and of the
// oldest where there are more than most.
func (r *record) with(key Key, s rfc9111.Stored, v variant, req rfc9111.Request, most int) *record {
	next := &record{key: key}
	if r != nil {
		next.stored, next.variants = slices.Clone(r.stored), slices.Clone(r.variants)
	}
	i := s.Supersedes(req, next.stored)
	if i < 0 && len(next.stored) >= most {
		i = 0
		for j := range next.stored {
			if next.stored[j].ResponseTime.Before(next.stored[i].ResponseTime) {
				i = j
			}
		}
	}
	if i < 0 {
		next.stored, next.variants = append(next.stored, s), append(next.variants, v)
	} else {
		next.stored[i], next.variants[i] = s, v
	}
	return next
}

// hopByHop are fields of one connection (RFC 9110 §7.6.1) or of one exchange with one reader
// (RFC 9111 §3.1): never stored.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
	"Www-Authenticate", "Authentication-Info", "Set-Cookie",
}

// storableFields is a copy of h without the fields that are never stored.
func storableFields(h http.Header) http.Header {
	kept := h.Clone()
	for _, name := range httpfield.Connection(h) {
		delete(kept, name)
	}
	for _, name := range hopByHop {
		delete(kept, name)
	}
	for name, values := range kept {
		if len(values) == 0 { // net/http: "do not send this field"
			delete(kept, name)
			continue
		}
		kept[name] = slices.Clip(values)
	}
	return kept
}
