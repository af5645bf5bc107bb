package apache

import (
	"fmt"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// fault is a way in which mod_cache comes to give one caller's answer to another.
type fault struct {
	summary func(t *target, d directive) string
	detail  string
	fix     func(t *target, d directive) string
	edit    func(d directive, text []byte) *finding.Edit
}

var storesPrivate = fault{
	summary: func(t *target, _ directive) string {
		return "mod_cache stores what the origin marks private under " + t.where() + ", and gives it to everybody."
	},
	detail: "Cache-Control: private says that the answer is for one reader alone. With CacheStorePrivate On mod_cache stores it under the URL, and answers whoever asks " +
		"next from it. The Authorization field does not protect callers who say who they are by a cookie or a certificate, nor answers that say s-maxage or must-revalidate too.",
	fix: func(*target, directive) string {
		return "Say CacheStorePrivate Off, or leave it out: that is the default."
	},
	edit: sayOff,
}

var storesNoStore = fault{
	summary: func(t *target, _ directive) string {
		return "mod_cache stores what the origin forbids to store under " + t.where() + ", where answers depend on who asks."
	},
	detail: "An origin that says no-store of an answer to a caller whom it knows protects that caller. With CacheStoreNoStore On mod_cache stores it under the URL, and answers " +
		"whoever asks next from it.",
	fix: func(*target, directive) string {
		return "Say CacheStoreNoStore Off, or leave it out: that is the default."
	},
	edit: sayOff,
}

var quickHandler = fault{
	summary: func(t *target, _ directive) string {
		return "mod_cache answers for " + t.where() + " before httpd asks who the caller is: what was stored for one is given to everybody, with a login or without."
	},
	detail: "CacheQuickHandler is on where nothing else is said: the cache comes before authentication and authorization. It leaves requests with an Authorization field alone, and " +
		"knows no other sign of a caller: here callers show a cookie or a certificate.",
	fix: func(t *target, _ directive) string {
		return "Leave " + t.where() + " out of the cache (CacheDisable, outside of any section), or say Cache-Control: private on its answers; CacheQuickHandler Off alone lets only those in who are admitted, and gives them each other's answers."
	},
}

var released = fault{
	summary: func(t *target, _ directive) string {
		return "Header releases the answers under " + t.where() + " to everybody, and mod_cache stores them under the URL alone."
	},
	detail: "mod_cache stores the answer to a request with credentials where Cache-Control says public, s-maxage, must-revalidate or proxy-revalidate (RFC 9111 §3.5). Said here, for all " +
		"answers at once, it replaces what the origin says of each, and Vary does not name what tells callers apart.",
	fix: func(*target, directive) string {
		return "Say private in place of what releases the answers, or leave the field to the origin, or switch the cache off there."
	},
	edit: sayPrivate,
}

var releasedAll = fault{
	summary: func(*target, directive) string {
		return "Header releases all answers of the site to everybody, and mod_cache stores them under the URL alone."
	},
	detail: "With CacheQuickHandler Off mod_cache looks requests with an Authorization field up like all others, and stores the answer where Cache-Control says public, s-maxage, must-revalidate " +
		"or proxy-revalidate (RFC 9111 §3.5). Said here, it takes the place of what the origin says of each answer, private and no-store included: what the first caller with a token or a session gets, all get.",
	fix: func(*target, directive) string {
		return "Leave the field to the origin, or say it of the parts alone whose answers are everybody's, in a section."
	},
	edit: sayPrivate,
}

var refusalRemoved = fault{
	summary: func(t *target, _ directive) string {
		return "Header takes away the Cache-Control by which the origin keeps answers under " + t.where() + " out of caches."
	},
	detail: "mod_cache sees the field as Header leaves it. Without private and no-store it stores the answers to callers who say who they are by a cookie, and gives them to everybody.",
	fix:    func(*target, directive) string { return "Leave Cache-Control as the origin sends it." },
	edit:   takeAway,
}

var fieldRemoved = fault{
	summary: func(t *target, _ directive) string {
		return "The Authorization field is removed before mod_cache looks at the requests for " + t.where() + ", and the origin still learns who asks: answers are stored as if they were everybody's."
	},
	detail: "mod_cache stores the answer to a request with Authorization only where Cache-Control releases it. Here the field is gone by the time it looks, so that any answer which is fresh, or " +
		"has a validator, is stored under the URL and given to all other callers.",
	fix: func(*target, directive) string {
		return "Say Header set Cache-Control private there, or name in Vary the field by which the origin learns who asks, or switch the cache off there."
	},
}

var varyRemoved = fault{
	summary: func(t *target, _ directive) string {
		return "Header takes away the Vary by which the origin keeps the answers of callers under " + t.where() + " apart."
	},
	detail: "mod_cache keeps answers apart by what Vary names, and sees the field as Header leaves it.",
	fix:    func(*target, directive) string { return "Leave Vary as the origin sends it; Header merge adds to it." },
	edit:   takeAway,
}

// where is the part of the site in words.
func (t *target) where() string {
	switch {
	case t.at.some != nil:
		return printable(t.at.some.label)
	case t.at.forward:
		return "the URLs of the forward proxy"
	}
	return printable(t.at.path)
}

func (j *judge) blame(t *target, d directive, confidence finding.Confidence, f fault, notes ...finding.Place) {
	rule := finding.ApacheUnkeyedAuthorization
	source := &finding.Source{
		Place:   finding.Place{File: d.file, Line: d.line},
		EndLine: d.last,
		Symbol:  "server",
		Trace:   append(j.trace(t, d), notes...),
		Fix:     f.fix(t, d),
	}
	if in := d.block.section(); in != nil {
		source.Symbol = in.label
		if in.file == d.file && in.last > d.last {
			source.EndLine = in.last
		}
	}
	if f.edit != nil {
		if edit := f.edit(d, j.text(d.file)); edit != nil {
			edit.File = d.file
			source.Edits = []finding.Edit{*edit} // never without a question: all that is blamed may be meant of answers that are everybody's
		}
	}
	j.found(finding.Finding{
		Rule: rule, Severity: rule.Severity, Confidence: confidence,
		Summary: f.summary(t, d), Detail: f.detail, Source: source,
	})
}

// section is the innermost section that is about a part of the site, or the site.
func (b *block) section() *block {
	for b != nil && (strings.HasPrefix(b.label, "<If") || strings.HasPrefix(b.label, "<Else")) {
		b = b.parent
	}
	return b
}

func note(d directive, text string) finding.Place {
	return finding.Place{File: d.file, Line: d.line, Note: text}
}

// trace is what makes it so, in the order of a request: the cache, where it stands, who asks for callers, and who answers.
func (j *judge) trace(t *target, blamed directive) (list []finding.Place) {
	if t.enable.line != blamed.line || t.enable.file != blamed.file {
		list = append(list, note(t.enable.directive, "mod_cache is enabled here for "+printable(t.enable.area.path)))
	}
	switch {
	case j.late && j.quick == nil:
		list = append(list, note(t.enable.directive, "which is in effect in a section with CacheQuickHandler Off: that is taken to be said elsewhere"))
	case j.late:
		list = append(list, note(*j.quick, "and looks requests with Authorization up like all others"))
	case j.quick != nil:
		list = append(list, note(*j.quick, "and answers before authentication"))
	}
	seen := 0
	for _, s := range t.shown {
		if seen++; seen > 3 {
			break
		}
		text := "callers show here who they are"
		if s.module != "" {
			text = s.module + " asks callers here who they are"
		} else if s.by == authorization {
			text = "the origin is to see the Authorization field"
		}
		list = append(list, note(s.directive, text))
	}
	made := "the answers are made here, for each request"
	if t.word != "" {
		made += fmt.Sprintf("; that they depend on who asks is taken from the name %q", t.word)
	}
	switch {
	case t.origin != nil:
		list = append(list, note(t.origin.directive, made))
	case t.word != "":
		list = append(list, note(t.enable.directive, made))
	}
	return list
}

// sayOff puts Off in the place of On.
func sayOff(d directive, text []byte) *finding.Edit {
	if len(d.args) == 0 || d.args[0].end == 0 || d.args[0].end > len(text) {
		return nil
	}
	return &finding.Edit{Start: d.args[0].start, End: d.args[0].end, Text: "Off"}
}

// sayPrivate puts private in the place of what releases.
func sayPrivate(d directive, text []byte) *finding.Edit {
	for _, w := range d.args {
		_, public := membersOf("cache-control", strings.ToLower(w.text))["public"]
		_, shared := membersOf("cache-control", strings.ToLower(w.text))["s-maxage"]
		if !public && !shared || w.end == 0 || w.end > len(text) || made(w.text) {
			continue
		}
		if value := withheld(w.text); value != "" && !strings.ContainsAny(value, "\"\\\n") {
			return &finding.Edit{Start: w.start, End: w.end, Text: `"` + value + `"`}
		}
	}
	return nil
}

// takeAway removes the directive, with its line where it has that for itself.
func takeAway(d directive, text []byte) *finding.Edit {
	start, stop := d.start, d.stop
	if stop > len(text) || start >= stop {
		return nil
	}
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	if stop < len(text) && text[stop] == '\r' {
		stop++
	}
	if stop < len(text) && text[stop] == '\n' {
		stop++
	}
	return &finding.Edit{Start: start, End: stop}
}
