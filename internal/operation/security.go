package operation

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Security says whether an operation wants credentials, as far as its document does.
type Security uint8

const (
	Undeclared Security = iota // the document says nothing
	Required
	Optional // requests without credentials are answered too
	Public   // credentials play no part
)

func (s Security) String() string {
	return [...]string{"undeclared", "required", "optional", "public"}[s&3]
}

// requirements are what a security field says.
type requirements struct {
	security     Security
	alternatives [][]Scheme
}

// requirements reads a list of security requirements, once: thousands of operations may share it.
func (r *reader) requirements(n *yaml.Node) requirements {
	n = plain(n)
	if q, done := r.required[n]; done {
		return q
	}
	q := requirements{r.tree.security(n), nil}
	for _, requirement := range r.elements(n) {
		if set := r.set(requirement); len(set) > 0 {
			q.alternatives = append(q.alternatives, set)
		}
	}
	r.required[n] = q
	return q
}

// security reads a list of security requirements, any one of which suffices. The empty requirement
// {} asks for nothing (OpenAPI 3.1 §4.8.30). What is no such list says nothing: taking a mistake for
// Public would make a leak look harmless.
func (t *tree) security(n *yaml.Node) Security {
	if n = plain(n); !isSequence(n) {
		return Undeclared
	}
	if len(n.Content) == 0 {
		return Public
	}
	empty, full := false, false
	for _, requirement := range n.Content {
		switch requirement = plain(requirement); {
		case !isMapping(requirement):
		case len(requirement.Content) == 0:
			empty = true
		default:
			full = true
		}
	}
	switch {
	case empty && full:
		return Optional
	case full:
		return Required
	case empty:
		return Public
	}
	return Undeclared
}

// set is what one requirement names, all of which is needed. If the document defines one of the names
// nowhere, it does not say what would suffice, and the whole set is left out.
func (r *reader) set(requirement *yaml.Node) []Scheme {
	schemes := r.get(r.get(r.root, "components"), "securitySchemes")
	if r.swagger {
		schemes = r.get(r.root, "securityDefinitions")
	}
	var set []Scheme
	for name := range r.pairs(requirement) {
		n, err := r.resolve(r.get(schemes, name.Value))
		if err != nil || !isMapping(n) || len(set) == maxList || len(name.Value) > maxName {
			return nil
		}
		set = append(set, r.scheme(name.Value, n))
	}
	return set
}

// scheme reads a Security Scheme Object of either format.
func (r *reader) scheme(name string, n *yaml.Node) Scheme {
	switch text(r.get(n, "type")) {
	case "oauth2", "openIdConnect":
		return Scheme{Name: name, Kind: Bearer}
	case "basic": // Swagger 2.0
		return Scheme{Name: name, Kind: Basic}
	case "http":
		return httpScheme(name, text(r.get(n, "scheme")))
	case "apiKey":
		return keyScheme(name, text(r.get(n, "in")), text(r.get(n, "name")))
	}
	return Scheme{Name: name}
}

// httpScheme is a scheme of the Authorization field, whose names have no case (RFC 9110 §11.1).
func httpScheme(name, scheme string) Scheme {
	switch strings.ToLower(scheme) {
	case "bearer":
		return Scheme{Name: name, Kind: Bearer}
	case "basic":
		return Scheme{Name: name, Kind: Basic}
	}
	return Scheme{Name: name}
}

// keyScheme is an API key. One in Authorization is how Swagger 2.0, which knows no bearers, writes them. In
// a field that says whom or what is asked, a credential would do what the document's author likes.
func keyScheme(name, in, field string) Scheme {
	if in == "header" && strings.EqualFold(field, "Authorization") {
		return Scheme{Name: name, Kind: Bearer}
	}
	p := Parameter{Name: field, In: in}
	if field == "" || len(field) > maxName || !slices.Contains([]string{"header", "query", "cookie"}, in) || p.diverts() ||
		in != "query" && !isToken(field) || in == "header" && (reads(field, "cookie") || strings.HasPrefix(normal(field), "proxy")) {
		return Scheme{Name: name}
	}
	return Scheme{Name: name, Kind: APIKey, In: in, Field: field}
}
