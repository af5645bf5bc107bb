package scan

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
)

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
