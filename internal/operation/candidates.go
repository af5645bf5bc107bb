package operation

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxCandidates  = 16   // of one parameter
	maxCandidate   = 2048 // bytes
	maxSchemaDepth = 32   // references and sub-schemas within each other
)

// hints are the values that a schema mentions: those it states, and those it merely implies.
type hints struct{ stated, implied []string }

func (h *hints) add(more hints) {
	h.stated = append(h.stated, more.stated...)
	h.implied = append(h.implied, more.implied...)
}

// candidates are the values that a document states for the parameter n, best first. In Swagger 2.0 a
// parameter is a schema too.
func (r *reader) candidates(n *yaml.Node, in string) []string {
	var h hints
	for _, key := range []string{"example", "examples", "x-example"} {
		h.stated = r.values(h.stated, r.get(n, key))
	}
	h.add(r.schema(n, 0))
	h.add(r.schema(r.get(n, "schema"), 0))
	all := h.stated
	if in == "path" || in == "query" {
		all = append(all, h.implied...)
	}
	var list []string
	for _, value := range all {
		if len(list) < maxCandidates && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// schema reads what a schema says about its values, once. A reference that leads nowhere says
// nothing: it takes away a suggestion, not the operation.
func (r *reader) schema(n *yaml.Node, depth int) hints {
	n = plain(n)
	h, done := r.hinted[n]
	if done || !isMapping(n) || depth > maxSchemaDepth {
		return h
	}
	r.hinted[n] = hints{} // ends the recursion of a schema within itself
	for _, key := range []string{"default", "const"} {
		h.stated = r.value(h.stated, r.get(n, key))
	}
	for _, key := range []string{"enum", "example", "examples"} {
		h.stated = r.values(h.stated, r.get(n, key))
	}
	if ref := r.get(n, "$ref"); ref != nil {
		if target, err := r.target(ref); err == nil {
			h.add(r.schema(target, depth+1))
		}
	}
	for _, part := range r.elements(r.get(n, "allOf")) {
		h.add(r.schema(part, depth+1))
	}
	// A list of one element reads the same in every style.
	h.add(r.schema(r.get(n, "items"), depth+1))
	h.implied = append(h.implied, r.implied(n)...)
	h.stated, h.implied = h.stated[:min(len(h.stated), maxCandidates)], h.implied[:min(len(h.implied), maxCandidates)]
	r.hinted[n] = h
	return h
}

// implied are the values that follow from a type: its minimum, or the two booleans.
func (r *reader) implied(n *yaml.Node) []string {
	types := text(r.get(n, "type"))
	for _, t := range r.elements(r.get(n, "type")) {
		types += " " + text(t)
	}
	switch {
	case strings.Contains(types, "boolean"):
		return []string{"false", "true"}
	case strings.EqualFold(text(r.get(n, "exclusiveMinimum")), "true"):
		return nil
	}
	return r.value(nil, r.get(n, "minimum"))
}

// values appends what n states: itself, the elements of a list, or the value of each Example Object
// of a map of those.
func (r *reader) values(list []string, n *yaml.Node) []string {
	for _, element := range r.elements(n) {
		list = r.value(list, element)
	}
	if isMapping(n) {
		seen := 0
		for _, example := range r.pairs(n) {
			if seen++; seen > maxList {
				break
			}
			if example, err := r.resolve(example); err == nil {
				list = r.value(list, r.get(example, "value"))
			}
		}
	}
	return r.value(list, n)
}

// value appends the scalar n, or of a list its first element.
func (r *reader) value(list []string, n *yaml.Node) []string {
	if n = plain(n); isSequence(n) && len(n.Content) > 0 {
		n = plain(n.Content[0])
	}
	value := text(n)
	if value == "" || len(value) > maxCandidate {
		return list
	}
	if n.ShortTag() == "!!bool" {
		value = strings.ToLower(value) // YAML has True and TRUE as well
	}
	return append(list, value)
}
