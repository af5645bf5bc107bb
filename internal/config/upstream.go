package config

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"

	"github.com/invopop/jsonschema"
)

// Upstream is the origin: an absolute http or https URL, perhaps with a base path. Its errors never
// repeat it, because people put passwords and keys into URLs.
type Upstream struct{ url url.URL }

var upstreamSyntax = regexp.MustCompile(`^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\x00-\x20]+(/[^?#\x00-\x20]*)?$`)

const upstreamExample = "write one such as http://127.0.0.1:5000"

func (Upstream) shape() shape {
	return shape{want: "a URL such as http://127.0.0.1:5000", schema: jsonschema.Schema{
		Type: "string", Pattern: upstreamSyntax.String(), Examples: []any{"http://127.0.0.1:5000"},
	}}
}

// UnmarshalText reads an upstream.
func (u *Upstream) UnmarshalText(b []byte) error {
	parsed, err := url.Parse(string(b))
	switch {
	case err != nil: // its text repeats the URL
		return errors.New("is not a URL; " + upstreamExample)
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return errors.New("is not an absolute http or https URL; " + upstreamExample)
	case parsed.User != nil:
		return errors.New("holds a user name or password, which do not belong in a configuration; remove what stands before the @")
	case parsed.Hostname() == "":
		return errors.New("has no host; " + upstreamExample)
	case parsed.RawQuery != "" || parsed.ForceQuery:
		return errors.New("holds a query, which belongs to each request; remove the ? and what follows")
	case parsed.Fragment != "":
		return errors.New("holds a fragment, which is never sent; remove the # and what follows")
	case parsed.Port() != "" && !portOK(parsed):
		return errors.New("has a port that is not between 1 and 65535; " + upstreamExample)
	case !upstreamSyntax.Match(b) || !portOK(parsed):
		return errors.New("is not an http or https URL with a host and perhaps a port and a path; " + upstreamExample)
	case parsed.Path != "" && ambiguity(parsed.EscapedPath()) != "":
		return errors.New("has a path that can be read in several ways: " + ambiguity(parsed.EscapedPath()))
	}
	u.url = *parsed
	return nil
}

func portOK(u *url.URL) bool {
	if u.Port() == "" {
		return u.Host[len(u.Host)-1] != ':'
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// URL is the upstream for the caller to keep and change.
func (u Upstream) URL() *url.URL { return &u.url }

// String is the URL; there is nothing in it to hide.
func (u Upstream) String() string { return u.url.String() }
