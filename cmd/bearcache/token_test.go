package main

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/redact"
)

// bounded is a token in JWT's shape that ends then.
func bounded(name string, exp int64) string {
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"sub":%q,"exp":%d}`, name, exp)) + ".c2ln"
}

func environment(set map[string]string) env {
	return env{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, terminal: func(io.Writer) bool { return false },
		getenv: func(name string) (string, bool) { v, ok := set[name]; return v, ok }}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What can be asked again is, and gives what is there by then; a variable is what it is.
func TestTokenSources(t *testing.T) {
	t.Chdir(t.TempDir())
	const first, second = 4102444800, 4102448400
	asked := 0
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("refresh_token") != fmt.Sprint("hunter2-", asked) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		asked++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","refresh_token":"hunter2-%d"}`, bounded("alice", []int64{first, second}[asked-1]), asked)
	}))
	defer endpoint.Close()
	write(t, "token.txt", "Bearer "+bounded("alice", first)+"\n")
	write(t, "alice.yaml", "token_url: "+endpoint.URL+"\nclient_id: app\ngrant: refresh_token\nrefresh_token: env:REFRESH\n")
	e := environment(map[string]string{"ALICES": bounded("alice", first), "REFRESH": "hunter2-0"})
	for _, test := range []struct {
		source, variable string
		later            func() // what happens before it is asked again
	}{
		{"env:ALICES", "ALICES", nil},
		{"file:token.txt", "ALICE_1_TOKEN", func() { write(t, "token.txt", bounded("alice", second)) }},
		{"cmd:cat token.txt", "ALICE_1_TOKEN", func() { write(t, "token.txt", bounded("alice", second)) }},
		{"oauth2:alice.yaml", "ALICE_1_TOKEN", func() {}},
	} {
		t.Run(test.source, func(t *testing.T) {
			write(t, "token.txt", "Bearer "+bounded("alice", first)+"\n")
			from, err := openTokenSource(t.Context(), e, "alice-1", test.source, true)
			if err != nil {
				t.Fatal(err)
			}
			if from.Token.Reveal() != bounded("alice", first) || !from.Ends.Equal(time.Unix(first, 0)) || from.Variable != test.variable {
				t.Errorf("%q, ends %v, shown as $%s", from.Token.Reveal(), from.Ends, from.Variable)
			}
			if (from.Renew == nil) != (test.later == nil) {
				t.Fatalf("it can be asked again: %v", from.Renew != nil)
			}
			if test.later == nil {
				return
			}
			test.later()
			token, ends, err := from.Renew(t.Context())
			if err != nil || token.Reveal() != bounded("alice", second) || !ends.Equal(time.Unix(second, 0)) {
				t.Errorf("later %q, ends %v, %v", token.Reveal(), ends, err)
			}
		})
	}
}

// What goes wrong later is said as what goes wrong at the start; standard input is the start's alone.
func TestRenewalFails(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "token.txt", "alice-token")
	e := environment(nil)
	from, err := openTokenSource(t.Context(), e, "alice", "file:token.txt", true)
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		"":              "alice's token is empty (file:token.txt)",
		"hunter2 twice": "alice's token is malformed; a bearer token has letters, digits and -._~+/ only, with = at its end (RFC 6750 §2.1)",
	} {
		write(t, "token.txt", content)
		if token, ends, err := from.Renew(t.Context()); err == nil || err.Error() != want || !token.IsZero() || !ends.IsZero() {
			t.Errorf("%q: %v, %v, %v", content, token, ends, err)
		}
	}
	write(t, "typed.txt", "one-token\nanother-token\n")
	typed, err := os.Open("typed.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer typed.Close()
	e.stdin = typed
	from, err = openTokenSource(t.Context(), e, "alice", `cmd:read line; echo "$line"`, true)
	if err != nil || from.Token.Reveal() != "one-token" {
		t.Fatalf("%q, %v", from.Token.Reveal(), err)
	}
	if token, _, err := from.Renew(t.Context()); err == nil || token.Reveal() != "" {
		t.Errorf("%q was read of standard input, %v", token.Reveal(), err)
	}
}

// A command that never stops to print does not fill the memory.
func TestCommandWithoutEnd(t *testing.T) {
	_, _, err := readSecret(t.Context(), environment(nil), "cmd:yes hunter2", sought{"alice's token", "--identity alice=", "ALICE_TOKEN"})
	if err == nil || !strings.Contains(err.Error(), "it prints more than 1 MiB; ") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// Whose fault it is that an endpoint gives no token decides the exit status; either way one sentence says it, without a secret.
func TestEndpointGivesNoToken(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct {
		name       string
		status     int
		answer     string
		want       string
		unfinished bool
	}{
		{"it refuses", 400, `{"error":"invalid_grant","error_description":"no such refresh token: hunter2-refresh"}`,
			"cannot get alice's token of HOST: it answered invalid_grant: the refresh token has expired, was revoked, was used up or belongs to another client; get a new one", false},
		{"it does not know us", 401, `{"error":"invalid_client","error_description":"hunter2-secret"}`,
			"cannot get alice's token of HOST: it answered invalid_client: it does not know client_id, or takes neither client_secret nor the way it is sent; check these two and auth", false},
		{"it is out of order", 503, "hunter2-secret", "cannot get alice's token of HOST: it answered 503; check token_url in alice.yaml", true},
		{"its token cannot be sent", 200, `{"access_token":"hunter2 hunter2","token_type":"bearer"}`,
			"alice's token is malformed; a bearer token has letters, digits and -._~+/ only, with = at its end (RFC 6750 §2.1)", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if id, secret, _ := r.BasicAuth(); id != "app" || secret != "hunter2-secret" {
					t.Errorf("%q %q", id, secret)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				io.WriteString(w, test.answer)
			}))
			defer endpoint.Close()
			write(t, "secret.txt", "hunter2-secret\n")
			write(t, "alice.yaml", "token_url: "+endpoint.URL+"/token\nclient_id: app\nclient_secret: file:secret.txt\ngrant: refresh_token\nrefresh_token: cmd:echo hunter2-refresh\n")
			_, err := openTokenSource(t.Context(), environment(nil), "alice", "oauth2:alice.yaml", false)
			want := strings.ReplaceAll(test.want, "HOST", strings.TrimPrefix(endpoint.URL, "http://"))
			var later unfinished
			if err == nil || err.Error() != want || errors.As(err, &later) != test.unfinished {
				t.Errorf("%v, exit status 3: %v", err, errors.As(err, &later))
			}
		})
	}
}

// A whole scan with tokens of an endpoint: they reach the API, and the secrets of the client do not.
func TestScanWithTokensOfAnEndpoint(t *testing.T) {
	t.Chdir(t.TempDir())
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), "hunter2") {
				t.Errorf("the API was sent %v", values)
			}
		}
		answer(w, r)
	}))
	defer api.Close()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"%s-token","token_type":"bearer","expires_in":60}`, id)
	}))
	defer endpoint.Close()
	args := []string{"scan", "--url", "GET:/me", "--target", api.URL}
	for _, name := range []string{"alice", "bob"} {
		write(t, name+".yaml", "token_url: "+endpoint.URL+"\nclient_id: "+name+"\nclient_secret: env:SECRET\ngrant: client_credentials\n")
		args = append(args, "--identity", name+"=oauth2:"+name+".yaml")
	}
	e := environment(map[string]string{"SECRET": "hunter2"})
	var out strings.Builder
	e.stdout, e.stderr = &out, &out
	if code := run(t.Context(), e, args); code != 0 || !strings.Contains(out.String(), "1 clean") {
		t.Errorf("exit status %d:\n%s", code, out.String())
	}
	if strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "alice-token") {
		t.Errorf("a secret is printed:\n%s", out.String())
	}
}

// The file that the README shows is one.
func TestReadmeGrant(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```\n(token_url:.*?)```").FindAllSubmatch(data, -1)
	if len(blocks) != 1 {
		t.Fatalf("%d files", len(blocks))
	}
	if _, err := config.ParseGrant("README.md", blocks[0][1]); err != nil {
		t.Error(err)
	}
}

// A token that says itself that it is over is no token to scan with; clocks may differ by a minute.
func TestTokenIsOver(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		token, want string
	}{
		{bounded("alice", now.Add(time.Hour).Unix()), ""},
		{bounded("alice", now.Unix()), ""},
		{bounded("alice", now.Add(-59*time.Second).Unix()), ""},
		{bounded("alice", now.Add(-time.Minute).Unix()), "alice's token ended 1 min ago, as its exp says (2026-03-04 11:59 UTC); get a new one; nothing was sent"},
		{bounded("alice", now.Add(-90*time.Minute).Unix()), "alice's token ended 1 hour ago, as its exp says (2026-03-04 10:30 UTC); get a new one; nothing was sent"},
		{bounded("alice", now.Add(-50*time.Hour).Unix()), "alice's token ended 2 days ago, as its exp says (2026-03-02 10:00 UTC); get a new one; nothing was sent"},
		{"opaque", ""},
		{"eyJhbGciOiJub25lIn0.e30.c2ln", ""},
		{bounded("alice", 0), ""},
	} {
		err := ended("alice's token", redact.NewSecret(tt.token), now)
		if got := fmt.Sprint(err); got != cmp.Or(tt.want, "<nil>") || err != nil && !errors.As(err, new(unfinished)) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	e := environment(map[string]string{"OLD": bounded("alice", now.Unix()-1e6)})
	if _, err := openTokenSource(t.Context(), e, "alice", "env:OLD", true); !errors.As(err, new(unfinished)) || strings.Contains(err.Error(), "eyJ") {
		t.Errorf("a token that ended: %v", err)
	}
}
