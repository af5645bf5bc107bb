package gateway

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// trustedFields are set here, before the cache: they say what the gateway itself knows of the client.
// What the client said in the first three is gone; Via is a list that everybody on the way adds to.
var trustedFields = []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via", "Surrogate-Capability"}

// replaced are request fields that do not pass from client to origin.
var replaced = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(`
		Connection Proxy-Connection Keep-Alive Proxy-Authenticate Proxy-Authorization Te Trailer Transfer-Encoding Upgrade Http2-Settings
		Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Uri X-Forwarded-Path X-Forwarded-Method
		X-Forwarded-Protocol X-Forwarded-Prefix X-Forwarded-Server X-Forwarded-Scheme X-Forwarded-Ssl
		X-Original-Url X-Original-Uri X-Rewrite-Url X-Original-Host X-Host X-Http-Host-Override X-Scheme X-Url-Scheme X-Real-Ip
		X-Http-Method X-Http-Method-Override X-Method-Override X-Original-Method X-Script-Name Front-End-Https Proxy Surrogate-Capability`) {
		m[name] = true
	}
	return m
}()

// Replaced lists the request fields that the gateway removes or sets itself. None can be a credential.
func Replaced() []string { return slices.Sorted(maps.Keys(replaced)) }

// rewrite makes the request that the origin will get: without what concerns this connection only,
// without what frameworks take a URL, a method or a host from (no key holds it), with what the gateway
// knows of the client. It stands before the cache, so that what Vary selects by is what is sent.
func (g *Gateway) rewrite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, no := g.outgoing(r)
		if no != nil {
			entryOf(r.Context()).refusal = no.word
			refuse(w, no.status, no.sentence)
			return
		}
		r.Header = h // of the copy that access made
		next.ServeHTTP(w, r)
	})
}

// refusal is why the gateway does not pass a request on.
type refusal struct {
	status         int
	word, sentence string
}

func (g *Gateway) outgoing(r *http.Request) (http.Header, *refusal) {
	if base := g.options.Upstream.Path; base != "" && base != "/" && climbs(r.URL.EscapedPath()) {
		return nil, &refusal{http.StatusBadRequest, "target", "the path has a dot segment, which may lead out of what this gateway serves"}
	}
	forwards, no := maxForwards(r)
	if no != nil {
		return nil, no
	}
	h := make(http.Header, len(r.Header)+len(trustedFields))
	for name, values := range r.Header {
		switch {
		case replaced[name]:
		case strings.ContainsAny(name, "_.") && !g.listed(name):
			// CGI and WSGI take X_Forwarded_Host for X-Forwarded-Host: such names are dropped. If that took
			// away what tells the sender, the origin would answer him as nobody, and that would be shared.
			if httpfield.TellsReader(name) {
				return nil, &refusal{http.StatusBadRequest, "unlisted-credential",
					"a field whose name holds _ or . looks like credentials and is not listed; the operator can list it with --credentials"}
			}
		case strings.HasPrefix(name, "X-Forwarded-") && !httpfield.TellsReader(name):
		default:
			h[name] = values
		}
	}
	for _, name := range httpfield.Connection(r.Header) {
		if h[name] != nil && (g.listed(name) || httpfield.TellsReader(name)) { // as above: whoever sent it would become nobody
			return nil, &refusal{http.StatusBadRequest, "connection", "the Connection field names a field that says who asks"}
		}
		delete(h, name)
	}
	if forwards != "" && h["Max-Forwards"] != nil {
		h["Max-Forwards"] = []string{forwards}
	}
	if trailers(r.Header["Te"]) {
		h["Te"] = []string{"trailers"} // what httputil.ReverseProxy leaves of it
	}
	for _, value := range r.Header["Via"] {
		if strings.Contains(value, g.pseudonym) {
			return nil, &refusal{http.StatusLoopDetected, "loop", "this request has passed this gateway before; its upstream leads back to it"}
		}
	}
	g.introduce(h, r)
	return h, nil
}

// maxForwards is what is left of Max-Forwards for the origin, empty where the field says nothing to us
// (RFC 9110 §7.6.2). At zero the gateway is the one that is asked, and answers for itself.
func maxForwards(r *http.Request) (string, *refusal) {
	values := r.Header["Max-Forwards"]
	if r.Method != http.MethodOptions || values == nil {
		return "", nil
	}
	digits := ""
	if len(values) == 1 {
		digits = values[0]
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange): // of what is out of range n is the greatest number
		return "", &refusal{http.StatusBadRequest, "max-forwards", "the Max-Forwards field is not one number"}
	case n == 0:
		return "", &refusal{http.StatusOK, "max-forwards", "this is a gateway; with a greater Max-Forwards it asks its origin"}
	}
	return strconv.FormatUint(n-1, 10), nil
}

// climbs reports a segment of dots in some reading of the path: as it stands, decoded, or decoded twice,
// divided by slashes in either direction, and cut where servers cut. Below a base such a path may be
// another's: only the gateway knows where the base ends.
func climbs(path string) bool {
	for _, reading := range readingsOf(path) {
		for segment := range strings.FieldsFuncSeq(reading.text, func(c rune) bool { return c == '/' || c == '\\' }) {
			if i := strings.IndexAny(segment, ";?#\x00"); i >= 0 {
				segment = segment[:i]
			}
			if segment == "." || segment == ".." {
				return true
			}
		}
	}
	return false
}

// capability tells an origin that it may speak to us in Surrogate-Control (W3C Edge Architecture): whoever
// says this hears what is said to surrogates in place of Cache-Control. A client's is not passed on.
const capability = `bearcache="Surrogate/1.0"`

// introduce says who sends the request, on whose behalf (RFC 9110 §7.6.3).
func (g *Gateway) introduce(h http.Header, r *http.Request) {
	own := &[5]string{"", r.Host, "http", "1.1 " + g.pseudonym, capability}
	if r.TLS != nil {
		own[2] = "https"
	}
	if r.ProtoMajor != 1 || r.ProtoMinor != 1 {
		own[3] = fmt.Sprintf("%d.%d %s", r.ProtoMajor, r.ProtoMinor, g.pseudonym)
	}
	if before := r.Header["Via"]; before != nil && h["Via"] != nil {
		own[3] = strings.Join(before, ", ") + ", " + own[3]
	}
	h["X-Forwarded-Host"], h["X-Forwarded-Proto"], h["Via"] = own[1:2:2], own[2:3:3], own[3:4:4]
	h["Surrogate-Capability"] = own[4:5:5]
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		own[0] = ip
		h["X-Forwarded-For"] = own[0:1:1]
	}
}

// listed reports whether the operator, or the default, calls the field a credential.
func (g *Gateway) listed(name string) bool { return slices.Contains(g.credentials, name) }

func trailers(te []string) bool {
	for _, line := range te {
		for member := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(member, " \t"), "trailers") {
				return true
			}
		}
	}
	return false
}
