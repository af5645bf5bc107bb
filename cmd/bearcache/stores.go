package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/redisstore"
)

// Names of the logs that nodes follow.
const (
	purgeLog      = "purges"
	revocationLog = "revocations"
)

// openStore is the store that several nodes share; nil: memory alone. It connects in the background.
func openStore(ctx context.Context, e env, serve config.Serve) (*redisstore.Store, error) {
	if !serve.Store.Shared() {
		return nil, nil
	}
	options := redisstore.Options{URL: serve.Store.URL(), Prefix: serve.StorePrefix.String()}
	var err error
	if options.Password, err = lasting(ctx, e, serve.StorePassword, sought{"the store's password", "--store-password ", "BEARCACHE_STORE_PASSWORD"}); err != nil {
		return nil, err
	}
	if options.SentinelPassword, err = lasting(ctx, e, serve.SentinelPassword, sought{"the sentinels' password", "--sentinel-password ", "BEARCACHE_SENTINEL_PASSWORD"}); err != nil {
		return nil, err
	}
	if options.TLS, err = storeTLS(ctx, e, serve); err != nil {
		return nil, err
	}
	s, err := redisstore.Open(options)
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return s, nil
}

// lasting returns what reads a secret anew whenever it is asked, so that one in a file can be changed; nil: there is none. It has been
// read once.
func lasting(ctx context.Context, e env, ref *config.SecretRef, of sought) (func() (string, error), error) {
	if ref == nil {
		return nil, nil
	}
	read := func() (string, error) {
		s, _, err := readSecret(ctx, e, ref.String(), of)
		return s.Reveal(), err
	}
	_, err := read()
	return read, err
}

// storeTLS is how the store is spoken to over TLS; nil: as redisstore does by itself. The certificate is read anew for each
// connection, for it is replaced long before a gateway ends.
func storeTLS(ctx context.Context, e env, serve config.Serve) (*tls.Config, error) {
	if serve.StoreCA == nil && serve.StoreCertificate == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := serve.StoreCA; file != nil {
		data, err := readFile(file.String())
		if err != nil {
			return nil, fmt.Errorf("read --store-ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return nil, problem("there is no certificate in "+report.Plain(file.String()), "--store-ca wants those of authorities, in PEM")
		}
	}
	if file := serve.StoreCertificate; file != nil {
		key, err := lasting(ctx, e, serve.StoreKey, sought{"the key of --store-certificate", "--store-key ", "BEARCACHE_STORE_KEY"})
		if err != nil {
			return nil, err
		}
		pair := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			certificate, err := readFile(file.String())
			if err != nil {
				return nil, fmt.Errorf("read --store-certificate: %w", err)
			}
			key, err := key()
			if err != nil {
				return nil, err
			}
			// What tls says of a pair repeats nothing of the key.
			both, err := tls.X509KeyPair(certificate, []byte(key))
			if err != nil {
				return nil, fmt.Errorf("--store-certificate %s and its key: %w", report.Plain(file.String()), err)
			}
			return &both, nil
		}
		if _, err := pair(nil); err != nil {
			return nil, err
		}
		c.GetClientCertificate = pair
	}
	return c, nil
}
