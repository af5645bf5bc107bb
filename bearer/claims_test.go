package bearer

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCanonical(t *testing.T) {
	for _, test := range []struct{ name, claim, want string }{
		{"sub", `"alice"`, `"alice"`},
		{"sub", `"a\"b\\c\u0001\n\u00e9"`, `"a\"b\\c\u0001\u000aé"`},
		{"sub", `"<&>\u2028"`, "\"<&>\u2028\""},
		{"n", `1`, `1`},
		{"n", `1.0`, `1.0`},
		{"n", `1e0`, `1e0`},
		{"n", `-0`, `-0`},
		{"n", `123456789012345678901234567890`, `123456789012345678901234567890`},
		{"n", `true`, `true`},
		{"n", `"1"`, `"1"`},
		{"n", `"null"`, `"null"`},
		{"n", `[]`, `[]`},
		{"n", `{}`, `{}`},
		{"n", `["b","a","b"]`, `["b","a","b"]`},
		{"n", `{"b":1,"a":{"d":[2,1],"c":null}}`, `{"a":{"c":null,"d":[2,1]},"b":1}`},
		{"n", `{"a":"1,\"b\":2"}`, `{"a":"1,\"b\":2"}`},

		{"scope", `"b a b"`, `["a","b"]`},
		{"scope", `["b","a","a"]`, `["a","b"]`},
		{"scp", `" b  a "`, `["a","b"]`},
		{"scp", `["a","b"]`, `["a","b"]`},
		{"scope", `""`, `[]`},
		{"scope", `[]`, `[]`},
		{"scope", `"a\tb"`, `["a\u0009b"]`},
		{"aud", `"x"`, `["x"]`},
		{"aud", `["x"]`, `["x"]`},
		{"aud", `["y","x","y"]`, `["x","y"]`},
		{"aud", `"x y"`, `["x y"]`},
		{"roles", `["b","a"]`, `["a","b"]`},
		{"groups", `"a b"`, `["a b"]`},
		{"groups", `[["b","a"],1,"1",{"y":1,"x":2}]`, `["1",1,["b","a"],{"x":2,"y":1}]`},
		{"entitlements", `{"b":1,"a":2}`, `{"a":2,"b":1}`},
		{"roles", `7`, `7`},
		{"Roles", `["b","a"]`, `["b","a"]`},
	} {
		c, err := ParseClaims([]byte(`{"` + test.name + `":` + test.claim + `}`))
		if err != nil {
			t.Errorf("%s %s: %v", test.name, test.claim, err)
			continue
		}
		if got, ok := c.Canonical(test.name); got != test.want || !ok {
			t.Errorf("%s %s: got %s, %v, want %s", test.name, test.claim, got, ok, test.want)
		}
	}
	for _, text := range []string{`{"roles":null}`, `{"roles":null,"n":1}`, `{}`} {
		c, err := ParseClaims([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Canonical("roles"); got != "" || ok {
			t.Errorf("roles of %s: %q, %v", text, got, ok)
		}
	}
	c, err := ParseClaims([]byte(`{"scp":"a"}`))
	if text, ok := c.Canonical("scope"); err != nil || ok {
		t.Errorf("scope out of scp: %q, %v", text, err)
	}
	if c.Scope != "a" {
		t.Errorf("scope %q", c.Scope)
	}
}

// Claims that another Verifier filled in have texts too.
func TestCanonicalOfFields(t *testing.T) {
	c := &Claims{Issuer: "i", Subject: "s", Scope: "b a", Audience: []string{"y", "x"}, ID: "j", ClientID: "c", Expires: time.Unix(7, 0), IssuedAt: time.Unix(5, 500_000_000)}
	for name, want := range map[string]string{"iss": `"i"`, "sub": `"s"`, "scope": `["a","b"]`, "aud": `["x","y"]`, "jti": `"j"`, "client_id": `"c"`, "exp": "7", "iat": "5.5"} {
		if got, ok := c.Canonical(name); got != want || !ok {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
	for _, name := range []string{"nbf", "azp", "", "x"} {
		if got, ok := c.Canonical(name); ok {
			t.Errorf("%s: %s", name, got)
		}
	}
	if text, ok := new(Claims).Canonical("sub"); ok {
		t.Errorf("a subject out of nothing: %s", text)
	}
}

func TestHasScope(t *testing.T) {
	c := &Claims{Scope: "read write:all"}
	for required, want := range map[string]bool{"": true, "read": true, "write:all read": true, " read ": true, "write": false, "read admin": false, "READ": false} {
		if c.HasScope(required) != want {
			t.Errorf("%q: %v", required, !want)
		}
	}
	if new(Claims).HasScope("read") {
		t.Error("a scope out of nothing")
	}
}

// FuzzClaims has two claims sets from one text: what encoding/json and we read of the one is the same, and
// two values have one canonical text only if they mean the same.
func FuzzClaims(f *testing.F) {
	for _, pair := range [][2]string{
		{`{"sub":"a"}`, `{"sub":"\u0061"}`}, {`{"n":1}`, `{"n":"1"}`}, {`{"aud":["a","b"]}`, `{"aud":["b","a","a"]}`},
		{`{"scope":"a b"}`, `{"scope":["a","b"]}`}, {`{"n":{"a":1,"b":[null]}}`, `{"n":{"b":[null],"a":1}}`}, {`{"n":[1,2]}`, `{"n":["1,2"]}`},
		{`{"x":"\ud83d\ude00"}`, `{"x":"\ud83d"}`}, {`{"exp":1e400}`, `{"exp":1,"EXP":2}`}, {`{"n":"\"\\"}`, `{"n":"\u0000"}`},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		a, b := fuzzed(t, one), fuzzed(t, other)
		if a == nil || b == nil {
			return
		}
		for name, value := range a.all {
			text, ok := a.Canonical(name)
			if value == nil {
				if ok || text != "" {
					t.Fatalf("%q of %q is null: %q, %v", name, one, text, ok)
				}
				continue
			}
			if !ok || !utf8.ValidString(text) || !json.Valid([]byte(text)) {
				t.Fatalf("%q of %q: %q, %v", name, one, text, ok)
			}
			second, ok := b.Canonical(name)
			if same := ok && reflect.DeepEqual(meaning(name, value), meaning(name, b.all[name])); same != (ok && text == second) {
				t.Fatalf("%q: %q and %q, of %q and %q", name, text, second, one, other)
			}
		}
	})
}

func fuzzed(t *testing.T, text string) *Claims {
	c, err := ParseClaims([]byte(text))
	if err != nil {
		if c != nil {
			t.Fatalf("%q: claims and %v", text, err)
		}
		return nil
	}
	var std map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&std); err != nil || !reflect.DeepEqual(std, unnamed(c.all)) {
		t.Fatalf("%q: %v, and encoding/json reads %v, %v", text, c.all, std, err)
	}
	// What is canonical stays so, and reads as what it is of.
	for name := range c.all {
		once, ok := c.Canonical(name)
		if !ok {
			continue
		}
		quoted, _ := json.Marshal(name)
		again, err := ParseClaims(append(append(append([]byte("{"), quoted...), ':'), once+"}"...))
		if err != nil {
			t.Fatalf("%q of %q: %q: %v", name, text, once, err)
		}
		if twice, _ := again.Canonical(name); twice != once {
			t.Fatalf("%q of %q: %q, then %q", name, text, once, twice)
		}
	}
	return c
}

// unnamed is a value as encoding/json has it.
func unnamed(v any) any {
	switch v := v.(type) {
	case object:
		m := map[string]any{}
		for name, value := range v {
			m[name] = unnamed(value)
		}
		return m
	case []any:
		list := []any{}
		for _, value := range v {
			list = append(list, unnamed(value))
		}
		return list
	}
	return v
}

// meaning is a second reading of what a claim means: sets are maps.
func meaning(name string, v any) any {
	split := func(s string) []any {
		if name != "scope" && name != "scp" {
			return []any{s}
		}
		var list []any
		for _, token := range strings.FieldsFunc(s, func(c rune) bool { return c == ' ' }) {
			list = append(list, token)
		}
		return list
	}
	switch name {
	case "scope", "scp", "aud", "roles", "groups", "entitlements":
		list, ok := v.([]any)
		if s, isText := v.(string); isText {
			list, ok = split(s), true
		}
		if !ok {
			return v
		}
		set := map[string]any{}
		for _, member := range list {
			text, err := json.Marshal(unnamed(member)) // sorts members
			if err != nil {
				panic(err)
			}
			set[string(text)] = true
		}
		return set
	}
	return v
}

func TestReadObject(t *testing.T) {
	for text, want := range map[string]error{
		`{}`:                                nil,
		` {"a":1} `:                         nil,
		`{"a":{"b":1},"b":{"b":2}}`:         nil,
		`{"":1}`:                            nil,
		`{"a":"\ud83d\ude00"}`:              nil,
		`{"a":"\\ud800"}`:                   nil,
		`{"a":"\uFFFF\uE000"}`:              nil,
		`{"a":"\ud83d"}`:                    errText,
		`{"a":"\uD83D\n\uDE00"}`:            errText,
		`{"a":"\ud83d\ud83d\ude00"}`:        errText,
		`{"a":"\ude00"}`:                    errText,
		`{"\ud83d":1}`:                      errText,
		"{\"a\":\"\xed\xa0\x80\"}":          errText,
		`{"a":1,"a":2}`:                     errDuplicate,
		`{"a":1,"\u0061":2}`:                errDuplicate,
		`{"x":[{"a":1,"a":2}]}`:             errDuplicate,
		`{"":1,"":2}`:                       errDuplicate,
		`[]`:                                errNoObject,
		`null`:                              errNoObject,
		``:                                  errNoObject,
		`{} {}`:                             errNoObject,
		`{"a":01}`:                          errNoObject,
		`{"a":1,}`:                          errNoObject,
		`{'a':1}`:                           errNoObject,
		"{\"a\":\"\n\"}":                    errNoObject,
		strings.Repeat("[", 100_000):        errNoObject,
		nested(maxDepth):                    nil,
		nested(maxDepth + 1):                errDepth,
		nested(9_000):                       errDepth,
		`{"a":` + nested(maxDepth) + `}`:    errDepth,
		`{"a":"` + string([]byte{0}) + `"}`: errNoObject,
	} {
		o, err := readObject([]byte(text))
		if err != want || (o == nil) != (want != nil) {
			t.Errorf("%.40q: %v, %v, want %v", text, o, err, want)
		}
	}
}

// nested is objects in each other.
func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels-1) + "{}" + strings.Repeat("}", levels-1)
}

func TestClone(t *testing.T) {
	c := &Claims{Subject: "alice", Audience: []string{"a"}}
	own := c.clone()
	own.Subject, own.Audience[0] = "bob", "b"
	if c.Subject != "alice" || c.Audience[0] != "a" {
		t.Errorf("%+v", c)
	}
}
