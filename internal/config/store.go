package config

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// Store is where responses are kept beside memory: nowhere, or on a Redis server that several nodes share. Its errors
// never repeat it, since a URL may hold a password.
type Store struct {
	url string // empty: memory alone
}

var storeSyntax = regexp.MustCompile(`^(memory|(redis|rediss|redis\+sentinel|rediss\+sentinel)://[^\x00-\x20]+)$`)

const storeExample = "write memory, or a URL such as redis://127.0.0.1:6379"

func (Store) shape() shape {
	return shape{want: "memory, or a URL such as redis://127.0.0.1:6379", schema: jsonschema.Schema{
		Type: "string", Pattern: storeSyntax.String(), Examples: []any{"memory", "redis://127.0.0.1:6379", "rediss://cache.internal:6380/1"},
	}}
}

// UnmarshalText reads a store. What the path and the query of its URL may say, the store itself knows.
func (s *Store) UnmarshalText(b []byte) error {
	text := string(b)
	if text == "memory" {
		*s = Store{}
		return nil
	}
	if !storeSyntax.MatchString(text) {
		return errors.New("is not one that we know; " + storeExample)
	}
	// The hosts of sentinels are divided by commas, which no URL of one host has.
	u, err := url.Parse(text)
	switch {
	case err != nil && !strings.Contains(text, "sentinel://"):
		return errors.New("is not a URL; " + storeExample)
	case err == nil && u.Host == "":
		return errors.New("has no host; " + storeExample)
	case err == nil && u.Fragment != "":
		return errors.New("holds a fragment, which means nothing here; remove the # and what follows, or write it %23")
	}
	*s = Store{url: text}
	return nil
}

// Shared reports whether there is a store beside memory.
func (s Store) Shared() bool { return s.url != "" }

// URL is the store's, with the password that it may hold: not for printing. It is empty for memory.
func (s Store) URL() string { return s.url }

// HoldsPassword reports whether there is a password in the URL.
func (s Store) HoldsPassword() bool {
	_, _, ok := strings.Cut(s.userinfo(), ":")
	return ok
}

// userinfo is what stands before the last @ of the authority.
func (s Store) userinfo() string {
	_, rest, _ := strings.Cut(s.url, "://")
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	i := strings.LastIndexByte(authority, '@')
	if i < 0 {
		return ""
	}
	return authority[:i]
}

// String is the store without what may be a secret: scheme, hosts and the path's start.
func (s Store) String() string {
	if s.url == "" {
		return "memory"
	}
	text, _, _ := strings.Cut(s.url, "?") // a password may stand there, too
	scheme, rest, _ := strings.Cut(text, "://")
	if user := s.userinfo(); user != "" {
		rest = rest[len(user)+1:]
	}
	if strings.Contains(rest, "@") {
		return scheme + "://…" // a password with a slash in it: where it ends is not sure
	}
	return scheme + "://" + rest
}
