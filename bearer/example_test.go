package bearer_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/redact"
	"github.com/golang-jwt/jwt/v5"
)

func ExampleToken() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := bearer.Token(r)
		var refusal *bearer.Error
		if errors.As(err, &refusal) {
			refusal.Write(w, "orders")
			return
		}
		fmt.Fprintf(w, "a token of %d bytes", len(token))
	})
	for _, field := range []string{"Bearer mF_9.B5f-4.1JqM", "Bearer mF_9, Bearer B5f-"} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", field)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Www-Authenticate"))
	}
	// Output:
	// 200 ""
	// 400 "Bearer realm=\"orders\", error=\"invalid_request\", error_description=\"the Authorization field holds several credentials\""
}

func ExampleInURL() {
	r := httptest.NewRequest("GET", "/orders?page=2&access_token=mF_9", nil)
	name, found := bearer.InURL(r.URL)
	fmt.Println(name, found)
	// Output: access_token true
}

func ExampleJWT() {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier := &bearer.JWT{
		Issuer:   "https://issuer.example",
		Audience: []string{"https://orders.example"},
		Keys:     bearer.StaticKeys{{Public: public}}, // or a KeyFile, or RemoteKeys
	}
	if err := verifier.Check(); err != nil {
		fmt.Println(err)
		return
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := bearer.FromContext(r.Context())
		roles, _ := claims.Canonical("roles")
		fmt.Fprintf(w, "%s %s", claims.Subject, roles)
	})
	handler := bearer.Require(&bearer.Remembering{Verifier: verifier}, "orders", bearer.RequireScope("read", "orders", orders))

	for _, scope := range []string{"read write", "write"} {
		token, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
			"iss": "https://issuer.example", "aud": "https://orders.example", "sub": "alice", "scope": scope,
			"exp": time.Now().Add(time.Minute).Unix(), "roles": []string{"staff", "admin"},
		}).SignedString(private)
		if err != nil {
			fmt.Println(err)
			return
		}
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 alice ["admin","staff"]
	// 403 {"error":"insufficient_scope","error_description":"the token does not hold the scope that this resource wants"}
}

func ExampleIntrospection() {
	authorizationServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("token") == "mF_9.B5f-4.1JqM" {
			io.WriteString(w, `{"active":true,"sub":"alice","scope":"read"}`)
		} else {
			io.WriteString(w, `{"active":false}`)
		}
	}))
	defer authorizationServer.Close()
	verifier := &bearer.Introspection{
		URL:          authorizationServer.URL + "/introspect",
		ClientID:     "orders",
		ClientSecret: redact.NewSecret("from a file or the environment"),
	}
	handler := bearer.Require(verifier, "orders", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := bearer.FromContext(r.Context())
		fmt.Fprint(w, claims.Subject)
	}))
	for _, token := range []string{"mF_9.B5f-4.1JqM", "guessed"} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Www-Authenticate"))
	}
	// Output:
	// 200 ""
	// 401 "Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"the token is not active: it expired, was revoked, or is of somebody else\""
}
