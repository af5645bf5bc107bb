package scan

import (
	"context"
	"fmt"

	"github.com/bearcache/bearcache/internal/finding"
)

var scopeReuse = Check{
	Rule: finding.ScopeReuse,
	Probe: func(ctx context.Context, p *probe) {
		for _, broad := range p.Readers {
			made := first(broad, p.Natural)
			if !made.ok() {
				continue
			}
			for _, narrow := range p.Narrower[broad] {
				// Marks are no help: it is the same user. What one is told and the other not is found by content.
				q := p.pair(finding.ScopeReuse, p.target, broad, narrow, nil)
				q.Natural = []*exchange{made}
				if !q.ask(ctx, narrow) {
					continue
				}
				if e := q.Natural[1]; e.ok() && !e.same(made) { // what was stored may have ended meanwhile
					q.ask(ctx, broad, narrow)
				}
				q.controls(ctx)
			}
		}
	},
	Judge: func(t *Trial) (list []finding.Finding) {
		for _, pair := range t.Pairs[finding.ScopeReuse] {
			for _, f := range pair.reuse(finding.ScopeReuse, func(suspicion) bool { return true }) {
				f.Victim, f.Observer = pair.Readers[0].Name, pair.Readers[1].Name
				f.Summary = fmt.Sprintf("%s, the same user as %s with less scope, received the response that was made for more.", f.Observer, f.Victim)
				list = append(list, f)
			}
		}
		return list
	},
}
