package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/config"
)

func TestAdminURL(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"http://127.0.0.1:8081", "http://127.0.0.1:8081"},
		{"https://gateway.test/", "https://gateway.test/"},
		{"127.0.0.1:8081", "http://127.0.0.1:8081"},
		{":8081", "http://127.0.0.1:8081"},
		{"0.0.0.0:8081", "http://127.0.0.1:8081"},
		{"[::]:8081", "http://127.0.0.1:8081"},
		{"[::1]:8081", "http://[::1]:8081"},
		{"localhost:8081", "http://localhost:8081"},
		{"off", ""}, {"8081", ""}, {"ftp://a", ""}, {"http://a/b", ""}, {"http://a?b", ""}, {"http://u:hunter2@a", ""}, {"http://a:0", ""},
	} {
		u, err := adminURL(tt.text)
		switch {
		case tt.want == "" && (err == nil || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: %v, %v", tt.text, u, err)
		case tt.want != "" && (err != nil || u.String() != tt.want):
			t.Errorf("%s: %v, %v", tt.text, u, err)
		}
	}
}

// operate runs a command with the operators' token.
func operate(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	e := env{stdout: &out, stderr: &out, getenv: func(name string) (string, bool) {
		return "hunter2-hunter2-hunter2", name == "BEARCACHE_ADMIN_TOKEN"
	}}
	err = runPurge(t.Context(), e, args)
	if err != nil {
		out.WriteString(err.Error())
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("a secret is printed: %s", &out)
	}
	return out.String(), err
}

// What a server answers decides what is said, and the exit status.
func TestAnswersToOperators(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		kind   string
		body   string
		code   int
		want   string
	}{
		{"done", 200, "application/json", `{"purged": "tag", "records": 3, "other_nodes": "none"}`, 0, "tag: 3 records purged in the memory of 127.0.0.1:"},
		{"done, and others follow", 200, "application/json", `{"records": 3, "other_nodes": "within 5s"}`, 0, "on other nodes: within 5s\n"},
		{"others are not told yet", 202, "application/json", `{"records": 3, "other_nodes": "not told yet"}`, 3, "other nodes could not be told yet: the gateway goes on trying"},
		{"wrong", 400, "application/json", `{"error": "say what"}`, 2, ": say what"},
		{"wrong, and it says what", 400, "application/json", `{"error": "tag: it is none"}`, 2, "--tag: it is none"},
		{"wrong, and it says of nothing we know", 400, "application/json", `{"error": "config: it is none"}`, 2, ": config: it is none"},
		{"the wrong token", 401, "application/json", `{"error": "no"}`, 2, "does not take this token"},
		{"under another name", 421, "application/json", `{"error": "not by this name"}`, 2, ": not by this name"},
		{"out of order", 500, "application/json", `{"error": "broken"}`, 3, ": broken"},
		{"an error that repeats the token", 400, "application/json", `{"error": "Bearer hunter2-hunter2-hunter2\u001b[31m"}`, 2, ""},
		{"not found by another server", 404, "text/plain", "404 page not found", 3, "is no admin listener of bearcache: it answered 404"},
		{"another server that says yes to everything", 200, "application/json", `{}`, 3, "is no admin listener of bearcache: it answered 200"},
		{"a page", 200, "text/html", `{"records": 3, "other_nodes": "none"}`, 3, "is no admin listener of bearcache"},
		{"more than there is to say", 200, "application/json", `{"other_nodes": "` + strings.Repeat("a", 100_000) + `"}`, 3, "is no admin listener of bearcache"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer hunter2-hunter2-hunter2" || r.Header.Get("Content-Type") != "application/json" || r.URL.Path != "/api/v1/purge" {
					t.Errorf("%s %v", r.URL, r.Header)
				}
				w.Header().Set("Content-Type", tt.kind)
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			}))
			defer server.Close()
			said, err := operate(t, "--tag", "a", "--admin", server.URL)
			if code, _ := exitCode(err); code != tt.code || !strings.Contains(said, tt.want) || strings.Contains(said, "\x1b") {
				t.Errorf("exit status %d, want %d: %s", code, tt.code, said)
			}
		})
	}
}

// The operators' token goes to the listener that was named, and nowhere that it points to.
func TestOperatorsTokenStaysAtItsOrigin(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another server was asked, with %q", r.Header["Authorization"])
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	said, err := operate(t, "--everything", "--admin", server.URL)
	if code, _ := exitCode(err); code != 3 || !strings.Contains(said, "it answered 307") {
		t.Errorf("%d: %s", code, said)
	}
}

// In the clear a token goes to this machine only without a word.
func TestTokensInTheClear(t *testing.T) {
	for admin, want := range map[string]bool{"http://127.0.0.1:1": false, "http://localhost:1": false, "http://0.0.0.0:1": true} {
		if said, _ := operate(t, "--everything", "--admin", admin); strings.HasPrefix(said, "warning: a token goes to") != want {
			t.Errorf("%s: %s", admin, said)
		}
	}
}

// The file of a gateway says where its listener is.
func TestAdminOfTheFile(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"records": 0, "other_nodes": "none"}`))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "bearcache.yaml")
	if err := os.WriteFile(file, []byte("serve: {admin: '"+server.Listener.Addr().String()+"'}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := operate(t, "--everything", "--config", file); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

// A store needs a secret, a previous secret one that counts, and no secret is too short.
func TestReadSecrets(t *testing.T) {
	long, short := "0123456789abcdef", "hunter2"
	spaced, foreign, endless := "hunter2 with spaces in it", "hunter2-§-hunter2", strings.Repeat("hunter2-", 600)
	var store config.Store
	if err := store.UnmarshalText([]byte("redis://127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, node, previous, admin string
		store                       config.Store
		want                        string // of the error
	}{
		{"none", "", "", "", config.Store{}, ""},
		{"all", long, long + "x", long, store, ""},
		{"one twice", long, long, "", store, "the previous secret is the one that counts now"},
		{"a store without one", "", "", "", store, "a store needs a secret"},
		{"a previous one alone", "", long, "", config.Store{}, "there is a previous secret and none now"},
		{"a short one", short, "", "", config.Store{}, "the secret has fewer than 16 bytes"},
		{"a short previous one", long, short, "", config.Store{}, "the previous secret has fewer than 16 bytes"},
		{"a token with spaces", "", "", spaced, config.Store{}, "the operators' token cannot be sent in Authorization: Bearer (env:BEARCACHE_ADMIN_TOKEN): it has spaces"},
		{"a token of other characters", "", "", foreign, config.Store{}, "the operators' token cannot be sent"},
		{"a token without end", "", "", endless, config.Store{}, "the operators' token cannot be sent"},
		{"a short token", "", "", short, config.Store{}, "the operators' token has fewer than 16 bytes"},
	} {
		values := map[string]string{"BEARCACHE_SECRET": tt.node, "BEARCACHE_PREVIOUS_SECRET": tt.previous, "BEARCACHE_ADMIN_TOKEN": tt.admin}
		e := env{getenv: func(name string) (string, bool) { return values[name], values[name] != "" }}
		serve := config.Serve{Store: &tt.store}
		serve.Secret = e.orVariable(nil, "BEARCACHE_SECRET")
		serve.PreviousSecret = e.orVariable(nil, "BEARCACHE_PREVIOUS_SECRET")
		serve.AdminToken = e.orVariable(nil, "BEARCACHE_ADMIN_TOKEN")
		_, err := readSecrets(t.Context(), e, serve)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), short) || errors.As(err, new(unfinished))) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
