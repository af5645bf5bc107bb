package bearer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Metadata is what an issuer says of itself, as far as it is of use here (RFC 8414 §2).
type Metadata struct {
	Issuer                string
	JWKSURI               string // empty: not stated
	IntrospectionEndpoint string // empty: not stated
}

// Discover asks an issuer for its metadata: at /.well-known/openid-configuration behind its path (OpenID
// Connect Discovery 1.0 §4), then at /.well-known/oauth-authorization-server before its path (RFC 8414 §3). The
// issuer in the answer must be the one asked, byte by byte (§3.3), and what it names must be https, or http on this
// machine if the issuer is. The client follows redirects within the origin only; nil means one like
// http.DefaultClient.
func Discover(ctx context.Context, issuer string, client *http.Client) (*Metadata, error) {
	own := clientFor(client, true)
	if client == nil {
		defer own.CloseIdleConnections()
	}
	return discover(ctx, issuer, own)
}

func discover(ctx context.Context, issuer string, client *http.Client) (*Metadata, error) {
	addresses, err := wellKnown(issuer)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, address := range addresses {
		data, err := document(ctx, client, address, address)
		if err == nil {
			var m *Metadata
			if m, err = readMetadata(data, issuer); err == nil {
				return m, nil
			}
			err = fmt.Errorf("%s: %w", address, err)
		}
		failures = append(failures, err)
	}
	return nil, fmt.Errorf("discover the issuer: %w; %w; check the issuer (verify.issuer), or give the URL of its keys (verify.jwks) or of introspection (verify.introspection)", failures[0], failures[1])
}

// undiscovered is an error of Discovery's, whose own Log was told.
type undiscovered struct{ error }

func (u undiscovered) Unwrap() error { return u.error }

// told reports whether an operator was told of err elsewhere.
func told(err error) bool {
	var of undiscovered
	return errors.As(err, &of)
}

// wellKnown lists where an issuer's metadata may be.
func wellKnown(issuer string) ([]string, error) {
	u, err := endpoint(issuer)
	if err == nil && (u.RawQuery != "" || u.ForceQuery) {
		err = errors.New("it has a query")
	}
	if err != nil {
		return nil, fmt.Errorf("bearer: the issuer cannot be asked: %w", err)
	}
	origin, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	return []string{
		origin + path + "/.well-known/openid-configuration",
		origin + "/.well-known/oauth-authorization-server" + path,
	}, nil
}

func readMetadata(data []byte, issuer string) (*Metadata, error) {
	o, err := readObject(data)
	if err != nil {
		return nil, fmt.Errorf("read the metadata: %w", err)
	}
	m := new(Metadata)
	for name, to := range map[string]*string{"issuer": &m.Issuer, "jwks_uri": &m.JWKSURI, "introspection_endpoint": &m.IntrospectionEndpoint} {
		if err := readText(o, name, to); err != nil {
			return nil, fmt.Errorf("read the metadata: %w", err)
		}
	}
	if m.Issuer != issuer {
		return nil, errors.New("read the metadata: they are of another issuer than was asked; compare every character, also a slash at the end")
	}
	local := strings.HasPrefix(issuer, "http://")
	for name, uri := range map[string]string{"jwks_uri": m.JWKSURI, "introspection_endpoint": m.IntrospectionEndpoint} {
		if uri == "" {
			continue
		}
		var u *url.URL
		if u, err = endpoint(uri); err == nil && u.Scheme != "https" && !local {
			err = errors.New("it must be https, as the issuer is")
		}
		if err != nil {
			return nil, fmt.Errorf("read the metadata: their %s cannot be used: %w", name, err)
		}
	}
	return m, nil
}

// Discovery is the metadata of an issuer, fetched when first needed and every day from then on. As long as the
// issuer does not answer it is asked again, after a second, then after twice as long each time, up to a
// minute. Where an endpoint that it named fails, or has not the key of a token, it is asked too, once a minute at most, since the
// endpoint may have moved. Fields must not be changed after the first use. RemoteKeys and Introspection may share one.
type Discovery struct {
	// Issuer is its URL: https, or http on this machine, without a query.
	Issuer string

	// Client sends the requests, except that redirects are followed within the origin only. Nil means one
	// like http.DefaultClient.
	Client *http.Client

	// Log is told when asking begins to fail, and when it works again. Nil means slog.Default().
	Log *slog.Logger

	once    sync.Once
	invalid error
	client  *http.Client
	source  source[*Metadata]
	health  health
}

const (
	metadataRefresh  = 24 * time.Hour
	metadataMaxStale = 7 * 24 * time.Hour
	metadataAgain    = time.Minute // how often an endpoint that fails, or lacks a key, has the metadata fetched, at most
)

// Check says what is wrong with the fields.
func (d *Discovery) Check() error {
	_, err := wellKnown(d.Issuer)
	return err
}

func (d *Discovery) init() error {
	d.once.Do(func() {
		d.invalid = d.Check()
		d.client = clientFor(d.Client, true)
		d.source.fetch = func(ctx context.Context) (*Metadata, error) { return discover(ctx, d.Issuer, d.client) }
		d.source.report = func(err error) { d.health.note(d.Log, "asking the issuer for its metadata", err) }
		d.source.refresh, d.source.maxStale = metadataRefresh, metadataMaxStale
		d.source.start()
	})
	return d.invalid
}

// Metadata returns what the issuer said; nobody changes it. Its errors wrap ErrUnavailable, unless Check has one.
func (d *Discovery) Metadata(ctx context.Context) (*Metadata, error) {
	if err := d.init(); err != nil {
		return nil, err
	}
	return d.source.get(ctx)
}

// recent is Metadata that is a minute old at most, unless the issuer does not answer.
func (d *Discovery) recent(ctx context.Context) (*Metadata, error) {
	if err := d.init(); err != nil {
		return nil, err
	}
	m, _, err := d.source.recent(ctx, metadataAgain)
	return m, err
}

// Close ends what is under way and waits for it. Metadata fails from then on.
func (d *Discovery) Close() error {
	d.init()
	d.source.close()
	if d.Client == nil {
		d.client.CloseIdleConnections()
	}
	return nil
}
