package report

import (
	"slices"

	"github.com/bearcache/bearcache/internal/finding"
)

// decisive is the step that gave a finding away: what the observer received, and not what it should have.
// -1: no step is more than the others.
func decisive(f finding.Finding) int {
	i := slices.IndexFunc(f.Evidence, func(e finding.Evidence) bool { return e.As == f.Observer && e.By == finding.ByCache })
	if i < 0 {
		i = slices.IndexFunc(f.Evidence, func(e finding.Evidence) bool {
			return e.As == f.Observer && e.By == finding.ByUnknown && e.Status >= 200 && e.Status < 400
		})
	}
	return i
}

// requests are the lines that repeat a proof, each once in a row.
func requests(f finding.Finding) []string {
	var list []string
	for _, e := range f.Evidence {
		list = append(list, e.Request)
	}
	return slices.Compact(list)
}

// by is who made a response, for a list of steps.
func by(m finding.Maker) string {
	switch m {
	case finding.ByOrigin:
		return " from the origin"
	case finding.ByCache:
		return " from the cache"
	}
	return ""
}
