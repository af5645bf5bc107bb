package scan

import (
	"context"
	"sync"
)

// bursts are how often many readers ask for one cold entry at once.
const bursts = 5

// burst lets readers ask for one entry at the same time, by turns as often as there are askers: what collapses
// requests on one key may give all of them the answer to the first. Each entry is one that nobody asked for before.
func (p *probe) burst(ctx context.Context, askers int) {
	if askers < 2 || len(p.Readers) < 2 || !first(p.Readers[0], p.Natural).ok() {
		return
	}
	for range bursts {
		u := p.variant(byQuery)
		answers := make([]*exchange, askers)
		var group sync.WaitGroup
		for i := range answers {
			*p.sent++
			group.Go(func() { answers[i] = p.courier.send(ctx, p.question(p.Readers[i%len(p.Readers)], u)) })
		}
		group.Wait()
		p.Bursts = append(p.Bursts, answers)
	}
}

// crossed finds an observer who, in bursts, was given what its own answers never hold and the victim's always do.
func (t *Trial) crossed() (victim, observer *Identity, proof []*exchange) {
	for _, victim := range t.Readers {
		for _, observer := range t.Readers {
			if victim == observer || !t.differed(victim, observer) {
				continue
			}
			mine := common(contents(of(victim, t.Natural)), contents(of(observer, t.Natural)))
			own := common(contents(of(observer, t.Natural)), contents(of(victim, t.Natural)))
			var found []*exchange
			for _, answers := range t.Bursts {
				for _, e := range of(observer, answers) {
					if e.err == nil && e.says(mine) && !e.says(own) {
						found = append(found, e)
						break
					}
				}
			}
			if len(found) >= 2 {
				return victim, observer, found
			}
		}
	}
	return nil, nil, nil
}
