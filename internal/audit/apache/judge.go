package apache

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// judge holds one site against what mod_cache does. How that is was read from httpd 2.4 and seen on it:
//
//   - Before anything else, in its quick handler, mod_cache looks at the Authorization field of a request. Where there is one, it neither
//     answers from the cache nor stores the answer. A request that says who it is by anything else is one like all others to it: the
//     answer is stored, and given to everybody before httpd asks anybody who he is.
//   - With CacheQuickHandler Off it comes last, when callers are known and admitted, and looks at the Authorization field only when it
//     stores: Cache-Control must release the answer, as RFC 9111 §3.5 has it. What is stored is given to all who are admitted.
//   - What Header makes of Cache-Control and Vary, it sees. What Vary names is part of the key.
type judge struct {
	*site
	steps *int // how many comparisons are left
	found func(finding.Finding)
	text  func(file string) []byte
}

// target is a part of the site in which an answer may be stored, and what is known of it.
type target struct {
	enable
	at     area
	shown  []shown             // how callers say who they are there
	word   string              // in its path, by which its answers are somebody's own; only where nothing is shown
	open   bool                // nothing is shown, nothing is taken away, and no word says that its answers are the same for everybody
	origin *backend            // nil: not known
	stores map[string]*setting // what mod_cache ignores there
	cc     says
	vary   says
}

// maxSteps bounds the comparisons of all sites of an audit. The largest configurations that people write need some ten thousand.
const maxSteps = 3_000_000

// run judges every part of the site that some directive singles out; a directive is blamed once.
func (j *judge) run() {
	for _, e := range j.enables {
		if e.inside && !j.late {
			continue // httpd does not get to the section before mod_cache has run
		}
		for _, at := range j.parts(e.area) {
			if *j.steps -= len(j.headers) + len(j.shown) + len(j.backends) + len(j.disables) + len(j.requires) + 1; *j.steps < 0 {
				return
			}
			if at.static || j.disabled(at) {
				continue
			}
			j.decide(j.look(e, at))
		}
	}
}

// parts are the parts of what a cache is enabled for that a directive is about, and all of it.
func (j *judge) parts(whole area) []area {
	list := []area{whole}
	seen := map[area]bool{whole: true}
	add := func(a area) {
		*j.steps--
		if both, ok := whole.and(a); ok && !seen[both] {
			seen[both] = true
			list = append(list, both)
		}
	}
	for _, c := range j.headers {
		add(c.block.over())
	}
	for _, s := range j.stores {
		add(s.block.over())
	}
	for _, s := range j.shown {
		add(s.block.over())
	}
	for _, b := range j.backends {
		add(b.area)
	}
	for _, r := range j.removes {
		add(r.block.over())
	}
	return list
}

// disabled reports whether nothing there is cached: because of a CacheDisable, or of the variable no-cache for all requests.
func (j *judge) disabled(at area) bool {
	for _, d := range j.disables {
		if (!d.inside || j.late) && d.area.covers(at) {
			return true
		}
	}
	return j.excepted(at, both)
}

func (j *judge) excepted(at area, who credential) bool {
	return slices.ContainsFunc(j.noCache, func(e exception) bool { return e.of&who == who && e.area.covers(at) })
}

func (j *judge) look(e enable, at area) *target {
	t := &target{enable: e, at: at, stores: map[string]*setting{}}
	for i, s := range j.stores {
		if s.block.over().covers(at) && (s.block == nil || s.block.when == "") {
			if t.stores[s.member] = nil; s.on {
				t.stores[s.member] = &j.stores[i]
			}
		}
	}
	if !slices.ContainsFunc(j.filters, func(f area) bool { return f.covers(at) }) {
		t.cc, t.vary = response("cache-control", j.headers, at), response("vary", j.headers, at)
	}
	for i, b := range j.backends {
		if t.at.files && slices.Contains(handsOn, b.name) {
			continue // what goes there is no file of this server
		}
		// Of several, the first is the one, and one in a section comes before those outside.
		if b.area.covers(at) && !b.area.static && (t.origin == nil || b.block.order() == rankLocation) {
			t.origin = &j.backends[i]
		}
	}
	unseen := j.unseen(at)
	for _, s := range j.shown {
		if s.module == "" && s.by&^unseen == 0 || s.by == authorization && unseen&authorization != 0 {
			continue
		}
		if s.block.over().covers(at) && (s.module == "" || s.module == "mod_ssl" || j.asks(at)) {
			t.shown = append(t.shown, s)
		}
	}
	if len(t.shown) == 0 && unseen&authorization == 0 {
		public := false
		t.word, public = j.word(t)
		t.open = !public
	}
	return t
}

// unseen is by what the origin does not see who asks there, since httpd takes it away and tells it by no other field: it can but answer
// all of these callers alike.
func (j *judge) unseen(at area) (who credential) {
	told := slices.ContainsFunc(j.names, func(n identity) bool { return n.block.over().covers(at) })
	for _, r := range j.removes {
		if !told && r.block.over().covers(at) && (r.block == nil || r.block.when == "") {
			who |= r.of
		}
	}
	return who
}

// handsOn are the directives by which another server makes the answers.
var handsOn = []string{"proxypass", "proxypassmatch", "jkmount"}

// asks reports whether a Require there wants to know who the caller is.
func (j *judge) asks(at area) (asks bool) {
	for _, r := range j.requires {
		if r.area.covers(at) {
			asks = r.asks
		}
	}
	return asks
}

// by is the directive that shows that callers say who they are in one of these ways; nil where none does.
func (t *target) by(who credential) *shown {
	for i, s := range t.shown {
		if s.by&who != 0 {
			return &t.shown[i]
		}
	}
	return nil
}

// dynamic reports whether answers are made for each request there, as far as the configuration says.
func (j *judge) dynamic(t *target) bool {
	if t.origin != nil {
		return !t.origin.not
	}
	return len(j.backends) == 0
}

var (
	personalNames = words(`api rest graphql me my account accounts profile profiles user users admin private wallet dashboard customer
		customers order orders member members auth session secure`)
	publicNames = words(`public publica publico publique catalog catalogue product products news blog docs open opendata feed feeds rss status health version
		search geo weather maps`)
	nameParts = regexp.MustCompile(`[a-z]+`)
)

// word is a name in the path, or of the origin, that says that answers differ by caller; "" where none does, or one that they do not, which
// is public.
func (j *judge) word(t *target) (found string, public bool) {
	text := t.at.path + " " + t.at.words
	if t.origin != nil && !t.origin.not {
		text += " " + strings.Join(t.origin.texts(0), " ")
	}
	host, _, _ := strings.Cut(j.host, ".")
	for _, name := range nameParts.FindAllString(strings.ToLower(text+" "+host), -1) {
		if publicNames[name] {
			return "", true
		}
		if personalNames[name] && found == "" {
			found = name
		}
	}
	return found, false
}

// decide names what is wrong in a part of the site.
func (j *judge) decide(t *target) {
	j.storesRefused(t)
	if t.at.forward {
		return
	}
	j.beforeAuthentication(t)
	j.madePublic(t)
	j.fieldRemoved(t)
	j.varyRemoved(t)
}

// ignored are the members of Cache-Control that mod_cache does not obey there.
func (t *target) ignored() map[string]bool {
	set := map[string]bool{}
	for member, s := range t.stores {
		set[member] = s != nil
	}
	return set
}

// storesRefused: mod_cache is told to store what the origin says is for one reader alone, or not to be stored. The origin marked it, so
// that of answers marked private it is certain that they are somebody's; no-store is also said by origins that hold nothing with caches.
func (j *judge) storesRefused(t *target) {
	if !j.dynamic(t) {
		return
	}
	if s := t.stores["private"]; s != nil {
		j.blame(t, s.directive, finding.Likely, storesPrivate)
	}
	by, _ := t.cc.released(t.ignored())
	word, _ := j.word(t)
	known := t.by(another) != nil || word != "" || j.late && by != nil && t.by(authorization) != nil
	if s := t.stores["no-store"]; s != nil && known && !t.at.forward {
		j.blame(t, s.directive, finding.Likely, storesNoStore)
	}
}

// beforeAuthentication: httpd asks for something that is not the Authorization field, and the cache answers before it asks.
func (j *judge) beforeAuthentication(t *target) {
	if j.late || t.cc.private(t.ignored()) || t.vary.names("cookie") || j.excepted(t.at, another) {
		return
	}
	for _, s := range t.shown {
		// mod_auth_form, mod_session and mod_auth_mellon say private, or no-store, by themselves.
		if s.by&another != 0 && slices.Contains([]string{"mod_auth_openidc", "mod_shib", "mod_ssl"}, s.module) {
			j.blame(t, t.enable.directive, finding.Likely, quickHandler)
			return
		}
	}
}

// madePublic: Header releases to everybody what the origin may have meant for one.
func (j *judge) madePublic(t *target) {
	by, _ := t.cc.released(t.ignored())
	unset := t.cc.unset
	if !j.dynamic(t) || by == nil && (unset == nil || t.cc.private(t.ignored())) {
		return
	}
	open := func(who credential, field string) bool { return !t.vary.names(field) && !j.excepted(t.at, who) }
	switch {
	case by != nil && j.late && t.by(authorization) != nil && open(authorization, "authorization"):
		confidence := finding.Likely
		if t.cc.set && by.action == "set" && t.vary.set {
			confidence = finding.Confirmed
		}
		j.blame(t, by.directive, confidence, released)
	case by != nil && t.by(another) != nil && open(another, "cookie"):
		j.blame(t, by.directive, finding.Likely, released)
	case by != nil && j.late && t.word != "" && open(authorization, "authorization"):
		j.blame(t, by.directive, finding.Likely, released)
	case by != nil && j.admits(t) && open(authorization, "authorization"):
		j.blame(t, by.directive, finding.Likely, releasedAll)
	case by == nil && t.by(another) != nil && open(another, "cookie"):
		j.blame(t, unset.directive, finding.Likely, refusalRemoved)
	}
}

// admits reports whether all of a site that another server makes is released at once, where somebody has the cache wait for who is
// admitted: a request with a token is stored there whatever the origin says of the answer, and nothing says that all are everybody's.
func (j *judge) admits(t *target) bool {
	if len(j.disables) > 0 || slices.ContainsFunc(j.headers, func(c *change) bool { return c.block.over() != everything }) {
		return false // somebody thought of parts
	}
	return j.late && j.quick != nil && t.open && t.at.path == "/" && t.at.some == nil &&
		t.origin != nil && slices.Contains(handsOn, t.origin.name)
}

// fieldRemoved: the origin learns who asks by a field that httpd sets, and the Authorization field, which would have told mod_cache that
// the answer is somebody's, is gone when mod_cache looks for it.
func (j *judge) fieldRemoved(t *target) {
	if !j.dynamic(t) || t.origin == nil || t.cc.private(t.ignored()) {
		return
	}
	for _, r := range j.removes {
		if r.of != authorization || !r.early && !j.late || !r.block.over().covers(t.at) || r.block != nil && r.block.when != "" {
			continue
		}
		for _, n := range j.names {
			if r.early && !n.early || !n.block.over().covers(t.at) || t.vary.names(n.field) {
				continue
			}
			j.blame(t, r.directive, finding.Likely, fieldRemoved, note(n.directive, "the origin learns here who asks"))
			break
		}
	}
}

// varyRemoved: the origin told caches that its answers differ by caller, and httpd keeps it from them.
func (j *judge) varyRemoved(t *target) {
	unset := t.vary.unset
	if unset == nil || !j.dynamic(t) || t.cc.private(t.ignored()) {
		return
	}
	if by, _ := t.cc.released(t.ignored()); by != nil {
		return // which is reported
	}
	switch {
	case t.by(another) != nil && !t.vary.names("cookie") && !j.excepted(t.at, another):
		j.blame(t, unset.directive, finding.Likely, varyRemoved)
	case j.late && t.by(authorization) != nil && !t.vary.names("authorization") && !j.excepted(t.at, authorization):
		j.blame(t, unset.directive, finding.Possible, varyRemoved)
	}
}
