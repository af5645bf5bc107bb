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
	sent    int
	err     error // the first that ended the probing of this operation
}

func (p *probe) send(ctx context.Context, id *Identity, u *url.URL) *exchange {
	p.sent++
	return p.courier.send(ctx, id, u, p.header)
}

// natural fills Trial.Natural: readers by turns, so that what follows the clock is not taken for
// what follows the reader; twice, since some caches store from the second request on.
func (p *probe) natural(ctx context.Context) {
	for range 2 {
		for _, id := range p.Readers {
			e := p.send(ctx, id, p.target)
			if e.err != nil {
				p.err = e.err
				return
			}
			p.Natural = append(p.Natural, e)
		}
	}
	if len(contents(p.Natural)) == 0 {
		return // nothing was handed out: there is nothing that could reach anybody else
	}
	for _, id := range []*Identity{p.Nobody, p.Forged} {
		e := p.send(ctx, id, p.target)
		if e.err != nil {
			p.err = e.err
			return
		}
		p.Natural = append(p.Natural, e)
	}
}

// controls tries, for what is suspected, the ways past the stored response until one rules on it.
func (p *probe) controls(ctx context.Context, wait time.Duration, known bool, waiting func()) {
	list := p.suspicions()
	if len(list) == 0 {
		return
	}
	if !p.repeat(ctx, list) {
		return
	}
	var kinds []controlKind
	if p.origin != nil {
		kinds = append(kinds, byOrigin)
	}
	for _, kind := range append(kinds, byQuery, byPath) {
		open := p.open(list)
		if len(open) == 0 {
			return
		}
		p.fresh(ctx, kind, open)
	}
	open := p.open(list)
	worth := false
	for _, s := range open {
		worth = worth || len(s.marks) > 0 || !known
	}
	if worth && len(p.Readers) > 1 && ctx.Err() == nil {
		waiting()
		p.expiry(ctx, open, wait)
	}
}

func (p *probe) open(list []suspicion) []suspicion {
	var open []suspicion
	for _, s := range list {
		if p.rule(s).verdict == unknown {
			open = append(open, s)
		}
	}
	return open
}

// repeat asks once more as each observer: what does not come again is not reported.
func (p *probe) repeat(ctx context.Context, list []suspicion) bool {
	for _, s := range list {
		e := p.send(ctx, s.observer, p.target)
		if e.err != nil {
			p.err = e.err
			return false
		}
		p.Natural = append(p.Natural, e)
	}
	return true
}

// pair is one reader whose own answer is wanted, and one who has another.
func (p *probe) pair(list []suspicion) (observer, victim *Identity) {
	for _, s := range list {
		if p.isReader(s.observer) {
			return s.observer, s.victim
		}
	}
	victim = list[0].victim
	for _, id := range p.Readers {
		if id != victim {
			return id, victim
		}
	}
	return victim, victim // one reader only
}

// fresh asks on entries that nothing can have filled before, each under a key of its own.
func (p *probe) fresh(ctx context.Context, kind controlKind, list []suspicion) {
	c := &control{kind: kind}
	n := 0
	next := func() *url.URL { n++; return p.variant(kind, n) }
	ask := func(id *Identity, u *url.URL) *exchange {
		if u == nil {
			return nil
		}
		e := p.send(ctx, id, u)
		if e.err != nil {
			return nil // a control that fails rules on nothing
		}
		return e
	}
	own := func(id *Identity) *url.URL {
		u := next()
		if e := ask(id, u); e != nil {
			c.own = append(c.own, e)
			return u
		}
		return nil
	}
	observer, victim := p.pair(list)
	entry := own(observer)
	if entry == nil {
		return
	}
	p.Controls = append(p.Controls, c)
	stored := slices.ContainsFunc(list, func(s suspicion) bool { return c.own[0].same(s.seen) })
	switch {
	case observer == victim: // one reader only: it has shown that the variant is answered
	case !stored:
		if e := ask(victim, entry); e != nil && kind != byOrigin {
			c.after = append(c.after, e)
		}
		own(victim)
		own(observer)
	case p.isReader(list[len(list)-1].observer):
		return // the variant reaches the same stored response, or everybody gets the same
	default:
		own(victim)
	}
	for _, s := range list {
		if !p.isReader(s.observer) {
			own(s.observer)
		}
	}
}

// variant is the operation's URL in a spelling that no cache can have seen, or nil where there is
// none left. The origin is asked under its own URL: nothing stands before it.
func (p *probe) variant(kind controlKind, n int) *url.URL {
	switch kind {
	case byOrigin:
		return p.origin
	case byQuery:
		u := *p.target
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += fmt.Sprintf("bearcache=%s%d", p.salt, n)
		return &u
	case byPath:
		return encodeOne(p.target, n)
	}
	return nil
}

// encodeOne percent-encodes the nth letter or digit of the path, counted from its end: the same
// resource (RFC 3986 §6.2.2.2) under another name for caches that compare bytes.
func encodeOne(u *url.URL, n int) *url.URL {
	path := u.EscapedPath()
	for i := len(path) - 1; i >= 0; i-- {
		if b := path[i]; wordByte(b) && !(i > 0 && path[i-1] == '%') && !(i > 1 && path[i-2] == '%') {
			if n--; n == 0 {
				v := *u
				v.RawPath = path[:i] + fmt.Sprintf("%%%02X", b) + path[i+1:]
				if unescaped, err := url.PathUnescape(v.RawPath); err == nil {
					v.Path = unescaped
					return &v
				}
			}
		}
	}
	return nil
}

// expiryLooks is when to look whether the stored response is gone, counted from the first look.
var expiryLooks = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 8 * time.Second, 11 * time.Second,
	16 * time.Second, 21 * time.Second, 31 * time.Second, 46 * time.Second, 62 * time.Second, 90 * time.Second,
	2 * time.Minute, 3 * time.Minute, 5*time.Minute + 2*time.Second, 10 * time.Minute,
}

// expiry waits for the stored response to go, with the observer as the first to ask then.
func (p *probe) expiry(ctx context.Context, list []suspicion, wait time.Duration) {
	observer, victim := p.pair(list)
	c := &control{kind: byExpiry}
	deadline := time.Now().Add(wait)
	e := p.untilGone(ctx, observer, list[0].seen, deadline)
	if e == nil {
		return
	}
	c.own = append(c.own, e)
	p.Controls = append(p.Controls, c)
	after := []*Identity{victim}
	for _, s := range list {
		if s.observer != observer {
			after = append(after, s.observer)
		}
	}
	for _, id := range after {
		if got := p.send(ctx, id, p.target); got.err == nil {
			c.after = append(c.after, got)
		}
	}
	if p.rule(list[0]).verdict == unknown && len(list[0].marks) == 0 {
		// Nothing was known to tell the readers apart by. A third turn, the victim's, tells what
		// follows the reader from what follows the clock.
		if e := p.untilGone(ctx, victim, c.own[0], deadline); e != nil {
			c.own = append(c.own, e)
		}
	}
}

// untilGone asks as id until the answer is no longer seen; nil where that does not happen in time.
func (p *probe) untilGone(ctx context.Context, id *Identity, seen *exchange, deadline time.Time) *exchange {
	start := time.Now()
	for _, at := range append([]time.Duration{0}, expiryLooks...) {
		look := start.Add(at)
		if look.After(deadline) {
			return nil
		}
		if sleep(ctx, time.Until(look)) != nil {
			return nil
		}
		e := p.send(ctx, id, p.target)
		if e.err != nil {
			return nil
		}
		if e.ok() && !e.same(seen) || e.denied() && e.status != http.StatusUnauthorized {
			return e
		}
	}
	return nil
}

func newSalt() string { return strings.ToLower(rand.Text()[:10]) }
