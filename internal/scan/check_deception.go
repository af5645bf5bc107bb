package scan

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// A deceiver spells a path so that some server takes it for the path itself, and some cache for what everybody may have.
type deceiver struct {
	name  string // of the class, after PortSwigger's of 2024
	kind  kind
	gates []pattern // any of them tells whether a server takes it for the path
	rules []pattern // the same for further rules that caches have
}

// kind is what a deceiver has a server do.
type kind int

const (
	cuts      kind = iota // ends the path before its end
	resolves              // goes up where encoded dots say so
	strips                // leaves out an extension
	equalizes             // takes it for the same path, as the cache does not
)

// pattern is a spelling of an escaped path, which does not end in a slash, with a stem in it, or in its query, that was never used
// before: it is nobody's real URL.
type pattern struct {
	spell     func(path, stem string) string
	query     bool     // the stem stands in the query
	otherwise *pattern // where a server does not take this one
}

// directories are those for which caches have rules, whatever the file is called.
var directories = []string{"static", "assets"}

// cut is of servers for whom a path ends where at stands. What follows ends like a file. For caches that resolve encoded dots
// before they look at their rules some of it leads to a directory of static files.
func cut(name, at string, extensions ...string) deceiver {
	d := deceiver{name: name, kind: cuts}
	for i, extension := range extensions {
		plain := pattern{spell: func(p, stem string) string { return p + at + stem + extension }}
		switch {
		case i == 0:
			d.gates = []pattern{plain}
		case i <= len(directories):
			d.rules = append(d.rules, pattern{otherwise: &plain, spell: func(p, stem string) string {
				up := strings.Count(p, "/")
				if at == "/" || at == "%2f" {
					up++
				}
				return p + at + stem + strings.Repeat("%2f..", up) + "%2f" + directories[i-1] + "%2f" + stem + extension
			}})
		default:
			d.rules = append(d.rules, plain)
		}
	}
	return d
}

// below is of routes that ignore another segment, with a catch-all. Caches differ in which extensions they take for static.
var below = cut("another segment", "/", ".css", ".js", ".png", ".ico", ".svg", ".woff2", ".pdf", ".csv")

// everywhere is a property of the servers, and not of a single route: it is tried on a few operations first.
var everywhere = []deceiver{
	cut("the delimiter ;", ";", ".css", ".js", ".png", ".ico"),
	cut("the delimiter ;, encoded,", "%3b", ".css", ".js", ".png", ".ico"),
	cut("the delimiter #, encoded,", "%23", ".css", ".js", ".png", ".ico"),
	cut("the delimiter ?, encoded,", "%3f", ".css", ".js", ".png", ".ico"),
	cut("a zero byte", "%00", ".css", ".js", ".png", ".ico"),
	cut("a line feed", "%0a", ".css", ".js", ".png", ".ico"),
	cut("a slash, encoded,", "%2f", ".css", ".js", ".png", ".ico"),
	{"an extension", strips, []pattern{appended(".css")}, []pattern{appended(".js"), appended(".png")}},
	{"a directory of static files, left by an encoded ..,", resolves, []pattern{leaving("static"), leaving("assets")}, []pattern{leaving("robots.txt"), leaving("favicon.ico")}},
}

func appended(extension string) pattern {
	return pattern{query: true, spell: func(p, _ string) string { return p + extension }}
}

// leaving begins like what a cache has a rule for. Its stem stands in the query too: to caches that resolve the dots for their keys
// it is not in the path.
func leaving(name string) pattern {
	return pattern{query: true, spell: func(p, stem string) string {
		return "/" + name + "/" + stem + "/..%2f..%2f" + strings.TrimPrefix(p, "/")
	}}
}

// evasive are spellings of the same path for caches that store all but what they have a rule for, path by path. They are tried
// where something is seen to be stored. Those that browsers undo, as dots between slashes, deceive nobody.
var evasive = []deceiver{
	equal("two slashes in the place of one", func(p, _ string) string {
		i := strings.LastIndexByte(p, '/')
		return p[:i] + "/" + p[i:]
	}),
	equal("letters in another case", func(p, _ string) string { return everyOther(p, strings.ToUpper) }),
	equal("a percent-encoded letter", func(p, _ string) string {
		last := p[len(p)-1]
		if !wordByte(last) || len(p) > 2 && p[len(p)-3] == '%' {
			return p
		}
		return p[:len(p)-1] + fmt.Sprintf("%%%02X", last)
	}),
	equal("a path parameter", func(p, stem string) string { return p + ";" + stem }),
}

func equal(name string, spell func(p, stem string) string) deceiver {
	return deceiver{name: name, kind: equalizes, gates: []pattern{{query: true, spell: spell}}}
}

// everyOther changes every other character, but none of what is percent-encoded.
func everyOther(p string, change func(string) string) string {
	var b strings.Builder
	for i := range len(p) {
		c := p[i : i+1]
		if i%2 == 0 && (i < 1 || p[i-1] != '%') && (i < 2 || p[i-2] != '%') {
			c = change(c)
		}
		b.WriteString(c)
	}
	return b.String()
}

// variantOf is u in this pattern, with a stem; nil where there is none.
func (f pattern) variantOf(u *url.URL, stem string) *url.URL {
	v := *u
	trimmed := strings.TrimRight(u.EscapedPath(), "/")
	if trimmed == "" {
		return nil
	}
	v.RawPath = f.spell(trimmed, stem)
	path, err := url.PathUnescape(v.RawPath)
	if err != nil || v.RawPath == trimmed {
		return nil
	}
	v.Path = path
	if f.query {
		return addQuery(&v, "bearcache="+stem)
	}
	return &v
}

// learnDeceivers finds out, on a few operations, which spellings the servers take for the path itself. What it asks
// counts for the scan and for no operation.
func (s *scanner) learnDeceivers(ctx context.Context) {
	list := slices.Clone(everywhere)
	if s.stores() {
		list = append(list, evasive...)
	}
	for _, p := range s.learners() {
		for _, d := range list {
			if !slices.ContainsFunc(s.learnt.deceivers, func(o deceiver) bool { return o.name == d.name }) && s.takes(ctx, p, d) {
				s.learnt.deceivers = append(s.learnt.deceivers, d)
			}
		}
	}
}

// takes reports whether a spelling is taken for p's path. Every server takes some other for the same: that is of interest where it
// leads past a rule.
func (s *scanner) takes(ctx context.Context, p *probe, d deceiver) bool {
	for _, f := range d.gates {
		u := f.variantOf(p.target, newSalt())
		asked := func(id *Identity) bool {
			e := s.courier.send(ctx, p.question(id, u))
			return e.err == nil && p.shows(e, p.Readers[0])
		}
		if u != nil && asked(p.Readers[0]) && (d.kind != equalizes || asked(p.Nobody)) {
			return true
		}
	}
	return false
}

// stores reports whether something was seen to be stored for more than one reader, or says so.
func (s *scanner) stores() bool {
	return s.mixing.Load() || slices.ContainsFunc(s.probes, func(p *probe) bool { return !p.private() && slices.ContainsFunc(p.Natural, (*exchange).hit) })
}

// distinctive reports whether the first reader's answer says something that can be recognised.
func (t *Trial) distinctive() bool {
	mine := contents(of(t.Readers[0], t.Natural))
	return len(mine) > 0 && len(common(mine, contents(of(t.Nobody, t.Natural)))) > 1
}

var cacheDeception = Check{
	Rule: finding.CacheDeception,
	Probe: func(ctx context.Context, p *probe) {
		if p.further || p.Operation.Method != "GET" || !p.private() || !p.distinctive() || p.leaks(p.Nobody) {
			return // what nobody gets under the natural URL needs no deception
		}
		before, ruled := *p.sent, make(map[kind]bool)
		if (p.learnt.try(below.name, p.server(), mostSegments) || oneself.MatchString(p.Operation.Path)) && p.deceived(ctx, below, ruled) {
			return
		}
		for _, d := range p.learnt.accepted(p.server()) {
			if *p.sent-before < mostDeceiving && p.learnt.try(d.name, p.server(), mostSpellings) && p.deceived(ctx, d, ruled) {
				return
			}
		}
	},
	Judge: func(t *Trial) []finding.Finding {
		for _, pair := range t.Pairs[finding.CacheDeception] {
			list := pair.reuse(finding.CacheDeception, func(s suspicion) bool { return s.observer == pair.Readers[1] })
			for i := range list {
				f := &list[i]
				f.Victim, f.Observer = pair.Readers[0].Name, pair.Readers[1].Name
				taken := "for a file that everybody may have"
				if slices.ContainsFunc(evasive, func(d deceiver) bool { return d.name == pair.spelling }) {
					taken = "for another than the one that it has a rule for"
				}
				f.Summary = fmt.Sprintf("With %s in its path, the response that was made for %s is stored and given to requests without credentials.", pair.spelling, f.Victim)
				f.Detail = "The origin takes that path for the operation's own; the cache takes it " + taken + ". A link to such a path, " +
					"sent to a user, stores that user's response for whoever asks next." + times(pair)
				if f.Confidence != finding.Confirmed {
					f.Severity = finding.Medium
				}
			}
			if len(list) > 0 {
				return list
			}
		}
		return nil
	},
}

func times(t *Trial) string {
	for _, c := range t.Controls {
		if n := len(c.entries); n > 1 {
			return fmt.Sprintf(" On %d paths in a row, each never used before, the content followed whoever came first.", n)
		}
	}
	return ""
}

// deceived tries a spelling, until it deceives a cache, in all its patterns. Those for further rules are tried for one spelling
// of a kind, on a few operations: the rules are the same for others.
func (p *probe) deceived(ctx context.Context, d deceiver, ruled map[kind]bool) bool {
	const rules = ", and further rules"
	accepted := false
	for i, f := range d.gates {
		taken, given := p.deceive(ctx, d, f, i == 0 && d.kind != equalizes)
		if given {
			p.learnt.took(d.name)
			return true
		}
		accepted = accepted || taken
	}
	if !accepted || ruled[d.kind] || !p.learnt.try(d.name+rules, p.server(), mostRules) {
		return false
	}
	ruled[d.kind] = true
	refused := false // what follows the path may hold no dots
	for _, f := range d.rules {
		taken, given := false, false
		if f.otherwise == nil || !refused {
			taken, given = p.deceive(ctx, d, f, false)
		}
		if f.otherwise != nil && !taken {
			refused = true
			_, given = p.deceive(ctx, d, *f.otherwise, false)
		}
		if given {
			p.learnt.took(d.name)
			p.learnt.took(d.name + rules)
			return true
		}
	}
	return false
}

// deceive lets a reader ask under a pattern of the path, twice if some cache may store from the second request on, and then
// nobody, and looks into it if nobody is given what the reader was. It reports whether the pattern was taken for the path.
func (p *probe) deceive(ctx context.Context, d deceiver, f pattern, twice bool) (accepted, given bool) {
	a := p.Readers[0]
	stem := func() *url.URL { return f.variantOf(p.target, newSalt()) }
	target := stem()
	if target == nil {
		return false, false
	}
	q := p.pair(finding.CacheDeception, target, a, p.Nobody, p.Marks)
	q.spelling, q.stems, q.stemmed = d.name, stem, true
	if !q.ask(ctx, a) || !p.shows(q.Natural[0], a) {
		return false, false
	}
	if twice && !q.ask(ctx, a) || !q.ask(ctx, p.Nobody) {
		return true, false
	}
	q.filled = q.Natural[:len(q.Natural):len(q.Natural)]
	q.controls(ctx)
	return true, len(q.reuse(finding.CacheDeception, func(suspicion) bool { return true })) > 0
}

// leaks reports whether an observer was proven to get what is another's.
func (t *Trial) leaks(observer *Identity) bool {
	for _, s := range t.suspicions() {
		if s.observer == observer && t.proofOf(s).verdict == leak {
			return true
		}
	}
	return false
}
