package bearcache

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// defaultCredentials are the request fields that say who asks, unless Cache.Credentials names others.
var defaultCredentials = []string{"Authorization", "Cookie", "X-Api-Key"}

// strangers is what the fields of a request that are neither listed credentials nor known to be
// neutral amount to.
type strangers struct {
	unknown  bool // there are some: an origin may tell readers apart by them
	rerouted bool // one of them names another host, path or method than the key holds
	// ambiguous: one of them is spelt in a way that is like another's only if it is a list. An origin that
	// reads the first of its lines, or the spaces at its commas, would answer that sender's readers too.
	ambiguous bool
}

// unclear says why the sender of r cannot be told, or "" if the fields listed (those of
// Cache.Credentials that r carries) are all there is to tell it by. Everything that may be a
// credential and is not listed makes a request unclear: an origin may answer by it, and no key
// would hold it.
func (s *state) unclear(r *http.Request, listed []string) (why string, found strangers) {
	for _, name := range listed {
		if !wellFormed(name, r.Header[name]) {
			return whyCredentials, found
		}
	}
	for _, name := range httpfield.Connection(r.Header) {
		// A proxy on the way drops what is nominated (RFC 9110 §7.6.1). The field that tells the reader:
		// the origin would answer somebody else than the key says. Any other: it would answer, and name
		// in Vary, what it never saw, and the key's other readers would be given that.
		if contains(listed, name) || httpfield.TellsReader(name) {
			return whyCredentials, found
		}
		if r.Header[name] != nil && !connectionFields[name] {
			return whyConnection, found
		}
	}
	for name, values := range r.Header {
		if !s.stranger(name) || contains(listed, name) {
			continue
		}
		if !httpfield.Canonical(name) { // it may be any of the fields looked up by name, here or at the origin
			return whyMalformed, found
		}
		if httpfield.TellsReader(name) || credentialValues(values) {
			return whyUnlisted, found
		}
		found.unknown, found.rerouted, found.ambiguous = true, found.rerouted || reroutes(name), found.ambiguous || ambiguous(name, values)
	}
	if r.URL.User != nil || credentialQuery(r.URL.RawQuery) {
		return whyUnlisted, found
	}
	if cert := certificate(r); cert != nil && len(cert.Raw) == 0 { // there is one, and nobody knows which
		return whyCertificate, found
	}
	return "", found
}

// stranger reports whether a field is neither a credential that is listed nor known to say nothing about
// who asks.
func (s *state) stranger(name string) bool {
	return !s.neutral[name] && !contains(s.credentials, name) && !httpfield.NumbersRequest(name)
}

// connectionFields are request fields of one connection: a proxy drops them, nominated or not.
var connectionFields = map[string]bool{
	"Connection": true, "Http2-Settings": true, "Keep-Alive": true, "Proxy-Connection": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true,
}

// ambiguous reports whether the field has another spelling than its normal form and that with a space behind
// each comma, which is how everybody writes lists.
func ambiguous(name string, values []string) bool {
	value, _ := httpfield.Selecting(name, values)
	return len(values) != 1 || strings.ReplaceAll(values[0], ", ", ",") != value
}

// reroutes reports whether frameworks take a host, a path or a method from the field and build links
// and answers of it. Where a client can set one, it chooses what the shared partition would hold. What is no
// letter or digit is one character to a CGI or WSGI origin.
func reroutes(name string) bool {
	if strings.ContainsAny(name, "_.") {
		name = textproto.CanonicalMIMEHeaderKey(strings.NewReplacer("_", "-", ".", "-").Replace(name))
	}
	switch name {
	case "Forwarded", "X-Forwarded", "X-Host", "X-Http-Method", "X-Script-Name", "X-Scheme", "X-Url-Scheme", "Front-End-Https":
		return true
	case "X-Forwarded-For":
		return false
	}
	return strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Original-") ||
		strings.HasPrefix(name, "X-Rewrite-") || strings.HasSuffix(name, "-Override")
}

// wellFormed refuses credentials that an origin may read otherwise than a digest does: repeated
// fields of which either may count, and an Authorization that is not one scheme, one space, one
// value (RFC 9110 §11.6.2).
func wellFormed(name string, values []string) bool {
	if name == "Cookie" { // several lines are one list (RFC 6265 §5.4, RFC 9113 §8.2.3)
		return len(values) > 0
	}
	if len(values) != 1 || values[0] == "" {
		return false
	}
	if name != "Authorization" {
		return true
	}
	scheme, value, ok := strings.Cut(values[0], " ")
	if !httpfield.IsToken(scheme) {
		return false
	}
	if !ok { // a scheme that needs nothing more (RFC 9110 §11.4)
		return !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Basic")
	}
	if value == "" {
		return false
	}
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic") {
		return httpfield.IsToken68(value)
	}
	for i := 0; i < len(value); i++ {
		if value[i] < 0x20 && value[i] != '\t' || value[i] == 0x7f {
			return false
		}
	}
	return value[0] != ' ' && value[0] != '\t'
}

// neutralFields are request fields known to say nothing about who asks: those of HTTP itself, what
// browsers add by themselves, the marks of tracing, and those of test tools. Vary still selects by them. What stands before
// a cache sets more (X-Forwarded-For, a CDN's address of the client); where it does, and no client
// can, Cache.TrustedFields is for them. Baggage is not neutral: an application puts into it what it likes.
var neutralFields = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(`Accept Accept-Charset Accept-Datetime Accept-Encoding Accept-Language
		Access-Control-Request-Headers Access-Control-Request-Method Cache-Control Connection
		Content-Encoding Content-Length Content-Type Date Dnt Early-Data Expect Host If-Match
		If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Max-Forwards Origin Pragma
		Priority Proxy-Connection Range Referer Te Trailer Transfer-Encoding Upgrade-Insecure-Requests
		User-Agent Via Want-Content-Digest Want-Digest Want-Repr-Digest

		Device-Memory Downlink Dpr Ect Purpose Rtt Save-Data Sec-Ch-Device-Memory Sec-Ch-Dpr
		Sec-Ch-Prefers-Color-Scheme Sec-Ch-Prefers-Reduced-Motion Sec-Ch-Ua Sec-Ch-Ua-Arch
		Sec-Ch-Ua-Bitness Sec-Ch-Ua-Form-Factors Sec-Ch-Ua-Full-Version Sec-Ch-Ua-Full-Version-List
		Sec-Ch-Ua-Mobile Sec-Ch-Ua-Model Sec-Ch-Ua-Platform Sec-Ch-Ua-Platform-Version Sec-Ch-Ua-Wow64
		Sec-Ch-Viewport-Width Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-Storage-Access
		Sec-Fetch-User Sec-Gpc Sec-Purpose Viewport-Width Width X-Requested-With X-User-Agent

		B3 Cdn-Loop Cf-Ray Newrelic Sentry-Trace Traceparent Tracestate Uber-Trace-Id X-Amz-Cf-Id
		X-Amzn-Trace-Id X-B3-Flags X-B3-Parentspanid X-B3-Sampled X-B3-Spanid X-B3-Traceid
		X-Cloud-Trace-Context X-Correlation-Id X-Datadog-Origin X-Datadog-Parent-Id
		X-Datadog-Sampling-Priority X-Datadog-Tags X-Datadog-Trace-Id X-Envoy-Attempt-Count
		X-Envoy-Expected-Rq-Timeout-Ms X-Queue-Start X-Request-Id X-Request-Start

		Test-Id Test-Name`) {
		m[name] = true
	}
	return m
}()

// credentialValues reports whether a value has the shape of a token, whatever its field is called.
func credentialValues(values []string) bool {
	for _, v := range values {
		if strings.HasPrefix(v, "eyJ") || len(v) > 7 && strings.EqualFold(v[:7], "bearer ") {
			return true
		}
	}
	return false
}

// credentialParameters are query parameters that carry tokens (RFC 6750 §2.3 and its kin), letters
// and digits only.
var credentialParameters = map[string]bool{
	"accesstoken": true, "apikey": true, "auth": true, "authorization": true, "authtoken": true, "bearer": true,
	"bearertoken": true, "code": true, "idtoken": true, "jwt": true, "key": true, "oauthtoken": true, "password": true,
	"refreshtoken": true, "secret": true, "session": true, "sessionid": true, "sid": true, "sig": true,
	"signature": true, "token": true, "xapikey": true,
}

// credentialQuery reports whether a query may carry credentials. Both separators in use count, and
// a name that cannot be decoded is taken as it stands.
func credentialQuery(query string) bool {
	for query != "" {
		var part string
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			part, query = query[:i], query[i+1:]
		} else {
			part, query = query, ""
		}
		name, value, _ := strings.Cut(part, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if strings.HasPrefix(value, "eyJ") || credentialParameters[lettersAndDigits(name)] {
			return true
		}
	}
	return false
}

func lettersAndDigits(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, s)
}

// public is r as nobody in particular would send it: the origin cannot answer by what it does not
// see, so what it answers may be shared. Of a request whose answer is not stored only credentials go.
func (s *state) public(r *http.Request) *http.Request {
	stored := r.Method == http.MethodGet || r.Method == http.MethodHead
	stripped := r.Clone(r.Context())
	for name, values := range r.Header {
		if contains(s.credentials, name) || !s.neutral[name] && (stored || httpfield.TellsReader(name) || credentialValues(values)) {
			delete(stripped.Header, name)
		}
	}
	return stripped
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
