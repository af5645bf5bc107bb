package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bearcache/bearcache/test/programtest"
)

// repository is a job in the checkout of a repository with the example as it is: its leaking variant, and the mended one with a name
// that makes it one of many files.
func (w *world) repository(variant string) *ciJob {
	j := newCIJob(w)
	j.copyFrom("../../examples/flask", variant+".py=app.py", "accounts.py", "plumbing.py")
	if code := j.run(nil, "sh", "-e", "-c", `git init -q -b main && git add . && git -c user.name=a -c user.email=a@example.com commit -q -m first`); code != 0 {
		w.t.Fatalf("exit %d\n%s", code, j.log.shown.String())
	}
	return j
}

// The workflow fails where the source leaks, after its reports are where GitHub takes them from, and not where it does not.
func (w *world) pageAudit(text string) {
	w.t.Helper()
	var page workflow
	decode(w.t, "docs/ci.md", []byte(text), &page)
	for variant, leaks := range map[string]bool{"leaking": true, "mended": false} {
		j := w.repository(variant)
		uploaded := ""
		g := &github{ciJob: j, uses: map[string]func(map[string]string){
			"actions/checkout": func(map[string]string) {},
			"github/codeql-action/upload-sarif": func(with map[string]string) {
				data, err := os.ReadFile(filepath.Join(j.dir, with["sarif_file"]))
				if err != nil {
					w.t.Error(err)
				}
				uploaded = string(data)
			},
		}}
		failed := g.steps(page.Jobs["audit"].Steps, values{"github.event_name": "push"}, map[string]string{})
		if failed != leaks || strings.Contains(uploaded, `"uri": "app.py"`) != leaks || !strings.Contains(uploaded, `"flask/unkeyed-cache"`) {
			w.t.Errorf("%s: failed %v, uploaded %d bytes\n%s", variant, failed, len(uploaded), j.log.shown.String())
		}
		if !strings.Contains(g.summary, "<!-- bearcache audit -->") {
			w.t.Errorf("%s: the summary is %q", variant, g.summary)
		}
		w.evidence.add("summary", g.summary)
		j.keepEvidence()
	}
}

// The default branch fails by what it has, and a merge request by what it adds.
func (w *world) pageAuditGitLab(text string, modules map[string]string) {
	w.t.Helper()
	ours, err := os.ReadFile("../../ci/gitlab-audit.yml")
	if err != nil {
		w.t.Fatal(err)
	}
	var file struct {
		Audit gitlabJob `yaml:"bearcache-audit"`
	}
	decode(w.t, "ci/gitlab-audit.yml", ours, &file)
	var page struct {
		Include []map[string]string
		Audit   gitlabJob `yaml:"bearcache-audit"`
	}
	decode(w.t, "docs/ci.md", []byte(text), &page)
	if len(page.Include) != 1 || !strings.HasSuffix(page.Include[0]["remote"], "/"+page.Audit.Variables["BEARCACHE_VERSION"]+"/ci/gitlab-audit.yml") {
		w.t.Errorf("%v is included", page.Include)
	}
	job := file.Audit
	job.Variables = page.Audit.Variables
	j := w.repository("leaking")
	j.realGo()
	maps.Copy(j.env, modules)
	for _, tt := range []struct {
		name     string
		pipeline map[string]string
		code     int
	}{
		{"the default branch", map[string]string{"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main"}, 1},
		{"a merge request that adds nothing", map[string]string{"CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_SOURCE": "merge_request_event"}, 0},
	} {
		if code, _, ran := j.gitlab(job, tt.pipeline); code != tt.code || !ran {
			w.t.Errorf("%s: exit %d, ran %v\n%s", tt.name, code, ran, j.log.shown.String())
		}
	}
	for _, path := range append(append(job.Artifacts.Paths, job.Cache.Paths...), job.Artifacts.Reports["junit"]) {
		if _, err := os.Stat(filepath.Join(j.dir, path)); err != nil {
			w.t.Error(err)
		}
	}
	j.keepEvidence()
}

type preCommit struct {
	Repos []struct {
		Repo, Rev string
		Hooks     []struct {
			ID   string
			Args []string
		}
	}
}

// A commit is held up by what it adds: the line that pre-commit runs, of the hook and of the page, is run on what is staged, and with the
// names of the staged files as well.
func (w *world) pagePreCommit(text string) {
	w.t.Helper()
	data, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	var hooks []struct {
		ID, Name, Description, Entry, Language, Files string
		PassFilenames                                 bool `yaml:"pass_filenames"`
		RequireSerial                                 bool `yaml:"require_serial"`
	}
	if err := yaml.Unmarshal(data, &hooks); err != nil || len(hooks) != 1 {
		w.t.Fatalf("%+v, %v", hooks, err)
	}
	var page preCommit
	decode(w.t, "docs/ci.md", []byte(text), &page)
	hook := page.Repos[0].Hooks[0]
	if hook.ID != hooks[0].ID || hooks[0].PassFilenames || hooks[0].Language != "golang" {
		w.t.Errorf("%+v and %+v", hook, hooks[0])
	}
	line := append(strings.Fields(hooks[0].Entry), hook.Args...)
	j := w.repository("mended")
	run := func(more ...string) (int, string) {
		cmd := exec.Command(programtest.Bearcache, append(line[1:], more...)...)
		cmd.Dir = j.dir
		out, err := cmd.CombinedOutput()
		if _, ok := err.(*exec.ExitError); err != nil && !ok {
			w.t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := run(); code != 0 {
		w.t.Errorf("nothing is staged: exit %d\n%s", code, out)
	}
	j.copyFrom("../../examples/flask", "leaking.py=app.py")
	if code := j.run(nil, "git", "add", "."); code != 0 {
		w.t.Fatal(code)
	}
	for _, names := range [][]string{nil, {"app.py"}, {"app.py", "accounts.py"}} {
		if code, out := run(names...); code != 1 || !strings.Contains(out, "app.py:") {
			w.t.Errorf("staged, %q: exit %d\n%s", names, code, out)
		}
	}
	if code, out := run("accounts.py"); code != 0 {
		w.t.Errorf("a file without a leak: exit %d\n%s", code, out)
	}
	j.keepEvidence()
}
