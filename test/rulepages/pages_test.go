package rulepages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/textproto"
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

// atATime is how many blocks are shown at once: a scan waits for what is stored to expire.
const atATime = 6

func TestMain(m *testing.M) { programtest.Main(m, atATime) }

// page is the page of a rule. Its blocks of code begin with a line such as "```nginx dirty": the language, and what the block is.
type page struct {
	rule  *finding.Rule
	stack stack
	name  string // of the stack
	dirty []string
	clean []string
	says  http.Header // what the origin says of its answers: "http origin"
	scan  []string    // lines that bearcache scan writes of the first dirty block: "text scan"
	audit []string    // and bearcache audit: "text audit"
	log   []string    // and that a log has: "text log"
}

var fence = regexp.MustCompile("(?ms)^```(\\w+) (\\w+)\n(.*?)^```$")

// read takes a page apart. A block that is not understood is a mistake in it.
func read(t *testing.T, rule *finding.Rule, text string) *page {
	t.Helper()
	p := &page{rule: rule, says: http.Header{}}
	p.name, _, _ = strings.Cut(rule.ID, "/")
	p.stack = stacks[p.name]
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		switch m[1] + " " + m[2] {
		case p.stack.language + " dirty":
			p.dirty = append(p.dirty, m[3])
		case p.stack.language + " clean":
			p.clean = append(p.clean, m[3])
		case "http origin":
			for line := range strings.Lines(m[3]) {
				name, value, _ := strings.Cut(line, ":")
				p.says.Add(textproto.TrimString(name), textproto.TrimString(value))
			}
		case "text scan":
			p.scan = lines(m[3])
		case "text audit":
			p.audit = lines(m[3])
		case "text log":
			p.log = lines(m[3])
		default:
			t.Errorf("%s: no block is %q", rule.ID, m[1]+" "+m[2])
		}
	}
	if len(p.dirty) == 0 || len(p.clean) == 0 || len(p.audit) == 0 || len(p.scan)+len(p.log) == 0 {
		t.Errorf("%s: %d dirty blocks, %d clean ones, %d lines of the audit, %d of the scan and %d of a log", rule.ID, len(p.dirty), len(p.clean), len(p.audit), len(p.scan), len(p.log))
	}
	return p
}

// lines are those of a block, without the blanks around them.
func lines(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// TestPages shows every configuration of the pages of the auditor's rules on the server it is for. A dirty one leaks, and the audit blames
// the rule of the page; a clean one does neither.
func TestPages(t *testing.T) {
	shown := 0
	for _, rule := range finding.SourceRules {
		name, _, _ := strings.Cut(rule.ID, "/")
		text, err := os.ReadFile("../../docs/rules/" + rule.ID + ".md")
		if _, runs := stacks[name]; !runs || errors.Is(err, os.ErrNotExist) {
			continue // which another test says of every rule without a page
		}
		if err != nil {
			t.Fatal(err)
		}
		shown++
		p := read(t, rule, string(text))
		for i, config := range p.dirty {
			t.Run(fmt.Sprintf("%s/dirty-%d", rule.ID, i), func(t *testing.T) {
				t.Parallel()
				p.show(t, config, true, i == 0)
			})
		}
		for i, config := range p.clean {
			t.Run(fmt.Sprintf("%s/clean-%d", rule.ID, i), func(t *testing.T) {
				t.Parallel()
				p.show(t, config, false, false)
			})
		}
	}
	if shown < 6 {
		t.Errorf("%d pages are shown", shown)
	}
}

// show runs a block, and what the page says of it. first: the page has what is written of this one.
func (p *page) show(t *testing.T, config string, dirty, first bool) {
	found, text := runAudit(t, p.stack.file, config)
	if dirty != slices.Contains(found, p.rule.ID) || !dirty && len(found) > 0 {
		t.Errorf("the audit finds %q", found)
	}
	if first {
		wrote(t, "the audit", text, p.audit)
	}
	s := Start(t, p.name, config, p.origin(t))
	if len(p.log) > 0 {
		p.showLog(t, s, dirty, first)
		return
	}
	leaks, text := runScan(t, s, p.proves())
	if dirty != (len(leaks) > 0) {
		t.Errorf("the scan finds %q:\n%s", leaks, text)
	}
	if first {
		wrote(t, "the scan", text, p.scan)
	}
}

// origin is what Start wants of an API before which the configuration stands, or of an application.
func (p *page) origin(t *testing.T) string {
	t.Helper()
	if p.stack.language == "python" {
		people, err := json.Marshal(people)
		if err != nil {
			t.Fatal(err)
		}
		return string(people)
	}
	origin := httptest.NewServer(api{p.says})
	t.Cleanup(origin.Close)
	return strings.TrimPrefix(origin.URL, "http://")
}

// proves are the checks of the scan that prove what the rule says: where nothing else is said, that a cache gave away what was another's.
func (p *page) proves() []string {
	switch p.rule {
	case finding.FlaskTokenInURL:
		return []string{finding.TokenInURL.ID}
	case finding.FlaskPublicCacheControl:
		return []string{finding.StorableAuthenticatedResponse.ID}
	}
	return []string{finding.CrossIdentityReuse.ID, finding.AnonymousReuse.ID, finding.InvalidTokenReuse.ID}
}

// wrote holds what a program wrote against the lines that a page has of it. A line of an ellipsis stands for any others.
func wrote(t *testing.T, who, text string, want []string) {
	t.Helper()
	got := lines(text)
	for _, line := range want {
		if line != "…" && !slices.Contains(got, line) {
			t.Errorf("%s does not write %q:\n%s", who, line, text)
		}
	}
}

// runAudit is what the auditor finds in a configuration, by rule, and what it writes.
func runAudit(t *testing.T, file, config string) (rules []string, text string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(config), 0o644); err != nil {
		t.Fatal(err)
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

// Tokens of the two readers: the API knows them as they are.
var tokens = map[string]string{"alice": "kq7VnM2xYd0RsT4wPz8cLb1e", "bob": "Gh5uJ9oFa3NiXe6mWq0vKt2y"}

// people are whom the tokens speak for.
var people = map[string]map[string]string{
	tokens["alice"]: {"name": "Alice Lindqvist", "email": "alice@example.com", "iban": "SE4550000000058398257466"},
	tokens["bob"]:   {"name": "Bob Okafor", "email": "bob@example.com", "iban": "GB33BUKB20201555555555"},
}

// runScan is which of the checks the scanner proves on a server, and what it writes.
func runScan(t *testing.T, s *Server, checks []string) (leaks []string, text string) {
	t.Helper()
	var report struct {
		Findings   []struct{ Check string }
		Operations []struct{ Status, Reason string }
	}
	var env []string
	for name, token := range tokens {
		env = append(env, strings.ToUpper(name)+"_TOKEN="+token)
	}
	text = run(t, t.TempDir(), env, &report, "scan", "--target", "http://"+s.Address, "--url", "GET:/api/profile",
		"--identity", "alice=env:ALICE_TOKEN", "--identity", "bob=env:BOB_TOKEN", "--wait", "8s")
	if len(report.Operations) != 1 || report.Operations[0].Status != "tested" {
		t.Fatalf("the scan says of its operation %+v:\n%s", report.Operations, text)
	}
	for _, f := range report.Findings {
		if slices.Contains(checks, f.Check) {
			leaks = append(leaks, f.Check)
		}
	}
	return leaks, strings.ReplaceAll(text, s.Address, "127.0.0.1:"+Listen)
}

// run runs bearcache in a directory, and reads its JSON report.
func run(t *testing.T, dir string, env []string, report any, args ...string) (text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), programtest.Bearcache, append(args, "--format", "terminal", "--format", "json="+file)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
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

// showLog: whatever the server answered, a token stands in its log, or none does.
func (p *page) showLog(t *testing.T, s *Server, dirty, first bool) {
	for _, uri := range []string{"/api/profile", "/api/export?access_token=" + tokens["alice"]} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.Address+uri, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+tokens["alice"])
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	text := s.logged(t)
	if strings.Count(text, "\n") < 2 {
		t.Fatalf("the log has %q", text)
	}
	if dirty != strings.Contains(text, tokens["alice"]) {
		t.Errorf("the log has %q", text)
	}
	if first {
		wrote(t, "the server", strings.ReplaceAll(text, tokens["alice"], "$ALICE_TOKEN"), p.log)
	}
}

// logged is the log of the server when its two requests are in it: it is written after they are answered.
func (s *Server) logged(t *testing.T) (text string) {
	t.Helper()
	for range 100 {
		if text = s.File(t, "log/access.log"); strings.Count(text, "\n") >= 2 {
			break
		}
		pause(t)
	}
	return text
}

// api is the origin: it answers those whom it knows with what is theirs alone.
type api struct{ says http.Header }

func (a api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	person, known := people[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !known {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintln(w, `{"error": "a valid bearer token is required"}`)
		return
	}
	for name, values := range a.says {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	json.NewEncoder(w).Encode(person)
}

// TestFlask shows an application as a page of a rule for Flask has it: the path /api/profile, and TOKENS for who is known by which token.
func TestFlask(t *testing.T) {
	const app = `import json
import os

from flask import Flask, abort, g, jsonify, request
from flask_caching import Cache

PEOPLE = json.loads(os.environ["TOKENS"])

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.before_request
def authenticate():
    g.user = PEOPLE.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if g.user is None:
        abort(401)


def per_caller():
    return f"{request.full_path}:{g.user['email']}"


@app.get("/api/profile")
@cache.cached(timeout=2@key@)
def profile():
    return jsonify(g.user)
`
	p := &page{rule: finding.FlaskUnkeyedCache, name: "flask", stack: stacks["flask"]}
	for name, key := range map[string]string{"dirty": "", "clean": ", make_cache_key=per_caller"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.show(t, strings.ReplaceAll(app, "@key@", key), name == "dirty", false)
		})
	}
}
