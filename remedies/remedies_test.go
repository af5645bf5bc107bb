// Package remedies has no code: it holds deployments that leak, and their tests that each remedy of the catalogue mends one.
package remedies

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/labs"
	"github.com/bearcache/bearcache/test/programtest"
)

// atATime is how many deployments run at once: for a part of the time they wait for a stored response to expire.
const atATime = 6

func TestMain(m *testing.M) { programtest.Main(m, atATime) }

// deployment is one that leaks: DIR/STACK.yaml, where STACK is what mends it. In its texts, @nginx@ and its like are the paths of
// files in DIR, here nginx.conf, and when it is mended, for STACK, that of the remedy.
type deployment struct {
	labs.Lab `yaml:",inline"`
	After    []labs.Step `yaml:"after"` // what is so when it is mended; as Proof is before

	stack string
}

func load(t *testing.T) (list []*deployment) {
	t.Helper()
	files, err := filepath.Glob("*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Base(file) == "openapi.yaml" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := &deployment{stack: strings.TrimSuffix(filepath.Base(file), ".yaml")}
		d.Name = filepath.Dir(file) + "/" + d.stack
		if d.Dir, err = filepath.Abs(filepath.Dir(file)); err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		if err := decoder.Decode(d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := d.Complete(); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(d.Leaks) != 1 || len(d.Proof) == 0 || len(d.After) == 0 {
			t.Fatalf("%s: one operation leaks, proof shows so, and after shows what is so when it is mended", file)
		}
		list = append(list, d)
	}
	return list
}

// rules are those that the scanner must find broken here, and mended after.
func (d *deployment) rules() (list []string) {
	for _, ids := range d.Leaks {
		list = append(list, ids...)
	}
	return list
}

// remedy is the file, from the root of the project, that the catalogue has for all of the rules on this stack.
func (d *deployment) remedy() (file string, err error) {
	for _, id := range d.rules() {
		rule := finding.Find(id)
		if rule == nil {
			return "", fmt.Errorf("there is no rule %s", id)
		}
		i := slices.IndexFunc(rule.Remedy, func(f finding.Fix) bool { return f.Stack == d.stack && f.File != "" })
		if i < 0 {
			return "", fmt.Errorf("%s has nothing to write for %s", id, d.stack)
		}
		if file != "" && file != rule.Remedy[i].File {
			return "", fmt.Errorf("%s has %s where others here have %s", id, rule.Remedy[i].File, file)
		}
		file = rule.Remedy[i].File
	}
	return file, nil
}

// lab is the deployment as it is before, or with the remedy. A gateway runs beside what leaks, and takes its place after.
func (d *deployment) lab(t *testing.T, remedy string, mended bool) *labs.Lab {
	t.Helper()
	lab := d.Lab
	lab.Scan = append([]string{"--wait", "5s"}, d.Scan...) // longer than anything is stored before; after, nothing stored is in the way
	lab.Values = map[string]string{}
	files, err := os.ReadDir(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name, end, _ := strings.Cut(file.Name(), "."); end != "yaml" {
			lab.Values[name] = filepath.Join(d.Dir, file.Name())
		}
	}
	if mended || d.stack == "bearcache" {
		lab.Values[d.stack] = remedy
	}
	if mended {
		lab.Proof, lab.Target = d.After, lab.Servers[len(lab.Servers)-1].Name
	}
	return &lab
}

// findings shows by requests that the deployment is as it says, starts it anew, and scans it.
func findings(t *testing.T, lab *labs.Lab) []labs.Finding {
	t.Helper()
	dir, err := os.MkdirTemp("", "bearcache-remedy-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // servers that root starts become others
		t.Fatal(err)
	}
	if err := lab.Prove(t.Context(), programtest.Bearcache, filepath.Join(dir, "proof"), lab.Proof); err != nil {
		t.Fatalf("it is not as it says: %v; logs are in %s", err, dir)
	}
	rep, err := lab.Report(t.Context(), programtest.Bearcache, filepath.Join(dir, "scan"))
	if err != nil {
		t.Fatalf("%v; logs are in %s", err, dir)
	}
	os.RemoveAll(dir)
	for _, op := range rep.Operations {
		if op.Status != "tested" {
			t.Errorf("%s is not tested: %s", op.Operation, op.Reason)
		}
	}
	return rep.Findings
}

// Before, the scanner finds what the remedy is for; after, nothing of medium severity or more. The server loads the file that
// the catalogue shows, and no copy of it.
func TestRemedies(t *testing.T) {
	for _, d := range load(t) {
		t.Run(d.Name, func(t *testing.T) {
			if missing := d.Missing(); len(missing) > 0 {
				programtest.Missing(t, strings.Join(missing, ", "))
			}
			t.Parallel()
			file, err := d.remedy()
			if err != nil {
				t.Fatal(err)
			}
			remedy, err := filepath.Abs(filepath.Join("..", file))
			if err != nil {
				t.Fatal(err)
			}
			before := findings(t, d.lab(t, remedy, false))
			for operation, ids := range d.Leaks {
				for _, id := range ids {
					if !slices.ContainsFunc(before, func(f labs.Finding) bool { return f.Check == id && f.Operation == operation && f.Severe() }) {
						t.Errorf("before: %s of %s is not found in %+v", id, operation, before)
					}
				}
			}
			for _, f := range findings(t, d.lab(t, remedy, true)) {
				if f.Severe() && !slices.Contains(d.May[f.Operation], f.Check) {
					t.Errorf("after: %s of %s, %s: %s", f.Check, f.Operation, f.Severity, f.Summary)
				}
			}
		})
	}
}

// Nothing stands in the catalogue that no server has loaded.
func TestEveryRemedyIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, d := range load(t) {
		file, err := d.remedy()
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		for _, id := range d.rules() {
			tried[id+" "+d.stack+" "+file] = true
		}
	}
	for _, rule := range finding.Rules {
		for _, fix := range rule.Remedy {
			if fix.File != "" && !tried[rule.ID+" "+fix.Stack+" "+fix.File] {
				t.Errorf("%s, %s: no deployment tries %s", rule.ID, fix.Stack, fix.File)
			}
		}
	}
}
