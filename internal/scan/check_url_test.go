package scan

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

func TestTokenInURL(t *testing.T) {
	t.Parallel()
	users := map[string]string{aliceToken: "alice", bobToken: "bob"}
	// taking has the origin take a token from the query too.
	taking := func(names ...string) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			for _, name := range names {
				if user == "" {
					user = users[r.URL.Query().Get(name)]
				}
			}
			return mine(user)
		}
	}
	linking := func(link func(token string) string) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return ok(fmt.Sprintf(`{"email":"%s@example.com","download":%q}`, user, link(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))))
		}
	}
	leak := []string{"GET /x token-in-url confirmed"}
	taken := []string{"medium of alice to", "nobody 401", "alice 200", "forged 401"}
	put := []string{"medium of alice to", "alice 200"}
	for _, tt := range []expectation{
		{"access_token, as RFC 6750 has it", taking("access_token"), leak, taken, "as access_token"},
		{"jwt", taking("jwt"), leak, taken, "as jwt"},
		{"any of them", taking("bearer_token", "token"), leak, taken, "as token"},
		{"and others are sent to a login", func(user string, r *http.Request) answer {
			if a := taking("token")(user, r); a.status == 200 {
				return a
			}
			return answer{status: 302}.with("Location", "/login")
		}, leak, []string{"medium of alice to", "nobody 302", "alice 200", "forged 302"}, "as token"},
		{"a link in the body holds it", linking(func(token string) string { return "https://files.example/d?access_token=" + token }), leak, put, "put into a URL in the body"},
		{"as a part of a path", linking(func(token string) string { return "/download/" + token }), leak, put, "put into a URL in the body"},
		{"a redirect leads to it", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return answer{status: 302}.with("Location", "/app#token="+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		}, leak, []string{"medium of alice to", "alice 302"}, "put into a URL in the field Location"},

		{"in the field only", taking(), []string{}, nil, ""},
		{"a token for the next page", linking(func(string) string { return "/x?token=cGFnZTox&page_token=AAAB3NzaC1yc2E" }), []string{}, nil, ""},
		{"a signature for one download", linking(func(string) string { return "/files/7?sig=3f786850e387550fdab836ed7e6dc881de23001b" }), []string{}, nil, ""},
		{"any token is taken, and what it opens is everybody's", func(user string, r *http.Request) answer {
			if user == "" && r.URL.Query().Get("token") != "" {
				return ok(`{"items":["desk","chair"]}`)
			}
			return mine(user)
		}, []string{}, nil, ""},
		{"any token is taken", func(user string, r *http.Request) answer {
			if user == "" && r.URL.Query().Get("token") != "" {
				user = "alice"
			}
			return mine(user)
		}, []string{}, nil, ""},
		{"an unknown query is refused", func(user string, r *http.Request) answer {
			if r.URL.RawQuery != "" {
				return answer{status: 400, body: `{"error":"unknown parameter"}`}
			}
			return mine(user)
		}, []string{}, nil, ""},
		{"a login that knows where to go back to", func(user string, r *http.Request) answer {
			if user == "" {
				return answer{status: 302}.with("Location", "/login?next="+url.QueryEscape(r.URL.Path))
			}
			return mine(user)
		}, []string{}, nil, ""},
		{"a log of what the scan asked", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return ok(fmt.Sprintf(`{"email":"%s@example.com","last":"GET /x?bearcache=abc1&access_token=%s"}`, user, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		}, []string{}, nil, ""},
		{"everybody is told the same", func(string, *http.Request) answer { return ok(`{"items":["desk","chair"]}`) }, []string{}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.holds(t, finding.TokenInURL)
		})
	}
}

// The document itself wants the credential in the query.
func TestKeyInTheQuery(t *testing.T) {
	t.Parallel()
	key := operation.Scheme{Name: "key", Kind: operation.APIKey, In: "query", Field: "api_key"}
	s := &site{origin: func(_ string, r *http.Request) answer {
		return mine(map[string]string{aliceToken: "alice", bobToken: "bob"}[r.URL.Query().Get("api_key")])
	}}
	o := Options{Identities: []*Identity{
		{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN"},
		{Name: "bob", Token: redact.NewSecret(bobToken), Variable: "BOB_TOKEN"},
	}}
	o.Operations = []operation.Operation{{Method: "GET", Path: "/x", Security: operation.Required, Alternatives: [][]operation.Scheme{{key}}}}
	s.paths = []string{"/x"}
	r := surveyAnyhow(t, s, o)
	if diff := cmp.Diff([]string{"GET /x token-in-url confirmed"}, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
	}
	if diff := cmp.Diff([]string{"medium of alice to", "alice 200"}, steps(r, finding.TokenInURL)); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	tokenless(t, r, o.Identities)
	for _, a := range s.asked {
		if a.header.Get("Authorization") != "" {
			t.Errorf("%s was asked with a field that the document does not want", a.method)
		}
	}
}

// Most operations are not tried with a token in the URL, unless one took it or they look like a download.
func TestTokensInURLsAreTriedOnAFew(t *testing.T) {
	t.Parallel()
	s := &site{origin: func(user string, _ *http.Request) answer { return mine(user) }}
	paths := append(number("/x", mostURLs+10), "/report/export")
	s.survey(t, Options{}, paths...)
	tried := map[string]bool{}
	for _, a := range s.asked {
		if path, query, _ := strings.Cut(a.uri, "?"); strings.Contains(query, "access_token=") {
			tried[path] = true
		}
	}
	if len(tried) != mostURLs+1 && len(tried) != mostURLs || !tried["/report/export"] {
		t.Errorf("tried on %d operations, the download among them: %v; want %d", len(tried), tried["/report/export"], mostURLs)
	}
}
