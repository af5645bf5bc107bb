// Package programtest is for tests that run programs: bearcache as its users have it, and real servers on free loopback ports.
package programtest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Bearcache is the path of the binary while Main runs tests.
var Bearcache string

// Main builds bearcache and runs the tests of a package. Of those that are parallel, so many run at a time unless -parallel says
// otherwise: they wait for other processes, and for what is stored to expire, most of the time.
func Main(m *testing.M, atATime int) {
	dir, err := os.MkdirTemp("", "bearcache-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	Bearcache = filepath.Join(dir, "bearcache")
	// As make build and ci/scan.sh do, so that all of them share what is compiled.
	build := exec.Command("go", "build", "-trimpath", "-o", Bearcache, "github.com/bearcache/bearcache/cmd/bearcache")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	code := 1
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the binary:", err)
	} else if err := flag.Set("test.parallel", strconv.Itoa(atATime)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// Need is the path of a program. It ends a test where there is none.
func Need(t testing.TB, program string) (path string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Missing(t, program)
	}
	return path
}

// Missing ends a test for which something is missing: it is skipped, aloud, on a user's machine, and fails in CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("there is no %s", what)
	}
	t.Skipf("SKIPPED, NOT TESTED: there is no %s; make needs installs what is missing", what)
}

var (
	givenMu sync.Mutex
	given   = map[int]net.PacketConn{} // by port, what claims it, guarded by givenMu
)

// FreePort is a port of 127.0.0.1 that nobody listens on, and that is given once, to whatever test of whatever process: who has it holds the UDP port of
// the same number, which no server wants, until the process ends. It is below those that the system gives to connections: one of those may be
// taken before a server gets to listen.
func FreePort() string {
	givenMu.Lock()
	defer givenMu.Unlock()
	for {
		port := 12000 + rand.IntN(20000)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		claim, err := net.ListenPacket("udp4", address)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			claim.Close()
			continue
		}
		l.Close()
		given[port] = claim
		return strconv.Itoa(port)
	}
}

// Process is a server that Start started.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended and all that it printed is written
	err   error         // of its end
}

// Start starts a server and returns when ready holds of a line that it printed. Where cmd has its output written it is, a line that
// is ready before Start returns. An error is a server that ended before, or said nothing of the kind for half a minute.
func Start(cmd *exec.Cmd, ready func(line string) bool) (*Process, error) {
	var mu sync.Mutex
	is := make(chan struct{})
	told := false // guarded by mu
	watch := func(to io.Writer) io.Writer {
		return &lines{to: to, each: func(line string) {
			mu.Lock()
			defer mu.Unlock()
			if !told && ready(line) {
				told = true
				close(is)
			}
		}}
	}
	cmd.Stdout, cmd.Stderr = watch(cmd.Stdout), watch(cmd.Stderr)
	cmd.SysProcAttr = endWithUs()
	cmd.WaitDelay = 5 * time.Second // for processes of its own that have its output
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	select {
	case <-is:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("it ended before it was ready: %w", p.err)
	case <-time.After(30 * time.Second):
		p.Kill()
		return nil, errors.New("it is not ready after 30 s")
	}
}

// Signal fails in silence where the process has ended already.
func (p *Process) Signal(s os.Signal) { p.cmd.Process.Signal(s) }

// Stop ends the process as an operator would, and returns what it ended with.
func (p *Process) Stop() error {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return p.err
	case <-time.After(15 * time.Second):
		p.Kill()
		return errors.New("it did not stop within 15 s of SIGTERM")
	}
}

// Kill ends the process at once, paused or not, and returns when it has ended.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.ended
}

// lines hands on what is written, and each line of it.
type lines struct {
	to   io.Writer // nil: nowhere
	each func(line string)
	part []byte // of a line that has no end yet
}

func (l *lines) Write(p []byte) (int, error) {
	if l.to != nil {
		if n, err := l.to.Write(p); err != nil {
			return n, err
		}
	}
	l.part = append(l.part, p...)
	for {
		line, rest, ended := bytes.Cut(l.part, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		l.each(strings.TrimSuffix(string(line), "\r"))
		l.part = rest
	}
}
