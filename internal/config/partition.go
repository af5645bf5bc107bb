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
//	token                              a reader for each token
//	claims                             … for each iss, sub, and what else says what a bearer may do: see impliedByClaims
//	{claims: [tenant]}                 … and for each tenant
//	{claims: [tenant], without: [acr]} … whatever acr is
//
// and, at a route alone, where what is not one reader's own is shared by several of them:
//
//	scope                              all tokens of one iss with the same scope, aud and authorization_details
//	{scope: [roles]}                   … and the same roles
//	{scope: [roles], without: [aud]}   … whatever aud is
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

// impliedByClaims count for a reader without being named. The user may be the same and still be shown something else: by
// what the token is for and to whom it was given (RFC 9068 §2.2), by the user's roles (RFC 9068 §2.2.3.1), by rights in
// detail (RFC 9396), since somebody acts for the user (RFC 8693 §4.1), or by how the user was authenticated (RFC 9470).
// Claims of an issuer's own are known to those alone who use it.
var impliedByClaims = []ClaimName{"scope", "aud", "client_id", "roles", "groups", "entitlements", "authorization_details", "act", "acr"}

// impliedByScope count for a group without being named: what a token is for. Who its members are is said by naming claims.
var impliedByScope = []ClaimName{"scope", "aud", "authorization_details"}

func implied(group bool) []ClaimName {
	if group {
		return impliedByScope
	}
	return impliedByClaims
}

// tellsAlways are claims that no partition leaves out, so that to name them is to say nothing.
var tellsAlways = []ClaimName{"iss", "sub"}

// UnmarshalText reads a partition that is one word, as a flag has it.
func (p *Partition) UnmarshalText(b []byte) error {
	switch string(b) {
	case "token":
		*p = Partition{}
	case "claims":
		*p = Partition{ByClaims: true, Optional: slices.Clone(impliedByClaims)}
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
	return word + ": [" + listed(p.Required) + "]"
}

func listed(claims []ClaimName) string {
	names := make([]string, len(claims))
	for i, name := range claims {
		names[i] = string(name)
	}
	return strings.Join(names, ", ")
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
	named := func(into *bool, word, anyway string) reader {
		return func(n *node, at string) {
			*into, written = true, append(written, word)
			p.Required = d.claims(n, at, "[tenant]", "name a claim such as [tenant], or write partition: "+word+"; to leave something out and no more, name "+anyway+", which counts anyway",
				func(ClaimName) string { return "" })
		}
	}
	fields := []field{{"claims", named(&p.ByClaims, "claims", "[sub]")}}
	if route {
		fields = append(fields, field{"scope", named(&p.ByScope, "scope", "[iss]")})
	}
	group := route && slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key == "scope" })
	fields = append(fields, field{"without", func(n *node, at string) {
		without = d.claims(n, at, "[aud]", "name what is not to count, or remove it", func(c ClaimName) string {
			if slices.Contains(implied(group), c) {
				return ""
			}
			return "can leave out " + listed(implied(group)) + " only; " + listed(always(group)) + " cannot be left out, and other claims count only where they are named"
		})
	}})
	d.mapping(n, at, "{claims: [tenant]}", fields)
	switch {
	case len(d.errs) > before:
		return nil
	case len(written) == 2:
		d.problem(n.place, at, "has both claims and scope; remove one")
	case len(written) == 0 && route:
		d.problem(n.place, at, "has neither claims nor scope; add one such as claims: [tenant], or claims: [sub], which counts anyway, to leave something out and no more")
	case len(written) == 0:
		d.problem(n.place, at, "has no claims; add some such as claims: [tenant], or claims: [sub], which counts anyway, to leave something out and no more")
	}
	for _, name := range without {
		if slices.Contains(p.Required, name) {
			d.problem(d.written[at+".without"], at+".without", "leaves out %s, which %s names; remove one of them", name, written[0])
		}
	}
	if len(d.errs) > before {
		return nil
	}
	for _, name := range implied(p.ByScope) {
		if !slices.Contains(without, name) && !slices.Contains(p.Required, name) {
			p.Optional = append(p.Optional, name)
		}
	}
	p.Required = slices.DeleteFunc(p.Required, func(c ClaimName) bool { return slices.Contains(always(p.ByScope), c) })
	slices.Sort(p.Required) // an order that nobody can see makes no other partition
	if p.ByScope && len(p.Required)+len(p.Optional) == 0 {
		d.problem(n.place, at, "leaves nothing that tells tokens apart, so that all of the issuer would share; name a claim, or leave out less")
		return nil
	}
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
		return &Partition{ByScope: true, Optional: slices.Clone(impliedByScope)}
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
	list := func(item jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "array", Items: &item, UniqueItems: true, MinItems: new(uint64(1)), MaxItems: new(uint64(maxClaims))}
	}
	names := func() *jsonschema.Schema { return list(ClaimName("").shape().schema) }
	var omitted []any // what either word may leave out
	for _, name := range impliedByClaims {
		omitted = append(omitted, name)
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
	properties.Set("without", list(jsonschema.Schema{Enum: omitted}))
	form.Properties = properties
	return &jsonschema.Schema{Description: description, AnyOf: []*jsonschema.Schema{&word, form}}
}
