package scan

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/bearcache/bearcache/internal/finding"
)

// urlNames are the query parameters in which tokens are commonly taken, the first as RFC 6750 §2.3 has it.
var urlNames = []string{"access_token", "token", "api_key", "jwt", "auth_token", "bearer_token"}

// fetched are operations whose answers browsers get by a link or a tag, which send no Authorization: it is there
// that tokens are put into URLs.
var fetched = regexp.MustCompile(`(?i)download|export|file|attach|image|avatar|photo|media|video|stream|feed|rss|atom|ical|calendar|\bws\b|socket|\bsse\b|event|` +
	`report|pdf|csv|xls|zip|invoice|receipt|share|embed|link|callback|print|preview|thumb|document|archive|backup`)

// mostURLs is how many operations are tried with a token in the URL whatever they are called.
const mostURLs = 4

// urlRepeats are how often it must come out so again, the token answered and a forged one not, where there may be several nodes: a cache that
// does not look at the query, on one of them, answers now and then.
const urlRepeats = 8

var tokenInURL = Check{
	Rule: finding.TokenInURL,
	Probe: func(ctx context.Context, p *probe) {
		a := p.Readers[0]
		if p.further || !p.private() || p.Operation.Body != nil && p.Operation.Method != "GET" || !p.learnt.tryURL(fetched.MatchString(p.Operation.Path)) {
			return
		}
		ask := func(id *Identity, names ...string) *exchange {
			q := p.question(id, p.variant(byQuery))
			q.inQuery = names
			return p.tell(ctx, finding.TokenInURL, q)
		}
		if e := ask(a, urlNames...); !p.shows(e, a) {
			return
		}
		p.learnt.urlTaken()
		if ask(p.Forged, urlNames...).ok() {
			return // it is not the token that opens it
		}
		i := slices.IndexFunc(urlNames, func(name string) bool { return p.shows(ask(a, name), a) })
		if p.repeats = urlRepeats; moreRounds(p.Natural) < manyRounds/2 {
			p.repeats /= 2
		}
		for n := 0; i >= 0 && n < p.repeats; n++ {
			if odd(n) && !p.shows(ask(a, urlNames[i]), a) || !odd(n) && ask(p.Forged, urlNames[i]).ok() {
				return
			}
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		f := finding.Finding{
			Rule: finding.TokenInURL, Severity: finding.TokenInURL.Severity, Confidence: finding.Confirmed, Operation: t.Operation.String(), Victim: t.Readers[0].Name,
			Detail: "URLs are kept where fields are not: in the logs of every server on the way, in browsers' histories, in Referer fields sent to other sites, in the keys of caches.",
		}
		if e, found := t.echoed(func(e echo) bool { return e.inURL }); e != nil {
			f.Summary = fmt.Sprintf("The token that was presented is put into a URL in the %s.", found.place())
			f.Evidence = []finding.Evidence{t.step(e, "the "+found.place()+" holds a URL with the token, "+found.form)}
			return []finding.Finding{f}
		}
		a := t.Readers[0]
		if e := first(a, t.Natural); e.ok() {
			for _, c := range a.presents(t.Operation.Alternatives) {
				if c.in == "query" {
					f.Summary = fmt.Sprintf("The document has the credential sent in the query, as %s.", excerpt(c.field, 60))
					f.Evidence = []finding.Evidence{t.step(e, "answered with the credential in the URL")}
					return []finding.Finding{f}
				}
			}
		}
		told := t.Told[finding.TokenInURL]
		i := len(told) - t.repeats - 1 // the answer to the name that opened it
		if t.repeats == 0 || i < 2 || !t.shows(told[0], a) || !all(append(of(t.Forged, told[i:]), told[1]), (*exchange).denied) ||
			!all(of(a, told[i:]), func(e *exchange) bool { return t.shows(e, a) }) {
			return nil
		}
		f.Summary = fmt.Sprintf("The token is accepted in the query, as %s.", urlNames[i-2])
		f.Evidence = []finding.Evidence{
			t.step(first(t.Nobody, t.Natural), "without credentials: denied"),
			t.step(told[i], "with the token in the URL alone: "+a.Name+"'s answer"),
			t.step(told[1], "with a token that was never issued there: denied"),
		}
		return []finding.Finding{f}
	},
}
