package scan

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/httpfield"
)

var cookieInStoredResponse = Check{
	Rule: finding.CookieInStoredResponse,
	Probe: func(ctx context.Context, p *probe) {
		a, b, name := p.sameCookie()
		for i := range cookieEntries {
			if a == nil {
				return
			}
			if !p.keptCookies(a, name) { // other URLs are not stored: is the natural one, again and again?
				if p.anew(a, name) {
					for range cookieEntries / 2 {
						p.tell(ctx, finding.CookieInStoredResponse, p.question(a.as, p.target))
						p.tell(ctx, finding.CookieInStoredResponse, p.question(b.as, p.target))
					}
				}
				return
			}
			u := p.variant(byQuery)
			for j, id := range []*Identity{a.as, a.as, b.as} { // some store from the second request on
				if i == cookieEntries-1 && j == 2 && sleep(ctx, cookiePause) != nil {
					return
				}
				p.tell(ctx, finding.CookieInStoredResponse, p.question(id, u))
			}
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		f := finding.Finding{Rule: finding.CookieInStoredResponse, Severity: finding.High, Confidence: finding.Confirmed, Operation: t.Operation.String()}
		if a, b, name := t.sameCookie(); a != nil {
			told := t.Told[finding.CookieInStoredResponse]
			if len(told) == 3+cookieEntries && t.onlyHere(a, name) {
				f.Victim, f.Observer = a.as.Name, b.as.Name
				f.Summary = fmt.Sprintf("The cookie %s that was made for %s is stored and given to %s.", excerpt(t.redactor.Text(name), 40), a.as.Name, t.called(b.as))
				f.Detail = "A cookie that names a session puts whoever receives it into the other's session. Under this URL it has one value for all, again and again; " +
					"under others, which are not stored, another in each response."
				f.Evidence = []finding.Evidence{
					t.stepBy(finding.ByOrigin, a, "sets the cookie"), t.stepBy(finding.ByCache, b, "sets the same cookie, with the same value"),
					t.stepBy(finding.ByOrigin, told[0], "under a URL that is not stored it has another value"), t.stepBy(finding.ByOrigin, told[1], "and another the next time"),
					t.stepBy(finding.ByCache, told[len(told)-1], "under the first URL still the same"),
				}
				return []finding.Finding{f}
			}
			if len(told) == 3*cookieEntries && t.keptCookies(a, name) && !t.cookieOfURL(name) {
				f.Victim, f.Observer = a.as.Name, b.as.Name
				f.Summary = fmt.Sprintf("The cookie %s that was made for %s is stored and given to %s.", excerpt(t.redactor.Text(name), 40), a.as.Name, t.called(b.as))
				f.Detail = fmt.Sprintf("A cookie that names a session puts whoever receives it into the other's session. On %d entries in a row both got one value, another on each.", cookieEntries)
				if !t.seenStored() {
					f.Confidence = finding.Likely
					f.Detail += " Nothing else shows that the response was stored: no field says so, and its Date is new each time. An origin that makes the value of the URL, with a key of its own, looks the same."
				}
				f.Evidence = []finding.Evidence{
					t.stepBy(finding.ByOrigin, a, "sets the cookie"), t.stepBy(finding.ByCache, b, "sets the same cookie, with the same value"),
					t.stepBy(finding.ByOrigin, told[1], "on a fresh entry (a query never used before) it has another value: it is made anew for each response"),
					t.stepBy(finding.ByCache, told[2], "and that one is given out there"),
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

// cookieEntries are how many fresh entries must each give out one value, and no two the same: the names of the nodes
// behind a balancer, which a cookie may hold too, come again by chance.
const cookieEntries = 4

// keptCookies reports whether that is so of the entries that were asked for until now.
func (t *Trial) keptCookies(a *exchange, name string) bool {
	seen := map[string]bool{cookiesOf(a)[name]: true}
	told := t.Told[finding.CookieInStoredResponse]
	for i := 0; i+2 < len(told); i += 3 {
		if told[i+1].err != nil || told[i+2].err != nil || !told[i+2].same(told[i+1]) { // a cookie that is stored comes with what it was stored with
			return false
		}
		value := cookiesOf(told[i+1])[name]
		if value == "" || seen[value] || cookiesOf(told[i+2])[name] != value {
			return false
		}
		seen[value] = true
	}
	return true
}

// cookiePause is how long one of the entries is left alone: a cookie that is signed with the second at which it is made is another then.
const cookiePause = 1100 * time.Millisecond

// seenStored reports whether more than the cookie shows that the last answer, which was asked for after the pause, is a stored one: a cache says so, or
// it is as old as the one before it.
func (t *Trial) seenStored() bool {
	told := t.Told[finding.CookieInStoredResponse]
	before, last := told[len(told)-2], told[len(told)-1]
	date := last.header.Get("Date")
	return last.hit() || date != "" && date == before.header.Get("Date")
}

// cookieOfURL reports whether the values on fresh entries are made of their URLs, as far as that can be known: they hold, or are digests of, something
// of them.
func (t *Trial) cookieOfURL(name string) bool {
	told := t.Told[finding.CookieInStoredResponse]
	for _, e := range told {
		value := cookiesOf(e)[name]
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		decoded, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.Split(plain, ".")[0], "="))
		for _, text := range []string{plain, string(decoded)} {
			if strings.Contains(text, e.url.RawQuery) || strings.Contains(text, e.url.Path) && len(e.url.Path) > 1 {
				return true
			}
		}
		for _, what := range []string{e.url.RequestURI(), e.url.Path, e.url.RawQuery, e.url.Path + "?" + e.url.RawQuery, e.url.String()} {
			for _, f := range formsOf(what) {
				if len(value) >= leastCookie && strings.HasPrefix(f.text, strings.ToLower(value)) {
					return true
				}
			}
		}
	}
	return false
}

// anew reports whether the three answers under another URL have a cookie with values of their own each.
func (t *Trial) anew(a *exchange, name string) bool {
	told := t.Told[finding.CookieInStoredResponse]
	if len(told) < 3 {
		return false
	}
	seen := map[string]bool{cookiesOf(a)[name]: true, "": true}
	for _, e := range told[:3] {
		if e.err != nil || seen[cookiesOf(e)[name]] {
			return false
		}
		seen[cookiesOf(e)[name]] = true
	}
	return true
}

// onlyHere reports whether that is so, while all who asked for the natural URL since then were given what a was.
func (t *Trial) onlyHere(a *exchange, name string) bool {
	for _, e := range t.Told[finding.CookieInStoredResponse][3:] {
		if e.err != nil || cookiesOf(e)[name] != cookiesOf(a)[name] {
			return false
		}
	}
	return t.anew(a, name)
}

// sharedStorable reports whether a response's own fields let a shared cache store and reuse it (RFC 9111 §3, §3.5).
func sharedStorable(e *exchange, authorized bool) bool {
	cc := httpfield.ParseCacheControl(e.header)
	if cc.Malformed || cc.Has("no-store") || cc.Has("private") || cc.Has("no-cache") || !lasting(cc, e) {
		return false
	}
	return !authorized || cc.Has("public") || cc.Has("s-maxage") || cc.Has("must-revalidate")
}
