package audit

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func edit(start, end int, text string) finding.Edit {
	return finding.Edit{File: "a.py", Start: start, End: end, Text: text}
}

func TestApply(t *testing.T) {
	const text = "0123456789"
	for _, tt := range []struct {
		name  string
		edits []finding.Edit
		want  string // an error begins with "!"
	}{
		{"none", nil, text},
		{"replaced", []finding.Edit{edit(2, 4, "ab")}, "01ab456789"},
		{"in any order", []finding.Edit{edit(8, 10, ""), edit(0, 0, "x")}, "x01234567"},
		{"the same twice is one", []finding.Edit{edit(3, 3, "x"), edit(3, 3, "x")}, "012x3456789"},
		{"side by side", []finding.Edit{edit(2, 4, "a"), edit(4, 6, "b")}, "01ab6789"},
		{"overlapping", []finding.Edit{edit(2, 5, ""), edit(4, 6, "")}, "!its edits overlap those of another fix"},
		{"within", []finding.Edit{edit(2, 8, ""), edit(4, 5, "")}, "!its edits overlap those of another fix"},
		{"two at one place", []finding.Edit{edit(3, 3, "x"), edit(3, 3, "y")}, "!its edits overlap those of another fix"},
		{"inserted where something is taken away", []finding.Edit{edit(3, 3, "x"), edit(3, 5, "")}, "!its edits overlap those of another fix"},
		{"outside", []finding.Edit{edit(9, 11, "")}, "!an edit is outside of the file"},
		{"before the beginning", []finding.Edit{edit(-1, 0, "")}, "!an edit is outside of the file"},
		{"backwards", []finding.Edit{edit(5, 4, "")}, "!an edit is outside of the file"},
	} {
		got, err := apply([]byte(text), tt.edits)
		if err != nil {
			got = []byte("!" + err.Error())
		}
		if string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The lines of a difference are those that change, whole.
func TestDiff(t *testing.T) {
	const text = "one\ntwo\nthree\nfour"
	at := func(word string) int { return strings.Index(text, word) }
	for _, tt := range []struct {
		name  string
		edits []finding.Edit
		want  []string
	}{
		{"within a line", []finding.Edit{edit(at("wo"), at("wo")+2, "WO")}, []string{"- two", "+ tWO"}},
		{"a line put in", []finding.Edit{edit(at("two"), at("two"), "new\n")}, []string{"+ new"}},
		{"put in at the beginning of a line", []finding.Edit{edit(at("two"), at("two"), "  ")}, []string{"- two", "+   two"}},
		{"a line taken away", []finding.Edit{edit(at("two"), at("three"), "")}, []string{"- two"}},
		{"moved", []finding.Edit{edit(at("two"), at("three"), ""), edit(at("four"), at("four"), "two\n")}, []string{"- two", "  three", "+ two"}},
		{"two in one line", []finding.Edit{edit(at("three"), at("three")+1, "T"), edit(at("ree"), at("ree"), "-")}, []string{"- three", "+ Th-ree"}},
		{"over two lines", []finding.Edit{edit(at("wo"), at("hree"), "x")}, []string{"- two", "- three", "+ txhree"}},
		{"the last line", []finding.Edit{edit(len(text), len(text), " and more\nfive")}, []string{"- four", "+ four and more", "+ five"}},
		{"neighbours", []finding.Edit{edit(at("two"), at("three"), "2\n"), edit(at("three"), at("four"), "3\n")}, []string{"- two", "+ 2", "- three", "+ 3"}},
		{"nothing", []finding.Edit{edit(at("two"), at("two")+3, "two")}, nil},
		{"overlapping", []finding.Edit{edit(0, 3, ""), edit(2, 4, "")}, nil},
		{"too long to be read", []finding.Edit{edit(0, 0, strings.Repeat("x\n", 100))}, nil},
	} {
		if d := cmp.Diff(tt.want, diff([]byte(text), tt.edits)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// Taking the lines behind "-" out of a text, and putting those behind "+" in, leaves as many of each as the edits do.
func FuzzEdits(f *testing.F) {
	f.Add("one\ntwo\nthree", 4, 7, "x\n", 9, 9, "y")
	f.Fuzz(func(t *testing.T, text string, start, end int, a string, start2, end2 int, b string) {
		edits := []finding.Edit{edit(start, end, a), edit(start2, end2, b)}
		after, err := apply([]byte(text), edits)
		lines := diff([]byte(text), edits)
		if err != nil {
			if lines != nil {
				t.Fatal("a difference of what cannot be made")
			}
			return
		}
		if len(lines) == 0 {
			return
		}
		balance := make(map[string]int)
		for _, l := range pieces(text) {
			balance[l]++
		}
		for _, l := range pieces(string(after)) {
			balance[l]--
		}
		for _, l := range lines {
			switch l[0] {
			case '-':
				balance[l[2:]]--
			case '+':
				balance[l[2:]]++
			}
		}
		for l, n := range balance {
			if n != 0 {
				t.Fatalf("%q: %d of %q, %v", lines, n, l, edits)
			}
		}
	})
}

func TestFixes(t *testing.T) {
	tree := treeOf(map[string]string{"a.py": "0123456789", "b.py": "abc"})
	safe := func(rule *finding.Rule, edits ...finding.Edit) finding.Finding {
		return finding.Finding{Rule: rule, Confidence: finding.Confirmed, Source: &finding.Source{Root: ".", Place: finding.Place{File: "a.py", Line: 1}, Edits: edits, Safe: true, Key: edits[0].Text}}
	}
	first := safe(finding.FlaskTokenInLog, edit(0, 2, "A"), finding.Edit{File: "b.py", Start: 0, End: 1, Text: "B"})
	second := safe(finding.FlaskTokenInURL, edit(5, 6, "C"))
	overlapping := safe(finding.FlaskTokenInURL, edit(1, 3, "D"), finding.Edit{File: "b.py", Start: 2, End: 3, Text: "E"})
	unsafe, elsewhere, known := safe(finding.FlaskTokenInLog, edit(7, 8, "F")), safe(finding.FlaskTokenInLog, edit(8, 9, "G")), safe(finding.FlaskTokenInLog, edit(9, 10, "H"))
	unsafe.Source.Safe = false
	uncertain := safe(finding.FlaskTokenInLog, edit(6, 7, "I"))
	uncertain.Confidence = finding.Likely
	elsewhere.Source.Root = "other"
	r, texts := Run(t.Context(), []Tree{tree}, Options{Languages: []Language{toy("x", "LEAK", finding.FlaskTokenInLog)}})
	r.Findings = []finding.Finding{first, second, overlapping, unsafe, uncertain, elsewhere, known}
	r.Known = map[string]bool{known.Fingerprint(): true}
	files, done := Fixes(tree, r, texts)
	if len(done) != 2 || done[0].Rule != first.Rule || done[1].Source.Key != "C" {
		t.Errorf("%+v", done)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.File+" "+string(f.After))
	}
	if !slices.Equal(got, []string{"a.py A234C6789", "b.py Bbc"}) {
		t.Errorf("%q", got)
	}
}
