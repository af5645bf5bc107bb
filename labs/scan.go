package labs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Report is what we read of a scan's JSON report.
type Report struct {
	Schema     string
	Requests   int
	DurationMS int `json:"duration_ms"`
	Complete   bool
	Operations []struct {
		Operation, Status, Reason string
		Requests                  int
	}
	Findings []Finding

	memory int64 // bytes that the scanner held at most; 0: not known
}

// Finding is one of a Report.
type Finding struct {
	Check, Operation, Severity, Confidence, Summary string
}

const (
	// scanFor is more than any scan of a lab takes.
	scanFor = 3 * time.Minute
	// entryFor is more than any lab keeps what the scanner has to see expire. Its own default is for
	// lifetimes of a minute, and a lab that shares by right would keep us waiting as long.
	entryFor = 8 * time.Second
)

// Severe reports whether a finding is of medium severity or more: by default a scan fails for it.
func (f Finding) Severe() bool { return f.Severity != "info" && f.Severity != "low" }

// scan runs the scanner on the deployment. An error is a scan that gave no report, or no complete one.
func (r *running) scan(ctx context.Context) (*Report, error) {
	ctx, cancel := context.WithTimeout(ctx, scanFor)
	defer cancel()
	file := filepath.Join(r.dir, "report.json")
	args := []string{"scan", "--openapi", filepath.Join(r.lab.Dir, r.lab.Document), "--target", "http://" + r.address[r.lab.Target],
		"--wait", entryFor.String(), "--format", "json=" + file}
	cmd := exec.CommandContext(ctx, r.binary)
	cmd.Env = os.Environ()
	for _, id := range r.lab.Identities {
		variable := strings.ToUpper(strings.ReplaceAll(id.Name, "-", "_")) + "_TOKEN"
		args = append(args, "--identity", id.Name+"=env:"+variable)
		cmd.Env = append(cmd.Env, variable+"="+r.cast.tokens[id.Name])
	}
	for _, flag := range r.lab.Scan {
		flag, err := r.fill(flag, Server{})
		if err != nil {
			return nil, err
		}
		args = append(args, flag)
	}
	var errs bytes.Buffer
	cmd.Args, cmd.Stderr = append(cmd.Args, args...), &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("scan: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rep Report
	if err := json.Unmarshal(data, &rep); err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	if rep.Schema != "bearcache.scan/v1" || !rep.Complete {
		return nil, fmt.Errorf("the report: schema %q, complete: %v", rep.Schema, rep.Complete)
	}
	rep.memory = mostMemory(cmd.ProcessState)
	return &rep, nil
}
