package httpfield

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/dunglas/httpsfv"
)

// device is the token under which Surrogate-Control speaks to this cache alone.
const device = "bearcache"

// Directives are the cache directives that apply to us. For a shared cache the first field of the
// target list (RFC 9213 §2.2) that is valid and not empty replaces Cache-Control: CDN-Cache-Control,
// then Surrogate-Control, which came before it. targeted says so; then Expires is to be ignored too.
func Directives(h http.Header, shared bool) (cc CacheControl, targeted bool) {
	if shared {
		if cc, ok := cdnCacheControl(h["Cdn-Cache-Control"]); ok {
			return cc, true
		}
		if cc := surrogateControl(h["Surrogate-Control"]); cc.Malformed || cc.decides() {
			return cc, true
		}
	}
	return ParseCacheControl(h), false
}

// cdnCacheControl reads a targeted field, which is a Dictionary (RFC 9213 §2.1). ok is false where
// the field must be ignored as a whole: it is empty, or some byte of it cannot be parsed.
func cdnCacheControl(lines []string) (cc CacheControl, ok bool) {
	if len(lines) == 0 {
		return cc, false
	}
	dict, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil || len(dict.Names()) == 0 {
		return cc, false
	}
	for _, name := range dict.Names() {
		member, _ := dict.Get(name)
		if d, ok := targetedDirective(name, member); ok {
			cc.directives = append(cc.directives, d)
		}
	}
	return cc, true
}

// targetedDirective maps a member to what a Cache-Control would have said. Parameters say nothing
// (RFC 9213 §2.1). ok is false for a directive that does not apply.
func targetedDirective(name string, member httpsfv.Member) (d directive, ok bool) {
	item, _ := member.(httpsfv.Item) // an inner list has no value that a directive knows
	switch v := item.Value.(type) {
	case bool:
		if v {
			return directive{name: name}, true
		}
		if !delta(name) { // no-store=?0: the origin says that it does not apply
			return d, false
		}
	case int64:
		if v >= 0 && name != "public" {
			return directive{name: name, value: strconv.FormatInt(v, 10), argument: true}, true
		}
	case string:
		if name == "private" || name == "no-cache" { // field names
			return directive{name: name, value: v, argument: true}, true
		}
	}
	// RFC 9213 §2.1: a value of the wrong type should not be consumed. Stricter: it permits nothing,
	// while what restricts is taken at its word and an empty number of seconds reads as zero.
	return directive{name: name, argument: true}, name != "public"
}

// delta reports whether the directive takes a number of seconds.
func delta(name string) bool {
	switch name {
	case "max-age", "s-maxage", "stale-while-revalidate", "stale-if-error":
		return true
	}
	return false
}

// decides reports whether some directive is about caching. RFC 9213 lets an unknown directive
// displace Cache-Control; Surrogate-Control is not under it, and content="ESI/1.0", which many
// frameworks send by themselves, must not make us overlook "Cache-Control: private".
func (cc CacheControl) decides() bool {
	for _, d := range cc.directives {
		switch d.name {
		case "no-store", "no-cache", "private", "must-revalidate", "proxy-revalidate", "must-understand", "public", "max-age", "s-maxage":
			return true
		}
	}
	return false
}

// surrogateControl reads Surrogate-Control (W3C Edge Architecture §2.2 and §2.3): its directives
// for everyone and those for us. Both count where they differ, so the smaller number does.
func surrogateControl(lines []string) CacheControl {
	var cc CacheControl
	for _, line := range lines {
		for more := true; more; {
			var member string
			var closed bool
			member, line, more, closed = cutMember(line)
			cc.Malformed = cc.Malformed || !closed
			if member = strings.Trim(member, " \t"); member == "" {
				continue
			}
			switch d, ours, ok := surrogateDirective(member); {
			case !ok:
				cc.Malformed = true
			case ours:
				cc.directives = append(cc.directives, d)
			}
		}
	}
	return cc
}

// surrogateDirective reads name["="argument]*(";" device). ok is false if it cannot be known what
// the member says, or to whom.
func surrogateDirective(member string) (d directive, ours, ok bool) {
	n := tokenLength(member)
	if n == 0 {
		return d, false, false
	}
	d.name = strings.ToLower(member[:n])
	member = member[n:]
	if strings.HasPrefix(member, "=") {
		d.argument = true
		if d.value, member, ok = argument(member[1:]); !ok {
			return d, false, false
		}
	}
	aimed := false
	member = strings.TrimLeft(member, " \t")
	for strings.HasPrefix(member, ";") {
		member = strings.TrimLeft(member[1:], " \t")
		n := tokenLength(member)
		aimed = aimed || n > 0
		ours = ours || strings.EqualFold(member[:n], device)
		member = strings.TrimLeft(member[n:], " \t")
	}
	switch {
	case member != "" && aimed: // at a device whose name we cannot read
		return d, false, false
	case member != "": // white space around "=" or a second word; as in Cache-Control
		d.value, d.argument = "", true
	}
	switch d.name {
	case "no-store-remote": // it is for caches far from the origin. How far we are, nobody told us
		d.name = "no-store"
	case "max-age": // N+M is fresh for N; M more would be served stale, which nobody allowed us
		fresh, stale, both := strings.Cut(d.value, "+")
		if both && (stale == "" || strings.Trim(stale, "0123456789") != "") {
			fresh = ""
		}
		d.value = fresh
	}
	return d, ours || !aimed, true
}
