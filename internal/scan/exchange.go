package scan

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// exchange is one request and what came back.
type exchange struct {
	as      *Identity
	url     *url.URL
	request string // as a curl line
	status  int
	header  http.Header
	body    []byte // its start, decompressed
	content *content
	cut     bool      // the body did not come whole
	echoes  []echo    // where the credentials of the request came back
	at      time.Time // when it was asked
	took    time.Duration
	err     error
	leads   bool // a redirect is what the operation hands out, and this is one
}

// ok reports an answer that hands something out.
func (e *exchange) ok() bool {
	return e != nil && e.err == nil && (e.status >= 200 && e.status < 300 || e.leads)
}

// refused reports an answer that says: not with these credentials.
func (e *exchange) refused() bool {
	return e != nil && e.err == nil && (e.status == http.StatusUnauthorized || e.status == http.StatusForbidden)
}

// denied reports an answer that hands nothing out and is no fault: a refusal, a redirect to a login,
// a 404 that hides what is there.
func (e *exchange) denied() bool {
	return e != nil && e.err == nil && !e.leads && e.status >= 300 && e.status < 500 &&
		e.status != http.StatusTooManyRequests && e.status != http.StatusRequestTimeout
}

// empty reports an answer that says nothing at all.
func (e *exchange) empty() bool { return len(e.body) == 0 && len(e.content.facts) <= 1 }

// same reports whether two answers have the same bytes.
func (e *exchange) same(o *exchange) bool {
	return e.ok() && o.ok() && !e.cut && !o.cut && len(e.body) > 0 && e.content.sum == o.content.sum
}

// says reports whether the answer states all of facts.
func (e *exchange) says(facts []fact) bool {
	if !e.ok() {
		return false
	}
	for _, f := range facts {
		if _, ok := e.content.facts[f]; !ok {
			return false
		}
	}
	return true
}

// redirects reports an answer that sends whoever asks elsewhere.
func (e *exchange) redirects() bool {
	if e == nil || e.err != nil || e.header.Get("Location") == "" {
		return false
	}
	switch e.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// logIn matches where somebody is sent who has to show who he is.
var logIn = regexp.MustCompile(`(?i)(log|sign)[-_]?(in|on)|oauth|openid|saml|/sso|/auth|authorize`)

// leadsOn reports whether an answer sends who asks somewhere else than to a log-in, or to the same path by another name or elsewhere.
func (e *exchange) leadsOn() bool {
	if !e.redirects() {
		return false
	}
	to, err := e.url.Parse(e.header.Get("Location"))
	if err != nil || logIn.MatchString(to.Host+to.Path) {
		return false
	}
	plain := func(u *url.URL) string { return "/" + strings.ToLower(strings.Trim(path.Clean(u.Path), "/")) }
	return !strings.HasSuffix(plain(to), plain(e.url))
}
