package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"syscall"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// upstream is the way to the origin. What comes back is made fit to be read before anything reads it:
// httputil.ReverseProxy, which removes what Connection names, and the cache, which obeys Cache-Control.
type upstream struct {
	attempts *attempts
	patience time.Duration // with an origin that stops in the middle of a body
	broken   func(error)   // told of a body that did not come to its end
}

func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancelCause := context.WithCancelCause(r.Context())
	cancel := func() { cancelCause(nil) }
	res, err := u.attempts.send(ctx, cancelCause, r)
	if err != nil {
		cancel()
		return nil, err
	}
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols: // nobody asked for it, see limits
		err = errSwitched
	case res.StatusCode < 100:
		err = errStatus
	default:
		err = mendNames(res.Header)
		mendConnection(res.Header)
	}
	if err != nil {
		cancel()
		res.Body.Close()
		return nil, err
	}
	if res.Body != http.NoBody {
		res.Body = &upstreamBody{body: res.Body, upstream: u, patience: u.patienceWith(res.Header), client: r.Context(), cancel: cancel}
	} else {
		context.AfterFunc(r.Context(), cancel)
	}
	return res, nil
}

// patienceWith is how long the origin may be silent in the middle of this response. A stream of events
// is silent when nothing happens: its client ends it, and the number of connections bounds it.
func (u *upstream) patienceWith(h http.Header) time.Duration {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil && kind == "text/event-stream" {
		return math.MaxInt64
	}
	return u.patience
}

// Responses that cannot be understood.
var (
	errSwitched = errors.New("malformed response: it switches protocols unasked")
	errStatus   = errors.New("malformed response: its status is below 100")
	errFraming  = errors.New("malformed response: whitespace between the name of a framing field and its colon")
)

// framing are the fields that say where a body ends.
var framing = map[string]bool{"Content-Length": true, "Transfer-Encoding": true, "Trailer": true}

// mendNames removes whitespace between a name and its colon, as a proxy must (RFC 9112 §5.1); Go's
// Transport keeps it, and "Cache-Control " would forbid nothing. A field that says where the body
// ends was not obeyed when the body was framed: such a response is refused. A name that is none can
// mean anything, so the response is not stored either.
func mendNames(h http.Header) error {
	for name, values := range h {
		mended := textproto.CanonicalMIMEHeaderKey(strings.Trim(name, " \t"))
		if mended == name && httpfield.IsToken(name) {
			continue
		}
		delete(h, name)
		switch {
		case framing[mended]:
			return errFraming
		case httpfield.IsToken(mended):
			h[mended] = append(h[mended], values...)
		default:
			h["Cache-Control"] = append(h["Cache-Control"], "no-store")
		}
	}
	return nil
}

// mendConnection takes out of Connection what must not be named there (RFC 9110 §7.6.1): fields that are
// meant for everybody on the way, and say whether, for whom and how long a response may be stored, or
// what it is. httputil.ReverseProxy removes what is left there before the cache sees it.
func mendConnection(h http.Header) {
	for i, line := range h["Connection"] {
		var options []string
		for option := range strings.SplitSeq(line, ",") {
			if option = textproto.TrimString(option); !forAll(textproto.CanonicalMIMEHeaderKey(option)) {
				options = append(options, option)
			}
		}
		h["Connection"][i] = strings.Join(options, ", ")
	}
}

// forAll reports a response field that caching rests on, by its canonical name.
func forAll(name string) bool {
	switch name {
	case "Age", "Cache-Control", "Cache-Status", "Cache-Tag", "Date", "Etag", "Expires", "Last-Modified", "Pragma",
		"Set-Cookie", "Set-Cookie2", "Surrogate-Key", "Vary":
		return true
	}
	return strings.HasPrefix(name, "Content-") || httpfield.Surrogate(name)
}

// upstreamBody ends a body that makes no progress.
type upstreamBody struct {
	body     io.ReadCloser
	upstream *upstream
	patience time.Duration
	client   context.Context
	cancel   context.CancelFunc
}

func (b *upstreamBody) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.patience, b.cancel)
	n, err := b.body.Read(p)
	if !timer.Stop() {
		err = errStalled
	}
	if err != nil && err != io.EOF && b.client.Err() == nil {
		b.upstream.broken(err)
	}
	return n, err
}

func (b *upstreamBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

// errStalled is a body of the origin's that stopped coming.
var errStalled error = stalled{}

type stalled struct{}

func (stalled) Error() string { return "the upstream stopped in the middle of its response" }
func (stalled) Timeout() bool { return true }

// pacedConn bounds how long the origin may take none of what is sent to it: the time limit for its
// answer begins only when it has taken the whole request.
type pacedConn struct {
	net.Conn
	patience time.Duration
}

func (c pacedConn) Write(p []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(c.patience))
	return c.Conn.Write(p)
}

// Failure is the kind of an upstream's failure. The error's text stays out of every log: net/http
// quotes in it what the upstream sent, which may be what the client sent, and that a token.
func Failure(err error) string {
	var (
		timeout interface{ Timeout() bool }
		name    *net.DNSError
	)
	switch {
	case errors.As(err, &name):
		return "unknown host"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return "reset"
	case tlsFailure(err):
		return "TLS"
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	case malformed(err):
		return "malformed response"
	}
	return "other"
}

func tlsFailure(err error) bool {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		cert   *tls.CertificateVerificationError
		host   x509.HostnameError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &cert) || errors.As(err, &host) ||
		strings.Contains(err.Error(), "HTTP response to HTTPS client") || strings.Contains(err.Error(), "tls: ")
}

// malformed recognises net/http's complaints by their beginnings: their types are not exported.
func malformed(err error) bool {
	var protocol textproto.ProtocolError
	if errors.As(err, &protocol) {
		return true
	}
	for _, word := range []string{"malformed", "bad Content-Length", "unsupported transfer encoding", "too many transfer encodings", "invalid", "exceeded"} {
		if strings.Contains(err.Error(), word) {
			return true
		}
	}
	return false
}
