package gateway

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/redact"
)

// entry collects what one line of the access log says, while its request passes the handlers.
type entry struct {
	policy  bearcache.Policy
	route   string
	refusal string // why the gateway itself refused, one word
	event   bearcache.Event
}

type entryKey struct{}

func entryOf(ctx context.Context) *entry {
	if e, ok := ctx.Value(entryKey{}).(*entry); ok {
		return e
	}
	return new(entry)
}

func observe(e bearcache.Event) { entryOf(e.Request.Context()).event = e }

// access writes one record per request. Its fields are chosen here by name; nothing of a request
// gets into the log because it was there.
func (g *Gateway) access(next http.Handler) http.Handler {
	redactor := redact.New(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := new(entry)
		if g.options.Route != nil {
			e.policy, e.route = g.options.Route(r.Method, r.URL.EscapedPath())
		}
		out := &counter{ResponseWriter: w}
		start := time.Now()
		defer func() { // also when the origin breaks off and the proxy panics to say so
			took := time.Since(start)
			outcome, reason := e.outcome()
			g.metrics.observe(outcome, out.status, out.bytes, took)
			if !g.options.Access.Enabled(r.Context(), slog.LevelInfo) {
				return
			}
			g.options.Access.LogAttrs(context.Background(), slog.LevelInfo, "request",
				slog.String("method", method(r.Method)),
				slog.String("path", redactor.URL(r.URL.EscapedPath())),
				slog.String("route", e.route),
				slog.Int("status", out.status),
				slog.String("cache", outcome),
				slog.String("reason", reason),
				slog.String("partition", e.event.Partition()),
				slog.Float64("ms", float64(took.Microseconds())/1000),
				slog.Int64("bytes", out.bytes),
			)
		}()
		next.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), entryKey{}, e)))
	})
}

// outcome is "hit", "miss", "bypass" or "refused", and a word why.
func (e *entry) outcome() (outcome, reason string) {
	switch {
	case e.refusal != "":
		return "refused", e.refusal
	case e.event.Hit:
		return "hit", ""
	case e.event.Detail != "":
		return "bypass", e.event.Detail
	case e.event.Reason == "method":
		return "bypass", "method"
	case e.event.Store != "" && e.event.Store != "stored":
		return "miss", e.event.Store
	}
	return "miss", e.event.Reason
}

// method keeps what a client may write into a log to the methods there are.
func method(m string) string {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return m
	}
	return "OTHER"
}

// counter notes status and size of what is sent to the client.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counter) WriteHeader(status int) {
	if c.status < 200 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(p []byte) (int, error) {
	if c.status < 200 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// Log writes lines on a goroutine of its own: a slow or full sink loses lines, it never holds up a
// request.
type Log struct {
	lines   chan []byte
	done    sync.WaitGroup
	dropped atomic.Uint64
}

// NewLog starts writing to w. Close stops it.
func NewLog(w io.Writer) *Log {
	l := &Log{lines: make(chan []byte, 8192)}
	l.done.Go(func() {
		for line := range l.lines {
			w.Write(line) // an error has nobody to be told to: the log is where it would be written
		}
	})
	return l
}

// Write takes a line; it never blocks and never fails.
func (l *Log) Write(line []byte) (int, error) {
	select {
	case l.lines <- bytes.Clone(line):
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

// Dropped counts lines that were lost.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Close writes what was taken and returns. Nothing may be written afterwards.
func (l *Log) Close() {
	close(l.lines)
	l.done.Wait()
}
