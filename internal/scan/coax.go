package scan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// coaxing is what a request says to be given a stored response that the cache would validate first (RFC 9111 §5.2.1.2).
// Validation is where the origin looks at who asks, so a cache that leaves it out at a client's word leaves that out too.
const coaxing = "max-stale"

// coax asks as another reader for what may be stale, where a cache says that it is there and each reader gets its own
// without that.
func (p *probe) coax(ctx context.Context) {
	victim := p.Readers[0]
	made := first(victim, p.Natural)
	if p.further || p.Operation.Method != http.MethodGet || !made.ok() || !slices.ContainsFunc(passed, func(name string) bool { return made.header[name] != nil }) {
		return
	}
	i := slices.IndexFunc(p.Readers, func(id *Identity) bool { return id != victim && p.differed(victim, id) })
	if i < 0 {
		return
	}
	asker := p.Readers[i].saying("Cache-Control: "+coaxing, http.Header{"Cache-Control": {coaxing}}, "")
	e := p.put(ctx, p.question(asker, p.target))
	if !p.shows(e, victim) {
		return
	}
	q := p.pair(finding.CrossIdentityReuse, p.target, victim, asker, map[string]marks{victim.Name: p.Marks[victim.Name]})
	q.Natural, q.oneWay = []*exchange{made, e}, true
	q.controls(ctx)
}

// saidSo reports what a reader got only by saying something in a field.
func (t *Trial) saidSo() []finding.Finding {
	for _, pair := range t.Pairs[finding.CrossIdentityReuse] {
		stale := pair.Readers[0] == t.Readers[0]
		list := slices.DeleteFunc(pair.reuse(finding.CrossIdentityReuse, func(suspicion) bool { return true }), func(f finding.Finding) bool {
			return f.Confidence < finding.Likely || stale && f.Confidence < finding.Confirmed
		})
		for i := range list {
			f := &list[i]
			for _, id := range pair.Readers { // what they said stands in the evidence
				f.Victim, f.Observer = strings.Replace(f.Victim, id.Name, id.reader().Name, 1), strings.Replace(f.Observer, id.Name, id.reader().Name, 1)
			}
			if stale {
				f.Summary = fmt.Sprintf("%s received the response that was made for %s, by asking for what may be stale.", f.Observer, f.Victim)
				f.Detail += " Without that the cache validates first, and the origin looks at who asks."
				continue
			}
			f.Summary = fmt.Sprintf("%s received the response that was made for %s.", f.Observer, f.Victim)
			if pair.input.in != "" {
				f.Detail += " So it is with " + pair.spelling + "; without that each is given its own."
			} else {
				f.Detail += " What is not compressed is made for each reader."
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}
