package apache

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bearcache/bearcache/test/rulepages"
)

// proof says what is to be seen of a configuration on a real httpd: who asks, for what, what the origin says of its answers, and whether
// the second one gets what the first one got.
var proof = regexp.MustCompile(`(?m)^# proof: (bearer|cookie|basic|login) (\S+) "([^"]*)" (leaks|apart)$`)

// TestOnHTTPD runs every configuration of testdata that has a proof. What is blamed leaks, and what is not does not.
func TestOnHTTPD(t *testing.T) {
	proven := map[string]int{}
	for name, text := range load(t) {
		m := proof.FindStringSubmatch(text)
		if m == nil {
			if !strings.Contains(text, "# proof: none\n") {
				t.Errorf("%s: no proof", name)
			}
			continue
		}
		proven[m[4]]++
		if blamed := len(want(text)) > 0; blamed != (m[4] == "leaks") {
			t.Errorf("%s: %s, and blamed: %v", name, m[4], blamed)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin := httptest.NewServer(&api{cacheControl: m[3]})
			t.Cleanup(origin.Close)
			s := rulepages.Start(t, "apache", stand(text), strings.TrimPrefix(origin.URL, "http://"))
			first, second := callers(m[1])
			for i := range 2 {
				alices := get(t, s.Address+m[2], first)
				if !strings.HasPrefix(alices, "200 alice") {
					t.Fatalf("alice got %q", alices)
				}
				if got := get(t, s.Address+m[2], second); (got == alices) != (m[4] == "leaks") {
					t.Errorf("%d: alice got %q, the other %q", i, alices, got)
				}
			}
		})
	}
	if proven["leaks"] < 12 || proven["apart"] < 15 {
		t.Errorf("proven: %v", proven)
	}
}

// stand puts a test for the session's cookie in the place of a module that asks for a login, since that needs an identity provider: both
// are authorization, and come when that comes.
func stand(text string) string {
	return strings.ReplaceAll(text, "AuthType openid-connect\n        Require valid-user", `Require expr "%{HTTP_COOKIE} =~ /session=/"`)
}

// callers change two requests into those of alice and of another.
func callers(kind string) (first, second func(*http.Request)) {
	as := func(field, prefix, name string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(field, prefix+name) }
	}
	switch kind {
	case "bearer":
		return as("Authorization", "Bearer ", "alice"), as("Authorization", "Bearer ", "bob")
	case "basic":
		return func(r *http.Request) { r.SetBasicAuth("alice", "alice") }, func(r *http.Request) { r.SetBasicAuth("bob", "bob") }
	case "login":
		return as("Cookie", "session=", "alice"), func(*http.Request) {}
	}
	return as("Cookie", "session=", "alice"), as("Cookie", "session=", "bob")
}

func get(t *testing.T, url string, as func(*http.Request)) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+url, nil)
	if err != nil {
		t.Fatal(err)
	}
	as(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

// api answers with the name of the caller, and a number that no other answer has.
type api struct {
	cacheControl string
	answers      atomic.Int64
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := ""
	if user, _, ok := r.BasicAuth(); ok {
		name = user
	} else if token := r.Header.Get("Authorization"); token != "" {
		name = strings.TrimPrefix(token, "Bearer ")
	}
	if c, err := r.Cookie("session"); err == nil {
		name = c.Value
	}
	if told := r.Header.Get("X-Remote-User"); told != "" {
		name = strings.TrimPrefix(told, "Bearer ")
	}
	if name == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Cache-Control", a.cacheControl)
	w.Header().Set("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
	if strings.HasPrefix(r.URL.Path, "/vary/") {
		w.Header().Set("Vary", "Cookie")
	}
	fmt.Fprintf(w, "%s, answer %d", name, a.answers.Add(1))
}
