package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bearcache/bearcache/internal/report"
)

type revokeFlags struct {
	adminFlags
	Token   string `env:"-" placeholder:"SOURCE" help:"One token: env:VAR, file:PATH or cmd:COMMAND, never the token itself."`
	JTI     string `env:"-" name:"jti" placeholder:"ID" help:"The token with this jti."`
	Subject string `env:"-" placeholder:"SUB" help:"All tokens of this subject that were issued until now; what is stored for it is purged."`
	Issuer  string `env:"-" placeholder:"URL" help:"The issuer of --jti or --subject, if it is not the one that is verified."`
	Until   string `env:"-" placeholder:"TIME" help:"When the last token that is meant ends, as in 2027-01-31T12:00:00Z (default: a year from now, of a subject 30 days)."`
}

const revokeHelp = `
Have a running gateway refuse tokens from now on, whatever else says that they are good: one token, one jti, or all of a
subject. It answers them 401, and asks neither cache nor origin. A revocation cannot be taken back, nor made shorter: it ends at
its time. One of a subject also refuses tokens to come that do not say when they were issued (iat).

Examples:
  bearcache revoke --token env:LEAKED_TOKEN
  bearcache revoke --subject alice`

// what is the one thing that is given, as the gateway is told of it.
func (f *revokeFlags) what(ctx context.Context, e env) (order map[string]any, kind string, err error) {
	order = map[string]any{}
	for _, one := range []struct{ kind, text string }{{"token", f.Token}, {"jti", f.JTI}, {"subject", f.Subject}} {
		if one.text != "" {
			order[one.kind], kind = one.text, one.kind
		}
	}
	switch {
	case len(order) == 0:
		return nil, "", problem("what is to be revoked is not said", "give one of --token, --jti and --subject")
	case len(order) > 1:
		return nil, "", problem("more than one thing is to be revoked", "give one of --token, --jti and --subject; revoke each by itself")
	case f.Issuer != "" && kind == "token":
		return nil, "", problem("--issuer says whose --jti or --subject is meant, and there is neither", "leave it out")
	}
	if kind == "token" {
		token, _, err := readSecret(ctx, e, f.Token, sought{"the token", "--token ", "LEAKED_TOKEN"})
		if err != nil {
			return nil, "", err
		}
		order["token"] = token.Reveal()
	}
	if f.Issuer != "" {
		order["issuer"] = f.Issuer
	}
	if f.Until != "" {
		until, err := time.Parse(time.RFC3339, f.Until)
		if err != nil || !until.After(time.Now()) {
			return nil, "", problem("--until is no time to come", "write one such as "+time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339))
		}
		order["until"] = f.Until
	}
	return order, kind, nil
}

func runRevoke(ctx context.Context, e env, args []string) error {
	var flags revokeFlags
	if err := parse(e, "revoke", revokeHelp, &flags, args); err != nil {
		return err
	}
	order, kind, err := flags.what(ctx, e)
	if err != nil {
		return err
	}
	at, err := flags.gateway(ctx, e, kind == "token")
	if err != nil {
		return err
	}
	answer, err := at.order(ctx, "/api/v1/revoke", order)
	if err != nil {
		return err
	}
	alone := ""
	if answer.OtherNodes == "none" {
		alone = ", or until that gateway ends"
	}
	fmt.Fprintf(e.stdout, "%s revoked on %s until %s%s\n", kind, at.url.Host, report.Plain(answer.Until), alone)
	if answer.Note != "" {
		fmt.Fprintln(e.stdout, report.Plain(answer.Note))
	}
	return answer.nodes(e, "the revocation holds on this one")
}
