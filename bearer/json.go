package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// object is a JSON object as readObject reads it. Values are string, json.Number, bool, nil, []any and object.
type object map[string]any

// maxDepth bounds how deep objects and arrays may stand in each other. Claims have three or four levels.
const maxDepth = 16

// What is wrong with a text that should be a JSON object. No error repeats it.
var (
	errNoObject  = errors.New("it is no JSON object")
	errText      = errors.New("it holds text that is no UTF-8 or UTF-16")
	errDuplicate = errors.New("an object has two members of one name")
	errDepth     = errors.New("it is nested too deep")
)

// readObject reads exactly one JSON object in UTF-8. It refuses what two readers may take for two things:
// member names that repeat at any depth, also where one of them is escaped (RFC 7515 §4, RFC 7519 §4,
// RFC 8259 §4), halves of surrogate pairs, which most decoders replace, and anything behind the object.
// Numbers stay as they are written.
func readObject(data []byte) (object, error) {
	switch {
	case !utf8.Valid(data):
		return nil, errText
	case !json.Valid(data):
		return nil, errNoObject
	case halfSurrogate(data):
		return nil, errText
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	value, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	o, ok := value.(object)
	if !ok {
		return nil, errNoObject
	}
	return o, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errNoObject
	}
	delim, ok := t.(json.Delim)
	switch {
	case !ok:
		return t, nil
	case depth == maxDepth:
		return nil, errDepth
	case delim == '{':
		return readMembers(d, depth)
	}
	list := []any{}
	for d.More() {
		value, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err = d.Token()
	return list, err
}

func readMembers(d *json.Decoder, depth int) (any, error) {
	o := object{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNoObject
		}
		if _, twice := o[name]; twice {
			return nil, errDuplicate
		}
		if o[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return o, err
}

// halfSurrogate finds an escape such as \ud800 that is not followed by its other half, in valid JSON.
func halfSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++ // a backslash stands in strings only, and never last
		if data[i] != 'u' {
			continue
		}
		switch unit := hex4(data[i+1:]); {
		case unit&0xfc00 == 0xdc00:
			return true
		case unit&0xfc00 == 0xd800:
			if len(data) < i+11 || data[i+5] != '\\' || data[i+6] != 'u' || hex4(data[i+7:])&0xfc00 != 0xdc00 {
				return true
			}
			i += 6
		}
		i += 4
	}
	return false
}

// hex4 is the number that four hexadecimal digits write.
func hex4(digits []byte) (n rune) {
	for _, c := range digits[:4] {
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c&^0x20 - 'A' + 10
		}
		n = n<<4 | rune(c)
	}
	return n
}
