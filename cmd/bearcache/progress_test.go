package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/scan"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	l := newProgressLine(env{stderr: &out, terminal: func(io.Writer) bool { return true }})
	for _, tt := range []struct {
		progress scan.Progress
		want     string
	}{
		{scan.Progress{}, ""},
		{scan.Progress{Done: 11, Operations: 14, Requests: 43, Operation: "GET /api/orders/{id}"},
			"\r\x1b[2K███████████████░░░░░  11/14  GET /api/orders/{id}  43 requests"},
		{scan.Progress{Done: 2, Operations: 2, Requests: 9, Operation: "GET /\x1b[2J"}, "\r\x1b[2K████████████████████  2/2  GET /·[2J  9 requests"},
		{scan.Progress{Done: 2, Operations: 2, Requests: 9, Waiting: 1}, "\r\x1b[2K9 requests  waiting for a stored response to expire (Ctrl-C reports now)"},
		{scan.Progress{Done: 2, Operations: 2, Requests: 9, Waiting: 3}, "\r\x1b[2K9 requests  waiting for 3 stored responses to expire (Ctrl-C reports now)"},
		{scan.Progress{Done: 0, Operations: 1, Requests: 1, Operation: strings.Repeat("é", 500)}, ""},
	} {
		out.Reset()
		l.show(tt.progress)
		if got := out.String(); tt.want != "" && got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		if n := len([]rune(strings.TrimPrefix(out.String(), "\r\x1b[2K"))); n > 79 {
			t.Errorf("the line has %d characters and would wrap", n)
		}
	}
	out.Reset()
	l.clear()
	if out.String() != "\r\x1b[2K" {
		t.Errorf("clear wrote %q", out.String())
	}

	// A pipe gets nothing.
	out.Reset()
	l = newProgressLine(env{stderr: &out, terminal: func(io.Writer) bool { return false }})
	l.show(scan.Progress{Done: 1, Operations: 2})
	l.clear()
	if out.Len() > 0 {
		t.Errorf("a pipe got %q", out.String())
	}
}
