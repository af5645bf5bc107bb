package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What follows the colon of a source is repeated only if it cannot be the secret, whatever goes wrong.
func TestSecretSourceIsNotRepeated(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"empty.txt", "5up3rs3cr3t"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := map[string]string{"alice_token": "", "lower": "abc"}
	e := env{stdin: strings.NewReader(""), getenv: func(name string) (string, bool) { v, ok := set[name]; return v, ok }}
	for _, tt := range []struct {
		source string
		shown  bool // what follows the colon
	}{
		{"env:ALICE_TOKEN", true},
		{"env:OAUTH2_TOKEN_2", true},
		{"env:alice_token", true}, // set, and empty
		{"env:alice_secret", false},
		{"env:aGVsbG8gd29ybGQ", false},
		{"env:JBSWY3DPEHPK3PXPJBSWY3DP", false},
		{"env:DEADBEEF0123456789ABCDEF", false},
		{"env:A" + strings.Repeat("_AB", 30), false},
		{"env:with-dash", false},
		{"file:missing.txt", true},
		{"file:./missing", true},
		{"file:" + filepath.Join(t.TempDir(), "token.txt"), false}, // digits of a temporary directory: in doubt no
		{"file:/run/secrets/alice", true},
		{"file:empty.txt", true},
		{"file:5up3rs3cr3t", false},
		{"file:hunter2", false},
		{"file:eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", false},
		{"file:q83vASNFZ4mrze8/ASNFZ4mrze8BI0Vn", false},
		{"file:access_token=hunter2.txt", false},
		{"file:" + strings.Repeat("x", 5000), false},
		{"cmd:hunter2", false},
		{"cmd:true hunter2", false},
		{"cmd:exit 3 # hunter2", false},
		{"vault:hunter2", false},
		{"hunter2", false},
		{"env:", false},
	} {
		_, _, err := readSecret(t.Context(), e, tt.source, sought{"alice's token", "--identity alice=", "ALICE_TOKEN"})
		if err == nil {
			t.Errorf("%s: no error", tt.source)
			continue
		}
		_, name, ok := strings.Cut(tt.source, ":")
		if !ok {
			name = tt.source
		}
		if name != "" && name != "ALICE_TOKEN" && strings.Contains(err.Error(), name) != tt.shown {
			t.Errorf("%.80s: %v", tt.source, err)
		}
		if !strings.Contains(err.Error(), "alice") && !tt.shown && !strings.Contains(err.Error(), "env:ALICE_TOKEN") {
			t.Errorf("%.80s: it does not say whose: %v", tt.source, err)
		}
	}
}
