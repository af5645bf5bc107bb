package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// opaque tokens have no shape: what stands around them tells.
const op = "Zq8vX2kLmN4pR7tY9wB3cD6f"

func TestTellingWords(t *testing.T) {
	type login struct {
		User, AccessToken string
		Tries             int
	}
	for _, in := range []string{
		fmt.Sprintf("%+v", login{"alice", op, 3}), fmt.Sprintf("%#v", login{"alice", op, 3}), fmt.Sprint(map[string]string{"access_token": op, "a": "b"}),
		fmt.Sprint(url.Values{"access_token": {op, op}}), fmt.Sprintf("%+v", struct{ Body []byte }{[]byte(`{"access_token":"` + op + `"}`)}),
		fmt.Sprintf("%+v", struct{ Token []byte }{[]byte(op)}), fmt.Sprintf("%+v", json.RawMessage(`{"password":"`+op+`"}`)),
		"access_token: " + op, "secret: " + op, "apikey: " + op, "X-Vault-Token: " + op, "PRIVATE-TOKEN: " + op, "DB_PASSWORD=" + op, "access_token => '" + op + "'",
		"Bearer: " + op, `Bearer "` + op + `"`, "bearer token " + op, `Bearer\t` + op, "Bearer%2520" + op, "Bearer scope=" + op, "bearer%20token%3A%20" + op,
		"password=ab," + op, "client_secret=(" + op + ")", `{"password":"a b` + op + `"}`, `{"password":"a \" b` + op + `","x":1}`, "client_secret='a b " + op + "'",
		`{"access_token":"ab\/` + op + `"}`, `{"access_token":"ab\u002f` + op + `"}`, `{"m":"{\"access_token\":\"a\\\/` + op + `\"}"}`, `{"m":"{\"access_token\":\"a\\\" ` + op + `\"}"}`,
		`Authorization: "x" ` + op, "Authorization: Custom abc\r\n " + op + "\r\nAccept: */*", "Authorization: Bearer\r\n\t" + op, "Proxy-Authorization: a=" + op + ", b=" + op,
		"Cookie: a=b; c=\"" + op + "\"", "http://u:" + op + "@h/", "dial https://" + op + "@h:80/a: refused", "postgres://u:a/" + "@h password=" + op,
		"%22access_token%22%3A%22" + op + "%22", "&quot;access_token&quot;:&quot;" + op + "&quot;", "session_id=" + op, "JSESSIONID=" + op, "user[access_token]=" + op,
		"password: hunter user: " + op[:0] + "bob; token: " + op, "passwd := " + op, "token[]=" + op,
	} {
		var r *Redactor
		got := r.Text(in)
		if leaks(got) {
			t.Errorf("%s\ngives %s", in, got)
		}
		if r.Text(got) != got {
			t.Errorf("redacted twice: %s\nonce:           %s", r.Text(got), got)
		}
	}
}

// leaks reports whether any eight bytes of the token are left, as text or as numbers.
func leaks(s string) bool {
	numbers := strings.Trim(fmt.Sprint([]byte(op[:3])), "[]")
	for i := 0; i+8 <= len(op); i++ {
		if strings.Contains(s, op[i:i+8]) {
			return true
		}
	}
	return strings.Contains(s, numbers)
}

// Words about credentials are no credentials.
func TestProseIsKept(t *testing.T) {
	for _, in := range []string{
		"Token refreshed", "token: refreshed for alice", "bearer of bad news", "page_token=abc&nextPageToken=def", "--secret: says neither env: nor file:",
		"--credentials: is not the name of a request field; write the name alone", "the password: must be longer", "Bearer error=invalid_token",
		`Bearer realm="api", scope="read write"`, "tokens: 3, sessions: 4", "git+ssh://git@github.com/a", "mail to http://h/@alice", "[1 2 3 4]", "[104 101 108 108 111]",
		"10:20:30 alice=env:ALICE_TOKEN", "cache=refused reason=token-in-url", "export ALICE_TOKEN=$OTHER", "2 cookies: none", "status: 200 author: alice",
	} {
		if got := new(Redactor).Text(in); got != in {
			t.Errorf("%s\ngives %s", in, got)
		}
	}
}

func TestHandlerHidesByName(t *testing.T) {
	for _, key := range []string{"password", "secret", "client_secret", "cookie", "set-cookie", "session_id", "x-auth-token", "proxy-authorization", "dbPassword", "bearer"} {
		for _, attr := range []slog.Attr{
			slog.String(key, op), slog.Any(key, []byte(op)), slog.Any(key, json.RawMessage(op)), slog.Any(key, []string{op}), slog.Group(key, slog.String("value", op)),
			slog.Group("g", slog.Group(key, slog.Any("value", []byte(op)))), slog.Any(key, map[string]string{"a": op}),
		} {
			hidden(t, func(log *slog.Logger) { log.Info("m", attr) })
			hidden(t, func(log *slog.Logger) { log.With(attr).Info("m") })
		}
		hidden(t, func(log *slog.Logger) { log.WithGroup(key).WithGroup("a").Info("m", "value", op) })
		hidden(t, func(log *slog.Logger) { log.WithGroup(key).With("value", op).Info("m") })
	}
	for _, value := range []any{
		json.RawMessage(`{"access_token":"` + op + `"}`), struct{ Body []byte }{[]byte(`{"access_token":"` + op + `"}`)}, struct{ AccessToken string }{op},
		map[string]string{"access_token": op}, &http.Cookie{Name: "sid", Value: op}, http.Header{"X-Auth-Token": {op}}, map[string][]string{"X-Auth-Token": {op}},
	} {
		hidden(t, func(log *slog.Logger) { log.Info("m", "value", value) })
	}
}

func hidden(t *testing.T, use func(*slog.Logger)) {
	t.Helper()
	var buf bytes.Buffer
	use(slog.New(Handler(slog.NewJSONHandler(&buf, nil), nil)))
	if leaks(buf.String()) {
		t.Errorf("logged: %s", buf.String())
	}
}

// A known secret is found in what escaping and printing make of it.
func TestKnownSecretsEscaped(t *testing.T) {
	const secret = "ab+cd/ef+gh/ij+kl/mn"
	r := New([]byte("key"), NewSecret(secret))
	quoted, _ := json.Marshal(secret)
	for _, s := range []string{
		url.QueryEscape(url.QueryEscape(secret)), strings.ReplaceAll(string(quoted), "/", `\/`), strings.ReplaceAll(secret, "/", `\u002f`), template.HTMLEscapeString(secret),
		strings.NewReplacer("+", "&#43;", "/", "&#47;").Replace(secret), strings.ReplaceAll(secret, "+", "&#43;"), fmt.Sprintf("% x", secret), fmt.Sprintf("% X", secret), fmt.Sprint([]byte(secret)),
	} {
		got := r.Text("> " + s + " <")
		for i := 2; i+8 <= len(s)-2; i++ {
			if strings.Contains(got, s[i:i+8]) {
				t.Errorf("%q is left of %q: %q", s[i:i+8], s, got)
				break
			}
		}
	}
}

// Texts made to keep it busy come to an end: what took time that grows with the square of their length
// would take minutes.
func TestTextEnds(t *testing.T) {
	for _, part := range []string{
		"token=", "token: ", `"token":"`, `\"token\":\"`, "Authorization: ", "Authorization:[", "a=", "://", "://a:", "[1 1 1 1 ", "Bearer ", "bearer token ", "eyJ", "%253D", `"`, "\n ", "cookie:\n ",
		"[hmac-sha256:000000000000]", "token=[hmac-sha256:000000000000]", "token = ' ", "session: a b ",
	} {
		if got := new(Redactor).Text(strings.Repeat(part, (1<<17)/len(part))); got == "" {
			t.Errorf("%q came to nothing", part)
		}
	}
}
