package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where the values of path parameters are looked for.
func TestFeeds(t *testing.T) {
	get := func(paths ...string) []Operation {
		var list []Operation
		for _, path := range paths {
			list = append(list, Operation{Method: "GET", Path: path})
		}
		return list
	}
	required := func(path string, p Parameter) Operation {
		p.Required = true
		return Operation{Method: "GET", Path: path, Parameters: []Parameter{p}}
	}
	for _, tt := range []struct {
		name       string
		operations []Operation
		want       []string // "fed path, parameter: source path (same) first names"
	}{
		{"a list feeds its elements", get("/orders", "/orders/{order_id}"), []string{"/orders/{order_id} order_id: /orders order_id orderId orderID"}},
		{"what is said first, is best", get("/orders/{id}", "/orders"), []string{"/orders/{id} id: /orders id Id order_id"}},
		{"what is below an element", get("/orders", "/orders/{id}/items"), []string{"/orders/{id}/items id: /orders id Id order_id"}},
		{"chains", get("/users", "/users/{uid}/orders", "/users/{uid}/orders/{oid}"), []string{
			"/users/{uid}/orders uid: /users uid Uid id", "/users/{uid}/orders/{oid} uid: /users uid Uid id",
			"/users/{uid}/orders/{oid} oid: /users/{uid}/orders (uid=uid) oid Oid id"}},
		{"of a parent that calls its parameter otherwise", get("/users/{id}/orders", "/users/{uid}/orders/{oid}"), []string{
			"/users/{uid}/orders/{oid} oid: /users/{id}/orders (id=uid) oid Oid id"}},
		{"a slash at the end", get("/orders/", "/orders/{id}/"), []string{"/orders/{id}/ id: /orders/ id Id order_id"}},
		{"a suffix", get("/orders", "/orders.json", "/orders/{id}.json"), []string{"/orders/{id}.json id: /orders.json id Id order_id, /orders id Id order_id"}},
		{"a query in the path", get("/orders?all=1", "/orders/{id}?x={y}"), []string{"/orders/{id}?x={y} id: /orders?all=1 id Id order_id"}},
		{"one of a kind, beside the others", get("/users/me", "/users/{user_id}"), []string{"/users/{user_id} user_id: /users/me of whoever asks user_id userId userID"}},
		{"the list of somebody", get("/me/orders", "/orders/{id}"), []string{"/orders/{id} id: /me/orders id Id order_id"}},
		{"the list before the others", get("/me/orders", "/orders/latest", "/orders", "/orders/{id}"), []string{
			"/orders/{id} id: /orders id Id order_id, /orders/latest id Id order_id, /me/orders id Id order_id"}},
		{"a list by another number of its name", get("/cards", "/card/{id}"), []string{"/card/{id} id: /cards id Id card_id"}},
		{"so below somebody", get("/users/{uid}/cards", "/users/{uid}/card/{id}"), []string{"/users/{uid}/card/{id} id: /users/{uid}/cards (uid=uid) id Id card_id"}},
		{"a list elsewhere", get("/v2/line-items", "/v1/lineItems/{id}"), []string{"/v1/lineItems/{id} id: /v2/line-items id Id line_item_id"}},
		{"who asks", get("/me", "/users/{id}"), []string{"/users/{id} id: /me of whoever asks id Id user_id"}},
		{"who asks, elsewhere", get("/api/profile", "/stats/{user_id}"), []string{"/stats/{user_id} user_id: /api/profile of whoever asks user_id userId userID"}},
		{"who asks, of something else", get("/me", "/accounts/{id}"), nil},
		{"a member that is called like the parameter", get("/dashboard", "/statements/{account_id}"), []string{"/statements/{account_id} account_id: /dashboard account_id account_id accountId"}},
		{"a name that says nothing", get("/dashboard", "/statements/{key}", "/a/{nr}"), nil},
		{"the list of somebody unknown", get("/users/{uid}/orders", "/orders/{id}"), nil},
		{"another list", get("/items", "/orders/{id}"), nil},
		{"no list", append(get("/orders/{id}"), Operation{Method: "POST", Path: "/orders"}), nil},
		{"a list that cannot be asked", append(get("/orders/{id}"), Operation{Method: "GET", Path: "/orders", Problem: "no"}), nil},
		{"a list that wants a value", append(get("/orders/{id}"), required("/orders", Parameter{Name: "shop", In: "query"})), nil},
		{"a list that states a value", append(get("/orders/{id}"), required("/orders", Parameter{Name: "shop", In: "query", Candidates: []string{"1"}})),
			[]string{"/orders/{id} id: /orders id Id order_id"}},
		{"a list whose value can be made", append(get("/orders/{id}"), required("/orders", Parameter{Name: "page", In: "query", Made: []string{"1"}})),
			[]string{"/orders/{id} id: /orders id Id order_id"}},
		{"a stated value", append(get("/orders"), required("/orders/{id}", Parameter{Name: "id", In: "path", Candidates: []string{"7"}})), nil},
		{"a made value", append(get("/orders"), required("/orders/{id}", Parameter{Name: "id", In: "path", Made: []string{"7"}})),
			[]string{"/orders/{id} id: /orders id Id order_id"}},
		{"a value that is not all of its segment", get("/api", "/api/v{version}", "/api/{a}-{b}"), nil},
		{"an element of what is found by two", get("/{tenant}", "/{tenant}/{id}"), []string{"/{tenant}/{id} id: /{tenant} (tenant=tenant) id Id uuid"}},
		{"an operation that feeds itself", get("/orders/{id}/{id}"), nil},
		{"a path that is none", get("/orders", "/orders/{", "/orders/}{a}", "orders/{a}", "{a}", ""), nil},
		{"a link", []Operation{
			{Method: "GET", Path: "/cart", Links: []Link{{"getOrder", map[string]string{"id": "current"}}, {"GET /users/{u}", map[string]string{"u": "owner"}}}},
			{Method: "GET", Path: "/orders"}, {Method: "GET", Path: "/orders/{id}", ID: "getOrder"}, {Method: "GET", Path: "/users/{u}"}}, []string{
			"/orders/{id} id: /cart current, /orders id Id order_id", "/users/{u} u: /cart owner"}},
		{"a link from what asks for another value", []Operation{
			{Method: "GET", Path: "/shops/{s}", Links: []Link{{"getOrder", map[string]string{"id": "x"}}}}, {Method: "GET", Path: "/users/{u}/orders/{id}", ID: "getOrder"}}, nil},
	} {
		d := Document{Operations: tt.operations}
		var got []string
		for _, f := range d.Feeds() {
			var sources []string
			for _, s := range f.Sources {
				source := d.Operations[s.Operation].Path
				if s.Asker {
					source += " of whoever asks"
				}
				for _, name := range slices.Sorted(maps.Keys(s.Same)) {
					source += " (" + name + "=" + s.Same[name] + ")"
				}
				sources = append(sources, source+" "+strings.Join(s.Names[:min(3, len(s.Names))], " "))
			}
			got = append(got, d.Operations[f.Operation].Path+" "+f.Parameter+": "+strings.Join(sources, ", "))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestIDNames(t *testing.T) {
	for _, tt := range []struct{ parameter, collection, want string }{
		{"order_id", "orders", "order_id orderId orderID OrderId order-id id uuid order_uuid orderUuid OrderUuid order-uuid order Order guid _id key slug code number name"},
		{"orderId", "", "orderId order_id orderID OrderId order-id id Id uuid Uuid guid _id key slug code number name"},
		{"id", "companies", "id Id company_id companyId companyID CompanyId company-id uuid company_uuid companyUuid CompanyUuid company-uuid company Company guid _id key slug code number name"},
		{"slug", "boxes", "slug Slug id box_id"},
		{"HTTPCode", "news-classes", "HTTPCode httpcode"},
		{"é", "ü", "é id ü_id üId"},
		{"-", "addresses", "- id address_id"},
	} {
		if got := strings.Join(idNames(tt.parameter, tt.collection), " "); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s of %s:\n%s\nwant\n%s", tt.parameter, tt.collection, got, tt.want)
		}
	}
}

func TestPick(t *testing.T) {
	wide := "[" + strings.Repeat(`{"id":1},`, maxLookups) + `{"id":2}]`
	deep := strings.Repeat(`{"a":[`, 4000) + `{"id":7}` + strings.Repeat(`]}`, 4000)
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf(`{"id":"o%d"}`, i))
	}
	for _, tt := range []struct{ name, body, names, want string }{
		{"a list", `[{"id": "a"}, {"id": "b"}, {"id": "a"}]`, "id", "a b"},
		{"a list in an envelope", `{"total": 2, "data": [{"id": 7, "user": {"id": 9}}]}`, "id", "7 9"},
		{"the better name first", `{"id": "request-1", "data": [{"order_id": 7}]}`, "order_id id", "7 request-1"},
		{"the outer one first", `[{"user": {"id": 1}, "id": 2}]`, "id", "2 1"},
		{"a list of identifiers", `{"orders": ["a", 7]}`, "id", "a 7"},
		{"an identifier alone", `"a"`, "id", ""},
		{"what is no identifier", `[{"id": null}, {"id": true}, {"id": ""}, {"id": ".."}, {"id": "a\nb"}, {"id": 1.5}, {"id": 1e300}, {"id": {"x": 1}}]`, "id", ""},
		{"a long text", `{"id": "` + strings.Repeat("a", maxID+1) + `"}`, "id", ""},
		{"no more than enough", "[" + strings.Join(many, ",") + "]", "id", "o0 o1 o2 o3 o4 o5 o6 o7 o8 o9 o10 o11 o12 o13 o14 o15"},
		{"nothing", `null`, "id", ""},
		{"more than is looked at", wide, "id", "1"},
		{"depth", deep, "id", "7"},
	} {
		var body any
		if err := json.Unmarshal([]byte(tt.body), &body); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Pick(body, strings.Fields(tt.names)), " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := Pick([]any{map[string]any{"id": json.Number("12345678901234567890")}}, []string{"id"}); len(got) != 1 || got[0] != "12345678901234567890" {
		t.Errorf("%v: a number that no float holds", got)
	}
}
