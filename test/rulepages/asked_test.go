package rulepages

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/test/redistest"
)

// ask is what a server answers: the status and the body.
func ask(t *testing.T, s *Server, uri, token string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.Address+uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}

// showAnswers: of a dirty application somebody is given what he would not be given if nothing were stored. This takes no time, as a scan does,
// and looks at an application from outside of it, as that one does.
func showAnswers(t *testing.T, b *block) {
	t.Helper()
	without := strings.ReplaceAll(b.code, `"SimpleCache"`, `"NullCache"`)
	if without == b.code {
		t.Fatal("it has no cache that this could do without")
	}
	s, fresh := Start(t, "flask", b.code, secret), Start(t, "flask", without, secret)
	path := pathOf(b.code)
	leaks := false
	for _, token := range []string{tokens["alice"], tokens["bob"], "", strings.Repeat("forged.", 3)} {
		got, want := ask(t, s, path, token), ask(t, fresh, path, token)
		leaks = leaks || got != want
		if token == tokens["alice"] && (got != want || !strings.HasPrefix(got, "200 ")) {
			t.Fatalf("alice came first, and is answered %s", got)
		}
	}
	if leaks != b.dirty {
		t.Errorf("one is given another's answer: %v", leaks)
	}
}

// showLog: whatever the server answered, a token stands in its log, or none does.
func (p *page) showLog(t *testing.T, b *block) {
	t.Helper()
	s := p.start(t, b.code)
	file := "log/access.log"
	uris := []string{"/api/profile", "/api/export?access_token=" + tokens["alice"]}
	if p.stack.language == "python" {
		file, uris[1] = Output, uris[0] // where what it logs is, and Flask's own line of each request
	}
	for _, uri := range uris {
		ask(t, s, uri, tokens["alice"])
	}
	text := s.logged(t, file)
	if b.dirty != strings.Contains(text, tokens["alice"]) {
		t.Errorf("the log has %q", text)
	}
	wrote(t, "the server", hidden(text), b.log)
}

// logged is the log of the server when its two requests are in it: it is written after they are answered.
func (s *Server) logged(t *testing.T, file string) (text string) {
	t.Helper()
	for range 100 {
		if text = s.File(t, file); strings.Count(text, "GET /api/") >= 2 {
			return text
		}
		pause(t)
	}
	t.Fatalf("the log has %q", text)
	return ""
}

// showKeys: whoever may look at the keys of the cache finds a token there, or none.
func (p *page) showKeys(t *testing.T, b *block) {
	t.Helper()
	redis := redistest.Start(t)
	s := p.start(t, strings.ReplaceAll(b.code, "127.0.0.1:6379", redis.Addr))
	if got := ask(t, s, pathOf(b.code), tokens["alice"]); !strings.HasPrefix(got, "200 ") {
		t.Fatalf("alice is answered %s", got)
	}
	keys := redis.CLI("keys", "*")
	if strings.TrimSpace(keys) == "" {
		t.Fatal("nothing is stored")
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(tokens["alice"]))
	if b.dirty != (strings.Contains(keys, tokens["alice"]) || strings.Contains(keys, encoded)) {
		t.Errorf("the keys are %q", keys)
	}
	wrote(t, "Redis", hidden(keys), b.keys)
}
