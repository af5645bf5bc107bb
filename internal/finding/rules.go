package finding

import "slices"

// Rules in the order of the catalogue. docs/rules has a page for each; a test compares them.
var Rules = []*Rule{
	CrossIdentityReuse, AnonymousReuse, InvalidTokenReuse, ScopeReuse, CacheDeception, UnkeyedInput, ErrorPoisoning, ConditionalLeak,
	StorableAuthenticatedResponse, MissingVary, TokenInURL, TokenEcho, CookieInStoredResponse, BrokenObjectAuthorization,
}

// Find returns the rule with an id, or nil.
func Find(id string) *Rule {
	if i := slices.IndexFunc(Rules, func(r *Rule) bool { return r.ID == id }); i >= 0 {
		return Rules[i]
	}
	return nil
}

// The remedies that hold wherever a cache answers by URL alone.
var (
	keyByCaller = Fix{"flask-caching", "Key the view by the verified caller: @cache.cached(make_cache_key=…) with an HMAC of the subject in the key, " +
		"or do not cache it. The default key is the request path alone."}
	authOutside = Fix{"flask", "Put the authentication decorator outside (above) the cache decorator: a hit must pass the same check as a miss."}
	nginxKey    = Fix{"nginx", "Do not cache requests with credentials: proxy_cache_bypass $http_authorization; proxy_no_cache $http_authorization;"}
	varnishPass = Fix{"varnish", "Pass requests with Authorization in vcl_recv, as the built-in VCL does: if (req.http.Authorization) { return (pass); }"}
	gateway     = Fix{"bearcache", "Take the cache out of the application and put bearcache serve --upstream URL before it: it keeps one cache per bearer."}
)

var CrossIdentityReuse = &Rule{
	ID:       "cross-identity-reuse",
	Title:    "A response made for one bearer was served to another.",
	Severity: Critical,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{keyByCaller, nginxKey, varnishPass, gateway},
}

var AnonymousReuse = &Rule{
	ID:       "anonymous-reuse",
	Title:    "A response made for a bearer was served to a request without credentials.",
	Severity: Critical,
	CWE:      []string{"CWE-524", "CWE-306"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{authOutside, keyByCaller, nginxKey, varnishPass, gateway},
}

var InvalidTokenReuse = &Rule{
	ID:       "invalid-token-reuse",
	Title:    "A response made for a bearer was served to a token that the API never issued.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-287"},
	OWASP:    []string{"API1:2023", "API2:2023", "API8:2023"},
	Remedy:   []Fix{authOutside, keyByCaller, nginxKey, varnishPass, gateway},
}

var ScopeReuse = &Rule{
	ID:       "scope-reuse",
	Title:    "A response made for a token of more scope was served to one of less.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-863"},
	OWASP:    []string{"API3:2023", "API8:2023"},
	Remedy: []Fix{
		{"flask-caching", "Put what the view looks at into the key: the subject and its scope, sorted, in the HMAC of make_cache_key."},
		nginxKey, varnishPass,
		{"bearcache", "bearcache serve keeps tokens of different scope apart, with partition: token and with partition: claims."},
	},
}

var CacheDeception = &Rule{
	ID:       "cache-deception",
	Title:    "A variant of the path makes a cache store a bearer's response and give it to others.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-436"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		{"flask", "Answer 404 to what is no route: no catch-all <path:…> behind an authenticated view, and Cache-Control: no-store on its answers."},
		{"nginx", "Cache static files where they are, by a location of their own with root, and never by a pattern on the end of the path of proxied requests."},
		varnishPass,
		{"bearcache", "bearcache serve has no rule that looks at the end of a path; a bearer's response stays in the bearer's partition under every spelling."},
	},
}

var UnkeyedInput = &Rule{
	ID:       "unkeyed-input",
	Title:    "Something that is not in the cache key changes a response that is stored.",
	Severity: High,
	CWE:      []string{"CWE-349", "CWE-444"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		{"flask", "Do not build answers from X-Forwarded-* or Host unless a proxy of yours set them (werkzeug.middleware.proxy_fix.ProxyFix), and name what an answer depends on in Vary."},
		{"flask-caching", "Use query_string=True, or a make_cache_key that holds every parameter, field and cookie that the view reads."},
		{"nginx", `Drop what the origin is not to see: proxy_set_header X-Forwarded-Host "";  and keep the whole query in proxy_cache_key.`},
		{"varnish", "Unset the fields in vcl_recv, or hash what the origin looks at in vcl_hash."},
		{"bearcache", "bearcache serve sets or drops forwarding fields itself, keys by the whole query, and obeys Vary."},
	},
}

var ErrorPoisoning = &Rule{
	ID:       "error-poisoning",
	Title:    "An error that one request caused is stored, and displaces the good answer for others.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-754"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		{"flask-caching", "Store good answers only: @cache.cached(response_filter=…) that is true for status 200, below the check of the token."},
		{"nginx", "Name the statuses that may be stored: proxy_cache_valid 200 1m; and never any, 401, 403 or 404."},
		{"varnish", "In vcl_backend_response, set beresp.uncacheable for statuses of 400 and more."},
		{"bearcache", "bearcache serve never stores 401, 403 or 429, and errors for everybody for 10 seconds at most, where the origin says so."},
	},
}

var ConditionalLeak = &Rule{
	ID:       "conditional-leak",
	Title:    "A conditional request confirms or hands over another bearer's response.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-203"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy: []Fix{
		{"flask", "Check the token before the condition: make_conditional belongs at the end of the view, and an ETag is a keyed digest of the body it goes with."},
		nginxKey, varnishPass,
		{"bearcache", "bearcache serve compares validators within the reader's own partition, after the check of the token."},
	},
}

var StorableAuthenticatedResponse = &Rule{
	ID:       "storable-authenticated-response",
	Title:    "The response's own headers let a shared cache store one bearer's answer and reuse it.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-525"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		{"flask", `On authenticated routes: response.headers["Cache-Control"] = "private, max-age=…" or "no-store"; never public or s-maxage.`},
		{"bearcache", "bearcache serve rewrites Cache-Control of authenticated responses to private on their way out."},
	},
}

var MissingVary = &Rule{
	ID:       "missing-vary",
	Title:    "Content differs by bearer, and nothing in the response tells a cache so.",
	Severity: Medium,
	CWE:      []string{"CWE-524"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		{"flask", `On authenticated routes: response.vary.add("Authorization") and response.cache_control.private = True (or no_store).`},
		{"bearcache", "bearcache serve adds Vary: Authorization and Cache-Control: private on the way out."},
	},
}

var TokenInURL = &Rule{
	ID:       "token-in-url",
	Title:    "Tokens are accepted from URLs, or put into them, where logs, caches and other sites see them.",
	Severity: Medium,
	CWE:      []string{"CWE-598"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{
		{"flask", "Read the token from the Authorization field alone, never from request.args; for downloads hand out a ticket that is good once, for one file, for a minute."},
		{"nginx", "Refuse it before it is logged: if ($arg_access_token) { return 400; }"},
		{"bearcache", "bearcache serve answers 400 to a token in the URL before it reaches the origin, a log or a key."},
	},
}

var TokenEcho = &Rule{
	ID:       "token-echo",
	Title:    "The token that was presented comes back in the response.",
	Severity: Medium,
	CWE:      []string{"CWE-522", "CWE-524"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{
		{"flask", "Do not repeat the request's fields in an answer, in errors and debug pages neither; where a client must know, say whose the token is."},
		{"bearcache", "bearcache serve keeps such a response in the bearer's own partition, so that at least nobody else receives it."},
	},
}

var CookieInStoredResponse = &Rule{
	ID:       "cookie-in-stored-response",
	Title:    "A response that is stored, or may be, sets a cookie.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-384"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{
		{"flask", `Answer with Cache-Control: no-store, or private, wherever a cookie is set; do not touch the session in a view that is cached.`},
		{"nginx", "Leave Set-Cookie out of proxy_ignore_headers and proxy_hide_header: with it nginx does not store the response."},
		{"varnish", "Keep the built-in rule: a response with Set-Cookie is not stored; do not unset beresp.http.Set-Cookie after it was made for somebody."},
		{"bearcache", "bearcache serve never stores a response that sets a cookie."},
	},
}

var BrokenObjectAuthorization = &Rule{
	ID:       "broken-object-authorization",
	Title:    "The origin itself, no cache involved, hands one bearer another's object.",
	Severity: High,
	CWE:      []string{"CWE-639", "CWE-862"},
	OWASP:    []string{"API1:2023"},
	Remedy: []Fix{
		{"flask", "Look the object up among those of the caller: Order.query.filter_by(id=order_id, owner=current_user.id).first_or_404()."},
		{"bearcache", "No cache can mend this: the origin must compare the owner of what it found with the verified subject."},
	},
}
