package rfc9111

import (
	"iter"
	"unique"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/texts"
)

// selection is what Vary compares (RFC 9111 §4.1), in one word: what many responses were selected by is in
// memory once. Zero: Vary names nothing.
type selection struct{ packed unique.Handle[string] }

// selected is one field that Vary names, and what it compares of it.
type selected struct {
	name, value string
	present     bool
	language    string // of Accept-Language: the Content-Language that the response has
}

// selection is what Vary, naming these fields, compares of req.
func (req Request) selection(names []string, language string) selection {
	if len(names) == 0 {
		return selection{}
	}
	return selection{unique.Make(string(req.selects(names, language)))}
}

func (req Request) selects(names []string, language string) (b []byte) {
	for _, name := range names {
		value, present := req.selecting(name)
		b = texts.Append(b, name)
		b = texts.Append(b, value)
		if present {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		if name == "Accept-Language" {
			b = texts.Append(b, language)
		}
	}
	return b
}

// Variant tells requests apart as the Vary of s does: it is the same for those that would be answered by the same
// response, if all responses name what s names.
func (s *Stored) Variant(req Request) string {
	var names []string
	for v := range s.vary.all() {
		names = append(names, v.name)
	}
	return string(req.selects(names, ""))
}

func (s selection) all() iter.Seq[selected] {
	return func(yield func(selected) bool) {
		if s == (selection{}) {
			return
		}
		for rest := s.packed.Value(); rest != ""; {
			var v selected
			v.name, rest, _ = texts.Cut(rest)
			v.value, rest, _ = texts.Cut(rest)
			v.present, rest = rest[0] == 1, rest[1:]
			if v.name == "Accept-Language" {
				v.language, rest, _ = texts.Cut(rest)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// matches compares the fields in their normal forms (§4.1). A response in the one language that a request
// prefers to all others is what its origin would choose again.
func (s selection) matches(req Request) bool {
	for v := range s.all() {
		if value, present := req.selecting(v.name); value == v.value && present == v.present {
			continue
		}
		if v.language == "" || !httpfield.PrefersLanguage(req.Header[v.name], v.language) {
			return false
		}
	}
	return true
}

// sameNames reports whether Vary named the same fields for both.
func (s selection) sameNames(t selection) bool {
	var names []string
	for v := range s.all() {
		names = append(names, v.name)
	}
	i := 0
	for v := range t.all() {
		if i >= len(names) || names[i] != v.name {
			return false
		}
		i++
	}
	return i == len(names)
}

// Selecting lists the fields that Vary named, and what of the request's values is kept to be compared.
func (s *Stored) Selecting() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for v := range s.vary.all() {
			if !yield(v.name, v.value) {
				return
			}
		}
	}
}

func (s selection) weight() int64 {
	if s == (selection{}) {
		return 0
	}
	return int64(len(s.packed.Value()))
}
