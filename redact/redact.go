package redact

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Redactor replaces credentials by keyed digests: those it was told, in every spelling they are likely to
// turn up in, and whatever has the shape of one. It is safe for concurrent use. A nil *Redactor knows no
// secrets and uses the key of this process.
//
// It errs on the side of hiding too much. What it cannot recognise is a credential nobody told it, that
// has no typical shape and stands beside no telling word.
type Redactor struct {
	key   []byte
	known known
}

// New returns a Redactor that makes its digests with key (nil: a random one of this process) and
// replaces the known secrets wherever 8 bytes of one appear: plain, percent-encoded, in hex or base64.
// Empty secrets are ignored; of secrets under 8 bytes only the whole is recognised.
func New(key []byte, secrets ...Secret) *Redactor {
	r := &Redactor{key: slices.Clone(key)}
	for _, s := range secrets {
		if !s.IsZero() {
			r.known.learn(s.Reveal(), r.mark(s.Reveal()))
		}
	}
	return r
}

// Digest is what stands for text in logs: hmac-sha256: and 12 hexadecimal digits. Of "" it is "".
func (r *Redactor) Digest(text string) string {
	if text == "" {
		return ""
	}
	if r == nil || r.key == nil {
		return digest(processKey(), text)
	}
	return digest(r.key, text)
}

// mark is what Text leaves in the place of a secret.
func (r *Redactor) mark(secret string) string {
	if isDigest(secret) {
		return secret // redacting twice changes nothing
	}
	return "[" + r.Digest(secret) + "]"
}

// Text is s with [hmac-sha256:…] in the place of credentials: known secrets, JSON Web Tokens, values of
// Authorization, Cookie and similar fields, credentials after a scheme's name, values of parameters,
// members and keys such as access_token and password, and user information in URLs. Other text comes
// back as it was. It takes time linear in len(s).
func (r *Redactor) Text(s string) string {
	if r != nil {
		s = r.known.replace(s)
	}
	return r.settled(s, r.once)
}

// rounds are enough for what stands in what: a pair in JSON in a printed list of bytes.
const rounds = 6

// settled applies f until that changes nothing more, so that redacting twice is redacting once. What
// does not settle was made to confuse, and goes as a whole.
func (r *Redactor) settled(s string, f func(string) string) string {
	original := s
	for range rounds {
		next := f(s)
		if next == s {
			return s
		}
		s = next
	}
	return r.mark(original)
}

func (r *Redactor) once(s string) string {
	if !suspicious(s) {
		return s
	}
	s = r.bytesAsText(s)
	for _, shape := range shapes {
		s = shape.replace(s, r.mark)
	}
	return r.users(r.pairs(s))
}

// URL is s, which need not be a valid URL, without user information and without credentials in its path,
// query or fragment, however they are encoded.
func (r *Redactor) URL(s string) string {
	return r.settled(r.Text(s), r.parts)
}

func (r *Redactor) parts(s string) string {
	if !strings.ContainsAny(s, "%+@?#") {
		return s
	}
	s = r.userinfo(r.Text(s))
	path, rest := s, ""
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		path, rest = s[:i], s[i:]
	}
	return r.pieces(path, "/;") + r.pieces(rest, "?#&;")
}

// userinfo replaces what stands before the @ of an authority.
func (r *Redactor) userinfo(s string) string {
	start := strings.Index(s, "//")
	if start < 0 {
		return s
	}
	start += 2
	end := len(s)
	if i := strings.IndexAny(s[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(s[start:end], '@')
	if at <= 0 || isDigest(s[start:start+at]) {
		return s
	}
	return s[:start] + r.mark(s[start:start+at]) + s[start+at:]
}

// pieces looks at each part of s between separators as it reads decoded.
func (r *Redactor) pieces(s, separators string) string {
	var b strings.Builder
	for s != "" {
		n := strings.IndexAny(s, separators)
		if n < 0 {
			n = len(s)
		}
		b.WriteString(r.piece(s[:n]))
		if n < len(s) {
			b.WriteByte(s[n])
			n++
		}
		s = s[n:]
	}
	return b.String()
}

func (r *Redactor) piece(s string) string {
	name, value, pair := strings.Cut(s, "=")
	if pair && value != "" && telling(decoded(name)) {
		return name + "=" + r.hide(value)
	}
	plain := decoded(s)
	if plain == s || r.Text(plain) == plain {
		return s
	}
	if pair {
		return r.piece(name) + "=" + r.mark(value)
	}
	return r.mark(s)
}

// decoded undoes percent-encoding, twice where it was done twice.
func decoded(s string) string {
	for range 2 {
		plain, err := url.QueryUnescape(s)
		if err != nil || plain == s {
			break
		}
		s = plain
	}
	return s
}

// shown are the response fields that say what caches did or may do. Everything else stays out of reports:
// a list of forbidden fields would miss the one that the next application invents.
var shown = map[string]bool{
	"Age": true, "Cache-Control": true, "Cache-Status": true, "Cdn-Cache-Control": true, "Cf-Cache-Status": true,
	"Content-Encoding": true, "Content-Language": true, "Content-Length": true, "Content-Range": true, "Content-Type": true,
	"Date": true, "Etag": true, "Expires": true, "Last-Modified": true, "Location": true, "Pragma": true, "Retry-After": true,
	"Server": true, "Surrogate-Control": true, "Vary": true, "Via": true, "Warning": true, "Www-Authenticate": true,
	"X-Cache": true, "X-Cache-Hits": true, "X-Cache-Lookup": true, "X-Cache-Status": true, "X-Drupal-Cache": true,
	"X-Fastcgi-Cache": true, "X-Proxy-Cache": true, "X-Served-By": true, "X-Varnish": true,
}

// Header is a copy of h that holds only fields about caching and content, redacted.
func (r *Redactor) Header(h http.Header) http.Header {
	out := make(http.Header)
	for name, values := range h {
		name = http.CanonicalHeaderKey(name)
		if !shown[name] {
			continue
		}
		for _, v := range values {
			if name == "Location" {
				v = r.URL(v)
			}
			out[name] = append(out[name], r.Text(v))
		}
	}
	return out
}
