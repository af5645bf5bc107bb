package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// counts are the operations of a report by what became of them.
type counts struct {
	leaking   int // one reader's response can reach another
	proven    int // of those: confirmed
	flagged   int // with other findings only
	clean     int
	undecided int
	untested  int
	differed  int // where two readers got answers of their own
}

// leaks reports whether f says that a reader's response can reach another.
func leaks(f finding.Finding) bool { return f.Severity >= finding.High }

// count puts each operation under one heading, the one that matters most.
func (s *shown) count() (c counts) {
	leaking, proven, flagged := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range s.found {
		flagged[f.Operation] = true
		if f.leak {
			leaking[f.Operation] = true
		}
		if f.leak && f.Confidence == finding.Confirmed {
			proven[f.Operation] = true
		}
	}
	c.leaking, c.proven = len(leaking), len(proven)
	for _, op := range s.Operations {
		switch {
		case leaking[op.Operation]:
		case op.Status != finding.StatusTested:
			c.untested++
		case op.Undecided:
			c.undecided++
		case flagged[op.Operation]:
			c.flagged++
		default:
			c.clean++
		}
		if op.Differed {
			c.differed++
		}
	}
	return c
}

// isClean reports whether op was tested, ruled on, and has no finding of any severity.
func (s *shown) isClean(op finding.Tested) bool {
	return op.Status == finding.StatusTested && !op.Undecided &&
		!slices.ContainsFunc(s.found, func(f shownFinding) bool { return f.Operation == op.Operation })
}

// tally is the counts in words.
func (s *shown) tally() string {
	text := fmt.Sprintf("%d leaking · %d with other findings · %d clean", s.leaking, s.flagged, s.clean)
	if s.undecided > 0 {
		text += fmt.Sprintf(" · %d undecided", s.undecided)
	}
	text += fmt.Sprintf(" · %d not tested", s.untested)
	if n := len(s.fixed); n > 0 {
		text += fmt.Sprintf(" · %d fixed since the baseline", n)
	}
	return text
}

// headline is the sentence that matters.
func (s *shown) headline() string {
	tested := len(s.Operations) - s.untested
	clear := "No leak was seen on " + plural(tested, "tested operation")
	if len(s.Identities) > 0 && s.Alone() {
		clear += ", asked as one user only"
	}
	likely := s.leaking - s.proven
	switch {
	case s.proven > 0 && likely > 0:
		return fmt.Sprintf("%s; %d more probably %s", s.leakOn(s.proven, ""), likely, inflect(likely, "do", "does"))
	case s.proven > 0:
		return s.leakOn(s.proven, "")
	case likely > 0:
		return s.leakOn(likely, "probably ")
	case tested <= 0:
		return "Nothing was tested"
	case s.flagged > 0:
		return fmt.Sprintf("%s; %d %s other findings", clear, s.flagged, inflect(s.flagged, "have", "has"))
	case s.undecided > 0:
		return fmt.Sprintf("%s; %d could not be decided", clear, s.undecided)
	}
	return clear
}

func (s *shown) leakOn(n int, adverb string) string {
	does := inflect(n, "give", "gives") + " one user's data to another"
	if slices.ContainsFunc(s.found, func(f shownFinding) bool { return f.leak && (f.Victim == "" || f.Observer == "") }) {
		// Some checks prove that a cache can be led astray, and need no victim for it.
		does = inflect(n, "answer", "answers") + " with what was made for another request"
	}
	return fmt.Sprintf("%d of %s %s%s", n, plural(len(s.Operations), "operation"), adverb, does)
}

func inflect(n int, many, one string) string {
	if n == 1 {
		return one
	}
	return many
}

// basis is what the report rests on.
func (s *shown) basis() string {
	names := strings.Join(s.Identities, " and ")
	switch {
	case !s.Alone():
		return names + " got different answers on " + plural(s.differed, "operation")
	case len(s.Identities) > 1:
		return names + " are one user: whether another user would receive its responses was not tested; give an --identity of another for that"
	}
	return "one identity: whether another user would receive its responses was not tested; give a second --identity for that"
}

// spent is what the report cost.
func (s *shown) spent() string {
	return fmt.Sprintf("%s in %.1f s", plural(s.Requests, "request"), s.Duration.Seconds())
}

// rests is what a clean verdict rests on.
func rests(op finding.Tested) string {
	switch {
	case op.Reason != "": // one identity, or one that got nothing
		return op.Reason
	case op.Differed:
		return "readers got different answers"
	}
	return "the same answer for every reader"
}

// undecided are the operations that nothing ruled on, by the reason that they have in common.
func (s *shown) undecidedBy() (reasons []string, operations map[string][]string) {
	operations = make(map[string][]string)
	for _, op := range s.Operations {
		if !op.Undecided {
			continue
		}
		if operations[op.Reason] == nil {
			reasons = append(reasons, op.Reason)
		}
		operations[op.Reason] = append(operations[op.Reason], op.Operation)
	}
	return reasons, operations
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
