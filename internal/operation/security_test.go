package operation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a document says of credentials, and what its author may not choose.
func TestAlternatives(t *testing.T) {
	bearer := Scheme{Name: "b", Kind: Bearer}
	const schemes = `
      b: {type: http, scheme: Bearer}
      oauth: {type: oauth2, flows: {}}
      oidc: {type: openIdConnect}
      basic: {type: http, scheme: BASIC}
      digest: {type: http, scheme: digest}
      tls: {type: mutualTLS}
      key: {type: apiKey, in: header, name: X-Api-Key}
      query: {type: apiKey, in: query, name: api_key}
      cookie: {type: apiKey, in: cookie, name: sid}
      authorization: {type: apiKey, in: header, name: AUTHORIZATION}
      other: {type: apiKey, in: header, name: X-Authorization}
      ref: {$ref: '#/components/securitySchemes/b'}
      gone: {$ref: '#/none'}
      host: {type: apiKey, in: header, name: Host}
      forwarded: {type: apiKey, in: header, name: X_Forwarded-Host}
      method: {type: apiKey, in: query, name: _method}
      cookies: {type: apiKey, in: header, name: Cookie}
      proxy: {type: apiKey, in: header, name: Proxy-Authorization}
      split: {type: apiKey, in: header, name: "a\r\nb"}
      semicolon: {type: apiKey, in: cookie, name: "a;b"}
      nameless: {type: apiKey, in: header}
      body: {type: apiKey, in: body, name: x}
`
	for _, tt := range []struct {
		name, security string
		want           [][]Scheme
	}{
		{"nothing is said", "", nil},
		{"none are needed", "[]", nil},
		{"optional ones", "[{}, {b: []}]", [][]Scheme{{bearer}}},
		{"one of two", "[{b: []}, {basic: []}]", [][]Scheme{{bearer}, {{Name: "basic", Kind: Basic}}}},
		{"two together", "[{b: [], key: []}]", [][]Scheme{{bearer, {"key", APIKey, "header", "X-Api-Key"}}}},
		{"OAuth", "[{oauth: [read]}]", [][]Scheme{{{Name: "oauth", Kind: Bearer}}}},
		{"OpenID Connect", "[{oidc: []}]", [][]Scheme{{{Name: "oidc", Kind: Bearer}}}},
		{"in the query", "[{query: []}]", [][]Scheme{{{"query", APIKey, "query", "api_key"}}}},
		{"in a cookie", "[{cookie: []}]", [][]Scheme{{{"cookie", APIKey, "cookie", "sid"}}}},
		{"a bearer as Swagger writes it", "[{authorization: []}]", [][]Scheme{{{Name: "authorization", Kind: Bearer}}}},
		{"a field of its own", "[{other: []}]", [][]Scheme{{{"other", APIKey, "header", "X-Authorization"}}}},
		{"a reference", "[{ref: []}]", [][]Scheme{{{Name: "ref", Kind: Bearer}}}},
		{"a reference that leads nowhere", "[{gone: []}]", nil},
		{"a name that is not defined", "[{nobody: []}, {b: []}]", [][]Scheme{{bearer}}},
		{"a name that is not defined, beside one that is", "[{nobody: [], b: []}]", nil},
		{"no list", "{b: []}", nil},
		{"no requirements", "[b, 1, null]", nil},
		{"digest", "[{digest: []}]", [][]Scheme{{{Name: "digest"}}}},
		{"mutual TLS", "[{tls: []}]", [][]Scheme{{{Name: "tls"}}}},
		{"whom", "[{host: []}]", [][]Scheme{{{Name: "host"}}}},
		{"whom, by a proxy's word", "[{forwarded: []}]", [][]Scheme{{{Name: "forwarded"}}}},
		{"what", "[{method: []}]", [][]Scheme{{{Name: "method"}}}},
		{"all cookies", "[{cookies: []}]", [][]Scheme{{{Name: "cookies"}}}},
		{"a proxy's", "[{proxy: []}]", [][]Scheme{{{Name: "proxy"}}}},
		{"a field that splits", "[{split: []}]", [][]Scheme{{{Name: "split"}}}},
		{"a cookie that splits", "[{semicolon: []}]", [][]Scheme{{{Name: "semicolon"}}}},
		{"a field without a name", "[{nameless: []}]", [][]Scheme{{{Name: "nameless"}}}},
		{"no place", "[{body: []}]", [][]Scheme{{{Name: "body"}}}},
	} {
		own := "paths: {/a: {get: {security: " + tt.security + "}}}\nsecurity: [{tls: []}]\n"
		if tt.security == "" {
			own = "paths: {/a: {get: {}}}\n"
		}
		all := "paths: {/a: {get: {}}}\nsecurity: " + tt.security + "\n"
		for _, text := range []string{own, all} {
			doc, err := Parse("f", []byte("openapi: 3.1.0\n"+text+"components:\n    securitySchemes:"+schemes))
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if diff := cmp.Diff(tt.want, doc.Operations[0].Alternatives); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tt.name, diff)
			}
		}
	}

	doc, err := Parse("f", []byte(`
swagger: "2.0"
securityDefinitions: {b: {type: apiKey, in: header, name: Authorization}, u: {type: basic}, o: {type: oauth2}}
security: [{b: []}, {u: []}, {o: []}]
paths: {/a: {get: {}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]Scheme{{bearer}, {{Name: "u", Kind: Basic}}, {{Name: "o", Kind: Bearer}}}, doc.Operations[0].Alternatives); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
