package operation

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// This file makes values that a schema allows. They follow from the name of what they are for and nothing
// else, so that a scan repeats, and that a parameter has one value wherever it stands.

const (
	maxMakings   = 1 << 18 // schemas that are looked at for all values of a document, each as often as it is
	maxPatterns  = 512     // regular expressions that are compiled of a document
	maxPattern   = 128     // bytes of one
	maxMade      = 2048    // bytes of a value
	maxMadeDepth = 16
)

// made are values for the required parameter p that n describes. Who asks is not made up, as a cookie might
// say it.
func (r *reader) made(n *yaml.Node, p Parameter) []string {
	if p.In == "cookie" || p.reserved() || r.makings > maxMakings {
		return nil
	}
	schema := r.get(n, "schema")
	if r.swagger {
		schema = n
	}
	parts := r.effort(r.schemaParts(schema))
	if r.typeOf(parts) == "array" { // of one element it reads the same in every style
		parts = r.effort(r.schemaParts(r.first(parts, "items")))
	}
	v, ok := r.scalar(parts, p.In+" "+p.Name)
	if !ok {
		return nil
	}
	return []string{fmt.Sprint(v)}
}

// effort counts parts.
func (r *reader) effort(parts []*yaml.Node) []*yaml.Node {
	r.makings += 1 + len(parts)
	return parts
}

// scalar is a text, a number or a boolean that the schema of parts allows, made for what is called name.
func (r *reader) scalar(parts []*yaml.Node, name string) (any, bool) {
	if r.makings > maxMakings || personalName(name) {
		return nil, false
	}
	switch kind := r.typeOf(parts); kind {
	case "boolean":
		return true, true
	case "integer", "number":
		v, ok := r.interval(parts).pick(kind == "integer")
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64)), ok
	case "string":
		return r.madeText(parts, name)
	}
	return nil, false
}

func (r *reader) madeText(parts []*yaml.Node, name string) (string, bool) {
	least, most := 0, maxMade
	for _, n := range parts {
		if v, ok := number(r.get(n, "minLength")); ok {
			least = max(least, int(min(v, maxMade+1)))
		}
		if v, ok := number(r.get(n, "maxLength")); ok {
			most = int(max(min(v, float64(most)), 0))
		}
	}
	matches := func(string) bool { return true }
	lengths := []int{8}
	if pattern := r.first(parts, "pattern"); pattern != nil {
		expression := r.pattern(text(pattern))
		if expression == nil {
			return "", false
		}
		matches = expression.MatchString
		lengths = usualLengths
	}
	sum := sha256.Sum256([]byte(name))
	fits := func(s string) bool { return s != "" && len(s) >= least && len(s) <= most && matches(s) }
	if s, known := formatted(strings.ToLower(text(r.first(parts, "format"))), sum); known {
		return s, fits(s)
	}
	for _, length := range lengths {
		for _, letters := range alphabets {
			if s := spelled(sum, letters, min(max(length, least), most)); fits(s) {
				return s, true
			}
		}
	}
	s := uuid(sum)
	return s, fits(s)
}

// usualLengths and alphabets are what a pattern is tried with: a currency is three capitals, an object of
// MongoDB 24 hexadecimal digits.
var (
	usualLengths = []int{8, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 20, 24, 26, 32, 40, 64}
	alphabets    = []string{"abcdefghijklmnop", "1234567891234567", "ABCDEFGHIJKLMNOP", "a1b2c3d4e5f60718"}
)

func spelled(sum [sha256.Size]byte, letters string, length int) string {
	b := make([]byte, length)
	for i := range b {
		b[i] = letters[sum[i%len(sum)]>>4]
	}
	return string(b)
}

// formatted is a text of a format (OpenAPI 3.1 §4.4, JSON Schema's §7.3), and whether the format is known.
// Names and addresses are those that nobody has (RFC 2606, RFC 5737, RFC 3849).
func formatted(format string, sum [sha256.Size]byte) (string, bool) {
	word := spelled(sum, alphabets[0], 8)
	day := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, int(sum[0])) // within that year
	switch format {
	case "uuid", "guid":
		return uuid(sum), true
	case "date":
		return day.Format(time.DateOnly), true
	case "date-time", "datetime":
		return day.Format(time.RFC3339), true
	case "time":
		return day.Format("15:04:05Z07:00"), true
	case "duration":
		return "P1D", true
	case "email", "idn-email":
		return word + "@example.com", true
	case "hostname", "idn-hostname":
		return word + ".example.com", true
	case "ipv4", "ip":
		return "192.0.2." + strconv.Itoa(1+int(sum[0])%254), true
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", 1+int(sum[0])), true
	case "uri", "url", "iri":
		return "https://example.com/" + word, true
	case "uri-reference", "iri-reference":
		return "/" + word, true
	case "byte":
		return base64.StdEncoding.EncodeToString([]byte(word)), true
	case "int32", "int64", "integer", "number":
		return "1", true
	case "password":
		return "", true // nobody's is made up
	}
	return "", false
}

// uuid is of version 4 (RFC 9562 §5.4), though its bits are not random.
func uuid(sum [sha256.Size]byte) string {
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// pattern compiles one of the document, nil if that is not possible or too much. Go's regular expressions
// take linear time, but a long one takes much memory.
func (r *reader) pattern(text string) *regexp.Regexp {
	if expression, done := r.patterns[text]; done {
		return expression
	}
	if len(text) > maxPattern || len(r.patterns) == maxPatterns {
		return nil
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		expression = nil
	}
	r.patterns[text] = expression
	return expression
}

// sampler makes one value of a schema, or copies one of an example, as encoding/json would decode it.
type sampler struct {
	*reader
	left int // bytes that it may still have
}

// count takes size bytes off, and is an error at n if there are no more.
func (s *sampler) count(n *yaml.Node, size, depth int) error {
	if s.left -= size; s.left < 0 {
		return s.errorf(n, "it has more than %d KiB", maxBody>>10)
	}
	if depth > maxMadeDepth {
		return s.errorf(n, "it holds itself, or is nested more than %d deep", maxMadeDepth)
	}
	return nil
}

// sample is a value that the schema n allows: what it states, or else what can be made, of objects with
// the properties that are required.
func (s *sampler) sample(n *yaml.Node, name string, depth int) (any, error) {
	if err := s.count(n, 4, depth); err != nil {
		return nil, err
	}
	parts := s.effort(s.schemaParts(n))
	if s.makings > maxMakings {
		return nil, s.errorf(n, "the document has too many values to make")
	}
	if stated := s.stated(parts); stated != nil {
		return s.literal(stated, depth)
	}
	switch s.typeOf(parts) {
	case "object":
		return s.object(n, parts, name, depth)
	case "array":
		return s.array(parts, name, depth)
	case "null":
		return nil, nil
	}
	v, ok := s.scalar(parts, name)
	if !ok {
		return nil, s.errorf(n, "nothing says what %s may be", quote(name))
	}
	return v, s.count(n, len(fmt.Sprint(v)), depth)
}

// stated is the value that a schema states, the best of them, or nil.
func (s *sampler) stated(parts []*yaml.Node) *yaml.Node {
	for _, key := range []string{"example", "const", "default"} {
		if v := s.first(parts, key); !isNull(v) {
			return v
		}
	}
	for _, key := range []string{"examples", "enum"} {
		for _, v := range s.elements(s.first(parts, key)) {
			if !isNull(v) {
				return v
			}
		}
	}
	return nil
}

// object has the required properties, but for those that only responses have.
func (s *sampler) object(n *yaml.Node, parts []*yaml.Node, name string, depth int) (any, error) {
	object := make(map[string]any)
	for _, part := range parts {
		for _, required := range s.elements(s.get(part, "required")) {
			member := text(required)
			if _, done := object[member]; done || plain(required).Kind != yaml.ScalarNode {
				continue
			}
			schema := s.property(s.effort(parts), member)
			if s.makings <= maxMakings && strings.EqualFold(text(s.first(s.schemaParts(schema), "readOnly")), "true") {
				continue
			}
			if err := s.count(n, len(member), depth); err != nil {
				return nil, err
			}
			v, err := s.sample(schema, name+"."+member, depth+1)
			if err != nil {
				return nil, err
			}
			object[member] = v
		}
	}
	return object, nil
}

func (s *sampler) property(parts []*yaml.Node, name string) *yaml.Node {
	for _, part := range parts {
		if p := s.get(s.get(part, "properties"), name); p != nil {
			return p
		}
	}
	return nil
}

// array has one element, or as many as it must; where that cannot be made and need not be, none.
func (s *sampler) array(parts []*yaml.Node, name string, depth int) (any, error) {
	const most = 8
	least, _ := number(s.first(parts, "minItems"))
	list := []any{}
	for range int(min(max(least, 1), most)) {
		v, err := s.sample(s.first(parts, "items"), name, depth+1)
		if err != nil && least <= 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// literal is the value that n itself is.
func (s *sampler) literal(n *yaml.Node, depth int) (any, error) {
	n = plain(n)
	if err := s.count(n, len(n.Value)+2, depth); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.SequenceNode:
		list := []any{}
		for _, element := range n.Content {
			v, err := s.literal(element, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		object := make(map[string]any)
		for key, value := range s.pairs(n) {
			if err := s.count(key, len(key.Value), depth); err != nil {
				return nil, err
			}
			v, err := s.literal(value, depth+1)
			if err != nil {
				return nil, err
			}
			object[key.Value] = v
		}
		return object, nil
	}
	return scalarOf(n), nil
}

// scalarOf is what a scalar is in JSON. Numbers stay as they are written, where JSON writes them so.
func scalarOf(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if v := json.Number(n.Value); json.Valid([]byte(v)) && !slices.Contains([]string{"", "true", "false", "null"}, n.Value) {
			return v
		}
		if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return json.Number(strconv.FormatInt(v, 10))
		}
	}
	return n.Value
}
