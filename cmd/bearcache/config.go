package main

import (
	"context"
	"fmt"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/redisstore"
)

func runConfig(_ context.Context, e env, args []string) error {
	var flags struct {
		common
		Check struct {
			File string `arg:"" help:"The file to check."`
		} `cmd:"" help:"Say whether FILE is a valid configuration, and everything that is wrong with it."`
		Schema struct{} `cmd:"" help:"Print the JSON Schema of the configuration file, for editors."`
	}
	if err := parse(e, "config", `
Check a configuration file, or print its JSON Schema.

Examples:
  bearcache config check bearcache.yaml
  bearcache config schema > bearcache.schema.json`, &flags, args); err != nil {
		return err
	}
	if flags.Check.File == "" {
		_, err := e.stdout.Write(config.Schema())
		return err
	}
	file, err := readConfig(flags.Check.File)
	if err != nil {
		return err
	}
	if store := file.Serve.Store; store != nil && store.Shared() {
		if err := (redisstore.Options{URL: store.URL()}).Check(); err != nil {
			return fmt.Errorf("%s: serve.store: %w", report.Plain(flags.Check.File), err)
		}
	}
	warnings := file.Serve.Or(config.Defaults()).Warnings()
	if store := file.Serve.Store; store != nil && store.HoldsPassword() {
		warnings = append(warnings, config.PasswordInFile)
	}
	for _, warning := range warnings {
		fmt.Fprintln(e.stderr, "warning: "+warning)
	}
	fmt.Fprintf(e.stdout, "%s is valid\n", report.Plain(flags.Check.File))
	return nil
}
