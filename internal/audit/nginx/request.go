package nginx

import (
	"fmt"
	"strings"
)

// credentials are the kinds of what may tell who asks.
type credentials int

const (
	byAuthorization credentials = 1 << iota
	byBasic                     // Authorization, checked by nginx: the user has a name
	byCookie
	byKey      // a field such as X-Api-Key
	byCert     // a client's certificate
	byArgument // of the query
	byCheck    // what auth_request, auth_jwt or the like said of who asks
)

const anyCredentials = byAuthorization | byCookie | byKey | byCert | byCheck

// request is one that might be made. What nginx would make of it is computed as nginx does, on these values.
type request struct {
	who     int // 0: nobody
	with    credentials
	address int // whose the client's address is
	method  string
	path    string
	host    string
}

func (q *request) has(c credentials) bool { return q.who > 0 && q.with&c != 0 }

// secret is what proves who asks. It is long, and like nothing that a configuration holds.
func (q *request) secret() string {
	return fmt.Sprintf("eyJhbGciOi%dJ9.secretOfBearer%dQx.7rZ", q.who, q.who)
}

func (q *request) person() string { return fmt.Sprintf("bearer%d", q.who) }

// state of a value.
type state int

const (
	known    state = iota
	unknown        // and the same whoever asks
	personal       // unknown, and it may depend on who asks
)

// value is what a variable, or a text with variables, comes to.
type value struct {
	text  string
	state state
}

func text(s string) value { return value{text: s} }

func (q *request) authorization() string {
	switch {
	case q.has(byBasic):
		return "Basic " + q.secret()
	case q.has(byAuthorization):
		return "Bearer " + q.secret()
	}
	return ""
}

// cookies is a Cookie field with the usual names under which sessions are known.
func (q *request) cookies() string {
	if !q.has(byCookie) {
		return ""
	}
	var b strings.Builder
	b.WriteString("theme=dark")
	for _, name := range []string{"session", "sessionid", "PHPSESSID", "JSESSIONID", "connect.sid", "auth_token", "access_token", "jwt",
		"wordpress_logged_in_1", "remember_me", "user", "laravel_session", "logged_in"} {
		fmt.Fprintf(&b, "; %s=%s", name, q.secret())
	}
	return b.String()
}

func (q *request) arguments() string {
	if !q.has(byArgument) {
		return ""
	}
	return "access_token=" + q.secret()
}

func (q *request) uri() string {
	if args := q.arguments(); args != "" {
		return q.path + "?" + args
	}
	return q.path
}

func (q *request) ip() string { return fmt.Sprintf("192.0.2.%d", 10+q.address) }

// builtin is the value of one of nginx's own variables for the request; known is false where nginx has none of that name.
func (q *request) builtin(name string) (v value, is bool) {
	for _, family := range families {
		if rest, ok := strings.CutPrefix(name, family.prefix); ok && rest != "" {
			return family.of(q, rest), true
		}
	}
	switch name {
	case "request_uri":
		return text(q.uri()), true
	case "uri", "document_uri":
		return text(q.path), true
	case "args", "query_string":
		return text(q.arguments()), true
	case "is_args":
		if q.arguments() != "" {
			return text("?"), true
		}
		return text(""), true
	case "request":
		return text(q.method + " " + q.uri() + " HTTP/1.1"), true
	case "request_method":
		return text(q.method), true
	case "host", "server_name":
		return text(q.host), true
	case "scheme":
		return text("https"), true
	case "https":
		return text("on"), true
	case "server_port":
		return text("443"), true
	case "remote_user":
		if q.has(byBasic) {
			return text(q.person()), true
		}
		return text(""), true
	case "remote_addr", "binary_remote_addr", "proxy_add_x_forwarded_for", "realip_remote_addr":
		return text(q.ip()), true
	case "request_id", "connection", "remote_port", "msec", "request_time", "connection_requests", "time_iso8601", "time_local", "ssl_session_id", "request_body":
		return text(name + itoa(q.address)), true
	}
	if plainVariables[name] {
		return text("<" + name + ">"), true
	}
	for _, prefix := range []string{"geoip", "ssl_", "upstream_", "proxy_", "server_", "fastcgi_", "tcpinfo_", "realip_", "pipe", "time_", "slice_", "brotli", "gzip", "http2", "sent_trailer_", "modern_", "ancient_"} {
		if strings.HasPrefix(name, prefix) {
			return text("<" + name + ">"), true
		}
	}
	return value{}, false
}

// families are the variables that are named after something of the request or the response.
var families = []struct {
	prefix string
	of     func(q *request, name string) value
}{
	{"http_", (*request).field},
	{"cookie_", (*request).cookie},
	{"arg_", (*request).argument},
	{"jwt_", (*request).checked},
	{"oidc_", (*request).checked},
	{"ssl_client_", (*request).certificate},
	{"upstream_http_", (*request).fromOrigin},
	{"sent_http_", (*request).fromOrigin},
	{"upstream_cookie_", func(q *request, _ string) value { return q.something() }},
}

// something is a value that may depend on who asks, where somebody does.
func (q *request) something() value {
	if q.who == 0 {
		return text("")
	}
	return value{state: personal}
}

// plainVariables are nginx's own that no request here changes.
var plainVariables = setOf("body_bytes_sent bytes_sent content_length content_type document_root realpath_root request_filename request_length " +
	"request_completion server_protocol status hostname nginx_version pid limit_rate msie invalid_referer memcached_key uid_got uid_set uid_reset " +
	"secure_link secure_link_expires fastcgi_script_name fastcgi_path_info cache_key_version http2 http3 protocol limit_req_status limit_conn_status date_local date_gmt")

// plainFields are what a browser sends, whoever sits at it.
var plainFields = map[string]string{
	"host": "example.com", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "accept": "*/*", "accept_encoding": "gzip",
	"accept_language": "en", "x_forwarded_proto": "https", "x_forwarded_host": "example.com", "cf_visitor": `{"scheme":"https"}`,
}

func (q *request) field(name string) value {
	name = strings.ToLower(name)
	switch name {
	case "authorization":
		return text(q.authorization())
	case "cookie":
		return text(q.cookies())
	case "x_forwarded_for", "x_real_ip", "cf_connecting_ip", "true_client_ip":
		return text(q.ip())
	}
	if plain, ok := plainFields[name]; ok {
		if name == "host" {
			plain = q.host
		}
		return text(plain)
	}
	if q.has(byKey) && fieldTells(name) {
		return text(q.secret())
	}
	return text("")
}

func (q *request) cookie(name string) value {
	if !q.has(byCookie) {
		return text("")
	}
	switch tells, sure := cookieTells(name); {
	case tells:
		return text(q.secret())
	case sure:
		return text("")
	}
	return q.something()
}

func (q *request) argument(name string) value {
	if q.has(byArgument) && isSecret(name) {
		return text(q.secret())
	}
	return text("")
}

func (q *request) checked(string) value {
	if q.has(byCheck) {
		return text(q.person())
	}
	return text("")
}

func (q *request) certificate(name string) value {
	switch {
	case q.has(byCert) && name == "verify":
		return text("SUCCESS")
	case q.has(byCert):
		return text(q.person())
	case name == "verify":
		return text("NONE")
	}
	return text("")
}

// fromOrigin is a field of the origin's answer: that of an origin that says nothing of caching.
func (q *request) fromOrigin(name string) value {
	if fieldTells(name) && name != "set_cookie" || strings.Contains(name, "cache") && name != "cache_control" || strings.Contains(name, "private") {
		return q.something()
	}
	return text("")
}
