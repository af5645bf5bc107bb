// Command bearcache finds, and stops, caches that hand one bearer's response to another.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/report"
)

// env is the world as a command sees it.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	terminal       func(w io.Writer) bool // w is a terminal that understands colour
	environ        func() []string        // all variables, NAME=value; nil: none
}

// command is one subcommand. Its error decides the exit status, see exitCode.
type command struct {
	name, summary string
	run           func(ctx context.Context, e env, args []string) error
}

// commands in the order that help lists them.
var commands = []command{
	{"demo", "the whole story on one screen: a leaking API, the proof, the gateway, the proof again", runDemo},
	{"scan", "prove over HTTP that responses to one bearer reach another, or nobody in particular", runScan},
	{"audit", "find the same bugs in Flask source and in nginx, Varnish and Apache configuration", runAudit},
	{"serve", "a caching reverse proxy with a private cache for every bearer", runServe},
	{"purge", "have a running gateway forget what it stores: a URL, a prefix, a tag, a subject, everything", runPurge},
	{"revoke", "have a running gateway refuse a token, or all of a subject, from now on", runRevoke},
	{"config", "check a configuration file, or print its JSON Schema", runConfig},
	{"version", "version, commit and Go version", runVersion},
}

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as it is by nohup. There is nothing that could be reloaded
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	e := env{os.Stdin, os.Stdout, os.Stderr, os.LookupEnv, isTerminal, os.Environ}
	os.Exit(run(ctx, e, os.Args[1:]))
}

func run(ctx context.Context, e env, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		help(e.stdout)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	name := args[0]
	if name == "--version" {
		name = "version"
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		fmt.Fprintln(e.stderr, "bearcache: "+unknown(name))
		return 2
	}
	err := commands[i].run(ctx, e, args[1:])
	code, say := exitCode(err)
	if say {
		fmt.Fprintf(e.stderr, "bearcache %s: %s\n", name, err)
	}
	return code
}

// unknown says that there is no such command. It repeats a word that looks like a command only: where
// one belongs, somebody may have pasted a token.
func unknown(name string) string {
	if len(name) > 12 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return "there is no such command; bearcache help lists them"
	}
	var known []string
	for _, c := range commands {
		known = append(known, c.name)
	}
	if best := config.Nearest(name, known); best != "" {
		return fmt.Sprintf("there is no command %q; did you mean %s?", name, best)
	}
	return fmt.Sprintf("there is no command %q; bearcache help lists them", name)
}

func help(w io.Writer) {
	fmt.Fprint(w, `bearcache finds, and stops, caches that hand one bearer's response to another.

Usage: bearcache COMMAND [flags]

`)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
Start with: bearcache demo
bearcache COMMAND --help shows a command's flags and an example. Every flag can be given as an
environment variable too: --upstream is BEARCACHE_UPSTREAM.

Exit status: 0 done, nothing found; 1 findings; 2 wrong usage, configuration or input file;
3 the work could not be completed, and what was found so far is reported.
`)
}

// Errors that decide the exit status. Any other error is wrong usage, configuration or input: 2.
type (
	// unfinished is work that could not be completed, though it was asked for correctly: 3.
	unfinished struct{ error }
	// found is findings at or above the threshold; the report said so already: 1.
	found struct{}
	// done is a wish fulfilled while reading the flags, such as --help: 0.
	done struct{}
)

func (found) Error() string { return "findings" }
func (done) Error() string  { return "done" }

// exitCode maps a command's error to the exit status, and whether there is a sentence to say.
func exitCode(err error) (code int, say bool) {
	var u unfinished
	switch {
	case err == nil || errors.Is(err, done{}):
		return 0, false
	case errors.Is(err, found{}):
		return 1, false
	case errors.As(err, &u):
		return 3, true
	}
	return 2, true
}

// problem is an error with its remedy, as one sentence.
func problem(what, remedy string) error { return fmt.Errorf("%s; %s", what, remedy) }

// printable is s fit for a terminal, and not longer than a name would be.
func printable(s string) string { return cut(report.Plain(s), 40) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// colour reports whether what goes to w may be coloured (https://no-color.org).
func (e env) colour(w io.Writer) bool {
	off, _ := e.getenv("NO_COLOR")
	return off == "" && e.terminal(w)
}
