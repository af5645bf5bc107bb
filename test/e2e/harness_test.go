// Package e2e runs the built binary as a user would, against real servers: the Flask application of
// examples/flask, started for each test on a free port.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/programtest"
)

// atATime is how many tests run at once.
const atATime = 6

func TestMain(m *testing.M) { programtest.Main(m, atATime) }

// interpreter is a Python with Flask, Flask-Caching and PyJWT.
var interpreter = sync.OnceValues(func() (path, lack string) {
	path = cmp.Or(os.Getenv("BEARCACHE_TEST_PYTHON"), "/usr/bin/python3")
	if out, err := exec.Command(path, "-c", "import flask, flask_caching, jwt").CombinedOutput(); err != nil {
		return "", fmt.Sprintf("Flask, Flask-Caching and PyJWT for %s: %v\n%s", path, err, out)
	}
	return path, ""
})

func python(t *testing.T) string {
	t.Helper()
	path, lack := interpreter()
	if lack != "" {
		programtest.Missing(t, lack)
	}
	return path
}

// evidence is everything that anything printed or wrote during a test, to be searched for tokens.
type evidence struct {
	mu   sync.Mutex
	text map[string]*bytes.Buffer
}

func (e *evidence) add(name, text string) { io.WriteString(e.writer(name), text) }

func (e *evidence) writer(name string) io.Writer {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.text == nil {
		e.text = map[string]*bytes.Buffer{}
	}
	if e.text[name] == nil {
		e.text[name] = new(bytes.Buffer)
	}
	return &lockedWriter{&e.mu, e.text[name]}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// world is one test's tokens, and what was printed.
type world struct {
	t        *testing.T
	python   string
	env      []string          // of gateways, beside that of the test
	tokens   map[string]string // alice, bob, expired
	evidence evidence
	stops    []func() error // of the servers that were started
}

// opaqueWorld is one whose tokens have no shape, and which needs no Python.
func opaqueWorld(t *testing.T) *world {
	return &world{t: t, tokens: map[string]string{"alice": rand.Text(), "bob": rand.Text()}}
}

// secret is what the example's tokens are signed with.
var secret = rand.Text() + rand.Text()

// issued are the tokens of all tests: to issue them takes a Python each.
var issued = sync.OnceValues(func() (map[string]string, error) {
	python, _ := interpreter()
	tokens := map[string]string{}
	for name, args := range map[string][]string{"alice": {"alice"}, "bob": {"bob"}, "expired": {"alice", "--expired"}} {
		cmd := exec.Command(python, append([]string{"issue_token.py"}, args...)...)
		cmd.Dir, cmd.Env = "../../examples/flask", append(os.Environ(), "EXAMPLE_JWT_SECRET="+secret)
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("issue a token: %w", err)
		}
		tokens[name] = strings.TrimSpace(string(out))
	}
	return tokens, nil
})

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, python: python(t)}
	tokens, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	w.tokens = maps.Clone(tokens)
	return w
}

// start runs a server until the test ends, and returns what follows the words "listening on" in a line that it prints.
func (w *world) start(name string, cmd *exec.Cmd) (address string) {
	w.t.Helper()
	cmd.Stdout, cmd.Stderr = w.evidence.writer(name+" stdout"), w.evidence.writer(name+" stderr")
	server, err := programtest.Start(cmd, func(line string) bool {
		_, after, ok := strings.Cut(line, "listening on ")
		address, _, _ = strings.Cut(strings.TrimSpace(after), ",")
		return ok
	})
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", name, err, w.dump(name))
	}
	w.stops = append(w.stops, server.Stop)
	w.t.Cleanup(func() { server.Stop() })
	return address
}

func (w *world) dump(name string) string {
	w.evidence.mu.Lock()
	defer w.evidence.mu.Unlock()
	var b strings.Builder
	for key, text := range w.evidence.text {
		if strings.HasPrefix(key, name) {
			b.WriteString(text.String())
		}
	}
	return b.String()
}

// flask starts a variant of the example.
func (w *world) flask(variant string, cacheSeconds int) (base string) {
	w.t.Helper()
	cmd := exec.Command(w.python, variant+".py", "--port", "0", "--cache-seconds", fmt.Sprint(cacheSeconds))
	cmd.Dir, cmd.Env = "../../examples/flask", append(os.Environ(), "EXAMPLE_JWT_SECRET="+secret, "PYTHONDONTWRITEBYTECODE=1")
	return w.start(variant, cmd)
}

// gateway starts bearcache serve before upstream.
func (w *world) gateway(upstream string, args ...string) (base, admin string) {
	w.t.Helper()
	args = append([]string{"serve", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)
	cmd := exec.Command(programtest.Bearcache, args...)
	cmd.Env = append(os.Environ(), w.env...)
	base = w.start("gateway", cmd)
	for range 100 {
		if _, after, ok := strings.Cut(w.dump("gateway"), "admin on "); ok {
			admin, _, _ = strings.Cut(after, "\n")
			return base, strings.TrimSpace(admin)
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("the gateway names no admin listener:\n%s", w.dump("gateway"))
	return "", ""
}

// bearcache runs the binary to its end.
func (w *world) bearcache(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, programtest.Bearcache, args...)
	cmd.Env = append(os.Environ(), "ALICE_TOKEN="+w.tokens["alice"], "BOB_TOKEN="+w.tokens["bob"], "ALICE_AGAIN="+w.tokens["alice"],
		"EXPIRED_TOKEN="+w.tokens["expired"], "STRANGE=never-issued-by-anybody", "STRANGER=nor-issued-by-anybody-else")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("bearcache %v: %v", args, err)
	}
	w.evidence.add("bearcache "+args[0]+" stdout", out.String())
	w.evidence.add("bearcache "+args[0]+" stderr", errs.String())
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends one request, with a token unless that is empty.
func (w *world) ask(method, url, token string, fields ...string) answer {
	w.t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		if r.Header.Add(name, value); name == "Host" {
			r.Host = value
		}
	}
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	w.evidence.add("answers", fmt.Sprintf("%s %d\n%v\n%s\n", method, resp.StatusCode, resp.Header, body))
	return answer{resp.StatusCode, resp.Header, string(body)}
}
