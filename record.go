package bearcache

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

// record is everything stored under one key: the variants that Vary tells apart. It is immutable
// once in memory, but for its links; a new variant makes a new record.
type record struct {
	key      Key // compared with the key of the lookup on every read
	variants []variant
	links    links  // in the list of what its partition holds; the quotas' to guard
	weight   uint32 // what weigh says, once it is in memory
}

// variant is one stored response. Nothing of it changes once it is stored.
type variant struct {
	rfc9111.Stored
	fields packed
	body   []byte
	stamp  *stamp // what purges are held against
	until  int64  // when the identity it was made for ends, in nanoseconds since 1970; forever: not known
}

const forever = math.MaxInt64

// untilOf is a time as variant.until has it; the zero time is not known.
func untilOf(t time.Time) int64 {
	switch {
	case t.IsZero(), t.After(time.Unix(0, forever)):
		return forever
	case t.Before(time.Unix(0, 0)): // long enough ago; nanoseconds do not reach further than 1678
		return 0
	}
	return t.UnixNano()
}

// Len and At make a record, or none, rfc9111.Variants.
func (r *record) Len() int {
	if r == nil {
		return 0
	}
	return len(r.variants)
}

func (r *record) At(i int) *rfc9111.Stored { return &r.variants[i].Stored }

// tags are those that the origin gave it.
func (v *variant) tags() []string { return tagsOf(v.fields.original()) }

// Overheads, in bytes, that the weight of a record adds to its texts: measured by TestRecordWeight.
const (
	recordOverhead  = 320
	variantOverhead = 200
)

// weigh is what the record takes of the memory budget, in bytes.
func (r *record) weigh() int64 {
	n := int64(recordOverhead + len(r.key.TargetURI) + len(r.key.Partition.name))
	for i := range r.variants {
		v := &r.variants[i]
		n += variantOverhead + int64(cap(v.body)+len(v.fields)) + v.Weight()
	}
	return n
}

// with is the record with one more variant, which takes the place of the one it supersedes, and of the
// oldest where there are more than most; or the record as it is, if what is there is not to be given up
// while alive says that it may be served.
func (r *record) with(key Key, v variant, req rfc9111.Request, most int, alive func(i int) bool) *record {
	next := &record{key: key}
	i, yields := v.Supersedes(req, r)
	if yields && alive(i) {
		return r
	}
	if i < 0 && r.Len() >= most {
		i = r.oldest()
	}
	switch {
	case i >= 0:
		next.variants = slices.Clone(r.variants)
		next.variants[i] = v
	default:
		next.variants = make([]variant, r.Len()+1)
		if r != nil {
			copy(next.variants, r.variants)
		}
		next.variants[r.Len()] = v
	}
	return next
}

// oldest is the index of the variant that arrived first.
func (r *record) oldest() int {
	i := 0
	for j := range r.variants {
		if r.variants[j].Before(&r.variants[i].Stored) {
			i = j
		}
	}
	return i
}

// newest is the variant that arrived last.
func (r *record) newest() *variant {
	v := &r.variants[0]
	for i := range r.variants {
		if v.Before(&r.variants[i].Stored) {
			v = &r.variants[i]
		}
	}
	return v
}

// drop removes a variant of a record that is not in memory yet.
func (r *record) drop(i int) { r.variants = slices.Delete(r.variants, i, i+1) }

// hopByHop are fields of one connection (RFC 9110 §7.6.1) or of one exchange with one reader
// (RFC 9111 §3.1): never stored.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
	"Www-Authenticate", "Authentication-Info", "Set-Cookie",
}

// nominatesDecisive reports whether Connection has a field dropped by which the response is stored, selected or
// read, as it must not (RFC 9110 §7.6.1): with that one gone it would be another response.
func nominatesDecisive(h http.Header) bool {
	for _, name := range httpfield.Connection(h) {
		if h[name] != nil && !slices.Contains(hopByHop, name) && (httpfield.Surrogate(name) || decisiveFields[name] || strings.HasPrefix(name, "Content-")) {
			return true
		}
	}
	return false
}

var decisiveFields = map[string]bool{
	"Age": true, "Cache-Control": true, "Cache-Tag": true, "Date": true, "Etag": true, "Expires": true, "Last-Modified": true, "Pragma": true,
	"Surrogate-Key": true, "Vary": true,
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
