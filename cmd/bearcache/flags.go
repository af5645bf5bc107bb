package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/redact"
)

// common flags of every command.
type common struct {
	Config string `placeholder:"FILE" help:"Configuration file (YAML). Flags and BEARCACHE_* variables override it."`
}

// parse reads args, and the environment, into flags, a pointer to a struct with kong's tags. The
// description is the command's help, with an example.
func parse(e env, name, description string, flags any, args []string) error {
	stopped := false
	parser, err := kong.New(flags,
		kong.Name("bearcache "+name),
		kong.Description(strings.TrimSpace(description)),
		kong.Writers(e.stdout, e.stderr),
		kong.Exit(func(int) { stopped = true }),
		kong.DefaultEnvars("BEARCACHE"),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
	)
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	switch {
	case stopped:
		return done{}
	case err != nil:
		text := usage(err)
		if strings.Contains(text, "; ") {
			return errors.New(text) // it says what to do
		}
		return problem(text, "bearcache "+name+" --help shows the flags")
	}
	return nil
}

var (
	fromVariable = regexp.MustCompile(`(?s) \(from envar (\w+)=.*\)$`)
	stray        = regexp.MustCompile(`(?s)^unexpected argument .*`)
	unknownFlag  = regexp.MustCompile(`^unknown flag -{1,2}[A-Za-z-]{1,40}`)
)

// usage is kong's message without what it repeats of the command line and the environment: where a
// value stands, somebody may have put a token.
func usage(err error) string {
	text := err.Error()
	text = fromVariable.ReplaceAllString(text, " (from $1)")
	text = stray.ReplaceAllString(text, "there is an argument that belongs to no flag")
	if strings.HasPrefix(text, "unknown flag") {
		if text = unknownFlag.FindString(text); text == "" {
			text = "there is no such flag"
		}
	}
	return redact.New(nil).Text(firstLine(text))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// load reads the configuration file of --config; without one, the empty configuration.
func (c common) load() (*config.File, error) {
	if c.Config == "" {
		return new(config.File), nil
	}
	data, err := os.ReadFile(c.Config)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", plainPath(err))
	}
	return config.Parse(c.Config, data)
}

// plainPath is a file error without the name of the system call, and without a path that may be a secret.
func plainPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", harmlessPath(p.Path), p.Err)
	}
	return err
}
