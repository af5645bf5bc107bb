package scan

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// A poison is a request that an origin answers with an error, and that a cache may take for the same as a good one.
type poison struct {
	what string
	by   *Identity
	rare bool // no client sends it by itself
}

// poisons are whoever is denied what the first reader is given, and what that reader could say that is too much for a server.
func (t *Trial) poisons() []poison {
	a := t.Readers[0]
	list := []poison{{what: "a request without credentials", by: t.Nobody}}
	for _, other := range t.Readers[1:] {
		if answers := of(other, t.Natural); len(answers) > 0 && all(answers, (*exchange).denied) {
			list = append(list, poison{what: fmt.Sprintf("a request of %s, who is told %d,", other.Name, answers[0].status), by: other})
		}
	}
	for _, said := range []struct{ what, field, value string }{
		{"a field of 20 KiB", "X-Bearcache-Oversize", strings.Repeat("x", 20<<10)},
		{"X-HTTP-Method-Override: HEAD", "X-Http-Method-Override", "HEAD"},
	} {
		list = append(list, poison{what: said.what, by: a.saying(said.what, http.Header{said.field: {said.value}}, ""), rare: true})
	}
	return list
}

var errorPoisoning = Check{
	Rule: finding.ErrorPoisoning,
	Probe: func(ctx context.Context, p *probe) {
		// Under a URL that nobody else uses it hurts nobody, if the cache tells it from the natural one. Where that
		// was not seen, the user has to ask for it.
		if a := p.Readers[0]; !first(a, p.Natural).ok() || p.Operation.Method != "GET" || !p.hazards && !p.provenBy(byQuery) && !p.lockedOut() {
			return
		}
		for _, poison := range p.poisons() {
			if poison.rare && !p.hazards {
				return
			}
			seen := 0
			for seen < poisonRounds && p.poison(ctx, poison.by) {
				seen++
			}
			if seen == poisonRounds {
				return
			}
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		told := t.Told[finding.ErrorPoisoning]
		for i := 0; i+poisonRounds*poisonRound <= len(told); i++ {
			rounds := slices.Collect(slices.Chunk(told[i:i+poisonRounds*poisonRound], poisonRound))
			round := rounds[0]
			if !all(rounds, poisoned) || !all(rounds, func(r []*exchange) bool { return r[0].as == round[0].as }) || round[0].url == round[3].url {
				continue
			}
			what := ""
			for _, p := range t.poisons() {
				if p.by.Name == round[0].as.Name {
					what = p.what
				}
			}
			a := round[1].as
			return []finding.Finding{{
				Rule: finding.ErrorPoisoning, Severity: finding.ErrorPoisoning.Severity, Confidence: finding.Confirmed, Operation: t.Operation.String(),
				Victim: a.Name, Observer: round[0].as.Name,
				Summary: fmt.Sprintf("The error that %s brought about is stored, and %s gets it with a valid token.", what, a.Name),
				Detail:  "Whoever asks first with such a request locks readers out until the entry expires. It was seen three times, each time under a URL that nobody else uses.",
				Evidence: []finding.Evidence{
					t.stepBy(finding.ByOrigin, round[0], strings.TrimSuffix(what, ",")+", first on a URL never used before"),
					t.stepBy(finding.ByCache, round[1], "the same URL with a valid token: the stored error"),
					t.stepBy(finding.ByOrigin, round[3], "another URL never used before: answered, so the token is good"),
					t.stepBy(finding.ByCache, round[5], "the first URL again: still the error"),
				},
			}}
		}
		return nil
	},
}

// lockedOut reports whether the first reader was answered in the beginning, and not after others were denied.
func (t *Trial) lockedOut() bool {
	mine := of(t.Readers[0], t.Natural)
	return mine[0].ok() && mine[len(mine)-1].denied()
}

// poison asks for an error on an entry of its own, and then for the good answer there and on another.
func (p *probe) poison(ctx context.Context, by *Identity) bool {
	a := p.Readers[0]
	u, other := p.variant(byQuery), p.variant(byQuery)
	ask := func(q question) *exchange { return p.tell(ctx, finding.ErrorPoisoning, q) }
	if e := ask(p.question(by, u)); e.err != nil || e.status < 300 && !e.empty() {
		return false
	}
	for i, at := range []*url.URL{u, u, other, other, u} {
		if e := ask(p.question(a, at)); (at == u) == (e.ok() && !e.empty()) && i < poisonRound-2 {
			return false
		}
	}
	told := p.Told[finding.ErrorPoisoning]
	return poisoned(told[len(told)-poisonRound:])
}

// poisonRound is how many questions one round has: who brings the error about, then twice the reader there, twice elsewhere, and there again. A node
// that refuses whoever it meets is not met so, and an origin that refuses every other request by lot is met so in a round of 64: hence three.
const (
	poisonRound  = 6
	poisonRounds = 3
)

// poisoned reports a round in which the error, or the redirect to a log-in, came to who is answered elsewhere.
func poisoned(round []*exchange) bool {
	for _, e := range round {
		if e.err != nil || e.status == http.StatusTooManyRequests {
			return false
		}
	}
	bad := func(e *exchange) bool {
		return e.status == round[0].status && (e.status >= 300 || e.empty()) && e.content.sum == round[0].content.sum
	}
	good := func(e *exchange) bool { return e.ok() && !e.empty() }
	return all(append(round[:3:3], round[5]), bad) && all(round[3:5], good) && round[0].url.String() == round[1].url.String()
}

// provenBy reports whether a kind of variant was seen to be told from the natural URL by the cache.
func (t *Trial) provenBy(kind controlKind) bool {
	for _, s := range t.suspicions() {
		if p := t.proofOf(s); p.verdict == leak && p.control.kind == kind {
			return true
		}
	}
	return false
}
