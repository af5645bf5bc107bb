package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/redact"
)

// withoutSecrets takes what looks like a credential out of all that a report shows of source: a token that somebody wrote into the code
// must not be copied into the logs of a CI. Edits that hold one are not reported.
func withoutSecrets(r *finding.Report) {
	if text := r.Audit.Text; text != nil {
		shown := make(map[[2]string][]string)
		r.Audit.Text = func(root, file string) []string {
			key := [2]string{root, file}
			if shown[key] == nil {
				shown[key] = slices.Clone(text(root, file))
				for i, line := range shown[key] {
					shown[key][i] = withoutTokens(line)
				}
			}
			return shown[key]
		}
	}
	for i := range r.Findings {
		cleanFinding(&r.Findings[i])
	}
	for i := range r.Audit.Fixed {
		cleanFinding(&r.Audit.Fixed[i])
	}
}

func cleanFinding(f *finding.Finding) {
	source := *f.Source
	f.Source = &source
	for _, text := range []*string{&f.Operation, &f.Summary, &f.Detail, &source.Symbol, &source.Fix} {
		*text = withoutTokens(*text)
	}
	source.Trace = slices.Clone(source.Trace)
	for i := range source.Trace {
		source.Trace[i].Note = withoutTokens(source.Trace[i].Note)
	}
	source.Diff = slices.Clone(source.Diff)
	for i := range source.Diff {
		source.Diff[i] = withoutTokens(source.Diff[i])
	}
	if slices.ContainsFunc(source.Edits, func(e finding.Edit) bool { return withoutTokens(e.Text) != e.Text }) {
		source.Edits = nil
	}
}

// hidden stands in the place of a secret in a line of source.
const hidden = "[not shown]"

var (
	// assigned is a string that is the value of a name: password = "…", "api_key": '…', token="…".
	assigned = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)(["'\]]*\s*(?::\s*[A-Za-z]+\s*)?(?:=|:)\s*[bBrRuUfF]{0,2})(["'])([^"'\s]{4,})["']`)
	// stretch is what a token is made of. Names in code are made of the same characters, and have words in them.
	stretch = regexp.MustCompile(`[A-Za-z0-9+/=_.~-]{12,}`)
	// inText is a password that stands in a text, and userinfo one in a URL.
	inText   = regexp.MustCompile(`(?i)\b(password|passwd|pwd|passphrase|(?:client_|api_)?secret)=([^\s"'&;,%{$<)]{4,})`)
	userinfo = regexp.MustCompile(`(://[^\s:/@"']*:)([^\s:/@"'%{$<]{3,})@`)
	scheme   = regexp.MustCompile(`(?i)\b(bearer|basic)( +)([A-Za-z0-9+/=_.~-]{8,})`)
)

// hideInTexts hides passwords in literals; an argument of that name, outside of quotes, is code.
func hideInTexts(line string) string {
	at := 0
	var out strings.Builder
	for _, m := range inText.FindAllStringSubmatchIndex(line, -1) {
		before := line[:m[0]]
		if strings.Count(before, `"`)%2 == 0 && strings.Count(before, `'`)%2 == 0 {
			continue
		}
		out.WriteString(line[at:m[4]] + hidden)
		at = m[5]
	}
	return out.String() + line[at:]
}

// withoutTokens is a line of source without literals that look like credentials. It has to leave code alone: what the redaction of logs
// hides behind token= is a name here more often than not.
func withoutTokens(line string) string {
	if len(line) > maxLine {
		line = line[:maxLine]
	}
	line = assigned.ReplaceAllStringFunc(line, func(s string) string {
		m := assigned.FindStringSubmatch(s)
		if !credentialName(m[1]) || plainWord.MatchString(m[4]) && len(m[4]) < 8 || strings.ContainsAny(m[4], "%{$/(<") {
			return s
		}
		return m[1] + m[2] + m[3] + hidden + m[3]
	})
	line = userinfo.ReplaceAllString(line, "${1}"+hidden+"@")
	line = hideInTexts(line)
	line = scheme.ReplaceAllStringFunc(line, func(s string) string {
		m := scheme.FindStringSubmatch(s)
		if !strings.ContainsAny(m[3], "0123456789") {
			return s
		}
		return m[1] + m[2] + hidden
	})
	return stretch.ReplaceAllStringFunc(line, func(s string) string {
		if tokenLike(s) {
			return hidden
		}
		return s
	})
}

// maxLine bounds what is looked through: nobody is shown more.
const maxLine = 4096

func credentialName(name string) bool {
	lower := strings.ToLower(name)
	return redact.TokenName(name) || slices.ContainsFunc([]string{"password", "passwd", "secret", "token", "api_key", "apikey", "private_key", "secret_key"},
		func(end string) bool { return strings.HasSuffix(lower, end) })
}

// tokenLike reports whether characters in a row are rather drawn by lot than written by somebody.
func tokenLike(s string) bool {
	for _, mark := range []string{"eyJ", "AKIA", "ghp_", "gho_", "ghs_", "github_pat_", "sk_live_", "sk_test_", "sk-", "xoxb-", "xoxp-", "glpat-"} {
		if i := strings.Index(s, mark); i >= 0 && len(s)-i >= len(mark)+8 && strings.ContainsAny(s[i:], "0123456789") {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("/=.+~_-", r) }) {
		if randomWord(word) {
			return true
		}
	}
	return false
}

// randomWord is long, and changes between letters and digits, or between cases, more often than a name does.
func randomWord(word string) bool {
	if len(word) < 16 {
		return false
	}
	digits, turns := 0, 0
	for i := range len(word) {
		isDigit := word[i] >= '0' && word[i] <= '9'
		if isDigit {
			digits++
		}
		if i > 0 && isDigit != (word[i-1] >= '0' && word[i-1] <= '9') {
			turns++
		}
	}
	return digits >= 3 && turns >= 4
}
