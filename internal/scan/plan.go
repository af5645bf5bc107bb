package scan

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// tested is an operation with the probes that test it: one for every URL that the identities' own values
// of its parameters make.
type tested struct {
	finding.Tested
	index  int // among Options.Operations
	probes []*probe
}

// prepare makes the probes of every operation that can be asked, and says why of the others.
func (s *scanner) prepare() {
	for i, op := range s.Operations {
		t := &tested{Tested: finding.Tested{Operation: s.courier.redactor.URL(op.String()), Status: finding.StatusSkipped}, index: i}
		switch {
		case op.Problem != "":
			t.Reason = s.courier.redactor.Text(op.Problem)
		case op.Method == http.MethodOptions || op.Method == http.MethodTrace:
			t.Reason = op.Method + " is not sent: its answer is about the operation, and for nobody in particular"
		case op.Method != http.MethodGet && op.Method != http.MethodHead && !s.UnsafeMethods:
			t.Reason = op.Method + " is not sent without --unsafe-methods: it may change something"
		case s.deferred(t, i):
		default:
			s.address(t, op, nil)
		}
		s.tested = append(s.tested, t)
		s.probes = append(s.probes, t.probes...)
	}
	for i := range s.sources() {
		for _, p := range s.tested[i].probes {
			p.feeds = true
		}
	}
}

// address fills in the URL with the values of each identity: those that were given, and otherwise those that were
// found. All identities ask for each URL, for one stored response must answer them all; the one whose values they
// are asks first.
func (s *scanner) address(t *tested, op operation.Operation, values map[*Identity]found) {
	readers := s.cast.readers
	for i, id := range readers {
		p := &probe{
			courier: s.courier, salt: newSalt(), keys: map[controlKind]int{}, sent: new(int), muted: new(error), wait: s.Wait, always: s.WaitAlways, suspected: &s.mixing,
			learnt: s.learnt, hazards: s.Hazards, index: t.index, values: make(map[string]string),
			waiting: func() { s.tell(func(pr *Progress) { pr.Waiting++ }) },
			Trial: &Trial{
				Operation: op, Nobody: s.nobody, Forged: s.forged, redactor: s.courier.redactor, claims: s.cast.claims, Narrower: s.cast.narrower, recipe: recipe(readers[0]),
				Readers: append(slices.Clone(readers[i:]), readers[:i]...),
			},
		}
		nth := func(n int) func(operation.Parameter) (string, bool) {
			return func(param operation.Parameter) (string, bool) {
				v, ok := s.Value(id.Name, param)
				if list := values[id].values[param.Name]; !ok && param.In == "path" && n < len(list) {
					v, ok = list[n], true
				}
				if ok && n == 0 {
					p.values[param.Name] = v
				}
				return v, ok
			}
		}
		p.nth = nth
		var err error
		if p.target, p.header, err = op.Fill(s.Target, nth(0)); err == nil && s.Origin != nil {
			p.origin, _, err = op.Fill(s.Origin, nth(0))
		}
		if values[id].values != nil {
			p.spares = s.othersOf(op, p)
		}
		p.owned = s.owns(id, op, values)
		for _, named := range values[id].asker {
			p.person = p.person || named
		}
		p.expected = s.expected(t.Operation)
		switch {
		case err != nil && t.Reason == "":
			t.Reason = s.courier.redactor.Text(err.Error())
		case err == nil && !slices.ContainsFunc(t.probes, p.sameRequest):
			p.turn, p.further = new(sync.Mutex), len(t.probes) > 0
			for _, o := range t.probes {
				if o.target.String() == p.target.String() {
					p.turn = o.turn
				}
			}
			t.probes = append(t.probes, p)
		}
	}
	if len(t.probes) > 0 {
		t.Status, t.Reason = finding.StatusTested, ""
	}
}

// mostSpares is how many more objects of a reader are kept in mind for controls.
const mostSpares = 5

// othersOf are the URLs of further objects that the first reader of p was shown.
func (s *scanner) othersOf(op operation.Operation, p *probe) (list []*url.URL) {
	for n := 1; n <= mostSpares; n++ {
		if u, _, err := op.Fill(s.Target, p.nth(n)); err == nil && len(op.Made(p.nth(n))) == 0 {
			list = append(list, u)
		}
	}
	return list
}

// owns reports whether a path parameter has a value that is id's and no other reader's.
func (s *scanner) owns(id *Identity, op operation.Operation, values map[*Identity]found) bool {
	for _, param := range op.Asked() {
		if param.In != "path" {
			continue
		}
		mine, given := s.Value(id.Name, param)
		if list := values[id].values[param.Name]; !given && len(list) > 0 {
			mine, given = list[0], true
		}
		for _, other := range s.cast.readers {
			theirs, ok := s.Value(other.Name, param)
			if other != id && given && (ok && theirs != mine || !ok && values[other].values != nil && !slices.Contains(values[other].values[param.Name], mine)) {
				return true
			}
		}
	}
	return false
}

func (p *probe) sameRequest(o *probe) bool {
	return p.target.String() == o.target.String() && maps.EqualFunc(p.header, o.header, slices.Equal)
}
