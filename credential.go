package bearcache

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// defaultCredentials are the request fields that say who asks, unless Cache.Credentials names others.
var defaultCredentials = []string{"Authorization", "Cookie", "X-Api-Key"}

// unclear says why the sender of r cannot be told, or "" if the fields listed (those of
// Cache.Credentials that r carries) are all there is to tell it by. Everything that may be a
// credential and is not listed makes a request unclear: an origin may answer by it, and no key
// would hold it.
func unclear(r *http.Request, listed []string) string {
	for _, name := range listed {
		if !wellFormed(name, r.Header[name]) {
			return whyCredentials
		}
	}
	for _, name := range httpfield.Connection(r.Header) {
		// A proxy on the way would drop the field that tells the reader: the origin would answer
		// somebody else than the key says.
		if contains(listed, name) || credentialName(name) {
			return whyCredentials
		}
	}
	for name, values := range r.Header {
		if neutralFields[name] || contains(listed, name) {
			continue
		}
		if credentialName(name) || credentialValues(values) {
			return whyUnlisted
		}
	}
	if r.URL.User != nil || credentialQuery(r.URL.RawQuery) {
		return whyUnlisted
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return whyCertificate
	}
	return ""
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
	if !ok || !httpfield.IsToken(scheme) || value == "" {
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

// neutralFields are request fields known to say nothing about who asks. The list spares the test of
// the name; Vary still selects by them.
var neutralFields = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(`Accept Accept-Charset Accept-Encoding Accept-Language
		Access-Control-Request-Headers Access-Control-Request-Method Baggage Cache-Control Connection
		Content-Encoding Content-Length Content-Type Date Dnt Expect Forwarded Host If-Match
		If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Max-Forwards Origin Pragma
		Priority Range Referer Save-Data Sec-Ch-Ua Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest
		Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-Gpc Te Traceparent Tracestate Trailer
		Transfer-Encoding Upgrade-Insecure-Requests User-Agent Via X-Correlation-Id X-Forwarded-For
		X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto X-Real-Ip X-Request-Id X-Requested-With
		X-User-Agent`) {
		m[name] = true
	}
	return m
}()

// credentialParts mark a name wherever they stand in it; credentialWords as a whole word of it.
var (
	credentialParts = []string{"auth", "token", "session", "secret", "passw", "cookie", "credential", "apikey", "jwt"}
	credentialWords = map[string]bool{
		"key": true, "sid": true, "user": true, "userid": true, "username": true, "uid": true, "uuid": true,
		"tenant": true, "account": true, "org": true, "organization": true, "organisation": true, "workspace": true,
		"customer": true, "identity": true, "principal": true, "subject": true, "bearer": true, "assertion": true,
		"cert": true, "certificate": true, "signature": true, "login": true, "email": true, "role": true, "roles": true,
		"group": true, "groups": true, "scope": true, "scopes": true, "impersonate": true, "behalf": true,
	}
)

// credentialName reports whether a field's name suggests that it tells who asks. Any character that
// is no letter or digit ends a word: X_Api_Key and X-Api-Key are one variable to a CGI or WSGI origin.
func credentialName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range credentialParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}) {
		if credentialWords[word] {
			return true
		}
	}
	return false
}

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

// withoutCredentials is r as nobody in particular would send it: the origin cannot answer by what it
// does not see, so what it answers may be shared.
func withoutCredentials(r *http.Request, listed []string) *http.Request {
	stripped := r.Clone(r.Context())
	for name, values := range r.Header {
		if contains(listed, name) || !neutralFields[name] && (credentialName(name) || credentialValues(values)) {
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
