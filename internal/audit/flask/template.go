package flask

import (
	"bytes"
	"iter"
	"path"
	"regexp"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// template is a template of Jinja, as far as it says who asks.
type template struct {
	path  string
	uses  []use    // names, outside of comments and raw blocks
	loads []string // what it extends, includes and imports

	fragments []fragment // that are kept
}

// use is a name in a template: current_user.name, session["cart"].
type use struct {
	name string
	line int
}

var (
	jinjaLoad   = regexp.MustCompile(`^\{%[-+]?\s*(?:extends|include|import|from)\s+["']([^"']{1,200})["']`)
	jinjaName   = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*(?:\.get\(["'][^"')]{1,60}["']|\.[A-Za-z_][A-Za-z0-9_]*|\[["'][^"'\]]{1,60}["']\]){0,4}`)
	jinjaString = regexp.MustCompile(`"[^"]*"|'[^']*'`)
)

// readTemplate finds the names in a template.
func readTemplate(file string, text []byte) *template {
	t := &template{path: file}
	line, at := 1, 0
	for from, tag := range tags(string(text)) {
		line += bytes.Count(text[at:from], []byte("\n"))
		at = from
		if len(tag) > 4000 || len(t.uses) > 20000 {
			continue
		}
		if t.fragmentTag(tag, line) {
			continue
		}
		if m := jinjaLoad.FindStringSubmatch(tag); m != nil {
			t.loads = append(t.loads, m[1])
			continue
		}
		// Strings are no names; the keys of session["cart"] are.
		for _, name := range jinjaName.FindAllString(plainStrings(tag), 100) {
			switch first, _, _ := strings.Cut(name, "."); first {
			case "if", "else", "elif", "endif", "for", "in", "endfor", "block", "endblock", "set", "not", "and", "or", "is", "url_for", "loop":
				continue
			}
			t.uses = append(t.uses, use{name, line})
		}
	}
	return t
}

// tags are the expressions and statements of a template, and where each begins; no comments, and nothing of raw blocks.
func tags(s string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		open := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}
		for at := 0; ; {
			i := strings.IndexByte(s[at:], '{')
			if i < 0 || at+i+2 > len(s) {
				return
			}
			at += i
			end, ok := open[s[at+1]]
			if !ok {
				at++
				continue
			}
			n := strings.Index(s[at+2:], end)
			if n < 0 { // nor has any other of its kind an end behind this one
				delete(open, s[at+1])
				at += 2
				continue
			}
			tag := s[at : at+2+n+2]
			if tag[1] != '#' && !yield(at, tag) {
				return
			}
			at += len(tag)
			if tag[1] == '%' && strings.Trim(tag, "{%-+ \t}") == "raw" {
				n := strings.Index(s[at:], "endraw")
				if n < 0 {
					return
				}
				at += n
			}
		}
	}
}

// plainStrings empties strings that are no keys.
func plainStrings(tag string) string {
	return jinjaString.ReplaceAllStringFunc(tag, func(s string) string {
		if len(s) < 40 && !strings.ContainsAny(s, " {}%/.") {
			return s
		}
		return `""`
	})
}

// rendered is what a template adds to an answer by itself: names that a view need not give it.
func (fr *frame) rendered(n *python.Call, how string) taint {
	if len(n.Args) == 0 {
		return taint{}
	}
	name, ok := fr.constant(n.Args[0])
	if !ok {
		return taint{}
	}
	if strings.HasSuffix(how, "_string") {
		return fr.p.templateTaint(readTemplate(fr.module.path, []byte(name)), fr.module, map[*template]bool{}, fr.module.line(n)).through(fr.place(n, "the template is rendered"))
	}
	t := fr.p.findTemplate(name, fr.module)
	if t == nil {
		return taint{}
	}
	return fr.p.templateTaint(t, fr.module, map[*template]bool{}, 0).through(fr.place(n, "renders "+path.Base(t.path)))
}

// constant is the text of an expression that is one, or a name for one.
func (fr *frame) constant(e python.Expr) (string, bool) {
	if s, ok := stringOf(e); ok {
		return s, true
	}
	if b := fr.p.bindingOf(e, fr.scope); b != nil && b.value != nil && b.index < 0 {
		return stringOf(b.value)
	}
	if a, ok := e.(*python.Attribute); ok { // self.KEY, of the class
		if v := fr.p.resolve(a.Value, fr.scope); v.kind == isInstance && len(v.class.self[a.Attr]) == 0 {
			if b, _ := v.class.member(fr.p, a.Attr); b != nil && b.value != nil && b.index < 0 {
				return stringOf(b.value)
			}
		}
	}
	return "", false
}

// findTemplate is the template that a name means, seen from a module.
func (p *project) findTemplate(name string, from *module) *template {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	var best *template
	bestShared := -1
	for _, t := range p.byBase[path.Base(name)] {
		if t.path != name && !strings.HasSuffix(t.path, "/"+name) {
			continue
		}
		shared := commonPrefix(strings.Split(t.path, "/"), from.dotted)
		if shared > bestShared {
			best, bestShared = t, shared
		}
	}
	return best
}

func (p *project) templateTaint(t *template, from *module, seen map[*template]bool, inLine int) taint {
	if seen[t] || len(seen) > 50 {
		return taint{}
	}
	seen[t] = true
	var sum taint
	for _, u := range t.uses {
		if said := smallThings[u.name]; said != "" && (u.name != "get_flashed_messages" || p.flashes(t)) {
			sum = sum.and(taint{marks: caller | small, attrs: whole, why: &origin{place: finding.Place{File: t.path, Line: u.line, Note: said}}})
		}
	}
	for _, u := range t.uses {
		if said := p.callerInTemplate(u.name); said != "" {
			line := u.line
			if inLine > 0 {
				line = inLine
			}
			sum = taint{marks: caller, attrs: whole, why: &origin{place: finding.Place{File: t.path, Line: line, Note: said + " in the template"}}}
			break
		}
	}
	for _, name := range t.loads {
		if other := p.findTemplate(name, from); other != nil {
			sum = sum.and(p.templateTaint(other, from, seen, 0))
		}
	}
	return sum
}

// flashes reports whether the application that a template is of flashes messages with data in them.
func (p *project) flashes(t *template) bool {
	root, _, _ := strings.Cut("/"+t.path, "/templates/")
	for _, dir := range p.flashing {
		if dir = "/" + strings.TrimPrefix(dir, "."); dir == root || root == "" || strings.HasPrefix(dir, root+"/") {
			return true
		}
	}
	return false
}

// smallThings are what templates show of a visitor without saying who it is.
var smallThings = map[string]string{
	"get_flashed_messages": "get_flashed_messages: what was told to one visitor",
	"csrf_token":           "csrf_token: the token of one visitor's session",
	"form.csrf_token":      "form.csrf_token: the token of one visitor's session",
	"form.hidden_tag":      "form.hidden_tag: the token of one visitor's session",
}

// callerInTemplate is what a name in a template says of who asks; "" where it says nothing.
func (p *project) callerInTemplate(name string) string {
	first, rest, _ := strings.Cut(keyed.Replace(name), ".")
	rest = strings.TrimRight(rest, `]"'`)
	second, _, _ := strings.Cut(rest, ".")
	switch first {
	case "current_user":
		if p.usesLogin {
			return "current_user"
		}
	case "session":
		if second == "" || second == "get" || neutralSession(second) {
			return ""
		}
		return "session." + second
	case "g":
		if ofLanguage.MatchString(second) {
			return ""
		}
		if userName.MatchString(second) || p.assignedTo(second).has(caller) {
			return "g." + second
		}
	}
	for _, f := range p.context[first] {
		if p.contextTaint(f, first).has(caller) {
			return first + ", from " + f.name
		}
	}
	return ""
}

var (
	keyed      = strings.NewReplacer(".get('", ".", `.get("`, ".", "['", ".", `["`, ".")
	ofLanguage = words(`(?i)(locale|lang|timezone|theme)`)
)

// contextTaint is what a context processor gives a name.
func (p *project) contextTaint(f *function, name string) taint {
	e := contextValue(f, name)
	if e == nil {
		return taint{}
	}
	fr := &frame{p: p, module: f.module, fn: f, scope: f.scope, env: map[string]taint{}, sum: &summary{}, mute: 1, dry: true}
	if v := p.resolve(e, f.scope); v.kind == isFunction {
		return p.summarize(v.fn).ret
	}
	fr.block(f.body)
	return fr.eval(e)
}

// contextValue is the expression that a context processor returns under a name.
func contextValue(f *function, name string) (found python.Expr) {
	for _, stmt := range f.body {
		python.Inspect(stmt, func(n python.Node) bool {
			switch n := n.(type) {
			case *python.Dict:
				for i, k := range n.Keys {
					if s, ok := stringOf(k); ok && s == name {
						found = n.Values[i]
					}
				}
			case *python.Call:
				if calleeName(n) == "dict" {
					if e, ok := keywordOf(n, name); ok {
						found = e
					}
				}
			}
			return found == nil
		})
	}
	return found
}

// findContext notes the names that context processors give to all templates.
func (p *project) findContext() {
	for _, m := range p.modules {
		for _, f := range m.everyFunction() {
			for _, d := range f.decorators {
				if c, ok := d.(*python.Call); ok {
					d = c.Func
				}
				a, ok := d.(*python.Attribute)
				if !ok || a.Attr != "context_processor" && a.Attr != "app_context_processor" {
					continue
				}
				for _, stmt := range f.body {
					python.Inspect(stmt, func(n python.Node) bool {
						switch n := n.(type) {
						case *python.Dict:
							for _, k := range n.Keys {
								if s, ok := stringOf(k); ok {
									p.context[s] = append(p.context[s], f)
								}
							}
						case *python.Call:
							if calleeName(n) == "dict" {
								for _, k := range n.Keywords {
									p.context[k.Name] = append(p.context[k.Name], f)
								}
							}
						}
						return true
					})
				}
			}
		}
	}
}

// everyFunction are all functions of a module, those in others too.
func (m *module) everyFunction() (list []*function) {
	var in func(f *function)
	in = func(f *function) {
		list = append(list, f)
		for _, inner := range f.inner {
			in(inner)
		}
	}
	for _, f := range m.functions() {
		in(f)
	}
	return list
}
