package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	languages = append(languages, paper)
	testscript.Main(m, map[string]func(){"bearcache": main})
}

// TestScript runs the binary as a user would, with bad input above all. Scripts have four commands
// more: "status N bearcache …" runs bearcache and compares its exit status, "hostile DIR" makes a tree against an auditor, "await URL"
// waits until somebody answers there, and "ask ANSWER URL [VARIABLE]" sends the token in the variable and compares the status, and what the cache had to do with it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			api := httptest.NewServer(http.HandlerFunc(answer))
			issuer, err := newTestIssuer()
			if err != nil {
				return err
			}
			env.Defer(func() { taken.Close(); api.Close(); issuer.Close() })
			for _, name := range []string{"FRONT", "ADMIN", "NOWHERE"} { // free now, and rarely taken by the time that a script listens there
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				l.Close()
				env.Setenv(name, l.Addr().String())
			}
			env.Setenv("ISSUER", issuer.URL)
			env.Setenv("CAROL_TOKEN", issuer.token("carol", "1"))
			env.Setenv("CAROLS_NEW_TOKEN", issuer.token("carol", "2"))
			env.Setenv("DAVE_TOKEN", issuer.token("dave", "3"))
			env.Setenv("OPERATORS_TOKEN", "hunter2-hunter2-hunter2")
			env.Setenv("TAKEN", taken.Addr().String())
			env.Setenv("API", api.URL)
			env.Setenv("CLEAN", api.URL+"/clean")
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
					for _, token := range []string{ts.Getenv("ALICE_TOKEN"), ts.Getenv("BOB_TOKEN"), ts.Getenv("CAROL_TOKEN"), ts.Getenv("CAROLS_NEW_TOKEN"), ts.Getenv("DAVE_TOKEN"), "hunter2"} {
						if strings.Contains(output, token) {
							ts.Fatalf("the output holds a secret:\n%s", output)
						}
					}
				}
			},
			"hostile": func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(makeHostile(ts.MkAbs(args[0]))) },
			"await": func(ts *testscript.TestScript, _ bool, args []string) {
				for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
					resp, err := http.Get(args[0])
					if err == nil {
						resp.Body.Close()
						return
					}
					if time.Now().After(end) {
						ts.Fatalf("nobody answers: %v", err)
					}
				}
			},
			"ask": func(ts *testscript.TestScript, _ bool, args []string) {
				r, err := http.NewRequest(http.MethodGet, args[1], nil)
				ts.Check(err)
				if len(args) > 2 {
					r.Header.Set("Authorization", "Bearer "+ts.Getenv(args[2]))
				}
				resp, err := http.DefaultClient.Do(r)
				ts.Check(err)
				resp.Body.Close()
				cache, _, _ := strings.Cut(strings.TrimPrefix(resp.Header.Get("Cache-Status"), "bearcache; "), ";")
				cache, _, _ = strings.Cut(cache, "=")
				if got := strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", cache)); got != args[0] {
					ts.Fatalf("%s, want %s", got, args[0])
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
	case r.URL.Path == "/public": // what shared caches may store, though it is alice's or bob's
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Write([]byte(`{"email": "` + user + `"}`))
	default:
		w.Header().Set("Cache-Control", "private")
		w.Header().Set("Vary", "Authorization")
		w.Write([]byte(`{"email": "` + user + `"}`))
	}
}
