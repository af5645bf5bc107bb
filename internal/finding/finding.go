// Package finding holds the words that the scanner, the auditor and the reports share: rules,
// findings, the evidence for them, and the report that carries them. It hides nothing but their
// vocabulary, does no I/O, and imports nothing of this module.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Severity orders findings by what an attacker gains. The zero value is Info.
type Severity int

const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
	// Never is above every severity: as a threshold it is met by no finding.
	Never
)

var severities = []string{"info", "low", "medium", "high", "critical", "never"}

// String is the severity's word in reports and in --fail-on.
func (s Severity) String() string {
	if s < Info || s > Never {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severities[s]
}

// ParseSeverity reads a threshold as --fail-on has it: a severity's word, or "never".
func ParseSeverity(word string) (Severity, error) {
	if i := slices.Index(severities, word); i >= 0 {
		return Severity(i), nil
	}
	return Info, fmt.Errorf("%q is no severity; it is one of %s", word, strings.Join(severities, ", "))
}

// Confidence says how much of the proof is there. The zero value is Possible.
type Confidence int

const (
	// Possible: something points to it, the baseline was not stable enough to say more.
	Possible Confidence = iota
	// Likely: a reader received what was another's alone; the controls could not be run.
	Likely
	// Confirmed: and every control of the proof came out as a leak requires.
	Confirmed
)

// String is the confidence's word in reports.
func (c Confidence) String() string {
	return [...]string{"possible", "likely", "confirmed"}[c]
}

// Rule is what one check looks for. Its words stand once, in rules.go; checks refer to the variable.
type Rule struct {
	ID       string
	Title    string // one sentence: what is wrong where the rule applies
	Severity Severity
	CWE      []string
	OWASP    []string
	Remedy   []Fix
}

// Fix is a remedy for one stack: "flask-caching", "nginx", "varnish", "bearcache", …
type Fix struct {
	Stack   string
	Text    string
	File    string // what to write, as a file of the project that the stack's own program loads; "": Text says all
	Snippet string // its text
}

// Finding is one rule found broken in one place.
type Finding struct {
	Rule       *Rule
	Severity   Severity // the rule's own, or what the place makes of it
	Confidence Confidence
	Operation  string // method and path template exactly as the document has them: "GET /api/orders/{id}"; of an audit: the route, "" where none is known
	Victim     string // whose response it was; empty where the rule knows no victim
	Observer   string // who received it; "nobody" for a request without credentials
	Summary    string // what is wrong, in one sentence
	Detail     string // why it is so, and what was learnt about the cache
	Evidence   []Evidence
	Source     *Source // of an audit: where it stands in the source; nil for what was found over HTTP
	Causes     []Cause // of a scan that was given the source: the lines that an audit blames for the same route
}

// Cause is a line of source that may explain what a scan proved.
type Cause struct {
	Rule *Rule
	Root string // the path under audit as the user named it
	Place
	Symbol string
}

// Unproven is a finding of an audit that a scan of the same API did not prove.
type Unproven struct {
	Finding
	Reason string // why not
}

// Source is where in source code or configuration a finding stands, what leads there, and how to mend it there.
type Source struct {
	Root string // the path under audit as the user named it, under which File and those of Trace are; package audit sets it
	Place
	EndLine int     // last line of what Symbol names
	Symbol  string  // the function, or the block: "profile", "Orders.get", "location /api/"
	Trace   []Place // in the order of reading: where the identity enters the value, what the key is, how it gets there
	Fix     string  // what to do at this very place, in one sentence; "" where the rule's remedy says all
	Edits   []Edit  // the fix, where it can be computed; nil where it cannot
	Safe    bool    // Edits change nothing but what the finding is about: they may be written without being asked about
	// Key tells findings of one rule in one file apart, across runs: what stands there, and nothing that moves, such as a line's number.
	Key  string
	Diff []string // Edits as lines, those taken away behind "- " and those put there behind "+ "; package audit sets it
}

// Place is a line of a file.
type Place struct {
	File string // relative to the path under audit, with slashes
	Line int    // from 1
	Note string // what is to be seen there; "" where Summary says it
}

// Edit replaces bytes of a file.
type Edit struct {
	File       string
	Start, End int // offsets in bytes, the end excluded; equal ones insert
	Text       string
}

// Fingerprint identifies the finding across runs: the rule and the place, nothing that a run changes.
func (f Finding) Fingerprint() string {
	place := f.Operation
	if f.Source != nil {
		place = f.Source.File + "\x00" + f.Source.Symbol + "\x00" + f.Source.Key
	}
	sum := sha256.Sum256([]byte(f.Rule.ID + "\x00" + place))
	return hex.EncodeToString(sum[:12])
}

// Evidence is one step of a proof: who asked what, what came back, and what gave it away.
type Evidence struct {
	As      string        // the identity's name, "nobody", or "forged"
	Request string        // a curl line that repeats the step; credentials stand in it as $NAME_TOKEN
	Status  int           // of the response
	Header  http.Header   // the response fields that say something about caching, redacted
	Excerpt string        // the start of the body, redacted and printable
	Note    string        // what this step shows
	Took    time.Duration // from the first byte sent to the last byte received
	By      Maker         // who made the response, as far as the proof shows
}

// Maker is who made a response.
type Maker string

const (
	ByUnknown Maker = ""
	ByOrigin  Maker = "origin" // for this request
	ByCache   Maker = "cache"  // it was stored, and made for another request
)

// Status of an operation in a report.
type Status string

const (
	StatusTested  Status = "tested"
	StatusSkipped Status = "skipped" // not tried, Reason says why and what to do
	StatusFailed  Status = "failed"  // tried, but no answer could be judged
)

// Tested is what became of one operation. Silence is not safety: an operation that could not be
// tried is listed with its reason.
type Tested struct {
	Operation string
	Status    Status
	Reason    string
	Requests  int
	// Differed is true where two identities received answers of their own, or one of them none: the
	// ground a clean verdict stands on.
	Differed bool
	// Undecided is true where two readers got the same, and nothing told data that both may see from a
	// stored response. Reason says what would.
	Undecided bool
	// Open are the checks of which the run cannot say that the operation passes them, though they found nothing: they were not made
	// here, or came to no verdict.
	Open []*Rule
}

// Report is the outcome of one run, complete or not.
type Report struct {
	Version    string // of the tool
	Target     string
	Document   string // the API document as the user named it; empty where there was none
	Started    time.Time
	Duration   time.Duration
	Requests   int
	Complete   bool     // every operation was tried, or skipped for a reason of its own
	Incomplete string   // why not, in one sentence
	Identities []string // names only
	Readers    []string // those of them that are different users; nil: all
	Checks     []*Rule  // that were made
	Operations []Tested
	Findings   []Finding
	Audit      *Audited // of an audit; nil for a scan
	// SourceRead is true where a scan was given the source, and Unproven is what its audit found that the scan did not prove.
	SourceRead bool
	Unproven   []Unproven
	// FailOn is the severity from which on a finding counts for the exit status.
	FailOn Severity
	// Known holds the fingerprints of an earlier report; such findings are shown and do not count. Nil:
	// there was no earlier report.
	Known map[string]bool
}

// Audited is what an audit looked at.
type Audited struct {
	Paths      []string  // as the user named them
	Files      int       // that were read
	Problems   []Problem // what could not be read or understood
	Suppressed int       // findings that a comment with a reason silences
	Idle       []Problem // comments that silence nothing
	Fixed      []Finding // whose Edits were written; they are not among the findings
	Since      string    // the revision since which files must have changed for their findings to be told; "" for all
	// Text returns the lines of a file of a finding or a trace, without their ends, for excerpts; nil where it has none.
	Text func(root, file string) []string
}

// Problem is a file, or a part of one, that an audit could not read as what it seems to be.
type Problem struct {
	Root  string // the path under audit as the user named it
	Place        // its Note says why; Line is 0 where it is the whole file
}

// Counts reports whether f is one that the exit status speaks of: severe enough, and not known.
func (r *Report) Counts(f Finding) bool {
	return f.Severity >= r.FailOn && !r.Known[f.Fingerprint()]
}

// Alone reports whether all was asked as one user: whether another receives what is that one's was not tested then.
func (r *Report) Alone() bool { return len(r.Identities) < 2 || len(r.Readers) == 1 }

// Fixed are the findings that the earlier report had and this one has no longer, each with its rule and
// its operation. What was not tested again is not among them: a check left out, an operation without an
// answer or without a verdict, a run that did not end, or one with fewer than two readers.
func (r *Report) Fixed() []Finding {
	if r.Audit != nil || !r.Complete || r.Alone() {
		return nil
	}
	found := make(map[string]bool)
	for _, f := range r.Findings {
		found[f.Fingerprint()] = true
	}
	var list []Finding
	for _, op := range r.Operations {
		if op.Status != StatusTested || op.Undecided {
			continue
		}
		for _, rule := range r.Checks {
			f := Finding{Rule: rule, Severity: rule.Severity, Operation: op.Operation}
			if id := f.Fingerprint(); r.Known[id] && !found[id] && !slices.Contains(op.Open, rule) {
				list = append(list, f)
			}
		}
	}
	return list
}

// Sort orders findings by severity and confidence, then by operation, or by their place in the source, so that equal runs read equal.
func (r *Report) Sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.Severity != b.Severity {
			return int(b.Severity) - int(a.Severity)
		}
		if a.Confidence != b.Confidence {
			return int(b.Confidence) - int(a.Confidence)
		}
		if a.Source != nil && b.Source != nil {
			return cmp.Or(comparePlaces(a.Source, b.Source), strings.Compare(a.Rule.ID, b.Rule.ID), strings.Compare(a.Source.Key, b.Source.Key))
		}
		return cmp.Or(strings.Compare(a.Operation, b.Operation), strings.Compare(a.Rule.ID, b.Rule.ID))
	})
}

func comparePlaces(a, b *Source) int {
	return cmp.Or(strings.Compare(a.Root, b.Root), strings.Compare(a.File, b.File), a.Line-b.Line)
}

// Undecided counts the operations that nothing ruled on.
func (r *Report) Undecided() int {
	n := 0
	for _, op := range r.Operations {
		if op.Undecided {
			n++
		}
	}
	return n
}

// Mendable reports whether audit --fix may write the edits of f: it is certain, and they change nothing but what it is about.
func (f Finding) Mendable() bool {
	return f.Source != nil && f.Source.Safe && len(f.Source.Edits) > 0 && f.Confidence == Confirmed
}
