package audit

import (
	"bytes"
	"path"
	"strings"
)

// ignoreFile is what one .gitignore, or .git/info/exclude, says of the files under its directory.
type ignoreFile struct {
	base  string // the directory, relative to the root of the tree; "." is the root
	rules []ignoreRule
}

// ignoreRule is one pattern, taken apart (gitignore(5)).
type ignoreRule struct {
	again    bool     // "!": what an earlier pattern ignores is taken again
	dirOnly  bool     // it ended with a slash
	anywhere bool     // it has no slash, and so is held against the last name of a path
	segments []string // between slashes; "**" is any number of them
}

// parseIgnore reads patterns, one a line.
func parseIgnore(base string, text []byte) ignoreFile {
	f := ignoreFile{base: base}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for line := range bytes.Lines(text) {
		if rule, ok := parseIgnoreRule(lineOf(line)); ok {
			f.rules = append(f.rules, rule)
		}
	}
	return f
}

// lineOf is a line without its end. A CR is part of the end only before an LF.
func lineOf(line []byte) string {
	whole, ended := bytes.CutSuffix(line, []byte("\n"))
	if ended {
		whole = bytes.TrimSuffix(whole, []byte("\r"))
	}
	return string(whole)
}

func parseIgnoreRule(line string) (r ignoreRule, ok bool) {
	if strings.HasPrefix(line, "#") {
		return r, false
	}
	line, r.again = strings.CutPrefix(trimTrailing(line), "!")
	line, r.dirOnly = strings.CutSuffix(line, "/")
	r.anywhere = !strings.Contains(line, "/")
	if line = strings.TrimPrefix(line, "/"); line == "" {
		return r, false
	}
	r.segments = split(line)
	return r, true
}

// trimTrailing takes away the spaces at the end of a pattern that no backslash keeps.
func trimTrailing(s string) string {
	end := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			end = i + 1
		} else if s[i] != ' ' {
			end = i + 1
		}
	}
	return s[:end]
}

// split divides a pattern at the slashes that are not within brackets.
func split(pattern string) (segments []string) {
	start := 0
	for i := 0; i < len(pattern); {
		switch pattern[i] {
		case '[':
			i = max(i+1, classEnd(pattern, i))
		case '\\':
			if i+1 < len(pattern) && pattern[i+1] == '/' { // a slash is one with a backslash too
				segments = append(segments, pattern[start:i])
				start = i + 2
			}
			i += 2
		case '/':
			segments = append(segments, pattern[start:i])
			i++
			start = i
		default:
			i++
		}
	}
	return append(segments, pattern[min(start, len(pattern)):])
}

// match reports whether the pattern is about a file, and dir whether that is a directory.
func (r ignoreRule) match(name string, dir bool) bool {
	if r.dirOnly && !dir {
		return false
	}
	if r.anywhere {
		return glob(r.segments[0], path.Base(name))
	}
	return globPath(r.segments, strings.Split(name, "/"))
}

// ignored reports whether the last pattern that is about a file ignores it. Files come in the order in which later ones win. What is
// above the file is not asked about: whoever walks a tree does not enter a directory that is ignored.
func ignored(files []ignoreFile, name string, dir bool) bool {
	for i := len(files) - 1; i >= 0; i-- {
		under := name
		if files[i].base != "." {
			var ok bool
			if under, ok = strings.CutPrefix(name, files[i].base+"/"); !ok {
				continue
			}
		}
		for j := len(files[i].rules) - 1; j >= 0; j-- {
			if r := files[i].rules[j]; r.match(under, dir) {
				return !r.again
			}
		}
	}
	return false
}

// globPath holds the segments of a pattern against those of a path. Like glob, it goes back to the last "**" only: the first place
// at which the rest fits is as good as any, so time is the product of the lengths at most.
func globPath(pattern, names []string) bool {
	p, n, star, from := 0, 0, -1, 0
	for n < len(names) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, from = p, n
			if p++; p == len(pattern) {
				return true // and something is below, or beside where the pattern is nothing else
			}
		case p < len(pattern) && glob(pattern[p], names[n]):
			p++
			n++
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return p == len(pattern)
}

// glob holds a pattern without slashes against a name, byte by byte as Git does.
func glob(pattern, name string) bool {
	p, n, star, from := 0, 0, -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, n
			p++
			continue
		}
		if width := one(pattern[p:], name[n]); width > 0 {
			p += width
			n++
			continue
		}
		if star < 0 {
			return false
		}
		from++
		p, n = star+1, from
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// one is how many bytes of a pattern match the byte c; 0: it does not match.
func one(pattern string, c byte) int {
	if pattern == "" {
		return 0
	}
	switch pattern[0] {
	case '?':
		return 1
	case '[':
		end := classEnd(pattern, 0)
		if end > 0 && inClass(pattern[1:end-1], c) {
			return end
		}
		return 0 // an open bracket matches nothing
	case '\\':
		if len(pattern) > 1 && pattern[1] == c {
			return 2
		}
		return 0
	}
	if pattern[0] == c {
		return 1
	}
	return 0
}

// classEnd is where the bracket that opens at i has closed; 0: nowhere.
func classEnd(pattern string, i int) int {
	j := i + 1
	if j < len(pattern) && (pattern[j] == '!' || pattern[j] == '^') {
		j++
	}
	for first := true; j < len(pattern); first = false {
		switch {
		case pattern[j] == ']' && !first:
			return j + 1
		case pattern[j] == '\\':
			j += 2
		case strings.HasPrefix(pattern[j:], "[:"):
			if end := strings.Index(pattern[j+2:], ":]"); end >= 0 && !strings.Contains(pattern[j+2:j+2+end], "]") {
				j += 2 + end + 2
			} else {
				j++
			}
		default:
			j++
		}
	}
	return 0
}

// inClass reports whether c is in what stands between brackets.
func inClass(class string, c byte) bool {
	negated := false
	if class != "" && (class[0] == '!' || class[0] == '^') {
		negated, class = true, class[1:]
	}
	in := false
	for i := 0; i < len(class); {
		if strings.HasPrefix(class[i:], "[:") {
			if end := strings.Index(class[i+2:], ":]"); end >= 0 && !strings.Contains(class[i+2:i+2+end], "]") {
				member := classes[class[i+2:i+2+end]]
				if member == nil {
					return false // Git has a pattern with an unknown class match nothing
				}
				in = in || member(c)
				i += 2 + end + 2
				continue
			}
		}
		low, width := classByte(class[i:])
		i += width
		high := low
		if i+1 < len(class) && class[i] == '-' {
			high, width = classByte(class[i+1:])
			i += 1 + width
		}
		in = in || c == low || low <= c && c <= high // low by itself: of a range that goes down Git takes that
	}
	return in != negated
}

func classByte(class string) (c byte, width int) {
	if class[0] == '\\' && len(class) > 1 {
		return class[1], 2
	}
	return class[0], 1
}

var classes = map[string]func(byte) bool{
	"alnum": func(c byte) bool { return letter(c) || digit(c) }, "alpha": letter, "digit": digit,
	"blank": func(c byte) bool { return c == ' ' || c == '\t' }, "space": func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' },
	"cntrl": func(c byte) bool { return c < ' ' || c == 0x7f }, "print": func(c byte) bool { return c >= ' ' && c < 0x7f },
	"graph": func(c byte) bool { return c > ' ' && c < 0x7f }, "lower": func(c byte) bool { return c >= 'a' && c <= 'z' },
	"upper":  func(c byte) bool { return c >= 'A' && c <= 'Z' },
	"punct":  func(c byte) bool { return c > ' ' && c < 0x7f && !letter(c) && !digit(c) },
	"xdigit": func(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' },
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
