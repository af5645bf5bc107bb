package operation

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

const (
	maxPicked  = 16
	maxLookups = 100_000 // values of an answer that are looked at
	maxID      = 256     // bytes
)

// Pick takes from body, an answer as encoding/json decodes it into an any, the texts and numbers of members
// with one of names: those of the first name before those of the next, and of one name the outer ones before
// the inner ones, which belong to something else. Of a list of texts or numbers alone it takes those, last.
func Pick(body any, names []string) []string {
	found := make(map[string][]string, len(names))
	for _, name := range names {
		found[name] = nil
	}
	var bare []string
	level := []any{body}
	for looked := 0; len(level) > 0 && looked < maxLookups; {
		var next []any
		for _, v := range level {
			if looked++; looked > maxLookups {
				break
			}
			switch v := v.(type) {
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(v)) {
					if list, wanted := found[name]; wanted {
						found[name] = pick(list, v[name])
					}
					next = inner(next, v[name])
				}
			case []any:
				for _, element := range v {
					bare = pick(bare, element)
					next = inner(next, element)
				}
			}
		}
		level = next
	}
	var list []string
	for _, name := range names {
		list = merged(list, found[name])
	}
	return merged(list, bare)
}

// inner appends what has values in it.
func inner(list []any, v any) []any {
	switch v.(type) {
	case map[string]any, []any:
		if len(list) < maxLookups {
			return append(list, v)
		}
	}
	return list
}

func merged(list, more []string) []string {
	for _, value := range more {
		if len(list) < maxPicked && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// pick appends v, if it may be an identifier.
func pick(list []string, v any) []string {
	if len(list) == maxPicked {
		return list
	}
	switch v := v.(type) {
	case string:
		hidden := func(r rune) bool { return !unicode.IsPrint(r) }
		if v != "" && v != "." && v != ".." && len(v) <= maxID && utf8.ValidString(v) && !slices.ContainsFunc([]rune(v), hidden) {
			return merged(list, []string{v})
		}
	case json.Number:
		if len(v) <= maxID {
			return merged(list, []string{v.String()})
		}
	case float64:
		if math.Trunc(v) == v && math.Abs(v) < 1<<53 {
			return merged(list, []string{strconv.FormatFloat(v, 'f', -1, 64)})
		}
	}
	return list
}
