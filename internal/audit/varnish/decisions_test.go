package varnish

import "testing"

// Each row is a program with no finding and its neighbour with one, which differ by one fact.
func TestDecisions(t *testing.T) {
	const (
		hash = "return (hash); }\n"
		shop = `sub vcl_recv { if (req.http.Cookie ~ "sess") { return (pass); } `
	)
	for _, c := range []struct{ name, clean, dirty string }{
		{"what follows a restart was asked who it is",
			`sub vcl_recv { if (req.restarts > 0) { ` + hash + `}`,
			`sub vcl_recv { if (req.restarts == 0) { ` + hash + `}`},
		{"a piece of a token by its place, in which it is its reader's",
			`sub vcl_recv { ` + hash + `sub vcl_hash { hash_data(str.substr(req.http.Authorization, 60, 30)); } backend api { .host = "a"; }`,
			`sub vcl_recv { ` + hash + `sub vcl_hash { hash_data(str.substr(req.http.Authorization, 30, 3)); } backend api { .host = "a"; }`},
		{"a piece of a token, as Fastly counts",
			`sub vcl_recv { if (!req.http.Authorization) { error 401; } return(lookup); } sub vcl_hash { declare local var.x STRING; hash_data(substr(req.http.Authorization, 3, 60)); }`,
			`sub vcl_recv { if (!req.http.Authorization) { error 401; } return(lookup); } sub vcl_hash { declare local var.x STRING; hash_data(substr(req.http.Authorization, 3, 30)); }`},
		{"the payload of a JWT says whose it is, its header does not",
			`sub vcl_recv { ` + hash + `sub vcl_hash { hash_data(regsub(req.http.Authorization, "^Bearer [^.]+\.([^.]+)\..*$", "\1")); } backend api { .host = "a"; }`,
			`sub vcl_recv { ` + hash + `sub vcl_hash { hash_data(regsub(req.http.Authorization, "^Bearer ([^.]+)\.[^.]+\..*$", "\1")); } backend api { .host = "a"; }`},
		{"an operation of an API, of which no token is wanted",
			`sub vcl_recv { if (req.url ~ "^/api/things") { unset req.http.Authorization; } }`,
			`sub vcl_recv { if (req.url ~ "^/api/v1/") { unset req.http.Authorization; } }`},
		{"a backend of images wants no token",
			`backend images { .host = "a"; } sub vcl_recv { unset req.http.Authorization; }`,
			`backend orders { .host = "a"; } sub vcl_recv { unset req.http.Authorization; }`},
		{"the backend never sees the token",
			`sub vcl_recv { ` + hash + `sub vcl_backend_fetch { unset bereq.http.Authorization; }`,
			`sub vcl_recv { ` + hash + `sub vcl_backend_fetch { unset bereq.http.Accept; }`},
		{"another server is asked, each time",
			`sub vcl_recv { if (!req.http.Authorization) { return (synth(401)); } http.req_send(0); ` + hash,
			`sub vcl_recv { if (!req.http.Authorization) { return (synth(401)); } std.log("x"); ` + hash},
		{"the URL was asked before it was rewritten",
			`sub vcl_recv { if (req.url ~ "^/static/") { set req.url = "/x"; ` + hash + `}`,
			`sub vcl_recv { if (req.url ~ "^/api/") { set req.url = "/x"; ` + hash + `}`},
		{"a store of which the requests are signed out of sight",
			`sub vcl_recv { unset req.http.Authorization; } sub vcl_backend_fetch { call aws_sign_bereq; }`,
			`sub vcl_recv { unset req.http.Authorization; } sub vcl_backend_fetch { call trace_bereq; }`},
		{"crawlers have no tokens",
			`sub vcl_recv { if (req.http.User-Agent ~ "googlebot") { ` + hash + `}`,
			`sub vcl_recv { if (req.http.Accept ~ "json") { ` + hash + `}`},
		{"an API is passed by its tokens, and the rest is a shop",
			`sub vcl_recv { if (req.url ~ "/graphql" && req.http.Authorization) { return (pass); } ` + hash,
			`sub vcl_recv { if (req.url ~ "/graphql" && req.http.X-Trace) { return (pass); } if (!req.http.Authorization) { return (synth(401)); } ` + hash},
		{"an API is hashed by its tokens, and the rest is a shop",
			shop + hash + `sub vcl_hash { if (req.url ~ "^/feeds") { call parts; } } sub parts { if (req.http.Authorization ~ "^Bearer") { hash_data("known"); } }`,
			shop + hash + `sub vcl_hash { if (req.http.Store) { call parts; } } sub parts { if (req.http.Authorization ~ "^Bearer") { hash_data("known"); } }`},
		{"what is called for a part, and elsewhere, is for all",
			shop + hash + `sub vcl_hash { if (req.url ~ "^/feeds") { call parts; } } sub parts { if (req.http.Authorization) { hash_data("known"); } }`,
			shop + hash + `sub vcl_hash { if (req.url ~ "^/feeds") { call parts; } call parts; } sub parts { if (req.http.Authorization) { hash_data("known"); } }`},
		{"a part of which the tokens do more than enter a hash",
			shop + hash + `sub vcl_hash { if (req.url ~ "^/feeds") { if (req.http.Authorization) { hash_data("known"); } } }`,
			shop + hash + `sub vcl_hash { if (req.url ~ "^/feeds") { if (req.http.Authorization) { hash_data("known"); set req.http.Known = "1"; } } }`},
		{"a field that a shop makes of who asks",
			`sub vcl_recv { if (req.url ~ "/graphql" && !req.http.X-Magento-Cache-Id && req.http.Authorization) { return (pass); } ` + hash +
				`sub vcl_hash { if (req.url ~ "/graphql") { if (req.http.X-Magento-Cache-Id) { hash_data(req.http.X-Magento-Cache-Id); } } }`,
			`sub vcl_recv { if (req.url ~ "/graphql" && !req.http.X-Magento-Store-Id && req.http.Authorization) { return (pass); } ` + hash +
				`sub vcl_hash { if (req.url ~ "/graphql") { if (req.http.X-Magento-Store-Id) { hash_data(req.http.X-Magento-Store-Id); } } }`},
		{"sessions are cookies, and pass",
			`sub vcl_recv { if (req.http.Cookie ~ "sess") { return (pass); } ` + hash,
			`sub vcl_recv { if (req.http.Cookie ~ "sess") { return (pass); } if (!req.http.Authorization) { return (synth(401)); } ` + hash},
		{"one password for a site whose sessions are cookies",
			`sub vcl_recv { if (client.ip !~ us && req.http.Authorization != "Basic c3RhZ2luZzpzdGFnaW5n") { return (synth(401)); }
				if (req.http.Cookie ~ "sess") { return (pass); } ` + hash,
			`sub vcl_recv { if (client.ip !~ us && !req.http.Authorization) { return (synth(401)); }
				if (req.http.Cookie ~ "sess") { return (pass); } ` + hash},
		{"what one object was given is not another's",
			`sub vcl_recv { reader.parse(req.http.Authorization); ` + hash + `sub vcl_hash { hash_data(reader.get("sub")); }`,
			`sub vcl_recv { reader.parse(req.http.Authorization); ` + hash + `sub vcl_hash { hash_data(other.get("sub")); }`},
		{"a brace too few hides one subroutine",
			"sub vcl_deliver { if (resp.status == 200) { \nsub vcl_recv { if (req.http.Authorization) { return (pass); } " + hash,
			"sub vcl_deliver { if (resp.status == 200) { \nsub vcl_recv { if (req.http.Accept) { return (pass); } " + hash},
		{"the URL is sorted, and is still the one that was asked",
			`sub vcl_recv { if (req.url ~ "^/api/") { return (pass); } set req.url = std.querysort(req.url); if (req.url ~ "^/api/") { ` + hash + `}`,
			`sub vcl_recv { if (req.url ~ "^/api/") { set req.http.X = "1"; } set req.url = std.querysort(req.url); if (req.url ~ "^/api/") { ` + hash + `}`},
	} {
		if got := found(audited(file("a.vcl", c.clean))); len(got) != 0 {
			t.Errorf("%s: %q", c.name, got)
		}
		if got := found(audited(file("a.vcl", c.dirty))); len(got) != 1 {
			t.Errorf("%s, not so: %q", c.name, got)
		}
	}
}
