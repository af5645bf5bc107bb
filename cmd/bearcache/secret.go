package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/bearcache/bearcache/redact"
)

// readSecret reads what SOURCE names: env:VAR, file:PATH or cmd:COMMAND. Its errors name the source
// and never what it held. variable is the environment variable that stands for the secret in lines
// to repeat.
func readSecret(ctx context.Context, e env, source, whose, flag string) (s redact.Secret, variable string, err error) {
	kind, name, _ := strings.Cut(source, ":")
	var text string
	switch {
	case kind == "env" && name != "":
		value, ok := e.getenv(name)
		if !ok || value == "" {
			return s, "", problem(name+" is not set", "export it, or use "+flag+"file:PATH")
		}
		text, variable = value, name
	case kind == "file" && name != "":
		data, err := os.ReadFile(name)
		if err != nil {
			return s, "", fmt.Errorf("cannot read %s: %w", whose, plainPath(err))
		}
		text = string(data)
	case kind == "cmd" && name != "":
		if text, err = output(ctx, e, name); err != nil {
			return s, "", fmt.Errorf("cannot get %s: the command of %scmd: %w", whose, flag, err)
		}
	default:
		return s, "", problem("the source of "+whose+" must be env:VAR, file:PATH or cmd:COMMAND",
			"a secret on the command line could be read by every user of this machine")
	}
	if text = strings.TrimSpace(text); text == "" {
		return s, "", fmt.Errorf("%s is empty (%s)", whose, kind+":"+name)
	}
	return redact.NewSecret(text), variable, nil
}

// output runs a shell command and returns what it printed.
func output(ctx context.Context, e env, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.stdin, &out, e.stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", errors.New("did not finish within 30 s")
		}
		return "", err
	}
	return out.String(), nil
}
