package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/bearcache/bearcache/redact"
)

// sought is a secret that somebody has to name a source of, in the words of its errors.
type sought struct {
	whose    string // "alice's token"
	flag     string // what stands before the source: "--identity alice="
	variable string // the variable that an example names: "ALICE_TOKEN"
}

// readSecret reads what SOURCE names: env:VAR, file:PATH or cmd:COMMAND. variable is the environment
// variable that stands for the secret in lines to repeat.
//
// Its errors never repeat what the source held, nor, unless it cannot be that, what follows the colon:
// whoever writes env:$TOKEN for env:TOKEN has a shell that puts the secret itself there.
func readSecret(ctx context.Context, e env, source string, s sought) (secret redact.Secret, variable string, err error) {
	kind, name, _ := strings.Cut(source, ":")
	if kind != "env" && kind != "file" && kind != "cmd" {
		return secret, "", problem("the source of "+s.whose+" must be env:VAR, file:PATH or cmd:COMMAND",
			"a secret on the command line could be read by every user of this machine")
	}
	if name == "" {
		return secret, "", problem("nothing follows "+kind+": in the source of "+s.whose, s.withoutDollar())
	}
	var text, from string
	switch kind {
	case "env":
		text, from, err = s.fromVariable(e, name)
		variable = name
	case "file":
		text, from, err = s.fromFile(name)
	case "cmd":
		text, from, err = s.fromCommand(ctx, e, name)
	}
	if err != nil {
		return secret, "", err
	}
	if text = strings.TrimSpace(text); text == "" {
		return secret, "", fmt.Errorf("%s is empty (%s)", s.whose, from)
	}
	return redact.NewSecret(text), variable, nil
}

func (s sought) withoutDollar() string {
	return "write " + s.flag + "env:" + s.variable + ", without $"
}

func (s sought) fromVariable(e env, name string) (text, from string, err error) {
	value, set := e.getenv(name)
	switch {
	case set && value != "":
		return value, "env:" + name, nil
	case !variableName.MatchString(name) || !set && !upperName.MatchString(name):
		return "", "", problem("what follows env: is not the name of a variable that is set", s.withoutDollar())
	}
	return "", "", problem(name+" is not set", "export it, or use "+s.flag+"file:PATH")
}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	// upperName is the name of a variable that may have been forgotten, ALICE_TOKEN_2. Tokens in base32 or
	// upper-case hex are made of the same characters, but have digits amid the letters and no short words.
	upperName = regexp.MustCompile(`^_*[A-Z]{1,16}[0-9]{0,4}(_+([A-Z]{1,16}[0-9]{0,4}|[0-9]{1,4}))*_*$`)
)

func (s sought) fromFile(path string) (text, from string, err error) {
	data, err := readFile(path)
	switch {
	case err != nil:
		return "", "", s.unreadable(path, err)
	case pathLike(path):
		return string(data), "file:" + path, nil
	}
	return string(data), "the file named in " + s.flag + "file:", nil
}

// unreadable says why a file cannot be read. It repeats the path only if that cannot be the secret.
func (s sought) unreadable(path string, err error) error {
	switch pe := (*fs.PathError)(nil); {
	case pathLike(path):
		return fmt.Errorf("cannot read %s: %w", s.whose, plainPath(err))
	case errors.Is(err, fs.ErrNotExist):
		return problem("the file of "+s.whose+" does not exist", "give the path of a file, or "+s.withoutDollar())
	case errors.As(err, &pe):
		return problem(fmt.Sprintf("the file of %s cannot be read: %v", s.whose, pe.Err), "give the path of a file")
	}
	return problem("the file of "+s.whose+" cannot be read", "give the path of a file")
}

// fromCommand runs a shell command and returns what it printed. What it says on standard error is not
// passed on: shells and programs repeat there the word they did not understand.
func (s sought) fromCommand(ctx context.Context, e env, command string) (text, from string, err error) {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out printed
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdin, cmd.Stdout = e.stdin, &out // and standard error to nowhere
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if err == nil {
		return out.text.String(), "the command of " + s.flag + "cmd: printed nothing", nil
	}
	what, remedy := err.Error(), "run it by itself to see why; its messages are not shown here, since they may hold the token"
	switch status := cmd.ProcessState.ExitCode(); {
	case out.full:
		what = "it prints more than 1 MiB"
	case ctx.Err() != nil:
		what = fmt.Sprintf("did not finish within %v", patience)
	case status == 127:
		what, remedy = what+" (there is no such command)", "what follows cmd: is a command that prints the token; of a variable, "+s.withoutDollar()
	}
	return "", "", problem(fmt.Sprintf("cannot get %s: the command of %scmd: %s", s.whose, s.flag, what), remedy)
}

// printed is what a command printed, up to the size of a file.
type printed struct {
	text bytes.Buffer
	full bool
}

// Write has the command end with a broken pipe once there is too much.
func (p *printed) Write(b []byte) (int, error) {
	if p.full = p.full || p.text.Len()+len(b) > maxFile; p.full {
		return 0, errTooLarge
	}
	return p.text.Write(b)
}
