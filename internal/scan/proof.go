package scan

import (
	"math"
	"slices"
	"time"
)

// control is a way past what the cache has stored already: the same question where no stored
// response, or one that we know the maker of, can answer it.
type control struct {
	kind    controlKind
	entries []entry
	fickle  bool // what was stored, if anything, changed before its time: it proves no leak
	reached bool // it led to what was seen already: the stored response, or what everybody gets
	// giver and taker ask on the entries by turns, each first on some: the victim and the observer of the suspicion that is followed.
	giver, taker *Identity
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

// with is c with one entry more.
func (c *control) with(en entry) *control {
	more := *c
	more.entries = append(slices.Clone(c.entries), en)
	return &more
}

// entry is one fresh place in the cache, with the answers to those who asked for it, in order.
type entry struct {
	answers []*exchange
	// natural are answers under the operation's own URL meanwhile: what was seen must still be there.
	natural []*exchange
	// Of an entry that came after one that expired: how long that lasts, or was given to go, and what who came first was told while this must have lasted.
	lasted time.Duration
	later  []*exchange
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
	handed  int         // answers to the observer that were made for a third
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
		for _, e := range en.later {
			sd.broken = sd.broken || !e.ok()
			sd.sort(s, e, filler)
		}
	}
	return sd
}

// scatter sorts by the hypothesis that several nodes have a cache each, or that one stores from a later request on: an answer
// is made for whoever gets it, or is, byte for byte, one that was made for another on the same entry before.
func (s suspicion) scatter(c *control) (sd sides) {
	for _, en := range c.entries {
		for i, e := range en.answers {
			switch {
			case e.as != s.victim && e.as != s.observer && (i > 0 || !e.ok()):
			case e.ok():
				sd.sort(s, e, en.maker(i))
			case e.denied() && e.as == s.observer:
				sd.denied = append(sd.denied, e)
			default:
				sd.broken = true
			}
		}
		for _, e := range en.later {
			sd.sort(s, e, e.as)
		}
	}
	return sd
}

// maker is for whom the ith answer was made: whoever was given the same first.
func (en entry) maker(i int) *Identity {
	e := en.answers[i]
	for _, o := range en.answers[:i] {
		if o.same(e) {
			return o.as
		}
	}
	return e.as
}

func (sd *sides) sort(s suspicion, e *exchange, filler *Identity) {
	if filler != s.victim {
		sd.others = append(sd.others, e)
		if e.as == s.observer && filler != e.as {
			sd.handed++
		}
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
	sd = s.atOrigin(c)
	for _, e := range c.stillThere(s.observer) {
		sd.broken = sd.broken || !e.ok()
		sd.victims = append(sd.victims, e)
		sd.reached++
	}
	return sd
}

// bypassNodes sorts likewise where there are several nodes, of which some have what was seen, and some the observer's own.
func (s suspicion) bypassNodes(c *control) (sd sides) {
	sd = s.atOrigin(c)
	for _, e := range c.stillThere(s.observer) {
		switch {
		case e.same(s.seen):
			sd.victims = append(sd.victims, e)
			sd.reached++
		default:
			sd.own(e)
		}
	}
	return sd
}

// own sorts what the observer was told of its own, or not.
func (sd *sides) own(e *exchange) {
	switch {
	case e.ok():
		sd.others = append(sd.others, e)
	case e.denied():
		sd.denied = append(sd.denied, e)
	default:
		sd.broken = true
	}
}

func (s suspicion) atOrigin(c *control) (sd sides) {
	for _, en := range c.entries {
		for _, e := range en.answers {
			switch {
			case e.as == s.victim && e.ok():
				sd.victims = append(sd.victims, e)
			case e.as == s.victim:
				sd.broken = true
			case e.as == s.observer:
				sd.own(e)
			}
		}
	}
	sd.broken = sd.broken || len(c.stillThere(s.observer)) == 0
	return sd
}

// stillThere are the answers to id under the natural URL meanwhile.
func (c *control) stillThere(id *Identity) (list []*exchange) {
	for _, en := range c.entries {
		list = append(list, of(id, en.natural)...)
	}
	return list
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
// An entry per expiry takes the patience of a person, and few objects are known, so there it has to do with fewer, the longer it takes: where a
// page shows now the one reader and now the other to both, as many entries agree with a leak by chance once in 2^n.
const (
	enoughPairs                         = 4
	enoughNamed, enoughUnnamed          = 10, 12
	enoughObjects, enoughObjectsUnnamed = 3, 5
	enoughDenied                        = 2
	mostExpired                         = 9
)

// often is how long an entry may last for which it is not too much to wait mostExpired times.
const often = 6 * time.Second

// enoughExpired are how many entries must have expired, of which each lasts so long.
func enoughExpired(lasts time.Duration, named bool) int {
	n := 4
	switch {
	case lasts <= often:
		n = mostExpired - 1
	case lasts <= 5*often:
		n = 6
	}
	if !named {
		n++
	}
	return n
}

func (c *control) enough(named, denied bool) int {
	switch {
	case c.kind == byTurns && named:
		return enoughPairs
	case c.kind != byExpiry && c.kind != byObject && (named || denied):
		return enoughNamed
	case c.kind != byExpiry && c.kind != byObject:
		return enoughUnnamed
	case denied:
		return enoughDenied
	case c.kind == byExpiry && len(c.entries) > 0:
		return enoughExpired(c.entries[len(c.entries)-1].lasted, named)
	case named:
		return enoughObjects
	}
	return enoughObjectsUnnamed
}

// mostByChance is how likely what a control shows may be where nothing is stored, on several nodes.
const mostByChance = 1.0 / 900

// byChance is how likely it is, at most, that what the answers of c show of s came by chance.
func (t *Trial) byChance(s suspicion, c *control, sd sides) float64 {
	if c.kind == byOrigin {
		own := 0
		for _, en := range c.entries {
			own += len(of(s.observer, en.answers))
		}
		return draws{own, len(c.stillThere(s.observer)), sd.reached}.chance()
	}
	return c.byChance(false, 0)
}

// byChance is how likely it is, at most, that the two of a control were handed each other's answers so often after the other had asked,
// and never before, if that came by chance: whatever the share of such answers is, were it the same before and after. It is
// reckoned by answers, and by entries, for chance may be about either; with more entries on which only one asks, both by turns or the taker.
func (c *control) byChance(both bool, more int) float64 {
	answers, entries := 1.0, 1.0
	if both {
		more /= 2
	}
	for _, pair := range [][2]*Identity{{c.giver, c.taker}, {c.taker, c.giver}} {
		each := c.draws(pair[0], pair[1])
		var whole draws
		for _, en := range c.entries {
			d := en.draws(pair[0], pair[1])
			whole = whole.and(draws{min(d.cold, 1), min(d.warm, 1), min(d.handed, 1)})
		}
		if each.handed > 0 {
			answers, entries = answers*each.and(draws{cold: more}).chance(), entries*whole.and(draws{cold: more}).chance()
		}
	}
	if c.kind == byExpiry { // few entries, and many answers on each
		return answers
	}
	return max(answers, entries)
}

// draws sums up those of the entries.
func (c *control) draws(giver, taker *Identity) (d draws) {
	for _, en := range c.entries {
		d = d.and(en.draws(giver, taker))
	}
	return d
}

// draws are how often somebody was answered on an entry before another was, how often after that, and how often then with what had been
// made for the other.
type draws struct{ cold, warm, handed int }

func (d draws) and(o draws) draws {
	return draws{d.cold + o.cold, d.warm + o.warm, d.handed + o.handed}
}

func (en entry) draws(giver, taker *Identity) (d draws) {
	answered := false
	for i, e := range en.answers {
		answered = answered || e.as == giver && e.ok()
		switch {
		case e.as != taker:
		case !answered:
			d.cold++
		case e.ok() && en.maker(i) == giver:
			d.warm++
			d.handed++
		default:
			d.warm++
		}
	}
	return d
}

// chance is the greatest likelihood, over all shares q, of so many handed or more, and none of the cold ones.
func (d draws) chance() (most float64) {
	for q := 0.01; q < 1; q += 0.01 {
		p, term := 0.0, math.Pow(1-q, float64(d.warm)) // of exactly k
		for k := 0; k <= d.warm; k++ {
			if k >= d.handed {
				p += term
			}
			term *= float64(d.warm-k) / float64(k+1) * q / (1 - q)
		}
		most = max(most, p*math.Pow(1-q, float64(d.cold)))
	}
	return most
}

// whole reports whether, on each entry that somebody filled, the two of s got the same bytes if they came after.
func (c *control) whole(s suspicion) bool {
	for _, en := range c.entries {
		var filled *exchange
		for _, e := range en.answers {
			switch {
			case !e.ok():
			case filled == nil:
				filled = e
			case e.as != s.victim && e.as != s.observer:
			case e.as != filled.as && !e.same(filled) && (len(e.body) > 0 || len(filled.body) > 0):
				return false
			}
		}
	}
	return true
}

// alive reports whether a hypothesis may still turn out true of s with more entries on c.
func (t *Trial) alive(s suspicion, c *control) bool {
	if c.fickle {
		return len(c.entries) < enoughPairs
	}
	_, values, _, _ := t.fits(s, c)
	return len(values) > 0
}

// sides sorts by the hypothesis that goes with the kind of c.
func (s suspicion) sides(c *control) sides {
	if c.kind == byOrigin {
		return s.bypass(c)
	}
	return s.follow(c)
}

// fits sorts the answers by the hypothesis that goes with the kind of c; where that cannot be, and c has entries of its own, by the one of several nodes.
func (t *Trial) fits(s suspicion, c *control) (sd sides, values []string, named, nodes bool) {
	sd = s.sides(c)
	values, named = t.decisive(s, sd)
	if len(values) > 0 || c.kind == byTurns {
		return sd, values, named, false
	}
	several := s.scatter(c)
	if c.kind == byOrigin {
		several = s.bypassNodes(c)
	}
	if values, named = t.decisive(s, several); len(values) > 0 || c.kind == byExpiry {
		return several, values, named, true
	}
	return sd, values, named, false
}

// unsteady reports whether on one entry some were given what the victim and the observer of s had got, and others not: several nodes may each
// have stored something else.
func (s suspicion) unsteady(c *control) bool {
	held := common(contents([]*exchange{s.made, s.seen}), nil)
	return slices.ContainsFunc(c.entries, func(en entry) bool {
		said := slices.ContainsFunc(en.answers, func(e *exchange) bool { return e.says(held) })
		return said && !all(en.answers, func(e *exchange) bool { return e.says(held) })
	})
}

// weigh is the verdict of one control.
func (t *Trial) weigh(s suspicion, c *control) proof {
	sd, values, named, nodes := t.fits(s, c)
	denied := len(sd.denied) > 0
	switch {
	case len(values) == 0 && (c.kind == byOrigin || c.kind == byExpiry && !s.unsteady(c)) && !sd.broken && len(sd.victims) > sd.reached:
		// Past the cache, or once the stored response was gone, the victim was given nothing that others
		// were not: no cache is needed for the observer to get what it got.
		return proof{verdict: shared, control: c}
	case len(values) == 0 || len(sd.victims) == 0 || sd.reached == 0 || c.fickle:
	case nodes && denied && sd.handed > 0: // denied where it asked a node that had nothing
	case denied == (len(sd.others) > 0): // neither, or now this and now that
		return proof{}
	}
	switch {
	case len(values) == 0 || len(sd.victims) == 0 || sd.reached == 0 || c.fickle:
	case !denied && !named && len(common(contents(sd.others), contents(sd.victims))) == 0:
		// The other side has nothing of its own: an answer that says more by chance.
	case len(c.entries) < c.enough(named, denied):
	case nodes && t.byChance(s, c, sd) > mostByChance:
	case nodes && c.kind != byOrigin && s.observer != c.giver && s.observer != c.taker && sd.handed == 0 &&
		(c.draws(s.victim, s.observer).cold == 0 || sd.reached < 2):
		// Who comes along only must have got what was made for either, or for the one and have been refused before.
	default:
		p := proof{verdict: leak, control: c, facts: values, follows: c.kind != byOrigin, whole: nodes || c.kind == byOrigin || c.whole(s)}
		p.show(s)
		return p
	}
	return proof{}
}

// show picks the answers that a report shows. Where everybody gets its own, the observer's; otherwise those on
// the first entry on which the victim did not come first, best on one where somebody was handed another's.
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
		receiver := s.victim
		if en.answers[0].as != s.observer {
			receiver = s.observer
		}
		var swapped *exchange
		for _, got := range of(receiver, en.answers[1:]) {
			if swapped == nil && got.same(en.answers[0]) {
				swapped = got
			}
		}
		if p.entry == nil || p.swapped == nil && swapped != nil {
			p.entry, p.own, p.swapped = en, en.answers[0], swapped
		}
	}
}
