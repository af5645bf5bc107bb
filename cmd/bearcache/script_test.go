package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"bearcache": main}) }

// TestScript runs the binary as a user would, with bad input above all. Scripts have one command
// more: "status N bearcache …" runs bearcache and compares its exit status.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			api := httptest.NewServer(http.HandlerFunc(answer))
			env.Defer(func() { taken.Close(); api.Close() })
			env.Setenv("TAKEN", taken.Addr().String())
			env.Setenv("API", api.URL)
			env.Setenv("ALICE_TOKEN", "alice-token")
			env.Setenv("BOB_TOKEN", "bob-token")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				err = ts.Exec(args[1], args[2:]...)
				got := 0
				if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit status %d, want %d", got, want)
				}
				for _, output := range []string{ts.ReadFile("stdout"), ts.ReadFile("stderr")} {
					for _, token := range []string{ts.Getenv("ALICE_TOKEN"), ts.Getenv("BOB_TOKEN"), "hunter2"} {
						if strings.Contains(output, token) {
							ts.Fatalf("the output holds a secret:\n%s", output)
						}
					}
				}
			},
		},
	})
}

// answer is an API with two users that caches nothing.
func answer(w http.ResponseWriter, r *http.Request) {
	user, ok := map[string]string{"Bearer alice-token": "alice@example.com", "Bearer bob-token": "bob@example.com"}[r.Header.Get("Authorization")]
	switch {
	case r.URL.Path == "/same":
		w.Write([]byte(`{"plans": ["basic", "premium"], "currency": "EUR"}`))
	case r.URL.Path == "/refused" || !ok:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/gone":
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Cache-Control", "private")
		w.Header().Set("Vary", "Authorization")
		w.Write([]byte(`{"email": "` + user + `"}`))
	}
}
