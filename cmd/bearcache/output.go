package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/report"
)

// target of a report: a format and where it goes.
type reportTo struct {
	name, file string
	verbose    bool
}

// reporting are the flags of commands that report findings.
type reporting struct {
	Format   []string `sep:"none" placeholder:"FORMAT[=FILE]" help:"terminal (default), json, sarif, html, junit or markdown, to standard output or to FILE; repeatable."`
	FailOn   string   `default:"medium" placeholder:"LEVEL" help:"Exit with 1 for findings of this severity or more: info, low, medium, high, critical, never."`
	Baseline string   `placeholder:"FILE" help:"An earlier JSON report of this command; only what is new counts for the exit status, and scan shows what is gone as fixed."`
}

// threshold is the severity from which on findings count.
func (f *reporting) threshold() (finding.Severity, error) {
	failOn, err := finding.ParseSeverity(harmless(f.FailOn))
	if err != nil {
		return failOn, fmt.Errorf("--fail-on: %w", err)
	}
	return failOn, nil
}

// outputs are where reports go.
func (f *reporting) outputs(verbose bool) ([]reportTo, error) {
	if len(f.Format) == 0 {
		return []reportTo{{name: "terminal", verbose: verbose}}, nil
	}
	var list []reportTo
	toStdout := 0
	for _, spec := range f.Format {
		name, file, named := strings.Cut(spec, "=")
		if _, err := report.Find(harmless(name)); err != nil {
			return nil, fmt.Errorf("--format: %w", err)
		}
		if file == "-" {
			file, named = "", false
		}
		switch {
		case named && file == "":
			return nil, fmt.Errorf("--format %s=: the name of the file is missing", name)
		case named && slices.ContainsFunc(list, func(o reportTo) bool { return o.file == file }):
			return nil, fmt.Errorf("--format: two reports cannot go to one file, %s", file)
		case !named:
			toStdout++
		default:
			// Now, not after the scan: a report that cannot be written is a scan for nothing.
			if err := writable(file); err != nil {
				return nil, fmt.Errorf("cannot write the report: %w", plainPath(err))
			}
		}
		list = append(list, reportTo{name, file, verbose})
	}
	if toStdout > 1 {
		return nil, errors.New("--format: only one report can go to standard output; write FORMAT=FILE for the others")
	}
	return list, nil
}

// writeAll writes every report, so that one that cannot be written does not cost the others. exit is how the command ends otherwise.
func writeAll(e env, outputs []reportTo, r *finding.Report, verdict string, exit error) error {
	for _, o := range outputs {
		if err := o.write(e, r, verdict); err != nil {
			exit = unfinished{err}
		}
	}
	return exit
}

func (o reportTo) write(e env, r *finding.Report, verdict string) error {
	format, err := report.Find(o.name)
	if err != nil {
		return err
	}
	if o.name == "terminal" {
		format = report.Terminal(report.Style{Colour: o.file == "" && e.colour(e.stdout), Verbose: o.verbose, Verdict: verdict})
	}
	if o.file == "" {
		err = format(e.stdout, r)
	} else {
		var whole bytes.Buffer
		if err = format(&whole, r); err == nil {
			err = put(e.stdout, o.file, whole.Bytes())
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", plainPath(err))
	}
	return nil
}

// known are the findings of the earlier report, which schema names; nil: there is none.
func (f *reporting) known(schema string) (map[string]bool, error) {
	if f.Baseline == "" {
		return nil, nil
	}
	file, err := os.Open(f.Baseline)
	if err != nil {
		return nil, fmt.Errorf("cannot read the baseline: %w", plainPath(err))
	}
	defer file.Close()
	known, err := report.ReadBaseline(file, schema)
	if err != nil {
		return nil, fmt.Errorf("cannot read the baseline %s: %w", harmlessPath(f.Baseline), err)
	}
	return known, nil
}

// writable is an error if a report cannot go to file. It leaves everything as it was: no empty file for
// a scan that never began, and no pipe that was opened and closed before its report came.
func writable(file string) error {
	info, err := os.Stat(file)
	switch {
	case err == nil && !info.Mode().IsRegular() && !info.IsDir():
		return nil // a pipe, a terminal: it shows when it is written to
	case err == nil:
		f, err := os.OpenFile(file, os.O_WRONLY, 0) // of a directory this is the error
		if err != nil {
			return err
		}
		return f.Close()
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil // a link to what is not there yet
	case err != nil:
		return err
	}
	f.Close()
	return os.Remove(file)
}

// put writes a report to file: all of it, or what was there stays.
func put(stdout io.Writer, file string, data []byte) error {
	if isSame(stdout, file) {
		_, err := stdout.Write(data) // opened again, /dev/stdout would begin anew where it is a file
		return err
	}
	info, err := os.Lstat(file)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return overwrite(file, data)
	case err == nil:
		return replace(file, data, info.Mode().Perm())
	}
	return replace(file, data, 0o600)
}

func isSame(w io.Writer, file string) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(file)
	return err == nil && os.SameFile(a, b)
}

// replace makes a new file and gives it the name of the old.
func replace(file string, data []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".bearcache-*")
	if err != nil {
		return overwrite(file, data) // in a directory where nothing may be made
	}
	defer os.Remove(tmp.Name()) // in vain once it has the other name
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	var pe *fs.PathError
	var le *os.LinkError
	switch { // the name that the user knows
	case errors.As(err, &pe):
		return &fs.PathError{Op: "write", Path: file, Err: pe.Err}
	case errors.As(err, &le):
		return &fs.PathError{Op: "rename", Path: file, Err: le.Err}
	}
	return err
}

func overwrite(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
