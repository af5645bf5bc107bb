package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// An audit that is interrupted reports what it has, and ends with 3.
func TestAuditInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.paper", []byte("leak flask/token-in-log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	e := env{stdout: &out, stderr: &errs, getenv: os.LookupEnv, terminal: func(io.Writer) bool { return false }}
	if code := run(ctx, e, []string{"audit"}); code != 3 {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(out.String(), "exit 3 (not completed)\nincomplete: interrupted before everything was read") || !strings.Contains(errs.String(), "bearcache audit: interrupted") {
		t.Errorf("%s%s", out.String(), errs.String())
	}
}

// Tokens in lines of source are hidden, and code is not: what the redaction of logs takes for a secret is a name here.
func TestWithoutTokens(t *testing.T) {
	for _, line := range []string{
		`token = request.args.get("token")`, `key = "profile:" + token`, `app.logger.info("token=%s", token)`, `log_format main '$remote_addr $http_authorization';`,
		`return redirect(url_for("x", token=token))`, `def get(self, authorization: str = Header()):`, `@cache.cached(timeout=300, make_cache_key=per_caller)`,
		`proxy_cache_key $scheme$host$request_uri$http_authorization;`, `token = f"{user.id}"`, `def test_get_jwt_identity_from_request_headers():`,
		`cache.set(f"user:{current_user.id}:profile:v2:2024", value)`, `if (req.http.Authorization ~ "^Bearer ") {`, `headers = {"Authorization": f"Bearer {token}"}`,
		`app.config["JWT_TOKEN_LOCATION"] = ["headers", "query_string"]`, `access_token = create_access_token(identity=user.id)`,
		`login(user, password=given_password)`, `f"postgres://{user}:{password}@db"`, `"https://host:8080/a@b"`, `log.info("password=%s", p)`, `"password={}".format(p)`,
	} {
		if got := withoutTokens(line); got != line {
			t.Errorf("%s became %s", line, got)
		}
	}
	for line, want := range map[string]string{
		`SECRET_KEY = "hunter2hunter2"`:                              `SECRET_KEY = "[not shown]"`,
		`app.config["JWT_SECRET_KEY"] = "correct-horse"`:             `app.config["JWT_SECRET_KEY"] = "[not shown]"`,
		`{"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJz.abc1"}`: `{"Authorization": "Bearer [not shown]"}`,
		`key = "sk_live_4242424242424242"`:                           `key = "[not shown]"`,
		`proxy_set_header Authorization "Basic dXNlcjpodW50ZXIy";`:   `proxy_set_header Authorization "Basic [not shown]";`,
		`x = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"`:             `x = "[not shown]"`,
		`log.info("password=hunter2secret %s", x)`:                   `log.info("password=[not shown] %s", x)`,
		`url = base + "&client_secret=abcd1234efgh"`:                 `url = base + "&client_secret=[not shown]"`,
		`db = "postgres://shop:s3cr3tpw@db/shop"`:                    `db = "postgres://shop:[not shown]@db/shop"`,
		`token="ghp_16C7e42F292c6912E7710c838347Ae178B4a"`:           `token="[not shown]"`,
	} {
		if got := withoutTokens(line); got != want {
			t.Errorf("%s became %s, want %s", line, got, want)
		}
	}
}

// What the exit status of an audit means stands at the end of its report.
func TestAuditVerdict(t *testing.T) {
	leak := finding.Finding{Rule: finding.FlaskTokenInLog, Severity: finding.Medium, Source: &finding.Source{}}
	had := map[string]bool{leak.Fingerprint(): true}
	for _, tt := range []struct {
		failOn finding.Severity
		known  map[string]bool
		found  []finding.Finding
		want   string
	}{
		{finding.Medium, nil, nil, "exit 0"},
		{finding.Medium, nil, []finding.Finding{leak}, "exit 1"},
		{finding.High, nil, []finding.Finding{leak}, "exit 0 (nothing at high or above)"},
		{finding.Medium, had, []finding.Finding{leak}, "exit 0 (nothing new at medium or above)"},
		{finding.Never, nil, []finding.Finding{leak}, "exit 0 (findings do not count with --fail-on never)"},
	} {
		got, err := auditOutcome(&finding.Report{FailOn: tt.failOn, Known: tt.known, Findings: tt.found}, nil)
		if code, _ := exitCode(err); got != tt.want || got[5] != byte('0'+code) {
			t.Errorf("%q and %d, want %q", got, code, tt.want)
		}
	}
}
