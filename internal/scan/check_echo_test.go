package scan

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func TestTokenEcho(t *testing.T) {
	t.Parallel()
	saying := func(what func(token string) string) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			made := mine(user)
			if user != "" {
				made.body = strings.Replace(made.body, "{", fmt.Sprintf(`{"said":%q,`, what(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))), 1)
			}
			return made
		}
	}
	leak := []string{"GET /x token-echo confirmed"}
	alice := []string{"medium of alice to", "alice 200"}
	for _, tt := range []expectation{
		{"the body repeats it", saying(func(token string) string { return token }), leak, alice, "in the body, as it is"},
		{"within a word", saying(func(token string) string { return "session=" + token + ";" }), leak, alice, "in the body, as it is"},
		{"in base64", saying(func(token string) string { return base64.StdEncoding.EncodeToString([]byte(token)) }), leak, alice, "in the body, in base64"},
		{"in hex", saying(func(token string) string { return hex.EncodeToString([]byte(token)) }), leak, alice, "in the body, in hex"},
		{"in a field", func(user string, r *http.Request) answer {
			return mine(user).with("X-Debug", r.Header.Get("Authorization"))
		}, leak, alice, "in the field X-Debug"},
		{"in a cookie", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return mine(user).with("Set-Cookie", "t="+url.QueryEscape(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		}, leak, alice, "in the field Set-Cookie"},
		{"only of those who are refused", func(user string, r *http.Request) answer {
			if sent := r.Header.Get("Authorization"); user == "" && sent != "" {
				return answer{status: 401, body: `{"error":"no such token: ` + strings.TrimPrefix(sent, "Bearer ") + `"}`}
			}
			return mine(user)
		}, leak, []string{"medium of forged to", "forged 401"}, "in the body, as it is"},

		{"nothing of it", func(user string, _ *http.Request) answer { return mine(user) }, []string{}, nil, ""},
		{"its begin and end", saying(func(token string) string { return token[:6] + "…" + token[len(token)-4:] }), []string{}, nil, ""},
		{"all but its end", saying(func(token string) string { return token[:len(token)-1] + "*" }), []string{}, nil, ""},
		{"a digest with a key", saying(func(token string) string {
			m := hmac.New(sha256.New, []byte("key"))
			m.Write([]byte(token))
			return hex.EncodeToString(m.Sum(nil))
		}), []string{}, nil, ""},
		{"a token that is nobody's", saying(func(string) string { return "tok-0000000000000000000" }), []string{}, nil, ""},
		{"the next token", saying(func(token string) string { return "next-" + strings.ToUpper(token) }), []string{}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.holds(t, finding.TokenEcho)
		})
	}
}

// A hash without a key is a token for whoever guesses: low, and said so.
func TestHashOfTheToken(t *testing.T) {
	t.Parallel()
	s := &site{origin: func(user string, r *http.Request) answer {
		sum := sha256.Sum256([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		return mine(user).with("X-Session", hex.EncodeToString(sum[:]))
	}}
	r := s.survey(t, Options{}, "/x")
	want := []string{"low of alice to", "alice 200"}
	if diff := cmp.Diff(want, steps(r, finding.TokenEcho)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What was presented is found in each of its forms, where it stands and nowhere else.
func TestEchoesOf(t *testing.T) {
	const secret = "s3cr3t/with+odd=bytes"
	for _, tt := range []struct {
		name, body, field string
		want              []echo
	}{
		{"nothing", "nothing", "nothing", nil},
		{"the body", "a " + secret + " b", "", []echo{{where: "body", form: "as it is"}}},
		{"a field", "", secret, []echo{{where: "X-Field", form: "as it is"}}},
		{"both", secret, secret, []echo{{where: "body", form: "as it is"}, {where: "X-Field", form: "as it is"}}},
		{"percent-encoded", "x=" + url.QueryEscape(secret), "", []echo{{where: "body", form: "percent-encoded"}}},
		{"base64url", base64.RawURLEncoding.EncodeToString([]byte(secret)), "", []echo{{where: "body", form: "in base64"}}},
		{"a link", "see https://h.example/x?y=" + secret, "", []echo{{where: "body", form: "as it is", inURL: true}}},
		{"a link to a path", `<a href="/x/` + secret + `">`, "", []echo{{where: "body", form: "as it is", inURL: true}}},
		{"after a link", "https://h.example/x " + secret, "", []echo{{where: "body", form: "as it is"}}},
		{"cut off", secret[:len(secret)-1], secret[1:], nil},
	} {
		got := echoesOf([]credential{{secret: secret}}, []byte(tt.body), http.Header{"X-Field": {tt.field}})
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(echo{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := echoesOf([]credential{{secret: "shortsecret"}}, []byte("shortsecret"), nil); got != nil {
		t.Errorf("what is short was looked for: %v", got)
	}
}

// FuzzEchoes: whatever form of a secret is put anywhere is found, and without one nothing is.
func FuzzEchoes(f *testing.F) {
	f.Add("tok-1f0a9c77b2e4alice", "{\"a\": \"", "\"}", uint8(0), false)
	f.Add("äöü-secret with spaces", "https://h/?t=", "&u", uint8(3), true)
	f.Add("aaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaa", "a", uint8(7), false)
	f.Fuzz(func(t *testing.T, secret, before, after string, n uint8, field bool) {
		if len(secret) < leastEcho || len(secret) > 1<<12 {
			return
		}
		forms := formsOf(secret)
		form := forms[int(n)%len(forms)]
		presented := []credential{{secret: secret}}
		text, h := before+form.text+after, http.Header{}
		body := text
		if field {
			body, h = "", http.Header{"X-Field": {text}}
		}
		found := echoesOf(presented, []byte(body), h)
		if len(found) == 0 {
			t.Fatalf("%q %s is not found", secret, form.name)
		}
		for _, e := range found {
			if (e.where == "body") == field {
				t.Errorf("found in %q", e.where)
			}
		}
		holds := false
		for _, form := range forms {
			holds = holds || strings.Contains(before+"|"+after, form.text)
		}
		if got := echoesOf(presented, []byte(before+"|"+after), nil); (len(got) > 0) != holds {
			t.Errorf("%q: found %v", before+"|"+after, got)
		}
	})
}
