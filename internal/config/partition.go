package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Partition says what tells readers apart where tokens are verified. The zero Partition is each token by itself. It is
// written
//
//	token                                a reader for each token
//	claims                               … for each iss, sub, scope, aud and client_id
//	{claims: [tenant]}                   … for each iss, sub, tenant, scope and aud
//	{claims: [tenant], without: [scope]} … for each iss, sub, tenant and aud
//
// and, at a route alone, where what is not one reader's own is shared by several of them:
//
//	scope                                all tokens of one iss with the same scope and aud
//	{scope: [roles]}                     … and the same roles
//	{scope: [roles], without: [aud]}     … whatever aud is
type Partition struct {
	// ByClaims: the claims make the reader, beside iss and sub.
	ByClaims bool
	// ByScope: the claims make a group of readers, beside iss.
	ByScope bool
	// Required are the claims that were named. A token without one of them has a partition of its own, and no group.
	Required []ClaimName
	// Optional are those that count without being named: that a token has none is a value of theirs, too.
	Optional []ClaimName
}

// alone is the partition that is not written as a mapping.
type alone string

func (alone) shape() shape { return words("token", "claims", "scope") }

// Partition's shape is that of its words; partitionForm adds the mapping to the schema.
func (Partition) shape() shape { return words("token", "claims") }

// implied are the claims that a mapping counts in without their being named: they are what an origin looks at first.
var implied = []ClaimName{"scope", "aud"}

// tellsAlways are claims that no partition leaves out, so that to name them is to say nothing.
var tellsAlways = []ClaimName{"iss", "sub"}

// UnmarshalText reads a partition that is one word, as a flag has it.
func (p *Partition) UnmarshalText(b []byte) error {
	switch string(b) {
	case "token":
		*p = Partition{}
	case "claims":
		*p = Partition{ByClaims: true, Optional: []ClaimName{"scope", "aud", "client_id"}}
	case "scope":
		return errors.New("scope has readers share what they get, and so must be said of a route: partition: scope below its match")
	default:
		if strings.ContainsAny(string(b), "{[") {
			return errors.New("a list of claims belongs into the configuration file; here token or claims")
		}
		return fmt.Errorf("%s is not one of token, claims", show(string(b)))
	}
	return nil
}

func (p Partition) String() string {
	var word string
	switch {
	case p.ByScope:
		word = "scope"
	case p.ByClaims:
		word = "claims"
	default:
		return "token"
	}
	if len(p.Required) == 0 {
		return word
	}
	names := make([]string, len(p.Required))
	for i, name := range p.Required {
		names[i] = string(name)
	}
	return word + ": [" + strings.Join(names, ", ") + "]"
}

// breadth orders partitions by how many requests may share a response. That of the zero pointer, whatever the default
// is, is the one of claims.
func (p *Partition) breadth() int {
	switch {
	case p != nil && p.ByScope:
		return 2
	case p == nil || p.ByClaims:
		return 1
	}
	return 0
}

// narrower is true where other may share what p does not.
func (p *Partition) narrower(other *Partition) bool {
	if p.breadth() != other.breadth() {
		return p.breadth() < other.breadth()
	}
	switch {
	case p == nil && other == nil, p.breadth() == 0:
		return false
	case p == nil || other == nil:
		return true // of two that may differ
	}
	return !slices.Equal(p.Required, other.Required) || !slices.Equal(p.Optional, other.Optional)
}

// partition reads either form. Of a route it may be a scope.
func (d *decoder) partition(n *node, at string, route bool) *Partition {
	if n.kind != mapping {
		return d.partitionWord(n, at, route)
	}
	var p Partition
	var without []ClaimName
	var written []string
	before := len(d.errs)
	named := func(into *bool, word string) reader {
		return func(n *node, at string) {
			*into, written = true, append(written, word)
			p.Required = d.claims(n, at, "[tenant]", func(ClaimName) string { return "" })
		}
	}
	fields := []field{{"claims", named(&p.ByClaims, "claims")}}
	if route {
		fields = append(fields, field{"scope", named(&p.ByScope, "scope")})
	}
	fields = append(fields, field{"without", func(n *node, at string) {
		without = d.claims(n, at, "[scope, aud]", func(c ClaimName) string {
			if !slices.Contains(implied, c) {
				return "can leave out scope and aud only; issuer and subject always count, and other claims where they are named"
			}
			return ""
		})
	}})
	d.mapping(n, at, "{claims: [tenant]}", fields)
	switch {
	case len(d.errs) > before:
		return nil
	case len(written) == 2:
		d.problem(n.place, at, "has both claims and scope; remove one")
	case len(written) == 0 && route:
		d.problem(n.place, at, "has neither claims nor scope; add one such as claims: [tenant]")
	case len(written) == 0:
		d.problem(n.place, at, "has no claims; add some such as claims: [tenant]")
	}
	for _, name := range without {
		if slices.Contains(p.Required, name) {
			d.problem(d.written[at+".without"], at+".without", "leaves out %s, which %s names; remove one of them", name, written[0])
		}
	}
	if len(d.errs) > before {
		return nil
	}
	for _, name := range implied {
		if !slices.Contains(without, name) && !slices.Contains(p.Required, name) {
			p.Optional = append(p.Optional, name)
		}
	}
	p.Required = slices.DeleteFunc(p.Required, func(c ClaimName) bool { return slices.Contains(always(p.ByScope), c) })
	slices.Sort(p.Required) // an order that nobody can see makes no other partition
	return &p
}

// always are the claims that count in any case: of a group, the issuer alone.
func always(group bool) []ClaimName {
	if group {
		return tellsAlways[:1]
	}
	return tellsAlways
}

func (d *decoder) partitionWord(n *node, at string, route bool) *Partition {
	if !route {
		var p *Partition
		into(d, &p)(n, at)
		return p
	}
	var word *alone
	if into(d, &word)(n, at); word == nil {
		return nil
	}
	if *word == "scope" {
		return &Partition{ByScope: true, Optional: slices.Clone(implied)}
	}
	p := new(Partition)
	if err := p.UnmarshalText([]byte(*word)); err != nil {
		d.problem(n.place, at, "%s", err)
		return nil
	}
	return p
}

// UnmarshalText reads the word.
func (a *alone) UnmarshalText(b []byte) error { return oneOf(a, b, "token", "claims", "scope") }

// partitionForm is the schema of either form.
func partitionForm(description string, route bool) *jsonschema.Schema {
	names := func(enum ...any) *jsonschema.Schema {
		item := ClaimName("").shape().schema
		if enum != nil {
			item = jsonschema.Schema{Enum: enum}
		}
		return &jsonschema.Schema{Type: "array", Items: &item, UniqueItems: true, MaxItems: new(uint64(maxClaims))}
	}
	properties := jsonschema.NewProperties()
	properties.Set("claims", names())
	word := Partition{}.shape().schema
	form := &jsonschema.Schema{Type: "object", AdditionalProperties: jsonschema.FalseSchema, Required: []string{"claims"}}
	if route {
		properties.Set("scope", names())
		word = alone("").shape().schema
		form.Required, form.OneOf = nil, []*jsonschema.Schema{has("claims"), has("scope")}
	}
	properties.Set("without", names("scope", "aud"))
	form.Properties = properties
	return &jsonschema.Schema{Description: description, AnyOf: []*jsonschema.Schema{&word, form}}
}
