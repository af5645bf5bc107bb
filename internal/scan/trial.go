package scan

import (
	"crypto/sha256"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// Identity is a bearer that the scan may ask as.
type Identity struct {
	Name     string
	Token    redact.Secret // zero: no credentials
	Variable string        // the environment variable that stands for the token in curl lines
	Markers  []string      // text that only this identity may ever see

	public bool // the token is of our own making and opens nothing
}

// A Check is one way to hand a response to the wrong reader. Judge reads what the probes of one
// operation brought to light; it does not touch the network.
type Check struct {
	Rule  *finding.Rule
	Judge func(t *Trial) []finding.Finding
}

// Trial is everything asked and answered about one operation.
type Trial struct {
	Operation operation.Operation
	// Readers hold valid tokens, one or more; Nobody has none; Forged has one that nobody issued.
	Readers        []*Identity
	Nobody, Forged *Identity
	// Natural are the answers under the operation's own URL, in the order they came: readers take
	// turns twice, then Nobody and Forged ask what is by now warm.
	Natural []*exchange
	// Controls are what fresh entries and the origin itself said, in the order they were tried.
	Controls []*control
	// Marks of each reader, by name: values that only this reader may see.
	Marks map[string]marks

	redactor *redact.Redactor
}

// control is a way past what the cache has stored already.
type control struct {
	kind controlKind
	// own are answers nobody else's visit can have filled: the first on a fresh entry, or the
	// origin's. Of readers, in the order they came.
	own []*exchange
	// after are the answers to others on the entry that own[0] filled.
	after []*exchange
}

type controlKind string

const (
	byOrigin controlKind = "origin" // the same API past the cache
	byQuery  controlKind = "query"  // a query that was never used before
	byPath   controlKind = "path"   // the same path with one character percent-encoded
	byExpiry controlKind = "expiry" // the same URL, once the stored response was gone
)

// of lists the answers that id got, in order.
func of(id *Identity, answers []*exchange) []*exchange {
	var list []*exchange
	for _, e := range answers {
		if e.as == id {
			list = append(list, e)
		}
	}
	return list
}

func first(id *Identity, answers []*exchange) *exchange {
	for _, e := range answers {
		if e.as == id {
			return e
		}
	}
	return nil
}

func contents(answers []*exchange) []*content {
	var list []*content
	for _, e := range answers {
		if e.ok() {
			list = append(list, e.content)
		}
	}
	return list
}

// differed reports whether a and b each got an answer of their own: stable for each across the
// other's turns, and not the other's.
func (t *Trial) differed(a, b *Identity) bool {
	as, bs := contents(of(a, t.Natural)), contents(of(b, t.Natural))
	if len(as) < 2 || len(bs) < 2 {
		return false
	}
	return len(common(as, bs)) > 0 && len(common(bs, as)) > 0
}

// suspicion is a stored-looking answer in the wrong hands, before any control.
type suspicion struct {
	victim   *Identity
	observer *Identity
	seen     *exchange // what the observer got
	made     *exchange // what the victim had got before
	marks    []string  // the victim's, in seen; none if nothing is known to tell readers apart by
	strong   bool
}

// suspicions lists who may have got whose response under the natural URL, at most one per observer.
func (t *Trial) suspicions() []suspicion {
	var list []suspicion
	observers := append(append([]*Identity{}, t.Readers...), t.Nobody, t.Forged)
	for _, observer := range observers {
		var best *suspicion
		for _, victim := range t.Readers {
			if victim == observer {
				continue
			}
			s := t.suspect(victim, observer)
			if s != nil && (best == nil || len(best.marks) == 0 && len(s.marks) > 0) {
				best = s
			}
		}
		if best != nil {
			list = append(list, *best)
		}
	}
	return list
}

// suspect looks for an answer of observer that the victim was the first to be given, or that holds
// what only the victim may see.
func (t *Trial) suspect(victim, observer *Identity) *suspicion {
	var found *suspicion
	givenFirst := make(map[[sha256.Size]byte]*exchange)
	toVictim := make(map[[sha256.Size]byte]*exchange) // the first of each to the victim
	var latest *exchange                              // of the victim
	for _, e := range t.Natural {
		if !e.ok() {
			continue
		}
		if givenFirst[e.content.sum] == nil {
			givenFirst[e.content.sum] = e
		}
		if e.as == victim {
			latest = e
			if toVictim[e.content.sum] == nil {
				toVictim[e.content.sum] = e
			}
		}
		if e.as != observer || latest == nil {
			continue
		}
		s := suspicion{victim: victim, observer: observer, seen: e, made: latest}
		s.marks, s.strong = t.Marks[victim.Name].in(e.content)
		if theirs, _ := t.Marks[observer.Name].in(e.content); len(theirs) > 0 {
			continue // it is about the observer too: shared data, or its own answer
		}
		if !t.isReader(observer) && t.names(e) > 1 {
			s.marks, s.strong = nil, false // it names several readers: shared data, which may be public
		}
		made := givenFirst[e.content.sum]
		switch {
		case made.same(e) && made.as == victim && (len(s.marks) > 0 || t.guarded()):
			s.made = made
			return &s
		case len(s.marks) > 0 && toVictim[e.content.sum].same(e):
			s.made = toVictim[e.content.sum] // it was stored before the scan began, so others may have been first
			return &s
		case len(s.marks) > 0 && made.as == observer && found == nil:
			found = &s // not the same bytes, but the victim's data: a cache of data, or no cache at all
		}
	}
	return found
}

// names counts the readers whose marks an answer holds.
func (t *Trial) names(e *exchange) int {
	n := 0
	for _, id := range t.Readers {
		if found, _ := t.Marks[id.Name].in(e.content); len(found) > 0 {
			n++
		}
	}
	return n
}

// guarded reports whether the document leaves room for the operation to need credentials.
func (t *Trial) guarded() bool {
	return t.Operation.Security == operation.Required || t.Operation.Security == operation.Undeclared
}

// verdict is what the controls make of a suspicion.
type verdict int

const (
	unknown   verdict = iota // no control got past the stored response
	leak                     // the observer's own answer is another: what it got was the victim's
	notByThem                // the origin gives the observer the same: no cache's doing
)

// ruling is a verdict with the control that gave it.
type ruling struct {
	verdict verdict
	control *control
	own     *exchange // the observer's own answer
	swapped *exchange // the victim, served what the observer's visit had filled
	marks   []string  // the values that prove whose answer it was
}

// rule holds a suspicion against the controls.
func (t *Trial) rule(s suspicion) ruling {
	for _, c := range t.Controls {
		if r := t.ruleBy(s, c); r.verdict != unknown {
			return r
		}
	}
	return ruling{}
}

func (t *Trial) ruleBy(s suspicion, c *control) ruling {
	r := ruling{control: c, own: first(s.observer, c.own), marks: s.marks}
	if len(r.marks) == 0 {
		r.marks = t.localMarks(s, c, r.own)
	}
	switch {
	case r.own == nil: // Nobody and Forged, on a control where they never came first
		return t.followed(s, c, r)
	case r.own.denied():
		// It counts only where the same way is open to the victim: a variant that the API refuses to
		// everybody says nothing. Nor does a reader's 401: its token may have expired meanwhile.
		if reached := first(s.victim, c.own).ok() || first(s.victim, c.after).ok(); !reached || r.own.status == 401 && t.isReader(s.observer) {
			return ruling{}
		}
		r.verdict = leak
		return r
	case !r.own.ok() || r.own.same(s.seen) || len(r.marks) == 0:
		return ruling{}
	case holdsAny(r.own.content, r.marks):
		r.verdict = notByThem
		return r
	}
	r.verdict = leak
	if v := first(s.victim, c.after); v != nil && v.same(r.own) {
		r.swapped = v
	}
	return r
}

func (t *Trial) isReader(id *Identity) bool { return id != t.Nobody && id != t.Forged }

// followed rules on an observer without an answer of its own to show: on an entry that another
// reader filled it got that reader's answer, so what it gets follows whoever came first.
func (t *Trial) followed(s suspicion, c *control, r ruling) ruling {
	got := first(s.observer, c.after)
	if len(c.own) == 0 || got == nil {
		return ruling{}
	}
	filled := c.own[0]
	switch {
	case got.refused() && filled.ok() && !filled.same(s.seen):
		r.own = got
	case got.same(filled) && !filled.same(s.seen) && len(r.marks) > 0 && !holdsAny(got.content, r.marks):
		r.own, r.swapped = nil, got
	default:
		return ruling{}
	}
	r.verdict = leak
	return r
}

// localMarks are the values that follow the victim on this one operation: in its answers, natural
// and on fresh entries, and in none of the observer's own, with the two taken in turns. An observer
// who is denied has none.
func (t *Trial) localMarks(s suspicion, c *control, own *exchange) []string {
	var mine, theirs []*content
	for _, e := range c.own {
		switch {
		case !e.ok():
		case e.as == s.victim:
			mine = append(mine, e.content)
		default:
			theirs = append(theirs, e.content)
		}
	}
	if own.denied() {
		mine, theirs = append(mine, contents(of(s.victim, c.after))...), nil
	} else if len(theirs) == 0 {
		return nil
	}
	if len(mine) == 0 {
		return nil
	}
	return sortedKeys(common(append(mine, s.seen.content), theirs))
}

func holdsAny(c *content, marks []string) bool {
	for _, m := range marks {
		if c.holds(m) {
			return true
		}
	}
	return false
}
