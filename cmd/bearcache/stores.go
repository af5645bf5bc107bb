package main

import (
	"context"
	"fmt"

	"github.com/bearcache/bearcache/internal/config"
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
	if ref := serve.StorePassword; ref != nil {
		// Each connection asks anew, so that a password in a file can be changed.
		options.Password = func() (string, error) {
			s, _, err := readSecret(ctx, e, ref.String(), sought{"the store's password", "--store-password ", "BEARCACHE_STORE_PASSWORD"})
			return s.Reveal(), err
		}
		if _, err := options.Password(); err != nil {
			return nil, err
		}
	}
	s, err := redisstore.Open(options)
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return s, nil
}
