package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGrant(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want Grant
	}{
		"a machine": {"token_url: https://login.example/token\nclient_id: scanner\nclient_secret: env:SECRET\ngrant: client_credentials\n", Grant{
			TokenURL: new(TokenURL("https://login.example/token")), ClientID: new(ClientID("scanner")), ClientSecret: new(Source("env:SECRET")), grant: new(clientCredentials),
		}},
		"JSON, with all there is": {"{\n  \"token_url\": \"http://127.0.0.1:8080/token?tenant=1\",\n  \"client_id\": \"a b\", \"client_secret\": \"cmd:pass show scanner\",\n  \"grant\": \"refresh_token\", " +
			"\"refresh_token\": \"file:/run/secrets/alice\", \"scope\": \"orders:read profile\", \"audience\": \"https://api.example\", \"auth\": \"client_secret_post\"\n}\n", Grant{
			TokenURL: new(TokenURL("http://127.0.0.1:8080/token?tenant=1")), ClientID: new(ClientID("a b")), ClientSecret: new(Source("cmd:pass show scanner")),
			grant: new(refreshToken), RefreshToken: new(Source("file:/run/secrets/alice")), Scope: new(Scope("orders:read profile")), Audience: new(Audience("https://api.example")), Auth: new(ClientSecretPost),
		}},
		"a public client": {"{token_url: 'https://login.example/token', client_id: app, grant: refresh_token, refresh_token: env:R}", Grant{
			TokenURL: new(TokenURL("https://login.example/token")), ClientID: new(ClientID("app")), grant: new(refreshToken), RefreshToken: new(Source("env:R")),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseGrant("alice.yaml", []byte(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, *got, cmp.AllowUnexported(Grant{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseGrantRefuses(t *testing.T) {
	const good = "token_url: https://login.example/token\nclient_id: scanner\n"
	for _, test := range []struct{ name, file, want string }{
		{"nothing", "", "f:1:1: the file is empty; write token_url, client_id, client_secret and grant"},
		{"a list", "[a]", "f:1:1: expected a mapping such as token_url: https://login.example/token, not a list"},
		{"a key of another spelling", good + "client-secret: env:A\ngrant: client_credentials", "f:3:1: client-secret: there is no such key; did you mean client_secret?"},
		{"a key of another file", good + "serve: {}", "f:3:1: serve: there is no such key; known here: token_url, client_id, client_secret, grant, refresh_token, scope, audience, auth"},
		{"a key twice", good + "client_id: b", "f:3:1: client_id: is already set in line 2; remove one of them"},
		{"no URL", "client_id: a\nclient_secret: env:A\ngrant: client_credentials", "f:1:1: token_url: is missing; write one such as https://login.example/token"},
		{"http elsewhere", "token_url: http://login.example/token", "f:1:12: token_url: is not https: whoever is on the way could read the client's secret and its tokens; http is for loopback addresses alone"},
		{"http to a name that looks like this machine", "token_url: http://127.0.0.1.example/token", "f:1:12: token_url: is not https: whoever is on the way could read the client's secret and its tokens; http is for loopback addresses alone"},
		{"a password in the URL", "token_url: https://scanner:hunter2@login.example/token", "f:1:12: token_url: holds a user name or password; remove what stands before the @"},
		{"no scheme", "token_url: login.example/token", "f:1:12: token_url: is not an https URL; write one such as https://login.example/token"},
		{"a grant that needs a person", good + "grant: authorization_code", `f:3:8: grant: "authorization_code" is not one of client_credentials, refresh_token`},
		{"no grant", good + "client_secret: env:A", "f:1:1: grant: is missing; write client_credentials or refresh_token"},
		{"a machine without a secret", good + "grant: client_credentials", "f:1:1: client_secret: is missing; client_credentials needs one such as env:CLIENT_SECRET"},
		{"a machine with a refresh token", good + "grant: client_credentials\nclient_secret: env:A\nrefresh_token: env:B", "f:5:16: refresh_token: is of no use with grant: client_credentials; remove it, or write grant: refresh_token"},
		{"no refresh token", good + "grant: refresh_token", "f:1:1: refresh_token: is missing; grant: refresh_token needs one such as env:ALICE_REFRESH_TOKEN"},
		{"a way to send no secret", good + "grant: refresh_token\nrefresh_token: env:B\nauth: client_secret_post", "f:5:7: auth: is of no use without client_secret; remove it, or add client_secret such as env:CLIENT_SECRET"},
		{"another way to send it", good + "auth: client_secret_jwt", `f:3:7: auth: "client_secret_jwt" is not one of client_secret_basic, client_secret_post; did you mean client_secret_post?`},
		{"the secret itself", good + "client_secret: hunter2", "f:3:16: client_secret: says neither env:, file: nor cmd:; a secret itself does not belong here, where it is copied, committed and shown: write env:NAME, file:PATH or cmd:COMMAND"},
		{"the secret as a number", good + "client_secret: 12345", "f:3:16: client_secret: says neither env:, file: nor cmd:; a secret itself does not belong here, where it is copied, committed and shown: write env:NAME, file:PATH or cmd:COMMAND"},
		{"the secret after env:", good + "client_secret: env:hunter-2", "f:3:16: client_secret: env: is followed by something that is not the name of a variable; write env:NAME"},
		{"nothing after cmd:", good + "refresh_token: 'cmd:'", "f:3:16: refresh_token: cmd: is followed by nothing; write file:PATH or cmd:COMMAND"},
		{"scopes in a list", good + "scope: [a, b]", "f:3:8: scope: expected scopes such as orders:read profile, not a list"},
		{"scopes with commas and quotes", good + "scope: a \"b\"", `f:3:8: scope: is not a list of scopes; write them with one space between, such as orders:read profile, without " and \`},
		{"two blanks", good + "scope: 'a  b'", `f:3:8: scope: is not a list of scopes; write them with one space between, such as orders:read profile, without " and \`},
		{"anchors", good + "scope: &a b", "f:3:8: anchors are not supported; write the value out where it is used"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, err := ParseGrant("f", []byte(test.file))
			if err == nil || err.Error() != test.want || g != nil {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// A grant is whole or refused, and a problem has a place and never the secret that stands there.
func FuzzParseGrant(f *testing.F) {
	const good = "token_url: https://login.example/token\nclient_id: scanner\nclient_secret: env:SECRET\ngrant: client_credentials\n"
	for _, seed := range []string{
		good, "", "client_secret: hunter2", "refresh_token: hunter2hunter2", "client_secret: cmd:hunter2\x01", "{token_url: 'http://hunter2@a'}", strings.Replace(good, "client_credentials", "refresh_token\nrefresh_token: file:a", 1), "scope: [", "? a\n: b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseGrant("f", data)
		if (g == nil) == (err == nil) {
			t.Fatalf("grant %v, error %v", g, err)
		}
		if err == nil {
			if g.TokenURL == nil || g.ClientID == nil || (*g.grant == clientCredentials) != (g.RefreshToken == nil) || g.RefreshToken == nil && g.ClientSecret == nil {
				t.Errorf("half a grant: %+v", g)
			}
			return
		}
		var all Errors
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("%T", err)
		}
		for _, e := range all {
			if e.Line < 1 || e.Column < 1 || e.Problem == "" || strings.ContainsAny(e.Problem, "\x00\x1b\n") {
				t.Errorf("%q has no place, no words or control characters: %+v", e.Error(), *e)
			}
			if secret := e.Key == "client_secret" || e.Key == "refresh_token" || e.Key == "token_url"; secret && strings.Contains(e.Problem, "hunter2") {
				t.Errorf("a secret is repeated: %s", e)
			}
		}
	})
}
