package scan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

var crossIdentityReuse = Check{
	Rule:  finding.CrossIdentityReuse,
	Probe: func(ctx context.Context, p *probe) { p.coax(ctx); p.compressed(ctx) },
	Judge: func(t *Trial) []finding.Finding {
		if list := t.reuse(finding.CrossIdentityReuse, func(s suspicion) bool { return t.isReader(s.observer) }); len(list) > 0 {
			return list
		}
		if list := t.atOnce(); len(list) > 0 {
			return list
		}
		if list := t.saidSo(); len(list) > 0 {
			return list
		}
		return t.ownPage()
	},
}

// atOnce reports what only came to light when readers asked at the same time.
func (t *Trial) atOnce() []finding.Finding {
	victim, observer, found := t.crossed()
	if victim == nil {
		return nil
	}
	rule := finding.CrossIdentityReuse
	alone, _ := t.oneByOne(victim, observer)
	f := finding.Finding{
		Rule: rule, Severity: rule.Severity, Confidence: finding.Confirmed, Operation: t.Operation.String(), Victim: victim.Name, Observer: observer.Name,
		Summary: fmt.Sprintf("%s received the response that was made for %s, when both asked at once.", observer.Name, victim.Name),
		Detail: fmt.Sprintf("On %d of %d entries that nobody had asked for before. Requests for one URL are collapsed into one, whoever asks; one after the other each got its own, on %d entries.",
			len(found), len(t.Bursts), alone),
		Evidence: []finding.Evidence{
			t.step(first(victim, t.Natural), "alone: "+victim.Name+"'s own answer"), t.step(first(observer, t.Natural), "alone: "+observer.Name+"'s own answer"),
		},
	}
	for _, e := range found {
		f.Evidence = append(f.Evidence, t.step(e, "at the same time as "+victim.Name+": "+victim.Name+"'s answer  <- not "+observer.Name+"'s"))
	}
	return []finding.Finding{f}
}

// own matches paths that usually answer about whoever asks.
var own = regexp.MustCompile(`(?i)(^|/)(me|my|mine|self|whoami|userinfo|current-?user|profile|account|balance|wallet|statement|orders|invoices|payments|cart|basket|` +
	`inbox|messages|notifications|settings|preferences|subscriptions?|dashboard)(/|$)`)

// oneself matches those that answer about nothing else.
var oneself = regexp.MustCompile(`(?i)(^|/)(me|self|whoami|userinfo|current-?user|profile|account|balance|wallet|statement|settings|preferences)(/|$)`)

// ownPage is what is left to say where readers were given the same under a path that usually answers about whoever asks, or with
// something that hints at one, nothing in it marks one of them, and no control got past what may be stored.
func (t *Trial) ownPage() []finding.Finding {
	for _, s := range t.suspicions() {
		if !t.isReader(s.observer) || s.about || !t.guarded() || !s.seen.same(s.made) || !own.MatchString(t.Operation.Path) && t.hinted(s) == "" || t.proofOf(s).verdict != unknown {
			continue
		}
		f := finding.Finding{
			Rule: finding.CrossIdentityReuse, Severity: finding.Low, Confidence: finding.Possible, Operation: t.Operation.String(), Victim: s.victim.Name, Observer: s.observer.Name,
			Summary:  fmt.Sprintf("%s received the same as %s, under a path that usually answers about whoever asks.", s.observer.Name, s.victim.Name),
			Detail:   "Nothing in it names either, so it may be the same by right. " + t.unsettled("--origin, "+t.longer()+", or --marker"),
			Evidence: []finding.Evidence{t.step(s.made, "its answer"), t.step(s.seen, "the same bytes")},
		}
		if hint := t.hinted(s); hint != "" {
			f.Summary = fmt.Sprintf("%s received the same as %s, and it speaks of %s.", s.observer.Name, s.victim.Name, s.victim.Name)
			f.Detail = t.unsettled("--origin, "+t.longer()+", or --marker") + " It holds " + excerpt(t.redactor.Text(hint), 60) + ", which speaks of " + s.victim.Name + " and not of " +
				s.observer.Name + "; yet it may be the same for both by right."
		}
		if who := s.seen.content.person(); who != "" && oneself.MatchString(t.Operation.Path) {
			f.Severity, f.Confidence = finding.High, finding.Likely
			f.Summary = fmt.Sprintf("%s and %s received the same, under a path that usually answers about whoever asks, and it names one person.", s.victim.Name, s.observer.Name)
			f.Detail = "It holds " + excerpt(t.redactor.Text(who), 60) + ", which can be one of the two at most. " + t.unsettled("--origin, or "+t.longer())
		}
		return []finding.Finding{f}
	}
	return nil
}

var anonymousReuse = Check{
	Rule: finding.AnonymousReuse,
	Judge: func(t *Trial) []finding.Finding {
		if list := t.reuse(finding.AnonymousReuse, func(s suspicion) bool { return s.observer == t.Nobody }); len(list) > 0 {
			return list
		}
		return t.openPage()
	},
}

// openPage is what is left to say where nobody got what readers did, though the document wants credentials, and no control
// told whether the origin asks for none or a stored response came past its check.
func (t *Trial) openPage() []finding.Finding {
	for _, s := range t.suspicions() {
		if s.observer != t.Nobody || t.Operation.Security != operation.Required || !s.seen.same(s.made) || t.proofOf(s).verdict != unknown {
			continue
		}
		return []finding.Finding{{
			Rule: finding.AnonymousReuse, Severity: finding.Low, Confidence: finding.Possible, Operation: t.Operation.String(), Victim: s.victim.Name, Observer: s.observer.Name,
			Summary: fmt.Sprintf("A request without credentials received the same as %s, though the document wants credentials.", s.victim.Name),
			Detail: "Either nothing checks them, or a stored response comes past the check. No fresh entry was to be had that tells which; give --origin, or " + t.longer() + ". " +
				"If everybody may have it, let the document say so (security: []).",
			Evidence: []finding.Evidence{t.step(s.made, "its answer"), t.step(s.seen, "the same bytes")},
		}}
	}
	return nil
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

// prove applies the proof rule. Confirmed: the observer got what is the victim's alone, and a control
// shows, again on every entry, that it follows whoever came first, or that the observer's own answer is
// another. Likely: it got byte for byte what the victim got, with a value that names the
// victim, and no control got past the stored response. Anything less is not reported.
func (t *Trial) prove(rule *finding.Rule, s suspicion) (finding.Finding, bool) {
	p := t.proofOf(s)
	f := finding.Finding{
		Rule: rule, Severity: rule.Severity, Operation: t.Operation.String(),
		Victim: s.victim.Name, Observer: s.observer.Name,
		Summary: fmt.Sprintf("%s received the response that was made for %s.", t.title(s.observer), s.victim.Name),
	}
	again := t.again(s, p)
	switch {
	case p.verdict == leak && p.whole:
		f.Confidence = finding.Confirmed
	case p.verdict == leak: // a part of it is kept, or it is about whoever came first and is made anew each time
		f.Confidence, f.Severity = finding.Likely, min(f.Severity, finding.High)
	case p.verdict != shared && s.strong && !s.about && s.seen.same(s.made):
		f.Confidence = finding.Likely
		f.Severity = min(f.Severity, finding.High)
		// Whoever was answered before the other had asked may have it by right, where there is a check at all, or of what was stored before the scan.
		open := t.Operation.Security == operation.Public || t.Operation.Security == operation.Optional && first(t.Nobody, t.Natural).same(s.seen)
		if open || t.cameFirst(s) && t.private() {
			f.Confidence, f.Severity = finding.Possible, finding.Low
		}
	default:
		return f, false
	}
	f.Evidence = t.evidence(s, p, again)
	f.Detail = t.why(p)
	if s.observer == t.Forged {
		f.Detail += " The forged token begins like " + s.victim.Name + "'s and has upper and lower case of its end exchanged; to repeat it: " + t.recipe
	}
	return f, true
}

// cameFirst reports whether the observer was given what names the victim before the victim had asked in this scan.
func (t *Trial) cameFirst(s suspicion) bool {
	i := slices.Index(t.Natural, s.seen)
	return i >= 0 && len(contents(of(s.victim, t.Natural[:i]))) == 0
}

// again is a further answer to the observer with the same bytes, or that says what decides: under the natural URL, or on a
// fresh entry that the victim filled.
func (t *Trial) again(s suspicion, p proof) *exchange {
	list := of(s.observer, t.Natural)
	if p.control != nil {
		for _, en := range p.control.entries {
			if en.answers[0].as == s.victim {
				list = append(list, of(s.observer, en.answers)...)
			}
		}
	}
	for _, e := range list {
		if e != s.seen && e.ok() && (e.same(s.seen) || len(p.facts) > 0 && e.content.holds(p.facts[0]) || slices.ContainsFunc(s.marks, e.content.holds)) {
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

func (t *Trial) evidence(s suspicion, p proof, again *exchange) []finding.Evidence {
	shown := t.shown(s.marks)
	if shown == "" && t.isReader(s.observer) {
		shown = t.shown(p.facts)
	}
	holding, same := "", "the same bytes"
	if !s.seen.same(s.made) {
		same = s.victim.Name + "'s data"
	}
	if shown != "" {
		holding = ", holds " + shown
		same += ": " + shown
	}
	// Until a control rules on it nobody knows who answered.
	origin, cache := finding.ByOrigin, finding.ByCache
	if p.verdict != leak {
		origin, cache = finding.ByUnknown, finding.ByUnknown
	}
	var steps []finding.Evidence
	add := func(by finding.Maker, e *exchange, note string) {
		steps = append(steps, t.stepBy(by, e, note))
	}
	if first := p.verdict != leak && t.cameFirst(s); first {
		add(cache, s.seen, "before "+s.victim.Name+" had asked: "+strings.TrimPrefix(holding, ", "))
		add(origin, s.made, same)
	} else {
		add(origin, s.made, "made by the origin"+holding)
		add(cache, s.seen, same+"  <- "+s.victim.Name+"'s, not "+t.whose(s.observer))
	}
	if again != nil {
		what := "the same"
		if !again.same(s.made) {
			what = s.victim.Name + "'s data"
		}
		note := "again: " + what
		if !slices.Contains(t.Natural, again) {
			note = "again, after " + s.victim.Name + ", " + t.where(p.control.kind) + ": " + what
		}
		add(cache, again, note)
	}
	if p.own == nil {
		return steps
	}
	where := t.where(p.control.kind)
	switch {
	case p.own.denied():
		add(origin, p.own, where+": denied, as it should be")
		if got := first(s.victim, p.entry.answers); got.ok() {
			add(origin, got, "and there "+s.victim.Name+" is answered")
		}
		if of := of(s.observer, p.entry.answers); p.follows && of[len(of)-1].ok() {
			add(cache, of[len(of)-1], "after which "+t.called(s.observer)+" gets that too")
		}
	case p.own.as == s.observer:
		add(origin, p.own, where+": "+t.whose(s.observer)+" own answer, without "+s.victim.Name+"'s data")
	default:
		add(origin, p.own, where+": "+p.own.as.Name+" came first")
	}
	switch {
	case p.swapped == nil:
	case p.swapped.as == s.victim:
		add(cache, p.swapped, "order swapped: now "+s.victim.Name+" is given what was made for "+p.own.as.Name)
	default:
		add(cache, p.swapped, "and what was made for "+p.own.as.Name+" is given out as "+s.victim.Name+"'s was")
	}
	return steps
}

// where a control of some kind asked.
func (t *Trial) where(kind controlKind) string {
	switch {
	case t.stemmed:
		return "on a fresh entry (another name in the path)"
	case kind == byOrigin:
		return "asked past the cache"
	case kind == byQuery:
		return "on a fresh entry (a query never used before)"
	case kind == byPath:
		return "on a fresh entry (a character of the path percent-encoded)"
	case kind == byObject:
		return "on a fresh entry (another object, for which nobody had asked)"
	case kind == byExpiry:
		return "on a fresh entry (the stored response had expired)"
	}
	return "right after another reader"
}

// readable reports whether a value can be pointed at: it is no digest of a whole body, and no piece of what is no text.
func readable(value string) bool {
	_, err := hex.DecodeString(value)
	return (err != nil || len(value) != 2*sha256.Size) && !strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}

// called is id within a sentence.
func (t *Trial) called(id *Identity) string {
	if id == t.Forged {
		return "the forged token"
	}
	return id.Name
}

func (t *Trial) whose(id *Identity) string { return t.called(id) + "'s" }

// why says what the controls showed about the cache's key.
func (t *Trial) why(p proof) string {
	if p.control == nil && t.ended != "" {
		return t.unsettled("") + " So it was not seen whether the content follows whoever comes first."
	}
	if p.control == nil {
		return "No fresh entry was to be had that settles it: " + t.variants("led to the same response") + ", and it did not expire, or not often enough, while " +
			"the scan waited. So it was not seen that the content follows whoever comes first; give --origin, or " + t.longer() + "."
	}
	times := fmt.Sprintf(" On %d entries in a row the content followed whoever came first.", len(p.control.entries))
	if p.verdict == leak && !p.whole {
		times += " But other parts of the answers are made anew each time: either a part is cached, or the API itself keeps who came first."
	}
	switch {
	case p.control.kind == byOrigin:
		return "The origin itself tells the readers apart; the cache in front of it does not."
	case p.control.kind == byTurns:
		return fmt.Sprintf("What was made for a reader is stored, and given to requests that are none's. %d times in a row it was what the reader before had got.", len(p.control.entries))
	case p.control.kind == byExpiry && t.ways(byQuery) && t.ways(byPath):
		return "The cache key does not contain the caller. Another query and another spelling of the path made no difference: it is the path alone." + times
	case p.control.kind == byExpiry || p.control.kind == byObject:
		return "The cache key does not contain the caller." + times
	}
	if t.toldApart() {
		return "The cache keeps readers apart, but not by the whole of what they show: what it goes by, others can show too." + times
	}
	return "The cache key contains the URL but not the caller." + times
}

// toldApart reports whether the readers each get an answer of their own where others get what is theirs.
func (t *Trial) toldApart() bool {
	return len(t.Readers) > 1 && t.isReader(t.Readers[1]) && t.differed(t.Readers[0], t.Readers[1])
}

// ways reports whether a kind of variant was tried, and led to what was seen already.
func (t *Trial) ways(kind controlKind) bool {
	return slices.ContainsFunc(t.Controls, func(c *control) bool { return c.kind == kind && c.reached })
}

// variants says what became of them.
func (t *Trial) variants(what string) string {
	if t.ways(byQuery) && t.ways(byPath) {
		return "a new query and another spelling of the path " + what
	}
	return "a new query and another spelling of the path gave nothing to compare"
}

// shown is one mark to print, redacted; a token among them would be shown as its digest.
func (t *Trial) shown(marks []string) string {
	best := ""
	for _, m := range marks {
		if !readable(m) {
			continue
		}
		if better := strings.Contains(m, "@") && !strings.Contains(best, "@"); best == "" || better || len(m) < len(best) && strings.Contains(m, "@") == strings.Contains(best, "@") {
			best = m
		}
	}
	return excerpt(t.redactor.Text(best), 60)
}

func (t *Trial) step(e *exchange, note string) finding.Evidence {
	return finding.Evidence{
		As: e.as.Name, Request: e.request, Status: e.status, Header: t.cachingFields(e.header),
		Excerpt: excerpt(t.redactor.Text(string(e.body[:min(len(e.body), excerptBody)])), 240), Note: note, Took: e.took,
	}
}

// stepBy is step of an answer of which is known who made it.
func (t *Trial) stepBy(by finding.Maker, e *exchange, note string) finding.Evidence {
	s := t.step(e, note)
	s.By = by
	return s
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
