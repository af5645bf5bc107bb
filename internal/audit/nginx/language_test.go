package nginx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

func TestMatch(t *testing.T) {
	for file, want := range map[string]bool{
		"nginx.conf": true, "deploy/api.conf": true, "default.conf.template": true, "site.conf.j2": true, "site.conf.erb": true, "shop.vhost": true,
		"shop.nginx": true, "nginx.tmpl": true, "docker/nginx": true, "etc/sites-available/shop": true, "sites-enabled/shop.example.com": true, "conf.d/api": true,
		"nginx.md": false, "nginx.py": false, "nginx/test.js": false, "README": false, "app/views.py": false, "conf.d/tool.sh": false, "nginx.service": false, "nginx/Dockerfile": false,
	} {
		if got := match(file); got != want {
			t.Errorf("%s: %v, want %v", file, got, want)
		}
	}
}

// A file that is nginx's and not whole is named, with what of it could be judged; one that a template writes is not, nor is another
// server's.
func TestProblems(t *testing.T) {
	leaky := "location /api/ { proxy_pass http://a; proxy_cache z; proxy_cache_valid 1m; } "
	for _, tt := range []struct {
		name, path, text   string
		findings, problems int
	}{
		{"whole", "nginx.conf", "server { " + leaky + "}", 1, 0},
		{"a block without an end", "nginx.conf", "server { " + leaky, 1, 1},
		{"a brace too many", "nginx.conf", "server { " + leaky + "} }", 1, 1},
		{"a string without an end", "nginx.conf", "server { " + leaky + "} \nserver { root \"x; }", 1, 1},
		{"a directive without an end", "nginx.conf", "server { " + leaky + "root /x }", 1, 1},
		{"a template", "nginx.conf.j2", "server { " + leaky + "{% if x %} } {% endif %} }", 1, 0},
		{"Apache's", "httpd.conf", "<VirtualHost *:80>\nServerName \"a\nCacheEnable disk {\n</VirtualHost>", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := check([]audit.File{{Path: tt.path, Text: []byte(tt.text)}})
			if len(result.Findings) != tt.findings || len(result.Problems) != tt.problems {
				t.Errorf("%d findings and %d problems, want %d and %d: %v", len(result.Findings), len(result.Problems), tt.findings, tt.problems, result.Problems)
			}
		})
	}
}

// What looks like a token in a configuration is not in what a finding says.
func TestFindingsPrintNoSecrets(t *testing.T) {
	const secret = "sk_live_51H8zQ2eZvKYlo2C0rAbCdEf"
	text := strings.ReplaceAll(`server {
    server_name SECRET.example.com;
    location /api/SECRET/account {
        proxy_pass http://a;
        proxy_set_header X-Gateway-Key "SECRET";
        proxy_set_header Authorization "$http_authorization";
        proxy_cache z;
        proxy_cache_valid 1m;
        proxy_cache_key "SECRET$uri";
        proxy_ignore_headers Cache-Control;
        proxy_no_cache $arg_x;
    }
}
log_format SECRET "SECRET $http_authorization";
access_log /x SECRET;
`, "SECRET", secret)
	result := check([]audit.File{{Path: "nginx.conf", Text: []byte(text)}})
	if len(result.Findings) != 3 {
		t.Errorf("%d findings, want 3", len(result.Findings))
	}
	for _, f := range result.Findings {
		said := fmt.Sprint(f.Summary, f.Detail, f.Operation, f.Source.Symbol, f.Source.Fix, f.Source.Trace)
		if strings.Contains(said, secret) {
			t.Errorf("%s says %s", f.Rule.ID, said)
		}
	}
}

// The key of a finding is the same wherever its line moves, and another one's where the same line stands twice.
func TestKeys(t *testing.T) {
	one := "location /api/ {\n proxy_pass http://a;\n proxy_cache z;\n proxy_cache_valid 1m;\n}\n"
	keys := func(text string) (list []string) {
		for _, f := range check([]audit.File{{Path: "nginx.conf", Text: []byte(text)}}).Findings {
			list = append(list, f.Fingerprint())
		}
		return list
	}
	a := keys("server {\n" + one + "}\n")
	b := keys("# moved\n\nserver {\n" + one + "}\n")
	if len(a) != 1 || len(b) != 1 || a[0] != b[0] {
		t.Errorf("%v, and moved %v", a, b)
	}
	c := keys("server {\n" + one + "}\nserver {\n" + one + "}\n")
	if len(c) != 2 || c[0] == c[1] || c[0] != a[0] {
		t.Errorf("twice: %v, and once %v", c, a)
	}
}
