package bearcache

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// told reports whether anything tells the reader from the others: what it gets is hardened.
func (rd *reader) told() bool {
	return len(rd.fields) > 0 || rd.partition != Shared && !rd.partition.unnamed()
}

// unnamed reports whether what tells the reader, or made it unknown, is not among the fields that Vary can name: a
// field that nobody listed, a query parameter, a certificate, what Identify looked at.
func (rd *reader) unnamed() bool {
	if rd.partition.open() {
		return false
	}
	return len(rd.fields) == 0 || rd.certified ||
		rd.partition == Partition{} && rd.why != whyCredentials && rd.why != whyExpired && rd.why != whyIdentify
}

// harden hardens a response that is, or would be, stored in p. Of a group's, who gets it next may say who he is in
// other fields.
func (x *exchange) harden(h http.Header, p Partition) {
	rd := x.reader
	if p.is('g') && !rd.unnamed() {
		rd.fields = x.cache.state.credentials
	}
	harden(h, &rd)
}

// harden rewrites the fields of a response to a request with credentials so that no shared cache
// further down stores it, and no private one shared by several readers confuses them: private in
// Cache-Control, always, nothing that releases the response or speaks to surrogates only, and a Vary
// that names the credentials, or everything where they have no name. Storing here obeyed the origin's
// own words before.
//
// private stands beside no-store too: some caches are told to ignore the one or the other. And
// must-understand goes, since it has a cache ignore no-store (RFC 9111 §5.2.2.3).
func harden(h http.Header, rd *reader) {
	cc := httpfield.ParseCacheControl(h)
	names, named := httpfield.Vary(h)
	unread := cc.Malformed
	for name := range h {
		plain := textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		switch {
		case httpfield.Surrogate(plain):
			delete(h, name)
		case plain == "Cache-Control" && name != plain: // it would stand beside ours, or be dropped unread
			delete(h, name)
			unread = true
		case plain == "Vary" && name != plain:
			delete(h, name)
			named = false
		}
	}
	said := cc.Without("public", "s-maxage", "private", "must-understand")
	switch {
	case unread: // what it forbade cannot be known
		said = "private, no-store"
	case said == "":
		said = "private"
	default:
		said = "private, " + said
	}
	h["Cache-Control"] = []string{said}
	if !named || rd.unnamed() { // "*" was there, or unreadable, or is all that can be said: nothing matches
		h["Vary"] = []string{"*"}
		return
	}
	for _, name := range rd.fields {
		if !contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		h["Vary"] = []string{strings.Join(names, ", ")}
	}
}
