package rulepages

import (
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// page is the page of a rule. Its blocks of code begin with a line such as "```nginx dirty": the language, and what the block is.
// What programs write of a dirty one follows it, in blocks of text.
type page struct {
	rule   *finding.Rule
	stack  stack
	name   string // of the stack
	blocks []*block
	says   http.Header // what the origin says of its answers: "http origin"
}

// block is a configuration or an application.
type block struct {
	code  string
	dirty bool
	diff  bool     // the page has only what is other than in the last whole block
	audit []string // lines that bearcache audit writes of it: "text audit"
	scan  []string // and bearcache scan: "text scan"
	log   []string // and that a log has: "text log"
	keys  []string // and a cache, of its keys: "text keys"
}

// proven reports whether the page shows that the block leaks.
func (b *block) proven() bool { return len(b.scan)+len(b.log)+len(b.keys) > 0 }

// first is the first block that is dirty, or the first that is clean.
func (p *page) first(dirty bool) *block {
	for _, b := range p.blocks {
		if b.dirty == dirty {
			return b
		}
	}
	return new(block)
}

var fence = regexp.MustCompile("(?ms)^```(\\w+) (\\w+)\n(.*?)^```$")

// read takes a page apart. A block that is not understood is a mistake in it.
func read(t *testing.T, rule *finding.Rule, text string) *page {
	t.Helper()
	p := &page{rule: rule, says: http.Header{}}
	p.name, _, _ = strings.Cut(rule.ID, "/")
	p.stack = stacks[p.name]
	whole := "" // the last whole block
	last := new(block)
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		switch kind := m[1] + " " + m[2]; kind {
		case p.stack.language + " dirty", p.stack.language + " clean":
			whole = m[3]
			last = &block{code: whole, dirty: m[2] == "dirty"}
			p.blocks = append(p.blocks, last)
		case "diff dirty", "diff clean":
			last = &block{code: patch(t, rule.ID, whole, m[3]), dirty: m[2] == "dirty", diff: true}
			p.blocks = append(p.blocks, last)
		case "http origin":
			for line := range strings.Lines(m[3]) {
				name, value, _ := strings.Cut(line, ":")
				p.says.Add(textproto.TrimString(name), textproto.TrimString(value))
			}
		case "text audit":
			last.audit = lines(m[3])
		case "text scan":
			last.scan = lines(m[3])
		case "text log":
			last.log = lines(m[3])
		case "text keys":
			last.keys = lines(m[3])
		default:
			t.Errorf("%s: no block is %q", rule.ID, kind)
		}
	}
	if b := p.first(true); !b.proven() || b.diff || p.first(false).code == "" {
		t.Errorf("%s: it has no dirty block that is shown to be, or no clean one", rule.ID)
	}
	for _, b := range p.blocks {
		named := slices.ContainsFunc(b.audit, func(line string) bool { return strings.Contains(line, "  "+rule.ID+"  ") })
		if b.dirty != named || !b.dirty && len(b.audit) > 0 || !b.dirty && b.proven() {
			t.Errorf("%s: dirty blocks, and no others, have where the audit finds the rule:\n%s", rule.ID, b.code)
		}
	}
	return p
}

// patch is a text after a diff without numbers of lines: its pieces, with a line "@@" between any two, each have one place in the text.
func patch(t *testing.T, id, text, diff string) string {
	t.Helper()
	for piece := range strings.SplitSeq(diff, "@@\n") {
		var before, after strings.Builder
		for line := range strings.Lines(piece) {
			if line == "\n" {
				line = " \n" // as editors leave it
			}
			if line[0] != '+' {
				before.WriteString(line[1:])
			}
			if line[0] != '-' {
				after.WriteString(line[1:])
			}
		}
		if strings.Count(text, before.String()) != 1 || before.Len() == 0 || before.String() == after.String() {
			t.Errorf("%s: this has not one place, or changes nothing:\n%s", id, piece)
		}
		text = strings.Replace(text, before.String(), after.String(), 1)
	}
	return text
}

// lines are those of a block, without the blanks around them.
func lines(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
