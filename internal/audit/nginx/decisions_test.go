package nginx

import (
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

// Each decision in two servers that differ by one fact: the first has the lines to blame, and nothing is wrong in the second.
func TestDecisions(t *testing.T) {
	const (
		kept    = "proxy_cache pages; # want: nginx/unkeyed-authorization"
		passed  = "proxy_pass http://backend; proxy_cache_valid 200 1m;\n"
		checked = "auth_request /check; proxy_cache_bypass $http_authorization;\n"
		script  = "fastcgi_pass 127.0.0.1:9000; fastcgi_cache_valid 200 1m; fastcgi_cache_key "
		scripts = "fastcgi_cache pages; # want: nginx/unkeyed-authorization\n"
	)
	for _, tt := range []struct{ name, dirty, clean string }{
		{"a user's name, as every script is told it",
			"location /pages/ { auth_basic on;\n" + scripts + script + "$request_uri; fastcgi_param REMOTE_USER $remote_user; }",
			"location /pages/ {\nfastcgi_cache pages;\n" + script + "$request_uri; fastcgi_param REMOTE_USER $remote_user; }"},
		{"nobody comes past the check", "location /pages/ { satisfy any; allow 10.0.0.0/8; " + checked + kept + "\n" + passed + "}", "location /pages/ { satisfy any; " + checked + "proxy_cache pages;\n" + passed + "}"},
		{"answers to POST",
			"location /pages/ { proxy_set_header Authorization $http_authorization; proxy_no_cache $but_post; proxy_cache_bypass $but_post; proxy_cache_methods POST;\n" + kept + "\n" + passed + "}",
			"location /pages/ { proxy_set_header Authorization $http_authorization; proxy_no_cache $but_post; proxy_cache_bypass $but_post;\nproxy_cache pages;\n" + passed + "}"},
		{"somebody else's server", "location /account/ {\n" + kept + "\n" + passed + "}", "location /account/ {\nproxy_cache pages;\nproxy_pass https://api.github.com; proxy_cache_valid 200 1m; }"},
		{"code that checks", "location /pages/ { access_by_lua_block { if not ngx.var.http_authorization then ngx.exit(401) end }\n" + kept + "\n" + passed + "}",
			"location /pages/ { access_by_lua_block { if not ngx.var.http_accept then ngx.exit(406) end }\nproxy_cache pages;\n" + passed + "}"},
		{"a session's cookie, hidden",
			"location / {\nproxy_ignore_headers Set-Cookie; # want: nginx/ignores-cache-control\nproxy_cache pages;\n" + passed + "}",
			"location / {\nproxy_ignore_headers Set-Cookie; proxy_hide_header Set-Cookie;\nproxy_cache pages;\n" + passed + "}"},
		{"files of a design by their usual names",
			"location /records/ {\nproxy_ignore_headers Set-Cookie; # want: nginx/ignores-cache-control\nproxy_cache pages;\n" + passed + "}",
			"location /resources/ {\nproxy_ignore_headers Set-Cookie;\nproxy_cache pages;\n" + passed + "}"},
		{"a key by the session",
			"location /pages/ {\n" + scripts + script + "$request_uri; fastcgi_param HTTP_AUTHORIZATION $http_authorization; }",
			"location /pages/ {\nfastcgi_cache pages;\n" + script + "$cookie_sessionid$request_uri; fastcgi_param HTTP_AUTHORIZATION $http_authorization; }"},
		{"a condition that somebody thought of",
			"location / { proxy_no_cache $http_pragma; proxy_cache_bypass $http_pragma;\n" + kept + "\nproxy_pass http://app; proxy_cache_valid 200 1m; }",
			"location / { proxy_no_cache $http_x_preview; proxy_cache_bypass $http_x_preview;\nproxy_cache pages;\nproxy_pass http://app; proxy_cache_valid 200 1m; }"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, server := range []string{tt.dirty, tt.clean} {
				text := "http {\nmap $request_method $but_post { default 1; POST 0; }\nproxy_cache_path /c keys_zone=pages:1m;\nserver { server_name shop.test;\n" + server + "\n}\n}\n"
				files := []audit.File{{Path: "nginx.conf", Text: []byte(text)}}
				if dirty := len(wanted(files)) > 0; dirty != (server == tt.dirty) {
					t.Fatalf("which one is it?\n%s", text)
				}
				compare(t, files)
				if t.Failed() {
					t.Logf("in\n%s", strings.TrimSpace(text))
				}
			}
		})
	}
}
