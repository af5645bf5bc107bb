package scan

import (
	"net/http"
	"regexp"
	"strconv"

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

// nodeNames are fields in which one of several nodes says which it is.
var nodeNames = []string{
	"Server", "Via", "X-Served-By", "X-Backend", "X-Backend-Server", "X-Node", "X-Server", "X-Server-Name", "X-Host", "X-Hostname", "X-Instance", "X-Instance-Id", "X-Pod",
	"X-Upstream", "X-Worker",
}

// nodeCookies are cookies by which balancers keep a client at one of several nodes.
var nodeCookies = regexp.MustCompile(`(?i)^(awsalb.*|awselb.*|serverid|bigipserver.*|routeid|route|arraffinity.*|gclb|ingresscookie|lb|lbroute|srv|srv_?id|sticky_?session|sticky|node|node_?id|backend|backend_?id|instance|upstream|worker|affinity)$`)

// severalNodes reports whether answers to one question came through different nodes, or speak of them.
func severalNodes(answers []*exchange) bool {
	for i, e := range answers {
		for _, c := range (&http.Response{Header: e.header}).Cookies() {
			if nodeCookies.MatchString(c.Name) {
				return true
			}
		}
		if i == 0 {
			continue
		}
		last := answers[i-1]
		for _, name := range nodeNames {
			if a, b := last.header.Get(name), e.header.Get(name); a != "" && b != "" && a != b && e.status == last.status {
				return true
			}
		}
		// What one cache has stored does not become younger, unless it was fetched again.
		if a, b := age(last), age(e); b > 0 && a > b {
			return true
		}
	}
	return false
}

// age is what a cache says of how long ago a response was made, in seconds; 0: nothing.
func age(e *exchange) int {
	n, _ := strconv.Atoi(e.header.Get("Age"))
	return n
}

// moreRounds are how often each reader should ask again, where the first answers showed nothing: some caches store
// from the second or third request on, and some servers have a cache for each of their processes or nodes.
func moreRounds(answers []*exchange) int {
	h := answers[0].header
	server, relayed := h.Get("Server"), false
	for _, name := range passed {
		relayed = relayed || h[name] != nil
	}
	cc := httpfield.ParseCacheControl(h)
	forbidden := !relayed && (cc.Has("no-store") || cc.Has("private"))
	switch {
	case severalNodes(answers):
		return manyRounds
	case preforking.MatchString(server) || preforking.MatchString(h.Get("X-Powered-By")):
		if forbidden { // what the application stores before it says so is still there
			return manyRounds / 2
		}
		return manyRounds
	case forbidden || !relayed && single.MatchString(server):
		return 0
	}
	return 1
}
