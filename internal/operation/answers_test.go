package operation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, responses string
		want            []string
	}{
		{"two types", `{200: {content: {application/json: {}, "Text/CSV; charset=utf-8": {}}}}`, []string{"application/json", "text/csv"}},
		{"of two statuses", `{200: {content: {application/json: {}}}, "2XX": {content: {application/pdf: {}}}}`, []string{"application/json", "application/pdf"}},
		{"by reference", `{200: {$ref: "#/components/responses/report"}}`, []string{"application/json", "application/xml"}},
		{"one type", `{200: {content: {application/json: {}, "application/json;v=2": {}}}}`, nil},
		{"another for errors", `{200: {content: {application/json: {}}}, 400: {content: {application/problem+json: {}}}}`, nil},
		{"a range", `{200: {content: {application/json: {}, "text/*": {}}}}`, nil},
		{"what would not fit into a field", `{200: {content: {application/json: {}, "text/a\r\nX-Evil: 1": {}, "text/a b": {}, "text": {}}}}`, nil},
		{"none", `{204: {}}`, nil},
		{"no responses", `{}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := Parse("f", []byte("openapi: 3.0.0\npaths: {/a: {get: {responses: "+tt.responses+"}}}\n"+
				"components: {responses: {report: {content: {application/json: {}, application/xml: {}}}}}"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, doc.Operations[0].Answers); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	doc, err := Parse("f", []byte("swagger: '2.0'\nproduces: [application/json, text/csv]\npaths: {/a: {get: {responses: {}}}, /b: {get: {produces: [text/csv]}}}"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"application/json", "text/csv"}, nil}, [][]string{doc.Operations[0].Answers, doc.Operations[1].Answers}); diff != "" {
		t.Errorf("Swagger 2.0, -want +got:\n%s", diff)
	}
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, "application/x%d: {}, ", i)
	}
	doc, err = Parse("f", []byte("openapi: 3.0.0\npaths: {/a: {get: {responses: {200: {content: {"+many.String()+"}}}}}}"))
	if err != nil || len(doc.Operations[0].Answers) != maxAnswers {
		t.Errorf("of ten thousand types %v, %v", doc, err)
	}
}
