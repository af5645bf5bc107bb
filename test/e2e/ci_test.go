package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/test/programtest"
)

var root = sync.OnceValue(func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
})

// ciJob is a directory in which steps run, as on a new machine, and what they said to GitHub.
type ciJob struct {
	*world
	dir, tmp string
	env      map[string]string
	log      ciLog
	pids     []int
}

func newCIJob(w *world) *ciJob {
	// A name that a script which does not quote would trip over.
	dir := filepath.Join(w.t.TempDir(), "work space")
	j := &ciJob{world: w, dir: dir, tmp: w.t.TempDir(), env: map[string]string{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	// To link the scanner anew for each job would take most of the time of these tests: they get that of TestMain, in the
	// place where Go would have put it. realGo takes this away.
	bin := filepath.Join(w.t.TempDir(), "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		w.t.Fatal(err)
	}
	built := "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\nln -s '" + programtest.Bearcache + "' \"$2\"\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(built), 0o700); err != nil {
		w.t.Fatal(err)
	}
	j.env["PATH"] = bin + ":" + os.Getenv("PATH")
	w.t.Cleanup(func() {
		for _, pid := range j.pids { // what steps left running
			syscall.Kill(-pid, syscall.SIGKILL)
		}
	})
	return j
}

// realGo has jobs build the scanner themselves.
func (j *ciJob) realGo() { delete(j.env, "PATH") }

// copyFrom brings files of the example into the directory, under their own names or as name=other.
func (j *ciJob) copyFrom(dir string, names ...string) {
	j.t.Helper()
	for _, name := range names {
		from, to, renamed := strings.Cut(name, "=")
		if !renamed {
			to = from
		}
		data, err := os.ReadFile(filepath.Join(dir, from))
		if err == nil {
			err = os.WriteFile(filepath.Join(j.dir, to), data, 0o600)
		}
		if err != nil {
			j.t.Fatal(err)
		}
	}
}

// machine is the environment of the test without what would reach the script from outside the job.
func machine() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "BEARCACHE_") || strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "CI_")
	})
}

// run runs a command in the directory to its end. What it leaves in the background is stopped with the test.
func (j *ciJob) run(env map[string]string, name string, args ...string) (code int) {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = j.dir, append(machine(), "TMPDIR="+j.tmp)
	for name, value := range j.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		j.t.Fatal(err)
	}
	j.pids = append(j.pids, cmd.Process.Pid)
	if exit := (*exec.ExitError)(nil); !errors.As(cmd.Wait(), &exit) && !cmd.ProcessState.Success() {
		j.t.Fatalf("%s did not run to its end:\n%s", name, out.String())
	}
	j.log.read(j.t, out.String())
	return cmd.ProcessState.ExitCode()
}

// ciLog reads what steps print as GitHub's runner does: https://docs.github.com/actions, "Workflow commands".
type ciLog struct {
	shown    strings.Builder // all lines that are no commands
	free     strings.Builder // those in which the runner looked for commands
	errors   []string
	masked   []string
	stopped  string
	commands []string
}

var ciCommand = regexp.MustCompile(`^::([a-z-]+)(?: ([^:]*))?::(.*)$`)

func (l *ciLog) read(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		m := ciCommand.FindStringSubmatch(strings.TrimLeft(line, " \t"))
		switch {
		case l.stopped != "" && strings.TrimSpace(line) == "::"+l.stopped+"::":
			l.stopped = ""
		case l.stopped != "" || m == nil:
			l.shown.WriteString(line + "\n")
			if l.stopped == "" {
				l.free.WriteString(line + "\n")
			}
		case m[1] == "stop-commands":
			if l.stopped = m[3]; len(l.stopped) < 32 {
				t.Errorf("%q can be guessed", line)
			}
			l.commands = append(l.commands, m[1])
		case m[1] == "add-mask":
			l.masked = append(l.masked, m[3])
		case m[1] == "error":
			if strings.Contains(m[2], ",") { // which is where the next property begins
				t.Errorf("%q", line)
			}
			l.errors = append(l.errors, strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%").Replace(m[3]))
		default:
			t.Errorf("the runner was told %q", line)
		}
	}
}

// variables reads a file of GITHUB_OUTPUT or GITHUB_ENV.
func variables(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i := 0; i < len(lines) && len(data) > 0; i++ {
		if name, mark, ok := strings.Cut(lines[i], "<<"); ok {
			end := slices.Index(lines[i+1:], mark)
			if end < 0 {
				t.Fatalf("%s does not end:\n%s", name, data)
			}
			found[name] = strings.Join(lines[i+1:i+1+end], "\n")
			i += end + 1
			continue
		}
		name, value, ok := strings.Cut(lines[i], "=")
		if !ok {
			t.Fatalf("%q is no variable in\n%s", lines[i], data)
		}
		found[name] = value
	}
	return found
}

// ciRun is one run of the script, as GitHub would have it.
type ciRun struct {
	code    int
	outputs map[string]string
	summary string
	log     ciLog
}

func (j *ciJob) script(shell []string, env map[string]string) ciRun {
	j.t.Helper()
	dir := j.t.TempDir()
	output, summary := filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	for _, file := range []string{output, summary} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			j.t.Fatal(err)
		}
	}
	all := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary}
	maps.Copy(all, env)
	j.log = ciLog{}
	code := j.run(all, shell[0], append(shell[1:], filepath.Join(root(), "ci/scan.sh"))...)
	text, err := os.ReadFile(summary)
	if err != nil {
		j.t.Fatal(err)
	}
	r := ciRun{code, variables(j.t, output), string(text), j.log}
	j.evidence.add("log", r.log.shown.String()+strings.Join(r.log.errors, "\n"))
	j.evidence.add("summary", r.summary)
	j.evidence.add("outputs", fmt.Sprint(r.outputs))
	j.collect()
	if left, err := os.ReadDir(j.tmp); err != nil || len(left) > 0 {
		j.t.Errorf("left behind: %v %v", left, err)
	}
	if r.log.stopped != "" {
		j.t.Error("the runner was never told to listen again")
	}
	return r
}

// collect takes what lies in the directory for evidence.
func (j *ciJob) collect() {
	j.t.Helper()
	err := filepath.WalkDir(j.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Name() == "pwned" {
			j.t.Errorf("something in the inputs was run, and made %s", path)
		}
		data, err := os.ReadFile(path)
		j.evidence.add("file "+d.Name(), string(data))
		return err
	})
	if err != nil {
		j.t.Fatal(err)
	}
}

const twoIdentities = "alice=env:ALICE_TOKEN\nbob=env:BOB_TOKEN\n"

func (w *world) ciEnv(base string, more ...string) map[string]string {
	env := map[string]string{
		"BEARCACHE_OPENAPI": filepath.Join(root(), "examples/flask/openapi.yaml"), "BEARCACHE_TARGET": base, "BEARCACHE_IDENTITIES": twoIdentities,
		"ALICE_TOKEN": w.tokens["alice"], "BOB_TOKEN": w.tokens["bob"],
		// As the action has them: set and empty.
		"BEARCACHE_FAIL_ON": "", "BEARCACHE_BASELINE": "", "BEARCACHE_CHECKS": "", "BEARCACHE_ARGS": "", "BEARCACHE_REPORTS": "", "BEARCACHE_VERSION": "",
	}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return env
}

var ciReports = []string{"sarif", "junit", "markdown", "html", "json"}

// reportsAre checks that all the reports that outputs name are there and are what they are called, or that none is.
func (j *ciJob) reportsAre(r ciRun, there bool) {
	j.t.Helper()
	for _, format := range ciReports {
		path := r.outputs[format]
		if !there {
			if path != "" {
				j.t.Errorf("%s is said to be at %s", format, path)
			}
			continue
		}
		data, err := os.ReadFile(filepath.Join(j.dir, path))
		if err != nil {
			j.t.Error(err)
		}
		switch format {
		case "sarif", "json":
			err = json.Unmarshal(data, new(map[string]any))
		case "junit":
			err = xml.Unmarshal(data, new(struct {
				XMLName xml.Name `xml:"testsuites"`
			}))
		case "markdown":
			if !strings.Contains(r.summary, string(data)) {
				err = errors.New("it is not in the summary")
			}
		case "html":
			if !bytes.HasPrefix(data, []byte("<!DOCTYPE html>")) {
				err = fmt.Errorf("it begins with %.40q", data)
			}
		}
		if err != nil {
			j.t.Errorf("%s, %s: %v", format, path, err)
		}
	}
}

// shells are those that CI systems have for sh.
func shells() [][]string {
	all := [][]string{{"sh", "-e"}}
	for _, shell := range [][]string{{"dash", "-e"}, {"busybox", "sh", "-e"}, {"bash", "--posix", "-e"}} {
		if _, err := exec.LookPath(shell[0]); err == nil {
			all = append(all, shell)
		}
	}
	return all
}

// A clean API is green, in every shell.
func TestCIClean(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("mended", 300)
	for i, shell := range shells() {
		j := newCIJob(w)
		if i == 0 {
			j.realGo()
		}
		r := j.script(shell, w.ciEnv(base))
		if r.code != 0 || r.outputs["exit-status"] != "0" || r.outputs["findings"] != "0" || r.outputs["known"] != "0" || len(r.log.errors) != 0 {
			t.Errorf("%q: exit %d, %v\n%s%q", shell, r.code, r.outputs, r.log.shown.String(), r.log.errors)
		}
		j.reportsAre(r, true)
	}
	w.noTokenAnywhere()
}

// A leak is red, with every report written; it is green once a baseline has it, and says so.
func TestCIFindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("leaking", 3)
	j := newCIJob(w)
	sh := []string{"sh", "-e"}
	r := j.script(sh, w.ciEnv(base, "BEARCACHE_KEEP", "kept/-last/report.json"))
	if all := fmt.Sprint(len(planted)); r.code != 1 || r.outputs["exit-status"] != "1" || r.outputs["findings"] != all || r.outputs["known"] != "0" {
		t.Errorf("exit %d, %v\n%s", r.code, r.outputs, r.log.shown.String())
	}
	if len(r.log.errors) != 1 || !strings.Contains(r.log.errors[0], "findings at the threshold or above") {
		t.Errorf("the runner was told of the errors %q", r.log.errors)
	}
	if !strings.Contains(r.log.shown.String(), "exit 1 (findings at medium or above)") || strings.Contains(r.log.free.String(), "exit 1") {
		t.Errorf("the runner looked for commands in the report, or there was none:\n%s", r.log.free.String())
	}
	j.reportsAre(r, true)

	for name, env := range map[string][]string{
		"a baseline":                        {"BEARCACHE_BASELINE", "kept/-last/report.json"},
		"an earlier report":                 {"BEARCACHE_EARLIER", "kept/-last/report.json"},
		"a threshold that nothing comes to": {"BEARCACHE_FAIL_ON", "never", "BEARCACHE_EARLIER", "is/not/there.json"},
	} {
		r := j.script(sh, w.ciEnv(base, append(env, "BEARCACHE_CHECKS", "missing-vary,storable-authenticated-response", "BEARCACHE_REPORTS", "other")...))
		known := "6"
		if strings.HasPrefix(name, "a threshold") {
			known = "0"
		}
		if r.code != 0 || r.outputs["findings"] != "6" || r.outputs["known"] != known || len(r.log.errors) != 0 {
			t.Errorf("with %s: exit %d, %v\n%s", name, r.code, r.outputs, r.log.shown.String())
		}
	}
	w.noTokenAnywhere()
}

// Whatever is missing or wrong is red, says what it is in the log, as an error, and in the summary, and leaves no report
// of an earlier run that could be taken for this one's.
func TestCINotDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.flask("mended", 300)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	withoutGo := t.TempDir() // all of the programs that the script uses but go
	for _, name := range []string{"sh", "mktemp", "rm", "od", "tr", "mkdir", "cat", "tee", "grep", "sed", "awk", "cp", "dirname"} {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(withoutGo, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name    string
		env     []string
		code    int
		reports bool
		want    string
	}{
		{"no secrets, as for a fork", []string{"ALICE_TOKEN", "", "BOB_TOKEN", ""}, 2, false, "a pull request from a fork is given no secrets"},
		{"one of them is missing", []string{"BOB_TOKEN", ""}, 2, false, "BOB_TOKEN is not set"},
		{"a token among the identities", []string{"BEARCACHE_IDENTITIES", "alice=" + w.tokens["alice"]}, 2, false, "the source of alice's token must be env:VAR"},
		{"nobody", []string{"BEARCACHE_IDENTITIES", " \n\n\t\n"}, 2, false, "there is nobody to ask as"},
		{"no document", []string{"BEARCACHE_OPENAPI", ""}, 2, false, "there is nothing to scan"},
		{"a document that is not there", []string{"BEARCACHE_OPENAPI", "is/not/there.yaml"}, 2, false, "is/not/there.yaml"},
		{"no such severity", []string{"BEARCACHE_FAIL_ON", "serious"}, 2, false, "--fail-on"},
		{"no such check", []string{"BEARCACHE_CHECKS", "cross-identity-reuse,everything"}, 2, false, `there is no check "everything"`},
		{"no such argument", []string{"BEARCACHE_ARGS", "--force"}, 2, false, "unknown flag --force"},
		{"a baseline that is not there", []string{"BEARCACHE_BASELINE", "gone.json"}, 2, false, "cannot read the baseline: gone.json"},
		{"a baseline that is none", []string{"BEARCACHE_BASELINE", "none.json"}, 2, false, "cannot read the baseline none.json"},
		{"nobody listens", []string{"BEARCACHE_TARGET", "http://" + closed.Addr().String()}, 3, true, "connection refused"},
		{"expired tokens", []string{"ALICE_TOKEN", w.tokens["expired"]}, 3, true, "alice's token ended 1 hour ago, as its exp says"},
		{"an argument with which nothing is scanned", []string{"BEARCACHE_ARGS", "--help"}, 3, false, "nothing was scanned"},
		{"and another", []string{"BEARCACHE_ARGS", "--explain=missing-vary"}, 3, false, "nothing was scanned"},
		{"a version that is none", []string{"BEARCACHE_VERSION", "v1.0.0; touch pwned"}, 3, false, "what is given as the version is none"},
		{"no Go", []string{"PATH", withoutGo}, 3, false, "there is no Go to build the scanner with"},
		{"a source that does not build", []string{"PATH", withoutGo + "/broken:" + withoutGo}, 3, false, "the scanner could not be built"},
		{"a file where the reports belong", []string{"BEARCACHE_REPORTS", "none.json"}, 3, false, "the reports cannot be written"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newCIJob(&world{t: t, tokens: w.tokens})
			for file, text := range map[string]string{"none.json": `{"no": "report"}`, "bearcache-reports/report.sarif": "earlier", "bearcache-reports/report.json": "earlier"} {
				path := filepath.Join(j.dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			broken := filepath.Join(withoutGo, "broken")
			if err := os.MkdirAll(broken, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(broken, "go"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			r := j.script([]string{"/bin/sh", "-e"}, w.ciEnv(base, tt.env...))
			if r.code != tt.code || r.outputs["exit-status"] != fmt.Sprint(tt.code) {
				t.Errorf("exit %d, %v", r.code, r.outputs)
			}
			for place, text := range map[string]string{"log": r.log.shown.String(), "errors": strings.Join(r.log.errors, "\n"), "summary": r.summary} {
				if !strings.Contains(text, tt.want) && !(place == "summary" && tt.reports) {
					t.Errorf("no %q in the %s:\n%s", tt.want, place, text)
				}
			}
			if tt.reports && !strings.Contains(r.summary, "**Incomplete:**") {
				t.Errorf("the summary:\n%s", r.summary)
			}
			if !tt.reports && r.outputs["findings"] != "" {
				t.Errorf("findings were counted: %q", r.outputs["findings"])
			}
			if len(r.log.errors) != 1 {
				t.Errorf("errors %q", r.log.errors)
			}
			j.reportsAre(r, tt.reports)
			j.noTokenAnywhere()
		})
	}
}

// Nothing in an input is run, split or expanded: it arrives as it was written, or is refused.
func TestCIHostileInputs(t *testing.T) {
	t.Parallel()
	w := opaqueWorld(t)
	var mu sync.Mutex
	fields := map[string]bool{}
	api := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		fields[r.Header.Get("X-Hostile")] = true
		mu.Unlock()
		user, ok := map[string]string{"Bearer " + w.tokens["alice"]: "alice", "Bearer " + w.tokens["bob"]: "bob"}[r.Header.Get("Authorization")]
		rw.Header().Set("Cache-Control", "no-store")
		if !ok {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(rw, `{"email": "%s@example.com"}`, user)
	}))
	defer api.Close()
	for _, text := range []string{
		`$(touch pwned) "two" 'three' * ? [a-z] ~ ${HOME} \n \ ; & | < > # %0A -- !`, "`touch pwned`", `"; touch pwned; "`, `'; touch pwned; '`, `-n`, `  inner   blanks	tab`, `*`,
	} {
		for i, shell := range shells() {
			if i > 0 && !strings.HasPrefix(text, "$") {
				break // the first text has it all for the other shells
			}
			j := newCIJob(w)
			clear(fields)
			if err := os.WriteFile(filepath.Join(j.dir, "--header=X-Hostile:of a file"), nil, 0o600); err != nil { // which * would become
				t.Fatal(err)
			}
			r := j.script(shell, w.ciEnv(api.URL, "BEARCACHE_OPENAPI", "", "BEARCACHE_REPORTS", "-rf "+text+"\nand a line ::error::",
				"BEARCACHE_IDENTITIES", "\r\n   alice=env:ALICE_TOKEN\t\r\n\n bob=env:BOB_TOKEN  ",
				"BEARCACHE_ARGS", "\n  --url=GET:/me\r\n--header=X-Hostile:"+text+"\n\n"))
			if r.code != 0 || r.outputs["findings"] != "0" {
				t.Errorf("%q, %s: exit %d, %v\n%s", shell, text, r.code, r.outputs, r.log.shown.String())
				continue
			}
			if want := map[string]bool{strings.TrimSpace(text): true}; !cmp.Equal(fields, want) {
				t.Errorf("%q: %s arrived as %v", shell, text, fields)
			}
			j.reportsAre(r, true)
		}
	}
	for name, env := range map[string][]string{
		"BEARCACHE_OPENAPI": nil, "BEARCACHE_TARGET": nil, "BEARCACHE_IDENTITIES": nil, "BEARCACHE_FAIL_ON": nil, "BEARCACHE_BASELINE": nil, "BEARCACHE_CHECKS": nil,
		"BEARCACHE_ARGS": nil, "BEARCACHE_VERSION": nil,
	} {
		for _, text := range []string{"$(touch pwned)", "-e", "--nothing", "a b\n::add-mask::e\n", "`touch pwned`;touch pwned"} {
			j := newCIJob(w)
			r := j.script([]string{"sh", "-e"}, w.ciEnv(api.URL, append(env, name, text)...))
			if r.code != 2 && r.code != 3 || len(r.log.masked) > 0 {
				t.Errorf("%s %q: exit %d\n%s", name, text, r.code, r.log.shown.String())
			}
		}
	}
	w.noTokenAnywhere()
}

// What is not written for GitHub goes nowhere else: without its variables there are reports and the exit status.
func TestCIWithoutGitHub(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := newCIJob(w)
	code := j.run(w.ciEnv(w.flask("mended", 300)), "sh", "-e", filepath.Join(root(), "ci/scan.sh"))
	if code != 0 || len(j.log.commands) > 0 || !strings.Contains(j.log.shown.String(), "exit 0") {
		t.Errorf("exit %d, %q\n%s", code, j.log.commands, j.log.shown.String())
	}
	files, err := os.ReadDir(filepath.Join(j.dir, "bearcache-reports"))
	if err != nil || len(files) != len(ciReports) {
		t.Errorf("%v %v", files, err)
	}
	j.collect()
	w.evidence.add("log", j.log.shown.String())
	w.noTokenAnywhere()
}

// Shell scripts are clean to shellcheck: those of CI to every rule, the tests' own to its warnings.
func TestShellScripts(t *testing.T) {
	t.Parallel()
	programtest.Need(t, "shellcheck")
	checked := 0
	for _, place := range []struct {
		dir, severity string
	}{{"ci", "style"}, {"test", "warning"}, {".ci", "warning"}} {
		err := filepath.WalkDir(filepath.Join(root(), place.dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if err == nil && d.Name() == "node_modules" {
					return fs.SkipDir
				}
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			first, err := bufio.NewReader(io.LimitReader(f, 100)).ReadString('\n')
			if err != nil && err != io.EOF || !strings.HasPrefix(first, "#!") || !strings.HasSuffix(strings.TrimSpace(first), "sh") {
				return nil
			}
			checked++
			if out, err := exec.Command("shellcheck", "--severity="+place.severity, path).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if checked < 4 {
		t.Errorf("%d scripts were found", checked)
	}
}
