package scan

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

var (
	bearerScheme = operation.Scheme{Name: "oauth", Kind: operation.Bearer}
	basicScheme  = operation.Scheme{Name: "staff", Kind: operation.Basic}
	headerKey    = operation.Scheme{Name: "key", Kind: operation.APIKey, In: "header", Field: "X-Api-Key"}
	queryKey     = operation.Scheme{Name: "qkey", Kind: operation.APIKey, In: "query", Field: "api key"}
	cookieKey    = operation.Scheme{Name: "session", Kind: operation.APIKey, In: "cookie", Field: "sid"}
	mutualTLS    = operation.Scheme{Name: "tls", Kind: operation.Unsupported}
)

// What goes over the wire for what a document wants and an identity has, and how it is shown.
func TestCredentials(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:pass-word"))
	for _, tt := range []struct {
		name        string
		token       string
		credentials map[string]string
		sets        [][]operation.Scheme
		want        map[string]string // by field; "?": the query
		curl        string
	}{
		{"nothing is said: as RFC 6750 has it", aliceToken, nil, nil, map[string]string{"Authorization": "Bearer " + aliceToken},
			`curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://h/a`},
		{"a bearer", aliceToken, nil, [][]operation.Scheme{{bearerScheme}}, map[string]string{"Authorization": "Bearer " + aliceToken},
			`curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://h/a`},
		{"a bearer of its own for the scheme", aliceToken, map[string]string{"oauth": "other"}, [][]operation.Scheme{{bearerScheme}}, map[string]string{"Authorization": "Bearer other"},
			`curl -s -H "Authorization: Bearer $ALICE_OAUTH" http://h/a`},
		{"the token is the key that is wanted alone", aliceToken, nil, [][]operation.Scheme{{headerKey}}, map[string]string{"X-Api-Key": aliceToken},
			`curl -s -H "X-Api-Key: $ALICE_TOKEN" http://h/a`},
		{"in the query", aliceToken, nil, [][]operation.Scheme{{queryKey}}, map[string]string{"?": "api+key=" + aliceToken}, `curl -s http://h/a"?api+key=$ALICE_TOKEN"`},
		{"in a cookie", aliceToken, nil, [][]operation.Scheme{{cookieKey}}, map[string]string{"Cookie": "sid=" + aliceToken}, `curl -s -b "sid=$ALICE_TOKEN" http://h/a`},
		{"a user and password", "", map[string]string{"staff": "alice:pass-word"}, [][]operation.Scheme{{basicScheme}}, map[string]string{"Authorization": basic},
			`curl -s -H "Authorization: Basic $(printf %s "$ALICE_STAFF" | base64 -w0)" http://h/a`},
		{"a user without a password is no credential for it", aliceToken, map[string]string{"staff": "alice"}, [][]operation.Scheme{{basicScheme}},
			map[string]string{"Authorization": "Bearer " + aliceToken}, `curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://h/a`},
		{"a bearer and a key", aliceToken, map[string]string{"key": "k-123"}, [][]operation.Scheme{{bearerScheme, headerKey}},
			map[string]string{"Authorization": "Bearer " + aliceToken, "X-Api-Key": "k-123"}, `curl -s -H "Authorization: Bearer $ALICE_TOKEN" -H "X-Api-Key: $ALICE_KEY" http://h/a`},
		{"the token is not the key that is wanted beside it", aliceToken, nil, [][]operation.Scheme{{bearerScheme, headerKey}},
			map[string]string{"Authorization": "Bearer " + aliceToken}, `curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://h/a`},
		{"the first set of which it has all", aliceToken, map[string]string{"session": "s-9"}, [][]operation.Scheme{{basicScheme}, {headerKey, cookieKey}, {cookieKey}, {bearerScheme}},
			map[string]string{"Cookie": "sid=s-9"}, `curl -s -b "sid=$ALICE_SESSION" http://h/a`},
		{"what no client can do is passed over", aliceToken, nil, [][]operation.Scheme{{mutualTLS}, {bearerScheme}}, map[string]string{"Authorization": "Bearer " + aliceToken},
			`curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://h/a`},
		{"and is no reason to say nothing", aliceToken, nil, [][]operation.Scheme{{mutualTLS}}, map[string]string{"Authorization": "Bearer " + aliceToken},
			`curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://h/a`},
		{"who has nothing says nothing", "", nil, [][]operation.Scheme{{bearerScheme}}, map[string]string{}, `curl -s http://h/a`},
		{"nor who has something else", "", map[string]string{"other": "x"}, [][]operation.Scheme{{bearerScheme}}, map[string]string{}, `curl -s http://h/a`},
	} {
		id := &Identity{Name: "alice", Token: redact.NewSecret(tt.token), Variable: "ALICE_TOKEN"}
		for name, secret := range tt.credentials {
			if id.Credentials == nil {
				id.Credentials = map[string]redact.Secret{}
			}
			id.Credentials[name] = redact.NewSecret(secret)
		}
		u := mustURL("http://h/a")
		c := newCourier(&Options{Target: u, Concurrency: 1, Rate: 1}, []*Identity{id})
		q := question{as: id, method: "GET", url: u, sets: tt.sets}
		r, err := c.request(t.Context(), q, id.presents(tt.sets))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, name := range []string{"Authorization", "X-Api-Key", "Cookie"} {
			if v := r.Header.Get(name); v != "" {
				got[name] = v
			}
		}
		if r.URL.RawQuery != "" {
			got["?"] = r.URL.RawQuery
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if line := c.curl(q); line != tt.curl {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, line, tt.curl)
		}
	}
}

// A key in a cookie comes beside the cookies that an operation has anyway.
func TestKeyBesideCookies(t *testing.T) {
	id := &Identity{Name: "alice", Token: redact.NewSecret(aliceToken)}
	u := mustURL("http://h/a")
	c := newCourier(&Options{Target: u, Concurrency: 1, Rate: 1}, []*Identity{id})
	q := question{as: id, method: "GET", url: u, sets: [][]operation.Scheme{{cookieKey}}, header: http.Header{"Cookie": {"lang=de"}}}
	r, err := c.request(t.Context(), q, id.presents(q.sets))
	if got := r.Header["Cookie"]; err != nil || len(got) != 1 || got[0] != "lang=de; sid="+aliceToken {
		t.Errorf("%q, %v", got, err)
	}
	if got := q.header.Get("Cookie"); got != "lang=de" {
		t.Errorf("the operation's own field became %q", got)
	}
}

// A leak is one, whatever the credential is.
func TestReuseByKey(t *testing.T) {
	t.Parallel()
	users := map[string]string{"key-of-alice-0001": "alice", "key-of-bob-00000002": "bob"}
	for _, cached := range []bool{true, false} {
		t.Run(map[bool]string{true: "stored", false: "not stored"}[cached], func(t *testing.T) {
			t.Parallel()
			s := &site{paths: []string{"/x"}, origin: func(_ string, r *http.Request) answer { return mine(users[r.Header.Get("X-Api-Key")]) }}
			if cached {
				s.key = byURLKey
			}
			o := Options{Operations: gets("/x"), Identities: []*Identity{
				{Name: "alice", Credentials: map[string]redact.Secret{"key": redact.NewSecret("key-of-alice-0001")}},
				{Name: "bob", Credentials: map[string]redact.Secret{"key": redact.NewSecret("key-of-bob-00000002")}},
			}}
			o.Operations[0].Alternatives = [][]operation.Scheme{{headerKey}}
			r := surveyAnyhow(t, s, o)
			tokenless(t, r, o.Identities)
			want := []string{}
			if cached {
				want = []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}
			}
			if diff := cmp.Diff(want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			for _, f := range r.Findings {
				if f.Rule == finding.InvalidTokenReuse && f.Observer != "forged" {
					t.Errorf("a key that nobody issued is called %s", f.Observer)
				}
			}
			forgeries := 0
			for _, a := range s.asked {
				if a.header.Get("Authorization") != "" {
					t.Errorf("%s was asked with Authorization", a.uri)
				}
				if k := a.header.Get("X-Api-Key"); k != "" && users[k] == "" {
					forgeries++
				}
			}
			if forgeries == 0 {
				t.Error("no forged key was tried")
			}
		})
	}
}

func TestForged(t *testing.T) {
	for _, secret := range []string{aliceToken, bobToken, jwt(`{"sub":"a"}`), "0123456789", "ABC", "aaaaaaaa", "a.b.c", "x", "1", "--------", "äöü-token-äöü", "tok_ÀÉ", "alice:pass-word"} {
		got := forged(secret)
		if got == secret {
			t.Errorf("%q is forged as itself", secret)
		}
		if len(got) != len(secret) && secret != "--------" {
			t.Errorf("%q is forged as %q, of another length", secret, got)
		}
		head, _, _ := strings.Cut(secret, ".")
		if strings.Count(secret, ".") == 2 && len(secret) > 20 {
			if !strings.HasPrefix(got, secret[:strings.LastIndexByte(secret, '.')+1]) {
				t.Errorf("%q: what the token claims has changed", head)
			}
		} else if n := len(secret) / 2; !strings.HasPrefix(got, secret[:n]) {
			t.Errorf("%q does not begin like %q", got, secret)
		}
	}
	if forged("") != "" {
		t.Error("who has no token is forged one")
	}
	id := &Identity{Name: "alice", Token: redact.NewSecret(aliceToken), Credentials: map[string]redact.Secret{"key": redact.NewSecret("k-0001-abcdef")}}
	f := forgery(id)
	if f.Name != "forged" || f.Variable != "FORGED_TOKEN" || f.Token.Reveal() == aliceToken || f.Credentials["key"].Reveal() == "k-0001-abcdef" || len(f.Credentials) != 1 || f.Renew != nil {
		t.Errorf("%+v", f)
	}
}

// FuzzForged: never the true one; for what tokens are made of, of its length and the same but for case; and what a
// JWT claims stays.
func FuzzForged(f *testing.F) {
	for _, s := range []string{aliceToken, jwt(`{"sub":"a"}`), "", "0", "a.b.c", "ǅ", "ß", "İ", "\xff\xfe", "1234567890", "12.34.567890123456"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		got := forged(secret)
		if secret == "" {
			if got != "" {
				t.Errorf("nothing becomes %q", got)
			}
			return
		}
		if got == secret {
			t.Fatalf("%q is forged as itself", secret)
		}
		ascii := strings.IndexFunc(secret, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' }) < 0
		letters := strings.ToUpper(secret[len(secret)/2:]) != strings.ToLower(secret[len(secret)/2:])
		if ascii && letters && strings.Count(secret, ".") != 2 && (len(got) != len(secret) || !strings.EqualFold(got, secret)) {
			t.Errorf("%q is forged as %q", secret, got)
		}
		kept := len(secret) / 2
		if strings.Count(secret, ".") == 2 {
			kept = min(kept, strings.LastIndexByte(secret, '.')+1)
		}
		if !strings.HasPrefix(got, secret[:kept]) {
			t.Errorf("%q does not begin like %q", got, secret)
		}
	})
}
