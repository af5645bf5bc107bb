package scan

import (
	"context"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/operation"
)

// expiry waits for the stored response to go, with the observer as the first to ask then; for that to go,
// with the victim as the first; and lets a third lifetime pass in which the victim alone asks, for what
// changes by itself would change then. Each wait lasts no longer than wait.
func (p *probe) expiry(ctx context.Context, s suspicion, list []suspicion) {
	c := &control{kind: byExpiry}
	p.Controls = append(p.Controls, c)
	x := &expiring{probe: p, s: s, followers: followers(s, list), control: c, wait: p.wait, last: []*exchange{s.made, s.seen}, since: s.made.at}
	if slices.ContainsFunc(p.Controls[:len(p.Controls)-1], func(c *control) bool { return c.kind == byExpiry }) {
		x.since = time.Now() // another suspicion was looked into meanwhile, which filled the entry who knows when
	}
	for i := range enoughExpiredUnnamed {
		var en entry
		var ok bool
		switch step := "ovsov"[i]; {
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
		c.entries = append(c.entries, en)
		if !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
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
	// A stored response was seen to be there still at the age least, and to be gone at the age most.
	least, most time.Duration
	first       *Identity // who filled it
}

// gone asks as id until the entry answers otherwise, and then as the other.
func (x *expiring) gone(ctx context.Context, id, other *Identity) (entry, bool) {
	e := x.untilGone(ctx, id)
	if e == nil {
		return entry{}, false
	}
	x.since, x.span, x.first = e.at, e.at.Sub(x.since), id
	en := entry{answers: []*exchange{e}}
	if e.denied() && id == x.s.observer {
		// It must stay denied until the victim has asked, and only until then.
		return x.fill(ctx, en, id, id, id, other, id, id)
	}
	return x.fill(ctx, en, other)
}

// still lets a lifetime pass and asks as whoever came first before: had the content changed by itself, it
// would have changed now.
func (x *expiring) still(ctx context.Context) (entry, bool) {
	// Content that goes to and fro by itself is at the other end at one of the two.
	filled := x.since
	var en entry
	for _, age := range []time.Duration{x.span * 8 / 10, x.span * 15 / 10} {
		pause := time.Until(filled.Add(age))
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

// untilGone asks as id until the answer is no longer what the entry holds; nil where that does not
// happen in time.
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
		if age = e.at.Sub(x.since); e.ok() && !e.says(held) || e.denied() {
			if x.most == 0 || age < x.most {
				x.most = age
			}
			return e
		}
		x.least = max(x.least, age)
	}
	return nil
}

// ages are those at which a look is worth while: what a response says of its lifetime; where one was seen to end;
// and otherwise ever later ones.
func (x *expiring) ages() func(yield func(time.Duration) bool) {
	const margin = 100 * time.Millisecond
	return func(yield func(time.Duration) bool) {
		if x.most > 0 {
			step := (x.most-x.least)/3 + margin
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
