package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

// Whatever flag is given a token by mistake, by the command line or by the environment: no message says it.
func TestTokensInTheWrongPlace(t *testing.T) {
	t.Chdir(t.TempDir())
	scan := []string{"scan", "--url", "GET:/me", "--target", "http://127.0.0.1:1", "--identity", "alice=env:T"}
	document := []string{"scan", "--target", "http://127.0.0.1:1", "--identity", "alice=env:T"}
	commands := []struct {
		args   []string
		before []string // what comes before the token
	}{
		{[]string{}, []string{""}},
		{scan, []string{"", "--", "-", "--config=", "--url=", "--url=GET:", "--url=GET:/x#access_token=", "--target=", "--target=http://", "--target=http://a:",
			"--identity=", "--identity=bob=", "--identity=bob=env:", "--identity=bob=file:", "--identity=bob=cmd:", "--param=", "--param==", "--header=",
			"--format=", "--format=json=missing/eyJ", "--format=json=missing?token=", "--fail-on=", "--checks=", "--skip-checks=", "--rate=", "--concurrency=",
			"--max-requests=", "--timeout=", "--wait=", "--baseline=", "--origin=", "--marker=", "--marker=bob=", "--verbose="}},
		{document, []string{"--openapi=", "--openapi=http://127.0.0.1:1/?token="}},
		{[]string{"serve"}, []string{"", "--config=", "--upstream=", "--listen=", "--admin=", "--store=", "--authenticated-sharing=", "--memory=", "--max-body=",
			"--max-token-length=", "--realm=", "--credentials=", "--url-tokens=", "--upstream-timeout=", "--secret=", "--secret=env:", "--secret=file:", "--log="}},
		{[]string{"serve", "--upstream=http://127.0.0.1:1"}, []string{"--listen=no.such.host.", "--secret=env:", "--secret=file:"}},
		{[]string{"config"}, []string{""}},
		{[]string{"config", "check"}, []string{"", "a "}},
	}
	ctx, stop := context.WithCancel(t.Context())
	stop() // what is accepted does not have to happen
	for _, token := range []string{"Zx9Qw3Er7Ty1Ui5Op2As", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", "k8+Zq/3Zx9Qw3Er7Ty1Ui5Op2As=="} {
		for _, c := range commands {
			for _, before := range c.before {
				for _, separate := range []bool{false, true} {
					args := append([]string{}, c.args...)
					if flag, value, ok := strings.Cut(before, "="); separate && ok {
						args = append(args, flag, value+token)
					} else {
						args = append(args, before+token)
					}
					var out bytes.Buffer
					e := env{strings.NewReader(""), &out, &out, func(string) (string, bool) { return "good-token", true }, func(io.Writer) bool { return false }, nil}
					if strings.Contains(before, "env:") {
						e.getenv = func(name string) (string, bool) { return "good-token", name == "T" }
					}
					run(ctx, e, args)
					if strings.Contains(out.String(), token[:12]) {
						t.Errorf("%s%s: %s", before, token, out.String())
					}
				}
			}
		}
	}
}

// What kong says is said in our words, with what to do.
func TestUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"scan --rate fast", "--rate must be a number; bearcache scan --help shows the flags"},
		{"scan --rate=", "--rate must be a number; bearcache scan --help shows the flags"},
		{"scan --timeout 5", "--timeout must be a duration such as 10s; "},
		{"scan --concurrency 1.5", "--concurrency must be a whole number; "},
		{"scan --verbose=maybe", "--verbose must be true or false; "},
		{"scan --rate -5", "--rate: its value is missing; one that begins with - is written as --rate=VALUE"},
		{"scan --header", "--header: its value is missing; "},
		{"scan --ratee 5", "unknown flag --ratee; did you mean --rate?"},
		{"scan --colour", "unknown flag --colour; bearcache scan --help shows the flags"},
		{"scan -q", "unknown flag -q; bearcache scan --help shows the flags"},
		{"scan --x9Qw3Er7 5", "there is no such flag; "},
		{"scan x", `the argument "x" belongs to no flag; bearcache scan --help shows the flags`},
		{"scan --rate 5 hunter2", "argument 3 of the command belongs to no flag; "},
		{"scan eyJhbGciOiJub25lIn0", "argument 1 of the command belongs to no flag; "},
		{"scan abcdefghijklm", "argument 1 of the command belongs to no flag; "},
		{"scan --url a.b a.b", "there is an argument that belongs to no flag; "},
		{"config check a b", `the argument "b" belongs to no flag; `},
		{"serve --upstream http://a --memory 5", "--memory: 5 is not between 1MiB and 1024GiB; a number without a unit is bytes, write 5MiB"},
		{"serve --upstream http://a --max-body=3GiB", "--max-body: 3GiB is too much for one response; "},
		{"serve --upstream http://a:65536", "--upstream: has a port that is not between 1 and 65535; "},
		{"scan --url GET:/a --target http://a:65536 --identity a=env:A", "--target has a port that is not between 1 and 65535; "},
		{"config check /dev/zero", "cannot read the configuration: /dev/zero: it has more than 1 MiB"},
		{"serve --config /dev/zero", "cannot read the configuration: /dev/zero: it has more than 1 MiB"},
		{"serve --upstream http://a --secret file:/dev/zero", "cannot read the secret: /dev/zero: it has more than 1 MiB"},
		{"config", `expected one of "check", "schema"; `},
		{"serve --memory 5G", `--memory: "5G" has no unit we know; write 5GiB`},
	} {
		var out bytes.Buffer
		e := env{strings.NewReader(""), &out, &out, func(string) (string, bool) { return "", false }, func(io.Writer) bool { return false }, nil}
		words := strings.Fields(tt.args)
		want := "bearcache " + words[0] + ": " + tt.want
		if code := run(t.Context(), e, words); code != 2 || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %d %s\nwant %s", tt.args, code, out.String(), want)
		}
	}

	t.Setenv("BEARCACHE_MEMORY", "5")
	var said bytes.Buffer
	run(t.Context(), env{strings.NewReader(""), &said, &said, os.LookupEnv, func(io.Writer) bool { return false }, nil}, []string{"serve", "--upstream", "http://a"})
	if want := "bearcache serve: BEARCACHE_MEMORY: 5 is not between"; !strings.HasPrefix(said.String(), want) {
		t.Errorf("%s\nwant %s", said.String(), want)
	}

	t.Setenv("BEARCACHE_TIMEOUT", "hunter2")
	var out bytes.Buffer
	e := env{strings.NewReader(""), &out, &out, func(string) (string, bool) { return "", false }, func(io.Writer) bool { return false }, nil}
	run(t.Context(), e, []string{"scan"})
	if want := "bearcache scan: --timeout must be a duration such as 10s (from BEARCACHE_TIMEOUT); "; !strings.HasPrefix(out.String(), want) {
		t.Errorf("%s\nwant %s", out.String(), want)
	}
}
