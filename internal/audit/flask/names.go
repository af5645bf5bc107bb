package flask

import (
	"regexp"
	"strings"
)

// callerSegments are parts of a library's dotted name that say who asks, whichever library has them: flask_login.current_user.id,
// flask_jwt_extended.get_jwt_identity(), flask_httpauth.HTTPBasicAuth().current_user().
var callerSegments = map[string]bool{
	"current_user": true, "current_user()": true, "get_current_user()": true, "current_identity": true, "get_jwt_identity()": true, "get_jwt()": true,
	"get_raw_jwt()": true, "get_jwt_claims()": true, "current_user_id()": true, "current_rolenames()": true, "current_token": true, "get_jwt_payload()": true,
	"get_logged_in_user()": true, "get_username()": true, "is_logged_in()": true, "user_getfield()": true, "user_getinfo()": true, "user_loggedin": true,
	"current_cognito_jwt": true, "current_stateless": true, "remote_user": true, "authorization": true, "fetch_user()": true, "authorized": true,
	"get_jwt_user()": true, "current_auth": true, "is_current_user_admin()": true, "current_account": true,
}

// ofRequest are attributes of flask.request that every request has; others were put there by the application.
var ofRequest = map[string]bool{
	"args": true, "form": true, "values": true, "json": true, "data": true, "files": true, "headers": true, "cookies": true, "method": true, "path": true, "full_path": true,
	"url": true, "base_url": true, "url_root": true, "root_url": true, "host": true, "host_url": true, "host_port": true, "scheme": true, "is_secure": true, "is_json": true,
	"remote_addr": true, "environ": true, "endpoint": true, "view_args": true, "url_rule": true, "blueprint": true, "blueprints": true, "query_string": true,
	"user_agent": true, "referrer": true, "accept_languages": true, "accept_mimetypes": true, "get_json": true, "get_data": true, "get_json()": true, "get_data()": true,
	"content_type": true, "content_length": true, "mimetype": true, "access_route": true, "routing_exception": true, "stream": true, "date": true, "is_xhr": true,
	"if_none_match": true, "if_modified_since": true, "range": true, "cache_control": true, "origin": true, "script_root": true, "root_path": true, "max_content_length": true,
	"accept_encodings": true, "accept_charsets": true, "pragma": true, "charset": true, "shallow": true, "trusted_hosts": true,
}

var (
	// userName are names of attributes of flask.g, of the request and of parameters that hold the caller.
	userName = words(`(?i)^_?(current_?(user|identity|account|member|admin|customer|employee|student|teacher)(_?(id|name|obj|data|info))?|(auth(enticated|ed)?_?)?user(_?(id|name|obj|email|data|info|public_id|claims))?|uid|identity|username|account(_id)?|principal|jwt_?(payload|data|claims|identity|user)|claims|auth_?(user|data|info|payload)|logged_?in_?user|me|viewer|tenant(_id)?|flask_httpauth_user|oidc_id_token|oidc_token_info|public_id|token_?(data|payload|info|claims)|decoded_?(token|jwt)|login_?user|whoami|member|customer(_id)?)$`)
	// userParameter are parameters of a query that name somebody.
	userParameter = words(`(?i)^(user|user_?id|user_?name|uid|account(_?id)?|customer(_?id)?|email)$`)
	// bodyParameter are fields of a body that name somebody.
	bodyParameter = words(`(?i)^((current|logged_?in|customer|admin|student|patient|owner)_?)?(user_?(id|name)?|uid|user_?email|customer_?id|admin_?id|student_?id|account_?id|current_?email|professional_?id|sponsor_?id|influencer_?id|owner_?id)$`)
	// sessionParameter are parameters that are credentials where they are asked for by who checks.
	sessionParameter = words(`(?i)^(key|session(_?(id|key|uuid))?|sid|auth|(secret_?)?access_?key)$`)
	// tokenName are names of fields, cookies, variables and parameters that hold a credential, whatever the program.
	tokenName = words(`(?i)^_?((x[-_])?(access|auth|authorization|authentication|bearer|jwt|id|refresh|session|api|user|oauth|login|sso|encoded)[-_ ]?(token|jwt)(_?(str|string|value))?s?|(\w+[-_])?api[-_]?key|x[-_]?auth|jwt|jwt_?str|authorization|auth[-_]?header|authorization[-_]?header|bearer|(x[-_])?api[-_]?secret|client[-_]?secret|x[-_]access[-_]token[s]?|(auth|session)[-_]cookie([-_]value)?|raw[-_]?(token|jwt)|token_?str(ing)?)$`)
	// bareToken may be a credential, or anything else that is called so.
	bareToken = words(`(?i)^_?(x[-_])?(token|my_?token|new_?token|the_?token)$`)
	// ownToken are attributes that hold a credential of somebody.
	ownToken = words(`^_?((access|auth|session|id|refresh|bearer)_token|api_?key|auth_key)$`)
	// endsInToken are keys of a session for credentials of somebody elsewhere.
	endsInToken = words(`(?i)_(token|jwt)$`)
	// callerField are header fields that say who asks, or are the credential.
	callerField = words(`(?i)^(authorization|proxy-authorization|[a-z-]+-signature|x-([a-z-]+-)?(token|key|secret)s?|x-(access|auth|api|user|session)(token|key)s?|x-api-key|api-?key|x-auth(entication)?(-[a-z-]+)?|x-(user|username|user-?id|user-?name|user-?email|uid|tenant|tenant-?id|account|account-?id|org-?id|customer-?id|forwarded-user|forwarded-email|remote-user|authenticated-user|authenticated-userid|goog-authenticated-user-(email|id)|ms-client-principal(-name|-id)?|amzn-oidc-(data|identity))|(access|auth|session|id|user|jwt|bearer)?[-_]?token|remote[-_]user|jwt|cookie|session(-?id)?|user-?id)$`)
	secretField = words(`(?i)^(authorization|proxy-authorization|x-([a-z-]+-)?(token|key|secret)s?|x-(access|auth|api|user|session)(token|key)s?|x-api-key|api-?key|x-auth|(access|auth|session|id|user|jwt|bearer)?[-_]?token|jwt|cookie)$`)
	// sessionCookie are cookies that hold a session or a token.
	sessionCookie = words(`(?i)(sess|token|jwt|auth|^sid$|user|uid|login|remember|identity|account)`)
	// parts of the caller that many callers have in common.
	commonPart = words(`(?i)^(roles?|is_(admin|staff|superuser|authenticated|anonymous|active|moderator)|admin|tenant(_id)?|(org(ani[sz]ation)?|company|team|department|dept|division|school|branch|region|country|city|district|unit|institution|workspace|domain)(_?(id|name|code))?|scopes?|permissions?|groups?|group_id|plan|locale|lang(uage)?|timezone|level|type|user_type|can|has_role|has_permission|is_logged_in)$`)
	// oneOff are the purposes of tokens that are in URLs by their nature: good once, for one thing.
	oneOff = regexp.MustCompile(`(?i)(reset|verif|confirm|activat|unsubscri|invit|forgot|recover|csrf|xsrf|captcha|magic|email|password|passwd|pagina|page|next|continuation|cursor|feed|rss|share|download|upload|preview|webhook|challenge|hub|slack|telegram|sign_?up|regist|one_?time|otp|device|push|opt_?(in|out)|approve|accept|decline|delete_?account|merge|set_?pw)`)
	// inLinks are those of them that are sent by mail.
	inLinks = regexp.MustCompile(`(?i)(reset|verif|confirm|activat|unsubscri|invit|forgot|recover|magic|e?mail|password|passwd|sign_?up|regist|one_?time|otp|opt_?(in|out)|accept|decline)`)
	// hashing are calls whose result does not give back what went in.
	hashing     = words(`(?i)^(hashlib\.|hmac\.|hash$|zlib\.(crc32|adler32)|xxhash\.|mmh3\.|blake3|bcrypt\.|argon2|werkzeug\.security\.generate_password_hash|cryptography\.hazmat\.primitives\.(hashes|hmac)|passlib\.|flask_bcrypt\.|uuid\.uuid[35])`)
	hashingName = words(`(?i)(hash|digest|hmac|sha_?(1|256|512)|md5|fingerprint|mask|redact|obfuscat|censor|sanitize|scrub|anonymi|encrypt|truncate|_hint)`)
)

// callerName is what a library's dotted name says of who asks; "" where it says nothing.
func callerName(name string) string {
	if !strings.ContainsRune(name, '.') {
		return ""
	}
	first, _, _ := strings.Cut(name, ".")
	segments := strings.Split(name, ".")[1:]
	switch {
	case first == "flask" && segments[0] == "session" && len(segments) > 1 && (segments[1] == "permanent" || segments[1] == "modified" || segments[1] == "new" || segments[1] == "accessed"):
		return ""
	case (first == "flask" || strings.HasPrefix(first, "flask_")) && segments[0] == "session":
		return "session"
	case first == "flask" && segments[0] == "g" && len(segments) > 1 && userName.MatchString(segments[1]):
		return "g." + segments[1]
	case first == "flask" && segments[0] == "request" && len(segments) > 1 && !ofRequest[segments[1]] && userName.MatchString(segments[1]):
		return "request." + segments[1]
	case name == "flask.request.sid": // of one connection of Flask-SocketIO
		return "request.sid"
	case first == "flask" && (segments[0] == "_request_ctx_stack" || segments[0] == "_app_ctx_stack") && len(segments) > 2 && userName.MatchString(segments[2]):
		return segments[2]
	case name == "flask_jwt_extended.verify_jwt_in_request()", name == "flask_jwt_extended.verify_jwt_in_request_optional()":
		return ""
	case name == "jwt.decode()", name == "flask_jwt_extended.decode_token()", name == "firebase_admin.auth.verify_id_token()", name == "google.oauth2.id_token.verify_oauth2_token()":
		return "" // of whose token it is, its argument says
	case first == "flask_cas" && strings.HasSuffix(name, ".username"), first == "flask_kerberos", strings.HasPrefix(name, "flask_httpauth.") && strings.HasSuffix(name, ".username()"):
		return segments[len(segments)-1]
	case strings.HasPrefix(name, "flask_principal.") && strings.HasSuffix(name, ".can()"):
		return "Permission.can"
	}
	for _, segment := range segments {
		if callerSegments[segment] {
			return strings.TrimSuffix(segment, "()")
		}
	}
	return ""
}

// attrOf is which part of the caller an attribute, a key or a method takes.
func attrOf(name string) attrs {
	switch strings.TrimSuffix(name, "()") {
	case "is_authenticated", "is_anonymous", "is_logged_in":
		return presence
	}
	if commonPart.MatchString(name) {
		return part
	}
	return whole
}

// knownClass are classes of libraries from which applications derive their own, and whose methods this package knows.
func knownClass(name string) bool {
	first, _, _ := strings.Cut(name, ".")
	return strings.HasPrefix(first, "flask") || first == "cachelib" || first == "redis" || first == "cachetools"
}

// knownName is a name that a star import of a library brings.
func knownName(name string) bool {
	name = canonical(name)
	first, rest, _ := strings.Cut(name, ".")
	if first == "flask" {
		switch rest {
		case "Flask", "Blueprint", "request", "session", "g", "current_app", "abort", "redirect", "url_for", "render_template", "render_template_string", "jsonify",
			"make_response", "Response", "flash", "send_file", "send_from_directory", "after_this_request", "stream_with_context", "get_flashed_messages":
			return true
		}
		return false
	}
	return callerName(name) != "" || callerName(name+"()") != "" || authDecorators[name] != 0 || authDecorators[name+"()"] != 0 ||
		name == "flask_caching.Cache" || strings.HasPrefix(name, "functools.")
}
