package finding

// Rules in the order of the catalogue. docs/rules has a page for each; a test compares them.
var Rules = []*Rule{CrossIdentityReuse, AnonymousReuse, InvalidTokenReuse, StorableAuthenticatedResponse, MissingVary}

// The remedies that hold wherever a cache answers by URL alone.
var (
	keyByCaller = Fix{"flask-caching", "Key the view by the verified caller: @cache.cached(make_cache_key=…) with an HMAC of the subject in the key, " +
		"or do not cache it. The default key is the request path alone."}
	authOutside = Fix{"flask", "Put the authentication decorator outside (above) the cache decorator: a hit must pass the same check as a miss."}
	nginxKey    = Fix{"nginx", "Do not cache requests with credentials: proxy_cache_bypass $http_authorization; proxy_no_cache $http_authorization;"}
	gateway     = Fix{"bearcache", "Take the cache out of the application and put bearcache serve --upstream URL before it: it keeps one cache per bearer."}
)

var CrossIdentityReuse = &Rule{
	ID:       "cross-identity-reuse",
	Title:    "A response made for one bearer was served to another.",
	Severity: Critical,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{keyByCaller, nginxKey, gateway},
}

var AnonymousReuse = &Rule{
	ID:       "anonymous-reuse",
	Title:    "A response made for a bearer was served to a request without credentials.",
	Severity: Critical,
	CWE:      []string{"CWE-524", "CWE-306"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{authOutside, keyByCaller, nginxKey, gateway},
}

var InvalidTokenReuse = &Rule{
	ID:       "invalid-token-reuse",
	Title:    "A response made for a bearer was served to a token that the API never issued.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-287"},
	OWASP:    []string{"API1:2023", "API2:2023", "API8:2023"},
	Remedy:   []Fix{authOutside, keyByCaller, nginxKey, gateway},
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
