package scan

import (
	"context"
	"fmt"
	"slices"

	"github.com/bearcache/bearcache/internal/finding"
)

// brokenObjectAuthorization is about URLs that name an object of one reader: from a list that only this reader was
// shown, or given with --param for this reader.
var brokenObjectAuthorization = Check{
	Rule: finding.BrokenObjectAuthorization,
	Probe: func(ctx context.Context, p *probe) {
		owner := p.Readers[0]
		if !p.owned || p.further {
			return
		}
		for _, other := range p.Readers[1:] {
			if p.shows(first(other, p.Natural), owner) && !p.leaks(other) && p.unasked(owner, other) == nil {
				// Another of the owner's objects, for which nobody has asked: no cache can have it.
				u := p.unused()
				if u == nil {
					return
				}
				if e := p.tell(ctx, finding.BrokenObjectAuthorization, p.question(other, u)); e.ok() {
					p.tell(ctx, finding.BrokenObjectAuthorization, p.question(owner, u))
				}
			}
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		owner := t.Readers[0]
		if !t.owned || !t.private() {
			return nil
		}
		for _, other := range t.Readers[1:] {
			seen := first(other, t.Natural)
			if !t.shows(seen, owner) || t.leaks(other) {
				continue
			}
			made := first(owner, t.Natural)
			marks, _ := t.Marks[owner.Name].in(seen.content)
			about, _ := t.Marks[other.Name].in(seen.content)
			f := finding.Finding{
				Rule: finding.BrokenObjectAuthorization, Severity: finding.Low, Confidence: finding.Possible, Operation: t.Operation.String(),
				Victim: owner.Name, Observer: other.Name,
				Summary:  fmt.Sprintf("%s is given an object of %s.", other.Name, owner.Name),
				Evidence: []finding.Evidence{t.step(made, "its own object"), t.step(seen, "the same object")},
			}
			cold, what := t.cold(owner, other), "asked before "+owner.Name+" had: given too"
			if given := t.unasked(owner, other); cold == nil && given != nil {
				cold, what = given, "another object of "+owner.Name+"'s, for which nobody had asked: given too"
			}
			switch s := t.suspect(owner, other); {
			case cold != nil:
				f.Evidence = append(f.Evidence, t.stepBy(finding.ByOrigin, cold, what))
			case s == nil || t.proofOf(*s).verdict != shared:
				continue // it may be a cache: the checks of reuse say so
			}
			f.Detail = "No cache is needed for that: the origin itself answers, and does not look whose the object is."
			switch {
			case t.person:
				f.Detail += " It is about " + owner.Name + ", and may be a page that others see by intent."
			case len(marks) == 0 || len(about) > 0:
				f.Detail += " Nothing in the answer says that it is " + owner.Name + "'s alone, so it may be shared by intent; --marker " + owner.Name + "=TEXT would tell."
			case cold == nil: // a control past any cache ruled on it
				f.Severity, f.Confidence = finding.High, finding.Confirmed
			default:
				f.Severity, f.Confidence = finding.High, finding.Likely
				f.Detail += " Unless somebody had asked for it shortly before the scan, and a cache had it; --origin would tell."
			}
			return []finding.Finding{f}
		}
		return nil
	},
}

// handsOut reports whether another was given the owner's object, or something of it, before any cache could have it.
func (t *Trial) handsOut() bool {
	owner := t.Readers[0]
	return t.owned && t.private() && slices.ContainsFunc(t.Readers[1:], func(other *Identity) bool {
		return t.shows(first(other, t.Natural), owner) && (t.cold(owner, other) != nil || t.unasked(owner, other) != nil)
	})
}

// cold is an answer to other with an object of the owner's, for which the owner had not asked in this scan; nil where
// there is none, or other was refused.
func (t *Trial) cold(owner, other *Identity) *exchange {
	told := t.Told[finding.BrokenObjectAuthorization]
	if len(told) == 0 || told[0].as != other || !told[0].ok() {
		return nil
	}
	for _, e := range of(owner, t.Natural) {
		if told[0].same(e) {
			return told[0]
		}
	}
	return nil
}

// unasked is what other was given of another of owner's objects, as the first to ask for it; nil where it was not, or
// where the owner is not given the same, or something of it that names the owner.
func (t *Trial) unasked(owner, other *Identity) *exchange {
	told := slices.Clone(t.Told[finding.BrokenObjectAuthorization])
	for _, c := range t.Controls {
		if c.kind == byObject && len(c.entries) > 0 {
			told = append(told, c.entries[0].answers...)
		}
	}
	for i, e := range told[:max(len(told)-1, 0)] {
		if own := told[i+1]; e.as == other && own.as == owner && e.ok() && own.ok() {
			marks, _ := t.Marks[owner.Name].in(e.content)
			if e.same(own) || slices.ContainsFunc(marks, own.content.holds) {
				return e
			}
		}
	}
	return nil
}
