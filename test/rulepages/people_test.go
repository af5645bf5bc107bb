package rulepages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// secret is what tokens are signed with, and PyJWT wants 32 bytes of it.
const secret = "of the tokens that tests of rule pages make"

// signed is a token that speaks for a user, as applications with the secret take it.
func signed(user string) string {
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		part(fmt.Appendf(nil, `{"sub":%q,"jti":"%s-1","type":"access","fresh":false,"exp":4102444800}`, user, user))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + part(mac.Sum(nil))
}

// Tokens of the two readers: an API before which a configuration stands knows them as they are.
var tokens = map[string]string{"alice": signed("alice"), "bob": signed("bob")}

// people are whom the tokens speak for.
var people = map[string]map[string]string{
	tokens["alice"]: {"name": "Alice Lindqvist", "email": "alice@example.com", "iban": "SE4550000000058398257466"},
	tokens["bob"]:   {"name": "Bob Okafor", "email": "bob@example.com", "iban": "GB33BUKB20201555555555"},
}

// api is the origin: it answers those whom it knows with what is theirs alone.
type api struct{ says http.Header }

func (a api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	person, known := people[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !known {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintln(w, `{"error": "a valid bearer token is required"}`)
		return
	}
	for name, values := range a.says {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	json.NewEncoder(w).Encode(person)
}
