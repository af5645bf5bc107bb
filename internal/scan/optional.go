package scan

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// badRequest reports an answer that says: not with these parameters.
func (e *exchange) badRequest() bool {
	return e != nil && e.err == nil && (e.status == http.StatusBadRequest || e.status == http.StatusUnprocessableEntity)
}

// insist asks an operation again that took none of the requests, with parameters that its document calls optional and has
// values for: first those in fields, then those in the query. Asked for at once they would change the answers of operations
// that do without: an example of a filter leaves less to compare.
func (s *scanner) insist(ctx context.Context, p *probe) {
	for _, query := range []bool{false, true} {
		if p.err != nil || len(contents(p.Natural)) > 0 || !first(p.Readers[0], p.Natural).badRequest() {
			return
		}
		op, more := p.Operation.Insisting(query)
		if !more {
			continue
		}
		target, header, err := op.Fill(s.Target, p.nth(0))
		if err != nil {
			continue
		}
		was, trial := *p, *p.Trial
		p.target, p.header = target, header
		p.Natural, p.Conditional, p.Told = nil, nil, nil
		if p.origin != nil {
			p.origin, _, _ = op.Fill(s.Origin, p.nth(0))
		}
		if len(p.spares) > 0 {
			p.spares = s.othersOf(op, p)
		}
		p.natural(ctx)
		if p.err == nil && len(contents(p.Natural)) == 0 { // that was not it
			p.target, p.header, p.origin, p.spares = was.target, was.header, was.origin, was.spares
			p.Natural, p.Conditional, p.Told = trial.Natural, trial.Conditional, trial.Told
		}
	}
}

// madeUp names what stands in the path of a request that came to nothing and was made up, since neither the document nor any answer had a value.
func (p *probe) madeUp(e *exchange) string {
	var flags []string
	for _, param := range p.Operation.Made(p.nth(0)) {
		if param.In == "path" && e.denied() {
			flags = append(flags, "--param "+excerpt(p.redactor.Text(param.Name), 40)+"=…")
		}
	}
	if len(flags) == 0 {
		return ""
	}
	return "; the path was made up, for neither the document nor any answer had a value: " + strings.Join(flags, " ")
}

// misunderstood is what the API said of a request that it did not take, and which parameters were left out of it.
func (p *probe) misunderstood(e *exchange) string {
	if !e.badRequest() {
		return p.madeUp(e)
	}
	var text strings.Builder
	if said := excerpt(p.redactor.Text(string(e.body[:min(len(e.body), excerptBody)])), 120); said != "" {
		fmt.Fprintf(&text, "; it said: %s", said)
	}
	const most = 3
	var flags []string
	for _, param := range p.Operation.Asked() {
		if _, given := p.nth(0)(param); !given && !param.Required && len(flags) < most {
			flags = append(flags, "--param "+excerpt(p.redactor.Text(param.Name), 40)+"=…")
		}
	}
	if len(flags) > 0 {
		text.WriteString("; it may want what the document calls optional: " + strings.Join(flags, " "))
	}
	return text.String()
}
