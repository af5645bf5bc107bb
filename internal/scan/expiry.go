package scan

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/operation"
)

// expiry waits for the stored response to go, with the observer as the first to ask then; for that to go,
// with the victim as the first; and lets a third lifetime pass in which the victim alone asks, for what
// changes by itself would change then. Each wait lasts no longer than wait.
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

// expireOften is expiry where one cache is behind it.
func (p *probe) expireOften(ctx context.Context, s suspicion, list []suspicion, c *control) {
	x := &expiring{probe: p, s: s, followers: followers(s, list), control: c, wait: p.wait, last: []*exchange{s.made, s.seen}, since: s.made.at}
	if slices.ContainsFunc(p.Controls[:len(p.Controls)-1], func(c *control) bool { return c.kind == byExpiry }) {
		x.since = time.Now() // another suspicion was looked into meanwhile, which filled the entry who knows when
	}
	for i := range enoughExpiredOften {
		var en entry
		var ok bool
		switch step := "ovsosv"[i]; {
		case step == 'o' || i > 0 && c.entries[i-1].answers[0].denied():
			en, ok = x.gone(ctx, s.observer, s.victim)
		case step == 'v':
			en, ok = x.gone(ctx, s.victim, s.observer)
		default:
			en, ok = x.still(ctx)
		}
		if !ok {
			return
		}
		en.lasted = x.span
		c.entries = append(c.entries, en)
		if !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

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
	for i := range enoughExpiredUnnamed {
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
		if i > 0 && (len(c.entries)+1 < enoughExpiredNodes || c.with(*en).byChance(true, 0) <= mostByChance) {
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
	span      time.Duration // between the last two times it was
	longest   time.Duration // of these
	// A stored response was seen to be there still at the age least, and to be gone at the age most.
	least, most time.Duration
	first       *Identity // who filled it
}

// gone asks as id until the entry answers otherwise, and then as the other.
func (x *expiring) gone(ctx context.Context, id, other *Identity) (entry, bool) {
	e, held := x.untilGone(ctx, id)
	if e == nil {
		return entry{}, false
	}
	x.since, x.span, x.first = e.at, e.at.Sub(x.since), id
	x.longest = max(x.longest, x.span)
	en := entry{answers: []*exchange{e}, held: held, awaited: true}
	if e.denied() && id == x.s.observer {
		// It must stay denied until the victim has asked, and only until then.
		return x.fill(ctx, en, id, id, id, other, id, id)
	}
	return x.fill(ctx, en, other)
}

// still lets a lifetime pass and asks as whoever came first before: had the content changed by itself, it
// would have changed now.
func (x *expiring) still(ctx context.Context) (entry, bool) {
	// Content that goes to and fro by itself is at the other end at some of them.
	filled := x.since
	var en entry
	n := max(2, enoughForetold-x.control.foretold()-1) // one more will come
	for i := range n {
		part := 0.3 + 1.2*(float64(i)+rand.Float64())/float64(n)
		if i == n-1 {
			part = 1.5
		}
		pause := time.Until(filled.Add(time.Duration(part * float64(x.longest))))
		if pause > 2*x.wait || sleep(ctx, max(pause, 0)) != nil {
			return entry{}, false
		}
		e := x.send(ctx, x.first, x.target)
		if e.err != nil {
			return entry{}, false
		}
		en.answers = append(en.answers, e)
	}
	other := x.s.victim
	if x.first == x.s.victim {
		other = x.s.observer
	}
	x.since = time.Now()
	return x.fill(ctx, en, other)
}

func (x *expiring) fill(ctx context.Context, en entry, cast ...*Identity) (entry, bool) {
	if len(x.control.entries) <= 1 { // once after the observer, once after the victim
		cast = append(cast, x.followers...)
	}
	for _, id := range cast {
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return en, false
		}
		en.answers = append(en.answers, e)
	}
	x.last = slices.DeleteFunc(slices.Clone(en.answers), func(e *exchange) bool { return !e.ok() })
	return en, true
}

// untilGone asks as id until the answer is no longer what the entry holds, and counts how often it was; nil where that does not
// happen in time.
func (x *expiring) untilGone(ctx context.Context, id *Identity) (gone *exchange, there int) {
	held := common(contents(x.last), nil)
	if len(held) == 0 {
		return nil, 0
	}
	for age := range x.ages() {
		if sleep(ctx, max(time.Until(x.since.Add(age)), 50*time.Millisecond)) != nil {
			return nil, 0
		}
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return nil, 0
		}
		if age = e.at.Sub(x.since); e.ok() && !e.says(held) || e.denied() {
			if x.most == 0 || age < x.most {
				x.most = age
			}
			return e, there
		}
		there++
		x.least = max(x.least, age)
	}
	return nil, 0
}

// ages are those at which a look is worth while: what a response says of its lifetime; where one was seen to end;
// and otherwise ever later ones.
func (x *expiring) ages() func(yield func(time.Duration) bool) {
	const margin = 100 * time.Millisecond
	return func(yield func(time.Duration) bool) {
		if x.most > 0 {
			step := max((x.most-x.least)/3, 0) + margin // unsteady content may be gone before it was there still
			for age := x.least + margin; age <= x.wait+x.most; age += step {
				if !yield(age) {
					return
				}
				if age > x.most {
					step += step / 2
				}
			}
			return
		}
		// Another operation may show meanwhile that it is worth while.
		doubtful := func() bool { return (x.neutral(x.s) || x.s.about) && !x.suspected.Load() }
		last := func() time.Duration {
			if doubtful() && !x.always && !x.open() {
				return min(shortLook, x.wait)
			}
			return x.wait
		}
		if d := lifetimeOf(x.s.made); d > 0 && d < x.wait {
			if !yield(d + 3*margin) {
				return
			}
		}
		growth := 1.8
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

// open reports whether nobody is answered, or a forged token, where the document wants credentials: something is wrong there.
func (t *Trial) open() bool {
	return t.Operation.Security == operation.Required && (first(t.Nobody, t.Natural).ok() || first(t.Forged, t.Natural).ok())
}

// shortLook is how long to wait for what is the same for two readers, names neither, and stands in an API of which
// nothing else speaks for a cache that mixes up readers.
const shortLook = 9 * time.Second
