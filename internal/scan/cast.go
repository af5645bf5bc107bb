package scan

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// cast is who is who among the identities that were given.
type cast struct {
	readers  []*Identity                   // different users, one token each
	narrower map[*Identity][]*Identity     // of a reader: the same user with less scope
	twins    []*Identity                   // the same user with the same scope as a reader, who may share what is stored
	claims   map[*Identity]map[string]bool // that name the readers
}

// castOf sorts identities. What --downscoped does not say, tokens do that are JWTs of one issuer and subject; for
// other tokens each is taken for a user of its own.
func castOf(all []*Identity) cast {
	c := cast{narrower: make(map[*Identity][]*Identity), claims: make(map[*Identity]map[string]bool)}
	users := make(map[string][]*Identity)
	for _, id := range all {
		c.claims[id] = claimsOf(id.token().Reveal())
		broad := slices.IndexFunc(all, func(o *Identity) bool { return id.Narrows != "" && o.Name == id.Narrows })
		if broad >= 0 {
			c.narrower[all[broad]] = append(c.narrower[all[broad]], id)
			continue
		}
		user := userOfToken(id.token().Reveal())
		if user == "" {
			user = "\x00" + id.Name
		}
		users[user] = append(users[user], id)
	}
	for _, id := range all {
		for _, group := range users {
			if group[0] != id {
				continue
			}
			broadest := slices.MaxFunc(group, func(a, b *Identity) int { return len(scopeOf(a)) - len(scopeOf(b)) })
			c.readers = append(c.readers, broadest)
			for _, other := range group {
				switch {
				case other == broadest:
				case len(scopeOf(other)) < len(scopeOf(broadest)) && subset(scopeOf(other), scopeOf(broadest)):
					c.narrower[broadest] = append(c.narrower[broadest], other)
				default:
					c.twins = append(c.twins, other)
				}
			}
		}
	}
	if len(c.readers) == 0 { // each narrows another, in a circle
		c.readers = all[:1]
		for broad, list := range c.narrower {
			c.narrower[broad] = slices.DeleteFunc(list, func(id *Identity) bool { return id == all[0] })
		}
	}
	return c
}

// payload is what a token that has the shape of a JWT claims. It verifies nothing.
func payload(token string) map[string]any {
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		return nil
	}
	var claims map[string]any
	if json.Unmarshal(data, &claims) != nil {
		return nil
	}
	return claims
}

func userOfToken(token string) string {
	claims := payload(token)
	sub, ok := claims["sub"].(string)
	if !ok || sub == "" {
		return ""
	}
	return fmt.Sprint(claims["iss"]) + "\x00" + sub
}

// scopeOf is what a token may do, of the claims that usually say so, sorted and each once.
func scopeOf(id *Identity) []string {
	claims := payload(id.token().Reveal())
	var list []string
	for _, name := range []string{"scope", "scp", "roles", "permissions", "groups", "entitlements"} {
		switch v := claims[name].(type) {
		case string:
			for _, s := range strings.Fields(v) {
				list = append(list, name+" "+s)
			}
		case []any:
			for _, s := range v {
				list = append(list, fmt.Sprint(name, " ", s))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}
