// Package grant hides how an access token is got of an OAuth 2 authorization server (RFC 6749): what is asked, how the
// client says who it is, what may come back, and when the token that came ends. It does not get a person to a login page:
// its grants are those that need nobody, client_credentials (§4.4) and refresh_token (§6).
package grant

import (
	"cmp"
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/bearcache/bearcache/redact"
)

// Client gets tokens at one endpoint, for one identity. Its fields are set before it is used, and not changed.
type Client struct {
	// TokenURL is the token endpoint (RFC 6749 §3.2). That it is https, or http on a loopback address, is the caller's to see to.
	TokenURL string
	// ID is the client's name (§2.2).
	ID string
	// Secret is what the client proves itself with. Zero: a public client, which has none and only says its name (§3.2.1).
	Secret redact.Secret
	// SecretInBody sends the secret as client_secret_post does; by default it goes as client_secret_basic (§2.3.1).
	SecretInBody bool
	// RefreshToken is what the first token is got for. Zero: the grant is client_credentials.
	RefreshToken redact.Secret
	// Scope is what the token is to open (§3.3). Empty: what the endpoint thinks fit.
	Scope string
	// Audience is who the token is to be for, at endpoints that want to be told. It is not of RFC 6749.
	Audience string
	// Roots are the authorities that vouch for the endpoint's certificate. Nil means this machine's.
	Roots *x509.CertPool
	// Timeout is how long to wait for a whole answer. Zero means 20 s.
	Timeout time.Duration

	mu      sync.Mutex    // one request at a time: a refresh token that is used twice may cost all that came of it (RFC 9700 §4.14.2)
	rotated redact.Secret // the refresh token that the endpoint gave in place of the last; zero: none so far
}

// Token asks the endpoint for a new token, and says when it ends; zero: that is not known. It takes the exp of a JWT for that,
// which the API goes by, and otherwise expires_in (RFC 6749 §5.1). A refresh token that comes with it is used the next time.
// Every error is an *Error.
func (c *Client) Token(ctx context.Context) (redact.Secret, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, patience))
	defer cancel()
	client := newClient(c.Roots)
	defer client.CloseIdleConnections() // the next token is due in minutes or hours
	request := c.request()
	got, err := request.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err != nil {
		return redact.Secret{}, time.Time{}, asError(err)
	}
	if !c.RefreshToken.IsZero() { // the library has the old one where none came
		c.rotated = redact.NewSecret(got.RefreshToken)
	}
	if !strings.EqualFold(cmp.Or(got.TokenType, "bearer"), "bearer") {
		return redact.Secret{}, time.Time{}, &Error{what: "its token is not of the type bearer, and cannot be used as one (RFC 6749 §7.1)"}
	}
	token := redact.NewSecret(got.AccessToken)
	ends := Ends(token)
	if ends.IsZero() {
		ends = got.Expiry
	}
	return token, ends, nil
}

// request is the next one. Both grants are the library's clientcredentials, which lets the grant's name be replaced: its
// refresh sends neither a scope nor an audience.
func (c *Client) request() *clientcredentials.Config {
	request := &clientcredentials.Config{
		ClientID: c.ID, ClientSecret: c.Secret.Reveal(), TokenURL: c.TokenURL,
		Scopes: strings.Fields(c.Scope), EndpointParams: url.Values{}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	if c.SecretInBody || c.Secret.IsZero() {
		request.AuthStyle = oauth2.AuthStyleInParams
	}
	if c.Audience != "" {
		request.EndpointParams.Set("audience", c.Audience)
	}
	if refresh := c.RefreshToken; !refresh.IsZero() {
		if !c.rotated.IsZero() {
			refresh = c.rotated
		}
		request.EndpointParams.Set("grant_type", "refresh_token")
		request.EndpointParams.Set("refresh_token", refresh.Reveal())
	}
	return request
}

const (
	patience = 20 * time.Second
	maxBody  = 256 << 10 // bytes of an answer, unpacked: tokens have a few thousand
	maxField = 64 << 10  // bytes of an answer's fields
)

// newClient is a client of one request. It knows no proxy: whoever set one for other programs did not mean it to
// see this client's secret; and it follows no redirect, which would take the secret elsewhere.
func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport:     newTransport(roots),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
