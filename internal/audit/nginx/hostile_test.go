package nginx

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

// raced is set under the race detector, where everything takes ten times as long.
var raced bool

// What a stranger's tree may hold: none of it takes long, or breaks anything.
func TestHostile(t *testing.T) {
	big := 5 << 20
	if raced {
		big = 1 << 18
	}
	fill := func(s string) string { return strings.Repeat(s, big/len(s)) }
	var chain, doubling, locations strings.Builder
	for i := range 30000 {
		fmt.Fprintf(&chain, "map $v%d $v%d { default \"$v%d$v%d\"; }\n", i, i+1, i, i)
	}
	chain.WriteString("server { location /api/ { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; proxy_cache_key $v30000; } }")
	for i := range 2000 {
		fmt.Fprintf(&doubling, "set $d%d \"$d%d$d%d\";\n", i+1, i, i)
	}
	for i := range 10000 {
		fmt.Fprintf(&locations, "location /api/%d { set $a%d 1; proxy_pass http://a; }\n", i, i)
	}
	for name, text := range map[string]string{
		"nothing":                    "",
		"zeros":                      fill("\x00"),
		"no UTF-8":                   fill("\xff\xfe{;"),
		"opening braces":             fill("{"),
		"closing braces":             fill("}"),
		"blocks in blocks":           fill("location / {"),
		"blocks closed again":        fill("location / {") + fill("}"),
		"a string without an end":    "server_name \"" + fill("a"),
		"strings":                    fill(`"`),
		"backslashes":                fill(`\`),
		"tags without an end":        fill("{{"),
		"tags":                       fill("{{a}}"),
		"tags in words":              "root " + fill("a{{b}}"),
		"statements without an end":  fill("{%"),
		"other tags":                 fill("<%= "),
		"tags alone on long lines":   fill("{{a}}" + strings.Repeat(" ", 300)),
		"Lua":                        "server { content_by_lua_block {" + fill("[==[ ]=] -- { \" "),
		"brackets of Lua":            "server { content_by_lua_block {" + fill("[="),
		"many dollars":               "log_format a '" + fill("$") + "';",
		"many variables":             "access_log a a; log_format a '" + fill("$http_authorization") + "';",
		"a map of maps":              chain.String(),
		"values that double":         "server { set $d0 xx;" + doubling.String() + "location /api/ { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; proxy_cache_key $d2000; } }",
		"a map of itself":            "map $a $b { default $b; } map $b $a { default $a; } server { location /api/ { proxy_pass http://a; proxy_cache $a; proxy_cache_valid 1m; proxy_cache_key $b; } }",
		"locations that inherit":     "server { proxy_cache z; proxy_cache_valid 1m; " + locations.String() + "}",
		"a map with many lines":      "map $http_authorization $m { " + strings.Repeat("~^(a+)+b 1;\n", 200000) + " } server { location /api/ { proxy_pass http://a; proxy_cache z; proxy_no_cache $m; } }",
		"an expression of all sorts": "server { location ~ \"(((((((((a{500}){500}){500})*)*)*)*)*)\" { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; } }",
		"a deep expression":          "server { location ~ " + strings.Repeat("(", 200000) + " { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; } }",
		"checks that nobody asks":    "server { " + numbered("location /c%d { internal; proxy_pass http://a; proxy_set_header A $arg_token; }", 60000) + "}",
		"places in one long line":    "server { " + numbered("location /api/%d { proxy_pass http://a; proxy_set_header Authorization $http_authorization; proxy_cache z; proxy_cache_valid 1m; }", 40000) + "}",
		"it includes itself":         "include nginx.conf; include *.conf; include ../*/nginx.conf; server {}",
		"many includes":              fill("include /etc/nginx/*/x.conf;\n"),
		"different includes":         "server { " + numbered("include /a/b/c/%d*.conf;\n", 100000) + "}",
		"one line":                   "server { " + numbered("location /api/%d { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; }", 8000) + "}",
		"one line each":              "server { " + numbered("location /api/%d { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; }\n", 8000) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			check([]audit.File{{Path: "nginx.conf", Text: []byte(text)}}) // that it ends at all is what is tested
		})
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Files that include all others, and each other twice.
func TestHostileTrees(t *testing.T) {
	var all, twice []audit.File
	for i := range 300 {
		all = append(all, audit.File{Path: fmt.Sprintf("conf.d/%d.conf", i), Text: []byte("include *.conf; include /etc/nginx/conf.d/*.conf; server {}")})
		twice = append(twice, audit.File{Path: fmt.Sprintf("%d.conf", i), Text: fmt.Appendf(nil, "include %d.conf; include %d.conf; access_log off;", i+1, i+1)})
	}
	for name, files := range map[string][]audit.File{"all": all, "twice": twice} {
		t.Run(name, func(t *testing.T) {
			check(files)
		})
	}
}

// Whatever a file holds, findings and problems are places in it, edits stay inside of it, and nothing of what it holds as a value is
// printed. A second look sees the same.
func FuzzAudit(f *testing.F) {
	for _, pattern := range []string{"testdata/*.conf", "testdata/templates/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		files := []audit.File{{Path: "nginx.conf", Text: text}}
		result := check(files)
		lines := strings.Count(string(text), "\n") + 1
		for _, x := range result.Findings {
			wellFormed(t, files, x)
			if x.Source.Line < 1 || x.Source.EndLine > lines {
				t.Errorf("lines %d to %d of %d", x.Source.Line, x.Source.EndLine, lines)
			}
		}
		for _, p := range result.Problems {
			if p.Line < 1 || p.Line > lines {
				t.Errorf("a problem in line %d of %d", p.Line, lines)
			}
		}
		if again := check(files); fmt.Sprint(found(again)) != fmt.Sprint(found(result)) {
			t.Errorf("%v, and then %v", found(result), found(again))
		}
	})
}
