package gateway

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bearcache/bearcache"
)

// metrics counts by outcome only. No label holds anything that a client chose.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    prometheus.Counter
}

func newMetrics(g *Gateway) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bearcache_requests_total", Help: "Requests by what the cache did and the class of the status.",
		}, []string{"cache", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bearcache_request_duration_seconds", Help: "From the request's fields to the end of its response.",
			Buckets: prometheus.ExponentialBuckets(0.00005, 4, 10),
		}, []string{"cache"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "bearcache_response_bytes_total", Help: "Bytes of bodies sent to clients."}),
	}
	gauge := func(name, help string, value func(bearcache.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(g.cache.Stats()) })
	}
	counter := func(name, help string, value func() uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(m.requests, m.seconds, m.bytes, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("bearcache_records", "Stored records, about.", func(s bearcache.Stats) float64 { return float64(s.Records) }),
		gauge("bearcache_stored_bytes", "Bytes of stored records with their overhead, about.", func(s bearcache.Stats) float64 { return float64(s.Weight) }),
		gauge("bearcache_refused_records", "Records that were not stored, as they are heavier than an eighth of the memory, which is what a reader has, or than all of it where they are for everybody.", func(s bearcache.Stats) float64 { return float64(s.Refused) }),
		gauge("bearcache_quota_evictions", "Records that went since their partition held more than its share.", func(s bearcache.Stats) float64 { return float64(s.OverQuota) }),
		gauge("bearcache_owner_mismatches", "Records found under a key that is not theirs. Anything but zero is a defect.",
			func(s bearcache.Stats) float64 { return float64(s.Mismatches) }),
		counter("bearcache_log_lines_dropped_total", "Lines of the access log that were lost, as nobody took them.", g.options.Lost),
		counter("bearcache_server_notes_dropped_total", "Notes of the HTTP server that were left out of the log, as they may quote clients.", g.unlogged.Load),
		counter("bearcache_verifier_unavailable_total", "Requests that were refused since nobody could tell whether their token is good.", g.untold.Load),
		counter("bearcache_tokens_without_claim_total", "Verified tokens without a claim that a partition names, by each verification: each is a reader by itself, or in no group.", g.named.lacking.Load),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bearcache_revocations", Help: "Revocations that are remembered."}, func() float64 { return float64(g.revocations.Len()) }),
	)
	if g.options.Store != nil {
		m.registry.MustRegister(
			gauge("bearcache_store_hits", "Requests for which the store had something that memory had not.", func(s bearcache.Stats) float64 { return float64(s.StoreHits) }),
			gauge("bearcache_store_refused", "Records from the store that no node with its secret wrote there. Anything but zero is somebody's tampering, or another secret.",
				func(s bearcache.Stats) float64 { return float64(s.StoreRefused) }),
			gauge("bearcache_store_errors", "Calls of the store that failed.", func(s bearcache.Stats) float64 { return float64(s.StoreErrors) }),
			gauge("bearcache_store_dropped", "Records that were not written to the store, as too many were on their way.", func(s bearcache.Stats) float64 { return float64(s.StoreDropped) }),
			gauge("bearcache_purge_log_unread", "Entries of the purge log that came while this node followed it and did not open; each had everything forgotten.", func(s bearcache.Stats) float64 { return float64(s.LogUnread) }),
			gauge("bearcache_purge_log_waiting", "Purges that other nodes were not told yet.", func(s bearcache.Stats) float64 { return float64(s.LogWaiting) }),
			gauge("bearcache_purge_log_deaf", "Whether the purge log was not heard of for so long that nothing is answered from the cache, 1 or 0.", func(s bearcache.Stats) float64 { return oneIf(s.Deaf) }),
			gauge("bearcache_revocation_log_unread", "Entries of the log of revocations that came while this node followed it and did not open: what they revoke is not refused here.", func(bearcache.Stats) float64 { unread, _, _ := g.nodes.state(); return float64(unread) }),
			gauge("bearcache_revocation_log_waiting", "Revocations that other nodes were not told yet, or are told again.", func(bearcache.Stats) float64 { _, waiting, _ := g.nodes.state(); return float64(waiting) }),
			gauge("bearcache_revocation_log_deaf", "Whether the log of revocations was not heard of for so long that nothing is answered from the cache, 1 or 0.", func(bearcache.Stats) float64 { _, _, deaf := g.nodes.state(); return oneIf(deaf) }),
		)
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bearcache_store_up", Help: "Whether the store can be reached, 1 or 0."}, func() float64 {
			return oneIf(g.store(context.Background()) == "up")
		}))
	}
	return m
}

func (m *metrics) observe(outcome string, status int, bytes int64, took time.Duration) {
	class := "none"
	if status >= 100 {
		class = strconv.Itoa(status/100) + "xx"
	}
	m.requests.WithLabelValues(outcome, class).Inc()
	m.seconds.WithLabelValues(outcome).Observe(took.Seconds())
	m.bytes.Add(float64(bytes))
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
