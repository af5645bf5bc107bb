package scan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// judge fills the report from the trials.
func (s *scanner) judge(r *finding.Report) {
	for _, t := range s.tested {
		var found []finding.Finding
		for _, p := range t.probes {
			for _, c := range s.Checks {
				found = append(found, c.Judge(p.Trial)...)
			}
		}
		// What the origin gives to whoever asks is no cache's doing under the operation's other URLs either.
		if slices.ContainsFunc(t.probes, func(p *probe) bool { return p.handsOut() }) || slices.ContainsFunc(found, func(f finding.Finding) bool {
			return f.Rule == finding.BrokenObjectAuthorization && f.Severity >= finding.High
		}) {
			found = slices.DeleteFunc(found, func(f finding.Finding) bool {
				return f.Rule == finding.CrossIdentityReuse && f.Confidence < finding.Confirmed
			})
		}
		for _, f := range found {
			f.Operation = t.Operation
			r.Findings = better(r.Findings, f)
		}
		t.outcome(found)
		t.Open = t.open(s.Checks)
		r.Operations = append(r.Operations, t.Tested)
	}
}

// better is list with f, unless it says the same of the same operation with more confidence already.
func better(list []finding.Finding, f finding.Finding) []finding.Finding {
	i := slices.IndexFunc(list, func(o finding.Finding) bool { return o.Fingerprint() == f.Fingerprint() })
	switch {
	case i < 0:
		return append(list, f)
	case f.Confidence > list[i].Confidence || f.Confidence == list[i].Confidence && f.Severity > list[i].Severity:
		list[i] = f
	}
	return list
}

// outcome says how far an operation got, by the probe that got furthest.
func (t *tested) outcome(found []finding.Finding) {
	for i, p := range t.probes {
		t.Requests += *p.sent
		status, reason := p.outcome()
		if i == 0 || t.Status == finding.StatusFailed {
			t.Status, t.Reason = status, reason
		}
		for i, a := range p.Readers {
			for _, b := range p.Readers[i+1:] {
				t.Differed = t.Differed || p.apart(a, b)
			}
		}
	}
	t.shownAnyhow(found)
	if t.Status != finding.StatusTested || slices.ContainsFunc(found, leaks) {
		return
	}
	for _, p := range t.probes {
		if why := p.undecided(); why != "" {
			t.Undecided, t.Reason = true, why
		}
	}
}

func (p *probe) outcome() (finding.Status, string) {
	got := first(p.Readers[0], p.Natural)
	switch {
	case len(contents(p.Natural)) > 0 && p.unfinished() != "" && (p.err == nil || p.cutOff()):
		return finding.StatusTested, p.unfinished()
	case *p.sent == 0 || p.cutOff():
		return finding.StatusFailed, "the scan ended before it"
	case p.err != nil:
		return finding.StatusFailed, "no answer: " + p.redactor.Text(p.err.Error())
	case len(contents(p.Natural)) == 0 && p.wanting(got) != "":
		return finding.StatusFailed, fmt.Sprintf("answered %d to %s; %s", got.status, got.as.Name, p.wanting(got))
	case len(contents(p.Natural)) == 0:
		return finding.StatusFailed, fmt.Sprintf("answered %d to %s: there was nothing to compare", got.status, got.as.Name) + p.misunderstood(got) + p.sentAway(got)
	case len(p.Readers) == 1:
		return finding.StatusTested, "one identity: whether another would receive its response was not tested"
	}
	return finding.StatusTested, p.denied()
}

// denied names the readers who got nothing where others did.
func (p *probe) denied() string {
	var list []string
	for _, id := range p.Readers {
		if answers := of(id, p.Natural); len(contents(answers)) == 0 && len(answers) > 0 {
			list = append(list, fmt.Sprintf("%s got %d", id.Name, answers[0].status))
		}
	}
	return strings.Join(list, ", ")
}

// undecided is what was not ruled on: an answer that its observer may have from a cache, or by right.
func (t *Trial) undecided() string {
	if t.ended != "" {
		return t.unfinished()
	}
	if why := t.unequipped(); why != "" {
		return why
	}
	for _, s := range t.suspicions() {
		if t.proofOf(s).verdict != unknown || s.about && !t.oneSided(s) || !t.guarded() {
			continue
		}
		got := fmt.Sprintf("got the same as %s", s.victim.Name)
		if !s.seen.same(s.made) {
			got = fmt.Sprintf("got what %s was told", s.victim.Name)
		}
		who := s.observer.Name
		if !t.isReader(s.observer) {
			who = strings.ToLower(t.title(s.observer))
		}
		switch {
		case s.about: // a part that is stored, beside what is made for each reader
			return fmt.Sprintf("%s %s, beside what is its own, and nothing told shared data from a part that is stored: give --origin URL, or %s", who, got, t.longer())
		case t.isReader(s.observer):
			return fmt.Sprintf("%s %s, and nothing told shared data from a leak: give --origin URL, --marker %s=TEXT, or %s", who, got, s.victim.Name, t.longer())
		case t.Operation.Security == operation.Required:
			return fmt.Sprintf("%s %s, though the document wants credentials, and nothing told a missing check from a leak: give --origin URL, or %s", who, got, t.longer())
		default:
			return fmt.Sprintf("%s %s, and nothing told an answer for everybody from a leak: give --origin URL, or have the document call the operation public (security: [])", who, got)
		}
	}
	return t.doubt
}

// oneSided reports whether the observer was told of both, and the victim of itself alone. Where both are told of both, as of
// the members of a team, that is what the API says to either.
func (t *Trial) oneSided(s suspicion) bool {
	theirs, _ := t.Marks[s.observer.Name].in(s.made.content)
	return len(theirs) == 0
}

// name is the operation as it may be shown.
func (t *Trial) name() string { return t.redactor.URL(t.Operation.String()) }
