package bearer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/rawtest"
)

// raw answers each connection with these bytes, when it has the whole request, and hangs up; nil: it resets the connection.
func raw(t *testing.T, answer []byte) string {
	t.Helper()
	return "http://" + rawtest.Serve(t, func(conn net.Conn) {
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		conn.Read(make([]byte, 64<<10))
		if answer == nil {
			conn.(*net.TCPConn).SetLinger(0)
		} else {
			conn.Write(answer)
		}
	})
}

// An endpoint that lies is told a token and sends it back where net/http quotes it. No error, and so no line of a log, holds
// anything that came from there.
func TestErrorsQuoteNothing(t *testing.T) {
	const token = "opaqueSecretValue"
	ask := map[string]func(u string, log *logged) error{
		"introspection": func(u string, log *logged) error {
			v, _ := introspection(u)
			v.Log = log.logger()
			_, err := v.Verify(t.Context(), token)
			return err
		},
		"keys": func(u string, log *logged) error {
			keys := &RemoteKeys{URL: u, Log: log.logger()}
			defer keys.Close()
			_, err := keys.Find(t.Context(), "")
			return err
		},
		"discovery": func(u string, log *logged) error {
			d := &Discovery{Issuer: u, Log: log.logger()}
			defer d.Close()
			_, err := d.Metadata(t.Context())
			return err
		},
	}
	check := func(t *testing.T, u, why string) {
		for name, ask := range ask {
			said := new(logged)
			err := ask(u, said)
			if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: %v, want %s", name, err, why)
			}
			if all := strings.ToLower(fmt.Sprint(err, said)); strings.Contains(all, "opaque") || !strings.Contains(all, "warn") {
				t.Errorf("%s: %s", name, all)
			}
			if again := ask(u, said); again == nil || again.Error() != err.Error() {
				t.Errorf("%s: the same failure in two ways, %v and %v: a line of the log for each", name, err, again)
			}
		}
	}
	for _, test := range []struct{ name, answer, why string }{
		{"a status", "HTTP/1.1 TOKEN\r\n\r\n", "no HTTP"},
		{"no version", "TOKEN\r\n\r\n", "no HTTP"},
		{"a field without a colon", "HTTP/1.1 200 OK\r\nTOKEN\r\n\r\n", "no HTTP"},
		{"a field with a NUL", "HTTP/1.1 200 OK\r\nX: TOKEN \x00\r\n\r\n", "no HTTP"},
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: TOKEN\r\n\r\n", "no HTTP"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: TOKEN\r\n\r\n", "no HTTP"},
		{"an encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: TOKEN\r\n\r\n", "no HTTP"},
		{"a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nTOKEN\r\n", "no HTTP"},
		{"a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTOKEN\r\n\r\n", "no HTTP"},
		{"a Location that is no URL", "HTTP/1.1 302 F\r\nLocation: http://%zz/?TOKEN\r\nContent-Length: 0\r\n\r\n", "no HTTP"},
		{"half a line", "HTTP/1.1 200 TOK", "broke off"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"TOKEN", "broke off"},
		{"a body", "HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"TOKEN\":}", "no JSON object"},
		{"members", "HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n{\"TOKEN\":0,\"TOKEN\":1}", "two members"},
		{"nothing", "", "broke off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, raw(t, []byte(strings.ReplaceAll(test.answer, "TOKEN", token))), test.why)
		})
	}
	t.Run("a connection that is reset", func(t *testing.T) { check(t, raw(t, nil), "connection reset") })
	t.Run("nobody there", func(t *testing.T) {
		h := httptest.NewServer(nil)
		h.Close()
		check(t, h.URL, "connection refused")
	})
	t.Run("a certificate", func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: token}, DNSNames: []string{token + ".example"}, NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewUnstartedServer(nil)
		h.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
		h.Config.ErrorLog = log.New(io.Discard, "", 0)
		h.StartTLS()
		defer h.Close()
		check(t, strings.Replace(h.URL, "127.0.0.1", "localhost", 1), "certificate is for another name")
	})
	t.Run("plain HTTP", func(t *testing.T) {
		check(t, strings.Replace(raw(t, []byte("HTTP/1.0 400 "+token+"\r\n\r\n")), "http:", "https:", 1), "TLS")
	})
	t.Run("what metadata name", func(t *testing.T) {
		client := &http.Client{Transport: handled{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Host == "issuer.example" {
				fmt.Fprintf(w, `{"issuer":"https://issuer.example","jwks_uri":"https://%s.example/%[1]s","introspection_endpoint":"https://%[1]s.example/%[1]s"}`, token)
				return
			}
			w.WriteHeader(http.StatusNotFound)
		})}}
		said := new(logged)
		d := &Discovery{Issuer: "https://issuer.example", Client: client, Log: said.logger()}
		defer d.Close()
		keys := &RemoteKeys{Discovery: d, Client: client, Log: said.logger()}
		defer keys.Close()
		_, err := keys.Find(t.Context(), "")
		v, _ := introspection("")
		v.Discovery, v.Client, v.Log = d, client, said.logger()
		_, other := v.Verify(t.Context(), token)
		all := fmt.Sprint(err, other, said)
		if strings.Contains(strings.ToLower(all), "opaque") || !strings.Contains(all, "the jwks_uri of the issuer's metadata answered 404") || !strings.Contains(all, "the introspection_endpoint of the issuer's metadata answered 404") {
			t.Errorf("%s", all)
		}
	})
}

// An operator is told what went wrong all the same, and in the same words each time.
func TestPlain(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{context.Canceled, "context canceled"},
		{context.DeadlineExceeded, "it did not answer in time"},
		{&net.OpError{Op: "read", Err: syscall.ETIMEDOUT}, "it did not answer in time"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "hunter2"}}, "its name cannot be looked up"},
		{&net.OpError{Op: "dial", Addr: &net.TCPAddr{Port: 7}, Err: syscall.ECONNREFUSED}, "connection refused"},
		{x509.UnknownAuthorityError{}, "its certificate is of an authority that this machine does not know"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "hunter2"}}, "its certificate is for another name"},
		{x509.CertificateInvalidError{Reason: x509.Expired, Detail: "hunter2"}, "its certificate has expired, or is not valid yet"},
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.NameMismatch, Detail: "hunter2"}}, errTLS.Error()},
		{http.ErrSchemeMismatch, errTLS.Error()},
		{io.ErrUnexpectedEOF, "it broke off before its answer was whole"},
		{errElsewhere, "it redirects to another origin"},
		{errors.New("hunter2"), "what it answered is no HTTP"},
	} {
		for _, err := range []error{test.err, &url.Error{Op: "Get", URL: "https://h/hunter2", Err: test.err}} {
			if got := plain(err).Error(); got != test.want {
				t.Errorf("%v: %s, want %s", err, got, test.want)
			}
		}
	}
	if !errors.Is(plain(&url.Error{Err: context.Canceled}), context.Canceled) {
		t.Error("that a client left cannot be told from a failure")
	}
}
