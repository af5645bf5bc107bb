package scan

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

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

// exchange is one request and what came back.
type exchange struct {
	as      *Identity
	request string // as a curl line
	status  int
	header  http.Header
	body    []byte // its start, decompressed
	content *content
	cut     bool // the body did not come whole
	took    time.Duration
	err     error
}

func (e *exchange) ok() bool { return e != nil && e.err == nil && e.status >= 200 && e.status < 300 }

// refused reports an answer that says: not with these credentials.
func (e *exchange) refused() bool {
	return e != nil && e.err == nil && (e.status == http.StatusUnauthorized || e.status == http.StatusForbidden)
}

// denied reports an answer that hands nothing out and is no fault: a refusal, a redirect to a login,
// a 404 that hides what is there.
func (e *exchange) denied() bool {
	return e != nil && e.err == nil && e.status >= 300 && e.status < 500 &&
		e.status != http.StatusTooManyRequests && e.status != http.StatusRequestTimeout
}

// same reports whether two answers have the same bytes.
func (e *exchange) same(o *exchange) bool {
	return e.ok() && o.ok() && !e.cut && !o.cut && len(e.body) > 0 && e.content.sum == o.content.sum
}

// says reports whether the answer states all of facts.
func (e *exchange) says(facts []fact) bool {
	if !e.ok() {
		return false
	}
	for _, f := range facts {
		if _, ok := e.content.facts[f]; !ok {
			return false
		}
	}
	return true
}

var (
	errBudget      = errors.New("the request budget is used up")
	errOtherOrigin = errors.New("refused to send a token to another origin than the target's")
)

// courier is the only part of the scanner that uses the network. It keeps to the target's origin,
// follows no redirect, holds no cookie, asks no proxy, and never sends faster than it was told.
type courier struct {
	origins  []*url.URL // where tokens may go: the target, and the target past its cache
	client   map[string]*http.Client
	limiter  *rate.Limiter
	slots    chan struct{}
	timeout  time.Duration
	header   http.Header
	sent     atomic.Int64
	budget   int64
	redactor *redact.Redactor
	pause    atomic.Int64 // unix nanoseconds until which the target asked for silence
	quiet    sync.Mutex   // guards silent, and that pause is only put off
	silent   time.Duration
	compared atomic.Int64 // bytes of bodies taken apart
}

func newCourier(o *Options, cast []*Identity) *courier {
	c := &courier{
		origins: []*url.URL{o.Target},
		client:  make(map[string]*http.Client),
		limiter: rate.NewLimiter(rate.Limit(o.Rate), max(1, o.Concurrency)),
		slots:   make(chan struct{}, o.Concurrency),
		timeout: o.Timeout,
		header:  o.Header,
		budget:  int64(o.MaxRequests),
	}
	if o.Origin != nil {
		c.origins = append(c.origins, o.Origin)
	}
	var secrets []redact.Secret
	for _, id := range cast {
		// One transport each: no connection is shared between identities.
		c.client[id.Name] = &http.Client{
			Transport: &http.Transport{
				Proxy:                  nil,
				DialContext:            (&net.Dialer{Timeout: o.Timeout}).DialContext,
				DisableCompression:     true,
				MaxResponseHeaderBytes: maxFields,
				MaxIdleConnsPerHost:    o.Concurrency,
				IdleConnTimeout:        30 * time.Second,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		if !id.Token.IsZero() && !id.public {
			secrets = append(secrets, id.Token)
		}
	}
	for _, values := range o.Header {
		for _, v := range values {
			if len(v) >= 8 {
				secrets = append(secrets, redact.NewSecret(v))
			}
		}
	}
	c.redactor = redact.New(nil, secrets...)
	return c
}

func (c *courier) close() {
	for _, client := range c.client {
		client.CloseIdleConnections()
	}
}

// send asks for target as id. The answer is never nil; what went wrong stands in its err.
func (c *courier) send(ctx context.Context, id *Identity, target *url.URL, header http.Header) *exchange {
	e := &exchange{as: id, request: curl(id, target, header, c.header)}
	if !c.allowed(target) {
		e.err = errOtherOrigin
		return e
	}
	for try := 0; ; try++ {
		wait := c.attempt(ctx, e, id, target, header)
		if wait == 0 || try == maxRateRetries {
			return e
		}
		if !c.silence(wait) {
			e.err = fmt.Errorf("the API asks for silence for %v (%d, Retry-After); scan it later, or with a lower --rate", wait.Round(time.Second), e.status)
			return e
		}
	}
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
func (c *courier) attempt(ctx context.Context, e *exchange, id *Identity, target *url.URL, header http.Header) time.Duration {
	if e.err = c.turn(ctx); e.err != nil {
		return 0
	}
	defer func() { <-c.slots }()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		e.err = err
		return 0
	}
	r.Header.Set("User-Agent", "bearcache-scan")
	r.Header.Set("Accept", "application/json, */*;q=0.8")
	r.Header.Set("Accept-Encoding", "identity")
	for _, h := range []http.Header{c.header, header} {
		for name, values := range h {
			r.Header[name] = values
		}
	}
	if !id.Token.IsZero() {
		r.Header.Set("Authorization", "Bearer "+id.Token.Reveal())
	}
	start := time.Now()
	resp, err := c.client[id.Name].Do(r)
	if err != nil {
		e.err = c.plain(err)
		return 0
	}
	defer resp.Body.Close()
	c.read(e, resp)
	e.took = time.Since(start)
	return retryAfter(resp)
}

func (c *courier) read(e *exchange, resp *http.Response) {
	hash := sha256.New()
	start, err := io.ReadAll(io.TeeReader(io.LimitReader(resp.Body, comparedBody), hash))
	if err == nil {
		var n int64
		n, err = io.Copy(hash, io.LimitReader(resp.Body, maxBody-comparedBody))
		e.cut = n == maxBody-comparedBody
	}
	if err != nil {
		e.err = c.plain(fmt.Errorf("read the response: %w", err))
		return
	}
	var sum [sha256.Size]byte
	hash.Sum(sum[:0])
	start = decompressed(start, resp.Header)
	brief := c.compared.Add(int64(len(start))) > maxCompared
	e.status, e.header, e.content = resp.StatusCode, resp.Header, newContent(start, sum, brief)
	e.body = bytes.Clone(start[:min(len(start), excerptBody)])
}

// decompressed undoes gzip, which some servers use although they were asked not to; of a body that
// is cut or broken, as far as it goes.
func decompressed(body []byte, h http.Header) []byte {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	plain, _ := io.ReadAll(io.LimitReader(r, comparedBody))
	return plain
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

// plain is err without the URL that net/http puts into it: values of parameters may be secret.
func (c *courier) plain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var dns *net.DNSError
	var call *os.SyscallError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %v: %w", c.timeout, context.DeadlineExceeded)
	case errors.As(err, &dns):
		return &networkError{"no such host", err}
	case errors.As(err, &call):
		return &networkError{call.Err.Error(), err}
	}
	return err
}

// networkError says what happened without the addresses and calls, which the target's URL implies.
type networkError struct {
	text  string
	cause error
}

func (e *networkError) Error() string { return e.text }
func (e *networkError) Unwrap() error { return e.cause }

// unreachable reports an error that no other operation of the target would escape.
func unreachable(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// curl is a line that repeats a request. A token stands in it as the variable it came from; so does
// the value of any further field that was sent with every request.
func curl(id *Identity, target *url.URL, header, always http.Header) string {
	var b strings.Builder
	b.WriteString("curl -s")
	if !id.Token.IsZero() {
		fmt.Fprintf(&b, ` -H "Authorization: Bearer $%s"`, id.Variable)
	}
	for _, name := range sortedKeys(always) {
		fmt.Fprintf(&b, ` -H "%s: $%s"`, name, strings.ReplaceAll(strings.ToUpper(name), "-", "_"))
	}
	for _, name := range sortedKeys(header) {
		for _, v := range header[name] {
			fmt.Fprintf(&b, " -H %s", shellQuote(name+": "+v))
		}
	}
	b.WriteByte(' ')
	b.WriteString(shellQuote(target.String()))
	return b.String()
}

// shellQuote quotes s for a POSIX shell where it must be.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~:/@%+,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
