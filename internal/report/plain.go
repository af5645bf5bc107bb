package report

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
)

// longest is how many characters of one text a report for people shows: names of operations come from
// a document, reasons and excerpts from a server.
const longest = 4000

// shown is a report as people see it: without characters that a terminal or a browser would obey, and
// without texts that never end.
type shown struct {
	finding.Report
	found []shownFinding // the findings, in the place of Report.Findings
	fixed []finding.Finding
	counts
}

// shownFinding is a finding with what its own words decide, not those that are shown.
type shownFinding struct {
	finding.Finding
	id     string // its fingerprint
	known  bool   // from the baseline
	counts bool   // for the exit status
	leak   bool   // it gives one reader's data to another
}

// Plain has a dot in the place of control characters, and of those that reorder text.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '·'
		}
		return r
	}, s)
}

// show makes the report that people see. It leaves r as it is.
func show(r *finding.Report) *shown {
	s := &shown{Report: *r, fixed: r.Fixed()}
	plain(&s.Version, &s.Target, &s.Document, &s.Incomplete)
	s.Identities = slices.Clone(r.Identities)
	for i := range s.Identities {
		plain(&s.Identities[i])
	}
	s.Operations = slices.Clone(r.Operations)
	for i := range s.Operations {
		plain(&s.Operations[i].Operation, &s.Operations[i].Reason)
	}
	for i := range s.fixed {
		plain(&s.fixed[i].Operation)
	}
	s.Unproven = slices.Clone(r.Unproven)
	for i := range s.Unproven {
		u := &s.Unproven[i]
		u.Finding = plainFinding(u.Finding)
		source := *u.Source
		source.File = under(source.Root, source.File)
		plain(&source.File, &source.Symbol, &u.Reason)
		u.Source = &source
	}
	for _, f := range r.Findings {
		id := f.Fingerprint()
		s.found = append(s.found, shownFinding{Finding: plainFinding(f), id: id, known: r.Known[id], counts: r.Counts(f), leak: leaks(f)})
	}
	s.Findings = nil
	s.counts = s.count()
	return s
}

func plainFinding(f finding.Finding) finding.Finding {
	plain(&f.Operation, &f.Victim, &f.Observer, &f.Summary, &f.Detail)
	f.Causes = slices.Clone(f.Causes)
	for i := range f.Causes {
		c := &f.Causes[i]
		c.File = under(c.Root, c.File) // as whoever stands where the scan was started calls it
		plain(&c.File, &c.Note, &c.Symbol)
	}
	f.Evidence = slices.Clone(f.Evidence)
	for i := range f.Evidence {
		e := &f.Evidence[i]
		plain(&e.As, &e.Request, &e.Excerpt, &e.Note)
		fields := http.Header{}
		for name, values := range e.Header {
			for _, v := range values {
				plain(&v)
				fields[Plain(name)] = append(fields[Plain(name)], v)
			}
		}
		e.Header = fields
	}
	return f
}

func plain(texts ...*string) {
	for _, text := range texts {
		*text = Plain(shorten(*text, longest))
	}
}

// shorten is s, or its first characters and a sign that there were more.
func shorten(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
