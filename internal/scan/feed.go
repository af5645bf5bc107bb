package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/bearcache/bearcache/internal/operation"
)

// keptBody is how much of an answer is kept that others take values from.
const keptBody = 256 << 10

// fed is an operation that needs values from answers to others.
type fed struct {
	*tested
	op    operation.Operation
	feeds []operation.Feed
	done  bool
}

// deferred takes an operation whose values are to be looked for in answers, unless the user gave them.
func (s *scanner) deferred(t *tested, index int) bool {
	f := fed{tested: t, op: s.Operations[index]}
	for _, feed := range s.Feeds {
		if feed.Operation != index {
			continue
		}
		given := slices.ContainsFunc(f.op.Asked(), func(p operation.Parameter) bool {
			_, ok := s.Value(s.cast.readers[0].Name, p)
			return ok && p.Name == feed.Parameter
		})
		if !given {
			f.feeds = append(f.feeds, feed)
		}
	}
	if len(f.feeds) > 0 {
		s.fed = append(s.fed, &f)
	}
	return len(f.feeds) > 0
}

// sources are the operations whose answers are wanted.
func (s *scanner) sources() map[int]bool {
	list := make(map[int]bool)
	for _, f := range s.fed {
		for _, feed := range f.feeds {
			for _, source := range feed.Sources {
				list[source.Operation] = true
			}
		}
	}
	return list
}

// feed makes the probes of operations for which all values were found, and, at last, of the others with what the
// document itself has. It returns the new ones.
func (s *scanner) feed(last bool) (made []*probe) {
	for _, f := range s.fed {
		if f.done {
			continue
		}
		values := make(map[*Identity]found)
		for _, reader := range s.cast.readers {
			if v, ok := s.valuesOf(f, reader); ok {
				values[reader] = v
			}
		}
		if len(values) == 0 && !last {
			continue
		}
		f.done = true
		s.exclusive(values)
		s.address(f.tested, f.op, values)
		made = append(made, f.tested.probes...)
	}
	return made
}

// found are the values of an operation's parameters for one reader, in order of preference.
type found struct {
	values map[string][]string
	asker  map[string]bool // of those that name the reader, and no object
}

// valuesOf looks for the values of all parameters of f in what reader was answered.
func (s *scanner) valuesOf(f *fed, reader *Identity) (all found, ok bool) {
	all = found{make(map[string][]string), make(map[string]bool)}
	for _, feed := range f.feeds {
		if len(all.values[feed.Parameter]) == 0 && !s.pick(feed, reader, all) {
			return all, false
		}
	}
	return all, true
}

// pick takes the values of one parameter from the first source that has any, and with them those of the parameters
// that the source itself was asked with.
func (s *scanner) pick(feed operation.Feed, reader *Identity, all found) bool {
	for _, source := range feed.Sources {
		for _, p := range s.probes {
			if p.index != source.Operation || p.Readers[0] != reader && s.asks(reader, source.Operation) {
				continue
			}
			e := first(reader, p.Natural)
			if !e.ok() {
				continue
			}
			d := json.NewDecoder(bytes.NewReader(e.body))
			d.UseNumber()
			var body any
			if d.Decode(&body) != nil {
				continue
			}
			if list := operation.Pick(body, source.Names); len(list) > 0 {
				all.values[feed.Parameter], all.asker[feed.Parameter] = list, source.Asker
				for theirs, ours := range source.Same {
					if v := p.values[theirs]; v != "" {
						all.values[ours] = []string{v}
					}
				}
				return true
			}
		}
	}
	return false
}

// asks reports whether reader is the first to ask for some URL of an operation. Otherwise it is asked for under the
// same one as for others.
func (s *scanner) asks(reader *Identity, operation int) bool {
	return slices.ContainsFunc(s.probes, func(p *probe) bool { return p.index == operation && p.Readers[0] == reader })
}

// exclusive puts the values that only one reader was shown before those that others were shown too.
func (s *scanner) exclusive(values map[*Identity]found) {
	for reader, mine := range values {
		for name, list := range mine.values {
			own := func(v string) int {
				for other, theirs := range values {
					if other != reader && slices.Contains(theirs.values[name], v) {
						return 1
					}
				}
				return 0
			}
			slices.SortStableFunc(list, func(a, b string) int { return own(a) - own(b) })
		}
	}
}

// forget lets go of what was kept for other operations.
func (s *scanner) forget() {
	for _, p := range s.probes {
		for _, e := range p.Natural {
			if len(e.body) > excerptBody {
				e.body = bytes.Clone(e.body[:excerptBody])
			}
		}
	}
}

// natural asks all of probes what they answer by themselves.
func (s *scanner) natural(ctx context.Context, probes []*probe) error {
	return s.each(ctx, probes, s.Concurrency, func(ctx context.Context, p *probe) error {
		s.tell(func(pr *Progress) { pr.Operation = p.name() })
		p.turn.Lock()
		p.natural(ctx)
		s.insist(ctx, p)
		p.turn.Unlock()
		s.tell(func(pr *Progress) { pr.Done++ })
		return s.fatal(p.err)
	})
}
