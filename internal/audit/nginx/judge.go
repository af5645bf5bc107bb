package nginx

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// freshness is what gives answers of the origin a lifetime at the site.
type freshness struct {
	valid   *directive // the cache_valid that takes a good answer, or nil
	ignored []string   // fields of the origin's that are not looked at, in small letters
	ignore  []*directive
	never   bool // nothing is stored: there is no source for a lifetime, or it is zero
}

func (p *site) freshness() (f freshness) {
	f.ignore = p.list("ignore_headers")
	for _, d := range f.ignore {
		for _, name := range d.args() {
			f.ignored = append(f.ignored, strings.ToLower(name))
		}
	}
	for _, d := range p.list("cache_valid") {
		if p.takesGood(d) {
			f.valid = d
			break
		}
	}
	if f.valid != nil && strings.Trim(f.valid.words[len(f.valid.words)-1].text, "0smhdwMy") == "" {
		f.valid, f.never = nil, true
		return f
	}
	if f.valid == nil && f.ignores("cache-control") && f.ignores("expires") {
		f.never = true
	}
	if b := p.nearest("buffering"); b != nil && b.arg(1) == "off" && (p.family == "proxy" || p.family == "fastcgi") {
		f.never = true // nginx stores what it buffers
	}
	return f
}

func (f freshness) ignores(name string) bool { return slices.Contains(f.ignored, name) }

// takesGood reports whether a cache_valid is for answers with status 200, or with another 2xx where a check lets pass by it.
func (p *site) takesGood(d *directive) bool {
	codes := d.args()
	if len(codes) < 2 {
		return len(codes) == 1 // 200, 301 and 302
	}
	codes = codes[:len(codes)-1]
	return slices.ContainsFunc(codes, func(c string) bool {
		return c == "any" || c == "200" || strings.ContainsRune(c, output) || strings.Contains(c, "$") || len(c) == 3 && c[0] == '2' && p.checkedBy() != nil
	})
}

// verdict is what there is to say about a site that gives one bearer's answer to others.
type verdict struct {
	sign  evidence // the strongest whose credentials leak
	signs []evidence
	leak  leak
	sure  finding.Confidence
}

// judge reports what is wrong at a site.
func (p *site) judge(found *collection) {
	if p.forEverybody() && p.checkedBy() == nil {
		return
	}
	fresh := p.freshness()
	signs := p.signs()
	if fresh.never {
		return
	}
	if v, leaks := p.weigh(signs, fresh); leaks {
		p.reportUnkeyed(v, fresh, found)
		p.reportIgnored(v, fresh, found)
		return
	}
	if v, leaks := p.undefended(signs, fresh); leaks {
		p.reportIgnored(v, fresh, found)
	}
}

// weigh decides whether answers made for bearers are given to others, by the strongest sign whose credentials the key and the conditions
// forget.
func (p *site) weigh(signs []evidence, fresh freshness) (v verdict, leaks bool) {
	reaches := p.reaches()
	guarded := slices.ContainsFunc(signs, func(e evidence) bool { return e.guards })
	all := p.leaks(anyCredentials, guarded)
	for _, sign := range signs {
		with := sign.with & (reaches | byCheck)
		if with == 0 || sign.strength < medium && (fresh.valid == nil || p.considered()) || sign.strength == medium && fresh.valid == nil {
			continue
		}
		if with == byCheck && !p.tellsChecked(signs) || sign.strength < strong && reaches&byAuthorization == 0 {
			continue
		}
		v.leak = p.leaks(with, guarded)
		if sign.strength <= medium && sign.with == anyCredentials {
			v.leak = all
		}
		if v.leak == 0 {
			continue
		}
		v.sign, v.signs = sign, signs
		v.sure = finding.Likely
		switch {
		case sign.strength == strong && fresh.valid != nil && all != 0 && !p.unseen():
			v.sure = finding.Confirmed
		case sign.strength < strong && (p.unseen() || p.s.node == nil):
			continue
		case all == 0 && (p.family != "proxy" || sign.with != byAuthorization):
			continue // kept apart by what these sites know their users by
		}
		return v, true
	}
	return v, false
}

// tellsChecked reports whether the origin is told what a check said of who asks.
func (p *site) tellsChecked(signs []evidence) bool {
	return slices.ContainsFunc(signs, func(e evidence) bool { return e.with == byCheck })
}

// considered reports whether conditions more than those of every tutorial decide what is stored: somebody thought of it.
func (p *site) considered() bool {
	for _, d := range p.list("no_cache") {
		for _, arg := range d.args() {
			for _, name := range variables(arg) {
				if !usualConditions[strings.ToLower(name)] {
					return true
				}
			}
		}
	}
	return false
}

var usualConditions = setOf("http_pragma http_cache_control cookie_nocache arg_nocache arg_comment http_upgrade")

// unseen reports whether files that we do not have may hold conditions or a key for the site.
func (p *site) unseen() bool {
	for s := p.s; s != nil; s = s.parent {
		for _, d := range s.missing {
			words := wordsOf(d.arg(1)[strings.LastIndex(d.arg(1), "/")+1:])
			for _, w := range words {
				if unseenWords[w] && !(w == "proxy" && slices.Contains(words, "params")) {
					return true
				}
			}
		}
		if s.kind == "server" {
			break
		}
	}
	return false
}

var unseenWords = setOf("cache caching nocache bypass skip auth microcache proxy")

// undefended are sites without a sign of credentials where the origin's own word, which is all that keeps private answers out of a cache,
// is not heard.
func (p *site) undefended(signs []evidence, fresh freshness) (v verdict, leaks bool) {
	if fresh.valid == nil || p.considered() || p.unseen() || p.foreign() || p.s.node == nil || len(signs) > 0 && signs[0].strength >= strong {
		return v, false
	}
	if !fresh.ignores("set-cookie") || p.soft() || p.reaches()&byCookie == 0 {
		return v, false // what opens a session is still kept out
	}
	v.leak = p.leaks((anyCredentials)&p.reaches(), false)
	v.sure = finding.Likely
	return v, v.leak != 0
}

// soft reports whether the location's name says that what is there is for everybody.
func (p *site) soft() bool {
	_, pattern := locationOf(p.s)
	return anyWord(publicWords, pattern) != "" && anyWord(ownWords, pattern) == ""
}

func (p *site) hides(field string) bool {
	return slices.ContainsFunc(p.list("hide_header"), func(d *directive) bool { return strings.EqualFold(d.arg(1), field) })
}

// route is the location's path, where it is one.
func (p *site) route() string {
	modifier, pattern := locationOf(p.s)
	if p.s.node == nil || strings.HasPrefix(modifier, "~") || !strings.HasPrefix(pattern, "/") || pattern == "/" {
		return ""
	}
	return printable([]string{pattern})[0]
}

func (p *site) symbol() string { return p.s.symbol() }

// place is where the location begins.
func (p *site) place(note string) finding.Place {
	if p.s.node != nil {
		return at(p.s.node, note)
	}
	return at(p.cache, note)
}

var readers = map[leak]string{
	toNobody:             "requests without credentials",
	toBearers:            "other bearers",
	toNobody | toBearers: "other bearers, and to requests without credentials",
}

func (p *site) reportUnkeyed(v verdict, fresh freshness, found *collection) {
	rule := finding.NginxUnkeyedAuthorization
	edits, fix, safe := p.mend(v)
	trace := []finding.Place{at(p.cache, p.family+"_cache stores the answers of "+p.symbol()), p.keyNote()}
	said := map[finding.Place]bool{}
	for _, sign := range v.signs {
		// A line that is two signs is told of once.
		if line := (finding.Place{File: sign.place.File, Line: sign.place.Line}); len(said) < 4 && !said[line] && sign.strength >= min(medium, v.sign.strength) {
			said[line] = true
			trace = append(trace, sign.place)
		}
	}
	if fresh.valid != nil {
		trace = append(trace, at(fresh.valid, "answers that say nothing about caching are stored, too"))
	}
	trace = append(trace, p.conditionsNote(v))
	found.add(p.cache, p.cache.line(), finding.Finding{
		Rule: rule, Severity: rule.Severity, Confidence: v.sure, Operation: p.route(),
		Summary: fmt.Sprintf("%s_cache keeps answers to requests with credentials at %s and gives them to %s.", p.family, p.symbol(), readers[v.leak]),
		Detail:  p.detail(v, fresh),
		Source: &finding.Source{EndLine: p.endLine(p.cache), Symbol: p.symbol(), Trace: trace, Fix: fix, Edits: edits,
			Safe: safe},
	})
}

// endLine is the last line of the location, where the blamed line stands in it.
func (p *site) endLine(d *directive) int {
	if p.s.node != nil && p.s.node.file == d.file && p.s.node.line() <= d.line() && d.line() <= p.s.node.endLine {
		return p.s.node.endLine
	}
	return d.endLine
}

func (p *site) detail(v verdict, fresh freshness) string {
	text := "Credentials are in play: " + v.sign.place.Note + ". Neither the key nor a condition tells one bearer from the next"
	if v.leak == toNobody {
		text = "Credentials are in play: " + v.sign.place.Note + ". What they make the origin answer is stored under a key that requests without any have, too"
	}
	switch {
	case fresh.ignores("cache-control"):
		text += ", and the origin cannot forbid it: its Cache-Control is ignored."
	case fresh.valid != nil:
		text += ". Only an origin that forbids it in every answer would prevent that."
	default:
		text += ". nginx stores whatever the origin gives a lifetime, max-age of an answer to a request with Authorization included."
	}
	return text
}

func (p *site) keyNote() finding.Place {
	if d := p.nearest("cache_key"); d != nil {
		return at(d, "the key has no credentials in it")
	}
	if p.family == "proxy" {
		return at(p.cache, "the key is the default, $scheme$proxy_host$request_uri")
	}
	return at(p.cache, "there is no key: all answers share one entry")
}

func (p *site) conditionsNote(v verdict) finding.Place {
	not, bypass := p.list("no_cache"), p.list("cache_bypass")
	switch {
	case len(not) == 0 && len(bypass) == 0:
		return p.place("nothing here keeps requests with credentials from the cache")
	case len(not) == 0:
		return at(bypass[0], fmt.Sprintf("%s_cache_bypass alone: these answers are still stored, for want of %[1]s_no_cache", p.family))
	}
	return at(not[0], "this condition does not keep answers to such requests out of the cache")
}

// mattering are fields that nginx is told to ignore, and by which the origin might have kept an answer out of the cache.
var mattering = setOf("cache-control expires set-cookie vary")

func (p *site) reportIgnored(v verdict, fresh freshness, found *collection) {
	rule := finding.NginxIgnoresCacheControl
	for _, d := range fresh.ignore {
		var names []string
		for _, name := range d.args() {
			lower := strings.ToLower(name)
			if mattering[lower] && !(lower == "set-cookie" && p.hides("Set-Cookie") && v.sign.strength < strong) {
				names = append(names, printable([]string{name})[0])
			}
		}
		heavy := slices.ContainsFunc(names, func(n string) bool {
			return strings.EqualFold(n, "Cache-Control") || strings.EqualFold(n, "Set-Cookie")
		})
		if len(names) == 0 || !heavy && v.sign.strength < medium {
			continue
		}
		list := strings.Join(names, ", ")
		detail := "Answers here may be somebody's own, and the key does not say whose. By these fields the origin says so, and nginx would obey; now it stores them all the same."
		trace := []finding.Place{at(d, "nginx does not look at these fields of the origin's: "+list), at(p.cache, p.family+"_cache stores the answers of "+p.symbol())}
		if fresh.valid != nil {
			trace = append(trace, at(fresh.valid, "and gives them this lifetime"))
		}
		if v.sign.place.Note != "" {
			trace = append(trace, v.sign.place)
		}
		found.add(d, d.line(), finding.Finding{
			Rule: rule, Severity: rule.Severity, Confidence: v.sure, Operation: p.route(),
			Summary: fmt.Sprintf("%s_ignore_headers takes from the origin behind %s its say in what is stored (%s).", p.family, p.symbol(), list),
			Detail:  detail,
			Source: &finding.Source{EndLine: p.endLine(d), Symbol: p.symbol(), Trace: trace, Edits: hear(d),
				Fix: "Leave " + list + " out of this line, or keep requests with credentials out of the cache."},
		})
	}
}

// hear takes the fields that matter out of an ignore_headers.
func hear(d *directive) []finding.Edit {
	var rest []string
	for _, w := range d.words[1:] {
		if !mattering[strings.ToLower(w.text)] {
			rest = append(rest, string(d.file.text[w.start:w.end]))
		}
	}
	e := finding.Edit{File: d.file.path, Start: d.start, End: d.end}
	indent, alone := d.alone()
	switch line, _ := d.restOfLine(); {
	case len(rest) > 0:
		e.Text = d.name() + " " + strings.Join(rest, " ") + ";"
	case alone && len(bytes.TrimSpace(line)) == 0: // with its line
		e.Start -= len(indent)
		e.End = min(e.End+len(line)+1, len(d.file.text))
	default: // with the blanks before what follows
		e.End += len(line) - len(bytes.TrimLeft(line, " \t"))
	}
	return []finding.Edit{e}
}
