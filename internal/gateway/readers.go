package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/texts"
)

// Readers says what tells the readers of verified tokens apart. The zero Readers are each token by itself.
type Readers struct {
	// Claims make a reader, beside issuer and subject. Nil: each token is one.
	Claims *ClaimSet
	// Group makes, beside the issuer, a group of readers who share what the origin does not call private. Nil: none do.
	Group *ClaimSet
}

// ClaimSet names claims whose values count.
type ClaimSet struct {
	// Required must be stated: where one is not, a token is a reader by itself, and in no group.
	Required []string
	// Optional may be missing, which is a value of theirs.
	Optional []string
	// Key is the key of the configuration that names Required, for the log.
	Key string
}

// Marks at the start of a text: what the rest is about. Texts with different marks are different.
const (
	ofSubject = "s" // the issuer named a subject
	ofClient  = "c" // it named none, but the client that the token was given to
	ofToken   = "j" // nor that, but the token
	ofItself  = "t" // the token, whatever it says
	ofGroup   = "g"
)

// known puts what Identify needs into the claims that a Verifier vouches for, before they are remembered: it is made
// once for a token, and not once for a request.
type known struct {
	verifier bearer.Verifier
	readers  []Readers
	named    *named
	told     func(error) // what came of it
}

// Verify returns claims whose Scope is the texts of all readers, one behind another. Nobody else reads these claims.
func (k known) Verify(ctx context.Context, token string) (*bearer.Claims, error) {
	claims, err := k.verifier.Verify(ctx, token)
	if err == nil && claims == nil {
		err = errSilent
	}
	k.told(err)
	if err != nil {
		return nil, err
	}
	k.named.see(claims)
	var packed []byte
	for _, readers := range k.readers {
		own, group := readers.texts(claims)
		if own == "" {
			own = itself(token)
		}
		packed = texts.Append(texts.Append(packed, own), group)
	}
	// Nothing more of the claims is kept: there may be a hundred thousand of them.
	return &bearer.Claims{Issuer: claims.Issuer, Subject: claims.Subject, ClientID: claims.ClientID, ID: claims.ID,
		IssuedAt: claims.IssuedAt, NotBefore: claims.NotBefore, Expires: claims.Expires, Scope: string(packed)}, nil
}

// itself stands for a token that is a reader by itself.
func itself(token string) string { return digest(ofItself, []byte(token)) }

// digest stands for a text, behind its mark: a request and what is remembered of a token cost the same, whatever rights the token
// lists. It is under no key, so that an exchange of secrets loses nothing: it leaves memory in sealed records only.
func digest(mark string, text []byte) string {
	sum := sha256.Sum256(text)
	return mark + string(sum[:])
}

// named are the claims that partitions name. Without one a token shares less, and so nobody would see that the name is
// misspelt, or a path such as realm_access.roles, where a name is that of a claim as it stands in the token.
type named struct {
	claims  []*namedClaim
	lacking atomic.Uint64 // tokens without one of them, by each verification
	logger  *slog.Logger
}

type namedClaim struct {
	name, key string
	had       atomic.Bool // by some token
	told      atomic.Bool
}

// add has the claims that sets name looked for, each once.
func (n *named) add(readers []Readers) {
	for _, r := range readers {
		for _, set := range []*ClaimSet{r.Claims, r.Group} {
			if set == nil {
				continue
			}
			for _, name := range set.Required {
				if !slices.ContainsFunc(n.claims, func(c *namedClaim) bool { return c.name == name }) {
					n.claims = append(n.claims, &namedClaim{name: name, key: set.Key})
				}
			}
		}
	}
}

// see looks for the named claims in a token that was verified. A claim that none has had is told of, once.
func (n *named) see(c *bearer.Claims) {
	lacks := false
	for _, claim := range n.claims {
		if _, stated := appendClaim(nil, c, claim.name); stated {
			claim.had.Store(true)
			continue
		}
		lacks = true
		if !claim.had.Load() && claim.told.CompareAndSwap(false, true) {
			n.logger.Warn("no token so far has had a claim that a partition names: each token without it is a reader by itself, or in no group. "+
				"A name is that of a claim as it stands in tokens; no dot in it leads into a claim", "claim", claim.name, "key", claim.key)
		}
	}
	if lacks {
		n.lacking.Add(1)
	}
}

// texts are what stands in an Identity's Scope and Group. Without own the token is a reader by itself.
func (r Readers) texts(c *bearer.Claims) (own, group string) {
	_, mark := subject(c)
	if r.Claims != nil && mark != "" {
		own = r.Claims.text(mark, c)
	}
	if r.Group != nil {
		group = r.Group.text(ofGroup, c)
	}
	return own, group
}

// text stands for the values of the claims, behind their names and lengths, so that no two choices of values have one text; it
// is empty where one is missing that must be there.
func (s *ClaimSet) text(mark string, c *bearer.Claims) string {
	var b []byte
	for _, name := range s.Required {
		var stated bool
		if b, stated = appendClaim(b, c, name); !stated {
			return ""
		}
	}
	for _, name := range s.Optional {
		b, _ = appendClaim(b, c, name)
	}
	return digest(mark, b)
}

// spellings are the names of claims that issuers write differently. A token that has both says something else than one
// that has the first.
func spellings(name string) []string {
	switch name {
	case "scope":
		return []string{"scope", "scp"}
	case "client_id":
		return []string{"client_id", "azp"}
	}
	return []string{name}
}

// appendClaim appends a claim's name and its values, or that there are none. A claim that says nothing is not stated: issuers
// write it for users of whom they know nothing, who have only that in common.
func appendClaim(b []byte, c *bearer.Claims, name string) (_ []byte, stated bool) {
	b = texts.Append(b, name)
	for _, spelling := range spellings(name) {
		value, ok := c.Canonical(spelling)
		if !ok {
			b = texts.AppendNumber(b, 0)
			continue
		}
		stated = stated || !saysNothing(value)
		b = texts.Append(texts.AppendNumber(b, 1), value)
	}
	return b, stated
}

// saysNothing reports a value, in JSON, without anything in it: null, a blank text, an empty mapping, and a list that has no more
// than these.
func saysNothing(value string) bool {
	var v any
	return json.Unmarshal([]byte(value), &v) == nil && void(v)
}

func void(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return !slices.ContainsFunc(v, func(one any) bool { return !void(one) })
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// subject is whom a token speaks of, never empty. The mark is empty where it speaks of nobody: its bearer is then
// known by the token alone.
func subject(c *bearer.Claims) (name, mark string) {
	switch {
	case c.Subject != "":
		return c.Subject, ofSubject
	case c.ClientID != "":
		return c.ClientID, ofClient
	case c.ID != "":
		return c.ID, ofToken
	}
	return "token", ""
}

// errSilent is a Verifier that says neither whose a token is nor why it is bad.
var errSilent = errors.New("the verifier says nothing of a token")

// errReaders is a Route that names Readers which Options does not have: what tells the reader is not known.
var errReaders = errors.New("a route names readers that there are not")

// identify says whom a request is made for, where tokens are verified. Of credentials that nobody verified it is
// whoever holds them.
func (g *Gateway) identify(r *http.Request) (bearcache.Identity, error) {
	e := entryOf(r.Context())
	if e.claims == nil {
		if !g.presents(r.Header) {
			return bearcache.Anonymous, nil
		}
		return bearcache.Identity{Subject: "credentials", Joined: g.credentials}, nil
	}
	// The texts stand for the token. What else the request carries joins them, and the group.
	id := bearcache.Identity{Issuer: e.claims.Issuer, Until: e.claims.Expires, Joined: g.unverified}
	var mark string
	id.Subject, mark = subject(e.claims)
	if id.Scope, id.Group = unpack(e.claims.Scope, e.route.Readers); id.Scope == "" {
		return bearcache.Identity{}, errReaders
	}
	if mark == "" { // all tokens that speak of nobody are not one subject's
		id.Subject = id.Scope
	}
	id.Renewable = !strings.HasPrefix(id.Scope, ofItself)
	return id, nil
}

// unpack takes apart what known.Verify packed. It does not allocate.
func unpack(packed string, readers int) (own, group string) {
	for range 2 * readers {
		_, packed, _ = texts.Cut(packed)
	}
	own, packed, _ = texts.Cut(packed)
	group, _, _ = texts.Cut(packed)
	return own, group
}

// presents reports whether one of the fields is there that say who asks.
func (g *Gateway) presents(h http.Header) bool {
	for _, name := range g.credentials {
		if _, ok := h[name]; ok {
			return true
		}
	}
	return false
}

// withoutAuthorization are the fields that no Verifier looks at.
func withoutAuthorization(credentials []string) []string {
	list := []string{} // not nil: that a field is there tells readers apart
	for _, name := range credentials {
		if !strings.EqualFold(name, "Authorization") {
			list = append(list, name)
		}
	}
	return list
}
