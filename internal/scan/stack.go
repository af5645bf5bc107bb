package scan

import (
	"net/http"
	"regexp"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// This file reads what a response tells of the servers it came through, as far as that says how often one has to
// ask before a cache that mixes up readers must have shown itself.

var (
	// single servers answer from one process: what it stores in memory it finds.
	single = regexp.MustCompile(`(?i)^(werkzeug|basehttp|simplehttp|wsgiserver|waitress|cheroot)`)
	// preforking servers have several processes, each with what it stores in its own memory, and chance decides which
	// is asked.
	preforking = regexp.MustCompile(`(?i)gunicorn|uwsgi|unicorn|passenger|puma|mod_wsgi|mod_php|php`)
)

// passed are the fields that caches and balancers leave in what passes through them.
var passed = []string{
	"Via", "Age", "X-Cache", "X-Cache-Hits", "X-Cache-Status", "X-Cache-Lookup", "X-Proxy-Cache", "Cache-Status", "X-Varnish", "X-Served-By", "X-Timer",
	"Cf-Cache-Status", "Cf-Ray", "X-Amz-Cf-Id", "Fastly-Debug-Digest", "X-Akamai-Transformed", "Surrogate-Key", "X-Drupal-Cache", "X-Backend",
}

// moreRounds are how often each reader should ask again, where the first answers showed nothing: some caches store
// from the second or third request on, and some servers have a cache for each of their processes or nodes.
func moreRounds(h http.Header) int {
	server, relayed := h.Get("Server"), false
	for _, name := range passed {
		relayed = relayed || h[name] != nil
	}
	cc := httpfield.ParseCacheControl(h)
	switch {
	case preforking.MatchString(server) || preforking.MatchString(h.Get("X-Powered-By")):
		return 4
	case !relayed && (cc.Has("no-store") || cc.Has("private") || single.MatchString(server)):
		return 0
	}
	return 1
}
