package bearcache

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Transport is the same cache as an http.RoundTripper, for clients of APIs: every set of credentials
// that passes through it has a partition of its own. Its zero value is ready to use. A Transport is
// safe for concurrent use and must not be copied after its first request; its fields must not change
// after that.
//
//	client := &http.Client{Transport: new(bearcache.Transport)}
//
// What tells readers apart must be in the request when it gets here. An http.Client puts cookies and
// the userinfo of a URL there before it asks its Transport. A RoundTripper that adds credentials
// belongs around this one and never below it, as Base: what it adds there is in no key, and its
// readers would be nobody in particular, and one. A client certificate of a Base that is an
// *http.Transport is noticed, and its requests over TLS are not cached.
//
// The target URI is made of Request.Host where that is set, as RFC 9110 §7.1 has it: servers at
// several addresses that are asked with one Host are one origin.
//
// A response is stored when its body has ended. A reader that wants the next one to be a hit reads to
// io.EOF; one that closes the body earlier ends the exchange with the origin, unless all that was
// missing was to hear that nothing more comes. A hit has neither a connection nor a TLS state.
// Responses leave as from Handler, with Cache-Status, and hardened where the request had credentials.
type Transport struct {
	// Cache holds what is stored. Nil means a zero Cache of this Transport's own. Transports and
	// Handlers that share a Cache share what is stored: they must reach the same origins.
	Cache *Cache

	// Base asks the origin. Nil means http.DefaultTransport.
	Base http.RoundTripper

	once    sync.Once
	own     Cache
	base    http.RoundTripper
	handler http.Handler
	secure  *tls.ConnectionState // of every request over TLS
	err     error                // of Cache.Check
}

func (t *Transport) init() {
	t.once.Do(func() {
		cache := t.Cache
		if cache == nil {
			cache = &t.own
		}
		t.base = t.Base
		if t.base == nil {
			t.base = http.DefaultTransport
		}
		t.secure = new(tls.ConnectionState)
		if showsCertificate(t.base) {
			t.secure.PeerCertificates = []*x509.Certificate{{}}
		}
		if t.err = cache.Check(); t.err == nil {
			t.handler = cache.Handler(&outward{base: t.base, cache: cache})
		}
	})
}

// showsCertificate reports whether base is known to tell servers by a certificate who asks.
func showsCertificate(base http.RoundTripper) bool {
	t, ok := base.(*http.Transport)
	if !ok {
		return false
	}
	config := t.Clone().TLSClientConfig // the original's is being set up when another goroutine uses it first
	return config != nil && (len(config.Certificates) > 0 || config.GetClientCertificate != nil)
}

// RoundTrip answers r from the cache or asks Base. It returns the error of Base as it is, and that of
// Cache.Check. The body of a response that breaks off ends with an error other than io.EOF. What is not
// http or https, and CONNECT, goes to Base directly.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.init()
	if t.err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, t.err
	}
	if r.URL == nil || r.URL.Host == "" || r.URL.Scheme != "http" && r.URL.Scheme != "https" || r.Method == http.MethodConnect {
		return t.base.RoundTrip(r)
	}
	a := &answer{request: r, ready: make(chan struct{}), header: make(http.Header)}
	a.Context, a.cancel = context.WithCancel(r.Context())
	go a.run(t.handler, t.received(r, a))
	select {
	case <-a.ready:
	case <-r.Context().Done(): // others may wait for the answer: it goes on for them
		select {
		case <-a.ready:
		default:
			return nil, r.Context().Err()
		}
	}
	if a.panicked != nil {
		panic(a.panicked)
	}
	if err := r.Context().Err(); err != nil && a.err != nil {
		return nil, err // what the other comes from
	}
	return a.response, a.err
}

// CloseIdleConnections closes those of Base, if it knows how to.
func (t *Transport) CloseIdleConnections() {
	t.init()
	if b, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// received is r as a server would have received it. Nothing that r points to is changed later.
func (t *Transport) received(r *http.Request, ctx context.Context) *http.Request {
	in := r.WithContext(ctx)
	if in.Header = r.Header.Clone(); in.Header == nil {
		in.Header = make(http.Header)
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	u := *r.URL
	in.URL = &u
	if u.Path == "" && u.Opaque == "" { // RFC 9110 §4.2.3; it is sent as "/"
		u.Path = "/"
	}
	if in.Header["Authorization"] != nil { // an http.Client put it there, or something else in its place
		u.User = nil
	}
	in.RequestURI = in.URL.RequestURI()
	switch {
	case r.Body == nil:
		in.Body = http.NoBody
	case r.Body != http.NoBody && r.ContentLength == 0: // a client's word for "not known", and a server's for "none"
		in.ContentLength = -1
	}
	in.TLS = nil
	if r.URL.Scheme == "https" {
		in.TLS = t.secure
	}
	return in
}

// outward is the origin as a handler: it asks base, and passes on what that answers.
type outward struct {
	base  http.RoundTripper
	cache *Cache
}

// told is what of an origin's answer has no place in a ResponseWriter.
type told struct {
	response *http.Response // of base
	err      error          // of base, or of the body
}

var (
	errNoResponse = errors.New("bearcache: Base returned neither a response nor an error")
	errPanicked   = errors.New("bearcache: a panic ended the body")
)

// ServeHTTP answers 502 where base has an error, so that the cache may do what it does about a
// failing origin. RoundTrip returns the error in its place if that is what comes out in the end.
// Informational responses need no help: the trace of whoever asked is in the request's context.
func (o *outward) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, _ := r.Context().Value(answerKey{}).(*answer)
	out := r.WithContext(r.Context())
	out.RequestURI, out.TLS = "", nil
	if a != nil && a.request.URL.User != nil {
		u := *out.URL
		u.User, out.URL = a.request.URL.User, &u
	}
	a.asks()
	res, err := o.base.RoundTrip(out)
	if err == nil && res == nil {
		err = errNoResponse
	}
	a.hears(res, err)
	if err != nil {
		if r.Context().Err() != nil { // nobody waits any longer, which says nothing about the origin
			panic(http.ErrAbortHandler)
		}
		Unreachable(w)
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if res.StatusCode == http.StatusSwitchingProtocols { // the connection is the client's now
		panic(http.ErrAbortHandler)
	}
	if res.Body == nil {
		res.Body = http.NoBody
	}
	defer res.Body.Close()
	announcedTrailers := len(res.Trailer)
	o.fields(w.Header(), res)
	w.WriteHeader(res.StatusCode)
	if res.Body == http.NoBody && res.ContentLength <= 0 || r.Method == http.MethodHead || !hasBody(res.StatusCode) {
		return
	}
	if err := pass(w, res); err != nil {
		a.hears(res, err)
		panic(http.ErrAbortHandler)
	}
	for name, values := range res.Trailer {
		if len(res.Trailer) != announcedTrailers { // some were not announced; which is not to be told
			name = http.TrailerPrefix + name
		}
		w.Header()[name] = values
	}
}

// fields sets those of the origin in h, and what a server would not add by itself behind them.
func (o *outward) fields(h http.Header, res *http.Response) {
	for name, values := range res.Header {
		h[name] = values
	}
	if res.Uncompressed { // net/http removed them; whoever else decompresses may have not
		delete(h, "Content-Encoding")
		delete(h, "Content-Length")
	}
	if h["Content-Type"] == nil && hasBody(res.StatusCode) {
		h["Content-Type"] = nil // nobody guesses one for a client, so a hit must not either
	}
	if h["Date"] == nil { // RFC 9110 §6.6.1
		h["Date"] = []string{o.cache.state.now().UTC().Format(http.TimeFormat)}
	}
	for name := range res.Trailer {
		h.Add("Trailer", name)
	}
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// pass passes the body on as it comes.
func pass(w http.ResponseWriter, res *http.Response) error {
	flush := http.NewResponseController(w).Flush
	if err := flush(); err != nil {
		return err
	}
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	var sum int64
	for {
		n, err := res.Body.Read(buffer[:])
		sum += int64(n)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			if err := flush(); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && res.ContentLength > 0 && sum != res.ContentLength:
			return io.ErrUnexpectedEOF // net/http says so itself; another Base may not
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// answer is one RoundTrip: the context of its exchange, the ResponseWriter that the cache answers
// through, and the response that is made of it. Until the first Flush everything is collected: the
// cache's own answers are never flushed, so the body of a hit is there at once and nothing waits for
// its reader. From then on the body goes through a pipe.
//
// One goroutine runs the handler and is the only one to touch the fields, but for asked and origin,
// and for what RoundTrip reads once ready is closed.
type answer struct {
	context.Context
	cancel context.CancelFunc

	request  *http.Request // the client's own
	ready    chan struct{} // closed once one of these three is there
	response *http.Response
	err      error
	panicked any

	header  http.Header // the handler's
	wrote   bool
	status  int
	sent    http.Header // which of them were there at WriteHeader
	trailer http.Header // announced then
	length  int64       // announced then; negative: not
	written int64
	body    []byte // until the first Flush; from then on what holds the last announced byte
	shared  bool   // body is a record's: never appended to
	pipe    *io.PipeWriter
	stop    func() bool // takes the pipe's end from the context

	asked  atomic.Bool // base has the request, and closes its body
	origin atomic.Pointer[told]
}

// answerKey finds the answer in the context of whatever the cache makes of the request.
type answerKey struct{}

// Value is the context's, with the answer itself under its key.
func (a *answer) Value(key any) any {
	if key == (answerKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// asks and hears may be called on nil, and later than the answer's end: a cache may ask for itself.
func (a *answer) asks() {
	if a != nil {
		a.asked.Store(true)
	}
}

func (a *answer) hears(res *http.Response, err error) {
	if a != nil {
		a.origin.Store(&told{res, err})
	}
}

func (a *answer) run(h http.Handler, in *http.Request) {
	returned := false
	defer func() {
		var cause any
		if !returned { // nil then: the goroutine is being ended, as by a test that fails
			cause = recover()
		}
		a.end(returned, cause)
	}()
	h.ServeHTTP(a, in)
	returned = true
}

// end makes of the handler's end that of the response.
func (a *answer) end(returned bool, cause any) {
	if !a.asked.Load() && a.request.Body != nil {
		a.request.Body.Close()
	}
	origin := a.origin.Load()
	if !returned && origin != nil && origin.err == nil && origin.response.StatusCode == http.StatusSwitchingProtocols && a.pipe == nil {
		a.response = origin.response // its context goes on, with the connection
		a.response.Request = a.request
		close(a.ready)
		return
	}
	if returned && !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	err := a.failure(returned, cause, origin)
	switch {
	case a.pipe != nil:
		if err == nil && len(a.body) > 0 {
			a.pipe.Write(a.body)
		}
		if err == nil {
			a.setTrailers()
		}
		a.stop()
		a.cancel() // before the reader learns of the end: see streamed.Close
		a.pipe.CloseWithError(err)
		return
	case err == errPanicked:
		a.panicked = cause // for whoever called RoundTrip; a panic here would end the process
	case err != nil:
		a.err = err
	default:
		a.deliver(a.whole())
		a.setTrailers()
	}
	a.cancel()
	close(a.ready)
}

// failure is why the response is none, or not whole.
func (a *answer) failure(returned bool, cause any, origin *told) error {
	failed := origin != nil && origin.err != nil
	switch {
	case !returned && cause != nil && cause != http.ErrAbortHandler:
		return errPanicked
	case !returned && failed:
		return origin.err
	case !returned:
		return io.ErrUnexpectedEOF
	case failed && a.status == http.StatusBadGateway && a.pipe == nil: // see outward.ServeHTTP
		return origin.err
	case a.length >= 0 && a.written != a.length && a.hasBody():
		return io.ErrUnexpectedEOF
	}
	return nil
}

// whole is the body that was collected, and its length.
func (a *answer) whole() (io.ReadCloser, int64) {
	switch {
	case a.request.Method == http.MethodHead:
		return http.NoBody, a.length
	case len(a.body) == 0:
		return http.NoBody, 0
	}
	b := new(collected)
	b.Reset(a.body)
	return b, int64(len(a.body))
}

// collected is a body that is there.
type collected struct{ bytes.Reader }

func (*collected) Close() error { return nil }

// streamed is a body that is still to come.
type streamed struct {
	*io.PipeReader
	answer *answer
}

// grace is how long a body may go on that was closed before its end was read: those that decode one
// JSON value and close have read everything, and do not know it. One more byte ends it sooner.
const grace = 50 * time.Millisecond

// Close ends the exchange with the origin unless that is over.
func (b *streamed) Close() error {
	b.PipeReader.Close()
	if b.answer.Err() == nil {
		time.AfterFunc(grace, b.answer.cancel)
	}
	return nil
}

// deliver makes the response of what is known by now.
func (a *answer) deliver(body io.ReadCloser, length int64) {
	a.response = &http.Response{
		Status: statusLine(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.sent, Body: body, ContentLength: length, Trailer: a.trailer, Request: a.request,
	}
	if o := a.origin.Load(); o != nil && o.response != nil {
		from := o.response
		if from.Proto != "" {
			a.response.Proto, a.response.ProtoMajor, a.response.ProtoMinor = from.Proto, from.ProtoMajor, from.ProtoMinor
		}
		a.response.TLS = from.TLS
		a.response.Uncompressed = from.Uncompressed && length < 0
	}
}

func statusLine(status int) string {
	if status == http.StatusOK {
		return "200 OK"
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}

// Header is where the handler sets the fields.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader takes the fields as they are. Informational responses went to the client's trace.
func (a *answer) WriteHeader(status int) {
	if a.wrote || status >= 100 && status < 200 {
		return
	}
	a.wrote, a.status = true, status
	a.sent = make(http.Header, len(a.header)) // the lines in it are this exchange's alone: a record is unpacked for each hit
	for name, values := range a.header {
		if len(values) > 0 && name != "Trailer" && !strings.HasPrefix(name, http.TrailerPrefix) {
			a.sent[name] = values
		}
	}
	for _, line := range a.header["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = http.CanonicalHeaderKey(strings.Trim(name, " \t")); name != "" {
				if a.trailer == nil {
					a.trailer = make(http.Header)
				}
				a.trailer[name] = nil
			}
		}
	}
	a.length = -1
	if values := a.sent["Content-Length"]; len(values) == 1 {
		if n, err := strconv.ParseInt(values[0], 10, 64); err == nil && n >= 0 {
			a.length = n
		}
	}
}

func (a *answer) hasBody() bool { return a.request.Method != http.MethodHead && hasBody(a.status) }

// Write passes p to the reader, or collects it.
func (a *answer) Write(p []byte) (int, error) {
	if n, ok, err := a.counts(p); !ok {
		return n, err
	}
	// The last announced byte is held back until the handler is done with what it means: a reader that
	// knows by the length that it has everything may close the body, or end its context, right away.
	if a.pipe != nil && a.written != a.length {
		return a.pipe.Write(p)
	}
	if a.shared {
		a.body, a.shared = bytes.Clone(a.body), false
	}
	a.body = append(a.body, p...)
	return len(p), nil
}

// counts reports whether p is part of the body, as net/http's server would have it.
func (a *answer) counts(p []byte) (n int, ok bool, err error) {
	if !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	switch {
	case a.request.Method == http.MethodHead:
		return len(p), false, nil
	case !hasBody(a.status):
		return 0, false, http.ErrBodyNotAllowed
	case a.length >= 0 && a.written+int64(len(p)) > a.length:
		return 0, false, http.ErrContentLength
	}
	a.written += int64(len(p))
	return len(p), true, nil
}

// writeStored writes bytes that never change. An answer keeps them as they are, where Write must copy.
func writeStored(w http.ResponseWriter, p []byte) (int, error) {
	a, ok := w.(*answer)
	if !ok || len(a.body) > 0 || a.pipe != nil {
		return w.Write(p)
	}
	n, ok, err := a.counts(p)
	if ok {
		a.body, a.shared = p, true
	}
	return n, err
}

// FlushError lets RoundTrip return, and the body follow as it comes.
func (a *answer) FlushError() error {
	if !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	if a.pipe != nil || !a.hasBody() {
		return nil
	}
	r, w := io.Pipe()
	a.pipe = w
	// Neither a reader that waits nor a handler that nobody reads outlives the request's context.
	a.stop = context.AfterFunc(a.Context, func() { w.CloseWithError(context.Cause(a.Context)) })
	a.deliver(&streamed{r, a}, a.length)
	close(a.ready)
	if len(a.body) == 0 || a.written == a.length {
		return nil
	}
	pending := a.body
	a.body, a.shared = nil, false
	_, err := w.Write(pending)
	return err
}

// setTrailers fills in the trailers, before the reader learns that the body has ended.
func (a *answer) setTrailers() {
	for name := range a.trailer {
		a.trailer[name] = a.header[name]
	}
	for name, values := range a.header {
		if plain, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			if a.trailer == nil {
				a.trailer = make(http.Header)
				a.response.Trailer = a.trailer
			}
			a.trailer[http.CanonicalHeaderKey(plain)] = values
		}
	}
}
