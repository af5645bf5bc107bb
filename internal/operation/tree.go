package operation

import (
	"fmt"
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"
)

// maxMerged bounds the mappings that one look-up goes through because of merge keys.
const maxMerged = 64

// tree reads a parsed document by name. It copies and expands nothing, so a node costs the same
// however many aliases lead to it: a billion laughs are nine lines.
type tree struct {
	name    string
	root    *yaml.Node
	objects map[*yaml.Node]*object
	targets map[string]*yaml.Node // what a $ref names; nil: nothing
}

// object is a mapping made ready for look-ups. Of equal keys the last counts, as in most parsers of
// JSON; tree.hidden knows the others.
type object struct {
	keys   []*yaml.Node // each once, where it stands first
	values map[string]*yaml.Node
	merged []*yaml.Node // what its merge key << adds
}

func newTree(name string, root *yaml.Node) *tree {
	return &tree{name, root, make(map[*yaml.Node]*object), make(map[string]*yaml.Node)}
}

// plain is n, or what the alias n stands for. It is never nil.
func plain(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return new(yaml.Node)
	}
	return n
}

func isMapping(n *yaml.Node) bool  { return plain(n).Kind == yaml.MappingNode }
func isSequence(n *yaml.Node) bool { return plain(n).Kind == yaml.SequenceNode }

// isNull is true for null and for what is not there.
func isNull(n *yaml.Node) bool {
	n = plain(n)
	return n.Kind == 0 || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// text is the text of a scalar, "" of anything else.
func text(n *yaml.Node) string {
	if n = plain(n); n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}

func (t *tree) object(n *yaml.Node) *object {
	o := t.objects[n]
	if o != nil {
		return o
	}
	o = &object{values: make(map[string]*yaml.Node, len(n.Content)/2)}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := plain(n.Content[i]), plain(n.Content[i+1])
		switch {
		case key.Kind != yaml.ScalarNode:
		case key.ShortTag() != "!!merge":
			if _, again := o.values[key.Value]; !again {
				o.keys = append(o.keys, key)
			}
			o.values[key.Value] = value
		case isMapping(value):
			o.merged = append(o.merged, value)
		default:
			for _, m := range value.Content[:min(len(value.Content), maxMerged)] {
				if isMapping(m) {
					o.merged = append(o.merged, plain(m))
				}
			}
		}
	}
	o.merged = o.merged[:min(len(o.merged), maxMerged)]
	t.objects[n] = o
	return o
}

// layers are the mapping n and those merged into it, the nearest first; none if n is no mapping.
func (t *tree) layers(n *yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		if n = plain(n); !isMapping(n) || !yield(n) {
			return
		}
		left := slices.Clone(t.object(n).merged)
		for i := 0; i < min(len(left), maxMerged); i++ {
			if !yield(left[i]) {
				return
			}
			left = slices.Insert(left, i+1, t.object(left[i]).merged...)
		}
	}
}

// get is the value of key in the mapping n, nil if there is none.
func (t *tree) get(n *yaml.Node, key string) *yaml.Node {
	for layer := range t.layers(n) {
		if v := t.object(layer).values[key]; v != nil {
			return v
		}
	}
	return nil
}

// pairs are the keys and values of the mapping n in its order, each key once.
func (t *tree) pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		seen := make(map[string]bool)
		for layer := range t.layers(n) {
			for _, key := range t.object(layer).keys {
				if seen[key.Value] {
					continue
				}
				seen[key.Value] = true
				if !yield(key, t.get(n, key.Value)) {
					return
				}
			}
		}
	}
}

// errorf is an error at n.
func (t *tree) errorf(n *yaml.Node, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if n = plain(n); n.Line == 0 {
		return fmt.Errorf("%s: %s", t.name, what)
	}
	return fmt.Errorf("%s:%d:%d: %s", t.name, n.Line, n.Column, what)
}
