package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/test/redistest"
)

// authority issues certificates for 127.0.0.1 into a directory.
type authority struct {
	dir  string
	key  *ecdsa.PrivateKey
	self *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{dir: t.TempDir(), key: key}
	a.self = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	a.write(t, "ca.pem", "CERTIFICATE", a.sign(t, a.self, &key.PublicKey))
	return a
}

func (a *authority) sign(t *testing.T, c *x509.Certificate, of any) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, a.self, of, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// issues writes a certificate and its key.
func (a *authority) issues(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: a.self.NotBefore, NotAfter: a.self.NotAfter}
	return a.write(t, name+".pem", "CERTIFICATE", a.sign(t, c, &private.PublicKey)), a.write(t, name+".key", "PRIVATE KEY", der)
}

// Redis asks its clients for a certificate, and takes one that its authority issued; a certificate that is replaced is the one of
// the next connection.
func TestStoreOverTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	certificate, key := ours.issues(t, "redis")
	server := redistest.Start(t, "--port", "0", "--tls-port", "$PORT", "--tls-cert-file", certificate, "--tls-key-file", key,
		"--tls-ca-cert-file", filepath.Join(ours.dir, "ca.pem"))
	var store config.Store
	if err := store.UnmarshalText([]byte("rediss://" + server.Addr)); err != nil {
		t.Fatal(err)
	}
	ca := new(config.Path(filepath.Join(ours.dir, "ca.pem")))
	ping := func(of config.Serve) error {
		t.Helper()
		s, err := openStore(t.Context(), env{}, of.Or(config.Serve{Store: &store, StorePrefix: new(config.StorePrefix("t"))}))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Ping(t.Context())
	}
	at := func(a *authority, name string) (*config.Path, *config.SecretRef) {
		certificate, key := a.issues(t, name)
		return new(config.Path(certificate)), &config.SecretRef{File: key}
	}
	good, goodKey := at(ours, "node")
	strange, strangeKey := at(other, "node")
	for _, tt := range []struct {
		name  string
		serve config.Serve
		why   string
	}{
		{"all", config.Serve{StoreCA: ca, StoreCertificate: good, StoreKey: goodKey}, ""},
		{"no certificate", config.Serve{StoreCA: ca}, "Redis is down"}, // whether its alert or the end of the connection is seen first is a matter of chance,
		{"a certificate of another authority", config.Serve{StoreCA: ca, StoreCertificate: strange, StoreKey: strangeKey}, "Redis is down"},
		{"the system's authorities", config.Serve{StoreCertificate: good, StoreKey: goodKey}, "certificate does not verify"},
		{"another authority", config.Serve{StoreCA: new(config.Path(filepath.Join(other.dir, "ca.pem"))), StoreCertificate: good, StoreKey: goodKey}, "certificate does not verify"},
	} {
		// A machine that is busy may not have come so far at the first attempt.
		redistest.Eventually(t, tt.name, func() bool {
			err := ping(tt.serve)
			if err == nil && tt.why != "" {
				t.Fatalf("%s: it is let in", tt.name)
			}
			return (err == nil) == (tt.why == "") && (err == nil || strings.Contains(err.Error(), tt.why))
		})
	}

	s, err := openStore(t.Context(), env{}, config.Serve{Store: &store, StorePrefix: new(config.StorePrefix("t")), StoreCA: ca, StoreCertificate: strange, StoreKey: strangeKey})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Ping(t.Context()) == nil {
		t.Error("a stranger is let in")
	}
	for of, by := range map[string]string{strange.String(): good.String(), strangeKey.File: goodKey.File} {
		if err := os.Rename(by, of); err != nil {
			t.Fatal(err)
		}
	}
	redistest.Eventually(t, "the new certificate is used", func() bool { return s.Ping(t.Context()) == nil })
}

// What cannot be used is said at the start, without what may be a key.
func TestStoreTLSProblems(t *testing.T) {
	a := newAuthority(t)
	certificate, key := a.issues(t, "node")
	_, otherKey := a.issues(t, "other")
	empty := filepath.Join(a.dir, "empty")
	if err := os.WriteFile(empty, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := func(s string) *config.Path { return new(config.Path(s)) }
	file := func(s string) *config.SecretRef { return &config.SecretRef{File: s} }
	for _, tt := range []struct {
		name  string
		serve config.Serve
		why   string
	}{
		{"no such authority", config.Serve{StoreCA: path(a.dir + "/none")}, "read --store-ca: "},
		{"no authority", config.Serve{StoreCA: path(empty)}, "there is no certificate in " + empty + "; --store-ca wants those of authorities, in PEM"},
		{"no such certificate", config.Serve{StoreCertificate: path(a.dir + "/none"), StoreKey: file(key)}, "read --store-certificate: "},
		{"no certificate", config.Serve{StoreCertificate: path(empty), StoreKey: file(key)}, "--store-certificate " + empty + " and its key: tls: failed to find any PEM data"},
		{"no such key", config.Serve{StoreCertificate: path(certificate), StoreKey: file(a.dir + "/none")}, "the key of --store-certificate"},
		{"no key", config.Serve{StoreCertificate: path(certificate), StoreKey: file(empty)}, "and its key: tls: failed to find any PEM data in key input"},
		{"another key", config.Serve{StoreCertificate: path(certificate), StoreKey: file(otherKey)}, "private key does not match public key"},
	} {
		_, err := storeTLS(t.Context(), env{}, tt.serve)
		if err == nil || !strings.Contains(err.Error(), tt.why) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
