package scan

import "slices"

// control is a way past what the cache has stored already: the same question where no stored
// response, or one that we know the maker of, can answer it.
type control struct {
	kind    controlKind
	entries []entry
	times   int  // that the first of an entry asked, before the others
	reached bool // it led to what was seen already: the stored response, or what everybody gets
}

type controlKind string

const (
	byOrigin controlKind = "origin" // the same API past the cache
	byQuery  controlKind = "query"  // a query that was never used before
	byPath   controlKind = "path"   // the same path with some characters percent-encoded
	byObject controlKind = "object" // other objects of the victim, for which nobody has asked yet
	byExpiry controlKind = "expiry" // the same URL, once the stored response was gone
	byTurns  controlKind = "turns"  // the same URL, right after another reader was answered
)

// entry is one fresh place in the cache, with the answers to those who asked for it, in order.
type entry struct {
	answers []*exchange
	// natural are answers under the operation's own URL meanwhile: what was seen must still be there.
	natural []*exchange
}

// verdict is what the controls make of a suspicion.
type verdict int

const (
	unknown verdict = iota // no control got past the stored response
	leak                   // what the observer got follows whoever came first, or its own answer is another
	shared                 // the observer gets the same without a cache, or the victim does not
)

// proof is what a control shows of a suspicion.
type proof struct {
	verdict verdict
	control *control
	facts   []string  // values that are the victim's alone, in what the observer got
	entry   *entry    // the first on which somebody else than the victim came first
	own     *exchange // there: the observer's own answer or its denial, or what was made for another
	swapped *exchange // there: what the victim, or the observer, was given of it
	follows bool      // the content followed whoever came first
	whole   bool      // and did so byte for byte: nothing in it shows that the origin was asked again
}

// proofOf holds a suspicion against the controls.
func (t *Trial) proofOf(s suspicion) proof {
	ruled := proof{}
	for _, c := range t.Controls {
		switch p := t.weigh(s, c); p.verdict {
		case leak:
			return p
		case shared:
			ruled = p
		}
	}
	return ruled
}

// sides are the answers of a control sorted by whose they must be if a hypothesis holds.
type sides struct {
	victims []*exchange // must say what is the victim's
	others  []*exchange // must not
	denied  []*exchange // to the observer
	reached int         // answers to the observer among victims
	broken  bool        // an answer that the hypothesis does not allow
}

// follow sorts by the hypothesis that every entry answers everybody with what it gave whoever filled it.
func (s suspicion) follow(c *control) (sd sides) {
	for _, en := range c.entries {
		var filler *Identity
		for i, e := range en.answers {
			switch {
			case filler == nil && e.ok():
				filler = e.as
				sd.sort(s, e, filler)
			case filler == nil && e.denied():
				if e.as == s.observer {
					sd.denied = append(sd.denied, e)
				}
				sd.broken = sd.broken || e.as == s.victim
			case filler == nil:
				sd.broken = true
			case e.as != s.victim && e.as != s.observer && i > 0:
			case !e.ok():
				sd.broken = true
			default:
				sd.sort(s, e, filler)
			}
		}
	}
	return sd
}

func (sd *sides) sort(s suspicion, e *exchange, filler *Identity) {
	if filler != s.victim {
		sd.others = append(sd.others, e)
		return
	}
	sd.victims = append(sd.victims, e)
	if e.as == s.observer {
		sd.reached++
	}
}

// bypass sorts by the hypothesis that the control is past any cache, so that everybody gets its own
// answer there, while the natural URL goes on answering the observer with the victim's. It is no
// hypothesis but of the origin itself: under another spelling of the URL an API may have other rules for
// one reader than for another, and keeps to them however often it is asked.
func (s suspicion) bypass(c *control) (sd sides) {
	for _, en := range c.entries {
		for _, e := range en.answers {
			switch {
			case e.as == s.victim && e.ok():
				sd.victims = append(sd.victims, e)
			case e.as == s.victim:
				sd.broken = true
			case e.as != s.observer:
			case e.ok():
				sd.others = append(sd.others, e)
			case e.denied():
				sd.denied = append(sd.denied, e)
			default:
				sd.broken = true
			}
		}
		again := of(s.observer, en.natural)
		for _, e := range again {
			sd.broken = sd.broken || !e.ok()
			sd.victims = append(sd.victims, e)
			sd.reached++
		}
		sd.broken = sd.broken || len(again) == 0
	}
	return sd
}

// decisive are the values that all answers on the victim's side hold, and none on the other.
// Named: one of them is a mark of the victim, and not something that may differ by chance.
func (t *Trial) decisive(s suspicion, sd sides) (values []string, named bool) {
	if sd.broken {
		return nil, false
	}
	in, out := contents(append([]*exchange{s.seen}, sd.victims...)), contents(sd.others)
	for mark := range t.Marks[s.victim.Name] {
		holds := func(c *content) bool { return c.holds(mark) }
		if !slices.ContainsFunc(in, func(c *content) bool { return !holds(c) }) && !slices.ContainsFunc(out, holds) {
			values, named = append(values, mark), true
		}
	}
	slices.Sort(values)
	var more []string
	for _, f := range common(in, out) {
		more = append(more, f.value)
	}
	slices.Sort(more)
	return append(values, more...), named
}

// Entries that a hypothesis must hold on before it is taken for proven. Two values that come by
// chance, or by the URL, agree with it on n of them once in 2^n; of lists that are drawn some element agrees more often. On the
// first of them both ask, on the others one does, for there the question is only whether who comes first is given its own.
// An entry per expiry takes the patience of a person, and few objects are known, so there it has to do with fewer.
const (
	enoughPairs                         = 4
	enoughNamed, enoughUnnamed          = 10, 12
	enoughExpired, enoughExpiredUnnamed = 3, 5
	enoughExpiredDenied                 = 2
)

func (c *control) enough(named, denied bool) int {
	switch {
	case c.kind == byTurns && named:
		return enoughPairs
	case c.kind != byExpiry && c.kind != byObject && (named || denied):
		return enoughNamed
	case c.kind != byExpiry && c.kind != byObject:
		return enoughUnnamed
	case denied:
		return enoughExpiredDenied
	case named:
		return enoughExpired
	}
	return enoughExpiredUnnamed
}

// whole reports whether, on each entry that somebody filled, all who came after got the same bytes.
func (c *control) whole() bool {
	for _, en := range c.entries {
		var filled *exchange
		for _, e := range en.answers {
			switch {
			case !e.ok():
			case filled == nil:
				filled = e
			case e.as != filled.as && !e.same(filled) && (len(e.body) > 0 || len(filled.body) > 0):
				return false
			}
		}
	}
	return true
}

// alive reports whether a hypothesis may still turn out true of s with more entries on c.
func (t *Trial) alive(s suspicion, c *control) bool {
	values, _ := t.decisive(s, s.sides(c))
	return len(values) > 0
}

// sides sorts by the hypothesis that goes with the kind of c.
func (s suspicion) sides(c *control) sides {
	if c.kind == byOrigin {
		return s.bypass(c)
	}
	return s.follow(c)
}

// weigh is the verdict of one control.
func (t *Trial) weigh(s suspicion, c *control) proof {
	sd := s.sides(c)
	values, named := t.decisive(s, sd)
	denied := len(sd.denied) > 0
	switch {
	case len(values) == 0 && (c.kind == byOrigin || c.kind == byExpiry) && !sd.broken && len(sd.victims) > sd.reached:
		// Past the cache, or once the stored response was gone, the victim was given nothing that others
		// were not: no cache is needed for the observer to get what it got.
		return proof{verdict: shared, control: c}
	case len(values) == 0 || len(sd.victims) == 0 || sd.reached == 0:
	case denied == (len(sd.others) > 0): // neither, or now this and now that
	case !denied && !named && len(common(contents(sd.others), contents(sd.victims))) == 0:
		// The other side has nothing of its own: an answer that says more by chance.
	case len(c.entries) < c.enough(named, denied):
	default:
		p := proof{verdict: leak, control: c, facts: values, follows: c.kind != byOrigin, whole: c.kind == byOrigin || c.whole()}
		p.show(s)
		return p
	}
	return proof{}
}

// show picks the answers that a report shows. Where everybody gets its own, the observer's; otherwise those on
// the first entry on which the victim did not come first.
func (p *proof) show(s suspicion) {
	for i := range p.control.entries {
		en := &p.control.entries[i]
		switch own := first(s.observer, en.answers); {
		case !p.follows && own == nil || p.follows && (en.answers[0].as == s.victim || en.answers[0].denied() && en.answers[0].as != s.observer):
			continue
		case !p.follows:
			p.entry, p.own = en, own
			return
		}
		p.entry, p.own = en, en.answers[0]
		receiver := s.victim
		if p.own.as != s.observer {
			receiver = s.observer
		}
		if got := first(receiver, en.answers[1:]); got.same(p.own) {
			p.swapped = got
		}
		return
	}
}
