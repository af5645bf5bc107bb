package config

import (
	"github.com/invopop/jsonschema"
)

// method and path are the parts of a match that is written as a mapping.
type (
	method string
	path   string
)

func (method) shape() shape {
	s := words(methodNames...)
	s.want = "a method such as GET"
	return s
}

func (path) shape() shape {
	return shape{want: "a path such as /api/orders/{id}", schema: jsonschema.Schema{
		Type: "string", Pattern: "^" + pathSyntax, Examples: []any{"/api/orders/{id}"},
	}}
}

// UnmarshalText reads a method.
func (m *method) UnmarshalText(b []byte) error {
	if _, err := newMethods([]string{string(b)}); err != nil {
		return err
	}
	*m = method(b)
	return nil
}

// UnmarshalText reads a path.
func (p *path) UnmarshalText(b []byte) error {
	if _, err := newPattern(nil, string(b)); err != nil {
		return err
	}
	*p = path(b)
	return nil
}

// match reads a pattern in either form. Both have one meaning: the mapping is turned into the line.
func (d *decoder) match(n *node, at string) *Pattern {
	if n.kind != mapping {
		var p *Pattern
		into(d, &p)(n, at)
		return p
	}
	var m match
	var names []string
	before := len(d.errs)
	d.mapping(n, at, "{method: GET, path: /api/catalog}", []field{
		{"method", into(d, &m.Method)},
		{"methods", func(n *node, at string) {
			d.list(n, at, "[GET, HEAD]", func(n *node, at string) {
				var one *method
				if into(d, &one)(n, at); one != nil {
					names = append(names, string(*one))
				}
			})
			if n.kind == list && len(n.items) == 0 {
				d.problem(n.place, at, "is empty; name a method, or remove the line for every method")
			}
		}},
		{"path", into(d, &m.Path)},
	})
	if m.Method != nil && names != nil {
		d.problem(n.place, at, "has both method and methods; remove one")
	}
	if m.Method != nil {
		names = append(names, string(*m.Method))
	}
	if len(d.errs) == before && m.Path == nil {
		d.problem(n.place, at, "has no path; add one such as path: /api/catalog")
	}
	if len(d.errs) > before {
		return nil
	}
	p, err := newPattern(names, string(*m.Path))
	if err != nil {
		d.problem(n.place, at, "%s", err)
		return nil
	}
	return &p
}
