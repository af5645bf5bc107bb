// Package gateway puts the cache in front of an application: a caching reverse proxy with its
// checks, its access log and its admin listener. It hides the order of the handlers, which is what
// makes it safe:
//
//	limits → access log → tokens in the URL → form of the bearer token → cache → reverse proxy
//
// What is refused is refused before anything is looked up, keyed or logged but the refusal.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
)

// Options of a gateway. Upstream is required; everything else may be zero.
type Options struct {
	Upstream *url.URL
	// Cache is its library's struct; Policy and Observe are the gateway's to set.
	Cache *bearcache.Cache
	// Route is the policy of a request and a stable name for it; nil: no rules.
	Route func(method, escapedPath string) (bearcache.Policy, string)
	// Syntax bounds bearer tokens.
	Syntax bearer.Syntax
	// Realm of challenges; empty: "api".
	Realm string
	// UnsafeURLTokens lets requests with a token in the query pass, uncached. Such tokens end up in
	// the origin's logs, in histories and in Referer fields (RFC 6750 §2.3, §5.3).
	UnsafeURLTokens bool
	// Timeout is how long the origin may take to begin its response. Zero: 30 s.
	Timeout time.Duration
	// Access receives a record for every request, Logger what an operator must know.
	Access, Logger *slog.Logger
}

// Gateway is a running configuration.
type Gateway struct {
	options Options
	cache   *bearcache.Cache
	metrics *metrics
	handler http.Handler
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
	if o.Cache == nil {
		o.Cache = new(bearcache.Cache)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Access == nil {
		o.Access = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{options: o, cache: o.Cache}
	g.metrics = newMetrics(g.cache)
	g.cache.Observe = observe
	g.cache.Policy = func(r *http.Request) bearcache.Policy { return entryOf(r.Context()).policy }
	if err := g.cache.Check(); err != nil {
		return nil, err
	}
	g.handler = limits(g.access(g.urlTokens(g.bearer(g.cache.Handler(g.proxy())))))
	return g, nil
}

// ServeHTTP answers a client.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// limits refuses what is not one request for one response, whatever the libraries below would make
// of it, and drops fields that could make the origin answer another request than the one keyed.
func limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
			refuse(w, http.StatusNotImplemented, r.Method+" is not supported by this gateway")
			return
		case r.Header["Upgrade"] != nil && !onlyH2C(r.Header["Upgrade"]):
			refuse(w, http.StatusNotImplemented, "protocol upgrades are not supported by this gateway")
			return
		case r.URL.Host != "" && !strings.EqualFold(r.URL.Host, r.Host) || r.URL.User != nil || !strings.HasPrefix(r.URL.Path, "/"):
			refuse(w, http.StatusBadRequest, "the request target is not one that this gateway serves")
			return
		}
		next.ServeHTTP(w, withoutOverrides(r))
	})
}

// onlyH2C reports an offer to go on in HTTP/2, which a server may ignore (RFC 9110 §7.8).
func onlyH2C(values []string) bool {
	return len(values) == 1 && strings.EqualFold(values[0], "h2c")
}

// overrides are fields that frameworks take a URL, a method or a host from. None is part of a key.
var overrides = []string{
	"Upgrade", "Http2-Settings",
	"X-Original-Url", "X-Original-Uri", "X-Rewrite-Url", "X-Original-Host", "X-Host", "X-Http-Host-Override", "X-Forwarded-Port",
	"X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Method", "X-Forwarded-Protocol",
	"X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Scheme", "X-Url-Scheme", "X-Real-Ip",
	"X-Http-Method", "X-Http-Method-Override", "X-Method-Override", "X-Original-Method", "X-Script-Name", "Front-End-Https",
	"Proxy",
}

// withoutOverrides is r without fields that override what the key was made of, and without those
// that CGI and WSGI origins take for another: X_Forwarded_Host and X-Forwarded-Host are one variable
// there. httputil.ReverseProxy drops X-Forwarded-For, -Host, -Proto and Forwarded itself.
func withoutOverrides(r *http.Request) *http.Request {
	changed := false
	drop := func(name string) {
		if !changed {
			r = r.Clone(r.Context())
			changed = true
		}
		delete(r.Header, name)
	}
	for _, name := range overrides {
		if r.Header[name] != nil {
			drop(name)
		}
	}
	for name := range r.Header {
		if strings.ContainsAny(name, "_.") {
			drop(name)
		}
	}
	return r
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
			entryOf(r.Context()).policy.Off = true
		}
		next.ServeHTTP(w, r)
	})
}

// bearer refuses malformed tokens. No credentials and other schemes are the origin's to judge.
func (g *Gateway) bearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := g.options.Syntax.Token(r)
		if err != nil && !errors.Is(err, bearer.ErrNoCredentials) && !errors.Is(err, bearer.ErrOtherScheme) {
			var refusal *bearer.Error
			if !errors.As(err, &refusal) {
				refusal = &bearer.Error{Status: http.StatusBadRequest, Code: "invalid_request", Description: "the Authorization field cannot be read"}
			}
			entryOf(r.Context()).refusal = refusal.Code
			refusal.Write(w, g.options.Realm)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// proxy is the reverse proxy: httputil's, with the origin's answers passed on as they are.
func (g *Gateway) proxy() http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the upstream was named; an environment variable must not divert tokens
	transport.DisableCompression = true
	transport.DialContext = (&net.Dialer{Timeout: g.options.Timeout}).DialContext // its default, 30 s, would add to ours
	transport.ResponseHeaderTimeout = g.options.Timeout
	transport.MaxResponseHeaderBytes = 256 << 10
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 512, 512
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(g.options.Upstream)
			p.Out.Host = p.In.Host // the origin sees the authority that the key holds
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			p.Out.URL.ForceQuery = p.In.URL.ForceQuery
			p.SetXForwarded()
		},
		ErrorLog:     slog.NewLogLogger(g.options.Logger.Handler(), slog.LevelDebug),
		ErrorHandler: g.upstreamFailed,
	}
}

func (g *Gateway) upstreamFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil { // the client left; nobody reads this
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	status := http.StatusBadGateway
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		status = http.StatusGatewayTimeout
	}
	g.options.Logger.Warn("the upstream gave no answer", "upstream", g.options.Upstream.Redacted(), "error", redact.New(nil).Text(err.Error()))
	refuse(w, status, "the upstream gave no answer")
}

// refuse answers without the origin.
func refuse(w http.ResponseWriter, status int, sentence string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, sentence)
}
