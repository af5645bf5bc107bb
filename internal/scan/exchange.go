package scan

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
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

// exchange is one request and what came back.
type exchange struct {
	as      *Identity
	url     *url.URL
	request string // as a curl line
	status  int
	header  http.Header
	body    []byte // its start, decompressed
	content *content
	cut     bool      // the body did not come whole
	echoes  []echo    // where the credentials of the request came back
	at      time.Time // when it was asked
	took    time.Duration
	err     error
	leads   bool // a redirect is what the operation hands out, and this is one
}

// ok reports an answer that hands something out.
func (e *exchange) ok() bool {
	return e != nil && e.err == nil && (e.status >= 200 && e.status < 300 || e.leads)
}

// refused reports an answer that says: not with these credentials.
func (e *exchange) refused() bool {
	return e != nil && e.err == nil && (e.status == http.StatusUnauthorized || e.status == http.StatusForbidden)
}

// denied reports an answer that hands nothing out and is no fault: a refusal, a redirect to a login,
// a 404 that hides what is there.
func (e *exchange) denied() bool {
	return e != nil && e.err == nil && !e.leads && e.status >= 300 && e.status < 500 &&
		e.status != http.StatusTooManyRequests && e.status != http.StatusRequestTimeout
}

// empty reports an answer that says nothing at all.
func (e *exchange) empty() bool { return len(e.body) == 0 && len(e.content.facts) <= 1 }

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

// redirects reports an answer that sends whoever asks elsewhere.
func (e *exchange) redirects() bool {
	if e == nil || e.err != nil || e.header.Get("Location") == "" {
		return false
	}
	switch e.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// logIn matches where somebody is sent who has to show who he is.
var logIn = regexp.MustCompile(`(?i)(log|sign)[-_]?(in|on)|oauth|openid|saml|/sso|/auth|authorize`)

// leadsOn reports whether an answer sends who asks somewhere else than to a log-in, or to the same path by another name or elsewhere.
func (e *exchange) leadsOn() bool {
	if !e.redirects() {
		return false
	}
	to, err := e.url.Parse(e.header.Get("Location"))
	if err != nil || logIn.MatchString(to.Host+to.Path) {
		return false
	}
	plain := func(u *url.URL) string { return "/" + strings.ToLower(strings.Trim(path.Clean(u.Path), "/")) }
	return !strings.HasSuffix(plain(to), plain(e.url))
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

// buffers are what bodies are read into.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (c *courier) read(e *exchange, resp *http.Response, presented []credential, keep int) {
	hash := sha256.New()
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	_, err := buffer.ReadFrom(io.TeeReader(io.LimitReader(resp.Body, comparedBody), hash))
	start := buffer.Bytes() // until this returns
	if err == nil {
		var n int64
		n, err = io.Copy(hash, io.LimitReader(resp.Body, maxBody-comparedBody))
		e.cut = n == maxBody-comparedBody
	}
	if err != nil {
		e.err = c.plain(fmt.Errorf("read the response: %w", err))
		return
	}
	e.status, e.header = resp.StatusCode, resp.Header
	start = decompressed(start, resp.Header)
	e.echoes = echoesOf(presented, start, resp.Header)
	says, fields := start, resp.Header
	if e.redirects() {
		// Where it leads, as a whole, is what a redirect says; its body repeats that at most.
		location := resp.Header.Get("Location")
		says, start = nil, append([]byte("Location: "+location+"\n"), start...)
		io.WriteString(hash, location)
		fields = maps.Clone(fields)
		fields.Del("Content-Length")
	}
	var sum [sha256.Size]byte
	hash.Sum(sum[:0])
	e.content = c.contentOf(says, fields, sum)
	e.body = bytes.Clone(start[:min(len(start), keep)])
}

// contentOf takes a response apart, unless one was that said the same.
func (c *courier) contentOf(body []byte, h http.Header, sum [sha256.Size]byte) *content {
	var said content
	said.fields(h, false)
	key := struct {
		sum              [sha256.Size]byte
		encoding, fields string
	}{sum, h.Get("Content-Encoding"), said.text}
	if found, ok := c.contents.Load(key); ok {
		return found.(*content)
	}
	brief := c.compared.Add(int64(len(body))) > maxCompared
	found, _ := c.contents.LoadOrStore(key, newContent(body, h, sum, brief))
	return found.(*content)
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

// silenceError is a question that was not answered, since the target asks for more silence than it may.
type silenceError struct {
	wait   time.Duration
	status int
}

func (e *silenceError) Error() string {
	return fmt.Sprintf("the API asks for silence for %v (%d, Retry-After); scan it later, or with a lower --rate", e.wait.Round(time.Second), e.status)
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
	case speaksPlain(err):
		return &networkError{"it does not speak TLS", err}
	case untrusted(err):
		return &networkError{"its certificate " + distrust(err), err}
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
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" || speaksPlain(err) || untrusted(err)
}

// speaksPlain reports an error of a server that does not speak TLS.
func speaksPlain(err error) bool {
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, new(tls.RecordHeaderError))
}

func untrusted(err error) bool { return errors.As(err, new(*tls.CertificateVerificationError)) }

// distrust is what is wrong with a certificate.
func distrust(err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.HostnameError)):
		return "is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired, or is not valid yet"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "is of a CA that nobody here trusts"
	}
	return "is not valid"
}

// reachedBy says what the user can do about an error that is unreachable.
func reachedBy(err error, target *url.URL) string {
	var dns *net.DNSError
	switch {
	case speaksPlain(err):
		return "give --target http://" + target.Host + target.EscapedPath()
	case untrusted(err) && errors.As(err, new(x509.UnknownAuthorityError)):
		return "name the file of its CA in the variable SSL_CERT_FILE"
	case errors.As(err, &dns):
		return "is the name of the host right?"
	}
	return "is the API running?"
}

// curl is a line that repeats a request. A credential stands in it as the variable it came from; so does
// the value of any further field that was sent with every request. What looks like another credential, in a URL, a field
// or content that a document has, is redacted.
func (c *courier) curl(q question) string {
	var b strings.Builder
	b.WriteString("curl -s")
	switch q.method {
	case http.MethodGet:
	case http.MethodHead:
		b.WriteString(" -I")
	default:
		b.WriteString(" -X " + q.method)
	}
	presented := q.as.presents(q.sets)
	target := shellQuote(c.redactor.URL(q.url.String()))
	if len(q.inQuery) > 0 {
		target = shellQuote(c.redactor.URL(addQuery(q.url, "x").String()))
		target = strings.TrimSuffix(strings.TrimSuffix(target, "'"), "x")
		if strings.HasPrefix(target, "'") {
			target += "'"
		}
		target += `"` + queryOf(q.inQuery, presented, func(p credential) string { return p.shown }) + `"`
	}
	cookies := ""
	for _, p := range presented {
		shown := p.before + p.shown
		if p.basic {
			shown = p.before + `$(printf %s "` + p.shown + `" | base64 -w0)`
		}
		switch {
		case len(q.inQuery) > 0:
		case p.in == "header":
			fmt.Fprintf(&b, ` -H "%s: %s"`, p.field, shown)
		case p.in == "query":
			separator := "?"
			if q.url.RawQuery != "" {
				separator = "&"
			}
			target += `"` + separator + url.QueryEscape(p.field) + "=" + shown + `"`
		case p.in == "cookie":
			cookies += "; " + p.field + "=" + shown
		}
	}
	if cookies != "" {
		fmt.Fprintf(&b, ` -b "%s"`, strings.TrimPrefix(cookies, "; "))
	}
	for _, name := range sortedKeys(c.header) {
		fmt.Fprintf(&b, ` -H "%s: $%s"`, name, strings.ReplaceAll(strings.ToUpper(name), "-", "_"))
	}
	for _, name := range sortedKeys(q.header) {
		for _, v := range q.header[name] {
			field := name + ": "
			if name == "Cookie" { // a credential is never in it: those are presented
				field += c.redactor.Text(v)
			} else {
				field = c.redactor.Text(field + v)
			}
			fmt.Fprintf(&b, " -H %s", shellQuote(field))
		}
	}
	if q.body != nil {
		fmt.Fprintf(&b, " -H %s --data-binary %s", shellQuote("Content-Type: "+q.body.Media), shellQuote(c.redactor.Text(string(q.body.Content))))
	}
	b.WriteByte(' ')
	b.WriteString(target)
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
