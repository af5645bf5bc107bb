package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/bearcache/bearcache/internal/config"
)

// secretVariables are those that no flag has: they are the secret itself.
var secretVariables = append(verifySecrets[:], "BEARCACHE_SECRET", "BEARCACHE_PREVIOUS_SECRET", "BEARCACHE_ADMIN_TOKEN", "BEARCACHE_STORE_PASSWORD", "BEARCACHE_STORE_KEY", "BEARCACHE_SENTINEL_PASSWORD")

// knownVariables are those that some command reads.
func knownVariables() []string {
	list := slices.Clone(secretVariables)
	for _, flags := range []any{new(scanFlags), new(serveFlags), new(purgeFlags), new(revokeFlags)} {
		parser, err := kong.New(flags, kong.DefaultEnvars("BEARCACHE"))
		if err != nil {
			panic(err) // it is made of our own structs
		}
		for _, flag := range parser.Model.Flags {
			list = append(list, flag.Envs...)
		}
	}
	return list
}

// foreignVariables are those of tests, and those that Kubernetes sets for a service of this name.
var foreignVariables = regexp.MustCompile(`^BEARCACHE_(TEST_.*|(.*_)?SERVICE_(HOST|PORT)(_.*)?|(.*_)?PORT(_.*)?)$`)

// misspelt warns of variables that nothing reads where serve ends with an error: one of them may be what is missing.
func (e env) misspelt(file *config.File) {
	for _, warning := range unknownVariables(e, file) {
		fmt.Fprintln(e.stderr, "warning: "+warning)
	}
}

// unknownVariables warns of variables that look like ours and that nothing reads: a slip in the name of one switches off what
// it was to switch on. Those that file names as the place of a secret are read.
func unknownVariables(e env, file *config.File) []string {
	if e.environ == nil {
		return nil
	}
	known := knownVariables()
	for _, ref := range []*config.SecretRef{file.Serve.AdminToken, file.Serve.StorePassword, file.Serve.StoreKey, file.Serve.SentinelPassword, file.Serve.Secret, file.Serve.PreviousSecret, file.Verify.HMACSecret, file.Verify.ClientSecret} {
		if ref != nil && ref.Env != "" {
			known = append(known, ref.Env)
		}
	}
	var list []string
	for _, variable := range e.environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "BEARCACHE_") || slices.Contains(known, name) || foreignVariables.MatchString(name) {
			continue
		}
		if len(name) > 64 || !upperName.MatchString(name) {
			name = "a variable that begins with BEARCACHE_ (its name is not shown)"
		}
		remedy := "bearcache serve --help lists the variables"
		if near := config.Nearest(name, known); near != "" {
			remedy = "did you mean " + near + "?"
		}
		list = append(list, problem(name+" is set, and no command reads it", remedy).Error())
	}
	slices.Sort(list)
	return list
}
