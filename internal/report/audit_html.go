package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/bearcache/bearcache/internal/finding"
)

//go:embed audit.html
var auditPageText string

var auditPage = template.Must(template.New("audit").Funcs(pageFuncs).Parse(auditPageText))

// auditView is what the template shows. All of it is text to html/template but for the style, which is ours.
type auditView struct {
	Version                       string
	Complete                      bool
	Incomplete, Since             string
	Paths                         []string
	Style                         template.CSS
	Policy, Headline, Spent, When string
	Alarm                         bool
	Files, Suppressed             int
	Counts                        []pageCount
	Index                         []pageIndex
	Cards                         []auditCard
	Repaired                      []auditFinding
	Problems                      []finding.Place
}

type auditCard struct {
	auditFinding
	ID        string
	First     bool // of its rule
	Automatic bool
	Remedies  []finding.Fix
}

// Known reports whether the baseline had the finding.
func (c auditCard) Known() bool { return c.known }

func auditHTML(w io.Writer, r *finding.Report) error {
	a := showAudit(r)
	view := auditView{
		Version: a.Version, Complete: a.Complete, Incomplete: a.Incomplete, Since: Plain(shorten(a.Audit.Since, longest)), Style: template.CSS(pageStyle), Policy: pagePolicy,
		Headline: a.headline(), Spent: plural(a.Audit.Files, "file") + " in " + spentTime(a.Duration), Files: a.Audit.Files, Suppressed: a.Audit.Suppressed,
		Repaired: a.repaired, Paths: a.paths,
	}
	if !a.Started.IsZero() {
		view.When = a.Started.UTC().Format("2 January 2006, 15:04 UTC")
	}
	leaks, other := 0, 0
	seen := make(map[*finding.Rule]bool)
	for i, f := range a.found {
		card := auditCard{auditFinding: f, ID: fmt.Sprintf("finding-%d", i+1), First: !seen[f.Rule], Automatic: f.automatic(), Remedies: f.fixes()}
		seen[f.Rule] = true
		view.Cards = append(view.Cards, card)
		if f.leak {
			leaks++
		} else {
			other++
		}
	}
	if index := auditIndex(view.Cards); len(index) > 1 && len(view.Cards) > mostUnlisted {
		view.Index = index
	}
	for _, p := range a.problems {
		place := p.Place
		if p.File != "" {
			place.File = under(p.Root, p.File)
		}
		view.Problems = append(view.Problems, place)
	}
	view.Alarm = leaks > 0
	view.Counts = []pageCount{
		{leaks, "leaking", "leak"}, {other, "other findings", "other"}, {a.Audit.Suppressed, "silenced", "open"}, {len(a.problems), "problems", "open"},
	}
	if n := len(a.repaired); n > 0 {
		view.Counts = append(view.Counts, pageCount{n, "fixed", "clean"})
	}
	var out bytes.Buffer
	if err := auditPage.Execute(&out, view); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

func auditIndex(cards []auditCard) []pageIndex {
	var list []pageCard
	for _, c := range cards {
		list = append(list, pageCard{shownFinding: c.shownFinding, ID: c.ID})
	}
	return pageIndexOf(list)
}
