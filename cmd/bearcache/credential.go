package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/scan"
	"github.com/bearcache/bearcache/redact"
)

// credentialKind is how a credential is sent, which decides the characters that it may have.
type credentialKind uint8

const (
	anyCredential    credentialKind = iota // not known, or the value of a field or of a query parameter
	bearerCredential                       // Authorization: Bearer, RFC 6750
	basicCredential                        // Authorization: Basic, RFC 7617
	cookieCredential                       // the value of a cookie, RFC 6265
)

// maxCredential is what no API has in one field, and many servers refuse.
const maxCredential = 16 << 10

// unfit says why a credential can never be sent as one of this kind, in words that complete an error after a semicolon;
// empty: it can be.
func (k credentialKind) unfit(s redact.Secret) string {
	text := s.Reveal()
	switch {
	case len(text) > maxCredential:
		return "it has more than 16 KiB, and no server takes that in a field"
	case k == bearerCredential && !isBearer(text):
		return "a bearer token has letters, digits and -._~+/ only, with = at its end (RFC 6750 §2.1)"
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return "it has a control character, such as a line break, and no field can hold that (RFC 9110 §5.5)"
	case k == basicCredential && !strings.Contains(text, ":"):
		return "for Basic it is user:password, with a colon between (RFC 7617 §2)"
	case k == cookieCredential && strings.ContainsAny(text, ";, \t\"\\"):
		return `it is the value of the cookie alone, which has no blank, no quote and none of ; , \ (RFC 6265 §4.1.1)`
	}
	return ""
}

// isBearer reports whether RFC 6750 lets text be a bearer token.
func isBearer(text string) bool {
	r := &http.Request{Header: http.Header{"Authorization": {"Bearer " + text}}}
	_, err := bearer.Syntax{MaxLength: maxCredential}.Token(r)
	return err == nil
}

// schemeName is what OpenAPI lets a security scheme be called, and blanks, which Swagger 2.0 allows.
var schemeName = regexp.MustCompile(`^[A-Za-z0-9._-][A-Za-z0-9._ -]{0,63}$`)

// credentials reads what identities show for security schemes, of the kinds that the
// document says, that do not want their bearer.
func (f *scanFlags) credentials(ctx context.Context, e env, list []*scan.Identity, kinds map[string]credentialKind) error {
	for i, spec := range f.Credential {
		of, source, ok := strings.Cut(spec, "=")
		name, scheme, dot := strings.Cut(of, ".")
		// Without a colon all of it may be the secret, as with --identity.
		if !ok || !dot || !schemeName.MatchString(scheme) || !strings.Contains(source, ":") {
			return fmt.Errorf("--credential%s: write NAME.SCHEME=SOURCE, for example alice.api_key=env:ALICE_API_KEY", which(i, len(f.Credential)))
		}
		id, shown := identityCalled(list, name), harmless(scheme)
		if id == nil {
			return problem(fmt.Sprintf("--credential%s: what stands before the dot is the name of no --identity", which(i, len(f.Credential))),
				"write for example "+list[0].Name+"."+shown+"=SOURCE")
		}
		if _, known := kinds[scheme]; !known {
			return unknownScheme(which(i, len(f.Credential)), kinds)
		}
		if _, twice := id.Credentials[scheme]; twice {
			return fmt.Errorf("--credential: %s has two credentials for %s; give one", name, shown)
		}
		whose := name + "'s credential for " + shown
		if strings.HasPrefix(source, "oauth2:") {
			return problem(whose+" cannot come from oauth2:, whose tokens are bearers", "write oauth2: in --identity")
		}
		secret, _, err := readSecret(ctx, e, source, sought{whose, "--credential " + name + "." + shown + "=", variableOf(name, scheme)})
		if err != nil {
			return err
		}
		if why := kinds[scheme].unfit(secret); why != "" {
			return problem(whose+" is malformed", why)
		}
		if err := ended(whose, secret, time.Now()); err != nil {
			return err
		}
		if id.Credentials == nil {
			id.Credentials = make(map[string]redact.Secret)
		}
		id.Credentials[scheme] = secret
	}
	return nil
}

// unknownScheme lists the security schemes there are. It does not repeat the one that was given, which may be half of a
// secret.
func unknownScheme(which string, kinds map[string]credentialKind) error {
	if len(kinds) == 0 {
		return fmt.Errorf("--credential%s: no operation names a security scheme; leave it out", which)
	}
	names := slices.Sorted(maps.Keys(kinds))
	return fmt.Errorf("--credential%s: no operation wants a security scheme of this name; there is %s", which, harmless(strings.Join(names[:min(len(names), 12)], ", ")))
}

// downscoped notes which identities are the same user as another with less scope.
func (f *scanFlags) downscoped(list []*scan.Identity) error {
	for _, spec := range f.Downscoped {
		name, of, _ := strings.Cut(spec, "=")
		narrow, wide := identityCalled(list, name), identityCalled(list, of)
		switch {
		case narrow == nil || wide == nil || narrow == wide:
			return errors.New("--downscoped: write NAME=OF with the names of two identities, NAME the same user as OF with less scope")
		case narrow.Narrows != "":
			return fmt.Errorf("--downscoped: %s is named twice; name the one identity that it has less scope than", name)
		}
		for ; wide != nil; wide = identityCalled(list, wide.Narrows) {
			if wide == narrow {
				return fmt.Errorf("--downscoped: %s would have less scope than itself; leave one of them out", name)
			}
		}
		narrow.Narrows = of
	}
	return nil
}

// identityCalled is the identity of a name; nil: there is none.
func identityCalled(list []*scan.Identity, name string) *scan.Identity {
	if i := slices.IndexFunc(list, func(id *scan.Identity) bool { return id.Name == name }); i >= 0 {
		return list[i]
	}
	return nil
}
