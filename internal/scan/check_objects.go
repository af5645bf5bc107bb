package scan

import (
	"context"
	"fmt"

	"github.com/bearcache/bearcache/internal/finding"
)

// brokenObjectAuthorization is about URLs that name an object of one reader: from a list that only this reader was
// shown, or given with --param for this reader.
var brokenObjectAuthorization = Check{
	Rule: finding.BrokenObjectAuthorization,
	Probe: func(ctx context.Context, p *probe) {
		owner := p.Readers[0]
		if !p.owned || p.spare == nil {
			return
		}
		for _, other := range p.Readers[1:] {
			if p.shows(first(other, p.Natural), owner) && !p.leaks(other) {
				// Another of the owner's objects, for which nobody has asked: no cache can have it.
				if e := p.tell(ctx, finding.BrokenObjectAuthorization, p.question(other, p.spare)); e.ok() {
					p.tell(ctx, finding.BrokenObjectAuthorization, p.question(owner, p.spare))
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
			cold := false
			if told := t.Told[finding.BrokenObjectAuthorization]; len(told) > 1 && told[0].as == other && told[1].as == owner && told[0].ok() &&
				len(common(contents(told[:1]), []*content{seen.content})) > 0 && told[0].same(told[1]) {
				cold = true
				f.Evidence = append(f.Evidence, t.step(told[0], "another object of "+owner.Name+"'s, which nobody had asked for: given too, so no cache did it"))
			}
			if s := t.suspect(owner, other); s != nil && !cold {
				cold = t.proofOf(*s).verdict == shared
			}
			switch {
			case !cold:
				continue // it may be a cache: the checks of reuse say so
			case len(marks) > 0 && len(about) == 0:
				f.Severity, f.Confidence = finding.High, finding.Confirmed
				f.Detail = "No cache is needed: the origin itself answers, and what it answers names " + owner.Name + ". The check that the object is the caller's is missing."
			default:
				f.Detail = "No cache is needed: the origin itself answers. Nothing in it says that it is " + owner.Name + "'s alone, so it may be shared by intent; " +
					"--marker " + owner.Name + "=TEXT would tell."
			}
			return []finding.Finding{f}
		}
		return nil
	},
}
