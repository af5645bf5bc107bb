//go:build unix

package audit

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// onDisk makes files in a new directory, of which "-> target" is a link, and goes there.
func onDisk(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, name)
		} else {
			err = os.WriteFile(name, []byte(text), 0o640)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, paths ...string) []Tree {
	t.Helper()
	o, err := Open(paths)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o.Trees
}

// Nothing outside of the tree is read, and nothing has the walk wait or go round.
func TestDisk(t *testing.T) {
	onDisk(t, map[string]string{
		"src/a.py": "", "outside.py": "", "src/link.py": "-> a.py", "src/out.py": "-> ../outside.py", "src/dir": "-> ..", "src/loop": "-> loop",
		"src/self": "-> .", "src/absolute.py": "-> /etc/hostname", "src/etc": "-> /etc",
	})
	if err := syscall.Mkfifo("src/pipe.py", 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", "src/socket.py")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	trees := open(t, "src")
	files, problems := walk(t, trees[0])
	compare(t, "files", files, []string{"a.py <- link.py"})
	compare(t, "problems", problems, []string{
		"pipe.py: it is a named pipe, and not opened", "socket.py: it is a socket, and not opened", "absolute.py: the link is not followed: it leads out of the tree",
		"out.py: the link is not followed: it leads out of the tree",
	})
	// A FIFO that takes the place of a file between two looks is opened without waiting, and not read.
	w := &walker{ctx: t.Context(), tree: trees[0]}
	if _, err := w.text("pipe.py", 1); err == nil || err.Error() != "it is a named pipe, and not read" {
		t.Error(err)
	}
}

// Files of one directory are one tree; a directory named with a slash is the same as one without.
func TestOpen(t *testing.T) {
	onDisk(t, map[string]string{"src/a.py": "", "src/b.py": "", "src/app/c.py": "", "d.py": ""})
	var got []string
	for _, tree := range open(t, "src/a.py", "src/", "src/b.py", "src/app/c.py", "d.py", "./src", "src/a.py") {
		got = append(got, tree.Name+" "+strings.Join(tree.Only, ","))
	}
	compare(t, "trees", got, []string{"src a.py,b.py", "src ", "src/app c.py", ". d.py"})
	if _, err := Open([]string{"src", "nowhere"}); err == nil {
		t.Error("nowhere was opened")
	}
}

// What the repository says above the tree holds within it, but for a directory that the user named although it is ignored.
func TestRepositoryAbove(t *testing.T) {
	onDisk(t, map[string]string{
		".git/info/exclude": "excluded.py\n", ".gitignore": "/sub/top.py\n*.gen.py\nold/\n", "sub/.gitignore": "!kept.gen.py\n/src/own.py\n",
		"sub/src/a.py": "", "sub/src/excluded.py": "", "sub/src/x.gen.py": "", "sub/src/kept.gen.py": "", "sub/src/own.py": "", "sub/src/top.py": "", "sub/src/old/x.py": "",
		"old/x.gen.py": "",
	})
	files, _ := walk(t, open(t, "sub/src")[0])
	compare(t, "a directory of a repository", files, []string{"a.py", "kept.gen.py", "top.py"})
	files, _ = walk(t, open(t, "old")[0])
	compare(t, "one that is ignored", files, []string{"x.gen.py"})
	files, _ = walk(t, open(t, ".")[0])
	compare(t, "the top", files, []string{"sub/src/a.py", "sub/src/kept.gen.py", "sub/src/top.py"})
}

func TestWrite(t *testing.T) {
	onDisk(t, map[string]string{"src/a.py": "before", "src/link.py": "-> a.py", "src/real/b.py": "before", "src/dir": "-> real", "out.py": "before", "src/out.py": "-> ../out.py"})
	tree := open(t, "src")[0]
	for name, want := range map[string]string{
		"a.py": "", "link.py": "it is reached by a symbolic link", "dir/b.py": "it is reached by a symbolic link", "out.py": "it leads out of the tree\nit is reached by a symbolic link",
		"missing.py": "file does not exist\nit is reached by a symbolic link", "../out.py": "it leads out of the tree\nit is reached by a symbolic link",
	} {
		got := ""
		if err := tree.Write(Rewritten{name, []byte("before"), []byte("after")}); err != nil {
			got = err.Error()
		}
		if strings.ReplaceAll(got, "no such file or directory", "file does not exist") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := tree.Write(Rewritten{"real/b.py", []byte("something else"), []byte("after")}); err == nil || err.Error() != "it has changed since it was read" {
		t.Error(err)
	}
	for name, want := range map[string]string{"src/a.py": "after", "src/real/b.py": "before", "out.py": "before"} {
		if text, err := os.ReadFile(name); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if info, err := os.Lstat("src/a.py"); err != nil || info.Mode() != fs.FileMode(0o640) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir("src"); err != nil || len(entries) != 5 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	os.Remove("src/a.py")
	os.Symlink("../out.py", "src/a.py")
	if err := tree.Write(Rewritten{"a.py", []byte("before"), []byte("after")}); err == nil {
		t.Error("a link that took the place of the file was written through")
	}
}
