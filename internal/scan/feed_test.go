package scan

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// askedFor lists the paths below prefix that were asked for under no variant, by who did.
func askedFor(s *site, prefix string) map[string][]string {
	list := map[string][]string{}
	for _, a := range s.asked {
		if strings.HasPrefix(a.uri, prefix) && !strings.ContainsAny(a.uri, "?%;") && !strings.HasSuffix(a.uri, ".css") && strings.Count(a.uri, "/") == strings.Count(prefix, "/") {
			who := s.user(&http.Request{Header: a.header})
			if !slices.Contains(list[who], a.uri) {
				list[who] = append(list[who], a.uri)
			}
		}
	}
	for _, paths := range list {
		slices.Sort(paths)
	}
	return list
}

// Identifiers come from lists that each reader was shown; those that only one was shown before the others.
func TestFeedFromLists(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list func(user, id string) bool
		want []string // of alice's, bob's
	}{
		{"each has a list of its own", func(user, id string) bool { return owners[id] == user }, []string{"/orders/1001", "/orders/1002"}},
		{"all lists begin with what all may see", func(user, id string) bool { return id == "1001" || owners[id] == user }, []string{"/orders/1002", "/orders/1003"}},
		{"all have one list", func(string, string) bool { return true }, []string{"/orders/1001"}},
		{"only bob has any", func(user, id string) bool { return user == "bob" && owners[id] == user }, []string{"/orders/1002"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := shop(tt.list, func(user, id string, _ *http.Request) answer {
				if owners[id] != user {
					return missing
				}
				return order(id)
			})
			r := s.survey(t, Options{Operations: orders(), Feeds: ordersFed})
			if diff := cmp.Diff([]string{}, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var got []string
			for _, paths := range askedFor(s, "/orders/") {
				got = append(got, paths...)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, slices.Compact(got)); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if r.Operations[1].Status != finding.StatusTested || !strings.HasSuffix(r.Operations[1].Operation, "{id}") {
				t.Errorf("%+v", r.Operations[1])
			}
		})
	}
}

// What was found for one operation leads to values for the next; a parameter that the source was asked with is the
// same there.
func TestFeedInChains(t *testing.T) {
	t.Parallel()
	s := &site{anyPath: true, origin: func(user string, r *http.Request) answer {
		team := map[string]string{"alice": "t-alpha", "bob": "t-beta"}[user]
		switch {
		case user == "":
			return denial
		case r.URL.Path == "/teams":
			return ok(`[{"id":"` + team + `"}]`)
		case r.URL.Path == "/teams/"+team+"/rooms":
			return ok(`{"rooms":[{"room":"r-` + team + `"}]}`)
		case r.URL.Path == "/teams/"+team+"/rooms/r-"+team:
			return mine(user)
		}
		return missing
	}}
	ops := gets("/teams", "/teams/{team}/rooms", "/teams/{team}/rooms/{room}")
	feeds := []operation.Feed{
		{Operation: 1, Parameter: "team", Sources: []operation.Source{{Operation: 0, Names: []string{"id"}}}},
		{Operation: 2, Parameter: "room", Sources: []operation.Source{{Operation: 1, Names: []string{"room"}, Same: map[string]string{"team": "team"}}}},
	}
	r := s.survey(t, Options{Operations: ops, Feeds: feeds})
	want := map[string][]string{
		"alice": {"/teams/t-alpha/rooms/r-t-alpha", "/teams/t-beta/rooms/r-t-beta"}, "bob": {"/teams/t-alpha/rooms/r-t-alpha", "/teams/t-beta/rooms/r-t-beta"},
	}
	got := map[string][]string{}
	for _, who := range []string{"alice", "bob"} {
		for _, a := range s.asked {
			if s.user(&http.Request{Header: a.header}) == who && strings.Count(a.uri, "/") == 4 && !strings.ContainsAny(a.uri, "?%;") && !strings.HasSuffix(a.uri, ".css") && !slices.Contains(got[who], a.uri) {
				got[who] = append(got[who], a.uri)
			}
		}
		slices.Sort(got[who])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{}, brief(r)); diff != "" || !r.Complete {
		t.Errorf("(-want +got):\n%s\n%s", diff, r.Incomplete)
	}
}

// What the user gives is not looked for, and where nothing is found the document's own value has to do.
func TestFeedGivenAndMissing(t *testing.T) {
	t.Parallel()
	own := func(user, id string) bool { return owners[id] == user }
	detail := func(user, id string, _ *http.Request) answer {
		if owners[id] != user {
			return missing
		}
		return order(id)
	}
	s := shop(own, detail)
	s.survey(t, Options{Operations: orders(), Feeds: ordersFed, Value: func(identity string, p operation.Parameter) (string, bool) {
		return map[string]string{"alice": "1003", "bob": "1004"}[identity], p.Name == "id"
	}})
	if got := askedFor(s, "/orders/"); slices.Contains(got["alice"], "/orders/1001") || !slices.Contains(got["alice"], "/orders/1003") {
		t.Errorf("asked for %v", got)
	}

	s = shop(func(string, string) bool { return false }, detail)
	ops := orders()
	ops[1].Parameters[0].Candidates = []string{"1002"}
	s.survey(t, Options{Operations: ops, Feeds: ordersFed})
	if got := askedFor(s, "/orders/"); !slices.Equal(got["bob"], []string{"/orders/1002"}) {
		t.Errorf("asked for %v", got)
	}

	s = shop(func(string, string) bool { return false }, detail)
	r := s.survey(t, Options{Operations: orders(), Feeds: ordersFed})
	if op := r.Operations[1]; op.Status != finding.StatusSkipped || !strings.Contains(op.Reason, "--param id=") {
		t.Errorf("%+v", op)
	}
}

// S2: whatever a list holds, what is taken from it is bounded, fits into a path, and stays at the target.
func TestHostileLists(t *testing.T) {
	many := func(n int, element string) string { return "[" + strings.Repeat(element+",", n-1) + element + "]" }
	for _, tt := range []struct{ name, body string }{
		{"a million objects", many(1_000_000, `{"id":1}`)},
		{"a million numbers", many(1_000_000, `7`)},
		{"an identifier of a megabyte", `[{"id":"` + strings.Repeat("x", 1<<20) + `"}]`},
		{"deep", strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)},
		{"deeper than anything", strings.Repeat(`{"id":`, 200_000) + "1" + strings.Repeat("}", 200_000)},
		{"other paths", `[{"id":".."},{"id":"../../admin"},{"id":"/etc/passwd"},{"id":"//evil.example/"},{"id":"\\\\evil.example"},{"id":"@evil.example"},{"id":"?x=y"},{"id":"#"},{"id":"%2e%2e"}]`},
		{"what does not show", `[{"id":"a\u0000b"},{"id":"a\r\nHost: evil.example"},{"id":"\u202e"},{"id":"\u001b[31m"}]`},
		{"numbers that are none", `[{"id":1e400},{"id":-1},{"id":99999999999999999999999999999},{"id":null},{"id":true},{"id":{}}]`},
		{"the token of the reader", `[{"id":"` + aliceToken + `"}]`},
		{"nothing that ends", `[{"id":1},{"id":2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &site{anyPath: true, origin: func(user string, r *http.Request) answer {
				switch {
				case user == "":
					return denial
				case r.URL.Path == "/orders":
					return ok(tt.body)
				}
				return mine(user)
			}}
			r := surveyAnyhow(t, s, Options{Operations: orders(), Feeds: ordersFed})
			tokenless(t, r, people())
			paths := map[string]bool{}
			for _, a := range s.asked {
				path, _, _ := strings.Cut(a.uri, "?")
				if len(a.uri) > 8<<10 || !strings.HasPrefix(a.uri, "/") || strings.HasPrefix(a.uri, "//") || strings.Contains(path, "/../") || strings.HasSuffix(path, "/..") {
					t.Errorf("asked for %.200q", a.uri)
				}
				if strings.HasPrefix(path, "/orders/") && !strings.ContainsAny(path, ";") {
					paths[path] = true
				}
			}
			if len(paths) > 40 {
				t.Errorf("%d paths were asked for", len(paths))
			}
			want := []string{}
			if strings.Contains(tt.body, aliceToken) {
				want = []string{"GET /orders token-echo confirmed"}
			}
			if diff := cmp.Diff(want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Identifiers that are others every time cost no more than those that stay.
func TestEndlessIdentifiers(t *testing.T) {
	t.Parallel()
	n := 0
	s := &site{anyPath: true}
	s.origin = func(user string, r *http.Request) answer {
		if user == "" {
			return denial
		}
		if r.URL.Path == "/orders" {
			s.mu.Lock()
			defer s.mu.Unlock()
			n += 16
			var list []string
			for i := range 16 {
				list = append(list, fmt.Sprintf(`{"id":%d}`, n+i))
			}
			return ok("[" + strings.Join(list, ",") + "]")
		}
		return mine(user)
	}
	r := s.survey(t, Options{Operations: orders(), Feeds: ordersFed})
	if r.Requests > 250 || !r.Complete {
		t.Errorf("%d requests, complete: %v %s", r.Requests, r.Complete, r.Incomplete)
	}
	if got := brief(r); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// Who asks is told how he is called: that leads to his page. Whoever else may see that, reads it by right.
func TestFeedOfWhoeverAsks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		others bool // may see the page
		key    func(*http.Request) string
		want   []string
	}{
		{"all may see it", true, nil, []string{}},
		{"only its subject may", false, nil, []string{}},
		{"so, and it is kept for all", false, byURLKey, []string{"GET /people/{user_id} cross-identity-reuse", "GET /people/{user_id} anonymous-reuse", "GET /people/{user_id} invalid-token-reuse"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{anyPath: true, key: tt.key, lifetime: time.Hour, origin: func(user string, r *http.Request) answer {
				whose, page := strings.CutPrefix(r.URL.Path, "/people/u-")
				switch {
				case user == "":
					return denial
				case r.URL.Path == "/profile":
					return ok(`{"user_id":"u-`+user+`","email":"`+user+`@example.com"}`).with("Cache-Control", "no-store")
				case page && (whose == user || tt.others && (whose == "alice" || whose == "bob")):
					return ok(`{"page":"of ` + whose + `","email":"` + whose + `@example.com"}`)
				case page:
					return answer{status: 403, body: `{}`}
				}
				return missing
			}, keeps: func(r *http.Request, made answer) bool {
				return made.status == 200 && strings.HasPrefix(r.URL.Path, "/people/")
			}}
			d := &operation.Document{Operations: gets("/profile", "/people/{user_id}")}
			r := s.survey(t, Options{Operations: d.Operations, Feeds: d.Feeds()})
			var got []string
			for _, f := range r.Findings {
				if f.Severity >= finding.Medium {
					got = append(got, f.Operation+" "+f.Rule.ID)
				}
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if op := r.Operations[1]; op.Status != finding.StatusTested {
				t.Errorf("%+v", op)
			}
		})
	}
}
