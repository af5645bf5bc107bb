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
	if p.scattered() {
		list = p.revisit(ctx)
	}
	undecided := func(s suspicion) bool { return p.proofOf(s).verdict == unknown && ctx.Err() == nil }
	for _, s := range list {
		if other := p.otherThan(s.victim); other != nil && !p.isReader(s.observer) && undecided(s) {
			p.byTurns(ctx, s, other, followers(s, list))
		}
	}
	observers := append(slices.Clone(p.Readers), p.Nobody, p.Forged)
	for _, kind := range []controlKind{byOrigin, byQuery, byPath, byObject} {
		p.tryOpen(ctx, kind, list)
		for _, id := range observers {
			list = p.suspicions() // there may be more of them meanwhile
			i := slices.IndexFunc(list, func(s suspicion) bool { return s.observer == id })
			if i < 0 {
				continue
			}
			s := list[i]
			switch {
			case !undecided(s) || kind == byObject && (!p.isReader(s.observer) || s.victim != p.Readers[0]) || kind == byPath && p.neutral(s) && !p.patient && p.ways(byQuery) || p.openTo(kind, s) || p.alongOften(kind, id):
			case kind == byOrigin:
				p.past(ctx, s, list)
			default:
				p.fresh(ctx, kind, s)
			}
		}
	}
	list = p.suspicions()
	waited := false
	for _, s := range list {
		if p.expired(s) || !undecided(s) || s.about && !p.oneSided(s) || p.stems != nil || p.oneWay || !p.isReader(s.observer) || p.neutral(s) && !p.guarded() && !p.patient || p.wait <= 0 {
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

// expired reports whether entries were seen to expire for the two of s already: that settled what it could, whoever of them is the victim.
func (t *Trial) expired(s suspicion) bool {
	return slices.ContainsFunc(t.Controls, func(c *control) bool {
		return c.kind == byExpiry && len(c.entries) > 0 && (c.giver == s.victim && c.taker == s.observer || c.giver == s.observer && c.taker == s.victim)
	})
}

// scattered reports whether somebody was handed what had been made for another, and a reader who asked after somebody else was
// not, or of those who have no good credentials only one was: there may be a cache on each of several nodes, or processes.
func (t *Trial) scattered() bool {
	natural := entry{answers: t.Natural}
	handed, spared := false, make(map[*Identity]bool)
	for i, e := range t.Natural {
		switch {
		case e.ok() && natural.maker(i) != e.as:
			handed = true
		case e.as != t.Natural[0].as && (e.ok() || e.denied()):
			spared[e.as] = true
		}
	}
	return handed && (slices.ContainsFunc(t.Readers, func(id *Identity) bool { return spared[id] }) || spared[t.Nobody] != spared[t.Forged])
}

// revisit lets those ask again under the natural URL who were spared: they may have asked another node than the one that has
// something. It does so once, and once more where there are more nodes than two.
func (p *probe) revisit(ctx context.Context) []suspicion {
	suspected := func(id *Identity) bool {
		return slices.ContainsFunc(p.suspicions(), func(s suspicion) bool { return s.observer == id })
	}
	if p.paired || p.revisited >= min(p.warm, 2) && p.revisited > 0 {
		return p.suspicions()
	}
	p.revisited = max(p.warm, 1)
	spared := func(id *Identity) bool { return !suspected(id) && all(of(id, p.Natural), (*exchange).denied) }
	for i := range 1 + p.revisited {
		mixed := len(p.Readers) < 2 || slices.ContainsFunc(p.Readers, suspected)
		if mixed && (i > 0 || !spared(p.Nobody) && !spared(p.Forged)) || !p.round(ctx) { // which fills nodes that had nothing, too
			break
		}
	}
	often := func(id *Identity, n int) {
		for i := 0; i < n && spared(id) && p.ask(ctx, id); i++ {
		}
	}
	often(p.Nobody, 1+p.revisited)
	often(p.Forged, 1+p.revisited)
	if suspected(p.Nobody) || suspected(p.Forged) { // then it is likely that the other is not refused by all either
		often(p.Nobody, 4)
		often(p.Forged, 4)
	}
	return p.suspicions()
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

// warmups are how often who fills an entry asks, and then whoever comes after, at most: some caches store from a later request on, and
// some deployments have one on each of several nodes. It begins with once, and grows where that shows nothing.
const warmups = 4

// mostEntries bounds what a control asks for where several nodes make it slow.
const mostEntries = 20

// fresh asks on entries that nothing can have filled before, each under a key of its own, now the observer first and now the
// victim, until the control is decided. Both ask until it is convincing that who comes after is handed what was made before, and from
// then on the first alone.
func (p *probe) fresh(ctx context.Context, kind controlKind, s suspicion) {
	c := &control{kind: kind, giver: s.victim, taker: s.observer}
	p.Controls = append(p.Controls, c)
	if en, ok := p.asked(s); ok && kind == byObject {
		c.entries = append(c.entries, en)
	}
	// nodes: there are several, or one that stores late, for who came after was not handed it each time. missed is how often that was
	// since it last was, which it was at all if handed.
	nodes, handed, missed := false, false, 0
	for more := 0; len(c.entries) < mostEntries; {
		i, u, after := len(c.entries), p.variant(kind), p.alongside(s)
		if u == nil {
			return
		}
		order := []*Identity{s.observer, s.victim}
		if odd(i) {
			slices.Reverse(order)
		}
		switch {
		case more > 0: // the others are to be shown what is missing
			if order = p.missing(after, c); order == nil {
				return
			}
		case nodes && c.byChance(p.isReader(s.observer), mostEntries-i) <= mostByChance || !nodes && kind == byQuery && i >= p.pairs(s):
			if order = order[:1]; nodes && !p.isReader(s.observer) { // that the victim is answered is not in question
				order[0] = s.observer
			}
		case i == 3 && !p.isReader(s.observer) && len(after) > 0 && !p.isReader(after[0].observer):
			// Whoever else has no good credentials must be refused too, as the first to ask.
			order[0], after[0] = after[0].observer, s
		}
		en, ok := entry{answers: p.filled}, true
		if i != 1 || kind != byQuery || p.filled == nil { // the second is like the one that led here
			en, ok = p.enter(ctx, u, order, s, c, after, i == 0)
		}
		if !ok {
			return // a control that fails rules on nothing
		}
		c.entries = append(c.entries, en)
		c.reached = i == 0 && (len(en.answers) == 1 && !p.oneWay || p.everybodys(s, en))
		var values []string
		if _, values, _, nodes = p.fits(s, c); c.reached || len(values) == 0 {
			return
		}
		if p.proofOf(s).verdict != unknown {
			if more++; !nodes || more > enoughPairs {
				return
			}
		}
		switch {
		case c.exchanged(en) || len(order) == 1 || !nodes:
			handed, missed = handed || len(order) > 1, 0
			continue
		case handed && missed < warmups:
			missed++
			p.warm = min(p.warm+1, warmups-2)
		case p.headed && i == 0 && !p.isReader(s.observer) && !p.heads && p.filledByHead(ctx, kind, s):
			return
		case p.warm == warmups-1:
			return // nothing is stored here
		default:
			p.warm++
		}
		p.revisit(ctx)
	}
}

// pairs are on how many entries both ask, where each time who comes after is handed what was made before: one less if that is so both ways.
func (p *probe) pairs(s suspicion) int {
	if p.isReader(s.observer) {
		return enoughPairs - 1
	}
	return enoughPairs
}

// alongOften reports whether id came along on so many entries of a kind, and was given nothing, that more of them would show nothing else.
func (p *probe) alongOften(kind controlKind, id *Identity) bool {
	return slices.ContainsFunc(p.Controls, func(c *control) bool {
		n := 0
		for _, en := range c.entries {
			switch list := of(id, en.answers); {
			case slices.ContainsFunc(list, (*exchange).ok):
				return false
			case len(list) > 0:
				n++
			}
		}
		return c.kind == kind && id != c.giver && id != c.taker && n >= enoughPairs
	})
}

// past asks at the origin itself, and whether what was seen is still there, until that is decided. The others come along once
// after the victim and once after the observer.
func (p *probe) past(ctx context.Context, s suspicion, list []suspicion) {
	if p.origin == nil {
		return
	}
	c := &control{kind: byOrigin}
	p.Controls = append(p.Controls, c)
	for i := range mostEntries {
		order, after := []*Identity{s.observer, s.victim}, followers(s, list)
		if odd(i) {
			slices.Reverse(order)
		}
		if i != 1 && i != 3 {
			after = nil
		}
		if i >= enoughPairs {
			order = []*Identity{s.observer}
		}
		var en entry
		for _, id := range append(order, after...) {
			en.answers = append(en.answers, p.send(ctx, id, p.origin))
		}
		for _, id := range append(after, s.observer) {
			en.natural = append(en.natural, p.send(ctx, id, p.target))
		}
		c.entries = append(c.entries, en)
		if !all(append(en.answers, en.natural...), func(e *exchange) bool { return e.err == nil }) || !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
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

// exchanged reports whether, on an entry, one of the two of c was handed what was made for the other.
func (c *control) exchanged(en entry) bool {
	return en.draws(c.giver, c.taker).handed+en.draws(c.taker, c.giver).handed > 0
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

// enter lets readers ask for one entry in order, the first several times, then those who come along. Who is denied
// is asked once more, before and after the other filled the entry. With tentative it stops where the first
// answer is what was seen already, for then the entry is not fresh, or everybody gets the same.
func (p *probe) enter(ctx context.Context, u *url.URL, order []*Identity, s suspicion, c *control, along []suspicion, tentative bool) (en entry, ok bool) {
	ask := func(id *Identity) *exchange {
		e := (*exchange)(nil)
		if p.heads && id == s.victim {
			e = p.head(ctx, s, u)
		} else {
			e = p.send(ctx, id, u)
		}
		en.answers = append(en.answers, e)
		return e
	}
	// until asks until it is done, as often as the entry was filled.
	until := func(id *Identity, done func() bool) {
		for range 1 + p.warm {
			if ask(id); done() {
				return
			}
		}
	}
	first := ask(order[0])
	if p.oneWay && order[0] == s.observer {
		return en, first.err == nil
	}
	if tentative && first.same(s.seen) && s.marked(first) {
		return en, true
	}
	guest := order[len(order)-1]
	lacking := func(other suspicion) bool { return p.lacks(other, c.with(en), en) }
	switch {
	case len(order) == 1:
		if slices.ContainsFunc(along, lacking) {
			for range p.warm {
				ask(first.as)
			}
		}
	case first.denied() && first.as != s.victim:
		for range denials - 1 {
			if p.stems == nil { // then it is denied under the operation's own path too
				ask(first.as)
			}
		}
		for range 1 + p.warm {
			ask(guest)
		}
		until(first.as, func() bool { return !en.answers[len(en.answers)-1].denied() })
	default:
		for range p.warm {
			ask(first.as)
		}
		until(guest, func() bool {
			_, values, _, nodes := p.fits(s, c.with(en))
			return len(values) > 0 && !nodes || c.exchanged(en)
		})
	}
	for _, other := range along {
		if lacking(other) {
			until(other.observer, func() bool { return !lacking(other) })
		}
	}
	return en, all(en.answers, func(e *exchange) bool { return e.err == nil })
}

// missing is who has to ask for those to show something who come along: for what was made for the one, or for the other, they were not seen
// to get yet, or they were not refused yet as the first to ask. nil: nothing is missing.
func (p *probe) missing(along []suspicion, c *control) []*Identity {
	for _, s := range along {
		sd, values, _, _ := p.fits(s, c)
		d := c.draws(s.victim, s.observer)
		switch alone := !p.isReader(c.taker); { // nobody but the victim is answered
		case len(values) == 0 || alone && (p.isReader(s.observer) || s.victim != c.giver):
		case sd.reached == 0 || alone && d.handed < 2:
			return []*Identity{s.victim}
		case alone && d.cold == 0:
			return []*Identity{s.observer}
		case !alone && sd.handed == 0 && s.victim == c.giver:
			return []*Identity{c.taker}
		case !alone && sd.handed == 0:
			return []*Identity{c.giver}
		}
	}
	return nil
}

// alongside are the suspicions of others about the same content as s is about.
func (p *probe) alongside(s suspicion) (list []suspicion) {
	for _, other := range p.suspicions() {
		if other.observer != s.observer && other.observer != s.victim && (other.victim == s.victim || other.victim == s.observer) {
			list = append(list, other)
		}
	}
	return list
}

// lacks reports whether it is not seen yet that the observer of s gets what an entry has: what was made for the victim, and what
// was made for another, or that of the victim twice where nobody else is answered.
func (p *probe) lacks(s suspicion, c *control, en entry) bool {
	sd, values, _, nodes := p.fits(s, c)
	twice := nodes && !p.isReader(c.taker)
	for i, e := range en.answers {
		by := en.maker(i)
		switch {
		case !e.ok() || len(values) == 0:
		case by == s.victim && (sd.reached == 0 || twice && sd.reached < 2 && en.draws(s.victim, s.observer).handed == 0),
			by != s.victim && by != s.observer && sd.handed == 0:
			return true
		}
	}
	return false
}

// filledByHead is fresh with entries that the victim fills by HEAD. It reports whether that ruled on s.
func (p *probe) filledByHead(ctx context.Context, kind controlKind, s suspicion) bool {
	p.heads = true
	defer func() { p.heads = false }()
	p.fresh(ctx, kind, s)
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
