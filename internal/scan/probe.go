package scan

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// probe asks the questions about one operation, in an order that neither hurts nor misleads:
// Nobody comes last, for a cold entry filled by a refusal would lock everybody else out.
type probe struct {
	*Trial
	courier *courier
	target  *url.URL // under the target
	origin  *url.URL // the same under Options.Origin; nil without
	header  http.Header
	salt    string
	keys    map[controlKind]int // fresh ones used so far
	sent    int
	err     error // the first that ended the probing of this operation
}

func (p *probe) send(ctx context.Context, id *Identity, u *url.URL) *exchange {
	p.sent++
	return p.courier.send(ctx, id, u, p.header)
}

// ask fills Trial.Natural with an answer to each of cast. It reports whether all came.
func (p *probe) ask(ctx context.Context, cast ...*Identity) bool {
	for _, id := range cast {
		e := p.send(ctx, id, p.target)
		if e.err != nil {
			p.err = e.err
			return false
		}
		p.Natural = append(p.Natural, e)
	}
	return true
}

// natural asks under the operation's own URL: readers by turns, so that what follows the clock is not
// taken for what follows the reader; several times, since some caches store from a later request on,
// and some servers have a cache for each of their processes.
func (p *probe) natural(ctx context.Context) {
	if !p.rounds(ctx) || len(contents(p.Natural)) == 0 {
		return // nothing was handed out: there is nothing that could reach anybody else
	}
	if p.differedByChance() && !p.rounds(ctx) {
		return
	}
	p.ask(ctx, p.Nobody, p.Forged)
}

func (p *probe) rounds(ctx context.Context) bool {
	back := slices.Clone(p.Readers)
	slices.Reverse(back)
	for _, cast := range [turns][]*Identity{p.Readers, back, back, p.Readers} {
		if !p.ask(ctx, cast...) {
			return false
		}
	}
	return true
}

// differedByChance reports answers that differ by reader, and by nothing that is likely to name one: a
// banner drawn by lot does so too, now and then.
func (p *probe) differedByChance() bool {
	for i, a := range p.Readers {
		for _, b := range p.Readers[i+1:] {
			if p.differed(a, b) && !p.nameable(a, b) && !p.nameable(b, a) {
				return true
			}
		}
	}
	return false
}

func (t *Trial) nameable(a, b *Identity) bool { return len(t.namesOf(a, b)) > 0 }

// controls tries, for what is suspected, the ways past the stored response until one rules on it.
func (p *probe) controls(ctx context.Context, wait time.Duration, waiting func()) {
	list := p.suspicions()
	if len(list) == 0 {
		return
	}
	for _, s := range list { // once more, for the report to show that it comes again
		if !p.ask(ctx, s.observer) {
			return
		}
	}
	undecided := func(s suspicion) bool { return p.proofOf(s).verdict == unknown && ctx.Err() == nil }
	for _, s := range list {
		if other := p.otherThan(s.victim); other != nil && !p.isReader(s.observer) && undecided(s) {
			p.byTurns(ctx, s, other, followers(s, list))
		}
	}
	for _, kind := range []controlKind{byOrigin, byQuery, byPath} {
		for _, s := range list {
			if undecided(s) && !p.fresh(ctx, kind, s, list, 1) && kind != byOrigin {
				p.fresh(ctx, kind, s, list, warmups)
			}
		}
	}
	waited := false
	for _, s := range list {
		if !undecided(s) || s.about || !p.isReader(s.observer) || !p.guarded() && len(s.marks) == 0 || wait <= 0 {
			continue
		}
		if !waited {
			waited = true
			waiting()
		}
		p.expiry(ctx, s, list, wait)
	}
}

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
		for _, id := range append([]*Identity{reader, s.observer}, followers...) {
			en.answers = append(en.answers, p.send(ctx, id, p.target))
		}
		c.entries = append(c.entries, en)
		if !all(en.answers, func(e *exchange) bool { return e.err == nil }) || !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

// warmups are how often the first asks for an entry where once was not enough: some caches store from a
// later request on.
const warmups = 4

// fresh asks on entries that nothing can have filled before, each under a key of its own, now the
// observer first and now the victim, until the control is decided. The first asks so many times before
// the others. It reports whether more of that would show nothing.
func (p *probe) fresh(ctx context.Context, kind controlKind, s suspicion, list []suspicion, times int) (done bool) {
	c := &control{kind: kind}
	p.Controls = append(p.Controls, c)
	for i := range enoughUnnamed {
		u := p.variant(kind)
		if u == nil {
			return true
		}
		order := []*Identity{s.observer, s.victim}
		if odd(i) {
			slices.Reverse(order)
		}
		en, ok := p.enter(ctx, u, order, s, followers(s, list), times, kind != byOrigin && i == 0)
		if !ok {
			return true // a control that fails rules on nothing
		}
		c.entries = append(c.entries, en)
		c.reached = len(en.answers) == 1
		switch {
		case c.reached || p.proofOf(s).verdict != unknown:
			return true
		case !p.alive(s, c):
			return false
		}
	}
	return true
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
			*list = append(*list, p.send(ctx, id, to))
		}
	}
	ask(u, &en.answers, order[0])
	first := en.answers[0]
	if tentative && first.same(s.seen) {
		return en, true
	}
	if first.denied() && first.as == s.observer {
		for range denials - 1 {
			ask(u, &en.answers, s.observer)
		}
		ask(u, &en.answers, slices.Repeat([]*Identity{s.victim}, times)...)
		ask(u, &en.answers, s.observer)
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

// variant is the operation's URL in a spelling that no cache can have seen, or nil where there is
// none left. The origin is asked under its own URL: nothing stands before it.
func (p *probe) variant(kind controlKind) *url.URL {
	switch kind {
	case byOrigin:
		return p.origin
	case byQuery:
		p.keys[kind]++
		u := *p.target
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += fmt.Sprintf("bearcache=%s%d", p.salt, p.keys[kind])
		return &u
	case byPath:
		p.keys[kind]++
		return encodeSome(p.target, p.keys[kind])
	}
	return nil
}

// encodeSome percent-encodes letters and digits of the path: the same resource (RFC 3986 §6.2.2.2) under
// another name for caches that compare bytes. The bits of n say which, the lowest the last of the path.
func encodeSome(u *url.URL, n int) *url.URL {
	path := u.EscapedPath()
	var b strings.Builder
	var pieces []string
	for i := len(path) - 1; i >= 0; i-- {
		c := path[i]
		if !wordByte(c) || i > 0 && path[i-1] == '%' || i > 1 && path[i-2] == '%' {
			pieces = append(pieces, path[i:i+1])
			continue
		}
		if n&1 != 0 {
			pieces = append(pieces, fmt.Sprintf("%%%02X", c))
		} else {
			pieces = append(pieces, path[i:i+1])
		}
		n >>= 1
	}
	if n != 0 {
		return nil
	}
	for _, piece := range slices.Backward(pieces) {
		b.WriteString(piece)
	}
	v := *u
	v.RawPath = b.String()
	return &v
}

// expiry waits for the stored response to go, with the observer as the first to ask then; for that to go,
// with the victim as the first; and lets a third lifetime pass in which the victim alone asks, for what
// changes by itself would change then. Each wait lasts no longer than wait.
func (p *probe) expiry(ctx context.Context, s suspicion, list []suspicion, wait time.Duration) {
	c := &control{kind: byExpiry}
	p.Controls = append(p.Controls, c)
	x := &expiring{probe: p, s: s, followers: followers(s, list), control: c, wait: wait, last: []*exchange{s.made, s.seen}}
	for i := range enoughExpiredUnnamed {
		var en entry
		var ok bool
		switch step := "ovsosvov"[i]; {
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
	lifetime  time.Duration // of an entry that we saw filled and gone
	first     *Identity     // who filled it
}

// gone asks as id until the entry answers otherwise, and then as the other.
func (x *expiring) gone(ctx context.Context, id, other *Identity) (entry, bool) {
	e := x.untilGone(ctx, id)
	if e == nil {
		return entry{}, false
	}
	if !x.since.IsZero() {
		x.lifetime = time.Since(x.since)
	}
	x.since, x.first = time.Now(), id
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
	if x.lifetime > x.wait || sleep(ctx, x.lifetime+x.lifetime/10+200*time.Millisecond) != nil {
		return entry{}, false
	}
	other := x.s.victim
	if x.first == x.s.victim {
		other = x.s.observer
	}
	x.since = time.Now()
	return x.fill(ctx, entry{}, x.first, other)
}

func (x *expiring) fill(ctx context.Context, en entry, cast ...*Identity) (entry, bool) {
	for _, id := range append(cast, x.followers...) {
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
	start := time.Now()
	for {
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return nil
		}
		if e.ok() && !e.says(held) || e.denied() {
			return e
		}
		waited := time.Since(start)
		if waited >= x.wait {
			return nil
		}
		if sleep(ctx, min(max(waited/6, 250*time.Millisecond), x.wait-waited)) != nil {
			return nil
		}
	}
}

func newSalt() string { return strings.ToLower(rand.Text()[:10]) }
