package scan

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A cache that validates with the credentials of who asks keeps readers apart, until it is told not to.
func TestCoaxed(t *testing.T) {
	t.Parallel()
	stale := func(r *http.Request) bool { return strings.Contains(r.Header.Get("Cache-Control"), "max-stale") }
	through := func(user string, _ *http.Request) answer { return mine(user).with("Via", "1.1 edge") }
	validating := func(s *site, given func(r *http.Request) bool) *site {
		s.origin = through
		s.before = func(r *http.Request, kept answer) answer {
			if given(r) {
				return kept
			}
			return through(s.user(r), r)
		}
		return s
	}
	for _, tt := range []struct {
		name string
		s    *site
		want []string
	}{
		{"stale ones given to whoever says so", validating(&site{key: byURLKey}, stale), []string{"GET /x cross-identity-reuse confirmed"}},
		{"kept by caller", validating(&site{key: byCaller}, stale), []string{}},
		{"validated whatever is said", validating(&site{key: byURLKey}, func(*http.Request) bool { return false }), []string{}},
		{"of the origin, which gives what is old to whoever says so", &site{origin: func(user string, r *http.Request) answer {
			if user != "" && stale(r) {
				user = "alice"
			}
			return through(user, r)
		}}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{Wait: time.Nanosecond}, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
		})
	}
}
