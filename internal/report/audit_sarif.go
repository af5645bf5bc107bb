package report

import (
	"io"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/bearcache/bearcache/internal/finding"
)

// auditSARIF has results at their lines. Positions are whole lines, and bytes for what replaces text: those are what all consumers agree on.
func auditSARIF(w io.Writer, r *finding.Report) error {
	a := showAudit(r)
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "bearcache", Version: a.Version, InformationURI: home, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{a.sarifInvocation()},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
		Properties:  map[string]any{"paths": append([]string{}, a.paths...), "files": a.Audit.Files, "suppressed": a.Audit.Suppressed},
	}
	index := make(map[string]int)
	for i, rule := range finding.SourceRules {
		index[rule.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(rule, a.shown.found))
	}
	for i, f := range a.found {
		result := sarifAuditResult(f, r.Findings[i].Source)
		result.RuleIndex = index[f.Rule.ID]
		if r.Known != nil {
			result.Baseline = "new"
		}
		if f.known {
			result.Baseline = "unchanged"
		}
		run.Results = append(run.Results, result)
	}
	return encode(w, sarifLog{sarifSchema, "2.1.0", []sarifRun{run}})
}

// sarifAuditResult is a finding as it is shown; source has its edits as they are to be made.
func sarifAuditResult(f auditFinding, source *finding.Source) sarifResult {
	text := f.Summary
	if f.Detail != "" {
		text += "\n\n" + f.Detail
	}
	if f.Source.Fix != "" {
		text += "\n\nFix: " + f.Source.Fix
	}
	at := sarifPhysical{sarifArtifact{sourceURI(source.Root, source.File)}, sarifRegion{StartLine: f.Source.Line, EndLine: f.Source.EndLine}}
	result := sarifResult{
		RuleID: f.Rule.ID, Level: sarifLevel(f.Severity), Message: sarifMessage{Text: unlinked(text)},
		Locations:    []sarifLocation{{Physical: at, Logical: f.logical()}},
		Fingerprints: map[string]string{"bearcache/v1": f.id, "primaryLocationLineHash": f.id},
		Properties:   map[string]any{"severity": f.Severity.String(), "confidence": f.Confidence.String()},
	}
	if f.Operation != "" {
		result.Properties["route"] = f.Operation
	}
	if steps := f.sarifTrace(source); len(steps) > 0 {
		result.CodeFlows = []sarifCodeFlow{{[]sarifThreadFlow{{steps}}}}
	}
	if fix := f.sarifFix(source); fix != nil {
		result.Fixes = []sarifFix{*fix}
	}
	return result
}

func (f auditFinding) logical() []sarifLogical {
	if f.Source.Symbol == "" {
		return nil
	}
	return []sarifLogical{{f.Source.Symbol, f.Source.Symbol, "function"}}
}

// sarifTrace are the facts that lead to the finding, and the line itself at the end.
func (f auditFinding) sarifTrace(source *finding.Source) (steps []sarifStep) {
	for i, s := range f.Steps {
		place := source.Trace[i]
		steps = append(steps, sarifStep{
			Location: sarifLocation{
				Physical: sarifPhysical{sarifArtifact{sourceURI(source.Root, place.File)}, sarifRegion{StartLine: max(1, place.Line)}},
				Message:  &sarifMessage{Text: unlinked(orNothing(s.Note))},
			},
			Order: i + 1, Importance: "important",
		})
	}
	if len(steps) > 0 {
		steps = append(steps, sarifStep{
			Location: sarifLocation{
				Physical: sarifPhysical{sarifArtifact{sourceURI(source.Root, source.File)}, sarifRegion{StartLine: f.Source.Line}},
				Message:  &sarifMessage{Text: unlinked(orNothing(f.Summary))},
			},
			Order: len(steps) + 1, Importance: "essential",
		})
	}
	return steps
}

func orNothing(text string) string {
	if text == "" {
		return "here"
	}
	return text
}

// sarifFix is nil where the edits cannot be said in JSON, which has text in UTF-8 only.
func (f auditFinding) sarifFix(source *finding.Source) *sarifFix {
	if len(source.Edits) == 0 {
		return nil
	}
	text := f.Source.Fix
	if text == "" {
		text = f.Rule.Remedy[0].Text
	}
	fix := &sarifFix{Description: sarifMessage{Text: unlinked(text)}}
	for _, e := range source.Edits {
		if !utf8.ValidString(e.Text) || Plain(strings.NewReplacer("\n", "", "\t", "", "\r", "").Replace(e.Text)) != strings.NewReplacer("\n", "", "\t", "", "\r", "").Replace(e.Text) {
			return nil
		}
		replacement := sarifReplacement{Deleted: sarifBytes{Offset: e.Start, Length: e.End - e.Start}}
		if e.Text != "" {
			replacement.Inserted = &sarifBody{e.Text}
		}
		uri := sourceURI(source.Root, e.File)
		if n := len(fix.Changes); n == 0 || fix.Changes[n-1].Artifact.URI != uri {
			fix.Changes = append(fix.Changes, sarifChange{Artifact: sarifArtifact{uri}})
		}
		last := &fix.Changes[len(fix.Changes)-1]
		last.Replacements = append(last.Replacements, replacement)
	}
	return fix
}

type sarifFix struct {
	Description sarifMessage  `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifBytes `json:"deletedRegion"`
	Inserted *sarifBody `json:"insertedContent,omitempty"`
}

type sarifBytes struct {
	Offset int `json:"byteOffset"`
	Length int `json:"byteLength"`
}

func (a *audited) sarifInvocation() sarifInvocation {
	in := sarifInvocationOf(&shown{Report: finding.Report{Complete: a.Complete, Incomplete: a.Incomplete, Started: a.Started, Duration: a.Duration}})
	for _, p := range a.problems {
		n := sarifNotification{Level: "warning", Message: sarifMessage{Text: unlinked(problemText(p))}}
		if p.File != "" {
			n.Locations = []sarifLocation{{Physical: sarifPhysical{sarifArtifact{sourceURI(p.Root, p.File)}, sarifRegion{StartLine: max(1, p.Line)}}}}
		}
		in.Notifications = append(in.Notifications, n)
	}
	return in
}

// sourceURI is where GitHub shows a line: the path of a file relative to where the audit ran, which is the top of the repository. Where
// the path under audit leads elsewhere, it is relative to that.
func sourceURI(root, file string) string {
	root = path.Clean(strings.ReplaceAll(root, `\`, "/"))
	if path.IsAbs(root) || root == ".." || strings.HasPrefix(root, "../") || strings.Contains(root, ":") {
		root = "."
	}
	name := path.Join(root, strings.ToValidUTF8(file, "\ufffd"))
	return strings.ReplaceAll((&url.URL{Path: name}).EscapedPath(), ":", "%3A") // not a scheme
}
