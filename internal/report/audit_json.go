package report

import (
	"io"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// AuditSchema names the JSON shape of an audit. Fields may be added to it; none is renamed or dropped.
const AuditSchema = "bearcache.audit/v1"

type jsonAudit struct {
	Schema     string             `json:"schema"`
	Tool       jsonTool           `json:"tool"`
	Paths      []string           `json:"paths"`
	Since      string             `json:"since,omitempty"`
	Started    string             `json:"started"`
	DurationMS int64              `json:"duration_ms"`
	Files      int                `json:"files"`
	Complete   bool               `json:"complete"`
	Incomplete string             `json:"incomplete,omitempty"`
	FailOn     string             `json:"fail_on"`
	Findings   []jsonAuditFinding `json:"findings"`
	Suppressed int                `json:"suppressed"`
	Problems   []jsonProblem      `json:"problems"`
	Fixed      []jsonRepaired     `json:"fixed,omitempty"`
}

type jsonAuditFinding struct {
	Rule        string      `json:"rule"`
	Under       string      `json:"under"` // the path that file is relative to, as the user named it
	File        string      `json:"file"`
	Line        int         `json:"line"`
	EndLine     int         `json:"end_line"`
	Symbol      string      `json:"symbol"`
	Route       string      `json:"route"`
	Severity    string      `json:"severity"`
	Confidence  string      `json:"confidence"`
	Fingerprint string      `json:"fingerprint"`
	Known       bool        `json:"known,omitempty"`
	Summary     string      `json:"summary"`
	Detail      string      `json:"detail"`
	Trace       []jsonPlace `json:"trace"`
	CWE         []string    `json:"cwe"`
	OWASP       []string    `json:"owasp"`
	Fix         []jsonFix   `json:"fix"`
	Edits       []jsonEdit  `json:"edits,omitempty"`
	Safe        bool        `json:"safe,omitempty"` // --fix may make the edits
}

type jsonPlace struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Note string `json:"note"`
}

// jsonEdit replaces bytes of a file, from start to end, which is not among them.
type jsonEdit struct {
	File  string `json:"file"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

type jsonProblem struct {
	Under string `json:"under"`
	jsonPlace
}

type jsonRepaired struct {
	Rule        string `json:"rule"`
	Under       string `json:"under"`
	File        string `json:"file"`
	Line        int    `json:"line"` // where it was
	Fingerprint string `json:"fingerprint"`
}

func auditJSON(w io.Writer, r *finding.Report) error {
	out := jsonAudit{
		Schema: AuditSchema, Tool: jsonTool{"bearcache", r.Version}, Paths: append([]string{}, r.Audit.Paths...), Since: r.Audit.Since,
		Started: r.Started.UTC().Format(time.RFC3339), DurationMS: r.Duration.Milliseconds(), Files: r.Audit.Files, Complete: r.Complete,
		Incomplete: r.Incomplete, FailOn: r.FailOn.String(), Findings: []jsonAuditFinding{}, Suppressed: r.Audit.Suppressed, Problems: []jsonProblem{},
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, jsonAuditOf(f, r.Known[f.Fingerprint()]))
	}
	for _, p := range r.Audit.Problems {
		out.Problems = append(out.Problems, jsonProblem{p.Root, jsonPlace(p.Place)})
	}
	for _, f := range r.Audit.Fixed {
		out.Fixed = append(out.Fixed, jsonRepaired{f.Rule.ID, f.Source.Root, f.Source.File, f.Source.Line, f.Fingerprint()})
	}
	return encode(w, out)
}

func jsonAuditOf(f finding.Finding, known bool) jsonAuditFinding {
	s := f.Source
	j := jsonAuditFinding{
		Rule: f.Rule.ID, Under: s.Root, File: s.File, Line: s.Line, EndLine: s.EndLine, Symbol: s.Symbol, Route: f.Operation,
		Severity: f.Severity.String(), Confidence: f.Confidence.String(), Fingerprint: f.Fingerprint(), Known: known, Summary: f.Summary, Detail: f.Detail,
		Trace: []jsonPlace{}, CWE: f.Rule.CWE, OWASP: f.Rule.OWASP, Fix: []jsonFix{}, Safe: f.Mendable(),
	}
	for _, p := range s.Trace {
		j.Trace = append(j.Trace, jsonPlace(p))
	}
	for _, fix := range (auditFinding{shownFinding: shownFinding{Finding: f}, Source: *s}).fixes() {
		j.Fix = append(j.Fix, jsonFix(fix))
	}
	for _, e := range s.Edits {
		j.Edits = append(j.Edits, jsonEdit(e))
	}
	return j
}
