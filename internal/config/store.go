package config

import (
	"errors"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// Store is where responses are kept beside memory: nowhere, or on a Redis server that several nodes share. Its errors
// never repeat it, since a URL may hold a password.
type Store struct {
	url string // empty: memory alone
}

var storeSyntax = regexp.MustCompile(`^(memory|(redis|rediss|redis\+sentinel|rediss\+sentinel|valkey|valkeys|unix)://[^#\x00-\x20\x7f]+)$`)

const storeExample = "write memory, or a URL such as redis://127.0.0.1:6379"

func (Store) shape() shape {
	return shape{want: "memory, or a URL such as redis://127.0.0.1:6379", schema: jsonschema.Schema{
		Type: "string", Pattern: storeSyntax.String(), Examples: []any{"memory", "redis://127.0.0.1:6379", "rediss://cache.internal:6380/1"},
	}}
}

// UnmarshalText reads a store. What stands behind the scheme of its URL, the store itself knows.
func (s *Store) UnmarshalText(b []byte) error {
	text := string(b)
	switch {
	case text == "memory":
		*s = Store{}
	case storeSyntax.MatchString(text):
		*s = Store{url: text}
	case strings.Contains(text, "#"):
		return errors.New("holds a #, which ends a URL: in a password it is written %23")
	default:
		return errors.New("is not one that we know; " + storeExample)
	}
	return nil
}

// Shared reports whether there is a store beside memory.
func (s Store) Shared() bool { return s.url != "" }

// TLS reports whether the URL asks for TLS.
func (s Store) TLS() bool {
	return strings.HasPrefix(s.url, "rediss") || strings.HasPrefix(s.url, "valkeys")
}

// Sentinels reports whether the URL names sentinels that know where the store is.
func (s Store) Sentinels() bool { return strings.Contains(s.url, "+sentinel://") }

// URL is the store's, with the password that it may hold: not for printing. It is empty for memory.
func (s Store) URL() string { return s.url }

// PasswordInFile warns of a URL with a password in a file.
const PasswordInFile = "serve.store holds a password, where it is copied, committed and shown; give it with store_password: env:NAME or file:PATH"

// HoldsPassword reports whether there is, or may be, a password in the URL.
func (s Store) HoldsPassword() bool {
	user, _, shown := s.parts()
	return strings.Contains(user, ":") || s.Shared() && !shown
}

// parts are what stands before the last @ and what behind it, without the query; sure is false where it cannot be told
// which is which.
func (s Store) parts() (user, where string, sure bool) {
	_, rest, _ := strings.Cut(s.url, "://")
	rest, query, _ := strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, rest = rest[:i], rest[i+1:]
	}
	return user, rest, !strings.Contains(query, "@")
}

// String is the store without what may be a secret.
func (s Store) String() string {
	if s.url == "" {
		return "memory"
	}
	scheme, _, _ := strings.Cut(s.url, "://")
	if _, where, sure := s.parts(); sure {
		return scheme + "://" + where
	}
	return scheme + "://…"
}

// Path is that of a file. Nothing here reads it.
type Path string

var pathText = regexp.MustCompile(`^[^\x00-\x1f\x7f]+$`)

func (Path) shape() shape {
	return shape{want: "the path of a file", schema: jsonschema.Schema{
		Type: "string", Pattern: pathText.String(), Examples: []any{"/etc/bearcache/redis-ca.pem"},
	}}
}

// UnmarshalText reads a path.
func (p *Path) UnmarshalText(b []byte) error {
	if !pathText.Match(b) {
		return errors.New("is empty or has control characters; write the path of a file")
	}
	*p = Path(b)
	return nil
}

func (p Path) String() string { return string(p) }

// StorePrefix begins the names of what is kept in a store.
type StorePrefix string

var prefixSyntax = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,100}$`)

func (StorePrefix) shape() shape {
	return shape{want: "a word such as bearcache", schema: jsonschema.Schema{
		Type: "string", Pattern: prefixSyntax.String(), Examples: []any{"bearcache", "shop"},
	}}
}

// UnmarshalText reads a prefix.
func (p *StorePrefix) UnmarshalText(b []byte) error {
	if !prefixSyntax.Match(b) {
		return errors.New("is not 1 to 100 letters, digits and - _ . : alone; write a word such as bearcache")
	}
	*p = StorePrefix(b)
	return nil
}

func (p StorePrefix) String() string { return string(p) }
