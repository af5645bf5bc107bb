package operation

import (
	"net/url"
	"slices"
	"strings"
)

// What no parameter sets: OpenAPI 3.1 §4.8.12.1 leaves Accept, Content-Type and Authorization to other parts
// of a document. The others would let a document say who asks, or whom, or make a GET something else.
var (
	reservedFields = []string{
		"accept", "content-type", "host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect", "range",
		"http2-settings", "forwarded", "x-rewrite-url", "x-host", "x-http-host-override", "x-real-ip", "x-scheme", "x-url-scheme",
		"x-script-name", "front-end-https", "proxy",
	}
	reservedBegins = []string{"x-forwarded", "x-original-"}
	// methodOverrides work as fields, and with some frameworks in the query.
	methodOverrides = []string{"-method", "x-http-method", "x-http-method-override", "x-method-override"}
)

func (p Parameter) reserved() bool {
	return p.diverts() || p.In == "header" && reads(p.Name, "authorization", "authorisation", "cookie")
}

// diverts is true for what would make another request of it, or send it elsewhere.
func (p Parameter) diverts() bool {
	name := normal(p.Name)
	switch p.In {
	case "query":
		return slices.Contains(methodOverrides, name)
	case "header":
		return slices.Contains(methodOverrides, name) || slices.Contains(reservedFields, name) ||
			slices.ContainsFunc(reservedBegins, func(begin string) bool { return strings.HasPrefix(name, begin) })
	}
	return false
}

// ofCaches is true for a field by which a client says what of a cache's answers it takes.
func (p Parameter) ofCaches() bool {
	name := normal(p.Name)
	return p.In == "header" && (name == "cache-control" || name == "pragma" || strings.HasPrefix(name, "if-"))
}

// personal is true for a field that says who asks and that the user may set, but no document. An API key
// says which program asks, and documents have public ones.
func (p Parameter) personal() bool {
	return p.In == "header" && personalName(p.Name)
}

func personalName(name string) bool {
	return reads(name, "token", "jwt", "bearer", "secret", "password", "session", "credential")
}

// normal is the name as CGI, WSGI and PHP read it, to whom _ and . are the same as -: X_Forwarded_Host is
// X-Forwarded-Host there.
func normal(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return strings.NewReplacer("_", "-", ".", "-", " ", "-").Replace(strings.ToLower(name))
}

// reads reports whether one of words is in name, whatever stands between its letters.
func reads(name string, words ...string) bool {
	letters := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' {
			return c
		}
		return -1
	}, strings.ToLower(name))
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(letters, word) })
}

// reservedIn is the reserved name that a query of a path sets, or "".
func reservedIn(query string) string {
	for pair := range strings.FieldsFuncSeq(query, func(c rune) bool { return c == '&' || c == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if (Parameter{Name: name, In: "query"}).reserved() {
			return name
		}
	}
	return ""
}
