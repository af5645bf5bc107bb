package apache

import (
	"path"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
)

// block is a section, as often as it is read: what it is in, and what of the site it is about.
type block struct {
	parent *block // nil: the server itself, or a .htaccess
	vhost  *block // the <VirtualHost> it is in, or is; nil: none
	label  string // as it stands there: "<Location /api>"
	file   string
	line   int
	last   int // of its closing tag
	area   area
	rank   int    // httpd merges sections by their kind: what has a higher rank comes later
	when   string // a condition for its requests
	off    bool   // it is never in effect
}

// Ranks of sections, in the order in which httpd merges what they say.
const (
	rankServer = iota
	rankVhost
	rankDirectory
	rankFiles
	rankLocation
)

// directive is one in effect in a server.
type directive struct {
	item
	file  string
	block *block
}

// server is what one httpd reads: a file with all it includes, or the files of a directory such as /etc/apache2.
type server struct {
	all   []directive
	hosts []*block // its <VirtualHost>s, in order
	whole bool     // nothing was left out for its size
	root  bool     // with the file that httpd begins with: it says all that there is
}

// source is a file, taken apart.
type source struct {
	file  audit.File
	items []item
}

// Bounds of what is read of a server. Beyond them it is no configuration but an attack on its reader.
const (
	maxDirectives = 200_000
	maxIncludes   = 12
	maxGlobs      = 1000
	maxPattern    = 500
	maxValue      = 4000 // of a variable
)

// assembly reads the files of a server, in the order of its Includes.
type assembly struct {
	sources []source
	byPath  map[string]int
	byName  map[string][]int // of the last name of a path, for the paths of the machine it is made for
	defined map[string]string
	macros  map[string]macro
	reading []int // files under way: none includes itself
	globs   int   // patterns that were held against all files
	server  *server
}

type macro struct {
	parameters []string
	items      []item
	file       string
}

func newAssembly(sources []source) *assembly {
	a := &assembly{sources: sources, byPath: map[string]int{}, byName: map[string][]int{}}
	for i, s := range sources {
		a.byPath[s.file.Path] = i
		name := path.Base(s.file.Path)
		a.byName[name] = append(a.byName[name], i)
	}
	return a
}

// read is the server that reads these files one after the other.
func (a *assembly) read(files []int) *server {
	a.globs, a.defined, a.macros, a.server = 0, map[string]string{}, map[string]macro{}, &server{whole: true}
	for _, i := range files {
		var top *block
		if path.Base(a.sources[i].file.Path) == ".htaccess" {
			top = &block{label: ".htaccess", file: a.sources[i].file.Path, line: 1, rank: rankDirectory}
			top.area = area{path: "/", some: top, files: true}
		}
		a.readFile(i, top)
	}
	return a.server
}

func (a *assembly) readFile(i int, within *block) {
	if len(a.reading) >= maxIncludes || slices.Contains(a.reading, i) {
		return
	}
	a.reading = append(a.reading, i)
	a.readItems(a.sources[i].items, a.sources[i].file.Path, within)
	a.reading = a.reading[:len(a.reading)-1]
}

// readItems takes up the directives of a file, or of a macro.
func (a *assembly) readItems(items []item, file string, within *block) {
	open := []*block{within}
	for i := 0; i < len(items); i++ {
		it := items[i]
		here := open[len(open)-1]
		switch it.kind {
		case opening:
			if it.name == "macro" {
				i = a.define(items, i, file)
				continue
			}
			open = append(open, a.enter(a.filled(it), file, here))
		case closing:
			if len(open) > 1 {
				here.last = it.line
				open = open[:len(open)-1]
			}
		default:
			if here == nil || !here.off {
				a.take(a.filled(it), file, here)
			}
		}
	}
	for _, b := range open[1:] { // that nothing closes
		b.last = max(b.line, items[len(items)-1].last)
	}
}

// take takes up one directive, or what it stands for.
func (a *assembly) take(it item, file string, within *block) {
	if a.server.whole = a.server.whole && len(a.server.all) < maxDirectives; !a.server.whole {
		return
	}
	switch it.name {
	case "define":
		if len(it.arg(1)) <= maxValue {
			a.defined[it.arg(0)] = it.arg(1)
		}
	case "undefine":
		delete(a.defined, it.arg(0))
	case "include", "includeoptional":
		for _, i := range a.included(it.arg(0), file) {
			a.readFile(i, within)
		}
	case "use":
		a.use(it, within)
	case "serverroot":
		a.server.root = true
	}
	a.server.all = append(a.server.all, directive{item: it, file: file, block: within})
}

// filled is the directive with the values of its ${variables}.
func (a *assembly) filled(it item) item {
	for i, w := range it.args {
		if strings.Contains(w.text, "${") {
			it.args = slices.Clone(it.args)
			it.args[i].text = a.value(w.text)
		}
	}
	return it
}

func (a *assembly) value(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if b.Len() > maxValue { // values may hold values
			return b.String() + "${" + rest
		}
		name, _, closed := strings.Cut(rest[:min(len(rest), maxPattern)], "}")
		if value, ok := a.defined[name]; ok && closed {
			b.WriteString(value)
			text = rest[len(name)+1:]
			continue
		}
		b.WriteString("${")
		text = rest
	}
}

// define keeps a macro, and returns where its section ends.
func (a *assembly) define(items []item, i int, file string) int {
	depth, end := 1, i+1
	for ; end < len(items); end++ {
		if items[end].name != "macro" {
			continue
		}
		if items[end].kind == opening {
			depth++
		} else if items[end].kind == closing {
			if depth--; depth == 0 {
				break
			}
		}
	}
	if name := strings.ToLower(items[i].arg(0)); name != "" {
		a.macros[name] = macro{parameters: items[i].texts(1), items: items[i+1 : min(end, len(items))], file: file}
	}
	return end
}

// use takes up the directives of a macro, each where it stands in the macro.
func (a *assembly) use(it item, within *block) {
	m, ok := a.macros[strings.ToLower(it.arg(0))]
	if !ok || len(m.items) == 0 || len(a.reading) >= maxIncludes {
		return
	}
	var pairs []string
	for i, parameter := range m.parameters {
		if parameter != "" {
			pairs = append(pairs, parameter, it.arg(i+1))
		}
	}
	fill := strings.NewReplacer(pairs...)
	items := make([]item, len(m.items))
	if a.server.whole = len(items)+len(a.server.all) <= maxDirectives; !a.server.whole {
		return
	}
	for i, of := range m.items {
		items[i] = of
		items[i].args = make([]word, len(of.args))
		for j, w := range of.args {
			items[i].args[j] = word{text: fill.Replace(w.text), start: w.start, end: w.end}
			if items[i].args[j].text != w.text {
				items[i].args[j].start, items[i].args[j].end = 0, 0
			}
		}
	}
	a.reading = append(a.reading, -1) // a macro may use itself
	a.readItems(items, m.file, within)
	a.reading = a.reading[:len(a.reading)-1]
}

// included are the files of the tree that an Include means. Its path is one of the machine that the tree is installed on, so that it is
// held against the ends of the tree's paths.
func (a *assembly) included(pattern, from string) []int {
	if pattern = strings.TrimSuffix(pattern, "/"); len(pattern) > maxPattern {
		return nil
	}
	if strings.ContainsAny(pattern, "*?[") {
		if a.globs++; a.globs > maxGlobs {
			return nil
		}
	}
	if made(pattern) {
		// A variable before the first slash is the directory of the server, as often as not.
		_, rest, ok := strings.Cut(pattern, "/")
		if !ok || made(rest) {
			return nil
		}
		pattern = rest
	}
	for _, base := range []string{path.Dir(from), "."} {
		if list := a.matching(path.Join(base, pattern)); len(list) > 0 {
			return list
		}
	}
	// /etc/apache2/sites-enabled/*.conf: etc/apache2/sites-enabled/*.conf, apache2/sites-enabled/*.conf, …; and never the last name alone
	// if another path has it too.
	for rest := strings.TrimPrefix(path.Clean(pattern), "/"); rest != "" && rest != "."; {
		list := a.ending(rest)
		if _, after, more := strings.Cut(rest, "/"); more && len(list) == 0 {
			rest = after
			continue
		} else if !more && (len(list) > 1 || strings.ContainsAny(rest, "*?[")) {
			return nil
		}
		return list
	}
	return nil
}

// matching are the files with a path that a pattern has, or those in the directory that it names.
func (a *assembly) matching(pattern string) (list []int) {
	if !strings.ContainsAny(pattern, "*?[") {
		if i, ok := a.byPath[pattern]; ok {
			return []int{i}
		}
		return nil
	}
	for i := range a.sources {
		if ok, err := path.Match(pattern, a.sources[i].file.Path); ok && err == nil {
			list = append(list, i)
		}
	}
	return a.inOrder(list)
}

// ending are the files whose paths end as a pattern does.
func (a *assembly) ending(pattern string) (list []int) {
	depth := strings.Count(pattern, "/")
	candidates := a.byName[path.Base(pattern)]
	if strings.ContainsAny(pattern, "*?[") {
		candidates = nil
		for i := range a.sources {
			candidates = append(candidates, i)
		}
	}
	for _, i := range candidates {
		names := strings.Split(a.sources[i].file.Path, "/")
		if len(names) <= depth {
			continue
		}
		if ok, err := path.Match(pattern, strings.Join(names[len(names)-depth-1:], "/")); ok && err == nil {
			list = append(list, i)
		}
	}
	return a.inOrder(list)
}

func (a *assembly) inOrder(list []int) []int {
	slices.SortFunc(list, func(x, y int) int { return strings.Compare(a.sources[x].file.Path, a.sources[y].file.Path) })
	return list
}

// enter is the block that an opening tag begins.
func (a *assembly) enter(it item, file string, parent *block) *block {
	b := &block{parent: parent, label: label(it), file: file, line: it.line, last: it.last, area: everything}
	if parent != nil {
		b.vhost, b.area, b.rank, b.when, b.off = parent.vhost, parent.area, parent.rank, parent.when, parent.off
	}
	b.limit(it)
	switch it.name {
	case "virtualhost":
		b.vhost, b.rank = b, rankVhost
		a.server.hosts = append(a.server.hosts, b)
	case "ifmodule":
		// Modules are taken to be there. "IfModule !mod_x" is for the case that one is not, and LiteSpeed has directives of its own.
		name := strings.ToLower(it.arg(0))
		b.off = b.off || strings.HasPrefix(name, "!") || strings.Contains(name, "litespeed") || strings.Contains(name, "lscache")
	case "ifdefine":
		if name, not := strings.CutPrefix(it.arg(0), "!"); not {
			_, is := a.defined[name]
			b.off = b.off || is
		}
	}
	return b
}

// limit narrows the block to what its section is about.
func (b *block) limit(it item) {
	arg := it.arg(0)
	isRegexp := arg == "~"
	if isRegexp {
		arg = it.arg(1)
	}
	within := b.area
	switch it.name {
	case "location", "locationmatch":
		b.rank = rankLocation
		if isRegexp || it.name == "locationmatch" {
			b.area = matching(arg, b)
		} else if strings.ContainsAny(arg, "*?[") && !made(arg) {
			b.area = area{path: arg[:strings.LastIndexByte(arg[:strings.IndexAny(arg, "*?[")], '/')+1], some: b, words: arg, static: staticGlob(arg)}
			if b.area.path == "" {
				b.area.path = "/"
			}
		} else {
			b.area = of(arg)
			b.area.forward = false
		}
	case "directory", "directorymatch":
		b.rank, b.area = rankDirectory, area{path: "/", some: b, files: true, static: static(arg)}
	case "files", "filesmatch":
		b.rank = rankFiles
		b.area.some, b.area.words, b.area.files = b, arg, true
		b.area.static = b.area.static || !isRegexp && it.name == "files" && staticGlob(arg) || staticPattern(arg)
	case "proxy", "proxymatch":
		b.rank = rankDirectory
		b.area.some = b
	case "if", "elseif", "else":
		b.when = strings.TrimSpace(b.when + " " + it.name + " " + strings.Join(it.texts(0), " "))
	case "limit", "limitexcept":
		if !slices.ContainsFunc(it.texts(0), func(m string) bool { return strings.EqualFold(m, "GET") }) == (it.name == "limit") {
			b.when = strings.TrimSpace(b.when + " method") // nothing that a cache stores
		}
	}
	if both, ok := within.and(b.area); ok {
		b.area = both
	}
}

// label is a section's tag as it stands there.
func label(it item) string {
	name := sectionNames[it.name]
	if name == "" {
		name = it.name
	}
	text := "<" + name
	for _, arg := range it.args[:min(len(it.args), 5)] {
		text += " " + arg.text
	}
	return printable(text) + ">"
}

var sectionNames = map[string]string{"virtualhost": "VirtualHost", "location": "Location", "locationmatch": "LocationMatch",
	"directory": "Directory", "directorymatch": "DirectoryMatch", "files": "Files", "filesmatch": "FilesMatch", "proxy": "Proxy",
	"ifmodule": "IfModule", "ifdefine": "IfDefine", "if": "If", "elseif": "ElseIf", "else": "Else"}

const longest = 80 // of what is quoted

// printable is a text of the configuration for a report.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= longest {
			return b.String() + "…"
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufffd' {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
