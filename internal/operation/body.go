package operation

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxBody   = 64 << 10 // bytes of one
	maxBodies = 8 << 20  // of all that a document has
)

const (
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
)

// bodies keeps what was read, since thousands of operations may share it.
type bodies struct {
	read map[[2]*yaml.Node]body
	size int
}

// body is a Body, or why it could not be made; both are nil where there need be none.
type body struct {
	*Body
	err error
}

// takesBody is true for methods whose content has a meaning (RFC 9110 §9.3).
func takesBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// body is what the operation n sends. Swagger 2.0 has it among the parameters.
func (r *reader) body(method string, shared, n *yaml.Node) (*Body, error) {
	if !takesBody(method) {
		return nil, nil
	}
	key := [2]*yaml.Node{r.get(n, "requestBody")}
	if r.swagger {
		key = [2]*yaml.Node{shared, n}
	} else if isNull(key[0]) {
		return nil, nil
	}
	b, done := r.bodies.read[key]
	if !done {
		if r.swagger {
			b = r.swaggerBody(shared, n)
		} else {
			b = r.requestBody(key[0])
		}
		if b.Body != nil {
			if r.bodies.size += len(b.Content); r.bodies.size > maxBodies {
				b = body{nil, r.errorf(n, "the bodies of the document have more than %d MiB; scan it in parts", maxBodies>>20)}
			}
		}
		r.bodies.read[key] = b
	}
	return b.Body, b.err
}

// requestBody reads a Request Body Object (OpenAPI 3.1 §4.8.13).
func (r *reader) requestBody(n *yaml.Node) body {
	n, err := r.resolve(n)
	if err != nil {
		return body{nil, err}
	}
	media, content := r.media(r.get(n, "content"))
	b, err := r.mediaBody(media, content)
	return r.judged(n, b, err)
}

// judged leaves out a body that could not be made, if it is not required.
func (r *reader) judged(n *yaml.Node, b *Body, err error) body {
	switch {
	case err == nil:
		return body{b, nil}
	case strings.EqualFold(text(r.get(n, "required")), "true"):
		return body{nil, r.errorf(n, "the body is required and cannot be made: %v; give it an example", err)}
	}
	return body{}
}

// media is the one of a content map that is easiest to make.
func (r *reader) media(content *yaml.Node) (media string, value *yaml.Node) {
	best, seen := 4, 0
	for key, v := range r.pairs(content) {
		if seen++; seen > maxList {
			break
		}
		if rank := mediaRank(key.Value); rank < best {
			best, media, value = rank, key.Value, v
		}
	}
	if strings.Contains(media, "*") {
		media = mediaJSON
	}
	return media, value
}

func mediaRank(media string) int {
	base, _, err := mime.ParseMediaType(media)
	switch {
	case err != nil || len(media) > maxName:
		return 4
	case isJSON(media) || base == "*/*" || base == "application/*":
		return 0
	case base == mediaForm:
		return 1
	case strings.HasPrefix(base, "multipart/"):
		return 3
	}
	return 2
}

func isJSON(media string) bool {
	base, _, _ := mime.ParseMediaType(media)
	return base == mediaJSON || strings.HasPrefix(base, "application/") && strings.HasSuffix(base, "+json")
}

// mediaBody makes a body of a Media Type Object: of its example, or of its schema.
func (r *reader) mediaBody(media string, n *yaml.Node) (*Body, error) {
	if media == "" {
		return nil, errors.New("it has no media type that is known")
	}
	s := &sampler{r, maxBody}
	if example := r.example(n); example != nil {
		v, err := s.literal(example, 0)
		if err != nil {
			return nil, err
		}
		return encode(media, v)
	}
	schema := r.get(n, "schema")
	if parts := r.schemaParts(schema); isJSON(media) && r.typeOf(parts) == "" && s.stated(parts) == nil {
		return &Body{media, []byte("{}")}, nil // where anything goes, the least does
	}
	v, err := s.sample(schema, "body", 0)
	if err != nil {
		return nil, err
	}
	return encode(media, v)
}

// example is the first that a Media Type Object has.
func (r *reader) example(n *yaml.Node) *yaml.Node {
	if example := r.get(n, "example"); !isNull(example) {
		return example
	}
	for _, example := range r.pairs(r.get(n, "examples")) {
		if example, err := r.resolve(example); err == nil && !isNull(r.get(example, "value")) {
			return r.get(example, "value")
		}
		break // who writes many, writes them alike
	}
	return nil
}

// encode writes v as media has it.
func encode(media string, v any) (*Body, error) {
	written, isText := v.(string)
	var content []byte
	switch {
	case isJSON(media) && isText && json.Valid([]byte(written)):
		content = []byte(written) // an example in a string, as some write it
	case isJSON(media):
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return nil, err
		}
		content = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	case isText:
		content = []byte(written)
	case mediaRank(media) == 1:
		form, err := form(v)
		if err != nil {
			return nil, err
		}
		content = []byte(form)
	default:
		return nil, fmt.Errorf("of %s only an example that is a text can be sent", quote(media))
	}
	if len(content) > maxBody {
		return nil, fmt.Errorf("it has more than %d KiB", maxBody>>10)
	}
	return &Body{media, content}, nil
}

// form is v, an object of scalars and lists of them, as HTML sends it.
func form(v any) (string, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return "", errors.New("a form is an object")
	}
	values := make(url.Values)
	for name, v := range object {
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, v := range list {
			switch v := v.(type) {
			case nil:
			case string, bool, json.Number:
				values.Add(name, fmt.Sprint(v))
			default:
				return "", fmt.Errorf("the field %s of a form is an object or a list of lists", quote(name))
			}
		}
	}
	return values.Encode(), nil
}

// swaggerBody makes the body of the parameters in body, or in formData. Those of the operation n stand over
// the shared ones of its path.
func (r *reader) swaggerBody(shared, n *yaml.Node) body {
	var whole *yaml.Node
	fields := make(map[string]*yaml.Node)
	for _, list := range []*yaml.Node{shared, r.get(n, "parameters")} {
		for _, p := range r.elements(list) {
			p, err := r.resolve(p)
			if err != nil {
				continue // merge says so
			}
			switch text(r.get(p, "in")) {
			case "body":
				whole = p
			case "formData":
				fields[text(r.get(p, "name"))] = p
			}
		}
	}
	media := r.consumes(n)
	switch {
	case whole != nil:
		if !isJSON(media) {
			media = cmp.Or(media, mediaJSON)
		}
		b, err := r.mediaBody(media, whole)
		return r.judged(whole, b, err)
	case len(fields) > 0:
		return r.swaggerForm(n, fields)
	}
	return body{}
}

// swaggerForm has the required fields.
func (r *reader) swaggerForm(n *yaml.Node, fields map[string]*yaml.Node) body {
	values := make(url.Values)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		p := fields[name]
		if !strings.EqualFold(text(r.get(p, "required")), "true") {
			continue
		}
		list := append(r.candidates(p, "formData"), r.made(p, Parameter{Name: name, In: "formData"})...)
		if len(list) == 0 {
			return body{nil, r.errorf(p, "the field %s of the form is required and cannot be made; give it a default", quote(name))}
		}
		values.Set(name, list[0])
	}
	if media := r.consumes(n); mediaRank(media) == 3 {
		return body{nil, r.errorf(n, "the body is %s, which is not made", quote(media))}
	}
	if len(values) == 0 {
		return body{}
	}
	b, err := encode(mediaForm, values.Encode())
	return body{b, err}
}

// consumes is what an operation of Swagger 2.0 takes, the easiest to make of it.
func (r *reader) consumes(n *yaml.Node) string {
	list := r.elements(r.get(n, "consumes"))
	if r.get(n, "consumes") == nil {
		list = r.elements(r.get(r.root, "consumes"))
	}
	best, media := 4, ""
	for _, n := range list {
		if rank := mediaRank(text(n)); rank < best {
			best, media = rank, text(n)
		}
	}
	if strings.Contains(media, "*") {
		return mediaJSON
	}
	return media
}
