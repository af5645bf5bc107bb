// Package audit finds, in source code and configuration, the lines that make a cache hand one caller's answer to another. It hides
// how files are found and which are left out, how comments silence a finding, and that languages know nothing of each other.
package audit

import "github.com/bearcache/bearcache/internal/finding"

// File is one file of the tree under audit.
type File struct {
	Path string // relative to the root of the audit, with slashes
	Text []byte // as it stands on the disk; nobody writes to it
	// Links are other names of the file within the tree: symbolic links that lead to it. sites-enabled/api may be one of sites-available/api.
	Links []string
}

// Language knows one framework or server.
type Language struct {
	Name string
	// Match reports whether a file with this path may be of interest. Whether it is, Audit sees in its text: more than one language may
	// match a path, and each leaves alone what is none of its own.
	Match func(path string) bool
	// Audit judges the files that match, all of one tree together: what one of them says, another may hold true or undo. It reads
	// nothing but these texts, holds against any of them, and has no state.
	Audit func(files []File) Result
	// Comments are the line comments of a file, in order. Nil: the name of the file tells what a comment looks like.
	Comments func(f File) []Comment
}

// Comment is what stands in a line behind the mark that makes it a comment.
type Comment struct {
	Line  int    // from 1
	Text  string // without the mark
	Alone bool   // nothing but blanks stands before it in its line
}

// Result is what a language found.
type Result struct {
	Findings []finding.Finding // each with its Source; in any order
	Problems []finding.Place   // files, or parts of them, that could not be read as what they seem to be
}
