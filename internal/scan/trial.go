package scan

import (
	"slices"

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

// Trial is everything asked and answered about one operation under one URL.
type Trial struct {
	Operation operation.Operation
	// Readers hold valid tokens, one or more, the first to ask first; Nobody has no token; Forged has
	// one that nobody issued.
	Readers        []*Identity
	Nobody, Forged *Identity
	// Natural are the answers under the operation's own URL, in the order they came: readers take
	// turns, then Nobody and Forged ask what is by now warm.
	Natural []*exchange
	// Controls are what fresh entries and the origin itself said, in the order they were tried.
	Controls []*control
	// Marks of each reader, by name: values that only this reader may see.
	Marks map[string]marks

	redactor *redact.Redactor
}

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

func (t *Trial) isReader(id *Identity) bool { return id != t.Nobody && id != t.Forged }

// turns are how often each reader is asked before answers count as stable. The order of a then b, b
// then a, b then a, a then b repeats no pattern that two servers taking turns could follow.
const turns = 4

// differed reports whether a and b each got an answer of their own: stable for each across the
// other's turns, and not the other's.
func (t *Trial) differed(a, b *Identity) bool {
	as, bs := contents(of(a, t.Natural)), contents(of(b, t.Natural))
	if len(as) < turns || len(bs) < turns {
		return false
	}
	return len(common(as, bs)) > 0 && len(common(bs, as)) > 0
}

// namesOf lists the values in a's answers, and not in b's, that are peculiar enough to name a.
func (t *Trial) namesOf(a, b *Identity) (list []string) {
	mine := contents(of(a, t.Natural))
	for _, f := range common(mine, contents(of(b, t.Natural))) {
		if name, ok := mine[0].values[f.value]; ok && identifying(f.value, name) {
			list = append(list, f.value)
		}
	}
	return list
}

// apart reports whether the API told a and b apart: each got an answer of its own, or one of them
// none at all where the other got one.
func (t *Trial) apart(a, b *Identity) bool {
	return t.differed(a, b) || t.denies(a, b) || t.denies(b, a)
}

// denies reports whether a was answered and b denied, every time.
func (t *Trial) denies(a, b *Identity) bool {
	answered := func(e *exchange) bool { return e.ok() }
	denied := func(e *exchange) bool { return e.denied() }
	as, bs := of(a, t.Natural), of(b, t.Natural)
	return len(as) >= turns && len(bs) >= turns && all(as, answered) && all(bs, denied)
}

func all(list []*exchange, is func(*exchange) bool) bool {
	return !slices.ContainsFunc(list, func(e *exchange) bool { return !is(e) })
}

// guarded reports whether the document leaves room for the operation to need credentials.
func (t *Trial) guarded() bool { return t.Operation.Security != operation.Public }

// suspicion is an answer in hands that may be the wrong ones, before any control.
type suspicion struct {
	victim   *Identity
	observer *Identity
	seen     *exchange // what the observer got
	made     *exchange // what the victim had got before
	marks    []string  // the victim's, in seen; none if nothing is known to tell readers apart by
	strong   bool      // a mark among them names a person
	about    bool      // it is about the observer too: perhaps shared data
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
			if s != nil && (best == nil || s.weight() > best.weight()) {
				best = s
			}
		}
		// Of two readers with the same answers the one that asked later is the observer.
		if best != nil && !(t.isReader(observer) && len(best.marks) == 0 && slices.Index(t.Readers, observer) < slices.Index(t.Readers, best.victim)) {
			list = append(list, *best)
		}
	}
	return list
}

func (s *suspicion) weight() int {
	switch {
	case s.about || len(s.marks) == 0:
		return 0
	case s.strong && s.seen.same(s.made):
		return 2
	}
	return 1
}

// suspect looks for an answer of observer that holds what only the victim may see, that is one of the
// victim's byte for byte, or that says no less than what the victim is told every time.
func (t *Trial) suspect(victim, observer *Identity) *suspicion {
	var found *suspicion
	mine := slices.DeleteFunc(of(victim, t.Natural), func(e *exchange) bool { return !e.ok() })
	if len(mine) == 0 {
		return nil
	}
	always := common(contents(mine), nil)
	for _, e := range of(observer, t.Natural) {
		if !e.ok() || len(e.body) == 0 { // nothing is nobody's
			continue
		}
		s := suspicion{victim: victim, observer: observer, seen: e, made: mine[0]}
		s.marks, s.strong = t.Marks[victim.Name].in(e.content)
		theirs, _ := t.Marks[observer.Name].in(e.content)
		s.about = len(theirs) > 0 || len(s.marks) > 0 && t.names(e) > 1
		same := slices.IndexFunc(mine, e.same)
		if same >= 0 {
			s.made = mine[same]
		}
		switch {
		case len(s.marks) == 0 && same < 0 && (len(always) == 0 || !e.says(always)):
			continue // nothing of the victim's, and something of its own
		case found == nil || s.weight() > found.weight():
			found = &s
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
