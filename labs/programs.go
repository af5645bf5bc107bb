package labs

import (
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// program is a kind of server that a lab may run. It stays in the foreground, and writes into the
// server's own directory only.
type program struct {
	file    string // what it reads if the lab names no other; "": nothing
	frame   string // text around the lab's file: what every lab would have to repeat
	finds   bool   // it is given the lab's own file, not a copy with the addresses in it
	needs   []string
	modules []string // of Python
	// command is its command line. path is the server's file, or the copy.
	command func(r *running, s Server, path string) []string
}

var programs = map[string]program{
	"flask":     {file: "app.py", finds: true, modules: flaskModules, command: flask},
	"gunicorn":  {file: "app.py", finds: true, modules: append(flaskModules, "gunicorn"), command: gunicorn},
	"nginx":     {file: "nginx.conf", frame: nginxFrame, needs: []string{"nginx"}, command: nginx},
	"varnish":   {file: "default.vcl", needs: []string{"varnishd", "gcc"}, command: varnish},
	"squid":     {file: "squid.conf", frame: squidFrame, needs: []string{"squid"}, command: squid},
	"redis":     {needs: []string{"redis-server"}, command: redis},
	"bearcache": {command: bearcache},
}

func programNames() []string { return slices.Sorted(maps.Keys(programs)) }

var flaskModules = []string{"flask", "flask_caching", "jwt", "redis"}

func flask(r *running, s Server, path string) []string {
	host, port := r.hostPort(s)
	return []string{python(), "-m", "flask", "--app", path, "run", "--host", host, "--port", port}
}

func gunicorn(r *running, s Server, path string) []string {
	module := strings.TrimSuffix(filepath.Base(path), ".py")
	return []string{python(), "-m", "gunicorn", "--workers", strconv.Itoa(max(s.Workers, 1)), "--bind", r.address[s.Name],
		"--worker-tmp-dir", r.dirOf(s), "--chdir", filepath.Dir(path), module + ":app"}
}

// The lab's file is what a distribution has in conf.d: it stands within http.
const nginxFrame = `@user@daemon off;
worker_processes 1;
pid @dir@/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path @dir@/body;
    proxy_temp_path @dir@/proxy;
    fastcgi_temp_path @dir@/fastcgi;
    uwsgi_temp_path @dir@/uwsgi;
    scgi_temp_path @dir@/scgi;
    @file@
}
`

func nginx(r *running, s Server, path string) []string {
	return []string{lookPath("nginx"), "-p", r.dirOf(s), "-c", path, "-e", "stderr"}
}

func varnish(r *running, s Server, path string) []string {
	return []string{lookPath("varnishd"), "-F", "-j", "none", "-n", r.dirOf(s), "-a", r.address[s.Name], "-f", path,
		"-s", "malloc,16m", "-T", "none", "-p", "vsl_space=1m", "-p", "thread_pool_min=5"}
}

// Without minimum_expiry_time Squid stores nothing that is fresh for less than a minute.
const squidFrame = `@file@
http_access allow all
cache_mem 16 MB
pid_filename @dir@/squid.pid
cache_log @dir@/cache.log
access_log none
coredump_dir @dir@
pinger_enable off
minimum_expiry_time 0 seconds
dns_nameservers 127.0.0.1
visible_hostname lab
shutdown_lifetime 0 seconds
`

func squid(r *running, s Server, path string) []string {
	// The name of the service is that of its shared memory: two Squids with one would meet there.
	_, port := r.hostPort(s)
	return []string{lookPath("squid"), "-N", "-f", path, "-n", "lab" + port}
}

func redis(r *running, s Server, _ string) []string {
	host, port := r.hostPort(s)
	return []string{lookPath("redis-server"), "--bind", host, "--port", port, "--dir", r.dirOf(s), "--save", "", "--daemonize", "no"}
}

func bearcache(r *running, s Server, _ string) []string {
	return []string{r.binary, "serve", "--listen", r.address[s.Name], "--admin", "off"}
}

// python is the interpreter that has Flask.
func python() string {
	if p := os.Getenv("BEARCACHE_TEST_PYTHON"); p != "" {
		return p
	}
	return "/usr/bin/python3"
}

func (r *running) hostPort(s Server) (host, port string) {
	host, port, _ = net.SplitHostPort(r.address[s.Name])
	return host, port
}

// lookPath finds servers where users who are not root do not look.
func lookPath(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	if name == "redis-server" {
		return "valkey-server" // which is what some distributions have in its place
	}
	return name
}

// Missing lists the programs and modules that a lab needs and this machine does not have.
func (l *Lab) Missing() (list []string) {
	for _, s := range l.Servers {
		p := programs[s.Run]
		for _, name := range p.needs {
			if _, err := exec.LookPath(lookPath(name)); err != nil && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
		for _, name := range p.modules {
			if !pythonHas(name) && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

var (
	modulesMu sync.Mutex
	modules   = map[string]bool{} // whether Python has them, guarded by modulesMu
)

func pythonHas(name string) bool {
	modulesMu.Lock()
	defer modulesMu.Unlock()
	if _, known := modules[name]; !known {
		modules[name] = exec.Command(python(), "-c", "import "+name).Run() == nil
	}
	return modules[name]
}
