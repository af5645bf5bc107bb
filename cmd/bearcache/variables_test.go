package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/config"
)

// A variable that looks like ours and does nothing is named, and its value is not.
func TestUnknownVariables(t *testing.T) {
	file := &config.File{Verify: config.Verify{HMACSecret: &config.SecretRef{Env: "BEARCACHE_HS"}}}
	for variable, want := range map[string]string{
		"BEARCACHE_VERIFY_ISUER=hunter2":         "BEARCACHE_VERIFY_ISUER is set, and no command reads it; did you mean BEARCACHE_VERIFY_ISSUER?",
		"BEARCACHE_QQQQQQQQQQQQQQ=hunter2":       "BEARCACHE_QQQQQQQQQQQQQQ is set, and no command reads it; bearcache serve --help lists the variables",
		"BEARCACHE_hunter2hunter2hunter2=1":      "a variable that begins with BEARCACHE_ (its name is not shown) is set, and no command reads it; bearcache serve --help lists the variables",
		"BEARCACHE_VERIFY_ISSUER=hunter2":        "",
		"BEARCACHE_UPSTREAM=http://a":            "",
		"BEARCACHE_CONFIG=a":                     "",
		"BEARCACHE_RATE=1":                       "", // of scan
		"BEARCACHE_ADMIN=a":                      "",
		"BEARCACHE_SECRET=hunter2":               "",
		"BEARCACHE_PREVIOUS_SECRET=hunter2":      "",
		"BEARCACHE_ADMIN_TOKEN=hunter2":          "",
		"BEARCACHE_STORE_PASSWORD=hunter2":       "",
		"BEARCACHE_VERIFY_HMAC_SECRET=hunter2":   "",
		"BEARCACHE_VERIFY_CLIENT_SECRET=hunter2": "",
		"BEARCACHE_TEST_ANYTHING=1":              "",
		"BEARCACHE_HS=hunter2":                   "", // the file names it
		"BEARCACHE_PORT_8080_TCP_ADDR=10.0.0.1":  "", // Kubernetes sets it
		"BEARCACHE_ADMIN_SERVICE_PORT=8081":      "",
		"BEARCACHED=1":                           "",
		"PATH=/bin":                              "",
	} {
		got := unknownVariables(env{environ: func() []string { return []string{variable} }}, file)
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q", variable, got)
		}
	}
	two := unknownVariables(env{environ: func() []string { return []string{"BEARCACHE_Y=", "BEARCACHE_X="} }}, file)
	if len(two) != 2 || !slices.IsSorted(two) {
		t.Errorf("%q", two)
	}
}

// A secret for verification where nobody verifies is a slip.
func TestSecretOfNoVerifier(t *testing.T) {
	for _, variable := range []string{"BEARCACHE_VERIFY_HMAC_SECRET", "BEARCACHE_VERIFY_CLIENT_SECRET"} {
		e := env{getenv: func(name string) (string, bool) { return "hunter2", name == variable }}
		err := new(serveFlags).over(e, new(config.File))
		if want := variable + " is set, and nothing verifies tokens; give --verify-issuer and --verify-audience, or unset it"; err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// Of a secret it is said which algorithm needs how long a one.
func TestLongEnough(t *testing.T) {
	ref := &config.SecretRef{Env: "HS"}
	for _, tt := range []struct {
		n          int
		algorithms []string
		want       string
	}{
		{32, []string{"HS256"}, ""},
		{64, []string{"HS256", "HS384", "HS512"}, ""},
		{5, []string{"HS256"}, "verify.hmac_secret (env:HS) has 5 bytes; HS256 needs 32; exchange it at the issuer, too"},
		{40, []string{"HS256", "HS384"}, "verify.hmac_secret (env:HS) has 40 bytes; HS384 needs 48; exchange it at the issuer, too"},
		{63, []string{"HS512"}, "verify.hmac_secret (env:HS) has 63 bytes; HS512 needs 64; exchange it at the issuer, too"},
	} {
		if err := longEnough(tt.n, tt.algorithms, ref); (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%d bytes for %v: %v", tt.n, tt.algorithms, err)
		}
	}
}
