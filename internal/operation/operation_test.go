package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/redact"
)

const shop30 = `
openapi: 3.0.3
info: {title: Shop}
servers:
  - url: https://{env}.example.com/v1
    variables: {env: {default: api}}
security: [{bearer: []}]
paths:
  /orders/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, example: ord-1}}
      - {name: X-Trace, in: header, schema: {type: string}}
    get:
      parameters:
        - $ref: '#/components/parameters/page'
        - {name: x-trace, in: header, required: true, example: t}
    delete: {}
  /catalog:
    get: {security: []}
  /mixed:
    get: {security: [{}, {bearer: []}]}
  x-internal: {get: {}}
components:
  parameters:
    page: {name: page, in: query, schema: {allOf: [{$ref: '#/components/schemas/page'}]}}
  schemas:
    page: {type: integer, minimum: 1}
`

const shop31 = "\ufeff" + `{
  "openapi": "3.1.0",
  "paths": {
    "/me": {"$ref": "#/components/pathItems/me"},
    "/\ud83d\udc3b": {"get": {}}
  },
  "components": {
    "pathItems": {"me": {"get": {"parameters": [{"name": "lang", "in": "query", "required": true, "schema": {"type": ["string", "null"], "const": "sv"}}]}}}
  }
}`

const shop20 = `
swagger: "2.0"
host: api.example.com
basePath: /v2
schemes: [http]
paths:
  /me:
    get:
      parameters:
        - {name: limit, in: query, type: integer, default: 10, required: true}
        - {name: body, in: body, schema: {}}
`

const fed = `
openapi: 3.0.0
security: [{key: []}, {bearer: []}]
paths:
  /users: {get: {responses: {200: {links: {a: {operationId: one, parameters: {id: '$response.body#/id'}}}}}}}
  /users/{id}: {get: {operationId: one, parameters: [{name: id, in: path, schema: {type: string, format: uuid, pattern: '^a'}}]}}
  /users/{id}/orders:
    post: {requestBody: {required: true, content: {application/json: {schema: {required: [a], properties: {a: {type: integer, minimum: 2, multipleOf: 3}}}}}}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}, bearer: {type: http, scheme: bearer}}}
`

// Every format becomes the same list; what a document leaves open is left open.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Document
	}{
		{"OpenAPI 3.0, YAML", shop30, Document{
			Title: "Shop", Servers: []string{"https://api.example.com/v1"},
			Operations: []Operation{
				{Method: "GET", Path: "/orders/{id}", Security: Required, Parameters: []Parameter{
					{Name: "id", In: "path", Required: true, Candidates: []string{"ord-1"}},
					{Name: "x-trace", In: "header", Required: true, Candidates: []string{"t"}},
					{Name: "page", In: "query", Candidates: []string{"1"}},
				}},
				{Method: "DELETE", Path: "/orders/{id}", Security: Required, Parameters: []Parameter{
					{Name: "id", In: "path", Required: true, Candidates: []string{"ord-1"}},
					{Name: "X-Trace", In: "header"},
				}},
				{Method: "GET", Path: "/catalog", Security: Public},
				{Method: "GET", Path: "/mixed", Security: Optional},
			},
		}},
		{"OpenAPI 3.1, JSON with a byte order mark", shop31, Document{
			Operations: []Operation{
				{Method: "GET", Path: "/me", Parameters: []Parameter{{Name: "lang", In: "query", Required: true, Candidates: []string{"sv"}}}},
				{Method: "GET", Path: "/🐻"},
			},
		}},
		{"Swagger 2.0", shop20, Document{
			Servers: []string{"http://api.example.com/v2"},
			Operations: []Operation{
				{Method: "GET", Path: "/me", Parameters: []Parameter{{Name: "limit", In: "query", Required: true, Candidates: []string{"10"}}}},
			},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse("f", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// YAML may be in UTF-16, as PowerShell writes it.
func TestUTF16(t *testing.T) {
	data := []byte{0xff, 0xfe}
	for _, c := range "openapi: 3.1.0\npaths: {/é: {get: {}}}\n" {
		data = append(data, byte(c), byte(c>>8))
	}
	doc, err := Parse("f", data)
	if err != nil || doc.Operations[0].Path != "/é" {
		t.Errorf("%+v, %v", doc, err)
	}
}

// What cannot be read says where and why; what one operation cannot have does not cost the others.
func TestProblems(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", " \n", "f: is empty; give an OpenAPI document"},
		{"only a comment", "# nothing", "f: has no openapi or swagger field"},
		{"not YAML", "openapi: 3.0.0\npaths: [\n", "f:2: neither YAML nor JSON: "},
		{"not JSON", "{\"openapi\": \"3.0.0\",\n  \"paths\": [}", "f:2:13: not JSON: "},
		{"Latin-1, YAML", "openapi: 3.1.0\ninfo: {title: caf\xe9}\n", "f:2:18: not UTF-8; save it as UTF-8"},
		{"Latin-1, JSON", "{\"openapi\": \"3.1.0\",\n\"paths\": {\"/caf\xe9\": {\"get\": {}}}}", "f:2:16: not UTF-8; save it as UTF-8"},
		{"a tab", "openapi: 3.1.0\npaths:\n\t/a: {get: {}}\n", "f:3: a tab at the beginning of the line; YAML indents with spaces"},
		{"a tab deeper", "openapi: 3.1.0\npaths:\n  /a:\n  \tget: {}\n", "f:4: a tab at the beginning of the line; YAML indents with spaces"},
		{"tabs that are not to blame", "openapi: 3.1.0\ninfo:\n  description: |\n    a\n    \tb\npaths:\n  /b: [\n  /c: }\n", "f:7: neither YAML nor JSON: "},
		{"a page instead of a document", "<html><body>Sign in</body></html>", "f: has no openapi or swagger field; is this an OpenAPI document?"},
		{"another version", "openapi: 4.0.0", "f:1:10: openapi: 4.0.0 is not supported; 3.0, 3.1 and Swagger 2.0 are"},
		{"an old version", "swagger: '1.2'", "f:1:10: swagger: 1.2 is not supported"},
		{"no paths", "openapi: 3.1.0\npaths: {}", "f:2:8: has no paths with operations, so there is nothing to request"},
		{"a version that plays with the terminal", "openapi: \"\\e[2J\"", `f:1:10: openapi: "\x1b[2J" is not supported`},
	} {
		if _, err := Parse("f", []byte(tt.text)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v\nwant %s", tt.name, err, tt.want)
		}
	}

	const text = `openapi: 3.1.0
paths:
  /good: {get: {}}
  /remote: {$ref: 'https://attacker.example/paths.yaml#/x'}
  /file: {get: {parameters: [{$ref: '../../etc/passwd'}]}}
  /gone: {get: {parameters: [{$ref: '#/components/parameters/none'}]}}
  /circle: {$ref: '#/components/pathItems/a'}
  /nameless: {get: {parameters: [{in: query}]}}
  /{open: {get: {}}
  relative: {get: {}}
components: {pathItems: {a: {$ref: '#/components/pathItems/b'}, b: {$ref: '#/components/pathItems/a'}}}
`
	doc, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /good: ",
		`/remote: f:4:19: reference "https://attacker.example/paths.yaml#/x" leaves the document and is not followed; bundle the document into one file`,
		`GET /file: f:5:37: reference "../../etc/passwd" leaves the document and is not followed; bundle the document into one file`,
		`GET /gone: f:6:37: reference "#/components/parameters/none" names nothing in the document`,
		`/circle: f:`,
		`GET /nameless: f:8:34: a parameter's name is missing, or has more than 256 bytes`,
		`GET /{open: f:9:3: the path "/{open" has a { without a name and }`,
		`GET relative: f:10:3: the path "relative" does not begin with /`,
	}
	if len(doc.Operations) != len(want) {
		t.Fatalf("%d operations, want %d: a path was dropped without a word", len(doc.Operations), len(want))
	}
	for i, op := range doc.Operations {
		if got := op.String() + ": " + op.Problem; !strings.HasPrefix(got, want[i]) || op.Path == "/circle" && !strings.Contains(got, "in a circle") {
			t.Errorf("%s\nwant %s", got, want[i])
		}
	}
}

// What an author wrote and no reader sees is listed with the reason, for it was not tested.
func TestLosses(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // prefixes
	}{
		{"paths without operations", "paths:\n  /a:\n  /b: null\n  /c: {}\n  /d: {$ref: '#/e'}\n  /z: {get: }\ne: {}", []string{"GET /z: "}},
		{"a list", "paths:\n  /a: [{get: {}}]", []string{`/a: f:3:7: the path item of "/a" is no object`}},
		{"a string", "paths:\n  /a: get", []string{`/a: f:3:7: the path item of "/a" is no object`}},
		{"a reference to a list", "paths:\n  /a: {$ref: '#/e'}\ne: []", []string{`/a: f:4:4: the path item of "/a" is no object`}},
		{"upper case", "paths:\n  /a: {GET: {}, Post: {}, delete: {}}", []string{
			"GET /a: f:3:8: GET is no method of OpenAPI, which has them in lower case; write get",
			"POST /a: f:3:17: Post is no method of OpenAPI, which has them in lower case; write post", "DELETE /a: "}},
		{"upper case, merged", "e: &e {GET: {}}\npaths:\n  /a: {<<: *e, get: {}}\n  /b: *e", []string{"GET /a: f:2:8: GET is no method", "GET /a: ", "GET /b: f:2:8: GET is no method"}},
		{"a path twice", "paths:\n  /a:\n    get: {}\n  /b: {get: {}}\n  /a:\n    post: {}", []string{
			`/a: f:3:3: the path "/a" stands again in line 6, which hides this one; merge the two`, "POST /a: ", "GET /b: "}},
		{"a path three times", "paths: {/a: {get: {}},\n/a: {},\n/a: {put: {}}}", []string{`/a: f:2:9: the path "/a" stands again in line 4`, `/a: f:3:1: the path "/a" stands again in line 4`, "PUT /a: "}},
		{"a path by an alias", "paths: {&a /a: {get: {}},\n*a : {put: {}}}", []string{`/a: f:2:9: the path "/a" stands again in line 3`, "PUT /a: "}},
		{"a method twice", "paths:\n  /a:\n    get: {}\n    get: {security: []}", []string{"GET /a: f:4:5: get stands again in line 5, which hides this one; merge the two", "GET /a: "}},
		{"parameters twice", "paths:\n  /a:\n    parameters: [{name: a, in: query}]\n    get: {}\n    parameters: []", []string{"/a: f:4:5: parameters stands again in line 6", "GET /a: "}},
		{"a summary twice", "paths: {/a: {summary: a, summary: b, get: {}}}", []string{"GET /a: "}},
		{"an override of what is merged", "e: &e {get: {}}\npaths: {/a: {<<: *e, get: {}}}", []string{"GET /a: "}},
		{"a path that YAML takes for a mapping", "paths:\n  {id}: {get: {}}\n  /a: {get: {}}", []string{"?: f:3:3: this path is a mapping or a list; put it in quotes", "GET /a: "}},
	} {
		doc, err := Parse("f", []byte("openapi: 3.1.0\n"+tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, op := range doc.Operations {
			got = append(got, op.String()+": "+op.Problem)
		}
		same := func(got, prefix string) bool {
			return strings.HasPrefix(got, prefix) && (got == prefix || !strings.HasSuffix(prefix, ": "))
		}
		if !slices.EqualFunc(got, tt.want, same) {
			t.Errorf("%s:\n%q\nwant\n%q", tt.name, got, tt.want)
		}
	}

	// JSON has places too; and where all paths are hidden, there is nothing to be saved.
	doc, err := Parse("f", []byte("{\"openapi\": \"3.1.0\", \"paths\": {\n  \"/a\": {\"get\": {}},\n  \"/\\u0061\": {}}}"))
	if err != nil || len(doc.Operations) != 1 || doc.Operations[0].Problem != `f:2:3: the path "/a" stands again in line 3, which hides this one; merge the two` {
		t.Errorf("%+v, %v", doc, err)
	}
	_, err = Parse("f", []byte("{\"openapi\": \"3.1.0\",\n\"paths\": {\"/a\": {\"get\": {}}},\n\"paths\": {\"/b\": {\"get\": {}}}}"))
	if want := "f:2:1: paths stands again in line 3, which hides this one; merge the two"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A document of a few hundred bytes must not take more than they are worth, whatever it repeats.
func TestHostileDocuments(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("openapi: 3.1.0\na0: &a0 {get: {}}\n")
	for i := range 30 {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9))
	}
	laughs.WriteString("paths: {/x: {get: {parameters: *a30}}}\n")
	var deep strings.Builder
	deep.WriteString("openapi: 3.1.0\npaths: {/x: {get: {parameters: [{name: a, in: query, required: true, schema: {$ref: '#/s0'}}]}}}\n")
	for i := range 200 {
		fmt.Fprintf(&deep, "s%d: {allOf: [{$ref: '#/s%d'}, {$ref: '#/s%d'}]}\n", i, i+1, i+1)
	}
	var merged strings.Builder
	merged.WriteString("openapi: 3.1.0\nm0: &m0 {get: {}}\n")
	for i := range 100 {
		fmt.Fprintf(&merged, "m%d: &m%d {<<: [*m%d, *m%d]}\n", i+1, i+1, i, i)
	}
	merged.WriteString("paths: {/x: *m100}\n")
	var many strings.Builder
	many.WriteString("openapi: 3.1.0\nitem: &item {get: {}, put: {}, post: {}, head: {}}\npaths:\n")
	for i := range 30_000 {
		fmt.Fprintf(&many, "  /%d: *item\n", i)
	}
	var losses strings.Builder
	losses.WriteString("openapi: 3.1.0\nitem: &item {" + strings.Repeat("get: {}, GET: {}, x: {}, ", 20_000) + "}\npaths:\n")
	for i := range 20_000 {
		fmt.Fprintf(&losses, "  /%d: *item\n", i)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"losses that many share", losses.String(), "has more than 100000 operations; scan it in parts"},
		{"a billion laughs", laughs.String(), "a parameter is no object"},
		{"schemas that double", deep.String(), ""},
		{"merge keys that double", merged.String(), ""},
		{"operations that alias one", many.String(), "has more than 100000 operations; scan it in parts"},
		{"brackets without an end", strings.Repeat("[", 100_000), ""},
		{"objects without an end", strings.Repeat(`{"a":`, 100_000), ""},
		{"an anchor within itself", "openapi: 3.1.0\npaths: &p {/x: *p}", ""},
		{"more than a document may have", strings.Repeat(" ", MaxDocument) + "openapi: 3.1.0", "has more than 16 MiB; scan it in parts"},
		{"nothing but commas", "[" + strings.Repeat(",", maxNodes), "values; scan it in parts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := Parse("f", []byte(tt.text)) // that it returns at all is the test
			got := fmt.Sprint(err)
			if err == nil {
				for _, op := range doc.Operations {
					got += op.Problem
				}
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("%.200s\nwant %s", got, tt.want)
			}
		})
	}
}

// What a caller may give a value for is known even of an operation that cannot be asked.
func TestAsked(t *testing.T) {
	doc, err := Parse("f", []byte(`openapi: 3.1.0
paths:
  /a/{b}?c={d}:
    get:
      parameters:
        - {name: e, in: query}
        - {$ref: '#/none'}
        - {name: AUTHORIZATION, in: header}
        - {name: f, in: header}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range doc.Operations[0].Asked() {
		got = append(got, p.In+" "+p.Name)
	}
	if diff := cmp.Diff([]string{"query e", "header f", "path b", "path d"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if want := `reference "#/none" names nothing in the document`; !strings.HasSuffix(doc.Operations[0].Problem, want) {
		t.Errorf("%s, want %s", doc.Operations[0].Problem, want)
	}
}

func TestFill(t *testing.T) {
	given := map[string]string{"id": "a/b c", "dots": "..", "empty": "", "q": "x&y=z", "X-H": "v", "bad": "a\nb", "sid": "a;b"}
	value := func(p Parameter) (string, bool) { v, ok := given[p.Name]; return v, ok }
	for _, tt := range []struct {
		name, base string
		op         Operation
		want       string // the URL and the fields, or the error
	}{
		{"below a base path", "http://h/api/", Operation{Path: "/me"}, "http://h/api/me"},
		{"a value is one segment", "http://h", Operation{Path: "/o/{id}/x"}, "http://h/o/a%2Fb%20c/x"},
		{"a template with a query", "http://h", Operation{Path: "/o?x=1&q={q}"}, "http://h/o?x=1&q=x%26y%3Dz"},
		{"escaped as the document has it", "http://h", Operation{Path: "/a%2Fb c"}, "http://h/a%2Fb%20c"},
		{"a query parameter", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "q", In: "query"}}}, "http://h/o?q=x%26y%3Dz"},
		{"not required and not given", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "p", In: "query", Candidates: []string{"1"}}}}, "http://h/o"},
		{"required, from the document", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "p", In: "query", Required: true, Candidates: []string{"1", "2"}}}}, "http://h/o?p=1"},
		{"a header", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "X-H", In: "header"}}}, "http://h/o map[X-H:[v]]"},
		{"a cookie", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "sid", In: "cookie"}}}, "http://h/o map[Cookie:[sid=a%3Bb]]"},
		{"the document may not say who asks", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "AUTHORIZATION", In: "header", Required: true, Candidates: []string{"Bearer x"}}}}, "http://h/o"},
		{"nor whom", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "Host", In: "header", Required: true, Candidates: []string{"evil"}}}}, "http://h/o"},
		{"missing", "http://h", Operation{Path: "/o/{a}", Parameters: []Parameter{{Name: "b", In: "query", Required: true}}}, "needs values for b (query), a (path), give --param b=… --param a=…"},
		{"a segment that climbs", "http://h", Operation{Path: "/o/{dots}"}, `the path "/o/.." has a segment . or .., which clients and servers resolve to another path`},
		{"an empty segment", "http://h", Operation{Path: "/o/{empty}"}, "the value of empty (path) is empty, which makes another path"},
		{"a field that splits", "http://h", Operation{Path: "/o", Parameters: []Parameter{{Name: "bad", In: "header"}}}, `parameter "bad" (header) does not fit into a header field`},
		{"a problem of the document", "http://h", Operation{Path: "/o", Problem: "f:1:1: no"}, "f:1:1: no"},
		{"the origin is the base's", "http://h:81/p?q#f", Operation{Path: "//evil.example/x"}, "http://h:81/p//evil.example/x"},
	} {
		base, err := url.Parse(tt.base)
		if err != nil {
			t.Fatal(err)
		}
		u, header, err := tt.op.Fill(base, value)
		got := fmt.Sprint(err)
		if err == nil {
			if got = u.String(); len(header) > 0 {
				got += fmt.Sprint(" ", map[string][]string(header))
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
		if missing := new(MissingError); strings.HasPrefix(tt.want, "needs ") != errors.As(err, &missing) {
			t.Errorf("%s: %T", tt.name, err)
		}
	}
}

// A GET stays one, of the path and at the host that the user sees, by whom the user named.
func TestReserved(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "h"}
	given := func(p Parameter) (string, bool) { return "given", true }
	declined := func(Parameter) (string, bool) { return "", false }
	for _, tt := range []struct {
		in    string
		names string
		want  string // what is sent of value x of the document, and of one that is given
	}{
		{"header", "Accept Content-Type Host Connection Range", "neither"},
		{"header", "X-HTTP-Method X-Http-Method-Override x-method-override X_HTTP_METHOD_OVERRIDE X.Method.Override X-Original-Method", "neither"},
		{"header", "X-Original-URL X-Original-URI X-Rewrite-URL x_rewrite_url X-Original-Host X-Host X-HTTP-Host-Override X-Script-Name", "neither"},
		{"header", "X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X_Forwarded_Anything X-Forwarded Forwarded X-Real-IP Proxy", "neither"},
		{"header", "Authorization AUTHORIZATION Proxy-Authorization X-Authorization Author_ization X-Authorisation Cookie Cookie2 Set-Cookie X-Cookie", "neither"},
		{"header", "X-Auth-Token X-Access-Token access_token Session-Id X-JWT-Assertion X-Secret", "given"},
		{"header", "X-Api-Key Api-Key Accept-Language X-Request-Id X-Tenant X-Hosting", "both"},
		{"query", "_method _METHOD .method _method[] X-HTTP-Method-Override", "neither"},
		{"query", "method page host", "both"},
	} {
		for name := range strings.FieldsSeq(tt.names) {
			op := Operation{Method: "GET", Path: "/o", Parameters: []Parameter{{Name: name, In: tt.in, Required: true, Candidates: []string{"x"}}}}
			sent := func(value func(Parameter) (string, bool)) bool {
				u, header, err := op.Fill(base, value)
				if missing := new(MissingError); err != nil && !errors.As(err, &missing) {
					t.Errorf("%s: %v", name, err)
				}
				return err == nil && (u.RawQuery != "" || len(header) > 0)
			}
			got := map[[2]bool]string{{false, false}: "neither", {false, true}: "given", {true, true}: "both"}[[2]bool{sent(declined), sent(given)}]
			if got != tt.want {
				t.Errorf("%s %s: %s, want %s", tt.in, name, got, tt.want)
			}
		}
	}
	for _, path := range []string{"/o?_method=DELETE", "/o?a=b&_Method=DELETE", "/o?a;_method=PUT", "/o?%5Fmethod=PUT", "/o?{x}=PUT", "/o?_{y}=PUT", "/o?x-http-method-override=PUT"} {
		_, _, err := Operation{Method: "GET", Path: path}.Fill(base, func(p Parameter) (string, bool) {
			return map[string]string{"x": "_method", "y": "method"}[p.Name], true
		})
		if err == nil || !strings.HasSuffix(err.Error(), "by which some servers do something else than the method says") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestParseLine(t *testing.T) {
	const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
	for line, want := range map[string]string{
		"GET:/api/profile":    "GET /api/profile",
		" get : /a/{id}?p=1 ": "GET /a/{id}?p=1",
		"GET /api/profile":    "it begins with no method and colon; write METHOD:PATH, such as GET:/api/profile",
		"FETCH:/a":            "it begins with no method and colon; write METHOD:PATH, such as GET:/api/profile",
		"GET:http://h/a":      "the path does not begin with /; write METHOD:PATH, such as GET:/api/profile",
		"GET:/a#b":            `the path "/a#b" has a fragment, which is never sent`,
		"GET:/a#jwt=" + jwt:   `the path "/a#jwt=[` + redact.New(nil).Digest(jwt) + `]" has a fragment, which is never sent`,
	} {
		op, err := ParseLine(line)
		got := op.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

// Whatever a document says, every operation of it has a name, a request or a reason why not, and a
// request goes to the origin that the user named.
func FuzzParse(f *testing.F) {
	for _, text := range []string{shop30, shop31, shop20, fed, "openapi: 3.0.0\npaths: {'/a%2e{b}': {get: {}}}", "a: &a [*a]", "{openapi: 3.1.0, paths: {/x: {get: }}}",
		"{openapi: 3.1.0, paths: {/x: {GET: {}, get: {}, get: {}}, /x: [], {y}: z}}"} {
		f.Add([]byte(text))
	}
	base, err := url.Parse("http://target.test:81/base/")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse("f", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("the error does not say where: %v", err)
			}
			return
		}
		if len(doc.Operations) == 0 {
			t.Fatal("neither operations nor an error")
		}
		for _, op := range doc.Operations {
			if strings.ContainsAny(op.String(), "\x1b\r\n") {
				t.Fatalf("%q can play with a terminal", op.String())
			}
			for _, set := range op.Alternatives {
				for _, scheme := range set {
					if p := (Parameter{Name: scheme.Field, In: scheme.In}); p.diverts() || scheme.Kind != APIKey && p.Name != "" {
						t.Fatalf("%s: a credential would go to %v", op, scheme)
					}
				}
			}
			if b := op.Body; b != nil && (len(b.Content) > maxBody || !takesBody(op.Method) || isJSON(b.Media) && !json.Valid(b.Content)) {
				t.Fatalf("%s has the body %.200q", op, b.Content)
			}
			u, header, err := op.Fill(base, func(p Parameter) (string, bool) { return "v/ä?#", p.Required && p.Made == nil })
			if err != nil {
				continue
			}
			again, err := url.Parse(u.String())
			if err != nil || again.Scheme != "http" || again.Host != "target.test:81" || again.User != nil || again.Fragment != "" ||
				!strings.HasPrefix(again.EscapedPath(), "/base/") {
				t.Fatalf("%s goes to %s (%v)", op, u, err)
			}
			if reservedIn(u.RawQuery) != "" {
				t.Fatalf("%s asks with %s", op, u.RawQuery)
			}
			for name := range header {
				if (Parameter{Name: name, In: "header"}).reserved() && name != "Cookie" {
					t.Fatalf("%s sets %s", op, name)
				}
			}
		}
		for _, feed := range doc.Feeds() {
			for _, source := range feed.Sources {
				fed, from := doc.Operations[feed.Operation], doc.Operations[source.Operation]
				if from.Method != "GET" || strings.Count(from.Path, "{") >= strings.Count(fed.Path, "{") || len(source.Names) == 0 {
					t.Fatalf("%s feeds %s of %s, by %q", from, feed.Parameter, fed, source.Names)
				}
			}
		}
	})
}
