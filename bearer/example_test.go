package bearer_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearcache/bearcache/bearer"
)

func ExampleToken() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := bearer.Token(r)
		var refusal *bearer.Error
		if errors.As(err, &refusal) {
			refusal.Write(w, "orders")
			return
		}
		fmt.Fprintf(w, "a token of %d bytes", len(token))
	})
	for _, field := range []string{"Bearer mF_9.B5f-4.1JqM", "Bearer mF_9, Bearer B5f-"} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", field)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Www-Authenticate"))
	}
	// Output:
	// 200 ""
	// 400 "Bearer realm=\"orders\", error=\"invalid_request\", error_description=\"the Authorization field holds several credentials\""
}

func ExampleInURL() {
	r := httptest.NewRequest("GET", "/orders?page=2&access_token=mF_9", nil)
	name, found := bearer.InURL(r.URL)
	fmt.Println(name, found)
	// Output: access_token true
}
