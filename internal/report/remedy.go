package report

import (
	"io"
	"path"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// remedyPart is a piece of a remedy that is code, or words.
type remedyPart struct {
	Text string
	Code bool
	Tail string // punctuation behind code
}

// remedyParts tells the code of a remedy from its words: rules.go has both in one sentence.
func remedyParts(text string) (parts []remedyPart) {
	words := strings.Fields(text)
	keyword := func(i int) bool { // of nginx and VCL: "if (…)", and not "if it is"
		return i >= 0 && (words[i] == "if" || words[i] == "return") && i+1 < len(words) && words[i+1][0] == '('
	}
	for i, word := range words {
		code := strings.ContainsAny(word, "@$_={};<") || strings.Contains(word[1:], "(") || keyword(i) || keyword(i-1) || i > 0 && words[i-1] == "="
		if n := len(parts); n > 0 && parts[n-1].Code == code {
			parts[n-1].Text += " " + word
			continue
		}
		parts = append(parts, remedyPart{Text: word, Code: code})
	}
	for i, p := range parts {
		text := strings.TrimRight(p.Text, ",.:")
		if strings.Count(text, ")") > strings.Count(text, "(") { // it ends words that began before
			text = strings.TrimSuffix(text, ")")
		}
		if p.Code {
			parts[i].Text, parts[i].Tail = text, p.Text[len(text):]
		}
	}
	return parts
}

// language is what a file's code is called where Markdown colours it.
func language(file string) string {
	return map[string]string{".py": "python", ".conf": "nginx", ".vcl": "vcl", ".yaml": "yaml"}[path.Ext(file)]
}

// ExplainRemedy writes for a terminal what to write on each stack to mend a rule. Where two rules have the same, each
// shows it.
func ExplainRemedy(w io.Writer, rule *finding.Rule, colour bool) error {
	e := explainer{colour: colour}
	for _, fix := range rule.Remedy {
		if fix.Snippet == "" {
			continue
		}
		e.out.WriteString("\n" + e.strong(fix.Stack) + "\n")
		for _, line := range wrap(fix.Text, pageWidth) {
			e.out.WriteString(line + "\n")
		}
		e.out.WriteString("\n")
		for line := range strings.Lines(fix.Snippet) {
			e.out.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
		}
	}
	_, err := io.WriteString(w, e.out.String())
	return err
}
