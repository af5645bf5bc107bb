package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
)

const operatorsToken = "hunter2-hunter2-hunter2"

// order sends an operator's order as the commands do.
func (w *world) order(path, content string) (status int, answer map[string]any) {
	w.t.Helper()
	out := httptest.NewRecorder()
	r := httptest.NewRequest("POST", path, strings.NewReader(content))
	r.Host = "127.0.0.1:8081"
	r.Header.Set("Content-Type", "application/json")
	w.gateway.Admin().ServeHTTP(out, r)
	if err := json.Unmarshal(out.Body.Bytes(), &answer); err != nil || out.Header().Get("Content-Type") != "application/json" || out.Header().Get("Cache-Control") != "no-store" {
		w.t.Fatalf("%d %v: %s", out.Code, out.Header(), out.Body)
	}
	return out.Code, answer
}

// Who may be an operator, with and without a token.
func TestGuard(t *testing.T) {
	open, locked := start(t, Options{}, nil), start(t, Options{AdminToken: redact.NewSecret(operatorsToken)}, nil)
	const json, dry = "Content-Type: application/json", "/api/v1/purge"
	authorization := "Authorization: Bearer " + operatorsToken
	for _, tt := range []struct {
		name, method, path, host string
		fields                   []string
		open, locked             int
	}{
		{"a look", "GET", "/api/v1/stats", "127.0.0.1:8081", nil, 200, 401},
		{"a look with the token", "GET", "/api/v1/stats", "127.0.0.1:8081", []string{authorization}, 200, 200},
		{"with the scheme in another case", "GET", "/metrics", "127.0.0.1:8081", []string{"Authorization: bearer " + operatorsToken}, 200, 200},
		{"with another token", "GET", "/api/v1/stats", "127.0.0.1:8081", []string{"Authorization: Bearer hunter3"}, 200, 401},
		{"with half of it", "GET", "/api/v1/stats", "127.0.0.1:8081", []string{authorization[:30]}, 200, 401},
		{"with it twice", "GET", "/api/v1/stats", "127.0.0.1:8081", []string{authorization, authorization}, 200, 401},
		{"with it in another scheme", "GET", "/api/v1/stats", "127.0.0.1:8081", []string{"Authorization: Basic " + operatorsToken}, 200, 401},
		{"with it in the query", "GET", "/api/v1/stats?access_token=" + operatorsToken, "127.0.0.1:8081", nil, 200, 401},
		{"what there is", "GET", "/", "127.0.0.1:8081", nil, 200, 401},
		{"what there is not", "GET", "/api/v1/none", "127.0.0.1:8081", nil, 404, 401},
		{"whether the process serves", "GET", "/healthz", "127.0.0.1:8081", nil, 200, 200},
		{"the same for a load balancer", "GET", "/healthz", "gateway.internal", nil, 200, 200},
		{"but nothing is sent there", "POST", "/healthz", "127.0.0.1:8081", nil, 415, 401},
		{"whether it is ready", "GET", "/readyz", "127.0.0.1:8081", nil, 200, 401},

		{"as localhost", "GET", "/api/v1/stats", "localhost:8081", nil, 200, 401},
		{"as localhost without a port", "GET", "/api/v1/stats", "LOCALHOST", nil, 200, 401},
		{"as an IPv6 address", "GET", "/api/v1/stats", "[::1]:8081", nil, 200, 401},
		{"as an IPv6 address without a port", "GET", "/api/v1/stats", "[::1]", nil, 200, 401},
		{"under a name that somebody had rebound", "GET", "/api/v1/stats", "evil.test:8081", nil, 421, 401},
		{"under a name that begins like an address", "GET", "/api/v1/stats", "127.0.0.1.evil.test", nil, 421, 401},
		{"under no name", "GET", "/api/v1/stats", "", nil, 421, 401},
		{"under a name, with the token", "GET", "/api/v1/stats", "gateway.internal:8081", []string{authorization}, 421, 200},
		{"a purge under a name that somebody had rebound", "POST", dry, "evil.test:8081", []string{json}, 421, 401},

		{"a purge", "POST", dry, "127.0.0.1:8081", []string{json}, 200, 401},
		{"a purge with the token", "POST", dry, "127.0.0.1:8081", []string{json, authorization}, 200, 200},
		{"in UTF-8", "POST", dry, "127.0.0.1:8081", []string{"Content-Type: application/json; charset=utf-8", authorization}, 200, 200},
		{"by another method", "PUT", dry, "127.0.0.1:8081", []string{json, authorization}, 405, 405},
		{"by a look", "GET", dry, "127.0.0.1:8081", []string{authorization}, 405, 405},
		{"as a form", "POST", dry, "127.0.0.1:8081", []string{"Content-Type: application/x-www-form-urlencoded", authorization}, 415, 415},
		{"as text", "POST", dry, "127.0.0.1:8081", []string{"Content-Type: text/plain", authorization}, 415, 415},
		{"as text that speaks of JSON", "POST", dry, "127.0.0.1:8081", []string{"Content-Type: text/plain; x=application/json", authorization}, 415, 415},
		{"as nothing", "POST", dry, "127.0.0.1:8081", []string{authorization}, 415, 415},
		{"from a page", "POST", dry, "127.0.0.1:8081", []string{json, authorization, "Origin: https://evil.test"}, 403, 403},
		{"from a page without an origin", "POST", dry, "127.0.0.1:8081", []string{json, authorization, "Origin: null"}, 403, 403},
		{"from another site", "POST", dry, "127.0.0.1:8081", []string{json, authorization, "Sec-Fetch-Site: cross-site"}, 403, 403},
		{"from a sister", "POST", dry, "127.0.0.1:8081", []string{json, authorization, "Sec-Fetch-Site: same-site"}, 403, 403},
		{"by hand in a browser", "POST", dry, "127.0.0.1:8081", []string{json, authorization, "Sec-Fetch-Site: none"}, 200, 200},
	} {
		for w, want := range map[*world]int{open: tt.open, locked: tt.locked} {
			r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(`{"everything": true, "dry_run": true}`))
			r.Host = tt.host
			for _, field := range tt.fields {
				name, value, _ := strings.Cut(field, ": ")
				r.Header.Add(name, value)
			}
			out := httptest.NewRecorder()
			w.gateway.Admin().ServeHTTP(out, r)
			if out.Code != want {
				t.Errorf("%s: %d, want %d (a token is wanted: %v)", tt.name, out.Code, want, w == locked)
			}
			if challenge := out.Header().Get("Www-Authenticate"); (challenge == `Bearer realm="bearcache admin"`) != (want == 401) {
				t.Errorf("%s: challenge %q", tt.name, challenge)
			}
			if strings.Contains(out.Body.String()+fmt.Sprint(out.Header()), "hunter") {
				t.Errorf("%s: the answer repeats a token: %s", tt.name, out.Body)
			}
		}
	}
	if locked.calls.Load()+open.calls.Load() != 0 {
		t.Error("the origin was asked")
	}
}

// What an order may say, and what comes of it. Each is sent to a gateway that stores three responses.
func TestPurgeOrders(t *testing.T) {
	i := newIssuer(t)
	for _, tt := range []struct {
		name, content string
		status        int
		kind          string // of the purge; "": none
		left          string // what is still stored
	}{
		{"everything", `{"everything": true}`, 200, "everything", ""},
		{"everything, to look what it would be", `{"everything": true, "dry_run": true}`, 200, "everything", "/1 /2 /a"},
		{"one URL", `{"url": "http://api.test/1"}`, 200, "url", "/2 /a"},
		{"a prefix", `{"prefix": "http://api.test/"}`, 200, "prefix", ""},
		{"a tag", `{"tag": "numbers"}`, 200, "tag", "/a"},
		{"a subject", `{"subject": "alice"}`, 200, "subject", "/a"},
		{"a subject of the issuer", fmt.Sprintf(`{"subject": "alice", "issuer": %q}`, i.URL), 200, "subject", "/a"},
		{"another subject", `{"subject": "bob"}`, 200, "subject", "/1 /2 /a"},
		{"a subject of an issuer that nobody verifies", `{"subject": "alice", "issuer": "https://hunter2.test"}`, 400, "", "/1 /2 /a"},
		{"nothing", `{}`, 400, "", "/1 /2 /a"},
		{"not everything", `{"everything": false}`, 400, "", "/1 /2 /a"},
		{"a dry run of nothing", `{"dry_run": true}`, 400, "", "/1 /2 /a"},
		{"two things", `{"url": "http://api.test/1", "tag": "hunter2"}`, 400, "", "/1 /2 /a"},
		{"one thing and everything", `{"url": "http://api.test/1", "everything": true}`, 400, "", "/1 /2 /a"},
		{"an issuer alone", `{"issuer": "hunter2"}`, 400, "", "/1 /2 /a"},
		{"an issuer of a tag", `{"tag": "numbers", "issuer": "hunter2"}`, 400, "", "/1 /2 /a"},
		{"a URL without a host", `{"url": "/hunter2"}`, 400, "", "/1 /2 /a"},
		{"a field that nobody knows", `{"everything": true, "hunter2": 1}`, 400, "", "/1 /2 /a"},
		{"a field in other letters", `{"EVERYTHING": true}`, 400, "", "/1 /2 /a"},
		{"a dry run, and none", `{"everything": true, "dry_run": true, "dry_run": false}`, 400, "", "/1 /2 /a"},
		{"the same twice", `{"tag": "numbers", "tag": "numbers"}`, 400, "", "/1 /2 /a"},
		{"a list of orders", `[{"everything": true}]`, 400, "", "/1 /2 /a"},
		{"an order of nothing", `null`, 400, "", "/1 /2 /a"},
		{"a text for a truth", `{"everything": "hunter2"}`, 400, "", "/1 /2 /a"},
		{"two orders", `{"everything": true}{"hunter2": 1}`, 400, "", "/1 /2 /a"},
		{"no JSON", `hunter2`, 400, "", "/1 /2 /a"},
		{"no content", ``, 400, "", "/1 /2 /a"},
		{"too much", `{"tag": "` + strings.Repeat("hunter2 ", 9000) + `"}`, 413, "", "/1 /2 /a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			o := i.options(Readers{Claims: &ClaimSet{}}, Readers{Claims: &ClaimSet{}})
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			w := start(t, o, func(out http.ResponseWriter, r *http.Request) {
				out.Header().Set("Cache-Control", "max-age=60")
				if r.URL.Path != "/a" {
					out.Header().Set("Surrogate-Key", "numbers")
				}
			})
			alice := i.token(nil)
			w.asked("GET /1", alice)
			w.asked("GET /2", alice)
			w.send("GET /a")
			w.record()
			status, answer := w.order("/api/v1/purge", tt.content)
			if status != tt.status || (answer["error"] == nil) != (tt.kind != "") || tt.kind != "" && answer["purged"] != tt.kind {
				t.Errorf("%d %v", status, answer)
			}
			dry := strings.Contains(tt.content, "dry_run")
			if tt.kind != "" && !dry && answer["other_nodes"] != "none" {
				t.Errorf("%v", answer)
			}
			if strings.Contains(log.String()+fmt.Sprint(answer), "hunter2") || strings.Contains(log.String(), "api.test") || strings.Contains(log.String(), "alice") {
				t.Errorf("what was ordered is repeated: %v\n%s", answer, log.String())
			}
			if told := strings.Contains(log.String(), "an operator purged"); told != (tt.kind != "" && !dry) {
				t.Errorf("logged: %s", log.String())
			}
			var left []string
			for _, path := range []string{"/1", "/2"} {
				if w.asked("GET "+path, alice) == "hit" {
					left = append(left, path)
				}
			}
			if w.send("GET /a"); w.record()["cache"] == "hit" {
				left = append(left, "/a")
			}
			if got := strings.Join(left, " "); got != tt.left {
				t.Errorf("still stored: %s, want %s", got, tt.left)
			}
		})
	}
}

// Of an order that cannot be met it is said what is wrong with it, behind the member that it is about: the commands make the flag of it.
func TestWrongOrders(t *testing.T) {
	o := newIssuer(t).options()
	o.Issuer = ""
	w := start(t, o, nil)
	long := strings.Repeat("hunter2/", 1025)
	for _, tt := range []struct{ path, content, want string }{
		{"purge", `{"url": "/hunter2"}`, "url: nothing is stored under one that does not begin with http:// or https://"},
		{"purge", `{"url": "https:///hunter2"}`, "url: nothing is stored under one without a host that a request can name"},
		{"purge", `{"url": "http://hunter2@api.test"}`, "url: nothing is stored under one with user information, which no key holds"},
		{"purge", `{"prefix": "hunter2"}`, "prefix: nothing is stored under one that does not begin with http:// or https://"},
		{"purge", `{"prefix": "https://api.test/#hunter2"}`, "prefix: nothing is stored under one with a fragment, which no request sends"},
		{"purge", `{"tag": "hunter2 a,b"}`, "tag: it is none, or more than one: purge each by itself"},
		{"purge", `{"url": "http://api.test/` + long + `"}`, "url: it has more than 8,192 bytes"},
		{"purge", `{"prefix": "https://api.test/` + long + `"}`, "prefix: it has more than 8,192 bytes"},
		{"purge", `{"tag": "` + long + `"}`, "tag: it has more than 8,192 bytes"},
		{"purge", `{"subject": "` + long + `", "issuer": "a"}`, "subject: it has more than 8,192 bytes"},
		{"purge", `{"subject": "a", "issuer": "` + long + `"}`, "issuer: it has more than 8,192 bytes"},
		{"revoke", `{"jti": "` + long + `", "issuer": "a"}`, "jti: it has more than 1,024 bytes, and cannot be remembered; revoke the tokens themselves"},
		{"revoke", `{"subject": "` + long[:1025] + `", "issuer": "a", "until": "9001-01-01T00:00:00Z"}`, "subject: it has more than 1,024 bytes, and cannot be remembered; revoke the tokens themselves"},
		{"revoke", `{"jti": "a", "issuer": "` + long + `"}`, "issuer: it has more than 1,024 bytes, and cannot be remembered; revoke the tokens themselves"},
		{"revoke", `{"jti": "` + long[:1024] + `", "issuer": "a", "until": "9001-01-01T00:00:00Z"}`, "until: it is after 2241, and cannot be remembered; say when the last token that is meant ends"},
		{"revoke", `{"token": "hunter2", "until": "9001-01-01T00:00:00Z"}`, "until: it is after 2241, and cannot be remembered; say when the last token that is meant ends"},
		{"revoke", `{"token": "hunter2", "until": "2001-01-01T00:00:00Z"}`, "until: it is over; leave it out, or say when the last token that is meant ends"},
	} {
		if status, answer := w.order("/api/v1/"+tt.path, tt.content); status != 400 || answer["error"] != tt.want {
			t.Errorf("%.60s: %d %.300v, want %s", tt.content, status, answer, tt.want)
		}
	}
}

// What clients know as https is stored as http, with the authority that they sent.
func TestPurgeOfHTTPS(t *testing.T) {
	const plain, port, other = "api.test", "api.test:443", "api.test:8443"
	for _, tt := range []struct {
		content string
		records float64
		left    string
	}{
		{`{"url": "https://api.test/1"}`, 2, "api.test:8443 "},
		{`{"url": "HTTPS://API.test:443/1"}`, 2, "api.test:8443 "},
		{`{"url": "https://api.test:8443/1"}`, 1, "api.test api.test:443 "},
		{`{"prefix": "https://api.test"}`, 2, "api.test:8443 "},
		{`{"prefix": "https://api.test/"}`, 2, "api.test:8443 "},
		{`{"prefix": "https://api.test", "dry_run": true}`, 2, "api.test api.test:443 api.test:8443 "},
		{`{"url": "https://api.test/2"}`, 0, "api.test api.test:443 api.test:8443 "},
		{`{"url": "http://api.test/1"}`, 1, "api.test:443 api.test:8443 "},
	} {
		w := start(t, Options{}, func(out http.ResponseWriter, _ *http.Request) { out.Header().Set("Cache-Control", "max-age=60") })
		ask := func(host string) string {
			w.send("GET http://" + host + "/1")
			return fmt.Sprint(w.record()["cache"])
		}
		for _, host := range []string{plain, port, other} {
			if got := ask(host); got != "miss" {
				t.Fatalf("%s: %s", host, got)
			}
		}
		if status, answer := w.order("/api/v1/purge", tt.content); status != 200 || answer["records"] != tt.records {
			t.Errorf("%s: %d %v, want %v records", tt.content, status, answer, tt.records)
		}
		left := ""
		for _, host := range []string{plain, port, other} {
			if ask(host) == "hit" {
				left += host + " "
			}
		}
		if left != tt.left {
			t.Errorf("%s: left are %s, want %s", tt.content, left, tt.left)
		}
	}
	w := start(t, Options{}, nil)
	for _, uri := range []string{"https://u:hunter2@api.test/", "https://", "https:///1", "https://api.test/#a"} {
		if status, answer := w.order("/api/v1/purge", fmt.Sprintf(`{"url": %q}`, uri)); status != 400 || strings.Contains(fmt.Sprint(answer), "hunter2") {
			t.Errorf("%s: %d %v", uri, status, answer)
		}
	}
}

// Where nobody verifies tokens there are no subjects, and it is said why.
func TestOrdersWithoutAVerifier(t *testing.T) {
	w := start(t, Options{}, nil)
	for path, content := range map[string]string{"/api/v1/purge": `{"subject": "alice"}`, "/api/v1/revoke": `{"subject": "alice"}`} {
		if status, answer := w.order(path, content); status != 409 || !strings.Contains(fmt.Sprint(answer["error"]), "verifies no tokens") {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	if status, _ := w.order("/api/v1/revoke", `{"jti": "1"}`); status != 409 {
		t.Errorf("a jti: %d", status)
	}
	w.asked("GET /a", "opaque")
	if got := w.asked("GET /a", "opaque"); got != "hit" {
		t.Fatal(got)
	}
	if status, answer := w.order("/api/v1/revoke", `{"token": "opaque"}`); status != 200 || answer["revoked"] != "token" || answer["other_nodes"] != "none" {
		t.Errorf("%d %v", status, answer)
	}
	calls := w.calls.Load()
	if got := w.asked("GET /a", "opaque"); got != "401 invalid_token" || w.calls.Load() != calls {
		t.Errorf("the revoked token: %s, and the origin was asked %d times", got, w.calls.Load()-calls)
	}
	if got := w.asked("GET /a", "another"); got != "miss" {
		t.Errorf("another: %s", got)
	}
}

// What was revoked gets to neither cache nor origin, though the issuer still vouches for it.
func TestRevoked(t *testing.T) {
	i := newIssuer(t)
	jti := func(id string) map[string]any { return map[string]any{"jti": id} }
	later := map[string]any{"iat": time.Now().Unix() + 20}
	for _, tt := range []struct {
		name, content string // TOKEN stands for the first token
		first, other  map[string]any
		want          string // of the first; the other is asked before, and so stored
		wantOther     string
	}{
		{"the token", `{"token": "TOKEN"}`, jti("a"), jti("b"), "401 invalid_token", "hit"},
		{"its jti", `{"jti": "a"}`, jti("a"), jti("b"), "401 invalid_token", "hit"},
		{"the jti of another", `{"jti": "c"}`, jti("a"), jti("b"), "hit", "hit"},
		{"the subject", `{"subject": "alice"}`, nil, nil, "401 invalid_token", "401 invalid_token"},
		{"the subject: a token that was issued later, for which nothing is left", `{"subject": "alice"}`, nil, later, "401 invalid_token", "miss"},
		{"another subject", `{"subject": "bob"}`, nil, nil, "hit", "hit"},
		{"until later", `{"jti": "a", "until": "2199-01-01T00:00:00Z"}`, jti("a"), jti("b"), "401 invalid_token", "hit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := start(t, i.options(Readers{Claims: &ClaimSet{}}), nil)
			first, other := i.token(tt.first), i.token(tt.other)
			for _, token := range []string{first, other} {
				w.asked("GET /1", token)
			}
			status, answer := w.order("/api/v1/revoke", strings.Replace(tt.content, "TOKEN", first, 1))
			if until, err := time.Parse(time.RFC3339, fmt.Sprint(answer["until"])); status != 200 || err != nil || until.Before(time.Now()) {
				t.Fatalf("%d %v", status, answer)
			}
			calls := w.calls.Load()
			a := w.send("GET /1", "Authorization: Bearer "+first)
			w.record()
			if revoked := strings.Contains(a.header.Get("Www-Authenticate"), `error="invalid_token", error_description="the token was revoked"`); revoked != strings.HasPrefix(tt.want, "401") || w.calls.Load() != calls {
				t.Errorf("%v, and the origin was asked %d times", a.header, w.calls.Load()-calls)
			}
			if got := w.asked("GET /1", first); got != tt.want {
				t.Errorf("the first: %s, want %s", got, tt.want)
			}
			if got := w.asked("GET /1", other); got != tt.wantOther {
				t.Errorf("the other: %s, want %s", got, tt.wantOther)
			}
		})
	}
}

// A token that the verifier takes from an issuer whose clock is ahead is revoked with its subject: no leeway of the
// verifier's outlives that. It is said for how long whoever logs in again is in doubt.
func TestRevokedThoughTheIssuerIsAhead(t *testing.T) {
	for _, tt := range []struct {
		leeway         time.Duration
		revoked, later time.Duration // that a token was issued after
		note           string
	}{
		{0, 4 * time.Second, 10 * time.Second, " 5s "}, // less than that may be the clock of whoever revokes
		{time.Second, 4 * time.Second, 10 * time.Second, " 5s "},
		{30 * time.Second, 29 * time.Second, 40 * time.Second, " 30s "},
		{5 * time.Minute, 299 * time.Second, 310 * time.Second, " 5m0s "},
	} {
		var issued time.Time
		w := start(t, Options{Issuer: "https://login.test", Leeway: tt.leeway, Verifier: verifier(func() (*bearer.Claims, error) {
			return &bearer.Claims{Issuer: "https://login.test", Subject: "alice", IssuedAt: issued}, nil
		})}, nil)
		now := time.Now()
		issued = now.Add(tt.revoked)
		if got := w.asked("GET /a", "ahead"); got != "miss" {
			t.Fatalf("before it was revoked: %s", got)
		}
		status, answer := w.order("/api/v1/revoke", `{"subject": "alice"}`)
		if status != 200 || !strings.Contains(fmt.Sprint(answer["note"]), tt.note) {
			t.Errorf("leeway %v: %d %v", tt.leeway, status, answer)
		}
		if got := w.asked("GET /a", "ahead"); got != "401 invalid_token" {
			t.Errorf("leeway %v, issued %v after: %s", tt.leeway, tt.revoked, got)
		}
		issued = now.Add(tt.later)
		if got := w.asked("GET /a", "later"); got != "miss" {
			t.Errorf("leeway %v, issued %v after: %s", tt.leeway, tt.later, got)
		}
	}
}

// The answer says until when it holds: that is the longest that was ordered. Of a subject it is not long unless somebody says so, and
// it is said whom it shuts out.
func TestRevokedUntil(t *testing.T) {
	w := start(t, newIssuer(t).options(), nil)
	for _, tt := range []struct {
		content string
		days    float64 // from now
	}{
		{`{"jti": "a"}`, 366},
		{`{"jti": "a", "until": "` + time.Now().Add(24*time.Hour).Format(time.RFC3339) + `"}`, 366},
		{`{"token": "opaque"}`, 366},
		{`{"subject": "alice"}`, 30},
		{`{"subject": "bob", "until": "` + time.Now().Add(24*time.Hour).Format(time.RFC3339) + `"}`, 1},
		{`{"subject": "bob"}`, 30},
		{`{"subject": "bob", "until": "` + time.Now().Add(240*time.Hour).Format(time.RFC3339) + `"}`, 30},
	} {
		_, answer := w.order("/api/v1/revoke", tt.content)
		until, err := time.Parse(time.RFC3339, fmt.Sprint(answer["until"]))
		if days := time.Until(until).Hours() / 24; err != nil || days < tt.days-0.1 || days > tt.days+0.1 {
			t.Errorf("%s: %v, want %v days", tt.content, answer, tt.days)
		}
		if strings.Contains(fmt.Sprint(answer["note"]), "(iat)") != (answer["revoked"] == "subject") {
			t.Errorf("%s: %v", tt.content, answer)
		}
	}
}

// Whoever copies the field for the token is told.
func TestRevokedTokenWithItsScheme(t *testing.T) {
	w := start(t, Options{}, nil)
	for _, token := range []string{"Bearer hunter2", "bearer hunter2"} {
		if status, answer := w.order("/api/v1/revoke", `{"token": "`+token+`"}`); status != 400 || !strings.Contains(fmt.Sprint(answer["error"]), "leave out Bearer") || strings.Contains(fmt.Sprint(answer), "hunter2") {
			t.Errorf("%s: %d %v", token, status, answer)
		}
	}
}

// What cannot be revoked is said, and not repeated.
func TestRevokeOrders(t *testing.T) {
	i := newIssuer(t)
	var log bytes.Buffer
	o := i.options()
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	w := start(t, o, nil)
	for _, tt := range []struct {
		name, content string
		status        int
	}{
		{"nothing", `{}`, 400},
		{"two things", `{"token": "hunter2", "jti": "hunter2"}`, 400},
		{"the issuer of a token", `{"token": "hunter2", "issuer": "hunter2"}`, 400},
		{"another issuer", `{"jti": "hunter2", "issuer": "https://hunter2.test"}`, 400},
		{"no token", `{"token": "hunter2 hunter2"}`, 400},
		{"a time that is over", `{"jti": "hunter2", "until": "2001-01-01T00:00:00Z"}`, 400},
		{"a time that is none", `{"jti": "hunter2", "until": "hunter2"}`, 400},
		{"a time that nobody sees", `{"jti": "hunter2", "until": "9001-01-01T00:00:00Z"}`, 400},
		{"a field that nobody knows", `{"hunter2": "hunter2"}`, 400},
		{"a text without end", `{"jti": "` + strings.Repeat("hunter2", 200) + `"}`, 400},
		{"a token", `{"token": "hunter2"}`, 200},
		{"a jti", `{"jti": "hunter2"}`, 200},
		{"a subject", `{"subject": "hunter2"}`, 200},
	} {
		status, answer := w.order("/api/v1/revoke", tt.content)
		if status != tt.status || (answer["error"] == nil) != (status == 200) {
			t.Errorf("%s: %d %v", tt.name, status, answer)
		}
		if strings.Contains(fmt.Sprint(answer)+log.String(), "hunter2") {
			t.Errorf("%s: the order is repeated: %v\n%s", tt.name, answer, log.String())
		}
	}
	if n := strings.Count(log.String(), "an operator revoked"); n != 3 || w.gateway.revocations.Len() != 3 {
		t.Errorf("%d were logged, %d are remembered:\n%s", n, w.gateway.revocations.Len(), &log)
	}
}

// What is said of other nodes.
func TestOtherNodes(t *testing.T) {
	g := newGateway(t, start(t, Options{}, nil).gateway.options)
	untold := fmt.Errorf("a purge: %w", bearcache.ErrNotShared)
	for _, tt := range []struct {
		log    bearcache.PurgeLog
		err    error
		status int
		want   string
	}{
		{nil, nil, 200, "none"}, {silentLog{}, nil, 200, "within 5s"}, {silentLog{}, untold, 202, "not told yet"}, {nil, untold, 202, "not told yet"},
	} {
		if status, got := g.otherNodes(tt.log, tt.err); status != tt.status || got != tt.want {
			t.Errorf("%v, %v: %d %s", tt.log, tt.err, status, got)
		}
	}
}

type silentLog struct{}

func (silentLog) Append(context.Context, []byte) (string, uint64, error) { return "", 0, nil }
func (silentLog) Since(context.Context, string, uint64) (string, uint64, [][]byte, error) {
	return "", 1, nil, nil
}

// The store's state is told, not its errors, which may quote anything.
func TestStoreState(t *testing.T) {
	var fault error
	w := start(t, Options{Store: func(context.Context) error { return fault }}, nil)
	for _, want := range []string{"up", "down"} {
		stats, metrics := w.admin("GET", "/api/v1/stats"), w.admin("GET", "/metrics")
		if !strings.Contains(stats.body, `"store":"`+want+`"`) || !strings.Contains(metrics.body, map[string]string{"up": "bearcache_store_up 1\n", "down": "bearcache_store_up 0\n"}[want]) {
			t.Errorf("%s: %s", want, stats.body)
		}
		if a := w.admin("GET", "/readyz"); a.status != 200 {
			t.Errorf("/readyz with the store %s: %d", want, a.status)
		}
		if strings.Contains(stats.body+metrics.body, "hunter2") {
			t.Error("the store's error is told")
		}
		fault = errors.New("hunter2")
	}
}
