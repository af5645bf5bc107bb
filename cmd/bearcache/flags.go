package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/report"
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
		text := usage(err, args)
		if strings.Contains(text, "; ") {
			return errors.New(text) // it says what to do
		}
		return problem(text, "bearcache "+name+" --help shows the flags")
	}
	return nil
}

var (
	fromVariable = regexp.MustCompile(`(?s) \(from envar (\w+)=.*\)$`)
	stray        = regexp.MustCompile(`(?s)^unexpected .*`)
	unknownFlag  = regexp.MustCompile(`^unknown flag (-[A-Za-z]|--[a-z]{1,20}(?:-[a-z]{1,20}){0,3})(?:, did you mean (?:"(--[a-z-]+)"\?|one of ["a-z, -]+\?))?$`)
	noValue      = regexp.MustCompile(`(?s)^(--?[a-z-]+): (expected \w+ value but got|missing value).*`)
	wrongValue   = regexp.MustCompile(`(?s)^(--?[a-z-]+): (?:expected )?(.+?) but got .*`)
)

// kinds are the values of kong's own types as people call them.
var kinds = map[string]string{
	"a float": "a number", "a valid 64 bit int": "a whole number", "an int": "a whole number", "duration": "a duration such as 10s",
	"bool value must be true, 1, yes, false, 0 or no": "true or false",
}

// usage is kong's message without what it repeats of the command line and the environment: where a
// value stands, somebody may have put a token. The types of package config see to that themselves.
func usage(err error, args []string) string {
	text, source := err.Error(), ""
	if m := fromVariable.FindStringSubmatch(text); m != nil {
		text, source = strings.TrimSuffix(text, m[0]), " (from "+m[1]+")"
	}
	switch {
	case stray.MatchString(text):
		text = strayArgument(strings.TrimPrefix(text, "unexpected argument "), args)
	case unknownFlag.MatchString(text):
		m := unknownFlag.FindStringSubmatch(text)
		if text = "unknown flag " + m[1]; m[2] != "" {
			text = problem(text, "did you mean "+m[2]+"?").Error()
		}
	case strings.HasPrefix(text, "unknown flag"):
		text = "there is no such flag"
	case noValue.MatchString(text):
		flag := noValue.FindStringSubmatch(text)[1]
		text = problem(flag+": its value is missing", "one that begins with - is written as "+flag+"=VALUE").Error()
	case wrongValue.MatchString(text):
		m := wrongValue.FindStringSubmatch(text)
		text = m[1] + " must be " + cmp.Or(kinds[m[2]], "another value")
	}
	return report.Plain(redact.New(nil).Text(firstLine(text))) + source
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// strayArgument says which argument belongs to no flag: by its word, if it is one that nobody would have
// for a token, and otherwise by its place, if that is sure.
func strayArgument(word string, args []string) string {
	word, _, _ = strings.Cut(word, ", did you mean ") // which is kong's
	if plainWord.MatchString(word) {
		return fmt.Sprintf("the argument %q belongs to no flag", word)
	}
	if i := slices.Index(args, word); i >= 0 && !slices.Contains(args[i+1:], word) {
		return fmt.Sprintf("argument %d of the command belongs to no flag", i+1)
	}
	return "there is an argument that belongs to no flag"
}

var plainWord = regexp.MustCompile(`^[a-z]{1,12}$`)

// written is what the user calls a key of the configuration: the flag that is among args, or the variable
// that is set, or, if it is from the file, the key itself.
func (e env) written(key string, args []string) string {
	name := strings.ReplaceAll(strings.TrimPrefix(key, "serve."), ".", "_") // verify.issuer is --verify-issuer
	flag := "--" + strings.ReplaceAll(name, "_", "-")
	if slices.ContainsFunc(args, func(arg string) bool { return arg == flag || strings.HasPrefix(arg, flag+"=") }) {
		return flag
	}
	variable := "BEARCACHE_" + strings.ToUpper(name)
	if value, _ := e.getenv(variable); value != "" {
		return variable
	}
	return key
}

// load reads the configuration file of --config; without one, the empty configuration.
func (c common) load() (*config.File, error) {
	if c.Config == "" {
		return new(config.File), nil
	}
	return readConfig(c.Config)
}

// maxFile bounds what is read of a file that holds a configuration or a secret: a path may name a device
// that never ends.
const maxFile = 1 << 20

func readConfig(path string) (*config.File, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", plainPath(err))
	}
	return config.Parse(harmlessPath(path), data)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = &os.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	return data, err
}

var errTooLarge = errors.New("it has more than 1 MiB")

// plainPath is a file error without the name of the system call, and without a path that may be a secret.
func plainPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", harmlessPath(p.Path), p.Err)
	}
	return err
}
