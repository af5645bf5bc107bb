package config

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// Grant is a file of its own: how the scanner gets the tokens of one identity at an OAuth 2 authorization server
// (RFC 6749). Like the configuration it says where secrets are, and holds none. A nil field was not written.
type Grant struct {
	TokenURL     *TokenURL // never nil, like ClientID
	ClientID     *ClientID
	ClientSecret *Source // nil: a public client, which has none
	RefreshToken *Source // nil: the grant is client_credentials
	Scope        *Scope
	Audience     *Audience
	Auth         *ClientAuth

	grant *grantType
}

// TokenURL is a token endpoint (RFC 6749 §3.2): an https URL, or an http one on this machine. Its errors never repeat it.
type TokenURL string

// Source says where a secret is, or what prints it: env:NAME, file:PATH or cmd:COMMAND. Its errors never repeat it.
type Source string

// Scope is one or more scope tokens (RFC 6749 §3.3).
type Scope string

// ClientAuth is how a client sends its secret (RFC 6749 §2.3.1), by its registered name.
type ClientAuth string

const (
	ClientSecretBasic ClientAuth = "client_secret_basic" // in the Authorization field
	ClientSecretPost  ClientAuth = "client_secret_post"  // in the request's body
)

// grantType is what a token is got for.
type grantType string

const (
	clientCredentials grantType = "client_credentials"
	refreshToken      grantType = "refresh_token"
)

var (
	sourceSyntax = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|(file|cmd):[^\x00-\x1f\x7f]+)$`)
	scopeSyntax  = regexp.MustCompile(`^[!#-\[\]-~]+( [!#-\[\]-~]+)*$`)
)

// None of these is in the configuration's schema.

func (TokenURL) shape() shape { return shape{want: "a URL such as https://login.example/token"} }
func (Source) shape() shape {
	return shape{want: "a source such as env:NAME, file:PATH or cmd:COMMAND"}
}
func (Scope) shape() shape      { return shape{want: "scopes such as orders:read profile"} }
func (ClientAuth) shape() shape { return words(string(ClientSecretBasic), string(ClientSecretPost)) }
func (grantType) shape() shape  { return words(string(clientCredentials), string(refreshToken)) }

// UnmarshalText reads a token endpoint.
func (t *TokenURL) UnmarshalText(b []byte) error {
	if u, err := url.Parse(string(b)); err == nil && u.Scheme == "http" && u.Hostname() != "" && !loopbackHost(u.Hostname()) {
		return errors.New("is not https: whoever is on the way could read the client's secret and its tokens; http is for loopback addresses alone")
	}
	if why := unsafeEndpoint(string(b), "https://login.example/token"); why != "" {
		return errors.New(why)
	}
	*t = TokenURL(b)
	return nil
}

// UnmarshalText reads a source. Its errors never repeat what was written: most likely it is the secret itself.
func (s *Source) UnmarshalText(b []byte) error {
	kind, rest, _ := strings.Cut(string(b), ":")
	switch {
	case sourceSyntax.Match(b):
		*s = Source(b)
		return nil
	case kind == "env":
		return errors.New("env: is followed by something that is not the name of a variable; write env:NAME")
	case kind != "file" && kind != "cmd":
		return errors.New("says neither env:, file: nor cmd:; a secret itself does not belong here, where it is copied, committed and shown: " +
			"write env:NAME, file:PATH or cmd:COMMAND")
	case rest == "":
		return errors.New(kind + ": is followed by nothing; write file:PATH or cmd:COMMAND")
	}
	return errors.New(kind + ": is followed by control characters; write file:PATH or cmd:COMMAND")
}

// UnmarshalText reads scopes.
func (s *Scope) UnmarshalText(b []byte) error {
	if len(b) > 2000 || !scopeSyntax.Match(b) {
		return errors.New(`is not a list of scopes; write them with one space between, such as orders:read profile, without " and \`)
	}
	*s = Scope(b)
	return nil
}

// UnmarshalText reads client_secret_basic or client_secret_post.
func (a *ClientAuth) UnmarshalText(b []byte) error {
	return oneOf(a, b, ClientSecretBasic, ClientSecretPost)
}

// UnmarshalText reads client_credentials or refresh_token.
func (g *grantType) UnmarshalText(b []byte) error {
	return oneOf(g, b, clientCredentials, refreshToken)
}

func (t TokenURL) String() string   { return string(t) }
func (s Source) String() string     { return string(s) }
func (s Scope) String() string      { return string(s) }
func (a ClientAuth) String() string { return string(a) }

// ParseGrant reads such a file; name is what its errors call it. The error is an [Errors] with every problem found, in
// the order of the lines.
func ParseGrant(name string, data []byte) (*Grant, error) {
	d := &decoder{written: map[string]place{}}
	var g Grant
	root, err := readDocument(data)
	if err != nil {
		d.errs = append(d.errs, err)
	} else {
		g = d.grant(root)
	}
	if len(d.errs) > 0 {
		return nil, d.errs.of(name)
	}
	return &g, nil
}

func (d *decoder) grant(root *node) (g Grant) {
	if root.kind == null {
		d.problem(root.place, "", "the file is empty; write token_url, client_id, client_secret and grant")
		return g
	}
	d.mapping(root, "", "token_url: https://login.example/token", []field{
		{"token_url", into(d, &g.TokenURL)},
		{"client_id", into(d, &g.ClientID)},
		{"client_secret", into(d, &g.ClientSecret)},
		{"grant", into(d, &g.grant)},
		{"refresh_token", into(d, &g.RefreshToken)},
		{"scope", into(d, &g.Scope)},
		{"audience", into(d, &g.Audience)},
		{"auth", into(d, &g.Auth)},
	})
	if len(d.errs) > 0 { // what could not be read is not missing
		return g
	}
	for _, p := range g.problems() {
		place, written := d.written[p.key]
		if !written {
			place = root.place
		}
		d.problem(place, p.key, "%s", p.problem)
	}
	return g
}

// problems finds what is missing, and what makes no sense beside the rest.
func (g Grant) problems() (all []problem) {
	refuse := func(is bool, key, why string) {
		if is {
			all = append(all, problem{key, why})
		}
	}
	refuse(g.TokenURL == nil, "token_url", "is missing; write one such as https://login.example/token")
	refuse(g.ClientID == nil, "client_id", "is missing; write the name that the authorization server knows the client by")
	refuse(g.grant == nil, "grant", "is missing; write client_credentials or refresh_token")
	if g.grant != nil {
		machine := *g.grant == clientCredentials
		refuse(machine && g.ClientSecret == nil, "client_secret", "is missing; client_credentials needs one such as env:CLIENT_SECRET")
		refuse(!machine && g.RefreshToken == nil, "refresh_token", "is missing; grant: refresh_token needs one such as env:ALICE_REFRESH_TOKEN")
		refuse(machine && g.RefreshToken != nil, "refresh_token", "is of no use with grant: client_credentials; remove it, or write grant: refresh_token")
	}
	refuse(g.Auth != nil && g.ClientSecret == nil, "auth", "is of no use without client_secret; remove it, or add client_secret such as env:CLIENT_SECRET")
	return all
}
