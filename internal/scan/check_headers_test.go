package scan

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

// What the fields of a personal answer let caches do; of severity medium and above.
func TestHeaders(t *testing.T) {
	t.Parallel()
	const storable, vary = "GET /x storable-authenticated-response confirmed", "GET /x missing-vary confirmed"
	later := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, tt := range []struct {
		name   string
		fields string // lines
		want   []string
	}{
		{"nothing", "", []string{}},
		{"public", "Cache-Control: public", []string{vary, storable}},
		{"public, for a minute", "Cache-Control: public, max-age=60", []string{vary, storable}},
		{"public, and over at once", "Cache-Control: public, max-age=0", []string{}}, // low: nothing releases it
		{"for shared caches", "Cache-Control: s-maxage=60", []string{vary, storable}},
		{"for shared caches, not at all", "Cache-Control: s-maxage=0, public, max-age=60", []string{}}, // low: nothing releases it
		{"must-revalidate lifts the ban too (RFC 9111 §3.5)", "Cache-Control: max-age=60, must-revalidate", []string{vary, storable}},
		{"max-age alone does not", "Cache-Control: max-age=60", []string{}}, // low: nothing releases it
		{"public until a date", "Cache-Control: public\nExpires: " + later, []string{vary, storable}},
		{"public until the epoch", "Cache-Control: public\nExpires: 0", []string{}},             // low: nothing releases it
		{"a date alone", "Expires: " + later, []string{}},                                       // low: nothing releases it
		{"apart by Vary", "Cache-Control: public, max-age=60\nVary: Authorization", []string{}}, // low
		{"apart by Vary, in a list and any case", "Cache-Control: public, max-age=60\nVary: accept, AUTHORIZATION", []string{}},
		{"apart by Vary: *", "Cache-Control: public, max-age=60\nVary: *", []string{}},
		{"apart by something else", "Cache-Control: public, max-age=60\nVary: Accept-Encoding, Cookie", []string{vary, storable}},
		{"private", "Cache-Control: private, max-age=60", []string{}},
		{"PRIVATE", "Cache-Control: PRIVATE , max-age=60", []string{}},
		{"no-store", "Cache-Control: no-store, public, max-age=60", []string{}},
		{"public, and asked for first", "Cache-Control: public, no-cache, max-age=60", []string{}}, // low: nothing releases it
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{origin: func(user string, _ *http.Request) answer {
				made := mine(user)
				for line := range strings.Lines(tt.fields) {
					name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
					made = made.with(name, value)
				}
				return made
			}}
			got := brief(s.survey(t, Options{}, "/x"))
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Somebody drawn by lot for each answer is nobody's own, though the two readers may be drawn, each once.
func TestDrawnByLot(t *testing.T) {
	t.Parallel()
	people := []string{"alice", "bob", "carol", "dave"}
	said := 0
	for range scansOf(100) {
		s := &site{paths: []string{"/x"}, origin: func(user string, _ *http.Request) answer {
			if user == "" {
				return denial
			}
			return ok(js(object{"featured": people[rand.IntN(len(people))] + "@example.com"})).with("Cache-Control", "public, max-age=60")
		}}
		for _, f := range s.survey(t, Options{}, "/x").Findings {
			if f.Operation == "GET /x" && f.Severity >= finding.Medium && (f.Rule == finding.MissingVary || f.Rule == finding.StorableAuthenticatedResponse) {
				said++
			}
		}
	}
	if said > 2 {
		t.Errorf("%d findings in 100 scans", said)
	}
}
