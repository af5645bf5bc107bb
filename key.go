package bearcache

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"net/http"
	"strings"
	"sync"

	"github.com/bearcache/bearcache/internal/texts"
)

// Key names what a stored response answers. GET is understood: no other method is stored.
// Keys are compared whole, never as digests of themselves, so distinct keys never collide.
type Key struct {
	Partition Partition
	TargetURI string // RFC 9110 §7.1, normalised in scheme and authority, bytes of path and query as sent
}

// targetURI is the request's target URI, or "" where it has none that a key can be made of. No rule
// looks at suffixes or decodes or cleans the path: two requests that differ by a byte differ in key. A
// RawPath that is no encoding of Path is none: EscapedPath would encode Path anew, and /a%2Fb<raw byte>
// and /a/b<raw byte>, which an origin sees as they were sent, would share a key.
func targetURI(r *http.Request) string {
	path := r.URL.EscapedPath()
	if r.URL.RawPath != "" && r.URL.RawPath != path {
		return ""
	}
	if r.URL.Opaque != "" || !strings.HasPrefix(path, "/") || r.Host == "" || strings.ContainsAny(r.Host, "/?#@\\ ") {
		return ""
	}
	scheme, port := "http://", ":80"
	if r.TLS != nil {
		scheme, port = "https://", ":443"
	}
	host := authority(r.Host, port)
	if r.URL.RawQuery == "" && !r.URL.ForceQuery {
		return nameable(scheme + host + path)
	}
	return nameable(scheme + host + path + "?" + r.URL.RawQuery)
}

// nameable is uri, or "" where no purge could name it, nor other nodes be told of it.
func nameable(uri string) string {
	if len(uri) > maxExtentText {
		return ""
	}
	return uri
}

// authority is a host in lower case, without the default port of its scheme (":80") and without an
// empty one (RFC 3986 §6.2.3).
func authority(host, port string) string {
	host = strings.ToLower(host)
	if plain, ok := strings.CutSuffix(host, port); ok {
		return plain
	}
	return strings.TrimSuffix(host, ":")
}

// keyed makes digests that mean nothing without its secret.
type keyed struct {
	secret []byte
	idle   sync.Pool // of *digest
}

func newKeyed(secret []byte) *keyed {
	k := &keyed{secret: secret}
	k.idle.New = func() any { return &digest{mac: hmac.New(sha256.New, secret)} }
	return k
}

// begin is a digest of texts to come. Digests for different uses have no text in common.
func (k *keyed) begin(use string) *digest {
	d := k.idle.Get().(*digest)
	d.mac.Reset()
	d.buf = texts.Append(d.buf[:0], use)
	return d
}

func (k *keyed) end(d *digest) { k.idle.Put(d) }

// digest computes HMAC-SHA-256 over texts and numbers, each self-delimiting: no two sequences have
// the same bytes.
type digest struct {
	mac hash.Hash
	buf []byte
}

func (d *digest) number(n int) { d.buf = texts.AppendNumber(d.buf, n) }

func (d *digest) text(s string) { d.buf = texts.Append(d.buf, s) }

// sum ends the sequence. The buffer held credentials and is cleared.
func (d *digest) sum() string {
	d.mac.Write(d.buf)
	clear(d.buf)
	d.buf = d.mac.Sum(d.buf[:0])
	return string(d.buf)
}
