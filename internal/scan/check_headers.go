package scan

import (
	"fmt"
	"strconv"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/httpfield"
)

var storableAuthenticatedResponse = Check{
	Rule: finding.StorableAuthenticatedResponse,
	Judge: func(t *Trial) []finding.Finding {
		e, other := t.personal()
		if e == nil {
			return nil
		}
		cc := httpfield.ParseCacheControl(e.header)
		if cc.Malformed || cc.Has("no-store") || cc.Has("private") || cc.Has("no-cache") {
			return nil
		}
		// RFC 9111 §3.5: only these let a shared cache reuse a response to a request with
		// Authorization, and only while it is fresh.
		release := ""
		for _, name := range []string{"public", "s-maxage", "must-revalidate"} {
			if cc.Has(name) {
				release = name
				break
			}
		}
		if release == "" || !lasting(cc, e) {
			return nil
		}
		f := t.headerFinding(finding.StorableAuthenticatedResponse, e, other)
		f.Summary = fmt.Sprintf("The answer differs by bearer, and its %s lets a shared cache store it and give it to others.", release)
		f.Detail = "Cache-Control: " + excerpt(t.redactor.Text(e.header.Get("Cache-Control")), 200) + ". RFC 9111 §3.5 forbids shared caches to reuse the " +
			"answer to a request with Authorization; public, s-maxage and must-revalidate lift that."
		if variesByBearer(e) {
			f.Severity = finding.Low // kept apart by Vary, stored all the same
		}
		return []finding.Finding{f}
	},
}

// lasting reports whether the response may be fresh for a shared cache at all.
func lasting(cc httpfield.CacheControl, e *exchange) bool {
	if d, ok := cc.Delta("s-maxage"); ok {
		return d > 0
	}
	if d, ok := cc.Delta("max-age"); ok {
		return d > 0
	}
	if expires, ok := httpfield.Date(e.header, "Expires"); ok {
		date, dated := httpfield.Date(e.header, "Date")
		return !dated || expires.After(date)
	}
	return e.header["Expires"] == nil && cc.Has("public") // then its lifetime is heuristic (§4.2.2)
}

// incriminating reports an answer whose own fields would make a finding of it, if it differs by reader.
func (t *Trial) incriminating() bool {
	e := first(t.Readers[0], t.Natural)
	if !e.ok() {
		return false
	}
	cc := httpfield.ParseCacheControl(e.header)
	return !cc.Has("no-store") && !cc.Has("private") && !(cc.Empty() && e.header["Expires"] == nil) && !variesByBearer(e)
}

// lifetimeOf is how much longer a response says it is fresh; 0: it does not say.
func lifetimeOf(e *exchange) time.Duration {
	cc := httpfield.ParseCacheControl(e.header)
	d, ok := cc.Delta("s-maxage")
	if !ok {
		d, ok = cc.Delta("max-age")
	}
	if expires, dated := httpfield.Date(e.header, "Expires"); !ok && dated {
		d = time.Until(expires)
	}
	if age, err := strconv.Atoi(e.header.Get("Age")); err == nil {
		d -= time.Duration(max(age, 0)) * time.Second
	}
	return max(d, 0)
}

var missingVary = Check{
	Rule: finding.MissingVary,
	Judge: func(t *Trial) []finding.Finding {
		e, other := t.personal()
		if e == nil || variesByBearer(e) {
			return nil
		}
		cc := httpfield.ParseCacheControl(e.header)
		if cc.Has("no-store") || cc.Has("private") {
			return nil
		}
		f := t.headerFinding(finding.MissingVary, e, other)
		f.Summary = "The answer differs by bearer; it has neither Vary: Authorization nor private or no-store in Cache-Control."
		if cc.Empty() && e.header["Expires"] == nil {
			// A cache that follows RFC 9111 does not reuse it (§3.5). One told to cache whatever says
			// nothing, as nginx with proxy_cache_valid is, does.
			f.Severity = finding.Low
			f.Detail = "The response says nothing about caching. A cache that follows RFC 9111 §3.5 leaves it alone; one that is told to store " +
				"what says nothing, such as nginx with proxy_cache_valid, gives it to everybody."
		} else if !sharedStorable(e, true) {
			// So does its Cache-Control forbid, by itself or for a request with Authorization, that a shared cache reuses it.
			f.Severity = finding.Low
			f.Detail = "A cache that follows RFC 9111 §3.5 does not reuse it, for nothing in its fields releases an answer to a request with Authorization; one that " +
				"is told to store by other rules does."
		} else {
			f.Detail = "The response says that it may be stored, and not for whom."
		}
		return []finding.Finding{f}
	},
}

func variesByBearer(e *exchange) bool {
	names, ok := httpfield.Vary(e.header)
	if !ok {
		return true // "*": nothing matches it
	}
	for _, name := range names {
		if name == "Authorization" {
			return true
		}
	}
	return false
}

// personal returns the answer of one reader and that of another whose content differs because they
// are different readers; nil where that is not known.
func (t *Trial) personal() (e, other *exchange) {
	for i, a := range t.Readers {
		for _, b := range t.Readers[i+1:] {
			if t.differed(a, b) {
				return first(a, t.Natural), first(b, t.Natural)
			}
		}
	}
	for _, s := range t.suspicions() {
		if p := t.proofOf(s); t.isReader(s.observer) && p.verdict == leak {
			if p.own.ok() && p.own.as == s.observer {
				return s.made, p.own
			}
			return s.made, nil
		}
	}
	for _, a := range t.Readers { // one reader, and its answer names it
		if e := first(a, t.Natural); len(t.Readers) == 1 && e.ok() {
			if _, strong := t.Marks[a.Name].in(e.content); strong {
				return e, nil
			}
		}
	}
	return nil, nil
}

func (t *Trial) headerFinding(rule *finding.Rule, e, other *exchange) finding.Finding {
	f := finding.Finding{
		Rule: rule, Severity: rule.Severity, Confidence: finding.Confirmed, Operation: t.Operation.String(), Victim: e.as.Name,
		Evidence: []finding.Evidence{t.step(e, "its own answer, with these caching fields")},
	}
	if other != nil {
		f.Evidence = append(f.Evidence, t.step(other, "another answer to another reader"))
	}
	return f
}
