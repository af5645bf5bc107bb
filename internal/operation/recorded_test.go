package operation

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shown are operations as the tests of importers write them: origin, method, path, fields, parameters
// (* required), schemes, body, problem.
func shown(doc *Document, err error) []string {
	if err != nil {
		return []string{err.Error()}
	}
	var list []string
	for _, o := range doc.Operations {
		s := strings.TrimSpace(o.Origin + " " + o.String())
		if o.Accept != "" {
			s += " Accept=" + o.Accept
		}
		for _, p := range o.Parameters {
			s += " " + p.In + ":" + p.Name
			if p.Required {
				s += "*"
			}
			if p.Candidates != nil {
				s += "=" + strings.Join(p.Candidates, ",")
			}
		}
		for _, set := range o.Alternatives {
			for _, scheme := range set {
				s += fmt.Sprintf(" (%s %s %s)", scheme.Kind, scheme.In, scheme.Field)
			}
		}
		if o.Body != nil {
			s += " {" + o.Body.Media + "} " + string(o.Body.Content)
		}
		if o.Problem != "" {
			s += " problem: " + o.Problem
		}
		list = append(list, s)
	}
	return list
}

const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"

// entry is an entry of a HAR file.
func entry(method, url, more string) string {
	return fmt.Sprintf(`{"request": {"method": %q, "url": %q%s}, "response": {"status": 200}}`, method, url, more)
}

func harOf(entries ...string) string {
	return `{"log": {"version": "1.2", "pages": [{}], "entries": [` + strings.Join(entries, ",\n") + `]}}`
}

func TestParseHAR(t *testing.T) {
	fields := func(pairs ...string) string {
		var list []string
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, fmt.Sprintf(`{"name": %q, "value": %q}`, pairs[i], pairs[i+1]))
		}
		return `, "headers": [` + strings.Join(list, ",") + `]`
	}
	of := func(mime, kind string) string {
		return fmt.Sprintf(`{"_resourceType": %q, "request": {"method": "GET", "url": "http://h/x"}, "response": {"content": {"mimeType": %q, "text": "{:,[{:,["}}}`, kind, mime)
	}
	posted := func(mime, text string) string {
		return fmt.Sprintf(`, "postData": {"mimeType": %q, "text": %q}`, mime, text)
	}
	nothing := "f:1:54: has no requests of an API, so there is nothing to repeat; record what the page asks the API"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"each method and URL once, in their order", harOf(entry("GET", "http://h/b?x=1", ""), entry("get", "http://H:80/b?x=1", ""), entry("HEAD", "http://h/b?x=1", ""), entry("GET", "http://h/b", ""), entry("GET", "https://h/b", "")),
			[]string{"http://h GET /b?x=1", "http://h HEAD /b?x=1", "http://h GET /b", "https://h GET /b"}},
		{"a literal path", harOf(entry("GET", "http://h/a%2Fb/{id}/c d?x={y}#f", "")), []string{"http://h GET /a%2Fb/%7Bid%7D/c%20d?x=%7By%7D"}},
		{"no path", harOf(entry("GET", "http://h", "")), []string{"http://h GET /"}},
		{"fields", harOf(entry("GET", "http://h/a", fields(":authority", "h", "Accept", "text/x", "Accept-Language", "sv", "X-Tenant", "7", "User-Agent", "u", "Sec-Fetch-Mode", "cors",
			"Referer", "http://h/", "If-None-Match", "e", "Cache-Control", "no-cache", "Host", "evil", "X-Forwarded-Host", "evil", "x-tenant", "8", "a b", "c"))),
			[]string{"http://h GET /a Accept=text/x header:Accept-Language*=sv header:X-Tenant*=7"}},
		{"credentials in fields", harOf(entry("GET", "http://h/a", fields("Authorization", "Bearer hunter2", "Cookie", "sid=hunter2", "X-Api-Key", "hunter2", "X-CSRF-Token", "hunter2", "X-Id", jwt, "Proxy-Authorization", "Basic hunter2"))),
			[]string{"http://h GET /a header:X-Api-Key header:X-CSRF-Token header:X-Id (bearer  )"}},
		{"credentials in the query", harOf(entry("GET", "http://u:hunter2@h/a?x=1&access_token=hunter2&y="+jwt+"&api%5Fkey=hunter2&z", "")), []string{"http://h GET /a?x=1&z query:access_token query:y query:api_key"}},
		{"credentials in the path", harOf(entry("GET", "http://h/reset/"+jwt+"/x/"+jwt, "")), []string{"http://h GET /reset/{credential}/x/{credential2}"}},
		{"a body", harOf(entry("POST", "http://h/search", posted("application/json", `{"q": "x"}`))), []string{`http://h POST /search {application/json} {"q": "x"}`}},
		{"a login", harOf(entry("POST", "http://h/login", posted("application/json", `{"user": "a", "password": "hunter2"}`)), entry("POST", "http://h/token", posted(mediaForm, "password=hunter2"))), []string{
			"http://h POST /login problem: f:1:67: its body holds a credential, which is not sent; a document with an example can describe the operation",
			"http://h POST /token problem: f:2:13: its body holds a credential, which is not sent; a document with an example can describe the operation"}},
		{"a body of a GET", harOf(entry("GET", "http://h/a", posted("a/b", "c"))), []string{"http://h GET /a"}},
		{"a large body", harOf(entry("PUT", "http://h/a", posted("a/b", strings.Repeat("c", maxBody+1)))), []string{"http://h PUT /a problem: f:1:67: its body has more than 64 KiB, and is not sent"}},
		{"what a page is made of", harOf(of("image/png", ""), of("text/css; charset=utf-8", ""), of("application/javascript", ""), of("", "font"), of("application/json", "script"), entry("GET", "http://h/a.PNG?x", ""), entry("OPTIONS", "data:x", ""), entry("GET", "wss://h/a", "")), []string{nothing}},
		{"what it shows", harOf(of("application/json", "xhr"), entry("GET", "http://h/orders/7.json", ""), entry("GET", "http://h/a?x=b.png", "")), []string{"http://h GET /x", "http://h GET /orders/7.json", "http://h GET /a?x=b.png"}},
		{"a URL that is none", harOf(entry("GET", "http://h:99999/a?access_token=hunter2", ""), entry("GET", "http://%zz/hunter2", ""), entry("GET", "http:///hunter2", "")), []string{
			"? problem: f:1:92: its URL has a port that is not between 1 and 65535", "? problem: f:2:38: its URL cannot be read",
			"? problem: f:3:38: its URL does not begin with http:// or https:// and a host"}},
		{"a long URL", harOf(entry("GET", "http://h/"+strings.Repeat("a", maxPath), "")), []string{"? problem: f:1:92: its URL has more than 8192 bytes"}},
		{"another method", harOf(entry("BREW", "http://h/a", "")), []string{"http://h /a problem: f:1:67: its method is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE"}},
		{"a path that plays with the terminal", harOf(entry("GET", `http://h/\u001b[2J\u202e`, "")), []string{"? problem: f:1:92: its URL cannot be read"}},
		{"keys twice", `{"log": {"entries": [{"request": {"method": "PUT", "url": "http://evil/", "method": "GET", "url": "http://h/a"}}]}}`, []string{"http://h GET /a"}},
		{"wrong kinds", `{"log": {"entries": [1, [], {}, {"request": []}, {"request": {"url": 1}}, {"request": {"method": [], "url": "http://h/a", "headers": {}, "postData": 7}}]}}`,
			[]string{"http://h /a problem: f:1:87: its method is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE"}},
		{"another file", `{"openapi": "3.1.0"}`, []string{"f:1:1: has no log with entries; is this a HAR file?"}},
		{"no JSON", "{\n x", []string{"f:2:2: not JSON: invalid character 'x' looking for beginning of object key string"}},
		{"nothing", " ", []string{"f: is empty; give a HAR file"}},
	} {
		got := shown(ParseHAR("f", []byte(strings.ReplaceAll(tt.text, `\\u`, `\u`))))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestParsePostman(t *testing.T) {
	of := func(rest string) string {
		return `{"info": {"name": "Shop"}, "variable": [{"key": "baseUrl", "value": "{{host}}/v1"}, {"key": "host", "value": "https://api.example.com"},
			{"key": "secret", "value": "hunter2", "type": "secret"}, {"key": "t", "value": "` + jwt + `"}, {"key": "n", "value": "7"}], "item": [` + rest + `]}`
	}
	item := func(request string) string { return of(`{"name": "x", "request": ` + request + `}`) }
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"a URL as a text", item(`"{{baseUrl}}/me"`), []string{"https://api.example.com GET /v1/me"}},
		{"a URL as raw text", item(`{"method": "GET", "url": {"raw": "{{baseUrl}}/me?x=1#f"}}`), []string{"https://api.example.com GET /v1/me query:x*=1"}},
		{"a URL in parts", item(`{"method": "DELETE", "url": {"protocol": "http", "host": ["a", "example"], "port": "81", "path": ["x", {"value": "y z"}], "query": [{"key": "q", "value": "a&b"}, {"key": "r", "value": "1", "disabled": true}]}}`),
			[]string{"http://a.example:81 DELETE /x/y%20z query:q*=a&b"}},
		{"a URL without a scheme", item(`"localhost:5000/me"`), []string{"http://localhost:5000 GET /me"}},
		{"an unknown host", item(`"{{url}}/me"`), []string{"GET /me"}},
		{"variables of a path", item(`{"url": {"raw": "{{baseUrl}}/users/:uid/orders/:oid/{{n}}/{{x}}.json", "variable": [{"key": "uid", "value": "u7"}, {"key": "oid", "value": "<uuid>"}]}}`),
			[]string{"https://api.example.com GET /v1/users/{uid}/orders/{oid}/7/{x}.json path:uid*=u7 path:oid*"}},
		{"placeholders of a query", item(`"{{baseUrl}}/a?page=<integer>&shop={{shop}}&n={{n}}"`), []string{"https://api.example.com GET /v1/a query:page query:shop* query:n*=7"}},
		{"credentials in a URL", item(`"https://u:hunter2@api.example.com/{{t}}/a?access_token=hunter2&x={{t}}"`), []string{"https://api.example.com GET /{credential}/a query:access_token query:x"}},
		{"a secret variable", item(`"{{baseUrl}}/a?x={{secret}}"`), []string{"https://api.example.com GET /v1/a query:x*"}},
		{"fields", item(`{"url": "http://h/a", "header": [{"key": "X-Tenant", "value": "{{n}}"}, {"key": "X-Off", "value": "1", "disabled": true}, {"key": "Authorization", "value": "Bearer {{t}}"}, {"key": "X-Unknown", "value": "{{u}}"}, {"key": "Accept", "value": "a/b"}]}`),
			[]string{"http://h GET /a Accept=a/b header:X-Tenant*=7 header:X-Unknown (bearer  )"}},
		{"fields as a text", item(`{"url": "http://h/a", "header": "X-A: 1\nX-B: 2\n"}`), []string{"http://h GET /a header:X-A*=1 header:X-B*=2"}},
		{"credentials, inherited and not", `{"info": {}, "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "hunter2"}]}, "item": [
			{"item": [{"request": "http://h/a"}, {"request": {"url": "http://h/b", "auth": {"type": "noauth"}}}, {"request": {"url": "http://h/c", "auth": {"type": "basic", "basic": {"password": "hunter2"}}}}]},
			{"auth": {"type": "apikey", "apikey": [{"key": "key", "value": "X-Api-Key"}, {"key": "value", "value": "hunter2"}]}, "item": [{"request": "http://h/d"},
				{"request": {"url": "http://h/e", "auth": {"type": "apikey", "apikey": {"key": "k", "in": "query"}}}}, {"request": {"url": "http://h/f", "auth": {"type": "digest"}}}]}]}`,
			[]string{"http://h GET /a (bearer  )", "http://h GET /b", "http://h GET /c (basic  )", "http://h GET /d (apiKey header X-Api-Key)", "http://h GET /e (apiKey query k)", "http://h GET /f (unsupported  )"}},
		{"a body", item(`{"method": "POST", "url": "http://h/a", "body": {"mode": "raw", "raw": "{\"n\": {{n}}}", "options": {"raw": {"language": "json"}}}}`), []string{`http://h POST /a {application/json} {"n": 7}`}},
		{"a body of another type", item(`{"method": "POST", "url": "http://h/a", "header": [{"key": "content-type", "value": "text/csv"}], "body": {"mode": "raw", "raw": "a,b"}}`), []string{`http://h POST /a {text/csv} a,b`}},
		{"a form", item(`{"method": "POST", "url": "http://h/a", "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "{{n}} 8"}, {"key": "b", "disabled": true}]}}`), []string{`http://h POST /a {application/x-www-form-urlencoded} a=7+8`}},
		{"GraphQL", item(`{"method": "POST", "url": "http://h/a", "body": {"mode": "graphql", "graphql": {"query": "{ me { id } }", "variables": "{\"a\": 1}"}}}`), []string{`http://h POST /a {application/json} {"query":"{ me { id } }","variables":{"a":1}}`}},
		{"a file", item(`{"method": "POST", "url": "http://h/a", "body": {"mode": "file"}}`), []string{`http://h POST /a problem: f:2:191: its body is "file", which is not sent`}},
		{"a body with a variable", item(`{"method": "POST", "url": "http://h/a", "body": {"mode": "raw", "raw": "{{who}}"}}`), []string{`http://h POST /a problem: f:2:191: its body needs the variable "who", to which the collection gives no value`}},
		{"a login", item(`{"method": "POST", "url": "http://h/a", "body": {"mode": "raw", "raw": "{\"password\": \"hunter2\"}"}}`), []string{`http://h POST /a problem: f:2:191: its body holds a credential, which is not sent; a document with an example can describe the operation`}},
		{"variables within each other", `{"variable": [{"key": "a", "value": "{{b}}{{b}}"}, {"key": "b", "value": "{{a}}{{a}}"}], "item": [{"request": "http://h/{{a}}"}]}`, []string{"http://h GET /{b}{b}{b}{b}{b}{b}{b}{b}"}},
		{"no request", `{"item": []}`, []string{"f:1:10: has no requests, so there is nothing to repeat"}},
		{"no URL", item(`{"method": "GET"}`), []string{"GET ? problem: f:2:191: it has no URL"}},
		{"an old collection", `{"id": "x", "requests": []}`, []string{"f:1:1: is a Postman collection of version 1; export it as version 2.1"}},
		{"in an envelope", `{"collection": {}}`, []string{"f:1:1: holds the collection as a member, as Postman's API answers; give the value of that member"}},
		{"another file", `{"openapi": "3.1.0"}`, []string{"f:1:1: has no item list; is this a Postman collection?"}},
		{"wrong kinds", `{"item": [1, [], {"request": []}, {"request": {"url": [], "header": 7, "body": []}}, {"item": 7}]}`, []string{"GET ? problem: f:1:30: it has no URL", "GET ? problem: f:1:47: it has no URL"}},
	} {
		got := shown(ParsePostman("f", []byte(tt.text)))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestParseCurl(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"the least", "curl http://h/a?x=1", []string{"http://h GET /a?x=1"}},
		{"as a browser copies it", "curl 'https://h/a?x=1&y=2' \\\n  -H 'accept: a/b' \\\n  -H 'authorization: Bearer hunter2' \\\n  -b 'sid=hunter2' -H 'sec-fetch-mode: cors' \\\n  -H 'x-tenant: 7' --compressed",
			[]string{"https://h GET /a?x=1&y=2 Accept=a/b header:x-tenant*=7 (bearer  )"}},
		{"as manuals print it", "$ curl -sSL -X POST https://h/a -H \"Content-Type: application/json\" -d '{\"a\": 1}'", []string{`https://h POST /a {application/json} {"a": 1}`}},
		{"JSON", "curl --json '{\"a\"' --json ': 1}' http://h/a", []string{`http://h POST /a Accept=application/json {application/json} {"a": 1}`}},
		{"data, twice", "curl -da=1 --data-raw b=2 --data-urlencode 'c=3 4' http://h/a", []string{"http://h POST /a {application/x-www-form-urlencoded} a=1&b=2&c=3+4"}},
		{"data in the query", "curl -G -d a=1 --data-urlencode 'q=x y' 'http://h/a?z=0'", []string{"http://h GET /a?z=0&a=1&q=x+y"}},
		{"a form's data without quotes", "curl -XPUT -d @file http://h/a", []string{"http://h PUT /a problem: f: line 1: its data comes from a file, whose value is not known here; write it out"}},
		{"a name and a password", "curl -u alice:hunter2 http://alice:hunter2@h/a", []string{"http://h GET /a (basic  )"}},
		{"a head", "curl -I h:81/a", []string{"http://h:81 HEAD /a"}},
		{"lines", "# the API\ncurl http://h/a; curl http://h/b # b\n\n  curl http://h/a http://h/c\r\n", []string{"http://h GET /a", "http://h GET /b", "http://h GET /c"}},
		{"quotes", `curl "http://h/a?b=\"\$x\"" -H $'X-A: it\'s \u00e9\x41\101' 'http://h/'"b"\?c`, []string{`http://h GET /a?b=%22$x%22 header:X-A*=it's éAA`, `http://h GET /b?c header:X-A*=it's éAA`}},
		{"OData", "curl 'http://h/a?$filter=x'", []string{"http://h GET /a?$filter=x"}},
		{"a variable in a field", "curl -H \"Authorization: Bearer $TOKEN\" -H \"X-Tenant: ${TENANT}\" http://h/a", []string{"http://h GET /a header:X-Tenant (bearer  )"}},
		{"a variable in the data", "curl -d \"a=$A\" http://h/a", []string{"http://h POST /a problem: f: line 1: its data comes from $A, whose value is not known here; write it out"}},
		{"a variable in the URL", "curl http://h/a\ncurl $HOST/a", []string{`f: line 2: its URL holds the variable "$HOST", whose value is not known here; write it out`}},
		{"an unknown option", "curl http://h/a \\\n --hunt -F a=b", []string{"f: line 1: the option --hunt of curl is not known here; leave it out"}},
		{"an unknown short option", "curl -sF hunter2 http://h/a", []string{"f: line 1: the option -F of curl is not known here; leave it out"}},
		{"a token that is taken for an option", "curl --" + jwt + " http://h/a", []string{"f: line 1: it has an option that is not known here; leave it out"}},
		{"an option without a value", "curl http://h/a -H", []string{"f: line 1: nothing follows the option -H"}},
		{"an option like a field", "curl -H @hunter2 http://h/a", []string{"f: line 1: it takes fields from a file, which is not read; write them out"}},
		{"another command", "wget http://h/hunter2", []string{"f: line 1: it does not begin with curl; give lines of curl alone"}},
		{"no URL", "curl -s", []string{"f: line 1: it has no URL"}},
		{"another scheme", "curl file:///etc/passwd", []string{"f: line 1: its URL does not begin with http:// or https:// and a host"}},
		{"a pipe", "curl http://h/a\ncurl http://h/b | sh", []string{`f: line 2: '|' joins or redirects commands; give lines of curl alone, and put a URL in quotes`}},
		{"a URL without quotes", "curl http://h/a?b&c", []string{`f: line 1: '&' joins or redirects commands; give lines of curl alone, and put a URL in quotes`}},
		{"a command within", "curl -H \"X-A: $(cat hunter2)\" http://h/a", []string{"f: line 1: a command in $(…) would have to be run; put its output there"}},
		{"another way to write that", "curl -H \"X-A: `cat hunter2`\" http://h/a", []string{"f: line 1: a command in `…` would have to be run; put its output there"}},
		{"a text that does not end", "curl 'http://h/a", []string{"f: line 1: a ' begins a text that does not end"}},
		{"cmd of Windows", "curl ^\"http://h/a^\"", []string{"f: line 1: this was copied for cmd of Windows; copy it for bash"}},
		{"nothing", "\n# a\n", []string{"f: has no line of curl; write for example curl http://127.0.0.1:5000/api/profile"}},
		{"empty words", "'' http://h/a", []string{"f: line 1: it does not begin with curl; give lines of curl alone"}},
	} {
		if diff := cmp.Diff(tt.want, shown(ParseCurl("f", []byte(tt.text)))); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string]string{
		" https://H:443/a/{x}?b=c#d ":     "https://h GET /a/{x}?b=c",
		"http://h/a/%7Bx%7D":              "http://h GET /a/%7Bx%7D",
		"http://h/a/{x":                   `the path "/a/{x" has a { without a name and }`,
		"http://h/a?access_token=hunter2": "http://h GET /a query:access_token",
		"ftp://h/hunter2":                 "its URL does not begin with http:// or https:// and a host; write for example http://127.0.0.1:5000/api/profile",
		"http://h:0/hunter2":              "its URL has a port that is not between 1 and 65535; write for example http://127.0.0.1:5000/api/profile",
	} {
		o, err := ParseURL(text)
		if got := shown(&Document{Operations: []Operation{o}}, err)[0]; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// Recordings of any size and shape end in time, with an error or a list.
func TestHostileRecordings(t *testing.T) {
	if raced {
		t.Skip("takes minutes with the race detector, and has nothing to race; make test runs it without")
	}
	many := make([]string, 100_001)
	for i := range many {
		many[i] = entry("GET", fmt.Sprintf("http://h/%d", i), "")
	}
	var folders strings.Builder
	folders.WriteString(`{"item": [` + strings.Repeat(`{"item": [`, 1000) + strings.Repeat(`]}`, 1000) + `]}`)
	var requests strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&requests, `{"request":"{{a}}/%d"},`, i)
	}
	long := strings.Repeat("a", 8000)
	har := func(s string) (*Document, error) { return ParseHAR("f", []byte(s)) }
	postman := func(s string) (*Document, error) { return ParsePostman("f", []byte(s)) }
	curl := func(s string) (*Document, error) { return ParseCurl("f", []byte(s)) }
	for _, tt := range []struct {
		name, text string
		parse      func(string) (*Document, error)
		want       string
	}{
		{"entries", harOf(many...), har, "f: has more than 100000 operations; scan it in parts"},
		{"the same entry, often", harOf(strings.Repeat(entry("GET", "http://h/a", "")+",", 99_999) + entry("GET", "http://h/a", "")), har, ""},
		{"empty entries", harOf(strings.Repeat("{},", maxNodes) + "{}"), har, "f: has more than 3145728 values; scan it in parts"},
		{"fields", harOf(entry("GET", "http://h/a", `, "headers": [`+strings.Repeat(`{"name":"X-A","value":"b"},`, 100_000)+`{}]`)), har, ""},
		{"brackets in brackets", `{"log": {"entries": ` + strings.Repeat("[", 100_000), har, "not JSON: "},
		{"objects in objects", strings.Repeat(`{"log":`, 9000) + "1" + strings.Repeat("}", 9000), har, "has no log with entries"},
		{"a huge number", `{"log": {"entries": [1e999999999, -0.0000000001e-999999999, ` + strings.Repeat("9", 1<<20) + `]}}`, har, "has no requests of an API"},
		{"keys twice", `{"log": {"entries": [{"request": {` + strings.Repeat(`"url": "http://h/a", `, 200_000) + `"method": "GET"}}]}}`, har, ""},
		{"segments", harOf(repeated(500, `http://h/%d/`+jwt+strings.Repeat("/a", 4000))...), har, ""},
		{"pairs", harOf(repeated(500, `http://h/%d?access_token=hunter2`+strings.Repeat("&a=b", 2000))...), har, ""},
		{"segments of a collection", `{"item": [` + strings.TrimSuffix(requests.String(), ",") + `], "variable": [{"key": "a", "value": "` + strings.Repeat("/:a", 2500) + `"}]}`, postman, "has more than 16 MiB with its variables replaced"},
		{"too much", strings.Repeat(" ", MaxRecording) + "{}", har, "f: has more than 64 MiB"},
		{"folders in folders", folders.String(), postman, "has folders more than 32 deep"},
		{"requests", `{"item": [` + strings.TrimSuffix(requests.String(), ",") + `], "variable": [{"key": "a", "value": "` + long + `"}]}`, postman, "has more than 16 MiB with its variables replaced; scan it in parts"},
		{"variables that double", `{"item": [{"request": "http://h/{{a}}"}], "variable": [{"key": "a", "value": "` + strings.Repeat("{{a}}", 10_000) + `"}]}`, postman, ""},
		{"words", "curl http://h/a " + strings.Repeat("-s ", 300_000), curl, ""},
		{"URLs", "curl " + strings.Repeat("h ", 200_000), curl, ""},
		{"quotes", strings.Repeat("'", 1_000_001), curl, "does not end"},
		{"dollars", "curl " + strings.Repeat("$", 1_000_000), curl, ""},
		{"a word of the longest kind", "curl http://h/" + strings.Repeat("a", 1_000_000), curl, "its URL has more than 8192 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := tt.parse(tt.text)
			if got := fmt.Sprint(err); tt.want != "" && !strings.Contains(got, tt.want) || doc != nil && len(doc.Operations) > maxOperations {
				t.Errorf("%.200s, want %s", got, tt.want)
			}
		})
	}
}

var raced bool // the race detector is on

// repeated are entries whose URLs differ by a number.
func repeated(n int, format string) []string {
	var list []string
	for i := range n {
		list = append(list, entry("GET", fmt.Sprintf(format, i), ""))
	}
	return list
}

// Whatever a recording says, no credential of it is kept, and a request of it goes where the user says.
func checkRecorded(t *testing.T, doc *Document, err error) {
	if err != nil {
		if !strings.HasPrefix(err.Error(), "f:") || strings.Contains(err.Error(), "hunter2hunter2") {
			t.Fatalf("the error does not say where, or too much: %v", err)
		}
		return
	}
	if len(doc.Operations) == 0 {
		t.Fatal("neither operations nor an error")
	}
	for _, o := range doc.Operations {
		if strings.ContainsAny(o.String(), "\x1b\r\n") || strings.Contains(fmt.Sprintf("%+v", o), jwt) {
			t.Fatalf("%q can play with a terminal, or has kept a credential", fmt.Sprintf("%+v", o))
		}
		u, header, err := o.Fill(&url.URL{Scheme: "http", Host: "target.test:81", Path: "/base/"}, func(p Parameter) (string, bool) { return "v/ä?#", p.Required && p.Candidates == nil })
		if err != nil {
			continue
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != "target.test:81" || again.User != nil || again.Fragment != "" || !strings.HasPrefix(again.EscapedPath(), "/base/") {
			t.Fatalf("%s goes to %s (%v)", o, u, err)
		}
		for name, values := range header {
			if (Parameter{Name: name, In: "header"}).reserved() && name != "Accept" || !fieldValue(values[0]) {
				t.Fatalf("%s sets %s: %q", o, name, values)
			}
		}
	}
}

func FuzzParseHAR(f *testing.F) {
	f.Add(harOf(entry("GET", "http://h/a?b="+jwt, `, "headers": [{"name": "X-A", "value": "b"}]`), entry("POST", "http://h/%7b", `, "postData": {"mimeType": "a/b", "text": "c"}`)))
	f.Add(`{"log": {"entries": [{"request": {"method": "GET", "url": "http://h//evil/..;/{a}"}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := ParseHAR("f", []byte(text))
		checkRecorded(t, doc, err)
	})
}

func FuzzParsePostman(f *testing.F) {
	f.Add(`{"variable": [{"key": "a", "value": "http://h"}], "auth": {"type": "bearer"}, "item": [{"item": [{"request": {"url": {"raw": "{{a}}/:b/{{c}}?d=e"}, "header": "X-A: b"}}]}]}`)
	f.Add(`{"item": [{"request": {"method": "POST", "url": {"host": ["h"], "path": ["a"], "query": [{"key": "k", "value": "` + jwt + `"}]}, "body": {"mode": "raw", "raw": "{{x}}"}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := ParsePostman("f", []byte(text))
		checkRecorded(t, doc, err)
	})
}

func FuzzParseCurl(f *testing.F) {
	f.Add("curl 'http://h/a' -H $'X-A: \\u0062' \\\n -d \"c=$D\" --json '{}'")
	f.Add("curl -GsSu a:b http://h/{}?x=" + jwt + " # c\ncurl -H 'Authorization: Bearer " + jwt + "' h")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := ParseCurl("f", []byte(text))
		checkRecorded(t, doc, err)
	})
}
