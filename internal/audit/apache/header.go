package apache

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// change is what a Header directive does to a field of responses.
type change struct {
	directive
	always bool // in the table that wins over the other
	action string
	field  string // lower case
	value  string
	// members are the directives of Cache-Control in the value, or the names in Vary.
	members map[string]string
	when    string // a condition of its own, or of a section
}

// headerChange reads a Header directive; ok is false where it changes neither Cache-Control nor Vary.
func headerChange(d directive) (c change, ok bool) {
	args := d.texts(0)
	c = change{directive: d}
	if d.block != nil {
		c.when = d.block.when
	}
	if len(args) > 0 {
		switch strings.ToLower(args[0]) {
		case "always":
			c.always = true
			args = args[1:]
		case "onsuccess":
			args = args[1:]
		}
	}
	if len(args) < 2 {
		return c, false
	}
	c.action, c.field = strings.ToLower(args[0]), strings.ToLower(strings.TrimSuffix(args[1], ":"))
	args = args[2:]
	if strings.HasPrefix(c.action, "edit") && len(args) > 1 {
		args = args[1:] // the pattern; the value is what is put in its place
	}
	if c.action != "unset" && len(args) > 0 {
		c.value, args = strings.ToLower(args[0]), args[1:]
	}
	args = slices.DeleteFunc(args, func(arg string) bool {
		expr, found := strings.CutPrefix(arg, "expr=")
		return found && ofOutcome(expr)
	})
	c.when = strings.TrimSpace(c.when + " " + strings.Join(args, " "))
	c.members = membersOf(c.field, c.value)
	return c, c.field == "cache-control" || c.field == "vary"
}

// ofOutcome reports whether an expression asks for nothing but how the request went: it is true of the answers that a cache stores.
func ofOutcome(expr string) bool {
	return strings.Contains(expr, "REQUEST_STATUS") && strings.Count(expr, "%{") == 1
}

// says is what is known of a field of the responses of an area, once httpd has changed it.
type says struct {
	members map[string]string // directives of Cache-Control with their values, or names in Vary
	by      map[string]*change
	set     bool // nothing of what the origin said is left
	unset   *change
	kept    bool // under a condition that may be the callers', it says what keeps caches away
}

// response is what httpd says in a field of the responses of an area. The changes come in the order in which httpd makes them.
func response(field string, changes []*change, at area) says {
	s := says{}
	for _, always := range []bool{false, true} {
		for _, c := range changes {
			if c.field == field && c.always == always && c.block.over().covers(at) {
				s.apply(c)
			}
		}
	}
	return s
}

func (s *says) apply(c *change) {
	found := c.members
	if c.when != "" {
		// Whether it is so for callers with credentials is not known. What it forbids, it may forbid for all of them.
		if _, ok := found["private"]; ok || forbids(found) || c.field == "vary" && c.action != "unset" {
			s.kept = true
		}
		return
	}
	switch c.action {
	case "unset":
		*s = says{set: true, unset: c}
		return
	case "set":
		*s = says{set: true}
	case "setifempty":
		if len(s.members) > 0 {
			return
		}
	case "merge", "append", "add", "edit", "edit*":
	default:
		return
	}
	if s.members == nil {
		s.members, s.by = map[string]string{}, map[string]*change{}
	}
	maps.Copy(s.members, found)
	for name := range found {
		s.by[name] = c
	}
}

// membersOf takes a value apart.
func membersOf(field, value string) map[string]string {
	members := map[string]string{}
	if field == "vary" {
		for name := range strings.SplitSeq(value, ",") {
			members[strings.TrimSpace(name)] = ""
		}
		return members
	}
	for part := range strings.SplitSeq(value, ",") {
		name, argument, _ := strings.Cut(part, "=")
		if name = strings.TrimSpace(name); httpfield.IsToken(name) {
			members[name] = strings.Trim(argument, `" `)
		}
	}
	return members
}

func forbids(members map[string]string) bool {
	_, noStore := members["no-store"]
	_, noCache := members["no-cache"]
	return noStore || noCache
}

// private reports whether the field keeps mod_cache from storing, or from answering without asking.
func (s says) private(stores map[string]bool) bool {
	_, private := s.members["private"]
	_, noStore := s.members["no-store"]
	_, noCache := s.members["no-cache"]
	return s.kept || noCache || private && !stores["private"] || noStore && !stores["no-store"]
}

// releases are the members by which a response to a request with Authorization may be stored: those of RFC 9111 §3.5, and
// proxy-revalidate, which mod_cache takes for must-revalidate.
var releases = []string{"public", "s-maxage", "must-revalidate", "proxy-revalidate"}

// released is the change by which the responses may be stored for everybody; nil where there is none, or where they are never fresh.
func (s says) released(stores map[string]bool) (by *change, member string) {
	if s.private(stores) || s.members["max-age"] == "0" && s.members["s-maxage"] == "" || s.members["s-maxage"] == "0" {
		return nil, ""
	}
	for _, name := range releases {
		if by := s.by[name]; by != nil {
			return by, name
		}
	}
	return nil, ""
}

// names reports whether Vary names a field, so that its value keeps callers apart.
func (s says) names(field string) bool {
	_, named := s.members[field]
	_, all := s.members["*"]
	return named || all || s.kept
}

// withheld is a Cache-Control that says the same with private in place of what releases it.
func withheld(value string) string {
	kept := []string{"private"}
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		name, _, _ := strings.Cut(strings.ToLower(part), "=")
		switch strings.TrimSpace(name) {
		case "public", "s-maxage", "private", "proxy-revalidate", "":
		default:
			kept = append(kept, part)
		}
	}
	text := strings.Join(kept, ", ")
	if httpfield.ParseCacheControl(http.Header{"Cache-Control": {text}}).Malformed {
		return ""
	}
	return text
}
