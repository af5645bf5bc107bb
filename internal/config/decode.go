package config

import (
	"encoding"
	"fmt"
	"regexp"
	"slices"

	"github.com/invopop/jsonschema"
)

// scalar is a value that is written as one word. Its file hides its syntax.
type scalar interface {
	// UnmarshalText says what is wrong and what to write instead, for a flag as for the file.
	encoding.TextUnmarshaler
	shape() shape
}

// shape is what people and editors are told about a scalar.
type shape struct {
	want    string // completes "expected …" and ends with an example
	numbers bool   // may be written as a YAML number
	bools   bool   // may be written as a YAML boolean
	schema  jsonschema.Schema
}

// decoder walks a document and collects every problem. Its methods get the node and its key, and
// leave unset what they cannot read.
type decoder struct {
	errs    Errors
	written map[string]place // of the values read, for problems that show only later
}

func (d *decoder) problem(at place, key, format string, args ...any) {
	d.errs = append(d.errs, &Error{Line: at.line, Column: at.column, Key: key, Problem: fmt.Sprintf(format, args...)})
}

// reader reads the value of one key; at is the whole key, "routes[1].ttl".
type reader func(n *node, at string)

// field is one known key of a mapping.
type field struct {
	name string
	read reader
}

// mapping reads what it knows and refuses the rest.
func (d *decoder) mapping(n *node, at, example string, fields []field) {
	if n.kind != mapping {
		d.problem(n.place, at, "expected a mapping such as %s, not %s", example, n.kind)
		return
	}
	first := map[string]place{}
	for i := range n.pairs {
		p := &n.pairs[i]
		key := join(at, p.key)
		if earlier, twice := first[p.key]; twice {
			d.problem(p.place, nameable(at, p.key), "is already set in line %d; remove one of them", earlier.line)
			continue
		}
		first[p.key] = p.place
		if i := slices.IndexFunc(fields, func(f field) bool { return f.name == p.key }); i >= 0 {
			fields[i].read(&p.value, key)
			d.written[key] = p.value.place
			continue
		}
		d.problem(p.place, nameable(at, p.key), "there is no such key; %s", didYouMean(p.key, names(fields)))
	}
}

func names(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

var keySyntax = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// nameable is the whole key, unless what was written as a key may be, or hold, a secret: a line of another kind of file.
func nameable(at, key string) string {
	if MaySecret(key) || !keySyntax.MatchString(key) {
		return join(at, "(not shown)")
	}
	return join(at, key)
}

// list reads each item.
func (d *decoder) list(n *node, at, example string, item reader) {
	if n.kind != list {
		d.problem(n.place, at, "expected a list such as %s, not %s", example, n.kind)
		return
	}
	for i := range n.items {
		item(&n.items[i], fmt.Sprintf("%s[%d]", at, i))
	}
}

// into reads a scalar into *dst, which stays nil where the value is bad.
func into[T any, P interface {
	*T
	scalar
}](d *decoder, dst *P) reader {
	return func(n *node, at string) {
		value := P(new(T))
		s := value.shape()
		switch n.kind {
		case null:
			d.problem(n.place, at, "has no value; expected %s", s.want)
			return
		case list, mapping:
			d.problem(n.place, at, "expected %s, not %s", s.want, n.kind)
			return
		}
		if err := value.UnmarshalText([]byte(n.text)); err != nil {
			d.problem(n.place, at, "%s", err)
			return
		}
		if n.kind == number && !s.numbers || n.kind == boolean && !s.bools {
			d.problem(n.place, at, "expected %s, not %s; put it in quotes", s.want, n.kind)
			return
		}
		*dst = value
	}
}

func (d *decoder) file(root *node) (f File) {
	if root.kind == null {
		return f
	}
	d.mapping(root, "", "serve: {listen: \":8080\"}", []field{
		{"serve", func(n *node, at string) { f.Serve = d.serve(n, at) }},
		{"verify", func(n *node, at string) { f.Verify = d.verify(n, at) }},
		{"routes", func(n *node, at string) { f.Routes = d.routes(n, at) }},
	})
	d.together(f)
	return f
}

// together finds what the sections make of each other. A route that could not be read
// has no number here.
func (d *decoder) together(f File) {
	if len(d.errs) > 0 {
		return
	}
	for _, p := range f.problems() {
		d.problem(d.written[p.key], p.key, "%s", p.problem)
	}
}

func (d *decoder) serve(n *node, at string) (s Serve) {
	if n.kind == null { // every line below it is a comment
		return s
	}
	d.mapping(n, at, `{listen: ":8080"}`, []field{
		{"upstream", into(d, &s.Upstream)},
		{"listen", into(d, &s.Listen)},
		{"admin", into(d, &s.Admin)},
		{"admin_token", into(d, &s.AdminToken)},
		{"store", into(d, &s.Store)},
		{"store_password", into(d, &s.StorePassword)},
		{"store_prefix", into(d, &s.StorePrefix)},
		{"store_ca", into(d, &s.StoreCA)},
		{"store_certificate", into(d, &s.StoreCertificate)},
		{"store_key", into(d, &s.StoreKey)},
		{"sentinel_password", into(d, &s.SentinelPassword)},
		{"partition", func(n *node, at string) { s.Partition = d.partition(n, at, false) }},
		{"authenticated_sharing", into(d, &s.AuthenticatedSharing)},
		{"memory", into(d, &s.Memory)},
		{"max_body", into(d, &s.MaxBody)},
		{"max_token_length", into(d, &s.MaxTokenLength)},
		{"realm", into(d, &s.Realm)},
		{"credentials", func(n *node, at string) { s.Credentials = d.credentials(n, at) }},
		{"url_tokens", into(d, &s.URLTokens)},
		{"upstream_timeout", into(d, &s.UpstreamTimeout)},
		{"credential_lifetime", into(d, &s.CredentialLifetime)},
		{"secret", into(d, &s.Secret)},
		{"previous_secret", into(d, &s.PreviousSecret)},
		{"log", into(d, &s.Log)},
	})
	for _, p := range s.problems() {
		d.problem(d.written[p.key], p.key, "%s", p.problem)
	}
	return s
}

func (d *decoder) credentials(n *node, at string) []FieldName {
	var all []FieldName
	first := map[FieldName]int{}
	d.list(n, at, "[Authorization, Cookie]", func(n *node, at string) {
		var name *FieldName
		if into(d, &name)(n, at); name == nil {
			return
		}
		if line, twice := first[*name]; twice {
			d.problem(n.place, at, "%s is already in line %d; remove one of them", *name, line)
			return
		}
		first[*name] = n.line
		all = append(all, *name)
	})
	if n.kind == list && len(n.items) == 0 {
		// Nobody's credentials would count, and every answer would go to everybody.
		d.problem(n.place, at, "is empty, so that every request would be anonymous; name a field or remove the line")
	}
	return all
}
