package scan

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// What a document calls optional is said where the API takes no request without it, and nowhere else.
func TestOptionalParameters(t *testing.T) {
	t.Parallel()
	tenant := operation.Parameter{Name: "X-Tenant", In: "header", Candidates: []string{"acme"}}
	unit := operation.Parameter{Name: "unit", In: "query", Candidates: []string{"kg"}}
	fresh := operation.Parameter{Name: "Cache-Control", In: "header", Candidates: []string{"no-cache"}}
	mark := operation.Parameter{Name: "If-None-Match", In: "header", Candidates: []string{`"7"`}}
	session := operation.Parameter{Name: "X-Session-Token", In: "header", Candidates: []string{"documented"}}
	bare := operation.Parameter{Name: "X-Region", In: "header"}
	all := []operation.Parameter{tenant, unit, fresh, mark, session, bare}
	for _, tt := range []struct {
		name   string
		params []operation.Parameter
		wants  func(r *http.Request) bool
		field  string // the value of X-Tenant, and the query, that readers are answered for
		query  string
		status finding.Status
		reason string
	}{
		{name: "nothing is wanted", params: all, wants: func(*http.Request) bool { return true }, status: finding.StatusTested},
		{name: "a field", params: all, wants: func(r *http.Request) bool { return r.Header.Get("X-Tenant") == "acme" }, field: "acme", status: finding.StatusTested},
		{name: "a parameter of the query", params: all, wants: func(r *http.Request) bool { return r.URL.Query().Get("unit") == "kg" }, field: "acme", query: "unit=kg", status: finding.StatusTested},
		{name: "another value", params: []operation.Parameter{tenant}, wants: func(r *http.Request) bool { return r.Header.Get("X-Tenant") == "globex" }, status: finding.StatusFailed,
			reason: `answered 400 to alice: there was nothing to compare; it said: {"error":"no X-Tenant"}; it may want what the document calls optional: --param X-Tenant=…`},
		{name: "what has no value", params: []operation.Parameter{bare}, wants: func(r *http.Request) bool { return r.Header.Get("X-Region") != "" }, status: finding.StatusFailed,
			reason: `answered 400 to alice: there was nothing to compare; it said: {"error":"no X-Tenant"}; it may want what the document calls optional: --param X-Region=…`},
		{name: "what is not in the document", wants: func(*http.Request) bool { return false }, status: finding.StatusFailed,
			reason: `answered 400 to alice: there was nothing to compare; it said: {"error":"no X-Tenant"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &site{paths: []string{"/x"}, key: byPathKey, origin: func(user string, r *http.Request) answer {
				switch {
				case user == "":
					return denial
				case !tt.wants(r):
					return answer{status: 400, body: `{"error":"no X-Tenant"}`}
				}
				return mine(user)
			}}
			o := Options{Operations: gets("/x", "/me")}
			o.Operations[0].Parameters = tt.params
			r := s.survey(t, o)
			if op := r.Operations[0]; op.Status != tt.status || op.Reason != tt.reason {
				t.Errorf("%+v\nwant %s %s", op, tt.status, tt.reason)
			}
			if leaks := slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Rule == finding.CrossIdentityReuse }); leaks != (tt.status == finding.StatusTested) {
				t.Errorf("a leak was found: %v\n%s", leaks, told(r))
			}
			said := false
			for _, a := range s.asked {
				path, query, _ := strings.Cut(a.uri, "?")
				if path != "/x" || strings.Contains(a.uri, "bearcache=") {
					continue
				}
				said = said || a.header.Get("X-Tenant") == tt.field && query == tt.query
				for _, name := range []string{"Cache-Control", "X-Session-Token", "X-Region"} {
					if a.header.Get(name) != "" {
						t.Errorf("%s is sent", name)
					}
				}
				if got := a.header.Get("If-None-Match"); got == `"7"` {
					t.Error("a validator of the document is sent")
				}
			}
			if !said {
				t.Errorf("it was never asked with X-Tenant %q and the query %q", tt.field, tt.query)
			}
			if tt.name == "nothing is wanted" && slices.ContainsFunc(s.asked, func(a asked) bool {
				return strings.HasPrefix(a.uri, "/x") && !strings.Contains(a.uri, "bearcache=") && a.header.Get("X-Tenant") != ""
			}) {
				t.Error("what nobody wanted is sent")
			}
		})
	}
}

// What was asked with a value that nobody gave says so where it came to nothing.
func TestMadeUpPath(t *testing.T) {
	s := &site{anyPath: true, origin: func(user string, _ *http.Request) answer {
		if user == "" {
			return denial
		}
		return answer{status: 403, body: `{}`}
	}}
	order := operation.Operation{Method: "GET", Path: "/orders/{order_id}", Security: operation.Required, Parameters: []operation.Parameter{{Name: "order_id", In: "path", Required: true, Made: []string{"1"}}}}
	r := s.survey(t, Options{Operations: append([]operation.Operation{order}, gets("/me")...)})
	want := "answered 403 to alice: there was nothing to compare; the path was made up, for neither the document nor any answer had a value: --param order_id=…"
	if got := r.Operations[0]; got.Reason != want || got.Status != finding.StatusFailed {
		t.Errorf("%+v", got)
	}
}
