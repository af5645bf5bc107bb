package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Verify says how bearer tokens are verified. A nil field was not written; where all are nil, nobody verifies, and
// tokens are told apart without being understood.
type Verify struct {
	Issuer        *Issuer       `json:"issuer"`
	Audience      []Audience    `json:"audience"` // never empty but nil
	JWKS          *KeySource    `json:"jwks"`
	Algorithms    []Algorithm   `json:"algorithms"` // never empty but nil
	AccessTokens  *AccessTokens `json:"access_tokens"`
	Leeway        *Duration     `json:"leeway"`
	HMACSecret    *SecretRef    `json:"hmac_secret"`
	Introspection *Endpoint     `json:"introspection"`
	ClientID      *ClientID     `json:"client_id"`
	ClientSecret  *SecretRef    `json:"client_secret"`
	Remember      *Duration     `json:"remember"`
	RememberBad   *Duration     `json:"remember_bad"`
	Anonymous     *Nobody       `json:"anonymous"`
}

// VerifyDefaults is what a verify mapping means beyond what it says. Whether there is one they do not say.
func VerifyDefaults() Verify {
	return Verify{
		AccessTokens: new(AccessTokensAny),
		Leeway:       new(Duration(30 * time.Second)),
		Remember:     new(Duration(time.Minute)),
		RememberBad:  new(Duration(10 * time.Second)),
		Anonymous:    new(NobodyPass),
	}
}

// Absent reports that nothing of v was written.
func (v Verify) Absent() bool { return reflect.ValueOf(v).IsZero() }

// Or is v where v says something, and otherwise what other says.
func (v Verify) Or(other Verify) Verify {
	fill(&v.Issuer, other.Issuer)
	fill(&v.JWKS, other.JWKS)
	fill(&v.AccessTokens, other.AccessTokens)
	fill(&v.Leeway, other.Leeway)
	fill(&v.HMACSecret, other.HMACSecret)
	fill(&v.Introspection, other.Introspection)
	fill(&v.ClientID, other.ClientID)
	fill(&v.ClientSecret, other.ClientSecret)
	fill(&v.Remember, other.Remember)
	fill(&v.RememberBad, other.RememberBad)
	fill(&v.Anonymous, other.Anonymous)
	if v.Audience == nil {
		v.Audience = slices.Clone(other.Audience)
	}
	if v.Algorithms == nil {
		v.Algorithms = slices.Clone(other.Algorithms)
	}
	return v
}

// Introspects reports that the authorization server is asked about each token (RFC 7662), and not its keys.
func (v Verify) Introspects() bool { return v.Introspection != nil || v.ClientID != nil }

// problems finds what makes no sense in v, which is not absent.
func (v Verify) problems() []problem {
	var all []problem
	refuse := func(key, why string) {
		if why != "" {
			all = append(all, problem{strings.TrimSuffix("verify."+key, "."), why})
		}
	}
	switch {
	case v.Issuer == nil:
		refuse("", "has no issuer; add one such as issuer: https://login.example, or --verify-issuer https://login.example")
	case v.JWKS == nil && v.HMACSecret == nil && v.Introspection == nil:
		refuse("issuer", v.Issuer.discoverable())
	}
	if v.Audience == nil && !v.Introspects() { // whom the endpoint vouches to, it decides (RFC 7662 §4)
		refuse("", "has no audience: a token that was made for another API would do here; add one such as audience: [https://api.example], or --verify-audience https://api.example")
	}
	v.keyProblems(refuse)
	v.introspectionProblems(refuse)
	refuse("leeway", v.Leeway.outside(0, Duration(5*time.Minute)))
	refuse("remember", v.Remember.outside(Duration(time.Second), Duration(24*time.Hour)))
	refuse("remember_bad", v.RememberBad.outside(Duration(time.Second), Duration(time.Hour)))
	return all
}

func (v Verify) keyProblems(refuse func(key, why string)) {
	if v.JWKS != nil && v.HMACSecret != nil {
		refuse("hmac_secret", "contradicts jwks: one of them says what tokens are signed with; remove the other")
		return
	}
	for _, a := range v.Algorithms {
		switch {
		case a.symmetric() && v.HMACSecret == nil:
			refuse("algorithms", fmt.Sprintf("names %s, which needs hmac_secret: a public key that is taken for a secret is known to everybody; remove it", a))
			return
		case !a.symmetric() && v.HMACSecret != nil:
			refuse("algorithms", fmt.Sprintf("names %s, which hmac_secret cannot be the key of; remove it", a))
			return
		}
	}
}

func (v Verify) introspectionProblems(refuse func(key, why string)) {
	if !v.Introspects() {
		if v.ClientSecret != nil {
			refuse("client_secret", "is of no use without introspection; remove it, or add client_id and introspection")
		}
		return
	}
	if v.ClientID == nil {
		refuse("introspection", "needs client_id and client_secret: an authorization server answers those it knows (RFC 7662 §2.1); add them")
	} else if v.ClientSecret == nil {
		refuse("client_id", "has no client_secret; add one such as client_secret: env:BEARCACHE_VERIFY_CLIENT_SECRET, or set that variable")
	}
	const instead = "contradicts introspection: the authorization server is asked about each token, or its keys are used; remove one of them"
	of := func(key string, written bool) {
		if written {
			refuse(key, instead)
		}
	}
	of("jwks", v.JWKS != nil)
	of("hmac_secret", v.HMACSecret != nil)
	of("algorithms", v.Algorithms != nil)
	of("access_tokens", v.AccessTokens != nil && *v.AccessTokens == AccessTokensRFC9068)
}

func (d *decoder) verify(n *node, at string) (v Verify) {
	if n.kind == null { // or every line below it is a comment: to say nothing of it would leave verification off
		d.problem(n.place, at, "is empty; write issuer and audience, or remove the line")
		return v
	}
	before := len(d.errs)
	d.mapping(n, at, `{issuer: https://login.example, audience: [https://api.example]}`, []field{
		{"issuer", into(d, &v.Issuer)},
		{"audience", listOf(d, &v.Audience, "[https://api.example]", "then no token is for this API; name one, or remove verify")},
		{"jwks", into(d, &v.JWKS)},
		{"algorithms", listOf(d, &v.Algorithms, "[RS256, ES256]", "then no token is good; name one or remove the line")},
		{"access_tokens", into(d, &v.AccessTokens)},
		{"leeway", into(d, &v.Leeway)},
		{"hmac_secret", into(d, &v.HMACSecret)},
		{"introspection", into(d, &v.Introspection)},
		{"client_id", into(d, &v.ClientID)},
		{"client_secret", into(d, &v.ClientSecret)},
		{"remember", into(d, &v.Remember)},
		{"remember_bad", into(d, &v.RememberBad)},
		{"anonymous", into(d, &v.Anonymous)},
	})
	if len(d.errs) > before { // what could not be read is not missing
		return v
	}
	for _, p := range v.problems() {
		place, written := d.written[p.key]
		if !written {
			place = n.place
		}
		d.problem(place, p.key, "%s", p.problem)
	}
	return v
}

// listOf reads a list of scalars, none twice.
func listOf[T comparable, P interface {
	*T
	scalar
}](d *decoder, dst *[]T, example, empty string) reader {
	return func(n *node, at string) {
		first := map[T]int{}
		d.list(n, at, example, func(n *node, at string) {
			var one P
			if into(d, &one)(n, at); one == nil {
				return
			}
			if line, twice := first[*one]; twice {
				d.problem(n.place, at, "is already in line %d; remove one of them", line)
				return
			}
			first[*one] = n.line
			*dst = append(*dst, *one)
		})
		if n.kind == list && len(n.items) == 0 {
			d.problem(n.place, at, "is empty; %s", empty)
		}
		if len(*dst) > maxList {
			d.problem(n.place, at, "has %d entries; %d at most", len(*dst), maxList)
		}
	}
}

const maxList = 50
