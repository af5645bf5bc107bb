package apache

import (
	"regexp"
	"slices"
	"strings"
)

// area is a part of the URLs of a site.
type area struct {
	path string // all are at or below it; "/" is everything
	// some: not all that is below the path, but what a pattern picks out of it. Who says something about the whole path speaks of it
	// too; whether two patterns mean the same cannot be told, unless they are one.
	some    *block
	words   string // the pattern, for what its words say
	static  bool   // files of the site's design: what they hold is the same for everybody
	files   bool   // files and scripts of this server, and nothing that it hands on to another
	forward bool   // of a proxy for its users
}

var everything = area{path: "/"}

// covers reports whether all of b is in a.
func (a area) covers(b area) bool {
	return (a.forward == b.forward || a == everything) && (a.some == nil || b.some.isIn(a.some)) && below(b.path, a.path)
}

// and is what is in both; ok is false where nothing is.
func (a area) and(b area) (both area, ok bool) {
	if a.forward != b.forward {
		return area{}, false
	}
	if below(a.path, b.path) {
		a, b = b, a
	}
	if !below(b.path, a.path) {
		return area{}, false
	}
	switch {
	case b.some == nil:
		b.some, b.words = a.some, a.words
	case a.some == nil || b.some.isIn(a.some):
	case a.some.isIn(b.some):
		b.some, b.words = a.some, a.words
	default:
		return area{}, false // as far as can be told
	}
	b.static, b.files = a.static || b.static, a.files || b.files
	return b, true
}

// isIn reports whether a block is another, or within it.
func (b *block) isIn(other *block) bool {
	for range deepest {
		if b == nil || b == other {
			break
		}
		b = b.parent
	}
	return b == other
}

const deepest = 30 // sections within sections; people need three

// below reports whether a path is another, or under it.
func below(path, other string) bool {
	other = strings.TrimSuffix(other, "/")
	rest, ok := strings.CutPrefix(path, other)
	return ok && (rest == "" || rest[0] == '/')
}

// of is the area of a path, or of a URL as CacheEnable has it.
func of(path string) area {
	scheme, rest, isURL := strings.Cut(path, "://")
	if !isURL && strings.HasSuffix(path, ":") {
		scheme, isURL = strings.TrimSuffix(path, ":"), true
	}
	if isURL && scheme != "" {
		// A CacheEnable of URLs is for a forward proxy.
		host, path, _ := strings.Cut(rest, "/")
		return area{path: "/" + strings.Trim(host+"/"+path, "/*"), forward: true, static: static(path)}
	}
	if !strings.HasPrefix(path, "/") || made(path) {
		return area{path: "/", words: path}
	}
	return area{path: path, static: static(path)}
}

// matching is the area of a regular expression.
func matching(pattern string, b *block) area {
	literal, all := prefixOf(pattern)
	a := area{path: literal, words: pattern, static: static(literal) || staticPattern(pattern)}
	if !all {
		a.some = b
	}
	return a
}

// prefixOf is the path that all matches of a regular expression are below, and whether all that is below it matches.
func prefixOf(pattern string) (path string, all bool) {
	rest, anchored := strings.CutPrefix(strings.TrimPrefix(pattern, "(?i)"), "^")
	if !anchored || !strings.HasPrefix(rest, "/") {
		return "/", rest == "" || rest == ".*"
	}
	n := strings.IndexAny(rest, `\.[]()*+?{}|^$`)
	if n < 0 {
		return rest, true
	}
	literal, rest := rest[:n], rest[n:]
	all = slices.Contains([]string{".*", "(.*)", "(/|$)", "(/.*)?$", "(/.*)?", "(?:/|$)", ".*$", "(.*)$", "?(.*)", "?(.*)$"}, rest)
	if !all && !strings.HasSuffix(literal, "/") || strings.HasPrefix(rest, "?") || strings.HasPrefix(rest, "*") {
		// What follows may go on with the last name, or take its last character away.
		literal = literal[:strings.LastIndexByte(literal, '/')+1]
	}
	return literal, all
}

var (
	staticNames = words("static assets css js img images image media fonts font dist build themes icons vendor resources webjars " +
		"node_modules _next _nuxt javascript stylesheets scripts tiles favicon.ico robots.txt")
	staticEnds = words("css js mjs map png jpg jpeg jpe gif svg svgz webp avif ico bmp tif tiff woff woff2 ttf ttc otf eot swf mp3 mp4 ogg " +
		"webm wav avi mov flv txt pdf html htm xhtml wasm gz zip")
	extensions = regexp.MustCompile(`\\\.\(?(?:\?i:|\?:)?([a-z0-9?|]+)\)?\)?\$?`)
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// static reports whether a path is one of the files of the site's design.
func static(path string) bool {
	for name := range strings.SplitSeq(strings.ToLower(path), "/") {
		if staticNames[name] {
			return true
		}
	}
	return staticEnds[strings.ToLower(endOf(path))]
}

func endOf(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[i+1:]
	}
	return ""
}

// staticPattern reports whether a regular expression takes nothing but ends of such files.
func staticPattern(pattern string) bool {
	lists := extensions.FindAllStringSubmatch(strings.ToLower(pattern), -1)
	for _, list := range lists {
		for end := range strings.SplitSeq(list[1], "|") {
			// "jpe?g" is one with and one without.
			if with, without := strings.ReplaceAll(end, "?", ""), optional(end); !staticEnds[with] || !staticEnds[without] {
				return false
			}
		}
	}
	return len(lists) > 0
}

// optional is a word without the characters that a "?" follows.
func optional(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '?' && (i+1 == len(s) || s[i+1] != '?') {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// staticGlob reports whether a name of <Files> takes nothing but such files.
func staticGlob(glob string) bool { return staticEnds[strings.ToLower(endOf(glob))] }
