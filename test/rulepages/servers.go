// Package rulepages runs the servers that configurations are written for, with a configuration as a page or a test has it: what is said
// of one is shown on the real program. It hides how the programs are started, and what a configuration needs around it here.
package rulepages

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/programtest"
)

// Origin is where configurations under test look for the API, and Listen the port that they listen on: both are made addresses of
// this run.
const (
	Origin = "127.0.0.1:5000"
	Listen = "8080"
)

// Output is the File of what a server writes to its terminal.
const Output = "log/output"

// Server is one that runs until the test ends.
type Server struct {
	Address string
	dir     string
	secret  string // for applications: what tokens are signed with
}

// File is the text of a file that the configuration names by its full path, such as a log.
func (s *Server) File(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stack is a kind of server.
type stack struct {
	programs []string // the first that is there; of none, Python
	render   func(s *Server, config, origin string) string
	file     string // as it is called where the program has it
	language string // of the blocks of a page
	command  func(s *Server, program, file string) *exec.Cmd
}

var stacks = map[string]stack{
	"nginx": {
		programs: []string{"nginx"}, render: nginx, file: "nginx.conf", language: "nginx",
		command: func(s *Server, program, file string) *exec.Cmd {
			return exec.Command(program, "-p", s.dir, "-c", file, "-e", "stderr")
		},
	},
	"varnish": {
		programs: []string{"varnishd"}, render: varnish, file: "default.vcl", language: "vcl",
		command: func(s *Server, program, file string) *exec.Cmd {
			return exec.Command(program, "-F", "-j", "none", "-n", filepath.Join(s.dir, "work"), "-a", s.Address, "-f", file,
				"-s", "malloc,16m", "-T", "none", "-p", "vsl_space=1m", "-p", "thread_pool_min=5")
		},
	},
	"flask": {
		render: func(_ *Server, app, _ string) string { return app }, file: "app.py", language: "python",
		command: func(s *Server, program, file string) *exec.Cmd {
			host, port, _ := net.SplitHostPort(s.Address)
			cmd := exec.Command(program, "-m", "flask", "--app", file, "run", "--host", host, "--port", port)
			cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "FLASK_DEBUG=0", "JWT_SECRET_KEY="+s.secret)
			return cmd
		},
	},
	"apache": {
		programs: []string{"apache2", "httpd"}, render: apache, file: "httpd.conf", language: "apache",
		command: func(_ *Server, program, file string) *exec.Cmd {
			return exec.Command(program, "-DFOREGROUND", "-f", file)
		},
	},
}

// Start starts a server of a stack before an origin. Without the program it ends the test, as programtest.Missing does.
//
// An application has no origin: origin is then its variable JWT_SECRET_KEY.
func Start(t testing.TB, name, config, origin string) *Server {
	t.Helper()
	st := stacks[name]
	program := st.program(t)
	var said string
	for range 3 { // another program may take the port
		s := newServer(t, origin)
		file := filepath.Join(s.dir, st.file)
		if err := os.WriteFile(file, []byte(st.render(s, config, origin)), 0o644); err != nil {
			t.Fatal(err)
		}
		if s.run(t, st.command(s, program, file)) {
			return s
		}
		said = s.File(t, Output)
	}
	t.Fatalf("%s does not start with this configuration: %s\n%s", name, said, config)
	return nil
}

// newServer is one that has an address and directories, and does not run.
func newServer(t testing.TB, secret string) *Server {
	t.Helper()
	s := &Server{Address: net.JoinHostPort("127.0.0.1", programtest.FreePort()), dir: t.TempDir(), secret: secret}
	s.prepare(t)
	return s
}

// prepare lets the server's own user, where it becomes another, reach what the configuration names.
func (s *Server) prepare(t testing.TB) {
	t.Helper()
	for _, dir := range []string{"cache", "log", "run", "work"} {
		if err := os.MkdirAll(filepath.Join(s.dir, dir), 0o777); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(s.dir, dir), 0o777)
	}
	for _, dir := range []string{s.dir, filepath.Dir(s.dir)} {
		os.Chmod(dir, 0o755)
	}
}

// run starts the program and reports whether it listens.
func (s *Server) run(t testing.TB, cmd *exec.Cmd) bool {
	t.Helper()
	output, err := os.Create(filepath.Join(s.dir, Output))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close() // the program has its own
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Dir = s.dir
	p := &started{cmd: cmd, ended: make(chan struct{})}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if conn, err := net.DialTimeout("tcp", s.Address, time.Second); err == nil {
			conn.Close()
			return true
		}
		select {
		case <-p.ended:
			return false
		default:
			pause(t)
		}
	}
	p.stop()
	return false
}

func lookPath(t testing.TB, names []string) string {
	t.Helper()
	for _, name := range names {
		for _, dir := range []string{"", "/usr/local/sbin", "/usr/sbin", "/sbin"} {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
	}
	programtest.Missing(t, names[0])
	return ""
}

// pause is a moment in which another process may come to do something.
func pause(t testing.TB) {
	select {
	case <-t.Context().Done():
	case <-time.After(20 * time.Millisecond):
	}
}

func (st stack) program(t testing.TB) string {
	t.Helper()
	if st.programs != nil {
		return lookPath(t, st.programs)
	}
	program, missing := python()
	if missing != "" {
		programtest.Missing(t, missing)
	}
	return program
}

// python is the interpreter, and which of the modules that applications of pages import it may lack.
var python = sync.OnceValues(func() (program, missing string) {
	if program = os.Getenv("BEARCACHE_TEST_PYTHON"); program == "" {
		program = "/usr/bin/python3"
	}
	modules := []string{"flask", "flask_caching", "flask_jwt_extended", "flask_login", "redis"}
	if exec.Command(program, "-c", "import "+strings.Join(modules, ", ")).Run() != nil {
		return program, strings.Join(modules, ", or no ")
	}
	return program, ""
})

// asRoot is a directive that is needed where the tests run as root; "" elsewhere.
func asRoot(directive string) string {
	if os.Getuid() == 0 {
		return directive
	}
	return ""
}

const nginxFrame = `@user@daemon off;
worker_processes 1;
pid @dir@/run/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
    access_log /dev/null;
    client_body_temp_path @dir@/work/body;
    proxy_temp_path @dir@/work/proxy;
    fastcgi_temp_path @dir@/work/fastcgi;
    uwsgi_temp_path @dir@/work/uwsgi;
    scgi_temp_path @dir@/work/scgi;
@config@
}
`

// What a page has is what a distribution has in conf.d: it stands within http.
func nginx(s *Server, config, origin string) string {
	config = strings.NewReplacer("listen "+Listen+";", "listen "+s.Address+";", Origin, origin,
		"/var/cache/nginx", s.dir+"/cache", "/var/log/nginx", s.dir+"/log").Replace(config)
	return strings.NewReplacer("@user@", asRoot("user root;\n"), "@dir@", s.dir, "@config@", config).Replace(nginxFrame)
}

func varnish(_ *Server, config, origin string) string {
	_, port, _ := net.SplitHostPort(Origin)
	_, at, _ := net.SplitHostPort(origin)
	return strings.ReplaceAll(config, `.port = "`+port+`"`, `.port = "`+at+`"`)
}

// apacheModules are those that configurations under test have directives of. What is not there is part of the program itself.
var apacheModules = strings.Fields(`mpm_event unixd log_config authn_core authz_core authz_user authz_host authn_file auth_basic proxy proxy_http cache
	cache_disk headers setenvif env rewrite expires alias macro`)

var apacheModuleDirs = []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules", "/usr/lib64/apache2", "/usr/libexec/apache2"}

const apacheFrame = `ServerRoot @dir@
PidFile @dir@/run/httpd.pid
DefaultRuntimeDir @dir@/run
Listen @address@
ServerName lab
ErrorLog /dev/stderr
@modules@@user@@config@
`

func apache(s *Server, config, origin string) string {
	var modules strings.Builder
	for _, name := range apacheModules {
		for _, dir := range apacheModuleDirs {
			if file := dir + "/mod_" + name + ".so"; exists(file) {
				modules.WriteString("LoadModule " + name + "_module " + file + "\n")
				break
			}
		}
	}
	config = strings.NewReplacer("*:"+Listen, s.Address, "*:80>", s.Address+">", Origin, origin, "/var/cache/apache2/mod_cache_disk", s.dir+"/cache",
		"/var/log/apache2", s.dir+"/log", "/etc/apache2/passwords", s.passwords()).Replace(config)
	return strings.NewReplacer("@dir@", s.dir, "@address@", s.Address, "@modules@", modules.String(),
		"@user@", asRoot("User #65534\nGroup #65534\n"), "@config@", config).Replace(apacheFrame)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// passwords are those of two people: each one's name is the password.
func (s *Server) passwords() string {
	file := filepath.Join(s.dir, "run", "passwords")
	os.WriteFile(file, []byte("alice:{SHA}UisnajVr3zkBPfq+os1D4UHsyeg=\nbob:{SHA}SBgazSKz7a68ikR4aKfffOYpkgo=\n"), 0o644)
	return file
}
