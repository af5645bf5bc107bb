package scan

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// controls tries, for what is suspected, the ways past the stored response until one rules on it.
func (p *probe) controls(ctx context.Context) {
	list := p.suspicions()
	if len(list) == 0 {
		return
	}
	undecided := func(s suspicion) bool { return p.proofOf(s).verdict == unknown && ctx.Err() == nil }
	for _, s := range list {
		if other := p.otherThan(s.victim); other != nil && !p.isReader(s.observer) && undecided(s) {
			p.byTurns(ctx, s, other, followers(s, list))
		}
	}
	for _, kind := range []controlKind{byOrigin, byQuery, byPath, byObject} {
		p.tryOpen(ctx, kind, list)
		for _, s := range list {
			if !undecided(s) || kind == byObject && (!p.isReader(s.observer) || s.victim != p.Readers[0]) || kind == byPath && p.neutral(s) && !p.patient && p.ways(byQuery) || p.openTo(kind, s) {
				continue
			}
			for times := 1; times <= warmups; times++ {
				if p.fresh(ctx, kind, s, list, times) || kind == byOrigin || !undecided(s) {
					break
				}
				if p.headed && times == 1 && !p.isReader(s.observer) && p.filledByHead(ctx, kind, s, list) {
					break
				}
			}
		}
	}
	if p.intermittent() { // several nodes: who was spared may have asked another
		for i := range 2 { // each a place later in the second round: balancers take turns
			cast := append(slices.Clone(p.Readers), p.Nobody, p.Forged)
			if !p.ask(ctx, append(cast[1-i:len(cast):len(cast)], cast[:1-i]...)...) {
				return
			}
		}
		for _, s := range p.suspicions() {
			if undecided(s) {
				p.fresh(ctx, byQuery, s, p.suspicions(), warmups)
			}
		}
		list = p.suspicions()
	}
	waited := false
	for _, s := range list {
		if !undecided(s) || s.about && !p.oneSided(s) || p.stems != nil || p.oneWay || !p.isReader(s.observer) || p.neutral(s) && !p.guarded() && !p.patient || p.wait <= 0 {
			continue
		}
		if !waited {
			waited = true
			p.waiting()
		}
		p.expiry(ctx, s, list)
	}
	for _, s := range list { // once more, for the report to show that it comes again
		if p.proofOf(s).verdict == unknown && s.strong && !s.about && len(of(s.observer, p.Natural)) < 2 {
			p.ask(ctx, s.observer)
			break
		}
	}
}

// intermittent reports whether somebody is given what a cache has of a reader, which another reader, or one more who
// has no good credentials, was spared: there is a cache on each of several nodes, or processes.
func (p *probe) intermittent() bool {
	list := p.suspicions()
	for _, s := range list {
		if proof := p.proofOf(s); proof.verdict == leak && (proof.control.times > 1 || s.observer == p.Nobody && proof.control.kind != byTurns) {
			return len(list) < len(p.Readers)+1
		}
	}
	return false
}

// tryOpen lets nobody ask first for a fresh entry of a kind, where all got the same and nothing in it names a reader alone:
// if nobody gets that too, it is no question any more whether the others may have it.
func (p *probe) tryOpen(ctx context.Context, kind controlKind, list []suspicion) {
	i := slices.IndexFunc(list, func(s suspicion) bool { return s.observer == p.Nobody && (p.neutral(s) || s.about) })
	if i < 0 || len(list) < 2 || kind == byOrigin || kind == byObject {
		return
	}
	if u := p.variant(kind); u != nil {
		if e := p.send(ctx, p.Nobody, u); e.same(list[i].seen) {
			p.Controls = append(p.Controls, &control{kind: kind, reached: true, entries: []entry{{answers: []*exchange{e}}}})
		}
	}
}

// openTo reports whether nobody was seen to get, as the first to ask for a fresh entry of a kind, the bytes of s.
func (p *probe) openTo(kind controlKind, s suspicion) bool {
	return slices.ContainsFunc(p.Controls, func(c *control) bool {
		return c.kind == kind && c.reached && len(c.entries) == 1 && c.entries[0].answers[0].as == p.Nobody && c.entries[0].answers[0].same(s.seen)
	})
}

// neutral is true where nothing but that two readers got the same speaks for a leak.
func (p *probe) neutral(s suspicion) bool { return len(s.marks) == 0 }

// otherThan is a reader who is given an answer of its own, apart from id's; nil where there is none.
func (p *probe) otherThan(id *Identity) *Identity {
	for _, other := range p.Readers {
		if other != id && p.differed(id, other) {
			return other
		}
	}
	return nil
}

// byTurns asks as the victim and as another reader under the natural URL, each time followed by those who
// should get neither's answer: some caches are looked up without credentials only, and filled by all.
func (p *probe) byTurns(ctx context.Context, s suspicion, other *Identity, followers []*Identity) {
	c := &control{kind: byTurns}
	p.Controls = append(p.Controls, c)
	for i := range enoughUnnamed {
		reader := other
		if odd(i) {
			reader = s.victim
		}
		var en entry
		cast := []*Identity{reader, s.observer}
		if i == 1 || i == 3 { // after either reader
			cast = append(cast, followers...)
		}
		for _, id := range cast {
			en.answers = append(en.answers, p.send(ctx, id, p.target))
		}
		c.entries = append(c.entries, en)
		if !all(en.answers, func(e *exchange) bool { return e.err == nil }) || !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

// warmups are how often the first asks for an entry, at most, where once was not enough: some caches store from a
// later request on.
const warmups = 4

// fresh asks on entries that nothing can have filled before, each under a key of its own, now the
// observer first and now the victim, until the control is decided. The first asks so many times before
// the others. It reports whether more of that would show nothing.
func (p *probe) fresh(ctx context.Context, kind controlKind, s suspicion, list []suspicion, times int) (done bool) {
	c := &control{kind: kind, times: times}
	p.Controls = append(p.Controls, c)
	if en, ok := p.asked(s); ok && kind == byObject && times == 1 {
		c.entries = append(c.entries, en)
	}
	for i := range enoughUnnamed {
		u := p.variant(kind)
		if u == nil {
			return true
		}
		order, after := []*Identity{s.observer, s.victim}, followers(s, list)
		switch {
		case odd(i):
			slices.Reverse(order)
		case i == 3 && !p.isReader(s.observer) && len(after) > 0 && !p.isReader(after[0]):
			// Whoever else has no good credentials must be refused too, as the first to ask.
			order[0], after = after[0], append([]*Identity{s.observer}, after[1:]...)
		}
		if i != 1 && i != 3 && kind != byOrigin { // once after the victim, once after the other
			after = nil
		}
		if kind == byQuery && i >= enoughPairs {
			order, after = order[:1], nil
		}
		en, ok := entry{answers: p.filled}, true
		if i != 1 || kind != byQuery || p.filled == nil { // the second is like the one that led here
			en, ok = p.enter(ctx, u, order, s, after, times, kind != byOrigin && i == 0)
		}
		if !ok {
			return true // a control that fails rules on nothing
		}
		c.entries = append(c.entries, en)
		c.reached = i == 0 && (len(en.answers) == 1 && !p.oneWay || p.everybodys(s, en))
		switch {
		case c.reached || p.proofOf(s).verdict != unknown:
			return true
		case !p.alive(s, c):
			return en.stored() || !slices.ContainsFunc(en.answers, (*exchange).ok) // then more of that would show nothing else
		}
	}
	return true
}

// asked is the operation's own URL as an entry, where it names an object of the victim's for which the observer asked first,
// in vain.
func (p *probe) asked(s suspicion) (en entry, ok bool) {
	told := p.Told[finding.BrokenObjectAuthorization]
	if !p.further || len(told) == 0 || told[0].as != s.observer || !told[0].denied() {
		return en, false
	}
	en.answers = append(en.answers, told[0])
	for _, e := range p.Natural {
		if e.as == s.victim || e.as == s.observer {
			en.answers = append(en.answers, e)
		}
	}
	return en, true
}

// everybodys reports whether the observer of s, first to ask, was told what made the suspicion: the victim is told
// nothing else.
func (p *probe) everybodys(s suspicion, en entry) bool {
	held := common(contents(append(of(s.victim, p.Natural), s.seen)), nil)
	return len(held) > 0 && en.answers[0].as == s.observer && en.answers[0].says(held) && s.marked(en.answers[0])
}

// marked reports whether an answer holds some mark that made the suspicion, if any did: it may stand in a field, beside
// a body that is the same for all.
func (s suspicion) marked(e *exchange) bool {
	return len(s.marks) == 0 || slices.ContainsFunc(s.marks, e.content.holds)
}

// stored reports whether somebody got what somebody else had got before on the entry.
func (en entry) stored() bool {
	for i, a := range en.answers {
		for _, b := range en.answers[i+1:] {
			if a.as != b.as && a.same(b) {
				return true
			}
		}
	}
	return false
}

// odd is the Thue-Morse sequence, which repeats no pattern: 0 1 1 0 1 0 0 1 …
func odd(i int) bool {
	n := false
	for ; i > 0; i &= i - 1 {
		n = !n
	}
	return n
}

// followers are the others who may have got what the victim of s is suspected to have lost. They come
// after both on an entry, and show whether they too get what it was filled with.
func followers(s suspicion, list []suspicion) []*Identity {
	var ids []*Identity
	for _, other := range list {
		if other.victim == s.victim && other.observer != s.observer {
			ids = append(ids, other.observer)
		}
	}
	return ids
}

// denials are how often a denial must repeat before somebody else asks for the same: one that goes away
// by itself, such as a replica that lags, is none.
const denials = 2

// enter lets readers ask for one entry in order, the first several times, then the followers. Who is denied
// is asked once more, before and after the other filled the entry. With tentative it stops where the first
// answer is what was seen already, for then the entry is not fresh, or everybody gets the same.
func (p *probe) enter(ctx context.Context, u *url.URL, order []*Identity, s suspicion, followers []*Identity, times int, tentative bool) (en entry, ok bool) {
	ask := func(to *url.URL, list *[]*exchange, ids ...*Identity) {
		for _, id := range ids {
			if p.heads && id == s.victim {
				*list = append(*list, p.head(ctx, s, to))
			} else {
				*list = append(*list, p.send(ctx, id, to))
			}
		}
	}
	ask(u, &en.answers, order[0])
	if len(order) == 1 || p.oneWay && order[0] == s.observer {
		return en, en.answers[0].err == nil
	}
	first := en.answers[0]
	if tentative && first.same(s.seen) && s.marked(first) {
		return en, true
	}
	if first.denied() && first.as != s.victim {
		for range denials - 1 {
			if p.stems == nil { // then it is denied under the operation's own path too
				ask(u, &en.answers, first.as)
			}
		}
		ask(u, &en.answers, slices.Repeat([]*Identity{s.victim}, times)...)
		ask(u, &en.answers, first.as)
	} else {
		ask(u, &en.answers, slices.Repeat(order[:1], times-1)...)
		ask(u, &en.answers, order[1])
	}
	ask(u, &en.answers, followers...)
	if u == p.origin { // is what was seen still there?
		ask(p.target, &en.natural, append(followers, s.observer)...)
	}
	return en, all(append(en.answers, en.natural...), func(e *exchange) bool { return e.err == nil })
}

// filledByHead is fresh with entries that the victim fills by HEAD. It reports whether that ruled on s.
func (p *probe) filledByHead(ctx context.Context, kind controlKind, s suspicion, list []suspicion) bool {
	p.heads = true
	defer func() { p.heads = false }()
	p.fresh(ctx, kind, s, list, 1)
	return p.proofOf(s).verdict != unknown
}

// head asks by HEAD as the victim, which fills the entry with what the victim would be told.
func (p *probe) head(ctx context.Context, s suspicion, to *url.URL) *exchange {
	q := p.question(s.victim, to)
	q.method = http.MethodHead
	e := p.put(ctx, q)
	if e.ok() {
		e.content, e.body = s.made.content, s.made.body
	}
	sleep(ctx, 100*time.Millisecond) // it is stored a moment after it was answered
	return e
}
