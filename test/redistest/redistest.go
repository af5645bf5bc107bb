// Package redistest starts Redis for tests: single servers, a Sentinel and a Cluster, real processes on
// free loopback ports, each in a directory of its own. What a test started ends with it, whatever became
// of it in between.
package redistest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/programtest"
)

// Server is one process. Its methods are for the test's goroutine.
type Server struct {
	Addr string // 127.0.0.1 and a port
	Dir  string // its working directory, where dump.rdb is

	t       testing.TB
	port    string
	args    []string
	process *programtest.Process // nil: it did not start
	log     log
}

// program is redis-server, or valkey-server where there is only that. Without either the test is
// skipped, aloud, and fails in CI.
func program(t testing.TB, name string) string {
	t.Helper()
	for _, name := range []string{"redis-" + name, "valkey-" + name} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	programtest.Missing(t, "redis-"+name)
	return ""
}

// Start starts a server with further arguments, as "--maxmemory", "2mb", and returns when it accepts
// connections. In them $PORT is its port. It saves nothing unless an argument says so.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{t: t, Dir: t.TempDir(), args: args}
	t.Cleanup(s.Kill)
	for range 5 { // another process may take the port first
		s.port = programtest.FreePort()
		s.Addr = "127.0.0.1:" + s.port
		if s.run() {
			return s
		}
	}
	t.Fatalf("redis-server does not start:\n%s", s.log.text())
	return nil
}

// run starts the process and returns whether it got to accept connections.
func (s *Server) run() bool {
	s.t.Helper()
	args := []string{"--port", s.port, "--bind", "127.0.0.1", "--dir", s.Dir, "--daemonize", "no", "--repl-diskless-sync-delay", "0"}
	if !slices.Contains(s.args, "--save") {
		args = append(args, "--save", "")
	}
	if slices.Contains(s.args, "--sentinel") {
		args = nil // all is in its file
	}
	for _, arg := range s.args {
		args = append(args, strings.ReplaceAll(arg, "$PORT", s.port))
	}
	cmd := exec.Command(program(s.t, "server"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, &s.log, &s.log
	p, err := programtest.Start(cmd, func(line string) bool {
		return strings.Contains(line, "Ready to accept connections") || strings.Contains(line, "Sentinel ID is")
	})
	s.process = p
	return err == nil
}

// Kill ends the process at once, paused or not, and returns when it has ended.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.Kill()
	}
}

// Stop ends it as an operator would: it saves, if it was told when to.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.process.Stop(); err != nil {
		s.t.Errorf("redis-server: %v", err)
	}
}

// Pause has it hang, with all its connections open; Resume has it go on.
func (s *Server) Pause()  { s.process.Signal(syscall.SIGSTOP) }
func (s *Server) Resume() { s.process.Signal(syscall.SIGCONT) }

// Restart kills it, if it runs, and starts it again on the same port and directory.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if !s.run() {
		s.t.Fatalf("redis-server does not start again:\n%s", s.log.text())
	}
}

// CLI returns what redis-cli prints for a command, without the last line feed.
func (s *Server) CLI(args ...string) string {
	s.t.Helper()
	out, err := s.TryCLI(args...)
	if err != nil {
		s.t.Fatalf("redis-cli %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TryCLI is CLI for a server that may not answer; it gives up after five seconds.
func (s *Server) TryCLI(args ...string) (string, error) {
	s.t.Helper()
	cmd := exec.Command(program(s.t, "cli"), append([]string{"-h", "127.0.0.1", "-p", s.port}, args...)...)
	stop := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
	defer stop.Stop()
	out, err := cmd.CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

// Log is what it has printed.
func (s *Server) Log() string { return s.log.text() }

// Cluster starts masters, each with as many replicas, and returns them when all slots are served: the
// masters first. Slots that nobody serves are no hindrance to others. A node that does not answer for half a second is given up by the others.
func Cluster(t testing.TB, masters, replicas int) []*Server {
	t.Helper()
	cli := program(t, "cli")
	nodes := make([]*Server, masters*(1+replicas))
	create := []string{"--cluster", "create"}
	for i := range nodes {
		nodes[i] = Start(t, "--cluster-enabled", "yes", "--cluster-port", programtest.FreePort(), "--cluster-node-timeout", "500", "--cluster-replica-validity-factor", "0", "--cluster-require-full-coverage", "no")
		create = append(create, nodes[i].Addr)
	}
	create = append(create, "--cluster-replicas", fmt.Sprint(replicas), "--cluster-yes")
	if out, err := exec.Command(cli, create...).CombinedOutput(); err != nil {
		t.Fatalf("make a cluster: %v\n%s", err, out)
	}
	for _, n := range nodes {
		Eventually(t, "the cluster is complete", func() bool {
			return strings.Contains(n.CLI("cluster", "info"), "cluster_state:ok") &&
				strings.Count(n.CLI("cluster", "nodes"), "slave ") == masters*replicas
		})
	}
	slices.SortStableFunc(nodes, func(a, b *Server) int { return strings.Compare(a.role(), b.role()) })
	for _, n := range nodes[masters:] {
		Eventually(t, "a replica follows", func() bool { return strings.Contains(n.CLI("info", "replication"), "master_link_status:up") })
	}
	return nodes
}

// role is master or slave.
func (s *Server) role() string {
	role, _, _ := strings.Cut(s.CLI("role"), "\n")
	return role
}

// Replica starts a server that follows another one, and returns when it does.
func Replica(t testing.TB, of *Server, args ...string) *Server {
	t.Helper()
	s := Start(t, append([]string{"--replicaof", "127.0.0.1 " + of.port}, args...)...)
	Eventually(t, "a replica follows", func() bool { return strings.Contains(s.CLI("info", "replication"), "master_link_status:up") })
	return s
}

// Sentinels starts n of them, which watch a master under the name "main" and give it up after two seconds, for on a busy machine
// one that is well may be silent for one, and returns when they know each other and a replica. config has further lines for each.
func Sentinels(t testing.TB, n int, master *Server, config ...string) []*Server {
	t.Helper()
	all := make([]*Server, n)
	for i := range all {
		s := &Server{t: t, Dir: t.TempDir(), port: programtest.FreePort()}
		s.Addr = "127.0.0.1:" + s.port
		file := filepath.Join(s.Dir, "sentinel.conf")
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor main 127.0.0.1 %s %d\n"+
			"sentinel down-after-milliseconds main 2000\nsentinel failover-timeout main 3000\n", s.port, s.Dir, master.port, n/2+1)
		text += strings.Join(append(config, ""), "\n")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.args = []string{file, "--sentinel"}
		t.Cleanup(s.Kill)
		if !s.run() {
			t.Fatalf("the sentinel does not start:\n%s", s.log.text())
		}
		s.CLI("sentinel", "debug", "info-period", "200", "publish-period", "200", "ping-period", "100")
		all[i] = s
	}
	for _, s := range all {
		Eventually(t, "the sentinels know each other", func() bool {
			about := s.CLI("sentinel", "master", "main")
			return strings.Contains(about, fmt.Sprintf("num-other-sentinels\n%d", n-1)) && !strings.Contains(about, "num-slaves\n0")
		})
	}
	return all
}

// CutOff has a replica lose its master's stream and get none again: what the master takes from then on, it alone has.
func (s *Server) CutOff() {
	s.t.Helper()
	s.CLI("config", "set", "masteruser", "nobody")
	s.CLI("config", "set", "masterauth", "nothing")
	s.CLI("client", "kill", "type", "master")
	Eventually(s.t, "cut off", func() bool { return strings.Contains(s.CLI("info", "replication"), "master_link_status:down") })
}

// Reconnect ends what CutOff did.
func (s *Server) Reconnect() {
	s.t.Helper()
	s.CLI("config", "set", "masteruser", "")
	s.CLI("config", "set", "masterauth", "")
}

// Eventually waits until a condition holds that nothing announces, a minute at most.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// log is what a process printed.
type log struct {
	mu  sync.Mutex // guards all
	all strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
