package report

import (
	"bytes"
	stdjson "encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

// hostile are texts that documents and servers may hold.
var hostile = map[string]string{
	"markup":              `x<script>alert(1)</script><img src=https://evil.example/a.png onerror=alert(1)>`,
	"out of an attribute": `x"><svg onload=alert(1)> '><b> onmouseover="alert(1)`,
	"out of an element":   `x</code></pre></details></title></style></svg></desc></textarea><iframe src=//evil.example>`,
	"Markdown":            "x![a](https://evil.example/a.png) [b](javascript:alert(1)) <https://evil.example> **c** _d_ ~~e~~ `f` [g]: https://evil.example",
	"blocks of Markdown":  "x\n\n# heading\n\n- [ ] item\n\n```\ncode\n```\n\n---\n\n> quote\n\n| a | b |\n| - | - |",
	"a table":             `x|y|z \| w \\| v`,
	"backticks":           "x``` `` ` ```` ~~~ `",
	"ends in a backtick":  "x`",
	"mentions":            "x @alice @org/team, (@bob) -@carol mail@evil.example #123 owner/repo#1 GH-1 :octocat: !1 $2 ~bug",
	"addresses":           "x https://evil.example www.evil.example WWW.EVIL.EXAMPLE ftp://evil.example mailto:a@evil.example xmpp:a@evil.example",
	"mathematics":         "x $a$ $$b$$ $`c`$",
	"CDATA":               "x]]> <![CDATA[ ]]&gt; <!-- --> <?php ?> <!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]> &b;",
	"control characters":  "x\x00\x07\x08\x1b[2J\x1b]0;a\x07\x7f\u0085\x9b\r\n\t\v",
	"order of text":       "x\u202eb\u2066c\u2028d\u2029e\u200b\ufeff",
	"no characters":       "x\ufffe\uffff\U0001ffff\ud7ff",
	"not UTF-8":           "x\xff\xfe\xc0\xaf\xed\xa0\x80\xf5",
	"templates":           "x{{.}} {{template \"page\"}} ${a} <%= b %> {0} %s %d %!",
	"entities":            `x&lt;b&gt; &#64;alice &#x3c;c> &amp;amp; \`,
	"long":                "x" + strings.Repeat("<&`|@a ", 100_000),
	"one long word":       "x" + strings.Repeat("W", 100_000),
}

// saying is a report in which everything that is said from outside is text.
func saying(text string) *finding.Report {
	steps := []finding.Evidence{
		{As: text, Request: text, Status: 200, Header: http.Header{text: {text, text}}, Excerpt: text, Note: text, By: finding.ByOrigin, Took: time.Millisecond},
		{As: "nobody", Request: "curl " + text, Status: 200, Excerpt: text, Note: text, By: finding.ByCache},
		{As: text, Request: text, Status: 401, Note: text},
	}
	f := finding.Finding{
		Rule: finding.AnonymousReuse, Severity: finding.Critical, Confidence: finding.Confirmed, Operation: text, Victim: text, Observer: "nobody",
		Summary: text, Detail: text, Evidence: steps,
		Causes: []finding.Cause{{Rule: finding.FlaskUnkeyedCache, Root: text, Place: finding.Place{File: text, Line: 1, Note: text}, Symbol: text}},
	}
	low := f
	low.Rule, low.Severity, low.Evidence = finding.MissingVary, finding.Low, steps[2:]
	return &finding.Report{
		Version: text, Target: text, Document: text, Incomplete: text, Identities: []string{text, text}, FailOn: finding.Medium,
		Operations: []finding.Tested{
			{Operation: text, Status: finding.StatusTested, Reason: text},
			{Operation: "a " + text, Status: finding.StatusTested, Reason: text},
			{Operation: "b " + text, Status: finding.StatusTested, Reason: text, Undecided: true},
			{Operation: "c " + text, Status: finding.StatusSkipped, Reason: text},
			{Operation: "d " + text, Status: finding.StatusFailed, Reason: text},
		},
		Unproven: []finding.Unproven{{Reason: text, Finding: finding.Finding{
			Rule: finding.FlaskUnkeyedCache, Operation: text, Source: &finding.Source{Root: text, Place: finding.Place{File: text, Line: 1}, Symbol: text},
		}}},
		Findings: []finding.Finding{f, low},
		Known:    map[string]bool{low.Fingerprint(): true},
	}
}

// whole renders r and holds it against what the format itself wants.
func whole(t testing.TB, format string, r *finding.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Formats[format](&b, r); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	out := b.String()
	if !utf8.ValidString(out) {
		t.Errorf("%s: not UTF-8", format)
	}
	// JSON escapes what it must, and is not for people.
	for _, c := range out {
		if format != "json" && c != '\n' && c != []rune(noBreak)[0] && unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Errorf("%s: %U stands in it", format, c)
			break
		}
	}
	switch format {
	case "json", "sarif":
		if !stdjson.Valid(b.Bytes()) {
			t.Errorf("%s: no JSON", format)
		}
	case "markdown":
		if len(out) > markdownMost {
			t.Errorf("markdown: %d bytes", len(out))
		}
	}
	return out
}

var htmlTag = regexp.MustCompile(`</?[a-zA-Z!?][^\s>/]*`)

// shape is what a parser makes of out, without its texts.
func shape(t testing.TB, format, out string) (shape []string) {
	t.Helper()
	switch format {
	case "html":
		// Where < stands, a tag begins: nothing that is said has one.
		return htmlTag.FindAllString(out, -1)
	case "junit":
		d := xml.NewDecoder(strings.NewReader(out))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return shape
			}
			if err != nil {
				t.Fatalf("junit: %v", err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				shape = append(shape, token.Name.Local)
				for _, a := range token.Attr {
					shape = append(shape, "@"+a.Name.Local)
				}
			case xml.EndElement:
				shape = append(shape, "/"+token.Name.Local)
			}
		}
	case "markdown", "terminal":
		// Terminal wraps, so that its lines are counted where the text is short only.
		return []string{strings.Repeat("\n", strings.Count(out, "\n"))}
	}
	return nil
}

// Whatever is said, it changes the words of a report and not its structure.
func TestNothingSaidIsMarkup(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			long := len(text) > 1000
			for format := range Formats {
				out, plain := whole(t, format, saying(text)), whole(t, format, saying("x"))
				if long && len(out) > 3_000_000 && format != "json" {
					t.Errorf("%s: %d bytes", format, len(out))
				}
				if format == "terminal" || long && format == "markdown" { // which wraps, and which is cut
					continue
				}
				if diff := cmp.Diff(shape(t, format, plain), shape(t, format, out)); diff != "" {
					t.Errorf("%s has another structure (-plain +hostile):\n%s", format, diff)
				}
			}
		})
	}
}

// FuzzFormats renders in one format at a time: an input that covers new code is then soon made small.
func FuzzFormats(f *testing.F) {
	formats := slices.Sorted(maps.Keys(Formats))
	plain := make(map[string][]string)
	for i, format := range formats {
		plain[format] = shape(f, format, whole(f, format, saying("x")))
		for _, name := range slices.Sorted(maps.Keys(hostile)) {
			if text := hostile[name]; len(text) < 1000 {
				f.Add(text, uint8(i))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		format := formats[int(which)%len(formats)]
		text = "x" + shorten(text, 400) // of longer ones some formats show the beginning
		out := whole(t, format, saying(text))
		if got := shape(t, format, out); format != "terminal" && !slices.Equal(got, plain[format]) {
			t.Errorf("%s has another structure: %q, want %q", format, got, plain[format])
		}
	})
}

// A baseline knows a finding by what the document calls the operation, not by how that is shown.
func TestKnownWhateverItsName(t *testing.T) {
	r := saying(hostile["control characters"])
	s := show(r)
	if s.found[0].known || !s.found[0].counts || !s.found[1].known || s.found[1].counts {
		t.Errorf("%+v", s.found)
	}
}

func TestShortenCountsCharacters(t *testing.T) {
	for _, tt := range []struct {
		s    string
		most int
		want string
	}{{"", 0, ""}, {"äöü", 3, "äöü"}, {"äöü", 2, "äö…"}, {"a\xffb", 2, "a\xff…"}, {"abc", 0, "…"}} {
		if got := shorten(tt.s, tt.most); got != tt.want {
			t.Errorf("%q, %d: %q, want %q", tt.s, tt.most, got, tt.want)
		}
	}
}

func TestHeadline(t *testing.T) {
	op := func(status finding.Status, undecided bool) finding.Tested {
		return finding.Tested{Operation: "GET /" + string(status), Status: status, Undecided: undecided}
	}
	leak := func(path string, c finding.Confidence) finding.Finding {
		return finding.Finding{Rule: finding.CrossIdentityReuse, Severity: finding.High, Confidence: c, Operation: "GET " + path, Victim: "alice", Observer: "bob"}
	}
	nameless := leak("/a", finding.Confirmed)
	nameless.Victim, nameless.Observer = "", ""
	minor := finding.Finding{Rule: finding.MissingVary, Severity: finding.Medium, Operation: "GET /tested"}
	tested := []finding.Tested{op(finding.StatusTested, false), op(finding.StatusFailed, false)}
	for _, tt := range []struct {
		operations []finding.Tested
		findings   []finding.Finding
		want       string
	}{
		{nil, nil, "Nothing was tested"},
		{tested[1:], nil, "Nothing was tested"},
		{tested, nil, "No leak was seen on 1 tested operation"},
		{tested, []finding.Finding{minor}, "No leak was seen on 1 tested operation; 1 has other findings"},
		{[]finding.Tested{op(finding.StatusTested, true)}, nil, "No leak was seen on 1 tested operation; 1 could not be decided"},
		{tested, []finding.Finding{leak("/a", finding.Confirmed), minor}, "1 of 2 operations gives one user's data to another"},
		{tested, []finding.Finding{leak("/a", finding.Confirmed), leak("/a", finding.Likely), leak("/b", finding.Confirmed)}, "2 of 2 operations give one user's data to another"},
		{tested, []finding.Finding{leak("/a", finding.Likely)}, "1 of 2 operations probably gives one user's data to another"},
		{tested, []finding.Finding{leak("/a", finding.Confirmed), leak("/b", finding.Likely)}, "1 of 2 operations gives one user's data to another; 1 more probably does"},
		{tested, []finding.Finding{nameless}, "1 of 2 operations answers with what was made for another request"},
	} {
		if got := show(&finding.Report{Operations: tt.operations, Findings: tt.findings}).headline(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	alone := show(&finding.Report{Operations: tested, Identities: []string{"alice"}})
	if got, want := alone.headline(), "No leak was seen on 1 tested operation, asked as one user only"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	twice := show(&finding.Report{Operations: tested, Identities: []string{"alice", "alice-ro"}, Readers: []string{"alice"}})
	if got, want := twice.basis(), "alice and alice-ro are one user: whether another user would receive its responses was not tested; give an --identity of another for that"; got != want || twice.headline() != alone.headline() {
		t.Errorf("%q, %q", twice.headline(), got)
	}
	if got := alone.basis(); !strings.Contains(got, "was not tested; give a second --identity") {
		t.Errorf("got %q", got)
	}
}

// However a scan ended, an operation stands under one heading: the one that matters most.
func TestOperationsAreCountedOnce(t *testing.T) {
	r := &finding.Report{Incomplete: "interrupted"}
	for _, op := range []struct {
		path      string
		status    finding.Status
		undecided bool
		severity  finding.Severity // of its finding; Info: none
	}{
		{"leaks", finding.StatusTested, false, finding.High},
		{"leaks and was not asked for to the end", finding.StatusFailed, true, finding.High},
		{"has findings", finding.StatusTested, false, finding.Medium},
		{"has findings, and is undecided", finding.StatusTested, true, finding.Low},
		{"is undecided", finding.StatusTested, true, finding.Info},
		{"is clean", finding.StatusTested, false, finding.Info},
		{"was not asked for", finding.StatusFailed, false, finding.Info},
		{"was not tried", finding.StatusSkipped, false, finding.Info},
	} {
		r.Operations = append(r.Operations, finding.Tested{Operation: op.path, Status: op.status, Undecided: op.undecided})
		if op.severity > finding.Info {
			r.Findings = append(r.Findings, finding.Finding{Rule: finding.CrossIdentityReuse, Severity: op.severity, Operation: op.path})
		}
	}
	s := show(r)
	if got, want := s.tally(), "2 leaking · 1 with other findings · 1 clean · 2 undecided · 2 not tested"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// written is a report in a file of its own.
func written(t *testing.T, format string, r *finding.Report) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, []byte(whole(t, format, r)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
