package scan

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// expiry waits for the stored response to go, again and again, and lets now the observer and now the victim ask first then. Each wait lasts no
// longer than wait.
func (p *probe) expiry(ctx context.Context, s suspicion, list []suspicion) {
	c := &control{kind: byExpiry, giver: s.victim, taker: s.observer}
	if !p.nodes() {
		p.Controls = append(p.Controls, c)
		p.expireOften(ctx, s, list, c)
	}
	if p.nodes() || p.proofOf(s).verdict == unknown && s.unsteady(c) {
		p.expiries(ctx, s)
	}
}

// expireOften is expiry where one cache is behind it. Whoever polls until the content is another has seen that it changes, which content does
// that changes by itself too. So the first change shows how long an entry lasts, and counts for nothing. From then on nobody asks until
// an entry must be gone: whoever comes first then is given its own, or the content does not follow whoever comes first.
func (p *probe) expireOften(ctx context.Context, s suspicion, list []suspicion, c *control) {
	x := &expiring{probe: p, s: s, followers: followers(s, list), control: c, wait: p.wait, last: []*exchange{s.made, s.seen}, since: s.made.at}
	if slices.ContainsFunc(p.Controls[:len(p.Controls)-1], func(c *control) bool { return c.kind == byExpiry }) {
		x.since = time.Now() // another suspicion was looked into meanwhile, which filled the entry who knows when
	}
	if !x.measure(ctx, s.observer) {
		return
	}
	longer := 0
	for len(c.entries) < mostExpired {
		id := s.observer
		if odd(len(c.entries)+1) && !x.denied {
			id = s.victim
		}
		en, gone := x.next(ctx, id)
		switch {
		case len(en.answers) == 0:
			return
		case !gone && longer < mostLonger: // it was filled before it was asked for, or lasts now longer and now shorter
			if longer++; !x.measure(ctx, id) {
				return
			}
			c.entries = nil
			continue
		}
		c.entries = append(c.entries, en)
		if !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

// mostLonger is how often an entry may turn out to last longer than it seemed to, before it is the content that does not follow.
const mostLonger = 2

// nodes reports whether several nodes are known of, each of which may have stored something else.
func (p *probe) nodes() bool { return p.warm > 0 || p.scattered() }

// looks are how often who is to come first asks in a row where several nodes may each have stored something.
const looks = 4

// expiries is expiry where there are several nodes. There nobody can tell when all of them have let go of what they have, so it keeps
// silent until they must have: for as long as the response says, or for ever longer times. Then who comes first asks several
// times, and must be given its own each time; then the other, and then the first may be handed that.
func (p *probe) expiries(ctx context.Context, s suspicion) {
	c := &control{kind: byExpiry, giver: s.victim, taker: s.observer}
	p.Controls = append(p.Controls, c)
	silences := []time.Duration{3 * time.Second, shortLook}
	if d := lifetimeOf(s.made); d > 0 {
		silences = []time.Duration{d + 300*time.Millisecond}
	}
	silences = append(slices.DeleteFunc(silences, func(d time.Duration) bool { return d >= p.wait }), p.wait)
	for i := range mostExpired {
		order := []*Identity{s.observer, s.victim}
		if odd(i) {
			slices.Reverse(order)
		}
		en, ok := p.first(ctx, s, c, order[0], silences[0])
		for !ok && i == 0 && len(silences) > 1 { // it lasts longer than that
			silences = silences[1:]
			en, ok = p.first(ctx, s, c, order[0], silences[0])
		}
		if !ok {
			return
		}
		if !p.join(ctx, s, c, &en, order) {
			return
		}
		c.entries = append(c.entries, en)
		if !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

// first keeps silent, and asks as id several times. It reports whether each answer was id's own.
func (p *probe) first(ctx context.Context, s suspicion, c *control, id *Identity, silence time.Duration) (en entry, own bool) {
	if sleep(ctx, silence) != nil {
		return en, false
	}
	en.lasted = silence
	for range looks {
		e := p.send(ctx, id, p.target)
		en.answers = append(en.answers, e)
		if !e.ok() || !p.alive(s, c.with(en)) || sleep(ctx, rand.N(300*time.Millisecond)) != nil {
			return en, false
		}
	}
	return en, true
}

// join lets the second of order ask too, several times since there are several nodes, and then both until it is no chance any more that
// the one is handed what was made for the other; and then those who come along.
func (p *probe) join(ctx context.Context, s suspicion, c *control, en *entry, order []*Identity) bool {
	ask := func(id *Identity) bool {
		e := p.send(ctx, id, p.target)
		en.answers = append(en.answers, e)
		return e.err == nil
	}
	for i := range 2 * looks {
		if !ask(order[(i+1)%2]) || i < p.warm && !ask(order[1]) {
			return false
		}
		if i > 0 && (len(c.entries)+1 < enoughPairs || c.with(*en).byChance(true, 0) <= mostByChance) {
			break
		}
	}
	for _, other := range p.alongside(s) {
		for range looks {
			if !p.lacks(other, c.with(*en), *en) {
				break
			}
			if !ask(other.observer) {
				return false
			}
		}
	}
	return true
}

// expiring is the wait for one stored response after another.
type expiring struct {
	*probe
	s         suspicion
	followers []*Identity
	control   *control
	wait      time.Duration
	last      []*exchange   // what the entry answers now
	since     time.Time     // when it was filled
	lasts     time.Duration // the age at which one was seen to be gone
	least     time.Duration // and the one at which it was still there
	first     *Identity     // who filled it
	denied    bool          // the observer is, as the first to ask
}

// measure asks as id until the entry is gone, and fills it for all.
func (x *expiring) measure(ctx context.Context, id *Identity) bool {
	e := x.untilGone(ctx, id)
	if e == nil {
		return false
	}
	x.lasts = max(x.lasts, e.at.Sub(x.since))
	x.denied = e.denied() && id == x.s.observer
	_, ok := x.fill(ctx, entry{answers: []*exchange{e}}, id)
	return ok
}

// next keeps silent until the entry must be gone, and for some time more, lest content that goes to and fro by itself is always met at the same end.
// Then id asks, and then the others. It reports whether the entry may be another: id is not given what was made for who came first before.
func (x *expiring) next(ctx context.Context, id *Identity) (en entry, gone bool) {
	const margin = 1100 * time.Millisecond // many caches count whole seconds
	silence := x.lasts + margin + rand.N(min(x.lasts/2, often/2)+1)
	if silence > 2*x.wait || !x.steady(ctx) || sleep(ctx, max(time.Until(x.since.Add(silence)), 0)) != nil {
		return en, false
	}
	held := common(contents(x.last), nil)
	e := x.send(ctx, id, x.target)
	if e.err != nil {
		return en, false
	}
	en = entry{answers: []*exchange{e}, lasted: x.lasts}
	if id != x.first && len(held) > 0 && e.says(held) {
		return en, false
	}
	en, ok := x.fill(ctx, en, id)
	if !ok {
		return entry{}, false
	}
	return en, true
}

// steady looks, as who came first, twice for what must be there as long as it was before. What changes more often than it seemed to is
// another by then; who asks loses nothing by it, for he would be given his own in any case.
func (x *expiring) steady(ctx context.Context) bool {
	entries := x.control.entries
	parts := []float64{0.5, 0.9}
	if x.lasts <= often { // that counts whole seconds, perhaps, and is gone by a second earlier
		parts = parts[:1]
	}
	for _, part := range parts {
		if sleep(ctx, max(time.Until(x.since.Add(time.Duration(part*float64(x.least)))), 0)) != nil {
			return false
		}
		e := x.send(ctx, x.first, x.target)
		if e.err != nil {
			return false
		}
		if len(entries) == 0 {
			x.control.fickle = x.control.fickle || !e.says(common(contents(x.last), nil))
			continue
		}
		last := &entries[len(entries)-1]
		if last.later = append(last.later, e); !x.alive(x.s, x.control) {
			return false
		}
	}
	return true
}

// fill has the others ask who came after the first of en, and the first once more: what is drawn by lot for each answer is another then.
func (x *expiring) fill(ctx context.Context, en entry, id *Identity) (entry, bool) {
	other := x.s.victim
	if id == other {
		other = x.s.observer
	}
	cast, filled := []*Identity{other, id, other}, en.answers[0]
	x.first = id
	if en.answers[0].denied() && id == x.s.observer {
		// It must stay denied until the victim has asked, and only until then.
		cast, filled, x.first = []*Identity{id, id, id, other, id, id}, nil, other
	} else if len(x.control.entries) >= enoughPairs-1 {
		cast = cast[:1]
	}
	if len(x.control.entries) <= 1 { // once after the observer, once after the victim
		cast = append(cast, x.followers...)
	}
	for _, id := range cast {
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return en, false
		}
		if filled == nil && id == other {
			filled = e
		}
		en.answers = append(en.answers, e)
	}
	x.since = filled.at
	x.last = slices.DeleteFunc(slices.Clone(en.answers), func(e *exchange) bool { return !e.ok() })
	return en, true
}

// untilGone asks as id until the answer is no longer what the entry holds; nil where that does not happen in time.
func (x *expiring) untilGone(ctx context.Context, id *Identity) *exchange {
	held := common(contents(x.last), nil)
	if len(held) == 0 {
		return nil
	}
	for age := range x.ages() {
		if sleep(ctx, max(time.Until(x.since.Add(age)), 50*time.Millisecond)) != nil {
			return nil
		}
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return nil
		}
		if e.ok() && !e.says(held) || e.denied() {
			return e
		}
		x.least = max(x.least, e.at.Sub(x.since))
	}
	return nil
}

// ages are those at which a look is worth while: what a response says of its lifetime, and ever later ones.
func (x *expiring) ages() func(yield func(time.Duration) bool) {
	const margin = 100 * time.Millisecond
	return func(yield func(time.Duration) bool) {
		// Another operation may show meanwhile that it is worth while.
		personal := own.MatchString(x.Operation.Path) || x.hinted(x.s) != ""
		doubtful := func() bool { return (x.neutral(x.s) || x.s.about) && !personal && !x.suspected.Load() }
		last := func() time.Duration {
			if x.glanced = doubtful() && !x.always && shortLook < x.wait; x.glanced {
				return shortLook
			}
			return x.wait
		}
		if d := lifetimeOf(x.s.made); d > 0 && d < x.wait {
			if !yield(d + 3*margin) {
				return
			}
		}
		growth := 1.5
		for age := 1500 * time.Millisecond; ; age = time.Duration(float64(age) * growth) {
			if doubtful() {
				growth = 6
			}
			if since := time.Since(x.since); age < since {
				continue
			}
			if at := min(age, last()); !yield(at) || at >= last() {
				return
			}
		}
	}
}

// shortLook is how long to wait for what is the same for two readers, hints at neither, and stands in an API of which
// nothing else speaks for a cache that mixes up readers.
const shortLook = 9 * time.Second
