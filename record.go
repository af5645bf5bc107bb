package bearcache

import (
	"net/http"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

// record is everything stored under one key: the variants that Vary tells apart. It is immutable
// once in memory, but for its links; a new variant makes a new record.
type record struct {
	key      Key // compared with the key of the lookup on every read
	stored   []rfc9111.Stored
	variants []variant // of stored, index by index
	weight   uint32    // what weigh says, once it is in memory
	links    links     // in the list of what its partition holds; the quotas' to guard
}

// variant is what a hit writes, ready to be written. Nothing of it changes once it is stored.
type variant struct {
	fields []field // as they go out; the values are shared by all hits and never appended to
	said   []field // as the origin said them, those that hardening changed or removed
	body   []byte
	stamp  *stamp    // what purges are held against
	until  time.Time // when the identity it was made for ends; zero: not known
}

// field is all lines of one field.
type field struct {
	name   string
	values []string
}

// fieldsOf lists the fields of h, their values in one piece of memory.
func fieldsOf(h http.Header) []field {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	list, lines := make([]field, 0, len(h)), make([]string, 0, n)
	for name, values := range h {
		start := len(lines)
		lines = append(lines, values...)
		list = append(list, field{name, lines[start:len(lines):len(lines)]})
	}
	return list
}

// origin is the fields as the origin said them.
func (v *variant) origin() http.Header {
	h := make(http.Header, len(v.fields)+len(v.said))
	for _, f := range v.fields {
		h[f.name] = f.values
	}
	for _, f := range v.said {
		h[f.name] = f.values
		if f.values == nil { // ours alone
			delete(h, f.name)
		}
	}
	return h
}

// changed lists what sent, which is original hardened, has otherwise: as it was, nil where it was not.
func changed(original, sent http.Header) []field {
	var list []field
	for name, values := range original {
		if !slices.Equal(sent[name], values) {
			list = append(list, field{name, values})
		}
	}
	for name := range sent {
		if original[name] == nil {
			list = append(list, field{name, nil})
		}
	}
	return list
}

// Overheads, in bytes, that the weight of a record adds to its texts: measured by TestRecordWeight.
const (
	recordOverhead  = 320
	variantOverhead = 400
	fieldOverhead   = 56
)

// weigh is what the record takes of the memory budget, in bytes.
func (r *record) weigh() int64 {
	n := int64(recordOverhead + len(r.key.TargetURI) + len(r.key.Partition.name))
	for i := range r.variants {
		v := &r.variants[i]
		n += variantOverhead + int64(cap(v.body)) + fieldsWeight(v.fields) + fieldsWeight(v.said) + r.stored[i].Weight() + v.stamp.weight()
	}
	return n
}

func fieldsWeight(fields []field) int64 {
	var n int64
	for _, f := range fields {
		n += int64(fieldOverhead + len(f.name))
		for _, v := range f.values {
			n += int64(16 + len(v))
		}
	}
	return n
}

// with is the record with one more variant, which takes the place of the one it supersedes, and of the
// oldest where there are more than most; or the record as it is, if what is there is not to be given up
// while alive says that it may be served.
func (r *record) with(key Key, s rfc9111.Stored, v variant, req rfc9111.Request, most int, alive func(i int) bool) *record {
	next := &record{key: key}
	if r != nil {
		next.stored, next.variants = slices.Clone(r.stored), slices.Clone(r.variants)
	}
	i, yields := s.Supersedes(req, next.stored)
	if yields && alive(i) {
		return r
	}
	if i < 0 && len(next.stored) >= most {
		i = next.oldest()
	}
	if i < 0 {
		next.stored, next.variants = append(next.stored, s), append(next.variants, v)
	} else {
		next.stored[i], next.variants[i] = s, v
	}
	return next
}

// oldest is the index of the variant that arrived first.
func (r *record) oldest() int {
	i := 0
	for j := range r.stored {
		if r.stored[j].ResponseTime.Before(r.stored[i].ResponseTime) {
			i = j
		}
	}
	return i
}

// drop removes a variant of a record that is not in memory yet.
func (r *record) drop(i int) {
	r.stored, r.variants = slices.Delete(r.stored, i, i+1), slices.Delete(r.variants, i, i+1)
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
