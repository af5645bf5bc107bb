package labs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bearcache/bearcache/test/programtest"
)

// running is a deployment that runs.
type running struct {
	lab       *Lab
	binary    string
	dir       string // of this run; every server has a directory in it
	cast      *cast
	address   map[string]string // of each server
	processes []*process
}

type process struct {
	name  string
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

func (r *running) dirOf(s Server) string { return filepath.Join(r.dir, s.Name) }

// start starts the servers of a lab in order, each when the one before it accepts connections.
func start(ctx context.Context, lab *Lab, binary, dir string) (*running, error) {
	var r *running
	var err error
	for i := range 3 { // another program may take a port before the server does
		r = &running{lab: lab, binary: binary, dir: filepath.Join(dir, strconv.Itoa(i)), address: map[string]string{}}
		if err = r.up(ctx); err == nil || ctx.Err() != nil {
			break
		}
		r.stop()
	}
	return r, err
}

func (r *running) up(ctx context.Context) (err error) {
	if r.cast, err = newCast(r.lab); err != nil {
		return err
	}
	for _, s := range r.lab.Servers {
		r.address[s.Name] = net.JoinHostPort("127.0.0.1", programtest.FreePort())
	}
	for _, s := range r.lab.Servers {
		if err := r.startServer(ctx, s); err != nil {
			return fmt.Errorf("server %s: %w", s.Name, err)
		}
	}
	return nil
}

func (r *running) startServer(ctx context.Context, s Server) error {
	dir := r.dirOf(s)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if s.Run == "squid" && os.Getuid() == 0 { // it becomes another user, whose files are in here
		if err := os.Chmod(dir, 0o777); err != nil {
			return err
		}
	}
	path, err := r.render(s)
	if err != nil {
		return err
	}
	args := append(programs[s.Run].command(r, s, path), s.Args...)
	for i := range args {
		if args[i], err = r.fill(args[i], s); err != nil {
			return err
		}
	}
	p := &process{name: s.Name, log: filepath.Join(r.dir, s.Name+".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	p.cmd.SysProcAttr = ownGroup()
	if p.cmd.Env, err = r.environment(s); err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	r.processes = append(r.processes, p)
	return p.accepts(ctx, r.address[s.Name])
}

// render writes the server's file with the addresses of this run in it.
func (r *running) render(s Server) (path string, err error) {
	p := programs[s.Run]
	path = filepath.Join(r.lab.Dir, s.File)
	if p.finds || s.File == "" {
		return path, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := string(data)
	if p.frame != "" {
		user := ""
		if os.Getuid() == 0 { // the workers write into directories of root
			user = "user root;\n"
		}
		text = strings.NewReplacer("@user@", user, "@file@", text).Replace(p.frame)
	}
	if text, err = r.fill(text, s); err != nil {
		return "", err
	}
	path = filepath.Join(r.dirOf(s), filepath.Base(s.File))
	return path, os.WriteFile(path, []byte(text), 0o644)
}

func (r *running) environment(s Server) ([]string, error) {
	env := append(os.Environ(), "PYTHONPATH="+filepath.Dir(r.lab.Dir), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "FLASK_DEBUG=0",
		"LAB_SECRET="+r.cast.secret, "LAB_TOKENS="+r.cast.table(), "LAB_SERVER="+s.Name, "LAB_DIR="+r.dirOf(s))
	for name, value := range s.Env {
		value, err := r.fill(value, s)
		if err != nil {
			return nil, err
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}

var placeholder = regexp.MustCompile(`@[a-z][a-z0-9._-]*@`)

// fill puts in what this run has for @name@. A name that it does not know is a mistake in the lab.
func (r *running) fill(text string, s Server) (string, error) {
	var unknown error
	text = placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := strings.Trim(match, "@")
		if name == "dir" && s.Name != "" {
			return r.dirOf(s)
		}
		host, port, _ := net.SplitHostPort(r.address[strings.TrimSuffix(strings.TrimSuffix(name, ".port"), ".host")])
		switch {
		case r.address[name] != "":
			return r.address[name]
		case port != "" && strings.HasSuffix(name, ".port"):
			return port
		case host != "" && strings.HasSuffix(name, ".host"):
			return host
		}
		value, ok := r.cast.value(name)
		if !ok {
			value, ok = r.lab.Values[name]
		}
		if !ok {
			unknown = fmt.Errorf("%s stands for nothing", match)
		}
		return value
	})
	return text, unknown
}

// accepts waits until the server accepts connections.
func (p *process) accepts(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			conn.Close()
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("it ended before it listened (%s): %s", p.cmd.ProcessState, p.lastWords())
		case <-ctx.Done():
			return errors.New("it does not listen")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lastWords are the end of the server's log.
func (p *process) lastWords() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(data[max(0, len(data)-500):]))
}

// ended names a server that is gone although nobody stopped it.
func (r *running) ended() error {
	for _, p := range r.processes {
		select {
		case <-p.ended:
			return fmt.Errorf("server %s ended (%s)", p.name, p.cmd.ProcessState)
		default:
		}
	}
	return nil
}

// stop ends all servers, those first that were started last, and returns when they are gone.
func (r *running) stop() {
	for _, p := range slices.Backward(r.processes) {
		p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range slices.Backward(r.processes) {
		select {
		case <-p.ended:
		case <-time.After(5 * time.Second):
		}
		endGroup(p.cmd.Process.Pid) // workers that the server left behind
		<-p.ended
	}
	r.processes = nil
}
