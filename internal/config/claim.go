package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/invopop/jsonschema"
)

// ClaimName is the name of a claim of a token (RFC 7519 §4), as it stands there.
type ClaimName string

var claimSyntax = regexp.MustCompile(`^[!-~]{1,100}$`)

// ofOneToken are claims that differ from token to token: to tell readers apart by them is to have a partition for each
// token, which is what there is without them.
var ofOneToken = []string{"exp", "iat", "nbf", "jti"}

func (ClaimName) shape() shape {
	return shape{want: "the name of a claim such as tenant", schema: jsonschema.Schema{
		Type: "string", Pattern: claimSyntax.String(), Examples: []any{"tenant", "roles"},
	}}
}

// UnmarshalText reads the name of a claim.
func (c *ClaimName) UnmarshalText(b []byte) error {
	text := string(b)
	switch {
	case !claimSyntax.Match(b):
		return errors.New("is not the name of a claim: 1 to 100 characters of ASCII without spaces; write one such as tenant")
	case slices.Contains(ofOneToken, text):
		return fmt.Errorf("%s differs from token to token and tells no readers apart; write partition: token to have one for each token", text)
	}
	*c = ClaimName(text)
	return nil
}

func (c ClaimName) String() string { return string(c) }

// claims reads a list of names, none twice. Of an empty one, empty says what to write instead.
func (d *decoder) claims(n *node, at, example, empty string, check func(ClaimName) string) []ClaimName {
	all := []ClaimName{}
	first := map[ClaimName]int{}
	d.list(n, at, example, func(n *node, at string) {
		var name *ClaimName
		if into(d, &name)(n, at); name == nil {
			return
		}
		if line, twice := first[*name]; twice {
			d.problem(n.place, at, "%s is already in line %d; remove one of them", show(string(*name)), line)
			return
		}
		if why := check(*name); why != "" {
			d.problem(n.place, at, "%s", why)
			return
		}
		first[*name] = n.line
		all = append(all, *name)
	})
	if n.kind == list && len(n.items) == 0 {
		d.problem(n.place, at, "is empty; %s", empty)
	}
	if len(all) > maxClaims {
		d.problem(n.place, at, "names %d claims; %d at most", len(all), maxClaims)
	}
	return all
}

// maxClaims is more than anybody tells readers apart by.
const maxClaims = 20
