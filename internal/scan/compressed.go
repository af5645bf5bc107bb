package scan

import (
	"context"
	"net/http"
	"slices"

	"github.com/bearcache/bearcache/internal/finding"
)

// compressed asks, as two readers who are told apart otherwise, in the way that browsers do: some servers keep what they have
// compressed, and nothing else. What is the same for all servers of a make is tried on a few operations.
func (p *probe) compressed(ctx context.Context) {
	const what = "Accept-Encoding: gzip"
	if p.further || p.Operation.Method != http.MethodGet || len(p.Readers) < 2 || !p.answeredApart() || slices.ContainsFunc(p.Readers, p.leaks) ||
		!p.learnt.try(what, p.server(), mostCompressed) {
		return
	}
	gzip := func(id *Identity) *Identity { return id.saying(what, http.Header{"Accept-Encoding": {"gzip"}}, "") }
	victim, other := gzip(p.Readers[0]), gzip(p.Readers[1])
	q := p.pair(finding.CrossIdentityReuse, p.target, victim, other, map[string]marks{victim.Name: p.Marks[p.Readers[0].Name], other.Name: p.Marks[p.Readers[1].Name]})
	if !q.ask(ctx, victim) || q.Natural[0].header.Get("Content-Encoding") == "" || !q.ask(ctx, other) || !p.shows(q.Natural[1], p.Readers[0]) {
		return
	}
	if q.controls(ctx); q.leaks(other) {
		p.learnt.took(what)
	}
}
