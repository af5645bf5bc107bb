package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/report"
)

type auditFlags struct {
	common
	reporting
	Since     string   `placeholder:"REV" help:"Tell only findings that touch files changed since this Git revision, files that Git does not track yet among them. Everything is read all the same."`
	Fix       bool     `help:"Write the fixes that change nothing but what is wrong, and report what remains. Never through a symbolic link."`
	Rules     []string `placeholder:"ID" help:"Look for these rules only."`
	SkipRules []string `placeholder:"ID" help:"Leave these rules out."`
	Explain   *string  `placeholder:"RULE" help:"Say what a rule looks for and how to mend it, and do nothing else."`
	Verbose   bool     `short:"v" help:"List comments that silence nothing, too."`
	Paths     []string `arg:"" optional:"" name:"path" help:"Directories and files; the current directory if none is given."`
}

const auditHelp = `
Find, in Flask source and in nginx, Varnish and Apache configuration, the lines that make a cache hand one caller's answer to another.
Nothing is run and nothing is sent anywhere: files are read. What .gitignore ignores is left out, and so are virtual environments and node_modules.
A comment "bearcache: ignore RULE reason" on the line, or on a line of its own above it, silences a finding.

Example: bearcache audit
         bearcache audit --format sarif=audit.sarif --format terminal src deploy/nginx.conf`

func runAudit(ctx context.Context, e env, args []string) error {
	var flags auditFlags
	if err := parse(e, "audit", auditHelp, &flags, args); err != nil {
		return err
	}
	if flags.Explain != nil {
		return explain(e, *flags.Explain, finding.SourceRules)
	}
	if _, err := flags.load(); err != nil {
		return err
	}
	failOn, err := flags.threshold()
	if err != nil {
		return err
	}
	outputs, err := flags.outputs(flags.Verbose)
	if err != nil {
		return err
	}
	known, err := flags.known(report.AuditSchema)
	if err != nil {
		return err
	}
	paths := flags.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	source, err := openSource(paths)
	if err != nil {
		return err
	}
	defer source.Close()
	options, err := flags.options(ctx, source.Trees)
	if err != nil {
		return err
	}
	if _, set := e.getenv("GOMEMLIMIT"); !set {
		options.Loaded = collectOften
	}
	result, err := auditOf(ctx, source.Trees, options, known, flags.Fix)
	result.Version, _ = build()
	result.FailOn, result.Known = failOn, known
	result.Audit.Since = flags.Since
	result.Audit.Paths = paths
	withoutSecrets(result)
	verdict, exit := auditOutcome(result, err)
	return writeAll(e, outputs, result, verdict, exit)
}

// collectOften keeps the heap near what the trees of all files need at once, which is some 15 times their text: without it the collector
// waits until there is twice as much. Nearer than that it would run without end.
func collectOften(size int64) { debug.SetMemoryLimit(max(200<<20, 21*size)) }

// auditOf audits, and with fix writes what may be written, and audits again: what remains is what is there, and not what should be.
func auditOf(ctx context.Context, trees []audit.Tree, o audit.Options, known map[string]bool, fix bool) (*finding.Report, error) {
	result, texts := audit.Run(ctx, trees, o)
	if fix && ctx.Err() == nil {
		result.Known = known
		fixed, problems := writeFixes(trees, result, texts)
		began := result.Started
		if len(fixed) > 0 {
			result, _ = audit.Run(ctx, trees, o)
			result.Duration += result.Started.Sub(began)
			result.Started = began
		}
		result.Audit.Fixed = fixed
		result.Audit.Problems = append(result.Audit.Problems, problems...)
	}
	if !result.Complete {
		return result, errors.New(result.Incomplete)
	}
	return result, nil
}

// writeFixes writes the fixes that are safe. A finding is fixed if all of its files were written.
func writeFixes(trees []audit.Tree, r *finding.Report, texts audit.Texts) (fixed []finding.Finding, problems []finding.Problem) {
	for _, t := range trees {
		files, done := audit.Fixes(t, r, texts)
		failed := make(map[string]bool)
		for _, f := range files {
			if err := t.Write(f); err != nil {
				failed[f.File] = true
				problems = append(problems, finding.Problem{Root: t.Name, Place: finding.Place{File: f.File, Note: fmt.Sprintf("the fix was not written: %v", err)}})
			}
		}
		for _, f := range done {
			if !slices.ContainsFunc(f.Source.Edits, func(e finding.Edit) bool { return failed[e.File] }) {
				fixed = append(fixed, f)
			}
		}
	}
	return fixed, problems
}

// openSource opens what the user named.
func openSource(paths []string) (*audit.Opened, error) {
	source, err := audit.Open(paths)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, problem(plainPath(err).Error(), "give a directory or a file to audit")
	case err != nil:
		return nil, fmt.Errorf("cannot read the source: %w", plainPath(err))
	}
	return source, nil
}

func (f *auditFlags) options(ctx context.Context, trees []audit.Tree) (o audit.Options, err error) {
	o.Languages = languages
	if o.Wanted, err = f.wanted(); err != nil {
		return o, err
	}
	if f.Since != "" {
		o.Concern, err = changedSince(ctx, f.Since, trees)
	}
	return o, err
}

// wanted tells the rules to look for; nil: all of them.
func (f *auditFlags) wanted() (func(*finding.Rule) bool, error) {
	ids := idsOf(finding.SourceRules)
	for _, list := range [][]string{f.Rules, f.SkipRules} {
		for i, id := range list {
			if list[i] = strings.TrimSpace(id); !slices.Contains(ids, list[i]) {
				return nil, notAmong("rule", list[i], ids)
			}
		}
	}
	if len(f.Rules)+len(f.SkipRules) == 0 {
		return nil, nil
	}
	wanted := func(r *finding.Rule) bool {
		return (len(f.Rules) == 0 || slices.Contains(f.Rules, r.ID)) && !slices.Contains(f.SkipRules, r.ID)
	}
	if !slices.ContainsFunc(finding.SourceRules, wanted) {
		return nil, errors.New("--rules and --skip-rules leave no rule to look for")
	}
	return wanted, nil
}

func idsOf(rules []*finding.Rule) (ids []string) {
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	return ids
}

// auditOutcome is what ends a terminal report, and the error that makes the exit status.
func auditOutcome(r *finding.Report, err error) (verdict string, exit error) {
	switch {
	case err != nil:
		return "exit 3 (not completed)", unfinished{err}
	case slices.ContainsFunc(r.Findings, r.Counts):
		return "exit 1", found{}
	case len(r.Findings) == 0:
		return "exit 0", nil
	case r.FailOn == finding.Never:
		return "exit 0 (findings do not count with --fail-on never)", nil
	case r.Known != nil:
		return "exit 0 (nothing new" + atThreshold(r.FailOn) + ")", nil
	}
	return "exit 0 (nothing" + atThreshold(r.FailOn) + ")", nil
}
