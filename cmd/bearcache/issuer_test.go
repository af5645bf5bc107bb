package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// testIssuer is an authorization server on the loopback interface that publishes what RFC 8414 has it publish.
type testIssuer struct {
	*httptest.Server
	key ed25519.PrivateKey
}

func newTestIssuer() (*testIssuer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	i := &testIssuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "response_types_supported": []string{"code"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		x := base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
		fmt.Fprintf(w, `{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": %q}]}`, x)
	})
	i.Server = httptest.NewUnstartedServer(mux) // which needs its address
	i.Start()
	return i, nil
}

// token is a signed one of a subject, with an ID.
func (i *testIssuer) token(subject, id string) string {
	now := time.Now().Unix()
	claims, _ := json.Marshal(map[string]any{"iss": i.URL, "sub": subject, "aud": "api", "jti": id, "iat": now, "exp": now + 3600})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"1"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(text)))
}
