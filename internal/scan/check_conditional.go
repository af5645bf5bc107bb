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
			for range conditionalRounds {
				ask(`"`+newSalt()+`"`, "Thu, 01 Jan 1970 00:00:00 GMT") // who is told 304 to this is told it to everything
				if ask(known, date); !onlyToTheTrue(of(told.as, p.Told[finding.ConditionalLeak])) {
					break
				}
			}
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		for i, told := range t.Conditional {
			answers := of(told.as, t.Told[finding.ConditionalLeak])
			made, plain := t.Natural[0], first(told.as, t.Natural)
			refused := func(e *exchange) bool { return e.denied() || e.status == http.StatusNotModified }
			if len(answers) < 2*conditionalRounds || !t.unearned(told) || !onlyToTheTrue(answers) || plain.denied() && !all(answers, refused) {
				continue
			}
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

// conditionalRounds are how often it must come out the same way: an API may refuse now and then.
const conditionalRounds = 3

// onlyToTheTrue reports whether, of answers by turns to a made-up validator and to the true one, the latter alone were 304.
func onlyToTheTrue(answers []*exchange) bool {
	for i, e := range answers {
		if e.err != nil || (e.status == http.StatusNotModified) != (i%2 == 1) {
			return false
		}
	}
	return true
}

// unearned reports a 304 for somebody who is refused the response itself, each time, or has a response of its own. One validator for both is no excuse: it
// stands for two answers then, and whoever asks for the one reader whether the other's is still good is told that it is.
func (t *Trial) unearned(told *exchange) bool {
	return all(of(told.as, t.Natural), (*exchange).refused) || t.isReader(told.as) && t.differed(told.as, t.Natural[0].as)
}
