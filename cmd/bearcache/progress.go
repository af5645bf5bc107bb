package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/bearcache/bearcache/internal/scan"
)

// progressLine is the one line that a terminal shows while a scan runs; a pipe gets none.
type progressLine struct {
	w     io.Writer // nil: nobody looks
	shown bool
}

func newProgressLine(e env) *progressLine {
	if e.terminal(e.stderr) {
		return &progressLine{w: e.stderr}
	}
	return &progressLine{}
}

func (l *progressLine) show(p scan.Progress) {
	if l.w == nil || p.Operations == 0 {
		return
	}
	const width = 20
	full := width * p.Done / p.Operations
	what := p.Operation
	if p.Waiting > 0 {
		what = fmt.Sprintf("waiting for stored responses to expire, to see who comes first then (%d); Ctrl-C reports now", p.Waiting)
	}
	line := fmt.Sprintf("%s%s  %d/%d  %s  %d requests", strings.Repeat("█", full), strings.Repeat("░", width-full),
		p.Done, p.Operations, printable(what), p.Requests)
	if p.Waiting > 0 {
		line = fmt.Sprintf("%d requests  %s", p.Requests, what)
	}
	fmt.Fprintf(l.w, "\r\x1b[2K%s", line)
	l.shown = true
}

func (l *progressLine) clear() {
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[2K")
	}
}
