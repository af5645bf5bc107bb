package nginx

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

// The annotated files on the real nginx: it takes each of them, and where a location has a comment "ask: PATH CREDENTIALS leaks", or
// keeps, a bearer asks there for PATH first, then another one and somebody without credentials do, and one of these receives what was
// made for the first, or none does.
func TestLive(t *testing.T) {
	nginx := programtest.Need(t, "nginx")
	names, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no files", err)
	}
	origin := startOrigin(t)
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			address := startNginx(t, nginx, origin, string(text))
			files := []audit.File{{Path: filepath.Base(name), Text: text}}
			findings := check(files).Findings
			for _, q := range questions(t, files[0]) {
				q.put(t, address, findings)
			}
		})
	}
}

// frame is what a distribution has around a file of conf.d.
const frame = `%sdaemon off;
worker_processes 1;
pid %[2]s/nginx.pid;
events { worker_connections 128; }
http {
    client_body_temp_path %[2]s/body;
    proxy_temp_path %[2]s/proxy;
    fastcgi_temp_path %[2]s/fastcgi;
    uwsgi_temp_path %[2]s/uwsgi;
    scgi_temp_path %[2]s/scgi;
    access_log off;
    %[3]s
}
`

// startNginx starts nginx with the text of a file of conf.d, and returns its address.
func startNginx(t *testing.T, nginx string, origin [2]string, text string) string {
	t.Helper()
	dir := t.TempDir()
	address := "127.0.0.1:" + programtest.FreePort()
	text = strings.NewReplacer("listen 8080", "listen "+address, "127.0.0.1:9000", origin[0], "127.0.0.1:9001", origin[1], "/var/cache/nginx", dir).Replace(text)
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n"
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, frame, user, dir, text), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(nginx, "-t", "-p", dir, "-c", conf, "-e", "stderr").CombinedOutput(); err != nil {
		t.Fatalf("nginx does not take it: %s", said)
	}
	cmd := exec.Command(nginx, "-p", dir, "-c", conf, "-e", "stderr")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
	return ""
}

// startOrigin starts an API over HTTP, and the same over FastCGI. What it answers holds every credential that it was sent.
func startOrigin(t *testing.T) (addresses [2]string) {
	t.Helper()
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/verify" {
			if r.Header.Get("Authorization") == "" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("X-User", r.Header.Get("Authorization"))
			w.WriteHeader(http.StatusNoContent)
			return
		}
		switch {
		case strings.Contains(r.URL.Path, "private"):
			w.Header().Set("Cache-Control", "private, no-store")
		case strings.Contains(r.URL.Path, "fresh"):
			w.Header().Set("Cache-Control", "max-age=60")
		}
		fmt.Fprintf(w, "for %q %q %q %q", r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-Api-Key"), r.Header.Get("X-User"))
	})
	for i, serve := range []func(net.Listener) error{
		func(l net.Listener) error { return http.Serve(l, answer) },
		func(l net.Listener) error { return fcgi.Serve(l, answer) },
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go serve(l)
		addresses[i] = l.Addr().String()
	}
	return addresses
}

// question is a comment "ask".
type question struct {
	line             int
	path, with, says string
	quiet            string // why nothing is found, all the same
	host, symbol     string // of the server and the location that it stands in
}

var asking = regexp.MustCompile(`# ask: (\S+) (\S+) (leaks|keeps)(?:, unseen: (.+))?`)

// questions are those of a file.
func questions(t *testing.T, f audit.File) (list []question) {
	t.Helper()
	tree := newTree([]*source{read(f)})
	root := tree.roots()[0]
	for i, line := range strings.Split(string(f.Text), "\n") {
		m := asking.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		q := question{line: i + 1, path: m[1], with: m[2], says: m[3], quiet: m[4]}
		for _, s := range root.all {
			if s.kind == "location" && s.node != nil && s.node.line() <= q.line && q.line <= s.node.endLine {
				p := site{s: s}
				q.host, q.symbol = p.serverName(), s.symbol()
			}
		}
		list = append(list, q)
	}
	return list
}

// put asks it, and compares what happens with what the comment says, and that with the findings.
func (q question) put(t *testing.T, address string, findings []finding.Finding) {
	t.Helper()
	first := q.ask(t, address, "alice")
	// nginx stores an answer once it has all of it, which may be after the client has it.
	leaks := false
	for range 5 {
		time.Sleep(10 * time.Millisecond)
		for _, other := range []string{"", "bob"} {
			leaks = leaks || strings.Contains(q.ask(t, address, other), "alice")
		}
		if leaks {
			break
		}
	}
	if got := map[bool]string{true: "leaks", false: "keeps"}[leaks]; got != q.says {
		t.Errorf("line %d: %s %s, and the comment says that it %s; alice was told %q", q.line, q.symbol, got, q.says, first)
	}
	blamed := slices.ContainsFunc(findings, func(f finding.Finding) bool {
		return f.Source.Symbol == q.symbol || slices.ContainsFunc(f.Source.Trace, func(p finding.Place) bool { return p.Note == "the same holds for "+q.symbol })
	})
	// Some leaks no configuration shows: where nothing says that anybody has credentials at all.
	if q.says == "leaks" && !blamed && q.quiet == "" {
		t.Errorf("line %d: %s leaks, and nothing is found there", q.line, q.symbol)
	}
}

// ask asks as somebody, or as nobody.
func (q question) ask(t *testing.T, address, who string) string {
	t.Helper()
	method := http.MethodGet
	if q.with == "head" && who == "alice" {
		method = http.MethodHead
	}
	r, err := http.NewRequest(method, "http://"+address+q.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = q.host
	if who != "" {
		switch q.with {
		case "authorization", "head":
			r.Header.Set("Authorization", "Bearer token-of-"+who)
		case "cookie":
			r.Header.Set("Cookie", "session=of-"+who+"; sessionid=of-"+who)
		case "wordpress":
			r.Header.Set("Cookie", "wordpress_logged_in_0="+who)
		case "key":
			r.Header.Set("X-Api-Key", "key-of-"+who)
		default:
			t.Fatalf("line %d: there are no credentials called %s", q.line, q.with)
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
