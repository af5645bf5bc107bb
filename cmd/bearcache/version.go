package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in release builds: -ldflags "-X main.version=…".
var version = ""

func runVersion(_ context.Context, e env, args []string) error {
	var flags common
	if err := parse(e, "version", "Version, commit and Go version.\n\nExample: bearcache version", &flags, args); err != nil {
		return err
	}
	name, commit := build()
	fmt.Fprintf(e.stdout, "bearcache %s\ncommit %s\n%s %s/%s\n", name, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// build is what the binary knows of where it comes from.
func build() (name, commit string) {
	name, commit = version, "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name, commit
	}
	if name == "" {
		name = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += " (modified)"
		}
	}
	return name, commit
}
