package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// Bounds on what a target can make us hold or wait for.
const (
	comparedBody   = 1 << 20  // of a body, decompressed: taken apart; the rest is compared by digest
	excerptBody    = 2 << 10  // of a body: kept for the report
	maxBody        = 64 << 20 // of a body; what is longer is cut off
	maxCompared    = 1 << 29  // bytes taken apart in the whole scan; after that bodies are compared by digest
	maxFields      = 256 << 10
	maxSilence     = 5 * time.Minute // that the target may ask for, in all
	maxRateRetries = 3
)

// question is one request of the scan.
type question struct {
	as     *Identity
	method string // "": GET
	url    *url.URL
	header http.Header // beside what every request has
	body   *operation.Body
	sets   [][]operation.Scheme // the credentials that the operation takes, any one of the sets
	// inQuery are names under which the credential goes into the query, instead of where it belongs.
	inQuery []string
	keep    int // bytes of the body to keep, beyond the excerpt
}

var (
	errBudget      = errors.New("the request budget is used up")
	errOtherOrigin = errors.New("refused to send a token to another origin than the target's")
)

// courier is the only part of the scanner that uses the network. It keeps to the target's origin,
// follows no redirect, holds no cookie, asks no proxy, and never sends faster than it was told.
type courier struct {
	origins  []*url.URL // where tokens may go: the target, and the target past its cache
	client   map[*Identity]*http.Client
	clients  sync.Mutex // guards client
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	limiter  *rate.Limiter
	slots    chan struct{}
	timeout  time.Duration
	header   http.Header
	sent     atomic.Int64
	budget   int64
	redactor *redactor
	pause    atomic.Int64 // unix nanoseconds until which the target asked for silence
	trace    func(Traced)
	quiet    sync.Mutex // guards silent and traced, and that pause is only put off
	traced   int
	silent   time.Duration
	compared atomic.Int64          // bytes of bodies taken apart
	failure  atomic.Pointer[error] // the first that no further question would escape
	contents sync.Map              // what they say; most answers come again
}

func newCourier(o *Options, cast []*Identity) *courier {
	c := &courier{
		origins:  []*url.URL{o.Target},
		client:   make(map[*Identity]*http.Client),
		dial:     o.dial,
		limiter:  rate.NewLimiter(rate.Limit(o.Rate), max(1, o.Concurrency)),
		slots:    make(chan struct{}, o.Concurrency),
		timeout:  o.Timeout,
		header:   o.Header,
		budget:   int64(o.MaxRequests),
		trace:    o.Trace,
		redactor: new(redactor),
	}
	if c.dial == nil {
		c.dial = (&net.Dialer{Timeout: o.Timeout}).DialContext
	}
	if o.Origin != nil {
		c.origins = append(c.origins, o.Origin)
	}
	for _, id := range cast {
		c.redactor.learn(id.Token)
		for _, secret := range id.Credentials {
			c.redactor.learn(secret)
		}
	}
	for _, values := range o.Header {
		for _, v := range values {
			if len(v) >= 8 {
				c.redactor.learn(redact.NewSecret(v))
			}
		}
	}
	return c
}

// clientOf has a transport for each identity: no connection is shared between two. A new one for each request, so
// that a balancer has its choice every time.
func (c *courier) clientOf(id *Identity) *http.Client {
	c.clients.Lock()
	defer c.clients.Unlock()
	if c.client[id] == nil {
		c.client[id] = &http.Client{
			Transport: &http.Transport{
				Proxy:                  nil,
				DialContext:            c.dial,
				DisableCompression:     true,
				DisableKeepAlives:      true,
				MaxResponseHeaderBytes: maxFields,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return c.client[id]
}

func (c *courier) close() {
	for _, client := range c.client {
		client.CloseIdleConnections()
	}
}

// send asks q. The answer is never nil; what went wrong stands in its err.
func (c *courier) send(ctx context.Context, q question) *exchange {
	q.url = addQuery(q.url, q.as.query)
	if q.method == "" {
		q.method = http.MethodGet
	}
	q.url, q.header = q.as.set.apply(q.url, q.header)
	if q.as.header != nil {
		q.header = maps.Clone(q.header)
		if q.header == nil {
			q.header = make(http.Header)
		}
		maps.Copy(q.header, q.as.header)
	}
	e := &exchange{as: q.as, url: q.url, request: c.curl(q)}
	if !c.allowed(q.url) {
		e.err = errOtherOrigin
		return e
	}
	for try := 0; ; try++ {
		if e.err = c.renew(ctx, q.as); e.err != nil {
			return e
		}
		wait := c.attempt(ctx, e, q)
		if err := e.err; errors.Is(err, errBudget) || unreachable(err) && q.url.Host == c.origins[0].Host {
			c.failure.CompareAndSwap(nil, &err)
		}
		c.tell(e)
		if wait == 0 || try == maxRateRetries {
			return e
		}
		if !c.silence(wait) {
			e.err = &silenceError{wait, e.status}
			return e
		}
	}
}

// broken is why a question was not answered that the target, or the user's bounds, would let no other be either; nil: none was.
func (c *courier) broken() error {
	if err := c.failure.Load(); err != nil {
		return *err
	}
	return nil
}

func (c *courier) tell(e *exchange) {
	if c.trace == nil {
		return
	}
	t := Traced{As: e.as.Name, Request: e.request, Status: e.status, Took: e.took}
	if e.err != nil {
		t.Problem = c.redactor.Text(e.err.Error())
	}
	c.quiet.Lock()
	defer c.quiet.Unlock()
	c.traced++
	t.Number = c.traced
	c.trace(t)
}

// renewal is how long before its end a token is exchanged for the next.
const renewal = 30 * time.Second

// renew gets id's next token where the present one ends soon. Where that fails the present one has to do.
func (c *courier) renew(ctx context.Context, id *Identity) error {
	if id.Renew == nil {
		return nil
	}
	id.mu.Lock()
	defer id.mu.Unlock()
	if id.Ends.IsZero() || time.Until(id.Ends) > renewal {
		return nil
	}
	token, ends, err := id.Renew(ctx)
	switch {
	case err != nil && time.Now().After(id.Ends):
		return fmt.Errorf("%s's token ended, and there is no new one: %w", id.Name, err)
	case err != nil:
		id.Ends = time.Now().Add(renewal + renewal/2) // asked again, but not with each request
		return nil
	}
	c.redactor.learn(token)
	id.Token, id.Ends = token, ends
	if !ends.IsZero() && time.Until(ends) < 2*renewal { // a token that short-lived is used up
		id.Ends = time.Now().Add(renewal + time.Until(ends)/2)
	}
	return nil
}

// silence keeps everybody from asking for so long. It reports false where that would be more than the
// target may ask for.
func (c *courier) silence(wait time.Duration) bool {
	c.quiet.Lock()
	defer c.quiet.Unlock()
	until := time.Now().Add(wait)
	before := time.Unix(0, c.pause.Load())
	if !until.After(before) {
		return true
	}
	more := wait
	if now := time.Now(); before.After(now) {
		more = until.Sub(before)
	}
	if c.silent+more > maxSilence {
		return false
	}
	c.silent += more
	c.pause.Store(until.UnixNano())
	return true
}

// attempt sends once. A result other than zero is how long to wait before asking again.
func (c *courier) attempt(ctx context.Context, e *exchange, q question) time.Duration {
	if e.err = c.turn(ctx); e.err != nil {
		return 0
	}
	defer func() { <-c.slots }()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	presented := q.as.presents(q.sets)
	r, err := c.request(ctx, q, presented)
	if err != nil {
		e.err = err
		return 0
	}
	start := time.Now()
	e.at = start
	resp, err := c.clientOf(q.as).Do(r)
	if err != nil {
		e.err = c.plain(err)
		return 0
	}
	defer resp.Body.Close()
	c.read(e, resp, presented, max(q.keep, excerptBody))
	e.took = time.Since(start)
	return retryAfter(resp)
}

// request makes what goes over the wire.
func (c *courier) request(ctx context.Context, q question, presented []credential) (*http.Request, error) {
	target, body := q.url, io.Reader(nil)
	if len(q.inQuery) > 0 {
		target = addQuery(target, queryOf(q.inQuery, presented, func(p credential) string { return url.QueryEscape(p.secret) }))
	}
	if q.body != nil {
		body = bytes.NewReader(q.body.Content)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, target.String(), body)
	if err != nil {
		return nil, c.plain(err)
	}
	r.Header.Set("User-Agent", "bearcache-scan")
	r.Header.Set("Accept", "application/json, */*;q=0.8")
	r.Header.Set("Accept-Encoding", "identity")
	if q.body != nil {
		r.Header.Set("Content-Type", q.body.Media)
	}
	for _, h := range []http.Header{c.header, q.header} {
		for name, values := range h {
			r.Header[name] = values
		}
	}
	if len(q.inQuery) > 0 {
		return r, nil
	}
	for _, p := range presented {
		switch p.in {
		case "header":
			r.Header.Set(p.field, p.value())
		case "query":
			r.URL = addQuery(r.URL, url.QueryEscape(p.field)+"="+url.QueryEscape(p.value()))
		case "cookie":
			pair := p.field + "=" + p.value()
			if before := r.Header.Get("Cookie"); before != "" {
				pair = before + "; " + pair
			}
			r.Header.Set("Cookie", pair)
		}
	}
	return r, nil
}

// queryOf puts the first credential into the query under each of names.
func queryOf(names []string, presented []credential, value func(credential) string) string {
	if len(presented) == 0 {
		return ""
	}
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, name+"="+value(presented[0]))
	}
	return strings.Join(pairs, "&")
}

// turn waits for the limiter and a slot, and takes one request of the budget.
func (c *courier) turn(ctx context.Context) error {
	if until := c.pause.Load(); until != 0 {
		if d := time.Until(time.Unix(0, until)); d > 0 {
			if err := sleep(ctx, d); err != nil {
				return err
			}
		}
	}
	if err := c.limiter.Wait(ctx); err != nil {
		return context.Cause(ctx)
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.sent.Add(1) > c.budget {
		c.sent.Add(-1)
		<-c.slots
		return errBudget
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter is how long a response asks for silence: only 429, and 503 with Retry-After, do.
func retryAfter(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	if resp.StatusCode != http.StatusTooManyRequests && (resp.StatusCode != http.StatusServiceUnavailable || value == "") {
		return 0
	}
	wait := time.Second
	if n, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(min(n, 1<<30)) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = time.Until(at)
	}
	return max(wait, 100*time.Millisecond)
}

// allowed reports whether u has the scheme, host and port of the target.
func (c *courier) allowed(u *url.URL) bool {
	for _, o := range c.origins {
		if u.Scheme == o.Scheme && u.Host == o.Host && u.User == nil {
			return true
		}
	}
	return false
}

// silenceError is a question that was not answered, since the target asks for more silence than it may.
type silenceError struct {
	wait   time.Duration
	status int
}

func (e *silenceError) Error() string {
	return fmt.Sprintf("the API asks for silence for %v (%d, Retry-After); scan it later, or with a lower --rate", e.wait.Round(time.Second), e.status)
}
