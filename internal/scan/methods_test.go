package scan

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// A POST that only reads, such as a search, may be answered from a cache too; it is sent where the user lets it.
func TestPostAsRead(t *testing.T) {
	t.Parallel()
	query := operation.Operation{Method: "POST", Path: "/search", Security: operation.Required, Body: &operation.Body{Media: "application/json", Content: []byte(`{"query":"{me{email}}"}`)}}
	for _, tt := range []struct {
		name   string
		unsafe bool
		key    func(*http.Request) string
		want   []string
	}{
		{"kept by URL and body", true, func(r *http.Request) string { return r.RequestURI }, []string{"POST /search cross-identity-reuse confirmed"}},
		{"kept by caller", true, byCaller, []string{}},
		{"not kept", true, nil, []string{}},
		{"not sent", false, byURLKey, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{paths: []string{"/search"}, origin: func(user string, _ *http.Request) answer { return mine(user) }}
			if tt.key != nil {
				s.key = func(r *http.Request) string {
					if s.user(r) == "" {
						return ""
					}
					return tt.key(r)
				}
			}
			r := s.survey(t, Options{Operations: append(gets("/me"), query), UnsafeMethods: tt.unsafe})
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			sent := 0
			for _, a := range s.asked {
				if a.method != "POST" {
					continue
				}
				sent++
				if a.body != string(query.Body.Content) || a.header.Get("Content-Type") != "application/json" {
					t.Errorf("sent %q as %q", a.body, a.header.Get("Content-Type"))
				}
				if a.header.Get("If-None-Match") != "" {
					t.Error("a POST was made conditional")
				}
			}
			if (sent > 0) != tt.unsafe {
				t.Errorf("%d were sent", sent)
			}
			for _, f := range r.Findings {
				for _, e := range f.Evidence {
					if f.Operation == "POST /search" && !strings.Contains(e.Request, "-X POST") {
						t.Errorf("the curl line is %s", e.Request)
					}
				}
			}
		})
	}
}

// Without a word no method is sent that may change something, and OPTIONS and TRACE are not in any case.
func TestMethods(t *testing.T) {
	t.Parallel()
	var ops []operation.Operation
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
		ops = append(ops, operation.Operation{Method: m, Path: "/x", Security: operation.Required})
	}
	for _, unsafe := range []bool{false, true} {
		s := &site{paths: []string{"/x"}, origin: func(user string, _ *http.Request) answer { return mine(user) }}
		r := s.survey(t, Options{Operations: ops, UnsafeMethods: unsafe})
		sent := map[string]bool{}
		for _, a := range s.asked {
			sent[a.method] = true
		}
		want := []string{"GET", "HEAD"}
		if unsafe {
			want = []string{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}
		}
		if diff := cmp.Diff(want, sortedKeys(sent)); diff != "" {
			t.Errorf("unsafe methods %v (-want +got):\n%s", unsafe, diff)
		}
		for _, op := range r.Operations {
			method, _, _ := strings.Cut(op.Operation, " ")
			if tested := op.Status == finding.StatusTested; tested != slices.Contains(want, method) || !tested && op.Reason == "" {
				t.Errorf("%+v", op)
			}
		}
	}
}

// HEAD has no body, and its fields say whose it is.
func TestHead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		key  func(*http.Request) string
		want []string
	}{
		{"kept by URL", byURLKey, []string{"HEAD /x anonymous-reuse confirmed", "HEAD /x cross-identity-reuse confirmed", "HEAD /x invalid-token-reuse confirmed"}},
		{"kept by caller", byCaller, []string{}},
		{"not kept", nil, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{paths: []string{"/x"}, key: tt.key, origin: func(user string, _ *http.Request) answer {
				if user == "" {
					return answer{status: 401}
				}
				return answer{status: 200}.with("X-Account", user+"@example.com")
			}}
			r := s.survey(t, Options{Operations: append(gets("/me"), operation.Operation{Method: "HEAD", Path: "/x", Security: operation.Required})})
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
		})
	}
}

// A trace has a line for each request, in the order of their answers, without credentials.
func TestTrace(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var list []Traced
	s := &site{key: byURLKey, origin: func(user string, r *http.Request) answer {
		if strings.Contains(r.RequestURI, "/x") && user == "" && r.URL.RawQuery == "" {
			return answer{status: 403}
		}
		return mine(user)
	}}
	r := s.survey(t, Options{Trace: func(tr Traced) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, tr)
	}}, "/x")
	if len(list) != r.Requests || len(list) != len(s.asked) {
		t.Errorf("%d lines, %d requests by the report, %d came", len(list), r.Requests, len(s.asked))
	}
	names := map[string]bool{}
	for i, tr := range list {
		names[tr.As] = true
		if tr.Number != i+1 || tr.Status == 0 || tr.Took <= 0 || !strings.HasPrefix(tr.Request, "curl -s ") {
			t.Errorf("line %d: %+v", i+1, tr)
		}
		if text := fmt.Sprintf("%+v", tr); strings.Contains(text, aliceToken) || strings.Contains(text, bobToken) {
			t.Errorf("a token: %s", text)
		}
	}
	for _, name := range []string{"alice", "bob", "nobody", "forged"} {
		if !names[name] {
			t.Errorf("%s asked nothing", name)
		}
	}
}

// What goes wrong is traced too.
func TestTraceOfProblems(t *testing.T) {
	t.Parallel()
	var list []Traced
	scanAt(t, Options{Operations: gets("/x"), Trace: func(tr Traced) { list = append(list, tr) }}, "http://127.0.0.1:1")
	if len(list) != 1 || list[0].Status != 0 || list[0].Problem != "connection refused" {
		t.Errorf("%+v", list)
	}
}
