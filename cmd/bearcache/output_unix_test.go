//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// Whether a report can be written is known before the scan, and finding that out changes nothing.
func TestWritable(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string, mode fs.FileMode) {
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("old.json", "old", 0o640)
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("not-yet", "link"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"new.json": "", "old.json": "", "link": "", "pipe": "", "/dev/stdout": "", "/dev/null": "",
		"dir": "dir: is a directory", "missing/new.json": "missing/new.json: no such file or directory", "old.json/new": "old.json/new: not a directory",
	} {
		_, err := (&reporting{Format: []string{"json=" + name}}).outputs(false)
		if want != "" {
			want = "cannot write the report: " + want
		}
		if got := errorText(err); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if names, want := listing(t), "dir link old.json pipe"; names != want {
		t.Errorf("there is %s, want %s", names, want)
	}
	if data, err := os.ReadFile("old.json"); err != nil || string(data) != "old" {
		t.Errorf("the old report is %q, %v", data, err)
	}
}

// A report replaces what was there, and arrives where it cannot.
func TestPut(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("old.json", bytes.Repeat([]byte("old"), 10_000), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Link("old.json", "before"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("not-yet", "link"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"new.json", "old.json", "link"} {
		if err := (reportTo{name: "json", file: name}).write(env{stdout: io.Discard}, &finding.Report{Target: "t"}, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		data, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(data, []byte("{")) || !bytes.HasSuffix(data, []byte("}\n")) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if names, want := listing(t), "before link new.json not-yet old.json"; names != want {
		t.Errorf("there is %s, want %s", names, want)
	}
	for name, want := range map[string]fs.FileMode{"new.json": 0o600, "old.json": 0o640} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	if data, err := os.ReadFile("before"); err != nil || len(data) != 30_000 {
		t.Errorf("the old report was changed in its place: %d bytes, %v", len(data), err)
	}

	err := put(io.Discard, "missing/x.json", nil)
	if got, want := errorText(plainPath(err)), "missing/x.json: no such file or directory"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What reads from a pipe gets one report, and standard output may be a file that holds more.
func TestPutIntoPipeAndStdout(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writable("pipe"); err != nil { // would wait for a reader, if it opened the pipe
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		data, err := os.ReadFile("pipe")
		read <- string(data) + errorText(err)
	}()
	if err := put(io.Discard, "pipe", []byte("report")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "report" {
		t.Errorf("the pipe held %q", got)
	}

	stdout, err := os.Create("out")
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	stdout.WriteString("before ")
	if err := put(stdout, fmt.Sprintf("/dev/fd/%d", stdout.Fd()), []byte("report")); err != nil {
		t.Fatal(err)
	}
	stdout.WriteString(" after")
	if data, _ := os.ReadFile("out"); string(data) != "before report after" {
		t.Errorf("standard output holds %q", data)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func listing(t *testing.T) string {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}
