package apache

import (
	"cmp"
	"slices"
	"strings"
)

// site is a <VirtualHost> with what the server says for all of them, or a server without any: all that decides on what mod_cache stores
// and gives away there.
type site struct {
	enables  []enable
	disables []enable
	quick    *directive // the last CacheQuickHandler; nil: none, and so it is on
	late     bool       // CacheQuickHandler Off: mod_cache comes after authentication
	stores   []setting  // CacheStorePrivate and CacheStoreNoStore, in the order they are merged in
	headers  []*change
	noCache  []exception
	removes  []remove
	names    []identity
	backends []backend
	shown    []shown
	requires []require
	host     string // ServerName
	filters  []area // where SetOutputFilter puts the cache before mod_headers
}

// enable is a CacheEnable or a CacheDisable.
type enable struct {
	directive
	area   area
	inside bool // a section of URLs: in effect where mod_cache runs after these are found, with CacheQuickHandler Off
}

// setting is a CacheStorePrivate or CacheStoreNoStore.
type setting struct {
	directive
	member string // of Cache-Control, that it makes mod_cache ignore
	on     bool
}

// exception keeps mod_cache from storing answers, by the variable no-cache.
type exception struct {
	area area
	of   credential // requests with these; both: all
}

// remove is a RequestHeader that takes the Authorization field away, or the cookies.
type remove struct {
	directive
	of    credential
	early bool // before mod_cache's quick handler
}

// identity is a RequestHeader that tells the origin who asks.
type identity struct {
	directive
	field string
	early bool
}

// backend is what makes answers anew for each request.
type backend struct {
	directive
	area area
	not  bool // it does not: ProxyPass /x !
}

// credential is how callers say who they are.
type credential int

const (
	authorization credential = 1 << iota // the Authorization field, which mod_cache knows
	another                              // a cookie, a certificate: anything that it does not know
	both          = authorization | another
)

// shown is a directive by which one sees that callers say who they are.
type shown struct {
	directive
	by     credential
	module string // that asks for it itself, and refuses who has none; "": the origin does
}

// require is a Require. Of those that are in effect in a place, the last takes the place of the others.
type require struct {
	area area
	asks bool // for a caller who said who he is
}

// sites are the sites of a server, as httpd sees them: each has what the server says outside of them, too.
func (s *server) sites() (list []*site) {
	common := 0
	own := map[*block][]directive{}
	var base []directive
	for _, d := range s.all {
		if d.block != nil && d.block.vhost != nil {
			own[d.block.vhost] = append(own[d.block.vhost], d)
		} else if concerns[d.name] {
			base = append(base, d)
			common++
		}
	}
	for _, host := range s.hosts {
		if len(list)*common > 2*maxDirectives {
			s.whole = false
			break
		}
		if len(own[host]) > 0 {
			list = append(list, s.site(slices.Concat(base, own[host])))
		}
	}
	if len(s.hosts) == 0 || slices.ContainsFunc(base, func(d directive) bool { return d.name == "proxypass" || d.name == "wsgiscriptalias" }) {
		list = append(list, s.site(base))
	}
	return list
}

// site is one of the server's. A CacheEnable in a section does nothing with the quick handler: where a part of a configuration has one,
// and nothing says when the cache comes, CacheQuickHandler Off is said in a part that is not here.
func (s *server) site(all []directive) *site {
	one := newSite(all)
	outside := slices.ContainsFunc(one.enables, func(e enable) bool { return !e.inside })
	one.late = one.late || one.quick == nil && len(one.enables) > 0 && !outside && !s.root
	return one
}

// concerns are the directives that any of this depends on.
var concerns = words(`cacheenable cachedisable cachequickhandler cachestoreprivate cachestorenostore header requestheader setenvif
	setenvifnocase setenv rewriterule rewritecond authtype require proxypass proxypassmatch proxypassreversecookiepath
	proxypassreversecookiedomain wsgiscriptalias wsgiscriptaliasmatch scriptalias scriptaliasmatch sethandler addhandler jkmount
	passengerenabled passengerapproot fallbackresource directoryindex fcgidwrapper servername wsgipassauthorization cgipassauth
	sslverifyclient mellonenable shibrequestsetting shibrequiresession setoutputfilter session balancermember proxyset php_value
	php_admin_value php_flag addtype`)

func newSite(all []directive) *site {
	s := &site{}
	slices.SortStableFunc(all, func(a, b directive) int { return cmp.Compare(a.block.order(), b.block.order()) })
	var conditions []string // of the rewrite rule to come
	for _, d := range all {
		switch d.name {
		case "rewritecond":
			conditions = append(conditions, d.arg(0)+" "+d.arg(1))
			if carries(d.arg(0)) {
				s.shown = append(s.shown, shown{directive: d, by: authorization})
			}
			continue
		case "rewriterule":
			s.rewrite(d, strings.Join(conditions, " "))
			conditions = nil
		default:
			s.cacheDirective(d)
			s.fieldDirective(d)
			s.originDirective(d)
			s.callerDirective(d)
		}
	}
	return s
}

func (b *block) order() int {
	if b == nil {
		return rankServer
	}
	return b.rank
}

// over is the area of what stands in the block.
func (b *block) over() area {
	if b == nil {
		return everything
	}
	return b.area
}

// cacheDirective takes up what mod_cache is told.
func (s *site) cacheDirective(d directive) {
	on := strings.EqualFold(d.arg(0), "on")
	switch d.name {
	case "cacheenable", "cachedisable":
		e, ok := newEnable(d)
		if ok && d.name == "cacheenable" {
			s.enables = append(s.enables, e)
		} else if ok {
			s.disables = append(s.disables, e)
		}
	case "cachequickhandler":
		s.quick, s.late = &d, strings.EqualFold(d.arg(0), "off")
	case "cachestoreprivate":
		s.stores = append(s.stores, setting{d, "private", on})
	case "cachestorenostore":
		s.stores = append(s.stores, setting{d, "no-store", on})
	case "setoutputfilter":
		if slices.Contains(strings.Split(strings.ToUpper(d.arg(0)), ";"), "CACHE") {
			s.filters = append(s.filters, d.block.over())
		}
	}
}

// newEnable reads CacheEnable type [url] and CacheDisable url|on.
func newEnable(d directive) (e enable, ok bool) {
	e = enable{directive: d, area: d.block.over()}
	url := 0
	if d.name == "cacheenable" {
		url = 1
		// LiteSpeed has a directive of the same name, whose types are these.
		if t := strings.ToLower(d.arg(0)); t == "" || t == "public" || t == "private" || strings.HasPrefix(t, "/") {
			return e, false
		}
	}
	e.inside = d.block != nil && d.block.rank == rankLocation
	if u := d.arg(url); u != "" && !strings.EqualFold(u, "on") {
		if both, meet := e.area.and(of(u)); meet {
			e.area = both
		} else if e.area = of(u); e.inside {
			return e, false // httpd does not start with it
		}
	}
	return e, d.block == nil || d.block.when == ""
}

// fieldDirective takes up what is done to the fields of requests and responses.
func (s *site) fieldDirective(d directive) {
	switch d.name {
	case "header":
		if c, ok := headerChange(d); ok {
			s.headers = append(s.headers, &c)
		}
	case "requestheader":
		s.requestHeader(d)
	case "setenv":
		if d.arg(0) == "no-cache" {
			s.noCache = append(s.noCache, exception{d.block.over(), both})
		}
	case "setenvif", "setenvifnocase":
		if carries(d.arg(0)) {
			s.shown = append(s.shown, shown{directive: d, by: authorization})
		}
		if slices.ContainsFunc(d.texts(2), setsNoCache) {
			s.except(d)
		}
	}
}

func setsNoCache(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return name == "no-cache"
}

// except reads SetEnvIf field pattern no-cache.
func (s *site) except(d directive) {
	switch at := d.block.over(); strings.ToLower(d.arg(0)) {
	case "authorization":
		s.noCache = append(s.noCache, exception{at, authorization})
	case "cookie":
		s.noCache = append(s.noCache, exception{at, another})
	case "request_uri":
		path := matching(d.arg(1), nil)
		path.some = nil
		if both, ok := at.and(path); ok {
			s.noCache = append(s.noCache, exception{both, authorization | another})
		}
	}
}

// requestHeader reads RequestHeader action field [value] [early].
func (s *site) requestHeader(d directive) {
	action, field := strings.ToLower(d.arg(0)), strings.ToLower(strings.TrimSuffix(d.arg(1), ":"))
	early := slices.Contains(d.texts(2), "early")
	value := strings.ToLower(d.arg(2))
	switch {
	case field == "authorization" && action == "unset":
		s.removes = append(s.removes, remove{d, authorization, early})
	case field == "cookie" && action == "unset":
		s.removes = append(s.removes, remove{d, another, early})
	case action != "set" && action != "add" && action != "append" && action != "merge":
		return
	case strings.Contains(value, "remote_user") || strings.Contains(value, "remote-user") || strings.Contains(value, "oidc_claim") ||
		strings.Contains(value, "_dn") || strings.Contains(value, "authenticate_") || strings.Contains(value, "mellon_") ||
		strings.Contains(value, "authorization}") || strings.Contains(value, "authorization'"):
		s.names = append(s.names, identity{d, field, early})
	}
	if field == "authorization" && action != "unset" && strings.Contains(value, "authorization") {
		s.shown = append(s.shown, shown{directive: d, by: authorization})
	}
}

// carries reports whether an expression asks for the Authorization field of a request.
func carries(expr string) bool {
	expr = strings.ToLower(expr)
	return expr == "authorization" || expr == "^authorization$" || strings.Contains(expr, "http:authorization") ||
		strings.Contains(expr, "req('authorization')")
}

// rewrite reads a RewriteRule, as far as it sends requests to another, names the caller to a script, or keeps the cache away.
func (s *site) rewrite(d directive, conditions string) {
	flags := strings.ToLower(d.arg(2))
	target := strings.ToLower(d.arg(1))
	switch {
	case strings.Contains(flags, "e=no-cache"):
		e := exception{d.block.over(), both}
		if carries(conditions) {
			e.of = authorization
		} else if strings.Contains(strings.ToLower(conditions), "cookie}") {
			e.of = another
		}
		s.noCache = append(s.noCache, e)
	case strings.Contains(flags, "http:authorization"):
		s.shown = append(s.shown, shown{directive: d, by: authorization})
	}
	for flag := range strings.SplitSeq(strings.Trim(flags, "[]"), ",") {
		if flag = strings.TrimSpace(flag); flag == "p" || flag == "proxy" {
			at, _ := prefixOf(d.arg(0))
			s.backend(d, area{path: at}, false)
			return
		}
	}
	if strings.HasSuffix(target, ".php") || strings.Contains(target, ".php/") || strings.HasPrefix(target, "balancer://") {
		s.backend(d, everything, false)
	}
}

func (s *site) backend(d directive, at area, not bool) {
	if both, ok := d.block.over().and(at); ok {
		s.backends = append(s.backends, backend{d, both, not})
	}
}

// originDirective takes up who makes the answers.
func (s *site) originDirective(d directive) {
	switch d.name {
	case "proxypass", "wsgiscriptalias", "jkmount":
		if in := d.block; in != nil && in.rank == rankLocation && (d.name == "proxypass" || len(d.args) == 1) {
			s.backend(d, everything, d.arg(0) == "!") // in a Location the path is that one's
		} else {
			s.backend(d, of(strings.TrimSuffix(strings.TrimSuffix(d.arg(0), "*"), "|/")), d.arg(1) == "!")
		}
	case "scriptalias":
		s.backend(d, of(d.arg(0)), false)
	case "proxypassmatch", "wsgiscriptaliasmatch", "scriptaliasmatch":
		s.backend(d, matching(d.arg(0), nil), d.arg(1) == "!")
	case "sethandler", "addhandler", "addtype":
		handler := strings.ToLower(strings.Join(d.texts(0), " "))
		for _, runs := range []string{"proxy:", "php", "fcgi", "cgi", "wsgi", "perl", "uwsgi", "balancer:"} {
			if strings.Contains(handler, runs) {
				s.backend(d, everything, false)
				return
			}
		}
	case "passengerenabled", "passengerapproot", "fcgidwrapper", "php_value", "php_admin_value", "php_flag":
		s.backend(d, everything, false)
	case "fallbackresource", "directoryindex":
		if slices.ContainsFunc(d.texts(0), func(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".php") }) {
			s.backend(d, everything, false)
		}
	}
}

// modules are the words of AuthType, with what callers show to the module.
var modules = map[string]shown{
	"basic": {by: authorization, module: "mod_auth_basic"}, "digest": {by: authorization, module: "mod_auth_digest"},
	"bearer": {by: authorization, module: "mod_auth_bearer"}, "oauth20": {by: authorization, module: "mod_auth_openidc"},
	"oauth2": {by: authorization, module: "mod_oauth2"}, "jwt": {by: authorization, module: "mod_auth_jwt"},
	"jwt-bearer": {by: authorization, module: "mod_authnz_jwt"}, "gssapi": {by: authorization, module: "mod_auth_gssapi"},
	"kerberos": {by: authorization, module: "mod_auth_kerb"}, "ntlm": {by: authorization, module: "mod_auth_ntlm"},
	"openid-connect": {by: another, module: "mod_auth_openidc"}, "auth-openidc": {by: both, module: "mod_auth_openidc"},
	"shibboleth": {by: another, module: "mod_shib"}, "mod_auth_mellon": {by: another, module: "mod_auth_mellon"},
	"mellon": {by: another, module: "mod_auth_mellon"}, "cas": {by: another, module: "mod_auth_cas"},
	"form": {by: another, module: "mod_auth_form"},
}

// callerDirective takes up by what one sees that callers say who they are.
func (s *site) callerDirective(d directive) {
	on := strings.EqualFold(d.arg(0), "on")
	switch d.name {
	case "servername":
		s.host = strings.ToLower(d.arg(0))
	case "require":
		switch strings.ToLower(d.arg(0)) {
		case "all":
			s.requires = append(s.requires, require{d.block.over(), false})
		case "ip", "host", "forward-dns", "local", "method", "env", "expr", "not", "ssl":
		default:
			s.requires = append(s.requires, require{d.block.over(), true})
		}
	case "authtype":
		if show, ok := modules[strings.ToLower(d.arg(0))]; ok {
			show.directive = d
			s.shown = append(s.shown, show)
		}
	case "cgipassauth", "wsgipassauthorization":
		if on {
			s.shown = append(s.shown, shown{directive: d, by: authorization})
		}
	case "proxypassreversecookiepath", "proxypassreversecookiedomain", "session":
		if d.name != "session" || on {
			s.shown = append(s.shown, shown{directive: d, by: another})
		}
	case "sslverifyclient":
		// Of a whole site, a certificate is asked for before there is a request. In a section it is asked for when that is found.
		if strings.EqualFold(d.arg(0), "require") {
			show := shown{directive: d, by: another}
			if d.block != nil && d.block.rank > rankVhost {
				show.module = "mod_ssl"
			}
			s.shown = append(s.shown, show)
		}
	}
	if (d.name == "proxypass" || d.name == "balancermember" || d.name == "proxyset") && slices.ContainsFunc(d.texts(0), func(arg string) bool {
		return strings.HasPrefix(strings.ToLower(arg), "stickysession=")
	}) {
		s.shown = append(s.shown, shown{directive: d, by: another})
	}
}
