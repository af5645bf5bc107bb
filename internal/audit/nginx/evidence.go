package nginx

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// strength says how sure it is that answers of a location are somebody's own.
type strength int

const (
	none   strength = iota
	weak            // an application is behind it, and nothing says that it is public
	medium          // by its name, or by what the configuration allows, people are told apart there
	strong          // the configuration itself takes, checks, passes on or looks at credentials there
)

// evidence is one sign of credentials.
type evidence struct {
	strength strength
	with     credentials
	guards   bool // nothing without such credentials comes as far as the cache
	place    finding.Place
}

func at(d *directive, note string) finding.Place {
	return finding.Place{File: d.file.path, Line: d.line(), Note: note}
}

// signs are all signs of credentials at the site, strongest first.
func (p *site) signs() []evidence {
	list := p.checks()
	list = append(list, p.passedOn()...)
	list = append(list, p.lookedAt()...)
	list = append(list, p.allowed()...)
	list = append(list, p.named()...)
	slices.SortStableFunc(list, func(a, b evidence) int { return int(b.strength - a.strength) })
	return list
}

// checks are what nginx itself asks of a request before it looks into the cache. All of them are of the access phase: a hit has passed
// them too, unless satisfy any lets an address do in their place.
func (p *site) checks() (list []evidence) {
	guards := true
	if d := p.s.nearest("satisfy"); d != nil && d.arg(1) == "any" && p.s.nearest("allow") != nil {
		guards = false
	}
	add := func(d *directive, strength strength, with credentials, note string) {
		list = append(list, evidence{strength, with, guards, at(d, note)})
	}
	if d := p.s.nearest("auth_request"); d != nil && d.arg(1) != "off" {
		add(d, strong, anyCredentials, "auth_request has every request's credentials checked, before the cache")
	}
	for _, name := range []string{"auth_jwt", "auth_oidc"} {
		if d := p.s.nearest(name); d != nil && d.arg(1) != "off" {
			add(d, strong, anyCredentials, name+" takes only requests with a token")
		}
	}
	if d := p.s.nearest("auth_basic"); d != nil && d.arg(1) != "off" {
		add(d, medium, byBasic, "auth_basic lets only requests with a user's name and password pass, and nginx hands both on to the origin")
	}
	for _, name := range []string{"access_by_lua_block", "access_by_lua", "access_by_lua_file"} {
		d := p.s.nearest(name)
		if d == nil {
			continue
		}
		code := strings.ToLower(d.lua + strings.Join(d.args(), " "))
		if authInCode(code) {
			add(d, strong, anyCredentials, "this code checks who asks, before the cache")
		}
	}
	if d := p.checkedBy(); d != nil {
		list = append(list, evidence{strong, anyCredentials, false, at(d, "auth_request asks this location whether a request may pass, so that its answer is one bearer's own")})
	}
	return list
}

func authInCode(code string) bool {
	for _, word := range []string{"authorization", "openidc", "jwt", "bearer", "access_token", "session"} {
		if strings.Contains(code, word) {
			return true
		}
	}
	return false
}

// checkedBy is an auth_request that asks this location, or nil.
func (p *site) checkedBy() *directive {
	modifier, pattern := locationOf(p.s)
	if p.s.node == nil || strings.HasPrefix(modifier, "~") {
		return nil
	}
	return p.s.root.asks[asked{p.server(), pattern}]
}

// fieldsSent are the fields that the configuration gives to the origin: each directive with the field's name and the argument it has
// the value in.
func (p *site) fieldsSent() (list []*directive) {
	switch p.family {
	case "proxy":
		return p.list("set_header")
	}
	return p.list("param")
}

// fieldName is the name of a field as the origin receives it, in the spelling of variables.
func (p *site) fieldName(d *directive) string {
	name := strings.ToLower(strings.ReplaceAll(d.arg(1), "-", "_"))
	if p.family == "proxy" {
		return name
	}
	rest, is := strings.CutPrefix(name, "http_")
	if !is && name != "remote_user" {
		return "" // not a field
	}
	if !is {
		return name
	}
	return rest
}

// eachKind are the kinds of credentials, one by one, with what to call them, and requests that carry them.
var eachKind = []struct {
	is                 credentials
	name, requestsWith string
}{
	{byAuthorization, "the Authorization field", "an Authorization field"}, {byBasic, "the user's name", "a name and password for auth_basic"},
	{byCookie, "the session's cookie", "a session's cookie"}, {byKey, "the key", "an API key in a field"}, {byCert, "the client's certificate", "a client's certificate"},
	{byArgument, "the token of the query", "a token in the query"}, {byCheck, "the checked user", "a user whom auth_request knows"},
}

// conditionDoes is what a condition does to requests for which it holds.
var conditionDoes = map[string]string{
	"cache_bypass": "by this line, %s are not answered from the cache",
	"no_cache":     "by this line, answers to %s are not stored",
}

// differs reports whether what text comes to depends on whose credentials of a kind a request carries.
func (p *site) differs(kind credentials, text string) bool {
	if !strings.Contains(text, "$") {
		return false
	}
	one := p.cachedWay(request{who: 1, with: kind}).text(text)
	two := p.cachedWay(request{who: 2, with: kind}).text(text)
	return one.state != personal && two.state != personal && one.text != two.text
}

// passedOn are the fields by which the configuration tells the origin who asks.
func (p *site) passedOn() (list []evidence) {
	for _, d := range p.fieldsSent() {
		name := p.fieldName(d)
		if name == "" {
			continue
		}
		if name == "remote_user" && !p.guardedByBasic() {
			continue // part of what every FastCGI program is told
		}
		for _, kind := range eachKind {
			if !p.differs(kind.is, d.arg(2)) || kind.is == byArgument && !fieldTells(name) {
				continue // an address with its query says nothing of tokens
			}
			sign := evidence{strong, kind.is, false, at(d, kind.name+" is passed on to the origin")}
			if name == "cookie" {
				sign.strength = medium // a line of many a file, wanted or not
				sign.with = anyCredentials
			}
			list = append(list, sign)
			break
		}
	}
	for _, d := range p.list("pass_header") {
		if strings.EqualFold(d.arg(1), "Authorization") {
			list = append(list, evidence{medium, byAuthorization, false, at(d, "somebody meant the Authorization field to reach the origin, which it does")})
		}
	}
	return list
}

func (p *site) guardedByBasic() bool {
	d := p.s.nearest("auth_basic")
	return d != nil && d.arg(1) != "off"
}

// reaches are the kinds of credentials that the origin sees: nginx hands on every field that it is not told to set or drop.
func (p *site) reaches() credentials {
	sees := anyCredentials | byBasic | byArgument
	if p.pass != nil && p.s.nearest(p.family+"_pass_request_headers") != nil && p.s.nearest(p.family+"_pass_request_headers").arg(1) == "off" {
		sees = byArgument
	}
	set := map[string]string{}
	for _, d := range p.s.list("more_clear_input_headers") {
		for _, name := range d.args() {
			set[strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = ""
		}
	}
	for _, d := range p.fieldsSent() {
		set[p.fieldName(d)] = d.arg(2)
	}
	for name, kinds := range map[string]credentials{"authorization": byAuthorization | byBasic, "cookie": byCookie} {
		value, is := set[name]
		if !is {
			continue
		}
		for _, kind := range eachKind {
			if kinds&kind.is != 0 && !p.differs(kind.is, value) && p.settled(kind.is, value) {
				sees &^= kind.is
			}
		}
	}
	return sees
}

// settled reports whether a field's value is known to be the same for all.
func (p *site) settled(kind credentials, text string) bool {
	return p.cachedWay(request{who: 1, with: kind}).text(text).state != personal
}

// lookedAt are conditions and rewrites that treat a request with credentials in another way than one without.
func (p *site) lookedAt() (list []evidence) {
	nobody := p.cachedWay(request{})
	for _, kind := range eachKind {
		bearer := p.cachedWay(request{who: 1, with: kind.is})
		if bearer.outcome != nobody.outcome && nobody.outcome == leaves {
			if d := p.turnsAway(); d != nil {
				list = append(list, evidence{strong, kind.is, true, at(d, "requests without credentials are turned away here")})
			}
		}
		for _, name := range []string{"cache_bypass", "no_cache"} {
			for _, d := range p.list(name) {
				is, sure := bearer.any([]*directive{d})
				was, _ := nobody.any([]*directive{d})
				if is != was && sure {
					who := "requests with "
					if was {
						who = "all requests but those with "
					}
					list = append(list, evidence{strong, kind.is, false, at(d, fmt.Sprintf(conditionDoes[name], who+kind.requestsWith))})
				}
			}
		}
	}
	if kinds := p.headOnly(); kinds != 0 {
		list = append(list, evidence{strong, kinds, false, at(p.cache, "the conditions look at credentials")})
	}
	return list
}

// headOnly are the kinds that conditions look at for some methods only.
func (p *site) headOnly() (kinds credentials) {
	for _, method := range p.methods()[1:] {
		for _, kind := range eachKind {
			get, _ := p.cachedWay(request{who: 1, with: kind.is}).any(p.list("no_cache"))
			other, _ := p.cachedWay(request{who: 1, with: kind.is, method: method}).any(p.list("no_cache"))
			if get && !other {
				kinds |= kind.is
			}
		}
	}
	return kinds
}

// turnsAway is the if that sends requests away, or nil.
func (p *site) turnsAway() *directive {
	for _, s := range []*scope{p.s, p.server()} {
		for _, c := range s.children {
			if c.kind == "if" && (len(c.byName["return"]) > 0 || len(c.byName["rewrite"]) > 0) && tellsInCondition(c.node) {
				return c.node
			}
		}
	}
	return nil
}

func tellsInCondition(d *directive) bool {
	return slices.ContainsFunc(variables(strings.Join(d.args(), " ")), func(name string) bool {
		name = strings.TrimPrefix(strings.TrimPrefix(name, "http_"), "cookie_")
		return fieldTells(name) || isSecret(name) || loginCookie.MatchString(name)
	})
}

// allowed are the fields of CORS that let scripts of other sites send credentials here.
func (p *site) allowed() (list []evidence) {
	for _, d := range p.s.list("add_header") {
		name, value := strings.ToLower(d.arg(1)), strings.ToLower(d.arg(2))
		switch {
		case name == "access-control-allow-headers" && strings.Contains(value, "authorization"):
			list = append(list, evidence{medium, anyCredentials, false, at(d, "scripts of other sites are allowed to send Authorization")})
		case name == "access-control-allow-credentials" && value == "true":
			list = append(list, evidence{medium, anyCredentials, false, at(d, "scripts of other sites are allowed to send credentials")})
		}
	}
	return list
}

var (
	// ownWords are names of what is somebody's own.
	ownWords = setOf("account accounts me my user users profile profiles order orders cart basket checkout wallet inbox settings dashboard admin graphql gql session " +
		"sessions oauth oauth2 auth login private customer customers member members billing invoices invoice payment payments notifications messages userinfo whoami token tokens")
	apiWords = setOf("api apis rest rpc jsonrpc")
	// publicWords are names of what is for everybody, or carries no answers to anybody in particular.
	publicWords = setOf("public open catalog catalogue product products category categories article articles post posts blog blogs news weather rates price prices feed feeds rss atom " +
		"sitemap health healthz status ping metrics version i18n locale locales lang translations geo docs doc swagger openapi stats trending search tile tiles map maps geojson " +
		"avatar avatars thumb thumbs thumbnail thumbnails image images img media video videos photo photos picture pictures file files download downloads content contents preview emoji badge badges " +
		"static assets asset config manifest robots proxy cache cached anonymous guest embed oembed events schedule calendar markets ticker tickers quotes movie movies show shows anime book books recipes")
	// staticWords are names of files that are the same for everybody, and of those who keep copies of such.
	staticWords = setOf("static staticfiles resources assets asset img imgs image images css js fonts font media upload uploads dist build next nuxt thumbs thumbnail thumbnails tile tiles wms wmts cdn " +
		"mirror mirrors pypi npm npmjs registry apt yum deb debian ubuntu centos fedora epel archlinux alpine maven docker dockerhub gcr quay ghcr v2 blobs blob manifests s3 gcs minio cloudfront " +
		"gravatar osm openstreetmap fonts rubygems crates conda nix nixos githubusercontent github gitlab steam hls dash packages pkg repo artifacts artifactory nexus verdaccio devpi " +
		"favicon robots sitemap video videos vod thumbor imgproxy imaginary iiif icons icon wp-content bower webjars iso")
	// appWords are names of applications that people log in to.
	appWords = setOf("api app apps application accounts account auth user users portal dashboard admin crm erp tenant gateway webapp graphql rest django flask rails")
)

// named are signs in the names of the location, the server, the origin and the cache.
func (p *site) named() []evidence {
	modifier, pattern := locationOf(p.s)
	route := pattern
	if strings.HasPrefix(modifier, "~") {
		route = p.path + " " + pattern
	}
	where := p.s.node
	if where == nil {
		return nil // a snippet: where it is included, a name may say something
	}
	public := anyWord(publicWords, route) != ""
	catchAll := pattern == "/" || strings.HasPrefix(pattern, "@") || strings.HasPrefix(modifier, "~") && (pattern == "^" || pattern == "/" || pattern == "^/" || pattern == ".*" || pattern == "^/(.*)$")
	sign := func(s strength, note string) []evidence {
		return []evidence{{s, anyCredentials, false, at(where, note)}}
	}
	switch {
	case strings.HasSuffix(strings.TrimRight(pattern, "$"), ".php") && !catchAll, p.foreign():
		return nil
	case anyWord(ownWords, route) != "" && !catchAll && !public:
		return sign(medium, "by its name, what is here is its reader's own")
	case anyWord(apiWords, route) != "" && !catchAll && !public:
		return sign(medium, "an API, and nothing says that it is the same for everybody")
	case catchAll && apiHost(p.server()) && p.family != "fastcgi":
		return sign(medium, "everything of a host that is called an API")
	case catchAll && p.family != "fastcgi" && p.application():
		return sign(weak, "everything of an application, and nothing says that it is the same for everybody")
	}
	return nil
}

func apiHost(server *scope) bool {
	d := server.nearest("server_name")
	if d == nil {
		return false
	}
	for _, name := range d.args() {
		first, _, _ := strings.Cut(name, ".")
		if w := wordsOf(first); slices.Contains(w, "api") || slices.Contains(w, "auth") || slices.Contains(w, "accounts") || slices.Contains(w, "graphql") {
			return true
		}
	}
	return false
}

// application reports whether the names say that an application is behind the location, and not a site for everybody.
func (p *site) application() bool {
	names := []string{p.originName()}
	if zone := p.cache.arg(1); !strings.Contains(zone, "$") {
		names = append(names, zone)
	}
	if anyWord(appWords, names...) == "" {
		return false
	}
	for i, c := range p.server().apart { // what is somebody's own has a location of its own
		if zone := c.nearest(p.family + "_cache"); i < 100 && c != p.s && (zone == nil || zone.arg(1) == "off" || zone != p.cache) {
			return false
		}
	}
	return true
}

// isApart reports whether a location is, by its name, for what is somebody's own.
func isApart(pattern string) bool {
	return anyWord(ownWords, pattern) != "" || anyWord(apiWords, pattern) != "" || strings.Contains(pattern, "wp-admin")
}

// originName is the origin as pass names it, with the servers of its upstream.
func (p *site) originName() string {
	if p.pass == nil {
		return ""
	}
	return p.pass.arg(1)
}

// foreign reports whether the origin is somebody else's server: what that tells everybody is nobody's own here.
func (p *site) foreign() bool {
	u, err := url.Parse(strings.ReplaceAll(p.originName(), string(output), ""))
	if err != nil || p.family != "proxy" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	labels := strings.Split(host, ".")
	if len(labels) < 2 || strings.Contains(host, "$") || strings.Trim(host, "0123456789.") == "" || !isLetters(labels[len(labels)-1]) {
		return false
	}
	switch labels[len(labels)-1] {
	case "local", "internal", "lan", "svc", "consul", "test", "localhost", "example", "docker", "intranet", "corp", "home":
		return false
	}
	if strings.HasPrefix(host, "example.") || strings.Contains(host, ".example.") || strings.Contains(host, "yourdomain") {
		return false
	}
	if d := p.server().nearest("server_name"); d != nil {
		for _, name := range d.args() {
			if domain(name) == domain(host) {
				return false
			}
		}
	}
	return true
}

func domain(host string) string {
	labels := strings.Split(host, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

func isLetters(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" }

// forEverybody reports whether what is stored here is evidently the same for all: files, copies of packages, images.
func (p *site) forEverybody() bool {
	modifier, pattern := locationOf(p.s)
	if strings.HasPrefix(modifier, "~") && staticPattern(pattern) {
		return true
	}
	if p.s.nearest("slice") != nil || p.s.byName["image_filter"] != nil {
		return true // parts of large files
	}
	own := anyWord(ownWords, pattern) != ""
	first := ""
	if list := wordsOf(pattern); len(list) > 0 {
		first = list[0]
	}
	if !own && (staticWords[first] || anyWord(staticWords, pattern) != "" && anyWord(apiWords, pattern) == "") {
		return true
	}
	if !own && anyWord(staticWords, p.originName()) != "" {
		return true
	}
	if d := p.server().nearest("server_name"); d != nil && !own && anyWord(apiWords, pattern) == "" {
		for _, name := range d.args() {
			label, _, _ := strings.Cut(name, ".")
			if anyWord(staticWords, label) != "" {
				return true
			}
		}
	}
	return false
}

var (
	staticEndings  = setOf("css js mjs map png jpg jpe jpeg gif ico svg svgz webp avif bmp tif tiff woff woff2 ttf eot otf mp4 webm mp3 m4a m4s m4v mov avi ogg ogv flac wav pdf zip gz tgz tar bz2 xz zst rpm deb udeb whl egg jar pom swf ts m3u8 mpd iso exe dmg msi apk doc docx xls xlsx ppt pptx txt cur htc midi mid wmv flv 7z rar nar narinfo drpm psd ai torrent")
	dynamicEndings = setOf("php html htm json do action aspx asp jsp cgi xml")
)

// staticPattern reports whether an expression takes paths by the endings of files.
func staticPattern(pattern string) bool {
	_, after, found := strings.Cut(pattern, `\.`)
	if !found {
		return false
	}
	files, others := 0, 0
	for _, w := range wordsOf(strings.ReplaceAll(strings.ReplaceAll(after, "woff2?", "woff"), "jpe?g", "jpeg")) {
		switch {
		case staticEndings[w]:
			files++
		case dynamicEndings[w]:
			others++
		}
	}
	return files > others
}
