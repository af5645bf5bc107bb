package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bearcache/bearcache/bearer"
)

// Admin answers operators. Without Options.AdminToken it asks for no credentials, and belongs on a loopback address.
//
//	/                     what there is
//	/healthz              the process serves; asks for no credentials
//	/readyz               and its upstream can be reached
//	/metrics              for Prometheus
//	/api/v1/stats         counts of the cache, as JSON
//	POST /api/v1/purge    forget what is stored
//	POST /api/v1/revoke   refuse tokens from now on
func (g *Gateway) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "bearcache: /healthz /readyz /metrics /api/v1/stats /api/v1/purge /api/v1/revoke")
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := g.Reach(r.Context()); err != nil {
			plain(w, http.StatusServiceUnavailable, "the upstream "+g.options.Upstream.Redacted()+" cannot be reached")
			return
		}
		plain(w, http.StatusOK, "ok")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /api/v1/stats", func(w http.ResponseWriter, r *http.Request) {
		s := g.cache.Stats()
		unread, waiting, deaf := g.nodes.state()
		reply(w, http.StatusOK, map[string]any{
			"hits": s.Hits, "forwards": s.Forwards, "refused_records": s.Refused, "owner_mismatches": s.Mismatches,
			"records": s.Records, "bytes": s.Weight, "quota_evictions": s.OverQuota,
			"store_hits": s.StoreHits, "store_refused": s.StoreRefused, "store_errors": s.StoreErrors, "store_dropped": s.StoreDropped,
			"purge_log_unread": s.LogUnread, "purge_log_waiting": s.LogWaiting, "purge_log_deaf": s.Deaf,
			"revocation_log_unread": unread, "revocation_log_waiting": waiting, "revocation_log_deaf": deaf,
			"log_lines_dropped": g.options.Lost(),
			"store":             g.store(r.Context()), "verifier": g.verifierState(), "verifier_unavailable": g.untold.Load(), "revocations": g.revocations.Len(),
			"tokens_without_claim": g.named.lacking.Load(),
		})
	})
	mux.HandleFunc("POST /api/v1/purge", g.purge)
	mux.HandleFunc("POST /api/v1/revoke", g.revokeNow)
	return guard(g.options.AdminToken, mux)
}

// ReachStore asks the store beside memory whether it is there; without one, nobody.
func (g *Gateway) ReachStore(ctx context.Context) error {
	if g.options.Store == nil {
		return nil
	}
	return g.options.Store(ctx)
}

// store is "memory", "up" or "down".
func (g *Gateway) store(ctx context.Context) string {
	switch {
	case g.options.Store == nil:
		return "memory"
	case g.ReachStore(ctx) != nil:
		return "down"
	}
	return "up"
}

// verifierState is "none" where nobody verifies tokens, "configured" where no token came yet, and otherwise "ready" or
// "unavailable", by whether the verifier could tell what it was asked last; one that could is unavailable only if it could not
// for untoldInARow times, for it may be one token of which it cannot tell. A verdict that is remembered asks nobody.
func (g *Gateway) verifierState() string {
	if g.verifier == nil {
		return "none"
	}
	if state, ok := g.telling.Load().(string); ok {
		return state
	}
	return "configured"
}

// told takes what came of a verification. A client that left says nothing of the verifier.
func (g *Gateway) told(err error) {
	switch bad := (*bearer.Error)(nil); {
	case err == nil, errors.As(err, &bad):
		g.untoldRun.Store(0)
		g.telling.Store("ready")
	case !errors.Is(err, context.Canceled):
		if g.untoldRun.Add(1) >= untoldInARow || g.telling.Load() == nil {
			g.telling.Store("unavailable")
		}
	}
}

const untoldInARow = 3

// Reach connects to the upstream and hangs up.
func (g *Gateway) Reach(ctx context.Context) error {
	u := g.options.Upstream
	port := u.Port()
	if port == "" {
		port = u.Scheme // net knows both by name
	}
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}

func plain(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, sentence)
}
