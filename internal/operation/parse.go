package operation

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

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
	root, err := parseTree(data)
	if err != nil {
		return nil, located(name, err)
	}
	return newReader(name, root).document()
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
		return nil, notYAML(err)
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

// notYAML takes the line out of an error that says "yaml: line 3: did not find expected key".
func notYAML(err error) error {
	what, place := strings.TrimPrefix(err.Error(), "yaml: "), ""
	if line, ok := strings.CutPrefix(what, "line "); ok {
		line, what, _ = strings.Cut(line, ": ")
		place = ":" + line
	}
	return &syntaxError{place, "neither YAML nor JSON: " + what}
}
