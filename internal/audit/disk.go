package audit

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Opened are trees on the disk.
type Opened struct {
	Trees []Tree
	roots []*os.Root
}

// Open opens what the user named: directories, and files, of which those of one directory are one tree. Nothing outside of it is read
// but the .gitignore files above it, up to the top of the repository.
func Open(paths []string) (*Opened, error) {
	o := &Opened{}
	for _, name := range paths {
		if err := o.add(name); err != nil {
			o.Close()
			return nil, err
		}
	}
	return o, nil
}

// Close forgets the trees.
func (o *Opened) Close() {
	for _, r := range o.roots {
		r.Close()
	}
}

func (o *Opened) add(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	dir, only := filepath.Clean(name), ""
	if !info.IsDir() {
		dir, only = filepath.Dir(dir), filepath.Base(dir)
	}
	i := slices.IndexFunc(o.Trees, func(t Tree) bool { return t.Name == dir && (t.Only != nil) == (only != "") })
	if i < 0 {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		o.roots = append(o.roots, root)
		t := Tree{Name: dir, FS: disk{root.FS(), root}}
		if only == "" {
			t.place, t.above = repository(dir)
		}
		i, o.Trees = len(o.Trees), append(o.Trees, t)
	}
	if only != "" && !slices.Contains(o.Trees[i].Only, only) {
		o.Trees[i].Only = append(o.Trees[i].Only, only)
	}
	return nil
}

// disk is a directory that nothing leads out of, and in which no file has whoever opens it wait.
type disk struct {
	fs.FS
	root *os.Root
}

func (d disk) Open(name string) (fs.File, error) {
	return d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // what was a file a moment ago may be a FIFO now
}

func (d disk) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.FS, name) }

func (d disk) Lstat(name string) (fs.FileInfo, error) { return d.root.Lstat(name) }

func (d disk) ReadLink(name string) (string, error) {
	target, err := d.root.Readlink(name)
	return filepath.ToSlash(target), err
}

// repository is the place of a directory in the Git repository around it, and what that says above it of files to ignore. A directory
// that is ignored itself was named by the user, who means it.
func repository(dir string) (place string, above []ignoreFile) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ".", nil
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return ".", nil
	}
	top := dir
	for !exists(filepath.Join(top, ".git")) {
		if parent := filepath.Dir(top); parent != top {
			top = parent
			continue
		}
		return ".", nil
	}
	rel, err := filepath.Rel(top, dir)
	if err != nil {
		return ".", nil
	}
	place = filepath.ToSlash(rel)
	above = append(above, ignoreFileAt(".", filepath.Join(top, ".git", "info", "exclude")))
	if place == "." {
		return place, above
	}
	at := "."
	for part := range strings.SplitSeq(place, "/") {
		above = append(above, ignoreFileAt(at, filepath.Join(top, filepath.FromSlash(at), ".gitignore")))
		if at = path.Join(at, part); ignored(above, at, true) {
			return ".", nil
		}
	}
	return place, above
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// ignoreFileAt is what a file of patterns says; nothing, if there is none or it cannot be read.
func ignoreFileAt(base, name string) ignoreFile {
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() > maxIgnoreSize {
		return ignoreFile{base: base}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return ignoreFile{base: base}
	}
	return parseIgnore(base, text)
}

// Rewritten is a file with its edits made.
type Rewritten struct {
	File   string
	Before []byte // what it held when it was read
	After  []byte
}

var (
	errChanged = errors.New("it has changed since it was read")
	errLinked  = errors.New("it is reached by a symbolic link")
)

// Write puts the new text of a file in the place of the old: all of it, or what was there stays. It writes through no link, and not over
// what somebody else has written meanwhile.
func (t Tree) Write(r Rewritten) error {
	d, ok := t.FS.(disk)
	if !ok {
		return errors.New("the tree is on no disk")
	}
	if real, err := resolve(d, r.File); err != nil || real != r.File {
		return errors.Join(err, errLinked)
	}
	info, err := d.root.Lstat(r.File)
	if err != nil {
		return cause(err)
	}
	if !info.Mode().IsRegular() {
		return errLinked
	}
	if now, err := d.read(r.File); err != nil || string(now) != string(r.Before) {
		return errors.Join(err, errChanged)
	}
	return cause(d.replace(r.File, r.After, info.Mode().Perm()))
}

func (d disk) read(name string) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileSize+1))
}

// replace makes a new file beside the old and gives it its name.
func (d disk) replace(name string, data []byte, mode fs.FileMode) error {
	tmp := path.Join(path.Dir(name), ".bearcache-"+path.Base(name)+".tmp")
	f, err := d.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = d.root.Rename(tmp, name)
	}
	if err != nil {
		d.root.Remove(tmp)
	}
	return err
}
