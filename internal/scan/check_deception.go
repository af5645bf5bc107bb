package scan

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// A deceiver spells a path so that some server takes it for the path itself, and some cache for a file that
// everybody may have. Each spelling has a stem in it, or in its query, that was never used before: it is nobody's
// real URL.
type deceiver struct {
	name      string // of the class, after PortSwigger's of 2024
	spell     func(escapedPath, stem string) string
	query     bool   // the stem stands in the query
	delimiter string // what ends the path for the origin; "": nothing does
}

// suffix has the server ignore what follows behind another segment, as routes with a catch-all do.
func suffix(extension string) deceiver {
	return deceiver{name: "another segment that ends in " + extension, spell: func(p, stem string) string { return strings.TrimRight(p, "/") + "/" + stem + extension }}
}

func delimited(delimiter, what string) deceiver {
	return deceiver{name: what, delimiter: delimiter, spell: func(p, stem string) string { return strings.TrimRight(p, "/") + delimiter + stem + ".css" }}
}

// with is d with another extension, where d ends in one behind a delimiter.
func (d deceiver) with(extension string) deceiver {
	delimiter := d.delimiter
	d.spell = func(p, stem string) string { return strings.TrimRight(p, "/") + delimiter + stem + extension }
	return d
}

// everywhere is a property of the servers, and not of a single route: it is tried on one operation first.
var everywhere = []deceiver{
	delimited(";", "the delimiter ;"),
	delimited("%3b", "the delimiter ;, encoded"),
	delimited("%23", "the delimiter #, encoded"),
	delimited("%3f", "the delimiter ?, encoded"),
	delimited("%00", "a zero byte"),
	delimited("%0a", "a line feed"),
	delimited("%2f", "a slash, encoded"),
	{"an extension", func(p, _ string) string { return strings.TrimRight(p, "/") + ".css" }, true, ""},
	{"a directory of static files, left by an encoded ..", func(p, _ string) string { return "/static/..%2f" + strings.TrimPrefix(p, "/") }, true, ""},
	{"a directory of assets, left by an encoded ..", func(p, _ string) string { return "/assets/..%2f" + strings.TrimPrefix(p, "/") }, true, ""},
}

// extensions are tried where a route ignores another segment, since caches differ in which they take for static.
var extensions = []string{".css", ".js", ".png", ".ico", ".svg", ".woff2", ".pdf", ".csv"}

// variantOf is u in a deceiver's spelling, with a stem.
func (d deceiver) variantOf(u *url.URL, stem string) *url.URL {
	v := *u
	v.RawPath = d.spell(u.EscapedPath(), stem)
	path, err := url.PathUnescape(v.RawPath)
	if err != nil {
		return nil
	}
	v.Path = path
	if d.query {
		return addQuery(&v, "bearcache="+stem)
	}
	return &v
}

// learnDeceivers finds out, on one operation, which spellings the servers take for the path itself. What it asks
// counts for the scan and for no operation.
func (s *scanner) learnDeceivers(ctx context.Context) {
	for _, p := range s.probes {
		if p.err != nil || p.Operation.Method != "GET" || !p.private() || !p.distinctive() {
			continue
		}
		for _, d := range everywhere {
			e := s.courier.send(ctx, p.question(p.Readers[0], d.variantOf(p.target, newSalt())))
			if e.err != nil && ctx.Err() != nil {
				return
			}
			if e.err == nil && p.shows(e, p.Readers[0]) {
				s.learnt.deceivers = append(s.learnt.deceivers, d)
			}
		}
		return
	}
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
		a := p.Readers[0]
		const below = "another segment"
		if p.shows(p.tell(ctx, finding.CacheDeception, p.question(a, suffix(".css").variantOf(p.target, newSalt()))), a) && p.learnt.trySpelling(below) {
			for i, extension := range extensions {
				if p.deceive(ctx, suffix(extension), a, i == 0) {
					p.learnt.spellingTaken(below)
					return
				}
			}
		}
		for _, d := range p.learnt.accepted() {
			if !p.learnt.trySpelling(d.name) {
				continue
			}
			if p.deceive(ctx, d, a, true) || d.delimiter != "" && slices.ContainsFunc(extensions[1:4], func(extension string) bool { return p.deceive(ctx, d.with(extension), a, false) }) {
				p.learnt.spellingTaken(d.name)
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
				f.Summary = fmt.Sprintf("With %s in its path, the response that was made for %s is stored and given to requests without credentials.", pair.spelling, f.Victim)
				f.Detail = "The origin takes that path for the operation's own; the cache takes it for a file that everybody may have. A link to such a path, " +
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

// deceive lets a reader ask under a spelling of the path, twice if some cache may store from the second request on, and then
// nobody, and looks into it if nobody is answered.
func (p *probe) deceive(ctx context.Context, d deceiver, a *Identity, twice bool) bool {
	stem := func() *url.URL { return d.variantOf(p.target, newSalt()) }
	target := stem()
	if target == nil {
		return true
	}
	q := p.pair(finding.CacheDeception, target, a, p.Nobody, p.Marks)
	q.spelling, q.stems, q.stemmed = d.name, stem, true
	cast := []*Identity{a, a, p.Nobody}
	if !twice {
		cast = cast[1:]
	}
	for _, id := range cast {
		if !q.ask(ctx, id) {
			return false
		}
		if !q.Natural[0].ok() {
			return false
		}
	}
	q.controls(ctx)
	return len(q.reuse(finding.CacheDeception, func(suspicion) bool { return true })) > 0
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
