package scan

import (
	"context"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// A Check is one way to hand a response to the wrong reader. Probe asks, about one operation, what the others have
// not asked; nil: nothing. Judge reads what was brought to light; it does not touch the network.
type Check struct {
	Rule  *finding.Rule
	Probe func(ctx context.Context, p *probe)
	Judge func(t *Trial) []finding.Finding
	OptIn bool // made only where it is named: it may be felt by others than the scan's own readers
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
	// Conditional are the answers there of those who asked with the validators of the first reader's answer and
	// were told 304. All of them asked without as well.
	Conditional []*exchange
	// Controls are what fresh entries and the origin itself said, in the order they were tried.
	Controls []*control
	// Narrower lists, for a reader, identities of the same user with less scope.
	Narrower map[*Identity][]*Identity
	// Marks of each reader, by name: values that only this reader may see.
	Marks map[string]marks

	names map[*Identity]map[string]bool // what names each reader wherever it stands; nil: not known yet
	hints map[*Identity]map[string]bool // what may speak of each reader

	// Pairs are trials of two askers of which the one says, or may do, more than the other; by the check that made them.
	Pairs map[*finding.Rule][]*Trial
	// Told are what single checks asked and were answered, in order.
	Told map[*finding.Rule][]*exchange

	// Bursts are the answers to readers who asked for one entry at once, an entry each; Solos those to two who asked one after the other.
	Bursts, Solos [][]*exchange

	ended    string // how the scan ended before all was asked that there was to ask: "was interrupted"; "": it did not
	glanced  bool   // what is stored was waited for no longer than shortLook
	recipe   string // of a forged token, for a shell
	spelling string // of a pair: what the one does and the other does not
	stemmed  bool   // of a pair: fresh entries have another name in the path
	input    input  // of a pair: what the one says something in
	doubt    string // what was not ruled on beside suspicions
	owned    bool   // the URL names an object of the first reader
	person   bool   // or the first reader: there may be a page that others see by right
	redactor *redactor
	repeats  int                           // of what a token in the URL was answered
	claims   map[*Identity]map[string]bool // of the readers' tokens
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

// turns are how often each reader is asked before answers that name nobody count as stable. The order of a then
// b, b then a repeats no pattern that two servers taking turns could follow.
const turns = 2

// differed reports whether a and b each got an answer of their own: stable for each across the
// other's turns, or holding what names its reader; and not the other's.
func (t *Trial) differed(a, b *Identity) bool {
	as, bs := contents(of(a, t.Natural)), contents(of(b, t.Natural))
	if len(common(as, bs)) == 0 || len(common(bs, as)) == 0 {
		return false
	}
	return min(len(as), len(bs)) >= turns || t.nameThemselves(a, b)
}

// namesItself reports whether what id got, and the other did not, says whose it is.
func (t *Trial) namesItself(id *Identity, mine, theirs []*content) bool {
	return slices.ContainsFunc(common(mine, theirs), func(f fact) bool { return t.telling(id, f.value) })
}

// telling is true for a value that names id wherever it stands: an address that id was told on several operations, or a claim of id's own token.
func (t *Trial) telling(id *Identity, value string) bool {
	if t.names == nil { // nothing is known of other operations yet
		return strings.Contains(value, "@") && identifying(value, "") || t.claims[id][value]
	}
	return t.names[id][value]
}

// namesOf lists the values in a's answers, and not in b's, that are peculiar enough to name a.
func (t *Trial) namesOf(a, b *Identity) (list []string) {
	mine, theirs := contents(of(a, t.Natural)), contents(of(b, t.Natural))
	stable := min(len(mine), len(theirs)) >= turns
	for _, f := range common(mine, theirs) {
		if name, ok := mine[0].named(f.value); ok && (stable && identifying(f.value, name) || t.telling(a, f.value)) {
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
	enough := min(len(as), len(bs)) >= turns || t.owned && len(as) > 0 && len(bs) > 0
	return enough && all(as, answered) && all(bs, denied)
}

func all[T any](list []T, is func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !is(v) })
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
			if s := t.suspect(victim, observer); s != nil && (best == nil || s.weight() > best.weight() ||
				s.weight() == best.weight() && slices.Index(t.Natural, s.made) < slices.Index(t.Natural, best.made)) {
				best = s
			}
		}
		if best != nil {
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

// suspect looks for an answer of observer that holds what only the victim may see, or that comes after one of the
// victim's and is the same byte for byte, or says no less than what the victim is told every time.
func (t *Trial) suspect(victim, observer *Identity) *suspicion {
	var found *suspicion
	var mine, had []*exchange // the victim's answers so far, and the observer's
	always := common(contents(of(victim, t.Natural)), nil)
	for _, e := range t.Natural {
		if e.as == victim && e.ok() {
			mine = append(mine, e)
		}
		if e.as != observer || !e.ok() || e.empty() || slices.ContainsFunc(had, e.same) { // nothing is nobody's, and what it had before is its own, or looked at
			continue
		}
		had = append(had, e)
		s := suspicion{victim: victim, observer: observer, seen: e}
		s.marks, s.strong = t.Marks[victim.Name].beside(e.url).in(e.content)
		theirs, _ := t.Marks[observer.Name].in(e.content)
		s.about = len(theirs) > 0 || len(s.marks) > 0 && t.spokenOf(e) > 1
		same := slices.IndexFunc(mine, e.same)
		switch {
		case same >= 0:
			s.made = mine[same]
		case len(mine) > 0:
			s.made = mine[0]
		default: // what was stored before may reach the observer before the victim asks
			s.made = t.sameLater(victim, e)
		}
		switch {
		case s.made == nil || len(mine) == 0 && s.about:
			continue
		case len(s.marks) == 0 && same < 0 && (len(mine) == 0 || len(always) == 0 || !e.says(always)):
			continue // nothing of the victim's, and something of its own
		case found == nil || s.weight() > found.weight():
			found = &s
		}
	}
	return found
}

// sameLater is the victim's first answer with the bytes of e, or else its first.
func (t *Trial) sameLater(victim *Identity, e *exchange) *exchange {
	list := slices.DeleteFunc(of(victim, t.Natural), func(o *exchange) bool { return !o.ok() })
	if i := slices.IndexFunc(list, e.same); i >= 0 {
		return list[i]
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
}

// spokenOf counts the readers whose marks an answer holds.
func (t *Trial) spokenOf(e *exchange) int {
	n := 0
	for _, id := range t.Readers {
		if found, _ := t.Marks[id.Name].in(e.content); len(found) > 0 {
			n++
		}
	}
	return n
}
