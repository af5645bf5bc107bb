package scan

import (
	"net/url"

	"github.com/bearcache/bearcache/internal/finding"
)

// pair is a probe of two askers of the same operation under target, of whom the one says, or may do, something that
// the other does not: a trial by itself, which the controls prove as they prove that readers are mixed up.
func (p *probe) pair(rule *finding.Rule, target *url.URL, more, less *Identity, marks map[string]marks) *probe {
	q := *p
	q.Trial = &Trial{
		Operation: p.Operation, Readers: []*Identity{more, less}, Nobody: new(Identity), Forged: new(Identity), Marks: marks,
		redactor: p.redactor, claims: p.claims,
	}
	q.target, q.err, q.paired = target, nil, true
	if p.Pairs == nil {
		p.Pairs = make(map[*finding.Rule][]*Trial)
	}
	p.Pairs[rule] = append(p.Pairs[rule], q.Trial)
	return &q
}

// private reports whether the operation hands what a reader gets to readers only, as far as was seen: it refuses
// whoever shows no credentials.
func (t *Trial) private() bool {
	e := first(t.Nobody, t.Natural)
	return e.denied() && first(t.Readers[0], t.Natural).ok()
}

// shows reports whether e says what id is told by the operation: a mark of id's, or most of what stands in all
// answers to id and in none to nobody.
func (t *Trial) shows(e *exchange, id *Identity) bool {
	if !e.ok() {
		return false
	}
	mine := contents(of(id, t.Natural))
	if len(mine) == 0 {
		return false
	}
	if e.same(first(id, t.Natural)) {
		return true
	}
	for mark := range t.Marks[id.Name] {
		if mine[0].holds(mark) && e.content.holds(mark) {
			return true
		}
	}
	own := common(mine, contents(of(t.Nobody, t.Natural)))
	n := 0
	for _, f := range own {
		if _, ok := e.content.facts[f]; ok {
			n++
		}
	}
	return n > 0 && 2*n >= len(own)-1 // the digest of the whole is one of them
}
