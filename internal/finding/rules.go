package finding

import (
	"embed"
	"slices"
)

// Rules in the order of the catalogue. docs/rules has a page for each; a test compares them.
var Rules = []*Rule{
	CrossIdentityReuse, AnonymousReuse, InvalidTokenReuse, ScopeReuse, CacheDeception, UnkeyedInput, ErrorPoisoning, ConditionalLeak,
	StorableAuthenticatedResponse, MissingVary, TokenInURL, TokenEcho, CookieInStoredResponse, BrokenObjectAuthorization,
}

// SourceRules are those of the auditor. docs/rules has a page for each of them, too.
var SourceRules = []*Rule{
	FlaskUnkeyedCache, FlaskCacheBeforeAuth, FlaskMemoizeWithoutIdentity, FlaskManualCacheWithoutIdentity, FlaskTokenInLog, FlaskTokenInURL,
	FlaskRawTokenInKey, FlaskPublicCacheControl, NginxUnkeyedAuthorization, NginxIgnoresCacheControl, NginxTokenInLog,
	VarnishHashIgnoresAuthorization, VarnishStripsAuthorization, ApacheUnkeyedAuthorization,
}

// Find returns the rule with an id, or nil.
func Find(id string) *Rule {
	for _, list := range [][]*Rule{Rules, SourceRules} {
		if i := slices.IndexFunc(list, func(r *Rule) bool { return r.ID == id }); i >= 0 {
			return list[i]
		}
	}
	return nil
}

// remedies are what to write, each in a file by itself that package remedies has a real server load.
//
//go:embed remedies
var remedies embed.FS

const remediesDir = "internal/finding/remedies/" // from the root of the project

// written is a remedy that stands in a file under remedies.
func written(stack, file, text string) Fix {
	data, err := remedies.ReadFile("remedies/" + file)
	if err != nil {
		panic(err) // a name in this file is wrong
	}
	return Fix{Stack: stack, Text: text, File: remediesDir + file, Snippet: string(data)}
}

// told is a remedy in words, where there is nothing to write.
func told(stack, text string) Fix { return Fix{Stack: stack, Text: text} }

// The remedies that more than one rule has: most of them hold wherever a cache answers by URL alone.
var (
	keyByCaller = written("flask-caching", "cross-identity-reuse/flask-caching.py", "Key the view by the verified caller: "+
		"@cache.cached(make_cache_key=…) with an HMAC of the subject in the key, or do not cache it. "+
		"The default key is the request path alone.")
	nginxKey = written("nginx", "cross-identity-reuse/nginx.conf",
		"Do not cache requests with credentials: proxy_cache_bypass $http_authorization; proxy_no_cache $http_authorization;")
	varnishPass = written("varnish", "cross-identity-reuse/varnish.vcl",
		"Pass requests with Authorization in vcl_recv, as the built-in VCL does: if (req.http.Authorization) { return (pass); }")
	checkFirst = keyByCaller.instead("Put the decorator that checks the token outside (above) the one that caches, so that a hit passes the same check as a miss, " +
		"and key the view by the verified caller with make_cache_key.")
	keepPrivate = written("flask", "storable-authenticated-response/flask.py",
		"Say private, or no-store, on all authenticated routes, by one after_request hook; never public, s-maxage or must-revalidate.")
	nginxNoStore = written("nginx", "storable-authenticated-response/nginx.conf",
		"Where the API cannot be changed, say no-store in its place in locations of personal answers, with proxy_hide_header and add_header.")
	varnishNoStore = written("varnish", "storable-authenticated-response/varnish.vcl",
		"Where the API cannot be changed, say no-store in its place, in vcl_deliver, to requests with Authorization.")
	gateway = written("bearcache", "cross-identity-reuse/bearcache.yaml",
		"Take the cache out of the application and put bearcache serve --upstream URL before it: it keeps one cache per bearer.")
)

// instead is a remedy in other words, for what it does in another place.
func (f Fix) instead(text string) Fix {
	f.Text = text
	return f
}

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
	Remedy:   []Fix{checkFirst, nginxKey, varnishPass, gateway},
}

var InvalidTokenReuse = &Rule{
	ID:       "invalid-token-reuse",
	Title:    "A response made for a bearer was served to a token that the API never issued.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-287"},
	OWASP:    []string{"API1:2023", "API2:2023", "API8:2023"},
	Remedy:   []Fix{checkFirst, nginxKey, varnishPass, gateway},
}

var ScopeReuse = &Rule{
	ID:       "scope-reuse",
	Title:    "A response made for a token of more scope was served to one of less.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-863"},
	OWASP:    []string{"API3:2023", "API8:2023"},
	Remedy: []Fix{
		keyByCaller.instead("Put what the view looks at into the key: the subject and its scope, sorted, in the HMAC of make_cache_key."),
		nginxKey, varnishPass,
		gateway.instead("bearcache serve keeps tokens of different scope apart, with partition: token and with partition: claims."),
	},
}

var CacheDeception = &Rule{
	ID:       "cache-deception",
	Title:    "A variant of the path makes a cache store a bearer's response and give it to others.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-436"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		written("flask", "cache-deception/flask.py",
			"Answer 404 to what is no route: no catch-all <path:…> behind an authenticated view, and Cache-Control: no-store on its answers."),
		written("nginx", "cache-deception/nginx.conf",
			"Cache static files where they are, by a location of their own with root, and never by a pattern on the end of the path of proxied requests."),
		written("varnish", "cache-deception/varnish.vcl",
			"Pass requests with Authorization first, whatever the path looks like: if (req.http.Authorization) { return (pass); }"),
		gateway.instead("bearcache serve has no rule that looks at the end of a path; a bearer's response stays in the bearer's partition under every spelling."),
	},
}

var UnkeyedInput = &Rule{
	ID:       "unkeyed-input",
	Title:    "Something that is not in the cache key changes a response that is stored.",
	Severity: High,
	CWE:      []string{"CWE-349", "CWE-444"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		written("flask", "unkeyed-input/flask.py",
			"Do not build answers from X-Forwarded-* or Host unless a proxy of yours set them (werkzeug.middleware.proxy_fix.ProxyFix), and name what an answer depends on in Vary."),
		written("flask-caching", "unkeyed-input/flask-caching.py",
			"Use query_string=True, or a make_cache_key that holds every parameter, field and cookie that the view reads."),
		written("nginx", "unkeyed-input/nginx.conf",
			"With proxy_set_header, say yourself what the origin may build links from, and keep that in proxy_cache_key, with the whole query."),
		written("varnish", "unkeyed-input/varnish.vcl",
			"Unset the fields in vcl_recv, or hash what the origin looks at in vcl_hash."),
		written("bearcache", "unkeyed-input/bearcache.yaml",
			"bearcache serve sets or drops forwarding fields itself, keys by the whole query, and obeys Vary."),
	},
}

var ErrorPoisoning = &Rule{
	ID:       "error-poisoning",
	Title:    "An error that one request caused is stored, and displaces the good answer for others.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-754"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		keyByCaller.instead("Store good answers only: @cache.cached(response_filter=…) that is true for status 200, below the check of the token."),
		nginxKey.instead("Name the statuses that may be stored: proxy_cache_valid 200 1m; and never any, 401, 403 or 404."),
		written("varnish", "error-poisoning/varnish.vcl",
			"In vcl_backend_response, set beresp.uncacheable for statuses of 400 and more."),
		gateway.instead("bearcache serve never stores 401, 403 or 429, and errors for everybody for 10 seconds at most, where the origin says so."),
	},
}

var ConditionalLeak = &Rule{
	ID:       "conditional-leak",
	Title:    "A conditional request confirms or hands over another bearer's response.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-203"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy: []Fix{
		written("flask", "conditional-leak/flask.py",
			"Check the token before the condition: make_conditional belongs at the end of the view, and an ETag is a keyed digest of the body it goes with."),
		told("bearcache", "bearcache serve compares validators within the reader's own partition, after the check of the token."),
	},
}

var StorableAuthenticatedResponse = &Rule{
	ID:       "storable-authenticated-response",
	Title:    "The response's own headers let a shared cache store one bearer's answer and reuse it.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-525"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		keepPrivate, nginxNoStore, varnishNoStore,
		gateway.instead("bearcache serve rewrites Cache-Control of authenticated responses to private on their way out."),
	},
}

var MissingVary = &Rule{
	ID:       "missing-vary",
	Title:    "Content differs by bearer, and nothing in the response tells a cache so.",
	Severity: Medium,
	CWE:      []string{"CWE-524"},
	OWASP:    []string{"API8:2023"},
	Remedy: []Fix{
		keepPrivate.instead(`On authenticated routes: response.vary.add("Authorization") and response.cache_control.private = True (or no_store).`),
		nginxNoStore, varnishNoStore,
		gateway.instead("bearcache serve adds Vary: Authorization and Cache-Control: private on the way out."),
	},
}

var TokenInURL = &Rule{
	ID:       "token-in-url",
	Title:    "Tokens are accepted from URLs, or put into them, where logs, caches and other sites see them.",
	Severity: Medium,
	CWE:      []string{"CWE-598"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{
		written("flask", "token-in-url/flask.py",
			"Read the token from the Authorization field alone, never from request.args; for downloads hand out a ticket that is good once, for one file, for a minute."),
		written("nginx", "token-in-url/nginx.conf",
			"Answer 400 where $args has the name of a token, and log $uri in the place of $request, which has the query."),
		written("varnish", "token-in-url/varnish.vcl",
			"Answer 400 in vcl_recv where the URL has the name of a token: return (synth(400));"),
		gateway.instead("bearcache serve answers 400 to a token in the URL before it reaches the origin, a log or a key."),
	},
}

var TokenEcho = &Rule{
	ID:       "token-echo",
	Title:    "The token that was presented comes back in the response.",
	Severity: Medium,
	CWE:      []string{"CWE-522", "CWE-524"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{
		written("flask", "token-echo/flask.py",
			"Do not repeat the request's fields in an answer, in errors and debug pages neither; where a client must know, say whose the token is."),
		told("bearcache", "bearcache serve keeps such a response in the bearer's own partition, so that at least nobody else receives it."),
	},
}

var CookieInStoredResponse = &Rule{
	ID:       "cookie-in-stored-response",
	Title:    "A response that is stored, or may be, sets a cookie.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-384"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{
		written("flask", "cookie-in-stored-response/flask.py",
			`Answer with Cache-Control: no-store, or private, wherever a cookie is set.`),
		written("flask-caching", "cookie-in-stored-response/flask-caching.py",
			"Cache what the answer is made of, which is the same for everybody, and not the response, which has the cookie; do not touch the session in a view that is cached."),
		written("nginx", "cookie-in-stored-response/nginx.conf",
			"Leave Set-Cookie out of proxy_ignore_headers and proxy_hide_header: with it nginx does not store the response."),
		written("varnish", "cookie-in-stored-response/varnish.vcl",
			"Keep the built-in rule: a response with Set-Cookie is not stored; do not unset beresp.http.Set-Cookie after it was made for somebody."),
		gateway.instead("bearcache serve never stores a response that sets a cookie."),
	},
}

var BrokenObjectAuthorization = &Rule{
	ID:       "broken-object-authorization",
	Title:    "The origin itself, no cache involved, hands one bearer another's object.",
	Severity: High,
	CWE:      []string{"CWE-639", "CWE-862"},
	OWASP:    []string{"API1:2023"},
	Remedy: []Fix{
		written("flask", "broken-object-authorization/flask.py",
			"Look the object up among those of the caller: Order.query.filter_by(id=order_id, owner=current_user.id).first_or_404()."),
		told("bearcache", "No cache can mend this: the origin must compare the owner of what it found with the verified subject."),
	},
}
