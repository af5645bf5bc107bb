package labs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Claim is a check and an operation that it speaks of.
type Claim struct{ Operation, Check string }

// String is the operation and the check.
func (c Claim) String() string { return c.Operation + " " + c.Check }

// Score is how a scan compares with the truth.
type Score struct {
	Found, Missed []Claim // of what is there
	// False are findings of medium severity or more that are not true; FalseConfirmed are those, of any
	// severity, that the scanner says it has proof of.
	False, FalseConfirmed []Claim
	Untested              []string // operations that the scanner did not try, and should have

	Requests                     int
	Clean, CleanRequests         int      // operations on which nothing is wrong, and the requests made for them
	Suspected, SuspectedRequests int      // operations on which something is, and the most requests made for one
	Costs                        []string // the requests of each operation, and what it is
}

// score compares. It is the only judge: what it calls good, the table and the exit status do.
func score(lab *Lab, r *Report) Score {
	s := Score{Requests: r.Requests}
	found := map[Claim]bool{}
	for _, f := range r.Findings {
		c := Claim{f.Operation, f.Check}
		found[c] = true
		if slices.Contains(lab.Leaks[f.Operation], f.Check) || slices.Contains(lab.May[f.Operation], f.Check) {
			continue
		}
		if f.Severe() {
			s.False = append(s.False, c)
		}
		if f.Confidence == "confirmed" {
			s.FalseConfirmed = append(s.FalseConfirmed, c)
		}
	}
	for _, operation := range slices.Sorted(maps.Keys(lab.Leaks)) {
		for _, check := range lab.Leaks[operation] {
			if c := (Claim{operation, check}); found[c] {
				s.Found = append(s.Found, c)
			} else {
				s.Missed = append(s.Missed, c)
			}
		}
	}
	for _, op := range r.Operations {
		if op.Status != "tested" && !slices.Contains(lab.Untested, op.Operation) {
			s.Untested = append(s.Untested, op.Operation+": "+cmp.Or(op.Reason, op.Status))
		}
		switch {
		case op.Requests == 0:
		case len(lab.Leaks[op.Operation]) > 0:
			s.Suspected++
			s.SuspectedRequests = max(s.SuspectedRequests, op.Requests)
			s.Costs = append(s.Costs, fmt.Sprintf("%3d requests, suspected  %s", op.Requests, op.Operation))
		default:
			s.Clean++
			s.CleanRequests += op.Requests
			s.Costs = append(s.Costs, fmt.Sprintf("%3d requests, clean      %s", op.Requests, op.Operation))
		}
	}
	return s
}

// Good reports whether the scanner said all that is true, and nothing that is not.
func (s Score) Good() bool {
	return len(s.Missed)+len(s.False)+len(s.FalseConfirmed)+len(s.Untested) == 0
}
