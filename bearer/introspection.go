package bearer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bearcache/bearcache/redact"
)

// Authentication is how Introspection authenticates to the endpoint.
type Authentication string

// The ways to authenticate.
const (
	ClientSecretBasic Authentication = "client_secret_basic" // RFC 6749 §2.3.1, in the Authorization field
	ClientSecretPost  Authentication = "client_secret_post"  // RFC 6749 §2.3.1, in the content
	BearerToken       Authentication = "bearer"              // RFC 7662 §2.1, with AccessToken
)

// Introspection asks the authorization server whether a token is good, RFC 7662. Fields must not be changed after the
// first use.
//
// A token is good if the answer is 200, a JSON object without repeated members, and its "active" is true and
// nothing that looks like it; and if exp, nbf, iss and aud, where they are stated, say so too, and token_type and token_use name no
// other kind of token than a bearer token. An answer that is something
// else, none, or one that refuses us says nothing about the token: the error wraps ErrUnavailable, and Log is told.
// Those who ask about one token at once share one answer; nothing is remembered, which is what Remembering is for.
type Introspection struct {
	// URL is the endpoint: https, or http on this machine. Redirects are not followed: they would take a
	// token elsewhere.
	URL string

	// Discovery says which the endpoint is, if URL is empty.
	Discovery *Discovery

	// Authentication is how we authenticate. Empty means ClientSecretBasic.
	Authentication Authentication

	// ClientID and ClientSecret are ours, for ClientSecretBasic and ClientSecretPost.
	ClientID     string
	ClientSecret redact.Secret

	// AccessToken is ours, for BearerToken.
	AccessToken redact.Secret

	// Issuer is what "iss" must be where it is stated; where it is not, Claims.Issuer is this. Empty: whatever
	// the endpoint says.
	Issuer string

	// Audience lists whom tokens may be for: one of them must be in "aud", which must be stated then. Empty: the
	// endpoint decides who may use the token here (RFC 7662 §4 has it do so).
	Audience []string

	// Leeway is by how much clocks may differ. Zero means 30 seconds, less than zero none; 5 minutes at most.
	Leeway time.Duration

	// Timeout bounds one call. Zero means 5 seconds.
	Timeout time.Duration

	// Concurrency bounds how many calls there are at once. Zero means 32. Others wait, no longer than Timeout.
	Concurrency int

	// Client sends the requests, except that redirects are not followed. Nil means one like
	// http.DefaultClient.
	Client *http.Client

	// Log is told when asking begins to fail, and when it works again, once in 10 seconds at most; so it is of answers that cannot
	// be read, which may be about one token alone. Nil means slog.Default().
	Log *slog.Logger

	// Now is the clock for exp, nbf and iat, and for what Log is told. Nil means time.Now.
	Now func() time.Time

	once    sync.Once
	invalid error
	client  *http.Client
	slots   chan struct{}
	digests digester
	flights flights
	health  health // of the endpoint
	answers health // of what it says: a fault here may be of one token alone
}

const (
	zeroTimeout     = 5 * time.Second
	zeroConcurrency = 32
	maxAnswer       = 64 << 10 // bytes
)

// Check says what is wrong with the fields.
func (i *Introspection) Check() error {
	if (i.URL == "") == (i.Discovery == nil) {
		return errors.New("bearer: Introspection needs a URL or a Discovery, and not both")
	}
	if i.URL != "" {
		if _, err := endpoint(i.URL); err != nil {
			return fmt.Errorf("bearer: the URL of Introspection cannot be used: %w", err)
		}
	} else if err := i.Discovery.Check(); err != nil {
		return err
	}
	switch i.Authentication {
	case "", ClientSecretBasic, ClientSecretPost:
		if i.ClientID == "" || i.ClientSecret.IsZero() || !i.AccessToken.IsZero() {
			return errors.New("bearer: Introspection needs ClientID and ClientSecret, and no AccessToken, for this Authentication")
		}
	case BearerToken:
		if i.AccessToken.IsZero() || !isB64token(i.AccessToken.Reveal()) || i.ClientID != "" || !i.ClientSecret.IsZero() {
			return errors.New("bearer: Introspection needs an AccessToken, and neither ClientID nor ClientSecret, for this Authentication")
		}
	default:
		return errors.New("bearer: Introspection with an unknown Authentication: take ClientSecretBasic, ClientSecretPost or BearerToken")
	}
	if i.Leeway > maxLeeway || slices.Contains(i.Audience, "") {
		return errors.New("bearer: Introspection with a Leeway above 5 minutes, or an empty Audience")
	}
	return nil
}

func (i *Introspection) init() error {
	i.once.Do(func() {
		i.invalid = i.Check()
		i.client = clientFor(i.Client, false)
		slots := i.Concurrency
		if slots <= 0 {
			slots = zeroConcurrency
		}
		i.slots = make(chan struct{}, slots)
		for _, h := range []*health{&i.health, &i.answers} {
			h.every, h.now = tellEvery, i.Now
		}
	})
	return i.invalid
}

// Verify implements Verifier.
func (i *Introspection) Verify(ctx context.Context, token string) (*Claims, error) {
	if err := i.init(); err != nil {
		return nil, err
	}
	if len(token) > maxToken {
		return nil, badToken("the token is too long")
	}
	return i.flights.do(ctx, i.digests.of(token), func(ctx context.Context) (*Claims, error) { return i.verify(ctx, token) })
}

func (i *Introspection) verify(ctx context.Context, token string) (*Claims, error) {
	call, cancel := context.WithTimeout(ctx, orElse(i.Timeout, zeroTimeout))
	defer cancel()
	data, err := i.ask(call, token)
	if ctx.Err() == nil && !told(err) { // that our client left says nothing of the endpoint
		i.health.note(i.Log, "asking the introspection endpoint", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	claims, err := readAnswer(data)
	i.answers.note(i.Log, "reading what the introspection endpoint says of a token", err)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	case claims == nil:
		return nil, badToken("the token is not active: it expired, was revoked, or is of somebody else")
	}
	if refusal := i.checkClaims(claims); refusal != nil {
		return nil, refusal
	}
	return claims, nil
}

// ask returns the content of a 200.
func (i *Introspection) ask(ctx context.Context, token string) ([]byte, error) {
	select {
	case i.slots <- struct{}{}:
		defer func() { <-i.slots }()
	case <-ctx.Done():
		return nil, errors.New("wait for other calls: " + ctx.Err().Error())
	}
	if i.Discovery == nil {
		return i.askAt(ctx, i.URL, placeOf(i.URL), token)
	}
	m, err := i.Discovery.Metadata(ctx)
	if err != nil {
		return nil, undiscovered{err}
	}
	const name = "the introspection_endpoint of the issuer's metadata"
	body, err := i.askAt(ctx, m.IntrospectionEndpoint, name, token)
	if err == nil {
		return body, nil
	}
	if moved, _ := i.Discovery.recent(ctx); moved != nil && moved.IntrospectionEndpoint != m.IntrospectionEndpoint {
		return i.askAt(ctx, moved.IntrospectionEndpoint, name, token)
	}
	return nil, err
}

func (i *Introspection) askAt(ctx context.Context, u, name, token string) ([]byte, error) {
	if u == "" {
		return nil, errors.New("the issuer's metadata has no introspection_endpoint")
	}
	r, err := i.request(ctx, u, token)
	if err != nil {
		return nil, err
	}
	status, body, err := fetch(i.client, r, name, maxAnswer)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return nil, fmt.Errorf("%s answered %d: it does not take our own credentials; check the client's ID and secret, or the access token, that it should know us by", name, status)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%s answered %d", name, status)
	}
	return body, nil
}

// request is RFC 7662 §2.1.
func (i *Introspection) request(ctx context.Context, u, token string) (*http.Request, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	if i.Authentication == ClientSecretPost {
		form.Set("client_id", i.ClientID)
		form.Set("client_secret", i.ClientSecret.Reveal())
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("the endpoint is no URL")
	}
	r.GetBody = nil // a token is sent once, unless the issuer says that the endpoint has moved
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	switch i.Authentication {
	case "", ClientSecretBasic: // both are form-encoded first, which SetBasicAuth does not do
		pair := url.QueryEscape(i.ClientID) + ":" + url.QueryEscape(i.ClientSecret.Reveal())
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case BearerToken:
		r.Header.Set("Authorization", prefix+i.AccessToken.Reveal())
	}
	return r, nil
}

// answerNames are the members that decide something here, beside claims.
var answerNames = []string{"active", "token_type", "token_use"}

// otherTokens are the values of token_type (RFC 7662 §2.2) and the like, in small letters, that say of an active token that it is
// no bearer token for a resource: it is bound to a key (RFC 9449 §6.2, RFC 9200), is no access token at all (RFC 8693 §2.2.1 calls
// that N_A), is for the authorization server, or tells a client who signed in. Whatever else is stated passes: servers state
// "access_token", "JWT" or names of their own for what are bearer tokens, and a list of these would never be whole.
var otherTokens = map[string][]string{
	"token_type": {"dpop", "pop", "mac", "n_a", "refresh_token"},
	"token_use":  {"refresh_token", "id_token", "id"},
	"typ":        {"refresh", "offline", "id", "logout"}, // Keycloak's word
}

// readAnswer reads RFC 7662 §2.2. No claims and no error: the token is not active.
func readAnswer(data []byte) (*Claims, error) {
	all, err := readObject(data)
	if err != nil {
		return nil, fmt.Errorf("read the endpoint's answer: %w", err)
	}
	switch active, ok := all["active"].(bool); {
	case misspelt(all, answerNames):
		return nil, errors.New("read the endpoint's answer: active, token_type or token_use stands there in other letters")
	case !ok:
		return nil, errors.New("read the endpoint's answer: its active is neither true nor false")
	case !active:
		return nil, nil
	}
	claims, err := newClaims(all)
	for name := range otherTokens {
		if err == nil {
			err = readText(all, name, new(string))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the endpoint's answer: %w", err)
	}
	return claims, nil
}

func (i *Introspection) checkClaims(c *Claims) *Error {
	switch {
	case i.Issuer != "" && c.Issuer != "" && c.Issuer != i.Issuer:
		return badToken("the token is of another issuer")
	case len(i.Audience) > 0 && !meets(i.Audience, c.Audience):
		return badToken("the token is for another audience")
	}
	for name, others := range otherTokens {
		if stated, _ := c.all[name].(string); slices.Contains(others, strings.ToLower(stated)) {
			return badToken("the token is of a type that is no bearer token")
		}
	}
	if c.Issuer == "" {
		c.Issuer = i.Issuer
	}
	return checkTimes(c, clock(i.Now), leewayOf(i.Leeway))
}
