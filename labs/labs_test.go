package labs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// atATime is how many labs run at once: most of the time they wait for a stored response to expire.
const atATime = 8

// TestLabs scans every deployment with the built binary. What the scanner says must be all that is
// true, and nothing else. Where a server is not installed its labs are skipped, aloud, on a user's
// machine, and fail in CI.
func TestLabs(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bearcache")
	build := exec.Command("go", "build", "-o", binary, "../cmd/bearcache")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	list, err := Load(".")
	if err != nil {
		t.Fatal(err)
	}
	turn := make(chan struct{}, atATime)
	t.Run("all", func(t *testing.T) {
		for _, lab := range list {
			t.Run(lab.Name, func(t *testing.T) {
				if missing := lab.Missing(); len(missing) > 0 && os.Getenv("CI") != "" {
					t.Fatalf("there is no %s", strings.Join(missing, ", "))
				} else if len(missing) > 0 {
					t.Skipf("SKIPPED, NOT TESTED: there is no %s; make needs installs what is missing", strings.Join(missing, ", "))
				}
				t.Parallel()
				turn <- struct{}{}
				defer func() { <-turn }()
				o := lab.Run(t.Context(), binary)
				for _, fault := range o.Faults() {
					t.Error(fault)
				}
				t.Logf("%d requests, %.1f s", o.Score.Requests, o.Took.Seconds())
			})
		}
	})
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
		findings []finding
		want     Score
	}{
		{"nothing found", nil, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}}},
		{"all found, with any confidence", []finding{
			{Check: "cross-identity-reuse", Operation: "GET /a", Severity: "critical", Confidence: "confirmed"},
			{Check: "anonymous-reuse", Operation: "GET /a", Severity: "low", Confidence: "possible"},
		}, Score{Found: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}}},
		{"what may be found is neither found nor false", []finding{
			{Check: "missing-vary", Operation: "GET /b", Severity: "medium", Confidence: "confirmed"},
		}, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}}},
		{"the right check on the wrong operation is false", []finding{
			{Check: "cross-identity-reuse", Operation: "GET /b", Severity: "medium", Confidence: "likely"},
		}, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}, False: []Claim{claim("GET /b", "cross-identity-reuse")}}},
		{"a low one is false only where it is confirmed", []finding{
			{Check: "token-echo", Operation: "GET /a", Severity: "low", Confidence: "likely"},
			{Check: "token-echo", Operation: "GET /b", Severity: "info", Confidence: "confirmed"},
		}, Score{Missed: []Claim{claim("GET /a", "cross-identity-reuse"), claim("GET /a", "anonymous-reuse")}, Confirmed: []Claim{claim("GET /b", "token-echo")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := score(lab, &report{Findings: tt.findings}); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			} else if got.Good() != (len(tt.want.Missed)+len(tt.want.False)+len(tt.want.Confirmed) == 0) {
				t.Errorf("good is %v of %+v", got.Good(), got)
			}
		})
	}
}
