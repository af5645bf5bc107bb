package scan

import (
	"context"
	"sync"
)

// bursts are how often many readers ask for one cold entry at once, and at most where that shows something now and then. Then as many entries are
// asked for by one after the other: what two are given by chance, or by the URL, they are given then too.
const (
	bursts     = 5
	mostBursts = 10
	mostSolos  = 20
)

// burst lets readers ask for one entry at the same time, by turns as often as there are askers: what collapses
// requests on one key may give all of them the answer to the first. Each entry is one that nobody asked for before.
func (p *probe) burst(ctx context.Context, askers int) {
	if askers < 2 || len(p.Readers) < 2 || !first(p.Readers[0], p.Natural).ok() {
		return
	}
	for len(p.Bursts) < mostBursts && len(p.Solos) <= mostSolos {
		if victim, observer, n := p.mixed(); len(p.Bursts) >= bursts {
			if victim == nil || ctx.Err() != nil {
				return
			}
			switch alone, handed := p.oneByOne(victim, observer); {
			case handed > 0 || p.crossing(victim, observer) <= mostByChance:
				return
			case len(p.Solos) < mostSolos && alone < 2*n:
				u := p.variant(byQuery)
				p.Solos = append(p.Solos, []*exchange{p.send(ctx, victim, u), p.send(ctx, observer, u)})
				continue
			}
		}
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

// crossed finds an observer who, in bursts, was given what its own answers never hold and the victim's always do, more often than chance has it.
func (t *Trial) crossed() (victim, observer *Identity, proof []*exchange) {
	victim, observer, _ = t.mixed()
	if victim == nil || t.crossing(victim, observer) > mostByChance {
		return nil, nil, nil
	}
	return victim, observer, t.swapped(victim, observer)
}

// mixed are those two of the readers of whom the one was given the other's in most bursts, and in how many; nil: none was in two.
func (t *Trial) mixed() (victim, observer *Identity, most int) {
	most = 1
	for _, a := range t.Readers {
		for _, b := range t.Readers {
			if a == b || !t.differed(a, b) {
				continue
			}
			if n := len(t.swapped(a, b)); n > most {
				victim, observer, most = a, b, n
			}
		}
	}
	return victim, observer, most
}

// swapped are the answers to observer, one of a burst, that are the victim's.
func (t *Trial) swapped(victim, observer *Identity) (found []*exchange) {
	for _, answers := range t.Bursts {
		for _, e := range of(observer, answers) {
			if t.belongs(e, victim, observer) {
				found = append(found, e)
				break
			}
		}
	}
	return found
}

// belongs reports whether an answer to observer says what the victim is always told, and not what the observer is.
func (t *Trial) belongs(e *exchange, victim, observer *Identity) bool {
	mine := common(contents(of(victim, t.Natural)), contents(of(observer, t.Natural)))
	own := common(contents(of(observer, t.Natural)), contents(of(victim, t.Natural)))
	return e.err == nil && e.says(mine) && !e.says(own)
}

// oneByOne counts the entries that victim and observer asked for one after the other, and those of them on which the observer was given
// the same as the victim.
func (t *Trial) oneByOne(victim, observer *Identity) (asked, handed int) {
	for _, answers := range t.Solos {
		got, made := first(observer, answers), first(victim, answers)
		if !got.ok() || !made.ok() { // who was not answered was not given his own either
			continue
		}
		if asked++; t.belongs(got, victim, observer) || got.same(made) {
			handed++
		}
	}
	return asked, handed
}

// crossing is how likely it is, at most, that one of the two was given the other's in so many bursts, and never otherwise, by chance.
func (t *Trial) crossing(victim, observer *Identity) float64 {
	asked, handed := t.oneByOne(victim, observer)
	if handed > 0 {
		return 1
	}
	mixed := len(t.swapped(victim, observer)) + len(t.swapped(observer, victim)) // in one burst one of the two comes first
	return draws{cold: asked, warm: len(t.Bursts), handed: min(mixed, len(t.Bursts))}.chance()
}
