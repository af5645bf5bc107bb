package config

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Realm names the protected space in a challenge, RFC 9110 §11.5. It is text that needs no escape
// in a quoted-string, so that no client has to undo one.
type Realm string

// FieldName is the name of a request field that carries credentials, in canonical form.
type FieldName string

var (
	realmSyntax = regexp.MustCompile(`^[ !#-\[\]-~]{1,100}$`)
	fieldSyntax = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$") // RFC 9110 §5.6.2 token
)

func (Realm) shape() shape {
	return shape{want: "text such as api", schema: jsonschema.Schema{
		Type: "string", Pattern: realmSyntax.String(), Examples: []any{"api"},
	}}
}

func (FieldName) shape() shape {
	return shape{want: "the name of a request field such as Authorization", schema: jsonschema.Schema{
		Type: "string", Pattern: fieldSyntax.String(), Examples: []any{"Authorization", "X-Api-Key"},
	}}
}

// UnmarshalText reads a realm.
func (r *Realm) UnmarshalText(b []byte) error {
	if !realmSyntax.Match(b) {
		return errors.New(`is not 1 to 100 characters of plain text without " and \; write a word such as api`)
	}
	*r = Realm(b)
	return nil
}

// UnmarshalText reads the name of a field. Its errors never repeat what was written: where a name
// belongs, people also write the credentials, and many a token has the syntax of a name.
func (f *FieldName) UnmarshalText(b []byte) error {
	if !fieldSyntax.Match(b) || MaySecret(string(b)) {
		return errors.New("is not the name of a request field; write the name alone, such as Authorization")
	}
	name := textproto.CanonicalMIMEHeaderKey(string(b))
	if strings.HasPrefix(name, forwarded) {
		name = forwarded + "…" // what follows is not one of a few names
	}
	if strings.HasPrefix(name, forwarded) || slices.Contains(ownFields, name) {
		return fmt.Errorf("is %s, which is no credential: the gateway removes that field, or sets it itself; write the name of one that clients send to the origin, such as Authorization", name)
	}
	*f = FieldName(name)
	return nil
}

const forwarded = "X-Forwarded-"

// ownFields, and those that begin with forwarded, never get from client to origin as the client sent
// them: who is told apart by one would become nobody, or everybody. They are names of the protocol's,
// so an error may repeat them.
var ownFields = strings.Fields(`Connection Proxy-Connection Keep-Alive Proxy-Authenticate Proxy-Authorization Te Trailer Transfer-Encoding
	Upgrade Http2-Settings Content-Length Host Via Forwarded X-Original-Url X-Original-Uri X-Rewrite-Url X-Original-Host X-Host
	X-Http-Host-Override X-Scheme X-Url-Scheme X-Real-Ip X-Http-Method X-Http-Method-Override X-Method-Override X-Original-Method
	X-Script-Name Front-End-Https Proxy Surrogate-Capability`)

func (r Realm) String() string     { return string(r) }
func (f FieldName) String() string { return string(f) }
