package report

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

// TestPageInABrowser opens pages in Chromium as wide as a phone, with everything unfolded: nothing may need
// scrolling to the side, ask for anything, or end in an error. Three pages that do are shown beside them, so
// that the test is known to see it.
func TestPageInABrowser(t *testing.T) {
	chromium := programtest.Need(t, "chromium")
	pages := map[string]string{
		"example":      whole(t, "html", example()),
		"empty":        whole(t, "html", &finding.Report{}),
		"crowd":        whole(t, "html", crowd()),
		"bad/wide":     `<!DOCTYPE html><div style="width: 361px">wide</div>`,
		"bad/folded":   `<!DOCTYPE html><details><summary>a</summary><div style="width: 361px">wide</div></details>`,
		"bad/asking":   `<!DOCTYPE html><link rel="stylesheet" href="/asked">`,
		"bad/shouting": `<!DOCTYPE html><script>throw new Error("shouting")</script>`,
	}
	for name, text := range hostile {
		pages["said: "+name] = whole(t, "html", saying(text))
	}
	var names []string
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)

	var frames strings.Builder
	for i, name := range names {
		fmt.Fprintf(&frames, `<iframe title="%s" src="/%d" width="360" height="640" style="border: 0"></iframe>`, name, i)
	}
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		var i int
		_, err := fmt.Sscanf(r.URL.Path, "/%d", &i)
		switch {
		case r.URL.Path == "/":
			fmt.Fprintf(w, measuring, frames.String())
		case err == nil && i < len(names):
			fmt.Fprint(w, pages[names[i]])
		case r.URL.Path != "/favicon.ico":
			mu.Lock()
			asked = append(asked, r.URL.Path)
			mu.Unlock()
			http.NotFound(w, r)
		}
	}))
	defer server.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir="+t.TempDir(), "--window-size=800,800", "--dump-dom", server.URL+"/")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}

	wide := regexp.MustCompile(`<li>(.*?): (\d+)</li>`).FindAllStringSubmatch(stdout.String(), -1)
	if len(wide) != len(names) {
		t.Fatalf("%d of %d pages were measured:\n%.3000s\n%.3000s", len(wide), len(names), stdout.String(), stderr.String())
	}
	for _, m := range wide {
		if bad := m[1] == "bad/wide" || m[1] == "bad/folded"; bad != (m[2] != "0") {
			t.Errorf("%s is %s pixels too wide", m[1], m[2])
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^.*:CONSOLE.*$`).FindAllString(stderr.String(), -1) {
		if !strings.Contains(line, "shouting") && !strings.Contains(line, "/asked") && !strings.Contains(line, "404") {
			t.Errorf("the console has %s", line)
		}
	}
	if !strings.Contains(stderr.String(), "shouting") {
		t.Error("an error would not be noticed")
	}
	if !slices.Equal(slices.Compact(asked), []string{"/asked"}) {
		t.Errorf("%q were asked for, want what the bad page asks for", asked)
	}
}

// measuring is a page with others in frames as wide as a phone, which lists by how much their contents are too wide.
const measuring = `<!DOCTYPE html><meta charset="utf-8">%s<script>
onload = () => {
  const list = document.createElement("ul");
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    for (const d of page.querySelectorAll("details")) d.open = true;
    const root = page.documentElement;
    const item = document.createElement("li");
    item.textContent = frame.title + ": " + Math.max(0, root.scrollWidth - root.clientWidth);
    list.append(item);
    frame.remove();
  }
  document.body.append(list);
}
</script>`

// crowd is a proof with many readers and many steps.
func crowd() *finding.Report {
	r := example()
	f := &r.Findings[0]
	f.Evidence = nil
	for i := range 40 {
		f.Evidence = append(f.Evidence, finding.Evidence{
			As: fmt.Sprintf("reader-with-a-long-name-%d", i%12), Request: "curl " + strings.Repeat("a", 500), Status: 200, Note: strings.Repeat("word ", 50),
			Excerpt: strings.Repeat("b", 3000), By: []finding.Maker{finding.ByOrigin, finding.ByCache, finding.ByUnknown}[i%3],
		})
	}
	return r
}

// The page needs nothing and nobody: no script, no address to load from, and a policy that allows its style only.
func TestPageNeedsNothing(t *testing.T) {
	for name, text := range hostile {
		out := whole(t, "html", saying(text))
		tags := htmlTag.FindAllString(out, -1)
		for _, tag := range []string{"<script", "<link", "<img", "<iframe", "<object", "<form", "<a", "<base"} {
			if slices.Contains(tags, tag) {
				t.Errorf("%s: there is a %s", name, tag)
			}
		}
		if strings.Contains(out, "ZgotmplZ") {
			t.Errorf("%s: html/template refused a value", name)
		}
	}
	out := whole(t, "html", example())
	if n := strings.Count(out, `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-`); n != 1 {
		t.Errorf("%d policies", n)
	}
	if regexp.MustCompile(`url\(|@import|style="`).MatchString(out) {
		t.Error("a style that the policy refuses")
	}
}

// Every id that something refers to is there, once.
func TestPageReferences(t *testing.T) {
	out := whole(t, "html", example())
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(out, -1) {
		ids[m[1]]++
	}
	named := 0
	for _, m := range regexp.MustCompile(` aria-labelledby="([^"]+)"`).FindAllStringSubmatch(out, -1) {
		for id := range strings.FieldsSeq(m[1]) {
			if named++; ids[id] != 1 {
				t.Errorf("there are %d %s", ids[id], id)
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d names", named)
	}
}

// Where there are many findings, the page says where those of each rule begin.
func TestPageIndex(t *testing.T) {
	r := example()
	if out := whole(t, "html", r); strings.Contains(out, "<a ") {
		t.Error("a page with few findings has an index")
	}
	for i := range 300 {
		f := r.Findings[0]
		f.Operation = fmt.Sprintf("GET /<b>%d", i)
		r.Findings = append(r.Findings, f)
	}
	r.Sort()
	out := whole(t, "html", r)
	links := regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a> <span class="quiet">([^<]*)`).FindAllStringSubmatch(out, -1)
	var got []string
	for _, m := range links {
		if id, ok := strings.CutPrefix(m[1], "#"); !ok || strings.Count(out, ` id="`+id+`"`) != 1 {
			t.Errorf("%s leads nowhere", m[1])
		}
		got = append(got, m[2]+" "+m[3])
	}
	if want := []string{"anonymous-reuse 301 operations", "cross-identity-reuse 1 operation", "cross-identity-reuse 1 operation", "missing-vary 1 operation"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A picture says what the list says: who asked, in which order, who answered.
func TestSequence(t *testing.T) {
	step := func(as string, by finding.Maker, status int) finding.Evidence {
		return finding.Evidence{As: as, By: by, Status: status}
	}
	for _, tt := range []struct {
		name     string
		steps    []finding.Evidence
		lanes    string
		classes  string
		decisive int
	}{
		{"who answered is known", []finding.Evidence{step("alice", finding.ByOrigin, 200), step("bob", finding.ByCache, 200)}, "alice bob cache origin", "origin cache", 2},
		{"and not known", []finding.Evidence{step("alice", "", 200), step("bob", "", 200), step("alice", "", 200)}, "alice bob API", "unknown unknown unknown", 2},
		{"in part", []finding.Evidence{step("bob", "", 401), step("alice", finding.ByOrigin, 200), step("bob", finding.ByCache, 200)}, "bob alice cache origin", "unknown origin cache", 3},
		{"the observer's own answer gave nothing away", []finding.Evidence{step("bob", finding.ByOrigin, 200), step("bob", "", 404)}, "bob cache origin", "origin unknown", 0},
		{"one reader", []finding.Evidence{step("alice", finding.ByOrigin, 200)}, "alice cache origin", "origin", 0},
	} {
		s := draw("a", finding.Finding{Observer: "bob", Evidence: tt.steps})
		var lanes, classes []string
		decisive := 0
		for _, l := range s.Lanes {
			lanes = append(lanes, l.Name)
		}
		for i, a := range s.Arrows {
			classes = append(classes, a.Class)
			if a.Decisive {
				decisive = i + 1
			}
			reaches := a.BoxX + a.BoxW/2
			if a.Number != i+1 || a.From >= a.BoxX || (a.Through != 0) != (a.Class == "origin") || a.Through >= reaches || reaches > s.Width || a.Row+a.RowH > s.Bottom {
				t.Errorf("%s: %+v", tt.name, a)
			}
		}
		if got := strings.Join(lanes, " "); got != tt.lanes {
			t.Errorf("%s: lanes %s, want %s", tt.name, got, tt.lanes)
		}
		if got := strings.Join(classes, " "); got != tt.classes || decisive != tt.decisive {
			t.Errorf("%s: %s, decisive %d; want %s, %d", tt.name, got, decisive, tt.classes, tt.decisive)
		}
		if n := strings.Count(s.Desc, " asked, "); n != len(tt.steps) {
			t.Errorf("%s: %s", tt.name, s.Desc)
		}
	}
	if draw("a", finding.Finding{}) != nil {
		t.Error("a picture of nothing")
	}
}

// A picture is well-formed XML too: it can be taken out of the page.
func TestPicturesAreXML(t *testing.T) {
	pictures := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(whole(t, "html", example()), -1)
	if len(pictures) != 3 {
		t.Fatalf("%d pictures, want one for each proof", len(pictures))
	}
	for _, p := range pictures {
		if err := xml.Unmarshal([]byte(p), new(struct{})); err != nil {
			t.Errorf("%v\n%s", err, p)
		}
	}
}
