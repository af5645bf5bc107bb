package operation

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// methods are the operations of a path item, in the order in which they are listed.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

const (
	maxPath = 8192 // bytes; more than that no server reads
	maxList = 64   // servers, server variables: more than a person would write
)

// reader makes operations of a document.
type reader struct {
	*tree
	swagger    bool         // version 2.0
	security   requirements // of operations that have none of their own
	doc        Document
	parameters int // examined so far

	resolved map[*yaml.Node]Parameter
	hinted   map[*yaml.Node]hints
	losses   map[*yaml.Node][]Operation // without their paths
	required map[*yaml.Node]requirements
	patterns map[string]*regexp.Regexp
	linked   map[*yaml.Node][]Link
	answered map[*yaml.Node][]string
	bodies   bodies
	makings  int // values made so far
}

func newReader(name string, root *yaml.Node) *reader {
	return &reader{
		tree: newTree(name, root), resolved: make(map[*yaml.Node]Parameter), hinted: make(map[*yaml.Node]hints), losses: make(map[*yaml.Node][]Operation),
		required: make(map[*yaml.Node]requirements), patterns: make(map[string]*regexp.Regexp), linked: make(map[*yaml.Node][]Link),
		answered: make(map[*yaml.Node][]string),
		bodies:   bodies{read: make(map[[2]*yaml.Node]body)},
	}
}

func (r *reader) document() (*Document, error) {
	if err := r.version(); err != nil {
		return nil, err
	}
	r.doc.Title = text(r.get(r.get(r.root, "info"), "title"))
	r.doc.Servers = r.servers()
	r.security = r.requirements(r.get(r.root, "security"))
	for _, h := range r.hidden(r.root) {
		if h.key.Value == "paths" {
			return nil, r.errorf(h.key, "paths stands again in line %d, which hides this one; merge the two", h.by.Line)
		}
	}
	paths := r.get(r.root, "paths")
	if err := r.lostPaths(paths); err != nil {
		return nil, err
	}
	for path, item := range r.pairs(paths) {
		if strings.HasPrefix(path.Value, "x-") {
			continue
		}
		if err := r.pathItem(path, item); err != nil {
			return nil, err
		}
	}
	if len(r.doc.Operations) == 0 {
		return nil, r.errorf(paths, "has no paths with operations, so there is nothing to request")
	}
	return &r.doc, nil
}

// version checks that this is a document we know, and which.
func (r *reader) version() error {
	openapi, swagger := r.get(r.root, "openapi"), r.get(r.root, "swagger")
	switch {
	case openapi == nil && swagger == nil && r.get(r.root, "item") != nil:
		return r.errorf(nil, "has no openapi or swagger field, and looks like a Postman collection; give it with --postman")
	case openapi == nil && swagger == nil && r.get(r.get(r.root, "log"), "entries") != nil:
		return r.errorf(nil, "has no openapi or swagger field, and looks like a HAR file; give it with --har")
	case openapi == nil && swagger == nil:
		return r.errorf(nil, "has no openapi or swagger field; is this an OpenAPI document?")
	case openapi == nil && text(swagger) == "2.0":
		r.swagger = true
		return nil
	case openapi == nil:
		return r.errorf(swagger, "swagger: %s is not supported; OpenAPI 3.0, 3.1 and Swagger 2.0 are", printable(short(text(swagger))))
	}
	for _, known := range []string{"3.0", "3.1"} {
		if v := text(openapi); v == known || strings.HasPrefix(v, known+".") {
			return nil
		}
	}
	return r.errorf(openapi, "openapi: %s is not supported; 3.0, 3.1 and Swagger 2.0 are", printable(short(text(openapi))))
}

// pathItem adds the operations of one path. An error ends the document: it is past a limit that
// only a hostile one reaches.
func (r *reader) pathItem(path, item *yaml.Node) error {
	problem := r.unusable(path)
	path = shortened(path)
	chain, err := r.follow(item)
	if err != nil {
		return r.add(Operation{Path: path.Value, Problem: err.Error()})
	}
	if err := r.lost(path, chain); err != nil {
		return err
	}
	shared := r.first(chain, "parameters")
	for _, method := range methods {
		n := r.first(chain, strings.ToLower(method))
		if n == nil {
			continue
		}
		wants := r.security
		if own := r.get(n, "security"); !isNull(own) {
			wants = r.requirements(own)
		}
		op := Operation{Method: method, Path: path.Value, Security: wants.security, Alternatives: wants.alternatives, Problem: problem}
		if problem == "" {
			op.ID, op.Links, op.Answers = r.id(n), r.links(n), r.answers(n)
			op.Parameters, err = r.merge(shared, r.get(n, "parameters"))
			if err == nil && !isMapping(n) && !isNull(n) {
				err = r.errorf(n, "%s of %s is no object", strings.ToLower(method), quote(path.Value))
			}
			var unmade error
			op.Body, unmade = r.body(method, shared, n)
			if err = cmp.Or(err, unmade); err != nil {
				op.Problem = err.Error()
			}
		}
		if err := r.add(op); err != nil {
			return err
		}
	}
	return nil
}

// shortened is a path that is kept, though it is too long to be asked for.
func shortened(path *yaml.Node) *yaml.Node {
	if len(path.Value) <= maxPath {
		return path
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: short(path.Value), Line: path.Line, Column: path.Column}
}

// unusable says why no request can be made of a path, if so.
func (r *reader) unusable(path *yaml.Node) string {
	if _, err := parseTemplate(path.Value); err != nil {
		return r.errorf(path, "%v", err).Error()
	}
	return ""
}

func (r *reader) add(op Operation) error {
	if r.doc.Operations = append(r.doc.Operations, op); len(r.doc.Operations) > maxOperations {
		return r.errorf(nil, "has more than %d operations; scan it in parts", maxOperations)
	}
	if r.parameters > maxParameters {
		return r.errorf(nil, "has more than %d parameters; scan it in parts", maxParameters)
	}
	return nil
}

// first is the value of key in the first of chain that has it: beside a $ref fields are allowed in a
// path item and in a schema.
func (r *reader) first(chain []*yaml.Node, key string) *yaml.Node {
	for _, n := range chain {
		if v := r.get(n, key); v != nil {
			return v
		}
	}
	return nil
}

// servers are the base URLs of the whole document. Those of a single path or operation are left
// out: requests go to one origin, the one the user named.
func (r *reader) servers() []string {
	if r.swagger {
		return r.swaggerServers()
	}
	var list []string
	for _, server := range r.elements(r.get(r.root, "servers")) {
		u := text(r.get(server, "url"))
		var variables []string
		for name, variable := range r.pairs(r.get(server, "variables")) {
			if value := text(r.get(variable, "default")); value != "" && len(variables) < 2*maxList {
				variables = append(variables, "{"+name.Value+"}", value)
			}
		}
		if u = strings.NewReplacer(variables...).Replace(u); u != "" && len(u) <= maxPath {
			list = append(list, u)
		}
	}
	return list
}

// swaggerServers puts them together from schemes, host and basePath. A host without schemes is
// taken for https.
func (r *reader) swaggerServers() []string {
	host, base := text(r.get(r.root, "host")), text(r.get(r.root, "basePath"))
	if len(host)+len(base) > maxPath {
		return nil
	}
	if host == "" {
		return slices.DeleteFunc([]string{base}, func(s string) bool { return s == "" })
	}
	var list []string
	for _, scheme := range r.elements(r.get(r.root, "schemes")) {
		list = append(list, fmt.Sprintf("%s://%s%s", short(text(scheme)), host, base))
	}
	if list == nil {
		list = []string{"https://" + host + base}
	}
	return list
}

// elements are the first of a sequence; none of anything else.
func (r *reader) elements(n *yaml.Node) []*yaml.Node {
	if n = plain(n); !isSequence(n) {
		return nil
	}
	return n.Content[:min(len(n.Content), maxList)]
}
