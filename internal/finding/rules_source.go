package finding

var FlaskUnkeyedCache = &Rule{
	ID:       "flask/unkeyed-cache",
	Title:    "A view that needs authentication, or answers by who asks, is cached under a key without the identity.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{keyByCaller, gateway},
}

var FlaskCacheBeforeAuth = &Rule{
	ID:       "flask/cache-before-auth",
	Title:    "The cache decorator stands outside the authentication: a hit skips the check.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-306"},
	OWASP:    []string{"API1:2023", "API2:2023", "API8:2023"},
	Remedy:   []Fix{checkFirst, gateway},
}

var FlaskMemoizeWithoutIdentity = &Rule{
	ID:       "flask/memoize-without-identity",
	Title:    "A memoized function depends on the current user, and its key does not.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy: []Fix{written("flask-caching", "memoize-without-identity/flask-caching.py",
		"Give the function the user's id as an argument, and let it ask for that id in place of the current user: arguments are the key.")},
}

var FlaskManualCacheWithoutIdentity = &Rule{
	ID:       "flask/manual-cache-without-identity",
	Title:    "A value that depends on the user is kept in a cache under a key without the identity.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy: []Fix{written("flask", "manual-cache-without-identity/flask.py",
		"Put the id of the verified user into the key, or keep under it only what is the same for everybody.")},
}

var FlaskTokenInLog = &Rule{
	ID:       "flask/token-in-log",
	Title:    "A token or an Authorization header is written to a log.",
	Severity: Medium,
	CWE:      []string{"CWE-532"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{written("flask", "token-in-log/flask.py",
		"Log whose token it is, or a keyed digest of it (hmac), and never the token or the field that carries it.")},
}

var FlaskTokenInURL = &Rule{
	ID:       "flask/token-in-url",
	Title:    "A token is read from a URL, or put into one.",
	Severity: Medium,
	CWE:      []string{"CWE-598"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy:   []Fix{TokenInURL.Remedy[0]},
}

var FlaskRawTokenInKey = &Rule{
	ID:       "flask/raw-token-in-key",
	Title:    "A token stands in a cache key in the clear.",
	Severity: Medium,
	CWE:      []string{"CWE-312", "CWE-524"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy: []Fix{written("flask", "raw-token-in-key/flask.py",
		"Key by the subject of the verified token, or by an HMAC of the token: whoever reads the cache's keys must not be able to use them.")},
}

var FlaskPublicCacheControl = &Rule{
	ID:       "flask/public-cache-control",
	Title:    "An authenticated response is marked public, or storable with no Vary.",
	Severity: Medium,
	CWE:      []string{"CWE-524", "CWE-525"},
	OWASP:    []string{"API8:2023"},
	Remedy:   []Fix{keepPrivate, gateway},
}

var NginxUnkeyedAuthorization = &Rule{
	ID:       "nginx/unkeyed-authorization",
	Title:    "nginx stores answers to requests with credentials under a key without them.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{nginxKey, gateway},
}

var NginxIgnoresCacheControl = &Rule{
	ID:       "nginx/ignores-cache-control",
	Title:    "nginx is told to ignore the fields by which the origin forbids to store its answers.",
	Severity: Medium,
	CWE:      []string{"CWE-524"},
	OWASP:    []string{"API8:2023"},
	Remedy:   []Fix{told("nginx", "Leave Cache-Control, Expires, Set-Cookie and Vary out of proxy_ignore_headers where answers may be somebody's own.")},
}

var NginxTokenInLog = &Rule{
	ID:       "nginx/token-in-log",
	Title:    "nginx writes tokens to its log.",
	Severity: Medium,
	CWE:      []string{"CWE-532"},
	OWASP:    []string{"API2:2023", "API8:2023"},
	Remedy:   []Fix{told("nginx", "Leave $http_authorization, $http_cookie and the names of tokens out of log_format, and log $uri in the place of $request where tokens stand in the query.")},
}

var VarnishHashIgnoresAuthorization = &Rule{
	ID:       "varnish/hash-ignores-authorization",
	Title:    "Varnish looks up requests with credentials without these in the hash.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{varnishPass, gateway},
}

var VarnishStripsAuthorization = &Rule{
	ID:       "varnish/strips-authorization",
	Title:    "Varnish removes the Authorization field before it looks the request up.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-306"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{varnishPass, gateway},
}

var ApacheUnkeyedAuthorization = &Rule{
	ID:       "apache/unkeyed-authorization",
	Title:    "mod_cache is told to store answers to requests with credentials.",
	Severity: High,
	CWE:      []string{"CWE-524", "CWE-639"},
	OWASP:    []string{"API1:2023", "API8:2023"},
	Remedy:   []Fix{told("apache", "Leave Cache-Control as the API sends it and CacheStorePrivate Off, and keep what depends on who asks out of the cache: CacheDisable /api/, outside of any section."), gateway},
}
