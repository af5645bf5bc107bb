package operation

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxFolders   = 32       // within each other
	maxVariables = 1024     // of a collection
	maxReplaced  = 16 << 20 // bytes of texts with their variables replaced
	maxRounds    = 3        // variables in variables
)

// ParsePostman reads a Postman collection, version 2.0 or 2.1. Its variables are replaced where it gives
// them a value; its scripts are ignored, and credentials in it are dropped.
func ParsePostman(name string, data []byte) (*Document, error) {
	if len(data) > MaxDocument {
		return nil, fmt.Errorf("%s: has more than %d MiB; scan it in parts", name, MaxDocument>>20)
	}
	root, err := parseRecording(name, data, "a Postman collection")
	if err != nil {
		return nil, err
	}
	p := &postman{tree: newTree(name, root), collector: newCollector(name), variables: make(map[string]string)}
	info, items := member(root, "info"), member(root, "item")
	if !isSequence(items) {
		what := "has no item list; is this a Postman collection?"
		if member(root, "requests") != nil {
			what = "is a Postman collection of version 1; export it as version 2.1"
		}
		if member(root, "collection") != nil {
			what = "holds the collection as a member, as Postman's API answers; give the value of that member"
		}
		return nil, p.errorf(root, "%s", what)
	}
	p.doc.Title = text(member(info, "name"))
	for _, v := range listed(member(root, "variable"), maxVariables) {
		if name := cmp.Or(text(member(v, "key")), text(member(v, "id"))); name != "" && text(member(v, "type")) != "secret" && text(member(v, "disabled")) != "true" {
			p.variables[name] = text(member(v, "value"))
		}
	}
	if err := p.folder(items, member(root, "auth"), 0); err != nil {
		return nil, err
	}
	if len(p.doc.Operations) == 0 {
		return nil, p.errorf(items, "has no requests, so there is nothing to repeat")
	}
	return &p.doc, nil
}

type postman struct {
	*tree
	*collector
	variables map[string]string
	replaced  int // bytes so far
}

// folder adds the requests of a folder and of those in it. Who says nothing of credentials inherits.
func (p *postman) folder(items, auth *yaml.Node, depth int) error {
	if depth > maxFolders {
		return p.errorf(items, "has folders more than %d deep", maxFolders)
	}
	if !isSequence(items) {
		return nil
	}
	for _, item := range items.Content {
		own := auth
		if a := member(item, "auth"); !isNull(a) {
			own = a
		}
		if inner := member(item, "item"); inner != nil {
			if err := p.folder(inner, own, depth+1); err != nil {
				return err
			}
		}
		request := member(item, "request")
		if request == nil {
			continue
		}
		o, err := p.request(request, own)
		if err != nil {
			o.Problem = p.errorf(request, "%v", err).Error()
		}
		if p.replaced > maxReplaced {
			return p.errorf(request, "has more than %d MiB with its variables replaced; scan it in parts", maxReplaced>>20)
		}
		if err := p.collector.add(o); err != nil {
			return err
		}
	}
	return nil
}

// request reads one; as a text it is a URL.
func (p *postman) request(n, auth *yaml.Node) (Operation, error) {
	if n.Kind == yaml.ScalarNode {
		n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: "url"}, n}}
	}
	o := Operation{Method: strings.ToUpper(cmp.Or(text(member(n, "method")), "GET")), Path: "?"}
	if !slices.Contains(methods, o.Method) {
		o.Method = ""
		return o, errors.New("its method is none of " + strings.Join(methods, ", "))
	}
	if err := p.address(&o, member(n, "url")); err != nil {
		return o, err
	}
	media := ""
	o.keepFields(p.censor, p.fields(member(n, "header")), &media)
	if a := member(n, "auth"); !isNull(a) {
		auth = a
	}
	if set := p.auth(auth); set != nil {
		o.Alternatives = [][]Scheme{set}
	}
	return o, p.body(&o, media, member(n, "body"))
}

// replace puts the values of variables in their place: {{name}}. Those without a value stay.
func (p *postman) replace(s string, most int) (string, error) {
	for range maxRounds {
		if !strings.Contains(s, "{{") {
			break
		}
		var b strings.Builder
		for rest := s; ; {
			before, after, more := strings.Cut(rest, "{{")
			b.WriteString(before)
			if !more {
				break
			}
			name, behind, closed := strings.Cut(after, "}}")
			value, known := p.variables[strings.TrimSpace(name)]
			if closed && known {
				b.WriteString(value)
				rest = behind
			} else {
				b.WriteString("{{")
				rest = after
			}
			if b.Len() > most {
				break
			}
		}
		s = b.String()
		p.replaced += len(s)
		if len(s) > most {
			return "", fmt.Errorf("a part of it has more than %d bytes with its variables replaced", most)
		}
	}
	if len(s) > most {
		return "", fmt.Errorf("a part of it has more than %d bytes", most)
	}
	return s, nil
}

// address sets origin, path and parameters of a URL, a text or an object.
func (p *postman) address(o *Operation, n *yaml.Node) error {
	address, err := p.replace(written(n), maxPath)
	if err != nil {
		return err
	}
	address, _, _ = strings.Cut(address, "#")
	address, query, _ := strings.Cut(address, "?")
	rest, err := o.setOrigin(address)
	if err != nil {
		return err
	}
	stated := make(map[string]string)
	for _, v := range listed(member(n, "variable"), maxList) {
		if value, err := p.replace(text(member(v, "value")), maxCandidate); err == nil {
			stated[cmp.Or(text(member(v, "key")), text(member(v, "id")))] = value
		}
	}
	if rest, err = p.withoutPlaceholders(o, rest, stated); err != nil {
		return err
	}
	o.Path = rest
	pairs := strings.FieldsFunc(query, func(c rune) bool { return c == '&' })
	for _, pair := range pairs[:min(len(pairs), maxFields)] {
		name, value, _ := strings.Cut(pair, "=")
		o.keepPair(p.censor, unescaped(name), unescaped(value))
	}
	if _, err := parseTemplate(o.Path); err != nil {
		o.Path = short(o.Path)
		return err
	}
	return nil
}

// written is a URL as one text. Of an object its parts count, and its raw text where there are none.
func written(n *yaml.Node) string {
	if n == nil || n.Kind == yaml.ScalarNode {
		return text(n)
	}
	host, path := joined(member(n, "host"), "."), joined(member(n, "path"), "/")
	if host == "" && path == "" {
		return text(member(n, "raw"))
	}
	s := host
	if protocol := text(member(n, "protocol")); protocol != "" {
		s = protocol + "://" + host
	}
	if port := text(member(n, "port")); port != "" {
		s += ":" + port
	}
	s += "/" + strings.TrimPrefix(path, "/")
	var pairs []string
	for _, q := range listed(member(n, "query"), maxFields) {
		if text(member(q, "disabled")) != "true" {
			pairs = append(pairs, escapedPair(text(member(q, "key")))+"="+escapedPair(text(member(q, "value"))))
		}
	}
	if len(pairs) > 0 {
		s += "?" + strings.Join(pairs, "&")
	}
	return s
}

// escapedPair is half of a pair of a query, without what would end it. Postman lets people escape themselves.
func escapedPair(s string) string {
	return strings.NewReplacer("&", "%26", "#", "%23", "=", "%3D", "?", "%3F").Replace(s)
}

// joined is a text, or a list of texts with sep between them.
func joined(n *yaml.Node, sep string) string {
	if !isSequence(n) {
		return text(n)
	}
	var parts []string
	for _, part := range listed(n, maxFields) {
		if part.Kind == yaml.MappingNode {
			part = member(part, "value")
		}
		parts = append(parts, text(part))
	}
	return strings.Join(parts, sep)
}

// setOrigin takes scheme and authority off an address, and returns the path. An authority that is a variable
// without a value leaves the origin open.
func (o *Operation) setOrigin(address string) (path string, err error) {
	if address == "" {
		return "", errors.New("it has no URL")
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || strings.Contains(scheme, "/") {
		scheme, rest = "http", address
	}
	authority, path := rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if authority == "" || strings.Contains(scheme+authority, "{{") {
		return path, nil
	}
	u, err := absolute(scheme + "://" + authority)
	if err != nil {
		return "", err
	}
	o.Origin = originOf(u)
	return path, nil
}

// withoutPlaceholders is a path with a parameter of o for each :name and {{name}}.
func (c *censor) withoutPlaceholders(o *Operation, path string, stated map[string]string) (string, error) {
	segments := strings.Split(path, "/")
	secret := c.carries(path)
	if secret && len(segments) > maxFields {
		return "", fmt.Errorf("its path holds credentials, among more than %d segments", maxFields)
	}
	for i, segment := range segments {
		switch name, ok := strings.CutPrefix(segment, ":"); {
		case ok && name != "" && !strings.ContainsAny(name, "{}") && len(name) <= maxName && len(o.Parameters) < maxFields && !(secret && c.carries(name)):
			p := Parameter{Name: name, In: "path", Required: true}
			if value := stated[name]; value != "" && !placeholder(value) && !c.carries(name+"="+value) && !c.carries(value) {
				p.Candidates = []string{value}
			}
			o.keep(p)
			segments[i] = "{" + name + "}"
		case strings.Contains(segment, "{{"):
			var b strings.Builder
			for rest := segment; ; {
				before, after, more := strings.Cut(rest, "{{")
				b.WriteString(escaped(before))
				if !more {
					break
				}
				name, behind, closed := strings.Cut(after, "}}")
				if name = strings.Trim(name, " $"); !closed || name == "" || strings.ContainsAny(name, "{}") {
					return "", errors.New("its path has a {{ without a name and }}")
				}
				b.WriteString("{" + name + "}")
				rest = behind
			}
			segments[i] = b.String()
		case secret && c.carries("/"+segment):
			segments[i] = "{credential}"
		default:
			segments[i] = escaped(segment)
		}
	}
	path = strings.Join(segments, "/")
	if secret && c.carries(path) {
		return "", errors.New("its path holds a credential")
	}
	return path, nil
}

// placeholder reports what stands for a value: <uuid>, {{id}}.
func placeholder(value string) bool {
	return strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">") || strings.Contains(value, "{{")
}

// keepPair keeps a pair of a query as a parameter, its value unless that is a credential or a placeholder.
func (o *Operation) keepPair(c *censor, name, value string) {
	p := Parameter{Name: name, In: "query"}
	switch {
	case name == "" || len(name) > maxName || placeholder(name) || len(value) > maxCandidate || c.carries(name):
		return
	case c.carries(name+"="+value) || c.carries(value) || strings.HasPrefix(value, "<"):
	case strings.Contains(value, "{{"):
		p.Required = true // somebody has to say what the variable is
	default:
		p.Required, p.Candidates = true, []string{value}
	}
	o.keep(p)
}

// fields are those of a header, a list or a text of lines, that are not disabled.
func (p *postman) fields(n *yaml.Node) [][2]string {
	var list [][2]string
	add := func(name, value string) {
		if value, err := p.replace(value, maxCandidate); err == nil {
			if placeholder(value) {
				value = "" // a parameter that nobody gave a value to
			}
			list = append(list, [2]string{name, value})
		}
	}
	if lines := text(n); lines != "" {
		split := strings.SplitN(lines, "\n", maxFields+1)
		for _, line := range split[:min(len(split), maxFields)] {
			name, value, _ := strings.Cut(line, ":")
			add(name, strings.TrimSpace(value))
		}
	}
	for _, f := range listed(n, maxFields) {
		if text(member(f, "disabled")) != "true" {
			add(text(member(f, "key")), text(member(f, "value")))
		}
	}
	return list
}

// auth is the set of schemes that an auth object asks for; of its values, which are credentials, none is
// read. That one request was made without any says nothing about the API.
func (p *postman) auth(n *yaml.Node) []Scheme {
	kind := text(member(n, "type"))
	switch kind {
	case "", "noauth":
		return nil
	case "bearer", "oauth2", "jwt":
		return []Scheme{{Name: kind, Kind: Bearer}}
	case "basic":
		return []Scheme{{Name: kind, Kind: Basic}}
	case "apikey":
		attributes := member(n, kind)
		return []Scheme{keyScheme(kind, cmp.Or(attribute(attributes, "in"), "header"), attribute(attributes, "key"))}
	}
	return []Scheme{{Name: short(kind)}}
}

// attribute is a member of an object (version 2.0), or of a list of keys and values (2.1).
func attribute(n *yaml.Node, name string) string {
	for _, a := range listed(n, maxFields) {
		if text(member(a, "key")) == name {
			return text(member(a, "value"))
		}
	}
	return text(member(n, name))
}

func (p *postman) body(o *Operation, media string, n *yaml.Node) error {
	mode := text(member(n, "mode"))
	if mode == "" || !takesBody(o.Method) || text(member(n, "disabled")) == "true" {
		return nil
	}
	content := ""
	switch mode {
	case "raw":
		content = text(member(n, "raw"))
		if text(member(member(member(n, "options"), "raw"), "language")) == "json" || json.Valid([]byte(content)) {
			media = cmp.Or(media, mediaJSON)
		}
		media = cmp.Or(media, "text/plain")
	case "urlencoded":
		values := make(url.Values)
		for _, f := range listed(member(n, mode), maxFields) {
			value, err := p.replace(text(member(f, "value")), maxBody)
			if err != nil {
				return err
			}
			if name := text(member(f, "key")); text(member(f, "disabled")) != "true" && name != "" {
				if strings.Contains(value, "{{") {
					return unknownVariable(value)
				}
				values.Add(name, value)
			}
		}
		content, media = values.Encode(), mediaForm
	case "graphql":
		q := map[string]any{"query": text(member(member(n, mode), "query"))}
		if variables := text(member(member(n, mode), "variables")); json.Valid([]byte(variables)) {
			q["variables"] = json.RawMessage(variables)
		}
		encoded, err := json.Marshal(q)
		if err != nil {
			return err
		}
		content, media = string(encoded), mediaJSON
	default:
		return fmt.Errorf("its body is %s, which is not sent", quote(mode))
	}
	content, err := p.replace(content, maxBody)
	if err != nil {
		return err
	}
	if mode != "urlencoded" {
		if err := unknownVariable(content); err != nil {
			return err
		}
	}
	return o.keepBody(p.censor, media, []byte(content))
}

// unknownVariable is the error of a text with a variable that has no value; nil where {{ begins none: JSON
// and templates have it too.
func unknownVariable(s string) error {
	_, after, _ := strings.Cut(s, "{{")
	name, _, closed := strings.Cut(after, "}}")
	if !closed || len(name) > maxName || strings.ContainsAny(name, "\"{\n") {
		return nil
	}
	return fmt.Errorf("its body needs the variable %s, to which the collection gives no value", quote(strings.TrimSpace(name)))
}
