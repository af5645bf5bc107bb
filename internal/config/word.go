package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Sharing says what releases a response to requests with other credentials than its own.
type Sharing string

const (
	// SharingNever keeps what an identified request brought in its partition.
	SharingNever Sharing = "never"
	// SharingExplicit lets the origin's public, must-revalidate and s-maxage release it, RFC 9111 §3.5.
	// An origin that says public carelessly then shows one reader's data to the others.
	SharingExplicit Sharing = "explicit"
)

// URLTokens says what becomes of a request with a token in its query, RFC 6750 §2.3.
type URLTokens string

const (
	URLTokensRefuse URLTokens = "refuse" // answered with an error
	URLTokensPass   URLTokens = "pass"   // passed on; the cache does not know whose it is
)

// LogFormat is how log lines are written.
type LogFormat string

const (
	LogJSON LogFormat = "json"
	LogText LogFormat = "text"
)

// share has one value: the absence of the key is the other.
type share string

// onOff is YAML's boolean in all its ages: 1.1 has on and off, 1.2 true and false.
type onOff bool

func (Sharing) shape() shape   { return words("never", "explicit") }
func (URLTokens) shape() shape { return words("refuse", "pass") }
func (LogFormat) shape() shape { return words("json", "text") }
func (share) shape() shape     { return words("public") }
func (onOff) shape() shape {
	s := words("on", "off")
	s.bools = true
	s.schema = jsonschema.Schema{Enum: []any{"on", "off", true, false}}
	return s
}

// words is the shape of a value that is one of a few.
func words(all ...string) shape {
	enum := make([]any, len(all))
	for i, w := range all {
		enum[i] = w
	}
	return shape{want: strings.Join(all, " or "), schema: jsonschema.Schema{Type: "string", Enum: enum}}
}

// UnmarshalText reads never or explicit.
func (s *Sharing) UnmarshalText(b []byte) error { return oneOf(s, b, SharingNever, SharingExplicit) }

// UnmarshalText reads refuse or pass.
func (u *URLTokens) UnmarshalText(b []byte) error {
	return oneOf(u, b, URLTokensRefuse, URLTokensPass)
}

// UnmarshalText reads json or text.
func (f *LogFormat) UnmarshalText(b []byte) error { return oneOf(f, b, LogJSON, LogText) }

func oneOf[T ~string](dst *T, b []byte, all ...T) error {
	if slices.Contains(all, T(b)) {
		*dst = T(b)
		return nil
	}
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	if best := nearest(string(b), words); best != "" {
		return fmt.Errorf("%s is not one of %s; did you mean %s?", show(string(b)), strings.Join(words, ", "), best)
	}
	return fmt.Errorf("%s is not one of %s", show(string(b)), strings.Join(words, ", "))
}

func (s *share) UnmarshalText(b []byte) error {
	if string(b) != "public" {
		return fmt.Errorf("%s is no way to share; the only value is public: one response for everybody, "+
			"because the route's answers do not depend on who asks. Without this line each reader has its own", show(string(b)))
	}
	*s = "public"
	return nil
}

func (o *onOff) UnmarshalText(b []byte) error {
	switch string(b) {
	case "on", "true":
		*o = true
	case "off", "false":
		*o = false
	default:
		return fmt.Errorf("%s is not one of on, off", show(string(b)))
	}
	return nil
}

func (s Sharing) String() string   { return string(s) }
func (u URLTokens) String() string { return string(u) }
func (f LogFormat) String() string { return string(f) }
