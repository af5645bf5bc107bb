package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

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
	fmt.Fprintf(l.w, "\r\x1b[2K%s", cut(progressText(p), columns(l.w)-1))
	l.shown = true
}

func (l *progressLine) clear() {
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[2K")
	}
}

func progressText(p scan.Progress) string {
	if p.Waiting > 0 {
		responses := "a stored response"
		if p.Waiting > 1 {
			responses = fmt.Sprintf("%d stored responses", p.Waiting)
		}
		return fmt.Sprintf("%d requests  waiting for %s to expire (Ctrl-C reports now)", p.Requests, responses)
	}
	const width = 20
	full := width * p.Done / p.Operations
	return fmt.Sprintf("%s%s  %d/%d  %s  %d requests", strings.Repeat("█", full), strings.Repeat("░", width-full),
		p.Done, p.Operations, printable(p.Operation), p.Requests)
}

// columns is how wide a terminal is: a line that wraps could not be taken back.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}
