package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

// marks makes digests equal, so that tables can be read.
func marks(s string) string {
	return regexp.MustCompile(`\[hmac-sha256:[0-9a-f]{12}\]`).ReplaceAllString(s, "#")
}

func TestText(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"prose is untouched", "bob received the response that was made for alice", ""},
		{"prose about bearers is untouched", "Bearer tokens are sent in the Authorization field; basic authentication is not", ""},
		{"challenges are untouched", `Bearer realm="api", error="invalid_token", error_description="the token is too long"`, ""},
		{"cache fields are untouched", "Cache-Control: private, max-age=60 Vary: Authorization, Cookie", ""},
		{"types of tokens are untouched", `{"token_type":"Bearer","expires_in":3600}`, ""},
		{"times and addresses are untouched", "2026-01-02T03:04:05Z GET http://127.0.0.1:5000/api/orders?page=2&limit=10 200 12ms", ""},
		{"a line to repeat is untouched", `curl -sH "Authorization: Bearer $ALICE_TOKEN" 'http://127.0.0.1:5000/a?b=c'`, ""},
		{"braces of a shell are untouched", `curl -H "Authorization: Bearer ${ALICE_TOKEN}" -d token=$BOB_TOKEN`, ""},
		{"a JWT anywhere", "got " + jwt + ", refused", "got #, refused"},
		{"a JWT that was cut off", "got eyJhbGciOiJIUzI1N", "got #"},
		{"an encrypted JWT of five parts", "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn end", "# end"},
		{"a JWT with encoded dots", "q=eyJhbGciOiJIUzI1NiJ9%2EeyJzdWIiOiJhIn0%2Esig", "q=#"},
		{"scheme and token", "sent Bearer abc123 to it", "sent Bearer # to it"},
		{"in any case", "sent bEARER s3cret-token~x/+== to it", "sent bEARER # to it"},
		{"encoded space", "bearer%20abc123", "bearer%20#"},
		{"basic", "Basic YWxpY2U6c2VjcmV0", "Basic #"},
		{"a field to the end of its line", "Authorization: Custom a b c\nAccept: */*", "Authorization: #\nAccept: */*"},
		{"a field with scheme", "Authorization: Bearer abc def\r\nAccept: */*", "Authorization: Bearer #\r\nAccept: */*"},
		{"a field with a word for a token", "authorization: bearer hunter", "authorization: bearer #"},
		{"cookies with quotes inside", `Cookie: a="b c"; session=xyz`, "Cookie: #"},
		{"a printed http.Header", fmt.Sprint(http.Header{"Authorization": {"Bearer hunter"}, "Accept": {"a/b"}}), "map[Accept:[a/b] Authorization:[Bearer #]]"},
		{"a Go syntax header", fmt.Sprintf("%q", http.Header{"Authorization": {"Bearer hunter"}}), `map["Authorization":["Bearer #"]]`},
		{"a JSON object", `{"authorization":"Bearer hunter","path":"/a"}`, `{"authorization":"Bearer #","path":"/a"}`},
		{"JSON in JSON", `{"m":"{\"access_token\":\"hunter\",\"a\":1}"}`, `{"m":"{\"access_token\":\"#\",\"a\":1}"}`},
		{"a command line", `curl -H 'X-Api-Key: hunter' http://a/b`, `curl -H 'X-Api-Key: #' http://a/b`},
		{"a query", "GET /a?access_token=hunter&b=c", "GET /a?access_token=#&b=c"},
		{"a query after another pair", "?a=access_token=hunter", "?a=access_token=#"},
		{"a form", "grant_type=refresh_token&refresh_token=hunter;client_secret='hunter'", "grant_type=refresh_token&refresh_token=#;client_secret='#'"},
		{"members of JSON in camel case", `{"refreshToken": "hunter", "apiKey" : "k"}`, `{"refreshToken": "#", "apiKey" : "#"}`},
		{"what only looks redacted", "Authorization: Bearer [hmac-sha256:" + "hunter]", "Authorization: Bearer #"},
		{"a field whose value begins like a digest", "Authorization: [hmac-sha256:000000000000] and hunter", "Authorization: #"},
		{"a field and an equals sign", "a=b&authorization=Bearer hunter&c=d", "a=b&authorization=Bearer #&c=d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want == "" {
				want = test.in
			}
			var r *Redactor
			got := r.Text(test.in)
			if marks(got) != want {
				t.Errorf("got  %s\nwant %s", marks(got), want)
			}
			if again := r.Text(got); again != got {
				t.Errorf("redacted twice: %s\nonce:           %s", again, got)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "/api/orders/17?page=2&page_size=10", ""},
		{"encoded", "/caf%C3%A9/a+b%20c?q=x%3Dy", ""},
		{"not a URL", "%zz?%zz=%zz", ""},
		{"token in the query", "http://h/a?b=c&Access-Token=hunter#d", "http://h/a?b=c&Access-Token=#"},
		{"encoded name", "/a?access%5Ftoken=hunter", "/a?access%5Ftoken=#"},
		{"semicolons", "/a?b=c;token=hunter", "/a?b=c;token=#"},
		{"fragment", "/cb#access_token=hunter&state=1", "/cb#access_token=#&state=1"},
		{"user information", "http://alice:hunter@h/a", "http://#@h/a"},
		{"an at sign in the path is no user information", "http://h/@alice", ""},
		{"JWT in the path", "/verify/" + jwt + "/x", "/verify/#/x"},
		{"percent-encoded JWT", "/verify/%65yJhbGciOiJIUzI1NiJ9.e30.sig", "/verify/#"},
		{"a bearer as a value", "/a?auth=Bearer%20hunter42", "/a?auth=Bearer%20#"},
		{"encoded twice", "/a?next=%2Fb%253Faccess_token%253Dhunter", "/a?next=%2Fb%253Faccess_token%253D#"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want == "" {
				want = test.in
			}
			var r *Redactor
			got := r.URL(test.in)
			if marks(got) != want {
				t.Errorf("got  %s\nwant %s", marks(got), want)
			}
			if again := r.URL(got); again != got {
				t.Errorf("redacted twice: %s\nonce:           %s", again, got)
			}
		})
	}
}

// spellings are what becomes of a token on its way into a log.
func spellings(token string) []string {
	list := []string{
		token, url.QueryEscape(token), url.PathEscape(token), hex.EncodeToString([]byte(token)),
		fmt.Sprintf("%X", token), token[:len(token)/2], token[len(token)/2:], token[3:11],
	}
	for _, before := range []string{"", "a", "ab", "Bearer ", "user:"} {
		for _, after := range []string{"", "x", "yz"} {
			list = append(list, base64.StdEncoding.EncodeToString([]byte(before+token+after)),
				base64.RawURLEncoding.EncodeToString([]byte(before+token+after)))
		}
	}
	return list
}

// tokens that no shape would find by itself.
var tokens = []string{"correct horse battery staple", "a+b/c~d.e-f_g==h", "øøøøøøøø", "0123456789abcdef"}

func TestKnownSecretsInEverySpelling(t *testing.T) {
	for _, token := range tokens {
		r := New([]byte("key"), NewSecret(""), NewSecret(token))
		mark := r.mark(token)
		for _, s := range spellings(token) {
			got := r.Text("> " + s + " <")
			if !strings.Contains(got, mark) {
				t.Errorf("%s is not redacted in %q: %q", token, s, got)
			}
			for i := 0; i+8 <= len(s); i++ {
				// Of base64, the digits at the ends belong to what stands around.
				if strings.Contains(got, s[i:i+8]) && !strings.Contains("> "+"user:Bearer ", s[i:i+8]) && !isEnvelope(s[i:i+8]) {
					t.Errorf("8 bytes of %q are left: %q", s, got)
					break
				}
			}
		}
	}
}

// isEnvelope is true for a part of the base64 of what spellings puts before a token.
func isEnvelope(part string) bool {
	for _, before := range []string{"Bearer ", "user:"} {
		// The last digit is the token's as well.
		if strings.Contains(base64.RawStdEncoding.EncodeToString([]byte(before)), part[:len(part)-1]) {
			return true
		}
	}
	return false
}

func TestShortAndEmptySecrets(t *testing.T) {
	r := New(nil, NewSecret(""), NewSecret("hunter2"))
	if got := marks(r.Text("say hunter2, not hunter")); got != "say #, not hunter" {
		t.Errorf("got %q", got)
	}
	if got := New(nil, NewSecret("")).Text("plain text"); got != "plain text" {
		t.Errorf("an empty secret changed the text: %q", got)
	}
}

func TestDigestsCorrelateUnderOneKeyOnly(t *testing.T) {
	a, b := New([]byte("one")), New([]byte("two"))
	if a.Digest("token") != New([]byte("one")).Digest("token") {
		t.Error("one key, one token, two digests")
	}
	if a.Digest("token") == b.Digest("token") || a.Digest("token") == a.Digest("other") {
		t.Error("digests do not depend on key and token")
	}
	if a.Digest("") != "" {
		t.Error("the digest of nothing is something")
	}
	if !strings.Contains(New([]byte("one"), NewSecret("long enough")).Text("a long enough text"), a.Digest("long enough")) {
		t.Error("Text does not use Digest")
	}
}

func TestSecretIsUnprintable(t *testing.T) {
	const text = "hunter-hunter-hunter"
	s := NewSecret(text)
	type inner struct{ hidden Secret }
	outer := struct {
		Shown  Secret
		Inner  inner
		Ptr    *inner
		hidden map[string]Secret
	}{s, inner{s}, &inner{s}, map[string]Secret{"a": s}}
	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%c", "%w"} {
		printed = append(printed, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, outer), fmt.Sprintf(verb, []Secret{s}))
	}
	asJSON, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, string(asJSON), s.String(), s.LogValue().String(), fmt.Errorf("bad %v", s).Error(), fmt.Sprint(reflect.ValueOf(s)))
	for _, p := range printed {
		if strings.Contains(p, "hunter") || strings.Contains(p, hex.EncodeToString([]byte("hunter"))) {
			t.Errorf("printed: %s", p)
		}
	}
	if s.Reveal() != text || s.IsZero() || !(Secret{}).IsZero() || NewSecret("").Reveal() != "" || (Secret{}).String() != "" {
		t.Error("a Secret does not hold what it was given")
	}
}

func TestHeader(t *testing.T) {
	got := new(Redactor).Header(http.Header{
		"Age": {"1"}, "ETag": {`"a"`}, "Vary": {"Authorization"}, "Set-Cookie": {"session=hunter"}, "X-User": {"alice"},
		"Authorization": {"Bearer hunter"}, "Location": {"/cb?access%5Ftoken=hunter"}, "Www-Authenticate": {`Bearer realm="a"`},
	})
	got.Set("Location", marks(got.Get("Location")))
	want := http.Header{"Age": {"1"}, "Etag": {`"a"`}, "Vary": {"Authorization"}, "Location": {"/cb?access%5Ftoken=#"}, "Www-Authenticate": {`Bearer realm="a"`}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTokenName(t *testing.T) {
	for _, name := range []string{"access_token", "ACCESS-TOKEN", "accessToken", "id_token", "token", "jwt", "x-api-key", "Authorization", "bearer_token"} {
		if !TokenName(name) {
			t.Errorf("%s is no token name", name)
		}
	}
	for _, name := range []string{"", "page_token", "csrf_token", "next", "tokens", "token_type", strings.Repeat("token", 100)} {
		if TokenName(name) {
			t.Errorf("%s is a token name", name)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, token := range tokens {
		f.Add("Authorization: Bearer "+token+"\n", token)
		f.Add("?access_token="+url.QueryEscape(token)+"&a=b", token)
		f.Add(base64.StdEncoding.EncodeToString([]byte("Bearer "+token)), token)
	}
	f.Add(jwt, "")
	f.Add(`map[Authorization:[Bearer x]]`, "x")
	f.Fuzz(func(t *testing.T, text, secret string) {
		var r *Redactor
		once := r.Text(text)
		if twice := r.Text(once); twice != once {
			t.Fatalf("%q gives %q, and that %q", text, once, twice)
		}
		if once := r.URL(text); r.URL(once) != once {
			t.Fatalf("URL %q gives %q, and that %q", text, once, r.URL(once))
		}
		r = New([]byte("key"), NewSecret(secret))
		out := r.Text(text)
		// What stands for a secret may by chance hold part of it; look at the rest.
		rest := strings.ReplaceAll(out, r.mark(secret), "\x00")
		for i := 0; i+window <= len(secret); i++ {
			if part := secret[i : i+window]; strings.Contains(text, part) && strings.Contains(marks(rest), part) && !strings.Contains("#", part) {
				t.Fatalf("%q left of %q in %q", part, secret, out)
			}
		}
	})
}

func BenchmarkURL(b *testing.B) {
	r := New(nil)
	b.ReportAllocs()
	for b.Loop() {
		r.URL("/api/v1/orders/12345/items")
	}
}
