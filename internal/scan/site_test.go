package scan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// A site is an origin with a cache before it. A test says what either does; the site writes down what it was asked,
// so that each scan of one is also held to what a scan may ask at all.
type site struct {
	origin   func(user string, r *http.Request) answer
	key      func(r *http.Request) string              // of the cache; "", or no key: it does not look at the request
	keeps    func(r *http.Request, made answer) bool   // what it stores; nil: whatever has status 200
	before   func(r *http.Request, kept answer) answer // what it does with what it stored; nil: it gives it out
	lifetime time.Duration                             // 0: an hour
	users    map[string]string                         // by token; nil: alice and bob
	paths    []string                                  // that the origin knows; nil: those that are scanned
	anyPath  bool                                      // it looks at the path itself
	past     http.Handler                              // the API past its cache; nil: not known

	mu    sync.Mutex
	kept  map[string]entryOf
	asked []asked
}

type entryOf struct {
	answer
	until time.Time
}

type answer struct {
	status int
	fields map[string]string
	body   string
}

// asked is a request as it came.
type asked struct {
	method, uri, body string
	header            http.Header
}

func ok(body string) answer { return answer{status: 200, body: body} }

var (
	denial  = answer{status: 401, body: refused}
	missing = answer{status: 404, body: `{"error":"not found"}`}
)

func (a answer) with(name, value string) answer {
	fields := map[string]string{name: value}
	for n, v := range a.fields {
		fields[n] = v
	}
	a.fields = fields
	return a
}

// mine is an answer that names its reader.
func mine(user string) answer {
	if user == "" {
		return denial
	}
	return ok(fmt.Sprintf(`{"email":"%s@example.com","balance":%d}`, user, 100*len(user)))
}

func (s *site) user(r *http.Request) string {
	users := s.users
	if users == nil {
		users = map[string]string{aliceToken: "alice", bobToken: "bob"}
	}
	return users[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, asked{r.Method, r.RequestURI, string(body), r.Header.Clone()})
	s.mu.Unlock()
	made := s.serve(r)
	for name, value := range made.fields {
		w.Header().Set(name, value)
	}
	w.WriteHeader(made.status)
	io.WriteString(w, made.body)
}

func (s *site) serve(r *http.Request) answer {
	user := s.user(r)
	if r.URL.Path == "/me" {
		return mine(user)
	}
	if !s.anyPath && !slices.Contains(s.paths, r.URL.Path) {
		return missing
	}
	key := ""
	if s.key != nil {
		key = s.key(r)
	}
	s.mu.Lock()
	kept, found := s.kept[key]
	s.mu.Unlock()
	if found && time.Now().Before(kept.until) {
		if s.before != nil {
			return s.before(r, kept.answer)
		}
		return kept.answer
	}
	made := s.origin(user, r)
	if key != "" && (s.keeps == nil && made.status == 200 || s.keeps != nil && s.keeps(r, made)) {
		lifetime := s.lifetime
		if lifetime == 0 {
			lifetime = time.Hour
		}
		s.mu.Lock()
		if s.kept == nil {
			s.kept = make(map[string]entryOf)
		}
		s.kept[key] = entryOf{made, time.Now().Add(lifetime)}
		s.mu.Unlock()
	}
	return made
}

func gets(paths ...string) (list []operation.Operation) {
	for _, path := range paths {
		op := operation.Operation{Method: "GET", Path: path, Security: operation.Required}
		if strings.HasPrefix(path, "/public") {
			op.Security = operation.Public
		}
		list = append(list, op)
	}
	return list
}

func people() []*Identity {
	return []*Identity{
		{Name: "alice", Token: redact.NewSecret(aliceToken), Variable: "ALICE_TOKEN"},
		{Name: "bob", Token: redact.NewSecret(bobToken), Variable: "BOB_TOKEN"},
	}
}

// survey scans the operations of a site, /me among them, which tells the readers apart. What the scan asked and what
// it reports is held to what must be so of all scans.
func (s *site) survey(t *testing.T, o Options, paths ...string) *finding.Report {
	t.Helper()
	if o.Operations == nil {
		o.Operations = gets(append(slices.Clone(paths), "/me")...)
	}
	if o.Identities == nil {
		o.Identities = people()
	}
	if s.paths == nil {
		s.paths = paths
	}
	hosts := map[string]http.Handler{targetHost: s}
	if s.past != nil {
		hosts[originHost] = s.past
	}
	r, err := scanWeb(t, o, hosts)
	if err != nil {
		t.Logf("incomplete: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	harmless(t, s.asked, o)
	tokenless(t, r, o.Identities)
	return r
}

// poisoning are fields whose effect, stored under a URL that others use, would hurt them.
var poisoning = regexp.MustCompile(`(?i)^(x-forwarded.*|forwarded|x-host|x-http-.*|x-method-.*|x-original-url|x-rewrite-url|x-real-ip|x-bearcache.*|referer|origin|x-requested-with|range|expect)$`)

// harmless holds the requests of a scan to S4.
func harmless(t *testing.T, list []asked, o Options) {
	t.Helper()
	var natural []*regexp.Regexp
	for _, op := range o.Operations {
		path, _, _ := strings.Cut(op.Path, "?")
		pattern := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/?]+`)
		natural = append(natural, regexp.MustCompile(`^`+pattern+`(\?.*)?$`))
	}
	tokens := make(map[string]bool)
	for _, id := range o.Identities {
		tokens[id.token().Reveal()] = true
	}
	seen := make(map[string]bool)
	for _, a := range list {
		if a.method != "GET" && a.method != "HEAD" && !o.UnsafeMethods {
			t.Errorf("%s %s was sent", a.method, a.uri)
		}
		fresh := strings.Contains(a.uri, "bearcache=")
		for token := range tokens {
			if len(token) < 8 {
				continue
			}
			if strings.Contains(a.uri, url.QueryEscape(token)) && !fresh {
				t.Errorf("a token stands in %s", strings.ReplaceAll(a.uri, token, "TOKEN"))
			}
			for name, values := range a.header {
				if name != "Authorization" && strings.Contains(strings.Join(values, " "), token) {
					t.Errorf("a token stands in %s", name)
				}
			}
		}
		if path, _, _ := strings.Cut(a.uri, "?"); fresh || strings.Contains(path, "%") || !slices.ContainsFunc(natural, func(re *regexp.Regexp) bool { return re.MatchString(a.uri) }) {
			continue
		}
		if first := !seen[a.uri]; first && !tokens[strings.TrimPrefix(a.header.Get("Authorization"), "Bearer ")] && a.header.Get("Authorization") != "" || first && a.header.Get("Authorization") == "" && len(tokens) > 0 && !tokens[""] {
			t.Errorf("%s is asked without a valid token first", a.uri)
		}
		seen[a.uri] = true
		for name := range a.header {
			if poisoning.MatchString(name) {
				t.Errorf("%s is asked with %s", a.uri, name)
			}
		}
	}
}

// tokenless holds a report to S7.
func tokenless(t *testing.T, r *finding.Report, cast []*Identity) {
	t.Helper()
	text := fmt.Sprintf("%+v", *r)
	for _, id := range cast {
		secrets := []string{id.token().Reveal()}
		for _, s := range id.Credentials {
			secrets = append(secrets, s.Reveal())
		}
		for _, secret := range secrets {
			if len(secret) < 8 {
				continue
			}
			b := []byte(secret)
			for _, form := range []string{secret, url.QueryEscape(secret), base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b), hex.EncodeToString(b)} {
				if i := strings.Index(text, form); i >= 0 {
					t.Errorf("the report holds %s's secret: …%s…", id.Name, text[max(0, i-80):i+len(form)])
				}
			}
		}
	}
}

// steps are what the evidence of r's first finding of a rule shows: who, what came back, and who made it.
func steps(r *finding.Report, rule *finding.Rule) (list []string) {
	for _, f := range r.Findings {
		if f.Rule != rule {
			continue
		}
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s of %s to %s", f.Severity, f.Victim, f.Observer)))
		for _, e := range f.Evidence {
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %d %s", e.As, e.Status, e.By)))
		}
		return list
	}
	return list
}

// jwt is a token with these claims, signed by nobody.
func jwt(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	signature := sha256.Sum256([]byte(claims))
	return enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc([]byte(claims)) + "." + enc(signature[:])
}

// told is what a report says, for a test that failed to show.
func told(r *finding.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Severity < finding.Medium {
			continue
		}
		fmt.Fprintf(&b, "%s %s: %s %s\n", f.Operation, f.Rule.ID, f.Summary, f.Detail)
		for _, e := range f.Evidence {
			fmt.Fprintf(&b, "    %s: %s %d %s (%s)\n", e.As, e.Request, e.Status, e.Excerpt, e.Note)
		}
	}
	for _, op := range r.Operations {
		fmt.Fprintf(&b, "%s %s, %d requests: %s\n", op.Operation, op.Status, op.Requests, op.Reason)
	}
	return b.String()
}

// surveyAnyhow scans without holding the requests to where tokens usually stand.
func surveyAnyhow(t *testing.T, s *site, o Options) *finding.Report {
	t.Helper()
	r, _ := scanWeb(t, o, map[string]http.Handler{targetHost: s})
	return r
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// expectation is what a scan of one operation of an origin finds of a rule, the evidence of it, and a text of the report.
type expectation struct {
	name    string
	origin  func(user string, r *http.Request) answer
	want    []string
	steps   []string
	summary string
}

func (x expectation) holds(t *testing.T, rule *finding.Rule) {
	t.Helper()
	r := (&site{origin: x.origin}).survey(t, Options{}, "/x")
	if diff := cmp.Diff(x.want, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
	}
	if diff := cmp.Diff(x.steps, steps(r, rule)); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if x.summary != "" && !strings.Contains(told(r), x.summary) {
		t.Errorf("it is not said %q:\n%s", x.summary, told(r))
	}
}

// scansOf is how many scans a test makes whose verdict rests on their number. Such tests have nothing to race; make test runs them without the race
// detector too, under which they take long.
func scansOf(n int) int {
	if raced {
		return max(1, n/20)
	}
	return n
}
