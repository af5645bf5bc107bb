package nginx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/finding"
)

const labs = "../../../labs/"

// The deployments of the labs, each of which is shown to leak, or not to, by requests. What tells them apart may be in the
// application, which nobody sees here: then the same text is judged in the same way.
func TestLabs(t *testing.T) {
	unkeyed, ignores := finding.NginxUnkeyedAuthorization.ID, finding.NginxIgnoresCacheControl.ID
	leak := []string{unkeyed}
	for lab, want := range map[string][]string{
		"nginx-url-key": leak, "nginx-auth-request": leak, "nginx-auth-request-min-uses": leak, "nginx-bypass-only": leak, "nginx-head-fills": leak,
		"nginx-any-status": leak, "nginx-keeps-redirects": leak, "nginx-microcache": leak, "nginx-min-uses-2": leak, "nginx-min-uses-3": leak,
		"opaque-tokens": leak, "html-dashboard": leak, "two-edges": {unkeyed, unkeyed}, "three-caches": {unkeyed, unkeyed, unkeyed},
		"stored-set-cookie":          {unkeyed, ignores},
		"nginx-authorization-in-key": nil, "html-done-right": nil, "says-hit": nil, "declared-public": nil, "gzip": nil, "nginx-query-not-in-key": nil,
		"nginx-stores-not-found": nil, "nginx-stores-refusals": nil, "redirect-host-set": nil, "redirect-to-forwarded-host": nil,
		"public-stylesheet": nil, "application-shell": nil, "catch-all-not-stored": nil, "deception-path-mapping": nil, "deception-static-directory": nil,
		"format-suffix": nil, "json-404": nil, "soft-404": nil, "served-by": nil, "two-nodes": nil, "sticky-sessions": nil, "lagging-replica": nil,
	} {
		t.Run(lab, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(labs, lab, "nginx.conf"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range check([]audit.File{{Path: "nginx.conf", Text: text}}).Findings {
				got = append(got, f.Rule.ID)
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}
