package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin answers operators. It belongs on a loopback address: it asks for no credentials.
//
//	/               what there is
//	/healthz        the process serves
//	/readyz         and its upstream can be reached
//	/metrics        for Prometheus
//	/api/v1/stats   counts of the cache, as JSON
func (g *Gateway) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "bearcache: /healthz /readyz /metrics /api/v1/stats")
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
	mux.HandleFunc("GET /api/v1/stats", func(w http.ResponseWriter, _ *http.Request) {
		s := g.cache.Stats()
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{
			"hits": s.Hits, "forwards": s.Forwards, "refused_records": s.Refused, "owner_mismatches": s.Mismatches,
			"records": s.Records, "bytes": s.Weight,
			"log_lines_dropped": g.options.Lost(),
		})
	})
	return mux
}

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
