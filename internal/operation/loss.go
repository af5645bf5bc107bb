package operation

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// This file reports what an author wrote and no reader of the document sees. An operation that vanished
// would not be tested, and nobody would know.

// lostPaths adds an operation for every path of paths that a later one hides, and for what is no path.
func (r *reader) lostPaths(paths *yaml.Node) error {
	for layer := range r.layers(paths) {
		for _, h := range r.hidden(layer) {
			if strings.HasPrefix(h.key.Value, "x-") {
				continue
			}
			path := shortened(h.key)
			problem := r.errorf(path, "the path %s stands again in line %d, which hides this one; merge the two", quote(path.Value), h.by.Line)
			if err := r.add(Operation{Path: path.Value, Problem: problem.Error()}); err != nil {
				return err
			}
		}
		for i := 0; i+1 < len(layer.Content); i += 2 {
			if key := plain(layer.Content[i]); key.Kind == yaml.MappingNode || key.Kind == yaml.SequenceNode {
				// YAML reads {id}: as one.
				problem := r.errorf(key, "this path is a mapping or a list; put it in quotes")
				if err := r.add(Operation{Path: "?", Problem: problem.Error()}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lost adds an operation for each that the path item, a chain of references, has lost.
func (r *reader) lost(path *yaml.Node, chain []*yaml.Node) error {
	for _, item := range chain {
		if !isMapping(item) && !isNull(item) {
			problem := r.errorf(item, "the path item of %s is no object", quote(path.Value))
			if err := r.add(Operation{Path: path.Value, Problem: problem.Error()}); err != nil {
				return err
			}
		}
		for layer := range r.layers(item) {
			for _, op := range r.lossesOf(layer) {
				op.Path = path.Value
				if err := r.add(op); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lossesOf is what the mapping n itself has lost, found once: many paths may share it.
func (r *reader) lossesOf(n *yaml.Node) []Operation {
	list, done := r.losses[n]
	if done {
		return list
	}
	for _, h := range r.hidden(n) {
		method := strings.ToUpper(h.key.Value)
		switch {
		case slices.Contains(methods, method):
		case h.key.Value == "parameters" || h.key.Value == "$ref":
			method = ""
		default:
			continue // a summary, a description: nothing that is asked for
		}
		problem := r.errorf(h.key, "%s stands again in line %d, which hides this one; merge the two", h.key.Value, h.by.Line)
		list = append(list, Operation{Method: method, Problem: problem.Error()})
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := plain(n.Content[i])
		lower := strings.ToLower(key.Value)
		if method := strings.ToUpper(lower); key.Value != lower && slices.Contains(methods, method) {
			problem := r.errorf(key, "%s is no method of OpenAPI, which has them in lower case; write %s", key.Value, lower)
			list = append(list, Operation{Method: method, Problem: problem.Error()})
		}
	}
	r.losses[n] = list
	return list
}

// hiding is a key of a mapping, and the last of the same name, which counts.
type hiding struct{ key, by *yaml.Node }

// hidden are the keys of the mapping n that stand there again.
func (t *tree) hidden(n *yaml.Node) []hiding {
	if n = plain(n); !isMapping(n) {
		return nil
	}
	last := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := plain(n.Content[i]); isKey(key) {
			last[key.Value] = i
		}
	}
	var list []hiding
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := plain(n.Content[i]); isKey(key) && last[key.Value] != i {
			list = append(list, hiding{key, n.Content[last[key.Value]]})
		}
	}
	return list
}

// isKey is true for what a mapping can be asked for.
func isKey(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() != "!!merge" }
