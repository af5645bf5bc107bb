package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// makeHostile makes a tree of what stops programs that read source: what is too large, too deep, no text, no file, or goes round. One
// file in it is plain, and has a finding.
func makeHostile(dir string) error {
	var failed []error
	write := func(name string, data []byte) {
		name = filepath.Join(dir, name)
		failed = append(failed, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644))
	}
	link := func(target, name string) { failed = append(failed, os.Symlink(target, filepath.Join(dir, name))) }
	write("ok.paper", []byte("leak flask/token-in-log \x1b[2J\u202e\n"))
	write("large.paper", make([]byte, 16<<20+1))
	for _, ext := range []string{"py", "conf", "vcl", "paper"} {
		write("brackets."+ext, bytes.Repeat([]byte("["), 10_000))
		write("braces."+ext, bytes.Repeat([]byte("a {\n"), 10_000))
		write("calls."+ext, []byte("x = "+strings.Repeat("f(", 10_000)+"\n"))
		write("five-megabytes."+ext, bytes.Repeat([]byte("x = [1, 2, 3] # line\n"), 5<<20/21))
		write("one-line."+ext, bytes.Repeat([]byte("("), 1<<20))
		write("strings."+ext, []byte("x = '''"+strings.Repeat(`"\`, 1<<19)))
		write("nul."+ext, []byte("a\x00b\x00\n\xff\xfe\xed\xa0\x80"))
		write("random."+ext, bytes.Repeat([]byte{0x80, 0xc0, '"', '\'', '\\', '\n', '{', '@', 'd', 'e', 'f', ' '}, 1000))
		write("indented."+ext, []byte(strings.Repeat(" if x:\n", 1000)+deep(1000)))
		write("include."+ext, []byte("include include."+ext+";\ninclude *;\nInclude .\ninclude \"include.vcl\";\nimport include\nfrom include import *\n"))
	}
	write(".gitignore", []byte(strings.Repeat("*a", 2000)+"b\n"+strings.Repeat("**/", 2000)+"x\n[[[[[\n!\n\\"))
	write(strings.Repeat("d/", 150)+"deep.paper", []byte("nothing\n"))
	link("loop.paper", "loop.paper")
	link("/etc/passwd", "passwd.paper")
	link(".", "self")
	link("..", "up")
	link("missing", "missing")
	failed = append(failed, makePipe(filepath.Join(dir, "pipe.paper")))
	return errors.Join(failed...)
}

// deep is a block in a block, n times.
func deep(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "if x:\n")
	}
	return b.String()
}
