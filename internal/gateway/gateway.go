// Package gateway puts the cache in front of an application: a caching reverse proxy with its
// checks, its access log and its admin listener. It hides the order of the handlers, which is what
// makes it safe:
//
//	access log → limits → rewriting → tokens in the URL → the bearer token, its form and whether it is good → cache → reverse proxy
//
// What is refused is refused before anything is looked up or keyed. What the request is rewritten to
// is what is keyed and what is sent: nothing behind the cache changes it.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
)

// Options of a gateway. Upstream is required; everything else may be zero.
type Options struct {
	Upstream *url.URL
	// Cache is its library's struct; Policy, Observe, TrustedFields and, with a Verifier, Identify are the gateway's to set.
	Cache *bearcache.Cache
	// Route is what rules say of a request; nil: there are none.
	Route func(method, escapedPath string) Route
	// Syntax bounds bearer tokens.
	Syntax bearer.Syntax
	// Realm of challenges; empty: "api".
	Realm string
	// Verifier vouches for bearer tokens. Nil: nobody does, and each token has a partition of its own.
	Verifier bearer.Verifier
	// Issuer is the one whose tokens the Verifier takes.
	Issuer string
	// Readers are what tells the readers of verified tokens apart; the first is for requests whose Route names no other.
	// Nil: each token by itself.
	Readers []Readers
	// Leeway is by how much the Verifier lets clocks differ. A token may say that it was issued so long after it was: what is
	// revoked of a subject counts for those too. Less than 5 s counts as that.
	Leeway time.Duration
	// Remember is how long it counts that a token is good, RememberBad that it is not. Zero: a minute, and what
	// bearer.Remembering takes.
	Remember, RememberBad time.Duration
	// RefuseAnonymous answers requests without a bearer token with 401, whatever other credentials they carry: those nobody
	// verifies, and anybody can make some up.
	RefuseAnonymous bool
	// RevocationLog is where nodes tell each other what was revoked. Nil: there are no others. RevocationLogLength is how many entries it
	// keeps at least, 64 or more: a quarter of them, and 100,000 at most, are the revocations that there can be. Zero means LongLog.
	RevocationLog       bearcache.PurgeLog
	RevocationLogLength int
	// AdminToken is what operators must send to the admin listener. Zero: it asks nobody, and must be reached from this
	// machine only.
	AdminToken redact.Secret
	// Store says whether the store beside memory can be reached; nil: there is none.
	Store func(context.Context) error
	// UnsafeURLTokens lets requests with a token in the query pass, uncached. Such tokens end up in
	// the origin's logs, in histories and in Referer fields (RFC 6750 §2.3, §5.3).
	UnsafeURLTokens bool
	// Timeout is how long the origin may take to begin its response. Zero: 30 s.
	Timeout time.Duration
	// Patience is how long a client or the origin may make no progress with a body, in either direction.
	// Zero: 30 s.
	Patience time.Duration
	// Lost counts lines of the access log that were lost; nil: nobody counts.
	Lost func() uint64
	// Access receives a record for every request, Logger what an operator must know.
	Access, Logger *slog.Logger
}

// Route is what rules say of a request. The zero Route says nothing.
type Route struct {
	bearcache.Policy
	Name    string // stable, for the log
	Readers int    // an index of Options.Readers
}

// Gateway is a running configuration.
type Gateway struct {
	options     Options
	cache       *bearcache.Cache
	credentials []string // canonical names of the fields that say who asks
	unverified  []string // those of them that no Verifier looks at
	verifier    bearer.Verifier
	revocations bearer.Revocations
	secrets     [][]byte      // that revocations are sealed with, the one that counts first; none: nobody else is told
	nodes       *nodes        // nil: there are no others
	untold      atomic.Uint64 // tokens of which the Verifier could not tell
	named       named
	telling     atomic.Value // of string: "ready" or "unavailable", see verifierState
	untoldRun   atomic.Int64 // of how many tokens in a row it could not tell, until now
	pseudonym   string       // of this process, in Via
	metrics     *metrics
	handler     http.Handler
	unlogged    atomic.Uint64 // notes of net/http that quote clients, see ErrorLog
}

// New checks o and builds the handlers.
func New(o Options) (*Gateway, error) {
	if o.Upstream == nil || o.Upstream.Host == "" || o.Upstream.Scheme != "http" && o.Upstream.Scheme != "https" {
		return nil, errors.New("the upstream must be an absolute http or https URL")
	}
	if o.Realm == "" {
		o.Realm = "api"
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	if o.Lost == nil {
		o.Lost = func() uint64 { return 0 }
	}
	if o.Cache == nil {
		o.Cache = new(bearcache.Cache)
	}
	if o.RevocationLogLength == 0 {
		o.RevocationLogLength = LongLog
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Access == nil {
		o.Access = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{options: o, cache: o.Cache, credentials: canonical(o.Cache.Credentials), pseudonym: "bearcache-" + rand.Text()[:16]}
	if err := g.verifies(); err != nil {
		return nil, err
	}
	g.metrics = newMetrics(g)
	g.cache.TrustedFields = trustedFields
	g.cache.Observe = observe
	g.cache.Policy = func(r *http.Request) bearcache.Policy {
		policy := entryOf(r.Context()).route.Policy
		if g.nodes != nil && g.nodes.node.Deaf(bearcache.PurgeBound) {
			policy.Off, policy.Why = true, whyDeaf
		}
		return policy
	}
	if err := g.cache.Check(); err != nil {
		return nil, err
	}
	if o.RevocationLog != nil {
		g.revocations.Max = min(maxRevocations, o.RevocationLogLength/4)
		g.nodes = startNodes(g, o.RevocationLog)
	}
	g.handler = g.access(limits(g.rewrite(g.urlTokens(g.bearer(g.cache.Handler(g.proxy()))))))
	return g, nil
}

// LongLog is a length of a log that keeps as many revocations as a gateway knows.
const LongLog = 1 << 19

const maxRevocations = 100_000

// whyDeaf is why the cache has no part in anything: tokens may have been revoked elsewhere, too long ago for nobody to have heard.
const whyDeaf = "revocation-log"

// verifies makes ready what a Verifier needs, and the keys of revocations.
func (g *Gateway) verifies() error {
	o, c := g.options, g.cache
	for _, key := range [][]byte{c.Secret, c.PreviousSecret} {
		if key != nil {
			g.secrets = append(g.secrets, key)
		}
	}
	if o.Verifier == nil {
		return nil
	}
	if !g.listed("Authorization") {
		return errors.New("a Verifier needs Authorization among the credentials: that is where it finds tokens")
	}
	if o.Readers == nil {
		o.Readers = make([]Readers, 1)
	}
	g.unverified = withoutAuthorization(g.credentials)
	g.named.logger = o.Logger
	g.named.add(o.Readers)
	g.revocations.Leeway = max(o.Leeway, minIssuedLag)
	memory := c.Memory
	if memory == 0 {
		memory = 64 << 20
	}
	verdicts := int(min(max(memory/verdictShare, 10_000), 1_000_000))
	g.verifier = &bearer.Remembering{Verifier: known{o.Verifier, o.Readers, &g.named, g.told}, Lifetime: o.Remember, Negative: o.RememberBad, Size: verdicts}
	c.Identify = g.identify
	return nil
}

// minIssuedLag is by how much an issuer's clock may be ahead of the operator's who revokes, whatever the Verifier's leeway.
const minIssuedLag = 5 * time.Second

// verdictShare is how many bytes of the cache's memory there are for each token that is remembered. One takes about half
// a kilobyte, on top of that memory: a sixteenth of it, for caches of more than 80 MB.
const verdictShare = 8 << 10

// canonical are the names as net/http has them; of none, the cache's default.
func canonical(names []string) []string {
	if names == nil {
		return []string{"Authorization", "Cookie", "X-Api-Key"}
	}
	var list []string
	for _, name := range names {
		list = append(list, textproto.CanonicalMIMEHeaderKey(name))
	}
	return list
}

// ServeHTTP answers a client.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// Close ends what goes on without a client.
func (g *Gateway) Close() {
	if g.nodes != nil {
		if left := g.nodes.close(); left > 0 {
			g.options.Logger.Error("other nodes were not told of some revocations, and will not be: revoke again", "untold", left)
		}
	}
	g.cache.Close()
}

// limits refuses what is not one request for one response, whatever the libraries below would make
// of it.
func limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if word, status, sentence := beyond(r); word != "" {
			entryOf(r.Context()).refusal = word
			refuse(w, status, sentence)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func beyond(r *http.Request) (word string, status int, sentence string) {
	switch {
	case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
		return "method", http.StatusNotImplemented, r.Method + " is not supported by this gateway"
	case r.Header["Upgrade"] != nil && !onlyH2C(r.Header["Upgrade"]):
		return "upgrade", http.StatusNotImplemented, "protocol upgrades are not supported by this gateway"
	case r.URL.Host != "" && !strings.EqualFold(r.URL.Host, r.Host) || r.URL.User != nil || !strings.HasPrefix(r.URL.Path, "/"):
		return "target", http.StatusBadRequest, "the request target is not one that this gateway serves"
	}
	return "", 0, ""
}

// onlyH2C reports an offer to go on in HTTP/2, which a server may ignore (RFC 9110 §7.8).
func onlyH2C(values []string) bool {
	return len(values) == 1 && strings.EqualFold(values[0], "h2c")
}

// urlTokens refuses tokens in the query before anything is keyed (RFC 6750 §2.3).
func (g *Gateway) urlTokens(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, found := bearer.InURL(r.URL); found {
			if !g.options.UnsafeURLTokens {
				entryOf(r.Context()).refusal = "token-in-url"
				(&bearer.Error{Status: http.StatusBadRequest, Code: "invalid_request",
					Description: "a token must not be part of a URL (" + name + "); send it in the Authorization field"}).Write(w, g.options.Realm)
				return
			}
			entryOf(r.Context()).route.Off = true
		}
		next.ServeHTTP(w, r)
	})
}

// proxy is the reverse proxy: httputil's, with the origin's answers passed on as they are.
func (g *Gateway) proxy() http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the upstream was named; an environment variable must not divert tokens
	transport.DisableCompression = true
	dialer := net.Dialer{Timeout: g.options.Timeout} // its default, 30 s, would add to ours
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return pacedConn{conn, g.options.Patience}, nil
	}
	transport.ResponseHeaderTimeout = g.options.Timeout
	transport.MaxResponseHeaderBytes = 256 << 10
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 512, 512
	return faithful(&httputil.ReverseProxy{
		Transport: &upstream{newAttempts(transport, g.options.Timeout), g.options.Patience, g.brokeOff},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(g.options.Upstream)
			p.Out.Host = p.In.Host // the origin sees the authority that the key holds
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			p.Out.URL.ForceQuery = p.In.URL.ForceQuery
			// Removed from what goes out, though set by rewrite and looked at by the cache: put back.
			for _, name := range trustedFields {
				if values := p.In.Header[name]; values != nil {
					p.Out.Header[name] = values
				}
			}
		},
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // quotes the upstream; brokeOff says it
		ErrorHandler: g.upstreamFailed,
	})
}

// statusClientLeft is nginx's word for a request whose client left before there was an answer. It is for
// the log and the metrics: nobody gets it.
const statusClientLeft = 499

func (g *Gateway) upstreamFailed(w http.ResponseWriter, r *http.Request, err error) {
	withoutOrigin(w)
	e := entryOf(r.Context())
	switch fault := e.content.faulty(); {
	case fault == contentLate: // net/http took that for the client's leaving
		e.refusal = "content"
		refuse(w, http.StatusRequestTimeout, "the content of the request did not arrive in time")
		return
	case fault == contentBroken:
		e.refusal = "content"
		refuse(w, http.StatusBadRequest, "the content of the request is not framed as it says")
		return
	case fault == contentGone, errors.Is(err, context.Canceled) && r.Context().Err() != nil: // nobody reads this
		refuse(w, statusClientLeft, "the client left")
		return
	}
	status, kind := http.StatusBadGateway, Failure(err)
	if kind == "timeout" {
		status = http.StatusGatewayTimeout
	}
	g.options.Logger.Warn("the upstream gave no answer", "upstream", g.options.Upstream.Redacted(), "failure", kind)
	bearcache.Unreachable(w)
	refuse(w, status, "the upstream gave no answer")
}

// brokeOff says that an answer of the upstream's did not come to its end.
func (g *Gateway) brokeOff(err error) {
	g.options.Logger.Warn("the upstream broke off its answer", "upstream", g.options.Upstream.Redacted(), "failure", Failure(err))
}

// refuse answers without the origin.
func refuse(w http.ResponseWriter, status int, sentence string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, sentence)
}
