package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/test/programtest"
)

const document = "../../examples/flask/openapi.yaml"

// planted is the truth about examples/flask/leaking.py: what must be found, no more and no less.
var planted = []string{
	"critical confirmed cross-identity-reuse GET /api/orders/{order_id}",
	"critical confirmed cross-identity-reuse GET /api/profile",
	"critical confirmed cross-identity-reuse GET /api/statement",
	"critical confirmed anonymous-reuse GET /api/statement",
	"high confirmed invalid-token-reuse GET /api/statement",
	"medium confirmed storable-authenticated-response GET /api/export",
	"medium confirmed missing-vary GET /api/export",
	"low confirmed missing-vary GET /api/orders",
	"low confirmed missing-vary GET /api/orders/{order_id}",
	"low confirmed missing-vary GET /api/profile",
	"low confirmed missing-vary GET /api/statement",
}

type report struct {
	Schema     string
	Target     string
	Complete   bool
	Requests   int
	Identities []string
	Operations []struct {
		Operation, Status, Reason string
		Requests                  int
	}
	Findings []struct {
		Check, Operation, Severity, Confidence, Fingerprint, Summary, Victim, Observer string
		Evidence                                                                       []struct {
			Step    int
			As      string
			Request string
			Status  int
		}
		CWE, OWASP []string
		Fix        []struct{ Stack, Text string }
	}
}

func (w *world) scan(base string, more ...string) (r report, code int) {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "report.json")
	args := append([]string{"scan", "--openapi", document, "--target", base, "--identity", "alice=env:ALICE_TOKEN", "--identity", "bob=env:BOB_TOKEN",
		"--format", "terminal", "--format", "json=" + file}, more...)
	stdout, stderr, code := w.bearcache(args...)
	data, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatalf("no report: %v\n%s%s", err, stdout, stderr)
	}
	w.evidence.add("report", string(data))
	if err := json.Unmarshal(data, &r); err != nil {
		w.t.Fatal(err)
	}
	if testing.Verbose() {
		w.t.Log("\n" + stdout + stderr)
	}
	return r, code
}

func (r report) list() []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s %s %s %s", f.Severity, f.Confidence, f.Check, f.Operation))
	}
	slices.Sort(list)
	return list
}

// The leaking variant gives exactly what was planted in it, each finding confirmed.
func TestScanFindsWhatWasPlanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("leaking", 3)
	r, code := w.scan(base)
	want := slices.Sorted(slices.Values(planted))
	if diff := cmp.Diff(want, r.list()); diff != "" {
		t.Errorf("findings (-planted +found):\n%s", diff)
	}
	if code != 1 || !r.Complete || r.Schema != "bearcache.scan/v1" || !slices.Equal(r.Identities, []string{"alice", "bob"}) {
		t.Errorf("exit %d, complete %v, schema %q, identities %q", code, r.Complete, r.Schema, r.Identities)
	}
	for _, f := range r.Findings {
		if len(f.Fingerprint) != 24 || len(f.CWE) == 0 || len(f.OWASP) == 0 || len(f.Fix) == 0 || f.Summary == "" || f.Victim == "" {
			t.Errorf("%s %s is incomplete: %+v", f.Check, f.Operation, f)
		}
		for _, e := range f.Evidence {
			if e.As != "nobody" && !strings.Contains(e.Request, `"Authorization: Bearer $`+strings.ToUpper(e.As)+`_TOKEN"`) {
				t.Errorf("%s %s, step %d: %s", f.Check, f.Operation, e.Step, e.Request)
			}
		}
	}
	for _, op := range r.Operations {
		if op.Status != "tested" {
			t.Errorf("%s is %s: %s", op.Operation, op.Status, op.Reason)
		}
	}
	w.noTokenAnywhere()
}

// The curl lines of a proof prove it again in a developer's shell.
func TestProofCanBeRepeated(t *testing.T) {
	t.Parallel()
	programtest.Need(t, "curl")
	w := newWorld(t)
	base := w.flask("leaking", 3)
	r, _ := w.scan(base, "--checks", "cross-identity-reuse,invalid-token-reuse")
	repeated := 0
	for _, f := range r.Findings {
		if f.Operation != "GET /api/statement" {
			continue
		}
		time.Sleep(4 * time.Second) // what the scan left in the cache is gone
		var bodies []string
		for _, e := range f.Evidence[:2] {
			cmd := exec.Command("/bin/sh", "-c", e.Request)
			cmd.Env = append(os.Environ(), "ALICE_TOKEN="+w.tokens["alice"], "BOB_TOKEN="+w.tokens["bob"], "FORGED_TOKEN=never-issued-by-anybody")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v", e.Request, err)
			}
			bodies = append(bodies, string(out))
		}
		if bodies[0] != bodies[1] || !strings.Contains(bodies[0], "alice@example.com") {
			t.Errorf("%s: %q", f.Check, bodies)
		}
		repeated++
	}
	if repeated != 2 {
		t.Errorf("%d proofs were repeated, want 2", repeated)
	}
}

// Tokens that the API refuses prove nothing: no report may be green by them.
func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("mended", 300)
	for _, tt := range []struct{ name, alice, bob, want string }{
		{"expired, and another that was never valid", "EXPIRED_TOKEN", "STRANGE", "alice's token ended 1 hour ago, as its exp says"},
		{"one of them expired", "ALICE_TOKEN", "EXPIRED_TOKEN", "bob's token ended 1 hour ago, as its exp says"},
		{"two that were never valid", "STRANGE", "STRANGER", "alice's token is refused by the API (401 on 7 operations); bob's token is refused"},
		{"one that was never valid", "ALICE_TOKEN", "STRANGE", "bob's token is refused by the API (401 on 7 operations); nothing was proven. Is it expired?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, stderr, code := w.bearcache("scan", "--openapi", document, "--target", base, "--identity", "alice=env:"+tt.alice, "--identity", "bob=env:"+tt.bob)
			if code != 3 || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit %d: %s", code, stderr)
			}
		})
	}
	stdout, stderr, code := w.bearcache("scan", "--openapi", document, "--target", base, "--identity", "alice=env:ALICE_TOKEN", "--identity", "bob=env:ALICE_AGAIN")
	if code != 2 || !strings.Contains(stderr, "alice and bob have the same token") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	w.noTokenAnywhere()
}

// One identity is enough for what needs one: what reaches nobody in particular.
func TestOneIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("leaking", 3)
	stdout, stderr, code := w.bearcache("scan", "--openapi", document, "--target", base, "--identity", "alice=env:ALICE_TOKEN", "--wait", "1s")
	for _, want := range []string{"GET /api/statement   anonymous-reuse", "GET /api/statement   invalid-token-reuse"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s%s", want, stdout, stderr)
		}
	}
	if code != 1 || strings.Contains(stdout, "cross-identity-reuse") {
		t.Errorf("exit %d:\n%s%s", code, stdout, stderr)
	}
	w.noTokenAnywhere()
}

// Entries that outlive the scan's patience give no swapped order: likely, and not confirmed.
func TestWithoutAFreshEntryNothingIsConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("leaking", 300)
	r, code := w.scan(base, "--wait", "1s", "--checks", "cross-identity-reuse,anonymous-reuse,invalid-token-reuse")
	want := []string{
		"high likely anonymous-reuse GET /api/statement",
		"high likely cross-identity-reuse GET /api/orders/{order_id}",
		"high likely cross-identity-reuse GET /api/profile",
		"high likely cross-identity-reuse GET /api/statement",
		"high likely invalid-token-reuse GET /api/statement",
	}
	if diff := cmp.Diff(want, r.list()); diff != "" || code != 1 {
		t.Errorf("exit %d, findings (-want +got):\n%s", code, diff)
	}
}

// The mended variant gives nothing, and so does the gateway before it. The gateway answers the second
// request of a bearer itself, and leaves everything else to Flask.
func TestServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	flask := w.flask("mended", 300)
	if r, code := w.scan(flask); len(r.Findings) != 0 || code != 0 || !r.Complete {
		t.Errorf("mended: exit %d, %q", code, r.list())
	}
	base, admin := w.gateway(flask)
	hits := func() int {
		var counts map[string]int
		if err := json.Unmarshal([]byte(w.ask("GET", flask+"/origin-hits", "").body), &counts); err != nil {
			t.Fatal(err)
		}
		return counts["GET /api/settings"]
	}
	start := hits()
	for _, step := range []struct {
		name, token, want string // want: what the body holds
		status, reached   int    // how often Flask's view ran since the start
		cache             string
	}{
		{"alice", w.tokens["alice"], "alice@example.com", 200, 1, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"alice again", w.tokens["alice"], "alice@example.com", 200, 1, "bearcache; hit; ttl="},
		{"bob", w.tokens["bob"], "bob@example.com", 200, 2, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"bob again", w.tokens["bob"], "bob@example.com", 200, 2, "bearcache; hit"},
		{"nobody", "", "a valid bearer token is required", 401, 2, "bearcache; fwd=uri-miss; fwd-status=401; detail=status"},
		{"expired", w.tokens["expired"], "a valid bearer token is required", 401, 2, "bearcache; fwd=uri-miss; fwd-status=401"},
		{"forged", w.tokens["alice"][:len(w.tokens["alice"])-4] + "AAAA", "a valid bearer token is required", 401, 2, "bearcache; fwd=uri-miss; fwd-status=401"},
		{"alice, third time", w.tokens["alice"], "alice@example.com", 200, 2, "bearcache; hit"},
	} {
		got := w.ask("GET", base+"/api/settings", step.token)
		if got.status != step.status || !strings.Contains(got.body, step.want) || !strings.HasPrefix(got.header.Get("Cache-Status"), step.cache) {
			t.Errorf("%s: %d %q, Cache-Status %q", step.name, got.status, got.body, got.header.Get("Cache-Status"))
		}
		if n := hits() - start; n != step.reached {
			t.Errorf("%s: Flask was reached %d times, want %d", step.name, n, step.reached)
		}
		if step.token != "" && (!strings.Contains(got.header.Get("Vary"), "Authorization") ||
			!strings.Contains(got.header.Get("Cache-Control"), "private") && !strings.Contains(got.header.Get("Cache-Control"), "no-store")) {
			t.Errorf("%s: Cache-Control %q, Vary %q", step.name, got.header.Get("Cache-Control"), got.header.Get("Vary"))
		}
	}

	t.Run("malformed tokens are refused before Flask", func(t *testing.T) {
		for _, tt := range []struct {
			path, field string
			status      int
			code        string
		}{
			{"/api/settings?access_token=" + w.tokens["alice"], "", 400, "invalid_request"},
			{"/api/settings?a=1&Access%5FToken=" + w.tokens["alice"], "", 400, "invalid_request"},
			{"/api/settings?x=" + w.tokens["alice"], "", 400, "invalid_request"},
			{"/api/settings", "Authorization: Bearer " + w.tokens["alice"] + ", Bearer " + w.tokens["bob"], 400, "invalid_request"},
			{"/api/settings", "Authorization: Bearer \"" + w.tokens["alice"] + "\"", 401, "invalid_token"},
			{"/api/settings", "Authorization: Bearer " + strings.Repeat(w.tokens["alice"], 20), 401, "invalid_token"},
			{"/api/settings", "Authorization: Bearer", 400, "invalid_request"},
		} {
			before := hits()
			var fields []string
			if tt.field != "" {
				fields = []string{tt.field}
			}
			got := w.ask("GET", base+tt.path, "", fields...)
			if got.status != tt.status || !strings.Contains(got.header.Get("Www-Authenticate"), `error="`+tt.code+`"`) || hits() != before {
				t.Errorf("%.40s %.20s: %d, %q", tt.path, tt.field, got.status, got.header.Get("Www-Authenticate"))
			}
		}
	})

	t.Run("the scan of the gateway is clean", func(t *testing.T) {
		if r, code := w.scan(base); len(r.Findings) != 0 || code != 0 || !r.Complete {
			t.Errorf("exit %d, %q", code, r.list())
		}
	})

	t.Run("the admin listener", func(t *testing.T) {
		for path, want := range map[string]string{
			"/healthz": "ok", "/readyz": "ok", "/api/v1/stats": `"owner_mismatches":0`, "/metrics": `bearcache_requests_total{cache="hit",status="2xx"}`,
		} {
			if got := w.ask("GET", admin+path, ""); got.status != 200 || !strings.Contains(got.body, want) {
				t.Errorf("%s: %d %.200s", path, got.status, got.body)
			}
		}
	})
	w.noTokenAnywhere()
	log := w.dump("gateway stdout")
	for _, want := range []string{
		`path=/api/settings route="" status=200 cache=hit reason="" partition=`,
		`path=/api/settings route="" status=401 cache=miss reason=status partition=shared`,
		`status=400 cache=refused reason=token-in-url partition=none`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the access log:\n%.2000s", want, log)
		}
	}
}

// Stopping lets the requests under way come to their end, and takes no more.
func TestStopping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked, answer := make(chan bool), make(chan bool)
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		io.WriteString(rw, "begun, ")
		http.NewResponseController(rw).Flush()
		asked <- true
		<-answer
		io.WriteString(rw, "and ended")
	}))
	defer upstream.Close()
	base, _ := w.gateway(upstream.URL)
	stop := w.stops[len(w.stops)-1]

	got := make(chan string)
	go func() {
		resp, err := http.Get(base)
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		got <- fmt.Sprintf("%s %v", body, err)
	}()
	<-asked
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	for refused := false; !refused; { // until the listener is closed
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(base, "http://"), time.Second)
		if refused = err != nil; !refused {
			conn.Close()
		}
	}
	close(answer)
	if text := <-got; text != "begun, and ended <nil>" {
		t.Errorf("the request under way got %q", text)
	}
	if err := <-stopped; err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
	if log := w.dump("gateway stdout"); !strings.Contains(log, "status=200") {
		t.Errorf("its line is missing in the access log: %q", log)
	}
}

// The example's own tests, as its README has them run.
func TestExample(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(python(t), "-m", "unittest", "test_example.py")
	cmd.Dir, cmd.Env = "../../examples/flask", append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Routes: a lifetime where the origin says nothing, caching off, and a public route.
func TestRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "bearcache.yaml")
	if err := os.WriteFile(file, []byte(`
routes:
  - match: GET /api/orders
    ttl: 60s
  - match: /api/settings
    cache: off
  - match: GET /api/catalog
    share: public
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := w.bearcache("config", "check", file); code != 0 {
		t.Fatalf("config check: %d %s", code, stderr)
	}
	base, _ := w.gateway(w.flask("leaking", 300), "--config", file)
	for _, tt := range []struct{ path, first, second, want string }{
		{"/api/orders", "alice", "alice", "bearcache; hit"}, // says nothing: the rule's 60 s
		{"/api/orders", "alice", "bob", "bearcache; fwd=uri-miss"},
		{"/api/settings", "alice", "alice", "bearcache; fwd=bypass; fwd-status=200; detail=off"},
		{"/api/catalog", "alice", "bob", "bearcache; hit"},
		{"/api//settings", "alice", "alice", "bearcache; fwd=bypass"}, // ambiguous: matches no rule and is not cached
	} {
		w.ask("GET", base+tt.path, w.tokens[tt.first])
		if got := w.ask("GET", base+tt.path, w.tokens[tt.second]).header.Get("Cache-Status"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s, %s after %s: %q, want %q", tt.path, tt.second, tt.first, got, tt.want)
		}
	}
	w.noTokenAnywhere()
}

// noTokenAnywhere stops the servers, so that nothing is printed any more, and searches everything that
// was printed, logged, reported or answered for the tokens, their parts and their encodings.
func (w *world) noTokenAnywhere() {
	w.t.Helper()
	for _, stop := range slices.Backward(w.stops) {
		stop() // a Python server ends by the signal, which is an error to its parent
	}
	w.evidence.mu.Lock()
	defer w.evidence.mu.Unlock()
	searched := 0
	for name, token := range w.tokens {
		for form, text := range forms(token) {
			for place, printed := range w.evidence.text {
				searched++
				if strings.Contains(printed.String(), text) {
					w.t.Errorf("%s holds %s's token (%s)", place, name, form)
				}
			}
		}
	}
	if searched == 0 {
		w.t.Error("nothing was searched")
	}
}

// forms are the token and what it could be hidden as. Windows of its signature find any part of that; of
// a token without parts, windows of the whole.
func forms(token string) map[string]string {
	half := len(token) / 2
	parts := strings.Split(token, ".")
	signature := parts[len(parts)-1]
	f := map[string]string{
		"whole": token, "first half": token[:half], "second half": token[half:], "claims": parts[len(parts)/2], "signature": signature,
		"base64": base64.StdEncoding.EncodeToString([]byte(token)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(token)),
		"hex": hex.EncodeToString([]byte(token)), "percent": url.QueryEscape(token), "percent dots": strings.ReplaceAll(token, ".", "%2E"),
	}
	for i := 0; i+8 <= len(signature); i += 4 {
		f[fmt.Sprintf("signature from byte %d", i)] = signature[i : i+8]
	}
	return f
}
