package rules_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/docs/rules"
	"github.com/bearcache/bearcache/internal/finding"
)

func TestPage(t *testing.T) {
	for _, rule := range slices.Concat(finding.Rules, finding.SourceRules) {
		if _, err := os.Stat(filepath.Dir(filepath.FromSlash(rule.ID))); errors.Is(err, fs.ErrNotExist) {
			continue // the pages of a framework come together
		}
		if page, ok := rules.Page(rule.ID); !ok || !strings.Contains(page, rule.Title) {
			t.Errorf("%s: %v, %.40q", rule.ID, ok, page)
		}
	}
	for _, id := range []string{"", "no-such-rule", "nginx", "nginx/", "nginx/no-such-rule", "nginx/../token-echo", "../rules/token-echo", "/token-echo", ".", "token-echo.md", "token-echo\x00"} {
		if page, ok := rules.Page(id); ok || page != "" {
			t.Errorf("%q has a page: %.40q", id, page)
		}
	}
}
