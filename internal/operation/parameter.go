package operation

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxName = 256 // bytes of a parameter's name

// merge lists the parameters of an operation: those of its path, replaced or followed by its own. With
// the first error come those that could be read.
func (r *reader) merge(lists ...*yaml.Node) (out []Parameter, err error) {
	index := make(map[[2]string]int)
	for _, list := range lists {
		if isNull(list) {
			continue
		}
		if !isSequence(list) {
			err = cmp.Or(err, r.errorf(list, "parameters is no list"))
			continue
		}
		for _, n := range list.Content {
			if r.parameters++; r.parameters > maxParameters {
				return nil, nil // add ends the document
			}
			p, bad := r.parameter(n)
			if bad != nil {
				err = cmp.Or(err, bad)
				continue
			}
			switch i, ok := index[p.key()]; {
			case p.In == "body" || p.In == "formData":
			case ok:
				out[i] = p
			default:
				index[p.key()] = len(out)
				out = append(out, p)
			}
		}
	}
	return out, err
}

// parameter reads one, once: thousands of operations may refer to it.
func (r *reader) parameter(n *yaml.Node) (Parameter, error) {
	n, err := r.resolve(n)
	if err != nil {
		return Parameter{}, err
	}
	if p, ok := r.resolved[n]; ok {
		return p, nil
	}
	p := Parameter{Name: text(r.get(n, "name")), In: text(r.get(n, "in"))}
	if err := r.check(n, p); err != nil {
		return Parameter{}, err
	}
	p.Required = p.In == "path" || strings.EqualFold(text(r.get(n, "required")), "true")
	if p.Candidates = r.candidates(n, p.In); p.Required && len(p.Candidates) == 0 {
		p.Made = r.made(n, p)
	}
	r.resolved[n] = p
	return p, nil
}

func (r *reader) check(n *yaml.Node, p Parameter) error {
	known := []string{"path", "query", "header", "cookie"}
	if r.swagger {
		known = []string{"path", "query", "header", "body", "formData"}
	}
	style := text(r.get(n, "style"))
	switch {
	case !isMapping(n):
		return r.errorf(n, "a parameter is no object")
	case p.Name == "" || len(p.Name) > maxName:
		return r.errorf(n, "a parameter's name is missing, or has more than %d bytes", maxName)
	case !slices.Contains(known, p.In):
		return r.errorf(n, "parameter %s is in %s, but should be in one of %s", quote(p.Name), quote(p.In), strings.Join(known, ", "))
	case p.In == "path" && (style == "matrix" || style == "label"):
		return r.errorf(n, "parameter %s has style %s, which is not supported", quote(p.Name), style)
	}
	return nil
}
