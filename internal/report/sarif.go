package report

import (
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// SARIF 2.1.0 (OASIS, errata 01), as far as a scan has something to say in it.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
	Properties  map[string]any    `json:"properties,omitempty"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID            string             `json:"id"`
	Name          string             `json:"name"`
	Short         sarifMessage       `json:"shortDescription"`
	Full          sarifMessage       `json:"fullDescription"`
	Help          sarifMessage       `json:"help"`
	HelpURI       string             `json:"helpUri"`
	Configuration sarifConfiguration `json:"defaultConfiguration"`
	Properties    map[string]any     `json:"properties"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc,omitempty"`
	End           string              `json:"endTimeUtc,omitempty"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifMessage      `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Related      []sarifLocation   `json:"relatedLocations,omitempty"`
	CodeFlows    []sarifCodeFlow   `json:"codeFlows,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Baseline     string            `json:"baselineState,omitempty"`
	Fixes        []sarifFix        `json:"fixes,omitempty"`
	Properties   map[string]any    `json:"properties"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifMessage  `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
	EndLine   int `json:"endLine,omitempty"`
}

type sarifLogical struct {
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifCodeFlow struct {
	ThreadFlows []sarifThreadFlow `json:"threadFlows"`
}

type sarifThreadFlow struct {
	Locations []sarifStep `json:"locations"`
}

type sarifStep struct {
	Location   sarifLocation  `json:"location"`
	Order      int            `json:"executionOrder"`
	Importance string         `json:"importance"`
	Request    *sarifRequest  `json:"webRequest,omitempty"`
	Response   *sarifResponse `json:"webResponse,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

type sarifRequest struct {
	Protocol   string         `json:"protocol"`
	Method     string         `json:"method,omitempty"`
	Properties map[string]any `json:"properties"`
}

type sarifResponse struct {
	StatusCode int               `json:"statusCode,omitempty"`
	None       bool              `json:"noResponseReceived,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       *sarifBody        `json:"body,omitempty"`
}

type sarifBody struct {
	Text string `json:"text"`
}

const (
	home        = "https://github.com/bearcache/bearcache"
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

func sarif(w io.Writer, r *finding.Report) error {
	if r.Audit != nil {
		return auditSARIF(w, r)
	}
	s := show(r)
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "bearcache", Version: s.Version, InformationURI: home, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{sarifInvocationOf(s)},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
		Properties:  map[string]any{"target": s.Target, "identities": append([]string{}, s.Identities...), "requests": s.Requests},
	}
	index := make(map[string]int) // all rules, always: a result keeps its ruleIndex from run to run
	for i, rule := range finding.Rules {
		index[rule.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(rule, s.found))
	}
	document := sarifPhysical{sarifArtifact{documentURI(s.Document)}, sarifRegion{StartLine: 1}}
	for _, f := range s.found {
		result := sarifResultOf(f, document)
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

func sarifRuleOf(rule *finding.Rule, found []shownFinding) sarifRule {
	tags := []string{"security"}
	for _, id := range rule.CWE {
		tags = append(tags, "external/cwe/"+strings.ToLower(id))
	}
	for _, id := range rule.OWASP {
		tags = append(tags, "external/owasp/"+strings.ToLower(strings.ReplaceAll(id, ":", "-")))
	}
	page := home + "/blob/main/docs/rules/" + rule.ID + ".md"
	var text, list, written strings.Builder
	for _, fix := range rule.Remedy {
		fmt.Fprintf(&text, "%s: %s\n", fix.Stack, fix.Text)
		fmt.Fprintf(&list, "- **%s**: %s\n", fix.Stack, markdownFix(fix.Text))
		if fix.Snippet != "" {
			fmt.Fprintf(&written, "\n%s:\n\n%s", fix.Stack, fenced(language(fix.File), fix.Snippet))
		}
	}
	properties := map[string]any{"tags": tags, "security-severity": securitySeverity[rule.Severity]}
	if p := precision(rule, found); p != "" {
		properties["precision"] = p
	}
	return sarifRule{
		ID: rule.ID, Name: pascal(rule.ID), HelpURI: page,
		Short:         sarifMessage{Text: rule.Title},
		Full:          sarifMessage{Text: rule.Title + " " + strings.Join(append(rule.CWE[:len(rule.CWE):len(rule.CWE)], rule.OWASP...), ", ") + "."},
		Help:          sarifMessage{Text: text.String(), Markdown: list.String() + written.String() + "\n[What happens, and how it is proven](" + page + ")\n"},
		Configuration: sarifConfiguration{sarifLevel(rule.Severity)},
		Properties:    properties,
	}
}

// securitySeverity are numbers in the ranges that GitHub calls low, medium, high and critical.
var securitySeverity = map[finding.Severity]string{
	finding.Info: "0.0", finding.Low: "3.0", finding.Medium: "5.5", finding.High: "8.0", finding.Critical: "9.5",
}

// precision is that of the rule's least certain finding; a rule has one word for all of them.
func precision(rule *finding.Rule, found []shownFinding) string {
	words := map[finding.Confidence]string{finding.Confirmed: "very-high", finding.Likely: "high", finding.Possible: "medium"}
	least := finding.Confirmed + 1
	for _, f := range found {
		if f.Rule == rule {
			least = min(least, f.Confidence)
		}
	}
	return words[least]
}

func sarifLevel(s finding.Severity) string {
	switch {
	case s >= finding.High:
		return "error"
	case s == finding.Medium:
		return "warning"
	}
	return "note"
}

func sarifResultOf(f shownFinding, document sarifPhysical) sarifResult {
	text := f.Operation + ": " + f.Summary
	if f.Detail != "" {
		text += "\n\n" + f.Detail
	}
	r := sarifResult{
		RuleID: f.Rule.ID, Level: sarifLevel(f.Severity), Message: sarifMessage{Text: unlinked(text)},
		Locations: []sarifLocation{{Physical: document, Logical: []sarifLogical{{f.Operation, f.Operation, "resource"}}}},
		// Without the second, GitHub makes one from the line of the file: the same for all operations.
		Fingerprints: map[string]string{"bearcache/v1": f.id, "primaryLocationLineHash": f.id},
		Properties:   map[string]any{"severity": f.Severity.String(), "confidence": f.Confidence.String(), "operation": f.Operation},
	}
	if f.Victim != "" {
		r.Properties["victim"] = f.Victim
	}
	if f.Observer != "" {
		r.Properties["observer"] = f.Observer
	}
	for _, c := range f.Causes {
		r.Related = append(r.Related, sarifLocation{
			Physical: sarifPhysical{sarifArtifact{sourceURI(".", c.File)}, sarifRegion{StartLine: max(1, c.Line)}},
			Message:  &sarifMessage{Text: unlinked(c.Rule.ID + ": " + c.Note)},
		})
	}
	if steps := sarifSteps(f, document); len(steps) > 0 {
		r.CodeFlows = []sarifCodeFlow{{[]sarifThreadFlow{{steps}}}}
	}
	return r
}

func sarifSteps(f shownFinding, document sarifPhysical) (steps []sarifStep) {
	method, _, _ := strings.Cut(f.Operation, " ")
	essential := decisive(f.Finding)
	for i, e := range f.Evidence {
		step := sarifStep{
			Location:   sarifLocation{Physical: document, Message: &sarifMessage{Text: unlinked(stepText(e))}},
			Order:      i + 1,
			Importance: "important",
			Request:    &sarifRequest{Protocol: "HTTP", Method: method, Properties: map[string]any{"curl": e.Request, "as": e.As}},
			Response:   &sarifResponse{StatusCode: e.Status, None: e.Status == 0, Headers: joined(e)},
			Properties: map[string]any{"tookMilliseconds": milliseconds(e.Took)},
		}
		if i == essential {
			step.Importance = "essential"
		}
		if e.Excerpt != "" {
			step.Response.Body = &sarifBody{e.Excerpt}
		}
		if e.By != finding.ByUnknown {
			step.Properties["by"] = e.By
		}
		steps = append(steps, step)
	}
	return steps
}

func stepText(e finding.Evidence) string { return fmt.Sprintf("%s: %d, %s", e.As, e.Status, e.Note) }

func sarifInvocationOf(s *shown) sarifInvocation {
	in := sarifInvocation{Successful: s.Complete}
	if !s.Started.IsZero() {
		in.Start = s.Started.UTC().Format(time.RFC3339)
		in.End = s.Started.Add(s.Duration).UTC().Format(time.RFC3339)
	}
	say := func(level, text string) {
		in.Notifications = append(in.Notifications, sarifNotification{Level: level, Message: sarifMessage{Text: unlinked(text)}})
	}
	if !s.Complete {
		say("error", "incomplete: "+s.Incomplete)
	}
	if len(s.Identities) > 0 && s.Alone() {
		say("warning", s.basis())
	}
	for _, op := range s.Operations {
		switch {
		case op.Status != finding.StatusTested:
			say("warning", "not tested: "+op.Operation+": "+op.Reason)
		case op.Undecided:
			say("warning", "undecided: "+op.Operation+": "+op.Reason)
		}
	}
	for _, u := range s.Unproven {
		say("warning", fmt.Sprintf("found in source, not proven: %s:%d %s %s: %s", u.Source.File, u.Source.Line, u.Rule.ID, u.Operation, u.Reason))
	}
	return in
}

// unlinked is s as plain text of a message, in which brackets would make links (§3.11.6).
func unlinked(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(s)
}

// documentURI is where GitHub shows a finding: the document, as a path relative to where the scan ran, or
// its name alone where the path leads elsewhere.
func documentURI(document string) string {
	name := strings.ReplaceAll(document, `\`, "/")
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name = path.Base(u.Path)
	}
	name = path.Clean(name)
	if path.IsAbs(name) || strings.HasPrefix(name, "../") || strings.Contains(name, ":") {
		name = path.Base(name)
	}
	if name == "." || name == ".." || name == "/" {
		return "openapi"
	}
	return strings.ReplaceAll((&url.URL{Path: name}).EscapedPath(), ":", "%3A") // not a scheme
}

// pascal is an id as a name: cross-identity-reuse is CrossIdentityReuse, and flask/token-in-log FlaskTokenInLog.
func pascal(id string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(id, func(r rune) bool { return r == '-' || r == '/' }) {
		if word == "url" {
			word = "URL"
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
