package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"
)

// Why an attempt was given up.
var (
	errRepeats    = errors.New("net/http repeats the request")
	errUnanswered = fmt.Errorf("the upstream hung up without an answer: %w", io.EOF)
)

// attempts sends a request. One that finds an idle connection closed goes out once more, and no oftener:
// left to itself, net/http's Transport repeats a request on every connection that lies idle, so that one
// the origin hangs up on by intent reaches it as often as there are connections. The second attempt has a
// connection of its own, which nobody closed for having been idle.
type attempts struct {
	pooled, fresh http.RoundTripper
	timeout       time.Duration // of all attempts at a request without content
}

func newAttempts(t *http.Transport, timeout time.Duration) *attempts {
	fresh := t.Clone()
	fresh.MaxIdleConnsPerHost = -1 // no connection is used twice, and none says so on the wire
	return &attempts{t, fresh, timeout}
}

// send is RoundTrip under ctx, which it may end with cancel. A request with content goes out once, for
// the content cannot be had again, and it may take longer than an answer.
func (a *attempts) send(ctx context.Context, cancel context.CancelCauseFunc, r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		return a.pooled.RoundTrip(r.WithContext(ctx))
	}
	timer := time.AfterFunc(a.timeout, func() { cancel(context.DeadlineExceeded) })
	res, err := a.twice(ctx, r)
	if !timer.Stop() && err == nil {
		res.Body.Close()
		return nil, context.DeadlineExceeded
	}
	return res, err
}

func (a *attempts) twice(ctx context.Context, r *http.Request) (*http.Response, error) {
	first, end := context.WithCancelCause(ctx)
	connections, repeats := 0, false
	res, err := a.pooled.RoundTrip(r.WithContext(httptrace.WithClientTrace(first, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if connections++; connections == 1 || multiplexed(info) {
				return
			}
			repeats = true
			end(errRepeats)
			info.Conn.Close() // nothing can be written to it any more
		},
	})))
	switch {
	case !repeats:
		return res, err
	case err == nil: // not to be: the connection was closed before anything was written to it
		res.Body.Close()
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	if !repeatable(r) {
		return nil, errUnanswered
	}
	return a.fresh.RoundTrip(r.WithContext(ctx))
}

// multiplexed reports a connection of HTTP/2, which others use too. What is repeated there the origin said
// that it did not process (RFC 9113 §8.7).
func multiplexed(info httptrace.GotConnInfo) bool {
	c, ok := info.Conn.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}

// repeatable reports whether a request that net/http would repeat may be: by its method, or since no byte
// of it was written, which net/http makes sure of unless there is a key in which it trusts. The origin may
// know nothing of that (RFC 9110 §9.2.2).
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	return r.Header["Idempotency-Key"] == nil && r.Header["X-Idempotency-Key"] == nil
}
