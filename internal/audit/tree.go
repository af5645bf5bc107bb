package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// Tree is what is under one path that the user named.
type Tree struct {
	Name string // as the user wrote it
	FS   fs.FS
	// Only are the files to read, where the user named files. They are read whatever a .gitignore says. Nil: all that a language matches.
	Only []string
	// above is what the .gitignore files above the tree say, and where in their repository the tree is; "." is its top.
	above []ignoreFile
	place string
}

// Bounds of what is read of one tree.
const (
	maxFileSize   = 16 << 20
	maxIgnoreSize = 1 << 20
	maxTotal      = 512 << 20
)

// leftOut are directories in which nobody's own source is.
var leftOut = []string{
	".git", ".hg", ".svn", ".bzr", "node_modules", "bower_components", "__pycache__", "site-packages", "dist-packages", "__pypackages__",
	".tox", ".nox", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".cache", ".venv", ".direnv", ".terraform", ".idea", ".vscode",
}

// walker reads a tree. It opens nothing that is no regular file, since a FIFO would have it wait and a device may do anything.
type walker struct {
	ctx       context.Context
	tree      Tree
	match     func(path string) bool
	files     []File
	links     []string // symbolic links that may lead to files
	problems  []finding.Place
	total     int64
	exhausted bool // there is more than maxTotal
}

// read is the files of the tree that match, in the order of their names.
func (w *walker) read() {
	if w.tree.Only != nil {
		for _, name := range w.tree.Only {
			w.only(name)
		}
	} else {
		w.directory(".", w.tree.above)
	}
	w.followLinks()
	slices.SortFunc(w.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

func (w *walker) stopped() bool { return w.ctx.Err() != nil || w.exhausted }

func (w *walker) problem(name, format string, args ...any) {
	w.problems = append(w.problems, finding.Place{File: name, Note: fmt.Sprintf(format, args...)})
}

// directory reads what is in dir, where ignore holds.
func (w *walker) directory(dir string, ignore []ignoreFile) {
	if w.stopped() {
		return
	}
	entries, err := fs.ReadDir(w.tree.FS, dir)
	if err != nil { // there may be entries, too
		w.problem(dir, "the directory cannot be read: %v", cause(err))
	}
	if dir != "." && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "pyvenv.cfg" }) {
		return // a virtual environment
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".gitignore" && e.Type().IsRegular() }) {
		if text, err := w.text(path.Join(dir, ".gitignore"), maxIgnoreSize); err != nil {
			w.problem(path.Join(dir, ".gitignore"), "%v; nothing is left out because of it", err)
		} else {
			ignore = append(ignore[:len(ignore):len(ignore)], parseIgnore(path.Join(w.tree.place, dir), text))
		}
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case w.stopped():
			return
		case e.IsDir():
			if !slices.Contains(leftOut, e.Name()) && !ignored(ignore, path.Join(w.tree.place, name), true) {
				w.directory(name, ignore)
			}
		case !w.match(name) || ignored(ignore, path.Join(w.tree.place, name), false):
		case e.Type()&fs.ModeSymlink != 0:
			w.links = append(w.links, name)
		case !e.Type().IsRegular():
			w.problem(name, "it is %s, and not opened", kindOf(e.Type()))
		default:
			w.file(name, name)
		}
	}
}

// only reads a file that the user named.
func (w *walker) only(name string) {
	info, err := fs.Lstat(w.tree.FS, name)
	switch {
	case err != nil:
		w.problem(name, "it cannot be read: %v", cause(err))
	case !w.match(name):
		w.problem(name, "no language of this version reads a file of this name")
	case info.Mode()&fs.ModeSymlink != 0:
		w.links = append(w.links, name)
	case !info.Mode().IsRegular():
		w.problem(name, "it is %s, and not opened", kindOf(info.Mode()))
	default:
		w.file(name, name)
	}
}

// file reads the regular file that is called name in the tree, and real beneath its links.
func (w *walker) file(name, real string) {
	text, err := w.text(real, maxFileSize)
	if err != nil {
		w.problem(name, "%v", err)
		return
	}
	if w.total += int64(len(text)); w.total > maxTotal {
		w.exhausted = true
		w.problem(name, "this file and those behind it were not read: there are more than %d MiB; name directories further in", maxTotal>>20)
		return
	}
	w.files = append(w.files, File{Path: name, Text: text})
}

// text is what is in a regular file, if that is no more than most.
func (w *walker) text(name string, most int64) ([]byte, error) {
	f, err := w.tree.FS.Open(name)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", cause(err))
	case !info.Mode().IsRegular(): // it was a moment ago
		return nil, fmt.Errorf("it is %s, and not read", kindOf(info.Mode()))
	case info.Size() > most:
		return nil, tooLarge(most)
	}
	var text bytes.Buffer
	text.Grow(int(info.Size()) + bytes.MinRead) // its end shows without growing
	switch _, err := text.ReadFrom(io.LimitReader(f, most+1)); {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", cause(err))
	case int64(text.Len()) > most: // files of /proc say that they are empty
		return nil, tooLarge(most)
	}
	return text.Bytes(), nil
}

func tooLarge(most int64) error {
	return fmt.Errorf("it has more than %d MiB, and is not read", most>>20)
}

// cause is a file error without the path, which stands before it anyway, and the name of the system call.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m.IsDir():
		return "a directory"
	}
	return "no regular file"
}

// followLinks reads the files that links lead to, each once, and not at all if the walk came to it under its own name: then the link is
// one more name of it.
func (w *walker) followLinks() {
	at := make(map[string]int, len(w.files))
	for i, f := range w.files {
		at[f.Path] = i
	}
	for _, link := range w.links {
		if w.stopped() {
			return
		}
		real, err := resolve(w.tree.FS, link)
		if err != nil {
			w.problem(link, "the link is not followed: %v", err)
			continue
		}
		if i, ok := at[real]; ok {
			w.files[i].Links = append(w.files[i].Links, link)
			continue
		}
		info, err := fs.Lstat(w.tree.FS, real)
		switch {
		case err != nil:
			w.problem(link, "the link is not followed: %v", cause(err))
		case info.IsDir(): // which the walk comes to by itself
		case !info.Mode().IsRegular():
			w.problem(link, "it leads to %s, which is not opened", kindOf(info.Mode()))
		default:
			n := len(w.files)
			if w.file(link, real); len(w.files) > n {
				at[real] = n
			}
		}
	}
}

// errOutside is about a link that leads out of the tree.
var errOutside = errors.New("it leads out of the tree")

// resolve is the name of what a path leads to, without links in it.
func resolve(fsys fs.FS, name string) (string, error) {
	const mostLinks = 40
	links := 0
	rest, done := strings.Split(name, "/"), []string{}
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(done) == 0 {
				return "", errOutside
			}
			done = done[:len(done)-1]
			continue
		}
		here := strings.Join(append(done[:len(done):len(done)], part), "/")
		info, err := fs.Lstat(fsys, here)
		if err != nil {
			return "", cause(err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = append(done, part)
			continue
		}
		if links++; links > mostLinks {
			return "", errors.New("it leads round in a circle")
		}
		target, err := fs.ReadLink(fsys, here)
		if err != nil {
			return "", cause(err)
		}
		if path.IsAbs(target) || strings.Contains(target, ":/") {
			return "", errOutside
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return cmp.Or(strings.Join(done, "/"), "."), nil
}
