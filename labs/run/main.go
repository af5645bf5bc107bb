// Command run scans the labs with the built binary and prints how good the scanner is. It exits with 1
// where the scanner missed something, or said something that is not true.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bearcache/bearcache/labs"
)

func main() {
	binary := flag.String("bearcache", "bin/bearcache", "the built binary")
	dir := flag.String("labs", "labs", "where the labs are")
	names := flag.String("only", "", "names of labs, comma-separated; none: all")
	jobs := flag.Int("jobs", labs.AtATime, "labs at a time")
	verbose := flag.Bool("v", false, "print what each operation cost")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx, *binary, *dir, *names, *jobs, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, dir, names string, jobs int, verbose bool) (good bool, err error) {
	list, err := labs.Load(dir, strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' })...)
	if err != nil {
		return false, err
	}
	if binary, err = filepath.Abs(binary); err != nil {
		return false, err
	}
	var missing []string
	for _, lab := range list {
		for _, m := range lab.Missing() {
			if !slices.Contains(missing, m) {
				missing = append(missing, m)
			}
		}
	}
	if len(missing) > 0 {
		return false, fmt.Errorf("the labs need %s; make needs installs what is missing", strings.Join(missing, ", "))
	}
	return labs.Table(os.Stdout, labs.Run(ctx, list, binary, jobs), verbose), ctx.Err()
}
