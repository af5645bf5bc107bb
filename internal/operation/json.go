package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parseJSON parses JSON into the nodes that YAML has. The YAML parser would do for most documents,
// but it refuses the surrogate pairs that other languages write for an emoji, and knows no columns.
func parseJSON(data []byte) (*yaml.Node, error) { return parseJSONWithout(data, nil) }

// errTooMany is the error of JSON that has more than maxNodes values.
var errTooMany = errors.New("too many values")

// parseJSONWithout leaves out the members for which skip is true. It knows them by their names and the name
// of the member that their object is, or is an element of.
func parseJSONWithout(data []byte, skip func(parent, key string) bool) (*yaml.Node, error) {
	// This checks it all, nesting too, and alone tells exactly where the error is.
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		line, column := newCursor(data).at(max(syntax.Offset-1, 0))
		return nil, &syntaxError{fmt.Sprintf(":%d:%d", line, column), "not JSON: " + err.Error()}
	} else if err != nil {
		return nil, &syntaxError{"", "not JSON: " + err.Error()}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	b := &jsonBuilder{d, newCursor(data), maxNodes, skip}
	return b.value("")
}

type jsonBuilder struct {
	*json.Decoder
	cursor *cursor
	left   int // nodes that there may still be
	skip   func(parent, key string) bool
}

// value builds the next value, which is what the member of that name has, or an element of it.
func (b *jsonBuilder) value(name string) (*yaml.Node, error) {
	if b.left--; b.left < 0 {
		return nil, errTooMany
	}
	n := new(yaml.Node)
	n.Line, n.Column = b.cursor.next(b.InputOffset())
	token, err := b.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if t == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		inner := name
		for b.More() {
			// Of an object, names and values take turns here.
			isValue := t == '{' && len(n.Content)%2 == 1
			if isValue {
				key := n.Content[len(n.Content)-1].Value
				if inner = key; b.skip != nil && b.skip(name, key) {
					if err := b.Decode(new(skipped)); err != nil {
						return nil, err
					}
					n.Content = n.Content[:len(n.Content)-1]
					continue
				}
			}
			child, err := b.value(inner)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		_, err = b.Token()
		return n, err
	case string:
		n.Tag, n.Value = "!!str", t
	case json.Number:
		n.Tag, n.Value = "!!float", t.String()
	case bool:
		n.Tag, n.Value = "!!bool", fmt.Sprint(t)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	n.Kind = yaml.ScalarNode
	return n, nil
}

// cursor turns offsets into lines and columns, going forward only.
type cursor struct {
	data         []byte
	offset       int64
	line, column int
}

func newCursor(data []byte) *cursor { return &cursor{data, 0, 1, 1} }

func (c *cursor) at(offset int64) (line, column int) {
	for ; c.offset < min(offset, int64(len(c.data))); c.offset++ {
		switch b := c.data[c.offset]; {
		case b == '\n':
			c.line, c.column = c.line+1, 1
		case utf8.RuneStart(b):
			c.column++
		}
	}
	return c.line, c.column
}

// next is where the next token begins at or after offset.
func (c *cursor) next(offset int64) (line, column int) {
	for offset < int64(len(c.data)) && bytes.IndexByte([]byte(" \t\r\n,:"), c.data[offset]) >= 0 {
		offset++
	}
	return c.at(offset)
}

// skipped is any value, and keeps nothing of it.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }
