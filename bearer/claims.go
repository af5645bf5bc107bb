package bearer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Claims are what a Verifier vouches for.
type Claims struct {
	Issuer    string
	Subject   string
	Scope     string // space-separated, RFC 6749 §3.3; from "scope", or else "scp"
	Audience  []string
	ID        string    // "jti"
	ClientID  string    // "client_id", or else "azp"
	Expires   time.Time // zero: not stated
	NotBefore time.Time // zero: not stated
	IssuedAt  time.Time // zero: not stated

	all object // everything, as ParseClaims read it; nil: the fields above are all there is
}

// ParseClaims reads a claims set (RFC 7519 §4), or the response of an introspection endpoint. It checks
// form, not truth. What could be read in two ways is an error: members that repeat at any depth, a name
// such as "EXP", which some readers take for "exp", text that is no UTF-8, more than 16 levels. So is a
// claim of another type than RFC 7519 and RFC 8693 give it, and a time before 1970 or after 9999. A claim
// that is null is not stated. No error repeats what it is about.
func ParseClaims(data []byte) (*Claims, error) {
	all, err := readObject(data)
	if err != nil {
		return nil, err
	}
	return newClaims(all)
}

func newClaims(all object) (*Claims, error) {
	if misspelt(all, claimNames) {
		return nil, errors.New("a registered name stands in other letters")
	}
	c := &Claims{all: all}
	for _, text := range []struct {
		name string
		to   *string
	}{{"iss", &c.Issuer}, {"sub", &c.Subject}, {"jti", &c.ID}, {"azp", &c.ClientID}, {"client_id", &c.ClientID}} {
		if err := readText(all, text.name, text.to); err != nil {
			return nil, err
		}
	}
	for _, date := range []struct {
		name string
		to   *time.Time
	}{{"exp", &c.Expires}, {"nbf", &c.NotBefore}, {"iat", &c.IssuedAt}} {
		if err := readDate(all, date.name, date.to); err != nil {
			return nil, err
		}
	}
	var ok bool
	if c.Audience, ok = stringsOf(all["aud"]); !ok {
		return nil, errors.New("aud is neither a string nor an array of strings")
	}
	scope := all["scope"]
	if scope == nil {
		scope = all["scp"]
	}
	if c.Scope, ok = scopeOf(scope); !ok {
		return nil, errors.New("the scope is neither a string nor an array of scope tokens")
	}
	return c, nil
}

// claimNames are the names that decide something here.
var claimNames = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scp", "client_id", "azp", "cnf"}

// misspelt finds a member whose name differs from one of names in case only. Decoders that take names in
// any case, as encoding/json does, would read it as that one.
func misspelt(o object, names []string) bool {
	for member := range o {
		for _, name := range names {
			if member != name && strings.EqualFold(member, name) {
				return true
			}
		}
	}
	return false
}

func readText(o object, name string, to *string) error {
	switch value := o[name].(type) {
	case nil:
	case string:
		*to = value
	default:
		return errors.New(name + " is no string")
	}
	return nil
}

// lastDate is the end of the year 9999. What lies behind is no time but somebody's idea of never.
const lastDate = 253402300799

// readDate reads a NumericDate, RFC 7519 §2: seconds since the epoch, perhaps with a fraction.
func readDate(o object, name string, to *time.Time) error {
	value := o[name]
	if value == nil {
		return nil
	}
	number, ok := value.(json.Number)
	seconds, err := strconv.ParseFloat(string(number), 64)
	if !ok || err != nil || seconds < 0 || seconds > lastDate {
		return errors.New(name + " is no time between 1970 and 9999 in seconds")
	}
	whole := int64(seconds)
	*to = time.Unix(whole, int64((seconds-float64(whole))*1e9))
	return nil
}

// stringsOf are the strings of an array of strings, or of one string.
func stringsOf(value any) (list []string, ok bool) {
	switch value := value.(type) {
	case nil:
		return nil, true
	case string:
		return []string{value}, true
	case []any:
		for _, v := range value {
			text, ok := v.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}

// scopeOf joins an array of scope tokens. One with a space in it would become two.
func scopeOf(value any) (scope string, ok bool) {
	if text, ok := value.(string); ok {
		return text, true
	}
	list, ok := stringsOf(value)
	for _, token := range list {
		if token == "" || strings.Contains(token, " ") {
			return "", false
		}
	}
	return strings.Join(list, " "), ok
}

// HasScope reports whether the claims hold each of the scope tokens in required, which is space-separated.
func (c *Claims) HasScope(required string) bool {
	held := strings.Split(c.Scope, " ")
	for token := range strings.SplitSeq(required, " ") {
		if token != "" && !slices.Contains(held, token) {
			return false
		}
	}
	return true
}

// Canonical is the value of a claim as one line of JSON; ok is false where it is not stated, or null. Two values
// have one text only if they mean the same:
//
//   - "scope" and "scp", a string of tokens between spaces or an array, are sets: sorted, without repetition;
//   - so are arrays in "aud", "roles", "groups" and "entitlements", where a string is an array of one;
//   - objects have no order of members. Arrays have their order, and numbers are as they are written: 1 and
//     1.0 are two.
//
// Each name is that claim alone: "scope" is not looked for in "scp".
func (c *Claims) Canonical(name string) (text string, ok bool) {
	all := c.all
	if all == nil {
		all = c.stated()
	}
	value := all[name]
	if value == nil {
		return "", false
	}
	switch name {
	case "scope", "scp":
		if s, ok := value.(string); ok {
			list := []any{}
			for token := range strings.SplitSeq(s, " ") {
				if token != "" {
					list = append(list, token)
				}
			}
			value = list
		}
	case "aud", "roles", "groups", "entitlements":
		if s, ok := value.(string); ok {
			value = []any{s}
		}
	default:
		return string(appendValue(nil, value)), true
	}
	if list, ok := value.([]any); ok {
		return string(appendSet(nil, list)), true
	}
	return string(appendValue(nil, value)), true
}

// stated are the fields as claims, for Claims that a Verifier of another make filled in by hand.
func (c *Claims) stated() object {
	o := object{}
	for name, text := range map[string]string{"iss": c.Issuer, "sub": c.Subject, "scope": c.Scope, "jti": c.ID, "client_id": c.ClientID} {
		if text != "" {
			o[name] = text
		}
	}
	for name, date := range map[string]time.Time{"exp": c.Expires, "nbf": c.NotBefore, "iat": c.IssuedAt} {
		if !date.IsZero() {
			number := strconv.FormatInt(date.Unix(), 10)
			if ns := date.Nanosecond(); ns != 0 {
				number += strings.TrimRight(fmt.Sprintf(".%09d", ns), "0")
			}
			o[name] = json.Number(number)
		}
	}
	if c.Audience != nil {
		list := []any{}
		for _, audience := range c.Audience {
			list = append(list, audience)
		}
		o["aud"] = list
	}
	return o
}

// appendSet writes an array without order and repetition.
func appendSet(b []byte, list []any) []byte {
	members := make([]string, len(list))
	for i, value := range list {
		members[i] = string(appendValue(nil, value))
	}
	slices.Sort(members)
	b = append(b, '[')
	b = append(b, strings.Join(slices.Compact(members), ",")...)
	return append(b, ']')
}

func appendValue(b []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, value)
	case json.Number:
		return append(b, value...)
	case string:
		return appendText(b, value)
	case []any:
		b = append(b, '[')
		for i, v := range value {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v)
		}
		return append(b, ']')
	case object:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(append(appendText(b, name), ':'), value[name])
		}
		return append(b, '}')
	}
	panic("bearer: a value that readObject does not read")
}

// appendText writes a string with no more escapes than JSON wants: every string has one form.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// clone is a copy that its reader may change without changing what others read.
func (c *Claims) clone() *Claims {
	own := *c
	own.Audience = slices.Clone(c.Audience)
	return &own
}

// present reports whether a claim is stated and neither null nor empty text.
func (c *Claims) present(name string) bool {
	value := c.all[name]
	return value != nil && value != ""
}
