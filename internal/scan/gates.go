package scan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// stillAccepted asks, as each reader, once more for what was given in the beginning: a token that ended
// meanwhile makes everything after it look clean.
func (s *scanner) stillAccepted(ctx context.Context) error {
	for _, id := range s.cast.readers {
		i := slices.IndexFunc(s.probes, func(p *probe) bool {
			return p.err == nil && first(id, p.Natural).ok() && first(s.nobody, p.Natural).refused()
		})
		if i < 0 {
			continue
		}
		p := s.probes[i]
		e := p.courier.send(ctx, p.question(id, p.variant(byQuery)))
		if e.refused() && e.status != http.StatusUnauthorized { // perhaps the query is what is refused
			e = p.courier.send(ctx, p.question(id, p.target))
		}
		if e.refused() {
			return &Failure{fmt.Sprintf("%s's token was accepted when the scan began and is refused now (%d on %s); what was asked meanwhile may rest on nothing", id.Name, e.status, p.name())}
		}
	}
	return nil
}

// refusedEverywhere is the error of a token that opens nothing. Without this gate a scan of nothing
// but refusals would be green.
func (s *scanner) refusedEverywhere() error {
	var out []string
	question := "Is it expired?"
	for _, id := range s.cast.readers {
		status := map[int]int{} // how many operations refused it so
		opened, open := 0, 0    // and how many let it in, alone or with everybody
		for _, p := range s.probes {
			e := first(id, p.Natural)
			switch {
			case e.refused():
				status[e.status]++
			case !e.ok() || p.Operation.Security == operation.Public:
			case e.same(first(s.nobody, p.Natural)):
				open++
			default:
				opened++
			}
		}
		// 401 is about the token; 403 may be about its scope (RFC 6750 §3.1).
		for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			if status[code] > 0 && opened == 0 && (open == 0 || code == http.StatusUnauthorized) {
				out = append(out, fmt.Sprintf("%s's token is refused by the API (%d on %s)", id.Name, code, counted(status[code], "operation")))
				if wanted := s.wantedOf(id); wanted != "" && len(out) == 1 {
					question = strings.ToUpper(wanted[:1]) + wanted[1:]
				}
				break
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return &Failure{strings.Join(out, "; ") + "; nothing was proven. " + question}
}

// othersRefused is the error of a token that is of the same user as another, and is refused where that one is not: it would
// be left out, and nobody would know.
func (s *scanner) othersRefused(ctx context.Context) error {
	others := slices.Clone(s.cast.twins)
	for _, list := range s.cast.narrower {
		others = append(others, list...)
	}
	i := slices.IndexFunc(s.probes, func(p *probe) bool {
		return p.err == nil && first(p.Readers[0], p.Natural).ok() && first(s.nobody, p.Natural).refused()
	})
	if i < 0 {
		return nil
	}
	for _, id := range others {
		if e := s.courier.send(ctx, s.probes[i].question(id, s.probes[i].target)); e.err == nil && e.status == http.StatusUnauthorized {
			return &Failure{fmt.Sprintf("%s's token is refused by the API (401 on %s); nothing was proven. Is it expired?", id.Name, s.probes[i].name())}
		}
	}
	return nil
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// gate refuses a green report that rests on nothing.
func (s *scanner) gate(r *finding.Report) error {
	if slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Confidence > finding.Possible }) {
		return nil
	}
	answered, guarded := 0, 0
	for _, t := range r.Operations {
		if t.Differed {
			return nil
		}
		if t.Status == finding.StatusTested {
			answered++
		}
	}
	for _, p := range s.probes {
		if p.guarded() && len(contents(p.Natural)) > 0 {
			guarded++
		}
	}
	switch {
	case answered == 0:
		return &Failure{"no operation gave an answer that could be compared" + inCommon(r.Operations)}
	case guarded > 0 && len(s.cast.readers) > 1:
		return &Failure{fmt.Sprintf("%s received the same answers everywhere, so nothing was proven; give tokens of two different users",
			strings.Join(r.Identities, " and "))}
	case r.Undecided() == answered:
		return &Failure{fmt.Sprintf("everybody received what %s did, everywhere, so nothing was proven; give an operation that needs a token", r.Identities[0])}
	}
	return nil
}
