package labs

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// people are whom the applications know; bearers.py reads the same file.
//
//go:embed people.json
var people []byte

// cast is who asks in one run of a lab: their tokens, fresh for every run.
type cast struct {
	secret string
	tokens map[string]string         // by identity
	claims map[string]map[string]any // by identity, what its token says or stands for
	values map[string]string         // what @name@ stands for
}

const usualScope = "orders:read profile:read"

func newCast(lab *Lab) (*cast, error) {
	var known map[string]struct {
		Sub, Name, Email, Org, Role string
	}
	if err := json.Unmarshal(people, &known); err != nil {
		return nil, fmt.Errorf("people.json: %w", err)
	}
	c := &cast{secret: rand.Text() + rand.Text(), tokens: map[string]string{}, claims: map[string]map[string]any{}, values: map[string]string{}}
	for _, id := range lab.Identities {
		user, ok := known[id.User]
		if !ok {
			return nil, fmt.Errorf("identity %s: people.json has no %s", id.Name, id.User)
		}
		scope := id.Scope
		if scope == "" {
			scope = usualScope
		}
		now := time.Now().Unix()
		claims := map[string]any{"iss": "https://login.example.com", "aud": "lab", "sub": user.Sub, "email": user.Email, "org": user.Org, "role": user.Role,
			"scope": scope, "iat": now, "exp": now + 3600, "jti": rand.Text()}
		token, forged := sign(claims, c.secret), sign(claims, rand.Text())
		if lab.Tokens == "opaque" {
			token, forged = rand.Text(), rand.Text()
		}
		c.tokens[id.Name], c.claims[id.Name] = token, claims
		c.values[id.Name+".token"] = token
		c.values[id.Name+".forged"] = forged // says the same, and was signed by somebody else
		c.values[id.Name+".swapped"] = strings.Map(swapCase, token)
		c.values[id.Name+".email"], c.values[id.Name+".name"], c.values[id.Name+".sub"] = user.Email, user.Name, user.Sub
	}
	c.values["secret"] = c.secret
	stranger := map[string]any{"sub": "user-" + strings.ToLower(rand.Text()[:8]), "exp": time.Now().Unix() + 3600}
	if c.values["forged"] = sign(stranger, rand.Text()); lab.Tokens == "opaque" {
		c.values["forged"] = rand.Text()
	}
	return c, nil
}

func (c *cast) value(name string) (string, bool) {
	v, ok := c.values[name]
	return v, ok
}

// table is what tokens without a shape stand for.
func (c *cast) table() string {
	byToken := map[string]map[string]any{}
	for name, token := range c.tokens {
		byToken[token] = c.claims[name]
	}
	data, _ := json.Marshal(byToken)
	return string(data)
}

// sign makes a JWT, HS256.
func sign(claims map[string]any, secret string) string {
	payload, _ := json.Marshal(claims)
	enc := base64.RawURLEncoding.EncodeToString
	signed := enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + enc(mac.Sum(nil))
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
