package scan

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

var crossIdentityReuse = Check{
	Rule: finding.CrossIdentityReuse,
	Judge: func(t *Trial) []finding.Finding {
		return t.reuse(finding.CrossIdentityReuse, func(s suspicion) bool { return t.isReader(s.observer) })
	},
}

var anonymousReuse = Check{
	Rule: finding.AnonymousReuse,
	Judge: func(t *Trial) []finding.Finding {
		return t.reuse(finding.AnonymousReuse, func(s suspicion) bool { return s.observer == t.Nobody })
	},
}

var invalidTokenReuse = Check{
	Rule: finding.InvalidTokenReuse,
	Judge: func(t *Trial) []finding.Finding {
		return t.reuse(finding.InvalidTokenReuse, func(s suspicion) bool { return s.observer == t.Forged })
	},
}

// reuse reports the first suspicion about a matching observer that the proof rule admits.
func (t *Trial) reuse(rule *finding.Rule, match func(suspicion) bool) []finding.Finding {
	for _, s := range t.suspicions() {
		if !match(s) {
			continue
		}
		if f, ok := t.prove(rule, s); ok {
			return []finding.Finding{f}
		}
	}
	return nil
}

// prove applies the proof rule. Confirmed: the observer got what is the victim's alone, got it
// again, and the observer's own answer, past the stored response, is another. Likely: the first
// holds by values that name the victim, byte for byte what the victim got, and no control got past
// the stored response. Anything less is not reported.
func (t *Trial) prove(rule *finding.Rule, s suspicion) (finding.Finding, bool) {
	r := t.rule(s)
	again := t.again(s)
	f := finding.Finding{
		Rule: rule, Severity: rule.Severity, Operation: t.Operation.String(),
		Victim: s.victim.Name, Observer: s.observer.Name,
		Summary: fmt.Sprintf("%s received the response that was made for %s.", t.title(s.observer), s.victim.Name),
	}
	marks := s.marks
	if len(marks) == 0 {
		marks = r.marks
	}
	switch {
	case r.verdict == notByThem:
		return f, false
	case r.verdict == leak && again != nil && len(marks) > 0:
		f.Confidence = finding.Confirmed
	case r.verdict == leak && (s.strong || s.seen.same(s.made)):
		f.Confidence = finding.Likely
	case r.verdict == unknown && again != nil && s.strong && s.seen.same(s.made):
		f.Confidence = finding.Likely
		f.Severity = min(f.Severity, finding.High)
	default:
		return f, false
	}
	if t.Operation.Security == operation.Public && f.Confidence != finding.Confirmed {
		f.Confidence, f.Severity = finding.Possible, finding.Low
	}
	f.Evidence = t.evidence(s, r, again, marks)
	f.Detail = t.why(r)
	if s.observer == t.Forged {
		f.Detail += " To repeat it, any token that the API never issued will do: FORGED_TOKEN=$(openssl rand -hex 24)."
	}
	return f, true
}

// again is a further answer to the observer with the same bytes, or the same marks.
func (t *Trial) again(s suspicion) *exchange {
	for _, e := range of(s.observer, t.Natural) {
		if e != s.seen && e.ok() && (e.same(s.seen) || len(s.marks) > 0 && holdsAny(e.content, s.marks)) {
			return e
		}
	}
	return nil
}

func (t *Trial) title(id *Identity) string {
	switch id {
	case t.Nobody:
		return "A request without credentials"
	case t.Forged:
		return "A forged token"
	}
	return id.Name
}

func (t *Trial) evidence(s suspicion, r ruling, again *exchange, marks []string) []finding.Evidence {
	shown := t.shown(s.marks)
	if shown == "" && t.isReader(s.observer) {
		shown = t.shown(marks)
	}
	holding := ""
	if shown != "" {
		holding = ", holds " + shown
	}
	same := "the same bytes"
	if !s.seen.same(s.made) {
		same = s.victim.Name + "'s data"
	}
	if shown != "" {
		same += ": " + shown
	}
	steps := []finding.Evidence{
		t.step(s.made, "made by the origin"+holding),
		t.step(s.seen, same+"  <- "+s.victim.Name+"'s, not "+t.whose(s.observer)),
	}
	if again != nil {
		steps = append(steps, t.step(again, "again: the same"))
	}
	if r.control == nil {
		return steps
	}
	where := map[controlKind]string{
		byOrigin: "asked past the cache", byQuery: "on a fresh entry (a query never used before)",
		byPath: "on a fresh entry (one character of the path percent-encoded)", byExpiry: "on a fresh entry (the stored response had expired)",
	}[r.control.kind]
	switch {
	case r.own != nil && r.own.denied():
		steps = append(steps, t.step(r.own, where+": denied, as it should be"))
	case r.own != nil:
		steps = append(steps, t.step(r.own, where+": "+t.whose(s.observer)+" own answer, without "+s.victim.Name+"'s data"))
	default:
		steps = append(steps, t.step(r.control.own[0], where+" "+r.control.own[0].as.Name+" came first"))
	}
	if r.swapped != nil {
		steps = append(steps, t.step(r.swapped, "order swapped: now this is what "+r.control.own[0].as.Name+" was given"))
	}
	return steps
}

func (t *Trial) whose(id *Identity) string {
	switch id {
	case t.Nobody:
		return "nobody's"
	case t.Forged:
		return "the forged token's"
	}
	return id.Name + "'s"
}

// why says what the controls showed about the cache's key.
func (t *Trial) why(r ruling) string {
	if r.control == nil {
		return "No fresh entry was to be had: a new query or another spelling of the path reached the same response, and it did not expire " +
			"while the scan waited. So it was not seen that the content follows whoever comes first; give --origin, or a longer --wait."
	}
	switch {
	case r.control.kind == byExpiry:
		return "The cache key does not contain the caller. Another query and another spelling of the path made no difference: it is the path alone."
	case r.control.kind == byOrigin:
		return "The origin itself tells the readers apart; the cache in front of it does not."
	case r.swapped != nil:
		return "The cache key contains the URL but not the caller: on a fresh URL the content follows whoever comes first."
	case r.control.kind == byPath:
		return "The cache key does not contain the caller. Another spelling of the path goes past the stored response; another query does not."
	}
	return "The cache key does not contain the caller. A new query goes past the stored response, and is then answered right."
}

// shown is one mark to print, redacted; a token among them would be shown as its digest.
func (t *Trial) shown(marks []string) string {
	best := ""
	for _, m := range marks {
		if better := strings.Contains(m, "@") && !strings.Contains(best, "@"); best == "" || better || len(m) < len(best) && strings.Contains(m, "@") == strings.Contains(best, "@") {
			best = m
		}
	}
	return excerpt(t.redactor.Text(best), 60)
}

func (t *Trial) step(e *exchange, note string) finding.Evidence {
	return finding.Evidence{
		As: e.as.Name, Request: t.redactor.Text(e.request), Status: e.status, Header: t.cachingFields(e.header),
		Excerpt: excerpt(t.redactor.Text(string(e.body)), 240), Note: note, Took: e.took,
	}
}

// cachingFields keeps what says something about caching, and of that nothing that names a reader.
func (t *Trial) cachingFields(h http.Header) http.Header {
	kept := http.Header{}
	for name, values := range t.redactor.Header(h) {
		switch name {
		case "Age", "Cache-Control", "Cache-Status", "Cdn-Cache-Control", "Cf-Cache-Status", "Content-Type", "Etag", "Expires",
			"Last-Modified", "Pragma", "Surrogate-Control", "Vary", "Via", "Www-Authenticate", "X-Cache", "X-Cache-Hits",
			"X-Served-By", "X-Varnish":
			for _, v := range values {
				kept[name] = append(kept[name], excerpt(v, 200))
			}
		}
	}
	return kept
}

// excerpt is the start of s on one line, with nothing in it that a terminal would obey.
func excerpt(s string, most int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			r = '·'
		}
		if space {
			b.WriteByte(' ')
			space = false
			n++
		}
		if n++; n > most {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
