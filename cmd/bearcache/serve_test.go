package main

import (
	"testing"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/gateway"
)

// What the gateway takes out of requests cannot be listed as a credential.
func TestCredentialsThatTheGatewayRemoves(t *testing.T) {
	for _, name := range append(gateway.Replaced(), "Host", "Via", "Content-Length", "x-forwarded-user") {
		if new(config.FieldName).UnmarshalText([]byte(name)) == nil {
			t.Errorf("--credentials takes %s", name)
		}
	}
}
