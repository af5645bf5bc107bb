package audit

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

var errOverlap = errors.New("its edits overlap those of another fix")

// apply makes edits to a text, all of one file.
func apply(text []byte, edits []finding.Edit) ([]byte, error) {
	edits, err := inOrder(text, edits)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		out.Write(text[at:e.Start])
		out.WriteString(e.Text)
		at = e.End
	}
	out.Write(text[at:])
	return out.Bytes(), nil
}

// inOrder are edits as they stand in a text, each once. It refuses those that are not within it, and those that overlap: two that
// insert at one place overlap, since nothing says which goes first, unless they insert the same.
func inOrder(text []byte, edits []finding.Edit) ([]finding.Edit, error) {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b finding.Edit) int {
		return cmp.Or(a.Start-b.Start, a.End-b.End, strings.Compare(a.Text, b.Text))
	})
	edits = slices.Compact(edits)
	for i, e := range edits {
		if e.Start < 0 || e.End < e.Start || e.End > len(text) {
			return nil, errors.New("an edit is outside of the file")
		}
		if i > 0 && (e.Start < edits[i-1].End || e.Start == edits[i-1].Start) {
			return nil, errOverlap
		}
	}
	return edits, nil
}

// mostDiff bounds the lines of an edit that a report shows.
const mostDiff = 40

// diff shows what edits do to a text, as the lines they take away and those they put there. It is nil where they do nothing, cannot be
// made, or are too long to be read.
func diff(text []byte, edits []finding.Edit) (lines []string) {
	edits, err := inOrder(text, edits)
	if err != nil {
		return nil
	}
	last := -1 // where the lines of the change before ended
	for i := 0; i < len(edits); {
		start := lineStart(text, edits[i].Start)
		if between := linesBetween(text, last, start); len(between) <= mostBetween {
			for _, l := range between {
				lines = append(lines, "  "+l)
			}
		}
		at, end := start, start
		var after bytes.Buffer
		// Edits that share lines are one change.
		for first := true; first || i < len(edits) && (lineStart(text, edits[i].Start) < end || edits[i].Start == end && unended(after.Bytes(), text[at:end])); first = false {
			after.Write(text[at:edits[i].Start])
			after.WriteString(edits[i].Text)
			at = edits[i].End
			end = changeEnd(text, at, after.Bytes())
			i++
		}
		after.Write(text[at:end])
		lines = append(lines, changed(string(text[start:end]), after.String())...)
		last = end
		if len(lines) > mostDiff {
			return nil
		}
	}
	return lines
}

// mostBetween bounds the lines between two changes that are shown with them: without these, what was moved seems not to have been.
const mostBetween = 6

func linesBetween(text []byte, from, to int) []string {
	if from < 0 || from >= to {
		return nil
	}
	return pieces(string(text[from:to]))
}

// changeEnd is where the lines end of a change that has come to at, with what stands before it afterwards.
func changeEnd(text []byte, at int, after []byte) int {
	begins := at == 0 || text[at-1] == '\n'
	if begins && (len(after) == 0 || bytes.HasSuffix(after, []byte("\n"))) {
		return at
	}
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

// unended reports whether what a change has made until now ends in the middle of a line.
func unended(after, rest []byte) bool {
	if len(rest) > 0 {
		after = rest
	}
	return len(after) > 0 && after[len(after)-1] != '\n'
}

// changed are the lines of two texts without those that both begin and end with.
func changed(before, after string) (lines []string) {
	a, b := pieces(before), pieces(after)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	for _, l := range a {
		lines = append(lines, "- "+l)
	}
	for _, l := range b {
		lines = append(lines, "+ "+l)
	}
	return lines
}

func pieces(text string) []string {
	if text == "" {
		return nil
	}
	return linesOf([]byte(text))
}
