package operation

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxDocument bounds a document in bytes. GitHub's, among the largest known, has 12 MB.
const MaxDocument = 16 << 20

const (
	// maxNodes bounds a parsed document: about 150 bytes each, and a comma is enough to make one.
	maxNodes = 3 << 20
	// maxOperations and maxParameters bound what aliases and references can multiply: a path item
	// of eight methods may stand under each of a million paths for ten bytes each.
	maxOperations = 100_000
	maxParameters = 1 << 20
)

// Parse reads an OpenAPI 3.0, OpenAPI 3.1 or Swagger 2.0 document in JSON or YAML. Errors and
// problems call it name. A part that cannot be used becomes the Problem of the operations that need
// it; an error means that there is no list of operations at all.
func Parse(name string, data []byte) (doc *Document, err error) {
	// Parsers of YAML have a history of panics on hostile input (CVE-2022-28948).
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("%s: cannot be read: %v", name, r)
		}
	}()
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > MaxDocument:
		return nil, fmt.Errorf("%s: has more than %d MiB; scan it in parts", name, MaxDocument>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fmt.Errorf("%s: is empty; give an OpenAPI document", name)
	case marks(data) > maxNodes:
		return nil, fmt.Errorf("%s: has more than %d values; scan it in parts", name, maxNodes)
	}
	if err := encoded(data); err != nil {
		return nil, located(name, err)
	}
	root, err := parseTree(data)
	if err != nil {
		return nil, located(name, err)
	}
	return newReader(name, root).document()
}

// encoded is an error unless data is UTF-8, or announces to be the UTF-16 that YAML may be in (YAML 1.2.2
// §5.2). Parsers of JSON replace what they cannot read, and a path with another letter is another path.
func encoded(data []byte) error {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil
	}
	valid := 0
	for valid < len(data) {
		r, size := utf8.DecodeRune(data[valid:])
		if r == utf8.RuneError && size == 1 {
			line, column := newCursor(data).at(int64(valid))
			return &syntaxError{fmt.Sprintf(":%d:%d", line, column), "not UTF-8; save it as UTF-8"}
		}
		valid += size
	}
	return nil
}

// marks is at least the number of nodes that data can make, whichever its format: an element of a
// sequence follows a mark, a key and its value share one.
func marks(data []byte) int {
	n := 2
	for i, c := range data {
		switch c {
		case ':', ',', '?', '[', '{':
			n += 2
		case '-':
			if i+1 == len(data) || data[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

// parseTree parses data as JSON if it begins like it, otherwise as YAML. All YAML is not JSON, but
// {openapi: 3.1.0} begins like it too.
func parseTree(data []byte) (*yaml.Node, error) {
	var notJSON error
	if bytes.TrimSpace(data)[0] == '{' {
		root, err := parseJSON(data)
		if err == nil {
			return root, nil
		}
		notJSON = err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		if notJSON != nil {
			return nil, notJSON
		}
		return nil, notYAML(data, err)
	}
	if len(doc.Content) == 0 {
		return &doc, nil // nothing but comments
	}
	return doc.Content[0], nil
}

// syntaxError is an error of a parser. Its place is ":line:column", ":line", or empty if unknown.
type syntaxError struct{ place, what string }

func (e *syntaxError) Error() string { return e.what }

func located(name string, err error) error {
	if e, ok := errors.AsType[*syntaxError](err); ok {
		name += e.place
	}
	return fmt.Errorf("%s: %w", name, err)
}

// notYAML takes the line out of an error that says "yaml: line 3: did not find expected key". The parser
// counts lines from 0 at times, and does not say that a tab is what it stumbled over.
func notYAML(data []byte, err error) error {
	what, place := strings.TrimPrefix(err.Error(), "yaml: "), ""
	if text, ok := strings.CutPrefix(what, "line "); ok {
		text, what, _ = strings.Cut(text, ": ")
		place = ":" + text
		if line, err := strconv.Atoi(text); err == nil {
			if tab := tabNear(data, line); tab > 0 {
				return &syntaxError{fmt.Sprintf(":%d", tab), "a tab at the beginning of the line; YAML indents with spaces"}
			}
		}
	}
	return &syntaxError{place, "neither YAML nor JSON: " + what}
}

// tabNear is the line, at most one away from line, whose indentation has a tab; 0 if there is none.
func tabNear(data []byte, line int) int {
	n := 0
	for text := range bytes.Lines(data) {
		n++
		indentation := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
		if n >= line-1 && n <= line+1 && bytes.IndexByte(indentation, '\t') >= 0 {
			return n
		}
	}
	return 0
}
