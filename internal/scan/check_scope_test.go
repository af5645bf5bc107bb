package scan

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/redact"
)

// alice has two tokens here: one of all her scopes, and one of less. Bob is somebody else.
func scoped(opaque bool) (cast []*Identity, users map[string]string) {
	broad := jwt(`{"iss":"https://issuer.example","sub":"user-alice-77","scope":"profile accounts"}`)
	narrow := jwt(`{"iss":"https://issuer.example","sub":"user-alice-77","scope":"profile"}`)
	bob := jwt(`{"iss":"https://issuer.example","sub":"user-bobby-78","scope":"profile accounts"}`)
	narrows := ""
	if opaque {
		broad, narrow, bob, narrows = aliceToken, "tok-1f0a9c77narrower-alice", bobToken, "alice"
	}
	return []*Identity{
		{Name: "alice", Token: redact.NewSecret(broad), Variable: "ALICE_TOKEN"},
		{Name: "reader", Token: redact.NewSecret(narrow), Variable: "READER_TOKEN", Narrows: narrows},
		{Name: "bob", Token: redact.NewSecret(bob), Variable: "BOB_TOKEN"},
	}, map[string]string{broad: "alice", narrow: "alice-", bob: "bob"}
}

// byScope says more to a token of more scope.
func byScope(user string, _ *http.Request) answer {
	switch user {
	case "":
		return denial
	case "alice-":
		return ok(`{"name":"Alice A.","city":"Graz"}`)
	}
	return ok(fmt.Sprintf(`{"name":"%s A.","city":"Graz","iban":"AT48%016d"}`, user, 32*len(user)))
}

// Two tokens of one user may share what is stored, as long as they are told the same.
func TestScopeReuse(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	var parts sync.Map
	subject := func(s *site, r *http.Request) string { return strings.TrimSuffix(s.user(r), "-") }
	bySubject := func(s *site) func(*http.Request) string {
		return func(r *http.Request) string {
			if s.user(r) == "" {
				return ""
			}
			return r.RequestURI + " " + subject(s, r)
		}
	}
	byToken := func(*site) func(*http.Request) string { return byCaller }
	leak := []string{"GET /x scope-reuse confirmed"}
	fresh := []string{"high of alice to reader", "alice 200 origin", "reader 200 cache", "reader 200 cache", "reader 200 origin", "alice 200 cache"}
	denied := []string{"high of alice to reader", "alice 200 origin", "reader 200 cache", "reader 200 cache", "reader 403 origin", "alice 200 origin", "reader 200 cache"}
	refusing := func(user string, r *http.Request) answer {
		if user == "alice-" {
			return answer{status: 403, body: `{"error":"insufficient_scope"}`}
		}
		return byScope(user, r)
	}
	for _, tt := range []struct {
		name     string
		origin   func(user string, r *http.Request) answer
		key      func(s *site) func(r *http.Request) string
		lifetime time.Duration
		opaque   bool
		want     []string
		steps    []string
	}{
		{"the key has the subject and not the scope", byScope, bySubject, 0, false, leak, fresh},
		{"and the tokens are opaque", byScope, bySubject, 0, true, leak, fresh},
		{"the key has the subject and the path alone", byScope, func(s *site) func(*http.Request) string {
			return func(r *http.Request) string {
				if s.user(r) == "" {
					return ""
				}
				return r.URL.Path + subject(s, r)
			}
		}, soon, false, leak, fresh},
		{"the token of less scope is refused", refusing, bySubject, 0, false, leak, denied},
		{"the key has the beginning of the token", byScope, func(*site) func(*http.Request) string {
			return func(r *http.Request) string {
				token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
				return r.RequestURI + " " + token[:min(12, len(token))]
			}
		}, 0, true, []string{"GET /x invalid-token-reuse confirmed", "GET /x scope-reuse confirmed"}, fresh},
		{"a part of the answer is kept by subject, and every answer has a number of its own", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			kept, _ := parts.LoadOrStore(r.RequestURI+strings.TrimSuffix(user, "-"), byScope(user, r).body)
			return ok(fmt.Sprintf(`{"request":"r-%012d","profile":%s}`, ticks.Add(1), kept))
		}, nil, 0, false, []string{"GET /x scope-reuse likely"}, []string{"high of alice to reader", "alice 200 origin", "reader 200 cache", "reader 200 cache", "reader 200 origin"}},

		{"the key has the token", byScope, byToken, 0, false, []string{}, nil},
		{"nothing is stored", byScope, nil, 0, false, []string{}, nil},
		{"both are told the same", func(user string, r *http.Request) answer { return byScope(strings.TrimSuffix(user, "-"), r) }, bySubject, 0, false, []string{}, nil},
		{"both are told the same, and nothing is stored", func(user string, r *http.Request) answer { return byScope(strings.TrimSuffix(user, "-"), r) }, nil, 0, false, []string{}, nil},
		{"the token of less scope is refused, and nothing is stored", refusing, nil, 0, false, []string{}, nil},
		{"and sent to a login", func(user string, r *http.Request) answer {
			if user == "alice-" {
				return answer{status: 302}.with("Location", "/login?scope=accounts")
			}
			return byScope(user, r)
		}, byToken, 0, false, []string{}, nil},
		{"a nonce in every answer", func(user string, r *http.Request) answer {
			made := byScope(user, r)
			made.body = strings.Replace(made.body, "{", fmt.Sprintf(`{"nonce":"n-%012d",`, ticks.Add(1)), 1)
			return made
		}, byToken, 0, false, []string{}, nil},
		{"both are told the same, but for what the clock says", func(user string, r *http.Request) answer {
			made := byScope(strings.TrimSuffix(user, "-"), r)
			made.body = strings.Replace(made.body, "{", fmt.Sprintf(`{"visits":%d,`, ticks.Add(1)), 1)
			return made
		}, nil, 0, false, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{origin: tt.origin, lifetime: tt.lifetime}
			if tt.key != nil {
				s.key = tt.key(s)
			}
			o := Options{}
			if tt.lifetime != 0 {
				o.Wait = patience
			}
			o.Identities, s.users = scoped(tt.opaque)
			r := s.survey(t, o, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.ScopeReuse)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// The API past its cache is control enough.
func TestScopeReuseAtTheOrigin(t *testing.T) {
	t.Parallel()
	for _, leaks := range []bool{true, false} {
		cast, users := scoped(false)
		origin := func(user string, r *http.Request) answer {
			if !leaks { // both are told the same anyway
				user = strings.TrimSuffix(user, "-")
			}
			return byScope(user, r)
		}
		s := &site{origin: origin, users: users, past: &site{origin: origin, users: users, anyPath: true}}
		s.key = func(r *http.Request) string {
			if s.user(r) == "" {
				return ""
			}
			return r.URL.Path + strings.TrimSuffix(s.user(r), "-")
		}
		r := s.survey(t, Options{Identities: cast, Wait: time.Nanosecond}, "/x")
		want := []string{}
		if leaks {
			want = []string{"GET /x scope-reuse confirmed"}
		}
		if diff := cmp.Diff(want, brief(r)); diff != "" {
			t.Errorf("leaks %v (-want +got):\n%s", leaks, diff)
		}
	}
}
