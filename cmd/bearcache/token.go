package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/grant"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/redact"
)

// tokenSource is where the token of an identity comes from, and what came.
type tokenSource struct {
	Token    redact.Secret
	Ends     time.Time // zero: not known
	Variable string    // the environment variable that stands for the token in lines to repeat
	// Renew asks again: it reads the file, runs the command, asks the endpoint. What comes may be what came before. Nil: a
	// variable of our own environment, which nobody changes.
	Renew func(context.Context) (redact.Secret, time.Time, error)
}

// openTokenSource asks for the token of the identity called name for the first time. bearer says that the token will be
// sent as one, and must be fit for that.
func openTokenSource(ctx context.Context, e env, name, source string, bearer bool) (t tokenSource, err error) {
	t.Variable = variableOf(name, "TOKEN")
	s := sought{name + "'s token", "--identity " + name + "=", t.Variable}
	ask := func(ctx context.Context, e env) (redact.Secret, time.Time, error) {
		token, _, err := readSecret(ctx, e, source, s)
		return token, grant.Ends(token), err
	}
	kind, rest, _ := strings.Cut(source, ":")
	switch kind {
	case "env":
		t.Variable = rest
	case "file", "cmd":
	case "oauth2":
		bearer = true
		if ask, err = s.fromGrant(ctx, e, name, rest); err != nil {
			return t, err
		}
	default:
		if value, _ := e.getenv(source); value != "" && upperName.MatchString(source) {
			return t, problem("the source of "+s.whose+" is the name of a variable", "write "+s.flag+"env:"+source)
		}
		return t, problem("the source of "+s.whose+" must be env:VAR, file:PATH, cmd:COMMAND or oauth2:FILE",
			"a secret on the command line could be read by every user of this machine")
	}
	as := anyCredential
	if bearer {
		as = bearerCredential
	}
	read := func(ctx context.Context, e env) (redact.Secret, time.Time, error) {
		token, ends, err := ask(ctx, e)
		if err != nil {
			return token, ends, err
		}
		token = withoutScheme(token)
		if why := as.unfit(token); why != "" {
			return redact.Secret{}, time.Time{}, problem(s.whose+" is malformed", why)
		}
		return token, ends, nil
	}
	if t.Token, t.Ends, err = read(ctx, e); err != nil {
		return t, err
	}
	if err := ended(s.whose, t.Token, time.Now()); err != nil {
		return t, err
	}
	if kind != "env" {
		e.stdin = nil // a command that asks somebody something may do so at the start only
		t.Renew = func(ctx context.Context) (redact.Secret, time.Time, error) { return read(ctx, e) }
	}
	return t, nil
}

// ended is the error of a token that says itself that it is over: what it gets is refused, or comes from a cache. Clocks
// differ, by a minute at most.
func ended(whose string, token redact.Secret, now time.Time) error {
	const skew = time.Minute
	ends := grant.Ends(token)
	if ends.IsZero() || now.Before(ends.Add(skew)) {
		return nil
	}
	return unfinished{problem(fmt.Sprintf("%s ended %s ago, as its exp says (%s)", whose, roughly(now.Sub(ends)), ends.UTC().Format("2006-01-02 15:04 UTC")), "get a new one; nothing was sent")}
}

// roughly is a duration as people say it.
func roughly(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}} {
		switch n := int(d / unit.length); {
		case n > 1:
			return fmt.Sprintf("%d %ss", n, unit.name)
		case n == 1:
			return "1 " + unit.name
		}
	}
	return fmt.Sprintf("%d min", max(1, int(d/time.Minute)))
}

// variableOf is the variable that examples name for what belongs to an identity: ALICE_TOKEN.
func variableOf(parts ...string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			return c
		}
		return '_'
	}, strings.Join(parts, "_"))
}

// withoutScheme is a token without the scheme's name, which some print before it.
func withoutScheme(s redact.Secret) redact.Secret {
	text := s.Reveal()
	if len(text) > 7 && strings.EqualFold(text[:7], "bearer ") {
		return redact.NewSecret(strings.TrimSpace(text[7:]))
	}
	return s
}

// fromGrant reads a file that says how tokens are got at an OAuth 2 endpoint, and the secrets that it names. They are read
// once: a refresh token is used up where the endpoint gives another for it, and only we have that.
func (s sought) fromGrant(ctx context.Context, e env, name, path string) (func(context.Context, env) (redact.Secret, time.Time, error), error) {
	s.whose = name + "'s grant"
	if path == "" {
		return nil, problem("nothing follows oauth2: in the source of "+name+"'s token", "give the path of a file, or "+s.withoutDollar())
	}
	data, err := readFile(path)
	if err != nil {
		return nil, s.unreadable(path, err)
	}
	file := path
	if !pathLike(path) {
		file = "the file named in " + s.flag + "oauth2:"
	}
	g, err := config.ParseGrant(file, data)
	if err != nil {
		return nil, err
	}
	client := &grant.Client{TokenURL: g.TokenURL.String(), ID: g.ClientID.String(), SecretInBody: g.Auth != nil && *g.Auth == config.ClientSecretPost}
	if g.Scope != nil {
		client.Scope = g.Scope.String()
	}
	if g.Audience != nil {
		client.Audience = g.Audience.String()
	}
	for _, named := range []struct {
		source *config.Source
		key    string
		dst    *redact.Secret
	}{{g.ClientSecret, "client_secret", &client.Secret}, {g.RefreshToken, "refresh_token", &client.RefreshToken}} {
		if named.source == nil {
			continue
		}
		of := sought{name + "'s " + named.key, named.key + ": ", variableOf(name, named.key)}
		if *named.dst, _, err = readSecret(ctx, e, named.source.String(), of); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, _ env) (redact.Secret, time.Time, error) {
		token, ends, err := client.Token(ctx)
		return token, ends, ungranted(err, name, client.TokenURL, file)
	}, nil
}

// ungranted says why an endpoint gave no token. One that is out of reach, or does not do its work, is not the user's mistake.
func ungranted(err error, name, tokenURL, file string) error {
	if err == nil {
		return nil
	}
	host := "its endpoint"
	if u, err := url.Parse(tokenURL); err == nil {
		host = cut(report.Plain(u.Host), 100)
	}
	whole := fmt.Errorf("cannot get %s's token of %s: %w", name, host, err)
	if refused := (*grant.Error)(nil); errors.As(err, &refused) && refused.Code != "" {
		return whole // and says what to do
	}
	return unfinished{problem(whole.Error(), "check token_url in "+file)}
}
