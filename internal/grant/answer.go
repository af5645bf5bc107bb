package grant

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"golang.org/x/oauth2"
)

// Error is why there is no token, in words of ours: an endpoint may repeat in its own what it was sent, the secret
// and the refresh token.
type Error struct {
	// Code is that of RFC 6749 §5.2 where the endpoint refused, such as invalid_grant. Empty: it gave no proper answer.
	Code string
	what string
}

// Error speaks of the endpoint as "it": the caller names it.
func (e *Error) Error() string {
	if e.Code != "" {
		return "it answered " + e.Code + ": " + e.what
	}
	return e.what
}

// refusals are the codes that are repeated, each with what it says here and what to do: those of RFC 6749 §5.2 and
// RFC 8707 §2, and one that endpoints use beside them.
var refusals = map[string]string{
	"invalid_request":        "it cannot make sense of the request; it may want a scope or an audience",
	"invalid_client":         "it does not know client_id, or takes neither client_secret nor the way it is sent; check these two and auth",
	"invalid_grant":          "the refresh token has expired, was revoked, was used up or belongs to another client; get a new one",
	"unauthorized_client":    "this client may not use this grant; have it allowed there, or use the other grant",
	"unsupported_grant_type": "it does not have this grant; use the other",
	"invalid_scope":          "it does not grant this scope to this client; check scope",
	"invalid_target":         "it does not know this audience; check audience",
	"access_denied":          "this client may have no token for this audience or scope; have it allowed there, or check these two",
}

var (
	errLong = errors.New("its answer is longer than a token's")
	errType = errors.New("its answer is not application/json")
)

// transport hands on answers that are short, and JSON where they should hold a token.
type transport struct{ *http.Transport }

func newTransport(roots *x509.CertPool) transport {
	return transport{&http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: maxField,
		ForceAttemptHTTP2:      true,
	}}
}

// RoundTrip reads the whole answer, so that there is nothing left for anybody to bound.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/json") // some endpoints answer otherwise with a form
	response, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxBody:
		return nil, errLong
	case response.StatusCode/100 == 2 && kind != "application/json":
		return nil, errType
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// asError says what the library's error means.
func asError(err error) *Error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return &Error{what: onTheWay(err)}
	}
	status := refused.Response.StatusCode
	switch what, known := refusals[refused.ErrorCode]; {
	case known:
		return &Error{Code: refused.ErrorCode, what: what}
	case status/100 == 3:
		return &Error{what: fmt.Sprintf("it redirects (%d), and a secret is sent to token_url alone", status)}
	case status/100 == 2:
		return &Error{what: "it answered with an error of its own, which is not repeated here"}
	}
	return &Error{what: fmt.Sprintf("it answered %d", status)}
}

// onTheWay is what went wrong before there was an answer, or with the answer itself. net/http quotes what it was sent.
func onTheWay(err error) string {
	var (
		timeout     interface{ Timeout() bool }
		name        *net.DNSError
		number      syscall.Errno
		certificate *tls.CertificateVerificationError
		underway    *url.Error // as every error of http.Client is
	)
	switch {
	case errors.Is(err, errLong):
		return errLong.Error()
	case errors.Is(err, errType):
		return errType.Error()
	case errors.Is(err, context.Canceled):
		return "it was not waited for"
	case errors.As(err, &name):
		return "its name cannot be looked up"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it did not answer in time"
	case errors.As(err, &number): // "connection refused", and the like: the system's words, without an address
		return number.Error()
	case errors.As(err, &certificate):
		return "its certificate does not do: it is for another name, of an authority that this machine does not know, or out of date"
	case !errors.As(err, &underway): // the library's own, of what it could not read
		return "its answer holds no access_token that could be read (RFC 6749 §5.1)"
	}
	return "it broke off, or what it speaks is no HTTP over TLS that we know"
}
