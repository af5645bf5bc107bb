package apache

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// Parts of the configurations below.
const (
	cached   = "CacheEnable disk /\n"
	comeLate = "CacheQuickHandler Off\n"
	handedOn = "ProxyPass / http://127.0.0.1:5000/\n"
	sessions = "ProxyPassReverseCookiePath /app /\n"
	token    = "SetEnvIf Authorization . seen\n"
	public   = "Header set Cache-Control \"public, max-age=60\"\n"
	stored   = "CacheStorePrivate On\n"
	oidc     = "<Location />\nAuthType openid-connect\nRequire valid-user\n</Location>\n"
	caller   = "RequestHeader set X-Remote-User %{REMOTE_USER}s\nRequestHeader unset Authorization\n"
)

// Each decision, in a pair that differs by one fact. The directive to blame is the one after "!".
func TestDecisions(t *testing.T) {
	for name, pair := range map[string][2]string{
		"the variable no-cache, for all":                    {cached + handedOn + "!" + stored, cached + handedOn + stored + "SetEnv no-cache 1\n"},
		"the variable no-cache, by path":                    {cached + handedOn + "SetEnvIf Request_URI ^/api no-cache\n!" + stored, cached + handedOn + "SetEnvIf Request_URI ^/ no-cache\n" + stored},
		"of those with a cookie, and tokens":                {cached + comeLate + handedOn + token + "SetEnvIf Cookie . no-cache\n!" + public, cached + comeLate + handedOn + token + "SetEnvIf Authorization . no-cache\n" + public},
		"of those with a token, by a rewrite rule":          {cached + handedOn + sessions + "RewriteCond %{HTTP:Authorization} .\nRewriteRule ^ - [E=no-cache:1]\n!" + public, cached + handedOn + sessions + "RewriteCond %{HTTP_COOKIE} .\nRewriteRule ^ - [E=no-cache:1]\n" + public},
		"what is stored, under a condition":                 {cached + handedOn + "!" + stored, cached + handedOn + "<If \"-n req('A')\">\n" + stored + "</If>\n"},
		"what is not handed on, before":                     {"CacheEnable disk /app\n" + handedOn + "ProxyPass /app !\n!" + stored, "CacheEnable disk /app\nProxyPass /app !\n" + handedOn + stored},
		"what is handed on in a section":                    {"CacheEnable disk /app\nProxyPass /app !\n" + handedOn + "<Location /app>\nProxyPass http://127.0.0.1:5000/\n</Location>\n!" + stored, "CacheEnable disk /app\n" + handedOn + "<Location /app>\nProxyPass !\n</Location>\n" + stored},
		"nothing said of who answers":                       {"CacheEnable disk /app\n!" + stored, "CacheEnable disk /app\nProxyPass /other http://127.0.0.1:5000/\n" + stored},
		"only static files are handed on":                   {cached + "ProxyPassMatch ^/(.*)$ http://127.0.0.1:5000/$1\n!" + stored, cached + "ProxyPassMatch ^/(.*\\.css)$ http://127.0.0.1:5000/$1\n" + stored},
		"a forward proxy":                                   {"CacheEnable disk http://\n" + comeLate + token + "!" + stored, "CacheEnable disk http://\n" + comeLate + token + public},
		"what a forward proxy leaves out":                   {cached + handedOn + "CacheDisable http://\n!" + stored, cached + handedOn + "CacheDisable /\n" + stored},
		"a login, and Vary":                                 {"!" + cached + handedOn + oidc + "Header merge Vary Accept\n", cached + handedOn + oidc + "Header merge Vary Cookie\n"},
		"a login, and no-cache":                             {"!" + cached + handedOn + oidc + "SetEnvIf Cookie . other\n", cached + handedOn + oidc + "SetEnvIf Cookie . no-cache\n"},
		"a login that a later section does not need":        {"!" + cached + handedOn + oidc, cached + handedOn + oidc + "<Location />\nRequire all granted\n</Location>\n"},
		"a certificate, of a section":                       {"!" + cached + handedOn + "<Location />\nSSLVerifyClient require\n</Location>\n", cached + "<VirtualHost *:443>\n" + handedOn + "SSLVerifyClient require\n</VirtualHost>\n"},
		"taken away, and something added":                   {cached + handedOn + sessions + "!Header unset Cache-Control\nHeader merge Cache-Control max-age=60\n", cached + handedOn + sessions + "Header unset Cache-Control\nHeader merge Cache-Control private\n"},
		"public, of what is no application":                 {"CacheEnable disk /files\n" + comeLate + token + "ProxyPass /files http://127.0.0.1:5000/\n!" + public, "CacheEnable disk /files\n" + comeLate + token + "ProxyPass /app http://127.0.0.1:5000/\n" + public},
		"the field is removed, under a condition":           {cached + comeLate + handedOn + strings.Replace(caller, "RequestHeader unset", "!RequestHeader unset", 1), cached + comeLate + handedOn + "<If \"-n req('A')\">\n" + caller + "</If>\n"},
		"removed before it is told":                         {cached + handedOn + "RequestHeader set X-User %{HTTP:Authorization}s early\n!RequestHeader unset Authorization early\n", cached + handedOn + "RequestHeader set X-User %{REMOTE_USER}s\nRequestHeader unset Authorization early\n"},
		"removed, and private":                              {cached + comeLate + handedOn + strings.Replace(caller, "RequestHeader unset", "!RequestHeader unset", 1), cached + comeLate + handedOn + caller + "Header set Cache-Control private\n"},
		"Vary is removed, and private":                      {cached + handedOn + sessions + "!Header unset Vary\n", cached + handedOn + sessions + "Header unset Vary\nHeader set Cache-Control private\n"},
		"Vary is removed, and made anew":                    {cached + handedOn + sessions + "!Header unset Vary\nHeader merge Vary Accept\n", cached + handedOn + sessions + "Header unset Vary\nHeader merge Vary Cookie\n"},
		"where there is none":                               {cached + comeLate + handedOn + token + "!Header setifempty Cache-Control public\n", cached + comeLate + handedOn + token + "Header set Cache-Control max-age=60\nHeader setifempty Cache-Control public\n"},
		"fresh for shared caches":                           {cached + comeLate + handedOn + token + "!Header set Cache-Control \"public, max-age=0, s-maxage=60\"\n", cached + comeLate + handedOn + token + "Header set Cache-Control \"public, s-maxage=0, max-age=60\"\n"},
		"never without asking":                              {cached + comeLate + handedOn + token + "!" + public, cached + comeLate + handedOn + token + "Header set Cache-Control \"public, no-cache\"\n"},
		"private is not obeyed":                             {cached + comeLate + handedOn + token + "!" + stored + "!Header set Cache-Control \"public, private\"\n", cached + comeLate + handedOn + token + "Header set Cache-Control \"public, private\"\n"},
		"no-store is not obeyed":                            {cached + comeLate + handedOn + token + "!CacheStoreNoStore On\n!Header set Cache-Control \"public, no-store\"\n", cached + comeLate + handedOn + token + "Header set Cache-Control \"public, no-store\"\n"},
		"all of a site, admitted first":                     {cached + comeLate + handedOn + "!" + public, cached + "CacheQuickHandler On\n" + handedOn + public},
		"all of a site, whose answers are released":         {cached + comeLate + handedOn + "!Header always set Cache-Control \"public, max-age=60\"\n", cached + comeLate + handedOn + "Header always set Cache-Control \"max-age=60\"\n"},
		"all of a site, by its name":                        {cached + comeLate + handedOn + "ServerName www.example.com\n!" + public, cached + comeLate + handedOn + "ServerName docs.example.com\n" + public},
		"all of a site, and not a part":                     {cached + comeLate + handedOn + "<Location />\n!" + public + "</Location>\n", cached + comeLate + handedOn + "<Location /pages>\n" + public + "</Location>\n"},
		"all of a site that another server makes":           {cached + comeLate + handedOn + "!" + public, cached + comeLate + "AddHandler php-script .php\n" + public},
		"all of a site, but for a part that is not cached":  {cached + comeLate + handedOn + "!" + public, cached + comeLate + handedOn + public + "CacheDisable /login\n"},
		"all of a site, but for a part that says otherwise": {cached + comeLate + handedOn + "!" + public, cached + comeLate + handedOn + public + "<Location /login>\nHeader set Cache-Control no-store\n</Location>\n"},
		"all of a site, and not what a pattern picks out":   {cached + comeLate + handedOn + "!" + public, comeLate + handedOn + public + "<LocationMatch a$>\nCacheEnable disk\n</LocationMatch>\n"},
		"all of a site, but for tokens":                     {cached + comeLate + handedOn + "!" + public, cached + comeLate + handedOn + "SetEnvIf Authorization . no-cache\n" + public},
		"all of a site, which sees no token":                {cached + comeLate + handedOn + "!" + public, cached + comeLate + handedOn + "RequestHeader unset Authorization\n" + public},
		"Vary of everything":                                {cached + comeLate + handedOn + token + "Header set Vary Accept\n!" + public, cached + comeLate + handedOn + token + "Header set Vary *\n" + public},
		"the table that wins":                               {cached + comeLate + handedOn + token + "!Header always set Cache-Control public\nHeader set Cache-Control private\n", cached + comeLate + handedOn + token + "Header always set Cache-Control private\nHeader set Cache-Control public\n"},
		"of answers that went well":                         {cached + comeLate + handedOn + token + "!Header set Cache-Control public \"expr=%{REQUEST_STATUS} == 200\"\n", cached + comeLate + handedOn + token + "Header set Cache-Control public \"expr=%{REQUEST_STATUS} == 200 && -z %{HTTP_COOKIE}\"\n"},
		"edited after":                                      {cached + comeLate + handedOn + token + "!" + public + "Header edit Cache-Control 60 30\n", cached + comeLate + handedOn + token + public + "Header edit Cache-Control public private\n"},
		"LiteSpeed's directive":                             {cached + handedOn + "!" + stored, "CacheEnable public /\n" + handedOn + stored},
		"LiteSpeed's section":                               {"<IfModule mod_cache.c>\n" + cached + "</IfModule>\n" + handedOn + "!" + stored, "<IfModule LiteSpeed>\n" + cached + "</IfModule>\n" + handedOn + stored},
		"a path outside of its section":                     {comeLate + handedOn + "<Location /a>\nCacheEnable disk /a/b\n</Location>\n!" + stored, comeLate + handedOn + "<Location /a>\nCacheEnable disk /b\n</Location>\n" + stored},
		"enabled under a condition":                         {comeLate + handedOn + "<Location /a>\nCacheEnable disk\n</Location>\n!" + stored, comeLate + handedOn + "<If true>\nCacheEnable disk\n</If>\n" + stored},
		"a section comes after the server":                  {"<Location />\n!" + public + "</Location>\nHeader set Cache-Control private\n" + cached + comeLate + handedOn + token, "<Location />\nHeader set Cache-Control private\n</Location>\n" + public + cached + comeLate + handedOn + token},
		"two patterns":                                      {comeLate + handedOn + token + "<LocationMatch a$>\nCacheEnable disk\n!" + public + "</LocationMatch>\n", comeLate + handedOn + token + "<LocationMatch a$>\nCacheEnable disk\n</LocationMatch>\n<LocationMatch ^/x/.*b$>\n" + public + "</LocationMatch>\n"},
		"the origin sees no token":                          {cached + comeLate + handedOn + token + "!" + public, cached + comeLate + handedOn + token + "RequestHeader unset Authorization\n" + public},
		"the origin of an API sees no token":                {"CacheEnable disk /api\n" + comeLate + handedOn + "!" + public, "CacheEnable disk /api\n" + comeLate + handedOn + "RequestHeader unset Authorization\n" + public},
		"the origin sees no cookie":                         {cached + handedOn + sessions + "!" + public, cached + handedOn + sessions + "RequestHeader unset Cookie\n" + public},
		"of some requests":                                  {cached + handedOn + sessions + "<If true>\nRequestHeader unset Cookie\n</If>\n!" + public, cached + handedOn + sessions + "RequestHeader unset Cookie\n" + public},
		"no-store, of what tokens are shown to":             {"CacheEnable disk /orders.json\n" + handedOn + token + "!CacheStoreNoStore On\n", "CacheEnable disk /data.json\n" + handedOn + token + "CacheStoreNoStore On\n"},
		"no-store, with sessions":                           {cached + handedOn + sessions + "!CacheStoreNoStore On\n", cached + handedOn + "CacheStoreNoStore On\n"},
		"a section of a part of a configuration":            {handedOn + "<Location /api>\nCacheEnable disk\n!" + stored + "</Location>\n", "CacheQuickHandler On\n" + handedOn + "<Location /api>\nCacheEnable disk\n" + stored + "</Location>\n"},
		"a section of all of it":                            {comeLate + "ServerRoot /etc/httpd\n" + handedOn + "<Location /api>\nCacheEnable disk\n!" + stored + "</Location>\n", "ServerRoot /etc/httpd\n" + handedOn + "<Location /api>\nCacheEnable disk\n" + stored + "</Location>\n"},
		"a section that is not the only cache":              {handedOn + "<Location /api>\nCacheEnable disk\n!" + stored + "</Location>\n", "CacheEnable disk /static\n" + handedOn + "<Location /api>\nCacheEnable disk\n" + stored + "</Location>\n"},
		"one file":                                          {"CacheEnable disk /report\n" + handedOn + "!" + stored, "CacheEnable disk /report.png\n" + handedOn + stored},
		"other methods":                                     {cached + comeLate + handedOn + token + "<Limit GET POST>\n!" + public + "</Limit>\n", cached + comeLate + handedOn + token + "<Limit POST>\n" + public + "</Limit>\n"},
		"but for these methods":                             {cached + comeLate + handedOn + token + "<LimitExcept POST>\n!" + public + "</LimitExcept>\n", cached + comeLate + handedOn + token + "<LimitExcept GET>\n" + public + "</LimitExcept>\n"},
		"what is defined":                                   {cached + handedOn + "Define A\nUnDefine A\n<IfDefine !A>\n!" + stored + "</IfDefine>\n", cached + handedOn + "Define A\n<IfDefine !A>\n" + stored + "</IfDefine>\n"},
		"a path by its names":                               {"CacheEnable disk /app\nCacheDisable /application\n" + handedOn + "!" + stored, "CacheEnable disk /app/x\nCacheDisable /app\n" + handedOn + stored},
		"jpe?g":                                             {cached + comeLate + handedOn + token + "<LocationMatch \"\\.jp(e?g|x)$\">\n!" + public + "</LocationMatch>\n", cached + comeLate + handedOn + token + "<LocationMatch \"\\.jpe?g$\">\n" + public + "</LocationMatch>\n"},
		"the word of a section counts":                      {cached + comeLate + handedOn + "<Location /orders>\n!" + public + "</Location>\n", cached + comeLate + handedOn + "<Location /pages>\n" + public + "</Location>\n"},
		"sections hidden in a file":                         {cached + comeLate + handedOn + token + "<Files *>\n</Files>\n!" + public, cached + comeLate + handedOn + token + "<Files *>\n" + public + "</Files>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for i, text := range pair {
				var want, got []int
				for n, line := range strings.Split(text, "\n") {
					if strings.HasPrefix(line, "!") {
						want = append(want, n+1)
					}
				}
				if (i == 0) != (len(want) > 0) {
					t.Fatalf("which one is it?\n%s", text)
				}
				for _, f := range audited(map[string]string{"a.conf": strings.ReplaceAll(text, "\n!", "\n")[len(text)-len(strings.TrimPrefix(text, "!")):]}).Findings {
					got = append(got, f.Source.Line)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got lines %v, want %v:\n%s", got, want, text)
				}
			}
		})
	}
}

// Of what two sites make of one directive, the surest is told.
func TestSurest(t *testing.T) {
	text := cached + comeLate + handedOn + token + public + "<VirtualHost *:80>\n" + handedOn + "</VirtualHost>\n<VirtualHost *:81>\n" + handedOn + "Header set Vary Accept\n</VirtualHost>\n"
	list := audited(map[string]string{"a.conf": text}).Findings
	if len(list) != 1 || list[0].Confidence != finding.Confirmed {
		t.Errorf("%+v", list)
	}
}
