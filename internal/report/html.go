package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

//go:embed page.css
var pageStyle string

//go:embed page.html
var pageText string

// pagePolicy lets the page use its own style and nothing else: no script, no request, no style that
// something within it brings along.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}()

var pageFuncs = template.FuncMap{"join": strings.Join, "parts": remedyParts, "plural": plural, "took": took, "rests": rests}

var page = template.Must(template.New("page").Funcs(pageFuncs).Parse(pageText))

// pageView is what the template shows. All of it is text to html/template but for the style, which is ours.
type pageView struct {
	*shown
	Style             template.CSS
	Policy            string
	Headline, Basis   string
	Spent, When       string
	Alarm             bool
	Counts            []pageCount
	Cards             []pageCard
	Index             []pageIndex // of the cards, where there are many
	Fixed             []finding.Finding
	Untested, Checked []finding.Tested
	Undecided         []pageUndecided
}

type pageCount struct {
	N    int
	Text string
	Kind string
}

type pageCard struct {
	shownFinding
	ID       string
	First    bool // of its rule, whose remedy is unfolded, and told in full, once
	Picture  *sequence
	Steps    []pageStep
	Requests []string
}

// pageIndex is where the findings of one rule and severity begin: they stand together.
type pageIndex struct {
	ID       string // of the first card
	Severity finding.Severity
	Rule     *finding.Rule
	N        int
}

func pageIndexOf(cards []pageCard) (list []pageIndex) {
	for _, c := range cards {
		i := slices.IndexFunc(list, func(x pageIndex) bool { return x.Rule == c.Rule && x.Severity == c.Severity })
		if i < 0 {
			i, list = len(list), append(list, pageIndex{c.ID, c.Severity, c.Rule, 0})
		}
		list[i].N++
	}
	return list
}

type pageStep struct {
	finding.Evidence
	N        int
	Decisive bool
	By       string
	Fields   []string // of the response, as lines
}

type pageUndecided struct {
	Reason     string
	Operations []string
}

// Known reports whether the baseline had the finding.
func (c pageCard) Known() bool { return c.known }

func pageCardOf(id string, f shownFinding) pageCard {
	c := pageCard{shownFinding: f, ID: id, Picture: draw(id, f.Finding), Requests: requests(f.Finding)}
	essential := decisive(f.Finding)
	for i, e := range f.Evidence {
		step := pageStep{Evidence: e, N: i + 1, Decisive: i == essential, By: by(e.By)}
		for name, value := range joined(e) {
			step.Fields = append(step.Fields, name+": "+value)
		}
		slices.Sort(step.Fields)
		c.Steps = append(c.Steps, step)
	}
	return c
}

// Answered reports whether a response of the proof has something to show.
func (c pageCard) Answered() bool {
	return slices.ContainsFunc(c.Steps, func(s pageStep) bool { return len(s.Fields) > 0 || s.Excerpt != "" })
}

// mostUnlisted findings are found by scrolling.
const mostUnlisted = 6

// html is one file for people: no script, no request, nothing of anybody else's.
func html(w io.Writer, r *finding.Report) error {
	if r.Audit != nil {
		return auditHTML(w, r)
	}
	s := show(r)
	view := pageView{
		shown: s, Style: template.CSS(pageStyle), Policy: pagePolicy,
		Headline: s.headline(), Basis: s.basis(), Spent: s.spent(), Alarm: s.leaking > 0,
		Counts: []pageCount{
			{s.leaking, "leaking", "leak"}, {s.flagged, "with other findings", "other"}, {s.clean, "clean", "clean"},
			{s.undecided, "undecided", "open"}, {s.untested, "not tested", "open"},
		},
		Fixed: s.fixed,
	}
	if !s.Started.IsZero() {
		view.When = s.Started.UTC().Format("2 January 2006, 15:04 UTC")
	}
	fixed := make(map[*finding.Rule]bool)
	for i, f := range s.found {
		card := pageCardOf(fmt.Sprintf("finding-%d", i+1), f)
		card.First, fixed[f.Rule] = !fixed[f.Rule], true
		view.Cards = append(view.Cards, card)
	}
	if index := pageIndexOf(view.Cards); len(index) > 1 && len(view.Cards) > mostUnlisted {
		view.Index = index
	}
	for _, op := range s.Operations {
		switch {
		case op.Status != finding.StatusTested:
			view.Untested = append(view.Untested, op)
		case s.isClean(op):
			view.Checked = append(view.Checked, op)
		}
	}
	reasons, operations := s.undecidedBy()
	for _, reason := range reasons {
		view.Undecided = append(view.Undecided, pageUndecided{reason, operations[reason]})
	}
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}
