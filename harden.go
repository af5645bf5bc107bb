package bearcache

import (
	"net/http"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// harden rewrites the fields of a response to a request with credentials so that no shared cache
// further down stores it, and no private one shared by several readers confuses them: private in
// Cache-Control, nothing that releases the response or speaks to surrogates only, and a Vary that
// names the credentials. Storing here obeyed the origin's own words before.
func harden(h http.Header, credentials []string) {
	cc := httpfield.ParseCacheControl(h)
	said := cc.Without("public", "s-maxage", "private")
	switch {
	case cc.Malformed: // what it forbade cannot be known
		said = "no-store"
	case cc.Has("no-store"):
	case said == "":
		said = "private"
	default:
		said = "private, " + said
	}
	h["Cache-Control"] = []string{said}
	for name := range h {
		if surrogateField(name) {
			delete(h, name)
		}
	}
	names, ok := httpfield.Vary(h)
	if !ok { // "*", or unreadable: it already matches nothing
		h["Vary"] = []string{"*"}
		return
	}
	for _, name := range credentials {
		if !contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		h["Vary"] = []string{strings.Join(names, ", ")}
	}
}

// surrogateField reports whether only surrogates and CDNs read the field (RFC 9213 and what came
// before it); each overrides Cache-Control there.
func surrogateField(name string) bool {
	return strings.HasSuffix(name, "-Cache-Control") || strings.HasSuffix(name, "Surrogate-Control") ||
		name == "Edge-Control" || name == "X-Accel-Expires"
}
