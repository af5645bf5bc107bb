package scan

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/httpfield"
)

var cookieInStoredResponse = Check{
	Rule: finding.CookieInStoredResponse,
	Probe: func(ctx context.Context, p *probe) {
		if a, b, _ := p.sameCookie(); a != nil && p.otherCookie(a) == nil {
			p.tell(ctx, finding.CookieInStoredResponse, p.question(b.as, p.variant(byQuery)))
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		f := finding.Finding{Rule: finding.CookieInStoredResponse, Severity: finding.High, Confidence: finding.Confirmed, Operation: t.Operation.String()}
		if a, b, name := t.sameCookie(); a != nil {
			if other := t.otherCookie(a); other != nil {
				f.Victim, f.Observer = a.as.Name, b.as.Name
				f.Summary = fmt.Sprintf("The cookie %s that was made for %s is stored and given to %s.", excerpt(t.redactor.Text(name), 40), a.as.Name, t.called(b.as))
				f.Detail = "A cookie that names a session puts whoever receives it into the other's session."
				f.Evidence = []finding.Evidence{
					t.stepBy(finding.ByOrigin, a, "sets the cookie"), t.stepBy(finding.ByCache, b, "sets the same cookie, with the same value"),
					t.stepBy(finding.ByOrigin, other, "elsewhere it has another value: it is made anew for each response"),
				}
				return []finding.Finding{f}
			}
		}
		for _, e := range t.Natural {
			authorized := t.isReader(e.as)
			if !e.ok() || len(cookiesOf(e)) == 0 || !sharedStorable(e, authorized) {
				continue
			}
			f.Severity, f.Victim = finding.CookieInStoredResponse.Severity, e.as.Name
			f.Summary = "The response sets a cookie, and its own fields let a shared cache store it and give the cookie to others."
			f.Detail = "Cache-Control: " + excerpt(t.redactor.Text(e.header.Get("Cache-Control")), 200) + ". RFC 9111 §7.3 leaves it to the origin to forbid that."
			f.Evidence = []finding.Evidence{t.step(e, "sets "+cookieNames(t, e))}
			return []finding.Finding{f}
		}
		return nil
	},
}

// leastCookie is the length from which on the value of a cookie can name somebody.
const leastCookie = 8

// cookiesOf are the cookies that a response sets, and does not merely take back, with values that can name somebody.
func cookiesOf(e *exchange) map[string]string {
	set := make(map[string]string)
	for _, c := range (&http.Response{Header: e.header}).Cookies() {
		if c.MaxAge >= 0 && len(c.Value) >= leastCookie {
			set[c.Name] = c.Value
		}
	}
	return set
}

func cookieNames(t *Trial, e *exchange) string {
	names := ""
	for _, name := range sortedKeys(cookiesOf(e)) {
		names += ", " + excerpt(t.redactor.Text(name), 40)
	}
	return names[2:]
}

// sameCookie finds two readers, or a reader and somebody else, who were given the same cookie under the natural URL.
func (t *Trial) sameCookie() (a, b *exchange, name string) {
	for i, a := range t.Natural {
		if a.err != nil {
			continue
		}
		set := cookiesOf(a)
		for _, name := range sortedKeys(set) {
			for _, b := range t.Natural[i+1:] {
				if b.err == nil && b.as != a.as && cookiesOf(b)[name] == set[name] {
					return a, b, name
				}
			}
		}
	}
	return nil, nil, ""
}

// otherCookie is an answer in which the cookies of e have other values: they are made for each response.
func (t *Trial) otherCookie(e *exchange) *exchange {
	set := cookiesOf(e)
	for _, o := range append(t.all(), t.Told[finding.CookieInStoredResponse]...) {
		if o.err != nil {
			continue
		}
		theirs := cookiesOf(o)
		for name, value := range set {
			if v, ok := theirs[name]; ok && v != value {
				return o
			}
		}
	}
	return nil
}

// sharedStorable reports whether a response's own fields let a shared cache store and reuse it (RFC 9111 §3, §3.5).
func sharedStorable(e *exchange, authorized bool) bool {
	cc := httpfield.ParseCacheControl(e.header)
	if cc.Malformed || cc.Has("no-store") || cc.Has("private") || cc.Has("no-cache") || !lasting(cc, e) {
		return false
	}
	return !authorized || cc.Has("public") || cc.Has("s-maxage") || cc.Has("must-revalidate")
}
