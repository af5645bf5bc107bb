// Package report renders a finding.Report. It hides the formats: one file for each, all functions of
// the same report.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// Format writes a report.
type Format func(w io.Writer, r *finding.Report) error

// Formats by name. "terminal" here is without colour; Terminal makes one that has it.
var Formats = map[string]Format{
	"terminal": Terminal(Style{}),
	"json":     json,
	"sarif":    sarif,
	"html":     html,
	"junit":    junit,
	"markdown": markdown,
}

// Find returns the format called name, or an error that lists them all.
func Find(name string) (Format, error) {
	if f, ok := Formats[name]; ok {
		return f, nil
	}
	var names []string
	for n := range Formats {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("there is no report format %q; this version has %s", name, strings.Join(names, ", "))
}
