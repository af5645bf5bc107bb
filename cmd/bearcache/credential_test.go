package main

import (
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/scan"
	"github.com/bearcache/bearcache/redact"
)

func TestUnfit(t *testing.T) {
	const field, bearer, basic, cookie = "it has a control character", "a bearer token has letters", "for Basic it is user:password", "it is the value of the cookie alone"
	for _, test := range []struct {
		name string
		kind credentialKind
		text string
		want string // the beginning of it
	}{
		{"a bearer", bearerCredential, "abc.DEF-1_2~3+4/5==", ""},
		{"a bearer with a blank", bearerCredential, "a b", bearer},
		{"a bearer with a colon", bearerCredential, "a:b", bearer},
		{"a bearer with = amid it", bearerCredential, "a=b", bearer},
		{"a bearer of two lines", bearerCredential, "a\nb", bearer},
		{"an API key of any characters", anyCredential, "k\u00e9y {a}\t\"=;,", ""},
		{"an API key of two lines", anyCredential, "a\r\nX-Evil: b", field},
		{"an API key with NUL", anyCredential, "a\x00", field},
		{"an API key with DEL", anyCredential, "a\x7f", field},
		{"an API key of 16 KiB", anyCredential, strings.Repeat("a", 16<<10), ""},
		{"a longer one", anyCredential, strings.Repeat("a", 16<<10+1), "it has more than 16 KiB"},
		{"Basic", basicCredential, "alice:pass:word ü", ""},
		{"Basic without a password", basicCredential, "alice:", ""},
		{"Basic in base64, as it is sent", basicCredential, "YWxpY2U6cGFzcw==", basic},
		{"Basic of two lines (RFC 7617 §2)", basicCredential, "alice:a\nb", field},
		{"a cookie", cookieCredential, "s%3Aabc.DEF=:/", ""},
		{"a cookie with its name and another", cookieCredential, "sid=abc; theme=dark", cookie},
		{"a cookie in quotes", cookieCredential, `"abc"`, cookie},
	} {
		if got := test.kind.unfit(redact.NewSecret(test.text)); (got == "") != (test.want == "") || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestCredentials(t *testing.T) {
	e := environment(map[string]string{"KEY": "k 1", "USER": "alice:hunter2", "SESSION": "hunter2"})
	kinds := map[string]credentialKind{"basic": basicCredential, "session": cookieCredential, "api.key": anyCredential, "app": anyCredential, "key": anyCredential}
	for _, test := range []struct {
		name  string
		flags []string
		want  map[string]string // by identity and scheme
		err   string
	}{
		{"none", nil, nil, ""},
		{"several, a scheme with dots among them", []string{"alice.api.key=env:KEY", "alice.basic=env:USER", "bob.session=cmd:echo a=b"},
			map[string]string{"alice.api.key": "k 1", "alice.basic": "alice:hunter2", "bob.session": "a=b"}, ""},
		{"the same for two identities: an application's key", []string{"alice.app=env:KEY", "bob.app=env:KEY"}, map[string]string{"alice.app": "k 1", "bob.app": "k 1"}, ""},
		{"Basic without a colon", []string{"alice.basic=env:SESSION"}, nil, "alice's credential for basic is malformed; for Basic it is user:password, with a colon between (RFC 7617 §2)"},
		{"a scheme that nothing wants", []string{"alice.hunter2=env:KEY"}, nil, "--credential: no operation wants a security scheme of this name; there is api.key, app, basic, key, session"},
		{"no scheme", []string{"alice=env:KEY"}, nil, "--credential: write NAME.SCHEME=SOURCE, for example alice.api_key=env:ALICE_API_KEY"},
		{"a JWT", []string{"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."}, nil, "--credential: write NAME.SCHEME=SOURCE, for example alice.api_key=env:ALICE_API_KEY"},
		{"the secret for the scheme", []string{"carol.hunter2hunter22hunter2x=env:KEY"}, nil, "--credential: what stands before the dot is the name of no --identity; write for example alice.(not shown)=SOURCE"},
		{"the secret for the source", []string{"alice.key=env:hunter2"}, nil, "what follows env: is not the name of a variable that is set; write --credential alice.key=env:ALICE_KEY, without $"},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := []*scan.Identity{{Name: "alice"}, {Name: "bob"}}
			err := (&scanFlags{Credential: test.flags}).credentials(t.Context(), e, list, kinds)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("got  %v\nwant %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, id := range list {
				for scheme, secret := range id.Credentials {
					if got++; test.want[id.Name+"."+scheme] != secret.Reveal() {
						t.Errorf("%s.%s is %q", id.Name, scheme, secret.Reveal())
					}
				}
			}
			if got != len(test.want) {
				t.Errorf("%d credentials, want %d", got, len(test.want))
			}
		})
	}
}

func TestDownscoped(t *testing.T) {
	const example = "--downscoped: write NAME=OF with the names of two identities, NAME the same user as OF with less scope"
	for _, test := range []struct {
		flags []string
		want  string // what a, b and c narrow, or the error
	}{
		{nil, ",,"},
		{[]string{"b=a"}, ",a,"},
		{[]string{"c=b", "b=a"}, ",a,b"},
		{[]string{"b=a", "c=a"}, ",a,a"},
		{[]string{"b=a", "b=c"}, "--downscoped: b is named twice; name the one identity that it has less scope than"},
		{[]string{"b=a", "c=b", "a=c"}, "--downscoped: a would have less scope than itself; leave one of them out"},
		{[]string{"a=a"}, example},
		{[]string{"a=d"}, example},
		{[]string{"=a"}, example},
		{[]string{"hunter2"}, example},
	} {
		list := []*scan.Identity{{Name: "a"}, {Name: "b"}, {Name: "c"}}
		got := ""
		if err := (&scanFlags{Downscoped: test.flags}).downscoped(list); err != nil {
			got = err.Error()
		} else {
			got = list[0].Narrows + "," + list[1].Narrows + "," + list[2].Narrows
		}
		if got != test.want {
			t.Errorf("%q: %s, want %s", test.flags, got, test.want)
		}
	}
}
