package finding

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const docs = "../../docs/rules/"

// pageless reports whether a rule is one of a framework that has no pages yet: they come together.
func pageless(r *Rule) bool {
	_, err := os.Stat(filepath.Dir(docs + r.ID))
	return errors.Is(err, fs.ErrNotExist)
}

// Every rule has its page, every page its rule, and the page opens with the rule's own words.
func TestRulesHaveTheirPages(t *testing.T) {
	pages, err := filepath.Glob(docs + "*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	below, err := filepath.Glob(docs + "*/*.md")
	if err != nil || len(below) == 0 {
		t.Fatalf("%d pages of an audit's rules, %v", len(below), err)
	}
	pages = append(pages, below...)
	ids := map[string]bool{}
	for _, r := range slices.Concat(Rules, SourceRules) {
		if ids[r.ID] {
			t.Errorf("%s stands twice in the catalogue", r.ID)
		}
		ids[r.ID] = true
		if pageless(r) {
			continue
		}
		page, err := os.ReadFile(docs + r.ID + ".md")
		if err != nil {
			t.Errorf("%s has no page: %v", r.ID, err)
			continue
		}
		if !strings.HasPrefix(string(page), "# "+r.ID+"\n\n**"+r.Title+"** ") {
			t.Errorf("the page of %s does not open with its name and %q", r.ID, r.Title)
		}
		for _, reference := range append(slices.Clone(r.CWE), r.OWASP...) {
			if !strings.Contains(string(page), reference) {
				t.Errorf("the page of %s does not speak of %s", r.ID, reference)
			}
		}
	}
	for _, page := range pages {
		if id := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(page), docs), ".md"); !ids[id] {
			t.Errorf("%s is the page of no rule", page)
		}
	}
}

func TestRulesAreWhole(t *testing.T) {
	cwe, owasp := regexp.MustCompile(`^CWE-\d+$`), regexp.MustCompile(`^API\d+:2023$`)
	for _, r := range slices.Concat(Rules, SourceRules) {
		if r.Title == "" || !strings.HasSuffix(r.Title, ".") || len(r.Remedy) == 0 || r.Severity == Never {
			t.Errorf("%s: %+v", r.ID, r)
		}
		for _, s := range r.CWE {
			if !cwe.MatchString(s) {
				t.Errorf("%s: %q", r.ID, s)
			}
		}
		for _, s := range r.OWASP {
			if !owasp.MatchString(s) {
				t.Errorf("%s: %q", r.ID, s)
			}
		}
		if len(r.CWE) == 0 || len(r.OWASP) == 0 {
			t.Errorf("%s: CWE %q, OWASP %q", r.ID, r.CWE, r.OWASP)
		}
	}
}

// What a remedy has to write stands in a file under remedies once, ends as the stack's files do, and every file is used.
func TestRemediesAreWhole(t *testing.T) {
	ends := map[string]string{"flask": ".py", "flask-caching": ".py", "nginx": ".conf", "varnish": ".vcl", "apache": ".conf", "bearcache": ".yaml"}
	used := map[string]bool{}
	for _, r := range slices.Concat(Rules, SourceRules) {
		stacks := map[string]bool{}
		for _, fix := range r.Remedy {
			if stacks[fix.Stack] || ends[fix.Stack] == "" || !strings.HasSuffix(fix.Text, ".") && !strings.HasSuffix(fix.Text, ";") && !strings.HasSuffix(fix.Text, "}") {
				t.Errorf("%s: %s: %q", r.ID, fix.Stack, fix.Text)
			}
			stacks[fix.Stack] = true
			if (fix.File == "") != (fix.Snippet == "") {
				t.Errorf("%s: %s: file %q, snippet %q", r.ID, fix.Stack, fix.File, fix.Snippet)
			}
			if fix.File == "" {
				continue
			}
			used[fix.File] = true
			data, err := os.ReadFile("../../" + fix.File)
			if err != nil || string(data) != fix.Snippet || path.Ext(fix.File) != ends[fix.Stack] {
				t.Errorf("%s: %s: %s is not what is shown, or has another end: %v", r.ID, fix.Stack, fix.File, err)
			}
			for line := range strings.Lines(fix.Snippet) {
				if n := utf8.RuneCountInString(line); n > 110 || strings.TrimRight(line, " \t\n")+"\n" != line || strings.Contains(line, "\t") {
					t.Errorf("%s: %d characters, or blanks at its end: %q", fix.File, n, line)
				}
			}
		}
	}
	files, err := filepath.Glob("remedies/*/*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if !used["internal/finding/"+filepath.ToSlash(file)] {
			t.Errorf("no rule has %s", file)
		}
	}
	for _, r := range slices.Concat(Rules, SourceRules) {
		if pageless(r) {
			continue
		}
		page, err := os.ReadFile(docs + r.ID + ".md")
		if err != nil {
			t.Fatal(err)
		}
		up := "../.." + strings.Repeat("/..", strings.Count(r.ID, "/"))
		for _, fix := range r.Remedy {
			if fix.File != "" && !strings.Contains(string(page), "]("+up+"/"+fix.File+")") {
				t.Errorf("the page of %s does not lead to %s", r.ID, fix.File)
			}
		}
	}
}

func TestFingerprintIsStable(t *testing.T) {
	f := Finding{Rule: CrossIdentityReuse, Operation: "GET /api/profile"}
	// Written down: a change would make every finding of every baseline new.
	const want = "45ca31450837464aa5747329"
	if got := f.Fingerprint(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	same := f
	same.Severity, same.Confidence, same.Victim, same.Observer, same.Summary, same.Detail = High, Likely, "a", "b", "c", "d"
	same.Evidence = []Evidence{{As: "a"}}
	if same.Fingerprint() != want {
		t.Error("the fingerprint depends on what a run changes")
	}
	for _, other := range []Finding{{Rule: AnonymousReuse, Operation: f.Operation}, {Rule: f.Rule, Operation: "GET /api/profiles"}} {
		if other.Fingerprint() == want {
			t.Errorf("%s %s has the same fingerprint", other.Rule.ID, other.Operation)
		}
	}
}

func TestSeverity(t *testing.T) {
	for _, s := range []Severity{Info, Low, Medium, High, Critical, Never} {
		got, err := ParseSeverity(s.String())
		if err != nil || got != s {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	for _, word := range []string{"", "HIGH", "bad", "severity(1)"} {
		if _, err := ParseSeverity(word); err == nil {
			t.Errorf("%q was accepted", word)
		}
	}
}

// Counted are findings at the threshold that no baseline knew.
func TestCounts(t *testing.T) {
	high := Finding{Rule: CrossIdentityReuse, Severity: High, Operation: "GET /a"}
	for name, tt := range map[string]struct {
		failOn Severity
		known  map[string]bool
		want   bool
	}{
		"no threshold":     {Info, nil, true},
		"at the threshold": {High, nil, true},
		"below":            {Critical, nil, false},
		"never":            {Never, nil, false},
		"known":            {Info, map[string]bool{high.Fingerprint(): true}, false},
		"another is known": {Info, map[string]bool{"45": true}, true},
	} {
		if got := (&Report{FailOn: tt.failOn, Known: tt.known}).Counts(high); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Fixed is what was tested again and not found again, and nothing that was merely not looked at.
func TestFixed(t *testing.T) {
	gone := Finding{Rule: CrossIdentityReuse, Operation: "GET /a"}
	there := Finding{Rule: MissingVary, Operation: "GET /a"}
	report := func(change func(*Report)) *Report {
		r := &Report{
			Complete: true, Identities: []string{"alice", "bob"}, Checks: []*Rule{CrossIdentityReuse, MissingVary},
			Operations: []Tested{{Operation: "GET /a", Status: StatusTested}, {Operation: "GET /b", Status: StatusTested}},
			Findings:   []Finding{there},
			Known:      map[string]bool{gone.Fingerprint(): true, there.Fingerprint(): true},
		}
		change(r)
		return r
	}
	for _, tt := range []struct {
		name   string
		change func(*Report)
		want   int
	}{
		{"tested, not found", func(r *Report) {}, 1},
		{"nothing found at all", func(r *Report) { r.Findings = nil }, 2},
		{"found again", func(r *Report) { r.Findings = append(r.Findings, gone) }, 0},
		{"no baseline", func(r *Report) { r.Known = nil }, 0},
		{"of an operation that is no longer there", func(r *Report) { r.Operations = r.Operations[1:] }, 0},
		{"skipped", func(r *Report) { r.Operations[0].Status = StatusSkipped }, 0},
		{"failed", func(r *Report) { r.Operations[0].Status = StatusFailed }, 0},
		{"the check was not made there, or did not decide", func(r *Report) { r.Operations[0].Open = []*Rule{CrossIdentityReuse} }, 0},
		{"another check did not decide", func(r *Report) { r.Operations[0].Open = []*Rule{MissingVary} }, 1},
		{"undecided", func(r *Report) { r.Operations[0].Undecided = true }, 0},
		{"the check was left out", func(r *Report) { r.Checks = r.Checks[1:] }, 0},
		{"interrupted", func(r *Report) { r.Complete = false }, 0},
		{"one reader", func(r *Report) { r.Identities = r.Identities[:1] }, 0},
	} {
		got := report(tt.change).Fixed()
		if len(got) != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, len(got), tt.want)
		}
		if tt.want == 1 && (got[0].Rule != gone.Rule || got[0].Operation != gone.Operation) {
			t.Errorf("%s: %+v", tt.name, got[0])
		}
	}
}
