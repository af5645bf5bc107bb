package operation

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Values are made of what a schema says, within its bounds, and stand behind all that is stated.
func TestMade(t *testing.T) {
	for _, tt := range []struct{ name, schema, want string }{ // want: a regular expression of all of it; "": none
		{"a text", "{type: string}", "[a-p]{8}"},
		{"a text of at most 3", "{type: string, maxLength: 3}", "[a-p]{3}"},
		{"a text of at least 20", "{type: string, minLength: 20}", "[a-p]{20}"},
		{"a text of none", "{type: string, maxLength: 0}", ""},
		{"a text that is too long", "{type: string, minLength: 1e300}", ""},
		{"a text of any length", "{type: string, maxLength: 1e300}", "[a-p]{8}"},
		{"a UUID", "{type: string, format: uuid}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"},
		{"a date", "{type: string, format: date}", `2024-\d\d-\d\d`},
		{"a time", "{type: string, format: date-time}", `2024-\d\d-\d\dT12:00:00Z`},
		{"an address of mail", "{type: string, format: email}", `[a-p]{8}@example\.com`},
		{"an address of IPv4", "{type: string, format: ipv4}", `192\.0\.2\.[1-9]\d*`},
		{"a URI", "{type: string, format: uri}", `https://example\.com/[a-p]{8}`},
		{"bytes", "{type: string, format: byte}", "[A-Za-z0-9+/]{11}="},
		{"a password", "{type: string, format: password}", ""},
		{"a format that is too long", "{type: string, format: uuid, maxLength: 8}", ""},
		{"another format", "{type: string, format: shoe-size}", "[a-p]{8}"},
		{"a pattern", "{type: string, pattern: '^[A-Z]{3}$'}", "[A-P]{3}"},
		{"a pattern of digits", `{type: string, pattern: '^\d{5}$'}`, "[1-9]{5}"},
		{"a pattern of an object of MongoDB", "{type: string, pattern: '^[0-9a-f]{24}$'}", "[0-9a-f]{24}"},
		{"a pattern of a UUID", "{type: string, pattern: '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'}", "[0-9a-f-]{36}"},
		{"a pattern that nothing fits", "{type: string, pattern: '^INV-2024-'}", ""},
		{"a pattern of another language", "{type: string, pattern: '^(?=a)b'}", ""},
		{"a long pattern", "{type: string, pattern: '" + strings.Repeat("a?", 100) + "'}", ""},
		{"a number", "{type: integer}", "1"},
		{"a number of at least 10", "{type: integer, minimum: 10, maximum: 20, exclusiveMinimum: true}", "11"},
		{"above 10, of OpenAPI 3.1", "{type: integer, exclusiveMinimum: 10}", "11"},
		{"at most -5", "{type: integer, maximum: -5}", "-5"},
		{"below -5", "{type: integer, exclusiveMaximum: -5}", "-6"},
		{"a dozen", "{type: integer, multipleOf: 12}", "0"},
		{"dozens above 20", "{type: integer, exclusiveMinimum: 24, multipleOf: 12}", "36"},
		{"none between", "{type: integer, exclusiveMinimum: 1, exclusiveMaximum: 2}", ""},
		{"a fraction between", "{type: number, exclusiveMinimum: 1, exclusiveMaximum: 2}", "1.5"},
		{"a huge number", "{type: integer, exclusiveMinimum: 1e300}", ""},
		{"no number at all", "{type: integer, exclusiveMinimum: 1e999, maximum: .nan}", "1"},
		{"a list", "{type: array, items: {type: string, format: uuid}}", "[0-9a-f-]{36}"},
		{"text or nothing", "{type: ['null', string]}", "[a-p]{8}"},
		{"text of a reference", "{$ref: '#/s'}", "[a-p]{12}"},
		{"one of two", "{oneOf: [{type: 'null'}, {$ref: '#/s'}]}", "[a-p]{12}"},
		{"all of two", "{allOf: [{type: string}, {minLength: 10}, {maxLength: 10}]}", "[a-p]{10}"},
		{"itself", "&a {allOf: [*a]}", ""},
		{"an object", "{type: object}", ""},
		{"no type", "{}", ""},
		{"a length without a type", "{minLength: 5, maxLength: 5}", "[a-p]{5}"},
	} {
		text := "openapi: 3.1.0\npaths: {'/{x}': {get: {parameters: [{name: x, in: path, schema: " + tt.schema + "}]}}}\ns: {type: string, minLength: 12}\n"
		doc, err := Parse("f", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		p := doc.Operations[0].Parameters[0]
		got := strings.Join(p.Made, " ")
		if len(p.Candidates) > 0 || !regexp.MustCompile("^(?:"+tt.want+")$").MatchString(got) {
			t.Errorf("%s: stated %q, made %q, want %s", tt.name, p.Candidates, got, tt.want)
		}
		again, err := Parse("f", []byte(text))
		if diff := cmp.Diff(doc, again); diff != "" || err != nil {
			t.Errorf("%s: the same document made something else (%v):\n%s", tt.name, err, diff)
		}
	}
}

// What is stated leaves nothing to make; who asks is not made up; and whoever fills can tell.
func TestMadeParameters(t *testing.T) {
	doc, err := Parse("f", []byte(`openapi: 3.0.0
paths:
  /a/{id}/{other}:
    get:
      parameters:
        - {name: id, in: path, schema: {type: string, format: uuid}}
        - {name: stated, in: query, required: true, schema: {type: string, enum: [a, b]}}
        - {name: optional, in: query, schema: {type: string}}
        - {name: page, in: query, required: true, schema: {type: integer}}
        - {name: flag, in: header, required: true, schema: {type: boolean}}
        - {name: X-Auth-Token, in: header, required: true, schema: {type: string}}
        - {name: access_token, in: query, required: true, schema: {type: string}}
        - {name: sid, in: cookie, required: true, schema: {type: string}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, p := range doc.Operations[0].Parameters {
		if len(p.Made) > 0 {
			made = append(made, p.Name)
		}
	}
	if diff := cmp.Diff([]string{"id", "page", "flag"}, made); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	given := map[string]string{"other": "o", "X-Auth-Token": "t", "access_token": "t", "sid": "s", "page": "7"}
	value := func(p Parameter) (string, bool) { v, ok := given[p.Name]; return v, ok }
	u, header, err := doc.Operations[0].Fill(&url.URL{Scheme: "http", Host: "h"}, value)
	if err != nil {
		t.Fatal(err)
	}
	id := doc.Operations[0].Parameters[0].Made[0]
	if want := "http://h/a/" + id + "/o?stated=a&page=7&access_token=t"; u.String() != want || header.Get("flag") != "true" {
		t.Errorf("%s %v, want %s", u, header, want)
	}
	names := ""
	for _, p := range doc.Operations[0].Made(value) {
		names += p.Name + " "
	}
	if names != "id flag " {
		t.Errorf("made were %s", names)
	}
}

func TestBody(t *testing.T) {
	const components = `
components:
  schemas:
    order:
      type: object
      required: [id, item, at, tags, price]
      properties:
        id: {type: string, readOnly: true}
        item: {$ref: '#/components/schemas/item'}
        at: {type: string, format: date, example: 2025-06-01}
        tags: {type: array, items: {type: string, enum: [new]}}
        price: {type: number, minimum: 2.5}
        note: {type: string}
    item: {allOf: [{required: [sku], properties: {sku: {type: integer}}}, {required: [size], properties: {size: {const: XL}}}]}
    circle: {type: object, required: [c], properties: {c: {$ref: '#/components/schemas/circle'}}}
    wide: {type: object, required: [a, b], properties: {a: {$ref: '#/components/schemas/wide1'}, b: {$ref: '#/components/schemas/wide1'}}}
    wide1: {type: array, minItems: 8, items: {type: array, minItems: 8, items: {type: array, minItems: 8, items: {type: array, minItems: 8, items: {type: array, minItems: 8, items: {type: integer}}}}}}
    rows: {type: array, items: {$ref: '#/components/schemas/circle'}}
  requestBodies:
    shared: {required: true, content: {application/json: {example: {a: 1}}}}
`
	const order = `application/json {"at":"2025-06-01","item":{"size":"XL","sku":1},"price":2.5,"tags":["new"]}`
	for _, tt := range []struct{ name, body, want string }{
		{"none", "", ""},
		{"an example", "{content: {application/json: {example: {b: [1, 2.50, true, null, x, 1e400, 0x10, <a>]}}}}", `application/json {"b":[1,2.50,true,null,"x","1e400",16,"<a>"]}`},
		{"an example in a text", `{content: {application/json: {example: '{"a": 1}'}}}`, `application/json {"a": 1}`},
		{"one of examples", "{content: {application/json: {examples: {one: {value: [1]}, two: {value: 2}}}}}", "application/json [1]"},
		{"made of a schema", "{content: {application/json: {schema: {$ref: '#/components/schemas/order'}}}}", order},
		{"a reference", "{$ref: '#/components/requestBodies/shared'}", `application/json {"a":1}`},
		{"JSON before others", "{content: {text/plain: {example: a}, application/xml: {}, application/vnd.api+json: {example: {}}}}", "application/vnd.api+json {}"},
		{"any media type", "{content: {'*/*': {example: {}}}}", "application/json {}"},
		{"a form", "{content: {application/x-www-form-urlencoded: {schema: {required: [b, a], properties: {a: {type: string, example: 'x y'}, b: {type: array, items: {type: integer}}}}}}}",
			"application/x-www-form-urlencoded a=x+y&b=1"},
		{"a text", "{content: {text/plain: {example: hello}}}", "text/plain hello"},
		{"anything", "{content: {application/json: {schema: {}}}}", "application/json {}"},
		{"nothing said", "{content: {application/json: {}}}", "application/json {}"},
		{"what need not be made", "{content: {multipart/form-data: {schema: {type: object}}}}", ""},
		{"what must be made, and is not", "{required: true, content: {multipart/form-data: {schema: {type: object}}}}",
			`problem: f:4:17: the body is required and cannot be made: of "multipart/form-data" only an example that is a text can be sent; give it an example`},
		{"no content", "{required: true}", "problem: f:4:17: the body is required and cannot be made: it has no media type that is known; give it an example"},
		{"a field without a type", "{required: true, content: {application/json: {schema: {required: [x], properties: {x: {}}}}}}",
			`problem: f:4:17: the body is required and cannot be made: f:4:`},
		{"a password", "{required: true, content: {application/json: {schema: {required: [password], properties: {password: {type: string}}}}}}",
			`problem: f:4:17: the body is required and cannot be made: f:4:`},
		{"a circle", "{required: true, content: {application/json: {schema: {$ref: '#/components/schemas/circle'}}}}",
			"problem: f:4:17: the body is required and cannot be made: f:19:59: it holds itself, or is nested more than 16 deep; give it an example"},
		{"a list of circles", "{required: true, content: {application/json: {schema: {$ref: '#/components/schemas/rows'}}}}", "application/json []"},
		{"more than a body may have", "{required: true, content: {application/json: {schema: {$ref: '#/components/schemas/wide'}}}}",
			"problem: f:4:17: the body is required and cannot be made: f:21:182: it has more than 64 KiB; give it an example"},
		{"a reference that leads nowhere", "{$ref: '#/none'}", `problem: f:4:24: reference "#/none" names nothing in the document`},
	} {
		text := "openapi: 3.0.0\npaths: {/a: {post: {\n  requestBody:\n    " + strings.Repeat(" ", 12) + tt.body + "\n}, get: {requestBody: {required: true}}}}" + components
		doc, err := Parse("f", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if get := doc.Operations[0]; get.Body != nil || get.Problem != "" {
			t.Errorf("%s: GET has a body %v, %s", tt.name, get.Body, get.Problem)
		}
		got, op := "", doc.Operations[1]
		switch {
		case op.Problem != "":
			got = "problem: " + op.Problem
		case op.Body != nil:
			got = op.Body.Media + " " + string(op.Body.Content)
		}
		if got != tt.want && !(strings.HasSuffix(tt.want, "f:4:") && strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestSwaggerBody(t *testing.T) {
	for _, tt := range []struct{ name, operation, want string }{
		{"a body", "{parameters: [{name: b, in: body, required: true, schema: {required: [a], properties: {a: {type: integer}}}}]}", `application/json {"a":1}`},
		{"a body of another type", "{consumes: [application/vnd.x+json], parameters: [{name: b, in: body, schema: {example: {a: 1}}}]}", `application/vnd.x+json {"a":1}`},
		{"a form", "{parameters: [{name: b, in: formData, required: true, type: string, default: 'x&y'}, {name: a, in: formData, required: true, type: boolean}, {name: c, in: formData, type: string}]}",
			"application/x-www-form-urlencoded a=true&b=x%26y"},
		{"a file", "{parameters: [{name: b, in: formData, required: true, type: file}]}", `problem: f:4:79: the field "b" of the form is required and cannot be made; give it a default`},
		{"in parts", "{consumes: [multipart/form-data], parameters: [{name: b, in: formData, required: true, type: integer}]}", `problem: f:4:65: the body is "multipart/form-data", which is not made`},
		{"none", "{}", ""},
	} {
		doc, err := Parse("f", []byte("swagger: '2.0'\nconsumes: [application/xml, application/json]\npaths:\n  /a: {parameters: [{name: d, in: formData, type: file}], post: "+tt.operation+"}\n"))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got, op := "", doc.Operations[0]
		switch {
		case op.Problem != "":
			got = "problem: " + op.Problem
		case op.Body != nil:
			got = op.Body.Media + " " + string(op.Body.Content)
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestLinks(t *testing.T) {
	doc, err := Parse("f", []byte(`openapi: 3.0.0
paths:
  /cart:
    get:
      operationId: cart
      responses:
        200:
          links:
            a: {operationId: getOrder, parameters: {path.id: '$response.body#/orders/current~1id', x: $request.path.y}}
            b: {$ref: '#/components/links/b'}
            c: {operationId: none, parameters: {z: '$response.body#/0'}}
            d: {operationRef: 'https://elsewhere.example/#/paths/~1a/get', parameters: {z: '$response.body#/z'}}
components: {links: {b: {operationRef: '#/paths/~1users~1{u}/get', parameters: {u: '$response.body#/owner'}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Link{{"getOrder", map[string]string{"id": "current/id"}}, {"GET /users/{u}", map[string]string{"u": "owner"}}}
	if diff := cmp.Diff(want, doc.Operations[0].Links); diff != "" || doc.Operations[0].ID != "cart" {
		t.Errorf("%s: -want +got:\n%s", doc.Operations[0].ID, diff)
	}
}

// Schemas that multiply cost what they are worth.
func TestHostileSchemas(t *testing.T) {
	var doubling strings.Builder
	doubling.WriteString("openapi: 3.1.0\npaths:\n")
	for i := range 2000 {
		fmt.Fprintf(&doubling, "  '/%d/{a}': {post: {parameters: [{name: a, in: path, schema: {$ref: '#/s0'}}], requestBody: {content: {application/json: {schema: {$ref: '#/s0'}}}}}}\n", i)
	}
	for i := range 200 {
		fmt.Fprintf(&doubling, "s%d: {required: [a, b], properties: {a: {$ref: '#/s%d'}, b: {$ref: '#/s%d'}}, allOf: [{$ref: '#/s%d'}, {$ref: '#/s%d'}]}\n", i, i+1, i+1, i+1, i+2)
	}
	var laughs strings.Builder
	laughs.WriteString("openapi: 3.1.0\na0: &a0 [x]\n")
	for i := range 30 {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9))
	}
	laughs.WriteString("paths: {/x: {post: {requestBody: {required: true, content: {application/json: {example: *a30}}}}}}\n")
	var patterns strings.Builder
	patterns.WriteString("openapi: 3.1.0\npaths:\n")
	for i := range 2000 {
		fmt.Fprintf(&patterns, "  '/%d/{a}': {get: {parameters: [{name: a, in: path, schema: {type: string, pattern: '(\\pL{99}|%d){9}(\\pL{999}){1}'}}]}}\n", i, i)
	}
	var bodies strings.Builder
	bodies.WriteString("openapi: 3.1.0\npaths:\n")
	for i := range 2000 {
		fmt.Fprintf(&bodies, "  /%d: {post: {requestBody: {required: true, content: {application/json: {schema: {allOf: [{$ref: '#/big'}]}}}}}}\n", i)
	}
	bodies.WriteString("big: {example: " + strings.Repeat("a", maxBody-100) + "}\n")
	for _, tt := range []struct{ name, text, want string }{
		{"schemas that double", doubling.String(), ""},
		{"an example of a billion laughs", laughs.String(), "it holds itself, or is nested more than 16 deep"},
		{"patterns", patterns.String(), ""},
		{"bodies", bodies.String(), "the bodies of the document have more than 8 MiB; scan it in parts"},
	} {
		doc, err := Parse("f", []byte(tt.text))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := doc.Operations[len(doc.Operations)-1].Problem; !strings.Contains(got, tt.want) {
			t.Errorf("%s: %.200s\nwant %s", tt.name, got, tt.want)
		}
		doc.Feeds()
	}
}
