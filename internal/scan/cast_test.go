package scan

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/redact"
)

// Who is who: "alice" is a reader, "alice>half" half narrows alice, "alice=again" is the same user with the same scope.
func TestCast(t *testing.T) {
	token := func(sub, scope string) string {
		return jwt(fmt.Sprintf(`{"iss":"https://issuer.example","sub":%q,"scope":%q,"jti":"%d"}`, sub, scope, len(sub)+len(scope)))
	}
	type given struct{ name, token, narrows string }
	for _, tt := range []struct {
		name  string
		given []given
		want  []string
	}{
		{"opaque tokens are a user each", []given{{"alice", aliceToken, ""}, {"bob", bobToken, ""}}, []string{"alice", "bob"}},
		{"even if they are the same", []given{{"alice", aliceToken, ""}, {"again", aliceToken, ""}}, []string{"alice", "again"}},
		{"one says that it narrows another", []given{{"alice", aliceToken, ""}, {"half", "tok-0123456789abcdef", "alice"}, {"bob", bobToken, ""}}, []string{"alice", "alice>half", "bob"}},
		{"whoever comes first", []given{{"half", "tok-0123456789abcdef", "alice"}, {"alice", aliceToken, ""}}, []string{"alice", "alice>half"}},
		{"it narrows nobody that is there", []given{{"alice", aliceToken, ""}, {"half", "tok-0123456789abcdef", "carol"}}, []string{"alice", "half"}},
		{"each narrows the other", []given{{"a", aliceToken, "b"}, {"b", bobToken, "a"}}, []string{"a", "a>b"}},
		{"it narrows itself", []given{{"a", aliceToken, "a"}}, []string{"a"}},
		{"JWTs of two subjects", []given{{"alice", token("alice-1", "read"), ""}, {"bob", token("bobby-2", "read"), ""}}, []string{"alice", "bob"}},
		{"of one subject and one scope", []given{{"alice", token("alice-1", "read"), ""}, {"again", token("alice-1", "read") + "x", ""}, {"bob", token("bobby-2", "read"), ""}},
			[]string{"alice", "alice=again", "bob"}},
		{"of one subject and less scope", []given{{"half", token("alice-1", "read"), ""}, {"alice", token("alice-1", "read write"), ""}, {"bob", token("bobby-2", "read"), ""}},
			[]string{"alice", "alice>half", "bob"}},
		{"of one subject and other scope", []given{{"reads", token("alice-1", "read"), ""}, {"writes", token("alice-1", "write"), ""}}, []string{"reads", "reads=writes"}},
		{"of one subject and scopes that overlap", []given{{"more", token("alice-1", "read write"), ""}, {"other", token("alice-1", "admin"), ""}}, []string{"more", "more=other"}},
		{"of one subject, without and with scope", []given{{"none", token("alice-1", ""), ""}, {"alice", token("alice-1", "read"), ""}}, []string{"alice", "alice>none"}},
		{"of one subject and two issuers", []given{{"a", jwt(`{"iss":"https://a.example","sub":"user-1"}`), ""}, {"b", jwt(`{"iss":"https://b.example","sub":"user-1"}`), ""}}, []string{"a", "b"}},
		{"without a subject", []given{{"a", jwt(`{"iss":"https://a.example"}`), ""}, {"b", jwt(`{"iss":"https://a.example","x":1}`), ""}}, []string{"a", "b"}},
		{"with a subject that is a number", []given{{"a", jwt(`{"sub":7}`), ""}, {"b", jwt(`{"sub":7,"x":1}`), ""}}, []string{"a", "b"}},
		{"roles are scope too", []given{{"a", jwt(`{"sub":"user-1","roles":["reader"]}`), ""}, {"b", jwt(`{"sub":"user-1","roles":["reader","auditor"]}`), ""}}, []string{"b", "b>a"}},
		{"no JWT, though it has two dots", []given{{"a", "a.b.c", ""}, {"b", "a.b.d", ""}}, []string{"a", "b"}},
		{"one alone", []given{{"alice", aliceToken, ""}}, []string{"alice"}},
	} {
		var all []*Identity
		for _, g := range tt.given {
			all = append(all, &Identity{Name: g.name, Token: redact.NewSecret(g.token), Narrows: g.narrows})
		}
		c := castOf(all)
		var got []string
		for _, id := range c.readers {
			got = append(got, id.Name)
			for _, n := range c.narrower[id] {
				got = append(got, id.Name+">"+n.Name)
			}
			for _, twin := range c.twins {
				if userOfToken(twin.Token.Reveal()) == userOfToken(id.Token.Reveal()) {
					got = append(got, id.Name+"="+twin.Name)
				}
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if len(c.readers)+len(c.twins)+narrowers(c) != len(all) {
			t.Errorf("%s: somebody is lost", tt.name)
		}
	}
}

func narrowers(c cast) (n int) {
	for _, list := range c.narrower {
		n += len(list)
	}
	return n
}

// Two tokens of one user may share what is stored: nothing is said of them, whatever the cache's key is, as long as
// others have entries of their own.
func TestTokensOfOneUserMayShare(t *testing.T) {
	t.Parallel()
	first, second := jwt(`{"iss":"i","sub":"user-alice-77","jti":"1"}`), jwt(`{"iss":"i","sub":"user-alice-77","jti":"2"}`)
	bob := jwt(`{"iss":"i","sub":"user-bobby-78","jti":"3"}`)
	s := &site{users: map[string]string{first: "alice", second: "alice", bob: "bob"}, origin: func(user string, _ *http.Request) answer { return mine(user) }}
	s.key = func(r *http.Request) string {
		if s.user(r) == "" {
			return ""
		}
		return r.URL.Path + s.user(r)
	}
	cast := []*Identity{
		{Name: "alice", Token: redact.NewSecret(first), Variable: "ALICE"}, {Name: "alice again", Token: redact.NewSecret(second), Variable: "AGAIN"},
		{Name: "bob", Token: redact.NewSecret(bob), Variable: "BOB"},
	}
	r := s.survey(t, Options{Identities: cast}, "/x")
	if diff := cmp.Diff([]string{}, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
	}
	if !slices.Equal(r.Identities, []string{"alice", "alice again", "bob"}) {
		t.Errorf("the report lists %q", r.Identities)
	}
}

// Two tokens of one user alone tell nothing apart: that is no clean API, and no second user either.
func TestTwoTokensOfOneUserOnly(t *testing.T) {
	t.Parallel()
	first, second := jwt(`{"iss":"i","sub":"user-alice-77","jti":"1"}`), jwt(`{"iss":"i","sub":"user-alice-77","jti":"2"}`)
	s := &site{users: map[string]string{first: "alice", second: "alice"}, origin: func(user string, _ *http.Request) answer { return mine(user) }, key: byURLKey}
	r := s.survey(t, Options{Identities: []*Identity{{Name: "one", Token: redact.NewSecret(first)}, {Name: "two", Token: redact.NewSecret(second)}}}, "/x")
	for _, f := range r.Findings {
		if f.Observer == "two" || f.Observer == "one" {
			t.Errorf("%s of %s to %s: they are one user", f.Rule.ID, f.Victim, f.Observer)
		}
	}
	if !r.Alone() {
		t.Error("the report claims that another user asked")
	}
	if got := strings.Join(brief(r), ", "); got != "GET /x anonymous-reuse confirmed, GET /x invalid-token-reuse confirmed" {
		t.Errorf("%s", got)
	}
}

// FuzzCast: whatever tokens say, everybody is in the cast once, and nobody narrows a reader of less scope.
func FuzzCast(f *testing.F) {
	f.Add(`{"sub":"a","scope":"x"}`, `{"sub":"a","scope":"x y"}`, "", "a")
	f.Add(`{}`, `{}`, "b", "a")
	f.Add(`{"sub":"a","roles":[1,null,{}]}`, `{"sub":"a","roles":"r"}`, "b", "")
	f.Fuzz(func(t *testing.T, one, two, narrowsOne, narrowsTwo string) {
		a := &Identity{Name: "a", Token: redact.NewSecret(jwt(one)), Narrows: narrowsOne}
		b := &Identity{Name: "b", Token: redact.NewSecret(jwt(two)), Narrows: narrowsTwo}
		c := castOf([]*Identity{a, b})
		if len(c.readers) == 0 {
			t.Fatal("nobody is a reader")
		}
		for broad, list := range c.narrower {
			for _, n := range list {
				if n.Narrows == "" && !subset(scopeOf(n), scopeOf(broad)) {
					t.Errorf("%v does not narrow %v", scopeOf(n), scopeOf(broad))
				}
			}
		}
		for _, id := range []*Identity{a, b} {
			places := 0
			if slices.Contains(c.readers, id) {
				places++
			}
			if slices.Contains(c.twins, id) {
				places++
			}
			for _, list := range c.narrower {
				if slices.Contains(list, id) {
					places++
				}
			}
			if places == 0 || places > 1 {
				t.Errorf("%s has %d places", id.Name, places)
			}
		}
	})
}
