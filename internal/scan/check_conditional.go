package scan

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bearcache/bearcache/internal/finding"
)

var conditionalLeak = Check{
	Rule: finding.ConditionalLeak,
	Probe: func(ctx context.Context, p *probe) {
		for _, told := range p.Conditional {
			if !p.unearned(told) {
				continue
			}
			known, date := p.validators()
			ask := func(tag, date string) *exchange {
				q := p.question(told.as, p.target)
				if known != "" {
					q.header = with(q.header, "If-None-Match", tag)
				} else {
					q.header = with(q.header, "If-Modified-Since", date)
				}
				return p.tell(ctx, finding.ConditionalLeak, q)
			}
			ask(`"`+newSalt()+`"`, "Thu, 01 Jan 1970 00:00:00 GMT") // who is told 304 to this is told it to everything
			ask(known, date)
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		for i, told := range t.Conditional {
			answers := of(told.as, t.Told[finding.ConditionalLeak])
			if len(answers) < 2 || !t.unearned(told) || answers[0].status == http.StatusNotModified || answers[0].err != nil || answers[1].status != http.StatusNotModified {
				continue
			}
			made, plain := t.Natural[0], first(told.as, t.Natural)
			f := finding.Finding{
				Rule: finding.ConditionalLeak, Severity: finding.ConditionalLeak.Severity, Confidence: finding.Confirmed, Operation: t.Operation.String(),
				Victim: made.as.Name, Observer: told.as.Name,
				Summary: fmt.Sprintf("%s is told that %s's response is still the right one.", t.title(told.as), made.as.Name),
				Detail: "304 says that what the validator stands for may be used. A cache that asks on somebody's behalf hands out the body it has on the strength of that, " +
					"and whoever guesses or has seen a validator learns whether it holds.",
				Evidence: []finding.Evidence{
					t.step(made, "its own answer, with a validator"),
					t.step(t.Conditional[i], "with that validator: 304, as if it were "+t.whose(told.as)),
				},
			}
			if plain.denied() {
				f.Evidence = append(f.Evidence, t.step(plain, "without it: denied, as it should be"))
			} else {
				f.Evidence = append(f.Evidence, t.step(plain, "without it: "+t.whose(told.as)+" own answer, which is another"))
			}
			f.Evidence = append(f.Evidence, t.step(answers[0], "with a validator that was made up: no 304"), t.step(answers[1], "again with "+made.as.Name+"'s: 304"))
			return []finding.Finding{f}
		}
		return nil
	},
}

// unearned reports a 304 for somebody who is refused the response itself, or has a response of its own.
func (t *Trial) unearned(told *exchange) bool {
	plain := first(told.as, t.Natural)
	return plain.refused() || t.isReader(told.as) && t.differed(told.as, t.Natural[0].as)
}
