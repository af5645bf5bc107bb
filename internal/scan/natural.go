package scan

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// natural asks under the operation's own URL: readers by turns, so that what follows the clock is not
// taken for what follows the reader, and a second time unless their answers name them; then those who should get
// nothing.
func (p *probe) natural(ctx context.Context) {
	if p.owned && p.further {
		// Of another reader's object the other may ask first: it is of the scan's own readers, and what it is given
		// now no cache has of the owner.
		if e := p.tell(ctx, finding.BrokenObjectAuthorization, p.question(p.Readers[1], p.target)); e.err != nil {
			p.err = e.err
			return
		}
	}
	if !p.ask(ctx, p.Readers[0]) {
		return
	}
	if p.Natural[0].status == http.StatusNotFound { // a replica may be behind, or the object be made just now
		if sleep(ctx, settling) != nil || !p.ask(ctx, p.Readers[0]) {
			return
		}
		p.Natural = p.Natural[1:]
	}
	if made := p.Natural[0]; made.leadsOn() {
		p.leading, made.leads = true, true
	}
	// The others ask with the validators of the first answer, where it has any: told 304 they would have been
	// shown that answer, and otherwise nothing is lost.
	if !p.askConditionally(ctx, p.Readers[1:]...) || len(contents(p.Natural)) == 0 {
		return // nothing was handed out: there is nothing that could reach anybody else
	}
	rounds := moreRounds(p.Natural)
	if p.expected {
		rounds = manyRounds
	}
	unsettled := p.unsettled()
	if unsettled {
		rounds = max(rounds, 1)
	}
	for i := 1; i < rounds && p.separate(); i++ {
		if !p.round(ctx) {
			return
		}
	}
	// In the last round the first reader comes after those who are refused: a refusal that is stored shows then.
	last := rounds > 0 && (unsettled || p.separate())
	if last && !p.ask(ctx, reversed(p.Readers[1:])...) {
		return
	}
	if other := p.Readers[len(p.Readers)-1]; last && p.Operation.Method == http.MethodGet && p.separate() {
		// What answers GET may be filled by HEAD, a moment after that was answered, and looked up by other rules.
		q := p.question(other, p.target)
		q.method = http.MethodHead
		p.headed = p.put(ctx, q).err == nil
	}
	if unsettled && p.incriminating() { // what falls by reader may do so by chance: not fourteen times
		for range chanceRounds {
			if !p.round(ctx) {
				return
			}
		}
	}
	if len(p.Readers) == 1 { // nodes that have nothing yet have nothing to show
		for range rounds {
			if !p.ask(ctx, p.Readers[0]) {
				return
			}
		}
	}
	if !p.askConditionally(ctx, p.Nobody) || !p.ask(ctx, p.Forged) {
		return
	}
	// By now it was asked for often enough for caches that store from the second or third request on.
	if (last || p.answeredApart()) && !p.ask(ctx, p.Readers[0]) {
		return
	}
	if denied := func(id *Identity) bool { return all(of(id, p.Natural), (*exchange).denied) }; len(p.Readers) == 1 && denied(p.Nobody) && denied(p.Forged) {
		for i := range 2 * rounds {
			if !p.ask(ctx, []*Identity{p.Nobody, p.Forged}[i%2]) {
				return
			}
		}
	}
}

// again asks more where nothing was seen, once it has shown on another operation that several nodes mix readers up: what was not seen
// may only not have been met.
func (s *scanner) again(ctx context.Context) error {
	mixes := func(p *probe) bool { return p.nodes() && slices.ContainsFunc(p.Readers, p.leaks) }
	if !slices.ContainsFunc(s.probes, mixes) {
		return nil
	}
	spared := slices.DeleteFunc(slices.Clone(s.probes), func(p *probe) bool {
		return p.err != nil || !p.separate() || moreRounds(p.Natural) == 0 || len(of(p.Readers[0], p.Natural)) > manyRounds
	})
	for _, p := range spared {
		p.done = false
	}
	return s.each(ctx, spared, len(spared), func(ctx context.Context, p *probe) error {
		p.turn.Lock()
		defer p.turn.Unlock()
		for i := 0; i < manyRounds && p.separate() && p.round(ctx); i++ {
		}
		if p.err == nil && p.ask(ctx, p.Nobody, p.Forged) {
			p.controls(ctx)
		}
		return s.ended(ctx, p)
	})
}

// chanceRounds are how often more who falls apart by reader is asked, where that would be held against a response's own fields.
const chanceRounds = 6

// manyRounds are asked where several nodes are known of: of four, one in thirty leaks is missed then.
const manyRounds = 4

// settling is how long what is not found at first is given to appear.
const settling = 500 * time.Millisecond

// askConditionally is ask with the validators of the first answer. Who is told 304 is asked without them again.
func (p *probe) askConditionally(ctx context.Context, cast ...*Identity) bool {
	tag, date := p.validators()
	for _, id := range cast {
		q := p.question(id, p.target)
		switch {
		case q.method != http.MethodGet && q.method != http.MethodHead:
		case tag != "":
			q.header = with(q.header, "If-None-Match", tag)
		case date != "" && id == p.Nobody: // a reader's own answer may be older than that
			q.header = with(q.header, "If-Modified-Since", date)
		}
		e := p.put(ctx, q)
		if e.err == nil && e.status == http.StatusNotModified {
			p.Conditional = append(p.Conditional, e)
			e = p.send(ctx, id, p.target)
		}
		if e.err != nil {
			p.err = e.err
			return false
		}
		p.Natural = append(p.Natural, e)
	}
	return true
}

// validators are those of the first answer, without what is too long to be sent back.
func (t *Trial) validators() (tag, date string) {
	made := t.Natural[0]
	if !made.ok() {
		return "", ""
	}
	short := func(name string) string {
		if v := made.header.Get(name); len(v) < 1<<10 {
			return v
		}
		return ""
	}
	return short("Etag"), short("Last-Modified")
}

// with is h and one field more.
func with(h http.Header, name, value string) http.Header {
	h = h.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Set(name, value)
	return h
}

// round lets every reader ask once more, the last first.
func (p *probe) round(ctx context.Context) bool {
	cast := p.Readers
	if n := len(of(p.Readers[0], p.Natural)); odd(n) {
		cast = reversed(cast)
	}
	return p.ask(ctx, cast...)
}

func reversed(list []*Identity) []*Identity {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// unsettled reports whether two readers got different answers of which nothing says whose they are, or one of them
// none.
func (p *probe) unsettled() bool {
	for i, a := range p.Readers {
		for _, b := range p.Readers[i+1:] {
			x, y := first(a, p.Natural), first(b, p.Natural)
			if x.ok() != y.ok() && !p.owned || x.ok() && y.ok() && !x.same(y) && !p.differed(a, b) {
				return true
			}
		}
	}
	return false
}

// answeredApart reports whether every reader was answered, and each got something else.
func (p *probe) answeredApart() bool {
	for i, a := range p.Readers {
		for _, b := range p.Readers[i+1:] {
			if x, y := first(a, p.Natural), first(b, p.Natural); !x.ok() || !y.ok() || x.same(y) {
				return false
			}
		}
	}
	return len(p.Readers) > 1
}

// separate reports whether every reader was answered, and no two got the same.
func (p *probe) separate() bool {
	answers := slices.DeleteFunc(slices.Clone(p.Natural), func(e *exchange) bool { return !p.isReader(e.as) })
	for i, a := range answers {
		for _, b := range answers[i:] {
			if !a.ok() || !b.ok() || a.as != b.as && a.same(b) {
				return false
			}
		}
	}
	return len(p.Readers) > 1
}
