package scan

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

// What is kept compressed only reaches who takes it so, as browsers do.
func TestKeptCompressed(t *testing.T) {
	t.Parallel()
	takes := func(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") }
	pack := func(user string, r *http.Request) answer {
		made := mine(user)
		if takes(r) && made.status == 200 {
			return ok(zip(made.body)).with("Content-Encoding", "gzip")
		}
		return made
	}
	only := func(key func(*http.Request) string) func(*http.Request) string {
		return func(r *http.Request) string {
			if !takes(r) || r.Header.Get("Authorization") == "" {
				return ""
			}
			return key(r)
		}
	}
	for _, tt := range []struct {
		name string
		s    *site
		wait time.Duration
		want []string
	}{
		{"by URL", &site{origin: pack, key: only(byURLKey)}, time.Nanosecond, []string{"GET /x cross-identity-reuse confirmed"}},
		{"by path, for a while", &site{origin: pack, key: only(byPathKey), lifetime: soon}, patience, []string{"GET /x cross-identity-reuse confirmed"}},
		{"by path, for long", &site{origin: pack, key: only(byPathKey)}, time.Nanosecond, []string{"GET /x cross-identity-reuse likely"}},
		{"by caller", &site{origin: pack, key: only(byCaller)}, time.Nanosecond, []string{}},
		{"not at all", &site{origin: pack}, time.Nanosecond, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{Wait: tt.wait}, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			for _, f := range r.Findings {
				if f.Rule == finding.CrossIdentityReuse && (f.Victim != "alice" || f.Observer != "bob" || !strings.Contains(f.Evidence[0].Request, "Accept-Encoding: gzip")) {
					t.Errorf("of %s to %s: %s", f.Victim, f.Observer, f.Evidence[0].Request)
				}
			}
		})
	}
}
