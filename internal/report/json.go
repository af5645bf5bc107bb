package report

import (
	stdjson "encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// ScanSchema names the JSON shape. Fields may be added to it; none is renamed or dropped.
const ScanSchema = "bearcache.scan/v1"

type jsonReport struct {
	Schema     string          `json:"schema"`
	Tool       jsonTool        `json:"tool"`
	Target     string          `json:"target"`
	Document   string          `json:"document,omitempty"`
	Started    string          `json:"started"`
	DurationMS int64           `json:"duration_ms"`
	Requests   int             `json:"requests"`
	Complete   bool            `json:"complete"`
	Incomplete string          `json:"incomplete,omitempty"`
	Identities []string        `json:"identities"`
	Operations []jsonOperation `json:"operations"`
	Checks     []string        `json:"checks,omitempty"`
	FailOn     string          `json:"fail_on"`
	Findings   []jsonFinding   `json:"findings"`
	Fixed      []jsonFixed     `json:"fixed,omitempty"`
	Unproven   []jsonUnproven  `json:"unproven,omitempty"` // with the source given: what stands there, and was not proven
}

type jsonTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type jsonOperation struct {
	Operation string         `json:"operation"`
	Status    finding.Status `json:"status"`
	Reason    string         `json:"reason"`
	Requests  int            `json:"requests"`
	Differed  bool           `json:"differed"`
	Undecided bool           `json:"undecided"`
}

type jsonFinding struct {
	Check       string         `json:"check"`
	Operation   string         `json:"operation"`
	Severity    string         `json:"severity"`
	Confidence  string         `json:"confidence"`
	Fingerprint string         `json:"fingerprint"`
	Known       bool           `json:"known,omitempty"`
	Summary     string         `json:"summary"`
	Detail      string         `json:"detail"`
	Victim      string         `json:"victim"`
	Observer    string         `json:"observer"`
	Evidence    []jsonEvidence `json:"evidence"`
	CWE         []string       `json:"cwe"`
	OWASP       []string       `json:"owasp"`
	Fix         []jsonFix      `json:"fix"`
	Source      []jsonCause    `json:"source,omitempty"` // the lines that an audit blames for it
}

type jsonCause struct {
	Rule   string `json:"rule"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Symbol string `json:"symbol"`
}

type jsonUnproven struct {
	jsonCause
	Route   string `json:"route"`
	Summary string `json:"summary"`
	Reason  string `json:"reason"`
}

// jsonFixed is a finding of the baseline that was looked for and not found again.
type jsonFixed struct {
	Check       string `json:"check"`
	Operation   string `json:"operation"`
	Fingerprint string `json:"fingerprint"`
}

type jsonEvidence struct {
	Step    int               `json:"step"`
	As      string            `json:"as"`
	Request string            `json:"request"`
	Status  int               `json:"status"`
	TookMS  float64           `json:"took_ms"`
	Headers map[string]string `json:"headers"`
	Excerpt string            `json:"excerpt"`
	Note    string            `json:"note"`
	By      finding.Maker     `json:"by,omitempty"`
}

type jsonFix struct {
	Stack   string `json:"stack"`
	Text    string `json:"text"`
	File    string `json:"file,omitempty"` // of this project, which tests it
	Snippet string `json:"snippet,omitempty"`
}

func json(w io.Writer, r *finding.Report) error {
	if r.Audit != nil {
		return auditJSON(w, r)
	}
	out := jsonReport{
		Schema: ScanSchema, Tool: jsonTool{"bearcache", r.Version}, Target: r.Target, Document: r.Document,
		Started: r.Started.UTC().Format(time.RFC3339), DurationMS: r.Duration.Milliseconds(), Requests: r.Requests,
		Complete: r.Complete, Incomplete: r.Incomplete, Identities: r.Identities, FailOn: r.FailOn.String(),
		Operations: []jsonOperation{}, Findings: []jsonFinding{},
	}
	for _, op := range r.Operations {
		out.Operations = append(out.Operations, jsonOperation{op.Operation, op.Status, op.Reason, op.Requests, op.Differed, op.Undecided})
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, jsonOf(f, r.Known[f.Fingerprint()]))
	}
	for _, rule := range r.Checks {
		out.Checks = append(out.Checks, rule.ID)
	}
	for _, f := range r.Fixed() {
		out.Fixed = append(out.Fixed, jsonFixed{f.Rule.ID, f.Operation, f.Fingerprint()})
	}
	for _, u := range r.Unproven {
		cause := jsonCause{u.Rule.ID, u.Source.File, u.Source.Line, u.Source.Symbol}
		out.Unproven = append(out.Unproven, jsonUnproven{cause, u.Operation, u.Summary, u.Reason})
	}
	return encode(w, out)
}

func encode(w io.Writer, out any) error {
	enc := stdjson.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonOf(f finding.Finding, known bool) jsonFinding {
	j := jsonFinding{
		Check: f.Rule.ID, Operation: f.Operation, Severity: f.Severity.String(), Confidence: f.Confidence.String(),
		Fingerprint: f.Fingerprint(), Known: known, Summary: f.Summary, Detail: f.Detail, Victim: f.Victim, Observer: f.Observer,
		Evidence: []jsonEvidence{}, CWE: f.Rule.CWE, OWASP: f.Rule.OWASP, Fix: []jsonFix{},
	}
	for i, e := range f.Evidence {
		j.Evidence = append(j.Evidence, jsonEvidence{
			Step: i + 1, As: e.As, Request: e.Request, Status: e.Status, TookMS: milliseconds(e.Took),
			Headers: joined(e), Excerpt: e.Excerpt, Note: e.Note, By: e.By,
		})
	}
	for _, fix := range f.Rule.Remedy {
		j.Fix = append(j.Fix, jsonFix(fix))
	}
	for _, c := range f.Causes {
		j.Source = append(j.Source, jsonCause{c.Rule.ID, c.File, c.Line, c.Symbol})
	}
	return j
}

// joined are a step's response fields by their names in lower case.
func joined(e finding.Evidence) map[string]string {
	fields := make(map[string]string, len(e.Header))
	for name, values := range e.Header {
		fields[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return fields
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ReadBaseline returns the fingerprints of the findings of an earlier JSON report, written by the command of that schema.
func ReadBaseline(r io.Reader, schema string) (map[string]bool, error) {
	var in jsonReport // of which an audit's has the findings' fingerprints, too
	if err := stdjson.NewDecoder(r).Decode(&in); err != nil {
		return nil, errors.New("it is not JSON; give a report written by " + commandOf(schema) + " --format json=FILE")
	}
	if in.Schema != schema {
		return nil, &schemaError{in.Schema, schema}
	}
	known := make(map[string]bool)
	for _, f := range in.Findings {
		known[f.Fingerprint] = true
	}
	return known, nil
}

func commandOf(schema string) string {
	if schema == AuditSchema {
		return "audit"
	}
	return "scan"
}

type schemaError struct{ got, want string }

func (e *schemaError) Error() string {
	if e.got == ScanSchema || e.got == AuditSchema {
		return "it is a report of " + commandOf(e.got) + "; give one written by " + commandOf(e.want) + " --format json=FILE"
	}
	return `its "schema" is "` + Plain(shorten(e.got, 40)) + `", not "` + e.want + `"; give a report written by ` + commandOf(e.want) + ` --format json=FILE`
}
