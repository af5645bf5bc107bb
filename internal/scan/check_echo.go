package scan

import (
	"fmt"

	"github.com/bearcache/bearcache/internal/finding"
)

var tokenEcho = Check{
	Rule: finding.TokenEcho,
	Judge: func(t *Trial) []finding.Finding {
		e, found := t.echoed(func(e echo) bool { return !e.inURL })
		if e == nil {
			return nil
		}
		f := finding.Finding{
			Rule: finding.TokenEcho, Severity: finding.TokenEcho.Severity, Confidence: finding.Confirmed, Operation: t.Operation.String(), Victim: e.as.Name,
			Summary:  fmt.Sprintf("The token that was presented comes back in the %s, %s.", found.place(), found.form),
			Detail:   "Whatever stores, logs or shows this response has the token: caches, browsers' developer tools, error trackers, screenshots.",
			Evidence: []finding.Evidence{t.step(e, "the "+found.place()+" holds the token "+found.form)},
		}
		if found.hash {
			f.Severity = finding.Low
			f.Summary = fmt.Sprintf("A hash of the token, without a key, comes back in the %s, %s.", found.place(), found.form)
			f.Detail = "Whoever sees it can tell which token it was once they have that, and can guess tokens that are not long and random."
		}
		return []finding.Finding{f}
	},
}

func (e echo) place() string {
	if e.where == "body" {
		return "body"
	}
	return "field " + e.where
}

// echoed is the first answer in which a credential of its own request stands, and how; nil where there is none.
func (t *Trial) echoed(match func(echo) bool) (*exchange, echo) {
	for _, e := range t.all() {
		for _, found := range e.echoes {
			if e.err == nil && match(found) {
				return e, found
			}
		}
	}
	return nil, echo{}
}

// all are the answers that were given under the operation's own URL or a variant of it.
func (t *Trial) all() []*exchange {
	list := append([]*exchange(nil), t.Natural...)
	for _, c := range t.Controls {
		for _, en := range c.entries {
			list = append(list, en.answers...)
		}
	}
	return append(list, t.Conditional...)
}
