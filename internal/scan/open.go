package scan

import (
	"slices"

	"github.com/bearcache/bearcache/internal/finding"
)

// open lists the rules of which the scan cannot say that the operation keeps to them, whatever was not found: they were not looked into
// here, a URL of the operation gave no answer, or nothing ruled on what looked wrong.
func (t *tested) open(checks []Check) (rules []*finding.Rule) {
	for _, c := range checks {
		if !slices.ContainsFunc(t.probes, func(p *probe) bool { return p.tried(c.Rule) }) ||
			slices.ContainsFunc(t.probes, func(p *probe) bool { return p.unruled(c.Rule) }) {
			rules = append(rules, c.Rule)
		}
	}
	return rules
}

// tried reports whether a rule was looked into at all. Those that are missing here are about every answer.
func (p *probe) tried(rule *finding.Rule) bool {
	switch rule {
	case finding.TokenInURL, finding.CacheDeception, finding.ErrorPoisoning, finding.ScopeReuse:
		return len(p.Told[rule]) > 0 || len(p.Pairs[rule]) > 0
	case finding.BrokenObjectAuthorization:
		return p.owned
	}
	return true
}

func (p *probe) unruled(rule *finding.Rule) bool {
	if p.err != nil || len(contents(p.Natural)) == 0 {
		return true
	}
	about := func(s suspicion) bool {
		switch s.observer {
		case p.Nobody:
			return rule == finding.AnonymousReuse
		case p.Forged:
			return rule == finding.InvalidTokenReuse
		}
		return rule == finding.CrossIdentityReuse
	}
	return slices.ContainsFunc(p.suspicions(), func(s suspicion) bool { return about(s) && p.proofOf(s).verdict == unknown })
}

// expected reports whether an earlier report has it that the operation hands one's response to another. Then it takes more than a
// few answers that look right to say that it does so no longer.
func (s *scanner) expected(operation string) bool {
	return slices.ContainsFunc([]*finding.Rule{finding.CrossIdentityReuse, finding.AnonymousReuse, finding.InvalidTokenReuse}, func(rule *finding.Rule) bool {
		return s.Known[finding.Finding{Rule: rule, Operation: operation}.Fingerprint()]
	})
}
