package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/config"
)

// verifyFlags are the keys of verify. The variables of those that name a secret are the secret itself.
type verifyFlags struct {
	Issuer        *config.Issuer       `placeholder:"URL" help:"Who makes the tokens; keys are looked up there. With it, tokens are verified before anything is looked up."`
	Audience      []config.Audience    `placeholder:"TEXT" help:"What tokens must be for, one of these; with introspection it may be left out."`
	JWKS          *config.KeySource    `name:"jwks" placeholder:"URL|file:PATH" help:"Where the keys are, if the issuer does not say: a JWK Set, or PEM in a file."`
	Algorithms    []config.Algorithm   `placeholder:"NAME" help:"How tokens may be signed (default: as fits the keys)."`
	AccessTokens  *config.AccessTokens `placeholder:"any|rfc9068" help:"rfc9068: access tokens as RFC 9068 has them, and no others (default any)."`
	Leeway        *config.Duration     `placeholder:"DURATION" help:"How far clocks may be apart (default 30s)."`
	HMACSecret    *config.SecretRef    `name:"hmac-secret" env:"-" placeholder:"SOURCE" help:"The secret of HS256, HS384 and HS512: env:VAR or file:PATH."`
	Introspection *config.Endpoint     `placeholder:"URL" help:"Where the authorization server is asked about each token (RFC 7662)."`
	ClientID      *config.ClientID     `placeholder:"NAME" help:"The name that it knows this gateway by."`
	ClientSecret  *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The secret that goes with it: env:VAR or file:PATH."`
	Remember      *config.Duration     `placeholder:"DURATION" help:"How long a good verdict counts, and so how late what is revoked elsewhere is noticed (default 1m)."`
	RememberBad   *config.Duration     `placeholder:"DURATION" help:"How long a bad verdict counts (default 10s)."`
	Anonymous     *config.Nobody       `placeholder:"pass|refuse" help:"Requests without a bearer token: pass them on, whatever other credentials they carry, or answer 401 (default pass)."`
}

// verifySecrets are the variables of the secrets among them.
var verifySecrets = [...]string{"BEARCACHE_VERIFY_HMAC_SECRET", "BEARCACHE_VERIFY_CLIENT_SECRET"}

// over is flags over file over defaults, where either says anything.
func (f verifyFlags) over(e env, file config.Verify) config.Verify {
	v := config.Verify{
		Issuer: f.Issuer, Audience: f.Audience, JWKS: f.JWKS, Algorithms: f.Algorithms, AccessTokens: f.AccessTokens, Leeway: f.Leeway,
		HMACSecret: f.HMACSecret, Introspection: f.Introspection, ClientID: f.ClientID, ClientSecret: f.ClientSecret,
		Remember: f.Remember, RememberBad: f.RememberBad, Anonymous: f.Anonymous,
	}.Or(file)
	if v.Absent() {
		return v
	}
	v.HMACSecret = e.orVariable(v.HMACSecret, verifySecrets[0])
	v.ClientSecret = e.orVariable(v.ClientSecret, verifySecrets[1])
	return v.Or(config.VerifyDefaults())
}

// verifier is who vouches for tokens, nil where nobody does, and what is to be closed in the end.
type verifier struct {
	bearer.Verifier
	closers []io.Closer
	ready   func(context.Context) error // fetches what it needs; nil: nothing
}

func (v verifier) close() {
	for _, c := range v.closers {
		c.Close()
	}
}

// newVerifier is who vouches for tokens as v has it.
func newVerifier(ctx context.Context, e env, v config.Verify, log *slog.Logger) (verifier, error) {
	if v.Absent() {
		return verifier{}, nil
	}
	if v.Introspects() {
		return newIntrospection(ctx, e, v, log)
	}
	var out verifier
	jwt := &bearer.JWT{Issuer: v.Issuer.String(), Audience: audiences(v), Leeway: leeway(v), AccessTokens: *v.AccessTokens == config.AccessTokensRFC9068}
	for _, a := range v.Algorithms {
		jwt.Algorithms = append(jwt.Algorithms, a.String())
	}
	out.Verifier = jwt
	switch {
	case v.HMACSecret != nil:
		secret, _, err := readSecret(ctx, e, v.HMACSecret.String(), sought{"the secret that tokens are signed with", "--verify-hmac-secret ", "BEARCACHE_VERIFY_HMAC_SECRET"})
		if err != nil {
			return out, err
		}
		jwt.Keys = bearer.StaticKeys{{Secret: secret}}
		if jwt.Algorithms == nil {
			jwt.Algorithms = []string{"HS256"}
		}
		if err := longEnough(len(secret.Reveal()), jwt.Algorithms, v.HMACSecret); err != nil {
			return out, err
		}
	case v.JWKS != nil && strings.HasPrefix(v.JWKS.String(), "file:"):
		keys := &bearer.KeyFile{Path: strings.TrimPrefix(v.JWKS.String(), "file:"), Log: log}
		jwt.Keys, out.closers = keys, []io.Closer{keys}
		if err := keys.Check(); err != nil {
			return out, fmt.Errorf("verify.jwks (%s): %s", v.JWKS, strings.TrimPrefix(err.Error(), "bearer: "))
		}
	default:
		keys := &bearer.RemoteKeys{Log: log}
		out.closers = []io.Closer{keys}
		if v.JWKS != nil {
			keys.URL = v.JWKS.String()
		} else {
			keys.Discovery = &bearer.Discovery{Issuer: v.Issuer.String(), Log: log}
			out.closers = append(out.closers, keys.Discovery)
		}
		jwt.Keys, out.ready = keys, keys.Ready
	}
	if err := jwt.Check(); err != nil {
		return out, fmt.Errorf("verify: %s", strings.TrimPrefix(err.Error(), "bearer: "))
	}
	return out, nil
}

// longEnough says of a secret which algorithm needs a longer one (RFC 7518 §3.2).
func longEnough(n int, algorithms []string, ref *config.SecretRef) error {
	for _, algorithm := range algorithms {
		if needs := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[algorithm]; n < needs {
			return problem(fmt.Sprintf("verify.hmac_secret (%s) has %d bytes; %s needs %d", ref, n, algorithm, needs), "exchange it at the issuer, too")
		}
	}
	return nil
}

func newIntrospection(ctx context.Context, e env, v config.Verify, log *slog.Logger) (verifier, error) {
	secret, _, err := readSecret(ctx, e, v.ClientSecret.String(), sought{"the client's secret", "--verify-client-secret ", "BEARCACHE_VERIFY_CLIENT_SECRET"})
	if err != nil {
		return verifier{}, err
	}
	i := &bearer.Introspection{ClientID: v.ClientID.String(), ClientSecret: secret, Issuer: v.Issuer.String(), Audience: audiences(v), Leeway: leeway(v), Log: log}
	out := verifier{Verifier: i}
	if v.Introspection != nil {
		i.URL = v.Introspection.String()
	} else {
		i.Discovery = &bearer.Discovery{Issuer: v.Issuer.String(), Log: log}
		out.closers = []io.Closer{i.Discovery}
		out.ready = func(ctx context.Context) error {
			_, err := i.Discovery.Metadata(ctx)
			return err
		}
	}
	if err := i.Check(); err != nil {
		return out, fmt.Errorf("verify: %s", strings.TrimPrefix(err.Error(), "bearer: "))
	}
	return out, nil
}

func audiences(v config.Verify) []string {
	var list []string
	for _, a := range v.Audience {
		list = append(list, a.String())
	}
	return list
}

// leeway is package bearer's, which takes zero for its default.
func leeway(v config.Verify) time.Duration {
	if *v.Leeway == 0 {
		return -1
	}
	return time.Duration(*v.Leeway)
}

// verified says at the start what is verified.
func verified(v config.Verify) string {
	if v.Absent() {
		return ""
	}
	how := "verified"
	if v.Introspects() {
		how = "verified by introspection"
	}
	line := fmt.Sprintf("tokens of %s %s", v.Issuer, how)
	if v.Audience != nil {
		line += ", audience " + strings.Join(audiences(v), " or ")
	}
	if *v.Anonymous == config.NobodyRefuse {
		line += "; without one nobody passes"
	}
	return line
}
