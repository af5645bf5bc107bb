package labs

import (
	"fmt"
	"io"
	"strings"
)

// Table prints a line for each outcome, with what is wrong below it (verbose: and what each operation cost), and the totals. It reports whether
// everything is as it should be.
func Table(w io.Writer, outcomes []Outcome, verbose bool) (good bool) {
	widest := 0
	for _, o := range outcomes {
		widest = max(widest, len(o.Lab.Name))
	}
	line := func(name, recall, precision, requests, seconds, memory string) {
		text := fmt.Sprintf("%-*s  %9s  %9s  %8s  %7s  %4s", widest, name, recall, precision, requests, seconds, memory)
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	line("deployment", "recall", "precision", "requests", "seconds", "MiB")
	var all Score
	var seconds float64
	var memory int64
	good = true
	for _, o := range outcomes {
		s := o.Score
		if o.Err != nil {
			line(o.Lab.Name, "no score", "", "", "", "")
		} else {
			line(o.Lab.Name, of(len(s.Found), len(s.Missed)), of(len(s.Found), len(s.False)), fmt.Sprint(s.Requests), fmt.Sprintf("%.1f", o.Took.Seconds()), fmt.Sprint(o.Memory>>20))
		}
		for _, fault := range o.Faults() {
			fmt.Fprintf(w, "    %s\n", fault)
		}
		for _, cost := range s.Costs {
			if verbose {
				fmt.Fprintf(w, "    %s\n", cost)
			}
		}
		all.add(s)
		seconds += o.Took.Seconds()
		memory = max(memory, o.Memory)
		good = good && o.Good()
	}
	fmt.Fprintln(w)
	line(fmt.Sprintf("%d deployments", len(outcomes)), of(len(all.Found), len(all.Missed)), of(len(all.Found), len(all.False)), fmt.Sprint(all.Requests), fmt.Sprintf("%.1f", seconds), fmt.Sprint(memory>>20))
	fmt.Fprintf(w, "%d falsely confirmed\n", len(all.FalseConfirmed))
	if all.Clean > 0 {
		fmt.Fprintf(w, "%.1f requests for a clean operation, on average of %d\n", float64(all.CleanRequests)/float64(all.Clean), all.Clean)
	}
	fmt.Fprintf(w, "%d requests for a suspected operation, at most of %d\n", all.SuspectedRequests, all.Suspected)
	return good
}

// Faults are what is not as it should be, each in a line.
func (o Outcome) Faults() (list []string) {
	if o.Err != nil {
		list = append(list, o.Err.Error())
	}
	for _, s := range []struct {
		what   string
		claims []Claim
	}{{"missed", o.Score.Missed}, {"not so", o.Score.False}, {"confirmed, and not so", o.Score.FalseConfirmed}} {
		for _, c := range s.claims {
			list = append(list, s.what+": "+c.String())
		}
	}
	for _, op := range o.Score.Untested {
		list = append(list, "not tested: "+op)
	}
	if o.Logs != "" {
		list = append(list, "logs: "+o.Logs)
	}
	return list
}

// of is a share: "3 of 4", or "-" of none.
func of(good, bad int) string {
	if good+bad == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", good, good+bad)
}

func (s *Score) add(o Score) {
	s.Found, s.Missed = append(s.Found, o.Found...), append(s.Missed, o.Missed...)
	s.False, s.FalseConfirmed = append(s.False, o.False...), append(s.FalseConfirmed, o.FalseConfirmed...)
	s.Requests += o.Requests
	s.Clean += o.Clean
	s.CleanRequests += o.CleanRequests
	s.Suspected += o.Suspected
	s.SuspectedRequests = max(s.SuspectedRequests, o.SuspectedRequests)
}
