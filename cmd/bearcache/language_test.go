package main

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// paper is a language for the tests of everything around languages. In files that end in .paper, "leak RULE" is a finding of that line,
// "fix RULE" is one with a fix that can be written, "via FILE" has the trace of the last finding lead over another file, "at ROUTE" gives
// it a route, and "panic" is a fault of the language.
var paper = audit.Language{
	Name:  "paper",
	Match: func(name string) bool { return path.Ext(name) == ".paper" },
	Audit: func(files []audit.File) (r audit.Result) {
		for _, f := range files {
			r.Findings = append(r.Findings, paperFindings(f)...)
			if !bytes.HasSuffix(f.Text, []byte("\n")) {
				r.Problems = append(r.Problems, finding.Place{File: f.Path, Note: "it does not end with a line"})
			}
		}
		return r
	},
}

func paperFindings(f audit.File) (list []finding.Finding) {
	offset, symbol := 0, ""
	for n, line := range strings.Split(string(f.Text), "\n") {
		words := strings.Fields(line)
		start := offset
		offset += len(line) + 1
		if len(words) < 2 {
			if line == "panic" {
				panic("at the text " + string(f.Text))
			}
			continue
		}
		switch words[0] {
		case "symbol":
			symbol = words[1]
		case "via":
			last := list[len(list)-1].Source
			last.Trace = append(last.Trace, finding.Place{File: words[1], Line: 1, Note: "where it comes from"})
		case "at":
			list[len(list)-1].Operation = strings.Join(words[1:], " ")
		case "leak", "fix":
			rule := finding.Find(words[1])
			s := &finding.Source{Place: finding.Place{File: f.Path, Line: n + 1}, EndLine: n + 1, Symbol: symbol}
			if words[0] == "fix" {
				s.Fix = "Write what is safe."
				s.Edits = []finding.Edit{{File: f.Path, Start: start, End: start + len(line), Text: "safe " + words[1]}}
				s.Safe = true
			}
			list = append(list, finding.Finding{
				Rule: rule, Severity: rule.Severity, Confidence: finding.Confirmed, Summary: fmt.Sprintf("This line leaks by %s.", rule.ID), Detail: "It says so.", Source: s,
			})
		}
	}
	return list
}
