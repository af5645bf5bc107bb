package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
)

// entry collects what one line of the access log says, while its request passes the handlers.
type entry struct {
	route   Route
	claims  *bearer.Claims // what the Verifier says of the token, as known.Verify has it; nil: nothing
	refusal string         // why the gateway itself refused, one word
	event   bearcache.Event
	content *requestBody
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
// gets into the log because it was there. It stands outermost, so that refusals are logged as well.
func (g *Gateway) access(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := new(entry)
		if g.options.Route != nil && strings.HasPrefix(r.URL.Path, "/") {
			e.route = g.options.Route(r.Method, r.URL.EscapedPath())
		}
		inner := r.WithContext(context.WithValue(r.Context(), entryKey{}, e))
		out := pace(w, inner, g.options.Patience)
		e.content = out.content
		start := time.Now()
		defer func() { // also when the origin breaks off and the proxy panics to say so
			value := recover()
			out.end()
			g.log(r, e, out, time.Since(start))
			if value != nil {
				g.panicked(value)
				panic(http.ErrAbortHandler) // all was said; net/http would print the value
			}
		}()
		next.ServeHTTP(out, inner)
	})
}

func (g *Gateway) log(r *http.Request, e *entry, out *client, took time.Duration) {
	if out.status == 0 && r.Context().Err() != nil { // nobody was there to be answered
		out.status = statusClientLeft
	}
	outcome, reason := e.outcome()
	g.metrics.observe(outcome, out.status, out.bytes, took)
	if !g.options.Access.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	g.options.Access.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("method", method(r.Method)),
		slog.String("path", redactor.URL(g.masked(r.URL.EscapedPath(), r.Header, e.event.Hit))),
		slog.String("route", e.route.Name),
		slog.Int("status", out.status),
		slog.String("cache", outcome),
		slog.String("reason", reason),
		slog.String("partition", e.event.Partition()),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes", out.bytes),
	)
}

// redactor knows credentials by their shape; those of the request itself masked finds by their bytes.
var redactor = redact.New(nil)

// outcome is "hit", "collapsed", "validated", "stale", "miss", "bypass" or "refused", and a word why.
func (e *entry) outcome() (outcome, reason string) {
	switch {
	case e.refusal != "":
		return "refused", e.refusal
	case e.event.Collapsed:
		return "collapsed", e.event.Reason
	case e.event.Recalled:
		return "hit", "store"
	case e.event.Hit:
		return "hit", ""
	case e.event.Validated:
		return "validated", e.event.Reason
	case e.event.Stale:
		return "stale", "on-error"
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
