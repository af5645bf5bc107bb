package audit

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
)

// suppression is a comment by which somebody takes a finding on himself: "bearcache: ignore RULE reason".
type suppression struct {
	line   int
	alone  bool
	rules  []string
	reason string
	used   bool
}

var (
	marker       = []byte("bearcache:")
	ignoreMark   = regexp.MustCompile(`(?:^|#|//)[ \t]*bearcache:[ \t]*ignore(?:[ \t]+|$)`)
	ignoredRules = regexp.MustCompile(`^[^\s,]+(?:[ \t]*,[ \t]*[^\s,]+)*`)
)

// suppressions are those among comments. problems are those that cannot be one, with why.
func suppressions(comments []Comment, known func(rule string) bool) (list []*suppression, problems []finding.Place) {
	for _, c := range comments {
		at := ignoreMark.FindStringIndex(c.Text)
		if at == nil {
			continue
		}
		s := &suppression{line: c.Line, alone: c.Alone}
		named := ignoredRules.FindString(c.Text[at[1]:])
		for rule := range strings.SplitSeq(named, ",") {
			rule = strings.TrimSpace(rule)
			switch {
			case known(rule):
				s.rules = append(s.rules, rule)
			case rule == "":
				problems = append(problems, finding.Place{Line: c.Line, Note: "the comment names no rule to ignore; write bearcache: ignore RULE reason"})
			default:
				problems = append(problems, finding.Place{Line: c.Line, Note: "the comment is to ignore a rule that there is not" + nameOf(rule) + "; it silences nothing"})
			}
		}
		s.reason = reasonOf(c.Text[at[1]+len(named):])
		if len(s.rules) > 0 {
			list = append(list, s)
		}
	}
	return list, problems
}

// nameOf is a word of a comment as a part of a message, if it looks like a rule: something else may stand there.
func nameOf(word string) string {
	if len(word) <= 60 && ruleLike.MatchString(word) {
		return ", " + word
	}
	return ""
}

var ruleLike = regexp.MustCompile(`^[a-z]+(?:[/-][a-z]+)*$`)

// reasonOf is what stands behind the rules, if it says something.
func reasonOf(text string) string {
	text = strings.TrimSpace(text)
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return ""
	}
	return text
}

// silence applies the suppressions of a file to its findings. It returns those that stay, and how many do not.
func silence(found []finding.Finding, list []*suppression, lines []string) (kept []finding.Finding, silenced int) {
	at := make(map[int]*suppression)
	for _, s := range list {
		at[s.line] = s
	}
	for _, f := range found {
		s := governing(f, at, lines)
		switch {
		case s == nil:
			kept = append(kept, f)
		case s.reason == "":
			s.used = true // it would be, and the finding says what it lacks
			f.Detail = strings.TrimSpace(fmt.Sprintf("%s The comment on line %d does not silence this, as it gives no reason: write bearcache: ignore %s and why.", f.Detail, s.line, f.Rule.ID))
			kept = append(kept, f)
		default:
			s.used = true
			silenced++
		}
	}
	return kept, silenced
}

// governing is the suppression that a finding is under; nil: none.
func governing(f finding.Finding, at map[int]*suppression, lines []string) *suppression {
	about := func(line int, alone bool) *suppression {
		if s := at[line]; s != nil && (s.alone || !alone) && slices.Contains(s.rules, f.Rule.ID) {
			return s
		}
		return nil
	}
	if s := about(f.Source.Line, false); s != nil {
		return s
	}
	for _, line := range []int{f.Source.Line, decorated(lines, f.Source.Line)} {
		for above := line - 1; above >= 1 && isComment(lineAt(lines, above)); above-- { // there may be one for each rule, or one whose reason goes on
			if s := about(above, true); s != nil {
				return s
			}
		}
	}
	return nil
}

func isComment(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
}

// decorated is the first line of the decorators that a line belongs to, or that stand above it where it begins a function or a class;
// the line itself, if there are none.
func decorated(lines []string, line int) int {
	text := lineAt(lines, line)
	trimmed := strings.TrimLeft(text, " \t")
	if !strings.HasPrefix(trimmed, "@") && !definition.MatchString(trimmed) {
		return line
	}
	indent := text[:len(text)-len(trimmed)]
	first := line
	const farthest = 60 // lines of decorators
	for l := line - 1; l >= 1 && line-l <= farthest; l-- {
		rest, inside := strings.CutPrefix(lineAt(lines, l), indent)
		switch {
		case strings.TrimSpace(lineAt(lines, l)) == "":
		case !inside:
			return first
		case rest[0] == '@':
			first = l
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == ')' || rest[0] == ']' || rest[0] == '}' || rest[0] == '#': // within a decorator, or between two
		default:
			return first
		}
	}
	return first
}

var definition = regexp.MustCompile(`^(?:async[ \t]+)?(?:def|class)\b`)

// lineAt is a line by its number, from 1; "" where there is none.
func lineAt(lines []string, n int) string {
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// linesOf are the lines of a text without their ends.
func linesOf(text []byte) []string {
	whole := strings.TrimSuffix(string(text), "\n")
	lines := strings.Split(whole, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// mayHoldSuppressions spares most files a search for comments.
func mayHoldSuppressions(text []byte) bool { return bytes.Contains(text, marker) }
