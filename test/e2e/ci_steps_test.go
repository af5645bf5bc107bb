package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bearcache/bearcache/test/programtest"
)

// What is here runs a workflow, the action and the GitLab job as their systems would, as far as they use it. A key, an
// expression or a step that it does not know fails the test, instead of being passed over.

type workflow struct {
	Name        string
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]struct {
		RunsOn string `yaml:"runs-on"`
		Steps  []step
	}
}

type step struct {
	ID, Name, If, Uses, Run, Shell string
	With, Env                      map[string]string
}

type action struct {
	Name, Description string
	Inputs            map[string]struct {
		Description, Default string
		Required             bool
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

func decode(t *testing.T, name string, data []byte, into any) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// actions of ours, by what a workflow says that it uses, are directories with the file that says what they do.
var actions = map[string]string{"bearcache/bearcache": "", "bearcache/bearcache/ci/audit": "ci/audit"}

func readAction(t *testing.T, dir string) (a action) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../..", dir, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	decode(t, dir+"/action.yml", data, &a)
	return a
}

// values are what expressions can name: inputs.target, steps.scan.outputs.sarif.
type values map[string]string

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

// mayBeMissing are the names that are empty where they are missing.
var mayBeMissing = regexp.MustCompile(`^(secrets|steps)\.|^github\.event\.pull_request\.`)

func (v values) of(t *testing.T, name string) string {
	t.Helper()
	value, ok := v[name]
	if !ok && !mayBeMissing.MatchString(name) {
		t.Fatalf("there is no %s in this place", name)
	}
	return value
}

func (v values) expand(t *testing.T, text string) string {
	t.Helper()
	out := expression.ReplaceAllStringFunc(text, func(m string) string { return v.of(t, expression.FindStringSubmatch(m)[1]) })
	if strings.Contains(strings.ReplaceAll(text, "${{ ", ""), "${{") {
		t.Fatalf("%q is not read as an expression here", text)
	}
	return out
}

// holds says whether a step with this condition runs. Without a word about earlier steps it does if none failed.
func (v values) holds(t *testing.T, condition string, failed bool) bool {
	t.Helper()
	if m := expression.FindStringSubmatch(condition); m != nil {
		condition = m[1]
	}
	told := false
	for _, term := range strings.Split(condition, " && ") {
		switch {
		case term == "":
		case term == "!cancelled()" || term == "always()":
			told = true
		default:
			left, right, negative := strings.Cut(term, " != ")
			if !negative {
				var ok bool
				if left, right, ok = strings.Cut(term, " == "); !ok {
					t.Fatalf("%q is not read as a condition here", term)
				}
			}
			if (v.of(t, left) == strings.Trim(right, "'")) == negative {
				return false
			}
		}
	}
	return told || !failed
}

// github runs the steps of a job, or of the action within one.
type github struct {
	*ciJob
	uses    map[string]func(with map[string]string) // steps that are somebody else's
	summary string
}

// steps runs steps in order, and returns whether one failed.
func (g *github) steps(list []step, v values, within map[string]string) (failed bool) {
	g.t.Helper()
	exported := map[string]string{}
	for _, s := range list {
		if strings.Contains(s.Run, "${{") {
			g.t.Fatalf("an expression is put into a line of shell: %q", s.Run)
		}
		if !v.holds(g.t, s.If, failed) {
			continue
		}
		env := maps.Clone(within)
		maps.Copy(env, exported)
		for name, value := range s.Env {
			env[name] = v.expand(g.t, value)
		}
		with := map[string]string{}
		for name, value := range s.With {
			with[name] = v.expand(g.t, value)
		}
		name, _, _ := strings.Cut(s.Uses, "@")
		dir, ours := actions[name]
		switch {
		case s.Uses == "":
			outputs, environment, ok := g.shell(s, env)
			maps.Copy(exported, environment)
			failed = failed || !ok
			for name, value := range outputs {
				v["steps."+s.ID+".outputs."+name] = value
			}
		case ours:
			outputs, ok := g.action(dir, with, env)
			failed = failed || !ok
			for name, value := range outputs {
				v["steps."+s.ID+".outputs."+name] = value
			}
		case g.uses[name] != nil:
			g.uses[name](with)
		default:
			g.t.Fatalf("nobody knows what %s does", s.Uses)
		}
	}
	return failed
}

// shell runs the script of a step as bash -e, which is what GitHub takes where no shell is named, or as its bash.
func (g *github) shell(s step, env map[string]string) (outputs, exported map[string]string, ok bool) {
	g.t.Helper()
	dir := g.t.TempDir()
	files := map[string]string{"GITHUB_OUTPUT": "", "GITHUB_ENV": "", "GITHUB_STEP_SUMMARY": ""}
	all := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": root(), "CI": "true"}
	for name := range files {
		files[name] = filepath.Join(dir, name)
		all[name] = files[name]
		if err := os.WriteFile(files[name], nil, 0o600); err != nil {
			g.t.Fatal(err)
		}
	}
	script := filepath.Join(dir, "script.sh")
	if err := os.WriteFile(script, []byte(s.Run), 0o600); err != nil {
		g.t.Fatal(err)
	}
	maps.Copy(all, env)
	args := []string{"-e", script}
	switch s.Shell {
	case "bash":
		args = []string{"--noprofile", "--norc", "-eo", "pipefail", script}
	case "":
	default:
		g.t.Fatalf("shell %q", s.Shell)
	}
	code := g.run(all, "bash", args...)
	text, err := os.ReadFile(files["GITHUB_STEP_SUMMARY"])
	if err != nil {
		g.t.Fatal(err)
	}
	g.summary += string(text)
	return variables(g.t, files["GITHUB_OUTPUT"]), variables(g.t, files["GITHUB_ENV"]), code == 0
}

// action runs action.yml. Its steps see their own inputs only.
func (g *github) action(dir string, with, env map[string]string) (outputs map[string]string, ok bool) {
	g.t.Helper()
	a := readAction(g.t, dir)
	v := values{}
	for name, input := range a.Inputs {
		value, given := with[name]
		if input.Required && !given {
			g.t.Errorf("the action is not given its %s", name)
		}
		if !given {
			value = input.Default
		}
		v["inputs."+name] = value
	}
	for name := range with {
		if _, ok := a.Inputs[name]; !ok {
			g.t.Errorf("the action has no input %s", name)
		}
	}
	env = maps.Clone(env)
	env["GITHUB_ACTION_PATH"] = filepath.Join(root(), dir)
	ok = !g.steps(a.Runs.Steps, v, env)
	outputs = map[string]string{}
	for name, output := range a.Outputs {
		outputs[name] = v.expand(g.t, output.Value)
	}
	return outputs, ok
}

// The action is what GitHub takes for one: it says of everything what it is, and its inputs reach the script, each under
// a name that the script reads, by the environment only.
func TestAction(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../ci/scan.sh")
	if err != nil {
		t.Fatal(err)
	}
	audit, err := os.ReadFile("../../ci/audit.sh")
	if err != nil {
		t.Fatal(err)
	}
	for dir, step := range map[string]string{"": "scan", "ci/audit": "audit"} {
		a := readAction(t, dir)
		if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
			t.Errorf("%+v", a)
		}
		passed := map[string]bool{}
		for _, s := range a.Runs.Steps {
			if s.Shell != "bash" || strings.Contains(s.Run, "${{") {
				t.Errorf("%+v", s)
			}
			for name, value := range s.Env {
				m := expression.FindStringSubmatch(value)
				if m == nil || !regexp.MustCompile(`\$\{`+name+`\b`).Match(script) || step == "audit" && !strings.Contains(string(audit), name) {
					t.Errorf("%s: %s is not read by the script", name, value)
					continue
				}
				passed[strings.TrimPrefix(m[1], "inputs.")] = true
			}
		}
		for name, input := range a.Inputs {
			if !passed[name] || input.Description == "" {
				t.Errorf("input %s is not passed on, or not described", name)
			}
		}
		for name, output := range a.Outputs {
			if output.Description == "" || output.Value != "${{ steps."+step+".outputs."+name+" }}" {
				t.Errorf("output %s: %+v", name, output)
			}
		}
	}
}

// proxy has the module of the working tree as v0.1.0 for the go command, and a module cache of its own.
func proxy(t *testing.T) map[string]string {
	t.Helper()
	const path = "github.com/bearcache/bearcache"
	dir := t.TempDir()
	versions := filepath.Join(dir, path, "@v")
	if err := os.MkdirAll(versions, 0o700); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	err := fs.WalkDir(os.DirFS(root()), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && file != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "testdata", "bin"}, d.Name())) {
				return fs.SkipDir
			}
			return err
		}
		data, err := os.ReadFile(filepath.Join(root(), file))
		if err != nil {
			return err
		}
		w, err := z.Create(path + "@v0.1.0/" + file)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root(), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"v0.1.0.zip": archive.Bytes(), "v0.1.0.mod": mod, "v0.1.0.info": []byte(`{"Version": "v0.1.0"}`), "list": []byte("v0.1.0\n")} {
		if err := os.WriteFile(filepath.Join(versions, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache := strings.TrimSpace(string(out)) // which has what the module needs: this test was built with it
	env := map[string]string{
		"GOPROXY": "file://" + dir + ",file://" + filepath.Join(cache, "cache/download") + ",off", "GOMODCACHE": filepath.Join(dir, "modules"),
		"GOSUMDB": "off", "GOFLAGS": "",
	}
	t.Cleanup(func() { // its directories are read-only
		cmd := exec.Command("go", "clean", "-modcache")
		cmd.Env = append(os.Environ(), "GOMODCACHE="+env["GOMODCACHE"])
		cmd.Run()
	})
	return env
}

type gitlabJob struct {
	Stage, Image string
	Rules        []struct {
		If        string
		Variables map[string]string
	}
	Cache struct {
		Key, Policy, When string
		Paths             []string
		Unprotect         bool
	}
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Variables    map[string]string
	Artifacts    struct {
		When, Access string
		ExposeAs     string `yaml:"expose_as"`
		Paths        []string
		Reports      map[string]string
	}
}

// gitlab runs the job for a pipeline, in which the variables are what GitLab gives; false: it is not part of it.
func (j *ciJob) gitlab(job gitlabJob, pipeline map[string]string) (code int, policy string, ran bool) {
	j.t.Helper()
	for _, rule := range job.Rules {
		left, right, ok := strings.Cut(rule.If, " == ")
		if !ok {
			j.t.Fatalf("%q is not read as a rule here", rule.If)
		}
		value := func(s string) string {
			if name, ok := strings.CutPrefix(s, "$"); ok {
				return pipeline[name]
			}
			return strings.Trim(s, `"`)
		}
		if value(left) != value(right) {
			continue
		}
		env := maps.Clone(job.Variables)
		maps.Copy(env, rule.Variables)
		maps.Copy(env, pipeline)
		script := strings.Join(append(slices.Clone(job.BeforeScript), job.Script...), "\n")
		return j.run(env, "sh", "-e", "-c", script), env[strings.TrimPrefix(job.Cache.Policy, "$")], true
	}
	return 0, "", false
}

var codeBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```\n")

// Everything in docs/ci.md that is code does what the page says that it does.
func TestPageOfCI(t *testing.T) {
	t.Parallel()
	programtest.Need(t, "curl")
	page, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	modules := proxy(t)
	var kinds []string
	for _, m := range codeBlock.FindAllStringSubmatch(string(page), -1) {
		language, text := m[1], m[2]
		kind := "?"
		does := func(name string, what func(*world)) {
			kind, _, _ = strings.Cut(name, ":")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				what(w)
				w.noTokenAnywhere()
			})
		}
		switch {
		case language == "yaml" && strings.Contains(text, "bearcache/ci/audit@"):
			does("audit", func(w *world) { w.pageAudit(text) })
		case language == "yaml" && strings.Contains(text, "gitlab-audit.yml"):
			does("audit in gitlab", func(w *world) { w.pageAuditGitLab(text, modules) })
		case language == "yaml" && strings.Contains(text, "bearcache-audit"):
			does("pre-commit", func(w *world) { w.pagePreCommit(text) })
		case language == "yaml" && strings.Contains(text, "python3 app.py"):
			for _, variant := range []string{"leaking", "mended"} {
				does("own deployment: "+variant, func(w *world) { w.pageOwnDeployment(text, variant) })
			}
		case language == "yaml" && strings.Contains(text, "secrets.ALICE_TOKEN"):
			does("secrets", func(w *world) { w.pageSecrets(text, w.flask("leaking", 3)) })
		case language == "yaml" && strings.Contains(text, "include:"):
			does("gitlab", func(w *world) { w.pageGitLab(text, w.flask("leaking", 3), modules) })
		case language == "sh" && strings.Contains(text, "bearcache scan"):
			does("baseline", func(w *world) { w.pageBaseline(text, w.flask("leaking", 3)) })
		case language == "sh" && strings.Contains(text, "scan.sh"):
			does("elsewhere", func(w *world) { w.pageElsewhere(text, w.flask("mended", 300), modules) })
		}
		kinds = append(kinds, kind)
	}
	if want := []string{"own deployment", "secrets", "baseline", "gitlab", "elsewhere", "audit", "audit in gitlab", "pre-commit"}; !slices.Equal(kinds, want) {
		t.Errorf("the page has %q, and what can be run here are %q", kinds, want)
	}
}

func (w *world) pageJob() *ciJob {
	j := newCIJob(w)
	j.copyFrom("../../examples/flask", "openapi.yaml")
	return j
}

func (j *ciJob) keepEvidence() {
	j.t.Helper()
	j.collect()
	j.evidence.add("log", j.log.shown.String()+strings.Join(j.log.errors, "\n"))
}

func (w *world) pageOwnDeployment(text, variant string) {
	w.t.Helper()
	port := programtest.FreePort()
	var page workflow
	decode(w.t, "docs/ci.md", []byte(strings.NewReplacer("127.0.0.1:5000", "127.0.0.1:"+port, "--port 5000", "--port "+port).Replace(text)), &page)

	j := w.pageJob()
	j.copyFrom("../../examples/flask", variant+".py=app.py", "accounts.py", "plumbing.py", "issue_token.py")
	// What the job calls python3 is the one that has Flask, and gh is one that notes what it is told.
	bin := w.t.TempDir()
	commented := filepath.Join(bin, "commented")
	err := os.Symlink(w.python, filepath.Join(bin, "python3"))
	if err == nil {
		err = os.WriteFile(filepath.Join(bin, "gh"), []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" >>"+commented+"\n"), 0o700)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	j.env["PATH"] = bin + ":" + j.env["PATH"]
	j.env["PYTHONDONTWRITEBYTECODE"] = "1"
	var kept, uploaded string
	g := &github{ciJob: j, uses: map[string]func(map[string]string){
		"actions/checkout":                  func(map[string]string) {},
		"actions/upload-artifact":           func(with map[string]string) { kept = with["path"] },
		"github/codeql-action/upload-sarif": func(with map[string]string) { uploaded = with["sarif_file"] },
	}}
	failed := g.steps(page.Jobs["scan"].Steps, values{"github.token": "t", "github.event_name": "pull_request", "github.event.pull_request.number": "7"}, map[string]string{})
	if failed != (variant == "leaking") || !strings.Contains(g.summary, "bearcache scan") {
		w.t.Errorf("%s: failed %v\n%s\n%s", variant, failed, j.log.shown.String(), g.summary)
	}
	if len(j.log.masked) != 2 {
		w.t.Errorf("%d tokens are masked", len(j.log.masked))
	}
	for i, token := range j.log.masked {
		w.tokens[fmt.Sprint(variant, " ", i)] = token // which is searched for as well
	}
	sarif, err := os.ReadFile(filepath.Join(j.dir, uploaded))
	if err != nil || json.Unmarshal(sarif, new(map[string]any)) != nil || kept != "bearcache-reports" {
		w.t.Errorf("%s: uploaded %q (%v), kept %q", variant, uploaded, err, kept)
	}
	comment, _ := os.ReadFile(commented)
	if want := "pr\ncomment\n7\n--edit-last\n--create-if-none\n--body-file\nbearcache-reports/report.md\n"; string(comment) != want {
		w.t.Errorf("%s: gh was told %q", variant, comment)
	}
	w.evidence.add("summary", g.summary)
	j.keepEvidence()
}

func (w *world) pageSecrets(text, base string) {
	w.t.Helper()
	var page workflow
	decode(w.t, "docs/ci.md", []byte(strings.ReplaceAll(text, "https://staging.shop.example", base)), &page)
	for _, tt := range []struct {
		name   string
		values values
		want   string
	}{
		{"with them", values{"secrets.ALICE_TOKEN": w.tokens["alice"], "secrets.BOB_TOKEN": w.tokens["bob"]}, "findings at the threshold or above"},
		{"without", values{}, "a pull request from a fork is given no secrets"},
	} {
		j := w.pageJob()
		if err := os.WriteFile(filepath.Join(j.dir, "bearcache-baseline.json"), []byte(`{"schema": "bearcache.scan/v1", "findings": []}`), 0o600); err != nil {
			w.t.Fatal(err)
		}
		g := &github{ciJob: j, uses: map[string]func(map[string]string){"actions/checkout": func(map[string]string) {}}}
		failed := g.steps(page.Jobs["scan"].Steps, tt.values, map[string]string{})
		if !failed || len(j.log.errors) != 1 || !strings.Contains(j.log.errors[0], tt.want) {
			w.t.Errorf("%s: failed %v, %q\n%s", tt.name, failed, j.log.errors, j.log.shown.String())
		}
		w.evidence.add("summary", g.summary)
		j.keepEvidence()
	}
}

func (w *world) pageBaseline(text, base string) {
	w.t.Helper()
	j := w.pageJob()
	if err := os.Symlink(programtest.Bearcache, filepath.Join(filepath.Dir(j.dir), "bearcache")); err != nil {
		w.t.Fatal(err)
	}
	j.env["PATH"] = filepath.Dir(j.dir) + ":" + j.env["PATH"]
	env := map[string]string{"ALICE_TOKEN": w.tokens["alice"], "BOB_TOKEN": w.tokens["bob"]}
	script := "git init -q\n" + strings.ReplaceAll(text, "http://127.0.0.1:5000", base) + "\ngit ls-files >added"
	if code := j.run(env, "sh", "-e", "-c", script); code != 0 {
		w.t.Errorf("exit %d\n%s", code, j.log.shown.String())
	}
	if added, err := os.ReadFile(filepath.Join(j.dir, "added")); err != nil || string(added) != "bearcache-baseline.json\n" {
		w.t.Errorf("git has %q (%v)", added, err)
	}
	r := j.script([]string{"sh", "-e"}, w.ciEnv(base, "BEARCACHE_BASELINE", "bearcache-baseline.json"))
	if r.code != 0 || r.outputs["known"] != r.outputs["findings"] || r.outputs["known"] != fmt.Sprint(len(planted)) {
		w.t.Errorf("with the baseline: exit %d, %v\n%s", r.code, r.outputs, r.log.shown.String())
	}
}

func (w *world) pageGitLab(text, base string, modules map[string]string) {
	w.t.Helper()
	ours, err := os.ReadFile("../../ci/gitlab.yml")
	if err != nil {
		w.t.Fatal(err)
	}
	var file struct{ Bearcache gitlabJob }
	decode(w.t, "ci/gitlab.yml", ours, &file)
	var page struct {
		Include   []map[string]string
		Bearcache gitlabJob
	}
	decode(w.t, "docs/ci.md", []byte(strings.ReplaceAll(text, "https://staging.shop.example", base)), &page)
	if len(page.Include) != 1 || !strings.HasSuffix(page.Include[0]["remote"], "/"+page.Bearcache.Variables["BEARCACHE_VERSION"]+"/ci/gitlab.yml") {
		w.t.Errorf("%v is included", page.Include)
	}
	job := file.Bearcache // into which GitLab merges the keys of the project's
	job.Variables = page.Bearcache.Variables

	j := w.pageJob()
	j.realGo()
	maps.Copy(j.env, modules)
	pipeline := func(more ...string) map[string]string {
		env := map[string]string{"CI_DEFAULT_BRANCH": "main", "GITLAB_CI": "true", "ALICE_TOKEN": w.tokens["alice"], "BOB_TOKEN": w.tokens["bob"]}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	request := []string{"CI_PIPELINE_SOURCE", "merge_request_event"}
	for _, tt := range []struct {
		name, policy string
		pipeline     map[string]string
		code         int
		ran          bool
	}{
		{"another branch", "", pipeline("CI_COMMIT_BRANCH", "other"), 0, false},
		{"a fork", "pull", pipeline(append(request, "ALICE_TOKEN", "", "BOB_TOKEN", "")...), 2, true},
		{"the default branch", "push", pipeline("CI_COMMIT_BRANCH", "main"), 1, true},
		{"a merge request, with the cache of that", "pull", pipeline(request...), 0, true},
	} {
		code, policy, ran := j.gitlab(job, tt.pipeline)
		if code != tt.code || policy != tt.policy || ran != tt.ran {
			w.t.Errorf("%s: exit %d, cache %q, ran %v\n%s", tt.name, code, policy, ran, j.log.shown.String())
		}
	}
	for _, path := range append(append(job.Artifacts.Paths, job.Cache.Paths...), job.Artifacts.Reports["junit"]) {
		if _, err := os.Stat(filepath.Join(j.dir, path)); err != nil {
			w.t.Error(err)
		}
	}
	j.keepEvidence()
}

func (w *world) pageElsewhere(text, base string, modules map[string]string) {
	w.t.Helper()
	j := w.pageJob()
	j.realGo()
	maps.Copy(j.env, modules)
	maps.Copy(j.env, map[string]string{"ALICE_TOKEN": w.tokens["alice"], "BOB_TOKEN": w.tokens["bob"]})
	if code := j.run(nil, "sh", "-c", strings.ReplaceAll(text, "http://127.0.0.1:5000", base)); code != 0 {
		w.t.Errorf("elsewhere: exit %d\n%s", code, j.log.shown.String())
	}
	j.keepEvidence()
	data, err := os.ReadFile(filepath.Join(j.dir, "bearcache-reports/report.json"))
	if err != nil || !strings.Contains(string(data), `"version": "v0.1.0"`) {
		w.t.Errorf("the scanner is not the version that was asked for: %v %.200s", err, data)
	}
}
