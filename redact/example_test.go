package redact_test

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"

	"github.com/bearcache/bearcache/redact"
)

func ExampleHandler() {
	plain := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(redact.Handler(plain, redact.New([]byte("a key that stays on this machine"))))
	log.Info("validated", "token", "SlAV32hkKG", "path", "/orders?access_token=SlAV32hkKG")
	// Output: level=INFO msg=validated token=hmac-sha256:8900c719505d path="/orders?access_token=[hmac-sha256:8900c719505d]"
}

func ExampleSecret() {
	token := redact.NewSecret("SlAV32hkKG")
	line := fmt.Sprintf("got %v", token)
	fmt.Println(regexp.MustCompile(`[0-9a-f]{12}`).ReplaceAllString(line, "…")) // differs from run to run
	fmt.Println(len(token.Reveal()))
	// Output:
	// got hmac-sha256:…
	// 10
}
