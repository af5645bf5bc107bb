package bearer

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxDocument  = 1 << 20 // bytes of a key set, of metadata, of a file of keys
	fetchTimeout = 10 * time.Second
)

// endpoint parses a URL of ours: https, or http to a loopback address, with a host, and without user
// information or a fragment. No error repeats it.
func endpoint(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("it is no absolute URL")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("it has user information or a fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u)):
		return nil, errors.New("it must be https, or http on this machine")
	}
	return u, nil
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// clientFor is a client as the one given, or with a pool of its own, that follows redirects at most within
// their origin. Where a redirect may lead, an answer may come from somebody else.
func clientFor(given *http.Client, redirects bool) *http.Client {
	var client http.Client
	if given != nil {
		client = *given
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxResponseHeaderBytes = 64 << 10
		client.Transport = transport
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		first := via[0].URL
		switch {
		case !redirects:
			return http.ErrUseLastResponse
		case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
			return errElsewhere
		case len(via) > 3:
			return errRedirects
		}
		return nil
	}
	return &client
}

// fetch sends r to an endpoint of ours, of whose name errors speak, and reads the whole answer, limit bytes at most. The
// name is what an operator calls the endpoint: never what another endpoint called it.
func fetch(client *http.Client, r *http.Request, name string, limit int64) (status int, body []byte, err error) {
	r.Header.Set("Accept", "application/json")
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("ask %s: %w", name, plain(err))
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("read the answer of %s: %w", name, plain(err))
	case int64(len(body)) > limit:
		return 0, nil, fmt.Errorf("read the answer of %s: it has more than %d bytes", name, limit)
	}
	return response.StatusCode, body, nil
}

// What may go wrong on the way to an endpoint.
var (
	errElsewhere   = errors.New("it redirects to another origin")
	errRedirects   = errors.New("it redirects too often")
	errLate        = errors.New("it did not answer in time")
	errUnknownHost = errors.New("its name cannot be looked up")
	errAuthority   = errors.New("its certificate is of an authority that this machine does not know")
	errOtherName   = errors.New("its certificate is for another name")
	errExpired     = errors.New("its certificate has expired, or is not valid yet")
	errTLS         = errors.New("there is no TLS connection with it: its certificate, its version or its ciphers do not do, or it speaks none")
	errBrokeOff    = errors.New("it broke off before its answer was whole")
	errFields      = errors.New("the fields of its answer are too many or too long")
	errNoHTTP      = errors.New("what it answered is no HTTP")
)

// plain is what went wrong, in words of ours. net/http quotes in its errors what came back, a certificate's names too: that
// may be the token that the endpoint was asked about, and our own secret. They hold the URL, whose path or query may tell more
// than a log should, and ports of connections, by which each failure would look like a new one.
func plain(err error) error {
	var (
		timeout   interface{ Timeout() bool }
		name      *net.DNSError
		number    syscall.Errno
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &name):
		return errUnknownHost
	case errors.As(err, &timeout) && timeout.Timeout():
		return errLate
	case errors.As(err, &number): // "connection refused", and the like: the system's words, without an address
		return number
	case errors.Is(err, errElsewhere):
		return errElsewhere
	case errors.Is(err, errRedirects):
		return errRedirects
	case errors.As(err, &authority):
		return errAuthority
	case errors.As(err, &host):
		return errOtherName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return errExpired
	case errors.Is(err, http.ErrSchemeMismatch), strings.Contains(err.Error(), "tls: "): // the types of the latter are not exported
		return errTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errBrokeOff
	case strings.Contains(err.Error(), "response headers exceeded"):
		return errFields
	}
	return errNoHTTP
}

// document is what GET of a URL answers with 200.
func document(ctx context.Context, client *http.Client, u, name string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, errors.New("it is no URL")
	}
	status, body, err := fetch(client, r, name, maxDocument)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answered %d", name, status)
	}
	return body, err
}

// placeOf is what errors call an endpoint whose URL is configured: its query may tell more than a log should.
func placeOf(configured string) string {
	u, err := url.Parse(configured)
	if err != nil {
		return "the endpoint"
	}
	return u.Host + u.EscapedPath()
}

// health tells an operator when something begins to fail, fails in another way, and works again: a line
// for each of these, and not for each request.
type health struct {
	every time.Duration    // how often a line is written at most, where clients may have it fail and work by turns
	now   func() time.Time // with every; nil: time.Now

	mu   sync.Mutex
	last string    // what the last line said; empty: that it works, or none was written
	said time.Time // when
}

// tellEvery is the least between two lines about what happens with each request.
const tellEvery = 10 * time.Second

func (h *health) note(log *slog.Logger, what string, err error) {
	now := ""
	if err != nil {
		now = err.Error()
	}
	at := clock(h.now)
	h.mu.Lock()
	changed := now != h.last && (h.said.IsZero() || at.Sub(h.said) >= h.every) // else it is said with the next request after that, if it lasts
	if changed {
		h.last, h.said = now, at
	}
	h.mu.Unlock()
	if log == nil {
		log = slog.Default()
	}
	switch {
	case !changed:
	case err != nil:
		log.Warn("bearer: "+what, "error", now)
	default:
		log.Info("bearer: " + what + " works again")
	}
}
