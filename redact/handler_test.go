package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/slogtest"
)

// Handler is a slog.Handler in every respect but what it hides.
func TestHandlerConforms(t *testing.T) {
	var buf bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		buf.Reset()
		return Handler(slog.NewJSONHandler(&buf, nil), nil)
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(buf.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	})
}

type valuer struct{ text string }

func (v valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", v.text)) }

func TestHandlerHides(t *testing.T) {
	const token = "correct-horse-battery"
	var buf bytes.Buffer
	log := slog.New(Handler(slog.NewJSONHandler(&buf, nil), New([]byte("key"), NewSecret(token))))
	request := httptest.NewRequest("GET", "http://h/a?access_token="+token, nil)
	request.Header.Set("Authorization", "Bearer "+token)
	u, _ := url.Parse("http://u:" + token + "@h/")
	log.With("with", token).WithGroup("g").With(slog.Group("h", "i", token)).Error("message "+token,
		"string", token, "bytes", []byte(token), "error", errors.New("bad "+token), "url", u, "request", request,
		"header", request.Header, "struct", struct{ Deep []any }{[]any{token}}, "valuer", valuer{token}, "secret", NewSecret(token),
		"nil", nil, token, "key", "ok", 1.5, slog.Group("group", "x", token, "y", valuer{"Bearer abc123"}))
	log.Info("short names", "access_token", "hunter", "authorization", NewSecret("hunter"))
	if s := buf.String(); strings.Contains(s, "horse") || strings.Contains(s, "hunter") || strings.Contains(s, "abc123") {
		t.Errorf("logged: %s", s)
	}
	if !strings.Contains(buf.String(), `"ok":1.5`) || !strings.Contains(buf.String(), "hmac-sha256:") || strings.Contains(buf.String(), "!BADKEY") {
		t.Errorf("logged: %s", buf.String())
	}
}

// A server's own errors go through the handler too.
func TestErrorLogOfAServer(t *testing.T) {
	var buf bytes.Buffer
	log := slog.NewLogLogger(Handler(slog.NewTextHandler(&buf, nil), nil), slog.LevelError)
	server := &http.Server{ErrorLog: log}
	server.ErrorLog.Printf("http: panic serving: %v", http.Header{"Authorization": {"Bearer hunter"}})
	if strings.Contains(buf.String(), "hunter") || !strings.Contains(buf.String(), "panic serving") {
		t.Errorf("logged: %s", buf.String())
	}
}
