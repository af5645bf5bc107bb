package main

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/config"
)

// What the README tells people to type must be what there is: its configuration is valid, and the
// flags it names exist.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) == 0 {
		t.Error("there is no configuration in it")
	}
	for _, b := range blocks {
		if _, err := config.Parse("README.md", []byte(b[1])); err != nil {
			t.Error(err)
		}
	}
	var help strings.Builder
	e := env{stdout: &help, stderr: &help, getenv: os.LookupEnv}
	for _, c := range commands {
		c.run(t.Context(), e, []string{"--help"})
	}
	flags := regexp.MustCompile(`(?m)(^|[\s\x60])(--[a-z][a-z-]+)`).FindAllStringSubmatch(string(data), -1)
	if len(flags) < 10 {
		t.Errorf("%d flags were found in it", len(flags))
	}
	for _, f := range flags {
		if !strings.Contains(help.String(), f[2]) {
			t.Errorf("no command has %s", f[2])
		}
	}
}

// What the README shows of an audit is what the example gives.
func TestReadmeAudit(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	var out, said strings.Builder
	e := env{stdout: &out, stderr: &said, getenv: func(string) (string, bool) { return "", false }, terminal: func(io.Writer) bool { return false }}
	if err := runAudit(t.Context(), e, []string{"examples/flask"}); !errors.Is(err, found{}) {
		t.Fatalf("%v: %s", err, said.String())
	}
	shown, _, _ := strings.Cut(out.String(), "  Fix: ")
	if !strings.HasPrefix(shown, "examples/flask/leaking.py:22 ") || !strings.Contains(string(data), "```\n"+shown+"```\n") {
		t.Errorf("the README does not show\n%s", shown)
	}
}
