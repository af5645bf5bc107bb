package main

import (
	"context"
	"fmt"
	"strings"
)

type purgeFlags struct {
	adminFlags
	URL        string `env:"-" name:"url" placeholder:"URL" help:"One absolute URL with its query, as clients send it, for every reader. https is what the gateway, which speaks HTTP behind a proxy, stores as http."`
	Prefix     string `env:"-" placeholder:"URL" help:"All URLs that begin so."`
	Tag        string `env:"-" placeholder:"TAG" help:"What the origin gave this tag, in Surrogate-Key or Cache-Tag."`
	Subject    string `env:"-" placeholder:"SUB" help:"All that is stored for one subject of the verified issuer."`
	Issuer     string `env:"-" placeholder:"URL" help:"The issuer of --subject, if it is not the one that is verified."`
	Everything bool   `env:"-" help:"All that is stored."`
	DryRun     bool   `env:"-" help:"Say how many records it would be, and purge none."`
}

const purgeHelp = `
Have a running gateway forget what it stores: one URL, all below a prefix, a tag, one subject, or everything. What is
under way then is not stored to any use.

Examples:
  bearcache purge --url https://api.example/catalog
  bearcache purge --tag news --dry-run`

// what is the one extent that is given, as the gateway is told of it.
func (f *purgeFlags) what() (order map[string]any, kind string, err error) {
	order = map[string]any{}
	for _, one := range []struct{ kind, text string }{{"url", f.URL}, {"prefix", f.Prefix}, {"tag", f.Tag}, {"subject", f.Subject}} {
		if one.text != "" {
			order[one.kind], kind = one.text, one.kind
		}
	}
	if f.Everything {
		order["everything"], kind = true, "everything"
	}
	switch {
	case len(order) == 0:
		return nil, "", problem("what is to be purged is not said", "give one of --url, --prefix, --tag, --subject and --everything")
	case len(order) > 1:
		return nil, "", problem("more than one thing is to be purged", "give one of --url, --prefix, --tag, --subject and --everything; purge each by itself")
	case f.Issuer != "" && kind != "subject":
		return nil, "", problem("--issuer says whose --subject is meant, and there is none", "leave it out")
	}
	if f.Issuer != "" {
		order["issuer"] = f.Issuer
	}
	if f.DryRun {
		order["dry_run"] = true
	}
	return order, kind, nil
}

func runPurge(ctx context.Context, e env, args []string) error {
	var flags purgeFlags
	if err := parse(e, "purge", purgeHelp, &flags, args); err != nil {
		return err
	}
	order, kind, err := flags.what()
	if err != nil {
		return err
	}
	at, err := flags.gateway(ctx, e, false)
	if err != nil {
		return err
	}
	answer, err := at.order(ctx, "/api/v1/purge", order)
	if err != nil {
		return err
	}
	verb := "purged"
	if flags.DryRun {
		verb = "would be purged"
	}
	records := "records"
	if answer.Records == 1 {
		records = "record"
	}
	fmt.Fprintf(e.stdout, "%s: %d %s %s in the memory of %s\n", kind, answer.Records, records, verb, at.url.Host)
	if answer.Records == 0 {
		fmt.Fprintln(e.stdout, "nothing was stored there on this node")
		if strings.Contains(flags.URL+flags.Prefix+flags.Tag, "*") {
			fmt.Fprintln(e.stdout, "a * stands for nothing but itself; --prefix is all that begins so")
		}
	}
	if flags.DryRun {
		return nil
	}
	return answer.nodes(e, "the purge holds on this one")
}
