package apache

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

// raced is set under the race detector, where everything takes ten times as long.
var raced bool

// Whatever a tree holds, reading it ends, soon.
func TestHostile(t *testing.T) {
	const head = "CacheEnable disk /\nCacheQuickHandler Off\nProxyPass / http://127.0.0.1:5000/\n"
	size := 5 << 20
	if raced {
		size = 1 << 18
	}
	fill := func(part string) string { return head + strings.Repeat(part, size/len(part)) }
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
		}
		return head + b.String()
	}
	many := func(n int, path, text string) map[string]string {
		files := map[string]string{}
		for i := range n {
			files[strings.ReplaceAll(path, "%d", fmt.Sprint(i))] = strings.ReplaceAll(text, "%d", fmt.Sprint(i))
		}
		return files
	}
	for name, files := range map[string]map[string]string{
		"one line":                      {"a.conf": head + strings.Repeat("x", size)},
		"one word after the other":      {"a.conf": fill("x ")},
		"backslashes":                   {"a.conf": fill("\\\n")},
		"backslashes and no line":       {"a.conf": fill("\\")},
		"quotes":                        {"a.conf": fill("\"")},
		"lines of open quotes":          {"a.conf": fill("Header \"\n")},
		"variables without end":         {"a.conf": fill("${")},
		"variables":                     {"a.conf": "Define A ${A}${A}\n" + fill("${A}")},
		"values that grow":              {"a.conf": head + numbered(300, "Define A%d ${A}${A}\nDefine A ${A%d}${A%d}\n")},
		"placeholders without end":      {"a.conf": fill("Header {{")},
		"statements without end":        {"a.conf": fill("<%\n")},
		"sections in sections":          {"a.conf": fill("<Location /a>\n")},
		"sections that nothing opens":   {"a.conf": fill("</Location>\n")},
		"macros in macros":              {"a.conf": fill("<Macro a>\n")},
		"a macro that uses itself":      {"a.conf": head + "<Macro a>\nUse a\nUse a\nUse a\n</Macro>\nUse a\n"},
		"a macro used often":            {"a.conf": head + "<Macro a>\n" + strings.Repeat("Header set A b\n", 10000) + "</Macro>\n" + strings.Repeat("Use a\n", 10000)},
		"sites":                         {"a.conf": fill("<VirtualHost *:80>\nCacheEnable disk /\n</VirtualHost>\n")},
		"sites, and much for all":       {"a.conf": numbered(size/256, "<VirtualHost *:80>\nCacheEnable disk /%d\n</VirtualHost>\nHeader set Cache-Control public\n")},
		"many caches and many headers":  {"a.conf": numbered(size/256, "CacheEnable disk /a%d\n<Location /a%d>\nHeader set Cache-Control public\nAuthType Basic\nRequire valid-user\n</Location>\n")},
		"patterns":                      {"a.conf": fill("<LocationMatch \"^/(((((((((a*)*)*)*)*)*)*)*)*)*\">\nCacheEnable disk\n</LocationMatch>\n")},
		"globs":                         {"a.conf": head + strings.Repeat("Include "+strings.Repeat("*a", 200)+"\n", 5000), strings.Repeat("a", 400): "CacheEnable disk /"},
		"a path without end":            {"a.conf": head + "Include " + strings.Repeat("a/", size/2)},
		"files that include all others": many(300, "conf/%d.conf", "Include conf/*.conf\nCacheEnable disk /%d\n"),
		"files that include the next":   many(3000, "conf/%d.conf", "Include conf/%d0.conf\nInclude %d1.conf\nCacheEnable disk /%d\n"),
		"files for themselves":          many(20000, "%d/a.conf", "CacheEnable disk /\n"),
		"no text at all":                {"a.conf": fill("\x00\xff\xfe\r")},
		"members":                       {"a.conf": head + "Header set Cache-Control \"" + strings.Repeat("a,", size/2) + "\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			audited(files) // that it ends at all is what is tested
		})
	}
}

// What is too much to be looked at is said, since silence would say that there is nothing.
func TestTooMuchIsSaid(t *testing.T) {
	text := "CacheEnable disk /\n" + strings.Repeat("Header set Cache-Control public\n", maxDirectives+1)
	if problems := audited(map[string]string{"a.conf": text}).Problems; len(problems) != 1 || problems[0].File != "a.conf" {
		t.Errorf("problems: %v", problems)
	}
}

// FuzzLex: items stand where they say, in order, and the words of an item are those of the text at their offsets.
func FuzzLex(f *testing.F) {
	for _, text := range load(f) {
		f.Add([]byte(text))
	}
	f.Add([]byte("a \"b\\\"c\" 'd' \\\n e\n# x \\\n y\n<If \"a > b\">\r\n</If>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		line, at := 0, 0
		for _, it := range lex(text) {
			if it.line <= line && line > 0 || it.last < it.line || it.start < at || it.stop < it.start || it.stop > len(text) {
				t.Fatalf("%+v after line %d, offset %d", it, line, at)
			}
			line, at = it.last, it.stop
			for _, w := range it.args {
				if w.end == 0 {
					continue
				}
				if w.start < it.start || w.end > it.stop || w.start >= w.end {
					t.Fatalf("%+v outside of %+v", w, it)
				}
				raw := string(text[w.start:w.end])
				if again, end := argument(raw, 0); again != w.text || end != len(raw) {
					t.Fatalf("%q is read as %q", raw, w.text)
				}
			}
		}
	})
}

// FuzzAudit: what is found is in the files, and the order of these changes nothing.
func FuzzAudit(f *testing.F) {
	texts := load(f)
	for name, text := range texts {
		f.Add([]byte(text), []byte(texts["public-late"]), uint64(len(name)))
	}
	f.Fuzz(func(t *testing.T, one, two []byte, seed uint64) {
		files := []audit.File{{Path: "a/mods-enabled/one.conf", Text: one}, {Path: "a/sites-enabled/two", Text: two}, {Path: "a/.htaccess", Text: one}}
		result := Language.Audit(files)
		var seen []string
		for _, f := range result.Findings {
			seen = append(seen, f.Fingerprint())
			for _, file := range files {
				if file.Path == f.Source.File && (f.Source.Line < 1 || f.Source.Line > strings.Count(string(file.Text), "\n")+1) {
					t.Errorf("%+v", f.Source)
				}
			}
		}
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		var again []string
		for _, f := range Language.Audit(files).Findings {
			again = append(again, f.Fingerprint())
		}
		if strings.Join(seen, " ") != strings.Join(again, " ") {
			t.Errorf("%v, and in another order %v", seen, again)
		}
	})
}
