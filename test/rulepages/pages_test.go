package rulepages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

// atATime is how many blocks are shown at once: a scan waits for what is stored to expire, most of its time.
const atATime = 8

func TestMain(m *testing.M) { programtest.Main(m, atATime) }

// TestPages shows every configuration and application of the pages of the auditor's rules on the server it is for. A dirty one leaks,
// and the audit blames the rule of the page, where the page says; a clean one does neither.
func TestPages(t *testing.T) {
	t.Parallel()
	pages := pagesThatRun(t)
	if len(pages) < 14 {
		t.Errorf("%d pages are shown", len(pages))
	}
	for _, long := range []bool{true, false} { // what takes long begins first
		for _, p := range pages {
			for i, b := range p.blocks {
				if p.waits(b) != long {
					continue
				}
				kind := map[bool]string{true: "dirty", false: "clean"}[b.dirty]
				t.Run(fmt.Sprintf("%s/%s-%d", p.rule.ID, kind, i), func(t *testing.T) {
					t.Parallel()
					p.audited(t, b)
					p.show(t, b)
				})
			}
		}
	}
}

// pagesThatRun are those of rules about servers that are known here.
func pagesThatRun(t *testing.T) (pages []*page) {
	t.Helper()
	for _, rule := range finding.SourceRules {
		name, _, _ := strings.Cut(rule.ID, "/")
		text, err := os.ReadFile("../../docs/rules/" + rule.ID + ".md")
		if _, runs := stacks[name]; !runs || errors.Is(err, os.ErrNotExist) {
			continue // which another test says of every rule without a page
		}
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, read(t, rule, string(text)))
	}
	return pages
}

// waits reports whether a scan of the block has to wait for what is stored to expire: for nothing else does an application give a fresh answer.
func (p *page) waits(b *block) bool {
	return p.stack.language == "python" && b == p.first(true) && len(b.scan) > 0 && p.proves() == nil
}

// audited: the auditor finds in a dirty block what the page says, and nothing in a clean one.
func (p *page) audited(t *testing.T, b *block) {
	t.Helper()
	found, text := runAudit(t, map[string]string{p.stack.file: b.code})
	if b.dirty != slices.Contains(found, p.rule.ID) || !b.dirty && len(found) > 0 {
		t.Errorf("the audit finds %q", found)
	}
	wrote(t, "the audit", text, b.audit)
}

// show runs a block: it leaks if it is dirty.
func (p *page) show(t *testing.T, b *block) {
	t.Helper()
	proof := p.first(true)
	switch {
	case len(proof.keys) > 0:
		p.showKeys(t, b)
	case len(proof.scan) == 0:
		p.showLog(t, b)
	case p.stack.language == "python" && p.proves() == nil && b != proof && (b != p.first(false) || strings.Contains(b.code, "/<name>")):
		showAnswers(t, b) // a scan takes long, and proves nothing where one of its readers is refused for good
	default:
		p.showScan(t, b)
	}
}

// start starts the server with a block.
func (p *page) start(t *testing.T, code string) *Server {
	t.Helper()
	if p.stack.language == "python" {
		return Start(t, p.name, code, secret)
	}
	origin := httptest.NewServer(api{p.says})
	t.Cleanup(origin.Close)
	return Start(t, p.name, code, strings.TrimPrefix(origin.URL, "http://"))
}

// showScan: the scanner finds that it leaks. Applications store for two seconds what pages have them store for a minute.
func (p *page) showScan(t *testing.T, b *block) {
	t.Helper()
	s := p.start(t, strings.ReplaceAll(b.code, "timeout=60", "timeout=2"))
	found, text := runScan(t, s, pathOf(b.code), !b.dirty && b.diff)
	proof := func(rule string) bool {
		if checks := p.proves(); checks != nil {
			return slices.Contains(checks, rule)
		}
		return slices.Contains(reuse, rule)
	}
	if b.dirty != slices.ContainsFunc(found, proof) {
		t.Errorf("the scan finds %q:\n%s", found, text)
	}
	wrote(t, "the scan", text, b.scan)
	if len(b.log) > 0 {
		ask(t, s, pathOf(b.code)+"?access_token="+tokens["alice"], "")
		wrote(t, "the server", hidden(s.File(t, Output)), b.log)
	}
}

// reuse are the checks of the scan that prove that a cache gave away what was another's.
var reuse = []string{finding.CrossIdentityReuse.ID, finding.AnonymousReuse.ID, finding.InvalidTokenReuse.ID}

// proves are the checks that prove what the rule says, where that is anything else.
func (p *page) proves() []string {
	switch p.rule {
	case finding.FlaskTokenInURL:
		return []string{finding.TokenInURL.ID}
	case finding.FlaskPublicCacheControl:
		return []string{finding.StorableAuthenticatedResponse.ID}
	}
	return nil
}

var routes = regexp.MustCompile(`"(/api/\w+(/<name>)?)"`)

// pathOf is what is asked for: the route of an application, alice's where it names somebody.
func pathOf(code string) string {
	if m := routes.FindStringSubmatch(code); m != nil {
		return strings.Replace(m[1], "<name>", "alice", 1)
	}
	return "/api/profile"
}

// hidden is a text with alice's token as the variable that holds it.
func hidden(text string) string { return strings.ReplaceAll(text, tokens["alice"], "$ALICE_TOKEN") }

// times are how long something took, and when it was: each run has its own.
var times = regexp.MustCompile(` +[0-9.]+ m?s\b|\[\d\d/\w+/\d{4} [0-9:]+\]`)

// wrote holds what a program wrote against the lines that a page has of it. A line of an ellipsis stands for any others.
func wrote(t *testing.T, who, text string, want []string) {
	t.Helper()
	got := lines(times.ReplaceAllString(text, "@"))
	for _, line := range want {
		if line != "…" && !slices.Contains(got, times.ReplaceAllString(line, "@")) {
			t.Errorf("%s does not write %q:\n%s", who, line, text)
		}
	}
}

// runAudit is what the auditor finds in files, by rule, and what it writes.
func runAudit(t *testing.T, files map[string]string) (rules []string, text string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var report struct {
		Findings []struct{ Rule string }
	}
	text = run(t, dir, nil, &report, "audit", ".")
	for _, f := range report.Findings {
		rules = append(rules, f.Rule)
	}
	return rules, text
}

// runScan is what the scanner finds of medium severity or more on a server, and what it writes. shared: readers may get the same, of which a scan says that it proves nothing.
func runScan(t *testing.T, s *Server, path string, shared bool) (checks []string, text string) {
	t.Helper()
	var report struct {
		Findings   []struct{ Check, Severity string }
		Operations []struct{ Status, Reason string }
	}
	var env []string
	for name, token := range tokens {
		env = append(env, strings.ToUpper(name)+"_TOKEN="+token)
	}
	text = run(t, t.TempDir(), env, &report, "scan", "--target", "http://"+s.Address, "--url", "GET:"+path,
		"--identity", "alice=env:ALICE_TOKEN", "--identity", "bob=env:BOB_TOKEN", "--wait", "8s")
	if len(report.Operations) != 1 || report.Operations[0].Status != "tested" && !shared {
		t.Fatalf("the scan says of its operation %+v:\n%s", report.Operations, text)
	}
	for _, f := range report.Findings {
		if severity, err := finding.ParseSeverity(f.Severity); err != nil || severity >= finding.Medium {
			checks = append(checks, f.Check)
		}
	}
	return checks, strings.ReplaceAll(text, s.Address, "127.0.0.1:"+Listen)
}

// run runs bearcache in a directory, and reads its JSON report.
func run(t *testing.T, dir string, env []string, report any, args ...string) (text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), programtest.Bearcache, append(args, "--format", "terminal", "--format", "json="+file)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	const leaking, incomplete = 1, 3
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != leaking && cmd.ProcessState.ExitCode() != incomplete {
		t.Fatalf("bearcache %s: %v: %s", args[0], err, errs.String())
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, report)
	}
	if err != nil {
		t.Fatalf("bearcache %s: the report: %v: %s", args[0], err, errs.String())
	}
	return out.String()
}
