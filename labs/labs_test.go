package labs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bearcache/bearcache/test/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, AtATime) }

// TestLabs scans every deployment with the built binary. What the scanner says must be all that is
// true, and nothing else. Where a server is not installed its labs are skipped, aloud, on a user's
// machine, and fail in CI.
func TestLabs(t *testing.T) {
	list, err := Load(".")
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(lab *Lab) bool {
		missing := strings.Join(lab.Missing(), ", ")
		if missing == "" {
			return false
		}
		return t.Run(lab.Name, func(t *testing.T) { programtest.Missing(t, missing) })
	})
	if t.Failed() {
		return
	}
	for _, o := range Run(t.Context(), list, programtest.Bearcache, AtATime) {
		t.Run(o.Lab.Name, func(t *testing.T) {
			for _, fault := range o.Faults() {
				t.Error(fault)
			}
			t.Logf("%d requests, %.1f s", o.Score.Requests, o.Took.Seconds())
		})
	}
}

// What a lab claims is about operations of its document, and checks that have a page.
func TestLabsAreWhole(t *testing.T) {
	list, err := Load(".")
	if err != nil {
		t.Fatal(err)
	}
	leaking := 0
	for _, lab := range list {
		if len(lab.Leaks) > 0 {
			leaking++
		}
		operations := operationsOf(t, filepath.Join(lab.Dir, lab.Document))
		for _, truth := range []map[string]checks{lab.Leaks, lab.May} {
			for operation, ids := range truth {
				if !slices.Contains(operations, operation) {
					t.Errorf("%s: its document has no %s", lab.Name, operation)
				}
				for _, id := range ids {
					if _, err := os.Stat(filepath.Join("../docs/rules", id+".md")); err != nil {
						t.Errorf("%s: %s: %v", lab.Name, operation, err)
					}
				}
			}
		}
		for _, operation := range lab.Untested {
			if !slices.Contains(operations, operation) {
				t.Errorf("%s: its document has no %s", lab.Name, operation)
			}
		}
	}
	if clean := len(list) - leaking; leaking < 24 || clean < 20 {
		t.Errorf("%d labs leak and %d do not", leaking, clean)
	}
}

func operationsOf(t *testing.T, file string) (list []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any
	}
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for path, methods := range document.Paths {
		for method := range methods {
			list = append(list, strings.ToUpper(method)+" "+path)
		}
	}
	return list
}

func TestScore(t *testing.T) {
	lab := &Lab{
		Leaks: map[string]checks{"GET /a": {"cross-identity-reuse", "anonymous-reuse"}},
		May:   map[string]checks{"GET /b": {"missing-vary"}},
	}
	claim := func(operation, check string) Claim { return Claim{operation, check} }
	for _, tt := range []struct {
		name     string
		findings []Finding
		want     Score
	}{
		{"nothing found", nil, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}}},
		{"all found, with any confidence", []Finding{
			{Check: "cross-identity-reuse", Operation: "GET /a", Severity: "critical", Confidence: "confirmed"},
			{Check: "anonymous-reuse", Operation: "GET /a", Severity: "low", Confidence: "possible"},
		}, Score{Found: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}}},
		{"what may be found is neither found nor false", []Finding{
			{Check: "missing-vary", Operation: "GET /b", Severity: "medium", Confidence: "confirmed"},
		}, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}}},
		{"the right check on the wrong operation is false", []Finding{
			{Check: "cross-identity-reuse", Operation: "GET /b", Severity: "medium", Confidence: "likely"},
		}, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}, False: []Claim{claim("GET /b", "cross-identity-reuse")}}},
		{"a low one is false only where it is confirmed", []Finding{
			{Check: "token-echo", Operation: "GET /a", Severity: "low", Confidence: "likely"},
			{Check: "token-echo", Operation: "GET /b", Severity: "info", Confidence: "confirmed"},
		}, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}, FalseConfirmed: []Claim{claim("GET /b", "token-echo")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := score(lab, &Report{Findings: tt.findings}); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			} else if got.Good() != (len(tt.want.Missed)+len(tt.want.False)+len(tt.want.FalseConfirmed) == 0) {
				t.Errorf("good is %v of %+v", got.Good(), got)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	const good = "title: t\npoint: p\nservers: [{name: app, run: flask}]\n"
	for _, tt := range []struct{ name, text, want string }{
		{"a key that is none", good + "leak: {}", "field leak not found"},
		{"no point", "title: t\nservers: [{name: app, run: flask}]", "one is missing"},
		{"no servers", "title: t\npoint: p", "there are no servers"},
		{"a server without a name", "title: t\npoint: p\nservers: [{run: flask}]", "needs a name of its own"},
		{"two servers of one name", "title: t\npoint: p\nservers: [{name: a, run: flask}, {name: a, run: flask}]", "needs a name of its own"},
		{"a program that is none", "title: t\npoint: p\nservers: [{name: a, run: apache}]", "is none of bearcache, flask"},
		{"a target that is none", good + "target: edge", "there is no server edge"},
		{"tokens of no kind", good + "tokens: paseto", "neither jwt nor opaque"},
		{"a leak without a proof", good + "leaks: {GET /a: [token-echo]}", "no proof shows so"},
		{"identities in a list", good + "identities: [alice]", "a mapping from names"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "lab"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "lab", "lab.yaml"), []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := Load(".", "no-such-lab"); err == nil {
		t.Error("a lab that is not there was loaded")
	}
}

// A proof that holds of everything would prove nothing.
func TestProofHolds(t *testing.T) {
	lab := &Lab{Identities: identities{{Name: "alice", User: "alice"}}}
	cast, err := newCast(lab)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{lab: lab, cast: cast}
	request := httptest.NewRequest("GET", "/api/profile", nil)
	for _, tt := range []struct {
		name string
		step Step
		want string // in the error; "": it holds
	}{
		{"status 200 unless another is named", Step{}, ""},
		{"another status", Step{Status: 401}, "got 200, want 401"},
		{"what the body has", Step{Has: words{"@alice.email@", "Uppsala"}}, ""},
		{"what it has not", Step{Has: words{"@alice.email@", "Leeds"}}, `holds "Leeds" is false`},
		{"what it lacks", Step{Lacks: words{"Leeds"}}, ""},
		{"what it does not lack", Step{Lacks: words{"@alice.email@"}}, `holds "alice@example.com" is true`},
		{"a field", Step{Fields: map[string]string{"X-Cache": "HIT"}}, ""},
		{"another value of a field", Step{Fields: map[string]string{"X-Cache": "MISS"}}, `X-Cache is "HIT from edge"`},
		{"a field that is not there", Step{Fields: map[string]string{"Vary": ""}}, ""},
		{"a field that should not be there", Step{Fields: map[string]string{"X-Cache": ""}}, `X-Cache is "HIT from edge"`},
		{"a field to keep that is not there", Step{Keep: map[string]string{"etag": "ETag"}}, "there is no ETag to keep"},
		{"a name that stands for nothing", Step{Has: words{"@mallory.email@"}}, "@mallory.email@ stands for nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := &http.Response{StatusCode: 200, Request: request, Header: http.Header{"X-Cache": {"HIT from edge"}}}
			err := r.hold(tt.step, resp, `{"email":"alice@example.com","city":"Uppsala"}`)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
