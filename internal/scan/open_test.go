package scan

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// What an earlier scan had found is fixed where this one looked for it and came to a verdict, and not where it could not tell.
func TestFixedOnlyIfDecided(t *testing.T) {
	number := func(user string, _ *http.Request) answer {
		if user == "" {
			return denial
		}
		return ok(js(object{"balance": len(user)}))
	}
	for _, tt := range []struct {
		name string
		site *site
		ops  []operation.Operation
		rule *finding.Rule
		want bool
	}{
		{"each reader gets its own", &site{origin: number}, gets("/x"), finding.CrossIdentityReuse, true},
		{"both get one number, kept for longer than the scan waits", &site{origin: number, key: byPathKey}, gets("/x"), finding.CrossIdentityReuse, false},
		{"nobody is given what the document keeps open", &site{origin: number}, gets("/x"), finding.AnonymousReuse, true},
		{"the API fails", &site{origin: func(string, *http.Request) answer { return answer{status: 500} }}, gets("/x"), finding.CrossIdentityReuse, false},
		{"no query of the scan was seen to be kept apart", &site{origin: number}, gets("/x"), finding.ErrorPoisoning, false},
		{"no token of less scope", &site{origin: number}, gets("/x"), finding.ScopeReuse, false},
		{"no object that is one reader's alone", &site{origin: number}, gets("/x"), finding.BrokenObjectAuthorization, false},
		{"a token in the URL was tried", &site{origin: number}, gets("/x"), finding.TokenInURL, true},
		{"deception was tried", &site{origin: number}, gets("/x"), finding.CacheDeception, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			known := finding.Finding{Rule: tt.rule, Operation: "GET /x"}
			r := tt.site.survey(t, Options{Operations: append(tt.ops, gets("/me")...), Wait: time.Nanosecond}, "/x")
			r.Known = map[string]bool{known.Fingerprint(): true}
			for _, c := range Checks {
				r.Checks = append(r.Checks, c.Rule)
			}
			if fixed := r.Fixed(); (len(fixed) > 0) != tt.want {
				t.Errorf("%+v\n%s", fixed, told(r))
			}
		})
	}
}

// What was not ruled on is open for that rule, whatever else was found.
func TestOpenWhereNothingRuled(t *testing.T) {
	cast := map[byte]*Identity{'a': {Name: "alice"}, 'b': {Name: "bob"}, 'x': {Name: "forged"}}
	p := &probe{Trial: &Trial{Readers: []*Identity{cast['a'], cast['b']}, Nobody: new(Identity), Forged: cast['x'], Natural: answered(cast, "as bs x-")}}
	var open []string
	for _, rule := range (&tested{probes: []*probe{p}}).open([]Check{crossIdentityReuse, anonymousReuse, invalidTokenReuse}) {
		open = append(open, rule.ID)
	}
	if diff := cmp.Diff([]string{finding.CrossIdentityReuse.ID}, open); diff != "" {
		t.Error(diff)
	}
}

// Not every token is tried in the URL of every operation, nor is what was not tried fixed.
func TestNotTriedIsNotFixed(t *testing.T) {
	s := &site{origin: func(user string, _ *http.Request) answer { return mine(user) }}
	r := s.survey(t, Options{}, number("/x", mostURLs+3)...)
	tried := 0
	for _, op := range r.Operations {
		if !slices.Contains(op.Open, finding.TokenInURL) {
			tried++
		}
	}
	if diff := cmp.Diff(mostURLs, tried); diff != "" {
		t.Error(diff)
	}
}

// A finding that is known is looked for harder: with two nodes a few answers that look right prove little.
func TestKnownIsLookedForHarder(t *testing.T) {
	known := finding.Finding{Rule: finding.CrossIdentityReuse, Operation: "GET /x"}
	asked := func(o Options) int {
		s := &site{origin: func(user string, _ *http.Request) answer { return mine(user) }}
		s.survey(t, o, "/x")
		return len(s.asked)
	}
	if few, many := asked(Options{}), asked(Options{Known: map[string]bool{known.Fingerprint(): true}}); many < few+2*(manyRounds-1) {
		t.Errorf("%d requests, and %d for what an earlier report had found", few, many)
	}
}

// What the document lets everybody have, with credentials or without, may name somebody.
func TestOptionalIsOpen(t *testing.T) {
	op := operation.Operation{Method: "GET", Path: "/x", Security: operation.Optional}
	s := &site{paths: []string{"/x"}, origin: func(string, *http.Request) answer { return ok(`{"post":"on tea","by":"alice@example.com"}`) }}
	for _, f := range s.survey(t, Options{Operations: append([]operation.Operation{op}, gets("/me")...), Wait: time.Nanosecond}).Findings {
		if f.Operation == "GET /x" && f.Severity >= finding.Medium {
			t.Errorf("%+v", f)
		}
	}
}
