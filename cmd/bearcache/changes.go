package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/audit"
)

// revision is a name of a commit. It cannot be an option, nor a range, nor the text of a message to search for.
var revision = regexp.MustCompile(`^[A-Za-z0-9_@][A-Za-z0-9_./@{}~^+-]{0,199}$`)

// changedSince tells the files that differ from what they were in a revision, and those that Git does not track yet.
func changedSince(ctx context.Context, since string, trees []audit.Tree) (func(root, file string) bool, error) {
	if !revision.MatchString(since) || strings.Contains(since, "..") {
		return nil, problem("what --since names is no revision", "give a branch, a tag, or a commit such as origin/main or HEAD~3")
	}
	changed := make(map[string]map[string]bool) // by the name of the tree, then by file
	for _, t := range trees {
		files, err := changedIn(ctx, t.Name, since)
		if err != nil {
			return nil, err
		}
		changed[t.Name] = files
	}
	return func(root, file string) bool { return changed[root][file] }, nil
}

// changedIn are the files that changed under a directory, by their names in it.
func changedIn(ctx context.Context, dir, since string) (map[string]bool, error) {
	top, err := askGit(ctx, dir, "rev-parse", "--show-toplevel")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, problem("--since needs git, which is not installed", "install it, or leave --since out")
	case err != nil:
		return nil, problem("--since: "+harmlessPath(dir)+" is in no Git repository that can be read", "leave --since out")
	}
	root := strings.TrimSuffix(string(top), "\n")
	commit, err := askGit(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", since+"^{commit}")
	hash := strings.TrimSpace(string(commit))
	if err != nil || strings.Trim(hash, "0123456789abcdef") != "" || hash == "" {
		return nil, problem("--since: there is no revision "+harmless(since)+" in the repository of "+harmlessPath(dir), "fetch it first (git fetch; in CI with the whole history), or name another")
	}
	differing, err := askGit(ctx, root, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules", hash, "--")
	if err != nil {
		return nil, fmt.Errorf("--since: %w", err)
	}
	untracked, err := askGit(ctx, root, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil {
		return nil, fmt.Errorf("--since: %w", err)
	}
	place, err := placeIn(root, dir)
	if err != nil {
		return nil, fmt.Errorf("--since: %w", plainPath(err))
	}
	files := make(map[string]bool)
	for name := range bytes.SplitSeq(append(differing, untracked...), []byte{0}) {
		if place == "." {
			files[string(name)] = true
		} else if below, ok := strings.CutPrefix(string(name), place+"/"); ok {
			files[below] = true
		}
	}
	return files, nil
}

// placeIn is where dir is below root, with slashes.
func placeIn(root, dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	if root, err = filepath.EvalSymlinks(filepath.FromSlash(root)); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, dir)
	return path.Clean(filepath.ToSlash(rel)), err
}

// askGit runs git in a directory, and returns what it prints. The repository's own configuration shall run no programs: no monitor of
// the file system, no hooks, no program that makes differences.
func askGit(ctx context.Context, dir string, args ...string) ([]byte, error) {
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	args = append([]string{"-C", dir, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "diff.external=", "--no-pager"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	// A hook that we are called from has told git where its repository is. We ask about another directory, perhaps.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") || strings.HasPrefix(v, "GIT_PREFIX=") || strings.HasPrefix(v, "GIT_EXTERNAL_DIFF=")
	})
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, errors.New("git was not done in time")
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("git %s: %w", args[len(args)-1], err)
	}
	return out, err
}
