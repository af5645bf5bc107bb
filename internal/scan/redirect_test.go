package scan

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What an operation hands out may be where to go: a link to a file that is good for whoever has it.
func TestStoredRedirects(t *testing.T) {
	t.Parallel()
	to := func(status int, location string) answer {
		return answer{status: status, body: "<p>It is elsewhere.</p>"}.with("Location", location)
	}
	redirects := func(_ *http.Request, made answer) bool { return made.status < 400 }
	var drawn atomic.Int64
	file := func(user string, r *http.Request) answer {
		if user == "" {
			return to(302, "/login?next="+r.URL.Path)
		}
		return to(302, fmt.Sprintf("https://files.example/%s-7f3a91c2?signature=%x", user, user))
	}
	for _, tt := range []struct {
		name string
		s    *site
		want []string
		told string // of the operation
	}{
		{"kept by URL", &site{origin: file, key: byURLKey, keeps: redirects},
			[]string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x error-poisoning confirmed", "GET /x invalid-token-reuse confirmed"}, ""},
		{"kept by caller", &site{origin: file, key: byCaller, keeps: redirects}, []string{}, ""},
		{"not kept", &site{origin: file}, []string{}, ""},
		{"signed anew each time, not kept", &site{origin: func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return to(303, fmt.Sprintf("https://files.example/report?signature=%032x", drawn.Add(1)))
		}}, []string{}, ""},
		{"the same for all, kept by URL", &site{origin: func(string, *http.Request) answer { return to(301, "/docs/index.html") }, key: byURLKey, keeps: redirects}, []string{},
			"bob got the same as alice, and nothing told shared data from a leak: give --origin URL, --marker alice=TEXT, or a longer --wait"},
		{"to the log-in", &site{origin: func(_ string, r *http.Request) answer { return to(302, "/sign-in?next="+r.RequestURI) }, key: byURLKey, keeps: redirects},
			[]string{}, "answered 302 to alice: there was nothing to compare; it sends to /sign-in"},
		{"to the path with a slash", &site{origin: func(_ string, r *http.Request) answer { return to(308, r.URL.Path+"/") }, key: byURLKey, keeps: redirects},
			[]string{}, "answered 308 to alice: there was nothing to compare; it sends to /x/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{Wait: time.Nanosecond}, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if len(tt.want) == 0 && tt.told == "" && r.Operations[0].Requests > 12 {
				t.Errorf("%d requests", r.Operations[0].Requests)
			}
			if r.Operations[0].Reason != tt.told {
				t.Errorf("it says %q, want %q", r.Operations[0].Reason, tt.told)
			}
		})
	}
}
