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
	safe = p.s.root.whole || len(p.list("no_cache")) > 0 && len(p.list("cache_bypass")) > 0 || own != nil && own.kind == "server"
	return []finding.Edit{place.followedBy(lines)}, fix, safe && v.sure == finding.Confirmed && !place.file.template
}

// followedBy adds directives behind one: each on a line of its own where the directive has one for itself, with a comment perhaps, and on
// the same line where others share that.
func (d *directive) followedBy(lines []string) finding.Edit {
	e := finding.Edit{File: d.file.path, Start: d.end, End: d.end}
	indent, alone := d.alone()
	if !alone {
		e.Text = " " + strings.Join(lines, " ")
		return e
	}
	rest, _ := d.restOfLine()
	e.Start += len(bytes.TrimRight(rest, " \t\r"))
	e.End = e.Start
	ending := "\n"
	if bytes.HasPrefix(d.file.text[e.Start:], []byte("\r\n")) {
		ending = "\r\n"
	}
	for _, line := range lines {
		e.Text += ending + indent + line
	}
	return e
}

// restOfLine is what stands behind a directive, without the end of the line. ends is false where it is longer than people write.
func (d *directive) restOfLine() (rest []byte, ends bool) {
	window := d.file.text[d.end:min(len(d.file.text), d.end+maxLine)]
	rest, _, ends = bytes.Cut(window, []byte("\n"))
	return rest, ends || d.end+len(rest) == len(d.file.text)
}

// maxLine bounds how far the ends of a line are looked for: a file of one line has many directives.
const maxLine = 1000

// alone reports whether a directive shares its lines with nothing but white space and a comment behind it, and what white space is before it.
func (d *directive) alone() (indent string, is bool) {
	before := d.file.text[max(0, d.start-maxLine):d.start]
	begin := bytes.LastIndexByte(before, '\n') + 1
	before = before[begin:]
	rest, ends := d.restOfLine()
	rest = bytes.TrimSpace(rest)
	if begin == 0 && d.start > maxLine || len(bytes.TrimLeft(before, " \t")) > 0 || !ends || len(rest) > 0 && rest[0] != '#' {
		return "", false
	}
	return string(before), true
}

// insertion is the directive behind which the lines go, and the block that it stands in.
func (p *site) insertion() (*directive, *scope) {
	place, own := p.nearestPlace()
	if place != nil && place == p.pass && !slices.Contains(own.items, place) { // it stands in an if, where nginx takes no conditions of a cache
		for _, d := range own.items {
			if own.node == nil || d.file == own.node.file {
				place = d
			}
		}
	}
	return place, own
}

func (p *site) nearestPlace() (*directive, *scope) {
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
