package scan

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// hitFields are those in which caches say that they had the response. It is a hint and proves nothing.
var hitFields = []string{"X-Cache", "X-Cache-Status", "X-Proxy-Cache", "X-Cache-Lookup", "Cf-Cache-Status", "Cache-Status", "X-Drupal-Cache"}

var hitWord = regexp.MustCompile(`(?i)(^|[^a-z])hit([^a-z]|$)`)

// hit reports whether a response says that it was stored.
func (e *exchange) hit() bool {
	if e == nil || e.err != nil {
		return false
	}
	for _, name := range hitFields {
		if slices.ContainsFunc(e.header[name], hitWord.MatchString) {
			return true
		}
	}
	n, _ := strconv.Atoi(e.header.Get("X-Cache-Hits"))
	age, _ := httpfield.Age(e.header)
	return n > 0 || age > 0 || len(strings.Fields(e.header.Get("X-Varnish"))) == 2
}
