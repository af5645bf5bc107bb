package audit

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// Options are what an audit is to do.
type Options struct {
	Languages []Language
	// Wanted reports whether a rule is looked for. Nil: all are.
	Wanted func(*finding.Rule) bool
	// Concern reports whether findings that touch a file are to be told. Nil: all are. Every file is read in any case, since what makes
	// a bug may stand in another.
	Concern func(root, file string) bool
	// Loaded is told how many bytes of text a tree has, before anything is made of them. Nil: nobody asks.
	Loaded func(size int64)
}

// Texts are the files that an audit has read, by the name of their tree and their own.
type Texts map[[2]string][]byte

// Run audits trees. Its report has what was found until ctx ended, and says so if it did.
func Run(ctx context.Context, trees []Tree, o Options) (*finding.Report, Texts) {
	r := &finding.Report{Started: time.Now(), Complete: true, Audit: &finding.Audited{}}
	texts := make(Texts)
	for _, t := range trees {
		a := &auditor{ctx: ctx, tree: t, options: o, report: r}
		a.run()
		for _, f := range a.files {
			texts[[2]string{t.Name, f.Path}] = f.Text
			for _, link := range f.Links {
				texts[[2]string{t.Name, link}] = f.Text
			}
		}
	}
	r.Sort()
	numberKeys(r.Findings)
	r.Audit.Text = texts.lines()
	slices.SortStableFunc(r.Audit.Problems, func(a, b finding.Problem) int {
		return cmp.Or(strings.Compare(a.Root, b.Root), strings.Compare(a.File, b.File), a.Line-b.Line)
	})
	if ctx.Err() != nil {
		r.Complete, r.Incomplete = false, "interrupted before everything was read"
	}
	r.Duration = time.Since(r.Started)
	return r, texts
}

// lines has each file taken apart once.
func (t Texts) lines() func(root, file string) []string {
	apart := make(map[[2]string][]string)
	return func(root, file string) []string {
		key := [2]string{root, file}
		if text, ok := t[key]; ok && apart[key] == nil {
			apart[key] = linesOf(text)
		}
		return apart[key]
	}
}

// auditor works on one tree.
type auditor struct {
	ctx     context.Context
	tree    Tree
	options Options
	report  *finding.Report
	files   []File
}

func (a *auditor) run() {
	w := &walker{ctx: a.ctx, tree: a.tree, match: a.match}
	w.read()
	a.files = w.files
	a.report.Audit.Files += len(a.files)
	if a.options.Loaded != nil {
		var size int64
		for _, f := range a.files {
			size += int64(len(f.Text))
		}
		a.options.Loaded(size)
	}
	a.problems(w.problems)
	if w.exhausted {
		a.incomplete("not all files were read: there are too many of them")
	}
	comments := a.suppressions()
	for _, result := range a.results() {
		a.problems(result.Problems)
		a.take(result.Findings, comments)
	}
	a.idle(comments)
}

func (a *auditor) match(path string) bool {
	return slices.ContainsFunc(a.options.Languages, func(l Language) bool { return l.Match(path) })
}

func (a *auditor) problems(list []finding.Place) {
	for _, p := range list {
		a.report.Audit.Problems = append(a.report.Audit.Problems, finding.Problem{Root: a.tree.Name, Place: p})
	}
}

func (a *auditor) incomplete(why string) {
	a.report.Complete = false
	a.report.Incomplete = cmp.Or(a.report.Incomplete, why)
}

// outcome is a Result, with the problems of a language that failed.
type outcome struct {
	Result
	failed string // why the language did not come to an end; "" if it did
}

// results runs the languages beside each other, and returns what they found in their order. One that is at work when ctx ends is left
// behind: it holds texts only, and the program is about to end.
func (a *auditor) results() (list []outcome) {
	done := make([]chan outcome, len(a.options.Languages))
	for i, l := range a.options.Languages {
		done[i] = make(chan outcome, 1)
		go func() { done[i] <- judge(a.ctx, l, a.files) }()
	}
	for i, l := range a.options.Languages {
		select {
		case o := <-done[i]:
			if o.failed != "" {
				a.incomplete(o.failed)
			}
			list = append(list, o)
		case <-a.ctx.Done():
			list = append(list, outcome{Result: Result{Problems: []finding.Place{{Note: l.Name + ": interrupted before it came to an end"}}}})
		}
	}
	return list
}

// mostCulprits bounds the files that a language is run again without.
const mostCulprits = 8

// judge runs a language. If it panics, it is run again without the file over which it does: one file that nobody thought of must
// neither end the audit nor hide what is in the others.
func judge(ctx context.Context, l Language, all []File) (o outcome) {
	var files []File
	for _, f := range all {
		if l.Match(f.Path) || slices.ContainsFunc(f.Links, l.Match) {
			files = append(files, f)
		}
	}
	for range mostCulprits {
		result, panicked := attempt(l, files)
		if panicked == "" {
			result.Problems = append(result.Problems, o.Problems...)
			o.Result = result
			return o
		}
		if ctx.Err() != nil || len(files) == 0 {
			break
		}
		i := culprit(ctx, l, files)
		o.failed = "a fault in bearcache's own reading of " + l.Name + " kept it from judging all files"
		o.Problems = append(o.Problems, finding.Place{File: files[i].Path, Note: l.Name + ": a fault in bearcache (" + panicked + "); the file was left out"})
		files = slices.Delete(slices.Clone(files), i, i+1)
	}
	o.failed = "a fault in bearcache's own reading of " + l.Name + " kept it from judging the files"
	o.Problems = append(o.Problems, finding.Place{Note: l.Name + ": a fault in bearcache; none of its files was judged"})
	return o
}

// attempt runs a language, and says how it panicked. What a panic says may hold a text of the file, so only its type is told.
func attempt(l Language, files []File) (r Result, panicked string) {
	defer func() {
		if p := recover(); p != nil {
			r, panicked = Result{}, fmt.Sprintf("%T", p)
		}
	}()
	return l.Audit(files), ""
}

// culprit is the file with which a language begins to panic: the last of the shortest beginning of the list that has it do so.
func culprit(ctx context.Context, l Language, files []File) int {
	low, high := 0, len(files) // it does not panic over files[:low], as far as is known, and does over files[:high]
	for low+1 < high && ctx.Err() == nil {
		middle := (low + high) / 2
		if _, panicked := attempt(l, files[:middle]); panicked != "" {
			high = middle
		} else {
			low = middle
		}
	}
	return high - 1
}

// take adds findings that are wanted, and that no comment silences.
func (a *auditor) take(found []finding.Finding, comments map[string][]*suppression) {
	byFile := make(map[string][]finding.Finding)
	var order []string
	for _, f := range found {
		if f.Source == nil || f.Rule == nil || a.options.Wanted != nil && !a.options.Wanted(f.Rule) {
			continue
		}
		if byFile[f.Source.File] == nil {
			order = append(order, f.Source.File)
		}
		byFile[f.Source.File] = append(byFile[f.Source.File], f)
	}
	for _, name := range order {
		text := a.text(name)
		lines := linesOf(text)
		kept, silenced := silence(byFile[name], comments[name], lines)
		a.report.Audit.Suppressed += silenced
		for _, f := range kept {
			if a.concerns(f) {
				a.report.Findings = append(a.report.Findings, a.placed(f, text, lines))
			}
		}
	}
}

// text is what is in a file of the tree; nil where there is none.
func (a *auditor) text(name string) []byte {
	i := slices.IndexFunc(a.files, func(f File) bool { return f.Path == name || slices.Contains(f.Links, name) })
	if i < 0 {
		return nil
	}
	return a.files[i].Text
}

func (a *auditor) concerns(f finding.Finding) bool {
	if a.options.Concern == nil || a.options.Concern(a.tree.Name, f.Source.File) {
		return true
	}
	return slices.ContainsFunc(f.Source.Trace, func(p finding.Place) bool { return p.File != "" && a.options.Concern(a.tree.Name, p.File) })
}

// placed is a finding with what the frame adds to its Source. The languages' own value stays as it is.
func (a *auditor) placed(f finding.Finding, text []byte, lines []string) finding.Finding {
	source := *f.Source
	source.Root = a.tree.Name
	source.Line = max(1, source.Line)
	source.EndLine = max(source.Line, source.EndLine)
	if source.Key == "" {
		source.Key = strings.TrimSpace(lineAt(lines, source.Line))
	}
	var edits []finding.Edit
	for _, e := range source.Edits {
		if e.File == source.File {
			edits = append(edits, e)
		}
	}
	if len(edits) == len(source.Edits) { // of one file; others are not shown
		source.Diff = diff(text, edits)
	}
	f.Source = &source
	return f
}

// suppressions are the comments of each file by which findings are to be ignored.
func (a *auditor) suppressions() map[string][]*suppression {
	all := make(map[string][]*suppression)
	for _, f := range a.files {
		if a.ctx.Err() != nil {
			return all
		}
		if !mayHoldSuppressions(f.Text) {
			continue
		}
		list, problems := suppressions(a.comments(f), func(rule string) bool {
			return slices.ContainsFunc(finding.SourceRules, func(r *finding.Rule) bool { return r.ID == rule })
		})
		for i := range problems {
			problems[i].File = f.Path
		}
		a.problems(problems)
		for _, name := range append([]string{f.Path}, f.Links...) { // a finding may have any of them
			all[name] = list
		}
	}
	return all
}

// comments are those of a file, as its language finds them. What has a language's own reader panic is read by the plain one.
func (a *auditor) comments(f File) (list []Comment) {
	plain := commentsFor(f.Path)
	for _, l := range a.options.Languages {
		if l.Comments != nil && l.Match(f.Path) {
			defer func() {
				if recover() != nil {
					list = plain(f.Text)
				}
			}()
			return l.Comments(f)
		}
	}
	return plain(f.Text)
}

// idle lists comments that silence nothing, where all rules that they name were looked for.
func (a *auditor) idle(comments map[string][]*suppression) {
	for _, f := range a.files {
		for _, s := range comments[f.Path] {
			sought := !slices.ContainsFunc(s.rules, func(id string) bool { return a.options.Wanted != nil && !a.options.Wanted(finding.Find(id)) })
			if !s.used && sought {
				place := finding.Place{File: f.Path, Line: s.line, Note: "the comment silences nothing: " + strings.Join(s.rules, ", ") + " is not found here"}
				a.report.Audit.Idle = append(a.report.Audit.Idle, finding.Problem{Root: a.tree.Name, Place: place})
			}
		}
	}
}

// numberKeys has no two findings with one fingerprint: those of one rule with the same key in the same symbol are counted, in the order
// in which they stand in the file, which stays the same when lines are put in above.
func numberKeys(found []finding.Finding) {
	order := make([]int, len(found))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := found[i].Source, found[j].Source
		return cmp.Or(strings.Compare(a.Root, b.Root), strings.Compare(a.File, b.File), a.Line-b.Line)
	})
	seen := make(map[string]int)
	for _, i := range order {
		id := found[i].Fingerprint()
		if seen[id]++; seen[id] > 1 {
			found[i].Source.Key += fmt.Sprintf("\x00%d", seen[id])
		}
	}
}

// Fixes are the files of a tree with the edits of those findings made that are safe, each file once. done are the findings whose edits
// are among them; the others' overlap with these, or are not safe, or of a finding that is not certain.
func Fixes(t Tree, r *finding.Report, texts Texts) (files []Rewritten, done []finding.Finding) {
	accepted := make(map[string][]finding.Edit)
	var order []string
	for _, f := range r.Findings {
		s := f.Source
		if !f.Mendable() || s.Root != t.Name || r.Known[f.Fingerprint()] {
			continue
		}
		with := make(map[string][]finding.Edit)
		for _, e := range s.Edits {
			if with[e.File] == nil {
				with[e.File] = slices.Clone(accepted[e.File])
			}
			with[e.File] = append(with[e.File], e)
		}
		possible := true
		for name, edits := range with {
			_, err := inOrder(texts[[2]string{t.Name, name}], edits)
			possible = possible && err == nil
		}
		if !possible {
			continue
		}
		for name, edits := range with {
			if accepted[name] == nil {
				order = append(order, name)
			}
			accepted[name] = edits
		}
		done = append(done, f)
	}
	slices.Sort(order)
	for _, name := range order {
		before := texts[[2]string{t.Name, name}]
		after, err := apply(before, accepted[name])
		if err == nil && !bytes.Equal(before, after) {
			files = append(files, Rewritten{name, before, after})
		}
	}
	return files, done
}
