package flask

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

// labelled is what somebody who read a repository says of it: CORPUS/labels/NAME.json, of the source in CORPUS/src/NAME.
type labelled struct {
	Scope []string `json:"scope"`
	Sites []struct {
		File  string   `json:"file"`
		Line  int      `json:"line"`
		Label string   `json:"label"`
		Rules []string `json:"rules"`
		Why   string   `json:"why"`
	} `json:"sites"`
}

// TestCorpus scores the auditor on repositories that were labelled by hand. None is part of this project: CORPUS names the directory that has
// them.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("CORPUS")
	if corpus == "" {
		t.Skip("CORPUS is not set")
	}
	lists, _ := filepath.Glob(filepath.Join(corpus, "labels", "*.json"))
	var dirty, found, exact, safe, flagged, other int
	for _, file := range lists {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if only := os.Getenv("ONLY"); only != "" && !strings.Contains(name, only) {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var l labelled
		if err := json.Unmarshal(data, &l); err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		result := Language.Audit(read(t, filepath.Join(corpus, "src", name)))
		rulesAt := func(file string, line, around int) (rules []string) {
			for _, f := range result.Findings {
				if f.Source.File == file && f.Source.Line >= line-around && f.Source.Line <= line+around {
					rules = append(rules, f.Rule.ID)
				}
			}
			return rules
		}
		seen := map[int]bool{}
		for _, s := range l.Sites {
			near := rulesAt(s.File, s.Line, 2)
			switch s.Label {
			case "dirty":
				dirty++
				hit := false
				for _, r := range near {
					hit = hit || slices.Contains(s.Rules, r)
				}
				switch {
				case hit:
					found++
					if slices.ContainsFunc(rulesAt(s.File, s.Line, 0), func(r string) bool { return slices.Contains(s.Rules, r) }) {
						exact++
					}
				default:
					t.Logf("MISS  %s %s:%d %v got %v\n      %s", name, s.File, s.Line, s.Rules, near, s.Why)
				}
			case "safe":
				safe++
				if at := rulesAt(s.File, s.Line, 0); len(at) > 0 {
					flagged++
					t.Logf("FALSE %s %s:%d %v\n      %s", name, s.File, s.Line, at, s.Why)
				}
			}
			for i, f := range result.Findings {
				if f.Source.File == s.File && f.Source.Line >= s.Line-2 && f.Source.Line <= s.Line+2 {
					seen[i] = true
				}
			}
		}
		for i, f := range result.Findings {
			if !seen[i] && inScope(l.Scope, f.Source.File) {
				other++
				t.Logf("OTHER %s %s:%d %s %s\n      %s %s", name, f.Source.File, f.Source.Line, f.Rule.ID, f.Confidence, f.Summary, f.Detail)
			}
		}
	}
	sort.Strings(lists)
	t.Logf("%d repositories: %d of %d dirty sites found (%d on the very line), %d of %d safe sites flagged, %d findings that nobody labelled", len(lists), found, dirty, exact, flagged, safe, other)
}

func inScope(scope []string, file string) bool {
	if len(scope) == 0 {
		return true
	}
	for _, dir := range scope {
		if strings.HasPrefix(file, strings.TrimSuffix(dir, "/")) {
			return true
		}
	}
	return false
}

// TestDetail prints what is found in one directory, with its traces: DIR names it.
func TestDetail(t *testing.T) {
	dir := os.Getenv("DIR")
	if dir == "" {
		t.Skip("DIR is not set")
	}
	for _, f := range Language.Audit(read(t, dir)).Findings {
		if at := os.Getenv("AT"); at != "" && !strings.Contains(f.Source.File, at) {
			continue
		}
		t.Logf("%s:%d %s %s %s\n  %s\n  %s", f.Source.File, f.Source.Line, f.Rule.ID, f.Confidence, f.Operation, f.Summary, f.Detail)
		for _, step := range f.Source.Trace {
			t.Logf("    %s:%d %s", step.File, step.Line, step.Note)
		}
	}
}
