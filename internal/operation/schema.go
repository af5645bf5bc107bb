package operation

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxSchemaParts = 64 // schemas that one is put together from

// schemaParts are a schema and what it is put together from: what it refers to, all of its allOf, and of its
// oneOf and anyOf the first that is more than null. Each is there once, so none holds itself.
func (r *reader) schemaParts(n *yaml.Node) []*yaml.Node {
	var parts []*yaml.Node
	left := []*yaml.Node{plain(n)}
	for len(left) > 0 && len(parts) < maxSchemaParts {
		n, left = left[0], left[1:]
		if !isMapping(n) || slices.Contains(parts, n) {
			continue
		}
		parts = append(parts, n)
		if ref := r.get(n, "$ref"); ref != nil {
			if target, err := r.target(ref); err == nil {
				left = append(left, target)
			}
		}
		for _, part := range r.elements(r.get(n, "allOf")) {
			left = append(left, plain(part))
		}
		for _, key := range []string{"oneOf", "anyOf"} {
			for _, part := range r.elements(r.get(n, key)) {
				if text(r.get(part, "type")) != "null" {
					left = append(left, plain(part))
					break
				}
			}
		}
	}
	return parts
}

// typeOf is the first type that parts state besides null, or the one that their other fields are about.
func (r *reader) typeOf(parts []*yaml.Node) string {
	for _, n := range parts {
		types := append([]*yaml.Node{r.get(n, "type")}, r.elements(r.get(n, "type"))...)
		for _, t := range types {
			if t := text(t); t != "" && t != "null" {
				return strings.ToLower(t)
			}
		}
	}
	for _, about := range []struct{ kind, keys string }{
		{"object", "properties required"}, {"array", "items"}, {"string", "format minLength maxLength pattern"}, {"number", "minimum maximum multipleOf"},
	} {
		for key := range strings.FieldsSeq(about.keys) {
			if r.first(parts, key) != nil {
				return about.kind
			}
		}
	}
	return ""
}

// interval is what numbers of a schema lie in, and divide by step unless that is 0.
type interval struct {
	low, high         float64
	lowOpen, highOpen bool
	step              float64
}

// interval puts the bounds of parts together. In OpenAPI 3.0 exclusiveMinimum is true or false and speaks of
// the minimum beside it, in 3.1 it is a number of its own.
func (r *reader) interval(parts []*yaml.Node) interval {
	b := interval{low: math.Inf(-1), high: math.Inf(1)}
	above := func(v float64, open bool) {
		if v > b.low || v == b.low && open {
			b.low, b.lowOpen = v, open
		}
	}
	below := func(v float64, open bool) {
		if v < b.high || v == b.high && open {
			b.high, b.highOpen = v, open
		}
	}
	for _, n := range parts {
		if v, ok := number(r.get(n, "minimum")); ok {
			above(v, strings.EqualFold(text(r.get(n, "exclusiveMinimum")), "true"))
		}
		if v, ok := number(r.get(n, "maximum")); ok {
			below(v, strings.EqualFold(text(r.get(n, "exclusiveMaximum")), "true"))
		}
		if v, ok := number(r.get(n, "exclusiveMinimum")); ok {
			above(v, true)
		}
		if v, ok := number(r.get(n, "exclusiveMaximum")); ok {
			below(v, true)
		}
		if v, ok := number(r.get(n, "multipleOf")); ok && v > 0 && b.step == 0 {
			b.step = v
		}
	}
	return b
}

func number(n *yaml.Node) (float64, bool) {
	v, err := strconv.ParseFloat(text(n), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// exact bounds the numbers that are made: up to it a float tells integers apart.
const exact = 1 << 53

func (b interval) holds(v float64) bool {
	if math.Abs(v) > exact || v < b.low || v > b.high || v == b.low && b.lowOpen || v == b.high && b.highOpen {
		return false
	}
	if b.step == 0 {
		return true
	}
	times := v / b.step
	return math.Abs(times-math.Round(times)) < 1e-9*max(1, math.Abs(times))
}

// pick is a number of b, 1 if it may be: more objects have that number, and more lists that page, than any other.
func (b interval) pick(whole bool) (float64, bool) {
	tried := []float64{1, 0, b.low, math.Ceil(b.low), math.Floor(b.low) + 1, b.high, math.Floor(b.high), math.Ceil(b.high) - 1, b.low + (b.high-b.low)/2}
	if b.step > 0 {
		up, down := math.Ceil(b.low/b.step)*b.step, math.Floor(b.high/b.step)*b.step
		tried = append(tried, b.step, up, up+b.step, down, down-b.step)
	}
	for _, v := range tried {
		if b.holds(v) && (!whole || v == math.Trunc(v)) {
			return v, true
		}
	}
	return 0, false
}
