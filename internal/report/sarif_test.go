package report

import (
	stdjson "encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bearcache/bearcache/internal/finding"
)

func sarifSchemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("testdata/schema/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Reports are valid by the schema that OASIS publishes, whatever is said in them.
func TestSARIFSchema(t *testing.T) {
	schema := sarifSchemaOf(t)
	check := func(out string) error {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
	reports := map[string]*finding.Report{"example": example(), "empty": {}}
	for name, text := range hostile {
		reports[name] = saying(text)
	}
	for name, r := range reports {
		if err := check(whole(t, "sarif", r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := strings.Replace(whole(t, "sarif", example()), `"level": "error"`, `"level": "critical"`, 1)
	if check(wrong) == nil {
		t.Error("the schema allows a level that SARIF does not have")
	}
}

// GitHub refuses a result without a location, tells alerts apart by primaryLocationLineHash alone, and
// takes its severity from the rule.
func TestSARIFForGitHub(t *testing.T) {
	var log sarifLog
	if err := stdjson.Unmarshal([]byte(whole(t, "sarif", example())), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	seen := map[string]bool{}
	for i, r := range run.Results {
		if r.RuleID != run.Tool.Driver.Rules[r.RuleIndex].ID {
			t.Errorf("result %d: ruleIndex %d is not %s", i, r.RuleIndex, r.RuleID)
		}
		if len(r.Locations) != 1 || r.Locations[0].Physical.Artifact.URI != "api/openapi.yaml" {
			t.Errorf("result %d: %+v", i, r.Locations)
		}
		hash := r.Fingerprints["primaryLocationLineHash"]
		if hash != example().Findings[i].Fingerprint() || seen[hash] {
			t.Errorf("result %d: fingerprints %v", i, r.Fingerprints)
		}
		seen[hash] = true
	}
	var states []string
	for _, r := range run.Results {
		states = append(states, r.Baseline)
	}
	if diff := cmp.Diff([]string{"new", "new", "unchanged", "new"}, states); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, rule := range run.Tool.Driver.Rules {
		if rule.Properties["security-severity"] == "" || !strings.HasPrefix(rule.HelpURI, "https://") || rule.Help.Markdown == "" {
			t.Errorf("%+v", rule)
		}
	}
	fresh := example()
	fresh.Known = nil
	if strings.Contains(whole(t, "sarif", fresh), "baselineState") {
		t.Error("a run without a baseline has states")
	}
}

func TestPrecisionIsThatOfTheLeastCertain(t *testing.T) {
	of := func(list ...finding.Confidence) (found []shownFinding) {
		for _, c := range list {
			found = append(found, shownFinding{Finding: finding.Finding{Rule: finding.TokenEcho, Confidence: c}})
		}
		return append(found, shownFinding{Finding: finding.Finding{Rule: finding.MissingVary}})
	}
	for want, found := range map[string][]shownFinding{
		"":          of(),
		"very-high": of(finding.Confirmed),
		"high":      of(finding.Confirmed, finding.Likely),
		"medium":    of(finding.Likely, finding.Possible, finding.Confirmed),
	} {
		if got := precision(finding.TokenEcho, found); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDocumentURI(t *testing.T) {
	for document, want := range map[string]string{
		"":                        "openapi",
		"openapi.yaml":            "openapi.yaml",
		"./api/openapi.yaml":      "api/openapi.yaml",
		"api/../openapi.yaml":     "openapi.yaml",
		"../other/api.yaml":       "api.yaml",
		"/srv/app/api.yaml":       "api.yaml",
		`api\openapi.yaml`:        "api/openapi.yaml",
		`C:\app\openapi.yaml`:     "openapi.yaml",
		"a b/ä#?.yaml":            "a%20b/%C3%A4%23%3F.yaml",
		"https://h/v1/api.json?q": "api.json",
		"https://h":               "openapi",
		"https://h/":              "openapi",
		"..":                      "openapi",
		"/":                       "openapi",
		"C:":                      "C%3A",
		"javascript:alert(1)":     "javascript%3Aalert%281%29",
	} {
		if got := documentURI(document); got != want {
			t.Errorf("%q: %q, want %q", document, got, want)
		}
	}
}
