package config

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// Issuer is who makes the tokens, as their iss has it (RFC 8414 §2, RFC 7519 §4.1.1). It is compared byte by byte.
type Issuer string

// KeySource says where the keys are that tokens are signed with: an https URL of a JWK Set (RFC 7517 §5), an http one on
// this machine, or file:PATH with a JWK Set or PEM.
type KeySource string

// Endpoint is an https URL, or an http one on this machine. Its errors never repeat it.
type Endpoint string

// Audience is one that a token may be for.
type Audience string

// ClientID is the name under which the gateway asks the authorization server.
type ClientID string

var (
	wordSyntax     = regexp.MustCompile(`^[!-~]{1,500}$`)
	clientIDSyntax = regexp.MustCompile(`^[ -~]{1,200}$`) // RFC 6749 appendix A.1
	endpointSyntax = `[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\x00-\x20]+(/[^#\x00-\x20]*|\?[^#\x00-\x20]*)?`
	fileSyntax     = `file:[^\x00-\x1f\x7f]+`
)

func (Issuer) shape() shape {
	return shape{want: "the tokens' iss such as https://login.example", schema: jsonschema.Schema{
		Type: "string", Pattern: wordSyntax.String(), Examples: []any{"https://login.example", "https://login.example/realms/api"},
	}}
}

func (Audience) shape() shape {
	return shape{want: "one of the tokens' aud such as https://api.example", schema: jsonschema.Schema{
		Type: "string", Pattern: wordSyntax.String(), Examples: []any{"https://api.example", "orders"},
	}}
}

func (KeySource) shape() shape {
	return shape{want: "a URL such as https://login.example/jwks.json, or file:PATH", schema: jsonschema.Schema{
		Type: "string", Pattern: "^(" + endpointSyntax + "|" + fileSyntax + ")$", Examples: []any{"https://login.example/jwks.json", "file:/etc/bearcache/keys.pem"},
	}}
}

func (Endpoint) shape() shape {
	return shape{want: "a URL such as https://login.example/introspect", schema: jsonschema.Schema{
		Type: "string", Pattern: "^" + endpointSyntax + "$", Examples: []any{"https://login.example/introspect"},
	}}
}

func (ClientID) shape() shape {
	return shape{want: "the name of a client such as bearcache", schema: jsonschema.Schema{
		Type: "string", Pattern: clientIDSyntax.String(), Examples: []any{"bearcache"},
	}}
}

// UnmarshalText reads an issuer.
func (i *Issuer) UnmarshalText(b []byte) error {
	if !wordSyntax.Match(b) {
		return errors.New("is not 1 to 500 characters of ASCII without spaces; write the tokens' iss, such as https://login.example")
	}
	if u, err := url.Parse(string(b)); err == nil && u.User != nil {
		return errors.New("holds a user name or password, which no issuer has; remove what stands before the @")
	}
	if at := strings.Index(string(b), "/.well-known/"); at >= 0 {
		return errors.New("is the place of an issuer's metadata; write the issuer itself, as it stands in the tokens' iss: what comes before /.well-known/")
	}
	*i = Issuer(b)
	return nil
}

// UnmarshalText reads an audience.
func (a *Audience) UnmarshalText(b []byte) error {
	if !wordSyntax.Match(b) {
		return errors.New("is not 1 to 500 characters of ASCII without spaces; write one of the tokens' aud, such as https://api.example")
	}
	*a = Audience(b)
	return nil
}

// UnmarshalText reads a source of keys.
func (k *KeySource) UnmarshalText(b []byte) error {
	text := string(b)
	if path, file := strings.CutPrefix(text, "file:"); file {
		if path == "" || strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7F }) {
			return errors.New("file: is followed by nothing or by control characters; write file:PATH")
		}
		*k = KeySource(text)
		return nil
	}
	if why := unsafeEndpoint(text, "https://login.example/jwks.json, or file:PATH"); why != "" {
		return errors.New(why)
	}
	*k = KeySource(text)
	return nil
}

// UnmarshalText reads an endpoint.
func (e *Endpoint) UnmarshalText(b []byte) error {
	if why := unsafeEndpoint(string(b), "https://login.example/introspect"); why != "" {
		return errors.New(why)
	}
	*e = Endpoint(b)
	return nil
}

// UnmarshalText reads the name of a client.
func (c *ClientID) UnmarshalText(b []byte) error {
	if !clientIDSyntax.Match(b) {
		return errors.New("is not 1 to 200 characters of ASCII; write the name that the authorization server knows this gateway by")
	}
	*c = ClientID(b)
	return nil
}

// unsafeEndpoint says why keys or verdicts may not come from a URL, or "". Whoever can change them on the way says who
// everybody is.
func unsafeEndpoint(text, example string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http":
		return "is not an https URL; write one such as " + example
	case u.User != nil:
		return "holds a user name or password; remove what stands before the @"
	case u.Hostname() == "" || u.Port() != "" && !portOK(u) || !regexp.MustCompile("^"+endpointSyntax+"$").MatchString(text):
		return "is not an https URL with a host; write one such as " + example
	case u.Fragment != "":
		return "holds a fragment, which is never sent; remove the # and what follows"
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		return "is not https: whoever is on the way could say who everybody is; http is for loopback addresses alone"
	}
	return ""
}

// loopbackHost reports a host that only this machine reaches. A name is not looked up: what it means may change.
func loopbackHost(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// discoverable says why metadata cannot be had of an issuer (RFC 8414 §3), or "".
func (i Issuer) discoverable() string {
	if !strings.Contains(string(i), "://") {
		return "is no URL, so that its keys cannot be looked up; add jwks, hmac_secret or introspection"
	}
	if why := unsafeEndpoint(string(i), "https://login.example"); why != "" {
		return why + "; or add jwks, hmac_secret or introspection"
	}
	if u, err := url.Parse(string(i)); err != nil || u.RawQuery != "" || u.ForceQuery {
		return "holds a query, which no issuer with metadata has (RFC 8414 §2); add jwks, hmac_secret or introspection"
	}
	return ""
}

func (i Issuer) String() string    { return string(i) }
func (k KeySource) String() string { return string(k) }
func (e Endpoint) String() string  { return string(e) }
func (a Audience) String() string  { return string(a) }
func (c ClientID) String() string  { return string(c) }
