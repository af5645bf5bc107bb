package apache

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

// load reads the configurations of testdata, by name.
func load(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	texts := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(file), ".conf")] = string(data)
	}
	return texts
}

// want are the lines that are to be blamed: those below a line that says so. httpd has no comments at the end of a line.
func want(text string) (lines []int) {
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "# want: "+finding.ApacheUnkeyedAuthorization.ID {
			lines = append(lines, i+2)
		}
	}
	return lines
}

func audited(files map[string]string) audit.Result {
	var list []audit.File
	for path, text := range files {
		if Language.Match(path) {
			list = append(list, audit.File{Path: path, Text: []byte(text)})
		}
	}
	slices.SortFunc(list, func(a, b audit.File) int { return strings.Compare(a.Path, b.Path) })
	return Language.Audit(list)
}

// Every configuration of testdata has what is said in it found in it, and nothing else.
func TestAnnotated(t *testing.T) {
	for name, text := range load(t) {
		t.Run(name, func(t *testing.T) {
			var got []int
			result := audited(map[string]string{"app.conf": text})
			for _, f := range result.Findings {
				got = append(got, f.Source.Line)
				whole(t, f, text)
			}
			if fmt.Sprint(got) != fmt.Sprint(want(text)) {
				t.Errorf("got lines %v, want %v", got, want(text))
			}
			if len(result.Problems) > 0 {
				t.Errorf("problems: %v", result.Problems)
			}
		})
	}
}

// whole holds a finding against what every finding has.
func whole(t *testing.T, f finding.Finding, text string) {
	t.Helper()
	s := f.Source
	lines := strings.Count(text, "\n")
	if f.Rule != finding.ApacheUnkeyedAuthorization || f.Severity != f.Rule.Severity || f.Confidence < finding.Likely ||
		!strings.HasSuffix(f.Summary, ".") || f.Detail == "" || s.Fix == "" || s.Symbol == "" || s.Key == "" || s.EndLine < s.Line || s.EndLine > lines {
		t.Errorf("not whole: %+v, %+v", f, s)
	}
	for _, place := range s.Trace {
		if place.File == "" || place.Line < 1 || place.Line > lines || place.Note == "" {
			t.Errorf("trace: %+v", place)
		}
	}
	for _, e := range s.Edits {
		if e.Start < 0 || e.End < e.Start || e.End > len(text) {
			t.Errorf("edit: %+v", e)
		}
	}
}

// What a fix writes is a configuration in which that line is no longer blamed.
func TestEditsMend(t *testing.T) {
	edited, safe := 0, 0
	for name, text := range load(t) {
		for _, f := range audited(map[string]string{"app.conf": text}).Findings {
			if len(f.Source.Edits) == 0 {
				continue
			}
			edited++
			if f.Source.Safe {
				safe++
			}
			e := f.Source.Edits[0]
			mended := text[:e.Start] + e.Text + text[e.End:]
			if left := audited(map[string]string{"app.conf": mended}).Findings; len(left) > 0 {
				t.Errorf("%s: still found after the fix: %s\n%s", name, left[0].Summary, mended)
			}
		}
	}
	if edited < 10 || safe > 0 { // what is likely is shown, and not written
		t.Errorf("%d edits, %d of them safe", edited, safe)
	}
}

func TestMatch(t *testing.T) {
	for path, want := range map[string]bool{
		"httpd.conf": true, "a/b/vhost.conf": true, ".htaccess": true, "public/.htaccess": true, "apache2/sites-available/example": true,
		"sites-enabled/000-default": true, "apache2.conf.erb": true, "vhost.conf.j2": true, "httpd.conf.in": true, "conf/httpd-vhosts": true,
		"docker/apache/vhost.tpl": true, "roles/apache2/templates/site": true, "apache/index.html": false,
		"apache.py": false, "README.md": false, "httpd.go": false, "app/views.py": false, "default.vcl": false, "sites-available/readme.md": false,
	} {
		if Language.Match(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// A server is more than one file.
func TestTrees(t *testing.T) {
	const (
		enabled  = "CacheEnable disk /\n"
		late     = "CacheQuickHandler Off\n"
		proxied  = "ProxyPass / http://127.0.0.1:5000/\n"
		released = "<Location /api>\nHeader set Cache-Control \"public, max-age=60\"\n</Location>\n"
		host     = "<VirtualHost *:80>\n" + proxied + released + "</VirtualHost>\n"
	)
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // file:line
	}{
		{"Debian's directories are one server", map[string]string{
			"etc/apache2/mods-available/cache.conf": enabled, "etc/apache2/conf-available/late.conf": late, "etc/apache2/sites-available/api": host}, "etc/apache2/sites-available/api:4"},
		{"and those of two servers are two", map[string]string{
			"one/mods-available/cache.conf": enabled + late, "two/sites-available/api.conf": host}, ""},
		{"files in a directory of another name have nothing to do with each other", map[string]string{
			"a/cache.conf": enabled + late, "a/site.conf": host}, ""},
		{"unless one includes the other", map[string]string{
			"a/cache.conf": enabled + late, "a/site.conf": "Include cache.conf\n" + host}, "a/site.conf:5"},
		{"by its path on the machine", map[string]string{
			"docker/conf/cache.conf": enabled + late, "docker/site.conf": "IncludeOptional /etc/httpd/conf/cache*.conf\n" + host}, "docker/site.conf:5"},
		{"which is not another's", map[string]string{
			"docker/conf/cache.conf": enabled + late, "docker/site.conf": "Include /etc/httpd/other/cache*.conf\n" + host}, ""},
		{"within a section", map[string]string{
			"a/release.conf": "Header set Cache-Control \"public, max-age=60\"\n",
			"a/site.conf":    enabled + late + proxied + "<Location /api>\nInclude release.conf\n</Location>\n"}, "a/release.conf:1"},
		{"a variable for the directory", map[string]string{
			"a/conf/cache.conf": enabled + late, "a/site.conf": "Include ${SRVROOT}/conf/cache.conf\n" + host}, "a/site.conf:5"},
		{"files that include each other", map[string]string{
			"a/one.conf": "Include two.conf\n" + enabled, "a/two.conf": "Include one.conf\nInclude two.conf\n" + late + host}, ""},
		{"a site of its own says when the cache comes", map[string]string{
			"a/site.conf": enabled + late + "<VirtualHost *:80>\nCacheQuickHandler On\n" + proxied + released + "</VirtualHost>\n"}, ""},
		{"and what is cached of it", map[string]string{
			"a/site.conf": late + host + "<VirtualHost *:81>\n" + enabled + proxied + "</VirtualHost>\n"}, ""},
		{"a .htaccess", map[string]string{
			"httpd.conf": enabled + "DocumentRoot /var/www\nDirectoryIndex index.php\n", "www/.htaccess": "CacheStorePrivate On\n"}, "www/.htaccess:1"},
		{"a .htaccess where all is handed on", map[string]string{
			"httpd.conf": enabled + proxied, "www/.htaccess": "CacheStorePrivate On\n"}, ""},
		{"a configuration of nginx", map[string]string{
			"nginx.conf": "server {\n  # CacheEnable disk /\n  location / { proxy_pass http://api; proxy_cache c; }\n}\n"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range audited(tt.files).Findings {
				got = append(got, fmt.Sprintf("%s:%d", f.Source.File, f.Source.Line))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %q", got, tt.want)
			}
		})
	}
}

// What a finding says leads a reader from the cache to the line.
func TestSource(t *testing.T) {
	text := load(t)["public-late"]
	list := audited(map[string]string{"app.conf": text}).Findings
	if len(list) != 1 {
		t.Fatal(list)
	}
	s := list[0].Source
	var notes []string
	for _, place := range s.Trace {
		notes = append(notes, fmt.Sprintf("%d %s", place.Line, place.Note))
	}
	got := fmt.Sprintf("%s %d-%d %q %s", s.Symbol, s.Line, s.EndLine, s.Key, strings.Join(notes, "; "))
	const want = `<Location /api/> 11-12 "Header set Cache-Control \"public, max-age=60\"" 4 mod_cache is enabled here for /api; ` +
		`5 and looks requests with Authorization up like all others; 9 the origin is to see the Authorization field; ` +
		`6 the answers are made here, for each request`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e := s.Edits[0]; text[e.Start:e.End] != `"public, max-age=60"` || e.Text != `"private, max-age=60"` || s.Safe {
		t.Errorf("%q: %+v, safe: %v", text[e.Start:e.End], e, s.Safe)
	}
}

// Two lines with the same text in one section have two fingerprints, which do not change with what stands above.
func TestKeys(t *testing.T) {
	const text = "CacheEnable disk /\nProxyPass / http://127.0.0.1:5000/\n<Location /a>\nCacheStorePrivate On\n</Location>\n<Location /a>\nCacheStorePrivate On\n</Location>\n"
	seen := func(text string) (ids []string) {
		for _, f := range audited(map[string]string{"a.conf": text}).Findings {
			ids = append(ids, f.Fingerprint())
		}
		return ids
	}
	below := seen("# more\n\n" + text)
	if above := seen(text); fmt.Sprint(above) != fmt.Sprint(below) || len(slices.Compact(above)) != len(above) || len(above) == 0 {
		t.Errorf("%v, %v", above, below)
	}
}

// No text of a finding holds a credential of the configuration.
func TestNoSecrets(t *testing.T) {
	const secret = "s3cr3t-T0k3n-abcdef"
	text := "CacheEnable disk /\nCacheQuickHandler Off\nProxyPass / http://user:" + secret + "@127.0.0.1:5000/\nRequestHeader set Authorization \"Bearer " + secret + "\"\n" +
		"CacheStorePrivate On\n<Location /api>\nSetEnvIf Authorization \"" + secret + "\" ok\nHeader set Cache-Control \"public, max-age=60\"\n</Location>\n"
	list := audited(map[string]string{"a.conf": text}).Findings
	if len(list) < 2 {
		t.Fatal(list)
	}
	for _, f := range list {
		if strings.Contains(fmt.Sprintf("%+v %+v", f, *f.Source), secret) {
			t.Errorf("%+v", f)
		}
	}
}

var directiveName = regexp.MustCompile(`^[a-z]+$`)

// concerns names directives as they are compared: one that is not in lower case would never be met.
func TestConcernsAreNames(t *testing.T) {
	for name := range concerns {
		if !directiveName.MatchString(name) && !strings.Contains(name, "_") {
			t.Errorf("%q", name)
		}
	}
}
