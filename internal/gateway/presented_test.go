package gateway

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// An opaque token has no shape; what the request itself presents is known by its bytes.
func TestPresentedCredentialsAreMasked(t *testing.T) {
	const op = "Zq8vX2kLmN4pR7tY9wB3cD6f"
	w := start(t, Options{}, nil)
	for _, tt := range []struct{ name, path, field, want string }{
		{"a segment", "/verify/" + op + "/x", "Authorization: Bearer " + op, "/verify/#/x"},
		{"a part", "/verify/" + op[4:14] + ".json", "Authorization: Bearer " + op, "/verify/#.json"},
		{"eight bytes", "/" + op[:8], "Authorization: Bearer " + op, "/#"},
		{"seven bytes", "/" + op[:7], "Authorization: Bearer " + op, "/" + op[:7]},
		{"encoded", "/a%5A%718v%58%32kL%6dN/b", "Authorization: Bearer " + op, "/a#/b"},
		{"encoded twice", "/%255A%25718v%2558%2532kL", "Authorization: Bearer " + op, "/#"},
		{"another scheme", "/" + op, "Authorization: Custom " + op, "/#"},
		{"a cookie", "/" + op + "/a", "Cookie: theme=dark; session=" + op, "/#/a"},
		{"the name of a cookie", "/sessionid/a", "Cookie: sessionid=" + op, "/sessionid/a"},
		{"a listed field", "/" + op + "/a", "X-Api-Key: " + op, "/#/a"},
		{"a field that is not listed", "/" + op + "/a", "X-Vault-Token: " + op, "/#/a"},
		{"a refused token", "/" + op, "Authorization: Bearer " + op + "!", "/#"},
		{"twice", "/" + op + "/" + op, "Authorization: Bearer " + op, "/#/#"},
		{"none of it", "/api/v1/orders", "Authorization: Bearer " + op, "/api/v1/orders"},
		{"none of it, encoded", "/caf%C3%A9/b", "Authorization: Bearer " + op, "/caf%C3%A9/b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range 2 { // a miss and, mostly, a hit
				w.send("GET "+tt.path, tt.field)
				line := <-w.records
				var got struct{ Path string }
				if err := json.Unmarshal(line, &got); err != nil {
					t.Fatal(err)
				}
				if path := regexp.MustCompile(`\[hmac-sha256:[0-9a-f]{12}\]`).ReplaceAllString(got.Path, "#"); path != tt.want {
					t.Errorf("request %d: %s, want %s", i, path, tt.want)
				}
			}
		})
	}
}

// Long paths and long credentials that are all alike cost no more than their lengths.
func TestMaskingIsLinear(t *testing.T) {
	w := start(t, Options{}, nil)
	path, token := "/"+strings.Repeat("a", 30<<10), strings.Repeat("a", 30<<10)
	got := w.gateway.masked(path, http.Header{"Authorization": {"Bearer " + token}}, true)
	if strings.Contains(got, "aaaaaaaa") {
		t.Error("not masked")
	}
}

func TestMaskingOfOrdinaryPathsIsFree(t *testing.T) {
	w := start(t, Options{}, nil)
	h := http.Header{"Authorization": {"Bearer " + strings.Repeat("t0", 400)}, "Cookie": {"a=b; session=0123456789abcdef"}}
	if n := testing.AllocsPerRun(100, func() { w.gateway.masked("/api/v1/orders/12345/items", h, true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
