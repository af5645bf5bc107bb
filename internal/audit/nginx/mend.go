package nginx

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// mend computes the lines that keep requests with credentials out of the cache, the sentence that says so, and whether these may be
// written without a question: where they add conditions to those that hold, and we see all of those.
func (p *site) mend(v verdict) (edits []finding.Edit, fix string, safe bool) {
	if p.checkedBy() != nil && v.sign.with == anyCredentials {
		return nil, fmt.Sprintf("Put what the check looks at into the key: %s_cache_key \"$http_authorization$http_cookie\";", p.family), false
	}
	wanted := p.conditions(v)
	fix = fmt.Sprintf("Keep requests with credentials out of the cache: %s_cache_bypass %s; %[1]s_no_cache %[2]s;", p.family, strings.Join(wanted, " "))
	// Lines of the innermost block that has any replace all those around it: where the new ones go, the others go, too.
	place, own := p.insertion()
	if place == nil {
		return nil, fix, false
	}
	var lines []string
	for _, name := range []string{p.family + "_cache_bypass", p.family + "_no_cache"} {
		words := slices.Clone(wanted)
		if len(own.byName[name]) == 0 {
			for _, d := range own.list(name) {
				for _, w := range d.words[1:] {
					words = append(words, string(d.file.text[w.start:w.end]))
				}
			}
		}
		words = missing(words, own.byName[name])
		if len(words) > 0 {
			lines = append(lines, name+" "+strings.Join(words, " ")+";")
		}
	}
	if len(lines) == 0 {
		return nil, fix, false
	}
	indent := indentOf(place)
	text := ""
	for _, line := range lines {
		text += "\n" + indent + line
	}
	safe = p.s.root.whole || len(p.list("no_cache")) > 0 && len(p.list("cache_bypass")) > 0 || own != nil && own.kind == "server"
	return []finding.Edit{{File: place.file.path, Start: place.end, End: place.end, Text: text}}, fix, safe && !place.file.template
}

// insertion is the directive behind which the lines go, and the block that it stands in.
func (p *site) insertion() (*directive, *scope) {
	if slices.Contains(p.s.byName[p.family+"_cache"], p.cache) {
		return p.cache, p.s
	}
	for s := p.s; s != nil; s = s.parent {
		if len(s.byName[p.family+"_no_cache"]) > 0 || len(s.byName[p.family+"_cache_bypass"]) > 0 {
			return p.pass, p.s // further out these conditions would be replaced
		}
		if slices.Contains(s.byName[p.family+"_cache"], p.cache) {
			return p.cache, s
		}
	}
	return p.pass, p.s
}

// conditions are the variables by which requests with credentials are known here.
func (p *site) conditions(v verdict) (list []string) {
	with := v.sign.with & p.reaches()
	add := func(kind credentials, name string) {
		if with&kind != 0 && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if v.sign.with == anyCredentials {
		with |= byAuthorization | byCookie
	}
	add(byAuthorization, "$http_authorization")
	add(byBasic, "$http_authorization")
	add(byCookie, "$http_cookie")
	if v.sign.with == anyCredentials {
		return list
	}
	for _, name := range p.lookedUp(v) {
		list = append(list, "$"+name)
	}
	if len(list) == 0 {
		list = []string{"$http_authorization", "$http_cookie"}
	}
	return list
}

// lookedUp are variables of the line that is the sign, where that is about neither Authorization nor cookies.
func (p *site) lookedUp(v verdict) (list []string) {
	if v.sign.with&(byKey|byCert|byArgument|byCheck) == 0 {
		return nil
	}
	for s := p.s; s != nil; s = s.parent {
		for _, d := range s.items {
			if d.file.path != v.sign.place.File || d.line() != v.sign.place.Line || d.opens || !p.t.spend(1) {
				continue
			}
			for _, name := range variables(strings.Join(d.args(), " ")) {
				if p.differs(v.sign.with, "$"+name) && !slices.Contains(list, name) {
					list = append(list, name)
				}
			}
		}
	}
	return list
}

// missing are the words that the directives do not have yet.
func missing(words []string, have []*directive) (list []string) {
	for _, w := range words {
		if !slices.Contains(list, w) && !slices.ContainsFunc(have, func(d *directive) bool { return slices.Contains(d.args(), w) }) {
			list = append(list, w)
		}
	}
	return list
}

// indentOf is the white space before a directive, where nothing else stands there.
func indentOf(d *directive) string {
	before := d.file.text[max(0, d.start-80):d.start]
	n := bytes.LastIndexByte(before, '\n')
	line := before[n+1:]
	if n < 0 && d.start > 80 || len(bytes.TrimLeft(line, " \t")) > 0 {
		return "    "
	}
	return string(line)
}
