package nginx

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/test/programtest"
)

// mended are the files after the edits of all findings were written.
func mended(files []audit.File, findings []finding.Finding) []audit.File {
	var edits []finding.Edit
	for _, f := range findings {
		edits = append(edits, f.Source.Edits...)
	}
	// From the end, so that offsets stay good; a deletion after what is inserted in the same place.
	slices.SortStableFunc(edits, func(a, b finding.Edit) int { return b.Start - a.Start })
	var list []audit.File
	for _, f := range files {
		text := string(f.Text)
		for _, e := range edits {
			if e.File == f.Path {
				text = text[:e.Start] + e.Text + text[e.End:]
			}
		}
		list = append(list, audit.File{Path: f.Path, Text: []byte(text)})
	}
	return list
}

// What the edits mend is found no longer, nothing else is, and the edits fit each other.
func TestEdits(t *testing.T) {
	names, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no files", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := []audit.File{{Path: filepath.Base(name), Text: text}}
			before := check(files).Findings
			after := mended(files, before)
			for _, f := range check(after).Findings {
				mendable := slices.ContainsFunc(before, func(b finding.Finding) bool {
					return b.Rule == f.Rule && b.Source.Symbol == f.Source.Symbol && len(b.Source.Edits) > 0
				})
				if mendable || !slices.ContainsFunc(before, func(b finding.Finding) bool { return b.Rule == f.Rule && b.Source.Symbol == f.Source.Symbol }) {
					t.Errorf("%s is still found at %s:\n%s", f.Rule.ID, f.Source.Symbol, excerpt(after[0].Text, f.Source.Line))
				}
			}
		})
	}
}

func excerpt(text []byte, line int) string {
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, line-6):min(len(lines), line+8)], "\n")
}

// The real nginx takes what the edits make of a file, and leaks no longer where something was found that they mend.
func TestEditsLive(t *testing.T) {
	nginx := programtest.Need(t, "nginx")
	origin := startOrigin(t)
	for _, name := range []string{"keys.conf", "conditions.conf", "checks.conf", "rewrites.conf", "fastcgi.conf", "ignored.conf", "logs.conf", "places.conf"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			files := []audit.File{{Path: name, Text: text}}
			before := check(files).Findings
			after := mended(files, before)
			address := startNginx(t, nginx, origin, string(after[0].Text))
			for _, q := range questions(t, after[0]) {
				if q.quiet == "" {
					q.says = "keeps"
					q.put(t, address, before)
				}
			}
		})
	}
}

// Conditions of an inner block replace those around it, so that a line that is added there has to repeat them; and where nobody sees
// what stands around a file, nobody adds a line without being asked.
func TestEditsRepeatWhatTheyReplace(t *testing.T) {
	around := "events {}\nhttp {\n    proxy_no_cache $cookie_a;\n    proxy_cache_valid 1m;\n    %\n}\n"
	likely := "server {\n    location /api/ {\n        proxy_pass http://a;\n        proxy_cache z;\n    }\n}\n"
	inner := strings.Replace(likely, "proxy_cache z;", "proxy_cache z;\n        proxy_set_header Authorization $http_authorization;", 1)
	for _, tt := range []struct {
		name, text, want string
		safe             bool
	}{
		{"inherited conditions stay", strings.Replace(around, "%", inner, 1), "\n        proxy_cache_bypass $http_authorization;\n        proxy_no_cache $http_authorization $cookie_a;", true},
		{"what is likely: not without a question", strings.Replace(around, "%", likely, 1), "\n        proxy_cache_bypass $http_authorization $http_cookie;\n        proxy_no_cache $http_authorization $http_cookie $cookie_a;", false},
		{"own conditions stay where they are", "events {}\nhttp {\nproxy_cache_valid 1m;\n" + strings.Replace(inner, "proxy_cache z;", "proxy_cache z;\n        proxy_no_cache $cookie_a;", 1) + "}\n",
			"\n        proxy_cache_bypass $http_authorization;\n        proxy_no_cache $http_authorization;", true},
		{"a fragment: not without a question", "proxy_cache_valid 1m;\n" + inner, "\n        proxy_cache_bypass $http_authorization;\n        proxy_no_cache $http_authorization;", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// $cookie_a may tell who asks or not, so that a name that does not is put in its place.
			text := strings.ReplaceAll(tt.text, "$cookie_a", "$cookie_lang")
			want := strings.ReplaceAll(tt.want, "$cookie_a", "$cookie_lang")
			list := check([]audit.File{{Path: "nginx.conf", Text: []byte(text)}}).Findings
			if len(list) != 1 || len(list[0].Source.Edits) != 1 {
				t.Fatalf("found %+v, want one finding with one edit", list)
			}
			if got := list[0].Source.Edits[0].Text; got != want {
				t.Errorf("the edit is %q, want %q", got, want)
			}
			if got := list[0].Source.Safe; got != tt.safe {
				t.Errorf("safe: %v, want %v", got, tt.safe)
			}
		})
	}
}

// Lines that are added are lines of their own, at the depth of the one that they follow and behind its comment; among directives that share
// a line they share it too. A directive that is taken away takes its line along.
func TestEditsAsPeopleWriteThem(t *testing.T) {
	const (
		passed = "proxy_set_header Authorization $http_authorization; "
		lines  = "proxy_cache_bypass $http_authorization;|proxy_no_cache $http_authorization;"
	)
	for _, tt := range []struct{ name, location, want string }{
		{"behind a comment", "{\n\t\tproxy_cache z; # here\n\t\t" + passed + "\n\t\tproxy_pass http://a;\n}\n",
			"{\n\t\tproxy_cache z; # here\n\t\t" + strings.ReplaceAll(lines, "|", "\n\t\t") + "\n\t\t" + passed + "\n\t\tproxy_pass http://a;\n}\n"},
		{"lines that end as Windows has it", "{\r\n  proxy_cache z;\r\n  " + passed + "\r\n  proxy_pass http://a;\r\n}\r\n",
			"{\r\n  proxy_cache z;\r\n  " + strings.ReplaceAll(lines, "|", "\r\n  ") + "\r\n  " + passed + "\r\n  proxy_pass http://a;\r\n}\r\n"},
		{"all on one line", "{ proxy_cache z; " + passed + "proxy_pass http://a; }\n",
			"{ proxy_cache z; " + strings.ReplaceAll(lines, "|", " ") + " " + passed + "proxy_pass http://a; }\n"},
		{"the origin in an if, where there are no conditions of a cache",
			"{\n    proxy_cache_bypass $cookie_lang;\n    " + passed + "\n    if ($uri) {\n        proxy_pass http://a;\n    }\n}\n",
			"{\n    proxy_cache_bypass $cookie_lang;\n    " + passed + "\n    if ($uri) {\n        proxy_pass http://a;\n    }\n    " + strings.ReplaceAll(lines, "|", "\n    ") + "\n}\n"},
		{"fields of the origin's that are heard again",
			"{\n    proxy_cache z;\n    proxy_ignore_headers Set-Cookie Cache-Control;\n    proxy_pass http://a; proxy_ignore_headers Expires; # why\n    " + passed + "\n}\n",
			"{\n    proxy_cache z;\n    " + strings.ReplaceAll(lines, "|", "\n    ") + "\n    proxy_pass http://a; # why\n    " + passed + "\n}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const around = "events {}\nhttp {\nproxy_cache z; proxy_cache_valid 1m;\nserver {\nlocation /api/ "
			files := []audit.File{{Path: "nginx.conf", Text: []byte(around + tt.location + "}\n}\n")}}
			got, _ := strings.CutPrefix(string(mended(files, check(files).Findings)[0].Text), around)
			if want := tt.want + "}\n}\n"; got != want {
				t.Errorf("the file is then\n%s\nand should be\n%s", got, want)
			}
		})
	}
}
