package config

import (
	"errors"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// SecretRef says where a secret is: in an environment variable or in a file. It is not the
// secret, and nothing here reads it. Exactly one of its fields is set.
type SecretRef struct {
	Env  string // name of a variable
	File string // path
}

var secretSyntax = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00-\x1f\x7f]+)$`)

func (SecretRef) shape() shape {
	return shape{want: "a reference such as env:NAME or file:PATH", schema: jsonschema.Schema{
		Type: "string", Pattern: secretSyntax.String(), Examples: []any{"env:BEARCACHE_SECRET", "file:/run/secrets/bearcache"},
	}}
}

// UnmarshalText reads a reference. Its errors never repeat what was written: most likely it is the
// secret itself.
func (r *SecretRef) UnmarshalText(b []byte) error {
	text := string(b)
	name, env := strings.CutPrefix(text, "env:")
	path, file := strings.CutPrefix(text, "file:")
	switch {
	case secretSyntax.MatchString(text) && env:
		*r = SecretRef{Env: name}
	case secretSyntax.MatchString(text):
		*r = SecretRef{File: path}
	case env:
		return errors.New("env: is followed by something that is not the name of a variable; write env:NAME")
	case file:
		return errors.New("file: is followed by nothing or by control characters; write file:PATH")
	default:
		return errors.New("says neither env: nor file:; a secret itself does not belong here, where it is copied, committed and shown: " +
			"write env:NAME or file:PATH")
	}
	return nil
}

func (r SecretRef) String() string {
	switch {
	case r.Env != "":
		return "env:" + r.Env
	case r.File != "":
		return "file:" + r.File
	}
	return ""
}
