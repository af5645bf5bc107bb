// Package e2e runs the built binary as a user would, against real servers: the Flask application of
// examples/flask, started for each test on a free port.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bearcache-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "bearcache")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/bearcache")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the binary:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// python is an interpreter with Flask, Flask-Caching and PyJWT. Without one the test is skipped,
// aloud, on a user's machine, and fails in CI.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("BEARCACHE_TEST_PYTHON")
	if p == "" {
		p = "/usr/bin/python3"
	}
	if out, err := exec.Command(p, "-c", "import flask, flask_caching, jwt").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s has no Flask, Flask-Caching and PyJWT: %v\n%s", p, err, out)
		}
		t.Skipf("SKIPPED, NOT TESTED: %s has no Flask, Flask-Caching and PyJWT; make needs installs them", p)
	}
	return p
}

// tool skips the test where a program is missing, aloud, and fails it in CI.
func tool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("there is no %s", name)
	}
	t.Skipf("SKIPPED, NOT TESTED: there is no %s; make needs installs it", name)
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

// world is one test's secret, tokens, and what was printed.
type world struct {
	t        *testing.T
	python   string
	secret   string
	tokens   map[string]string // alice, bob, expired
	evidence evidence
	stops    []func() error // of the servers that were started
}

// opaqueWorld is one whose tokens have no shape, and which needs no Python.
func opaqueWorld(t *testing.T) *world {
	return &world{t: t, tokens: map[string]string{"alice": rand.Text(), "bob": rand.Text()}}
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, python: python(t), secret: rand.Text() + rand.Text(), tokens: map[string]string{}}
	for name, args := range map[string][]string{"alice": {"alice"}, "bob": {"bob"}, "expired": {"alice", "--expired"}} {
		cmd := exec.Command(w.python, append([]string{"issue_token.py"}, args...)...)
		cmd.Dir, cmd.Env = "../../examples/flask", append(os.Environ(), "EXAMPLE_JWT_SECRET="+w.secret)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("issue a token: %v", err)
		}
		w.tokens[name] = strings.TrimSpace(string(out))
	}
	return w
}

// start runs a server until the test ends, and returns what follows the word "listening on" in the
// first such line it prints.
func (w *world) start(name string, cmd *exec.Cmd) (address string) {
	w.t.Helper()
	found := make(chan string, 2)
	var read sync.WaitGroup // done when all that it printed was taken down
	watch := func(stream string) io.WriteCloser {
		r, pipe := io.Pipe()
		log := w.evidence.writer(name + " " + stream)
		read.Go(func() {
			lines := bufio.NewReader(r)
			for {
				line, err := lines.ReadString('\n')
				io.WriteString(log, line)
				if _, after, ok := strings.Cut(line, "listening on "); ok {
					word, _, _ := strings.Cut(strings.TrimSpace(after), ",")
					select {
					case found <- word:
					default:
					}
				}
				if err != nil {
					return
				}
			}
		})
		return pipe
	}
	out, errs := watch("stdout"), watch("stderr")
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		w.t.Fatalf("start %s: %v", name, err)
	}
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		out.Close()
		errs.Close()
		read.Wait()
		done <- err
	}()
	stop := sync.OnceValue(func() error {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-done:
			return err
		case <-time.After(15 * time.Second):
			cmd.Process.Kill()
			return errors.New("it did not stop within 15 s of SIGTERM")
		}
	})
	w.stops = append(w.stops, stop)
	w.t.Cleanup(func() { stop() })
	select {
	case address = <-found:
		return address
	case err := <-done:
		w.t.Fatalf("%s ended before it listened: %v\n%s", name, err, w.dump(name))
	case <-time.After(30 * time.Second):
		w.t.Fatalf("%s does not listen\n%s", name, w.dump(name))
	}
	return ""
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
	cmd.Dir, cmd.Env = "../../examples/flask", append(os.Environ(), "EXAMPLE_JWT_SECRET="+w.secret, "PYTHONDONTWRITEBYTECODE=1")
	return w.start(variant, cmd)
}

// gateway starts bearcache serve before upstream.
func (w *world) gateway(upstream string, args ...string) (base, admin string) {
	w.t.Helper()
	args = append([]string{"serve", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)
	base = w.start("gateway", exec.Command(binary, args...))
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
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "ALICE_TOKEN="+w.tokens["alice"], "BOB_TOKEN="+w.tokens["bob"], "ALICE_AGAIN="+w.tokens["alice"],
		"EXPIRED_TOKEN="+w.tokens["expired"], "STRANGE=never-issued-by-anybody")
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
