package audit

import (
	"fmt"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// A route of source is an operation of the document, whatever their parameters are called.
func TestSameRoute(t *testing.T) {
	for _, tt := range []struct {
		source, operation string
		bases             []string
		want              bool
	}{
		{"GET /me", "GET /me", nil, true},
		{"GET /me", "POST /me", nil, false},
		{"GET /me", "HEAD /me", nil, true},
		{"POST /me", "HEAD /me", nil, false},
		{"GET,POST /me", "POST /me", nil, true},
		{"/me", "POST /me", nil, true},
		{"ANY /me", "POST /me", nil, true},
		{"get /me", "GET /me", nil, true},
		{"GET /me/", "GET /me", nil, true},
		{"GET /", "GET /", nil, true},
		{"GET /me", "GET /you", nil, false},
		{"GET /orders/<int:id>", "GET /orders/{order_id}", nil, true},
		{"GET /orders/<id>", "GET /orders/{id}", nil, true},
		{"GET /orders/{id}", "GET /orders/{order}", nil, true},
		{"GET /orders/<id>", "GET /orders/latest", nil, false},
		{"GET /orders/<id>", "GET /orders/{id}/items", nil, false},
		{"GET /orders/<id>/items/<n>", "GET /orders/{a}/items/{b}", nil, true},
		{"GET /files/<name>.json", "GET /files/{name}.json", nil, true},
		{"GET /files/<name>.json", "GET /files/{name}", nil, false},
		{"GET /files/<path:name>", "GET /files/{name}", nil, true},
		{"GET /o/<regex('[a-z]{2}'):x>", "GET /o/{x:[0-9]{3}}", nil, true},
		{"GET /v1/me", "GET /me", nil, false},
		{"GET /v1/me", "GET /me", []string{"/v1"}, true},
		{"GET /v1/me", "GET /me", []string{"/v2", "/v1/"}, true},
		{"GET /v1/me", "GET /me", []string{"", "/"}, false},
		{"GET /<tenant>/me", "GET /me", []string{"/{tenant}"}, true},
		{"GET /v1/", "GET /", []string{"/v1"}, true},
		{"GET /me", "GET /v1/me", []string{"/v1"}, false},
		{"", "GET /me", nil, false},
		{"profile", "GET /me", nil, false},
		{"location /api/", "GET /api", nil, false},
	} {
		if got := sameRoute(tt.source, tt.operation, tt.bases); got != tt.want {
			t.Errorf("%q and %q, %v: %v", tt.source, tt.operation, tt.bases, got)
		}
	}
}

func TestBeside(t *testing.T) {
	source := func(rule *finding.Rule, operation string, line int) finding.Finding {
		return finding.Finding{Rule: rule, Operation: operation, Summary: "why", Source: &finding.Source{Place: finding.Place{File: "a.py", Line: line}, Symbol: "f"}}
	}
	scan := &finding.Report{
		Findings: []finding.Finding{
			{Rule: finding.CrossIdentityReuse, Operation: "GET /me"}, {Rule: finding.AnonymousReuse, Operation: "GET /me"}, {Rule: finding.TokenInURL, Operation: "GET /me"},
			{Rule: finding.MissingVary, Operation: "GET /orders/{id}"},
		},
		Operations: []finding.Tested{
			{Operation: "GET /me", Status: finding.StatusTested}, {Operation: "GET /orders/{id}", Status: finding.StatusTested},
			{Operation: "GET /clean", Status: finding.StatusTested, Requests: 7, Open: []*finding.Rule{finding.ErrorPoisoning}}, {Operation: "GET /half", Status: finding.StatusTested, Open: []*finding.Rule{finding.CrossIdentityReuse}},
			{Operation: "GET /undecided", Status: finding.StatusTested, Undecided: true, Reason: "both got the same"},
			{Operation: "GET /skipped/{id}", Status: finding.StatusSkipped, Reason: "it needs a value"},
		},
	}
	Beside(scan, &finding.Report{Findings: []finding.Finding{
		source(finding.FlaskUnkeyedCache, "GET /me", 1), source(finding.FlaskTokenInLog, "GET /me", 2), source(finding.FlaskTokenInURL, "GET /me", 3),
		source(finding.FlaskUnkeyedCache, "GET /orders/<id>", 4), source(finding.FlaskPublicCacheControl, "GET /orders/<id>", 5),
		source(finding.FlaskUnkeyedCache, "GET /clean", 6), source(finding.FlaskUnkeyedCache, "GET /half", 7), source(finding.FlaskUnkeyedCache, "GET /undecided", 8),
		source(finding.FlaskUnkeyedCache, "GET /skipped/<x>", 9), source(finding.FlaskUnkeyedCache, "GET /other", 10), source(finding.NginxTokenInLog, "", 11),
	}}, nil)
	var got []string
	for _, f := range scan.Findings {
		for _, c := range f.Causes {
			got = append(got, fmt.Sprintf("%s %s: %s:%d %s %s", f.Rule.ID, f.Operation, c.File, c.Line, c.Rule.ID, c.Symbol))
		}
	}
	compare(t, "causes", got, []string{
		"cross-identity-reuse GET /me: a.py:1 flask/unkeyed-cache f", "anonymous-reuse GET /me: a.py:1 flask/unkeyed-cache f", "token-in-url GET /me: a.py:3 flask/token-in-url f",
		"missing-vary GET /orders/{id}: a.py:5 flask/public-cache-control f",
	})
	got = nil
	for _, u := range scan.Unproven {
		got = append(got, fmt.Sprintf("%d %s", u.Source.Line, u.Reason))
	}
	compare(t, "not proven", got, []string{
		"2 no answer of the API could show it", "4 tested, and something else was found there",
		"6 tested and clean (7 requests): a cache may be off in this deployment, or its entries too short-lived",
		"7 tested, but cross-identity-reuse, by which it would show, came to no verdict", "8 tested and undecided: both got the same", "9 not tested: it needs a value",
		"10 the operation is not in the document",
	})
	if !scan.SourceRead {
		t.Error("the report does not say that source was read")
	}
}
