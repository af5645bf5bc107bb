package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bearcache/bearcache/internal/finding"
)

// A scan that ends before its time has asked some questions only. What it says of an operation then must not read like
// what it says after it asked all of them: neither "clean", nor "it did not expire".

// cut notes on the probes that had more to ask how the scan ended.
func (s *scanner) cut(ctx context.Context) {
	how := "ended"
	if ctx.Err() != nil {
		how = "was interrupted"
	}
	for _, t := range s.tested {
		for _, p := range t.probes {
			if p.done {
				continue
			}
			p.ended, p.cause = how, context.Cause(ctx)
			for _, list := range p.Pairs {
				for _, pair := range list {
					pair.ended = how
				}
			}
		}
	}
}

// cutOff reports whether it was the end of the scan that kept a probe from its answers, and nothing of its own.
func (p *probe) cutOff() bool {
	return p.ended != "" && (*p.sent == 0 || errors.As(p.err, new(*Failure)) || errors.Is(p.err, errBudget) ||
		errors.Is(p.err, context.Canceled) || p.cause != nil && errors.Is(p.err, p.cause))
}

// unsettled says why no control rules on a suspicion, and what to do about it: let the scan come to its end, or give one of flags.
func (t *Trial) unsettled(flags string) string {
	if t.ended != "" {
		return "The scan " + t.ended + " before all controls were made; let one come to its end."
	}
	return "No fresh entry was to be had that settles it; give " + flags + "."
}

// longer is the flag that has the scan wait longer than it did.
func (t *Trial) longer() string {
	if t.glanced {
		return fmt.Sprintf("--wait 65s (for this it was %v)", shortLook)
	}
	return "a longer --wait"
}

// unfinished is the reason of an operation of which something was asked and not all.
func (t *Trial) unfinished() string {
	if t.ended == "" {
		return ""
	}
	return "the scan " + t.ended + " before all checks of it were made"
}

// shownAnyhow has an operation with findings count as tested, though a later question was not answered: a report must
// not list it as one of which nothing is known. Nor is the rest of it clean.
func (t *tested) shownAnyhow(found []finding.Finding) {
	if t.Status == finding.StatusFailed && len(found) > 0 {
		t.Status, t.Undecided = finding.StatusTested, !slices.ContainsFunc(found, leaks)
	}
}

// leaks reports whether f says that a reader's response can reach another.
func leaks(f finding.Finding) bool { return f.Severity >= finding.High }
